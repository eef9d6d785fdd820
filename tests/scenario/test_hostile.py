"""Whatever a file or an override says, it is taken or refused in words: never a traceback."""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import pytest

from negotiate_abm.errors import NegotiateError, RunError, ScenarioError
from negotiate_abm.scenario.loader import check_columns, load_scenario, scenario_from
from negotiate_abm.scenario.parameters import quantities
from negotiate_abm.scenario.schema import Scenario

JANUARY, PIE = "carney-beijing-2026", "split-the-pie"

Document = dict[str, Any]
Place = tuple[str | int, ...]

NAN, INFINITY = float("nan"), float("inf")
JUNK: list[Any] = [
    *(None, True, False, 0, -1, 1.5, NAN, INFINITY, 1e308, 10**400),
    *("", "x", "canada", "trust", "canada_china", b"bytes", "x" * 300, "a.b", "[key]"),
    *([], [1], [[]], [{}], ["canada"], (1, 2), {}, {"": {}}, {"a": 1}, {"x": {"x": {"x": {}}}}),
    *({"value": 1}, {"value": NAN, "unit": "1", "definition": "x"}, {"value": "x", "unit": 3}),
    *({"salience": "low"}, {"salience": ["low"]}, {"kind": []}, {"keys": [3]}, {"source": [[]]}),
]


def places(node: Any, place: Place = ()) -> Iterator[Place]:
    """Every place in a document but its top."""
    if place:
        yield place
    below = node.items() if isinstance(node, dict) else ()
    if isinstance(node, list):
        below = enumerate(node)
    for name, child in below:
        yield from places(child, (*place, name))


def spoilt(document: Document, dice: random.Random) -> Document:
    """Return a document with junk in the stead of one node or two."""
    spoilt_document = copy.deepcopy(document)
    known = [place for place in places(document) if place[0] != "sources" or dice.random() < 0.1]
    for _ in range(dice.choice([1, 1, 2])):
        *above, last = dice.choice(known)[: dice.randint(1, 8)]
        node: Any = spoilt_document
        for part in above:
            is_there = isinstance(node, dict) and part in node
            is_there |= isinstance(node, list) and isinstance(part, int) and part < len(node)
            if not is_there:
                break
            node = node[part]
        else:
            if isinstance(node, dict) or (isinstance(node, list) and last in range(len(node))):
                node[last] = copy.deepcopy(dice.choice(JUNK))
    return spoilt_document


def refusal_of(ask: Callable[[], Scenario]) -> NegotiateError | None:
    """Return the error that something is refused with, None if it is taken."""
    try:
        assert isinstance(ask(), Scenario)
    except NegotiateError as error:
        return error
    return None


def is_in_words(error: NegotiateError) -> bool:
    assert isinstance(error, ScenarioError)
    form = re.compile(r"mine\.toml: [^\n]*: got [^\n]+; expected [^\n]+\. [^\n]+")
    return bool(error.problems) and all(
        form.fullmatch(f"mine.toml: {problem}") and len(str(problem)) < 1500
        for problem in error.problems
    )


@pytest.mark.parametrize(
    "off", [[], ["trust", "ladders", "provinces"], ["watchers", "canada_us", "own_lines"]], ids=str
)
def test_a_january_case_with_junk_in_it_is_taken_or_refused_in_words(
    documents: dict[str, Document], off: list[str]
):
    dice = random.Random(2026)
    document = {**documents[JANUARY], "without": off}
    refused = 0
    for _ in range(120):
        broken = spoilt(document, dice)
        before = repr(broken)
        error = refusal_of(partial(scenario_from, broken, "mine.toml"))
        assert error is None or is_in_words(error), str(error)
        assert repr(broken) == before, "what was given stays as it was"
        refused += error is not None
    assert refused > 40


def test_a_pie_with_junk_in_it_is_taken_or_refused_in_words(documents: dict[str, Document]):
    dice = random.Random(7)
    refused = 0
    for _ in range(250):
        error = refusal_of(partial(scenario_from, spoilt(documents[PIE], dice), "mine.toml"))
        assert error is None or is_in_words(error), str(error)
        refused += error is not None
    assert refused > 180


