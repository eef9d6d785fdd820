"""What a scenario must satisfy beyond the type of each entry."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from negotiate_abm.errors import Problem, nearest
from negotiate_abm.mechanisms.retaliation import retaliation_strategies
from negotiate_abm.mechanisms.tactics import tactics
from negotiate_abm.scenario.consistency import refused_worth
from negotiate_abm.scenario.parameters import central, quantities
from negotiate_abm.scenario.quantities import Origin
from negotiate_abm.scenario.schema import Issue, Salience, Scenario, Table, Watcher
from negotiate_abm.scenario.stakes import ladders
from negotiate_abm.scenario.warnings import punishment

_SUM_TOLERANCE = 1e-3

_MONDAY = 0

_COUNTRY = "a country of the scenario"
_PARTY = "a country at the table"
_WATCHER = "a watcher of the table"
_FLOW = "a flow of the scenario"


def problems_in(scenario: Scenario, counterfactual: bool = False) -> list[Problem]:
    """Return everything wrong with a well-typed scenario.

    References come first: what is worth what can only be asked once every name leads
    somewhere.

    Parameters
    ----------
    scenario : Scenario
    counterfactual : bool
        Whether to leave out what only the record rules out, as where a user asks "what if";
        and sums of shares, which are scaled back to one where a user moves one of them.
    """
    broken = list(_references(scenario))
    if broken:
        return broken
    # A rung at nothing, told of below, would divide by it on the way.
    with np.errstate(divide="ignore", invalid="ignore"):
        structure = [*_orders(scenario), *_rounds(scenario), *_ladders(scenario)]
        if counterfactual:
            return structure
        return [*structure, *_sums(scenario), *_shapes(scenario), *_reveals(scenario)]


def _name(key: str, name: str, names: Iterable[str], what: str) -> Iterator[Problem]:
    known = list(dict.fromkeys(names))
    if name not in known:
        yield Problem(key, f"'{name}'", what, nearest(name, known))


def _references(s: Scenario) -> Iterator[Problem]:
    if s.start.weekday() != _MONDAY:
        yield Problem("start", f"{s.start:%A %d %B %Y}", "a Monday", "Move it to the week's own.")
    yield from _name("focal", s.focal, s.countries, _COUNTRY)
    if s.focal_table is not None:
        own = [name for name, t in s.tables.items() if s.focal in (t.host, t.guest)]
        what = f"a table at which {s.focal} sits" if own else "a table of the scenario"
        yield from _name("focal_table", s.focal_table, own or s.tables, what)
    for name, country in s.countries.items():
        key = f"countries.{name}"
        yield from _name(f"{key}.tactic", country.tactic, tactics.names(), "a registered tactic")
        yield from _name(
            f"{key}.retaliation",
            country.retaliation,
            retaliation_strategies.names(),
            "a registered strategy",
        )
        if country.consent is not None and not any(p.country == name for p in s.provinces.values()):
            yield Problem(
                f"{key}.consent", "a home front", "provinces whose consent it is", "Drop it."
            )
        for counterpart in country.trust:
            yield from _name(
                f"{key}.trust.{counterpart}",
                counterpart,
                [c for c in s.countries if c != name],
                "another country",
            )
    for name, province in s.provinces.items():
        yield from _name(f"provinces.{name}.country", province.country, s.countries, _COUNTRY)
    for name, flow in s.flows.items():
        yield from _name(f"flows.{name}.exporter", flow.exporter, s.countries, _COUNTRY)
        yield from _name(f"flows.{name}.importer", flow.importer, s.countries, _COUNTRY)
        if flow.exporter == flow.importer:
            yield Problem(
                f"flows.{name}.importer",
                f"'{flow.importer}'",
                "another country than the exporter",
                "Mend it.",
            )
        exporting = [p for p, entry in s.provinces.items() if entry.country == flow.exporter]
        for province_name in flow.shares:
            yield from _name(
                f"flows.{name}.shares.{province_name}",
                province_name,
                exporting,
                f"a province of {flow.exporter}",
            )
    for name, table in s.tables.items():
        yield from _table_references(s, name, table)
    for name, issue in s.issues.items():
        yield from _issue_references(s, name, issue)
    for name, link in s.cross_links.items():
        for role in ("issue", "other"):
            key = f"cross_links.{name}.{role}"
            yield from _name(key, getattr(link, role), s.issues, "an issue of the scenario")
        ends = [s.issues[i].table for i in (link.issue, link.other) if i in s.issues]
        if len(ends) == 2 and ends[0] == ends[1]:
            yield Problem(
                f"cross_links.{name}",
                f"two issues of '{ends[0]}'",
                "issues of two tables: one table bargains over both at once",
                "Link it to an issue of another table.",
            )
    for name, refusal in s.revealed.items():
        yield from _name(f"revealed.{name}.chooser", refusal.chooser, s.countries, _COUNTRY)
        for side, package in (("gives", refusal.gives), ("gets", refusal.gets)):
            for issue_name, rung in package.items():
                key = f"revealed.{name}.{side}.{issue_name}"
                yield from _name(key, issue_name, s.issues, "an issue of the scenario")
                if issue_name in s.issues:
                    yield from _name(key, rung, s.issues[issue_name].ladder, "a rung of its ladder")
                    yield from _gives_what_it_has(key, side, refusal.chooser, s.issues[issue_name])
        if not refusal.gives:
            yield Problem(
                f"revealed.{name}.gives", "nothing", "an issue the chooser concedes", "Name one."
            )
    governed: dict[str, str] = {}
    for name, issue in s.issues.items():
        if issue.duty is not None:
            other = governed.setdefault(issue.duty.flow, name)
            if other != name:
                yield Problem(
                    f"issues.{name}.duty.flow",
                    f"'{issue.duty.flow}', which '{other}' governs already",
                    "a flow of its own",
                    "Split the flow in two.",
                )
    yield from _alternatives(s)
    yield from _levers(s)
    yield from _sources(s)


def _alternatives(s: Scenario) -> Iterator[Problem]:
    """Check parallel arrangements, security ties and wedges."""
    for name, arrangement in s.arrangements.items():
        key = f"arrangements.{name}"
        yield from _name(f"{key}.table", arrangement.table, s.tables, "a table of the scenario")
        if arrangement.table in s.tables:
            table = s.tables[arrangement.table]
            parties = [table.host, table.guest]
            yield from _name(f"{key}.country", arrangement.country, parties, _PARTY)
        partners = [f.importer for f in s.flows.values() if f.exporter == arrangement.country]
        yield from _name(f"{key}.watcher", arrangement.watcher, partners, "a country it sells to")
    for name, tie in s.ties.items():
        for role in ("country", "soothes", "alarms"):
            yield from _name(f"ties.{name}.{role}", getattr(tie, role), s.countries, _COUNTRY)
        for role, power in (("soothes", tie.soothes), ("alarms", tie.alarms)):
            if power == tie.country:
                yield Problem(
                    f"ties.{name}.{role}",
                    f"'{power}', whose own tie it is",
                    "another country",
                    "Name the power outside.",
                )
    for name, table in s.tables.items():
        wedge, key = table.wedge, f"tables.{name}.wedge"
        if wedge is None:
            continue
        yield from _name(f"{key}.wooer", wedge.wooer, [table.host, table.guest], _PARTY)
        yield from _name(f"{key}.watcher", wedge.watcher, table.watchers, _WATCHER)
        if wedge.watcher in table.watchers and (
            table.watchers[wedge.watcher].threatens == wedge.wooer
        ):
            yield Problem(
                f"{key}.watcher",
                f"'{wedge.watcher}', who threatens the wooer itself",
                "a watcher who threatens the wooer's partner",
                "Name the other party as wooer.",
            )
        known = wedge.wooer in s.countries and wedge.watcher in table.watchers
        if wedge.eased_by is not None and known:
            between = [
                name
                for name, issue in s.issues.items()
                if {issue.conceder, issue.beneficiary} == {wedge.wooer, wedge.watcher}
            ]
            what = f"an issue between {wedge.wooer} and {wedge.watcher}"
            yield from _name(f"{key}.eased_by", wedge.eased_by, between, what)


def _levers(s: Scenario) -> Iterator[Problem]:
    document = s.model_dump(mode="python")
    for name, lever in s.levers.items():
        for key in lever.keys:
            node: object = document
            for part in key.split("."):
                if not isinstance(node, dict) or part not in node:
                    yield Problem(
                        f"levers.{name}.keys",
                        f"'{key}'",
                        "the dotted name of a value of the scenario",
                        nearest(part, node if isinstance(node, dict) else ()),
                    )
                    break
                node = node[part]
            else:
                if isinstance(node, dict) and "unit" not in node:
                    yield Problem(
                        f"levers.{name}.keys",
                        f"'{key}', a whole section",
                        "the dotted name of one value in it",
                        nearest("", node),
                    )


def _gives_what_it_has(key: str, side: str, chooser: str, issue: Issue) -> Iterator[Problem]:
    owner = issue.conceder if side == "gives" else issue.beneficiary
    if owner != chooser:
        role = "concedes" if side == "gives" else "gains by"
        yield Problem(
            key,
            f"an issue of {owner}",
            f"one that {chooser} {role}",
            "Move it to the other side of the swap.",
        )


def _table_references(s: Scenario, name: str, table: Table) -> Iterator[Problem]:
    key = f"tables.{name}"
    parties = [table.host, table.guest]
    for role in ("host", "guest"):
        yield from _name(f"{key}.{role}", getattr(table, role), s.countries, _COUNTRY)
    if table.host == table.guest:
        yield Problem(
            f"{key}.guest", f"'{table.guest}'", "another country than the host", "Mend it."
        )
        return
    if not any(issue.table == name for issue in s.issues.values()):
        yield Problem(
            key,
            "a table without issues",
            "at least one issue",
            f"Set an issue's table to '{name}'.",
        )
    for party in table.reservation:
        yield from _name(f"{key}.reservation.{party}", party, parties, _PARTY)
    for one, other in (parties, parties[::-1]):
        if "trust" not in s.without and one in s.countries and other not in s.countries[one].trust:
            yield Problem(
                f"countries.{one}.trust.{other}",
                "nothing",
                f"trust of {one} in {other}, who meet at {name}",
                "Add it.",
            )
    for watcher, entry in table.watchers.items():
        yield from _watcher_references(s, f"{key}.watchers.{watcher}", watcher, parties, entry)
    for event_name, event in table.events.items():
        event_key = f"{key}.events.{event_name}"
        for watcher in event.exposure:
            yield from _name(f"{event_key}.exposure.{watcher}", watcher, table.watchers, _WATCHER)
        if event.exposure and event.fades_weeks is None:
            yield Problem(
                f"{event_key}.fades_weeks", "nothing", "how slowly the alarm fades", "Add it."
            )
        if event.date < s.start:
            yield Problem(
                f"{event_key}.date", str(event.date), f"a date from {s.start} on", "Move it."
            )


def _watcher_references(
    s: Scenario, key: str, watcher: str, parties: list[str], entry: Watcher
) -> Iterator[Problem]:
    yield from _name(
        key, watcher, [c for c in s.countries if c not in parties], "a country not at the table"
    )
    yield from _name(f"{key}.threatens", entry.threatens, parties, _PARTY)
    governed = {issue.duty.flow for issue in s.issues.values() if issue.duty is not None}
    for label, measure, exporter, importer in (
        ("punishment", entry.punishment, entry.threatens, watcher),
        ("counter", entry.counter, watcher, entry.threatens),
    ):
        if measure is None:
            continue
        yield from _name(f"{key}.{label}.flow", measure.flow, s.flows, _FLOW)
        if measure.flow in governed:
            yield Problem(
                f"{key}.{label}.flow",
                f"'{measure.flow}', whose duty is an issue of the talks",
                "a flow that no issue governs",
                "Split the flow in two.",
            )
        flow = s.flows.get(measure.flow)
        if flow is not None and (flow.exporter, flow.importer) != (exporter, importer):
            yield Problem(
                f"{key}.{label}.flow",
                f"'{measure.flow}' from {flow.exporter} to {flow.importer}",
                f"a flow from {exporter} to {importer}",
                "Name another flow.",
            )


def _issue_references(s: Scenario, name: str, issue: Issue) -> Iterator[Problem]:
    key = f"issues.{name}"
    yield from _name(f"{key}.table", issue.table, s.tables, "a table of the scenario")
    if issue.table not in s.tables:
        return
    table = s.tables[issue.table]
    parties = [table.host, table.guest]
    for role in ("conceder", "beneficiary"):
        yield from _name(f"{key}.{role}", getattr(issue, role), parties, _PARTY)
    if issue.conceder == issue.beneficiary:
        yield Problem(f"{key}.beneficiary", f"'{issue.beneficiary}'", "the other party", "Mend it.")
    if not issue.ladder:
        yield Problem(f"{key}.ladder", "no rungs", "at least one rung, at level 1", "Add it.")
    for watcher in issue.exposure:
        yield from _name(f"{key}.exposure.{watcher}", watcher, table.watchers, _WATCHER)
    for whose, rung in issue.red_lines.items():
        yield from _name(
            f"{key}.red_lines.{whose}",
            whose,
            [issue.conceder, *table.watchers],
            "the conceder or a watcher",
        )
        if rung not in issue.ladder:
            yield Problem(
                f"{key}.red_lines.{whose}",
                f"'{rung}', which is off the ladder",
                "a rung of the issue's ladder",
                nearest(rung, issue.ladder),
            )
    if issue.curvature is not None and issue.curvature.value < 1.0:
        yield Problem(
            f"{key}.curvature",
            f"{issue.curvature.value:g}",
            "at least 1, a convex cost",
            "Raise it.",
        )
    if issue.weaponisable and issue.duty is None:
        yield Problem(
            f"{key}.weaponisable", "true", "a duty that could be imposed again", "Drop it."
        )
    if issue.duty is not None:
        yield from _duty_references(s, key, issue)
    elif issue.benefit is None or issue.cost is None:
        yield Problem(key, "no duty, and not both benefit and cost", "a duty, or both", "Add them.")
    else:
        yield from _salience_has_a_stake(s, key, issue)


def _duty_references(s: Scenario, key: str, issue: Issue) -> Iterator[Problem]:
    duty = issue.duty
    assert duty is not None
    if issue.benefit is not None or issue.cost is not None:
        yield Problem(key, "a duty beside a benefit or cost", "one or the other", "Drop one.")
    yield from _name(f"{key}.duty.flow", duty.flow, s.flows, _FLOW)
    own = [p for p, entry in s.provinces.items() if entry.country == issue.conceder]
    for province in duty.protected:
        what = f"a province of {issue.conceder}"
        yield from _name(f"{key}.duty.protected.{province}", province, own, what)
    flow = s.flows.get(duty.flow)
    may_come_back = issue.weaponisable and "reimposition" not in s.without
    if may_come_back and flow is not None and flow.dependence is None:
        yield Problem(
            f"flows.{duty.flow}.dependence",
            "nothing",
            "how far the exporter depends on that market, since the duty may come back",
            "Add it, or drop weaponisable.",
        )
    if flow is not None and (flow.exporter, flow.importer) != (issue.beneficiary, issue.conceder):
        yield Problem(
            f"{key}.duty.flow",
            f"'{duty.flow}' from {flow.exporter} to {flow.importer}",
            f"a flow from {issue.beneficiary} to {issue.conceder}",
            "Name another flow, or swap conceder and beneficiary.",
        )
    if duty.floor.value > duty.rate.value:
        yield Problem(
            f"{key}.duty.floor",
            f"{duty.floor.value:g} %",
            f"at most the rate in force, {duty.rate.value:g} %",
            "Swap the two or mend one.",
        )


def _salience_has_a_stake(s: Scenario, key: str, issue: Issue) -> Iterator[Problem]:
    for side, entry, actor in (
        ("benefit", issue.benefit, issue.beneficiary),
        ("cost", issue.cost, issue.conceder),
    ):
        has_stake = any(
            other.duty is not None and other.table == issue.table and other.beneficiary == actor
            for other in s.issues.values()
        )
        if isinstance(entry, Salience) and not has_stake:
            yield Problem(
                f"{key}.{side}",
                f"salience '{entry.salience}'",
                f"a tariff issue on '{issue.table}' that {actor} gains by, to measure it against",
                "Give the worth in C$bn/yr instead.",
            )


def _sources(s: Scenario) -> Iterator[Problem]:
    cited: set[str] = set()
    for key, origin in _origins(s):
        cited.update(origin.source_keys)
        for source in origin.source_keys:
            yield from _name(f"{key}.source", source, s.sources, "a key of [sources]")
    dated = {
        f"tables.{t}.events.{e}.source": event.source
        for t, table in s.tables.items()
        for e, event in table.events.items()
        if event.source is not None
    }
    dated |= {f"revealed.{r}.source": refusal.source for r, refusal in s.revealed.items()}
    for key, source in dated.items():
        cited.add(source)
        yield from _name(key, source, s.sources, "a key of [sources]")
    for source in s.sources:
        if source not in cited:
            yield Problem(
                f"sources.{source}", "a source nothing cites", "only what is used", "Drop it."
            )


def _origins(s: Scenario) -> Iterator[tuple[str, Origin]]:
    yield from quantities(s).items()
    for name, issue in s.issues.items():
        for side in ("benefit", "cost"):
            entry = getattr(issue, side)
            if isinstance(entry, Salience):
                yield f"issues.{name}.{side}", entry


def _orders(s: Scenario) -> Iterator[Problem]:
    classes = [s.salience.low, s.salience.medium, s.salience.high]
    multiples = [entry.value for entry in classes if entry is not None]
    if multiples != sorted(multiples):
        yield Problem(
            "salience",
            ", ".join(f"{multiple:g}" for multiple in multiples),
            "low at most medium, medium at most high",
            "Reorder them.",
        )
    if s.alarm is not None and s.alarm.weight_offered.value > s.alarm.weight_agreed.value:
        yield Problem(
            "alarm.weight_offered",
            f"{s.alarm.weight_offered.value:g}",
            f"at most weight_agreed, {s.alarm.weight_agreed.value:g}",
            "An offer alarms no more than a promise: lower it.",
        )
    kinds = None if s.trust is None else s.trust.two_types
    if kinds is not None and kinds.kept_if_not.value >= kinds.kept_if_trustworthy.value:
        yield Problem(
            "trust.two_types.kept_if_not",
            f"{kinds.kept_if_not.value:g}",
            f"less than kept_if_trustworthy, {kinds.kept_if_trustworthy.value:g}",
            "Swap the two or mend one.",
        )
    for name, flow in s.flows.items():
        shares = [*flow.shares.values(), *([] if flow.elsewhere is None else [flow.elsewhere])]
        if flow.shares and all(share.value == 0.0 for share in shares):
            yield Problem(
                f"flows.{name}.shares",
                "shares that are all nothing",
                "at least one above zero",
                "Raise one.",
            )
    for country in s.countries:
        total = sum(p.influence.value for p in s.provinces.values() if p.country == country)
        if total > 1.0 + _SUM_TOLERANCE:
            yield Problem(
                "provinces",
                f"influences in {country} that sum to {total:g}",
                "a sum of at most 1",
                "Scale them down.",
            )


def _sums(s: Scenario) -> Iterator[Problem]:
    for name, issue in s.issues.items():
        if issue.duty is not None:
            total = sum(share.value for share in issue.duty.protected.values())
            if total > 1.0 + _SUM_TOLERANCE:
                yield Problem(
                    f"issues.{name}.duty.protected",
                    f"shares that sum to {total:g}",
                    "a sum of at most 1",
                    "Scale them down.",
                )
    for name, flow in s.flows.items():
        has_provinces = any(p.country == flow.exporter for p in s.provinces.values())
        if not has_provinces:
            if flow.elsewhere is not None:
                yield Problem(
                    f"flows.{name}.elsewhere",
                    f"{flow.elsewhere.value:g}",
                    f"nothing, as {flow.exporter} has no provinces here",
                    "Drop it.",
                )
            continue
        elsewhere = 0.0 if flow.elsewhere is None else flow.elsewhere.value
        total = elsewhere + sum(share.value for share in flow.shares.values())
        if abs(total - 1.0) > _SUM_TOLERANCE:
            yield Problem(
                f"flows.{name}.shares",
                f"shares that sum to {total:g} with elsewhere",
                "a sum of 1",
                f"Set elsewhere to {max(1.0 - total + elsewhere, 0.0):g}, or mend a share.",
            )


def _ladders(s: Scenario) -> Iterator[Problem]:
    p = central(s)
    for name, rungs in ladders(s, p).items():
        issue = s.issues[name]
        key = f"issues.{name}.ladder"
        talk = rungs.talk
        levels = ", ".join(f"{level:g}" for level in rungs.levels[0])
        if issue.held not in (None, 0.0, *rungs.levels[0]) and not issue.divisible:
            yield Problem(
                f"issues.{name}.held",
                f"{issue.held:g}",
                f"zero or a rung's level, {levels}: it is conceded by whole rungs",
                "Choose one.",
            )
        if rungs.breaks_order[0]:
            yield Problem(key, f"levels {levels}", "levels that climb to 1", "Reorder the rungs.")
        elif talk != sorted(talk, reverse=True):
            yield Problem(key, "a talk rung above a substantive one", "talk first", "Reorder.")
        elif issue.duty is not None and (top := list(issue.ladder.values())[-1]).benefit:
            yield Problem(
                f"{key}.{rungs.names[-1]}.benefit",
                f"{top.benefit.value:g}",
                "nothing: the top of a duty's ladder restores all of the loss",
                "Drop it.",
            )
        elif issue.duty is not None and all(talk):
            yield Problem(key, "talk alone", "a rung that moves the duty", "Add one at level 1.")


def _shapes(s: Scenario) -> Iterator[Problem]:
    for name, rungs in ladders(s, central(s)).items():
        if rungs.breaks_shape[0] and (rungs.costs[0] >= 0.0).all():  # else see _reveals
            benefit, cost = rungs.slopes()
            yield Problem(
                f"issues.{name}.ladder",
                f"benefits per level {_row(benefit)}, costs per level {_row(cost)}",
                "benefits that fall and costs that rise along the ladder, none negative",
                "Raise the benefit or lower the cost of the early rungs.",
            )


def _rounds(s: Scenario) -> Iterator[Problem]:
    for name, table in s.tables.items():
        if table.shortest_round_weeks.value > table.longest_round_weeks.value:
            yield Problem(
                f"tables.{name}.shortest_round_weeks",
                f"{table.shortest_round_weeks.value:g}",
                f"at most longest_round_weeks, {table.longest_round_weeks.value:g}",
                "Swap the two or mend one.",
            )
        for watcher, entry in table.watchers.items():
            wide, narrow = entry.punishment.line_coverage, entry.punishment.coverage
            if wide is not None and wide.value < narrow.value:
                yield Problem(
                    f"tables.{name}.watchers.{watcher}.punishment.line_coverage",
                    f"{wide.value:g}",
                    f"at least coverage, {narrow.value:g}",
                    "A crossed line widens the measure: raise it.",
                )


def _row(slopes: object) -> str:
    return ", ".join(f"{slope:.2f}" for slope in slopes[0])  # type: ignore[index]


def _reveals(s: Scenario) -> Iterator[Problem]:
    p = central(s)
    valued = ladders(s, p)
    for name, issue in s.issues.items():
        costs = valued[name].costs[0]
        if issue.duty is not None and costs.min() < 0.0:
            rung = valued[name].names[int(costs.argmin())]
            yield Problem(
                f"issues.{name}.duty",
                f"a revealed cost of {costs.min():.3g} C$bn/yr of a cut to '{rung}'",
                "at least zero: whoever keeps a duty gains by it",
                "Raise producers_weight, producers_share or coercive_value.",
            )
    for name, table in s.tables.items():
        for watcher in table.watchers:
            blow_back = punishment(s, name, watcher, p).blow_back(np.zeros(1))[0]
            if blow_back < 0.0:
                yield Problem(
                    f"tables.{name}.watchers.{watcher}.punishment",
                    f"a measure that would gain its imposer {-blow_back:.3g} C$bn/yr",
                    "one that costs something: it has not been imposed",
                    "Raise the flow's supply elasticity or the rate.",
                )
    for name, refusal in s.revealed.items():
        gain = refused_worth(s, name, p, valued)[0]
        if gain > 0.0:
            yield Problem(
                f"revealed.{name}",
                f"a swap that would have paid {refusal.chooser} {gain:.3g} C$bn/yr",
                "at most zero: it was left",
                "Lower the worth of what it gets, its trust, or raise the cost of what it gives.",
            )
