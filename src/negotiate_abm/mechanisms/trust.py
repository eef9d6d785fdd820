"""Trust as a Beta belief in the other's promises (Josang and Ismail 2002).

A belief is a pair of pseudo-counts (kept, broken); trust is its mean. Experience adds
to the counts and is slowly forgotten, so that the belief drifts back to where it began.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from negotiate_abm.mechanisms.numerics import FloatArray


@dataclass
class Belief:
    """A Beta belief over whether the other keeps its word.

    Parameters
    ----------
    mean : array of shape (runs,)
        Where trust begins, in (0, 1).
    strength : array of shape (runs,)
        Pseudo-observations behind it, positive.
    forgetting : array of shape (runs,)
        Share of experience forgotten a week, in [0, 1).
    """

    mean: FloatArray
    strength: FloatArray
    forgetting: FloatArray

    def __post_init__(self) -> None:
        self._experience_kept = np.zeros_like(self.mean)
        self._experience_broken = np.zeros_like(self.mean)

    @property
    def trust(self) -> FloatArray:
        """Return the expected chance that a promise is kept, shape (runs,)."""
        kept = self.mean * self.strength + self._experience_kept
        broken = (1.0 - self.mean) * self.strength + self._experience_broken
        return kept / (kept + broken)

    def learn(self, kept: FloatArray | float = 0.0, broken: FloatArray | float = 0.0) -> None:
        """Add weighted observations of kept and broken promises (at least zero)."""
        self._experience_kept = self._experience_kept + kept
        self._experience_broken = self._experience_broken + broken

    def forget(self) -> None:
        """Let a week's share of all experience fade."""
        self._experience_kept = self._experience_kept * (1.0 - self.forgetting)
        self._experience_broken = self._experience_broken * (1.0 - self.forgetting)
