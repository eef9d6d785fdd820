"""The typical run is the least surprising, the unusual ones are odd as told."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import negotiate_abm
from negotiate_abm.narration.oddities import in_sentence_of_table, in_words
from negotiate_abm.narration.surprise import (
    Oddity,
    numbers_of,
    runs_as_far_out,
    surprise,
    typical_run,
    unusual_runs,
)
from tests.narration.reading import named_world, played

COLUMNS = ("relief_at_end", "duty.agreed", "table.agreements", "duty.cut.week")


@st.composite
def outcomes(draw: st.DrawFn) -> pd.DataFrame:
    """Return small tables of outcomes, with ties and weeks that never came."""
    runs = draw(st.integers(1, 12))
    table = {"run": np.arange(runs) + draw(st.integers(0, 5))}
    for name in COLUMNS:
        whole = st.integers(0, 6).map(float)
        value = st.one_of(whole, st.just(np.nan)) if name.endswith(".week") else whole
        table[name] = np.array(draw(st.lists(value, min_size=runs, max_size=runs)))
    return pd.DataFrame(table)


@given(outcomes())
def test_the_typical_run_has_the_least_surprise(table: pd.DataFrame) -> None:
    bits = surprise(table)
    assert (bits >= 0.0).all()
    assert bits[list(table["run"]).index(typical_run(table))] == bits.min()


def test_the_typical_run_does_as_most_runs_do_though_another_lies_closer_otherwise():
    relief = [0.0, 1.0, 2.0, 3.0, 4.0]
    threatened = [False, False, True, False, False]
    table = pd.DataFrame(
        {"run": range(5), "relief_at_end": relief, "watcher.threatened": threatened}
    )
    others = pd.DataFrame({f"other_{i}": relief for i in range(9)})
    table = table.join(others)
    assert surprise(table).argmin() == 2
    assert typical_run(table) == 1


@given(outcomes(), st.sampled_from(COLUMNS), st.sampled_from([0.125, 0.5, 2.0, 1024.0]))
def test_it_does_not_change_with_the_unit_of_an_outcome(
    table: pd.DataFrame, name: str, factor: float
) -> None:
    scaled = table.assign(**{name: table[name] * factor})
    assert typical_run(scaled) == typical_run(table)
    assert np.array_equal(surprise(scaled), surprise(table))


@given(outcomes(), st.permutations(COLUMNS))
def test_nor_with_the_order_of_the_columns(table: pd.DataFrame, order: list[str]) -> None:
    assert typical_run(table[["run", *order]]) == typical_run(table)


@given(outcomes(), st.sampled_from(COLUMNS[:3]))
def test_nor_when_up_is_down(table: pd.DataFrame, name: str) -> None:
    assert surprise(table.assign(**{name: -table[name]})) == pytest.approx(surprise(table))


@given(st.lists(st.integers(0, 5).map(float), min_size=1, max_size=15))
def test_as_far_out_counts_the_runs_beyond(values: list[float]) -> None:
    array = np.array(values)
    middle = np.median(array)
    for value, count in zip(array, runs_as_far_out(array), strict=True):
        beyond = (array >= value) if value > middle else (array <= value)
        inner = np.sort(array)[[(array.size - 1) // 2, array.size // 2]]
        between = inner[0] <= value <= inner[1]
        assert count == (array.size if between else beyond.sum())


@given(outcomes(), st.integers(1, 4))
def test_unusual_runs_differ_and_their_counts_are_right(table: pd.DataFrame, most: int) -> None:
    found = unusual_runs(table, most)
    assert len(found) <= most
    numbers = numbers_of(table)
    rarest = [why[0].outcome.partition(".")[0] for _, why in found]
    assert len(set(rarest)) == len(rarest)
    for run, why in found:
        place = list(table["run"]).index(run)
        assert [odd.runs for odd in why] == sorted(odd.runs for odd in why)
        for odd in why:
            column = numbers[odd.outcome].to_numpy()
            assert odd.value == column[place]
            assert odd.median == np.median(column) or np.isinf(odd.median)
            above = odd.value > odd.median
            assert odd.runs == ((column >= odd.value) if above else (column <= odd.value)).sum()


def test_what_is_odd_in_the_january_case_is_counted_right() -> None:
    result = played("as it is", 200)
    found = result.unusual_runs(5)
    assert len({why[0] for _, why in found}) == len(found) == 5
    for run, why in found:
        row = result.outcomes.set_index("run").loc[run]
        for text in why:
            assert re.search(r", in \d+ of 200 runs$", text)
            told = re.match(r"relief at the end: (.+) a year \(median", text)
            if told:
                rarer = (result.outcomes["relief_at_end"] >= row["relief_at_end"]).sum()
                assert f"in {rarer} of 200" in text


def test_the_typical_run_is_told_of_the_focal_table_alone() -> None:
    result = played("as it is")
    aside = [c for c in result.outcomes.columns if c.startswith(("canada_us", "us_china"))]
    assert aside
    changed = result.outcomes.assign(**dict.fromkeys(aside, 0))
    again = type(result)(result.trajectories, changed, result.events, result.manifest)
    assert again.typical_run() == result.typical_run()


def test_every_outcome_can_be_said() -> None:
    for result in (played("as it is"), played("arranged")):
        numbers = numbers_of(result.outcomes)
        for name in numbers.columns:
            for value in (float(numbers[name].min()), float(numbers[name].max())):
                if value == float(numbers[name].median()):
                    continue
                odd = Oddity(name, value, float(numbers[name].median()), 3)
                text = in_words(odd, result.scenario, 60)
                assert text.endswith(", in 3 of 60 runs")
                assert not re.search(r"_|nan|None|\binf\b|  ", text)
    assert in_sentence_of_table("The pie") == "the pie"
    assert in_sentence_of_table("Canada and China") == "Canada and China"


def test_a_rung_usually_reached_is_said_to_be_missed() -> None:
    scenario = named_world(3)
    issue, entry = next((n, i) for n, i in scenario.issues.items() if len(i.ladder) > 1)
    name = f"{issue}.{next(iter(entry.ladder))}.week"
    assert "never agreed (median week 4)" in in_words(Oddity(name, np.inf, 4.0, 2), scenario, 9)
    assert "(mostly never)" in in_words(Oddity(name, 4.0, np.inf, 2), scenario, 9)


def test_what_is_odd_about_a_run_is_told_of_one_thing_once():
    result = negotiate_abm.run(runs=300, seed=2)
    odd = unusual_runs(result.outcomes, 5)
    assert len(odd) == 5
    for _, why in odd:
        relief = [o for o in why if "relief" in o.outcome]
        struck = [o for o in why if "punish" in o.outcome and "relief" not in o.outcome]
        assert len(relief) <= 1
        assert len(struck) <= 1
