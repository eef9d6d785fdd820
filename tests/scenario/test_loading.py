"""What a scenario file may say, and what an author is told when it says something else."""

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from negotiate_abm.errors import ScenarioError
from negotiate_abm.scenario.loader import case_names, load_scenario, scenario_from, scenario_hash
from negotiate_abm.scenario.parameters import quantities
from negotiate_abm.scenario.schema import Salience

JANUARY = "carney-beijing-2026"

# -- the bundled cases -------------------------------------------------------------------


def test_the_january_case_and_the_pie_are_bundled_and_the_defaults_are_no_case():
    assert {JANUARY, "split-the-pie"} <= set(case_names())
    assert "defaults" not in case_names()


@pytest.mark.parametrize("name", case_names())
def test_a_bundled_case_loads_under_its_own_name(name: str):
    assert load_scenario(name).name == name


def test_a_case_read_from_a_file_is_the_bundled_case(written: Callable[..., Path]):
    assert load_scenario(written("january")) == load_scenario(JANUARY)


def test_a_file_may_be_named_by_text_or_by_path(written: Callable[..., Path]):
    file = written("pie")
    assert load_scenario(str(file)) == load_scenario(file)


def test_a_file_without_a_name_is_named_after_itself(written: Callable[..., Path]):
    assert load_scenario(written("pie")).name == "my-case"


def test_a_scenario_is_loaded_as_it_is():
    scenario = load_scenario("split-the-pie")
    assert load_scenario(scenario) is scenario


def test_a_file_that_gives_its_own_value_keeps_it_over_the_default(written: Callable[..., Path]):
    kept = load_scenario(written("january")).conduct.review_weeks.value
    own = '[conduct]\nreview_weeks = { value = 9, unit = "weeks", definition = "own" }\n'
    changed = load_scenario(written("january", ("[countries.canada]", f"{own}[countries.canada]")))
    assert kept == 6
    assert changed.conduct.review_weeks.value == 9
    assert changed.conduct.review_weeks.range is None, "a quantity is replaced whole, never mixed"


def test_a_digest_tells_scenarios_apart_and_nothing_else():
    scenario = load_scenario("split-the-pie")
    other = load_scenario("split-the-pie", {"weeks": 25})
    assert scenario_hash(scenario) == scenario_hash(load_scenario("split-the-pie"))
    assert scenario_hash(scenario) != scenario_hash(other)


# -- every number says where it comes from -------------------------------------------------


def test_every_number_of_a_case_is_sourced_or_assumed_with_a_range_or_a_definition():
    scenario = load_scenario(JANUARY)
    numbers = quantities(scenario)
    assert len(numbers) > 200
    for key, number in numbers.items():
        origins = [number.source_keys, number.assumed, number.definition]
        assert sum(bool(origin) for origin in origins) == 1, f"{key} has no single origin"
        if number.assumed:
            assert number.range is not None, f"{key} is assumed without a range"
        for source in number.source_keys:
            assert scenario.sources[source].title.strip(), f"{key} cites an untitled {source}"


def test_every_salience_class_of_the_january_case_gives_a_reason():
    issues = load_scenario(JANUARY).issues
    entries = [entry for issue in issues.values() for entry in (issue.benefit, issue.cost)]
    classes = [entry for entry in entries if isinstance(entry, Salience)]
    assert classes
    assert all(entry.assumed or entry.source_keys or entry.definition for entry in classes)


def test_every_source_of_the_january_case_says_something_under_a_title_and_an_address():
    for key, source in load_scenario(JANUARY).sources.items():
        assert source.says.strip(), key
        assert source.title.strip(), key
        assert source.url, key
        assert source.url.startswith("http"), key


def test_no_number_of_the_january_file_stands_bare(texts: dict[str, str]):
    bare = {key for key, _ in _bare_numbers("", tomllib.loads(texts["january"]))}
    assert bare == {"weeks"}


