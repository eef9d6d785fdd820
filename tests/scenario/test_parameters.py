"""One value a run for every number: drawn by name, held where asked, never out of range."""

import re
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from negotiate_abm.errors import RunError, ScenarioError
from negotiate_abm.mechanisms.randomness import LARGEST_SEED
from negotiate_abm.model import NegotiationModel
from negotiate_abm.scenario import consistency
from negotiate_abm.scenario.checks import problems_in
from negotiate_abm.scenario.consistency import (
    consistent_attempts,
    consistent_draw,
    contradictions,
    impossibilities,
)
from negotiate_abm.scenario.loader import check_columns, load_scenario, with_overrides
from negotiate_abm.scenario.parameters import Parameters, Streams, central, draw, quantities
from negotiate_abm.scenario.schema import Salience, Scenario
from negotiate_abm.scenario.stakes import ladders
from negotiate_abm.scenario.warnings import punishment
from negotiate_abm.simulation import run

GROWTH = "flows.electric_vehicles.growth"
RATE = "issues.canola_seed.duty.rate"
GDP = "countries.canada.gdp"
EV_PRODUCERS = "issues.ev_tariff.duty.producers_share"
VISIT = "tables.canada_china.events.visit"
UNITED_STATES = "tables.canada_china.watchers.united_states"
_ONE_A_RUN = (
    r"override issues\.pie\.benefit: got {}; expected one finite number for each of {} runs\. "
    r"Give a plain number, or as many as there are runs\."
)


@pytest.fixture(scope="module")
def january() -> Scenario:
    return load_scenario("carney-beijing-2026")


@pytest.fixture(scope="module")
def two_thousand(january: Scenario) -> Parameters:
    return draw(january, 7, np.arange(2000))


def same(one: Parameters, other: Parameters, but: str = "") -> bool:
    """Whether two sets of parameters agree to the last bit, one key aside."""
    assert one.values.keys() == other.values.keys()
    return all(np.array_equal(one[key], other[key]) for key in one.values if key != but)


def discards(scenario: Scenario, seed: int, runs: np.ndarray) -> np.ndarray:
    """How many draws each run discards before the one it keeps, shape (runs,)."""
    return consistent_attempts(scenario, runs, Streams(seed, runs))


def row(parameters: Parameters, number: int) -> Parameters:
    return Parameters({k: v[number : number + 1] for k, v in parameters.values.items()}, 1)


# -- draws -------------------------------------------------------------------------------

seeds = st.integers(0, LARGEST_SEED)
run_numbers = st.lists(st.integers(0, 2**40), min_size=1, max_size=5, unique=True).map(np.array)


@settings(max_examples=60, deadline=None)
@given(seed=seeds, runs=run_numbers, attempt=st.integers(0, 9))
def test_every_draw_stays_in_its_range(
    january: Scenario, seed: int, runs: np.ndarray, attempt: int
):
    drawn = draw(january, seed, runs, np.full(runs.shape, attempt))
    for key, quantity in quantities(january).items():
        scale = 100.0 if quantity.unit == "%" else 1.0
        low, high = quantity.range or (quantity.value, quantity.value)
        assert drawn[key].shape == runs.shape
        assert (drawn[key] >= low / scale * (1 - 1e-12)).all(), key
        assert (drawn[key] <= high / scale * (1 + 1e-12)).all(), key


@settings(max_examples=40, deadline=None)
@given(seed=seeds, runs=run_numbers)
def test_a_number_without_a_range_or_held_fixed_never_moves(
    january: Scenario, seed: int, runs: np.ndarray
):
    drawn, stated = draw(january, seed, runs), central(january)
    held = [key for key, quantity in quantities(january).items() if not quantity.is_drawn]
    assert "flows.pork_seafood.shares.quebec" in held
    assert RATE in held
    for key in held:
        assert (drawn[key] == stated[key][0]).all(), key


def test_a_number_with_a_range_differs_between_runs_and_between_seeds(
    january: Scenario, two_thousand: Parameters
):
    other = draw(january, 8, np.arange(2000))
    for key, quantity in quantities(january).items():
        if quantity.is_drawn:
            assert np.unique(two_thousand[key]).size > 1990, key
            assert not np.array_equal(two_thousand[key], other[key]), key


def test_a_percentage_becomes_a_fraction(january: Scenario):
    assert central(january)[RATE][0] == pytest.approx(0.848)
    assert draw(january, 1, np.arange(3))[RATE] == pytest.approx(0.848)


