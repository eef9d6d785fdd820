"""Retaliation: what alarms a watcher, whether it acts, and how quarrels go, move by move."""

from dataclasses import FrozenInstanceError, dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from negotiate_abm.mechanisms import retaliation
from negotiate_abm.mechanisms.numerics import BoolArray, FloatArray
from negotiate_abm.mechanisms.retaliation import Feud, FeudView, retaliation_strategies

lawful = settings(max_examples=60, deadline=None)
shares = st.floats(0.0, 1.0)
worths = st.floats(-20.0, 20.0)
noises = st.floats(0.5, 5.0)


def column(*values: float) -> FloatArray:
    return np.array(values, dtype=np.float64)


# -- what alarms a watcher ------------------------------------------------------------


def alarm(offered: float, agreed: float, in_force: float) -> float:
    levels = (np.array([[x]]) for x in (offered, agreed, in_force))
    return float(retaliation.alarm_levels(*levels, column(0.6), column(0.2))[0, 0])


def test_a_fact_alarms_more_than_a_promise_and_a_promise_more_than_an_offer() -> None:
    assert alarm(0.5, 0.5, 0.5) == 0.5
    assert alarm(0.5, 0.5, 0.0) == pytest.approx(0.3)
    assert alarm(0.5, 0.0, 0.0) == pytest.approx(0.1)
    assert alarm(0.0, 0.0, 0.0) == 0.0


def test_fact_promise_and_offer_add_up_and_none_is_counted_twice() -> None:
    assert alarm(1.0, 0.6, 0.2) == pytest.approx(0.2 + 0.6 * 0.4 + 0.2 * 0.4)
    assert alarm(0.1, 0.6, 0.2) == pytest.approx(0.2 + 0.6 * 0.4)
    assert alarm(0.7, 0.2, 0.5) == pytest.approx(0.5 + 0.2 * 0.2)


@lawful
@given(shares, shares, shares, shares, st.integers(0, 2))
def test_alarm_lies_between_the_facts_and_the_most_that_is_talked_of_and_never_falls(
    offered: float, agreed: float, in_force: float, step: float, which: int
) -> None:
    levels = [offered, agreed, in_force]
    before = alarm(*levels)
    assert in_force <= before <= max(levels) + 1e-12
    levels[which] += step
    assert alarm(*levels) >= before - 1e-12


def test_exposure_is_summed_over_issues_in_each_run() -> None:
    levels = np.array([[0.5, 1.0, 0.0], [1.0, 0.0, 1.0]])
    per_level = np.array([[1.2, 0.1, 2.0]])
    assert retaliation.exposure(levels, per_level).tolist() == pytest.approx([0.7, 3.2])


@pytest.mark.parametrize("runs", [1, 5, 17])
def test_a_runs_exposure_does_not_feel_its_neighbours(runs: int) -> None:
    levels, per_level = np.random.default_rng(runs).random((2, runs, 11))
    together = retaliation.exposure(levels, per_level)
    for i in range(runs):
        run = slice(i, i + 1)
        assert together[i] == retaliation.exposure(levels[run], per_level[run])[0]


def log_hazard(exposure: float = 1.0, hostility: float = 0.0, lines: float = 0.0) -> float:
    terms = (np.log(0.02), exposure, 2.5, hostility, 1.5, lines, 1.0)
    return float(retaliation.log_threat_hazard(*(column(x) for x in terms))[0])


def test_at_the_edge_of_tolerance_without_hostility_a_threat_comes_at_the_base_hazard() -> None:
    assert log_hazard() == pytest.approx(np.log(0.02))


def test_each_cause_multiplies_the_hazard_by_its_own_factor() -> None:
    base = log_hazard()
    assert log_hazard(exposure=2.0) - base == pytest.approx(2.5)
    assert log_hazard(hostility=1.0) - base == pytest.approx(1.5)
    assert log_hazard(lines=2.0) - base == pytest.approx(2.0)
    together = log_hazard(exposure=1.4, hostility=0.5, lines=1.0) - base
    assert together == pytest.approx(2.5 * 0.4 + 1.5 * 0.5 + 1.0)


