"""Public series of economies, and the proxies a plan names for its indicators: near them, never the indicators.

Reads   a folder of public data (CSV by family: iso3, year, value), `proxies.toml` of a plan's folder    Writes nothing
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from luban.core.errors import ConfigError, InputError
from luban.norms.plans import USUAL, Text, load_plan, read_file
from luban.rollup.points import Point, measured
from luban.rollup.signals import Signal, series_signals, tail_length

if TYPE_CHECKING:
    from luban.norms.plans import Indicator, TargetPlan

__all__ = [
    "Proxy", "PublicData", "Source", "is_public", "lacking", "population_words", "proxies", "proxy_levels",
    "proxy_points", "proxy_signals",
]  # fmt: skip

_T = TypeVar("_T")
_ByYear: TypeAlias = dict[str, dict[int, _T]]  # economy → year → …
_MARKS = ("wdi", "gapminder", "unsdg")
_YEARS = ("year", "Year")
_VALUES = ("value", "Value")
_KEYS = {"id", "indicator", "name", "unit", "direction", "numerator", "denominator", "factor", "doubt", "reference",
         "economy"}  # fmt: skip
_SOURCE_KEYS = {"file", "value", "where", "chain"}


@dataclass(frozen=True, slots=True)
class Source:
    """One series of public data.

    file   FAMILY/FILE in the folder
    value  column; value by default
    where  column → texts; one row of each is summed, a year without all of them is unknown. A column that is empty in
           some rows of the file and is not named has to be empty
    chain  values are growth in % a year: an index is chained from them, 100 in the first year's start
    """

    file: str
    value: str = ""
    where: Mapping[str, tuple[str, ...]] | None = None
    chain: bool = False


@dataclass(frozen=True, slots=True)
class Proxy:
    """A public figure that stands near an indicator.

    id, indicator  its own name, and the indicator's
    name, doubt    what it is, and in what it differs
    unit           of the level
    direction      where better lies for the level
    numerator, denominator  factors above and below the line
    factor         of the ratio
    economy        of files that have no column of economies; "" otherwise
    """

    id: str
    indicator: str
    name: Text
    unit: str
    direction: str
    numerator: tuple[Source, ...]
    denominator: tuple[Source, ...]
    factor: float
    doubt: Text
    reference: str
    economy: str = ""


class PublicData:
    """A folder of public series; a file is read when it is first asked for.

    Raises InputError where the folder is not there
    """

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise InputError("no such folder", came=str(folder), hint="set LUBAN_DATA, or name a folder of public data")
        self.folder = folder
        self._read: dict[tuple[str, str, str], tuple[_ByYear[float], _ByYear[str]]] = {}

    @cached_property
    def economies(self) -> tuple[str, ...]:
        """ISO 3166 codes of three letters that any file has, sorted."""
        found: set[str] = set()
        for file in self.files:
            with (self.folder / file).open(encoding="utf-8-sig", newline="") as lines:
                reader = csv.DictReader(lines)
                if "iso3" in (reader.fieldnames or ()):
                    found.update(row["iso3"] for row in reader)
        return tuple(sorted(found))

    @cached_property
    def files(self) -> tuple[str, ...]:
        """FAMILY/FILE of every CSV."""
        return tuple(sorted(f"{one.parent.name}/{one.name}" for one in self.folder.glob("*/*.csv")))

    def series(self, source: Source, economy: str) -> dict[int, float]:
        """Year → value of one economy; {} where nothing is known.

        Raises InputError for a file that is not there, a column that is not in it, a value that is no number
        """
        own = self._of(source, economy)[0]
        return _chained(own) if source.chain else own

    def lacking_rows(self, source: Source, economy: str) -> dict[int, str]:
        """Year → rows that are named and not there: the year is unknown. Raises InputError as `series`."""
        return self._of(source, economy)[1]

    def _of(self, source: Source, economy: str) -> tuple[dict[int, float], dict[int, str]]:
        where = tuple(sorted((source.where or {}).items()))
        key = (source.file, source.value, repr(where))
        if key not in self._read:
            self._read[key] = self._all(source)
        table, lacks = self._read[key]
        whose = "" if "" in table or "" in lacks else economy
        return table.get(whose, {}), lacks.get(whose, {})

    def _all(self, source: Source) -> tuple[_ByYear[float], _ByYear[str]]:
        path = self.folder / source.file
        if not path.is_file():
            raise InputError("no such series", came=source.file, where=str(self.folder),
                             hint="a proxy needs every file it names")  # fmt: skip
        where = source.where or {}
        with path.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines, restval="")
            names = tuple(reader.fieldnames or ())
            rows = [(reader.line_num, row) for row in reader]
        year = next((name for name in _YEARS if name in names), "")
        value = source.value or next((name for name in _VALUES if name in names), "")
        missing = [name for name in (year or "year", value or "value", *where) if name not in names]
        if missing:
            raise InputError("columns are missing: " + ", ".join(missing), came=", ".join(names), where=source.file)
        others = [name for name in names if where and name not in (year, value, "iso3", *where)]
        parts = [name for name in others if not all(row[name] for _, row in rows)]
        cells: dict[str, dict[int, dict[tuple[str, ...], float]]] = {}
        for line, row in rows:
            fits = all(row[name] in texts for name, texts in where.items()) and not any(row[name] for name in parts)
            if not row[value] or not fits:
                continue
            place, key = f"{source.file}:{line}", tuple(row[name] for name in where)
            at, number = _whole(row[year], place), _real(row[value], place)
            own = cells.setdefault(row.get("iso3", ""), {}).setdefault(at, {})
            if key in own:
                raise InputError("one year has two values", came=" ".join((str(at), *filter(None, key))), where=place)
            own[key] = number
        wanted = tuple(product(*(dict.fromkeys(texts) for texts in where.values())))
        values: _ByYear[float] = {name: {} for name in cells}
        lacks: _ByYear[str] = {name: {} for name in cells}
        for name, years in cells.items():
            for at, own in years.items():
                if len(own) == len(wanted):
                    values[name][at] = math.fsum(own.values())
                else:
                    lacks[name][at] = ", ".join(" / ".join(filter(None, key)) for key in wanted if key not in own)
        return values, lacks


def lacking(data: PublicData, proxy: Proxy) -> tuple[str, ...]:
    """Files that a proxy needs and the folder does not have."""
    needed = dict.fromkeys(one.file for one in (*proxy.numerator, *proxy.denominator))
    return tuple(file for file in needed if not (data.folder / file).is_file())


def is_public(folder: Path) -> bool:
    """Whether a folder looks like public data rather than a plant's."""
    return any((folder / name).is_dir() for name in _MARKS)


