"""What happens if nobody changes anything? The January 2026 case as it stands.

Writes the result and the concession trajectories, and prints the joint test.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import negotiate_abm


def main() -> None:
    """Run the baseline."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--out", type=Path, default=Path("results/baseline"))
    options = parser.parse_args()

    if options.out.exists():
        raise SystemExit(f"{options.out} exists already: name another folder with --out.")
    result = negotiate_abm.run("carney-beijing-2026", runs=options.runs, seed=1)
    where = result.save(options.out)
    result.plot.concessions().savefig(where / "concessions.png", dpi=150)

    joint = result.statistics()["joint"]["relief_without_punishment"]
    print(f"Relief without punishment in {joint:.0%} of {options.runs} runs; see {where}.")


if __name__ == "__main__":
    main()
