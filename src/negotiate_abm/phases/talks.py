"""Talks: rounds open, sides offer and answer, rounds end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from negotiate_abm.mechanisms.bargaining import Bargain, best_offer
from negotiate_abm.mechanisms.leverage import leverage
from negotiate_abm.mechanisms.numerics import BoolArray, FloatArray, IntArray
from negotiate_abm.mechanisms.preferences import LEVEL_TOLERANCE
from negotiate_abm.mechanisms.rounds import SHORTEST_ROUND_WEEKS, clock, is_last_turn, length
from negotiate_abm.tables import Table, week_of

if TYPE_CHECKING:
    from negotiate_abm.model import NegotiationModel

# Longer than any round: no event ends this table's rounds.
NO_END = 1_000_000


def _respect_cross_links(model: NegotiationModel) -> None:
    """What one table has agreed limits what another may: nothing is given and withheld at once."""
    if not model.case.cross_links:
        return
    for table in model.tables.values():
        table.linked_cap = np.ones_like(table.agreed)
    for name, link in model.case.cross_links.items():
        factor = model.parameters[f"cross_links.{name}.factor"]
        table, place = model.place_of(link.issue)
        other_table, other_place = model.place_of(link.other)
        _limit(table, place, 1.0 - factor * other_table.agreed[:, other_place])
        _limit(other_table, other_place, (1.0 - table.agreed[:, place]) / factor)


def _limit(table: Table, place: int, most: FloatArray) -> None:
    kept = np.minimum(table.linked_cap[:, place], np.clip(most, 0.0, 1.0))
    table.linked_cap[:, place] = kept


def open_rounds(model: NegotiationModel) -> None:
    """Rounds open at an event or by chance; both sides take stock of their prospects."""
    for table in model.tables.values():
        _respect_cross_links(model)
        opens = model.draw(f"open {table.name}") < table.opening_hazard
        already = np.zeros(model.runs, dtype=np.int64)
        if model.week == 1:
            already = table.begun_before
            opens = opens | (already > 0)
        for name, event in table.events_in(model.week, model.case):
            model.log.add(
                model.week,
                "event",
                np.ones(model.runs, dtype=np.bool_),
                actor=event.title,
                where=table.name,
            )
            opens = opens | event.opens_round
            for watch in model.watches_of(table):
                watch.notice_event(name)
        opens = opens & ~table.open
        weeks = length(model.draw(f"length {table.name}"), table.shortest, table.longest)
        weeks = np.maximum(weeks, already + SHORTEST_ROUND_WEEKS)
        weeks = np.minimum(weeks, already + _weeks_to_the_end(model, table))
        opens = _take_stock(model, table, opens)
        table.open = table.open | opens
        table.elapsed = np.where(opens, already, table.elapsed)
        table.length = np.where(opens, weeks, table.length)
        table.mover = np.where(opens, already % 2, table.mover)
        length_weeks = table.length.astype(np.float64)
        model.record("round opened", opens, table.between(0), amount=length_weeks)


def _weeks_to_the_end(model: NegotiationModel, table: Table) -> int:
    """Return how many turns are left, this week's included, before an event ends all rounds."""
    ends = [week_of(event, model.case) for event in table.entry.events.values() if event.ends_round]
    left = [week - model.week + 1 for week in ends if week >= model.week]
    return min(left, default=NO_END)


def _take_stock(model: NegotiationModel, table: Table, opens: BoolArray) -> BoolArray:
    """Set each side's prospects and leverage; return where both have something to meet for."""
    rows = np.flatnonzero(opens)
    if rows.size == 0:
        return opens
    bargain = _bargain_over(model, table, rows)
    sides = [model.countries[party] for party in table.parties]
    for side, country in enumerate(sides):
        least, best = country.prospects(table, bargain, rows)
        table.reservation[rows, side] = least
        table.best[rows, side] = best
    ones = np.ones(rows.size)
    for side, country in enumerate(sides):
        own, other = table.best[rows, side], table.best[rows, 1 - side]
        gdp, other_gdp = country.gdp[rows], sides[1 - side].gdp[rows]
        table.leverage[rows, side] = leverage(own, gdp, other, other_gdp)
        table.unscaled_leverage[rows, side] = leverage(own, ones, other, ones)
    offer, possible = best_offer(bargain, 0, np.take(table.reservation[:, 0], rows))
    suits_both = bargain.worth(offer, 1) >= np.take(table.reservation[:, 1], rows)
    table.zone[rows] = possible & suits_both
    return opens & (table.best > table.reservation).all(axis=-1)


