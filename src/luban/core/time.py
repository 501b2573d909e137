"""Time: int64 microseconds since 1970-01-01 UTC everywhere inside.

A plant's time zone and calendar belong to `plant`; here is only the count and its text.
"""

from __future__ import annotations

import re
import time as _time
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from luban.core.errors import InputError

__all__ = [
    "DAY",
    "HOUR",
    "MILLISECOND",
    "MINUTE",
    "SECOND",
    "from_datetime",
    "iso",
    "now",
    "parse_duration",
    "parse_time",
    "to_datetime",
]

MILLISECOND: Final = 1_000
SECOND: Final = 1_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FRACTION = re.compile(r"\.(\d{7,})")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(us|ms|min|s|h|d)")
_DURATION_UNITS = {"us": 1, "ms": MILLISECOND, "s": SECOND, "min": MINUTE, "h": HOUR, "d": DAY}


def now() -> int:
    """The machine's clock [µs UTC]."""
    return _time.time_ns() // 1_000


def from_datetime(moment: datetime) -> int:
    """Exact µs of an aware datetime. Raises InputError for a naive one: its zone is unknown."""
    if moment.tzinfo is None:
        raise InputError("time without a zone", came=moment.isoformat(), expected="an offset or a time zone")
    return (moment - _EPOCH) // timedelta(microseconds=1)


def to_datetime(moment: int, zone: ZoneInfo | None = None) -> datetime:
    """Aware datetime of a µs count, in `zone` (UTC by default)."""
    return (_EPOCH + timedelta(microseconds=moment)).astimezone(zone or UTC)


def iso(moment: int, zone: ZoneInfo | None = None) -> str:
    """ISO 8601 text with the zone's offset: '1970-01-01T00:00:00+00:00' for 0."""
    return to_datetime(moment, zone).isoformat()


def parse_time(text: str, zone: ZoneInfo | None = None) -> int:
    """µs UTC of an ISO 8601 text; digits beyond the microsecond are cut.

    zone    read a text without offset as wall clock of this zone; None refuses such a text
    Raises  InputError
    Example parse_time("2022-08-08T13:51:34.7167146Z") == 1659966694716714
    """
    try:
        moment = datetime.fromisoformat(_FRACTION.sub(lambda m: "." + m[1][:6], text.strip()))
    except ValueError as error:
        raise InputError("not a time", came=repr(text), expected="ISO 8601, e.g. 2026-11-24T06:30:00+08:00") from error
    if moment.tzinfo is None and zone is not None:
        moment = moment.replace(tzinfo=zone)
    return from_datetime(moment)


def parse_duration(text: str) -> int:
    """µs of '250ms', '90 s', '1h 30min', '2d'. Raises InputError.

    Example parse_duration("1h 30min") == 5_400_000_000
    """
    found = _DURATION.findall(text)
    if not found or _DURATION.sub("", text).strip():
        raise InputError("not a duration", came=repr(text), expected="a number with us, ms, s, min, h or d, e.g. 90s")
    return sum(round(float(number) * _DURATION_UNITS[unit]) for number, unit in found)
