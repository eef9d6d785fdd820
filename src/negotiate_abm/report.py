"""What the command line prints: tables for people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from negotiate_abm.scenario.parameters import Parameters, central
from negotiate_abm.scenario.quantities import Quantity
from negotiate_abm.scenario.schema import Scenario
from negotiate_abm.scenario.stakes import Ladder, ladders, rates

if TYPE_CHECKING:
    from negotiate_abm.result import Result


@contextmanager
def progress_bar(runs: int) -> Iterator[Callable[[int], None]]:
    """Show progress on standard error; yield what to call with runs finished."""
    columns = (TextColumn("runs"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    task = bar.add_task("runs", total=runs)

    def advance(done: int) -> None:
        bar.start()  # only now: bad input should find a quiet terminal
        bar.advance(task, done)

    try:
        yield advance
    finally:
        if bar.live.is_started:
            bar.stop()


def _console() -> Console:
    """Return a console that prints a scenario's words as they are, brackets and all."""
    return Console(markup=False, emoji=False, highlight=False)


def free_directory(parent: Path, name: str) -> Path:
    """Return the first of parent/name-1, parent/name-2, ... that does not exist."""
    number = 1
    while (parent / f"{name}-{number}").exists():
        number += 1
    return parent / f"{name}-{number}"


def report(result: Result) -> None:
    """Print the outcome of many runs."""
    console = _console()
    scenario, about = result.scenario, result.manifest
    console.print(
        f"{scenario.title}: {about['runs']:,} runs of {about['weeks']} weeks, seed {about['seed']}"
    )
    console.print(_issues(result, scenario))
    console.print(_tests(result, scenario))


def _issues(result: Result, scenario: Scenario) -> Table:
    table = Table(title="Concessions: level in force at the end, and rungs agreed by then")
    headings = ("issue (who gives)", "mean level\n(90 % of runs)", "rungs agreed (share of runs)")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    statistics = result.statistics()["issues"]
    for name, issue in scenario.issues.items():
        found = statistics[name]
        level = found["level"]
        reached = "\n".join(
            f"{share['probability']:.2f} {issue.ladder[rung].title}"
            for rung, share in found["reached"].items()
        )
        table.add_row(
            f"{issue.title} ({scenario.countries[issue.conceder].title})",
            f"{level['mean']:.2f}\n({level['q05']:.2f} to {level['q95']:.2f})",
            reached,
        )
    return table


def _tests(result: Result, scenario: Scenario) -> Table:
    table = Table(title="Pressure and the political test")
    for heading in ("what", "mean", "90 % interval"):
        table.add_column(heading, overflow="fold")
    outcomes = result.outcomes
    for watcher, found in result.statistics()["watchers"].items():
        title = scenario.countries[watcher].title
        for kind in found:
            happened = outcomes[f"{watcher}.{kind}"].to_numpy()
            table.add_row(f"{title} {kind} (share of runs)", *_share(happened))
    focal = scenario.countries[scenario.focal].title
    relief = outcomes["relief"].to_numpy()
    low, high = np.quantile(relief, [0.05, 0.95])
    table.add_row(
        f"relief to {focal}'s exporters at the end, C$bn a year",
        f"{relief.mean():.3f}",
        f"{low:.3f} to {high:.3f} (runs)",
    )
    joint = outcomes["relief_without_punishment"].to_numpy()
    table.add_row(f"relief to {focal} without punishment (share of runs)", *_share(joint))
    return table


def _share(happened: np.ndarray) -> tuple[str, str]:
    """Return a share of runs and its 90 % Wilson score interval."""
    z = 1.6448536269514722  # the 95th percentile of the standard normal
    n, share = happened.size, float(happened.mean())
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return (
        f"{share:.3f}",
        f"{max(centre - half, 0.0):.3f} to {min(centre + half, 1.0):.3f} (sampling)",
    )


def show(scenario: Scenario) -> None:
    """Print who wants what in a scenario, at its stated values."""
    console = _console()
    p = central(scenario)
    valued = ladders(scenario, p)
    console.print(f"{scenario.title} ({scenario.name})\n{scenario.summary}")
    table = Table(title="Issues at stated values, C$bn a year for the whole ladder")
    for heading in ("issue", "who gives", "worth", "costs", "rungs: level (duty)", "red lines"):
        table.add_column(heading, overflow="fold")
    for name, issue in scenario.issues.items():
        table.add_row(
            f"{issue.title} ({name})",
            scenario.countries[issue.conceder].title,
            f"{valued[name].benefits[0, -1]:.3f}",
            f"{valued[name].costs[0, -1]:.3f}",
            "\n".join(_rungs(scenario, name, valued[name], p)),
            "\n".join(f"{whose}: {rung}" for whose, rung in issue.red_lines.items()),
        )
    console.print(table)
    console.print(_origins(scenario))


def _rungs(scenario: Scenario, issue: str, rungs: Ladder, p: Parameters) -> Iterator[str]:
    for i, name in enumerate(rungs.names):
        rate = ""
        if scenario.issues[issue].duty is not None:
            rate = f" ({100 * rates(scenario, issue, p, rungs.restored[:, i])[0]:.1f} %)"
        yield f"{name}: {rungs.levels[0, i]:.2f}{rate}"


def _origins(scenario: Scenario) -> str:
    from negotiate_abm.scenario.parameters import quantities

    found: list[Quantity] = list(quantities(scenario).values())
    counts = {
        kind: sum(1 for q in found if getattr(q, kind) is not None)
        for kind in ("source", "assumed", "definition")
    }
    drawn = sum(1 for q in found if q.is_drawn)
    return (
        f"{len(found)} numbers: {counts['source']} sourced, {counts['assumed']} assumed with a "
        f"range, {counts['definition']} fixed by definition; {drawn} drawn anew in every run."
    )
