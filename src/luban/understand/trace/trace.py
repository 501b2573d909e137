"""The trace of a plant: its facts with the doubts about them, ready to be asked."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import narwhals as nw
import pyarrow as pa

from luban.ledger import Ledger
from luban.understand.trace.doubt import Doubts, examine
from luban.understand.trace.facts import STREAMS, Facts
from luban.understand.trace.records import GENEALOGY, KINDS

__all__ = ["Trace", "trace_of"]

_SMALL: Final = 200_000  # facts of use that are examined anew each time


class Trace(Facts):
    """Facts and their doubts.

    Example   t = Trace(); t.add("genealogy", {"time": [1], "subject": ["P"], "input": ["L"], "quantity": [2.0]})
    """

    def __init__(self, *, partners: Collection[str] = (), slack: int = 0) -> None:
        super().__init__(partners=partners, slack=slack)
        self._doubts: Doubts | None = None
        self._examined = (-1, 0, 0, 0)

    @property
    def doubts(self) -> Doubts:
        """Doubts about the facts, examined anew where facts came: at once in a small graph, else for every twentieth.

        Facts since then count as sound; `unexamined` says how many there are.
        """
        fresh = self._doubts is not None and self._examined[1:] == self._state[1:]
        few = len(self.graph) // 20 if len(self.graph) > _SMALL else 0
        if self._doubts is None or not fresh or self.unexamined > few:
            return self.examine()
        return self._doubts

    def examine(self) -> Doubts:
        """Examine all facts there are now."""
        self.graph.settle()
        self._examined = self._state
        self._doubts = examine(self, slack=self.slack)
        return self._doubts

    @property
    def unexamined(self) -> int:
        """Facts of use that came since the last examination."""
        return len(self.graph) - max(self._examined[0], 0)

    @property
    def _state(self) -> tuple[int, int, int, int]:
        return len(self.graph), len(self.moves), len(self.looks), len(self._serials)


def trace_of(
    ledger: Ledger,
    *,
    as_of: int | None = None,
    since: int | None = None,
    partners: Collection[str] = (),
    slack: int = 0,
) -> Trace:
    """The trace of a plant from its books; corrected facts count as corrected.

    as_of     the books as they stood at this seq
    since     only facts from then on [µs UTC]
    partners  names of places that are customers
    slack     how much two clocks may differ before a use counts as too early [µs]
    """
    trace = Trace(partners=partners, slack=slack)
    for stream in STREAMS:
        frame = ledger.frame(stream, as_of=as_of, since=since)
        if stream == "measurement":
            frame = frame.filter(~(nw.col("lot").is_null() & nw.col("serial").is_null()))
        needed = dict.fromkeys(column for column, _ in (KINDS.get(stream) or GENEALOGY).values())
        table = pa.table(frame.select(*needed).sort("seq").collect("pyarrow").to_native())
        trace.add(stream, table)
    trace.as_of = max(trace.as_of, min(ledger.head, as_of) if as_of is not None else ledger.head)
    return trace
