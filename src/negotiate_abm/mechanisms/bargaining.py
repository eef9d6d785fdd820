"""Offers: the package that gives the other side the most for what the proposer keeps.

A package is a *fill*: for every segment of every ladder, the share of what is still
open that is conceded. Two sides value each segment; with one aspiration to hold, the
best package is a fractional knapsack over segments sorted by the other's loss per own
gain (Dantzig 1957), exact when utilities are separable and rungs divisible. An
indivisible rung is taken whole; then one whole step, if any, is handed back.

A watcher's punishment is not separable: it depends on the summed exposure. Then a
price is put on exposure, the greedy runs on priced values at several prices, each path
is followed until the *true* utility reaches the aspiration, and the best end is kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from negotiate_abm.mechanisms.numerics import (
    BoolArray,
    FloatArray,
    IntArray,
    chance,
    exponential,
    sum_short,
)

# Prices tried on exposure, as multiples of the steepest marginal expected punishment.
# Zero is the separable greedy; the rest cover the slope of a logistic-shaped penalty.
EXPOSURE_PRICES = (0.0, 0.3, 1.0, 3.0)

# Repricing wins back what the separable package loses by the watchers, or by dodging them.
# Where that is under this share of the other side's dream, it is left as it is.
WORTH_REPRICING = 0.02

# Worth that a package may exceed the aspiration by without a whole step to hand back in it.
LEAST_SPARE = 1e-9

# Worth that sums of steps may miss the aspiration by.
ROUNDING = 1e-12

# Halvings of a divided step: a hundredth of a step is well below a rung.
BISECTIONS = 7

# max over h of h * exp(-h): the steepest slope of 1 - exp(-exp(J)) in J.
_STEEPEST_SLOPE = float(np.exp(-1.0))


@dataclass(frozen=True)
class Risk:
    """A watcher's alarm over a package, and what each side expects to lose by it.

    Parameters
    ----------
    log_hazard : array of shape (runs,)
        Log of the weekly hazard of a threat at what is already agreed.
    step : array of shape (runs, issues, segments)
        Rise of the log hazard as a segment's open part is conceded, in proportion: a
        move towards a red line is read as a move across it, by as much.
    severity : array of shape (runs, 2)
        What each side expects to lose if the threat comes, C$ billion a year.
    weeks : array of shape (runs,)
        How far ahead the sides look.
    """

    log_hazard: FloatArray
    step: FloatArray
    severity: FloatArray
    weeks: FloatArray

    def alarm(self, fill: FloatArray) -> FloatArray:
        """Return the log hazard of a threat under a package, shape (runs,)."""
        rises = fill * self.step
        return self.log_hazard + rises.reshape(fill.shape[0], -1).sum(axis=-1)

    def in_runs(self, rows: IntArray) -> Risk:
        """Return the risk in some runs alone."""
        return Risk(
            np.take(self.log_hazard, rows, axis=0),
            np.take(self.step, rows, axis=0),
            np.take(self.severity, rows, axis=0),
            np.take(self.weeks, rows, axis=0),
        )

    def probability(self, log_hazard: FloatArray) -> FloatArray:
        """Return the chance of a threat within the weeks looked ahead."""
        weeks = self.weeks.reshape(self.weeks.shape + (1,) * (log_hazard.ndim - 1))
        return chance(weeks * exponential(log_hazard))


@dataclass(frozen=True)
class Bargain:
    """What is on a table in some runs, as both sides see it.

    Parameters
    ----------
    value : array of shape (2, runs, issues, segments)
        Worth to each side of conceding a segment's open part in full: positive for
        the beneficiary, negative for the conceder, C$ billion a year.
    conceder : array of shape (issues,)
        Which side (0 or 1) concedes each issue.
    divisible : array of shape (issues, segments)
        Whether a segment may be conceded in part.
    risks : list of Risk
        One for each watcher.
    rungs : array of shape (issues,), optional
        How many segments each ladder really has; the rest is padding. By default all.
    """

    value: FloatArray
    conceder: IntArray
    divisible: BoolArray
    risks: list[Risk] = field(default_factory=list)
    rungs: IntArray | None = None

    def in_runs(self, rows: IntArray) -> Bargain:
        """Return the bargain in some runs alone."""
        value = np.take(self.value, rows, axis=1)
        risks = [risk.in_runs(rows) for risk in self.risks]
        return Bargain(value, self.conceder, self.divisible, risks, self.rungs)

    def as_seen(self, side: int, others: FloatArray) -> Bargain:
        """Return the bargain as a side sees it that takes the other's values to be `others`."""
        value = np.stack([self.value[0], others] if side == 0 else [others, self.value[1]])
        return Bargain(value, self.conceder, self.divisible, self.risks, self.rungs)

    def worth(self, fill: FloatArray, side: int) -> FloatArray:
        """Return a package's worth to one side over what is agreed, shape (runs,)."""
        runs = fill.shape[0]
        total = (fill * self.value[side]).reshape(runs, -1).sum(axis=-1)
        for risk in self.risks:
            rise = risk.probability(risk.alarm(fill)) - risk.probability(risk.log_hazard)
            total = total - np.take(risk.severity, side, axis=1) * rise
        return total


