"""Tables of a plant folder: CSV files or the sheets of plant.xlsx, checked cell by cell.

What a table may hold stands in `tables.csv`, which the docs render too. A CSV file may be UTF-8, UTF-16, GBK or
Windows-1252; cut by commas, semicolons or tabs; lines that begin with # are notes.
"""

from __future__ import annotations

import csv
import math
import re
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from luban.core.errors import InputError
from luban.core.texts import decoded, delimiter_of, text_rows
from luban.core.time import parse_time
from luban.core.units import parse_unit
from luban.plant.complaint import Complaint, Place, did_you_mean

__all__ = ["Column", "Grid", "Row", "Tables", "read_grid", "read_tables", "table_columns"]

WORKBOOK = "plant.xlsx"
_SIGNS = ",;\t"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its type, unit and meaning."""

    name: str
    type: str
    unit: str
    required: bool
    description: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the values by column (None where empty) and the place of each cell.

    sound  no cell of it drew a complaint; the others are kept for their ids only
    """

    values: dict[str, Any]
    places: dict[str, Place]
    place: Place
    sound: bool

    def at(self, column: str) -> Place:
        """Place of that cell, or of the row where the table lacks the column."""
        return self.places.get(column, self.place)


Tables = dict[str, list[Row]]


@cache
def table_columns() -> dict[str, dict[str, Column]]:
    """The columns of each table by name."""
    text = files("luban.plant").joinpath("tables.csv").read_text("utf-8")
    found: dict[str, dict[str, Column]] = {}
    for row in csv.DictReader(text.splitlines()):
        column = Column(row["column"], row["type"], row["unit"], row["required"] == "yes", row["description"])
        found.setdefault(row["table"], {})[column.name] = column
    return found


@dataclass(frozen=True, slots=True)
class Grid:
    """Raw cells of one table with their places; the first row is the header."""

    name: str
    rows: list[tuple[int, Sequence[Any]]]
    file: str
    sheet: str

    def place(self, line: int, column: int = 0) -> Place:
        """Place of a cell, or of a row."""
        return Place(self.file, line, column, self.sheet)


def read_tables(folder: Path, zone: ZoneInfo) -> tuple[Tables, list[Complaint], list[Path]]:
    """(tables, complaints, files read) of a plant folder; a table that is not there is empty."""
    complaints: list[Complaint] = []
    grids: dict[str, Grid] = {}
    paths = [path for name in table_columns() if (path := folder / f"{name}.csv").exists()]
    for path in paths:
        grid = _read_csv(path, complaints)
        if grid is not None:
            grids[grid.name] = grid
    workbook = folder / WORKBOOK
    if workbook.exists():
        paths.append(workbook)
        for grid in _read_workbook(workbook, complaints):
            if grid.name in grids:
                complaints.append(
                    Complaint(
                        grid.place(1),
                        grid.name,
                        "one table given twice",
                        f"{grid.name}.csv and sheet {grid.name} of {WORKBOOK}",
                        "one of them",
                        "remove one",
                    )
                )
            grids.setdefault(grid.name, grid)
    complaints += _strays(folder)
    tables = {name: list(_rows(grids[name], zone, complaints)) if name in grids else [] for name in table_columns()}
    return tables, complaints, paths


def read_grid(path: Path, sheet: str, complaints: list[Complaint]) -> Grid | None:
    """The raw cells of a CSV file, or of a workbook's sheet; None and a complaint where it cannot be read."""
    if not sheet:
        return _read_csv(path, complaints)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
            try:
                if sheet in book.sheetnames:
                    return Grid(sheet, _filled(book[sheet]), path.name, sheet)
                known = ", ".join(book.sheetnames)
                hint = did_you_mean(sheet, book.sheetnames)
                complaints.append(Complaint(Place(path.name), "", "no such sheet", sheet, known, hint))
            finally:
                book.close()
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError) as error:
        complaints.append(Complaint(Place(path.name), "", "not an Excel workbook", str(error), "a file saved as .xlsx"))
    return None


def _filled(sheet: Any) -> list[tuple[int, Sequence[Any]]]:
    """Rows of a sheet that hold something, with their numbers."""
    return [
        (number, cells)
        for number, cells in enumerate(sheet.iter_rows(values_only=True), start=1)
        if any(cell not in (None, "") for cell in cells)
    ]


def _strays(folder: Path) -> Iterator[Complaint]:
    for path in sorted(folder.glob("*.csv")):
        hint = did_you_mean(path.stem, table_columns(), 0.8)
        if path.stem not in table_columns() and hint:
            yield Complaint(Place(path.name), "", "a file that looks like a table, but is none", path.name, hint=hint)


