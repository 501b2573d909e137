"""Figures, tiles and losses of a plant, straight from its ledger.

Reads  Fact(kind="state", "count", "event")    Writes nothing; a Figure is a Finding that others may record.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, Final, Literal

import pyarrow as pa

from luban.core.errors import InputError
from luban.ledger import Ledger
from luban.norms import mappings
from luban.plant import Plant
from luban.understand.kpi.books import Books, collect, open_books
from luban.understand.kpi.failures import failure_sums
from luban.understand.kpi.figure import Figure, Settings
from luban.understand.kpi.figures import NAMES, Place, figures
from luban.understand.kpi.losses import Losses, losses_of
from luban.understand.kpi.pieces import piece_sums
from luban.understand.kpi.sums import Made, Sums, total
from luban.understand.kpi.time_ledger import ELEMENTS, SPENT, elements_of, spent_time, time_ledger, unknown_of

__all__ = ["losses", "read", "sums_by_shift", "tiles"]

Key = tuple[str, int]  # work unit, start of the shift [µs UTC]
_TIMES: Final = (*(e.value for e in ELEMENTS), "BREAK", "FAILURE")
By = Literal["window", "shift"]


def read(
    ledger: Ledger,
    plant: Plant,
    start: int,
    end: int,
    units: Sequence[str] | None = None,
    as_of: int | None = None,
    *,
    names: Sequence[str] = NAMES,
    by: By = "window",
    settings: Settings | None = None,
    now: int | None = None,
) -> list[Figure]:
    """Indicators of each place over [start, end) [µs UTC].

    units     equipment paths; a group gives one figure of the sums of its units; all work units if None
    as_of     the books as they stood at this seq: gives the figures of then
    names     ids of the norms' catalogue
    by        one figure for the window, or one for each shift that meets it
    settings  how careful; those of the plant if None
    now       nothing is said about later than this [µs UTC]; the clock's time if None
    Raises    InputError for an unknown place or indicator
    """
    places = _places(plant, units)
    books = open_books(ledger, plant, start, end, _units(places), as_of, now)
    sums, shifts = sums_by_shift(books), _shifts(books)
    found: list[Figure] = []
    for subject, members in places.items():
        for place, parts in _windows(books, subject, members, sums, shifts, by):
            found += figures(names, total(parts), place, settings or Settings.of(plant))
    return found


def losses(
    ledger: Ledger,
    plant: Plant,
    start: int,
    end: int,
    units: Sequence[str] | None = None,
    as_of: int | None = None,
    *,
    by: By = "window",
    settings: Settings | None = None,
    now: int | None = None,
) -> list[Losses]:
    """Where the planned time of each place went, from planned to effective; the steps add up exactly."""
    places = _places(plant, units)
    books = open_books(ledger, plant, start, end, _units(places), as_of, now)
    sums, shifts = sums_by_shift(books), _shifts(books)
    return [
        losses_of(total(parts), place, settings or Settings.of(plant))
        for subject, members in places.items()
        for place, parts in _windows(books, subject, members, sums, shifts, by)
    ]


def tiles(
    ledger: Ledger,
    plant: Plant,
    start: int,
    end: int,
    units: Sequence[str] | None = None,
    as_of: int | None = None,
    *,
    now: int | None = None,
) -> pa.Table:
    """Tiles of `time_ledger` in the window, by unit and time: what a state timeline draws."""
    books = open_books(ledger, plant, start, end, _units(_places(plant, units)), as_of, now)
    found: pa.Table = time_ledger(*books.frames()).sort("subject", "start").collect("pyarrow").to_native()
    return found


def sums_by_shift(books: Books) -> dict[Key, Sums]:
    """What the figures of every unit and shift are made from."""
    frames = books.frames()
    shifts = frames[2]
    spent = books.lift(collect(spent_time(*frames), pa.schema([(name, pa.int64()) for name in SPENT])))
    times = _rows(elements_of(spent, shifts))
    made: dict[Key, list[Made]] = defaultdict(list)
    for row in _rows(piece_sums(books.lift(books.counts), unknown_of(spent, shifts), shifts)):
        made[row["subject"], row["shift_start"]].append(_made(books.plant, row))
    failures = {
        (row["subject"], row["shift_start"]): row["failures"]
        for row in _rows(failure_sums(frames[0], shifts, frames[3]))
    }
    in_force, marked = _mappings(books)
    found: dict[Key, Sums] = {}
    for row in times:
        unit = row["subject"]
        key = unit, row["shift_start"]
        found[key] = Sums(
            units=(unit,),
            times={name: int(row[name]) for name in _TIMES},
            running={unit: int(row["APT"])},
            made=tuple(sorted(made[key], key=lambda m: (m.item, m.operation))),
            failures=failures.get(key, 0),
            uncounted=() if unit in books.counted else (unit,),
            marked=unit in marked,
            mappings=in_force.get(unit, ()),
        )
    return found


def _rows(frame: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = frame.collect("pyarrow").to_native().to_pylist()
    return rows


def _made(plant: Plant, row: dict[str, Any]) -> Made:
    cycle = plant.ideal_cycle(row["subject"], row["item"] or None, row["operation"] or None)
    return Made(
        row["subject"],
        row["item"],
        row["operation"],
        row["good"],
        row["scrap"],
        row["rework"],
        row["known"],
        int(row["facts"]),
        int(row["doubtful"]),
        cycle,
    )


def _mappings(books: Books) -> tuple[dict[str, tuple[str, ...]], frozenset[str]]:
    """Mappings in use by unit, and the units whose mappings mark some state as a failure."""
    used: dict[str, set[str]] = defaultdict(set)
    pairs = books.states.select(["subject", "mapping"]).group_by(["subject", "mapping"]).aggregate([])
    for row in pairs.to_pylist():
        used[row["subject"]].add(row["mapping"])
    marking = {name for name in {m for names in used.values() for m in names} if _marks(name)}
    return {unit: tuple(sorted(names)) for unit, names in used.items()}, frozenset(
        unit for unit, names in used.items() if names & marking
    )


def _marks(name: str) -> bool:
    known = mappings().get(name)
    return known is not None and any(meaning.failure for meaning in known.meanings.values())


def _places(plant: Plant, units: Sequence[str] | None) -> dict[str, tuple[str, ...]]:
    """Each wanted place and the work units it consists of."""
    found = {path: plant.units_of(path) for path in (plant.work_units if units is None else units)}
    for path, members in found.items():
        if not members:
            raise InputError("no work unit here", came=repr(path), expected="a work unit, or a place with work units")
    return found


def _units(places: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(unit for members in places.values() for unit in members))


def _shifts(books: Books) -> dict[tuple[int, int, str], set[str]]:
    """(start, end, 'name day') of each shift → the units that have it."""
    found: dict[tuple[int, int, str], set[str]] = defaultdict(set)
    for row in books.shifts.select(["subject", "shift_start", "shift_end", "shift_name", "day"]).to_pylist():
        label = f"{row['shift_name']} {row['day']}"
        found[row["shift_start"], row["shift_end"], label].add(row["subject"])
    return found


def _windows(
    books: Books,
    subject: str,
    members: tuple[str, ...],
    sums: dict[Key, Sums],
    shifts: dict[tuple[int, int, str], set[str]],
    by: By,
) -> Iterator[tuple[Place, list[Sums]]]:
    """Place and parts of each figure of one subject."""
    if by == "window":
        wanted = set(members)
        yield (
            Place(subject, books.start, books.end, books.seq),
            [Sums(units=members), *(part for (unit, _), part in sorted(sums.items()) if unit in wanted)],
        )
        return
    for (start, end, label), units in sorted(shifts.items()):
        parts = [sums[unit, start] for unit in members if unit in units and (unit, start) in sums]
        if parts:
            place = Place(subject, max(start, books.start), min(end, books.end), books.seq, label)
            yield place, parts
