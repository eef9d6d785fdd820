"""Measures in words: a punishment eased, raised or lifted, and what it was answered with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from negotiate_abm.narration import beats
from negotiate_abm.narration.beats import Beat
from negotiate_abm.narration.happenings import Event, Threat
from negotiate_abm.narration.record import Record
from negotiate_abm.narration.words import money


class Measures:
    """Tells what became of punishments.

    Parameters
    ----------
    record : Record
    struck : sequence of (Threat, Beat)
        The threats that were carried out, each with how that is told, in order.
    """

    def __init__(self, record: Record, struck: Sequence[tuple[Threat, Beat]]) -> None:
        self._record = record
        self._voice = record.voice
        self._struck = struck

    def beats(self) -> Iterator[Beat]:
        """Yield what was done about punishments at the reviews, in order."""
        answered = {(t.week, t.table, t.watcher) for t in self._record.threats}
        countered: set[tuple[str, str]] = set()
        for e in self._record.of_kind("countered", "eased", "tightened", "lifted", "gave way"):
            if e.kind == "countered":
                again = (e.target, e.where) in countered
                countered.add((e.target, e.where))
                yield self._counter(e, again)
            elif e.kind == "lifted":
                who = self._voice.who(e.actor)
                text = f"{who} lifted its punishment of {self._voice.who(e.target)}"
                yield self._of_the_watcher(e, 5.0, text)
            elif e.kind in ("eased", "tightened"):
                yield self._changed(e)
            elif (e.week, e.where, e.target) not in answered:
                yield self._gave_way(e)

    def _strike(self, watcher: str, table: str, week: int) -> tuple[Threat | None, Beat | None]:
        """Return the threat last carried out by a week, and how that is told."""
        for threat, told in reversed(self._struck):
            if (threat.watcher, threat.table) == (watcher, table) and threat.due <= week:
                return threat, told
        return None, None

    def _of_the_watcher(self, event: Event, weight: float, text: str) -> Beat:
        _, strike = self._strike(event.actor, event.where, event.week)
        return Beat(event.week, event.where, beats.MEASURE, weight, text, after=strike, closes=True)

    def _changed(self, event: Event) -> Beat:
        """Return how a tariff was eased or raised, and what it cost from then on.

        Of several steps in a row the last tells the whole way; a story has no need of the others.
        """
        changes = self._changes(event.actor, event.where)
        at = changes.index(event)
        first = at
        while first > 0 and changes[first - 1].kind == event.kind:
            first -= 1
        more = at + 1 < len(changes)
        if more and changes[at + 1].kind == event.kind:
            return replace(self._of_the_watcher(event, 0.0, self._step(event, event)), closes=False)
        text = self._step(event, changes[first])
        if not more:
            still = "still" if event.kind == "eased" else "now"
            text += f", which {still} cost exporters {self._cost(event)}"
        return self._of_the_watcher(event, 6.0, text)

    def _changes(self, watcher: str, table: str) -> list[Event]:
        """Return the changes to a watcher's punishment, in order."""
        found = self._record.of_kind("eased", "tightened", "lifted")
        return [e for e in found if (e.actor, e.where) == (watcher, table)]

    def _step(self, event: Event, first: Event) -> str:
        """Return a change as a clause: from before the first of some steps to after this one."""
        watcher, table = event.actor, event.where
        share = float(self._record.watched("punishment", watcher, table)[first.week - 1])
        was, now = (self._voice.punished_at(watcher, table, at) for at in (share, event.amount))
        who = self._voice.who(watcher)
        if share == 0.0:
            return f"{who} put its added tariff back on, at {now} per cent"
        by_steps = "" if event is first else " by steps"
        verb = "eased" if event.kind == "eased" else "raised"
        way = f"from {was} to {now} per cent" if was != now else f"a little, to {now} per cent"
        return f"{who} {verb} its added tariff{by_steps} {way}"

    def _cost(self, event: Event) -> str:
        """Return what a punishment cost exporters from a change on."""
        watcher, table = event.actor, event.where
        threat, _ = self._strike(watcher, table, event.week)
        wide = threat is not None and self._record.crosses(watcher, threat.struck_over, threat.due)
        return money(self._voice.cost_of(watcher, table, wide, event.amount))

    def _gave_way(self, event: Event) -> Beat:
        back = self._record.taken_back(event.where, event.actor, event.week)
        given = f" and went back on {self._voice.steps(back, 2)}" if back else ""
        who, watcher = self._voice.who(event.actor), self._voice.who(event.target)
        text = f"{who} gave way under {watcher}'s punishment{given}"
        _, strike = self._strike(event.target, event.where, event.week)
        return Beat(event.week, event.where, beats.MEASURE, 4.0, text, after=strike)

    def _counter(self, event: Event, again: bool) -> Beat:
        stood = self._record.watched("counter", event.target, event.where)[event.week - 1]
        who, tariff = (
            self._voice.who(event.actor),
            self._voice.counter(event.target, event.where, event.amount),
        )
        if stood > 0.0:
            text = f"{who} raised its answer to {tariff}"
        else:
            text = f"{who} hit back{' again' if again else ''} with {tariff}"
        _, strike = self._strike(event.target, event.where, event.week)
        weight = 2.0 if again else 5.0
        return Beat(event.week, event.where, beats.MEASURE, weight, text, after=strike)
