"""schedule.toml and the tables of a planner as read: sound entries with their places, and what is wrong."""

from __future__ import annotations

import typing
import warnings
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException
from pydantic import BaseModel, ValidationError

from luban.core.errors import InputError
from luban.core.time import SECOND
from luban.decide.schedule.given.columns import SHEETS, key_of, sheet_of, with_unit
from luban.decide.schedule.given.settings import ScheduleFile, ScheduleTable
from luban.plant.complaint import Complaint, Place, did_you_mean
from luban.plant.draft import explain, parse_toml, read_text
from luban.plant.lines import Lines
from luban.plant.tables import Grid, read_grid
from luban.twin.load.fields import UNREADABLE
from luban.twin.load.read import Told

__all__ = ["FILE", "Given", "raise_all", "read_schedule", "read_tables"]

FILE = "schedule.toml"
_M = TypeVar("_M", bound=BaseModel)
_BROKEN = (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError)
SHOWN = 40
"""Most complaints that one error tells."""


@dataclass(slots=True)
class Given:
    """What was read: `lists` by section (pool, setup, …), and the schedule as a whole.

    name    of the file or folder
    broken  sections of which some entry did not pass: names of theirs may be right though nobody knows them
    """

    name: str
    schedule: Told[ScheduleTable]
    lists: dict[str, list[Told[Any]]] = field(default_factory=dict)
    complaints: list[Complaint] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)

    @property
    def tick(self) -> int:
        """Length of a tick [µs]; a second where nothing is said or what is said is complained of."""
        tick = self.schedule.table.tick
        if tick is None:
            return SECOND
        if tick.bare or tick.value != int(tick.value):
            self.complaints.append(self.schedule.complaint("tick", "not a length of time", tick, "1 s, or 1 min"))
            return SECOND
        return int(tick.value)

    def told(self, section: str) -> list[Told[Any]]:
        """Entries of a section."""
        return self.lists.get(section, [])


def raise_all(complaints: Sequence[Complaint]) -> None:
    """Raises one InputError that tells every complaint, each with its place; nothing where there is none."""
    unique = sorted(dict.fromkeys(complaints), key=lambda own: (own.file, own.place.sheet, own.line, own.place.column))
    if not unique:
        return
    if len(unique) == 1:
        raise unique[0].error()
    rest = len(unique) - SHOWN
    lines = [str(own) for own in unique[:SHOWN]] + ([f"and {rest} more"] if rest > 0 else [])
    raise InputError("\n  ".join([f"{len(unique)} things are wrong:", *lines]))


def read_schedule(folder: Path) -> Given:
    """Read schedule.toml and its tables; never raises for what it finds there. Without the file all is default."""
    path = folder / FILE
    nowhere = Told(ScheduleTable.model_validate({}), lambda *_: Place(FILE))
    given = Given(folder.name, nowhere)
    if not path.is_file():
        return given
    given.files.append(path)
    text = read_text(path, given.complaints)
    data = parse_toml(text, FILE, given.complaints) if text is not None else None
    if text is None or data is None:
        return given
    lines, known = Lines(text), ScheduleFile.model_fields
    for key in data:
        if key not in known:
            hint = did_you_mean(key, known)
            place = Place(FILE, lines.line((key,)))
            given.complaints.append(Complaint(place, key, "unknown key", key, ", ".join(known), hint))
    at = _placer(lines, ("schedule",))
    given.schedule = _entry(data.get("schedule", {}), ScheduleTable, at, given.complaints) or nowhere
    models = {name: model for name, own in known.items() if (model := _model(own.annotation)) is not None}
    for name, model in models.items():
        before = len(given.complaints)
        given.lists[name] = list(_listed(name, model, data.get(name, []), lines, given.complaints))
        given.broken |= {name} if len(given.complaints) > before else set()
    named = data.get("tables", {})
    for name, file in named.items() if isinstance(named, dict) else ():
        place = Place(FILE, lines.line(("tables", name)))
        if name not in models or not isinstance(file, str):
            hint = did_you_mean(name, models)
            given.complaints.append(Complaint(place, name, "no list of that name", name, ", ".join(models), hint))
            continue
        book, _, sheet = file.partition("#")
        if not (folder / book).is_file():
            given.complaints.append(Complaint(place, name, "no such file", file, f"a file in {folder.name}"))
            continue
        given.files.append(folder / book)
        grid = read_grid(folder / book, sheet, given.complaints)
        before = len(given.complaints)
        if grid is not None:
            given.lists[name] += _rows(grid, models[name], given.complaints)
        given.broken |= {name} if grid is None or len(given.complaints) > before else set()
    return given


