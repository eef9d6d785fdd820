"""What lies beneath a scenario file, and what is left out of it.

The packaged defaults are laid beneath a file. What a switched-off mechanism (`without`)
alone would read is taken out, and so is a default that no rule of this scenario would
read: every number left in a scenario bears on its results.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterator
from functools import cache
from importlib import resources
from typing import Any

from negotiate_abm.mechanisms.retaliation import retaliation_strategies
from negotiate_abm.mechanisms.tactics import tactics

CASES = resources.files("negotiate_abm.scenario") / "cases"

Document = dict[str, Any]
Path = tuple[str, ...]

# Which sections of the defaults apply to each entry of a section of the scenario.
_EACH = {
    "country": "countries",
    "province": "provinces",
    "flow": "flows",
    "issue": "issues",
    "table": "tables",
}

# What `without` may name, beside a table, and what that switches off.
MECHANISMS = {
    "trust": "sides count on every promise, and nothing they do changes that",
    "leverage": "waiting bends nobody's concessions",
    "own_lines": "no country is bound by its own red lines",
    "ladders": "every issue is conceded whole or not at all",
    "revealed": "draws are not held against choices already made",
    "provinces": "no pressure from home, no approval, no consent",
    "consent": "governments sign what they like",
    "watchers": "nobody outside a table reacts to it",
    "wedge": "no interest in estranging a partner from others",
    "arrangements": "no parallel arrangements",
    "ties": "no security ties",
    "reimposition": "no duty comes back",
}


@cache
def _defaults() -> Document:
    return tomllib.loads((CASES / "defaults.toml").read_text(encoding="utf-8"))


def unknown_switches(without: object, tables: Collection[str]) -> list[str]:
    """Return what `without` names that is neither a mechanism nor one of some tables."""
    named = without if isinstance(without, list) else []
    words = [name for name in named if isinstance(name, str)]
    return [name for name in words if name not in MECHANISMS and name not in tables]


def layered(document: Document) -> Document:
    """Return the document with the defaults that it can use beneath it.

    Anything malformed is left for the schema to complain of.
    """
    given = _switched_off(document)
    merged = _merged_with_defaults(given)
    # What is idle even with all switched on is the author's mistake, not `without`'s doing.
    idle = set(unread(_merged_with_defaults(_less(document, "without"))))
    for path in list(unread(merged)):
        if part_at(given, path) is None or path not in idle:
            merged = _without(merged, path)
    return _without_lost_sources(document, _without_lost_levers(document, merged))


def pruned(document: Document) -> Document:
    """Return the document with defaults beneath it and without any number that nothing reads."""
    before = _without_nones(document)
    merged = _merged_with_defaults(_switched_off(before))
    for path in list(unread(merged)):
        merged = _without(merged, path)
    return _without_lost_sources(before, _without_lost_levers(before, merged))


def _without_nones(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    return {key: _without_nones(child) for key, child in node.items() if child is not None}


# -- defaults ---------------------------------------------------------------------------


def _merged_with_defaults(document: Document) -> Document:
    defaults = dict(_defaults())
    for_each = {key: defaults.pop(key) for key in (*_EACH, "watcher", "consent")}
    merged = _merge(defaults, document)
    for singular, plural in _EACH.items():
        _fill_each(merged, plural, for_each[singular])
    for table in _section(merged, "tables").values():
        if isinstance(table, dict):
            _fill_each(table, "watchers", for_each["watcher"])
    for country in _section(merged, "countries").values():
        consent = country.get("consent") if isinstance(country, dict) else None
        if isinstance(consent, dict):
            kind = for_each["consent"].get(str(consent.get("kind")), {})
            country["consent"] = _merge(kind, consent)
    return merged


def _fill_each(parent: Document, section: str, default: Document) -> None:
    entries = parent.get(section)
    if not isinstance(entries, dict):
        return
    entries = dict(entries)
    parent[section] = entries
    for name, entry in entries.items():
        if isinstance(entry, dict):
            # A default section (not a quantity) only fills a section that the entry has.
            fits = {k: v for k, v in default.items() if k != "duty" or k in entry}
            entries[name] = _merge(fits, entry)


def _merge(below: Document, above: Document) -> Document:
    """Return `above` laid over `below`; a quantity is replaced whole, never mixed."""
    merged = dict(below)
    for key, value in above.items():
        under = below.get(key)
        if isinstance(under, dict) and isinstance(value, dict) and "value" not in under:
            merged[key] = _merge(under, value)
        else:
            merged[key] = value
    return merged


def _section(node: Any, *path: str) -> Document:
    found = part_at(node, path)
    return found if isinstance(found, dict) else {}


def part_at(node: Any, path: Path) -> Any:
    """Return what stands at a path, None where nothing does."""
    for part in path:
        node = node.get(part) if isinstance(node, dict) else None
    return node


def _word(node: Any, *path: str) -> str | None:
    """Return the text that stands at a path, None where none does."""
    found = part_at(node, path)
    return found if isinstance(found, str) else None


def _off(s: Document) -> list[str]:
    """Return what is switched off."""
    off = s.get("without")
    return [name for name in off if isinstance(name, str)] if isinstance(off, list) else []


def _without(node: Any, path: Path) -> Any:
    """Return the document less what stands at a path."""
    head, *rest = path
    if not isinstance(node, dict) or head not in node:
        return node
    if not rest:
        return {key: child for key, child in node.items() if key != head}
    return {**node, head: _without(node[head], tuple(rest))}


# -- what no rule would read --------------------------------------------------------------


def unread(s: Document) -> Iterator[Path]:
    """Yield the places of numbers that no rule of this scenario would read."""
    off = _off(s)
    issues = _named(s, "issues")
    watched = {n: w for n, t in _named(s, "tables").items() if (w := _section(t, "watchers"))}
    comes_back = "reimposition" not in off
    weaponised = [i for i in issues.values() if i.get("weaponisable") and comes_back]
    roll_back = bool(watched or weaponised)
    pairs = [{_word(t, "host"), _word(t, "guest")} for t in _named(s, "tables").values()]
    pressed = {_word(p, "country") for p in _named(s, "provinces").values()}
    no_trust = "trust" in off
    if no_trust:
        yield ("trust",)
    if not pressed:
        yield ("domestic",)
    elif not any(_section(issue, "duty", "protected") for issue in issues.values()):
        yield ("domestic", "compensation")
    if not watched:
        yield ("alarm",)
    if not roll_back:
        yield ("conduct", "review_weeks")
        yield ("trust", "suspension")
        if not any(c.get("consent") for c in _named(s, "countries").values()):
            yield ("trust", "breach")
    if not weaponised:
        yield ("conduct", "reimposition_hazard")
    if "leverage" in off or not any(
        _reads(tactics, c.get("tactic"), "tactic_exponent") for c in _named(s, "countries").values()
    ):
        yield ("conduct", "leverage_bend")
    coded = {_word(issue, side, "salience") for issue in issues.values() for side in _SIDES}
    for kind in ("low", "medium", "high"):
        if kind not in coded:
            yield ("salience", kind)
    looks_ahead = _look_ahead(s, watched, weaponised)
    for name, country in _named(s, "countries").items():
        key = ("countries", name)
        for field, registry, rule in (
            ("tactic_exponent", tactics, "tactic"),
            ("imitation", tactics, "tactic"),
            ("generosity", retaliation_strategies, "retaliation"),
            ("escalation", retaliation_strategies, "retaliation"),
        ):
            if not _reads(registry, country.get(rule), field):
                yield (*key, field)
        if name not in looks_ahead:
            yield (*key, "discount_rate")
        if name not in pressed:
            yield (*key, "approval")
        if no_trust:
            yield (*key, "consent", "breach_share")
        for field in _of_another_kind(_word(country, "consent", "kind")):
            yield (*key, "consent", field)
        counterparts = {c for pair in pairs if name in pair for c in pair}
        for other in _section(country, "trust"):
            if no_trust or other not in counterparts:
                yield (*key, "trust", other)
        seats = [t for t in _named(s, "tables").values() if name in (t.get("host"), t.get("guest"))]
        if all(name in _section(table, "reservation") for table in seats):
            yield (*key, "private_reservation")
        if not seats:
            yield (*key, "tactic_exponent")
            yield (*key, "imitation")
        if no_trust or not counterparts:
            yield (*key, "sunk_share")
        if no_trust or not counterparts or _section(s, "trust", "two_types"):
            yield (*key, "trust_strength")
    yield from _unread_at_tables(s, watched, no_trust)
    yield from _unread_in_flows(s, watched, weaponised)


_SIDES = ("benefit", "cost")


def _unread_at_tables(s: Document, watched: dict[str, Document], no_trust: bool) -> Iterator[Path]:
    issues = _named(s, "issues")
    if no_trust:
        for table in _named(s, "tables"):
            yield ("tables", table, "grace_weeks")
    for table, watchers in watched.items():
        for watcher in watchers:
            yield ("tables", table, "watchers", watcher, "counter", "line_coverage")
            has_lines = any(
                issue.get("table") == table and watcher in _section(issue, "red_lines")
                for issue in issues.values()
            )
            if not has_lines:
                key = ("tables", table, "watchers", watcher)
                yield (*key, "line_slope")
                yield (*key, "line_worth")
                yield (*key, "punishment", "line_coverage")
    talked_of = set()
    for name, issue in issues.items():
        talk = any(part_at(rung, ("talk",)) for rung in _section(issue, "ladder").values())
        if talk:
            talked_of.add(_word(issue, "table"))
        elif issue.get("duty") is not None:
            # A duty's cost comes from trade; its curvature only makes talk cheap.
            yield ("issues", name, "curvature")
    for table in _named(s, "tables"):
        if table not in talked_of:
            yield ("tables", table, "officials_hazard")


def _unread_in_flows(
    s: Document, watched: dict[str, Document], weaponised: list[Document]
) -> Iterator[Path]:
    punished = {
        _word(entry, "punishment", "flow") for ws in watched.values() for entry in ws.values()
    }
    dependent = {_word(issue, "duty", "flow") for issue in weaponised}
    governed = {_word(issue, "duty", "flow") for issue in _named(s, "issues").values()}
    for name in _named(s, "flows"):
        if name in governed:
            yield ("flows", name, "rate_now")
        if name not in punished:
            yield ("flows", name, "knock_on")
        if name not in dependent:
            yield ("flows", name, "dependence")


def _of_another_kind(kind: str | None) -> list[str]:
    """Return the numbers of every kind of consent but one."""
    kinds = _defaults()["consent"]
    own = kinds.get(kind)
    others = {field: None for fields in kinds.values() for field in fields}
    return [] if own is None else [field for field in others if field not in own]


def _look_ahead(
    s: Document, watched: dict[str, Document], weaponised: list[Document]
) -> set[object]:
    """Return the countries that weigh what comes later or will not last."""
    threatened = {_word(entry, "threatens") for ws in watched.values() for entry in ws.values()}
    builders = {_word(entry, "country") for entry in _named(s, "arrangements").values()}
    return threatened | builders | {_word(issue, "beneficiary") for issue in weaponised}


def _reads(registry: Any, rule: object, field: str) -> bool:
    if not isinstance(rule, str) or rule not in registry:
        return True
    reads = registry[rule].reads
    return reads is None or field in reads


def _named(s: Document, section: str) -> dict[str, Document]:
    """Return the well-formed entries of a section."""
    return {k: v for k, v in _section(s, section).items() if isinstance(v, dict)}


# -- what is switched off -----------------------------------------------------------------


def _switched_off(document: Document) -> Document:
    """Return the document less what `without` switches off."""
    off = _off(document)
    s = dict(document)
    for table in [name for name in off if name in _section(s, "tables")]:
        s = _without_table(s, table)
    if "own_lines" in off:
        s = _each(s, "issues", _without_own_line)
    if "ladders" in off:
        s = _without_ladders(s)
    if "provinces" in off:
        s = _without_provinces(s)
    if "consent" in off:
        s = _each(s, "countries", lambda country: _less(country, "consent"))
    if "watchers" in off:
        s = _without_watchers(s)
    if "wedge" in off:
        s = _each(s, "tables", lambda table: _less(table, "wedge"))
    for section in ("arrangements", "ties", "revealed"):
        if section in off:
            s = _less(s, section)
    return _without_idle_flows(document, s)


def _less(entry: Any, *keys: str) -> Any:
    if not isinstance(entry, dict):
        return entry
    return {key: value for key, value in entry.items() if key not in keys}


def _each(s: Document, section: str, change: Any) -> Document:
    if not isinstance(s.get(section), dict):
        return s
    entries = {
        name: change(entry) if isinstance(entry, dict) else entry
        for name, entry in _section(s, section).items()
    }
    return {**s, section: entries}


def _changed(entry: Document, key: str, change: Any) -> Document:
    """Return an entry with a section of it changed, if it has that section."""
    section = entry.get(key)
    return {**entry, key: change(section)} if isinstance(section, dict) else entry


def _kept(s: Document, section: str, keep: Any) -> Document:
    """Return the document with those of a section's entries to keep, and the malformed."""
    if not isinstance(s.get(section), dict):
        return s
    entries = {k: v for k, v in s[section].items() if not isinstance(v, dict) or keep(k, v)}
    return {**s, section: entries}


