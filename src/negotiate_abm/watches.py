"""A country that is not at a table but watches it: its alarm, its threats, its measures.

State, with the arithmetic the watcher and the watched share; deciding is the countries' work.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from negotiate_abm.mechanisms.bargaining import Risk
from negotiate_abm.mechanisms.numerics import (
    BoolArray,
    FloatArray,
    IntArray,
    chance,
    exponential,
    sum_short,
)
from negotiate_abm.mechanisms.preferences import LEVEL_TOLERANCE, filled, reaches
from negotiate_abm.mechanisms.retaliation import (
    Feud,
    alarm_levels,
    execution_probability,
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
    threatened, complied, bought_off, punished : arrays of shape (runs,), bool
        Whether it has ever come to that.
    bought : array of shape (runs,)
        Worth to the watcher of what it was bought off with, C$ billion a year.
    wide : array of shape (runs,)
        One where the measures in force answer a crossed red line, else zero.
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
        wide = punishment_severity(scenario, table.name, watcher, p, wide=True)
        self.line_severity = wide - self.severity
        self.punishment = punishment(scenario, table.name, watcher, p)
        self.counter = (
            None
            if entry.counter is None
            else TariffMeasure(key + "counter.", entry.counter.flow, p)
        )
        self.credibility = Belief(
            p[key + "credibility"],
            p[key + "credibility_strength"],
            p.get("trust.forgetting", 0.0),
        )
        runs = p.runs
        self._events: list[tuple[FloatArray, FloatArray]] = []
        self.hostility = p[key + "hostility"]
        self.threat_week = np.full(runs, -1, dtype=np.int64)
        self.due_week = np.full(runs, -1, dtype=np.int64)
        self.met = np.zeros(runs, dtype=np.bool_)
        self.since_execution = np.full(runs, -1, dtype=np.int64)
        self.feud = Feud.none_yet(runs)
        self.wide = np.zeros(runs)
        self.bought = np.zeros(runs)
        self.bought_at = np.full(runs, -2, dtype=np.int64)
        # Until when it threatens no more, because it was heeded, and because it was paid.
        self.heeded_until = np.full(runs, -1, dtype=np.int64)
        self.paid_until = np.full(runs, -1, dtype=np.int64)
        # When a round last opened: how likely the threatened would be to comply.
        self.gives_in = np.zeros(runs)
        self.threatened = np.zeros(runs, dtype=np.bool_)
        self.complied = np.zeros(runs, dtype=np.bool_)
        self.bought_off = np.zeros(runs, dtype=np.bool_)
        self.punished = np.zeros(runs, dtype=np.bool_)
        self._ties(scenario)
        # Set each week by the model: the share of trade pulled away from the watcher.
        self.pulled = np.zeros(runs)

    def _ties(self, scenario: Scenario) -> None:
        """Take in the security ties that soothe or alarm the watcher."""
        self.soothed, self.tie_alarm = np.zeros(self.table.runs), np.zeros(self.table.runs)
        for name, tie in scenario.ties.items():
            if tie.active and tie.country == self.threatens:
                key = f"ties.{name}."
                seen = self._p[key + "visibility"]
                if tie.soothes == self.watcher:
                    self.soothed = np.minimum(self.soothed + seen * self._p[key + "soothing"], 1.0)
                if tie.alarms == self.watcher:
                    self.tie_alarm = self.tie_alarm + seen * self._p[key + "alarm"]

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

    def parameter_or(self, name: str, otherwise: float) -> FloatArray:
        """Return one of its numbers, or a constant where the scenario needs none."""
        return self._p.get(self._key + name, otherwise)

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

    def standing_alarm(self) -> FloatArray:
        """Return the alarm of what is no concession: visits, ties, trade that turns away."""
        away = 100.0 * self.pulled * self.parameter_or("alarm_per_pull", 0.0)
        return self.event_alarm() + self.tie_alarm + away * (1.0 - self.soothed)

    def exposure(self) -> FloatArray:
        """Return how exposed the table now is to the watcher, in tolerances, shape (runs,)."""
        table = self.table
        conceded = self._exposed(table.offered, table.agreed, table.in_force)
        return conceded + self.standing_alarm()

    def _exposed(self, offered: FloatArray, agreed: FloatArray, in_force: FloatArray) -> FloatArray:
        levels = alarm_levels(
            offered,
            agreed,
            in_force,
            self._p["alarm.weight_agreed"][:, None],
            self._p["alarm.weight_offered"][:, None],
        )
        return exposure(levels, self.exposure_per_level) * (1.0 - self.soothed)

    def main_cause(self, rows: IntArray) -> IntArray:
        """Return the issue that alarms most in some runs, -1 where it is none, shape (rows,).

        A crossed red line comes first; then the largest exposure, unless visits, ties and
        trade that turns away alarm more than any concession.
        """
        table = self.table
        three = (np.take(x, rows, axis=0) for x in (table.offered, table.agreed, table.in_force))
        weights = (
            np.take(self._p[f"alarm.weight_{x}"], rows)[:, None] for x in ("agreed", "offered")
        )
        levels = alarm_levels(*three, *weights)
        seen = 1.0 - np.take(self.soothed, rows)
        alarm = levels * np.take(self.exposure_per_level, rows, axis=0) * seen[:, None]
        crossed = reaches(np.take(table.agreed, rows, axis=0), np.take(self.line, rows, axis=0))
        any_crossed: BoolArray = np.asarray(crossed.any(axis=-1))
        worst = np.where(any_crossed[:, None], np.where(crossed, alarm, -1.0), alarm)
        most = worst.max(axis=-1)
        above_all = (most > 0.0) & (most >= np.take(self.standing_alarm(), rows))
        return np.where(any_crossed | above_all, worst.argmax(axis=-1), -1)

    def lines_crossed(self) -> FloatArray:
        """Return how many of the watcher's red lines are crossed by what is agreed, (runs,)."""
        return reaches(self.table.agreed, self.line).sum(axis=-1).astype(np.float64)

    def log_hazard(self, exposure: FloatArray) -> FloatArray:
        """Return the log of this week's hazard of a threat at an exposure, shape (runs,)."""
        return threat_hazard(self._p, self._key, exposure, self.lines_crossed(), self.hostility)

    def risk(
        self, rows: IntArray, part: FloatArray, others_loss: FloatArray
    ) -> tuple[Risk, FloatArray]:
        """Return how the hazard of a threat would rise with what the table may yet agree.

        And what a step across a red line adds to the punishment that the threatened expects,
        C$ billion a year, shape (rows, issues, segments): whoever crosses a line counts on
        the threat that follows.

        Parameters
        ----------
        rows : array of int
            The runs that bargain.
        part : array of shape (rows, issues, segments)
            What is still open there.
        others_loss : array of shape (rows,)
            What the other party expects to lose if a threat comes, C$ billion a year.
        """
        width, line_rise = self._steps(rows, part)
        seen = 1.0 - np.take(self.soothed, rows)
        slope = np.take(self.parameter("exposure_slope"), rows) * seen
        per_level = np.take(self.exposure_per_level, rows, axis=0) * slope[:, None]
        line_slope = np.take(self.parameter_or("line_slope", 0.0), rows)
        rise = per_level[:, :, None] * width * part + line_slope[:, None, None] * line_rise
        severity = np.empty((rows.size, 2))
        severity[:, self.side] = np.take(self.severity_now() * self.credibility.trust, rows)
        severity[:, 1 - self.side] = others_loss
        risk = Risk(
            np.take(self.log_hazard_of_agreed(), rows),
            rise,
            severity,
            np.take(self.parameter("lookahead_weeks"), rows),
        )
        believed = np.take(self.line_severity * self.credibility.trust, rows)
        return risk, line_rise * believed[:, None, None]

    def _steps(self, rows: IntArray, part: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return segments' widths, and the share of the way across a line that is still open."""
        table = self.table
        floor, width = table.segments(rows)
        line = np.take(self.line, rows, axis=0)[:, :, None]
        leads_across = reaches(floor + width, line) & ~reaches(floor, line)
        # The line is still to be crossed in full, however much of the way is agreed.
        left = 1.0 - filled(np.take(table.agreed, rows, axis=0), floor, width)
        of_the_way = part / np.where(left > 0.0, left, 1.0)
        return width, np.where(leads_across, of_the_way, 0.0)

    def log_hazard_of_agreed(self) -> FloatArray:
        """Return the log hazard of a threat once what is agreed is in force, shape (runs,).

        Events are left out: their alarm fades.
        """
        agreed = exposure(self.table.agreed, self.exposure_per_level) * (1.0 - self.soothed)
        alarm = agreed + self.standing_alarm() - self.event_alarm()
        return threat_hazard(self._p, self._key, alarm, self.lines_crossed(), self.hostility)

    def chance_of_threat(self) -> FloatArray:
        """Return the chance of a threat within the weeks looked ahead as things stand, (runs,)."""
        weeks = self.parameter("lookahead_weeks")
        return chance(weeks * exponential(self.log_hazard_of_agreed()))

    def severity_now(self) -> FloatArray:
        """Return what a punishment would cost the threatened as things stand, (runs,)."""
        return self.severity + self.line_severity * self.crosses_line()

    def crosses_line(self) -> FloatArray:
        """Return one where a red line is crossed, else zero, shape (runs,)."""
        return (self.lines_crossed() > 0.0).astype(np.float64)

    def tolerated(self, rows: IntArray) -> tuple[FloatArray, FloatArray, BoolArray]:
        """Return the agreed and the in-force levels that would leave the watcher content.

        The threatened side takes its concessions under every red line, then takes back
        rungs, most exposing first for what they are worth, until the exposure of what is
        left is tolerable. What alarms and is no concession is left out; what the scenario
        holds cannot be taken back. Last comes whether that much contents the watcher,
        shape (rows,).
        """
        table = self.table
        own = table.concedes(self.side) & ~table.is_held
        floor, width = table.segments(rows)
        agreed = np.take(table.agreed, rows, axis=0)
        crossed = own & reaches(agreed, np.take(self.line, rows, axis=0))
        below = np.take(self.below_line, rows, axis=0)
        agreed = np.where(crossed, np.minimum(agreed, below), agreed)
        in_force = np.minimum(np.take(table.in_force, rows, axis=0), agreed)
        excess = self._exposed_in(rows, agreed, in_force) - 1.0
        if (excess > 0.0).any():
            filled_agreed = filled(agreed, floor, width)
            filled_in_force = filled(in_force, floor, width)
            weight = np.take(self._p["alarm.weight_agreed"], rows)[:, None, None]
            alarming = filled_in_force + weight * (filled_agreed - filled_in_force)
            per_level = np.take(self.exposure_per_level, rows, axis=0)
            seen = 1.0 - np.take(self.soothed, rows)
            per_segment = (own * per_level * seen[:, None])[:, :, None] * width
            promise = np.take(table.cost, rows, axis=0) * filled_agreed
            withdrawn = least_withdrawal(per_segment * alarming, promise, excess)
            kept = sum_short(np.where(withdrawn, 0.0, filled_agreed) * width)
            agreed = np.where(withdrawn.any(axis=-1), kept, agreed)
            in_force = np.minimum(in_force, agreed)
        left = self._exposed_in(rows, agreed, in_force)
        still_crossed = reaches(agreed, np.take(self.line, rows, axis=0)).any(axis=-1)
        return agreed, in_force, (left <= 1.0 + LEVEL_TOLERANCE) & ~still_crossed

    def _exposed_in(self, rows: IntArray, agreed: FloatArray, in_force: FloatArray) -> FloatArray:
        """Return the exposure of some levels in some runs, events and ties left out."""
        weight = np.take(self._p["alarm.weight_agreed"], rows)[:, None]
        levels = alarm_levels(agreed, agreed, in_force, weight, weight)
        per_level = np.take(self.exposure_per_level, rows, axis=0)
        return exposure(levels, per_level) * (1.0 - np.take(self.soothed, rows))

    def strike_probability(self, rows: IntArray, bought: FloatArray | None = None) -> FloatArray:
        """Return the chance that the watcher would execute an unmet threat now, shape (rows,).

        With `bought`, of shape (rows, ...), had it been given concessions of that worth
        besides.
        """
        more = np.zeros(rows.size) if bought is None else bought
        shape = (rows.size,) + (1,) * (more.ndim - 1)

        def of(values: FloatArray) -> FloatArray:
            return np.take(values, rows).reshape(shape)

        return execution_probability(
            of(self.parameter("grievance_worth")),
            of(self.exposure()),
            of(self.parameter_or("line_worth", 0.0)),
            of(self.lines_crossed()),
            of(self.parameter("reputation")),
            of(self.punishment.blow_back(self.crosses_line())),
            of(self.bought) + more,
            of(self.parameter("execution_noise")),
        )

    def measures_in_force(self) -> Iterator[tuple[TariffMeasure, FloatArray, FloatArray]]:
        """Yield each side's tariff, its intensity, and whether a crossed line widens it."""
        if not self.punishing.any():
            return
        yield self.punishment, self.feud.of(WATCHER), self.wide
        if self.counter is not None:
            yield self.counter, self.feud.of(THREATENED), np.zeros_like(self.wide)

    def chill(self, rows: IntArray) -> IntArray:
        """Return for how many weeks an answered threat chills in some runs, shape (rows,)."""
        return np.rint(np.take(self.parameter("chill_weeks"), rows)).astype(np.int64)

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
