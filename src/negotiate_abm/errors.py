"""What goes wrong for a user, in the user's terms.

Every message says what was given, what was expected, where, and what to do.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches


class NegotiateError(Exception):
    """Base of every error the package raises for bad input."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a scenario.

    Parameters
    ----------
    key : str
        Dotted name of the offending entry.
    given : str
        The value found there.
    expected : str
        What would have been right.
    remedy : str
        What to do about it.
    """

    key: str
    given: str
    expected: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.key}: got {self.given}; expected {self.expected}. {self.remedy}"


class ScenarioError(NegotiateError):
    """A scenario that cannot be used, with every problem found in it."""

    def __init__(self, where: str, problems: Iterable[Problem]) -> None:
        self.where = where
        self.problems = tuple(problems)
        super().__init__("\n".join(f"{where}: {problem}" for problem in self.problems))


class StrategyError(NegotiateError):
    """A tactic or retaliation strategy that is unknown, or that misbehaves."""


class RunError(NegotiateError):
    """A run asked for in a way that cannot be done."""


class ResultError(NegotiateError):
    """A result that cannot be saved or read."""


def nearest(name: str, names: Iterable[str], otherwise: str | None = None) -> str:
    """Return a hint that points from a misspelt name to the nearest valid one.

    Where none is near it lists them all, or says what is given to say `otherwise`.
    """
    options = sorted(names)
    close = get_close_matches(name, options, n=1, cutoff=0.5)
    if close:
        return f"Did you mean '{close[0]}'?"
    if otherwise is not None:
        return otherwise
    return f"Valid names: {', '.join(options)}." if options else "There are no valid names here."