def _without_table(s: Document, table: str) -> Document:
    s = _kept(s, "tables", lambda name, _: name != table)
    if s.get("focal_table") == table:
        s = _less(s, "focal_table")
    gone = {name for name, issue in _named(s, "issues").items() if issue.get("table") == table}
    # Duties that nobody talks about any more are in force all the same.
    rates = {
        _word(issue, "duty", "flow"): part_at(issue, ("duty", "rate"))
        for name, issue in _named(s, "issues").items()
        if name in gone and part_at(issue, ("duty", "rate")) is not None
    }
    flows = {
        name: {**flow, "rate_now": rates[name]}
        if name in rates and isinstance(flow, dict)
        else flow
        for name, flow in _section(s, "flows").items()
    }
    s = {**s, "flows": flows} if rates else s
    s = _kept(s, "issues", lambda name, _: name not in gone)
    s = _kept(s, "arrangements", lambda _, entry: entry.get("table") != table)
    s = _kept(s, "cross_links", lambda _, e: not {_word(e, "issue"), _word(e, "other")} & gone)
    s = _kept(s, "revealed", lambda _, e: not {*_section(e, "gives"), *_section(e, "gets")} & gone)

    def let_go(entry: Document) -> Document:
        if _word(entry, "wedge", "eased_by") not in gone:
            return entry
        return {**entry, "wedge": _less(entry["wedge"], "eased_by")}

    return _each(s, "tables", let_go)


