"""A file of states (and pieces) as a small plant with its own books, so that the same figures come out of it.

The file is taken as complete: between its first and last time every state holds until the next one.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import tomlkit

from luban.core.errors import InputError
from luban.core.ids import check_path
from luban.core.time import DAY, from_datetime, parse_time
from luban.ledger import LedgerWriter
from luban.loop.places import places
from luban.norms import state_mapping
from luban.screens.service import Range

__all__ = ["plant_of_file", "rows_of"]

_PIECES = ("good", "scrap", "rework")
_PLANT = "file"


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


def rows_of(file: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(place, row) of a CSV, Excel or Parquet file with a header. Raises InputError."""
    kind = file.suffix.lower()
    if kind in {".csv", ".txt", ".tsv"}:
        with file.open(encoding="utf-8-sig", newline="") as text:
            sample = text.read(4096)
            text.seek(0)
            delimiter = max(",;\t", key=sample.partition("\n")[0].count)
            for number, row in enumerate(csv.DictReader(text, delimiter=delimiter), 2):
                yield f"{file}:{number}", {_column(key): value for key, value in row.items() if key}
    elif kind in {".xlsx", ".xlsm"}:
        from openpyxl import load_workbook

        book = load_workbook(file, read_only=True, data_only=True)
        try:
            sheet = book.active
            if sheet is None:
                raise InputError("no sheet in this workbook", where=str(file))
            lines = sheet.iter_rows(values_only=True)
            heads = [_column(str(cell or "")) for cell in next(lines, ())]
            for number, cells in enumerate(lines, 2):
                yield f"{file}!{sheet.title}!{number}", dict(zip(heads, cells, strict=False))
        finally:
            book.close()
    elif kind in {".parquet", ".pq"}:
        import pyarrow.parquet as pq

        for number, row in enumerate(pq.read_table(file).to_pylist(), 1):
            yield f"{file} row {number}", {_column(key): value for key, value in row.items()}
    else:
        raise InputError("cannot read this kind of file", came=file.name, expected=".csv, .xlsx or .parquet")


def _column(name: str) -> str:
    return name.strip().lower()


def _take(file: Path, zone: ZoneInfo, mapping: str, told: _Told) -> None:
    for where, row in rows_of(file):
        if not any(value not in (None, "") for value in row.values()):
            continue
        missing = [name for name in ("unit", "time") if row.get(name) in (None, "")]
        if missing:
            hint = "the first row names the columns: unit, time, state, good, scrap, rework, item, reason"
            raise InputError(f"no {' and no '.join(missing)}", where=where, came=", ".join(map(str, row)), hint=hint)
        subject = f"{_PLANT}/{check_path(str(row['unit']).strip(), where=where)}"
        time = _time(row["time"], zone, where)
        if row.get("state") not in (None, ""):
            state = {"subject": subject, "time": time, "state": str(row["state"]).strip(), "mapping": mapping}
            told.states.append({**state, "reason": _text(row.get("reason")), "item": _text(row.get("item"))})
        if any(row.get(name) not in (None, "") for name in _PIECES):
            pieces = {name: _pieces(row.get(name), f"{where} {name}") for name in _PIECES}
            told.counts.append({"subject": subject, "time": time, **pieces, "item": _text(row.get("item"))})


def _time(value: Any, zone: ZoneInfo, where: str) -> int:
    if hasattr(value, "tzinfo"):
        return from_datetime(value if value.tzinfo else value.replace(tzinfo=zone))
    try:
        return parse_time(str(value), zone)
    except InputError as error:
        raise InputError(error.message, came=error.came, expected=error.expected, where=where) from error


def _pieces(value: Any, where: str) -> float:
    try:
        number = float(value) if value not in (None, "") else 0.0
    except (TypeError, ValueError):
        raise InputError("not a number of pieces", came=repr(value), where=where) from None
    if not number >= 0:
        raise InputError("a number of pieces below zero", came=repr(value), where=where)
    return number


def _text(value: Any) -> str | None:
    return None if value in (None, "") else str(value).strip()


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