def _bare_numbers(key: str, node: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(node, dict) and "value" in node:
        return
    if isinstance(node, dict):
        for name, child in node.items():
            yield from _bare_numbers(f"{key}.{name}" if key else name, child)
    elif isinstance(node, int | float) and not isinstance(node, bool):
        yield key, node


# -- what a broken file is told ------------------------------------------------------------


@dataclass(frozen=True)
class Broken:
    """An edit of a bundled case, and what its author must be told."""

    claim: str
    base: str
    old: str
    new: str
    key: str
    given: str
    expected: str
    remedy: str

    @property
    def edit(self) -> tuple[str, str]:
        return self.old, self.new


_SHARE = 'unit = "share", definition = "for the test"'
_ONE = 'unit = "1", definition = "for the test"'
_PIE_GDP = 'gdp = { value = 1.0, unit = "C$bn/yr", definition = "equal parties" }'
_EV_SHARE = 'producers_share = { value = 0.3, unit = "share"'
_NO_ORIGIN = "exactly one of source, assumed and definition"
_FLOW = (
    '[flows.home]\ntitle = "x"\nexporter = "buyer"\nimporter = "seller"\n'
    'value = { value = 1, unit = "C$bn/yr", definition = "x" }\n'
    'rate_when_valued = { value = 0, unit = "%", definition = "x" }\n'
    f"substitution = {{ value = 2, {_ONE} }}\nsupply = {{ value = 2, {_ONE} }}\n"
)


def _salience(low: float, medium: float, high: float) -> str:
    """Classes of salience, written above the countries."""
    classes = {"low": low, "medium": medium, "high": high}
    lines = [f"{name} = {{ value = {value}, {_ONE} }}" for name, value in classes.items()]
    return "\n".join(["[salience]", *lines, "[countries.canada]"])


TYPES = [
    Broken("an unknown key", "january", 'focal = "canada"', 'focal = "canada"\nfocla = 1',
           "focla", "an unknown key", "a key of the schema", "Did you mean 'focal'?"),
    Broken("an unknown key deep down", "january", "coercive_value = { value = 0.55",
           "coercive_valu = { value = 0.55", "issues.canola_seed.duty.coercive_valu",
           "an unknown key", "a key of the schema", "Did you mean 'coercive_value'?"),
    Broken("an unknown key of a rung", "january", "ladder.mfn_duty.title = ",
           'ladder.mfn_duty.titel = "x"\nladder.mfn_duty.title = ',
           "issues.canola_seed.ladder.mfn_duty.titel", "an unknown key", "a key of the schema",
           "Did you mean 'title'?"),
    Broken("an unknown key of a number", "pie", _PIE_GDP,
           'gdp = { value = 1.0, unit = "C$bn/yr", definition = "x", rnage = [1, 2] }',
           "countries.seller.gdp.rnage", "an unknown key", "a key of the schema",
           "Did you mean 'range'?"),
    Broken("a missing key", "pie", 'focal = "buyer"\n', "",
           "focal", "nothing", "a value", "Add it"),
    Broken("a number without a unit", "pie", _PIE_GDP, 'gdp = { value = 1.0, definition = "x" }',
           "countries.seller.gdp.unit", "nothing", "a value", "Add it"),
    Broken("a bare number", "pie", _PIE_GDP, "gdp = 1.0",
           "countries.seller.gdp", "1.0",
           "a table such as { value = ..., unit = ..., source = ... }", "Write one."),
    Broken("text for a number", "pie", _PIE_GDP,
           'gdp = { value = "lots", unit = "C$bn/yr", definition = "x" }',
           "countries.seller.gdp.value", "'lots'", "a number", "Mend"),
    Broken("NaN", "pie", _PIE_GDP, 'gdp = { value = nan, unit = "C$bn/yr", definition = "x" }',
           "countries.seller.gdp.value", "nan", "a finite number", "Mend"),
    Broken("infinity", "pie", _PIE_GDP, 'gdp = { value = inf, unit = "C$bn/yr", definition = "x" }',
           "countries.seller.gdp.value", "inf", "a finite number", "Mend"),
    Broken("an endless range", "pie", _PIE_GDP,
           'gdp = { value = 1, unit = "C$bn/yr", definition = "x", range = [1, inf] }',
           "countries.seller.gdp.range.1", "inf", "a finite number", "Mend"),
    Broken("a number past any float", "pie", _PIE_GDP,
           f'gdp = {{ value = 1{"0" * 400}, unit = "C$bn/yr", definition = "x" }}',
           "countries.seller.gdp.value", "1000", "a number", "Mend"),
    Broken("a wrong unit", "pie", _PIE_GDP, 'gdp = { value = 1, unit = "%", definition = "x" }',
           "countries.seller.gdp", "1 %", 'unit "C$bn/yr", not "%"', "Convert the value"),
    Broken("a rate in shares", "january", 'floor = { value = 9, unit = "%"',
           'floor = { value = 0.09, unit = "share"', "issues.canola_seed.duty.floor",
           "0.09 share", 'unit "%", not "share"', 'write unit = "%"'),
    Broken("a value out of bounds", "january", 'support = { value = 0.60, unit = "share"',
           'support = { value = 1.5, unit = "share"', "provinces.alberta.support",
           "1.5 share", "a number in share between 0 and 1, not 1.5", "Mend the value"),
    Broken("a value on an open bound", "pie", _PIE_GDP,
           'gdp = { value = 0, unit = "C$bn/yr", definition = "x" }',
           "countries.seller.gdp", "0 C$bn/yr", "a number in C$bn/yr above 0, not 0", "Mend"),
    Broken("a range out of bounds", "january", 'range = [0.09, 0.15]', "range = [-0.1, 0.15]",
           "provinces.alberta.influence", "0.12 share", "between 0 and 1, not -0.1",
           "Mend the value or its range"),
    Broken("an inelastic demand", "january", "substitution = { value = 4.5",
           f"substitution = {{ value = 1.0, {_ONE} }} #", "flows.pork_seafood.substitution",
           "1.0 1", "a number in 1 above 1, at most 10000, not 1", "Mend"),
    Broken("a value outside its range", "january", "range = [3060, 3270]", "range = [3200, 3270]",
           "countries.canada.gdp", "3155 C$bn/yr",
           "low <= value <= high, range = [3200.0, 3270.0]", "Mend either."),
    Broken("a range upside down", "january", "range = [3060, 3270]", "range = [3270, 3060]",
           "countries.canada.gdp", "3155 C$bn/yr",
           "low <= value <= high, range = [3270.0, 3060.0]", "Mend either."),
    Broken("a range of three", "january", "range = [3060, 3270]", "range = [3060, 3200, 3270]",
           "countries.canada.gdp.range", "[3060, 3200, 3270]", "a list of at most 2", "Mend"),
    Broken("a log range from zero", "january", 'range = [1.0, 4.0], scale = "log"',
           'range = [0.0, 4.0], scale = "log"', "flows.electric_vehicles.growth", "2.0 1",
           'a positive range under scale = "log"', "Raise the lower end"),
    Broken("an unknown scale", "january", 'range = [1.0, 4.0], scale = "log"',
           'range = [1.0, 4.0], scale = "cubic"', "flows.electric_vehicles.growth.scale",
           "'cubic'", "'linear' or 'log'", "Mend"),
    Broken("no origin", "pie", _PIE_GDP, 'gdp = { value = 1.0, unit = "C$bn/yr" }',
           "countries.seller.gdp", "1.0 C$bn/yr", _NO_ORIGIN, "Say where the number comes from"),
    Broken("two origins", "january", 'source = "B105" }', 'source = "B105", definition = "x" }',
           "flows.canola_seed.value", "4.0 C$bn/yr", _NO_ORIGIN, "Say where"),
    Broken("assumed without a range", "january",
           'at 1.37", range = [23000, 28000] }', 'at 1.37" }', "countries.china.gdp",
           "25000 C$bn/yr", "a range beside an assumed value", "Add range = [low, high]"),
    Broken("a horizon of nothing", "pie", "weeks = 24", "weeks = 0",
           "weeks", "0", "a number of at least 1", "Mend"),
    Broken("a start that is no date", "pie", "start = 2026-01-05", 'start = "soon"',
           "start", "'soon'", "a date such as 2026-01-05", "Mend"),
    Broken("a name with capitals", "january", f'name = "{JANUARY}"', 'name = "Carney Beijing"',
           "name", "'Carney Beijing'", "pattern", "Mend"),
    Broken("sections of no kind", "pie", "[countries.seller]", "[alarms]\n[countries.seller]",
           "alarms", "an unknown key", "a key of the schema", "Did you mean 'alarm'?"),
]  # fmt: skip

NAMES = [
    Broken("a focal country unknown", "january", 'focal = "canada"', 'focal = "canadia"',
           "focal", "'canadia'", "a country of the scenario", "Did you mean 'canada'?"),
    Broken("an unknown tactic", "january", 'title = "Canada"', 'title = "C"\ntactic = "boulwere"',
           "countries.canada.tactic", "'boulwere'", "a registered tactic",
           "Did you mean 'boulware'? If it is one of your own, register it first"),
    Broken("an unknown retaliation", "january", 'retaliation = "tit_for_tat"',
           'retaliation = "tit_for_tatt"', "countries.china.retaliation", "'tit_for_tatt'",
           "a registered strategy", "on the command line, give --strategies FILE.py."),
    Broken("trust in nobody", "january", "trust.china =", "trust.chnia =",
           "countries.canada.trust.chnia", "'chnia'", "another country",
           "Did you mean 'china'?"),
    Broken("trust in oneself", "january", "trust.china =",
           f"trust.canada = {{ value = 1, {_SHARE} }}\ntrust.china =",
           "countries.canada.trust.canada", "'canada'", "another country",
           "Did you mean 'china'?"),
    Broken("a province of nowhere", "january", 'country = "canada"', 'country = "canda"',
           "provinces.alberta.country", "'canda'", "a country of the scenario",
           "Did you mean 'canada'?"),
    Broken("a flow from nowhere", "january", 'exporter = "canada"', 'exporter = "canda"',
           "flows.canola_seed.exporter", "'canda'", "a country of the scenario",
           "Did you mean 'canada'?"),
    Broken("a flow to nowhere", "january", 'importer = "china"', 'importer = "chima"',
           "flows.canola_seed.importer", "'chima'", "a country of the scenario",
           "Did you mean 'china'?"),
    Broken("a share of a province unknown", "january", "shares.saskatchewan", "shares.saskatchewn",
           "flows.canola_seed.shares.saskatchewn", "'saskatchewn'", "a province of canada",
           "Did you mean 'saskatchewan'?"),
    Broken("an unknown host", "january", 'host = "china"', 'host = "chin"',
           "tables.canada_china.host", "'chin'", "a country of the scenario",
           "Did you mean 'china'?"),
    Broken("an unknown guest", "january", 'guest = "canada"', 'guest = "canad"',
           "tables.canada_china.guest", "'canad'", "a country of the scenario",
           "Did you mean 'canada'?"),
    Broken("a host that is its own guest", "january", 'host = "china"', 'host = "canada"',
           "tables.canada_china.guest", "'canada'", "another country than the host", "Mend"),
    Broken("a table without issues", "january", "[tables.canada_china]",
           '[tables.spare]\ntitle = "x"\nhost = "china"\nguest = "canada"\n[tables.canada_china]',
           "tables.spare", "a table without issues", "at least one issue",
           "Set an issue's table to 'spare'"),
    Broken("a reservation of a stranger", "pie", "reservation.seller", "reservation.sellr",
           "tables.pie.reservation.sellr", "'sellr'", "a country at the table",
           "Did you mean 'seller'?"),
    Broken("parties without trust", "january", "trust.china =", "# trust.china =",
           "countries.canada.trust.china", "nothing",
           "trust of canada in china, who meet at canada_china", "Add it"),
    Broken("an event seen by no watcher", "january", "exposure.united_states = { value = 0.1",
           "exposure.china = { value = 0.1", "tables.canada_china.events.visit.exposure.china",
           "'china'", "a watcher of the table", "Valid names: united_states."),
    Broken("an alarm that never fades", "january",
           'fades_weeks = { value = 6, unit = "weeks", assumed = "news of a visit lasts some '
           'weeks", range = [3, 12] }', "", "tables.canada_china.events.visit.fades_weeks",
           "nothing", "how slowly the alarm fades", "Add it"),
    Broken("an event before the start", "january", "date = 2026-01-13", "date = 2026-01-11",
           "tables.canada_china.events.visit.date", "2026-01-11", "a date from 2026-01-12 on",
           "Move it"),
    Broken("a threat to a stranger", "january", 'threatens = "canada"', 'threatens = "canda"',
           "tables.canada_china.watchers.united_states.threatens", "'canda'",
           "a country at the table", "Did you mean 'canada'?"),
    Broken("a punishment of no flow", "january", 'flow = "us_bound_exports"', 'flow = "us_bound"',
           "tables.canada_china.watchers.united_states.punishment.flow", "'us_bound'",
           "a flow of the scenario", "Did you mean 'us_bound_exports'?"),
    Broken("a punishment the wrong way", "january", 'flow = "us_bound_exports"',
           'flow = "us_exports_to_canada"',
           "tables.canada_china.watchers.united_states.punishment.flow",
           "'us_exports_to_canada' from united_states to canada",
           "a flow from canada to united_states", "Name another flow"),
    Broken("a counter the wrong way", "january", 'flow = "us_exports_to_canada"',
           'flow = "us_bound_exports"',
           "tables.canada_china.watchers.united_states.counter.flow",
           "'us_bound_exports' from canada to united_states",
           "a flow from united_states to canada", "Name another flow"),
    Broken("an issue on no table", "january", '\ntable = "canada_china"',
           '\ntable = "canada_chna"',
           "issues.canola_seed.table", "'canada_chna'", "a table of the scenario",
           "Did you mean 'canada_china'?"),
    Broken("a conceder not at the table", "january", 'conceder = "china"',
           'conceder = "united_states"', "issues.canola_seed.conceder", "'united_states'",
           "a country at the table", "Valid names: canada, china"),
    Broken("a beneficiary not at the table", "january", 'beneficiary = "canada"',
           'beneficiary = "canad"', "issues.canola_seed.beneficiary", "'canad'",
           "a country at the table", "Did you mean 'canada'?"),
    Broken("a conceder that gains", "january", 'conceder = "china"', 'conceder = "canada"',
           "issues.canola_seed.beneficiary", "'canada'", "the other party", "Mend"),
    Broken("an issue without rungs", "pie",
           'ladder.all = { title = "All of it", level = { value = 1.0, unit = "level", '
           'definition = "the top" } }', "ladder = {}",
           "issues.pie.ladder", "no rungs", "at least one rung, at level 1", "Add it"),
    Broken("an issue exposed to no watcher", "january",
           "exposure.united_states = { value = 1.2", "exposure.united_state = { value = 1.2",
           "issues.ev_tariff.exposure.united_state", "'united_state'", "a watcher of the table",
           "Did you mean 'united_states'?"),
    Broken("a red line of a stranger", "january", 'red_lines.united_states = "elimination"',
           'red_lines.china = "elimination"', "issues.ev_tariff.red_lines.china", "'china'",
           "the conceder or a watcher", "Did you mean 'canada'?"),
    Broken("a red line off the ladder", "january", 'red_lines.united_states = "elimination"',
           'red_lines.united_states = "eliminaton"', "issues.ev_tariff.red_lines.united_states",
           "'eliminaton', which is off the ladder", "a rung of the issue's ladder",
           "Did you mean 'elimination'?"),
    Broken("a concave cost", "pie", 'curvature = { value = 1.0, unit = "1"',
           'curvature = { value = 0.5, unit = "1"', "issues.pie.curvature", "0.5",
           "at least 1, a convex cost", "Raise it"),
    Broken("an issue that costs nothing said", "pie",
           'cost = { value = 1.0, unit = "C$bn/yr", definition = "the pie" }\n', "",
           "issues.pie", "no duty, and not both benefit and cost", "a duty, or both", "Add them"),
    Broken("a duty with a worth of its own", "january", "weaponisable = true",
           'benefit = { salience = "low", definition = "x" }',
           "issues.canola_seed", "a duty beside a benefit or cost", "one or the other", "Drop one"),
    Broken("a duty on no flow", "january", 'flow = "canola_seed"', 'flow = "canola_sead"',
           "issues.canola_seed.duty.flow", "'canola_sead'", "a flow of the scenario",
           "Did you mean 'canola_seed'?"),
    Broken("a duty on the conceder's own exports", "january", 'flow = "canola_seed"',
           'flow = "electric_vehicles"', "issues.canola_seed.duty.flow",
           "'electric_vehicles' from china to canada", "a flow from canada to china",
           "swap conceder and beneficiary"),
    Broken("a floor above the ceiling", "january", "floor = { value = 9,", "floor = { value = 90,",
           "issues.canola_seed.duty.floor", "90 %", "at most the rate in force, 84.8 %",
           "Swap the two or mend one"),
    Broken("a salience with nothing to measure it by", "pie",
           'benefit = { value = 1.0, unit = "C$bn/yr", definition = "the pie" }',
           'benefit = { salience = "low", definition = "x" }',
           "issues.pie.benefit", "salience 'low'", "a tariff issue on 'pie' that buyer gains by",
           "Give the worth in C$bn/yr instead"),
    Broken("a number from no source", "january", 'source = "B105"', 'source = "B0105"',
           "flows.canola_seed.value.source", "'B0105'", "a key of [sources]",
           "Did you mean 'B105'?"),
    Broken("an event from no source", "january", 'source = "B082"', 'source = "B0082"',
           "tables.canada_china.events.visit.source", "'B0082'", "a key of [sources]",
           "Did you mean 'B082'?"),
    Broken("a refusal from no source", "january", 'source = "B069"', 'source = "B0069"',
           "revealed.kept_the_surtax.source", "'B0069'", "a key of [sources]",
           "Did you mean 'B069'?"),
    Broken("a source nothing cites", "january", "[sources.B001]",
           '[sources.X1]\nsays = "x"\ntitle = "x"\nconfidence = "A"\n[sources.B001]',
           "sources.X1", "a source nothing cites", "only what is used", "Drop it"),
    Broken("a refusal by a stranger", "january", 'chooser = "canada"', 'chooser = "canad"',
           "revealed.kept_the_surtax.chooser", "'canad'", "a country of the scenario",
           "Did you mean 'canada'?"),
    Broken("a refusal of no issue", "january", "gives = { ev_tariff =", "gives = { ev_tarif =",
           "revealed.kept_the_surtax.gives.ev_tarif", "'ev_tarif'", "an issue of the scenario",
           "Did you mean 'ev_tariff'?"),
    Broken("a refusal of no rung", "january", 'ev_tariff = "elimination"', 'ev_tariff = "elimnate"',
           "revealed.kept_the_surtax.gives.ev_tariff", "'elimnate'", "a rung of its ladder",
           "Did you mean 'elimination'?"),
    Broken("giving what another has", "january", 'gives = { ev_tariff = "elimination" }',
           'gives = { ev_tariff = "elimination", canola_seed = "mfn_duty" }',
           "revealed.kept_the_surtax.gives.canola_seed", "an issue of china",
           "one that canada concedes", "Move it to the other side"),
    Broken("getting what one gives", "january", 'gets = { canola_seed = "mfn_duty"',
           'gets = { steel_aluminium = "removal", canola_seed = "mfn_duty"',
           "revealed.kept_the_surtax.gets.steel_aluminium", "an issue of china",
           "one that canada gains by", "Move it to the other side"),
    Broken("a refusal that gives nothing", "january", 'gives = { ev_tariff = "elimination" }',
           "gives = {}", "revealed.kept_the_surtax.gives", "nothing",
           "an issue the chooser concedes", "Name one"),
]  # fmt: skip

SENSE = [
    Broken("shares that do not sum", "january", "shares.saskatchewan = { value = 0.55",
           "shares.saskatchewan = { value = 0.45", "flows.canola_seed.shares",
           "shares that sum to 0.9 with elsewhere", "a sum of 1", "Set elsewhere to 0.1"),
    Broken("shares above one", "january", 'elsewhere = { value = 0.0, unit = "share", source',
           'elsewhere = { value = 0.3, unit = "share", source', "flows.canola_seed.shares",
           "shares that sum to 1.3", "a sum of 1", "Set elsewhere to 0,"),
    Broken("a federation of more than one", "january",
           "influence = { value = 0.12", f"influence = {{ value = 0.9, {_SHARE} }} #",
           "provinces", "influences in canada that sum to 1.59", "a sum of at most 1",
           "Scale them down."),
    Broken("shares elsewhere of a country without provinces", "pie", "[countries.seller]",
           f"{_FLOW}elsewhere = {{ value = 0.4, {_SHARE} }}\n[countries.seller]",
           "flows.home.elsewhere", "0.4", "nothing, as buyer has no provinces here", "Drop it."),
    Broken("a low class of salience above the medium", "january", "[countries.canada]",
           _salience(1.0, 0.3, 2.0), "salience", "1, 0.3, 2",
           "low at most medium, medium at most high", "Reorder them."),
    Broken("a medium class of salience above the high", "january", "[countries.canada]",
           _salience(0.3, 2.0, 1.0), "salience", "0.3, 2, 1",
           "low at most medium, medium at most high", "Reorder them."),
    Broken("a ladder out of order", "january", "ladder.partial_cut.level = { value = 0.5",
           "ladder.partial_cut.level = { value = 0.01", "issues.canola_seed.ladder",
           "levels 0.05, 0.01, 1", "levels that climb to 1", "Reorder the rungs"),
    Broken("a ladder that stops short", "pie", 'level = { value = 1.0, unit = "level"',
           'level = { value = 0.9, unit = "level"', "issues.pie.ladder", "levels 0.9",
           "levels that climb to 1", "Reorder the rungs"),
    Broken("benefits that are not concave", "january",
           "ladder.consultations.benefit = { value = 0.08",
           f"ladder.consultations.benefit = {{ value = 0.04, {_SHARE} }} #",
           "issues.canola_seed.ladder", "benefits per level 0.31, 0.42, 0.36",
           "benefits that fall", "Raise the benefit or lower the cost of the early rungs"),
    Broken("costs that are not convex", "january", "ladder.partial_cut.title",
           f"ladder.partial_cut.cost = {{ value = 0.9, {_SHARE} }}\nladder.partial_cut.title",
           "issues.canola_seed.ladder", "costs per level", "costs that rise", "lower the cost"),
    Broken("a benefit that turns into harm", "january", "ladder.mfn_duty.title",
           f"ladder.mfn_duty.benefit = {{ value = 0.4, {_SHARE} }}\nladder.mfn_duty.title",
           "issues.canola_seed.ladder", "benefits per level 0.62, 0.39, -0.10", "none negative",
           "Raise the benefit"),
    Broken("talk after substance", "january", "ladder.consultations.talk = true",
           "ladder.consultations.talk = false\nladder.partial_cut.talk = true",
           "issues.canola_seed.ladder", "a talk rung above a substantive one", "talk first",
           "Reorder"),
    Broken("a duty that is only talked about", "january", "ladder.consultations.talk = true",
           "ladder.consultations.talk = true\nladder.partial_cut.talk = true\n"
           "ladder.mfn_duty.talk = true", "issues.canola_seed.ladder", "talk alone",
           "a rung that moves the duty", "Add one at level 1"),
    Broken("a duty whose revealed cost is negative", "january", _EV_SHARE,
           f"producers_share = {{ value = 0.0, {_SHARE} }} #", "issues.ev_tariff.duty",
           "a revealed cost of -", "at least zero: whoever keeps a duty gains by it",
           "Raise producers_weight, producers_share or coercive_value"),
    Broken("a first cut of a duty that would have paid by itself", "january",
           "coercive_value = { value = 0.55",
           'coercive_value = { value = 0.1, unit = "C$bn/yr", definition = "for the test" } #',
           "issues.canola_seed.duty", "of a cut to 'partial_cut'",
           "at least zero: whoever keeps a duty gains by it",
           "Raise producers_weight, producers_share or coercive_value"),
    Broken("a punishment that would pay its imposer", "january", "supply = { value = 20.0",
           f"supply = {{ value = 2.0, {_ONE} }} #",
           "tables.canada_china.watchers.united_states.punishment",
           "a measure that would gain its imposer", "one that costs something: it has not been",
           "Raise the flow's supply elasticity or the rate."),
    Broken("an offer that alarms more than a promise", "january", "[countries.canada]",
           f"[alarm]\nweight_offered = {{ value = 0.7, {_SHARE} }}\n[countries.canada]",
           "alarm.weight_offered", "0.7", "at most weight_agreed, 0.6",
           "An offer alarms no more than a promise: lower it."),
    Broken("a round that ends before it may", "pie", "shortest_round_weeks = { value = 21",
           "shortest_round_weeks = { value = 22", "tables.pie.shortest_round_weeks",
           "22", "at most longest_round_weeks, 21", "Swap the two or mend one."),
    Broken("a refusal that would have paid", "january", "value = { value = 4.0,",
           "value = { value = 400.0,", "revealed.kept_the_surtax",
           "a swap that would have paid canada ", "at most zero: it was left",
           "Lower the worth of what it gets, its trust, or raise the cost of what it gives."),
]  # fmt: skip

BROKEN = [*TYPES, *NAMES, *SENSE]


@pytest.mark.parametrize("broken", BROKEN, ids=[broken.claim for broken in BROKEN])
def test_an_error_names_file_key_value_expectation_and_remedy(
    broken: Broken, refusal: Callable[..., ScenarioError]
):
    error = refusal(broken.base, broken.edit)
    lines = [line for line in str(error).splitlines() if f": {broken.key}: got " in line]
    assert lines, f"no line of the error is about {broken.key}:\n{error}"
    where, _, rest = lines[0].partition(f": {broken.key}: got ")
    given, _, advice = rest.partition("; expected ")
    assert where.endswith("my-case.toml")
    assert broken.given in given
    assert broken.expected in advice
    assert broken.remedy in advice


def test_the_broken_files_are_all_different():
    assert len({(b.key, b.given, b.expected) for b in BROKEN}) == len(BROKEN)


def test_every_problem_of_a_kind_is_reported_at_once(refusal: Callable[..., ScenarioError]):
    error = refusal(
        "january",
        ('focal = "canada"', 'focal = "canadia"'),
        ('red_lines.united_states = "elimination"', 'red_lines.united_states = "eliminaton"'),
    )
    assert [p.key for p in error.problems] == ["focal", "issues.ev_tariff.red_lines.united_states"]
    assert len(str(error).splitlines()) == 2


def test_a_watcher_must_be_a_country_that_is_not_at_the_table(
    texts: dict[str, str], tmp_path: Path
):
    file = tmp_path / "my-case.toml"
    file.write_text(texts["january"].replace("watchers.united_states", "watchers.china"))
    told = (
        r"watchers\.china: got 'china'; expected a country not at the table\. "
        r"Valid names: united_states\."
    )
    with pytest.raises(ScenarioError, match=told):
        load_scenario(file)


def test_shares_within_a_thousandth_of_one_pass(written: Callable[..., Path]):
    file = written(
        "january",
        ("shares.saskatchewan = { value = 0.55", "shares.saskatchewan = { value = 0.5505"),
    )
    assert load_scenario(file).flows["canola_seed"].shares["saskatchewan"].value == 0.5505


def test_a_swap_that_would_not_have_paid_is_no_contradiction(written: Callable[..., Path]):
    less = ("value = { value = 4.0,", "value = { value = 0.4,")
    assert load_scenario(written("january", less)).flows["canola_seed"].value.value == 0.4


# -- files that are no scenario --------------------------------------------------------------


def _refused(file: Path) -> str:
    with pytest.raises(ScenarioError) as caught:
        load_scenario(file)
    assert str(file) in str(caught.value)
    return str(caught.value)


def test_an_empty_file_is_told_what_is_missing(tmp_path: Path):
    file = tmp_path / "my-case.toml"
    file.write_text("")
    text = _refused(file)
    for key in ("title", "start", "focal", "countries", "tables", "issues"):
        assert f": {key}: got nothing; expected a value. Add it" in text


def test_a_file_of_bytes_is_not_text(tmp_path: Path):
    file = tmp_path / "my-case.toml"
    file.write_bytes(bytes(range(256)))
    assert "file: got bytes that are not UTF-8 text; expected a readable TOML file" in _refused(
        file
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("title = \n", "line 1"),
        ("a = 1\nb = 2\nthis is no TOML\n", "line 3"),
        ("a = 1\na = 2\n", "line 2"),
        ("start = 2026-13-45\n", "line 1"),
    ],
)
def test_a_file_that_is_not_toml_names_the_line(tmp_path: Path, text: str, line: str):
    file = tmp_path / "my-case.toml"
    file.write_text(text)
    told = _refused(file)
    assert line in told
    assert "expected TOML" in told


