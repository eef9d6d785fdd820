"""A bilateral table: its ladders, its levels, its round, and what it owes each side.

State only, with the arithmetic that both sides share; deciding is the countries' work.
"""

from __future__ import annotations

import math

import numpy as np

from negotiate_abm.mechanisms.bargaining import Bargain, Risk
from negotiate_abm.mechanisms.numerics import BoolArray, FloatArray, IntArray, sum_short
from negotiate_abm.mechanisms.preferences import filled, round_down
from negotiate_abm.mechanisms.retaliation import Feud
from negotiate_abm.scenario.parameters import Parameters
from negotiate_abm.scenario.schema import Event, Scenario
from negotiate_abm.scenario.stakes import Ladder

DAYS_A_WEEK = 7


class Table:
    """One table in every run. Sides are 0, the guest, and 1, the host.

    Attributes
    ----------
    floor, width, benefit, cost, restores : arrays of shape (runs, issues, segments)
        Where each ladder segment begins, how long it is, what conceding it is worth to
        the beneficiary and costs the conceder (C$ billion a year), and the share of the
        exporter's loss that it restores.
    offered, agreed, in_force : arrays of shape (runs, issues)
        The three levels of every issue.
    ceiling : array of shape (runs, issues)
        Level above which a conceder does not go while a met threat chills it.
    linked_cap : array of shape (runs, issues)
        Highest level that cross-links leave, given what other tables have agreed.
    open, elapsed, length, mover : arrays of shape (runs,)
        Whether a round is open, its age and length in weeks, and whose turn it is.
    agreements, failed, failed_with_a_zone : arrays of shape (runs,)
        Rounds so far that ended in agreement, that did not, and of these the ones in which
        one was to be had.
    zone : array of shape (runs,)
        Whether, when the round opened, some package would have satisfied both sides.
    reservation, best : arrays of shape (runs, 2)
        Each side's least and best prospects of the open round, C$ billion a year.
    flows : list
        The trade flow each issue's duty falls on, None for a political issue.
    agreed_last_week, ever_in_force : arrays of shape (runs, issues)
        What was promised before this week, and the most ever delivered.
    breached : array of shape (runs, 2)
        How much each side took back since its breaches were last answered, in levels.
    leverage, unscaled_leverage : arrays of shape (runs, 2)
        Each side's leverage in the latest round, by shares of GDP and by plain stakes.
    feud : Feud
        Suspensions of what is in force, one side answering the other's breach.
    """

    def __init__(
        self, name: str, scenario: Scenario, p: Parameters, valued: dict[str, Ladder]
    ) -> None:
        self.name = name
        self.entry = scenario.tables[name]
        self.runs = p.runs
        self.parties = (self.entry.guest, self.entry.host)
        self.issues = [n for n, issue in scenario.issues.items() if issue.table == name]
        entries = [scenario.issues[n] for n in self.issues]
        self.flows = [e.duty.flow if e.duty is not None else None for e in entries]
        self.conceder = np.array([self.parties.index(e.conceder) for e in entries])
        self.ladders = {n: valued[n] for n in self.issues}
        self._build_segments(scenario)
        self.cap = self._own_lines(scenario)
        key = f"tables.{name}."
        self.opening_hazard = p[key + "opening_hazard"]
        self.shortest = p[key + "shortest_round_weeks"]
        self.longest = p[key + "longest_round_weeks"]
        self.implementation_weeks = p[key + "implementation_weeks"]
        self.grace_weeks = p[key + "grace_weeks"]
        self.given_reservation = {
            party: p[f"{key}reservation.{party}"] for party in self.entry.reservation
        }
        self._begin(p[key + "under_way_weeks"])

    def _build_segments(self, scenario: Scenario) -> None:
        most = max(ladder.levels.shape[1] for ladder in self.ladders.values())
        shape = (self.runs, len(self.issues), most)
        self.floor, self.width = np.ones(shape), np.ones(shape)  # padding lies above the top
        self.benefit, self.cost = np.zeros(shape), np.zeros(shape)
        self.restores = np.zeros(shape)
        self.divisible = np.ones(shape[1:], dtype=np.bool_)
        for i, name in enumerate(self.issues):
            rungs = self.ladders[name]
            count = rungs.levels.shape[1]

            def steps(values: FloatArray) -> FloatArray:
                return np.diff(values, axis=1, prepend=0.0)

            self.width[:, i, :count] = steps(rungs.levels)
            self.floor[:, i, :count] = rungs.levels - self.width[:, i, :count]
            self.benefit[:, i, :count] = steps(rungs.benefits)
            self.cost[:, i, :count] = steps(rungs.costs)
            if scenario.issues[name].duty is not None:
                self.restores[:, i, :count] = steps(rungs.restored)
            talk = np.array(rungs.talk)
            self.divisible[i, :count] = scenario.issues[name].divisible & ~talk
        self.exporter_stake = np.stack(
            [self.ladders[n].benefits[:, -1] for n in self.issues], axis=-1
        )

    def _own_lines(self, scenario: Scenario) -> FloatArray:
        """Return the highest level each conceder's own red lines allow, shape (runs, issues)."""
        cap = np.ones((self.runs, len(self.issues)))
        for i, name in enumerate(self.issues):
            issue = scenario.issues[name]
            rung = issue.red_lines.get(issue.conceder)
            if rung is not None:
                cap[:, i] = rung_below(self.ladders[name], rung)
        return cap

    def _begin(self, under_way: FloatArray) -> None:
        zeros = np.zeros((self.runs, len(self.issues)))
        self.offered, self.agreed, self.in_force = zeros.copy(), zeros.copy(), zeros.copy()
        self.agreed_last_week, self.ever_in_force = zeros.copy(), zeros.copy()
        self.ceiling, self.linked_cap = np.ones_like(zeros), np.ones_like(zeros)
        self.chilled_until = np.zeros(self.runs, dtype=np.int64)
        self.overdue = zeros.copy()
        self.open = np.zeros(self.runs, dtype=np.bool_)
        self.begun_before = np.rint(under_way).astype(np.int64)
        self.elapsed = np.zeros(self.runs, dtype=np.int64)
        self.length = np.zeros(self.runs, dtype=np.int64)
        self.mover = np.zeros(self.runs, dtype=np.int64)
        self.agreements = np.zeros(self.runs, dtype=np.int64)
        self.failed = np.zeros(self.runs, dtype=np.int64)
        self.failed_with_a_zone = np.zeros(self.runs, dtype=np.int64)
        self.zone = np.zeros(self.runs, dtype=np.bool_)
        self.reservation, self.best = np.zeros((self.runs, 2)), np.zeros((self.runs, 2))
        self.leverage = np.full((self.runs, 2), 0.5)
        self.unscaled_leverage = np.full((self.runs, 2), 0.5)
        self.feud = Feud.none_yet(self.runs)
        self.breached = np.zeros((self.runs, 2))
        self.since_breach = np.full(self.runs, -1, dtype=np.int64)

    def events_in(self, week: int, scenario: Scenario) -> list[tuple[str, Event]]:
        """Return the dated events of a week, week 1 beginning on the scenario's start."""
        return [
            (name, event)
            for name, event in self.entry.events.items()
            if week_of(event, scenario) == week
        ]

    def side_of(self, country: str) -> int:
        """Return the side on which a party sits."""
        return self.parties.index(country)

    def between(self, side: int) -> dict[str, str]:
        """Return who does what to whom at this table, as an event names it."""
        return {
            "actor": self.parties[side],
            "target": self.parties[1 - side],
            "where": self.name,
        }

    def concedes(self, side: int) -> BoolArray:
        """Return which issues a side concedes, shape (issues,)."""
        return self.conceder == side

    def reachable(self) -> FloatArray:
        """Return the highest level each issue may now be taken to, shape (runs, issues)."""
        limit = np.minimum(np.minimum(self.cap, self.linked_cap), self.ceiling)
        return np.maximum(self.rounded(limit), self.agreed)

    def bargain(
        self,
        rows: IntArray,
        gains: tuple[FloatArray, FloatArray],
        costs: tuple[FloatArray, FloatArray],
        risks: list[Risk],
    ) -> Bargain:
        """Return what is still open on this table in some runs.

        Parameters
        ----------
        rows : array of int
            The runs that bargain.
        gains, costs : pairs of arrays of shape (runs, issues)
            Each side's factor on benefits it receives and on costs it bears.
        risks : list of Risk
            Already confined to these rows.
        """
        part = np.take(self.open_parts(), rows, axis=0)
        benefit = np.take(self.benefit, rows, axis=0) * part
        cost = np.take(self.cost, rows, axis=0) * part
        value = np.stack(
            [
                np.where(
                    self.concedes(side)[:, None],
                    -cost * np.take(costs[side], rows, axis=0)[:, :, None],
                    benefit * np.take(gains[side], rows, axis=0)[:, :, None],
                )
                for side in (0, 1)
            ]
        )
        return Bargain(value, self.conceder, self.divisible, risks)

    def open_parts(self) -> FloatArray:
        """Return the share of each segment that is neither agreed nor out of reach."""
        reach = filled(self.reachable(), self.floor, self.width)
        return reach - filled(self.agreed, self.floor, self.width)

    def levels_of(self, rows: IntArray, fill: FloatArray) -> FloatArray:
        """Return the levels that a package brings in some runs, shape (rows, issues)."""
        part = np.take(self.open_parts() * self.width, rows, axis=0)
        levels = np.take(self.agreed, rows, axis=0) + sum_short(fill * part)
        # Sums of segment widths may miss a cap by a rounding error; never by more.
        return np.minimum(levels, np.take(self.reachable(), rows, axis=0))

    def worth_of(self, levels: FloatArray, values: FloatArray) -> FloatArray:
        """Return segment values summed up to some levels, shape (runs, issues)."""
        return sum_short(filled(levels, self.floor, self.width) * values)

    def restored(self) -> FloatArray:
        """Return the share of the exporter's loss now restored on each issue, (runs, issues)."""
        return self.worth_of(self.in_force, self.restores)

    def rounded(self, levels: FloatArray) -> FloatArray:
        """Return levels with unfinished indivisible segments taken back to the rung below."""
        return round_down(levels, self.floor, self.width, self.divisible)


def rung_below(rungs: Ladder, name: str) -> FloatArray:
    """Return the level of the rung under a named one, zero under the first, shape (runs,)."""
    place = rungs.names.index(name)
    if place == 0:
        return np.zeros(rungs.levels.shape[0])
    return rungs.at(rungs.names[place - 1], rungs.levels)


def week_of(event: Event, scenario: Scenario) -> int:
    """Return the week of a dated event, week 1 beginning on the scenario's start."""
    return math.floor((event.date - scenario.start).days / DAYS_A_WEEK) + 1
