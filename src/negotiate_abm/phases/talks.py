"""Talks: rounds open, sides offer and answer, rounds end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from negotiate_abm.agents.answers import answers
from negotiate_abm.agents.country import Country
from negotiate_abm.dates import week_of
from negotiate_abm.mechanisms.bargaining import Bargain, best_offer
from negotiate_abm.mechanisms.leverage import leverage, steadfastness
from negotiate_abm.mechanisms.numerics import BoolArray, FloatArray, IntArray, chance
from negotiate_abm.mechanisms.opponents import insisted
from negotiate_abm.mechanisms.preferences import LEVEL_TOLERANCE
from negotiate_abm.mechanisms.rounds import SHORTEST_ROUND_WEEKS, clock, is_last_turn, length
from negotiate_abm.tables import Table

if TYPE_CHECKING:
    from negotiate_abm.model import NegotiationModel

# Longer than any round: no event ends this table's rounds.
NO_END = 1_000_000

# C$ billion a year, a dollar: what is left of a table's worth by rounding brings nobody to it.
LEAST_WORTH_MEETING_FOR = 1e-9


def respect_cross_links(model: NegotiationModel) -> None:
    """What one table has agreed limits what another may: nothing is given and withheld at once.

    Talk gives nothing away, and limits nothing.
    """
    if not model.case.cross_links:
        return
    for table in model.tables.values():
        table.linked_cap = np.ones_like(table.agreed)
    for name, link in model.case.cross_links.items():
        factor = model.parameters[f"cross_links.{name}.factor"]
        table, place = model.place_of(link.issue)
        other_table, other_place = model.place_of(link.other)
        _limit(table, place, 1.0 - factor * other_table.substance(other_place))
        _limit(other_table, other_place, (1.0 - table.substance(place)) / factor)


def _limit(table: Table, place: int, most: FloatArray) -> None:
    most = np.clip(most, table.top_talk[:, place], 1.0)
    kept = np.minimum(table.linked_cap[:, place], most)
    table.linked_cap[:, place] = kept


def open_rounds(model: NegotiationModel) -> None:
    """Rounds open at an event or by chance; both sides take stock of their prospects."""
    for table in model.tables.values():
        respect_cross_links(model)
        opens = model.draw(f"open {table.name}") < chance(table.opening_hazard)
        already = np.zeros(model.runs, dtype=np.int64)
        if model.week == 1:
            already = table.begun_before
            opens = opens | (already > 0)
        for name, event in table.events_in(model.week, model.case):
            everywhere = np.arange(model.runs)
            model.record_rows("event", everywhere, {"actor": event.title, "where": table.name})
            opens = opens | event.opens_round
            for watch in model.watches_of(table):
                watch.notice_event(name)
        opens = opens & ~table.open
        rows = _take_stock(model, table, np.flatnonzero(opens))
        if rows.size == 0:
            continue
        draw = model.draw_in([f"length {table.name}"], rows)[:, 0]
        weeks = length(draw, table.shortest[rows], table.longest[rows])
        begun = already[rows]
        weeks = np.maximum(weeks, begun + SHORTEST_ROUND_WEEKS)
        weeks = np.minimum(weeks, begun + _weeks_to_the_end(model, table))
        table.open[rows] = True
        table.elapsed[rows], table.length[rows], table.mover[rows] = begun, weeks, begun % 2
        model.record_rows("round opened", rows, table.between(0), weeks.astype(np.float64))


def _weeks_to_the_end(model: NegotiationModel, table: Table) -> int:
    """Return how many turns are left, this week's included, before an event ends all rounds."""
    start, events = model.case.start, table.entry.events.values()
    ends = [week_of(event.date, start) for event in events if event.ends_round]
    left = [week - model.week + 1 for week in ends if week >= model.week]
    return min(left, default=NO_END)


