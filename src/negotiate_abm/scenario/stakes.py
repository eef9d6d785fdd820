"""What each issue is worth to its beneficiary and costs its conceder, run by run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from negotiate_abm.mechanisms.numerics import BoolArray, FloatArray, power
from negotiate_abm.mechanisms.trade import (
    cost_of_cutting,
    exporter_loss,
    free_trade_value,
    rate_restoring,
)
from negotiate_abm.scenario.parameters import Parameters
from negotiate_abm.scenario.schema import Salience, Scenario


@dataclass(frozen=True)
class TradeFlow:
    """A flow's free-trade value and elasticities, each of shape (runs,)."""

    free_value: FloatArray
    sigma: FloatArray
    omega: FloatArray

    @classmethod
    def of(cls, name: str, p: Parameters) -> TradeFlow:
        """Return the flow of that name, grown to its present size."""
        key = f"flows.{name}."
        sigma, omega = p[key + "substitution"], p[key + "supply"]
        observed = free_trade_value(p[key + "value"], p[key + "rate_when_valued"], sigma, omega)
        return cls(observed * p[key + "growth"], sigma, omega)


@dataclass(frozen=True)
class Ladder:
    """One issue's rungs: arrays of shape (runs, rungs), and which rungs are talk."""

    names: list[str]
    levels: FloatArray
    benefit_shares: FloatArray
    cost_shares: FloatArray
    restored_shares: FloatArray
    talk: list[bool]

    @property
    def breaks_order(self) -> BoolArray:
        """Whether the rungs do not climb to one, by run."""
        steps = np.diff(self.levels, axis=1, prepend=0.0)
        return np.asarray((steps <= 0.0).any(axis=1) | (self.levels[:, -1] != 1.0))

    @property
    def breaks_shape(self) -> BoolArray:
        """Whether benefits are not concave or costs not convex, by run."""
        slack = 1e-9
        benefit_slopes, cost_slopes = self.slopes()
        rising = (np.diff(benefit_slopes, axis=1) > slack).any(axis=1)
        falling = (np.diff(cost_slopes, axis=1) < -slack).any(axis=1)
        negative = (benefit_slopes < -slack).any(axis=1) | (cost_slopes < -slack).any(axis=1)
        return np.asarray(rising | falling | negative)

    def slopes(self) -> tuple[FloatArray, FloatArray]:
        """Return the benefit and the cost per level along each segment, shape (runs, rungs)."""
        width = np.maximum(np.diff(self.levels, axis=1, prepend=0.0), 1e-12)
        return (
            np.diff(self.benefit_shares, axis=1, prepend=0.0) / width,
            np.diff(self.cost_shares, axis=1, prepend=0.0) / width,
        )


def ladder(scenario: Scenario, issue: str, p: Parameters) -> Ladder:
    """Return an issue's ladder."""
    entry = scenario.issues[issue]
    names = list(entry.ladder)
    curvature = p[f"issues.{issue}.curvature"]
    levels, benefits, costs = [], [], []
    for name in names:
        key = f"issues.{issue}.ladder.{name}."
        level = p[key + "level"]
        levels.append(level)
        benefits.append(p.values.get(key + "benefit", level))
        costs.append(p.values.get(key + "cost", power(level, curvature)))
    restored = [
        np.zeros(p.runs) if entry.ladder[name].talk else level
        for name, level in zip(names, levels, strict=True)
    ]
    return Ladder(
        names,
        np.stack(levels, axis=-1),
        np.stack(benefits, axis=-1),
        np.stack(costs, axis=-1),
        np.stack(restored, axis=-1),
        [entry.ladder[name].talk for name in names],
    )


@dataclass(frozen=True)
class Stakes:
    """Worth of every issue at the top of its ladder, C$ billion a year, shape (runs,) each."""

    benefit: dict[str, FloatArray]
    cost: dict[str, FloatArray]


def stakes(scenario: Scenario, p: Parameters) -> Stakes:
    """Return what every issue is worth in full: duties from trade, the rest from salience."""
    benefit: dict[str, FloatArray] = {}
    cost: dict[str, FloatArray] = {}
    for name, issue in scenario.issues.items():
        if issue.duty is None:
            continue
        key = f"issues.{name}.duty."
        flow = TradeFlow.of(issue.duty.flow, p)
        goods = (flow.sigma, flow.omega)
        rate, floor = p[key + "rate"], p[key + "floor"]
        benefit[name] = exporter_loss(flow.free_value, rate, *goods) - exporter_loss(
            flow.free_value, floor, *goods
        )
        cost[name] = cost_of_cutting(
            flow.free_value,
            rate,
            floor,
            *goods,
            p[key + "producers_share"],
            p[key + "producers_weight"],
            p[key + "coercive_value"],
        )
    tariff_stakes = dict(benefit)
    for name, issue in scenario.issues.items():
        if issue.duty is not None:
            continue
        for worth, entry, actor in (
            (benefit, issue.benefit, issue.beneficiary),
            (cost, issue.cost, issue.conceder),
        ):
            side = "benefit" if worth is benefit else "cost"
            number = p[f"issues.{name}.{side}"]
            if isinstance(entry, Salience):
                number = number * largest_stake(scenario, tariff_stakes, issue.table, actor, p.runs)
            worth[name] = number
    return Stakes(benefit, cost)


def largest_stake(
    scenario: Scenario, tariff_stakes: dict[str, FloatArray], table: str, actor: str, runs: int
) -> FloatArray:
    """Return an actor's largest tariff stake on a table: what political issues are measured by."""
    largest = np.zeros(runs)
    for name, worth in tariff_stakes.items():
        issue = scenario.issues[name]
        if issue.table == table and issue.beneficiary == actor:
            largest = np.maximum(largest, worth)
    return largest


def rates(scenario: Scenario, issue: str, p: Parameters, restored: FloatArray) -> FloatArray:
    """Return the duty, as a fraction, once a share of the exporter's loss has been restored."""
    duty = scenario.issues[issue].duty
    assert duty is not None
    flow = TradeFlow.of(duty.flow, p)
    key = f"issues.{issue}.duty."
    return rate_restoring(restored, p[key + "rate"], p[key + "floor"], flow.sigma, flow.omega)
