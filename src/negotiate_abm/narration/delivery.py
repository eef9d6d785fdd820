"""Delivery in words: what came into force, was held back, or was undone."""

from __future__ import annotations

from collections.abc import Iterator

from negotiate_abm.mechanisms.preferences import LEVEL_TOLERANCE
from negotiate_abm.narration import beats
from negotiate_abm.narration.beats import Beat
from negotiate_abm.narration.happenings import Event, by_week_and_actor
from negotiate_abm.narration.record import Record
from negotiate_abm.narration.voice import Move
from negotiate_abm.narration.words import counted, listed, per_cent, sentence

# A promise that took longer than this to keep is told as late.
_WEEKS_LATE = 12

# How many things that came into force or were withdrawn at once are named.
_MOST = 2


class Delivery:
    """Tells what became of promises.

    Parameters
    ----------
    record : Record
    """

    def __init__(self, record: Record) -> None:
        self._record = record
        self._voice = record.voice

    def beats(self) -> Iterator[Beat]:
        """Yield deliveries, suspensions and duties laid on again."""
        for event in self._record.of_kind("reimposed"):
            yield self._reimposed(event)
        yield from self._held_back()
        for group in by_week_and_actor(self._record.events, "in force"):
            yield from self._delivered(group)

    # -- given ----------------------------------------------------------------------------

    def _delivered(self, group: list[Event]) -> Iterator[Beat]:
        week, table, who = group[0].week, group[0].where, self._voice.who(group[0].actor)
        moves = [
            Move(e.issue, float(self._record.in_force[e.issue][week - 1]), e.amount)
            for e in group
            if not self._voice.is_talk(e.issue, e.amount)
        ]
        moves.sort(key=lambda m: -self._voice.worth(m.issue, m.after))
        back = [m for m in moves if self._was_given(m, week)]
        fresh = [m for m in moves if not self._was_given(m, week)]
        if back:
            text = f"{who} restored what it had taken back: {self._voice.steps(back, _MOST)}"
            yield Beat(week, table, beats.DELIVERY, 0.5 + self._record.worth_of(back), text)
        if fresh:
            waited = week - self._agreed_since(fresh[0], week)
            late = len(fresh) == 1 and waited > _WEEKS_LATE
            text = f"{who} {self._voice.deliveries(fresh[:_MOST])}"
            text += f", {counted(waited, 'week')} after it was agreed" if late else ""
            cuts = any(self._voice.is_duty(m.issue) for m in fresh)
            worth = self._record.worth_of(fresh)
            weight = 0.8 + worth if cuts else 0.3 + 0.5 * worth
            yield Beat(week, table, beats.DELIVERY, weight, text)

    def _was_given(self, move: Move, week: int) -> bool:
        """Return whether as much had been in force before a week."""
        most = float(self._record.in_force[move.issue][:week].max())
        return most >= move.after - LEVEL_TOLERANCE

    def _agreed_since(self, move: Move, week: int) -> int:
        """Return the week since which a move's end had been agreed without a break."""
        agreed = self._record.agreed[move.issue]
        while week > 0 and agreed[week - 1] >= move.after - LEVEL_TOLERANCE:
            week -= 1
        return week

    # -- held back and undone -------------------------------------------------------------

    def _held_back(self) -> Iterator[Beat]:
        """Yield suspensions with what was withdrawn by them, and other withdrawals."""
        suspended = {(e.week, e.where, e.actor): e for e in self._record.of_kind("suspended")}
        withdrawn = {
            (group[0].week, group[0].where, group[0].actor): self._undone(group)
            for group in by_week_and_actor(self._record.events, "withdrawn")
        }
        for key in sorted(suspended.keys() | withdrawn.keys()):
            yield from self._withheld(key, suspended.get(key), withdrawn.get(key, []))

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
            why, weight = self._reason(event)
            text = f"{who} {why}: it suspended {per_cent(100 * event.amount)} per cent of what it "
            text += f"had promised {self._voice.who(event.target)}"
            yield Beat(week, table, beats.BREACH, weight + worth, text, self._gone(moves))

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

    def _reason(self, event: Event) -> tuple[str, float]:
        """Return what a suspension answers, and how much it matters."""
        other = [
            e
            for e in self._record.of_kind("rolled back", "reimposed", "suspended")
            if e.where == event.where and e.actor == event.target and e.week <= event.week
        ]
        if other and other[-1].kind == "suspended":
            return "answered in kind", 0.9
        return "answered the broken promise", 2.5

    def _reimposed(self, event: Event) -> Beat:
        before, after = self._record.in_force[event.issue][event.week - 1 : event.week + 1]
        rise = self._voice.rise(Move(event.issue, float(before), float(after)))
        text = f"{self._voice.who(event.actor)} went back on its word: {rise}"
        return Beat(event.week, event.where, beats.BREACH, 6.0, text)
