"""The bundled cases as text and as documents, and broken copies of them."""

import tomllib
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from negotiate_abm.errors import ScenarioError
from negotiate_abm.scenario.loader import case_names, load_scenario, scenario_from

Edit = tuple[str, str]
Document = dict[str, Any]

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


@pytest.fixture(scope="session")
def documents() -> dict[str, Document]:
    """Every bundled case as its file says it, under its own name; not to be changed."""
    found = {}
    for name in case_names():
        document = tomllib.loads((_CASES / f"{name}.toml").read_text(encoding="utf-8"))
        found[name] = {"name": name, **document}
    return found


def _put(node: Document, path: list[str], value: Any) -> Document:
    """Return a document with a value at a path, only what lies on the way copied."""
    head, *rest = path
    return {**node, head: _put(node.get(head, {}), rest, value) if rest else value}


@pytest.fixture(scope="session")
def changed(documents: dict[str, Document]) -> Callable[..., Document]:
    """Return a copy of the January case's document with values put at dotted keys."""

    def change(values: dict[str, Any], case: str = "carney-beijing-2026") -> Document:
        document = documents[case]
        for key, value in values.items():
            document = _put(document, key.split("."), value)
        return document

    return change


@pytest.fixture(scope="session")
def told(changed: Callable[..., Document]) -> Callable[..., str]:
    """Return what the January case, with values put at dotted keys, is refused with."""

    def refuse(values: dict[str, Any], case: str = "carney-beijing-2026") -> str:
        with pytest.raises(ScenarioError) as caught:
            scenario_from(changed(values, case), "mine.toml")
        return str(caught.value)

    return refuse