def _model(annotation: Any) -> type[BaseModel] | None:
    """Model of a list of tables."""
    if typing.get_origin(annotation) is not list:
        return None
    inner = typing.get_args(annotation)[0]
    return inner if isinstance(inner, type) and issubclass(inner, BaseModel) else None


def _placer(lines: Lines, path: tuple[str | int, ...]) -> Callable[..., Place]:
    return lambda *keys: Place(FILE, lines.line((*path, *keys)))


def _listed(name: str, model: type[_M], raw: Any, lines: Lines, complaints: list[Complaint]) -> Iterator[Told[_M]]:
    if not isinstance(raw, list):
        place = Place(FILE, lines.line((name,)))
        complaints.append(Complaint(place, name, "one table where a list is meant", f"[{name}]", f"[[{name}]]"))
        return
    for index, own in enumerate(raw):
        entry = _entry(own, model, _placer(lines, (name, index)), complaints)
        if entry is not None:
            yield entry


def _entry(raw: Any, model: type[_M], at: Callable[..., Place], complaints: list[Complaint]) -> Told[_M] | None:
    try:
        return Told(model.model_validate(raw), at)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            context, place = detail.get("ctx", {}), at(*detail["loc"])
            if detail["type"] == UNREADABLE:
                name = ".".join(str(part) for part in detail["loc"] if isinstance(part, str))
                said = (context["said"], context["came"], context["expected"], context["hint"])
                complaints.append(Complaint(place, name, *said))
            else:
                complaints.append(explain(dict(detail), model, place))
        return None


def read_tables(path: Path) -> Given:
    """Read one CSV file of operations, a folder of CSV files, or the sheets of a workbook."""
    given = Given(path.stem, Told(ScheduleTable.model_validate({}), lambda *_: Place(path.name)))
    grids = _grids(path, given)
    if "operation" not in grids and not given.complaints:
        names = ", ".join(sheet.name for sheet in SHEETS.values())
        given.complaints.append(Complaint(Place(path.name), "", "no table of operations", expected=names))
    for section, grid in grids.items():
        if section == "schedule":
            given.schedule = _settings(grid, given.complaints) or given.schedule
        else:
            before = len(given.complaints)
            given.lists[section] = list(_rows(grid, SHEETS[section].model, given.complaints))
            given.broken |= {section} if len(given.complaints) > before else set()
    if not given.told("operation") and not given.complaints:
        expected = "a header and rows: order, operation, machine, time [min]"
        given.complaints.append(Complaint(Place(path.name), "", "no operations", expected=expected))
    return given


def _grids(path: Path, given: Given) -> dict[str, Grid]:
    """Grids by section."""
    found: dict[str, Grid] = {}
    if path.is_dir():
        for file in sorted(path.glob("*.csv")):
            section = sheet_of(file.stem)
            grid = read_grid(file, "", given.complaints) if section else None
            if grid is not None:
                given.files.append(file)
                found[section] = grid
        return found
    given.files.append(path)
    if path.suffix.lower() not in {".xlsx", ".xlsm"}:
        grid = read_grid(path, "", given.complaints)
        return {"operation": grid} if grid is not None else {}
    sheets = list(_sheets(path, given.complaints))
    for grid in sheets:
        section = sheet_of(grid.name) or ("operation" if len(sheets) == 1 else "")
        if section and grid.rows:
            found.setdefault(section, grid)
        elif grid.rows and (hint := did_you_mean(grid.name, [own.name for own in SHEETS.values()], 0.8)):
            place = grid.place(0)
            given.complaints.append(Complaint(place, "", "a sheet that looks like a table, but is none", hint=hint))
    return found