def test_a_linear_range_is_drawn_evenly(two_thousand: Parameters):
    share = (two_thousand[GDP] - 3060) / (3270 - 3060)
    assert np.quantile(share, [0.1, 0.5, 0.9]) == pytest.approx([0.1, 0.5, 0.9], abs=0.04)


def test_a_log_range_is_drawn_evenly_in_logs(two_thousand: Parameters):
    share = np.log(two_thousand[GROWTH]) / np.log(4.0)
    assert np.quantile(share, [0.1, 0.5, 0.9]) == pytest.approx([0.1, 0.5, 0.9], abs=0.04)
    assert np.median(two_thousand[GROWTH]) == pytest.approx(2.0, rel=0.05), "not the mid-point 2.5"


def test_two_numbers_with_the_same_range_are_drawn_apart(two_thousand: Parameters):
    talks = [f"issues.{name}.ladder.talks.benefit" for name in ("ev_tariff", "steel_aluminium")]
    one, other = (two_thousand[key] for key in talks)
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.1


def test_a_draw_after_a_discarded_one_is_another_draw(january: Scenario):
    runs = np.arange(3)
    attempts = [draw(january, 1, runs, np.full(3, attempt))[GDP] for attempt in range(9)]
    assert np.unique(np.stack(attempts)).size == 27


@settings(max_examples=25, deadline=None)
@given(seed=seeds, attempts=st.lists(st.integers(0, 20), min_size=1, max_size=6))
def test_each_run_is_drawn_as_often_as_it_was_discarded_whatever_its_neighbours(
    january: Scenario, seed: int, attempts: list[int]
):
    runs = np.arange(len(attempts))
    together = draw(january, seed, runs, np.array(attempts))
    for i, attempt in enumerate(attempts):
        assert same(row(together, i), draw(january, seed, runs[i : i + 1], np.array([attempt])))


def test_no_discarded_draw_is_the_first_draw(january: Scenario):
    runs = np.arange(3)
    assert same(draw(january, 1, runs), draw(january, 1, runs, np.zeros(3, dtype=np.int64)))


@settings(max_examples=25, deadline=None)
@given(seed=seeds, others=st.lists(st.integers(0, 10**6), min_size=1, max_size=30))
def test_run_17_is_the_same_alone_and_in_company(january: Scenario, seed: int, others: list[int]):
    alone = draw(january, seed, np.array([17]))
    company = draw(january, seed, np.array([*others, 17]))
    assert same(alone, row(company, len(others)))


def test_a_consistent_run_17_is_the_same_alone_and_in_company(january: Scenario):
    alone = consistent_draw(january, january, 3, np.array([17]), {})
    company = consistent_draw(january, january, 3, np.arange(400), {})
    assert same(alone, row(company, 17))


def test_fixing_one_number_moves_no_other(january: Scenario):
    free = draw(january, 3, np.arange(20))
    held = draw(load_scenario(january, {GDP: 3100}), 3, np.arange(20))
    assert (held[GDP] == 3100).all()
    assert not np.array_equal(free[GDP], held[GDP])
    assert same(free, held, but=GDP)


def test_fixing_a_salience_class_moves_no_other_number(january: Scenario):
    key = "issues.energy_market_access.benefit"
    free = draw(january, 3, np.arange(20))
    low = draw(load_scenario(january, {f"{key}.salience": "low"}), 3, np.arange(20))
    assert (free[key] >= 0.3).all()
    assert (low[key] <= 0.3).all()
    assert same(free, low, but=key)


# -- numbers given run by run --------------------------------------------------------------


def test_an_array_sets_each_run_in_the_units_of_the_scenario(january: Scenario):
    given = {RATE: np.array([30.0, 60.0, 90.0])}
    drawn = draw(january, 3, np.arange(3), given=given)
    assert drawn[RATE] == pytest.approx([0.3, 0.6, 0.9])
    assert same(drawn, draw(january, 3, np.arange(3)), but=RATE)


def test_an_array_follows_its_runs_through_discarded_draws(january: Scenario):
    growth = np.linspace(1.0, 1.5, 300)
    drawn = consistent_draw(january, january, 3, np.arange(300), {GROWTH: growth})
    assert np.array_equal(drawn[GROWTH], growth)


def test_an_array_for_no_number_names_the_nearest(january: Scenario):
    told = r"override countries\.canada\.gdpp: got .*Did you mean '.*gdp'"
    for refuse in (
        lambda: check_columns(january, {"countries.canada.gdpp": np.ones(2)}),
        lambda: run(january, runs=2, overrides={"countries.canada.gdpp": [1.0, 1.0]}),
    ):
        with pytest.raises(RunError, match=told):
            refuse()


