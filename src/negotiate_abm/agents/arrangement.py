"""A parallel arrangement: other buyers, who take what a table will not give."""

from __future__ import annotations

from negotiate_abm.mechanisms.leverage import built
from negotiate_abm.mechanisms.numerics import FloatArray
from negotiate_abm.scenario.parameters import Parameters


class Arrangement:
    """An arrangement begun at the start, in every run.

    Attributes
    ----------
    name, table : str
        Its own name, and the table it is an alternative to.
    replaces : array of shape (runs,)
        Share of the losses at that table that it makes good in the end.
    set_up_cost : array of shape (runs,)
        One-off, C$ billion.
    """

    def __init__(self, name: str, table: str, p: Parameters) -> None:
        key = f"arrangements.{name}."
        self.name, self.table = name, table
        self.replaces = p[key + "replaces"]
        self.set_up_cost = p[key + "set_up_cost"]
        self._build_weeks = p[key + "build_weeks"]
        self._pulls = p[key + "pulls"]

    def earning(self, week: int) -> FloatArray:
        """Return the share of the losses that it makes good by now, shape (runs,)."""
        return self.replaces * built(week, self._build_weeks)

    def moved(self, week: int) -> FloatArray:
        """Return the share of exports it has pulled from the watcher by now, shape (runs,)."""
        return self._pulls * built(week, self._build_weeks)
