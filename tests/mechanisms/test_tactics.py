"""Tactics: how an aspiration falls from the best to the reservation as time runs out."""

from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from negotiate_abm.mechanisms.numerics import FloatArray
from negotiate_abm.mechanisms.tactics import BargainingView, tactics

lawful = settings(max_examples=60, deadline=None)
# Only ours: another test may register a rule of its own.
OURS = [n for n in tactics.names() if tactics[n].rule.__module__.startswith("negotiate_abm.")]
every_tactic = pytest.mark.parametrize("name", OURS)
clocks = st.floats(0.0, 1.0)
worths = st.floats(0.0, 50.0)
spreads = st.floats(0.01, 50.0)
exponents = st.floats(0.1, 5.0)


def column(*values: float) -> FloatArray:
    return np.array(values, dtype=np.float64)


def aspire(name: str, clock: FloatArray, least: float, best: float, exponent: float) -> FloatArray:
    runs = clock.size
    view = BargainingView(
        clock=clock,
        reservation=np.full(runs, least),
        best=np.full(runs, best),
        exponent=np.full(runs, exponent),
    )
    return tactics[name](view)


def test_the_named_tactics_are_there() -> None:
    assert set(OURS) >= {"time_dependent", "boulware", "conceder", "firm"}


@every_tactic
@lawful
@given(least=worths, spread=spreads, exponent=exponents)
def test_aspiration_begins_at_the_best_and_ends_at_the_reservation(
    name: str, least: float, spread: float, exponent: float
) -> None:
    first, last = aspire(name, column(0.0, 1.0), least, least + spread, exponent)
    assert first == pytest.approx(least + spread)
    assert last == least


@every_tactic
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
    view = BargainingView(column(0.0), column(0.0), column(1.0), column(1.0))
    with pytest.raises(FrozenInstanceError):
        view.clock = column(1.0)  # type: ignore[misc]


@every_tactic
@pytest.mark.parametrize("runs", [1, 5, 17, 1000])
def test_a_run_aspires_to_the_same_alone_as_in_company(name: str, runs: int) -> None:
    rng = np.random.default_rng(runs)
    clock, least, spread, exponent = rng.random((4, runs))
    spread, exponent = spread + 0.1, exponent + 0.1
    together = tactics[name](BargainingView(clock, least, least + spread, exponent))
    for i in range(0, runs, 7):
        run = slice(i, i + 1)
        alone = BargainingView(clock[run], least[run], (least + spread)[run], exponent[run])
        assert together[i] == tactics[name](alone)[0]
