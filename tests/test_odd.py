"""The ODD document says what the schema, the mechanisms and the week are.

``python -m tests.test_odd`` prints the parameter table as the schema has it, with what the
document already says of each number, to be pasted back into docs/ODD.md.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import pytest
from pydantic import BaseModel

from negotiate_abm.mechanisms.retaliation import retaliation_strategies
from negotiate_abm.mechanisms.tactics import tactics
from negotiate_abm.scenario.quantities import Quantity, Unit
from negotiate_abm.scenario.schema import Scenario

TOP = Path(__file__).parents[1]
PACKAGE = TOP / "src" / "negotiate_abm"
PAGE = TOP / "docs" / "ODD.md"

HEADINGS = {
    "1": "Purpose and patterns",
    "2": "Entities, state variables and scales",
    "3": "Process overview and scheduling",
    "4": "Design concepts",
    "5": "Initialization",
    "6": "Input data",
    "7": "Submodels",
}
CONCEPTS = [
    "Basic principles",
    "Emergence",
    "Adaptation",
    "Objectives",
    "Learning",
    "Prediction",
    "Sensing",
    "Interaction",
    "Stochasticity",
    "Collectives",
    "Observation",
]
COLUMNS = ["dotted name", "unit", "bounds", "what it is", "read where"]

# Told of here, written apart.
ELSEWHERE: set[str] = set()

Row = tuple[str, str, str]


# -- what the code has ----------------------------------------------------------------------


def numbers(annotation: Any, key: str = "", units: tuple[Any, ...] = ()) -> Iterator[Row]:
    """Yield the dotted name, unit and bounds of every number under an annotation."""
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *about = get_args(annotation)
        yield from numbers(inner, key, (*units, *about))
    elif origin in (Union, UnionType):
        for option in get_args(annotation):
            yield from numbers(option, key, units)
    elif origin is dict:
        yield from numbers(get_args(annotation)[1], f"{key}.NAME")
    elif isinstance(annotation, type) and issubclass(annotation, Quantity):
        (unit,) = (about for about in units if isinstance(about, Unit))
        yield key, unit.symbol, bounds(unit)
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for name, field in annotation.model_fields.items():
            place = f"{key}.{name}" if key else name
            yield from numbers(field.annotation, place, tuple(field.metadata))


def bounds(unit: Unit) -> str:
    """Return a unit's bounds as the document writes them."""
    if unit.low is None:
        return "any" if unit.high is None else f"at most {unit.high:g}"
    if unit.high is not None:
        return (
            f"above {unit.low:g}, at most {unit.high:g}"
            if unit.above_low
            else f"{unit.low:g} to {unit.high:g}"
        )
    return f"{'above' if unit.above_low else 'at least'} {unit.low:g}"


def schema_rows() -> list[Row]:
    """Return every number of the schema once, in its order; kinds of consent share some."""
    return list(dict.fromkeys(numbers(Scenario)))


def phases_of_the_week() -> list[str]:
    """Return the phases that `NegotiationModel.step` calls, in order, as `module.function`."""
    tree = ast.parse((PACKAGE / "model.py").read_text(encoding="utf-8"))
    modules = {file.stem for file in (PACKAGE / "phases").glob("*.py")}
    (model,) = (
        node
        for node in tree.body
        if isinstance(node, ast.ClassDef) and node.name == "NegotiationModel"
    )
    (step,) = (
        node for node in model.body if isinstance(node, ast.FunctionDef) and node.name == "step"
    )
    calls = [node.func for node in ast.walk(step) if isinstance(node, ast.Call)]
    phases = [
        (call.lineno, call.value.id, call.attr)
        for call in calls
        if isinstance(call, ast.Attribute)
        and isinstance(call.value, ast.Name)
        and call.value.id in modules
    ]
    return [f"{module}.{function}" for _, module, function in sorted(phases)]


# -- what the document says -----------------------------------------------------------------


