"""Threats: a watcher warns, the watched answers, measures are taken and reviewed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from negotiate_abm.mechanisms.numerics import BoolArray
from negotiate_abm.mechanisms.preferences import LEVEL_TOLERANCE
from negotiate_abm.watches import THREATENED, WATCHER, Watch

if TYPE_CHECKING:
    from negotiate_abm.model import NegotiationModel


def threaten(model: NegotiationModel) -> None:
    """A watcher whose alarm boils over threatens, and names a date."""
    for watch in model.watches:
        watcher = model.countries[watch.watcher]
        # A threat that was met is not repeated while it still chills, unless there is new cause.
        content = (watch.table.chilled_until >= model.week) & ~watch.aggrieved()
        free = ~watch.hanging & ~watch.punishing & ~content
        comes = free & watcher.threatens(watch, model.draw(f"threat {watch.name}"))
        notice = np.rint(watch.parameter("notice_weeks")).astype(np.int64)
        watch.threat_week = np.where(comes, model.week, watch.threat_week)
        watch.due_week = np.where(comes, model.week + notice, watch.due_week)
        watch.met = watch.met & ~comes
        watch.threatened |= comes
        model.record("threatened", comes, watch.between(WATCHER), amount=watch.exposure())


def answer_threats(model: NegotiationModel) -> None:
    """The threatened side answers a new threat at once: it complies, or it defies."""
    for watch in model.watches:
        is_new = watch.hanging & (watch.threat_week == model.week)
        if is_new.any():
            country = model.countries[watch.threatens]
            belief = watch.credibility.trust
            yields = is_new & country.complies(watch, belief, model.draw(f"answer {watch.name}"))
            _comply(model, watch, yields)
            model.record("defied", is_new & ~yields, watch.between(THREATENED))


def _comply(model: NegotiationModel, watch: Watch, yields: BoolArray) -> None:
    """Take concessions back to what the watcher tolerates, and hold new ones there a while."""
    if not yields.any():
        return
    table = watch.table
    agreed, in_force = watch.tolerated()
    taken_back = np.where(yields, (table.agreed - agreed).max(axis=-1), 0.0)
    rolls_back = taken_back > LEVEL_TOLERANCE
    where = yields[:, None]
    table.agreed = np.where(where, agreed, table.agreed)
    table.in_force = np.where(where, in_force, table.in_force)
    table.offered = np.where(where & table.concedes(watch.side), table.agreed, table.offered)
    exposes = table.concedes(watch.side) & (
        (watch.exposure_per_level > 0.0) | np.isfinite(watch.line)
    )
    held = np.minimum(table.ceiling, table.agreed)
    table.ceiling = np.where(where & exposes, held, table.ceiling)
    chill = np.rint(watch.parameter("chill_weeks")).astype(np.int64)
    until = np.maximum(table.chilled_until, model.week + chill)
    table.chilled_until = np.where(yields, until, table.chilled_until)
    watch.met = watch.met | (yields & watch.hanging)
    table.breached[:, watch.side] = np.maximum(table.breached[:, watch.side], taken_back)
    table.since_breach = np.where(rolls_back, 0, table.since_breach)
    betrayed = model.countries[table.parties[1 - watch.side]]
    betrayed.beliefs[watch.threatens].learn(broken=model.parameters["trust.breach"] * taken_back)
    model.record("complied", yields, watch.between(THREATENED), amount=chill.astype(np.float64))
    model.record("rolled back", rolls_back, watch.between(THREATENED), amount=taken_back)


def execute_unmet_threats(model: NegotiationModel) -> None:
    """Threats fall due: a met one lapses, an unmet one is executed or costs credibility."""
    for watch in model.watches:
        due = watch.hanging & (watch.due_week <= model.week)
        unmet = due & ~watch.met
        watcher = model.countries[watch.watcher]
        strikes = unmet & watcher.executes(watch, model.draw(f"execute {watch.name}"))
        backs_down = unmet & ~strikes
        watch.feud.set(WATCHER, strikes, 1.0)
        watch.since_execution = np.where(strikes, 0, watch.since_execution)
        watch.punished |= strikes
        watch.credibility.learn(
            kept=strikes.astype(np.float64), broken=backs_down.astype(np.float64)
        )
        watch.due_week = np.where(due, -1, watch.due_week)
        watch.met = watch.met & ~due
        model.record("punished", strikes, watch.between(WATCHER), amount=watch.exposure())
        model.record("backed down", backs_down, watch.between(WATCHER), amount=watch.exposure())


def review_measures(model: NegotiationModel) -> None:
    """Punishments and counter-measures are reviewed: both sides follow their strategies."""
    for watch in model.watches:
        if not watch.punishing.any():
            continue
        watcher, threatened = model.countries[watch.watcher], model.countries[watch.threatens]
        begins = watch.punishing & (watch.since_execution == 0)
        due = model.is_due(watch.since_execution)
        punishment = watch.feud.of(WATCHER)
        draw = model.draw(f"reconsider {watch.name}")
        # A punishment in force is certain: what it weighs is how hard it hits.
        yields = due & (punishment > 0.0) & threatened.complies(watch, punishment, draw)
        _comply(model, watch, yields)
        counter = watch.feud.of(THREATENED)
        if watch.counter is not None:
            replies = threatened.answer_in(
                watch.feud, THREATENED, punishment, model.draw(f"counter {watch.name}")
            )
            watch.feud.set(THREATENED, begins | due, replies)
        grievance = (watch.punishing & watch.aggrieved()).astype(np.float64)
        provoked = np.maximum(grievance, counter)
        renewed = watcher.answer_in(
            watch.feud, WATCHER, provoked, model.draw(f"punish {watch.name}")
        )
        watch.feud.set(WATCHER, due, renewed)
        now, answer = watch.feud.of(WATCHER), watch.feud.of(THREATENED)
        model.record("countered", (answer > counter), watch.between(THREATENED), amount=answer)
        ends = due & (now == 0.0) & (answer == 0.0)
        model.record(
            "lifted", due & (now == 0.0) & (punishment > 0.0), watch.between(WATCHER), amount=now
        )
        watch.since_execution = np.where(ends, -1, watch.since_execution + watch.punishing)
