"""A complaint: what is wrong in a plant folder, where, what came, what was expected, what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from openpyxl.utils import get_column_letter

from luban.core.errors import ConfigError, InputError

__all__ = ["Complaint", "Place", "did_you_mean", "listing", "said"]


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a file of the plant folder: a line, and a column or a cell where there is one.

    line    counted from 1; 0 for the file as a whole
    column  counted from 1; 0 for the whole line
    sheet   the sheet of a workbook, else ''
    """

    file: str
    line: int = 0
    column: int = 0
    sheet: str = ""

    def __str__(self) -> str:
        if self.sheet:
            cell = f"{get_column_letter(self.column or 1)}{self.line}" if self.line else ""
            return "!".join(part for part in (self.file, self.sheet, cell) if part)
        return ":".join([self.file, *(str(number) for number in (self.line, self.column) if number)])


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing that is wrong.

    place     file and line, or file, sheet and cell
    field     the key or column
    message   what is wrong
    came      what came
    expected  what was expected
    hint      what to do next
    """

    place: Place
    field: str
    message: str
    came: str = ""
    expected: str = ""
    hint: str = ""

    @property
    def file(self) -> str:
        """File name within the plant folder."""
        return self.place.file

    @property
    def line(self) -> int:
        """Line in it, from 1; 0 for the file as a whole."""
        return self.place.line

    @property
    def where(self) -> str:
        """`plant.toml:12`, `items.csv:5:3` or `plant.xlsx!items!C5`."""
        return str(self.place)

    def error(self) -> ConfigError:
        """The same as an exception."""
        return ConfigError(
            f"{self.field}: {self.message}" if self.field else self.message,
            came=self.came,
            expected=self.expected,
            where=self.where,
            hint=self.hint,
        )

    def as_dict(self) -> dict[str, str | int]:
        """The same for `--json` and the REST service."""
        return {
            "where": self.where,
            "file": self.file,
            "line": self.line,
            "field": self.field,
            "message": self.message,
            "came": self.came,
            "expected": self.expected,
            "hint": self.hint,
        }

    def __str__(self) -> str:
        return str(self.error())


def did_you_mean(word: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """'did you mean …?' for the nearest known word, '' if none is near."""
    close = difflib.get_close_matches(word, list(known), 1, cutoff)
    return f"did you mean {close[0]}?" if close else ""


def said(place: Place, field: str, error: InputError) -> Complaint:
    """What a reader of a text said about it, with the place of the text."""
    return Complaint(place, field, error.message, error.came, error.expected, error.hint)


def listing(known: Iterable[str], most: int = 8) -> str:
    """Names joined by commas; of many, the first few and how many there are."""
    names = list(known)
    shown = ", ".join(names[:most])
    return f"{shown}, … ({len(names)} in all)" if len(names) > most else shown
