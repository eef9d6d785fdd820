"""Alternatives to a table: parallel arrangements, and what quitting would be worth."""

from __future__ import annotations

import numpy as np

from negotiate_abm.mechanisms.leverage import built
from negotiate_abm.mechanisms.numerics import FloatArray, IntArray
from negotiate_abm.scenario.parameters import Parameters
from negotiate_abm.scenario.schema import Arrangement, Scenario
from negotiate_abm.tables import Table


class Alternatives:
    """The arrangements that a country has begun at the start, in every run."""

    def __init__(self, country: str, scenario: Scenario, p: Parameters) -> None:
        self._p = p
        self._begun: dict[str, Arrangement] = {
            name: entry
            for name, entry in scenario.arrangements.items()
            if entry.active and entry.country == country
        }
        # A one-off cost counts as the yearly flow of the same worth.
        self._discount_rate = p.get(f"countries.{country}.discount_rate", 0.0)

    def _of(self, name: str, number: str) -> FloatArray:
        return self._p[f"arrangements.{name}.{number}"]

    def _built(self, name: str, week: int) -> FloatArray:
        return built(week, self._of(name, "build_weeks"))

    def replaced(self, table: Table, week: int) -> FloatArray:
        """Return the share of losses at a table that other buyers now make good, (runs,)."""
        total = np.zeros(table.runs)
        for name, entry in self._begun.items():
            if entry.table == table.name:
                total = total + self._of(name, "replaces") * self._built(name, week)
        return np.minimum(total, 1.0)

    def moved_from(self, partner: str, week: int) -> FloatArray:
        """Return the share of exports that is now moved away from a partner, shape (runs,)."""
        total = np.zeros(self._p.runs)
        for name, entry in self._begun.items():
            if entry.watcher == partner:
                total = total + self._of(name, "pulls") * self._built(name, week)
        return np.minimum(total, 1.0)

    def outside_option(
        self, table: Table, side: int, rows: IntArray, week: int
    ) -> tuple[FloatArray, FloatArray]:
        """Return what quitting would be worth, and what of it is earned while one stays, (rows,).

        C$ billion a year; `side` is the country's own.
        """
        outside, inside = np.zeros(rows.size), np.zeros(rows.size)
        duties = ~table.concedes(side) & table.governed
        stake = (np.take(table.exporter_stake, rows, axis=0) * duties).sum(axis=-1)
        for name, entry in self._begun.items():
            if entry.table == table.name:
                made_good = np.take(self._of(name, "replaces"), rows) * stake
                cost = np.take(self._of(name, "set_up_cost") * self._discount_rate, rows)
                outside = outside + made_good - cost
                inside = inside + made_good * np.take(self._built(name, week), rows)
        return outside, inside
