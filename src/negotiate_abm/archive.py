"""A result on disk: written whole or not at all, and read only as it was written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from negotiate_abm.errors import ResultError
from negotiate_abm.files import (
    cannot_write,
    check_free,
    checksum,
    partial_name,
    read_regular,
    take_back,
    undisturbed,
)

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

TRAJECTORIES, OUTCOMES, EVENTS = "trajectories.zarr", "outcomes.csv", "events.csv"
MANIFEST = "manifest.json"
_DATA = (TRAJECTORIES, OUTCOMES, EVENTS)
_TEXT_COLUMNS = ("kind", "actor", "target", "where", "issue")

# Where the manifest keeps the checksums of the data and of itself.
_CHECKSUMS = "sha256"
_LARGEST_MANIFEST = 2**30
_RESTORE = "Restore it from a copy, or run it again."


def save(
    directory: Path,
    trajectories: xr.Dataset,
    outcomes: pd.DataFrame,
    events: pd.DataFrame,
    manifest: dict[str, Any],
    add: Callable[[Path], None] | None = None,
) -> Path:
    """Write a result to a new or empty directory, whole or not at all, and return it.

    Parameters
    ----------
    directory : Path
    trajectories, outcomes, events, manifest
        As in `Result`.
    add : callable, optional
        Writes what else goes beside the data to the directory it is given.

    Raises
    ------
    ResultError
        If the directory already holds something, or cannot be written.
    """
    made = check_free(directory)
    written: list[Path] = []
    try:
        directory.mkdir(parents=True, exist_ok=True)
        written.append(partial_name(directory))
        written[0].mkdir()
        _write(written[0], trajectories, outcomes, events)
        if add is not None:
            add(written[0])
        _seal(written[0], manifest)
        check_free(directory, beside=written[0])
        # The manifest goes last: without it nothing here is read as a result.
        parts = sorted(written[0].iterdir(), key=lambda entry: entry.name == MANIFEST)
        with undisturbed():
            for part in parts:
                written.append(part.rename(directory / part.name))
            written[0].rmdir()
    except BaseException as error:
        take_back(written, made)
        if isinstance(error, OSError):
            raise cannot_write(directory, error) from None
        raise
    return directory


def _write(
    directory: Path, trajectories: xr.Dataset, outcomes: pd.DataFrame, events: pd.DataFrame
) -> None:
    trajectories.to_zarr(directory / TRAJECTORIES, consolidated=False)
    outcomes.to_csv(directory / OUTCOMES, index=False)
    events.to_csv(directory / EVENTS, index=False)


def _seal(directory: Path, manifest: dict[str, Any]) -> None:
    """Write the manifest, and in it what the data must sum up to."""
    sums = {name: checksum(directory / name) for name in _DATA}
    sums[MANIFEST] = _sum_of(manifest)
    text = json.dumps({**manifest, _CHECKSUMS: sums}, indent=2)
    (directory / MANIFEST).write_text(text + "\n", encoding="utf-8")


def load(
    directory: Path,
) -> tuple[xr.Dataset, pd.DataFrame, pd.DataFrame, dict[str, Any]]:
    """Return trajectories, outcomes, events and manifest as `save` wrote them.

    Raises
    ------
    ResultError
        If the directory does not hold a result, or not as it was saved.
    """
    manifest = _read_manifest(directory)
    try:
        trajectories = _read_trajectories(directory / TRAJECTORIES)
        outcomes, events = (_read_table(directory / name) for name in (OUTCOMES, EVENTS))
    except Exception as error:  # what reads them has an error of its own for each fault
        raise no_result(directory, _words(error), "Check the path.") from None
    return trajectories, outcomes, events, manifest


def no_result(place: Path, given: str, remedy: str) -> ResultError:
    """Return the error of a directory that does not hold a result, in the user's terms."""
    return ResultError(
        f"{place}: got {given}; expected a directory written by Result.save. {remedy}"
    )


def _words(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "brackets nested too deep"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _sum_of(manifest: dict[str, Any]) -> str:
    """Return the checksum of a manifest, however it is laid out in its file."""
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()


def _read_manifest(source: Path) -> dict[str, Any]:
    """Return the manifest of a saved result, once all of it is found as it was saved."""
    try:
        about = json.loads(read_regular(source / MANIFEST, _LARGEST_MANIFEST))
    except FileNotFoundError:
        raise no_result(source, f"no {MANIFEST} there", "Check the path.") from None
    except (OSError, ValueError, RecursionError) as error:
        given = f"a {MANIFEST} that cannot be read ({_words(error)})"
        raise no_result(source, given, "Check the path.") from None
    sums = about.pop(_CHECKSUMS, None) if isinstance(about, dict) else None
    if not isinstance(sums, dict):
        given = f"a {MANIFEST} without checksums"
        raise no_result(source, given, "Check the path, or run it again.")
    for name in (MANIFEST, *_DATA):
        try:
            found = _sum_of(about) if name == MANIFEST else checksum(source / name)
        except (OSError, RecursionError) as error:
            raise no_result(source, f"no readable {name} ({_words(error)})", _RESTORE) from None
        if found != sums.get(name):
            raise no_result(source, f"a {name} that was changed since", _RESTORE)
    manifest: dict[str, Any] = about
    return manifest


def _read_trajectories(store: Path) -> xr.Dataset:
    import xarray as xr

    stored = xr.open_zarr(store, consolidated=False).load()
    texts = {n: c.astype(object) for n, c in stored.coords.items() if c.dtype.kind == "T"}
    trajectories: xr.Dataset = stored.assign_coords(texts)
    return trajectories


def _read_table(file: Path) -> pd.DataFrame:
    """Return a table as it was written, floats to the last bit."""
    import pandas as pd

    table = pd.read_csv(file, dtype=object, keep_default_na=False)
    for name in table.columns:
        if name in _TEXT_COLUMNS:
            continue
        words = set(table[name])
        if words and words <= {"True", "False"}:
            table[name] = table[name] == "True"
        elif words and all(word.isdecimal() for word in words):
            table[name] = table[name].astype(np.int64)  # a float is written with its point
        else:
            table[name] = table[name].replace("", "nan").astype(np.float64)
    return table
