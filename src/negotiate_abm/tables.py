"""A bilateral table: its ladders, its levels, its round, and what it owes each side.

State only, with the arithmetic that both sides share; deciding is the countries' work.
"""

from __future__ import annotations

import math

import numpy as np

from negotiate_abm.dates import week_of
from negotiate_abm.mechanisms.bargaining import Bargain, Risk
from negotiate_abm.mechanisms.numerics import BoolArray, FloatArray, IntArray, sum_short
from negotiate_abm.mechanisms.preferences import LEVEL_TOLERANCE, filled, reaches, round_down
from negotiate_abm.mechanisms.retaliation import Feud
from negotiate_abm.scenario.parameters import Parameters
from negotiate_abm.scenario.schema import Event, Scenario
from negotiate_abm.scenario.stakes import Ladder


class Table:
    """One table in every run. Sides are 0, the guest, and 1, the host.

    Attributes
    ----------
    floor, width, benefit, cost, restores, hurt : arrays of shape (runs, issues, segments)
        Where each ladder segment begins, how long it is, what conceding it is worth to
        the beneficiary, costs the conceder and costs the conceder's protected producers
        (C$ billion a year), and the share of the exporter's loss that it restores.
    prior : array of shape (issues, segments, 2)
        Benefit and cost by the public record: at the numbers the scenario states.
    offered, agreed, in_force : arrays of shape (runs, issues)
        The three levels of every issue.
    ceiling : array of shape (runs, issues)
        Level above which a conceder does not go while a met threat chills it.
    linked_cap : array of shape (runs, issues)
        Highest level that cross-links leave, given what other tables have agreed.
    held : array of shape (issues,)
        Level below which nothing takes an issue, because the scenario holds it there.
    open, elapsed, length, mover : arrays of shape (runs,)
        Whether a round is open, its age and length in weeks, and whose turn it is.
    agreements, failed, failed_with_a_zone, not_consented : arrays of shape (runs,)
        Rounds so far that ended in agreement, that did not, of these the ones in which an
        agreement was to be had, and agreements that the home front broke.
    zone : array of shape (runs,)
        Whether, when the round opened, some package would have satisfied both sides.
    reservation, best : arrays of shape (runs, 2)
        Each side's least and best prospects of the open round, C$ billion a year.
    own_last, received : arrays of shape (runs, 2) and (runs, 2, 3)
        What each side last insisted on, and the worth to it of the other's first, last but
        one and last offers of the round.
    tactic_draw : array of shape (runs, 2)
        The draw behind each side's next aspiration, for tactics that randomise.
    proposal, proposer, proposed_in : arrays of shape (runs, issues), (runs,) and (runs,)
        The levels of the latest package on the table, the side it came from, and its week;
        -1 before any.
    insistence : array of shape (runs, 2, issues)
        How often and how firmly each side's offers have stood on each issue.
    flows : list
        The trade flow each issue's duty falls on, None for a political issue.
    agreed_last_week, ever_in_force : arrays of shape (runs, issues)
        What was promised before this week, and the most ever delivered.
    breached : array of shape (runs, 2)
        How much each side took back since its breaches were last answered, in levels.
    leverage, unscaled_leverage : arrays of shape (runs, 2)
        Each side's leverage in the latest round, by shares of GDP and by plain stakes.
    interest, steadfast : arrays of shape (runs,)
        By how much a wooer's wedge multiplies what its partner's promises are worth, and
        the share of them it expects to survive a watcher's pressure.
    feud : Feud
        Suspensions of what is in force, one side answering the other's breach.
    """

    def __init__(
        self,
        name: str,
        scenario: Scenario,
        p: Parameters,
        valued: dict[str, Ladder],
        stated: dict[str, Ladder],
    ) -> None:
        self.name = name
        self.entry = scenario.tables[name]
        self.runs = p.runs
        self.parties = (self.entry.guest, self.entry.host)
        self.issues = [n for n, issue in scenario.issues.items() if issue.table == name]
        entries = [scenario.issues[n] for n in self.issues]
        self.flows = [e.duty.flow if e.duty is not None else None for e in entries]
        self.governed = np.array([flow is not None for flow in self.flows])
        self.conceder = np.array([self.parties.index(e.conceder) for e in entries])
        self.weaponisable = np.array([e.weaponisable for e in entries])
        self.held = np.array([0.0 if e.held is None else e.held for e in entries])
        self.is_held = np.array([e.held is not None for e in entries])
        self.ladders = {n: valued[n] for n in self.issues}
        self._build_segments(scenario, stated)
        self.cap = self._own_lines(scenario)
        self._others_first = scenario.conduct.agenda == "non_weaponisable_first"
        self._step = p.values.get("conduct.grit_step")
        key = f"tables.{name}."
        self.opening_hazard = p[key + "opening_hazard"]
        self.officials_hazard = p.get(key + "officials_hazard", 0.0)
        self.shortest = p[key + "shortest_round_weeks"]
        self.longest = p[key + "longest_round_weeks"]
        self.implementation_weeks = p[key + "implementation_weeks"]
        self.grace_weeks = p.get(key + "grace_weeks", math.inf)
        self.given_reservation = {
            party: p[f"{key}reservation.{party}"] for party in self.entry.reservation
        }
        self._begin(p[key + "under_way_weeks"])

    def _build_segments(self, scenario: Scenario, stated: dict[str, Ladder]) -> None:
        most = max(ladder.levels.shape[1] for ladder in self.ladders.values())
        shape = (self.runs, len(self.issues), most)
        self.rungs = np.array([self.ladders[n].levels.shape[1] for n in self.issues])
        self.floor, self.width = np.ones(shape), np.ones(shape)  # padding lies above the top
        self.benefit, self.cost = np.zeros(shape), np.zeros(shape)
        self.restores, self.hurt = np.zeros(shape), np.zeros(shape)
        self.prior = np.zeros((*shape[1:], 2))
        self.divisible = np.ones(shape[1:], dtype=np.bool_)
        self.talk = np.zeros(shape[1:], dtype=np.bool_)
        for i, name in enumerate(self.issues):
            rungs = self.ladders[name]
            count = rungs.levels.shape[1]
            self.width[:, i, :count] = steps(rungs.levels)
            self.floor[:, i, :count] = rungs.levels - self.width[:, i, :count]
            self.benefit[:, i, :count] = steps(rungs.benefits)
            self.cost[:, i, :count] = steps(rungs.costs)
            self.hurt[:, i, :count] = steps(rungs.hurt)
            if scenario.issues[name].duty is not None:
                self.restores[:, i, :count] = steps(rungs.restored)
            self.prior[i, :count, 0] = steps(stated[name].benefits)[0]
            self.prior[i, :count, 1] = steps(stated[name].costs)[0]
            self.talk[i, :count] = rungs.talk
            self.divisible[i, :count] = scenario.issues[name].divisible & ~np.array(rungs.talk)
        self.exporter_stake = np.stack(
            [self.ladders[n].benefits[:, -1] for n in self.issues], axis=-1
        )
        self.first_substantive = np.stack(
            [
                np.take(r.levels, r.talk.index(False), axis=1)
                if False in r.talk
                else r.levels[:, -1]
                for r in self.ladders.values()
            ],
            axis=-1,
        )
        self.top_talk = np.stack(
            [
                rung_below(r, r.names[r.talk.index(False)]) if False in r.talk else r.levels[:, -1]
                for r in self.ladders.values()
            ],
            axis=-1,
        )

    def _own_lines(self, scenario: Scenario) -> FloatArray:
        """Return the highest level each conceder's own red lines allow, shape (runs, issues)."""
        cap = np.ones((self.runs, len(self.issues)))
        for i, name in enumerate(self.issues):
            issue = scenario.issues[name]
            rung = issue.red_lines.get(issue.conceder)
            if rung is not None:
                cap[:, i] = rung_below(self.ladders[name], rung)
        return np.where(self.is_held, self.held, cap)

    def _begin(self, under_way: FloatArray) -> None:
        zeros = np.zeros((self.runs, len(self.issues)))
        start = zeros + self.held
        self.offered, self.agreed, self.in_force = start.copy(), start.copy(), start.copy()
        self.agreed_last_week, self.ever_in_force = start.copy(), start.copy()
        self.ceiling, self.linked_cap = np.ones_like(zeros), np.ones_like(zeros)
        self.agreed_at_opening = start.copy()
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
        self.not_consented = np.zeros(self.runs, dtype=np.int64)
        self.reimposed = np.zeros(self.runs, dtype=np.int64)
        self.zone = np.zeros(self.runs, dtype=np.bool_)
        self.reservation, self.best = np.zeros((self.runs, 2)), np.zeros((self.runs, 2))
        self.own_last = np.zeros((self.runs, 2))
        self.received = np.zeros((self.runs, 2, 3))
        self.has_received = np.zeros((self.runs, 2), dtype=np.bool_)
        self.tactic_draw = np.zeros((self.runs, 2))
        self.proposal = start.copy()
        self.proposer = np.full(self.runs, -1, dtype=np.int64)
        self.proposed_in = np.full(self.runs, -1, dtype=np.int64)
        self.insistence = np.zeros((self.runs, 2, len(self.issues)))
        self.leverage = np.full((self.runs, 2), 0.5)
        self.unscaled_leverage = np.full((self.runs, 2), 0.5)
        self.interest, self.steadfast = np.ones(self.runs), np.ones(self.runs)
        self.feud = Feud.none_yet(self.runs)
        self.breached = np.zeros((self.runs, 2))
        self.since_breach = np.full(self.runs, -1, dtype=np.int64)

    # -- who sits here -------------------------------------------------------------------

    def events_in(self, week: int, scenario: Scenario) -> list[tuple[str, Event]]:
        """Return the dated events of a week, week 1 beginning on the scenario's start."""
        return [
            (name, event)
            for name, event in self.entry.events.items()
            if week_of(event.date, scenario.start) == week
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

    def segments(self, rows: IntArray | None = None) -> tuple[FloatArray, FloatArray]:
        """Return where segments begin and how long they are, in all runs or in some."""
        if rows is None:
            return self.floor, self.width
        return np.take(self.floor, rows, axis=0), np.take(self.width, rows, axis=0)

    # -- what is still to be had -----------------------------------------------------------

    def reachable(self, rows: IntArray) -> FloatArray:
        """Return the highest level each issue may be taken to in some runs, (rows, issues)."""
        limit = np.minimum(np.take(self.cap, rows, axis=0), np.take(self.linked_cap, rows, axis=0))
        limit = np.minimum(limit, np.take(self.ceiling, rows, axis=0))
        agreed = np.take(self.agreed, rows, axis=0)
        if self._others_first:
            waiting = self.weaponisable & ~self._another_sector_moved(rows)[:, None]
            limit = np.where(waiting, np.minimum(limit, np.take(self.top_talk, rows, 0)), limit)
        if self._step is not None:
            longest = np.take(self._step, rows)[:, None]
            limit = np.minimum(limit, np.take(self.agreed_at_opening, rows, axis=0) + longest)
        return np.maximum(self.rounded(limit, rows), agreed)

    def _another_sector_moved(self, rows: IntArray) -> BoolArray:
        """Return whether whoever holds a weapon has given something substantive that is none."""
        agreed, first = np.take(self.agreed, rows, 0), np.take(self.first_substantive, rows, 0)
        armed = np.isin(self.conceder, self.conceder[self.weaponisable])
        counts = armed & ~self.weaponisable & ~self.is_held
        return np.asarray((reaches(agreed, first) & counts).any(axis=-1))

    def open_parts(self, rows: IntArray) -> FloatArray:
        """Return the share of each segment neither agreed nor out of reach, (rows, ...)."""
        floor, width = self.segments(rows)
        agreed = filled(np.take(self.agreed, rows, axis=0), floor, width)
        return filled(self.reachable(rows), floor, width) - agreed

    def bargain(
        self,
        rows: IntArray,
        part: FloatArray,
        gains: tuple[FloatArray, FloatArray],
        costs: tuple[FloatArray, FloatArray],
        talk_gains: tuple[FloatArray, FloatArray],
        line_costs: tuple[FloatArray, FloatArray],
        risks: list[Risk],
    ) -> Bargain:
        """Return what is still open on this table in some runs.

        Parameters
        ----------
        rows : array of int
            The runs that bargain.
        part : array of shape (rows, issues, segments)
            From `open_parts`.
        gains, costs : pairs of arrays of shape (rows, issues)
            Each side's factor on benefits it receives and on costs it bears.
        talk_gains : pair of arrays of shape (rows, issues)
            Each side's factor on the benefits of talk, whose costs are borne as they are.
        line_costs : pair of arrays of shape (rows, issues, segments)
            What each side expects to lose by the open part of a step across a red line.
        risks : list of Risk
            Already confined to these rows.
        """
        benefit = np.take(self.benefit, rows, axis=0) * part
        cost = np.take(self.cost, rows, axis=0) * part
        value = np.stack(
            [
                np.where(
                    self.concedes(side)[:, None],
                    -cost * np.where(self.talk, 1.0, costs[side][:, :, None]),
                    benefit
                    * np.where(self.talk, talk_gains[side][:, :, None], gains[side][:, :, None]),
                )
                - line_costs[side]
                for side in (0, 1)
            ]
        )
        return Bargain(value, self.conceder, self.divisible, risks, self.rungs)

    def substance(self, place: int) -> FloatArray:
        """Return an issue's agreed level where it is more than talk, else zero, shape (runs,)."""
        agreed = self.agreed[:, place]
        return np.where(
            reaches(agreed, self.first_substantive[:, place])
            | (agreed > self.top_talk[:, place] + LEVEL_TOLERANCE),
            agreed,
            0.0,
        )

    def levels_of(self, rows: IntArray, part: FloatArray, fill: FloatArray) -> FloatArray:
        """Return the levels that a package brings in some runs, shape (rows, issues)."""
        steps_taken = fill * part * np.take(self.width, rows, axis=0)
        levels = np.take(self.agreed, rows, axis=0) + sum_short(steps_taken)
        # Sums of segment widths may miss a cap by a rounding error; never by more.
        return np.minimum(levels, self.reachable(rows))

    def worth_of(
        self, levels: FloatArray, values: FloatArray, rows: IntArray | None = None
    ) -> FloatArray:
        """Return segment values summed up to some levels, shape (runs, issues).

        With `rows`, `levels` are those of some runs alone and `values` of all.
        """
        floor, width = self.segments(rows)
        if rows is not None:
            values = np.take(values, rows, axis=0)
        return sum_short(filled(levels, floor, width) * values)

    def restored(self) -> FloatArray:
        """Return the share of the exporter's loss now restored on each issue, (runs, issues)."""
        share = self.worth_of(self.in_force, self.restores)
        # Talk restores nothing, to the last bit.
        return np.where(share > LEVEL_TOLERANCE, share, 0.0)

    def rounded(self, levels: FloatArray, rows: IntArray | None = None) -> FloatArray:
        """Return levels with unfinished indivisible segments taken back to the rung below."""
        floor, width = self.segments(rows)
        return round_down(levels, floor, width, self.divisible)

    # -- the round ---------------------------------------------------------------------------

    def note_offer(self, rows: IntArray, side: int, worth: FloatArray, has: BoolArray) -> None:
        """Remember what an offer was worth to the side that received it, shape (rows,)."""
        before = np.take(self.received[:, side], rows, axis=0)
        first = ~np.take(self.has_received[:, side], rows)
        now = np.stack(
            [
                np.where(first, worth, before[:, 0]),
                np.where(first, worth, before[:, 2]),
                worth,
            ],
            axis=-1,
        )
        self.received[rows, side] = np.where(has[:, None], now, before)
        self.has_received[rows, side] |= has


def steps(values: FloatArray) -> FloatArray:
    """Return what each rung adds to the one below, shape (runs, rungs)."""
    return np.diff(values, axis=1, prepend=0.0)


def rung_below(rungs: Ladder, name: str) -> FloatArray:
    """Return the level of the rung under a named one, zero under the first, shape (runs,)."""
    place = rungs.names.index(name)
    if place == 0:
        return np.zeros(rungs.levels.shape[0])
    return rungs.at(rungs.names[place - 1], rungs.levels)
