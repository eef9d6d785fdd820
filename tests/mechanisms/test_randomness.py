"""Randomness: a draw belongs to its seed, run, purpose and week, and to nothing else."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import Generator, Philox

from negotiate_abm.mechanisms import randomness
from negotiate_abm.mechanisms.numerics import FloatArray, IntArray
from negotiate_abm.mechanisms.randomness import FEW_RUNS, LARGEST_SEED, Shocks, four_uniforms, slot

lawful = settings(max_examples=60, deadline=None)
seeds = st.integers(0, 2**63 - 1)
run_numbers = st.integers(0, 2**63 - 1)
words = st.integers(0, 2**64 - 1)
purposes = st.text("abc ", max_size=6)


def numpys_stream(seed: int, run: int, slot_number: int, draws: int) -> FloatArray:
    key = np.array([seed, run], dtype=np.uint64)
    counter = np.array([0, 0, slot_number, 0], dtype=np.uint64)
    return Generator(Philox(key=key, counter=counter)).random(draws)


def runs_of(*numbers: int) -> IntArray:
    return np.array(numbers, dtype=np.int64)


@lawful
@given(
    seeds,
    st.lists(run_numbers, min_size=1, max_size=4),
    st.lists(words, min_size=1, max_size=3),
    st.integers(0, 30),
)
def test_every_stream_is_numpys_philox_to_the_last_bit(
    seed: int, runs: list[int], slots: list[int], block: int
) -> None:
    found = four_uniforms(seed, runs_of(*runs), np.array(slots, dtype=np.uint64), block)
    assert found.shape == (len(runs), len(slots), 4)
    for i, run in enumerate(runs):
        for j, slot_number in enumerate(slots):
            expected = numpys_stream(seed, run, slot_number, 4 * (block + 1))[4 * block :]
            assert found[i, j].tolist() == expected.tolist()


def test_a_seed_is_any_whole_number_of_63_bits() -> None:
    assert LARGEST_SEED == 2**63 - 1


@pytest.mark.parametrize("seed", [0, 1, LARGEST_SEED])
@pytest.mark.parametrize("run", [0, 2**63 - 1])
@pytest.mark.parametrize("slot_number", [0, 2**32 - 1, 2**32, 2**64 - 1])
def test_the_ends_of_the_range_of_words_are_numpys_too(
    seed: int, run: int, slot_number: int
) -> None:
    found = four_uniforms(seed, runs_of(run), np.array([slot_number], dtype=np.uint64), 0)
    assert found[0, 0].tolist() == numpys_stream(seed, run, slot_number, 4).tolist()


@lawful
@given(seeds, st.lists(run_numbers, min_size=2, max_size=20), words)
def test_a_run_draws_the_same_alone_as_in_company(
    seed: int, runs: list[int], slot_number: int
) -> None:
    slots = np.array([slot_number], dtype=np.uint64)
    together = four_uniforms(seed, runs_of(*runs), slots, 2)
    alone = four_uniforms(seed, runs_of(runs[-1]), slots, 2)
    assert together[-1].tolist() == alone[0].tolist()


def test_draws_are_uniform_from_zero_to_below_one() -> None:
    slots = np.array([slot("a"), slot("b")], dtype=np.uint64)
    draws = four_uniforms(11, np.arange(5000), slots, 0)
    assert draws.min() >= 0.0
    assert draws.max() < 1.0
    counts, _ = np.histogram(draws, bins=10, range=(0.0, 1.0))
    expected = draws.size / 10
    chi_squared = ((counts - expected) ** 2 / expected).sum()
    assert chi_squared < 27.9  # the 99.9th percentile at nine degrees of freedom


def test_the_slot_of_a_purpose_is_the_same_on_every_machine_and_in_every_version() -> None:
    assert slot("threat") == 13374880483918163489
    assert slot("") == 13020603013274838756


@lawful
@given(purposes, purposes)
def test_two_purposes_share_a_slot_only_if_they_are_one(first: str, second: str) -> None:
    assert (slot(first) == slot(second)) == (first == second)
    assert 0 <= slot(first) < 2**64


@lawful
@given(seeds, run_numbers, st.lists(st.integers(0, 60), min_size=1, max_size=12))
def test_a_weeks_shock_is_that_draw_of_the_stream_in_whatever_order_it_is_asked_for(
    seed: int, run: int, weeks: list[int]
) -> None:
    shocks = Shocks(seed, runs_of(run), ["opening", "threat"])
    stream = numpys_stream(seed, run, slot("threat"), max(weeks) + 1)
    for week in weeks:
        assert shocks.draw("threat", week).tolist() == [stream[week]]


@lawful
@given(seeds, st.integers(0, 40), st.permutations(["opening", "threat", "answer"]))
def test_a_further_purpose_shifts_no_old_draw(seed: int, week: int, purposes: list[str]) -> None:
    runs = np.arange(3)
    before = Shocks(seed, runs, ["opening", "threat"])
    after = Shocks(seed, runs, purposes)
    for purpose in ("opening", "threat"):
        assert before.draw(purpose, week).tolist() == after.draw(purpose, week).tolist()


def test_weeks_runs_seeds_and_purposes_all_draw_apart() -> None:
    draws = [
        Shocks(seed, runs_of(4, 5), ["opening", "threat"]).draw(purpose, week)
        for seed in (1, 2)
        for purpose in ("opening", "threat")
        for week in range(9)
    ]
    assert np.unique(np.concatenate(draws)).size == 2 * 2 * 2 * 9


def test_a_weeks_draws_are_one_contiguous_number_a_run() -> None:
    draw = Shocks(7, np.arange(6), ["opening", "threat"]).draw("threat", 5)
    assert draw.shape == (6,)
    assert draw.flags.c_contiguous
    assert draw.strides == (8,)


@pytest.mark.parametrize("runs", [1, 2])
def test_what_a_reader_does_to_its_draws_does_not_reach_the_next_reader(runs: int) -> None:
    shocks = Shocks(7, np.arange(runs), ["opening"])
    first = shocks.draw("opening", 1)
    kept = first.tolist()
    first[:] = -1.0
    assert shocks.draw("opening", 1).tolist() == kept


# -- however a draw is asked for ------------------------------------------------------------------

PURPOSES = ("opening", "threat", "answer", "tactic")
SIZES = (1, 3, FEW_RUNS, FEW_RUNS + 1, FEW_RUNS + 20)


def expected_draws(
    seed: int, runs: IntArray, purposes: list[str], week: int, rows: list[int]
) -> list[list[float]]:
    """Return NumPy's own draws for some purposes in some runs."""
    return [
        [numpys_stream(seed, int(runs[row]), slot(purpose), week + 1)[week] for purpose in purposes]
        for row in rows
    ]


