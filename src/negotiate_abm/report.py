"""What the command line prints: tables for people."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from negotiate_abm.errors import Problem, ScenarioError
from negotiate_abm.estimates import mean_interval, share_interval
from negotiate_abm.mechanisms.power_indices import banzhaf, shapley_shubik
from negotiate_abm.scenario.parameters import (
    Parameters,
    central,
    quantities,
    quantities_of_salience,
    salience_code,
)
from negotiate_abm.scenario.quantities import Quantity
from negotiate_abm.scenario.schema import Province, Scenario
from negotiate_abm.scenario.stakes import Ladder, ladders, rates

if TYPE_CHECKING:
    import pandas as pd

    from negotiate_abm.result import Result


# Columns of prose: longer lines are hard to read.
_PAGE = 96


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
    for change in result.changes():
        console.print(f"  with {change}")
    statistics = result.statistics()
    console.print(_issues(statistics["issues"], scenario))
    console.print(_tests(result.outcomes, scenario))
    console.print(f"\nA typical run\n\n{in_columns(result.story())}")
    odd = result.unusual_runs()
    if odd:
        console.print("\nThe most unusual runs ('negotiate-abm story FOLDER --run N' tells one)\n")
    for run, why in odd:
        console.print(in_columns(f"- Run {run}: {'; '.join(why)}."))


def in_columns(text: str) -> str:
    """Return paragraphs in lines no longer than the terminal, or than a page, is wide."""
    width = min(shutil.get_terminal_size().columns, _PAGE)
    return "\n".join(
        textwrap.fill(line, width, subsequent_indent="  " * line.startswith("- "))
        for line in text.split("\n")
    )


def _issues(statistics: dict[str, Any], scenario: Scenario) -> Table:
    title = "Concessions: level in force at the end, and rungs agreed by then"
    if scenario.focal_table is not None:
        title = f"{scenario.tables[scenario.focal_table].title}. {title}"
    table = Table(title=title)
    headings = ("issue (who gives)", "mean level\n(90 % of runs)", "rungs agreed (share of runs)")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for name, issue in scenario.issues.items():
        if scenario.focal_table not in (None, issue.table):
            continue
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


def _tests(outcomes: pd.DataFrame, scenario: Scenario) -> Table:
    table = Table(title="Talks, threats and the political test")
    for heading in ("what", "mean", "90 % of runs", "90 % sampling interval"):
        table.add_column(heading, overflow="fold")
    shown = [scenario.focal_table] if scenario.focal_table else list(scenario.tables)
    for name in shown:
        for kind, words in _ROUNDS.items():
            if len(shown) > 1:
                words = f"{scenario.tables[name].title}: {words}"
            table.add_row(words, *_spread(outcomes[f"{name}.{kind}"], ".2f"))
        for watcher, entry in scenario.tables[name].watchers.items():
            titles = [scenario.countries[c].title for c in (watcher, entry.threatens)]
            for kind, deed in _DEEDS.items():
                words = f"{deed.format(*titles)}, share of runs"
                table.add_row(words, *_share(outcomes[f"{watcher}.{kind}"]))
    focal = scenario.countries[scenario.focal].title
    if scenario.bears_duties:
        relief = _spread(outcomes["relief_at_end"], ".3f")
        table.add_row(f"relief to {focal}'s exporters at the end, C$bn a year", *relief)
        if outcomes["made_good_at_end"].any():
            made_good = _spread(outcomes["made_good_at_end"], ".3f")
            table.add_row("losses that other buyers make good then, C$bn a year", *made_good)
        joint = _share(outcomes["relief_without_punishment"])
        table.add_row(f"relief to {focal} without punishment, share of runs", *joint)
    return table


_ROUNDS = {
    "agreements": "deals a run",
    "failed_rounds": "rounds without a deal, a run",
    "failed_with_a_zone": "of these, where some deal would have suited both",
    "broken_at_home": "deals broken at home, a run",
}
_DEEDS = {
    "threatened": "{0} threatens {1}",
    "complied": "{1} heeds {0}",
    "bought_off": "{1} buys {0} off",
    "punished": "{0} punishes {1}",
}


def _spread(values: pd.Series, form: str) -> tuple[str, str, str]:
    """Return mean, 90 % range over runs, and 90 % interval of the mean."""
    numbers = values.to_numpy(dtype=np.float64)
    low, high = np.quantile(numbers, [0.05, 0.95])
    least, most = mean_interval(numbers)
    return (
        f"{numbers.mean():{form}}",
        f"{low:{form}} to {high:{form}}",
        f"{least:{form}} to {most:{form}}",
    )


def _share(happened: pd.Series) -> tuple[str, str, str]:
    """Return a share of runs and its 90 % Wilson score interval."""
    share = float(happened.mean())
    low, high = share_interval(share, happened.size)
    return f"{share:.3f}", "", f"{low:.3f} to {high:.3f}"


def show_numbers(scenario: Scenario) -> None:
    """Print every number of a scenario: the name that sets it, its value, range and origin."""
    console = _console()
    for name, bounds in quantities_of_salience(scenario).items():
        low, high = bounds.range or (bounds.value, bounds.value)
        console.print(
            f"salience.{name} = {bounds.value:g} times the largest tariff stake, drawn from "
            f"{low:g} to {high:g}",
            soft_wrap=True,
        )
    for key, quantity in quantities(scenario).items():
        code = salience_code(scenario, key)
        if code is not None:
            console.print(f"{key}.salience = {code}", soft_wrap=True)
            continue
        reach = ""
        if quantity.range is not None:
            how = "drawn from" if quantity.is_drawn else "fixed in"
            reach = f", {how} {quantity.range[0]:g} to {quantity.range[1]:g}"
        origin = ", ".join(quantity.source_keys) or quantity.assumed or quantity.definition
        kind = "source" if quantity.source_keys else "assumed" if quantity.assumed else "definition"
        console.print(
            f"{key} = {quantity.value:g} {quantity.unit}{reach}; {kind}: {origin}",
            soft_wrap=True,
        )


def show(scenario: Scenario) -> None:
    """Print who wants what in a scenario, at its stated values."""
    console = _console()
    p = central(scenario)
    valued = ladders(scenario, p)
    console.print(f"{scenario.title} ({scenario.name})\n{scenario.summary}")
    console.print("\nIssues at stated values, C$bn a year for the whole ladder")
    for name, issue in scenario.issues.items():
        rungs = valued[name]
        console.print(
            f"  {name}: {issue.title}, {issue.conceder} to {issue.beneficiary}; worth "
            f"{rungs.benefits[0, -1]:.3f}, costs {rungs.costs[0, -1]:.3f}"
        )
        console.print(f"    {', '.join(_rungs(scenario, name, rungs, p))}")
        for whose, alarm in issue.exposure.items():
            console.print(f"    exposes to {whose} by {alarm.value:g} tolerances")
        for whose, rung in issue.red_lines.items():
            console.print(f"    red line of {whose} at {rung}")
    console.print("\nCountries and provinces at stated values")
    for line in _people(scenario):
        console.print(f"  {line}")
    if scenario.levers:
        console.print("\nLevers")
    for name, lever in scenario.levers.items():
        default = "a value" if lever.value is None else str(lever.value).lower()
        console.print(f"  {name}: {lever.title}; sets {', '.join(lever.keys)} to {default}")
    console.print(f"\n{_origins(scenario)}")


def _people(scenario: Scenario) -> Iterator[str]:
    for name, country in scenario.countries.items():
        trust = "".join(f"; trust in {c} {t.value:g}" for c, t in country.trust.items())
        yield (
            f"{name}: GDP {country.gdp.value:,.0f} C$bn a year; tactic {country.tactic}; "
            f"retaliation {country.retaliation}{trust}"
        )
    for name, province in scenario.provinces.items():
        yield (
            f"{name}: influence {province.influence.value:g}; support for a deal "
            f"{province.support.value:g}; pressure at a half under a loss of "
            f"{province.half_loss.value:g} C$bn a year"
        )


def _rungs(scenario: Scenario, issue: str, rungs: Ladder, p: Parameters) -> Iterator[str]:
    for i, name in enumerate(rungs.names):
        rate = ""
        if scenario.issues[issue].duty is not None:
            rate = f" ({100 * rates(scenario, issue, p, rungs.restored[:, i])[0]:.1f} %)"
        yield f"{name} {rungs.levels[0, i]:.2f}{rate}"


def _origins(scenario: Scenario) -> str:
    found: list[Quantity] = list(quantities(scenario).values())
    counts = {
        kind: sum(1 for q in found if getattr(q, kind) is not None)
        for kind in ("source", "assumed", "definition")
    }
    drawn = sum(1 for q in found if q.is_drawn)
    return (
        f"{len(found)} numbers, the packaged defaults included: {counts['source']} sourced, "
        f"{counts['assumed']} assumed with a range, {counts['definition']} fixed by definition; "
        f"{drawn} drawn anew in every run. --numbers lists them with the names that set them."
    )


def show_solutions(scenario: Scenario) -> None:
    """Print, for each table, what the bargaining solutions would have the parties agree."""
    from negotiate_abm.yardsticks import SOLUTIONS, yardsticks

    console = _console()
    for name, found in yardsticks(scenario).items():
        table = Table(title=f"{scenario.tables[name].title}: levels, then gains in C$bn a year")
        for heading in ("", *SOLUTIONS):
            table.add_column(heading, overflow="fold")
        sticks = list(found.values())
        for issue in sticks[0].levels:
            title = scenario.issues[issue].title
            table.add_row(title, *(f"{stick.levels[issue]:.2f}" for stick in sticks))
        table.add_section()
        for party in sticks[0].gains:
            title = f"gain of {scenario.countries[party].title}"
            table.add_row(title, *(f"{stick.gains[party]:.3f}" for stick in sticks))
        console.print(table)
    console.print("At stated values, in full trust, unwatched; countries keep their own red lines.")
    for table_entry in scenario.tables.values():
        for party, least in table_entry.reservation.items():
            console.print(
                f"{scenario.countries[party].title} falls back on a given reservation of "
                f"{least.value:g}, not on the status quo."
            )


# Influence is weighed in thousandths: finer than any is known, and whole numbers can be counted.
_VOTES = 1000


def show_power(scenario: Scenario, share: Fraction | None = None) -> None:
    """Print each province's power, were its country to decide by a vote weighted by influence.

    Parameters
    ----------
    scenario : Scenario
        Influences count at their stated values. No run uses what is printed here.
    share : Fraction, optional
        Of the influence of a country's provinces, what carries; by default more than half.

    Raises
    ------
    ScenarioError
        If no province of a country has an influence to weigh.
    """
    console = _console()
    tables = list(_powers(scenario, share))
    for table, note in tables:
        console.print(table)
        console.print(note, soft_wrap=True)
    if not tables:
        console.print(f"{scenario.title}: no country has provinces, so there is no vote to weigh.")


def _powers(scenario: Scenario, share: Fraction | None) -> Iterator[tuple[Table, str]]:
    """Yield each federation's table, and in words what carries and what nobody in it holds."""
    for name, country in scenario.countries.items():
        provinces = [p for p in scenario.provinces.values() if p.country == name]
        if not provinces:
            continue
        weights = [round(_VOTES * province.influence.value) for province in provinces]
        total = sum(weights)
        if total == 0:
            raise ScenarioError(
                scenario.name,
                [
                    Problem(
                        "provinces",
                        f"influences in {name} that all round to 0 thousandths",
                        "at least one thousandth",
                        "Raise one of them.",
                    )
                ],
            )
        quota = total // 2 + 1 if share is None else ceil(share * total)
        asked = "more than half" if share is None else f"at least {share}"
        carries = (
            f"A coalition with {asked} of the modelled influence "
            f"({quota / _VOTES:.3f} of {total / _VOTES:.3f}) carries."
        )
        left_out = _left_out(country.title, provinces)
        yield (
            _power(f"Voting power in {country.title}", provinces, weights, quota),
            f"{carries}\n{left_out}".strip(),
        )


def _power(title: str, provinces: list[Province], weights: list[int], quota: int) -> Table:
    table = Table(title=title)
    for heading in ("province", "influence", "Banzhaf", "Shapley-Shubik"):
        table.add_column(heading, overflow="fold")
    indices = zip(banzhaf(weights, quota), shapley_shubik(weights, quota), strict=True)
    for province, (swings, pivots) in zip(provinces, indices, strict=True):
        influence = f"{province.influence.value:g}"
        table.add_row(province.title, influence, f"{swings:.3f}", f"{pivots:.3f}")
    return table


def _left_out(country: str, provinces: list[Province]) -> str:
    """Return a line on the influence that no modelled province holds, if any is to be seen."""
    rest = 1.0 - sum(province.influence.value for province in provinces)
    if round(_VOTES * rest) <= 0:
        return ""
    return f"Left out: an influence of {rest:.3f} in {country} that these provinces do not cover."
