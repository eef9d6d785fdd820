"""The command line: what it prints, what it refuses, and how it says so."""

import errno
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from negotiate_abm import __version__, errors
from negotiate_abm.cli import main
from negotiate_abm.mechanisms.tactics import tactics
from negotiate_abm.plotting.gallery import FIGURES
from negotiate_abm.scenario.loader import load_scenario
from negotiate_abm.simulation import run

JANUARY = "carney-beijing-2026"
PIE = "split-the-pie"
JANUARY_IN_BRIEF = ("run", "--runs", "20", "--weeks", "8")
PIE_IN_BRIEF = ("run", PIE, "--runs", "4", "--weeks", "24")
RESULT_FILES = {
    "trajectories.zarr", "outcomes.csv", "events.csv", "manifest.json", "report.md",
    "concessions.png", "dance.png", "outcomes.png", "trust.png",
}  # fmt: skip
BUYER_WANTS = "tables.pie.reservation.buyer"
CAUTIOUS = """
from negotiate_abm import tactic

@tactic("cautious_in_test", one_run=True)
def cautious(view):
    return view.best if view.clock < 0.9 else view.reservation
"""

Run = Callable[..., "Told"]


class Told:
    """What a command printed, and its exit code."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def json(self) -> dict[str, Any]:
        assert self.code == 0, self.err
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found

    def refused(self) -> str:
        """The one message of a refusal: exit code 2, nothing on standard output."""
        assert self.code == 2
        assert self.out == ""
        assert "Traceback" not in self.err
        message = self.err.strip()
        assert message
        return message


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty directory, forget strategies registered, leave git's index alone."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_OPTIONAL_LOCKS", "0")
    monkeypatch.setattr(tactics, "_strategies", dict(tactics._strategies))
    return tmp_path


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Run:
    """Call the command line in this process."""

    def call(*arguments: object) -> Told:
        capsys.readouterr()
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as stopped:
            code = stopped.code if isinstance(stopped.code, int) else 1
        return Told(code, *capsys.readouterr())

    return call


def shell(*arguments: object, encoding: str = "utf-8") -> Told:
    """Call the command line in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "negotiate_abm", *(str(argument) for argument in arguments)],
        capture_output=True,
        encoding=encoding,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": encoding},
    )
    return Told(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail the test if a model is built."""

    def refuse(*_: object) -> None:
        raise AssertionError("a model was built")

    monkeypatch.setattr("negotiate_abm.simulation.NegotiationModel", refuse)


def case_text(name: str) -> str:
    cases = resources.files("negotiate_abm.scenario") / "cases"
    return (cases / f"{name}.toml").read_text(encoding="utf-8")


def everything_under(directory: Path) -> dict[str, bytes | None]:
    return {
        str(found.relative_to(directory)): found.read_bytes() if found.is_file() else None
        for found in directory.rglob("*")
    }


# -- run --json ------------------------------------------------------------------------------


def test_json_is_one_object_of_the_promised_shape(cli: Run):
    told = cli(*JANUARY_IN_BRIEF, "--seed", 3, "--json").json
    scenario = load_scenario(JANUARY)
    keys = ["case", "runs", "weeks", "seed", "version", "overrides", "issues", "watchers", "joint"]
    assert list(told) == keys
    assert [told[key] for key in keys[:6]] == [JANUARY, 20, 8, 3, __version__, {}]
    assert list(told["issues"]) == list(scenario.issues)
    for name, found in told["issues"].items():
        assert found.keys() == {"level", "reached"}
        level = found["level"]
        assert level.keys() == {"mean", "q05", "q50", "q95"}
        assert 0 <= level["q05"] <= level["q50"] <= level["q95"] <= 1
        assert 0 <= level["mean"] <= 1
        assert list(found["reached"]) == list(scenario.issues[name].ladder)
        for rung in found["reached"].values():
            assert rung.keys() == {"probability", "by_week"}
            assert len(rung["by_week"]) == 8
            assert rung["by_week"] == sorted(rung["by_week"]), "a rung once reached stays reached"
            assert rung["probability"] == rung["by_week"][-1]
    assert told["watchers"].keys() == {"united_states", "china"}
    assert all(found.keys() == {"threatened", "punished"} for found in told["watchers"].values())
    assert told["joint"].keys() == {"relief_without_punishment"}
    found = [*told["watchers"].values(), told["joint"]]
    shares = [share for kinds in found for share in kinds.values()]
    assert all(isinstance(share, float) and 0 <= share <= 1 for share in shares)


def test_a_higher_rung_is_never_reached_more_often_than_a_lower_one(cli: Run):
    for issue in cli(*JANUARY_IN_BRIEF, "--json").json["issues"].values():
        by_rung = np.array([rung["by_week"] for rung in issue["reached"].values()])
        assert (np.diff(by_rung, axis=0) <= 0).all()


def test_json_is_all_there_is_on_standard_output_and_nothing_is_written(elsewhere: Path):
    told = shell(*JANUARY_IN_BRIEF, "--json")
    assert told.json["case"] == JANUARY
    assert told.out.startswith("{")
    assert told.out.endswith("}\n")
    assert told.err.strip() == ""
    assert list(elsewhere.iterdir()) == []


def test_a_process_of_its_own_finds_the_same_numbers(cli: Run):
    assert shell(*PIE_IN_BRIEF, "--json").json == cli(*PIE_IN_BRIEF, "--json").json


def test_json_needs_no_number_that_json_does_not_have(cli: Run):
    told = cli(*JANUARY_IN_BRIEF, "--json").out
    assert "NaN" not in told
    assert "Infinity" not in told


def test_the_same_seed_gives_the_same_numbers_and_another_seed_others(cli: Run):
    one, again, other = (
        cli(*JANUARY_IN_BRIEF, "--seed", seed, "--json").json for seed in (1, 1, 2)
    )
    assert one == again
    assert one["issues"] != other["issues"]


def test_without_a_seed_the_seed_is_one(cli: Run):
    assert cli(*PIE_IN_BRIEF, "--json").json["seed"] == 1


def test_without_weeks_the_case_says_how_many(cli: Run):
    assert cli("run", PIE, "--runs", 2, "--json").json["weeks"] == load_scenario(PIE).weeks


def test_a_file_runs_like_a_bundled_case(cli: Run, elsewhere: Path):
    (elsewhere / "mine.toml").write_text(case_text(PIE))
    mine = cli("run", "mine.toml", *PIE_IN_BRIEF[2:], "--json").json
    assert mine.pop("case") == "mine"
    bundled = cli(*PIE_IN_BRIEF, "--json").json
    bundled.pop("case")
    assert mine == bundled


# -- run --set ---------------------------------------------------------------------------------


def test_set_changes_what_happens(cli: Run):
    def level(*more: str) -> float:
        found = cli(*PIE_IN_BRIEF, *more, "--json").json
        return float(found["issues"]["pie"]["level"]["mean"])

    assert level("--set", f"{BUYER_WANTS}=0.8") > level() > 0.2


def test_set_of_a_name_changes_what_happens(cli: Run):
    firm = "countries.china.tactic=firm"
    told = cli(*JANUARY_IN_BRIEF, "--json").json
    assert cli(*JANUARY_IN_BRIEF, "--set", firm, "--json").json["issues"] != told["issues"]


def test_set_may_be_repeated_and_the_last_word_counts(cli: Run):
    sets = ("--set", "weeks=3", "--set", f"{BUYER_WANTS}=0.8", "--set", " weeks = 5 ")
    told = cli("run", PIE, "--runs", 2, *sets, "--json").json
    assert told["weeks"] == 5


def test_set_with_an_unknown_key_names_the_nearest(cli: Run, no_model: None):
    message = cli(*JANUARY_IN_BRIEF, "--set", "countries.canda.gdp=1", "--json").refused()
    assert "countries.canda.gdp=1: got 'canda'" in message
    assert "Did you mean 'canada'?" in message


@pytest.mark.parametrize("text", ["weeks", "=5", " =5", ""])
def test_set_without_key_and_equals_is_told_the_form(cli: Run, no_model: None, text: str):
    message = cli(*PIE_IN_BRIEF, "--set", text, "--json").refused()
    assert f"--set: got '{text}'; expected KEY=VALUE" in message


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("issues.pie.benefit=much", "got 'much'; expected a number in C$bn/yr. Give a plain one."),
        ("issues.pie.benefit=", "got ''; expected a number in C$bn/yr. Give a plain one."),
        (
            "issues.pie=1",
            "got the name of a whole section; expected that of one value in it. "
            "Valid names: beneficiary, benefit, ",
        ),
        ("countries.buyer.tactic=boulwere", "Did you mean 'boulware'?"),
        ("countries.buyer.gdp=-1", "above 0, not -1"),
        ("countries.buyer.gdp=nan", "finite number"),
        ("weeks=0", "expected a number of at least 1."),
        (
            "issues.pie.benefit=[1, 2, 3]",
            "got [1, 2, 3]; expected one finite number for each of 4 runs.",
        ),
    ],
)
def test_set_with_a_bad_value_says_what_was_expected(
    cli: Run, no_model: None, text: str, told: str
):
    assert told in cli(*PIE_IN_BRIEF, "--set", text, "--json").refused()


def test_set_of_a_tactic_may_set_what_it_reads_too(cli: Run):
    mixed = ("--set", "countries.china.imitation=1.0", "--set", "countries.china.tactic=mixed")
    assert cli(*JANUARY_IN_BRIEF, *mixed, "--json").code == 0
    assert cli(*JANUARY_IN_BRIEF, *mixed[:2], "--json").refused() == (
        "override countries.china.imitation=1.0: got 'imitation', which this scenario leaves out "
        "or no rule of it reads; expected the name of a number it has. Give it in the file, or "
        "switch on what reads it."
    )


def test_a_mechanism_may_be_switched_off(cli: Run, elsewhere: Path):
    off = ("--set", 'without=["trust", "canada_us"]')
    told = cli(*JANUARY_IN_BRIEF, *off, "--out", "place", "--json").json
    assert told["issues"].keys() < load_scenario(JANUARY).issues.keys()
    manifest = json.loads((elsewhere / "place" / "manifest.json").read_text())
    assert manifest["overrides"] == {"without": ["trust", "canada_us"]}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('without=["trsut"]', "without: got 'trsut'; expected a mechanism or a table. "
                              "Did you mean 'trust'?"),
        ("without=trust", "without: got 'trust'; expected a list. Write it in brackets: "
                          "'without=[\"trust\"]'."),
        ("without=[trust, wedge]", "Write it in brackets: 'without=[\"trust\", \"wedge\"]'."),
        ("without=3", "without: got 3; expected a list. Write it in brackets: 'without=[...]'."),
        ("without=[1]", "without: got [1]; expected one finite number for each of 20 runs."),
        ('without=["canada_china", "canada_us", "us_china"]',
         "without: got every table; expected at least one table left."),
    ],
)  # fmt: skip
def test_what_cannot_be_switched_off_is_refused(cli: Run, no_model: None, text: str, told: str):
    assert told in cli(*JANUARY_IN_BRIEF, "--set", text, "--json").refused()


# -- run --lever -------------------------------------------------------------------------------

HOSTILITY = "tables.canada_china.watchers.united_states.hostility"


def test_a_lever_is_the_overrides_it_stands_for(cli: Run, elsewhere: Path):
    pulled = ("--lever", "parallel_arrangement", "--lever", "initial_trust=0.9")
    told = cli(*JANUARY_IN_BRIEF, *pulled, "--out", "place", "--json").json
    found = json.loads((elsewhere / "place" / "manifest.json").read_text())["overrides"]
    assert found == {
        "arrangements.other_buyers.active": True,
        "countries.canada.trust.china": 0.9,
        "countries.china.trust.canada": 0.9,
    }
    sets = [part for key, value in found.items() for part in ("--set", f"{key}={value}".lower())]
    assert cli(*JANUARY_IN_BRIEF, *sets, "--json").json == told


def test_a_lever_set_false_is_left(cli: Run):
    left = cli(*JANUARY_IN_BRIEF, "--lever", "parallel_arrangement=false", "--json").json
    assert left == cli(*JANUARY_IN_BRIEF, "--json").json


def test_a_set_goes_before_a_lever_of_the_same_key(cli: Run):
    by_set = ("--set", f"{HOSTILITY}=0.0")
    both = cli(*JANUARY_IN_BRIEF, "--lever", "hostility_of_washington=1", *by_set, "--json").json
    assert both == cli(*JANUARY_IN_BRIEF, *by_set, "--json").json


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("paralel", "lever 'paralel': got a name the scenario does not have; expected one of its "
                    "levers. Did you mean 'parallel_arrangement'?"),
        ("", "--lever: got ''; expected NAME or NAME=VALUE. Name a lever."),
        ("hostility_of_washington", "lever 'hostility_of_washington': got no value; expected one "
                                    f"for {HOSTILITY}. Write hostility_of_washington=VALUE."),
        ("hostility_of_washington=", f"override {HOSTILITY}='': got ''; expected a number in share."
                                     " Give a plain one."),
        ("hostility_of_washington=2", "got 2.0 share; expected a number in share between 0 and 1"),
        ("parallel_arrangement=yes", "got 'yes'; expected true or false. Write "
                                     "'arrangements.other_buyers.active=true' or '"),
        ("ev_tariff_at_zero=nan", "issues.ev_tariff.held: got nan; expected a finite number."),
        ("=1", "got '=1'; expected "),
    ],
)  # fmt: skip
def test_a_lever_that_cannot_be_pulled_is_refused(cli: Run, no_model: None, text: str, told: str):
    message = cli(*JANUARY_IN_BRIEF, "--lever", text, "--json").refused()
    assert told in message
    assert "\n" not in message


def test_a_lever_of_a_case_without_levers_is_told_so(cli: Run, no_model: None):
    assert cli(*PIE_IN_BRIEF, "--lever", "parallel_arrangement", "--json").refused() == (
        "lever 'parallel_arrangement': got a name the scenario does not have; expected one of "
        "its levers. There are no valid names here."
    )


# -- runs, weeks, seed -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--runs", "-5"), "runs: got -5; expected a whole number from 1"),
        (("--runs", "0"), "runs: got 0; expected a whole number from 1"),
        (("--weeks", "0"), "weeks: got 0; expected a whole number from 1"),
        (("--weeks", "-1"), "weeks: got -1; expected a whole number from 1"),
        (
            ("--runs", "1000000000000"),
            "runs: got 1000000000000 of 24 weeks; expected at most 100000 of that length",
        ),
        (("--runs", "9" * 400), "9 of 24 weeks; expected at most 100000 of that length"),
        (
            ("--runs", "2000000"),
            "runs: got 2000000 of 24 weeks; expected at most 100000 of that length",
        ),
        (
            ("--weeks", "9" * 30),
            f"weeks: got {'9' * 30}; expected at most 2499999, to be held in memory.",
        ),
        (
            ("--runs", "20000", "--weeks", "999"),
            "runs: got 20000 of 999 weeks; expected at most 2500 of that length",
        ),
        (("--seed", "-1"), "seed: got -1; expected 0 to 9223372036854775807"),
        (("--seed", "9" * 30), f"seed: got {'9' * 30}; expected 0 to 9223372036854775807"),
        (("--seed", "lucky"), "--seed: got 'lucky'; expected a whole number"),
        (("--runs", "many"), "--runs: got 'many'; expected a whole number"),
        (("--runs", "1e3"), "--runs: got '1e3'; expected a whole number"),
        (("--runs", "2.5"), "--runs: got '2.5'; expected a whole number"),
        (("surplus",), "unrecognized arguments: surplus"),
    ],
    ids=lambda value: " ".join(value)[:30] if isinstance(value, tuple) else "",
)
def test_runs_weeks_and_seeds_that_cannot_be_are_refused_before_a_model_is_built(
    cli: Run, no_model: None, arguments: tuple[str, ...], told: str
):
    assert told in cli("run", PIE, *arguments, "--json").refused()


def test_the_largest_seed_is_a_seed(cli: Run):
    told = cli("run", PIE, "--runs", 2, "--weeks", 2, "--seed", 2**63 - 1, "--json").json
    assert told["seed"] == 2**63 - 1


def test_an_unknown_case_names_the_nearest(cli: Run):
    message = cli("run", "carney-bejing-2026", "--json").refused()
    assert message == (
        "carney-bejing-2026: case: got 'carney-bejing-2026'; expected a bundled case or a path "
        f"ending in .toml. Did you mean '{JANUARY}'?"
    )


def test_a_missing_file_is_told_so(cli: Run):
    assert "nowhere.toml: file: got No such file" in cli("run", "nowhere.toml").refused()


# -- run --out ---------------------------------------------------------------------------------


def test_out_holds_the_whole_result(cli: Run, elsewhere: Path):
    told = cli(*PIE_IN_BRIEF, "--seed", 5, "--out", "new/place")
    written = elsewhere / "new" / "place"
    assert told.code == 0
    assert "Written to new/place/" in told.out
    assert {found.name for found in written.iterdir()} == RESULT_FILES
    assert len(pd.read_csv(written / "outcomes.csv")) == 4
    about = json.loads((written / "manifest.json").read_text())
    assert [about[key] for key in ("case", "runs", "weeks", "seed")] == [PIE, 4, 24, 5]
    assert (written / "concessions.png").read_bytes().startswith(b"\x89PNG")
    assert list((elsewhere / "new").iterdir()) == [written], "no half-written remains"


def test_json_with_out_prints_the_object_and_writes_the_result(cli: Run, elsewhere: Path):
    assert cli(*PIE_IN_BRIEF, "--out", "place", "--json").json["case"] == PIE
    assert (elsewhere / "place" / "manifest.json").is_file()


def test_the_object_printed_is_the_summary_of_the_table_written(cli: Run, elsewhere: Path):
    told = cli("run", "--runs", 30, "--weeks", 40, "--out", "place", "--json").json
    table = pd.read_csv(elsewhere / "place" / "outcomes.csv")
    for name, found in told["issues"].items():
        level = table[f"{name}.in_force"]
        quantiles = [found["level"][key] for key in ("q05", "q50", "q95")]
        assert quantiles == pytest.approx(np.quantile(level, [0.05, 0.5, 0.95]))
        assert found["level"]["mean"] == pytest.approx(level.mean())
        for rung, reached in found["reached"].items():
            assert reached["probability"] == table[f"{name}.{rung}.week"].notna().mean()
    assert told["issues"]["canola_seed"]["level"]["q95"] > 0
    for kind, share in told["watchers"]["united_states"].items():
        assert share == table[f"united_states.{kind}"].mean()
    joint = told["joint"]["relief_without_punishment"]
    assert joint == table["relief_without_punishment"].mean()
    assert 0 < joint < 1


def test_out_may_be_an_empty_directory(cli: Run, elsewhere: Path):
    (elsewhere / "place").mkdir()
    assert cli(*PIE_IN_BRIEF, "--out", "place", "--json").code == 0
    assert (elsewhere / "place" / "manifest.json").is_file()


def test_without_out_each_run_gets_a_directory_of_its_own(cli: Run, elsewhere: Path):
    for number in (1, 2):
        assert f"Written to results/{PIE}-{number}/" in cli(*PIE_IN_BRIEF).out
    assert len(list((elsewhere / "results").iterdir())) == 2


def test_a_full_directory_is_refused_before_any_run_and_left_as_it_was(
    cli: Run, elsewhere: Path, no_model: None
):
    (elsewhere / "full" / "deep").mkdir(parents=True)
    (elsewhere / "full" / "thesis.txt").write_text("years of work")
    before = everything_under(elsewhere)
    message = cli(*PIE_IN_BRIEF, "--out", "full").refused()
    assert "full: got a place that already holds something; expected a new or empty" in message
    assert everything_under(elsewhere) == before


def test_a_file_in_the_place_of_out_is_refused_and_left_as_it_was(
    cli: Run, elsewhere: Path, no_model: None
):
    (elsewhere / "thesis.txt").write_text("years of work")
    assert "thesis.txt: got a place" in cli(*PIE_IN_BRIEF, "--out", "thesis.txt").refused()
    assert everything_under(elsewhere) == {"thesis.txt": b"years of work"}


def test_out_that_cannot_be_written_is_told_so_and_leaves_nothing(cli: Run, elsewhere: Path):
    (elsewhere / "thesis.txt").write_text("years of work")
    message = cli(*PIE_IN_BRIEF, "--out", "thesis.txt/below").refused()
    assert "thesis.txt/below: got " in message
    assert "expected a directory that can be written" in message
    assert everything_under(elsewhere) == {"thesis.txt": b"years of work"}


# -- run --strategies --------------------------------------------------------------------------


def test_a_strategy_of_ones_own_is_used_by_its_name(elsewhere: Path):
    (elsewhere / "mine.py").write_text(CAUTIOUS)
    mine = ("--strategies", "mine.py", "--set", "countries.canada.tactic=cautious_in_test")
    assert shell(*JANUARY_IN_BRIEF, *mine, "--json").json["runs"] == 20


def test_a_strategy_of_ones_own_changes_what_happens(cli: Run, elsewhere: Path):
    (elsewhere / "mine.py").write_text(CAUTIOUS)
    mine = ("--strategies", "mine.py", "--set", "countries.canada.tactic=cautious_in_test")
    cautious = cli(*JANUARY_IN_BRIEF, *mine, "--json").json
    assert cautious["issues"] != cli(*JANUARY_IN_BRIEF, "--json").json["issues"]


def test_a_strategy_of_ones_own_is_unknown_without_its_file(cli: Run):
    message = cli(*JANUARY_IN_BRIEF, "--set", "countries.canada.tactic=cautious_in_test").refused()
    assert "countries.canada.tactic: got 'cautious_in_test'" in message


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("raise ValueError('not today')", "got ValueError: not today; expected a file that runs"),
        ("def (", "got SyntaxError"),
        ("import no_such_module_at_all", "got ModuleNotFoundError"),
        (
            "from negotiate_abm import tactic\n@tactic('firm')\ndef mine(view): return 0\n",
            "tactic 'firm' is already registered; expected a new name",
        ),
    ],
    ids=["raises", "is no Python", "imports nothing", "takes a taken name"],
)
def test_a_strategies_file_that_does_not_run_is_refused(
    cli: Run, elsewhere: Path, no_model: None, text: str, told: str
):
    (elsewhere / "mine.py").write_text(text)
    assert told in cli(*PIE_IN_BRIEF, "--strategies", "mine.py").refused()


@pytest.mark.parametrize("name", ["nowhere.py", ".", "mine.toml"])
def test_a_strategies_file_must_be_a_python_file(cli: Run, elsewhere: Path, name: str):
    (elsewhere / "mine.toml").write_text("")
    assert "got no Python file" in cli(*PIE_IN_BRIEF, "--strategies", name).refused()


def test_a_strategy_that_answers_with_the_wrong_shape_is_told_so(cli: Run, elsewhere: Path):
    rule = "from negotiate_abm import tactic\n@tactic('short')\ndef short(view): return [1.0]\n"
    (elsewhere / "mine.py").write_text(rule)
    mine = ("--strategies", "mine.py", "--set", "countries.buyer.tactic=short")
    message = cli(*PIE_IN_BRIEF, *mine).refused()
    assert (
        "tactic 'short' returned values of shape (1,); expected one finite number for each of 4"
        in message
    )


def test_a_check_knows_the_strategies_it_is_given(cli: Run, elsewhere: Path):
    (elsewhere / "mine.py").write_text(CAUTIOUS)
    text = case_text(PIE).replace(
        'title = "Seller"', 'title = "Seller"\ntactic = "cautious_in_test"'
    )
    (elsewhere / "mine.toml").write_text(text)
    assert "tactic: got 'cautious_in_test'" in cli("scenario", "check", "mine.toml").refused()
    assert cli("scenario", "check", "mine.toml", "--strategies", "mine.py").code == 0


# -- scenario ----------------------------------------------------------------------------------


@pytest.mark.parametrize("case", [JANUARY, PIE])
def test_a_good_file_is_called_good(cli: Run, elsewhere: Path, case: str):
    (elsewhere / "mine.toml").write_text(case_text(case), encoding="utf-8")
    told = cli("scenario", "check", "mine.toml")
    assert told.code == 0
    assert told.out.startswith("mine.toml: good. ")
    assert f"{len(load_scenario(case).issues)} issues" in told.out
    assert told.err == ""


def test_a_broken_file_gets_one_line_a_problem_on_standard_error(elsewhere: Path):
    text = case_text(JANUARY).replace('focal = "canada"', 'focal = "canadia"')
    (elsewhere / "mine.toml").write_text(text, encoding="utf-8")
    assert shell("scenario", "check", "mine.toml").refused() == (
        "mine.toml: focal: got 'canadia'; expected a country of the scenario. "
        "Did you mean 'canada'?"
    )


@pytest.mark.parametrize("action", ["check", "show"])
@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"= = =", b"title = 3\n"])
def test_a_file_that_is_no_scenario_is_refused(
    cli: Run, elsewhere: Path, action: str, content: bytes
):
    (elsewhere / "mine.toml").write_bytes(content)
    assert "mine.toml: " in cli("scenario", action, "mine.toml").refused()


def test_a_broken_file_is_not_run(cli: Run, elsewhere: Path, no_model: None):
    (elsewhere / "mine.toml").write_text(case_text(PIE).replace("weeks = 24", "weks = 24"))
    assert "Did you mean 'weeks'?" in cli("run", "mine.toml", "--json").refused()


def test_list_names_every_bundled_case_with_its_title(cli: Run):
    lines = cli("scenario", "list").out.splitlines()
    assert lines == [f"{name}: {load_scenario(name).title}" for name in (JANUARY, PIE)]


def test_show_says_who_wants_what(cli: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", "250")
    told = cli("scenario", "show", JANUARY)
    scenario = load_scenario(JANUARY)
    assert told.code == 0
    assert told.err == ""
    for name, issue in scenario.issues.items():
        assert f"{name}: {issue.title}, {issue.conceder} to {issue.beneficiary}" in told.out
        for rung in issue.ladder:
            assert f" {rung} " in told.out
    assert "mfn_duty 1.00 (9.0 %)" in told.out, "the duty at the top is the floor"
    assert "elimination 1.00 (6.1 %)" in told.out
    assert "red line of united_states at elimination" in told.out
    assert "saskatchewan: influence 0.05" in told.out
    assert "china: GDP 25,000 C$bn a year" in told.out


def test_show_of_an_unknown_case_names_the_nearest(cli: Run):
    assert f"Did you mean '{PIE}'?" in cli("scenario", "show", "split-a-pie").refused()


@pytest.mark.parametrize("arguments", [("frobnicate",), ("scenario",), ("scenario", "mend")])
def test_a_command_that_is_none_gets_a_line_on_what_there_is(cli: Run, arguments: tuple[str, ...]):
    told = cli(*arguments).refused()
    assert re.fullmatch(
        r"negotiate-abm( scenario)?: (the following arguments are required: [A-Z]+|"
        r"got '(frobnicate|mend)'; expected one of [a-z, ]+)\. See 'negotiate-abm.* --help'\.",
        told,
    )


@pytest.mark.parametrize("call", ["cli", "shell"])
def test_without_a_command_the_help_is_shown_and_nothing_is_done(cli: Run, call: str):
    told = (cli if call == "cli" else shell)().refused()
    assert told.startswith("usage: negotiate-abm [-h]")
    assert "\n    scenario  check, show or describe scenario files" in told


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("run", "--run", "5"), "negotiate-abm run: unrecognized arguments: --run. Did you mean "
                                "'--runs'? See 'negotiate-abm run --help'."),
        (("story", "--unus", "1", "x"), "negotiate-abm story: unrecognized arguments: --unus x. "
                                        "Did you mean '--unusual'?"),
        (("scenario", "show", "--num", PIE), "Did you mean '--numbers'?"),
        (("--deb", "scenario", "list"), "negotiate-abm: unrecognized arguments: --deb. Did you"),
        (("run", "--debug"), "unrecognized arguments: --debug. Write it before the command. See"),
    ],
)  # fmt: skip
def test_an_option_is_written_out(cli: Run, no_model: None, arguments: tuple[str, ...], hint: str):
    assert hint in cli(*arguments).refused()


@pytest.mark.parametrize("order", [1, -1])
def test_one_run_or_the_unusual_ones_are_told_and_not_both(cli: Run, order: int):
    first, second = ("--run", "--unusual")[::order]
    assert cli("story", "place", first, 1, second, 2).refused() == (
        f"negotiate-abm story: argument {second}: not allowed with argument {first}. "
        "See 'negotiate-abm story --help'."
    )


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("run", "nothing is written unless --out is given"),
        ("run", "'scenario show CASE' explains them"),
        ("plot", f"one of {', '.join(FIGURES)}"),
        ("scenario check", "CASE|FILE"),
        ("scenario power", "a Python file that registers strategies"),
    ],
)
def test_the_help_says(cli: Run, command: str, says: str):
    told = cli(*command.split(), "--help")
    assert told.code == 0
    assert says in " ".join(told.out.split())


def test_version_is_the_packages(cli: Run):
    told = cli("--version")
    assert told.code == 0
    assert told.out.strip() == __version__


def test_show_lists_every_number_with_its_name_and_origin(
    cli: Run, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COLUMNS", "400")
    told = cli("scenario", "show", JANUARY, "--numbers")
    assert told.code == 0
    assert "flows.canola_seed.value = 4 C$bn/yr; source: B105" in told.out
    hostility = "tables.canada_china.watchers.united_states.hostility = 0.6 share, drawn from"
    assert hostility in told.out
    assert len(told.out.splitlines()) > 200


def test_a_table_says_what_was_overridden(cli: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", "200")
    told = cli(*JANUARY_IN_BRIEF, "--set", "countries.canada.trust.china=0.7")
    assert "with countries.canada.trust.china = 0.7" in told.out


def test_a_run_prints_a_table_for_people(cli: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", "200")
    told = cli(*JANUARY_IN_BRIEF, "--seed", 4)
    scenario = load_scenario(JANUARY)
    assert f"{scenario.title}: 20 runs of 8 weeks, seed 4" in told.out
    for issue in scenario.issues.values():
        assert (f"{issue.title} (" in told.out) == (issue.table == scenario.focal_table)
    assert "United States punishes Canada, share of runs" in told.out
    assert "relief to Canada without punishment, share of runs" in told.out
    assert "of these, where some deal would have suited both" in told.out
    pie = cli(*PIE_IN_BRIEF)
    assert "punish" not in pie.out, "nobody watches the pie"
    assert "relief" not in pie.out


@pytest.mark.parametrize("command", [("scenario", "show", PIE), PIE_IN_BRIEF])
def test_no_backslash_is_printed_before_a_dollar(cli: Run, command: tuple[str, ...]):
    assert "C\\$bn" not in cli(*command).out


def test_an_interrupt_ends_with_a_word_and_writes_nothing(
    cli: Run, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
):
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("negotiate_abm.simulation.run", interrupted)
    told = cli(*PIE_IN_BRIEF, "--out", "place")
    assert told.code == 130
    assert told.err.strip() == "stopped; nothing was written"
    assert list(elsewhere.iterdir()) == []


# -- faults that once were ---------------------------------------------------------------------


def test_a_bad_seed_is_called_a_seed(cli: Run):
    assert cli(*PIE_IN_BRIEF, "--seed", "-1").refused().startswith("seed: got -1")


def test_too_many_weeks_are_not_answered_with_no_runs(cli: Run):
    assert cli("run", PIE, "--runs", 1, "--weeks", 10**9).refused() == (
        "weeks: got 1000000000; expected at most 2499999, to be held in memory. Ask for fewer."
    )


def test_a_date_may_be_set(cli: Run):
    assert cli(*PIE_IN_BRIEF, "--set", "start=2026-01-05", "--out", "place", "--json").code == 0


def test_a_switch_that_the_file_leaves_out_may_be_set(cli: Run):
    visit_ends_round = "tables.canada_china.events.visit.ends_round=true"
    told = cli(*JANUARY_IN_BRIEF, "--set", visit_ends_round, "--json")
    assert told.code == 0


def test_a_switch_that_needs_a_number_the_file_leaves_out_says_which(cli: Run, no_model: None):
    message = cli("run", "--set", "issues.ev_tariff.weaponisable=true", "--json").refused()
    assert message == (
        f"{JANUARY}: flows.electric_vehicles.dependence: got nothing; expected how far the "
        "exporter depends on that market, since the duty may come back. Add it, or drop "
        "weaponisable."
    )


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("1" * 400, "expected a number in C$bn/yr. Give a plain one."),
        ("1" * 5000, "expected a number in C$bn/yr. Give a plain one."),
        ("[" * 5000, "expected a number in C$bn/yr. Give a plain one."),
        ("[[1], [1, 2], [3], [4]]", "expected one finite number for each of 4 runs."),
    ],
    ids=["past any float", "past int's digits", "nested past reason", "ragged"],
)
def test_set_with_an_absurd_value_is_refused(cli: Run, value: str, told: str):
    message = cli(*PIE_IN_BRIEF, "--set", f"issues.pie.benefit={value}", "--json").refused()
    assert told in message
    assert len(message) < 300


@pytest.mark.parametrize(
    "rule",
    ["@tactic('boom')\ndef boom(view): return 1 / 0", "@tactic('boom')\ndef boom(view): view.x"],
)
def test_a_strategy_that_fails_in_play_is_named(cli: Run, elsewhere: Path, rule: str):
    (elsewhere / "mine.py").write_text(f"from negotiate_abm import tactic\n{rule}\n")
    mine = ("--strategies", "mine.py", "--set", "countries.buyer.tactic=boom")
    assert "tactic 'boom' " in cli(*PIE_IN_BRIEF, *mine).refused()


def test_a_strategies_file_that_exits_is_refused(cli: Run, elsewhere: Path):
    (elsewhere / "mine.py").write_text("raise SystemExit(0)\n")
    cli(*PIE_IN_BRIEF, "--strategies", "mine.py").refused()


@pytest.mark.parametrize("title", ["The [/b] pie", "The [draft] pie"])
@pytest.mark.parametrize("command", ["scenario show", "run"])
def test_brackets_in_a_title_are_printed(cli: Run, elsewhere: Path, title: str, command: str):
    (elsewhere / "mine.toml").write_text(case_text(PIE).replace("Split the pie", title))
    more = PIE_IN_BRIEF[2:] if command == "run" else ()
    assert title in cli(*command.split(), "mine.toml", *more).out


@pytest.mark.parametrize("arguments", [("run", "x" * 300), (*PIE_IN_BRIEF, "--out", "x" * 300)])
def test_a_name_too_long_for_a_file_is_refused(cli: Run, arguments: tuple[str, ...]):
    cli(*arguments).refused()


def test_out_may_be_the_empty_directory_one_stands_in(cli: Run, elsewhere: Path):
    assert cli(*PIE_IN_BRIEF, "--out", ".", "--json").json["case"] == PIE
    assert {found.name for found in elsewhere.iterdir()} == RESULT_FILES


@pytest.mark.parametrize("out", ["place", "new/place"])
@pytest.mark.parametrize(
    "arguments",
    [("--set", "weeks"), ("--set", "wekes=3"), ("--runs", "0"), ("--seed", "-1")],
    ids=" ".join,
)
def test_what_is_refused_leaves_no_directory_behind(
    cli: Run, elsewhere: Path, no_model: None, out: str, arguments: tuple[str, str]
):
    cli(*PIE_IN_BRIEF, *arguments, "--out", out).refused()
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize(
    "writer",
    [
        "xarray.Dataset.to_zarr",
        "pandas.DataFrame.to_csv",
        "matplotlib.figure.Figure.savefig",
        "negotiate_abm.plotting.concessions.concessions",
    ],
)
@pytest.mark.parametrize("was_there", [False, True], ids=["new", "empty"])
def test_a_failed_write_leaves_no_more_than_was_there(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch, writer: str, was_there: bool
):
    result = run(PIE, 2, 3)
    if was_there:
        (elsewhere / "place").mkdir()
    told = "place: got No space left on device; expected a directory"
    with monkeypatch.context() as full_disk:
        full_disk.setattr(writer, _full)
        with pytest.raises(errors.ResultError, match=told):
            result.save("place", figures=True)
    assert everything_under(elsewhere) == ({"place": None} if was_there else {})
    assert (result.save("place") / "manifest.json").is_file(), "and what stopped it once is over"


def _full(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("writer", ["xarray.Dataset.to_zarr", "matplotlib.figure.Figure.savefig"])
def test_a_failed_write_leaves_no_out_directory_behind(
    cli: Run, elsewhere: Path, monkeypatch: pytest.MonkeyPatch, writer: str
):
    monkeypatch.setattr(writer, _full)
    message = cli(*PIE_IN_BRIEF, "--out", "place").refused()
    assert "place: got No space left on device; expected a directory" in message
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize(
    "where",
    [
        "negotiate_abm.simulation.NegotiationModel.step",
        "negotiate_abm.recording.trajectories.Recorder.observe",
        "xarray.Dataset.to_zarr",
    ],
)
def test_an_interrupt_in_the_middle_leaves_no_out_directory_behind(
    cli: Run, elsewhere: Path, monkeypatch: pytest.MonkeyPatch, where: str
):
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(where, interrupted)
    told = cli(*PIE_IN_BRIEF, "--out", "place")
    assert told.code == 130
    assert told.out == ""
    assert told.err.strip() == "stopped; nothing was written"
    assert list(elsewhere.iterdir()) == []


def test_a_terminal_that_knows_ascii_alone_is_shown_the_case():
    told = shell("scenario", "show", JANUARY, encoding="ascii")
    assert told.code == 0
    assert told.err == ""
    assert "canola_seed" in told.out
    assert told.out.isascii()


@pytest.mark.parametrize("command", [("scenario", "check"), ("scenario", "show"), ("run",)])
def test_a_pipe_is_refused_at_once(elsewhere: Path, command: tuple[str, ...]):
    os.mkfifo(elsewhere / "mine.toml")
    assert shell(*command, "mine.toml").refused() == (
        "mine.toml: file: got something that is no regular file; expected a readable TOML file. "
        "Check the path."
    )


def test_out_that_cannot_be_written_is_refused_before_any_run(
    cli: Run, elsewhere: Path, no_model: None
):
    (elsewhere / "thesis.txt").write_text("years of work")
    assert "thesis.txt/below" in cli(*PIE_IN_BRIEF, "--out", "thesis.txt/below").refused()


def test_a_refusal_is_one_line_on_standard_error():
    assert shell("run", PIE, "--runs", "-5", "--json").err.count("\n") == 1


def test_every_error_of_the_package_is_caught_by_its_base():
    kinds = (errors.ScenarioError, errors.StrategyError, errors.RunError, errors.ResultError)
    assert all(issubclass(kind, errors.NegotiateError) for kind in kinds)


# -- scenario power ----------------------------------------------------------------------------


def with_influences(text: str, *influences: float) -> str:
    """Return a case whose provinces, in their order, have these influences."""
    left = iter(influences)
    form = 'influence = {{ value = {}, unit = "share", definition = "in a test" }}'
    return re.sub(r"(?m)^influence = .*$", lambda _: form.format(next(left)), text)


def rows(table: str) -> list[list[str]]:
    lines = [line for line in table.splitlines() if line.startswith("│")]
    return [[cell.strip() for cell in line.strip("│").split("│")] for line in lines]


def test_power_weighs_provinces_like_the_community_of_1958(cli: Run, elsewhere: Path):
    influences = (0.04, 0.04, 0.04, 0.02, 0.02, 0.01)
    text = with_influences(case_text(JANUARY), *influences)
    (elsewhere / "mine.toml").write_text(text, encoding="utf-8")
    told = cli("scenario", "power", "mine.toml", "--quota", "12/17")
    assert told.code == 0
    assert "Voting power in Canada" in told.out
    assert (
        "\nA coalition with at least 12/17 of the modelled influence (0.120 of 0.170) carries.\n"
        in told.out
    )
    large, middling, small = ["0.238", "0.233"], ["0.143", "0.150"], ["0.000", "0.000"]
    titles = [province.title for province in load_scenario(JANUARY).provinces.values()]
    assert rows(told.out) == [
        [title, f"{influence:g}", *powers]
        for title, influence, powers in zip(
            titles, influences, [large] * 3 + [middling] * 2 + [small], strict=True
        )
    ]
    assert "Left out: an influence of 0.830 in Canada" in told.out
    assert "United States" not in told.out, "it has no provinces"


@pytest.mark.parametrize(
    ("quota", "carries"),
    [((), "more than half of the modelled influence (0.501"),
     (("--quota", "0.5"), "at least 1/2 of the modelled influence (0.500"),
     (("--quota", "0.55"), "at least 11/20 of the modelled influence (0.550"),
     (("--quota", "1"), "at least 1 of the modelled influence (1.000"),
     (("--quota", "2/3"), "at least 2/3 of the modelled influence (0.667"),
     (("--quota", "0.0000001"), "at least 1/10000000 of the modelled influence (0.001")],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)  # fmt: skip
def test_power_takes_more_than_half_unless_told_a_share(
    cli: Run, elsewhere: Path, quota: tuple[str, ...], carries: str
):
    text = with_influences(case_text(JANUARY), 0.3, 0.2, 0.2, 0.1, 0.1, 0.1)
    (elsewhere / "mine.toml").write_text(text, encoding="utf-8")
    told = cli("scenario", "power", "mine.toml", *quota)
    assert f"A coalition with {carries} of 1.000) carries." in told.out
    assert "Left out" not in told.out, "the provinces are the whole country"


@pytest.mark.parametrize("quota", ["0", "1.01", "-1", "3/2", "1/0", "1e-9", "nan", "half", "", "."])
def test_power_by_a_quota_that_is_no_share_is_refused(cli: Run, quota: str):
    assert cli("scenario", "power", JANUARY, "--quota", quota).refused() == (
        f"--quota: got '{quota}'; expected a share above 0 and at most 1. "
        "Give a decimal or a fraction, such as 0.6 or 2/3."
    )


def test_power_of_provinces_that_weigh_nothing_is_refused(cli: Run, elsewhere: Path):
    text = with_influences(case_text(JANUARY), *[0.0004] * 6)
    (elsewhere / "mine.toml").write_text(text, encoding="utf-8")
    assert cli("scenario", "power", "mine.toml").refused() == (
        f"{JANUARY}: provinces: got influences in canada that all round to 0 thousandths; "
        "expected at least one thousandth. Raise one of them."
    )


def test_power_where_no_country_has_provinces_is_told_so(cli: Run, no_model: None):
    told = cli("scenario", "power", PIE)
    assert told.code == 0
    assert told.out == "Split the pie: no country has provinces, so there is no vote to weigh.\n"


def test_power_in_an_unknown_case_names_the_nearest(cli: Run):
    assert f"Did you mean '{PIE}'?" in cli("scenario", "power", "split-a-pie").refused()
