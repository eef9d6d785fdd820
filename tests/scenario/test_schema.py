"""The JSON Schema that editors and other programs check a scenario with."""

import copy
import json
import re
from typing import Any

import pytest

from negotiate_abm.cli import main
from negotiate_abm.scenario.loader import case_names, json_schema, load_scenario

Schema = dict[str, Any]

KINDS = {
    "object": dict,
    "array": list | tuple,
    "string": str,
    "number": int | float,
    "integer": int,
    "boolean": bool,
    "null": type(None),
}

CHECKED = {
    *("$ref", "type", "enum", "allOf", "anyOf", "oneOf"),
    *("pattern", "const", "minLength", "minimum", "maximum"),
    *("items", "prefixItems", "minItems", "maxItems"),
    *("properties", "patternProperties", "additionalProperties", "required", "minProperties"),
}
SAID = {
    "$defs",
    "discriminator",
    "title",
    "description",
    "default",
    "format",
    "x-unit",
    "x-expects",
}


@pytest.fixture
def schema() -> Schema:
    return json_schema()


def document(case: str) -> dict[str, Any]:
    """A case as its file says it, with the defaults beneath, as plain JSON."""
    return load_scenario(case).model_dump(mode="json", exclude_unset=True)


def accepts(schema: Schema, node: Any, root: Schema) -> bool:
    """Whether a schema accepts a document, by the keywords used here and no others."""
    assert schema.keys() <= CHECKED | SAID, f"a keyword this check passes over: {list(schema)}"
    if "$ref" in schema and not accepts(resolved(schema["$ref"], root), node, root):
        return False
    kind = KINDS.get(schema.get("type", ""), object)
    if not isinstance(node, kind) or (isinstance(node, bool) and kind not in (bool, object)):
        return False
    return (
        all(accepts(part, node, root) for part in schema.get("allOf", ()))
        and ("anyOf" not in schema or any(accepts(p, node, root) for p in schema["anyOf"]))
        and ("oneOf" not in schema or sum(accepts(p, node, root) for p in schema["oneOf"]) == 1)
        and node in schema.get("enum", [node])
        and node == schema.get("const", node)
        and _fits(schema, node)
        and _members_fit(schema, node, root)
    )


def _fits(schema: Schema, node: Any) -> bool:
    if isinstance(node, str):
        long_enough = len(node) >= schema.get("minLength", 0)
        return long_enough and re.search(schema.get("pattern", ""), node) is not None
    if isinstance(node, int | float):
        return schema.get("minimum", node) <= node <= schema.get("maximum", node)
    if isinstance(node, dict):
        return len(node) >= schema.get("minProperties", 0)
    if isinstance(node, list | tuple):
        return schema.get("minItems", 0) <= len(node) <= schema.get("maxItems", len(node))
    return True


def _members_fit(schema: Schema, node: Any, root: Schema) -> bool:
    if isinstance(node, dict):
        return set(schema.get("required", ())) <= node.keys() and all(
            _member_fits(schema, key, value, root) for key, value in node.items()
        )
    if isinstance(node, list | tuple):
        first = schema.get("prefixItems", [])
        rest = [schema.get("items", {})] * len(node[len(first) :])
        return all(
            accepts(part, value, root) for part, value in zip([*first, *rest], node, strict=False)
        )
    return True


def _member_fits(schema: Schema, key: str, value: Any, root: Schema) -> bool:
    """Whether a member fits its property and every pattern its name matches, else the rest."""
    by_name = [schema["properties"][key]] if key in schema.get("properties", {}) else []
    by_name += [
        part
        for pattern, part in schema.get("patternProperties", {}).items()
        if re.search(pattern, key)
    ]
    rest = schema.get("additionalProperties", True)
    if not by_name and isinstance(rest, bool):
        return rest
    return all(accepts(part, value, root) for part in by_name or [rest])


def resolved(reference: str, root: Schema) -> Schema:
    assert reference.startswith("#/$defs/")
    return root["$defs"][reference.removeprefix("#/$defs/")]


def parts(node: Any) -> Any:
    """Every dictionary in a document."""
    if isinstance(node, dict):
        yield node
    for child in node.values() if isinstance(node, dict) else node:
        if isinstance(child, dict | list):
            yield from parts(child)