def proxies(plan: TargetPlan | str | Path = USUAL) -> tuple[Proxy, ...]:
    """The proxies of a plan, in its order; () for a plan without any. Raises ConfigError with file, proxy and key."""
    own = load_plan(plan) if isinstance(plan, (str, Path)) else plan
    entries = read_file(own, "proxies.toml").get("proxy", [])
    return tuple(_proxy(own, entry, at) for at, entry in enumerate(entries))


def population_words(plan: TargetPlan) -> dict[str, tuple[str, ...]]:
    """Other populations than the plan's → words that name them in a report."""
    table = read_file(plan, "proxies.toml").get("populations", {})
    return {str(name): tuple(map(str, words)) for name, words in table.items()}


def proxy_levels(data: PublicData, proxy: Proxy, economy: str, *, carried: bool = True) -> tuple[Point, ...]:
    """The level of a proxy, year by year; a year in which any part is unknown is left out. () for another economy.

    carried  also years in which a part only repeats its last value to the last digit: carried forward, not measured
    """
    if proxy.economy and proxy.economy != economy:
        return ()
    above = [data.series(one, economy) for one in proxy.numerator]
    below = [data.series(one, economy) for one in proxy.denominator]
    years = set[int].intersection(*(set(one) for one in (*above, *below)))
    if not carried:
        years &= set[int].intersection(*(_moving(one) for one in (*above, *below)))
    points = []
    for year in sorted(years):
        under = math.prod(one[year] for one in below)
        if under > 0:
            value = proxy.factor * math.prod(one[year] for one in above) / under
            points.append(Point(year, value, source=proxy.reference))
    return tuple(points)


def proxy_signals(data: PublicData, proxy: Proxy, economy: str) -> tuple[Signal, ...]:
    """What is odd about a proxy and about each series that it is made of (`place` names the file)."""
    if proxy.economy and proxy.economy != economy:
        return ()
    found = list(series_signals(proxy_levels(data, proxy, economy, carried=False)))
    for source in (*proxy.numerator, *proxy.denominator):
        own = tuple(Point(year, value) for year, value in sorted(data.series(source, economy).items()))
        odd = [one for one in series_signals(own) if one.kind in ("repeated tail", "interpolated")]
        found += [replace(one, place=source.file) for one in odd]
        rows: dict[str, list[int]] = {}
        for year, what in sorted(data.lacking_rows(source, economy).items()):
            rows.setdefault(what, []).append(year)
        for what, years in rows.items():
            text = f"unknown in {', '.join(map(str, years))}: no row of {what}"
            found.append(Signal("missing rows", years[-1], text, {"rows": what}, place=source.file))
    return tuple(found)


