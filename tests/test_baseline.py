"""What the bundled cases give, in numbers: a change that moves one must say why.

``python -m tests.test_baseline --because "reason"`` plays the cases again, rewrites
tests/baseline.toml where something moved, and adds the reason to the list that it keeps.
"""

from __future__ import annotations

import argparse
import json
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import negotiate_abm

FILE = Path(__file__).with_name("baseline.toml")
COMMAND = 'python -m tests.test_baseline --because "reason"'

RULE = """\
# What the bundled cases give. A change that moves one of these numbers must say why:
#
#     python -m tests.test_baseline --because "reason"
#
# plays them again, rewrites this file and adds the reason below. Nothing is edited by hand.
#
# Each line holds a mean over runs and its tolerance. Runs are the same to the last bit only
# for the same package versions and CPU features; elsewhere a rounding error may tip a draw,
# and that run takes another course. A handful of such runs must pass, a change of the model
# must not. So the tolerance is the larger of
#   - a quarter of the mean's standard error: what is smaller no reader could tell from chance,
#     and far less than it is caught, since luck is the same before and after;
#   - two runs' worth: two runs that go from one end to the other, over the number of runs. The
#     ends are 0 and 1 for a share of runs and for a level, the first and the last week for a
#     week, and else the least and the largest value seen.
# First weeks count a rung never agreed as the week after the last.
"""


@dataclass
class World:
    """A world that is played, and whether every issue is told or the focal table's levels."""

    case: str = "carney-beijing-2026"
    levers: dict[str, Any] = field(default_factory=dict)
    overrides: dict[str, Any] = field(default_factory=dict)
    whole: bool = False


RUNS, SEED = 400, 1
WORLDS = {
    "january": World(whole=True),
    "parallel_arrangement": World(levers={"parallel_arrangement": True}),
    "ev_tariff_at_zero": World(levers={"ev_tariff_at_zero": True}),
    "deterrence_ties": World(levers={"deterrence_ties": True}),
    "non_weaponisable_first": World(levers={"non_weaponisable_first": True}),
    "hostility_of_washington": World(levers={"hostility_of_washington": 0.9}),
    "initial_trust": World(levers={"initial_trust": 0.7}),
    "split_the_pie": World("split-the-pie", whole=True),
}

# Runs that another CPU may send from one end to the other.
RUNS_TIPPED = 2

# Tolerances are written with three digits.
ROUNDING = 0.005

# Statistic to its mean and its tolerance.
Numbers = dict[str, tuple[float, float]]


# -- what is counted ------------------------------------------------------------------------


def play(world: World) -> Numbers:
    """Return the statistics of a world."""
    result = negotiate_abm.run(
        world.case, RUNS, seed=SEED, levers=world.levers, overrides=world.overrides
    )
    return {name: summary(values, reach) for name, values, reach in by_run(result, world.whole)}


def summary(values: np.ndarray, reach: float | None = None) -> tuple[float, float]:
    """Return a mean over runs and its tolerance, by the rule at the top of the file.

    `reach` is how far one run may go, by default the range of what is seen.
    """
    if reach is None:
        reach = 1.0 if values.dtype == np.bool_ else float(values.max() - values.min())
    error = float(values.std(ddof=1)) / np.sqrt(values.size)
    tolerance = max(error / 4.0, RUNS_TIPPED * reach / values.size, 1e-6)
    return float(f"{values.mean():.9g}"), float(f"{tolerance:.3g}")


def by_run(
    result: negotiate_abm.Result, whole: bool
) -> Iterator[tuple[str, np.ndarray, float | None]]:
    """Yield each statistic's name, its value in every run, and how far a run may move it."""
    outcomes, last = result.outcomes, result.trajectories.isel(week=-1)
    focal, issues = result.scenario.focal_table, result.scenario.issues
    never = result.manifest["weeks"] + 1.0
    for name in outcomes.columns.drop("run"):
        values, part = outcomes[name].to_numpy(), name.split(".")
        if part[0] not in issues:
            yield name, values, None
        elif whole or (issues[part[0]].table == focal and part[-1] == "in_force"):
            yield name, np.nan_to_num(values, nan=never), never if part[-1] == "week" else 1.0
    for name, words in (("leverage", ("table", "country")), ("trust", ("country", "counterpart"))):
        flat = last[name].stack(at=words).dropna("at", how="all")
        for at in flat["at"].values:
            yield f"{name}.{'.'.join(at)}", flat.sel(at=at).to_numpy(), None
    counts = result.events.groupby(["kind", "run"]).size().unstack("kind", fill_value=0)
    for kind in sorted(counts):
        happened = counts[kind].reindex(outcomes["run"], fill_value=0).to_numpy()
        yield f"events.{kind}", happened, None