def _without_own_line(issue: Document) -> Document:
    own = _word(issue, "conceder")
    return issue if own is None else _changed(issue, "red_lines", lambda lines: _less(lines, own))


def _without_ladders(s: Document) -> Document:
    """Leave each ladder its top rung alone, where every line then lies."""
    tops = {
        name: list(_section(issue, "ladder"))[-1:] for name, issue in _named(s, "issues").items()
    }

    def merge(issue: Document) -> Document:
        top = list(_section(issue, "ladder"))[-1:]
        if not top:
            return issue
        issue = _changed(
            issue, "ladder", lambda rungs: {top[0]: _less(rungs[top[0]], "benefit", "cost", "talk")}
        )
        issue = _changed(issue, "red_lines", lambda lines: dict.fromkeys(lines, top[0]))
        if isinstance(issue.get("held"), float):
            issue = {**issue, "held": float(issue["held"] >= 1.0)}
        return {**issue, "divisible": False}

    def at_the_top(refusal: Document) -> Document:
        return {
            key: {i: tops[i][0] if tops.get(i) else rung for i, rung in value.items()}
            if key in ("gives", "gets") and isinstance(value, dict)
            else value
            for key, value in refusal.items()
        }

    return _each(_each(s, "issues", merge), "revealed", at_the_top)


