"""How results depend on the length that a round of talks is assumed to have.

Plays the January 2026 case under round lengths from weeks to most of a year, on the same
luck, prints the patterns beside them and draws one figure. Relief is shown after three
years too, when rounds of every length have had time to end.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import negotiate_abm

LENGTHS = [(2, 8), (4, 13), (6, 26), (13, 39), (26, 52)]
MEASURES = {
    "canola consultations within 12 weeks": lambda o: o["canola_seed.consultations.week"] <= 12,
    "framework talks": lambda o: o["framework_agri_energy.talks.week"].notna(),
    "talks on vehicles": lambda o: o["ev_tariff.talks.week"].notna(),
    "vehicle surtax eliminated": lambda o: o["ev_tariff.elimination.week"].notna(),
    "punished by Washington": lambda o: o["united_states.punished"],
    "some relief at year's end": lambda o: o["has_relief"],
}
MARKS = "osD^vx"


def main() -> None:
    """Sweep the length of rounds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--out", type=Path, default=Path("results/round-length"))
    options = parser.parse_args()
    if options.out.exists():
        raise SystemExit(f"{options.out} exists already: name another folder with --out.")

    rows = []
    for shortest, longest in LENGTHS:
        lengths = {
            "tables.canada_china.shortest_round_weeks": float(shortest),
            "tables.canada_china.longest_round_weeks": float(longest),
        }
        one, three = (
            negotiate_abm.run(runs=options.runs, weeks=weeks, seed=1, overrides=lengths).outcomes
            for weeks in (52, 156)
        )
        row = {"weeks": f"{shortest} to {longest}"}
        row |= {name: measure(one).mean() for name, measure in MEASURES.items()}
        row["relief after a year, C$bn/yr"] = one["relief_at_end"].mean()
        row["relief after three, C$bn/yr"] = three["relief_at_end"].mean()
        rows.append(row)
    table = pd.DataFrame(rows).set_index("weeks")
    print(table.round(3).T.to_string())

    options.out.mkdir(parents=True)
    table.to_csv(options.out / "round_length.csv")
    figure, axes = plt.subplots(figsize=(8.5, 5), layout="constrained")
    for name, mark in zip(MEASURES, MARKS, strict=True):
        share = table[name].to_numpy(dtype=float)
        error = 1.96 * np.sqrt(share * (1 - share) / options.runs)
        axes.errorbar(table.index, share, yerr=error, marker=mark, capsize=3, label=name)
    axes.set(xlabel="length of a round, weeks", ylabel="share of runs (95 % interval)", ylim=(0, 1))
    figure.legend(loc="outside right center", frameon=False)
    figure.savefig(options.out / "round_length.png", dpi=150)


if __name__ == "__main__":
    main()
