"""Weeks and dates: a scenario counts weeks from its start, week 1 beginning on that day."""

from __future__ import annotations

import datetime
import math

DAYS_A_WEEK = 7

# Whatever the language of the machine.
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def week_of(date: datetime.date, start: datetime.date) -> int:
    """Return the week in which a day falls."""
    return math.floor((date - start).days / DAYS_A_WEEK) + 1


def date_of(week: int, start: datetime.date) -> datetime.date:
    """Return the day a week begins; week 1 begins on the start."""
    return start + datetime.timedelta(weeks=max(week, 1) - 1)


def day(date: datetime.date) -> str:
    """Return a date as any reader reads it: 13 January 2026."""
    return f"{date.day} {MONTHS[date.month - 1]} {date.year}"


def part_of_month(date: datetime.date, year: bool = False) -> str:
    """Return a date in rough: early May, mid-May, late May, with the year if asked."""
    part = "early " if date.day <= 10 else "mid-" if date.day <= 20 else "late "
    return part + MONTHS[date.month - 1] + (f" {date.year}" if year else "")
