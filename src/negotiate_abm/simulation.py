"""Many runs of one scenario: played block by block, recorded, and handed back as a result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from negotiate_abm.errors import RunError
from negotiate_abm.mechanisms.numerics import BoolArray, FloatArray, ratio
from negotiate_abm.mechanisms.preferences import reaches
from negotiate_abm.model import NegotiationModel, checked_seed
from negotiate_abm.provenance import manifest
from negotiate_abm.recording.trajectories import Recorder, dataset, first_week
from negotiate_abm.result import Result
from negotiate_abm.scenario.loader import (
    check_columns,
    load_scenario,
    split_overrides,
    with_levers,
)
from negotiate_abm.scenario.schema import Scenario
from negotiate_abm.scenario.stakes import rates

if TYPE_CHECKING:
    import pandas as pd

# Near the best rate, and small enough for a progress bar that moves; measured in
# benchmarks/block_size.py.
RUNS_A_BLOCK = 2000

# Refuse, before any memory is taken, what would hold more numbers than this (8 bytes each).
MOST_NUMBERS = 500_000_000

# Numbers recorded a run and a week in the bundled case, rounded up.
_NUMBERS_A_RUN_WEEK = 200

Progress = Callable[[int], None]


def run(
    case: str | Path | Scenario = "carney-beijing-2026",
    runs: int = 2000,
    weeks: int | None = None,
    seed: int | None = 1,
    overrides: Mapping[str, Any] | None = None,
    first_run: int = 0,
    progress: Progress | None = None,
    block: int = RUNS_A_BLOCK,
    levers: Mapping[str, Any] | None = None,
) -> Result:
    """Play many runs of a scenario and return what happened.

    Parameters
    ----------
    case : str, Path or Scenario
        A bundled case's name, a path ending in ``.toml``, or a scenario.
    runs : int
        Number of runs.
    weeks : int, optional
        Weeks a run; by default the scenario's own.
    seed : int or None
        With a run's number it fixes everything random in that run. None draws one.
    overrides : mapping of str to value, optional
        Dotted key to a scalar, or to an array of shape (runs,).
    first_run : int
        Number of the first run.
    progress : callable, optional
        Called with the number of runs just finished.
    block : int
        Runs played at once. It changes speed and memory, never a result.
    levers : mapping of str to value, optional
        Levers of the scenario to pull, by name: True for one whose value it states, else a
        value. An override of the same key goes first.

    Returns
    -------
    Result

    Raises
    ------
    NegotiateError
        For any bad input; the message says what to mend.
    """
    seed = checked_seed(seed)
    base = load_scenario(case)
    overrides = with_levers(base, levers, overrides)
    scalars, columns = split_overrides(overrides, runs)
    scenario = load_scenario(base, scalars)
    check_columns(scenario, columns)
    weeks = scenario.weeks if weeks is None else weeks
    _check_size(runs, weeks, block, first_run)
    blocks = [
        _play(
            base,
            seed,
            first_run + start,
            min(block, runs - start),
            weeks,
            scalars | {key: column[start : start + block] for key, column in columns.items()},
            progress,
        )
        for start in range(0, runs, block)
    ]
    return _joined(blocks, manifest(base, runs, weeks, seed, first_run, overrides))


def _check_size(runs: int, weeks: int, block: int, first_run: int) -> None:
    for name, number, least in (
        ("runs", runs, 1),
        ("weeks", weeks, 1),
        ("block", block, 1),
        ("first_run", first_run, 0),
    ):
        is_whole = isinstance(number, int | np.integer) and not isinstance(number, bool)
        if not is_whole or number < least:
            raise RunError(
                f"{name}: got {number!r}; expected a whole number from {least}. Give one."
            )
    if runs * (weeks + 1) * _NUMBERS_A_RUN_WEEK > MOST_NUMBERS:
        most = MOST_NUMBERS // ((weeks + 1) * _NUMBERS_A_RUN_WEEK)
        if most < 1:
            raise RunError(
                f"weeks: got {weeks}; expected at most {MOST_NUMBERS // _NUMBERS_A_RUN_WEEK - 1}, "
                f"to be held in memory. Ask for fewer."
            )
        raise RunError(
            f"runs: got {runs} of {weeks} weeks; expected at most {most} of that length held in "
            f"memory at once. Ask for fewer, or run several with first_run."
        )


class _Block:
    """What one block of runs left behind."""

    def __init__(self, model: NegotiationModel, recorder: Recorder) -> None:
        import pandas as pd

        self.runs = model.run_numbers
        self.labels = model.coordinates()
        self.dimensions = {**recorder.dimensions, "rate": recorder.dimensions["restored"]}
        self.arrays = {**recorder.arrays, "rate": _duty_rates(model, recorder.arrays["restored"])}
        self.outcomes = pd.DataFrame(_outcomes(model, self.arrays))
        self.events = model.log.frame()


def _play(
    scenario: Scenario,
    seed: int,
    first_run: int,
    runs: int,
    weeks: int,
    overrides: Mapping[str, Any],
    progress: Progress | None,
) -> _Block:
    model = NegotiationModel(scenario, runs, first_run, seed, overrides)
    recorder = Recorder(weeks)
    recorder.observe(model.snapshot())
    for _ in range(weeks):
        model.step()
        recorder.observe(model.snapshot())
    block = _Block(model, recorder)
    model.release()
    if progress is not None:
        progress(runs)
    return block


def _duty_rates(model: NegotiationModel, restored: FloatArray) -> FloatArray:
    """Return the duty in force on each issue in per cent, NaN for a political issue."""
    found = np.full(restored.shape, np.nan)
    for i, issue in enumerate(model.coordinates()["issue"]):
        if model.case.issues[issue].duty is not None:
            for week in range(restored.shape[1]):
                share = np.ascontiguousarray(restored[:, week, i])
                found[:, week, i] = 100.0 * rates(model.case, issue, model.parameters, share)
    return found


def _outcomes(
    model: NegotiationModel, arrays: Mapping[str, FloatArray]
) -> dict[str, FloatArray | BoolArray]:
    columns: dict[str, Any] = {"run": model.run_numbers}
    place = {issue: i for i, issue in enumerate(model.coordinates()["issue"])}
    for table in model.tables.values():
        for issue in table.issues:
            agreed = arrays["agreed"][:, :, place[issue]]
            columns[f"{issue}.agreed"] = agreed[:, -1]
            columns[f"{issue}.in_force"] = arrays["in_force"][:, -1, place[issue]]
            rungs = table.ladders[issue]
            for name, level in zip(rungs.names, rungs.levels.T, strict=True):
                columns[f"{issue}.{name}.week"] = first_week(reaches(agreed, level[:, None]))
        columns[f"{table.name}.agreements"] = table.agreements
        columns[f"{table.name}.failed_rounds"] = table.failed
        columns[f"{table.name}.failed_with_a_zone"] = table.failed_with_a_zone
        columns[f"{table.name}.broken_at_home"] = table.not_consented
        columns[f"{table.name}.reimposed"] = table.reimposed
    for watch in model.watches:
        for kind in ("threatened", "complied", "bought_off", "punished"):
            key = f"{watch.watcher}.{kind}"
            columns[key] = columns.get(key, False) | getattr(watch, kind)
    focal = model.countries[model.case.focal]
    for name in ("relief", "made_good", "punishment_loss"):
        columns[f"{name}_at_end"] = arrays[name][:, -1]
        columns[f"{name}_mean"] = arrays[name][:, 1:].mean(axis=1)
    if focal.home.provinces:
        columns["approval"] = focal.home.approval
    for partner, share in _export_shares(model).items():
        columns[f"exports_to.{partner}"] = share
    has_relief = model.has_relief(model.case.focal)
    columns["has_relief"] = has_relief
    columns["relief_without_punishment"] = has_relief & ~model.punished(model.case.focal)
    return columns


def _export_shares(model: NegotiationModel) -> dict[str, FloatArray]:
    """Return, by partner, its share of the focal country's modelled exports at the end."""
    exports = model.exports()
    by_partner: dict[str, FloatArray] = {}
    for name, flow in model.case.flows.items():
        if flow.exporter == model.case.focal:
            sold = by_partner.get(flow.importer, np.zeros(model.runs))
            by_partner[flow.importer] = sold + exports[name]
    total = np.add.reduce(list(by_partner.values())) if by_partner else np.zeros(model.runs)
    return {partner: ratio(sold, total, otherwise=0.0) for partner, sold in by_partner.items()}


def _joined(blocks: list[_Block], about: dict[str, Any]) -> Result:
    import pandas as pd

    first = blocks[0]
    arrays = {
        name: np.concatenate([block.arrays[name] for block in blocks]) for name in first.arrays
    }
    runs = np.concatenate([block.runs for block in blocks])

    def stacked(frames: list[pd.DataFrame]) -> pd.DataFrame:
        filled = [frame for frame in frames if len(frame)] or frames[:1]
        return pd.concat(filled, ignore_index=True)

    return Result(
        dataset(arrays, first.dimensions, first.labels, runs),
        stacked([block.outcomes for block in blocks]),
        stacked([block.events for block in blocks]),
        about,
    )