@lawful
@given(st.floats(0.0, 5.0), shares, st.integers(0, 3), st.floats(0.01, 2.0))
def test_the_hazard_rises_with_exposure_hostility_and_lines_crossed(
    exposure: float, hostility: float, lines: int, step: float
) -> None:
    here = log_hazard(exposure, hostility, lines)
    assert log_hazard(exposure + step, hostility, lines) > here
    assert log_hazard(exposure, hostility + step, lines) > here
    assert log_hazard(exposure, hostility, lines + 1) > here


# -- how the threatened answers and whether the watcher acts -----------------------------

NOT_TO_BE_HAD = -np.inf


def answers(*courses: float, noise: float = 1.0) -> list[float]:
    """Return the probability of each of one run's answers."""
    found = retaliation.answer_probabilities(np.array([courses]), column(noise))
    return found[0].tolist()


some_courses = st.lists(worths, min_size=1, max_size=5)


@lawful
@given(some_courses, st.integers(0, 3), noises)
def test_one_answer_is_given_and_never_one_that_is_not_to_be_had(
    courses: list[float], missing: int, noise: float
) -> None:
    found = answers(*courses, *[NOT_TO_BE_HAD] * missing, noise=noise)
    assert sum(found) == pytest.approx(1.0)
    assert all(0.0 < chance <= 1.0 for chance in found[: len(courses)])
    assert found[len(courses) :] == [0.0] * missing


@lawful
@given(some_courses, noises)
def test_an_answer_not_to_be_had_leaves_the_rest_as_they_would_be_without_it(
    courses: list[float], noise: float
) -> None:
    with_it = answers(NOT_TO_BE_HAD, *courses, noise=noise)
    assert with_it[1:] == pytest.approx(answers(*courses, noise=noise))


@lawful
@given(worths, worths, worths, noises)
def test_an_answer_is_a_logit_choice_whose_odds_no_third_course_moves(
    complying: float, defying: float, buying: float, noise: float
) -> None:
    two = answers(complying, defying, noise=noise)
    assert two[0] == pytest.approx(1.0 / (1.0 + np.exp((defying - complying) / noise)))
    three = answers(complying, defying, buying, noise=noise)
    assert three[0] * two[1] == pytest.approx(three[1] * two[0])


@lawful
@given(some_courses, st.data(), st.floats(0.01, 5.0), noises)
def test_the_better_an_answer_the_likelier_it_and_the_less_likely_every_other(
    courses: list[float], data: st.DataObject, step: float, noise: float
) -> None:
    better = data.draw(st.integers(0, len(courses) - 1))
    before = answers(*courses, noise=noise)
    courses[better] += step
    after = answers(*courses, noise=noise)
    for place, (now, then) in enumerate(zip(before, after, strict=True)):
        assert then >= now if place == better else then <= now


@lawful
@given(some_courses, worths, noises)
def test_only_differences_between_answers_count(
    courses: list[float], shift: float, noise: float
) -> None:
    shifted = [course + shift for course in courses]
    assert answers(*shifted, noise=noise) == pytest.approx(answers(*courses, noise=noise))


def test_without_noise_to_speak_of_the_best_answer_is_certain() -> None:
    assert answers(0.0, 1.0, 0.5, noise=1e-9) == [0.0, 1.0, 0.0]
    assert answers(1e9, NOT_TO_BE_HAD, -1e9) == [1.0, 0.0, 0.0]


def test_equal_answers_are_equally_likely() -> None:
    assert answers(-3.0, -3.0, -3.0, -3.0) == [0.25] * 4


