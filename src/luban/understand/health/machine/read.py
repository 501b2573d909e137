"""Readings of machines out of a table: which column is the clock, the machine, the regime, and which are channels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from luban.core.errors import InputError, UnitError
from luban.core.units import convert
from luban.understand.health.machine import words
from luban.understand.health.machine.readings import Readings
from luban.understand.quality.data import NO_TIME, Excluded, Floats, Ints
from luban.understand.quality.read import Columns, read_columns
from luban.understand.quality.read.moments import order_keys
from luban.understand.quality.read.names import plain_name, split_unit

__all__ = ["Asked", "read_readings"]

_CLOCK: Final = (
    "time", "timestamp", "datetime", "date time", "date", "t", "cycle", "cycles", "time cycles", "time in cycles",
    "hour", "hours", "age", "running time", "running hours", "index", "zeit", "zeitpunkt", "时间", "时刻", "日期",
    "周期", "시간", "시각", "일시", "사이클",
)  # fmt: skip
_MACHINE: Final = (
    "machine", "unit", "unit number", "unit id", "unit nr", "asset", "engine", "engine id", "machine id", "equipment",
    "device", "id", "设备", "机器", "机床", "设备编号", "설비", "기계", "장비", "maschine", "anlage",
)  # fmt: skip
_REGIME: Final = (
    "regime", "product", "item", "program", "recipe", "mode", "operating mode", "material", "part", "part type", "工况",
    "产品", "程序", "模式", "제품", "프로그램", "모드", "produkt", "programm",
)  # fmt: skip
_STATE: Final = ("state", "status", "machine state", "running", "run", "状态", "상태", "zustand")
_RUNS: Final = frozenset((
    "run", "running", "1", "true", "yes", "on", "active", "executing", "production", "producing", "cutting", "auto",
    "运行", "加工", "生产", "가동", "운전", "생산",
))  # fmt: skip
_TRUE: Final = frozenset(("1", "1.0", "true", "yes", "y", "failed", "failure", "x", "是", "失效", "故障", "예", "고장"))
_MOST_REGIMES = 24
_LEAST_ROWS = 4


@dataclass(frozen=True, slots=True)
class Asked:
    """How a table is to be read; empty: found by the names of its columns.

    time      column of the clock, or of cycles or hours in use
    machine   column that names the machine of each row
    regime    column that names what it made or how it ran
    state     column that says whether it ran
    failed    column that says, in the last row of a machine, whether it failed there
    channels  columns of readings; all other columns of numbers by default
    """

    time: str = ""
    machine: str = ""
    regime: str = ""
    state: str = ""
    failed: str = ""
    channels: tuple[str, ...] = ()
    sheet: str = ""
    zone: ZoneInfo | None = None
    where: Mapping[str, str] = field(default_factory=dict)


def read_readings(path: Path | str | Columns, asked: Asked | None = None) -> tuple[Readings, ...]:
    """The machines of a file, in the order in which they come.

    Raises   InputError: no such column, no column of numbers, no clock where one was named
    Example  read_readings("pump.csv", Asked(regime="product"))[0].channels
    """
    own = asked or Asked()
    table = path if isinstance(path, Columns) else read_columns(path, own.sheet)
    if own.where:
        table = table.only(own.where)
    clock = table.find(own.time) if own.time else _clock(table)
    machine = table.find(own.machine) if own.machine else _named(table, _MACHINE, (clock,), _groups)
    state = table.find(own.state) if own.state else _named(table, _STATE, (clock, machine), _some)
    regime = table.find(own.regime) if own.regime else _named(table, _REGIME, (clock, machine, state), _some)
    failed = table.find(own.failed) if own.failed else ""
    taken = {clock, machine, state, regime, failed}
    channels = tuple(map(table.find, own.channels)) or tuple(
        name for name in table.names if name not in taken and table.numeric(name)
    )
    if not channels:
        raise InputError("the file holds no column of numbers", came=", ".join(table.names), where=table.source)
    time, age, unit, bad = _clocked(table, clock, own)
    numbers = {name: table.numbers(name) for name in channels}
    values = np.column_stack([numbers[name].values for name in channels])
    excluded = (*bad, *(one for name in channels for one in numbers[name].excluded.values()))
    bare = tuple(split_unit(name)[0] for name in channels)
    called = bare if len(set(bare)) == len(bare) else channels
    names = table.text(machine) if machine else ("",) * len(table)
    runs = _running(table.text(state)) if state else np.ones(len(table), np.bool_)
    labels = table.text(regime) if regime else None
    ends = table.text(failed) if failed else None
    found = []
    title = Path(table.file).stem
    for name in dict.fromkeys(names):
        rows = np.flatnonzero(np.array([own_name == name for own_name in names]) & np.isfinite(age))
        if not len(rows):
            continue
        if not (time[rows] != NO_TIME).all():
            rows = rows[np.argsort(age[rows], kind="stable")]
        found.append(Readings(
            name or title, time[rows], age[rows], called,
            tuple(numbers[c].unit or table.units.get(c, "") for c in channels),
            values[rows], None if labels is None else tuple(labels[i] for i in rows.tolist()), runs[rows],
            None if ends is None else ends[int(rows[-1])].strip().casefold() in _TRUE, unit, excluded, table.source,
        ))  # fmt: skip
        excluded = ()
    if not found:
        raise InputError("no reading of any machine", where=table.source)
    return tuple(found)


def _clock(table: Columns) -> str:
    """The column of the clock: named like one, and rising at least within a machine; "" if there is none."""
    return next((name for wanted in _CLOCK for name in table.names if plain_name(name) == wanted), "")


def _named(table: Columns, wanted: Sequence[str], taken: Sequence[str], fits: object) -> str:
    for one in wanted:
        for name in table.names:
            if plain_name(name) == one and name not in taken and callable(fits) and fits(table, name):
                return name
    return ""


def _groups(table: Columns, name: str) -> bool:
    """Names machines: several rows each."""
    cells = table.text(name)
    return len(set(cells)) * _LEAST_ROWS <= len(cells)


def _some(table: Columns, name: str) -> bool:
    """Few different texts."""
    return len(set(table.text(name))) <= _MOST_REGIMES


def _running(cells: Sequence[str]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    told = np.array([cell.strip().casefold() in _RUNS for cell in cells])
    return told if told.any() else np.ones(len(told), np.bool_)


def _clocked(table: Columns, clock: str, asked: Asked) -> tuple[Ints, Floats, str, tuple[Excluded, ...]]:
    """Moment and age of each row; rows without one have the age nan."""
    count = len(table)
    if not clock:
        return np.full(count, NO_TIME, np.int64), np.arange(count, dtype=np.float64), "", ()
    keys, moments = order_keys(table.cells[clock], asked.zone)
    known = np.array([key if key is not None else np.nan for key in keys], np.float64)
    if not np.isfinite(known).any():
        if asked.time:
            raise InputError(words.NO_MOMENT, came=table.text(clock)[0], where=table.place(0, clock))
        return np.full(count, NO_TIME, np.int64), np.arange(count, dtype=np.float64), "", ()
    bad = tuple(
        Excluded(table.place(int(row), clock), clock, table.text(clock)[int(row)], words.NO_MOMENT)
        for row in np.flatnonzero(~np.isfinite(known))[:100]
    )
    if not moments:
        unit = table.units.get(clock, "")
        try:
            seconds = convert(1.0, unit, "s") if unit else 0.0
        except UnitError:
            seconds = 0.0
        if not seconds:
            return np.full(count, NO_TIME, np.int64), known, unit or _counted(clock), bad
        return np.full(count, NO_TIME, np.int64), known * seconds / 3600.0, "h", bad
    time = np.where(np.isfinite(known), known, 0).astype(np.int64)
    first = float(np.nanmin(known))
    return np.where(np.isfinite(known), time, NO_TIME), (known - first) / 3.6e9, "h", bad


def _counted(clock: str) -> str:
    plain = plain_name(clock)
    if "cycle" in plain or plain in {"周期", "사이클"}:
        return "cycles"
    return "h" if "hour" in plain else ""
