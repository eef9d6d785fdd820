"""What the figures share: colours, bands, the week axis, where a legend goes.

Colours are those of Okabe and Ito (2008), safe for colour-blind readers; nothing is told by
colour alone, a line style or a label tells it too. Sizes are for a printed page and for the
last row of a classroom alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from negotiate_abm.mechanisms.numerics import FloatArray
from negotiate_abm.scenario.schema import Scenario

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

BLUE, VERMILION, GREEN = "#0072B2", "#D55E00", "#009E73"
ORANGE, SKY, PURPLE, BLACK = "#E69F00", "#56B4E9", "#CC79A7", "#000000"
GREY = "0.45"
# In an order in which neighbours differ in lightness too.
COLOURS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK)
LINES: tuple[str, ...] = ("-", "--", ":", "-.")

TITLE, LABEL, TICK = 15, 11, 10

# The middle half of the runs and nine tenths of them, and how darkly each is drawn.
BANDS = ((0.05, 0.95, 0.16), (0.25, 0.75, 0.30))
DPI = 150


def new_figure(width: float, height: float, title: str) -> Figure:
    """Return an empty figure of a size in inches, under a title."""
    figure = Figure(figsize=(width, height), layout="constrained")
    figure.get_layout_engine().set(h_pad=0.08, w_pad=0.08)  # type: ignore[union-attr]
    figure.suptitle(title, fontsize=TITLE)
    return figure


def bands(axes: Axes, weeks: FloatArray, values: FloatArray, colour: str) -> None:
    """Shade where half and nine tenths of the runs lie; `values` is (runs, weeks)."""
    for low, high, shade in BANDS:
        lower, upper = np.nanquantile(values, [low, high], axis=0)
        axes.fill_between(weeks, lower, upper, color=colour, alpha=shade, linewidth=0)


def band_legend(colour: str) -> list[Artist]:
    """Return the legend's entries for the bands."""
    return [
        Patch(color=colour, alpha=0.45, label="50 % of runs"),
        Patch(color=colour, alpha=0.16, label="90 % of runs"),
    ]


def tidy(axes: Axes, title: str = "", ylabel: str = "") -> None:
    """Give a panel its title and label, a light grid, and no box."""
    if title:
        axes.set_title(title, fontsize=LABEL, loc="left")
    if ylabel:
        axes.set_ylabel(ylabel, fontsize=TICK)
    axes.tick_params(labelsize=TICK)
    axes.grid(axis="y", color="0.87", linewidth=0.6)
    axes.set_axisbelow(True)
    for edge in ("top", "right"):
        axes.spines[edge].set_visible(False)


def week_axis(axes: Axes, weeks: FloatArray, scenario: Scenario, labelled: bool = True) -> None:
    """Let an axis run over the weeks played, with ticks by quarter of a year where they fit."""
    last = int(weeks[-1])
    axes.set_xlim(float(weeks[0]), last)
    step = 13 if last >= 39 else max(1, last // 4)
    axes.set_xticks(range(0, last + 1, step))
    if labelled:
        axes.set_xlabel(f"weeks since {day(scenario.start)}", fontsize=TICK)
        axes.tick_params(labelbottom=True)


def day(date: object) -> str:
    """Return a date as a reader of any country reads it: 12 January 2026."""
    return f"{date.day} {MONTHS[date.month - 1]} {date.year}"  # type: ignore[attr-defined]


MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def grid_of(count: int, most_columns: int = 3) -> tuple[int, int]:
    """Return how many rows and columns hold so many panels."""
    columns = min(most_columns, max(count, 1))
    return -(-count // columns), columns


def legend_below(figure: Figure, handles: Sequence[Artist], columns: int = 6) -> None:
    """Put one legend for all panels under them."""
    figure.legend(
        handles=list(handles),
        loc="outside lower center",
        ncols=min(columns, len(handles)),
        frameon=False,
        fontsize=TICK,
    )