def _take_stock(model: NegotiationModel, table: Table, rows: IntArray) -> IntArray:
    """Set each side's prospects and leverage; return where both have something to meet for."""
    if rows.size == 0:
        return rows
    table.agreed_at_opening[rows] = table.agreed[rows]
    sides = [model.countries[party] for party in table.parties]
    if table.entry.wedge is not None:
        _foresee_pressure(model, table, rows)
    bargain, _ = _bargain_over(model, table, rows)
    for side, country in enumerate(sides):
        best = country.prospects(table, bargain, rows)
        table.reservation[rows, side] = country.least(table, best, rows)
        table.best[rows, side] = best
        table.own_last[rows, side] = np.maximum(best, table.reservation[rows, side])
    table.received[rows] = 0.0
    table.has_received[rows] = False
    ones = np.ones(rows.size)
    stakes = [_stake(table, bargain, country, rows) for country in sides]
    for side, country in enumerate(sides):
        own, other = stakes[side], stakes[1 - side]
        gdp, other_gdp = country.gdp[rows], sides[1 - side].gdp[rows]
        table.leverage[rows, side] = leverage(own, gdp, other, other_gdp)
        table.unscaled_leverage[rows, side] = leverage(own, ones, other, ones)
    offer, possible = best_offer(bargain, 0, np.take(table.reservation[:, 0], rows))
    suits_both = bargain.worth(offer, 1) >= np.take(table.reservation[:, 1], rows)
    table.zone[rows] = possible & suits_both
    to_gain = table.best[rows] - table.reservation[rows]
    return rows[(to_gain > LEAST_WORTH_MEETING_FOR).all(axis=-1)]


def _foresee_pressure(model: NegotiationModel, table: Table, rows: IntArray) -> None:
    """Let a wooer judge how likely its partner is to give in to the watcher.

    The partner weighs what it could hope for from these talks, were nobody to press it.
    """
    assert table.entry.wedge is not None
    watch = model.watch_by(table.entry.wedge.watcher, table)
    partner = model.countries[watch.threatens]
    watch.gives_in[rows], table.steadfast[rows] = 0.0, 1.0
    bargain, _ = _bargain_over(model, table, rows)
    for side, party in enumerate(table.parties):
        table.best[rows, side] = model.countries[party].prospects(table, bargain, rows)
    watch.gives_in[rows] = answers(partner, watch, rows)[:, 0]
    stands = steadfastness(watch.chance_of_threat(), watch.gives_in)
    table.steadfast[rows] = np.take(stands, rows)


def _stake(table: Table, bargain: Bargain, country: Country, rows: IntArray) -> FloatArray:
    """Return a side's cost of no agreement: all the other could give, less its alternatives."""
    side = table.side_of(country.name)
    theirs = table.concedes(1 - side)[:, None]
    gains = np.where(theirs, bargain.value[side], 0.0).reshape(rows.size, -1).sum(axis=-1)
    outside, inside = country.outside_option(table, rows)
    return np.maximum(gains - np.maximum(outside - inside, 0.0), 0.0)


def hold_talks(model: NegotiationModel) -> None:
    """In open rounds the side whose turn it is offers, and the other answers."""
    for table in model.tables.values():
        respect_cross_links(model)
        agreed_before = table.agreed.copy()
        rows = np.flatnonzero(table.open)
        if rows.size:
            bargain, part = _bargain_over(model, table, rows)
            mover = np.take(table.mover, rows)
            for side in (0, 1):
                turn = np.flatnonzero(mover == side)
                if turn.size:
                    _take_turn(model, table, side, rows[turn], bargain.in_runs(turn), part[turn])
            _settle_talks(model, table)
        _close_rounds(model, table)
        _welcome(model, table, agreed_before)


