"""Files as lazy frames of any engine: Parquet, CSV, Excel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import narwhals as nw
import pyarrow as pa

from luban.core.errors import InputError

__all__ = ["scan", "table_of", "whole"]

_KINDS = (".parquet", ".csv", ".xlsx")


def scan(path: Path, backend: Any = "duckdb") -> nw.LazyFrame[Any]:
    """A file, or a folder of Parquet files, as a lazy frame.

    Raises InputError: not there, not readable, of an unknown kind.
    """
    kind = path.suffix.lower()
    if not path.exists():
        raise InputError("no such file", came=str(path), expected="a Parquet, CSV or Excel file")
    if not path.is_dir() and kind not in _KINDS:
        raise InputError("unknown kind of file", came=path.name, expected=", ".join(_KINDS), where=str(path))
    if path.is_dir() and not any(path.glob("*.parquet")):
        raise InputError("no Parquet file in the folder", where=str(path))
    try:
        if path.is_dir() or kind == ".parquet":
            return nw.scan_parquet(str(path / "*.parquet") if path.is_dir() else str(path), backend=backend)
        # in a text file industry 34 and region 010 are names, not numbers: types are made where the columns are known
        found: nw.LazyFrame[Any] = nw.from_native(_csv(path) if kind == ".csv" else _sheet(path)).lazy(backend)
    except InputError:
        raise
    except Exception as error:
        raise InputError("the file cannot be read", came=str(error).splitlines()[0], where=str(path)) from error
    return found


def table_of(path: Path) -> pa.Table:
    """A small file as a table. Raises InputError as `scan`."""
    found: pa.Table = scan(path).collect("pyarrow").to_native()
    return found


def whole(cell: Any) -> int:
    """A whole number out of a cell, as a year is one. Raises ValueError, TypeError for anything else.

    Example  whole("2020"), whole(2020.0)  # 2020, 2020
    """
    number = float(cell)
    if not number.is_integer():
        raise ValueError(cell)
    return int(number)


def _csv(path: Path) -> pa.Table:
    from pyarrow import csv

    with path.open(encoding="utf-8-sig") as file:
        names = [one.strip().strip('"') for one in file.readline().rstrip("\r\n").split(",")]
    texts = {name: pa.string() for name in names if name in _TEXTS}
    options = csv.ConvertOptions(column_types=texts, strings_can_be_null=True, null_values=["", "-", "–", "NA", "null"])
    return csv.read_csv(path, convert_options=options)


_TEXTS = ("unit", "level", "region", "industry", "size", "stratum", "above_scale", "indicator", "source", "population")


def _sheet(path: Path) -> pa.Table:
    """The first sheet: a row of names, then a row for each unit and year."""
    from openpyxl import load_workbook

    book = load_workbook(path, read_only=True, data_only=True)
    try:
        rows = list(book.worksheets[0].iter_rows(values_only=True))
    finally:
        book.close()
    if not rows:
        raise InputError("the sheet is empty", where=str(path))
    columns: dict[str, pa.Array] = {}
    for at, head in enumerate(rows[0]):
        if head is None:
            continue  # a column without a name is not read
        name = str(head).strip()
        if name in columns:
            raise InputError("a column stands twice", came=name, where=str(path))
        cells = [row[at] if at < len(row) else None for row in rows[1:] if any(cell is not None for cell in row)]
        columns[name] = _column(name, cells)
    return pa.table(columns)


def _column(name: str, cells: list[Any]) -> pa.Array:
    if name in _TEXTS:
        return pa.array([None if cell is None else _word(cell) for cell in cells], pa.string())
    numbers: list[float | None] = []
    for cell in cells:
        if cell is None or (isinstance(cell, str) and cell.strip() in {"", "-", "–", "NA"}):
            numbers.append(None)
            continue
        try:
            numbers.append(float(cell))
        except (TypeError, ValueError):
            return pa.array([None if one is None else _word(one) for one in cells], pa.string())
    return pa.array(numbers, pa.float64())


def _word(cell: Any) -> str:
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell).strip()
