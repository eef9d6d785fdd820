"""Many runs in a short report: what came of them, how often, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from negotiate_abm.dates import day
from negotiate_abm.estimates import CONFIDENCE, share_interval
from negotiate_abm.narration.words import (
    counted,
    government,
    in_sentence,
    listed,
    money,
    paragraph,
    sentence,
)
from negotiate_abm.scenario.schema import Issue, Rung, Scenario

if TYPE_CHECKING:
    import pandas as pd

# Rungs that fewer runs than this reach are told as hardly ever reached.
_HARDLY = 0.02


def summary(
    outcomes: pd.DataFrame, scenario: Scenario, about: dict[str, Any], changes: Sequence[str] = ()
) -> str:
    """Return a result as a short report, in paragraphs.

    Parameters
    ----------
    outcomes : pandas.DataFrame
        From `Result.outcomes`.
    scenario : Scenario
    about : dict
        The result's manifest.
    changes : sequence of str
        What is changed from the case, in words.
    """
    told = _Summary(outcomes, scenario)
    parts = [
        _played(scenario, about, changes),
        told.balance(),
        told.watched(),
        told.talks(),
        *told.conceded(),
    ]
    return "\n\n".join(part for part in parts if part)


def _played(scenario: Scenario, about: dict[str, Any], changes: Sequence[str]) -> str:
    runs = f"{about['runs']:,} runs" if about["runs"] > 12 else counted(about["runs"], "run")
    weeks = counted(about["weeks"], "week")
    texts = [
        f"{scenario.title}: {runs} of {weeks} from {day(scenario.start)}, seed {about['seed']}."
    ]
    if changes:
        texts.append(f"Changed from the case: {listed(changes)}.")
    return paragraph(texts)


class _Summary:
    def __init__(self, outcomes: pd.DataFrame, scenario: Scenario) -> None:
        self._outcomes = outcomes
        self._scenario = scenario
        self._table = next(iter(scenario.reported_tables or scenario.tables))

    def _who(self, country: str) -> str:
        return government(self._scenario.countries[country])

    def _share(self, column: str) -> str:
        share = float(self._outcomes[column].mean())
        low, high = (100 * end for end in share_interval(share, len(self._outcomes)))
        return f"{_hundred(share)} ({low:.0f} to {high:.0f})"

    def conceded(self) -> Iterator[str]:
        """Yield a paragraph for each side of each table: what it gave, and how often."""
        others = [name for name in self._scenario.tables if name != self._table]
        for name in (self._table, *others):
            table = self._scenario.tables[name]
            for conceder, other in ((table.host, table.guest), (table.guest, table.host)):
                lines = [
                    f"- {self._ladder(key, issue)}"
                    for key, issue in self._scenario.issues.items()
                    if issue.table == name and issue.conceder == conceder
                ]
                head = f"What {self._who(conceder)} agrees to give {self._who(other)}, in per cent"
                if lines:
                    yield "\n".join([f"{head} of runs:", *lines])

    def _ladder(self, name: str, issue: Issue) -> str:
        if len(issue.ladder) == 1:
            level = self._outcomes[f"{name}.agreed"].to_numpy(dtype=np.float64)
            return f"{issue.title}: {100 * level.mean():.0f} per cent of the way on average."
        reached = {
            rung: float(self._outcomes[f"{name}.{rung}.week"].notna().mean())
            for rung in issue.ladder
        }
        words = [
            f"{self._rung(entry)} {_hundred(reached[rung])}"
            for rung, entry in issue.ladder.items()
            if reached[rung] >= _HARDLY
        ]
        never = [
            self._rung(entry) for rung, entry in issue.ladder.items() if reached[rung] < _HARDLY
        ]
        if not words:
            return f"{issue.title}: hardly anything, ever."
        more = f"; {listed(never)} hardly ever" if never else ""
        return f"{issue.title}: {', '.join(words)}{more}."

    @staticmethod
    def _rung(entry: Rung) -> str:
        begins_with_a_name = entry.phrase is not None and entry.phrase[:1].isupper()
        return entry.title if begins_with_a_name else in_sentence(entry.title)

    def watched(self) -> str:
        """Return how those who watch the focal table took it."""
        texts = []
        for name, entry in self._scenario.tables[self._table].watchers.items():
            watcher, threatened = self._who(name), self._who(entry.threatens)
            texts.append(
                sentence(
                    f"{watcher} threatens {threatened} in {self._share(f'{name}.threatened')} per "
                    f"cent of runs and punishes it in {self._share(f'{name}.punished')}"
                )
            )
            ways = {"complied": "heeds it", "bought_off": "buys it off"}
            answers = [
                f"{verb} in {_hundred(float(self._outcomes[f'{name}.{kind}'].mean()))}"
                for kind, verb in ways.items()
            ]
            texts.append(sentence(f"{threatened} {listed(answers)}"))
        return paragraph(texts)

    def balance(self) -> str:
        """Return what exporters regain, what it costs them, and the political test."""
        focal = self._scenario.focal
        if not self._scenario.bears_duties:
            return ""
        who = self._scenario.countries[focal].title
        texts = [
            sentence(f"at the end {who}'s exporters have back {self._spread('relief_at_end')}")
        ]
        if float(self._outcomes["made_good_at_end"].mean()) > 0.0:
            texts.append(sentence(f"other buyers make good {self._spread('made_good_at_end')}"))
        loss = self._outcomes["punishment_loss_at_end"].to_numpy()
        if loss.any():
            hit = loss[loss > 0.0]
            texts.append(
                sentence(
                    f"where a punishment is in force then, it costs them {money(float(hit.mean()))}"
                )
            )
        texts.append(
            sentence(
                f"the political test, relief at home without punishment, is passed in "
                f"{self._share('relief_without_punishment')} per cent of runs"
            )
        )
        return paragraph(texts)

    def _spread(self, column: str) -> str:
        values = self._outcomes[column].to_numpy(dtype=np.float64)
        low, high = np.quantile(values, [0.05, 0.95])
        return (
            f"{money(float(values.mean()))} on average, and in nine runs of ten between "
            f"{money(low)} and {money(high)}"
        )

    def talks(self) -> str:
        """Return how rounds went at every table, and how the interval is meant."""
        texts = []
        for name, table in self._scenario.tables.items():
            made, failed, missed = (
                float(self._outcomes[f"{name}.{kind}"].mean())
                for kind in ("agreements", "failed_rounds", "failed_with_a_zone")
            )
            texts.append(
                sentence(
                    f"{table.title}: {made:.1f} deals a run, {failed:.1f} rounds that ended "
                    f"without one, {missed:.1f} of them though a deal that suited both was there"
                )
            )
        texts.append(f"Brackets hold {100 * CONFIDENCE:.0f} % intervals.")
        return paragraph(texts)


def _hundred(share: float) -> str:
    per_cent = 100.0 * share
    return f"{per_cent:.0f}" if per_cent >= 1.0 or per_cent == 0.0 else "under 1"
