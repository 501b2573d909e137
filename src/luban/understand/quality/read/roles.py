"""Which column is what: by the names that were asked, by the names that are usual, by what the cells hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from luban.core.errors import InputError, UnitError
from luban.core.units import parse_unit
from luban.understand.quality.read.columns import Columns
from luban.understand.quality.read.names import plain_name, role_of, series
from luban.understand.quality.read.numbers import is_number, text_of

__all__ = ["SHAPES", "Layout", "layout_of", "names_of"]

SHAPES = ("auto", "single", "long", "wide", "columns")
"""single: one value a row; long: one value a row and a column that names the subgroup; wide: one subgroup a row;
columns: one subgroup a column."""

_PIECES = frozenset(
    (
        "x", "y", "m", "n", "obs", "observation", "reading", "measurement", "meas", "value", "piece", "part", "point",
        "site", "rep", "replicate", "trial", "sample", "样本", "值", "测量值", "测点", "读数", "件", "시료", "값",
        "측정", "측정값", "stichprobe", "wert", "messung",
    )
)  # fmt: skip
"""What the single values of a subgroup are called; a sample is both one value and several."""
_PASSED = ("subgroup", "time", "index", "unit", "lower", "upper", "target", "summary")


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the parts of a sample stand.

    shape     single, long, wide or columns
    values    columns of values
    subgroup  columns that name the subgroup; () for none
    time      column of the time; "" for none
    unit      column of the unit; "" for none
    """

    shape: str
    values: tuple[str, ...]
    subgroup: tuple[str, ...] = ()
    time: str = ""
    unit: str = ""


def names_of(asked: str | Sequence[str], columns: Columns) -> tuple[str, ...]:
    """The columns that were asked for: one name, several with commas between, or X* for all that begin so."""
    if not isinstance(asked, str):
        return tuple(columns.find(name) for name in asked)
    if not asked.strip():
        return ()
    if asked.endswith("*"):
        found = tuple(name for name in columns.names if name.casefold().startswith(asked[:-1].casefold()))
        return found or (columns.find(asked),)
    if any(plain_name(name) == plain_name(asked) for name in columns.names) or "," not in asked:
        return (columns.find(asked),)
    return tuple(columns.find(part) for part in asked.split(",") if part.strip())


def layout_of(
    columns: Columns,
    value: str | Sequence[str] = "",
    subgroup: str | Sequence[str] = "",
    time: str = "",
    size: int = 0,
    shape: str = "auto",
) -> Layout:
    """Where the values, the subgroups and the time stand.

    Raises InputError: no such column, several columns that could be meant, a shape that the table does not have
    """
    if shape not in SHAPES:
        raise InputError("unknown shape of a table", came=repr(shape), expected=", ".join(SHAPES))
    if size < 0:
        raise InputError("a subgroup holds at least one value", came=str(size), expected="a size of 1 or more")
    asked, groups = names_of(value, columns), names_of(subgroup, columns)
    clock = columns.find(time) if time else ""
    rest = [name for name in columns.names if name not in {*asked, *groups, clock}]
    values = asked or _values(columns, rest, shape)
    rest = [name for name in rest if name not in values]
    clock = clock or next((name for name in rest if role_of(name, ("time",))), "")
    unit = next((name for name in rest if role_of(name, ("unit",)) and _holds_units(columns, name)), "")
    if shape == "auto":
        shape = _shape(columns, values, groups, size, rest)
    if shape in {"single", "long"} and len(values) > 1:
        raise _several(columns, values)
    if shape == "long" and not groups:
        groups = _grouping(columns, rest)
        if not groups:
            raise InputError(
                "no column names the subgroup", came=", ".join(columns.names), where=columns.source,
                hint="name the column of the subgroup, or give the size of a subgroup",
            )  # fmt: skip
    if shape == "wide" and not groups:
        groups = tuple(name for name in rest if name != clock and role_of(name, ("subgroup", "index")))[:1]
        groups = groups or tuple(name for name in rest if not columns.numeric(name) and name not in {clock, unit})[:1]
    return Layout(shape, values, () if shape in {"single", "columns"} else groups, clock, unit)


