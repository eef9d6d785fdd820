"""Whatever it is given, the command line does what was asked or says in a line what is wrong.

A thousand hostile cases and more, the same ones every time, in this process; and in processes
of their own what only a process can suffer: signals, a full disk, closed streams.
"""

from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import negotiate_abm
from negotiate_abm import cli, terminal
from negotiate_abm.errors import NegotiateError, ResultError, RunError, StrategyError
from negotiate_abm.files import take_back, undisturbed, write_whole
from negotiate_abm.mechanisms.retaliation import retaliation_strategies
from negotiate_abm.mechanisms.tactics import tactics
from negotiate_abm.result import Result
from negotiate_abm.scenario.layering import CASES
from negotiate_abm.strategies import load_strategies

JANUARY, PIE = "carney-beijing-2026", "split-the-pie"
IN_BRIEF = ("--runs", "2", "--weeks", "3")
KINDS_OF_FIGURE = ("outcomes", "concessions", "dance", "threats", "trade", "provinces", "trust")


@dataclass(frozen=True)
class Told:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    def refused(self) -> str:
        """The one line of a refusal."""
        assert self.code == 2, self
        check_refusal(self)
        assert self.err.count("\n") == 1, self.err
        return self.err.strip()


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Work in an empty directory, forget the strategies registered on the way."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_OPTIONAL_LOCKS", "0")
    for registry in (tactics, retaliation_strategies):
        monkeypatch.setattr(registry, "_strategies", dict(registry._strategies))
    modules = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - modules:
        if name.startswith("negotiate_abm_user_"):
            del sys.modules[name]


def ask(*arguments: object) -> Told:
    """Call the command line in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = cli.main([str(argument) for argument in arguments])
        except SystemExit as stopped:
            code = stopped.code  # type: ignore[assignment]
    assert isinstance(code, int)
    return Told(code, out.getvalue(), err.getvalue())


def check_refusal(told: Told) -> None:
    """Check that a refusal is in words, short, and on standard error alone."""
    assert told.code == 2, told
    assert told.err.strip(), "a refusal says why"
    assert told.out == ""
    assert "Traceback" not in told.err
    lines = told.err.splitlines()
    assert len(lines) <= terminal.MOST_LINES, told.err
    assert max(map(len, lines)) <= terminal.LONGEST_LINE + 10, told.err
    assert all(line.isprintable() for line in lines), "no control character reaches a terminal"


def traces(directory: Path) -> dict[str, tuple[int, int]]:
    """What stands under a directory, with sizes and times of change."""
    found = (path for path in directory.rglob("*"))
    return {
        str(path.relative_to(directory)): (stat.st_size, stat.st_mtime_ns)
        for path in found
        if (stat := path.lstat()) and not path.is_dir()
    } | {str(p.relative_to(directory)): (0, 0) for p in directory.rglob("*") if p.is_dir()}


def remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def judged(arguments: list[str], place: Path) -> int:
    """Ask; check what came and what is left; take away what was made; return the exit code."""
    before = traces(place)
    told = ask(*arguments)
    after = traces(place)
    assert before.items() <= after.items(), "nothing that was there is touched"
    made = after.keys() - before.keys()
    assert not any(".partial-" in name for name in made)
    if told.code == 0:
        assert told.out.strip()
        assert told.err == ""
        check_answer(arguments, told.out)
    else:
        check_refusal(told)
        assert not made, "a refusal leaves nothing behind"
    for name in made:
        remove(place / name)
    return told.code


def check_answer(arguments: list[str], out: str) -> None:
    """Check that what was printed is what was asked for."""
    asked = [argument for argument in arguments if argument != "--debug"]
    if {"-h", "--help", "--version"} & set(asked):
        return
    if asked[0] == "run":
        if "--json" in asked:
            assert json.loads(out)["joint"]
        else:
            assert "Written to" in out
    marks = {
        "check": ": good. ",
        "schema": "$defs",
        "story": "simulated history",
        "plot": "Written to",
        "list": JANUARY,
    }
    command = asked[1] if asked[0] == "scenario" else asked[0]
    if "--unusual" in asked and out == "No run stands out from the others.\n":
        return
    assert marks.get(command, "") in out


def hostile(cases: Iterator[tuple[list[str], Callable[[], object]]], place: Path) -> Counter[int]:
    """Judge each case; return how often each exit code came. Name every case that fails."""
    codes: Counter[int] = Counter()
    for number, (arguments, describe) in enumerate(cases):
        try:
            codes[judged(arguments, place)] += 1
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            shown = [argument[:80] for argument in arguments]
            raise AssertionError(f"case {number}, {shown}: {error!r}\n{describe()}") from error
    return codes


# -- scenario files ----------------------------------------------------------------------------

NUMBERS = [
    *(b"nan", b"inf", b"-inf", b"-1", b"0", b"-0.0", b"0.5", b"2", b"1000000", b"1e308"),
    *(b"1e-308", b"5e-324", b"1e400", b"9" * 400, b"9" * 5000, b"0x7fffffffffffffff"),
]
VALUES = [
    *NUMBERS,
    *(b"true", b"false", b'""', b'"x"', b'"canada"', b"[]", b"[1, 2]", b"{}", b"[[[]]]"),
    *(b"{ value = 1 }", b'{ value = nan, unit = "1", definition = "x" }', b'["trust"]'),
    *(b"2026-01-05", b"2026-01-05T00:00:00Z", b"9999-12-31", b"0001-01-01", b"07:32:00"),
    *(b"[" * 3000 + b"]" * 3000, b'"' + b"x" * 5000 + b'"', '"é\u202e"'.encode(), b'"[/b]"'),
    *(b'"\\u0000"', b'"\\u001b[31m"', b'"two\\nlines"', b"{" * 500, b'"\\ud800"'),
]
SCRAPS = [
    *(b"\0", b"\xff\xfe", "é\u202e".encode(), b"\r", b"\x1b[31m", b"'''", b'"""', b"[", b"[x]"),
    *(b"= 1", b"\xf0\x9f\x92\xa9", b"\xef\xbb\xbf", b"#" * 2000),
]


