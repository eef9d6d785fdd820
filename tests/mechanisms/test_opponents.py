"""Opponents: what the other keeps asking for and refusing to give, it must want."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from negotiate_abm.mechanisms.numerics import FloatArray
from negotiate_abm.mechanisms.opponents import insisted, learnt_values

lawful = settings(max_examples=60, deadline=None)
seeds = st.integers(0, 2**32 - 1)
shares = st.floats(0.0, 1.0)
firmness = st.lists(st.floats(0.0, 30.0), min_size=2, max_size=8)


def stands(given_away: list[float], open_part: list[float], theirs: bool) -> float:
    """Return how firmly an offer stands on one issue."""
    package, parts = np.array([[given_away]]), np.array([[open_part]])
    return float(insisted(package, parts, np.array([theirs]))[0, 0])


def weights(insistence: list[float]) -> FloatArray:
    """Return what each issue's prior value is multiplied by."""
    issues = len(insistence)
    return learnt_values(np.ones((1, issues, 1)), np.array([insistence]))[0, :, 0]


@lawful
@given(seeds)
def test_insistence_is_a_share_and_none_where_nothing_is_on_the_table(seed: int) -> None:
    dice = np.random.default_rng(seed)
    package, open_part = dice.random((2, 5, 6, 3))
    open_part *= (dice.random((5, 6)) < 0.7)[:, :, None]
    found = insisted(package, open_part, dice.random(6) < 0.5)
    assert found.shape == (5, 6)
    assert ((found >= 0.0) & (found <= 1.0)).all()
    assert (found[open_part.sum(axis=-1) == 0.0] == 0.0).all()


@lawful
@given(shares, st.floats(0.1, 1.0), st.floats(0.0, 1.0))
def test_one_insists_by_what_it_asks_for_and_by_what_it_withholds(
    part: float, first: float, second: float
) -> None:
    given_away, open_part = [part, part], [first, second]
    assert stands(given_away, open_part, theirs=False) == pytest.approx(part)
    assert stands(given_away, open_part, theirs=True) == pytest.approx(1.0 - part)


@lawful
@given(shares, shares)
def test_to_ask_for_more_or_to_give_less_is_to_insist(one: float, other: float) -> None:
    less, more = sorted((one, other))
    open_part = [1.0, 0.5]
    assert stands([1.0, less], open_part, False) <= stands([1.0, more], open_part, False)
    assert stands([1.0, less], open_part, True) >= stands([1.0, more], open_part, True)


def test_a_whole_demand_is_firm_and_a_whole_concession_is_not() -> None:
    assert stands([1.0, 1.0], [1.0, 0.4], theirs=False) == 1.0
    assert stands([0.0, 0.0], [1.0, 0.4], theirs=False) == 0.0
    assert stands([1.0, 1.0], [1.0, 0.4], theirs=True) == 0.0
    assert stands([0.0, 0.0], [1.0, 0.4], theirs=True) == 1.0


def test_what_is_agreed_already_does_not_count_as_asked_for() -> None:
    assert stands([1.0, 0.0], [0.0, 1.0], theirs=False) == 0.0


@lawful
@given(firmness)
def test_weights_average_one_and_are_never_negative(insistence: list[float]) -> None:
    found = weights(insistence)
    assert found.mean() == pytest.approx(1.0)
    assert (found > 0.0).all()


@lawful
@given(firmness, st.data(), st.floats(0.01, 5.0))
def test_what_a_side_keeps_asking_for_gains_weight_at_the_cost_of_the_rest(
    insistence: list[float], data: st.DataObject, step: float
) -> None:
    issue = data.draw(st.integers(0, len(insistence) - 1))
    before = weights(insistence)
    insistence[issue] += step
    after = weights(insistence)
    rest = np.arange(len(insistence)) != issue
    assert after[issue] > before[issue]
    assert (after[rest] < before[rest]).all()


@lawful
@given(firmness)
def test_the_firmer_it_stands_on_an_issue_the_more_it_is_taken_to_want_it(
    insistence: list[float],
) -> None:
    order = np.argsort(insistence, kind="stable")
    assert (np.diff(weights(insistence)[order]) >= 0.0).all()


@lawful
@given(seeds, st.floats(0.0, 30.0))
def test_one_who_insists_on_all_alike_or_has_not_offered_yet_teaches_nothing(
    seed: int, insistence: float
) -> None:
    prior = np.random.default_rng(seed).normal(size=(2, 5, 3))
    found = learnt_values(prior, np.full((2, 5), insistence))
    assert found == pytest.approx(prior, rel=1e-12)
    assert learnt_values(prior, np.zeros((2, 5))).tolist() == prior.tolist()


@lawful
@given(seeds)
def test_offers_teach_how_much_an_issue_matters_and_not_which_way_or_which_rung(
    seed: int,
) -> None:
    dice = np.random.default_rng(seed)
    prior, insistence = dice.normal(size=(3, 5, 4)), dice.uniform(0.0, 9.0, (3, 5))
    factor = learnt_values(prior, insistence) / prior
    assert (factor > 0.0).all()
    assert factor == pytest.approx(np.broadcast_to(factor[..., :1], factor.shape))


def test_offer_by_offer_the_one_thing_it_never_yields_is_taken_to_be_all_it_wants() -> None:
    parts, theirs = np.ones((1, 3, 2)), np.array([True, False, False])
    offer = np.array([[[1.0, 1.0], [1.0, 1.0], [0.0, 0.0]]])  # gives the first, wants the second
    insistence, course = np.zeros((1, 3)), []
    for _ in range(200):
        insistence = insistence + insisted(offer, parts, theirs)
        course.append(weights(insistence[0].tolist()))
    wanted = np.array(course)[:, 1]
    assert (np.diff(wanted) > 0.0).all()
    assert wanted[0] == pytest.approx(1.5)
    assert wanted[-1] == pytest.approx(3.0, rel=0.02)


@pytest.mark.parametrize("runs", [1, 5, 17])
def test_a_run_learns_nothing_from_its_neighbours(runs: int) -> None:
    dice = np.random.default_rng(runs)
    prior, insistence = dice.normal(size=(runs, 11, 3)), dice.random((runs, 11))
    package, parts = dice.random((2, runs, 11, 3))
    theirs = dice.random(11) < 0.5
    learnt, firm = learnt_values(prior, insistence), insisted(package, parts, theirs)
    for i in range(runs):
        run = slice(i, i + 1)
        alone = learnt_values(prior[run], insistence[run])
        assert learnt[i].tolist() == alone[0].tolist()
        assert firm[i].tolist() == insisted(package[run], parts[run], theirs)[0].tolist()
