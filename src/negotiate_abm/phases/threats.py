"""Threats: a watcher warns, the watched answers, measures are taken and reviewed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from negotiate_abm.agents.answers import Purchase, answers, purchase
from negotiate_abm.mechanisms.numerics import BoolArray, FloatArray, IntArray
from negotiate_abm.mechanisms.preferences import LEVEL_TOLERANCE
from negotiate_abm.phases.talks import respect_cross_links
from negotiate_abm.tables import Table
from negotiate_abm.watches import THREATENED, WATCHER, Watch

if TYPE_CHECKING:
    from negotiate_abm.model import NegotiationModel


def threaten(model: NegotiationModel) -> None:
    """A watcher whose alarm boils over threatens, and names a date."""
    for watch in model.watches:
        watcher = model.countries[watch.watcher]
        exposure = watch.exposure()
        # A threat that was met is not repeated while it still chills, unless there is new cause;
        # one that was bought off, not at all.
        content = watch.heeded_until >= model.week
        if content.any():
            content &= ~watch.aggrieved()
        content |= watch.paid_until >= model.week
        free = ~watch.hanging & ~watch.punishing & ~content
        comes = free & watcher.threatens(watch, exposure, model.draw(f"threat {watch.name}"))
        notice = np.rint(watch.parameter("notice_weeks")).astype(np.int64)
        watch.threat_week = np.where(comes, model.week, watch.threat_week)
        watch.due_week = np.where(comes, model.week + notice, watch.due_week)
        watch.met = watch.met & ~comes
        watch.threatened |= comes
        _record_cause(model, watch, "threatened", comes, exposure)


def _record_cause(
    model: NegotiationModel, watch: Watch, kind: str, happened: BoolArray, exposure: FloatArray
) -> None:
    """Log what a watcher did, and over which issue: none, if what alarms is no concession."""
    rows = np.flatnonzero(happened)
    if rows.size == 0:
        return
    causes = watch.main_cause(rows)
    for cause in np.unique(causes):
        issue = "" if cause < 0 else watch.table.issues[cause]
        some = rows[causes == cause]
        model.record_rows(kind, some, watch.between(WATCHER), exposure[some], issue)


def answer_threats(model: NegotiationModel) -> None:
    """The threatened side answers a new threat at once: it complies, buys off or defies."""
    for watch in model.watches:
        rows = np.flatnonzero(watch.hanging & (watch.threat_week == model.week))
        if rows.size == 0:
            continue
        country = model.countries[watch.threatens]
        own_table = model.table_between(watch.threatens, watch.watcher)
        respect_cross_links(model)  # this week's talks may have moved what is linked
        buying = None if own_table is None else purchase(country, watch, own_table, rows)
        chances = np.cumsum(answers(country, watch, rows, buying=buying), axis=-1)
        draw = model.draw_in([f"answer {watch.name}"], rows)[:, 0]
        complies = draw < chances[:, 0]
        buys_off = ~complies & (draw < chances[:, 1])
        heeds = rows[complies]
        watch.complied[heeds] = True
        model.record_rows("complied", heeds, watch.between(THREATENED), _frozen(watch, heeds))
        _comply(model, watch, heeds)
        if own_table is not None and buying is not None:
            _buy_off(model, watch, own_table, buying, rows, buys_off)
        model.record_rows("defied", rows[~complies & ~buys_off], watch.between(THREATENED))


def _comply(model: NegotiationModel, watch: Watch, rows: IntArray) -> None:
    """Take concessions back to what the watcher tolerates, and hold new ones there a while."""
    if rows.size == 0:
        return
    table, side = watch.table, watch.side
    agreed, in_force, _ = watch.tolerated(rows)
    taken_back = (table.agreed[rows] - agreed).max(axis=-1)
    table.agreed[rows] = agreed
    table.in_force[rows] = in_force
    own = table.concedes(side)
    table.offered[rows] = np.where(own, agreed, table.offered[rows])
    exposes = own & (
        (np.take(watch.exposure_per_level, rows, axis=0) > 0.0)
        | np.isfinite(np.take(watch.line, rows, axis=0))
    )
    held = np.minimum(table.ceiling[rows], agreed)
    table.ceiling[rows] = np.where(exposes, held, table.ceiling[rows])
    _chill(model, watch, rows)
    watch.met[rows] |= watch.hanging[rows]
    rolls_back = taken_back > LEVEL_TOLERANCE
    model.break_promise(table, side, rows[rolls_back], taken_back[rolls_back])
    model.record_rows(
        "rolled back", rows[rolls_back], watch.between(THREATENED), taken_back[rolls_back]
    )


def _has_something_to_take_back(watch: Watch, rows: IntArray) -> BoolArray:
    """Return whether heeding the watcher would still change anything, shape (rows,)."""
    agreed, _, _ = watch.tolerated(rows)
    return np.asarray((watch.table.agreed[rows] > agreed + LEVEL_TOLERANCE).any(axis=-1))


def _frozen(watch: Watch, rows: IntArray) -> FloatArray:
    """Return for how many weeks those who heed a watcher give no more, shape (rows,)."""
    return watch.chill(rows).astype(np.float64)


def _chill(model: NegotiationModel, watch: Watch, rows: IntArray) -> None:
    """Put off further concessions, and this watcher's next threat, for some weeks."""
    table = watch.table
    until = model.week + watch.chill(rows)
    table.chilled_until[rows] = np.maximum(table.chilled_until[rows], until)
    watch.heeded_until[rows] = np.maximum(watch.heeded_until[rows], until)


