"""Delivery: what was agreed comes into force, late or not at all; breaches are answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from negotiate_abm.mechanisms.numerics import FloatArray
from negotiate_abm.mechanisms.preferences import LEVEL_TOLERANCE
from negotiate_abm.tables import Table

if TYPE_CHECKING:
    from negotiate_abm.model import NegotiationModel


def answer_breaches(model: NegotiationModel) -> None:
    """A side whose counterpart broke its word suspends what it gave, by its strategy."""
    for table in model.tables.values():
        live = table.since_breach >= 0
        if not live.any():
            continue
        due = live & ((table.since_breach == 0) | model.is_due(table.since_breach))
        before = [table.feud.of(side) for side in (0, 1)]
        for side, party in enumerate(table.parties):
            hit = np.maximum(table.breached[:, 1 - side], before[1 - side])
            provoked = np.where(live, hit, 0.0)
            answer = model.countries[party].answer_in(
                table.feud, side, provoked, model.draw(f"suspend {table.name} {side}")
            )
            table.feud.set(side, due, answer)
            rise = np.maximum(table.feud.of(side) - before[side], 0.0)
            suspends = rise > 0.0
            other = table.parties[1 - side]
            model.countries[other].beliefs[party].learn(
                broken=model.parameters["trust.suspension"] * rise
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
        target = table.rounded(promised * (1.0 - suspended))
        table.agreed_last_week = table.agreed.copy()
        before = table.in_force
        held = np.minimum(before, target)
        pending = target > held + LEVEL_TOLERANCE
        draws = np.stack([model.draw(f"in force {n}") for n in table.issues], axis=-1)
        delivers = pending & (draws < 1.0 / table.implementation_weeks[:, None])
        table.in_force = np.where(delivers, target, held)
        table.overdue = np.where(pending & ~delivers, table.overdue + 1.0, 0.0)
        news = np.maximum(table.in_force - table.ever_in_force, 0.0)
        late = table.overdue > table.grace_weeks[:, None]
        for side, party in enumerate(table.parties):
            own = table.concedes(side)
            belief = model.countries[table.parties[1 - side]].beliefs[party]
            belief.learn(
                kept=p["trust.kept"] * (news * own).max(axis=-1),
                broken=p["trust.delay"] * (late * (target - table.in_force) * own).max(axis=-1),
            )
        table.ever_in_force = np.maximum(table.ever_in_force, table.in_force)
        _log_in_force(model, table, before)


def _log_in_force(model: NegotiationModel, table: Table, before: FloatArray) -> None:
    for i, issue in enumerate(table.issues):
        for kind, moved in (
            ("in force", table.in_force[:, i] > before[:, i] + LEVEL_TOLERANCE),
            ("withdrawn", table.in_force[:, i] < before[:, i] - LEVEL_TOLERANCE),
        ):
            who = table.between(table.conceder[i])
            model.record(kind, moved, who, issue, table.in_force[:, i])
