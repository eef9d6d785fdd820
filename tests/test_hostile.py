"""Whatever it is given, the command line answers: with what was asked, or one line on what is wrong.

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
from negotiate_abm import cli
from negotiate_abm.errors import NegotiateError, ResultError, RunError, StrategyError
from negotiate_abm.files import take_back, undisturbed
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
    assert len(lines) <= cli.MOST_LINES, told.err
    assert max(map(len, lines)) <= cli.LONGEST_LINE + 10, told.err
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


def test_five_hundred_spoilt_pies_are_played_or_refused_in_words(elsewhere: Path):
    commands = [RUN_FILE, RUN_FILE, *READ_FILE, ["scenario", "solutions", "FILE"]]
    codes = hostile(spoilt_files(PIE, 500, 1, elsewhere, commands), elsewhere)
    assert codes.keys() == {0, 2}
    assert min(codes.values()) > 50, "some faults do no harm"


def test_a_hundred_spoilt_january_cases_are_played_or_refused_in_words(elsewhere: Path):
    commands = [RUN_FILE, *READ_FILE]
    codes = hostile(spoilt_files(JANUARY, 100, 2, elsewhere, commands), elsewhere)
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


def argument_vectors(
    count: int, seed: int
) -> Iterator[tuple[list[str], Callable[[], object]]]:
    dice = random.Random(seed)
    for _ in range(count):
        arguments = list(dice.choice(STEMS))
        for option in dice.choices(OPTIONS.get(arguments[0], [[]]), k=dice.randrange(4)):
            arguments += option
        for _ in range(dice.choice([0, 0, 1, 1, 2])):
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
    assert min(codes.values()) > 100