def test_an_array_of_another_length_than_the_runs_is_refused():
    with pytest.raises(RunError, match=_ONE_A_RUN.format(r"\[1\.0, 2\.0\]", 3)):
        run("split-the-pie", runs=3, overrides={"issues.pie.benefit": [1.0, 2.0]})


def test_an_array_of_text_is_refused():
    told = r"issues\.pie\.benefit=\['a', 'b'\]: got \['a', 'b'\]; expected a number in C\$bn/yr"
    with pytest.raises(RunError, match=told):
        run("split-the-pie", runs=2, overrides={"issues.pie.benefit": ["a", "b"]})


def test_runs_given_different_numbers_end_differently():
    reservations = [0.1, 0.8]
    result = run("split-the-pie", 2, overrides={"tables.pie.reservation.buyer": reservations})
    one, other = result.outcomes["pie.agreed"]
    assert other > one
    for reservation, level in zip(reservations, (one, other), strict=True):
        alone = run("split-the-pie", 1, overrides={"tables.pie.reservation.buyer": reservation})
        assert alone.outcomes["pie.agreed"].item() == level


# -- draws that contradict the record --------------------------------------------------------


def contradicting(scenario: Scenario, parameters: Parameters) -> np.ndarray:
    """Whether each run contradicts the record, shape (runs,)."""
    return np.logical_or.reduce(list(contradictions(scenario, parameters).values()))


def test_draws_that_contradict_the_record_are_discarded(january: Scenario):
    runs = np.arange(500)
    first, kept = draw(january, 3, runs), consistent_draw(january, january, 3, runs, {})
    bad = contradicting(january, first)
    assert 0 < bad.sum() < 500
    assert not contradicting(january, kept).any()
    assert np.array_equal(kept[GDP][~bad], first[GDP][~bad]), "a good first draw is kept"
    assert (kept[GDP][bad] != first[GDP][bad]).all(), "a bad one is replaced"


@pytest.mark.parametrize("seed", [1, 3, 2026])
def test_nothing_kept_contradicts_the_record_or_is_impossible(january: Scenario, seed: int):
    kept = consistent_draw(january, january, seed, np.arange(500), {})
    for claims in (contradictions(january, kept), impossibilities(january, kept)):
        assert len(claims) > 1
        for claim, found in claims.items():
            assert found.shape == (500,), claim
            assert not found.any(), claim


def test_a_run_keeps_the_first_of_its_draws_that_agrees_with_the_record(january: Scenario):
    runs = np.arange(200)
    attempts = discards(january, 3, runs)
    assert attempts.max() > 1
    for earlier in range(attempts.max()):
        discarded = runs[attempts > earlier]
        drawn = draw(january, 3, discarded, np.full(discarded.size, earlier))
        impossible = np.logical_or.reduce(list(impossibilities(january, drawn).values()))
        assert (contradicting(january, drawn) | impossible).all()
    assert same(consistent_draw(january, january, 3, runs, {}), draw(january, 3, runs, attempts))


def test_no_run_is_left_with_a_duty_that_reveals_a_negative_cost(january: Scenario):
    kept = consistent_draw(january, january, 11, np.arange(500), {})
    valued = ladders(january, kept)
    duties = [name for name, issue in january.issues.items() if issue.duty is not None]
    assert {"canola_seed", "ev_tariff", "us_autos", "us_tariffs_on_china"} < set(duties)
    for name in duties:
        assert valued[name].costs.shape == (500, len(january.issues[name].ladder))
        assert (valued[name].costs >= 0.0).all(), name


def test_no_run_is_left_with_a_ladder_of_another_shape_than_the_bargaining_needs(
    january: Scenario,
):
    kept = consistent_draw(january, january, 11, np.arange(500), {})
    for name, rungs in ladders(january, kept).items():
        benefit, cost = rungs.slopes()
        assert (np.diff(benefit, axis=1) <= 1e-9).all(), name
        assert (np.diff(cost, axis=1) >= -1e-9).all(), name
        assert (benefit >= -1e-9).all(), name
        assert (cost >= -1e-9).all(), name


def held(scenario: Scenario, key: str, value: float) -> Scenario:
    """Return a scenario with a number held in every run, whatever the record says of it."""
    return Scenario.model_validate(with_overrides(scenario, {key: value}))


def test_a_world_without_consistent_draws_says_what_stood_against_it(january: Scenario):
    barren = held(january, EV_PRODUCERS, 0.0)
    with pytest.raises(RunError) as caught:
        consistent_draw(barren, barren, 3, np.array([5, 6]), {})
    told = str(caught.value)
    assert "2 of 2 runs (first: run 5) found no consistent draw in 200" in told
    assert "issues.ev_tariff.duty would cost its imposer less than nothing to cut" in told
    assert "Narrow the scenario's ranges" in told


