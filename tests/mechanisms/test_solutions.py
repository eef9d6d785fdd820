"""Yardsticks: textbook pies, linear programs, brute force, and what each axiom promises."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from negotiate_abm.mechanisms.bargaining import Bargain, Risk
from negotiate_abm.mechanisms.solutions import (
    Frontier,
    egalitarian_point,
    kalai_smorodinsky_point,
    nash_point,
    pareto_frontier,
    utilitarian_point,
)

quick = settings(max_examples=25, deadline=None)
seeds = st.integers(0, 2**32 - 1)
POINTS = {
    "nash": nash_point,
    "kalai-smorodinsky": kalai_smorodinsky_point,
    "egalitarian": egalitarian_point,
    "utilitarian": utilitarian_point,
}


def table(
    seed: int,
    runs: int = 3,
    issues: int = 4,
    segments: int = 2,
    divisible: bool = True,
    watched: bool = False,
) -> Bargain:
    """Return a random table: concave benefits, convex costs, sides conceding in turn."""
    dice = np.random.default_rng(seed)
    shape = (runs, issues, segments)
    gain = -np.sort(-dice.uniform(0.01, 1.0, shape), axis=2)
    cost = np.sort(dice.uniform(0.01, 1.0, shape), axis=2)
    conceder = np.arange(issues) % 2
    value = np.stack([np.where((conceder == side)[:, None], -cost, gain) for side in (0, 1)])
    risk = Risk(
        log_hazard=dice.uniform(-7, -4, runs),
        step=(conceder == 0)[:, None] * dice.uniform(0.0, 2.0, shape),
        severity=np.stack([dice.uniform(0.2, 2.0, runs), np.zeros(runs)], axis=-1),
        weeks=np.full(runs, 26.0),
    )
    parts = np.full((issues, segments), divisible)
    return Bargain(value, conceder, parts, [risk] if watched else [])


def pie(size: float, rate: float) -> Bargain:
    """Return a surplus that falls to side 0 for free, and a transfer by which it is shared.

    Every unit that side 0 hands over is worth `rate` to side 1.
    """
    value = np.array([[[size], [-size]], [[0.0], [rate * size]]])[:, None]
    return Bargain(value, np.array([1, 0]), np.ones((2, 1), dtype=bool))


@quick
@given(size=st.floats(0.01, 1e3), rate=st.floats(0.01, 100.0))
def test_a_linear_pie_is_split_in_half_by_nash_and_by_kalai_and_smorodinsky(size, rate):
    frontier = pareto_frontier(pie(size, rate))
    for solution in (nash_point, kalai_smorodinsky_point):
        worth, fill = solution(frontier)
        assert worth[0] == pytest.approx([size / 2, rate * size / 2], rel=1e-6)
        assert fill[0, :, 0] == pytest.approx([1.0, 0.5], rel=1e-6)


@quick
@given(size=st.floats(0.01, 1e3), rate=st.floats(0.01, 100.0))
def test_the_common_currency_decides_how_a_pie_is_split_by_equal_or_by_summed_gains(size, rate):
    frontier = pareto_frontier(pie(size, rate))
    equal, _ = egalitarian_point(frontier)
    assert equal[0] == pytest.approx([size * rate / (1 + rate)] * 2, rel=1e-5)
    most, _ = utilitarian_point(frontier)
    assert most.sum() == pytest.approx(size * max(1.0, rate), rel=1e-6)


def best_of(bargain: Bargain, run: int, weights: np.ndarray, least: np.ndarray) -> float:
    """Return the greatest weighted sum of worth with both sides at least so well off: exact."""
    own = bargain.value[:, run].reshape(2, -1)
    return -linprog(-(weights[:, None] * own).sum(axis=0), -own, -least, bounds=(0, 1)).fun


def greatest_share(bargain: Bargain, run: int, unit: np.ndarray) -> float:
    """Return the greatest share of its unit that both sides can have at once: exact."""
    own = bargain.value[:, run].reshape(2, -1)
    objective = np.append(np.zeros(own.shape[1]), -1.0)
    bounds = [(0, 1)] * own.shape[1] + [(0, None)]
    return -linprog(objective, np.append(-own, unit[:, None], axis=1), [0, 0], bounds=bounds).fun


@quick
@given(seed=seeds)
def test_with_divisible_rungs_every_point_is_the_one_of_a_linear_program(seed):
    bargain = table(seed)
    frontier = pareto_frontier(bargain)
    found = {name: point(frontier)[0] for name, point in POINTS.items()}
    one, nobody = np.ones(2), np.zeros(2)
    for run in range(3):
        for side in (0, 1):
            only = np.where(np.arange(2) == side, 1.0, 0.0)
            ideal = best_of(bargain, run, only, nobody)
            assert frontier.ideal[run, side] == pytest.approx(ideal, abs=1e-9)
        if not frontier.possible[run, 0]:
            continue
        middle = frontier.worth[run, 16]
        most = best_of(bargain, run, np.array([0.0, 1.0]), np.array([middle[0] - 1e-12, 0.0]))
        assert middle[1] == pytest.approx(most, abs=1e-9)
        # A frontier can be a hundred times as steep for one side: 3e-8 becomes 3e-6.
        greatest = best_of(bargain, run, one, nobody)
        assert found["utilitarian"][run].sum() == pytest.approx(greatest, abs=3e-6)
        equal = greatest_share(bargain, run, one)
        assert found["egalitarian"][run].min() == pytest.approx(equal, abs=3e-6)
        share = greatest_share(bargain, run, frontier.ideal[run])
        reached = (found["kalai-smorodinsky"][run] / frontier.ideal[run]).min()
        assert reached == pytest.approx(share, abs=3e-6)
        # Weighted by one over its gains, nothing is worth more than the Nash point itself.
        nash = found["nash"][run]
        assert best_of(bargain, run, 1.0 / nash, nobody) == pytest.approx(2.0, abs=3e-5)


def packages(bargain: Bargain, parts: int) -> np.ndarray:
    """Return the worth (runs, packages, 2) of all ladder-true packages, or zero for a loss."""
    issues, segments = bargain.divisible.shape
    levels = np.linspace(0, segments, parts * segments + 1)
    ladder = np.clip(levels[:, None] - np.arange(segments), 0.0, 1.0)
    choices = itertools.product(range(len(levels)), repeat=issues)
    fills = ladder[list(choices)].reshape(-1, issues * segments)
    runs = bargain.value.shape[1]
    every = np.stack([own.reshape(runs, -1) @ fills.T for own in bargain.value], axis=-1)
    for risk in bargain.risks:
        alarms = risk.log_hazard[:, None] + risk.step.reshape(runs, -1) @ fills.T
        rise = risk.probability(alarms) - risk.probability(risk.log_hazard)[:, None]
        every -= rise[..., None] * risk.severity[:, None]
    return np.where((every >= 0.0).all(axis=-1)[..., None], every, 0.0)


@pytest.mark.parametrize(("issues", "parts", "short"), [(2, 100, 0.003), (3, 24, 0.008)])
def test_no_package_on_a_fine_grid_has_a_greater_product_of_gains_than_nash(issues, parts, short):
    """The grid itself falls short of the exact product by up to 0.1 % and 0.3 %, measured."""
    bargain = table(1, runs=30, issues=issues, segments=1 if issues == 3 else 2)
    worth, _ = nash_point(pareto_frontier(bargain))
    product = worth[:, 0] * worth[:, 1]
    brute = packages(bargain, parts).prod(axis=-1).max(axis=1)
    ample = brute > 1e-3  # a sliver of a zone falls between the grid's packages
    assert ample.sum() >= 10
    assert (brute <= (1.0 + 1e-6) * product).all()
    assert (brute >= (1.0 - short) * product)[ample].all()


def shortfalls(divisible: bool, watched: bool, tables: int = 12) -> dict[str, np.ndarray]:
    """Return how far each point's score is below brute force, as a share of the latter."""
    found: dict[str, list[np.ndarray]] = {name: [] for name in POINTS}
    for seed in range(tables):
        bargain = table(seed, runs=40, divisible=divisible, watched=watched)
        frontier = pareto_frontier(bargain)
        every = packages(bargain, 3 if divisible else 1)
        unit = np.where(frontier.ideal > 0.0, frontier.ideal, 1.0)[:, None]
        score = {
            "nash": lambda worth: np.sqrt(worth.prod(axis=-1)),
            "kalai-smorodinsky": lambda worth, unit=unit: (worth / unit).min(axis=-1),
            "egalitarian": lambda worth: worth.min(axis=-1),
            "utilitarian": lambda worth: worth.sum(axis=-1),
        }
        for name, point in POINTS.items():
            most = score[name](every).max(axis=1)
            reached = score[name](point(frontier)[0][:, None])[:, 0]
            short = (most - reached)[most > 0.0] / most[most > 0.0]
            found[name].append(np.maximum(short, 0.0))
    return {name: np.concatenate(short) for name, short in found.items()}


