"""Numbers that know their unit and where they come from."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    Strict,
    StringConstraints,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

# Between what is expected and the remedy, in the text of an error; no file holds it.
REMEDY = "\x1f"

Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]


def _from_iso(entry: object) -> object:
    try:
        return datetime.date.fromisoformat(entry) if isinstance(entry, str) else entry
    except ValueError:
        return entry


Date = Annotated[datetime.date, BeforeValidator(_from_iso)]


class Entry(BaseModel):
    """Base of all in a scenario file: unknown keys are refused, nothing changes once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Origin(Entry):
    """Where a number or a code comes from: exactly one of three."""

    source: Text | Annotated[list[Text], Field(min_length=1)] | None = Field(
        None, description="Key or keys of the scenario's [sources]."
    )
    assumed: Text | None = Field(None, description="Why this value, where no source gives one.")
    definition: Text | None = Field(
        None, description="What the number fixes, where it is a scale rather than a finding."
    )
    derived: str | None = Field(None, description="The arithmetic from the sources to the value.")

    @model_validator(mode="after")
    def _one_origin(self) -> Origin:
        given = [k for k in ("source", "assumed", "definition") if getattr(self, k) is not None]
        if len(given) != 1:
            raise PydanticCustomError(
                "origin",
                "exactly one of source, assumed and definition\x1fSay where the number comes from.",
            )
        return self

    @property
    def source_keys(self) -> list[str]:
        """The keys of the sources cited."""
        if self.source is None:
            return []
        return [self.source] if isinstance(self.source, str) else list(self.source)


class Quantity(Origin):
    """A number with its unit, its origin and the range over which it may be swept."""

    value: float
    unit: str
    range: tuple[Annotated[float, Strict()], Annotated[float, Strict()]] | None = Field(
        None,
        strict=False,  # TOML has lists, not tuples
        description="Lowest and highest plausible value; required where assumed.",
    )
    scale: Literal["linear", "log"] = Field("linear", description="How the range is sampled.")
    fixed: bool = Field(
        False, description="Hold the value in every run; the range then serves sweeps only."
    )

    @model_validator(mode="after")
    def _range_fits(self) -> Quantity:
        if self.range is None:
            if self.assumed is not None:
                raise PydanticCustomError(
                    "range", "a range beside an assumed value\x1fAdd range = [low, high]."
                )
            return self
        low, high = self.range
        if not low <= self.value <= high:
            raise PydanticCustomError(
                "range",
                "low <= value <= high, range = [{low}, {high}]\x1fMend either.",
                {"low": low, "high": high},
            )
        if self.scale == "log" and low <= 0:
            raise PydanticCustomError(
                "range", 'a positive range under scale = "log"\x1fRaise the lower end above zero.'
            )
        return self

    @property
    def is_drawn(self) -> bool:
        """Whether each run draws its own value."""
        return self.range is not None and not self.fixed and self.range[0] < self.range[1]


@dataclass(frozen=True)
class Unit:
    """The unit and the bounds that a field asks of its quantity."""

    symbol: str
    low: float | None = None
    high: float | None = None
    above_low: bool = False

    @property
    def expectation(self) -> str:
        """What the field expects, in words."""
        text = f"a number in {self.symbol}"
        if self.low is not None and self.high is not None:
            if self.above_low:
                return f"{text} above {self.low:g}, at most {self.high:g}"
            return f"{text} between {self.low:g} and {self.high:g}"
        if self.low is not None:
            return f"{text} {'above' if self.above_low else 'of at least'} {self.low:g}"
        return text

    def admits(self, number: float) -> bool:
        """Return whether a number is within bounds."""
        if self.low is not None and (number < self.low or (self.above_low and number == self.low)):
            return False
        return self.high is None or number <= self.high

    def check(self, quantity: Quantity) -> Quantity:
        """Return the quantity, or say what is wrong with its unit or size."""
        if quantity.unit != self.symbol:
            raise PydanticCustomError(
                "unit",
                'unit "{wanted}", not "{given}"\x1fConvert the value, or write unit = "{wanted}".',
                {"wanted": self.symbol, "given": quantity.unit},
            )
        for number in (quantity.value, *(quantity.range or ())):
            if not self.admits(number):
                raise PydanticCustomError(
                    "bounds",
                    "{expectation}, not {given}\x1fMend the value or its range.",
                    {"expectation": self.expectation, "given": f"{number:g}"},
                )
        return quantity

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"allOf": [handler(schema)], "x-expects": self.expectation, "x-unit": self.symbol}


# Beyond these, numbers are slips of the pen: a century; a small country; a
# prohibition; another world.
LONGEST_WEEKS, LARGEST_ELASTICITY, LARGEST_RATE = 5200, 10_000, 10_000
LARGEST_MULTIPLE = 1000

Money = Annotated[Quantity, Unit("C$bn/yr")]
PositiveMoney = Annotated[Quantity, Unit("C$bn/yr", 0, above_low=True)]
NonNegativeMoney = Annotated[Quantity, Unit("C$bn/yr", 0)]
LumpSum = Annotated[Quantity, Unit("C$bn", 0)]
Percent = Annotated[Quantity, Unit("%", 0, LARGEST_RATE)]
Share = Annotated[Quantity, Unit("share", 0, 1)]
Level = Annotated[Quantity, Unit("level", 0, 1)]
Weeks = Annotated[Quantity, Unit("weeks", 0, LONGEST_WEEKS)]
PositiveWeeks = Annotated[Quantity, Unit("weeks", 1, LONGEST_WEEKS)]
PerWeek = Annotated[Quantity, Unit("per week", 0)]
ShareAWeek = Annotated[Quantity, Unit("per week", 0, 1)]
PerYear = Annotated[Quantity, Unit("per year", 0, above_low=True)]
Years = Annotated[Quantity, Unit("years", 0)]
Tolerances = Annotated[Quantity, Unit("tolerance", 0)]
TolerancesPerPercent = Annotated[Quantity, Unit("tolerance/%", 0)]
Number = Annotated[Quantity, Unit("1", 0)]
PositiveNumber = Annotated[Quantity, Unit("1", 0, above_low=True)]
Elasticity = Annotated[Quantity, Unit("1", 1, LARGEST_ELASTICITY, above_low=True)]
Multiple = Annotated[Quantity, Unit("1", 0, LARGEST_MULTIPLE, above_low=True)]
SupplyElasticity = Annotated[Quantity, Unit("1", 0, LARGEST_ELASTICITY, above_low=True)]
