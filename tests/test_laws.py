"""Laws of the model: what holds in every world, every run and every week."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from negotiate_abm.agents.country import Country
from negotiate_abm.errors import RunError
from negotiate_abm.mechanisms.preferences import LEVEL_TOLERANCE
from negotiate_abm.mechanisms.retaliation import retaliation_strategies
from negotiate_abm.model import NegotiationModel
from negotiate_abm.phases import talks
from negotiate_abm.scenario.layering import MECHANISMS
from negotiate_abm.scenario.loader import load_scenario
from negotiate_abm.scenario.parameters import quantities
from negotiate_abm.scenario.schema import Scenario
from negotiate_abm.tables import Table
from tests.worlds import FEATURES, random_world, worlds

RUNS, WEEKS = 20, 40

lawful = settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # a seed is no simpler for being small
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.filter_too_much,
        HealthCheck.function_scoped_fixture,
    ],
)
seeds = st.integers(0, 2**40)

JANUARY = "carney-beijing-2026"
WASHINGTON = "tables.canada_china.watchers.united_states"


def model_of(scenario: Scenario, seed: int, **more: Any) -> NegotiationModel:
    """Return a model of a drawn world, or give the world up if no draw of it is consistent."""
    try:
        return NegotiationModel(scenario, RUNS, 0, seed, **more)
    except RunError:
        assume(False)
        raise


def weeks_of(model: NegotiationModel, weeks: int = WEEKS) -> Iterator[int]:
    """Play week after week, then let the model go."""
    for _ in range(weeks):
        model.step()
        yield model.week
    model.release()


def stories_of(model: NegotiationModel, weeks: int = WEEKS) -> Iterator[pd.DataFrame]:
    """Play week after week, each with the log of what happened in it."""
    seen = 0
    for _ in weeks_of(model, weeks):
        entries = model.log._entries[seen:]
        seen += len(entries)
        rows = [(*entry[1:7], run, amount) for entry in entries for run, amount in _rows(entry)]
        yield pd.DataFrame(
            rows, columns=["week", "kind", "actor", "target", "where", "issue", "run", "amount"]
        )


def _rows(entry: Any) -> Iterator[tuple[int, float]]:
    return zip(entry[0].tolist(), entry[7].tolist(), strict=True)


def levels_now(model: NegotiationModel) -> dict[str, np.ndarray]:
    return {name: table.agreed.copy() for name, table in model.tables.items()}


# -- levels -------------------------------------------------------------------------------


@lawful
@given(scenario=worlds(), seed=seeds)
def test_levels_stay_within_zero_and_one(scenario, seed):
    model = model_of(scenario, seed)
    for _ in weeks_of(model):
        for table in model.tables.values():
            for levels in (table.offered, table.agreed, table.in_force, table.restored()):
                assert (levels >= 0.0).all()
                assert (levels <= 1.0 + LEVEL_TOLERANCE).all()


@lawful
@given(scenario=worlds(), seed=seeds)
def test_nobody_passes_a_red_line_of_its_own(scenario, seed):
    model = model_of(scenario, seed)
    lines = []
    for table in model.tables.values():
        for place, name in enumerate(table.issues):
            issue = scenario.issues[name]
            rung = issue.red_lines.get(issue.conceder)
            if rung is not None and issue.held is None:
                ladder = table.ladders[name]
                lines.append((table, place, ladder.at(rung, ladder.levels)))
    assert "own_lines" not in scenario.without or not lines
    for _ in weeks_of(model):
        for table, place, line in lines:
            for levels in (table.offered, table.agreed, table.in_force):
                assert (levels[:, place] < line - LEVEL_TOLERANCE).all()


def test_only_its_own_lines_keep_a_country_from_passing_them():
    passed = 0
    for seed in range(4):
        world = random_world(seed)
        lines = {n: i for n, i in world.issues.items() if i.conceder in i.red_lines}
        bound = NegotiationModel(world, 30, rng=2)
        free = NegotiationModel(load_scenario(world, {"without": ["own_lines"]}), 30, rng=2)
        for model in (bound, free):
            for _ in weeks_of(model):
                pass
        for name, issue in lines.items():
            table, place = free.place_of(name)
            rungs = table.ladders[name]
            line = rungs.at(issue.red_lines[issue.conceder], rungs.levels)
            passed += int((table.agreed[:, place] >= line).sum())
            assert (bound.tables["table"].agreed[:, place] < line).all()
    assert passed > 10


@lawful
@given(scenario=worlds(), seed=seeds)
def test_nothing_is_in_force_that_is_not_agreed(scenario, seed):
    model = model_of(scenario, seed)
    for _ in weeks_of(model):
        for table in model.tables.values():
            assert (table.in_force <= table.agreed + LEVEL_TOLERANCE).all()


@lawful
@given(scenario=worlds(), seed=seeds)
def test_whole_rungs_are_never_agreed_or_in_force_in_part(scenario, seed):
    model = model_of(scenario, seed)
    for _ in weeks_of(model):
        for table in model.tables.values():
            for levels in (table.agreed, table.in_force):
                in_part = np.abs(levels - table.rounded(levels)) > LEVEL_TOLERANCE
                assert not in_part[:, ~table.is_held].any()


@lawful
@given(scenario=worlds(), seed=seeds)
def test_what_is_agreed_falls_only_to_meet_a_threat_or_as_a_weapon_is_drawn(scenario, seed):
    model = model_of(scenario, seed)
    before = levels_now(model)
    for now in stories_of(model):
        met = now[now["kind"].isin(["complied", "gave way"])]
        answered = set(zip(met["run"], met["where"], met["actor"], strict=True))
        back = now[now["kind"] == "reimposed"]
        reimposed = set(zip(back["run"], back["issue"], strict=True))
        for name, table in model.tables.items():
            for run, place in np.argwhere(table.agreed < before[name] - LEVEL_TOLERANCE):
                conceder = table.parties[table.conceder[place]]
                assert (run, name, conceder) in answered or (
                    run,
                    table.issues[place],
                ) in reimposed
        before = levels_now(model)


@lawful
@given(scenario=worlds(always={"held"}), seed=seeds)
def test_nothing_that_is_held_is_ever_rolled_back_or_moved(scenario, seed):
    model = model_of(scenario, seed)
    held = {n: issue.held for n, issue in scenario.issues.items() if issue.held is not None}
    assert held
    for _ in weeks_of(model):
        for name, level in held.items():
            table, place = model.place_of(name)
            for levels in (table.offered, table.agreed, table.in_force):
                assert (levels[:, place] == level).all()


@lawful
@given(scenario=worlds(always={"second_table", "cross_link"}), seed=seeds)
def test_what_is_given_at_one_table_and_withheld_at_another_never_passes_the_link(scenario, seed):
    model = model_of(scenario, seed)
    for _ in weeks_of(model):
        for name, link in scenario.cross_links.items():
            one, other = (substance(*model.place_of(issue)) for issue in (link.issue, link.other))
            together = one + model.parameters[f"cross_links.{name}.factor"] * other
            assert (together <= 1.0 + LEVEL_TOLERANCE).all()


def substance(table: Table, place: int) -> np.ndarray:
    """Return an issue's agreed level where it is more than talk, else zero."""
    rungs = table.ladders[table.issues[place]]
    agreed = table.agreed[:, place]
    talk = [level for level, is_talk in zip(rungs.levels.T, rungs.talk, strict=True) if is_talk]
    most_talk = np.max(talk, axis=0) if talk else np.zeros_like(agreed)
    return np.where(agreed > most_talk + LEVEL_TOLERANCE, agreed, 0.0)


