"""The history of a device: what its script says of the past, and what was put by hand."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import Final, cast

from asyncua import ua
from asyncua.server.history import HistoryStorageInterface

from luban.connect.opcua.values import time_of
from luban.core.time import now

__all__ = ["Record"]

_PAGE: Final = 10_000


class Record(HistoryStorageInterface):  # type: ignore[misc]
    """What `HistoryRead` answers.

    scripted  values of a node between two times [µs UTC] that follow from a script
    most      values kept of each node beside them; older ones go
    """

    def __init__(self, scripted: Callable[[ua.NodeId, int, int], list[ua.DataValue]], most: int) -> None:
        super().__init__()
        self._scripted, self._most = scripted, most
        self._kept: dict[ua.NodeId, deque[ua.DataValue]] = {}

    def keep(self, node: ua.NodeId, value: ua.DataValue) -> None:
        """One more value of the node."""
        if node not in self._kept:
            self._kept[node] = deque(maxlen=self._most)
        self._kept[node].append(value)

    async def init(self) -> None:
        """Nothing to prepare."""

    async def stop(self) -> None:
        """Nothing to close."""

    async def read_node_history(
        self, node_id: ua.NodeId, start: datetime | None, end: datetime | None, nb_values: int
    ) -> tuple[list[ua.DataValue], datetime | None]:
        """A page of values, oldest first, and where the next one begins."""
        first = time_of(ua.DataValue(SourceTimestamp=start)) if start else 0
        last = time_of(ua.DataValue(SourceTimestamp=end)) if end else now()
        kept = [v for v in self._kept.get(node_id, ()) if first <= time_of(v) <= last]
        found = sorted([*kept, *self._scripted(node_id, first, last)], key=time_of)
        page = nb_values or _PAGE
        more = cast("datetime", found[page].SourceTimestamp) if len(found) > page else None
        return found[:page], more
