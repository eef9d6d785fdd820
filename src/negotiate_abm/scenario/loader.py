"""From a TOML file to a checked scenario, with errors a person can act on."""

from __future__ import annotations

import copy
import hashlib
import json
import os
import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import numpy as np
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from negotiate_abm.errors import Problem, RunError, ScenarioError, nearest
from negotiate_abm.files import read_regular
from negotiate_abm.mechanisms.numerics import FloatArray
from negotiate_abm.mechanisms.registry import IF_YOUR_OWN
from negotiate_abm.scenario.checks import problems_in
from negotiate_abm.scenario.layering import (
    CASES,
    MECHANISMS,
    layered,
    part_at,
    pruned,
    unknown_switches,
    unread,
)
from negotiate_abm.scenario.parameters import quantities
from negotiate_abm.scenario.quantities import REMEDY, Quantity
from negotiate_abm.scenario.schema import (
    WORTH_TAGS,
    FormalQuota,
    PoliticalConsent,
    Salience,
    Scenario,
)

_LARGEST_FILE_BYTES = 4_000_000

# No number of the world is this large or this small, whatever its unit.
_SMALLEST, _LARGEST = 1e-30, 1e30

# What pydantic adds to the place of an error inside a choice of types.
_UNION_PARTS = {*WORTH_TAGS, "str", "list[str]", "constrained-str", "list[constrained-str]"}

# Where a scenario names a rule that may be the user's own.
_OF_A_RULE = re.compile(r"countries\.[^.]+\.(tactic|retaliation)")

# What is expected where pydantic finds an error of a kind, in place of its own words; what stands
# in braces is of the error.
_EXPECTED = {
    "bool_type": "true or false",
    "date_type": "a date such as 2026-01-05",
    "float_type": "a number",
    "greater_than": "a number above {gt:g}",
    "greater_than_equal": "a number of at least {ge:g}",
    "int_from_float": "a whole number",
    "int_type": "a whole number",
    "less_than": "a number below {lt:g}",
    "less_than_equal": "a number of at most {le:g}",
    "list_type": "a list",
    "string_pattern_mismatch": "text that fits the pattern {pattern}",
    "string_too_short": "some text",
    "string_type": "text",
    "too_long": "a list of at most {max_length}",
    "too_short": "a list of at least {min_length}",
    "tuple_type": "a list",
}

_KINDS_OF_CONSENT = {"political": PoliticalConsent, "quota": FormalQuota}

Overrides = Mapping[str, Any]


def case_names() -> list[str]:
    """Return the names of the bundled cases, sorted."""
    files = (Path(str(entry.name)) for entry in CASES.iterdir())
    return sorted(f.stem for f in files if f.suffix == ".toml" and f.stem != "defaults")


def load_scenario(case: str | Path | Scenario, overrides: Overrides | None = None) -> Scenario:
    """Return the scenario of a bundled case or of a file.

    Parameters
    ----------
    case : str, Path or Scenario
        A case's name, a path that ends in ``.toml``, or a scenario as it is.
    overrides : mapping of str to value, optional
        Dotted key to a new value. A number replaces a quantity's value and holds it in
        every run; text and switches replace theirs. They may say "what if" against the
        record, not what cannot be.

    Raises
    ------
    ScenarioError
        If the file cannot be read or says something that cannot be.
    """
    if isinstance(case, Scenario):
        if not overrides:
            return case
        return _validated(case.name, with_overrides(case, overrides), counterfactual=True)
    where, text = _read(case)
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ScenarioError(
            where, [Problem("file", str(error), "TOML", "Mend the line named.")]
        ) from None
    document.setdefault("name", re.sub(r"[^a-z0-9]+", "-", Path(where).stem.lower()).strip("-"))
    return scenario_from(document, where, overrides)


