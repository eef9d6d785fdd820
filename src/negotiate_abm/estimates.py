"""How well so many runs fix a share or a mean."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist

import numpy as np

from negotiate_abm.mechanisms.numerics import FloatArray

# Of every interval that is printed, told or drawn, unless it says otherwise.
CONFIDENCE = 0.90


def quantile_of(confidence: float) -> float:
    """Return how many standard errors either side hold a share of the normal: 1.64 for 0.9."""
    return NormalDist().inv_cdf(0.5 + confidence / 2.0)


def share_interval(share: float, runs: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return the Wilson (1927) score interval of a share that was found in so many runs."""
    z = quantile_of(confidence)
    spread = z * z / runs
    centre = (share + spread / 2.0) / (1.0 + spread)
    half = z / (1.0 + spread) * sqrt(share * (1.0 - share) / runs + spread / (4.0 * runs))
    return max(centre - half, 0.0), min(centre + half, 1.0)


def mean_interval(values: FloatArray, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return the normal interval of a mean over runs, of values of shape (runs,)."""
    error = quantile_of(confidence) * float(np.std(values)) / sqrt(values.size)
    mean = float(np.mean(values))
    return mean - error, mean + error
