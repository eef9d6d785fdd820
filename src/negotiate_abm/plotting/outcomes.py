"""Outcomes at the end: rungs agreed and in force, talks, relief, and the joint test."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from negotiate_abm.mechanisms.numerics import BoolArray, FloatArray
from negotiate_abm.mechanisms.preferences import LEVEL_TOLERANCE
from negotiate_abm.plotting import style
from negotiate_abm.scenario.schema import Scenario

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH = 13.0  # inches, as all that follow but rows
_ROW = 0.245  # a row of rungs
_RUNG_WIDTH, _HEADING_WIDTH, _LABEL_WIDTH, _TICK_WIDTH = 2.7, 5.3, 3.3, 0.9
_HEADING = 2.5  # rows
_BINS = 20

# What may become of talks: the end of a table's column, and words.
TALKS = {
    "agreements": "an agreement",
    "failed_rounds": "a round that failed",
    "failed_with_a_zone": "a round that failed though\na deal would have suited both",
    "broken_at_home": "a deal broken at home",
    "reimposed": "a duty that came back",
}


def outcomes(outcomes: pd.DataFrame, scenario: Scenario, table: str | None) -> Figure:
    """Return outcomes at the end with 90 % intervals, and the joint test.

    Parameters
    ----------
    outcomes : pandas.DataFrame
        From `Result.outcomes`.
    scenario : Scenario
        Names issues, rungs and who watches.
    table : str or None
        Whose issues; None for all. Relief and the joint test are drawn where it is the
        table that they are about.
    """
    names = [n for n, issue in scenario.issues.items() if table in (None, issue.table)]
    halves = _halves(names, scenario)
    rows = max(sum(_rows(name, scenario) for name in half) for half in halves)
    where = scenario.title if table is None else f"{scenario.title}: {scenario.tables[table].title}"
    what = f"Outcomes at the end of {style.count_of_runs(len(outcomes))}"
    upper = max(_ROW * rows + 1.0, 2.6)
    figure = style.new_figure(_WIDTH, upper + 5.0, style.two_lines(where, what, _WIDTH))
    top, bottom = np.ravel(figure.subfigures(2, 1, squeeze=False, height_ratios=(upper, 3.7)))
    for axes, half in zip(top.subplots(1, len(halves), squeeze=False)[0], halves, strict=True):
        _rungs(axes, half, outcomes, scenario, rows)
    tables = list(scenario.tables) if table is None else [table]
    draws: list[Callable[[Axes, pd.DataFrame, Scenario], None]] = [partial(_talks, tables=tables)]
    reported = table is None or table == scenario.focal_table or scenario.focal_table is None
    if reported and scenario.bears_duties:
        draws += [_relief, _joint] if watchers(scenario) else [_relief]
    widths = [1.0, 1.0, 1.15][: len(draws)]
    panels = bottom.subplots(1, len(draws), squeeze=False, width_ratios=widths)[0]
    for axes, draw in zip(panels, draws, strict=True):
        draw(axes, outcomes, scenario)
    style.legend_below(figure, _legend(), columns=4)
    return figure


# -- rungs -----------------------------------------------------------------------------------


def _rows(name: str, scenario: Scenario) -> float:
    """Return how many rows an issue takes: its heading of two lines, its rungs, and some air."""
    return len(scenario.issues[name].ladder) + _HEADING


def _halves(names: list[str], scenario: Scenario) -> list[list[str]]:
    """Return the issues in one column, or in two of about the same length."""
    if len(names) < 3:
        return [names]
    lengths = np.cumsum([_rows(name, scenario) for name in names])
    cut = int(np.abs(lengths - lengths[-1] / 2.0).argmin()) + 1
    return [names[:cut], names[cut:]] if cut < len(names) else [names]


def reached(outcomes: pd.DataFrame, issue: str, rung: str) -> BoolArray:
    """Return in which runs a rung was agreed by the end, shape (runs,)."""
    return np.asarray(outcomes[f"{issue}.{rung}.week"].notna())


def in_force(outcomes: pd.DataFrame, scenario: Scenario, issue: str, rung: str) -> BoolArray | None:
    """Return in which runs a rung is in force at the end; None if each run draws its level."""
    level = scenario.issues[issue].ladder[rung].level
    if level.is_drawn:
        return None
    found = outcomes[f"{issue}.in_force"].to_numpy(dtype=np.float64)
    return np.asarray(found >= level.value - LEVEL_TOLERANCE)


def _rungs(
    axes: Axes, names: list[str], outcomes: pd.DataFrame, scenario: Scenario, rows: float
) -> None:
    top, ticks, labels = 0.0, [], []
    for name in names:
        issue = scenario.issues[name]
        _heading(axes, top, name, outcomes, scenario)
        for step, (rung, entry) in enumerate(issue.ladder.items()):
            place = top + 1.65 + step
            ticks.append(place)
            labels.append(style.wrapped(entry.title, _RUNG_WIDTH, style.TICK, 1))
            axes.axhline(place, color="0.9", lw=0.6, zorder=0)
            _dot(axes, place - 0.14, reached(outcomes, name, rung), "o", style.BLUE, style.BLUE)
            there = in_force(outcomes, scenario, name, rung)
            if there is not None:
                _dot(axes, place + 0.16, there, "s", "white", style.VERMILION)
        top += _rows(name, scenario)
    axes.set_yticks(ticks, labels)
    axes.set_ylim(rows - 0.3, -0.6)
    axes.set_xlim(-2.0, 102.0)
    axes.set_xlabel("runs, %", fontsize=style.TICK)
    style.tidy(axes)
    axes.grid(axis="y", visible=False)
    axes.grid(axis="x", color="0.9", linewidth=0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def _heading(
    axes: Axes, place: float, name: str, outcomes: pd.DataFrame, scenario: Scenario
) -> None:
    """Say what the issue is; then who gives, and the level in force at the end."""
    issue = scenario.issues[name]
    levels = outcomes[f"{name}.in_force"].to_numpy(dtype=np.float64)
    low, high = np.quantile(levels, [0.05, 0.95])
    level = f"level in force {levels.mean():.2f} ({low:.2f} to {high:.2f})"
    lines = (
        (0.0, issue.title, "", "bold", "black"),
        (0.8, scenario.countries[issue.conceder].title, f" gives; {level}", "normal", "0.25"),
    )
    for down, words, more, weight, colour in lines:
        room = _HEADING_WIDTH / (2.0 if more else 1.15)  # bold is wider
        axes.annotate(
            style.wrapped(words, room, style.TICK, 1) + more,
            (0.0, place + down),
            xycoords=("axes fraction", "data"),
            xytext=(-150, 0),
            textcoords="offset points",
            va="center",
            fontsize=style.TICK,
            fontweight=weight,
            color=colour,
            annotation_clip=False,
        )


def _dot(axes: Axes, place: float, happened: BoolArray, marker: str, face: str, edge: str) -> None:
    """Draw a share of runs and its interval."""
    share, low, high = style.share_of_runs(int(happened.sum()), happened.size)
    axes.plot([low, high], [place, place], color=edge, lw=1.6, solid_capstyle="butt", zorder=2)
    axes.plot([share], [place], marker=marker, ms=6, mfc=face, mec=edge, mew=1.4, zorder=3)


# -- talks, relief ----------------------------------------------------------------------------


def _talks(axes: Axes, outcomes: pd.DataFrame, _: Scenario, tables: list[str]) -> None:
    """Draw the shares of runs with an agreement, a failed round, and so on."""
    for place, kind in enumerate(TALKS):
        happened = np.any([outcomes[f"{name}.{kind}"].to_numpy() > 0 for name in tables], axis=0)
        share, low, high = style.share_of_runs(int(happened.sum()), len(outcomes))
        axes.barh(place, share, color=style.SKY, edgecolor=style.BLUE, height=0.6)
        spread = [[share - low], [high - share]]
        axes.errorbar([share], [place], xerr=spread, fmt="none", ecolor="black", lw=1.2, capsize=3)
        words = f"{share:.0f} %" if share >= 10.0 or share == 0.0 else f"{share:.1f} %"
        at, side = (high, 5) if high < 82.0 else (low, -5)
        axes.annotate(
            words,
            (at, place),
            xytext=(side, 0),
            textcoords="offset points",
            ha="left" if side > 0 else "right",
            va="center",
            fontsize=9.5,
        )
    axes.set_yticks(range(len(TALKS)), list(TALKS.values()))
    axes.set_ylim(len(TALKS) - 0.5, -0.5)
    axes.set_xlim(0.0, 100.0)
    axes.set_xlabel("runs with at least one, %, with 90 % interval", fontsize=style.TICK)
    style.tidy(axes, "Talks")
    axes.grid(axis="y", visible=False)
    axes.grid(axis="x", color="0.9", linewidth=0.6)


def _relief(axes: Axes, outcomes: pd.DataFrame, scenario: Scenario) -> None:
    """Draw how relief at the end is distributed, and its mean."""
    values = outcomes["relief_at_end"].to_numpy(dtype=np.float64)
    none = values <= 0.0
    highest = float(values.max())
    edges = np.linspace(0.0, highest if highest > 0.0 else 1.0, _BINS + 1)
    width = float(edges[1])
    counts = np.histogram(values[~none], edges)[0]
    _bar(axes, -0.75 * width, width, int(none.sum()), values.size, "0.75")
    for left, count in zip(edges[:-1], counts, strict=True):
        _bar(axes, float(left) + width / 2.0, width, int(count), values.size, style.SKY)
    mean = float(values.mean())
    low, high = np.quantile(values, [0.05, 0.95])
    axes.axvline(mean, ymax=0.76, color=style.VERMILION, lw=2.0, ls="--")
    axes.text(
        0.97,
        0.97,
        f"mean {mean:.3f} (dashed)\n90 % of runs: {low:.3f} to {high:.3f}\ngrey: none at all",
        transform=axes.transAxes,
        ha="right",
        va="top",
        fontsize=9.5,
    )
    focal = f"relief to exporters of {scenario.countries[scenario.focal].title}"
    focal = style.wrapped(focal, _LABEL_WIDTH, style.TICK, 2)
    axes.set_xlabel(f"{focal}, C$ billion a year", fontsize=style.TICK)
    style.tidy(axes, "Relief at the end", "runs, %, with 90 % interval")
    top = axes.get_ylim()[1]
    axes.set_yticks([tick for tick in axes.get_yticks() if tick <= min(top, 100.0)])
    axes.set_ylim(0.0, 1.3 * top)


def _bar(axes: Axes, middle: float, width: float, count: int, runs: int, colour: str) -> None:
    share, low, high = style.share_of_runs(count, runs)
    axes.bar(middle, share, 0.92 * width, color=colour, edgecolor=style.BLUE, lw=0.6)
    if count:
        spread = [[share - low], [high - share]]
        axes.errorbar([middle], [share], yerr=spread, fmt="none", ecolor="black", lw=1.0, capsize=2)


# -- the joint test ----------------------------------------------------------------------------


def watchers(scenario: Scenario) -> list[str]:
    """Return who would punish the focal country over a table that is reported."""
    found = [
        watcher
        for table in scenario.reported_tables
        for watcher, entry in scenario.tables[table].watchers.items()
        if entry.threatens == scenario.focal
    ]
    return list(dict.fromkeys(found))


def joint_test(outcomes: pd.DataFrame, scenario: Scenario) -> dict[tuple[bool, bool], int]:
    """Return in how many runs there is relief or none, and was punishment or none.

    With relief, punishment is what keeps a run from `relief_without_punishment`; without,
    it is a punishment by a watcher of the focal table, at whatever table it came.

    Returns
    -------
    dict of (bool, bool) to int
        By whether there is relief, and whether it was ever punished.
    """
    relief = outcomes["has_relief"].to_numpy(dtype=np.bool_)
    clean = outcomes["relief_without_punishment"].to_numpy(dtype=np.bool_)
    struck = np.zeros(relief.size, dtype=np.bool_)
    for watcher in watchers(scenario):
        struck |= outcomes[f"{watcher}.punished"].to_numpy(dtype=np.bool_)
    punished = np.where(relief, ~clean, struck)
    return {
        (has, was): int(((relief == has) & (punished == was)).sum())
        for has in (True, False)
        for was in (False, True)
    }


def _joint(axes: Axes, outcomes: pd.DataFrame, scenario: Scenario) -> None:
    """Draw the four shares of runs, and mark the one that passes the political test."""
    counts = joint_test(outcomes, scenario)
    tint: FloatArray = np.array([0.0, 0.447, 0.698])  # of `style.BLUE`
    for (has, was), count in counts.items():
        share, low, high = style.share_of_runs(count, len(outcomes))
        corner = (float(was), float(not has))
        face = 1.0 - (1.0 - tint) * (0.04 + 0.46 * share / 100.0)
        axes.add_patch(Rectangle(corner, 1.0, 1.0, fc=tuple(face), ec="white", lw=2.0))
        words = f"{share:.1f} %\n({low:.1f} to {high:.1f})"
        axes.text(corner[0] + 0.5, corner[1] + 0.38, words, ha="center", va="center", fontsize=12)
    axes.add_patch(Rectangle((0, 0), 1, 1, fill=False, ec=style.VERMILION, lw=3.0, zorder=3))
    axes.text(
        0.5,
        0.78,
        "passes the\npolitical test",
        ha="center",
        va="center",
        fontsize=9.5,
        fontweight="bold",
    )
    who = " or ".join(scenario.countries[name].title for name in watchers(scenario))
    focal = style.wrapped(
        f"{scenario.countries[scenario.focal].title} has", _TICK_WIDTH, style.TICK
    )
    axes.set_xlim(-0.02, 2.02)
    axes.set_ylim(2.02, -0.02)
    axes.set_xticks([0.5, 1.5], ["never", "punished"])
    axes.set_yticks([0.5, 1.5], [f"{focal}\nrelief", "no relief"])
    words = style.wrapped(f"punished by {who}, at any time;", _LABEL_WIDTH, style.TICK)
    words += "\nruns, %, with 90 % interval\nrelief: a duty cut by a substantive rung"
    axes.set_xlabel(words, fontsize=style.TICK)
    style.tidy(axes, "Relief without punishment?")
    axes.grid(visible=False)
    axes.tick_params(length=0)
    for edge in ("left", "bottom"):
        axes.spines[edge].set_visible(False)


def _legend() -> list[Artist]:
    return [
        Line2D([], [], color=style.BLUE, marker="o", ms=7, lw=1.6, label="agreed by the end"),
        Line2D(
            [],
            [],
            color=style.VERMILION,
            marker="s",
            ms=7,
            mfc="white",
            lw=1.6,
            label="in force at the end",
        ),
        Line2D([], [], color="0.3", lw=1.6, label="line: 90 % interval of a share of runs"),
        Line2D([], [], ls="", label="level in force: mean (range of 90 % of runs)"),
    ]