def proxy_points(
    data: PublicData, proxy: Proxy, economy: str, indicator: Indicator, *, carried: bool = True
) -> tuple[Point, ...]:
    """The proxy as its indicator counts: a level, a cut in % against the base year, average growth in % a year.

    () where the base year is unknown, or a cut would be counted from a level that is not above zero.
    """
    found = proxy_levels(data, proxy, economy, carried=carried)
    base = next((one.value for one in found if one.year == indicator.base_year), None)
    if indicator.kind in ("cut", "change in points") and (base is None or (indicator.kind == "cut" and not base > 0)):
        return ()
    return measured(found, indicator)


# ---------------------------------------------------------------------------------------------------- how


def _moving(own: Mapping[int, float]) -> set[int]:
    points = tuple(Point(year, value) for year, value in sorted(own.items()))
    return {one.year for one in points[: len(points) - tail_length(points)]}


def _chained(growth: Mapping[int, float]) -> dict[int, float]:
    """An index from growth in % a year; it begins anew after a gap, so only the run that ends last is kept."""
    found: dict[int, float] = {}
    level = 100.0
    for year in sorted(growth):
        if found and year - 1 not in found:
            found, level = {}, 100.0
        level *= 1 + growth[year] / 100
        found[year] = level
    return found


def _proxy(plan: TargetPlan, entry: Any, at: int) -> Proxy:
    where = f"{plan.id}/proxies.toml [[proxy]] {entry.get('id', at + 1) if isinstance(entry, Mapping) else at + 1}"
    if not isinstance(entry, Mapping):
        raise ConfigError("not a table", came=repr(entry), where=where)
    unknown = sorted(set(entry) - _KEYS)
    missing = sorted({"id", "indicator", "name", "unit", "direction", "numerator", "doubt", "reference"} - set(entry))
    if unknown or missing:
        raise ConfigError("unknown or missing keys", came=", ".join((*unknown, *missing)), where=where,
                          expected=", ".join(sorted(_KEYS)))  # fmt: skip
    if entry["indicator"] not in plan.indicators:
        raise ConfigError("no such indicator", came=str(entry["indicator"]), where=where,
                          expected=", ".join(plan.indicators))  # fmt: skip
    if entry["direction"] not in ("up", "down"):
        raise ConfigError("no such direction", came=str(entry["direction"]), expected="up, down", where=where)
    return Proxy(
        str(entry["id"]), str(entry["indicator"]), _text(entry["name"], f"{where} name"), str(entry["unit"]),
        entry["direction"], tuple(_sources(entry["numerator"], f"{where} numerator")),
        tuple(_sources(entry.get("denominator", []), f"{where} denominator")), float(entry.get("factor", 1.0)),
        _text(entry["doubt"], f"{where} doubt"), str(entry["reference"]), str(entry.get("economy", "")),
    )  # fmt: skip


def _sources(entries: Any, where: str) -> Iterator[Source]:
    for entry in entries:
        unknown = sorted(set(entry) - _SOURCE_KEYS)
        if unknown or "file" not in entry:
            raise ConfigError("unknown key, or no file", came=", ".join(unknown) or "no file", where=where,
                              expected=", ".join(sorted(_SOURCE_KEYS)))  # fmt: skip
        chosen = {str(name): tuple(map(str, texts)) for name, texts in entry.get("where", {}).items()}
        yield Source(str(entry["file"]), str(entry.get("value", "")), chosen or None, bool(entry.get("chain", False)))


def _text(value: Any, where: str) -> Text:
    if not (isinstance(value, Sequence) and not isinstance(value, str) and len(value) == 3):
        raise ConfigError("a text has three languages", came=repr(value), expected="[zh, en, ko]", where=where)
    return Text(*map(str, value))


def _whole(text: str, where: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise InputError("not a year", came=text, where=where) from None


def _real(text: str, where: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise InputError("not a number", came=text, where=where) from None
    if not math.isfinite(number):
        raise InputError("not a number", came=text, where=where)
    return number
