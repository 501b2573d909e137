"""Values as a planner writes them: `1 h 30 min`, `2026-11-23T06:30`, `lathe-1 | lathe-2 = 2 h`, `crew = 2`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from luban.core.errors import InputError
from luban.core.time import parse_duration
from luban.plant.calendar import parse_clock
from luban.twin.load.fields import UNREADABLE, Shown

__all__ = [
    "TIME_UNITS",
    "Alternatives",
    "Clock",
    "Lag",
    "Moment",
    "Name",
    "Needs",
    "Span",
    "Text",
    "Work",
    "bare_number",
    "parse_span",
]

TIME_UNITS = {
    "us": "us", "µs": "us", "ms": "ms",
    "s": "s", "sec": "s", "second": "s", "seconds": "s", "秒": "s", "초": "s",
    "min": "min", "mins": "min", "minute": "min", "minutes": "min", "分钟": "min", "分": "min", "분": "min",
    "h": "h", "hr": "h", "hrs": "h", "hour": "h", "hours": "h", "小时": "h", "时": "h", "시간": "h",
    "d": "d", "day": "d", "days": "d", "天": "d", "日": "d", "일": "d",
}  # fmt: skip
"""Spellings of units of time, in a header or after a number."""

_BARE = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_WORD = re.compile(r"(?<=[\d\s])([^\W\d_]+)\.?")
_DURATION_WANTED = "a number with its unit, e.g. 90 min or 1.5 h"


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time [µs], or a bare number where no unit was given."""

    value: float
    bare: bool = False

    def __str__(self) -> str:
        return f"{self.value:g}" if self.bare else f"{self.value / 1e6:g} s"


def bare_number(text: str) -> float | None:
    """The number that a text is; None where it is something else."""
    return float(text) if _BARE.fullmatch(text.strip()) else None


def parse_span(value: Any) -> Span:
    """A length of time from `90 min`, `1 h 30 min`, `2 小时`, or a bare number. Raises InputError.

    Example  >>> parse_span("1.5 h")
             Span(value=5400000000, bare=False)
    """
    if isinstance(value, Span):
        return value
    if isinstance(value, time):
        value = f"{value.hour * 3600 + value.minute * 60 + value.second} s"
    if isinstance(value, int | float):
        return Span(float(value), bare=True)
    return _span(str(value).strip())


@lru_cache(4096)
def _span(text: str) -> Span:
    number = bare_number(text)
    if number is not None:
        return Span(number, bare=True)
    sign = -1 if text.startswith("-") else 1
    plain = _WORD.sub(lambda found: TIME_UNITS.get(found[1].lower(), found[1]), text.removeprefix("-"))
    try:
        return Span(sign * parse_duration(plain))
    except InputError as error:
        raise InputError("not a duration", came=repr(text), expected=_DURATION_WANTED) from error


def _reader(read: Callable[[Any], Any]) -> BeforeValidator:
    """A validator that keeps what came, what was expected and the hint of an InputError."""

    def validate(value: Any) -> Any:
        if isinstance(value, bool):
            context = {"said": "not acceptable", "came": repr(value), "expected": "text or a number", "hint": ""}
            raise PydanticCustomError(UNREADABLE, "{said}", context)
        try:
            return read(value)
        except InputError as error:
            context = {"said": error.message, "came": error.came, "expected": error.expected, "hint": error.hint}
            raise PydanticCustomError(UNREADABLE, "{said}", context) from None

    return BeforeValidator(validate)


def _work(value: Any) -> Span:
    span = parse_span(value)
    if not 0 < span.value < float("inf"):
        raise InputError("a time of nothing or less", came=str(value), expected="above 0")
    return span


def _lag(value: Any) -> Span:
    span = parse_span(value)
    if not 0 <= span.value < float("inf"):
        raise InputError("a negative time", came=str(value), expected="0 or above")
    return span


def _moment(value: Any) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, int | float | str) and str(value).strip():
        return str(value).strip()
    raise InputError("not a time", came=repr(value), expected="ISO 8601, e.g. 2026-11-23T06:30")


def _clock(value: Any) -> int:
    if isinstance(value, time):
        return value.hour * 60 + value.minute
    if isinstance(value, int | float) and 0 <= value <= 1:
        return round(value * 1440)
    return parse_clock(str(value))


def _parts(value: Any) -> list[tuple[str, str]]:
    """`a | b = 2` as names with what follows their =."""
    raw = value if isinstance(value, list) else re.split(r"[|;；]", str(value))
    found = []
    for part in raw:
        name, _, rest = str(part).partition("=")
        if name.strip():
            found.append((name.strip(), rest.strip()))
    names = [name for name, _ in found]
    twice = next((name for at, name in enumerate(names) if name in names[:at]), None)
    if twice is not None:
        raise InputError("a name given twice", came=twice, expected="each name once")
    return found


def _alternatives(value: Any) -> dict[str, Span | None]:
    return _machines(value) if isinstance(value, str) else _machines(" | ".join(map(str, _many(value))))


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [_plain(value)]


@lru_cache(65536)
def _machines(value: str) -> dict[str, Span | None]:
    found = {name: _work(rest) if rest else None for name, rest in _parts(value)}
    if not found:
        raise InputError("no machine", came=repr(value), expected="lathe-1, or lathe-1 | lathe-2 = 2 h")
    return found


def _needs(value: Any) -> dict[str, int]:
    if isinstance(value, dict):
        value = [f"{name} = {amount}" for name, amount in value.items()]
    found = {}
    for name, rest in _parts(value):
        number = bare_number(rest or "1")
        if number is None or not 1 <= number <= 1e9 or number != int(number):
            raise InputError("not a number of units", came=rest, expected="1 or more, e.g. crew = 2")
        found[name] = int(number)
    return found


_TEXT = WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "number"}]})
_LIST = WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]})
_TABLE = WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "object"}]})


def _plain(value: Any) -> Any:
    """Numbers are as good as their text: an order may be called 1001."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip() if isinstance(value, int | float | str) and not isinstance(value, bool) else value


Text = Annotated[str, BeforeValidator(_plain), Field(min_length=1), WithJsonSchema({"type": "string"})]
"""A name."""
Name = Annotated[str, BeforeValidator(_plain), WithJsonSchema({"type": "string"})]
"""A name, or '' for none."""
Work = Annotated[Span, _reader(_work), _TEXT, Shown("duration", "s")]
"""A length of time above zero."""
Lag = Annotated[Span, _reader(_lag), _TEXT, Shown("duration", "s")]
"""A length of time, zero or above."""
Moment = Annotated[str, _reader(_moment), _TEXT, Shown("time", "ISO 8601")]
"""A time as text; what it means depends on the zone."""
Clock = Annotated[int, _reader(_clock), WithJsonSchema({"type": "string"}), Shown("time of day", "HH:MM")]
"""A time of day [min after midnight]."""
Alternatives = Annotated[dict[str, Span | None], _reader(_alternatives), _LIST, Shown("machines", "")]
"""Machines, each with its own time where one is given."""
Needs = Annotated[dict[str, int], _reader(_needs), _TABLE, Shown("units of pools", "1")]
"""Units of second resources."""
