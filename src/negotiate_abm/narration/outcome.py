"""What a run came to at the focal table: who has what, who struck, whether the test was met."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from negotiate_abm.mechanisms.preferences import LEVEL_TOLERANCE
from negotiate_abm.narration.happenings import Threat
from negotiate_abm.narration.record import Record
from negotiate_abm.narration.voice import Move
from negotiate_abm.narration.words import listed


class Outcome:
    """Where a run stands at the end, as the focal country sees it.

    Parameters
    ----------
    record : Record
    row : dict of str to value
        The run's row of the outcomes.
    """

    def __init__(self, record: Record, row: dict[str, Any]) -> None:
        self.record = record
        self.voice = record.voice
        self._scenario = record.scenario
        self._row = row
        self._reported = self._scenario.reported_tables or list(self._scenario.tables)

    def number(self, column: str) -> float:
        """Return one of the outcomes."""
        return float(self._row[column])

    @property
    def table(self) -> str:
        """The table that the story is about."""
        return self.record.focal_table

    @property
    def capital(self) -> str:
        """The focal government."""
        return self.voice.who(self._scenario.focal)

    @property
    def other(self) -> str:
        """The government it deals with, or the governments."""
        tables = [self._scenario.tables[name] for name in self._reported]
        others = [t.host if t.guest == self._scenario.focal else t.guest for t in tables]
        return listed([self.voice.who(name) for name in others])

    def giver(self, move: Move) -> str:
        """Return the government that gives something."""
        return self.voice.who(self._scenario.issues[move.issue].conceder)

    @property
    def has_duties(self) -> bool:
        """Whether a duty weighs on the focal country's exporters there."""
        return self._scenario.bears_duties

    # -- what is in force -----------------------------------------------------------------

    @cached_property
    def gains(self) -> list[Move]:
        """What the focal country has in force from the other, worth most first."""
        return self._given(to_focal=True)

    @cached_property
    def gives(self) -> list[Move]:
        """What it has given, likewise."""
        return self._given(to_focal=False)

    @property
    def news(self) -> tuple[list[Move], list[Move]]:
        """What of its gains and of what it gave was not in force at the start."""
        gains, gives = (
            [
                Move(m.issue, start, m.after)
                for m in moves
                if m.after > (start := float(self.record.in_force[m.issue][0])) + LEVEL_TOLERANCE
            ]
            for moves in (self.gains, self.gives)
        )
        return gains, gives

    def _given(self, to_focal: bool) -> list[Move]:
        moves = []
        for name, issue in self._scenario.issues.items():
            level = float(self.record.in_force[name][-1])
            mine = self._scenario.focal == (issue.beneficiary if to_focal else issue.conceder)
            if issue.table in self._reported and mine and level > LEVEL_TOLERANCE:
                moves.append(Move(name, 0.0, level))
        return sorted(moves, key=lambda m: -self.voice.worth(m.issue, m.after))

    @property
    def cuts(self) -> list[Move]:
        """Its gains that bring a duty down, be it by less than a rung."""
        return [move for move in self.gains if self.voice.is_cut(move)]

    @property
    def relief(self) -> list[Move]:
        """Those that bring one down by a rung or more, what was agreed first."""
        found = [move for move in self.cuts if self._by_a_rung(move)]
        return sorted(found, key=self.is_held)

    def is_held(self, move: Move) -> bool:
        """Return whether a move was made before any talks, to be kept whatever is agreed."""
        return self._scenario.issues[move.issue].held is not None

    def _by_a_rung(self, move: Move) -> bool:
        table, place = self.voice.table_of(move.issue)
        return move.after >= float(table.first_substantive[0, place]) - LEVEL_TOLERANCE

    # -- the test -------------------------------------------------------------------------

    @property
    def has_relief(self) -> bool:
        """Whether some duty is cut by a rung or more."""
        return bool(self._row["has_relief"])

    @property
    def passed(self) -> bool:
        """Whether there is relief, and never was a punishment."""
        return bool(self._row["relief_without_punishment"])

    @property
    def threats(self) -> list[Threat]:
        """The threats against the focal country over the tables that count."""
        return [
            threat
            for threat in self.record.threats
            if threat.table in self._reported and threat.threatened == self._scenario.focal
        ]

    @property
    def strikers(self) -> list[str]:
        """Who carried a threat against it out."""
        struck = (t.watcher for t in self.threats if t.outcome == "punished")
        return [self.voice.who(watcher) for watcher in dict.fromkeys(struck)]

    @property
    def watchers(self) -> list[str]:
        """Who might have."""
        found = (
            name
            for table in self._reported
            for name, entry in self._scenario.tables[table].watchers.items()
            if entry.threatens == self._scenario.focal
        )
        return [self.voice.who(watcher) for watcher in dict.fromkeys(found)]