def hold_talks(model: NegotiationModel) -> None:
    """In open rounds the side whose turn it is offers, and the other answers."""
    for table in model.tables.values():
        _respect_cross_links(model)
        agreed_before = table.agreed.copy()
        for side in (0, 1):
            rows = np.flatnonzero(table.open & (table.mover == side))
            if rows.size:
                _take_turn(model, table, side, rows)
        _close_rounds(model, table)
        _welcome(model, table, agreed_before)


def _take_turn(model: NegotiationModel, table: Table, side: int, rows: IntArray) -> None:
    mover = model.countries[table.parties[side]]
    other = model.countries[table.parties[1 - side]]
    bargain = _bargain_over(model, table, rows)
    elapsed, weeks = np.take(table.elapsed, rows), np.take(table.length, rows)
    wanted = mover.aspiration(table, rows, clock(elapsed, weeks))
    package, has_offer = mover.offer(table, bargain, wanted)
    levels = table.levels_of(rows, package)
    _note_offer(model, table, side, rows, levels, has_offer)
    next_wanted = other.aspiration(table, rows, clock(elapsed + 1, weeks))
    counter, has_counter = other.offer(table, bargain, next_wanted)
    own_next = np.where(has_counter, bargain.worth(counter, 1 - side), next_wanted)
    takes = other.accepts(table, bargain, package, own_next, rows, is_last_turn(elapsed, weeks))
    gives_something = (levels > np.take(table.agreed, rows, axis=0) + LEVEL_TOLERANCE).any(axis=-1)
    agrees = takes & has_offer & gives_something
    table.agreed[rows] = np.where(agrees[:, None], levels, table.agreed[rows])
    table.open[rows] &= ~agrees
    table.agreements[rows] += agrees
    for one, another in ((mover, other), (other, mover)):
        credit = np.zeros(model.runs)
        credit[rows] = np.where(agrees, np.take(model.parameters["trust.agreement"], rows), 0.0)
        one.beliefs[another.name].learn(kept=credit)
    signed = np.zeros(model.runs, dtype=np.bool_)
    signed[rows] = agrees
    model.record("agreed", signed, table.between(side))


def _note_offer(
    model: NegotiationModel,
    table: Table,
    side: int,
    rows: IntArray,
    levels: FloatArray,
    has_offer: BoolArray,
) -> None:
    """Put the mover's own concessions on record as offered."""
    noted = has_offer[:, None] & table.concedes(side)
    before = table.offered[rows]
    table.offered[rows] = np.where(noted, levels, before)
    change = np.where(noted, levels - before, 0.0)
    for i, issue in enumerate(table.issues):
        for kind, moved in (("offered", change[:, i]), ("offer lowered", -change[:, i])):
            happened = np.zeros(model.runs, dtype=np.bool_)
            happened[rows] = moved > LEVEL_TOLERANCE
            model.record(kind, happened, table.between(side), issue, table.offered[:, i])


def _close_rounds(model: NegotiationModel, table: Table) -> None:
    """Rounds whose time is up end without agreement; what was offered lapses."""
    table.elapsed = table.elapsed + table.open
    ended_by_event = any(e.ends_round for _, e in table.events_in(model.week, model.case))
    fails = table.open & ((table.elapsed >= table.length) | ended_by_event)
    zone = table.zone.astype(np.float64)
    model.record("round failed", fails, table.between(0), amount=zone)
    table.failed += fails
    table.failed_with_a_zone += fails & table.zone
    table.open = table.open & ~fails
    table.mover = np.where(table.open, 1 - table.mover, table.mover)
    table.offered = np.where(table.open[:, None], table.offered, table.agreed)


def _welcome(model: NegotiationModel, table: Table, agreed_before: FloatArray) -> None:
    """Log the issues that moved; supporters at home are pleased, opponents are not."""
    rise = np.maximum(table.agreed - agreed_before, 0.0)
    for i, issue in enumerate(table.issues):
        moved, who = rise[:, i] > LEVEL_TOLERANCE, table.between(table.conceder[i])
        model.record("agreed on issue", moved, who, issue, table.agreed[:, i])
    model.just_agreed[table.name] = rise.max(axis=-1)


def _bargain_over(model: NegotiationModel, table: Table, rows: IntArray) -> Bargain:
    sides = [model.countries[party] for party in table.parties]
    return table.bargain(
        rows,
        (sides[0].gain_factor(table), sides[1].gain_factor(table)),
        (sides[0].cost_factor(table), sides[1].cost_factor(table)),
        [watch.risk().in_runs(rows) for watch in model.watches_of(table)],
    )