def mutated(text: bytes, dice: random.Random) -> bytes:
    """Return a scenario file with one fault to three."""
    lines = text.split(b"\n")
    for _ in range(dice.choice([1, 1, 1, 2, 3])):
        fault = dice.choice(FAULTS)
        fault(lines, dice)
    return b"\n".join(lines)


def flipped_bit(lines: list[bytes], dice: random.Random) -> None:
    row = dice.choice([i for i, line in enumerate(lines) if line])
    line = bytearray(lines[row])
    line[dice.randrange(len(line))] ^= 1 << dice.randrange(8)
    lines[row] = bytes(line)


def dropped_line(lines: list[bytes], dice: random.Random) -> None:
    del lines[dice.randrange(len(lines) - 1)]


def doubled_line(lines: list[bytes], dice: random.Random) -> None:
    lines.insert(dice.randrange(len(lines)), dice.choice(lines))


def other_value(lines: list[bytes], dice: random.Random) -> None:
    row = dice.choice([i for i, line in enumerate(lines) if b"=" in line])
    lines[row] = lines[row].partition(b"=")[0] + b"= " + dice.choice(VALUES)


def other_number(lines: list[bytes], dice: random.Random) -> None:
    number = re.compile(rb"-?\d+\.?\d*")
    row = dice.choice([i for i, line in enumerate(lines) if number.search(line)])
    found = dice.choice(list(number.finditer(lines[row])))
    line = lines[row]
    lines[row] = line[: found.start()] + dice.choice(NUMBERS) + line[found.end() :]


def swapped_values(lines: list[bytes], dice: random.Random) -> None:
    rows = [i for i, line in enumerate(lines) if b"=" in line]
    one, other = dice.choice(rows), dice.choice(rows)
    (a, _, x), (b, _, y) = lines[one].partition(b"="), lines[other].partition(b"=")
    lines[one], lines[other] = a + b"=" + y, b + b"=" + x


def scrap_within(lines: list[bytes], dice: random.Random) -> None:
    row = dice.randrange(len(lines))
    cut = dice.randrange(len(lines[row]) + 1)
    lines[row] = lines[row][:cut] + dice.choice(SCRAPS) + lines[row][cut:]


FAULTS = [
    flipped_bit, dropped_line, doubled_line, other_value, other_value, other_number, other_number,
    swapped_values, scrap_within,
]  # fmt: skip


def spoilt_files(
    case: str, count: int, seed: int, place: Path, commands: list[list[str]]
) -> Iterator[tuple[list[str], Callable[[], object]]]:
    dice = random.Random(seed)
    whole = (CASES / f"{case}.toml").read_bytes()
    file = place / "mine.toml"
    for _ in range(count):
        file.write_bytes(mutated(whole, dice))
        yield (
            [word.replace("FILE", "mine.toml") for word in dice.choice(commands)],
            lambda: set(file.read_bytes().split(b"\n")) - set(whole.split(b"\n")),
        )


RUN_FILE = ["run", "FILE", *IN_BRIEF, "--json"]
READ_FILE = [
    ["scenario", action, "FILE", *more]
    for action, *more in (["check"], ["show"], ["show", "--numbers"], ["power"])
]


def test_fifteen_hundred_spoilt_pies_are_played_or_refused_in_words(elsewhere: Path):
    commands = [RUN_FILE, RUN_FILE, *READ_FILE, ["scenario", "solutions", "FILE"]]
    codes = hostile(spoilt_files(PIE, 1500, 1, elsewhere, commands), elsewhere)
    assert codes.keys() == {0, 2}
    assert min(codes.values()) > 50, "some faults do no harm"


def test_two_hundred_spoilt_january_cases_are_played_or_refused_in_words(elsewhere: Path):
    commands = [RUN_FILE, *READ_FILE]
    codes = hostile(spoilt_files(JANUARY, 200, 2, elsewhere, commands), elsewhere)
    assert codes.keys() == {0, 2}


# -- results -----------------------------------------------------------------------------------

JUNK: list[Any] = [
    *(None, True, False, 0, -1, 1.5, float("nan"), float("inf"), 10**30, "", "x", "canada"),
    *([], [1], {}, {"a": 1}, "x" * 3000, "two\nlines\x1b[31m", [[[]]]),
]


