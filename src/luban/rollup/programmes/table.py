"""A table of words: CSV or Excel with a header, each row by the names of its columns.

Reads   a file    Writes  nothing
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from luban.core.errors import InputError
from luban.understand.quality.read.numbers import text_of
from luban.understand.quality.read.sources import open_rows

__all__ = ["day_in", "read_table"]


def read_table(path: Path, needed: Sequence[str]) -> list[tuple[str, dict[str, str]]]:
    """(place, cells by column) of each row; a cell that is not there is "".

    needed   columns that must be there
    Raises   InputError: no such file, not a table, a column is missing, two of one name
    """
    rows = open_rows(path)
    body = list(rows.rows)
    header = list(rows.header) if rows.header is not None else body.pop(0)[1] if body else []
    names = [text_of(cell).strip().casefold() for cell in header]
    missing = [one for one in needed if one not in names]
    if missing:
        raise InputError("columns are missing: " + ", ".join(missing), came=", ".join(names) or "nothing",
                         expected=", ".join(needed), where=path.name)  # fmt: skip
    twice = [f"{one} (column {at})" for at, one in enumerate(names, 1) if one and names.count(one) > 1]
    if twice:
        raise InputError(
            "two columns have one name", came=", ".join(twice), expected="one column each", where=path.name
        )
    found = []
    for number, cells in body:
        texts = [text_of(cell).strip() for cell in cells]
        if any(texts):
            texts += [""] * (len(names) - len(texts))
            found.append((f"{path.name}:{number}", dict(zip(names, texts, strict=False))))
    return found


def day_in(text: str, where: str) -> date:
    """The day of a cell; a time behind it does not count. Raises InputError: not a date."""
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise InputError("not a date", came=text, expected="2016-06-30", where=where) from None
