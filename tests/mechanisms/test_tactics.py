"""Tactics: what a negotiator insists on, by the clock, by the other's conduct, or by both."""

from dataclasses import FrozenInstanceError, fields
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from negotiate_abm.mechanisms.numerics import FloatArray
from negotiate_abm.mechanisms.tactics import RANDOM_AMPLITUDE, BargainingView, tactics

lawful = settings(max_examples=60, deadline=None)
# Only ours: another test may register a rule of its own.
OURS = [n for n in tactics.names() if tactics[n].rule.__module__.startswith("negotiate_abm.")]
BY_THE_CLOCK = ["boulware", "conceder", "firm", "time_dependent"]
BY_CONDUCT = ["averaged_tit_for_tat", "random_tit_for_tat", "relative_tit_for_tat"]
every_tactic = pytest.mark.parametrize("name", OURS)
every_clock_watcher = pytest.mark.parametrize("name", BY_THE_CLOCK)
every_imitator = pytest.mark.parametrize("name", BY_CONDUCT)
every_listener = pytest.mark.parametrize("name", [*BY_CONDUCT, "mixed"])
clocks = st.floats(0.0, 1.0)
worths = st.floats(0.0, 50.0)
spreads = st.floats(0.01, 50.0)
exponents = st.floats(0.1, 5.0)


def column(*values: float) -> FloatArray:
    return np.array(values, dtype=np.float64)


def aspire(name: str, clock: FloatArray, least: float, best: float, exponent: float) -> FloatArray:
    """Return what a tactic insists on while the other side has offered nothing."""
    runs = clock.size
    view = BargainingView(
        clock=clock,
        reservation=np.full(runs, least),
        best=np.full(runs, best),
        exponent=np.full(runs, exponent),
        own_last=np.full(runs, best),
        received_first=np.zeros(runs),
        received_before=np.zeros(runs),
        received_last=np.zeros(runs),
        imitation=np.full(runs, 0.5),
        draw=np.full(runs, 0.5),
    )
    return tactics[name](view)


def test_the_named_tactics_are_there() -> None:
    assert set(OURS) == {*BY_THE_CLOCK, *BY_CONDUCT, "mixed"}


@every_tactic
@lawful
@given(least=worths, spread=spreads, exponent=exponents)
def test_every_tactic_opens_with_the_best(
    name: str, least: float, spread: float, exponent: float
) -> None:
    opening = aspire(name, column(0.0), least, least + spread, exponent)
    assert opening == pytest.approx(least + spread)


@every_clock_watcher
@lawful
@given(least=worths, spread=spreads, exponent=exponents)
def test_aspiration_begins_at_the_best_and_ends_at_the_reservation(
    name: str, least: float, spread: float, exponent: float
) -> None:
    first, last = aspire(name, column(0.0, 1.0), least, least + spread, exponent)
    assert first == pytest.approx(least + spread)
    assert last == least


@every_clock_watcher
@lawful
@given(least=worths, spread=spreads, exponent=exponents, times=st.lists(clocks, min_size=2))
def test_aspiration_never_rises_nor_leaves_its_bounds(
    name: str, least: float, spread: float, exponent: float, times: list[float]
) -> None:
    wanted = aspire(name, column(*sorted(times)), least, least + spread, exponent)
    slack = 1e-12 * (least + spread)
    assert (np.diff(wanted) <= slack).all()
    assert (wanted >= least - slack).all()
    assert (wanted <= least + spread + slack).all()


@lawful
@given(clocks, worths, spreads, exponents)
def test_the_time_dependent_tactic_is_that_of_faratin_sierra_and_jennings(
    clock: float, least: float, spread: float, exponent: float
) -> None:
    wanted = aspire("time_dependent", column(clock), least, least + spread, exponent)[0]
    assert wanted == pytest.approx(least + spread * (1.0 - clock ** (1.0 / exponent)))


