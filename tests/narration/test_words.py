"""Numbers, dates and lists are written as prose has them."""

from __future__ import annotations

import datetime
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from negotiate_abm.dates import MONTHS, date_of, day, part_of_month
from negotiate_abm.narration.words import (
    counted,
    in_sentence,
    later,
    listed,
    money,
    opener,
    paragraph,
    per_cent,
    sentence,
)

START = datetime.date(2026, 1, 12)
DATES = st.dates(datetime.date(2020, 1, 1), datetime.date(2040, 12, 31))
THINGS = st.lists(st.sampled_from(["tea", "bread and butter", "eggs", "ham"]), max_size=5)


@given(st.integers(0, 10_000))
def test_one_thing_is_singular_and_any_other_number_plural(number: int) -> None:
    assert counted(number, "week").endswith("week") == (number == 1)


def test_small_numbers_are_words_and_large_ones_figures() -> None:
    assert [counted(n, "run") for n in (0, 1, 12, 13)] == [
        "no runs",
        "one run",
        "twelve runs",
        "13 runs",
    ]


@given(st.floats(0.0, 500.0))
def test_a_per_cent_is_off_by_half_a_unit_at_most(value: float) -> None:
    told = per_cent(value)
    assert abs(float(told) - value) <= (0.5 if value >= 5.0 else 0.051) + 1e-9
    assert "." not in told or value < 5.0


@given(st.floats(0.0006, 3000.0))
def test_a_sum_is_told_to_within_five_per_cent(billions: float) -> None:
    told = money(billions)
    number = float(re.sub(r"[^\d.]", "", told.replace("C$", "")))
    scale = 1.0 if "billion" in told else 0.001
    assert number * scale == pytest.approx(billions, rel=0.09)


@given(st.floats(-0.00049, 0.00049))
def test_next_to_nothing_is_called_that(billions: float) -> None:
    assert money(billions) == "next to nothing"


@given(THINGS)
def test_a_list_names_everything_in_order_and_joins_with_one_last_and(things: list[str]) -> None:
    told = listed(things)
    place = 0
    for thing in things:
        place = told.index(thing, place) + len(thing)
    assert ("," in told) == (
        len(things) > 2 or (any(" and " in t for t in things) and len(things) > 1)
    )
    assert (told == "") == (not things)


def test_things_with_commas_are_told_apart() -> None:
    assert listed(["a, b", "c"]) == "a, b; and c"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed(["a and b", "c"]) == "a and b, and c"


def test_a_title_within_a_sentence_keeps_an_acronym() -> None:
    assert in_sentence("CUSMA review") == "CUSMA review"
    assert in_sentence("Duty on seed") == "duty on seed"


@given(st.lists(st.sampled_from(["he came", "", "she went", "why?"]), min_size=1, max_size=4))
def test_a_sentence_has_a_capital_and_one_stop(clauses: list[str]) -> None:
    told = sentence(*clauses)
    assert told[-1] in ".?!"
    assert not told.endswith(("..", "?."))
    assert not any(clauses) or told[0].isupper()


def test_a_paragraph_leaves_out_what_is_empty() -> None:
    assert paragraph(["One.", "", "Two."]) == "One. Two."


@given(DATES, st.integers(1, 600))
def test_weeks_begin_seven_days_apart(start: datetime.date, week: int) -> None:
    assert date_of(1, start) == start == date_of(0, start)
    assert date_of(week + 1, start) - date_of(week, start) == datetime.timedelta(7)


@given(DATES)
def test_a_day_and_its_part_of_the_month_name_the_month(date: datetime.date) -> None:
    assert day(date) == f"{date.day} {MONTHS[date.month - 1]} {date.year}"
    told = part_of_month(date, year=True)
    assert told.endswith(f"{MONTHS[date.month - 1]} {date.year}")
    assert told.startswith("early") == (date.day <= 10)
    assert told.startswith("late") == (date.day > 20)
    assert part_of_month(date) in told


@given(st.integers(1, 50), st.integers(0, 30))
def test_an_opener_says_how_long_after_or_in_which_month(before: int, gap: int) -> None:
    told = opener(before + gap, before, START)
    if gap == 0:
        assert told == ""
    elif gap == 1:
        assert told in ("the week after", "a week later")
    elif gap <= 4:
        assert told == later(gap)
    else:
        date = date_of(before + gap, START)
        assert told.startswith(f"in {part_of_month(date)}")
        assert (str(date.year) in told) == (date.year != date_of(before, START).year)


def test_the_first_opener_gives_the_date() -> None:
    assert opener(3, None, START) == "in the week of 26 January 2026"
