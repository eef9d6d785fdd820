"""The state of a model, column by column, as it is recorded every week."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from negotiate_abm.mechanisms.numerics import FloatArray
from negotiate_abm.recording.trajectories import Snapshot
from negotiate_abm.tables import Table
from negotiate_abm.watches import THREATENED, WATCHER

if TYPE_CHECKING:
    from negotiate_abm.model import NegotiationModel


def coordinates(model: NegotiationModel) -> dict[str, list[str]]:
    """Return the labels of every dimension of `snapshot` but run and week."""
    return {
        "issue": [issue for table in model.tables.values() for issue in table.issues],
        "country": list(model.countries),
        "counterpart": list(model.countries),
        "province": list(model.provinces),
        "table": list(model.tables),
        "watch": [watch.name for watch in model.watches],
        "flow": list(model.case.flows),
    }


def snapshot(model: NegotiationModel) -> Snapshot:
    """Return the state of every run: name to dimensions (after run) and values."""
    tables, watches = list(model.tables.values()), model.watches
    countries, provinces = list(model.countries.values()), list(model.provinces.values())
    nowhere = np.zeros((model.runs, 0))

    def beside(columns: list[FloatArray]) -> FloatArray:
        return np.stack(columns, axis=-1) if columns else nowhere

    def by_issue(pick: Callable[[Table], FloatArray]) -> FloatArray:
        return np.concatenate([pick(table) for table in tables], axis=1)

    def by_party(pick: Callable[[Table], FloatArray]) -> FloatArray:
        return _by_party(model, pick)

    seats = ("table", "country")
    focal = model.case.focal
    return {
        "offered": (("issue",), by_issue(lambda t: t.offered)),
        "agreed": (("issue",), by_issue(lambda t: t.agreed)),
        "in_force": (("issue",), by_issue(lambda t: t.in_force)),
        "restored": (("issue",), by_issue(lambda t: t.restored())),
        "trust": (("country", "counterpart"), _trust(model)),
        "leverage": (seats, by_party(lambda t: t.leverage)),
        "unscaled_leverage": (seats, by_party(lambda t: t.unscaled_leverage)),
        "talking": (("table",), beside([t.open.astype(np.float64) for t in tables])),
        "interest": (("table",), beside([t.interest for t in tables])),
        "steadfast": (("table",), beside([t.steadfast for t in tables])),
        "approval": (("country",), beside([c.home.approval for c in countries])),
        "pressure": (("province",), beside([p.pressure for p in provinces])),
        "loss": (("province",), beside([p.loss for p in provinces])),
        "exports": (("flow",), beside(list(model.exports().values()))),
        "exposure": (("watch",), beside([w.exposure() for w in watches])),
        "pulled": (("watch",), beside([w.pulled for w in watches])),
        "hostility": (("watch",), beside([w.hostility for w in watches])),
        "credibility": (("watch",), beside([w.credibility.trust for w in watches])),
        "threat": (("watch",), beside([w.hanging.astype(np.float64) for w in watches])),
        "punishment": (("watch",), beside([w.feud.of(WATCHER) for w in watches])),
        "counter": (("watch",), beside([w.feud.of(THREATENED) for w in watches])),
        "relief": ((), model.relief(focal)),
        "made_good": ((), model.made_good(focal)),
        "punishment_loss": ((), model.punishment_loss(focal)),
    }


def _trust(model: NegotiationModel) -> FloatArray:
    """Return trust by country and counterpart, NaN where they never meet."""
    names = list(model.countries)
    trust = np.full((model.runs, len(names), len(names)), np.nan)
    for i, country in enumerate(model.countries.values()):
        for other in country.beliefs:
            trust[:, i, names.index(other)] = country.trust_in(other)
    return trust


def _by_party(model: NegotiationModel, pick: Callable[[Table], FloatArray]) -> FloatArray:
    """Return what a table keeps by side, (runs, tables, countries), NaN elsewhere."""
    names = list(model.countries)
    found = np.full((model.runs, len(model.tables), len(names)), np.nan)
    for i, table in enumerate(model.tables.values()):
        for side, party in enumerate(table.parties):
            found[:, i, names.index(party)] = pick(table)[:, side]
    return found
