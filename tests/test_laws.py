"""Laws of the model: what holds in every world, every run and every week."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from negotiate_abm.agents.country import Country
from negotiate_abm.errors import RunError
from negotiate_abm.mechanisms.preferences import LEVEL_TOLERANCE
from negotiate_abm.model import NegotiationModel
from negotiate_abm.scenario.schema import Scenario
from tests.worlds import worlds

RUNS, WEEKS = 25, 40

lawful = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.filter_too_much,
        HealthCheck.function_scoped_fixture,
    ],
)


def model_of(scenario: Scenario, seed: int) -> NegotiationModel:
    """Return a model of a drawn world, or give the world up if no draw of it is consistent."""
    try:
        return NegotiationModel(scenario, RUNS, 0, seed)
    except RunError:
        assume(False)
        raise


@lawful
@given(scenario=worlds(), seed=st.integers(0, 2**40))
def test_levels_stay_within_zero_one_and_the_caps(scenario, seed):
    model = model_of(scenario, seed)
    for _ in range(WEEKS):
        model.step()
        for table in model.tables.values():
            for levels in (table.offered, table.agreed, table.in_force):
                assert (levels >= 0.0).all()
                assert (levels <= table.cap + LEVEL_TOLERANCE).all()
                assert (levels <= 1.0).all()
    model.release()


@lawful
@given(scenario=worlds(), seed=st.integers(0, 2**40))
def test_nothing_is_in_force_that_is_not_agreed(scenario, seed):
    model = model_of(scenario, seed)
    for _ in range(WEEKS):
        model.step()
        for table in model.tables.values():
            assert (table.in_force <= table.agreed + LEVEL_TOLERANCE).all()
    model.release()


@lawful
@given(scenario=worlds(), seed=st.integers(0, 2**40))
def test_whole_rungs_are_never_agreed_or_in_force_in_part(scenario, seed):
    model = model_of(scenario, seed)
    for _ in range(WEEKS):
        model.step()
        for table in model.tables.values():
            for levels in (table.agreed, table.in_force):
                assert np.abs(levels - table.rounded(levels)).max() <= LEVEL_TOLERANCE
    model.release()


@lawful
@given(scenario=worlds(), seed=st.integers(0, 2**40))
def test_what_is_agreed_goes_down_only_when_a_threat_is_met(scenario, seed):
    model = model_of(scenario, seed)
    for _ in range(WEEKS):
        before = {name: table.agreed.copy() for name, table in model.tables.items()}
        model.step()
        frame = model.log.frame()
        met = frame[(frame["week"] == model.week) & (frame["kind"] == "complied")]["run"]
        for name, table in model.tables.items():
            fell = (table.agreed < before[name] - LEVEL_TOLERANCE).any(axis=1)
            assert set(model.run_numbers[fell]) <= set(met)
    model.release()


@lawful
@given(scenario=worlds(), seed=st.integers(0, 2**40))
def test_no_offer_falls_short_and_no_answer_sells_below_reservation(monkeypatch, scenario, seed):
    offers, answers = [], []
    honest_offer, honest_answer = Country.offer, Country.accepts

    def offer(self: Country, table: Any, bargain: Any, aspiration: Any) -> Any:
        package, possible = honest_offer(self, table, bargain, aspiration)
        worth = bargain.worth(package, table.side_of(self.name))
        offers.append((worth - aspiration)[possible])
        return package, possible

    def accepts(self: Country, table: Any, bargain: Any, offered: Any, *rest: Any) -> Any:
        takes = honest_answer(self, table, bargain, offered, *rest)
        side, rows = table.side_of(self.name), rest[1]
        worth = bargain.worth(offered, side)
        answers.append((worth - table.reservation[rows, side])[takes])
        return takes

    with monkeypatch.context() as patch:
        patch.setattr(Country, "offer", offer)
        patch.setattr(Country, "accepts", accepts)
        model = model_of(scenario, seed)
        for _ in range(WEEKS):
            model.step()
        model.release()
    assert np.concatenate([np.zeros(1), *offers]).min() >= -1e-9
    assert np.concatenate([np.zeros(1), *answers]).min() >= 0.0


@lawful
@given(scenario=worlds(), seed=st.integers(0, 2**40))
def test_a_met_threat_is_never_executed(scenario, seed):
    model = model_of(scenario, seed)
    for _ in range(WEEKS):
        model.step()
    log = model.log.frame()
    threats = log[log["kind"].isin(["threatened", "complied", "punished", "backed down"])]
    for _, story in threats.groupby("run"):
        standing = ""
        for kind in story["kind"]:
            if kind in ("punished", "backed down"):
                assert standing == "threatened"
            standing = kind
    model.release()


@lawful
@given(scenario=worlds(), seed=st.integers(0, 2**40))
def test_trust_pressure_approval_and_measures_stay_shares(scenario, seed):
    model = model_of(scenario, seed)
    for _ in range(WEEKS):
        model.step()
        state = model.snapshot()
        for name in ("trust", "leverage", "pressure", "approval", "punishment", "counter"):
            values = state[name][1]
            values = values[~np.isnan(values)]
            assert ((values >= 0.0) & (values <= 1.0)).all()
    model.release()


def test_provinces_lose_less_once_duties_are_cut_and_more_once_punished():
    model = NegotiationModel("carney-beijing-2026", runs=5, rng=3)
    before = model.flow_losses()
    model.tables["canada_china"].in_force[:] = 1.0
    relieved = model.flow_losses()
    for flow in ("canola_seed", "canola_products", "pork_seafood"):
        assert (relieved[flow] < 1e-12).all()
        assert (before[flow] > 0.0).all()
    watch = model.watches[0]
    watch.since_execution[:] = 0
    watch.feud.intensity[:, 1] = 1.0
    assert (model.flow_losses()["us_bound_exports"] > before["us_bound_exports"]).all()


def test_a_threat_leaves_the_weeks_of_notice_it_names():
    model = NegotiationModel(
        "carney-beijing-2026",
        runs=300,
        rng=5,
        overrides={
            "tables.canada_china.watchers.united_states.base_hazard": 0.5,
            "tables.canada_china.watchers.united_states.notice_weeks": 5,
            "tables.canada_china.watchers.united_states.credibility": 0.01,
            "tables.canada_china.watchers.united_states.reputation": 50.0,
        },
    )
    for _ in range(20):
        model.step()
    log = model.log.frame()
    first_threat = log[log["kind"] == "threatened"].groupby("run")["week"].first()
    first_blow = log[log["kind"] == "punished"].groupby("run")["week"].first()
    waited = (first_blow - first_threat).dropna()
    assert len(waited) > 20
    assert waited.min() == pytest.approx(5)
