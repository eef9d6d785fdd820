"""How results depend on the length that a round of talks is assumed to have.

Plays the case under round lengths from weeks to most of a year, on the same luck, prints the
patterns beside them and draws one figure. Relief is shown after three years too, when rounds
of every length have had time to end.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import negotiate_abm

QUESTION = "How do results depend on how long a round of talks lasts?"
CASE, NAME = "carney-beijing-2026", "round_length"
KEYS = ("tables.canada_china.shortest_round_weeks", "tables.canada_china.longest_round_weeks")
VARIED = "length of a round, weeks"
WORLDS = [(2, 8), (4, 13), (6, 26), (13, 39), (26, 52)]  # a value for each key
YEARS = {"after a year": 52, "after three": 156}

MEASURES = {  # of the outcomes after the first of these
    "canola consultations within 12 weeks": lambda o: o["canola_seed.consultations.week"] <= 12,
    "framework talks": lambda o: o["framework_agri_energy.talks.week"].notna(),
    "talks on vehicles": lambda o: o["ev_tariff.talks.week"].notna(),
    "vehicle surtax eliminated": lambda o: o["ev_tariff.elimination.week"].notna(),
    "punished by Washington": lambda o: o["united_states.punished"],
    "some relief at year's end": lambda o: o["has_relief"],
}
MARKS = "osD^vx"
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#000000"]  # Okabe and Ito


def interval(values: pd.Series) -> tuple[float, float]:
    """Return a mean and half of its 95 % interval."""
    return values.mean(), 1.96 * values.astype(float).std() / np.sqrt(len(values))


def main() -> None:
    """Sweep the worlds."""
    parser = argparse.ArgumentParser(description=QUESTION)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--out", type=Path, default=Path("results") / NAME)
    options = parser.parse_args()
    if options.out.exists():
        raise SystemExit(f"{options.out} exists already: name another folder with --out.")

    rows = {}
    for world in WORLDS:
        overrides = dict(zip(KEYS, map(float, world), strict=True))
        played = {
            when: negotiate_abm.run(CASE, options.runs, weeks, 1, overrides).outcomes
            for when, weeks in YEARS.items()
        }
        first = next(iter(played.values()))
        row = {("share of runs", name): interval(find(first)) for name, find in MEASURES.items()}
        for when, outcomes in played.items():
            row["relief, C$bn/yr", when] = interval(outcomes["relief_at_end"])
        rows[" to ".join(f"{value:g}" for value in world)] = row
    pairs = pd.DataFrame(rows).T.rename_axis(VARIED)
    means, halves = (pairs.map(lambda pair, i=i: pair[i]) for i in (0, 1))
    table = pd.concat({"mean": means, "95 % interval, +/-": halves}, axis=1)
    print(f"{QUESTION} Means; the table on disk has their 95 % intervals.")
    print(means.T.to_string(float_format="{:.3g}".format))

    options.out.mkdir(parents=True)
    table.T.rename_axis(["", "unit", "measure"]).to_csv(options.out / f"{NAME}.csv")
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 5.4), layout="constrained")
    figure.suptitle(f"{QUESTION}\n{CASE}, {options.runs} runs of each length")
    titles = (f"What happens {next(iter(YEARS))}", "Relief at the end")
    for axes, unit, title in zip((left, right), means.columns.unique(0), titles, strict=True):
        for name, mark, colour in zip(means[unit], MARKS, COLOURS, strict=False):
            mean, half = means[unit, name], halves[unit, name]
            axes.errorbar(means.index, mean, half, marker=mark, c=colour, capsize=3, label=name)
        axes.set(xlabel=VARIED, ylabel=f"{unit} (95 % interval)")
        axes.set_title(title, loc="left")
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.13), ncols=2, frameon=False)
    figure.savefig(options.out / f"{NAME}.png", dpi=150)


if __name__ == "__main__":
    main()