def best_offer(
    bargain: Bargain, proposer: int, aspiration: FloatArray
) -> tuple[FloatArray, BoolArray]:
    """Return what gives the other side the most while the proposer keeps its aspiration.

    Parameters
    ----------
    bargain : Bargain
    proposer : int
        Side 0 or 1.
    aspiration : array of shape (runs,)
        What the proposer insists on over the present agreement, C$ billion a year.

    Returns
    -------
    fill : array of shape (runs, issues, segments)
        The package; zero where there is none.
    possible : array of shape (runs,)
        Whether any package gives the proposer its aspiration.

    Notes
    -----
    The path starts at the other side's dream (everything conceded to it, nothing by it)
    and moves segment by segment towards the proposer's, cheapest for the other first.
    Convex costs and concave benefits make that order respect every ladder.
    """
    path = _Path.of(bargain, proposer)
    moved, possible = _cheapest(bargain, proposer, path, aspiration)
    if not bargain.divisible.all():
        moved = path.hand_back(bargain, proposer, moved, aspiration)
    package = path.fill(moved, possible)
    if bargain.risks:
        _mend_last_step(bargain, proposer, path, package, moved, possible, aspiration)
    return package, possible


def _cheapest(
    bargain: Bargain, proposer: int, path: _Path, aspiration: FloatArray
) -> tuple[FloatArray, BoolArray]:
    """Return the best end of the paths at every price on exposure, and where there is one."""
    end = path.follow(bargain, proposer, aspiration, EXPOSURE_PRICES[0])
    moved, possible = end.moved(), end.possible
    if not bargain.risks:
        return moved, possible
    # A path may have gone far out of a watcher's way: what was dodged counts as well.
    dream = path.penalty(bargain, np.zeros_like(moved))
    penalty = np.maximum(path.penalty(bargain, moved), dream)
    rows = np.flatnonzero(~possible | (penalty > WORTH_REPRICING * path.other_start))
    if rows.size == 0:
        return moved, possible
    part, narrowed = bargain.in_runs(rows), path.in_runs(rows)
    found = end.in_runs(rows)
    for price in EXPOSURE_PRICES[1:]:
        found = found.or_better(narrowed.follow(part, proposer, aspiration[rows], price))
    moved[rows], possible[rows] = found.moved(), found.possible
    return moved, possible