def files_under(directory: Path) -> list[Path]:
    return sorted(path for path in directory.rglob("*") if path.is_file())


def torn(result: Path, dice: random.Random) -> None:
    file = dice.choice(files_under(result))
    content = file.read_bytes()
    file.write_bytes(content[: dice.randrange(len(content))])


def missing(result: Path, dice: random.Random) -> None:
    remove(dice.choice([path for path in sorted(result.rglob("*")) if path.exists()]))


def garbled(result: Path, dice: random.Random) -> None:
    dice.choice(files_under(result)).write_bytes(dice.randbytes(200))


def one_bit_off(result: Path, dice: random.Random) -> None:
    file = dice.choice(files_under(result))
    content = bytearray(file.read_bytes())
    content[dice.randrange(len(content))] ^= 1 << dice.randrange(8)
    file.write_bytes(content)


def emptied_directory(result: Path, dice: random.Random) -> None:
    place = dice.choice([path for path in sorted(result.rglob("*")) if path.is_dir()])
    shutil.rmtree(place)
    place.mkdir()


def lie_in_json(file: Path, dice: random.Random) -> None:
    told = json.loads(file.read_text())
    node = told
    while True:
        key = dice.choice(list(node))
        if not (isinstance(node[key], dict) and node[key] and dice.random() < 0.8):
            break
        node = node[key]
    if dice.random() < 0.2:
        del node[key]
    else:
        node[key] = dice.choice([junk for junk in JUNK if junk != node[key]])
    file.write_text(json.dumps(told))


def lying_manifest(result: Path, dice: random.Random) -> None:
    lie_in_json(result / "manifest.json", dice)


def lying_store(result: Path, dice: random.Random) -> None:
    stores = [file for file in files_under(result) if file.name == "zarr.json"]
    lie_in_json(dice.choice(stores), dice)


def spoilt_table(result: Path, dice: random.Random) -> None:
    file = result / dice.choice(["outcomes.csv", "events.csv"])
    rows = [line.split(",") for line in file.read_text().splitlines()]
    column, row = dice.randrange(len(rows[0])), dice.randrange(1, len(rows))
    fault = dice.choice(["column gone", "row gone", "row twice", "header alone", "junk", "word"])
    if fault == "column gone":
        rows = [cells[:column] + cells[column + 1 :] for cells in rows]
    elif fault == "row gone":
        del rows[row]
    elif fault == "row twice":
        rows.insert(row, rows[row])
    elif fault == "header alone":
        del rows[1:]
    elif fault == "junk":
        rows[row][column] = dice.choice(["1e400", "9" * 50, "\0", "inf", "-7.25"])
    else:
        rows[0][column] += "x"
    file.write_text("\n".join(",".join(cells) for cells in rows) + "\n")


DAMAGES = [
    torn, missing, garbled, one_bit_off, emptied_directory, lying_manifest, lying_manifest,
    lying_store, spoilt_table, spoilt_table,
]  # fmt: skip


def damaged_results(
    count: int, seed: int, place: Path
) -> Iterator[tuple[list[str], Callable[[], object]]]:
    dice = random.Random(seed)
    whole = place / "whole"
    for _ in range(count):
        remove(place / "torn")
        shutil.copytree(whole, place / "torn")
        damage = dice.choice(DAMAGES)
        damage(place / "torn", dice)
        figure = ["plot", "torn", dice.choice(KINDS_OF_FIGURE), "--out", "figure.svg"]
        stories = [["story", "torn", *more] for more in ([], ["--run", "1"], ["--unusual", "2"])]
        yield dice.choice([*stories, figure]), lambda name=damage.__name__: name  # type: ignore[misc]


def test_two_hundred_damaged_results_are_all_refused(elsewhere: Path):
    assert ask("run", PIE, *IN_BRIEF, "--no-figures", "--out", "whole").code == 0
    assert ask("story", "whole").code == 0
    codes = hostile(damaged_results(220, 3, elsewhere), elsewhere)
    assert codes.keys() == {2}, "whoever reads a damaged result would believe it"
    assert ask("story", "whole").code == 0


# -- arguments ---------------------------------------------------------------------------------

