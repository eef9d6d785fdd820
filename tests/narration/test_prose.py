"""Stories read cleanly in any world, differ from run to run, and survive a save."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import negotiate_abm
from negotiate_abm.narration import beats as kinds
from negotiate_abm.narration.choice import _in_parts
from negotiate_abm.narration.story import story as tell
from negotiate_abm.result import Result
from tests.narration.reading import (
    CASE,
    LEVERS,
    TABLE,
    beats,
    chronicle_of,
    named_world,
    paragraphs,
    played,
    start,
    story,
)

SLIPS = re.compile(r"nan|None|_|  | ,| \.|\.\.|,,|;;|\{|\}|, and and |\ba (?:an|a|the)\b")


def check_prose(text: str) -> None:
    assert SLIPS.search(text) is None, SLIPS.search(text)
    told = paragraphs(text)
    assert all(part.strip() == part != "" for part in told)
    assert text.count("(") == text.count(")")
    assert text.count("'") == 0 or not re.search(r"''", text)
    for part in told[1:-1]:
        assert part[0].isupper()
        assert part.endswith((".", "?", "!"))
        assert part.count("(") == part.count(")")


@pytest.mark.parametrize("name", LEVERS)
def test_the_january_case_reads_cleanly_and_at_length(name: str) -> None:
    for run in range(12):
        text = story(name, run)
        check_prose(text)
        assert len(text.split()) <= 600


def test_most_stories_are_as_long_as_a_column() -> None:
    lengths = sorted(len(story("as it is", run).split()) for run in range(30))
    assert lengths[3] >= 250
    assert lengths[-3] <= 560


@settings(max_examples=40)
@given(st.integers(0, 10_000))
def test_any_world_reads_cleanly(seed: int) -> None:
    result = negotiate_abm.run(named_world(seed), runs=2, weeks=30, seed=seed)
    for run in (0, 1):
        check_prose(result.story(run))
        struck = bool(
            result.events.query("kind == 'punished' and target == 'guest'")["run"].eq(run).any()
        )
        assert ("strike" in paragraphs(result.story(run))[0]) == struck
        passed = bool(result.outcomes["relief_without_punishment"][run])
        assert ("was passed" in result.story(run)) == passed
        for beat in chronicle_of(result, run).beats():
            check_prose("x\n\n" + beat.told() + "\n\nx")
            assert beat.table in result.scenario.tables
            assert 1 <= beat.week <= 30
    assert len(result.summary()) > 50
    assert isinstance(result.unusual_runs(), list)


@pytest.mark.parametrize("weeks", [1, 2, 5])
def test_a_short_run_has_a_story(weeks: int) -> None:
    result = negotiate_abm.run(CASE, runs=1, weeks=weeks, seed=3)
    check_prose(result.story())
    assert result.unusual_runs() == []


def test_the_textbook_case_is_told_without_what_it_lacks() -> None:
    result = negotiate_abm.run("split-the-pie", runs=2, seed=3)
    text = result.story()
    check_prose(text)
    level = float(result.outcomes["pie.in_force"][0])
    assert f"Buyer and Seller settle on {100 * level:.0f} per cent of the pie" in text
    assert not re.search("trust|leverage|political test|At home", text)


@pytest.mark.parametrize(
    "without", [["trust"], ["leverage"], ["provinces"], ["watchers"], ["consent", "ladders"]]
)
def test_a_story_says_nothing_of_what_is_switched_off(without: list[str]) -> None:
    result = negotiate_abm.run(CASE, runs=2, seed=4, overrides={"without": without})
    words = {"trust": "trusted", "leverage": "leverage", "provinces": "At home"}
    words["watchers"] = "Washington, alarmed"
    for run in range(2):
        check_prose(result.story(run))
        assert words.get(without[0], "broken hand") not in result.story(run)


def test_a_deal_that_came_to_nothing_is_headed_so() -> None:
    result = played("as it is")
    events = result.events
    agreed = set(events[(events["kind"] == "agreed") & (events["where"] == TABLE)]["run"])
    calm = agreed - set(events[events["kind"].isin(["threatened", "broken at home"])]["run"])
    run = min(calm - set(events[events["kind"] == "reimposed"]["run"]))
    changed = result.trajectories.sel(run=run).copy(deep=True)
    changed["in_force"][:] = 0.0
    row = result.outcomes.set_index("run").loc[run].to_dict()
    row |= {"has_relief": False, "relief_without_punishment": False, "relief_at_end": 0.0}
    told = tell(start("as it is", run), changed, events[events["run"] == run], row)
    assert told.startswith("Ottawa and Beijing agree, and nothing comes of it\n")
    assert "nothing that was agreed was in force between Ottawa and Beijing" in told


def test_no_two_runs_have_the_same_story() -> None:
    told = {story("as it is", run).rsplit("\n\n", 1)[0] for run in range(30)}
    assert len(told) == 30


def test_headlines_come_in_many_kinds() -> None:
    names = r"[\d.]+|Beijing|Ottawa|Washington|the (?:duty|duties) on [a-z ]+?(?= to| for|,|$)"
    heads = {
        re.sub(names, "X", paragraphs(story(name, run))[0]) for name in LEVERS for run in range(12)
    }
    assert len(heads) >= 8
    own = {re.sub(names, "X", paragraphs(story("as it is", run))[0]) for run in range(30)}
    assert len(own) >= 5


def test_a_loaded_result_tells_the_same_stories(tmp_path: Path) -> None:
    result = negotiate_abm.run(CASE, runs=5, seed=6, levers={"ev_tariff_at_zero": True})
    loaded = Result.load(result.save(tmp_path / "kept"))
    for run in range(5):
        assert loaded.story(run) == result.story(run)
    assert loaded.summary() == result.summary()
    assert loaded.unusual_runs() == result.unusual_runs()
    assert loaded.typical_run() == result.typical_run()


def test_the_story_is_of_the_typical_run_unless_another_is_asked_for() -> None:
    result = played("as it is")
    run = result.typical_run()
    assert result.story() == result.story(run)
    assert paragraphs(result.story())[:-1] == paragraphs(story("as it is", run))[:-1]
    assert f"run {result.typical_run()}, seed 5" in result.story()


def test_a_beat_stands_alone() -> None:
    for run in range(10):
        for beat in beats("hot", run):
            assert not re.search(r"\b(the same again|as before)\b", beat.clause)
            assert beat.told("in mid-May").startswith("In mid-May, ")
            assert beat.words == len(beat.told().split())


def test_no_answer_is_told_without_the_offer_it_answers() -> None:
    checked = 0
    for name in LEVERS:
        for run in range(12):
            told = " ".join(paragraphs(story(name, run))[2:])
            for at in re.finditer(r"Beijing answered with", told):
                before = told[: at.start()]
                met = r"sat down|tried again|met again|came back to the table|into their talks"
                last = [m.start() for m in re.finditer(met, before)][-1]
                assert not re.search(r"took \w+'s offer|ran out after|shook hands", before[last:])
                checked += 1
    assert checked > 20


def test_paragraphs_keep_every_beat_in_order() -> None:
    for run in range(10):
        scene = beats("as it is", run)
        parts = list(_in_parts(scene))
        assert [beat for part in parts for beat in part] == scene
        assert all(parts)


def test_a_story_begins_at_the_first_opening() -> None:
    for run in range(20):
        scene = paragraphs(story("as it is", run))[2]
        assert scene.startswith("On 13 January 2026, the prime minister arrived in Beijing")
    assert kinds.OPENING == "opening"


def test_where_nobody_sat_down_the_headline_says_so() -> None:
    result = negotiate_abm.run(named_world(7), runs=4, weeks=12, seed=7)
    sat = set(result.events.query("kind == 'round opened' and where == 'table'")["run"])
    for run in range(4):
        headline = paragraphs(result.story(run))[0]
        assert run not in sat or "never sit down" not in headline
        relief = bool(result.outcomes["has_relief"][run])
        punished = "strike" in headline
        assert run in sat or relief or punished or headline.endswith("never sit down to talk")


def test_without_a_focal_table_a_story_is_about_all_that_the_focal_country_sits_at():
    case = negotiate_abm.load_scenario("carney-beijing-2026")
    tables = dict(reversed(case.tables.items()))
    open_ended = case.model_copy(update={"focal_table": None, "tables": tables})
    assert open_ended.reported_tables == ["canada_us", "canada_china"]
    result = negotiate_abm.run(open_ended, runs=30, seed=3)
    relieved = result.outcomes.query("has_relief")["run"]
    assert len(relieved) > 5
    for run in relieved:
        lead = result.story(run).split("\n\n")[1]
        assert "nothing back" not in lead
        assert "had from" in lead