@dataclass(frozen=True)
class _End:
    """Where a walk stops: after `count` steps in the order `rank`, the last taken in part.

    `rank` has shape (runs, steps), the rest (runs,): `share` of the last step, `worth` to
    the other side there, and whether the proposer has its aspiration.
    """

    rank: IntArray
    count: IntArray
    share: FloatArray
    worth: FloatArray
    possible: BoolArray

    def in_runs(self, rows: IntArray) -> _End:
        """Return the end in some runs alone."""
        return _End(
            np.take(self.rank, rows, axis=0),
            np.take(self.count, rows),
            np.take(self.share, rows),
            np.take(self.worth, rows),
            np.take(self.possible, rows),
        )

    def or_better(self, other: _End) -> _End:
        """Return, run by run, the end that is worth more to the other side."""
        wins = other.possible & (~self.possible | (other.worth > self.worth))
        return _End(
            np.where(wins[:, None], other.rank, self.rank),
            np.where(wins, other.count, self.count),
            np.where(wins, other.share, self.share),
            np.where(wins, other.worth, self.worth),
            self.possible | other.possible,
        )

    def moved(self) -> FloatArray:
        """Return how far each step is taken, in the walk's own order, shape (runs, steps)."""
        position = np.arange(self.rank.shape[1])
        last = self.count[:, None] - 1
        taken = np.where(position == last, self.share[:, None], position < last)
        moved = np.empty(self.rank.shape)
        moved.ravel()[_flat(self.rank)] = taken
        return moved


def _flat(columns: IntArray) -> IntArray:
    """Return places of (runs, ...) columns in a flattened (runs, steps) array of that width."""
    rows, steps = columns.shape
    return columns + (np.arange(rows) * steps)[:, None]


def _mend_last_step(
    bargain: Bargain,
    proposer: int,
    path: _Path,
    package: FloatArray,
    moved: FloatArray,
    possible: BoolArray,
    aspiration: FloatArray,
) -> None:
    """Take the package's divided step as far as the true worth asks, in place.

    Inside a step the penalty is not linear. Where interpolation left the proposer short,
    halve the way to the package with the step whole, which the path has checked.
    """
    short = bargain.worth(package, proposer) < aspiration - ROUNDING
    rows = np.flatnonzero(possible & short)
    if rows.size == 0:
        return
    part, wanted = bargain.in_runs(rows), aspiration[rows]
    too_little = package[rows]
    enough = path.fill(np.ceil(moved[rows]), possible[rows])
    for _ in range(BISECTIONS):
        middle = 0.5 * (too_little + enough)
        will_do = (part.worth(middle, proposer) >= wanted)[:, None, None]
        enough = np.where(will_do, middle, enough)
        too_little = np.where(will_do, too_little, middle)
    package[rows] = enough


def _ladder_order(bargain: Bargain, proposer: int) -> tuple[IntArray, IntArray]:
    """Return the flat order of real segments in which ties are to be broken, and their depth.

    The proposer withdraws its own concessions from the top rung down and asks for the
    other's from the bottom rung up. The depth counts the steps before on the same ladder.
    """
    issues, segments = bargain.divisible.shape
    rungs = np.full(issues, segments) if bargain.rungs is None else bargain.rungs
    order, depth = [], []
    for issue, count in enumerate(rungs):
        ladder = issue * segments + np.arange(count)
        order.append(ladder[::-1] if bargain.conceder[issue] == proposer else ladder)
        depth.append(np.arange(count))
    return np.concatenate(order), np.concatenate(depth)


