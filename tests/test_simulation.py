"""Many runs: blocks, results, files, and what is asked for in the wrong way."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import negotiate_abm
from negotiate_abm import NegotiationModel, Result, archive
from negotiate_abm.errors import ResultError, RunError

RUNS, WEEKS = 30, 10


@pytest.fixture(scope="module")
def result() -> Result:
    return negotiate_abm.run(runs=RUNS, weeks=WEEKS, seed=4, block=13)


def test_block_size_changes_nothing(result):
    again = negotiate_abm.run(runs=RUNS, weeks=WEEKS, seed=4, block=30)
    xr.testing.assert_identical(result.trajectories, again.trajectories)
    pd.testing.assert_frame_equal(result.outcomes, again.outcomes, check_exact=True)
    pd.testing.assert_frame_equal(result.events, again.events, check_exact=True)


def test_first_run_replays_a_single_run(result):
    alone = negotiate_abm.run(runs=1, weeks=WEEKS, seed=4, first_run=17)
    xr.testing.assert_identical(alone.trajectories, result.trajectories.sel(run=[17]))
    pd.testing.assert_frame_equal(
        alone.events, result.events.query("run == 17").reset_index(drop=True), check_exact=True
    )


def test_the_rate_follows_the_level_in_force(result):
    seed = result.trajectories.sel(issue="canola_seed")
    rate, restored = seed["rate"].values, seed["restored"].values
    assert rate[restored == 0.0] == pytest.approx(84.8)
    order = np.argsort(restored.ravel())
    assert (np.diff(rate.ravel()[order]) <= 1e-9)[np.diff(restored.ravel()[order]) > 1e-6].all()
    assert np.isnan(result.trajectories["rate"].sel(issue="consular_visa")).all()


def test_outcomes_agree_with_trajectories_and_events(result):
    last = result.trajectories.isel(week=-1)
    held = last["in_force"].sel(issue="canola_seed").values
    assert np.array_equal(result.outcomes["canola_seed.in_force"].to_numpy(), held)
    assert np.array_equal(result.outcomes["relief_at_end"].to_numpy(), last["relief"].values)
    by_washington = "kind == 'threatened' and actor == 'united_states' and where == 'canada_china'"
    threatened = set(result.events.query(by_washington)["run"])
    flagged = set(result.outcomes.loc[result.outcomes["united_states.threatened"], "run"])
    assert threatened == flagged
    seen = result.events.query("kind == 'agreed on issue' and issue == 'canola_seed'")
    first = seen.groupby("run")["week"].min()
    talks = result.outcomes.set_index("run")["canola_seed.consultations.week"].dropna()
    assert first.eq(talks.astype(int)).all()


def test_a_saved_result_comes_back_the_same(result, tmp_path):
    where = result.save(tmp_path / "deep" / "one")
    back = Result.load(where)
    xr.testing.assert_identical(result.trajectories, back.trajectories)
    pd.testing.assert_frame_equal(result.outcomes, back.outcomes, check_exact=True)
    pd.testing.assert_frame_equal(result.events, back.events, check_exact=True, check_dtype=False)
    assert back.manifest == result.manifest
    assert back.statistics() == result.statistics()


def test_a_result_is_never_written_over_another(result, tmp_path):
    (tmp_path / "note.txt").write_text("mine")
    with pytest.raises(ResultError, match="already holds something"):
        result.save(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["note.txt"]


def test_a_failed_save_leaves_nothing_behind(result, tmp_path, monkeypatch):
    def full_disk(*_args: object, **_keywords: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_csv", full_disk)
    with pytest.raises(ResultError, match="No space left"):
        result.save(tmp_path / "there")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("broken", ["", "{", "[]"])
def test_a_directory_that_holds_no_result_is_refused(broken, tmp_path):
    if broken:
        (tmp_path / "manifest.json").write_text(broken)
    with pytest.raises(ResultError, match="expected a directory written by"):
        Result.load(tmp_path)


def test_the_manifest_says_how_to_make_it_again(result):
    about = result.manifest
    assert about["seed"] == 4
    assert about["versions"]["mesa"]
    assert about["cpu_features"]
    assert len(about["scenario_hash"]) == 64
    json.dumps(about)
    again = negotiate_abm.run(
        result.scenario, runs=about["runs"], weeks=about["weeks"], seed=about["seed"]
    )
    xr.testing.assert_identical(result.trajectories, again.trajectories)


def test_no_seed_is_a_fresh_one_that_is_recorded():
    one = negotiate_abm.run("split-the-pie", runs=2, seed=None)
    other = negotiate_abm.run("split-the-pie", runs=2, seed=None)
    assert one.manifest["seed"] != other.manifest["seed"]


def test_an_override_can_differ_by_run():
    key = "countries.canada.trust.china"
    trust = np.linspace(0.1, 0.9, RUNS)
    found = negotiate_abm.run(runs=RUNS, weeks=2, seed=4, overrides={key: trust}, block=7)
    start = found.trajectories["trust"].sel(country="canada", counterpart="china", week=0)
    assert start.values == pytest.approx(trust)
    assert found.manifest["overrides"][key] == trust.tolist()


def test_the_same_run_sees_the_same_shocks_under_two_parameter_sets():
    other = {"tables.canada_china.watchers.united_states.hostility": 0.8}
    one = NegotiationModel(runs=5, rng=3)
    two = NegotiationModel(runs=5, rng=3, overrides=other)
    changed = next(iter(other))
    for key, values in one.parameters.values.items():
        if key != changed:
            assert np.array_equal(values, two.parameters[key]), key
    one.step()
    two.step()
    assert np.array_equal(one.draw("open canada_china"), two.draw("open canada_china"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"runs": 0},
        {"runs": 2.5},
        {"runs": True},
        {"weeks": -1},
        {"block": 0},
        {"runs": 10**9},
        {"overrides": {"countries.canada.gdp": [1.0, 2.0]}},
        {"overrides": {"countries.canada.gpd": 1.0}},
        {"overrides": {"countries.canada.gpd": [1.0] * 5}},
        {"seed": -4},
    ],
)
def test_a_run_asked_for_wrongly_is_refused_in_words(wrong):
    with pytest.raises(RunError, match="got"):
        negotiate_abm.run(**{"runs": 5, "weeks": 2, **wrong})


@pytest.mark.parametrize("number", [5, 17, 34])
def test_a_result_replays_any_of_its_runs_to_the_last_bit(number):
    overrides = {
        "countries.canada.trust.china": np.linspace(0.1, 0.9, RUNS),
        "countries.china.trust.canada": 0.6,
    }
    found = negotiate_abm.run(
        runs=RUNS, weeks=WEEKS, seed=4, first_run=5, overrides=overrides, block=11
    )
    model = found.replay(number)
    log = model.log.frame()
    events = found.events.query(f"run == {number}").reset_index(drop=True)
    pd.testing.assert_frame_equal(log, events, check_exact=True)
    held = found.trajectories["in_force"].sel(run=number).isel(week=-1)
    for table in model.tables.values():
        at_this_table = np.ascontiguousarray(held.sel(issue=table.issues).values)
        assert table.in_force[0].tobytes() == at_this_table.tobytes()


def test_a_run_that_is_not_in_the_result_cannot_be_replayed(result):
    with pytest.raises(RunError, match="expected 0 to 29"):
        result.replay(30)


def test_a_result_says_in_a_line_what_it_is_of(result):
    assert repr(result) == ("<Result of carney-beijing-2026: 30 runs of 10 weeks, seed=4>")


def test_a_result_knows_its_case_before_and_after_overrides():
    found = negotiate_abm.run("split-the-pie", runs=2, overrides={"countries.buyer.tactic": "firm"})
    assert found.scenario.countries["buyer"].tactic == "firm"
    assert found.manifest["scenario"]["countries"]["buyer"]["tactic"] == "time_dependent"


def test_offers_are_on_record_when_they_fall_as_when_they_rise():
    found = negotiate_abm.run(runs=150, weeks=26, seed=2)
    offered = found.trajectories["offered"].to_dataframe().reset_index()
    moves = found.events.query("kind in ['offered', 'offer lowered']")
    assert (moves["kind"] == "offer lowered").any()
    merged = moves.merge(offered, on=["run", "week", "issue"], suffixes=("", "_level"))
    lowered = merged[merged["kind"] == "offer lowered"]
    before = offered.assign(week=offered["week"] + 1)
    earlier = lowered.merge(before, on=["run", "week", "issue"], suffixes=("", "_before"))
    assert (earlier["amount"] < earlier["offered_before"]).all()


def test_progress_counts_every_run():
    seen: list[int] = []
    negotiate_abm.run("split-the-pie", runs=10, weeks=2, block=4, progress=seen.append)
    assert seen == [4, 4, 2]


@pytest.mark.parametrize("table", [None, "canada_us", "us_china"])
def test_the_concession_figure_has_a_panel_for_each_issue_of_a_table(result, table):
    figure = result.plot.concessions() if table is None else result.plot.concessions(table=table)
    shown = [axes for axes in figure.axes if axes.get_visible()]
    which = result.scenario.focal_table if table is None else table
    at_the_table = [issue for issue in result.scenario.issues.values() if issue.table == which]
    assert len(shown) == len(at_the_table) > 0
    assert all(axes.get_title(loc="left") for axes in shown)
    assert any("weeks since 12 January 2026" in axes.get_xlabel() for axes in shown)


def test_a_failed_save_takes_back_its_own_and_nothing_else(result, tmp_path, monkeypatch):
    target = tmp_path / "shared" / "mine"

    def meanwhile(*_args: object, **_keywords: object) -> None:
        (target / "thesis.txt").write_text("somebody else's")
        (tmp_path / "shared" / "other").mkdir()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_csv", meanwhile)
    with pytest.raises(ResultError, match="No space left"):
        result.save(target)
    left = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*"))
    assert left == ["shared", "shared/mine", "shared/mine/thesis.txt", "shared/other"]


def test_of_two_who_save_in_one_place_the_second_is_refused(result, tmp_path, monkeypatch):
    target = tmp_path / "one"
    write = archive._write
    started: list[bool] = []

    def second_comes_in_between(*given: object) -> None:
        if not started:
            started.append(True)
            with pytest.raises(ResultError, match="already holds something"):
                result.save(target)
        write(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(archive, "_write", second_comes_in_between)
    result.save(target)
    assert Result.load(target).manifest == result.manifest


def test_a_duty_below_its_floor_in_any_run_is_refused():
    overrides = {
        "issues.canola_seed.duty.rate": [10.0, 84.8],
        "issues.canola_seed.duty.floor": [9.5, 9.0],
    }
    assert len(negotiate_abm.run(runs=2, weeks=2, overrides=overrides).outcomes) == 2
    overrides["issues.canola_seed.duty.floor"] = [20.0, 5.0]
    with pytest.raises(RunError, match="floor is above the rate"):
        negotiate_abm.run(runs=2, weeks=2, overrides=overrides)


def test_a_salience_code_takes_no_numbers_by_run():
    with pytest.raises(RunError, match="salience to low, medium or high"):
        negotiate_abm.run(
            runs=2, weeks=2, overrides={"issues.framework_agri_energy.cost": [-5.0, -5.0]}
        )


def test_a_result_is_saved_under_a_relative_name_too(result, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result.save("results/one")
    assert Result.load(tmp_path / "results" / "one").manifest == result.manifest


def test_a_result_names_the_levers_pulled_and_every_other_change():
    changed = negotiate_abm.run(
        runs=3,
        weeks=2,
        levers={"ev_tariff_at_zero": True, "hostility_of_washington": 0.9},
        overrides={
            "countries.china.tactic": "boulware",
            "flows.canola_seed.value": [4.0, 5.0, 4.5],
        },
    )
    told = changed.changes()
    assert sorted(told) == [
        "countries.china.tactic = boulware",
        "ev_tariff_at_zero",
        "flows.canola_seed.value = 4 to 5 by run",
        "hostility_of_washington = 0.9",
    ]
    title = changed.plot.outcomes().get_suptitle().replace("\n", " ")
    assert all(change in title for change in told)
    assert all(change in changed.summary() for change in told)


def test_an_unchanged_world_names_no_change(result):
    assert result.changes() == []
    assert "with" not in result.plot.trust().get_suptitle()


def test_a_misspelt_figure_is_answered_with_the_nearest(result):
    with pytest.raises(AttributeError, match="Did you mean 'dance'"):
        result.plot.dances()
