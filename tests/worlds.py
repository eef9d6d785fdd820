"""Random worlds for property tests: valid scenarios of every shape the schema allows."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
from hypothesis import strategies as st

from negotiate_abm.mechanisms.retaliation import retaliation_strategies
from negotiate_abm.mechanisms.tactics import tactics
from negotiate_abm.scenario.loader import scenario_from
from negotiate_abm.scenario.schema import Scenario

GUEST, HOST, WATCHER = "guest", "host", "watcher"
START = datetime.date(2026, 1, 5)


def worlds(fewest: int = 3, most: int = 20) -> st.SearchStrategy[Scenario]:
    """Return a strategy for scenarios of so many issues."""
    return st.builds(
        random_world,
        seed=st.integers(0, 2**32 - 1),
        issues=st.integers(fewest, most),
        watched=st.booleans(),
        tactic=st.sampled_from(tactics.names()),
        other_tactic=st.sampled_from(tactics.names()),
        retaliation=st.sampled_from(retaliation_strategies.names()),
        other_retaliation=st.sampled_from(retaliation_strategies.names()),
    )


def random_world(
    seed: int = 0,
    issues: int = 12,
    watched: bool = True,
    tactic: str = "time_dependent",
    other_tactic: str = "time_dependent",
    retaliation: str = "tit_for_tat",
    other_retaliation: str = "graduated",
) -> Scenario:
    """Return a valid scenario whose numbers come from `seed`, most of them drawn by run."""
    dice = np.random.default_rng(seed)
    document: dict[str, Any] = {
        "name": "random-world",
        "title": "A random world",
        "summary": f"Drawn from seed {seed}.",
        "start": START,
        "focal": GUEST,
        "countries": {
            GUEST: _country(dice, HOST, tactic, retaliation),
            HOST: _country(dice, GUEST, other_tactic, other_retaliation),
        },
        "provinces": {name: _province(dice) for name in ("east", "west")},
        "flows": {
            "out": _flow(dice, GUEST, HOST),
            "back": _flow(dice, HOST, GUEST),
        },
        "tables": {"table": _table(dice)},
        "issues": {},
    }
    if watched:
        document["countries"][WATCHER] = _country(dice, GUEST, tactic, other_retaliation)
        document["flows"]["watched"] = {
            **_flow(dice, GUEST, WATCHER),
            "supply": _spread(dice, 30, 60, "1"),  # elastic: a tariff costs its imposer
        }
        document["flows"]["answer"] = _flow(dice, WATCHER, GUEST)
        document["tables"]["table"]["watchers"] = {WATCHER: _watcher(dice)}
    for number in range(issues):
        document["issues"][f"issue_{number}"] = _issue(dice, number, watched)
    return scenario_from(document)


def _spread(dice: np.random.Generator, low: float, high: float, unit: str) -> dict[str, Any]:
    """Return an assumed quantity with a range somewhere inside the bounds."""
    ends = np.sort(dice.uniform(low, high, 2))
    value = float(dice.uniform(*ends))
    return {"value": value, "unit": unit, "assumed": "drawn", "range": [float(e) for e in ends]}


def _held(value: float, unit: str) -> dict[str, Any]:
    return {"value": float(value), "unit": unit, "definition": "held"}


def _country(
    dice: np.random.Generator, counterpart: str, tactic: str, retaliation: str
) -> dict[str, Any]:
    return {
        "title": "A country",
        "gdp": _spread(dice, 100, 30_000, "C$bn/yr"),
        "trust": {counterpart: _spread(dice, 0.2, 0.95, "share")},
        "tactic": tactic,
        "tactic_exponent": _spread(dice, 0.3, 3.0, "1"),
        "retaliation": retaliation,
    }


def _province(dice: np.random.Generator) -> dict[str, Any]:
    return {
        "title": "A province",
        "country": GUEST,
        "influence": _spread(dice, 0.05, 0.5, "share"),
        "half_loss": _spread(dice, 0.05, 1.0, "C$bn/yr"),
    }


def _flow(dice: np.random.Generator, exporter: str, importer: str) -> dict[str, Any]:
    flow: dict[str, Any] = {
        "title": "A flow",
        "exporter": exporter,
        "importer": importer,
        "value": _spread(dice, 1, 10, "C$bn/yr"),
        "rate_when_valued": _held(5, "%"),
        "substitution": _spread(dice, 2, 8, "1"),
        "supply": _spread(dice, 2, 10, "1"),
    }
    if exporter == GUEST:
        flow["shares"] = {"east": _held(0.3, "share"), "west": _held(0.5, "share")}
        flow["elsewhere"] = _held(0.2, "share")
    return flow


def _table(dice: np.random.Generator) -> dict[str, Any]:
    return {
        "title": "A table",
        "host": HOST,
        "guest": GUEST,
        "opening_hazard": _spread(dice, 0.05, 0.3, "per week"),
        "shortest_round_weeks": _spread(dice, 2, 6, "weeks"),
        "longest_round_weeks": _spread(dice, 6, 20, "weeks"),
        "under_way_weeks": _spread(dice, 0, 4, "weeks"),
        "events": {
            "visit": {"title": "A visit", "date": START, "opens_round": bool(dice.integers(2))}
        },
    }


def _watcher(dice: np.random.Generator) -> dict[str, Any]:
    measure = {"rate": _spread(dice, 5, 40, "%"), "coverage": _spread(dice, 0.1, 0.9, "share")}
    return {
        "threatens": GUEST,
        "base_hazard": _spread(dice, 0.01, 0.2, "per week"),
        "punishment": {"flow": "watched", **measure},
        "counter": {"flow": "answer", **measure},
    }


def _issue(dice: np.random.Generator, number: int, watched: bool) -> dict[str, Any]:
    # The first two are duties, one each way, so that salience has something to measure by.
    is_duty = number < 2 or dice.random() < 0.3
    conceder, beneficiary = (HOST, GUEST) if number % 2 == 0 else (GUEST, HOST)
    issue: dict[str, Any] = {
        "title": f"Issue {number}",
        "table": "table",
        "conceder": conceder,
        "beneficiary": beneficiary,
        "divisible": bool(dice.integers(2)),
        "curvature": _spread(dice, 1.0, 2.0, "1"),
        "ladder": _ladder(dice, talks=not is_duty),
    }
    if is_duty:
        issue["duty"] = {
            "flow": "out" if beneficiary == GUEST else "back",
            "rate": _spread(dice, 20, 100, "%"),
            "floor": _held(5, "%"),
            "producers_share": _spread(dice, 0.1, 0.4, "share"),
            "producers_weight": _spread(dice, 0.5, 2.0, "1"),
            "coercive_value": _spread(dice, 2.0, 4.0, "C$bn/yr"),
        }
    else:
        for side in ("benefit", "cost"):
            issue[side] = {
                "salience": str(dice.choice(["low", "medium", "high"])),
                "assumed": "drawn",
            }
    rungs = list(issue["ladder"])
    if watched and conceder == GUEST:
        issue["exposure"] = {WATCHER: _spread(dice, 0.1, 2.0, "tolerance")}
        if dice.random() < 0.4:
            issue["red_lines"] = {WATCHER: str(dice.choice(rungs))}
    if dice.random() < 0.15 and len(rungs) > 1:
        issue["red_lines"] = {**issue.get("red_lines", {}), conceder: rungs[-1]}
    return issue


def _ladder(dice: np.random.Generator, talks: bool) -> dict[str, Any]:
    inner = int(dice.integers(0, 4))
    levels = [*np.sort(dice.uniform(0.1, 0.9, inner)), 1.0]
    if len(levels) > 1 and np.diff(levels).min() < 0.02:
        levels = [1.0]
    ladder: dict[str, Any] = {}
    if dice.random() < 0.5 and talks:
        ladder["talk"] = {
            "title": "Talk",
            "talk": True,
            "level": _held(0.05, "level"),
            "benefit": _held(0.05, "share"),
        }
    for number, level in enumerate(levels):
        ladder[f"rung_{number}"] = {"title": f"Rung {number}", "level": _held(level, "level")}
    return ladder
