"""Threats, punishment and retaliation by third parties and by the injured.

A watcher's exposure E is in units of its tolerance, so one is where it takes notice.
The weekly hazard of a threat is ``h0 * exp(b (E - 1) + b_H hostility + b_R lines
crossed)``, a proportional-hazards form (Cox 1972). The threatened side complies, defies
or buys off by logit choice (McFadden 1974); the watcher executes an unmet threat when its
grievance and reputation outweigh the blow-back, with logistic noise (a noisy
best response, after McKelvey and Palfrey 1995). What the threatened side *believes* of the watcher
and what the watcher is *inclined* to do are two things, so bluff can happen.

An executed threat is the measure announced, in full. From its first review on, the
watcher's retaliation strategy governs it, and the threatened side's its counter-measure.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from negotiate_abm.mechanisms.numerics import (
    BoolArray,
    FloatArray,
    exponential,
    logistic,
    sum_short,
)
from negotiate_abm.mechanisms.registry import Registry

# A measure below this share of the full one is none.
LEAST_MEASURE = 1e-9


def alarm_levels(
    offered: FloatArray,
    agreed: FloatArray,
    in_force: FloatArray,
    weight_agreed: FloatArray,
    weight_offered: FloatArray,
) -> FloatArray:
    """Return the level a watcher reacts to: in force in full, agreed and offered less so.

    All of shape (runs, issues); the weights, in [0, 1], broadcast against them.
    """
    pending = np.maximum(agreed - in_force, 0.0)
    on_offer = np.maximum(offered - np.maximum(agreed, in_force), 0.0)
    return in_force + weight_agreed * pending + weight_offered * on_offer


def exposure(levels: FloatArray, per_level: FloatArray) -> FloatArray:
    """Return the summed exposure to a watcher, in units of its tolerance, shape (runs,)."""
    return (levels * per_level).sum(axis=-1)


def log_threat_hazard(
    log_base: FloatArray,
    exposure_now: FloatArray,
    exposure_slope: FloatArray,
    hostility: FloatArray,
    hostility_slope: FloatArray,
    lines_crossed: FloatArray,
    line_slope: FloatArray,
) -> FloatArray:
    """Return the log of the weekly hazard of a threat."""
    return (
        log_base
        + exposure_slope * (exposure_now - 1.0)
        + hostility_slope * hostility
        + line_slope * lines_crossed
    )


def answer_probabilities(worths: FloatArray, noise: FloatArray) -> FloatArray:
    """Return the logit probability of each answer to a threat (McFadden 1974).

    Parameters
    ----------
    worths : array of shape (runs, answers)
        Expected worth of each, C$ billion a year; minus infinity for one not to be had.
    noise : array of shape (runs,)
        C$ billion a year, positive.
    """
    best = worths.max(axis=-1)[:, None]
    odds = exponential((worths - best) / noise[:, None])
    return odds / sum_short(odds)[:, None]


def execution_probability(
    grievance_worth: FloatArray,
    exposure_now: FloatArray,
    line_worth: FloatArray,
    lines_crossed: FloatArray,
    reputation: FloatArray,
    blow_back: FloatArray,
    bought: FloatArray,
    noise: FloatArray,
) -> FloatArray:
    """Return the probability that a watcher executes an unmet threat.

    It does if ``v max(0, E - 1) + v_R lines + reputation - blow-back - bought + noise > 0``,
    all in C$ billion a year, the noise logistic; `bought` is the worth to it of what the
    threatened side has conceded on their own table to be let off.
    """
    grievance = grievance_worth * np.maximum(exposure_now - 1.0, 0.0)
    wish = grievance + line_worth * lines_crossed + reputation
    return logistic((wish - blow_back - bought) / noise)


def least_withdrawal(exposures: FloatArray, costs: FloatArray, excess: FloatArray) -> BoolArray:
    """Return which segments a side takes back so that its exposure falls by the excess.

    It takes back what relieves most exposure for the least of its promises, rung after
    rung from the top of each ladder, and stops as soon as that is enough.

    Parameters
    ----------
    exposures : array of shape (runs, issues, segments)
        Exposure that taking a segment back would remove, in tolerances.
    costs : array of shape (runs, issues, segments)
        What the segment costs the conceder, C$ billion a year: how much of a promise it is.
    excess : array of shape (runs,)
        Exposure to be removed; none where not positive.
    """
    runs, issues, segments = exposures.shape
    relief, promise = exposures[:, :, ::-1], costs[:, :, ::-1]
    relieves = relief > 0.0
    key = np.where(relieves, promise / np.where(relieves, relief, 1.0), 0.0)
    for rung in range(1, segments):
        key[..., rung] = np.maximum(key[..., rung], key[..., rung - 1])
    order = np.argsort(key.reshape(runs, issues * segments), axis=1, kind="stable")
    removed = np.take_along_axis(relief.reshape(runs, issues * segments), order, axis=1)
    removed_before = np.zeros_like(removed)
    np.cumsum(removed[:, :-1], axis=1, out=removed_before[:, 1:])
    needed = (removed_before < excess[:, None]) & (removed > 0.0)
    withdrawn = np.zeros((runs, issues * segments), dtype=np.bool_)
    np.put_along_axis(withdrawn, order, needed, axis=1)
    withdrawn = np.ascontiguousarray(withdrawn.reshape(runs, issues, segments)[:, :, ::-1])
    for rung in range(1, segments):  # no rung stays above one that is taken back
        withdrawn[..., rung] |= withdrawn[..., rung - 1]
    return withdrawn


def hostility_next(
    now: FloatArray, resting: FloatArray, weeks: FloatArray, shock: FloatArray, draw: FloatArray
) -> FloatArray:
    """Return next week's hostility, in [0, 1]: inertia about a resting place, and shocks.

    A first-order autoregression; `shock` is the standard deviation of a week's political
    surprise, `draw` uniform on [0, 1).
    """
    surprise = shock * np.sqrt(12.0) * (draw - 0.5)
    return np.clip(now + (resting - now) / weeks + surprise, 0.0, 1.0)


@dataclass(frozen=True)
class FeudView:
    """What a country sees when it decides how hard to hit back.

    Each is an array of shape (runs,), or a float for a rule written for one run. So is what
    a retaliation strategy returns: its measure for the period to come, as a share of the full
    measure. Its owner clips that, in silence, to [0, 1]: -1 acts as 0, and 3 as 1. What is not
    a finite number is an error.

    Parameters
    ----------
    own : array
        Its own measure now in force, as a share of the full measure, in [0, 1].
    provoked : array
        How hard the other hit in the period just ended, in [0, 1]; zero if it cooperated.
    ever_provoked : array
        One if the other ever did.
    generosity : array
        Its inclination to overlook a provocation, a probability.
    escalation : array
        How far a graduated strategy moves in a period, a share of the full measure.
    draw : array
        A uniform draw for strategies that randomise.
    """

    own: FloatArray
    provoked: FloatArray
    ever_provoked: FloatArray
    generosity: FloatArray
    escalation: FloatArray
    draw: FloatArray


retaliation_strategies: Registry[FeudView] = Registry("retaliation strategy")


@retaliation_strategies.register("none", reads=())
def none(view: FeudView) -> FloatArray:
    """Never retaliate; lift at once what is in force."""
    return np.zeros_like(view.own)


@retaliation_strategies.register("tit_for_tat", reads=())
def tit_for_tat(view: FeudView) -> FloatArray:
    """Do as the other just did (Axelrod 1984)."""
    return view.provoked


@retaliation_strategies.register("generous_tit_for_tat", reads=("generosity", "draw"))
def generous_tit_for_tat(view: FeudView) -> FloatArray:
    """Tit for tat that forgives now and then (Nowak and Sigmund 1992)."""
    overlooks = view.draw < view.generosity
    return np.where(overlooks, 0.0, view.provoked)


@retaliation_strategies.register("grim", reads=())
def grim(view: FeudView) -> FloatArray:
    """Once provoked, punish for ever (Friedman 1971)."""
    return view.ever_provoked


@retaliation_strategies.register("graduated", reads=("escalation",))
def graduated(view: FeudView) -> FloatArray:
    """Climb a ladder of sanctions while provoked, climb down when not (Ostrom 1990)."""
    change = np.where(view.provoked > 0.0, view.escalation, -view.escalation)
    moved = np.clip(view.own + change, 0.0, 1.0)
    return np.where(moved < LEAST_MEASURE, 0.0, moved)  # steps up and down may not cancel exactly


@retaliation_strategies.register("win_stay_lose_shift", reads=())
def win_stay_lose_shift(view: FeudView) -> FloatArray:
    """Repeat a move that met cooperation, change one that did not (Nowak and Sigmund 1993)."""
    punished = view.own > 0.0
    provoked = view.provoked > 0.0
    return np.where(punished != provoked, 1.0, 0.0)


@dataclass
class Feud:
    """Who has hit whom, how hard, in a quarrel between two sides.

    All of shape (runs, 2), one column a side.

    Parameters
    ----------
    intensity : array
        Each side's measure in force, as a share of its full measure.
    ever_provoked : array of bool
        Whether each side was ever provoked.
    """

    intensity: FloatArray
    ever_provoked: BoolArray

    @classmethod
    def none_yet(cls, runs: int) -> Feud:
        """Return a quarrel not begun."""
        return cls(np.zeros((runs, 2)), np.zeros((runs, 2), dtype=np.bool_))

    def notice(self, side: int, provoked: BoolArray) -> None:
        """Remember that a side was provoked."""
        self.ever_provoked[:, side] |= provoked

    def set(self, side: int, where: BoolArray, intensity: FloatArray | float) -> None:
        """Put a side's measure at an intensity in some runs."""
        self.intensity[:, side] = np.where(where, intensity, self.intensity[:, side])

    def of(self, side: int) -> FloatArray:
        """Return one side's intensity as it is now, shape (runs,): a copy, not a view."""
        return self.intensity[:, side].copy()

    def ever(self, side: int) -> FloatArray:
        """Return one where the side was ever provoked, shape (runs,)."""
        return self.ever_provoked[:, side].astype(np.float64)
