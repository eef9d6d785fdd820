"""Bargaining solutions: a domain's Pareto frontier, and four points on it that theory proposes.

A domain is a set of ladders that two sides value rung by rung. Its packages trace out what
Raiffa (1982) calls the efficient frontier; the part that leaves both sides what they fall
back on is the zone of agreement. In it lie four solutions: Nash (1950) and
Kalai-Smorodinsky (1975), which no unit of either side's worth moves, and the egalitarian
(Kalai 1977) and the utilitarian, which compare gains across sides and need a common unit.

    frontier = pareto_frontier(value, divisible)
    zone = frontier.above(fallback)
    nash_point(zone).gains

The frontier is exact. A ladder falls into stretches: a rung that must be taken whole ends
one, and so does a rung that is a better bargain than the one it stands on. Within a stretch
the best bargains come first and all can be had in part, so one stretch on each ladder makes
a fractional knapsack, filled in the order of what a step gives one side for each dollar that
the other gives up (Dantzig 1957). Such a choice is a *way*; the frontier is the outermost of
all ways. Ladders join one by one, and of the ways so far only the outermost go on: what is
dominated before another ladder joins stays dominated after.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from negotiate_abm.mechanisms.numerics import BoolArray, FloatArray, IntArray

# Ways that are compared at once. A ladder that would bring more counts as divisible and
# free of its order, and the frontier is then an outer bound.
MOST_WAYS = 512

# A difference below this share of all that is at stake for a side counts as none.
ROUNDING = 1e-12

# Points whose scores differ by less than this share are equally good.
TIE = 1e-12


@dataclass(frozen=True)
class Point:
    """A package on the frontier.

    Parameters
    ----------
    gains : array of shape (2,)
        What it gives both sides over no agreement at all, in the unit of the values.
    fill : array of shape (issues, segments)
        The share of each segment that is conceded, in [0, 1].
    """

    gains: FloatArray
    fill: FloatArray


@dataclass(frozen=True)
class Frontier:
    """The Pareto frontier of a domain, in straight pieces from side 0's best to side 1's.

    Parameters
    ----------
    value : array of shape (2, issues, segments)
        What conceding each segment in full is worth to each side.
    pieces : array of shape (pieces, 2, 2)
        Both ends of each piece, each with both sides' gains: side 0's falls from one end to
        the other and from piece to piece, side 1's rises. A package that stands alone is a
        piece whose ends are one. Between pieces there may be a gap, at which an end can be
        level with its neighbour and so no more than a limit of efficient packages.
    exact : bool
        Whether every way was tried; if not, no package lies beyond the frontier, but not all
        of it may be within reach.
    """

    value: FloatArray
    pieces: FloatArray
    exact: bool
    _ways: _Ways
    _way: IntArray  # of each piece

    def above(self, fallback: FloatArray) -> Zone:
        """Return the part that leaves both sides what they fall back on, shape (2,)."""
        near, far = self.pieces[:, 0], self.pieces[:, 1]
        slack = ROUNDING * _at_stake(self.value)
        # How far along a piece side 1 has its fallback, and how far side 0 still has its own.
        first = _part(fallback[1] - near[:, 1], far[:, 1] - near[:, 1], otherwise=0.0)
        last = _part(near[:, 0] - fallback[0], near[:, 0] - far[:, 0], otherwise=1.0)
        enough = (near[:, 0] >= fallback[0] - slack[0]) & (far[:, 1] >= fallback[1] - slack[1])
        inside = enough & (first <= last)
        ends = [near + share[:, None] * (far - near) for share in (first, last)]
        return Zone(self, fallback, np.stack(ends, axis=1)[inside])

    def others_most(self, gain: FloatArray) -> FloatArray:
        """Return the most that side 1 can have while side 0 gains at least so much.

        Parameters
        ----------
        gain : array of shape (gains,)

        Returns
        -------
        array of shape (gains,)
            Minus infinity where side 0 cannot gain so much.
        """
        piece = self._piece_at(gain)
        near, far = self.pieces[piece, 0], self.pieces[piece, 1]
        share = _part(near[:, 0] - gain, near[:, 0] - far[:, 0], otherwise=0.0)
        most = near[:, 1] + share * (far[:, 1] - near[:, 1])
        return np.where(gain <= self.pieces[0, 0, 0], most, -np.inf)

    def package(self, gain: float) -> FloatArray:
        """Return the best package for side 1 with at least so much for side 0.

        Parameters
        ----------
        gain : float
            No more than side 0 can have.

        Returns
        -------
        array of shape (issues, segments)
            The share of each segment that is conceded.
        """
        (piece,) = self._piece_at(np.array([gain]))
        return self._ways.package(int(self._way[piece]), gain)

    def _piece_at(self, gain: FloatArray) -> IntArray:
        """Return the last piece that can give side 0 so much, the first where none can."""
        best_of_each = self.pieces[::-1, 0, 0]
        place = np.searchsorted(best_of_each, gain, side="left")
        return np.maximum(len(best_of_each) - 1 - place, 0)


@dataclass(frozen=True)
class Zone:
    """The part of a frontier that leaves both sides what they fall back on.

    Parameters
    ----------
    frontier : Frontier
    fallback : array of shape (2,)
        What both sides have without an agreement.
    pieces : array of shape (pieces, 2, 2)
        As in `Frontier`, cut off where a side would have less.
    """

    frontier: Frontier
    fallback: FloatArray
    pieces: FloatArray

    @property
    def ideal(self) -> FloatArray:
        """The most that each side can have while the other has its fallback, (2,).

        Minus infinity where no package leaves both their fallbacks.
        """
        return np.max(self.pieces, axis=(0, 1), initial=-np.inf)

    @property
    def hopes(self) -> BoolArray:
        """Whether each side could have more than it falls back on, (2,)."""
        slack = ROUNDING * _at_stake(self.frontier.value)
        return np.asarray(self.ideal > self.fallback + slack)

    @property
    def exists(self) -> bool:
        """Whether some package is no worse for either side, and better for one."""
        return bool(self.hopes.any())


def pareto_frontier(value: FloatArray, divisible: BoolArray | None = None) -> Frontier:
    """Return the Pareto frontier of a domain.

    Who concedes what is read off the signs. A segment that one side gains by at no cost to the
    other is conceded wherever it can be had, one that is all the same to both only below
    another.

    Parameters
    ----------
    value : array of shape (2, issues, segments)
        What conceding each segment of each ladder is worth to each side, in any unit of its
        own. A segment can be had only on top of those before it. Short ladders are padded
        with zeros.
    divisible : array of shape (issues, segments), optional
        Which segments can be had in part; by default all.
    """
    _, issues, segments = value.shape
    if divisible is None:
        divisible = np.ones((issues, segments), dtype=np.bool_)
    steps = _Steps.of(value)
    start = np.zeros((1, issues, segments), dtype=np.bool_)
    ways = _Ways(value, steps, start, start)
    exact = True
    at_stake = _at_stake(value)
    shares = np.abs(value).sum(axis=2) / np.where(at_stake > 0.0, at_stake, 1.0)[:, None]
    size = shares.sum(axis=0)
    for issue in np.argsort(-size, kind="stable"):
        spans = steps.stretches(int(issue), divisible[issue])
        if len(ways.start) * len(spans) > MOST_WAYS:
            ways = ways.with_loosened(int(issue))
            exact = False
        else:
            ways = ways.with_stretches(int(issue), spans)
        pieces, way = _outermost(ways.walks(), ROUNDING * at_stake)
        kept, way = np.unique(way, return_inverse=True)
        ways = ways.some(kept)
    return Frontier(value, pieces, exact, ways, way)


# -- four solutions ----------------------------------------------------------------------

Score = Callable[[FloatArray, FloatArray], FloatArray]


def nash_point(zone: Zone) -> Point:
    """Return the point with the greatest product of gains over the fallbacks (Nash 1950).

    Scale-free. Of points equally good, here and below, the one nearest to the middle; zero
    gains and an empty package where there is no zone.
    """
    over = zone.pieces - zone.fallback
    fall, rise = over[:, 0, 0] - over[:, 1, 0], over[:, 1, 1] - over[:, 0, 1]
    # Along a piece the product (u - fall t)(w + rise t) is a parabola in t.
    peak = _part(rise * over[:, 0, 0] - fall * over[:, 0, 1], 2.0 * fall * rise, otherwise=0.0)
    return _best(zone, np.multiply, peak)


def kalai_smorodinsky_point(zone: Zone) -> Point:
    """Return the point of equal shares of the ideal gains (Kalai, Smorodinsky 1975).

    Scale-free. Whole rungs can make the shares unequal: the smaller is as large as it gets.
    """
    return _evenest(zone, np.where(zone.hopes, zone.ideal - zone.fallback, 1.0))


def egalitarian_point(zone: Zone) -> Point:
    """Return the point of equal gains over the fallbacks (Kalai 1977); it needs a common unit.

    Whole rungs can make the gains unequal: the smaller is as large as it gets.
    """
    return _evenest(zone, np.ones(2))


def utilitarian_point(zone: Zone) -> Point:
    """Return the point with the greatest sum of gains; it needs a common unit."""
    return _best(zone, np.add, np.zeros(len(zone.pieces)))


def _evenest(zone: Zone, unit: FloatArray) -> Point:
    """Return the point at which the smaller gain, counted in each side's unit, is greatest."""
    over = (zone.pieces - zone.fallback) / unit
    ahead = over[:, :, 0] - over[:, :, 1]  # falls along a piece
    even = _part(ahead[:, 0], ahead[:, 0] - ahead[:, 1], otherwise=0.0)
    return _best(zone, lambda one, other: np.minimum(one / unit[0], other / unit[1]), even)


