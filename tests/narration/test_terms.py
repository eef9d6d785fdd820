"""Deals, deliveries and cuts are told by what they are, and since when."""

from __future__ import annotations

import re

import pytest

from negotiate_abm.dates import date_of, part_of_month
from negotiate_abm.mechanisms.preferences import LEVEL_TOLERANCE
from negotiate_abm.narration import beats as kinds
from negotiate_abm.narration.voice import Move
from negotiate_abm.narration.words import per_cent
from tests.narration.reading import (
    LEVERS,
    TABLE,
    beats,
    many,
    middle,
    paragraphs,
    played,
    record,
    runs_with,
    story,
)

# -- talks and what came of them ----------------------------------------------------------


@pytest.mark.parametrize("name", LEVERS)
def test_what_is_told_as_delivered_was_named_in_a_deal_before(name: str) -> None:
    issues = [i.phrase for i in played(name).scenario.issues.values() if i.table == TABLE]
    checked = 0
    for run in range(14):
        before = ""
        for told in middle(story(name, run)):
            deed = re.search(r"(Beijing|Ottawa) ((?:cut|ended|trimmed|put) .+)", told)
            if deed and not re.search("alarmed|restored|to buy off", told):
                for phrase in issues:
                    if re.search(rf"(cut|ended|trimmed) {phrase}", told):
                        assert f"{phrase} from" in before, told
                        checked += 1
                for what in re.findall(r"put (.+?) into effect", told):
                    for one in re.split(r", and ", what):
                        assert one in before, told
                        checked += 1
            if "would give" in told:
                before += told
    assert checked >= 4


def test_what_alarms_is_told_with_the_time_since_when_it_stands() -> None:
    checked = 0
    for name in ("as it is", "hostile", "hot"):
        for run in runs_with(name, "threatened", TABLE)[:12]:
            own, in_force = record(name, run), record(name, run).in_force
            for beat in beats(name, run):
                if beat.kind != kinds.THREAT or not re.search("alarmed that", beat.clause):
                    continue
                threat = next(
                    t for t in own.threats if (t.week, t.table) == (beat.week, beat.table)
                )
                level = float(in_force[threat.issue][beat.week - 1])
                had = own.voice.deed(Move(threat.issue, 0.0, level))
                if f" had {had}" in beat.clause:
                    week = beat.week
                    while in_force[threat.issue][week - 1] >= level - LEVEL_TOLERANCE:
                        week -= 1
                    when = part_of_month(date_of(week, played(name).scenario.start))
                    assert (f" in {when}" in beat.clause) == (beat.week - week > 2)
                    checked += 1
    assert checked >= 5


def test_a_deal_for_less_than_was_offered_says_so_and_only_then() -> None:
    said = silent = 0
    for name in ("as it is", "at zero"):
        scenario = played(name).scenario
        for run in range(20):
            own = record(name, run)
            for current in own.rounds[TABLE]:
                deal = [b for b in beats(name, run) if (b.week, b.table) == (current.ended, TABLE)]
                text = " ".join(b.told() for b in deal if b.kind == kinds.DEAL)
                if current.ending != "agreed":
                    continue
                for side, who in (("canada", "Ottawa"), ("china", "Beijing")):
                    names = [
                        n
                        for n, i in scenario.issues.items()
                        if (i.table, i.conceder) == (TABLE, side)
                    ]
                    once = max(
                        max(
                            (
                                levels[n]
                                for levels in current.offers.get(side, {}).values()
                                if n in levels
                            ),
                            default=0.0,
                        )
                        - own.agreed_in_talks(n, current.ended)
                        for n in names
                    )
                    more = re.search(
                        rf"(?:{who} had offered more in|oth had offered more: .*?{who}, in)", text
                    )
                    if more:
                        assert once > LEVEL_TOLERANCE
                        said += 1
                    else:
                        silent += once <= LEVEL_TOLERANCE
    assert said >= 2
    assert silent >= 10


