"""What a scenario file may say: countries, provinces, flows, tables, watchers, issues."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from negotiate_abm.scenario.quantities import (
    Date,
    Elasticity,
    Entry,
    Level,
    Money,
    Name,
    NonNegativeMoney,
    Number,
    Origin,
    Percent,
    PerWeek,
    PerYear,
    PositiveMoney,
    PositiveNumber,
    PositiveWeeks,
    Share,
    Tolerances,
    Weeks,
    Years,
)

SalienceClass = Literal["low", "medium", "high"]


class Source(Entry):
    """A row of the facts: what it says, and where."""

    says: str = Field(description="The figure, restated.")
    title: str
    url: str | None = None
    date: str | None = Field(None, description="When it was published.")
    confidence: Literal["A", "B", "C"] = Field(
        description="A government, statistics office or wire; B press, bank, industry; C derived."
    )


class Country(Entry):
    """A country: its economy, its patience, its trust, and how it bargains and retaliates."""

    title: str
    gdp: PositiveMoney
    discount_rate: PerYear = Field(
        description="How little what comes later, or will not last, counts today."
    )
    sunk_share: Share = Field(description="Share of own cost sunk if the other side defaults.")
    private_reservation: Share = Field(description="Least share of the best deal it accepts.")
    tactic: str
    tactic_exponent: PositiveNumber = Field(
        description="Faratin's e: below 1 holds, above 1 gives."
    )
    retaliation: str
    generosity: Share = Field(description="Chance of overlooking a provocation.")
    escalation: Share = Field(description="Step of a graduated answer, share of the full measure.")
    trust: dict[Name, Share] = Field(
        {}, description="In each counterpart's promises, at the start."
    )
    trust_strength: PositiveNumber = Field(description="Pseudo-observations behind that trust.")
    approval: Share = Field(description="Approval of its government, where it rests.")


class Province(Entry):
    """A province: its weight in the federation, and how it feels a loss."""

    title: str
    country: str
    influence: Share
    half_loss: PositiveMoney = Field(
        description="Standing loss that brings its pressure to a half."
    )
    support: Share = Field(description="Public support for a deal on these issues.")


class Flow(Entry):
    """A trade flow, and who bears what a tariff on it costs the exporter."""

    title: str
    exporter: str
    importer: str
    value: PositiveMoney
    rate_when_valued: Percent = Field(description="Tariff in force when the value was observed.")
    substitution: Elasticity = Field(description="Import demand elasticity, sigma.")
    supply: PositiveNumber = Field(description="Export supply elasticity, omega.")
    growth: PositiveNumber = Field(description="Free-trade value now over that when observed.")
    shares: dict[Name, Share] = Field({}, description="Exporting provinces' shares.")
    elsewhere: Share | None = Field(None, description="Share of provinces not modelled.")


class Salience(Origin):
    """Worth of a political issue, in multiples of the actor's largest tariff stake there."""

    salience: SalienceClass


def _kind_of_worth(entry: object) -> str:
    by_salience = isinstance(entry, Salience) or (isinstance(entry, dict) and "salience" in entry)
    return WORTH_TAGS[0] if by_salience else WORTH_TAGS[1]


# Which of the two a worth is, told by its keys, so that an error speaks of one alone.
WORTH_TAGS = ("<salience>", "<quantity>")
Worth = Annotated[
    Annotated[Salience, Tag(WORTH_TAGS[0])] | Annotated[NonNegativeMoney, Tag(WORTH_TAGS[1])],
    Discriminator(_kind_of_worth),
]


class Rung(Entry):
    """A named rung of a ladder."""

    title: str
    level: Level
    talk: bool = Field(False, description="Talk moves no duty and cannot be had in part.")
    benefit: Share | None = Field(None, description="Share of the full benefit; default the level.")
    cost: Share | None = Field(
        None, description="Share of the full cost; default level**curvature."
    )


class Duty(Entry):
    """The tariff that a tariff issue would cut."""

    flow: str
    rate: Percent = Field(description="Rate in force at the start.")
    floor: Percent = Field(description="Rate at the top of the ladder.")
    producers_share: Share = Field(description="Protected surplus lost per C$ of extra imports.")
    producers_weight: Number = Field(description="Lambda, political weight of those producers.")
    coercive_value: NonNegativeMoney = Field(description="Worth of the duty as a lever.")


class Issue(Entry):
    """Something one side can concede to the other, rung by rung."""

    title: str
    table: str
    conceder: str
    beneficiary: str
    ladder: dict[Name, Rung]
    divisible: bool = Field(True, description="May stop between rungs (talk rungs never).")
    weaponisable: bool = Field(
        False,
        description="The conceder can turn it off again; no rule reads it yet.",
    )
    curvature: PositiveNumber = Field(description="Convexity of the conceder's cost, at least 1.")
    duty: Duty | None = None
    benefit: Worth | None = None
    cost: Worth | None = None
    exposure: dict[Name, Tolerances] = Field({}, description="To each watcher, at level one.")
    red_lines: dict[Name, str] = Field({}, description="Whose line, and at which rung.")


