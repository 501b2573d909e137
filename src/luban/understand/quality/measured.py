"""Measured values straight from the books: a characteristic over a time, in subgroups, with what stood beside each.

Reads   Fact(measurement)
Writes  nothing; a corrected fact changes what is read
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import narwhals as nw
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from luban.core.errors import InputError
from luban.core.quality import Quality
from luban.core.time import iso
from luban.ledger import Ledger
from luban.plant import Characteristic, Plant
from luban.understand.quality.data import Excluded, Floats, Ints, Sample

__all__ = [
    "FACTORS",
    "Known",
    "Measured",
    "characteristics_with_data",
    "declared",
    "measured",
    "sample_of",
]

FACTORS: Final = ("lot", "serial", "unit", "gauge", "person", "source", "shift")
"""What may stand beside a measured value and sort it into classes; `shift` is of the work unit's calendar."""

_COLUMNS: Final = (
    "seq",
    "time",
    "value",
    "quality",
    "lot",
    "serial",
    "unit",
    "gauge",
    "person",
    "source",
    "conditions",
)


@dataclass(frozen=True, slots=True)
class Measured:
    """Measured values with what stood beside each.

    sample      the values in subgroups
    seqs        the fact that each value is, shape (n,), in the order of sample.values
    times       of each value [µs UTC], shape (n,)
    factors     lot, serial, unit, gauge, person, source, shift of each value, "" where nobody said it
    conditions  numbers that were noted with the value, shape (n,), by name with unit; nan where they were not
    head        seq up to which the books were read
    """

    sample: Sample
    seqs: Ints
    times: Ints
    factors: Mapping[str, tuple[str, ...]]
    conditions: Mapping[str, Floats]
    head: int


@dataclass(frozen=True, slots=True)
class Known:
    """A characteristic of which the books hold values.

    subject     `item:name`
    n           facts, good or not
    newest      time of the newest one [µs UTC]
    newest_seq  the newest fact's seq: it changes when one came
    declared    what the plant's tables say of it; None where they do not know it
    """

    subject: str
    n: int
    newest: int
    newest_seq: int
    declared: Characteristic | None


def declared(plant: Plant, characteristic: str) -> Characteristic:
    """What the plant's table says of a characteristic. Raises InputError for one that it does not have.

    Example declared(plant, "shaft:diameter").unit == "mm"
    """
    try:
        return plant.characteristics[characteristic]
    except KeyError:
        known = ", ".join(list(plant.characteristics)[:12]) or "none"
        raise InputError(
            "unknown characteristic", came=repr(characteristic), expected=f"item:name of characteristics.csv: {known}"
        ) from None


def characteristics_with_data(ledger: Ledger, plant: Plant, as_of: int | None = None) -> dict[str, Known]:
    """The characteristics of which the books hold values, in one read; those of the plant's table first.

    as_of  the books as they stood at this seq
    """
    frame = ledger.frame("measurement", as_of=as_of).group_by("subject")
    found = frame.agg(nw.len().alias("n"), nw.col("time").max(), nw.col("seq").max()).collect("pyarrow").to_arrow()
    known = {
        str(row["subject"]): Known(
            str(row["subject"]), row["n"], row["time"], row["seq"], plant.characteristics.get(row["subject"])
        )
        for row in found.to_pylist()
    }
    first = {name: known[name] for name in plant.characteristics if name in known}
    return first | {name: known[name] for name in sorted(set(known) - set(first))}


def measured(
    ledger: Ledger,
    plant: Plant,
    characteristic: str,
    start: int | None = None,
    end: int | None = None,
    *,
    group: str | int = "single",
    where: Mapping[str, str] | None = None,
    as_of: int | None = None,
) -> Measured:
    """Values of a characteristic in [start, end) [µs UTC], in order of time.

    group    single: each value for itself; lot: the values of a lot; a number n: n values after each other
    where    only values beside which these FACTORS stand, e.g. {"unit": "works/cell/m1"}
    as_of    the books as they stood at this seq: gives the values of then
    Raises   InputError: a characteristic that neither the plant nor the books know, unknown group or factor
    Example  measured(ledger, plant, "shaft:diameter", group=5).sample.sizes
    """
    for name in where or {}:
        if name not in FACTORS:
            raise InputError("unknown factor", came=name, expected=", ".join(FACTORS))
    size = _size(group)
    head = ledger.head if as_of is None else as_of
    frame = ledger.frame("measurement", subjects=[characteristic], since=start, until=end, as_of=head)
    table = frame.select(*_COLUMNS).collect("pyarrow").to_arrow()
    table = table.sort_by([("time", "ascending"), ("seq", "ascending")])
    its = plant.characteristics.get(characteristic)
    if its is None and not table.num_rows and characteristic not in characteristics_with_data(ledger, plant, head):
        declared(plant, characteristic)
    factors = {name: _texts(table, name) for name in FACTORS if name != "shift"}
    time = np.asarray(table["time"].to_numpy(), np.int64)
    factors["shift"] = _shifts(factors["unit"], time, plant)
    taken = np.ones(len(time), bool)
    for name, text in (where or {}).items():
        taken &= np.array([own == text for own in factors[name]], bool)
    doubts = _doubts(table, factors["lot"], characteristic, taken, by_lot=group == "lot")
    good = taken.copy()
    good[list(doubts)] = False
    order, labels, starts = _grouped(np.flatnonzero(good), np.flatnonzero(taken), factors, group, size)
    times = time[order]
    sample = Sample(
        characteristic, its.unit if its else "", np.asarray(table["value"].to_numpy(), np.float64)[order], starts,
        labels, times[starts[:-1]], its.lower if its else None, its.nominal if its else None,
        its.upper if its else None, tuple(doubts.values()), _source(plant, start, end, where, head),
    )  # fmt: skip
    seqs = np.asarray(table["seq"].to_numpy(), np.int64)[order]
    beside = {name: tuple(factors[name][at] for at in order.tolist()) for name in FACTORS}
    return Measured(sample, seqs, times, beside, _conditions(table, order), head)


