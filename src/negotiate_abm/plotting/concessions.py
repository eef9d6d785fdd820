"""Concession trajectories: how far each issue moves, week by week, over many runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.lines import Line2D

from negotiate_abm.plotting.style import (
    BLUE,
    GREEN,
    TICK,
    VERMILION,
    LineStyle,
    at_table,
    band_legend,
    bands,
    extra_height,
    grid_of,
    heading,
    legend_below,
    mean_name,
    new_figure,
    number,
    tidy,
    week_axis,
    wrapped,
)
from negotiate_abm.scenario.parameters import Parameters, central
from negotiate_abm.scenario.stakes import rates

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from negotiate_abm.scenario.schema import Issue, Scenario

# What is drawn of each issue, from the intention to the deed: colour, line style, width, words.
# The later lies over the earlier, so each is thinner than the one under it.
_STAGES: dict[str, tuple[str, LineStyle, float, str]] = {
    "in_force": (BLUE, "-", 2.6, "in force"),
    "agreed": (VERMILION, "--", 2.0, "agreed"),
    "offered": (GREEN, ":", 2.0, "on offer"),
}

_MOST_COLUMNS = 3

# Inches, and the room for a line of a panel's title and of a rung's name beside it.
_PANEL_WIDTH, _PANEL_HEIGHT, _MARGINS = 3.75, 2.05, 1.5
_TITLE_WIDTH, _RUNG_WIDTH = 3.35, 1.3
_RUNG_SIZE = 9

# Levels that a line of a rung's name takes up, by its size and the height of a panel's axes.
_LINE = 0.13
_LOWEST, _HIGHEST = -0.03, 1.1


def concessions(trajectories: xr.Dataset, scenario: Scenario, table: str | None = None) -> Figure:
    """Return a panel an issue: mean levels on offer, agreed and in force, week by week.

    Bands hold 50 and 90 % of the runs' levels in force. Beside each panel stand the rungs of
    its ladder, at their levels; where the issue is a duty, with the rate then in force, in
    per cent, at the scenario's central numbers.

    Parameters
    ----------
    trajectories : xarray.Dataset
        From `Result.trajectories`.
    scenario : Scenario
        Names issues, conceders and rungs.
    table : str, optional
        Whose issues; by default those of the focal table, or all where there is none.
    """
    table = scenario.focal_table if table is None else table
    issues = [
        str(name)
        for name in trajectories["issue"].values
        if table is None or scenario.issues[str(name)].table == table
    ]
    rows, columns = grid_of(len(issues), _MOST_COLUMNS)
    width = max(_PANEL_WIDTH * columns, 7.0)
    runs = trajectories.sizes["run"]
    title = heading(scenario, f"concessions{at_table(scenario, table)}", runs, width)
    titles = [_title(scenario, name) for name in issues]
    height = _PANEL_HEIGHT * rows + _MARGINS + extra_height(titles, columns, 2)
    figure = new_figure(width, height, title)
    grid = figure.subplots(rows, columns, squeeze=False)
    numbers = central(scenario)
    for i, (axes, name) in enumerate(zip(grid.flat, issues, strict=False)):
        _panel(axes, trajectories.sel(issue=name), titles[i])
        _rungs(axes, scenario.issues[name], _rung_names(scenario, name, numbers))
        if i % columns == 0:
            axes.set_ylabel("level, 0 to 1", fontsize=TICK)
        week_axis(axes, trajectories["week"].values, scenario, labelled=i + columns >= len(issues))
    for axes in grid.flat[len(issues) :]:
        axes.set_visible(False)
    legend_below(figure, _legend(runs), 5 if columns == _MOST_COLUMNS else 3)
    return figure


def _title(scenario: Scenario, name: str) -> str:
    """Return a panel's title: the issue, and who concedes it."""
    entry = scenario.issues[name]
    conceder = f"{scenario.countries[entry.conceder].title} concedes"
    lines = [wrapped(text, _TITLE_WIDTH, most_lines=2) for text in (entry.title, conceder)]
    return "\n".join(lines)


def _panel(axes: Axes, issue: xr.Dataset, title: str) -> None:
    weeks = issue["week"].values
    bands(axes, weeks, issue["in_force"].values, BLUE)
    for stage, (colour, style, thickness, _) in _STAGES.items():
        axes.plot(
            weeks, issue[stage].values.mean(axis=0), color=colour, linestyle=style, lw=thickness
        )
    tidy(axes, title)
    axes.set_yticks([0.0, 0.5, 1.0])
    axes.grid(visible=False)  # the rungs are the lines to read by
    axes.set_ylim(_LOWEST, _HIGHEST)


def _rungs(axes: Axes, entry: Issue, names: list[str]) -> None:
    """Write the rungs' names beside a panel, joined to their levels, moved apart where close."""
    levels = [rung.level.value for rung in entry.ladder.values()]
    heights = [_LINE * (name.count("\n") + 1) for name in names]
    for level, place, name in zip(levels, spread(levels, heights), names, strict=True):
        axes.axhline(level, color="0.85", lw=0.7, zorder=0)
        axes.annotate(
            name,
            (1.0, level),
            (10.0, place),
            xycoords=axes.get_yaxis_transform(),
            textcoords=("offset points", "data"),
            va="center",
            fontsize=_RUNG_SIZE,
            linespacing=1.1,
            annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": "0.7", "lw": 0.7, "shrinkA": 1, "shrinkB": 0},
        )


def spread(wanted: list[float], heights: list[float]) -> list[float]:
    """Return places near those wanted, in order, at which labels of such heights do not touch.

    Parameters
    ----------
    wanted : list of float
        Ascending.
    heights : list of float
        In the same units.
    """
    places: list[float] = []
    for at, height, before in zip(wanted, heights, [0.0, *heights], strict=False):
        room = places[-1] + (height + before) / 2 if places else at
        places.append(max(at, room))
    # What was pushed over the top comes down again, and pushes down what is under it.
    ceiling = max(wanted[-1], _HIGHEST)
    for i in range(len(places) - 1, -1, -1):
        places[i] = min(places[i], ceiling)
        if i:
            ceiling = places[i] - (heights[i] + heights[i - 1]) / 2
    return places


def _rung_names(scenario: Scenario, name: str, numbers: Parameters) -> list[str]:
    """Return each rung's title, with the duty then in force where there is one."""
    entry, found = scenario.issues[name], []
    for rung in entry.ladder.values():
        title = rung.title
        if entry.duty is not None:
            restored = np.array([0.0 if rung.talk else rung.level.value])
            rate = 100 * rates(scenario, name, numbers, restored)[0]
            title += f", {number(rate)}\N{NO-BREAK SPACE}%"
        found.append(wrapped(title, _RUNG_WIDTH, _RUNG_SIZE))
    return found


def _legend(runs: int) -> list[Artist]:
    lines: list[Artist] = [
        Line2D([], [], color=colour, linestyle=style, lw=lw, label=mean_name(words, runs))
        for colour, style, lw, words in reversed(_STAGES.values())
    ]
    return lines + band_legend(BLUE, "in force, ") if runs > 1 else lines
