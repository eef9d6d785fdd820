"""Leverage from asymmetric interdependence.

Hirschman (1945), "National Power and the Structure of Foreign Trade"; Keohane and
Nye (1977), "Power and Interdependence"; Wagner (1988) on what it does not buy. The
side that loses more of its income without an agreement has the less leverage.
"""

from __future__ import annotations

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
        Cost of no agreement, C$ billion a year, at least zero: at a table, the best that a
        side could gain there.
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
