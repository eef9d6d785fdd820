"""Numbers, dates and lists as prose has them."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence

from negotiate_abm.dates import date_of, day, part_of_month
from negotiate_abm.scenario.schema import Country, Flow, Issue

_NUMBERS = (
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)

# A gap longer than this is told by its month, not by counting weeks.
_WEEKS_WORTH_COUNTING = 4


def counted(number: int, thing: str) -> str:
    """Return so many things in words: one week, twelve weeks, 13 weeks."""
    word = _NUMBERS[number] if 0 <= number < len(_NUMBERS) else str(number)
    return f"{word} {thing}{'' if number == 1 else 's'}"


def per_cent(value: float) -> str:
    """Return a number of per cent, to a whole one where it is not small."""
    digits = 0 if abs(value) >= 5.0 or abs(value - round(value)) < 0.05 else 1
    return f"{value:.{digits}f}"


def money(billions: float) -> str:
    """Return a yearly sum given in C$ billion."""
    millions = 1000.0 * billions
    if abs(millions) < 0.5:
        return "next to nothing"
    if abs(millions) < 995.0:
        digits = 0 if abs(millions) >= 10.0 else 1
        return f"C${millions:.{digits}f} million a year"
    return f"C${billions:.1f} billion a year"


def listed(things: Sequence[str]) -> str:
    """Return things in a row: a, b and c; told apart by more than commas where they hold some."""
    if len(things) < 2:
        return "".join(things)
    if any("," in thing for thing in things[:-1]):
        return "; ".join(things[:-1]) + "; and " + things[-1]
    simple = not any("," in thing or " and " in thing for thing in things)
    return ", ".join(things[:-1]) + (" and " if simple else ", and ") + things[-1]


def government(country: Country) -> str:
    """Return a government as a story names it: by its capital, where that is known."""
    return country.capital or country.title


def phrase_of(entry: Issue | Flow) -> str:
    """Return an issue, or the goods of a flow, as a sentence names it."""
    return entry.phrase or in_sentence(entry.title)


def in_sentence(title: str) -> str:
    """Return a title as it stands within a sentence, its first letter small.

    A word with a capital further on (an acronym) stays as it is.
    """
    first = title.split(" ", 1)[0]
    return title if first[1:] != first[1:].lower() else title[:1].lower() + title[1:]


def sentence(*clauses: str) -> str:
    """Return clauses as a sentence, with a capital and a full stop."""
    text = ", ".join(clause for clause in clauses if clause)
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '?', '!')) else '.'}"


def paragraph(sentences: Iterable[str]) -> str:
    """Return sentences as one paragraph."""
    return " ".join(text for text in sentences if text)


def later(weeks: int) -> str:
    """Return how much later in words: a week later, three weeks later."""
    return "a week later" if weeks == 1 else f"{counted(weeks, 'week')} later"


def opener(week: int, before: int | None, start: datetime.date) -> str:
    """Return the words that date a sentence, seen from the week last spoken of.

    Empty where that is the same week.
    """
    date = date_of(week, start)
    if before is None:
        return f"in the week of {day(date)}"
    gap = week - before
    if gap == 0:
        return ""
    if gap == 1 and week % 2:  # for variety, and the same in every telling
        return "the week after"
    if gap <= _WEEKS_WORTH_COUNTING:
        return later(gap)
    return "in " + part_of_month(date, year=date.year != date_of(before, start).year)