def test_an_exponent_of_one_concedes_in_equal_steps() -> None:
    wanted = aspire("time_dependent", np.linspace(0.0, 1.0, 5), 2.0, 10.0, exponent=1.0)
    assert wanted.tolist() == pytest.approx([10.0, 8.0, 6.0, 4.0, 2.0])


@lawful
@given(st.floats(0.05, 0.95))
def test_below_one_it_holds_and_above_one_it_gives_way(clock: float) -> None:
    boulware, straight, conceder = (
        aspire("time_dependent", column(clock), 0.0, 1.0, exponent)[0]
        for exponent in (0.5, 1.0, 2.0)
    )
    assert boulware > straight > conceder


@lawful
@given(clocks, worths, spreads, exponents)
def test_boulware_is_a_fifth_and_conceder_five_times_the_countrys_exponent(
    clock: float, least: float, spread: float, exponent: float
) -> None:
    stakes = (column(clock), least, least + spread)
    fifth = aspire("time_dependent", *stakes, 0.2 * exponent)
    fivefold = aspire("time_dependent", *stakes, 5.0 * exponent)
    assert aspire("boulware", *stakes, exponent).tolist() == fifth.tolist()
    assert aspire("conceder", *stakes, exponent).tolist() == fivefold.tolist()


@lawful
@given(st.floats(0.05, 0.95), worths, spreads, st.floats(0.2, 3.0))
def test_from_the_hardest_to_the_softest(
    clock: float, least: float, spread: float, exponent: float
) -> None:
    firm, boulware, own, conceder = (
        aspire(name, column(clock), least, least + spread, exponent)[0]
        for name in ("firm", "boulware", "time_dependent", "conceder")
    )
    assert firm >= boulware > own > conceder


def test_the_firm_hold_out_for_the_best_to_the_very_deadline() -> None:
    wanted = aspire("firm", column(0.0, 0.5, 0.999, 1.0), 2.0, 10.0, exponent=1.0)
    assert wanted.tolist() == [10.0, 10.0, 10.0, 2.0]


def test_a_tactic_cannot_change_what_it_sees() -> None:
    view = BargainingView(*(column(0.5) for _ in fields(BargainingView)))
    with pytest.raises(FrozenInstanceError):
        view.clock = column(1.0)  # type: ignore[misc]


@every_tactic
@pytest.mark.parametrize("runs", [1, 5, 17, 1000])
def test_a_run_aspires_to_the_same_alone_as_in_company(name: str, runs: int) -> None:
    rng = np.random.default_rng(runs)
    clock, least, spread, exponent, *rest = rng.random((len(fields(BargainingView)), runs))
    columns = [clock, least, least + spread + 0.1, exponent + 0.1, *rest]
    together = tactics[name](BargainingView(*columns))
    for i in range(0, runs, 7):
        alone = BargainingView(*(seen[i : i + 1] for seen in columns))
        assert together[i] == tactics[name](alone)[0]


# -- tactics that answer the other's conduct ----------------------------------------------


def answer(
    name: str,
    *,
    own_last: float = 10.0,
    first: float = 0.0,
    before: float = 0.0,
    last: float = 0.0,
    least: float = 0.0,
    best: float = 10.0,
    clock: float = 0.5,
    exponent: float = 1.0,
    imitation: float = 0.5,
    draw: float = 0.5,
) -> float:
    """Return what a tactic insists on after these offers, in one run."""
    seen = (clock, least, best, exponent, own_last, first, before, last, imitation, draw)
    return float(tactics[name](BargainingView(*(column(x) for x in seen)))[0])


relative, absolute, averaged, mixture = (
    partial(answer, name)
    for name in ("relative_tit_for_tat", "random_tit_for_tat", "averaged_tit_for_tat", "mixed")
)
amounts = st.one_of(
    st.floats(-50.0, 60.0), st.floats(-1e100, 1e100), st.sampled_from([0.0, 5e-324, 1e-300, 10.0])
)
shares = st.floats(0.0, 1.0)
inside = st.floats(0.0, 9.9)


