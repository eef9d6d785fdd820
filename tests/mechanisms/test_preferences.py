"""Preferences: what a level on a ladder fills, is worth, and is believed to be worth."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from negotiate_abm.mechanisms import preferences
from negotiate_abm.mechanisms.numerics import FloatArray

lawful = settings(max_examples=60, deadline=None)
shares = st.floats(0.0, 1.0)
worths = st.floats(0.0, 100.0)

# A ladder of three rungs, at 0.2, 0.5 and 1, padded with a segment above the top.
FLOOR = np.array([[[0.0, 0.2, 0.5, 1.0]]])
WIDTH = np.array([[[0.2, 0.3, 0.5, 1.0]]])


def column(*values: float) -> FloatArray:
    return np.array(values, dtype=np.float64)


def filled(level: float) -> list[float]:
    return preferences.filled(np.array([[level]]), FLOOR, WIDTH)[0, 0].tolist()


def rounded(level: float, divisible: list[bool]) -> float:
    kinds = np.array([[divisible]])
    return float(preferences.round_down(np.array([[level]]), FLOOR, WIDTH, kinds)[0, 0])


def test_a_rung_is_reached_by_what_stands_on_it_to_within_rounding() -> None:
    sum_of_widths = 0.1 + 0.2
    rung = column(0.3, sum_of_widths, 0.3, 0.3)
    levels = column(sum_of_widths, 0.3, 0.3 - 1e-8, 1.0)
    assert preferences.reaches(levels, rung).tolist() == [True, True, False, True]


def test_segments_fill_from_the_bottom() -> None:
    assert filled(0.0) == [0.0, 0.0, 0.0, 0.0]
    assert filled(0.1) == pytest.approx([0.5, 0.0, 0.0, 0.0])
    assert filled(0.35) == pytest.approx([1.0, 0.5, 0.0, 0.0])
    assert filled(1.0) == [1.0, 1.0, 1.0, 0.0]


@lawful
@given(st.floats(-1.0, 1.0))
def test_a_level_is_the_sum_of_what_it_fills(level: float) -> None:
    parts = np.array(filled(level))
    assert ((parts >= 0.0) & (parts <= 1.0)).all()
    assert (parts * WIDTH[0, 0]).sum() == pytest.approx(np.clip(level, 0.0, 1.0))


@lawful
@given(shares, shares)
def test_a_higher_level_fills_no_segment_less(one: float, other: float) -> None:
    lower, higher = sorted((one, other))
    assert (np.array(filled(higher)) >= np.array(filled(lower))).all()


@lawful
@given(shares)
def test_a_ladder_divisible_throughout_rounds_nothing(level: float) -> None:
    assert rounded(level, [True] * 4) == level


@lawful
@given(shares)
def test_a_ladder_of_talk_rounds_down_to_the_rung_below(level: float) -> None:
    below = max(rung for rung in (0.0, 0.2, 0.5, 1.0) if preferences.reaches(level, rung))
    assert rounded(level, [False] * 4) == pytest.approx(below, abs=2e-9)


def test_only_the_indivisible_part_of_a_ladder_is_taken_back() -> None:
    talk_then_substance = [False, True, True, True]
    assert rounded(0.19, talk_then_substance) == 0.0
    assert rounded(0.3, talk_then_substance) == 0.3
    substance_then_talk = [True, True, False, False]
    assert rounded(0.1, substance_then_talk) == 0.1
    assert rounded(0.9, substance_then_talk) == 0.5


@pytest.mark.parametrize("rung", [0.2, 0.5, 1.0])
@pytest.mark.parametrize("slip", [-1e-12, 0.0, 1e-12])
def test_a_rung_missed_by_rounding_alone_is_kept(rung: float, slip: float) -> None:
    assert rounded(rung + slip, [False] * 4) == rung + slip


def test_each_issue_of_each_run_is_rounded_on_its_own() -> None:
    levels = np.array([[0.1, 0.6], [0.35, 1.0]])
    floor, width = np.tile(FLOOR, (2, 2, 1)), np.tile(WIDTH, (2, 2, 1))
    divisible = np.zeros((2, 2, 4), dtype=np.bool_)
    divisible[0, 1] = True
    found = preferences.round_down(levels, floor, width, divisible)
    assert found.tolist() == [[0.0, 0.6], [0.2, 1.0]]


@lawful
@given(worths, shares)
def test_a_promise_is_worth_no_more_than_its_word_and_nothing_from_a_liar(
    benefit: float, trust: float
) -> None:
    gain = preferences.believed_gain(column(benefit), column(trust, 0.0, 1.0))
    assert gain.tolist() == [trust * benefit, 0.0, benefit]


@lawful
@given(worths, shares, shares)
def test_one_expects_to_bear_what_is_sunk_at_least_and_the_whole_at_most(
    cost: float, trust: float, sunk: float
) -> None:
    borne = preferences.believed_cost(column(cost), column(trust), column(sunk))[0]
    assert sunk * cost - 1e-9 <= borne <= cost + 1e-9
    assert borne == pytest.approx(cost * trust + sunk * cost * (1.0 - trust))


def test_with_a_trusted_partner_one_bears_all_and_with_a_liar_what_is_sunk() -> None:
    assert preferences.believed_cost(column(8.0), column(1.0, 0.0), column(0.25)).tolist() == [8, 2]


@lawful
@given(st.floats(0.1, 100.0), st.floats(0.1, 10.0), st.floats(0.01, 0.3))
def test_a_flow_for_some_years_is_worth_its_present_value_in_perpetuity(
    amount: float, years: float, rate: float
) -> None:
    times = np.linspace(0.0, years, 4001)
    present_value = np.trapezoid(amount * np.exp(-rate * times), times)
    worth = preferences.perpetual_worth(column(amount), column(years), column(rate))[0]
    assert worth / rate == pytest.approx(present_value, rel=1e-5)


@lawful
@given(worths, st.floats(0.0, 50.0), st.floats(0.0, 0.5))
def test_what_ends_is_worth_less_than_what_does_not(
    amount: float, years: float, rate: float
) -> None:
    worth = preferences.perpetual_worth(column(amount), column(years), column(rate))[0]
    assert 0.0 <= worth <= amount


def test_no_years_of_it_are_worth_nothing_and_many_are_worth_it_all() -> None:
    worth = preferences.perpetual_worth(column(3.0), column(0.0, 1e6), column(0.05))
    assert worth.tolist() == [0.0, 3.0]


@lawful
@given(st.floats(0.005, 0.3), st.floats(0.0, 5.0), st.floats(0.001, 5.0))
def test_a_flow_that_may_be_cut_off_is_worth_less_the_likelier_that_is(
    rate: float, hazard: float, more: float
) -> None:
    hazards = column(hazard, hazard + more)
    safer, riskier = preferences.lasting_share(column(rate), hazards)
    assert 0.0 < riskier < safer <= 1.0


@lawful
@given(st.floats(0.01, 0.3), st.floats(0.0, 0.5))
def test_a_flow_that_may_be_cut_off_is_worth_what_is_expected_of_it_discounted(
    rate: float, hazard: float
) -> None:
    years = np.linspace(0.0, 1500.0, 150_001)
    lasting = np.trapezoid(np.exp(-(rate + hazard) * years), years)
    for_ever = np.trapezoid(np.exp(-rate * years), years)
    share = preferences.lasting_share(column(rate), column(hazard))[0]
    assert share == pytest.approx(lasting / for_ever, rel=1e-4)


@lawful
@given(st.floats(0.0, 0.3), st.floats(0.001, 0.3), st.floats(0.001, 5.0))
def test_the_impatient_mind_least_that_a_flow_may_end(
    rate: float, more: float, hazard: float
) -> None:
    patient, impatient = preferences.lasting_share(column(rate, rate + more), column(hazard))
    assert patient < impatient


def test_a_flow_that_nothing_ends_is_worth_it_all_even_to_one_who_does_not_discount() -> None:
    rates, hazards = column(0.05, 0.0, 0.0), column(0.0, 0.0, 0.2)
    assert preferences.lasting_share(rates, hazards).tolist() == [1.0, 1.0, 0.0]
