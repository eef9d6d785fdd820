"""Trust: a belief that experience moves and time lets go of."""

import random
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from negotiate_abm.mechanisms.numerics import FloatArray
from negotiate_abm.mechanisms.trust import Belief, FullTrust, PromiseBelief, TwoTypeBelief

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


# -- two types (Kydd) ---------------------------------------------------------------------

places = st.floats(0.05, 0.95)  # where trust begins, of the span between the two kinds
kinds = st.tuples(st.floats(0.02, 0.45), st.floats(0.55, 0.98))  # the worse, the better
modest = st.floats(0.01, 2.0)
observations = st.tuples(st.floats(0.0, 10.0), st.floats(0.0, 10.0))


def two_types(
    mean: float, worse: float = 0.2, better: float = 0.9, forgetting: float = 0.01
) -> TwoTypeBelief:
    return TwoTypeBelief(column(mean), column(better), column(worse), column(forgetting))


def placed(place: float, kind: tuple[float, float], forgetting: float = 0.01) -> TwoTypeBelief:
    worse, better = kind
    return two_types(worse + place * (better - worse), worse, better, forgetting)


def test_both_beliefs_are_learnt_and_forgotten_alike() -> None:
    held: list[PromiseBelief] = [belief(0.5), two_types(0.5)]
    for one in held:
        one.learn(kept=1.0)
        one.forget()
        assert one.trust[0] > 0.5
    with pytest.raises(TypeError, match="abstract"):
        PromiseBelief()  # type: ignore[abstract]


@lawful
@given(places, kinds)
def test_trust_in_one_of_two_types_begins_where_it_is_put(
    place: float, kind: tuple[float, float]
) -> None:
    held = placed(place, kind)
    assert held.trust[0] == pytest.approx(held.mean[0])
    assert held.trustworthy[0] == pytest.approx(place)


@lawful
@given(places, kinds, observations)
def test_the_probability_of_the_trustworthy_type_is_that_of_bayes(
    place: float, kind: tuple[float, float], seen: tuple[float, float]
) -> None:
    (worse, better), (kept, broken) = kind, seen
    held = placed(place, kind)
    held.learn(kept=kept, broken=broken)
    if_trustworthy = place * better**kept * (1.0 - better) ** broken
    if_not = (1.0 - place) * worse**kept * (1.0 - worse) ** broken
    posterior = if_trustworthy / (if_trustworthy + if_not)
    assert held.trustworthy[0] == pytest.approx(posterior, rel=1e-9)
    expected = posterior * better + (1.0 - posterior) * worse
    assert held.trust[0] == pytest.approx(expected, rel=1e-9)


@lawful
@given(places, kinds, modest)
def test_of_two_types_a_kept_promise_raises_trust_and_a_broken_one_lowers_it(
    place: float, kind: tuple[float, float], weight: float
) -> None:
    pleased, betrayed = placed(place, kind), placed(place, kind)
    before = pleased.trust[0]
    pleased.learn(kept=weight)
    betrayed.learn(broken=weight)
    assert betrayed.trust[0] < before < pleased.trust[0]


@lawful
@given(places, kinds, rates, st.lists(st.tuples(observations, st.booleans()), max_size=20))
def test_trust_never_leaves_the_span_between_the_two_types(
    place: float,
    kind: tuple[float, float],
    forgetting: float,
    history: list[tuple[tuple[float, float], bool]],
) -> None:
    held = placed(place, kind, forgetting)
    for (kept, broken), time_passes in history:
        held.learn(kept=kept, broken=broken)
        if time_passes:
            held.forget()
        assert kind[0] - 1e-12 <= held.trust[0] <= kind[1] + 1e-12


def test_a_long_record_all_but_reveals_the_type() -> None:
    saint, sinner = two_types(0.5), two_types(0.5)
    saint.learn(kept=40.0)
    sinner.learn(broken=40.0)
    assert saint.trust[0] == pytest.approx(0.9)
    assert sinner.trust[0] == pytest.approx(0.2)


@lawful
@given(places, kinds)
def test_without_evidence_trust_in_a_type_does_not_move_by_a_bit(
    place: float, kind: tuple[float, float]
) -> None:
    held = placed(place, kind, forgetting=0.5)
    before = held.trust[0]
    held.learn()
    held.forget()
    assert held.trust[0] == before


def test_where_both_types_keep_their_word_alike_nothing_can_be_learnt() -> None:
    held = two_types(0.6, worse=0.6, better=0.6)
    held.learn(kept=9.0, broken=2.0)
    assert held.trust[0] == pytest.approx(0.6)