def test_a_missing_file_is_told_so(tmp_path: Path):
    told = _refused(tmp_path / "nowhere.toml")
    assert "got No such file or directory; expected a readable TOML file. Check the path" in told


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo], ids=["a directory", "a pipe"])
def test_what_is_no_regular_file_is_refused_at_once(tmp_path: Path, make: Callable[[Path], None]):
    path = tmp_path / "odd.toml"
    make(path)
    # In a process of its own: to open a pipe that nobody writes to would wait for ever.
    asked = f"from negotiate_abm.scenario.loader import load_scenario; load_scenario({str(path)!r})"
    done = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 1
    assert (
        f"ScenarioError: {path}: file: got something that is no regular file; "
        "expected a readable TOML file. Check the path."
    ) in done.stderr


def test_a_huge_file_is_refused_unread(tmp_path: Path):
    file = tmp_path / "huge.toml"
    with file.open("wb") as hole:
        hole.truncate(10**12)  # sparse: a terabyte that takes no space
    assert "got more than 4000000 bytes; expected a readable TOML file" in _refused(file)


def test_an_unknown_case_names_the_nearest():
    with pytest.raises(ScenarioError, match=f"Did you mean '{JANUARY}'"):
        load_scenario("carney-bejing-2026")


def test_a_case_like_no_other_is_given_the_list():
    with pytest.raises(ScenarioError, match=f"Valid names: {JANUARY}, split-the-pie"):
        load_scenario("zzz")


