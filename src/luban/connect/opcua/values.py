"""From an OPC UA data value to a sample: value, time, quality."""

from __future__ import annotations

import csv
import dataclasses
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import cache
from importlib.resources import files
from typing import Any
from uuid import UUID

from asyncua import ua

from luban.connect.wire import Sample, Value
from luban.core.quality import Quality
from luban.core.time import now

__all__ = ["Point", "overflowed", "plain", "quality_of", "time_of"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# Servers without a clock send the OPC UA epoch (1601) or 1970: neither is a time of measurement.
_FIRST_TIME = (datetime(1990, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND
_CODE = 0xFFFF0000
_SEVERITY = 0xC0000000
_UNCERTAIN = 0x40000000
# OPC 10000-4 §7.39: info type "data value" and the overflow bit in it
_INFO_TYPE, _DATA_VALUE, _OVERFLOW = 0x0C00, 0x0400, 0x0080


@cache
def _table() -> Mapping[int, Quality]:
    lines = files(__package__).joinpath("status_codes.csv").read_text(encoding="utf-8").splitlines()
    return {int(row["code"], 16): Quality[row["quality"]] for row in csv.DictReader(lines)}


@cache
def quality_of(status: int) -> Quality:
    """Quality of a status code: the named reason where there is one, else by severity.

    Source   OPC 10000-4 §7.39 (severity bits), status_codes.csv (reasons)
    Example  quality_of(0x808C0000) is Quality.SENSOR_FAILURE
    """
    known = _table().get(status & _CODE)
    if known is not None:
        return known
    severity = status & _SEVERITY
    if severity == 0:
        return Quality.GOOD
    return Quality.UNCERTAIN if severity == _UNCERTAIN else Quality.BAD


def overflowed(status: int) -> bool:
    """Values before this one were thrown away by the server because its queue was full."""
    return status & _INFO_TYPE == _DATA_VALUE and bool(status & _OVERFLOW)


def time_of(value: ua.DataValue) -> int:
    """Source time [µs UTC]; the server's where the source has none, the arrival where neither is set."""
    for stamp in (value.SourceTimestamp, value.ServerTimestamp):
        if stamp is not None:
            time = int(((stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)) - _EPOCH) // _MICROSECOND)
            if time >= _FIRST_TIME:
                return time
    return now()


def plain(value: Any) -> Value:
    """A wire value as number, text or truth value; arrays and standard structures as JSON text.

    Raises  ValueError for a structure whose type the server defines itself
    """
    found: Any = _jsonable(value)
    if found is None or isinstance(found, bool | int | float | str):
        return found
    return json.dumps(found, ensure_ascii=False)


_TEXTS: tuple[tuple[type, Callable[[Any], str | None]], ...] = (
    (Enum, lambda v: str(v.name)),
    (datetime, lambda v: (v if v.tzinfo else v.replace(tzinfo=UTC)).isoformat()),
    (bytes, lambda v: str(v.hex())),
    (ua.NodeId, lambda v: str(v.to_string())),
    (ua.QualifiedName, lambda v: v.Name),
    (ua.LocalizedText, lambda v: v.Text),
    (ua.StatusCode, lambda v: str(v.name)),
    (UUID, str),
)


def _jsonable(value: Any) -> Any:
    for kind, text in _TEXTS:
        if isinstance(value, kind):
            return text(value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return [_jsonable(item) for item in value]
    if isinstance(value, ua.Variant):
        return _jsonable(value.Value)
    if dataclasses.is_dataclass(value) and not isinstance(value, ua.ExtensionObject):
        return {f.name: _jsonable(getattr(value, f.name)) for f in dataclasses.fields(value) if f.name != "Encoding"}
    raise ValueError("a structure of the server's own type")


@dataclass(slots=True)
class Point:
    """One subscribed node: how its data values become samples."""

    address: str
    node: ua.NodeId
    unit: str = ""
    words: Mapping[int, str] = field(default_factory=dict)  # names of an enumeration's numbers
    last: int = 0  # time of the newest value heard [µs]

    def sample(self, value: ua.DataValue) -> Sample:
        """The data value as a sample. Raises ValueError with the reason if nothing can be made of it."""
        time = time_of(value)
        self.last = time
        quality = quality_of(value.StatusCode.value if value.StatusCode is not None else 0)
        raw = value.Value.Value if value.Value is not None else None
        if type(raw) is float:  # nine of ten
            return Sample(self.address, time, raw, quality, self.unit)
        found = self.words.get(raw, raw) if self.words and isinstance(raw, int) else plain(raw)
        if found is None and quality is Quality.GOOD:
            quality = Quality.UNAVAILABLE
        return Sample(self.address, time, found, quality, self.unit)
