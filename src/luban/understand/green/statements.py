"""What people state for the green sheet: a quantity or a point, for a period, with the document that shows it.

Nothing is overwritten: a statement given again counts instead of the one before it, and both stay in the books.

Reads   Fact(event) of kind `green`    Writes  nothing itself: `statement_row` makes what goes through a spool
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from luban.core.errors import InputError
from luban.core.time import iso
from luban.ledger import Ledger
from luban.norms.green_factory import editions
from luban.understand.book import Entry, entries, row

__all__ = ["QUANTITIES", "Statement", "current", "statement_names", "statement_row", "statements_of"]

KIND: Final = "green"

QUANTITIES: Final[Mapping[str, tuple[str, str, bool]]] = MappingProxyType({
    "output-value": ("10⁴ CNY", "output value", True),
    "renewable-energy": ("kWh", "renewable energy with its certificates", True),
    "site-area": ("m²", "area of the site", False),
    "built-area": ("m²", "ground that buildings stand on", False),
    "floor-area": ("m²", "floor area of all buildings", False),
})  # fmt: skip
"""Quantity → unit, meaning, and whether it is a sum over its period."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement.

    name       one of QUANTITIES, or the id of a point
    value      None where it is withdrawn, or only baseline and leading value are stated
    start, end period it holds for [µs UTC]
    baseline, leading  what the trade reaches, and its best; None where not stated
    applies    False: the point does not apply to this plant
    document   what shows it
    seq        the fact
    """

    name: str
    value: float | None
    start: int
    end: int
    baseline: float | None = None
    leading: float | None = None
    applies: bool = True
    document: str = ""
    person: str = ""
    seq: int = 0

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        return {name: getattr(self, name) for name in self.__slots__}


def statement_names() -> tuple[str, ...]:
    """Everything that may be stated."""
    return tuple(dict.fromkeys([*QUANTITIES, *(point.id for one in editions().values() for point in one.points)]))


def statement_row(
    name: str,
    value: float | None,
    start: int,
    end: int,
    *,
    person: str,
    document: str = "",
    baseline: float | None = None,
    leading: float | None = None,
    applies: bool = True,
) -> dict[str, list[Any]]:
    """The row of a statement, for `Spool.put("event", …)` or the screens' act log.

    Raises  InputError: an unknown name, an empty period, no number, no document
    """
    if name not in statement_names():
        raise InputError("nothing of that name can be stated", came=name, expected=", ".join(statement_names()))
    if end <= start:
        raise InputError("the period is empty", came=f"{iso(start)} to {iso(end)}")
    numbers = {"value": value, "baseline": baseline, "leading": leading}
    if bad := [key for key, one in numbers.items() if one is not None and not math.isfinite(one)]:
        raise InputError("not a number", where=", ".join(bad))
    if baseline is not None and baseline == leading:
        raise InputError("baseline and leading value are the same", came=f"{baseline:g}", where=name)
    if value is not None and not document.strip():
        raise InputError("a statement names the document that shows it", where=name)
    data = {**numbers, "start": start, "end": end, "applies": applies, "document": document.strip()}
    return row(KIND, name, "state", person=person, data=data)


def statements_of(ledger: Ledger, as_of: int | None = None) -> tuple[Statement, ...]:
    """All statements in the ledger's order, of the books as they stood at a seq."""
    return tuple(made for one in entries(ledger, KIND, as_of=as_of) if (made := _statement(one)) is not None)


def current(statements: Iterable[Statement], start: int, end: int) -> dict[str, Statement]:
    """The last statement of each name whose period meets the window [µs UTC]."""
    return {one.name: one for one in statements if one.start < end and one.end > start}


def _statement(one: Entry) -> Statement | None:
    """None for what does not read as one, as when another program wrote it."""
    numbers: dict[str, float | None] = {}
    for key in ("value", "baseline", "leading"):
        given = one.data.get(key)
        if given is not None and (isinstance(given, bool) or not isinstance(given, int | float)):
            return None
        numbers[key] = None if given is None else float(given)
    start, end = one.data.get("start"), one.data.get("end")
    if not isinstance(start, int) or not isinstance(end, int) or end <= start:
        return None
    return Statement(
        one.subject, numbers["value"], start, end, numbers["baseline"], numbers["leading"],
        one.data.get("applies") is not False, str(one.data.get("document") or ""), one.person, one.seq,
    )  # fmt: skip
