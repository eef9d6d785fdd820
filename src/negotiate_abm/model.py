"""The Mesa model: a block of runs of one scenario, played week by week."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import mesa
import numpy as np

from negotiate_abm.agents.country import Country
from negotiate_abm.agents.province import Province
from negotiate_abm.errors import RunError
from negotiate_abm.mechanisms.numerics import BoolArray, FloatArray, IntArray
from negotiate_abm.mechanisms.preferences import reaches
from negotiate_abm.mechanisms.randomness import LARGEST_SEED, Shocks
from negotiate_abm.mechanisms.trade import exporter_loss
from negotiate_abm.phases import delivery, home, talks, threats
from negotiate_abm.recording.events import EventLog
from negotiate_abm.recording.trajectories import Snapshot
from negotiate_abm.scenario.consistency import consistent_draw
from negotiate_abm.scenario.loader import (
    check_columns,
    load_scenario,
    split_overrides,
    with_levers,
)
from negotiate_abm.scenario.parameters import central
from negotiate_abm.scenario.schema import Scenario
from negotiate_abm.scenario.stakes import TradeFlow, ladders
from negotiate_abm.snapshot import coordinates, snapshot
from negotiate_abm.tables import Table
from negotiate_abm.trade import Trade
from negotiate_abm.watches import WATCHER, Watch

LARGEST_BLOCK = 200_000

# What is drawn each week for every watch.
WEEKLY_DRAWS = ("open", "officials", "hostility", "threat")
WATCH_DRAWS = ("hostility", "threat", "answer", "execute", "reconsider", "counter", "punish")


class NegotiationModel(mesa.Model):
    """A block of runs of a scenario.

    A run is an index: every array carries the run as its first axis, and a run's
    identity is ``(rng, run number)``. What happens in run 17 does not depend on which
    runs sit beside it, so ``runs=1, first_run=17`` replays it alone.

    Parameters
    ----------
    scenario : str, Path or Scenario
        A bundled case's name, a file, or a scenario.
    runs : int
        How many runs, 1 for a demonstration, some hundreds to thousands for a sweep.
    first_run : int
        Number of the first of them.
    rng : int or None
        The experiment's seed. None draws one; it is kept as `rng_seed`.
    overrides : mapping of str to value, optional
        Dotted key to a scalar, or to an array of shape (runs,) for a number.
    collect : bool
        Whether to keep a Mesa `DataCollector` of scalars: means over the runs.
    levers : mapping of str to value, optional
        Levers of the scenario to pull, by name: True for one whose value it states, else a
        value. An override of the same key goes first.

    Attributes
    ----------
    case : Scenario
    parameters : Parameters
        One value a run of every number in the case.
    week : int
        Weeks played.
    countries, provinces : dict of str to agent
    tables : dict of str to Table
    watches : list of Watch
    log : EventLog

    Raises
    ------
    ScenarioError, StrategyError, RunError
        For bad input; each says what to mend.
    """

    def __init__(
        self,
        scenario: str | Path | Scenario = "carney-beijing-2026",
        runs: int = 1,
        first_run: int = 0,
        rng: int | None = 7,
        overrides: Mapping[str, Any] | None = None,
        collect: bool = False,
        levers: Mapping[str, Any] | None = None,
    ) -> None:
        self.rng_seed = checked_seed(rng)
        super().__init__(rng=self.rng_seed)
        _check_block(runs, first_run)
        base = load_scenario(scenario)
        scalars, arrays = split_overrides(with_levers(base, levers, overrides), runs)
        self.case = load_scenario(base, scalars)
        check_columns(self.case, arrays)
        self.runs = runs
        self.run_numbers: IntArray = np.arange(first_run, first_run + runs, dtype=np.int64)
        self.week = 0
        self.log = EventLog(self.run_numbers)
        self.just_agreed: dict[str, FloatArray] = {}
        p = consistent_draw(base, self.case, self.rng_seed, self.run_numbers, arrays)
        self.parameters = p
        self.countries = {n: Country(self, n, self.case, p) for n in self.case.countries}
        self.provinces = {n: Province(self, n, self.case, p) for n in self.case.provinces}
        for province in self.provinces.values():
            self.countries[province.country].home.provinces.append(province)
        valued, stated = ladders(self.case, p), ladders(self.case, central(self.case))
        self.tables = {n: Table(n, self.case, p, valued, stated) for n in self.case.tables}
        self.watches = [
            Watch(table, watcher, self.case, p)
            for table in self.tables.values()
            for watcher in table.entry.watchers
        ]
        self._review_weeks = np.rint(p.get("conduct.review_weeks", 1.0)).astype(np.int64)
        self._standing_losses = self._losses_not_at_stake()
        self._trade = Trade(self.case, p)
        self._shocks = Shocks(self.rng_seed, self.run_numbers, *self._purposes())
        self._settle_provinces()
        for country in self.countries.values():
            country.home.settle()
        self.datacollector = mesa.DataCollector(model_reporters=self.reporters() if collect else {})
        self._collects = collect
        self.latest: tuple[int, Snapshot] | None = None

    def _settle_provinces(self) -> None:
        """Let provinces begin with what has long pressed them: without what a user holds."""
        held = [(table, table.in_force) for table in self.tables.values()]
        for table, in_force in held:
            table.in_force = np.where(table.is_held, 0.0, in_force)
        losses, hurt = self.flow_losses(), self.producers_hurt()
        for table, in_force in held:
            table.in_force = in_force
        for province in self.provinces.values():
            province.settle(losses, hurt)

    # -- the week ---------------------------------------------------------------------

    def step(self) -> None:
        """Play one week, in this order."""
        self.week += 1
        home.let_time_pass(self)
        home.look_around(self)
        home.feel_losses(self)
        talks.open_rounds(self)
        talks.hold_talks(self)
        threats.threaten(self)
        threats.answer_threats(self)
        threats.execute_unmet_threats(self)
        threats.review_measures(self)
        delivery.reimpose_duties(self)
        delivery.answer_breaches(self)
        delivery.bring_into_force(self)
        home.face_the_public(self)
        if self._collects:
            self.datacollector.collect(self)

    # -- what is seen from outside ------------------------------------------------------

    def flow_losses(self) -> dict[str, FloatArray]:
        """Return what tariffs now cost exporters by flow, C$ billion a year, (runs,)."""
        losses = dict(self._standing_losses)
        for table in self.tables.values():
            unrelieved = (1.0 - table.restored()) * table.exporter_stake
            unrelieved = unrelieved * self.missing(table)
            for i, flow in enumerate(table.flows):
                if flow is not None:
                    losses[flow] = losses.get(flow, np.zeros(self.runs)) + unrelieved[:, i]
        for watch in self.watches:
            for measure, intensity, wide in watch.measures_in_force():
                loss = measure.loss(intensity, wide)
                losses[measure.flow] = losses.get(measure.flow, np.zeros(self.runs)) + loss
        return losses

    def missing(self, table: Table) -> FloatArray:
        """Return the share of losses that no other buyer makes good, by issue, (runs, issues)."""
        by_side = [
            1.0 - self.countries[party].alternatives.replaced(table, self.week)
            for party in table.parties
        ]
        return np.stack([by_side[1 - side] for side in table.conceder], axis=-1)

    def producers_hurt(self) -> dict[str, FloatArray]:
        """Return what concessions in force cost protected producers, by issue.

        C$ billion a year after compensation, shape (runs,).
        """
        borne = 1.0 - self.parameters.get("domestic.compensation", 0.0)
        found: dict[str, FloatArray] = {}
        for table in self.tables.values():
            hurt = table.worth_of(table.in_force, table.hurt) * borne[:, None]
            found |= {issue: hurt[:, i] for i, issue in enumerate(table.issues)}
        return found

    def exports(self) -> dict[str, FloatArray]:
        """Return each flow's value under the tariffs in force, C$ billion a year, (runs,)."""
        return self._trade.exports(self)

    def relief(self, country: str) -> FloatArray:
        """Return what exporters regain at the focal table, C$ billion a year, shape (runs,)."""
        return self._borne_by(
            country, lambda table: table.restored() * table.exporter_stake * self.missing(table)
        )

    def made_good(self, country: str) -> FloatArray:
        """Return what other buyers replace of its losses to duties there, C$bn a year, (runs,).

        Of all that the duties of the start cost; what `relief` brings comes on top.
        """
        return self._borne_by(
            country, lambda table: table.exporter_stake * (1.0 - self.missing(table))
        )

    def _borne_by(self, country: str, amounts: Callable[[Table], FloatArray]) -> FloatArray:
        """Return what amounts by issue, (runs, issues), sum to over the duties a country bears."""
        total = np.zeros(self.runs)
        for table in self._reported_tables():
            if country in table.parties:
                theirs = ~table.concedes(table.side_of(country))
                total = total + (amounts(table) * theirs).sum(axis=-1)
        return total

    def punishment_loss(self, country: str) -> FloatArray:
        """Return what punishments cost a country's exporters, C$ billion a year, (runs,)."""
        total = np.zeros(self.runs)
        for watch in self.watches:
            if watch.threatens == country and watch.table in self._reported_tables():
                total = total + watch.punishment.loss(watch.feud.of(WATCHER), watch.wide)
        return total

    def _reported_tables(self) -> list[Table]:
        """Return the tables whose relief and punishment are reported."""
        return [self.tables[name] for name in self.case.reported_tables]

    def punished(self, country: str) -> BoolArray:
        """Return whether a watcher of the focal table ever punished a country, shape (runs,)."""
        found = np.zeros(self.runs, dtype=np.bool_)
        for watch in self.watches:
            if watch.threatens == country and watch.table in self._reported_tables():
                found = found | watch.punished
        return found

    def has_relief(self, country: str) -> BoolArray:
        """Return whether some duty against a country is cut by a rung or more, (runs,)."""
        found = np.zeros(self.runs, dtype=np.bool_)
        for table in self._reported_tables():
            for i, name in enumerate(table.issues):
                issue = self.case.issues[name]
                if issue.duty is not None and issue.beneficiary == country:
                    found = found | reaches(table.in_force[:, i], table.first_substantive[:, i])
        return found

    def coordinates(self) -> dict[str, list[str]]:
        """Return the labels of every dimension of `snapshot` but run and week."""
        return coordinates(self)

    def snapshot(self) -> Snapshot:
        """Return the state of every run: name to dimensions (after run) and values."""
        return snapshot(self)

    def reporters(self) -> dict[str, Callable[[NegotiationModel], float]]:
        """Return Mesa model reporters, one for each column of `snapshot`.

        Each is a scalar, the mean over this model's runs, named like ``in_force
        pie`` or ``trust buyer seller``. Mesa's collector, its data frames and its
        SolaraViz plots can use nothing but scalars; the arrays themselves are on the
        model, its tables, watches and agents.
        """
        labels = self.coordinates()
        found: dict[str, Callable[[NegotiationModel], float]] = {}
        for name, (dimensions, values) in self.snapshot().items():
            for place in np.ndindex(values.shape[1:]):
                if not np.isnan(_column(values, place)).all():
                    words = [labels[d][i] for d, i in zip(dimensions, place, strict=True)]
                    found[" ".join([name, *words])] = partial(_weekly_mean, name, place)
        return found

    def release(self) -> None:
        """Let go of this model: call it once when done with one, where many are built.

        Mesa 3.3 keeps every model alive through the counter behind `Agent.unique_id`;
        this is the one place that mends it. The model's arrays stay readable.
        """
        counters = getattr(mesa.Agent, "_ids", None)
        if counters is not None:
            counters.pop(self, None)
        self.remove_all_agents()

    # -- small helpers --------------------------------------------------------------------

    def _purposes(self) -> tuple[list[str], list[str]]:
        """Return what is drawn, and what of it is wanted of all runs every week."""
        purposes: list[str] = []
        for table in self.tables.values():
            purposes += [f"open {table.name}", f"length {table.name}"]
            purposes.append(f"officials {table.name}")
            for side, party in enumerate(table.parties):
                purposes += [f"suspend {table.name} {side}", f"tactic {table.name} {side}"]
                purposes += [f"misjudge {table.name} {party}", f"consent {table.name} {party}"]
            for issue in table.issues:
                purposes.append(f"in force {issue}")
                if self.case.issues[issue].weaponisable:
                    purposes.append(f"reimpose {issue}")
        for watch in self.watches:
            for purpose in WATCH_DRAWS:
                purposes.append(f"{purpose} {watch.name}")
        weekly = [p for p in purposes if p.split(" ", 1)[0] in WEEKLY_DRAWS]
        return purposes, weekly

    def record(
        self,
        kind: str,
        happened: BoolArray,
        who: Mapping[str, str],
        issue: str = "",
        amount: FloatArray | None = None,
    ) -> None:
        """Log an event of this week; `who` comes from a table's or a watch's `between`."""
        rows = np.flatnonzero(happened)
        self.record_rows(kind, rows, who, None if amount is None else amount[rows], issue)

    def record_rows(
        self,
        kind: str,
        rows: IntArray,
        who: Mapping[str, str],
        amount: FloatArray | None = None,
        issue: str = "",
    ) -> None:
        """Log an event of this week in some runs; `amount` has shape (rows,)."""
        self.log.add(self.week, kind, rows, **who, issue=issue, amount=amount)

    def record_issues(self, kind: str, moved: BoolArray, table: Table, amount: FloatArray) -> None:
        """Log what moved on a table's issues, its conceders being the actors."""
        for i in np.flatnonzero(moved.any(axis=0)):
            who = table.between(int(table.conceder[i]))
            self.record(kind, moved[:, i], who, table.issues[i], amount[:, i])

    def break_promise(
        self, table: Table, side: int, rows: IntArray, taken_back: FloatArray
    ) -> None:
        """Count what a side took back as a breach, which the other will answer and remember."""
        if rows.size == 0:
            return
        table.breached[rows, side] = np.maximum(table.breached[rows, side], taken_back)
        table.since_breach[rows] = 0
        breach = np.take(self.parameters.get("trust.breach", 0.0), rows)
        self.learn(table, side, rows, broken=taken_back * breach)

    def learn(
        self,
        table: Table,
        side: int,
        rows: IntArray,
        kept: FloatArray | float = 0.0,
        broken: FloatArray | float = 0.0,
    ) -> None:
        """Let the other party learn, in some runs, how a side kept or broke its word."""
        seen_kept, seen_broken = np.zeros(self.runs), np.zeros(self.runs)
        seen_kept[rows], seen_broken[rows] = kept, broken
        observer = self.countries[table.parties[1 - side]]
        observer.beliefs[table.parties[side]].learn(kept=seen_kept, broken=seen_broken)

    def draw(self, purpose: str) -> FloatArray:
        """Return this week's uniform draw for a purpose, shape (runs,)."""
        return self._shocks.draw(purpose, self.week)

    def draw_for(self, country: Country, purpose: str) -> FloatArray:
        """Return the draw behind a country's retaliation, if its strategy asks for one, (runs,)."""
        if country.retaliation.draws:
            return self.draw(purpose)
        return np.zeros(self.runs)

    def draw_in(self, purposes: Sequence[str], rows: IntArray) -> FloatArray:
        """Return this week's uniform draws for some purposes in some runs, (rows, purposes)."""
        return self._shocks.draw_in(purposes, self.week, rows)

    def is_due(self, since: IntArray) -> BoolArray:
        """Return whether a measure so many weeks old is due for review, shape (runs,)."""
        return (since > 0) & (since % self._review_weeks == 0)

    def place_of(self, issue: str) -> tuple[Table, int]:
        """Return the table an issue is on, and its column there."""
        table = self.tables[self.case.issues[issue].table]
        return table, table.issues.index(issue)

    def table_between(self, one: str, other: str) -> Table | None:
        """Return the table at which two countries meet, if there is one."""
        for table in self.tables.values():
            if {one, other} == set(table.parties):
                return table
        return None

    def watch_by(self, watcher: str, table: Table) -> Watch:
        """Return a watcher's watch over a table."""
        return next(w for w in self.watches_of(table) if w.watcher == watcher)

    def level_in_force(self, issue: str | None) -> FloatArray:
        """Return an issue's level in force, zero for none, shape (runs,)."""
        if issue is None:
            return np.zeros(self.runs)
        table, place = self.place_of(issue)
        return table.in_force[:, place].copy()

    def pulled_away(self, watch: Watch) -> FloatArray:
        """Return the share of exports to a watcher that has been pulled away, shape (runs,)."""
        away = self.countries[watch.threatens].alternatives
        moved = away.moved_from(watch.watcher, self.week)
        return self._trade.pulled_away(watch, moved, self.missing(watch.table))

    def watches_of(self, table: Table) -> list[Watch]:
        """Return those who watch a table."""
        return [watch for watch in self.watches if watch.table is table]

    def _losses_not_at_stake(self) -> dict[str, FloatArray]:
        """Return the losses on flows that no issue governs: they press all the same.

        On a governed flow only the duty that could be cut presses, not its floor.
        """
        governed = {flow for table in self.tables.values() for flow in table.flows}
        losses = {}
        for name in self.case.flows:
            if name not in governed:
                goods = TradeFlow.of(name, self.parameters)
                elasticities = (goods.sigma, goods.omega)
                losses[name] = exporter_loss(goods.free_value, goods.rate, *elasticities)
        return losses


