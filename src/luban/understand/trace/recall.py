"""A recall: every lot that suspect ones went into, where it is now, and who got it.

Three grades of confidence. `certain`: by facts without doubt whose times fit. `out of time`: by facts without
doubt, but somewhere on every way a lot was taken before the suspect material could have been in it. `doubtful`: only
through a fact that cannot be true as it stands. Nothing that any fact touches is left off the list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from luban.understand.trace.flow import lot_id
from luban.understand.trace.graph import Ints, View, Walk
from luban.understand.trace.kernel.flow import arrivals, latest
from luban.understand.trace.names import Ids
from luban.understand.trace.records import NEVER
from luban.understand.trace.stock import OnHand, on_hand, packed
from luban.understand.trace.trace import Trace

__all__ = ["CERTAIN", "DOUBTFUL", "GRADES", "OUT_OF_TIME", "Delivery", "Notice", "Recall", "recall"]

CERTAIN, OUT_OF_TIME, DOUBTFUL = 0, 1, 2
GRADES: Final = ("certain", "out of time", "doubtful")


@dataclass(frozen=True, slots=True)
class Delivery:
    """Part of an affected lot that a customer got.

    container  it went in; "" if in none
    """

    lot: str
    item: str
    customer: str
    order: str
    quantity: float
    time: int
    container: str
    confidence: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Who is to be told, and of what."""

    customer: str
    orders: tuple[str, ...]
    lots: tuple[str, ...]
    quantity: float
    confidence: str


@dataclass(frozen=True, slots=True)
class Recall:
    """The answer to a recall.

    suspects    ids of the lots it began with
    lots        ids of all affected lots, the suspects first
    grades      of each: index into GRADES
    walk        how each was reached
    rows, container, quantity, delivery_grades  deliveries: movement, id of the container or NONE, quantity, grade
    delivered   id of the lot of each delivery
    as_of       newest fact it rests on
    unexamined  facts of use that came too lately to be examined for doubts; they count as sound
    """

    suspects: Ids
    lots: Ids
    grades: NDArray[np.uint8]
    walk: Walk
    delivered: Ids
    rows: Ints
    container: Ids
    quantity: NDArray[np.float64]
    delivery_grades: NDArray[np.uint8]
    as_of: int
    unexamined: int
    trace: Trace

    def names(self) -> pa.Array:
        """Names of the affected lots."""
        return self.trace.lots.array(self.lots)

    @property
    def orders(self) -> tuple[str, ...]:
        """Customer orders that are affected."""
        found = np.unique(self.trace.moves["order"][self.rows])
        return tuple(sorted(self.trace.labels.name(int(order)) for order in found if order >= 0))

    def deliveries(self, limit: int | None = None) -> tuple[Delivery, ...]:
        """The deliveries in words, in the order of time."""
        moves, labels = self.trace.moves, self.trace.labels
        order = np.argsort(moves["time"][self.rows], kind="stable")[:limit]
        rows = self.rows[order]
        item = self.trace.item_of(self.delivered[order])
        parts = zip(
            self.trace.lots.array(self.delivered[order]).to_pylist(), labels.array(item).to_pylist(),
            labels.array(moves["destination"][rows]).to_pylist(), labels.array(moves["order"][rows]).to_pylist(),
            self.quantity[order].tolist(), moves["time"][rows].tolist(),
            self.trace.lots.array(self.container[order]).to_pylist(), self.delivery_grades[order].tolist(), strict=True,
        )  # fmt: skip
        return tuple(
            Delivery(lot or "", item or "", customer or "", order or "", quantity, time, box or "", GRADES[grade])
            for lot, item, customer, order, quantity, time, box, grade in parts
        )

    def on_hand(self) -> tuple[OnHand, ...]:
        """What of the affected lots is still in the plant, and where."""
        return on_hand(self.trace, self.lots)

    def notices(self) -> tuple[Notice, ...]:
        """One notice a customer; a delivery without a named customer goes by its order."""
        found: dict[str, list[Delivery]] = {}
        for one in self.deliveries():
            found.setdefault(one.customer or one.order, []).append(one)
        return tuple(_notice(customer, rows) for customer, rows in sorted(found.items()))

    def as_dict(self, limit: int | None = None) -> dict[str, Any]:
        """The same for `--json` and REST."""
        names, grades = self.names().slice(0, limit).to_pylist(), self.grades.tolist()
        return {
            "suspects": self.trace.lots.array(self.suspects).to_pylist(),
            "affected": [
                {"lot": name, "confidence": GRADES[grade]} for name, grade in zip(names, grades, strict=False)
            ],
            "affected_count": len(self.lots),
            "deliveries": [_plain(one) for one in self.deliveries(limit)],
            "orders": list(self.orders),
            "on_hand": [_plain(one) for one in self.on_hand()],
            "notices": [_plain(one) for one in self.notices()],
            "as_of": self.as_of,
            "unexamined": self.unexamined,
        }


