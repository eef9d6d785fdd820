"""Trust: a belief that experience moves and time lets go of."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from negotiate_abm.mechanisms.numerics import FloatArray
from negotiate_abm.mechanisms.trust import Belief

lawful = settings(max_examples=60, deadline=None)
means = st.floats(0.01, 0.99)
strengths = st.floats(0.5, 20.0)
rates = st.floats(0.001, 0.5)
weights = st.floats(0.01, 10.0)


def column(*values: float) -> FloatArray:
    return np.array(values, dtype=np.float64)


def belief(mean: float, strength: float = 4.0, forgetting: float = 0.01) -> Belief:
    return Belief(column(mean), column(strength), column(forgetting))


@lawful
@given(means, strengths)
def test_trust_begins_where_it_is_put(mean: float, strength: float) -> None:
    assert belief(mean, strength).trust[0] == pytest.approx(mean)


@lawful
@given(means, strengths, rates, st.lists(st.tuples(weights, weights, st.booleans()), max_size=20))
def test_trust_is_a_probability_whatever_happens(
    mean: float, strength: float, forgetting: float, history: list[tuple[float, float, bool]]
) -> None:
    held = belief(mean, strength, forgetting)
    for kept, broken, time_passes in history:
        held.learn(kept=kept, broken=broken)
        if time_passes:
            held.forget()
        assert 0.0 <= held.trust[0] <= 1.0


@lawful
@given(means, strengths, weights)
def test_a_kept_promise_raises_trust_and_a_broken_one_lowers_it(
    mean: float, strength: float, weight: float
) -> None:
    pleased, betrayed = belief(mean, strength), belief(mean, strength)
    pleased.learn(kept=weight)
    betrayed.learn(broken=weight)
    assert betrayed.trust[0] < mean < pleased.trust[0]


@lawful
@given(means, strengths, weights, weights)
def test_trust_is_the_mean_of_the_updated_beta_belief(
    mean: float, strength: float, kept: float, broken: float
) -> None:
    held = belief(mean, strength)
    held.learn(kept=kept, broken=broken)
    expected = (mean * strength + kept) / (strength + kept + broken)
    assert held.trust[0] == pytest.approx(expected)


@lawful
@given(means, weights)
def test_a_firmer_belief_is_moved_less(mean: float, weight: float) -> None:
    loose, firm = belief(mean, 1.0), belief(mean, 10.0)
    loose.learn(broken=weight)
    firm.learn(broken=weight)
    assert loose.trust[0] < firm.trust[0]


def test_experience_adds_up() -> None:
    twice, once = belief(0.4), belief(0.4)
    for _ in range(2):
        twice.learn(kept=1.0)
        twice.learn(broken=0.5)
    once.learn(kept=2.0, broken=1.0)
    assert twice.trust.tolist() == once.trust.tolist()


@lawful
@given(means, strengths, rates, weights, st.booleans())
def test_forgetting_brings_trust_back_towards_where_it_began(
    mean: float, strength: float, forgetting: float, weight: float, good: bool
) -> None:
    held = belief(mean, strength, forgetting)
    held.learn(kept=weight) if good else held.learn(broken=weight)
    distances = [abs(held.trust[0] - mean)]
    for _ in range(5):
        held.forget()
        distances.append(abs(held.trust[0] - mean))
    assert all(later < earlier for earlier, later in pairwise(distances))


def test_in_the_end_all_is_forgotten_but_the_prior() -> None:
    held = belief(0.3, forgetting=0.1)
    held.learn(kept=5.0, broken=1.0)
    for _ in range(500):
        held.forget()
    assert held.trust[0] == pytest.approx(0.3)


def test_a_week_fades_the_stated_share_of_both_good_and_bad_experience() -> None:
    held = belief(0.5, strength=2.0, forgetting=0.25)
    held.learn(kept=4.0, broken=8.0)
    held.forget()
    assert held.trust[0] == pytest.approx((1.0 + 3.0) / (2.0 + 3.0 + 6.0))


@lawful
@given(means, strengths)
def test_one_who_has_seen_nothing_has_nothing_to_forget(mean: float, strength: float) -> None:
    held = belief(mean, strength, forgetting=0.5)
    before = held.trust[0]
    held.forget()
    assert held.trust[0] == before


def test_each_run_has_its_own_experience() -> None:
    held = Belief(column(0.5, 0.5, 0.2), column(2.0, 2.0, 5.0), column(0.0, 0.5, 0.0))
    held.learn(kept=column(2.0, 2.0, 0.0))
    held.forget()
    assert held.trust.tolist() == pytest.approx([0.75, 2.0 / 3.0, 0.2])


def test_two_beliefs_from_one_prior_do_not_share_experience() -> None:
    prior = column(0.5)
    one, other = (Belief(prior, column(2.0), column(0.1)) for _ in range(2))
    one.learn(kept=3.0)
    assert other.trust.tolist() == prior.tolist() == [0.5]
