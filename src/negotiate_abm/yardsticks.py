"""What theory would have a table agree: the solutions of `mechanisms.solutions`, for a scenario.

At the stated values, between parties who trust each other in full and whom nobody watches.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from negotiate_abm.mechanisms.bargaining import Bargain
from negotiate_abm.mechanisms.solutions import (
    Frontier,
    Point,
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

SOLUTIONS: dict[str, Callable[[Frontier], Point]] = {
    "Nash": nash_point,
    "Kalai-Smorodinsky": kalai_smorodinsky_point,
    "egalitarian": egalitarian_point,
    "utilitarian": utilitarian_point,
}


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


def yardsticks(scenario: Scenario) -> dict[str, dict[str, Yardstick]]:
    """Return, by table and by solution, what theory would have the parties agree.

    Nash and Kalai-Smorodinsky need no common unit of worth; egalitarian and utilitarian
    do, and take the scenario's C$ billion a year for it. Countries keep to their own red
    lines. Gains of zero all round mean that nothing suits both.
    """
    p = central(scenario)
    valued = ladders(scenario, p)
    found: dict[str, dict[str, Yardstick]] = {}
    for name in scenario.tables:
        table = Table(name, scenario, p, valued, valued)
        rows = np.zeros(1, dtype=np.int64)
        part = table.open_parts(rows)
        frontier = pareto_frontier(_trusting(table, rows, part))
        found[name] = {}
        for solution, point in SOLUTIONS.items():
            worth, fill = point(frontier)
            levels = table.levels_of(rows, part, fill)[0]
            found[name][solution] = Yardstick(
                dict(zip(table.issues, levels.tolist(), strict=True)),
                dict(zip(table.parties, worth[0].tolist(), strict=True)),
            )
    return found


def _trusting(table: Table, rows: np.ndarray, part: np.ndarray) -> Bargain:
    plain = np.ones((rows.size, len(table.issues)))
    nothing = np.zeros_like(part)
    both = (plain, plain)
    return table.bargain(rows, part, both, both, both, (nothing, nothing), [])