def scenario_from(
    document: Mapping[str, Any], where: str = "scenario", overrides: Overrides | None = None
) -> Scenario:
    """Return the scenario that a parsed document describes, the defaults laid beneath it.

    Parameters
    ----------
    document : mapping
        What `tomllib` makes of a scenario file.
    where : str
        What errors call it.
    overrides : mapping of str to value, optional
        As for `load_scenario`.

    Raises
    ------
    ScenarioError
        If it says something that cannot be.
    """
    whole = copy.deepcopy(dict(document))
    tables = whole.get("tables")
    _check_switches(where, whole.get("without"), tables if isinstance(tables, dict) else {})
    complete = layered(whole)
    if overrides:
        # From the typed scenario, so that keys the file leaves to the schema can be set too.
        complete = with_overrides(_typed(where, complete), overrides)
    return _validated(where, complete, counterfactual=bool(overrides))


def _read(case: str | Path) -> tuple[str, str]:
    """Return where a scenario is, and its text."""
    if not isinstance(case, str | os.PathLike):
        problem = Problem("case", _shown(case), "a bundled case, a path or a Scenario", "Give one.")
        raise ScenarioError("scenario", [problem])
    path = Path(case)
    if isinstance(case, str) and case in case_names():
        return f"{case}.toml", (CASES / f"{case}.toml").read_text(encoding="utf-8")
    try:
        if path.suffix != ".toml" and not path.exists():
            expected = "a bundled case or a path ending in .toml"
            name = _short(str(case))
            hint = nearest(name, case_names())
            raise ScenarioError(name, [Problem("case", f"'{name}'", expected, hint)])
        content = read_regular(path, _LARGEST_FILE_BYTES)
        return str(path), content.decode("utf-8-sig")
    except UnicodeDecodeError:
        problem = "bytes that are not UTF-8 text"
    except (OSError, ValueError) as error:
        problem = getattr(error, "strerror", None) or str(error)
    raise ScenarioError(
        _short(str(path)), [Problem("file", problem, "a readable TOML file", "Check the path.")]
    )


def with_overrides(scenario: Scenario, overrides: Overrides) -> dict[str, Any]:
    """Return the document of a scenario with dotted keys replaced.

    Text and switches come first, for they decide which numbers are read; defaults are then
    laid beneath what they call for, and what they leave without a reader is taken out.

    Raises
    ------
    RunError
        If a key names nothing that the scenario reads, or a number is given for text or
        text for a number.
    """
    for key in overrides:
        if not isinstance(key, str):
            raise RunError(f"override {key!r}: got no text; expected a dotted name. Quote it.")
    if "without" in overrides:
        _check_switches(
            f"override of {scenario.name}",
            overrides["without"],
            scenario.tables,
            scenario.without,
        )
        if isinstance(overrides["without"], list) and scenario.without:
            # What is switched off has lost its numbers, and cannot be switched on again.
            off = dict.fromkeys([*scenario.without, *overrides["without"]])
            overrides = {**overrides, "without": list(off)}
    document = scenario.model_dump(mode="python")
    numbers = {key: value for key, value in overrides.items() if _is_number(value)}
    for key, value in overrides.items():
        if key not in numbers:
            document = _replace(document, key, key.split("."), value)
    document = pruned(document)
    for key in overrides:
        is_lost = part_at(document, tuple(key.split("."))) is None
        if key not in numbers and overrides[key] is not None and is_lost:
            raise RunError(
                f"override {key}={_shown(overrides[key])}: got a value of what is switched off; "
                f"expected the name of a value the scenario still has. Leave it out, or switch "
                f"its mechanism back on."
            )
    for key in numbers:
        section, name = (*key.split("."), "")[:2]
        can_be_off = section in ("arrangements", "ties") and not key.endswith(".active")
        if can_be_off and _is_off(document, section, name):
            raise RunError(
                f"override {key}={_shown(numbers[key])}: got a number of '{name}', which is off; "
                f"expected one of something that is on. Set {section}.{name}.active to true too."
            )
    for key, value in numbers.items():
        document = _replace(document, key, key.split("."), value)
    return document


def _check_switches(
    where: str, without: Any, tables: Collection[str], off_already: Collection[str] = ()
) -> None:
    names = [*tables, *off_already]
    problems = [
        Problem(
            "without",
            f"'{name}'",
            "a mechanism or a table",
            nearest(name, [*MECHANISMS, *tables]),
        )
        for name in unknown_switches(without, names)
    ]
    if tables and isinstance(without, list) and all(table in without for table in tables):
        problems.append(
            Problem("without", "every table", "at least one table left", "Leave one out of it.")
        )
    if problems:
        raise ScenarioError(where, problems)


