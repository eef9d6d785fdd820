"""Offers: the frontier against a linear program, and against brute force where exposure bites."""

from __future__ import annotations

import functools
import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from negotiate_abm.mechanisms import bargaining
from negotiate_abm.mechanisms.bargaining import Bargain, Risk, best_offer

quick = settings(max_examples=60, deadline=None)
seeds = st.integers(0, 2**32 - 1)


def bargain(
    seed: int,
    runs: int = 3,
    issues: int = 6,
    segments: int = 3,
    divisible: bool | None = True,
    risky: bool = False,
) -> Bargain:
    """Return a random table: concave benefits, convex costs, some short ladders.

    Rungs are divisible, or whole, or (None) some of either kind.
    """
    dice = np.random.default_rng(seed)
    shape = (runs, issues, segments)
    conceder = np.arange(issues) % 2
    gain = -np.sort(-dice.uniform(0.0, 1.0, shape), axis=2)
    cost = np.sort(dice.uniform(0.0, 1.0, shape), axis=2)
    short = dice.integers(1, segments + 1, issues)
    present = np.arange(segments) < short[:, None]
    gain, cost = gain * present, cost * present
    value = np.stack([np.where((conceder == side)[:, None], -cost, gain) for side in (0, 1)])
    parts = np.full((issues, segments), divisible is not False)
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
    if divisible is None:
        parts = dice.random((issues, segments)) < 0.5
    return Bargain(value, conceder, parts, risks)


def without_padding(table: Bargain) -> Bargain:
    """Return the table with the padding above its short ladders left out of account."""
    return replace(table, rungs=(table.value != 0.0).any(axis=(0, 1)).sum(axis=-1))


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
    divisible=st.sampled_from([True, False, None]),
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
    choices = itertools.product(range(len(levels)), repeat=issues)
    packages = ladder[list(choices)].reshape(-1, issues * segments)
    runs = table.value.shape[1]
    worth = [own.reshape(runs, -1) @ packages.T for own in table.value]
    for risk in table.risks:
        alarms = risk.log_hazard[:, None] + risk.step.reshape(runs, -1) @ packages.T
        rise = risk.probability(alarms) - risk.probability(risk.log_hazard)[:, None]
        for party in (0, 1):
            worth[party] -= risk.severity[:, [party]] * rise
    return np.where(worth[side] >= wanted[:, None], worth[1 - side], -np.inf).max(axis=1)


@functools.cache
def gaps(divisible: bool, worth_repricing: float, tables: int = 12) -> np.ndarray:
    """Return how far the priced greedy falls short of brute force, as a share of all gains."""
    found = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bargaining, "WORTH_REPRICING", worth_repricing)
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


ALWAYS, AS_SHIPPED = -1.0, bargaining.WORTH_REPRICING  # a penalty above this share is repriced


def mean_and_worst_twentieth(divisible: bool, worth_repricing: float) -> tuple[float, float]:
    """Return the mean gap and its 95th percentile, and print them (`pytest -s`)."""
    short = gaps(divisible, worth_repricing)
    assert short.size > 500
    mean, worst = float(short.mean()), float(np.quantile(short, 0.95))
    kind = "divisible" if divisible else "whole"
    print(  # noqa: T201
        f"\n{kind} rungs, repricing above {worth_repricing:g}: "
        f"mean {mean:.3%}, 95th percentile {worst:.2%}"
    )
    return mean, worst


@pytest.mark.parametrize("worth_repricing", [AS_SHIPPED, ALWAYS], ids=["as shipped", "always"])
@pytest.mark.parametrize(
    ("divisible", "mean_gap", "worst_twentieth"), [(True, 0.0025, 0.01), (False, 0.02, 0.13)]
)
def test_the_priced_greedy_comes_close_to_brute_force(
    divisible, mean_gap, worst_twentieth, worth_repricing
):
    """Hold the gap to what was measured, as shares of all there is to get.

    Mean 0.18 % and 95th percentile 0.73 %, whether or not small penalties are left as they
    are. For ladders of whole rungs, where a step taken whole leaves the proposer with slack,
    1.84 % and 12.8 %; 1.50 % and 10.4 % if every package is repriced.
    """
    mean, worst = mean_and_worst_twentieth(divisible, worth_repricing)
    assert mean <= mean_gap
    assert worst <= worst_twentieth


@pytest.mark.parametrize(
    ("divisible", "in_the_mean", "in_the_worst_twentieth"),
    [(True, 1e-4, 1e-3), (False, 0.004, 0.03)],
)
def test_leaving_small_penalties_as_they_are_widens_the_gap_by_little(
    divisible, in_the_mean, in_the_worst_twentieth
):
    mean, worst = mean_and_worst_twentieth(divisible, AS_SHIPPED)
    mean_at_best, worst_at_best = mean_and_worst_twentieth(divisible, ALWAYS)
    assert mean - mean_at_best <= in_the_mean
    assert worst - worst_at_best <= in_the_worst_twentieth


