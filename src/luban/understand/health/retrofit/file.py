"""A file of a power meter's readings: which column is the power, and what it says of the machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np

from luban.core.errors import InputError
from luban.understand.health.machine import Asked, Readings as Table, read_readings
from luban.understand.health.retrofit.reading import Retrofitted, read_meter
from luban.understand.health.retrofit.readings import pulses_of
from luban.understand.quality.data import Excluded, Ints
from luban.understand.quality.read.names import plain_name

__all__ = ["MeterFile", "retrofit_file"]

_POWER: Final = (
    "power", "active power", "p", "kw", "w", "load", "current", "amps", "leistung", "strom", "功率", "有功功率", "电流",
    "전력", "유효 전력", "전류",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class MeterFile:
    """What a file told.

    told       states and counts
    power      column that was read, `unit` its unit, "" if none is told
    agreement  share of time in which a column of states says the same of running [1]; None: none was named
    excluded   cells that were not used
    source     the file
    """

    told: Retrofitted
    power: str
    unit: str
    agreement: float | None
    excluded: tuple[Excluded, ...]
    source: str

    def as_dict(self) -> dict[str, Any]:
        """For `--json` and REST."""
        return {
            "source": self.source, "power": self.power, "unit": self.unit, "agreement": self.agreement,
            **self.told.as_dict(), "cells_left_out": [one.as_dict() for one in self.excluded],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Names:
    """Columns that were asked for; empty: found by their names."""

    power: str = ""
    time: str = ""
    counter: str = ""
    state: str = ""
    sheet: str = ""
    zone: ZoneInfo | None = None
    where: Mapping[str, str] = field(default_factory=dict)


def retrofit_file(
    path: Path | str, *, power: str = "", time: str = "", counter: str = "", state: str = "",
    cycle: float | None = None, sheet: str = "", zone: ZoneInfo | None = None, where: Mapping[str, str] | None = None,
) -> MeterFile:  # fmt: skip
    """States and counts out of a table of readings (CSV, Excel, Parquet).

    power    column of power or current; "": by its name, or the only column of numbers
    time     column of the clock; "": by its name
    counter  column of a counter that rises by one a piece
    state    column that says when the machine ran: told only to compare with, never to learn from
    cycle    time for a piece [s]
    Raises   InputError: no such column, no clock, several columns that may be the power
    """
    names = _Names(power, time, counter, state, sheet, zone, where or {})
    table = _table(path, names)
    chosen = _power(table, names)
    moments = _moments(table)
    pulses = pulses_of(moments, table.column(_called(table, counter))) if counter else None
    told = read_meter(moments, table.column(chosen), cycle=cycle, counter=pulses)
    agreement = None
    if state:
        lasts = np.minimum(np.diff(moments, append=moments[-1]), 10_000_000 * max(told.meter.step, 1e-6))
        same = (np.array(told.at(moments)) == "running") == table.usable
        agreement = float(lasts[same].sum() / lasts.sum()) if lasts.sum() else None
    return MeterFile(told, chosen, table.unit_of(chosen), agreement, table.excluded, table.source)


def _table(path: Path | str, names: _Names) -> Table:
    channels = tuple(filter(None, (names.power, names.counter))) if names.power else ()
    asked = Asked(names.time, "", "", names.state, "", channels, names.sheet, names.zone, names.where)
    found = read_readings(path, asked)
    if len(found) > 1:
        raise InputError("power of several machines", came=", ".join(one.machine for one in found[:5]),
                         expected="one machine", hint="--where column=machine takes one of them")  # fmt: skip
    return found[0]


def _power(table: Table, names: _Names) -> str:
    if names.power:
        return _called(table, names.power)
    named = [c for wanted in _POWER for c in table.channels if plain_name(c) == wanted]
    left = [c for c in table.channels if not names.counter or plain_name(c) != plain_name(names.counter)]
    if named or len(left) == 1:
        return named[0] if named else left[0]
    raise InputError("which column is the power?", came=", ".join(left), hint="--power COLUMN", where=table.source)


def _called(table: Table, name: str) -> str:
    """The channel as the table calls it: its unit may have been cut off."""
    for channel in table.channels:
        if channel == name or plain_name(channel) == plain_name(name) or name.casefold().startswith(channel.casefold()):
            return channel
    raise InputError("no such column", came=name, expected=", ".join(table.channels), where=table.source)


def _moments(table: Table) -> Ints:
    if table.timed:
        return table.time
    if table.age_unit == "h":
        return np.rint(table.age * 3.6e9).astype(np.int64)
    hint = "--time COLUMN; a column of seconds needs its unit, e.g. `t (s)`"
    came = table.age_unit or "no clock"
    raise InputError("power without times", came=came, expected="moments or seconds", hint=hint, where=table.source)