def _without_provinces(s: Document) -> Document:
    s = _less(s, "provinces", "domestic")
    s = _each(s, "flows", lambda flow: _less(flow, "shares", "elsewhere"))
    s = _each(s, "countries", lambda country: _less(country, "approval", "consent"))

    return _each(
        s, "issues", lambda issue: _changed(issue, "duty", lambda duty: _less(duty, "protected"))
    )


def _without_watchers(s: Document) -> Document:
    def unwatched(table: Document) -> Document:
        calm = _each(table, "events", lambda event: _less(event, "exposure", "fades_weeks"))
        return _less(calm, "watchers", "wedge")

    def unexposed(issue: Document) -> Document:
        own = issue.get("conceder")
        return _changed(
            _less(issue, "exposure"),
            "red_lines",
            lambda lines: {who: rung for who, rung in lines.items() if who == own},
        )

    return _less(_each(_each(s, "tables", unwatched), "issues", unexposed), "ties")


def _without_idle_flows(before: Document, after: Document) -> Document:
    """Drop flows that nothing moves any more."""
    lost = _moved_flows(before) - _moved_flows(after)
    return _kept(
        after, "flows", lambda name, flow: name not in lost or bool(_section(flow, "shares"))
    )


def _moved_flows(s: Document) -> set[str | None]:
    moved = {_word(issue, "duty", "flow") for issue in _named(s, "issues").values()}
    for table in _named(s, "tables").values():
        for watcher in _section(table, "watchers").values():
            moved |= {_word(watcher, kind, "flow") for kind in ("punishment", "counter")}
    ways = {
        (_word(entry, "country"), _word(entry, "watcher"))
        for entry in _named(s, "arrangements").values()
    }
    for name, flow in _named(s, "flows").items():
        if (_word(flow, "exporter"), _word(flow, "importer")) in ways:
            moved.add(name)  # other buyers pull it away
    return moved


def _without_lost_sources(before: Document, after: Document) -> Document:
    """Drop sources that nothing cites any more."""
    lost = set(_cited(_less(before, "sources"))) - set(_cited(_less(after, "sources")))
    return _kept(after, "sources", lambda name, _: name not in lost)


def _without_lost_levers(before: Document, after: Document) -> Document:
    """Drop levers on what is no longer there."""

    def is_left(key: str) -> bool:
        path = tuple(key.split("."))
        if part_at(before, path) is not None:
            return part_at(after, path) is not None
        return part_at(before, path[:-1]) is None or part_at(after, path[:-1]) is not None

    def keys(lever: Document) -> list[str]:
        found = lever.get("keys")
        return [key for key in found if isinstance(key, str)] if isinstance(found, list) else []

    return _kept(after, "levers", lambda _, lever: all(map(is_left, keys(lever))))


def _cited(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, child in node.items():
            if key == "source":
                cited = child if isinstance(child, list) else [child]
                yield from (source for source in cited if isinstance(source, str))
            else:
                yield from _cited(child)
