"""A province: it feels losses and presses its government."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mesa
import numpy as np

from negotiate_abm.mechanisms.domestic import drift, pressure_target
from negotiate_abm.mechanisms.numerics import FloatArray
from negotiate_abm.scenario.parameters import Parameters
from negotiate_abm.scenario.schema import Scenario

if TYPE_CHECKING:
    from negotiate_abm.model import NegotiationModel


class Province(mesa.Agent):
    """A province in every run.

    Attributes
    ----------
    loss : array of shape (runs,)
        What tariffs now cost its exporters, C$ billion a year.
    pressure : array of shape (runs,)
        How hard it presses its government, in [0, 1].
    influence, support : arrays of shape (runs,)
        Its weight in the federation, and its public's support for a deal.
    shares, protected : dicts of str to array of shape (runs,)
        Its share of each flow its country exports, and of what the producers lose whom the
        duty of an issue protects.
    """

    def __init__(
        self, model: NegotiationModel, name: str, scenario: Scenario, p: Parameters
    ) -> None:
        super().__init__(model)
        key = f"provinces.{name}."
        self.name = name
        self.country = scenario.provinces[name].country
        self.influence = p[key + "influence"]
        self.support = p[key + "support"]
        self._half_loss = p[key + "half_loss"]
        self._inertia = p["domestic.pressure_weeks"]
        self.shares = {
            flow: _normalised(flow, name, scenario, p)
            for flow, entry in scenario.flows.items()
            if name in entry.shares
        }
        self.protected = {
            issue: _protected_share(issue, name, scenario, p)
            for issue, entry in scenario.issues.items()
            if entry.duty is not None and name in entry.duty.protected
        }
        self.loss = np.zeros(p.runs)
        self.pressure = np.zeros(p.runs)

    def settle(self, losses: dict[str, FloatArray], hurt: dict[str, FloatArray]) -> None:
        """Begin with the pressure that standing losses have long since built up."""
        self._bear(losses, hurt)
        self.pressure = pressure_target(self.loss, self._half_loss)

    def feel(self, losses: dict[str, FloatArray], hurt: dict[str, FloatArray]) -> None:
        """Bear a week of losses and press accordingly.

        Both in C$ billion a year: what exporters lose by flow, and what protected producers
        lose by issue.
        """
        self._bear(losses, hurt)
        target = pressure_target(self.loss, self._half_loss)
        self.pressure = drift(self.pressure, target, self._inertia)

    def _bear(self, losses: dict[str, FloatArray], hurt: dict[str, FloatArray]) -> None:
        self.loss = np.zeros_like(self.loss)
        for flow, share in self.shares.items():
            if flow in losses:
                self.loss = self.loss + share * losses[flow]
        for issue, share in self.protected.items():
            self.loss = self.loss + share * hurt[issue]


def _normalised(flow: str, province: str, scenario: Scenario, p: Parameters) -> FloatArray:
    """Return a province's share of a flow once drawn shares are scaled back to a sum of one."""
    entry = scenario.flows[flow]
    total = p.get(f"flows.{flow}.elsewhere", 0.0)
    for name in entry.shares:
        total = total + p[f"flows.{flow}.shares.{name}"]
    return p[f"flows.{flow}.shares.{province}"] / total


def _protected_share(issue: str, province: str, scenario: Scenario, p: Parameters) -> FloatArray:
    """Return a province's share of protected producers' losses, scaled back if over the whole."""
    duty = scenario.issues[issue].duty
    assert duty is not None
    key = f"issues.{issue}.duty.protected."
    total = np.zeros(p.runs)
    for name in duty.protected:
        total = total + p[key + name]
    return p[key + province] / np.maximum(total, 1.0)