@lawful
@given(scenario=worlds(always={"consent"}), seed=seeds)
def test_a_deal_broken_at_home_leaves_levels_as_they_were(scenario, seed):
    model = model_of(scenario, seed)
    broken: dict[str, set[int]] = {}
    honest = talks._fail_at_home

    def fail(model: Any, table: Table, party: str, rows: Any, size: Any) -> None:
        broken.setdefault(table.name, set()).update(rows.tolist())
        honest(model, table, party, rows, size)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(talks, "_fail_at_home", fail)
        honest_talks = talks.hold_talks

        def hold_talks(model: NegotiationModel) -> None:
            broken.clear()
            before = levels_now(model)
            honest_talks(model)
            for name, runs in broken.items():
                rows, table = sorted(runs), model.tables[name]
                assert (table.agreed[rows] == before[name][rows]).all()
                assert (table.offered[rows] == before[name][rows]).all()
                assert not table.open[rows].any()

        patch.setattr(talks, "hold_talks", hold_talks)
        for _ in weeks_of(model):
            pass


@lawful
@given(scenario=worlds(always={"weaponised"}), seed=seeds)
def test_a_duty_comes_back_only_as_a_weapon_and_leaves_talk_standing(scenario, seed):
    model = model_of(scenario, seed)
    for now in stories_of(model):
        for name, story in now[now["kind"] == "reimposed"].groupby("issue"):
            issue = scenario.issues[name]
            assert issue.weaponisable
            assert issue.held is None
            table, place = model.place_of(name)
            rungs = table.ladders[name]
            runs = story["run"].to_numpy()
            talk = rungs.levels[:, rungs.talk.index(False) - 1] if any(rungs.talk) else 0.0 * runs
            top_talk = talk[runs] if any(rungs.talk) else talk
            assert (table.agreed[runs, place] == top_talk).all()
            assert (table.in_force[runs, place] <= top_talk).all()
            assert (story["amount"] > 0.0).all()


