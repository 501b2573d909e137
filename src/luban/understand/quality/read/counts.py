"""Defects and defective pieces of a file, by subgroup."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from luban.core.errors import InputError
from luban.understand.quality.data import NO_TIME, Counts, Excluded
from luban.understand.quality.read.columns import Columns, Numbers, read_columns
from luban.understand.quality.read.moments import order_keys
from luban.understand.quality.read.names import plain_name, role_of, split_unit
from luban.understand.quality.read.sample import Order, in_order

__all__ = ["read_counts"]


def read_counts(
    path: Path | str | Columns,
    *,
    sheet: str = "",
    count: str = "",
    size: str | float = "",
    subgroup: str = "",
    time: str = "",
    defective: bool | None = None,
    where: Mapping[str, str] | None = None,
    order: Order = "check",
    zone: ZoneInfo | None = None,
    characteristic: str = "",
) -> Counts:
    """Counts of a table, one subgroup a row.

    count      column of what was counted; found by its name, or where only one column of numbers is left
    size       column of the pieces or the area inspected, or one number for all; 1 where counts of defects name none
    defective  counts are defective pieces (p, np); else defects (c, u). None: as the column's name says, and
               defective pieces where a column of sizes is there and the name says nothing
    Raises     InputError: no such file or column, no usable count, defective pieces without a number inspected
    Example    read_counts("wafers.csv", count="defects").counts.sum()
    """
    columns = path if isinstance(path, Columns) else read_columns(path, sheet)
    if where:
        columns = columns.only(where)
    name = columns.find(count) if count else _counted(columns)
    sizes_name = columns.find(size) if isinstance(size, str) and size else ""
    if size == "":
        sizes_name = next((n for n in columns.names if n != name and role_of(n, ("size",)) and columns.numeric(n)), "")
    of_pieces = _defective(name, bool(sizes_name or size)) if defective is None else defective
    if of_pieces and not sizes_name and size == "":
        raise InputError(
            "how many pieces were inspected is not known", came=", ".join(columns.names), where=columns.source,
            hint="name the column of the sizes, or give one number for all",
        )  # fmt: skip
    numbers = columns.numbers(name)
    one = float(size) if not isinstance(size, str) else 1.0
    read = columns.numbers(sizes_name) if sizes_name else Numbers(np.full(len(columns), one), "", {})
    clock = columns.find(time) if time else next((n for n in columns.names if role_of(n, ("time",))), "")
    clock = "" if clock in {name, sizes_name} else clock
    labels = _labels(columns, subgroup, {name, sizes_name})
    keys, moments = order_keys(columns.cells[clock], zone) if clock else ([None] * len(columns), False)
    kept, excluded = _usable(columns, name, numbers, sizes_name, read, of_pieces)
    if not kept:
        came = f"{len(excluded)} left out, first {excluded[0].where}: {excluded[0].reason}" if excluded else "no row"
        raise InputError("no usable count", came=came, where=columns.source)
    in_order(
        [keys[row] for row in kept], [labels[row] for row in kept], lambda at: columns.place(kept[at], clock), order
    )
    if order == "time" and all(keys[row] is not None for row in kept):
        kept.sort(key=lambda row: keys[row] or 0.0)
    times = [keys[row] if moments else None for row in kept]
    return Counts(
        characteristic or split_unit(name)[0], numbers.values[kept], read.values[kept],
        tuple(labels[row] for row in kept),
        np.array([NO_TIME if key is None else int(key) for key in times], np.int64), of_pieces, tuple(excluded),
        columns.source + "".join(f", {key} = {text}" for key, text in (where or {}).items()),
    )  # fmt: skip


def _counted(columns: Columns) -> str:
    numeric = [name for name in columns.names if columns.numeric(name)]
    for role in ("defectives", "defects"):
        found = [name for name in numeric if role_of(name, (role,))]
        if len(found) == 1:
            return found[0]
    free = [name for name in numeric if not role_of(name, ("subgroup", "time", "index", "size"))]
    if len(free) == 1:
        return free[0]
    raise InputError(
        "several columns hold numbers" if free else "no column of counts", came=", ".join(free or columns.names),
        where=columns.source, expected="one column of counts", hint="name the column of the counts",
    )  # fmt: skip


def _defective(name: str, sized: bool) -> bool:
    if role_of(name, ("defectives",)):
        return True
    if role_of(name, ("defects",)):
        return False
    plain = plain_name(name)
    if any(word in plain for word in ("defective", "reject", "nonconforming", "不良品", "不合格品")):
        return True
    return sized and not any(word in plain for word in ("defect", "flaw", "nonconformit", "error"))


def _labels(columns: Columns, subgroup: str, used: set[str]) -> list[str]:
    named = columns.find(subgroup) if subgroup else ""
    rest = [name for name in columns.names if name not in used]
    named = named or next((n for n in rest if role_of(n, ("subgroup", "index", "time"))), "")
    named = named or next((n for n in rest if not columns.numeric(n)), "")
    cells = columns.text(named) if named else ()
    if cells and all(cells) and len(set(cells)) == len(cells):
        return list(cells)
    return [str(row + 1) for row in range(len(columns))]


def _usable(
    columns: Columns, name: str, counts: Numbers, sizes_name: str, sizes: Numbers, of_pieces: bool
) -> tuple[list[int], list[Excluded]]:
    kept: list[int] = []
    excluded: list[Excluded] = []
    for row in range(len(columns)):
        bad = counts.excluded.get(row) or sizes.excluded.get(row)
        if bad is None:
            count, size = float(counts.values[row]), float(sizes.values[row])
            reason, field = "", name
            if count < 0:
                reason = "a count is below zero"
            elif count != int(count):
                reason = "a count is a whole number"
            elif size <= 0:
                reason, field = "nothing was inspected", sizes_name
            elif of_pieces and count > size:
                reason = f"more defective pieces than the {size:g} inspected"
            if not reason:
                kept.append(row)
                continue
            came = columns.text(field)[row] if field else f"{size:g}"
            bad = Excluded(columns.place(row, field or name), field or name, came, reason)
        excluded.append(bad)
    return kept, excluded