@pytest.mark.parametrize(
    ("divisible", "watched", "mean", "as_good"),
    [(False, False, 0.015, 0.92), (True, True, 0.012, 0.92), (False, True, 0.03, 0.90)],
)
def test_points_found_come_close_to_the_best_of_all_packages(divisible, watched, mean, as_good):
    """Hold the shortfall to what was measured, as shares of the best score.

    Whole rungs: mean 0.5 to 0.8 %, at most 1 % in 95 to 99 % of tables. A watcher: mean 0.5
    to 0.6 %, in 95 to 99 %; both: 0.8 to 1.6 %, in 92 to 98 %. In 0.4 to 0.7 % of tables a
    small zone is missed altogether.
    """
    for name, short in shortfalls(divisible, watched).items():
        assert (short > 0.999).mean() <= 0.015, name
        assert short.size > 300
        assert short.mean() <= mean, name
        assert (short < 0.01).mean() >= as_good, name


def rescaled(bargain: Bargain, side: int, factor: float) -> Bargain:
    """Return the table with one side's worth counted in another unit."""
    unit = np.where(np.arange(2) == side, factor, 1.0)
    risks = [replace(risk, severity=risk.severity * unit) for risk in bargain.risks]
    return replace(bargain, value=bargain.value * unit[:, None, None, None], risks=risks)


