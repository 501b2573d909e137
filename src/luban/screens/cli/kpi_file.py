"""A file of states (and pieces) as a small plant with its own books, so that the same figures come out of it.

The file is taken as complete: between its first and last time every state holds until the next one.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import tomlkit

from luban.core.errors import InputError
from luban.core.ids import check_path
from luban.core.time import DAY
from luban.ledger import LedgerWriter
from luban.loop.places import places
from luban.norms import state_mapping
from luban.screens.service import Range
from luban.understand.quality.read.moments import moments_of
from luban.understand.quality.read.named import named_columns
from luban.understand.quality.read.numbers import number_of, text_of

__all__ = ["plant_of_file"]

_PIECES = ("good", "scrap", "rework")
_PLANT = "file"
_COLUMNS = "the first row names the columns: unit, time, state, good, scrap, rework, item, reason"


@dataclass(slots=True)
class _Told:
    states: list[dict[str, Any]] = field(default_factory=list)
    counts: list[dict[str, Any]] = field(default_factory=list)


@contextmanager
def plant_of_file(
    file: Path, *, counts: Path | None, mapping: str, cycle: float | None, zone: str
) -> Iterator[tuple[Path, Range]]:
    """A temporary plant made of the file, and the window that the file speaks of. Raises InputError."""
    try:
        where = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise InputError("unknown time zone", came=zone, expected="e.g. Asia/Shanghai", where="--zone") from None
    state_mapping(mapping)
    told = _Told()
    for one in (file, *([counts] if counts else [])):
        _take(one, where, mapping, told)
    times = [row["time"] for row in told.states + told.counts]
    if not told.states:
        raise InputError("no state in this file", where=str(file), expected="rows with unit, time and state")
    window = Range(min(times), max(times), file.name)
    if window.end <= window.start:
        raise InputError("all rows have the same time", where=str(file), expected="a last row that ends the window")
    for row in told.counts:
        # what is booked at the very end was made before it
        row["time"] = min(row["time"], window.end - 1)
    with tempfile.TemporaryDirectory(prefix="luban-kpi-") as made:
        folder = Path(made)
        units = sorted({row["subject"] for row in told.states + told.counts})
        (folder / "plant.toml").write_text(_toml(units, zone), "utf-8")
        if cycle is not None:
            lines = [f"any,1,{unit.removeprefix(_PLANT + '/')},{cycle},0" for unit in units]
            (folder / "items.csv").write_text("id,name,unit\nany,any,piece\n", "utf-8")
            head = "item,operation,unit,ideal_cycle_s,setup_s"
            (folder / "routing.csv").write_text("\n".join([head, *lines]) + "\n", "utf-8")
            for row in told.counts:
                row["item"] = "any"
        _write(folder, told, window)
        yield folder, window


def _take(file: Path, zone: ZoneInfo, mapping: str, told: _Told) -> None:
    table = named_columns(file, lambda names: {"unit", "time"} <= set(map(str.lower, names)))
    if table is None:
        raise InputError("no unit and no time", where=str(file), hint=_COLUMNS)
    cells = {name.lower(): column for name, column in table.cells.items()}
    times = moments_of(cells["time"], zone)
    comma = table.delimiter not in {"", ","}
    for number, time in enumerate(times):
        row = {name: column[number] for name, column in cells.items()}
        where = table.place(number)
        missing = [name for name in ("unit", "time") if not text_of(row[name])]
        if missing:
            raise InputError(f"no {' and no '.join(missing)}", where=where, came=", ".join(row), hint=_COLUMNS)
        if time is None:
            raise InputError(
                "not a time", came=text_of(row["time"]), where=where, expected="e.g. 2026-03-02T06:00:00+08:00"
            )
        subject = f"{_PLANT}/{check_path(text_of(row['unit']), where=where)}"
        item = text_of(row.get("item")) or None
        if text_of(row.get("state")):
            state = {"subject": subject, "time": time, "state": text_of(row["state"]), "mapping": mapping}
            told.states.append({**state, "reason": text_of(row.get("reason")) or None, "item": item})
        if any(text_of(row.get(name)) for name in _PIECES):
            pieces = {name: _pieces(row.get(name), f"{where} {name}", comma=comma) for name in _PIECES}
            told.counts.append({"subject": subject, "time": time, **pieces, "item": item})


def _pieces(cell: Any, where: str, *, comma: bool) -> float:
    if not text_of(cell):
        return 0.0
    number = number_of(cell, comma=comma)[0]
    if number is None:
        raise InputError("not a number of pieces", came=text_of(cell), where=where)
    if number < 0:
        raise InputError("a number of pieces below zero", came=text_of(cell), where=where)
    return number


def _toml(units: list[str], zone: str) -> str:
    document = tomlkit.document()
    document.add("plant", tomlkit.item({"id": _PLANT, "name": "file", "time_zone": zone, "calendar": "always"}))
    shift = {"name": "day", "start": "00:00", "end": "00:00", "days": "Mon-Sun"}
    calendars = tomlkit.aot()
    calendars.append(tomlkit.item({"id": "always", "shifts": [shift]}))
    document.add("calendar", calendars)
    equipment = tomlkit.aot()
    for unit in units:
        path = unit.removeprefix(_PLANT + "/")
        equipment.append(tomlkit.item({"path": path, "kind": "work unit", "name": path}))
    document.add("equipment", equipment)
    return tomlkit.dumps(document)


def _write(folder: Path, told: _Told, window: Range) -> None:
    with LedgerWriter(places(folder).ledger) as writer:
        alive = {"subject": ["file"], "time": [window.start], "kind": ["alive"], "end": [window.end + DAY]}
        writer.append("event", alive, source="file")
        for stream, rows in (("state", told.states), ("count", told.counts)):
            if rows:
                columns = {name: [row[name] for row in rows] for name in rows[0]}
                writer.append(stream, {**columns, "quality": [0] * len(rows)}, source="file")
