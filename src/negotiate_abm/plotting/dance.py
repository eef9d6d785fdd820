"""The negotiation dance (Raiffa 1982): both sides' offers in one run, in the space of gains."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, to_hex
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from negotiate_abm.dates import date_of, day
from negotiate_abm.mechanisms.numerics import FloatArray
from negotiate_abm.plotting import style
from negotiate_abm.plotting.labels import Label, place_labels
from negotiate_abm.plotting.steps import KINDS, Deal, Steps, steps_of
from negotiate_abm.scenario.schema import Scenario

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from negotiate_abm.model import NegotiationModel

UNIT = "C$ billion a year"

# Inches: the figure, and the room for a country's title in labels and in the legend.
_WIDTH = 12.5
_LABEL_WIDTH, _TITLE_WIDTH, _LEGEND_WIDTH = 2.6, 5.3, 2.2

# The guest and the host: a colour that darkens as time goes by, and a marker.
_COLOURS, _MARKERS = (style.BLUE, style.VERMILION), ("o", "s")
_LIGHTEST = 0.30

# The mark and the name of each of `KINDS`.
_MARKS: dict[str, tuple[str, float, str, str]] = dict(
    zip(
        KINDS,
        (
            ("*", 190.0, "white", "talks agreed by officials"),
            ("P", 110.0, style.GREEN, "conceded to buy off a threat"),
            ("X", 110.0, style.ORANGE, "signed, then broken at home"),
            ("*", 330.0, style.ORANGE, "agreed"),
        ),
        strict=True,
    )
)
_POINTS = {"Nash": ("D", 12, style.PURPLE), "Kalai-Smorodinsky": ("^", 8, style.GREEN)}

# Rounds that follow each other at once must be told apart.
_BANDS = ("0.94", "0.87")

# The offers get a panel of their own where they fill less than this of the whole one.
_FILLS = 0.45


def dance(weeks: Iterator[NegotiationModel], run: int, table: str) -> Figure:
    """Return both sides' offers in one run: in the space of their gains, and week by week.

    Parameters
    ----------
    weeks : iterator of NegotiationModel
        From `Result.weekly`: a model of one run at the start, then after each week.
    run : int
        Its number.
    table : str
        Whose talks.
    """
    steps, scenario = steps_of(weeks, table)
    what = f"{scenario.tables[table].title}: who offered what in run {run:,}"
    figure = style.new_figure(_WIDTH, 10.2, style.two_lines(scenario.title, what, _WIDTH))
    grid = figure.add_gridspec(2, 2, height_ratios=(1.5, 1.0))
    whole, near = _whole(steps), _near(steps)
    if near is None or _share(near, whole) > _FILLS:
        spaces = [figure.add_subplot(grid[0, :])]
    else:
        spaces = [figure.add_subplot(grid[0, side]) for side in (0, 1)]
    for axes in spaces:
        _space(axes, steps, scenario)
    _frame(spaces[0], whole)
    style.tidy(spaces[0], "What the table could give, and what was put on it")
    if len(spaces) > 1 and near is not None:
        _frame(spaces[1], near)
        style.tidy(spaces[1], "The offers, closer (the frame on the left)")
        _mark_frame(spaces[0], near)
    for side in (0, 1):
        _by_week(figure.add_subplot(grid[1, side]), steps, scenario, side)
    style.legend_below(figure, _legend(steps, scenario), columns=4)
    figure.legends[0].set_title(_caption(scenario), FontProperties(size=style.TICK))
    figure.draw_without_rendering()
    _label(spaces[-1], steps, scenario)
    return figure


def _caption(scenario: Scenario) -> str:
    return (
        f"Gains over the status quo of {day(scenario.start)}, at this run's values, in full "
        "trust, unwatched; each party keeps its own red lines.\n"
        "Lines join a side's offers of one round, up to the arrow; the darker, the later."
    )


# -- the space of gains ------------------------------------------------------------------


def _whole(steps: Steps) -> FloatArray:
    """Return the limits of the panel with the whole zone, ((low, high), (low, high))."""
    points = [np.zeros((1, 2)), steps.space.least[None], steps.zone, steps.marked]
    if steps.space.zone:
        points += [steps.space.gains[name][None] for name in _POINTS]
    return _limits(np.concatenate(points))


def _near(steps: Steps) -> FloatArray | None:
    """Return the limits of the panel with the offers alone, None where there are none."""
    return _limits(steps.marked) if steps.weeks.size else None


def _limits(points: FloatArray) -> FloatArray:
    low, high = points.min(axis=0), points.max(axis=0)
    span = np.maximum(high - low, 0.05 * max(float((high - low).max()), 1e-3))
    return np.stack([low - 0.09 * span, high + 0.09 * span], axis=-1)


def _share(part: FloatArray, whole: FloatArray) -> float:
    return float(np.prod((part[:, 1] - part[:, 0]) / (whole[:, 1] - whole[:, 0])))


def _frame(axes: Axes, limits: FloatArray) -> None:
    axes.set_xlim(*limits[0])
    axes.set_ylim(*limits[1])


def _mark_frame(axes: Axes, limits: FloatArray) -> None:
    width, height = limits[:, 1] - limits[:, 0]
    corner = (float(limits[0, 0]), float(limits[1, 0]))
    axes.add_patch(Rectangle(corner, width, height, fill=False, ec="0.3", lw=1.0, zorder=1.5))


def _space(axes: Axes, steps: Steps, scenario: Scenario) -> None:
    """Draw frontier, offers and deals; limits are set by the caller."""
    for line in (axes.axhline, axes.axvline):
        line(0.0, color="0.6", lw=0.8, zorder=0.5)
    frontier, zone, space = steps.space.frontier, steps.zone, steps.space
    axes.plot(*frontier.T, color="0.55", lw=1.1, ls="--", zorder=1)
    axes.plot(*zone.T, color="black", lw=2.2, zorder=2, solid_capstyle="round")
    if (space.least != 0.0).any():
        axes.plot(*space.least, marker="+", ms=13, mew=2.2, color="black", ls="", zorder=3)
    if space.zone:
        for name, (mark, size, colour) in _POINTS.items():
            axes.plot(*space.gains[name], marker=mark, ms=size, color=colour, mec="black", zorder=5)
    for number in range(len(steps.rounds)):
        for side in (0, 1):
            _path(axes, steps, number, side)
    _offers(axes, steps, steps.gains)
    for deal in steps.deals:
        _deal(axes, deal, *deal.gains)
    axes.plot(*steps.in_force[-1], marker="o", ms=15, mfc="none", mec="black", mew=2.0, zorder=8)
    guest, host = (_gain_of(scenario, party) for party in steps.parties)
    axes.set_xlabel(f"{guest}, {UNIT}", fontsize=style.TICK)
    axes.set_ylabel(f"{host}, {UNIT}", fontsize=style.TICK)


def _gain_of(scenario: Scenario, party: str) -> str:
    words = f"gain of {scenario.countries[party].title}"
    return style.wrapped(words, _LABEL_WIDTH, style.TICK, 1)


def _path(axes: Axes, steps: Steps, number: int, side: int) -> None:
    """Join a side's offers of one round, with an arrow towards the last that moved."""
    own = steps.offers_of(side, number)
    if own.size < 2:
        return
    points = steps.gains[own]
    axes.plot(*points.T, color=_COLOURS[side], lw=1.2, alpha=0.55, zorder=3)
    moves = np.flatnonzero((np.diff(points, axis=0) != 0.0).any(axis=-1))
    if moves.size:
        start, end = points[moves[-1]], points[moves[-1] + 1]
        arrow = {"arrowstyle": "-|>,head_width=0.3,head_length=0.6", "color": _COLOURS[side]}
        axes.annotate("", xy=end, xytext=start, arrowprops=arrow, zorder=4, clip_on=True)


