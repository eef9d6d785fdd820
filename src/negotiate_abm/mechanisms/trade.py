"""Trade under a tariff: prices, losses, revenue, and what a tariff cut costs the imposer.

Partial equilibrium for one flow. At free trade the price is one and the flow is
worth F (C$ billion a year). Import demand is ``F * (p * (1 + tau)) ** -sigma`` and
export supply ``F * p ** omega``, with p the exporter's price, tau the ad-valorem
tariff (a fraction), sigma the elasticity of substitution (Armington 1969) and omega
the elasticity of export supply (Broda, Limao and Weinstein 2008). A finite omega
carries the diversion to other buyers; omega without bound is the small country.
"""

from __future__ import annotations

import numpy as np

from negotiate_abm.mechanisms.numerics import FloatArray, power


def _price_decay(sigma: FloatArray, omega: FloatArray) -> FloatArray:
    return sigma / (sigma + omega)


def exporter_price(tau: FloatArray, sigma: FloatArray, omega: FloatArray) -> FloatArray:
    """Return the exporter's price relative to free trade, ``(1+tau)**(-sigma/(sigma+omega))``."""
    return power(1.0 + tau, -_price_decay(sigma, omega))


def value_share(tau: FloatArray, sigma: FloatArray, omega: FloatArray) -> FloatArray:
    """Return the export value under the tariff as a share of its free-trade value, in (0, 1]."""
    return power(1.0 + tau, -_price_decay(sigma, omega) * (1.0 + omega))


def free_trade_value(
    value: FloatArray, tau: FloatArray, sigma: FloatArray, omega: FloatArray
) -> FloatArray:
    """Return F, the free-trade value of a flow seen to be worth `value` under `tau`."""
    return value / value_share(tau, sigma, omega)


def exporter_loss(
    free_value: FloatArray, tau: FloatArray, sigma: FloatArray, omega: FloatArray
) -> FloatArray:
    """Return the exporters' surplus lost to the tariff, C$ billion a year.

    ``F / (1 + omega) * (1 - (1 + tau) ** (-sigma * (1 + omega) / (sigma + omega)))``: zero
    without a tariff, rising in it, and bounded by the whole surplus.
    """
    return free_value / (1.0 + omega) * (1.0 - value_share(tau, sigma, omega))


def rate_restoring(
    share: FloatArray,
    tau_now: FloatArray,
    tau_floor: FloatArray,
    sigma: FloatArray,
    omega: FloatArray,
) -> FloatArray:
    """Return the tariff that gives the exporter back `share` of what the duty takes.

    The duty is the step from `tau_floor` to `tau_now`; a share of zero keeps the
    present tariff, one returns to the floor.
    """
    now = value_share(tau_now, sigma, omega)
    floor = value_share(tau_floor, sigma, omega)
    restored = now + share * (floor - now)
    return power(restored, -1.0 / (_price_decay(sigma, omega) * (1.0 + omega))) - 1.0


def buyers_loss(
    free_value: FloatArray, tau: FloatArray, sigma: FloatArray, omega: FloatArray
) -> FloatArray:
    """Return the importing buyers' surplus lost to the tariff, C$ billion a year (sigma > 1)."""
    buyers_price = (1.0 + tau) * exporter_price(tau, sigma, omega)
    return free_value * (1.0 - power(buyers_price, 1.0 - sigma)) / (sigma - 1.0)


def revenue(
    free_value: FloatArray, tau: FloatArray, sigma: FloatArray, omega: FloatArray
) -> FloatArray:
    """Return the tariff revenue, C$ billion a year."""
    return tau * free_value * value_share(tau, sigma, omega)


def imposer_cost(
    free_value: FloatArray, tau: FloatArray, sigma: FloatArray, omega: FloatArray
) -> FloatArray:
    """Return the imposer's own net loss from a tariff: buyers' loss less revenue.

    This is the blow-back of a retaliatory tariff. It is negative for a small
    tariff on an inelastic supplier: the optimum-tariff gain.
    """
    return buyers_loss(free_value, tau, sigma, omega) - revenue(free_value, tau, sigma, omega)


def import_volume(
    free_value: FloatArray, tau: FloatArray, sigma: FloatArray, omega: FloatArray
) -> FloatArray:
    """Return imports at free-trade prices, C$ billion a year."""
    return free_value * power(exporter_price(tau, sigma, omega), omega)


def cost_of_cutting(
    free_value: FloatArray,
    tau_now: FloatArray,
    tau_floor: FloatArray,
    sigma: FloatArray,
    omega: FloatArray,
    producers_share: FloatArray,
    producers_weight: FloatArray,
    coercive_value: FloatArray,
) -> FloatArray:
    """Return what it costs the imposer to cut a duty from `tau_now` to `tau_floor`.

    ``(1 + lambda) * producers' loss + revenue lost - buyers' gain + coercive value``,
    with lambda the weight of producers in the government's eyes (Grossman and Helpman
    1994, 1995). A duty in force reveals a cost of at least zero.

    Parameters
    ----------
    producers_share : array
        Protected producers' surplus lost for each C$ of extra imports.
    producers_weight : array
        lambda, at least zero.
    coercive_value : array
        What the part of the duty that is cut was worth to its imposer as a lever, C$
        billion a year.
    """
    goods = (sigma, omega)
    hurt = producers_loss(free_value, tau_now, tau_floor, *goods, producers_share)
    revenue_lost = revenue(free_value, tau_now, *goods) - revenue(free_value, tau_floor, *goods)
    buyers_gain = buyers_loss(free_value, tau_now, *goods) - buyers_loss(
        free_value, tau_floor, *goods
    )
    lever_lost = np.where(tau_now > tau_floor, coercive_value, 0.0)
    return (1.0 + producers_weight) * hurt + revenue_lost - buyers_gain + lever_lost


def producers_loss(
    free_value: FloatArray,
    tau_now: FloatArray,
    tau_floor: FloatArray,
    sigma: FloatArray,
    omega: FloatArray,
    producers_share: FloatArray,
) -> FloatArray:
    """Return what protected producers lose by a cut of a duty, C$ billion a year."""
    goods = (sigma, omega)
    extra = import_volume(free_value, tau_floor, *goods) - import_volume(
        free_value, tau_now, *goods
    )
    return producers_share * extra


def added_loss(
    free_value: FloatArray,
    tau_base: FloatArray,
    tau_added: FloatArray,
    sigma: FloatArray,
    omega: FloatArray,
) -> FloatArray:
    """Return the exporters' further loss from `tau_added` on top of `tau_base`, C$bn/yr."""
    before = value_share(tau_base, sigma, omega)
    after = value_share(tau_base + tau_added, sigma, omega)
    return np.maximum(free_value / (1.0 + omega) * (before - after), 0.0)


def value_under(
    free_value: FloatArray, tau: FloatArray, sigma: FloatArray, omega: FloatArray
) -> FloatArray:
    """Return the export value under a tariff, C$ billion a year."""
    return free_value * value_share(tau, sigma, omega)


def pulled_share(
    gained_elsewhere: FloatArray, exports: FloatArray, moved: FloatArray
) -> FloatArray:
    """Return the share of exports to one partner that has been pulled away from it, in [0, 1].

    Parameters
    ----------
    gained_elsewhere : array
        Exports regained at another table, C$ billion a year.
    exports : array
        Exports to the partner at the start, C$ billion a year, positive.
    moved : array
        Share that parallel arrangements have moved.
    """
    return np.clip(gained_elsewhere / exports + moved, 0.0, 1.0)
