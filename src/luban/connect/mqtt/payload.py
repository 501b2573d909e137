"""Values out of a message: `topic#path.in[0].json`, or `topic` for the whole payload.

`#` cannot occur in a topic, so it parts the two without doubt.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from luban.connect.wire import Sample, Value
from luban.core.errors import ConfigError, InputError, PayloadError
from luban.core.quality import Quality
from luban.core.time import MILLISECOND, SECOND, parse_time

__all__ = [
    "MISSING",
    "Address",
    "Encoding",
    "TimeFormat",
    "document",
    "leaves",
    "parse_address",
    "parse_path",
    "read_time",
    "records",
]

TimeFormat = Literal["auto", "iso", "s", "ms", "us"]
Encoding = Literal["utf-8", "gbk"]
MISSING: Final = object()

_STEP = re.compile(r"""\.?(?:([^.\[\]"]+)|\[(\d+)\]|\["([^"]+)"\])""")
_LARGEST_EXACT: Final = 1 << 63


@dataclass(frozen=True, slots=True)
class Address:
    """One address of a source, taken apart."""

    text: str
    topic: str
    path: tuple[str | int, ...]

    def find(self, root: Any) -> Any:
        """What lies at the path; MISSING where nothing does."""
        return _walk(root, self.path)

    def sample(self, root: Any, time: int, quality: Quality) -> Sample:
        """The value at the path as a sample. Raises PayloadError."""
        found = self.find(root)
        if found is MISSING:
            raise PayloadError(f"nothing at {self.text.partition('#')[2]!r}")
        if found is None:
            return Sample(self.text, time, None, Quality.UNAVAILABLE)
        return Sample(self.text, time, _value(found), quality)


@lru_cache(maxsize=10_000)
def parse_address(text: str) -> Address:
    """`factory/lathe01/data#spindle.load[0]` taken apart. Raises ConfigError."""
    topic, mark, path = text.partition("#")
    if not topic or "+" in topic or "\0" in topic or (mark and not path):
        raise ConfigError("not an MQTT address", came=repr(text), expected="topic#path.in.json, or topic alone")
    return Address(text, topic, parse_path(path))


@lru_cache(maxsize=10_000)
def parse_path(path: str) -> tuple[str | int, ...]:
    """Steps of `a.b[0]["x.y"]`. Raises ConfigError."""
    steps: list[str | int] = []
    position = 0
    while position < len(path):
        found = _STEP.match(path, position)
        if found is None:
            raise ConfigError("not a path", came=repr(path), expected='names and indices, e.g. axes[0].load or ["a.b"]')
        steps.append(found[1] or found[3] or int(found[2]))
        position = found.end()
    return tuple(steps)


def _walk(root: Any, path: Sequence[str | int]) -> Any:
    for step in path:
        if isinstance(root, dict):
            root = root.get(str(step), MISSING)
        elif isinstance(root, list) and str(step).isdecimal() and int(step) < len(root):
            root = root[int(step)]
        else:
            return MISSING
        if root is MISSING:
            return MISSING
    return root


def _value(found: Any) -> Value:
    if isinstance(found, str | bool | float):
        return found
    if isinstance(found, int):
        if abs(found) >= _LARGEST_EXACT:
            try:
                return float(found)
            except OverflowError as error:
                raise PayloadError("number too large") from error
        return found
    raise PayloadError(f"a structure, not a value: {'list' if isinstance(found, list) else 'object'}")


def document(payload: bytes, encoding: Encoding = "utf-8", most: int = 1_048_576) -> Any:
    """The payload as JSON, or as text where it is no JSON at all.

    most    longest payload taken [bytes]
    Raises  PayloadError: too long, no text, or an object or list that is not JSON
    """
    if len(payload) > most:
        raise PayloadError(f"longer than {most} bytes")
    try:
        text = payload.decode("gb18030" if encoding == "gbk" else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise PayloadError(f"not {encoding.upper()} text") from error
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        if text.lstrip()[:1] in ("{", "["):
            raise PayloadError(f"not JSON: {error}") from error
        return text.strip()


def records(root: Any, path: Sequence[str | int]) -> Sequence[Any]:
    """The records in a message: a list of objects is a batch, unless the path itself picks one."""
    batch = isinstance(root, list) and root and path and not str(path[0]).isdecimal()
    return root if batch else (root,)


def read_time(root: Any, path: Sequence[str | int], form: TimeFormat, zone: ZoneInfo | None) -> int:
    """Source time in a record [µs UTC]. Raises PayloadError.

    form  auto: text is ISO 8601, a number is s, ms or µs since 1970 by its size
    zone  zone of an ISO text without offset; None refuses it
    """
    found = _walk(root, path)
    if isinstance(found, str) and form != "iso":
        try:
            found = float(found) if "." in found else int(found)
        except ValueError:
            if form != "auto":
                raise PayloadError(f"time {found!r} is no number") from None
    if isinstance(found, str):
        try:
            return parse_time(found, zone)
        except InputError as error:
            raise PayloadError(f"time {found!r}: {error.message}") from error
    if form == "iso" or isinstance(found, bool) or not isinstance(found, int | float):
        raise PayloadError("no time where time_path points")
    return _epoch(found, form)


def _epoch(found: float, form: TimeFormat) -> int:
    if form == "auto":
        form = "s" if found < 1e11 else "ms" if found < 1e14 else "us"
    factor = {"s": SECOND, "ms": MILLISECOND, "us": 1}[form]
    if not 0 <= found * factor < _LARGEST_EXACT:
        raise PayloadError(f"time {found!r} is no date")
    return round(found * factor)


def leaves(root: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value in a document with its path, in the form an address takes."""
    if isinstance(root, dict):
        for name, member in root.items():
            plain = name and not set(name) & set('.[]"')
            step = (f".{name}" if path else name) if plain else f'["{name}"]'
            if plain or (name and '"' not in name):
                yield from leaves(member, path + step)
    elif isinstance(root, list):
        for index, member in enumerate(root[:100]):
            yield from leaves(member, f"{path}[{index}]")
    else:
        yield path, root
