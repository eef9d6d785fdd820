"""Strategies of one's own, by name, for arrays or for one run."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

import negotiate_abm
from negotiate_abm import BargainingView, FeudView, NegotiationModel
from negotiate_abm.errors import NegotiateError, StrategyError
from negotiate_abm.mechanisms.retaliation import retaliation_strategies
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