WORDS = [
    *("", " ", "-", "--", "-1", "0", "1", "2", "3.5", "nan", "inf", "-inf", "1e9", "9" * 400, "x"),
    *("9" * 5000, "é\u202e", "\0", "a\nb", "\x1b[31m", "\udcff", "x" * 300, "٣", "..", "/", "~"),
    *("whole", "torn", "none", "mine.toml", "junk.toml", "loop.toml", "pipe.toml", "huge.toml"),
    *("mine.py", "bad.py", "pipe.py", "huge.py", "exits.py", "thesis.txt", "thesis.txt/below"),
    *("/dev/zero", "/dev/null", "/dev/full", "/proc/none", PIE, "split-a-pie", "pies", "dance"),
    *("canada", "pie", "weeks=2", "=", "weeks=", "=2", "weeks=-1", "weeks=1e9", "weeks=true"),
    *("focal=1", "issues.pie.benefit=nan", "issues.pie.benefit=[1.0, 2.0]", 'title="[/b]"'),
    *("without=[]", 'without=["trust"]', "countries.buyer.tactic=firm", "start=2026-01-06"),
    *("countries.buyer.tactic=odd", "issues.pie.benefit=1e308", "without=trust", "x.y.z=1"),
    *("countries.buyer.tactic=boom", "tables.pie.watchers={}", "sources={a = 1}", "lever=true"),
    *("--json", "--out", "--seed", "--runs", "--weeks", "--set", "--lever", "--strategies"),
    *("--unusual", "--run", "--table", "--quota", "--numbers", "--sed", "--help", "--debug"),
]  # fmt: skip
OPTIONS: dict[str, list[list[str]]] = {
    "run": [
        ["--seed", "7"], ["--seed", "-1"], ["--seed", "9" * 30], ["--json"], ["--no-figures"],
        ["--runs", "3"], ["--runs", "-3"], ["--runs", str(10**12)], ["--weeks", str(10**9)],
        ["--weeks", "4"], ["--weeks", "0"], ["--out", "new"], ["--out", "whole"],
        ["--out", "deep/new"], ["--out", "empty"], ["--strategies", "mine.py"],
        ["--lever", "x"], ["--set", "weeks=2"],
    ],
    "story": [["--run", "1"], ["--run", "-1"], ["--unusual", "1"], ["--unusual", "0"]],
    "plot": [["--run", "1"], ["--run", "9"], ["--table", "pie"], ["--out", "new.svg"],
             ["--out", "new.txt"], ["--out", "thesis.txt"], ["--out", "deep/new.png"]],
    "scenario": [["--numbers"], ["--quota", "0.5"], ["--quota", "1/0"],
                 ["--strategies", "mine.py"], ["--strategies", "bad.py"]],
}  # fmt: skip
STEMS = [
    *(["run"], ["run", PIE], ["run", "mine.toml"], ["story", "whole"], ["story", "torn"]),
    *(["plot", "whole", "outcomes"], ["plot", "whole", "dnace"], ["plot", "whole", "trade"]),
    *(["scenario", action, PIE] for action in ("check", "show", "solutions", "power")),
    *(["scenario", "list"], ["scenario", "chekc", PIE], ["scenario", "schema"], ["frobnicate"]),
]


def argument_vectors(count: int, seed: int) -> Iterator[tuple[list[str], Callable[[], object]]]:
    dice = random.Random(seed)
    for _ in range(count):
        arguments = list(dice.choice(STEMS))
        for option in dice.choices(OPTIONS.get(arguments[0], [[]]), k=dice.choice([0, 1, 1, 2])):
            arguments += option
        for _ in range(dice.choice([0, 0, 0, 1, 1, 2])):
            at = dice.randrange(len(arguments) + 1)
            arguments[at : at + dice.randrange(2)] = [dice.choice(WORDS)]
        if dice.random() < 0.1:
            del arguments[dice.randrange(len(arguments))]
        yield arguments, lambda: ""


STRATEGIES = {
    "mine.py": "@tactic('odd', one_run=True)\ndef odd(view): return view.best\n",
    "bad.py": "1 / 0\n",
    "exits.py": "exit()\n",
}


def furnish(place: Path) -> None:
    """Put good files and hostile ones into a directory."""
    for name, text in STRATEGIES.items():
        (place / name).write_text(f"from negotiate_abm import tactic\n{text}")
    (place / "mine.toml").write_bytes((CASES / f"{PIE}.toml").read_bytes())
    (place / "junk.toml").write_bytes(bytes(range(256)))
    (place / "thesis.txt").write_text("years of work")
    (place / "empty").mkdir()
    (place / "loop.toml").symlink_to("loop.toml")
    for name in ("pipe.toml", "pipe.py"):
        os.mkfifo(place / name)
    for name in ("huge.toml", "huge.py"):
        with (place / name).open("wb") as file:
            file.truncate(2**31)
    assert ask("run", PIE, *IN_BRIEF, "--no-figures", "--out", "whole").code == 0
    shutil.copytree(place / "whole", place / "torn")
    (place / "torn" / "outcomes.csv").write_text("run\n")


def test_five_hundred_argument_vectors_are_answered_or_refused_in_words(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
):
    furnish(elsewhere)
    monkeypatch.setattr(cli, "DEFAULT_RUNS", 2)
    monkeypatch.setattr(cli, "DEFAULT_CASE", PIE)
    monkeypatch.setattr("negotiate_abm.plotting.gallery.Plots.all", lambda *_: iter(()))
    codes = hostile(argument_vectors(500, 4), elsewhere)
    assert codes.keys() == {0, 2}
    assert min(codes.values()) > 50, "some of them ask for what can be done"


# -- strategies --------------------------------------------------------------------------------


