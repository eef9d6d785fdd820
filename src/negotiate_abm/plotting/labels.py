"""Labels beside points, placed where they hide the least of what is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from negotiate_abm.mechanisms.numerics import FloatArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIZE = 9.5  # points

# Two labels nearer than this, in dots, are one.
_ONE_PLACE = 40.0

# Where a label may stand, in points from what it names.
_PLACES = [
    (side * across, up)
    for up in (12, -12, 26, -26, 44, -44)
    for across in (18, 34)
    for side in (1, -1)
]

# How wide a letter is and how high a line, as shares of the size of the type.
_LETTER, _LINE = 0.64, 12.5 / 9.5

# Room that a label leaves around a point of a line and around a mark, in dots.
_ROOM_LINE, _ROOM_MARK = 3.0, 14.0

# What it costs to overlap another label, to hide a mark, and each dot outside the panel,
# where to hide a point of a line costs one. Rather than overlap, a label is left out.
_CLASH, _HIDES_MARK, _OUTSIDE = 1000.0, 20.0, 10.0


@dataclass(frozen=True)
class Label:
    """Words about a point, shape (2,), of a panel; bold ones choose their places first."""

    point: FloatArray
    words: str
    bold: bool = False


def place_labels(axes: Axes, labels: list[Label], lines: FloatArray, marks: FloatArray) -> None:
    """Put labels where there is room for them; those of one place become one.

    Parameters
    ----------
    axes : Axes
        A panel whose limits and size are settled.
    labels : list of Label
    lines, marks : arrays of shape (points, 2)
        What a label should not hide, and what it must not.
    """
    drawn = axes.transData.transform(lines), axes.transData.transform(marks)
    taken: list[FloatArray] = []
    for bold in (True, False):
        for label in _merged(axes, [label for label in labels if label.bold == bold]):
            _place(axes, label, drawn, taken)


def _merged(axes: Axes, labels: list[Label]) -> list[Label]:
    """Return the labels, those of one place as one label of several lines."""
    found: list[tuple[Label, list[str]]] = []
    for label in labels:
        at = axes.transData.transform(label.point)
        for first, lines in found:
            if np.abs(axes.transData.transform(first.point) - at).max() < _ONE_PLACE:
                if label.words not in lines:
                    lines.append(label.words)
                break
        else:
            found.append((label, [label.words]))
    return [Label(first.point, "\n".join(lines), first.bold) for first, lines in found]


def _place(
    axes: Axes, label: Label, drawn: tuple[FloatArray, FloatArray], taken: list[FloatArray]
) -> None:
    """Put a label in its best place, if there is one, and add its box to those taken."""
    boxes = [_box(axes, label, across, up) for across, up in _PLACES]
    costs = [_cost(axes, box, drawn, taken) for box in boxes]
    best = int(np.argmin(costs))
    if costs[best] >= _CLASH:
        return
    taken.append(boxes[best])
    across, up = _PLACES[best]
    axes.annotate(
        label.words,
        (float(label.point[0]), float(label.point[1])),
        xytext=(across, up),
        textcoords="offset points",
        ha="left" if across > 0 else "right",
        va="center",
        fontsize=SIZE,
        fontweight="bold" if label.bold else "normal",
        arrowprops={"arrowstyle": "-", "color": "0.5", "lw": 0.7, "shrinkA": 0, "shrinkB": 3},
        bbox={"boxstyle": "round,pad=0.12", "fc": "white", "ec": "none", "alpha": 0.8},
        zorder=9,
    )


def _box(axes: Axes, label: Label, across: float, up: float) -> FloatArray:
    """Return a label's lower left and upper right corner at a place, in dots, (2, 2)."""
    scale = axes.figure.dpi / 72.0
    lines = label.words.split("\n")
    size = SIZE * scale * np.array([_LETTER * max(map(len, lines)), _LINE * len(lines)])
    left = across * scale if across > 0 else across * scale - size[0]
    low = axes.transData.transform(label.point) + np.array([left, up * scale - size[1] / 2.0])
    return np.array([low, low + size])


def _cost(
    axes: Axes, box: FloatArray, drawn: tuple[FloatArray, FloatArray], taken: list[FloatArray]
) -> float:
    """Return what is lost by a label in a box."""
    low, high = box
    outside = np.maximum(axes.bbox.p0 - low, 0.0).sum() + np.maximum(high - axes.bbox.p1, 0.0).sum()
    hidden, marks = (
        ((points > low - room) & (points < high + room)).all(axis=-1).sum()
        for points, room in zip(drawn, (_ROOM_LINE, _ROOM_MARK), strict=True)
    )
    clashes = sum((low < other[1]).all() and (other[0] < high).all() for other in taken)
    return float(_CLASH * clashes + _OUTSIDE * outside + _HIDES_MARK * marks + hidden)
