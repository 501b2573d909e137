"""Measured values of a file, in subgroups, in order of time: whatever shape the table has."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np

from luban.core.errors import InputError
from luban.core.units import parse_unit
from luban.understand.quality.data import NO_TIME, Excluded, Sample
from luban.understand.quality.read.columns import Columns, Numbers, read_columns
from luban.understand.quality.read.moments import backwards, order_keys
from luban.understand.quality.read.names import plain_name, role_of, split_unit
from luban.understand.quality.read.numbers import text_of
from luban.understand.quality.read.roles import Layout, layout_of

__all__ = ["Order", "in_order", "read_sample"]

Order = Literal["check", "file", "time"]
"""What to do where times run backwards: say so, keep the order of the file, or sort by time."""

_SUMMARIES = frozenset(
    (
        "mean", "average", "avg", "total", "sum", "range", "min", "max", "std", "stdev", "std dev", "xbar", "r",
        "standard deviation", "平均", "平均值", "合计", "总计", "평균", "합계", "mittelwert", "summe",
    )
)  # fmt: skip


@dataclass(slots=True)
class _Groups:
    """Subgroups while they are read."""

    labels: list[str] = field(default_factory=list)
    values: list[list[float]] = field(default_factory=list)
    keys: list[float | None] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)  # first row of each
    excluded: list[Excluded] = field(default_factory=list)
    moments: bool = False

    def add(self, label: str, values: list[float], key: float | None, row: int) -> None:
        """Take a subgroup that holds something."""
        if values:
            self.labels.append(label)
            self.values.append(values)
            self.keys.append(key)
            self.rows.append(row)


def read_sample(
    path: Path | str | Columns,
    *,
    sheet: str = "",
    value: str | Sequence[str] = "",
    subgroup: str | Sequence[str] = "",
    time: str = "",
    size: int = 0,
    shape: str = "auto",
    where: Mapping[str, str] | None = None,
    order: Order = "check",
    lower: float | None = None,
    target: float | None = None,
    upper: float | None = None,
    unit: str = "",
    zone: ZoneInfo | None = None,
    characteristic: str = "",
) -> Sample:
    """The measured values of a table as a sample.

    path      file, or columns that were read before
    value     column of the values, or of several with commas between or X* (a subgroup in each row); found where
              only one can be meant
    subgroup  column, or columns, that name the subgroup of a value
    time      column of the time; where it runs backwards, `order` says what then
    size      so many values after each other are a subgroup (one column of values)
    shape     auto, single, long, wide (a subgroup a row), columns (a subgroup a column)
    where     only rows in which these columns hold these texts
    lower, target, upper  specification [unit]; else columns of that name (LSL, USL, target) that hold one number
    unit      of the values; where the file names another, values are converted
    zone      of wall-clock times; UTC by default
    Raises    InputError: no such file or column, several columns that could be meant, no usable value, limits
              reversed, mixed units, time that runs backwards
    Example   read_sample("holes.csv", value="diameter", subgroup="batch", lower=9.9, upper=10.1).sizes
    """
    columns = path if isinstance(path, Columns) else read_columns(path, sheet)
    if where:
        columns = columns.only(where)
    layout = layout_of(columns, value, subgroup, time, size, shape)
    columns, same, other = _one_unit(columns, layout, unit)
    numbers = {name: columns.numbers(name, same) for name in layout.values}
    groups = _read(columns, layout, numbers, size, zone)
    groups.excluded += other
    in_order(groups.keys, groups.labels, lambda at: columns.place(groups.rows[at], layout.time), order)
    if not groups.labels:
        first = groups.excluded[0] if groups.excluded else None
        came = f"{len(groups.excluded)} left out, first {first.where}: {first.reason}" if first else "no row"
        raise InputError("no usable value", came=came, where=columns.source)
    turn = list(range(len(groups.labels)))
    if order == "time" and all(key is not None for key in groups.keys):
        turn.sort(key=lambda at: groups.keys[at] or 0.0)
    values = [groups.values[at] for at in turn]
    name = characteristic or (split_unit(layout.values[0])[0] if len(layout.values) == 1 else _stem(layout.values))
    limits = _limits(columns, layout, lower, target, upper)
    times = [groups.keys[at] if groups.moments else None for at in turn]
    chosen = "".join(f", {key} = {text}" for key, text in (where or {}).items())
    if size > 1 and layout.shape == "single":
        last = f" (the last has {len(values[-1])})" if len(values[-1]) < size else ""
        chosen += f", {size} values after each other{last}"
    return Sample(
        name, _named(numbers, same), np.array([one for group in values for one in group], np.float64),
        np.concatenate(([0], np.cumsum([len(group) for group in values]))).astype(np.int64),
        tuple(groups.labels[at] for at in turn),
        np.array([NO_TIME if key is None else int(key) for key in times], np.int64),
        *limits, tuple(groups.excluded), columns.source + chosen,
    )  # fmt: skip


def in_order(keys: Sequence[float | None], labels: Sequence[str], place: Callable[[int], str], order: Order) -> None:
    """Raises InputError where the times run backwards and nobody said what to do then."""
    at = backwards(keys) if order == "check" else None
    if at is not None:
        raise InputError(
            "time runs backwards", came=f"{labels[at]} after {labels[at - 1]}", where=place(at),
            expected="rows in order of time", hint="sort by time, or keep the order of the file: say which",
        )  # fmt: skip


def _named(numbers: Mapping[str, Numbers], same: str) -> str:
    units = {one.unit for one in numbers.values()}
    if len(units) > 1:
        came = ", ".join(f"{name}: {one.unit or 'none'}" for name, one in numbers.items())
        raise InputError("mixed units", came=came, expected="one unit", hint="name the unit of the values")
    return units.pop() or same


def _one_unit(columns: Columns, layout: Layout, unit: str) -> tuple[Columns, str, list[Excluded]]:
    """The unit to read in. A column of units is put behind the numbers, so that each is converted by its own."""
    asked = parse_unit(unit).symbol if unit else ""
    header = [columns.units[name] for name in layout.values if name in columns.units]
    if not layout.unit:
        return columns, asked or (header[0] if header and len(layout.values) > 1 else ""), []
    cells = dict(columns.cells)
    units = columns.text(layout.unit)
    for name in layout.values:
        cells[name] = tuple(
            f"{text_of(cell)} {its}" if text_of(cell) and its and not _has_unit(cell) else cell
            for cell, its in zip(columns.cells[name], units, strict=True)
        )
    own = {name: its for name, its in columns.units.items() if name not in layout.values}
    with_units = Columns(
        columns.names, cells, columns.lines, columns.file, columns.sheet, columns.delimiter, own, columns.positions
    )
    return with_units, asked, []


def _has_unit(cell: object) -> bool:
    return isinstance(cell, str) and cell.strip()[-1:].isalpha()


def _read(
    columns: Columns, layout: Layout, numbers: Mapping[str, Numbers], size: int, zone: ZoneInfo | None
) -> _Groups:
    keys, moments = order_keys(columns.cells[layout.time], zone) if layout.time else ([None] * len(columns), False)
    groups = _Groups(moments=moments)
    if layout.shape == "columns":
        for name, one in numbers.items():  # a blank is a shorter column, not a value left out
            groups.excluded += [bad for bad in one.excluded.values() if bad.came]
            groups.add(name, [value for value in one.values.tolist() if value == value], None, 0)
        return groups
    if layout.shape == "wide":
        _wide(columns, layout, numbers, keys, groups)
        return groups
    one = numbers[layout.values[0]]
    timed = moments and any(key is not None for key in keys)
    rows: dict[str, list[int]] = {}
    labels = _labels(columns, layout, size)
    if layout.shape == "single" and size < 2 and not one.excluded and not timed:
        groups.labels, groups.rows = [str(label) for label in labels], list(range(len(labels)))
        groups.values, groups.keys = [[value] for value in one.values.tolist()], list(keys)
        return groups
    for row, label in enumerate(labels):
        bad = one.excluded.get(row)
        if bad is None and label is None:
            bad = Excluded(columns.place(row, layout.subgroup[0]), layout.subgroup[0], "", "no subgroup is named")
        if bad is None and timed and keys[row] is None:
            came = text_of(columns.cells[layout.time][row])
            bad = Excluded(columns.place(row, layout.time), layout.time, came, "no time, so no place in the order")
        if bad is not None:
            groups.excluded.append(bad)
        else:
            rows.setdefault(label or "", []).append(row)
    for label, own in rows.items():
        groups.add(label, one.values[own].tolist(), keys[own[0]], own[0])
    return groups


def _labels(columns: Columns, layout: Layout, size: int) -> list[str | None]:
    """The name of each row's subgroup; None where it is missing."""
    if layout.subgroup:
        parts = [columns.text(name) for name in layout.subgroup]
        return ["/".join(part) if all(part) else None for part in zip(*parts, strict=True)]
    if size > 1:
        return [str(row // size + 1) for row in range(len(columns))]
    named = next((name for name in columns.names if role_of(name, ("time", "index", "subgroup"))), layout.time)
    cells = columns.text(named) if named and named not in layout.values else ()
    if cells and all(cells) and len(set(cells)) == len(cells):
        return list(cells)
    return [str(row + 1) for row in range(len(columns))]


def _wide(
    columns: Columns, layout: Layout, numbers: Mapping[str, Numbers], keys: Sequence[float | None], groups: _Groups
) -> None:
    labels = _labels(columns, layout, 0)
    for row, label in enumerate(labels):
        summary = label is not None and plain_name(label) in _SUMMARIES
        values: list[float] = []
        for name, one in numbers.items():
            bad = one.excluded.get(row)
            if summary and bad is None:
                bad = Excluded(
                    columns.place(row, name), name, text_of(columns.cells[name][row]), "a row of sums or means"
                )
            if bad is None:
                values.append(float(one.values[row]))
            elif bad.came:  # a blank is a smaller subgroup, not a value left out
                groups.excluded.append(bad)
        twice = label is None or label in groups.labels
        groups.add(f"{label or 'row'} ({columns.lines[row]})" if twice else label or "", values, keys[row], row)


def _stem(names: Sequence[str]) -> str:
    bare = [split_unit(name)[0] for name in names]
    stem = bare[0].rstrip("0123456789").strip(" _-#.")
    return stem if stem and all(name.startswith(stem) for name in bare) else "value"


def _limits(
    columns: Columns, layout: Layout, lower: float | None, target: float | None, upper: float | None
) -> tuple[float | None, float | None, float | None]:
    """The specification: as given, else a column of the table that holds one number throughout."""
    found: list[float | None] = []
    for role, given in (("lower", lower), ("target", target), ("upper", upper)):
        if given is None and lower is None and upper is None:
            name = next((n for n in columns.names if n not in layout.values and role_of(n, (role,))), "")
            held = {float(v) for v in columns.numbers(name).values if v == v} if name else set()
            if len(held) > 1:
                few = ", ".join(f"{v:g}" for v in sorted(held)[:6])
                raise InputError(
                    "several specifications in one table", came=f"{name}: {few}", where=columns.source,
                    expected="one", hint="choose the rows of one characteristic, or give the limits",
                )  # fmt: skip
            given = held.pop() if held else None  # noqa: PLW2901
        found.append(given)
    return found[0], found[1], found[2]