def play_with(elsewhere: Path, text: str, name: str = "mine.py") -> Told:
    (elsewhere / name).write_text(f"from negotiate_abm import tactic\n{text}")
    used = ("--set", "countries.buyer.tactic=odd", "--strategies", name)
    told = ask("run", PIE, *IN_BRIEF, "--json", *used)
    assert [entry.name for entry in elsewhere.iterdir()] == [name]
    return told


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 / 0", "mine.py, line 2: got ZeroDivisionError: division by zero; expected a file"),
        ("exit()", "mine.py, line 2: got SystemExit"),
        ("import mine", "got ModuleNotFoundError"),
        ("def f(): f()\nf()", "got RecursionError"),
        ("raise ValueError('a\\nb')", "got ValueError: a b; expected a file"),
        ("@tactic\ndef odd(view): return view.best", "got <function odd at"),
        ("tactic('odd')(3)", "tactic 'odd': got 3; expected a function of a view."),
        ("\0", "source code string cannot contain null bytes; expected a file"),
        ("tactic = None\ntactic('odd')", "got TypeError: 'NoneType' object is not callable"),
    ],
)
def test_a_strategies_file_that_does_harm_is_refused_where_it_does(
    elsewhere: Path, text: str, expected: str
):
    assert expected in play_with(elsewhere, text).refused()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return None", "tactic 'odd' returned None; expected one finite number for each of 2"),
        ("return 'much'", "tactic 'odd' returned 'much'; expected one finite number"),
        (
            "return [1.0] * 3",
            "tactic 'odd' returned values of shape (3,); expected one finite number",
        ),
        ("return view.best * float('nan')", "tactic 'odd' returned nan in some run; expected"),
        ("return view.best > view.own_last.tolist()[99]", "tactic 'odd' raised IndexError: "),
        ("import sys; sys.exit(0)", "tactic 'odd' asked to exit ("),
        ("return odd(view)", "tactic 'odd' raised RecursionError: "),
        ("return view.rservation", "tactic 'odd' asked its view for 'rservation' ("),
        ("return view.rservation", "clock, reservation, best, exponent, own_last, received_first"),
        ("return view.rservation", "Did you mean 'reservation'?"),
        ("return view.best.maen()", "tactic 'odd' raised AttributeError: 'numpy.ndarray' object"),
    ],
)
def test_a_rule_that_answers_nonsense_is_named(elsewhere: Path, body: str, expected: str):
    told = play_with(elsewhere, f"@tactic('odd')\ndef odd(view):\n    {body}\n")
    assert expected in told.refused()


def test_what_a_strategies_file_prints_is_no_part_of_the_object_asked_for(elsewhere: Path):
    rule = "print('here')\n@tactic('odd')\ndef odd(view):\n    print('now')\n    return view.best\n"
    told = play_with(elsewhere, rule)
    assert json.loads(told.out)["runs"] == 2
    assert told.err.startswith("here\nnow\n")


def test_what_a_rule_prints_is_no_part_of_what_is_asked_for_where_a_run_is_replayed(
    elsewhere: Path,
):
    (elsewhere / "mine.py").write_text(
        "from negotiate_abm import tactic\n"
        "@tactic('odd')\ndef odd(view):\n    print('now')\n    return view.best\n"
    )
    mine = ("--strategies", "mine.py")
    used = ("run", PIE, *IN_BRIEF, "--set", "countries.buyer.tactic=odd", *mine)
    played = ask(*used, "--json", "--no-figures", "--out", "data")
    told = ask(*used, "--json", "--out", "place")
    assert json.loads(told.out) == json.loads(played.out)
    assert told.err.count("now") > played.err.count("now"), "to draw the dance, a run is replayed"
    told = ask(*used, "--out", "another")
    assert "Written to another/" in told.out
    assert "now" not in told.out.split()
    told = ask("plot", "place", "dance", *mine)
    assert (told.code, told.out) == (0, "Written to dance.png\n")
    assert "now\n" in told.err
    for which in ((), ("--run", "1"), ("--unusual", "2")):
        told = ask("story", "place", *which, *mine)
        assert told.code == 0
        assert "now" not in told.out.splitlines()


def test_a_strategies_file_may_hold_a_dataclass(elsewhere: Path):
    text = (
        "from __future__ import annotations\nfrom dataclasses import dataclass\n"
        "from negotiate_abm import tactic\n@dataclass\nclass Mood:\n    calm: float = 1.0\n"
        "@tactic('odd')\ndef odd(view): return view.best * Mood().calm\n"
    )
    (elsewhere / "moody.py").write_text(text)
    load_strategies("moody.py")
    assert "odd" in tactics


def test_a_story_of_a_strategy_of_ones_own_is_told_with_its_file(elsewhere: Path):
    (elsewhere / "mine.py").write_text(f"from negotiate_abm import tactic\n{STRATEGIES['mine.py']}")
    mine = ("--strategies", "mine.py")
    used = ("--set", "countries.buyer.tactic=odd", *mine, "--no-figures", "--out", "place")
    assert ask("run", PIE, *IN_BRIEF, *used).code == 0
    assert "simulated history" in ask("story", "place", *mine).out
    assert ask("plot", "place", "dance", *mine).code == 0
    tactics._strategies.pop("odd")
    assert (
        "countries.buyer.tactic: got 'odd'; expected a registered"
        in ask("story", "place").refused()
    )
    for command in (("story", "place"), ("plot", "place", "dance", "--out", "again.png")):
        assert (
            "own, register it first; on the command line, give --strat" in ask(*command).refused()
        )


