"""Trade: what a duty takes from the exporter, costs the buyer and brings the treasury."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from negotiate_abm.mechanisms import trade
from negotiate_abm.mechanisms.numerics import FloatArray

lawful = settings(max_examples=60, deadline=None)
rates = st.floats(0.0, 3.0)
steps = st.floats(0.01, 1.0)
sigmas = st.floats(1.2, 10.0)
omegas = st.floats(0.2, 20.0)
values = st.floats(0.01, 600.0)
shares = st.floats(0.0, 1.0)


def column(*values: float) -> FloatArray:
    return np.array(values, dtype=np.float64)


@lawful
@given(values, rates, sigmas, omegas)
def test_the_market_clears_at_the_exporters_price(
    value: float, tau: float, sigma: float, omega: float
) -> None:
    price = trade.exporter_price(column(tau), column(sigma), column(omega))[0]
    demand = value * (price * (1.0 + tau)) ** -sigma
    supply = value * price**omega
    assert demand == pytest.approx(supply)
    imports = trade.import_volume(column(value), column(tau), column(sigma), column(omega))[0]
    assert imports == pytest.approx(supply)


@lawful
@given(rates, steps, sigmas, omegas)
def test_a_higher_duty_lowers_the_exporters_price_and_raises_the_buyers(
    tau: float, step: float, sigma: float, omega: float
) -> None:
    duties = column(tau, tau + step)
    low_duty, high_duty = trade.exporter_price(duties, column(sigma), column(omega))
    assert high_duty < low_duty <= 1.0
    assert high_duty * (1.0 + tau + step) > low_duty * (1.0 + tau)


@lawful
@given(rates, sigmas, omegas)
def test_an_export_is_worth_its_price_times_its_volume(
    tau: float, sigma: float, omega: float
) -> None:
    goods = (column(tau), column(sigma), column(omega))
    volume = trade.import_volume(column(1.0), *goods)
    assert trade.value_share(*goods) == pytest.approx(trade.exporter_price(*goods) * volume)


@lawful
@given(values, rates, sigmas, omegas)
def test_the_free_trade_value_is_recovered_from_what_is_seen_under_a_duty(
    value: float, tau: float, sigma: float, omega: float
) -> None:
    goods = (column(tau), column(sigma), column(omega))
    seen = value * trade.value_share(*goods)
    assert trade.free_trade_value(seen, *goods)[0] == pytest.approx(value)


@lawful
@given(values, sigmas, omegas)
def test_nobody_loses_and_nobody_collects_without_a_duty(
    value: float, sigma: float, omega: float
) -> None:
    goods = (column(value), column(0.0), column(sigma), column(omega))
    for worth in (trade.exporter_loss, trade.buyers_loss, trade.revenue, trade.imposer_cost):
        assert worth(*goods)[0] == pytest.approx(0.0, abs=1e-12)
    assert trade.import_volume(*goods)[0] == pytest.approx(value)


@lawful
@given(values, rates, steps, sigmas, omegas)
def test_the_exporters_loss_rises_with_the_duty_and_never_passes_the_whole_surplus(
    value: float, tau: float, step: float, sigma: float, omega: float
) -> None:
    duties = column(tau, tau + step)
    low, high = trade.exporter_loss(column(value), duties, column(sigma), column(omega))
    assert 0.0 <= low < high < value / (1.0 + omega)


@lawful
@given(values, rates, sigmas, omegas)
def test_the_exporters_loss_is_the_area_beside_the_supply_curve(
    value: float, tau: float, sigma: float, omega: float
) -> None:
    goods = (column(tau), column(sigma), column(omega))
    price = trade.exporter_price(*goods)[0]
    area, _ = quad(lambda p: value * p**omega, price, 1.0)
    assert trade.exporter_loss(column(value), *goods)[0] == pytest.approx(area, abs=1e-9)


@lawful
@given(values, rates, sigmas, omegas)
def test_the_buyers_loss_is_the_area_beside_the_demand_curve(
    value: float, tau: float, sigma: float, omega: float
) -> None:
    goods = (column(tau), column(sigma), column(omega))
    buyers_price = trade.exporter_price(*goods)[0] * (1.0 + tau)
    area, _ = quad(lambda p: value * p**-sigma, 1.0, buyers_price)
    assert trade.buyers_loss(column(value), *goods)[0] == pytest.approx(area, abs=1e-9)


@lawful
@given(values, rates, sigmas, omegas)
def test_revenue_is_the_wedge_between_the_two_prices_times_the_volume(
    value: float, tau: float, sigma: float, omega: float
) -> None:
    goods = (column(tau), column(sigma), column(omega))
    price = trade.exporter_price(*goods)[0]
    wedge = price * (1.0 + tau) - price
    volume = value * (price * (1.0 + tau)) ** -sigma
    assert trade.revenue(column(value), *goods)[0] == pytest.approx(wedge * volume)


@lawful
@given(values, st.floats(0.01, 3.0), sigmas, omegas)
def test_a_duty_destroys_more_than_it_moves(
    value: float, tau: float, sigma: float, omega: float
) -> None:
    goods = (column(value), column(tau), column(sigma), column(omega))
    deadweight = trade.exporter_loss(*goods) + trade.imposer_cost(*goods)
    assert deadweight[0] > 0.0
    lost = trade.buyers_loss(*goods) - trade.revenue(*goods)
    assert trade.imposer_cost(*goods)[0] == lost[0]


def test_a_small_duty_on_a_captive_supplier_pays_and_on_a_nimble_one_does_not() -> None:
    duty, sigma = column(0.05), column(4.0)
    assert trade.imposer_cost(column(10.0), duty, sigma, column(0.5))[0] < 0.0
    assert trade.imposer_cost(column(10.0), duty, sigma, column(1000.0))[0] > 0.0


@pytest.mark.parametrize("sigma", [4.0, 6.0, 7.0])
@pytest.mark.parametrize("omega", [4.0, 8.0, 12.0])
def test_a_duty_of_three_quarters_takes_the_exporter_most_of_its_surplus(
    sigma: float, omega: float
) -> None:
    lost = trade.exporter_loss(column(1.0 + omega), column(0.75), column(sigma), column(omega))
    assert lost[0] > 0.7


def test_a_duty_of_three_quarters_acts_as_a_ban_on_what_is_easily_replaced() -> None:
    canola_seed = (column(6.0), column(8.0))
    imports = trade.import_volume(column(1.0), column(0.758), *canola_seed)
    assert imports[0] < 0.15
    left = trade.value_share(column(0.758), *canola_seed)
    assert left[0] < 0.12


def test_a_supplier_with_other_buyers_loses_less() -> None:
    losses = trade.exporter_loss(column(1.0), column(0.25), column(5.0), column(0.5, 2.0, 8.0))
    assert losses[0] > losses[1] > losses[2]


@lawful
@given(st.floats(0.0, 1.0), rates, st.floats(0.0, 0.5), sigmas, omegas)
def test_the_rate_that_restores_a_share_of_the_loss_leaves_exactly_the_rest(
    share: float, duty: float, floor: float, sigma: float, omega: float
) -> None:
    goods = (column(sigma), column(omega))
    now = column(floor + duty)
    rate = trade.rate_restoring(column(share), now, column(floor), *goods)

    def loss(tau: FloatArray) -> float:
        return float(trade.exporter_loss(column(100.0), tau, *goods)[0])

    kept = loss(now) - loss(column(floor))
    assert loss(now) - loss(rate) == pytest.approx(share * kept, abs=1e-9)
    assert floor - 1e-9 <= rate[0] <= floor + duty + 1e-9


def test_to_restore_nothing_keeps_the_duty_and_to_restore_all_returns_to_the_floor() -> None:
    goods = (column(0.848), column(0.09), column(6.0), column(8.0))
    kept, gone = trade.rate_restoring(column(0.0, 1.0), *goods)
    assert kept == pytest.approx(0.848)
    assert gone == pytest.approx(0.09)


@lawful
@given(st.floats(0.1, 0.9))
def test_the_first_cuts_of_a_high_duty_restore_least(share: float) -> None:
    rate = trade.rate_restoring(column(share), column(1.0), column(0.0), column(5.0), column(5.0))
    assert 1.0 - rate[0] > share


@lawful
@given(
    rates,
    st.floats(0.0, 0.5),
    sigmas,
    omegas,
    st.floats(0.0, 1.0),
    st.floats(0.0, 3.0),
    st.floats(0.0, 5.0),
)
def test_the_cost_of_a_cut_is_what_producers_treasury_and_coercion_lose_less_what_buyers_gain(
    duty: float,
    floor: float,
    sigma: float,
    omega: float,
    producers_share: float,
    producers_weight: float,
    coercive_value: float,
) -> None:
    goods = (column(sigma), column(omega))
    now = floor + duty
    cost = trade.cost_of_cutting(
        column(10.0),
        column(now),
        column(floor),
        *goods,
        column(producers_share),
        column(producers_weight),
        column(coercive_value),
    )[0]
    price_now = trade.exporter_price(column(now), *goods)[0]
    price_then = trade.exporter_price(column(floor), *goods)[0]
    extra_imports = 10.0 * (price_then**omega - price_now**omega)
    producers = (1.0 + producers_weight) * producers_share * extra_imports
    treasury = 10.0 * (now * price_now ** (1.0 + omega) - floor * price_then ** (1.0 + omega))
    buyers, _ = quad(
        lambda p: 10.0 * p**-sigma, price_then * (1.0 + floor), price_now * (1.0 + now)
    )
    lever = coercive_value if now > floor else 0.0
    assert cost == pytest.approx(producers + treasury - buyers + lever, abs=1e-8)


def test_a_government_that_weighs_its_producers_more_finds_a_cut_dearer() -> None:
    fixed = (column(2.0), column(1.06), column(0.06), column(5.0), column(5.0), column(0.5))
    costs = trade.cost_of_cutting(*fixed, column(0.0, 1.0, 2.0), column(0.0))
    assert costs[0] < costs[1] < costs[2]


@lawful
@given(values, rates, rates, sigmas, omegas)
def test_two_duties_in_turn_take_what_they_take_together(
    value: float, base: float, added: float, sigma: float, omega: float
) -> None:
    goods = (column(sigma), column(omega))
    first = trade.exporter_loss(column(value), column(base), *goods)
    both = trade.exporter_loss(column(value), column(base + added), *goods)
    further = trade.added_loss(column(value), column(base), column(added), *goods)
    assert further[0] >= 0.0
    assert (first + further)[0] == pytest.approx(both[0], abs=1e-9)


def test_a_duty_that_is_lowered_takes_nothing_further() -> None:
    assert trade.added_loss(column(5.0), column(0.5), column(-0.2), column(4.0), column(4.0)) == 0.0


def test_the_same_duty_hurts_less_on_top_of_another() -> None:
    added = trade.added_loss(column(5.0), column(0.0, 0.5), column(0.25), column(4.0), column(4.0))
    assert added[0] > added[1] > 0.0


@lawful
@given(st.integers(1, 40), st.integers(0, 2**32))
def test_a_flow_does_not_feel_how_many_others_are_computed_beside_it(runs: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    flow = [rng.uniform(low, high, runs) for low, high in ((0, 9), (0, 2), (1.5, 8), (1, 9))]
    alone = [column(x[-1]) for x in flow]
    for worth in (trade.exporter_loss, trade.buyers_loss, trade.revenue, trade.import_volume):
        assert worth(*flow)[-1] == worth(*alone)[0]


# -- exports, and the country too small to matter -------------------------------------------------


@lawful
@given(values, rates, steps, sigmas, omegas)
def test_exports_are_worth_less_the_higher_the_duty_and_their_free_trade_value_without(
    value: float, tau: float, step: float, sigma: float, omega: float
) -> None:
    duties = column(0.0, tau, tau + step)
    goods = (column(sigma), column(omega))
    free, low, high = trade.value_under(column(value), duties, *goods)
    assert free == pytest.approx(value)
    assert 0.0 < high < low <= free * (1.0 + 1e-12)
    volume = trade.import_volume(column(value), column(tau), *goods)[0]
    assert low == pytest.approx(volume * trade.exporter_price(column(tau), *goods)[0])


@lawful
@given(values, shares, rates, st.floats(0.0, 0.5), sigmas, omegas)
def test_exports_regained_are_linear_in_the_share_of_the_loss_made_good(
    value: float, level: float, duty: float, floor: float, sigma: float, omega: float
) -> None:
    goods = (column(sigma), column(omega))
    now, bottom = column(floor + duty), column(floor)
    rate = trade.rate_restoring(column(level), now, bottom, *goods)

    def exports(tau: FloatArray) -> float:
        return float(trade.value_under(column(value), tau, *goods)[0])

    def loss(tau: FloatArray) -> float:
        return float(trade.exporter_loss(column(value), tau, *goods)[0])

    by_level = exports(now) + level * (exports(bottom) - exports(now))
    assert exports(rate) == pytest.approx(by_level, rel=1e-9)
    saved = (exports(rate) - exports(now)) / (1.0 + omega)
    assert loss(now) - loss(rate) == pytest.approx(saved, abs=1e-9 * value)


@lawful
@given(values, rates, sigmas, st.floats(1e3, 1e9))
def test_a_country_too_small_to_matter_bears_no_price_and_loses_nothing_by_a_duty(
    value: float, tau: float, sigma: float, omega: float
) -> None:
    goods = (column(tau), column(sigma), column(omega))
    least_price = 1.0 - sigma * np.log1p(tau) / omega - 1e-15
    assert least_price <= trade.exporter_price(*goods)[0] <= 1.0
    assert 0.0 <= trade.exporter_loss(column(value), *goods)[0] <= value / omega


@lawful
@given(values, rates, sigmas)
def test_against_a_country_too_small_to_matter_the_imposer_bears_the_whole_duty(
    value: float, tau: float, sigma: float
) -> None:
    """Hold supply of elasticity 1e9 to the closed forms of the limit."""
    goods = (column(value), column(tau), column(sigma), column(1e9))
    gross = 1.0 + tau
    exports = value * gross**-sigma
    assert trade.value_under(*goods)[0] == pytest.approx(exports, rel=1e-6)
    assert trade.import_volume(*goods)[0] == pytest.approx(exports, rel=1e-6)
    hurt = value * (1.0 - gross ** (1.0 - sigma)) / (sigma - 1.0)
    assert trade.buyers_loss(*goods)[0] == pytest.approx(hurt, abs=1e-6 * value)
    assert trade.imposer_cost(*goods)[0] == pytest.approx(hurt - tau * exports, abs=1e-6 * value)
    assert trade.imposer_cost(*goods)[0] >= -1e-6 * value
    scaled = 1e9 * trade.exporter_loss(*goods)[0]
    assert scaled == pytest.approx(value * (1.0 - gross**-sigma), rel=1e-6, abs=1e-6 * value)


@lawful
@given(rates, steps, sigmas, omegas, shares, st.floats(0.0, 3.0), st.floats(0.1, 2.0))
def test_each_unit_of_weight_on_producers_makes_a_cut_dearer_by_what_they_lose(
    floor: float,
    duty: float,
    sigma: float,
    omega: float,
    producers_share: float,
    weight: float,
    more: float,
) -> None:
    cut = (column(10.0), column(floor + duty), column(floor), column(sigma), column(omega))
    lost = trade.producers_loss(*cut, column(producers_share))[0]
    assert lost >= 0.0
    lighter, heavier = trade.cost_of_cutting(
        *cut, column(producers_share), column(weight, weight + more), column(1.0)
    )
    assert heavier - lighter == pytest.approx(more * lost, abs=1e-9)


@lawful
@given(rates, sigmas, omegas, shares)
def test_producers_lose_nothing_where_no_duty_is_cut_and_a_share_of_what_comes_in_where_one_is(
    duty: float, sigma: float, omega: float, producers_share: float
) -> None:
    goods = (column(sigma), column(omega), column(producers_share))
    kept = trade.producers_loss(column(5.0), column(duty), column(duty), *goods)[0]
    assert kept == 0.0
    lost = trade.producers_loss(column(5.0), column(duty), column(0.0), *goods)[0]
    imports = trade.import_volume(column(5.0), column(duty), *goods[:2])[0]
    assert lost == pytest.approx(producers_share * (5.0 - imports), abs=1e-12)


@lawful
@given(st.floats(0.0, 500.0), values, shares)
def test_the_share_pulled_away_is_a_share(gained: float, exports: float, moved: float) -> None:
    found = trade.pulled_share(column(gained), column(exports), column(moved))[0]
    assert 0.0 <= found <= 1.0
    assert found == pytest.approx(min(gained / exports + moved, 1.0))


@lawful
@given(st.floats(0.0, 500.0), st.floats(0.0, 50.0), values, shares, shares)
def test_more_gained_elsewhere_or_moved_pulls_no_less_away(
    gained: float, more: float, exports: float, moved: float, further: float
) -> None:
    gains, moves = column(gained, gained + more, gained), column(moved, moved, moved + further)
    here, richer, further_gone = trade.pulled_share(gains, column(exports), moves)
    assert richer >= here
    assert further_gone >= here


def test_exports_lost_elsewhere_bring_no_partner_closer_than_it_was() -> None:
    assert trade.pulled_share(column(-3.0), column(10.0), column(0.0)).tolist() == [0.0]
