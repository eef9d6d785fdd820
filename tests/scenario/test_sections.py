"""Ways out, consent, wedges, levers: what their sections may say, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from negotiate_abm.scenario.loader import load_scenario, scenario_from
from negotiate_abm.scenario.parameters import quantities

CHINA_WATCHES = "tables.canada_us.watchers.china"
UNITED_STATES = "tables.canada_china.watchers.united_states"
WEDGE = "tables.canada_china.wedge"
BUYERS = "arrangements.other_buyers"
TIES = "ties.pacific_partners"
CONSENT = "countries.canada.consent"

ANY_WIDTH = {f"{UNITED_STATES}.punishment.line_coverage.range": [0.0, 1.0]}

Told = Callable[..., str]


def number(value: Any, unit: str, **more: Any) -> dict[str, Any]:
    return {"value": value, "unit": unit, "definition": "in a test", **more}


def test_the_ways_out_of_the_january_case_are_off_until_pulled():
    scenario = load_scenario("carney-beijing-2026")
    assert scenario.arrangements
    assert scenario.ties
    assert not any(entry.active for entry in scenario.arrangements.values())
    assert not any(entry.active for entry in scenario.ties.values())


# -- names that lead nowhere, and what makes no sense ----------------------------------------------

NOWHERE = {
    "a table of interest that is none": (
        {"focal_table": "canada_chna"},
        "focal_table: got 'canada_chna'; expected a table at which canada sits. "
        "Did you mean 'canada_china'?",
    ),
    "consent without provinces": (
        {"countries.china.consent": {"kind": "political"}},
        "countries.china.consent: got a home front; expected provinces whose consent it is. "
        "Drop it.",
    ),
    "consent of no kind": (
        {CONSENT: {"kind": "politcal"}},
        f"{CONSENT}.kind: got 'politcal'; expected 'political' or 'quota'. Write one of them.",
    ),
    "consent of a kind not said": (
        {CONSENT: {}},
        f"{CONSENT}.kind: got nothing; expected 'political' or 'quota'. Write one of them.",
    ),
    "consent by an unhashable kind": (
        {CONSENT: {"kind": []}},
        f"{CONSENT}.kind: got []; expected 'political' or 'quota'. Write one of them.",
    ),
    "consent that is no table": (
        {CONSENT: 5},
        f"{CONSENT}: got 5; expected a table such as {{ kind = ... }}. Write one.",
    ),
    "a misspelt number of a quota": (
        {CONSENT: {"kind": "quota", "quta": number(0.5, "share")}},
        f"{CONSENT}.quta: got an unknown key; expected a key of the schema. Did you mean 'quota'?",
    ),
    "a number of the other kind of consent": (
        {f"{CONSENT}.quota": number(0.5, "share")},
        f"{CONSENT}.quota: got an unknown key; expected a key of the schema. Valid names: ",
    ),
    "an arrangement beside no table": (
        {f"{BUYERS}.table": "canada_chinna"},
        f"{BUYERS}.table: got 'canada_chinna'; expected a table of the scenario. "
        "Did you mean 'canada_china'?",
    ),
    "an arrangement of a stranger to its table": (
        {f"{BUYERS}.country": "united_states"},
        f"{BUYERS}.country: got 'united_states'; expected a country at the table. "
        "Valid names: canada, china.",
    ),
    "an arrangement that pulls trade from nobody it sells to": (
        {f"{BUYERS}.watcher": "united_stats"},
        f"{BUYERS}.watcher: got 'united_stats'; expected a country it sells to. "
        "Did you mean 'united_states'?",
    ),
    "a tie of no country": (
        {f"{TIES}.country": "canda"},
        f"{TIES}.country: got 'canda'; expected a country of the scenario. Did you mean 'canada'?",
    ),
    "a tie that soothes no country": (
        {f"{TIES}.soothes": "united_state"},
        f"{TIES}.soothes: got 'united_state'; expected a country of the scenario. "
        "Did you mean 'united_states'?",
    ),
    "a tie that alarms no country": (
        {f"{TIES}.alarms": "chna"},
        f"{TIES}.alarms: got 'chna'; expected a country of the scenario. Did you mean 'china'?",
    ),
    "a tie that soothes its own country": (
        {f"{TIES}.soothes": "canada"},
        f"{TIES}.soothes: got 'canada', whose own tie it is; expected another country. "
        "Name the power outside.",
    ),
    "a tie that alarms its own country": (
        {f"{TIES}.alarms": "canada"},
        f"{TIES}.alarms: got 'canada', whose own tie it is; expected another country. "
        "Name the power outside.",
    ),
    "a wooer not at the table": (
        {f"{WEDGE}.wooer": "united_states"},
        f"{WEDGE}.wooer: got 'united_states'; expected a country at the table. "
        "Valid names: canada, china.",
    ),
    "a wedge from nobody who watches": (
        {f"{WEDGE}.watcher": "china"},
        f"{WEDGE}.watcher: got 'china'; expected a watcher of the table. "
        "Valid names: united_states.",
    ),
    "a wooer whom the watcher threatens": (
        {f"{WEDGE}.wooer": "canada"},
        f"{WEDGE}.watcher: got 'united_states', who threatens the wooer itself; expected a "
        "watcher who threatens the wooer's partner. Name the other party as wooer.",
    ),
    "a wedge eased by no issue": (
        {f"{WEDGE}.eased_by": "us_tariffs_on_chna"},
        f"{WEDGE}.eased_by: got 'us_tariffs_on_chna'; expected an issue between china "
        "and united_states. "
        "Did you mean 'us_tariffs_on_china'?",
    ),
    "a weapon that is no duty": (
        {"issues.consular_visa.weaponisable": True},
        "issues.consular_visa.weaponisable: got true; expected a duty that could be imposed "
        "again. Drop it.",
    ),
    "a weapon nobody is known to depend on": (
        {"issues.ev_tariff.weaponisable": True},
        "flows.electric_vehicles.dependence: got nothing; expected how far the exporter depends "
        "on that market, since the duty may come back. Add it, or drop weaponisable.",
    ),
    "a protected province of another country": (
        {"issues.canola_seed.duty.protected": {"alberta": number(0.1, "share")}},
        "issues.canola_seed.duty.protected.alberta: got 'alberta'; expected a province of china. "
        "There are no valid names here.",
    ),
    "a protected province misspelt": (
        {"issues.ev_tariff.duty.protected.ontaro": number(0.1, "share")},
        "issues.ev_tariff.duty.protected.ontaro: got 'ontaro'; expected a province of canada. "
        "Did you mean 'ontario'?",
    ),
    "more protected than there is": (
        {"issues.ev_tariff.duty.protected.quebec": number(0.9, "share")},
        "issues.ev_tariff.duty.protected: got shares that sum to 1.84; expected a sum of at most "
        "1. Scale them down.",
    ),
    "a crossed line that narrows the punishment": (
        {f"{UNITED_STATES}.punishment.line_coverage.value": 0.1, **ANY_WIDTH},
        f"{UNITED_STATES}.punishment.line_coverage: got 0.1; expected at least coverage, 0.2. "
        "A crossed line widens the measure: raise it.",
    ),
    "a trustworthy kind that breaks its word more often": (
        {
            "trust.two_types.kept_if_trustworthy": number(0.3, "share"),
            "trust.two_types.kept_if_not": number(0.6, "share"),
        },
        "trust.two_types.kept_if_not: got 0.6; expected less than kept_if_trustworthy, 0.3. "
        "Swap the two or mend one.",
    ),
    "a punishment by a duty under negotiation": (
        {f"{CHINA_WATCHES}.punishment.flow": "canola_seed"},
        f"{CHINA_WATCHES}.punishment.flow: got 'canola_seed', whose duty is an issue of the "
        "talks; expected a flow that no issue governs. Split the flow in two.",
    ),
    "a link to no issue": (
        {"cross_links.ev_or_alignment.other": "tariff_aligment"},
        "cross_links.ev_or_alignment.other: got 'tariff_aligment'; expected an issue of the "
        "scenario. Did you mean 'tariff_alignment'?",
    ),
    "a link within a table": (
        {"cross_links.ev_or_alignment.other": "canola_seed"},
        "cross_links.ev_or_alignment: got two issues of 'canada_china'; expected issues of two "
        "tables: one table bargains over both at once. Link it to an issue of another table.",
    ),
    "a lever on nothing": (
        {"levers.mine": {"title": "x", "keys": ["countries.canda.gdp"]}},
        "levers.mine.keys: got 'countries.canda.gdp'; expected the dotted name of a value of the "
        "scenario. Did you mean 'canada'?",
    ),
    "a lever on a number nothing reads": (
        {"levers.mine": {"title": "x", "keys": ["countries.china.escalation.value"]}},
        "levers.mine.keys: got 'countries.china.escalation.value'; expected the dotted name of a "
        "value of the scenario. There are no valid names here.",
    ),
    "a lever on a whole section": (
        {"levers.mine": {"title": "x", "keys": ["countries.canada"]}},
        "levers.mine.keys: got 'countries.canada', a whole section; expected the dotted name of "
        "one value in it. Valid names: approval, ",
    ),
    "a lever below a value": (
        {"levers.mine": {"title": "x", "keys": ["weeks.long"]}},
        "levers.mine.keys: got 'weeks.long'; expected the dotted name of a value of the scenario.",
    ),
    "a lever on the empty name": (
        {"levers.mine": {"title": "x", "keys": [""]}},
        "levers.mine.keys: got ''; expected the dotted name of a value of the scenario.",
    ),
    "a lever without keys": (
        {"levers.mine": {"title": "x", "keys": []}},
        "levers.mine.keys: got []; expected a list of at least 1.",
    ),
    "a level held past the top": (
        {"issues.ev_tariff.held": 1.5},
        "issues.ev_tariff.held: got 1.5; expected a number of at most 1.",
    ),
    "a level held below nothing": (
        {"issues.ev_tariff.held": -0.1},
        "issues.ev_tariff.held: got -0.1; expected a number of at least 0.",
    ),
    "a level held at no number": (
        {"issues.ev_tariff.held": float("nan")},
        "issues.ev_tariff.held: got nan; expected a finite number.",
    ),
    "a level held in words": (
        {"issues.ev_tariff.held": "zero"},
        "issues.ev_tariff.held: got 'zero'; expected a number.",
    ),
    "an agenda of no kind": (
        {"conduct.agenda": "non_weaponizable_first"},
        "conduct.agenda: got 'non_weaponizable_first'; expected 'whole' or "
        "'non_weaponisable_first'.",
    ),
    "a model of others of no kind": (
        {"countries.canada.opponent_model": "psychic"},
        "countries.canada.opponent_model: got 'psychic'; expected 'perfect', "
        "'prior' or 'frequency'.",
    ),
}


@pytest.mark.parametrize("claim", NOWHERE)
def test_what_makes_no_sense_is_refused_with_what_would(told: Told, claim: str):
    values, message = NOWHERE[claim]
    assert f"mine.toml: {message}" in told(values)


def test_a_wrong_name_is_one_problem(told: Told):
    for values in ({f"{WEDGE}.wooer": "nobody"}, {f"{TIES}.alarms": "nobody"}):
        assert told(values).count("\n") == 0


@pytest.mark.parametrize(
    "values",
    [
        {CONSENT: {"kind": "quota"}},
        {CONSENT: {"kind": "quota", "quota": number(2 / 3, "share")}},
        {"trust.two_types": {"kept_if_trustworthy": number(0.9, "share"),
                             "kept_if_not": number(0.2, "share")}},
        {"conduct.grit_step": number(0.2, "level"), "conduct.continuation": number(0.5, "share")},
        {"issues.ev_tariff.held": 0}, {"issues.ev_tariff.held": 1},
        {"countries.canada.opponent_model": "prior"},
        {f"{UNITED_STATES}.punishment.line_coverage.value": 0.2, **ANY_WIDTH},
        {"issues.ev_tariff.weaponisable": True,
         "flows.electric_vehicles.dependence": number(0.1, "share")},
    ],
    ids=lambda values: " ".join(values),
)  # fmt: skip
def test_what_makes_sense_is_taken(changed: Callable[..., Any], values: dict[str, Any]):
    assert scenario_from(changed(values)).name == "carney-beijing-2026"


# -- numbers out of bounds ---------------------------------------------------------------------

SHARES = [
    f"{CONSENT}.least_chance", f"{CONSENT}.breach_share", f"{BUYERS}.replaces",
    f"{TIES}.visibility", f"{TIES}.soothing", f"{TIES}.cooling", "flows.canola_seed.dependence",
    "issues.ev_tariff.duty.protected.ontario", f"{UNITED_STATES}.punishment.line_coverage",
    "conduct.continuation", "countries.canada.generosity", "domestic.compensation",
    f"{UNITED_STATES}.expected_answer",
]  # fmt: skip
NOT_NEGATIVE = {
    f"{CONSENT}.inclination": "1", f"{CONSENT}.gain_slope": "1", f"{CONSENT}.approval_slope": "1",
    f"{CONSENT}.misjudgement": "1", f"{BUYERS}.set_up_cost": "C$bn", f"{BUYERS}.pulls": "%",
    f"{TIES}.alarm": "tolerance", f"{WEDGE}.estrangement": "1", f"{WEDGE}.pull": "1",
    f"{WEDGE}.half_pull": "%", f"{UNITED_STATES}.alarm_per_pull": "tolerance/%",
    f"{UNITED_STATES}.line_slope": "1", f"{UNITED_STATES}.line_worth": "C$bn/yr",
    "conduct.reimposition_hazard": "per week",
}  # fmt: skip
POSITIVE = {
    "flows.us_bound_exports.knock_on": "1",
    "cross_links.ev_or_alignment.factor": "1",
    "countries.canada.discount_rate": "per year",
}
UNITS = dict.fromkeys(SHARES, "share") | NOT_NEGATIVE | POSITIVE
UNITS |= {f"{BUYERS}.build_weeks": "weeks", "conduct.grit_step": "level"}


@pytest.mark.parametrize("key", UNITS)
def test_a_number_below_nothing_is_out_of_bounds(told: Told, key: str):
    unit = UNITS[key]
    assert f"mine.toml: {key}: got -0.1 {unit}; expected a number in {unit} " in told(
        {key: number(-0.1, unit)}
    )


@pytest.mark.parametrize("key", [*SHARES, "conduct.grit_step"])
def test_a_share_is_no_more_than_the_whole(told: Told, key: str):
    unit = UNITS[key]
    assert (
        f"mine.toml: {key}: got 1.1 {unit}; expected a number in {unit} between 0 and 1, not 1.1. "
        "Mend the value or its range."
    ) in told({key: number(1.1, unit)})


@pytest.mark.parametrize("key", POSITIVE)
def test_what_is_divided_by_is_above_nothing(told: Told, key: str):
    assert f"mine.toml: {key}: got 0 {UNITS[key]}; expected" in told({key: number(0, UNITS[key])})


@pytest.mark.parametrize("key", UNITS)
@pytest.mark.parametrize(
    ("junk", "below"),
    [(float("nan"), ".value"), (float("inf"), ".value"), ("x", ".value"), (True, ".value"),
     ([], ".value"), (10**400, ".value")],
    ids=["nan", "inf", "text", "switch", "list", "huge"],
)  # fmt: skip
def test_a_number_is_a_finite_number(told: Told, key: str, junk: Any, below: str):
    message = told({key: number(junk, UNITS[key])})
    assert f"mine.toml: {key}{below}: got " in message
    assert len(message.splitlines()[0]) < 300


@pytest.mark.parametrize("key", UNITS)
def test_a_number_says_its_unit_its_origin_and_a_range_it_lies_in(told: Told, key: str):
    unit = UNITS[key]
    assert f'{key}: got 0.5 furlong; expected unit "{unit}"' in told({key: number(0.5, "furlong")})
    assert f"{key}: got 0.5; expected a table such as {{ value = ..." in told({key: 0.5})
    assert f"{key}: got 0.5 {unit}; expected exactly one of source, assumed and definition" in told(
        {key: {"value": 0.5, "unit": unit}}
    )
    upside_down = number(1, unit, range=[1, 0.5])
    assert f"{key}: got 1 {unit}; expected low <= value <= high" in told({key: upside_down})
    outside = number(1, unit, range=[0.5, 0.9])
    assert f"{key}: got 1 {unit}; expected low <= value <= high" in told({key: outside})


# -- consent, kind by kind ---------------------------------------------------------------------


def test_each_kind_of_consent_gets_the_defaults_of_its_kind_alone(changed: Callable[..., Any]):
    political = scenario_from(changed({CONSENT: {"kind": "political"}}))
    quota = scenario_from(changed({CONSENT: {"kind": "quota"}}))
    of = {
        kind: {key.removeprefix(f"{CONSENT}.") for key in quantities(s) if ".consent." in key}
        for kind, s in (("political", political), ("quota", quota))
    }
    assert of["quota"] == {"quota", "breach_share"}
    assert of["political"] == {
        "inclination", "gain_slope", "approval_slope", "misjudgement", "least_chance",
        "breach_share",
    }  # fmt: skip