# -- who signs what -----------------------------------------------------------------------


@lawful
@given(scenario=worlds(), seed=seeds)
def test_no_offer_falls_short_and_no_answer_sells_below_reservation(monkeypatch, scenario, seed):
    offers, answers = [], []
    honest_offer, honest_answer = Country.offer, Country.accepts

    def offer(self: Country, table: Any, bargain: Any, part: Any, rows: Any, wanted: Any) -> Any:
        package, possible = honest_offer(self, table, bargain, part, rows, wanted)
        side = table.side_of(self.name)
        worth = bargain.worth(package, side)
        offers.append((worth - np.maximum(wanted, table.reservation[rows, side]))[possible])
        return package, possible

    def accepts(
        self: Country, table: Any, bargain: Any, part: Any, offered: Any, *rest: Any
    ) -> Any:
        takes = honest_answer(self, table, bargain, part, offered, *rest)
        side, rows = table.side_of(self.name), rest[1]
        worth = bargain.worth(offered, side)
        answers.append((worth - table.reservation[rows, side])[takes])
        return takes

    with monkeypatch.context() as patch:
        patch.setattr(Country, "offer", offer)
        patch.setattr(Country, "accepts", accepts)
        model = model_of(scenario, seed)
        for _ in weeks_of(model):
            pass
    assert np.concatenate([np.zeros(1), *offers]).min() >= -1e-9
    assert np.concatenate([np.zeros(1), *answers]).min() >= 0.0


@lawful
@given(scenario=worlds(), seed=seeds)
def test_officials_settle_nothing_but_talk(scenario, seed):
    model = model_of(scenario, seed)
    before = levels_now(model)
    for now in stories_of(model):
        settled = now[now["kind"] == "talks agreed"]
        others = now[now["kind"].isin(["agreed", "complied", "gave way", "conceded", "reimposed"])]
        for name, story in settled.groupby("where"):
            table = model.tables[name]
            runs = np.array(sorted(set(story["run"]) - set(others["run"])), dtype=np.int64)
            for place, issue in enumerate(table.issues):
                rungs = table.ladders[issue]
                top_talk = rungs.levels[runs, sum(rungs.talk) - 1] if any(rungs.talk) else 0.0
                moved = table.agreed[runs, place] > before[name][runs, place]
                assert (table.agreed[runs, place] <= top_talk)[moved].all()
        before = levels_now(model)


# -- threats ------------------------------------------------------------------------------


@lawful
@given(scenario=worlds(always={"second_table"}), seed=seeds)
def test_a_met_threat_is_never_executed(scenario, seed):
    model = model_of(scenario, seed)
    kinds = ["threatened", "complied", "punished", "backed down", "let off"]
    log = pd.concat([now[now["kind"].isin(kinds)] for now in stories_of(model)])
    for watch in model.watches:
        pair = {watch.threatens, watch.watcher}
        about = log[(log["where"] == watch.table.name) & log["actor"].isin(pair)]
        for _, story in about.groupby("run"):
            standing = ""
            for kind in story["kind"]:
                if kind in ("punished", "backed down", "let off"):
                    assert standing == "threatened"
                standing = kind


@lawful
@given(scenario=worlds(), seed=seeds)
def test_nobody_is_bought_off_at_a_table_where_it_does_not_sit(scenario, seed):
    model = model_of(scenario, seed)
    meetings = [set(table.parties) for table in model.tables.values()]
    for now in stories_of(model):
        paid = now[now["kind"] == "bought off"]
        for actor, target in zip(paid["actor"], paid["target"], strict=True):
            assert {actor, target} in meetings
    if len(model.tables) == 1:
        assert not any(watch.bought_off.any() for watch in model.watches)


@lawful
@given(scenario=worlds(always={"second_table"}), seed=seeds)
def test_whoever_buys_off_gives_something_for_it(scenario, seed):
    model = model_of(scenario, seed)
    for now in stories_of(model):
        paid = now[now["kind"] == "bought off"]
        given = now[now["kind"] == "conceded"]
        gifts = set(zip(given["run"], given["actor"], given["target"], strict=True))
        assert set(zip(paid["run"], paid["actor"], paid["target"], strict=True)) == gifts


