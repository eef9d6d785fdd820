"""Draws that contradict choices already made are no draws of this world.

A duty in force reveals that it costs its imposer something to cut; a punishment not in
force, that it would cost its imposer something to impose; a swap left on the table, that
the chooser thought it not worth while. A run whose drawn numbers say otherwise is drawn
again. The record speaks of the world as it was: what a user overrides is laid over the
accepted draw and is not held against it, so that a run and its counterfactual differ in
what was overridden and in nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from negotiate_abm.errors import RunError
from negotiate_abm.mechanisms.numerics import (
    BoolArray,
    FloatArray,
    IntArray,
    chance,
    exponential,
)
from negotiate_abm.mechanisms.preferences import believed_cost, believed_gain, reaches
from negotiate_abm.scenario.parameters import Parameters, Streams, draw
from negotiate_abm.scenario.schema import Scenario
from negotiate_abm.scenario.stakes import Ladder, ladders
from negotiate_abm.scenario.warnings import (
    punishment,
    punishment_severity,
    threat_hazard,
    watcher_key,
)

# A world that a scenario describes is found within a few draws; this many failures in a
# row mean that the ranges hardly allow any.
MOST_ATTEMPTS = 200

# Runs whose draws are held at once: memory stays bounded however many there are.
RUNS_AT_ONCE = 2048


def consistent_draw(
    base: Scenario,
    scenario: Scenario,
    seed: int,
    runs: IntArray,
    given: Mapping[str, FloatArray],
) -> Parameters:
    """Return parameters for each run, drawn so that `base` agrees with the record.

    Parameters
    ----------
    base : Scenario
        The case as it is.
    scenario : Scenario
        The case with overrides laid over it.
    seed : int
    runs : array of shape (runs,)
    given : mapping of str to array of shape (runs,)
        Overrides with one value a run.

    Raises
    ------
    RunError
        If some run finds no consistent draw, or the overrides break a ladder or a round;
        the message says what stood against it.
    """
    parts = [
        _consistent_part(base, scenario, seed, runs, given, start)
        for start in range(0, runs.size, RUNS_AT_ONCE)
    ]
    values = {key: np.concatenate([p[key] for p in parts]) for key in parts[0].values}
    parameters = Parameters(values, runs.size)
    for reason, broken in impossibilities(scenario, parameters).items():
        if broken.any():
            raise RunError(
                f"overrides: got values under which, in {broken.sum()} of {runs.size} runs, "
                f"{reason}; expected values that leave it whole. Change or drop one, or hold "
                f"the drawn number it collides with."
            )
    return parameters


def _consistent_part(
    base: Scenario,
    scenario: Scenario,
    seed: int,
    runs: IntArray,
    given: Mapping[str, FloatArray],
    start: int,
) -> Parameters:
    part = slice(start, start + RUNS_AT_ONCE)
    streams = Streams(seed, runs[part])
    against_record = "revealed" not in scenario.without
    attempts = consistent_attempts(base, runs[part], streams, against_record)
    here = {key: column[part] for key, column in given.items()}
    return draw(scenario, seed, runs[part], attempts, here, streams)


def consistent_attempts(
    scenario: Scenario, runs: IntArray, streams: Streams, against_record: bool = True
) -> IntArray:
    """Return, for each run, how many draws were discarded before the one that is kept.

    Without `against_record`, only what no world can be is discarded.
    """
    attempts = np.zeros(runs.size, dtype=np.int64)
    waiting = np.arange(runs.size)
    reasons: dict[str, BoolArray] = {}
    for _ in range(MOST_ATTEMPTS):
        parameters = draw(
            scenario, streams.seed, runs[waiting], attempts[waiting], None, streams, waiting
        )
        valued = ladders(scenario, parameters)
        reasons = impossibilities(scenario, parameters, valued)
        if against_record:
            reasons |= contradictions(scenario, parameters, valued)
        bad = np.logical_or.reduce(list(reasons.values()))
        waiting = waiting[bad]
        if waiting.size == 0:
            return attempts
        attempts[waiting] += 1
    worst = max(reasons, key=lambda reason: int(reasons[reason].sum()))
    raise RunError(
        f"{waiting.size} of {runs.size} runs (first: run {runs[waiting[0]]}) found no consistent "
        f"draw in {MOST_ATTEMPTS}; the usual reason: {worst}. Narrow the scenario's ranges."
    )


def discarded_shares(scenario: Scenario, draws: int = 1000) -> dict[str, float]:
    """Return, by reason, the share of draws that the record or plain sense rules out."""
    p = draw(scenario, 0, np.arange(draws, dtype=np.int64))
    found = impossibilities(scenario, p) | contradictions(scenario, p)
    return {reason: float(bad.mean()) for reason, bad in found.items()}


def impossibilities(
    scenario: Scenario, p: Parameters, valued: dict[str, Ladder] | None = None
) -> dict[str, BoolArray]:
    """Return, for each thing no world can be, the runs whose numbers say it is."""
    valued = ladders(scenario, p) if valued is None else valued
    found: dict[str, BoolArray] = {}
    if scenario.alarm is not None:
        found["alarm.weight_offered is above alarm.weight_agreed"] = (
            p["alarm.weight_offered"] > p["alarm.weight_agreed"]
        )
    if "trust.two_types.kept_if_not" in p.values:
        found["trust.two_types.kept_if_not is not below kept_if_trustworthy"] = (
            p["trust.two_types.kept_if_not"] >= p["trust.two_types.kept_if_trustworthy"]
        )
    for name, rungs in valued.items():
        found[f"issues.{name}.ladder does not climb to one"] = rungs.breaks_order
        if scenario.issues[name].duty is not None:
            key = f"issues.{name}.duty."
            found[f"{key}floor is above the rate"] = p[key + "floor"] > p[key + "rate"]
    for name in scenario.tables:
        key = f"tables.{name}."
        found[key + "shortest_round_weeks is above longest_round_weeks"] = (
            p[key + "shortest_round_weeks"] > p[key + "longest_round_weeks"]
        )
        for watcher in scenario.tables[name].watchers:
            measure = watcher_key(name, watcher) + "punishment."
            if measure + "line_coverage" in p.values:
                found[f"{measure}line_coverage is below coverage"] = (
                    p[measure + "line_coverage"] < p[measure + "coverage"]
                )
    return found


def contradictions(
    scenario: Scenario, p: Parameters, valued: dict[str, Ladder] | None = None
) -> dict[str, BoolArray]:
    """Return, for each thing the record rules out, the runs whose numbers imply it."""
    valued = ladders(scenario, p) if valued is None else valued
    found: dict[str, BoolArray] = {}
    for name, issue in scenario.issues.items():
        rungs = valued[name]
        pays = np.asarray((rungs.costs < 0.0).any(axis=1))
        if issue.duty is not None:
            found[f"issues.{name}.duty would cost its imposer less than nothing to cut"] = pays
        found[f"issues.{name}.ladder is not concave in benefit and convex in cost"] = (
            rungs.breaks_shape & ~pays
        )
    for name, table in scenario.tables.items():
        for watcher in table.watchers:
            measure = punishment(scenario, name, watcher, p)
            key = watcher_key(name, watcher)
            found[f"{key}punishment would pay its imposer, who has not imposed it"] = (
                measure.blow_back(np.zeros(p.runs)) < 0.0
            )
    for name in scenario.revealed:
        found[f"revealed.{name}: the swap that was left would have paid"] = (
            refused_worth(scenario, name, p, valued) > 0.0
        )
    return found


def refused_worth(
    scenario: Scenario, name: str, p: Parameters, valued: dict[str, Ladder]
) -> FloatArray:
    """Return what a swap that was left would have been worth to the chooser, C$ billion a year.

    Without the weight that pressed provinces lend relief: the record is of months, the
    pressure of the moment.
    """
    refusal = scenario.revealed[name]
    first = scenario.issues[next(iter(refusal.gives))]
    chooser = f"countries.{refusal.chooser}."
    full = np.ones(p.runs)
    trust = p.values.get(f"{chooser}trust.{first.beneficiary}", full)
    sunk = p.get(chooser + "sunk_share", 0.0)
    total = np.zeros(p.runs)
    for issue, rung in refusal.gets.items():
        total = total + believed_gain(valued[issue].at(rung, valued[issue].benefits), trust)
    for issue, rung in refusal.gives.items():
        cost = valued[issue].at(rung, valued[issue].costs)
        total = total - believed_cost(cost, trust, sunk)
    for watcher, entry in scenario.tables[first.table].watchers.items():
        if entry.threatens == refusal.chooser:
            total = total - _punishment_of(scenario, name, first.table, watcher, p, valued)
    return total


def _punishment_of(
    scenario: Scenario,
    name: str,
    table: str,
    watcher: str,
    p: Parameters,
    valued: dict[str, Ladder],
) -> FloatArray:
    """Return the punishment the chooser would have expected from a watcher."""
    exposed, crossed = np.zeros(p.runs), np.zeros(p.runs)
    for issue, rung in scenario.revealed[name].gives.items():
        rungs = valued[issue]
        level = rungs.at(rung, rungs.levels)
        exposed = exposed + level * p.get(f"issues.{issue}.exposure.{watcher}", 0.0)
        line = scenario.issues[issue].red_lines.get(watcher)
        if line is not None:
            crossed = crossed + reaches(level, rungs.at(line, rungs.levels))
    key = watcher_key(table, watcher)
    nothing, hostility = np.zeros(p.runs), p[key + "hostility"]
    weeks = p[key + "lookahead_weeks"]
    threat = chance(weeks * exponential(threat_hazard(p, key, exposed, crossed, hostility)))
    calm = chance(weeks * exponential(threat_hazard(p, key, nothing, nothing, hostility)))
    severity = punishment_severity(scenario, table, watcher, p)
    wide = punishment_severity(scenario, table, watcher, p, wide=True)
    widening = np.where(crossed > 0.0, wide - severity, 0.0)
    return p[key + "credibility"] * (severity * (threat - calm) + widening)
