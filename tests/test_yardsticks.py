"""What theory would have a table agree, read off a scenario."""

from __future__ import annotations

import pytest

from negotiate_abm.scenario.loader import load_scenario
from negotiate_abm.yardsticks import SOLUTIONS, yardsticks

JANUARY = load_scenario("carney-beijing-2026")


@pytest.fixture(scope="module")
def found():
    return yardsticks(JANUARY)


def test_every_solution_is_given_for_every_table(found):
    assert list(found) == list(JANUARY.tables)
    assert all(list(sticks) == list(SOLUTIONS) for sticks in found.values())


def test_no_solution_leaves_a_party_worse_off_or_passes_its_own_line(found):
    for sticks in found.values():
        for stick in sticks.values():
            assert min(stick.gains.values()) >= 0.0
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


def test_where_only_one_party_could_gain_nothing_is_agreed():
    for stick in yardsticks(load_scenario("split-the-pie"))["pie"].values():
        assert stick.gains == {"seller": 0.0, "buyer": 0.0}