def _shades(steps: Steps) -> FloatArray:
    """Return how dark each offer is, in [0, 1]."""
    last = max(len(steps.agreed) - 1, 1)
    return np.asarray(_LIGHTEST + (1.0 - _LIGHTEST) * steps.weeks / last)


def _offers(axes: Axes, steps: Steps, points: FloatArray) -> None:
    """Draw every offer at a point, in its side's marker and its week's shade."""
    shades = _shades(steps)
    for side in (0, 1):
        own = steps.sides == side
        tint = LinearSegmentedColormap.from_list("", ["white", _COLOURS[side]])
        axes.scatter(
            points[own, 0],
            points[own, 1],
            c=shades[own],
            cmap=tint,
            vmin=0.0,
            vmax=1.0,
            marker=_MARKERS[side],
            s=46,
            edgecolors=_COLOURS[side],
            linewidths=1.0,
            zorder=4.5,
        )


def _deal(axes: Axes, deal: Deal, x: float, y: float) -> None:
    marker, size, colour, _ = _MARKS[deal.kind]
    axes.scatter([x], [y], marker=marker, s=size, c=colour, edgecolors="black", lw=1.1, zorder=7)


# -- labels ------------------------------------------------------------------------------


def _label(axes: Axes, steps: Steps, scenario: Scenario) -> None:
    """Say when deals were made and rounds began, where there is room for it."""
    wanted = [
        Label(deal.gains, f"week {deal.week}, {day(date_of(deal.week, scenario.start))}", bold=True)
        for deal in steps.deals
        if deal.kind in ("agreed", "broken at home")
    ]
    if len(steps.rounds) > 1:
        for number, (first, last) in enumerate(steps.rounds):
            inside = np.flatnonzero((steps.weeks >= first) & (steps.weeks <= last))
            wanted += [Label(steps.gains[i], f"round {number + 1}") for i in inside[:2]]
    place_labels(axes, wanted, _drawn(steps), _marks(steps))


