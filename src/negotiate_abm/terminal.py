"""What a terminal needs: streams that hold, signals that tidy up, one clear line for each fault."""

from __future__ import annotations

import _thread
import argparse
import contextlib
import os
import re
import signal
import sys
import threading
from collections.abc import Iterator
from typing import Any, NoReturn

from negotiate_abm.errors import NegotiateError, ScenarioError, nearest

# On standard error: enough to mend, no more than a screen.
MOST_LINES, LONGEST_LINE = 20, 1000


def occupy_standard_streams() -> None:
    """Put the null device where a standard stream is closed, lest a file take its number."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number free, which is this one
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115


@contextlib.contextmanager
def ending_like_an_interrupt() -> Iterator[list[int]]:
    """Let a request to end (SIGTERM) tidy up as Ctrl-C does; yield a list of those that came."""
    came: list[int] = []

    def end(number: int, _: object) -> None:
        came.append(number)
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield came
        return

    def lost(error: sys.UnraisableHookArgs) -> None:
        if issubclass(error.exc_type, KeyboardInterrupt):
            # It came where nothing can be raised, as in a weak reference's callback: once more.
            threading.Timer(0.05, _thread.interrupt_main).start()
        else:
            hook(error)

    before, hook = signal.signal(signal.SIGTERM, end), sys.unraisablehook
    sys.unraisablehook = lost
    try:
        yield came
    finally:
        sys.unraisablehook = hook
        signal.signal(signal.SIGTERM, signal.SIG_DFL if before is None else before)


def give_up_output() -> None:
    """Let nothing more be written to standard output, the leaving interpreter's flush included."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def say(*lines: str) -> None:
    """Write lines on standard error, if it can be written."""
    with contextlib.suppress(OSError, ValueError):
        print(*map(_one_line, lines), sep="\n", file=sys.stderr, flush=True)


def lines_of(error: NegotiateError) -> list[str]:
    """Return an error as lines: one for each problem of a scenario, the first of many."""
    if not isinstance(error, ScenarioError):
        return [str(error)]
    told = [f"{error.where}: {problem}" for problem in error.problems]
    if len(told) <= MOST_LINES:
        return told
    more = len(told) - MOST_LINES + 1
    return [
        *told[: MOST_LINES - 1],
        f"{error.where}: and {more} more problems. Mend these first, then ask again.",
    ]


def _one_line(text: str) -> str:
    """Return a text fit for one line of a terminal: no control characters, not without end."""
    told = "".join(c if c.isprintable() else repr(c)[1:-1] for c in " ".join(text.split()))
    half = LONGEST_LINE // 2
    return told if len(told) <= LONGEST_LINE else f"{told[:half]} ... {told[-half:]}"


class Parser(argparse.ArgumentParser):
    """A parser that says in one line what is wrong, and what was probably meant.

    Options are written out: an abbreviation could be taken for another command's option.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{"allow_abbrev": False, **settings})

    def parse_known_args(  # type: ignore[override]
        self, args: Any = None, namespace: Any = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Parse the arguments, none of which may be unknown to the command they are given to."""
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return found, unknown

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the arguments and end with 2."""
        choice = re.search(r"invalid choice: '(.*)' \(choose from (.*)\)", message, re.DOTALL)
        surplus = re.match(r"unrecognized arguments: (-\S*)", message)
        if choice:
            names = re.split(r",\s*", choice[2].replace("'", ""))
            message = (
                f"got '{choice[1]}'; expected one of {', '.join(names)}. "
                f"{nearest(choice[1], names, otherwise='')}"
            )
        elif surplus:
            hint = nearest(surplus[1].partition("=")[0], _options_of(self), otherwise="")
            if surplus[1] == "--debug":
                hint = "Write it before the command."
            message = f"{message}. {hint}"
        hint = f"See '{self.prog} --help'."
        say(f"{self.prog}: {message.strip()}{'' if message.strip()[-1] in '.?' else '.'} {hint}")
        raise SystemExit(2)

    def _print_message(self, message: str, file: Any = None) -> None:
        """Print help or the version; where it cannot be written, let it be known."""
        print(message, end="", file=file)


def _options_of(parser: argparse.ArgumentParser) -> set[str]:
    """Return every option of a parser and of the commands below it."""
    found: set[str] = set()
    for action in parser._actions:
        found |= {option for option in action.option_strings if option.startswith("--")}
        if isinstance(action, argparse._SubParsersAction):
            found = found.union(*map(_options_of, action.choices.values()))
    return found


def whole_number(text: str) -> int:
    """Return a whole number as an option states it."""
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"got '{text}'; expected a whole number. Give one in digits"
        ) from None