@quick
@given(
    seed=seeds,
    side=st.sampled_from([0, 1]),
    share=st.floats(0.05, 0.95),
    divisible=st.sampled_from([True, False, None]),
    risky=st.booleans(),
)
def test_padding_above_a_short_ladder_changes_no_package(seed, side, share, divisible, risky):
    table = bargain(seed, divisible=divisible, risky=risky)
    bare = without_padding(table)
    wanted = aspiration(table, side, share)
    (padded_package, padded_possible), (package, possible) = (
        best_offer(each, side, wanted) for each in (table, bare)
    )
    assert possible.tolist() == padded_possible.tolist()
    outside = np.arange(package.shape[-1]) >= bare.rungs[:, None]
    assert not package[:, outside].any()
    # A step that a watcher prices is found by halving, to a hundredth of it.
    near = 1.0 / 64.0 if risky else 1e-9
    assert package[:, ~outside] == pytest.approx(padded_package[:, ~outside], abs=near)


def test_left_out_padding_takes_no_step_of_the_walk():
    table = bargain(4)
    bare = without_padding(table)
    steps = int(bare.rungs.sum())
    assert 6 < steps < 18
    assert bargaining._Path.of(table, 0).own.shape == (3, 18)
    assert bargaining._Path.of(bare, 0).own.shape == (3, steps)


@quick
@given(
    seed=seeds,
    side=st.sampled_from([0, 1]),
    share=st.floats(0.0, 1.2),
    divisible=st.sampled_from([True, False, None]),
    rows=st.lists(st.integers(0, 5), min_size=1, max_size=4),
)
def test_a_run_is_offered_the_same_in_any_company(seed, side, share, divisible, rows):
    table = without_padding(bargain(seed, runs=6, divisible=divisible, risky=seed % 2 == 0))
    wanted = aspiration(table, side, share)
    package, possible = best_offer(table, side, wanted)
    some = table.in_runs(np.array(rows))
    some_packages, some_possible = best_offer(some, side, wanted[rows])
    assert some_packages.tobytes() == package[rows].tobytes()
    assert some_possible.tolist() == possible[rows].tolist()
    assert some.worth(some_packages, 0).tobytes() == table.worth(package, 0)[rows].tobytes()


@quick
@given(seed=seeds, side=st.sampled_from([0, 1]), share=st.floats(0.0, 1.0), risky=st.booleans())
def test_one_who_takes_the_other_for_what_it_is_offers_what_is_best(seed, side, share, risky):
    table = bargain(seed, risky=risky)
    wanted = aspiration(table, side, share)
    seen = table.as_seen(side, table.value[1 - side])
    assert best_offer(seen, side, wanted)[0].tobytes() == (
        best_offer(table, side, wanted)[0].tobytes()
    )


@quick
@given(seed=seeds, other=seeds, side=st.sampled_from([0, 1]), share=st.floats(0.0, 1.0))
def test_mistaking_what_the_other_wants_costs_the_other_and_not_oneself(seed, other, side, share):
    table, stranger = bargain(seed), bargain(other)
    seen = table.as_seen(side, stranger.value[1 - side])
    assert seen.value[side].tobytes() == table.value[side].tobytes()
    assert seen.value[1 - side].tobytes() == stranger.value[1 - side].tobytes()
    wanted = aspiration(table, side, share)
    mistaken, possible = best_offer(seen, side, wanted)
    best, _ = best_offer(table, side, wanted)
    assert (table.worth(mistaken, side)[possible] >= wanted[possible] - 1e-9).all()
    spoilt = table.worth(mistaken, 1 - side) <= table.worth(best, 1 - side) + 1e-9
    assert spoilt[possible].all()


def watched_table(taken_by_1: list[float], costs_1: list[float], divisible: bool) -> Bargain:
    """Return side 0's one exposed concession beside unexposed ones by side 1, in one run."""
    value = np.array([[-0.3, *taken_by_1], [1.0, *(-cost for cost in costs_1)]])[:, None, :, None]
    exposed = np.zeros((1, value.shape[2], 1))
    exposed[0, 0, 0] = 4.0
    risk = Risk(np.array([-6.0]), exposed, np.array([[5.0, 0.0]]), np.array([26.0]))
    conceder = np.array([0] + [1] * len(taken_by_1))
    return Bargain(value, conceder, np.full(exposed.shape[1:], divisible), [risk])


def test_a_concession_too_dangerous_to_make_does_not_cost_the_other_all_of_its_own():
    """Side 0 wants 0.4: one of three favours worth 0.5 to it would do, and it asks for two."""
    table = watched_table([0.5] * 3, [0.2, 0.25, 0.3], divisible=False)
    package, possible = best_offer(table, 0, np.array([0.4]))
    assert possible.all()
    assert package[0, :, 0].tolist() == [0.0, 1.0, 0.0, 0.0]


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


def test_a_watcher_of_no_consequence_changes_no_offer():
    table = bargain(4, runs=12, risky=True)
    (risk,) = table.risks
    idle = replace(table, risks=[replace(risk, severity=1e-9 * risk.severity)])
    unwatched = replace(table, risks=[])
    least = aspiration(unwatched, 0, 0.6)
    offers = [best_offer(each, 0, least)[0] for each in (idle, unwatched, table)]
    assert offers[0] == pytest.approx(offers[1], abs=1e-2)
    assert np.abs(offers[2] - offers[1]).max() > 0.1, "a real one does"
