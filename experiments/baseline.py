"""What happens if nobody changes anything? The January 2026 case as it stands.

Prints and draws how far each issue between Ottawa and Beijing is agreed by the year's end,
how often the watchers threaten, and how often relief comes without punishment.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import negotiate_abm

BLUE, VERMILION, GREEN = "#0072B2", "#D55E00", "#009E73"  # Okabe and Ito
STEPS = {"talks": ("o", BLUE), "more than talks": ("s", VERMILION), "all there is": ("D", GREEN)}
TESTS = {  # columns of the outcomes
    "united_states.threatened": "Washington threatens",
    "united_states.punished": "Washington punishes",
    "china.threatened": "Beijing threatens",
    "has_relief": "some duty is cut",
    "relief_without_punishment": "relief without punishment",
}


def happened(result: negotiate_abm.Result) -> pd.DataFrame:
    """Return whether each thing happened: a row a run, columns (what, how far)."""
    found = {}
    for name, issue in result.scenario.issues.items():
        if issue.table != result.scenario.focal_table:
            continue
        rungs = list(issue.ladder)
        more = next(rung for rung in rungs if not issue.ladder[rung].talk)
        who = "Beijing" if issue.conceder == "china" else "Ottawa"
        for step, rung in zip(STEPS, (rungs[0], more, rungs[-1]), strict=True):
            week = result.outcomes[f"{name}.{rung}.week"]
            found[f"{issue.title} ({who})", step] = week.notna()
    return pd.DataFrame(found | {(t, ""): result.outcomes[name] for name, t in TESTS.items()})


def wilson(happened: pd.DataFrame) -> pd.DataFrame:
    """Return shares of runs with their 95 % (Wilson score) intervals."""
    n, z, share = len(happened), 1.96, happened.mean()
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    ends = {"95 % from": (centre - half).clip(0, share), "to": (centre + half).clip(share, 1)}
    return pd.DataFrame({"share of runs": share} | ends).rename_axis(["what", "how far"])


def main() -> None:
    """Run the baseline."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--out", type=Path, default=Path("results/baseline"))
    options = parser.parse_args()
    if options.out.exists():
        raise SystemExit(f"{options.out} exists already: name another folder with --out.")

    result = negotiate_abm.run("carney-beijing-2026", runs=options.runs, seed=1)
    table = wilson(happened(result))
    print(table.round(3).to_string())
    _, low, high = table.loc["relief without punishment"].iloc[0]
    print(f"Relief without punishment in {low:.0%} to {high:.0%} of runs (95 % interval).")

    options.out.mkdir(parents=True)
    table.to_csv(options.out / "baseline.csv")
    whats = list(table.index.unique("what"))[::-1]
    figure, axes = plt.subplots(figsize=(9.5, 6), layout="constrained")
    for step, (mark, colour) in {**STEPS, "": ("X", "k")}.items():
        rows = table.xs(step, level="how far")
        share, places = rows["share of runs"], [whats.index(what) for what in rows.index]
        error = [share - rows["95 % from"], rows["to"] - share]
        label = f"agreed: {step}" if step else "in the year"
        axes.errorbar(
            share, places, xerr=error, fmt=mark, ms=9, color=colour, capsize=5, label=label
        )
    axes.set_yticks(range(len(whats)), whats)
    axes.axhline(len(TESTS) - 0.5, color="0.6", lw=1)
    axes.grid(color="0.88")
    axes.set(xlabel="share of runs by the year's end (95 % interval)", xlim=(-0.02, 1.02))
    figure.legend(loc="outside upper center", ncols=4, frameon=False)
    figure.savefig(options.out / "baseline.png", dpi=150)


if __name__ == "__main__":
    main()
