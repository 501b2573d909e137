"""A table of a file by its columns: names, cells with their places, numbers with what stood in the way of each."""

from __future__ import annotations

import string
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np

from luban.core.errors import InputError, UnitError
from luban.core.units import convert, parse_unit
from luban.understand.quality.data import Excluded, Floats
from luban.understand.quality.read.names import plain_name, role_of, series, split_unit
from luban.understand.quality.read.numbers import decimal_comma, is_number, number_of, plain_numbers, text_of
from luban.understand.quality.read.sources import Rows, open_rows

__all__ = ["Columns", "Numbers", "Usable", "read_columns"]

_BLANK = frozenset(("", None))
_PROBE = 1000  # rows looked at to find the first ones of numbers


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers of a column.

    values    shape (n,); nan where the cell holds none
    unit      of all of them; "" where the file names none
    excluded  the cells without a number, by row
    """

    values: Floats
    unit: str
    excluded: Mapping[int, Excluded]


@dataclass(frozen=True, slots=True)
class Usable:
    """The rows in which every asked column holds what was asked.

    numbers   by column, shape (n,)
    texts     by column, length n
    rows      their indexes in the table
    units     by column of numbers; "" where the file names none
    excluded  the other rows: the first cell that stood in the way
    """

    numbers: Mapping[str, Floats]
    texts: Mapping[str, tuple[str, ...]]
    rows: tuple[int, ...]
    units: Mapping[str, str]
    excluded: tuple[Excluded, ...]


@dataclass(frozen=True, slots=True)
class Columns:
    """A table as it was read.

    names      of the columns, each once, as the file has them
    cells      by column, length n: text as written, or what the workbook or Parquet file holds
    lines      line or row number in the file, length n
    file, sheet, delimiter  where it came from
    units      unit that the header names, by column
    """

    names: tuple[str, ...]
    cells: Mapping[str, tuple[Any, ...]]
    lines: tuple[int, ...]
    file: str
    sheet: str = ""
    delimiter: str = ""
    units: Mapping[str, str] = field(default_factory=dict)
    positions: Mapping[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.lines)

    @property
    def source(self) -> str:
        """File, and sheet of a workbook."""
        return f"{self.file}!{self.sheet}" if self.sheet else self.file

    def place(self, row: int, name: str = "") -> str:
        """Where a cell stands: file:line of a text, file!sheet!B7 of a workbook. Example "holes.csv:12"."""
        line = self.lines[row]
        if not self.sheet:
            return f"{self.file}:{line}"
        at, letters = self.positions.get(name, -1), ""
        while at >= 0:
            at, rest = divmod(at, 26)
            letters, at = string.ascii_uppercase[rest] + letters, at - 1
        return f"{self.source}!{letters or 'row '}{line}"

    def find(self, name: str) -> str:
        """The column of that name, whatever its case, unit and signs. Raises InputError."""
        for same in (str.strip, str.casefold, plain_name):
            found = [one for one in self.names if same(one) == same(name)]
            if len(found) == 1:
                return found[0]
        near = get_close_matches(plain_name(name), map(plain_name, self.names), 1, 0.6)
        hint = next((f"did you mean {one!r}?" for one in self.names if near and plain_name(one) == near[0]), "")
        raise InputError("no such column", came=name, expected=", ".join(self.names), where=self.source, hint=hint)

    def text(self, name: str) -> tuple[str, ...]:
        """The cells of a column as a person reads them. Raises InputError: no such column."""
        return tuple(text_of(cell) for cell in self.cells[self.find(name)])

    def numbers(self, name: str, unit: str = "") -> Numbers:
        """The numbers of a column.

        unit    convert to this one where the file names another; the header's, or that of the cells, by default
        Raises  InputError: no such column, or units behind the numbers that differ while nobody says which to take;
                UnitError: the units do not convert
        """
        name = self.find(name)
        column = self.cells[name]
        quick = plain_numbers(column)
        if quick is not None:
            return Numbers(quick, self._one_unit(name, quick, {}, unit), {})
        comma = decimal_comma(column, self.delimiter)
        values = np.full(len(column), np.nan)
        excluded: dict[int, Excluded] = {}
        behind: dict[int, str] = {}
        for row, cell in enumerate(column):
            number, its, reason = number_of(cell, comma=comma)
            if number is None:
                excluded[row] = Excluded(self.place(row, name), name, text_of(cell), reason)
                continue
            values[row] = number
            if its:
                behind[row] = its
        return Numbers(values, self._one_unit(name, values, behind, unit), excluded)

    def _one_unit(self, name: str, values: Floats, behind: Mapping[int, str], wanted: str) -> str:
        """Bring the values to one unit, in place."""
        header = self.units.get(name, "")
        own = header or wanted
        if not own and behind:
            kinds = Counter(behind.values())
            bare = int(np.isfinite(values).sum()) - len(behind)
            if len(kinds) > 1 or bare:
                few = kinds.most_common()[-1][0] if len(kinds) > 1 else ""
                row = next(row for row in range(len(values)) if behind.get(row, "") == few and np.isfinite(values[row]))
                came = ", ".join(f"{kind} in {n}" for kind, n in kinds.most_common()) + f", none in {bare}" * bool(bare)
                raise InputError(
                    "mixed units in a column", came=came, where=f"{self.place(row, name)} ({name})",
                    expected="one unit, or the unit to convert to", hint="name the unit of the values",
                )  # fmt: skip
            own = next(iter(kinds))
        target = parse_unit(wanted or own).symbol if wanted or own else ""
        if not behind and own == target:
            return target
        for row in map(int, np.flatnonzero(np.isfinite(values))) if target else ():
            came = behind.get(row, own)
            if came != target:
                try:
                    values[row] = convert(float(values[row]), came, target)
                except UnitError as error:
                    where = f"{self.place(row, name)} ({name})"
                    raise UnitError(error.message, came=error.came, expected=error.expected, where=where) from error
        return target

    def numeric(self, name: str) -> bool:
        """Whether at least half of the cells that hold something hold a number."""
        column = self.cells[name]
        held = [cell for cell in column[:: max(len(column) // 1000, 1)] if text_of(cell)]
        return bool(held) and 2 * sum(map(is_number, held)) >= len(held)

    def usable(
        self, numbers: Sequence[str], texts: Sequence[str] = (), units: Mapping[str, str] | None = None
    ) -> Usable:
        """The rows in which all these columns hold a number or a text; keys are the names as asked.

        units   the unit to convert to, by column as asked
        Raises  InputError: no such column, no row that can be used
        Example read_columns("study.csv").usable(["value"], ["part", "operator"]).numbers["value"].mean()
        """
        read = {name: self.numbers(name, (units or {}).get(name, "")) for name in numbers}
        words = {name: self.text(name) for name in texts}
        kept: list[int] = []
        excluded: list[Excluded] = []
        for row in range(len(self)):
            bad = next((one.excluded[row] for one in read.values() if row in one.excluded), None)
            missing = next((name for name, cells in words.items() if not cells[row]), None)
            if bad is None and missing is not None:
                bad = Excluded(self.place(row, self.find(missing)), self.find(missing), "", "no value")
            if bad is None:
                kept.append(row)
            else:
                excluded.append(bad)
        if not kept:
            first = f"{excluded[0].where}: {excluded[0].reason}" if excluded else "no row"
            raise InputError(
                "no row can be used", came=first, expected=", ".join((*numbers, *texts)), where=self.source
            )
        taken = np.array(kept)
        return Usable(
            {name: one.values[taken] for name, one in read.items()},
            {name: tuple(cells[row] for row in kept) for name, cells in words.items()},
            tuple(kept), {name: one.unit for name, one in read.items()}, tuple(excluded),
        )  # fmt: skip

    def only(self, where: Mapping[str, str]) -> Columns:
        """The rows in which each named column holds that text. Raises InputError: no such column, no such row."""
        rows = range(len(self))
        for name, wanted in where.items():
            cells = self.text(name)
            kept = [row for row in rows if cells[row].casefold() == wanted.strip().casefold()]
            if not kept:
                known = ", ".join(list(dict.fromkeys(cells[row] for row in rows))[:12])
                raise InputError(f"no row with that {name}", came=wanted, expected=known, where=self.source)
            rows = kept  # type: ignore[assignment]
        taken = list(rows)
        cells_of = {name: tuple(column[row] for row in taken) for name, column in self.cells.items()}
        return replace(self, cells=cells_of, lines=tuple(self.lines[row] for row in taken))


def read_columns(path: Path | str, sheet: str = "") -> Columns:
    """A table of any sane shape: CSV with any delimiter, decimal mark and encoding, an Excel sheet, Parquet.

    The header is the row above the first row of numbers; lines above it (a title, the instrument's name) are passed
    over, and so are lines that begin with #. Without a header the columns are called column 1, column 2, …; a name
    that comes twice gets its number behind it. A row of units below the header is taken as such.

    sheet    of a workbook; the first that holds something by default
    Raises   InputError: no such file, no table in it, not what its name says
    Example  read_columns("holes.xlsx").names
    """
    rows = open_rows(path, sheet)
    if rows.header is not None:
        return _columns(rows, list(rows.header), list(rows.rows))
    body = [(number, _trimmed(cells)) for number, cells in rows.rows]
    block = _block(body) if rows.delimiter == " " else None
    if block is not None:
        return _columns(rows, [text_of(cell) for cell in block[0]], block[1])
    first = _first_numbers(body)
    if first is None:
        raise InputError("no numbers in the file", where=rows.name, expected="a table of measured values")
    top = _header(body, first)
    if top is None:
        return _columns(rows, [], body[first:])
    return _columns(rows, [text_of(cell) for cell in body[top][1]], body[top + 1 :])


def _block(body: Sequence[tuple[int, list[Any]]]) -> tuple[list[Any], list[tuple[int, list[Any]]]] | None:
    """Names and rows of a text cut by blanks that ends in its table, as instruments and archives write them.

    The table is the block of lines at the end with equally many words; the words above it, also with a line of dashes
    between, are its names where there are as many of them and none is a number. None where that is not the shape.
    """
    width = _filled(body[-1][1])
    begin = len(body) - 1
    while begin and _filled(body[begin - 1][1]) == width and body[begin][0] - body[begin - 1][0] == 1:
        begin -= 1
    rows = list(body[begin:])
    counts = [sum(map(is_number, cells)) for _, cells in rows]
    usual = sorted(counts)[len(counts) // 2]
    like = (_filled(cells) == width and sum(map(is_number, cells)) >= usual for _, cells in body[:begin])
    if len(rows) < 2 or 2 * sum(counts) < len(rows) * width or any(like):
        return None
    above = [cells for _, cells in body[:begin] if not all(set(text_of(cell)) <= {"-", "=", "_"} for cell in cells)]
    if not counts[0] or _names_in_numbers(body, begin):
        return list(rows[0][1]), rows[1:]
    if above and len(above[-1]) == width and not any(map(is_number, above[-1])):
        return list(above[-1]), rows
    return None if begin == 0 else ([], rows)


def _trimmed(cells: list[Any]) -> list[Any]:
    if cells and cells[-1] not in _BLANK:
        return cells
    end = len(cells)
    while end and text_of(cells[end - 1]) == "":
        end -= 1
    return cells[:end]


def _filled(cells: Sequence[Any]) -> int:
    return sum(text_of(cell) != "" for cell in cells)


def _first_numbers(body: Sequence[tuple[int, list[Any]]]) -> int | None:
    """Index of the first row that looks like the rows of numbers in the middle of the table."""
    counts = [sum(map(is_number, cells)) for _, cells in body[:_PROBE]]
    having = [at for at, count in enumerate(counts) if count]
    if not having:
        return None
    usual = sorted(counts[at] for at in having)[len(having) // 2]
    width = sorted(_filled(body[at][1]) for at in having)[len(having) // 2]
    first = next(at for at in having if 2 * counts[at] >= usual and 2 * _filled(body[at][1]) > width)
    for at in range(first, min(len(counts), first + 30)):  # lines such as `CMM 7` stand above the real header
        if _filled(body[at][1]) != width:
            continue
        if counts[at]:
            break
        if any(role_of(text_of(cell)) for cell in body[at][1]):
            return next((row for row in having if row > at), first)
    return first


def _header(body: Sequence[tuple[int, list[Any]]], first: int) -> int | None:
    """Index of the row that names the columns.

    Of the rows above the first numbers that are about as wide as the table: the lowest with a name that is known,
    or the top one (the others then are rows whose values are missing). Else the first row of numbers itself, where
    it has text above a column of numbers.
    """
    width = max(_filled(cells) for _, cells in body[first : first + 20])
    top: int | None = None
    for at in range(first - 1, -1, -1):
        cells = body[at][1]
        known = any(role_of(name) or split_unit(name)[1] for name in map(text_of, cells))
        wide = _filled(cells) >= max(0.6 * width, 1 if width == 1 else 2)
        if body[at + 1][0] - body[at][0] > 1 and not known:
            break  # a blank line between: what stands above it is a title
        if wide:
            top = at
        if (wide and known) or (top is not None and not wide):
            break
    if top is not None:
        return top
    return first if _names_in_numbers(body, first) else None


def _names_in_numbers(body: Sequence[tuple[int, list[Any]]], first: int) -> bool:
    """A header such as No., 1, 2, 3: text above a column of numbers, or numbers that count up beside a known name."""
    cells, below = body[first][1], [row for _, row in body[first + 1 : first + 12]]
    for at, cell in enumerate(cells):
        under = [row[at] for row in below if at < len(row) and text_of(row[at])]
        if text_of(cell) and not is_number(cell) and under and all(map(is_number, under)):
            return True
    if len(cells) > 2 and [text_of(cell) for cell in cells] == [str(at + 1) for at in range(len(cells))]:
        return any(not text_of(cell).isdigit() for row in below for cell in row)
    corner, across = text_of(cells[0]), [text_of(cell) for cell in cells[1:]]
    beside = [text_of(row[0]) for row in below if row]
    named = corner == "" or (not is_number(corner) and role_of(corner) != "")
    return named and series(across) and bool(beside) and not any(map(is_number, beside))


def _is_units(cells: Sequence[Any], below: Sequence[Sequence[Any]]) -> bool:
    """A row of units: a known one above a column of numbers, and nothing but that, blanks and dashes."""
    found = False
    for at, text in enumerate(map(text_of, cells)):
        under = [row[at] for row in below if at < len(row) and text_of(row[at])]
        if text in {"", "-", "1"}:
            continue
        if not _unit(text) or 2 * sum(map(is_number, under)) <= len(under):
            return False
        found = True
    return found


def _unit(text: str) -> str:
    try:
        return parse_unit(text.strip("[]() ")).symbol if text.strip("[]() ") else ""
    except UnitError:
        return ""


def _columns(rows: Rows, header: list[str], body: list[tuple[int, list[Any]]]) -> Columns:
    width = max([len(header), *(len(cells) for _, cells in body)], default=0)
    names: list[str] = []
    for at in range(width):
        name = (header[at] if at < len(header) else "").replace("\n", " ").strip() or f"column {at + 1}"
        twice = sum(one == name or one.startswith(f"{name} (") for one in names)
        names.append(f"{name} ({twice + 1})" if twice else name)
    units = {name: unit for name in names if (unit := split_unit(name)[1])}
    if (
        body
        and header
        and not any(map(is_number, body[0][1]))
        and _is_units(body[0][1], [cells for _, cells in body[1:20]])
    ):
        units |= {
            names[at]: unit for at, cell in enumerate(body[0][1]) if (unit := _unit(text_of(cell))) and unit != "1"
        }
        body = body[1:]
    if not body:
        raise InputError("a header without rows", came=", ".join(names), where=rows.name)
    columns = {
        name: tuple(cells[at] if at < len(cells) else None for _, cells in body) for at, name in enumerate(names)
    }
    named = {text.strip() for text in header}
    kept = [name for name in names if name in named or any(text_of(cell) for cell in columns[name])]
    return Columns(
        tuple(kept), {name: columns[name] for name in kept}, tuple(number for number, _ in body), rows.name,
        rows.sheet, rows.delimiter, units, {name: at for at, name in enumerate(names)},
    )  # fmt: skip