def _holds_units(columns: Columns, name: str) -> bool:
    """Whether a column holds units of measure; a column of that name may also hold machines."""
    held = {text for text in columns.text(name) if text}
    known = 0
    for text in held:
        try:
            parse_unit(text)
        except UnitError:
            continue
        known += 1
    return bool(held) and 2 * known > len(held)


def _shape(columns: Columns, values: Sequence[str], groups: Sequence[str], size: int, rest: Sequence[str]) -> str:
    if len(values) > 1:
        return "columns" if _subgroups_across(columns, values) else "wide"
    if size:
        return "single"
    return "long" if groups or _grouping(columns, rest) else "single"


def _subgroups_across(columns: Columns, values: Sequence[str]) -> bool:
    """Whether the header names subgroups: Day 1, Day 2, …; or 1, 2, … above rows that are called X1, X2, …."""
    stems = {plain_name(name.rstrip("0123456789 #.")) for name in values}
    if len(stems) != 1:
        return False
    (stem,) = stems
    corner = columns.names[0]
    rows = {plain_name(label.rstrip("0123456789 #.")) for label in columns.text(corner)}
    if corner not in values and len(rows) == 1 and rows <= _PIECES and stem not in _PIECES:
        return True
    return role_of(stem, ("subgroup",)) != "" and stem not in _PIECES


def _grouping(columns: Columns, rest: Sequence[str]) -> tuple[str, ...]:
    """A column that is called like a subgroup and whose names come more than once."""
    for name in rest:
        if role_of(name, ("subgroup",)):
            cells = [text for text in columns.text(name) if text]
            if cells and len(set(cells)) < len(cells):
                return (name,)
    return ()


def _values(columns: Columns, rest: Sequence[str], shape: str) -> tuple[str, ...]:
    """The columns of values, where nobody named them."""
    numeric = [name for name in rest if columns.numeric(name)]
    if not numeric:
        raise InputError("no column of numbers", came=", ".join(columns.names), where=columns.source)
    if all(name.startswith("column ") for name in columns.names) and len(numeric) > 1:
        return tuple(numeric[1:] if _counts_up(columns, numeric[0]) else numeric)
    meant = [name for name in numeric if role_of(name, ("value",))]
    if len(meant) == 1:
        return (meant[0],)
    free = [name for name in numeric if not role_of(name, _PASSED)]
    if len(free) == 1 or (len(free) > 1 and (shape in {"wide", "columns"} or _row_of(free))):
        return tuple(free)
    if not free and len(numeric) == 1:
        return (numeric[0],)
    row = _one_row(free)
    if row:
        return row
    raise _several(columns, free or numeric)


def _one_row(names: Sequence[str]) -> tuple[str, ...]:
    """X1, X2, X3 beside other columns of numbers; () where no names, or several, count up."""
    stems: dict[str, list[str]] = {}
    for name in names:
        stems.setdefault(plain_name(name.rstrip("0123456789 #.")), []).append(name)
    found = [(stem, own) for stem, own in stems.items() if series(own)]
    if len(found) != 1:
        return ()
    ((stem, own),) = found
    return tuple(own) if stem in _PIECES or len(own) > 2 else ()


def _row_of(names: Sequence[str]) -> bool:
    """Whether the columns belong to one row of values: X1, X2, X3, or all named like subgroups."""
    return series(names)


def _counts_up(columns: Columns, name: str) -> bool:
    cells = [text_of(cell) for cell in columns.cells[name]]
    return len(cells) > 1 and all(map(is_number, cells)) and cells == [str(at) for at in range(1, len(cells) + 1)]


def _several(columns: Columns, names: Sequence[str]) -> InputError:
    return InputError(
        "several columns hold numbers", came=", ".join(names), where=columns.source, expected="one column of values",
        hint="name the column of the values, or say that each row is a subgroup",
    )  # fmt: skip
