"""The weekly figures draw the data they are given, and can be read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cbook import is_math_text
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.text import Text

import negotiate_abm
from negotiate_abm.plotting.concessions import concessions, spread
from negotiate_abm.plotting.gallery import FIGURES
from negotiate_abm.plotting.provinces import provinces
from negotiate_abm.plotting.style import heading, plain, wrapped
from negotiate_abm.plotting.trade import trade
from negotiate_abm.plotting.trust import has_met, trust
from negotiate_abm.result import Result
from negotiate_abm.scenario.schema import Scenario
from tests.worlds import random_world

CASE, PIE = "carney-beijing-2026", "split-the-pie"
TABLES = ("canada_china", "canada_us", "us_china")
LEAST_SIZE = 9.0
NAMED = ("countries", "tables", "issues", "flows", "provinces")


@pytest.fixture(scope="module")
def many() -> Result:
    return negotiate_abm.run(CASE, runs=40, weeks=30, seed=3)


@pytest.fixture(scope="module")
def short() -> Result:
    return negotiate_abm.run(CASE, runs=3, weeks=4, seed=3)


@pytest.fixture(scope="module")
def alone() -> Result:
    return negotiate_abm.run(CASE, runs=1, weeks=30, seed=3)


@pytest.fixture(scope="module")
def pie() -> Result:
    return negotiate_abm.run(PIE, runs=5, seed=3)


def figures(result: Result, table: str | None = None) -> Iterator[Figure]:
    """Yield every weekly figure that a result has something for."""
    data, scenario = result.trajectories, result.scenario
    yield concessions(data, scenario, table)
    yield trust(data, scenario)
    if scenario.flows:
        yield trade(data, scenario, table)
    if scenario.provinces:
        yield provinces(data, scenario)


def panels(figure: Figure) -> list[Axes]:
    return [axes for axes in figure.axes if axes.get_visible()]


def draws(axes: Axes, values: np.ndarray) -> bool:
    """Return whether some line of a panel goes through values, week by week."""
    lines = (np.asarray(line.get_ydata()) for line in axes.get_lines())
    return any(y.shape == values.shape and np.allclose(y, values) for y in lines)


def shades(axes: Axes, values: np.ndarray) -> bool:
    """Return whether a panel shades the bands that hold half and nine tenths of the runs."""
    areas = [c.get_paths()[0] for c in axes.collections if isinstance(c, PolyCollection)]
    weeks = np.arange(values.shape[1])
    for low, high in ((0.05, 0.95), (0.25, 0.75)):
        lower, upper = np.quantile(values, [low, high], axis=0)
        corners = _points([*weeks, *weeks], [*lower, *upper])
        if not any(_points(*area.vertices.T) == corners for area in areas):
            return False
    return True


def _points(x: Iterable[float], y: Iterable[float]) -> set[tuple[float, float]]:
    """Return points as they compare, whatever their order."""
    return {(round(float(a), 9), round(float(b), 9)) for a, b in zip(x, y, strict=True)}


# -- they draw the data ---------------------------------------------------------------------


@pytest.mark.parametrize("table", TABLES)
def test_each_issue_of_a_table_has_its_mean_offer_agreement_and_level_in_force(
    many: Result, table: str
) -> None:
    figure = concessions(many.trajectories, many.scenario, table)
    issues = [name for name, i in many.scenario.issues.items() if i.table == table]
    assert len(panels(figure)) == len(issues)
    for axes, name in zip(panels(figure), issues, strict=True):
        data = many.trajectories.sel(issue=name)
        for stage in ("offered", "agreed", "in_force"):
            assert draws(axes, data[stage].values.mean(axis=0)), (name, stage)
        assert shades(axes, data["in_force"].values), name
        conceder = many.scenario.countries[many.scenario.issues[name].conceder].title
        assert f"{conceder} concedes" in axes.get_title(loc="left").replace("\n", " ")


def test_every_rung_of_a_ladder_stands_beside_its_panel_with_the_duty_then_in_force(
    many: Result,
) -> None:
    figure = concessions(many.trajectories, many.scenario, "canada_china")
    seed = [text.get_text().replace("\n", " ") for text in panels(figure)[0].texts]
    titles = [rung.title for rung in many.scenario.issues["canola_seed"].ladder.values()]
    assert len(seed) == len(titles)
    assert all(name.startswith(title[:9]) for name, title in zip(seed, titles, strict=True))
    # Talk leaves the duty at its 84.8 %; the top of the ladder is the base duty, 9 %.
    assert "84.8" in seed[0]
    assert "9\N{NO-BREAK SPACE}%" in seed[-1]


def test_a_tariff_is_drawn_beside_the_exports_it_governs(many: Result) -> None:
    figure = trade(many.trajectories, many.scenario, "canada_us")
    duties = [
        (name, issue.duty.flow)
        for name, issue in many.scenario.issues.items()
        if issue.table == "canada_us" and issue.duty is not None
    ]
    shown = panels(figure)
    for i, (name, flow) in enumerate(duties):
        rate = many.trajectories["rate"].sel(issue=name).values
        exports = many.trajectories["exports"].sel(flow=flow).values
        for axes, values in zip(shown[2 * i : 2 * i + 2], (rate, exports), strict=True):
            assert draws(axes, values.mean(axis=0)), (name, flow)
            assert shades(axes, values), (name, flow)


def test_a_partner_s_panel_shows_what_its_imports_gain_and_what_punishments_take(
    many: Result,
) -> None:
    scenario, exports = many.scenario, many.trajectories["exports"]
    shown = panels(trade(many.trajectories, scenario, None))[-2:]
    punished = {"china": "other_exports_to_china", "united_states": "us_bound_exports"}
    for axes, partner in zip(shown, punished, strict=True):
        flows = [
            name
            for name, flow in scenario.flows.items()
            if (flow.exporter, flow.importer) == ("canada", partner)
        ]
        total = exports.sel(flow=flows).values.sum(axis=-1)
        hit = exports.sel(flow=punished[partner]).values
        change = total - total[:, :1]
        assert draws(axes, change.mean(axis=0)), partner
        assert shades(axes, change), partner
        assert draws(axes, (hit - hit[:, :1]).mean(axis=0)), partner


def test_a_province_has_its_pressure_and_its_support_and_the_government_its_approval(
    many: Result,
) -> None:
    data, scenario = many.trajectories, many.scenario
    *pressed, approval, losses = panels(provinces(data, scenario))
    assert len(pressed) == len(scenario.provinces)
    for axes, (name, province) in zip(pressed, scenario.provinces.items(), strict=True):
        pressure = data["pressure"].sel(province=name).values
        assert draws(axes, pressure.mean(axis=0)), name
        assert shades(axes, pressure), name
        assert draws(axes, np.full(2, province.support.value)), name
        assert f"{100 * province.support.value:.0f} % support" in axes.get_title(loc="left")
    standing = data["approval"].sel(country="canada").values
    assert draws(approval, standing.mean(axis=0))
    assert shades(approval, standing)
    dots = sorted(float(line.get_xdata()[0]) for line in losses.get_lines())
    loss = data["loss"].values
    np.testing.assert_allclose(
        dots, np.sort(np.concatenate([loss[:, week].mean(axis=0) for week in (0, -1)]))
    )
    bars = _points(*zip(*[(b.get_x(), b.get_width()) for b in losses.patches], strict=True))
    lower, upper = np.quantile(loss[:, -1], [0.05, 0.95], axis=0)
    assert {(round(x, 9), round(w, 9)) for x, w in zip(lower, upper - lower, strict=True)} <= bars


def test_both_directions_of_trust_are_drawn_for_each_pair_that_meets(many: Result) -> None:
    data = many.trajectories["trust"]
    shown = panels(trust(many.trajectories, many.scenario))[:3]
    names = [str(name) for name in data["country"].values]
    pairs = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
    for axes, pair in zip(shown, pairs, strict=True):
        for one, other in (pair, pair[::-1]):
            values = data.sel(country=one, counterpart=other).values
            assert draws(axes, values.mean(axis=0)), (one, other)
            assert shades(axes, values), (one, other)


def test_leverage_counts_from_a_run_s_first_round_on(many: Result) -> None:
    data = many.trajectories
    shown = panels(trust(data, many.scenario))[3:6]
    for axes, (name, table) in zip(shown, many.scenario.tables.items(), strict=True):
        met = has_met(data, name)
        assert not met[:, 0].any()
        for party in (table.host, table.guest):
            leverage = data["leverage"].sel(table=name, country=party).values
            weeks = met.any(axis=0)
            mean = np.nanmean(np.where(met, leverage, np.nan)[:, weeks], axis=0)
            assert draws(axes, mean), (name, party)


def test_a_watcher_s_credibility_and_hostility_are_drawn(many: Result) -> None:
    data = many.trajectories
    shown = panels(trust(data, many.scenario))[6:]
    for axes, watch in zip(shown, data["watch"].values, strict=True):
        for what in ("credibility", "hostility"):
            values = data[what].sel(watch=watch).values
            assert draws(axes, values.mean(axis=0)), (watch, what)
            assert shades(axes, values), (watch, what)


# -- they can be read -----------------------------------------------------------------------


@pytest.mark.parametrize("table", TABLES)
def test_figures_of_each_table_can_be_read(many: Result, table: str) -> None:
    _assert_readable(concessions(many.trajectories, many.scenario, table))
    _assert_readable(trade(many.trajectories, many.scenario, table))


def test_figures_of_the_whole_case_can_be_read(many: Result) -> None:
    _assert_readable(provinces(many.trajectories, many.scenario))
    _assert_readable(trust(many.trajectories, many.scenario))


def test_figures_of_four_weeks_can_be_read(short: Result) -> None:
    for figure in figures(short):
        _assert_readable(figure)


def test_figures_of_one_run_can_be_read(alone: Result) -> None:
    for figure in figures(alone, "us_china"):
        _assert_readable(figure)


def test_figures_of_a_case_without_trade_can_be_read(pie: Result) -> None:
    shown = list(figures(pie))
    assert len(shown) == 2
    for figure in shown:
        _assert_readable(figure)


def test_a_random_world_of_two_tables_can_be_read() -> None:
    world = random_world(3, issues=4, features=["second_table", "consent"])
    result = negotiate_abm.run(world, runs=5, weeks=12)
    for figure in figures(result):
        _assert_readable(figure)


def retitled(scenario: Scenario, tale: str, rungs: bool = True) -> Scenario:
    """Return a scenario with a tale after every title that figures show, of rungs if asked."""

    def told(entries: dict[str, Any]) -> dict[str, Any]:
        return {
            name: entry.model_copy(update={"title": f"{entry.title} {tale}"})
            for name, entry in entries.items()
        }

    ladders = {
        name: issue.model_copy(update={"ladder": told(issue.ladder) if rungs else issue.ladder})
        for name, issue in scenario.issues.items()
    }
    named = {kind: told(getattr(scenario, kind)) for kind in NAMED if kind != "issues"}
    update = {"title": f"{scenario.title} {tale}", "issues": told(ladders), **named}
    return scenario.model_copy(update=update)


def test_titles_however_long_and_with_money_in_them_stay_inside_the_figure(
    short: Result,
) -> None:
    tale = r"of C$ 5 \foo and C$ 6 whose title nobody could remember the end of when it came " * 2
    scenario = retitled(short.scenario, tale, rungs=False)
    data = short.trajectories
    for figure in (
        concessions(data, scenario),
        trust(data, scenario),
        trade(data, scenario),
        provinces(data, scenario),
    ):
        _assert_readable(figure)


@pytest.mark.parametrize("times", [1, 3])
def test_money_and_backslashes_are_drawn_as_they_stand_in_every_figure(
    short: Result, times: int
) -> None:
    scenario = retitled(short.scenario, " ".join([r"C$ 5 \foo to C$ 6"] * times))
    result = negotiate_abm.run(scenario, runs=2, weeks=12, seed=3)
    drawn = dict(result.plot.all())
    assert set(drawn) == set(FIGURES)
    for name, figure in drawn.items():
        FigureCanvasAgg(figure).draw()
        texts = [figure.get_suptitle(), *(text.get_text() for text in figure.findobj(Text))]
        assert any(r"C\$" in text for text in texts), name
        assert not any(is_math_text(text) for text in texts), name
        page, ink = figure.bbox_inches.padded(0.02), figure.get_tightbbox()
        assert page.x0 <= ink.x0 <= ink.x1 <= page.x1, name
        assert page.y0 <= ink.y0 <= ink.y1 <= page.y1, name


def test_what_is_changed_from_the_case_is_told_with_its_money(
    short: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Result, "changes", lambda _: [r"title = C$ 5 \foo to C$ 6"])
    figure = short.plot.concessions()
    FigureCanvasAgg(figure).draw()
    assert r"with title = C\$ 5 \foo to C\$ 6" in figure.get_suptitle()


def test_a_mean_is_called_one_only_over_several_runs(many: Result, alone: Result) -> None:
    for draw in (concessions, provinces, trust):
        several, single = (
            " ".join(
                text.get_text()
                for text in draw(result.trajectories, result.scenario).legends[0].get_texts()
            )
            for result in (many, alone)
        )
        assert "mean" in several
        assert "50 % of runs" in several
        assert "90 % of runs" in several
        assert "mean" not in single
        assert "% of runs" not in single


def test_one_run_is_not_called_runs(many: Result) -> None:
    assert heading(many.scenario, "trade", 1, 11).endswith("1\N{NO-BREAK SPACE}run")
    assert heading(many.scenario, "trade", 2000, 11).endswith("2,000\N{NO-BREAK SPACE}runs")


def test_a_plain_or_wrapped_text_has_no_mathematics_in_it() -> None:
    assert plain(r"C$ 5 \foo to C$ 6") == r"C\$ 5 \foo to C\$ 6"
    assert wrapped("from C$ 5 to C$ 6", 3.0) == r"from C\$ 5 to C\$ 6"


def test_a_wrapped_text_breaks_at_blanks_and_hyphens_and_loses_nothing_that_has_room() -> None:
    assert wrapped("Most-favoured-nation duty", 1.3, 9).split("\n") == [
        "Most-favoured-",
        "nation duty",
    ]
    word = "w" * 60
    assert wrapped(word, 2.0, most_lines=9).replace("\n", "") == word
    assert wrapped(word, 2.0, most_lines=2).endswith(" …")


def test_labels_that_would_touch_are_moved_apart_and_stay_in_order() -> None:
    wanted, heights = [0.05, 0.1, 0.5, 0.95, 1.0], [0.2, 0.1, 0.1, 0.1, 0.2]
    places = spread(wanted, heights)
    gaps = np.diff(places)
    room = (np.array(heights[1:]) + np.array(heights[:-1])) / 2
    assert (gaps >= room - 1e-12).all()
    assert places[2] == wanted[2]  # who touches nobody stays


def _assert_readable(figure: Figure) -> None:
    """Assert that every text is large, inside the figure and clear of its fellows."""
    FigureCanvasAgg(figure)
    figure.draw_without_rendering()
    assert figure.get_suptitle()
    assert figure.legends
    for axes in panels(figure):
        assert axes.get_title(loc="left")
        _assert_labelled(figure, axes)
        for axis in (axes.xaxis, axes.yaxis):
            _assert_apart([tick.label1 for tick in axis._update_ticks()])
        _assert_apart([*axes.texts, axes._left_title])
    page, drawn = figure.bbox_inches.padded(0.02), figure.get_tightbbox()
    assert page.x0 <= drawn.x0
    assert page.y0 <= drawn.y0
    assert drawn.x1 <= page.x1
    assert drawn.y1 <= page.y1
    for text in figure.findobj(Text):
        assert not text.get_text() or text.get_fontsize() >= LEAST_SIZE, text.get_text()


def _assert_labelled(figure: Figure, axes: Axes) -> None:
    """Assert that a panel's axes say what they measure, or those at the edge of its grid do."""
    place = axes.get_position()
    beneath = [
        other.get_xlabel()
        for other in panels(figure)
        if abs(other.get_position().x0 - place.x0) < 0.01 and other.get_position().y0 <= place.y0
    ]
    beside = [
        other.get_ylabel()
        for other in panels(figure)
        if abs(other.get_position().y0 - place.y0) < 0.01 and other.get_position().x0 <= place.x0
    ]
    units = ("weeks since", "C$ billion a year")
    assert any(unit in label for label in beneath for unit in units)
    units = ("0 to 1", "% ad valorem", "C$ billion a year", "province")
    assert any(unit in label for label in beside for unit in units)


def _assert_apart(texts: list[Text]) -> None:
    boxes = [
        (text.get_text(), Text.get_window_extent(text))
        for text in texts
        if text.get_visible() and text.get_text()
    ]
    for i, (one, box) in enumerate(boxes):
        for other, its in boxes[i + 1 :]:
            # A line's box is taller than its letters.
            assert not box.shrunk(0.97, 0.9).overlaps(its.shrunk(0.97, 0.9)), (one, other)