def test_sections_of_the_wrong_kind_are_refused_one_by_one(tmp_path: Path):
    file = tmp_path / "my-case.toml"
    file.write_text("countries = 3\ntables = [1]\nissues = 'none'\ntrust = 1\nalarm = true\n")
    told = _refused(file)
    for key in ("countries", "tables", "issues", "trust", "alarm"):
        assert re.search(rf": {key}: got .*; expected a table such as", told)


# -- faults that once were --------------------------------------------------------------------


def test_a_file_nested_past_reason_is_refused(tmp_path: Path):
    file = tmp_path / "deep.toml"
    file.write_text("a = " + "[" * 100_000)
    assert re.search(r": file: got .*recursion.*; expected TOML\.", _refused(file))


def test_a_whole_number_of_five_thousand_digits_is_refused(tmp_path: Path):
    file = tmp_path / "digits.toml"
    file.write_text("weeks = " + "1" * 5_000)
    assert re.search(r": file: got .*limit \(4300 digits\).*; expected TOML\.", _refused(file))


@pytest.mark.parametrize("name", ["canada.china", "canada-china", "2nd", ""])
def test_a_table_with_another_name_than_a_word_is_told_so(
    texts: dict[str, str], tmp_path: Path, name: str
):
    text = texts["january"].replace("[tables.canada_china", f'[tables."{name}"')
    file = tmp_path / "named.toml"
    file.write_text(text.replace('"canada_china"', f'"{name}"'))
    told = _refused(file)
    assert f": tables.{name}.[key]: got '{name}'; expected" in told
    assert "fits the pattern ^[A-Za-z][A-Za-z0-9_]*$." in told