def _is_off(document: dict[str, Any], section: str, name: str) -> bool:
    return part_at(document, (section, name, "active")) is False


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)


def _replace(
    node: dict[str, Any], key: str, path: list[str], value: Any, above: tuple[str, ...] = ()
) -> dict[str, Any]:
    head, *rest = path
    where = f"override {key}={_shown(value)}"
    if head not in node:
        fields = _fields_at([*above])
        if head in fields and not rest and not _takes_quantity([*above, head]):
            return {**node, head: value}
        if head in fields:
            raise RunError(
                f"{where}: got '{head}', which this scenario leaves out or no rule of it reads; "
                f"expected the name of a number it has. Give it in the file, or switch on what "
                f"reads it."
            )
        raise RunError(
            f"{where}: got '{head}', which the scenario does not have there; expected a dotted "
            f"name of one of its values. {nearest(head, node)}"
        )
    below = node[head]
    if rest:
        if not isinstance(below, dict):
            raise RunError(
                f"{where}: got more than a name; expected it to end at '{head}', which is a "
                f"value. Leave out '.{'.'.join(rest)}'."
            )
        return {**node, head: _replace(below, key, rest, value, (*above, head))}
    if not isinstance(below, dict):
        return {**node, head: value}
    if "salience" in below:
        raise RunError(
            f"{where}: got a value for a salience code; expected its class. "
            f"Set {key}.salience to low, medium or high."
        )
    if "unit" not in below:
        raise RunError(
            f"{where}: got the name of a whole section; expected that of one value in it. "
            f"{nearest('', below)}"
        )
    return {**node, head: _held(below, _number(where, below["unit"], value))}


def _number(where: str, unit: str, value: Any) -> float:
    if _is_number(value):
        try:
            return float(value)
        except OverflowError:
            pass
    raise RunError(f"{where}: got {_shown(value)}; expected a number in {unit}. Give a plain one.")


def _held(quantity: dict[str, Any], value: float) -> dict[str, Any]:
    """Return the quantity held at a value in every run, its range stretched to admit it."""
    held = {**quantity, "value": value, "fixed": True}
    if quantity.get("range") is not None:
        low, high = quantity["range"]
        held["range"] = [min(low, value), max(high, value)]
        held["scale"] = quantity.get("scale", "linear") if min(low, value) > 0 else "linear"
    return held


def split_overrides(
    overrides: Overrides, runs: int
) -> tuple[dict[str, Any], dict[str, FloatArray]]:
    """Return overrides that hold in every run, and those with one value a run.

    Raises
    ------
    RunError
        If a list or array does not hold one finite number for each run.
    """
    scalars: dict[str, Any] = {}
    columns: dict[str, FloatArray] = {}
    for key, value in overrides.items():
        is_names = isinstance(value, list) and all(isinstance(part, str) for part in value)
        if is_names or not isinstance(value, np.ndarray | list):
            scalars[key] = value
            continue
        try:
            column = np.asarray(value)
        except ValueError:
            column = np.empty(0)
        column = column.astype(np.float64) if column.dtype.kind in "iuf" else np.empty(0)
        if column.shape != (runs,) or not np.isfinite(column).all():
            raise RunError(
                f"override {key}: got {_shown(value)}; expected one finite number for each of "
                f"{runs} runs. Give a plain number, or as many as there are runs."
            )
        columns[key] = column
    return scalars, columns


def check_columns(scenario: Scenario, columns: Mapping[str, FloatArray]) -> None:
    """Refuse values by run that the schema would refuse as the value of every run.

    Raises
    ------
    RunError, ScenarioError
    """
    if not columns:
        return
    document = scenario.model_dump(mode="python")
    known = quantities(scenario)
    for key, column in columns.items():
        if key not in known:
            listing = "`negotiate-abm scenario show --numbers` lists them."
            hint = nearest(key, known, otherwise=listing)
            raise RunError(
                f"override {key}: got numbers by run for a key that is no number of the "
                f"scenario; expected one that is. {hint}"
            )
        for extreme in (column.min(), column.max()):
            changed = _replace(document, key, key.split("."), float(extreme))
            _validated(scenario.name, changed, counterfactual=True)


