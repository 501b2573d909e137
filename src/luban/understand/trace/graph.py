"""The graph of lots: which went into which. Ordered facts for speed, a tail of new ones for life.

Facts of use (an input that went into an output) are ordered by node in both directions; what comes later hangs in lists
until the tail is ordered in as well. A reader holds one `View`: a moment of the graph that nothing changes any more.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from luban.core.errors import InputError
from luban.understand.trace.kernel.graph import hang, incident, order_edges, reach, refresh
from luban.understand.trace.names import NONE, Ids

__all__ = ["COLUMNS", "Graph", "Ints", "Side", "View", "Walk"]

Ints: TypeAlias = NDArray[np.int64]

COLUMNS: dict[str, Any] = {
    "source": np.int32, "target": np.int32, "quantity": np.float64, "time": np.int64, "seq": np.int64,
    "item": np.int32, "order": np.int32, "operation": np.int32, "unit": np.int32,
}  # fmt: skip
"""Columns of a fact of use: input, output, how much of the input, when, seq, and codes of the other names."""

_TAIL = 250_000  # facts that may hang before they are ordered in


class Side(NamedTuple):
    """One direction: facts ordered by node, and the lists of the newer ones."""

    begin: Ints
    neighbour: Ids
    fact: Ids
    head: Ids
    after: Ids


class View(NamedTuple):
    """The graph at a moment.

    edges     facts in it
    base      how many of them are ordered; the rest hang in lists
    used      by input: where it went
    made      by output: what it came from
    columns   as COLUMNS; rows at or above `edges` are newer than the view
    bad       1 where a fact is doubtful
    doubtful  whether any is
    """

    edges: int
    base: int
    used: Side
    made: Side
    columns: dict[str, NDArray[Any]]
    bad: NDArray[np.uint8]
    doubtful: bool


@dataclass(frozen=True, slots=True)
class Walk:
    """What a walk found.

    nodes   ids in the order they were found, the starts first
    sure    how many of them can be reached by facts without doubt; they come first
    came    place of the node each was reached from; -1 for a start
    facts   number of the fact it was reached by; -1 for a start
    depth   steps from a start
    """

    nodes: Ids
    sure: int
    came: Ids
    facts: Ints
    depth: Ids

    def path(self, place: int) -> list[int]:
        """Places from a start to this one."""
        found = [place]
        while self.came[found[-1]] >= 0:
            found.append(int(self.came[found[-1]]))
        return found[::-1]


class _Room:
    """What one walk at a time writes into."""

    def __init__(self, nodes: int) -> None:
        self.mark = np.zeros(nodes, np.int32)
        self.stamp = 0
        self.queue, self.came, self.depth = (np.empty(nodes, np.int32) for _ in range(3))
        self.via = np.empty(nodes, np.int64)


class Graph:
    """Facts of use that may grow while they are walked.

    Example  g = Graph(); g.append(source=[0, 1], target=[2, 2], quantity=[1.0, 2.0]); g.walk([2], back=True).nodes
    """

    def __init__(self, *, tail: int = _TAIL) -> None:
        self._tail = tail
        self._lock = threading.RLock()
        self._rooms: list[_Room] = []
        self._places: list[Ids] = []
        self._busy: threading.Thread | None = None
        columns = {name: np.empty(1024, kind) for name, kind in COLUMNS.items()}
        self._view = View(0, 0, _side(0, 1024), _side(0, 1024), columns, np.zeros(1024, np.uint8), doubtful=False)

    def __len__(self) -> int:
        return self._view.edges

    @property
    def view(self) -> View:
        """The graph as it stands now."""
        return self._view

    @property
    def nbytes(self) -> int:
        """Memory of the newest view [byte]."""
        view = self._view
        arrays = [*view.columns.values(), *view.used, *view.made, view.bad]
        return sum(one.nbytes for one in arrays)

    def append(self, **columns: Any) -> int:
        """More facts; columns as COLUMNS, codes left out are NONE. The number of the first.

        Raises InputError for columns of different length or a fact without both lots
        """
        rows = {name: np.asarray(values, COLUMNS[name]) for name, values in columns.items()}
        n = len(rows["source"])
        if any(len(values) != n for values in rows.values()):
            raise InputError("columns differ in length", came=str({k: len(v) for k, v in rows.items()}))
        if n and min(int(rows["source"].min()), int(rows["target"].min())) < 0:
            raise InputError("a fact of use needs an input and an output")
        with self._lock:
            first = self._view.edges
            view = self._roomy(n, 1 + max(int(rows["source"].max()), int(rows["target"].max())) if n else 0)
            for name in COLUMNS:
                view.columns[name][first : first + n] = rows.get(name, NONE if COLUMNS[name] is np.int32 else 0)
            view.bad[first : first + n] = 0
            if n > self._tail:
                self._view = view._replace(edges=first + n)
                self.order()
            else:
                _hang(view, first, first + n)
                self._view = view._replace(edges=first + n)
        if self._view.edges - self._view.base > self._tail:
            self._order_aside()
        return first

    def _roomy(self, more: int, nodes: int) -> View:
        """A view with room for so many more facts and nodes; what older views read stays as it is."""
        view = self._view
        hanging, room = view.edges + more - view.base, len(view.bad)
        if view.edges + more > room:
            size = max(view.edges + more + self._tail, room * 5 // 4)
            columns = {name: _grown(values, size, view.edges) for name, values in view.columns.items()}
            view = view._replace(columns=columns, bad=_grown(view.bad, size, view.edges))
        if more > self._tail:  # they are ordered at once
            return view
        if nodes > len(view.used.head) or hanging > len(view.used.after):
            size = max(nodes * 5 // 4, len(view.used.head))
            lists = max(hanging * 3 // 2, len(view.used.after))
            used, made = (
                side._replace(head=_grown(side.head, size, fill=NONE), after=_grown(side.after, lists))
                for side in (view.used, view.made)
            )
            view = view._replace(used=used, made=made)
        return view

    def order(self) -> None:
        """Order the tail in. Readers and one appending thread go on meanwhile."""
        view = self._view
        n, columns = view.edges, view.columns
        if n == view.base and n:
            return
        nodes = 1 + max(int(columns["source"][:n].max()), int(columns["target"][:n].max())) if n else 0
        source, target = columns["source"][:n], columns["target"][:n]
        used = order_edges(source, target, view.bad, n, nodes)
        made = order_edges(target, source, view.bad, n, nodes)
        with self._lock:
            now = self._view
            if now.bad is not view.bad:  # doubts were written meanwhile
                refresh(used[1], used[2], target, now.bad)
                refresh(made[1], made[2], source, now.bad)
            heads = max(len(now.used.head), nodes)
            lists = max(1024, 2 * (now.edges - n))
            fresh = now._replace(base=n, used=_ordered_side(used, heads, lists), made=_ordered_side(made, heads, lists))
            _hang(fresh, n, now.edges)
            self._view = fresh

    def _order_aside(self) -> None:
        if self._busy is None or not self._busy.is_alive():
            self._busy = threading.Thread(target=self.order, name="order trace", daemon=True)
            self._busy.start()

    def settle(self) -> None:
        """Wait until an ordering that is under way has ended."""
        if self._busy is not None:
            self._busy.join()

    def doubt(self, facts: Ints) -> None:
        """These facts, and no others, are doubtful."""
        self.settle()
        with self._lock:
            view = self._view
            bad = np.zeros_like(view.bad)
            bad[facts] = 1
            sides = []
            for side, other in ((view.used, view.columns["target"]), (view.made, view.columns["source"])):
                neighbour = side.neighbour.copy()
                refresh(neighbour, side.fact, other, bad)
                sides.append(side._replace(neighbour=neighbour))
            self._view = view._replace(bad=bad, used=sides[0], made=sides[1], doubtful=bool(len(facts)))

    # ------------------------------------------------------------------ reading

    def walk(
        self, starts: Any, *, back: bool = False, doubts: bool = True, limit: int = -1, view: View | None = None
    ) -> Walk:
        """All that can be reached from the starts.

        back    what they came from; else what they went into
        doubts  follow doubtful facts too, after all others
        limit   steps at most; below 0: no limit
        Raises  InputError for a start that is no lot
        """
        view = view or self._view
        side, other = (view.made, view.columns["source"]) if back else (view.used, view.columns["target"])
        starts = np.asarray(starts, np.int32)
        if len(starts) and int(starts.min()) < 0:
            raise InputError("a walk begins at lots that are in the graph", came=str(int(starts.min())))
        with self._room(max(len(side.head), len(side.begin), int(starts.max(initial=0)) + 1)) as room:
            sure, n = reach(
                side.begin, side.neighbour, side.head, side.after, other, view.bad, view.base, view.edges, starts,
                doubts and view.doubtful, limit, room.mark, room.stamp, room.queue, room.came, room.via, room.depth,
            )  # fmt: skip
            via = room.via[:n].copy()
            nodes, came, depth = room.queue[:n].copy(), room.came[:n].copy(), room.depth[:n].copy()
        facts = np.where(via <= -2, -2 - via, NONE)
        ordered = via >= 0
        facts[ordered] = side.fact[via[ordered]]
        return Walk(nodes, int(sure), came, facts, depth)

    def facts_of(self, nodes: Any, *, back: bool = False, view: View | None = None) -> tuple[Ints, Ints]:
        """Facts in which the nodes are the input (back: the output): (place in `nodes`, number of the fact)."""
        view = view or self._view
        side = view.made if back else view.used
        place, facts = incident(
            side.begin, side.fact, side.head, side.after, view.base, view.edges, np.asarray(nodes, np.int32)
        )
        return place, facts

    @contextmanager
    def places(self, nodes: int) -> Iterator[Ids]:
        """An array by node to write places into; what stands in it is of no meaning. Kept for the next one who asks."""
        try:
            held = self._places.pop()
        except IndexError:
            held = np.empty(nodes, np.int32)
        if len(held) < nodes:
            held = np.empty(nodes * 5 // 4, np.int32)
        try:
            yield held
        finally:
            self._places.append(held)

    @contextmanager
    def _room(self, nodes: int) -> Iterator[_Room]:
        try:
            room = self._rooms.pop()
        except IndexError:
            room = _Room(nodes)
        if len(room.mark) < nodes:
            room = _Room(nodes * 5 // 4)
        room.stamp += 1
        try:
            yield room
        finally:
            self._rooms.append(room)


def _lists(heads: int, facts: int) -> tuple[Ids, Ids]:
    return np.full(heads, NONE, np.int32), np.empty(facts, np.int32)


def _ordered_side(ordered: tuple[Ints, Ids, Ids], heads: int, lists: int) -> Side:
    begin, neighbour, fact = ordered
    return Side(begin, neighbour, fact, *_lists(heads, lists))


def _side(edges: int, heads: int) -> Side:
    return Side(np.zeros(1, np.int64), np.empty(edges, np.int32), np.empty(edges, np.int32), *_lists(heads, 1024))


def _hang(view: View, first: int, last: int) -> None:
    for side, key in ((view.used, "source"), (view.made, "target")):
        hang(view.columns[key], first, last, view.base, side.head, side.after)


def _grown(array: NDArray[Any], size: int, keep: int | None = None, fill: int | None = None) -> NDArray[Any]:
    keep = len(array) if keep is None else keep
    bigger = np.empty(size, array.dtype)
    bigger[:keep] = array[:keep]
    if fill is not None:
        bigger[keep:] = fill
    return bigger
