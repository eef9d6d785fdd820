"""What if the tariff on Chinese electric vehicles is held at zero? Two worlds, the same luck.

Prints what a surtax gone, come what may, changes run by run; draws when Washington punishes,
and what Canada's exporters gain and lose by it.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import negotiate_abm

WORLDS = {"as it stands": {}, "held at zero": {"ev_tariff_at_zero": True}}
BLUE, VERMILION = "#0072B2", "#D55E00"  # Okabe and Ito, safe for colour-blind readers
SHARES = {  # columns of the outcomes: share of runs
    "united_states.punished": "punished by Washington",
    "united_states.threatened": "threatened by Washington",
    "united_states.bought_off": "bought Washington off",
    "china.threatened": "threatened by Beijing",
    "relief_without_punishment": "relief without punishment",
}
MONEY = ("relief", "loss to punishment", "relief less loss")  # means over the year


def measures(result: negotiate_abm.Result) -> pd.DataFrame:
    """Return what is asked of a world: a row a run, a column a measure."""
    found = result.outcomes[list(SHARES)].astype(float).rename(columns=SHARES)
    relief, loss = result.outcomes["relief_mean"], result.outcomes["punishment_loss_mean"]
    found = found.assign(**dict(zip(MONEY, (relief, loss, relief - loss), strict=True)))
    last = result.trajectories["exports"].isel(week=-1)
    for partner, title in (("china", "China"), ("united_states", "the US")):
        route = ("canada", partner)
        flows = result.scenario.flows.items()
        ours = [name for name, flow in flows if (flow.exporter, flow.importer) == route]
        found[f"exports to {title} at the end"] = last.sel(flow=ours).sum("flow").to_numpy()
    return found


def interval(values: pd.DataFrame | pd.Series) -> tuple:
    """Return means and their 95 % intervals."""
    mean, half = values.mean(), 1.96 * values.std() / np.sqrt(len(values))
    return mean, mean - half, mean + half


def main() -> None:
    """Compare the two worlds run by run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--out", type=Path, default=Path("results/ev-tariff-at-zero"))
    options = parser.parse_args()
    if options.out.exists():
        raise SystemExit(f"{options.out} exists already: name another folder with --out.")

    played = {n: negotiate_abm.run(runs=options.runs, levers=lever) for n, lever in WORLDS.items()}
    base, zero = (measures(result) for result in played.values())
    columns = (base.mean(), zero.mean(), *interval(zero - base))
    table = pd.concat(columns, axis=1, keys=[*WORLDS, "difference", "95 % from", "to"])
    table.insert(0, "unit", ["share of runs"] * len(SHARES) + ["C$bn/yr"] * (len(MONEY) + 2))
    print(table.round(3).to_string())

    options.out.mkdir(parents=True)
    table.to_csv(options.out / "ev_tariff_at_zero.csv", index_label="measure")
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.6), layout="constrained")
    for name, colour, style in zip(WORLDS, (BLUE, VERMILION), "-:", strict=True):
        result = played[name]
        hits = result.events.query("kind == 'punished' and `where` == 'canada_china'")
        first = hits.groupby("run")["week"].min().reindex(result.outcomes["run"])
        weeks = result.trajectories["week"].to_numpy()
        mean, low, high = interval(pd.DataFrame(first.to_numpy()[:, None] <= weeks).astype(float))
        left.plot(weeks, mean, style, color=colour, lw=3, label=f"surtax {name}")
        left.fill_between(weeks, low, high, color=colour, alpha=0.25, lw=0)
    left.set(xlabel="week", ylabel="share of runs (95 % interval)", ylim=(0, 1), xlim=(0, 52))
    left.set_title("Punished by Washington by then", loc="left")
    left.legend(frameon=False)
    gap, low, high = (column[list(MONEY)] for column in interval(zero - base))
    right.bar(
        MONEY, gap, yerr=[gap - low, high - gap], capsize=6, color=["#009E73", VERMILION, "0.5"]
    )
    for place, change in enumerate(gap):
        spot = (0, 10 if change > 0 else -20)
        right.annotate(
            f"{change:+.2f}", (place, change), spot, textcoords="offset points", ha="center"
        )
    right.axhline(0, color="k", lw=1)
    right.set(ylabel="C$bn a year, mean of the year (95 % interval)")
    right.margins(y=0.15)
    right.set_title("Canada's exporters: held at zero, less as it stands", loc="left")
    figure.savefig(options.out / "ev_tariff_at_zero.png", dpi=150)


if __name__ == "__main__":
    main()