@pytest.mark.parametrize(
    ("base", "edit", "key"),
    [
        ("pie", ('benefit = { value = 1.0, unit = "C$bn/yr"', 'benefit = { value = 1, unit = "%"'),
         "issues.pie.benefit"),
        ("january", ('salience = "medium"', 'salience = "mediun"'),
         "issues.energy_market_access.benefit.salience"),
    ],
    ids=["a wrong unit", "a wrong class"],
)  # fmt: skip
def test_one_mistake_in_a_worth_is_one_problem(
    refusal: Callable[..., ScenarioError], base: str, edit: tuple[str, str], key: str
):
    assert [problem.key for problem in refusal(base, edit).problems] == [key]


def test_a_misspelt_key_of_a_worth_is_pointed_to_the_keys_of_a_number(
    refusal: Callable[..., ScenarioError],
):
    misspelt = ('benefit = { value = 1.0, unit = "C$bn/yr"', 'benefit = { value = 1, unt = "%"')
    told = {problem.key: problem.remedy for problem in refusal("pie", misspelt).problems}
    assert told["issues.pie.benefit.unt"] == "Did you mean 'unit'?"


@pytest.mark.parametrize(
    ("origin", "told"),
    [
        ("source = []", "gdp.source: got []; expected a list of at least 1."),
        ('assumed = "", range = [0.5, 2]', "gdp.assumed: got ''; expected some text."),
        ('assumed = " ", range = [0.5, 2]', "gdp.assumed: got ' '; expected some text."),
        ('definition = ""', "gdp.definition: got ''; expected some text."),
    ],
)
def test_an_empty_origin_is_no_origin(
    refusal: Callable[..., ScenarioError], origin: str, told: str
):
    new = f'gdp = {{ value = 1.0, unit = "C$bn/yr", {origin} }}'
    assert f": countries.seller.{told}" in str(refusal("pie", (_PIE_GDP, new)))


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        ((_PIE_GDP, 'gdp = { value = "1.0", unit = "C$bn/yr", definition = "x" }'),
         "countries.seller.gdp.value: got '1.0'; expected a number."),
        ((_PIE_GDP, 'gdp = { value = true, unit = "C$bn/yr", definition = "x" }'),
         "countries.seller.gdp.value: got True; expected a number."),
        (("weeks = 24", 'weeks = "24"'),
         "weeks: got '24'; expected a whole number."),
        (("weeks = 24", "weeks = 24.0"),
         "weeks: got 24.0; expected a whole number."),
        (("opens_round = true", 'opens_round = "yes"'),
         "tables.pie.events.start.opens_round: got 'yes'; expected true or false. Write "),
        (("start = 2026-01-05", "start = 1767571200"),
         "start: got 1767571200; expected a date such as 2026-01-05."),
        (("start = 2026-01-05", "start = 2026-01-05T00:00:00"),
         "start: got datetime.datetime(2026, 1, 5, 0, 0); expected a date such as 2026-01"),
    ],
    ids=[
        "quoted number",
        "switch for a number",
        "quoted weeks",
        "weeks with a point",
        "text switch",
        "number for a date",
        "time for a date",
    ],
)  # fmt: skip
def test_a_value_of_another_kind_is_refused_not_converted(
    refusal: Callable[..., ScenarioError], edit: tuple[str, str], told: str
):
    problem = refusal("pie", edit).problems
    assert len(problem) == 1
    assert str(problem[0]).startswith(told)


