"""A country: what it wants, what it trusts, and every decision it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mesa
import numpy as np

from negotiate_abm.agents.alternatives import Alternatives
from negotiate_abm.agents.home_front import HomeFront
from negotiate_abm.mechanisms.bargaining import Bargain, best_offer
from negotiate_abm.mechanisms.leverage import bent_exponent, reservation
from negotiate_abm.mechanisms.numerics import (
    BoolArray,
    FloatArray,
    IntArray,
    chance,
    exponential,
)
from negotiate_abm.mechanisms.opponents import learnt_values
from negotiate_abm.mechanisms.preferences import (
    believed_cost,
    believed_gain,
    lasting_share,
)
from negotiate_abm.mechanisms.retaliation import (
    Feud,
    FeudView,
    retaliation_strategies,
)
from negotiate_abm.mechanisms.tactics import BargainingView, tactics
from negotiate_abm.mechanisms.trust import Belief, FullTrust, TwoTypeBelief
from negotiate_abm.scenario.parameters import Parameters
from negotiate_abm.scenario.schema import Scenario
from negotiate_abm.tables import Table
from negotiate_abm.watches import Watch

if TYPE_CHECKING:
    from negotiate_abm.model import NegotiationModel


WEEKS_A_YEAR = 52.0

# Below this a government's prospects of another round are no longer counted.
LEAST_PATIENCE = 0.05

AnyBelief = Belief | TwoTypeBelief | FullTrust


def _belief(p: Parameters, key: str, counterpart: str) -> AnyBelief:
    """Return the belief a country begins with: Beta, of two types, or full trust."""
    mean = p.values.get(f"{key}trust.{counterpart}")
    if mean is None:
        return FullTrust(p.runs)
    if "trust.two_types.kept_if_not" in p.values:
        better, worse = p["trust.two_types.kept_if_trustworthy"], p["trust.two_types.kept_if_not"]
        return TwoTypeBelief(mean, better, worse, p["trust.forgetting"])
    return Belief(mean, p[key + "trust_strength"], p["trust.forgetting"])


def _cooling(scenario: Scenario, name: str, p: Parameters) -> list[tuple[str, FloatArray]]:
    """Return, by partner, the interest that the partner's ties cost it in this country's eyes."""
    return [
        (tie.country, p[f"ties.{n}.visibility"] * p[f"ties.{n}.cooling"])
        for n, tie in scenario.ties.items()
        if tie.active and tie.alarms == name
    ]


class Country(mesa.Agent):
    """A country in every run.

    Attributes
    ----------
    gdp : array of shape (runs,)
        C$ billion a year.
    beliefs : dict of str to Belief
        Trust in each counterpart's promises.
    home : HomeFront
        Its provinces, their consent and its approval.
    alternatives : Alternatives
        Its parallel arrangements.
    """

    def __init__(
        self, model: NegotiationModel, name: str, scenario: Scenario, p: Parameters
    ) -> None:
        super().__init__(model)
        entry = scenario.countries[name]
        key = f"countries.{name}."
        self.name = name
        self.tactic = tactics[entry.tactic]
        self.retaliation = retaliation_strategies[entry.retaliation]
        self.gdp = p[key + "gdp"]
        self.discount_rate = p.get(key + "discount_rate", 0.0)
        self.exponent = p.get(key + "tactic_exponent", 1.0)
        self.imitation = p.get(key + "imitation", 0.0)
        self.private_reservation = p.get(key + "private_reservation", 0.0)
        self.sunk_share = p.get(key + "sunk_share", 0.0)
        self.generosity = p.get(key + "generosity", 0.0)
        self.escalation = p.get(key + "escalation", 0.0)
        self.home = HomeFront(name, entry.consent, p)
        self.alternatives = Alternatives(name, scenario, p)
        self._p = p
        self._opponent_model = entry.opponent_model
        self._bend = p.get("conduct.leverage_bend", 0.0)
        self.beliefs = {
            counterpart: _belief(p, key, counterpart)
            for table in scenario.tables.values()
            for counterpart in (table.host, table.guest)
            if name in (table.host, table.guest) and counterpart != name
        }
        self._cooling = _cooling(scenario, name, p)

    def trust_in(self, counterpart: str) -> FloatArray:
        """Return trust in a counterpart's promises, shape (runs,)."""
        return self.beliefs[counterpart].trust

    # -- what a package is worth ------------------------------------------------

    def gain_factors(self, table: Table, rows: IntArray) -> tuple[FloatArray, FloatArray]:
        """Return what multiplies the benefits of promises, and of talk, (rows, issues) each.

        Talk takes no trust, and no duty comes back to undo it; for promises, trust counts
        once, and how long a duty is likely to stay away.
        """
        counterpart = table.parties[1 - table.side_of(self.name)]
        trust = np.take(self.trust_in(counterpart), rows)
        of_talk = self.talk_factor(table, rows)
        promised = believed_gain(of_talk, trust[:, None])
        if table.weaponisable.any():
            promised = promised * np.take(self._lasting(table), rows, axis=0)
        return promised, of_talk

    def talk_factor(self, table: Table, rows: IntArray) -> FloatArray:
        """Return what multiplies the benefits of talk, shape (rows, issues).

        Both sides sit down at once, so talk takes no trust. What counts is the weight of
        pressed provinces; what other buyers already replace; and, for a wooer, the interest
        of the wedge and the chance that its partner stands by what it promised.
        """
        worth = self.home.relief_weights(table, rows)
        worth = worth * np.take(self._partner_interest(table), rows)[:, None]
        missing = 1.0 - np.take(self.alternatives.replaced(table, self.model.week), rows)
        return worth * np.where(table.governed, missing[:, None], 1.0)

    def _partner_interest(self, table: Table) -> FloatArray:
        """Return what a wedge and security ties make of a partner's promises, shape (runs,)."""
        interest = np.ones(table.runs)
        wedge = table.entry.wedge
        if wedge is not None and wedge.wooer == self.name:
            interest = interest * table.interest * table.steadfast
        counterpart = table.parties[1 - table.side_of(self.name)]
        for partner, cooled in self._cooling:
            if partner == counterpart:
                interest = interest * (1.0 - cooled)
        return interest

    def _lasting(self, table: Table) -> FloatArray:
        """Return the share of each promise's worth that outlives re-imposition, (runs, issues)."""
        lasting = np.ones((table.runs, len(table.issues)))
        for i, flow in enumerate(table.flows):
            if table.weaponisable[i] and table.conceder[i] != table.side_of(self.name):
                others = self.alternatives.replaced(table, self.model.week)
                dependence = self._p.get(f"flows.{flow}.dependence", 0.0) * (1.0 - others)
                weekly = self._p.get("conduct.reimposition_hazard", 0.0) * dependence
                hazard = WEEKS_A_YEAR * weekly
                lasting[:, i] = lasting_share(self.discount_rate, hazard)
        return lasting

    def cost_factor(self, table: Table, rows: IntArray) -> FloatArray:
        """Return what multiplies the costs it takes on, shape (rows, issues)."""
        counterpart = table.parties[1 - table.side_of(self.name)]
        ones = np.ones((rows.size, len(table.issues)))
        trust = np.take(self.trust_in(counterpart), rows)[:, None]
        return believed_cost(ones, trust, np.take(self.sunk_share, rows)[:, None])

    def outside_option(self, table: Table, rows: IntArray) -> tuple[FloatArray, FloatArray]:
        """Return what quitting would be worth, and what of it is earned while it stays, (rows,)."""
        side = table.side_of(self.name)
        return self.alternatives.outside_option(table, side, rows, self.model.week)

    # -- bargaining -------------------------------------------------------------

    def prospects(self, table: Table, bargain: Bargain, rows: IntArray) -> FloatArray:
        """Return the best it could hope for in an opening round, C$ billion a year.

        That is what it would get if the other side kept nothing for itself; one whose
        reservation is given might be brought to concede everything.
        """
        side = table.side_of(self.name)
        other_is_given = table.parties[1 - side] in table.given_reservation
        floor = np.full(rows.size, -np.inf if other_is_given else 0.0)
        ideal, _ = best_offer(bargain, 1 - side, floor)
        return np.maximum(bargain.worth(ideal, side), 0.0)

    def least(self, table: Table, best: FloatArray, rows: IntArray) -> FloatArray:
        """Return the least it would accept, given the best it could hope for, shape (rows,)."""
        if self.name in table.given_reservation:
            return np.take(table.given_reservation[self.name], rows)
        outside, inside = self.outside_option(table, rows)
        least = reservation(outside, inside, np.take(self.private_reservation, rows), best)
        # A round that fails leaves all that is to be had; one that succeeds, the rest of it.
        another = np.take(self._p.get("conduct.continuation", 0.0), rows)
        return least / np.maximum(1.0 - another, LEAST_PATIENCE)

    def aspiration(self, table: Table, rows: IntArray, clock: FloatArray) -> FloatArray:
        """Return what it insists on at this point of the round, C$ billion a year."""
        side = table.side_of(self.name)
        exponent = bent_exponent(
            np.take(self.exponent, rows),
            np.take(table.leverage[:, side], rows),
            np.take(self._bend, rows),
        )
        least = np.take(table.reservation[:, side], rows)
        best = np.maximum(np.take(table.best[:, side], rows), least)
        received = np.take(table.received[:, side], rows, axis=0)
        wanted = self.tactic(
            BargainingView(
                clock=clock,
                reservation=least,
                best=best,
                exponent=exponent,
                own_last=np.take(table.own_last[:, side], rows),
                received_first=np.take(received, 0, axis=1),
                received_before=np.take(received, 1, axis=1),
                received_last=np.take(received, 2, axis=1),
                imitation=np.take(self.imitation, rows),
                draw=np.take(table.tactic_draw[:, side], rows),
            )
        )
        return np.clip(wanted, least, best)

    def offer(
        self, table: Table, bargain: Bargain, part: FloatArray, rows: IntArray, wanted: FloatArray
    ) -> tuple[FloatArray, BoolArray]:
        """Return the package it puts on the table, and whether it has one to put.

        It gives the other side the most it can, by what it takes the other's values to be.
        """
        side = table.side_of(self.name)
        if self._opponent_model == "perfect":
            return best_offer(bargain, side, wanted)
        others = self._others_values(table, part, rows)
        return best_offer(bargain.as_seen(side, others), side, wanted)

    def _others_values(self, table: Table, part: FloatArray, rows: IntArray) -> FloatArray:
        """Return the other side's values as it takes them to be, (rows, issues, segments)."""
        other = 1 - table.side_of(self.name)
        gives = table.concedes(other)[:, None]
        prior = np.where(gives, -table.prior[:, :, 1], table.prior[:, :, 0]) * part
        if self._opponent_model == "prior":
            return prior
        return learnt_values(prior, np.take(table.insistence[:, other], rows, axis=0))

    def accepts(
        self,
        table: Table,
        bargain: Bargain,
        part: FloatArray,
        offered: FloatArray,
        next_wanted: FloatArray,
        rows: IntArray,
        last_turn: BoolArray,
    ) -> BoolArray:
        """Return whether it takes an offer (AC_next; at the last turn, the reservation).

        Baarslag, Hindriks and Jonker (2013): accept what is worth at least one's own next
        bid. Never below the reservation, in its own eyes.
        """
        side = table.side_of(self.name)
        worth = bargain.worth(offered, side)
        least = np.take(table.reservation[:, side], rows)
        will_do = worth >= np.where(last_turn, least, np.maximum(next_wanted, least))
        # One's own next bid is worth at least what one will then insist on: only where the
        # offer is worth that much need the bid be worked out.
        close = np.flatnonzero(will_do & ~last_turn)
        if close.size:
            near = bargain.in_runs(close)
            counter, has_counter = self.offer(
                table, near, part[close], rows[close], next_wanted[close]
            )
            own_next = np.where(has_counter, near.worth(counter, side), next_wanted[close])
            will_do[close] = worth[close] >= np.maximum(own_next, least[close])
        return will_do

    # -- threats, as the watcher ----------------------------------------------------

    def threatens(self, watch: Watch, exposure: FloatArray, draw: FloatArray) -> BoolArray:
        """Return whether its alarm boils over into a threat this week, shape (runs,)."""
        return draw < chance(exponential(watch.log_hazard(exposure)))

    def executes(self, watch: Watch, rows: IntArray, draw: FloatArray) -> BoolArray:
        """Return whether it would carry out a threat that has not been met, shape (rows,)."""
        return draw < watch.strike_probability(rows)

    # -- retaliation ------------------------------------------------------------------

    def answer_in(
        self, feud: Feud, side: int, provoked: FloatArray, draw: FloatArray
    ) -> FloatArray:
        """Return the intensity its retaliation strategy chooses now, in [0, 1].

        `provoked` is how hard the other hit in the period just ended, in [0, 1].
        """
        feud.notice(side, provoked > 0.0)
        view = FeudView(
            own=feud.of(side),
            provoked=provoked,
            ever_provoked=feud.ever(side),
            generosity=self.generosity,
            escalation=self.escalation,
            draw=draw,
        )
        return np.clip(self.retaliation(view), 0.0, 1.0)