class CrossLink(Entry):
    """What one table gives another cannot withhold: level + factor * other <= 1."""

    issue: Name
    other: Name
    factor: PositiveNumber


class Measure(Entry):
    """A retaliatory tariff."""

    flow: str
    rate: Percent = Field(description="Added rate at full intensity.")
    coverage: Share = Field(description="Share of the flow that is hit.")


class Watcher(Entry):
    """A country that is not at a table but reacts to what happens there."""

    threatens: str
    hostility: Share = Field(description="At the start, and where it rests.")
    hostility_weeks: PositiveWeeks = Field(description="How slowly it comes back to rest.")
    hostility_shock: Share = Field(description="Standard deviation of a week's surprise.")
    base_hazard: PerWeek = Field(description="Of a threat at tolerance, without hostility.")
    exposure_slope: Number
    hostility_slope: Number
    line_slope: Number
    notice_weeks: PositiveWeeks
    lookahead_weeks: PositiveWeeks = Field(description="How far ahead the threatened looks.")
    punishment_years: Years = Field(description="How long it expects a punishment to last.")
    credibility: Share = Field(description="Belief that an unmet threat is executed.")
    credibility_strength: PositiveNumber
    grievance_worth: NonNegativeMoney = Field(description="Per unit of exposure over tolerance.")
    line_worth: NonNegativeMoney = Field(description="Per red line crossed.")
    reputation: NonNegativeMoney = Field(description="Worth of being seen to act.")
    execution_noise: PositiveMoney
    choice_noise: PositiveMoney = Field(description="Of the threatened side's answer.")
    chill_weeks: Weeks = Field(description="How long a met threat caps new concessions.")
    expected_answer: Share = Field(
        description="Share of the other power's concessions thought lost with a roll-back in full."
    )
    punishment: Measure
    counter: Measure | None = None


class Event(Entry):
    """A dated event at a table: a visit, a review."""

    title: str
    date: Date
    source: str | None = None
    opens_round: bool = False
    ends_round: bool = False
    exposure: dict[Name, Tolerances] = Field({}, description="Alarm the event itself raises.")
    fades_weeks: PositiveWeeks | None = Field(None, description="How slowly that alarm fades.")


class Table(Entry):
    """A bilateral table: its clock, its host, who watches it."""

    title: str
    host: str
    guest: str
    opening_hazard: PerWeek
    shortest_round_weeks: PositiveWeeks
    longest_round_weeks: PositiveWeeks
    under_way_weeks: Weeks = Field(description="Age at the start of a round already open; 0 none.")
    implementation_weeks: PositiveWeeks = Field(description="Mean time to come into force.")
    grace_weeks: Weeks = Field(description="Delay forgiven before it costs trust.")
    reservation: dict[Name, Money] = Field({}, description="Given instead of derived, by country.")
    events: dict[Name, Event] = {}
    watchers: dict[Name, Watcher] = {}


class Trust(Entry):
    """What experience does to trust."""

    forgetting: PerWeek
    kept: Number
    agreement: Number
    delay: Number
    breach: Number
    suspension: Number


class Domestic(Entry):
    """How provinces and their government feel each other."""

    pressure_weeks: PositiveWeeks
    sensitivity: Number
    approval_erosion: Number
    approval_recovery_weeks: PositiveWeeks
    goodwill: Number


class Alarm(Entry):
    """How a watcher weighs what is not yet in force."""

    weight_agreed: Share
    weight_offered: Share


class Conduct(Entry):
    """Rules of conduct that all share."""

    leverage_bend: Number
    review_weeks: PositiveWeeks = Field(description="Between reviews of a measure in force.")


class SalienceBounds(Entry):
    """The multiple of the largest tariff stake that each class of salience stands for."""

    low: PositiveNumber
    medium: PositiveNumber
    high: PositiveNumber


class Refusal(Entry):
    """A swap an actor could have had and left: draws that say it would pay are discarded."""

    chooser: str
    gives: dict[Name, str] = Field(description="Issue and rung it would have conceded.")
    gets: dict[Name, str] = Field(description="Issue and rung it would have gained.")
    source: str


class Scenario(Entry):
    """A case: who, what is at stake, and what the world was like at the start."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    title: str
    summary: str
    start: Date = Field(description="Monday of week 1.")
    weeks: int = Field(52, ge=1, le=1040, description="Default horizon.")
    focal: str = Field(description="The country whose relief and punishment are reported.")
    countries: dict[Name, Country] = Field(min_length=2)
    provinces: dict[Name, Province] = {}
    flows: dict[Name, Flow] = {}
    tables: dict[Name, Table] = Field(min_length=1)
    issues: dict[Name, Issue] = Field(min_length=1)
    cross_links: dict[Name, CrossLink] = {}
    revealed: dict[Name, Refusal] = {}
    trust: Trust
    domestic: Domestic
    alarm: Alarm
    conduct: Conduct
    salience: SalienceBounds
    sources: dict[str, Source] = {}