def test_a_case_that_names_a_strategy_of_ones_own_is_told_what_is_missing(elsewhere: Path):
    text = (CASES / f"{PIE}.toml").read_text(encoding="utf-8")
    text = text.replace("[countries.buyer]\n", '[countries.buyer]\ntactic = "odd"\n')
    (elsewhere / "own.toml").write_text(text, encoding="utf-8")
    (elsewhere / "mine.py").write_text(f"from negotiate_abm import tactic\n{STRATEGIES['mine.py']}")
    mine = ("--strategies", "mine.py")
    assert ask("run", "own.toml", *IN_BRIEF, *mine, "--no-figures", "--out", "place").code == 0
    tactics._strategies.pop("odd")
    commands = (("story", "place"), ("plot", "place", "dance"), ("scenario", "check", "own.toml"))
    for command in commands:
        told = ask(*command).refused()
        assert "got " in told
        assert "'odd'" in told
        assert "give --strategies FILE.py." in told


# -- in Python ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["levers", "overrides"])
@pytest.mark.parametrize("given", [["parallel_arrangement"], "weeks", 3, ("a", "b")], ids=repr)
def test_levers_and_overrides_are_mappings(kind: str, given: Any):
    told = f"{kind}: got {given!r}; expected a mapping of names to values."
    with pytest.raises(RunError, match=re.escape(told)):
        negotiate_abm.run(runs=1, weeks=1, **{kind: given})


@pytest.mark.parametrize("first", ["x", None, 1.5, True, -1, [0]], ids=repr)
def test_the_first_run_is_a_whole_number(first: Any):
    told = f"first_run: got {first!r}; expected a whole number from 0. Give one."
    with pytest.raises(RunError, match=re.escape(told)):
        negotiate_abm.run(PIE, runs=1, weeks=1, first_run=first)


@pytest.mark.parametrize("case", [3, None, 1.5, ["split-the-pie"], b"split-the-pie"], ids=repr)
def test_a_case_is_a_name_a_path_or_a_scenario(case: Any):
    with pytest.raises(NegotiateError, match="expected a bundled case, a path or a Scenario"):
        negotiate_abm.run(case, runs=1, weeks=1)


@pytest.mark.parametrize("number", [5e-324, 1e-300, 1e31, 1e308])
def test_a_number_out_of_all_proportion_is_refused_before_it_overflows(number: float):
    key = "issues.pie.ladder.all.level" if number < 1 else "issues.pie.benefit"
    with pytest.raises(NegotiateError, match=r"expected 0, or a number between 1e-30 and 1e\+30"):
        negotiate_abm.load_scenario(PIE, {key: number})


def test_a_tactic_that_is_no_name_is_refused():
    with pytest.raises(StrategyError, match="expected text"):
        negotiate_abm.tactic(3)  # type: ignore[arg-type]


# -- files that are none -----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["loop.toml", "pipe.toml", "huge.toml", "empty", "/dev/zero"])
@pytest.mark.parametrize("command", [["run"], ["scenario", "check"]], ids=" ".join)
def test_what_is_no_scenario_file_is_refused_at_once(
    elsewhere: Path, name: str, command: list[str]
):
    furnish(elsewhere)
    started = time.monotonic()
    assert f"{name}: file: got " in ask(*command, name).refused()
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("name", ["pipe.py", "huge.py", "loop.py", "empty"])
def test_what_is_no_strategies_file_is_refused_at_once(elsewhere: Path, name: str):
    furnish(elsewhere)
    (elsewhere / "loop.py").symlink_to("loop.py")
    started = time.monotonic()
    assert name in ask("run", PIE, *IN_BRIEF, "--strategies", name).refused()
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("name", ["manifest.json", "outcomes.csv", "trajectories.zarr"])
@pytest.mark.parametrize("instead", ["loop", "pipe", "zero", "huge", "directory"])
def test_a_part_of_a_result_that_is_no_file_is_refused(elsewhere: Path, name: str, instead: str):
    assert ask("run", PIE, *IN_BRIEF, "--no-figures", "--out", "torn").code == 0
    part = elsewhere / "torn" / name
    remove(part)
    if instead == "pipe":
        os.mkfifo(part)
    elif instead == "huge":
        with part.open("wb") as file:
            file.truncate(2**31 if name == "manifest.json" else 2**26)
    elif instead == "directory":
        part.mkdir()
    else:
        part.symlink_to(name if instead == "loop" else "/dev/zero")
    assert f"a {name} " in (told := ask("story", "torn").refused()) or f"readable {name} " in told


def test_a_link_within_a_result_is_not_followed_round_and_round(elsewhere: Path):
    assert ask("run", PIE, *IN_BRIEF, "--no-figures", "--out", "torn").code == 0
    (elsewhere / "torn" / "trajectories.zarr" / "up").symlink_to("..")
    assert "no readable trajectories.zarr (a link within)" in ask("story", "torn").refused()


