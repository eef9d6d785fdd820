"""Power indices: a vote's worth is how often it decides, not how much it weighs."""

from fractions import Fraction
from functools import cache
from itertools import pairwise, permutations, product
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from negotiate_abm.errors import NegotiateError
from negotiate_abm.mechanisms.power_indices import banzhaf, penrose, shapley_shubik

lawful = settings(max_examples=60, deadline=None)
EVERY_INDEX = [banzhaf, penrose, shapley_shubik]
SHARED_OUT = [banzhaf, shapley_shubik]

Game = tuple[list[int], int]


@st.composite
def games(draw: st.DrawFn, most_voters: int = 8, most_weight: int = 12) -> Game:
    some = st.lists(st.integers(0, most_weight), min_size=1, max_size=most_voters)
    weights = draw(some.filter(any))
    return weights, draw(st.integers(1, sum(weights)))


@cache
def coalitions(voters: int) -> NDArray[np.int64]:
    """All of them, shape (2 ** voters, voters): 1 for who is in."""
    return np.array(list(product((0, 1), repeat=voters)))


@cache
def orders(voters: int) -> NDArray[np.int64]:
    """All of them, shape (voters!, voters): who joins first, second, ..."""
    return np.array(list(permutations(range(voters))))


def swings_one_by_one(weights: list[int], quota: int) -> list[int]:
    members = coalitions(len(weights))
    weight = (members * weights).sum(axis=1)
    decides = (members == 1) & (weight >= quota)[:, None] & (weight[:, None] - weights < quota)
    return [int(count) for count in decides.sum(axis=0)]


def pivots_one_by_one(weights: list[int], quota: int) -> list[int]:
    joining = orders(len(weights))
    reached = np.array(weights)[joining].cumsum(axis=1) >= quota
    pivots = joining[np.arange(len(joining)), reached.argmax(axis=1)]
    return [int(count) for count in np.bincount(pivots, minlength=len(weights))]


def as_floats(*fractions: str) -> list[float]:
    return [float(Fraction(text)) for text in fractions]


# -- what is published ---------------------------------------------------------------------------

SIX = ([4, 4, 4, 2, 2, 1], 12)  # Germany, France, Italy, Netherlands, Belgium, Luxembourg


def test_in_the_community_of_1958_luxembourg_had_a_vote_and_no_power() -> None:
    powers = as_floats("5/21", "5/21", "5/21", "1/7", "1/7", "0")
    assert banzhaf(*SIX).tolist() == powers
    orders_decided = as_floats("7/30", "7/30", "7/30", "3/20", "3/20", "0")
    assert shapley_shubik(*SIX).tolist() == orders_decided


def test_in_the_community_of_1958_a_large_state_decided_in_ten_cases_of_32() -> None:
    assert penrose(*SIX).tolist() == as_floats("10/32", "10/32", "10/32", "6/32", "6/32", "0")


def test_in_nassau_county_three_of_six_towns_had_no_power_at_all() -> None:
    assert banzhaf([9, 9, 7, 3, 1, 1], 16).tolist() == as_floats("1/3", "1/3", "1/3", "0", "0", "0")


def test_in_the_security_council_a_veto_is_worth_a_hundred_times_a_seat() -> None:
    powers = shapley_shubik([7] * 5 + [1] * 10, 39)
    assert powers.tolist() == as_floats(*["421/2145"] * 5, *["4/2145"] * 10)


# -- what counting one by one finds --------------------------------------------------------------


@lawful
@given(games())
def test_the_swings_are_those_found_by_going_through_every_coalition(game: Game) -> None:
    swings = swings_one_by_one(*game)
    assert banzhaf(*game).tolist() == [swing / sum(swings) for swing in swings]
    others = 2 ** (len(swings) - 1)
    assert penrose(*game).tolist() == [swing / others for swing in swings]


@lawful
@given(games())
def test_the_pivots_are_those_found_by_going_through_every_order(game: Game) -> None:
    pivots = pivots_one_by_one(*game)
    assert shapley_shubik(*game).tolist() == [pivot / sum(pivots) for pivot in pivots]


# -- laws ----------------------------------------------------------------------------------------


@lawful
@given(games(most_voters=20, most_weight=200))
def test_all_the_power_is_shared_out(game: Game) -> None:
    for index in SHARED_OUT:
        assert index(*game).sum() == pytest.approx(1.0)
        assert (index(*game) >= 0.0).all()


@lawful
@given(games(most_voters=20, most_weight=200))
def test_voters_of_equal_weight_have_equal_power_and_the_heavier_no_less(game: Game) -> None:
    weights = game[0]
    by_weight = sorted(range(len(weights)), key=weights.__getitem__)
    for index in EVERY_INDEX:
        powers = index(*game).tolist()
        for light, heavy in pairwise(by_weight):
            assert powers[light] <= powers[heavy]
            assert weights[light] < weights[heavy] or powers[light] == powers[heavy]


