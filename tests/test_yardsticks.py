"""What theory would have a table agree, read off a scenario or off a run."""

from __future__ import annotations

import numpy as np
import pytest

from negotiate_abm import NegotiationModel
from negotiate_abm.mechanisms import solutions
from negotiate_abm.mechanisms.numerics import FloatArray
from negotiate_abm.report import show_solutions
from negotiate_abm.scenario.loader import load_scenario
from negotiate_abm.tables import Table
from negotiate_abm.yardsticks import SOLUTIONS, Space, gains_of, space_of, yardsticks

JANUARY = load_scenario("carney-beijing-2026")
PIE = load_scenario("split-the-pie")
RUNS = 10


@pytest.fixture(scope="module")
def found():
    return yardsticks(JANUARY)


@pytest.fixture(scope="module")
def start():
    """Return some runs at their start, and what each table could give in each of them."""
    model = NegotiationModel(JANUARY, runs=RUNS, rng=3)
    spaces = {n: [space_of(t, row) for row in range(RUNS)] for n, t in model.tables.items()}
    return model, spaces


def height(space: Space, gains: FloatArray) -> FloatArray:
    """Return the most that the frontier leaves side 1 at some gains of side 0."""
    line = space.frontier[::-1]
    return np.interp(gains, line[:, 0], line[:, 1], right=-np.inf)


def best_sum(table: Table, row: int, weight: float) -> float:
    """Return the greatest weighted sum of gains: on each issue the best rung to stop at."""
    total = 0.0
    for i in range(len(table.issues)):
        sums = [0.0]
        for k in range(table.rungs[i]):
            top = table.floor[row, i, k] + table.width[row, i, k]
            if top <= table.cap[row, i] + 1e-9:
                benefit, cost = table.benefit[row, i, k], table.cost[row, i, k]
                gain, loss = (
                    (1.0 - weight, weight) if table.conceder[i] == 0 else (weight, 1.0 - weight)
                )
                sums.append(sums[-1] + gain * benefit - loss * cost)
        total += max(sums)
    return total


def test_every_solution_is_given_for_every_table(found):
    assert list(found) == list(JANUARY.tables)
    assert all(list(sticks) == list(SOLUTIONS) for sticks in found.values())


def test_no_solution_leaves_a_party_worse_off_or_passes_its_own_line(found):
    for sticks in found.values():
        for stick in sticks.values():
            assert min(stick.gains.values()) >= -1e-9
            assert stick.levels.get("security_intelligence", 0.0) == 0.0


def test_each_solution_is_best_at_what_it_is_for(found):
    for sticks in found.values():
        gains = {name: list(stick.gains.values()) for name, stick in sticks.items()}
        product = {name: one * other for name, (one, other) in gains.items()}
        assert product["Nash"] == pytest.approx(max(product.values()), rel=1e-6)
        totals = {name: sum(both) for name, both in gains.items()}
        assert totals["utilitarian"] == pytest.approx(max(totals.values()), rel=1e-6)
        least = {name: min(both) for name, both in gains.items()}
        assert least["egalitarian"] == pytest.approx(max(least.values()), rel=1e-6)


def test_a_given_reservation_is_what_a_party_falls_back_on():
    # The buyer wants a fifth, the seller keeps a tenth: they halve what lies between.
    stick = yardsticks(PIE)["pie"]["Nash"]
    assert stick.levels["pie"] == pytest.approx(0.55, abs=1e-6)
    assert stick.gains == pytest.approx({"seller": -0.55, "buyer": 0.55}, abs=1e-6)


def test_the_solutions_printed_say_what_a_party_falls_back_on(capsys):
    show_solutions(PIE)
    told = capsys.readouterr().out
    assert "-0.550" in told
    assert "Seller falls back on a given reservation of -0.9" in told


def test_where_only_one_party_could_gain_nothing_is_agreed():
    nothing_given = {f"tables.pie.reservation.{party}": 0.0 for party in ("seller", "buyer")}
    for stick in yardsticks(load_scenario(PIE, nothing_given))["pie"].values():
        assert stick.gains == {"seller": 0.0, "buyer": 0.0}
        assert stick.levels == {"pie": 0.0}


