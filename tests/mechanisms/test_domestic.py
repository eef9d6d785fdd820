"""Domestic: provinces that lose press, and a government that fails them pays."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from negotiate_abm.mechanisms import domestic
from negotiate_abm.mechanisms.numerics import FloatArray

lawful = settings(max_examples=60, deadline=None)
losses = st.floats(0.0, 50.0)
half_losses = st.floats(0.05, 10.0)
shares = st.floats(0.0, 1.0)
weeks = st.floats(1.0, 100.0)


def column(*values: float) -> FloatArray:
    return np.array(values, dtype=np.float64)


def approval(
    now: float,
    resting: float = 0.5,
    pressure: float = 0.0,
    goodwill: float = 0.0,
    erosion: float = 0.02,
    recovery: float = 40.0,
) -> float:
    state = (now, resting, pressure, goodwill, erosion, recovery)
    return float(domestic.approval(*(column(x) for x in state))[0])


@lawful
@given(losses, st.floats(0.01, 20.0), half_losses)
def test_a_greater_loss_presses_harder_but_never_wholly(
    loss: float, further: float, half: float
) -> None:
    less, more = domestic.pressure_target(column(loss, loss + further), column(half))
    assert 0.0 <= less < more < 1.0


@lawful
@given(losses, st.floats(0.1, 20.0), half_losses)
def test_each_further_loss_adds_less_pressure(loss: float, step: float, half: float) -> None:
    ladder = column(loss, loss + step, loss + 2.0 * step)
    first, second = np.diff(domestic.pressure_target(ladder, column(half)))
    assert first > second


@lawful
@given(half_losses)
def test_the_half_loss_presses_half_and_a_gain_presses_not_at_all(half: float) -> None:
    losses_borne = column(half, 0.0, -3.0)
    assert domestic.pressure_target(losses_borne, column(half)).tolist() == [0.5, 0.0, 0.0]


@lawful
@given(shares, shares, weeks)
def test_inertia_never_overshoots(state: float, target: float, inertia: float) -> None:
    moved = domestic.drift(column(state), column(target), column(inertia))[0]
    assert min(state, target) - 1e-12 <= moved <= max(state, target) + 1e-12


def test_a_week_closes_its_share_of_the_gap() -> None:
    moved = domestic.drift(column(0.2), column(1.0), column(1.0, 4.0))
    assert moved.tolist() == pytest.approx([1.0, 0.4])


def test_slow_provinces_are_still_pressing_when_quick_ones_have_calmed() -> None:
    pressure = column(0.8, 0.8)
    for _ in range(10):
        pressure = domestic.drift(pressure, column(0.0), column(4.0, 26.0))
    assert pressure[0] < 0.1 < 0.5 < pressure[1]


def relief(
    influence: list[float], pressure: list[float], stakes: list[list[float]], sensitivity: float
) -> list[float]:
    weight = domestic.relief_weight(
        np.array([influence]), np.array([pressure]), np.array([stakes]), column(sensitivity)
    )
    return weight[0].tolist()


def test_pressure_weighs_an_issue_by_who_presses_and_what_they_would_gain() -> None:
    stakes = [[1.0, 0.0], [0.5, 0.5], [0.0, 0.0]]
    found = relief([0.5, 0.2], [0.4, 1.0], stakes, sensitivity=2.0)
    assert found == pytest.approx([1.4, 1.4, 1.0])


@lawful
@given(shares, shares, st.floats(0.01, 1.0), st.floats(0.01, 3.0))
def test_stronger_pressure_raises_the_weight_of_relief_and_never_below_one(
    calm: float, influence: float, stake: float, sensitivity: float
) -> None:
    pressed = calm + 0.5
    before, after = (
        relief([influence, 0.1], [level, 0.3], [[stake, 0.2]], sensitivity)[0]
        for level in (calm, pressed)
    )
    assert 1.0 <= before <= after
    assert influence < 1e-6 or after > before


@lawful
@given(shares, shares)
def test_a_government_deaf_to_its_provinces_weighs_all_issues_alike(
    influence: float, pressure: float
) -> None:
    assert relief([influence], [pressure], [[1.0], [0.3]], sensitivity=0.0) == [1.0, 1.0]


@pytest.mark.parametrize("runs", [1, 5, 17])
def test_a_runs_weights_do_not_feel_its_neighbours(runs: int) -> None:
    rng = np.random.default_rng(runs)
    influence, pressure = rng.random((runs, 9)), rng.random((runs, 9))
    stakes, sensitivity = rng.random((runs, 4, 9)), rng.random(runs)
    together = domestic.relief_weight(influence, pressure, stakes, sensitivity)
    assert together.shape == (runs, 4)
    for i in range(runs):
        run = slice(i, i + 1)
        alone = domestic.relief_weight(influence[run], pressure[run], stakes[run], sensitivity[run])
        assert together[i].tolist() == alone[0].tolist()


@lawful
@given(shares, shares, shares, st.floats(-2.0, 2.0), shares, weeks)
def test_approval_is_a_share_whatever_happens(
    now: float, resting: float, pressure: float, goodwill: float, erosion: float, recovery: float
) -> None:
    assert 0.0 <= approval(now, resting, pressure, goodwill, erosion, recovery) <= 1.0


def test_approval_has_a_floor_and_a_ceiling() -> None:
    assert approval(0.1, goodwill=-0.5) == 0.0
    assert approval(0.9, goodwill=0.5) == 1.0


@lawful
@given(st.floats(0.3, 0.7), st.floats(0.05, 0.5), st.floats(0.05, 0.2))
def test_unmet_pressure_erodes_approval_and_a_welcome_deal_raises_it(
    now: float, pressure: float, goodwill: float
) -> None:
    quiet = approval(now)
    assert approval(now, pressure=pressure) < quiet < approval(now, goodwill=goodwill)
    assert approval(now, goodwill=-goodwill) < quiet


def test_next_weeks_approval_is_the_drift_less_the_erosion_plus_the_goodwill() -> None:
    found = approval(0.4, resting=0.6, pressure=0.5, goodwill=0.03, erosion=0.1, recovery=10.0)
    assert found == pytest.approx(0.4 + 0.02 - 0.05 + 0.03)


def test_left_in_peace_approval_returns_to_its_resting_place() -> None:
    state = 0.1
    for _ in range(1000):
        state = approval(state, resting=0.55)
    assert state == pytest.approx(0.55)
