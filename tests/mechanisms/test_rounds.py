"""Rounds: how long they last, and when the last turn comes."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from negotiate_abm.mechanisms import rounds
from negotiate_abm.mechanisms.numerics import IntArray

lawful = settings(max_examples=60, deadline=None)


def length(draw: float, shortest: float, longest: float) -> int:
    weeks = rounds.length(np.array([draw]), np.array([shortest]), np.array([longest]))
    assert weeks.dtype == np.int64
    return int(weeks[0])


def weeks_of(*numbers: int) -> IntArray:
    return np.array(numbers, dtype=np.int64)


@lawful
@given(st.floats(0.0, 1.0, exclude_max=True), st.integers(2, 30), st.integers(0, 30))
def test_a_round_lasts_between_its_bounds(draw: float, shortest: int, spread: int) -> None:
    assert shortest <= length(draw, shortest, shortest + spread) <= shortest + spread


@lawful
@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0), st.integers(2, 30), st.integers(0, 30))
def test_a_higher_draw_is_no_shorter_a_round(
    one: float, other: float, shortest: int, spread: int
) -> None:
    lower, higher = sorted((one, other))
    longest = shortest + spread
    assert length(lower, shortest, longest) <= length(higher, shortest, longest)


def test_every_length_between_the_bounds_happens() -> None:
    draws = np.linspace(0.0, 1.0, 1000, endpoint=False)
    found = rounds.length(draws, np.array([4.0]), np.array([9.0]))
    assert np.unique(found).tolist() == [4, 5, 6, 7, 8, 9]
    assert found.mean() == pytest.approx(6.5, abs=0.05)


@lawful
@given(st.floats(2.0, 30.0), st.floats(0.0, 30.0))
def test_every_whole_week_between_the_bounds_is_as_likely(shortest: float, spread: float) -> None:
    longest = shortest + spread
    whole = np.arange(np.ceil(shortest), np.floor(longest) + 1.0)
    assume(whole.size > 0)
    draws = (np.arange(100 * whole.size) + 0.5) / (100 * whole.size)
    found = rounds.length(draws, np.array([shortest]), np.array([longest]))
    weeks, times = np.unique(found, return_counts=True)
    assert weeks.tolist() == whole.tolist()
    assert times.tolist() == [100] * whole.size


@lawful
@given(st.floats(0.0, 1.0, exclude_max=True), st.integers(2, 30), st.floats(0.1, 0.4))
def test_bounds_without_a_whole_week_between_them_give_the_shorter_rounded_up(
    draw: float, week: int, part: float
) -> None:
    assert length(draw, week + part, week + 2 * part) == week + 1


def test_a_round_has_time_for_an_offer_and_an_answer() -> None:
    assert length(0.0, 0.0, 5.0) == rounds.SHORTEST_ROUND_WEEKS == 2
    assert length(0.9, 1.0, 1.0) == 2


@lawful
@given(st.integers(2, 60))
def test_the_clock_starts_at_zero_and_strikes_one_on_the_last_turn_and_not_before(
    weeks: int,
) -> None:
    elapsed = np.arange(weeks + 3)
    clock = rounds.clock(elapsed, np.full(weeks + 3, weeks))
    last = rounds.is_last_turn(elapsed, np.full(weeks + 3, weeks))
    assert clock[0] == 0.0
    assert (np.diff(clock[:weeks]) > 0.0).all()
    assert (clock <= 1.0).all()
    assert (clock == 1.0).tolist() == last.tolist()
    assert np.flatnonzero(last)[0] == weeks - 1


def test_half_the_turns_are_half_the_time() -> None:
    assert rounds.clock(weeks_of(1, 5), weeks_of(3, 11)).tolist() == [0.5, 0.5]


def test_a_round_of_a_single_turn_is_at_its_last_at_once() -> None:
    assert rounds.is_last_turn(weeks_of(0), weeks_of(1)).tolist() == [True]
    assert rounds.clock(weeks_of(0, 1), weeks_of(1, 1)).tolist() == [1.0, 1.0]
