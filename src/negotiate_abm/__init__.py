"""Agent-based model of trade negotiation between a middle power and two great ones.

>>> import negotiate_abm
>>> result = negotiate_abm.run("split-the-pie", runs=1)  # doctest: +SKIP

Names below are loaded when first used, so that importing the package stays fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from negotiate_abm.errors import NegotiateError
    from negotiate_abm.mechanisms.retaliation import FeudView
    from negotiate_abm.mechanisms.tactics import BargainingView
    from negotiate_abm.model import NegotiationModel
    from negotiate_abm.result import Result
    from negotiate_abm.scenario.loader import case_names, load_scenario
    from negotiate_abm.scenario.schema import Scenario
    from negotiate_abm.simulation import run
    from negotiate_abm.strategies import retaliation_strategy, tactic

_HOME = {
    "BargainingView": "negotiate_abm.mechanisms.tactics",
    "FeudView": "negotiate_abm.mechanisms.retaliation",
    "NegotiateError": "negotiate_abm.errors",
    "NegotiationModel": "negotiate_abm.model",
    "Result": "negotiate_abm.result",
    "Scenario": "negotiate_abm.scenario.schema",
    "case_names": "negotiate_abm.scenario.loader",
    "load_scenario": "negotiate_abm.scenario.loader",
    "retaliation_strategy": "negotiate_abm.strategies",
    "run": "negotiate_abm.simulation",
    "tactic": "negotiate_abm.strategies",
}

__all__ = [
    "BargainingView",
    "FeudView",
    "NegotiateError",
    "NegotiationModel",
    "Result",
    "Scenario",
    "__version__",
    "case_names",
    "load_scenario",
    "retaliation_strategy",
    "run",
    "tactic",
]

__version__ = "0.3.0"


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
