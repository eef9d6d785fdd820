"""A story says what happened, when and at what rates, and nothing that did not happen."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest

import negotiate_abm
from negotiate_abm.mechanisms.preferences import LEVEL_TOLERANCE
from negotiate_abm.narration import beats as kinds
from negotiate_abm.narration.chronicle import Chronicle
from negotiate_abm.narration.voice import Voice
from negotiate_abm.narration.words import money, per_cent
from tests.narration.reading import (
    CASE,
    LEVERS,
    TABLE,
    beats,
    chronicle_of,
    dated,
    many,
    paragraphs,
    played,
    record,
    runs_with,
    start,
    story,
)

SOME = range(10)
BUSY = ("as it is", "at zero", "hot")
A_DAY_OR_TWO = {
    r"took \w+'s offer": "agreed",
    "ran out after": "round failed",
    "threatened": "threatened",
    "made good its threat": "punished",
    "settled on": "talks agreed",
    "hit back": "countered",
    "lifted its punishment": "lifted",
    "went back on its word": "reimposed",
    "it suspended": "suspended",
    "shook hands on a deal": "broken at home",
    "let its threat": "backed down",
}


def issue_named(name: str, phrase: str) -> str:
    issues = played(name).scenario.issues
    return next(key for key, issue in issues.items() if issue.phrase == phrase)


def rate(name: str, run: int, phrase: str, week: int) -> str:
    rates = played(name).trajectories["rate"].sel(run=run, issue=issue_named(name, phrase))
    return per_cent(float(rates[week]))


@pytest.mark.parametrize("name", LEVERS)
def test_a_duty_said_to_be_cut_is_in_force_at_that_rate(name: str) -> None:
    checked = 0
    for run in SOME:
        for beat in beats(name, run):
            if beat.kind == kinds.DELIVERY:
                for phrase, told in re.findall(r"cut (the .+?) to ([\d.]+) per cent", beat.clause):
                    assert rate(name, run, phrase, beat.week) == told
                    checked += 1
                for phrase in re.findall(r"(?<!w)ended (the [^,.]+?)(?:,|$| and put)", beat.clause):
                    assert float(rate(name, run, phrase, beat.week)) == 0.0
    assert checked >= 4


@pytest.mark.parametrize("name", LEVERS)
def test_the_lead_gives_the_rates_of_the_start_and_of_the_end(name: str) -> None:
    checked = 0
    for run in SOME:
        lead = paragraphs(story(name, run))[1]
        for phrase, before, after in re.findall(
            r"a cut in (the .+?) from ([\d.]+)(?: to ([\d.]+))? per cent", lead
        ):
            assert rate(name, run, phrase, 0) == before
            assert rate(name, run, phrase, -1) == (after or "0")
            checked += 1
    assert checked > 0


@pytest.mark.parametrize("name", BUSY)
def test_a_duty_said_to_rise_rose_from_and_to_these_rates(name: str) -> None:
    checked = 0
    for run in [*runs_with(name, "reimposed")[:4], *runs_with(name, "withdrawn")[:4]]:
        for beat in beats(name, run):
            text = beat.told()
            for phrase, was, now in re.findall(
                r"[Tt](he .+?) rose again from ([\d.]+) to ([\d.]+) per cent", text
            ):
                assert beat.kind == kinds.BREACH
                assert rate(name, run, "t" + phrase, beat.week - 1) == was
                assert rate(name, run, "t" + phrase, beat.week) == now
                assert float(now) > float(was)
                checked += 1
    assert checked > 0


@pytest.mark.parametrize("name", LEVERS)
def test_what_is_told_happened_at_the_time_that_is_told(name: str) -> None:
    result = played(name)
    checked = set()
    for run in [*SOME, *runs_with(name, "punished", TABLE)[:4]]:
        events = result.events[(result.events["run"] == run) & (result.events["where"] == TABLE)]
        for told, weeks in dated(story(name, run), result):
            for words, kind in A_DAY_OR_TWO.items():
                if re.search(rf"\b{words}\b", told):
                    assert weeks & set(events.loc[events["kind"] == kind, "week"]), told
                    checked.add(kind)
    assert {"agreed", "threatened"} <= checked


@pytest.mark.parametrize("name", BUSY)
def test_a_threat_is_told_as_carried_out_if_and_only_if_it_was(name: str) -> None:
    result = played(name)
    events = result.events[result.events["kind"] == "punished"]
    for run in {*SOME, *runs_with(name, "punished")[:8]}:
        own = events[events["run"] == run]
        told = {b.week for b in beats(name, run) if "made good its threat" in b.clause}
        assert told == set(own["week"])
    for run in [*SOME, *runs_with(name, "punished")[:8]]:
        struck = bool((events[events["run"] == run]["where"] == TABLE).any())
        here = [told for told, _ in dated(story(name, run), result)]
        assert any("made good its threat" in told for told in here) == struck
        assert ("strike" in paragraphs(story(name, run))[0]) == struck


@pytest.mark.parametrize("name", BUSY)
def test_a_punishment_costs_what_the_story_says(name: str) -> None:
    checked, result = 0, played(name)
    for run in runs_with(name, "punished", TABLE)[:8]:
        loss = result.trajectories["punishment_loss"].sel(run=run).values
        for beat in beats(name, run):
            if beat.kind == kinds.STRIKE and beat.table == TABLE and "made good" in beat.clause:
                rise = float(loss[beat.week] - loss[beat.week - 1])
                assert beat.clause.endswith(f"cost exporters {money(rise)}")
                checked += 1
    assert checked > 0


@pytest.mark.parametrize("name", BUSY)
def test_odds_are_those_that_the_threatened_put(name: str) -> None:
    checked = 0
    for run in runs_with(name, "threatened", TABLE)[:8]:
        belief = (
            played(name)
            .trajectories["credibility"]
            .sel(run=run, watch=f"united_states over {TABLE}")
        )
        for beat in beats(name, run):
            for odds in re.findall(r"Washington meant it at (\d+) in 100", beat.told()):
                assert odds == f"{100 * float(belief[beat.week]):.0f}"
                checked += 1
    assert checked > 0


@pytest.mark.parametrize("name", BUSY)
def test_every_threat_is_told_with_its_answer(name: str) -> None:
    answers = {"complied": r"heeded it|gave way", "defied": "stood its ground"}
    answers["bought off"] = "bought it off with"
    for run in runs_with(name, "threatened")[:10]:
        told = [b for b in beats(name, run) if b.kind == kinds.THREAT]
        assert len(told) == len(record(name, run).threats)
        for threat in record(name, run).threats:
            own = [b for b in told if (b.week, b.table) == (threat.week, threat.table)]
            assert any(re.search(answers[threat.answer], b.told()) for b in own)
            assert threat.took_back == any("went back on" in b.told() for b in own)


def test_whoever_gives_way_names_what_is_taken_back() -> None:
    checked = 0
    for name in BUSY:
        for run in runs_with(name, "rolled back")[:5]:
            for beat in beats(name, run):
                if "gave way and went back on" in beat.told():
                    assert "what it had agreed to" not in beat.told()
                    checked += 1
    assert checked >= 4


@pytest.mark.parametrize("name", LEVERS)
def test_headline_and_verdict_agree_with_the_outcomes(name: str) -> None:
    outcomes = played(name).outcomes.set_index("run")
    for run in SOME:
        row, told = outcomes.loc[run], paragraphs(story(name, run))
        won = re.search(r"Beijing (cuts the|ends)", told[0]) is not None
        assert won == bool(row["has_relief"])
        assert ("was passed:" in told[-2]) == bool(row["relief_without_punishment"])
        assert ("was failed" in told[-2]) != bool(row["relief_without_punishment"])
        sums = money(row["relief_at_end"]) if row["relief_at_end"] >= 0.0005 else "nothing"
        assert f"Canada's exporters had {sums} back" in told[1]
        assert (row["punishment_loss_at_end"] >= 0.0005) == ("to punishment" in told[1])


@pytest.mark.parametrize("name", LEVERS)
def test_what_is_said_never_to_have_been_agreed_never_was(name: str) -> None:
    checked, result = 0, played(name)
    for run in SOME:
        ending = paragraphs(story(name, run))[-2]
        level = result.trajectories["agreed"].sel(run=run).max("week")
        for key, issue in result.scenario.issues.items():
            said = re.search(rf"was ever agreed on [^.]*{issue.phrase}", ending)
            if said and issue.table == TABLE:
                assert float(level.sel(issue=key)) <= LEVEL_TOLERANCE
                own = result.events[(result.events["run"] == run)]
                assert not (own["kind"].eq("agreed on issue") & own["issue"].eq(key)).any()
                checked += 1
    assert checked > 0


def test_what_is_said_to_be_restored_had_been_given_and_taken_back() -> None:
    checked, result = 0, many()
    for run in sorted(set(result.events.query("kind == 'withdrawn'")["run"])):
        given = result.trajectories["in_force"].sel(run=run)
        for beat in chronicle_of(result, run).beats():
            if "restored what it had taken back" in beat.clause:
                before = given.isel(week=slice(0, beat.week))
                now = given.isel(week=beat.week)
                rises = now > before.isel(week=-1) + LEVEL_TOLERANCE
                assert bool((rises & (before.max("week") >= now - LEVEL_TOLERANCE)).any())
                checked += 1
    assert checked > 0


@pytest.mark.parametrize("name", BUSY)
def test_a_delivery_said_to_be_late_is_as_late_as_that(name: str) -> None:
    checked, result = 0, played(name)
    for run in SOME:
        agreed = result.trajectories["agreed"].sel(run=run)
        for beat in beats(name, run):
            late = re.search(r", (\d+) weeks after it was agreed$", beat.clause)
            if late:
                since = beat.week - int(late.group(1))
                own = result.events.query(f"run == {run} and week == {beat.week}")
                issues = own[(own["kind"] == "in force") & (own["where"] == beat.table)]
                waits = [
                    (
                        agreed.sel(issue=e.issue).isel(week=slice(since, beat.week))
                        >= e.amount - 1e-9
                    )
                    for e in issues.itertuples()
                ]
                assert int(late.group(1)) > 12
                assert any(bool(wait.all()) for wait in waits)
                checked += 1
    assert checked > 0


def test_a_side_answers_in_kind_only_what_the_other_suspended() -> None:
    checked, result = 0, many()
    for run in sorted(set(result.events.query("kind == 'suspended'")["run"])):
        chronicle = chronicle_of(result, run)
        suspended = list(chronicle.record.of_kind("suspended"))
        for beat in chronicle.beats():
            if "answered in kind" in beat.clause:
                before = [e for e in suspended if e.where == beat.table and e.week <= beat.week]
                assert len({e.actor for e in before}) == 2
                checked += 1
    assert checked > 0


def test_each_week_is_told_in_the_order_of_the_model() -> None:
    order = (kinds.THREAT, kinds.STRIKE, kinds.BREACH, kinds.DELIVERY)
    for run in SOME:
        told = [b for b in beats("hot", run) if b.kind in order]
        for before, after in itertools.pairwise(told):
            if (before.week, before.kind) == (after.week, kinds.DELIVERY):
                assert after.kind == kinds.DELIVERY
        weeks = [b.week for b in beats("hot", run)]
        assert weeks == sorted(weeks)


def test_a_held_tariff_is_told_as_cut_and_not_as_agreed() -> None:
    said = 0
    for run in SOME:
        text = story("at zero", run)
        assert "agreed to a cut in the tariff on electric vehicles" not in text
        assert (
            "Ottawa had cut the tariff on electric vehicles to 6 per cent before any talks" in text
        )
        said += "alarmed that Ottawa had cut the tariff on electric vehicles to 6" in text
    assert said > 0


def test_a_withdrawal_is_told_though_nobody_suspended_anything() -> None:
    result = played("hot")
    run = runs_with("hot", "withdrawn")[0]
    events = result.events[(result.events["run"] == run) & (result.events["kind"] != "suspended")]
    told = Chronicle(Voice(start("hot", run)), result.trajectories.sel(run=run), events).beats()
    held = [beat for beat in told if "held back on what it had promised" in beat.clause]
    assert {beat.week for beat in held} == set(events.query("kind == 'withdrawn'")["week"])
    assert all(beat.more for beat in held)


def test_a_side_that_answers_step_by_step_raises_its_answer() -> None:
    overrides = {"countries.canada.retaliation": "graduated"}
    result = negotiate_abm.run(
        CASE, runs=25, seed=5, levers={"ev_tariff_at_zero": True}, overrides=overrides
    )
    events = result.events[result.events["kind"] == "countered"]
    run = int(events["run"].value_counts().index[0])
    own = events[(events["run"] == run) & (events["where"] == TABLE)]
    told = [b for b in chronicle_of(result, run).beats() if b.table == TABLE]
    counter = result.trajectories["counter"].sel(run=run, watch=f"united_states over {TABLE}")
    raised = {b.week for b in told if "raised its answer to" in b.clause}
    assert raised == {week for week in own["week"] if float(counter[week - 1]) > 0.0}
    assert raised


def test_a_threat_heeded_for_no_time_is_said_to_be_heeded_and_no_more() -> None:
    chill = {f"tables.{TABLE}.watchers.united_states.chill_weeks": 0}
    result = negotiate_abm.run(
        CASE, runs=25, seed=5, levers={"hostility_of_washington": 0.95}, overrides=chill
    )
    run = int(result.events.query("kind == 'complied' and amount == 0")["run"].iloc[0])
    told = [b.told() for b in chronicle_of(result, run).beats() if b.kind == kinds.THREAT]
    assert any(text.endswith((", heeded it.", "gave way")) for text in told)


def test_trust_and_leverage_are_those_of_the_opening_week() -> None:
    result = played("as it is")
    for run in SOME:
        text = story("as it is", run)
        first = int(record("as it is", run).rounds[TABLE][0].opened)
        trust = result.trajectories["trust"].sel(run=run, country="canada", counterpart="china")
        assert f"Ottawa trusted Beijing to keep {100 * float(trust[first - 1]):.0f} pro" in text
        own = float(
            result.trajectories["leverage"].sel(run=run, table=TABLE, country="canada")[first]
        )
        weaker = re.search(r"(\w+) had the weaker hand.*?left it (\d+) per cent", text)
        assert (weaker is None) == (abs(own - 0.5) < 0.05)
        if weaker:
            assert weaker.group(1) == ("Ottawa" if own < 0.5 else "Beijing")
            assert weaker.group(2) == f"{100 * min(own, 1 - own):.0f}"


def test_the_province_said_to_press_hardest_at_the_end_does_and_who_did_at_the_start() -> None:
    titles = {name: p.title for name, p in played("as it is").scenario.provinces.items()}
    changed = 0
    for run in SOME:
        told = re.search(r"At home (.+?) pressed hardest at the end", story("as it is", run))
        assert told is not None
        pressure = played("as it is").trajectories["pressure"].sel(run=run)
        first, last = (
            titles[str(pressure["province"].values[int(np.argmax(pressure.isel(week=at).values))])]
            for at in (0, -1)
        )
        assert told[1] == last
        assert (f"; at the start it was {first}." in story("as it is", run)) == (first != last)
        changed += first != last
    assert changed > 0
