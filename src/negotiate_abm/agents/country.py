"""A country: what it wants, what it trusts, and every decision it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mesa
import numpy as np

from negotiate_abm.agents.province import Province
from negotiate_abm.mechanisms.bargaining import Bargain, best_offer
from negotiate_abm.mechanisms.domestic import approval, relief_weight
from negotiate_abm.mechanisms.leverage import bent_exponent
from negotiate_abm.mechanisms.numerics import (
    BoolArray,
    FloatArray,
    IntArray,
    chance,
    exponential,
    ratio,
)
from negotiate_abm.mechanisms.preferences import believed_cost, believed_gain, perpetual_worth
from negotiate_abm.mechanisms.retaliation import (
    Feud,
    FeudView,
    compliance_probability,
    execution_probability,
    retaliation_strategies,
)
from negotiate_abm.mechanisms.tactics import BargainingView, tactics
from negotiate_abm.mechanisms.trust import Belief
from negotiate_abm.scenario.parameters import Parameters
from negotiate_abm.scenario.schema import Scenario
from negotiate_abm.tables import Table
from negotiate_abm.watches import Watch

if TYPE_CHECKING:
    from negotiate_abm.model import NegotiationModel


WEEKS_A_YEAR = 52.0


class Country(mesa.Agent):
    """A country in every run.

    Attributes
    ----------
    gdp : array of shape (runs,)
        C$ billion a year.
    beliefs : dict of str to Belief
        Trust in each counterpart's promises.
    approval : array of shape (runs,)
        Approval of its government, in [0, 1].
    provinces : list of Province
        Those that press it.
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
        self.discount_rate = p[key + "discount_rate"]
        self.exponent = p[key + "tactic_exponent"]
        self.private_reservation = p[key + "private_reservation"]
        self.sunk_share = p[key + "sunk_share"]
        self.generosity = p[key + "generosity"]
        self.escalation = p[key + "escalation"]
        self.approval = p[key + "approval"]
        self._resting_approval = p[key + "approval"]
        self._p = p
        self._standing_pressure = np.zeros(p.runs)
        self.beliefs = {
            counterpart: Belief(
                p[f"{key}trust.{counterpart}"], p[key + "trust_strength"], p["trust.forgetting"]
            )
            for counterpart in entry.trust
        }
        self.provinces: list[Province] = []
        self._stakes: dict[str, FloatArray] = {}

    def trust_in(self, counterpart: str) -> FloatArray:
        """Return trust in a counterpart's promises, shape (runs,)."""
        return self.beliefs[counterpart].trust

    # -- what a package is worth ------------------------------------------------

    def gain_factor(self, table: Table) -> FloatArray:
        """Return what multiplies the benefits it is promised, shape (runs, issues)."""
        counterpart = table.parties[1 - table.side_of(self.name)]
        trust = self.trust_in(counterpart)[:, None]
        return believed_gain(self.relief_weights(table), trust)

    def cost_factor(self, table: Table) -> FloatArray:
        """Return what multiplies the costs it takes on, shape (runs, issues)."""
        counterpart = table.parties[1 - table.side_of(self.name)]
        ones = np.ones((table.runs, len(table.issues)))
        trust = self.trust_in(counterpart)[:, None]
        return believed_cost(ones, trust, self.sunk_share[:, None])

    def relief_weights(self, table: Table) -> FloatArray:
        """Return the weight that pressed provinces lend each issue, shape (runs, issues)."""
        if not self.provinces:
            return np.ones((table.runs, len(table.issues)))
        return relief_weight(
            np.stack([province.influence for province in self.provinces], axis=-1),
            np.stack([province.pressure for province in self.provinces], axis=-1),
            self._stakes_at(table),
            self._p["domestic.sensitivity"],
        )

    def _stakes_at(self, table: Table) -> FloatArray:
        """Return its provinces' shares of what each issue relieves, (runs, issues, provinces).

        They never change, so they are put together once.
        """
        if table.name not in self._stakes:
            self._stakes[table.name] = self._shares_in(table)
        return self._stakes[table.name]

    def _shares_in(self, table: Table) -> FloatArray:
        shares = np.zeros((table.runs, len(table.issues), len(self.provinces)))
        for i, flow in enumerate(table.flows):
            for j, province in enumerate(self.provinces):
                if flow is not None and flow in province.shares:
                    shares[:, i, j] = province.shares[flow]
        return shares

    # -- bargaining -------------------------------------------------------------

    def prospects(
        self, table: Table, bargain: Bargain, rows: IntArray
    ) -> tuple[FloatArray, FloatArray]:
        """Return the least it would accept and the best it could hope for in an opening round.

        The best is what it would get if the other side kept nothing for itself; one
        whose reservation is given might be brought to concede everything.
        """
        side = table.side_of(self.name)
        other_is_given = table.parties[1 - side] in table.given_reservation
        floor = np.full(rows.size, -np.inf if other_is_given else 0.0)
        ideal, _ = best_offer(bargain, 1 - side, floor)
        best = np.maximum(bargain.worth(ideal, side), 0.0)
        if self.name in table.given_reservation:
            return np.take(table.given_reservation[self.name], rows), best
        return np.take(self.private_reservation, rows) * best, best

    def aspiration(self, table: Table, rows: IntArray, clock: FloatArray) -> FloatArray:
        """Return what it insists on at this point of the round, C$ billion a year."""
        side = table.side_of(self.name)
        exponent = bent_exponent(
            np.take(self.exponent, rows),
            np.take(table.leverage[:, side], rows),
            np.take(self._p["conduct.leverage_bend"], rows),
        )
        reservation = np.take(table.reservation[:, side], rows)
        best = np.maximum(np.take(table.best[:, side], rows), reservation)
        wanted = self.tactic(BargainingView(clock, reservation, best, exponent))
        return np.clip(wanted, reservation, best)

    def offer(
        self, table: Table, bargain: Bargain, aspiration: FloatArray
    ) -> tuple[FloatArray, BoolArray]:
        """Return the package it puts on the table, and whether it has one to put."""
        return best_offer(bargain, table.side_of(self.name), aspiration)

    def accepts(
        self,
        table: Table,
        bargain: Bargain,
        offered: FloatArray,
        own_next: FloatArray,
        rows: IntArray,
        last_turn: BoolArray,
    ) -> BoolArray:
        """Return whether it takes an offer (AC_next; at the last turn, the reservation).

        Baarslag, Hindriks and Jonker (2013): accept what is worth at least one's own next
        bid. Never below the reservation, in its own eyes.
        """
        side = table.side_of(self.name)
        worth = bargain.worth(offered, side)
        reservation = np.take(table.reservation[:, side], rows)
        threshold = np.where(last_turn, reservation, np.maximum(own_next, reservation))
        return worth >= threshold

    # -- threats, as the one threatened -------------------------------------------

    def complies(self, watch: Watch, belief: FloatArray, draw: FloatArray) -> BoolArray:
        """Return whether it would give in to a threat it believes with probability `belief`.

        Defying costs the expected punishment. Complying saves what it takes back, and costs
        what the other power is expected to take back in answer, and the best it had hoped to
        gain from the other for as long as the threat chills their talks.
        """
        table, side = watch.table, watch.side
        agreed, _ = watch.tolerated()
        own, others = table.concedes(side), table.concedes(1 - side)
        factor = self.cost_factor(table)
        own_cost = (table.worth_of(table.agreed, table.cost) * factor * own).sum(axis=-1)
        kept_cost = (table.worth_of(agreed, table.cost) * factor * own).sum(axis=-1)
        saved = own_cost - kept_cost
        gains = table.worth_of(table.agreed, table.benefit) * self.gain_factor(table)
        rolled_share = ratio(saved, own_cost, otherwise=0.0)
        answer = watch.parameter("expected_answer") * rolled_share * (gains * others).sum(axis=-1)
        forgone = perpetual_worth(
            np.maximum(table.best[:, side], 0.0),
            watch.parameter("chill_weeks") / WEEKS_A_YEAR,
            self.discount_rate,
        )
        worth_of_complying = saved - answer - forgone
        worth_of_defying = -belief * watch.severity
        noise = watch.parameter("choice_noise")
        return draw < compliance_probability(worth_of_complying, worth_of_defying, noise)

    # -- threats, as the watcher ----------------------------------------------------

    def threatens(self, watch: Watch, draw: FloatArray) -> BoolArray:
        """Return whether its alarm boils over into a threat this week."""
        return draw < chance(exponential(watch.log_hazard()))

    def executes(self, watch: Watch, draw: FloatArray) -> BoolArray:
        """Return whether it would carry out a threat that has not been met."""
        return draw < execution_probability(
            watch.parameter("grievance_worth"),
            watch.exposure(),
            watch.parameter("line_worth"),
            watch.lines_crossed(),
            watch.parameter("reputation"),
            watch.punishment.blow_back(),
            watch.parameter("execution_noise"),
        )

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

    # -- home ---------------------------------------------------------------------------

    def settle(self) -> None:
        """Take the pressure at the start as what present approval already reflects."""
        self._standing_pressure = self._pressure()

    def _pressure(self) -> FloatArray:
        """Return its provinces' pressure, weighted by influence, shape (runs,)."""
        total = np.zeros_like(self.approval)
        for province in self.provinces:
            total = total + province.influence * province.pressure
        return total

    def face_the_public(self, goodwill: FloatArray) -> None:
        """Let a week of pressure beyond the start's, and what was just agreed, work on approval."""
        self.approval = approval(
            self.approval,
            self._resting_approval,
            self._pressure() - self._standing_pressure,
            goodwill,
            self._p["domestic.approval_erosion"],
            self._p["domestic.approval_recovery_weeks"],
        )