@pytest.mark.parametrize("runs", [1, 5, 17])
def test_a_runs_answer_does_not_feel_its_neighbours(runs: int) -> None:
    rng = np.random.default_rng(runs)
    courses, noise = rng.normal(size=(runs, 3)), rng.uniform(0.5, 2.0, runs)
    courses[::2, 2] = NOT_TO_BE_HAD
    together = retaliation.answer_probabilities(courses, noise)
    for i in range(runs):
        alone = retaliation.answer_probabilities(courses[i : i + 1], noise[i : i + 1])
        assert together[i].tolist() == alone[0].tolist()


def executes(
    exposure: float = 1.0,
    lines: float = 0.0,
    reputation: float = 0.0,
    blow_back: float = 0.0,
    bought: float = 0.0,
    noise: float = 1.0,
) -> float:
    terms = (2.0, exposure, 3.0, lines, reputation, blow_back, bought, noise)
    return float(retaliation.execution_probability(*(column(x) for x in terms))[0])


@lawful
@given(
    st.floats(0.0, 4.0),
    st.integers(0, 2),
    shares,
    st.floats(0.0, 5.0),
    st.floats(0.0, 5.0),
    noises,
)
def test_execution_is_a_quantal_response_to_grievance_reputation_blow_back_and_favours(
    exposure: float, lines: int, reputation: float, blow_back: float, bought: float, noise: float
) -> None:
    worth = 2.0 * max(0.0, exposure - 1.0) + 3.0 * lines + reputation - blow_back - bought
    expected = 1.0 / (1.0 + np.exp(-worth / noise))
    found = executes(exposure, lines, reputation, blow_back, bought, noise)
    assert found == pytest.approx(expected)


def test_a_watcher_within_its_tolerance_has_no_grievance_to_act_on() -> None:
    assert executes(exposure=0.0) == executes(exposure=1.0) == 0.5 < executes(exposure=1.5)


@lawful
@given(st.floats(1.0, 3.0), st.integers(0, 2), shares, st.floats(0.0, 5.0), st.floats(0.1, 1.0))
def test_every_red_line_and_every_reason_counts_and_blow_back_deters(
    exposure: float, lines: int, reputation: float, blow_back: float, step: float
) -> None:
    here = executes(exposure, lines, reputation, blow_back)
    assert executes(exposure + step, lines, reputation, blow_back) > here
    assert executes(exposure, lines + 1, reputation, blow_back) > here
    assert executes(exposure, lines, reputation + step, blow_back) > here
    assert executes(exposure, lines, reputation, blow_back + step) < here


@lawful
@given(st.floats(0.0, 3.0), st.integers(0, 2), st.floats(0.0, 5.0), st.floats(0.1, 5.0), noises)
def test_the_more_a_watcher_was_bought_the_less_likely_it_strikes(
    exposure: float, lines: int, bought: float, more: float, noise: float
) -> None:
    dear = executes(exposure, lines, bought=bought + more, noise=noise)
    assert 0.0 < dear < executes(exposure, lines, bought=bought, noise=noise)
    paid = executes(exposure, lines, blow_back=bought, noise=noise)
    assert paid == executes(exposure, lines, bought=bought, noise=noise)


def test_a_threat_may_be_a_bluff_and_a_mild_one_may_still_be_carried_out() -> None:
    assert 0.0 < executes(exposure=2.0, lines=1.0) < 1.0
    assert 0.0 < executes(exposure=0.0, blow_back=3.0) < 0.5


# -- what is taken back to calm a watcher -------------------------------------------------

ROUNDING = 1e-9


@dataclass(frozen=True)
class Concessions:
    """What two or more ladders expose and promise, segment by segment, in one run."""

    exposures: FloatArray
    costs: FloatArray

    def withdrawn(self, excess: float) -> BoolArray:
        """Return which segments are taken back, shape (issues, segments)."""
        found = retaliation.least_withdrawal(self.exposures[None], self.costs[None], column(excess))
        assert found.dtype == np.bool_
        assert found.shape == (1, *self.exposures.shape)
        return found[0]


