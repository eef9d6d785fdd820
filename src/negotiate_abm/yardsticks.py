"""What theory would have a table agree: its Pareto frontier, and four points on it.

Between parties who trust each other in full and whom nobody watches, from the start of the
game, at a scenario's stated values or at those of any run. A party whose reservation is
given falls back on it, any other on the status quo.

Where rungs can be had in part, the frontier is that of a fractional knapsack (Dantzig 1957):
steps in the order of what they give one side for each dollar that the other gives up. Rungs
that must be taken whole are tried one way after another, each with a frontier of its own;
the outermost of all these is exact, which one walk from side to side is not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from negotiate_abm.mechanisms.numerics import BoolArray, FloatArray, IntArray, sum_short
from negotiate_abm.mechanisms.preferences import filled
from negotiate_abm.scenario.parameters import central
from negotiate_abm.scenario.schema import Scenario
from negotiate_abm.scenario.stakes import ladders
from negotiate_abm.tables import Table

Score = Callable[[FloatArray, FloatArray], FloatArray]

# How a solution judges what two parties gain over what they fall back on, and whether it
# counts each party's gain in shares of the most that it could hope for.
SOLUTIONS: dict[str, tuple[Score, bool]] = {
    "Nash": (np.multiply, False),
    "Kalai-Smorodinsky": (np.minimum, True),
    "egalitarian": (np.minimum, False),
    "utilitarian": (np.add, False),
}

# Falling short of what is given by less than this, C$ billion a year, is rounding.
ROUNDING = 1e-9

# Of points whose scores differ by less, the middle one is chosen.
TIE = 1e-12

# Ways to take or leave whole rungs that are tried one by one; with more, the smallest whole
# rungs count as divisible, and the frontier is an outer bound.
MOST_WAYS = 2**14

# Gains of side 0 at which the best way is sought, and how often more closely.
STEPS, LOOKS = 512, 4


@dataclass(frozen=True)
class Yardstick:
    """One solution at one table.

    Parameters
    ----------
    levels : dict of str to float
        The level each issue would be agreed at.
    gains : dict of str to float
        What each party would gain over the status quo, C$ billion a year.
    """

    levels: dict[str, float]
    gains: dict[str, float]


@dataclass(frozen=True)
class Space:
    """All that a table could give its two sides in one run, C$ billion a year.

    Gains count over the status quo at the start of the game.

    Parameters
    ----------
    frontier : array of shape (points, 2)
        Pareto-efficient gains, from the most that side 0 could get to the most that side 1
        could, at the other's expense if need be.
    least : array of shape (2,)
        What each side falls back on: its given reservation, else zero.
    zone : bool
        Whether some package gives both sides at least that, and one of them more.
    gains : dict of str to array of shape (2,)
        What each solution gives both sides; zero where there is no zone.
    levels : dict of str to array of shape (issues,)
        The levels that each solution would have agreed.
    """

    frontier: FloatArray
    least: FloatArray
    zone: bool
    gains: dict[str, FloatArray]
    levels: dict[str, FloatArray]


def yardsticks(scenario: Scenario) -> dict[str, dict[str, Yardstick]]:
    """Return, by table and by solution, what theory would have the parties agree.

    At stated values. Nash and Kalai-Smorodinsky need no common unit of worth; egalitarian
    and utilitarian do, and take the scenario's C$ billion a year for it. Countries keep to
    their own red lines. Gains of zero all round mean that nothing suits both.
    """
    p = central(scenario)
    valued = ladders(scenario, p)
    found: dict[str, dict[str, Yardstick]] = {}
    for name in scenario.tables:
        table = Table(name, scenario, p, valued, valued)
        space = space_of(table)
        found[name] = {
            solution: Yardstick(
                dict(zip(table.issues, space.levels[solution].tolist(), strict=True)),
                dict(zip(table.parties, space.gains[solution].tolist(), strict=True)),
            )
            for solution in SOLUTIONS
        }
    return found


def space_of(table: Table, row: int = 0) -> Space:
    """Return what a table could give its sides in one run, from the start of the game.

    Whatever the table has agreed since counts for nothing; own red lines are kept, held
    issues left out. How rounds are conducted (an agenda, a longest step) binds no solution.

    Parameters
    ----------
    table : Table
    row : int
        Which of the table's runs.
    """
    part = _open_at_start(table)
    value = _values(table, part)[:, row]
    part, width = part[row], table.width[row]
    ways = _Ways.of(value, part > 0.0, table.divisible, table.conceder)
    given, nothing = table.given_reservation, np.zeros(table.runs)
    least = np.array([given.get(party, nothing)[row] for party in table.parties])
    ideal = np.array([ways.most(side, least[1 - side]) for side in (0, 1)])
    zone = bool((ideal >= least - ROUNDING).all() and (ideal > least + ROUNDING).any())
    gains, levels = {}, {}
    for name, (score, in_shares) in SOLUTIONS.items():
        unit = np.where(in_shares & (ideal > least + ROUNDING), ideal - least, 1.0)
        fill = ways.best(score, least, ideal, unit) if zone else np.zeros_like(part)
        gains[name] = (value * fill).reshape(2, -1).sum(axis=-1)
        raised = table.held + sum_short(fill * part * width)
        levels[name] = np.minimum(raised, table.cap[row])
    return Space(ways.outline(least, ideal if zone else least), least, zone, gains, levels)


def gains_of(table: Table, levels: FloatArray) -> FloatArray:
    """Return what both sides would gain by some levels over the start, shape (runs, 2).

    Benefits to the beneficiary less costs to the conceder, C$ billion a year, at each run's
    own values: promises kept in full, nobody watching. What the scenario holds is left out.

    Parameters
    ----------
    table : Table
    levels : array of shape (runs, issues)
    """
    start = np.zeros_like(levels) + table.held
    benefit, cost = (
        table.worth_of(levels, values) - table.worth_of(start, values)
        for values in (table.benefit, table.cost)
    )
    sides = [np.where(table.concedes(side), -cost, benefit) for side in (0, 1)]
    return np.stack([sum_short(side) for side in sides], axis=-1)


def _open_at_start(table: Table) -> FloatArray:
    """Return the share of each segment that own red lines leave open at the start."""
    floor, width = table.segments()
    start = np.zeros_like(table.cap) + table.held
    most = np.maximum(table.rounded(table.cap), start)
    return filled(most, floor, width) - filled(start, floor, width)


def _values(table: Table, part: FloatArray) -> FloatArray:
    """Return what each open part is worth to each side, (2, runs, issues, segments)."""
    benefit, cost = table.benefit * part, table.cost * part
    return np.stack([np.where(table.concedes(s)[:, None], -cost, benefit) for s in (0, 1)])


@dataclass(frozen=True)
class _Ways:
    """Every way to take or leave whole rungs, and the walk from side to side that is left.

    Parameters
    ----------
    start : array of shape (ways, issues, segments)
        Where the walk begins: side 0 has all that it can have.
    split : array of shape (ways, issues, segments)
        What can be had in part.
    order : array of shape (steps,)
        Flat segments in the order of the walk.
    change : array of shape (steps,)
        What a step does to its segment: 1 concedes it, -1 takes it back.
    walks : array of shape (ways, steps + 1, 2)
        Gains along the walk: side 0's fall, side 1's rise.
    value : array of shape (2, issues, segments)
    """

    start: FloatArray
    split: BoolArray
    order: IntArray
    change: FloatArray
    walks: FloatArray
    value: FloatArray

    @classmethod
    def of(
        cls, value: FloatArray, real: BoolArray, divisible: BoolArray, conceder: IntArray
    ) -> _Ways:
        """Return all ways of one run, from segment values of shape (2, issues, segments)."""
        whole, split = _whole_or_split(real, _few_enough(value, real, divisible))
        order, change, first = _walk(value, conceder)
        start = np.where(split, first, whole).astype(np.float64)
        steps = np.take(split.reshape(len(split), -1), order, axis=1) * change
        worth = np.take(value.reshape(2, -1), order, axis=1)
        walks = np.empty((len(start), order.size + 1, 2))
        for side in (0, 1):
            walks[:, 0, side] = (start * value[side]).reshape(len(start), -1).sum(axis=-1)
            walks[:, 1:, side] = walks[:, :1, side] + np.cumsum(steps * worth[side], axis=1)
        return cls(start, split, order, change, walks, value)

    def heights(self, gains: FloatArray, some: IntArray | None = None) -> FloatArray:
        """Return the most for side 1 by way at some gains of side 0, (ways, gains)."""
        walks = self.walks[:, ::-1] if some is None else self.walks[some, ::-1]
        return np.stack([np.interp(gains, w[:, 0], w[:, 1], right=-np.inf) for w in walks])

    @cached_property
    def outermost(self) -> IntArray:
        """Return the ways that are outermost somewhere."""
        low, high = self.walks[:, -1, 0].min(), self.walks[:, 0, 0].max()
        gains = np.concatenate([np.linspace(low, high, STEPS), self.walks[:, 0, 0]])
        return np.unique(self.heights(np.unique(gains)).argmax(axis=0))

    def most(self, side: int, others_least: float) -> float:
        """Return the most that a side can have while the other keeps its least."""
        most = -np.inf
        for walk in self.walks:
            path = walk if side == 1 else walk[::-1, ::-1]
            # Along the path the other's gains fall and its own rise.
            if path[0, 0] >= others_least - ROUNDING:
                most = max(most, float(np.interp(others_least, path[::-1, 0], path[::-1, 1])))
        return most

    def best(
        self, score: Score, least: FloatArray, ideal: FloatArray, unit: FloatArray
    ) -> FloatArray:
        """Return the package on the frontier that scores best, (issues, segments)."""
        some = self.outermost
        low, high = float(least[0]), float(ideal[0])
        gains = np.linspace(low, high, STEPS)
        for _ in range(LOOKS):
            heights = self.heights(gains, some).max(axis=0)
            inside = heights >= least[1] - ROUNDING
            one, other = (gains - least[0]) / unit[0], np.maximum(heights - least[1], 0.0) / unit[1]
            scores = np.where(inside, score(one, other), -np.inf)
            ties = np.flatnonzero(scores >= scores.max() - TIE)
            place = int(ties[ties.size // 2])
            best = gains[place]
            low, high = gains[max(place - 1, 0)], gains[min(place + 1, gains.size - 1)]
            gains = np.append(np.linspace(low, high, STEPS), best)
            gains.sort()
        way = some[self.heights(np.array([best]), some)[:, 0].argmax()]
        return self.package(int(way), float(best))

    def package(self, way: int, gain: float) -> FloatArray:
        """Return the package of a way's walk at a gain of side 0, (issues, segments)."""
        fill = self.start[way].ravel().copy()
        walk, split = self.walks[way, :, 0], self.split[way].ravel()
        for step, segment in enumerate(self.order):
            if split[segment] and walk[step] > gain:
                share = (walk[step] - gain) / (walk[step] - walk[step + 1])
                fill[segment] += self.change[step] * min(share, 1.0)
        return fill.reshape(self.start.shape[1:])

    def outline(self, least: FloatArray, ideal: FloatArray) -> FloatArray:
        """Return the frontier's points, those where the fallbacks meet it included."""
        some = self.outermost
        walks = self.walks[some]
        # Where a way of whole rungs ends, the frontier drops to the next.
        ends = np.nextafter(walks[:, 0, 0], np.inf)
        wide = np.linspace(walks[:, -1, 0].min(), walks[:, 0, 0].max(), STEPS)
        zone = np.linspace(least[0], ideal[0], STEPS)
        gains = np.concatenate([walks[:, :, 0].ravel(), ends, wide, zone])
        gains = np.unique(gains)[::-1]
        heights = self.heights(gains, some).max(axis=0)
        # Beyond the last point side 0 would have less, and side 1 no more.
        last = int((heights >= heights.max() - ROUNDING).argmax())
        there = np.isfinite(heights) & (np.arange(gains.size) <= last)
        return np.stack([gains, heights], axis=-1)[there]


