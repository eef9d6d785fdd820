"""Rounds of talks in words: how they opened, what was offered, how they ended."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from negotiate_abm.dates import date_of, part_of_month
from negotiate_abm.mechanisms.preferences import LEVEL_TOLERANCE
from negotiate_abm.narration import beats
from negotiate_abm.narration.beats import Beat
from negotiate_abm.narration.happenings import Event, Round
from negotiate_abm.narration.record import Record
from negotiate_abm.narration.voice import Move
from negotiate_abm.narration.words import counted, in_sentence, sentence

# Leverage this near a half is even.
_EVEN = 0.05

# A round that took this share of all it could last was up against time, if it is not short.
_LATE, _SHORT_WEEKS = 0.8, 4

# An offer was worth notably more than a deal by more than this share of it.
_NOTABLE = 0.1

_AGAIN = {"failed": "tried again", "agreed": "came back to the table"}


class Rounds:
    """Tells the rounds at one table.

    Parameters
    ----------
    record : Record
    table : str
    """

    def __init__(self, record: Record, table: str) -> None:
        self._record = record
        self._voice = record.voice
        self._table = table
        self._entry = record.scenario.tables[table]
        self._guest, self._host = (self._voice.who(c) for c in self._parties)

    @property
    def _parties(self) -> tuple[str, str]:
        return self._entry.guest, self._entry.host

    def beats(self) -> Iterator[Beat]:
        """Yield what happened in the rounds at the table, round by round."""
        before: Round | None = None
        for current in self._record.rounds[self._table]:
            yield from self._opening(current, before)
            if current.ended:
                yield self._ending(current)
            before = current
        yield from self._talks()
        yield from self._events()
        for event in self._first_of_each_spell("not signed"):
            who, other = self._voice.who(event.actor), self._voice.who(event.target)
            text = f"{who} would not sign a deal with {other} that its provinces might break"
            yield Beat(event.week, self._table, beats.FAILURE, 0.5, text)

    # -- how a round begins ---------------------------------------------------------------

    def _opening(self, current: Round, before: Round | None) -> Iterator[Beat]:
        clause = f"{self._guest} and {self._host} {self._met(current, before)}"
        date = None
        if current.occasion:
            words, date = self._occasion(current.occasion)
            clause = f"{words}, and {clause}"
        more, answers = [], []
        if before is None:
            more = [self._trust(current.opened), self._leverage(current.opened)]
        verb, weight = "opened with", 0.5
        for week, country in self._first_offers(current):
            moves = self._record.above_agreed(current.first_offer(country)[1], week)
            if not moves:
                continue
            bid = f"{self._voice.who(country)} {verb} {self._voice.steps(moves, 2)}"
            verb, worth = "answered with", self._record.worth_of(moves)
            if week == current.opened:
                more.append(sentence(bid))
                weight += worth
            else:
                answers.append(Beat(week, self._table, beats.ANSWER, 0.4 + worth, bid))
        told = tuple(text for text in more if text)
        opening = Beat(current.opened, self._table, beats.OPENING, weight, clause, told, date)
        yield opening
        for answer in answers:
            yield replace(answer, after=opening)

    def _met(self, current: Round, before: Round | None) -> str:
        """Return how the parties met: anew, again, or as they had been doing."""
        if before is not None:
            return _AGAIN.get(before.ending, "met again")
        begun = self._begun(current)
        if begun:
            return f"were {counted(begun, 'week')} into their talks"
        return "sat down to talk"

    def _begun(self, current: Round) -> int:
        """Return how many weeks of a round lie before the first week of the run."""
        if current.opened > 1:
            return 0
        return int(self._voice.model.tables[self._table].begun_before[0])

    def _first_offers(self, current: Round) -> list[tuple[int, str]]:
        weeks = [(current.first_offer(country)[0], country) for country in self._parties]
        return sorted(found for found in weeks if found[0])

    def _occasion(self, title: str) -> tuple[str, datetime.date]:
        """Return a clause for a dated event, and its date."""
        event = next(e for e in self._entry.events.values() if e.title == title)
        return event.phrase or f"the day of '{in_sentence(event.title)}' came", event.date

    def _trust(self, week: int) -> str:
        if "trust" in self._record.scenario.without:
            return ""
        one, other = self._parties
        there = [
            self._record.series("trust", country=a, counterpart=b)
            for a, b in ((one, other), (other, one))
        ]
        own, theirs = (100 * float(values[week - 1]) for values in there)
        return sentence(
            f"{self._guest} trusted {self._host} to keep {own:.0f} promises in 100, and "
            f"{self._host} trusted {self._guest} to keep {theirs:.0f}"
        )

    def _leverage(self, week: int) -> str:
        if "leverage" in self._record.scenario.without:
            return ""
        held = self._record.series("leverage", table=self._table, country=self._entry.guest)
        share = float(held[week])
        if np.isnan(share) or abs(share - 0.5) < _EVEN:
            return ""
        weak = self._guest if share < 0.5 else self._host
        return sentence(
            f"{weak} had the weaker hand: having no deal would cost a larger share of its income, "
            f"which left it {100 * min(share, 1 - share):.0f} per cent of the leverage, where 50 "
            f"is even"
        )

    # -- how a round ends -----------------------------------------------------------------

    def _ending(self, current: Round) -> Beat:
        if current.ending == "agreed":
            return self._agreement(current)
        if current.ending == "broken at home":
            who = self._record.scenario.countries[current.by].title
            clause = (
                f"{self._guest} and {self._host} shook hands on a deal, but {who}'s provinces "
                f"would not carry it, and it fell"
            )
            return Beat(current.ended, self._table, beats.FAILURE, 3.0, clause)
        weeks = counted(self._lasted(current), "week")
        why = (
            ", though a deal that suited both had been there to be made"
            if current.had_a_zone
            else "; when they began, no deal would have suited both"
        )
        clause = f"the talks between {self._guest} and {self._host} {self._stopped(current)} after "
        clause += f"{weeks} without a deal{why}"
        return Beat(
            current.ended, self._table, beats.FAILURE, 1.0, clause, self._last_bids(current)
        )

    def _stopped(self, current: Round) -> str:
        cut_short = any(
            e.ends_round and event.actor == e.title and event.week == current.ended
            for event in self._record.of_kind("event")
            for e in self._entry.events.values()
        )
        return "were cut short" if cut_short else "ran out"

    def _lasted(self, current: Round) -> int:
        return current.ended - current.opened + 1 + self._begun(current)

    def _last_bids(self, current: Round) -> tuple[str, ...]:
        bids, moved = [], False
        for country in self._parties:
            standing = self._record.above_agreed(current.last_offer(country), current.ended)
            if not standing:
                continue
            bid = self._voice.steps(standing, 2)
            week, first = current.first_offer(country)
            stood = bid == self._voice.steps(self._record.above_agreed(first, week), 2)
            moved = moved or not stood
            who = self._voice.who(country)
            bids.append(f"{who} had not moved" if stood else f"{who} had last offered {bid}")
        if len(bids) == 2 and not moved:
            return ("Neither had moved from its first offer.",)
        return (sentence("; ".join(bids)),) if moved else ()

    def _agreement(self, current: Round) -> Beat:
        gives = self._record.agreed_on(self._table, current.ended)
        other = self._entry.host if current.by == self._entry.guest else self._entry.guest
        clause = f"{self._voice.who(other)} took {self._voice.who(current.by)}'s offer"
        clause += self._pressed_for_time(current)
        most = self._record.named_in_deal(self._table)
        terms = [
            f"{self._voice.who(side)} would give {self._voice.steps(moves, most)}"
            for side, moves in gives.items()
        ]
        weight = 4.5 + sum(self._record.worth_of(moves) for moves in gives.values())
        told = (sentence("; ".join(terms)), *self._withdrawn(current)) if terms else ()
        return Beat(current.ended, self._table, beats.DEAL, weight, clause, told)

    def _withdrawn(self, current: Round) -> Iterator[str]:
        """Yield a sentence on what sides had offered in the round and did not give."""
        had = []
        for side in self._parties:
            best = self._best_offer(current, side)
            if best is not None:
                week, move = best
                when = part_of_month(date_of(week, self._record.scenario.start))
                had.append((self._voice.who(side), when, self._voice.step(move)))
        if len(had) == 1:
            who, when, what = had[0]
            yield sentence(f"{who} had offered more in {when}: {what}")
        elif had:
            told = [f"{who}, in {when}, {what}" for who, when, what in had]
            yield sentence(f"both had offered more: {'; '.join(told)}")

    def _best_offer(self, current: Round, side: str) -> tuple[int, Move] | None:
        """Return what a side had offered beyond the deal that was worth most, and when.

        None unless some offer of the round was worth notably more than the deal, and in
        nothing less.
        """
        offers = current.offers.get(side, {})
        names = [
            name
            for name, issue in self._record.scenario.issues.items()
            if issue.table == self._table and issue.conceder == side
        ]
        start = {name: float(self._record.agreed[name][current.opened - 1]) for name in names}
        deal = {name: self._record.agreed_in_talks(name, current.ended) for name in names}
        found: list[tuple[float, int, Move]] = []
        standing, since = dict(start), dict.fromkeys(names, current.opened)
        for week, levels in sorted(offers.items()):
            standing |= levels
            since |= dict.fromkeys(levels, week)
            if all(standing[n] >= deal[n] - LEVEL_TOLERANCE for n in names):
                more = [Move(n, start[n], standing[n]) for n in names if standing[n] > deal[n]]
                gap = {m: self._gap(m, deal[m.issue]) for m in more if not self._is_talk(m)}
                if sum(gap.values()) > _NOTABLE * self._worth(standing):
                    best = max(gap, key=lambda m: (gap[m], m.issue))
                    found.append((sum(gap.values()), since[best.issue], best))
        return max(found, key=lambda one: one[:2])[1:] if found else None

    def _is_talk(self, move: Move) -> bool:
        return self._voice.is_talk(move.issue, move.after)

    def _gap(self, move: Move, level: float) -> float:
        return self._voice.worth(move.issue, move.after) - self._voice.worth(move.issue, level)

    def _worth(self, levels: dict[str, float]) -> float:
        return sum(self._voice.worth(name, level) for name, level in levels.items())

    def _pressed_for_time(self, current: Round) -> str:
        lasted = self._lasted(current)
        if lasted == 1:
            return " at once"
        if current.weeks <= _SHORT_WEEKS or lasted < _LATE * current.weeks:
            return ""
        return ", with time all but run out" if lasted < current.weeks else " at the last turn"

    # -- beside the rounds ----------------------------------------------------------------

    def _talks(self) -> Iterator[Beat]:
        """Yield what officials settled without a package."""
        for event in self._record.of_kind("talks agreed"):
            if event.where != self._table:
                continue
            given = self._record.agreed_on(self._table, event.week)
            moves: list[Move] = [m for ms in given.values() for m in ms]
            text = f"officials of {self._guest} and {self._host} settled on "
            text += self._voice.steps(moves)
            weight = 0.3 + self._record.worth_of(moves)
            yield Beat(event.week, self._table, beats.TALKS, weight, text)

    def _events(self) -> Iterator[Beat]:
        """Yield dated events that opened no round."""
        opened = {(r.opened, r.occasion) for r in self._record.rounds[self._table]}
        for event in self._record.of_kind("event"):
            if event.where == self._table and (event.week, event.actor) not in opened:
                words, date = self._occasion(event.actor)
                yield Beat(event.week, self._table, beats.EVENT, 0.7, words, date=date)

    def _first_of_each_spell(self, kind: str) -> Iterator[Event]:
        """Yield events of a kind, but those of weeks that follow on one another once."""
        last = -2
        for event in self._record.of_kind(kind):
            if event.where == self._table:
                if event.week > last + 2:
                    yield event
                last = event.week