@st.composite
def concessions(draw: st.DrawFn, most_segments: int = 4) -> Concessions:
    """Draw ladders some of whose segments expose nothing or promise nothing."""
    shape = draw(st.integers(1, 5)), draw(st.integers(1, most_segments))
    size = shape[0] * shape[1]
    amounts = st.one_of(st.just(0.0), st.floats(0.01, 3.0))
    rows = [np.array(draw(st.lists(amounts, min_size=size, max_size=size))) for _ in range(2)]
    return Concessions(rows[0].reshape(shape), rows[1].reshape(shape))


def ladders(exposures: list[list[float]], costs: list[list[float]]) -> Concessions:
    return Concessions(np.array(exposures), np.array(costs))


lawful_ladders = settings(max_examples=100, deadline=None)


@lawful_ladders
@given(concessions(), st.floats(0.001, 20.0))
def test_what_is_taken_back_removes_the_excess_or_all_there_is(
    promised: Concessions, excess: float
) -> None:
    removed = promised.exposures[promised.withdrawn(excess)].sum()
    assert removed >= min(excess, promised.exposures.sum()) - ROUNDING


@lawful_ladders
@given(concessions(), st.floats(-5.0, 0.0))
def test_without_an_excess_nothing_is_taken_back(promised: Concessions, excess: float) -> None:
    assert not promised.withdrawn(excess).any()


@lawful_ladders
@given(concessions(), st.floats(0.001, 20.0))
def test_a_ladder_is_taken_back_down_to_a_rung_that_exposes(
    promised: Concessions, excess: float
) -> None:
    for exposures, withdrawn in zip(promised.exposures, promised.withdrawn(excess), strict=True):
        if withdrawn.any():
            lowest = withdrawn.argmax()
            assert exposures[lowest] > 0.0
            assert withdrawn[lowest:].all()


def test_no_rung_stays_on_one_that_is_taken_back() -> None:
    exposures, costs = np.array([[[1.0, 1.0, 0.0]]]), np.ones((1, 1, 3))
    taken = retaliation.least_withdrawal(exposures, costs, np.array([0.5]))
    assert taken[0, 0].tolist() == [False, True, True]


def test_a_rung_that_just_suffices_is_taken_back_alone() -> None:
    exposures, costs = np.array([[[0.3], [0.15]]]), np.array([[[0.3], [0.3]]])
    taken = retaliation.least_withdrawal(exposures, costs, np.array([0.3]))
    assert taken[0, :, 0].tolist() == [True, False]


@lawful_ladders
@given(concessions(), st.floats(0.001, 20.0))
def test_a_rung_is_taken_back_only_after_all_above_it_that_expose(
    promised: Concessions, excess: float
) -> None:
    for exposes, gone in zip(promised.exposures > 0.0, promised.withdrawn(excess), strict=True):
        of_those_that_expose = gone[exposes].tolist()
        assert of_those_that_expose == sorted(of_those_that_expose)


@lawful_ladders
@given(concessions(), st.floats(0.001, 20.0))
def test_no_more_is_taken_back_than_is_needed(promised: Concessions, excess: float) -> None:
    gone = promised.withdrawn(excess)
    removed = promised.exposures[gone].sum()
    lowest_gone = [
        exposed[taken][0]
        for exposed, taken in zip(promised.exposures, gone, strict=True)
        if taken.any()
    ]
    assert gone.any() == (promised.exposures > 0.0).any()
    if lowest_gone:  # one of the ladders' last withdrawals was the last of all
        assert min(removed - last for last in lowest_gone) < excess + ROUNDING


