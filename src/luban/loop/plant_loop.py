"""The running plant: collectors fill the spool, the intake moves it into the books.

One process in the small size: collectors are tasks, the writer is a thread. The spool on disk is all
that links them, so either half may die and come back without loss.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from luban.act.engine import Actor
from luban.connect.collector import Collector, Limits, Status
from luban.core import time as clock
from luban.core.errors import DiskFullError, LedgerError
from luban.core.interrupts import handed_on
from luban.ledger import Intake, Ledger, LedgerWriter, Rows, Spool
from luban.loop.acting import Acting, watched_addresses
from luban.loop.places import Places, places
from luban.loop.running import Running
from luban.loop.wiring import connection
from luban.plant import Plant, load

__all__ = ["IntakeStatus", "PlantLoop"]

_log = logging.getLogger(__name__)
_TURN = 0.05  # s between two looks at the spool
_READ = 60.0  # s between two looks at the power of machines without a control


@dataclass(slots=True)
class IntakeStatus:
    """How the books stand: `running`, `disk full` or `failed`, since when, and what was taken in."""

    state: str = "starting"
    since: int = 0
    taken: int = 0
    last_error: str = ""

    def turn(self, state: str, error: str = "") -> None:
        """Note a change of state."""
        if state != self.state:
            self.state, self.since = state, clock.now()
        self.last_error = error


class PlantLoop:
    """Everything of one plant that must run for its facts to come in.

    folder  the plant's folder
    limits  of its collectors, for tests and pilots
    Example async with PlantLoop(folder) as loop:
                await asyncio.sleep(60)
    """

    def __init__(self, folder: Path | str, *, plant: Plant | None = None, limits: Limits | None = None) -> None:
        self.places: Places = places(folder)
        self.plant = plant or load(folder)
        self.intake = IntakeStatus()
        self._limits = limits
        self._collectors: list[Collector] = []
        self._spools: list[Spool] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._writer: LedgerWriter | None = None
        self._acting: Acting | None = None
        self._act: asyncio.Task[None] | None = None

    @property
    def collectors(self) -> Mapping[str, Status]:
        """How each source stands, by its id."""
        return {collector.source: collector.status for collector in self._collectors}

    @property
    def actor(self) -> Actor | None:
        """What acts for the plant; None while it does not run, or has nothing to move and nothing to decide about."""
        return self._acting.actor if self._acting is not None else None

    @property
    def running(self) -> Running | None:
        """What decides for the plant; None while it does not run or has nothing to decide about."""
        return self._acting.running if self._acting is not None else None

    @property
    def ledger(self) -> Ledger:
        """A new reader of the plant's books."""
        return Ledger(self.places.ledger)

    async def start(self) -> None:
        """Open the books and start all collectors.

        Raises LedgerBusyError if another process writes these books, ConfigError for a source's settings
        """
        ready = {s.id: connection(self.plant, s, self.places.folder) for s in self.plant.sources.values()}
        self._writer = await asyncio.to_thread(LedgerWriter, self.places.ledger)
        self.places.memory.mkdir(parents=True, exist_ok=True)
        watched = watched_addresses(self.plant)
        for name, (factory, signals) in ready.items():
            spool = Spool(self.places.spool, name)
            self._spools.append(spool)
            self._collectors.append(
                Collector(
                    name,
                    factory,
                    signals,
                    spool,
                    limits=self._limits,
                    memory=self.places.memory / f"{name}.jsonl",
                    root=self.plant.id,
                    units=self.plant.equipment,
                    watched=watched.get(name, ()),
                )
            )
        self._tasks = [asyncio.create_task(c.run(), name=f"collector {c.source}") for c in self._collectors]
        if self.plant.retrofits:
            self._tasks.append(asyncio.create_task(self._read_power(), name="retrofit"))
        if self.plant.actuators or self.plant.levers:
            by_source = {collector.source: collector for collector in self._collectors}
            self._acting = await asyncio.to_thread(
                Acting, self.plant, self.ledger, self._writer, lambda: by_source, self.places.folder
            )
            self._act = asyncio.create_task(self._acting.run(), name="acting")
            self._tasks.append(asyncio.create_task(self._acting.decide(), name="deciding"))
        self._tasks.append(asyncio.create_task(self._take_in(), name="intake"))

    async def stop(self) -> None:
        """End what acts, then the collectors, then take in what they left, then close the books."""
        collectors, intake = self._tasks[:-1], self._tasks[-1:]
        acting = [] if self._act is None else [self._act]
        for tasks in (acting, collectors, intake):
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for spool in self._spools:
            with contextlib.suppress(DiskFullError):
                await asyncio.to_thread(spool.close)
        if self._writer is not None:
            with contextlib.suppress(DiskFullError):
                await asyncio.to_thread(Intake(self.places.spool, self._writer).drain)
            await asyncio.to_thread(self._writer.close)
        self._tasks, self._collectors, self._spools, self._writer, self._acting = [], [], [], None, None
        self._act = None

    async def note(self, stream: str, rows: Rows, *, source: str) -> int:
        """Write facts that people or screens state; durable when it returns. Returns the first seq."""
        if self._writer is None:
            raise LedgerError("the plant is not running", where=str(self.places.folder), hint="luban up DIR")
        receipt = await asyncio.to_thread(self._writer.append, stream, rows, source=source)
        return receipt.first_seq

    async def __aenter__(self) -> PlantLoop:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def _read_power(self) -> None:
        """States and counts of machines that have only a power meter."""
        from luban.loop.retrofit import Retrofitting  # signal processing comes with it: only where power is read

        reading = Retrofitting(self.plant, self.ledger, self.places.spool)
        try:
            while True:
                try:
                    await asyncio.to_thread(handed_on(reading.turn))
                except Exception as error:  # noqa: BLE001 - the next look begins anew
                    _log.warning("power was not read", exc_info=error)
                await asyncio.sleep(_READ)
        finally:
            reading.close()

    async def _take_in(self) -> None:
        assert self._writer is not None  # noqa: S101 - start() sets it
        intake = Intake(self.places.spool, self._writer)
        while True:
            try:
                taken = await asyncio.to_thread(intake.drain)
                self.intake.taken += taken
                self.intake.turn("running")
            except DiskFullError as error:
                self.intake.turn("disk full", str(error))
                await asyncio.sleep(1.0)
            except Exception as error:  # noqa: BLE001 - the spool keeps the facts; say it and try again
                _log.warning("the books did not take the facts in", exc_info=error)
                self.intake.turn("failed", str(error))
                await asyncio.sleep(1.0)
            await asyncio.sleep(_TURN)
