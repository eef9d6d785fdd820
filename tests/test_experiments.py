"""Every experiment runs as it stands, and leaves a figure and a table."""

from __future__ import annotations

import re
import runpy
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from matplotlib.text import Text

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


@pytest.mark.parametrize("name", ["ev_tariff_at_zero", "parallel_arrangement"])
def test_a_copy_with_another_lever_names_it_everywhere(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    text = next(script for script in SCRIPTS if script.stem == name).read_text()
    question = re.search(r'^QUESTION = "(.*)"$', text, re.MULTILINE)
    assert question
    mine = text.replace(question[1], "What if Washington were calm?")
    mine = mine.replace(f'"{name}", True', '"hostility_of_washington", 0.1')
    copy = tmp_path / "mine.py"
    copy.write_text(mine)
    drawn: list[plt.Figure] = []
    save = plt.Figure.savefig
    monkeypatch.setattr(
        plt.Figure, "savefig", lambda f, *a, **k: (drawn.append(f), save(f, *a, **k))
    )
    monkeypatch.chdir(tmp_path)
    run(monkeypatch, copy, "--runs", "4")
    where = tmp_path / "results" / "hostility_of_washington"
    assert {file.name for file in where.iterdir()} == {
        "hostility_of_washington.csv",
        "hostility_of_washington.png",
    }
    assert "hostility of washington = 0.1" in pd.read_csv(where / f"{where.name}.csv").columns
    (figure,) = drawn
    words = [text.get_text() for text in figure.findobj(Text)]
    assert any("What if Washington were calm?" in told for told in words)
    assert sum("hostility of washington = 0.1" in told for told in words) >= 2
    for told in [*words, capsys.readouterr().out]:
        assert name.replace("_", " ") not in told
        assert question[1] not in told


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_a_figure_says_how_sure_it_is_and_cuts_nothing_off(
    script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    drawn: list[plt.Figure] = []
    monkeypatch.setattr(plt.Figure, "savefig", lambda figure, *_, **__: drawn.append(figure))
    run(monkeypatch, script, "--runs", "4", "--out", str(tmp_path / "new"))
    (figure,) = drawn
    assert figure.get_suptitle()
    for axes in figure.axes:
        assert "95 % interval" in axes.get_xlabel() + axes.get_ylabel()
        assert axes.get_autoscalex_on()
        assert axes.get_autoscaley_on()
        assert len(figure.axes) == 1 or axes.get_title(loc="left")
    for text in figure.findobj(Text):
        assert not re.fullmatch(r"[-+]?0\.0*0|-0", text.get_text()) or text.get_text() == "0.0"


def test_there_are_experiments():
    assert len(SCRIPTS) >= 4