@lawful_ladders
@given(concessions(most_segments=1), st.floats(0.001, 20.0))
def test_of_rungs_that_can_go_first_the_cheapest_for_its_relief_goes_first_and_the_last_was_needed(
    promised: Concessions, excess: float
) -> None:
    exposed, gone = promised.exposures[:, 0], promised.withdrawn(excess)[:, 0]
    exposes = exposed > 0.0
    price = promised.costs[exposes, 0] / exposed[exposes]
    gone = gone[exposes]
    if gone.any():
        dearest = price[gone].max()
        assert (price[~gone] >= dearest).all()
        last = exposed[exposes][gone & (price == dearest)]
        assert (exposed[exposes][gone].sum() - last).min() < excess + ROUNDING


@lawful_ladders
@given(
    st.lists(st.floats(0.0, 5.0), min_size=1, max_size=8, unique=True),
    st.floats(0.1, 2.0),
    st.floats(0.05, 0.95),
    st.data(),
)
def test_of_promises_that_expose_alike_the_cheapest_are_broken(
    costs: list[float], each: float, part: float, data: st.DataObject
) -> None:
    broken = data.draw(st.integers(1, len(costs)))
    promised = ladders([[each]] * len(costs), [[cost] for cost in costs])
    gone = promised.withdrawn((broken - part) * each)
    assert sorted(np.array(costs)[gone[:, 0]]) == sorted(costs)[:broken]


def test_the_last_rung_taken_back_is_the_one_that_makes_it_enough() -> None:
    promised = ladders([[0.2, 0.3], [0.4, 0.1]], [[1.0, 1.5], [0.4, 0.2]])
    assert promised.withdrawn(0.05).tolist() == [[False, False], [False, True]]
    assert promised.withdrawn(0.45).tolist() == [[False, False], [True, True]]
    assert promised.withdrawn(0.55).tolist() == [[False, True], [True, True]]
    assert promised.withdrawn(0.85).tolist() == [[True, True], [True, True]]
    assert promised.withdrawn(9.0).tolist() == [[True, True], [True, True]]


def test_a_cheap_rung_below_a_dear_one_waits_for_it() -> None:
    promised = ladders([[0.5, 0.5], [0.0, 0.5]], [[0.1, 5.0], [0.0, 1.0]])
    assert promised.withdrawn(0.4).tolist() == [[False, False], [False, True]]
    assert promised.withdrawn(0.9).tolist() == [[False, True], [False, True]]
    assert promised.withdrawn(1.4).tolist() == [[True, True], [False, True]]


@lawful_ladders
@given(concessions(), st.lists(st.floats(-1.0, 20.0), min_size=2, max_size=5))
def test_each_run_takes_back_what_it_would_alone(
    promised: Concessions, excesses: list[float]
) -> None:
    together = retaliation.least_withdrawal(
        np.stack([promised.exposures] * len(excesses)),
        np.stack([promised.costs] * len(excesses)),
        column(*excesses),
    )
    for gone, excess in zip(together, excesses, strict=True):
        assert np.array_equal(gone, promised.withdrawn(excess))


@lawful_ladders
@given(concessions(), st.floats(0.001, 20.0), st.floats(0.0, 5.0))
def test_a_larger_excess_takes_back_what_a_smaller_would_and_perhaps_more(
    promised: Concessions, excess: float, more: float
) -> None:
    assert (promised.withdrawn(excess) <= promised.withdrawn(excess + more)).all()


# -- ill will, week by week ----------------------------------------------------------------


def hostility(
    now: float, resting: float, weeks: float = 26.0, shock: float = 0.0, draw: float = 0.5
) -> float:
    terms = (now, resting, weeks, shock, draw)
    return float(retaliation.hostility_next(*(column(x) for x in terms))[0])


@lawful
@given(shares, shares, st.floats(0.1, 60.0), shares, st.floats(0.0, 1.0, exclude_max=True))
def test_hostility_stays_a_share(
    now: float, resting: float, weeks: float, shock: float, draw: float
) -> None:
    assert 0.0 <= hostility(now, resting, weeks, shock, draw) <= 1.0


