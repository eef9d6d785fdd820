"""Which run is typical of a result, and which are the odd ones: by how far out each lies.

Each outcome of a run is as surprising as the share of runs is small that lie at least as far
out as it, on its side of the median: minus the logarithm to base two of that share, in bits.
It needs no scale. The outcomes of one issue, table or watcher go together, so they count by
their mean; a run's surprise is the sum over all of these. The typical run has the least of
those that do as most runs do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from negotiate_abm.mechanisms.numerics import FloatArray

if TYPE_CHECKING:
    import pandas as pd

# How many of an odd run's outcomes are named.
_REASONS = 3

# Outcomes that differ by less than rounding errors do not differ.
_DECIMALS = 9


@dataclass(frozen=True)
class Oddity:
    """What is odd about a run.

    Parameters
    ----------
    outcome : str
        A column of the outcomes.
    value, median : float
        The run's, and that of all runs.
    runs : int
        How many runs lie at least as far out.
    """

    outcome: str
    value: float
    median: float
    runs: int


def numbers_of(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Return the outcomes as numbers, without run numbers; a week that never came is infinity."""
    numbers = outcomes.drop(columns="run").astype(np.float64)
    weeks = [name for name in numbers.columns if name.endswith(".week")]
    return numbers.fillna(dict.fromkeys(weeks, np.inf))


def runs_as_far_out(values: FloatArray) -> FloatArray:
    """Return for each run how many lie at least as far out on its side of the median, (runs,)."""
    values = np.round(values, _DECIMALS)
    ordered = np.sort(values)
    low = ordered[(ordered.size - 1) // 2]
    high = ordered[ordered.size // 2]
    above = ordered.size - np.searchsorted(ordered, values, side="left")
    below = np.searchsorted(ordered, values, side="right")
    counts = np.where(values > high, above, np.where(values < low, below, ordered.size))
    return counts.astype(np.float64)


def surprise(outcomes: pd.DataFrame) -> FloatArray:
    """Return each run's surprise over all that its outcomes are about, in bits, shape (runs,)."""
    numbers = numbers_of(outcomes)
    about: dict[str, list[FloatArray]] = {}
    for name in numbers.columns:
        share = runs_as_far_out(numbers[name].to_numpy()) / len(numbers)
        about.setdefault(_subject(name), []).append(-np.log2(share))
    total = np.zeros(len(numbers))
    for subject in sorted(about):
        total = total + np.mean(about[subject], axis=0)
    return total


def typical_run(outcomes: pd.DataFrame) -> int:
    """Return the number of the run closest to the medians, the first of equals.

    First come the runs that do as most runs do in most of what either happens or does not (a
    threat, a punishment, relief); of these, the one with the least surprise.
    """
    yes_or_no = outcomes.select_dtypes("bool")
    unlike_most = (yes_or_no != (yes_or_no.mean() > 0.5)).sum(axis=1).to_numpy()
    candidates = np.flatnonzero(unlike_most == unlike_most.min())
    best = candidates[surprise(outcomes)[candidates].argmin()]
    return int(outcomes["run"].to_numpy()[best])


def unusual_runs(outcomes: pd.DataFrame, count: int) -> list[tuple[int, list[Oddity]]]:
    """Return the runs farthest from the medians, each with what is rarest about it, rarest first.

    No two share what is rarest, so that they are odd in different ways; fewer are returned
    where there are no more ways to be odd.
    """
    numbers = numbers_of(outcomes)
    medians = numbers.median()
    far = np.stack([runs_as_far_out(numbers[name].to_numpy()) for name in numbers.columns], axis=-1)
    found: list[tuple[int, list[Oddity]]] = []
    seen: set[str] = set()
    for place in np.argsort(-surprise(outcomes), kind="stable"):
        odd = _rarest(numbers.columns.tolist(), far[place], len(numbers))
        if odd and _subject(odd[0]) not in seen:
            seen.add(_subject(odd[0]))
            values, rank = numbers.iloc[place], dict(zip(numbers.columns, far[place], strict=True))
            why = [Oddity(n, float(values[n]), float(medians[n]), int(rank[n])) for n in odd]
            found.append((int(outcomes["run"].iloc[place]), why))
        if len(found) == count:
            break
    return found


def _rarest(names: list[str], far: FloatArray, runs: int) -> list[str]:
    """Return the rarest outcomes of a run, no two of them about the same thing."""
    told: dict[str, str] = {}
    for at in np.argsort(far, kind="stable"):
        if far[at] < runs:
            told.setdefault(_subject(names[at]), names[at])
    return list(told.values())[:_REASONS]


def _subject(outcome: str) -> str:
    """Return what an outcome is about: relief, punishment, or what it names first."""
    if "relief" in outcome:
        return "relief"
    if outcome.endswith(".punished") or outcome.startswith("punishment"):
        return "punishment"
    return outcome.partition(".")[0].removesuffix("_at_end").removesuffix("_mean")
