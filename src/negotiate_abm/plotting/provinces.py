"""The home front: provinces' pressure and losses, and how their government is liked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.lines import Line2D

from negotiate_abm.mechanisms.numerics import FloatArray
from negotiate_abm.plotting.style import (
    BANDS,
    BLACK,
    BLUE,
    GREEN,
    GREY,
    LABEL,
    LINES,
    ORANGE,
    PURPLE,
    SKY,
    TICK,
    VERMILION,
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
    import xarray as xr
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from negotiate_abm.scenario.schema import Scenario

_WIDTH, _PANEL_HEIGHT, _MARGINS = 11.0, 2.0, 1.3
_TITLE_WIDTH = 3.0
_GOVERNMENTS = (GREEN, PURPLE, ORANGE, SKY)

# Rows of provinces in the panel of losses that one row of panels has the height for.
_LOSSES_A_ROW = 6


def provinces(trajectories: xr.Dataset, scenario: Scenario) -> Figure:
    """Return pressure by province beside its support for a deal, approval, and losses.

    A panel a province: how hard it presses its government, 0 to 1, week by week, and a
    level line at the share of its public that supports a deal, which never changes. Under
    them the approval of every government that has provinces, and what tariffs cost each
    province (its exporters and its protected producers, C$ billion a year) at the start and
    at the end. Means, and bands or bars that hold 50 and 90 % of the runs.

    Parameters
    ----------
    trajectories : xarray.Dataset
        From `Result.trajectories`.
    scenario : Scenario
        Names the provinces, and gives their influence and support.
    """
    names = [str(name) for name in trajectories["province"].values]
    rows, columns = grid_of(len(names))
    tall = max(1.25, len(names) / _LOSSES_A_ROW)
    runs = trajectories.sizes["run"]
    title = heading(scenario, "provinces and their government", runs, _WIDTH)
    titles = [_title(scenario, name) for name in names]
    height = _PANEL_HEIGHT * (rows + tall) + _MARGINS + extra_height(titles, columns)
    figure = new_figure(_WIDTH, height, title)
    halves = figure.add_gridspec(2, 1, height_ratios=[float(rows), tall])
    panels = halves[0].subgridspec(rows, columns)
    for i, name in enumerate(names):
        axes = figure.add_subplot(panels[divmod(i, columns)])
        _pressure(axes, trajectories, scenario, name)
        axes.set_title(titles[i], fontsize=LABEL, loc="left")
    below = halves[1].subgridspec(1, 2)
    _approval(figure.add_subplot(below[0]), trajectories, scenario)
    _losses(figure.add_subplot(below[1]), trajectories, scenario)
    legend_below(figure, _legend(scenario, runs), 4)
    return figure


def _title(scenario: Scenario, name: str) -> str:
    """Return a panel's title: the province, and what its level line stands at."""
    entry = scenario.provinces[name]
    support = f"{number(100 * entry.support.value)} % support a deal"
    return wrapped(f"{entry.title}: {support}", _TITLE_WIDTH)


def _pressure(axes: Axes, trajectories: xr.Dataset, scenario: Scenario, name: str) -> None:
    entry = scenario.provinces[name]
    weeks = trajectories["week"].values
    pressure = trajectories["pressure"].sel(province=name).values
    bands(axes, weeks, pressure, BLUE)
    axes.plot(weeks, pressure.mean(axis=0), color=BLUE, lw=2.2)
    axes.axhline(entry.support.value, color=VERMILION, linestyle="--", lw=1.6)
    tidy(axes, ylabel="share, 0 to 1")
    axes.set_ylim(0.0, 1.0)
    axes.set_yticks([0.0, 0.5, 1.0])
    week_axis(axes, weeks, scenario)