@lawful
@given(shares, shares, st.floats(1.0, 60.0))
def test_without_shocks_hostility_returns_to_where_it_rests_and_never_past_it(
    now: float, resting: float, weeks: float
) -> None:
    away = now - resting
    for _ in range(10):
        now = hostility(now, resting, weeks)
        away *= 1.0 - 1.0 / weeks
        assert now - resting == pytest.approx(away, abs=1e-12)


@pytest.mark.parametrize("start", [0.0, 0.2, 1.0])
def test_hostility_at_rest_stays_and_away_from_it_comes_back_in_the_end(start: float) -> None:
    assert hostility(0.6, 0.6) == 0.6
    for _ in range(2000):
        start = hostility(start, 0.6)
    assert start == pytest.approx(0.6)


@lawful
@given(st.floats(0.3, 0.7), st.floats(0.3, 0.7), st.floats(1.0, 60.0), st.floats(0.01, 0.1))
def test_a_weeks_surprise_has_the_stated_spread_and_no_drift(
    now: float, resting: float, weeks: float, shock: float
) -> None:
    draws = (np.arange(4000) + 0.5) / 4000
    surprised = retaliation.hostility_next(
        column(now), column(resting), column(weeks), column(shock), draws
    )
    surprise = surprised - hostility(now, resting, weeks)
    assert surprise.mean() == pytest.approx(0.0, abs=1e-9)
    assert surprise.std() == pytest.approx(shock, rel=1e-3)


@lawful
@given(shares, shares, st.floats(0.0, 0.2), st.floats(0.0, 0.49), st.floats(0.0, 0.5))
def test_a_higher_draw_is_a_worse_week(
    now: float, resting: float, shock: float, draw: float, step: float
) -> None:
    calmer = hostility(now, resting, shock=shock, draw=draw)
    assert hostility(now, resting, shock=shock, draw=draw + step) >= calmer


# -- quarrels, move by move: zero cooperates, more than zero defects --------------------


def move(
    name: str,
    own: list[float],
    other: list[float],
    generosity: float = 0.1,
    escalation: float = 0.25,
    draw: float = 0.5,
) -> float:
    """Return a strategy's next move after both sides' moves so far."""
    view = FeudView(
        own=column(own[-1]),
        provoked=column(other[-1]),
        ever_provoked=column(float(any(x > 0.0 for x in other))),
        generosity=column(generosity),
        escalation=column(escalation),
        draw=column(draw),
    )
    return float(retaliation_strategies[name](view)[0])


def against(name: str, script: list[float], **traits: float) -> list[float]:
    """Return a strategy's moves, from cooperation, against an opponent with a script."""
    moves = [0.0]
    for seen in range(1, len(script)):
        moves.append(move(name, moves, script[:seen], **traits))
    return moves


