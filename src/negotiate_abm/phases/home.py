"""Home: memories fade, provinces feel losses, governments face the public."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from negotiate_abm.mechanisms.leverage import steadfastness, wedge_interest

if TYPE_CHECKING:
    from negotiate_abm.model import NegotiationModel


def let_time_pass(model: NegotiationModel) -> None:
    """Memories fade: of kept and broken promises, of threats, of visits."""
    for country in model.countries.values():
        for belief in country.beliefs.values():
            belief.forget()
    for watch in model.watches:
        watch.let_a_week_pass(model.draw(f"hostility {watch.name}"))
        watch.credibility.forget()
    for table in model.tables.values():
        thawed = table.chilled_until < model.week
        table.ceiling = np.where(thawed[:, None], 1.0, table.ceiling)


def feel_losses(model: NegotiationModel) -> None:
    """Provinces bear what duties in force cost them, and press their government."""
    losses, hurt = model.flow_losses(), model.producers_hurt()
    for province in model.provinces.values():
        province.feel(losses, hurt)


def look_around(model: NegotiationModel) -> None:
    """See how much trade has turned away from each watcher, and what that makes of partners."""
    for watch in model.watches:
        watch.pulled = model.pulled_away(watch)
    for table in model.tables.values():
        wedge = table.entry.wedge
        if wedge is None:
            continue
        watch = model.watch_by(wedge.watcher, table)
        key = f"tables.{table.name}.wedge."
        table.interest = wedge_interest(
            watch.hostility,
            watch.pulled,
            model.parameters[key + "estrangement"],
            model.parameters[key + "pull"],
            model.parameters[key + "half_pull"],
            model.level_in_force(wedge.eased_by),
        )
        table.steadfast = steadfastness(watch.chance_of_threat(), watch.gives_in)


def face_the_public(model: NegotiationModel) -> None:
    """Unmet pressure erodes approval; a deal moves it by what the provinces think of it."""
    for country in model.countries.values():
        goodwill = np.zeros(model.runs)
        for table in model.tables.values():
            if country.name in table.parties:
                for province in country.home.provinces:
                    opinion = 2.0 * province.support - 1.0
                    goodwill = goodwill + (
                        model.parameters["domestic.goodwill"]
                        * province.influence
                        * opinion
                        * model.just_agreed[table.name]
                    )
        country.home.face_the_public(goodwill)
