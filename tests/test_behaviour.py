"""What the mechanisms do together, on the January 2026 case."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pytest

from negotiate_abm.model import NegotiationModel
from negotiate_abm.phases import delivery, home, talks
from negotiate_abm.scenario.loader import load_scenario, scenario_from
from negotiate_abm.scenario.schema import Scenario
from tests.worlds import random_world

CASE = "carney-beijing-2026"
TABLE = "canada_china"
WATCHER = f"tables.{TABLE}.watchers.united_states"


def january(runs: int = 200, **overrides: Any) -> NegotiationModel:
    return NegotiationModel(CASE, runs=runs, rng=11, overrides=overrides)


def with_levels(model: NegotiationModel, **levels: float) -> NegotiationModel:
    """Put issues at a level, agreed and in force."""
    table = model.tables[TABLE]
    for issue, level in levels.items():
        column = table.issues.index(issue)
        table.agreed[:, column] = table.in_force[:, column] = level
    return model


def events(model: NegotiationModel, *kinds: str) -> Any:
    """Return what of some kinds happened at the table between Ottawa and Beijing."""
    log = model.log.frame()
    return log[log["kind"].isin(kinds) & (log["where"] == TABLE)]


def rows(model: NegotiationModel) -> Any:
    return np.arange(model.runs)


def play(model: NegotiationModel, weeks: int) -> NegotiationModel:
    for _ in range(weeks):
        model.step()
    return model


# -- home ---------------------------------------------------------------------------


def test_relief_from_chinese_duties_lowers_pressure_on_the_prairies():
    model = january()
    before = {name: province.pressure.copy() for name, province in model.provinces.items()}
    with_levels(model, canola_seed=1.0, canola_products=1.0, pork_seafood=1.0)
    for _ in range(52):
        home.feel_losses(model)
    for name in ("saskatchewan", "alberta", "manitoba"):
        assert (before[name] - model.provinces[name].pressure).mean() > 0.05
    assert (before["ontario"] - model.provinces["ontario"].pressure).mean() < 0.02


def test_pressed_provinces_lend_canola_weight_and_visas_none():
    model = january()
    weights = model.countries["canada"].home.relief_weights(model.tables[TABLE], rows(model))
    issues = model.tables[TABLE].issues
    assert weights[:, issues.index("canola_seed")].mean() > 1.2
    assert (weights[:, issues.index("consular_visa")] == 1.0).all()
    china = model.countries["china"].home.relief_weights(model.tables[TABLE], rows(model))
    assert (china == 1.0).all()


def test_without_talks_approval_stays_where_it_was():
    scenario = load_scenario(CASE)
    silence: dict[str, Any] = {}
    for name, table in scenario.tables.items():
        silence[f"tables.{name}.opening_hazard"] = 0.0
        for event in table.events:
            silence[f"tables.{name}.events.{event}.opens_round"] = False
        for watcher in table.watchers:
            silence[f"tables.{name}.watchers.{watcher}.base_hazard"] = 0.0
    quiet = january(runs=20, **silence)
    before = quiet.snapshot()["approval"][1].copy()
    play(quiet, 52)
    assert quiet.snapshot()["approval"][1] == pytest.approx(before, abs=1e-9)


# -- threats ------------------------------------------------------------------------


def execution_rate(level: float) -> float:
    """Return how often Washington would carry out a threat with the vehicle tariff so far cut."""
    model = with_levels(january(runs=2000), ev_tariff=level)
    watch = model.watches[0]
    draws = np.random.default_rng(5).random(model.runs)
    return float(model.countries["united_states"].executes(watch, rows(model), draws).mean())


def test_a_threat_is_executed_far_oftener_with_cause_than_without():
    assert execution_rate(1.0) > execution_rate(0.05) + 0.25


def test_a_punishment_costs_its_imposer_something_in_every_run():
    for watch in january(runs=500).watches:
        narrow, wide = (watch.punishment.blow_back(np.full(500, line)) for line in (0.0, 1.0))
        assert (narrow >= 0.0).all()
        assert (wide >= narrow).all()


def test_complying_takes_back_no_more_than_the_watcher_asks():
    model = with_levels(
        january(runs=400), ev_tariff=0.5, steel_aluminium=1.0, framework_agri_energy=1.0
    )
    watch, table = model.watches[0], model.tables[TABLE]
    exposed = watch.exposure() > 1.0
    assert exposed.sum() > 50
    agreed, in_force, contents = watch.tolerated(rows(model))
    assert contents[exposed].mean() > 0.9
    kept = (agreed * watch.exposure_per_level).sum(axis=1)
    assert (kept[exposed] <= 1.0 + 1e-9).all()
    assert (agreed[~exposed] == table.agreed[~exposed]).all()
    # What is given up beyond need is less than the largest thing taken back.
    back = ((table.agreed - agreed) * watch.exposure_per_level).max(axis=1)
    assert (kept + back > 1.0 - 1e-9)[exposed].all()
    assert (in_force <= agreed).all()


def test_a_visit_alarms_and_is_forgotten_whatever_comes_after():
    document = load_scenario(CASE).model_dump(mode="python")
    document["tables"][TABLE]["events"]["envoy"] = {
        "title": "An envoy",
        "date": datetime.date(2026, 1, 27),
    }
    with_envoy = play(NegotiationModel(scenario_from(document), runs=20, rng=3), 4)
    without = play(NegotiationModel(CASE, runs=20, rng=3), 4)
    assert with_envoy.watches[0].event_alarm() == pytest.approx(without.watches[0].event_alarm())
    assert (without.watches[0].event_alarm() > 0.0).all()
    later = play(without, 40)
    assert (later.watches[0].event_alarm() < 0.02).all()


def test_a_met_threat_is_not_repeated_while_it_chills():
    model = january(runs=300, **{f"{WATCHER}.base_hazard": 0.3, f"{WATCHER}.chill_weeks": 20})
    play(model, 40)
    log = model.log.frame()
    log = log[log["kind"].isin(["threatened", "complied"]) & (log["where"] == TABLE)]
    for _, story in log.groupby("run"):
        met = story[story["kind"] == "complied"]["week"].to_numpy()
        threats = story[story["kind"] == "threatened"]
        for week in met:
            soon = threats[(threats["week"] > week) & (threats["week"] <= week + 20)]
            assert (soon["amount"] > 1.0).all()  # only for new cause


def test_hostility_wanders_about_where_it_rests():
    model = january(runs=500)
    resting = model.watches[0].hostility.copy()
    play(model, 52)
    assert (model.watches[0].hostility != resting).all()
    assert model.watches[0].hostility.mean() == pytest.approx(resting.mean(), abs=0.03)


# -- promises -------------------------------------------------------------------------


def test_nothing_comes_into_force_in_the_week_it_is_agreed():
    model = play(january(runs=400), 30)
    agreed = events(model, "agreed on issue", "conceded").groupby(["run", "issue"])["week"].min()
    in_force = events(model, "in force").groupby(["run", "issue"])["week"].min()
    waited = (in_force - agreed).dropna()
    assert waited.min() >= 1


def test_promises_take_the_stated_time_to_come_into_force():
    model = january(runs=600, **{f"tables.{TABLE}.implementation_weeks": 4})
    play(model, 52)
    agreed = events(model, "agreed on issue", "conceded").groupby(["run", "issue"])["week"].min()
    in_force = events(model, "in force").groupby(["run", "issue"])["week"].min()
    early = agreed[agreed <= 20]
    assert (in_force - early).mean() == pytest.approx(4.0, abs=0.3)


def test_a_larger_breach_costs_more_trust_and_the_other_answers_in_kind():
    trust, answers = [], []
    for level in (0.2, 0.5):
        model = with_levels(january(runs=100), framework_agri_energy=1.0, pork_seafood=1.0)
        table = model.tables[TABLE]
        table.agreed_last_week = table.agreed.copy()
        table.breached[:, table.side_of("canada")] = level
        table.since_breach[:] = 0
        model.countries["china"].beliefs["canada"].learn(broken=4.0 * level)
        model.week = 1
        delivery.answer_breaches(model)
        trust.append(model.countries["china"].trust_in("canada").mean())
        answers.append(table.feud.of(table.side_of("china")))
    assert trust[0] > trust[1]
    assert (answers[0] == 0.2).all()  # tit for tat, in proportion
    assert (answers[1] == 0.5).all()


def test_a_suspension_that_ends_earns_no_trust():
    model = with_levels(january(runs=50), pork_seafood=1.0)
    table = model.tables[TABLE]
    table.agreed_last_week = table.agreed.copy()
    table.ever_in_force = table.agreed.copy()
    table.in_force[:] = 0.0
    table.implementation_weeks[:] = 1.0
    before = model.countries["canada"].trust_in("china").copy()
    model.week = 1
    delivery.bring_into_force(model)
    assert (table.in_force[:, table.issues.index("pork_seafood")] == 1.0).all()
    assert (model.countries["canada"].trust_in("china") == before).all()


# -- rounds -----------------------------------------------------------------------------


def test_a_failed_round_is_said_to_have_had_a_zone_only_if_it_had():
    narrow = NegotiationModel(
        "split-the-pie", runs=1, overrides={"tables.pie.reservation.seller": -0.1}
    )
    play(narrow, 22)
    assert narrow.tables["pie"].failed[0] == 1
    assert narrow.tables["pie"].failed_with_a_zone[0] == 0


def test_a_round_that_an_event_will_end_has_its_last_turn_then():
    document = load_scenario("split-the-pie").model_dump(mode="python")
    document["tables"]["pie"]["events"]["end"] = {
        "title": "The end",
        "date": datetime.date(2026, 2, 2),  # week 5 of 21
        "ends_round": True,
    }
    model = play(NegotiationModel(scenario_from(document), runs=1), 6)
    assert model.tables["pie"].length[0] == 5
    assert model.tables["pie"].agreements[0] == 1


def test_sides_with_nothing_to_gain_do_not_meet():
    scenario: Scenario = random_world(seed=7, issues=6, watched=False)
    model = NegotiationModel(scenario, runs=50, rng=1)
    table = model.tables["table"]
    table.agreed[:] = table.cap  # all there is has been agreed
    play(model, 20)
    assert not table.open.any()
    assert (table.failed == 0).all()


def test_nobody_yields_to_a_punishment_that_is_not_in_force():
    model = january(
        runs=300,
        **{
            "countries.canada.retaliation": "grim",
            "countries.united_states.retaliation": "none",
            f"{WATCHER}.reputation": 5.0,
            f"{WATCHER}.base_hazard": 0.2,
        },
    )
    for _ in range(60):
        hit = model.watches[0].feud.of(1) > 0.0
        hanging = model.watches[0].hanging.copy()
        model.step()
        log = model.log.frame()
        now = log[(log["week"] == model.week) & (log["where"] == TABLE)]
        threatened = set(now[now["kind"] == "threatened"]["run"])
        for run in now[now["kind"] == "complied"]["run"]:
            assert hit[run] or hanging[run] or run in threatened


def test_a_line_still_to_be_crossed_weighs_in_full_however_near():
    line = f"{WATCHER}.line_slope"
    overrides = {line: 2.0, "issues.ev_tariff.exposure.united_states": 1e-9}
    for level in (0.5, 0.8):
        model = with_levels(january(runs=3, **overrides), ev_tariff=level)
        table = model.tables[TABLE]
        issue = table.issues.index("ev_tariff")
        part = table.open_parts(rows(model))
        risk, _ = model.watches[0].risk(rows(model), part, np.zeros(model.runs))
        rise = risk.step[:, issue].sum(axis=1)
        assert rise == pytest.approx([2.0] * 3, abs=1e-6)


def test_no_round_opens_for_what_rounding_leaves_of_a_table(monkeypatch):
    hold_talks = talks.hold_talks

    def looked_at(model: NegotiationModel) -> None:
        for table in model.tables.values():
            opened = table.open & (table.elapsed == 0)
            assert (table.best - table.reservation)[opened].min(initial=1.0) > 1e-9
        hold_talks(model)

    monkeypatch.setattr(talks, "hold_talks", looked_at)
    play(january(300), 52)


def test_relief_and_what_other_buyers_make_good_add_up_to_what_duties_no_longer_cost():
    model = NegotiationModel(CASE, runs=100, rng=11, levers={"parallel_arrangement": True})
    table = model.tables[TABLE]
    theirs = ~table.concedes(table.side_of("canada"))
    for _ in range(52):
        model.step()
    left = (1.0 - table.restored()) * table.exporter_stake * model.missing(table)
    spared = ((table.exporter_stake - left) * theirs).sum(axis=-1)
    assert model.relief("canada") + model.made_good("canada") == pytest.approx(spared)
    assert (model.made_good("canada") > 0.0).all()


def test_a_threat_names_the_crossed_line_before_all_else():
    model = with_levels(january(), ev_tariff=1.0, canola_seed=1.0, framework_agri_energy=1.0)
    watch = model.watches[0]
    issues = model.tables[TABLE].issues
    assert {issues[i] for i in watch.main_cause(rows(model))} == {"ev_tariff"}


def test_a_threat_names_no_issue_where_nothing_conceded_alarms():
    model = january()
    watch = model.watches[0]
    assert (watch.main_cause(rows(model)) == -1).all()
    watch.notice_event("visit")
    assert (watch.main_cause(rows(model)) == -1).all()
    with_levels(model, framework_agri_energy=1.0)
    named = watch.main_cause(rows(model))
    assert {model.tables[TABLE].issues[i] for i in named if i >= 0} == {"framework_agri_energy"}
    assert (named >= 0).mean() > 0.5
