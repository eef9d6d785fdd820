"""Where a result comes from: everything needed to make it again."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from negotiate_abm.scenario.loader import scenario_hash
from negotiate_abm.scenario.schema import Scenario

_PACKAGES = ("negotiate-abm", "mesa", "numpy", "pandas", "pydantic", "xarray")


def manifest(
    scenario: Scenario,
    runs: int,
    weeks: int,
    seed: int,
    first_run: int,
    overrides: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the record that is kept beside a result.

    `scenario` is the case as it is, before `overrides`: a run and its counterfactual are
    drawn from the same.

    Bits are promised for one set of package versions and CPU features; both are here.
    """
    return {
        "case": scenario.name,
        "runs": int(runs),
        "weeks": int(weeks),
        "seed": int(seed),
        "first_run": int(first_run),
        "overrides": {key: _plain(value) for key, value in overrides.items()},
        "scenario_hash": scenario_hash(scenario),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "versions": {name: package_version(name) for name in _PACKAGES},
        "cpu_features": cpu_features(),
        "commit": commit(),
        "scenario": scenario.model_dump(mode="json"),
    }


def package_version(name: str) -> str:
    """Return an installed package's version, or 'unknown'."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "unknown"


def cpu_features() -> list[str]:
    """Return the CPU features NumPy dispatches on, which may change the last bit of exp and log."""
    found = np.show_config(mode="dicts")
    extensions = found.get("SIMD Extensions", {}) if isinstance(found, dict) else {}
    return [*extensions.get("baseline", []), *extensions.get("found", [])]


def commit() -> str | None:
    """Return the commit of the source tree the package runs from, None outside one."""
    here = Path(__file__).resolve().parent
    try:
        top = _git(here, "rev-parse", "--show-toplevel")
        if Path(top) != here.parents[1]:
            return None
        dirty = "+changes" if _git(here, "status", "--porcelain") else ""
        return _git(here, "rev-parse", "HEAD") + dirty
    except (OSError, subprocess.SubprocessError):
        return None


def _git(where: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "--no-optional-locks", "-C", str(where), *arguments],
        capture_output=True,
        text=True,
        check=True,
        timeout=5,
    )
    return done.stdout.strip()


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    return value if isinstance(value, bool | int | float | str | list) else str(value)