@dataclass(frozen=True)
class _Path:
    """The walk from the other side's dream to the proposer's, one segment a step.

    Flat arrays of shape (runs, steps). `own` is what a step gives the proposer and
    `other` what it takes from the other side, both at least zero; `alarms` holds the
    change of each risk's log hazard. `order` says which segment each step is, `depth` how
    many steps stand before it on its ladder.
    """

    shape: tuple[int, int]
    order: IntArray
    depth: IntArray
    own: FloatArray
    other: FloatArray
    own_start: FloatArray
    other_start: FloatArray
    own_concession: BoolArray
    divisible: BoolArray
    alarms: list[FloatArray]
    alarm_starts: list[FloatArray]

    @classmethod
    def of(cls, bargain: Bargain, proposer: int) -> _Path:
        """Return the walk that a proposer's offers lie on."""
        runs, issues, segments = bargain.value.shape[1:]
        order, depth = _ladder_order(bargain, proposer)
        own_concession = np.take(bargain.conceder == proposer, order // segments)
        # Moving along the path withdraws own concessions and adds the other's.
        direction = np.where(own_concession, -1.0, 1.0)

        def flat(values: FloatArray) -> FloatArray:
            return np.take(values.reshape(runs, issues * segments), order, axis=1)

        def start(values: FloatArray) -> FloatArray:
            return np.where(own_concession, values, 0.0).sum(axis=-1)

        own, other = flat(bargain.value[proposer]), flat(bargain.value[1 - proposer])
        alarms = [flat(risk.step) for risk in bargain.risks]
        return cls(
            shape=(issues, segments),
            order=order,
            depth=depth,
            own=own * direction,
            other=-other * direction,
            own_start=start(own),
            other_start=start(other),
            own_concession=own_concession,
            divisible=np.take(bargain.divisible.ravel(), order),
            alarms=[alarm * direction for alarm in alarms],
            alarm_starts=[
                risk.log_hazard + start(alarm)
                for risk, alarm in zip(bargain.risks, alarms, strict=True)
            ],
        )

    def in_runs(self, rows: IntArray) -> _Path:
        """Return the walk in some runs alone."""
        return replace(
            self,
            own=np.take(self.own, rows, axis=0),
            other=np.take(self.other, rows, axis=0),
            own_start=np.take(self.own_start, rows),
            other_start=np.take(self.other_start, rows),
            alarms=[np.take(alarm, rows, axis=0) for alarm in self.alarms],
            alarm_starts=[np.take(start, rows) for start in self.alarm_starts],
        )

    def fill(self, moved: FloatArray, possible: BoolArray) -> FloatArray:
        """Return the package at a point of the walk, and nothing where none will do."""
        issues, segments = self.shape
        filled = np.zeros((moved.shape[0], issues * segments))
        conceded = np.where(self.own_concession, 1.0 - moved, moved)
        filled[:, self.order] = conceded * possible[:, None]
        return filled.reshape(-1, issues, segments)

    def penalty(self, bargain: Bargain, moved: FloatArray) -> FloatArray:
        """Return what both sides together expect to lose by the watchers at a point."""
        total = np.zeros(moved.shape[0])
        for risk, alarm, start in zip(bargain.risks, self.alarms, self.alarm_starts, strict=True):
            end = start + (moved * alarm).sum(axis=-1)
            rise = risk.probability(end) - risk.probability(risk.log_hazard)
            total = total + sum_short(risk.severity) * rise
        return total

    def hand_back(
        self, bargain: Bargain, proposer: int, moved: FloatArray, aspiration: FloatArray
    ) -> FloatArray:
        """Return the point of the walk less one whole step that the proposer can do without.

        A rung that must be taken whole can leave the proposer with more than it insists
        on; of the steps it could undo, it undoes what the other side values most.
        """
        spare = self.own_start + (moved * self.own).sum(axis=-1) - aspiration
        for risk, alarm, start in zip(bargain.risks, self.alarms, self.alarm_starts, strict=True):
            end = start + (moved * alarm).sum(axis=-1)
            rise = risk.probability(end) - risk.probability(risk.log_hazard)
            spare = spare - np.take(risk.severity, proposer, axis=1) * rise
        rows = np.flatnonzero(spare > LEAST_SPARE)
        if rows.size == 0:
            return moved
        kept = moved.copy()
        kept[rows] = self.in_runs(rows)._less_one_step(
            bargain.in_runs(rows), proposer, moved[rows], spare[rows]
        )
        return kept

    def _less_one_step(
        self, bargain: Bargain, proposer: int, moved: FloatArray, spare: FloatArray
    ) -> FloatArray:
        loses, returns = self.own, self.other
        for risk, alarm, start in zip(bargain.risks, self.alarms, self.alarm_starts, strict=True):
            now = start + (moved * alarm).sum(axis=-1)
            rise = risk.probability(now[:, None] - alarm) - risk.probability(now)[:, None]
            loses = loses + np.take(risk.severity, [proposer], axis=1) * rise
            returns = returns - np.take(risk.severity, [1 - proposer], axis=1) * rise
        # What is agreed or out of reach is a step that is worth nothing to anybody.
        real = (self.own != 0.0) | (self.other != 0.0)
        taken = moved * real
        above = np.zeros_like(taken)
        above[:, :-1] = np.where(self.depth[1:] > 0, taken[:, 1:], 0.0)
        last_on_its_ladder = (taken >= 1.0) & (above == 0.0)
        fits = last_on_its_ladder & (loses <= spare[:, None]) & (returns > 0.0)
        best = np.where(fits, returns, -np.inf).argmax(axis=1)
        undone = fits & (np.arange(moved.shape[1]) == best[:, None])
        return np.where(undone, 0.0, moved)

    def follow(self, bargain: Bargain, proposer: int, aspiration: FloatArray, price: float) -> _End:
        """Return the first point of the path where the proposer has its aspiration."""
        rank = self._ranking(bargain, proposer, price)
        places = _flat(rank)

        def along(start: FloatArray, values: FloatArray) -> FloatArray:
            path = np.empty((values.shape[0], values.shape[1] + 1))
            path[:, 0] = start
            np.take(values.ravel(), places, out=path[:, 1:])
            return np.cumsum(path, axis=1)

        own, other = along(self.own_start, self.own), along(self.other_start, -self.other)
        for risk, alarm, start in zip(bargain.risks, self.alarms, self.alarm_starts, strict=True):
            now = risk.probability(risk.log_hazard)
            rise = risk.probability(along(start, alarm)) - now[:, None]
            own -= np.take(risk.severity, [proposer], axis=1) * rise
            other -= np.take(risk.severity, [1 - proposer], axis=1) * rise
        return self._stop(rank, own, other, aspiration)

    def _ranking(self, bargain: Bargain, proposer: int, price: float) -> IntArray:
        own, other = self.own, self.other
        if price > 0.0:
            for risk, alarm in zip(bargain.risks, self.alarms, strict=True):
                charge = price * _STEEPEST_SLOPE * risk.severity
                own = own - np.take(charge, [proposer], axis=1) * alarm
                other = other + np.take(charge, [1 - proposer], axis=1) * alarm
        key = np.full(own.shape, np.inf)
        np.divide(other, own, out=key, where=own > 0.0)
        key[other <= 0.0] = 0.0
        # No step may come before the rung it stands on, whatever its exposure costs.
        for rung in range(1, int(self.depth.max(initial=0)) + 1):
            steps = np.flatnonzero(self.depth == rung)
            key[:, steps] = np.maximum(np.take(key, steps, axis=1), np.take(key, steps - 1, axis=1))
        return np.argsort(key, axis=1, kind="stable")

    def _stop(
        self, rank: IntArray, own: FloatArray, other: FloatArray, aspiration: FloatArray
    ) -> _End:
        """Return where paths of worth, of shape (runs, steps + 1), first reach the aspiration."""
        steps = rank.shape[1]
        enough = own >= aspiration[:, None]
        first = enough.argmax(axis=1)
        run = np.arange(rank.shape[0])
        possible = enough[run, first]
        count = np.where(possible, first, steps)
        last = np.maximum(count - 1, 0)  # the step that brings it there
        before, after = own[run, last], own[run, last + 1]
        climbs = np.take(self.divisible, rank[run, last]) & (count > 0) & (after > before)
        needed = (aspiration - before) / np.where(climbs, after - before, 1.0)
        share = np.where(climbs & possible, np.clip(needed, 0.0, 1.0), 1.0)
        other_before = other[run, last]
        worth = other_before + share * (other[run, last + 1] - other_before)
        return _End(rank, count, share, np.where(count > 0, worth, other[:, 0]), possible)