def _best(zone: Zone, score: Score, peak: FloatArray) -> Point:
    """Return the point that scores best, of each piece's ends and what lies at its peak."""
    frontier = zone.frontier
    if not zone.exists:
        return Point(np.zeros(2), np.zeros(frontier.value.shape[1:]))

    def scored(one: FloatArray, other: FloatArray) -> FloatArray:
        over = [np.maximum(one - zone.fallback[0], 0.0), np.maximum(other - zone.fallback[1], 0.0)]
        return score(over[0], over[1])

    near, far = zone.pieces[:, 0], zone.pieces[:, 1]
    points = np.concatenate([near, near + peak[:, None] * (far - near), far])
    scores = scored(points[:, 0], points[:, 1])
    good = float(scores.max() - TIE * abs(scores.max()))
    tied = points[scores >= good, 0]
    middle = np.array([0.5 * (tied.min() + tied.max())])
    if scored(middle, frontier.others_most(middle))[0] < good:
        middle = tied[[np.abs(tied - middle).argmin()]]
    fill = frontier.package(float(middle[0]))
    return Point((frontier.value * fill).reshape(2, -1).sum(axis=-1), fill)


def _at_stake(value: FloatArray) -> FloatArray:
    """Return all that is at stake for each side, shape (2,)."""
    return np.asarray(np.abs(value).sum(axis=(1, 2)))