def _few_enough(value: FloatArray, real: BoolArray, divisible: BoolArray) -> BoolArray:
    """Return what counts as divisible, so that there are not too many ways."""
    divisible = divisible | ~real
    size = np.abs(value).sum(axis=0)
    while np.prod(1.0 + (~divisible).sum(axis=-1)) > MOST_WAYS:
        smallest = np.where(divisible, np.inf, size).argmin()
        divisible = divisible.copy()
        divisible.ravel()[smallest] = True
    return divisible


def _whole_or_split(real: BoolArray, divisible: BoolArray) -> tuple[BoolArray, BoolArray]:
    """Return, by way, which segments are conceded whole, and which can be in part."""
    place = np.arange(real.shape[1])
    by_issue = []
    for own, parts in zip(real, divisible, strict=True):
        whole_rungs = np.flatnonzero(own & ~parts)
        stops = np.concatenate([[0], whole_rungs + 1])[:, None]
        ends = np.concatenate([whole_rungs, [real.shape[1]]])[:, None]
        by_issue.append((own & (place < stops), own & (place >= stops) & (place < ends)))
    choices = np.indices([len(whole) for whole, _ in by_issue]).reshape(len(by_issue), -1)
    whole, split = (
        np.stack([pair[k][at] for pair, at in zip(by_issue, choices, strict=True)], axis=1)
        for k in (0, 1)
    )
    return whole, split