def section(number: str) -> str:
    """Return the text of one of the seven sections, its heading left out."""
    text = PAGE.read_text(encoding="utf-8")
    found = re.search(rf"^## {number} [^\n]*\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    assert found is not None, f"no section {number}"
    return found.group(1)


def table_rows() -> list[list[str]]:
    """Return the cells of the rows of the parameter table, headings left out."""
    lines = section("7").splitlines()
    start = lines.index("| " + " | ".join(COLUMNS) + " |")
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def files_named(text: str) -> set[str]:
    """Return the files that a text names in code type or links to."""
    return set(re.findall(r"`([\w./-]+\.(?:py|toml|md))`", text)) | {
        f"docs/{link}" for link in re.findall(r"\]\(([\w./-]+\.md)\)", text)
    }


def exists(name: str) -> bool:
    return (PACKAGE / name).is_file() or (TOP / name).is_file()


# -- the two agree --------------------------------------------------------------------------


def test_every_number_of_the_schema_has_one_row_and_no_row_is_of_another():
    named = Counter(row[0].strip("`") for row in table_rows())
    in_schema = [key for key, _, _ in schema_rows()]
    assert len(in_schema) == len(set(in_schema)), "one name with two units or bounds"
    assert len(in_schema) > 100
    assert set(named) - set(in_schema) == set(), "rows of no number of the schema"
    assert set(in_schema) - set(named) == set(), "numbers without a row"
    assert [key for key, count in named.items() if count > 1] == []


def test_every_row_has_the_unit_and_the_bounds_of_its_number():
    found = {row[0].strip("`"): (row[1], row[2]) for row in table_rows()}
    for key, unit, limits in schema_rows():
        assert found[key] == (unit, limits), key


def test_every_row_says_what_its_number_is_and_where_it_is_read():
    for row in table_rows():
        assert len(row) == len(COLUMNS), row
        assert row[3], row[0]
        places = files_named(row[4])
        assert places, row[0]
        assert all((PACKAGE / place).is_file() for place in places), row


@pytest.mark.parametrize("row", table_rows(), ids=lambda row: row[0].strip("`"))
def test_a_number_is_named_in_the_file_that_reads_it(row: list[str]):
    parts = [part for part in row[0].strip("`").split(".") if part != "NAME"]
    name = "salience" if parts[0] == "salience" else parts[-1]  # classes are read as one
    for place in files_named(row[4]):
        assert name in (PACKAGE / place).read_text(encoding="utf-8"), place


def test_every_mechanism_has_its_place_among_the_submodels():
    named = files_named(section("7"))
    modules = [file for file in (PACKAGE / "mechanisms").glob("*.py") if file.stem != "__init__"]
    assert {f"mechanisms/{file.name}" for file in modules} - named == set()


def test_every_file_the_document_names_exists():
    named = files_named(PAGE.read_text(encoding="utf-8")) - ELSEWHERE
    assert named
    assert {name for name in named if not exists(name)} == set()


def test_the_phases_of_the_week_are_those_of_the_step_in_its_order():
    told = re.findall(r"^\d+\. `([\w.]+)`", section("3"), re.MULTILINE)
    assert told == phases_of_the_week()


def test_the_constants_are_those_of_the_code_and_all_that_the_text_names_are_there():
    rows = re.findall(
        r"^\| `([A-Z_]+)` \| ([^|]+) \| `([\w/]+)\.py` \|$", section("7"), re.MULTILINE
    )
    assert rows
    for name, told, file in rows:
        module = import_module("negotiate_abm." + file.replace("/", "."))
        values = getattr(module, name)
        values = values if isinstance(values, tuple) else (values,)
        assert told == ", ".join(f"{value:g}" for value in values), name
    text = PAGE.read_text(encoding="utf-8")
    assert set(re.findall(r"`([A-Z]+_[A-Z_]+|BOULWARE|CONCEDER|BISECTIONS|ROUNDING)`", text)) == {
        name for name, _, _ in rows
    }


def test_the_tactics_and_strategies_are_those_registered_by_the_package():
    text = section("7")
    for registry in (tactics, retaliation_strategies):
        own = [
            n for n in registry.names() if registry[n].rule.__module__.startswith("negotiate_abm.")
        ]
        for name in own:
            assert re.search(rf"^\| `{name}`", text, re.MULTILINE), name


def test_the_sections_are_those_of_the_protocol_in_its_order():
    text = PAGE.read_text(encoding="utf-8")
    assert dict(re.findall(r"^## (\d) (.+)$", text, re.MULTILINE)) == HEADINGS
    assert re.findall(r"^### (.+)$", section("4"), re.MULTILINE) == CONCEPTS


def test_the_patterns_are_fourteen_and_each_has_its_kind():
    rows = re.findall(r"^\| (P\d+) \| (\w+) \|", section("1"), re.MULTILINE)
    assert [name for name, _ in rows] == [f"P{number}" for number in range(1, 15)]
    assert {kind for _, kind in rows} <= {"verification", "calibrated", "emergent", "diagnostic"}


def test_mathematics_is_closed_wherever_it_is_opened():
    for paragraph in PAGE.read_text(encoding="utf-8").split("\n\n"):
        signs = re.sub(r"(?<!\$)C\$", "", paragraph).count("$")
        assert signs % 2 == 0, paragraph


def parameter_table() -> str:
    """Return the parameter table from the schema, with what the document says already."""
    said = {row[0].strip("`"): row[3:] for row in table_rows()}
    rows = [COLUMNS, ["---"] * len(COLUMNS)]
    for key, unit, limits in schema_rows():
        rows.append([f"`{key}`", unit, limits, *said.get(key, ["", ""])])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def test_the_table_printed_from_the_schema_is_the_one_in_the_document():
    assert parameter_table() in PAGE.read_text(encoding="utf-8")


if __name__ == "__main__":
    sys.stdout.write(parameter_table())
