"""Yardsticks: a table's Pareto frontier, and four points on it that theory proposes.

The Nash (1950) and Kalai-Smorodinsky (1975) points are scale-free: counting one side's
worth in another unit moves neither package. The egalitarian (Kalai 1977) and utilitarian
points compare gains across sides and presuppose the common currency, C$ billion a year.
Gains count from the status quo, what is already agreed, and nobody falls below it; where
neither side can gain there is no zone, and every point is zero gains and an empty package.

All packages come from `best_offer`. With divisible rungs and no watcher the frontier is
exact and concave, and (at 33 points) side 0's gain is off by less than 1e-7 of its ideal.
With indivisible rungs or a watcher points are the best found; the tests bound the gap.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from negotiate_abm.mechanisms.bargaining import Bargain, best_offer
from negotiate_abm.mechanisms.numerics import BoolArray, FloatArray, IntArray

Point = tuple[FloatArray, FloatArray]

# Halvings of a grid step around the best grid point: 1/32 becomes 3e-8 of the ideal.
HALVINGS = 20

# A gain or loss below this share of what a side's largest segment is worth counts as zero.
ROUNDING = 1e-12


@dataclass(frozen=True)
class Frontier:
    """The Pareto frontier above the status quo, from side 0's ideal to side 1's.

    Parameters
    ----------
    bargain : Bargain
        The table, for searches between the points.
    worth : array of shape (runs, points, 2)
        Gains of both sides, C$ billion a year, at least zero; along the points side 0's
        never rises and side 1's never falls.
    fills : array of shape (runs, points, issues, segments)
        The packages: the share of each segment's open part that is conceded.
    possible : array of shape (runs, points)
        Whether the point is a gain to anybody.
    """

    bargain: Bargain
    worth: FloatArray
    fills: FloatArray
    possible: BoolArray

    @property
    def ideal(self) -> FloatArray:
        """The most that each side can gain while the other does not lose, (runs, 2)."""
        return np.stack([self.worth[:, 0, 0], self.worth[:, -1, 1]], axis=-1)


def pareto_frontier(bargain: Bargain, points: int = 33) -> Frontier:
    """Return what gives side 1 the most at evenly spaced aspirations of side 0.

    The aspirations run from side 0's ideal down to zero; there are at least two `points`.
    Side 1's best offers join the pool: around indivisible rungs or a watcher one side's
    routine finds what the other's misses. So does insisting on more than whole rungs can
    give, hence aspirations up to what each side would get if every rung were divisible.
    """
    nothing = np.zeros(bargain.value.shape[1])
    split = replace(bargain, divisible=np.ones_like(bargain.divisible))
    reach = [_offer(split, 1 - side, nothing)[0][:, side] for side in (0, 1)]
    shares = np.linspace(1.0, 0.0, points)
    pool = [_offer(bargain, side, share * reach[side]) for side in (0, 1) for share in shares]
    worth = np.stack([gains for gains, _ in pool], axis=1)
    fills = np.stack([fill for _, fill in pool], axis=1)
    ideal = worth[..., 0].max(axis=-1)
    rows = np.stack([_most(worth, (1.0 - ROUNDING) * share * ideal) for share in shares], axis=1)
    worth, fills = _pick(worth, rows), _pick(fills, rows)
    possible: BoolArray = np.asarray((worth > 0.0).any(axis=-1))
    return Frontier(bargain, worth, fills, possible)


def nash_point(frontier: Frontier) -> Point:
    """Return the point with the greatest product of gains (Nash 1950); scale-free.

    Returns
    -------
    worth : array of shape (runs, 2)
        Gains of both sides over the status quo, C$ billion a year.
    fill : array of shape (runs, issues, segments)
        The package.
    """
    return _search(frontier, np.multiply, frontier.ideal)


def kalai_smorodinsky_point(frontier: Frontier) -> Point:
    """Return the point of equal shares of the ideals (Kalai, Smorodinsky 1975); scale-free.

    Whole rungs can make the shares unequal: the smaller is as large as it gets. Shapes and
    units as in `nash_point`.
    """
    return _search(frontier, np.minimum, frontier.ideal)


def egalitarian_point(frontier: Frontier) -> Point:
    """Return the point of equal gains (Kalai 1977); it presupposes the common currency.

    Whole rungs can make the gains unequal: the smaller is as large as it gets. Shapes and
    units as in `nash_point`.
    """
    return _search(frontier, np.minimum, np.ones_like(frontier.ideal))


def utilitarian_point(frontier: Frontier) -> Point:
    """Return the point with the greatest sum of gains; it presupposes the common currency.

    Shapes and units as in `nash_point`.
    """
    return _search(frontier, np.add, np.ones_like(frontier.ideal))


def _offer(bargain: Bargain, proposer: int, aspiration: FloatArray) -> Point:
    """Return a best offer, or the status quo where it gains nobody or costs somebody."""
    fill, possible = best_offer(bargain, proposer, aspiration)
    worth = np.stack([bargain.worth(fill, side) for side in (0, 1)], axis=-1)
    largest = np.abs(bargain.value).max(axis=(-2, -1)).T
    worth = np.where(np.abs(worth) <= ROUNDING * largest, 0.0, worth)
    good = possible & (worth >= 0.0).all(axis=-1) & (worth > 0.0).any(axis=-1)
    return np.where(good[:, None], worth, 0.0), np.where(good[:, None, None], fill, 0.0)


def _most(worth: FloatArray, least: FloatArray) -> IntArray:
    """Return the package with the most for side 1 and at least this for side 0, then most for 0."""
    own, other = worth[..., 0], worth[..., 1]
    other = np.where(own >= least[:, None], other, -np.inf)
    return np.where(other == other.max(axis=-1)[:, None], own, -np.inf).argmax(axis=-1)


def _pick(values: FloatArray, rows: IntArray) -> FloatArray:
    """Return for each run the chosen rows of its second axis."""
    rows = rows.reshape(rows.shape + (1,) * (values.ndim - 2))
    return np.take_along_axis(values, rows, axis=1)


def _search(
    frontier: Frontier, score: Callable[[FloatArray, FloatArray], FloatArray], unit: FloatArray
) -> Point:
    """Return the best-scoring grid point, then close in on what lies between.

    Each score is concave along an exact frontier (the product once logged), so the best lies
    within a step of the best so far: try half a step either way, then a quarter, and so on.
    """
    unit = np.where(unit > 0.0, unit, 1.0)[:, None]

    def scored(worth: FloatArray) -> FloatArray:
        return score(worth[..., 0] / unit[..., 0], worth[..., 1] / unit[..., 1])

    best = scored(frontier.worth).argmax(axis=-1)[:, None]
    worth, fill = _pick(frontier.worth, best), _pick(frontier.fills, best)
    step = frontier.ideal[:, 0] / (frontier.worth.shape[1] - 1)
    for _ in range(HALVINGS):
        step, centre = 0.5 * step, worth[:, 0, 0]
        for aspiration in (centre + step, centre - step):
            gains, package = _offer(frontier.bargain, 0, np.maximum(aspiration, 0.0))
            gains, package = gains[:, None], package[:, None]
            better = scored(gains) > scored(worth)
            worth = np.where(better[..., None], gains, worth)
            fill = np.where(better[..., None, None], package, fill)
    return worth[:, 0], fill[:, 0]
