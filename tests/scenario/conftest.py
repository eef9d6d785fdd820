"""The bundled cases as text, and broken copies of them."""

from collections.abc import Callable
from importlib import resources
from pathlib import Path

import pytest

from negotiate_abm.errors import ScenarioError
from negotiate_abm.scenario.loader import load_scenario

Edit = tuple[str, str]

_CASES = resources.files("negotiate_abm.scenario") / "cases"


@pytest.fixture(scope="session")
def texts() -> dict[str, str]:
    """The packaged TOML of the two bundled cases, by a short name."""
    files = {"january": "carney-beijing-2026.toml", "pie": "split-the-pie.toml"}
    return {name: (_CASES / file).read_text(encoding="utf-8") for name, file in files.items()}


@pytest.fixture
def written(texts: dict[str, str], tmp_path: Path) -> Callable[..., Path]:
    """Write a bundled case to a file after some edits, each of the first place it fits."""

    def write(base: str, *edits: Edit) -> Path:
        text = texts[base]
        for old, new in edits:
            assert old in text, f"the test edits '{old}', which the case no longer says"
            text = text.replace(old, new, 1)
        file = tmp_path / "my-case.toml"
        file.write_text(text, encoding="utf-8")
        return file

    return write


@pytest.fixture
def refusal(written: Callable[..., Path]) -> Callable[..., ScenarioError]:
    """Return the error that an edited copy of a bundled case is refused with."""

    def refuse(base: str, *edits: Edit) -> ScenarioError:
        with pytest.raises(ScenarioError) as caught:
            load_scenario(written(base, *edits))
        return caught.value

    return refuse
