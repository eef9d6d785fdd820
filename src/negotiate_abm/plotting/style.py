"""What the figures share: colours, bands, the week axis, where a legend goes.

Colours are those of Okabe and Ito (2008), safe for colour-blind readers; nothing is told by
colour alone, a line style or a label tells it too. Sizes are for a printed page and for the
last row of a classroom alike.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import numpy as np
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import Patch
from matplotlib.textpath import text_to_path

from negotiate_abm.dates import day
from negotiate_abm.estimates import share_interval
from negotiate_abm.mechanisms.numerics import FloatArray
from negotiate_abm.scenario.schema import Scenario

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

BLUE, VERMILION, GREEN = "#0072B2", "#D55E00", "#009E73"
ORANGE, SKY, PURPLE, BLACK = "#E69F00", "#56B4E9", "#CC79A7", "#000000"
GREY = "0.45"
LineStyle = Literal["-", "--", ":", "-."]
LINES: tuple[LineStyle, ...] = ("-", "--", ":", "-.")

TITLE, LABEL, TICK = 15, 11, 10

# The middle half of the runs and nine tenths of them, and how darkly each is drawn.
BANDS = ((0.05, 0.95, 0.16), (0.25, 0.75, 0.30))


def new_figure(width: float, height: float, title: str) -> Figure:
    """Return an empty figure of a size in inches, under a title."""
    layout = ConstrainedLayoutEngine(h_pad=0.08, w_pad=0.08)
    figure = Figure(figsize=(width, height), layout=layout)
    figure.suptitle(title, fontsize=TITLE)
    return figure


def plain(text: str) -> str:
    """Return a text that Matplotlib draws as it stands, dollars and all: no mathematics."""
    return text.replace("$", r"\$")


def wrapped(text: str, inches: float, size: float = LABEL, most_lines: int = 3) -> str:
    """Return a text in lines no wider than so many inches, as it stands: no mathematics.

    Lines break at blanks and after hyphens, and within a word that is too long for one.
    What needs more lines than `most_lines` ends in dots.
    """
    lines = [""]
    for piece in re.split(r"(?<=[ -])", text.strip()):
        if lines[-1] and _width(lines[-1] + piece, size) > inches:
            lines.append("")
        for part in [piece] if _width(piece, size) <= inches else piece:
            if lines[-1] and _width(lines[-1] + part, size) > inches:
                lines.append("")
            lines[-1] += part
    if len(lines) > most_lines:
        lines = lines[:most_lines]
        while lines[-1] and _width(lines[-1] + " …", size) > inches:
            lines[-1] = lines[-1].rstrip(" ")[:-1]
        lines[-1] = lines[-1].rstrip(" ") + " …"
    return plain("\n".join(line.rstrip(" ") for line in lines))


@lru_cache(maxsize=4096)
def _width(text: str, size: float) -> float:
    """Return how wide a text is, in inches."""
    font = FontProperties(size=size)
    points, _, _ = text_to_path.get_text_width_height_descent(text.rstrip(" "), font, ismath=False)
    return float(points) / 72.0


def two_lines(title: str, what: str, width: float) -> str:
    """Return a figure's title: the case on a line or two, and what is drawn on the next.

    `width` is the figure's, in inches.
    """
    return "\n".join(wrapped(text, 0.95 * width, TITLE, 2) for text in (title, what))


def heading(scenario: Scenario, what: str, runs: int, width: float) -> str:
    """Return a figure's title: the case, what is drawn and over how many runs, in lines that fit.

    `width` is the figure's, in inches.
    """
    what += ", " + count_of_runs(runs).replace(" ", "\N{NO-BREAK SPACE}")
    room = 0.95 * width
    whole = f"{scenario.title}: {what}"
    lines = [whole] if _width(whole, TITLE) <= room else [f"{scenario.title}:", what]
    return "\n".join(wrapped(line, room, TITLE, 2) for line in lines)


def at_table(scenario: Scenario, table: str | None) -> str:
    """Return words for a title that say which table is drawn, where there are several."""
    if table is None or len(scenario.tables) == 1:
        return ""
    return f" at the table “{scenario.tables[table].title}”"


def extra_height(titles: Sequence[str], columns: int, lines: int = 1) -> float:
    """Return the inches that panels' titles take, row by row, beyond so many lines each."""
    rows = [titles[i : i + columns] for i in range(0, len(titles), columns)]
    most = (max(title.count("\n") for title in row) + 1 - lines for row in rows)
    return sum(0.18 * max(more, 0) for more in most)


def mean_name(what: str, runs: int) -> str:
    """Return what a mean over so many runs is called in a legend."""
    return what if runs == 1 else f"{what}, mean"


def number(value: float) -> str:
    """Return a number with a decimal at most, and none where it is whole."""
    return f"{value:.1f}".removesuffix(".0")


def bands(axes: Axes, weeks: FloatArray, values: FloatArray, colour: str) -> None:
    """Shade where half and nine tenths of the runs lie; `values` is (runs, weeks)."""
    for low, high, shade in BANDS:
        lower, upper = np.nanquantile(values, [low, high], axis=0)
        axes.fill_between(weeks, lower, upper, color=colour, alpha=shade, linewidth=0)


def band_legend(colour: str, of: str = "") -> list[Artist]:
    """Return the legend's entries for the bands; `of` goes before what they hold."""
    return [
        Patch(color=colour, alpha=0.45, label=f"{of}50 % of runs"),
        Patch(color=colour, alpha=0.16, label=f"{of}90 % of runs"),
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


def share_of_runs(happened: int, runs: int) -> tuple[float, float, float]:
    """Return a share of runs and its interval, in per cent.

    Parameters
    ----------
    happened, runs : int
        In how many runs it came to that, of how many; at least one.
    """
    share = happened / runs
    low, high = share_interval(share, runs)
    # At no run or all of them an end is the share itself, but for rounding.
    return 100.0 * share, 100.0 * min(low, share), 100.0 * max(high, share)


def count_of_runs(runs: int) -> str:
    """Return how many runs, in words: 1 run, 2,000 runs."""
    return f"{runs:,} run" + ("" if runs == 1 else "s")
