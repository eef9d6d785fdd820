"""What is odd about a run, in words."""

from __future__ import annotations

import math

from negotiate_abm.narration.surprise import Oddity
from negotiate_abm.narration.words import government, in_sentence, money, phrase_of
from negotiate_abm.scenario.schema import Scenario

_DEEDS = {
    "threatened": "threatened",
    "complied": "was heeded",
    "bought_off": "was bought off",
    "punished": "punished",
}
_AT_TABLES = {
    "agreements": "deals",
    "failed_rounds": "rounds without a deal",
    "failed_with_a_zone": "rounds that missed a deal that suited both",
    "broken_at_home": "deals that broke at home",
    "reimposed": "duties that came back",
}
_TESTS = {
    "has_relief": ("a duty cut by a rung or more", "no duty cut by a rung or more"),
    "relief_without_punishment": ("relief without punishment", "no relief without punishment"),
}
_SUMS = {
    "relief": "relief",
    "made_good": "losses made good by other buyers",
    "punishment_loss": "losses to punishment",
}


def in_words(oddity: Oddity, scenario: Scenario, runs: int) -> str:
    """Return what is odd and how rare it is: 'relief at the end of ..., in 2 of 300 runs'."""
    return f"{_what(oddity, scenario)}, in {oddity.runs:,} of {runs:,} runs"


def _what(oddity: Oddity, scenario: Scenario) -> str:
    name, _, rest = oddity.outcome.partition(".")
    value, median = oddity.value, oddity.median
    if name in scenario.issues and rest.endswith(".week"):
        return _rung(name, rest.removesuffix(".week"), value, median, scenario)
    if name in scenario.issues:
        entry = scenario.issues[name]
        state = "agreed" if rest == "agreed" else "in force"
        issue = phrase_of(entry)
        level = f"level {value:.2f}" if value > 0.0 else "nothing"
        return f"{level} {state} on {issue} at the end (median {median:.2f})"
    if name in scenario.countries and rest in _DEEDS:
        who = scenario.countries[name]
        deed = _DEEDS[rest] if value else f"never {_DEEDS[rest]}"
        return f"{government(who)} {deed}"
    if name in scenario.tables:
        title = in_sentence_of_table(scenario.tables[name].title)
        return f"{value:.0f} {_AT_TABLES[rest]} at the table of {title} (median {median:g})"
    return _of_the_whole(oddity, scenario)


def _rung(issue: str, rung: str, week: float, median: float, scenario: Scenario) -> str:
    entry = scenario.issues[issue]
    told = entry.ladder[rung].phrase or (
        f"on {phrase_of(entry)}, '{in_sentence(entry.ladder[rung].title)}'"
    )
    if math.isinf(week):
        return f"{told} never agreed (median week {median:.0f})"
    usual = "mostly never" if math.isinf(median) else f"median {median:.0f}"
    return f"{told} agreed in week {week:.0f} ({usual})"


def in_sentence_of_table(title: str) -> str:
    """Return a table's title, its first article small: 'the buyer and the seller'."""
    return in_sentence(title) if title.startswith("The ") else title


def _of_the_whole(oddity: Oddity, scenario: Scenario) -> str:
    name, value, median = oddity.outcome, oddity.value, oddity.median
    stem, _, _ = name.rpartition("_at_end" if name.endswith("_at_end") else "_mean")
    if stem in _SUMS:
        span = "at the end" if name.endswith("_at_end") else "over the weeks"
        return f"{_SUMS[stem]} {span}: {money(value)} (median {money(median)})"
    if name.startswith("exports_to."):
        partner = scenario.countries[name.removeprefix("exports_to.")].title
        return f"{100 * value:.1f} per cent of exports go to {partner} (median {100 * median:.1f})"
    if name == "approval":
        return f"approval at the end: {100 * value:.0f} per cent (median {100 * median:.0f})"
    yes, no = _TESTS[name]
    return yes if value else no
