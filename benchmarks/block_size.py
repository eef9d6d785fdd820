"""How many runs to play at once: runs a second by block size, as ratios to one at a time."""

from __future__ import annotations

import time

from negotiate_abm import NegotiationModel

SIZES = (1, 10, 100, 500, 1000, 2000, 4000, 8000, 16_000)
TRIES = 3
WEEKS = 52


def runs_a_second(size: int) -> float:
    """Return the best of some tries, building included."""
    best = 0.0
    for attempt in range(TRIES):
        begin = time.perf_counter()
        model = NegotiationModel(runs=size, first_run=attempt * size)
        for _ in range(WEEKS):
            model.step()
        best = max(best, size / (time.perf_counter() - begin))
        model.release()
    return best


def main() -> None:
    """Measure and print."""
    runs_a_second(1)  # pays for loading
    alone = runs_a_second(SIZES[0])
    print("runs in a block   runs a second   times one at a time")
    for size in SIZES:
        rate = runs_a_second(size)
        print(f"{size:15d}   {rate:13.0f}   {rate / alone:19.1f}")


if __name__ == "__main__":
    main()
