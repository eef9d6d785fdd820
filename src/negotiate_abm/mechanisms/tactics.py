"""Tactics: what a negotiator insists on, by the clock, by the other's conduct, or by both.

Faratin, Sierra and Jennings (1998), "Negotiation decision functions for autonomous
agents".

*By the clock*: ``a(t) = r + (best - r) * (1 - (t / T) ** (1 / e))``. The exponent here is
theirs: e < 1 is Boulware (holds, then gives way near the deadline), e > 1 is a conceder.
GENIUS uses the same e; the exponent of NegMAS is its inverse. Mind it when comparing.

*By the other's conduct* (their section 4.3): relative, random absolute and averaged tit
for tat. They write these in the value of one issue, each side's offer beside the
other's. A package has many issues, so here they are written in worth to oneself: the
other concedes when it offers what is worth more to oneself, and one answers by insisting
on less. The ratios are of what the other still *withholds*, the best one could hope for
less what it offers: a price has a natural zero, a worth has none but the best. Imitators
do not watch the clock; at the deadline it is acceptance that falls to the reservation.

*By both*: a mixture, the weighted mean of one tactic of either kind.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from negotiate_abm.mechanisms.numerics import FloatArray, power
from negotiate_abm.mechanisms.registry import Registry


@dataclass(frozen=True)
class BargainingView:
    """What a negotiator sees when it sets its aspiration.

    Each is an array of shape (runs,), or a float for a rule written for one run. So is what
    a tactic returns: its aspiration, the worth to itself of what it insists on now, in C$
    billion a year. Its owner clips that, in silence, to [reservation, best]: 1e6 acts as
    `best`, -1e6 as `reservation`. What is not a finite number is an error.

    Parameters
    ----------
    clock : array
        Share of the round's time gone, t / T in [0, 1].
    reservation : array
        Worth of the least it would accept (C$ billion a year).
    best : array
        Worth of the best it could hope for (C$ billion a year); at least `reservation`.
    exponent : array
        Its concession exponent e, after leverage has bent it.
    own_last : array
        What it last insisted on in this round (C$ billion a year); its `best` before its
        first turn.
    received_first : array
        Worth to it of the other side's first offer in this round (C$ billion a year); zero
        before there is one, here and in the two that follow.
    received_before : array
        Worth to it of the other's last offer but one (C$ billion a year); after a single
        offer, that of this offer.
    received_last : array
        Worth to it of the other's last offer (C$ billion a year).
    imitation : array
        Weight of imitation in a mixed tactic, in [0, 1].
    draw : array
        A uniform draw on [0, 1) for tactics that randomise.
    """

    clock: FloatArray
    reservation: FloatArray
    best: FloatArray
    exponent: FloatArray
    own_last: FloatArray
    received_first: FloatArray
    received_before: FloatArray
    received_last: FloatArray
    imitation: FloatArray
    draw: FloatArray


# Faratin et al. call the tactic so at exponents of this order.
BOULWARE, CONCEDER = 0.2, 5.0

# Most that random tit for tat strays from imitation, as a share of best - reservation. The
# paper leaves its M to the modeller. Assumed here, not measured: enough to unsettle a
# stalemate, less than one of ten equal steps from the best to the reservation.
RANDOM_AMPLITUDE = 0.05

tactics: Registry[BargainingView] = Registry("tactic")


def falling_aspiration(view: BargainingView, exponent: FloatArray) -> FloatArray:
    """Return the time-dependent aspiration at this exponent, C$ billion a year."""
    conceded = power(view.clock, 1.0 / exponent)
    return view.reservation + (view.best - view.reservation) * (1.0 - conceded)


@tactics.register("time_dependent", reads=("tactic_exponent",))
def time_dependent(view: BargainingView) -> FloatArray:
    """Concede on the clock with the country's own exponent."""
    return falling_aspiration(view, view.exponent)


@tactics.register("boulware", reads=("tactic_exponent",))
def boulware(view: BargainingView) -> FloatArray:
    """Hold firm until late: a fifth of the country's exponent."""
    return falling_aspiration(view, BOULWARE * view.exponent)


@tactics.register("conceder", reads=("tactic_exponent",))
def conceder(view: BargainingView) -> FloatArray:
    """Give way early: five times the country's exponent."""
    return falling_aspiration(view, CONCEDER * view.exponent)


