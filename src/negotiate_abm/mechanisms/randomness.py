"""Random draws that belong to a run, not to the block it is computed in.

Every draw is named by ``(seed, run, slot, position)``. The generator is Philox
4x64-10 (Salmon, Moraes, Dror and Shaw 2011, "Parallel random numbers: as easy as
1, 2, 3"), counter based, so any draw can be computed without the ones before it.
The streams are those of ``numpy.random.Philox(key=[seed, run],
counter=[0, 0, slot, 0])``, to the bit; NumPy's class makes one stream a call,
this one makes a column of runs at once. A new mechanism takes a new slot and
shifts no old draw.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from negotiate_abm.mechanisms.numerics import FloatArray, IntArray

UIntArray = NDArray[np.uint64]

LARGEST_SEED = 2**63 - 1

# Up to so many runs it costs less to draw every purpose at once than to be sparing.
FEW_RUNS = 64

# Counters worked on at once: what fits a core's cache.
_CHUNK = 16_384

_ROUNDS = 10
DRAWS_A_BLOCK = 4  # one counter yields four 64-bit words
_LOW_32 = np.uint64(0xFFFFFFFF)
_32 = np.uint64(32)
_MULTIPLIERS = (np.uint64(0xD2E7470EE14C6C93), np.uint64(0xCA5A826395121157))
_WEYL = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBB67AE8584CAA73B))


def slot(name: str) -> int:
    """Return the 64-bit slot of a named purpose, the same on every machine."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")


def _multiply(a: UIntArray, multiplier: np.uint64) -> tuple[UIntArray, UIntArray]:
    """Return the high and low 64 bits of a 128-bit product."""
    a_low, a_high = a & _LOW_32, a >> _32
    m_low, m_high = multiplier & _LOW_32, multiplier >> _32
    low = a_low * m_low
    middle = a_high * m_low + (low >> _32)
    other = a_low * m_high + (middle & _LOW_32)
    return a_high * m_high + (middle >> _32) + (other >> _32), a * multiplier


def _philox(counter: list[UIntArray], key: list[UIntArray]) -> list[UIntArray]:
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(_ROUNDS):
        high0, low0 = _multiply(c0, _MULTIPLIERS[0])
        high1, low1 = _multiply(c2, _MULTIPLIERS[1])
        c0, c1, c2, c3 = high1 ^ c1 ^ k0, low1, high0 ^ c3 ^ k1, low0
        k0, k1 = k0 + _WEYL[0], k1 + _WEYL[1]
    return [c0, c1, c2, c3]


def four_uniforms(seed: int, runs: IntArray, slots: UIntArray, block: int) -> FloatArray:
    """Return draws ``4 * block`` to ``4 * block + 3`` of each run's named streams.

    Parameters
    ----------
    seed : int
        In ``[0, 2**63)``.
    runs : array of shape (runs,)
        Run numbers, each at least zero.
    slots : array of shape (slots,), uint64
        From `slot`.
    block : int
        Which four draws of the stream, from zero.

    Returns
    -------
    array of shape (runs, slots, 4)
        Uniform on [0, 1).
    """
    found = np.empty((runs.size, slots.size, DRAWS_A_BLOCK))
    rows = max(_CHUNK // max(slots.size, 1), 1)
    for start in range(0, runs.size, rows):
        part = runs[start : start + rows]
        zero = np.zeros((part.size, slots.size), dtype=np.uint64)
        # NumPy's Philox advances its counter before it produces, hence the one.
        counter = [zero + np.uint64(block + 1), zero, zero + slots, zero]
        key = [zero + np.uint64(seed), zero + part.astype(np.uint64)[:, None]]
        with np.errstate(over="ignore"):
            words = np.stack(_philox(counter, key), axis=-1)
        found[start : start + rows] = (words >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return found


class Shocks:
    """The weekly draws of a block of runs, by purpose.

    Parameters
    ----------
    seed : int
        The experiment's seed.
    runs : array of shape (runs,)
        Run numbers.
    purposes : sequence of str
        One named stream each; the week is the position in the stream.
    weekly : sequence of str, optional
        Those wanted of all runs nearly every week: they are drawn four weeks at a time.
        The others are drawn when asked for. It changes speed alone, never a draw.
    """

    def __init__(
        self,
        seed: int,
        runs: IntArray,
        purposes: Sequence[str],
        weekly: Sequence[str] | None = None,
    ) -> None:
        self._seed = seed
        self._runs = runs
        self._slots = {purpose: slot(purpose) for purpose in purposes}
        few = runs.size <= FEW_RUNS
        ahead = purposes if weekly is None or few else weekly
        self._column = {purpose: i for i, purpose in enumerate(ahead)}
        self._ahead = self._slots_of(ahead)
        self._block: int | None = None
        self._draws = np.empty((runs.size, len(ahead), DRAWS_A_BLOCK))

    def _slots_of(self, purposes: Sequence[str]) -> UIntArray:
        return np.array([self._slots[purpose] for purpose in purposes], dtype=np.uint64)

    def draw(self, purpose: str, week: int) -> FloatArray:
        """Return this week's uniform draw for `purpose`, shape (runs,)."""
        if purpose not in self._column:
            return self.draw_in([purpose], week, np.arange(self._runs.size))[:, 0]
        self._draw_ahead(week // DRAWS_A_BLOCK)
        return self._draws[:, self._column[purpose], week % DRAWS_A_BLOCK].copy()

    def _draw_ahead(self, block: int) -> None:
        if block != self._block:
            self._draws = four_uniforms(self._seed, self._runs, self._ahead, block)
            self._block = block

    def draw_in(self, purposes: Sequence[str], week: int, rows: IntArray) -> FloatArray:
        """Return this week's uniform draws for some purposes in some runs, (rows, purposes)."""
        block, position = divmod(week, DRAWS_A_BLOCK)
        if any(purpose not in self._column for purpose in purposes):
            slots = self._slots_of(purposes)
            four = four_uniforms(self._seed, np.take(self._runs, rows), slots, block)
            return np.ascontiguousarray(four[:, :, position])
        self._draw_ahead(block)
        columns = [self._column[purpose] for purpose in purposes]
        return self._draws[rows[:, None], columns, position]
