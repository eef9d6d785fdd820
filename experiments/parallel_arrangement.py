"""Relief with a parallel arrangement and without, what it makes good and costs, over years.

Relief at Beijing's table falls: a duty cut is worth less to whoever can sell elsewhere, and
less is agreed. That alone looks like a loss. But other buyers make good part of what the
duties cost (`made_good`). Setting up costs something from the start, and some more punishment.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import negotiate_abm

# For another lever, change the question, its name and its value here: all labels follow.
QUESTION = "What does a parallel arrangement buy?"
CASE, LEVER, VALUE = "carney-beijing-2026", "parallel_arrangement", True
PULLED = LEVER.replace("_", " ") + ("" if VALUE is True else f" = {VALUE}")
WORLDS = {"as it stands": {}, PULLED: {LEVER: VALUE}}
TABLE, COUNTRY, WE, OTHER = "canada_china", "canada", "Ottawa", "Beijing"
YEAR, WEEKS, YEARS, UNIT = 52, 156, (1, 3), "C$bn/yr"

LOOKS = [("#0072B2", "-"), ("#D55E00", "--"), ("#009E73", "-."), ("k", ":")]  # Okabe and Ito
PIECES = ["relief", "made good", "set-up", "punished", "net"]
GIVEN = [f"{OTHER} gives, {UNIT}", f"{WE} gives, {UNIT}"]
RELIEVED, FIRST = "some relief, share of runs", f"first relief, week (none: {YEAR + 1})"


def play(runs: int, levers: dict) -> tuple[np.ndarray, pd.DataFrame]:
    """Return pieces in C$bn/yr, (runs, weeks, PIECES), and measures of the bargain by run."""
    seen = negotiate_abm.run(CASE, runs, WEEKS, seed=1, levers=levers).trajectories
    start = negotiate_abm.NegotiationModel(CASE, runs, rng=1, levers=levers)  # the same draws
    p, made, relief = start.parameters, start.case.arrangements, seen["relief"].values
    # A cost paid once weighs as much as this flow for ever.
    paid = np.sum([a.active * p[f"arrangements.{n}.set_up_cost"] for n, a in made.items()], axis=0)
    set_up = 0 * relief + (paid * p[f"countries.{COUNTRY}.discount_rate"])[:, None]
    parts = [relief, seen["made_good"].values, -set_up, -seen["punishment_loss"].values]

    table, now = start.tables[TABLE], seen.sel(week=YEAR)
    given = table.worth_of(now["agreed"].sel(issue=table.issues).values, table.cost)
    own = table.concedes(table.side_of(COUNTRY))
    eased = relief[:, : YEAR + 1] > 1e-6
    bargain = {
        f"{WE}'s leverage": now["leverage"].sel(table=TABLE, country=COUNTRY).values,
        GIVEN[0]: given[:, ~own].sum(axis=1),
        GIVEN[1]: given[:, own].sum(axis=1),
        RELIEVED: eased.any(axis=1).astype(float),
        FIRST: np.where(eased.any(axis=1), eased.argmax(axis=1), YEAR + 1),
    }
    return np.stack([*parts, sum(parts)], axis=-1), pd.DataFrame(bargain)


def compared(names: list[str], base: np.ndarray, other: np.ndarray) -> pd.DataFrame:
    """Return two worlds' means, and their difference run by run with a 95 % interval."""
    gap, half = other - base, 1.96 * (other - base).std(axis=0) / np.sqrt(len(base))
    mean = gap.mean(axis=0)
    columns = base.mean(axis=0), other.mean(axis=0), mean, mean - half, mean + half
    heads = (*WORLDS, "difference", "95 % from", "to")
    return pd.DataFrame(dict(zip(heads, columns, strict=True)), index=names) + 0.0


def main() -> None:
    """Compare the two worlds run by run."""
    parser = argparse.ArgumentParser(description=QUESTION)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--out", type=Path, default=Path("results") / LEVER)
    options = parser.parse_args()
    if options.out.exists():
        raise SystemExit(f"{options.out} exists already: name another folder with --out.")

    (base, alone), (other, helped) = (play(options.runs, levers) for levers in WORLDS.values())
    tables = {"after a year": compared([*alone], alone.to_numpy(), helped.to_numpy())}
    for year in YEARS:
        weeks = slice(1 + (year - 1) * YEAR, 1 + year * YEAR)
        means = [world[:, weeks].mean(axis=1) for world in (base, other)]
        tables[f"year {year}, {UNIT}"] = compared(PIECES, *means)
    both = (alone[RELIEVED] + helped[RELIEVED]) == 2
    if both.any():  # what the other gives per unit of one's own, a ratio of means, linearised
        gives = [world.loc[both, GIVEN].to_numpy() for world in (alone, helped)]
        rate = [g[:, 0].mean() / g[:, 1].mean() for g in gives]
        terms = [r + (g @ [1, -r]) / g[:, 1].mean() for r, g in zip(rate, gives, strict=True)]
        name = f"{OTHER}'s per unit of {WE}'s, {both.sum()} runs with relief in both"
        tables["where relieved"] = compared([name], *(t[:, None] for t in terms))
    table = pd.concat(tables)
    print(table.to_string(float_format="{:.3g}".format))

    options.out.mkdir(parents=True)
    table.to_csv(options.out / f"{LEVER}.csv")
    figure, (left, right) = plt.subplots(1, 2, figsize=(12, 5.4), layout="constrained")
    figure.suptitle(f"{QUESTION}\n{CASE}, {options.runs} runs of each world")
    lines = {f"{n}: relief": v[..., 0] for n, v in zip(WORLDS, (base, other), strict=True)}
    lines[f"{PULLED}: and all made good"] = other[..., :2].sum(axis=-1)
    lines[f"{PULLED}: net of what it costs"] = other[..., 4]
    for (name, of), (colour, style) in zip(lines.items(), LOOKS, strict=True):
        mean, half = of.mean(axis=0), 1.96 * of.std(axis=0) / np.sqrt(options.runs)
        left.plot(mean, style, color=colour, lw=2.5, label=name)
        left.fill_between(range(WEEKS + 1), mean - half, mean + half, color=colour, alpha=0.2, lw=0)
    left.set(xlabel="week", ylabel=f"{UNIT}, mean (95 % interval)")
    left.set_title("Relief, and what else exporters gain", loc="left")
    for year, place, (colour, _), mark in zip(YEARS, (0.14, -0.14), LOOKS[:2], "os", strict=True):
        found = table.loc[f"year {year}, {UNIT}"]
        gap, rows = found["difference"], np.arange(len(PIECES))[::-1] + place
        ends = {"xerr": found["to"] - gap, "capsize": 5, "label": f"year {year}"}
        right.errorbar(gap, rows, fmt=mark, color=colour, **ends)
    right.set_yticks(range(len(PIECES)), PIECES[::-1])
    right.set(xlabel=f"{UNIT} (95 % interval)")
    right.set_title(f"{PULLED}, less {next(iter(WORLDS))}", loc="left")
    for axes, line in ((left, left.axhline), (right, right.axvline)):
        line(0, color="0.7", lw=1, zorder=0)
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.13), ncols=2, frameon=False)
    figure.savefig(options.out / f"{LEVER}.png", dpi=150)


if __name__ == "__main__":
    main()
