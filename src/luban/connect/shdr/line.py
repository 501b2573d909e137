r"""One SHDR line: `time|key|value|key|value …`, cut and understood.

    2022-08-08T13:51:36.77Z|pexecution|ACTIVE|S1load|12       values
    2022-08-08T13:51:36.77Z|system|FAULT|2218|HIGH|LOW|text   a condition: level, code, severity, qualifier, text
    2022-08-08T13:51:36.77Z|msg|A12|Door open                 a message: code, text
    2022-08-08T13:51:36.77Z|vib|3|100|1.0 1.1 1.2             a time series: count, rate [1/s], values
    2022-08-08T13:51:36.77Z@12.5|avg|3.2                      a duration [s]
    1500.2|key|value  and  |key|value                         relative [ms], and no time at all
    2022-08-08T13:51:36.77Z|note|"a \| b"                     a value that holds a pipe

Source  MTConnect Standard Part 1 (adapter protocol) and the rules of the reference agent
        (cppagent 708116fb: shdr_tokenizer, timestamp_extractor, shdr_token_mapper)
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

from luban.connect.mtconnect.model import DataItem, DeviceModel, names_of
from luban.connect.mtconnect.observation import LEVELS, Observation
from luban.core.errors import InputError, PayloadError
from luban.core.time import MILLISECOND, parse_time

__all__ = ["AdapterClock", "Reader", "fields_of"]

_UTC = ZoneInfo("UTC")
_KEY = re.compile(r"[^\s|<>\x00-\x1f\x7f�][^|<>\x00-\x1f\x7f�]*\Z")
_ENTRY = re.compile(r"""([^\s=]+)(?:=(?:\{([^}]*)\}|"([^"]*)"|'([^']*)'|(\S*)))?""")
_LONGEST = 1e12  # a relative time beyond it [ms] is none: that is 31 years
_CONDITION = 5  # level, code, severity, qualifier, text


def fields_of(line: str) -> list[str]:
    r"""The fields between the pipes, trimmed; `"a \| b"` is one field.

    A quote counts only if its closing one ends the field; else it is an ordinary character.
    """
    if '"' not in line:
        return [field.strip() for field in line.split("|")]
    fields = []
    position = 0
    while True:
        while position < len(line) and line[position].isspace():
            position += 1
        quoted = _quoted(line, position) if line[position : position + 1] == '"' else None
        if quoted is None:
            end = line.find("|", position)
            end = len(line) if end < 0 else end
            fields.append(line[position:end].strip())
        else:
            text, end = quoted
            fields.append(text.strip())
        if end >= len(line):
            return fields
        position = end + 1


def _quoted(line: str, start: int) -> tuple[str, int] | None:
    """(text, position of the pipe or end after it) of a quoted field; None if its quote never closes."""
    text: list[str] = []
    position = start + 1
    while position < len(line):
        char = line[position]
        if char == "\\" and position + 1 < len(line):
            text.append(line[position + 1])
            position += 2
            continue
        if char == "|":
            return None
        if char == '"':
            end = position + 1
            while end < len(line) and line[end].isspace():
                end += 1
            if end == len(line) or line[end] == "|":
                return "".join(text), end
            return None
        text.append(char)
        position += 1
    return None


class AdapterClock:
    """Times of one connection.

    relative  take the adapter's first time as the arrival of its line and shift all others alike;
              a time that is a plain number of milliseconds is always relative
    """

    def __init__(self, *, relative: bool = False) -> None:
        self._relative = relative
        self._shift: int | None = None

    def read(self, text: str, arrival: int) -> int:
        """Time of a line [µs UTC]; its arrival where it carries none. Raises PayloadError."""
        stamp = text.partition("@")[0].strip()
        if not stamp:
            return arrival
        if "T" in stamp:
            try:
                time = parse_time(stamp, _UTC)
            except InputError as error:
                raise PayloadError("not a time", came=text[:40], expected="ISO 8601") from error
            return self._shifted(time, arrival) if self._relative else time
        try:
            elapsed = float(stamp)
        except ValueError:
            elapsed = math.nan
        if not abs(elapsed) < _LONGEST:
            raise PayloadError("not a time", came=text[:40], expected="ISO 8601 or milliseconds")
        return self._shifted(round(elapsed * MILLISECOND), arrival)

    def _shifted(self, time: int, arrival: int) -> int:
        if self._shift is None:
            self._shift = arrival - time
        return time + self._shift


