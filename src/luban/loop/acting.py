"""Acting on a running plant: the actor's way to the devices through the collectors, and its place in the loop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from luban.act.engine import Actor
from luban.act.reading import Reading
from luban.connect.collector import Collector, Status
from luban.connect.wire import ReadBack
from luban.core.errors import LinkDownError
from luban.core.time import SECOND, now
from luban.ledger import Ledger, LedgerWriter
from luban.loop.running import Running
from luban.plant import Plant
from luban.understand.book import entries

__all__ = ["Acting", "watched_addresses"]

_log = logging.getLogger(__name__)
_TURN = 0.02  # s between two looks at what waits
_DECIDE = 0.2  # s between two looks at what was measured
_LAST = 10.0  # s that the end waits for a write that has begun
_FIRST = 3 * SECOND  # within which a new link tells its first values
_SOURCE = "act"


def watched_addresses(plant: Plant) -> dict[str, set[str]]:
    """Addresses, by source, whose newest value is needed to judge a command: actuators and their interlocks."""
    found: dict[str, set[str]] = {}
    for actuator in plant.actuators.values():
        for name in (actuator.id, *(lock.signal for lock in actuator.interlocks)):
            signal = plant.signals[name]
            found.setdefault(signal.source, set()).add(signal.address)
    return found


class Acting:
    """The actor of a running plant.

    ledger      reads its books;  writer  writes them
    collectors  of the plant, by source
    folder      of the plant
    """

    def __init__(
        self,
        plant: Plant,
        ledger: Ledger,
        writer: LedgerWriter,
        collectors: Callable[[], Mapping[str, Collector]],
        folder: Path,
    ) -> None:
        self._plant, self._collectors = plant, collectors
        self._watched = watched_addresses(plant)
        self._signals = {s.id: s for s in plant.signals.values() if s.address in self._watched.get(s.source, ())}

        def note(rows: Mapping[str, list[Any]]) -> int:
            return writer.append("event", rows, source=_SOURCE).first_seq

        self.actor = Actor(plant.actuators, self, note)
        both = (*entries(ledger, "command"), *entries(ledger, "automation"))
        self.actor.load(sorted(both, key=lambda entry: entry.seq))
        self.running = Running(plant, ledger, folder, self.actor, note, self._links)

    async def decide(self) -> None:
        """Decide until cancelled."""
        while True:
            try:
                await self.running.turn()
            except Exception as error:  # noqa: BLE001 - the next look begins anew
                _log.warning("deciding: a turn failed", exc_info=error)
            await asyncio.sleep(_DECIDE)

    async def run(self) -> None:
        """Take turns until cancelled, each actuator by itself; a write that has begun is read back to its end."""
        turns: dict[str, asyncio.Task[None]] = {}
        try:
            while True:
                turns = {actuator: turn for actuator, turn in turns.items() if not turn.done()}
                for actuator in self.actor.waiting():
                    if actuator not in turns:
                        turns[actuator] = asyncio.create_task(self._turn(actuator), name=f"acting {actuator}")
                await asyncio.sleep(_TURN)
        finally:
            if turns:
                await asyncio.wait(turns.values(), timeout=_LAST)

    async def _turn(self, actuator: str) -> None:
        try:
            await self.actor.turn_of(actuator)
        except Exception as error:  # noqa: BLE001 - a disk that is full, a driver's fault: said, and tried again
            _log.warning("acting: a turn of %s failed", actuator, exc_info=error)
            await asyncio.sleep(1.0)

    def _links(self) -> Mapping[str, Status]:
        return {name: one.status for name, one in self._collectors().items()}

    # ------------------------------------------------------------------ the door

    async def write(self, source: str, address: str, value: float) -> ReadBack:
        """See `Door`."""
        collector = self._collectors().get(source)
        if collector is None:
            raise LinkDownError("no such source runs", where=source)
        return await collector.write(address, value)

    def up(self, source: str) -> bool:
        """See `Door`. A link that has just come up counts once it told what is needed of it, or had its time to."""
        collector = self._collectors().get(source)
        if collector is None or not collector.up:
            return False
        return self._watched.get(source, set()) <= collector.newest.keys() or now() - collector.status.since > _FIRST

    def readings(self) -> Mapping[str, Reading]:
        """See `Door`."""
        found = {}
        collectors = self._collectors()
        for name, signal in self._signals.items():
            collector = collectors.get(signal.source)
            sample = collector.newest.get(signal.address) if collector is not None and collector.up else None
            if collector is not None and sample is not None:
                heard = max(collector.status.last_alive or 0, sample.time)
                found[name] = Reading(sample.value, heard, sample.quality.is_good, sample.time)
        return found
