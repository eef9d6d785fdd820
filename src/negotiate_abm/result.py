"""A result: what happened in every run, with all that is needed to make it again."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from negotiate_abm.errors import ResultError, RunError
from negotiate_abm.model import NegotiationModel
from negotiate_abm.scenario.loader import load_scenario, split_overrides
from negotiate_abm.scenario.schema import Scenario

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from negotiate_abm.plotting.gallery import Plots

_TRAJECTORIES, _OUTCOMES, _EVENTS = "trajectories.zarr", "outcomes.csv", "events.csv"
_MANIFEST = "manifest.json"
_TEXT_COLUMNS = ("kind", "actor", "target", "where", "issue")


@dataclass(frozen=True)
class Result:
    """What many runs of one scenario left behind.

    Parameters
    ----------
    trajectories : xarray.Dataset
        The weekly state of every run; dimensions run, week, and issue, country,
        counterpart, province, table or watch. Week 0 is the start. Units are attributes.
    outcomes : pandas.DataFrame
        A row a run: levels agreed and in force at the end, the week each rung was first
        agreed (NaN for never), threats, punishments, relief, and the joint test.
    events : pandas.DataFrame
        A row an event: run, week, kind, actor, target, where, issue, amount. What kinds
        there are, and what `amount` is of each, stands in docs/results.md.
    manifest : dict
        Case, seed, versions, CPU features, scenario and its hash, overrides, commit.
    """

    trajectories: xr.Dataset
    outcomes: pd.DataFrame
    events: pd.DataFrame
    manifest: dict[str, Any]

    def __repr__(self) -> str:
        """Return what it is a result of, in a line."""
        about = self.manifest
        with_ = f", overrides={about['overrides']}" if about["overrides"] else ""
        return (
            f"<Result of {about['case']}: {about['runs']} runs of {about['weeks']} weeks, "
            f"seed={about['seed']}{with_}>"
        )

    @cached_property
    def scenario(self) -> Scenario:
        """The scenario played, overrides that hold in every run applied."""
        scalars, _ = split_overrides(self.manifest["overrides"], self.manifest["runs"])
        return load_scenario(self._case, scalars)

    @cached_property
    def _case(self) -> Scenario:
        """The case before any override."""
        return Scenario.model_validate_json(json.dumps(self.manifest["scenario"]))

    def replay(self, run: int) -> NegotiationModel:
        """Return one of the runs as a model, played again to the end, to the last bit.

        Parameters
        ----------
        run : int
            Its number, as in the outcomes.

        Raises
        ------
        RunError
            If the result has no such run.
        """
        model = self._begin(run)
        for _ in range(self.manifest["weeks"]):
            model.step()
        return model

    def weekly(self, run: int) -> Iterator[NegotiationModel]:
        """Yield one of the runs as a model at the start, then after every week.

        It is the same model each time, one week older. Parameters and errors as in `replay`.
        """
        model = self._begin(run)
        yield model
        for _ in range(self.manifest["weeks"]):
            model.step()
            yield model
        model.release()

    def _begin(self, run: int) -> NegotiationModel:
        """Return one of the runs as a model at its start."""
        place = run - self.manifest["first_run"]
        if not 0 <= place < self.manifest["runs"]:
            last = self.manifest["first_run"] + self.manifest["runs"] - 1
            raise RunError(
                f"run: got {run}; expected {self.manifest['first_run']} to {last}. "
                f"See the outcomes for the numbers."
            )
        scalars, columns = split_overrides(self.manifest["overrides"], self.manifest["runs"])
        own = {key: column[place : place + 1] for key, column in columns.items()}
        return NegotiationModel(self._case, 1, run, self.manifest["seed"], scalars | own)

    @property
    def plot(self) -> Plots:
        """The figures of this result."""
        from negotiate_abm.plotting.gallery import Plots

        return Plots(self)

    # -- numbers --------------------------------------------------------------------

    def statistics(self) -> dict[str, Any]:
        """Return the headline numbers as plain data: what ``run --json`` prints.

        Levels are those in force at the end; a rung counts as reached once agreed, and
        ``by_week`` is the share of runs that had reached it by week 1, 2, ... .
        """
        return {
            "case": self.manifest["case"],
            "runs": self.manifest["runs"],
            "weeks": self.manifest["weeks"],
            "seed": self.manifest["seed"],
            "version": self.manifest["versions"]["negotiate-abm"],
            "issues": {name: self._issue(name) for name in self.scenario.issues},
            "watchers": {name: self._watcher(name) for name in self._watchers()},
            "joint": {
                "relief_without_punishment": float(
                    self.outcomes["relief_without_punishment"].mean()
                )
            },
        }

    def _issue(self, name: str) -> dict[str, Any]:
        level = self.outcomes[f"{name}.in_force"].to_numpy()
        low, middle, high = np.quantile(level, [0.05, 0.5, 0.95])
        weeks = np.arange(1, self.manifest["weeks"] + 1)
        reached = {}
        for rung in self.scenario.issues[name].ladder:
            first = self.outcomes[f"{name}.{rung}.week"].to_numpy()
            by_week = (first[:, None] <= weeks).mean(axis=0)
            reached[rung] = {"probability": float(by_week[-1]), "by_week": by_week.tolist()}
        return {
            "level": {
                "mean": float(level.mean()),
                "q05": float(low),
                "q50": float(middle),
                "q95": float(high),
            },
            "reached": reached,
        }

    def _watchers(self) -> list[str]:
        tables = self.scenario.tables.values()
        return list(dict.fromkeys(watcher for table in tables for watcher in table.watchers))

    def _watcher(self, name: str) -> dict[str, float]:
        return {
            kind: float(self.outcomes[f"{name}.{kind}"].mean())
            for kind in ("threatened", "punished")
        }

    # -- files ------------------------------------------------------------------------

    def save(self, directory: str | Path, figures: bool = False) -> Path:
        """Write the result to a new or empty directory, whole or not at all.

        Parameters
        ----------
        directory : str or Path
        figures : bool
            Whether to draw the figures beside the data.

        Returns
        -------
        Path
            The directory.

        Raises
        ------
        ResultError
            If it already holds something, or cannot be written.
        """
        target = Path(directory)
        made = check_free(target)
        written: list[Path] = []
        try:
            target.mkdir(parents=True, exist_ok=True)
            written.append(Path(tempfile.mkdtemp(prefix=".partial-", dir=target)))
            self._write(written[0], figures)
            check_free(target, beside=written[0])
            # The manifest goes last: without it nothing here is read as a result.
            parts = sorted(written[0].iterdir(), key=lambda entry: entry.name == _MANIFEST)
            for part in parts:
                written.append(part.rename(target / part.name))
            written[0].rmdir()
        except BaseException as error:
            _take_back(written, made)
            if isinstance(error, OSError):
                raise _cannot_write(target, error) from None
            raise
        return target

    def _write(self, directory: Path, figures: bool) -> None:
        self.trajectories.to_zarr(directory / _TRAJECTORIES, consolidated=False)
        self.outcomes.to_csv(directory / _OUTCOMES, index=False)
        self.events.to_csv(directory / _EVENTS, index=False)
        if figures:
            self.plot.concessions().savefig(directory / "concessions.png", dpi=150)
        text = json.dumps(self.manifest, indent=2)
        (directory / _MANIFEST).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, directory: str | Path) -> Result:
        """Read a result that `save` wrote.

        Raises
        ------
        ResultError
            If the directory does not hold one.
        """
        import xarray as xr

        source = Path(directory)
        try:
            about = json.loads((source / _MANIFEST).read_text(encoding="utf-8"))
            stored = xr.open_zarr(source / _TRAJECTORIES, consolidated=False).load()
            trajectories = stored.assign_coords(
                {n: c.astype(object) for n, c in stored.coords.items() if c.dtype.kind == "T"}
            )
            outcomes = _read_table(source / _OUTCOMES)
            events = _read_table(source / _EVENTS)
        except (OSError, ValueError) as error:
            raise ResultError(
                f"{source}: got {error}; expected a directory written by Result.save. "
                f"Check the path."
            ) from None
        return cls(trajectories, outcomes, events, about)


def _read_table(file: Path) -> pd.DataFrame:
    """Return a table as it was written, floats to the last bit."""
    import pandas as pd

    table = pd.read_csv(file, dtype=object, keep_default_na=False)
    for name in table.columns:
        if name in _TEXT_COLUMNS:
            continue
        words = set(table[name])
        if words and words <= {"True", "False"}:
            table[name] = table[name] == "True"
        elif words and all(word.isdecimal() for word in words):
            table[name] = table[name].astype(np.int64)  # a float is written with its point
        else:
            table[name] = table[name].replace("", "nan").astype(np.float64)
    return table


def check_free(directory: Path, beside: Path | None = None) -> list[Path]:
    """Return the directories that must be made to write there, the outermost first.

    Parameters
    ----------
    directory : Path
    beside : Path, optional
        An entry of the directory that is ours.

    Raises
    ------
    ResultError
        If it already holds something, or cannot be written.
    """
    ours = None if beside is None else beside.name  # the path may be relative, or not
    try:
        if directory.exists() and (
            not directory.is_dir() or any(entry.name != ours for entry in directory.iterdir())
        ):
            raise ResultError(
                f"{directory}: got a place that already holds something; expected a new or "
                f"empty directory. Name another, or move what is there."
            )
        missing = []
        place = directory.absolute()
        while not place.exists():
            missing.append(place)
            place = place.parent
        if not place.is_dir():
            raise NotADirectoryError(20, f"{place} is no directory")
        if not os.access(place, os.W_OK | os.X_OK):
            raise PermissionError(13, "Permission denied")
    except (OSError, ValueError) as error:
        raise _cannot_write(directory, error) from None
    return missing[::-1]


def _take_back(written: list[Path], made: list[Path]) -> None:
    """Remove what a write that failed has written, and the directories made for it if empty."""
    for entry in written:
        if entry.is_dir():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)
    for place in reversed(made):
        with contextlib.suppress(OSError):
            place.rmdir()


def _cannot_write(directory: Path, error: Exception) -> ResultError:
    name = str(directory)
    return ResultError(
        f"{name if len(name) < 200 else name[:200] + '...'}: got "
        f"{getattr(error, 'strerror', None) or error}; expected a directory that can be written. "
        f"Choose another, with enough space and the right to write."
    )
