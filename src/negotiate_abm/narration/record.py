"""One run's record, read back: its log, its levels by week, and what stood when."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from negotiate_abm.mechanisms.numerics import FloatArray
from negotiate_abm.mechanisms.preferences import LEVEL_TOLERANCE
from negotiate_abm.narration.happenings import Event, events_of, rounds_of, threats_of
from negotiate_abm.narration.voice import Move, Voice

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr


# How many things that a side gives are named where a deal is told: at the table that the story
# is about, and elsewhere.
_NAMED, _NAMED_ELSEWHERE = 5, 3


def held_since(levels: FloatArray, week: int, level: float) -> int:
    """Return the week since which a level was reached without a break until a week."""
    while week > 0 and levels[week - 1] >= level - LEVEL_TOLERANCE:
        week -= 1
    return week


class Record:
    """What is on record of one run.

    Parameters
    ----------
    voice : Voice
        With the run's model at its start.
    trajectories : xarray.Dataset
        Of that run alone, without the dimension run.
    log : pandas.DataFrame
        Its rows of the log of events.
    """

    def __init__(self, voice: Voice, trajectories: xr.Dataset, log: pd.DataFrame) -> None:
        self.voice = voice
        self.scenario = voice.scenario
        self._trajectories = trajectories
        self.events = events_of(log)
        self.rounds = {
            name: rounds_of(
                self.events, name, {e.title for e in table.events.values() if e.opens_round}
            )
            for name, table in self.scenario.tables.items()
        }
        self.threats = threats_of(self.events)

    def series(self, name: str, **place: str) -> FloatArray:
        """Return one column of the trajectories by week, shape (weeks + 1,)."""
        return np.asarray(self._trajectories[name].sel(place).values, dtype=np.float64)

    def of_kind(self, *kinds: str) -> Iterator[Event]:
        """Yield the events of some kinds, in order."""
        return (event for event in self.events if event.kind in kinds)

    def watched(self, name: str, watcher: str, table: str) -> FloatArray:
        """Return one column of what concerns a watch by week, shape (weeks + 1,)."""
        return self.series(name, watch=f"{watcher} over {table}")

    # -- levels ---------------------------------------------------------------------------

    @cached_property
    def agreed(self) -> dict[str, FloatArray]:
        """Each issue's agreed level at the end of every week."""
        return self._by_issue("agreed")

    @cached_property
    def in_force(self) -> dict[str, FloatArray]:
        """Each issue's level in force at the end of every week."""
        return self._by_issue("in_force")

    @cached_property
    def offered(self) -> dict[str, FloatArray]:
        """Each issue's level on offer at the end of every week."""
        return self._by_issue("offered")

    def _by_issue(self, name: str) -> dict[str, FloatArray]:
        levels = self._trajectories[name].transpose("issue", "week")
        values = np.asarray(levels.values, dtype=np.float64)
        return dict(zip(levels["issue"].values.tolist(), values, strict=True))

    def agreed_when_answered(self, issue: str, week: int) -> float:
        """Return what was agreed after a week's talks, before anybody took anything back."""
        if self._took_back(issue, week):
            return self.agreed_in_talks(issue, week)
        return float(self.agreed[issue][week])

    def agreed_in_talks(self, issue: str, week: int) -> float:
        """Return what had been agreed once a week's talks were over."""
        for event in self.of_kind("agreed on issue"):
            if event.issue == issue and event.week == week:
                return event.amount
        return float(self.agreed[issue][week - 1])

    def _took_back(self, issue: str, week: int) -> bool:
        table = self.scenario.issues[issue].table
        return any(
            e.week == week and e.where == table for e in self.of_kind("rolled back", "reimposed")
        )

    def offered_when_threatened(self, issue: str, week: int) -> float:
        """Return what was on offer after a week's talks, before anybody took anything back."""
        table = self.scenario.issues[issue].table
        if not any(r.opened <= week and not 0 < r.ended <= week for r in self.rounds[table]):
            return self.agreed_when_answered(issue, week)
        for event in self.of_kind("offered", "offer lowered"):
            if event.issue == issue and event.week == week:
                return event.amount
        complied = any(
            e.week == week and e.where == table for e in self.of_kind("complied", "gave way")
        )
        return float(self.offered[issue][week - 1 if complied else week])

    def ever_agreed(self, issue: str) -> bool:
        """Return whether anything was ever agreed on an issue, though it was taken back."""
        events = self.of_kind("agreed on issue", "conceded")
        return bool(self.agreed[issue].max() > LEVEL_TOLERANCE) or any(
            event.issue == issue for event in events
        )

    def was_reimposed(self, table: str) -> bool:
        """Return whether a duty came back at a table."""
        return any(event.where == table for event in self.of_kind("reimposed"))

    def crosses(self, watcher: str, issue: str, week: int) -> bool:
        """Return whether what was agreed on an issue in a week crossed a watcher's red line."""
        line = self.scenario.issues[issue].red_lines.get(watcher) if issue else None
        if line is None:
            return False
        table, _ = self.voice.table_of(issue)
        rungs = table.ladders[issue]
        crossing = float(rungs.at(line, rungs.levels)[0])
        return self.agreed_when_answered(issue, week) >= crossing - LEVEL_TOLERANCE

    # -- moves ----------------------------------------------------------------------------

    def agreed_on(self, table: str, week: int) -> dict[str, list[Move]]:
        """Return what was agreed at a table in a week, by who gives."""
        found: dict[str, list[Move]] = {}
        for e in self.of_kind("agreed on issue"):
            if e.where == table and e.week == week:
                before = float(self.agreed[e.issue][week - 1])
                found.setdefault(e.actor, []).append(Move(e.issue, before, e.amount))
        return found

    @property
    def focal_table(self) -> str:
        """The table that a story is about."""
        return next(iter(self.scenario.reported_tables or self.scenario.tables))

    def named_in_deal(self, table: str) -> int:
        """Return how many things that a side gives are named where a deal is told."""
        return _NAMED if table == self.focal_table else _NAMED_ELSEWHERE

    def above_agreed(self, levels: dict[str, float], week: int) -> list[Move]:
        """Return offers that go beyond what was agreed before a week."""
        return [
            Move(issue, float(self.agreed[issue][week - 1]), level)
            for issue, level in levels.items()
            if level > self.agreed[issue][week - 1] + LEVEL_TOLERANCE
        ]

    def taken_back(self, table: str, conceder: str, week: int) -> list[Move]:
        """Return what a side had agreed to after a week's talks and went back on that week."""
        reimposed = {e.issue for e in self.of_kind("reimposed") if e.week == week}
        moves = []
        for issue, entry in self.scenario.issues.items():
            if entry.table != table or entry.conceder != conceder or issue in reimposed:
                continue
            before, after = self.agreed_when_answered(issue, week), float(self.agreed[issue][week])
            if before > after + LEVEL_TOLERANCE:
                moves.append(Move(issue, after, before))
        return moves

    def worth_of(self, moves: list[Move]) -> float:
        """Return what moves are worth to those who gain by them, C$ billion a year."""
        return sum(
            abs(self.voice.worth(m.issue, m.after) - self.voice.worth(m.issue, m.before))
            for m in moves
        )
