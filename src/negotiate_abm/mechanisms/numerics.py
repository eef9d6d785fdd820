"""Elementwise helpers whose bits do not depend on how many runs sit in a block.

NumPy answers ``x ** 2.0`` and ``x ** y`` with different code, and picks the
code by the exponent's stride; a block of one run would then differ from a block
of seventeen in the last bit. Every power in the package goes through `power`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]

# Beyond this, exp would overflow; a probability is 0 or 1 long before.
_LARGEST_EXPONENT = 700.0


def power(base: FloatArray, exponent: FloatArray) -> FloatArray:
    """Return ``base ** exponent`` for ``base >= 0`` as ``exp(exponent * log(base))``.

    Parameters
    ----------
    base : array
        Non-negative; zero to a positive power is zero.
    exponent : array
        Broadcast against `base`; not zero where `base` is zero.
    """
    with np.errstate(divide="ignore"):
        return np.exp(exponent * np.log(base))


def exponential(x: FloatArray) -> FloatArray:
    """Return ``exp(x)``, held finite for extreme arguments."""
    return np.exp(np.minimum(x, _LARGEST_EXPONENT))


def logistic(x: FloatArray) -> FloatArray:
    """Return ``1 / (1 + exp(-x))``, a probability."""
    return 1.0 / (1.0 + exponential(-x))


def chance(rate: FloatArray) -> FloatArray:
    """Return the probability that an event of this rate (at least zero) happens at all."""
    return 1.0 - np.exp(-rate)


def ratio(numerator: FloatArray, denominator: FloatArray, otherwise: float) -> FloatArray:
    """Return ``numerator / denominator``, and `otherwise` where the denominator is not positive."""
    defined = denominator > 0.0
    quotient = numerator / np.where(defined, denominator, 1.0)
    return np.where(defined, quotient, otherwise)


def sum_short(values: FloatArray) -> FloatArray:
    """Return the sum over a short last axis, left to right, one slice at a time.

    NumPy's own reduction over an axis of three or four is several times slower.
    """
    total = values[..., 0]
    for place in range(1, values.shape[-1]):
        total = total + values[..., place]
    return total
