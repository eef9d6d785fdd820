"""Trade: the duties of a table, what flows under them, and what each partner buys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.lines import Line2D

from negotiate_abm.mechanisms.numerics import FloatArray
from negotiate_abm.plotting.style import (
    BLACK,
    BLUE,
    GREY,
    PURPLE,
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

if TYPE_CHECKING:
    from collections.abc import Callable

    import xarray as xr
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from negotiate_abm.scenario.schema import Scenario

    # Draws a panel about a duty's issue or a partner.
    _Draw = Callable[[Axes, xr.Dataset, Scenario, str], None]

# Two duties, or duties and partners, side by side, each of them two panels wide.
_COLUMNS = 4
_WIDTH, _PANEL_HEIGHT, _MARGINS = 11.5, 2.15, 1.2
_TITLE_WIDTH = 2.15

_MONEY = "C$ billion a year"

# The least that a partner's change spans, as a share of what it buys: less is next to nothing.
_LEAST_SPAN = 0.002


def trade(trajectories: xr.Dataset, scenario: Scenario, table: str | None = None) -> Figure:
    """Return tariffs in force, exports under them, and the change of exports by partner.

    A pair of panels a duty of the table: the tariff in force, in per cent ad valorem, and
    the exports of the flow it governs, in C$ billion a year. Then a panel a partner of the
    focal country: the change of all its exports there since the start, run by run, in C$
    billion a year, and, of it, the change of the flows that a punishment would hit. All
    week by week, means with bands that hold 50 and 90 % of the runs.

    Parameters
    ----------
    trajectories : xarray.Dataset
        From `Result.trajectories`.
    scenario : Scenario
        Says which flow a duty governs, who exports it to whom, and who may punish.
    table : str, optional
        Whose duties; by default those of the focal table, or all where there is none.
    """
    table = scenario.focal_table if table is None else table
    issues = [
        name
        for name, issue in scenario.issues.items()
        if issue.duty is not None and table in (None, issue.table)
    ]
    panels: list[tuple[str, _Draw, str]] = []
    for name in issues:
        panels += [(_titled(scenario.issues[name].title), _tariff, name)]
        panels += [(_titled(scenario.flows[_flow(scenario, name)].title), _exports, name)]
    focal = scenario.countries[scenario.focal].title
    for name in _partners(scenario):
        title = f"All exports of {focal} to {scenario.countries[name].title}"
        panels += [(_titled(title), _partner, name)]
    runs, (rows, columns) = trajectories.sizes["run"], grid_of(len(panels), _COLUMNS)
    width = max(_WIDTH * columns / _COLUMNS, 7.0)
    height = _PANEL_HEIGHT * rows + _MARGINS
    height += extra_height([title for title, _, _ in panels], columns)
    what = f"tariffs and trade{at_table(scenario, table)}"
    figure = new_figure(width, height, heading(scenario, what, runs, width))
    grid = iter(figure.subplots(rows, columns, squeeze=False).flat)
    for title, draw, name in panels:
        axes = next(grid)
        tidy(axes, title)
        draw(axes, trajectories, scenario, name)
    for axes in grid:
        axes.set_visible(False)
    legend_below(figure, _legend(runs, bool(_punishable(scenario))), 3)
    return figure


def _titled(title: str) -> str:
    return wrapped(title, _TITLE_WIDTH)


def _flow(scenario: Scenario, issue: str) -> str:
    """Return the flow that a tariff issue's duty falls on."""
    duty = scenario.issues[issue].duty
    assert duty is not None
    return duty.flow


def _tariff(axes: Axes, trajectories: xr.Dataset, scenario: Scenario, name: str) -> None:
    """Draw a duty's rate in force, from zero."""
    rate = trajectories["rate"].sel(issue=name).values
    _draw(axes, trajectories, scenario, rate, VERMILION, "--")
    axes.set_ylabel("% ad valorem", fontsize=TICK)
    axes.set_ylim(0.0, 1.08 * float(rate.max()) or 1.0)


def _exports(axes: Axes, trajectories: xr.Dataset, scenario: Scenario, name: str) -> None:
    """Draw the flow that a duty governs, from zero, so that small changes look small."""
    exports = trajectories["exports"].sel(flow=_flow(scenario, name)).values
    _draw(axes, trajectories, scenario, exports, BLUE, "-")
    axes.set_ylabel(_MONEY, fontsize=TICK)
    mean = exports.mean(axis=0)
    top = max(float(np.quantile(exports, 0.95, axis=0).max()), float(mean.max()))
    axes.set_ylim(0.0, 1.35 * top or 1.0)
    _note(axes, f"{_at_first(exports)}, {_short(mean[-1])} at last")


