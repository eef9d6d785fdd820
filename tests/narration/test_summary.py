"""The summary's numbers are those of the outcomes."""

from __future__ import annotations

import re

import numpy as np
import pytest

import negotiate_abm
from negotiate_abm.narration.words import money
from negotiate_abm.result import Result
from tests.narration.reading import CASE, LEVERS, named_world, played


def hundred(share: float) -> str:
    return f"{100 * share:.0f}" if share >= 0.01 or share == 0.0 else "under 1"


@pytest.mark.parametrize("name", LEVERS)
def test_what_exporters_regain_and_the_test(name: str) -> None:
    result = played(name)
    text, outcomes = result.summary(), result.outcomes
    relief = outcomes["relief_at_end"]
    low, high = np.quantile(relief, [0.05, 0.95])
    assert f"have back {money(relief.mean())} on average" in text
    assert f"between {money(low)} and {money(high)}" in text
    passed = hundred(outcomes["relief_without_punishment"].mean())
    assert re.search(rf"is passed in {passed} \(\d+ to \d+\) per cent of runs", text)
    hit = outcomes["punishment_loss_at_end"]
    costs = f"it costs them {money(hit[hit > 0].mean())}" if hit.any() else None
    assert ("Where a punishment is in force" in text) == (costs is not None)
    assert costs is None or costs in text
    assert ("other buyers make good" in text.lower()) == bool(outcomes["made_good_at_end"].any())


@pytest.mark.parametrize("name", LEVERS)
def test_how_the_watcher_took_it(name: str) -> None:
    text, outcomes = played(name).summary(), played(name).outcomes
    share = {k: hundred(outcomes[f"united_states.{k}"].mean()) for k in ("threatened", "punished")}
    assert f"threatens Ottawa in {share['threatened']} (" in text
    assert f"punishes it in {share['punished']} (" in text
    heeds, buys = (
        hundred(outcomes[f"united_states.{k}"].mean()) for k in ("complied", "bought_off")
    )
    assert f"Ottawa heeds it in {heeds} and buys it off in {buys}." in text


@pytest.mark.parametrize("name", LEVERS)
def test_how_often_each_rung_was_reached(name: str) -> None:
    result = played(name)
    lines = {line for line in result.summary().split("\n") if line.startswith("- ")}
    assert len(lines) == len(result.scenario.issues)
    for key, issue in result.scenario.issues.items():
        line = next(line for line in lines if line.startswith(f"- {issue.title}:"))
        shares = [result.outcomes[f"{key}.{rung}.week"].notna().mean() for rung in issue.ladder]
        told = re.findall(r" (\d+)(?=[,;.])", line)
        assert told == [f"{100 * share:.0f}" for share in shares if share >= 0.02]


def test_rounds_are_counted() -> None:
    text, outcomes = played("as it is").summary(), played("as it is").outcomes
    deals, failed = (outcomes[f"canada_china.{k}"].mean() for k in ("agreements", "failed_rounds"))
    assert f"Canada and China: {deals:.1f} deals a run, {failed:.1f} rounds that ended" in text


def test_it_says_what_was_played_and_changed() -> None:
    result = negotiate_abm.run(
        CASE, runs=2, weeks=3, seed=9, levers={"hostility_of_washington": [0.2, 0.8]}
    )
    text = result.summary()
    assert "two runs of three weeks from 12 January 2026, seed 9." in text
    assert "0.2 to 0.8 by run" in text
    assert "Changed from the case" not in played("as it is").summary()


def test_a_world_without_duties_has_no_balance() -> None:
    result = negotiate_abm.run("split-the-pie", runs=4, seed=1)
    text = result.summary()
    level = result.outcomes["pie.agreed"].mean()
    assert f"Buyer's share of the pie: {100 * level:.0f} per cent of the way on average." in text
    assert "political test" not in text


def test_a_random_world_has_a_summary() -> None:
    result: Result = negotiate_abm.run(named_world(5), runs=3, weeks=10, seed=1)
    assert not re.search(r"nan|None|  |\.\.", result.summary())
