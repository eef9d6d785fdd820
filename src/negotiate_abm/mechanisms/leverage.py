"""Leverage from asymmetric interdependence.

Hirschman (1945), "National Power and the Structure of Foreign Trade"; Keohane and
Nye (1977), "Power and Interdependence"; Wagner (1988) on what it does not buy. The
side that loses more of its income without an agreement has the less leverage.
"""

from __future__ import annotations

import numpy as np

from negotiate_abm.mechanisms.numerics import FloatArray, power, ratio

# How far from its ends leverage is kept where it bends an exponent.
LEVERAGE_MARGIN = 0.01


def leverage(
    own_stake: FloatArray, own_gdp: FloatArray, other_stake: FloatArray, other_gdp: FloatArray
) -> FloatArray:
    """Return one side's leverage over the other, in [0, 1]; a half is balance.

    Parameters
    ----------
    own_stake, other_stake : arrays
        Cost of no agreement, C$ billion a year, at least zero: at a table, all that the
        other side could still give, less what the alternatives are worth.
    own_gdp, other_gdp : arrays
        C$ billion a year. Pass ones for the unscaled figure.
    """
    own_cost = own_stake / own_gdp
    other_cost = other_stake / other_gdp
    return ratio(other_cost, own_cost + other_cost, otherwise=0.5)


def bent_exponent(exponent: FloatArray, own_leverage: FloatArray, bend: FloatArray) -> FloatArray:
    """Return the concession exponent bent by leverage: the side that waiting hurts concedes sooner.

    ``e * (2 * (1 - leverage)) ** bend``, so that balance leaves e alone and a `bend` of
    zero switches the effect off. Leverage is kept off its ends, where e would vanish.
    """
    inside = LEVERAGE_MARGIN + (1.0 - 2.0 * LEVERAGE_MARGIN) * own_leverage
    weakness = 2.0 * (1.0 - inside)
    return exponent * power(weakness, bend)


def reservation(
    outside: FloatArray, inside: FloatArray, private_share: FloatArray, best: FloatArray
) -> FloatArray:
    """Return the least a side accepts over the status quo, ``max(o - d, rho * best)``.

    Parameters
    ----------
    outside : array
        o, what quitting the table would be worth, net of set-up costs (C$ billion a year).
    inside : array
        d, what the alternative earns already while the side stays at the table.
    private_share : array
        rho in [0, 1), the share of the best deal below which it would rather have none.
    best : array
        The best it could hope for here, C$ billion a year.
    """
    return np.maximum(outside - inside, private_share * best)


def built(week: int, build_weeks: FloatArray) -> FloatArray:
    """Return the share of an arrangement begun in week 0 that earns by now, in [0, 1]."""
    return np.minimum(week / build_weeks, 1.0)


def wedge_interest(
    estrangement: FloatArray,
    pulled: FloatArray,
    weight_estrangement: FloatArray,
    weight_pull: FloatArray,
    half_pull: FloatArray,
    eased: FloatArray,
) -> FloatArray:
    """Return by how much a partner's promises gain in worth because a third power loses it.

    ``1 + (w_e h + w_p s / (s + s_half)) (1 - eased)``: a partner whom the third power
    treats with hostility h, and whose trade leaves it by a share s, is worth wooing: the
    strategy of the wedge (Crawford 2011, "Preventing Enemy Coalitions"). Nothing is added
    where wooer and third power have settled their own quarrel (`eased` one).
    """
    drawn = ratio(pulled, pulled + half_pull, otherwise=0.0)
    return 1.0 + (weight_estrangement * estrangement + weight_pull * drawn) * (1.0 - eased)


def steadfastness(threatened: FloatArray, gives_in: FloatArray) -> FloatArray:
    """Return the share of a partner's promises that survive a third power's pressure.

    ``1 - Pr(threat) * Pr(it gives in | threat)``.
    """
    return 1.0 - threatened * gives_in
