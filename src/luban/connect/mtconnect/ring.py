"""The agent's memory: a ring of observations in sequence and the newest of each data item."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, replace

from luban.connect.mtconnect.model import DeviceModel
from luban.connect.mtconnect.observation import Observation
from luban.core.time import now

__all__ = ["Ring", "Window"]


@dataclass(frozen=True, slots=True)
class Window:
    """Oldest and newest sequence held, and the one that comes next."""

    first: int
    last: int
    next: int


class Ring:
    """Keeps the last `size` observations. Every data item begins UNAVAILABLE, as the standard asks.

    size  observations kept
    """

    def __init__(self, model: DeviceModel, size: int) -> None:
        self.size = size
        self._held: deque[Observation] = deque(maxlen=size)
        self._next = 1
        self._latest: dict[str, Observation] = {}
        self._active: dict[str, dict[str, Observation]] = {}
        begun = now()
        for item in model.items:
            level = "UNAVAILABLE" if item.category == "CONDITION" else ""
            self.put(Observation((item.id,), begun, None, item, level))

    def window(self) -> Window:
        """What is held."""
        return Window(self._held[0].sequence if self._held else self._next, self._next - 1, self._next)

    def put(self, seen: Observation) -> None:
        """Give the observation the next sequence and keep it; one without a data item is dropped."""
        if seen.item is None:
            return
        kept = replace(seen, sequence=self._next)
        self._next += 1
        self._held.append(kept)
        self._latest[seen.item.id] = kept
        if seen.level:
            self._activate(seen.item.id, kept)

    def _activate(self, identifier: str, seen: Observation) -> None:
        """A condition has as many active faults as native codes; NORMAL without a code clears them all."""
        active = self._active.setdefault(identifier, {})
        if seen.level in {"NORMAL", "UNAVAILABLE"}:
            if seen.code and seen.level == "NORMAL":
                active.pop(seen.code, None)
            else:
                active.clear()
        else:
            active[seen.code] = seen

    def current(self, chosen: Collection[str]) -> list[Observation]:
        """The newest of each data item; of a condition all that are active."""
        found: list[Observation] = []
        for identifier, seen in self._latest.items():
            if identifier in chosen:
                found += self._active.get(identifier, {}).values() or [seen]
        return sorted(found, key=lambda one: one.sequence)

    def slice(self, chosen: Collection[str], start: int, count: int) -> tuple[list[Observation], int]:
        """(up to `count` observations from sequence `start` on, sequence to go on with)."""
        first = self.window().first
        found: list[Observation] = []
        after = max(start, first)
        for index in range(after - first, len(self._held)):
            if len(found) == count:
                break
            seen = self._held[index]
            after = seen.sequence + 1
            if seen.item is not None and seen.item.id in chosen:
                found.append(seen)
        return found, after