def _plain(one: Any) -> dict[str, Any]:
    return {name: list(v) if isinstance(v := getattr(one, name), tuple) else v for name in one.__slots__}


def _notice(customer: str, rows: Sequence[Delivery]) -> Notice:
    best = min(GRADES.index(one.confidence) for one in rows)
    return Notice(
        customer, tuple(sorted({one.order for one in rows if one.order})), tuple(sorted({one.lot for one in rows})),
        sum(one.quantity for one in rows), GRADES[best],
    )  # fmt: skip


def recall(trace: Trace, suspects: Sequence[str] | Ids, *, times: bool = True) -> Recall:
    """Everything the suspect lots went into, where it is, and who got it.

    suspects  names or ids of lots, serial numbers
    times     grade by time too: what was taken before the suspect material could be in it is `out of time`
    Raises    InputError for a lot that no fact names
    """
    ids = (
        suspects if isinstance(suspects, np.ndarray) else np.array([lot_id(trace, name) for name in suspects], np.int32)
    )
    doubts = trace.doubts
    view = trace.graph.view
    walk = trace.graph.walk(ids, view=view)
    lots = walk.nodes
    grades = np.zeros(len(lots), np.uint8)
    place, rows, container, quantity = _delivered(trace, lots)
    late = np.zeros(len(rows), np.bool_)
    if times:
        found = _Arrivals(trace, view, walk, len(ids))
        late = (place < walk.sure) & (trace.moves["time"][rows] < found.there[place])
        if found.open or late.any():
            found.exact()
            late = (place < walk.sure) & (trace.moves["time"][rows] < found.there[place])
            grades[found.there == NEVER] = OUT_OF_TIME
    grades[walk.sure :] = DOUBTFUL
    worst = np.where(late, np.maximum(grades[place], OUT_OF_TIME), grades[place]).astype(np.uint8)
    out = np.isin(rows, doubts.moves)
    worst[out] = DOUBTFUL
    return Recall(
        ids, lots, grades, walk, lots[place], rows, container, quantity, worst, trace.as_of, trace.unexamined, trace
    )


class _Arrivals:
    """When something of the suspects could first be in each lot of a walk; of a suspect: always.

    `there` is a time by which something was there, by the way that the walk found: it is enough where all ways fit and
    nothing left earlier. `exact` makes it the first time.
    """

    def __init__(self, trace: Trace, view: View, walk: Walk, starts: int) -> None:
        self._trace, self._view, self._walk = trace, view, walk
        self.there = np.full(len(walk.nodes), NEVER, np.int64)
        self.there[:starts][walk.came[:starts] < 0] = np.iinfo(np.int64).min
        sure = walk.sure
        self.open = latest(walk.came[:sure], walk.facts[:sure], view.columns["time"], self.there)

    def exact(self) -> None:
        """Go over all facts between the lots."""
        view, nodes = self._view, self._walk.nodes
        most = max(len(view.used.begin), len(view.used.head), int(nodes.max(initial=0)) + 1)
        with self._trace.graph.places(most) as place:
            place[nodes] = np.arange(len(nodes), dtype=np.int32)
            arrivals(
                *view.used, view.columns["target"], view.bad, view.columns["time"], view.base, view.edges,
                nodes[: self._walk.sure], place, self.there,
            )  # fmt: skip


def _delivered(trace: Trace, lots: Ids) -> tuple[Ints, Ints, Ids, NDArray[np.float64]]:
    """Deliveries of the lots, alone or in a container: place in `lots`, movement, container, quantity."""
    moves = trace.moves
    place, rows = moves.by_lot.of_many(lots)
    to = trace.deliveries[rows]
    place, rows = place[to], rows[to]
    quantity = moves["quantity"][rows]
    container = np.full(len(rows), -1, np.int32)
    if not trace.containers:
        return place, rows.astype(np.int64), container, quantity
    boxed = packed(trace, lots)
    if not boxed:
        return place, rows.astype(np.int64), container, quantity
    more = np.array([(p, r, c) for p, r, c, _ in boxed], np.int64)
    return (
        np.concatenate((place, more[:, 0])), np.concatenate((rows, more[:, 1])),
        np.concatenate((container, more[:, 2].astype(np.int32))),
        np.concatenate((quantity, np.array([q for *_, q in boxed]))),
    )  # fmt: skip
