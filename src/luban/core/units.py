"""Units and quantities: a number is never naked.

Units are data (`units.csv`: symbol, UNECE code, dimension, factor and offset to SI, names); `parse_unit`
reads them and what is built of them, as in "kWh/piece" or "kg·m/s²". Factors are fractions, so a conversion
is exact until its last step; only ° has an irrational factor. Money of one currency does not convert to
another, decibels, pH and pieces convert to nothing, apparent and reactive power do not convert to power, and
torque and energy share a dimension as they do in SI. A revolution is a count (so 1 rpm = 1/min), not an
angle. C, F, H, S and T are left out of the table: on a shop floor they are meant as °C, °F, h, s and t far
more often than as SI means them.
"""

from __future__ import annotations

import csv
import difflib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import cache, lru_cache, total_ordering
from importlib.resources import files
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from luban.core.errors import UnitError

__all__ = ["Number", "Quantity", "Unit", "aliases_of", "convert", "parse_unit", "unit_of_code", "units"]

Number = int | float | Fraction

# π to 60 digits: far beyond what a float holds.
_PI = Fraction("3.141592653589793238462643383279502884197169399375105820974944")
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_SAME = str.maketrans({"μ": "µ", "Ω": "Ω", "∙": "·", "⋅": "·", "*": "·", "×": "·"})
_TOKEN = re.compile(r"\s*([·/()]|[^·/()\s]+)")
_POWER = re.compile(r"(.*?[^\d^\-])\^?(-?\d+)\Z")