@lawful
@given(
    seed=seeds,
    first=st.integers(0, 2**63 - 200),
    size=st.sampled_from(SIZES),
    weekly=st.one_of(st.none(), st.lists(st.sampled_from(PURPOSES), unique=True)),
    data=st.data(),
)
def test_a_draw_is_the_same_whichever_way_it_is_asked_for(
    seed: int, first: int, size: int, weekly: list[str] | None, data: st.DataObject
) -> None:
    """Weekly or on demand, few runs or many, rows in any order and any number of times."""
    runs = first + np.arange(size)[::-1]
    shocks = Shocks(seed, runs, PURPOSES, weekly)
    for _ in range(3):
        week = data.draw(st.integers(0, 30))
        wanted = data.draw(st.lists(st.sampled_from(PURPOSES), min_size=1, max_size=5))
        rows = data.draw(st.lists(st.integers(0, size - 1), max_size=4))
        found = shocks.draw_in(wanted, week, np.array(rows, dtype=np.int64))
        assert found.shape == (len(rows), len(wanted))
        assert found.tolist() == expected_draws(seed, runs, wanted, week, rows)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("weekly", [None, (), ("threat",), ("tactic", "opening"), PURPOSES])
def test_what_is_drawn_ahead_is_nobodys_business(size: int, weekly: tuple[str, ...] | None) -> None:
    runs = np.arange(size)
    plain, sparing = Shocks(5, runs, PURPOSES), Shocks(5, runs, PURPOSES, weekly)
    for week in (0, 1, 5, 4, 3, 40):
        for purpose in PURPOSES:
            draw = sparing.draw(purpose, week)
            assert draw.tolist() == plain.draw(purpose, week).tolist()
            assert draw.strides == (8,)
        some = np.arange(size)[::-2]
        two = sparing.draw_in(["answer", "threat"], week, some)
        assert two[:, 1].tolist() == plain.draw("threat", week)[some].tolist()


@pytest.mark.parametrize("size", [2, FEW_RUNS + 1])
def test_what_a_reader_does_to_draws_in_some_runs_does_not_reach_the_next(size: int) -> None:
    shocks = Shocks(7, np.arange(size), PURPOSES, ["threat"])
    for purpose in PURPOSES:
        first = shocks.draw_in([purpose], 1, np.array([1, 0]))
        kept = first[:, 0].tolist()
        first[:] = -1.0
        assert shocks.draw_in([purpose], 1, np.array([1, 0]))[:, 0].tolist() == kept


@pytest.mark.parametrize("chunk", [1, 3, 7, 100])
def test_how_many_counters_are_worked_on_at_once_changes_no_bit(
    chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    slots = np.array([slot(purpose) for purpose in PURPOSES[:2]], dtype=np.uint64)
    whole = four_uniforms(3, np.arange(11), slots, 2)
    monkeypatch.setattr(randomness, "_CHUNK", chunk)
    assert four_uniforms(3, np.arange(11), slots, 2).tobytes() == whole.tobytes()
