"""One run's log, read back: which rounds there were, and what came of which threat."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

_ENDS = {"agreed": "agreed", "round failed": "failed", "broken at home": "broken at home"}


@dataclass(frozen=True)
class Event:
    """A row of the log."""

    week: int
    kind: str
    actor: str
    target: str
    where: str
    issue: str
    amount: float


def events_of(log: pd.DataFrame) -> list[Event]:
    """Return one run's rows of a log, in order."""
    columns = ("week", "kind", "actor", "target", "where", "issue", "amount")
    return [Event(*row) for row in zip(*(log[name].tolist() for name in columns), strict=True)]


@dataclass
class Round:
    """A round of talks: when it opened, what each side offered, how it ended.

    Parameters
    ----------
    opened, weeks : int
        Its first week, and how many it was to last at most.
    occasion : str
        The dated event that opened it, empty for none.
    offers : dict of str to dict of int to dict of str to float
        By country and week, the levels of the issues whose offer moved.
    ended : int
        Its last week; 0 while it goes on.
    ending : str
        'agreed', 'failed', 'broken at home', or empty.
    by : str
        Whose offer was taken, or who failed at home.
    had_a_zone : bool
        If it failed: whether a deal that suited both had been there.
    """

    table: str
    opened: int
    weeks: int
    occasion: str = ""
    offers: dict[str, dict[int, dict[str, float]]] = field(default_factory=dict)
    ended: int = 0
    ending: str = ""
    by: str = ""
    had_a_zone: bool = False

    def first_offer(self, country: str) -> tuple[int, dict[str, float]]:
        """Return the week of a country's first offer and the levels in it; 0 for none."""
        weeks = self.offers.get(country, {})
        return min(weeks.items(), default=(0, {}))

    def last_offer(self, country: str) -> dict[str, float]:
        """Return the levels a country last had on offer."""
        standing: dict[str, float] = {}
        for _, levels in sorted(self.offers.get(country, {}).items()):
            standing |= levels
        return standing


def rounds_of(events: Iterable[Event], table: str, openers: Collection[str]) -> list[Round]:
    """Return the rounds held at a table, in order; `openers` are events that open one."""
    found: list[Round] = []
    occasion: dict[int, str] = {}
    for event in events:
        if event.where != table:
            continue
        if event.kind == "event" and event.actor in openers:
            occasion[event.week] = event.actor
        elif event.kind == "round opened":
            began = occasion.get(event.week, "")
            found.append(Round(table, event.week, round(event.amount), began))
        elif found and not found[-1].ended:
            _continue(found[-1], event)
    return found


def _continue(current: Round, event: Event) -> None:
    if event.kind in ("offered", "offer lowered"):
        week = current.offers.setdefault(event.actor, {}).setdefault(event.week, {})
        week[event.issue] = event.amount
    elif event.kind in _ENDS:
        current.ended, current.ending, current.by = event.week, _ENDS[event.kind], event.actor
        current.had_a_zone = event.kind == "round failed" and event.amount > 0.0


@dataclass
class Threat:
    """A threat: over what, how it was answered, and what came of it.

    Parameters
    ----------
    week : int
    watcher, threatened, table : str
    issue : str
        What alarmed most, empty where it was no concession.
    exposure : float
        In the watcher's tolerances.
    answer : str
        'complied', 'bought off' or 'defied'.
    frozen_weeks : int
        If complied: for how long nothing more is given there.
    took_back : bool
        Whether complying took something back.
    due : int
        Week it was carried out, dropped or let rest; 0 if it lapsed or still hangs.
    outcome : str
        'punished', 'backed down', 'let off', or empty.
    struck_over : str
        If punished: what alarmed most by then, empty where it was no concession.
    """

    week: int
    watcher: str
    threatened: str
    table: str
    issue: str
    exposure: float
    answer: str = ""
    frozen_weeks: int = 0
    took_back: bool = False
    due: int = 0
    outcome: str = ""
    struck_over: str = ""


def threats_of(events: Iterable[Event]) -> list[Threat]:
    """Return the threats of a run, in order."""
    found: list[Threat] = []
    for event in events:
        if event.kind == "threatened":
            about = (event.actor, event.target, event.where, event.issue, event.amount)
            found.append(Threat(event.week, *about))
            continue
        for threat in reversed(found):
            if _concerns(threat, event):
                _note(threat, event)
                break
    return found


def _concerns(threat: Threat, event: Event) -> bool:
    sides = {threat.watcher, threat.threatened}
    if threat.table != event.where or sides != {event.actor, event.target}:
        return False
    if event.kind in ("complied", "bought off", "defied", "rolled back"):
        return event.week == threat.week
    return event.kind in ("punished", "backed down", "let off") and not threat.outcome


def _note(threat: Threat, event: Event) -> None:
    if event.kind == "rolled back":
        threat.took_back = True
    elif event.kind in ("complied", "bought off", "defied"):
        threat.answer = event.kind
        threat.frozen_weeks = round(event.amount) if event.kind == "complied" else 0
    else:
        threat.outcome, threat.due = event.kind, event.week
        threat.struck_over = event.issue if event.kind == "punished" else ""


def by_week_and_actor(events: Iterable[Event], kind: str) -> Iterator[list[Event]]:
    """Yield the events of a kind in groups of one week, table and actor, in order."""
    groups: dict[tuple[int, str, str], list[Event]] = {}
    for event in events:
        if event.kind == kind:
            groups.setdefault((event.week, event.where, event.actor), []).append(event)
    yield from groups.values()
