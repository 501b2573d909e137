"""The facts that trace reads, as columns of small integers: movements, steps of work, measured pieces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from luban.core.errors import InputError
from luban.understand.trace.graph import Ints
from luban.understand.trace.kernel.graph import order_edges
from luban.understand.trace.names import NONE, Ids, Names

__all__ = [
    "GENEALOGY", "KINDS", "LABEL", "LOT", "NEVER", "Grouped", "Moves", "Records", "coded", "group_rows", "grouped",
]  # fmt: skip

LOT: Final = "lot"
LABEL: Final = "label"

KINDS: Final[Mapping[str, Mapping[str, tuple[str, str]]]] = {
    "movement": {
        "item": ("subject", LABEL), "lot": ("lot", LOT), "origin": ("origin", LABEL),
        "destination": ("destination", LABEL), "order": ("order", LABEL), "quantity": ("quantity", "number"),
        "time": ("time", "whole"), "seq": ("seq", "whole"),
    },
    "operation": {
        "unit": ("subject", LABEL), "order": ("order", LABEL), "operation": ("operation", LABEL),
        "item": ("item", LABEL), "person": ("person", LABEL), "tool": ("tool", LABEL), "start": ("time", "whole"),
        "end": ("end", "whole"), "good": ("good", "number"), "scrap": ("scrap", "number"), "seq": ("seq", "whole"),
    },
    "measurement": {
        "characteristic": ("subject", LABEL), "lot": ("lot", LOT), "serial": ("serial", LOT), "unit": ("unit", LABEL),
        "gauge": ("gauge", LABEL), "person": ("person", LABEL), "value": ("value", "number"),
        "time": ("time", "whole"), "seq": ("seq", "whole"),
    },
}  # fmt: skip
"""Columns by stream: (column of the fact, what it holds)."""

GENEALOGY: Final[Mapping[str, tuple[str, str]]] = {
    "source": ("input", LOT), "target": ("subject", LOT), "quantity": ("quantity", "number"),
    "time": ("time", "whole"), "seq": ("seq", "whole"), "item": ("item", LABEL), "order": ("order", LABEL),
    "operation": ("operation", LABEL), "unit": ("unit", LABEL),
}  # fmt: skip

NEVER: Final = np.iinfo(np.int64).max
"""A time that is not known: the end of what still runs."""


class Records:
    """Facts of one stream as columns; rows may be added."""

    def __init__(self, stream: str) -> None:
        self.stream = stream
        self._parts: list[dict[str, NDArray[Any]]] = []

    def add(self, table: pa.Table, lots: Names, labels: Names) -> Mapping[str, NDArray[Any]]:
        """More facts, as an Arrow table of the stream's schema; columns that are not there hold nothing.

        Gives the columns of the new ones.
        """
        columns = coded(table, KINDS[self.stream], lots, labels)
        self._parts.append(columns)
        return columns

    def __len__(self) -> int:
        return sum(len(part["seq"]) for part in self._parts)

    def __getitem__(self, name: str) -> NDArray[Any]:
        if len(self._parts) > 1:
            self._parts = [{key: np.concatenate([part[key] for part in self._parts]) for key in KINDS[self.stream]}]
        if not self._parts:
            return np.empty(0, _DTYPE[KINDS[self.stream][name][1]])
        return self._parts[0][name]


_DTYPE: Final[Mapping[str, Any]] = {LOT: np.int32, LABEL: np.int32, "number": np.float64, "whole": np.int64}


def coded(
    table: pa.Table, columns: Mapping[str, tuple[str, str]], lots: Names, labels: Names
) -> dict[str, NDArray[Any]]:
    """Columns of integers and numbers; names get ids."""
    found: dict[str, NDArray[Any]] = {}
    n = table.num_rows
    for name, (column, kind) in columns.items():
        if column not in table.column_names:
            empty: Any = {LOT: NONE, LABEL: NONE, "number": np.nan, "whole": 0}[kind]
            found[name] = np.arange(n) if column == "seq" else np.full(n, empty, _DTYPE[kind])
            continue
        values = table.column(column)
        if kind in (LOT, LABEL):
            found[name] = (lots if kind == LOT else labels).add(values)
        elif kind == "number":
            found[name] = values.cast(pa.float64()).fill_null(np.nan).to_numpy()
        else:
            found[name] = values.cast(pa.int64()).fill_null(NEVER if column == "end" else 0).to_numpy()
    return found


@dataclass(frozen=True, slots=True)
class Grouped:
    """Rows by the id they belong to: rows[begin[i] : begin[i + 1]] in their order."""

    begin: Ints
    rows: Ids

    def of(self, number: int) -> Ids:
        """Rows of one id."""
        if number < 0 or number >= len(self.begin) - 1:
            return np.empty(0, np.int32)
        return self.rows[self.begin[number] : self.begin[number + 1]]

    def of_many(self, numbers: NDArray[Any]) -> tuple[Ints, Ids]:
        """(place in `numbers`, row) of all rows of many ids."""
        return group_rows(self, np.asarray(numbers, np.int64))


def grouped(keys: Ids, size: int) -> Grouped:
    """Rows by key; a row whose key is NONE belongs to none."""
    kept = np.flatnonzero(keys >= 0)
    key = keys[kept]
    begin, _, rows = order_edges(key, key, np.zeros(len(key), np.uint8), len(key), size)
    return Grouped(begin, kept[rows].astype(np.int32))


def group_rows(group: Grouped, numbers: Ints) -> tuple[Ints, Ids]:
    """(place, row) of all rows of the ids."""
    inside = numbers < len(group.begin) - 1
    safe = np.where(inside & (numbers >= 0), numbers, 0)
    length = np.where(inside & (numbers >= 0), group.begin[safe + 1] - group.begin[safe], 0) if len(group.rows) else (
        np.zeros(len(numbers), np.int64)
    )  # fmt: skip
    ends = np.cumsum(length)
    total = int(ends[-1]) if len(ends) else 0
    place = np.repeat(np.arange(len(numbers)), length)
    if not total:
        return place, np.empty(0, np.int32)
    at = np.repeat(group.begin[safe] - (ends - length), length) + np.arange(total)
    return place, group.rows[at]


class Moves(Records):
    """Movements with their groups by lot."""

    def __init__(self) -> None:
        super().__init__("movement")

    def add(self, table: pa.Table, lots: Names, labels: Names) -> Mapping[str, NDArray[Any]]:
        """More movements. Raises InputError where there are no quantities."""
        if "quantity" not in table.column_names:
            raise InputError("a movement needs a quantity", came=", ".join(table.column_names))
        self.__dict__.pop("by_lot", None)
        return super().add(table, lots, labels)

    @cached_property
    def by_lot(self) -> Grouped:
        """Rows by lot, oldest fact first."""
        lot = self["lot"]
        return grouped(lot, int(lot.max(initial=-1)) + 1)

    @property
    def receipts(self) -> NDArray[np.bool_]:
        """Rows that brought something in: no origin, a destination."""
        found: NDArray[np.bool_] = (self["origin"] < 0) & (self["destination"] >= 0)
        return found

    @property
    def issues(self) -> NDArray[np.bool_]:
        """Rows that took something out: an origin, no destination."""
        found: NDArray[np.bool_] = (self["origin"] >= 0) & (self["destination"] < 0)
        return found