def test_only_the_runs_without_a_consistent_draw_are_counted(
    january: Scenario, monkeypatch: pytest.MonkeyPatch
):
    attempts = discards(january, 3, np.arange(200))
    lucky, unlucky = np.flatnonzero(attempts == 0)[0], np.flatnonzero(attempts > 0)[0]
    monkeypatch.setattr(consistency, "MOST_ATTEMPTS", 1)
    told = rf"^1 of 2 runs \(first: run {unlucky}\) found no consistent draw in 1; "
    with pytest.raises(RunError, match=told):
        consistent_draw(january, january, 3, np.array([lucky, unlucky]), {})


# -- overrides are laid over the draw that the record accepts ----------------------------------

SOME = np.arange(40)


@pytest.fixture(scope="module")
def accepted(january: Scenario) -> Parameters:
    attempts = discards(january, 3, SOME)
    assert (attempts > 0).any(), "some runs were redrawn"
    return consistent_draw(january, january, 3, SOME, {})


def squares(keys: list[str]) -> list[list[str]]:
    """Return the rows and columns of a square of names: no two names share both."""
    side = int(np.ceil(np.sqrt(len(keys))))
    rows = [keys[start : start + side] for start in range(0, len(keys), side)]
    return [*rows, *(keys[start::side] for start in range(side))]


def moved_others(one: Parameters, other: Parameters, moved: list[str]) -> list[str]:
    """Return which numbers differ between two sets of parameters, some keys aside."""
    assert one.values.keys() == other.values.keys()
    left = one.values.keys() - set(moved)
    return [key for key in left if not np.array_equal(one[key], other[key])]


def test_overriding_any_numbers_changes_no_other_in_any_run(
    january: Scenario, accepted: Parameters
):
    known = quantities(january)

    def aside(key: str) -> float:
        is_top = key.endswith(".level") and known[key].value == 1.0
        return known[key].value if is_top else 0.99 * known[key].value + 0.001

    for keys in squares(list(known)):
        columns = {key: np.full(SOME.size, aside(key)) for key in keys}
        laid = consistent_draw(january, january, 3, SOME, columns)
        assert moved_others(laid, accepted, keys) == []
        for key, column in columns.items():
            scale = 100.0 if known[key].unit == "%" else 1.0
            assert laid[key] == pytest.approx(column / scale), key


def test_a_number_of_what_is_off_is_refused_until_it_is_on(january: Scenario):
    key = "ties.pacific_partners.visibility"
    with pytest.raises(RunError, match=r"got a number of 'pacific_partners', which is off"):
        load_scenario(january, {key: 0.9})
    on = load_scenario(january, {"ties.pacific_partners.active": True, key: 0.9})
    assert on.ties["pacific_partners"].visibility.value == 0.9


def test_holding_any_numbers_for_every_run_changes_no_other_in_any_run(
    january: Scenario, accepted: Parameters
):
    classes = {
        f"issues.{name}.{side}"
        for name, issue in january.issues.items()
        for side in ("benefit", "cost")
        if isinstance(getattr(issue, side), Salience)
    }
    drawn = {k: q.value for k, q in quantities(january).items() if q.is_drawn and k not in classes}
    drawn = {k: v for k, v in drawn.items() if not k.startswith(("arrangements.", "ties."))}
    assert len(drawn) > 100
    for keys in squares(list(drawn)):
        scenario = load_scenario(january, {key: drawn[key] for key in keys})
        laid = consistent_draw(january, scenario, 3, SOME, {})
        assert moved_others(laid, accepted, keys) == []
        assert all(np.unique(laid[key]).size == 1 for key in keys)


@settings(max_examples=40, deadline=None)
@given(seed=seeds, data=st.data())
def test_overriding_several_numbers_changes_no_other_whatever_the_seed(
    january: Scenario, seed: int, data: st.DataObject
):
    drawn = [key for key, q in quantities(january).items() if q.is_drawn]
    keys = data.draw(st.lists(st.sampled_from(drawn), min_size=1, max_size=4, unique=True))
    runs = np.array(data.draw(st.lists(st.integers(0, 10**6), min_size=1, max_size=6)))
    laid_over = {key: np.full(runs.size, quantities(january)[key].value) for key in keys}
    free = consistent_draw(january, january, seed, runs, {})
    laid = consistent_draw(january, january, seed, runs, laid_over)
    for key in free.values:
        assert key in keys or np.array_equal(laid[key], free[key]), key