def test_reservations_that_leave_no_room_leave_nothing_to_agree():
    greedy = load_scenario(PIE, {"tables.pie.reservation.seller": -0.1})
    for stick in yardsticks(greedy)["pie"].values():
        assert stick.gains == {"seller": 0.0, "buyer": 0.0}


def test_how_rounds_are_conducted_binds_no_solution(found):
    others_first = load_scenario(JANUARY, {"conduct.agenda": "non_weaponisable_first"})
    assert yardsticks(others_first) == found


def test_no_offer_within_own_red_lines_lies_beyond_the_frontier(start):
    model = NegotiationModel(JANUARY, runs=RUNS, rng=3)
    _, spaces = start
    offers = 0
    for _ in range(JANUARY.weeks):
        model.step()
        for name, table in model.tables.items():
            gains = gains_of(table, table.proposal)
            for row in np.flatnonzero(table.proposed_in == model.week):
                most = height(spaces[name][row], gains[row, 0] - 1e-9)
                assert gains[row, 1] <= most + 1e-9
                offers += 1
    assert offers > 10 * RUNS


def test_the_frontier_goes_as_far_as_any_package_does(start):
    # An independent bound: on each issue alone, the best rung for a weighted sum.
    model, spaces = start
    for name, table in model.tables.items():
        for row, space in enumerate(spaces[name]):
            for weight in (0.05, 0.3, 0.5, 0.7, 0.95):
                sums = space.frontier @ np.array([weight, 1.0 - weight])
                assert sums.max() == pytest.approx(best_sum(table, row, weight), abs=1e-9)


def test_the_frontier_falls_and_the_solutions_lie_on_it(start):
    _, spaces = start
    for space in (space for of_table in spaces.values() for space in of_table):
        assert (np.diff(space.frontier[:, 0]) < 0.0).all()
        assert (np.diff(space.frontier[:, 1]) >= -1e-9).all()
        for name in SOLUTIONS if space.zone else ():
            one, other = space.gains[name]
            near = height(space, one + np.array([-1e-9, 1e-9]))
            assert near[1] - 1e-9 <= other <= near[0] + 1e-9
        both = np.maximum(space.frontier, 0.0)
        assert np.prod(space.gains["Nash"]) >= (1.0 - 1e-9) * both.prod(axis=-1).max()


def test_kalai_and_smorodinsky_give_equal_shares_of_what_could_be_hoped_for(start):
    _, spaces = start
    for space in spaces["canada_china"]:
        zone = space.frontier[(space.frontier >= -1e-9).all(axis=-1)]
        shares = space.gains["Kalai-Smorodinsky"] / zone.max(axis=0)
        assert shares[0] == pytest.approx(shares[1], rel=1e-6)


def test_the_levels_of_a_solution_bring_its_gains(start):
    model, spaces = start
    for name, table in model.tables.items():
        for solution in SOLUTIONS:
            levels = np.stack([space.levels[solution] for space in spaces[name]])
            gains = np.stack([space.gains[solution] for space in spaces[name]])
            assert gains_of(table, levels) == pytest.approx(gains, abs=1e-9)
            assert (levels <= table.cap).all()


def test_what_has_been_agreed_since_moves_no_frontier():
    model = NegotiationModel(JANUARY, runs=1, rng=3)
    table = model.tables["canada_china"]
    before = space_of(table).frontier
    for _ in range(20):
        model.step()
    assert (table.agreed > 0.0).any()
    assert np.array_equal(space_of(table).frontier, before)


def test_what_the_scenario_holds_is_nobodys_gain():
    model = NegotiationModel(JANUARY, runs=1, rng=3, levers={"ev_tariff_at_zero": True})
    table = model.tables["canada_china"]
    place = table.issues.index("ev_tariff")
    assert gains_of(table, table.agreed)[0] == pytest.approx([0.0, 0.0])
    space = space_of(table)
    assert all(levels[place] == 1.0 for levels in space.levels.values())


def test_too_many_ways_to_try_give_an_outer_bound(start, monkeypatch):
    model, spaces = start
    monkeypatch.setattr(solutions, "MOST_WAYS", 8)
    rough = space_of(model.tables["canada_us"])
    exact = spaces["canada_us"][0]
    assert exact.exact
    assert not rough.exact
    inside = exact.frontier[:, 1] - height(rough, exact.frontier[:, 0] - 1e-9)
    assert inside.max() <= 1e-9
    assert inside.min() < -1e-3
