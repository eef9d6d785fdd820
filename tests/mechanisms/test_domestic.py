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


# -- whether the provinces let a deal pass --------------------------------------------------------

provinces = st.lists(st.tuples(st.floats(0.01, 1.0), st.floats(-5.0, 5.0)), min_size=1, max_size=13)


def log_odds(
    influence: list[float],
    gains: list[float],
    approval_now: float = 0.5,
    inclination: float = 1.0,
    gain_slope: float = 2.0,
    approval_slope: float = 3.0,
) -> float:
    terms = (approval_now, inclination, gain_slope, approval_slope)
    rows = (np.array([influence]), np.array([gains]))
    return float(domestic.consent_log_odds(*rows, *(column(x) for x in terms))[0])


@lawful
@given(provinces, st.data(), st.floats(0.01, 5.0), st.floats(0.01, 5.0))
def test_consent_is_likelier_the_more_any_province_gains(
    peers: list[tuple[float, float]], data: st.DataObject, step: float, slope: float
) -> None:
    influence, gains = [list(x) for x in zip(*peers, strict=True)]
    before = log_odds(influence, gains, gain_slope=slope)
    gains[data.draw(st.integers(0, len(gains) - 1))] += step
    assert log_odds(influence, gains, gain_slope=slope) > before


@lawful
@given(provinces, st.floats(0.0, 0.9), st.floats(0.01, 0.1), st.floats(0.01, 5.0))
def test_consent_is_likelier_the_better_the_government_is_liked(
    peers: list[tuple[float, float]], liked: float, more: float, slope: float
) -> None:
    influence, gains = [list(x) for x in zip(*peers, strict=True)]
    before = log_odds(influence, gains, liked, approval_slope=slope)
    assert log_odds(influence, gains, liked + more, approval_slope=slope) > before


@lawful
@given(provinces, st.floats(-5.0, 5.0))
def test_a_deal_that_moves_nothing_passes_by_inclination_alone(
    peers: list[tuple[float, float]], inclination: float
) -> None:
    influence = [weight for weight, _ in peers]
    assert log_odds(influence, [0.0] * len(peers), 0.5, inclination) == inclination


def test_the_log_odds_are_the_weighted_gain_and_the_approval_over_a_half() -> None:
    found = log_odds([0.6, 0.4], [1.0, -0.5], 0.7, 0.5, gain_slope=2.0, approval_slope=5.0)
    assert found == pytest.approx(0.5 + 2.0 * (0.6 - 0.2) + 5.0 * 0.2)


@lawful
@given(st.floats(-30.0, 30.0), st.floats(0.01, 3.0))
def test_consent_is_a_probability_that_rises_with_its_log_odds(odds: float, step: float) -> None:
    less, more = domestic.consent_probability(column(odds, odds + step))
    assert 0.0 < less <= more <= 1.0
    assert less < more or odds > 20.0
    assert less == pytest.approx(1.0 - domestic.consent_probability(column(-odds))[0])
    assert domestic.consent_probability(column(0.0))[0] == 0.5


@lawful
@given(st.floats(-5.0, 5.0), st.floats(0.0, 3.0))
def test_a_government_errs_either_way_as_often_and_by_as_much_as_it_is_said_to(
    odds: float, error: float
) -> None:
    draws = (np.arange(2000) + 0.5) / 2000.0
    seen = domestic.misjudged(column(odds), column(error), draws)
    assert seen.mean() == pytest.approx(odds, abs=1e-9)
    assert seen.std() == pytest.approx(error, rel=1e-5)
    assert (np.abs(seen - odds) <= np.sqrt(3.0) * error + 1e-12).all()


@lawful
@given(st.floats(-5.0, 5.0), shares)
def test_a_government_that_does_not_err_sees_the_odds_as_they_are(odds: float, draw: float) -> None:
    assert domestic.misjudged(column(odds), column(0.0), column(draw))[0] == odds


def meets(influence: list[float], gains: list[float], quota: float) -> bool:
    rows = (np.array([influence]), np.array([gains]))
    return bool(domestic.meets_quota(*rows, column(quota))[0])


@lawful
@given(provinces)
def test_a_quota_of_zero_is_always_met(peers: list[tuple[float, float]]) -> None:
    influence, gains = [list(x) for x in zip(*peers, strict=True)]
    assert meets(influence, gains, 0.0)


@lawful
@given(provinces, st.floats(0.001, 1.0))
def test_a_quota_above_the_weight_of_all_that_gain_is_not_met_and_one_below_it_is(
    peers: list[tuple[float, float]], margin: float
) -> None:
    influence, gains = [list(x) for x in zip(*peers, strict=True)]
    weight = sum(w for w, gain in peers if gain >= 0.0) / sum(influence)
    assert not meets(influence, gains, weight + margin)
    assert meets(influence, gains, weight * (1.0 - margin))


@lawful
@given(provinces)
def test_a_quota_of_one_asks_that_nobody_loses(peers: list[tuple[float, float]]) -> None:
    influence, gains = [list(x) for x in zip(*peers, strict=True)]
    assert meets(influence, gains, 1.0) == (min(gains) >= 0.0)


@lawful
@given(provinces, shares, st.data())
def test_no_quota_is_missed_because_a_province_gains_more(
    peers: list[tuple[float, float]], quota: float, data: st.DataObject
) -> None:
    influence, gains = [list(x) for x in zip(*peers, strict=True)]
    before = meets(influence, gains, quota)
    gains[data.draw(st.integers(0, len(gains) - 1))] += data.draw(st.floats(0.0, 9.0))
    assert meets(influence, gains, quota) >= before


def test_a_province_without_a_voice_blocks_nothing_and_one_untouched_stands_not_in_the_way() -> (
    None
):
    assert meets([1.0, 0.0], [2.0, -3.0], 1.0)
    assert meets([0.5, 0.5], [0.0, 0.0], 1.0)
    assert not meets([0.4, 0.6], [1.0, -0.1], 0.5)
    assert meets([0.6, 0.4], [1.0, -9.0], 0.5)


@pytest.mark.parametrize("runs", [1, 5, 17])
def test_a_runs_consent_does_not_feel_its_neighbours(runs: int) -> None:
    rng = np.random.default_rng(runs)
    influence, gains = rng.random((runs, 10)), rng.normal(size=(runs, 10))
    numbers, quota = rng.random((4, runs)), rng.random(runs)
    odds = domestic.consent_log_odds(influence, gains, *numbers)
    met = domestic.meets_quota(influence, gains, quota)
    for i in range(runs):
        run = slice(i, i + 1)
        alone = domestic.consent_log_odds(influence[run], gains[run], *numbers[:, run])
        assert odds[i] == alone[0]
        assert met[i] == domestic.meets_quota(influence[run], gains[run], quota[run])[0]