@lawful
@given(games(), st.randoms(use_true_random=False))
def test_power_does_not_depend_on_where_in_the_row_a_voter_stands(game: Game, random) -> None:
    weights, quota = game
    moved = random.sample(range(len(weights)), len(weights))
    for index in EVERY_INDEX:
        powers = index(weights, quota).tolist()
        again = index([weights[voter] for voter in moved], quota).tolist()
        assert again == [powers[voter] for voter in moved]


@lawful
@given(games())
def test_a_voter_without_weight_has_no_power_and_takes_none_from_the_others(game: Game) -> None:
    weights, quota = game
    for index in EVERY_INDEX:
        joined = index([*weights, 0], quota)
        assert joined[-1] == 0.0
        assert joined[:-1].tolist() == index(weights, quota).tolist()


@pytest.mark.parametrize("index", EVERY_INDEX)
def test_a_voter_whose_weight_never_tells_has_no_power(index) -> None:
    assert index([10, 10, 10, 9], 20)[3] == 0.0


@lawful
@given(st.lists(st.integers(0, 20), max_size=10), st.integers(1, 20))
def test_a_dictator_has_all_the_power(others: list[int], over: int) -> None:
    weights = [*others, sum(others) + over]
    for index in EVERY_INDEX:
        assert index(weights, sum(others) + 1).tolist() == [0.0] * len(others) + [1.0]


@lawful
@given(st.lists(st.integers(1, 50), min_size=1, max_size=10))
def test_where_all_must_agree_all_have_equal_power(weights: list[int]) -> None:
    voters = len(weights)
    for index in SHARED_OUT:
        assert index(weights, sum(weights)).tolist() == [1 / voters] * voters
    assert penrose(weights, sum(weights)).tolist() == [1 / 2 ** (voters - 1)] * voters


@lawful
@given(games(most_voters=12, most_weight=50))
def test_the_power_to_carry_is_the_power_to_block(game: Game) -> None:
    weights, quota = game
    for index in EVERY_INDEX:
        blocking = index(weights, sum(weights) - quota + 1)
        assert index(weights, quota).tolist() == blocking.tolist()


@lawful
@given(games(), st.integers(2, 30))
def test_the_unit_of_the_weights_does_not_matter(game: Game, unit: int) -> None:
    weights, quota = game
    for index in EVERY_INDEX:
        scaled = index([unit * weight for weight in weights], unit * quota)
        assert scaled.tolist() == index(weights, quota).tolist()


def test_counts_too_large_for_64_bits_stay_exact() -> None:
    voters = 101
    assert penrose([1] * voters, 51).tolist() == [comb(100, 50) / 2**100] * voters
    for index in SHARED_OUT:
        assert index([1] * voters, 51).tolist() == [1 / voters] * voters


@pytest.mark.parametrize("index", EVERY_INDEX)
def test_an_array_of_weights_is_weighed_like_a_list(index) -> None:
    weights, quota = SIX
    powers = index(np.array(weights, dtype=np.int16), np.int16(quota))
    assert powers.dtype == np.float64
    assert powers.tolist() == index(weights, quota).tolist()


@pytest.mark.parametrize("index", EVERY_INDEX)
def test_the_weights_given_are_left_as_they_were(index) -> None:
    weights = np.array([3, 2, 1], dtype=object)
    index(weights, 4)
    assert weights.tolist() == [3, 2, 1]


# -- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize("index", EVERY_INDEX)
@pytest.mark.parametrize("weight", [-1, 2.5, 2.0, float("nan"), "2", None, True, [1]])
def test_a_weight_that_is_no_count_is_refused_and_its_voter_named(index, weight: object) -> None:
    with pytest.raises(NegotiateError) as refusal:
        index([4, weight, 1], 3)
    assert str(refusal.value) == (
        f"weights: got {weight} for voter 1, counting from 0; expected a whole number of at "
        "least 0. Round it, or scale all of them up."
    )


@pytest.mark.parametrize("index", EVERY_INDEX)
@pytest.mark.parametrize("weights", [[], [0], [0, 0]])
def test_a_vote_in_which_nothing_weighs_is_refused(index, weights: list[int]) -> None:
    with pytest.raises(NegotiateError, match="expected at least one above 0"):
        index(weights, 1)


@pytest.mark.parametrize("index", EVERY_INDEX)
@pytest.mark.parametrize(("weights", "dimensions"), [([[1, 2], [3, 4]], 2), (5, 0)])
def test_weights_that_are_no_row_are_refused(index, weights: object, dimensions: int) -> None:
    with pytest.raises(NegotiateError, match=f"weights: got {dimensions} dimensions; expected"):
        index(weights, 1)


@pytest.mark.parametrize("index", EVERY_INDEX)
@pytest.mark.parametrize("quota", [0, -1, 8, 3.5, 4.0, float("nan"), "4", None, True])
def test_a_quota_that_none_or_all_coalitions_reach_is_refused(index, quota: object) -> None:
    with pytest.raises(NegotiateError) as refusal:
        index([4, 2, 1], quota)
    assert str(refusal.value) == (
        f"quota: got {quota}; expected a whole number from 1 to 7, the sum of the weights. "
        "Give one."
    )
