"""The facts of a plant's material: the graph of lots, movements, steps, measured pieces, and what follows at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from luban.core.errors import InputError
from luban.understand.trace.graph import Graph
from luban.understand.trace.names import NONE, Ids, Names
from luban.understand.trace.records import GENEALOGY, KINDS, LABEL, LOT, Grouped, Moves, Records, coded, grouped

__all__ = ["STREAMS", "Facts"]

STREAMS: Final = ("genealogy", "movement", "operation", "measurement")
"""Streams that trace reads."""

_CUSTOMER: Final = ("customer:", "customer/")


class Facts:
    """The facts of a plant's material, ready to be asked.

    lots      names of lots, serial numbers, containers
    labels    names of items, orders, units, persons, tools, gauges, places
    graph     which lot went into which
    moves, steps, looks  movements, operations, measured pieces
    as_of     newest fact in it
    nameless  facts of use that were left out because they do not name both lots
    partners  names of places that are customers
    Example   t = Facts(); t.add("genealogy", {"time": [1], "subject": ["P"], "input": ["L"], "quantity": [2.0]})
    """

    def __init__(self, *, partners: Collection[str] = (), slack: int = 0) -> None:
        self.lots, self.labels, self.graph = Names(), Names(), Graph()
        self.moves, self.steps, self.looks = Moves(), Records("operation"), Records("measurement")
        self.as_of = 0
        self.partners = frozenset(partners)
        self.slack = slack
        self.nameless = 0
        self._serials: list[Ids] = []
        self._own, self._units = _Marks(), _Marks()

    def add(self, stream: str, rows: pa.Table | Mapping[str, Any]) -> None:
        """More facts, in the columns of the stream; those of other streams are passed over.

        A fact of use that does not name both lots is left out and counted in `nameless`.
        Raises InputError: columns missing or of different length
        """
        if stream not in STREAMS:
            return
        table = rows if isinstance(rows, pa.Table) else pa.table(dict(rows))
        if not table.num_rows:
            return
        if "seq" in table.column_names:
            self.as_of = max(self.as_of, int(np.max(table.column("seq").to_numpy())))
        columns: Mapping[str, NDArray[Any]] = {}
        if stream == "genealogy":
            lacking = {"subject", "input", "quantity"} - set(table.column_names)
            if lacking:
                raise InputError("columns of a genealogy are missing", came=", ".join(sorted(lacking)))
            columns = coded(table, GENEALOGY, self.lots, self.labels)
            if "seq" not in table.column_names:
                columns["seq"] = len(self.graph) + np.arange(table.num_rows)
            named = (columns["source"] >= 0) & (columns["target"] >= 0)
            if not named.all():
                self.nameless += int((~named).sum())
                columns = {name: values[named] for name, values in columns.items()}
            self.graph.append(**columns)
        else:
            records = {"movement": self.moves, "operation": self.steps, "measurement": self.looks}[stream]
            columns = records.add(table, self.lots, self.labels)
        self._notice(stream, columns)

    def say_serial(self, names: Iterable[str]) -> None:
        """These ids are of single pieces."""
        self._serials.append(self.lots.add(list(names)))

    def _forget(self, *names: str) -> None:
        for name in names:
            self.__dict__.pop(name, None)

    def _notice(self, stream: str, columns: Mapping[str, NDArray[Any]]) -> None:
        """What the new facts change of what was worked out before."""
        if stream == "movement":
            self._forget("withdrawals", "deliveries", "returns", "containers", "_items", "by_order")
        elif stream != "measurement":
            self._forget("withdrawals", "_items", "by_order")
            # an order or a work unit that is new may make a delivery of what was held to be none, and the other way
            if self._own.mark(columns["order"]) | self._units.mark(columns["unit"]):
                self._forget("deliveries", "returns", "containers")

    def rows(self, stream: str) -> list[dict[str, Any]]:
        """Facts of use or movements as they came in, by the names of their stream; an empty name is None."""
        if stream == "genealogy":
            view, fields = self.graph.view, GENEALOGY
            columns = {name: view.columns[name][: view.edges] for name in fields}
        elif stream == "movement":
            fields = KINDS[stream]
            columns = {name: self.moves[name] for name in fields}
        else:
            raise InputError("no rows of this stream", came=stream, expected="genealogy, movement")
        table = {
            column: (
                (self.lots if kind == LOT else self.labels).array(columns[name]).to_pylist()
                if kind in (LOT, LABEL)
                else columns[name].tolist()
            )
            for name, (column, kind) in fields.items()
        }
        return [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]

    def serial_names(self) -> list[str]:
        """Names of single pieces: said or measured to be one."""
        ids = np.concatenate((self.serials, self.looks["serial"]))
        return self.lots.array(np.unique(ids[ids >= 0])).to_pylist()  # type: ignore[no-any-return]

    @property
    def serials(self) -> Ids:
        """Ids that were said to be of single pieces."""
        return np.concatenate(self._serials) if self._serials else np.empty(0, np.int32)

    def keeps_receipts(self, items: Ids) -> NDArray[np.bool_]:
        """Whether receipts of the items are on record; for an item that is not named: any receipts."""
        received = _Marks(self.moves["item"][self.moves.receipts & (self.moves["lot"] >= 0)])
        return received.has(items) | ((items < 0) & bool(len(received.ids)))

    @cached_property
    def deliveries(self) -> NDArray[np.bool_]:
        """Movements to a customer: to a place that is one, or out for an order that is not one of making."""
        moves = self.moves
        places, origins = moves["destination"], moves["origin"]
        named = _Marks(places).ids
        names = self.labels.array(named).to_pylist() if len(named) else []
        pairs = zip(named.tolist(), names, strict=True)
        told = [number for number, name in pairs if name in self.partners or name.startswith(_CUSTOMER)]
        customer, inside = _Marks(np.array(told, np.int32)), _Marks(origins)
        ordered = (moves["order"] >= 0) & ~self._own.has(moves["order"])
        outside = (places < 0) | ~(inside.has(places) | self._units.has(places))
        found: NDArray[np.bool_] = customer.has(places) | (ordered & outside & (origins >= 0))
        return found & ~_Marks(self._boxes).has(places)

    @cached_property
    def returns(self) -> NDArray[np.bool_]:
        """Movements that brought back what a customer had."""
        moves = self.moves
        customers = _Marks(moves["destination"][self.deliveries])
        found: NDArray[np.bool_] = customers.has(moves["origin"]) & ~self.deliveries & (moves["destination"] >= 0)
        return found

    @property
    def _boxes(self) -> Ids:
        """Places that are themselves moved: containers."""
        places = _Marks(self.moves["destination"]).ids
        moved = np.zeros(len(self.lots) + 1, np.bool_)
        moved[self.moves["lot"]] = True  # the last place is of no lot
        ids = self.lots.ids(self.labels.array(places).to_pylist()) if len(places) else np.empty(0, np.int32)
        return places[(ids >= 0) & moved[ids]]

    @cached_property
    def containers(self) -> dict[int, int]:
        """Containers: their id as a place → their id as a lot."""
        boxes = self._boxes
        names = self.labels.array(boxes).to_pylist() if len(boxes) else []
        return {int(box): self.lots.id(name) for box, name in zip(boxes, names, strict=True)}

    @cached_property
    def by_order(self) -> tuple[Grouped, Grouped, Grouped]:
        """Facts of use, movements and steps by order."""
        view = self.graph.view
        keys = (view.columns["order"][: view.edges], self.moves["order"], self.steps["order"])
        made, moved, steps = (grouped(key, len(self.labels)) for key in keys)
        return made, moved, steps

    def item_of(self, lots: Ids) -> Ids:
        """The item of each lot, as a label: of its movements, else of a fact that used it; NONE if none says it."""
        known = self._items
        found = np.full(len(lots), NONE, np.int32)
        inside = (lots >= 0) & (lots < len(known))
        found[inside] = known[lots[inside]]
        return found

    @cached_property
    def _items(self) -> Ids:
        view = self.graph.view
        items = np.full(len(self.lots), NONE, np.int32)
        source, item = view.columns["source"][: view.edges], view.columns["item"][: view.edges]
        items[source[item >= 0]] = item[item >= 0]
        lot, moved = self.moves["lot"], self.moves["item"]
        kept = (lot >= 0) & (moved >= 0)
        items[lot[kept]] = moved[kept]
        return items

    @cached_property
    def withdrawals(self) -> NDArray[np.bool_]:
        """Movements that take from a lot for good: issues and deliveries.

        An issue to an order that also used the lot is that use, and counts once, as the use.
        """
        moves = self.moves
        out = (moves.issues | self.deliveries) & (moves["lot"] >= 0)
        if not out.any():
            return out
        rows = np.flatnonzero(out & self._own.has(moves["order"]))
        if len(rows):
            view = self.graph.view
            lot, order = (view.columns[name][: view.edges] for name in ("source", "order"))
            same = np.flatnonzero(_Marks(moves["lot"][rows]).has(lot) & _Marks(moves["order"][rows]).has(order))
            used = _pair(lot[same], order[same])
            out[rows[np.isin(_pair(moves["lot"][rows], moves["order"][rows]), used)]] = False
        return out


class _Marks:
    """A set of ids."""

    def __init__(self, ids: Ids | None = None) -> None:
        self._in = np.zeros(64, np.bool_)
        if ids is not None:
            self.mark(ids)

    @property
    def ids(self) -> Ids:
        """The ids in it, rising."""
        return np.flatnonzero(self._in).astype(np.int32)

    def mark(self, ids: Ids) -> bool:
        """Put ids in; whether one of them is new."""
        ids = ids[ids >= 0]
        if not len(ids):
            return False
        top = int(ids.max()) + 1
        if top > len(self._in):
            self._in = np.concatenate((self._in, np.zeros(max(top, 2 * len(self._in)) - len(self._in), np.bool_)))
        new = not self._in[ids].all()
        self._in[ids] = True
        return new

    def has(self, ids: Ids) -> NDArray[np.bool_]:
        """Which of the ids are in it; NONE is not."""
        inside = (ids >= 0) & (ids < len(self._in))
        return inside & self._in[np.where(inside, ids, 0)]


def _pair(a: Ids, b: Ids) -> NDArray[np.int64]:
    return (a.astype(np.int64) << 32) | (b.astype(np.int64) & 0xFFFFFFFF)
