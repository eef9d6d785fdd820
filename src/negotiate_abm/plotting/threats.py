"""Threats: how often they come, how they are met, what they are over, and what is lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.lines import Line2D

from negotiate_abm.estimates import mean_interval
from negotiate_abm.mechanisms.numerics import FloatArray
from negotiate_abm.plotting import style
from negotiate_abm.scenario.schema import Scenario

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Event to whether the watcher does it (else the threatened), colour, line, marker, words.
DEEDS: dict[str, tuple[bool, str, str, str, str]] = {
    "threatened": (True, style.BLACK, "-", "o", "threat"),
    "complied": (False, style.BLUE, "--", "s", "heeded"),
    "bought off": (False, style.GREEN, "-.", "^", "bought off"),
    "defied": (False, style.ORANGE, ":", "v", "defied"),
    "punished": (True, style.VERMILION, "-", "X", "punishment"),
    "countered": (False, style.PURPLE, "--", "D", "counter-measure"),
    "lifted": (True, style.SKY, "-.", "P", "punishment lifted"),
}

# Room to the right of the last week for each deed's interval, as a share of the weeks.
_SLOT = 0.058

_MOST_COLUMNS = 3

# Inches: the figure, what its panels' titles have room for together, and the names of issues.
_WIDTH, _TITLES_WIDTH, _ISSUE_WIDTH = 13.0, 11.4, 2.2


@dataclass(frozen=True)
class Watched:
    """Who watches which table, and whom there it would threaten."""

    table: str
    watcher: str
    threatens: str

    def title(self, scenario: Scenario, width: float) -> str:
        """Return it in words, in lines of so many inches."""
        watcher, threatens = (scenario.countries[c].title for c in (self.watcher, self.threatens))
        over = f"{watcher} over {scenario.tables[self.table].title}"
        lines = (over, f"(would punish {threatens})")
        return "\n".join(style.wrapped(line, width, most_lines=2) for line in lines)

    def events(self, events: pd.DataFrame, kind: str) -> pd.DataFrame:
        """Return one kind of this watch's events."""
        pair = (self.watcher, self.threatens)
        actor, target = pair if DEEDS[kind][0] else pair[::-1]
        return events[
            (events["kind"] == kind)
            & (events["where"] == self.table)
            & (events["actor"] == actor)
            & (events["target"] == target)
        ]


def watches(scenario: Scenario) -> list[Watched]:
    """Return every watch of a scenario, in the order of the trajectories."""
    return [
        Watched(name, watcher, entry.threatens)
        for name, table in scenario.tables.items()
        for watcher, entry in table.watchers.items()
    ]


def cumulative(events: pd.DataFrame, watch: Watched, kind: str, weeks: int) -> FloatArray:
    """Return in how many runs a deed has happened by week 0, 1, ..., shape (weeks + 1,)."""
    first = watch.events(events, kind).groupby("run")["week"].min().to_numpy(dtype=np.int64)
    return np.cumsum(np.bincount(first, minlength=weeks + 1)).astype(np.float64)


def threats(trajectories: xr.Dataset, events: pd.DataFrame, scenario: Scenario) -> Figure:
    """Return how often threats come and how they are met, what they are over, and relief.

    Parameters
    ----------
    trajectories : xarray.Dataset
        From `Result.trajectories`.
    events : pandas.DataFrame
        From `Result.events`.
    scenario : Scenario
        Names who watches what; at least one table is watched.
    """
    watched = watches(scenario)
    runs, weeks = trajectories.sizes["run"], trajectories["week"].values
    events = events[events["kind"].isin(list(DEEDS))]
    rows, columns = style.grid_of(len(watched), _MOST_COLUMNS)
    losses = _losses(scenario)
    what = f"Threats and what becomes of them, {style.count_of_runs(runs)}"
    height = 2.0 + 6.2 * rows + (2.9 if losses else 0.0)
    figure = style.new_figure(_WIDTH, height, style.two_lines(scenario.title, what, _WIDTH))
    heights = [1.0, 0.7] * rows + ([0.8] if losses else [])
    parts = list(np.ravel(figure.subfigures(len(heights), 1, squeeze=False, height_ratios=heights)))
    shares = [_shares(events, watch, weeks, runs) for watch in watched]
    top = 1.5 * max([4.0, *(found[kind][1][2] for found in shares for kind in DEEDS)])
    for row in range(rows):
        by_week, causes = (
            part.subplots(1, columns, squeeze=False)[0] for part in parts[2 * row :][:2]
        )
        for place in range(columns):
            i = row * columns + place
            if i >= len(watched):
                by_week[place].set_visible(False)
                causes[place].set_visible(False)
                continue
            _by_week(by_week[place], shares[i], weeks, top)
            title = watched[i].title(scenario, _TITLES_WIDTH / columns)
            style.tidy(by_week[place], title, "runs that have come to it, %")
            _week_axis(by_week[place], weeks, scenario)
            _causes(causes[place], events, watched[i], scenario, runs)
    if losses:
        panels = parts[-1].subplots(1, len(losses), squeeze=False)[0]
        for axes, (name, words) in zip(panels, losses.items(), strict=True):
            _money(axes, trajectories[name].values, weeks)
            title = style.wrapped(words, _TITLES_WIDTH / len(losses), most_lines=2)
            style.tidy(axes, title, "C$ billion a year")
            style.week_axis(axes, weeks, scenario)
    style.legend_below(figure, _legend(bool(losses)), columns=6)
    return figure


