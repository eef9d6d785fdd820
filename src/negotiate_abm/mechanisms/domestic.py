"""Domestic pressure: provinces that lose press, and a government that fails them pays.

The two-level game (Putnam 1988; Iida 1993) with provinces that do not ratify tariff
orders but make them costly. Pressure acts once, through the weight the government
gives what would relieve it.
"""

from __future__ import annotations

import numpy as np

from negotiate_abm.mechanisms.numerics import FloatArray


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
        How far full pressure everywhere raises the weight.
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

    It drifts to its resting place, is eroded by influence-weighted pressure and moved by
    `goodwill`, the weighted support for what was just agreed (positive) or opposition to
    it (negative).
    """
    moved = drift(now, resting, recovery_weeks) - erosion * pressure + goodwill
    return np.clip(moved, 0.0, 1.0)
