"""Facts that cannot be true as they stand: named, kept, and left out of totals with the amount.

A doubtful fact of use is still walked, after all others, so that nothing it may touch is missed; what is reached only
through one says so. A fact whose quantity is only in part beyond what there was stays, and its excess is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from luban.understand.trace.facts import Facts
from luban.understand.trace.graph import Ints, View
from luban.understand.trace.kernel.doubt import overdrawn
from luban.understand.trace.loops import Loop, find_loops
from luban.understand.trace.names import NONE
from luban.understand.trace.origins import origins, serials
from luban.understand.trace.records import NEVER, grouped
from luban.understand.trace.words import CODES

__all__ = ["Doubt", "Doubts", "examine"]

_NAMES = tuple(CODES)
_AMOUNT, _UNKNOWN, _CIRCULAR, _EARLY, _CLAIMED, _OVER, _OVER_OUT = range(len(_NAMES))


@dataclass(frozen=True, slots=True)
class Doubt:
    """One doubtful fact, in words.

    code      a key of CODES
    lot       the lot it is about: the input, or what was moved
    output    where it is said to have gone: a lot, a place or ""
    quantity  as the fact says
    excluded  part of it that totals leave out
    time, seq of the fact
    """

    code: str
    reason: str
    lot: str
    output: str
    item: str
    quantity: float
    excluded: float
    time: int
    seq: int
    order: str


@dataclass(frozen=True, slots=True)
class Doubts:
    """All doubts about the facts of a moment.

    facts, codes, excluded           doubtful facts of use: number, index into CODES, amount left out
    moves, move_excluded             doubtful movements: row, amount left out
    made       what there was of each lot; nan: not on record
    taken      what was taken of each lot, doubtful facts left out where they are wholly so
    serial     True where the id is of one piece
    loops      ways that lead back to where they began
    """

    facts: Ints
    codes: NDArray[np.uint8]
    excluded: NDArray[np.float64]
    moves: Ints
    move_excluded: NDArray[np.float64]
    made: NDArray[np.float64]
    taken: NDArray[np.float64]
    serial: NDArray[np.bool_]
    loops: tuple[Loop, ...]
    edges: int
    _trace: Facts = field(repr=False)

    def __len__(self) -> int:
        return len(self.facts) + len(self.moves)

    def counted(self, facts: Ints) -> NDArray[np.float64]:
        """Quantities of facts of use without what is left out."""
        quantity = np.nan_to_num(self._trace.graph.view.columns["quantity"][facts])
        if not len(self.facts):
            return np.asarray(np.maximum(quantity, 0.0))
        at = np.minimum(np.searchsorted(self.facts, facts), len(self.facts) - 1)
        left_out = np.where(self.facts[at] == facts, self.excluded[at], 0.0)
        found: NDArray[np.float64] = np.maximum(quantity - left_out, 0.0)
        return found

    def rows(self, limit: int | None = None) -> Iterator[Doubt]:
        """The doubts in words, in the order of their facts."""
        trace, columns = self._trace, self._trace.graph.view.columns
        for i, fact in enumerate(self.facts[:limit]):
            code = _NAMES[self.codes[i]]
            yield Doubt(
                code, CODES[code], trace.lots.name(columns["source"][fact]), trace.lots.name(columns["target"][fact]),
                trace.labels.name(columns["item"][fact]), float(columns["quantity"][fact]), float(self.excluded[i]),
                int(columns["time"][fact]), int(columns["seq"][fact]), trace.labels.name(columns["order"][fact]),
            )  # fmt: skip
        moves = trace.moves
        for i, row in enumerate(self.moves[: None if limit is None else max(0, limit - len(self.facts))]):
            yield Doubt(
                "over_out", CODES["over_out"], trace.lots.name(moves["lot"][row]),
                trace.labels.name(moves["destination"][row]), trace.labels.name(moves["item"][row]),
                float(moves["quantity"][row]), float(self.move_excluded[i]), int(moves["time"][row]),
                int(moves["seq"][row]), trace.labels.name(moves["order"][row]),
            )  # fmt: skip


def examine(trace: Facts, *, slack: int = 0) -> Doubts:
    """Doubts about all facts that are in the graph now; the graph walks by them from here on.

    slack  how much two clocks may differ before a use counts as too early [µs]
    """
    view = trace.graph.view
    n, columns = view.edges, view.columns
    size = len(trace.lots)
    source, target, time = columns["source"][:n], columns["target"][:n], columns["time"][:n]
    quantity = columns["quantity"][:n]
    code = np.full(n, 255, np.uint8)

    code[~(quantity > 0) | ~np.isfinite(quantity)] = _AMOUNT
    made, birth, known = origins(trace, view, size)
    serial = serials(trace, view, made)
    made[serial & np.isnan(made)] = 1.0

    unknown = ~known[source] & trace.keeps_receipts(columns["item"][:n])
    code[unknown & (code == 255)] = _UNKNOWN
    code[(source == target) & (code == 255)] = _CIRCULAR
    loops, circular = find_loops(trace, view, birth, serial, code == 255)
    code[circular] = _CIRCULAR
    early = (time < birth[source] - slack) & (birth[source] != NEVER) & (code == 255)
    code[early] = _EARLY

    excluded = np.where(code != 255, np.nan_to_num(quantity, posinf=0.0, neginf=0.0), 0.0)
    over, out_over, taken = _overdrawn(trace, view, made, code != 255)
    for fact in np.flatnonzero(over):
        whole = serial[source[fact]] or (made[source[fact]] == 1.0 and quantity[fact] == 1.0)  # one piece, wholly
        code[fact] = _CLAIMED if whole else _OVER
    excluded[over > 0] = over[over > 0]
    facts = np.flatnonzero(code != 255)
    wholly = facts[(code[facts] < _CLAIMED) | (excluded[facts] >= quantity[facts] * (1 - 1e-9))]
    trace.graph.doubt(wholly)
    moves = np.flatnonzero(out_over)
    return Doubts(
        facts, code[facts], excluded[facts], moves, out_over[moves], made, taken, serial, loops, n, trace
    )  # fmt: skip


def _overdrawn(
    trace: Facts, view: View, made: NDArray[np.float64], skip: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """By fact of use and by movement what was beyond; by lot what was taken."""
    n, columns, moves = view.edges, view.columns, trace.moves
    out = np.where(trace.withdrawals, moves["lot"], NONE).astype(np.int32)
    group = grouped(out, len(made))
    groups = _by_time(group.begin, group.rows, moves["time"])
    over, out_over = np.zeros(n), np.zeros(len(out))
    begin, fact = _ordered(view, len(made))
    taken = overdrawn(
        begin, fact, columns["time"], columns["quantity"], skip, *groups, moves["time"],
        np.nan_to_num(moves["quantity"]), made, over, out_over,
    )  # fmt: skip
    return over, out_over, taken


def _ordered(view: View, size: int) -> tuple[Ints, Any]:
    if view.base == view.edges:
        return view.used.begin, view.used.fact
    group = grouped(view.columns["source"][: view.edges], size)
    return group.begin, group.rows


def _by_time(begin: Ints, rows: Any, time: Ints) -> tuple[Ints, Any]:
    """The same groups, each in the order of time."""
    if not len(rows):
        return begin, rows
    key = np.repeat(np.arange(len(begin) - 1), np.diff(begin))
    return begin, rows[np.lexsort((time[rows], key))]