def _part(some: FloatArray, whole: FloatArray, otherwise: float) -> FloatArray:
    """Return some as a share of a whole, in [0, 1], and `otherwise` where there is no whole."""
    there = whole > 0.0
    return np.where(there, np.clip(some / np.where(there, whole, 1.0), 0.0, 1.0), otherwise)


# -- steps along the ladders ---------------------------------------------------------------


@dataclass(frozen=True)
class _Steps:
    """What conceding each segment means, and the order of the walk from side to side.

    Parameters
    ----------
    price : array of shape (issues, segments)
        What a concession costs the one side for each unit that the other gains: zero if it
        costs nobody anything, infinite if nobody gains, not a number if it is all the same.
    giver : array of shape (issues, segments)
        The side that it costs something and that the other gains by; -1 if there is none.
    order : array of shape (steps,)
        Flat segments that are worth more to one side and less to the other, in the order in
        which a walk from side 0's dream to side 1's takes them.
    change : array of shape (steps,)
        What that does to the segment: 1 concedes it, -1 takes it back.
    """

    price: FloatArray
    giver: IntArray
    order: IntArray
    change: FloatArray

    @classmethod
    def of(cls, value: FloatArray) -> _Steps:
        """Return the steps of values of shape (2, issues, segments)."""
        loss, gain = -value.min(axis=0), value.max(axis=0)
        traded = (loss > 0.0) & (gain > 0.0)
        giver = np.where(traded, value.argmin(axis=0), -1)
        price = np.where(gain > 0.0, 0.0, np.where(loss > 0.0, np.inf, np.nan))
        np.divide(loss, gain, out=price, where=traded)
        for rung in range(1, price.shape[1]):
            # A ladder of one price is no bargain that improves by a rounding error.
            below, here = price[:, rung - 1], price[:, rung]
            same = (here < below) & (here >= below * (1.0 - ROUNDING))
            price[:, rung] = np.where(same, below, here)
        flat = np.flatnonzero(traded)
        height, paid = flat % price.shape[1], price.ravel()[flat]
        gives = giver.ravel()[flat] == 0
        # What side 1 gains for each unit that side 0 loses, the most first. Of one ladder,
        # side 0 concedes from the bottom rung up; side 1 takes back from the top rung down.
        rate = np.where(gives, 1.0 / paid, paid)
        order = np.lexsort((np.where(gives, height, -height), -rate))
        return cls(price, giver, flat[order], np.where(gives, 1.0, -1.0)[order])

    def stretches(self, issue: int, divisible: BoolArray) -> list[tuple[int, int]]:
        """Return where each of a ladder's stretches begins and ends, all below it conceded."""
        found, begin = [], 0
        last, giver = -np.inf, -1
        for rung, price in enumerate(self.price[issue]):
            if np.isnan(price):
                continue
            own = int(self.giver[issue, rung])
            bends = price < last or (min(own, giver) >= 0 and own != giver)
            if bends or not divisible[rung]:
                found.append((begin, rung))
                begin = rung if divisible[rung] else rung + 1
                last, giver = -np.inf, -1
            if divisible[rung]:
                last, giver = float(price), max(own, giver)
        return [*found, (begin, len(divisible))]