def test_relative_tit_for_tat_halves_its_excess_when_the_other_halves_what_it_withholds() -> None:
    assert relative(own_last=8.0, least=2.0, first=1.0, before=4.0, last=7.0) == 5.0


def test_averaged_tit_for_tat_withholds_the_share_the_other_does_of_its_first_offer() -> None:
    assert averaged(own_last=3.0, least=2.0, first=2.0, before=3.0, last=6.0) == 6.0


def test_absolute_tit_for_tat_gives_what_it_just_got() -> None:
    assert absolute(own_last=8.0, first=1.0, before=4.0, last=5.5) == 6.5


@lawful
@given(inside, inside, st.floats(1.0, 9.0), shares)
def test_absolute_tit_for_tat_strays_by_the_stated_share_of_the_range_at_most(
    before: float, last: float, own_last: float, draw: float
) -> None:
    strayed = answer(
        "random_tit_for_tat",
        least=-100.0,
        best=100.0,
        own_last=own_last,
        before=before,
        last=last,
        draw=draw,
    ) - (own_last - (last - before))
    assert strayed == pytest.approx(200.0 * RANDOM_AMPLITUDE * (2.0 * draw - 1.0))


@every_imitator
@lawful
@given(st.floats(0.0, 10.0), shares, st.floats(0.1, 5.0))
def test_imitators_look_neither_at_the_clock_nor_at_the_exponent(
    name: str, last: float, clock: float, exponent: float
) -> None:
    listening = partial(answer, name, own_last=9.0, first=1.0, before=2.0, last=last)
    assert listening(clock=clock, exponent=exponent) == listening()


@every_imitator
@lawful
@given(st.floats(2.0, 10.0), st.floats(0.0, 9.9))
def test_who_has_seen_no_move_makes_none(name: str, own_last: float, offer: float) -> None:
    still = 10.0 if name == "averaged_tit_for_tat" else own_last
    seen = answer(name, own_last=own_last, least=2.0, first=offer, before=offer, last=offer)
    assert seen == pytest.approx(still)


@pytest.mark.parametrize("name", ["relative_tit_for_tat", "averaged_tit_for_tat"])
def test_two_imitators_who_wait_for_each_other_never_move(name: str) -> None:
    own, other = 10.0, 10.0
    for _ in range(20):  # a pie of ten: what one insists on, the other does not get
        own = answer(name, own_last=own, last=10.0 - other)
        other = answer(name, own_last=other, last=10.0 - own)
    assert own == other == 10.0


def test_chance_sets_two_imitators_who_wait_for_each_other_in_motion() -> None:
    draws = np.random.default_rng(4).random((20, 2)).tolist()
    own, other, got, gave = 10.0, 10.0, 0.0, 0.0
    softest = [own, other]
    for mine, theirs in draws:
        before, got = got, 10.0 - other
        own = absolute(own_last=own, before=before, last=got, draw=mine)
        before, gave = gave, 10.0 - own
        other = absolute(own_last=other, before=before, last=gave, draw=theirs)
        softest = [min(softest[0], own), min(softest[1], other)]
    assert max(softest) < 9.5


@every_listener
@lawful
@given(
    own_last=amounts,
    first=amounts,
    before=amounts,
    last=amounts,
    ends=st.tuples(amounts, amounts),
    clock=clocks,
    exponent=exponents,
    imitation=shares,
    draw=st.floats(0.0, 1.0, exclude_max=True),
)
def test_whatever_is_offered_one_insists_on_something_between_the_reservation_and_the_best(
    name: str, ends: tuple[float, float], **seen: float
) -> None:
    least, best = sorted(ends)
    assert least <= answer(name, least=least, best=best, **seen) <= best
    assert np.isfinite(answer(name, least=best, best=least, **seen))  # no zone at all