def with_levers(
    scenario: Scenario, levers: Mapping[str, Any] | None, overrides: Overrides | None
) -> dict[str, Any]:
    """Return overrides, and beneath them those that pulling levers by name amounts to.

    Parameters
    ----------
    scenario : Scenario
    levers : mapping of str to value, optional
        Lever to a value; True for one whose value the scenario states, False to leave it.
    overrides : mapping of str to value, optional

    Raises
    ------
    RunError
        If there is no such lever, or it needs a value and gets none.
    """
    for what, given in (("levers", levers), ("overrides", overrides)):
        if given is not None and not isinstance(given, Mapping):
            raise RunError(
                f"{what}: got {_shown(given)}; expected a mapping of names to values. "
                f"Write {{'name': value}}."
            )
    found: dict[str, Any] = {}
    for name, value in (levers or {}).items():
        if not isinstance(name, str):
            raise RunError(f"lever {name!r}: got no text; expected a lever's name. Quote it.")
        if name not in scenario.levers:
            raise RunError(
                f"lever '{name}': got a name the scenario does not have; expected one of its "
                f"levers. {nearest(name, scenario.levers)}"
            )
        lever = scenario.levers[name]
        if value is False:
            continue
        if value is True:
            value = lever.value
        if value is None:
            raise RunError(
                f"lever '{name}': got no value; expected one for {', '.join(lever.keys)}. "
                f"Write {name}=VALUE."
            )
        found |= dict.fromkeys(lever.keys, value)
    return found | dict(overrides or {})


def _typed(where: str, document: dict[str, Any]) -> Scenario:
    try:
        return Scenario.model_validate(document)
    except ValidationError as error:
        problems = {str(p): p for p in (_explain(details) for details in error.errors())}
        raise ScenarioError(where, problems.values()) from None


def _validated(where: str, document: dict[str, Any], counterfactual: bool = False) -> Scenario:
    scenario = _typed(where, document)
    # Before anything is worked out from them: what is past these overflows on the way.
    problems_found = _out_of_all_proportion(scenario) or [
        replace(problem, remedy=f"{problem.remedy} {IF_YOUR_OWN}")
        if _OF_A_RULE.fullmatch(problem.key)
        else problem
        for problem in problems_in(scenario, counterfactual)
    ]
    told_already = {problem.key for problem in problems_found}
    for path in unread(document):
        found = part_at(document, path)
        if found is not None and ".".join(path) not in told_already:
            is_section = isinstance(found, dict) and "unit" not in found
            problems_found.append(
                Problem(
                    ".".join(path),
                    "a section" if is_section else _shown(found),
                    "nothing: no rule of this scenario reads it",
                    "Drop it, or switch on what would read it.",
                )
            )
    if problems_found:
        raise ScenarioError(where, problems_found)
    return scenario


def _out_of_all_proportion(scenario: Scenario) -> list[Problem]:
    return [
        Problem(
            key,
            f"{number:g}",
            f"0, or a number between {_SMALLEST:g} and {_LARGEST:g} in size",
            "Mend the value or its range.",
        )
        for key, quantity in quantities(scenario).items()
        for number in {quantity.value, *(quantity.range or ())}
        if number != 0.0 and not _SMALLEST <= abs(number) <= _LARGEST
    ]


def _explain(details: ErrorDetails) -> Problem:
    """Return what pydantic found, as key, value, expectation and remedy."""
    path = _told(details["loc"])
    key = ".".join(part for part in path if part not in _UNION_PARTS) or "file"
    given = _shown(details["input"])
    kind, message = details["type"], details["msg"]
    if REMEDY in message:
        expected, remedy = message.split(REMEDY, 1)
        return Problem(key, given, expected, remedy)
    if kind == "extra_forbidden":
        names = _fields_at([str(part) for part in details["loc"]][:-1])
        return Problem(key, "an unknown key", "a key of the schema", nearest(path[-1], names))
    if kind == "missing":
        return Problem(key, "nothing", "a value", "Add it; `scenario schema` says what it takes.")
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        given = _shown(details["input"].get("kind")) if "kind" in details["input"] else "nothing"
        kinds = " or ".join(f"'{name}'" for name in _KINDS_OF_CONSENT)
        return Problem(f"{key}.kind", given, kinds, "Write one of them.")
    if kind == "model_attributes_type":
        return Problem(key, given, "a table such as { kind = ... }", "Write one.")
    if kind in ("model_type", "dict_type"):
        return Problem(
            key, given, "a table such as { value = ..., unit = ..., source = ... }", "Write one."
        )
    expected = _EXPECTED.get(kind, message.removeprefix("Input should be "))
    expected = expected.format(**details.get("ctx", {})) if kind in _EXPECTED else expected
    return Problem(key, given, expected[:1].lower() + expected[1:], _remedy(key, details))


