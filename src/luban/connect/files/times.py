"""Times as people and programs write them into files."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from luban.core.errors import InputError
from luban.core.time import SECOND, from_datetime, parse_time

__all__ = ["reader"]

_EXCEL_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001  # a wall clock; the zone comes from the settings
_WALL = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?[ T]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,6})\d*)?)?\Z"
)
_UNIX = {"unix_s": SECOND, "unix_ms": 1000}


def reader(time_format: str, zone: ZoneInfo | None) -> Callable[[Any], int]:
    """A function from a cell to µs UTC; it raises InputError.

    time_format  as in the settings
    zone         of wall-clock times

    Read by `auto`: ISO 8601; 2026/1/5 6:30 and 2026年1月5日 6:30:00; dates of a workbook; its serial numbers.
    """
    if time_format in _UNIX:
        return lambda cell: round(_float(cell) * _UNIX[time_format])
    if time_format == "excel":
        return lambda cell: _wall(_serial(_float(cell)), zone)
    if time_format != "auto":
        return lambda cell: _pattern(str(cell).strip(), time_format, zone)
    return lambda cell: _auto(cell, zone)


def _auto(cell: Any, zone: ZoneInfo | None) -> int:
    if isinstance(cell, datetime):
        return _wall(cell, zone)
    if isinstance(cell, date):
        return _wall(datetime(cell.year, cell.month, cell.day), zone)  # noqa: DTZ001
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        if not 1 <= cell < 200_000:  # to the year 2447
            raise InputError(
                "not a time", came=repr(cell), expected="a date", hint='time_format = "unix_s" or "unix_ms"?'
            )
        return _wall(_serial(float(cell)), zone)
    text = str(cell or "").strip()
    found = _WALL.match(text)
    if found:
        year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
        fraction = int((found[7] or "").ljust(6, "0"))
        try:
            moment = datetime(year, month, day, hour, minute, second, fraction)  # noqa: DTZ001
        except ValueError as error:
            raise InputError("not a time", came=repr(text), expected="a date that exists") from error
        return _wall(moment, zone)
    if zone is None and text:
        parse_time(text, ZoneInfo("UTC"))  # if it is no time at all, that is the complaint
    try:
        return parse_time(text, zone)
    except InputError as error:
        raise _zoneless(text) if "zone" in error.message else error from error


def _wall(moment: datetime, zone: ZoneInfo | None) -> int:
    if moment.tzinfo is not None:
        return from_datetime(moment)
    if zone is None:
        raise _zoneless(moment.isoformat(" "))
    aware = moment.replace(tzinfo=zone)
    if aware.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != moment:
        raise InputError(
            "a wall-clock time that did not exist",
            came=f"{moment} {zone.key}",
            expected="a time outside the hour that summer time leaves out",
        )
    return from_datetime(aware)


def _zoneless(text: str) -> InputError:
    return InputError(
        "time without a zone",
        came=repr(text),
        expected="an offset such as +08:00",
        hint='set time_zone = "Asia/Shanghai" or another',
    )


def _serial(days: float) -> datetime:
    return _EXCEL_EPOCH + timedelta(milliseconds=round(days * 86_400_000))


def _pattern(text: str, pattern: str, zone: ZoneInfo | None) -> int:
    try:
        moment = datetime.strptime(text, pattern)  # noqa: DTZ007
    except ValueError as error:
        raise InputError("not a time", came=repr(text), expected=f"as in {pattern}") from error
    return _wall(moment, zone)


def _float(cell: Any) -> float:
    try:
        return float(cell)
    except (TypeError, ValueError) as error:
        raise InputError("not a time", came=repr(cell), expected="a number") from error
