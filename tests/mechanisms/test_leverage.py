"""Leverage: who needs the agreement less has the more of it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from negotiate_abm.mechanisms.leverage import bent_exponent, leverage
from negotiate_abm.mechanisms.numerics import FloatArray

lawful = settings(max_examples=60, deadline=None)
stakes = st.floats(0.001, 100.0)
gdps = st.floats(100.0, 40_000.0)
shares = st.floats(0.0, 1.0)


def column(*values: float) -> FloatArray:
    return np.array(values, dtype=np.float64)


@lawful
@given(stakes, gdps, stakes, gdps)
def test_the_leverage_of_the_two_sides_sums_to_one(
    stake: float, gdp: float, other_stake: float, other_gdp: float
) -> None:
    own, other = (column(stake), column(gdp)), (column(other_stake), column(other_gdp))
    mine, theirs = leverage(*own, *other)[0], leverage(*other, *own)[0]
    assert 0.0 <= mine <= 1.0
    assert mine + theirs == pytest.approx(1.0)


@lawful
@given(stakes, gdps)
def test_equal_need_is_balance(stake: float, gdp: float) -> None:
    side = (column(stake), column(gdp))
    assert leverage(*side, *side)[0] == 0.5


def test_a_quarrel_that_costs_nobody_anything_is_balanced() -> None:
    assert leverage(column(0.0), column(3000.0), column(0.0), column(25_000.0)).tolist() == [0.5]


def test_the_side_that_loses_more_of_its_income_has_the_less_leverage() -> None:
    gdps_of_both = (column(3000.0), column(6000.0))
    middle_power = leverage(column(9.0), gdps_of_both[0], column(6.0), gdps_of_both[1])
    assert middle_power[0] == pytest.approx(0.25)


def test_the_unscaled_figure_compares_the_stakes_alone() -> None:
    ones = column(1.0)
    assert leverage(column(1.0), ones, column(3.0), ones)[0] == pytest.approx(0.75)


def test_one_who_loses_nothing_has_it_all() -> None:
    assert leverage(column(0.0, 2.0), column(9.0), column(2.0, 0.0), column(9.0)).tolist() == [1, 0]


@lawful
@given(stakes, stakes, gdps, st.floats(0.01, 10.0))
def test_a_better_alternative_to_the_deal_raises_leverage(
    stake: float, other_stake: float, gdp: float, relief: float
) -> None:
    needs = column(stake + relief, stake)
    before, after = leverage(needs, column(gdp), column(other_stake), column(gdp))
    assert after > before


@lawful
@given(st.floats(0.05, 5.0), st.floats(-3.0, 3.0))
def test_balance_leaves_the_exponent_alone(exponent: float, bend: float) -> None:
    bent = bent_exponent(column(exponent), column(0.5), column(bend))
    assert bent[0] == pytest.approx(exponent)


@lawful
@given(st.floats(0.05, 5.0), shares)
def test_a_bend_of_zero_switches_the_effect_off(exponent: float, own: float) -> None:
    assert bent_exponent(column(exponent), column(own), column(0.0))[0] == exponent


@lawful
@given(shares, st.floats(0.01, 1.0), st.floats(0.05, 5.0), st.floats(0.1, 3.0))
def test_the_side_that_waiting_hurts_concedes_sooner(
    weak: float, margin: float, exponent: float, bend: float
) -> None:
    strong = min(weak + margin, 1.0)
    if strong - weak < 1e-6:
        return
    bent = bent_exponent(column(exponent), column(weak, strong), column(bend))
    assert bent[0] > bent[1]


@lawful
@given(st.sampled_from([0.0, 1.0]), st.floats(0.05, 5.0), st.floats(0.0, 3.0))
def test_even_at_its_ends_leverage_leaves_an_exponent_to_bargain_with(
    own: float, exponent: float, bend: float
) -> None:
    bent = bent_exponent(column(exponent), column(own), column(bend))[0]
    assert np.isfinite(bent)
    assert bent > 0.0


def test_a_bend_of_one_scales_the_exponent_with_weakness() -> None:
    bent = bent_exponent(column(1.0), column(0.0, 0.25, 0.5, 1.0), column(1.0))
    assert bent.tolist() == pytest.approx([1.98, 1.49, 1.0, 0.02])
