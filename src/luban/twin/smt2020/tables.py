"""Tab-separated AutoSched tables: a line of column names, then a line a thing; refusals name file, line and column."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from luban.core.errors import InputError
from luban.twin.distribution import Distribution

__all__ = ["Row", "read", "unique"]

_SECONDS = {"sec": 1.0, "min": 60.0, "hr": 3600.0, "day": 86400.0}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table; every refusal names file, line and column."""

    file: str
    line: int
    cells: Mapping[str, str]

    def refuse(self, column: str, message: str, expected: str) -> InputError:
        """What is wrong with the cell, and where it stands."""
        return InputError(
            message,
            came=repr(self.cells.get(column, "")),
            expected=expected,
            where=f"{self.file}:{self.line}, column {column}",
        )

    def text(self, column: str) -> str:
        """The cell of a column that the table must have."""
        if column not in self.cells:
            raise self.refuse(column, "no such column", f"a column {column}")
        return self.cells[column]

    def maybe(self, column: str) -> str:
        """The cell, empty where the table has no such column."""
        return self.cells.get(column, "")

    def choice(self, column: str, known: Iterable[str]) -> str:
        """The cell, one of `known`."""
        found = self.text(column)
        if found not in known:
            raise self.refuse(column, "unknown value", ", ".join(known) or "nothing: there are none")
        return found

    def number(self, column: str, *, low: float = 0.0, high: float = float("inf")) -> float:
        """The cell as a number within limits."""
        try:
            found = float(self.text(column))
        except ValueError:
            raise self.refuse(column, "not a number", "a number") from None
        if not low <= found <= high:
            limits = f"{low:g} or more" if high == float("inf") else f"{low:g} to {high:g}"
            raise self.refuse(column, "number out of range", limits)
        return found

    def count(self, column: str) -> int:
        """The cell as a whole number of 1 or more (`2.0` is 2)."""
        found = self.number(column, low=1)
        if found != int(found):
            raise self.refuse(column, "not a whole number", "a whole number")
        return int(found)

    def seconds(self, column: str, units: str) -> float:
        """A duration whose unit stands in another column [s]."""
        return self.number(column) * _SECONDS[self.choice(units, _SECONDS)]

    def spread(self, kind: str, value: str, half: str, units: str) -> Distribution:
        """The distribution that the columns of a time give [s]; `half` is half the width of a uniform one."""
        mean = self.seconds(value, units)
        match self.choice(kind, ("constant", "uniform", "exponential")):
            case "constant":
                return Distribution.constant(mean)
            case "uniform":
                width = self.seconds(half, units)
                if width > mean:
                    raise self.refuse(half, "half the width exceeds the mean", f"at most {self.text(value)}")
                return Distribution.uniform(mean - width, mean + width)
            case _:
                if mean == 0:
                    raise self.refuse(value, "the mean must be above 0", "a number above 0")
                return Distribution.exponential(mean)

    def instant(self, column: str) -> datetime:
        """The cell as a date and time."""
        try:
            return datetime.strptime(self.text(column), "%m/%d/%y %H:%M:%S").replace(tzinfo=UTC)
        except ValueError:
            raise self.refuse(column, "not a date and time", "MM/DD/YY HH:MM:SS") from None


def read(folder: Path, name: str, *, needed: bool = True) -> list[Row]:
    """The lines of a table; a missing one is empty unless it is needed."""
    path = folder / name
    if not path.is_file():
        if needed:
            raise InputError("table missing", where=str(path), expected="the tables of one fab in one folder")
        return []
    raw = path.read_bytes()
    text = raw.decode("utf-16") if raw[:2] in {b"\xff\xfe", b"\xfe\xff"} else raw.decode("utf-8-sig", "replace")
    lines = [line.rstrip("\r\n").split("\t") for line in text.splitlines()]
    if not lines or not any(lines[0]):
        raise InputError("empty table", where=str(path), expected="a line of column names, then lines of cells")
    rows = []
    for number, cells in enumerate(lines[1:], 2):
        if len(cells) > len(lines[0]):
            raise InputError(
                "more cells than columns",
                came=str(len(cells)),
                expected=f"{len(lines[0])} at most",
                where=f"{name}:{number}",
            )
        if any(cell.strip() for cell in cells):
            padded = [cell.strip() for cell in cells] + [""] * (len(lines[0]) - len(cells))
            rows.append(Row(name, number, dict(zip((head.strip() for head in lines[0]), padded, strict=True))))
    if needed and not rows:
        raise InputError("empty table", where=str(path), expected="at least one line of cells")
    return rows


def unique(rows: list[Row], column: str) -> dict[str, Row]:
    """The rows by the name in `column`, which no two may share."""
    found: dict[str, Row] = {}
    for row in rows:
        name = row.text(column)
        if name in found:
            raise row.refuse(column, "a name twice", f"each once; also in line {found[name].line}")
        found[name] = row
    return found
