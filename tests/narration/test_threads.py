"""Nothing is told without what it follows from, and nothing is left out that would mislead."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from negotiate_abm.dates import date_of, part_of_month
from negotiate_abm.narration import beats as kinds
from negotiate_abm.narration.beats import Beat
from negotiate_abm.narration.choice import weightiest
from negotiate_abm.narration.chronicle import Chronicle
from negotiate_abm.narration.story import story as tell
from negotiate_abm.narration.voice import Voice
from negotiate_abm.narration.words import money, per_cent
from tests.narration.reading import (
    LEVERS,
    TABLE,
    chronicle_of,
    many,
    middle,
    paragraphs,
    played,
    record,
    runs_with,
    start,
    story,
)

US, WATCH = "united_states", f"united_states over {TABLE}"
MADE, DROPPED = "made good its threat", "let its threat"
ANSWERS = {"defied": "stood its ground", "bought off": "bought it off", "complied": "it"}
OUTCOMES = {"punished": MADE, "backed down": DROPPED, "let off": "let Ottawa off"}


def few_with(kind: str, table: str, most: int) -> list[int]:
    events = many().events
    found = events[(events["kind"] == kind) & (events["where"] == table)]["run"]
    return [int(run) for run in sorted(set(found))][:most]


def started(
    *happenings: tuple[int, str, str, str, str, float], level: float = 0.0
) -> tuple[Chronicle, str]:
    """Return how a quiet run is told in which these are the only threats and measures."""
    result = played("as it is")
    events = result.events
    told = {"threatened", "punished", "backed down", "complied", "defied", "bought off"}
    run = min(set(events["run"]) - set(events[events["kind"].isin(told)]["run"]))
    own = events[events["run"] == run]
    extra = own.head(len(happenings)).copy()
    for at, column in enumerate(("week", "kind", "actor", "target", "issue", "amount")):
        extra[column] = [row[at] for row in happenings]
    extra["where"] = TABLE
    log = pd.concat([own, extra]).sort_values("week", kind="stable")
    trajectories = result.trajectories.sel(run=run).copy(deep=True)
    trajectories["punishment"][:] = level
    model = start("as it is", run)
    row = result.outcomes.set_index("run", drop=False).loc[run].to_dict()
    chronicle = Chronicle(Voice(model), trajectories, log)
    return chronicle, tell(model, trajectories, log, row)


# -- threats ------------------------------------------------------------------------------


def test_three_threats_are_told_before_the_third_is_carried_out() -> None:
    framework = "framework_agri_energy"
    _, text = started(
        (17, "threatened", US, "canada", framework, 0.9),
        (17, "defied", "canada", US, "", 0.0),
        (25, "backed down", US, "canada", "", 0.9),
        (27, "threatened", US, "canada", framework, 0.9),
        (27, "complied", "canada", US, "", 10.0),
        (39, "threatened", US, "canada", framework, 0.9),
        (39, "defied", "canada", US, "", 0.0),
        (47, "punished", US, "canada", framework, 0.9),
    )
    words = ("threatened an added", DROPPED, "heeded it", "stood its ground. In late Nov", MADE)
    places = [text.index(found) for found in words]
    assert places == sorted(places)
    assert text.count("threatened Ottawa again") == 2


@pytest.mark.parametrize("name", LEVERS)
def test_what_came_of_a_threat_is_told_after_it_and_its_answer(name: str) -> None:
    checked = 0
    for run in [*range(12), *runs_with(name, "punished", TABLE)[:6]]:
        told = " ".join(middle(story(name, run)))
        threats = [t for t in record(name, run).threats if t.table == TABLE]
        struck = [i for i, t in enumerate(threats) if t.outcome == "punished"]
        at = 0
        for threat in threats[: max(struck, default=-1) + 1]:
            made = re.search(r"Washington, [^.]*?,.*? threatened ", told[at:])
            assert made is not None
            at = told.index(ANSWERS[threat.answer], at + made.end())
            if threat.outcome:
                at = told.index(OUTCOMES[threat.outcome], at)
            checked += 1
    assert checked > 0 or name == "arranged"


def test_elsewhere_a_threat_carried_out_is_named_in_the_same_sentence_or_told_before() -> None:
    named = 0
    for run in few_with("punished", "canada_us", 12):
        aside = [p for p in paragraphs(many().story(run)) if p.startswith("Elsewhere,")]
        for told in re.findall(r"[^.]*made good its threat[^.]*", " ".join(aside)):
            threat = next(
                t
                for t in chronicle_of(many(), run).record.threats
                if t.table == "canada_us" and t.outcome == "punished"
            )
            when = part_of_month(date_of(threat.week, many().scenario.start))
            assert f"its threat of {when}" in told
            assert ", which Ottawa had" in told
            named += 1
    assert named >= 4


def test_a_beat_brings_what_it_follows_from_and_what_closes_it() -> None:
    threat = Beat(1, "t", kinds.THREAT, 1.0, "one threatened")
    strike = Beat(3, "t", kinds.STRIKE, 9.0, "one struck", after=threat, closes=True)
    eased = Beat(5, "t", kinds.MEASURE, 2.0, "one eased", after=strike, closes=True)
    found = [threat, strike, eased]
    assert weightiest(found, 6) == found
    assert weightiest(found, 5) == []
    assert weightiest(found, 0, always=[strike]) == found
    threat = Beat(1, "t", kinds.THREAT, 1.0, "one threatened another over something")
    told = Beat(3, "t", kinds.STRIKE, 9.0, "one struck", after=threat, alone="one did it")
    assert [b.clause for b in weightiest([threat, told], 4)] == ["one did it"]
    assert weightiest([threat, told], 7) == [threat, told]


# -- punishments reviewed -----------------------------------------------------------------


@pytest.mark.parametrize("kind", ["eased", "tightened"])
def test_a_punishment_eased_or_raised_is_told_with_what_is_left(kind: str) -> None:
    checked = 0
    for run in few_with(kind, TABLE, 6):
        chronicle = chronicle_of(many(), run)
        rate = 100 * chronicle.record.voice.added_rate(US, TABLE)
        level = many().trajectories["punishment"].sel(run=run, watch=WATCH).values
        loss = many().trajectories["punishment_loss"].sel(run=run).values
        text = " ".join(middle(many().story(run)))
        for event in chronicle.record.of_kind(kind):
            if event.where != TABLE:
                continue
            was, now = (per_cent(rate * float(level[event.week - at])) for at in (1, 0))
            verb = "eased" if kind == "eased" else "raised"
            words = f"{verb} its added tariff from {was} to {now} per cent"
            here = [b for b in chronicle.beats() if b.week == event.week and verb in b.clause]
            if any(" by steps from " in b.clause for b in here):
                words = f" to {now} per cent"
            if level[event.week - 1] == 0.0:
                words = f"put its added tariff back on, at {now} per cent"
            told = [b for b in chronicle.beats() if b.week == event.week and words in b.clause]
            assert len(told) == 1
            assert words in text or told[0].weight == 0.0
            cost = re.search(r"cost exporters (.+)$", told[0].clause)
            if cost:
                assert cost[1] == money(float(loss[event.week]))
            checked += 1
    assert checked > 0


def test_a_punishment_put_back_on_is_told_as_that() -> None:
    chronicle, _ = started(
        (20, "threatened", US, "canada", "", 0.9),
        (20, "defied", "canada", US, "", 0.0),
        (22, "punished", US, "canada", "", 0.9),
        (26, "lifted", US, "canada", "", 0.0),
        (30, "tightened", US, "canada", "", 0.996),
    )
    told = {beat.week: beat for beat in chronicle.beats() if beat.kind == kinds.MEASURE}
    assert "lifted its punishment of Ottawa" in told[26].clause
    assert "put its added tariff back on, at 10 per cent, which now cost" in told[30].clause


def test_a_punishment_eased_by_a_sliver_is_told_without_two_equal_rates() -> None:
    chronicle, _ = started((30, "eased", US, "canada", "", 0.995), level=1.0)
    told = next(b.clause for b in chronicle.beats() if "eased" in b.clause)
    assert "eased its added tariff a little, to 10 per cent, which still cost" in told


def test_several_steps_in_a_row_are_told_as_one_way_in_a_story() -> None:
    steps = [
        (at, "eased", US, "canada", "", share) for at, share in ((26, 0.8), (30, 0.6), (34, 0.4))
    ]
    chronicle, text = started(
        (20, "threatened", US, "canada", "", 0.9),
        (20, "defied", "canada", US, "", 0.0),
        (22, "punished", US, "canada", "", 0.9),
        *steps,
        level=1.0,
    )
    told = {b.week: b for b in chronicle.beats() if "eased" in b.clause}
    assert [told[week].weight > 0.0 for week, *_ in steps] == [False, False, True]
    assert "eased its added tariff from 10 to 8 per cent" in told[26].clause
    assert text.count("eased its added tariff") == 1
    assert "Washington eased its added tariff by steps from 10 to 4 per cent, which still" in text