# -- shares of runs ------------------------------------------------------------------------

Share = tuple[float, float, float]


def _shares(
    events: pd.DataFrame, watch: Watched, weeks: FloatArray, runs: int
) -> dict[str, tuple[FloatArray, Share]]:
    """Return each deed's share of runs by week, and that at the end with its interval."""
    found = {}
    for kind in DEEDS:
        counts = cumulative(events, watch, kind, int(weeks[-1]))
        found[kind] = 100.0 * counts / runs, style.share_of_runs(int(counts[-1]), runs)
    return found


def _by_week(
    axes: Axes, shares: dict[str, tuple[FloatArray, Share]], weeks: FloatArray, top: float
) -> None:
    last, threatened = float(weeks[-1]), shares["threatened"][1][0] > 0.0
    for place, (kind, (by_week, (share, low, high))) in enumerate(shares.items(), start=1):
        _, colour, line, marker, _ = DEEDS[kind]
        axes.plot(weeks, by_week, color=colour, ls=line, lw=2.0, drawstyle="steps-post")
        if not threatened and kind != "threatened":
            continue
        at = last * (1.0 + _SLOT * place)
        axes.errorbar(
            [at],
            [share],
            yerr=[[share - low], [high - share]],
            color=colour,
            marker=marker,
            ms=7,
            mec="black",
            mew=0.6,
            lw=1.6,
            capsize=3,
            clip_on=False,
        )
        axes.text(
            at,
            high + 0.02 * top,
            _per_cent(share),
            rotation=90,
            ha="center",
            va="bottom",
            fontsize=9,
        )
    axes.axvspan(last, last * (1.0 + _SLOT * (len(shares) + 1)), color="0.96", lw=0, zorder=0)
    if not threatened:
        axes.text(0.4, 0.55, "no threat in any run", transform=axes.transAxes, ha="center")
    axes.set_ylim(0.0, top)


def _per_cent(share: float) -> str:
    return f"{share:.0f} %" if share >= 10.0 or share == 0.0 else f"{share:.1f} %"


def _week_axis(axes: Axes, weeks: FloatArray, scenario: Scenario) -> None:
    """Let the axis run past the last week, for the intervals at the end."""
    style.week_axis(axes, weeks, scenario)
    last = float(weeks[-1])
    axes.set_xlim(0.0, last * (1.0 + _SLOT * (len(DEEDS) + 1)))
    axes.text(
        last * (1.0 + _SLOT * (len(DEEDS) + 1) / 2.0),
        0.985,
        "at the end, with\n90 % interval",
        transform=axes.get_xaxis_transform(),
        ha="center",
        va="top",
        fontsize=9,
        color="0.3",
    )


