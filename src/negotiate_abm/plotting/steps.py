"""All that one table did in one run: what was offered, agreed and broken, and when.

Every gain is measured in one way: benefits to the beneficiary less costs to the conceder
over the status quo at the start, at the run's own values, promises kept in full, nobody
watching. So offers and frontier share one space, and no offer lies beyond the frontier.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from negotiate_abm.mechanisms.numerics import FloatArray, IntArray
from negotiate_abm.scenario.schema import Scenario
from negotiate_abm.yardsticks import Space, gains_of, space_of

if TYPE_CHECKING:
    from negotiate_abm.model import NegotiationModel

# What may happen to a package, in the order in which it is drawn.
KINDS = ("talks agreed", "conceded", "broken at home", "agreed")

# How far under what a side falls back on a point of the zone may lie, by rounding.
_ROUNDING = 1e-9

_ENDS = ("agreed", "broken at home", "round failed")


@dataclass(frozen=True)
class Deal:
    """Something agreed, or broken, in a week: what it is, and both sides' gains."""

    week: int
    kind: str
    gains: FloatArray


@dataclass(frozen=True)
class Steps:
    """All that one table did in one run.

    Parameters
    ----------
    parties : tuple of str
        Guest and host.
    space : Space
        What theory says of the table.
    weeks, sides : arrays of shape (offers,)
        When each package was put, and by which side.
    gains : array of shape (offers, 2)
        What it would give both sides.
    rounds : list of (int, int)
        First and last week of every round.
    deals : list of Deal
    agreed, in_force : arrays of shape (weeks + 1, 2)
        Both sides' gains by what is agreed and in force, week 0 being the start.
    """

    parties: tuple[str, str]
    space: Space
    weeks: FloatArray
    sides: FloatArray
    gains: FloatArray
    rounds: list[tuple[int, int]]
    deals: list[Deal]
    agreed: FloatArray
    in_force: FloatArray

    def round_of(self, offer: int) -> int:
        """Return the number of the round in which an offer was made, from 0."""
        return sum(first <= self.weeks[offer] for first, _ in self.rounds) - 1

    def offers_of(self, side: int, number: int) -> IntArray:
        """Return which offers a side made in a round, shape (its offers,)."""
        rounds = np.array([self.round_of(i) for i in range(self.weeks.size)])
        return np.flatnonzero((self.sides == side) & (rounds == number))

    @property
    def zone(self) -> FloatArray:
        """The part of the frontier on which both sides have what they fall back on."""
        frontier, least = self.space.frontier, self.space.least
        return frontier[(frontier >= least - _ROUNDING).all(axis=-1)]

    @property
    def marked(self) -> FloatArray:
        """All gains that came up in the run: offers, deals, the end, (points, 2)."""
        deals = [deal.gains[None] for deal in self.deals]
        return np.concatenate([self.gains, *deals, self.in_force[-1:]])


def steps_of(weeks: Iterator[NegotiationModel], name: str) -> tuple[Steps, Scenario]:
    """Return all that a table did in one run, and the scenario; it plays the run."""
    first = next(weeks)
    table = first.tables[name]
    space = space_of(table)
    offers: list[tuple[int, int, FloatArray]] = []
    agreed, in_force, levels = [], [], [table.agreed.copy()]
    for model in itertools.chain([first], weeks):
        table = model.tables[name]
        if model.week and table.proposed_in[0] == model.week:
            offers.append((model.week, int(table.proposer[0]), gains_of(table, table.proposal)[0]))
        agreed.append(gains_of(table, table.agreed)[0])
        in_force.append(gains_of(table, table.in_force)[0])
        levels.append(table.agreed.copy())
    steps = Steps(
        parties=table.parties,
        space=space,
        weeks=np.array([week for week, _, _ in offers], dtype=np.float64),
        sides=np.array([side for _, side, _ in offers], dtype=np.float64),
        gains=np.array([gains for _, _, gains in offers]).reshape(-1, 2),
        rounds=_rounds(model, name),
        deals=_deals(model, name, levels, {week: gains for week, _, gains in offers}),
        agreed=np.array(agreed),
        in_force=np.array(in_force),
    )
    return steps, model.case


def _rounds(model: NegotiationModel, table: str) -> list[tuple[int, int]]:
    """Return the first and the last week of every round."""
    events = model.log.frame()
    here = events[events["where"] == table]
    opened = [int(week) for week in here.loc[here["kind"] == "round opened", "week"]]
    ended = [int(week) for week in here.loc[here["kind"].isin(_ENDS), "week"]]
    until = [*opened, model.week + 1][1:]
    return [
        (first, min((week for week in ended if first <= week < end), default=model.week))
        for first, end in zip(opened, until, strict=True)
    ]


def _deals(
    model: NegotiationModel, name: str, levels: list[FloatArray], offers: dict[int, FloatArray]
) -> list[Deal]:
    """Return what was agreed, and what was signed and broken; `levels` are those agreed."""
    table, events = model.tables[name], model.log.frame()
    here = events[events["where"] == name]
    found = []
    for week in sorted({int(week) for week in here["week"]}):
        of_week = here[here["week"] == week]
        now = levels[week].copy()  # after the week before: the first entry is the start's
        for kind in ("agreed on issue", "conceded"):
            rises = of_week[of_week["kind"] == kind]
            for issue, level in zip(rises["issue"], rises["amount"], strict=True):
                now[0, table.issues.index(issue)] = level
        kinds = set(of_week["kind"])
        for kind in KINDS:
            if kind in kinds:
                broken = kind == "broken at home"
                found.append(Deal(week, kind, offers[week] if broken else gains_of(table, now)[0]))
    return found
