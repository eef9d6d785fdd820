"""Domestic pressure: provinces that lose press, and a government that fails them pays.

The two-level game (Putnam 1988; Iida 1993) with provinces that do not ratify tariff
orders but make them costly. Pressure acts once, through the weight the government
gives what would relieve it.
"""

from __future__ import annotations

import numpy as np

from negotiate_abm.mechanisms.numerics import BoolArray, FloatArray, logistic, sum_short

# Shares of influence nearer than this are the same.
ROUNDING = 1e-9


def pressure_target(loss: FloatArray, half_loss: FloatArray) -> FloatArray:
    """Return the pressure that a standing loss leads to, in [0, 1).

    ``loss / (loss + half_loss)``: rising, with diminishing returns; `half_loss` (C$
    billion a year) is the loss that brings pressure to a half.
    """
    exposed = np.maximum(loss, 0.0)
    return exposed / (exposed + half_loss)


def drift(state: FloatArray, target: FloatArray, weeks: FloatArray) -> FloatArray:
    """Return `state` one week nearer `target`, with inertia of so many weeks (at least one)."""
    return state + (target - state) / weeks


def relief_weight(
    influence: FloatArray, pressure: FloatArray, stakes: FloatArray, sensitivity: FloatArray
) -> FloatArray:
    """Return the weight a government gives each issue's benefits, at least one.

    Parameters
    ----------
    influence, pressure : arrays of shape (runs, provinces)
    stakes : array of shape (runs, issues, provinces)
        Each province's share of what the issue would relieve.
    sensitivity : array of shape (runs,)
        How far full pressure raises the weight, were one province all the influence.
    """
    pressed = (influence * pressure)[:, None, :] * stakes
    return 1.0 + sensitivity[:, None] * pressed.sum(axis=-1)


def approval(
    now: FloatArray,
    resting: FloatArray,
    pressure: FloatArray,
    goodwill: FloatArray,
    erosion: FloatArray,
    recovery_weeks: FloatArray,
) -> FloatArray:
    """Return next week's approval of the government, in [0, 1].

    It drifts to its resting place, is eroded by influence-weighted pressure over what it was
    at the start and moved by
    `goodwill`, the weighted support for what was just agreed (positive) or opposition to
    it (negative).
    """
    moved = drift(now, resting, recovery_weeks) - erosion * pressure + goodwill
    return np.clip(moved, 0.0, 1.0)


def consent_log_odds(
    influence: FloatArray,
    gains: FloatArray,
    approval_now: FloatArray,
    inclination: FloatArray,
    gain_slope: FloatArray,
    approval_slope: FloatArray,
) -> FloatArray:
    """Return the log-odds that the provinces let a deal pass, shape (runs,).

    A two-level game without a vote (Putnam 1988; Iida 1993 on uncertain ratification):
    consent is the likelier the more the provinces gain, each by its influence, and the
    better the government is liked.

    Parameters
    ----------
    influence : array of shape (runs, provinces)
    gains : array of shape (runs, provinces)
        What each gains or loses by the deal after compensation, C$ billion a year.
    approval_now : array of shape (runs,)
    inclination, gain_slope, approval_slope : arrays of shape (runs,)
        Log-odds of a deal that moves nothing; a C$ billion a year of weighted gain; a
        unit of approval over a half.
    """
    weighted = (influence * gains).sum(axis=-1)
    return inclination + gain_slope * weighted + approval_slope * (approval_now - 0.5)


def consent_probability(log_odds: FloatArray) -> FloatArray:
    """Return the probability of consent."""
    return logistic(log_odds)


def misjudged(log_odds: FloatArray, error: FloatArray, draw: FloatArray) -> FloatArray:
    """Return the log-odds as the government sees them; `draw` is uniform on [0, 1).

    Its error is uniform with standard deviation `error`.
    """
    return log_odds + error * np.sqrt(12.0) * (draw - 0.5)


def meets_quota(influence: FloatArray, gains: FloatArray, quota: FloatArray) -> BoolArray:
    """Return whether provinces with a share `quota` of all influence do not lose by a deal.

    `influence` and `gains` have shape (runs, provinces).
    """
    for_it = sum_short(np.where(gains >= 0.0, influence, 0.0))
    return for_it >= quota * sum_short(influence) - ROUNDING
