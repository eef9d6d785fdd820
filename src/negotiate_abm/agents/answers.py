"""How a threatened country answers: it complies, it buys the watcher off, or it defies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from negotiate_abm.agents.country import WEEKS_A_YEAR, Country
from negotiate_abm.mechanisms.numerics import BoolArray, FloatArray, IntArray, ratio
from negotiate_abm.mechanisms.preferences import LEVEL_TOLERANCE, perpetual_worth
from negotiate_abm.mechanisms.retaliation import answer_probabilities
from negotiate_abm.tables import Table
from negotiate_abm.watches import Watch


@dataclass(frozen=True)
class Purchase:
    """A concession that might buy a watcher off; arrays of shape (rows,).

    Parameters
    ----------
    possible : array of bool
        Whether anything is left to give.
    cost, worth : arrays
        To the threatened and to the watcher, C$ billion a year.
    risk_left : array
        Share of the risk of being punished that remains.
    levels : array of shape (rows, issues)
        What it would bring their own table to.
    """

    possible: BoolArray
    cost: FloatArray
    worth: FloatArray
    risk_left: FloatArray
    levels: FloatArray


def answers(
    country: Country,
    watch: Watch,
    rows: IntArray,
    belief: FloatArray | None = None,
    buying: Purchase | None = None,
) -> FloatArray:
    """Return the chances that a threatened country complies, buys off or defies, shape (rows, 3).

    Defying costs the expected punishment. Complying saves what it takes back, and costs
    what the other power is expected to take back in answer, and the best it had hoped to
    gain from the other for as long as the threat chills their talks. Buying off costs a
    concession on its own table with the watcher, and leaves the punishment as likely as
    the watcher, so pleased, is to strike.

    Parameters
    ----------
    country : Country
    watch : Watch
    rows : array of int
    belief : array of shape (rows,), optional
        How probable it holds the punishment, if it defies; by default, its belief in the
        watcher's threats.
    buying : Purchase, optional
        What it could buy the watcher off with, if they meet at a table.
    """
    table, side = watch.table, watch.side
    agreed, _, contents = watch.tolerated(rows)
    now = np.take(table.agreed, rows, axis=0)
    own, others = table.concedes(side), table.concedes(1 - side)
    factor = country.cost_factor(table, rows)
    own_cost = (table.worth_of(now, table.cost, rows) * factor * own).sum(axis=-1)
    kept_cost = (table.worth_of(agreed, table.cost, rows) * factor * own).sum(axis=-1)
    saved = own_cost - kept_cost
    factor_of_promises, _ = country.gain_factors(table, rows)
    gains = table.worth_of(now, table.benefit, rows) * factor_of_promises
    rolled_share = ratio(saved, own_cost, otherwise=0.0)
    expected = np.take(watch.parameter("expected_answer"), rows)
    answer = expected * rolled_share * (gains * others).sum(axis=-1)
    forgone = perpetual_worth(
        np.maximum(np.take(table.best[:, side], rows), 0.0),
        np.take(watch.parameter("chill_weeks"), rows) / WEEKS_A_YEAR,
        np.take(country.discount_rate, rows),
    )
    severity = watch.severity_now()
    if belief is None:
        belief = np.take(watch.credibility.trust, rows)
    at_risk = belief * np.take(severity, rows)
    complying = np.where(contents, saved - answer - forgone, -np.inf)
    buying_off = np.full(rows.size, -np.inf)
    if buying is not None:
        buying_off = np.where(buying.possible, -buying.cost - at_risk * buying.risk_left, -np.inf)
    worths = np.stack([complying, buying_off, -at_risk], axis=-1)
    return answer_probabilities(worths, np.take(watch.parameter("choice_noise"), rows))


def purchase(country: Country, watch: Watch, own_table: Table, rows: IntArray) -> Purchase:
    """Return the concession, on their own table, that a country would buy a watcher off with.

    Of the next rungs still open there, the one whose fall in expected punishment exceeds its
    cost by most.
    """
    side = own_table.side_of(country.name)
    part = own_table.open_parts(rows) * own_table.concedes(side)[:, None]
    is_open = part * np.take(own_table.width, rows, axis=0) > LEVEL_TOLERANCE
    is_next = is_open & (np.cumsum(is_open, axis=-1) == 1)
    cost = np.take(own_table.cost, rows, axis=0) * part * is_next
    worth = np.take(own_table.benefit, rows, axis=0) * part * is_next
    factor = country.cost_factor(own_table, rows)[:, :, None]
    severity = watch.severity_now()
    at_risk = np.take(severity * watch.credibility.trust, rows)[:, None, None]
    now = watch.strike_probability(rows)[:, None, None]
    after = watch.strike_probability(rows, worth)
    left = ratio(after, now, otherwise=1.0)
    gain = np.where(is_next, at_risk * (1.0 - left) - cost * factor, -np.inf)
    flat = gain.reshape(rows.size, -1)
    best = flat.argmax(axis=1)
    chosen = (np.arange(flat.shape[1]) == best[:, None]).reshape(gain.shape) & is_next
    fill = chosen.astype(np.float64)

    def of_it(values: FloatArray) -> FloatArray:
        return np.where(chosen, values, 0.0).reshape(rows.size, -1).sum(axis=-1)

    return Purchase(
        possible=np.isfinite(flat.max(axis=1)),
        cost=of_it(cost * factor),
        worth=of_it(worth),
        risk_left=of_it(left),
        levels=own_table.levels_of(rows, part, fill),
    )