def _partner(axes: Axes, trajectories: xr.Dataset, scenario: Scenario, partner: str) -> None:
    """Draw how the focal country's exports to a partner change, and how far by punishments."""
    flows, punishable = _flows_to(scenario, partner), _punishable(scenario)
    total = _sum(trajectories, flows)
    _draw(axes, trajectories, scenario, _change(total), BLACK, "-")
    if punishable & set(flows):
        hit = _change(_sum(trajectories, [flow for flow in flows if flow in punishable]))
        axes.plot(
            trajectories["week"].values, hit.mean(axis=0), color=PURPLE, linestyle="-.", lw=2.0
        )
    axes.set_ylabel(f"change,\n{_MONEY}", fontsize=TICK)
    low, high = axes.get_ylim()
    least = _LEAST_SPAN * float(total[:, 0].mean())
    low, high = min(low, -least), max(high, least)
    axes.set_ylim(low, high + 0.45 * (high - low))
    axes.axhline(0.0, color="0.6", lw=0.8, zorder=0)
    _note(axes, "\n".join([_at_first(total), *_punished(trajectories, scenario, flows)]))


def _punished(trajectories: xr.Dataset, scenario: Scenario, flows: list[str]) -> list[str]:
    """Return in how many of the runs some punishment of the flows is ever in force, if any is."""
    ever = np.zeros(trajectories.sizes["run"], dtype=np.bool_)
    for name, table in scenario.tables.items():
        for watcher, entry in table.watchers.items():
            if entry.punishment.flow in flows:
                watch = trajectories["punishment"].sel(watch=f"{watcher} over {name}").values
                ever |= (watch > 0.0).any(axis=1)
    if ever.size == 1:
        return ["punished"] if ever[0] else []
    return [f"punished in {number(100 * ever.mean())} % of runs"] if ever.any() else []


def _sum(trajectories: xr.Dataset, flows: list[str]) -> FloatArray:
    """Return what the flows come to together, (runs, weeks)."""
    return np.asarray(trajectories["exports"].sel(flow=flows).values.sum(axis=-1))


def _change(values: FloatArray) -> FloatArray:
    """Return the change since the start, run by run, which leaves out how large each run is."""
    return values - values[:, :1]


def _draw(
    axes: Axes,
    trajectories: xr.Dataset,
    scenario: Scenario,
    values: FloatArray,
    colour: str,
    style: LineStyle,
) -> None:
    """Draw the mean over runs with its bands, over the weeks."""
    weeks = trajectories["week"].values
    bands(axes, weeks, values, colour)
    axes.plot(weeks, values.mean(axis=0), color=colour, linestyle=style, lw=2.2)
    week_axis(axes, weeks, scenario)


def _note(axes: Axes, text: str) -> None:
    plain = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}
    where = axes.transAxes
    axes.text(0.03, 0.97, text, transform=where, va="top", fontsize=TICK - 1, bbox=plain)


def _at_first(values: FloatArray) -> str:
    """Return what values start from, the mean over runs if there are several."""
    return f"{'' if len(values) == 1 else 'mean '}{_short(values[:, 0].mean())} at first"


def _short(value: float) -> str:
    """Return C$ billions to what a panel has room for."""
    return f"{value:.2f}" if value < 10.0 else f"{value:,.1f}"


def _partners(scenario: Scenario) -> list[str]:
    """Return whom the focal country exports to."""
    flows = scenario.flows.values()
    return list(dict.fromkeys(f.importer for f in flows if f.exporter == scenario.focal))


def _flows_to(scenario: Scenario, partner: str) -> list[str]:
    return [
        name
        for name, flow in scenario.flows.items()
        if (flow.exporter, flow.importer) == (scenario.focal, partner)
    ]


def _punishable(scenario: Scenario) -> set[str]:
    """Return the flows that some watcher's punishment would hit."""
    tables = scenario.tables.values()
    found = {watcher.punishment.flow for t in tables for watcher in t.watchers.values()}
    return {flow for flow in found if scenario.flows[flow].exporter == scenario.focal}


def _legend(runs: int, punishable: bool) -> list[Artist]:
    lines: list[tuple[str, LineStyle, str]] = [
        (VERMILION, "--", "tariff in force"),
        (BLUE, "-", "exports under it"),
        (BLACK, "-", "all exports to a partner"),
    ]
    if punishable:
        lines.append((PURPLE, "-.", "of them, what a punishment hits"))
    found: list[Artist] = [
        Line2D([], [], color=colour, linestyle=style, lw=2.2, label=mean_name(words, runs))
        for colour, style, words in lines
    ]
    return found + band_legend(GREY) if runs > 1 else found
