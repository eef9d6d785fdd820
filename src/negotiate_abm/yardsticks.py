"""What theory would have a table agree: its Pareto frontier, and four points on it.

Between parties who trust each other in full and whom nobody watches, from the start of the
game, at a scenario's stated values or at those of any run. A party whose reservation is
given falls back on it, any other on the status quo.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from negotiate_abm.mechanisms.numerics import FloatArray, sum_short
from negotiate_abm.mechanisms.preferences import filled
from negotiate_abm.mechanisms.solutions import (
    Frontier,
    Point,
    Zone,
    egalitarian_point,
    kalai_smorodinsky_point,
    nash_point,
    pareto_frontier,
    utilitarian_point,
)
from negotiate_abm.scenario.parameters import central
from negotiate_abm.scenario.schema import Scenario
from negotiate_abm.scenario.stakes import ladders
from negotiate_abm.tables import Table

SOLUTIONS: dict[str, Callable[[Zone], Point]] = {
    "Nash": nash_point,
    "Kalai-Smorodinsky": kalai_smorodinsky_point,
    "egalitarian": egalitarian_point,
    "utilitarian": utilitarian_point,
}

# Even steps in side 0's gains at which a frontier is drawn, its corners apart.
STEPS = 512


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
    exact : bool
        Whether all of the frontier is within reach; if not, it is an outer bound.
    """

    frontier: FloatArray
    least: FloatArray
    zone: bool
    gains: dict[str, FloatArray]
    levels: dict[str, FloatArray]
    exact: bool


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
    given, nothing = table.given_reservation, np.zeros(table.runs)
    least = np.array([given.get(party, nothing)[row] for party in table.parties])
    frontier = pareto_frontier(value, table.divisible)
    zone = frontier.above(least)
    points = {name: solution(zone) for name, solution in SOLUTIONS.items()}
    levels = {
        name: np.minimum(table.held + sum_short(point.fill * part * width), table.cap[row])
        for name, point in points.items()
    }
    gains = {name: point.gains for name, point in points.items()}
    return Space(_outline(frontier, zone), least, zone.exists, gains, levels, frontier.exact)


def _outline(frontier: Frontier, zone: Zone) -> FloatArray:
    """Return points along a frontier, closely spaced, from side 0's best to side 1's.

    With a point on either side of every gap, and those where the zone begins and ends.
    """
    ends = frontier.pieces.reshape(-1, 2)[:, 0]
    gains = [ends, np.nextafter(ends, np.inf), np.linspace(ends[-1], ends[0], STEPS)]
    if zone.exists:
        gains.append(np.linspace(zone.fallback[0], zone.ideal[0], STEPS))
    gain = np.unique(np.concatenate(gains))[::-1]
    gain = gain[(gain >= ends[-1]) & (gain <= ends[0])]
    return np.stack([gain, frontier.others_most(gain)], axis=-1)


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
