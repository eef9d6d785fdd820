"""A country that is not at a table but watches it: its alarm, its threats, its measures.

State, with the arithmetic the watcher and the watched share; deciding is the countries' work.
"""

from __future__ import annotations

import numpy as np

from negotiate_abm.mechanisms.bargaining import Risk
from negotiate_abm.mechanisms.numerics import BoolArray, FloatArray, sum_short
from negotiate_abm.mechanisms.preferences import filled, reaches
from negotiate_abm.mechanisms.retaliation import (
    Feud,
    alarm_levels,
    exposure,
    hostility_next,
    least_withdrawal,
)
from negotiate_abm.mechanisms.trust import Belief
from negotiate_abm.scenario.parameters import Parameters
from negotiate_abm.scenario.schema import Scenario
from negotiate_abm.scenario.warnings import (
    TariffMeasure,
    punishment,
    punishment_severity,
    threat_hazard,
    watcher_key,
)
from negotiate_abm.tables import Table, rung_below

THREATENED, WATCHER = 0, 1


class Watch:
    """One watcher of one table, in every run.

    Attributes
    ----------
    hostility : array of shape (runs,)
        The watcher's ill will towards the threatened side, in [0, 1].
    threat_week, due_week : arrays of shape (runs,), int
        When the threat that hangs was made and when it falls due; -1 where none hangs.
    met : array of shape (runs,), bool
        Whether the threat that hangs has been complied with.
    since_execution : array of shape (runs,), int
        Weeks since a punishment began; -1 where none is in force.
    feud : Feud
        Side 0 the threatened's counter-measure, side 1 the watcher's punishment.
    credibility : Belief
        What the threatened believes of the watcher's threats.
    threatened, punished : arrays of shape (runs,), bool
        Whether it has ever come to that.
    """

    def __init__(self, table: Table, watcher: str, scenario: Scenario, p: Parameters) -> None:
        entry = scenario.tables[table.name].watchers[watcher]
        key = watcher_key(table.name, watcher)
        self.table = table
        self.watcher = watcher
        self.threatens = entry.threatens
        self.side = table.side_of(entry.threatens)
        self.name = f"{watcher} over {table.name}"
        self._p, self._key = p, key
        self.exposure_per_level = np.stack(
            [p.get(f"issues.{n}.exposure.{watcher}", 0.0) for n in table.issues], axis=-1
        )
        self.line, self.below_line = self._lines(scenario)
        self.severity = punishment_severity(scenario, table.name, watcher, p)
        self.punishment = punishment(scenario, table.name, watcher, p)
        self.counter = (
            None
            if entry.counter is None
            else TariffMeasure(key + "counter.", entry.counter.flow, p)
        )
        self.credibility = Belief(
            p[key + "credibility"], p[key + "credibility_strength"], p["trust.forgetting"]
        )
        runs = p.runs
        self._events: list[tuple[FloatArray, FloatArray]] = []
        self.hostility = p[key + "hostility"]
        self.threat_week = np.full(runs, -1, dtype=np.int64)
        self.due_week = np.full(runs, -1, dtype=np.int64)
        self.met = np.zeros(runs, dtype=np.bool_)
        self.since_execution = np.full(runs, -1, dtype=np.int64)
        self.feud = Feud.none_yet(runs)
        self.threatened = np.zeros(runs, dtype=np.bool_)
        self.punished = np.zeros(runs, dtype=np.bool_)

    def _lines(self, scenario: Scenario) -> tuple[FloatArray, FloatArray]:
        """Return each issue's red line and the rung below it; without a line, out of reach."""
        line = np.full((self.table.runs, len(self.table.issues)), np.inf)
        below = np.ones_like(line)
        for i, name in enumerate(self.table.issues):
            rung = scenario.issues[name].red_lines.get(self.watcher)
            if rung is not None:
                rungs = self.table.ladders[name]
                line[:, i] = rungs.at(rung, rungs.levels)
                below[:, i] = rung_below(rungs, rung)
        return line, below

    def parameter(self, name: str) -> FloatArray:
        """Return one of the watcher's own numbers, shape (runs,)."""
        return self._p[self._key + name]

    def let_a_week_pass(self, draw: FloatArray) -> None:
        """Let events fade and hostility drift; `draw` is the week's political surprise."""
        self._events = [(alarm * fading, fading) for alarm, fading in self._events]
        self.hostility = hostility_next(
            self.hostility,
            self.parameter("hostility"),
            self.parameter("hostility_weeks"),
            self.parameter("hostility_shock"),
            draw,
        )

    def notice_event(self, event: str) -> None:
        """Take alarm at an event at the table, such as a visit."""
        key = f"tables.{self.table.name}.events.{event}."
        alarm = key + f"exposure.{self.watcher}"
        if alarm in self._p.values:
            self._events.append((self._p[alarm], 1.0 - 1.0 / self._p[key + "fades_weeks"]))

    def event_alarm(self) -> FloatArray:
        """Return the alarm that past events still raise, in tolerances, shape (runs,)."""
        total = np.zeros(self.table.runs)
        for alarm, _ in self._events:
            total = total + alarm
        return total

    def exposure(self) -> FloatArray:
        """Return how exposed the table now is to the watcher, in tolerances, shape (runs,)."""
        table = self.table
        return self._exposed(table.offered, table.agreed, table.in_force) + self.event_alarm()

    def _exposed(self, offered: FloatArray, agreed: FloatArray, in_force: FloatArray) -> FloatArray:
        levels = alarm_levels(
            offered,
            agreed,
            in_force,
            self._p["alarm.weight_agreed"][:, None],
            self._p["alarm.weight_offered"][:, None],
        )
        return exposure(levels, self.exposure_per_level)

    def lines_crossed(self) -> FloatArray:
        """Return how many of the watcher's red lines are crossed by what is agreed, (runs,)."""
        return reaches(self.table.agreed, self.line).sum(axis=-1).astype(np.float64)

    def log_hazard(self) -> FloatArray:
        """Return the log of this week's hazard of a threat, shape (runs,)."""
        return threat_hazard(
            self._p, self._key, self.exposure(), self.lines_crossed(), self.hostility
        )

    def risk(self) -> Risk:
        """Return how the hazard of a threat would rise with what the table may yet agree."""
        table, line = self.table, self.line[:, :, None]
        leads_across = reaches(table.floor + table.width, line) & ~reaches(table.floor, line)
        exposed = self.exposure_per_level[:, :, None] * table.width
        part = table.open_parts()
        # The line is still to be crossed in full, however much of the way is agreed.
        left = 1.0 - filled(table.agreed, table.floor, table.width)
        of_the_way = part / np.where(left > 0.0, left, 1.0)
        line_rise = np.where(leads_across, self._slope("line_slope") * of_the_way, 0.0)
        rise = self._slope("exposure_slope") * exposed * part + line_rise
        severity = np.zeros((table.runs, 2))
        severity[:, self.side] = self.severity * self.credibility.trust
        agreed_exposure = exposure(table.agreed, self.exposure_per_level)
        return Risk(
            threat_hazard(
                self._p, self._key, agreed_exposure, self.lines_crossed(), self.hostility
            ),
            rise,
            severity,
            self.parameter("lookahead_weeks"),
        )

    def _slope(self, name: str) -> FloatArray:
        return self.parameter(name)[:, None, None]

    def tolerated(self) -> tuple[FloatArray, FloatArray]:
        """Return the agreed and the in-force levels that would leave the watcher content.

        The threatened side takes its concessions under every red line, then takes back
        rungs, most exposing first for what they are worth, until the exposure of what is
        left is tolerable. Events that alarm are no concession and are left out.
        """
        table = self.table
        own = table.concedes(self.side)
        crossed = own & reaches(table.agreed, self.line)
        agreed = np.where(crossed, np.minimum(table.agreed, self.below_line), table.agreed)
        in_force = np.minimum(table.in_force, agreed)
        excess = self._exposed(agreed, agreed, in_force) - 1.0
        if not (excess > 0.0).any():
            return agreed, in_force
        filled_agreed = filled(agreed, table.floor, table.width)
        filled_in_force = filled(in_force, table.floor, table.width)
        weight = self._p["alarm.weight_agreed"][:, None, None]
        alarming = filled_in_force + weight * (filled_agreed - filled_in_force)
        per_segment = own[:, None] * self.exposure_per_level[:, :, None] * table.width
        withdrawn = least_withdrawal(per_segment * alarming, table.cost * filled_agreed, excess)
        kept = np.where(withdrawn, 0.0, filled_agreed)
        agreed = np.where(withdrawn.any(axis=-1), sum_short(kept * table.width), agreed)
        return agreed, np.minimum(in_force, agreed)

    def between(self, side: int) -> dict[str, str]:
        """Return who does what to whom at which table, as an event names it."""
        names = (self.threatens, self.watcher)
        return {"actor": names[side], "target": names[1 - side], "where": self.table.name}

    @property
    def hanging(self) -> BoolArray:
        """Whether a threat hangs over the table, shape (runs,)."""
        return self.due_week >= 0

    @property
    def punishing(self) -> BoolArray:
        """Whether a punishment or a counter-measure is in force, shape (runs,)."""
        return self.since_execution >= 0

    def aggrieved(self) -> BoolArray:
        """Whether the watcher has cause for complaint, shape (runs,)."""
        return (self.exposure() > 1.0) | (self.lines_crossed() > 0.0)