def _walk(value: FloatArray, conceder: IntArray) -> tuple[IntArray, FloatArray, BoolArray]:
    """Return the steps from side 0's dream to side 1's, what each does, and the dream.

    Steps that cost nobody anything are taken at once, those that gain nobody anything never.
    """
    issues, segments = value.shape[1:]
    flat = np.arange(issues * segments).reshape(issues, segments)
    gives = conceder == 0
    # Side 0 concedes from the bottom rung up; side 1 takes back from the top rung down.
    ladders = [row if own else row[::-1] for row, own in zip(flat, gives, strict=True)]
    change = np.where(gives, 1.0, -1.0)[:, None]
    loss, gain = (sign * change * value[side] for side, sign in ((0, -1.0), (1, 1.0)))
    free, vain = (loss <= 0.0) & (gain >= 0.0), (gain <= 0.0) & (loss >= 0.0)
    dream = np.where(gives[:, None], free, ~free)
    rate = np.where(loss > 0.0, gain / np.where(loss > 0.0, loss, 1.0), np.inf).ravel()
    # No step comes before the rung it stands on.
    rates = np.concatenate([np.minimum.accumulate(rate[ladder]) for ladder in ladders])
    order = np.concatenate(ladders)[np.argsort(-rates, kind="stable")]
    order = order[~(free | vain).ravel()[order]]
    return order, np.broadcast_to(change, flat.shape).ravel()[order], dream
