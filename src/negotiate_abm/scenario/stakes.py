"""What each issue is worth to its beneficiary and costs its conceder, run by run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from negotiate_abm.mechanisms.numerics import BoolArray, FloatArray, power
from negotiate_abm.mechanisms.trade import (
    cost_of_cutting,
    exporter_loss,
    free_trade_value,
    producers_loss,
    rate_restoring,
)
from negotiate_abm.scenario.parameters import Parameters
from negotiate_abm.scenario.schema import Salience, Scenario


@dataclass(frozen=True)
class TradeFlow:
    """A flow's free-trade value, elasticities and standing tariff, each of shape (runs,)."""

    free_value: FloatArray
    sigma: FloatArray
    omega: FloatArray
    rate: FloatArray

    @classmethod
    def of(cls, name: str, p: Parameters) -> TradeFlow:
        """Return the flow of that name, grown to its present size."""
        key = f"flows.{name}."
        sigma, omega = p[key + "substitution"], p[key + "supply"]
        rate = p[key + "rate_when_valued"]
        observed = free_trade_value(p[key + "value"], rate, sigma, omega)
        now = p.values.get(key + "rate_now", rate)
        return cls(observed * p[key + "growth"], sigma, omega, now)


@dataclass(frozen=True)
class Ladder:
    """One issue's rungs and what each is worth, C$ billion a year; arrays (runs, rungs).

    `restored` is the share of the exporter's loss that a rung gives back, zero for talk;
    `hurt` is what the conceder's protected producers lose by it.
    """

    names: list[str]
    talk: list[bool]
    levels: FloatArray
    benefits: FloatArray
    costs: FloatArray
    restored: FloatArray
    hurt: FloatArray

    def at(self, rung: str, values: FloatArray) -> FloatArray:
        """Return one rung's column of `values`, shape (runs,)."""
        return np.take(values, self.names.index(rung), axis=1)

    @property
    def breaks_order(self) -> BoolArray:
        """Whether the rungs do not climb to one, by run."""
        steps = np.diff(self.levels, axis=1, prepend=0.0)
        return np.asarray((steps <= 0.0).any(axis=1) | (self.levels[:, -1] != 1.0))

    @property
    def breaks_shape(self) -> BoolArray:
        """Whether benefits are not concave or costs not convex, or either falls, by run."""
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
            np.diff(self.benefits, axis=1, prepend=0.0) / width,
            np.diff(self.costs, axis=1, prepend=0.0) / width,
        )


def ladders(scenario: Scenario, p: Parameters) -> dict[str, Ladder]:
    """Return every issue's ladder: duties valued from trade, the rest by salience or as given."""
    found = {
        name: _duty_ladder(scenario, name, p)
        for name, issue in scenario.issues.items()
        if issue.duty is not None
    }
    tops = {name: rungs.benefits[:, -1] for name, rungs in found.items()}
    for name, issue in scenario.issues.items():
        if issue.duty is None:
            found[name] = _political_ladder(scenario, name, p, tops)
    return {name: found[name] for name in scenario.issues}


def _duty_ladder(scenario: Scenario, name: str, p: Parameters) -> Ladder:
    """Return a duty's ladder: each rung's cost is that of cutting the duty to the rung's rate."""
    issue = scenario.issues[name]
    assert issue.duty is not None
    key = f"issues.{name}.duty."
    flow = TradeFlow.of(issue.duty.flow, p)
    goods = (flow.sigma, flow.omega)
    rate, floor = p[key + "rate"], p[key + "floor"]
    stake = exporter_loss(flow.free_value, rate, *goods) - exporter_loss(
        flow.free_value, floor, *goods
    )

    def hurt_by_restoring(share: FloatArray) -> FloatArray:
        cut = rate_restoring(share, rate, floor, *goods)
        return producers_loss(flow.free_value, rate, cut, *goods, p[key + "producers_share"])

    def cost_of_restoring(share: FloatArray) -> FloatArray:
        return cost_of_cutting(
            flow.free_value,
            rate,
            rate_restoring(share, rate, floor, *goods),
            *goods,
            p[key + "producers_share"],
            p[key + "producers_weight"],
            p[key + "coercive_value"] * share,
        )

    if not issue.duty.protected:
        return _ladder(scenario, name, p, stake, cost_of_restoring, hurt_by_restoring)
    # What is made good is paid for in money, and no longer counts with a lobby's weight.
    relieved = p["domestic.compensation"] * p[key + "producers_weight"]
    return _ladder(
        scenario,
        name,
        p,
        stake,
        lambda share: cost_of_restoring(share) - relieved * hurt_by_restoring(share),
        hurt_by_restoring,
    )


def _political_ladder(
    scenario: Scenario, name: str, p: Parameters, tops: dict[str, FloatArray]
) -> Ladder:
    issue = scenario.issues[name]
    curvature = p[f"issues.{name}.curvature"]

    def worth(side: str, entry: object, actor: str) -> FloatArray:
        number = p[f"issues.{name}.{side}"]
        if isinstance(entry, Salience):
            return number * largest_stake(scenario, tops, issue.table, actor, p.runs)
        return number

    benefit = worth("benefit", issue.benefit, issue.beneficiary)
    cost = worth("cost", issue.cost, issue.conceder)
    return _ladder(
        scenario, name, p, benefit, lambda level: cost * power(level, curvature), np.zeros_like
    )


def _ladder(
    scenario: Scenario,
    name: str,
    p: Parameters,
    benefit: FloatArray,
    cost_at: Callable[[FloatArray], FloatArray],
    hurt_at: Callable[[FloatArray], FloatArray],
) -> Ladder:
    """Return a ladder, its rungs valued by their own shares or, without, by rule.

    By rule a rung's benefit is its level's share of the whole and its cost `cost_at` its
    level. Talk is cheap: of the first substantive rung's cost, the share that the curvature
    leaves at its level.
    """
    rungs = scenario.issues[name].ladder
    ground = next((rung for rung, entry in rungs.items() if not entry.talk), list(rungs)[-1])
    first_level = p[f"issues.{name}.ladder.{ground}.level"]
    columns: dict[str, list[FloatArray]] = {
        "level": [],
        "benefit": [],
        "cost": [],
        "restored": [],
        "hurt": [],
    }
    for rung, entry in rungs.items():
        key = f"issues.{name}.ladder.{rung}."
        level = p[key + "level"]
        if key + "cost" in p.values:
            cost = p[key + "cost"] * cost_at(np.ones(p.runs))
        elif entry.talk:
            curvature = p[f"issues.{name}.curvature"]
            cost = cost_at(first_level) * power(level / first_level, curvature)
        else:
            cost = cost_at(level)
        columns["level"].append(level)
        columns["cost"].append(cost)
        columns["benefit"].append(p.values.get(key + "benefit", level) * benefit)
        columns["restored"].append(np.zeros(p.runs) if entry.talk else level)
        columns["hurt"].append(np.zeros(p.runs) if entry.talk else hurt_at(level))
    return Ladder(
        list(rungs),
        [entry.talk for entry in rungs.values()],
        np.stack(columns["level"], axis=-1),
        np.stack(columns["benefit"], axis=-1),
        np.stack(columns["cost"], axis=-1),
        np.stack(columns["restored"], axis=-1),
        np.stack(columns["hurt"], axis=-1),
    )


def largest_stake(
    scenario: Scenario, tops: dict[str, FloatArray], table: str, actor: str, runs: int
) -> FloatArray:
    """Return an actor's largest tariff stake on a table: what political issues are measured by."""
    largest = np.zeros(runs)
    for name, worth in tops.items():
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
