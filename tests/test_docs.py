"""Every block of code in the README and the docs runs as it stands."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

import negotiate_abm
from negotiate_abm.cli import main
from negotiate_abm.mechanisms.tactics import tactics

TOP = Path(__file__).parents[1]
PAGES = [TOP / "README.md", *sorted((TOP / "docs").glob("*.md"))]


def blocks(language: str) -> Iterator[pytest.param]:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for number, code in enumerate(re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)):
            yield pytest.param(code, id=f"{page.name}-{number}")


@pytest.fixture(autouse=True)
def _in_an_empty_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    before = dict(tactics._strategies)
    yield
    tactics._strategies.clear()
    tactics._strategies.update(before)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("code", blocks("python"))
def test_python_in_the_docs_runs(code: str):
    if "SolaraViz" in code:
        pytest.importorskip("solara")
    exec(compile(code, "docs", "exec"), {"__name__": "__main__", "negotiate_abm": negotiate_abm})


def commands() -> list[str]:
    found = []
    for block in blocks("sh"):
        lines = str(block.values[0]).splitlines()
        found += [line for line in lines if line.startswith("negotiate-abm")]
    return found


@pytest.mark.parametrize("command", commands())
def test_commands_in_the_docs_run(command: str, capsys: pytest.CaptureFixture[str]):
    case = TOP / "src" / "negotiate_abm" / "scenario" / "cases" / "split-the-pie.toml"
    Path("my-dispute.toml").write_bytes(case.read_bytes())
    words = shlex.split(command)[1:]
    if words[0] == "run":
        words += ["--weeks", "4"]
    assert main(words) == 0
    assert capsys.readouterr().out


def test_the_docs_have_something_to_run():
    assert len(commands()) >= 4
    assert len(list(blocks("python"))) >= 4


def test_the_science_names_no_case():
    for file in (TOP / "src").rglob("*.py"):
        assert "canola" not in file.read_text(encoding="utf-8"), file
