"""Delivery in words: what came into force, was held back, or was undone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from negotiate_abm.mechanisms.preferences import LEVEL_TOLERANCE
from negotiate_abm.narration import beats
from negotiate_abm.narration.beats import Beat
from negotiate_abm.narration.happenings import Event, by_week_and_actor
from negotiate_abm.narration.record import Record, held_since
from negotiate_abm.narration.voice import Move
from negotiate_abm.narration.words import counted, listed, per_cent, sentence

# A promise that took longer than this to keep is told as late.
_WEEKS_LATE = 12

# How it is told that a side broke a promise under threat or punishment.
_BROKE = "went back on"

# How many things that came into force or were withdrawn at once are named.
_MOST = 2


class Delivery:
    """Tells what became of promises.

    Parameters
    ----------
    record : Record
    told : sequence of Beat
        Talks and threats, as they are told.
    """

    def __init__(self, record: Record, told: Sequence[Beat]) -> None:
        self._record = record
        self._voice = record.voice
        self._deals = {(beat.table, beat.week): beat for beat in told if beat.kind == beats.DEAL}
        kinds = (beats.THREAT, beats.MEASURE)
        self._breaches = {
            (b.table, b.week): b for b in told if b.kind in kinds and _BROKE in b.told()
        }

    def beats(self) -> Iterator[Beat]:
        """Yield deliveries, suspensions and duties laid on again."""
        for event in self._record.of_kind("reimposed"):
            yield self._reimposed(event)
        withheld = list(self._held_back())
        yield from (beat for _, beat in withheld)
        for group in by_week_and_actor(self._record.events, "in force"):
            yield from self._delivered(group, withheld)

    # -- given ----------------------------------------------------------------------------

    def _delivered(
        self, group: list[Event], withheld: Sequence[tuple[str, Beat]]
    ) -> Iterator[Beat]:
        week, table, who = group[0].week, group[0].where, self._voice.who(group[0].actor)
        moves = [
            Move(e.issue, float(self._record.in_force[e.issue][week - 1]), e.amount)
            for e in group
            if not self._voice.is_talk(e.issue, e.amount)
        ]
        moves.sort(key=lambda m: -self._voice.worth(m.issue, m.after))
        back = [m for m in moves if self._was_given(m, week)]
        fresh = [m for m in moves if not self._was_given(m, week) and self._was_named(m, week)]
        if back:
            text = f"{who} restored what it had taken back: {self._voice.steps(back, _MOST)}"
            weight, actor = 0.5 + self._record.worth_of(back), group[0].actor
            gone = [b for who, b in withheld if (who, b.table) == (actor, table) and b.week < week]
            yield Beat(week, table, beats.DELIVERY, weight, text, after=gone[-1] if gone else None)
        while fresh:
            since = self._agreed_since(fresh[0], week)
            together = [m for m in fresh if self._agreed_since(m, week) == since]
            fresh = [m for m in fresh if m not in together]
            yield self._first_given(together, week, since)

    def _first_given(self, fresh: list[Move], week: int, since: int) -> Beat:
        """Return how things agreed in one week came into force in another."""
        issue = self._record.scenario.issues[fresh[0].issue]
        text = f"{self._voice.who(issue.conceder)} {self._voice.deliveries(fresh[:_MOST])}"
        if self._under_threat(fresh[0], since):
            text += f", as it had promised to buy off {self._voice.who(issue.beneficiary)}'s threat"
        elif len(fresh) == 1 and week - since > _WEEKS_LATE:
            text += f", {counted(week - since, 'week')} after it was agreed"
        worth = self._record.worth_of(fresh)
        cuts = any(self._voice.is_duty(m.issue) for m in fresh)
        weight = 0.8 + worth if cuts else 0.3 + 0.5 * worth
        deal = self._deals.get((issue.table, since))
        return Beat(week, issue.table, beats.DELIVERY, weight, text, after=deal)

    def _under_threat(self, move: Move, week: int) -> bool:
        """Return whether a move was conceded in a week to buy a threat off."""
        conceded = self._record.of_kind("conceded")
        return any(e.issue == move.issue and e.week == week for e in conceded)

    def _was_named(self, move: Move, week: int) -> bool:
        """Return whether what comes into force was named where its deal is told."""
        since = self._agreed_since(move, week)
        table = self._record.scenario.issues[move.issue].table
        if (table, since) not in self._deals:
            return True
        who = self._record.scenario.issues[move.issue].conceder
        agreed = self._record.agreed_on(table, since).get(who, [])
        named = self._voice.named(agreed, self._record.named_in_deal(table))
        return move.issue in {m.issue for m in named}

    def _was_given(self, move: Move, week: int) -> bool:
        """Return whether as much had been in force before a week."""
        most = float(self._record.in_force[move.issue][:week].max())
        return most >= move.after - LEVEL_TOLERANCE

    def _agreed_since(self, move: Move, week: int) -> int:
        """Return the week since which a move's end had been agreed without a break."""
        return held_since(self._record.agreed[move.issue], week, move.after)

    # -- held back and undone -------------------------------------------------------------

    def _held_back(self) -> Iterator[tuple[str, Beat]]:
        """Yield suspensions with what was withdrawn by them, other withdrawals, and by whom."""
        suspended = {(e.week, e.where, e.actor): e for e in self._record.of_kind("suspended")}
        withdrawn = {
            (group[0].week, group[0].where, group[0].actor): self._undone(group)
            for group in by_week_and_actor(self._record.events, "withdrawn")
        }
        for key in sorted(suspended.keys() | withdrawn.keys()):
            for beat in self._withheld(key, suspended.get(key), withdrawn.get(key, [])):
                yield key[2], beat

    def _withheld(
        self, key: tuple[int, str, str], event: Event | None, moves: list[Move]
    ) -> Iterator[Beat]:
        week, table, actor = key
        who = self._voice.who(actor)
        worth = self._record.worth_of(moves)
        if event is None:
            text = f"{who} held back on what it had promised"
            yield Beat(week, table, beats.BREACH, 0.5 + worth, text, self._gone(moves))
        elif moves or self._has_promised(event):
            why, weight, broke = self._reason(event)
            text = f"{who} {why}: it suspended {per_cent(100 * event.amount)} per cent of what it "
            text += f"had promised {self._voice.who(event.target)}"
            gone = self._gone(moves)
            yield Beat(week, table, beats.BREACH, weight + worth, text, gone, after=broke)

    def _gone(self, moves: list[Move]) -> tuple[str, ...]:
        """Return sentences on what is not in force any more: duties that rose, and the rest."""
        cuts = [m for m in moves if self._voice.is_cut(Move(m.issue, m.after, m.before))]
        cuts.sort(key=lambda m: -self._voice.worth(m.issue, m.before))
        rises = [self._voice.rise(m) for m in cuts[:_MOST]]
        other = [m for m in moves if m not in cuts]
        told = [sentence(listed(rises))] if rises else []
        if other:
            told.append(sentence(f"with that went {self._voice.steps(other, _MOST)}"))
        return tuple(told)

    def _undone(self, group: list[Event]) -> list[Move]:
        return [
            Move(e.issue, float(self._record.in_force[e.issue][e.week - 1]), e.amount)
            for e in group
        ]

    def _has_promised(self, event: Event) -> bool:
        return any(
            float(self._record.agreed[name][event.week]) > LEVEL_TOLERANCE
            for name, issue in self._record.scenario.issues.items()
            if issue.table == event.where and issue.conceder == event.actor
        )

    def _reason(self, event: Event) -> tuple[str, float, Beat | None]:
        """Return what a suspension answers, how much it matters, and how that is told."""
        other = [
            e
            for e in self._record.of_kind("rolled back", "reimposed", "suspended")
            if e.where == event.where and e.actor == event.target and e.week <= event.week
        ]
        if other and other[-1].kind == "suspended":
            return "answered in kind", 0.9, None
        broke = self._breaches.get((event.where, other[-1].week)) if other else None
        return "answered the broken promise", 2.5, broke

    def _reimposed(self, event: Event) -> Beat:
        before, after = self._record.in_force[event.issue][event.week - 1 : event.week + 1]
        rise = self._voice.rise(Move(event.issue, float(before), float(after)))
        text = f"{self._voice.who(event.actor)} went back on its word: {rise}"
        return Beat(event.week, event.where, beats.BREACH, 6.0, text)