def test_an_unreadable_file_is_refused(elsewhere: Path, monkeypatch: pytest.MonkeyPatch):
    (elsewhere / "mine.toml").write_bytes((CASES / f"{PIE}.toml").read_bytes())

    def denied(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr("pathlib.Path.open", denied)
    assert ask("run", "mine.toml").refused() == (
        "mine.toml: file: got Permission denied; expected a readable TOML file. Check the path."
    )


def test_a_result_of_a_version_with_another_form_is_refused(elsewhere: Path):
    result = negotiate_abm.run(PIE, runs=2, weeks=2)
    result.manifest["scenario"]["no_such_section"] = {}
    result.save("place")
    with pytest.raises(ResultError, match=r"a manifest\.json of a version with another form"):
        Result.load("place")


def test_a_saved_value_that_was_changed_is_not_believed(elsewhere: Path):
    negotiate_abm.run(PIE, runs=2, weeks=2).save("place")
    table = elsewhere / "place" / "outcomes.csv"
    table.write_text(table.read_text().replace("0.0", "0.5", 1))
    assert ask("story", "place").refused() == (
        "place: got a outcomes.csv that was changed since; expected a directory written by "
        "Result.save. Restore it from a copy, or run it again."
    )


# -- in a process of its own -------------------------------------------------------------------

BASH = shutil.which("bash") or "/bin/bash"
COMMAND = [sys.executable, "-W", "error::RuntimeWarning", "-m", "negotiate_abm"]


def shell(line: str, **changed: str | None) -> Told:
    """Let a shell run a line, in which NEGOTIATE is the command line."""
    environment = {**os.environ, **{k: v for k, v in changed.items() if v is not None}}
    for name in (name for name, value in changed.items() if value is None):
        environment.pop(name, None)
    done = subprocess.run(
        [BASH, "-c", line.replace("NEGOTIATE", " ".join(COMMAND))],
        capture_output=True, text=True, errors="replace", timeout=60, check=False, env=environment,
    )  # fmt: skip
    return Told(done.returncode, done.stdout, done.stderr)


PLAY = f"NEGOTIATE run {PIE} --runs 2 --weeks 3"


def test_a_full_disk_midway_leaves_nothing_behind(elsewhere: Path):
    (elsewhere / "thesis.txt").write_text("years of work")
    told = shell(f"ulimit -f 4; {PLAY} --out place")
    assert "place: got File too large; expected a directory" in told.refused()
    assert [entry.name for entry in elsewhere.iterdir()] == ["thesis.txt"]


def test_a_figure_on_a_full_disk_leaves_nothing_behind(elsewhere: Path):
    assert ask("run", PIE, *IN_BRIEF, "--no-figures", "--out", "place").code == 0
    told = shell("ulimit -f 4; NEGOTIATE plot place outcomes")
    assert "outcomes.png: got File too large; expected a directory" in told.refused()
    assert [entry.name for entry in elsewhere.iterdir()] == ["place"]


@pytest.mark.parametrize("line", [f"{PLAY} --json", "NEGOTIATE scenario list", "NEGOTIATE --help"])
def test_output_to_a_full_disk_is_told_so(line: str):
    told = shell(f"{line} > /dev/full")
    assert "the output cannot be written: No space left on device" in told.refused()


def test_a_closed_standard_output_is_told_so_before_any_run(elsewhere: Path):
    assert "standard output: got a closed one" in shell(f"{PLAY} --out place >&-").refused()
    assert list(elsewhere.iterdir()) == []


def test_a_closed_standard_error_takes_no_file_with_it(elsewhere: Path):
    told = shell(f"{PLAY} --no-figures --out place 2>&- <&-")
    assert told.code == 0
    assert Result.load("place").manifest["runs"] == 2
    assert shell("NEGOTIATE run nowhere.toml 2>&-").code == 2


@pytest.mark.parametrize(
    "changed",
    [
        {"HOME": None}, {"HOME": "/proc/none"}, {"TERM": "dumb"}, {"COLUMNS": "20"},
        {"COLUMNS": "1"}, {"COLUMNS": "x"}, {"LANG": "C", "LC_ALL": "C"}, {"PATH": ""},
    ],
    ids=str,
)  # fmt: skip
def test_a_bare_surrounding_changes_nothing(elsewhere: Path, changed: dict[str, str | None]):
    told = shell(f"{PLAY} --no-figures --out place", **changed)
    assert (told.code, told.err) == (0, "")
    assert "place/" in "".join(told.out.split())


@pytest.mark.parametrize("out", ["/proc/none", "/dev/null/none", "/proc/self/fd/none"])
def test_a_place_that_takes_no_files_is_told_so(out: str):
    assert f"{out}: got " in ask("run", PIE, *IN_BRIEF, "--out", out).refused()


def test_a_working_directory_that_is_gone_is_told_so(elsewhere: Path):
    told = shell(f"mkdir gone; cd gone; rmdir ../gone; {PLAY} --out place")
    assert "place: got " in told.refused()


# What happens at a moment is told to the process, which then signals itself: no clock is raced.
AT_A_MOMENT = """
import os, shutil, signal, sys
import {module}
from negotiate_abm.cli import main
there, times = getattr({owner}, {name!r}), [0]
def interrupting(*given, **named):
    times[0] += 1
    if times[0] == {turn}:
        os.kill(os.getpid(), signal.{kind})
    return there(*given, **named)
setattr({owner}, {name!r}, interrupting)
removed = shutil.rmtree
def once_more(*given, **named):
    os.kill(os.getpid(), signal.SIGINT)  # the impatient second Ctrl-C
    return removed(*given, **named)
shutil.rmtree = once_more
sys.argv[1:] = ["run", "split-the-pie", "--runs", "2", "--weeks", "3", "--out", "new/place"]
raise SystemExit(main())
"""
MOMENTS = {
    "at play": ("negotiate_abm.model", "negotiate_abm.model.NegotiationModel", "step", 2),
    "as it begins": ("negotiate_abm.simulation", "negotiate_abm.simulation", "run", 1),
    "at saving": ("xarray", "xarray.Dataset", "to_zarr", 1),
    "late in saving": ("pandas", "pandas.DataFrame", "to_csv", 2),
    "at a figure": ("matplotlib.figure", "matplotlib.figure.Figure", "savefig", 2),
    "at the last": ("pathlib", "pathlib.Path", "rename", 3),
}


@pytest.mark.parametrize("kind", ["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_signal_leaves_nothing_half_written(elsewhere: Path, moment: str, kind: str):
    module, owner, name, turn = MOMENTS[moment]
    text = AT_A_MOMENT.format(module=module, owner=owner, name=name, turn=turn, kind=kind)
    done = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == (130 if kind == "SIGINT" else 143), done.stderr
    assert done.stderr == "stopped; nothing was written\n"
    assert done.stdout == ""
    assert list(elsewhere.iterdir()) == []


def test_an_interrupt_while_the_report_is_printed_says_where_the_result_is(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
):
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("negotiate_abm.report.report", interrupted)
    told = ask("run", PIE, *IN_BRIEF, "--no-figures", "--out", "place")
    assert (told.code, told.err) == (130, "stopped; the result is in place/\n")
    assert Result.load("place").manifest["runs"] == 2


@pytest.mark.parametrize("out", [("--no-figures", "--out", "place"), ()])
def test_an_interrupt_while_the_object_is_printed_says_where_the_result_is(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch, out: tuple[str, ...]
):
    class Interrupting(io.StringIO):
        def write(self, _: str) -> int:
            raise KeyboardInterrupt

    err = io.StringIO()
    with contextlib.redirect_stdout(Interrupting()), contextlib.redirect_stderr(err):
        assert cli.main(["run", PIE, *IN_BRIEF, "--json", *out]) == 130
    where = "the result is in place/" if out else "nothing was written"
    assert err.getvalue() == f"stopped; {where}\n"
    assert (elsewhere / "place" / "manifest.json").is_file() == bool(out)


def test_an_interrupt_lost_in_a_callback_is_not_lost(elsewhere: Path):
    text = (
        "import os, signal, sys, weakref\n"
        "import negotiate_abm.simulation as simulation\n"
        "from negotiate_abm.cli import main\n"
        "class Thing: pass\n"
        "def run(*given, **named):\n"
        "    thing = Thing()\n"
        "    kept = weakref.ref(thing, lambda _: os.kill(os.getpid(), signal.SIGINT))\n"
        "    del thing\n"
        "    while True: pass\n"
        "simulation.run = run\n"
        "sys.argv[1:] = ['run', '--out', 'place']\n"
        "raise SystemExit(main())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (130, "stopped; nothing was written\n")
    assert list(elsewhere.iterdir()) == []


def test_a_signal_held_back_comes_through_after(elsewhere: Path):
    (elsewhere / "part").mkdir()

    def interrupted_as_it_tidies() -> None:
        with undisturbed():
            os.kill(os.getpid(), signal.SIGINT)
            take_back([elsewhere / "part"], [])

    with pytest.raises(KeyboardInterrupt):
        interrupted_as_it_tidies()
    assert list(elsewhere.iterdir()) == []


# -- a file whole or not at all ----------------------------------------------------------------


@pytest.fixture(params=["with second names", "without"])
def file_system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write to a file system that knows hard links, and to one that does not."""

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    if request.param == "without":
        monkeypatch.setattr("os.link", refuse)


def test_a_file_written_whole_is_all_there_is(elsewhere: Path, file_system: None):
    write_whole(elsewhere / "new.txt", lambda part: part.write_text("whole"))
    assert [(entry.name, entry.read_text()) for entry in elsewhere.iterdir()] == [
        ("new.txt", "whole")
    ]
    assert (elsewhere / "new.txt").stat().st_nlink == 1


@pytest.mark.parametrize("kind", ["file", "directory", "link to nothing"])
def test_what_is_put_there_in_the_meantime_is_left(elsewhere: Path, file_system: None, kind: str):
    place = elsewhere / "thesis.txt"

    def write(part: Path) -> None:
        part.write_text("a figure")
        if kind == "file":
            place.write_text("years of work")
        elif kind == "directory":
            place.mkdir()
        else:
            place.symlink_to("nowhere")

    with pytest.raises(ResultError, match="got a file that exists; expected a new one"):
        write_whole(place, write)
    assert list(elsewhere.iterdir()) == [place], "what was half-written is taken back"
    assert place.is_symlink() or place.is_dir() or place.read_text() == "years of work"