class Reader:
    """Turns the fields of lines into observations.

    model  what the devices file says of each key; None: kinds are told by the shape of the line
    """

    def __init__(self, model: DeviceModel | None = None) -> None:
        self._items = model.by_key if model is not None else {}
        self._conditions: set[str] = set()

    def read(self, fields: Sequence[str], time: int) -> Iterator[Observation]:
        """Observations of the fields after the time, one by one.

        Raises PayloadError at the first key or value that is missing; what came before it stands.
        """
        position = 0
        while position < len(fields):
            key = fields[position]
            rest = fields[position + 1 :]
            if not key and not any(rest):
                break
            if not _KEY.match(key):
                raise PayloadError("not a key", came=repr(key[:40]), expected="time|key|value")
            if not rest:
                raise PayloadError("a key without a value", came=repr(key))
            item = self._items.get(key) or self._items.get(key.partition(":")[2])
            seen, used = self._one(key, rest, time, item)
            yield seen
            position += 1 + used

    def _one(self, key: str, rest: Sequence[str], time: int, item: DataItem | None) -> tuple[Observation, int]:
        """(observation, fields used after the key)."""
        names = (key, *names_of(item)) if item is not None else (key, key.partition(":")[2] or key)
        kind = _kind(item) if item is not None else self._guessed(key, rest)
        if kind == "condition":
            self._conditions.add(key)
            level, code, severity, qualifier, text = (*rest[:_CONDITION], *[""] * _CONDITION)[:_CONDITION]
            if level.upper() not in LEVELS:
                raise PayloadError("unknown condition", came=f"{key} {level[:40]!r}", expected=", ".join(LEVELS))
            seen = Observation(names, time, text, item, level.upper(), code, severity, qualifier)
            return seen, min(_CONDITION, len(rest))
        if kind == "message" and len(rest) > 1:
            return Observation(names, time, _available(rest[1]), item, code=rest[0]), 2
        if kind == "alarm" and len(rest) >= _CONDITION:
            return Observation(names, time, _available(rest[4]), item, code=rest[0]), _CONDITION
        if kind == "series":
            return _series(names, rest, time, item)
        if kind == "set":
            return _data_set(names, rest[0], time, item), 1
        return Observation(names, time, _value(rest[0], item), item), 1

    def _guessed(self, key: str, rest: Sequence[str]) -> str:
        """What a line without a device model must be, by its shape."""
        if len(rest) == _CONDITION and rest[0].upper() in LEVELS:
            sure = rest[0].upper() != "UNAVAILABLE" or not rest[1]
            if sure or key in self._conditions:
                return "condition"
        if len(rest) == 2 and rest[1]:
            return "message"
        if len(rest) == 3 and rest[0].isdecimal() and len(rest[2].split()) == int(rest[0]) > 1:
            return "series"
        return "value"


def _kind(item: DataItem) -> str:
    if item.category == "CONDITION":
        return "condition"
    if item.representation in {"DATA_SET", "TABLE"}:
        return "set"
    if item.representation == "TIME_SERIES":
        return "series"
    return {"MESSAGE": "message", "ALARM": "alarm"}.get(item.kind, "value") if item.category == "EVENT" else "value"


def _available(text: str) -> str | None:
    return None if text.upper() == "UNAVAILABLE" else text


def _value(text: str, item: DataItem | None) -> str | None:
    """The text, in the agent's unit where the adapter's native unit differs."""
    if item is None or item.category != "SAMPLE" or text.upper() == "UNAVAILABLE":
        return _available(text)
    if not text:
        return None
    words = text.split() if item.three else [text]
    try:
        numbers = [float(word) for word in words]
    except ValueError:
        return text
    changed = [item.converted(number) for number in numbers]
    return text if changed == numbers else " ".join(repr(number) for number in changed)


def _series(names: tuple[str, ...], rest: Sequence[str], time: int, item: DataItem | None) -> tuple[Observation, int]:
    if len(rest) < 3:
        return Observation(names, time, _available(rest[0]), item), len(rest)
    try:
        rate = float(rest[1]) if rest[1] else 0.0
    except ValueError as error:
        raise PayloadError("not a rate", came=rest[1][:40], expected="samples a second") from error
    words = rest[2].split()
    if item is not None:
        try:
            words = [word if (new := item.converted(float(word))) == float(word) else repr(new) for word in words]
        except ValueError as error:
            raise PayloadError("not a time series", came=rest[2][:40], expected="numbers") from error
    return Observation(names, time, _available(" ".join(words)), item, rate=rate, series=True), 3


def _data_set(names: tuple[str, ...], text: str, time: int, item: DataItem | None) -> Observation:
    """`a=1 b={two words}`; a leading `:RESET` says that older entries are void."""
    if text.upper() == "UNAVAILABLE":
        return Observation(names, time, None, item)
    if text.startswith(":"):
        text = text.partition(" ")[2]
    entries = {}
    for found in _ENTRY.finditer(text):
        entries[found[1]] = next((part for part in found.groups()[1:] if part is not None), "")
    return Observation(names, time, None, item, entries=entries)
