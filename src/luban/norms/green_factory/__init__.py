"""How green a factory is, by two editions of a national standard: goals, points, weights and requirements as data.

Reads and writes no record. A weight that could not be read in the standard itself says verified = false, with where it
was read or by what convention it was set. What a point is compared with (baseline and leading value) differs from
trade to trade and is not here: the plant states it with the evidence.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from luban.core.errors import ConfigError, InputError
from luban.norms.dated import Dated, entries

__all__ = ["HOW", "SENSES", "Aim", "Edition", "Goal", "Point", "edition", "edition_of", "edition_on", "editions"]

SENSES = ("less", "more", "shown")
"""What is good of a point: less of it, more of it, or that it is shown at all."""

HOW = ("", "second hand", "memory", "convention", "memory and convention")
"""How a point came here: read in the standard, at second hand, from memory; its weight by luban's own convention."""


@dataclass(frozen=True, slots=True)
class Aim:
    """One of the five aims that the edition puts in its definition of a green factory; names by language."""

    id: str
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Goal:
    """A chapter of the sheet.

    weight    of 100; 0 for requirements without points, each of which must be met
    verified  the weight was read in the standard itself
    """

    id: str
    names: Mapping[str, str]
    weight: Fraction
    verified: bool
    provenance: Dated


@dataclass(frozen=True, slots=True)
class Point:
    """A line of the sheet.

    goal      its chapter; `aim` one of the edition's five, "" for none
    sense     one of SENSES
    weight    of 100
    basis     what luban works it out from; "" where somebody has to state it
    verified  name, unit and weight were read in the standard itself
    how       otherwise one of HOW: where they were read, or by what they were set
    """

    id: str
    goal: str
    aim: str
    names: Mapping[str, str]
    sense: str
    weight: Fraction
    basis: str
    verified: bool
    how: str
    provenance: Dated


@dataclass(frozen=True, slots=True)
class Edition:
    """One edition.

    start, end  days on which it holds; end None while it does
    rule        how a measured point gets its share of the weight, in words
    """

    id: str
    title: str
    start: date
    end: date | None
    rule: str
    aims: tuple[Aim, ...]
    goals: tuple[Goal, ...]
    points: tuple[Point, ...]

    def of(self, goal: str) -> tuple[Point, ...]:
        """The points of a goal, in the order of the standard."""
        return tuple(point for point in self.points if point.goal == goal)


_FILES = {"2018": "gbt_36132_2018.toml", "2025": "gbt_36132_2025.toml"}


@cache
def editions() -> Mapping[str, Edition]:
    """The editions by year."""
    found = {}
    for year, name in _FILES.items():
        text = files("luban.norms.green_factory").joinpath(name).read_text("utf-8")
        found[year] = edition_of(year, tomllib.loads(text), f"green_factory/{name}")
    return MappingProxyType(found)


def edition(year: str) -> Edition:
    """An edition by its year. Raises InputError with the known ones."""
    try:
        return editions()[year]
    except KeyError:
        raise InputError("no such edition of the sheet", came=year, expected=", ".join(editions())) from None


def edition_on(day: date) -> Edition:
    """The edition that holds on a day; the first one for the days before it.

    Example  edition_on(date(2025, 12, 31)).id == "2025"
    """
    known = sorted(editions().values(), key=lambda one: one.start)
    return next((one for one in reversed(known) if one.start <= day), known[0])


def edition_of(year: str, data: Mapping[str, Any], where: str) -> Edition:
    """An edition from a TOML document. Raises ConfigError for what is missing or does not add up, with its place."""
    aims = tuple(Aim(name, _names(entry, f"{where} [aim.{name}]")) for name, entry in data.get("aim", {}).items())
    goals = tuple(
        Goal(name, _names(entry, f"{where} [goal.{name}]"), Fraction(str(entry["weight"])), _checked(entry, data),
             provenance)
        for name, entry, provenance in entries(data, "goal", where)
    )  # fmt: skip
    if sum(goal.weight for goal in goals) != 100:
        raise ConfigError("the weights of the goals are not 100", came=str(sum(g.weight for g in goals)), where=where)
    shares = {goal.id: Fraction(0) for goal in goals}
    rows = list(entries(data, "point", where))
    for name, entry, _ in rows:
        if entry.get("goal") not in shares:
            raise ConfigError("a point of no goal", came=str(entry.get("goal")), where=f"{where} [point.{name}]")
        shares[entry["goal"]] += Fraction(str(entry.get("share", 1)))
    weights = {goal.id: goal.weight for goal in goals}
    known = {aim.id for aim in aims} | {""}
    points = []
    for name, entry, provenance in rows:
        place, aim = f"{where} [point.{name}]", entry.get("aim", "")
        if entry.get("sense") not in SENSES or aim not in known:
            expected = f"sense {', '.join(SENSES)}; aim {', '.join(sorted(known))}"
            raise ConfigError("a point of no known sense or aim", came=f"{entry.get('sense')} {aim}", where=place,
                              expected=expected)  # fmt: skip
        weight = weights[entry["goal"]] * Fraction(str(entry.get("share", 1))) / shares[entry["goal"]]
        points.append(
            Point(
                name,
                entry["goal"],
                aim,
                _names(entry, place),
                entry["sense"],
                weight,
                entry.get("basis", ""),
                _checked(entry, data),
                _how(entry, data, place),
                provenance,
            )
        )
    return Edition(year, data["title"], data["start"], data.get("end"), data["rule"], aims, goals, tuple(points))


def _names(entry: Mapping[str, Any], where: str) -> Mapping[str, str]:
    names = entry.get("name", {})
    if not isinstance(names, Mapping) or set(names) != {"en", "zh", "ko"} or not all(names.values()):
        raise ConfigError(
            "a name in every language", came=str(names), where=where, expected="name.en, name.zh, name.ko"
        )
    return MappingProxyType({key: str(value) for key, value in names.items()})


def _checked(entry: Mapping[str, Any], data: Mapping[str, Any]) -> bool:
    return bool(entry.get("verified", data.get("verified", False)))


def _how(entry: Mapping[str, Any], data: Mapping[str, Any], where: str) -> str:
    how = "" if _checked(entry, data) else str(entry.get("how", data.get("how", "")))
    if how not in HOW:
        raise ConfigError("nobody reads like that", came=how, expected=", ".join(HOW[1:]), where=where)
    return how
