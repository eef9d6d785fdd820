"""A country: what it wants, what it trusts, and every decision it takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import mesa
import numpy as np

from negotiate_abm.agents.arrangement import Arrangement
from negotiate_abm.agents.province import Province
from negotiate_abm.mechanisms.bargaining import Bargain, best_offer
from negotiate_abm.mechanisms.domestic import (
    approval,
    consent_log_odds,
    consent_probability,
    meets_quota,
    misjudged,
    relief_weight,
)
from negotiate_abm.mechanisms.leverage import bent_exponent, reservation
from negotiate_abm.mechanisms.numerics import (
    BoolArray,
    FloatArray,
    IntArray,
    chance,
    exponential,
    ratio,
)
from negotiate_abm.mechanisms.opponents import learnt_values
from negotiate_abm.mechanisms.preferences import (
    believed_cost,
    believed_gain,
    lasting_share,
    perpetual_worth,
)
from negotiate_abm.mechanisms.retaliation import (
    Feud,
    FeudView,
    answer_probabilities,
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
        self.discount_rate = p.get(key + "discount_rate", 0.0)
        self.exponent = p.get(key + "tactic_exponent", 1.0)
        self.imitation = p.get(key + "imitation", 0.0)
        self.private_reservation = p.get(key + "private_reservation", 0.0)
        self.sunk_share = p.get(key + "sunk_share", 0.0)
        self.generosity = p.get(key + "generosity", 0.0)
        self.escalation = p.get(key + "escalation", 0.0)
        self.approval = p.get(key + "approval", 0.5)
        self._resting_approval = self.approval
        self.consent = entry.consent
        self._key = key
        self._p = p
        self._opponent_model = entry.opponent_model
        self._bend = p.get("conduct.leverage_bend", 0.0)
        self._standing_pressure = np.zeros(p.runs)
        self.beliefs = {
            counterpart: _belief(p, key, counterpart)
            for table in scenario.tables.values()
            for counterpart in (table.host, table.guest)
            if name in (table.host, table.guest) and counterpart != name
        }
        self.arrangements = [
            Arrangement(n, entry.table, p)
            for n, entry in scenario.arrangements.items()
            if entry.active and entry.country == name
        ]
        self._cooling = _cooling(scenario, name, p)
        self.provinces: list[Province] = []
        self._stakes: dict[str, FloatArray] = {}
        self._home: dict[str, tuple[FloatArray, FloatArray]] = {}

    def trust_in(self, counterpart: str) -> FloatArray:
        """Return trust in a counterpart's promises, shape (runs,)."""
        return self.beliefs[counterpart].trust

    # -- what a package is worth ------------------------------------------------

    def gain_factors(self, table: Table, rows: IntArray) -> tuple[FloatArray, FloatArray]:
        """Return what multiplies the benefits of promises, and of talk, (rows, issues) each.

        Talk takes no trust; for promises, trust counts once.
        """
        counterpart = table.parties[1 - table.side_of(self.name)]
        trust = np.take(self.trust_in(counterpart), rows)
        of_talk = self.talk_factor(table, rows)
        return believed_gain(of_talk, trust[:, None]), of_talk

    def talk_factor(self, table: Table, rows: IntArray) -> FloatArray:
        """Return what multiplies the benefits of talk, shape (rows, issues).

        Both sides sit down at once, so talk takes no trust. What counts is the weight of
        pressed provinces; what other buyers already replace; how long a duty is likely to
        stay away; and, for a wooer, the interest of the wedge and the chance that its
        partner stands by what it promised.
        """
        worth = self.relief_weights(table, rows)
        worth = worth * np.take(self._partner_interest(table), rows)[:, None]
        if self.arrangements:
            missing = 1.0 - np.take(self.replaced(table), rows)
            governed = np.array([flow is not None for flow in table.flows])
            worth = worth * np.where(governed, missing[:, None], 1.0)
        if table.weaponisable.any():
            worth = worth * np.take(self._lasting(table), rows, axis=0)
        return worth

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
                dependence = self._p[f"flows.{flow}.dependence"]
                hazard = WEEKS_A_YEAR * self._p["conduct.reimposition_hazard"] * dependence
                lasting[:, i] = lasting_share(self.discount_rate, hazard)
        return lasting

    def cost_factor(self, table: Table, rows: IntArray) -> FloatArray:
        """Return what multiplies the costs it takes on, shape (rows, issues)."""
        counterpart = table.parties[1 - table.side_of(self.name)]
        ones = np.ones((rows.size, len(table.issues)))
        trust = np.take(self.trust_in(counterpart), rows)[:, None]
        return believed_cost(ones, trust, np.take(self.sunk_share, rows)[:, None])

    def relief_weights(self, table: Table, rows: IntArray) -> FloatArray:
        """Return the weight that pressed provinces lend each issue, shape (rows, issues)."""
        if not self.provinces:
            return np.ones((rows.size, len(table.issues)))
        influence = np.stack([province.influence for province in self.provinces], axis=-1)
        pressure = np.stack([province.pressure for province in self.provinces], axis=-1)
        return relief_weight(
            np.take(influence, rows, axis=0),
            np.take(pressure, rows, axis=0),
            np.take(self._stakes_at(table), rows, axis=0),
            np.take(self._p["domestic.sensitivity"], rows),
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

    # -- alternatives -------------------------------------------------------------

    def replaced(self, table: Table) -> FloatArray:
        """Return the share of its losses at a table that other buyers now make good, (runs,)."""
        total = np.zeros(table.runs)
        for arrangement in self.arrangements:
            if arrangement.table == table.name:
                total = total + arrangement.earning(self.model.week)
        return np.minimum(total, 1.0)

    def moved_from(self, partner: str, scenario: Scenario) -> FloatArray:
        """Return the share of its exports that arrangements now move from a partner, (runs,)."""
        total = np.zeros_like(self.gdp)
        for arrangement in self.arrangements:
            if scenario.arrangements[arrangement.name].watcher == partner:
                total = total + arrangement.moved(self.model.week)
        return total

    def outside_option(self, table: Table, rows: IntArray) -> tuple[FloatArray, FloatArray]:
        """Return what quitting would be worth, and what of it is earned while it stays, (rows,)."""
        outside, inside = np.zeros(rows.size), np.zeros(rows.size)
        own = ~table.concedes(table.side_of(self.name))
        stake = (np.take(table.exporter_stake, rows, axis=0) * own).sum(axis=-1)
        for arrangement in self.arrangements:
            if arrangement.table == table.name:
                cost = np.take(arrangement.set_up_cost * self.discount_rate, rows)
                outside = outside + np.take(arrangement.replaces, rows) * stake - cost
                inside = inside + np.take(arrangement.earning(self.model.week), rows) * stake
        return outside, inside

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

    # -- the home front -------------------------------------------------------------

    def consents(
        self,
        table: Table,
        rows: IntArray,
        levels: FloatArray,
        draws: FloatArray,
    ) -> tuple[BoolArray, BoolArray]:
        """Return whether it dares to sign a deal, and whether its provinces let it pass.

        Both have shape (rows,); `draws`, uniform and of shape (rows, 2), are behind its
        error of judgement and the provinces' answer.
        """
        yes = np.ones(rows.size, dtype=np.bool_)
        if self.consent is None:
            return yes, yes
        gains = self._gains_at_home(table, rows, levels)
        influence = np.stack([np.take(p.influence, rows) for p in self.provinces], axis=-1)
        number = {
            field: np.take(self._p[f"{self._key}consent.{field}"], rows)
            for field in type(self.consent).model_fields
            if field not in ("kind", "breach_share")
        }
        if self.consent.kind == "quota":
            return yes, meets_quota(influence, gains, number["quota"])
        odds = consent_log_odds(
            influence,
            gains,
            np.take(self.approval, rows),
            number["inclination"],
            number["gain_slope"],
            number["approval_slope"],
        )
        seen = misjudged(odds, number["misjudgement"], draws[:, 0])
        dares = consent_probability(seen) >= number["least_chance"]
        return dares, draws[:, 1] < consent_probability(odds)

    def breach_share(self) -> FloatArray:
        """Return the share of a breach that a deal broken at home counts as, shape (runs,)."""
        return self._p[self._key + "consent.breach_share"]

    def _gains_at_home(self, table: Table, rows: IntArray, levels: FloatArray) -> FloatArray:
        """Return what each province would gain by new levels, C$ billion a year.

        Shape (rows, provinces): its share of what exporters regain, less what compensation
        leaves of its share of protected producers' losses.
        """
        if table.name not in self._home:
            self._home[table.name] = self._shares_of_relief_and_hurt(table)
        relieved, hurt = self._home[table.name]
        agreed = np.take(table.agreed, rows, axis=0)

        def moved(values: FloatArray) -> FloatArray:
            return table.worth_of(levels, values, rows) - table.worth_of(agreed, values, rows)

        regained = moved(table.restores) * np.take(table.exporter_stake, rows, axis=0)
        lost = (
            moved(table.hurt)
            * (1.0 - np.take(self._p.get("domestic.compensation", 0.0), rows))[:, None]
        )
        by_province = regained[:, :, None] * np.take(relieved, rows, axis=0)
        by_province = by_province - lost[:, :, None] * np.take(hurt, rows, axis=0)
        return by_province.sum(axis=1)

    def _shares_of_relief_and_hurt(self, table: Table) -> tuple[FloatArray, FloatArray]:
        """Return the provinces' shares of relief and of hurt, (runs, issues, provinces) each."""
        relieved = self._stakes_at(table)
        hurt = np.zeros_like(relieved)
        for i, issue in enumerate(table.issues):
            for j, province in enumerate(self.provinces):
                if issue in province.protected:
                    hurt[:, i, j] = province.protected[issue]
        return relieved, hurt

    # -- threats, as the one threatened -------------------------------------------

    def answers(
        self,
        watch: Watch,
        rows: IntArray,
        belief: FloatArray | None = None,
        buying: Purchase | None = None,
    ) -> FloatArray:
        """Return the chances that it complies, buys off or defies, shape (rows, 3).

        Defying costs the expected punishment. Complying saves what it takes back, and costs
        what the other power is expected to take back in answer, and the best it had hoped to
        gain from the other for as long as the threat chills their talks. Buying off costs a
        concession on its own table with the watcher, and leaves the punishment as likely as
        the watcher, so pleased, is to strike.

        Parameters
        ----------
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
        factor = self.cost_factor(table, rows)
        own_cost = (table.worth_of(now, table.cost, rows) * factor * own).sum(axis=-1)
        kept_cost = (table.worth_of(agreed, table.cost, rows) * factor * own).sum(axis=-1)
        saved = own_cost - kept_cost
        factor_of_promises, _ = self.gain_factors(table, rows)
        gains = table.worth_of(now, table.benefit, rows) * factor_of_promises
        rolled_share = ratio(saved, own_cost, otherwise=0.0)
        expected = np.take(watch.parameter("expected_answer"), rows)
        answer = expected * rolled_share * (gains * others).sum(axis=-1)
        forgone = perpetual_worth(
            np.maximum(np.take(table.best[:, side], rows), 0.0),
            np.take(watch.parameter("chill_weeks"), rows) / WEEKS_A_YEAR,
            np.take(self.discount_rate, rows),
        )
        severity = watch.severity + watch.line_severity * watch.crosses_line()
        if belief is None:
            belief = np.take(watch.credibility.trust, rows)
        at_risk = belief * np.take(severity, rows)
        complying = np.where(contents, saved - answer - forgone, -np.inf)
        buying_off = np.full(rows.size, -np.inf)
        if buying is not None:
            buying_off = np.where(
                buying.possible, -buying.cost - at_risk * buying.risk_left, -np.inf
            )
        worths = np.stack([complying, buying_off, -at_risk], axis=-1)
        return answer_probabilities(worths, np.take(watch.parameter("choice_noise"), rows))

    def purchase(self, watch: Watch, own_table: Table, rows: IntArray) -> Purchase:
        """Return the concession to the watcher, on their own table, that it would buy off with.

        Of the next rungs still open there, the one that lowers the expected punishment most
        for what it costs.
        """
        side = own_table.side_of(self.name)
        part = own_table.open_parts(rows) * own_table.concedes(side)[:, None]
        is_next = (part > 0.0) & (np.cumsum(part > 0.0, axis=-1) == 1)
        cost = np.take(own_table.cost, rows, axis=0) * part * is_next
        worth = np.take(own_table.benefit, rows, axis=0) * part * is_next
        factor = self.cost_factor(own_table, rows)[:, :, None]
        severity = watch.severity + watch.line_severity * watch.crosses_line()
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

    # -- threats, as the watcher ----------------------------------------------------

    def threatens(self, watch: Watch, draw: FloatArray) -> BoolArray:
        """Return whether its alarm boils over into a threat this week."""
        return draw < chance(exponential(watch.log_hazard()))

    def executes(self, watch: Watch, draw: FloatArray) -> BoolArray:
        """Return whether it would carry out a threat that has not been met."""
        return draw < watch.strike_probability(np.arange(draw.size))

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