def much_bought(seed: int) -> NegotiationModel:
    """Return a world in which threats are many and the threatened choose at random."""
    world = random_world(seed, issues=3, features={"second_table", "cross_link"})
    overrides: dict[str, float] = {"cross_links.both.factor": 2.0}
    for watch in ("tables.table.watchers.watcher", "tables.second.watchers.host"):
        overrides |= {f"{watch}.base_hazard": 2.0, f"{watch}.choice_noise": 3.0}
        overrides |= {f"{watch}.chill_weeks": 1.0}
    return NegotiationModel(world, 100, rng=1, overrides=overrides)


@pytest.mark.parametrize("seed", [0, 2, 13])
def test_buying_off_gives_nothing_that_is_withheld_at_another_table(seed):
    model = much_bought(seed)
    (one, place), (other, other_place) = (model.place_of(n) for n in ("issue_1", "other_1"))
    for _ in weeks_of(model):
        together = substance(one, place) + 2.0 * substance(other, other_place)
        assert (together <= 1.0 + LEVEL_TOLERANCE).all()
    assert any(watch.bought_off.any() for watch in model.watches)


@pytest.mark.parametrize("seed", [4, 5, 13])
def test_nobody_is_bought_off_with_what_rounding_left(seed):
    model = much_bought(seed)
    paid, given = 0, 0
    for now in stories_of(model):
        paid += int((now["kind"] == "bought off").sum())
        given += int((now["kind"] == "conceded").sum())
    assert 0 < paid == given


# -- shares and trade ---------------------------------------------------------------------


SHARES = (
    "trust",
    "leverage",
    "unscaled_leverage",
    "pressure",
    "approval",
    "hostility",
    "steadfast",
    "pulled",
    "punishment",
    "counter",
    "restored",
)


@lawful
@given(scenario=worlds(), seed=seeds)
def test_trust_pressure_leverage_and_the_like_stay_shares(scenario, seed):
    model = model_of(scenario, seed)
    for _ in weeks_of(model):
        state = model.snapshot()
        for name in SHARES:
            values = state[name][1]
            values = values[~np.isnan(values)]
            assert ((values >= 0.0) & (values <= 1.0 + LEVEL_TOLERANCE)).all(), name
        assert (state["interest"][1] >= 1.0).all()


@lawful
@given(scenario=worlds(), seed=seeds)
def test_whatever_tariffs_do_some_trade_is_left(scenario, seed):
    model = model_of(scenario, seed)
    for _ in weeks_of(model):
        assert (model.snapshot()["exports"][1] > 0.0).all()
        for loss in model.flow_losses().values():
            assert (loss >= -1e-12).all()


# -- levers and switches --------------------------------------------------------------------


def history(model: NegotiationModel, weeks: int = 15) -> list[bytes]:
    """Return all that is recorded, week by week."""
    found = []
    for _ in range(weeks):
        model.step()
        found += [values.tobytes() for _, values in model.snapshot().values()]
    model.release()
    return found


@lawful
@given(
    scenario=worlds(always={"arrangement", "tie"}),
    seed=seeds,
    value=st.integers(0, 1000).map(lambda thousandths: thousandths / 1000),
)
def test_pulling_a_lever_is_setting_its_keys(scenario, seed, value):
    for name, lever in scenario.levers.items():
        setting = value if lever.value is None else lever.value
        pulled = model_of(scenario, seed, levers={name: True if lever.value else value})
        by_hand = model_of(scenario, seed, overrides=dict.fromkeys(lever.keys, setting))
        assert history(pulled, 6) == history(by_hand, 6)


@pytest.mark.parametrize("name", list(load_scenario(JANUARY).levers))
def test_every_january_lever_sets_its_keys_and_changes_something(name):
    lever = load_scenario(JANUARY).levers[name]
    setting = 0.9 if lever.value is None else lever.value
    pulled = NegotiationModel(JANUARY, 20, rng=4, levers={name: setting})
    by_hand = NegotiationModel(JANUARY, 20, rng=4, overrides=dict.fromkeys(lever.keys, setting))
    found = history(pulled)
    assert found == history(by_hand)
    assert found != history(NegotiationModel(JANUARY, 20, rng=4))


