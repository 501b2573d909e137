"""The collector: keeps one driver alive and makes facts of what it hears.

Reads  a wire, through a driver    Writes  Fact streams signal, state, count and event, through the spool

A fresh driver is built for every attempt. Evidence that the link is up becomes `alive` facts; the time
between two pieces of evidence that lie on different links becomes a `gap` fact, back-filled where the
peer has a history. Nothing is reported as written before it is on disk.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from luban.connect.backfill import Backfill
from luban.connect.coverage import Coverage, Gap
from luban.connect.mapping import Mapper, Signal
from luban.connect.memory import Memory
from luban.connect.outbox import Outbox, SpoolLike
from luban.connect.quarantine import Quarantine
from luban.connect.rows import Rows
from luban.connect.status import Limits, Status
from luban.connect.wire import Driver, ReadBack, Sample, Value
from luban.core.errors import (
    ConfigError,
    DiskFullError,
    InputError,
    LinkDownError,
    LubanError,
    MissingServiceError,
    SecurityError,
)
from luban.core.time import SECOND, now

__all__ = ["Collector", "Limits", "Status"]

_log = logging.getLogger(__name__)
_A_PERSON_MUST_ACT = (SecurityError, ConfigError, MissingServiceError)


class Collector:
    """Supervises one source.

    source_id       the source; subject of its link, gap and alive facts
    driver_factory  builds a fresh driver for each attempt
    signals         of this source
    spool           where facts go
    memory          file that lets a new process go on where the last one ended; None: from nothing
    root            put before a subject that a driver gives relative to the plant
    units           work units of the plant; facts about others go to quarantine; None takes all
    watched         addresses of which `newest` keeps the newest value, as long as the link lives
    """

    def __init__(
        self,
        source_id: str,
        driver_factory: Callable[[], Driver],
        signals: Iterable[Signal],
        spool: SpoolLike,
        *,
        clock: Callable[[], int] = now,
        limits: Limits | None = None,
        memory: Path | None = None,
        root: str = "",
        units: Collection[str] | None = None,
        watched: Collection[str] = (),
    ) -> None:
        self.source = source_id
        self.limits = limits or Limits()
        self.clock = clock
        self.root = root
        self.units = None if units is None else frozenset(units)
        self.status = Status(source_id, since=clock())
        self.newest: dict[str, Sample] = {}
        self._watched = frozenset(watched)
        self.driver: Driver | None = None
        self.mapper = Mapper(source_id, signals, skew=self.limits.skew, skew_window=self.limits.skew_window)
        self.coverage = Coverage(source_id, self.limits.alive_every)
        self.quarantine = Quarantine(source_id)
        self._factory = driver_factory
        self._memory = Memory(memory, spool.next_seq)
        self._outbox = Outbox(spool, self._memory, self._gather, self._refused, self._disk, self.limits.flush_every)
        self._backfill = Backfill(self.mapper, self.coverage, self.limits, clock, self.status)
        self._pending: list[Sample] = []
        self._heard = 0  # when the newest samples arrived
        self._sign = 0.0  # loop time of the newest sign of life
        self._notes: dict[str, Any] = {}
        self._touched = False  # evidence or notes changed since the last write
        self._looked = 0  # when standing values were last looked for
        self._links = 0
        self._link_state: str = "starting"
        self._full_since: int | None = None
        self._recall()

    # ---- running

    async def run(self) -> None:
        """Collect until cancelled; whatever was heard until then is on disk afterwards."""
        writing = asyncio.create_task(self._outbox.run(), name=f"{self.source} outbox")
        supervising = asyncio.create_task(self._supervise(), name=f"{self.source} link")
        try:
            done, _ = await asyncio.wait({writing, supervising}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            supervising.cancel()
            await asyncio.gather(supervising, return_exceptions=True)
            self._end()
            self._outbox.close()
            await asyncio.shield(asyncio.gather(writing, return_exceptions=True))

    async def _supervise(self) -> None:
        failures = 0
        while True:
            links = self._links
            refused = await self._attempt()
            await self._outbox.room.wait()
            failures = 1 if self._links > links else failures + 1
            limits = self.limits
            wait = (
                limits.refused_every
                if refused
                else min(limits.backoff_most, limits.backoff_first << min(failures - 1, 8))
            )
            await asyncio.sleep(wait / SECOND * random.uniform(0.7, 1.0))

    async def _attempt(self) -> bool:
        """One link from its first to its last moment; True if a person must act."""
        door: Door | None = None
        running: asyncio.Task[None] | None = None
        try:
            driver = self._factory()
            self.status.type = driver.type
            self.mapper.live = driver.capabilities.live
            door = Door(self, driver)
            self.driver = driver
            self._sign = asyncio.get_running_loop().time()
            running = asyncio.create_task(driver.run(door), name=f"{self.source} driver")
            reason = await self._attend(running, driver)
            if reason is None:
                running.result()
                reason = "the driver ended"
        except _A_PERSON_MUST_ACT as error:
            self._down(str(error), "refused")
            return True
        except LubanError as error:
            self._down(str(error), "down")
        except Exception as error:  # noqa: BLE001  # a driver's fault must not end collecting
            _log.warning("%s: the driver failed", self.source, exc_info=error)
            self._down(f"the driver failed: {type(error).__name__}: {error}", "down")
        else:
            self._down(reason, "down")
        finally:
            await self._drop(door, running)
        return False

    async def _attend(self, running: asyncio.Task[None], driver: Driver) -> str | None:
        """Wait for the driver's end (None), or find why it must be ended."""
        loop = asyncio.get_running_loop()
        links = self._links
        while not running.done():
            await asyncio.wait({running}, timeout=min(0.2, self.limits.keepalive / SECOND / 2))
            silent = loop.time() - self._sign
            if running.done() or not driver.capabilities.live:
                pass
            elif self._links > links and silent > self._longest_silence(driver):
                return f"no sign of life for {silent:.0f} s"
            elif self._links == links and silent > self.limits.connect_within / SECOND:
                return f"no answer for {silent:.0f} s"
            if self._outbox.full and self._outbox.backlog + len(self._pending) > self.limits.backlog:
                return "paused: the disk is full"
        return None

    def _longest_silence(self, driver: Driver) -> float:
        """Seconds without a sign of life after which a living link is not believed."""
        return 3 * max(self.limits.keepalive, int(getattr(driver, "keepalive", 0))) / SECOND

    async def _drop(self, door: Door | None, running: asyncio.Task[None] | None) -> None:
        self.driver = None
        if door is not None:
            door.shut()
        self._backfill.interrupt()
        if running is not None and not running.done():
            running.cancel()
            await asyncio.wait({running}, timeout=5)
            if not running.done():
                _log.warning("%s: the driver does not end", self.source)
        if running is not None and running.done() and not running.cancelled():
            running.exception()  # already told; asking keeps asyncio quiet

    # ---- what others ask

    @property
    def up(self) -> bool:
        """The link lives."""
        return self._link_state == "up" and self.driver is not None

    async def write(self, address: str, value: Value) -> ReadBack:
        """Write one allow-listed address and read it back. Raises LinkDownError, and what the driver raises."""
        driver = self.driver
        if driver is None or not self.up:
            raise LinkDownError("not connected", where=self.source)
        return await driver.write(address, value)

    # ---- what the driver tells (through its door)

    def take(self, samples: Sequence[Sample], driver: Driver) -> None:
        """Values have come."""
        if not samples:
            return
        self._pending.extend(samples)
        if self._watched:
            self.newest.update((s.address, s) for s in samples if s.address in self._watched)
        self._heard = self.clock()
        if driver.capabilities.live:
            self.prove(self._heard, driver)
        self._sign = asyncio.get_running_loop().time()

    def prove(self, time: int | None, driver: Driver) -> None:
        """The link has proved itself."""
        at = self.clock()
        before, self._sign = self._sign, asyncio.get_running_loop().time()
        self._touched = True
        if not driver.capabilities.live:
            if self._link_state != "up":
                self._up(driver)
                self.mapper.rows.event(at, self.source, "link", code="up", text=f"{self.source} is being read")
            return
        coverage, rows = self.coverage, self.mapper.rows
        was_up = coverage.up
        at = at if time is None else min(time, at)
        if was_up and self._sign - before > self._longest_silence(driver):
            gap = coverage.skip(rows, at, "nothing was heard; the collector may have stood still")
        else:
            if not was_up and coverage.last is not None and at <= coverage.last:
                at = self.clock()  # an old stamp proves nothing about a new link
            gap = coverage.prove(rows, at)
        self.status.last_alive = coverage.last
        if not was_up:
            self._up(driver)
        if gap is not None or not was_up:
            self._backfill.begin(gap, driver)

    def lost(self, gap: Gap, driver: Driver) -> None:
        """Values were lost within the living link: recover them if the peer can, then tell."""
        self._touched = True
        self.coverage.cut(self.mapper.rows, gap.start, gap.end)
        self.mapper.expect_states()
        if driver.capabilities.history:
            self.mapper.expect_repeats(gap.start)
        self._backfill.begin(gap, driver)

    def reject(self, address: str, payload: bytes | str, reason: str) -> None:
        """A bad message."""
        self.quarantine.take(self.mapper.rows, self.clock(), address, payload, reason)
        self.status.rejected = self.quarantine.total

    def facts(self, stream: str, rows: Mapping[str, Sequence[Any]]) -> None:
        """Rows that are facts already."""
        prefix = f"{self.root}/"
        # the column that names a work unit, or none
        place = {"measurement": "unit", "meter": ""}.get(stream, "subject")
        given: Sequence[str | None] = rows.get(place, [None] * len(rows["subject"]))
        units = [
            s if s is None or not self.root or s == self.root or s.startswith(prefix) else prefix + s for s in given
        ]
        strangers = {unit for unit in units if unit is not None} - self.units if self.units is not None else set()
        for stranger in sorted(strangers):
            self.reject(stranger, f"{units.count(stranger)} rows", "not a work unit of the plant")
        keep = [i for i, unit in enumerate(units) if unit not in strangers]
        columns = dict(rows) | ({place: units} if place else {})
        if keep:
            self.mapper.rows.facts.append(
                (stream, {name: [values[i] for i in keep] for name, values in columns.items()})
            )
        self.mapper.taken += len(keep)

    def remember(self, key: str, value: Any) -> None:
        """A driver's note."""
        self._notes[key] = value
        self._touched = True

    def recall(self, key: str) -> Any:
        """A driver's note."""
        return self._notes.get(key, self._memory.state.get("d", {}).get(key))

    async def flush(self, driver: Driver) -> None:
        """On disk, or DiskFullError."""
        if self._backfill.holding and not driver.capabilities.redelivers:
            return  # what is held back waits for history; the peer forgets nothing by an answer
        await self._backfill.released()
        await self._outbox.flush()

    # ---- state of the link

    def _up(self, driver: Driver) -> None:
        self._links += 1
        self.status.reconnects = self._links - 1
        self.status.last_error = ""
        self._say("up")
        capabilities = driver.capabilities
        self.mapper.clock.forget()
        self.mapper.expect_states()
        if capabilities.redelivers or capabilities.history:
            self.mapper.expect_repeats()

    def _down(self, reason: str, state: str) -> None:
        self.newest.clear()  # what happens on the other side of a broken link is not known
        self.status.last_error = reason
        self._touched = True
        if self._link_state == state:
            return
        if self.coverage.up:
            self.coverage.lose(self.mapper.rows, self.clock(), reason, state)
        else:
            self.mapper.rows.event(self.clock(), self.source, "link", code=state, text=reason)
        self._say(state)

    def _say(self, state: str) -> None:
        self._link_state = state
        if self._full_since is None and self.status.state != state:
            self.status.state, self.status.since = state, self.clock()  # type: ignore[assignment]

    def _disk(self, full: DiskFullError | None) -> None:
        """Say that the disk is full, or that there is room again."""
        at = self.clock()
        if full is not None and self._full_since is None:
            self._full_since = at
            self.status.state, self.status.since = "disk full", at
            self.status.last_error = str(full)
        elif full is None and self._full_since is not None:
            text = "the disk was full; what was heard meanwhile is kept and written"
            self.mapper.rows.event(self._full_since, self.source, "note", end=at, code="disk full", text=text)
            self._full_since = None
            self.status.last_error = ""
            self._say(self._link_state)

    # ---- writing

    def _gather(self) -> tuple[Rows, dict[str, Any]]:
        """New rows and the memory that belongs to them."""
        at = self.clock()
        batch, self._pending = self._pending, []
        if batch:
            self._backfill.take(batch, self._heard or at)
        if at - self._looked >= SECOND:
            self._looked = at
            if self.coverage.up and self.coverage.last is not None and not self._backfill.holding:
                self.mapper.watch(self.coverage.last)
            self.quarantine.close(self.mapper.rows, at)
        rows, self.mapper.rows = self.mapper.rows, Rows()
        self._count()
        if not rows and not self._touched:
            return rows, {}
        return rows, self._change(rows)

    def _change(self, rows: Rows) -> dict[str, Any]:
        change = self.mapper.memory(only=set(rows.subject))
        change |= {
            "e": self.coverage.last,
            "s": self.coverage.start,
            "r": self.coverage.reason,
            "g": self._backfill.memory,
        }
        if self._notes:
            change["d"], self._notes = self._notes, {}
        if not rows and "d" not in change:
            return {}  # evidence alone is written with the next `alive` fact
        self._touched = False
        return change

    def _count(self) -> None:
        status, mapper = self.status, self.mapper
        status.samples = mapper.taken
        status.repeated, status.unmapped, status.doubtful = mapper.repeated, mapper.unmapped, mapper.doubtful
        status.lag = mapper.clock.lag
        status.backlog = self._outbox.backlog

    def _refused(self, stream: str, columns: Mapping[str, Sequence[Any]], error: InputError) -> None:
        self.reject(stream, repr({name: list(values)[:3] for name, values in columns.items()}), str(error))

    # ---- over the death of the process

    def _recall(self) -> None:
        memory = self._memory.state
        self.mapper.recall(memory)
        self._backfill.recall(memory.get("g", ()))
        if memory.get("e") is not None:
            ended = memory.get("r") if memory.get("s") is None else "the collector ended without notice"
            self.coverage.resume(self.mapper.rows, memory.get("s"), memory["e"], ended or "the collector was stopped")

    def _end(self) -> None:
        at = self.clock()
        if self._pending:
            batch, self._pending = self._pending, []
            self._backfill.take(batch, at)
        self._backfill.end()
        if self.coverage.up:
            self.coverage.lose(self.mapper.rows, at, "the collector was stopped", "down")
        self.quarantine.close(self.mapper.rows, at, all_hours=True)
        self._touched = True
        self._say("stopped")


