"""What does a parallel arrangement buy? Other buyers for what Beijing shuts out, or none.

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

CASE, TABLE, BUYERS = "carney-beijing-2026", "canada_china", "arrangements.other_buyers"
YEAR, WEEKS = 52, 156
BLUE, VERMILION, GREEN = "#0072B2", "#D55E00", "#009E73"  # Okabe and Ito
PIECES = ["relief", "made good", "set-up", "punished", "net"]
GIVEN = ["Beijing gives, C$bn/yr", "Ottawa gives, C$bn/yr"]


def play(runs: int, begun: bool) -> tuple[np.ndarray, pd.DataFrame]:
    """Return pieces in C$bn/yr, (runs, weeks, PIECES), and measures of the bargain by run."""
    levers = {"parallel_arrangement": begun}
    seen = negotiate_abm.run(CASE, runs, WEEKS, seed=1, levers=levers).trajectories
    start = negotiate_abm.NegotiationModel(CASE, runs, rng=1, levers=levers)  # the same draws
    p, relief = start.parameters, seen["relief"].values
    # A cost paid once weighs as much as this flow for ever.
    set_up = begun * (p[f"{BUYERS}.set_up_cost"] * p["countries.canada.discount_rate"])[:, None]
    parts = [relief, seen["made_good"].values]
    parts += [0 * relief - set_up, -seen["punishment_loss"].values]

    table, now = start.tables[TABLE], seen.sel(week=YEAR)
    given = table.worth_of(now["agreed"].sel(issue=table.issues).values, table.cost)
    ottawas = table.concedes(table.side_of("canada"))
    eased = relief[:, : YEAR + 1] > 1e-6
    bargain = {
        "Ottawa's leverage": now["leverage"].sel(table=TABLE, country="canada").values,
        GIVEN[0]: given[:, ~ottawas].sum(axis=1),
        GIVEN[1]: given[:, ottawas].sum(axis=1),
        "some relief, share of runs": eased.any(axis=1).astype(float),
        "first relief, week (none: 53)": np.where(eased.any(axis=1), eased.argmax(axis=1), 53),
    }
    return np.stack([*parts, sum(parts)], axis=-1), pd.DataFrame(bargain)


def compared(names: list[str], base: np.ndarray, other: np.ndarray) -> pd.DataFrame:
    """Return two worlds' means, and their difference run by run with a 95 % interval."""
    gap, half = other - base, 1.96 * (other - base).std(axis=0) / np.sqrt(len(base))
    columns = [base.mean(axis=0), other.mean(axis=0), gap.mean(axis=0)]
    columns += [columns[2] - half, columns[2] + half]
    heads = ["none", "other buyers", "difference", "95 % from", "to"]
    return pd.DataFrame(dict(zip(heads, columns, strict=True)), index=names)


def main() -> None:
    """Compare the two worlds run by run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--out", type=Path, default=Path("results/parallel-arrangement"))
    options = parser.parse_args()
    if options.out.exists():
        raise SystemExit(f"{options.out} exists already: name another folder with --out.")

    (none, alone), (buyers, helped) = (play(options.runs, begun) for begun in (False, True))
    tables = {"after a year": compared([*alone], alone.to_numpy(), helped.to_numpy())}
    for year in (1, 3):
        weeks = slice(1 + (year - 1) * YEAR, 1 + year * YEAR)
        means = [world[:, weeks].mean(axis=1) for world in (none, buyers)]
        tables[f"year {year}, C$bn/yr"] = compared(PIECES, *means)
    relieved = (alone.iloc[:, 3] + helped.iloc[:, 3]) == 2
    if relieved.any():  # what Beijing gives per unit of Ottawa's, a ratio of means, linearised
        gives = [world.loc[relieved, GIVEN].to_numpy() for world in (alone, helped)]
        rate = [g[:, 0].mean() / g[:, 1].mean() for g in gives]
        terms = [r + (g @ [1, -r]) / g[:, 1].mean() for r, g in zip(rate, gives, strict=True)]
        name = f"Beijing's per unit of Ottawa's, {relieved.sum()} runs with relief in both"
        tables["where relieved"] = compared([name], *(t[:, None] for t in terms))
    table = pd.concat(tables)
    print(table.round(3).to_string())

    options.out.mkdir(parents=True)
    table.to_csv(options.out / "parallel_arrangement.csv")
    figure, (left, right) = plt.subplots(1, 2, figsize=(12, 4.8), layout="constrained")
    lines = [
        ("relief, no arrangement", none[..., 0], BLUE, "-"),
        ("relief, with other buyers", buyers[..., 0], VERMILION, "--"),
        ("and all that they make good", buyers[..., :2].sum(axis=-1), GREEN, "-."),
        ("less what it costs", buyers[..., 4], "k", ":"),
    ]
    for name, values, colour, style in lines:
        mean, half = values.mean(axis=0), 1.96 * values.std(axis=0) / np.sqrt(options.runs)
        left.plot(mean, style, color=colour, lw=2.5, label=name)
        left.fill_between(range(WEEKS + 1), mean - half, mean + half, color=colour, alpha=0.2, lw=0)
    left.set(xlabel="week", ylabel="C$bn a year, mean (95 % interval)", xlim=(0, WEEKS))
    left.axhline(0, color="0.7", lw=1, zorder=0)
    left.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    for year, place, colour, mark in ((1, 0.14, BLUE, "o"), (3, -0.14, VERMILION, "s")):
        found = table.loc[f"year {year}, C$bn/yr"]
        gap, half = found["difference"], found["to"] - found["difference"]
        rows = np.arange(len(PIECES))[::-1] + place
        right.errorbar(
            gap, rows, xerr=half, fmt=mark, color=colour, capsize=5, label=f"year {year}"
        )
    right.set_yticks(range(len(PIECES)), PIECES[::-1])
    right.axvline(0, color="0.7", lw=1, zorder=0)
    right.set(xlabel="C$bn a year, with other buyers less without (95 % interval)")
    right.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    figure.savefig(options.out / "parallel_arrangement.png", dpi=150)


if __name__ == "__main__":
    main()
