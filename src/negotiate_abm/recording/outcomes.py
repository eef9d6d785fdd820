"""How a run ended, in one row: levels, rungs reached, threats, relief, and the joint test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from negotiate_abm.mechanisms.numerics import BoolArray, FloatArray

if TYPE_CHECKING:
    import pandas as pd


def first_week(reached: BoolArray) -> FloatArray:
    """Return the first week at which something holds, NaN where it never does.

    Parameters
    ----------
    reached : array of shape (runs, weeks + 1)
        Week 0 first.
    """
    return np.where(reached.any(axis=1), reached.argmax(axis=1), np.nan)


def outcome_table(columns: Mapping[str, FloatArray | BoolArray]) -> pd.DataFrame:
    """Return outcome columns as a table, a row a run."""
    import pandas as pd

    return pd.DataFrame(dict(columns))