def _take_turn(
    model: NegotiationModel,
    table: Table,
    side: int,
    rows: IntArray,
    bargain: Bargain,
    part: FloatArray,
) -> None:
    mover = model.countries[table.parties[side]]
    other = model.countries[table.parties[1 - side]]
    elapsed, weeks = np.take(table.elapsed, rows), np.take(table.length, rows)
    first = ~np.take(table.has_received[:, side], rows)
    if mover.tactic.draws:
        fresh = rows[first]
        table.tactic_draw[fresh, side] = _tactic_draw(model, table, side, fresh)
    wanted = mover.aspiration(table, rows, clock(elapsed, weeks))
    table.own_last[rows, side] = wanted
    package, has_offer = mover.offer(table, bargain, part, rows, wanted)
    levels = table.levels_of(rows, part, package)
    _note_offer(model, table, side, rows, levels, has_offer)
    table.note_offer(rows, 1 - side, bargain.worth(package, 1 - side), has_offer)
    firm = insisted(package, part, table.concedes(side)) * has_offer[:, None]
    table.insistence[rows, side] += firm
    # What it will insist on next week is settled now, draw included.
    if other.tactic.draws:
        table.tactic_draw[rows, 1 - side] = _tactic_draw(model, table, 1 - side, rows)
    next_wanted = other.aspiration(table, rows, clock(elapsed + 1, weeks))
    last = is_last_turn(elapsed, weeks)
    takes = other.accepts(table, bargain, part, package, next_wanted, rows, last)
    gives_something = (levels > np.take(table.agreed, rows, axis=0) + LEVEL_TOLERANCE).any(axis=-1)
    agrees = np.flatnonzero(takes & has_offer & gives_something)
    if agrees.size:
        deal = bargain.in_runs(agrees)
        gains = np.stack([deal.worth(package[agrees], party) for party in (0, 1)], axis=-1)
        _sign(model, table, side, rows[agrees], levels[agrees], gains)


def _tactic_draw(model: NegotiationModel, table: Table, side: int, rows: IntArray) -> FloatArray:
    return model.draw_in([f"tactic {table.name} {side}"], rows)[:, 0]


def _sign(
    model: NegotiationModel,
    table: Table,
    side: int,
    rows: IntArray,
    levels: FloatArray,
    gains: FloatArray,
) -> None:
    """Both governments sign if they dare; then the home front lets the deal pass, or breaks it.

    `gains`, of shape (rows, 2), is what each gets of all it could hope for.
    """
    dares, passes = np.ones(rows.size, dtype=np.bool_), np.ones(rows.size, dtype=np.bool_)
    breaks = []
    for party in table.parties:
        home = model.countries[party].home
        if home.consent is not None:
            purposes = [f"{what} {table.name} {party}" for what in ("misjudge", "consent")]
            missing = np.take(model.missing(table), rows, axis=0)
            draws = model.draw_in(purposes, rows)
            signs, consent = home.consents(table, rows, levels, missing, draws)
            dares, passes = dares & signs, passes & consent
            breaks.append((party, signs, consent))
    size = (levels - table.agreed[rows]).max(axis=-1)
    for party, signs, consent in breaks:
        fails = dares & ~consent
        _fail_at_home(model, table, party, rows[fails], size[fails])
        model.record_rows("not signed", rows[~signs], table.between(table.side_of(party)))
    table.open[rows[dares]] = False
    done = dares & passes
    signed = rows[done]
    table.agreed[signed] = levels[done]
    table.agreements[signed] += 1
    table.best[signed] = np.maximum(table.best[signed] - gains[done], 0.0)
    weight = np.take(model.parameters.get("trust.agreement", 0.0), signed)
    for signatory in (0, 1):
        model.learn(table, signatory, signed, kept=size[done] * weight)
    model.record_rows("agreed", signed, table.between(side))


def _fail_at_home(
    model: NegotiationModel, table: Table, party: str, rows: IntArray, size: FloatArray
) -> None:
    """A deal that its own provinces break leaves levels as they were, and costs trust."""
    if rows.size == 0:
        return
    home, side = model.countries[party].home, table.side_of(party)
    table.not_consented[rows] += 1
    breach = home.breach_share() * model.parameters.get("trust.breach", 0.0)
    model.learn(table, side, rows, broken=size * np.take(breach, rows))
    model.record_rows("broken at home", rows, table.between(side))