def sample_of(
    ledger: Ledger, plant: Plant, characteristic: str, start: int | None = None, end: int | None = None, **options: Any
) -> Sample:
    """The sample alone; options as of `measured`."""
    return measured(ledger, plant, characteristic, start, end, **options).sample


def _size(group: str | int) -> int:
    if group in {"single", "lot"}:
        return 1
    if isinstance(group, int) and group >= 1:
        return group
    raise InputError("unknown grouping", came=repr(group), expected="single, lot or a number of values, at least 1")


def _texts(table: pa.Table, name: str) -> list[str]:
    """A column of names; "" where nobody said it."""
    column = table[name]
    if pa.types.is_dictionary(column.type):
        column = column.cast(pa.string())
    texts: list[str] = column.fill_null("").to_pylist()
    return texts


def _doubts(
    table: pa.Table, lots: list[str], characteristic: str, taken: NDArray[np.bool_], *, by_lot: bool
) -> dict[int, Excluded]:
    """The facts that cannot be used, by row, with the reason."""
    value, quality = table["value"].to_numpy(), table["quality"].to_numpy()
    wrong = ~np.isfinite(value) | (quality != 0)
    if by_lot:
        wrong |= np.array([not lot for lot in lots], bool)
    found: dict[int, Excluded] = {}
    for at in np.flatnonzero(wrong & taken).tolist():
        code = int(quality[at])
        if not np.isfinite(value[at]):
            reason = "NaN or infinity instead of a number"
        elif code:
            reason = f"quality of the value: {Quality(code).label if code in set(Quality) else code}"
        else:
            reason = "no lot is named"
        found[at] = Excluded(f"seq {table['seq'][at].as_py()}", characteristic, f"{value[at]:g}", reason)
    return found


def _grouped(
    good: Ints, taken: Ints, factors: Mapping[str, list[str]], group: str | int, size: int
) -> tuple[Ints, Sequence[str], Ints]:
    """Order of the values, labels and starts of the subgroups. A value left out makes its subgroup smaller."""
    if group == "lot":
        lots: dict[str, list[int]] = {}
        for at in good.tolist():
            lots.setdefault(factors["lot"][at], []).append(at)
        sizes = [len(own) for own in lots.values()]
        order = np.array([at for own in lots.values() for at in own], np.int64)
        return order, tuple(lots), np.concatenate(([0], np.cumsum(sizes, dtype=np.int64))).astype(np.int64)
    if size == 1:
        serials = factors["serial"]
        labels = tuple(serials[at] or str(number) for number, at in enumerate(good.tolist(), 1))
        return good, labels, np.arange(len(good) + 1)
    numbers = np.searchsorted(taken, good) // size
    kept, starts = np.unique(numbers, return_index=True)
    return good, tuple(str(number + 1) for number in kept.tolist()), np.append(starts, len(good)).astype(np.int64)


def _shifts(units: list[str], time: Ints, plant: Plant) -> list[str]:
    """Name of the shift in which each value was measured; "" outside shifts or where no unit or calendar is known."""
    names = [""] * len(units)
    by_unit: dict[str, list[int]] = {}
    for at, unit in enumerate(units):
        by_unit.setdefault(unit or plant.id, []).append(at)
    for unit, own in by_unit.items():
        shifts = plant.shifts(unit, int(time[own[0]]), int(time[own[-1]]) + 1) if unit in plant.equipment else []
        if not shifts:
            continue
        begins = np.array([shift.start for shift in shifts], np.int64)
        places = np.searchsorted(begins, time[own], "right") - 1
        for at, place in zip(own, places.tolist(), strict=True):
            if place >= 0 and time[at] < shifts[place].end:
                names[at] = shifts[place].name
    return names


def _conditions(table: pa.Table, order: Ints) -> dict[str, Floats]:
    found: dict[str, Floats] = {}
    column = table["conditions"]
    if column.null_count == len(column):
        return found
    texts = column.to_pylist()
    for place, at in enumerate(order.tolist()):
        if not texts[at]:
            continue
        try:
            noted = json.loads(texts[at])
        except ValueError:
            continue
        for name, value in noted.items() if isinstance(noted, dict) else ():
            if isinstance(value, int | float) and not isinstance(value, bool):
                found.setdefault(name, np.full(len(order), np.nan))[place] = value
    return found


def _source(plant: Plant, start: int | None, end: int | None, where: Mapping[str, str] | None, head: int) -> str:
    span = f", {iso(start, plant.zone) if start is not None else '…'} to {iso(end, plant.zone) if end else '…'}"
    chosen = "".join(f", {name} = {text}" for name, text in (where or {}).items())
    return f"ledger of {plant.name} as of seq {head}{span if start is not None or end is not None else ''}{chosen}"
