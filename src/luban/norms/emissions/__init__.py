"""Emission factors as dated data: so much greenhouse gas per quantity, for a region and a year, with its source.

Reads and writes no record. A factor without a year is refused: nobody could say when it stops being true.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any

from luban.core.errors import ConfigError, UnitError
from luban.core.units import parse_unit
from luban.norms.dated import Dated, entries

__all__ = ["Factor", "factors", "factors_of", "read_factors"]

_SCOPES = (1, 2, 3)


@dataclass(frozen=True, slots=True)
class Factor:
    """One factor.

    medium    what it is for: electricity, natural gas, steam, a material, a waste stream, …
    region    where it holds, e.g. CN-east; "" everywhere
    scope     1 burnt on the spot, 2 bought energy, 3 the rest of the chain (GHG Protocol)
    year      the year it describes
    value     kgCO2e per `per`
    verified  read at its source, and not from memory or at second hand
    """

    id: str
    medium: str
    region: str
    scope: int
    year: int
    value: Decimal
    per: str
    verified: bool
    provenance: Dated


@cache
def factors() -> Mapping[str, Factor]:
    """The factors that come with luban, by id."""
    text = files("luban.norms.emissions").joinpath("factors.toml").read_text("utf-8")
    return MappingProxyType(factors_of(tomllib.loads(text), "emissions/factors.toml"))


def read_factors(path: Path) -> dict[str, Factor]:
    """Factors of a TOML file of one's own. Raises ConfigError."""
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError("the factors cannot be read", came=str(error), where=str(path)) from None
    return factors_of(data, str(path))


def factors_of(data: Mapping[str, Any], where: str) -> dict[str, Factor]:
    """Factors of a TOML document by id. Raises ConfigError for what is missing or wrong, with its place."""
    return {
        name: _factor(name, entry, provenance, bool(entry.get("verified", data.get("verified", False))), where)
        for name, entry, provenance in entries(data, "factor", where)
    }


def _factor(name: str, entry: Mapping[str, Any], provenance: Dated, verified: bool, where: str) -> Factor:
    place = f"{where} [factor.{name}]"
    year = entry.get("year")
    if type(year) is not int:
        raise ConfigError("a factor without a year", came=repr(year), where=place, expected="e.g. year = 2023")
    scope = entry.get("scope")
    if scope not in _SCOPES:
        raise ConfigError("a factor has a scope", came=repr(scope), where=place, expected="1, 2 or 3")
    mass, _, per = provenance.unit.partition("/")
    try:
        gas = parse_unit(mass)
        parse_unit(per)
        value = Decimal(str(entry["value"]))
        medium = str(entry["medium"])
    except KeyError as error:
        raise ConfigError("something of the factor is missing", came=f"no {error.args[0]}", where=place) from None
    except (UnitError, ArithmeticError) as error:
        raise ConfigError("something of the factor is wrong", came=str(error), where=place) from None
    if not value.is_finite():
        raise ConfigError("the factor is no number", came=str(value), where=place)
    kilogram = parse_unit("kgCO2e")
    if not gas.converts_to(kilogram):
        raise ConfigError("the factor has another unit", came=provenance.unit, expected="kgCO2e/kWh or so", where=place)
    ratio = gas.factor / kilogram.factor
    value = value * ratio.numerator / ratio.denominator
    return Factor(name, medium, str(entry.get("region", "")), scope, year, value, per, verified, provenance)
