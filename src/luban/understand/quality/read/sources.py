"""Opening a file that a person brings: rows of cells with their numbers, whatever program wrote it."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from luban.core.errors import InputError
from luban.core.texts import decoded, delimiter_of, text_rows
from luban.understand.quality.read.names import ROLES
from luban.understand.quality.read.numbers import Formula, is_number, number_of

__all__ = ["Rows", "open_rows"]

_SIGNS: Final = ("\t", ";", "|", ",")
_WORDS: Final = frozenset(name for names in ROLES.values() for name in names if not name.isascii())
_COMMENT: Final = re.compile(r"\s*#(?![A-Z]+[/!?])")  # not #DIV/0! and its like
_PROBE: Final = 100  # lines at either end that show how a text is cut
_LARGE: Final = 20 << 20  # bytes from which a workbook is read without its merged cells


@dataclass(frozen=True, slots=True)
class Rows:
    """The cells of one table as they stand in the file.

    name       of the file, for people
    sheet      of a workbook; "" elsewhere
    header     names of the columns where the format has them (Parquet), else None
    rows       (line or row number in the file, cells), without the rows that hold nothing
    delimiter  between fields of a text, a line's end where each line is one field; "" elsewhere
    """

    name: str
    sheet: str
    header: tuple[str, ...] | None
    rows: tuple[tuple[int, list[Any]], ...]
    delimiter: str = ""


def open_rows(path: Path | str, sheet: str = "") -> Rows:
    """The rows of a CSV or other text table, an Excel workbook or a Parquet file.

    sheet   of a workbook; the first that holds something by default
    Raises  InputError: no such file, not what its name says, unknown encoding, no such sheet
    """
    path = Path(path)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise InputError("no such file", came=str(path)) from None
    except OSError as error:
        raise InputError("the file cannot be read", came=error.strerror or str(error), where=str(path)) from error
    if not content.strip():
        raise InputError("the file is empty", where=path.name, expected="a table with a header")
    if content[:4] == b"PK\x03\x04":
        return _workbook(path.name, content, sheet)
    if content[:4] == b"PAR1":
        return _parquet(path.name, content)
    if content[:4] == b"\xd0\xcf\x11\xe0":
        raise InputError("a workbook of the old format .xls", where=path.name, hint="save it as .xlsx")
    if sheet:
        raise InputError("only a workbook has sheets", came=sheet, where=path.name)
    return _text(path.name, content)


def _text(name: str, content: bytes) -> Rows:
    text = decoded(content, where=name, words=_WORDS)
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    while lines and _COMMENT.match(lines[0][1]) and len(lines) > 1 and not _as_wide(lines[0][1], lines[1][1]):
        del lines[0]
    if not lines or (len(lines) == 1 and _COMMENT.match(lines[0][1])):
        raise InputError("the file holds no table", where=name, expected="a header and rows of values")
    delimiter = _delimiter(name, [line for _, line in lines])
    if delimiter == "\n":
        return Rows(name, "", None, tuple((number, [line.strip()]) for number, line in lines), delimiter)
    if delimiter == " ":
        return Rows(name, "", None, tuple((number, line.split()) for number, line in lines), delimiter)
    rows = text_rows(text, delimiter, where=name, trim=True)
    return Rows(name, "", None, tuple((line, list(cells)) for line, cells in rows if line >= lines[0][0]), delimiter)


def _as_wide(line: str, below: str) -> bool:
    """Whether a line that begins with # has as many fields as the one below, and more than one: a column called #."""
    return any(line.count(sign) == below.count(sign) > 0 for sign in _SIGNS)


def _delimiter(name: str, lines: list[str]) -> str:
    """The sign that cuts most lines into the same number of fields; a blank, or the end of a line for one column."""
    probe = lines if len(lines) <= 2 * _PROBE else lines[:_PROBE] + lines[-_PROBE:]
    found, best = delimiter_of(probe)
    if best >= 0.3 and not (found == "," and _comma_is_decimal(name, probe)):
        return found
    cells = [line.split() for line in probe]
    width = Counter(map(len, cells)).most_common(1)[0][0]
    usual = [row for row in cells if len(row) == width]
    numbers = sum(any(map(is_number, row)) for row in usual)
    with_unit = width == 2 and 2 * sum(is_number(row[0]) and number_of(" ".join(row))[1] != "" for row in usual) > len(
        usual
    )
    return " " if width > 1 and 2 * numbers >= len(usual) and not with_unit else "\n"


