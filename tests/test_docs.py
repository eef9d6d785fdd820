"""What the README and the docs tell a reader to run, runs; what they name, exists.

Each page's blocks are run in their order in one empty folder, as a reader would: Python in
one namespace, commands in process. A line for the shell that is no command of the package must
be one that `.ci/run` executes, or one of `SET_UP`.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import negotiate_abm
from negotiate_abm.cli import _parser, main
from negotiate_abm.mechanisms.registry import Registry
from negotiate_abm.mechanisms.retaliation import retaliation_strategies
from negotiate_abm.mechanisms.tactics import tactics
from negotiate_abm.scenario.loader import load_scenario

TOP = Path(__file__).parents[1]
README = TOP / "README.md"
RESULTS = TOP / "docs" / "results.md"
PAGES = [README, TOP / "CONTRIBUTING.md", *sorted((TOP / "docs").glob("*.md"))]
CASES = TOP / "src" / "negotiate_abm" / "scenario" / "cases"
CI = (TOP / ".ci" / "run").read_text(encoding="utf-8")

# Lines for the shell that are not run here, each with the reason.
SET_UP = {
    "python3 -m venv .venv && .venv/bin/pip install -e '.[dev]'": ".ci/run installs the same",
    ".venv/bin/python -m pytest -n 2": "the tests themselves; .ci/run runs them on all cores",
    ". .venv/bin/activate": "changes the shell it is typed in, and nothing else",
    "bash .ci/run": "runs this test",
}

# What a command plays here, where it does not say: enough to go through it all.
FEW_RUNS, FEW_WEEKS = "50", "4"

PLACEHOLDER = re.compile(r"(?<![\w.-])\[?[A-Z][A-Z_|.]+\b")


class Block(NamedTuple):
    """A fenced block of a page."""

    page: Path
    line: int
    language: str
    text: str

    @property
    def place(self) -> str:
        return f"{self.page.name}, line {self.line}"


def blocks(page: Path) -> list[Block]:
    """Return a page's fenced blocks, in order."""
    text = page.read_text(encoding="utf-8")
    found = re.finditer(
        r"^ {0,3}```([^\n`]*)\n(.*?)^ {0,3}```[ ]*$", text, re.DOTALL | re.MULTILINE
    )
    return [
        Block(page, text[: match.start()].count("\n") + 1, match[1].strip(), match[2])
        for match in found
    ]


def prose(page: Path) -> str:
    """Return a page without its fenced blocks."""
    text = page.read_text(encoding="utf-8")
    return re.sub(r"^ {0,3}```.*?^ {0,3}```[ ]*$", "", text, flags=re.DOTALL | re.MULTILINE)


