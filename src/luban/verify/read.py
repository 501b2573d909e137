"""A series from a file that a person brings: one row a period, with a time and a value.

Reads   CSV, Excel or Parquet    Writes  nothing; rows that could not be used are listed with place and reason
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from luban.core.errors import InputError
from luban.understand.quality.data import Excluded
from luban.understand.quality.read import Columns, read_columns
from luban.understand.quality.read.moments import moments_of
from luban.understand.quality.read.names import split_unit
from luban.understand.quality.read.numbers import text_of
from luban.verify.series import Series, series

__all__ = ["read_series"]

_PROBE = 50


def read_series(
    path: Path,
    *,
    time: str = "",
    value: str = "",
    drivers: Sequence[str] = (),
    controls: Sequence[str] = (),
    exposure: str = "",
    sheet: str = "",
    unit: str = "",
    zone: ZoneInfo | None = None,
) -> tuple[Series, str]:
    """(series, name of what is measured).

    time, value  columns; by default the first one of times, and the first one of numbers with no other use
    drivers, controls, exposure  columns of numbers
    unit         of the values; that of the header, by default
    zone         of times without one; UTC by default
    Raises       InputError: no such column, no column of times, two rows of one period, fewer than two usable rows
    Example      read_series(Path("scrap.csv"), drivers=["pieces"])[0].unit
    """
    table = read_columns(path, sheet)
    own_time = table.find(time) if time else _first_of_times(table)
    used = {table.find(name): name for name in (*drivers, *controls, *((exposure,) if exposure else ()))}
    if value:
        own_value = table.find(value)
    else:
        free = [name for name in table.names if name != own_time and name not in used and table.numeric(name)]
        if not free:
            raise InputError("no column of values", came=", ".join(table.names), where=table.source,
                             hint="name it with --value")  # fmt: skip
        own_value = free[0]
    moments = moments_of(table.cells[own_time], zone)
    if sum(one is not None for one in moments) < 2:
        raise InputError("no times in this column", came=own_time, where=table.source, expected="e.g. 2026-01-31 08:00")
    numbers = {name: table.numbers(name, unit if name == own_value else "") for name in (own_value, *used)}
    rows, bad = [], []
    for at, moment in enumerate(moments):
        wrong = next((one.excluded[at] for one in numbers.values() if at in one.excluded), None)
        if moment is None:
            came = text_of(table.cells[own_time][at])
            wrong = Excluded(table.place(at, own_time), own_time, came, "not a moment")
        if wrong is None:
            rows.append(at)
        else:
            bad.append(wrong)
    held = {name: one.values[rows] for name, one in numbers.items()}
    found = series(
        np.array([moments[at] for at in rows], np.int64), held[own_value], unit=unit or numbers[own_value].unit,
        drivers={name: held[table.find(name)] for name in drivers},
        controls={name: held[table.find(name)] for name in controls},
        exposure=held[table.find(exposure)] if exposure else None, excluded=tuple(bad),
    )  # fmt: skip
    return found, split_unit(own_value)[0] or own_value


def _first_of_times(table: Columns) -> str:
    for name in table.names:
        cells = table.cells[name][:_PROBE]
        if not table.numeric(name) and sum(one is not None for one in moments_of(cells)) * 2 > len(cells):
            return name
    raise InputError("no column of times", came=", ".join(table.names), where=table.source,
                     expected="e.g. 2026-01-31 08:00", hint="name it with --time")  # fmt: skip
