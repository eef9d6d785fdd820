"""From a scenario's numbers to one value a run.

A quantity with a range is drawn anew in every run unless it is held fixed. The draw is
named by seed, run, key and attempt, so a number that is overridden shifts no other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel

from negotiate_abm.mechanisms.numerics import FloatArray, IntArray, power
from negotiate_abm.mechanisms.randomness import (
    DRAWS_A_BLOCK,
    UIntArray,
    four_uniforms,
    slot,
)
from negotiate_abm.scenario.quantities import Quantity
from negotiate_abm.scenario.schema import Salience, Scenario


def quantities(scenario: Scenario) -> dict[str, Quantity]:
    """Return every number by dotted key; a salience code is its class's multiple."""
    classes = quantities_of_salience(scenario)
    found: dict[str, Quantity] = {}
    for key, entry in _walk("", scenario):
        if key.startswith("salience."):
            continue
        found[key] = classes[entry.salience] if isinstance(entry, Salience) else entry
    return found


def quantities_of_salience(scenario: Scenario) -> dict[str, Quantity]:
    """Return the multiple that each class of salience stands for."""
    classes = {n: getattr(scenario.salience, n) for n in type(scenario.salience).model_fields}
    return {name: entry for name, entry in classes.items() if entry is not None}


def salience_code(scenario: Scenario, key: str) -> str | None:
    """Return the class that a dotted key is coded with, None if it is a plain number."""
    section, _, rest = key.partition(".")
    issue, _, side = rest.partition(".")
    entry = getattr(scenario.issues[issue], side, None) if section == "issues" else None
    return entry.salience if isinstance(entry, Salience) else None


def _walk(key: str, node: object) -> Iterator[tuple[str, Quantity | Salience]]:
    if isinstance(node, Quantity | Salience):
        yield key, node
        return
    children: Mapping[str, object] = {}
    if isinstance(node, BaseModel):
        children = {name: getattr(node, name) for name in type(node).model_fields}
    elif isinstance(node, dict):
        children = node
    for name, child in children.items():
        yield from _walk(f"{key}.{name}" if key else name, child)


@dataclass(frozen=True)
class Parameters:
    """One value a run for every number of a scenario.

    Percentages are fractions here. Index by dotted key for an array of shape (runs,).
    """

    values: dict[str, FloatArray]
    runs: int

    def __getitem__(self, key: str) -> FloatArray:
        return self.values[key]

    def get(self, key: str, otherwise: float) -> FloatArray:
        """Return a number, or a constant where the scenario leaves it out."""
        if key in self.values:
            return self.values[key]
        return np.full(self.runs, otherwise)


def central(scenario: Scenario) -> Parameters:
    """Return the scenario's stated values, as one run."""
    known = quantities(scenario)
    return Parameters({k: np.array([_fraction(q, q.value)]) for k, q in known.items()}, 1)


def draw(
    scenario: Scenario,
    seed: int,
    runs: IntArray,
    attempts: IntArray | None = None,
    given: Mapping[str, FloatArray] | None = None,
    streams: Streams | None = None,
    rows: IntArray | None = None,
) -> Parameters:
    """Return each run's parameters.

    Parameters
    ----------
    scenario : Scenario
    seed : int
    runs : array of shape (runs,)
        Run numbers.
    attempts : array of shape (runs,), optional
        How many earlier draws of each run were discarded; by default none.
    given : mapping of str to array of shape (runs,), optional
        Values set by the caller, in the scenario's units, instead of being drawn.
    streams, rows : Streams and array of int, optional
        Draws already made, and where in them these runs stand.
    """
    given = given or {}
    known = quantities(scenario)
    drawn = [key for key, quantity in known.items() if quantity.is_drawn and key not in given]
    if streams is None:
        streams = Streams(seed, runs)
    which = np.zeros(runs.size, dtype=np.int64) if attempts is None else attempts
    where = np.arange(runs.size) if rows is None else rows
    uniforms = streams.uniforms(drawn, where, which)
    values: dict[str, FloatArray] = {}
    for key, quantity in known.items():
        numbers = given[key] if key in given else np.full(runs.size, quantity.value)
        values[key] = _fraction(quantity, np.array(numbers, dtype=np.float64))
    for column, key in enumerate(drawn):
        sampled = _sampled(known[key], np.ascontiguousarray(uniforms[:, column]))
        values[key] = _fraction(known[key], sampled)
    return Parameters(values, runs.size)


class Streams:
    """The uniform draws behind a block of runs' numbers: one stream a run and a key.

    The position in a stream is the attempt. The first four attempts come at one cost, so
    they are kept.
    """

    def __init__(self, seed: int, runs: IntArray) -> None:
        self.seed, self._runs = seed, runs
        self._first: FloatArray | None = None
        self._keys: list[str] = []

    def uniforms(self, keys: list[str], rows: IntArray, attempts: IntArray) -> FloatArray:
        """Return the draw behind each number in some runs, shape (rows, keys)."""
        if self._first is None or keys != self._keys:
            self._keys = list(keys)
            self._first = four_uniforms(self.seed, self._runs, _slots(keys), 0)
        blocks, positions = np.divmod(attempts, DRAWS_A_BLOCK)
        found = np.take_along_axis(
            np.take(self._first, rows, axis=0), positions[:, None, None], axis=2
        )[:, :, 0]
        for block in np.unique(blocks[blocks > 0]):
            late = np.flatnonzero(blocks == block)
            runs = np.take(self._runs, rows[late])
            four = four_uniforms(self.seed, runs, _slots(keys), int(block))
            found[late] = np.take_along_axis(four, positions[late, None, None], axis=2)[:, :, 0]
        return found


def _slots(keys: list[str]) -> UIntArray:
    return np.array([slot(f"parameter {key}") for key in keys], dtype=np.uint64)


def _sampled(quantity: Quantity, uniform: FloatArray) -> FloatArray:
    assert quantity.range is not None
    low, high = quantity.range
    if quantity.scale == "log":
        return low * power(np.full_like(uniform, high / low), uniform)
    return low + (high - low) * uniform


def _fraction(quantity: Quantity, number: FloatArray | float) -> FloatArray:
    scaled = np.asarray(number, dtype=np.float64)
    return scaled / 100.0 if quantity.unit == "%" else scaled
