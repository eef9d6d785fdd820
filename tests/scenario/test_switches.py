"""What `without` switches off, what nothing reads, and what a lever pulls."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from negotiate_abm.errors import RunError, ScenarioError
from negotiate_abm.scenario.layering import MECHANISMS
from negotiate_abm.scenario.loader import (
    case_names,
    load_scenario,
    scenario_from,
    with_levers,
)
from negotiate_abm.scenario.parameters import quantities
from negotiate_abm.scenario.schema import Scenario
from negotiate_abm.simulation import run
from tests.worlds import random_world

JANUARY, PIE = "carney-beijing-2026", "split-the-pie"
TABLES = load_scenario(JANUARY).tables
HOSTILITY = "tables.canada_china.watchers.united_states.hostility"

Change = Callable[..., dict[str, Any]]


def less(change: Change, case: str, *switches: str) -> Scenario:
    """Return a bundled case as its file would read with more switched off."""
    off = change({}, case).get("without", [])
    return scenario_from(change({"without": [*off, *switches]}, case))


def number(value: float, unit: str) -> dict[str, Any]:
    return {"value": value, "unit": unit, "definition": "in a test"}


# -- what `without` leaves ---------------------------------------------------------------------


@pytest.mark.parametrize("mechanism", MECHANISMS)
@pytest.mark.parametrize("case", case_names())
def test_a_case_less_a_mechanism_is_a_case_with_fewer_numbers_and_no_other(
    changed: Change, case: str, mechanism: str
):
    whole, left = quantities(load_scenario(case)), quantities(less(changed, case, mechanism))
    assert left.keys() <= whole.keys()
    assert all(left[key] == whole[key] for key in left)


@pytest.mark.parametrize("switch", [*MECHANISMS, *TABLES])
def test_a_switch_means_the_same_in_a_file_and_as_an_override(changed: Change, switch: str):
    assert less(changed, JANUARY, switch) == load_scenario(JANUARY, {"without": [switch]})


@pytest.mark.parametrize("switch", [*MECHANISMS, *TABLES])
def test_a_world_with_something_switched_off_plays(switch: str):
    result = run(JANUARY, 2, 3, overrides={"without": [switch]})
    assert len(result.outcomes) == 2


def gone(*parts: str) -> Callable[[Scenario], object]:
    """Return a test that no number of a scenario has any of some parts in its name."""

    def left(scenario: Scenario) -> object:
        return [k for k in quantities(scenario) if any(part in f".{k}." for part in parts)]

    return left


# What a scenario still has of a mechanism; nothing, where it is off.
LEFT_OF = {
    "trust": gone(".trust.", ".sunk_share.", ".trust_strength.", ".grace_weeks."),
    "leverage": gone(".leverage_bend."),
    "own_lines": lambda s: [n for n, i in s.issues.items() if i.conceder in i.red_lines],
    "ladders": lambda s: [n for n, i in s.issues.items() if len(i.ladder) > 1],
    "revealed": lambda s: s.revealed,
    "provinces": gone(
        *(".provinces.", ".domestic.", ".shares.", ".elsewhere.", ".protected."),
        *(".approval.", ".consent."),
    ),
    "consent": gone(".consent."),
    "watchers": gone(
        *(".watchers.", ".alarm.", ".exposure.", ".fades_weeks.", ".knock_on."),
        *(".wedge.", ".ties."),
    ),
    "wedge": gone(".wedge."),
    "arrangements": gone(".arrangements."),
    "ties": gone(".ties."),
    "reimposition": gone(".dependence.", ".reimposition_hazard."),
}


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_nothing_is_left_of_what_is_switched_off(changed: Change, mechanism: str):
    assert LEFT_OF[mechanism](load_scenario(JANUARY)), "it was there"
    assert not LEFT_OF[mechanism](less(changed, JANUARY, mechanism))


def test_without_ladders_each_issue_is_its_top_rung_and_every_line_lies_there(changed: Change):
    whole, left = load_scenario(JANUARY), less(changed, JANUARY, "ladders")
    for name, issue in left.issues.items():
        top = list(whole.issues[name].ladder)[-1]
        assert list(issue.ladder) == [top]
        assert not issue.divisible
        assert issue.red_lines == dict.fromkeys(whole.issues[name].red_lines, top)
    for refusal in left.revealed.values():
        assert set(refusal.gives.values()) == {"elimination"}


def test_without_watchers_only_ones_own_lines_bind(changed: Change):
    left = less(changed, JANUARY, "watchers")
    lines = {n: i.red_lines for n, i in left.issues.items() if i.red_lines}
    assert lines.keys() >= {"dairy_market_access", "security_intelligence"}
    assert "ev_tariff" not in lines
    for name, whose in lines.items():
        assert list(whose) == [left.issues[name].conceder]


@pytest.mark.parametrize("table", TABLES)
def test_a_table_taken_away_takes_all_that_is_its_own(changed: Change, table: str):
    whole, left = load_scenario(JANUARY), less(changed, JANUARY, table)
    assert left.tables.keys() == whole.tables.keys() - {table}
    lost = whole.issues.keys() - left.issues.keys()
    assert lost == {n for n, issue in whole.issues.items() if issue.table == table}
    assert left.focal_table == (None if whole.focal_table == table else whole.focal_table)
    for entry in left.arrangements.values():
        assert entry.table != table
    for link in left.cross_links.values():
        assert not {link.issue, link.other} & lost
    for refusal in left.revealed.values():
        assert not {*refusal.gives, *refusal.gets} & lost
    for kept in left.tables.values():
        assert kept.wedge is None or kept.wedge.eased_by not in lost
    pairs = [{t.host, t.guest} for t in left.tables.values()]
    for name, country in left.countries.items():
        assert all({name, other} in pairs for other in country.trust)


def test_any_two_switches_go_together(changed: Change):
    whole = quantities(load_scenario(JANUARY)).keys()
    for pair in combinations([*MECHANISMS, *TABLES], 2):
        left = quantities(less(changed, JANUARY, *pair)).keys()
        assert {key for key in left if not key.endswith(".rate_now")} <= whole, pair


def test_any_two_switches_go_together_where_other_buyers_are_found():
    for pair in combinations(MECHANISMS, 2):
        try:
            world = random_world(seed=1, issues=6, features=["arrangement", "tie"], without=pair)
        except ScenarioError as error:
            raise AssertionError(pair) from error
        for entry in world.arrangements.values():
            sold_to = {f.importer for f in world.flows.values() if f.exporter == entry.country}
            assert entry.watcher in sold_to, pair


def test_any_switches_go_together_while_a_table_is_left(changed: Change):
    dice = random.Random(1)
    names = [*MECHANISMS, *TABLES]
    for _ in range(30):
        some = dice.sample(names, dice.randint(3, len(names)))
        if not TABLES.keys() <= set(some):
            assert less(changed, JANUARY, *some) == load_scenario(JANUARY, {"without": some}), some


@pytest.mark.parametrize("case", case_names())
def test_with_all_mechanisms_off_bare_bargaining_is_left(changed: Change, case: str):
    bare = less(changed, case, *MECHANISMS)
    assert not any(left(bare) for left in LEFT_OF.values())
    assert len(run(bare, 3, 3).outcomes) == 3


def test_what_is_off_already_may_stay_off(changed: Change):
    once = load_scenario(JANUARY, {"without": ["canada_us", "trust"]})
    assert load_scenario(once, {"without": ["canada_us", "trust"]}) == once
    assert less(changed, JANUARY, "ties", "ties").ties == {}


def test_a_source_that_only_the_lost_part_cites_goes_with_it(changed: Change):
    assert "B102" in load_scenario(JANUARY).sources
    assert "B102" not in less(changed, JANUARY, "reimposition").sources


def test_a_source_that_nothing_ever_cited_is_refused_whatever_is_off(changed: Change, told):
    idle = {"says": "x", "title": "x", "confidence": "A"}
    for off in ([], ["trust"]):
        assert told({"sources.X1": idle, "without": off}) == (
            "mine.toml: sources.X1: got a source nothing cites; expected only what is used. "
            "Drop it."
        )


# -- names that `without` does not know --------------------------------------------------------


@pytest.mark.parametrize(
    ("off", "message"),
    [
        (["trsut"], "without: got 'trsut'; expected a mechanism or a table. "
                    "Did you mean 'trust'?"),
        (["canada_chna"], "without: got 'canada_chna'; expected a mechanism or a table. "
                          "Did you mean 'canada_china'?"),
        (["zzz"], "without: got 'zzz'; expected a mechanism or a table. Valid names: arrangements,"
                  " canada_china, canada_us, consent, ladders, "),
        ([""], "without: got ''; expected a mechanism or a table. Valid names: "),
        (["trust", "trsut"], "without: got 'trsut'"),
        (list(TABLES), "without: got every table; expected at least one table left. "
                       "Leave one out of it."),
        ("trust", "without: got 'trust'; expected a list. Write it in brackets: "),
        ({"trust": True}, "without: got {'trust': True}; expected a list."),
        (3, "without: got 3; expected a list."),
        (True, "without: got True; expected a list."),
        ([1], "without.0: got 1; expected text."),
        ([["trust"]], "without.0: got ['trust']; expected text."),
    ],
    ids=str,
)  # fmt: skip
def test_a_switch_that_is_none_is_refused(told: Callable[..., str], off: Any, message: str):
    assert f"mine.toml: {message}" in told({"without": off})
    with pytest.raises(ScenarioError) as caught:
        load_scenario(JANUARY, {"without": off})
    assert message in str(caught.value), "as an override too"


# -- numbers that nothing reads ----------------------------------------------------------------

IDLE = {
    "a share of imitation for a tactic that does not imitate":
        ("countries.china.imitation", number(0.5, "share")),
    "generosity of who answers by other rules":
        ("countries.china.generosity", number(0.5, "share")),
    "escalation of who answers in full": ("countries.china.escalation", number(0.5, "share")),
    "a knock-on of a flow nobody punishes":
        ("flows.canola_seed.knock_on", number(2, "1")),
    "dependence on a market whose duty does not come back":
        ("flows.electric_vehicles.dependence", number(0.5, "share")),
    "a counter-measure widened by a line":
        ("tables.canada_china.watchers.united_states.counter.line_coverage",
         number(0.5, "share")),
    "approval of a government without provinces":
        ("countries.china.approval", number(0.5, "share")),
}  # fmt: skip


@pytest.mark.parametrize("claim", IDLE)
def test_a_number_that_no_rule_reads_is_refused(told: Callable[..., str], claim: str):
    key, value = IDLE[claim]
    message = (
        f"mine.toml: {key}: got {value['value']} {value['unit']}; expected nothing: no rule of "
        "this scenario reads it. Drop it, or switch on what would read it."
    )
    assert told({key: value}) == message
    assert message in told({key: value, "without": ["ties"]}), "whatever else is off"


def test_trust_of_two_types_takes_no_strength(told: Callable[..., str], changed: Change):
    kinds = {
        "trust.two_types.kept_if_trustworthy": number(0.9, "share"),
        "trust.two_types.kept_if_not": number(0.2, "share"),
    }
    assert not [k for k in quantities(scenario_from(changed(kinds))) if "trust_strength" in k]
    given = {"countries.canada.trust_strength": number(4, "1")}
    assert "countries.canada.trust_strength: got 4 1; expected nothing" in told(kinds | given)


def test_a_section_that_no_rule_reads_is_refused(told: Callable[..., str]):
    at_home = {"domestic.sensitivity": number(3, "1")}
    assert told(at_home, PIE) == (
        "mine.toml: domestic: got a section; expected nothing: no rule of this scenario reads it. "
        "Drop it, or switch on what would read it."
    )


def test_a_number_that_only_a_switch_leaves_idle_is_taken_out_with_it(changed: Change):
    trusting = {"countries.canada.trust_strength": number(4, "1")}
    assert scenario_from(changed(trusting)).countries["canada"].trust_strength is not None
    off = scenario_from(changed({**trusting, "without": ["trust"]}))
    assert off.countries["canada"].trust_strength is None


def test_a_tactic_in_a_file_gets_the_defaults_it_reads_and_no_more(changed: Change):
    def read(tactic: str) -> set[str]:
        scenario = scenario_from(changed({"countries.china.tactic": tactic}))
        fields = ("tactic_exponent", "imitation")
        return {f for f in fields if getattr(scenario.countries["china"], f) is not None}

    assert read("firm") == read("relative_tit_for_tat") == set()
    assert read("boulware") == {"tactic_exponent"}
    assert read("mixed") == {"tactic_exponent", "imitation"}


# -- levers ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def january() -> Scenario:
    return load_scenario(JANUARY)


def test_every_lever_of_the_january_case_can_be_pulled_and_moves_what_it_names(january: Scenario):
    for name, lever in january.levers.items():
        value = True if lever.value is not None else 0.5
        overrides = with_levers(january, {name: value}, {})
        assert list(overrides) == lever.keys
        pulled = load_scenario(january, overrides)
        assert pulled != january, name


def test_a_lever_not_pulled_changes_nothing(january: Scenario):
    assert with_levers(january, dict.fromkeys(january.levers, False), None) == {}
    assert with_levers(january, None, None) == with_levers(january, {}, {}) == {}


def test_a_lever_takes_the_value_given_over_the_one_it_states(january: Scenario):
    assert with_levers(january, {"ev_tariff_at_zero": True}, {}) == {"issues.ev_tariff.held": 1.0}
    assert with_levers(january, {"ev_tariff_at_zero": 0.4}, {}) == {"issues.ev_tariff.held": 0.4}


def test_a_lever_may_set_several_numbers_at_once(january: Scenario):
    pulled = load_scenario(january, with_levers(january, {"initial_trust": 0.9}, {}))
    assert pulled.countries["canada"].trust["china"].value == 0.9
    assert pulled.countries["china"].trust["canada"].value == 0.9


def test_an_override_goes_before_a_lever_of_the_same_key(january: Scenario):
    both = with_levers(january, {"hostility_of_washington": 0.9}, {HOSTILITY: 0.1})
    assert both == {HOSTILITY: 0.1}
    result = run(january, 2, 2, overrides={HOSTILITY: 0.1},
                 levers={"hostility_of_washington": 0.9})  # fmt: skip
    alone = run(january, 2, 2, overrides={HOSTILITY: 0.1})
    assert result.outcomes.equals(alone.outcomes)


def test_a_lever_may_take_a_number_for_each_run(january: Scenario):
    both = run(january, 2, 2, levers={"hostility_of_washington": [0.1, 0.9]})
    one = run(january, 1, 2, levers={"hostility_of_washington": 0.1})
    assert np.array_equal(
        both.trajectories["hostility"].to_numpy()[:1], one.trajectories["hostility"].to_numpy()
    )


@pytest.mark.parametrize(
    ("levers", "message"),
    [
        ({"deterence_ties": True}, r"^lever 'deterence_ties': got a name the scenario does not "
         r"have; expected one of its levers\. Did you mean 'deterrence_ties'\?$"),
        ({"zzz": False}, r"^lever 'zzz': got a name .* Valid names: deterrence_ties, "),
        ({"hostility_of_washington": True}, r"^lever 'hostility_of_washington': got no value; "
         rf"expected one for {HOSTILITY.replace('.', '[.]')}\. "
         r"Write hostility_of_washington=VALUE\.$"),
        ({"initial_trust": None}, r"expected one for countries\.canada\.trust\.china, "
         r"countries\.china\.trust\.canada\. Write initial_trust=VALUE\.$"),
        ({"initial_trust": "high"}, r"^override countries\.canada\.trust\.china='high': got "
         r"'high'; expected a number in share\. Give a plain one\.$"),
        ({"initial_trust": [0.1, 0.2, 0.3]}, "expected one finite number for each of 2 runs"),
        ({3: 1}, r"^lever 3: got no text; expected a lever's name\. Quote it\.$"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)  # fmt: skip
def test_a_lever_that_cannot_be_pulled_is_refused(
    january: Scenario, levers: dict[Any, Any], message: str
):
    with pytest.raises(RunError, match=message):
        run(january, 2, 2, levers=levers)


@pytest.mark.parametrize(
    ("levers", "message"),
    [
        ({"initial_trust": 1.5}, "countries.canada.trust.china: got 1.5 share; expected a number"),
        ({"parallel_arrangement": 3}, "active: got 3; expected true or false."),
        ({"non_weaponisable_first": "none"}, "conduct.agenda: got 'none'; expected 'whole' or "),
        ({"ev_tariff_at_zero": 1.1}, "issues.ev_tariff.held: got 1.1; expected a number of at"),
        ({"ev_tariff_at_zero": float("nan")}, "issues.ev_tariff.held: got nan; expected a finite"),
    ],
    ids=str,
)
def test_a_lever_pulled_too_far_is_refused(january: Scenario, levers: dict[str, Any], message: str):
    with pytest.raises(ScenarioError) as caught:
        run(january, 2, 2, levers=levers)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("switch", "lost"),
    [
        ("leverage", set()),
        ("ladders", set()),
        ("consent", set()),
        ("wedge", set()),
        ("trust", {"initial_trust"}),
        ("provinces", {"provincial_pressure"}),
        ("ties", {"deterrence_ties"}),
        ("arrangements", {"parallel_arrangement"}),
        ("watchers",
         {"hostility_of_washington", "deterrence_ties"}),
        ("canada_us", set()),
        ("us_china", set()),
        ("canada_china", {"hostility_of_washington", "parallel_arrangement", "initial_trust",
                          "ev_tariff_at_zero"}),
    ],
)  # fmt: skip
def test_a_lever_goes_with_what_it_moves_and_not_otherwise(
    changed: Change, january: Scenario, switch: str, lost: set[str]
):
    assert january.levers.keys() - less(changed, JANUARY, switch).levers.keys() == lost
    left = load_scenario(JANUARY, {"without": [switch]})
    assert january.levers.keys() - left.levers.keys() == lost


def test_a_lever_that_never_led_anywhere_is_refused_whatever_is_off(told: Callable[..., str]):
    astray = {"levers.mine": {"title": "x", "keys": ["countries.canda.gdp"]}}
    for off in ([], ["trust"], ["watchers", "us_china"]):
        assert told({**astray, "without": off}) == (
            "mine.toml: levers.mine.keys: got 'countries.canda.gdp'; expected the dotted name of "
            "a value of the scenario. Did you mean 'canada'?"
        )