def _marks(steps: Steps) -> FloatArray:
    """Return the points whose marks a label must not hide, (points, 2)."""
    deals = [deal.gains[None] for deal in steps.deals]
    points = [steps.space.gains[name][None] for name in _POINTS]
    return np.concatenate([*deals, *points, steps.in_force[-1:]])


def _drawn(steps: Steps) -> FloatArray:
    """Return points all along what a label should not hide, (points, 2)."""
    frontier = steps.space.frontier
    lines = [steps.marked, *(steps.space.gains[name][None] for name in _POINTS)]
    paths = [frontier] + [steps.gains[steps.sides == side] for side in (0, 1)]
    for share in np.linspace(0.0, 1.0, 6):
        lines += [path[:-1] + share * np.diff(path, axis=0) for path in paths]
    return np.concatenate(lines)


# -- week by week ------------------------------------------------------------------------


def _by_week(axes: Axes, steps: Steps, scenario: Scenario, party: int) -> None:
    """Draw what every package would give one party, by the week in which it was put."""
    last = len(steps.agreed) - 1
    for number, (first, end) in enumerate(steps.rounds):
        axes.axvspan(first - 0.5, end + 0.5, color=_BANDS[number % 2], lw=0, zorder=0)
        axes.text(
            (first + end) / 2.0,
            1.01,
            str(number + 1),
            transform=axes.get_xaxis_transform(),
            ha="center",
            va="bottom",
            fontsize=style.TICK,
        )
    axes.axhline(0.0, color="0.6", lw=0.8, zorder=0.5)
    weeks = np.arange(last + 1)
    axes.plot(weeks, steps.agreed[:, party], color="black", lw=1.3, ls=":", drawstyle="steps-post")
    axes.plot(weeks, steps.in_force[:, party], color="black", lw=1.8, drawstyle="steps-post")
    for number in range(len(steps.rounds)):
        for side in (0, 1):
            own = steps.offers_of(side, number)
            axes.plot(
                steps.weeks[own], steps.gains[own, party], color=_COLOURS[side], lw=1.2, alpha=0.55
            )
    _offers(axes, steps, np.stack([steps.weeks, steps.gains[:, party]], axis=-1))
    for deal in steps.deals:
        _deal(axes, deal, deal.week, float(deal.gains[party]))
    style.tidy(axes, "", f"{_gain_of(scenario, steps.parties[party])},\n{UNIT}")
    title = f"Gain of {scenario.countries[steps.parties[party]].title} from each package"
    title = style.wrapped(title, _TITLE_WIDTH, most_lines=2)
    axes.set_title(title, fontsize=style.LABEL, loc="left", pad=16)
    style.week_axis(axes, weeks.astype(np.float64), scenario)
    axes.set_xlim(-0.5, last + 0.5)
    if not steps.weeks.size:
        axes.text(
            0.5, 0.6, "no package was put on the table", transform=axes.transAxes, ha="center"
        )


def _legend(steps: Steps, scenario: Scenario) -> list[Artist]:
    titles = [
        style.wrapped(scenario.countries[party].title, _LEGEND_WIDTH, style.TICK, 2)
        for party in steps.parties
    ]
    given = bool((steps.space.least != 0.0).any())
    floor = "reservations" if given else "status quo"
    found: list[Artist] = [
        _dot(_MARKERS[s], _COLOURS[s], f"offer by {titles[s]}", _COLOURS[s]) for s in (0, 1)
    ]
    found.append(Line2D([], [], color="black", lw=2.2, label=f"Pareto frontier over the {floor}"))
    found.append(Line2D([], [], color="0.55", lw=1.1, ls="--", label="frontier at one's expense"))
    if given:
        found.append(_dot("+", "black", "given reservations", "black", 12))
    if steps.space.zone:
        found += [_dot(m, c, f"{n} point", "black", s) for n, (m, s, c) in _POINTS.items()]
    kinds = {deal.kind for deal in steps.deals}
    for kind, (marker, _, colour, words) in _MARKS.items():
        if kind in kinds:
            found.append(_dot(marker, colour, words, "black", 14 if marker == "*" else 10))
    found.append(_dot("o", "none", "in force at the end", "black", 12))
    found.append(Line2D([], [], color="black", lw=1.3, ls=":", label="agreed so far, by week"))
    found.append(Line2D([], [], color="black", lw=1.8, label="in force, by week"))
    if steps.rounds:
        found.append(Patch(color="0.9", label="a round of talks, numbered"))
    return found


def _dot(marker: str, colour: str, label: str, edge: str, size: float = 8) -> Line2D:
    face = colour if colour == "none" else to_hex(colour)
    return Line2D([], [], marker=marker, ls="", mfc=face, mec=edge, ms=size, mew=1.3, label=label)
