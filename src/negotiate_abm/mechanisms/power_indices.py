"""Power in a weighted vote: how often each voter's weight decides.

A coalition wins when its weight reaches the quota; a voter *swings* one that wins with
it and loses without. Penrose (1946), "The elementary statistics of majority voting", and
Banzhaf (1965), "Weighted voting doesn't work", count the coalitions a voter swings;
Shapley and Shubik (1954), "A method for evaluating the distribution of power in a
committee system", count the orders of joining in which it is the one that swings.

The coalitions are counted by weight, not listed: Brams and Affuso (1976), "Power and
size: a new paradox"; Lucas (1983), "Measuring power in weighted voting systems"; Matsui
and Matsui (2000), "A survey of algorithms for calculating power indices of weighted
majority games"; and Uno (2012), "Efficient computation of power indices for weighted
majority games", for taking a voter out of the counts again instead of counting anew.
Counts are Python's own whole numbers, exact at any size; only the last division rounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import factorial

import numpy as np
from numpy.typing import NDArray

from negotiate_abm.errors import NegotiateError
from negotiate_abm.mechanisms.numerics import FloatArray, IntArray

# Whole numbers of any size.
CountArray = NDArray[np.object_]


def banzhaf(weights: Sequence[int] | IntArray, quota: int) -> FloatArray:
    """Return each voter's share of all swings, the normalised Banzhaf index; it sums to one.

    Takes of the order of ``n * quota`` additions for n voters, and holds ``quota`` counts.

    Parameters
    ----------
    weights : whole numbers of at least zero, shape (voters,)
        Votes of each, in any unit.
    quota : int
        Votes that carry, in the same unit: from 1 to the sum of the weights.

    Returns
    -------
    array of shape (voters,)

    Raises
    ------
    NegotiateError
        If a weight is negative or no whole number, or the quota out of its range.
    """
    swings = _swings(*_game(weights, quota), by_size=False)
    return np.asarray(swings.sum(axis=-1) / swings.sum(), dtype=np.float64)


def penrose(weights: Sequence[int] | IntArray, quota: int) -> FloatArray:
    """Return each voter's chance to decide when the others toss coins: the absolute Banzhaf index.

    The swings over the ``2 ** (n - 1)`` coalitions of the others. Parameters, errors and
    cost are those of `banzhaf`.
    """
    swings = _swings(*_game(weights, quota), by_size=False)
    return np.asarray(swings.sum(axis=-1) / 2 ** (len(swings) - 1), dtype=np.float64)


def shapley_shubik(weights: Sequence[int] | IntArray, quota: int) -> FloatArray:
    """Return each voter's share of the orders of joining that it swings; it sums to one.

    A swing of s others stands for ``s! * (n - 1 - s)!`` of the ``n!`` orders. Counting
    them by size as well takes of the order of ``n ** 2 * quota`` additions and holds
    ``n * quota`` counts. Parameters and errors are those of `banzhaf`.
    """
    swings = _swings(*_game(weights, quota), by_size=True)
    voters = len(swings)
    orders = [factorial(size) * factorial(voters - 1 - size) for size in range(voters)]
    decided = (swings * np.array(orders, dtype=object)).sum(axis=-1)
    return np.asarray(decided / factorial(voters), dtype=np.float64)


def _game(weights: Sequence[int] | IntArray, quota: int) -> tuple[list[int], int]:
    """Return the weights and the quota as Python's whole numbers, or say what is wrong."""
    voters = np.asarray(weights, dtype=object)
    if voters.ndim != 1:
        raise NegotiateError(
            f"weights: got {voters.ndim} dimensions; expected a row of whole numbers, one a "
            "voter. Give a list."
        )
    for place, weight in enumerate(voters):
        if not _is_whole(weight) or weight < 0:
            raise NegotiateError(
                f"weights: got {weight} for voter {place}, counting from 0; expected a whole "
                "number of at least 0. Round it, or scale all of them up."
            )
    whole = [int(weight) for weight in voters]
    total = sum(whole)
    if total == 0:
        raise NegotiateError(
            f"weights: got {whole}; expected at least one above 0. Give a voter some weight."
        )
    if not _is_whole(quota) or not 1 <= quota <= total:
        raise NegotiateError(
            f"quota: got {quota}; expected a whole number from 1 to {total}, the sum of the "
            "weights. Give one."
        )
    return whole, int(quota)


def _is_whole(number: object) -> bool:
    return isinstance(number, int | np.integer) and not isinstance(number, bool)


def _swings(weights: list[int], quota: int, by_size: bool) -> CountArray:
    """Return how many coalitions each voter swings.

    Parameters
    ----------
    weights : list of int
    quota : int
    by_size : bool
        Whether to keep coalitions of different size apart.

    Returns
    -------
    array of shape (voters, sizes)
        The size is that of the coalition without the voter, from none to all the others;
        one column if sizes are not kept apart.
    """
    step = int(by_size)
    # Losing coalitions by size and weight. That of all voters, who would win, has no row.
    counts = np.zeros((len(weights) if by_size else 1, quota), dtype=object)
    counts[0, 0] = 1
    sizes = len(counts)
    for weight in weights:
        if weight < quota:
            counts[step:, weight:] += counts[: sizes - step, : quota - weight]
    swung = {weight: _swung_by(weight, counts, step) for weight in set(weights)}
    return np.array([swung[weight] for weight in weights], dtype=object)


def _swung_by(weight: int, counts: CountArray, step: int) -> CountArray:
    """Return how many coalitions one voter swings, shape (sizes,).

    Takes the voter out of the counts, from the lightest coalitions up: of those of a given
    weight, the ones with it are those without it that are lighter by its own.
    """
    sizes, quota = counts.shape
    if weight == 0:
        return np.zeros(sizes, dtype=object)
    others = counts.copy()
    for low in range(weight, quota, weight):
        high = min(low + weight, quota)
        others[step:, low:high] -= others[: sizes - step, low - weight : high - weight]
    return np.asarray(others[:, max(quota - weight, 0) :].sum(axis=-1), dtype=object)
