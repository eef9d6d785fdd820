"""Numerics: powers and probabilities that do not depend on who else is in the block."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from negotiate_abm.mechanisms.numerics import (
    FloatArray,
    chance,
    exponential,
    logistic,
    power,
    ratio,
)

lawful = settings(max_examples=60, deadline=None)
EXPONENTS = (0.5, 1.0, 2.0, -1.0)


def column(*values: float) -> FloatArray:
    return np.array(values, dtype=np.float64)


@pytest.mark.parametrize("exponent", EXPONENTS)
@pytest.mark.parametrize("runs", [1, 5, 17, 1000])
def test_a_power_has_the_same_bits_in_a_block_of_any_size(exponent: float, runs: int) -> None:
    base = np.random.default_rng(runs).uniform(0.01, 50.0, runs)
    together = power(base, np.full(runs, exponent))
    alone = [power(base[i : i + 1], column(exponent))[0] for i in range(runs)]
    assert together.tolist() == alone


@pytest.mark.parametrize("exponent", EXPONENTS)
def test_one_exponent_for_all_gives_the_bits_of_an_exponent_each(exponent: float) -> None:
    base = np.random.default_rng(3).uniform(0.01, 50.0, 1000)
    assert (
        power(base, np.float64(exponent)).tolist() == power(base, np.full(1000, exponent)).tolist()
    )


@lawful
@given(st.floats(1e-6, 1e6), st.one_of(st.sampled_from(EXPONENTS), st.floats(-5.0, 5.0)))
def test_a_power_is_the_power_of_the_textbook(base: float, exponent: float) -> None:
    assert power(column(base), column(exponent))[0] == pytest.approx(base**exponent, rel=1e-12)


@pytest.mark.parametrize("exponent", [0.2, 0.5, 1.0, 5.0])
def test_zero_and_one_are_their_own_powers(exponent: float) -> None:
    assert power(column(0.0, 1.0), column(exponent)).tolist() == [0.0, 1.0]


@lawful
@given(st.floats(-50.0, 50.0))
def test_an_exponential_is_the_exponential_of_the_textbook(x: float) -> None:
    assert exponential(column(x))[0] == pytest.approx(np.exp(x), rel=1e-14)


def test_an_exponential_stays_finite_and_never_negative_however_extreme_its_argument() -> None:
    extremes = exponential(column(-np.inf, -1e300, -699.0, 699.0, 1e300, np.inf))
    assert np.isfinite(extremes).all()
    assert (extremes >= 0.0).all()
    assert extremes[0] < extremes[2]
    assert extremes[3] < extremes[4]


@lawful
@given(st.floats(allow_nan=False))
def test_a_logistic_answer_is_a_probability(x: float) -> None:
    assert 0.0 <= logistic(column(x))[0] <= 1.0


@lawful
@given(st.floats(-30.0, 30.0), st.floats(0.01, 5.0))
def test_a_logistic_answer_rises_and_its_two_sides_sum_to_one(x: float, step: float) -> None:
    below, above, opposite = logistic(column(x, x + step, -x))
    assert below < above
    assert below + opposite == pytest.approx(1.0)


def test_indifference_is_an_even_chance_and_log_odds_are_log_odds() -> None:
    assert logistic(column(0.0, np.log(3.0))).tolist() == pytest.approx([0.5, 0.75])


@lawful
@given(st.floats(0.0, allow_nan=False))
def test_a_chance_is_a_probability(rate: float) -> None:
    assert 0.0 <= chance(column(rate))[0] <= 1.0


@lawful
@given(st.floats(0.0, 20.0), st.floats(0.01, 5.0))
def test_a_higher_rate_is_a_better_chance(rate: float, step: float) -> None:
    lower, higher = chance(column(rate, rate + step))
    assert lower < higher


def test_nothing_happens_at_a_rate_of_zero_and_half_the_time_at_log_two() -> None:
    assert chance(column(0.0, np.log(2.0))).tolist() == pytest.approx([0.0, 0.5])


@lawful
@given(st.floats(0.0, 3.0), st.floats(0.0, 3.0))
def test_to_escape_two_weeks_is_to_escape_each(first: float, second: float) -> None:
    one, other, both = 1.0 - chance(column(first, second, first + second))
    assert both == pytest.approx(one * other)


@lawful
@given(st.floats(-10.0, 10.0), st.floats(0.01, 10.0))
def test_a_ratio_is_the_quotient_where_there_is_one(numerator: float, denominator: float) -> None:
    found = ratio(column(numerator), column(denominator), otherwise=-7.0)
    assert found[0] == numerator / denominator


@pytest.mark.parametrize("denominator", [0.0, -1.0, np.nan])
def test_a_ratio_without_a_positive_denominator_is_what_was_asked_for(denominator: float) -> None:
    assert ratio(column(3.0), column(denominator), otherwise=0.25).tolist() == [0.25]