def _settle_talks(model: NegotiationModel, table: Table) -> None:
    """In open rounds officials settle, sooner or later, what talks take place.

    Whatever can be talked about is, if that leaves neither side worse off; else as much as
    suits both. It needs no package, and what it is worth is no longer to be hoped for from
    the round.
    """
    if not table.talk.any():
        return
    meet = table.open & (model.draw(f"officials {table.name}") < chance(table.officials_hazard))
    rows = np.flatnonzero(meet)
    if rows.size == 0:
        return
    bargain, part = _bargain_over(model, table, rows, table.talk)
    less, _ = best_offer(bargain, 0, np.zeros(rows.size))
    everything = (part > 0.0).astype(np.float64)
    suits = (bargain.worth(everything, 0) >= 0.0) & (bargain.worth(everything, 1) >= 0.0)
    package = np.where(suits[:, None, None], everything, less)
    gains = np.stack([bargain.worth(package, side) for side in (0, 1)], axis=-1)
    levels = table.levels_of(rows, part, package)
    moves = (levels > np.take(table.agreed, rows, axis=0) + LEVEL_TOLERANCE).any(axis=-1)
    settled = np.flatnonzero(moves & (gains >= 0.0).all(axis=-1))
    rows, gains = rows[settled], gains[settled]
    table.agreed[rows] = levels[settled]
    for side, party in enumerate(table.parties):
        best = np.maximum(table.best[rows, side] - gains[:, side], 0.0)
        table.best[rows, side] = best
        table.reservation[rows, side] = model.countries[party].least(table, best, rows)
        table.own_last[rows, side] -= gains[:, side]
        table.received[rows, side] -= gains[:, side][:, None]
    model.record_rows("talks agreed", rows, table.between(0))


def _note_offer(
    model: NegotiationModel,
    table: Table,
    side: int,
    rows: IntArray,
    levels: FloatArray,
    has_offer: BoolArray,
) -> None:
    """Put the package on the table, and the mover's own concessions on record as offered."""
    proposes = rows[has_offer]
    table.proposal[proposes] = levels[has_offer]
    table.proposer[proposes], table.proposed_in[proposes] = side, model.week
    noted = has_offer[:, None] & table.concedes(side)
    before = table.offered[rows]
    table.offered[rows] = np.where(noted, levels, before)
    change = np.zeros_like(table.offered)
    change[rows] = np.where(noted, levels - before, 0.0)
    model.record_issues("offered", change > LEVEL_TOLERANCE, table, table.offered)
    model.record_issues("offer lowered", change < -LEVEL_TOLERANCE, table, table.offered)


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
    model.record_issues("agreed on issue", rise > LEVEL_TOLERANCE, table, table.agreed)
    model.just_agreed[table.name] = rise.max(axis=-1)


def _bargain_over(
    model: NegotiationModel, table: Table, rows: IntArray, only: BoolArray | None = None
) -> tuple[Bargain, FloatArray]:
    """Return the bargain in some runs, and what part of each segment is open there.

    `only`, of shape (issues, segments), confines it to some segments.
    """
    part = table.open_parts(rows)
    if only is not None:
        part = part * only
    sides = [model.countries[party] for party in table.parties]
    line_costs = [np.zeros_like(part), np.zeros_like(part)]
    risks = []
    for watch in model.watches_of(table):
        loss = np.zeros(rows.size)
        if table.entry.wedge is not None and table.entry.wedge.watcher == watch.watcher:
            # If the partner gives in to the threat, what it promised is gone.
            at_stake = np.maximum(np.take(table.best[:, 1 - watch.side], rows), 0.0)
            loss = np.take(watch.gives_in, rows) * at_stake
        risk, line_cost = watch.risk(rows, part, loss)
        risks.append(risk)
        line_costs[watch.side] = line_costs[watch.side] + line_cost
    promises, talk = zip(*(side.gain_factors(table, rows) for side in sides), strict=True)
    costs = sides[0].cost_factor(table, rows), sides[1].cost_factor(table, rows)
    lines = line_costs[0], line_costs[1]
    bargain = table.bargain(rows, part, promises, costs, talk, lines, risks)
    return bargain, part
