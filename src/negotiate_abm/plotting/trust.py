"""Trust, leverage and threats believed: what the parties of each table think of each other."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.lines import Line2D

from negotiate_abm.mechanisms.numerics import BoolArray, FloatArray
from negotiate_abm.plotting.style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    LINES,
    ORANGE,
    PURPLE,
    SKY,
    TICK,
    VERMILION,
    LineStyle,
    band_legend,
    bands,
    extra_height,
    grid_of,
    heading,
    legend_below,
    mean_name,
    new_figure,
    tidy,
    week_axis,
    wrapped,
)

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from negotiate_abm.scenario.schema import Scenario

_WIDTH, _PANEL_HEIGHT, _MARGINS = 11.0, 2.2, 1.3
_TITLE_WIDTH = 2.8
_BALANCE = 0.5
_OF_COUNTRIES = (BLUE, VERMILION, GREEN, ORANGE, SKY)
_CREDIBILITY: tuple[str, LineStyle] = (BLACK, "-")
_HOSTILITY: tuple[str, LineStyle] = (PURPLE, "-.")


@dataclass(frozen=True)
class _Panel:
    """A panel: its title, what its axis says, and each line's values, colour and style.

    Values are (runs, weeks), NaN where a run has none yet.
    """

    title: str
    label: str
    lines: list[tuple[FloatArray, str, LineStyle]]


def trust(trajectories: xr.Dataset, scenario: Scenario) -> Figure:
    """Return trust by pair of countries, leverage by table, and watchers' threats, by week.

    A panel a pair that meets: what each trusts the other with, 0 to 1. A panel a table: each
    party's leverage in the latest round, 0 to 1, a half being balance; runs count from their
    first round on. A panel a watcher of a table: its credibility, which is how far the
    threatened believes that an unmet threat is carried out, and its hostility, both 0 to 1.
    Means with bands that hold 50 and 90 % of the runs.

    Parameters
    ----------
    trajectories : xarray.Dataset
        From `Result.trajectories`.
    scenario : Scenario
        Names countries, tables and watchers.
    """
    sections = [
        section
        for section in (
            _pairs(trajectories, scenario),
            _tables(trajectories, scenario),
            _watchers(trajectories, scenario),
        )
        if section
    ]
    # One table alone has a panel of each kind: side by side they read as well.
    if all(len(section) == 1 for section in sections):
        sections = [[panel for section in sections for panel in section]]
    columns = max(grid_of(len(section))[1] for section in sections)
    rows = sum(-(-len(section) // columns) for section in sections)
    runs = trajectories.sizes["run"]
    what = "trust, leverage and credibility" if _watched(scenario) else "trust and leverage"
    title = heading(scenario, what, runs, _WIDTH)
    height = _PANEL_HEIGHT * rows + _MARGINS
    height += sum(extra_height([p.title for p in section], columns) for section in sections)
    figure = new_figure(_WIDTH, height, title)
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes in grid.flat:
        axes.set_visible(False)
    row = 0
    for section in sections:
        for i, panel in enumerate(section):
            _draw(grid[row + i // columns, i % columns], panel, trajectories, scenario)
        row += -(-len(section) // columns)
    legend_below(figure, _legend(scenario, runs), 4)
    return figure


def _draw(axes: Axes, panel: _Panel, trajectories: xr.Dataset, scenario: Scenario) -> None:
    weeks = trajectories["week"].values
    axes.set_visible(True)
    known = [(np.isfinite(line[0]).any(axis=0), *line) for line in panel.lines]
    known = [line for line in known if line[0].any()]
    if not known:
        note = "no round was held in any run"
        axes.text(0.5, 0.6, note, transform=axes.transAxes, ha="center", fontsize=TICK)
    for there, values, colour, style in known:
        bands(axes, weeks[there], values[:, there], colour)
        # Bands of two that lie over each other are told apart by their edges.
        edges = np.nanquantile(values[:, there], [0.05, 0.95], axis=0)
        axes.plot(weeks[there], edges.T, color=colour, linestyle=style, lw=0.8, alpha=0.8)
    for there, values, colour, style in known:
        mean = np.nanmean(values[:, there], axis=0)
        axes.plot(weeks[there], mean, color=colour, linestyle=style, lw=2.4)
    tidy(axes, panel.title, panel.label)
    axes.set_ylim(-0.02, 1.02)
    axes.set_yticks([0.0, 0.5, 1.0])
    week_axis(axes, weeks, scenario)


def _panel(title: str, label: str, lines: list[tuple[FloatArray, str, LineStyle]]) -> _Panel:
    return _Panel(wrapped(title, _TITLE_WIDTH), label, lines)


def _pairs(trajectories: xr.Dataset, scenario: Scenario) -> list[_Panel]:
    """Return a panel a pair of countries of which one, at least, has met the other."""
    found = []
    for pair in combinations([str(name) for name in trajectories["country"].values], 2):
        lines = []
        for one, other in (pair, pair[::-1]):
            values = trajectories["trust"].sel(country=one, counterpart=other).values
            if np.isfinite(values).any():
                lines.append((values, *_of_country(scenario, one)))
        if lines:
            one, other = (scenario.countries[name].title for name in pair)
            title = f"Trust: {one} and {other}{_off(scenario, 'trust')}"
            found.append(_panel(title, "trust in the other,\n0 to 1", lines))
    return found


def _tables(trajectories: xr.Dataset, scenario: Scenario) -> list[_Panel]:
    """Return a panel a table."""
    found = []
    for name, table in scenario.tables.items():
        met = has_met(trajectories, name)
        lines = []
        for party in scenario.countries:
            if party in (table.host, table.guest):
                values = trajectories["leverage"].sel(table=name, country=party).values
                lines.append((np.where(met, values, np.nan), *_of_country(scenario, party)))
        title = f"Leverage: {table.title}{_off(scenario, 'leverage')}"
        found.append(_panel(title, "leverage of each,\n0 to 1", lines))
    return found


def _off(scenario: Scenario, mechanism: str) -> str:
    """Return what to say of something that is recorded but moves nobody."""
    return " (switched\N{NO-BREAK SPACE}off)" if mechanism in scenario.without else ""


def has_met(trajectories: xr.Dataset, table: str) -> BoolArray:
    """Return in which runs and weeks a first round has opened at a table, (runs, weeks).

    Until then its leverage has not been reckoned, and stands at balance.
    """
    at_table = trajectories.sel(table=table)
    leverage = at_table["leverage"].values
    begun = at_table["talking"].values > 0.0
    # A round that opened and ended within one week is told by what it left.
    begun |= (np.isfinite(leverage) & (leverage != _BALANCE)).any(axis=-1)
    return np.asarray(np.logical_or.accumulate(begun, axis=1))


def _watchers(trajectories: xr.Dataset, scenario: Scenario) -> list[_Panel]:
    """Return a panel a watcher of a table."""
    found = []
    for name, table in scenario.tables.items():
        for watcher, entry in table.watchers.items():
            watch = trajectories.sel(watch=f"{watcher} over {name}")
            lines = [
                (watch["credibility"].values, *_CREDIBILITY),
                (watch["hostility"].values, *_HOSTILITY),
            ]
            who, whom = scenario.countries[watcher].title, scenario.countries[entry.threatens].title
            title = f"{who} threatening {whom} over the table “{table.title}”"
            found.append(_panel(title, "credibility and\nhostility, 0 to 1", lines))
    return found


def _watched(scenario: Scenario) -> bool:
    return any(table.watchers for table in scenario.tables.values())


def _of_country(scenario: Scenario, name: str) -> tuple[str, LineStyle]:
    """Return a country's colour and line style, the same in every panel."""
    place = list(scenario.countries).index(name)
    return _OF_COUNTRIES[place % len(_OF_COUNTRIES)], LINES[place % len(LINES)]


def _legend(scenario: Scenario, runs: int) -> list[Artist]:
    entries = [
        (wrapped(country.title, 2.2, TICK, 2), *_of_country(scenario, name))
        for name, country in scenario.countries.items()
    ]
    if _watched(scenario):
        entries += [("credibility", *_CREDIBILITY), ("hostility", *_HOSTILITY)]
    found: list[Artist] = [
        Line2D([], [], color=colour, linestyle=style, lw=2.2, label=mean_name(words, runs))
        for words, colour, style in entries
    ]
    return found + band_legend(GREY) if runs > 1 else found