@lawful
@given(places, kinds, st.lists(observations, min_size=2, max_size=8), st.randoms())
def test_the_order_of_evidence_does_not_matter_while_nothing_is_forgotten(
    place: float,
    kind: tuple[float, float],
    history: list[tuple[float, float]],
    order: random.Random,
) -> None:
    told, retold = placed(place, kind), placed(place, kind)
    shuffled = order.sample(history, len(history))
    for one, story in ((told, history), (retold, shuffled)):
        for kept, broken in story:
            one.learn(kept=kept, broken=broken)
    assert told.trust[0] == pytest.approx(retold.trust[0], rel=1e-9)


@lawful
@given(places, kinds, rates, modest, st.booleans())
def test_forgetting_brings_trust_in_a_type_back_towards_where_it_began(
    place: float, kind: tuple[float, float], forgetting: float, weight: float, good: bool
) -> None:
    held = placed(place, kind, forgetting)
    start = held.trust[0]
    held.learn(kept=weight) if good else held.learn(broken=weight)
    distances = [abs(held.trust[0] - start)]
    for _ in range(5):
        held.forget()
        distances.append(abs(held.trust[0] - start))
    assert all(later < earlier for earlier, later in pairwise(distances))
    for _ in range(30 * round(1.0 / forgetting)):
        held.forget()
    assert held.trust[0] == pytest.approx(start)


def test_a_week_fades_the_stated_share_of_the_evidence_for_a_type() -> None:
    faded, lesser = two_types(0.5, forgetting=0.25), two_types(0.5)
    faded.learn(kept=4.0, broken=2.0)
    faded.forget()
    lesser.learn(kept=3.0, broken=1.5)
    assert faded.trust.tolist() == lesser.trust.tolist()


chances = st.one_of(st.sampled_from([0.0, 1e-300, 0.5, 1.0 - 1e-16, 1.0]), st.floats(0.0, 1.0))
heaps = st.floats(0.0, 1e300)


@lawful
@given(chances, chances, chances, heaps, heaps, st.floats(0.0, 1.0))
def test_trust_in_a_type_is_a_probability_however_extreme_the_numbers(
    mean: float, one: float, other: float, kept: float, broken: float, forgetting: float
) -> None:
    held = two_types(mean, min(one, other), max(one, other), forgetting)
    for _ in range(2):
        assert 0.0 <= held.trust[0] <= 1.0
        held.learn(kept=kept, broken=broken)
        assert 0.0 <= held.trust[0] <= 1.0
        held.forget()


@pytest.mark.parametrize(("mean", "nearest"), [(0.0, 0.2), (0.2, 0.2), (0.9, 0.9), (1.0, 0.9)])
def test_trust_put_beyond_either_type_begins_just_inside_and_can_still_be_moved(
    mean: float, nearest: float
) -> None:
    held = two_types(mean)
    start = held.trust[0]
    assert start == pytest.approx(nearest)
    assert 0.0 < held.trustworthy[0] < 1.0
    held.learn(kept=20.0) if nearest == 0.2 else held.learn(broken=20.0)
    assert abs(held.trust[0] - start) > 0.1


@pytest.mark.parametrize("runs", [1, 5, 17, 1000])
def test_a_run_trusts_a_type_the_same_alone_as_in_company(runs: int) -> None:
    rng = np.random.default_rng(runs)
    place, forgetting, kept, broken = rng.random((4, runs))
    worse, better = rng.uniform(0.0, 0.4, runs), rng.uniform(0.6, 1.0, runs)
    mean = worse + place * (better - worse)

    def trust(run: slice) -> FloatArray:
        held = TwoTypeBelief(mean[run], better[run], worse[run], forgetting[run])
        held.learn(kept=kept[run], broken=broken[run])
        held.forget()
        return held.trust

    together = trust(slice(None))
    for i in range(0, runs, 7):
        assert together[i] == trust(slice(i, i + 1))[0]


# -- one who believes everything ----------------------------------------------------------------


@lawful
@given(st.integers(1, 5), st.lists(st.tuples(weights, weights, st.booleans()), max_size=10))
def test_full_trust_is_shaken_by_nothing(
    runs: int, history: list[tuple[float, float, bool]]
) -> None:
    held = FullTrust(runs)
    for kept, broken, time_passes in history:
        held.learn(kept=kept, broken=column(*[broken] * runs))
        if time_passes:
            held.forget()
    assert held.trust.tolist() == [1.0] * runs
