"""Tariffs as dated data: prices by band, which hours are which band, and the charge for the highest demand.

Reads and writes no record. `understand.energy.bill` prices what was drawn by them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from luban.core.errors import ConfigError, UnitError
from luban.core.units import parse_unit
from luban.norms.dated import Dated, entries

__all__ = [
    "GAP", "Hours", "Tariff", "in_force", "read_tariffs", "tariff", "tariffs", "tariffs_named", "tariffs_of",
]  # fmt: skip

GAP = "-"
"""Letter of an hour that no band is stated for."""

_HOURS = 24


@dataclass(frozen=True, slots=True)
class Hours:
    """Hours of a day and their bands.

    months  months it holds in, 1-12
    days    days of the week it holds on, 0 Monday to 6 Sunday
    bands   24 names of bands from midnight on; "" where none is stated
    """

    months: frozenset[int]
    days: frozenset[int]
    bands: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tariff:
    """One tariff.

    zone            IANA name of the clock that its hours go by
    prices          band → price per `per`
    per             unit of the quantity, e.g. kWh
    hours           the first that holds counts
    demand          price of the highest demand [currency per kW and month]; 0 for none
    demand_minutes  length of the windows that demand is measured over
    end             first day on which it no longer holds; None while it does
    verified        read at its source, and not at second hand or made up
    """

    id: str
    title: str
    currency: str
    zone: str
    medium: str
    per: str
    prices: Mapping[str, Decimal]
    hours: tuple[Hours, ...]
    demand: Decimal
    demand_minutes: int
    end: date | None
    verified: bool
    provenance: Dated

    def holds(self, day: date) -> bool:
        """Whether it holds on a day of its zone."""
        return self.provenance.start <= day and (self.end is None or day < self.end)

    def band(self, moment: datetime) -> str:
        """Band of a moment in the tariff's zone; "" where the tariff says nothing."""
        if not self.holds(moment.date()):
            return ""
        for hours in self.hours:
            if moment.month in hours.months and moment.weekday() in hours.days:
                return hours.bands[moment.hour]
        return ""


@cache
def tariffs() -> Mapping[str, Tariff]:
    """The tariffs that come with luban, by id."""
    found: dict[str, Tariff] = {}
    for file in sorted(files("luban.norms.tariffs").iterdir(), key=lambda one: one.name):
        if file.name.endswith(".toml"):
            found |= tariffs_of(tomllib.loads(file.read_text("utf-8")), f"tariffs/{file.name}")
    return MappingProxyType(found)


def tariff(name: str) -> Tariff:
    """One of them by id. Raises ConfigError."""
    if name not in tariffs():
        raise ConfigError("no such tariff", came=name, expected=", ".join(tariffs()))
    return tariffs()[name]


def tariffs_named(name: str, folder: Path | None = None) -> tuple[Tariff, ...]:
    """The tariffs that a person names: the id of one of luban's, a TOML file, or FILE.toml#ID for one of its tariffs.

    folder   where files are looked for; the working folder by default
    Raises   ConfigError
    """
    file, _, wanted = name.partition("#")
    if not file.endswith(".toml"):
        return (tariff(name),)
    path = Path(file) if folder is None else folder / file
    found = read_tariffs(path)
    if wanted and wanted not in found:
        raise ConfigError("no such tariff", came=wanted, expected=", ".join(found), where=str(path))
    return (found[wanted],) if wanted else tuple(found.values())


def in_force(known: Iterable[Tariff]) -> dict[str, tuple[Tariff, ...]]:
    """Tariffs by medium, the newest first: of those that hold on a day, the one that began last counts.

    Raises  ConfigError where two of one medium begin on the same day: nobody could say which of them counts
    """
    found: dict[str, list[Tariff]] = {}
    for one in known:
        found.setdefault(one.medium, []).append(one)
    for own in found.values():
        own.sort(key=lambda one: one.provenance.start, reverse=True)
        for newer, older in pairwise(own):
            if newer.provenance.start == older.provenance.start:
                raise ConfigError(
                    "two tariffs begin on one day",
                    came=f"{newer.id}, {older.id}",
                    expected="one of a medium at a time",
                    hint="name one of them: FILE.toml#ID",
                )
    return {medium: tuple(own) for medium, own in found.items()}


