"""Samples out of metrics: scalars as they are, tables and arrays by cell, templates by member."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from luban.connect.sparkplug.payload import DataSet, Metric
from luban.connect.sparkplug.schema import DataType
from luban.connect.wire import Sample, Value
from luban.core.quality import Quality
from luban.core.time import MILLISECOND, iso

__all__ = ["flatten", "quality_of", "samples", "unit_of"]

_UNIT_NAMES: Final = ("engUnit", "Engineering Units", "engineeringUnits", "unit", "Unit")
# Quality codes of Sparkplug 3.0 §6.4.15: 0 bad, 192 good, 500 stale.
_STALE: Final = 500
_LATEST: Final = 1 << 53


def samples(owner: str, metric: Metric, time: int | None, arrived: int, unit: str) -> Iterator[Sample]:
    """The metric's values under their addresses.

    owner    `group/node[/device]`
    time     of the payload, where the metric carries none [ms UTC]
    arrived  used where the wire carries no time at all [µs UTC]
    """
    quality = quality_of(metric)
    for name, value, stamp in flatten(metric, metric.name, time):
        at = stamp * MILLISECOND if stamp and stamp < _LATEST // MILLISECOND else arrived
        yield Sample(
            f"{owner}:{name}", at, value, quality if value is not None or quality.is_bad else Quality.UNAVAILABLE, unit
        )


def flatten(metric: Metric, name: str, time: int | None) -> Iterator[tuple[str, Value, int | None]]:
    """(name, value, time [ms UTC]) of each plain value in the metric. Files hold none."""
    stamp, value = metric.timestamp or time, metric.value
    if metric.type is DataType.File:
        return
    if isinstance(value, DataSet):
        for index, row in enumerate(value.rows):
            for column, kind, cell in zip(value.columns, value.types, row, strict=True):
                yield f"{name}[{index}].{column}", _plain(kind, cell), stamp
    elif isinstance(value, list) and metric.type in (DataType.Template, DataType.Unknown):
        for member in value:
            yield from flatten(member, f"{name}/{member.name}", stamp)
    elif isinstance(value, list):
        element = DataType.DateTime if metric.type is DataType.DateTimeArray else DataType.Unknown
        for index, cell in enumerate(value):
            yield f"{name}[{index}]", _plain(element, cell), stamp
    else:
        yield name, _plain(metric.type, value), stamp


def quality_of(metric: Metric) -> Quality:
    """The metric's `Quality` property as a quality code; good where it has none."""
    code = metric.properties.get("Quality")
    if not isinstance(code, int):
        return Quality.GOOD
    if code == _STALE:
        return Quality.LAST_KNOWN
    # Gateways pass on OPC codes as well: the two top bits are 11 good, 01 uncertain, 00 bad.
    return {0xC0: Quality.GOOD, 0x40: Quality.UNCERTAIN}.get(code & 0xC0, Quality.BAD)


def unit_of(properties: Mapping[str, Any]) -> str:
    """Engineering unit among a metric's properties, '' if there is none."""
    return next((str(properties[name]) for name in _UNIT_NAMES if properties.get(name)), "")


def _plain(kind: DataType, value: Any) -> Value:
    if isinstance(value, bytes):
        return value.hex()
    if kind is DataType.DateTime and isinstance(value, int) and 0 <= value < _LATEST // MILLISECOND:
        return iso(value * MILLISECOND)
    return value if isinstance(value, bool | int | float | str) else None
