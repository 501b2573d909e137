"""Opening a file of any of the formats: a header and numbered rows of cells."""

from __future__ import annotations

import io
import warnings
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

from luban.connect.files.names import WORDS
from luban.connect.files.qif import HEADER, qif_rows
from luban.connect.files.settings import FilesSettings
from luban.core.errors import InputError
from luban.core.texts import decoded, delimiter_of, text_rows

__all__ = ["Formula", "Sheet", "decode", "open_sheet"]

_DELIMITERS = ",;\t|"
_PROBE = 20_000  # characters that show how a text is cut


@dataclass(frozen=True, slots=True)
class Formula:
    """A cell whose formula has no stored value: nobody has calculated the workbook."""

    text: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table of a file.

    rows     (row number in the file, cells) in file order
    comma    numbers are written with a decimal comma
    """

    header: tuple[str, ...]
    rows: Iterator[tuple[int, list[Any]]]
    comma: bool = False

    def cell_name(self, row: int, column: int) -> str:
        """row:column as the complaint names it."""
        return f"{row}:{self.header[column] if column < len(self.header) else column + 1}"


def open_sheet(path: Path, content: bytes, settings: FilesSettings) -> Sheet:
    """The table in the content of a file of that name. Raises InputError: it is not what its name says."""
    kind = path.suffix.lower()
    if kind in {".xlsx", ".xlsm"}:
        return _workbook(path, content, settings)
    if kind == ".parquet":
        return _parquet(path, content)
    if kind == ".qif":
        return Sheet(HEADER, qif_rows(path.name, content))
    return _text(path, content, settings)


# ---- text


def decode(content: bytes, encoding: str, *, where: str = "") -> str:
    """Text of the bytes; `auto` finds the encoding by looking. Raises InputError."""
    if encoding == "auto":
        return decoded(content, where=where, words=WORDS, zeros=True)
    try:
        return content.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        raise InputError(
            "text of unknown encoding", where=where, expected=encoding, hint='set encoding = "…"'
        ) from None


def _text(path: Path, content: bytes, settings: FilesSettings) -> Sheet:
    text = decode(content, settings.encoding, where=path.name)
    delimiter = settings.delimiter if settings.delimiter != "auto" else _sniff(text)
    rows = text_rows(text, delimiter, where=path.name)
    header: list[str] = []
    for number, cells in rows:
        if number >= settings.header_row:
            header = [cell.strip() for cell in cells]
            break
    return Sheet(_checked(header, path), rows, comma=delimiter != ",")


def _sniff(text: str) -> str:
    whole = text[:_PROBE].rpartition("\n")[0] if len(text) > _PROBE else text
    return delimiter_of([line for line in whole.splitlines() if line.strip()], _DELIMITERS)[0] or ","


def _checked(header: list[str], path: Path) -> tuple[str, ...]:
    twice = [name for name, n in Counter(header).items() if n > 1 and name]
    if not any(header):
        raise InputError("no header", where=path.name, expected="a row that names the columns", hint="header_row = …")
    if twice:
        raise InputError("two columns of one name", came=", ".join(twice), where=path.name, expected="each name once")
    return tuple(header)


# ---- workbooks


def _workbook(path: Path, content: bytes, settings: FilesSettings) -> Sheet:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # styles and extensions that do not matter to values
            values = openpyxl.load_workbook(io.BytesIO(content), data_only=True)
            formulas = openpyxl.load_workbook(io.BytesIO(content))
    except (zipfile.BadZipFile, KeyError, OSError, ValueError) as error:
        raise InputError("not an Excel workbook", came=str(error), where=path.name) from error
    name = settings.sheet or values.sheetnames[0]
    if name not in values.sheetnames:
        raise InputError("no such sheet", came=name, expected=", ".join(values.sheetnames), where=path.name)
    sheet, written = values[name], formulas[name]
    top = settings.header_row
    for merged in sheet.merged_cells.ranges:
        if merged.min_row <= top <= merged.max_row:
            raise InputError(
                "merged cells in the header",
                came=str(merged),
                where=f"{path.name}!{name}",
                expected="one cell per column",
                hint="unmerge them, or set header_row to the row below",
            )
    header = [
        "" if cell is None else str(cell).strip()
        for cell in next(sheet.iter_rows(min_row=top, max_row=top, values_only=True), ())
    ]
    while header and not header[-1]:
        header.pop()

    def rows() -> Iterator[tuple[int, list[Any]]]:
        pairs = zip(
            sheet.iter_rows(min_row=top + 1, values_only=True),
            written.iter_rows(min_row=top + 1, values_only=True),
            strict=False,
        )
        for number, (cells, texts) in enumerate(pairs, top + 1):
            if any(text is not None for text in texts):
                yield number, [_cell(value, text) for value, text in zip(cells, texts, strict=True)][: len(header)]

    return Sheet(_checked(header, path), rows())


def _cell(value: Any, written: Any) -> Any:
    if value is None and isinstance(written, str) and written.startswith("="):
        return Formula(written)
    return value


# ---- Parquet


def _parquet(path: Path, content: bytes) -> Sheet:
    try:
        table = pq.read_table(pa.BufferReader(content))
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError("not a Parquet file", came=str(error).splitlines()[0], where=path.name) from error
    columns = [_plain(column) for column in table.columns]

    def rows() -> Iterator[tuple[int, list[Any]]]:
        for number, cells in enumerate(zip(*columns, strict=True), 1):
            yield number, list(cells)

    return Sheet(_checked(list(table.column_names), path), rows())


def _plain(column: pa.ChunkedArray) -> list[Any]:
    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        column = column.cast(pa.timestamp("us", column.type.tz), safe=False)
    return list(column.to_pylist())
