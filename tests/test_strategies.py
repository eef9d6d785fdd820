"""Strategies of one's own, by name, for arrays or for one run."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

import negotiate_abm
from negotiate_abm import BargainingView, FeudView, NegotiationModel
from negotiate_abm.errors import NegotiateError, StrategyError
from negotiate_abm.mechanisms.retaliation import Feud, retaliation_strategies
from negotiate_abm.mechanisms.tactics import tactics
from negotiate_abm.strategies import load_strategies


@pytest.fixture(autouse=True)
def _forget_new_names() -> Iterator[None]:
    before = [dict(registry._strategies) for registry in (tactics, retaliation_strategies)]
    yield
    for registry, known in zip((tactics, retaliation_strategies), before, strict=True):
        registry._strategies.clear()
        registry._strategies.update(known)


def agreed(**overrides: str) -> np.ndarray:
    model = NegotiationModel(runs=12, rng=2, overrides=overrides)
    for _ in range(30):
        model.step()
    return model.tables["canada_china"].agreed


def test_a_tactic_for_one_run_plays_like_the_same_tactic_for_arrays():
    @negotiate_abm.tactic("plain", one_run=True)
    def plain(view: BargainingView) -> float:
        if view.clock < 0.5:
            return view.best
        return view.reservation + (view.best - view.reservation) * (1 - view.clock)

    @negotiate_abm.tactic("lifted")
    def lifted(view: BargainingView) -> np.ndarray:
        falling = view.reservation + (view.best - view.reservation) * (1 - view.clock)
        return np.where(view.clock < 0.5, view.best, falling)

    one = agreed(**{"countries.canada.tactic": "plain"})
    many = agreed(**{"countries.canada.tactic": "lifted"})
    assert one.tobytes() == many.tobytes()
    assert one.tobytes() != agreed().tobytes()


def test_a_retaliation_strategy_of_ones_own_is_used():
    calls: list[float] = []

    @negotiate_abm.retaliation_strategy("half", one_run=True)
    def half(view: FeudView) -> float:
        calls.append(view.provoked)
        return 0.5 if view.provoked else 0.0

    watcher = "tables.canada_china.watchers.united_states"
    model = NegotiationModel(
        runs=60,
        rng=2,
        overrides={
            "countries.canada.retaliation": "half",
            f"{watcher}.base_hazard": 0.5,
            f"{watcher}.reputation": 20.0,
            f"{watcher}.credibility": 0.02,
        },
    )
    levels = set()
    for _ in range(30):
        model.step()
        levels |= set(model.watches[0].feud.of(0).tolist())
    assert calls
    assert levels == {0.0, 0.5}


@pytest.mark.parametrize("name", tactics.names())
def test_every_tactic_plays(name):
    assert agreed(**{"countries.canada.tactic": name, "countries.china.tactic": name}).any()


def test_a_tactic_that_answers_nonsense_is_named():
    @negotiate_abm.tactic("nonsense")
    def nonsense(view: BargainingView) -> str:
        return "more"

    with pytest.raises(StrategyError, match="nonsense"):
        agreed(**{"countries.canada.tactic": "nonsense"})


def test_a_strategy_of_ones_own_may_not_take_a_name_in_use():
    with pytest.raises(StrategyError, match="already registered"):

        @negotiate_abm.tactic("boulware")
        def mine(view: BargainingView) -> np.ndarray:
            return view.best


def test_an_unknown_tactic_points_to_the_nearest():
    with pytest.raises(NegotiateError, match="boulware"):
        agreed(**{"countries.canada.tactic": "boulwar"})


def test_an_unknown_tactic_of_ones_own_is_to_be_registered_first():
    with pytest.raises(NegotiateError, match=r"register it first; .* give --strategies FILE\.py"):
        agreed(**{"countries.canada.tactic": "last_minute"})


@pytest.mark.parametrize("one_run", [True, False])
def test_a_rule_that_forgets_to_return_is_asked_whether_it_did(one_run: bool):
    @negotiate_abm.tactic("forgetful", one_run=one_run)
    def forgetful(view: BargainingView) -> None:
        pass

    told = r"'forgetful' returned None; expected one finite .* Did you forget to return a number\?"
    with pytest.raises(StrategyError, match=told):
        agreed(**{"countries.canada.tactic": "forgetful"})


@pytest.mark.parametrize("decorator", [negotiate_abm.tactic, negotiate_abm.retaliation_strategy])
@pytest.mark.parametrize("parameters", ["", "view, week", "*, view"])
def test_a_rule_that_does_not_take_a_view_is_refused_by_its_name_and_file(
    decorator, parameters: str, tmp_path
):
    file = tmp_path / "mine.py"
    file.write_text(
        f"from negotiate_abm import {decorator.__name__} as register\n\n\n"
        f"@register('t8')\ndef t8({parameters}):\n    return 1.0\n"
    )
    with pytest.raises(StrategyError) as caught:
        load_strategies(file)
    assert f"'t8': got t8({parameters}) ({file}, line 4); expected a function" in str(caught.value)
    assert "takes one argument, the view. Write (view) behind its name." in str(caught.value)


@pytest.mark.parametrize("rule", [max, lambda view, _week=1: view.best, np.negative])
def test_whatever_can_be_called_with_a_view_alone_may_be_registered(rule):
    negotiate_abm.tactic("t9")(rule)
    assert "t9" in tactics


@pytest.mark.parametrize(("far", "near"), [(1e6, "best"), (-1e6, "reservation")])
def test_a_tactic_that_leaves_its_range_is_clipped_to_it(far: float, near: str):
    negotiate_abm.tactic("far", one_run=True)(lambda _: far)
    negotiate_abm.tactic("near", one_run=True)(lambda view: getattr(view, near))
    found = [agreed(**{"countries.canada.tactic": name}).tobytes() for name in ("far", "near")]
    assert found[0] == found[1]


@pytest.mark.parametrize(("far", "near"), [(3.0, 1.0), (-1.0, 0.0)])
def test_a_retaliation_strategy_that_leaves_its_range_is_clipped_to_it(far: float, near: float):
    negotiate_abm.retaliation_strategy("far", one_run=True)(lambda _: far)
    canada = NegotiationModel(runs=3, overrides={"countries.canada.retaliation": "far"})
    nothing = np.zeros(3)
    answer = canada.countries["canada"].answer_in(Feud.none_yet(3), 0, nothing, nothing)
    assert answer.tolist() == [near] * 3


def test_strategies_can_come_from_a_file(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(
        "from negotiate_abm import tactic\n\n"
        "@tactic('stubborn', one_run=True)\n"
        "def stubborn(view):\n    return view.best\n"
    )
    load_strategies(file)
    assert "stubborn" in tactics


@pytest.mark.parametrize("text", ["1/0", "def f(:", None])
def test_a_strategy_file_that_does_not_run_is_named(text, tmp_path):
    file = tmp_path / "broken.py"
    if text is not None:
        file.write_text(text)
    with pytest.raises(StrategyError, match="broken"):
        load_strategies(file)
