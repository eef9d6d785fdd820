"""From a scenario's numbers to one value a run.

A quantity with a range is drawn anew in every run unless it is held fixed; the draw is
named by seed, run and key, so the same run under two scenarios gets the same draw of
every number they share.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel

from negotiate_abm.errors import RunError, nearest
from negotiate_abm.mechanisms.numerics import FloatArray, IntArray, power
from negotiate_abm.mechanisms.randomness import four_uniforms, slot
from negotiate_abm.scenario.quantities import Quantity
from negotiate_abm.scenario.schema import Salience, Scenario


def quantities(scenario: Scenario) -> dict[str, Quantity]:
    """Return every number by dotted key; a salience code is its class's multiple."""
    classes = {
        name: getattr(scenario.salience, name) for name in type(scenario.salience).model_fields
    }
    found: dict[str, Quantity] = {}
    for key, entry in _walk("", scenario):
        if key.startswith("salience."):
            continue
        found[key] = classes[entry.salience] if isinstance(entry, Salience) else entry
    return found


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

    def stack(self, keys: Sequence[str]) -> FloatArray:
        """Return several numbers side by side, shape (runs, keys)."""
        if not keys:
            return np.zeros((self.runs, 0))
        return np.stack([self.values[key] for key in keys], axis=-1)

    def get(self, key: str, otherwise: float) -> FloatArray:
        """Return a number, or a constant where the scenario leaves it out."""
        if key in self.values:
            return self.values[key]
        return np.full(self.runs, otherwise)

    def replaced_where(self, rows: IntArray, other: Parameters) -> Parameters:
        """Return these parameters with some runs' values taken from `other`."""
        values = {}
        for key, column in self.values.items():
            values[key] = column.copy()
            values[key][rows] = other.values[key]
        return Parameters(values, self.runs)


def central(scenario: Scenario) -> Parameters:
    """Return the scenario's stated values, as one run."""
    known = quantities(scenario)
    return Parameters({k: np.array([_fraction(q, q.value)]) for k, q in known.items()}, 1)


def draw(
    scenario: Scenario,
    seed: int,
    runs: IntArray,
    attempt: int = 0,
    given: Mapping[str, FloatArray] | None = None,
) -> Parameters:
    """Return each run's parameters.

    Parameters
    ----------
    scenario : Scenario
    seed : int
    runs : array of shape (runs,)
        Run numbers.
    attempt : int
        How many earlier draws of these runs were discarded.
    given : mapping of str to array of shape (runs,), optional
        Values set by the caller, in the scenario's units, instead of being drawn.

    Raises
    ------
    RunError
        If `given` names no number of the scenario.
    """
    given = given or {}
    known = quantities(scenario)
    for key in given:
        if key not in known:
            raise RunError(
                f"override {key}: got an array for a key that is no number of the scenario. "
                f"{nearest(key, known)}"
            )
    drawn = [key for key, q in known.items() if q.is_drawn and key not in given]
    block, position = divmod(attempt, 4)
    slots = np.array([slot(f"parameter {key}") for key in drawn], dtype=np.uint64)
    uniforms = four_uniforms(seed, runs, slots, block)[:, :, position]
    values: dict[str, FloatArray] = {}
    for key, quantity in known.items():
        if key in given:
            numbers = np.array(given[key], dtype=np.float64)
        else:
            numbers = np.full(runs.size, quantity.value)
        values[key] = _fraction(quantity, numbers)
    for column, key in enumerate(drawn):
        sampled = _sampled(known[key], np.ascontiguousarray(uniforms[:, column]))
        values[key] = _fraction(known[key], sampled)
    return Parameters(values, runs.size)


def _sampled(quantity: Quantity, uniform: FloatArray) -> FloatArray:
    assert quantity.range is not None
    low, high = quantity.range
    if quantity.scale == "log":
        return low * power(np.full_like(uniform, high / low), uniform)
    return low + (high - low) * uniform


def _fraction(quantity: Quantity, number: FloatArray | float) -> FloatArray:
    scaled = np.asarray(number, dtype=np.float64)
    return scaled / 100.0 if quantity.unit == "%" else scaled
