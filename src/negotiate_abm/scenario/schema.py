"""What a scenario file may say: countries, provinces, flows, tables, watchers, issues."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from negotiate_abm.scenario.quantities import (
    Date,
    Elasticity,
    Entry,
    Level,
    LumpSum,
    Money,
    Multiple,
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
    ShareAWeek,
    SupplyElasticity,
    Tolerances,
    TolerancesPerPercent,
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


class PoliticalConsent(Entry):
    """Provinces do not ratify, but make a deal costly: consent is a matter of chance."""

    kind: Literal["political"]
    inclination: Number = Field(description="Log-odds of consent to a deal that moves nothing.")
    gain_slope: Number = Field(description="Log-odds a C$bn/yr of influence-weighted gain.")
    approval_slope: Number = Field(description="Log-odds a unit of approval over a half.")
    misjudgement: Number = Field(description="Standard deviation of the government's error.")
    least_chance: Share = Field(description="Chance, as it sees it, under which it does not sign.")
    breach_share: Share | None = Field(
        None, description="Share of a breach that failing to deliver counts as."
    )


class FormalQuota(Entry):
    """Provinces ratify by weighted vote."""

    kind: Literal["quota"]
    quota: Share = Field(description="Least share of influence whose provinces must not lose.")
    breach_share: Share | None = Field(
        None, description="Share of a breach that failing to deliver counts as."
    )


Consent = Annotated[PoliticalConsent | FormalQuota, Discriminator("kind")]


class Country(Entry):
    """A country: its economy, its patience, its trust, and how it bargains and retaliates."""

    title: str
    capital: str | None = Field(
        None, description="Where its government sits, by which a story names it; default the title."
    )
    gdp: PositiveMoney
    discount_rate: PerYear | None = Field(
        None, description="How little what comes later, or will not last, counts today."
    )
    sunk_share: Share | None = Field(
        None, description="Share of own cost sunk if the other side defaults."
    )
    private_reservation: Share | None = Field(
        None, description="Least share of the best deal it accepts, where none is given."
    )
    tactic: str
    tactic_exponent: PositiveNumber | None = Field(
        None, description="Faratin's e: below 1 holds, above 1 gives."
    )
    imitation: Share | None = Field(
        None, description="Weight of imitation in a mixed tactic; the clock has the rest."
    )
    opponent_model: Literal["perfect", "prior", "frequency"] = Field(
        "perfect",
        description="What its offers go by of others' values: all, the record, or past offers.",
    )
    retaliation: str
    generosity: Share | None = Field(None, description="Chance of overlooking a provocation.")
    escalation: Share | None = Field(
        None, description="Step of a graduated answer, share of the full measure."
    )
    trust: dict[Name, Share] = Field(
        {}, description="In each counterpart's promises, at the start."
    )
    trust_strength: PositiveNumber | None = Field(
        None, description="Pseudo-observations behind that trust."
    )
    approval: Share | None = Field(
        None, description="Approval of its government, where it rests, if it has provinces."
    )
    consent: Consent | None = Field(
        None, description="What its provinces' consent to a deal takes; without, none is needed."
    )


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
    phrase: str | None = Field(
        None, description="The goods as a sentence names them; default the title."
    )
    exporter: str
    importer: str
    value: PositiveMoney
    rate_when_valued: Percent = Field(description="Tariff in force when the value was observed.")
    rate_now: Percent | None = Field(
        None, description="Tariff now in force, where no issue governs it and it has changed."
    )
    substitution: Elasticity = Field(description="Import demand elasticity, sigma.")
    supply: SupplyElasticity = Field(description="Export supply elasticity, omega.")
    growth: Multiple = Field(description="Free-trade value now over that when observed.")
    knock_on: PositiveNumber | None = Field(
        None, description="National income lost per C$ of exporters' loss to a punishment."
    )
    dependence: Share | None = Field(
        None, description="The importer's share of the exporter's sales of these goods."
    )
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
    phrase: str | None = Field(
        None,
        description="What a sentence says was offered, issue and all; default from both titles.",
    )
    level: Level
    talk: bool = Field(False, description="Talk moves no duty and cannot be had in part.")
    benefit: Share | None = Field(None, description="Share of the full benefit; default the level.")
    cost: Share | None = Field(
        None, description="Share of the full cost; default level**curvature, a duty's by trade."
    )


class Duty(Entry):
    """The tariff that a tariff issue would cut."""

    flow: str
    rate: Percent = Field(description="Rate in force at the start.")
    floor: Percent = Field(description="Rate at the top of the ladder.")
    producers_share: Share = Field(description="Protected surplus lost per C$ of extra imports.")
    producers_weight: Number = Field(description="Lambda, political weight of those producers.")
    coercive_value: NonNegativeMoney = Field(description="Worth of the duty as a lever.")
    protected: dict[Name, Share] = Field(
        {}, description="Conceding provinces' shares of what protected producers would lose."
    )


class Issue(Entry):
    """Something one side can concede to the other, rung by rung."""

    title: str
    phrase: str | None = Field(
        None, description="As a sentence names it, such as 'the duty on steel'; default the title."
    )
    table: str
    conceder: str
    beneficiary: str
    ladder: dict[Name, Rung]
    divisible: bool = Field(True, description="May stop between rungs (talk rungs never).")
    weaponisable: bool = Field(
        False,
        description="The conceder may impose the duty again, sooner the more it is depended on.",
    )
    held: float | None = Field(
        None,
        ge=0.0,
        le=1.0,
        description="Level at which it is held from the first week, never to be rolled back.",
    )
    curvature: PositiveNumber | None = Field(
        None, description="Convexity of the conceder's cost, at least 1; a duty's is trade's own."
    )
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
    line_coverage: Share | None = Field(
        None, description="Share that is hit once a red line is crossed, where there are lines."
    )


class Watcher(Entry):
    """A country that is not at a table but reacts to what happens there."""

    threatens: str
    hostility: Share = Field(description="At the start, and where it rests.")
    hostility_weeks: PositiveWeeks = Field(description="How slowly it comes back to rest.")
    hostility_shock: Share = Field(description="Standard deviation of a week's surprise.")
    base_hazard: PerWeek = Field(description="Of a threat at tolerance, without hostility.")
    exposure_slope: Number
    hostility_slope: Number
    line_slope: Number | None = None
    alarm_per_pull: TolerancesPerPercent | None = Field(
        None, description="Alarm for each per cent of trade pulled away from it."
    )
    notice_weeks: PositiveWeeks
    lookahead_weeks: PositiveWeeks = Field(description="How far ahead the threatened looks.")
    punishment_years: Years = Field(description="How long it expects a punishment to last.")
    credibility: Share = Field(description="Belief that an unmet threat is executed.")
    credibility_strength: PositiveNumber
    grievance_worth: NonNegativeMoney = Field(description="Per unit of exposure over tolerance.")
    line_worth: NonNegativeMoney | None = Field(None, description="Per red line crossed.")
    reputation: NonNegativeMoney = Field(description="Worth of being seen to act.")
    execution_noise: PositiveMoney
    choice_noise: PositiveMoney = Field(description="Of the threatened side's answer.")
    chill_weeks: Weeks = Field(description="How long a met threat caps new concessions.")
    expected_answer: Share = Field(
        description="Share of the other power's concessions thought lost with a roll-back in full."
    )
    punishment: Measure
    counter: Measure | None = None


class Wedge(Entry):
    """What a party sees in a partner whom a watcher estranges."""

    wooer: str
    watcher: str
    estrangement: Number = Field(description="Added interest at full hostility, a share.")
    pull: Number = Field(description="Added interest, a share, that trade pulled away tends to.")
    half_pull: Percent = Field(description="Trade pulled from the watcher that brings half of it.")
    eased_by: Name | None = Field(
        None, description="Issue between wooer and watcher that, conceded, ends the interest."
    )


class Event(Entry):
    """A dated event at a table: a visit, a review."""

    title: str
    phrase: str | None = Field(
        None, description="As a clause in the past, such as 'the minister came'; default the title."
    )
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
    officials_hazard: PerWeek | None = Field(
        None, description="Of officials settling, in an open round, what talks take place."
    )
    grace_weeks: Weeks | None = Field(None, description="Delay forgiven before it costs trust.")
    reservation: dict[Name, Money] = Field({}, description="Given instead of derived, by country.")
    wedge: Wedge | None = None
    events: dict[Name, Event] = {}
    watchers: dict[Name, Watcher] = {}


class TwoTypes(Entry):
    """Kydd's trust: the other is of a kind that keeps its word, or of one that often does not."""

    kept_if_trustworthy: Share
    kept_if_not: Share


