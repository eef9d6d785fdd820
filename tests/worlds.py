"""Random worlds for property tests: valid scenarios of every shape the schema allows.

A world has a guest, a host and, if it is watched, a watcher. `FEATURES` are what it may
have besides, each of which can be asked for by name; the numbers come from a seed. Nothing
is put in a document that no rule of its world reads, for a file may not say such a thing.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection
from typing import Any

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from negotiate_abm.errors import ScenarioError
from negotiate_abm.mechanisms.retaliation import retaliation_strategies
from negotiate_abm.mechanisms.tactics import tactics
from negotiate_abm.scenario.layering import MECHANISMS
from negotiate_abm.scenario.loader import load_scenario, scenario_from
from negotiate_abm.scenario.schema import Scenario

GUEST, HOST, WATCHER = "guest", "host", "watcher"
PARTIES = {"table": (HOST, GUEST), "second": (WATCHER, GUEST)}
START = datetime.date(2026, 1, 5)

# What a world may have beside its first table. Those that call for a watcher are left out
# of a world that has none.
FEATURES = (
    "consent",  # the guest's provinces make a deal costly
    "quota",  # they vote on it instead
    "protected",  # some of them lose by a duty's cut
    "weaponised",  # the host's duties may come back
    "held",  # one issue is held, come what may
    "opponent_models",  # nobody need know the other's values
    "grit_step",  # no round takes a long step
    "continuation",  # sides count on another round
    "agenda",  # weapons wait for other sectors
    "two_types",  # Kydd's trust
    "pull",  # a watcher minds the trade that turns away
    "knock_on",  # a punishment costs more than exporters lose
    "line_coverage",  # a crossed line widens it
    "wedge",  # the host woos a guest whom the watcher estranges
    "arrangement",  # the guest finds other buyers
    "tie",  # the guest has a security tie
    "second_table",  # guest and watcher meet, and the host watches
    "cross_link",  # what is given at one is withheld at the other
)
ON_A_WATCHER = frozenset(
    {"pull", "knock_on", "line_coverage", "wedge", "arrangement", "tie", "second_table"}
)
NEEDS = {"cross_link": "second_table", "quota": "consent", "agenda": "weaponised"}

# At a second table there are but a few issues.
SECOND_ISSUES = 4

Document = dict[str, Any]


def worlds(
    fewest: int = 3, most: int = 20, always: Collection[str] = ()
) -> st.SearchStrategy[Scenario]:
    """Return a strategy for scenarios of so many issues that have, at least, some features."""
    needs_watcher = bool(ON_A_WATCHER & set(always))
    return st.builds(
        _consistent_world,
        seed=st.integers(0, 2**32 - 1),
        issues=st.integers(fewest, most),
        watched=st.just(True) if needs_watcher else st.sampled_from([True, True, False]),
        tactic=st.sampled_from(tactics.names()),
        other_tactic=st.sampled_from(tactics.names()),
        retaliation=st.sampled_from(retaliation_strategies.names()),
        other_retaliation=st.sampled_from(retaliation_strategies.names()),
        features=st.sets(st.sampled_from(FEATURES)).map(lambda asked: asked | set(always)),
        without=st.lists(st.sampled_from(sorted(MECHANISMS)), max_size=2, unique=True),
    )


def _consistent_world(**given: Any) -> Scenario:
    try:
        return random_world(**given)
    except ScenarioError as error:
        # Once in a great many, the numbers say that a duty in force pays nobody.
        assume("revealed cost" not in str(error))
        raise


def random_world(
    seed: int = 0,
    issues: int = 12,
    watched: bool = True,
    tactic: str = "time_dependent",
    other_tactic: str = "time_dependent",
    retaliation: str = "tit_for_tat",
    other_retaliation: str = "graduated",
    features: Collection[str] = (),
    without: Collection[str] = (),
) -> Scenario:
    """Return a valid scenario whose numbers come from `seed`, most of them drawn by run."""
    dice = np.random.default_rng(seed)
    document: Document = {
        "name": "random-world",
        "title": "A random world",
        "summary": f"Drawn from seed {seed}.",
        "start": START,
        "focal": GUEST,
        "countries": {
            GUEST: _country(dice, tactic, retaliation, HOST),
            HOST: _country(dice, other_tactic, other_retaliation, GUEST),
        },
        "provinces": {name: _province(dice) for name in ("east", "west")},
        "flows": {},
        "tables": {"table": _table(dice, HOST)},
        "issues": {},
    }
    if watched:
        document["countries"][WATCHER] = _country(dice, tactic, other_retaliation)
        document["flows"]["watched"] = _punished_flow(dice, WATCHER)
        document["flows"]["answer"] = _flow(dice, WATCHER, GUEST)
        document["tables"]["table"]["watchers"] = {WATCHER: _watcher(dice, "watched", "answer")}
    for number in range(issues):
        watcher = WATCHER if watched else None
        _add_issue(document, dice, f"issue_{number}", number, "table", watcher)
    _add_features(document, np.random.default_rng([seed, 1]), features_of(watched, features))
    seated = {t[role] for t in document["tables"].values() for role in ("host", "guest")}
    if watched and WATCHER not in seated:  # it bargains nowhere, so nothing reads how
        document["countries"][WATCHER].pop("tactic_exponent", None)
    scenario = scenario_from(document)
    return load_scenario(scenario, {"without": list(without)}) if without else scenario


def features_of(watched: bool, asked: Collection[str]) -> set[str]:
    """Return which features a world that was asked for some can have."""
    wanted = {feature for feature in asked if watched or feature not in ON_A_WATCHER}
    return {feature for feature in wanted if NEEDS.get(feature, feature) in wanted}


# -- numbers ----------------------------------------------------------------------------


def _spread(dice: np.random.Generator, low: float, high: float, unit: str) -> dict[str, Any]:
    """Return an assumed quantity with a range somewhere inside the bounds."""
    ends = np.sort(dice.uniform(low, high, 2))
    value = float(dice.uniform(*ends))
    return {"value": value, "unit": unit, "assumed": "drawn", "range": [float(e) for e in ends]}


def _held(value: float, unit: str) -> dict[str, Any]:
    return {"value": float(value), "unit": unit, "definition": "held"}


# -- who and what -----------------------------------------------------------------------


def _country(
    dice: np.random.Generator, tactic: str, retaliation: str, *counterparts: str
) -> Document:
    country: Document = {
        "title": "A country",
        "gdp": _spread(dice, 100, 30_000, "C$bn/yr"),
        "trust": {other: _trust(dice) for other in counterparts},
        "tactic": tactic,
        "retaliation": retaliation,
    }
    exponent = _spread(dice, 0.3, 3.0, "1")
    if tactics[tactic].reads is None or "tactic_exponent" in tactics[tactic].reads:
        country["tactic_exponent"] = exponent
    return country


def _trust(dice: np.random.Generator) -> Document:
    return _spread(dice, 0.2, 0.95, "share")


def _province(dice: np.random.Generator) -> Document:
    return {
        "title": "A province",
        "country": GUEST,
        "influence": _spread(dice, 0.05, 0.5, "share"),
        "half_loss": _spread(dice, 0.05, 1.0, "C$bn/yr"),
    }


def _flow(dice: np.random.Generator, exporter: str, importer: str) -> Document:
    flow: Document = {
        "title": "A flow",
        "exporter": exporter,
        "importer": importer,
        "value": _spread(dice, 1, 10, "C$bn/yr"),
        "rate_when_valued": _held(5, "%"),
        "substitution": _spread(dice, 2, 8, "1"),
        "supply": _spread(dice, 1, 2.5, "1"),
    }
    if exporter == GUEST:
        flow["shares"] = {"east": _held(0.3, "share"), "west": _held(0.5, "share")}
        flow["elsewhere"] = _held(0.2, "share")
    return flow


def _punished_flow(dice: np.random.Generator, importer: str) -> Document:
    """Return a flow so elastically supplied that a tariff on it costs its imposer."""
    return {**_flow(dice, GUEST, importer), "supply": _spread(dice, 30, 60, "1")}


def _table(dice: np.random.Generator, host: str) -> Document:
    return {
        "title": "A table",
        "host": host,
        "guest": GUEST,
        "opening_hazard": _spread(dice, 0.05, 0.3, "per week"),
        "shortest_round_weeks": _spread(dice, 2, 6, "weeks"),
        "longest_round_weeks": _spread(dice, 6, 20, "weeks"),
        "under_way_weeks": _spread(dice, 0, 4, "weeks"),
        "events": {
            "visit": {"title": "A visit", "date": START, "opens_round": bool(dice.integers(2))}
        },
    }


def _watcher(dice: np.random.Generator, flow: str, counter_flow: str) -> Document:
    measure = {"rate": _spread(dice, 5, 40, "%"), "coverage": _spread(dice, 0.1, 0.9, "share")}
    return {
        "threatens": GUEST,
        "base_hazard": _spread(dice, 0.01, 0.2, "per week"),
        "punishment": {"flow": flow, **measure},
        "counter": {"flow": counter_flow, **measure},
    }


def _add_issue(
    document: Document,
    dice: np.random.Generator,
    name: str,
    number: int,
    table: str,
    watcher: str | None,
) -> None:
    """Add an issue and, if it is a duty, the goods that it falls on."""
    # The first two are duties, one each way, so that salience has something to measure by.
    is_duty = number < 2 or dice.random() < 0.3
    host, guest = PARTIES[table]
    conceder, beneficiary = (host, guest) if number % 2 == 0 else (guest, host)
    issue: Document = {
        "title": f"Issue {number}",
        "table": table,
        "conceder": conceder,
        "beneficiary": beneficiary,
        "divisible": bool(dice.integers(2)),
        "ladder": _ladder(dice),
    }
    curvature = _spread(dice, 1.0, 2.0, "1")
    if not is_duty:
        issue["curvature"] = curvature
    elif "talk" in issue["ladder"]:
        # A duty's cost is all but linear: cheaper talk would leave the next rung too dear.
        issue["curvature"] = _held(1.0, "1")
    if is_duty:
        document["flows"][f"goods_{name}"] = _flow(dice, beneficiary, conceder)
        issue["duty"] = {
            "flow": f"goods_{name}",
            "rate": _spread(dice, 20, 80, "%"),
            "floor": _held(5, "%"),
            "producers_share": _spread(dice, 0.05, 0.2, "share"),
            "producers_weight": _spread(dice, 0.3, 1.0, "1"),
            "coercive_value": _spread(dice, 0.0, 0.3, "C$bn/yr"),
        }
    else:
        for side in ("benefit", "cost"):
            issue[side] = {
                "salience": str(dice.choice(["low", "medium", "high"])),
                "assumed": "drawn",
            }
    rungs = list(issue["ladder"])
    if watcher is not None and conceder == guest:
        issue["exposure"] = {watcher: _spread(dice, 0.1, 2.0, "tolerance")}
        if dice.random() < 0.4:
            issue["red_lines"] = {watcher: str(dice.choice(rungs))}
    if dice.random() < 0.15 and len(rungs) > 1:
        issue["red_lines"] = {**issue.get("red_lines", {}), conceder: rungs[-1]}
    document["issues"][name] = issue


def _ladder(dice: np.random.Generator) -> Document:
    inner = int(dice.integers(0, 4))
    levels = [*np.sort(dice.uniform(0.1, 0.9, inner)), 1.0]
    if len(levels) > 1 and np.diff(levels).min() < 0.02:
        levels = [1.0]
    ladder: Document = {}
    if dice.random() < 0.5:
        ladder["talk"] = {
            "title": "Talk",
            "talk": True,
            "level": _held(0.05, "level"),
            "benefit": _held(0.05, "share"),
        }
    for number, level in enumerate(levels):
        ladder[f"rung_{number}"] = {"title": f"Rung {number}", "level": _held(level, "level")}
    return ladder


# -- what a world may have besides --------------------------------------------------------


def _add_features(document: Document, dice: np.random.Generator, wanted: set[str]) -> None:
    if "second_table" in wanted:
        _add_second_table(document, dice)
    if "cross_link" in wanted:
        document["cross_links"] = {
            "both": {"issue": "issue_1", "other": "other_1", "factor": _spread(dice, 0.5, 2, "1")}
        }
    _add_home(document, dice, wanted)
    _add_conduct(document, dice, wanted)
    if WATCHER in document["countries"]:
        _add_watching(document, dice, wanted)
        _add_ways_out(document, dice, wanted)


def _add_second_table(document: Document, dice: np.random.Generator) -> None:
    """Let guest and watcher meet, under the eyes of the host."""
    document["flows"] |= {
        "watched_by_host": _punished_flow(dice, HOST),
        "answer_to_host": _flow(dice, HOST, GUEST),
    }
    document["countries"][GUEST]["trust"][WATCHER] = _trust(dice)
    document["countries"][WATCHER]["trust"][GUEST] = _trust(dice)
    document["tables"]["second"] = _table(dice, WATCHER)
    watcher = _watcher(dice, "watched_by_host", "answer_to_host")
    document["tables"]["second"]["watchers"] = {HOST: watcher}
    for number in range(SECOND_ISSUES):
        _add_issue(document, dice, f"other_{number}", number, "second", HOST)


def _add_home(document: Document, dice: np.random.Generator, wanted: set[str]) -> None:
    guest = document["countries"][GUEST]
    if "quota" in wanted:
        guest["consent"] = {"kind": "quota", "quota": _spread(dice, 0.2, 0.8, "share")}
    elif "consent" in wanted:
        guest["consent"] = {"kind": "political", "inclination": _spread(dice, 0.0, 2.0, "1")}
    if "protected" in wanted:
        for issue in document["issues"].values():
            if issue["conceder"] == GUEST and "duty" in issue:
                issue["duty"]["protected"] = {
                    "east": _spread(dice, 0.1, 0.5, "share"),
                    "west": _spread(dice, 0.0, 0.4, "share"),
                }


def _add_conduct(document: Document, dice: np.random.Generator, wanted: set[str]) -> None:
    conduct: Document = {}
    if "grit_step" in wanted:
        conduct["grit_step"] = _spread(dice, 0.1, 0.8, "level")
    if "continuation" in wanted:
        conduct["continuation"] = _spread(dice, 0.0, 1.0, "share")
    if "agenda" in wanted:
        conduct["agenda"] = "non_weaponisable_first"
    if "weaponised" in wanted:
        _weaponise(document, dice)
        conduct["reimposition_hazard"] = _spread(dice, 0.01, 0.2, "per week")
    if conduct:
        document["conduct"] = conduct
    if "held" in wanted:
        issue = document["issues"]["issue_2"]
        rungs = [_held_at(rung) for rung in issue["ladder"].values()]
        issue["held"] = float(dice.choice(rungs))
    if "opponent_models" in wanted:
        for country in document["countries"].values():
            country["opponent_model"] = str(dice.choice(["perfect", "prior", "frequency"]))
    if "two_types" in wanted:
        document["trust"] = {
            "two_types": {
                "kept_if_trustworthy": _spread(dice, 0.7, 1.0, "share"),
                "kept_if_not": _spread(dice, 0.0, 0.5, "share"),
            }
        }


def _held_at(rung: Document) -> float:
    return float(rung["level"]["value"])


def _weaponise(document: Document, dice: np.random.Generator) -> None:
    """Let the guest's counterparts lay their duties on again."""
    for issue in document["issues"].values():
        if issue["beneficiary"] == GUEST and "duty" in issue:
            issue["weaponisable"] = True
            flow = document["flows"][issue["duty"]["flow"]]
            flow["dependence"] = _spread(dice, 0.2, 1.0, "share")