def _buy_off(
    model: NegotiationModel,
    watch: Watch,
    own_table: Table,
    buying: Purchase,
    rows: IntArray,
    chosen: BoolArray,
) -> None:
    """Concede something to the watcher on their own table, so that it may let the threat lapse."""
    buyers = rows[chosen]
    if buyers.size == 0:
        return
    before = own_table.agreed.copy()
    own_table.agreed[buyers] = np.maximum(own_table.agreed[buyers], buying.levels[chosen])
    watch.bought[buyers] += buying.worth[chosen]
    watch.bought_off[buyers] = True
    watch.bought_at[buyers] = model.week
    watch.paid_until[buyers] = model.week + watch.chill(buyers)
    rise = own_table.agreed - before
    model.record_issues("conceded", rise > LEVEL_TOLERANCE, own_table, own_table.agreed)
    model.record_rows("bought off", buyers, watch.between(THREATENED), buying.worth[chosen])


def execute_unmet_threats(model: NegotiationModel) -> None:
    """Threats fall due: a met one lapses, an unmet one is executed or costs credibility."""
    for watch in model.watches:
        due = watch.hanging & (watch.due_week <= model.week)
        if not due.any():
            continue
        unmet = due & ~watch.met
        watcher = model.countries[watch.watcher]
        rows = np.flatnonzero(unmet)
        strikes = np.zeros_like(unmet)
        draw = model.draw_in([f"execute {watch.name}"], rows)[:, 0]
        strikes[rows] = watcher.executes(watch, rows, draw)
        exposure = watch.exposure()
        # Letting off a side that paid for it is no climb-down.
        paid = watch.bought_at == watch.threat_week
        backs_down = unmet & ~strikes & ~paid
        watch.feud.set(WATCHER, strikes, 1.0)
        watch.wide = np.where(strikes, watch.crosses_line(), watch.wide)
        watch.since_execution = np.where(strikes, 0, watch.since_execution)
        watch.punished |= strikes
        watch.credibility.learn(
            kept=strikes.astype(np.float64), broken=backs_down.astype(np.float64)
        )
        watch.due_week = np.where(due, -1, watch.due_week)
        watch.met = watch.met & ~due
        _record_cause(model, watch, "punished", strikes, exposure)
        model.record("backed down", backs_down, watch.between(WATCHER), amount=exposure)
        model.record("let off", unmet & ~strikes & paid, watch.between(WATCHER))


def review_measures(model: NegotiationModel) -> None:
    """Punishments and counter-measures are reviewed: both sides follow their strategies."""
    for watch in model.watches:
        if not watch.punishing.any():
            continue
        watcher, threatened = model.countries[watch.watcher], model.countries[watch.threatens]
        begins = watch.punishing & (watch.since_execution == 0)
        due = model.is_due(watch.since_execution)
        punishment = watch.feud.of(WATCHER)
        considers = np.flatnonzero(due & (punishment > 0.0))
        if considers.size:
            considers = considers[_has_something_to_take_back(watch, considers)]
        if considers.size:
            # A punishment in force is certain: what it weighs is how hard it hits.
            chances = answers(threatened, watch, considers, punishment[considers])
            draw = model.draw_in([f"reconsider {watch.name}"], considers)[:, 0]
            yields = considers[draw < chances[:, 0]]
            frozen = _frozen(watch, yields)
            model.record_rows("gave way", yields, watch.between(THREATENED), frozen)
            _comply(model, watch, yields)
        counter = watch.feud.of(THREATENED)
        if watch.counter is not None:
            draw = model.draw_for(threatened, f"counter {watch.name}")
            replies = threatened.answer_in(watch.feud, THREATENED, punishment, draw)
            watch.feud.set(THREATENED, begins | due, replies)
        grievance = (watch.punishing & watch.aggrieved()).astype(np.float64)
        provoked = np.maximum(grievance, counter)
        draw = model.draw_for(watcher, f"punish {watch.name}")
        renewed = watcher.answer_in(watch.feud, WATCHER, provoked, draw)
        watch.feud.set(WATCHER, due, renewed)
        now, answer = watch.feud.of(WATCHER), watch.feud.of(THREATENED)
        model.record("countered", (answer > counter), watch.between(THREATENED), amount=answer)
        goes_on = due & (punishment > 0.0) & (now > 0.0)
        eases, tightens = goes_on & (now < punishment), due & (now > punishment)
        model.record("eased", eases, watch.between(WATCHER), amount=now)
        model.record("tightened", tightens, watch.between(WATCHER), amount=now)
        ends = due & (now == 0.0) & (answer == 0.0)
        model.record(
            "lifted", due & (now == 0.0) & (punishment > 0.0), watch.between(WATCHER), amount=now
        )
        watch.since_execution = np.where(ends, -1, watch.since_execution + watch.punishing)
