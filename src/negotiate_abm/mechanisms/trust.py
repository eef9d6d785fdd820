"""Trust: a belief in the other's promises, that experience moves and time lets go of.

Two beliefs, to be used alike. `Belief` is a Beta belief (Josang and Ismail 2002): a pair
of pseudo-counts (kept, broken); trust is its mean. `TwoTypeBelief` is Kydd's (2005, "Trust
and Mistrust in International Relations"): the other is of a trustworthy kind or it is not.
Experience is slowly forgotten, so that either drifts back to where it began.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from negotiate_abm.mechanisms.numerics import FloatArray, logistic, ratio

# How far from zero and one a probability is kept where its odds are taken.
PROBABILITY_MARGIN = 1e-9


class PromiseBelief(ABC):
    """What one makes of the other's promises: experience, weighted and slowly forgotten."""

    mean: FloatArray
    forgetting: FloatArray

    def __post_init__(self) -> None:
        self._experience_kept = np.zeros_like(self.mean)
        self._experience_broken = np.zeros_like(self.mean)

    @property
    @abstractmethod
    def trust(self) -> FloatArray:
        """Return the expected chance that a promise is kept, shape (runs,)."""

    def learn(self, kept: FloatArray | float = 0.0, broken: FloatArray | float = 0.0) -> None:
        """Add weighted observations of kept and broken promises (at least zero)."""
        self._experience_kept = self._experience_kept + kept
        self._experience_broken = self._experience_broken + broken

    def forget(self) -> None:
        """Let a week's share of all experience fade."""
        self._experience_kept = self._experience_kept * (1.0 - self.forgetting)
        self._experience_broken = self._experience_broken * (1.0 - self.forgetting)


@dataclass
class Belief(PromiseBelief):
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

    @property
    def trust(self) -> FloatArray:
        """Return the expected chance that a promise is kept, shape (runs,)."""
        kept = self.mean * self.strength + self._experience_kept
        broken = (1.0 - self.mean) * self.strength + self._experience_broken
        return kept / (kept + broken)


@dataclass
class TwoTypeBelief(PromiseBelief):
    """A belief over whether the other is of the trustworthy kind.

    A promise kept, of weight w, adds ``w * log(p_t / p_u)`` to the log-odds that it is; one
    broken adds ``w * log((1 - p_t) / (1 - p_u))``: Bayes' rule, where p_t and p_u are the
    chances that either kind keeps a promise. Trust never leaves the span between the two:
    no record makes one expect more of the other than the better kind would keep. Where
    Kydd calls trust the probability of the trustworthy kind, here as in `Belief` it is the
    chance that a promise is kept.

    Parameters
    ----------
    mean : array of shape (runs,)
        Where trust begins, between `kept_if_not` and `kept_if_trustworthy`; one outside
        begins just inside the nearer.
    kept_if_trustworthy : array of shape (runs,)
        Chance that the trustworthy kind keeps a promise, in [0, 1], above `kept_if_not`.
    kept_if_not : array of shape (runs,)
        Chance that the other kind does, in [0, 1]. Certainty is held a hair off, so that
        no single act settles the matter for good.
    forgetting : array of shape (runs,)
        Share of experience forgotten a week, in [0, 1).
    """

    mean: FloatArray
    kept_if_trustworthy: FloatArray
    kept_if_not: FloatArray
    forgetting: FloatArray

    def __post_init__(self) -> None:
        super().__post_init__()
        better, worse = _inside(self.kept_if_trustworthy), _inside(self.kept_if_not)
        prior = _inside(ratio(self.mean - worse, better - worse, otherwise=0.5))
        self._better, self._worse = better, worse
        self._prior_log_odds = np.log(prior) - np.log(1.0 - prior)
        self._weight_of_kept = np.log(better) - np.log(worse)
        self._weight_of_broken = np.log(1.0 - better) - np.log(1.0 - worse)

    @property
    def trustworthy(self) -> FloatArray:
        """Return the probability that the other is of the trustworthy kind, shape (runs,)."""
        of_kept = self._experience_kept * self._weight_of_kept
        of_broken = self._experience_broken * self._weight_of_broken
        return logistic(self._prior_log_odds + (of_kept + of_broken))

    @property
    def trust(self) -> FloatArray:
        """Return the expected chance that a promise is kept, shape (runs,)."""
        mu = self.trustworthy
        return mu * self._better + (1.0 - mu) * self._worse


def _inside(probability: FloatArray) -> FloatArray:
    """Return a probability kept off zero and one, where odds are not finite."""
    return np.clip(probability, PROBABILITY_MARGIN, 1.0 - PROBABILITY_MARGIN)


class FullTrust:
    """A belief that every promise is kept, whatever happens.

    Parameters
    ----------
    runs : int
    """

    def __init__(self, runs: int) -> None:
        self.trust = np.ones(runs)

    def learn(self, kept: FloatArray | float = 0.0, broken: FloatArray | float = 0.0) -> None:
        """Learn nothing."""

    def forget(self) -> None:
        """Forget nothing."""