def _add_watching(document: Document, dice: np.random.Generator, wanted: set[str]) -> None:
    for name, table in document["tables"].items():
        for watcher, entry in table["watchers"].items():
            if "pull" in wanted:
                entry["alarm_per_pull"] = _spread(dice, 0.0, 0.2, "tolerance/%")
            if "knock_on" in wanted:
                punished = document["flows"][entry["punishment"]["flow"]]
                punished["knock_on"] = _spread(dice, 1.0, 6.0, "1")
            has_lines = any(
                issue["table"] == name and watcher in issue.get("red_lines", {})
                for issue in document["issues"].values()
            )
            if "line_coverage" in wanted and has_lines:
                entry["punishment"]["line_coverage"] = _spread(dice, 0.9, 1.0, "share")
    if "wedge" in wanted:
        wedge = {
            "wooer": HOST,
            "watcher": WATCHER,
            "estrangement": _spread(dice, 0.0, 2.0, "1"),
            "pull": _spread(dice, 0.0, 2.0, "1"),
            "half_pull": _spread(dice, 1.0, 20.0, "%"),
        }
        document["tables"]["table"]["wedge"] = wedge


def _add_ways_out(document: Document, dice: np.random.Generator, wanted: set[str]) -> None:
    levers: Document = {
        "hostility": {
            "title": "Hostility",
            "keys": [f"tables.table.watchers.{WATCHER}.hostility"],
        }
    }
    if "arrangement" in wanted:
        levers["others"] = _switch("arrangements.others.active")
        document["arrangements"] = {
            "others": {
                "title": "Other buyers",
                "country": GUEST,
                "table": "table",
                "active": bool(dice.random() < 0.8),
                "replaces": _spread(dice, 0.0, 1.0, "share"),
                "build_weeks": _spread(dice, 1, 100, "weeks"),
                "set_up_cost": _spread(dice, 0.0, 2.0, "C$bn"),
                "pulls": _spread(dice, 0.0, 50.0, "%"),
                "watcher": WATCHER,
            }
        }
    if "tie" in wanted:
        levers["friends"] = _switch("ties.friends.active")
        document["ties"] = {
            "friends": {
                "title": "Friends",
                "country": GUEST,
                "active": bool(dice.random() < 0.8),
                "visibility": _spread(dice, 0.0, 1.0, "share"),
                "soothes": WATCHER,
                "soothing": _spread(dice, 0.0, 1.0, "share"),
                "alarms": HOST,
                "alarm": _spread(dice, 0.0, 1.0, "tolerance"),
                "cooling": _spread(dice, 0.0, 1.0, "share"),
            }
        }
    document["levers"] = levers


def _switch(key: str) -> Document:
    return {"title": "A switch", "keys": [key], "value": True}