class Door:
    """The sink of one driver; shut when its attempt is over, so that a late call does no harm."""

    def __init__(self, collector: Collector, driver: Driver) -> None:
        self._collector = collector
        self._driver = driver
        self._open = True

    def shut(self) -> None:
        """Hear nothing more."""
        self._open = False

    def samples(self, samples: Sequence[Sample]) -> None:
        """See `wire.Sink`."""
        if self._open:
            self._collector.take(samples, self._driver)

    def alive(self, time: int | None = None) -> None:
        """See `wire.Sink`."""
        if self._open:
            self._collector.prove(time, self._driver)

    def lost(self, start: int, end: int, reason: str, addresses: Sequence[str] = ()) -> None:
        """See `wire.Sink`."""
        if self._open:
            self._collector.lost(Gap(start, end, reason, tuple(addresses)), self._driver)

    def reject(self, address: str, payload: bytes | str, reason: str) -> None:
        """See `wire.Sink`."""
        if self._open:
            self._collector.reject(address, payload, reason)

    def covered(self, start: int, end: int) -> None:
        """See `wire.Sink`."""
        if self._open and end > start:
            self._collector.mapper.rows.event(start, self._collector.source, "alive", end=end, code="imported")

    def facts(self, stream: str, rows: Mapping[str, Sequence[Any]]) -> None:
        """See `wire.Sink`."""
        if self._open:
            self._collector.facts(stream, rows)

    def remember(self, key: str, value: Any) -> None:
        """See `wire.Sink`."""
        if self._open:
            self._collector.remember(key, value)

    def recall(self, key: str) -> Any:
        """See `wire.Sink`."""
        return self._collector.recall(key)

    async def flush(self) -> None:
        """See `wire.Sink`."""
        if not self._open:
            raise DiskFullError("the link was given up before this was written")
        await self._collector.flush(self._driver)