@pytest.mark.parametrize(
    "overrides",
    [
        {"countries.canada.trust.china": 0.9},
        {"countries.canada.trust.china": np.linspace(0.0, 1.0, 40)},
        {GROWTH: 4.0, "issues.canola_seed.duty.coercive_value": 2.0},
        {EV_PRODUCERS: np.linspace(0.0, 1.0, 40)},
        {"issues.energy_market_access.benefit.salience": "high"},
    ],
    ids=["one number", "one by run", "two", "against the record", "a class"],
)
def test_a_run_and_its_counterfactual_differ_in_what_was_overridden_alone(
    january: Scenario, overrides: dict[str, object]
):
    as_it_is = NegotiationModel(january, runs=40, rng=3).parameters
    otherwise = NegotiationModel(january, runs=40, rng=3, overrides=overrides).parameters
    changed = {key.removesuffix(".salience") for key in overrides}
    assert as_it_is.values.keys() == otherwise.values.keys()
    for key in as_it_is.values:
        assert np.array_equal(as_it_is[key], otherwise[key]) == (key not in changed), key


@pytest.mark.parametrize(
    ("key", "value", "claim"),
    [
        (EV_PRODUCERS, 0.0,
         "issues.ev_tariff.duty would cost its imposer less than nothing to cut"),
        ("flows.canola_seed.growth", 1000.0,
         "revealed.kept_the_surtax: the swap that was left would have paid"),
        ("flows.us_bound_exports.supply", 1.0,
         "tables.canada_china.watchers.united_states.punishment would pay its imposer, "
         "who has not imposed it"),
        ("issues.pork_seafood.ladder.talks.benefit", 0.0,
         "issues.pork_seafood.ladder is not concave in benefit and convex in cost"),
    ],
    ids=["a duty", "a refusal", "a punishment", "a shape"],
)  # fmt: skip
def test_an_override_may_contradict_the_record(
    january: Scenario, accepted: Parameters, key: str, value: float, claim: str
):
    laid = consistent_draw(january, january, 3, SOME, {key: np.full(SOME.size, value)})
    assert not contradictions(january, accepted)[claim].any()
    assert contradictions(january, laid)[claim].all()
    assert same(laid, accepted, but=key)


@pytest.mark.parametrize(
    ("key", "values", "told"),
    [
        ("issues.ev_tariff.ladder.first_cut.level", [0.2, 0.6, 0.5],
         "in 2 of 3 runs, issues.ev_tariff.ladder does not climb to one"),
        ("issues.ev_tariff.ladder.talks.level", [0.0, 0.05, 0.1],
         "in 1 of 3 runs, issues.ev_tariff.ladder does not climb to one"),
        ("issues.ev_tariff.ladder.elimination.level", [0.9, 1.0, 1.0],
         "in 1 of 3 runs, issues.ev_tariff.ladder does not climb to one"),
        ("tables.canada_china.shortest_round_weeks", [4.0, 60.0, 60.0],
         "in 2 of 3 runs, tables.canada_china.shortest_round_weeks is above longest_round_weeks"),
        ("alarm.weight_offered", [0.0, 0.1, 1.0],
         "in 1 of 3 runs, alarm.weight_offered is above alarm.weight_agreed"),
        (f"{UNITED_STATES}.punishment.line_coverage", [0.01, 0.9, 1.0],
         f"in 1 of 3 runs, {UNITED_STATES}.punishment.line_coverage is below coverage"),
    ],
    ids=["a rung above the next", "a first rung at nothing", "a top below one", "a round",
         "an offer above a promise", "a crossed line that narrows"],
)  # fmt: skip
def test_an_override_that_makes_no_world_is_refused_in_words(
    january: Scenario, key: str, values: list[float], told: str
):
    words = (
        rf"^overrides: got values under which, {re.escape(told)}; "
        r"expected values that leave it whole\. Change or drop one, or hold the drawn number "
        r"it collides with\.$"
    )
    with pytest.raises(RunError, match=words):
        consistent_draw(january, january, 3, np.arange(3), {key: np.array(values)})
    with pytest.raises(ScenarioError, match=re.escape(key.rsplit(".", 2)[0])):
        run(january, runs=3, seed=3, overrides={key: values})


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0.01, 0.99), min_size=3, max_size=3))
def test_levels_overridden_by_run_are_taken_if_and_only_if_they_climb(
    january: Scenario, levels: list[float]
):
    given_levels = {
        f"issues.ev_tariff.ladder.{rung}.level": np.array([level])
        for rung, level in zip(("talks", "first_cut", "half_cut"), levels, strict=True)
    }
    climbs = levels[0] < levels[1] < levels[2]
    with nullcontext() if climbs else pytest.raises(RunError, match="does not climb to one"):
        consistent_draw(january, january, 3, np.array([0]), given_levels)


