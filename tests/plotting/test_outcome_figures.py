"""The dance, threats and outcomes: what they draw is what happened."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

import negotiate_abm
from negotiate_abm.plotting import style
from negotiate_abm.plotting.dance import Steps, dance, steps_of
from negotiate_abm.plotting.outcomes import in_force, joint_test, outcomes, reached, watchers
from negotiate_abm.plotting.threats import DEEDS, cumulative, threats, watches
from negotiate_abm.yardsticks import gains_of

TABLES = ("canada_china", "canada_us", "us_china")
UNITS = ("C$ billion a year", "weeks since", "%")
RUNS = 100


@pytest.fixture(scope="module")
def january():
    # Hostile enough for threats and punishments of every kind.
    levers = {"hostility_of_washington": 0.95}
    return negotiate_abm.run(runs=RUNS, seed=2, levers=levers)


@pytest.fixture(scope="module")
def pie():
    return negotiate_abm.run("split-the-pie", runs=3)


@pytest.fixture(scope="module")
def short():
    return negotiate_abm.run(runs=1, weeks=4)


@pytest.fixture(scope="module")
def danced(january):
    """Return what happened at every table, in the run with most agreements there."""
    counts = january.outcomes.set_index("run")
    runs = {table: int(counts[f"{table}.agreements"].idxmax()) for table in TABLES}
    return {(t, run): steps_of(january.weekly(run), t)[0] for t, run in runs.items()}


def checked(figure: Figure) -> Figure:
    """Return a figure once its text is seen to be legible and its axes to be labelled."""
    figure.draw_without_rendering()
    for text in figure.findobj(Text):
        assert not text.get_visible() or not text.get_text() or text.get_fontsize() >= 9.0
    for axes in figure.axes:
        if not axes.get_visible():
            continue
        labels = axes.get_xlabel(), axes.get_ylabel()
        named = (axes.get_xticklabels(), axes.get_yticklabels())
        for label, ticks in zip(labels, named, strict=True):
            words = [tick.get_text() for tick in ticks]
            # A rung's name may hold a number; a number holds no letters.
            in_words = all(any(map(str.isalpha, word)) for word in words if word)
            assert any(unit in label for unit in UNITS) or in_words
    return figure


# -- the dance ---------------------------------------------------------------------------


def test_no_offer_danced_lies_beyond_the_frontier(danced):
    for steps in danced.values():
        line = steps.space.frontier[::-1]
        most = np.interp(steps.gains[:, 0] - 1e-9, line[:, 0], line[:, 1], right=-np.inf)
        assert (steps.gains[:, 1] <= most + 1e-9).all()


def test_every_package_put_is_danced_in_its_week_by_its_side(january, danced):
    for (table, run), steps in danced.items():
        seen = [
            (model.week, int(model.tables[table].proposer[0]))
            for model in january.weekly(run)
            if model.week and model.tables[table].proposed_in[0] == model.week
        ]
        assert list(zip(steps.weeks, steps.sides, strict=True)) == seen


def test_rounds_begin_anew_where_the_log_says(january, danced):
    events = january.events
    for (table, run), steps in danced.items():
        here = events[(events["run"] == run) & (events["where"] == table)]
        opened = here.loc[here["kind"] == "round opened", "week"]
        assert [first for first, _ in steps.rounds] == list(opened)
        assert all(first <= last for first, last in steps.rounds)
        for offer, week in enumerate(steps.weeks):
            first, last = steps.rounds[steps.round_of(offer)]
            assert first <= week <= last


def test_a_star_stands_where_the_accepted_package_was(january, danced):
    stars = 0
    for (table, run), steps in danced.items():
        agreed = [deal for deal in steps.deals if deal.kind == "agreed"]
        assert len(agreed) == january.outcomes.set_index("run").loc[run, f"{table}.agreements"]
        for deal in agreed:
            offer = list(steps.weeks).index(deal.week)
            assert deal.gains == pytest.approx(steps.gains[offer], abs=1e-9)
        stars += len(agreed)
    assert stars > len(TABLES)  # so one table at least agreed more than once


def test_what_is_in_force_at_the_end_is_what_the_run_ends_with(january, danced):
    table = "canada_china"
    steps, run = next((steps, run) for (name, run), steps in danced.items() if name == table)
    end = january.replay(run).tables[table]
    assert steps.in_force[-1] == pytest.approx(gains_of(end, end.in_force)[0])
    assert steps.agreed[-1] == pytest.approx(gains_of(end, end.agreed)[0])


@pytest.mark.parametrize("table", TABLES[:2])
def test_the_dance_is_drawn(january, table):
    title = checked(dance(january.weekly(1), 1, table)).get_suptitle()
    assert january.scenario.tables[table].title in title
    assert "run 1" in title


@pytest.mark.parametrize("table", TABLES)
def test_the_dance_is_drawn_for_a_few_weeks(short, table):
    checked(dance(short.weekly(0), 0, table))


def test_in_the_textbook_the_offers_walk_along_the_frontier(pie):
    steps: Steps = steps_of(pie.weekly(0), "pie")[0]
    assert steps.gains.sum(axis=-1) == pytest.approx(np.zeros(len(steps.weeks)), abs=1e-9)
    assert steps.space.gains["Nash"] == pytest.approx([0.55, -0.55], abs=1e-6)
    checked(dance(pie.weekly(0), 0, "pie"))


# -- threats -----------------------------------------------------------------------------


def test_cumulative_shares_are_what_the_events_say_and_never_fall(january):
    events, weeks = january.events, january.manifest["weeks"]
    for watch in watches(january.scenario):
        for kind in DEEDS:
            counts = cumulative(events, watch, kind, weeks)
            assert (np.diff(counts) >= 0).all()
            mine = watch.events(events, kind)
            for week in (0, 1, 20, weeks):
                assert counts[week] == mine.loc[mine["week"] <= week, "run"].nunique()


def test_threats_by_the_end_are_those_of_the_outcomes(january):
    weeks = january.manifest["weeks"]
    columns = {"threatened": "threatened", "bought off": "bought_off", "punished": "punished"}
    for watch in watches(january.scenario):
        for kind, column in columns.items():
            last = cumulative(january.events, watch, kind, weeks)[-1]
            assert last == january.outcomes[f"{watch.watcher}.{column}"].sum()


def test_watches_are_those_of_the_trajectories(january):
    names = [f"{watch.watcher} over {watch.table}" for watch in watches(january.scenario)]
    assert names == list(january.trajectories["watch"].values)


def test_bars_give_the_share_of_runs_threatened_over_each_issue(january):
    figure = checked(threats(january.trajectories, january.events, january.scenario))
    panels = [
        axes for axes in figure.axes if axes.get_title("left") == "What the threats were over"
    ]
    for axes, watch in zip(panels, watches(january.scenario), strict=True):
        made = watch.events(january.events, "threatened")
        shares = 100.0 * made.groupby("issue")["run"].nunique() / RUNS
        assert sorted(bar.get_width() for bar in axes.patches) == pytest.approx(sorted(shares))


def test_a_watch_without_threats_says_so(short):
    figure = checked(threats(short.trajectories, short.events, short.scenario))
    words = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert any("no threat in 1 run" in line for line in words)


def test_relief_is_drawn_only_where_a_duty_could_be_relieved(january):
    figure = threats(january.trajectories, january.events, january.scenario)
    titles = [axes.get_title("left") for axes in figure.axes]
    assert any(title.startswith("Relief") for title in titles)
    assert not any("made good" in title for title in titles)  # no other buyers are looked for
    levers = {"parallel_arrangement": True}
    other = negotiate_abm.run(runs=2, weeks=4, levers=levers)
    figure = threats(other.trajectories, other.events, other.scenario)
    assert any("made good" in axes.get_title("left") for axes in figure.axes)


# -- outcomes ------------------------------------------------------------------------------


def test_shares_of_the_joint_test_sum_to_one_and_are_those_of_the_outcomes(january):
    counts, found = joint_test(january.outcomes, january.scenario), january.outcomes
    assert sum(counts.values()) == RUNS
    assert counts[True, False] == found["relief_without_punishment"].sum()
    assert counts[True, False] + counts[True, True] == found["has_relief"].sum()
    punished = found["united_states.punished"]
    assert counts[True, True] + counts[False, True] == punished.sum() > 0


def test_a_rung_in_force_was_agreed(january):
    for name, issue in january.scenario.issues.items():
        for rung in issue.ladder:
            agreed = reached(january.outcomes, name, rung)
            there = in_force(january.outcomes, january.scenario, name, rung)
            assert there is not None
            assert (agreed | ~there).all()


@pytest.mark.parametrize("table", TABLES)
def test_outcomes_are_drawn_for_every_table(january, table):
    figure = checked(outcomes(january.outcomes, january.scenario, table))
    titles = [axes.get_title("left") for axes in figure.axes]
    # Relief and punishment are about the focal table alone.
    assert ("Relief without punishment?" in titles) == (table == "canada_china")


def test_outcomes_are_drawn_for_one_run(short):
    checked(outcomes(short.outcomes, short.scenario, "canada_china"))


def test_without_duty_or_watcher_there_is_no_joint_test(pie):
    assert watchers(pie.scenario) == []
    figure = checked(outcomes(pie.outcomes, pie.scenario, None))
    titles = [axes.get_title("left") for axes in figure.axes]
    assert "Talks" in titles
    assert not any("elief" in title for title in titles)


def test_an_interval_holds_its_share_and_tells_few_runs_from_many():
    for runs in (1, 7, 2000):
        for happened in (0, runs // 2, runs):
            share, low, high = style.share_of_runs(happened, runs)
            assert 0.0 <= low <= share <= high <= 100.0
    spreads = [np.ptp(style.share_of_runs(runs // 2, runs)[1:]) for runs in (10, 100, 1000)]
    assert spreads == sorted(spreads, reverse=True)


def test_an_empty_log_is_drawn(short):
    nothing = pd.DataFrame({name: [] for name in short.events.columns})
    checked(threats(short.trajectories, nothing, short.scenario))
