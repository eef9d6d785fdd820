"""Threats in words: what alarmed whom, how it was answered, whether it was carried out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from negotiate_abm.dates import date_of, part_of_month, week_of
from negotiate_abm.mechanisms.numerics import FloatArray
from negotiate_abm.mechanisms.preferences import LEVEL_TOLERANCE
from negotiate_abm.narration import beats
from negotiate_abm.narration.beats import Beat
from negotiate_abm.narration.happenings import Threat
from negotiate_abm.narration.measures import Measures
from negotiate_abm.narration.record import Record, held_since
from negotiate_abm.narration.voice import Move
from negotiate_abm.narration.words import counted, money, per_cent, sentence

# Trade that turns away by less than this share of it is called a trickle, in per cent.
_TRICKLE = 0.05

# What is a matter of so few weeks is told without its date.
_JUST = 2

# What is said where a threat came of ill will alone.
_NOTHING_NEW = "with nothing given that touched it"


class Threats:
    """Tells the threats of a run, with the measures that came of them.

    Parameters
    ----------
    record : Record
    """

    def __init__(self, record: Record) -> None:
        self._record = record
        self._voice = record.voice
        self._scenario = record.scenario

    def beats(self) -> Iterator[Beat]:
        """Yield each threat with its answer, what came of it, and the measures taken."""
        told: dict[tuple[str, str], Beat] = {}
        struck: list[tuple[Threat, Beat]] = []
        for threat in self._record.threats:
            before = told.get((threat.watcher, threat.table))
            made = replace(self._threat(threat, self._first_like(threat)), after=before)
            told[threat.watcher, threat.table] = made
            yield made
            if threat.outcome:
                outcome = replace(self._outcome(threat), after=made, closes=True)
                yield outcome
                if threat.outcome == "punished":
                    struck.append((threat, outcome))
        yield from Measures(self._record, struck).beats()

    # -- the threat -----------------------------------------------------------------------

    def _threat(self, threat: Threat, first: Threat | None) -> Beat:
        watcher = self._voice.who(threat.watcher)
        if first is not None:
            rate = self._voice.punished_at(threat.watcher, threat.table, 1.0)
            deed = f"threatened {self._voice.who(threat.threatened)} again with its added tariff "
            deed += f"of {rate} per cent"
        else:
            wide = self._crosses(threat.watcher, threat.issue, threat.week)
            cost = money(self._voice.cost_of(threat.watcher, threat.table, wide))
            deed = f"threatened {self._measure(threat)}, which would cost exporters {cost}"
        clause = f"{watcher}, {self._cause(threat, first)}, {deed}"
        more, weight = tuple(self._answer(threat)), 4.0 if first is None else 2.5
        return Beat(threat.week, threat.table, beats.THREAT, weight, clause, more)

    def _measure(self, threat: Threat) -> str:
        wide = self._crosses(threat.watcher, threat.issue, threat.week)
        return self._voice.measure(threat.watcher, threat.table, wide)

    def _first_like(self, threat: Threat) -> Threat | None:
        """Return the watcher's first threat with the same measure, if it came before this."""
        sides, measure = (threat.watcher, threat.table), self._measure(threat)
        threats = self._record.threats
        own = [t for t in threats if (t.watcher, t.table) == sides and t.week < threat.week]
        return next((t for t in own if self._measure(t) == measure), None)

    def _crosses(self, watcher: str, issue: str, week: int) -> bool:
        return self._record.crosses(watcher, issue, week)

    def _cause(self, threat: Threat, first: Threat | None) -> str:
        """Return what alarmed most, as it follows the watcher's name."""
        issue = threat.issue
        if not issue:
            return self._other_alarm(threat)
        if threat.exposure <= LEVEL_TOLERANCE and not self._crosses(
            threat.watcher, issue, threat.week
        ):
            return _NOTHING_NEW
        who = self._voice.who(self._scenario.issues[issue].conceder)
        in_force = float(self._record.in_force[issue][threat.week - 1])
        agreed = self._record.agreed_when_answered(issue, threat.week)
        offered = self._record.offered_when_threatened(issue, threat.week)
        pending = self._voice.number("alarm.weight_agreed") * max(agreed - in_force, 0.0)
        on_offer = self._voice.number("alarm.weight_offered") * max(
            offered - max(agreed, in_force), 0.0
        )
        crossed = self._crosses(threat.watcher, issue, threat.week)
        line = ", across its red line" if crossed else ""
        if in_force >= max(pending, on_offer) and in_force >= agreed - LEVEL_TOLERANCE:
            if self._already(issue, in_force, first):
                return f"still alarmed over {self._voice.issue(issue)}"
            deed = self._voice.deed(Move(issue, 0.0, in_force))
            when = self._when(self._record.in_force[issue], threat.week, in_force)
            return f"alarmed that {who} had {deed}{when}{line}"
        if crossed or max(in_force, pending) >= on_offer:
            promise = self._voice.step(Move(issue, 0.0, agreed))
            when = self._when(self._record.agreed[issue], threat.week, agreed)
            return f"alarmed that {who} had agreed to {promise}{when}{line}"
        return f"alarmed by {who}'s offer of {self._voice.step(Move(issue, 0.0, offered))}"

    def _already(self, issue: str, level: float, first: Threat | None) -> bool:
        """Return whether as much had alarmed the watcher when it threatened first."""
        if first is None or first.issue != issue:
            return False
        return float(self._record.in_force[issue][first.week - 1]) >= level - LEVEL_TOLERANCE

    def _when(self, levels: FloatArray, week: int, level: float) -> str:
        """Return since when a level had stood: nothing if it always did, or only just."""
        since = held_since(levels, week, level)
        if since == 0 or week - since <= _JUST:
            return ""
        now, then = (date_of(at, self._scenario.start) for at in (week, since))
        return " in " + part_of_month(then, year=then.year != now.year)

    def _other_alarm(self, threat: Threat) -> str:
        """Return what alarmed that was no concession: trade, ties, or a visit."""
        watch = self._voice.watch(threat.watcher, threat.table)
        pulled = 100 * self._record.watched("pulled", threat.watcher, threat.table)[threat.week]
        per_pull = float(watch.parameter_or("alarm_per_pull", 0.0)[0])
        away = pulled * per_pull * (1.0 - float(watch.soothed[0]))
        tie, event = float(watch.tie_alarm[0]), self._event_alarm(threat)
        if away >= max(tie, event) and pulled >= _TRICKLE:
            return f"alarmed by trade turning away from it, {per_cent(pulled)} per cent so far"
        if tie >= event and tie > 0.0:
            return f"alarmed by the company that {self._voice.who(threat.threatened)} kept"
        return "alarmed by the talks themselves" if event > 0.0 else _NOTHING_NEW

    def _event_alarm(self, threat: Threat) -> float:
        """Return the alarm that past events still raised, in tolerances."""
        total = 0.0
        for name, event in self._scenario.tables[threat.table].events.items():
            weeks = threat.week - week_of(event.date, self._scenario.start)
            if threat.watcher in event.exposure and weeks >= 0:
                key = f"tables.{threat.table}.events.{name}."
                fading = 1.0 - 1.0 / self._voice.number(key + "fades_weeks")
                total += self._voice.number(key + f"exposure.{threat.watcher}") * fading**weeks
        return total

    # -- the answer -----------------------------------------------------------------------

    def _answer(self, threat: Threat) -> Iterator[str]:
        if not threat.answer:
            return
        who, watcher = self._voice.who(threat.threatened), self._voice.who(threat.watcher)
        odds = 100 * self._record.watched("credibility", threat.watcher, threat.table)[threat.week]
        deed = "stood its ground"
        if threat.answer == "complied":
            deed = self._complied(threat)
        elif threat.answer == "bought off":
            deed = f"bought it off with {self._conceded(threat)}"
        belief = f"put the odds that {watcher} meant it at {odds:.0f} in 100"
        yield sentence(f"{who}, which {belief}, {deed}")

    def _complied(self, threat: Threat) -> str:
        if threat.took_back:
            back = self._record.taken_back(threat.table, threat.threatened, threat.week)
            what = self._voice.steps(back, 2) if back else "what it had agreed to"
            return f"gave way and went back on {what}"
        if not threat.frozen_weeks:
            return "heeded it"
        weeks = counted(threat.frozen_weeks, "week")
        return f"heeded it: for {weeks} it would give nothing more of what exposed it"

    def _conceded(self, threat: Threat) -> str:
        moves = [
            Move(e.issue, self._record.agreed_in_talks(e.issue, e.week), e.amount)
            for e in self._record.of_kind("conceded")
            if e.week == threat.week and e.actor == threat.threatened
        ]
        return self._voice.steps(moves, 2) if moves else "a concession at their own table"

    # -- what came of it ------------------------------------------------------------------

    def _in_short(self, threat: Threat) -> str:
        """Return when a threat was made against whom over what, and how it was answered."""
        made, due = (date_of(at, self._scenario.start) for at in (threat.week, threat.due))
        who = self._voice.who(threat.threatened)
        over = f" over {self._voice.issue(threat.issue)}" if threat.issue else ""
        answer = "tried to buy off" if threat.answer == "bought off" else "defied"
        when = part_of_month(made, year=made.year != due.year)
        return f"{when} against {who}{over}, which {who} had {answer}"

    def _outcome(self, threat: Threat) -> Beat:
        watcher, threatened = self._voice.who(threat.watcher), self._voice.who(threat.threatened)
        if threat.outcome == "punished":
            wide = self._crosses(threat.watcher, threat.struck_over, threat.due)
            cost = money(self._voice.cost_of(threat.watcher, threat.table, wide))
            paid = " all the same" if threat.answer == "bought off" else ""
            rate = self._voice.punished_at(threat.watcher, threat.table, 1.0)
            deed = f"{watcher} made good its threat"
            what = f": its added tariff of {rate} per cent cost exporters {cost}"
            clause = f"{deed} against {threatened}{paid}{what}"
            alone = f"{deed} of {self._in_short(threat)}{what}"
            return Beat(threat.due, threat.table, beats.STRIKE, 9.0, clause, alone=alone)
        if threat.outcome == "let off":
            clause = f"{watcher}, paid for its patience, let {threatened} off"
            return Beat(threat.due, threat.table, beats.MEASURE, 2.0, clause)
        belief = self._record.watched("credibility", threat.watcher, threat.table)
        was, now = (f"{100 * belief[week]:.0f}" for week in (threat.due - 1, threat.due))
        fell = f"fell from {was} to {now}" if float(now) < float(was) else f"stood at {now}"
        clause = f"the date came and went, and {watcher} let its threat against {threatened} drop; "
        clause += f"the odds that {threatened} gave such threats {fell} in 100"
        return Beat(threat.due, threat.table, beats.MEASURE, 3.0, clause)
