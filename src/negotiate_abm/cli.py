"""The command line: parse, call, print."""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import re
import signal
import sys
import tomllib
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, TextIO

from negotiate_abm import __version__
from negotiate_abm.errors import NegotiateError, RunError
from negotiate_abm.terminal import (
    Parser,
    ending_like_an_interrupt,
    give_up_output,
    lines_of,
    occupy_standard_streams,
    say,
    whole_number,
)

DEFAULT_CASE = "carney-beijing-2026"
DEFAULT_RUNS = 2000


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    occupy_standard_streams()
    if sys.stdout is None:
        say("standard output: got a closed one; expected one to print to. Leave it open.")
        return 2
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal may not know every letter
    with ending_like_an_interrupt() as ended:
        try:
            return _told(arguments)
        except KeyboardInterrupt as stopped:
            if arguments is None:  # the program ends: what tidies up needs no second interrupt
                signal.signal(signal.SIGINT, signal.SIG_IGN)
            say(str(stopped) or "stopped; nothing was written")
            return 128 + (signal.SIGTERM if ended else signal.SIGINT)
        finally:
            if arguments is None and signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
                signal.signal(signal.SIGINT, signal.SIG_DFL)  # from here on, end without a word


def _told(arguments: Sequence[str] | None) -> int:
    """Do what is asked and return the exit code, with a line on standard error if it fails."""
    debug = False
    try:
        options = _parsed(arguments)
        debug = options.debug
        for file in getattr(options, "strategies", None) or ():
            from negotiate_abm.strategies import load_strategies

            load_strategies(file)
        code = int(options.command(options))
        sys.stdout.flush()
        return code
    except NegotiateError as error:
        say(*lines_of(error))
        return 2
    except BrokenPipeError:
        give_up_output()
        return 1
    except OSError as error:
        give_up_output()
        say(f"the output cannot be written: {error.strerror or error}. Make room, or redirect it.")
        return 2
    except MemoryError:
        say("not enough memory: ask for fewer runs or weeks at a time")
        return 2
    except Exception as error:
        if debug:
            raise
        say(
            f"an error of the program's own, {type(error).__name__}: {error}. Please report it "
            f"with the command; 'negotiate-abm --debug ...' shows where it arose."
        )
        return 70


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    try:
        parser = _parser()
        if not (sys.argv[1:] if arguments is None else arguments):
            parser.print_help(sys.stderr)
            raise SystemExit(2)
        return parser.parse_args(arguments)
    except SystemExit:  # after --help, say
        sys.stdout.flush()
        raise


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="negotiate-abm", description="Agent-based model of trade negotiation.")
    parser.add_argument("--version", action="version", version=__version__)
    parser.add_argument(
        "--debug", action="store_true", help="show the traceback of an error of the program's own"
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_run(commands)
    _add_reading(commands)
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
    run.add_argument(
        "--runs", type=whole_number, default=DEFAULT_RUNS, metavar="N", help="(default: 2000)"
    )
    run.add_argument(
        "--weeks", type=whole_number, metavar="T", help="weeks a run (default: the case's)"
    )
    run.add_argument("--seed", type=whole_number, default=1, metavar="S", help="(default: 1)")
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
        help="pull a lever of the scenario by its name; 'scenario show CASE' explains them; "
        "may be repeated",
    )
    run.add_argument(
        "--strategies",
        action="append",
        metavar="FILE.py",
        help="a Python file that registers strategies; may be repeated",
    )
    run.add_argument("--out", type=Path, metavar="DIR", help="where to write (default: results/)")
    run.add_argument(
        "--json",
        action="store_true",
        help="print one JSON object, nothing else; nothing is written unless --out is given",
    )
    run.add_argument(
        "--no-figures", action="store_true", help="write the data alone: no figures, no report"
    )
    run.set_defaults(command=_run)