# -- what moved -----------------------------------------------------------------------------


def moved(name: str, before: Mapping[str, Iterable[float]], now: Numbers) -> list[str]:
    """Return a line for each statistic of a world that moved by more than its tolerance."""
    lines = []
    for statistic in {**before, **now}:
        # An event that no run knew, or knows, happened 0 times.
        none = (0.0, 2.0 / RUNS) if statistic.startswith("events.") else (np.nan, np.nan)
        was, tolerance = before.get(statistic, none)
        value, _ = now.get(statistic, none)
        by = (value - was) / tolerance
        if not abs(by) <= 1.0 + ROUNDING:
            lines.append(f"{name:24}{statistic:48}{was:12.6g}{value:12.6g}{by:+12.1f}")
    return lines


def told(lines: list[str]) -> str:
    """Return the table of what moved."""
    heads = f"{'world':24}{'statistic':48}{'was':>12}{'is':>12}{'tolerances':>12}"
    return "\n".join([heads, *lines])


def stored() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


# -- the tests ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", WORLDS)
def test_a_world_gives_what_it_gave(name: str):
    lines = moved(name, stored()["worlds"].get(name, {}), play(WORLDS[name]))
    if lines:
        pytest.fail(
            f"{len(lines)} numbers moved, nan being a number that came or went:\n{told(lines)}\n"
            f"If that is meant, say why: {COMMAND}",
            pytrace=False,
        )


def test_a_number_changed_by_a_tenth_is_caught():
    stated = negotiate_abm.NegotiationModel(runs=RUNS, rng=SEED).parameters["trust.kept"]
    changed = World(overrides={"trust.kept": 1.1 * stated}, whole=True)
    assert moved("january", stored()["worlds"]["january"], play(changed))


def test_a_few_runs_that_take_another_course_pass():
    values = np.arange(RUNS) % 40 == 0
    tipped = values.copy()
    tipped[[1, 2]] = True
    assert moved("some", {"a": summary(values)}, {"a": summary(tipped)}) == []
    tipped[3] = True
    (line,) = moved("some", {"a": summary(values)}, {"a": summary(tipped)})
    assert line.split() == ["some", "a", "0.025", "0.0325", "+1.5"]


def test_every_rewriting_has_its_reason():
    reasons = stored()["because"]
    assert reasons[0]["reason"] == "first recorded"
    assert all(entry["reason"].strip() and entry["version"] for entry in reasons)


def test_the_file_is_not_rewritten_without_a_reason(capsys: pytest.CaptureFixture[str]):
    for words in ([], ["--because", "  "]):
        with pytest.raises(SystemExit):
            main(words)
        assert "--because" in capsys.readouterr().err


# -- the file -------------------------------------------------------------------------------


def written(reasons: list[dict[str, Any]], worlds: Mapping[str, Numbers]) -> str:
    """Return the text of the file."""
    parts = [RULE]
    for entry in reasons:
        fields = (f"{key} = {json.dumps(value)}" for key, value in entry.items())
        parts.append("[[because]]\n" + "\n".join(fields) + "\n")
    parts.append(f"[played]\nruns = {RUNS}\nseed = {SEED}\n")
    for name, numbers in worlds.items():
        lines = [f"[worlds.{name}]"]
        for statistic, (value, tolerance) in numbers.items():
            lines.append(f"{json.dumps(statistic)} = [{value!r}, {tolerance!r}]")
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def main(arguments: list[str] | None = None) -> None:
    """Play the worlds again, and rewrite the file if something moved."""
    parser = argparse.ArgumentParser(prog="python -m tests.test_baseline", description=__doc__)
    parser.add_argument("--because", required=True, metavar="REASON", help="why numbers moved")
    reason = parser.parse_args(arguments).because.strip()
    if not reason:
        parser.error("--because: got nothing; expected the reason why numbers moved. Give it.")
    before = stored() if FILE.exists() else {"because": [], "worlds": {}}
    now = {name: play(world) for name, world in WORLDS.items()}
    gone = [name for name in before["worlds"] if name not in now]
    lines = [
        line
        for name in [*now, *gone]
        for line in moved(name, before["worlds"].get(name, {}), now.get(name, {}))
    ]
    if not lines:
        sys.exit("nothing moved by more than its tolerance: the file stays as it is")
    entry = {"version": negotiate_abm.__version__, "reason": reason, "numbers_moved": len(lines)}
    FILE.write_text(written([*before["because"], entry], now), encoding="utf-8")
    sys.stdout.write(f"{told(lines)}\n{FILE.name} is rewritten: {reason}\n")


if __name__ == "__main__":
    main()
