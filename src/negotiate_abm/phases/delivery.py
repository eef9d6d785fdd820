"""Delivery: what was agreed comes into force, late or not at all; breaches are answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from negotiate_abm.mechanisms.numerics import chance
from negotiate_abm.mechanisms.preferences import LEVEL_TOLERANCE

if TYPE_CHECKING:
    from negotiate_abm.model import NegotiationModel


def reimpose_duties(model: NegotiationModel) -> None:
    """A duty that is a weapon may come back: the sooner, the more its market is depended on."""
    for table in model.tables.values():
        if not table.weaponisable.any():
            continue
        restored = table.restored() * model.missing(table)
        for i in np.flatnonzero(table.weaponisable & ~table.is_held):
            issue, flow = table.issues[i], table.flows[i]
            exposed = model.parameters.get(f"flows.{flow}.dependence", 0.0) * restored[:, i]
            rows = np.flatnonzero(exposed > 0.0)
            if rows.size == 0:
                continue
            hazard = (model.parameters.get("conduct.reimposition_hazard", 0.0) * exposed)[rows]
            rows = rows[model.draw_in([f"reimpose {issue}"], rows)[:, 0] < chance(hazard)]
            talk = table.top_talk[rows, i]
            taken_back = table.agreed[rows, i] - talk
            table.agreed[rows, i] = talk
            table.in_force[rows, i] = np.minimum(table.in_force[rows, i], talk)
            table.reimposed[rows] += 1
            side = int(table.conceder[i])
            model.break_promise(table, side, rows, taken_back)
            model.record_rows("reimposed", rows, table.between(side), taken_back, issue)


def answer_breaches(model: NegotiationModel) -> None:
    """A side whose counterpart broke its word suspends what it gave, by its strategy."""
    for table in model.tables.values():
        live = table.since_breach >= 0
        if not live.any():
            continue
        due = (table.since_breach == 0) | model.is_due(table.since_breach)
        if not due.any():
            table.since_breach = table.since_breach + live
            continue
        before = [table.feud.of(side) for side in (0, 1)]
        for side, party in enumerate(table.parties):
            hit = np.maximum(table.breached[:, 1 - side], before[1 - side])
            provoked = np.where(live, hit, 0.0)
            country = model.countries[party]
            draw = model.draw_for(country, f"suspend {table.name} {side}")
            answer = country.answer_in(table.feud, side, provoked, draw)
            table.feud.set(side, due, answer)
            rise = np.maximum(table.feud.of(side) - before[side], 0.0)
            suspends = rise > 0.0
            other = table.parties[1 - side]
            model.countries[other].beliefs[party].learn(
                broken=model.parameters.get("trust.suspension", 0.0) * rise
            )
            amount = table.feud.of(side)
            model.record("suspended", suspends, table.between(side), amount=amount)
        table.breached = np.where(due[:, None], 0.0, table.breached)
        calm = (table.feud.intensity == 0.0).all(axis=-1) & (table.breached == 0.0).all(axis=-1)
        table.since_breach = np.where(due & calm, -1, table.since_breach + live)


def bring_into_force(model: NegotiationModel) -> None:
    """Promises of earlier weeks become facts, sooner or later; suspended ones cease at once.

    Trust moves with the size of the step, once: what comes back after a suspension is no
    new promise kept.
    """
    p = model.parameters
    for table in model.tables.values():
        suspended = np.stack([table.feud.of(side) for side in table.conceder], axis=-1)
        promised = np.minimum(table.agreed, table.agreed_last_week)
        target = np.maximum(table.rounded(promised * (1.0 - suspended)), table.held)
        table.agreed_last_week = table.agreed.copy()
        before = table.in_force
        held = np.minimum(before, target)
        pending = target > held + LEVEL_TOLERANCE
        delivers = np.zeros_like(pending)
        rows = np.flatnonzero(pending.any(axis=-1))
        if rows.size:
            draws = model.draw_in([f"in force {issue}" for issue in table.issues], rows)
            soon = draws < 1.0 / np.take(table.implementation_weeks, rows)[:, None]
            delivers[rows] = pending[rows] & soon
        table.in_force = np.where(delivers, target, held)
        table.overdue = np.where(pending & ~delivers, table.overdue + 1.0, 0.0)
        news = np.maximum(table.in_force - table.ever_in_force, 0.0)
        late = table.overdue > table.grace_weeks[:, None]
        overdue = late * (target - table.in_force)
        for side, party in enumerate(table.parties):
            own = table.concedes(side)
            belief = model.countries[table.parties[1 - side]].beliefs[party]
            belief.learn(
                kept=p.get("trust.kept", 0.0) * (news * own).max(axis=-1),
                broken=p.get("trust.delay", 0.0) * (overdue * own).max(axis=-1),
            )
        table.ever_in_force = np.maximum(table.ever_in_force, table.in_force)
        change = table.in_force - before
        model.record_issues("in force", change > LEVEL_TOLERANCE, table, table.in_force)
        model.record_issues("withdrawn", change < -LEVEL_TOLERANCE, table, table.in_force)
