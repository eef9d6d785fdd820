"""Tactics: how a negotiator's aspiration falls as its time runs out.

Faratin, Sierra and Jennings (1998), "Negotiation decision functions for autonomous
agents": ``a(t) = r + (best - r) * (1 - (t / T) ** (1 / e))``. The exponent here is
theirs: e < 1 is Boulware (holds, then gives way near the deadline), e > 1 is a conceder.
GENIUS uses the same e; the exponent of NegMAS is its inverse. Mind it when comparing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from negotiate_abm.mechanisms.numerics import FloatArray, power
from negotiate_abm.mechanisms.registry import Registry


@dataclass(frozen=True)
class BargainingView:
    """What a negotiator sees when it sets its aspiration.

    Each is an array of shape (runs,), or a float for a rule written for one run.

    Parameters
    ----------
    clock : array
        Share of the round's time gone, t / T in [0, 1].
    reservation : array
        Worth of the least it would accept (C$ billion a year).
    best : array
        Worth of the best it could hope for (C$ billion a year).
    exponent : array
        Its concession exponent e, after leverage has bent it.
    """

    clock: FloatArray
    reservation: FloatArray
    best: FloatArray
    exponent: FloatArray


# Faratin et al. call the tactic so at exponents of this order.
BOULWARE, CONCEDER = 0.2, 5.0

tactics: Registry[BargainingView] = Registry("tactic")


def falling_aspiration(view: BargainingView, exponent: FloatArray) -> FloatArray:
    """Return the time-dependent aspiration at this exponent, C$ billion a year."""
    conceded = power(view.clock, 1.0 / exponent)
    return view.reservation + (view.best - view.reservation) * (1.0 - conceded)


@tactics.register("time_dependent")
def time_dependent(view: BargainingView) -> FloatArray:
    """Concede on the clock with the country's own exponent."""
    return falling_aspiration(view, view.exponent)


@tactics.register("boulware")
def boulware(view: BargainingView) -> FloatArray:
    """Hold firm until late: a fifth of the country's exponent (e = 0.2 in Faratin et al.)."""
    return falling_aspiration(view, BOULWARE * view.exponent)


@tactics.register("conceder")
def conceder(view: BargainingView) -> FloatArray:
    """Give way early: five times the country's exponent (e = 5 in Faratin et al.)."""
    return falling_aspiration(view, CONCEDER * view.exponent)


@tactics.register("firm")
def firm(view: BargainingView) -> FloatArray:
    """Hold out for the best and give way to the reservation only at the deadline."""
    return np.where(view.clock >= 1.0, view.reservation, view.best)
