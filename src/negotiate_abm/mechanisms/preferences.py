"""Preferences in one currency: what a level on a ladder is worth, and to whom.

A ladder is a run of segments between named rungs. Benefits are concave and costs
convex along it, so a package is worth the sum over segments of the filled share
times the segment's worth (C$ billion a year). Arrays here have shape
``(runs, issues, segments)``; short ladders are padded with segments above the top, which
no level fills.
"""

from __future__ import annotations

import numpy as np

from negotiate_abm.mechanisms.numerics import BoolArray, FloatArray, ratio, sum_short

# Two levels closer than this are the same: sums of segment widths miss a rung by less.
LEVEL_TOLERANCE = 1e-9


def reaches(levels: FloatArray, rung: FloatArray) -> BoolArray:
    """Return whether levels stand at or above a rung, to within rounding."""
    return levels >= rung - LEVEL_TOLERANCE


def filled(levels: FloatArray, floor: FloatArray, width: FloatArray) -> FloatArray:
    """Return how much of each segment lies below the level, in [0, 1].

    Parameters
    ----------
    levels : array of shape (runs, issues)
    floor, width : arrays of shape (runs, issues, segments)
        Where each segment begins, and how long it is (positive).
    """
    share = (levels[:, :, None] - floor) / width
    np.maximum(share, 0.0, out=share)
    return np.minimum(share, 1.0, out=share)


def round_down(
    levels: FloatArray, floor: FloatArray, width: FloatArray, divisible: BoolArray
) -> FloatArray:
    """Return the levels with unfinished indivisible segments taken back to the rung below."""
    share = filled(levels, floor, width)
    unfinished = ~divisible & (share > LEVEL_TOLERANCE) & (share < 1.0 - LEVEL_TOLERANCE)
    # At most one segment of a ladder is unfinished, so the sum is that segment's floor.
    return np.where(unfinished.any(axis=-1), sum_short(np.where(unfinished, floor, 0.0)), levels)


def believed_gain(benefit: FloatArray, trust: FloatArray) -> FloatArray:
    """Return a promised benefit discounted once by trust in the promiser, ``theta * B``."""
    return trust * benefit


def believed_cost(cost: FloatArray, trust: FloatArray, sunk_share: FloatArray) -> FloatArray:
    """Return one's own expected cost, ``C * (theta + (1 - theta) * phi)``.

    If the other defaults (probability 1 - theta), the share phi of one's own cost is
    already sunk and the rest is saved.
    """
    return cost * (trust + (1.0 - trust) * sunk_share)


def perpetual_worth(amount: FloatArray, years: FloatArray, discount_rate: FloatArray) -> FloatArray:
    """Return the yearly flow, for ever, worth the same as `amount` a year for some years.

    ``amount * (1 - exp(-r * years))``: it puts a punishment that will end on the same
    footing as an agreement that will not.
    """
    return amount * (1.0 - np.exp(-discount_rate * years))


def lasting_share(discount_rate: FloatArray, yearly_hazard: FloatArray) -> FloatArray:
    """Return the worth of a flow that may be cut off, as a share of one that will not be.

    ``r / (r + h)`` for a yearly discount rate r and a constant hazard h of its end.
    """
    return ratio(discount_rate, discount_rate + yearly_hazard, otherwise=1.0)