def test_the_command_prints_the_schema_as_json_and_nothing_else(
    capsys: pytest.CaptureFixture[str], schema: Schema
):
    assert main(["scenario", "schema"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == schema
    assert err == ""


def test_every_kind_of_section_is_defined(schema: Schema):
    kinds = {"Country", "Province", "Flow", "Table", "Watcher", "Event", "Issue", "Rung", "Duty"}
    kinds |= {"Wedge", "Arrangement", "Tie", "Lever", "PoliticalConsent", "FormalQuota"}
    assert kinds | {"Quantity", "Salience", "Source", "Refusal"} <= schema["$defs"].keys()


def test_no_section_takes_a_key_it_does_not_know(schema: Schema):
    sections = [part for part in (schema, *schema["$defs"].values()) if "properties" in part]
    assert len(sections) > 15
    for section in sections:
        assert section["additionalProperties"] is False, section["title"]


def test_every_reference_leads_to_a_definition(schema: Schema):
    references = [part["$ref"] for part in parts(schema) if isinstance(part.get("$ref"), str)]
    assert len(references) > 50
    for reference in references:
        assert resolved(reference, schema)


def test_a_number_asks_for_its_value_and_its_unit(schema: Schema):
    assert set(schema["$defs"]["Quantity"]["required"]) == {"value", "unit"}


def test_a_field_says_its_unit_and_bounds(schema: Schema):
    field = schema["$defs"]["Country"]["properties"]["gdp"]
    assert field["x-unit"] == "C$bn/yr"
    assert field["x-expects"] == "a number in C$bn/yr above 0"


def test_a_field_with_a_unit_keeps_its_description(schema: Schema):
    field = schema["$defs"]["Province"]["properties"]["half_loss"]
    assert field["description"] == "Standing loss that brings its pressure to a half."
    assert field["x-unit"] == "C$bn/yr"


def test_an_optional_field_with_a_unit_keeps_both_beside_nothing(schema: Schema):
    field = schema["$defs"]["Country"]["properties"]["discount_rate"]
    assert field["description"] == "How little what comes later, or will not last, counts today."
    number, nothing = field["anyOf"]
    assert number["x-unit"] == "per year"
    assert nothing == {"type": "null"}


def test_a_switch_says_what_it_switches(schema: Schema):
    field = schema["$defs"]["Issue"]["properties"]["weaponisable"]
    assert field["type"] == "boolean"
    assert field["description"] == (
        "The conceder may impose the duty again, sooner the more it is depended on."
    )


@pytest.mark.parametrize("case", case_names())
def test_the_schema_accepts_a_bundled_case_over_its_defaults(schema: Schema, case: str):
    assert accepts(schema, document(case), schema)


@pytest.mark.parametrize(
    "path",
    [
        (),
        ("countries", "seller"),
        ("countries", "seller", "gdp"),
        ("tables", "pie"),
        ("tables", "pie", "events", "start"),
        ("issues", "pie"),
        ("issues", "pie", "benefit"),
        ("issues", "pie", "ladder", "all"),
        ("conduct",),
    ],
    ids=lambda path: ".".join(path) or "the top",
)
def test_the_schema_refuses_an_unknown_key_anywhere(schema: Schema, path: tuple[str, ...]):
    broken = copy.deepcopy(document("split-the-pie"))
    node = broken
    for name in path:
        node = node[name]
    node["surprise"] = 1
    assert not accepts(schema, broken, schema)


@pytest.mark.parametrize("key", ["title", "start", "focal", "countries", "tables", "issues"])
def test_the_schema_refuses_a_case_without_what_it_needs(schema: Schema, key: str):
    broken = document("split-the-pie")
    del broken[key]
    assert not accepts(schema, broken, schema)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (("countries",), "sel-ler"),
        (("tables", "pie", "reservation"), "2nd"),
        (("tables", "pie", "events"), "the start"),
        (("issues", "pie", "ladder"), "a.b"),
    ],
    ids=lambda value: value if isinstance(value, str) else ".".join(value),
)
def test_the_schema_refuses_a_name_the_loader_refuses(
    schema: Schema, path: tuple[str, ...], name: str
):
    broken = copy.deepcopy(document("split-the-pie"))
    node = broken
    for part in path:
        node = node[part]
    node[name] = next(iter(node.values()))
    assert not accepts(schema, broken, schema)


@pytest.mark.parametrize(
    "worth",
    [
        1.0,
        {"salience": "huge", "definition": "x"},
        {"salience": "low", "value": 1.0, "unit": "C$bn/yr", "definition": "x"},
        {"definition": "x"},
    ],
    ids=["bare", "an unknown class", "both", "neither"],
)
def test_the_schema_refuses_a_worth_that_is_not_one_of_the_two(schema: Schema, worth: object):
    broken = document("split-the-pie")
    broken["issues"]["pie"]["benefit"] = worth
    assert not accepts(schema, broken, schema)


def test_every_number_of_the_schema_says_its_unit(schema: Schema):
    number = {"$ref": "#/$defs/Quantity"}
    fields = [part for part in parts(schema) if number in part.get("allOf", ())]
    assert len(fields) > 60
    for field in fields:
        assert field["x-expects"].startswith(f"a number in {field['x-unit']}")
    assert [part for part in parts(schema) if part == number] == [
        part for field in fields for part in field["allOf"] if part == number
    ], "no number stands without a unit beside it"
