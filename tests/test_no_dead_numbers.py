"""Nothing in a scenario is idle: every number, mechanism and table bears on a result."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest

from negotiate_abm.model import NegotiationModel
from negotiate_abm.scenario.layering import MECHANISMS
from negotiate_abm.scenario.loader import case_names, load_scenario
from negotiate_abm.scenario.parameters import quantities, quantities_of_salience

JANUARY = "carney-beijing-2026"

# Numbers of what is off until a lever is pulled are moved with the lever pulled.
PULLED = {"arrangements": "parallel_arrangement", "ties": "deterrence_ties"}

# Where a number is looked at: in few histories as they are, then in worlds where threats
# are carried out and where they are met by rolling back, then in many histories as they are.
Setting = tuple[int, tuple[tuple[str, Any], ...], tuple[str, ...]]
AS_IT_IS: Setting = (48, (), ())
WHERE_LINES_ARE_CROSSED: Setting = (48, (("ev_tariff_at_zero", True),), ())
WHERE_MUCH_IS_CONCEDED: Setting = (1000, (("initial_trust", 0.95),), ("own_lines",))
MANY_TIMES: Setting = (1500, (), ())


@cache
def history(case: str, setting: Setting, moved: tuple[str, float] | None = None) -> str:
    """Return a digest of all that is recorded of some runs of a case."""
    runs, levers, without = setting
    overrides: dict[str, Any] = {"without": list(without)} if without else {}
    if moved is not None:
        overrides |= dict([moved])
    return digest_of(NegotiationModel(case, runs, rng=11, overrides=overrides, levers=dict(levers)))


def digest_of(model: NegotiationModel) -> str:
    """Play a model to its end and return a digest of every week's state."""
    digest = hashlib.blake2b()
    for _ in range(model.case.weeks):
        model.step()
        for name, (_, values) in sorted(model.snapshot().items()):
            digest.update(name.encode())
            digest.update(values.tobytes())
    model.release()
    return digest.hexdigest()


def numbers() -> list[tuple[str, str, float, float]]:
    """Return every number of every bundled case that may be moved, with its range."""
    found = []
    for case in case_names():
        scenario = load_scenario(case)
        classes = {f"salience.{n}": q for n, q in quantities_of_salience(scenario).items()}
        coded = {f"issues.{n}.{side}" for n in scenario.issues for side in ("benefit", "cost")}
        plain = {k: q for k, q in quantities(scenario).items() if k not in coded}
        for key, quantity in (plain | classes).items():
            if quantity.range is not None and quantity.range[0] < quantity.range[1]:
                found.append((case, key, *quantity.range))
    return found


@pytest.mark.parametrize(("case", "key", "low", "high"), numbers(), ids=lambda value: str(value))
def test_moving_any_number_across_its_range_changes_a_result(case, key, low, high):
    lever = PULLED.get(key.split(".")[0])

    def matters_in(setting: Setting) -> bool:
        runs, levers, without = setting
        if lever is not None:
            setting = (runs, (*levers, (lever, True)), without)
        if history(case, setting, (key, high)) != history(case, setting):
            return True
        return history(case, setting, (key, high)) != history(case, setting, (key, low))

    settings = [AS_IT_IS]
    if case == JANUARY:
        settings += [WHERE_LINES_ARE_CROSSED, WHERE_MUCH_IS_CONCEDED, MANY_TIMES]
    assert any(matters_in(setting) for setting in settings)


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_switching_any_mechanism_off_changes_a_result(mechanism):
    if mechanism in PULLED:
        on: Setting = (48, ((PULLED[mechanism], True),), ())
        assert history(JANUARY, on) != history(JANUARY, AS_IT_IS)
        return
    assert history(JANUARY, (400, (), (mechanism,))) != history(JANUARY, (400, (), ()))


@pytest.mark.parametrize("table", load_scenario(JANUARY).tables)
def test_taking_any_table_away_changes_the_others(table):
    kept = next(t for t in load_scenario(JANUARY).tables if t != table)
    assert agreed_at(kept, {"without": [table]}) != agreed_at(kept, {})


def agreed_at(table: str, overrides: Mapping[str, Any]) -> bytes:
    """Return what is agreed at a table at the end of some runs, to the bit."""
    model = NegotiationModel(JANUARY, 400, rng=11, overrides=overrides)
    for _ in range(model.case.weeks):
        model.step()
    return model.tables[table].agreed.tobytes()