def _remedy(key: str, details: ErrorDetails) -> str:
    """Return how to write a value of another type, by what was given in its stead."""
    given, kind = details["input"], details["type"]
    if kind == "bool_type":
        return f"Write '{key}=true' or '{key}=false'."
    if kind in ("list_type", "tuple_type"):
        is_words = kind == "list_type" and isinstance(given, str)
        words = re.findall(r"\w+", given) if is_words else []
        quoted = ", ".join(f'"{_short(word, 60)}"' for word in words)
        return f"Write it in brackets: '{key}=[{quoted or '...'}]'."
    if kind == "string_type":
        if not isinstance(given, list):
            return "Write it in quotes."
        one = f": '{key}=\"{_short(given[0], 60)}\"'" if given and type(given[0]) is str else ""
        return f"Write one, without brackets{one}."
    return "Mend the value."


def _told(place: tuple[int | str, ...]) -> list[str]:
    """Return the place of an error without the kind of consent that pydantic puts into it."""
    path = [str(part) for part in place]
    if path[2:3] == ["consent"] and path[3:4] and path[3] in _KINDS_OF_CONSENT:
        del path[3]
    return path


def _shown(value: Any) -> str:
    if isinstance(value, Quantity):
        return f"{value.value:g} {value.unit}"
    if isinstance(value, dict) and "value" in value:
        return _short(f"{value['value']} {value.get('unit', '')}".strip(), 60)
    try:
        return _short(repr(value), 60)
    except ValueError:  # an integer of more digits than Python writes out
        return "a number of too many digits"


def _short(text: str, longest: int = 200) -> str:
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def _annotation_at(path: list[str]) -> Any:
    """Return what the schema says stands at a path."""
    annotation: Any = Scenario
    for part in path:
        if part in WORTH_TAGS:
            annotation = Salience if part == WORTH_TAGS[0] else Quantity
            continue
        if part in _KINDS_OF_CONSENT and _model_in(annotation) in _KINDS_OF_CONSENT.values():
            annotation = _KINDS_OF_CONSENT[part]
            continue
        model = _model_in(annotation)
        if model is not None and part in model.model_fields:
            annotation = model.model_fields[part].annotation
        elif get_origin(annotation) is dict:
            annotation = get_args(annotation)[1]
    return annotation


def _fields_at(path: list[str]) -> list[str]:
    """Return the names of the fields that the schema has at a path."""
    model = _model_in(_annotation_at(path))
    return list(model.model_fields) if model is not None else []


def _takes_quantity(path: list[str]) -> bool:
    """Return whether the field at a path of the schema holds a quantity."""
    return _model_in(_annotation_at(path)) is Quantity


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if get_origin(annotation) in (Annotated, Union, UnionType):
        found = (_model_in(option) for option in get_args(annotation))
        return next((model for model in found if model is not None), None)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return None


def scenario_hash(scenario: Scenario) -> str:
    """Return a digest of everything the scenario says, the same on every machine."""
    text = json.dumps(scenario.model_dump(mode="json"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a scenario after the defaults have been laid beneath it."""
    schema = Scenario.model_json_schema()
    _close(schema)
    return schema


def _close(node: Any) -> None:
    """Let no name past the pattern that names must match, as the loader does."""
    if isinstance(node, dict):
        if "patternProperties" in node:
            node.setdefault("additionalProperties", False)
        for child in node.values():
            _close(child)
    elif isinstance(node, list):
        for child in node:
            _close(child)