@quick
@given(seed=seeds, side=st.sampled_from([0, 1]), factor=st.floats(0.01, 100.0))
def test_the_unit_of_one_sides_worth_moves_no_scale_free_package(seed, side, factor):
    frontier = pareto_frontier(table(seed))
    other = pareto_frontier(rescaled(frontier.bargain, side, factor))
    for solution in (nash_point, kalai_smorodinsky_point):
        assert solution(other)[1] == pytest.approx(solution(frontier)[1], abs=2e-5)


@pytest.mark.parametrize("watched", [False, True])
@pytest.mark.parametrize("side", [0, 1])
def test_doubling_the_unit_of_one_side_moves_no_whole_rung(side, watched):
    frontier = pareto_frontier(table(2, runs=40, divisible=False, watched=watched))
    other = pareto_frontier(rescaled(frontier.bargain, side, 2.0))
    for solution in (nash_point, kalai_smorodinsky_point):
        package = solution(other)[1]
        assert np.isin(package, (0.0, 1.0)).all()
        assert package.tobytes() == solution(frontier)[1].tobytes()


def test_the_unit_of_one_sides_worth_moves_the_points_of_a_common_currency():
    frontier = pareto_frontier(table(2, runs=20))
    other = pareto_frontier(rescaled(frontier.bargain, 1, 3.0))
    zone = frontier.possible[:, 0]
    for solution in (egalitarian_point, utilitarian_point):
        moved = np.abs(solution(other)[1] - solution(frontier)[1]).max(axis=(1, 2)) > 0.01
        assert moved[zone].mean() > 0.5


@quick
@given(seed=seeds, divisible=st.booleans(), watched=st.booleans())
def test_along_the_frontier_one_side_gains_only_what_the_other_gives_up(seed, divisible, watched):
    frontier = pareto_frontier(table(seed, divisible=divisible, watched=watched))
    steps = np.diff(frontier.worth, axis=1)
    assert (steps[..., 0] <= 0.0).all()
    assert (steps[..., 1] >= 0.0).all()
    assert ((steps[..., 0] < 0.0) == (steps[..., 1] > 0.0)).all()


@quick
@given(seed=seeds, divisible=st.booleans(), watched=st.booleans())
def test_no_point_leaves_a_side_below_the_status_quo(seed, divisible, watched):
    frontier = pareto_frontier(table(seed, divisible=divisible, watched=watched))
    found = [point(frontier) for point in POINTS.values()]
    found += [(frontier.worth[:, at], frontier.fills[:, at]) for at in (0, 7, 16, 32)]
    for worth, fill in found:
        true = np.stack([frontier.bargain.worth(fill, side) for side in (0, 1)], axis=-1)
        assert (worth >= 0.0).all()
        assert true == pytest.approx(worth, abs=1e-12)


@pytest.mark.parametrize("divisible", [True, False])
def test_where_every_concession_costs_more_than_it_gives_there_is_no_zone(divisible):
    value = np.array([[[1.0], [-2.0]], [[-2.0], [1.0]]])[:, None]
    frontier = pareto_frontier(Bargain(value, np.array([1, 0]), np.full((2, 1), divisible)))
    assert not frontier.possible.any()
    assert not frontier.ideal.any()
    for worth, fill in [point(frontier) for point in POINTS.values()]:
        assert not worth.any()
        assert not fill.any()


def test_a_favour_that_costs_nothing_is_done_though_only_one_side_gains():
    value = np.array([[[1.0]], [[0.0]]])[:, None]
    frontier = pareto_frontier(Bargain(value, np.array([1]), np.ones((1, 1), dtype=bool)))
    for worth, fill in [point(frontier) for point in POINTS.values()]:
        assert worth.tolist() == [[1.0, 0.0]]
        assert fill.tolist() == [[[1.0]]]


def arrays(frontier: Frontier) -> list[np.ndarray]:
    found = [frontier.worth, frontier.fills, frontier.possible]
    return found + [part for point in POINTS.values() for part in point(frontier)]


@pytest.mark.parametrize("watched", [False, True])
@pytest.mark.parametrize("divisible", [False, True])
@pytest.mark.parametrize("size", [1, 5, 12])
def test_no_block_of_runs_changes_a_bit(size, divisible, watched):
    bargain = table(5, runs=12, issues=5, segments=3, divisible=divisible, watched=watched)
    blocks = [np.arange(12)[first : first + size] for first in range(0, 12, size)]
    parts = [arrays(pareto_frontier(bargain.in_runs(rows))) for rows in blocks]
    whole = arrays(pareto_frontier(bargain))
    for at, array in enumerate(whole):
        assert array.tobytes() == np.concatenate([part[at] for part in parts]).tobytes()
    assert len({row.tobytes() for row in whole[0]}) >= 8, "the runs are too much alike"
