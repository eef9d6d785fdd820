"""A run in one line."""

from __future__ import annotations

from negotiate_abm.narration.happenings import Threat
from negotiate_abm.narration.outcome import Outcome
from negotiate_abm.narration.words import listed

_CUTS = ("cuts {} to", "ends {}")


def headline(outcome: Outcome) -> str:
    """Return a run's headline: what was won, at what price."""
    if outcome.relief:
        return _won(outcome)
    if outcome.strikers:
        strikers = listed(outcome.strikers)
        verb = "strikes" if len(outcome.strikers) == 1 else "strike"
        relief = "no relief to show for it" if outcome.has_duties else "little to show for it"
        return f"{strikers} {verb}; {outcome.capital} has {relief}"
    return _without_relief(outcome)


def _won(outcome: Outcome) -> str:
    best = outcome.relief[0]
    verbs = ("keeps {} at", "keeps {} at nothing") if outcome.is_held(best) else _CUTS
    won = outcome.voice.cut(best, *verbs)
    text = f"{outcome.giver(best)} {won}"
    if outcome.strikers:
        verb = "strikes" if len(outcome.strikers) == 1 else "strike"
        return f"{text}, and {listed(outcome.strikers)} {verb}"
    yielded = _yielded(outcome)
    if yielded is not None:
        return f"{text}, {'but' if yielded.took_back else 'and'} {_bow(outcome, yielded)}"
    for threat in outcome.threats:
        watcher = outcome.voice.who(threat.watcher)
        if threat.outcome == "backed down":
            return f"{text}, and {watcher}'s threat comes to nothing"
        if threat.answer == "bought off":
            return f"{text}, and {outcome.capital} buys {watcher} off"
    return f"{text} for {outcome.capital}"


def _yielded(outcome: Outcome) -> Threat | None:
    """Return the threat that was given way to, one that took something back if there was one."""
    heeded = [threat for threat in outcome.threats if threat.answer == "complied"]
    return max(heeded, key=lambda threat: threat.took_back, default=None)


def _bow(outcome: Outcome, threat: Threat) -> str:
    watcher = outcome.voice.who(threat.watcher)
    if threat.took_back:
        return f"{outcome.capital} gives way to {watcher}"
    return f"{outcome.capital} halts at {watcher}'s threat"


def _without_relief(outcome: Outcome) -> str:
    capital, other = outcome.capital, outcome.other
    if outcome.cuts:
        best = outcome.cuts[0]
        trimmed = outcome.voice.cut(best, "trims {} to", "ends {}")
        if outcome.voice.is_sliver(best):
            trimmed = f"shaves a sliver off {outcome.voice.issue(best.issue)}"
        return f"{outcome.giver(best)} {trimmed}, less than a full step"
    if outcome.record.was_reimposed(outcome.table):
        return f"{other} cuts duties, then raises them again"
    yielded = _yielded(outcome)
    if yielded is not None and outcome.has_duties:
        return f"{_bow(outcome, yielded)}, and {other}'s duties stay"
    gains, gives = outcome.news
    firm = [m for m in gains if not outcome.voice.is_talk(m.issue, m.after)]
    if firm:
        stay = f", but {other}'s duties stay" if outcome.has_duties else ""
        return f"{capital} and {other} settle on {outcome.voice.steps(firm[:1], 1)}{stay}"
    rounds = outcome.record.rounds[outcome.table]
    if not rounds:
        return f"{capital} and {other} never sit down to talk"
    if any(r.ending == "broken at home" for r in rounds):
        return f"A deal between {capital} and {other} breaks at home"
    if gains or gives:
        return f"{capital} and {other} talk, and little else"
    if any(r.ending == "agreed" for r in rounds):
        return f"{capital} and {other} agree, and nothing comes of it"
    return f"{capital} and {other} part with nothing signed"
