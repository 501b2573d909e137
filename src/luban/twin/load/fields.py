"""Values of twin.toml as an engineer writes them: "lognormal(20 min, cv=0.3)", "1.2 kW", "5 µm", "Mon 06:00"."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError

from luban.core.errors import InputError
from luban.core.units import convert, parse_unit
from luban.plant.calendar import parse_clock, parse_days
from luban.twin.distribution import Distribution

__all__ = [
    "UNREADABLE",
    "Amount",
    "Counted",
    "Energy",
    "Every",
    "Mass",
    "Numbers",
    "Power",
    "Seconds",
    "Share",
    "Shown",
    "Size",
    "Times",
    "Weekly",
]

UNREADABLE = "unreadable"
"""Type of the errors that carry what came, what was expected and a hint."""

_AMOUNT = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(.*?)\s*$")


@dataclass(frozen=True, slots=True)
class Shown:
    """How the docs name a kind of value, and its unit."""

    words: str
    unit: str


@dataclass(frozen=True, slots=True)
class Amount:
    """A number with the unit it was written in; '' where there was none."""

    value: float
    unit: str

    def to(self, unit: str) -> float:
        """The same in another unit; a bare number is in that unit already. Raises UnitError."""
        return float(convert(self.value, self.unit, unit)) if self.unit else self.value


@dataclass(frozen=True, slots=True)
class Every:
    """A time of the week: weekdays (0 = Monday) and minutes after midnight."""

    days: frozenset[int]
    minutes: int


def _reader(read: Callable[[Any, ValidationInfo], Any], made: type) -> BeforeValidator:
    """A validator that keeps what came, what was expected and the hint of an InputError."""

    def validate(value: Any, info: ValidationInfo) -> Any:
        if isinstance(value, made) and made is not float:
            return value
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            context = {"said": "not acceptable", "came": repr(value), "expected": "text or a number", "hint": ""}
            raise PydanticCustomError(UNREADABLE, "{said}", context)
        try:
            return read(value, info)
        except InputError as error:
            context = {"said": error.message, "came": error.came or repr(value), "expected": error.expected}
            raise PydanticCustomError(UNREADABLE, "{said}", context | {"hint": error.hint}) from None

    return BeforeValidator(validate)


def _distribution(unit: str) -> BeforeValidator:
    return _reader(lambda value, _: Distribution.parse(value, unit=unit), Distribution)


def _counted(value: Any, info: ValidationInfo) -> Distribution:
    """In the unit of the table's clock: seconds, pieces or lots."""
    unit = "" if info.data.get("clock") in {"piece", "lot"} else "s"
    return Distribution.parse(value, unit=unit)


def _number(unit: str) -> BeforeValidator:
    def read(value: Any, _: ValidationInfo) -> float:
        found = Distribution.parse(value, unit=unit)
        if found.kind != "constant":
            raise InputError(
                "a distribution where one number is meant", came=repr(value), expected=f"a number [{unit or 1}]"
            )
        return found.mean

    return _reader(read, float)


def _amount(value: Any, _: ValidationInfo) -> Amount:
    match = _AMOUNT.match(str(value))
    if match is None:
        raise InputError("not a number with its unit", came=repr(value), expected="for example 5 µm")
    if match[2]:
        parse_unit(match[2])
    return Amount(float(match[1]), match[2])


def _share(value: Any, info: ValidationInfo) -> float:
    found = _amount(value, info).to("1")
    if not 0.0 <= found <= 1.0:
        raise InputError("no share", came=repr(value), expected="0 to 1, or 0 % to 100 %")
    return found


def _every(value: Any, _: ValidationInfo) -> Every:
    days, __, clock = str(value).strip().rpartition(" ")
    return Every(parse_days(days or "Mon-Sun"), parse_clock(clock))


_TEXT = WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "number"}]})

Times = Annotated[Distribution, _distribution("s"), _TEXT, Shown("distribution", "s")]
"""A distribution of durations [s]."""
Numbers = Annotated[Distribution, _distribution(""), _TEXT, Shown("distribution", "1")]
"""A distribution of factors [1] or quantities [piece]."""
Counted = Annotated[Distribution, _reader(_counted, Distribution), _TEXT, Shown("distribution", "s, piece or lot")]
"""A distribution in the unit of the table's `clock`."""
Seconds = Annotated[float, _number("s"), _TEXT, Shown("duration", "s")]
"""One duration [s]."""
Power = Annotated[float, _number("W"), _TEXT, Shown("power", "W")]
"""One power [W]."""
Energy = Annotated[float, _number("J"), _TEXT, Shown("energy", "J")]
"""One energy [J]."""
Mass = Annotated[float, _number("kg"), _TEXT, Shown("mass", "kg")]
"""One mass [kg]."""
Share = Annotated[float, _reader(_share, float), _TEXT, Shown("share", "1")]
"""A share from 0 to 1 [1]."""
Size = Annotated[Amount, _reader(_amount, Amount), _TEXT, Shown("amount", "of the characteristic")]
"""A deviation, in any unit that converts to the characteristic's."""
Weekly = Annotated[
    Every, _reader(_every, Every), WithJsonSchema({"type": "string"}), Shown("time of the week", "Mon 06:00")
]
"""A time of the week."""
