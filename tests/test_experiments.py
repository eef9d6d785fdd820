"""Every experiment runs as it stands, and leaves a figure and a table."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from negotiate_abm.model import NegotiationModel

SCRIPTS = sorted((Path(__file__).parents[1] / "experiments").glob("*.py"))


@pytest.fixture(autouse=True)
def _no_window(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = plt.get_backend()
    plt.switch_backend("agg")
    yield
    plt.close("all")
    plt.switch_backend(before)


def run(monkeypatch: pytest.MonkeyPatch, script: Path, *options: str) -> None:
    monkeypatch.setattr(sys, "argv", [str(script), *options])
    runpy.run_path(str(script), run_name="__main__")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_an_experiment_answers_with_a_figure_and_a_table(
    script: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    where = tmp_path / "new" / script.stem
    run(monkeypatch, script, "--runs", "4", "--out", str(where))
    assert capsys.readouterr().out
    (figure,) = where.glob("*.png")
    assert figure.stat().st_size > 10_000
    table = pd.read_csv(where / f"{script.stem}.csv")
    assert len(table) >= 4
    assert table.select_dtypes("number").notna().any(axis=None)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_an_experiment_refuses_a_folder_that_is_there_before_it_plays(
    script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(NegotiationModel, "__init__", lambda *_, **__: pytest.fail("it plays"))
    with pytest.raises(SystemExit) as refusal:
        run(monkeypatch, script, "--out", str(tmp_path))
    said = str(refusal.value.code)
    assert said.startswith(f"{tmp_path} exists already")
    assert "\n" not in said
    assert list(tmp_path.iterdir()) == []


def test_there_are_experiments():
    assert len(SCRIPTS) >= 4
