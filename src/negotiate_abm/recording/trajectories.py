"""The weekly state of every run, kept as plain arrays and labelled at the end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from negotiate_abm.mechanisms.numerics import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    import xarray as xr

# Name to the dimensions after run, and the values, run first.
Snapshot = dict[str, tuple[tuple[str, ...], FloatArray]]

UNITS = {
    "offered": "level",
    "agreed": "level",
    "in_force": "level",
    "restored": "share of the exporter's loss",
    "rate": "%",
    "trust": "share",
    "leverage": "share",
    "unscaled_leverage": "share",
    "talking": "share",
    "approval": "share",
    "pressure": "share",
    "loss": "C$bn/yr",
    "exposure": "tolerance",
    "hostility": "share",
    "credibility": "share",
    "pulled": "share of exports to the watcher",
    "interest": "multiple",
    "steadfast": "share",
    "exports": "C$bn/yr",
    "threat": "share",
    "punishment": "share of the full measure",
    "counter": "share of the full measure",
    "relief": "C$bn/yr",
    "made_good": "C$bn/yr",
    "punishment_loss": "C$bn/yr",
}


class Recorder:
    """Keeps a snapshot a week, week 0 being the start.

    Parameters
    ----------
    weeks : int
        How many weeks will be played.
    """

    def __init__(self, weeks: int) -> None:
        self._weeks = weeks
        self._seen = 0
        self.dimensions: dict[str, tuple[str, ...]] = {}
        self.arrays: dict[str, FloatArray] = {}

    def observe(self, snapshot: Snapshot) -> None:
        """Keep one week's state, in order."""
        for name, (dimensions, values) in snapshot.items():
            if name not in self.arrays:
                shape = (values.shape[0], self._weeks + 1, *values.shape[1:])
                self.arrays[name] = np.empty(shape)
                self.dimensions[name] = ("run", "week", *dimensions)
            self.arrays[name][:, self._seen] = values
        self._seen += 1


def dataset(
    arrays: Mapping[str, FloatArray],
    dimensions: Mapping[str, tuple[str, ...]],
    labels: Mapping[str, list[str]],
    runs: IntArray,
) -> xr.Dataset:
    """Return recorded arrays as a labelled dataset with units."""
    import xarray as xr

    weeks = next(iter(arrays.values())).shape[1]
    names = {name: np.array(values, dtype=object) for name, values in labels.items()}
    coordinates = {"run": runs, "week": np.arange(weeks), **names}
    used = {dimension for dims in dimensions.values() for dimension in dims}
    return xr.Dataset(
        {name: (dimensions[name], array, {"units": UNITS[name]}) for name, array in arrays.items()},
        coords={name: values for name, values in coordinates.items() if name in used},
    )


def first_week(reached: BoolArray) -> FloatArray:
    """Return the first week at which something holds, NaN where it never does, shape (runs,).

    Parameters
    ----------
    reached : array of shape (runs, weeks + 1)
        Week 0 first.
    """
    return np.where(reached.any(axis=1), reached.argmax(axis=1), np.nan)
