"""Trade as the model sees it week by week: what flows, and what has turned away from whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from negotiate_abm.mechanisms.numerics import FloatArray
from negotiate_abm.mechanisms.trade import pulled_share, value_under
from negotiate_abm.scenario.parameters import Parameters
from negotiate_abm.scenario.schema import Scenario
from negotiate_abm.scenario.stakes import TradeFlow
from negotiate_abm.watches import Watch

if TYPE_CHECKING:
    from negotiate_abm.model import NegotiationModel


class Trade:
    """Every flow's value under the duties of the start, and what each issue would add to it."""

    def __init__(self, scenario: Scenario, p: Parameters) -> None:
        self._scenario = scenario
        self._runs = p.runs
        duties = {i.duty.flow: n for n, i in scenario.issues.items() if i.duty is not None}
        self._at_start: dict[str, FloatArray] = {}
        self._regained: dict[str, FloatArray] = {}
        for name in scenario.flows:
            goods = TradeFlow.of(name, p)
            elasticities = (goods.sigma, goods.omega)
            if name not in duties:
                self._at_start[name] = value_under(goods.free_value, goods.rate, *elasticities)
                continue
            key = f"issues.{duties[name]}.duty."
            now = value_under(goods.free_value, p[key + "rate"], *elasticities)
            floor = value_under(goods.free_value, p[key + "floor"], *elasticities)
            self._at_start[name], self._regained[name] = now, floor - now

    def exports(self, model: NegotiationModel) -> dict[str, FloatArray]:
        """Return each flow's value under the tariffs in force, C$ billion a year, (runs,)."""
        now = dict(self._at_start)
        for table in model.tables.values():
            restored = table.restored()
            for i, governed in enumerate(table.flows):
                if governed is not None:
                    # Exports and exporters' losses are linear in each other.
                    now[governed] = now[governed] + restored[:, i] * self._regained[governed]
        for watch in model.watches:
            for measure, intensity, wide in watch.measures_in_force():
                now[measure.flow] = now[measure.flow] - measure.trade_lost(intensity, wide)
        for country in model.countries.values():
            for name, flow in self._scenario.flows.items():
                if flow.exporter == country.name:
                    left = 1.0 - country.alternatives.moved_from(flow.importer, model.week)
                    now[name] = now[name] * left
        return now

    def pulled_away(self, watch: Watch, moved: FloatArray, missing: FloatArray) -> FloatArray:
        """Return the share of the threatened's exports to a watcher that has turned away, (runs,).

        What it regains at the watched table, as far as it was `missing`, of shape (runs,
        issues), and what its arrangements have `moved`.
        """
        table = watch.table
        restored = table.restored() * missing
        regained, exports = np.zeros(self._runs), np.zeros(self._runs)
        for i, governed in enumerate(table.flows):
            if governed is not None and table.conceder[i] != watch.side:
                regained = regained + restored[:, i] * self._regained[governed]
        for name, flow in self._scenario.flows.items():
            if (flow.exporter, flow.importer) == (watch.threatens, watch.watcher):
                exports = exports + self._at_start[name]
        return pulled_share(regained, exports, moved)
