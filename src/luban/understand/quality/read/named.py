"""A table whose columns are known by what they are called, whether they hold numbers or texts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Final

from luban.core.errors import InputError
from luban.understand.quality.read.columns import Columns
from luban.understand.quality.read.names import plain_name, split_unit
from luban.understand.quality.read.numbers import text_of
from luban.understand.quality.read.sources import open_rows

__all__ = ["named_columns", "roles_in"]

_PROBE: Final = 50  # rows at the top, one of which names the columns


def named_columns(path: Path | str, is_header: Callable[[Sequence[str]], bool], sheet: str = "") -> Columns | None:
    """The table below the first row that is its header; None where there is no such row.

    is_header  whether these cells name the columns of a table that is asked for
    sheet      of a workbook; the first that holds something by default
    A column without a name is passed over.
    Raises     InputError as `read_columns` does; two columns of one name: nobody knows which is meant

    Example  named_columns("uses.csv", lambda names: {"output", "input"} <= set(names))
    """
    rows = open_rows(path, sheet)
    lines = list(rows.rows) if rows.header is None else [(0, list(rows.header)), *rows.rows]
    for at, (_, head) in enumerate(lines[:_PROBE]):
        names = [text_of(cell) for cell in head]
        if not is_header(names):
            continue
        below = lines[at + 1 :]
        places = {name: names.index(name) for name in names if name}
        cells = {
            name: tuple(row[place] if place < len(row) else None for _, row in below) for name, place in places.items()
        }
        units = {name: unit for name in places if (unit := split_unit(name)[1])}
        found = Columns(
            tuple(places), cells, tuple(line for line, _ in below), rows.name, rows.sheet, rows.delimiter, units, places
        )
        often = Counter(names)
        twice = [f"{name} (column {at})" for at, name in enumerate(names, 1) if name and often[name] > 1]
        if twice:
            raise InputError("two columns have one name", came=", ".join(twice), where=found.source,
                             expected="one column each", hint="take out or rename the other")  # fmt: skip
        return found
    return None


def roles_in(names: Sequence[str], spellings: Mapping[str, Collection[str]]) -> dict[str, str]:
    """Role → column that plays it, whatever its case, signs and unit; the first one where several could.

    spellings  of each role, plain

    Example  roles_in(["Time", "Load [kW]"], {"time": ["time"], "power": ["load"]})  # {"time": "Time", …}
    """
    found: dict[str, str] = {}
    for name in names:
        role = next((role for role, known in spellings.items() if plain_name(name) in known), None)
        if role is not None:
            found.setdefault(role, name)
    return found