@settings(max_examples=40, deadline=None)
@given(st.floats(0.5, 40.0), st.floats(1.0, 60.0))
def test_a_punishment_is_refused_exactly_when_it_would_pay_its_imposer(
    january: Scenario, supply: float, rate: float
):
    changed = held(january, "flows.us_bound_exports.supply", supply)
    changed = held(changed, f"{UNITED_STATES}.punishment.rate", rate)
    measure = punishment(changed, "canada_china", "united_states", central(changed))
    blames = [
        problem
        for problem in problems_in(changed)
        if problem.key == f"{UNITED_STATES}.punishment"
        and "would gain its imposer" in problem.given
    ]
    assert len(blames) == int(measure.blow_back(np.zeros(1))[0] < 0.0)


# -- overrides ---------------------------------------------------------------------------------


def test_an_override_holds_its_number_in_every_run(january: Scenario):
    changed = load_scenario(january, {GROWTH: 3})
    assert (draw(changed, 1, np.arange(50))[GROWTH] == 3.0).all()


@pytest.mark.parametrize("value", [0.5, 9.0])
def test_an_override_may_leave_the_range(january: Scenario, value: float):
    assert load_scenario(january, {GROWTH: value}).flows["electric_vehicles"].growth.value == value


def test_an_override_leaves_the_scenario_it_came_from_alone(january: Scenario):
    before = january.model_dump_json()
    load_scenario(january, {GROWTH: 3, f"{VISIT}.date": "2026-02-02"})
    assert january.model_dump_json() == before


def test_an_override_means_the_same_by_name_and_by_scenario(january: Scenario):
    overrides = {
        GROWTH: 3,
        "countries.china.tactic": "firm",
        "weeks": 30,
        f"{VISIT}.opens_round": False,
        "issues.ev_tariff.red_lines.united_states": "first_cut",
    }
    by_name = load_scenario("carney-beijing-2026", overrides)
    assert by_name == load_scenario(january, overrides)
    assert by_name.weeks == 30
    assert by_name.countries["china"].tactic == "firm"
    assert by_name.issues["ev_tariff"].red_lines == {"united_states": "first_cut"}


def test_an_override_of_a_salience_class_changes_the_class(january: Scenario):
    changed = load_scenario(january, {"issues.consular_visa.benefit.salience": "high"})
    assert changed.issues["consular_visa"].benefit.salience == "high"


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("countries.canda.gdp", 1, "got 'canda', .* Did you mean 'canada'"),
        ("issues.ev_tarif.duty.rate", 1, "Did you mean 'ev_tariff'"),
        ("wekes", 1, "Did you mean 'weeks'"),
        (
            "weeks.long",
            1,
            r"got more than a name; expected it to end at 'weeks', which is a value\. "
            r"Leave out '\.long'\.",
        ),
        (
            "countries.canada",
            1,
            "got the name of a whole section; expected that of one value in it. Valid names: .*gdp",
        ),
        (
            "countries",
            1,
            "got the name of a whole section; expected that of one value in it. "
            "Valid names: canada, china, united_states",
        ),
        (GDP, "rich", r"got 'rich'; expected a number in C\$bn/yr\. Give a plain one\."),
        (GDP, True, r"got True; expected a number in C\$bn/yr\. Give a plain one\."),
        ("issues.consular_visa.benefit", 0.5, r"salience code; .* Set .*\.salience to low, medium"),
        ("", 1, "got ''"),
    ],
)
def test_a_bad_override_is_told_what_to_do(january: Scenario, key: str, value: object, told: str):
    for case in (january, "carney-beijing-2026"):
        with pytest.raises(RunError, match=told):
            load_scenario(case, {key: value})


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        (GDP, -1, r"countries\.canada\.gdp: got -1.0 .*above 0, not -1"),
        (GDP, float("nan"), r"countries\.canada\.gdp\.value: got nan; .* finite"),
        (GDP, float("inf"), r"countries\.canada\.gdp\.value: got inf; .* finite"),
        ("issues.ev_tariff.held", 2, "held: got 2; expected a number of at most 1."),
        ("focal_table", "canada_chnia", "Did you mean 'canada_china'"),
        ("countries.china.tactic", "frim", "Did you mean 'firm'"),
        ("issues.consular_visa.benefit.salience", "huge", "'low', 'medium' or 'high'"),
        (f"{VISIT}.date", "2025-12-31", "expected a date from 2026-01-12"),
    ],
)
def test_an_override_is_checked_like_the_file(
    january: Scenario, key: str, value: object, told: str
):
    for case in (january, "carney-beijing-2026"):
        with pytest.raises(ScenarioError, match=told):
            load_scenario(case, {key: value})


