"""One lever pulled, or not: two worlds with the same luck, compared run by run.

Prints what the lever changes; draws when Washington punishes, and what Canada's exporters
gain and lose. Here the lever takes the surtax on Chinese electric vehicles away, come what
may. To ask of another lever, copy this and change QUESTION, LEVER and VALUE:
`negotiate-abm scenario show carney-beijing-2026` names the levers.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import negotiate_abm

QUESTION = "What if the tariff on Chinese electric vehicles is held at zero?"
CASE, LEVER, VALUE = "carney-beijing-2026", "ev_tariff_at_zero", True
PULLED = LEVER.replace("_", " ") + ("" if VALUE is True else f" = {VALUE}")
WORLDS = {"as it stands": {}, PULLED: {LEVER: VALUE}}

BLUE, VERMILION, GREEN = "#0072B2", "#D55E00", "#009E73"  # Okabe and Ito
TABLE, WATCHER, WHO = "canada_china", "united_states", "Washington"
SHARES = {  # columns of the outcomes: share of runs
    f"{WATCHER}.punished": f"punished by {WHO}",
    f"{WATCHER}.threatened": f"threatened by {WHO}",
    f"{WATCHER}.bought_off": f"bought {WHO} off",
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
    parser = argparse.ArgumentParser(description=QUESTION)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--out", type=Path, default=Path("results") / LEVER)
    options = parser.parse_args()
    if options.out.exists():
        raise SystemExit(f"{options.out} exists already: name another folder with --out.")

    played = {n: negotiate_abm.run(CASE, options.runs, levers=v) for n, v in WORLDS.items()}
    base, other = (measures(result) for result in played.values())
    columns = (base.mean(), other.mean(), *interval(other - base))
    table = pd.concat(columns, axis=1, keys=[*WORLDS, "difference", "95 % from", "to"])
    table.insert(0, "unit", ["share of runs"] * len(SHARES) + ["C$bn/yr"] * (len(MONEY) + 2))
    print(table.to_string(float_format="{:.3g}".format))

    options.out.mkdir(parents=True)
    table.to_csv(options.out / f"{LEVER}.csv", index_label="measure")
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 5), layout="constrained")
    figure.suptitle(f"{QUESTION}\n{CASE}, {options.runs} runs of each world")
    for (name, result), colour, style in zip(played.items(), (BLUE, VERMILION), "-:", strict=True):
        hits = result.events.query("kind == 'punished' and `where` == @TABLE and actor == @WATCHER")
        first = hits.groupby("run")["week"].min().reindex(result.outcomes["run"])
        weeks = result.trajectories["week"].to_numpy()
        mean, low, high = interval(pd.DataFrame(first.to_numpy()[:, None] <= weeks).astype(float))
        left.plot(weeks, mean, style, color=colour, lw=3, label=name)
        left.fill_between(weeks, low.clip(0), high.clip(upper=1), color=colour, alpha=0.25, lw=0)
    left.set(xlabel="week", ylabel="share of runs (95 % interval)")
    left.set_title(f"Punished by {WHO} by then", loc="left")
    left.legend(frameon=False)
    gap, low, high = (column[list(MONEY)] for column in interval(other - base))
    ends, colours = [gap - low, high - gap], [GREEN, VERMILION, "0.5"]
    bars = right.bar(MONEY, gap, yerr=ends, capsize=6, color=colours)
    right.bar_label(bars, [f"{change + 0.0:+.3g}" for change in gap], padding=4)
    right.axhline(0, color="k", lw=1)
    right.set(ylabel="C$bn a year, mean of the year (95 % interval)")
    right.margins(y=0.15)
    right.set_title(f"Canada's exporters: {PULLED},\nless {next(iter(WORLDS))}", loc="left")
    figure.savefig(options.out / f"{LEVER}.png", dpi=150)


if __name__ == "__main__":
    main()
