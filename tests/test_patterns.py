"""The patterns of the January case, at 2,000 runs, with 95 per cent intervals.

The bounds are our reading of qualitative expectations. Calibrated patterns (P1, P3, P4)
may set parameters (docs/calibration.md); emergent ones (P5, P6, P8) set none, and each
falls with the mechanism that makes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest

from negotiate_abm.mechanisms.preferences import reaches
from negotiate_abm.model import NegotiationModel

CASE = "carney-beijing-2026"
RUNS = 2000
NEVER = 999

# Relief below this, C$ billion a year, is rounding.
CENT = 1e-6

# A rate near its bound is looked at again with as many runs more, so often at most.
MOST_LOOKS = 6
PRAIRIES = ("saskatchewan", "manitoba", "alberta")
FAR_LINES = ("security_intelligence", "critical_minerals_dual_use")


@dataclass
class History:
    """What the patterns ask of a block of runs."""

    first_agreed: dict[tuple[str, str], np.ndarray]
    punished: np.ndarray
    first_relief: np.ndarray
    relief: np.ndarray
    relief_agreed: np.ndarray
    cost_agreed: np.ndarray
    pressure: dict[str, np.ndarray]


def play(overrides: Mapping[str, Any] | None = None, first_run: int = 0, **levers: Any) -> History:
    """Play the case and return what the patterns ask of it; a run's luck is always the same."""
    model = NegotiationModel(CASE, RUNS, first_run, 1, overrides, levers=levers)
    first: dict[tuple[str, str], np.ndarray] = {}
    first_relief = np.full(RUNS, NEVER)
    for week in range(1, model.case.weeks + 1):
        model.step()
        for table in model.tables.values():
            for i, issue in enumerate(table.issues):
                rungs = table.ladders[issue]
                for rung, level in zip(rungs.names, rungs.levels.T, strict=True):
                    seen = first.setdefault((issue, rung), np.full(RUNS, NEVER))
                    new = reaches(table.agreed[:, i], level) & (seen == NEVER)
                    seen[new] = week
        some = (model.relief("canada") > CENT) & (first_relief == NEVER)
        first_relief[some] = week
    table = model.tables["canada_china"]
    own = table.concedes(table.side_of("canada"))
    promised = table.worth_of(table.agreed, table.restores)
    history = History(
        first_agreed=first,
        punished=model.punished("canada"),
        first_relief=first_relief,
        relief=model.relief("canada"),
        relief_agreed=(promised * table.exporter_stake * ~own).sum(axis=-1),
        cost_agreed=(table.worth_of(table.agreed, table.cost * ~table.talk) * own).sum(axis=-1),
        pressure={name: p.pressure for name, p in model.provinces.items()},
    )
    model.release()
    return history


@cache
def baseline() -> History:
    """Return the case as it is."""
    return play()


def interval(happened: np.ndarray) -> tuple[float, float]:
    """Return the 95 per cent (Wilson) interval of a share of runs."""
    found = binomtest(int(happened.sum()), happened.size).proportion_ci(0.95, "wilson")
    return found.low, found.high


def mean_interval(values: np.ndarray) -> tuple[float, float]:
    """Return the 95 per cent interval of a mean."""
    half = 1.96 * values.std(ddof=1) / np.sqrt(values.size)
    return values.mean() - half, values.mean() + half


def commits(history: History) -> np.ndarray:
    """Return the runs that promise more than talk on what is nobody's to trade."""
    rungs = (
        ("security_intelligence", "exchange"),
        ("critical_minerals_dual_use", "limited_access"),
    )
    return np.logical_or.reduce([history.first_agreed[key] < NEVER for key in rungs])


def test_p1_technical_consultations_on_canola_reopen_within_twelve_weeks_in_most_runs():
    low, _ = interval(baseline().first_agreed["canola_seed", "consultations"] <= 12)
    assert low >= 0.7


def test_p2_full_removal_of_the_canola_duty_within_four_weeks_is_rare():
    _, high = interval(baseline().first_agreed["canola_seed", "mfn_duty"] <= 4)
    assert high <= 0.05


def test_p3_framework_talks_on_agriculture_and_energy_are_common():
    low, _ = interval(baseline().first_agreed["framework_agri_energy", "talks"] < NEVER)
    assert low >= 0.6


def test_p4_talks_on_the_vehicle_tariff_are_common_and_its_elimination_rare():
    low, _ = interval(baseline().first_agreed["ev_tariff", "talks"] < NEVER)
    _, high = interval(baseline().first_agreed["ev_tariff", "elimination"] < NEVER)
    assert low >= 0.5
    assert high <= 0.05