def _sheets(path: Path, complaints: list[Complaint]) -> Iterator[Grid]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl warns of styles and extensions it drops
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
            try:
                for sheet in book.worksheets:
                    rows = [
                        (number, cells)
                        for number, cells in enumerate(sheet.iter_rows(values_only=True), start=1)
                        if any(cell not in (None, "") for cell in cells) and not str(cells[0] or "").startswith("#")
                    ]
                    yield Grid(sheet.title, rows, path.name, sheet.title)
            finally:
                book.close()
    except _BROKEN as error:
        complaints.append(Complaint(Place(path.name), "", "not an Excel workbook", str(error), "a file saved as .xlsx"))


def _header(grid: Grid, model: type[BaseModel], complaints: list[Complaint]) -> list[tuple[str, str]]:
    """(key, unit) of each column; '' for one that has no meaning here."""
    line, cells = grid.rows[0]
    known = model.model_fields
    header: list[tuple[str, str]] = []
    for position, cell in enumerate(cells, start=1):
        title = str(cell if cell is not None else "").strip()
        try:
            key, unit = key_of(title, known)
        except InputError as error:
            complaints.append(Complaint(grid.place(line, position), title, error.message, error.came, error.expected))
            key, unit = "", ""
        if title and not key and not any(own.place == grid.place(line, position) for own in complaints[-1:]):
            hint = did_you_mean(title, known)
            place = grid.place(line, position)
            complaints.append(Complaint(place, title, "unknown column", repr(title), ", ".join(known), hint))
        elif key and key in [name for name, _ in header]:
            place = grid.place(line, position)
            complaints.append(Complaint(place, title, "a column given twice", repr(title), "each column once"))
            key = ""
        header.append((key, unit))
    for name, own in known.items():
        if own.is_required() and name not in [key for key, _ in header]:
            complaints.append(Complaint(grid.place(line), name, "missing column", expected=own.description or name))
    return header


def _rows(grid: Grid, model: type[_M], complaints: list[Complaint]) -> Iterator[Told[_M]]:
    """Entries of a table: the columns are the keys, an empty cell is a key not given."""
    if not grid.rows:
        return
    header = _header(grid, model, complaints)
    names = [key for key, _ in header]
    if any(own.is_required() and name not in names for name, own in model.model_fields.items()):
        return
    column = {key: position for position, key in enumerate(names, start=1) if key}

    for number, cells in grid.rows[1:]:

        def at(*keys: str | int, number: int = number) -> Place:
            return grid.place(number, column.get(str(keys[0]), 0) if keys else 0)

        raw = {
            key: with_unit(cell, unit)
            for (key, unit), cell in zip(header, cells, strict=False)
            if key and cell is not None and not (isinstance(cell, str) and not cell.strip())
        }
        entry = _entry(raw, model, at, complaints)
        if entry is not None:
            yield entry


def _settings(grid: Grid, complaints: list[Complaint]) -> Told[ScheduleTable] | None:
    """The sheet of settings: key and value in each row."""
    raw, lines = {}, {}
    for number, cells in grid.rows:
        key = str(cells[0] or "").strip()
        value = cells[1] if len(cells) > 1 else None
        if key in {"key", "setting"} or value in (None, ""):
            continue
        raw[key], lines[key] = value, number

    def at(*keys: str | int) -> Place:
        return grid.place(lines.get(str(keys[0]), 0), 2) if keys else grid.place(0)

    return _entry(raw, ScheduleTable, at, complaints)
