"""The log of what happened: one row an event, a run and a week, that reads as a story."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from negotiate_abm.mechanisms.numerics import FloatArray, IntArray

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("run", "week", "kind", "actor", "target", "where", "issue", "amount")


class EventLog:
    """Collects events of many runs at once.

    Parameters
    ----------
    runs : array of shape (runs,)
        The run number behind each row of the model's arrays.
    """

    def __init__(self, runs: IntArray) -> None:
        self._runs = runs
        self._entries: list[tuple[IntArray, int, str, str, str, str, str, FloatArray]] = []

    def add(
        self,
        week: int,
        kind: str,
        rows: IntArray,
        *,
        actor: str,
        target: str = "",
        where: str = "",
        issue: str = "",
        amount: FloatArray | None = None,
    ) -> None:
        """Record that something happened in some rows; `amount` has their shape."""
        if rows.size:
            amounts = np.full(rows.size, np.nan) if amount is None else amount
            about = (kind, actor, target, where, issue)
            self._entries.append((self._runs[rows], week, *about, amounts))

    def frame(self) -> pd.DataFrame:
        """Return the log as a table with the columns of `COLUMNS`, by run, in order."""
        import pandas as pd

        if not self._entries:
            return pd.DataFrame({name: [] for name in COLUMNS})
        sizes = [entry[0].size for entry in self._entries]
        columns: dict[str, object] = {
            "run": np.concatenate([entry[0] for entry in self._entries]),
            "week": np.repeat([entry[1] for entry in self._entries], sizes),
        }
        for place, name in enumerate(COLUMNS[2:-1], start=2):
            labels = np.array([entry[place] for entry in self._entries], dtype=object)
            columns[name] = np.repeat(labels, sizes)
        columns["amount"] = np.concatenate([entry[-1] for entry in self._entries])
        return pd.DataFrame(columns).sort_values("run", kind="stable", ignore_index=True)
