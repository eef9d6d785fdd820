"""Strategies by name.

A strategy is a function of a view (what its owner can see) that returns one number a
run. Written for arrays it is used as it is. Written for a single run, in plain Python
with ifs and floats, it is registered with ``one_run=True`` and called once for each run:
the same result, only slower.

A strategy may declare which of its owner's optional numbers it reads, so that a number
that would change nothing can be told from one that matters.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Collection
from dataclasses import dataclass, fields
from reprlib import Repr
from typing import Any, Generic, TypeVar

import numpy as np

from negotiate_abm.errors import StrategyError, nearest
from negotiate_abm.mechanisms.numerics import FloatArray

View = TypeVar("View")

# What to do where a name is of nobody's rule.
IF_YOUR_OWN = (
    "If it is one of your own, register it first; on the command line, give --strategies FILE.py."
)

_BRIEF = Repr()
_BRIEF.maxstring = _BRIEF.maxother = 60


@dataclass(frozen=True)
class Strategy(Generic[View]):
    """A named rule, ready to be called on a view of any number of runs.

    `reads` holds the names of its owner's optional numbers that the rule reads; None is
    unknown, so it may read them all.
    """

    name: str
    rule: Callable[[Any], Any]
    one_run: bool
    kind: str
    reads: frozenset[str] | None = None

    @property
    def draws(self) -> bool:
        """Whether the rule may use its uniform draw."""
        return self.reads is None or "draw" in self.reads

    def __call__(self, view: View) -> FloatArray:
        """Return the rule's answer for every run, shape (runs,)."""
        shape = getattr(view, fields(view)[0].name).shape  # type: ignore[arg-type]
        try:
            answer = self._each(view, shape[0]) if self.one_run else self.rule(view)
        except StrategyError:
            raise
        except Exception as error:
            raise StrategyError(
                f"{self.kind} '{self.name}' raised {type(error).__name__}: {error} "
                f"({line_of(error)}); expected a number for each of {shape[0]} runs. "
                f"{self._hint()}"
            ) from error
        numbers = _array(answer)
        if not _are_numbers(numbers, shape):
            told = self._told(answer, shape)
            forgot = "Did you forget to return a number? " if told.startswith("None") else ""
            raise StrategyError(
                f"{self.kind} '{self.name}' returned {told}; expected one finite number "
                f"for each of {shape[0]} runs. {forgot}{self._hint()}"
            )
        return np.ascontiguousarray(numbers, dtype=np.float64)

    def _told(self, answer: Any, shape: tuple[int, ...]) -> str:
        """Return what is wrong with an answer in a few words, never one value a run."""
        if not isinstance(answer, list | tuple | np.ndarray):
            return _brief(answer)
        numbers = _array(answer)
        if not self.one_run and (numbers is None or numbers.shape != shape):
            return f"values of shape {'?' if numbers is None else numbers.shape}"
        wrong = (value for value in answer if not _are_numbers(_array(value), ()))
        return _brief(next(wrong, answer)) + ("" if self.one_run else " in some run")

    def _hint(self) -> str:
        if self.one_run:
            return "Mend the rule: it must return a number, whatever it sees."
        return (
            "Return an array of the view's shape, or register a rule written for a single run "
            "with one_run=True."
        )

    def _each(self, view: View, runs: int) -> list[Any]:
        kind = type(view)
        columns = {f.name: getattr(view, f.name) for f in fields(view)}  # type: ignore[arg-type]
        return [
            self.rule(kind(**{name: column[run].item() for name, column in columns.items()}))
            for run in range(runs)
        ]


def _array(answer: Any) -> Any:
    """Return an answer as an array, None where it cannot be one."""
    try:
        return np.asarray(answer)
    except Exception:
        return None


def _are_numbers(numbers: Any, shape: tuple[int, ...]) -> bool:
    """Return whether an array holds finite numbers alone, of the shape that is wanted."""
    if numbers is None or numbers.shape != shape or numbers.dtype.kind not in "biuf":
        return False
    return bool(np.isfinite(numbers).all())


def _brief(value: Any) -> str:
    try:
        return _BRIEF.repr(value.item() if isinstance(value, np.generic) else value)
    except Exception:  # an integer, say, of more digits than Python writes out
        return f"a value of type {type(value).__name__}"


def line_of(error: BaseException) -> str:
    """Return where a rule went wrong, as file and line."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{last.filename}, line {last.lineno}"


def _identity(rule: Callable[[Any], Any]) -> tuple[object, object]:
    """Return what tells a rule defined again, as in a notebook, from another rule."""
    return getattr(rule, "__module__", None), getattr(rule, "__qualname__", rule)


class Registry(Generic[View]):
    """The strategies of one kind, by name."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._strategies: dict[str, Strategy[View]] = {}

    def register(
        self, name: str, *, one_run: bool = False, reads: Collection[str] | None = None
    ) -> Callable[[Callable[[View], Any]], Callable[[View], Any]]:
        """Return a decorator that registers a rule under `name`.

        Parameters
        ----------
        name : str
            Used in scenario files, in Python and on the command line.
        one_run : bool
            True if the rule takes a view of floats and returns a float.
        reads : collection of str, optional
            Names, as in scenario files, of its owner's optional numbers that the rule reads:
            () for none of them. Not given, it may read them all.

        Raises
        ------
        StrategyError
            If another rule already has the name, or `reads` is one text, not a collection.
        """
        if isinstance(reads, str):
            raise StrategyError(
                f"{self.kind} '{name}' got reads={reads!r}; expected a collection of names. "
                f"Write reads=({reads!r},)."
            )
        declared = None if reads is None else frozenset(reads)

        def decorate(rule: Callable[[View], Any]) -> Callable[[View], Any]:
            known = self._strategies.get(name)
            if known is not None and _identity(known.rule) != _identity(rule):
                raise StrategyError(
                    f"{self.kind} '{name}' is already registered; expected a new name. "
                    f"Choose another for {getattr(rule, '__qualname__', rule)}."
                )
            self._strategies[name] = Strategy(name, rule, one_run, self.kind, declared)
            return rule

        return decorate

    def __getitem__(self, name: str) -> Strategy[View]:
        """Return the strategy of that name.

        Raises
        ------
        StrategyError
            If there is none; the message names the nearest, and what to do about one's own.
        """
        if name not in self._strategies:
            raise StrategyError(
                f"got {self.kind} '{name}'; expected a registered one. "
                f"{nearest(name, self._strategies)} {IF_YOUR_OWN}"
            )
        return self._strategies[name]

    def __contains__(self, name: object) -> bool:
        return name in self._strategies

    def names(self) -> list[str]:
        """Return the registered names, sorted."""
        return sorted(self._strategies)
