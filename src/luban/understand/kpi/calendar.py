"""Shifts as a table: what the time ledger tiles.

Shifts come from the plant's calendar as intervals in µs UTC, so night shifts, 06:30 starts and days of 23 or 25
hours need no arithmetic here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import pyarrow as pa

from luban.core.errors import InputError
from luban.core.time import iso
from luban.plant import Shift

__all__ = ["SHIFTS", "calendar"]

_MOST_UNITS: Final = 32_767  # the sweeps number them in 2 bytes

SHIFTS: Final = pa.schema(
    [
        pa.field("subject", pa.string(), nullable=False),  # the work unit
        pa.field("shift_start", pa.int64(), nullable=False),  # [µs UTC]
        pa.field("shift_end", pa.int64(), nullable=False),  # [µs UTC]
        pa.field("shift_name", pa.string(), nullable=False),
        pa.field("day", pa.string(), nullable=False),  # the calendar's day, ISO 8601: a night belongs to its evening
        pa.field("start", pa.int64(), nullable=False),  # [µs UTC]
        pa.field("end", pa.int64(), nullable=False),  # [µs UTC]
        pa.field("planned", pa.int64(), nullable=False),  # 1, or 0 for a planned break
    ]
)


def calendar(shifts: Mapping[str, Sequence[Shift]], start: int | None = None, end: int | None = None) -> pa.Table:
    """Shifts of each work unit, cut at their breaks: rows of `SHIFTS` that meet and fill each shift.

    shifts      work unit → its shifts
    start, end  keep only what lies in [start, end) [µs UTC]; a shift cut there keeps its own shift_start and shift_end
    Raises      InputError where two shifts of one unit overlap: their time would be counted twice; or too many units
    """
    if len(shifts) > _MOST_UNITS:
        raise InputError("too many work units at once", came=str(len(shifts)), expected=f"at most {_MOST_UNITS}")
    rows: list[tuple[object, ...]] = []
    for subject, own in shifts.items():
        before: Shift | None = None
        for shift in sorted(own, key=lambda s: s.start):
            if before is not None and shift.start < before.end:
                raise InputError(
                    f"shifts of {subject} overlap",
                    came=f"{before.name} ends {iso(before.end)}, {shift.name} starts {iso(shift.start)}",
                    expected="shifts that do not overlap",
                    hint="see [[calendar]] in plant.toml",
                )
            before = shift
            for opens, closes, planned in _cut(shift, start, end):
                rows.append(
                    (subject, shift.start, shift.end, shift.name, shift.day.isoformat(), opens, closes, planned)
                )
    columns = list(zip(*rows, strict=True)) or [() for _ in SHIFTS]
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, SHIFTS, strict=True)], schema=SHIFTS)


def _cut(shift: Shift, start: int | None, end: int | None) -> Iterator[tuple[int, int, int]]:
    """(start, end, planned) pieces of the shift inside the window."""
    low = shift.start if start is None else max(shift.start, start)
    high = shift.end if end is None else min(shift.end, end)
    at = low
    for first, last in sorted(shift.breaks):
        opens, closes = max(first, at), min(last, high)
        if closes <= opens:
            continue
        if opens > at:
            yield at, opens, 1
        yield opens, closes, 0
        at = closes
    if high > at:
        yield at, high, 1
