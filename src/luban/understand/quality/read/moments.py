"""Times of a table: moments, or ordinals such as 1, 2, 3 that only give the order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any, Final
from zoneinfo import ZoneInfo

from luban.core.errors import InputError
from luban.core.time import from_datetime, parse_time
from luban.understand.quality.read.numbers import number_of, plain_numbers, text_of

__all__ = ["backwards", "moments_of", "order_keys"]

_WALL: Final = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,6})\d*)?)?)?\Z"
)
_DAY_FIRST: Final = re.compile(
    r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})(?:[ T,]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,6})\d*)?)?)?\Z"
)


def moments_of(cells: Sequence[Any], zone: ZoneInfo | None = None) -> list[int | None]:
    """µs UTC of each cell; None where it holds no moment.

    zone    of wall-clock times; UTC by default. 31.12.2026 is day first; 12/31/2026 month first where no cell of
            the column speaks against it; where both orders fit every cell of such a column, no moment is read
    Example moments_of(["2026-01-05 06:30"]) == [1767594600000000]
    """
    texts = [cell if isinstance(cell, datetime | date) else text_of(cell) for cell in cells]
    month_first = _month_first([text for text in texts if isinstance(text, str)])
    return [_moment(cell, zone or UTC, month_first) for cell in texts]


def order_keys(cells: Sequence[Any], zone: ZoneInfo | None = None) -> tuple[list[float | None], bool]:
    """What orders the rows, and whether these are moments [µs UTC]; else they are ordinals, or None throughout.

    Example order_keys(["1", "2", "10"]) == ([1.0, 2.0, 10.0], False)
    """
    quick = plain_numbers(cells)
    if quick is not None:
        return list(quick.tolist()), False
    numbers = [number_of(cell)[0] for cell in cells]
    held = [cell for cell in cells if text_of(cell)]
    if held and 2 * sum(number is not None for number in numbers) >= len(held):
        return list(numbers), False
    moments: list[float | None] = list(moments_of(cells, zone))
    if held and 2 * sum(moment is not None for moment in moments) >= len(held):
        return moments, True
    return [None] * len(cells), False


def backwards(keys: Sequence[float | None]) -> int | None:
    """Index of the first row that is earlier than one before it; None where the order holds."""
    known = [(at, key) for at, key in enumerate(keys) if key is not None]
    return next((at for (_, before), (at, key) in pairwise(known) if key < before), None)


def _month_first(texts: Sequence[str]) -> bool | None:
    """Whether 3/4/2026 is 4 March; None where nobody can say."""
    found = [match for text in texts if (match := _DAY_FIRST.match(text))]
    if any(match[2] == "." for match in found):
        return False
    firsts, seconds = [int(match[1]) for match in found], [int(match[3]) for match in found]
    if any(first > 12 for first in firsts):
        return False
    return True if any(second > 12 for second in seconds) else None


def _moment(cell: Any, zone: ZoneInfo | Any, month_first: bool | None) -> int | None:
    try:
        if isinstance(cell, datetime):
            return from_datetime(cell if cell.tzinfo else cell.replace(tzinfo=zone))
        if isinstance(cell, date):
            return from_datetime(datetime(cell.year, cell.month, cell.day, tzinfo=zone))
        found = _WALL.match(cell)
        if found:
            year, month, day, *clock = found.groups()
            return from_datetime(_built(year, month, day, clock, zone))
        found = _DAY_FIRST.match(cell)
        if found:
            first, _, second, year, *clock = found.groups()
            if month_first is None:
                return None
            month, day = (first, second) if month_first else (second, first)
            return from_datetime(_built(year, month, day, clock, zone))
        return parse_time(cell, zone) if len(cell) >= 8 else None
    except (ValueError, OverflowError, InputError):
        return None


def _built(year: str, month: str, day: str, clock: Sequence[str | None], zone: Any) -> datetime:
    hour, minute, second = (int(part or 0) for part in clock[:3])
    fraction = int((clock[3] or "").ljust(6, "0"))
    return datetime(int(year), int(month), int(day), hour, minute, second, fraction, tzinfo=zone)
