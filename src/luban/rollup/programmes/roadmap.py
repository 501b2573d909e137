"""A technology roadmap: items with readiness and dates, what needs what; a circle of needs is refused.

Reads   a table    Writes  nothing
Source  readiness levels 1-9: ISO 16290:2013 (GB/T 37264-2018 for China)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from luban.core.errors import InputError
from luban.rollup.programmes.table import read_table

__all__ = ["Roadmap", "Step", "read_roadmap", "roadmap"]


@dataclass(frozen=True, slots=True)
class Step:
    """An item of the roadmap.

    start, end   days;  readiness, aim  technology readiness now and at the end, 1 to 9
    needs        ids of items that must end before it begins
    """

    id: str
    name: str
    start: date
    end: date
    readiness: int
    aim: int
    needs: tuple[str, ...] = ()
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Roadmap:
    """Items in an order in which each comes after what it needs.

    clashes  (item, what it needs, days): it begins so many days before that ends
    longest  chain of needs that takes the most days: what a delay of the end hangs on
    """

    steps: tuple[Step, ...]
    clashes: tuple[tuple[str, str, int], ...]
    longest: tuple[str, ...]
    days: int


def roadmap(some: Iterable[Step]) -> Roadmap:
    """The items in order.

    Raises   InputError: two of one id, an end before the start, a readiness out of 1-9, a need that is not there,
             a circle of needs
    Example  roadmap([Step("a", "chip", date(2016, 1, 1), date(2017, 1, 1), 3, 6)]).days == 366
    """
    held: dict[str, Step] = {}
    for one in some:
        if one.id in held:
            raise InputError("two items of one id", came=one.id)
        if one.end < one.start or not (1 <= one.readiness <= one.aim <= 9):
            raise InputError("an item ends after it begins, and its readiness rises within 1 to 9", where=one.id,
                             came=f"{one.start} … {one.end}, {one.readiness} … {one.aim}")  # fmt: skip
        held[one.id] = one
    for one in held.values():
        strange = [need for need in one.needs if need not in held]
        if strange:
            raise InputError("a need that is not on the roadmap", came=", ".join(strange), where=one.id)
    try:
        order = tuple(TopologicalSorter({one.id: one.needs for one in held.values()}).static_order())
    except CycleError as error:
        circle = " → ".join(reversed(error.args[1]))
        raise InputError(
            "what needs what goes round in a circle", came=circle, hint="take one of the needs away"
        ) from None
    clashes = tuple(
        (one.id, need, (held[need].end - one.start).days)
        for name in order for one in [held[name]] for need in one.needs if held[need].end > one.start
    )  # fmt: skip
    best: dict[str, tuple[int, tuple[str, ...]]] = {}
    for name in order:
        before = max((best[need] for need in held[name].needs), default=(0, ()), key=lambda one: one[0])
        best[name] = before[0] + (held[name].end - held[name].start).days, (*before[1], name)
    days, longest = max(best.values(), default=(0, ()), key=lambda one: one[0])
    return Roadmap(tuple(held[name] for name in order), clashes, longest, days)


def read_roadmap(path: Path) -> Roadmap:
    """The roadmap of a CSV or Excel file: id, name, start, end, readiness, aim, needs (ids with ; between), owner.

    Raises   InputError with file and row, or as `roadmap`
    """
    rows = read_table(path, ("id", "name", "start", "end", "readiness", "aim", "needs"))
    return roadmap([_step(cells, place) for place, cells in rows])


def _step(cells: dict[str, str], where: str) -> Step:
    found: dict[str, Any] = {}
    for name, kind in (("start", date.fromisoformat), ("end", date.fromisoformat), ("readiness", int), ("aim", int)):
        try:
            found[name] = kind(cells[name][:10])
        except ValueError:
            expected = "2016-06-30" if name in ("start", "end") else "1 to 9"
            raise InputError(f"no {name}", came=cells[name], expected=expected, where=where) from None
    needs: Sequence[str] = [one.strip() for one in cells["needs"].split(";") if one.strip()]
    return Step(cells["id"], cells["name"], needs=tuple(needs), owner=cells.get("owner", ""), **found)