def versus(one: str, other: str, opening: str, periods: int = 6) -> str:
    """Return a game between two strategies from an opening, as in 'DC CD DC'."""
    first, second = ([float(letter == "D")] for letter in opening)
    for _ in range(periods - 1):
        answers = move(one, first, second), move(other, second, first)
        first.append(answers[0])
        second.append(answers[1])
    return " ".join("CD"[a > 0.0] + "CD"[b > 0.0] for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("name", ["tit_for_tat", "generous_tit_for_tat", "grim", "graduated"])
@pytest.mark.parametrize("other", ["none", "tit_for_tat", "grim", "win_stay_lose_shift"])
def test_nice_strategies_never_strike_first(name: str, other: str) -> None:
    assert versus(name, other, "CC") == "CC CC CC CC CC CC"


def test_tit_for_tat_does_as_the_other_just_did() -> None:
    assert against("tit_for_tat", [1, 0, 0, 1, 1, 0, 0]) == [0, 1, 0, 0, 1, 1, 0]


@lawful
@given(st.lists(shares, min_size=2, max_size=8))
def test_tit_for_tat_hits_back_as_hard_as_it_was_hit(script: list[float]) -> None:
    assert against("tit_for_tat", script) == [0.0, *script[:-1]]


@lawful
@given(st.lists(shares, min_size=2, max_size=8), shares, st.floats(0.0, 1.0, exclude_max=True))
def test_generous_tit_for_tat_hits_back_as_hard_as_it_was_hit_or_not_at_all(
    script: list[float], generosity: float, draw: float
) -> None:
    echo = [0.0] * len(script) if draw < generosity else against("tit_for_tat", script)
    traits = {"generosity": generosity, "draw": draw}
    assert against("generous_tit_for_tat", script, **traits) == echo


@lawful
@given(st.floats(0.01, 1.0), shares)
def test_grim_graduated_and_win_stay_lose_shift_ask_whether_they_were_hit_and_not_how_hard(
    blow: float, own: float
) -> None:
    for name in ("grim", "graduated", "win_stay_lose_shift"):
        assert move(name, [own], [blow]) == move(name, [own], [1.0])


def test_one_blow_echoes_for_ever_between_two_who_play_tit_for_tat() -> None:
    assert versus("tit_for_tat", "tit_for_tat", "DC") == "DC CD DC CD DC CD"


def test_two_who_play_tit_for_tat_never_climb_out_of_a_mutual_feud() -> None:
    assert versus("tit_for_tat", "tit_for_tat", "DD") == "DD DD DD DD DD DD"


def test_grim_never_forgives_one_who_repents_at_once() -> None:
    assert versus("grim", "none", "CD") == "CD DC DC DC DC DC"


def test_grim_against_tit_for_tat_ends_in_a_feud_for_ever() -> None:
    assert versus("grim", "tit_for_tat", "CD") == "CD DC DD DD DD DD"


def test_grim_alone_remembers_what_is_over() -> None:
    script = [0.0, 1.0, 0.0, 0.0, 0.0]
    assert against("grim", script) == [0, 0, 1, 1, 1]
    assert against("tit_for_tat", script) == [0, 0, 1, 0, 0]


def test_win_stay_lose_shift_returns_to_cooperation_after_mutual_defection() -> None:
    game = versus("win_stay_lose_shift", "win_stay_lose_shift", "DD")
    assert game == "DD CC CC CC CC CC"


def test_win_stay_lose_shift_mends_a_single_blow_in_two_moves() -> None:
    game = versus("win_stay_lose_shift", "win_stay_lose_shift", "DC")
    assert game == "DC DD CC CC CC CC"


def test_win_stay_lose_shift_goes_on_exploiting_one_who_never_answers() -> None:
    assert versus("win_stay_lose_shift", "none", "DC") == "DC DC DC DC DC DC"


def test_win_stay_lose_shift_tries_peace_every_other_time_with_one_who_always_strikes() -> None:
    assert against("win_stay_lose_shift", [1.0] * 6) == [0, 1, 0, 1, 0, 1]


def test_win_stay_lose_shift_counts_a_half_measure_as_a_blow() -> None:
    assert move("win_stay_lose_shift", own=[0.25], other=[0.0]) == 1.0
    assert move("win_stay_lose_shift", own=[0.25], other=[0.25]) == 0.0


def test_graduated_climbs_a_ladder_of_sanctions_and_down_again() -> None:
    script = [1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0]
    assert against("graduated", script) == [0.0, 0.25, 0.5, 0.75, 0.5, 0.25, 0.0]


def test_graduated_stops_at_the_full_measure_and_at_none() -> None:
    assert against("graduated", [1.0] * 7) == [0.0, 0.25, 0.5, 0.75, 1.0, 1.0, 1.0]
    assert against("graduated", [1.0] * 4, escalation=0.4) == pytest.approx([0, 0.4, 0.8, 1.0])
    assert against("graduated", [0.0] * 3) == [0.0, 0.0, 0.0]


def test_graduated_needs_as_long_to_calm_as_it_was_provoked() -> None:
    script = [1.0, 1.0, 0.0, 0.0, 0.0, 0.0]
    assert against("graduated", script, escalation=0.5) == [0.0, 0.5, 1.0, 0.5, 0.0, 0.0]


def test_graduated_comes_down_in_as_many_steps_as_it_climbed_whatever_the_step() -> None:
    moves = against("graduated", [1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0], escalation=0.1)
    assert moves[-1] == 0.0


def test_generous_tit_for_tat_forgives_at_the_stated_rate() -> None:
    runs = 1000
    ones, draws = np.ones(runs), (np.arange(runs) + 0.5) / runs
    view = FeudView(0 * ones, ones, ones, 0.3 * ones, ones, draws)
    strikes = retaliation_strategies["generous_tit_for_tat"](view)
    assert np.unique(strikes).tolist() == [0.0, 1.0]
    assert strikes.mean() == pytest.approx(0.7)


def test_generosity_spares_the_guilty_and_invents_no_guilt() -> None:
    script = [1.0, 0.0, 1.0, 1.0]
    assert against("generous_tit_for_tat", script, draw=0.05) == [0, 0, 0, 0]
    assert against("generous_tit_for_tat", script, draw=0.95) == [0, 1, 0, 1]


@lawful
@given(st.lists(st.sampled_from([0.0, 1.0]), min_size=2), st.floats(0.0, 1.0, exclude_max=True))
def test_the_ungenerous_play_tit_for_tat_and_the_wholly_generous_never_strike(
    script: list[float], draw: float
) -> None:
    echo = against("tit_for_tat", script)
    assert against("generous_tit_for_tat", script, generosity=0.0, draw=draw) == echo
    spared = against("generous_tit_for_tat", script, generosity=1.0, draw=draw)
    assert spared == [0.0] * len(script)


def test_none_never_strikes_back_and_lifts_at_once_what_is_in_force() -> None:
    assert against("none", [1.0] * 5) == [0.0] * 5
    assert move("none", own=[1.0], other=[1.0]) == 0.0


def test_a_strategy_cannot_change_what_it_sees() -> None:
    zero = column(0.0)
    view = FeudView(zero, zero, zero, zero, zero, zero)
    with pytest.raises(FrozenInstanceError):
        view.own = column(1.0)  # type: ignore[misc]


# -- the memory of a quarrel --------------------------------------------------------------


def test_a_quarrel_begins_with_no_measure_and_no_grudge() -> None:
    feud = Feud.none_yet(3)
    assert feud.intensity.shape == feud.ever_provoked.shape == (3, 2)
    for side in (0, 1):
        assert feud.of(side).tolist() == [0.0, 0.0, 0.0]
        assert feud.ever(side).tolist() == [0.0, 0.0, 0.0]


def test_a_side_once_provoked_stays_provoked_and_the_other_is_not() -> None:
    feud = Feud.none_yet(2)
    feud.notice(1, np.array([True, False]))
    feud.notice(1, np.array([False, False]))
    assert feud.ever(1).tolist() == [1.0, 0.0]
    assert feud.ever(0).tolist() == [0.0, 0.0]


def test_a_measure_changes_only_for_that_side_and_in_those_runs() -> None:
    feud = Feud.none_yet(3)
    feud.set(0, np.array([True, True, False]), 1.0)
    feud.set(0, np.array([True, False, False]), column(0.25, 0.5, 0.75))
    assert feud.of(0).tolist() == [0.25, 1.0, 0.0]
    assert feud.of(1).tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("runs", [1, 2])
def test_what_was_read_before_a_move_is_not_changed_by_it(runs: int) -> None:
    feud = Feud.none_yet(runs)
    before = feud.of(0)
    feud.set(0, np.ones(runs, dtype=np.bool_), 1.0)
    assert before.tolist() == [0.0] * runs