@every_listener
@lawful
@given(
    own_last=amounts,
    first=amounts,
    before=amounts,
    offers=st.tuples(amounts, amounts),
    imitation=shares,
    draw=shares,
)
def test_the_better_the_last_offer_the_less_one_insists_on(
    name: str, offers: tuple[float, float], **seen: float
) -> None:
    worse, better = sorted(offers)
    insisted = answer(name, last=better, **seen)
    assert insisted <= answer(name, last=worse, **seen) + 1e-12


@pytest.mark.parametrize(
    ("name", "since"),
    [
        ("relative_tit_for_tat", "before"),
        ("random_tit_for_tat", "before"),
        ("averaged_tit_for_tat", "first"),
        ("mixed", "first"),
    ],
)
@lawful
@given(own_last=amounts, last=amounts, starts=st.tuples(amounts, amounts), imitation=shares)
def test_the_further_the_other_has_come_the_less_one_insists_on(
    name: str, since: str, starts: tuple[float, float], **seen: float
) -> None:
    far, near = sorted(starts)
    came_far, came_near = (answer(name, **{since: start}, **seen) for start in (far, near))
    assert came_far <= came_near + 1e-12


@pytest.mark.parametrize("name", ["relative_tit_for_tat", "averaged_tit_for_tat"])
def test_an_offer_of_everything_is_answered_with_the_least(name: str) -> None:
    assert answer(name, own_last=9.0, first=1.0, before=4.0, last=10.0, least=2.0) == 2.0


@pytest.mark.parametrize("name", ["relative_tit_for_tat", "averaged_tit_for_tat"])
def test_who_takes_everything_back_is_answered_with_the_best(name: str) -> None:
    assert answer(name, own_last=6.0, first=10.0, before=10.0, last=4.0) == 10.0


@pytest.mark.parametrize("name", ["relative_tit_for_tat", "averaged_tit_for_tat"])
def test_who_withheld_nothing_and_withholds_nothing_has_not_moved(name: str) -> None:
    still = 6.0 if name == "relative_tit_for_tat" else 10.0
    assert answer(name, own_last=6.0, first=10.0, before=10.0, last=10.0) == still


def test_one_who_was_at_its_reservation_stays_there_in_relative_tit_for_tat() -> None:
    assert relative(own_last=2.0, least=2.0, before=9.0, last=1.0) == 2.0


@lawful
@given(st.lists(inside, min_size=2, max_size=12))
def test_answering_each_concession_relative_and_averaged_tit_for_tat_arrive_together(
    offers: list[float],
) -> None:
    offers = sorted(offers)
    own = 10.0
    for before, last in zip(offers[:1] + offers, offers, strict=False):
        own = relative(own_last=own, least=2.0, first=offers[0], before=before, last=last)
    assert own == pytest.approx(averaged(least=2.0, first=offers[0], last=offers[-1]))


def test_after_a_bound_was_met_relative_remembers_it_and_averaged_does_not() -> None:
    own = relative(own_last=10.0, before=5.0, last=0.0)  # taken back: already at the best
    own = relative(own_last=own, before=0.0, last=5.0)
    assert own == 5.0
    assert averaged(own_last=own, first=5.0, before=0.0, last=5.0) == 10.0


@lawful
@given(clocks, exponents, shares, inside)
def test_a_mixture_lies_between_the_tactics_that_it_mixes_at_its_weight(
    clock: float, exponent: float, imitation: float, last: float
) -> None:
    seen = {"clock": clock, "exponent": exponent, "first": 1.0, "last": last}
    by_clock, by_conduct = answer("time_dependent", **seen), averaged(**seen)
    expected = (1.0 - imitation) * by_clock + imitation * by_conduct
    assert mixture(imitation=imitation, **seen) == pytest.approx(expected)
    assert mixture(imitation=0.0, **seen) == pytest.approx(by_clock)
    assert mixture(imitation=1.0, **seen) == pytest.approx(by_conduct)
