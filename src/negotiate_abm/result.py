"""A result: what happened in every run, with all that is needed to make it again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from negotiate_abm.errors import ResultError, RunError
from negotiate_abm.files import (
    beside,
    cannot_write,
    check_free,
    checksum,
    read_regular,
    take_back,
    undisturbed,
)
from negotiate_abm.model import NegotiationModel
from negotiate_abm.scenario.loader import load_scenario, split_overrides
from negotiate_abm.scenario.schema import Scenario

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from negotiate_abm.plotting.gallery import Plots

_TRAJECTORIES, _OUTCOMES, _EVENTS = "trajectories.zarr", "outcomes.csv", "events.csv"
_MANIFEST, _REPORT = "manifest.json", "report.md"
_DATA = (_TRAJECTORIES, _OUTCOMES, _EVENTS)
_CHECKSUMS = "sha256"  # where the manifest keeps those of the data and of itself
_LARGEST_MANIFEST = 2**30
_RESTORE = "Restore it from a copy, or run it again."
_DPI = 150
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

    # -- words ----------------------------------------------------------------------

    def summary(self) -> str:
        """Return a short report: what was played, what came of it, how often, how sure."""
        from negotiate_abm.narration.summary import summary

        return summary(self.outcomes, self.scenario, self.manifest)

    def story(self, run: int | None = None) -> str:
        """Return one run as a newspaper would tell it, with dates, rates and reasons.

        Parameters
        ----------
        run : int, optional
            Its number, as in the outcomes; by default the typical run's.

        Raises
        ------
        RunError
            If the result has no such run.
        """
        from negotiate_abm.narration.story import story

        number = self.typical_run() if run is None else run
        model = self._begin(number)
        outcome = self.outcomes[self.outcomes["run"] == number].iloc[0]
        told = story(
            model,
            self.trajectories.sel(run=number),
            self.events[self.events["run"] == number],
            {str(name): value for name, value in outcome.items()},
        )
        model.release()
        where = f"run {number}, seed {self.manifest['seed']}"
        return f"{told}\n\n(A simulated history: {self.scenario.title}, {where}.)"

    def typical_run(self) -> int:
        """Return the number of the run closest to the medians of the outcomes.

        Of those that the story is about: of the focal table and of the focal country.
        """
        from negotiate_abm.narration.surprise import typical_run

        return typical_run(self._told_outcomes())

    def unusual_runs(self, count: int = 3) -> list[tuple[int, list[str]]]:
        """Return the runs farthest from the medians, each with what is rarest about it.

        Parameters
        ----------
        count : int
            How many at most; no two are odd in the same way.
        """
        from negotiate_abm.narration.oddities import in_words
        from negotiate_abm.narration.surprise import unusual_runs

        runs = self.manifest["runs"]
        return [
            (run, [in_words(oddity, self.scenario, runs) for oddity in why])
            for run, why in unusual_runs(self._told_outcomes(), count)
        ]

    def _told_outcomes(self) -> pd.DataFrame:
        """Return the outcomes less those of tables and watchers in the background."""
        focal = self.scenario.focal_table
        if focal is None:
            return self.outcomes
        aside = {name for name in self.scenario.tables if name != focal}
        aside |= {name for name, issue in self.scenario.issues.items() if issue.table != focal}
        aside |= set(self._watchers()) - self.scenario.tables[focal].watchers.keys()
        kept = [
            name
            for name in self.outcomes.columns.astype(str)
            if name.partition(".")[0] not in aside
        ]
        return self.outcomes[kept]

    # -- numbers --------------------------------------------------------------------

    def statistics(self) -> dict[str, Any]:
        """Return the headline numbers as plain data: what ``run --json`` prints.

        Levels are those in force at the end; a rung counts as reached once agreed, and
        ``by_week`` is the share of runs that had reached it by week 1, 2, ... .
        """
        _, columns = split_overrides(self.manifest["overrides"], self.manifest["runs"])
        return {
            "case": self.manifest["case"],
            "runs": self.manifest["runs"],
            "weeks": self.manifest["weeks"],
            "seed": self.manifest["seed"],
            "version": self.manifest["versions"]["negotiate-abm"],
            "overrides": {
                key: "by run" if isinstance(value, list) and key in columns else value
                for key, value in self.manifest["overrides"].items()
            },
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
            Whether to draw the figures, and write a report on them, beside the data.

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
            written.append(beside(target))
            written[0].mkdir()
            self._write(written[0], figures)
            check_free(target, beside=written[0])
            # The manifest goes last: without it nothing here is read as a result.
            parts = sorted(written[0].iterdir(), key=lambda entry: entry.name == _MANIFEST)
            with undisturbed():
                for part in parts:
                    written.append(part.rename(target / part.name))
                written[0].rmdir()
        except BaseException as error:
            take_back(written, made)
            if isinstance(error, OSError):
                raise cannot_write(target, error) from None
            raise
        return target

    def _write(self, directory: Path, figures: bool) -> None:
        self.trajectories.to_zarr(directory / _TRAJECTORIES, consolidated=False)
        self.outcomes.to_csv(directory / _OUTCOMES, index=False)
        self.events.to_csv(directory / _EVENTS, index=False)
        if figures:
            drawn = []
            for name, figure in self.plot.all():
                figure.savefig(directory / f"{name}.png", dpi=_DPI)
                drawn.append(name)
            (directory / _REPORT).write_text(self._report(drawn), encoding="utf-8")
        sums = {name: checksum(directory / name) for name in _DATA}
        sums[_MANIFEST] = _sum_of(self.manifest)
        text = json.dumps({**self.manifest, _CHECKSUMS: sums}, indent=2)
        (directory / _MANIFEST).write_text(text + "\n", encoding="utf-8")

    def _report(self, figures: list[str]) -> str:
        """Return the whole result as a page of Markdown, its figures beside it."""
        odd = [f"- Run {run}: {'; '.join(why)}." for run, why in self.unusual_runs()]
        parts = [f"# {self.scenario.title}", self.summary(), "## A typical run", self.story()]
        parts += ["## The most unusual runs", "\n".join(odd)] if odd else []
        parts += ["## Figures", *(f"![{name}]({name}.png)" for name in figures)]
        return "\n\n".join(parts) + "\n"

    @classmethod
    def load(cls, directory: str | Path) -> Result:
        """Read a result that `save` wrote.

        Raises
        ------
        ResultError
            If the directory does not hold one, or not as it was saved.
        """
        source = Path(directory)
        about = _read_manifest(source)
        try:
            trajectories = _read_trajectories(source / _TRAJECTORIES)
            outcomes = _read_table(source / _OUTCOMES)
            events = _read_table(source / _EVENTS)
        except Exception as error:  # what reads them has an error of its own for each fault
            raise _no_result(source, _words(error), "Check the path.") from None
        result = cls(trajectories, outcomes, events, about)
        result._check_known(source)
        return result

    def _check_known(self, source: Path) -> None:
        """Refuse a manifest that was saved whole, but by a version that said it otherwise."""
        try:
            split_overrides(self.manifest["overrides"], self.manifest["runs"])
            self._case  # noqa: B018
            known = {"weeks", "seed", "first_run", "case", "versions"} <= self.manifest.keys()
        except (KeyError, TypeError, AttributeError, ValueError, RunError):
            known = False
        if not known:
            given = f"a {_MANIFEST} of a version with another form"
            raise _no_result(
                source, given, "Run it again, or read it with the version that wrote it."
            )


def _sum_of(manifest: dict[str, Any]) -> str:
    """Return the checksum of a manifest, however it is laid out in its file."""
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()


def _no_result(place: Path, given: str, remedy: str) -> ResultError:
    return ResultError(
        f"{place}: got {given}; expected a directory written by Result.save. {remedy}"
    )


def _words(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "brackets nested too deep"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _read_manifest(source: Path) -> dict[str, Any]:
    """Return the manifest of a saved result, once all of it is found as it was saved."""
    try:
        about = json.loads(read_regular(source / _MANIFEST, _LARGEST_MANIFEST))
    except FileNotFoundError:
        raise _no_result(source, f"no {_MANIFEST} there", "Check the path.") from None
    except (OSError, ValueError, RecursionError) as error:
        given = f"a {_MANIFEST} that cannot be read ({_words(error)})"
        raise _no_result(source, given, "Check the path.") from None
    sums = about.pop(_CHECKSUMS, None) if isinstance(about, dict) else None
    if not isinstance(sums, dict):
        given = f"a {_MANIFEST} without checksums"
        raise _no_result(source, given, "Check the path, or run it again.")
    for name in (_MANIFEST, *_DATA):
        try:
            found = _sum_of(about) if name == _MANIFEST else checksum(source / name)
        except (OSError, RecursionError) as error:
            raise _no_result(source, f"no readable {name} ({_words(error)})", _RESTORE) from None
        if found != sums.get(name):
            raise _no_result(source, f"a {name} that was changed since", _RESTORE)
    manifest: dict[str, Any] = about
    return manifest


def _read_trajectories(store: Path) -> xr.Dataset:
    import xarray as xr

    stored = xr.open_zarr(store, consolidated=False).load()
    texts = {n: c.astype(object) for n, c in stored.coords.items() if c.dtype.kind == "T"}
    trajectories: xr.Dataset = stored.assign_coords(texts)
    return trajectories


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