def test_a_date_may_be_written_as_text(written: Callable[..., Path]):
    quoted = written("pie", ("start = 2026-01-05", 'start = "2026-01-05"'))
    assert load_scenario(quoted).start == load_scenario("split-the-pie").start


def test_a_flow_joins_two_countries(refusal: Callable[..., ScenarioError]):
    flow = _FLOW.replace('importer = "seller"', 'importer = "buyer"')
    assert [
        str(problem)
        for problem in refusal("pie", ("[countries.seller]", f"{flow}[countries.seller]")).problems
    ] == ["flows.home.importer: got 'buyer'; expected another country than the exporter. Mend it."]


@pytest.mark.parametrize("day", ["2026-01-04", '"2026-01-04"'])
def test_week_one_starts_on_a_monday(refusal: Callable[..., ScenarioError], day: str):
    error = refusal("pie", ("start = 2026-01-05", f"start = {day}"))
    assert [str(problem) for problem in error.problems] == [
        "start: got Sunday 04 January 2026; expected a Monday. Move it to the week's own."
    ]


def test_a_case_name_past_reason_is_refused():
    with pytest.raises(ScenarioError) as caught:
        load_scenario("x" * 300)
    assert "x...: file: got File name too long; expected a readable TOML" in str(caught.value)
    assert len(str(caught.value)) < 300


def test_a_file_with_a_byte_order_mark_is_read(texts: dict[str, str], tmp_path: Path):
    file = tmp_path / "my-case.toml"
    file.write_text(texts["january"], encoding="utf-8-sig")
    assert file.read_bytes().startswith(b"\xef\xbb\xbf")
    assert load_scenario(file) == load_scenario(JANUARY)


def test_reading_a_document_leaves_it_as_it_was():
    document = load_scenario("split-the-pie").model_dump(mode="python")
    before = repr(document)
    scenario_from(document)
    assert repr(document) == before


def test_the_focal_country_sits_at_the_focal_table(refusal: Callable[..., ScenarioError]):
    error = refusal("january", ('focal_table = "canada_china"', 'focal_table = "us_china"'))
    (problem,) = error.problems
    assert problem.key == "focal_table"
    assert "a table at which canada sits" in str(problem)