class Trust(Entry):
    """What experience does to trust."""

    forgetting: ShareAWeek
    kept: Number
    agreement: Number
    delay: Number
    breach: Number | None = None
    suspension: Number | None = None
    two_types: TwoTypes | None = Field(
        None, description="Two-type Bayesian trust in place of a Beta belief."
    )


class Domestic(Entry):
    """How provinces and their government feel each other."""

    pressure_weeks: PositiveWeeks
    sensitivity: Number
    approval_erosion: Number
    approval_recovery_weeks: PositiveWeeks
    goodwill: Number
    compensation: Share | None = Field(
        None, description="Share of protected producers' losses that the government makes good."
    )


class Alarm(Entry):
    """How a watcher weighs what is not yet in force."""

    weight_agreed: Share
    weight_offered: Share


class Conduct(Entry):
    """Rules of conduct that all share."""

    leverage_bend: Number | None = Field(
        None, description="How far leverage bends the concession curve."
    )
    review_weeks: PositiveWeeks | None = Field(
        None, description="Between reviews of a measure in force."
    )
    reimposition_hazard: PerWeek | None = Field(
        None, description="Of a weaponisable duty coming back, at full relief and dependence."
    )
    agenda: Literal["whole", "non_weaponisable_first"] = Field(
        "whole", description="Whether weaponisable sectors wait until others have moved."
    )
    continuation: Share | None = Field(
        None, description="Chance, as it counts it, of getting the rest in another round."
    )
    grit_step: Level | None = Field(
        None, description="Longest step a round may bring, as in Osgood's graduated reciprocation."
    )