# -- faults that once were ---------------------------------------------------------------------


def test_numbers_given_run_by_run_are_checked_like_one_number():
    told = r"issues\.pie\.cost: got -4\.0 C\$bn/yr; expected a number .* of at least 0, not -4\."
    with pytest.raises(ScenarioError, match=told):
        run("split-the-pie", 2, overrides={"issues.pie.cost": [1.0, -4.0]})


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_numbers_given_run_by_run_are_finite(number: float):
    told = rf"issues\.pie\.cost: got \[1\.0, {number}\]; expected one finite number for each of 2"
    with pytest.raises(RunError, match=told):
        run("split-the-pie", 2, overrides={"issues.pie.cost": [1.0, number]})


def test_numbers_run_by_run_are_refused_for_what_is_no_number():
    told = r"override weeks: got numbers by run for a key that is no number of the scenario"
    with pytest.raises(RunError, match=told):
        run("split-the-pie", 2, overrides={"weeks": [1, 2]})


@pytest.mark.parametrize(
    "key", ["ties.pacific_partners.active", f"{VISIT}.ends_round", "issues.ev_tariff.divisible"]
)
def test_an_override_reaches_a_switch_the_file_leaves_out(january: Scenario, key: str):
    switched = load_scenario(january, {key: key != "issues.ev_tariff.divisible"})
    assert (
        load_scenario("carney-beijing-2026", {key: key != "issues.ev_tariff.divisible"}) == switched
    )


def test_an_override_past_any_float_is_refused(january: Scenario):
    told = r"got 1000+\.\.\.; expected a number in C\$bn/yr\. Give a plain one\."
    with pytest.raises(RunError, match=told):
        load_scenario(january, {GDP: 10**400})


def test_a_ragged_array_is_refused():
    told = r"buyer: got \[\[1\.0\], \[1\.0, 2\.0\]\]; expected one finite number for each of 2 runs"
    with pytest.raises(RunError, match=told):
        run("split-the-pie", 2, overrides={"tables.pie.reservation.buyer": [[1.0], [1.0, 2.0]]})


def test_a_result_with_a_date_overridden_can_be_saved(tmp_path: Path):
    start = load_scenario("split-the-pie").start
    result = run("split-the-pie", 2, 3, overrides={"start": start})
    assert (result.save(tmp_path / "out") / "manifest.json").is_file()


def test_a_key_below_a_value_is_told_to_end_at_it():
    told = r"expected it to end at 'value', which is a value\. Leave out '\.high'\."
    with pytest.raises(RunError, match=told):
        load_scenario("carney-beijing-2026", {f"{GDP}.value.high": 1})


def test_what_the_record_rules_out_may_still_be_asked(january: Scenario):
    for overrides in ({EV_PRODUCERS: 0}, {EV_PRODUCERS: [0.0, 0.1]}):
        assert len(run(january, runs=2, weeks=2, overrides=overrides).outcomes) == 2


@pytest.mark.parametrize(
    ("key", "values", "told"),
    [
        ("issues.ev_tariff.duty.floor", [200.0, 6.1], "at most the rate in force"),
        ("issues.ev_tariff.curvature", [0.5, 1.5], "at least 1, a convex cost"),
        (f"{UNITED_STATES}.punishment.line_coverage", [0.9, 0.1], "at least coverage, 0.2"),
    ],
)
def test_what_cannot_be_is_refused_run_by_run_too(
    january: Scenario, key: str, values: list[float], told: str
):
    with pytest.raises(ScenarioError, match=told):
        run(january, runs=2, weeks=2, overrides={key: values})


# -- draws under which a crossed line would narrow what it should widen ---------------------------


def test_a_draw_whose_crossed_line_would_narrow_the_punishment_is_discarded(january: Scenario):
    key = f"{UNITED_STATES}.punishment"
    document = january.model_dump(mode="python")
    measure = document["tables"]["canada_china"]["watchers"]["united_states"]["punishment"]
    share = {"unit": "share", "assumed": "in a test"}
    measure["coverage"] = {**share, "value": 0.2, "range": [0.0, 0.9]}
    measure["line_coverage"] = {**share, "value": 0.5, "range": [0.1, 0.9]}
    loose = Scenario.model_validate(document)
    claim = f"{key}.line_coverage is below coverage"
    runs = np.arange(200)
    first = draw(loose, 3, runs)
    narrows = first[f"{key}.line_coverage"] < first[f"{key}.coverage"]
    assert np.array_equal(impossibilities(loose, first)[claim], narrows)
    assert narrows.sum() > 20
    kept = consistent_draw(loose, loose, 3, runs, {})
    assert (kept[f"{key}.line_coverage"] >= kept[f"{key}.coverage"]).all()


