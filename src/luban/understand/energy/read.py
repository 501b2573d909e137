"""Meters, replacements and readings from files: CSV, Excel or Parquet with a header, in any order of columns."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from luban.core.errors import ConfigError, InputError
from luban.core.time import parse_duration
from luban.understand.energy.meters import Meter, Reading, Swap, exact
from luban.understand.quality.data import Excluded
from luban.understand.quality.read import Columns
from luban.understand.quality.read.moments import moments_of
from luban.understand.quality.read.named import named_columns, roles_in
from luban.understand.quality.read.numbers import decimal_comma, text_of

__all__ = ["METER_COLUMNS", "READING_COLUMNS", "read_meters", "read_readings", "read_swaps", "readings_of"]

READING_COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "time": ("time", "timestamp", "date", "datetime", "时间", "日期", "시간", "일시"),
    "meter": ("meter", "subject", "meter id", "表计", "电表", "仪表", "계량기", "미터"),
    "register": ("register", "reading", "counter", "读数", "表底", "지침", "검침값"),
    "interval": ("interval", "consumption", "usage", "amount", "用量", "消耗", "사용량", "소비량"),
    "start": ("start", "from", "开始", "시작"),
    "unit": ("unit", "measured in", "单位", "단위"),
    "medium": ("medium", "介质", "能源种类", "매체", "에너지원"),
    "quality": ("quality", "质量", "품질"),
}
"""Role of a column → what its header may say."""

METER_COLUMNS: Final = (
    "id",
    "medium",
    "unit",
    "parent",
    "feeds",
    "capacity",
    "rated",
    "error",
    "every",
    "place",
    "heat",
)
"""Columns of meters.csv; id, medium and unit are needed."""

_SWAPS: Final = ("meter", "time", "last", "first")
_BEYOND: Final = 1e30
_YES: Final = frozenset({"yes", "true", "1", "x", "是", "예"})


def read_readings(
    path: Path, *, sheet: str = "", zone: ZoneInfo | None = None, columns: Mapping[str, str] | None = None
) -> tuple[dict[str, list[Reading]], tuple[Excluded, ...]]:
    """Readings by meter, and the rows that are none.

    zone     of wall-clock times; UTC by default
    columns  role → header, where it is called otherwise
    A file without a column of meters is of one meter, named as the file. A column that names its unit, as in
    "register [MWh]", gives the unit where no column does.
    Raises   InputError: no file, no column of times, none of amounts
    """
    table = _table(path, sheet)
    named = _roles(table, READING_COLUMNS, dict(columns or {}))
    if "time" not in named or not {"register", "interval"} & set(named):
        expected = "a column of times, and one called register or interval"
        raise InputError(
            "no meter readings in the file", came=", ".join(table.cells), expected=expected, where=str(path)
        )
    times = moments_of(table.cells[named["time"]], zone)
    starts = moments_of(table.cells[named["start"]], zone) if "start" in named else [None] * len(table)
    found: dict[str, list[Reading]] = {}
    excluded: list[Excluded] = []
    commas = _commas(table, named, ("register", "interval"))
    for row, (time, start) in enumerate(zip(times, starts, strict=True)):
        told = {role: text_of(table.cells[column][row]) for role, column in named.items()}
        role = "register" if told.get("register") else "interval"
        unit = told.get("unit") or table.units.get(named.get(role, ""), "")
        column = named["time"] if time is None else named.get(role, named["time"])
        if time is None:
            excluded.append(Excluded(table.place(row, column), column, told["time"], "no time"))
            continue
        try:
            amount = _amount(told.get(role, ""), comma=commas.get(role, False))
            quality = int(float(told.get("quality") or 0))
        except (InputError, ValueError, OverflowError):
            excluded.append(Excluded(table.place(row, column), column, told.get(role, ""), "not a number"))
            continue
        register, interval = (amount, None) if role == "register" else (None, amount)
        reading = Reading(time, register, interval, start, unit, quality, row + 1, told.get("medium", ""))
        found.setdefault(told.get("meter") or path.stem, []).append(reading)
    return found, tuple(excluded)


def readings_of(rows: list[dict[str, Any]]) -> dict[str, list[Reading]]:
    """Readings by meter from facts of the stream `meter`."""
    found: dict[str, list[Reading]] = {}
    for row in rows:
        register, interval = (_said(row[key]) for key in ("register", "interval"))
        reading = Reading(
            row["time"], register, None if register is not None else interval, row["start"], row["measured_in"],
            row["quality"], row["seq"], row["medium"],
        )  # fmt: skip
        found.setdefault(row["subject"], []).append(reading)
    return found


def _said(value: float | None) -> Decimal | None:
    """The number; None for what is none, which `consumption` then names."""
    return exact(value) if value is not None and math.isfinite(value) and abs(value) < _BEYOND else None


def read_meters(path: Path, sheet: str = "") -> tuple[Meter, ...]:
    """The meters of a table with METER_COLUMNS. Raises InputError with the row for what is no meter."""
    table = _table(path, sheet)
    named = _roles(table, {name: (name,) for name in METER_COLUMNS}, {})
    if lacking := [name for name in ("id", "medium", "unit") if name not in named]:
        raise InputError(
            "a column is missing", came=", ".join(table.cells), expected=", ".join(lacking), where=str(path)
        )
    commas = _commas(table, named, ("capacity", "rated", "error", "heat"))
    found: dict[str, Meter] = {}
    for row in range(len(table)):
        told = {name: text_of(table.cells[column][row]) for name, column in named.items()}
        place = table.place(row)
        try:
            meter = _meter(told, commas)
        except (InputError, ValueError) as error:
            raise InputError("this row is no meter", came=str(error), where=place) from None
        if not meter.id or meter.id in found:
            raise ConfigError("a meter has a name of its own", came=meter.id or "none", where=place)
        found[meter.id] = meter
    return tuple(found.values())


def read_swaps(path: Path, zone: ZoneInfo | None = None) -> dict[str, list[Swap]]:
    """Replacements by meter from a table of meter, time, last, first. Raises InputError with the row."""
    table = _table(path)
    named = _roles(table, {name: (name,) for name in _SWAPS}, {})
    if lacking := [name for name in ("meter", "time", "last") if name not in named]:
        raise InputError(
            "a column is missing", came=", ".join(table.cells), expected=", ".join(lacking), where=str(path)
        )
    commas = _commas(table, named, ("last", "first"))
    found: dict[str, list[Swap]] = {}
    for row, time in enumerate(moments_of(table.cells[named["time"]], zone)):
        told = {name: text_of(table.cells[column][row]) for name, column in named.items()}
        try:
            last = _amount(told["last"], comma=commas["last"])
            first = _amount(told.get("first", ""), comma=commas.get("first", False))
        except InputError as error:
            raise InputError(error.message, came=error.came, where=table.place(row)) from None
        if time is None or last is None:
            came = f"{told['time']}, {told['last']}"
            raise InputError("a replacement has a time and a last reading", came=came, where=table.place(row))
        found.setdefault(told["meter"], []).append(Swap(time, last, first or Decimal(0)))
    return found


def _roles(table: Columns, names: Mapping[str, tuple[str, ...]], given: Mapping[str, str]) -> dict[str, str]:
    return roles_in(table.names, names) | {role: table.find(header) for role, header in given.items() if header}


def _commas(table: Columns, named: Mapping[str, str], roles: Sequence[str]) -> dict[str, bool]:
    """Role → its column has decimal commas."""
    return {role: decimal_comma(table.cells[named[role]], table.delimiter) for role in roles if role in named}


def _amount(text: str, *, comma: bool = False) -> Decimal | None:
    if not text:
        return None
    return exact(text.replace(" ", "").translate({ord("."): None, ord(","): "."} if comma else {ord(","): None}))


def _table(path: Path, sheet: str = "") -> Columns:
    """The table; its header is the first row of two cells or more."""

    def is_header(names: Sequence[str]) -> bool:
        held = [name for name in names if name]
        if len(set(held)) < len(held):
            raise InputError("two columns of one name", came=", ".join(names), where=str(path))
        return len(held) > 1

    table = named_columns(path, is_header, sheet)
    if table is None:
        raise InputError("no table in the file", where=str(path), expected="a row of column names, and rows below it")
    return table


def _meter(told: Mapping[str, str], commas: Mapping[str, bool]) -> Meter:
    every = told.get("every", "")
    known = {name: _amount(told.get(name, ""), comma=comma) for name, comma in commas.items()}
    error = known.get("error")
    return Meter(
        told["id"],
        told["medium"],
        told["unit"],
        told.get("parent", ""),
        told.get("feeds", "").casefold() in _YES,
        known.get("capacity"),
        known.get("rated"),
        None if error is None else float(error),
        parse_duration(every) if every else None,
        told.get("place", ""),
        known.get("heat"),
    )
