"""Offers: the frontier against a linear program, and against brute force where exposure bites."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from negotiate_abm.mechanisms.bargaining import Bargain, Risk, best_offer

quick = settings(max_examples=60, deadline=None)
seeds = st.integers(0, 2**32 - 1)


def bargain(
    seed: int,
    runs: int = 3,
    issues: int = 6,
    segments: int = 3,
    divisible: bool = True,
    risky: bool = False,
) -> Bargain:
    """Return a random table: concave benefits, convex costs, some short ladders."""
    dice = np.random.default_rng(seed)
    shape = (runs, issues, segments)
    conceder = np.arange(issues) % 2
    gain = -np.sort(-dice.uniform(0.0, 1.0, shape), axis=2)
    cost = np.sort(dice.uniform(0.0, 1.0, shape), axis=2)
    short = dice.integers(1, segments + 1, issues)
    present = np.arange(segments) < short[:, None]
    gain, cost = gain * present, cost * present
    value = np.stack([np.where((conceder == side)[:, None], -cost, gain) for side in (0, 1)])
    parts = np.full((issues, segments), divisible)
    risks = []
    if risky:
        exposed = (conceder == 0)[:, None] * present
        lines = exposed * (dice.random((issues, segments)) < 0.2)
        risks = [
            Risk(
                log_hazard=dice.uniform(-7, -4, runs),
                step=exposed * dice.uniform(0.0, 1.5, shape) + 1.5 * lines,
                severity=np.stack([dice.uniform(0.2, 2.0, runs), np.zeros(runs)], axis=-1),
                weeks=np.full(runs, 26.0),
            )
        ]
    return Bargain(value, conceder, parts, risks)


def aspiration(table: Bargain, side: int, share: float) -> np.ndarray:
    """Return a share of the best the side could get if the other kept nothing."""
    ideal, _ = best_offer(table, 1 - side, np.zeros(table.value.shape[1]))
    return share * np.maximum(table.worth(ideal, side), 0.0)


@quick
@given(seed=seeds, side=st.sampled_from([0, 1]), share=st.floats(0.0, 1.0))
def test_the_separable_frontier_equals_a_linear_program(seed, side, share):
    table = bargain(seed)
    wanted = aspiration(table, side, share)
    package, possible = best_offer(table, side, wanted)
    assert possible.all()
    for run in range(table.value.shape[1]):
        own = table.value[side, run].ravel()
        other = table.value[1 - side, run].ravel()
        best = linprog(-other, A_ub=-own[None, :], b_ub=[-wanted[run]], bounds=(0, 1))
        assert table.worth(package, 1 - side)[run] == pytest.approx(-best.fun, abs=1e-9)


@quick
@given(
    seed=seeds,
    side=st.sampled_from([0, 1]),
    share=st.floats(0.0, 1.2),
    divisible=st.booleans(),
    risky=st.booleans(),
)
def test_no_offer_is_worth_less_to_its_proposer_than_its_aspiration(
    seed, side, share, divisible, risky
):
    table = bargain(seed, runs=5, divisible=divisible, risky=risky)
    wanted = aspiration(table, side, share)
    package, possible = best_offer(table, side, wanted)
    assert (table.worth(package, side)[possible] >= wanted[possible] - 1e-12).all()
    assert (package[~possible] == 0.0).all()
    assert ((package >= 0.0) & (package <= 1.0)).all()


@quick
@given(seed=seeds, side=st.sampled_from([0, 1]), share=st.floats(0.0, 1.0), risky=st.booleans())
def test_no_rung_is_offered_without_those_below_it(seed, side, share, risky):
    table = bargain(seed, risky=risky)
    package, _ = best_offer(table, side, aspiration(table, side, share))
    for issue in range(package.shape[1]):
        real = table.value[0, :, issue] != 0.0
        for lower, upper in itertools.pairwise(range(package.shape[2])):
            stands = package[:, issue, upper] > 0.0
            assert (package[:, issue, lower][stands & real[:, upper]] >= 1.0 - 1e-12).all()


@quick
@given(seed=seeds, side=st.sampled_from([0, 1]), share=st.floats(0.0, 1.0))
def test_an_indivisible_rung_is_offered_whole_or_not_at_all(seed, side, share):
    table = bargain(seed, divisible=False, risky=seed % 2 == 0)
    package, _ = best_offer(table, side, aspiration(table, side, share))
    assert np.isin(package, (0.0, 1.0)).all()


@quick
@given(seed=seeds, side=st.sampled_from([0, 1]))
def test_a_lower_aspiration_leaves_the_other_at_least_as_much(seed, side):
    table = bargain(seed)
    worths = [
        table.worth(best_offer(table, side, aspiration(table, side, share))[0], 1 - side)
        for share in (0.2, 0.5, 0.9)
    ]
    assert (worths[0] >= worths[1] - 1e-12).all()
    assert (worths[1] >= worths[2] - 1e-12).all()


def test_an_aspiration_beyond_reach_leaves_nothing_to_offer():
    table = bargain(1)
    package, possible = best_offer(table, 0, np.full(3, 1e6))
    assert not possible.any()
    assert not package.any()


def brute_force(table: Bargain, side: int, wanted: np.ndarray, grid: int) -> np.ndarray:
    """Return the most the other side could get over every ladder-true package on a grid."""
    issues, segments = table.divisible.shape
    levels = np.linspace(0, segments, grid * segments + 1)
    ladder = np.clip(levels[:, None] - np.arange(segments), 0.0, 1.0)
    best = np.full(table.value.shape[1], -np.inf)
    for choice in itertools.product(range(len(levels)), repeat=issues):
        package = np.broadcast_to(ladder[list(choice)], table.value.shape[1:])
        enough = table.worth(package, side) >= wanted
        other = table.worth(package, 1 - side)
        best = np.where(enough, np.maximum(best, other), best)
    return best


def gaps(divisible: bool, tables: int = 12) -> np.ndarray:
    """Return how far the priced greedy falls short of brute force, as a share of all gains."""
    found = []
    for seed in range(tables):
        table = bargain(seed, runs=40, issues=4, segments=2, divisible=divisible, risky=True)
        for side in (0, 1):
            wanted = aspiration(table, side, 0.5)
            package, possible = best_offer(table, side, wanted)
            most = brute_force(table, side, wanted, grid=4 if divisible else 1)
            whole = np.maximum(table.value[1 - side], 0.0).reshape(40, -1).sum(axis=-1)
            short = (most - table.worth(package, 1 - side)) / whole
            found.append(np.maximum(short, 0.0)[possible & np.isfinite(most)])
    return np.concatenate(found)


@pytest.mark.parametrize(
    ("divisible", "mean_gap", "worst_twentieth"), [(True, 0.005, 0.03), (False, 0.02, 0.13)]
)
def test_the_priced_greedy_comes_close_to_brute_force(divisible, mean_gap, worst_twentieth):
    """Hold the gap to what was measured, as shares of all there is to get.

    Mean 0.2 % and 95th percentile 1 %; for ladders of whole rungs, where a step taken whole
    leaves the proposer with slack, 1.4 % and 10 %.
    """
    short = gaps(divisible)
    assert short.size > 500
    assert short.mean() <= mean_gap
    assert np.quantile(short, 0.95) <= worst_twentieth


def test_a_risk_in_some_runs_is_what_those_runs_face_in_company():
    risk = bargain(3, runs=5, risky=True).risks[0]
    some = risk.in_runs(np.array([4, 1]))
    full = np.ones((5, 6, 3))
    alone = some.probability(some.alarm(full[:2]))
    assert alone.tobytes() == risk.probability(risk.alarm(full))[[4, 1]].tobytes()
    assert some.severity.tobytes() == risk.severity[[4, 1]].tobytes()


def test_the_length_of_another_ladder_changes_no_offer():
    own, other = np.array([0.3, 1.0]), np.array([-0.1, -0.5])
    for padding in (0, 1, 3):
        shape = (1, 2, 1 + padding)
        value = np.zeros((2, *shape))
        value[0, 0, :, 0], value[1, 0, :, 0] = own, other
        table = Bargain(value, np.array([1, 1]), np.zeros(shape[1:], dtype=bool))
        package, possible = best_offer(table, 0, np.array([0.9]))
        assert possible[0]
        assert package[0, :, 0].tolist() == [0.0, 1.0]
