"""What a machine said about one data item, and the samples that come of it.

The same for every wire MTConnect travels on: an agent's XML and an adapter's SHDR lines both become
observations, and observations become samples in one place.

Source  MTConnect Standard Part 3 (Streams): timestamp and duration, TIME_SERIES, DATA_SET, Condition
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from luban.connect.mtconnect.model import DataItem, names_of
from luban.connect.wire import Sample, Value
from luban.core.quality import Quality
from luban.core.time import SECOND

__all__ = ["LEVELS", "Addresses", "Observation", "value_of"]

LEVELS = ("NORMAL", "WARNING", "FAULT", "UNAVAILABLE")
_PARTS = {"x": 0, "y": 1, "z": 2}
# A number as a machine writes one. 007 and 1_000 are names, not numbers.
_NUMBER = re.compile(r"[+-]?(?:0|[1-9]\d*)(?:\.\d*)?(?:[eE][+-]?\d+)?\Z|[+-]?\.\d+(?:[eE][+-]?\d+)?\Z")
_INTEGER = re.compile(r"-?(?:0|[1-9]\d{0,17})\Z")
_SLOWEST, _FASTEST = 1e-6, 1e6  # rates that a time series can have; a stamp resolves no more [1/s]
_NOT_NUMBERS = {"nan", "inf", "infinity", "+inf", "-inf", "+infinity", "-infinity"}
_XML_QUALITY = {"INVALID": Quality.BAD, "UNVERIFIABLE": Quality.UNCERTAIN}


@dataclass(frozen=True, slots=True)
class Observation:
    """One thing said about one data item.

    names    every name the wire gives for it: id, name, device:name …
    time     source time [µs UTC]; of a time series, its last sample
    text     the value as text; None where it is UNAVAILABLE
    item     what the device model says about it; None where it is not known
    level    of a condition: NORMAL, WARNING, FAULT or UNAVAILABLE; '' otherwise
    code     native code of a condition or message
    rate     of a time series: samples a second [1/s]; 0 otherwise
    series   whether the text holds a time series
    entries  of a data set: its values by key
    doubt    the observation's own `quality` attribute (MTConnect 2.5 and later)
    """

    names: tuple[str, ...]
    time: int
    text: str | None
    item: DataItem | None = None
    level: str = ""
    code: str = ""
    severity: str = ""
    qualifier: str = ""
    rate: float = 0.0
    series: bool = False
    entries: Mapping[str, str] | None = None
    doubt: str = ""
    sequence: int = 0

    @property
    def unavailable(self) -> bool:
        """Whether the source has no value."""
        return self.level == "UNAVAILABLE" or (not self.level and self.text is None and self.entries is None)

    @property
    def words(self) -> str:
        """A condition in words, e.g. 'FAULT 2218: coolant low'."""
        head = f"{self.level} {self.code}" if self.code else self.level
        return f"{head}: {self.text}" if self.text else head


class Addresses:
    """The addresses a plant asked for, looked up by whatever name the wire uses.

    An address is a data item's id or name, `device:name` where two devices share the name, and may
    end in `/x`, `/y`, `/z` for one axis of a position or in `/KEY` for one entry of a data set.
    """

    def __init__(self, addresses: Iterable[str]) -> None:
        self._asked: dict[str, list[tuple[str, str]]] = {}
        self._all: list[str] = []
        for address in addresses:
            self._all.append(address)
            base, slash, part = address.rpartition("/")
            self._asked.setdefault(address, []).append((address, ""))
            if slash and base:
                self._asked.setdefault(base, []).append((address, part))

    def __bool__(self) -> bool:
        return bool(self._all)

    def known_by(self, item: DataItem) -> list[str]:
        """The addresses that ask for this data item."""
        return [address for name in names_of(item) for address, _ in self._asked.get(name, ())]

    def unknown(self, items: Iterable[DataItem]) -> list[str]:
        """The addresses that none of the data items answers to."""
        known = {address for item in items for address in self.known_by(item)}
        return [address for address in self._all if address not in known]

    def samples(self, seen: Observation) -> list[Sample]:
        """What the observation says under each address that asks for it; usually one sample or none."""
        found: list[Sample] = []
        done: set[str] = set()
        for name in seen.names:
            for address, part in self._asked.get(name, ()):
                if address not in done:
                    done.add(address)
                    found += _samples(seen, address, part)
        return found


def _samples(seen: Observation, address: str, part: str) -> Sequence[Sample]:
    item = seen.item
    unit = item.unit if item is not None else ""
    if seen.unavailable:
        return (Sample(address, seen.time, None, Quality.UNAVAILABLE, unit),)
    doubt = _XML_QUALITY.get(seen.doubt, Quality.GOOD)
    if seen.level:
        return (Sample(address, seen.time, seen.words, doubt),)
    if seen.entries is not None:
        if not part:
            return (Sample(address, seen.time, json.dumps(dict(seen.entries), ensure_ascii=False), doubt),)
        if part not in seen.entries:
            return ()
        value, quality = _guess(seen.entries[part])
        return (Sample(address, seen.time, value, quality or doubt, unit),)
    text = seen.text or ""
    if part:
        return _axis(seen, address, part, text, unit, doubt)
    if seen.series:
        return _series(seen, address, text, unit, doubt)
    value, quality = value_of(text, item)
    return (Sample(address, seen.time, value, quality or doubt, unit),)


def _axis(seen: Observation, address: str, part: str, text: str, unit: str, doubt: Quality) -> Sequence[Sample]:
    """One axis of a position 'x y z'."""
    numbers = text.split()
    index = _PARTS.get(part)
    if index is None or index >= len(numbers):
        return ()
    value, quality = _number(numbers[index])
    return (Sample(address, seen.time, value, quality or doubt, unit),)


def _series(seen: Observation, address: str, text: str, unit: str, doubt: Quality) -> Sequence[Sample]:
    """A time series, one sample each; its timestamp is that of the last. Text where no rate is known."""
    rate = seen.rate or (seen.item.rate if seen.item is not None else 0.0)
    numbers = text.split()
    if not numbers:
        return (Sample(address, seen.time, None, Quality.UNAVAILABLE, unit),)
    if not _SLOWEST <= rate <= _FASTEST:
        return (Sample(address, seen.time, text, doubt, unit),)
    last = len(numbers) - 1
    found = []
    for position, word in enumerate(numbers):
        value, quality = _number(word)
        time = seen.time - round((last - position) * SECOND / rate)
        found.append(Sample(address, time, value, quality or doubt, unit))
    return found


def value_of(text: str, item: DataItem | None) -> tuple[Value, Quality]:
    """The value in a text: a number where the device model says so or, without one, where it looks like one."""
    if item is None:
        return _guess(text)
    if not item.numeric:
        return text, Quality.GOOD
    if item.category == "SAMPLE":
        return _number(text)
    value, quality = _guess(text)
    return _number(text) if isinstance(value, str) else (value, quality)


def _guess(text: str) -> tuple[Value, Quality]:
    if _INTEGER.match(text):
        return int(text), Quality.GOOD
    if _NUMBER.match(text):
        return _number(text)
    return text, Quality.GOOD


def _number(text: str) -> tuple[Value, Quality]:
    """The number, or what is wrong with it."""
    if not text.strip():
        return None, Quality.UNAVAILABLE
    try:
        value = float(text) if "_" not in text else math.nan
    except ValueError:
        return text, Quality.WRONG_TYPE
    if math.isfinite(value):
        return value, Quality.GOOD
    return (None, Quality.NOT_A_NUMBER) if text.strip().lower() in _NOT_NUMBERS else (text, Quality.WRONG_TYPE)