def test_a_watcher_without_a_wider_measure_has_no_draw_discarded_for_it(january: Scenario):
    assert not [
        claim
        for claim in impossibilities(january, draw(january, 3, np.arange(3)))
        if "watchers.china" in claim
    ]


# -- what an override switches on and off ----------------------------------------------------------

UNREAD = (
    r"override {}={}: got '{}', which this scenario leaves out or no rule of it reads; expected "
    r"the name of a number it has\. Give it in the file, or switch on what reads it\."
)


def test_a_tactic_set_by_name_brings_the_numbers_it_reads(january: Scenario):
    assert january.countries["china"].imitation is None
    mixed = load_scenario(january, {"countries.china.tactic": "mixed"})
    assert mixed.countries["china"].imitation is not None
    assert mixed.countries["canada"].imitation is None
    key = "countries.china.imitation"
    held_at = load_scenario(january, {key: 0.9, "countries.china.tactic": "mixed"})
    assert quantities(held_at)[key].value == 0.9, "whatever their order, words come first"


def test_a_tactic_set_by_name_takes_away_what_no_rule_reads_any_more(january: Scenario):
    firm = load_scenario(january, {"countries.china.tactic": "firm"})
    assert "countries.china.tactic_exponent" in quantities(january)
    assert quantities(january).keys() - quantities(firm).keys() == {
        "countries.china.tactic_exponent"
    }


@pytest.mark.parametrize(
    ("overrides", "key"),
    [
        ({"countries.china.imitation": 0.5}, "countries.china.imitation"),
        (
            {"countries.china.tactic": "firm", "countries.china.tactic_exponent": 2},
            "countries.china.tactic_exponent",
        ),
        ({"flows.electric_vehicles.knock_on": 2}, "flows.electric_vehicles.knock_on"),
        ({"without": ["trust"], "trust.kept": 1}, "trust.kept"),
        ({"without": ["leverage"], "conduct.leverage_bend": 0.1}, "conduct.leverage_bend"),
        ({"conduct.grit_step": 0.3}, "conduct.grit_step"),
        ({"countries.china.retaliation": "grim", "countries.china.escalation": 0.5},
         "countries.china.escalation"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_an_override_of_a_number_that_nothing_reads_is_refused(
    january: Scenario, overrides: dict[str, object], key: str
):
    value = overrides[key]
    head = "trust" if key.startswith("trust.") else key.rsplit(".", 1)[1]
    with pytest.raises(RunError, match=UNREAD.format(re.escape(key), value, head)):
        load_scenario(january, overrides)


def test_the_kind_of_consent_may_be_set_and_brings_its_own_numbers(january: Scenario):
    changed = load_scenario(
        january,
        {"countries.canada.consent.kind": "quota", "countries.canada.consent.quota": 0.7},
    )
    consent = {k: q for k, q in quantities(changed).items() if ".consent." in k}
    assert consent.keys() == {
        "countries.canada.consent.quota",
        "countries.canada.consent.breach_share",
    }
    assert consent["countries.canada.consent.quota"].value == 0.7


def test_a_level_held_may_be_set_by_a_number_and_let_go(january: Scenario):
    changed = load_scenario(january, {"issues.ev_tariff.held": 0.25})
    assert changed.issues["ev_tariff"].held == 0.25
    assert load_scenario(changed, {"issues.ev_tariff.held": None}) == january


@pytest.mark.parametrize("key", [3, None, ("a", "b")])
def test_an_override_without_a_name_is_refused(january: Scenario, key: object):
    with pytest.raises(RunError, match=r"got no text; expected a dotted name\. Quote it\."):
        load_scenario(january, {key: 1})  # type: ignore[dict-item]


def test_shares_may_be_moved_one_at_a_time_but_not_all_to_nothing(january: Scenario):
    key = "flows.canola_seed"
    assert load_scenario(january, {f"{key}.shares.alberta": 0.9})
    nothing = {f"{key}.shares.{p}": 0 for p in january.flows["canola_seed"].shares}
    with pytest.raises(ScenarioError, match=r"flows\.canola_seed\.shares: got shares that are all"):
        load_scenario(january, {**nothing, f"{key}.elsewhere": 0})