class Arrangement(Entry):
    """A parallel arrangement: other buyers, found at a cost and in time. Off until pulled."""

    title: str
    country: str
    table: str = Field(description="The table it is an alternative to.")
    active: bool = False
    replaces: Share = Field(description="Share of losses there that it makes good in the end.")
    build_weeks: PositiveWeeks = Field(description="Until it earns in full.")
    set_up_cost: LumpSum
    pulls: Percent = Field(description="Share of exports to the watcher that it pulls away.")
    watcher: str


class Tie(Entry):
    """A quiet security tie: it soothes one power and alarms another. Off until pulled."""

    title: str
    country: str
    active: bool = False
    visibility: Share
    soothes: str
    soothing: Share = Field(description="Share of that power's alarm it takes away, in full view.")
    alarms: str
    alarm: Tolerances = Field(description="Added alarm of the other power, in full view.")
    cooling: Share = Field(description="Share of that power's interest it costs, in full view.")


class Lever(Entry):
    """A change a user can pull by name."""

    title: str
    keys: list[str] = Field(min_length=1, description="Dotted names it sets.")
    value: bool | float | str | None = Field(
        None, description="What it sets them to; without, the user gives a number."
    )


class SalienceBounds(Entry):
    """The multiple of the largest tariff stake that each class of salience stands for."""

    low: PositiveNumber | None = None
    medium: PositiveNumber | None = None
    high: PositiveNumber | None = None


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
    focal_table: str | None = Field(
        None, description="The table whose relief and watchers that means; default all it sits at."
    )
    countries: dict[Name, Country] = Field(min_length=2)
    provinces: dict[Name, Province] = {}
    flows: dict[Name, Flow] = {}
    tables: dict[Name, Table] = Field(min_length=1)
    issues: dict[Name, Issue] = Field(min_length=1)
    cross_links: dict[Name, CrossLink] = {}
    arrangements: dict[Name, Arrangement] = {}
    ties: dict[Name, Tie] = {}
    revealed: dict[Name, Refusal] = {}
    trust: Trust | None = None
    domestic: Domestic | None = None
    alarm: Alarm | None = None
    conduct: Conduct
    salience: SalienceBounds
    levers: dict[Name, Lever] = {}
    without: list[str] = Field(
        [], description="Mechanisms and tables switched off: what is theirs is left out."
    )
    sources: dict[str, Source] = {}

    @property
    def reported_tables(self) -> list[str]:
        """The tables whose relief and punishment are reported: those the focal country sits at."""
        if self.focal_table is not None:
            return [self.focal_table]
        return [name for name, t in self.tables.items() if self.focal in (t.host, t.guest)]

    @property
    def bears_duties(self) -> bool:
        """Whether a duty that a reported table could cut weighs on the focal country."""
        return any(
            issue.duty is not None
            and issue.beneficiary == self.focal
            and issue.table in self.reported_tables
            for issue in self.issues.values()
        )