def spans(page: Path) -> list[str]:
    """Return the code spans in a page's prose, each on one line."""
    return [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", prose(page))]


def shell_lines(block: Block) -> list[str]:
    """Return what is typed in a block for the shell, a command a line, comments left out."""
    joined = block.text.replace("\\\n", " ")
    lines = [line.strip() for line in joined.splitlines()]
    if block.language == "console":
        return [line[2:] for line in lines if line.startswith("$ ")]
    return [line for line in lines if line and not line.startswith("#")]


# -- pages are run --------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_block_of_a_page_runs(
    page: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    monkeypatch.chdir(tmp_path)
    lay_out_fixtures()
    namespace: dict[str, Any] = {"__name__": "__main__"}
    with own_strategies():
        for block in blocks(page):
            try:
                check(block, namespace, capsys)
            except AssertionError:
                raise
            except Exception as error:
                raise AssertionError(f"{block.place}: {error!r}") from error


def lay_out_fixtures() -> None:
    """Write the files that the pages take to be there: a reader's own strategy and dispute."""
    own = [b.text for b in blocks(README) if b.language == "python" and "one_run=True" in b.text]
    assert own, "README.md: no strategy to put into mine.py"
    Path("mine.py").write_text(own[0], encoding="utf-8")
    Path("my-dispute.toml").write_bytes((CASES / "split-the-pie.toml").read_bytes())


@contextmanager
def own_strategies(beginning: tuple[dict[str, Any], ...] | None = None) -> Iterator[None]:
    """Forget afterwards what was registered inside; start from `beginning`, if given."""
    registries: tuple[Registry, ...] = (tactics, retaliation_strategies)
    before = tuple(dict(registry._strategies) for registry in registries)

    def put(state: tuple[dict[str, Any], ...]) -> None:
        for registry, strategies in zip(registries, state, strict=True):
            registry._strategies.clear()
            registry._strategies.update(strategies)

    try:
        if beginning is not None:
            put(beginning)
        yield
    finally:
        put(before)


BUNDLED = (dict(tactics._strategies), dict(retaliation_strategies._strategies))


def check(block: Block, namespace: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    """Run a block, or read it where it is data; a language that nobody checks is refused."""
    if block.language == "python":
        if "SolaraViz" in block.text and importlib.util.find_spec("solara") is None:
            return
        exec(compile(block.text, block.place, "exec"), namespace)
    elif block.language in ("sh", "console"):
        lines = shell_lines(block)
        assert lines, f"{block.place}: nothing to type"
        for line in lines:
            type_in(line, block.place, capsys)
    elif block.language == "toml":
        if {"name", "issues"} <= tomllib.loads(block.text).keys():
            Path("block.toml").write_text(block.text, encoding="utf-8")
            load_scenario("block.toml")
    elif block.language == "json":
        json.loads(block.text)
    elif block.language == "text":
        typed = re.findall(r"^\s*(?:\$ |negotiate-abm |python|pip |import ).*", block.text, re.M)
        assert not typed, f"{block.place}: {typed[0]!r} is to be run: put it into a block of sh"
    else:
        raise AssertionError(f"{block.place}: nothing checks a block of {block.language!r}")


def type_in(line: str, place: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Run a line for the shell, or say that nobody does."""
    words = shlex.split(line, comments=True)
    if words[0] not in ("negotiate-abm", ".venv/bin/negotiate-abm") or "&&" in words:
        assert is_run_elsewhere(line, words), (
            f"{place}: {line!r} is run neither here nor by .ci/run. Have it run, or add it to "
            f"SET_UP with the reason."
        )
        return
    words, goes_to = redirected(words[1:])
    if words[0] == "run":
        words += ["--weeks", FEW_WEEKS]
        words += [] if any(w.split("=")[0] == "--runs" for w in words) else ["--runs", FEW_RUNS]
    capsys.readouterr()
    with own_strategies(BUNDLED):
        try:
            code = main(words)
        except SystemExit as stop:  # --version and --help
            code = stop.code if isinstance(stop.code, int) else 1
    said = capsys.readouterr()
    assert code == 0, f"{place}: {line!r} ends with {code}: {said.err}"
    assert said.out, f"{place}: {line!r} prints nothing"
    if goes_to is not None:
        goes_to.write_text(said.out, encoding="utf-8")


def redirected(words: list[str]) -> tuple[list[str], Path | None]:
    """Return a command's words, and the file its output goes to."""
    if ">" in words:
        place = words.index(">")
        (name,) = words[place + 1 :]
        return words[:place], Path(name)
    return words, None


def is_run_elsewhere(line: str, words: list[str]) -> bool:
    """Return whether .ci/run executes a line, or it is a known step of setting up."""
    if line in SET_UP or line in run_from_the_readme() or line in executed_by_ci():
        return True
    scripts = [word for word in words if word.startswith("experiments/")]
    if "for script in experiments/*.py" in CI and len(scripts) == 1:
        python, script, *options = words
        flags = {word.split("=")[0] for word in options if word.startswith("-")}
        known = (TOP / script).is_file() and flags <= {"--runs", "--out"}
        return known and python.split("/")[-1] in ("python", "python3")
    return False


def executed_by_ci() -> set[str]:
    """Return the lines of .ci/run, without indentation and comments."""
    return {line.strip() for line in CI.splitlines() if not line.lstrip().startswith("#")}


def run_from_the_readme() -> set[str]:
    """Return the README's lines that .ci/run takes from it, found as `readme_command` does."""
    lines = README.read_text(encoding="utf-8").splitlines()
    found = set()
    for ending in re.findall(r"\$\(readme_command '([^']+)'\)", CI):
        fitting = [line for line in lines if re.search(rf"^python3 -m venv .*{ending}$", line)]
        assert fitting, f".ci/run: no line of README.md ends in {ending!r}"
        found.add(fitting[0])
    assert found, ".ci/run takes no command from README.md"
    return found


# -- what stands in the prose ---------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_in_the_prose_are_commands(page: Path, capsys: pytest.CaptureFixture[str]):
    for span in spans(page):
        words = shlex.split(span) if span.startswith("negotiate-abm ") else []
        if not words:
            continue
        if PLACEHOLDER.search(span):
            words = [words[0], words[1], "--help"]  # what stands for something is not parsed
        assert parses(words[1:]), f"{page.name}: `{span}`: {capsys.readouterr().err}"


def parses(words: list[str]) -> bool:
    """Return whether the command line understands some words."""
    try:
        _parser().parse_args(words)
    except SystemExit as stop:
        return stop.code == 0
    return True


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_that_the_prose_would_run_are_there(page: Path):
    for span in spans(page):
        words = span.split()
        if words[0] not in ("python", "python3", "bash") or len(words) < 2:
            continue
        if words[1] == "-m":
            found = importlib.util.find_spec(words[2]) is not None
        else:
            found = (TOP / words[1]).is_file()
        assert found, f"{page.name}: `{span}` names nothing that is there"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_code_hides_outside_fences_that_are_checked(page: Path):
    text = page.read_text(encoding="utf-8")
    assert "~~~" not in text
    assert len(re.findall(r"^\s*```", text, re.MULTILINE)) == 2 * len(blocks(page))
    hidden = re.findall(
        r"^(?: {4,}|\t)(?:\$|negotiate-abm|python|pip|import )\b.*", prose(page), re.M
    )
    assert not hidden, hidden


def test_steps_of_setting_up_are_still_told():
    typed = {line for page in PAGES for block in blocks(page) for line in shell_lines(block)}
    told = typed | {span for page in PAGES for span in spans(page)}
    assert told >= SET_UP.keys(), f"SET_UP: no page tells {sorted(SET_UP.keys() - told)}"


def test_the_docs_have_something_to_run():
    found = [block for page in PAGES for block in blocks(page)]
    assert sum(block.language == "python" for block in found) >= 4
    typed = [line for block in found if block.language == "sh" for line in shell_lines(block)]
    assert sum(line.startswith("negotiate-abm") for line in typed) >= 4


@pytest.mark.parametrize(
    ("language", "text", "says"),
    [
        ("sh", "negotiate-abm run --speed 3", "SystemExit|ends with 2"),
        ("sh", "negotiate-abm run no-such-case", "ends with 2"),
        ("sh", "make all", "run neither here nor by .ci/run"),
        ("sh", ".venv/bin/negotiate-abm run && rm -rf results", "run neither here"),
        ("text", "negotiate-abm run", "put it into a block of sh"),
        ("yaml", "a: 1", "nothing checks a block of 'yaml'"),
        ("", "negotiate-abm run", "nothing checks a block of ''"),
    ],
)
def test_a_block_that_cannot_run_is_refused(
    language: str, text: str, says: str, capsys: pytest.CaptureFixture[str]
):
    with pytest.raises(AssertionError, match=says):
        check(Block(README, 1, language, text), {}, capsys)


# -- docs/results.md ------------------------------------------------------------------------


def rows_under(heading: str) -> list[list[str]]:
    """Return the cells of the table under a heading of docs/results.md."""
    page = RESULTS.read_text(encoding="utf-8")
    found = re.search(rf"^## {heading}.*?$(.*?)(?=^## |\Z)", page, re.DOTALL | re.MULTILINE)
    assert found, f"docs/results.md: no heading {heading!r}"
    lines = [line for line in found[1].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def named(cell: str) -> list[str]:
    """Return the names in code in a cell."""
    return re.findall(r"`([^`]+)`", cell)


@pytest.fixture(scope="module")
def short() -> negotiate_abm.Result:
    return negotiate_abm.run(runs=2, weeks=1)


def test_every_column_of_the_outcomes_is_explained(short: negotiate_abm.Result):
    case = short.scenario
    kinds = dict.fromkeys(case.issues, "ISSUE") | dict.fromkeys(case.tables, "TABLE")
    kinds |= dict.fromkeys(case.countries, "WATCHER")
    told = {name for row in rows_under("Outcomes") for name in named(row[0])}
    there = set()
    for column in short.outcomes.columns:
        first, *rest = column.split(".")
        if first == "exports_to":
            rest = ["PARTNER"]
        if rest[-1:] == ["week"]:
            rest[0] = "RUNG"
        there.add(".".join([kinds.get(first, first) if rest else first, *rest]))
    assert there == told


def test_every_trajectory_is_explained_with_its_dimensions_and_unit(short: negotiate_abm.Result):
    told = {
        named(name)[0]: (("run", "week", *named(dimensions)), unit)
        for name, dimensions, unit, meaning in rows_under("Trajectories")
        if meaning
    }
    there = {
        str(name): (values.dims, values.attrs["units"])
        for name, values in short.trajectories.data_vars.items()
    }
    assert there == told


def test_every_kind_of_event_is_explained():
    told = {kind for row in rows_under("Events") for kind in named(row[0])}
    assert recorded_kinds() == told


def recorded_kinds() -> set[str]:
    """Return the kinds that the source records: the first text each recording call is given."""
    found = set()
    for file in (TOP / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                if name in ("record", "record_rows", "record_issues", "_record_cause"):
                    kinds = [a.value for a in node.args if isinstance(a, ast.Constant)]
                    found |= {kind for kind in kinds[:1] if isinstance(kind, str)}
    return found


def test_the_science_names_no_case():
    for file in (TOP / "src").rglob("*.py"):
        assert "canola" not in file.read_text(encoding="utf-8"), file