def _add_reading(commands: Any) -> None:
    """Add the commands that read a result which `run` wrote."""
    story = commands.add_parser("story", help="tell one run of a result as prose")
    which = story.add_mutually_exclusive_group()
    which.add_argument(
        "--run", type=whole_number, metavar="N", help="its number (default: the typical run)"
    )
    which.add_argument(
        "--unusual", type=whole_number, metavar="N", help="tell the N most unusual runs instead"
    )
    story.set_defaults(command=_story)
    plot = commands.add_parser("plot", help="draw a figure of a result")
    plot.add_argument(
        "--run", type=whole_number, metavar="N", help="of a dance: whose (default: typical)"
    )
    plot.add_argument("--table", metavar="TABLE", help="whose issues (default: the focal table's)")
    plot.add_argument(
        "--out", type=Path, metavar="FILE", help="a .png, .pdf or .svg (default: FIGURE.png)"
    )
    plot.set_defaults(command=_plot)
    for action in (story, plot):
        action.add_argument(
            "--strategies", action="append", metavar="FILE.py", help="as it was given to run"
        )
        action.add_argument("result", type=Path, metavar="FOLDER", help="what run has written")
    from negotiate_abm.plotting.gallery import FIGURES

    plot.add_argument("figure", metavar="FIGURE", help=f"one of {', '.join(FIGURES)}")


def _add_scenario(commands: Any) -> None:
    scenario = commands.add_parser("scenario", help="check, show or describe scenario files")
    actions = scenario.add_subparsers(title="actions", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="name the bundled cases")
    listing.set_defaults(command=_list)
    check = actions.add_parser("check", help="say what is wrong with a scenario, if anything")
    check.add_argument("file", metavar="CASE|FILE")
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
        action.add_argument(
            "--strategies",
            action="append",
            metavar="FILE.py",
            help="a Python file that registers strategies the scenario names; may be repeated",
        )
        action.set_defaults(command=command)
    schema = actions.add_parser("schema", help="print the JSON Schema of a scenario file")
    schema.set_defaults(command=_schema)


def _run(options: argparse.Namespace) -> int:
    from negotiate_abm.files import check_free
    from negotiate_abm.report import free_directory, progress_bar, report
    from negotiate_abm.simulation import run

    wanted = options.out
    if wanted is not None:
        check_free(wanted)  # refuse now what could not be written later
    overrides = dict(_override(text) for text in options.overrides)
    levers = dict(_lever(text) for text in options.levers)
    bar = progress_bar(options.runs) if sys.stderr.isatty() else contextlib.nullcontext()
    with bar as progress, _rules_aside():
        result = run(
            options.case,
            options.runs,
            options.weeks,
            options.seed,
            overrides,
            progress=progress,
            levers=levers,
        )
    figures = not options.no_figures
    if options.json:
        told = json.dumps(result.statistics(), indent=2)
        if wanted is not None:
            with _rules_aside():
                result.save(wanted, figures=figures)
        with _stopped_after(wanted):
            print(told)
            sys.stdout.flush()
        return 0
    where = wanted or free_directory(Path("results"), result.manifest["case"])
    with _rules_aside():
        result.save(where, figures=figures)
    with _stopped_after(where):
        report(result)
        written = sorted(entry.name for entry in where.iterdir())
        print(f"\nWritten to {where}/: {', '.join(written)}")
        sys.stdout.flush()
    return 0


def _rules_aside() -> contextlib.redirect_stdout[TextIO]:
    """Send what a rule of one's own prints to standard error: it is no part of what is asked for.

    Rules are asked in play, and again where a run is replayed to be drawn or told.
    """
    return contextlib.redirect_stdout(sys.stderr)


@contextlib.contextmanager
def _stopped_after(where: Path | None) -> Iterator[None]:
    """Say of an interrupt that by now the result is written, if it was to be anywhere."""
    try:
        yield
    except KeyboardInterrupt:
        if where is None:
            raise
        raise KeyboardInterrupt(f"stopped; the result is in {where}/") from None


def _story(options: argparse.Namespace) -> int:
    from negotiate_abm.report import in_columns
    from negotiate_abm.result import Result

    with _rules_aside():
        result = Result.load(options.result)
        if options.unusual is None:
            told = [in_columns(result.story(options.run))]
        elif options.unusual < 1:
            raise RunError(f"--unusual: got {options.unusual}; expected a number from 1. Give one.")
        else:
            told = [
                f"Run {number}: {'; '.join(why)}.\n\n{in_columns(result.story(number))}\n"
                for number, why in result.unusual_runs(options.unusual)
            ]
    print("\n".join(told or ["No run stands out from the others."]))
    return 0


def _plot(options: argparse.Namespace) -> int:
    from negotiate_abm.result import Result

    with _rules_aside():
        plots = Result.load(options.result).plot
        written = plots.save(options.figure, options.out, run=options.run, table=options.table)
    print(f"Written to {written}")
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
