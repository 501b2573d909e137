"""From the rows of a file to what they say: samples, states or counts; a bad row is a complaint, the rest stays."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from luban.connect.files.names import NAMES
from luban.connect.files.reading import Formula, Sheet
from luban.connect.files.settings import FilesSettings
from luban.connect.files.times import reader
from luban.connect.units import factor
from luban.connect.wire import Sample, Value
from luban.connect.words import known_word
from luban.core.errors import InputError
from luban.core.quality import Quality
from luban.norms import state_mapping

__all__ = ["Batch", "Complaint", "read_rows", "read_spans"]

_COMMA = re.compile(r"-?\d+,\d+\Z")


@dataclass(frozen=True, slots=True)
class Complaint:
    """One bad row: where (row:column), what it holds, what is wrong."""

    where: str
    row: str
    reason: str


@dataclass(slots=True)
class Batch:
    """What a file says, in order of time."""

    samples: list[Sample] = field(default_factory=list)
    facts: list[dict[str, Any]] = field(default_factory=list)  # rows of the state or count stream
    spans: list[tuple[int, int]] = field(default_factory=list)  # declared coverage
    complaints: list[Complaint] = field(default_factory=list)
    rows: int = 0

    @property
    def times(self) -> tuple[int, int] | None:
        """First and last time of good rows."""
        if self.samples:
            return self.samples[0].time, self.samples[-1].time
        return (self.facts[0]["time"], self.facts[-1]["time"]) if self.facts else None


def read_rows(sheet: Sheet, settings: FilesSettings, *, after: int = 0) -> Batch:
    """All rows beyond the first `after`. Raises InputError if a column that is needed is not there."""
    columns = _find(sheet.header, settings)
    to_time = reader(settings.time_format, settings.zone)
    turns = {
        "signals": _signals, "states": _states, "counts": _counts, "measurements": _measurements, "meters": _meters,
    }  # fmt: skip
    turn = turns[settings.kind](sheet, settings, columns)

    def put(batch: Batch, row: list[Any]) -> None:
        time = _time(row[columns["time"]], columns["time"], to_time)
        for one in turn(time, row):
            if isinstance(one, Sample):
                batch.samples.append(one)
            else:
                batch.facts.append(one)

    batch = _each(sheet, after, put)
    batch.samples.sort(key=lambda sample: sample.time)
    batch.facts.sort(key=lambda row: int(row["time"]))
    return batch


def read_spans(sheet: Sheet, settings: FilesSettings, *, after: int = 0) -> Batch:
    """Declared coverage: one interval a row, columns start and end. Raises InputError if one is not there."""
    names = [name.casefold() for name in sheet.header]
    if not {"start", "end"} <= set(names):
        raise InputError("no column for start, end", came=", ".join(sheet.header))
    start, end = names.index("start"), names.index("end")
    to_time = reader(settings.time_format, settings.zone)

    def put(batch: Batch, row: list[Any]) -> None:
        first, last = _time(row[start], start, to_time), _time(row[end], end, to_time)
        if last <= first:
            raise _Bad(end, "ends before it starts")
        batch.spans.append((first, last))

    return _each(sheet, after, put)


def _each(sheet: Sheet, after: int, put: Callable[[Batch, list[Any]], None]) -> Batch:
    """Put each row beyond the first `after` into a batch; a bad one is a complaint."""
    batch = Batch()
    for number, cells in sheet.rows:
        batch.rows += 1
        if batch.rows <= after:
            continue
        try:
            put(batch, _squared(cells, len(sheet.header)))
        except _Bad as bad:
            text = " | ".join("" if cell is None else str(cell) for cell in cells)
            batch.complaints.append(Complaint(sheet.cell_name(number, bad.column), text, bad.reason))
    return batch


class _Bad(Exception):  # noqa: N818
    def __init__(self, column: int, reason: str) -> None:
        self.column, self.reason = column, reason
        super().__init__(reason)


def _squared(cells: list[Any], width: int) -> list[Any]:
    """The row with as many cells as the header."""
    if any(str(cell).strip() for cell in cells[width:] if cell is not None):
        raise _Bad(width, f"{len(cells)} fields, the header has {width}")
    return cells[:width] + [None] * (width - len(cells))


_Turn = Callable[[int, list[Any]], Iterator[Any]]


def _find(header: Sequence[str], settings: FilesSettings) -> dict[str, int]:
    """Index of each column that the settings or its usual name find."""
    folded = {name.casefold(): index for index, name in reversed(list(enumerate(header)))}
    found: dict[str, int] = {}
    for ours, names in NAMES.items():
        given = settings.columns.get(ours)
        if given is not None and given.casefold() not in folded:
            raise InputError(
                f"no column for {ours}", came=", ".join(header), expected=given, hint="set columns = { … }"
            )
        for name in (given,) if given is not None else names:
            if name.casefold() in folded:
                found[ours] = folded[name.casefold()]
                break
    needs = {
        "states": ("time", "state"), "measurements": ("time", "characteristic", "value"), "meters": ("time", "meter"),
    }.get(settings.kind, ("time",))  # fmt: skip
    if settings.kind in {"states", "counts"} and not settings.unit:
        needs = (*needs, "unit")
    missing = [name for name in needs if name not in found]
    if settings.kind == "counts" and not {"good", "scrap", "rework"} & set(found):
        missing.append("good, scrap or rework")
    if settings.kind == "meters" and not {"register", "interval"} & set(found):
        missing.append("register or interval")
    if missing:
        raise InputError(
            f"no column for {', '.join(missing)}",
            came=", ".join(header),
            hint=f'columns = {{ {missing[0].split(",")[0]} = "…" }} names it',
        )
    return found


def _time(cell: Any, column: int, to_time: Callable[[Any], int]) -> int:
    _no_formula(cell, column)
    try:
        return to_time(cell)
    except InputError as error:
        raise _Bad(column, str(error)) from error


def _no_formula(cell: Any, column: int) -> None:
    if isinstance(cell, Formula):
        raise _Bad(column, f"formula without a stored value: {cell.text}; open the workbook, calculate and save it")


def _signals(sheet: Sheet, settings: FilesSettings, columns: dict[str, int]) -> _Turn:
    long = settings.layout == "long" or (settings.layout == "auto" and {"address", "value"} <= set(columns))
    if long and not {"address", "value"} <= set(columns):
        raise InputError("layout long needs the columns address and value", came=", ".join(sheet.header))

    def from_long(time: int, cells: list[Any]) -> Iterator[Sample]:
        address = _text(cells[columns["address"]])
        if not address:
            raise _Bad(columns["address"], "no address")
        yield from _sample(time, address, cells[columns["value"]], columns["value"], sheet.comma)

    others = [(index, name) for index, name in enumerate(sheet.header) if index != columns["time"] and name]

    def from_wide(time: int, cells: list[Any]) -> Iterator[Sample]:
        made = [sample for i, name in others for sample in _sample(time, name, cells[i], i, sheet.comma)]
        yield from made  # after all cells were found good: a bad row is bad as a whole

    return from_long if long else from_wide


def _sample(time: int, address: str, cell: Any, column: int, comma: bool) -> Iterator[Sample]:
    _no_formula(cell, column)
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        return
    value: Value = cell if isinstance(cell, int | float | bool) else str(cell).strip()
    if comma and isinstance(value, str) and _COMMA.match(value):
        value = value.replace(",", ".")
    yield Sample(address, time, value)


def _states(_: Sheet, settings: FilesSettings, columns: dict[str, int]) -> _Turn:
    states = state_mapping(settings.mapping)

    def turn(time: int, cells: list[Any]) -> Iterator[dict[str, Any]]:
        state = _text(cells[columns["state"]])
        if not state:
            raise _Bad(columns["state"], "no state")
        word = "unknown" if state.casefold() == "unknown" else known_word(states, state)
        reason = _optional(cells, columns, "reason")
        quality = Quality.GOOD
        if word is None:
            word, quality = state, Quality.UNCERTAIN
            reason = reason or f"not a word of {settings.mapping}"
        yield {
            "time": time,
            "subject": _unit(cells, columns, settings),
            "state": word,
            "mapping": settings.mapping,
            "quality": int(quality),
            "reason": reason,
            "order": _optional(cells, columns, "order"),
            "item": _optional(cells, columns, "item"),
        }

    return turn


def _counts(sheet: Sheet, settings: FilesSettings, columns: dict[str, int]) -> _Turn:
    def turn(time: int, cells: list[Any]) -> Iterator[dict[str, Any]]:
        yield {
            "time": time,
            "subject": _unit(cells, columns, settings),
            "good": _pieces(cells, columns, "good", sheet.comma),
            "scrap": _pieces(cells, columns, "scrap", sheet.comma),
            "rework": _pieces(cells, columns, "rework", sheet.comma),
            "quality": int(Quality.GOOD),
            "order": _optional(cells, columns, "order"),
            "item": _optional(cells, columns, "item"),
        }

    return turn


def _measurements(sheet: Sheet, settings: FilesSettings, columns: dict[str, int]) -> _Turn:
    declared = settings.declared

    def turn(time: int, cells: list[Any]) -> Iterator[dict[str, Any]]:
        at = columns["characteristic"]
        item = _optional(cells, columns, "item") or settings.item
        names = [name for name in (_text(cells[at]), _optional(cells, columns, "designator")) if name]
        known = [full for name in names for full in (name, f"{item}:{name}") if full in declared]
        if not known:
            said = f"{item}:{names[0]}" if names and item and ":" not in names[0] else names[0] if names else ""
            raise _Bad(at, f"not a characteristic of the plant: {said!r}" if said else "no characteristic")
        given = _optional(cells, columns, "measured_in")
        yield {
            "time": time, "subject": known[0], "quality": int(Quality.GOOD),
            "value": _measured(cells[columns["value"]], columns["value"], given, declared[known[0]], sheet.comma),
            "unit": _optional(cells, columns, "unit") or settings.unit or None,
        } | {name: _optional(cells, columns, name) for name in ("lot", "serial", "gauge", "person")}  # fmt: skip

    return turn


def _meters(sheet: Sheet, settings: FilesSettings, columns: dict[str, int]) -> _Turn:
    to_time = reader(settings.time_format, settings.zone)

    def turn(time: int, cells: list[Any]) -> Iterator[dict[str, Any]]:
        meter = _text(cells[columns["meter"]])
        if not meter:
            raise _Bad(columns["meter"], "no meter")
        medium, unit = settings.metered.get(meter, ("", ""))
        unit = _optional(cells, columns, "measured_in") or unit
        if not unit:
            raise _Bad(columns["meter"], f"nobody says the unit of the meter: {meter!r}")
        said = {name: _amount(cells, columns, name, sheet.comma) for name in ("register", "interval")}
        if (said["register"] is None) == (said["interval"] is None):
            raise _Bad(columns["meter"], "a register or an interval, one of them")
        begin = cells[columns["start"]] if "start" in columns else None
        yield {
            "time": time, "subject": meter, "quality": int(Quality.GOOD), "measured_in": unit,
            "medium": _optional(cells, columns, "medium") or medium or "electricity",
            "start": _time(begin, columns["start"], to_time) if _text(begin) else None, **said,
        }  # fmt: skip

    return turn


def _amount(cells: list[Any], columns: dict[str, int], name: str, comma: bool) -> float | None:
    """A number that may be missing."""
    if name not in columns or not _text(cells[columns[name]]):
        return None
    return _measured(cells[columns[name]], columns[name], None, "", comma)


def _measured(cell: Any, column: int, given: str | None, declared: str, comma: bool) -> float:
    """A measured value in the declared unit of its characteristic."""
    _no_formula(cell, column)
    text = _text(cell)
    if comma and _COMMA.match(text):
        text = text.replace(",", ".")
    try:
        number = float(text)
    except ValueError:
        raise _Bad(column, f"not a number: {text!r}" if text else "no value") from None
    if not math.isfinite(number):
        raise _Bad(column, f"not a measured value: {text}")
    if given and given != declared:
        convert = factor(given, declared)
        if convert is None:
            raise _Bad(column, f"{given} does not convert to {declared}")
        number = convert(number)
    return number


def _pieces(cells: list[Any], columns: dict[str, int], name: str, comma: bool) -> float:
    if name not in columns:
        return 0.0
    cell = cells[columns[name]]
    _no_formula(cell, columns[name])
    text = _text(cell)
    if comma and _COMMA.match(text):
        text = text.replace(",", ".")
    try:
        number = float(text) if text else 0.0
    except ValueError:
        raise _Bad(columns[name], f"not a number: {text!r}") from None
    if not math.isfinite(number) or number < 0:
        raise _Bad(columns[name], f"not a number of pieces: {text}")
    return number


def _unit(cells: list[Any], columns: dict[str, int], settings: FilesSettings) -> str:
    unit = settings.unit or _text(cells[columns["unit"]])
    if not unit:
        raise _Bad(columns["unit"], "no work unit")
    return unit


def _optional(cells: list[Any], columns: dict[str, int], name: str) -> str | None:
    if name not in columns:
        return None
    _no_formula(cells[columns[name]], columns[name])
    return _text(cells[columns[name]]) or None


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return str(cell).strip()