def test_an_offer_withdrawn_before_the_deal_is_named_with_its_month() -> None:
    checked = 0
    for name in ("as it is", "at zero"):
        for run in range(20):
            for beat in beats(name, run):
                told = re.search(
                    r"(Ottawa|Beijing) had offered more in (.+?): (.+?)\.", beat.told()
                )
                if told and beat.table == TABLE:
                    side = "canada" if told[1] == "Ottawa" else "china"
                    weeks = [
                        e.week
                        for e in record(name, run).of_kind("offered", "offer lowered")
                        if e.actor == side and e.week <= beat.week
                    ]
                    scenario = played(name).scenario
                    assert told[2] in {part_of_month(date_of(w, scenario.start)) for w in weeks}
                    given = re.findall(
                        rf"{told[1]} would give ([^;.]+(?:\.\d[^;.]*)*)", beat.told()
                    )
                    assert told[3] not in given[0]
                    checked += 1
    assert checked > 0


def test_what_was_conceded_under_threat_is_said_to_be_when_it_comes_into_force() -> None:
    checked = 0
    for name in LEVERS:
        for run in runs_with(name, "conceded")[:12]:
            events = list(record(name, run).of_kind("conceded"))
            for beat in beats(name, run):
                if ", as it had promised to buy off " in beat.clause:
                    assert any(e.where == beat.table and e.week < beat.week for e in events)
                    assert beat.after is None
                    checked += 1
    assert checked > 0


def test_an_answer_to_a_broken_promise_follows_on_the_breach() -> None:
    checked = 0
    for name in ("hot", "hostile", "at zero"):
        for run in runs_with(name, "rolled back")[:6]:
            for beat in beats(name, run):
                if "answered the broken promise" in beat.clause and beat.after is not None:
                    assert "went back on" in beat.after.told()
                    assert beat.after.week <= beat.week
                    checked += 1
                if "restored what it had taken back" in beat.clause and beat.after is not None:
                    assert beat.after.kind == kinds.BREACH
    assert checked > 0


# -- how it is put ------------------------------------------------------------------------


def test_a_cut_of_less_than_a_tenth_is_called_a_token_one() -> None:
    voice = record("as it is", 0).voice
    names = [n for n, i in played("as it is").scenario.issues.items() if i.duty is not None]
    tokens = 0
    for name in names:
        for level in (0.06, 0.1, 0.2, 0.3, 0.5, 0.9):
            before, after = voice.rate(name, 0.0), voice.rate(name, level)
            move = Move(name, 0.0, level)
            if voice.is_cut(move) and per_cent(before) != per_cent(after) and after > 0.05:
                assert ("a token cut" in voice.step(move)) == (after > 0.9 * before)
                assert ("trimmed" in voice.deed(move)) == (after > 0.9 * before)
                tokens += after > 0.9 * before
    assert tokens > 0


def test_a_cut_too_small_to_show_is_told_without_a_rate() -> None:
    voice, checked = record("as it is", 0).voice, 0
    for name, issue in played("as it is").scenario.issues.items():
        for level in (0.051, 0.06, 0.1):
            move = Move(name, 0.0, level)
            if voice.is_cut(move):
                same = per_cent(voice.rate(name, 0.0)) == per_cent(voice.rate(name, level))
                assert (voice.deed(move) == f"shaved a sliver off {issue.phrase}") == same
                assert (voice.step(move) == f"a sliver off {issue.phrase}") == same
                checked += same
    assert checked > 0


def test_a_headline_over_a_cut_too_small_to_show_names_no_rate() -> None:
    result = many()
    trims = [
        int(row.run)
        for row in result.outcomes.itertuples()
        if not row.has_relief and 0.0 < row.relief_at_end < 0.004
    ]
    heads = [paragraphs(result.story(run))[0] for run in trims[:8]]
    for run, head in zip(trims, heads, strict=False):
        told = re.search(r"trims (.+?) to ([\d.]+) per cent, less", head)
        if told:
            issues = result.scenario.issues
            name = next(n for n, i in issues.items() if i.phrase == told[1])
            rates = result.trajectories["rate"].sel(run=run, issue=name).values
            assert per_cent(float(rates[0])) != told[2]
    assert any("shaves a sliver off" in head for head in heads)


def test_stories_have_no_odd_tenses_and_count_no_matters() -> None:
    for name in LEVERS:
        for run in range(12):
            told = story(name, run)
            assert "it means what it threatens" not in told
            assert not re.search(r"talks? on [^.]*other matters?", told)


def test_leverage_is_explained_where_it_is_told() -> None:
    for run in range(12):
        told = story("as it is", run)
        assert ("of the leverage, where 50 is even." in told) == ("the weaker hand" in told)
