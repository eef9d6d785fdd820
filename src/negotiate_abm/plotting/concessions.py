"""Concession trajectories: how far each issue moves, week by week, over many runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from negotiate_abm.scenario.parameters import central
from negotiate_abm.scenario.schema import Issue, Scenario
from negotiate_abm.scenario.stakes import rates

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

# Okabe and Ito (2008), safe for colour-blind readers; the line styles carry the
# distinction without colour.
IN_FORCE, AGREED, OFFERED = "#0072B2", "#D55E00", "#009E73"
_STYLES: dict[str, tuple[str, Literal["-", "--", ":"], str]] = {
    "offered": (OFFERED, ":", "offered, mean"),
    "agreed": (AGREED, "--", "agreed, mean"),
    "in_force": (IN_FORCE, "-", "in force, mean"),
}
_COLUMNS = 3

# Two labels nearer than this, in levels, would overlap.
_ROOM_FOR_A_LABEL = 0.08


def concessions(trajectories: xr.Dataset, scenario: Scenario, table: str | None = None) -> Figure:
    """Return a panel an issue: mean levels offered, agreed and in force, with bands.

    Parameters
    ----------
    trajectories : xarray.Dataset
        From `Result.trajectories`.
    scenario : Scenario
        Names the rungs.
    table : str, optional
        Whose issues; by default those of the focal table, or all where there is none.
    """
    table = scenario.focal_table if table is None else table
    issues = [
        str(name)
        for name in trajectories["issue"].values
        if table is None or scenario.issues[str(name)].table == table
    ]
    columns = min(_COLUMNS, len(issues))
    rows = -(-len(issues) // columns)
    figure = Figure(figsize=(max(4.6 * columns, 7.0), 2.5 * rows + 1.4), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False, sharex=True)
    for axes, name in zip(grid.flat, issues, strict=False):
        _panel(axes, trajectories.sel(issue=name), scenario.issues[str(name)], scenario)
    for axes in grid.flat[len(issues) :]:
        axes.set_visible(False)
    for row in range(rows):
        grid[row, 0].set_ylabel("level, 0 to 1, by rung", fontsize=8)
    for column in range(columns):
        last = max(i for i in range(len(issues)) if i % columns == column)
        grid.flat[last].set_xlabel(f"weeks since {scenario.start}")
        grid.flat[last].tick_params(labelbottom=True)
    runs = trajectories.sizes["run"]
    figure.suptitle(f"{scenario.title}: concessions over {runs:,} runs", fontsize=13)
    figure.legend(
        handles=_legend(), loc="outside lower center", ncols=5 if columns > 1 else 3, frameon=False
    )
    return figure


def _panel(axes: Axes, issue: xr.Dataset, entry: Issue, scenario: Scenario) -> None:
    weeks = issue["week"].values
    levels = issue["in_force"].values
    for low, high, shade in ((0.05, 0.95, 0.15), (0.25, 0.75, 0.3)):
        lower, upper = np.quantile(levels, [low, high], axis=0)
        axes.fill_between(weeks, lower, upper, color=IN_FORCE, alpha=shade, linewidth=0)
    for name, (colour, style, _) in _STYLES.items():
        axes.plot(weeks, issue[name].values.mean(axis=0), color=colour, linestyle=style, lw=1.8)
    axes.set_title(
        f"{entry.title}\n{scenario.countries[entry.conceder].title} concedes", fontsize=9
    )
    rungs = _rung_labels(scenario, str(issue["issue"].item()))
    axes.set_yticks([level for level, _ in rungs], [title for _, title in rungs])
    axes.tick_params(axis="y", labelsize=7)
    axes.grid(axis="y", color="0.85", linewidth=0.6)
    axes.set_ylim(-0.03, 1.05)
    axes.set_xlim(weeks[0], weeks[-1])
    for edge in ("top", "right"):
        axes.spines[edge].set_visible(False)


def _rung_labels(scenario: Scenario, name: str) -> list[tuple[float, str]]:
    """Return each rung's level and title, with the duty then in force where there is one."""
    entry, p = scenario.issues[name], central(scenario)
    found = []
    for rung in entry.ladder.values():
        title = rung.title
        if entry.duty is not None:
            restored = np.array([0.0 if rung.talk else rung.level.value])
            title += f" ({100 * rates(scenario, name, p, restored)[0]:.0f} %)"
        found.append((rung.level.value, title))
    if found[0][0] >= _ROOM_FOR_A_LABEL:
        found.insert(0, (0.0, "nothing"))
    return found


def _legend() -> list[Artist]:
    lines: list[Artist] = [
        Line2D([], [], color=colour, linestyle=style, lw=1.8, label=label)
        for colour, style, label in _STYLES.values()
    ]
    bands: list[Artist] = [
        Patch(color=IN_FORCE, alpha=0.45, label="in force, 50 % of runs"),
        Patch(color=IN_FORCE, alpha=0.15, label="in force, 90 % of runs"),
    ]
    return lines + bands