def _read_csv(path: Path, complaints: list[Complaint]) -> Grid | None:
    try:
        text = decoded(path.read_bytes())
        lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
        delimiter = delimiter_of(lines, _SIGNS)[0] or ","
        rows = [(line, cells) for line, cells in text_rows(text, delimiter) if not cells[0].startswith("#")]
    except InputError as error:
        line = int(error.where.rpartition(":")[2] or 0)
        complaints.append(Complaint(Place(path.name, line), "", error.message, error.came, error.expected))
        return None
    return Grid(path.stem, list(rows), path.name, "")


def _read_workbook(path: Path, complaints: list[Complaint]) -> list[Grid]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl warns of styles and extensions it drops
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
            try:
                return list(_sheets(book, complaints))
            finally:
                book.close()
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError) as error:
        complaints.append(Complaint(Place(path.name), "", "not an Excel workbook", str(error), "a file saved as .xlsx"))
        return []


def _sheets(book: Any, complaints: list[Complaint]) -> Iterator[Grid]:
    for sheet in book.worksheets:
        if sheet.title not in table_columns():
            hint = did_you_mean(sheet.title, table_columns(), 0.8)
            if hint:
                place = Place(WORKBOOK, 0, 0, sheet.title)
                complaints.append(
                    Complaint(place, "", "a sheet that looks like a table, but is none", sheet.title, hint=hint)
                )
            continue
        yield Grid(sheet.title, _filled(sheet), WORKBOOK, sheet.title)


def _rows(grid: Grid, zone: ZoneInfo, complaints: list[Complaint]) -> Iterator[Row]:
    columns = table_columns()[grid.name]
    if not grid.rows:
        complaints.append(Complaint(grid.place(1), "", "an empty table", expected="a header: " + ", ".join(columns)))
        return
    line, cells = grid.rows[0]
    header = [str(cell or "").strip() for cell in cells]
    complaints += _check_header(grid, line, header, columns)
    for number, row_cells in grid.rows[1:]:
        values: dict[str, Any] = dict.fromkeys(columns)
        places: dict[str, Place] = {}
        sound = all(column.name in header for column in columns.values() if column.required)
        for position, name in enumerate(header):
            if name not in columns:
                continue
            places[name] = grid.place(number, position + 1)
            cell = row_cells[position] if position < len(row_cells) else None
            try:
                values[name] = _value(cell, columns[name], zone)
            except InputError as error:
                sound = False
                complaints.append(Complaint(places[name], name, error.message, error.came, error.expected, error.hint))
        if len(row_cells) > len(header) and any(cell not in (None, "") for cell in row_cells[len(header) :]):
            place = grid.place(number, len(header) + 1)
            complaints.append(
                Complaint(
                    place,
                    "",
                    "more cells than columns",
                    str(len(row_cells)),
                    str(len(header)),
                    "put text with commas in quotes",
                )
            )
        yield Row(values, places, grid.place(number), sound)


def _check_header(grid: Grid, line: int, header: list[str], columns: dict[str, Column]) -> Iterator[Complaint]:
    for position, name in enumerate(header, start=1):
        if name and name not in columns:
            yield Complaint(
                grid.place(line, position),
                name,
                "unknown column",
                repr(name),
                ", ".join(columns),
                did_you_mean(name, columns),
            )
        elif name and name in header[: position - 1]:
            yield Complaint(grid.place(line, position), name, "a column given twice", repr(name), "each column once")
    for column in columns.values():
        if column.required and column.name not in header:
            yield Complaint(grid.place(line), column.name, "missing column", ", ".join(header), column.name)


def _value(cell: Any, column: Column, zone: ZoneInfo) -> Any:
    text = "" if cell is None else _cell_text(cell)
    if not text:
        if column.required:
            raise InputError("empty cell", expected=column.description)
        return None
    if column.type == "text":
        return text
    if column.type == "unit":
        return parse_unit(text).symbol
    if column.type == "time":
        return parse_time(cell.isoformat() if isinstance(cell, datetime | date) else text, zone)
    return _number(text, column)


def _cell_text(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def _number(text: str, column: Column) -> float:
    expected = {"positive": "a number above 0", "not negative": "a number, 0 or above"}.get(column.type, "a number")
    if column.unit:
        expected += f" [{column.unit}]"
    try:
        number = float(text)
    except ValueError:
        hint = "write the decimal mark as a point" if re.fullmatch(r"-?\d+,\d+", text) else ""
        raise InputError("not a number", came=repr(text), expected=expected, hint=hint) from None
    low = {"positive": 5e-324, "not negative": 0.0}.get(column.type, -math.inf)
    if not math.isfinite(number) or number < low:
        raise InputError("number out of range", came=text, expected=expected)
    return number
