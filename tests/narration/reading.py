"""Reads stories back: results to tell, sentences, and which weeks a sentence may speak of."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from functools import cache

import numpy as np

import negotiate_abm
from negotiate_abm.dates import MONTHS, date_of, part_of_month
from negotiate_abm.model import NegotiationModel
from negotiate_abm.narration.beats import Beat
from negotiate_abm.narration.chronicle import Chronicle
from negotiate_abm.narration.record import Record
from negotiate_abm.narration.story import story as tell
from negotiate_abm.narration.voice import Voice
from negotiate_abm.result import Result
from negotiate_abm.scenario.loader import scenario_from
from negotiate_abm.scenario.schema import Scenario
from tests.worlds import FEATURES, random_world

CASE, TABLE = "carney-beijing-2026", "canada_china"
LEVERS: dict[str, dict[str, float | bool]] = {
    "as it is": {},
    "hostile": {"hostility_of_washington": 0.95},
    "at zero": {"ev_tariff_at_zero": True},
    "arranged": {"parallel_arrangement": True, "deterrence_ties": True},
    "hot": {"hostility_of_washington": 0.95, "initial_trust": 0.9},
}
NUMBERS = ("one", "two", "three", "four")


@cache
def played(name: str = "as it is", runs: int = 60) -> Result:
    """Return runs of the January case under a lever."""
    without = {"without": ["own_lines"]} if name == "hot" else {}
    return negotiate_abm.run(CASE, runs=runs, seed=5, levers=LEVERS[name], overrides=without)


@cache
def many() -> Result:
    """Return enough runs that what is rare happens in some."""
    return negotiate_abm.run(CASE, runs=400, seed=1)


@cache
def start(name: str, run: int) -> NegotiationModel:
    return next(iter(played(name).weekly(run)))


@cache
def chronicle(name: str, run: int) -> Chronicle:
    return chronicle_of(played(name), run, start(name, run))


def chronicle_of(result: Result, run: int, model: NegotiationModel | None = None) -> Chronicle:
    model = next(iter(result.weekly(run))) if model is None else model
    events = result.events[result.events["run"] == run]
    return Chronicle(Voice(model), result.trajectories.sel(run=run), events)


def record(name: str, run: int) -> Record:
    return chronicle(name, run).record


@cache
def beats(name: str, run: int) -> list[Beat]:
    return chronicle(name, run).beats()


@cache
def story(name: str, run: int) -> str:
    """Return a run's story, as `Result.story` would, from a model that is there already."""
    result = played(name)
    row = result.outcomes.set_index("run", drop=False).loc[run]
    events = result.events[result.events["run"] == run]
    told = tell(start(name, run), result.trajectories.sel(run=run), events, row.to_dict())
    return f"{told}\n\n({name})"


def runs_with(name: str, kind: str, table: str | None = None) -> list[int]:
    """Return the runs in which something happened."""
    events = played(name).events
    found = events["kind"] == kind
    if table is not None:
        found &= events["where"] == table
    return [int(run) for run in sorted(set(events.loc[found, "run"]))]


def named_world(seed: int) -> Scenario:
    """Return a random world whose people and things can be told apart."""
    dice = np.random.default_rng(seed)
    world = random_world(
        seed=seed,
        issues=int(dice.integers(3, 12)),
        watched=bool(dice.random() < 0.8),
        features=[name for name in FEATURES if dice.random() < 0.4],
    )
    document = world.model_dump(mode="python", exclude_unset=True)
    for part in ("countries", "provinces", "tables"):
        for name, entry in document[part].items():
            entry["title"] = name.capitalize()
    return scenario_from(document)


# -- what a story says ----------------------------------------------------------------


def paragraphs(text: str) -> list[str]:
    """Return headline, lead and so on."""
    return text.split("\n\n")


def middle(text: str) -> list[str]:
    """Return the sentences on what happened at the focal table, in order."""
    told = [p for p in paragraphs(text)[2:-1] if not p.startswith(("Elsewhere,", "At home"))]
    return [s for p in told[:-1] for s in re.split(r"(?<=[.]) (?=[A-Z])", p)]


def dated(text: str, result: Result) -> Iterator[tuple[str, set[int]]]:
    """Yield each sentence of a story's middle with the weeks that it may speak of."""
    weeks: set[int] = set()
    for told in middle(text):
        weeks = _weeks(told, weeks, result)
        yield told, weeks


def _weeks(told: str, before: set[int], result: Result) -> set[int]:
    start, every = result.scenario.start, range(1, result.manifest["weeks"] + 1)
    exact = re.match(r"(?:On|In the week of) (\d+) (\w+) (\d+),", told)
    if exact:
        day, month, year = exact.groups()
        date = datetime.date(int(year), MONTHS.index(month) + 1, int(day))
        return {(date - start).days // 7 + 1}
    part = re.match(r"In ((?:early |mid-|late )\w+)(?: \d+)?,", told)
    if part:
        later = {w for w in every if w > min(before, default=0)}
        return {w for w in later if part_of_month(date_of(w, start)) == part.group(1)}
    if told.startswith(("A week later,", "The week after,")):
        return {week + 1 for week in before}
    some = re.match(r"(\w+) weeks later,", told)
    if some:
        return {week + NUMBERS.index(some.group(1).lower()) + 1 for week in before}
    return before
