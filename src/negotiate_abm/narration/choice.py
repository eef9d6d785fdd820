"""Which of the things that happened a story tells, and how they fall into paragraphs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from negotiate_abm.narration import beats
from negotiate_abm.narration.beats import Beat

# How many words make a paragraph, and how few go with the one before.
_A_PARAGRAPH, _A_LINE = 110, 25

# Kinds of beats with which a paragraph begins.
_BEGIN = (beats.OPENING, beats.THREAT, beats.STRIKE)


def weightiest(found: Sequence[Beat], words: int, always: Sequence[Beat] = ()) -> list[Beat]:
    """Return the beats that matter most, as many as there is room for, in order of time.

    Each comes with what it follows from and what closes it. Where there is no room for that,
    one that can be told alone is. What weighs nothing is told only where another needs it.

    Parameters
    ----------
    found : sequence of Beat
    words : int
        How many there is room for.
    always : sequence of Beat
        Those that are told whether there is room or not.
    """
    kept: dict[int, Beat] = {}
    forced = {id(beat) for beat in always}
    ranked = sorted(range(len(found)), key=lambda i: (id(found[i]) not in forced, -found[i].weight))
    for at in ranked:
        if found[at].weight <= 0.0:
            break
        for alone in (False, True):
            beat = replace(found[at], clause=found[at].alone) if alone else found[at]
            unit = {i: found[i] for i in _with(found, at, alone)} | {at: beat}
            new = {i: told for i, told in unit.items() if i not in kept}
            length = sum(told.words for told in new.values())
            if beat.clause and (length <= words or id(found[at]) in forced):
                kept |= new
                words -= length
                break
    told = {id(found[at]) for at in kept}
    return [found[at] if id(found[at].after) in told else kept[at] for at in sorted(kept)]


def _with(found: Sequence[Beat], at: int, alone: bool) -> set[int]:
    """Return the places of a beat, of what it follows from unless alone, and of what closes it."""
    place = {id(beat): i for i, beat in enumerate(found)}
    unit: set[int] = set()
    due = [at]
    while due:
        here = due.pop()
        if here in unit:
            continue
        unit.add(here)
        due += [i for i, b in enumerate(found) if b.closes and b.after is found[here]]
        after = found[here].after
        if after is not None and id(after) in place and not (alone and here == at):
            due.append(place[id(after)])
    return unit


def grouped(told: list[Beat]) -> Iterator[list[Beat]]:
    """Yield beats in paragraphs: a new one as the scene changes, in parts where one is long."""
    scenes: list[list[Beat]] = []
    for beat in told:
        if scenes and (beat.kind not in _BEGIN or _length(scenes[-1]) < _A_LINE):
            scenes[-1].append(beat)
        else:
            scenes.append([beat])
    if len(scenes) > 1 and _length(scenes[-1]) < _A_LINE:
        last = scenes.pop()
        scenes[-1] += last
    for scene in scenes:
        yield from _in_parts(scene)


def _in_parts(scene: list[Beat]) -> Iterator[list[Beat]]:
    """Yield a scene in parts of about equal length, none much longer than a paragraph."""
    share = _length(scene) / math.ceil(_length(scene) / _A_PARAGRAPH)
    part: list[Beat] = []
    for at, beat in enumerate(scene):
        full = _length(part) + beat.words / 2 > share
        if part and full and _length(scene[at:]) >= _A_LINE:
            yield part
            part = []
        part.append(beat)
    yield part


def _length(told: list[Beat]) -> int:
    return sum(beat.words for beat in told)