@tactics.register("firm", reads=())
def firm(view: BargainingView) -> FloatArray:
    """Hold out for the best and give way to the reservation only at the deadline."""
    return np.where(view.clock >= 1.0, view.reservation, view.best)


# -- tactics that answer the other's conduct -------------------------------------------------


def within_reach(view: BargainingView, wanted: FloatArray) -> FloatArray:
    """Return what is wanted, held between the reservation and the best."""
    return np.minimum(np.maximum(wanted, view.reservation), view.best)


def room(view: BargainingView) -> FloatArray:
    """Return how far the best lies above the reservation, C$ billion a year, at least zero."""
    return np.maximum(view.best - view.reservation, 0.0)


def withheld(view: BargainingView, received: FloatArray) -> FloatArray:
    """Return what an offer keeps from one, of the best it could hope for; at least zero."""
    return np.maximum(view.best - received, 0.0)


def in_proportion(
    excess: FloatArray, now: FloatArray, before: FloatArray, most: FloatArray
) -> FloatArray:
    """Return ``excess * now / before``, at most `most`: an excess that moves as the other moves.

    Where nothing was withheld before, the excess stays as it is if nothing is now, and
    goes to the most if something is again. All at least zero, and `excess` at most `most`.
    """
    moved = excess * now
    passes_most = moved > most * before
    moves = (before > 0.0) & ~passes_most
    fraction = moved / np.where(moves, before, 1.0)  # no quotient here can overflow
    return np.where(passes_most, most, np.where(moves, fraction, excess))


@tactics.register("relative_tit_for_tat", reads=())
def relative_tit_for_tat(view: BargainingView) -> FloatArray:
    """Concede in the proportion in which the other just did.

    What it insists on beyond its reservation shrinks, or grows, in the ratio in which what
    the other withholds did with its last move. The paper multiplies one's last *offer* by
    a ratio of the other's last two (its delta = 1); a ratio of worths would hang on where
    their zero lies. Before a second offer nothing has moved, and it stays where it is.
    """
    most = room(view)
    excess = np.minimum(np.maximum(view.own_last - view.reservation, 0.0), most)
    now, before = withheld(view, view.received_last), withheld(view, view.received_before)
    return within_reach(view, view.reservation + in_proportion(excess, now, before, most))


@tactics.register("random_tit_for_tat", reads=("draw",))
def random_tit_for_tat(view: BargainingView) -> FloatArray:
    """Concede as much as the other just did, more or less: random absolute tit for tat.

    The paper matches a move in the value of an issue; here it is a move in worth, each to
    itself of the other's. The paper's random part only ever softens, by a whole number
    from nought to M; here it hardens as often, so that away from its bounds it imitates
    exactly on average.
    """
    conceded = view.received_last - view.received_before
    strayed = RANDOM_AMPLITUDE * room(view) * (2.0 * view.draw - 1.0)
    return within_reach(view, view.own_last - conceded + strayed)


@tactics.register("averaged_tit_for_tat", reads=())
def averaged_tit_for_tat(view: BargainingView) -> FloatArray:
    """Concede in the proportion in which the other did over the round so far.

    Insists on the share of best - reservation that the other withholds now of what its
    first offer withheld. The paper's window is its last gamma moves and the ratio
    multiplies one's last offer, which counts a move as often as windows cover it; with the
    whole round for a window and one's best to start from, each move counts once. While no
    bound is met it is then where relative tit for tat, answering each offer, arrives; but
    it looks at the sum alone, where the other keeps the memory of a bound that was met.
    """
    most = room(view)
    now, first = withheld(view, view.received_last), withheld(view, view.received_first)
    return within_reach(view, view.reservation + in_proportion(most, now, first, most))


@tactics.register("mixed", reads=("tactic_exponent", "imitation"))
def mixed(view: BargainingView) -> FloatArray:
    """Watch the clock and the other: time-dependent and averaged tit for tat, weighted.

    The paper weighs tactics issue by issue and lets the weights change; here one weight,
    `imitation`, is held for the round and weighs worths.
    """
    by_clock = (1.0 - view.imitation) * time_dependent(view)
    by_conduct = view.imitation * averaged_tit_for_tat(view)
    return within_reach(view, by_clock + by_conduct)
