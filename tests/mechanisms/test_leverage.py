"""Leverage: who needs the agreement less has the more of it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from negotiate_abm.mechanisms.leverage import (
    bent_exponent,
    built,
    leverage,
    reservation,
    steadfastness,
    wedge_interest,
)
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


# -- what a side could do instead ---------------------------------------------------------------

worths = st.floats(-20.0, 20.0)
private = st.floats(0.0, 0.99)


def least(outside: float, inside: float, share: float, best: float) -> float:
    return float(reservation(column(outside), column(inside), column(share), column(best))[0])


@lawful
@given(worths, st.floats(0.0, 10.0), worths, private, worths)
def test_an_outside_option_never_lowers_the_reservation(
    outside: float, rise: float, inside: float, share: float, best: float
) -> None:
    assert least(outside + rise, inside, share, best) >= least(outside, inside, share, best)


@lawful
@given(worths, worths, st.floats(0.0, 10.0), private, worths)
def test_what_an_alternative_earns_at_the_table_too_is_no_reason_to_leave_it(
    outside: float, inside: float, rise: float, share: float, best: float
) -> None:
    assert least(outside, inside + rise, share, best) <= least(outside, inside, share, best)


@lawful
@given(worths, worths, private, worths)
def test_nobody_takes_less_than_the_alternative_adds_or_its_pride_demands(
    outside: float, inside: float, share: float, best: float
) -> None:
    found = least(outside, inside, share, best)
    assert found >= outside - inside
    assert found >= share * best
    assert found in (outside - inside, share * best)


@lawful
@given(st.floats(0.0, 20.0), worths, private, st.floats(0.0, 20.0))
def test_a_dear_alternative_is_the_same_as_none(
    cost: float, inside: float, share: float, best: float
) -> None:
    assert least(-cost, max(inside, 0.0), share, best) == share * best


@lawful
@given(st.integers(0, 500), st.integers(0, 100), st.floats(1.0, 200.0))
def test_an_arrangement_earns_more_the_longer_it_is_built_and_in_full_when_it_is(
    week: int, later: int, weeks: float
) -> None:
    now, then = built(week, column(weeks))[0], built(week + later, column(weeks))[0]
    assert 0.0 <= now <= then <= 1.0
    assert (now == 1.0) == (week >= weeks)


def test_an_arrangement_just_begun_earns_nothing_and_half_built_half() -> None:
    assert built(0, column(1.0, 52.0)).tolist() == [0.0, 0.0]
    assert built(26, column(1.0, 26.0, 52.0)).tolist() == [1.0, 1.0, 0.5]


# -- wooing a third power's partner ---------------------------------------------------------------

weights = st.floats(0.0, 5.0)


def wedge(
    estranged: float,
    pulled: float,
    by_estrangement: float = 1.0,
    by_pull: float = 1.0,
    half: float = 0.1,
    eased: float = 0.0,
) -> float:
    terms = (estranged, pulled, by_estrangement, by_pull, half, eased)
    return float(wedge_interest(*(column(x) for x in terms))[0])


@lawful
@given(shares, shares, weights, weights, shares, shares)
def test_a_wedge_adds_to_a_partners_worth_and_no_more_than_its_weights(
    estranged: float, pulled: float, one: float, other: float, half: float, eased: float
) -> None:
    found = wedge(estranged, pulled, one, other, half, eased)
    assert 1.0 <= found <= 1.0 + one + other + 1e-12


@lawful
@given(shares, shares, weights, weights, shares)
def test_no_partner_is_worth_a_wedge_to_one_who_has_settled_with_the_third_power(
    estranged: float, pulled: float, one: float, other: float, half: float
) -> None:
    assert wedge(estranged, pulled, one, other, half, eased=1.0) == 1.0


@lawful
@given(shares, shares, shares, st.floats(0.01, 1.0))
def test_a_wedge_is_the_more_tempting_the_worse_and_the_looser_the_partners_other_tie(
    estranged: float, pulled: float, eased: float, step: float
) -> None:
    eased = 0.9 * eased
    here = wedge(estranged, pulled, eased=eased)
    assert wedge(estranged + step, pulled, eased=eased) > here
    assert wedge(estranged, pulled + step, eased=eased) > here
    assert wedge(estranged, pulled, eased=min(eased + step, 1.0)) <= here


def test_the_half_pull_pulls_half_and_none_pulls_not_at_all() -> None:
    assert wedge(0.0, 0.1, by_pull=3.0, half=0.1) == pytest.approx(2.5)
    assert wedge(0.5, 0.0, by_estrangement=2.0) == pytest.approx(2.0)
    assert wedge(0.5, 0.0, by_estrangement=2.0, half=0.0) == pytest.approx(2.0)


@lawful
@given(shares, shares, shares)
def test_a_partner_is_the_less_steadfast_the_likelier_the_threat_and_its_giving_in(
    threatened: float, gives_in: float, share: float
) -> None:
    def holds(threat: float, yielding: float) -> float:
        return float(steadfastness(column(threat), column(yielding))[0])

    found = holds(threatened, gives_in)
    assert 0.0 <= found <= 1.0
    assert found <= holds(share * threatened, gives_in)
    assert found <= holds(threatened, share * gives_in)


@lawful
@given(shares)
def test_one_who_is_not_threatened_or_does_not_yield_keeps_every_promise(chance: float) -> None:
    assert steadfastness(column(0.0, chance), column(chance, 0.0)).tolist() == [1.0, 1.0]
    assert steadfastness(column(1.0), column(chance))[0] == 1.0 - chance


@pytest.mark.parametrize("runs", [1, 5, 17])
def test_a_runs_reservation_and_wedge_do_not_feel_its_neighbours(runs: int) -> None:
    numbers = np.random.default_rng(runs).random((6, runs))
    for rule, seen in ((reservation, numbers[:4]), (wedge_interest, numbers)):
        together = rule(*seen)
        for i in range(runs):
            assert rule(*seen[:, i : i + 1])[0] == together[i]
