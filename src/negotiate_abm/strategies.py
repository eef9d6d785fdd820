"""Strategies of one's own: register a rule here, use its name anywhere.

Examples
--------
>>> from negotiate_abm import tactic
>>> @tactic("patient", one_run=True)
... def patient(view):
...     return view.best if view.clock < 0.8 else view.reservation
"""

from __future__ import annotations

import inspect
import sys
import traceback
from collections.abc import Callable, Collection
from contextlib import redirect_stdout
from dataclasses import fields
from functools import wraps
from pathlib import Path
from types import ModuleType
from typing import Any

from negotiate_abm.errors import StrategyError, nearest
from negotiate_abm.files import read_regular
from negotiate_abm.mechanisms.registry import Registry, line_of
from negotiate_abm.mechanisms.retaliation import FeudView, retaliation_strategies
from negotiate_abm.mechanisms.tactics import BargainingView, tactics

Rule = Callable[[Any], Any]

_LARGEST_FILE_BYTES = 4_000_000


def tactic(
    name: str, *, one_run: bool = False, reads: Collection[str] | None = None
) -> Callable[[Rule], Rule]:
    """Return a decorator that registers a tactic: a function of a `BargainingView`.

    The rule returns its aspiration: the worth to its owner, in C$ billion a year, of what it
    insists on now. This is clipped, in silence, to ``[view.reservation, view.best]``: whatever
    is more acts as `best`, whatever is less as `reservation`.

    Parameters
    ----------
    name : str
        Used in scenario files, in Python and on the command line.
    one_run : bool
        True if the rule takes a view of floats and returns a float; without it, the view holds
        arrays of shape (runs,) and the rule returns one.
    reads : collection of str, optional
        Names, as in scenario files, of its owner's optional numbers that the rule reads:
        () for none of them. Not given, it may read them all.

    Raises
    ------
    StrategyError
        If the name is no text or another rule's, if the rule is no function of one argument,
        or if `reads` is one text, no collection.
    """
    return _registering(tactics, name, one_run, reads)


def retaliation_strategy(
    name: str, *, one_run: bool = False, reads: Collection[str] | None = None
) -> Callable[[Rule], Rule]:
    """Return a decorator that registers a retaliation strategy: a function of a `FeudView`.

    The rule returns its measure for the period to come: a share of its owner's full measure,
    0 for none, 1 for all of it. This is clipped, in silence, to [0, 1]: a 3 acts as 1.

    Parameters and errors as of `tactic`.
    """
    return _registering(retaliation_strategies, name, one_run, reads)


def _registering(
    registry: Registry[Any], name: str, one_run: bool, reads: Collection[str] | None
) -> Callable[[Rule], Rule]:
    if not isinstance(name, str):
        raise StrategyError(
            f"{registry.kind}: got {_shown(name)} for its name; expected text. "
            f"Write the name in quotes and brackets behind the decorator."
        )
    decorate = registry.register(name, one_run=one_run, reads=reads)

    def register(rule: Rule) -> Rule:
        if not callable(rule):
            raise StrategyError(
                f"{registry.kind} '{name}': got {_shown(rule)}; expected a function of a view. "
                f"Write the decorator above one."
            )
        if not _takes_a_view(rule):
            raise StrategyError(
                f"{registry.kind} '{name}': got {_named(rule)}; expected a function that takes "
                f"one argument, the view. Write (view) behind its name."
            )
        decorate(_guarded(rule, f"{registry.kind} '{name}'"))
        return rule

    return register


def _takes_a_view(rule: Rule) -> bool:
    """Return whether a rule can be called with a view alone, as far as can be seen."""
    try:
        signature = inspect.signature(rule)
    except (TypeError, ValueError):  # not every callable tells
        return True
    try:
        signature.bind(None)
    except TypeError:
        return False
    return True


def _named(rule: Rule) -> str:
    """Return a rule's name and parameters, with its file and line if it has them."""
    code = getattr(rule, "__code__", None)
    place = f" ({code.co_filename}, line {code.co_firstlineno})" if code else ""
    return f"{getattr(rule, '__qualname__', _shown(rule))}{inspect.signature(rule)}{place}"


def _guarded(rule: Rule, what: str) -> Rule:
    """Return a rule that can neither end the program nor misspell a field unnoticed."""

    @wraps(rule)
    def guarded(view: Any) -> Any:
        try:
            return rule(view)
        except SystemExit as error:
            raise StrategyError(
                f"{what} asked to exit ({line_of(error)}); expected a number for each run. "
                f"Mend the rule: it must return, whatever it sees."
            ) from error
        except AttributeError as error:
            if not isinstance(error.obj, BargainingView | FeudView):
                raise
            names = [field.name for field in fields(error.obj)]
            raise StrategyError(
                f"{what} asked its view for '{error.name}' ({line_of(error)}); expected one of "
                f"{', '.join(names)}. "
                f"{nearest(str(error.name), names, otherwise='Use one of them.')}"
            ) from error

    return guarded


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def load_strategies(file: str | Path) -> None:
    """Run a Python file that registers strategies; what it prints goes to standard error.

    Raises
    ------
    StrategyError
        If it cannot be read or does not run.
    """
    path = Path(file)
    module = ModuleType(f"negotiate_abm_user_{path.stem}")
    module.__file__ = str(path)
    try:
        if path.suffix != ".py" or not path.is_file():
            raise StrategyError(
                f"{path}: got no Python file; expected one that registers strategies. "
                f"Check the path."
            )
        text = read_regular(path, _LARGEST_FILE_BYTES)
        sys.modules[module.__name__] = module  # dataclasses, say, look for their module there
        with redirect_stdout(sys.stderr):
            exec(compile(text, str(path), "exec", dont_inherit=True), module.__dict__)
    except (StrategyError, KeyboardInterrupt):
        raise
    except BaseException as error:  # a file that calls exit() must not end the program
        raise StrategyError(
            f"{_place_in(path, error)}: got {type(error).__name__}: {error}; expected a file "
            f"that runs. Mend it."
        ) from error


def _place_in(file: Path, error: BaseException) -> str:
    """Return the file, and the line of it that an error came through if there is one."""
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename == str(file)
    ]
    return f"{file}, line {lines[-1]}" if lines else str(file)