@dataclass(frozen=True)
class _Ways:
    """Ways to choose a stretch of each ladder, and the walk from side to side that each leaves.

    Parameters
    ----------
    value : array of shape (2, issues, segments)
    steps : _Steps
    start : array of shape (ways, issues, segments)
        What is conceded where the walk begins: side 0 has all that it can have.
    split : array of shape (ways, issues, segments)
        What the walk concedes or takes back.
    """

    value: FloatArray
    steps: _Steps
    start: BoolArray
    split: BoolArray

    def some(self, rows: IntArray) -> _Ways:
        """Return some of the ways."""
        return _Ways(self.value, self.steps, self.start[rows], self.split[rows])

    def with_stretches(self, issue: int, spans: list[tuple[int, int]]) -> _Ways:
        """Return each way with each of a ladder's stretches."""
        place = np.arange(self.value.shape[2])
        below = np.stack([place < begin for begin, _ in spans])
        inside = np.stack([(place >= begin) & (place < end) for begin, end in spans])
        return self._joined(issue, below, inside)

    def with_loosened(self, issue: int) -> _Ways:
        """Return each way with all of a ladder to be had in part and in any order."""
        inside = np.ones((1, self.value.shape[2]), dtype=np.bool_)
        return self._joined(issue, ~inside, inside)

    def _joined(self, issue: int, below: BoolArray, inside: BoolArray) -> _Ways:
        """Return each way with each stretch, two masks of shape (stretches, segments)."""
        price, giver = self.steps.price[issue], self.steps.giver[issue]
        ways, choices = len(self.start), len(below)
        start = np.repeat(self.start, choices, axis=0)
        split = np.repeat(self.split, choices, axis=0)
        # Side 0 dreams of what costs nobody anything, and of all that side 1 could give.
        start[:, issue] = np.tile(below | (inside & ((price == 0.0) | (giver == 1))), (ways, 1))
        split[:, issue] = np.tile(inside & (giver >= 0), (ways, 1))
        return _Ways(self.value, self.steps, start, split)

    def walks(self) -> FloatArray:
        """Return both sides' gains along each walk, shape (ways, steps + 1, 2)."""
        ways, order = len(self.start), self.steps.order
        moves = np.take(self.split.reshape(ways, -1), order, axis=1) * self.steps.change
        found = np.empty((ways, order.size + 1, 2))
        for side, value in enumerate(self.value):
            found[:, 0, side] = (self.start * value).reshape(ways, -1).sum(axis=-1)
            found[:, 1:, side] = moves * np.take(value.ravel(), order)
        return np.cumsum(found, axis=1)

    def package(self, way: int, gain: float) -> FloatArray:
        """Return the package at which a walk leaves side 0 so much, (issues, segments)."""
        walk = self.some(np.array([way])).walks()[0, :, 0]
        fill = self.start[way].astype(np.float64)
        taken = _part(walk[:-1] - gain, walk[:-1] - walk[1:], otherwise=0.0)
        fill.ravel()[self.steps.order] += self.steps.change * taken
        above = np.maximum.accumulate(fill[:, ::-1], axis=1)[:, ::-1] > 0.0
        return np.where(np.isnan(self.steps.price) & above, 1.0, fill)


