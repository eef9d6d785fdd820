"""Threats in words: what alarmed whom, how it was answered, what came of it."""

from __future__ import annotations

from collections.abc import Iterator

from negotiate_abm.dates import week_of
from negotiate_abm.mechanisms.preferences import LEVEL_TOLERANCE
from negotiate_abm.narration import beats
from negotiate_abm.narration.beats import Beat
from negotiate_abm.narration.happenings import Event, Threat
from negotiate_abm.narration.record import Record
from negotiate_abm.narration.voice import Move
from negotiate_abm.narration.words import counted, money, per_cent, sentence

# Trade that turns away by less than this share of it is called a trickle, in per cent.
_TRICKLE = 0.05


# What is said where a threat came of ill will alone.
_NOTHING_NEW = "with nothing given that touched it"


class Threats:
    """Tells the threats of a run, and the measures that came of them.

    Parameters
    ----------
    record : Record
    """

    def __init__(self, record: Record) -> None:
        self._record = record
        self._voice = record.voice
        self._scenario = record.scenario

    def beats(self) -> Iterator[Beat]:
        """Yield each threat with its answer, what came of it, and what was done besides."""
        for threat in self._record.threats:
            yield self._threat(threat)
            if threat.outcome:
                yield self._outcome(threat)
        yield from self._measures()
        yield from self._resumed()

    def _series(self, name: str, watcher: str, table: str) -> list[float]:
        values = self._record.series(name, watch=f"{watcher} over {table}")
        return [float(value) for value in values]

    # -- the threat -----------------------------------------------------------------------

    def _threat(self, threat: Threat) -> Beat:
        watcher = self._voice.who(threat.watcher)
        wide = self._crosses(threat.watcher, threat.issue, threat.week)
        measure = self._voice.measure(threat.watcher, threat.table, wide)
        again = self._said_before(threat, measure)
        if again:
            deed = f"threatened {self._voice.who(threat.threatened)} again with {measure}"
        else:
            cost = money(self._voice.cost_of(threat.watcher, threat.table, wide))
            deed = f"threatened {measure}, which would cost exporters {cost}"
        clause = f"{watcher}, {self._cause(threat)}, {deed}"
        more = tuple(self._answer(threat))
        return Beat(threat.week, threat.table, beats.THREAT, 2.5 if again else 4.0, clause, more)

    def _said_before(self, threat: Threat, measure: str) -> bool:
        """Return whether the watcher's threat before this one was of the same measure."""
        sides = (threat.watcher, threat.table)
        threats = self._record.threats
        own = [t for t in threats if (t.watcher, t.table) == sides and t.week < threat.week]
        if not own:
            return False
        wide = self._crosses(threat.watcher, own[-1].issue, own[-1].week)
        return self._voice.measure(threat.watcher, threat.table, wide) == measure

    def _crosses(self, watcher: str, issue: str, week: int) -> bool:
        """Return whether what was agreed on an issue in a week crossed a watcher's red line."""
        line = self._scenario.issues[issue].red_lines.get(watcher) if issue else None
        if line is None:
            return False
        table, _ = self._voice.table_of(issue)
        rungs = table.ladders[issue]
        crossing = float(rungs.at(line, rungs.levels)[0])
        return self._record.agreed_when_answered(issue, week) >= crossing - LEVEL_TOLERANCE

    def _cause(self, threat: Threat) -> str:
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
            return f"alarmed that {who} had {self._voice.deed(Move(issue, 0.0, in_force))}{line}"
        if crossed or max(in_force, pending) >= on_offer:
            promise = self._voice.step(Move(issue, 0.0, agreed))
            return f"alarmed that {who} had agreed to {promise}{line}"
        return f"alarmed by {who}'s offer of {self._voice.step(Move(issue, 0.0, offered))}"

    def _other_alarm(self, threat: Threat) -> str:
        """Return what alarmed that was no concession: trade, ties, or a visit."""
        watch = self._voice.watch(threat.watcher, threat.table)
        pulled = 100 * self._series("pulled", threat.watcher, threat.table)[threat.week]
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
        odds = 100 * self._series("credibility", threat.watcher, threat.table)[threat.week]
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

    def _outcome(self, threat: Threat) -> Beat:
        watcher, threatened = self._voice.who(threat.watcher), self._voice.who(threat.threatened)
        if threat.outcome == "punished":
            wide = self._crosses(threat.watcher, threat.struck_over, threat.due)
            cost = money(self._voice.cost_of(threat.watcher, threat.table, wide))
            paid = " all the same" if threat.answer == "bought off" else ""
            rate = per_cent(100 * self._voice.added_rate(threat.watcher, threat.table))
            clause = f"{watcher} made good its threat against {threatened}{paid}: its added tariff "
            clause += f"of {rate} per cent cost exporters {cost}"
            return Beat(threat.due, threat.table, beats.STRIKE, 9.0, clause)
        if threat.outcome == "let off":
            clause = f"{watcher}, paid for its patience, let {threatened} off"
            return Beat(threat.due, threat.table, beats.MEASURE, 2.0, clause)
        belief = self._series("credibility", threat.watcher, threat.table)
        was, now = (f"{100 * belief[week]:.0f}" for week in (threat.due - 1, threat.due))
        clause = f"the date came and went, and {watcher} let its threat against {threatened} drop"
        down = f", down from {was}" if float(now) < float(was) else ""
        more = sentence(
            f"{threatened} now put the odds that it means what it threatens at {now} in 100{down}"
        )
        return Beat(threat.due, threat.table, beats.MEASURE, 3.0, clause, (more,))

    def _measures(self) -> Iterator[Beat]:
        answered = {(t.week, t.table, t.watcher) for t in self._record.threats}
        countered: set[tuple[str, str]] = set()
        for e in self._record.of_kind("countered", "lifted", "complied"):
            if e.kind == "countered":
                again = (e.target, e.where) in countered
                countered.add((e.target, e.where))
                yield self._counter(e, again)
            elif e.kind == "lifted":
                who = self._voice.who(e.actor)
                text = f"{who} lifted its punishment of {self._voice.who(e.target)}"
                yield Beat(e.week, e.where, beats.MEASURE, 5.0, text)
            elif (e.week, e.where, e.target) not in answered:
                back = self._record.taken_back(e.where, e.actor, e.week)
                given = f" and went back on {self._voice.steps(back, 2)}" if back else ""
                who, watcher = self._voice.who(e.actor), self._voice.who(e.target)
                text = f"{who} gave way under {watcher}'s punishment{given}"
                yield Beat(e.week, e.where, beats.MEASURE, 4.0, text)

    def _counter(self, event: Event, again: bool) -> Beat:
        stood = self._series("counter", event.target, event.where)[event.week - 1]
        who, tariff = (
            self._voice.who(event.actor),
            self._voice.counter(event.target, event.where, event.amount),
        )
        if stood > 0.0:
            text = f"{who} raised its answer to {tariff}"
        else:
            text = f"{who} hit back{' again' if again else ''} with {tariff}"
        weight = 2.0 if again else 5.0
        return Beat(event.week, event.where, beats.MEASURE, weight, text)

    def _resumed(self) -> Iterator[Beat]:
        """Yield punishments put back on after they were lifted."""
        struck = {(t.due, t.watcher, t.table) for t in self._record.threats if t.outcome}
        for table, entry in self._scenario.tables.items():
            for watcher, watch in entry.watchers.items():
                level = self._series("punishment", watcher, table)
                for week in range(1, len(level)):
                    resumes = level[week] > 0.0 and level[week - 1] == 0.0
                    if resumes and (week, watcher, table) not in struck:
                        who, other = self._voice.who(watcher), self._voice.who(watch.threatens)
                        text = f"{who} put its punishment of {other} back on"
                        yield Beat(week, table, beats.STRIKE, 6.0, text)
