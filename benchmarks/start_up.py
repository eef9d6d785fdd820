"""How long a user waits before anything happens: import, help, one run, in seconds.

Medians of several tries on this machine, beside what a bare interpreter takes there.
"""

from __future__ import annotations

import subprocess
import sys
import time
from statistics import median

TRIES = 7
BUDGETS = {"import": 0.3, "--help": 0.5, "one run of 52 weeks": 0.25}


def timed(arguments: list[str]) -> float:
    """Return the median wall time of a Python process, in seconds."""
    times = []
    for _ in range(TRIES):
        begin = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - begin)
    return median(times)


def one_run() -> float:
    """Return the median time to build and play one run of the bundled case, in seconds."""
    from negotiate_abm import NegotiationModel

    times = []
    for first_run in range(TRIES + 1):
        begin = time.perf_counter()
        model = NegotiationModel(runs=1, first_run=first_run)
        for _ in range(52):
            model.step()
        times.append(time.perf_counter() - begin)
        model.release()
    return median(times[1:])  # the first pays for loading


def main() -> None:
    """Measure and print."""
    bare = timed(["-c", "pass"])
    measured = {
        "import": timed(["-c", "import negotiate_abm"]),
        "--help": timed(["-m", "negotiate_abm", "--help"]),
        "one run of 52 weeks": one_run(),
    }
    print(f"bare interpreter: {bare:.3f} s")
    for name, seconds in measured.items():
        print(
            f"{name}: {seconds:.3f} s, {seconds / bare:.1f} bare interpreters "
            f"(budget {BUDGETS[name]} s)"
        )


if __name__ == "__main__":
    main()
