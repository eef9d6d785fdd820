"""The January 2026 case as it stands, or with the levers named below pulled.

Prints and draws how far each issue of the focal table is agreed by the year's end, how often
the watchers threaten, and how often relief comes without punishment.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import negotiate_abm

QUESTION = "What happens if nobody changes anything?"
CASE, LEVERS = "carney-beijing-2026", {}  # such as {"hostility_of_washington": 0.9}
NAME = "_".join(["baseline", *LEVERS])
WORLD = ", ".join([CASE, *(f"{lever} = {value}" for lever, value in LEVERS.items())])

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
    found, scenario = {}, result.scenario
    for name, issue in scenario.issues.items():
        if issue.table != scenario.focal_table:
            continue
        rungs = list(issue.ladder)
        more = next(rung for rung in rungs if not issue.ladder[rung].talk)
        who = scenario.countries[issue.conceder].title
        for step, rung in zip(STEPS, (rungs[0], more, rungs[-1]), strict=True):
            week = result.outcomes[f"{name}.{rung}.week"]
            found[f"{issue.title} ({who} gives)", step] = week.notna()
    return pd.DataFrame(found | {(t, ""): result.outcomes[name] for name, t in TESTS.items()})


def wilson(happened: pd.DataFrame) -> pd.DataFrame:
    """Return shares of runs with their 95 % (Wilson score) intervals."""
    n, z, share = len(happened), 1.96, happened.mean()
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    ends = {"95 % from": (centre - half).clip(0, share), "to": (centre + half).clip(share, 1)}
    return pd.DataFrame({"share of runs": share} | ends).rename_axis(["what", "how far"])


def main() -> None:
    """Play the world and draw what happens in it."""
    parser = argparse.ArgumentParser(description=QUESTION)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--out", type=Path, default=Path("results") / NAME)
    options = parser.parse_args()
    if options.out.exists():
        raise SystemExit(f"{options.out} exists already: name another folder with --out.")

    result = negotiate_abm.run(CASE, runs=options.runs, seed=1, levers=LEVERS)
    table = wilson(happened(result))
    print(f"{QUESTION} ({WORLD}, {options.runs} runs)")
    print(table.to_string(float_format="{:.3g}".format))
    what = list(TESTS.values())[-1]
    _, low, high = table.loc[what].iloc[0]
    print(f"{what.capitalize()} in {low:.3g} to {high:.3g} of runs (95 % interval).")

    options.out.mkdir(parents=True)
    table.to_csv(options.out / f"{NAME}.csv")
    whats = list(table.index.unique("what"))[::-1]
    figure, axes = plt.subplots(figsize=(9.5, 6.2), layout="constrained")
    figure.suptitle(f"{QUESTION}\n{WORLD}, {options.runs} runs")
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
    axes.set(xlabel="share of runs by the year's end (95 % interval)")
    figure.legend(loc="outside lower center", ncols=4, frameon=False)
    figure.savefig(options.out / f"{NAME}.png", dpi=150)


if __name__ == "__main__":
    main()
