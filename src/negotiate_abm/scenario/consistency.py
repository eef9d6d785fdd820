"""Draws that contradict choices already made are no draws of this world.

A duty in force reveals that it costs its imposer something to cut. A swap left on the
table reveals that the chooser thought it not worth while. A run whose drawn numbers say
otherwise is drawn again.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from negotiate_abm.errors import RunError
from negotiate_abm.mechanisms.numerics import BoolArray, FloatArray, IntArray, chance, exponential
from negotiate_abm.mechanisms.preferences import believed_cost, believed_gain, perpetual_worth
from negotiate_abm.mechanisms.retaliation import log_threat_hazard
from negotiate_abm.mechanisms.trade import added_loss
from negotiate_abm.scenario.parameters import Parameters, draw
from negotiate_abm.scenario.schema import Scenario
from negotiate_abm.scenario.stakes import Stakes, TradeFlow, ladder, stakes

# A world that a scenario describes is found within a few draws; this many failures in a
# row mean that the ranges hardly allow any.
MOST_ATTEMPTS = 200


def consistent_draw(
    scenario: Scenario, seed: int, runs: IntArray, given: Mapping[str, FloatArray]
) -> Parameters:
    """Return parameters for each run, drawn again where they contradict the record.

    Raises
    ------
    RunError
        If some run finds no consistent draw; the message says what stood against it.
    """
    parameters = draw(scenario, seed, runs, 0, given)
    for attempt in range(1, MOST_ATTEMPTS + 1):
        reasons = contradictions(scenario, parameters)
        bad = np.flatnonzero(np.logical_or.reduce(list(reasons.values())))
        if bad.size == 0:
            return parameters
        again = draw(
            scenario, seed, runs[bad], attempt, {key: column[bad] for key, column in given.items()}
        )
        parameters = parameters.replaced_where(bad, again)
    worst = max(reasons, key=lambda reason: int(reasons[reason].sum()))
    raise RunError(
        f"{bad.size} of {runs.size} runs (first: run {runs[bad[0]]}) found no consistent draw in "
        f"{MOST_ATTEMPTS}; the usual reason: {worst}. Narrow the ranges or drop the override "
        f"that contradicts it."
    )


def contradictions(scenario: Scenario, p: Parameters) -> dict[str, BoolArray]:
    """Return, for each thing the record rules out, the runs whose numbers imply it."""
    worth = stakes(scenario, p)
    found: dict[str, BoolArray] = {
        "alarm.weight_offered is above alarm.weight_agreed": (
            p["alarm.weight_offered"] > p["alarm.weight_agreed"]
        )
    }
    for name, issue in scenario.issues.items():
        rungs = ladder(scenario, name, p)
        found[f"issues.{name}.ladder does not climb to one, concave in benefit, convex in cost"] = (
            rungs.breaks_order | rungs.breaks_shape
        )
        if issue.duty is not None:
            found[f"issues.{name}.duty would cost its imposer less than nothing to cut"] = (
                worth.cost[name] < 0.0
            )
    for name in scenario.tables:
        key = f"tables.{name}."
        found[key + "shortest_round_weeks is above longest_round_weeks"] = (
            p[key + "shortest_round_weeks"] > p[key + "longest_round_weeks"]
        )
    for name in scenario.revealed:
        found[f"revealed.{name}: the swap that was left would have paid"] = (
            refused_worth(scenario, name, p, worth) > 0.0
        )
    return found


def refused_worth(scenario: Scenario, name: str, p: Parameters, worth: Stakes) -> FloatArray:
    """Return what a swap that was left would have been worth to the chooser, C$ billion a year."""
    refusal = scenario.revealed[name]
    first = scenario.issues[next(iter(refusal.gives))]
    table = scenario.tables[first.table]
    chooser = f"countries.{refusal.chooser}."
    trust = p[f"{chooser}trust.{first.beneficiary}"]
    total = np.zeros(p.runs)
    for issue, rung in refusal.gets.items():
        rungs = ladder(scenario, issue, p)
        share = np.take(rungs.benefit_shares, rungs.names.index(rung), axis=1)
        total = total + believed_gain(share * worth.benefit[issue], trust)
    for issue, rung in refusal.gives.items():
        rungs = ladder(scenario, issue, p)
        share = np.take(rungs.cost_shares, rungs.names.index(rung), axis=1)
        cost = share * worth.cost[issue]
        total = total - believed_cost(cost, trust, p[chooser + "sunk_share"])
    for watcher, entry in table.watchers.items():
        if entry.threatens == refusal.chooser:
            key = f"tables.{first.table}.watchers.{watcher}."
            total = total - _punishment_of(scenario, name, watcher, key, p)
    return total


def _punishment_of(
    scenario: Scenario, name: str, watcher: str, key: str, p: Parameters
) -> FloatArray:
    """Return the punishment the chooser would have expected from a watcher."""
    refusal = scenario.revealed[name]
    exposed, crossed = np.zeros(p.runs), np.zeros(p.runs)
    for issue, rung in refusal.gives.items():
        entry = scenario.issues[issue]
        rungs = ladder(scenario, issue, p)
        level = np.take(rungs.levels, rungs.names.index(rung), axis=1)
        exposed = exposed + level * p.get(f"issues.{issue}.exposure.{watcher}", 0.0)
        line = entry.red_lines.get(watcher)
        if line is not None:
            crossed = crossed + (level >= np.take(rungs.levels, rungs.names.index(line), axis=1))
    hazard = threat_hazard(p, key, exposed, crossed)
    calm = threat_hazard(p, key, np.zeros(p.runs), np.zeros(p.runs))
    weeks = p[key + "lookahead_weeks"]
    rise = chance(weeks * exponential(hazard)) - chance(weeks * exponential(calm))
    return p[key + "credibility"] * punishment_severity(scenario, key, refusal.chooser, p) * rise


def threat_hazard(p: Parameters, key: str, exposed: FloatArray, crossed: FloatArray) -> FloatArray:
    """Return the log weekly hazard of a watcher's threat, its parameters under `key`."""
    return log_threat_hazard(
        np.log(np.maximum(p[key + "base_hazard"], 1e-300)),
        exposed,
        p[key + "exposure_slope"],
        p[key + "hostility"],
        p[key + "hostility_slope"],
        crossed,
        p[key + "line_slope"],
    )


def punishment_severity(scenario: Scenario, key: str, threatened: str, p: Parameters) -> FloatArray:
    """Return what a punishment of the expected length costs the threatened, as a flow for ever."""
    _, table, _, watcher, _ = key.split(".")
    measure = scenario.tables[table].watchers[watcher].punishment
    flow = TradeFlow.of(measure.flow, p)
    loss = p[key + "punishment.coverage"] * added_loss(
        flow.free_value,
        p[f"flows.{measure.flow}.rate_when_valued"],
        p[key + "punishment.rate"],
        flow.sigma,
        flow.omega,
    )
    rate = p[f"countries.{threatened}.discount_rate"]
    return perpetual_worth(loss, p[key + "punishment_years"], rate)