_Dimension = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: value in SI = factor · value + offset.

    symbol     as written
    dimension  base units and their exponents, sorted, e.g. (("m", 1), ("s", -1))
    factor     to the coherent SI unit [that unit per this one]
    offset     zero point in SI [K]; not 0 only for °C and °F standing alone
    code       UNECE recommendation 20 code, '' where there is none
    names      name by language (en, zh, ko); empty for a compound
    """

    symbol: str = field(compare=False)
    dimension: _Dimension
    factor: Fraction
    offset: Fraction = Fraction(0)
    code: str = field(default="", compare=False)
    names: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)

    def converts_to(self, other: Unit) -> bool:
        """Both measure the same kind of thing."""
        return self.dimension == other.dimension

    def __mul__(self, other: Unit) -> Unit:
        return _combine(self, other, 1, f"{self.symbol}·{_grouped(other.symbol, '/')}")

    def __truediv__(self, other: Unit) -> Unit:
        return _combine(self, other, -1, f"{self.symbol}/{_grouped(other.symbol, '·/')}")

    def __pow__(self, power: int) -> Unit:
        dimension = tuple((base, exponent * power) for base, exponent in self.dimension if power)
        return Unit(f"{_grouped(self.symbol, '·/')}^{power}", dimension, self.factor**power)

    def __str__(self) -> str:
        return self.symbol


def _combine(left: Unit, right: Unit, sign: int, symbol: str) -> Unit:
    exponents = dict(left.dimension)
    for base, exponent in right.dimension:
        exponents[base] = exponents.get(base, 0) + sign * exponent
    dimension = tuple(sorted((base, exponent) for base, exponent in exponents.items() if exponent))
    # Within a compound a degree is a difference: W/°C is W/K.
    return Unit(symbol, dimension, left.factor * right.factor**sign)


def _grouped(symbol: str, needs: str) -> str:
    return f"({symbol})" if any(sign in symbol for sign in needs) else symbol


def _fraction(text: str) -> Fraction:
    return _PI * Fraction(text.replace("pi", "1")) if "pi" in text else Fraction(text)


def _dimension(text: str) -> _Dimension:
    found = [re.fullmatch(r"(CO2e|[A-Za-z]+)(-?\d+)?", part) for part in text.split()]
    return tuple(sorted((match[1], int(match[2] or 1)) for match in found if match))


@cache
def units() -> Mapping[str, Unit]:
    """The units of the table by symbol, without what is built of them."""
    return {row["symbol"]: _table_unit(row) for row in _rows()}


@cache
def _rows() -> tuple[dict[str, str], ...]:
    text = files("luban.core").joinpath("units.csv").read_text("utf-8")
    return tuple(csv.DictReader(text.splitlines()))


def _table_unit(row: Mapping[str, str]) -> Unit:
    names = {language: row[language] for language in ("en", "zh", "ko")}
    return Unit(
        row["symbol"],
        _dimension(row["dimension"]),
        _fraction(row["factor"]),
        _fraction(row["offset"]),
        row["code"],
        names,
    )


@cache
def _spellings() -> Mapping[str, Unit]:
    known = dict(units())
    for row in _rows():
        for alias in filter(None, row["aliases"].split("|")):
            known.setdefault(alias, units()[row["symbol"]])
    return {spelling.translate(_SAME): unit for spelling, unit in known.items()}


def aliases_of(unit: Unit) -> tuple[str, ...]:
    """Other spellings of a unit of the table."""
    row = next((row for row in _rows() if row["symbol"] == unit.symbol), {"aliases": ""})
    return tuple(filter(None, row["aliases"].split("|")))


@cache
def _codes() -> Mapping[str, Unit]:
    return {unit.code: unit for unit in units().values() if unit.code}


def unit_of_code(code: str) -> Unit | None:
    """The unit with that UNECE code, as OPC UA servers give it; None where the table has none.

    Example unit_of_code("C16").symbol == "mm/s"
    """
    return _codes().get(code.strip())


@lru_cache(maxsize=4096)
def parse_unit(text: str) -> Unit:
    """The unit a text names: a symbol or alias of the table, or symbols joined by · / ( ) and powers.

    Raises  UnitError with the nearest known unit
    Example parse_unit("kWh/piece").dimension == (("kg", 1), ("m", 2), ("piece", -1), ("s", -2))
    """
    plain = text.strip().translate(_SAME)
    if not plain:
        raise UnitError("no unit", came=repr(text), expected="a unit; write 1 for a pure number")
    whole = _spellings().get(plain)
    if whole is not None:
        return whole
    unit, rest = _product(_TOKEN.findall(plain.replace(".", "·")), text)
    if rest:
        raise UnitError("unit with a stray bracket", came=repr(text), expected="brackets in pairs")
    return Unit(text.strip(), unit.dimension, unit.factor, unit.offset, unit.code, unit.names)


def _product(tokens: list[str], text: str) -> tuple[Unit, list[str]]:
    unit, tokens = _factor(tokens, text)
    divided = False
    while tokens and tokens[0] != ")":
        sign = tokens[0] if tokens[0] in "·/" else "·"
        if sign == "·" and divided:
            raise UnitError(
                "unclear unit: a product after a slash",
                came=repr(text),
                expected="one reading",
                hint="put what is divided by in brackets, e.g. kWh/(piece·h)",
            )
        right, tokens = _factor(tokens[1:] if tokens[0] in "·/" else tokens, text)
        divided = divided or sign == "/"
        unit = unit / right if sign == "/" else unit * right
    return unit, tokens


def _factor(tokens: list[str], text: str) -> tuple[Unit, list[str]]:
    if not tokens or tokens[0] in "·/)":
        raise UnitError("unit ends or begins in a sign", came=repr(text), expected="a symbol on either side of · and /")
    if tokens[0] != "(":
        return _symbol(tokens[0], text), tokens[1:]
    end = tokens.index(")") if ")" in tokens else len(tokens)
    whole = _spellings().get("".join(tokens[1:end]))  # S/m is in the table, S is not
    unit, rest = _product(tokens[1:], text) if whole is None else (whole, tokens[end:])
    if not rest:
        raise UnitError("unit with an open bracket", came=repr(text), expected="brackets in pairs")
    rest = rest[1:]
    if rest and re.fullmatch(r"\^?-?\d+", rest[0].translate(_SUPERSCRIPTS)):
        return unit ** int(rest[0].translate(_SUPERSCRIPTS).lstrip("^")), rest[1:]
    return unit, rest


def _symbol(token: str, text: str) -> Unit:
    known = _spellings().get(token)
    if known is not None:
        return known
    match = _POWER.match(token.translate(_SUPERSCRIPTS))
    known = _spellings().get(match[1]) if match else None
    if match and known is not None:
        return known ** int(match[2])
    raise UnitError(
        "unknown unit",
        came=repr(text),
        expected="a unit of the table, or units joined by · and /",
        hint=_did_you_mean(token),
    )


def _did_you_mean(token: str) -> str:
    folded = {spelling.casefold(): unit.symbol for spelling, unit in _spellings().items()} | {"c": "°C", "f": "°F"}
    found = folded.get(token.casefold()) or folded.get(token.casefold().removesuffix("s"))
    if found is None:
        close = difflib.get_close_matches(token.casefold(), folded, 1, 0.6)
        found = folded[close[0]] if close else None
    return f"did you mean {found}?" if found else "the reference page of units lists them all"


def _unit(unit: Unit | str) -> Unit:
    return parse_unit(unit) if isinstance(unit, str) else unit


def _check(here: Unit, there: Unit) -> None:
    if not here.converts_to(there):
        raise UnitError(
            "units do not convert",
            came=f"{here} to {there}",
            expected=f"a unit of dimension {_spell(here.dimension)}",
            hint=f"{there} has dimension {_spell(there.dimension)}",
        )


def _spell(dimension: _Dimension) -> str:
    return "·".join(base if exponent == 1 else f"{base}^{exponent}" for base, exponent in dimension) or "1"


_V = TypeVar("_V", float, npt.NDArray[np.float64])


def convert(values: _V, source: Unit | str, target: Unit | str) -> _V:
    """Numbers of one unit in another; floats and numpy arrays, in double precision.

    Raises  UnitError where the two measure different things
    Example convert(100.0, "°C", "°F") == 212.0
    """
    here, there = _unit(source), _unit(target)
    _check(here, there)
    factor, offset = here.factor / there.factor, (here.offset - there.offset) / there.factor
    # One division or one multiplication by an integer rounds once; a float factor would round twice.
    scaled = values * float(factor) if factor.denominator == 1 else values * factor.numerator / factor.denominator
    return scaled + float(offset) if offset else scaled


@total_ordering
@dataclass(frozen=True, slots=True, eq=False)
class Quantity:
    """A number with its unit.

    value  int, float or Fraction; a Fraction stays exact when converted, a Decimal becomes one
    unit   a Unit or its text

    Comparison is exact: Quantity(1, "m") == Quantity(100, "cm"), but Quantity(0.1, "m") is the double next
    to 0.1 and so not exactly 10 cm.
    """

    value: Number
    unit: Unit

    def __init__(self, value: Number | Decimal, unit: Unit | str) -> None:
        object.__setattr__(self, "value", Fraction(value) if isinstance(value, Decimal) else value)
        object.__setattr__(self, "unit", _unit(unit))

    def to(self, unit: Unit | str) -> Quantity:
        """The same quantity in another unit, correctly rounded.

        Raises  UnitError where the two measure different things
        Example Quantity(71, "%").to("1").value == 0.71
        """
        there = _unit(unit)
        _check(self.unit, there)
        if isinstance(self.value, float) and not math.isfinite(self.value):
            return Quantity(self.value, there)
        exact = (self._si - there.offset) / there.factor
        return Quantity(_like(exact, self.value), there)

    @property
    def _si(self) -> Fraction:
        return Fraction(self.value) * self.unit.factor + self.unit.offset

    def __add__(self, other: Quantity) -> Quantity:
        _check(self.unit, other.unit)
        if self.unit.offset and other.unit.offset:
            raise UnitError(
                "two temperatures do not add", came=f"{self} + {other}", expected="one of them a difference [K or Δ°F]"
            )
        if other.unit.offset:
            return other + self
        return Quantity(self.value + _step(other, self.unit, self.value), self.unit)

    def __sub__(self, other: Quantity) -> Quantity:
        _check(self.unit, other.unit)
        if not other.unit.offset:
            return Quantity(self.value - _step(other, self.unit, self.value), self.unit)
        if not self.unit.offset:
            raise UnitError(
                "a temperature taken from a difference", came=f"{self} - {other}", expected="two temperatures"
            )
        step = Unit("K" if self.unit.factor == 1 else f"Δ{self.unit}", self.unit.dimension, self.unit.factor)
        return Quantity(self.value - other.to(self.unit).value, step)

    def __mul__(self, other: Quantity | Number) -> Quantity:
        if isinstance(other, Quantity):
            return Quantity(_plain(self) * _plain(other), self.unit * other.unit)
        return Quantity(_plain(self) * other, self.unit)

    __rmul__ = __mul__

    def __truediv__(self, other: Quantity | Number) -> Quantity:
        if isinstance(other, Quantity):
            return Quantity(_plain(self) / _plain(other), self.unit / other.unit)
        return Quantity(_plain(self) / other, self.unit)

    def __neg__(self) -> Quantity:
        return Quantity(-self.value, self.unit)

    def __abs__(self) -> Quantity:
        return -self if self.value < 0 else self

    def __float__(self) -> float:
        """The number of a dimensionless quantity; UnitError for any other, which needs a unit."""
        return float(self.to("1").value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Quantity) and self.unit.dimension == other.unit.dimension and self._si == other._si

    def __lt__(self, other: Quantity) -> bool:
        _check(self.unit, other.unit)
        return self._si < other._si

    def __hash__(self) -> int:
        return hash((self.unit.dimension, self._si))

    def __str__(self) -> str:
        return format(self)

    def __format__(self, spec: str) -> str:
        value = float(self.value) if isinstance(self.value, Fraction) else self.value
        number = format(value, spec) if spec or not isinstance(value, float) else f"{value:.12g}"
        return number if self.unit.symbol == "1" else f"{number} {self.unit}"


def _like(exact: Fraction, model: Number) -> Number:
    if isinstance(model, Fraction):
        return exact
    if isinstance(model, int) and exact.denominator == 1:
        return int(exact)
    return float(exact)


def _step(difference: Quantity, unit: Unit, model: Number) -> Fraction | int | float:
    """A difference in a unit's own steps, its zero point left aside."""
    if isinstance(difference.value, float) and not math.isfinite(difference.value):
        return difference.value
    exact = Fraction(difference.value) * difference.unit.factor / unit.factor
    if isinstance(model, float) or isinstance(difference.value, float):
        return float(exact)
    return int(exact) if exact.denominator == 1 else exact


def _plain(quantity: Quantity) -> Number:
    if quantity.unit.offset:
        raise UnitError(
            "a temperature does not multiply",
            came=str(quantity),
            expected="an absolute temperature",
            hint='convert it first: .to("K")',
        )
    return quantity.value