def _approval(axes: Axes, trajectories: xr.Dataset, scenario: Scenario) -> None:
    """Draw the approval of each government that has provinces, told apart by name and style."""
    weeks = trajectories["week"].values
    countries = _pressed(scenario)
    reach = []
    for i, country in enumerate(countries):
        approval = trajectories["approval"].sel(country=country).values
        colour, style = _GOVERNMENTS[i % len(_GOVERNMENTS)], LINES[i % len(LINES)]
        bands(axes, weeks, approval, colour)
        title = wrapped(scenario.countries[country].title, _TITLE_WIDTH, TICK, 1)
        words = mean_name(title, len(approval))
        axes.plot(weeks, approval.mean(axis=0), color=colour, linestyle=style, lw=2.2, label=words)
        reach.append(np.quantile(approval, [0.05, 0.95], axis=0))
    if len(countries) > 1:
        axes.legend(frameon=False, fontsize=TICK)
        tidy(axes, "Approval of the governments", "share, 0 to 1")
    else:
        title = scenario.countries[countries[0]].title
        tidy(axes, wrapped(f"Approval of the government of {title}", 4.5), "share, 0 to 1")
    axes.set_ylim(*_shares_around(np.array(reach)))
    week_axis(axes, weeks, scenario)


def _pressed(scenario: Scenario) -> list[str]:
    """Return the countries that have provinces."""
    return list(dict.fromkeys(entry.country for entry in scenario.provinces.values()))


def _shares_around(values: FloatArray) -> tuple[float, float]:
    """Return tenths that hold the values and some room, for approval moves little."""
    low = np.floor(10 * float(values.min()) - 0.5) / 10
    high = np.ceil(10 * float(values.max()) + 0.5) / 10
    return max(low, 0.0), min(high, 1.0)


def _losses(axes: Axes, trajectories: xr.Dataset, scenario: Scenario) -> None:
    """Draw a row a province: its loss at the start (open) and at the end (full)."""
    names = [str(name) for name in trajectories["province"].values]
    last = int(trajectories["week"].values[-1])
    for week, shift, face in ((0, 0.18, "white"), (last, -0.18, None)):
        for i, name in enumerate(names):
            loss = trajectories["loss"].sel(province=name, week=week).values
            at = len(names) - 1 - i + shift
            for low, high, shade in BANDS:
                lower, upper = np.quantile(loss, [low, high])
                axes.barh(at, upper - lower, 0.26, lower, color=BLACK, alpha=shade, linewidth=0)
            dot = "o" if week == 0 else "D"
            axes.plot([loss.mean()], [at], dot, ms=6, color=BLACK, mfc=face or BLACK, clip_on=False)
    titles = [wrapped(scenario.provinces[name].title, 1.8, TICK, 1) for name in reversed(names)]
    tidy(axes, "What tariffs cost each province")
    axes.set_yticks(range(len(names)), titles)
    axes.set_ylim(-0.6, len(names) - 0.4)
    axes.set_ylabel("province", fontsize=TICK)
    drawn = axes.dataLim
    axes.set_xlim(min(0.0, 1.05 * drawn.xmin), 1.05 * drawn.xmax or 1.0)
    axes.set_xlabel("loss of exporters and protected producers,\nC$ billion a year", fontsize=TICK)
    axes.grid(visible=False, axis="y")
    axes.grid(axis="x", color="0.87", linewidth=0.6)


def _legend(scenario: Scenario, runs: int) -> list[Artist]:
    found: list[Artist] = [
        Line2D([], [], color=BLUE, lw=2.2, label=mean_name("pressure", runs)),
        Line2D([], [], color=VERMILION, linestyle="--", lw=1.6, label="public support for a deal"),
    ]
    if len(_pressed(scenario)) == 1:  # several tell their names in their own panel
        approval = mean_name("approval", runs)
        found.append(Line2D([], [], color=_GOVERNMENTS[0], lw=2.2, label=approval))
    dots: list[Artist] = [
        Line2D([], [], color=BLACK, marker=m, mfc=f, lw=0, ms=6, label=label)
        for m, f, label in (
            ("o", "white", mean_name("loss at the start", runs)),
            ("D", BLACK, mean_name("loss at the end", runs)),
        )
    ]
    return found + dots + band_legend(GREY) if runs > 1 else found + dots
