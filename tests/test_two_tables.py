"""Two tables at once: they share a country and, by a cross-link, what can be promised."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from negotiate_abm.errors import ScenarioError
from negotiate_abm.mechanisms.preferences import LEVEL_TOLERANCE
from negotiate_abm.model import NegotiationModel
from negotiate_abm.scenario.loader import scenario_from
from negotiate_abm.scenario.schema import Scenario
from tests.worlds import random_world

FACTOR = 1.5
TALK = 0.05  # where talk ends on the ladders of random worlds


def doubled(link: dict[str, object] | None = None) -> Scenario:
    """Return a random world with its table twice, and perhaps a link between the two."""
    document = random_world(seed=7, issues=6, watched=False).model_dump(mode="python")
    document["tables"]["second"] = copy.deepcopy(document["tables"]["table"])
    for name, issue in list(document["issues"].items()):
        again = {**copy.deepcopy(issue), "table": "second"}
        if again["duty"] is not None:
            flow = again["duty"]["flow"]
            document["flows"][f"{flow}_again"] = copy.deepcopy(document["flows"][flow])
            again["duty"]["flow"] = f"{flow}_again"
        document["issues"][f"{name}_again"] = again
    document["cross_links"] = {} if link is None else {"both": link}
    return scenario_from(document)


def linked(issue: str, other: str) -> Scenario:
    factor = {"value": FACTOR, "unit": "1", "definition": "for the test"}
    return doubled({"issue": issue, "other": other, "factor": factor})


def agreed_levels(scenario: Scenario, issue: str, other: str) -> tuple[np.ndarray, np.ndarray]:
    model = NegotiationModel(scenario, runs=60, rng=3)
    for _ in range(60):
        model.step()
    levels = []
    for name in (issue, other):
        table, place = model.place_of(name)
        levels.append(table.agreed[:, place].copy())
    model.release()
    return levels[0], levels[1]


def test_both_tables_reach_agreements_of_their_own():
    one, other = agreed_levels(doubled(), "issue_2", "issue_2_again")
    assert one.any()
    assert other.any()
    assert not np.array_equal(one, other)


def test_what_is_given_at_one_table_is_not_also_withheld_at_another():
    free_one, free_other = agreed_levels(doubled(), "issue_3", "issue_3_again")
    assert (free_one + FACTOR * free_other > 1.0 + LEVEL_TOLERANCE).any()
    one, other = agreed_levels(linked("issue_3", "issue_3_again"), "issue_3", "issue_3_again")
    assert (one > TALK).any()
    assert (other > TALK).any()
    assert (given(one) + FACTOR * given(other) <= 1.0 + LEVEL_TOLERANCE).all()


def given(level: np.ndarray) -> np.ndarray:
    """Return a level without what is talk alone."""
    return np.where(level > TALK + LEVEL_TOLERANCE, level, 0.0)


def test_talk_at_one_table_withholds_nothing_at_another():
    one, other = agreed_levels(linked("issue_2", "issue_2_again"), "issue_2", "issue_2_again")
    assert ((one == 1.0) & (other == TALK)).any()


@pytest.mark.parametrize(
    ("issue", "other", "told"),
    [("issue_2", "issue_4", "issues of two tables"), ("issue_2", "isue_2", "Did you mean")],
)
def test_a_link_joins_issues_of_two_tables(issue, other, told):
    with pytest.raises(ScenarioError, match=told):
        linked(issue, other)
