"""How a scenario's people and things are named in a sentence, with one run's numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from negotiate_abm.mechanisms.preferences import LEVEL_TOLERANCE
from negotiate_abm.model import NegotiationModel
from negotiate_abm.narration.words import government, in_sentence, listed, per_cent, phrase_of
from negotiate_abm.scenario.schema import Scenario
from negotiate_abm.scenario.stakes import Ladder, rates
from negotiate_abm.tables import Table
from negotiate_abm.watches import Watch

# A duty below this, in per cent, is as good as gone.
GONE = 0.05

# A cut of less than this share of a duty is a token one.
_TOKEN = 0.1

_TOWARDS = "steps towards "
_MORE, _MORE_BESIDES = "more", "more besides"
_TALKS = ("talks on ", "talk on ")


@dataclass(frozen=True)
class Move:
    """An issue that goes from one level to another."""

    issue: str
    before: float
    after: float


@dataclass(frozen=True)
class Voice:
    """Words for what is in a scenario, and the numbers that one run drew.

    Parameters
    ----------
    model : NegotiationModel
        Of that run alone, at its start.
    """

    model: NegotiationModel

    @property
    def scenario(self) -> Scenario:
        """The scenario played."""
        return self.model.case

    def who(self, country: str) -> str:
        """Return a government as a story names it: by its capital, where that is known."""
        return government(self.scenario.countries[country])

    def issue(self, name: str) -> str:
        """Return an issue as a sentence names it."""
        return phrase_of(self.scenario.issues[name])

    def table_of(self, issue: str) -> tuple[Table, int]:
        """Return the table an issue is on, at the start, and its place there."""
        return self.model.place_of(issue)

    def worth(self, issue: str, level: float) -> float:
        """Return what an issue at a level is worth to its beneficiary, C$ billion a year."""
        table, place = self.table_of(issue)
        return self._summed(table, place, level, table.benefit)

    def rate(self, issue: str, level: float) -> float:
        """Return a duty at a level, in per cent."""
        table, place = self.table_of(issue)
        restored = np.array([self._summed(table, place, level, table.restores)])
        return float(100.0 * rates(self.scenario, issue, self.model.parameters, restored)[0])

    def _summed(self, table: Table, place: int, level: float, values: np.ndarray) -> float:
        levels = np.zeros((1, len(table.issues)))
        levels[0, place] = level
        return float(table.worth_of(levels, values)[0, place])

    def is_talk(self, issue: str, level: float) -> bool:
        """Return whether a level is talk and no more."""
        table, place = self.table_of(issue)
        return level <= float(table.top_talk[0, place]) + LEVEL_TOLERANCE

    def is_duty(self, issue: str) -> bool:
        """Return whether an issue is a duty that a level above talk would cut."""
        return self.scenario.issues[issue].duty is not None

    # -- steps along a ladder -----------------------------------------------------------

    def step(self, move: Move) -> str:
        """Return what a move amounts to, as a noun: talks, a cut by so much, a named rung."""
        high = max(move.before, move.after)
        if self.is_duty(move.issue) and not self.is_talk(move.issue, high):
            return self._cut(move)
        rungs, stated = self._rungs(move.issue), self.scenario.issues[move.issue].ladder
        levels = rungs.levels[0]
        at = int(np.searchsorted(levels, high - LEVEL_TOLERANCE))
        name = rungs.names[min(at, len(rungs.names) - 1)]
        if len(rungs.names) == 1:
            return f"{self._share(high)} of {self.issue(move.issue)}"
        rung = stated[name].phrase or f"{in_sentence(stated[name].title)} on " + self.issue(
            move.issue
        )
        return rung if high >= levels[at] - LEVEL_TOLERANCE else f"{_TOWARDS}{rung}"

    @staticmethod
    def _share(level: float) -> str:
        if level >= 1.0 - LEVEL_TOLERANCE:
            return "all"
        return f"{per_cent(100 * level)} per cent"

    def _cut(self, move: Move) -> str:
        issue = self.issue(move.issue)
        levels = sorted((move.before, move.after))
        before, after = (self.rate(move.issue, level) for level in levels)
        if after < GONE:
            return f"a cut in {issue} from {per_cent(before)} per cent to nothing"
        if self.is_sliver(move):
            return f"a sliver off {issue}"
        cut = "a token cut" if _is_token(before, after) else "a cut"
        return f"{cut} in {issue} from {per_cent(before)} to {per_cent(after)} per cent"

    def cut(self, move: Move, cuts: str, ends: str) -> str:
        """Return a duty's cut or end as a verb, the duty put between the words given."""
        issue, after = self.issue(move.issue), self.rate(move.issue, move.after)
        if after < GONE:
            return ends.format(issue)
        return f"{cuts.format(issue)} {per_cent(after)} per cent"

    def is_sliver(self, move: Move) -> bool:
        """Return whether a duty's change is too small to show in its rate as it is told."""
        before, after = (self.rate(move.issue, level) for level in (move.before, move.after))
        return per_cent(before) == per_cent(after)

    def _done(self, move: Move) -> str:
        """Return a duty's cut or end as after 'had', in a weaker word where it is next to none."""
        if self.is_sliver(move):
            return f"shaved a sliver off {self.issue(move.issue)}"
        after = self.rate(move.issue, move.after)
        token = _is_token(self.rate(move.issue, move.before), after)
        return self.cut(move, "trimmed {} to" if token else "cut {} to", "ended {}")

    def rise(self, move: Move) -> str:
        """Return a duty's way back up, as a clause."""
        issue = self.issue(move.issue)
        was, now = (per_cent(self.rate(move.issue, level)) for level in (move.before, move.after))
        return f"{issue} rose again" + (f" from {was} to {now} per cent" if was != now else "")

    def is_cut(self, move: Move) -> bool:
        """Return whether a move brings a duty down."""
        return self.is_duty(move.issue) and not self.is_talk(move.issue, move.after)

    def deed(self, move: Move) -> str:
        """Return what putting a move into force is called, as after 'had'."""
        if self.is_cut(move):
            return self._done(move)
        if self.is_talk(move.issue, move.after):
            return f"begun {self.step(move)}"
        return f"put {self.step(move)} into effect"

    def deliveries(self, moves: Sequence[Move]) -> str:
        """Return what putting moves into force comes to: verbs, each with its objects."""
        plain = [self.step(m) for m in moves if not self.is_cut(m)]
        deeds = [self._done(m) for m in moves if self.is_cut(m)]
        done = [text for text in plain if not text.startswith(_TOWARDS)]
        begun = [text.removeprefix(_TOWARDS) for text in plain if text.startswith(_TOWARDS)]
        deeds += [f"put {listed(done)} into effect"] if done else []
        deeds += [f"took {_TOWARDS}{listed(begun)}"] if begun else []
        return listed(deeds)

    def _rungs(self, issue: str) -> Ladder:
        table, _ = self.table_of(issue)
        return table.ladders[issue]

    def steps(self, moves: Sequence[Move], most: int = 3) -> str:
        """Return several moves in a row, those worth most first, talks on this and that last.

        Talks are named as far as there is room beside what is more than talk, and one of
        them at least where nothing else is left out.
        """
        deeds = [self.step(m) for m in self.named(moves, len(moves))]
        talks = [self.step(m) for m in self._ranked(moves) if self._only_talk(m)]
        if len(deeds) > most:
            return listed([*deeds[:most], _MORE_BESIDES])
        room = max(most - len(deeds), 1)
        topics = [topic for topic in (_topic(text) for text in talks) if topic]
        told = deeds + [text for text in talks if not _topic(text)][:room]
        if not topics:
            return listed(told)
        if len(topics) > room:
            last = _TALKS[0] + ", ".join(topics[:room])
            return ", ".join([*told, last, f"and {_MORE}"])
        last = _TALKS[0] + listed(topics)
        return f"{', '.join(told)}, and {last}" if told else last

    def named(self, moves: Sequence[Move], most: int) -> list[Move]:
        """Return which of several moves are named in a row: what is more than talk, worth most."""
        return [m for m in self._ranked(moves) if not self._only_talk(m)][:most]

    def _ranked(self, moves: Sequence[Move]) -> list[Move]:
        return sorted(moves, key=lambda m: -self.worth(m.issue, max(m.after, m.before)))

    def _only_talk(self, move: Move) -> bool:
        return self.is_talk(move.issue, max(move.after, move.before))

    # -- threats ------------------------------------------------------------------------

    @cached_property
    def _watches(self) -> dict[tuple[str, str], Watch]:
        return {(w.watcher, w.table.name): w for w in self.model.watches}

    def watch(self, watcher: str, table: str) -> Watch:
        """Return a watch at the start."""
        return self._watches[watcher, table]

    def measure(self, watcher: str, table: str, wide: bool) -> str:
        """Return what a watcher threatens with: a tariff of so much on so much of what."""
        entry = self.scenario.tables[table].watchers[watcher].punishment
        key = f"tables.{table}.watchers.{watcher}.punishment."
        widened = wide and entry.line_coverage is not None
        which = "line_coverage" if widened else "coverage"
        return self._tariff(entry.flow, key, which)

    def added_rate(self, watcher: str, table: str) -> float:
        """Return the rate of the tariff that a watcher threatens with, a fraction."""
        return self.number(f"tables.{table}.watchers.{watcher}.punishment.rate")

    def punished_at(self, watcher: str, table: str, share: float) -> str:
        """Return the rate of a watcher's tariff at a share of the full measure, in per cent."""
        return per_cent(100 * share * self.added_rate(watcher, table))

    def counter(self, watcher: str, table: str, intensity: float) -> str:
        """Return the threatened side's answer, at some share of its full strength."""
        entry = self.scenario.tables[table].watchers[watcher].counter
        assert entry is not None
        key = f"tables.{table}.watchers.{watcher}.counter."
        return self._tariff(entry.flow, key, "coverage", intensity)

    def _tariff(self, flow: str, key: str, coverage: str, intensity: float = 1.0) -> str:
        rate = intensity * self.number(key + "rate")
        covered = self.number(key + coverage)
        goods = phrase_of(self.scenario.flows[flow])
        return (
            f"an added tariff of {per_cent(100 * rate)} per cent on "
            f"{per_cent(100 * covered)} per cent of {goods}"
        )

    def number(self, key: str) -> float:
        """Return what the run drew for one of the scenario's numbers, in the model's unit."""
        return float(self.model.parameters[key][0])

    def cost_of(self, watcher: str, table: str, wide: bool, share: float = 1.0) -> float:
        """Return what a share of the punishment costs exporters, C$ billion a year."""
        measure = self.watch(watcher, table).punishment
        return float(measure.loss(np.full(1, share), np.full(1, float(wide)))[0])


def _is_token(before: float, after: float) -> bool:
    """Return whether a duty's cut is so small that it is for show."""
    return after > (1.0 - _TOKEN) * before


def _topic(talk: str) -> str:
    """Return what talks are on, empty where they are called something else."""
    for prefix in _TALKS:
        if talk.startswith(prefix):
            return talk.removeprefix(prefix)
    return ""
