"""Rounds of talks: when they open, how long they last, whose turn it is.

A round opens at a calendar event or with a weekly hazard, runs to a date drawn when it
opens, and may end without agreement though one was to be had.
"""

from __future__ import annotations

import numpy as np

from negotiate_abm.mechanisms.numerics import BoolArray, FloatArray, IntArray

# A round needs an offer and an answer from each side.
SHORTEST_ROUND_WEEKS = 2


def length(draw: FloatArray, shortest: FloatArray, longest: FloatArray) -> IntArray:
    """Return the round's length, each whole number of weeks between two bounds as likely.

    `draw` is uniform on [0, 1); bounds that admit no whole number give the shorter, rounded up.
    """
    first = np.ceil(shortest)
    choices = np.maximum(np.floor(longest) - first + 1.0, 1.0)
    weeks = first + np.floor(draw * choices)
    return np.maximum(weeks, SHORTEST_ROUND_WEEKS).astype(np.int64)


def clock(elapsed: IntArray, weeks: IntArray) -> FloatArray:
    """Return the share of the round's time gone: zero at the first turn, one at the last.

    The only turn of a round is its last.
    """
    return np.where(weeks > 1, np.minimum(elapsed / np.maximum(weeks - 1, 1), 1.0), 1.0)


def is_last_turn(elapsed: IntArray, weeks: IntArray) -> BoolArray:
    """Return whether no turn follows this one."""
    return elapsed >= weeks - 1