# -- the outermost of many walks -----------------------------------------------------------


def _outermost(walks: FloatArray, rounding: FloatArray) -> tuple[FloatArray, IntArray]:
    """Return the straight pieces of the outline of some walks, and which walk each is of.

    Parameters
    ----------
    walks : array of shape (ways, steps + 1, 2)
        Gains of both sides; along a walk side 0's never rises, side 1's never falls, and the
        bends are outward.
    rounding : array of shape (2,)
        What counts as no difference to either side.

    Returns
    -------
    pieces : array of shape (pieces, 2, 2)
        As in `Frontier`.
    way : array of shape (pieces,)
    """
    edges = np.unique(walks[:, :, 0])
    edges = edges[np.diff(edges, prepend=-np.inf) > rounding[0]]
    # Before the first edge side 0 could have more at no cost to side 1.
    edges = np.concatenate([[edges[0] - abs(edges[0]) - 1.0], edges])
    low, high = edges[:-1], edges[1:]
    # Between two edges every walk that goes so far is a straight line.
    height = np.stack([np.interp(edges, walk[::-1, 0], walk[::-1, 1]) for walk in walks])
    there = walks[:, :1, 0] >= high
    slope = np.where(there, np.diff(height, axis=1) / (high - low), -np.inf)
    height = np.where(there, height[:, :-1], -np.inf)
    return _pieces(*_upper_lines(low, high, height, slope, rounding[0]), rounding[1])


def _upper_lines(
    low: FloatArray, high: FloatArray, height: FloatArray, slope: FloatArray, rounding: float
) -> tuple[FloatArray, FloatArray, IntArray]:
    """Return the upper envelope of lines over some intervals.

    Parameters
    ----------
    low, high : arrays of shape (intervals,)
    height, slope : arrays of shape (lines, intervals)
        Of each line at the interval's low end; minus infinity where it is none.
    rounding : float
        What is no distance.

    Returns
    -------
    left, right : arrays of shape (pieces, 2)
        Where each piece of the envelope begins and ends, and how high.
    line : array of shape (pieces,)
    """
    left, right, lines = [], [], []
    column, here = np.arange(low.size), low
    # Of the highest lines the least steep stays the highest for longest.
    line = np.where(height == height.max(axis=0), slope, -np.inf).argmax(axis=0)
    while column.size:
        own, own_slope = height[line, column], slope[line, column]
        own_here = own + own_slope * (here - low[column])
        # Only a less steep line can overtake, and the first to do so is the next.
        with np.errstate(invalid="ignore", divide="ignore"):
            gap = own_here - (height[:, column] + slope[:, column] * (here - low[column]))
            faster = slope[:, column] - own_slope
            meets = np.where(faster > 0.0, here + np.maximum(gap, 0.0) / faster, np.inf)
        until = np.minimum(meets.min(axis=0), high[column])
        left.append(np.stack([here, own_here], axis=-1))
        right.append(np.stack([until, own + own_slope * (until - low[column])], axis=-1))
        lines.append(line)
        goes_on = until < high[column] - rounding
        line, here, column = meets.argmin(axis=0)[goes_on], until[goes_on], column[goes_on]
    return np.concatenate(left), np.concatenate(right), np.concatenate(lines)


def _pieces(
    left: FloatArray, right: FloatArray, line: IntArray, rounding: float
) -> tuple[FloatArray, IntArray]:
    """Return an outline's Pareto-efficient pieces, from side 0's best on, and whose each is."""
    order = np.lexsort((-left[:, 0], -right[:, 0]))
    left, right, line = left[order], right[order], line[order]
    # All along a level piece side 1 has the same: its end with most for side 0 is better.
    level = left[:, 1] - right[:, 1] <= rounding
    left = np.where(level[:, None], right, left)
    highest_before = np.maximum.accumulate(np.append(-np.inf, left[:-1, 1]))
    better = ~level | (right[:, 1] > highest_before + rounding)
    return np.stack([right, left], axis=1)[better], line[better]
