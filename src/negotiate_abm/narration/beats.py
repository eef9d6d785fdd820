"""A beat: something that happened, as dated sentences that stand alone."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from negotiate_abm.narration.words import sentence

# What a beat may tell of. Those of the first line begin a new paragraph of a story.
OPENING, THREAT, STRIKE = "opening", "threat", "strike"
ANSWER, TALKS, DEAL, FAILURE, EVENT = "answer", "talks", "deal", "failure", "event"
MEASURE, BREACH, DELIVERY = "measure", "breach", "delivery"


@dataclass(frozen=True)
class Beat:
    """Something that happened: its week, table, how much it matters, and the words for it.

    Parameters
    ----------
    week : int
    table : str
    kind : str
        One of this module's constants.
    weight : float
        What moved by it, C$ billion a year; for what is no concession, of that order. Zero
        where another beat says it too.
    clause : str
        The first clause, as it follows a date.
    more : tuple of str
        Sentences that follow, of the same week.
    date : datetime.date, optional
        Its day, where that is known.
    after : Beat, optional
        What it follows from, without which it is not told.
    closes : bool
        Whether what it follows from is not told without it either.
    alone : str
        A clause that can be told without what it follows from, empty for none.
    """

    week: int
    table: str
    kind: str
    weight: float
    clause: str
    more: tuple[str, ...] = ()
    date: datetime.date | None = None
    after: Beat | None = None
    closes: bool = False
    alone: str = ""

    def told(self, opening: str = "") -> str:
        """Return it as one or more sentences, dated by an opening such as 'a week later'."""
        return " ".join((sentence(opening, self.clause), *self.more))

    @property
    def words(self) -> int:
        """How many words it takes, undated."""
        return len(self.told().split())
