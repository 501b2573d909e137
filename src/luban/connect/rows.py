"""Fact rows on their way to the spool, gathered per stream."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Count", "Rows", "State"]


@dataclass(slots=True)
class State:
    """A state fact of one work unit."""

    state: str
    mapping: str
    quality: int
    reason: str | None = None
    order: str | None = None
    item: str | None = None


@dataclass(slots=True)
class Count:
    """Increments of one work unit at one time."""

    good: float = 0.0
    scrap: float = 0.0
    rework: float = 0.0
    quality: int = 0
    order: str | None = None
    item: str | None = None


_STATE = ("state", "mapping", "quality", "reason", "order", "item")
_COUNT = ("good", "scrap", "rework", "quality", "order", "item")
_MEASURED = ("time", "subject", "value", "quality", "lot", "serial", "unit")
_METER = ("time", "subject", "medium", "register", "measured_in", "quality")
_EVENT = ("time", "subject", "kind", "end", "code", "text", "data")


class Rows:
    """What one write takes. States and counts of one unit at one time become one row."""

    def __init__(self) -> None:
        self.time: list[int] = []
        self.subject: list[str] = []
        self.value: list[float | None] = []
        self.text: list[str | None] = []
        self.quality: list[int] = []
        self.states: dict[tuple[int, str], State] = {}
        self.counts: dict[tuple[int, str], Count] = {}
        self.measurements: list[tuple[Any, ...]] = []
        self.meters: list[tuple[Any, ...]] = []
        self.events: list[tuple[Any, ...]] = []
        self.facts: list[tuple[str, Mapping[str, Sequence[Any]]]] = []

    def __len__(self) -> int:
        held = (self.time, self.states, self.counts, self.measurements, self.meters, self.events, self.facts)
        return sum(map(len, held))

    def event(
        self,
        time: int,
        subject: str,
        kind: str,
        *,
        end: int | None = None,
        code: str | None = None,
        text: str | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        """Add an event fact."""
        packed = json.dumps(data, ensure_ascii=False) if data is not None else None
        self.events.append((time, subject, kind, end, code, text, packed))

    def columns(self) -> list[tuple[str, Mapping[str, Sequence[Any]]]]:
        """(stream, columns) in the order in which they are put: counts last, they must not come twice."""
        out: list[tuple[str, Mapping[str, Sequence[Any]]]] = []
        if self.time:
            names = ("time", "subject", "value", "text", "quality")
            out.append(("signal", {name: getattr(self, name) for name in names}))
        if self.states:
            out.append(("state", _keyed(self.states, _STATE)))
        if self.events:
            out.append(("event", dict(zip(_EVENT, map(list, zip(*self.events, strict=True)), strict=True))))
        if self.measurements:
            columns = map(list, zip(*self.measurements, strict=True))
            out.append(("measurement", dict(zip(_MEASURED, columns, strict=True))))
        if self.meters:
            out.append(("meter", dict(zip(_METER, map(list, zip(*self.meters, strict=True)), strict=True))))
        out.extend(self.facts)
        if self.counts:
            out.append(("count", _keyed(self.counts, _COUNT)))
        return out


def _keyed(rows: Mapping[tuple[int, str], Any], names: Sequence[str]) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {"time": [k[0] for k in rows], "subject": [k[1] for k in rows]}
    return columns | {name: [getattr(row, name) for row in rows.values()] for name in names}