def _weekly_mean(name: str, place: tuple[int, ...], model: NegotiationModel) -> float:
    """Return the mean over runs of one column of this week's snapshot."""
    if model.latest is None or model.latest[0] != model.week:
        model.latest = (model.week, model.snapshot())
    return float(_column(model.latest[1][name][1], place).mean())


def _column(values: FloatArray, place: tuple[int, ...]) -> FloatArray:
    """Return one column of values of shape (runs, ...), shape (runs,)."""
    where: tuple[Any, ...] = (slice(None), *place)
    return values[where]


def checked_seed(rng: int | None) -> int:
    """Return a usable seed: the one given, or a fresh one for None.

    Raises
    ------
    RunError
        If it is not an integer in [0, 2**63).
    """
    if rng is None:
        return secrets.randbelow(2**31)
    if isinstance(rng, bool) or not isinstance(rng, int | np.integer):
        raise RunError(f"seed: got {rng!r}; expected an integer or None. Give a whole number.")
    if not 0 <= rng <= LARGEST_SEED:
        raise RunError(f"seed: got {rng}; expected 0 to {LARGEST_SEED}. Choose one in that range.")
    return int(rng)


def _check_block(runs: int, first_run: int) -> None:
    for name, number, low, high in (
        ("runs", runs, 1, LARGEST_BLOCK),
        ("first_run", first_run, 0, LARGEST_SEED - LARGEST_BLOCK),
    ):
        if isinstance(number, bool) or not isinstance(number, int | np.integer):
            raise RunError(f"{name}: got {number!r}; expected a whole number. Give one.")
        if not low <= number <= high:
            raise RunError(
                f"{name}: got {number}; expected {low} to {high} in one model. "
                f"Use negotiate_abm.run for more: it plays them block by block."
            )
