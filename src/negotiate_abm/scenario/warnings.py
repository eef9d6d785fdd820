"""A watcher's numbers put into the formulas of `mechanisms.retaliation`."""

from __future__ import annotations

import numpy as np

from negotiate_abm.mechanisms.numerics import FloatArray
from negotiate_abm.mechanisms.preferences import perpetual_worth
from negotiate_abm.mechanisms.retaliation import log_threat_hazard
from negotiate_abm.mechanisms.trade import added_loss, imposer_cost, value_share
from negotiate_abm.scenario.parameters import Parameters
from negotiate_abm.scenario.schema import Scenario
from negotiate_abm.scenario.stakes import TradeFlow


def watcher_key(table: str, watcher: str) -> str:
    """Return the dotted key, with its final dot, under which a watcher's numbers stand."""
    return f"tables.{table}.watchers.{watcher}."


def threat_hazard(
    p: Parameters, key: str, exposed: FloatArray, crossed: FloatArray, hostility: FloatArray
) -> FloatArray:
    """Return the log weekly hazard of a watcher's threat, its parameters under `key`."""
    return log_threat_hazard(
        np.log(np.maximum(p[key + "base_hazard"], np.finfo(np.float64).tiny)),
        exposed,
        p[key + "exposure_slope"],
        hostility,
        p[key + "hostility_slope"],
        crossed,
        p.get(key + "line_slope", 0.0),
    )


class TariffMeasure:
    """A retaliatory tariff and what it does, at any intensity.

    Parameters
    ----------
    key : str
        Dotted key of the measure, with its final dot.
    flow : str
        The flow it falls on.
    p : Parameters

    Notes
    -----
    Where the scenario says so, crossing a red line widens it: `wide`, below, is one in runs
    where one was crossed, else zero.
    """

    def __init__(self, key: str, flow: str, p: Parameters) -> None:
        self.flow = flow
        self._goods = TradeFlow.of(flow, p)
        self._base = self._goods.rate
        self._rate = p[key + "rate"]
        self._coverage = p[key + "coverage"]
        self._line_coverage = p.values.get(key + "line_coverage", self._coverage)
        elasticities = (self._goods.sigma, self._goods.omega)
        after = imposer_cost(self._goods.free_value, self._base + self._rate, *elasticities)
        before = imposer_cost(self._goods.free_value, self._base, *elasticities)
        self._blow_back = after - before

    def coverage(self, wide: FloatArray) -> FloatArray:
        """Return the share of the flow that is hit, shape (runs,)."""
        return np.where(wide > 0.0, self._line_coverage, self._coverage)

    def loss(self, intensity: FloatArray, wide: FloatArray) -> FloatArray:
        """Return what it costs the exporters, C$ billion a year, shape (runs,)."""
        goods = self._goods
        return self.coverage(wide) * added_loss(
            goods.free_value, self._base, intensity * self._rate, goods.sigma, goods.omega
        )

    def trade_lost(self, intensity: FloatArray, wide: FloatArray) -> FloatArray:
        """Return the exports it destroys, C$ billion a year, shape (runs,)."""
        goods = self._goods
        before = value_share(self._base, goods.sigma, goods.omega)
        after = value_share(self._base + intensity * self._rate, goods.sigma, goods.omega)
        return self.coverage(wide) * goods.free_value * (before - after)

    def blow_back(self, wide: FloatArray) -> FloatArray:
        """Return what it costs its imposer in full, C$ billion a year (a gain if negative)."""
        return self.coverage(wide) * self._blow_back


def punishment(scenario: Scenario, table: str, watcher: str, p: Parameters) -> TariffMeasure:
    """Return the measure that a watcher threatens with."""
    entry = scenario.tables[table].watchers[watcher]
    return TariffMeasure(watcher_key(table, watcher) + "punishment.", entry.punishment.flow, p)


def punishment_severity(
    scenario: Scenario, table: str, watcher: str, p: Parameters, wide: bool = False
) -> FloatArray:
    """Return what a punishment of the expected length costs the threatened, as a flow for ever.

    `wide` asks for one that answers a crossed red line.
    """
    entry = scenario.tables[table].watchers[watcher]
    measure = punishment(scenario, table, watcher, p)
    loss = measure.loss(np.ones(p.runs), np.full(p.runs, float(wide)))
    nation = loss * p[f"flows.{measure.flow}.knock_on"]
    years = p[watcher_key(table, watcher) + "punishment_years"]
    return perpetual_worth(nation, years, p[f"countries.{entry.threatens}.discount_rate"])