SECTIONS = [
    "focal_table", "cross_links", "cross_links.ev_or_alignment", "arrangements",
    "arrangements.other_buyers", "arrangements.other_buyers.active", "ties",
    "ties.pacific_partners", "ties.pacific_partners.active", "levers", "levers.initial_trust",
    "levers.initial_trust.keys", "tables.canada_china.wedge",
    "tables.canada_china.wedge.eased_by", "countries.canada.consent",
    "countries.canada.consent.kind", "countries.canada.opponent_model", "countries.canada.trust",
    "trust.two_types", "conduct.agenda", "conduct.grit_step", "conduct.continuation",
    "issues.ev_tariff.held", "issues.ev_tariff.weaponisable", "issues.ev_tariff.duty.protected",
    "flows.canola_seed.dependence", "flows.us_bound_exports.knock_on", "revealed",
    "revealed.kept_the_surtax.gives", "without", "provinces", "domestic", "alarm",
    "tables.canada_china.watchers.united_states.punishment.line_coverage",
    "tables.canada_china.watchers.united_states.alarm_per_pull",
]  # fmt: skip


@pytest.mark.parametrize("key", SECTIONS)
@pytest.mark.parametrize("junk", [NAN, b"x", [[]], {"value": [], "unit": {}}, 10**400], ids=str)
def test_a_value_of_another_kind_is_refused_where_it_stands(
    told: Callable[..., str], key: str, junk: Any
):
    message = told({key: junk})
    assert re.search(rf"(?m)^mine\.toml: {re.escape(key)}\b", message), message
    assert len(message) < 10_000


def test_junk_as_an_override_is_taken_or_refused_in_words():
    january = load_scenario(JANUARY)
    dice = random.Random(11)
    dumped = january.model_dump(mode="python")
    keys = [".".join(map(str, place)) for place in places(dumped) if place[0] != "sources"]
    keys += ["", ".", "..", "without", "x", "countries..gdp", "levers.initial_trust.keys.0"]
    refused = 0
    for _ in range(300):
        overrides = {dice.choice(keys): dice.choice(JUNK) for _ in range(dice.choice([1, 1, 2]))}
        error = refusal_of(partial(load_scenario, january, overrides))
        assert error is None or isinstance(error, RunError | ScenarioError)
        assert error is None or re.search(r": got [\s\S]+; expected ", str(error)), overrides
        refused += error is not None
    assert refused > 150


@pytest.mark.parametrize("value", [NAN, INFINITY, -INFINITY, -1e300])
def test_no_number_of_a_case_may_be_overridden_by_what_is_none(value: float):
    january = load_scenario(JANUARY)
    dice = random.Random(3)
    coded = {f"issues.{name}.{side}" for name in january.issues for side in ("benefit", "cost")}
    for key in dice.sample(sorted(quantities(january).keys() - coded), 60):
        with pytest.raises(NegotiateError) as caught:
            load_scenario(january, {key: value})
        assert f"{key}" in str(caught.value)


# -- faults that once were ---------------------------------------------------------------------


@pytest.mark.parametrize("value", [True, 1, "x"])
def test_a_lever_is_pulled_not_overridden(value: Any):
    told = (
        rf"^override levers\.deterrence_ties={value!r}: got the name of a whole section; expected "
        r"that of one value in it\. Valid names: keys, title, value\.$"
    )
    with pytest.raises(RunError, match=told):
        load_scenario(JANUARY, {"levers.deterrence_ties": value})


@pytest.mark.filterwarnings("error")
def test_a_first_rung_at_nothing_is_refused_without_a_warning():
    told = r"issues\.ev_tariff\.ladder: got levels 0\.05, 0, 0\.5, 1; expected levels that climb"
    with pytest.raises(ScenarioError, match=told):
        load_scenario(JANUARY, {"issues.ev_tariff.ladder.first_cut.level": 0})


def test_numbers_by_run_for_what_is_none_are_told_where_the_names_are():
    january = load_scenario(JANUARY)
    told = r"expected one that is\. `negotiate-abm scenario show --numbers` lists them\.$"
    with pytest.raises(RunError, match=told):
        check_columns(january, {"weeks": np.ones(2)})