@pytest.mark.parametrize("trust", [0.1, 0.3, 0.5, 0.7, 0.95])
def test_p5_without_a_cap_of_its_own_ottawa_commits_nothing_on_security_or_minerals(trust):
    committed = np.zeros(0, dtype=bool)
    for look in range(MOST_LOOKS):
        more = play({"without": ["own_lines"]}, first_run=look * RUNS, initial_trust=trust)
        committed = np.concatenate([committed, commits(more)])
        low, high = interval(committed)
        if high <= 0.01 or low > 0.01:
            break
    assert high <= 0.01


def test_p5_falls_where_washington_does_not_watch():
    history = play({"without": ["own_lines", "watchers"]}, initial_trust=0.95)
    low, _ = interval(commits(history))
    assert low > 0.01


def test_p6_holding_the_vehicle_tariff_at_zero_brings_punishment_seldom_seen_otherwise():
    _, high = interval(baseline().punished)
    low, _ = interval(play(ev_tariff_at_zero=True).punished)
    assert high <= 0.3
    assert low >= 0.7


@pytest.mark.parametrize("issue", FAR_LINES)
def test_p6_each_red_line_crossed_alone_brings_more_punishment(issue):
    crossed = play({"without": ["own_lines"], f"issues.{issue}.held": 0.3})
    more = crossed.punished.astype(float) - baseline().punished
    low, _ = mean_interval(more)
    assert low > 0.0


def test_p6_falls_where_red_lines_mean_nothing_to_washington():
    washington = "tables.canada_china.watchers.united_states"
    blind = {f"{washington}.line_slope": 0.0, f"{washington}.line_worth": 0.0}
    _, high = interval(play(blind, ev_tariff_at_zero=True).punished)
    assert high < 0.7


def test_p8_duties_raise_the_pressure_of_the_prairies():
    spared = play({"issues.canola_seed.duty.rate": 9.0, "without": ["revealed"]})
    for province in PRAIRIES:
        low, _ = mean_interval(baseline().pressure[province] - spared.pressure[province])
        assert low > 0.0


def test_p8_relief_lowers_the_pressure_of_the_prairies():
    barred = play({"issues.canola_seed.held": 0.0, "issues.canola_products.held": 0.0})
    relieved = baseline().relief > CENT
    for province in ("saskatchewan", "manitoba"):
        less = (barred.pressure[province] - baseline().pressure[province])[relieved]
        low, _ = mean_interval(less)
        assert low > 0.0


def test_p8_stronger_pressure_brings_an_earlier_deal():
    weak, strong = play(provincial_pressure=0.0), play(provincial_pressure=20.0)
    waits = [np.minimum(history.first_relief, 53) for history in (weak, strong)]
    low, _ = mean_interval(waits[0] - waits[1])
    assert low > 0.0


def test_p8_stronger_pressure_makes_relief_dearer_in_what_ottawa_gives():
    """What Ottawa gives counts at its cost, talk left out: it is given whatever the pressure."""
    sums = []
    for look in range(MOST_LOOKS):
        weak, strong = (play(None, look * RUNS, provincial_pressure=s) for s in (0.0, 20.0))
        sums.append([(h.cost_agreed, h.relief_agreed) for h in (weak, strong)])
        low, high = dearer_by(np.concatenate(sums, axis=-1))
        if low > 0.0 or high <= 0.0:
            break
    assert low > 0.0


def dearer_by(sums: np.ndarray) -> tuple[float, float]:
    """Return the 95 per cent bootstrap interval of a rise in cost per C$ of relief.

    `sums` has shape (2, 2, runs): weak and strong pressure; cost and relief.
    """
    dice = np.random.default_rng(0)
    rises = []
    for _ in range(400):
        again = np.take(sums, dice.integers(0, sums.shape[-1], sums.shape[-1]), axis=-1)
        cost, relief = again[:, 0].sum(axis=-1), again[:, 1].sum(axis=-1)
        rises.append((cost / relief)[1] - (cost / relief)[0])
    return float(np.quantile(rises, 0.025)), float(np.quantile(rises, 0.975))


def test_p8_falls_where_ottawa_does_not_listen():
    deaf = {"domestic.sensitivity": 0.0, "without": ["consent"]}
    calm, loud = ({f"provinces.{p}.half_loss": loss for p in PRAIRIES} for loss in (5.0, 0.05))
    assert np.array_equal(play(deaf | calm).relief, play(deaf | loud).relief)
