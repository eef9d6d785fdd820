"""The home front: provinces that press a government, and its standing with them."""

from __future__ import annotations

import numpy as np

from negotiate_abm.agents.province import Province
from negotiate_abm.mechanisms.domestic import (
    approval,
    consent_log_odds,
    consent_probability,
    meets_quota,
    misjudged,
    relief_weight,
)
from negotiate_abm.mechanisms.numerics import BoolArray, FloatArray, IntArray
from negotiate_abm.scenario.parameters import Parameters
from negotiate_abm.scenario.schema import FormalQuota, PoliticalConsent
from negotiate_abm.tables import Table


class HomeFront:
    """A country's provinces, their consent and its government's approval, in every run.

    Attributes
    ----------
    provinces : list of Province
        Those that press it; none in a country without.
    approval : array of shape (runs,)
        Approval of its government, in [0, 1].
    consent : PoliticalConsent, FormalQuota or None
        What its provinces' consent to a deal takes.
    """

    def __init__(
        self, country: str, consent: PoliticalConsent | FormalQuota | None, p: Parameters
    ) -> None:
        self._key, self._p = f"countries.{country}.", p
        self.consent = consent
        self.provinces: list[Province] = []
        self.approval = p.get(self._key + "approval", 0.5)
        self._resting_approval = self.approval
        self._standing_pressure = np.zeros(p.runs)
        self._shares: dict[str, tuple[FloatArray, FloatArray]] = {}

    def settle(self) -> None:
        """Take the pressure at the start as what present approval already reflects."""
        self._standing_pressure = self._pressure()

    def _pressure(self) -> FloatArray:
        """Return the provinces' pressure, weighted by influence, shape (runs,)."""
        total = np.zeros_like(self.approval)
        for province in self.provinces:
            total = total + province.influence * province.pressure
        return total

    def face_the_public(self, goodwill: FloatArray) -> None:
        """Let a week of pressure beyond the start's, and what was just agreed, work on approval."""
        if not self.provinces:
            return
        self.approval = approval(
            self.approval,
            self._resting_approval,
            self._pressure() - self._standing_pressure,
            goodwill,
            self._p["domestic.approval_erosion"],
            self._p["domestic.approval_recovery_weeks"],
        )

    def relief_weights(self, table: Table, rows: IntArray) -> FloatArray:
        """Return the weight that pressed provinces lend each issue, shape (rows, issues)."""
        if not self.provinces:
            return np.ones((rows.size, len(table.issues)))
        pressure = np.stack([np.take(p.pressure, rows) for p in self.provinces], axis=-1)
        relieved, _ = self._shares_at(table)
        return relief_weight(
            self._influence(rows),
            pressure,
            np.take(relieved, rows, axis=0),
            np.take(self._p["domestic.sensitivity"], rows),
        )

    def _influence(self, rows: IntArray) -> FloatArray:
        return np.stack([np.take(p.influence, rows) for p in self.provinces], axis=-1)

    def consents(
        self,
        table: Table,
        rows: IntArray,
        levels: FloatArray,
        missing: FloatArray,
        draws: FloatArray,
    ) -> tuple[BoolArray, BoolArray]:
        """Return whether the government dares to sign, and whether its provinces let it pass.

        Both have shape (rows,); `missing`, of shape (rows, issues), is the share of losses
        that no other buyer makes good; `draws`, uniform and of shape (rows, 2), are behind
        its error of judgement and the provinces' answer.
        """
        yes = np.ones(rows.size, dtype=np.bool_)
        if self.consent is None:
            return yes, yes
        gains, influence = self._gains(table, rows, levels, missing), self._influence(rows)

        def number(name: str) -> FloatArray:
            return np.take(self._p[f"{self._key}consent.{name}"], rows)

        if self.consent.kind == "quota":
            return yes, meets_quota(influence, gains, number("quota"))
        odds = consent_log_odds(
            influence,
            gains,
            np.take(self.approval, rows),
            number("inclination"),
            number("gain_slope"),
            number("approval_slope"),
        )
        seen = misjudged(odds, number("misjudgement"), draws[:, 0])
        dares = consent_probability(seen) >= number("least_chance")
        return dares, draws[:, 1] < consent_probability(odds)

    def breach_share(self) -> FloatArray:
        """Return the share of a breach that a deal broken at home counts as, shape (runs,)."""
        return self._p.get(self._key + "consent.breach_share", 0.0)

    def _gains(
        self, table: Table, rows: IntArray, levels: FloatArray, missing: FloatArray
    ) -> FloatArray:
        """Return what each province would gain by new levels, C$ billion a year.

        Shape (rows, provinces): its share of what exporters regain, less what compensation
        leaves of its share of protected producers' losses.
        """
        relieved, hurt = self._shares_at(table)
        agreed = np.take(table.agreed, rows, axis=0)

        def moved(values: FloatArray) -> FloatArray:
            return table.worth_of(levels, values, rows) - table.worth_of(agreed, values, rows)

        regained = moved(table.restores) * np.take(table.exporter_stake, rows, axis=0) * missing
        borne = 1.0 - np.take(self._p.get("domestic.compensation", 0.0), rows)
        lost = moved(table.hurt) * borne[:, None]
        by_issue = regained[:, :, None] * np.take(relieved, rows, axis=0)
        by_issue = by_issue - lost[:, :, None] * np.take(hurt, rows, axis=0)
        return by_issue.sum(axis=1)

    def _shares_at(self, table: Table) -> tuple[FloatArray, FloatArray]:
        """Return the provinces' shares of relief and of hurt, (runs, issues, provinces) each.

        They never change, so they are put together once.
        """
        if table.name not in self._shares:
            shape = (table.runs, len(table.issues), len(self.provinces))
            relieved, hurt = np.zeros(shape), np.zeros(shape)
            for i, (issue, flow) in enumerate(zip(table.issues, table.flows, strict=True)):
                for j, province in enumerate(self.provinces):
                    if flow is not None and flow in province.shares:
                        relieved[:, i, j] = province.shares[flow]
                    if issue in province.protected:
                        hurt[:, i, j] = province.protected[issue]
            self._shares[table.name] = relieved, hurt
        return self._shares[table.name]