def read_tariffs(path: Path) -> dict[str, Tariff]:
    """Tariffs of a TOML file of one's own. Raises ConfigError."""
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError("the tariff cannot be read", came=str(error), where=str(path)) from None
    return tariffs_of(data, str(path))


def tariffs_of(data: Mapping[str, Any], where: str) -> dict[str, Tariff]:
    """Tariffs of a TOML document by id. Raises ConfigError for what is missing or wrong, with its place."""
    if not isinstance(data.get("tariff"), dict):
        raise ConfigError("no [tariff.ID] in the file", where=where)
    return {
        name: _tariff(name, entry, provenance, bool(entry.get("verified", data.get("verified", False))), where)
        for name, entry, provenance in entries(data, "tariff", where)
    }


def _tariff(name: str, entry: Mapping[str, Any], provenance: Dated, verified: bool, where: str) -> Tariff:
    place = f"{where} [tariff.{name}]"
    money, _, per = provenance.unit.partition("/")
    try:
        parse_unit(per)
        ZoneInfo(str(entry["time_zone"]))
        prices = {str(band): Decimal(str(price)) for band, price in entry["bands"].items()}
        letters = {str(letter): str(band) for letter, band in entry["letters"].items()}
        hours = tuple(_hours(one, letters, place) for one in entry["when"])
        demand, minutes = Decimal(str(entry.get("demand", 0))), int(entry.get("demand_minutes", 15))
        currency = str(entry["currency"])
    except (UnitError, ZoneInfoNotFoundError, OSError, ArithmeticError, AttributeError, TypeError, ValueError) as error:
        raise ConfigError("something of the tariff is wrong", came=str(error), where=place) from None
    except KeyError as error:
        raise ConfigError("something of the tariff is missing", came=f"no {error.args[0]}", where=place) from None
    if currency != money or not per:
        raise ConfigError(
            "the price has another unit", came=provenance.unit, expected=f"{currency}/kWh or so", where=place
        )
    if strange := sorted(set(letters.values()) - set(prices)):
        raise ConfigError("a band without a price", came=", ".join(strange), expected=", ".join(prices), where=place)
    if minutes <= 0 or 60 % minutes:
        raise ConfigError("demand is measured over a part of an hour", came=f"{minutes} min", where=place)
    if odd := [str(price) for price in (*prices.values(), demand) if not price.is_finite()]:
        raise ConfigError("a price is a number", came=", ".join(odd), where=place)
    end = entry.get("end")
    if end is not None and type(end) is not date:
        raise ConfigError("end is not a date", came=repr(end), where=place, expected="a TOML date, e.g. 2027-01-01")
    title, medium = str(entry.get("title", name)), str(entry.get("medium", "electricity"))
    zone = str(entry["time_zone"])
    return Tariff(
        name, title, currency, zone, medium, per, prices, hours, demand, minutes, end, verified, provenance
    )  # fmt: skip


def _hours(one: Mapping[str, Any], letters: Mapping[str, str], place: str) -> Hours:
    text = str(one["hours"])
    if len(text) != _HOURS:
        raise ConfigError("a day has 24 hours", came=f"{len(text)}: {text}", where=place)
    if strange := sorted(set(text) - set(letters) - {GAP}):
        raise ConfigError("a letter that stands for no band", came=", ".join(strange), where=place)
    months = frozenset(one.get("months", range(1, 13)))
    days = frozenset(one.get("days", range(7)))
    if not months <= set(range(1, 13)) or not days <= set(range(7)):
        raise ConfigError("months are 1 to 12 and days 0 to 6", came=f"{sorted(months)}, {sorted(days)}", where=place)
    return Hours(months, days, tuple(letters.get(letter, "") for letter in text))
