"""Strategies of one's own: register a rule here, use its name anywhere.

Examples
--------
>>> from negotiate_abm import tactic
>>> @tactic("patient", one_run=True)
... def patient(view):
...     return view.best if view.clock < 0.8 else view.reservation
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

from negotiate_abm.errors import StrategyError
from negotiate_abm.mechanisms.retaliation import retaliation_strategies
from negotiate_abm.mechanisms.tactics import tactics

tactic = tactics.register
retaliation_strategy = retaliation_strategies.register


def load_strategies(file: str | Path) -> None:
    """Run a Python file that registers strategies.

    Raises
    ------
    StrategyError
        If it cannot be read or does not run.
    """
    path = Path(file)
    spec = importlib.util.spec_from_file_location(f"negotiate_abm_user_{path.stem}", path)
    if path.suffix != ".py" or spec is None or spec.loader is None or not path.is_file():
        raise StrategyError(
            f"{path}: got no Python file; expected one that registers strategies. Check the path."
        )
    try:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
    except (StrategyError, KeyboardInterrupt):
        raise
    except BaseException as error:  # a file that calls exit() must not end the program
        raise StrategyError(
            f"{path}: got {type(error).__name__}: {error}; expected a file that runs. Mend it."
        ) from error
