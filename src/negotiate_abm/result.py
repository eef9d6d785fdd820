"""A result: what happened in every run, with all that is needed to make it again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from negotiate_abm import archive
from negotiate_abm.errors import RunError
from negotiate_abm.model import NegotiationModel
from negotiate_abm.scenario.loader import load_scenario, split_overrides
from negotiate_abm.scenario.schema import Scenario

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from negotiate_abm.plotting.gallery import Plots

_REPORT = "report.md"


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

    def changes(self) -> list[str]:
        """Return what is changed from the case: levers by their names, all else by its key."""
        overrides = self.manifest["overrides"]
        told, covered = [], set()
        for name, lever in self._case.levers.items():
            values = [overrides.get(key) for key in lever.keys]
            if None in values or any(value != values[0] for value in values):
                continue
            if lever.value is None or lever.value == values[0]:
                told.append(name if lever.value is not None else f"{name} = {_in_short(values[0])}")
                covered |= set(lever.keys)
        rest = (key for key in overrides if key not in covered)
        return told + [f"{key} = {_in_short(overrides[key])}" for key in rest]

    # -- words ----------------------------------------------------------------------

    def summary(self) -> str:
        """Return a short report: what was played, what came of it, how often, how sure."""
        from negotiate_abm.narration.summary import summary

        return summary(self.outcomes, self.scenario, self.manifest, self.changes())

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
        faces = self._add_faces if figures else None
        tables = (self.trajectories, self.outcomes, self.events)
        return archive.save(Path(directory), *tables, self.manifest, faces)

    def _add_faces(self, directory: Path) -> None:
        """Write every figure, and a report on them, to a directory."""
        from negotiate_abm.plotting.gallery import DPI

        drawn = []
        for name, figure in self.plot.all():
            figure.savefig(directory / f"{name}.png", dpi=DPI)
            drawn.append(name)
        (directory / _REPORT).write_text(self._report(drawn), encoding="utf-8")

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
        result = cls(*archive.load(source))
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
            raise archive.no_result(
                source,
                f"a {archive.MANIFEST} of a version with another form",
                "Run it again, or read it with the version that wrote it.",
            )


def _in_short(value: Any) -> str:
    """Return an override as a reader wants it: a column of numbers as its range."""
    if isinstance(value, list) and value and all(isinstance(v, int | float) for v in value):
        return f"{min(value):g} to {max(value):g} by run"
    return f"{value:g}" if isinstance(value, float) else str(value)
