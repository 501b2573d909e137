"""Returns from files: CSV, Excel and Parquet, a row a unit and year or a row a value; and a filled form.

A column is an element by its id or by its name in any language, with the unit behind it in brackets where it is not
the element's own: 营业收入（亿元）. Bad cells are findings with their place, never values.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from luban.core.errors import InputError
from luban.norms.plans import TargetPlan
from luban.rollup.returns.batch import REGISTER, Batch
from luban.rollup.returns.cells import EITHER, Maker, Named, names_of, plain, year_of
from luban.rollup.returns.findings import Finding
from luban.rollup.returns.workbook import BROKEN, filled_form
from luban.understand.quality.read.columns import Columns
from luban.understand.quality.read.named import named_columns
from luban.understand.quality.read.numbers import decimal_comma, text_of

__all__ = ["read_returns"]

_LONG: Final = {"unit", "year", "element", "value"}


def read_returns(path: Path | str, plan: TargetPlan, *, sheet: str = "") -> Batch:
    """Returns of a file: a row a unit and year, a row a value, or a filled form.

    sheet    of a workbook; the first that holds something by default
    Raises   InputError: no such file, a damaged workbook, no header with a unit and a year in it, two columns of one
             meaning
    Example  read_returns("returns.csv", load_plan("mic2025")).units
    """
    form = filled_form(path, plan)
    if form is not None:
        return form
    named = names_of(plan)

    def is_header(cells: Sequence[str]) -> bool:
        roles = {found.role for cell in cells if (found := named(cell)) is not None}
        return {"unit", "year"} <= roles

    try:
        columns = named_columns(path, is_header, sheet)
    except BROKEN as error:
        raise InputError("not an Excel workbook", came=str(error), where=Path(path).name,
                         hint="save it as .xlsx again") from error  # fmt: skip
    if columns is None:
        expected = "a header with unit, year and elements, or with unit, year, element and value"
        raise InputError("no returns in the file", where=str(Path(path).name), expected=expected,
                         hint="luban returns form writes a form")  # fmt: skip
    found = _batch(columns, plan, named)
    if not len(found):
        raise InputError("no returns in the file", where=columns.source, expected="rows below the header")
    return found


def _batch(columns: Columns, plan: TargetPlan, named: Callable[[str], Named | None]) -> Batch:
    means = {name: found for name in columns.names if (found := named(name)) is not None}
    if {"element", "value"} <= {found.role for found in means.values()}:
        means |= _measures(means)
    seen = Counter((found.role, found.element) for found in means.values())
    if twice := [name for name, found in means.items() if seen[found.role, found.element] > 1]:
        raise InputError("two columns mean the same", came=", ".join(twice), where=columns.source,
                         expected="one column each", hint="take out or rename those that are not meant")  # fmt: skip
    roles = {found.role: name for name, found in means.items() if found.role}
    maker = Maker(plan)
    maker.findings += [
        Finding("unknown name", "note", "", 0, expected=name, place=columns.place(0, name) if len(columns) else "")
        for name in columns.names
        if name not in means
    ]
    if len(roles.keys() & _LONG) == len(_LONG):
        return _long(columns, roles, maker, named)
    elements = {found.element: (name, found.unit) for name, found in means.items() if found.element}
    comma = columns.delimiter not in ("", ",") and _commas(columns, [name for name, _ in elements.values()])
    rows: list[int] = []
    for row in range(len(columns)):
        unit, year = text_of(columns.cells[roles["unit"]][row]), year_of(columns.cells[roles["year"]][row])
        if not unit and not year:
            continue  # a line of blanks or of sums below the table
        at = len(rows)
        rows.append(row)
        maker.units.append(unit)
        maker.years.append(year)
        if not unit or not year:
            maker.fault("no unit", at, columns.place(row, roles["year" if unit else "unit"]))
        for role in REGISTER:
            if role in roles:
                maker.say(at, role, columns.cells[roles[role]][row], columns.place(row, roles[role]))
        for element, (name, in_unit) in elements.items():
            maker.take(at, element, columns.cells[name][row], in_unit, columns.place(row, name), comma=comma)
    return maker.batch(columns.source, lambda row, element: columns.place(rows[row], elements.get(element, ("",))[0]))


def _measures(means: Mapping[str, Named]) -> dict[str, Named]:
    """In a table of a row a value, 单位 beside a column of firms is the unit of measure."""
    units = [name for name, found in means.items() if found.role == "unit"]
    measures = [name for name in units if plain(name) in EITHER]
    return {name: Named("measured_in") for name in measures} if len(measures) < len(units) else {}


def _commas(columns: Columns, names: Sequence[str]) -> bool:
    return any(decimal_comma(columns.cells[name], columns.delimiter) for name in names)


def _long(
    columns: Columns, roles: Mapping[str, str], maker: Maker, named: Callable[[str], Named | None]
) -> Batch:  # fmt: skip
    """A row a value: rows of one unit and year are put together; an element that comes twice begins a row anew."""
    cells = columns.cells
    comma = columns.delimiter not in ("", ",") and _commas(columns, [roles["value"]])
    rows: dict[tuple[str, int], int] = {}
    seen: dict[tuple[int, str], str] = {}
    first: list[str] = []
    for line in range(len(columns)):
        unit, year = text_of(cells[roles["unit"]][line]), year_of(cells[roles["year"]][line])
        place = columns.place(line, roles["value"])
        found = named(text_of(cells[roles["element"]][line]))
        if found is None or not found.element:
            maker.findings.append(Finding("unknown name", "error", unit, year, place=place,
                                          expected=text_of(cells[roles["element"]][line])))  # fmt: skip
            continue
        row = rows.get((unit, year), -1)
        if row < 0 or (row, found.element) in seen:
            row = rows[unit, year] = len(maker.units)
            maker.units.append(unit)
            maker.years.append(year)
            first.append(columns.place(line))
            if not unit or not year:
                maker.fault("no unit", row, place)
        seen[row, found.element] = place
        in_unit = text_of(cells[roles["measured_in"]][line]) if "measured_in" in roles else found.unit
        maker.take(row, found.element, cells[roles["value"]][line], in_unit, place, comma=comma)
        if "text" in roles and (why := text_of(cells[roles["text"]][line])):
            maker.reasons.setdefault((row, found.element), why)
        for role in REGISTER:
            if role in roles and roles[role] != roles.get("measured_in"):
                maker.say(row, role, cells[roles[role]][line], columns.place(line, roles[role]))
    return maker.batch(columns.source, lambda row, element: seen.get((row, element), first[row]))
