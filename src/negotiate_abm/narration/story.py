"""One run as a newspaper would tell it: a headline, what came of it, how, and what is left."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from negotiate_abm.dates import date_of, day, part_of_month
from negotiate_abm.narration import beats
from negotiate_abm.narration.beats import Beat
from negotiate_abm.narration.choice import grouped, weightiest
from negotiate_abm.narration.chronicle import Chronicle
from negotiate_abm.narration.headline import headline
from negotiate_abm.narration.outcome import Outcome
from negotiate_abm.narration.record import held_since
from negotiate_abm.narration.voice import Move, Voice
from negotiate_abm.narration.words import (
    counted,
    listed,
    money,
    opener,
    paragraph,
    sentence,
)

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from negotiate_abm.model import NegotiationModel

# How many words a story has for what happened: at the focal table, and elsewhere.
_MAIN, _ELSEWHERE = 300, 70

# Kinds of beats left out of what happened elsewhere.
_NOT_ELSEWHERE = (beats.OPENING, beats.ANSWER, beats.EVENT)

# How many matters that stayed shut are named.
_SHUT = 3

# Less than this a year, C$ billion, is nothing.
_A_SUM = 0.0005

# A change of pressure or approval that is worth a word.
_NOTABLE = 0.02


def story(
    model: NegotiationModel, trajectories: xr.Dataset, log: pd.DataFrame, outcome: dict[str, Any]
) -> str:
    """Return one run as a newspaper would tell it: a headline, then paragraphs.

    Parameters
    ----------
    model : NegotiationModel
        Of that run alone, at its start.
    trajectories : xarray.Dataset
        Of that run, without the dimension run.
    log : pandas.DataFrame
        Its rows of the events.
    outcome : dict
        Its row of the outcomes.
    """
    return _Story(Chronicle(Voice(model), trajectories, log), outcome).told()


class _Story:
    """Tells a run.

    Parameters
    ----------
    chronicle : Chronicle
    outcome : mapping of str to value
        The run's row of the outcomes.
    """

    def __init__(self, chronicle: Chronicle, outcome: dict[str, Any]) -> None:
        self._chronicle = chronicle
        self._record = chronicle.record
        self._voice = chronicle.record.voice
        self._scenario = chronicle.record.scenario
        self._outcome = Outcome(chronicle.record, outcome)
        self._table = self._outcome.table

    def told(self) -> str:
        """Return headline and paragraphs, an empty line between them."""
        found = self._chronicle.beats()
        here = [b for b in found if b.table == self._table]
        scene = next((b for b in here if b.kind == beats.OPENING), None)
        deals = self._main_deals([b for b in here if b.kind == beats.DEAL])
        always = [b for b in here if b is scene or b in deals or b.kind == beats.STRIKE]
        main = weightiest(here, _MAIN, always)
        room = min(_ELSEWHERE, _MAIN + _ELSEWHERE - sum(b.words for b in main))
        aside = [b for b in found if b.table != self._table and b.kind not in _NOT_ELSEWHERE]
        parts = [
            headline(self._outcome),
            self._lead(),
            *self._paragraphs(main),
            self._elsewhere(weightiest(aside, room)),
            self._home(),
            self._ending(),
        ]
        return "\n\n".join(part for part in parts if part)

    def _main_deals(self, deals: list[Beat]) -> list[Beat]:
        """Return the deal that moved most, and the one that the headline is about."""
        most = max(deals, key=lambda beat: beat.weight, default=None)
        best = next(iter(self._outcome.relief or self._outcome.cuts), None)
        week = 0
        if best is not None:
            agreed = self._record.agreed[best.issue]
            week = held_since(agreed, agreed.size - 1, best.after)
        return [beat for beat in deals if beat is most or beat.week == week]

    # -- the top ----------------------------------------------------------------------------

    def _lead(self) -> str:
        capital, other = self._outcome.capital, self._outcome.other
        gains, gives = self._outcome.news
        when = part_of_month(date_of(self._weeks + 1, self._scenario.start), year=True)
        had = self._in_short(gains)
        if gains and gives:
            text = f"{capital} had from {other} {had}; it had given {self._in_short(gives)}"
        elif gains:
            text = f"{capital} had from {other} {had}"
        elif gives:
            text = f"{capital} had given {other} {self._in_short(gives)}, and had nothing in return"
        else:
            text = f"nothing that was agreed was in force between {capital} and {other}"
        return paragraph([sentence(f"by {when} {text}"), *self._held(), self._balance()])

    def _held(self) -> Iterator[str]:
        """Yield what was in force from the first week on, whatever was agreed."""
        for name, issue in self._scenario.issues.items():
            if issue.table == self._table and issue.held:
                deed = self._voice.deed(Move(name, 0.0, issue.held))
                who = self._voice.who(issue.conceder)
                yield sentence(f"{who} had {deed} before any talks, and kept to it")

    @property
    def _weeks(self) -> int:
        return self._record.series("relief").size - 1

    def _in_short(self, moves: list[Move]) -> str:
        """Return the two most weighty of some moves; talks only where there is nothing else."""
        firm = [m for m in moves if not self._voice.is_talk(m.issue, m.after)]
        return self._voice.steps(firm or moves, 2)

    def _balance(self) -> str:
        """Return what exporters regained and lost, where a duty weighs on them."""
        if not self._outcome.has_duties:
            return ""
        relief, loss, made_good = (
            self._outcome.number(f"{name}_at_end")
            for name in ("relief", "punishment_loss", "made_good")
        )
        who = self._scenario.countries[self._scenario.focal].title
        text = f"{who}'s exporters had {_sum(relief)} back"
        if loss >= _A_SUM:
            text += f", and lost {money(loss)} to punishment"
        if made_good >= _A_SUM:
            text += f"; other buyers made good {money(made_good)}"
        return sentence(text)

    # -- the middle -------------------------------------------------------------------------

    def _paragraphs(self, told: list[Beat]) -> Iterator[str]:
        before: int | None = None
        for group in grouped(told):
            texts: list[str] = []
            for beat in group:
                opening = self._opening(beat, before)
                texts.append(beat.told(opening if opening or texts else "the same week"))
                before = beat.week
            yield paragraph(texts)

    def _opening(self, beat: Beat, before: int | None) -> str:
        if beat.date is not None and beat.week != before:
            return f"on {day(beat.date)}"
        return opener(beat.week, before, self._scenario.start)

    def _elsewhere(self, told: list[Beat]) -> str:
        before: int | None = None
        texts = []
        for beat in told:
            opening = opener(beat.week, before, self._scenario.start)
            if before is None:
                date = date_of(beat.week, self._scenario.start)
                apart = date.year != self._scenario.start.year
                opening = "elsewhere, in " + part_of_month(date, year=apart)
            texts.append(beat.told(opening))
            before = beat.week
        return paragraph(texts)

    # -- the end ----------------------------------------------------------------------------

    def _home(self) -> str:
        provinces = {
            name: self._record.series("pressure", province=name)
            for name, province in self._scenario.provinces.items()
            if province.country == self._scenario.focal
        }
        if not provinces:
            return ""
        at_first, hardest = (
            max(provinces, key=lambda name: float(provinces[name][week])) for week in (0, -1)
        )
        first, last = (float(provinces[hardest][week]) for week in (0, -1))
        moved = f"held at {last:.2f}"
        if abs(last - first) > _NOTABLE:
            verb = "eased" if last < first else "rose"
            moved = f"{verb} from {first:.2f} to {last:.2f}"
        title = self._scenario.provinces[hardest].title
        pressure = f"at home {title} pressed hardest at the end: its pressure, on a scale from "
        pressure += f"0 to 1, {moved}"
        if at_first != hardest:
            pressure += f"; at the start it was {self._scenario.provinces[at_first].title}"
        return paragraph([sentence(pressure), self._approval()])

    def _approval(self) -> str:
        approval = self._record.series("approval", country=self._scenario.focal)
        first, last = float(approval[0]), float(approval[-1])
        moved = "hardly moved"
        if abs(last - first) >= _NOTABLE:
            verb = "fell" if last < first else "rose"
            moved = f"{verb} from {100 * first:.0f} to {100 * last:.0f} per cent"
        return sentence(f"approval of the government in {self._outcome.capital} {moved}")

    def _ending(self) -> str:
        return paragraph(
            [self._shut(), self._still_talking(), self._still_threatened(), self._verdict()]
        )

    def _shut(self) -> str:
        issues = [n for n, issue in self._scenario.issues.items() if issue.table == self._table]
        closed = [name for name in issues if not self._record.ever_agreed(name)]
        closed.sort(key=lambda name: not self._scenario.issues[name].red_lines)
        if len(closed) == len(issues):
            return "Nothing at all was agreed."
        if not closed:
            return ""
        told = [self._voice.issue(name) for name in closed[:_SHUT]]
        more = len(closed) - _SHUT
        told += [counted(more, "other matter")] if more > 0 else []
        return sentence(f"nothing was ever agreed on {listed(told)}")

    def _still_talking(self) -> str:
        rounds = self._record.rounds[self._table]
        if not rounds or rounds[-1].ended:
            return ""
        entry = self._scenario.tables[self._table]
        guest, host = self._voice.who(entry.guest), self._voice.who(entry.host)
        return sentence(f"{guest} and {host} were still talking at the end")

    def _still_threatened(self) -> str:
        hanging = [
            f"{self._voice.who(t.watcher)}'s threat still hung over {self._voice.who(t.threatened)}"
            for t in self._record.threats
            if t.table == self._table and t.answer in ("defied", "bought off") and not t.outcome
        ]
        return sentence(listed(hanging)) if hanging else ""

    def _verdict(self) -> str:
        if not self._outcome.has_duties:
            return ""
        struck, watchers = listed(self._outcome.strikers), listed(self._outcome.watchers)
        if self._outcome.passed:
            spared = f", and no punishment from {watchers}" if watchers else ""
            verdict = f"passed: relief at home{spared}"
        elif self._outcome.has_relief:
            verdict = f"failed: relief came, and so did punishment from {struck}"
        else:
            lower = "lower by a full step" if self._outcome.cuts else "any lower"
            none = f"no duty was {lower} at the end"
            verdict = f"failed twice: {none}, and {struck} struck" if struck else f"failed: {none}"
        return sentence(f"the political test, relief without punishment, was {verdict}")


def _sum(billions: float) -> str:
    return money(billions) if billions >= _A_SUM else "nothing"
