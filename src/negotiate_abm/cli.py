"""The command line: parse, call, print."""

from __future__ import annotations

import argparse
import io
import json
import re
import sys
import tomllib
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from negotiate_abm import __version__
from negotiate_abm.errors import NegotiateError, RunError

DEFAULT_CASE = "carney-beijing-2026"
DEFAULT_RUNS = 2000


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    options = _parser().parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal may not know every letter
    try:
        for file in getattr(options, "strategies", None) or ():
            from negotiate_abm.strategies import load_strategies

            load_strategies(file)
        return int(options.command(options))
    except NegotiateError as error:
        print(error, file=sys.stderr)
        return 2
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    except KeyboardInterrupt:
        print("stopped; nothing was written", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="negotiate-abm", description="Agent-based model of trade negotiation."
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_run(commands)
    _add_scenario(commands)
    return parser


def _add_run(commands: Any) -> None:
    run = commands.add_parser("run", help="play a scenario many times and report")
    run.add_argument(
        "case",
        nargs="?",
        default=DEFAULT_CASE,
        metavar="CASE|FILE",
        help=f"a bundled case or a .toml file (default: {DEFAULT_CASE})",
    )
    run.add_argument("--runs", type=int, default=DEFAULT_RUNS, metavar="N", help="(default: 2000)")
    run.add_argument("--weeks", type=int, metavar="T", help="weeks a run (default: the case's)")
    run.add_argument("--seed", type=int, default=1, metavar="S", help="(default: 1)")
    run.add_argument(
        "--set",
        dest="overrides",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="replace a value of the scenario by its dotted name; may be repeated",
    )
    run.add_argument(
        "--lever",
        dest="levers",
        action="append",
        default=[],
        metavar="NAME[=VALUE]",
        help="pull a lever of the scenario by its name; may be repeated",
    )
    run.add_argument(
        "--strategies",
        action="append",
        metavar="FILE.py",
        help="a Python file that registers strategies; may be repeated",
    )
    run.add_argument("--out", type=Path, metavar="DIR", help="where to write (default: results/)")
    run.add_argument("--json", action="store_true", help="print one JSON object, nothing else")
    run.set_defaults(command=_run)


def _add_scenario(commands: Any) -> None:
    scenario = commands.add_parser("scenario", help="check, show or describe scenario files")
    actions = scenario.add_subparsers(title="actions", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="name the bundled cases")
    listing.set_defaults(command=_list)
    check = actions.add_parser("check", help="say what is wrong with a scenario, if anything")
    check.add_argument("file", metavar="FILE")
    show = actions.add_parser("show", help="print who wants what in a scenario")
    show.add_argument("file", metavar="CASE|FILE")
    show.add_argument("--numbers", action="store_true", help="list every number by its name")
    solutions = actions.add_parser("solutions", help="print what theory would have tables agree")
    solutions.add_argument("file", metavar="CASE|FILE")
    power = actions.add_parser("power", help="print each province's power in a weighted vote")
    power.add_argument("file", metavar="CASE|FILE")
    power.add_argument(
        "--quota",
        metavar="SHARE",
        help="share of the provinces' influence that carries, such as 0.6 or 2/3 "
        "(default: more than half)",
    )
    for action, command in (
        (check, _check),
        (show, _show),
        (solutions, _solutions),
        (power, _power),
    ):
        action.add_argument("--strategies", action="append", metavar="FILE.py")
        action.set_defaults(command=command)
    schema = actions.add_parser("schema", help="print the JSON Schema of a scenario file")
    schema.set_defaults(command=_schema)


def _run(options: argparse.Namespace) -> int:
    from negotiate_abm.report import free_directory, progress_bar, report
    from negotiate_abm.result import check_free
    from negotiate_abm.simulation import run

    wanted = options.out
    if wanted is not None:
        check_free(wanted)  # refuse now what could not be written later
    overrides = dict(_override(text) for text in options.overrides)
    levers = dict(_lever(text) for text in options.levers)
    with progress_bar(options.runs) as progress:
        result = run(
            options.case,
            options.runs,
            options.weeks,
            options.seed,
            overrides,
            progress=progress,
            levers=levers,
        )
    if options.json:
        if wanted is not None:
            result.save(wanted, figures=True)
        print(json.dumps(result.statistics(), indent=2))
        return 0
    where = wanted or free_directory(Path("results"), result.manifest["case"])
    result.save(where, figures=True)
    report(result)
    print(f"\nWritten to {where}/: trajectories.zarr, outcomes.csv, events.csv, manifest.json,")
    print("concessions.png (concession trajectories by issue)")
    return 0


def _override(text: str) -> tuple[str, Any]:
    """Return the key and the value of KEY=VALUE, the value as TOML reads it, else as text."""
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise RunError(f"--set: got '{text}'; expected KEY=VALUE. Write it with an equals sign.")
    try:
        return key.strip(), tomllib.loads(f"value = {value}")["value"]
    except (ValueError, RecursionError):
        return key.strip(), value.strip()


def _lever(text: str) -> tuple[str, Any]:
    """Return the name and the value of NAME or NAME=VALUE; True where it names no value."""
    name, equals, _ = text.partition("=")
    if not name.strip():
        raise RunError(f"--lever: got '{text}'; expected NAME or NAME=VALUE. Name a lever.")
    return _override(text) if equals else (name.strip(), True)


def _list(options: argparse.Namespace) -> int:
    from negotiate_abm.scenario.loader import case_names, load_scenario

    for name in case_names():
        print(f"{name}: {load_scenario(name).title}")
    return 0


def _check(options: argparse.Namespace) -> int:
    from negotiate_abm.scenario.consistency import discarded_shares
    from negotiate_abm.scenario.loader import load_scenario
    from negotiate_abm.scenario.parameters import quantities

    scenario = load_scenario(options.file)
    print(
        f"{options.file}: good. {len(scenario.issues)} issues, "
        f"{len(quantities(scenario))} numbers, each with its origin."
    )
    shares = discarded_shares(scenario)
    for reason, share in sorted(shares.items(), key=lambda item: -item[1]):
        if share > 0.0:
            print(f"  {share:.1%} of draws are discarded: {reason}")
    return 0


def _show(options: argparse.Namespace) -> int:
    from negotiate_abm.report import show, show_numbers
    from negotiate_abm.scenario.loader import load_scenario

    (show_numbers if options.numbers else show)(load_scenario(options.file))
    return 0


def _solutions(options: argparse.Namespace) -> int:
    from negotiate_abm.report import show_solutions
    from negotiate_abm.scenario.loader import load_scenario

    show_solutions(load_scenario(options.file))
    return 0


def _power(options: argparse.Namespace) -> int:
    from negotiate_abm.report import show_power
    from negotiate_abm.scenario.loader import load_scenario

    share = None if options.quota is None else _share(options.quota)
    show_power(load_scenario(options.file), share)
    return 0


def _share(text: str) -> Fraction:
    """Return a share written as a decimal or a fraction, exactly as written."""
    try:
        # No exponents: a short text could ask for a number that fills the memory.
        share = Fraction(text) if re.fullmatch(r"[0-9./]{1,40}", text) else Fraction(0)
    except (ValueError, ZeroDivisionError):
        share = Fraction(0)
    if not 0 < share <= 1:
        raise RunError(
            f"--quota: got '{text}'; expected a share above 0 and at most 1. "
            "Give a decimal or a fraction, such as 0.6 or 2/3."
        )
    return share


def _schema(options: argparse.Namespace) -> int:
    from negotiate_abm.scenario.loader import json_schema

    print(json.dumps(json_schema(), indent=2))
    return 0