def _comma_is_decimal(name: str, lines: list[str]) -> bool:
    """Lines such as `12,5` below one name: one number each, with a decimal comma.

    Raises InputError where no name stands above them: nobody can tell one column of `12,5` from two of 12 and 5
    """
    pairs = [line.strip().split(",") for line in lines]
    cut = [at for at, pair in enumerate(pairs) if len(pair) == 2]
    if len(cut) < 0.5 * len(pairs) or any(len(pair) > 2 for pair in pairs[cut[0] :]):
        return False
    whole = [all(part.strip().lstrip("+-").isdigit() for part in pairs[at]) for at in cut]
    if sum(whole) < 0.9 * len(cut) or not whole[0]:
        return False  # numbers with a point, or two names with a comma between: it cuts columns
    if cut[0] == 0:
        raise InputError(
            "a comma between whole numbers: a decimal mark, or two columns?", came=lines[0], where=name,
            hint="put the name of the column, or of both with a comma between, into the first line",
        )  # fmt: skip
    return True


def _workbook(name: str, content: bytes, sheet: str) -> Rows:
    import openpyxl

    large = len(content) > _LARGE
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # styles and extensions that do not matter to values
            values = openpyxl.load_workbook(io.BytesIO(content), data_only=True, read_only=large)
    except (zipfile.BadZipFile, KeyError, OSError, ValueError, TypeError) as error:
        raise InputError("not an Excel workbook", came=str(error), where=name) from error
    if sheet and sheet not in values.sheetnames:
        raise InputError("no such sheet", came=sheet, expected=", ".join(values.sheetnames), where=name)
    for title in (sheet,) if sheet else values.sheetnames:
        page = values[title]
        if not hasattr(page, "iter_rows"):
            continue  # a sheet that is a chart
        rows = [(number, list(cells)) for number, cells in enumerate(page.iter_rows(values_only=True), 1)]
        if not large:
            _fill_merged(page, rows)
            _mark_formulas(content, title, rows)
        held = tuple((number, cells) for number, cells in rows if any(cell not in (None, "") for cell in cells))
        if held:
            return Rows(name, title, None, held)
    raise InputError("the workbook holds no table", where=f"{name}!{sheet}" if sheet else name)


def _fill_merged(page: Any, rows: list[tuple[int, list[Any]]]) -> None:
    """A merged cell that runs down, such as the name of a subgroup, stands for each of its rows."""
    for area in page.merged_cells.ranges:
        if area.min_col != area.max_col:
            continue
        top = rows[area.min_row - 1][1][area.min_col - 1]
        for row in range(area.min_row, min(area.max_row, len(rows) - 1)):
            rows[row][1][area.min_col - 1] = top


def _mark_formulas(content: bytes, title: str, rows: list[tuple[int, list[Any]]]) -> None:
    import openpyxl

    if b"<f" not in _sheet_bytes(content):
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        written = openpyxl.load_workbook(io.BytesIO(content))[title]
    for (_, cells), texts in zip(rows, written.iter_rows(values_only=True), strict=False):
        for at, text in enumerate(texts):
            if at < len(cells) and cells[at] is None and isinstance(text, str) and text.startswith("="):
                cells[at] = Formula(text)


def _sheet_bytes(content: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        return b"".join(parts.read(name) for name in parts.namelist() if name.startswith("xl/worksheets/sheet"))


def _parquet(name: str, content: bytes) -> Rows:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(pa.BufferReader(content))
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError("not a Parquet file", came=str(error).splitlines()[0], where=name) from error
    columns = []
    for column in table.columns:
        if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
            column = column.cast(pa.timestamp("us", column.type.tz), safe=False)  # noqa: PLW2901
        columns.append(column.to_pylist())
    rows = tuple((number, list(cells)) for number, cells in enumerate(zip(*columns, strict=True), 1))
    return Rows(name, "", tuple(table.column_names), rows)