def numbers_of(scenario: Scenario, mechanism: str) -> list[str]:
    """Return the numbers, and what else there is, of a mechanism in a scenario."""
    document = scenario.model_dump(mode="python", exclude_none=True)
    parts = {key: set(key.split(".")) for key in quantities(scenario)}

    def keys(*names: str) -> list[str]:
        return [key for key, found in parts.items() if found & set(names)]

    own_lines = [n for n, i in scenario.issues.items() if i.conceder in i.red_lines]
    rungs = [n for n, i in scenario.issues.items() if len(i.ladder) > 1 or i.divisible]
    return {
        "trust": keys("trust", "trust_strength", "sunk_share", "grace_weeks"),
        "leverage": keys("leverage_bend"),
        "own_lines": own_lines,
        "ladders": rungs,
        "revealed": list(document["revealed"]),
        "provinces": list(document["provinces"])
        + keys("domestic", "shares", "elsewhere", "approval", "consent", "protected"),
        "consent": keys("consent"),
        "watchers": keys("watchers", "alarm", "exposure", "fades_weeks", "knock_on", "wedge")
        + list(document["ties"]),
        "wedge": keys("wedge"),
        "arrangements": keys("arrangements"),
        "ties": keys("ties"),
        "reimposition": keys("dependence", "reimposition_hazard"),
    }[mechanism]


@pytest.mark.parametrize("off", sorted(MECHANISMS))
def test_a_mechanism_switched_off_leaves_no_number_of_it(off):
    everything = random_world(3, features=set(FEATURES) - {"quota"})
    for base in (load_scenario(JANUARY), everything):
        without = load_scenario(base, {"without": [off]})
        assert numbers_of(base, off) or (off == "revealed" and base is everything)
        assert not numbers_of(without, off)
        one, other = (
            NegotiationModel(base, 5, rng=1, overrides={"without": [off]}),
            NegotiationModel(without, 5, rng=1),
        )
        assert set(one.parameters.values) == set(other.parameters.values)


@lawful
@given(scenario=worlds(), off=st.lists(st.sampled_from(sorted(MECHANISMS)), unique=True))
def test_no_mixture_of_switches_leaves_a_number_of_what_is_off(scenario, off):
    switched = [*scenario.without, *(name for name in off if name not in scenario.without)]
    without = load_scenario(scenario, {"without": switched})
    for mechanism in switched:
        assert not numbers_of(without, mechanism)


# -- that the laws are about something -------------------------------------------------------

KINDS = {
    "event", "round opened", "round failed", "offered", "offer lowered", "agreed",
    "agreed on issue", "talks agreed", "not signed", "broken at home", "in force", "withdrawn",
    "suspended", "reimposed", "threatened", "complied", "rolled back", "defied", "bought off",
    "conceded", "let off", "backed down", "punished", "countered", "lifted",
    "tightened", "gave way",
}  # fmt: skip


def test_random_worlds_see_everything_that_can_happen():
    seen: set[str] = set()
    for seed, strategy in enumerate(retaliation_strategies.names()):
        # The agenda may keep weapons off the table for good.
        left_out = {"quota", "agenda"} if seed % 2 else {"quota"}
        world = random_world(
            seed,
            retaliation=strategy,
            other_retaliation=strategy,
            features=set(FEATURES) - left_out,
        )
        model = NegotiationModel(world, 60)
        for now in stories_of(model, 52):
            seen |= set(now["kind"])
    # Easing takes more reviews than most have.
    assert seen - {"eased"} == KINDS


# -- the January case ------------------------------------------------------------------------


def test_provinces_lose_less_once_duties_are_cut_and_more_once_punished():
    model = NegotiationModel(JANUARY, runs=5, rng=3)
    before = model.flow_losses()
    model.tables["canada_china"].in_force[:] = 1.0
    relieved = model.flow_losses()
    for flow in ("canola_seed", "canola_products", "pork_seafood"):
        assert (relieved[flow] < 1e-12).all()
        assert (before[flow] > 0.0).all()
    watch = model.watches[0]
    watch.since_execution[:] = 0
    watch.feud.intensity[:, 1] = 1.0
    assert (model.flow_losses()["us_bound_exports"] > before["us_bound_exports"]).all()


def test_a_threat_leaves_the_weeks_of_notice_it_names():
    model = NegotiationModel(
        JANUARY,
        runs=300,
        rng=5,
        overrides={
            f"{WASHINGTON}.base_hazard": 0.5,
            f"{WASHINGTON}.notice_weeks": 5,
            f"{WASHINGTON}.credibility": 0.01,
            f"{WASHINGTON}.reputation": 50.0,
        },
    )
    for _ in range(20):
        model.step()
    log = model.log.frame()
    by_washington = log[(log["actor"] == "united_states") & (log["where"] == "canada_china")]
    first_threat = by_washington[by_washington["kind"] == "threatened"].groupby("run")["week"]
    first_blow = by_washington[by_washington["kind"] == "punished"].groupby("run")["week"]
    waited = (first_blow.first() - first_threat.first()).dropna()
    assert len(waited) > 20
    assert waited.min() == pytest.approx(5)