def _causes(
    axes: Axes, events: pd.DataFrame, watch: Watched, scenario: Scenario, runs: int
) -> None:
    """Draw the shares of runs in which there was a threat over each issue."""
    made = watch.events(events, "threatened")
    counts = made.groupby("issue")["run"].nunique().sort_values()
    axes.set_xlabel("runs with a threat over it, %, with 90 % interval", fontsize=style.TICK)
    style.tidy(axes, "What the threats were over")
    axes.grid(axis="y", visible=False)
    axes.grid(axis="x", color="0.87", linewidth=0.6)
    if not len(counts):
        _, _, most = style.share_of_runs(0, runs)
        axes.text(
            0.5,
            0.5,
            f"no threat in {style.count_of_runs(runs)}\n(90 % interval: at most {most:.1f} %)",
            transform=axes.transAxes,
            ha="center",
            va="center",
        )
        axes.set_xlim(0.0, 100.0)
        axes.set_yticks([])
        return
    places = np.arange(len(counts))
    found = np.array([style.share_of_runs(int(n), runs) for n in counts])
    axes.barh(places, found[:, 0], color=style.SKY, edgecolor=style.BLUE, height=0.62)
    spread = np.stack([found[:, 0] - found[:, 1], found[:, 2] - found[:, 0]])
    axes.errorbar(found[:, 0], places, xerr=spread, fmt="none", ecolor="black", lw=1.2, capsize=3)
    for place, (share, _, high) in enumerate(found):
        axes.annotate(
            _per_cent(share),
            (high, place),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
        )
    axes.set_yticks(places, [_cause(str(issue), scenario) for issue in counts.index])
    axes.set_ylim(len(counts) - max(len(counts), 3) - 0.6, len(counts) - 0.4)
    axes.set_xlim(0.0, 1.18 * float(found[:, 2].max()))


def _cause(issue: str, scenario: Scenario) -> str:
    """Return what a threat was over, in words: an issue, or what alarms and is none."""
    words = (
        scenario.issues[issue].title if issue else "no concession: visits, ties, trade turning away"
    )
    return style.wrapped(words, _ISSUE_WIDTH, style.TICK)


# -- what is gained and lost -------------------------------------------------------------------


def _losses(scenario: Scenario) -> dict[str, str]:
    """Return the panels on the focal country's exporters that the scenario has a use for."""
    focal = scenario.countries[scenario.focal].title
    tables = scenario.reported_tables
    watched = [w for w in watches(scenario) if w.table in tables and w.threatens == scenario.focal]
    at_home = [
        a for a in scenario.arrangements.values() if a.active and a.country == scenario.focal
    ]
    found = {}
    if scenario.bears_duties:
        found["relief"] = f"Relief to exporters, {focal}"
        if any(arrangement.table in tables for arrangement in at_home):
            found["made_good"] = f"Losses made good by other buyers, {focal}"
    if watched:
        found["punishment_loss"] = f"Losses to punishments, {focal}"
    return found


def _money(axes: Axes, values: FloatArray, weeks: FloatArray) -> None:
    """Draw bands over runs, the mean, and at the end how well so many runs fix it."""
    colour = style.BLUE
    style.bands(axes, weeks, values, colour)
    mean = values.mean(axis=0)
    axes.plot(weeks, mean, color=colour, lw=2.2)
    if not values.any():
        axes.text(0.5, 0.5, "none in any run", transform=axes.transAxes, ha="center")
        axes.set_ylim(0.0, 1.0)
        return
    low, high = mean_interval(values[:, -1])
    error = (high - low) / 2.0
    axes.errorbar(
        [weeks[-1]],
        [mean[-1]],
        yerr=[error],
        color="black",
        lw=1.6,
        capsize=4,
        clip_on=False,
        zorder=5,
    )
    above = 100.0 * float((values[:, -1] > 0.0).mean())
    axes.text(
        0.03,
        0.97,
        f"at the end {mean[-1]:.3f} on average;\nabove zero in {_per_cent(above)} of runs",
        transform=axes.transAxes,
        va="top",
        fontsize=9.5,
    )
    highest = max(float(np.quantile(values, 0.95, axis=0).max()), float(mean.max()) + error)
    axes.set_ylim(0.0, 1.35 * highest if highest > 0.0 else 1.0)


def _legend(with_losses: bool) -> list[Artist]:
    found: list[Artist] = [
        Line2D(
            [],
            [],
            color=colour,
            ls=line,
            lw=2.0,
            marker=marker,
            ms=7,
            mec="black",
            mew=0.6,
            label=words,
        )
        for _, colour, line, marker, words in DEEDS.values()
    ]
    if with_losses:
        found.append(Line2D([], [], color=style.BLUE, lw=2.2, label="mean, with 90 % interval"))
        found += style.band_legend(style.BLUE)
    return found
