"""Importing is light: what is heavy loads when first used."""

from __future__ import annotations

import subprocess
import sys

import pytest

import negotiate_abm

HEAVY = {"mesa", "xarray", "pandas", "matplotlib", "zarr", "pydantic", "rich", "numpy", "scipy"}


def loaded_after(statement: str) -> set[str]:
    script = f"import sys; {statement}; print(' '.join(m.split('.')[0] for m in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_importing_the_package_loads_nothing_heavy():
    assert not loaded_after("import negotiate_abm") & HEAVY


def test_asking_for_help_loads_nothing_heavy():
    help_text = "from negotiate_abm.cli import _parser; _parser().format_help()"
    assert not loaded_after(help_text) & HEAVY


def test_every_public_name_is_there_and_no_other():
    for name in negotiate_abm.__all__:
        assert getattr(negotiate_abm, name) is not None
    assert set(dir(negotiate_abm)) == set(negotiate_abm.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        negotiate_abm.nothing  # noqa: B018
