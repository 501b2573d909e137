"""The contract that every connector is put through, found by the registry.

A connector `<type>` joins by supplying the module `tests/connect/<type>_device.py` with

    def device(folder: Path) -> DeviceUnderTest

an object that is the *other end of the wire* (built on `luban.connect.<type>.device`, or an outside
program) on 127.0.0.1. `tests/connect/test_contract.py` runs every check of this module against it with a
real Collector; a capability that the driver does not claim is skipped. What each method must do is said
in `DeviceUnderTest`. Raise `NotOnThisWire` from a method that the protocol cannot express (say why);
the check is then skipped with that reason and the quality card must say `exempt`.

A device has three addresses: `number` (a measured value, plant unit "%", range 0 … 1000), `text` (a state word
of mtconnect-execution@1: ACTIVE, READY, STOPPED …) and `counter` (good pieces, counts up).
"""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
import time
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

from luban.connect import registry
from luban.connect.collector import Collector, Limits
from luban.connect.wire import Value
from luban.core.errors import DiskFullError, NotAllowedError
from luban.core.quality import Quality
from luban.core.time import HOUR, MILLISECOND, SECOND, now
from luban.ledger import Spool

__all__ = ["CHECKS", "DeviceUnderTest", "NotOnThisWire", "Signal", "Source", "WatchedSpool"]


class NotOnThisWire(Exception):
    """The protocol has no way to express this; the text says why."""


class DeviceUnderTest(Protocol):
    """The other end of a wire, scripted.

    type      the connector's type in the registry
    number, text, counter   the addresses of its three values, as the driver names them
    settings  what plant.toml would say (url, …), read after the first `start`; `writable` included if the driver
              can write: the address `setpoint` must be writable on the device, `number` must not be in the list
    setpoint  a numeric address that may be written, "" if the wire cannot write
    time_step [µs] resolution of times on the wire (1 000 for OPC UA at ms, 1 for µs, …)
    carries_time  False if the wire has no source time: arrival is used, times are then not compared
    """

    type: str
    number: str
    text: str
    counter: str
    setpoint: str
    settings: Mapping[str, Any]
    time_step: int
    carries_time: bool

    async def start(self) -> None:
        """Listen (same port each time); the values set before are still there. Idempotent after `kill` and `stop`."""

    async def stop(self) -> None:
        """End in an orderly way; closes everything it opened."""

    async def kill(self) -> None:
        """Die without good-bye: connections are reset, nothing is said, unread values are gone."""

    async def set(self, address: str, value: Value, *, time: int | None = None, quality: Quality = Quality.GOOD) -> int:
        """The device takes a new value, stamped `time` [µs UTC] (default: now); sends it if somebody listens.

        quality is one of GOOD, UNCERTAIN, BAD, UNAVAILABLE. Returns the source time as the wire carries it.
        """

    async def cut(self) -> None:
        """Only the link fails (cable, broker): the device lives on, `set` goes on, its history goes on.

        Needed where the driver claims `history` or `redelivers`; else may raise NotOnThisWire.
        """

    async def mend(self) -> None:
        """The link is back."""

    async def corrupt(self) -> None:
        """Send one message that cannot be understood."""

    async def unacknowledged(self) -> int:
        """Messages sent that the driver has not acknowledged. Needed where it claims `redelivers`."""


@dataclass(frozen=True)
class Signal:
    """What the collector needs of a plant signal."""

    id: str
    unit_path: str
    name: str
    address: str
    source: str = "dut"
    unit: str = ""
    range: tuple[float, float] | None = None
    role: str = "value"
    mapping: str = ""
    stuck_after: int | None = None
    enabled: bool = True
    characteristic: str = ""
    medium: str = ""
    every: int = 900_000_000


@dataclass(frozen=True)
class Source:
    """What the registry needs of a plant source."""

    id: str
    type: str
    settings: Mapping[str, Any]
    where: str = "plant.toml:1"


class WatchedSpool(Spool):
    """The real spool on disk, whose disk can be called full, and whose flushed rows a test can look at."""

    def __init__(self) -> None:
        self.full = False
        self.flushes = 0
        self._kept: dict[str, list[dict[str, Any]]] = {}
        self._staged: list[tuple[str, list[dict[str, Any]]]] = []
        self._home = Path(tempfile.mkdtemp(prefix="luban-spool-"))
        super().__init__(self._home, "dut")
        weakref.finalize(self, shutil.rmtree, self._home)

    def put(self, stream: str, rows: Mapping[str, Sequence[Any]]) -> None:  # type: ignore[override]
        super().put(stream, rows)
        self._staged.append((stream, [dict(zip(rows, row, strict=True)) for row in zip(*rows.values(), strict=True)]))

    def flush(self) -> None:
        if self.full:
            raise DiskFullError("no room on the disk")
        super().flush()
        for stream, rows in self._staged:
            self._kept.setdefault(stream, []).extend(rows)
        self._staged.clear()
        self.flushes += 1

    def rows(self, stream: str, **where: Any) -> list[dict[str, Any]]:
        """Flushed rows with these values."""
        return [row for row in self._kept.get(stream, []) if all(row[k] == v for k, v in where.items())]


FAST = Limits(
    backoff_first=200 * MILLISECOND,
    backoff_most=2 * SECOND,
    keepalive=2 * SECOND,
    alive_every=300 * MILLISECOND,
    skew_window=SECOND,
    settle=300 * MILLISECOND,
)


@dataclass
class Rig:
    """A device, a collector on it, and what came out."""

    device: DeviceUnderTest
    spool: WatchedSpool
    collector: Collector
    task: asyncio.Task[None]
    extra: dict[str, Any] = field(default_factory=dict)

    def good(self, address: str) -> list[tuple[int, float | str]]:
        """(time, value) of the kept good samples of an address, in the order they were kept."""
        rows = self.spool.rows("signal", subject=_SUBJECT[self.role(address)], quality=Quality.GOOD)
        return [(r["time"], r["text"] if r["text"] is not None else r["value"]) for r in rows]

    def role(self, address: str) -> str:
        return {self.device.number: "number", self.device.text: "text", self.device.counter: "counter"}[address]

    def events(self, kind: str, **where: Any) -> list[dict[str, Any]]:
        return self.spool.rows("event", kind=kind, **where)

    def pieces(self) -> float:
        return sum(row["good"] for row in self.spool.rows("count"))

    async def up(self, within: float = 15) -> None:
        await until(lambda: self.collector.status.state == "up", within, lambda: f"not up: {self.collector.status}")

    async def down(self, within: float = 15) -> None:
        await until(lambda: self.collector.status.state == "down", within, lambda: f"not down: {self.collector.status}")

    async def heard(self, address: str, value: float | str, within: float = 10) -> None:
        await until(
            lambda: any(v == value for _, v in self.good(address)),
            within,
            lambda: f"{address} = {value!r} never came; kept: {self.good(address)[-5:]}; {self.collector.status}",
        )


_SUBJECT = {"number": "plant/m1:number", "text": "plant/m1:text", "counter": "plant/m1:counter"}


async def until(met: Callable[[], bool], within: float, otherwise: Callable[[], str] | str) -> None:
    """Wait for the condition; fail with the sentence after `within` seconds."""
    deadline = time.monotonic() + within
    while not met():
        if time.monotonic() > deadline:
            raise AssertionError(otherwise() if callable(otherwise) else otherwise)
        await asyncio.sleep(0.02)


def signals(device: DeviceUnderTest) -> list[Signal]:
    unit = "plant/m1"
    return [
        Signal(_SUBJECT["number"], unit, "number", device.number, unit="%", range=(0.0, 1000.0)),
        Signal(_SUBJECT["text"], unit, "text", device.text, role="state", mapping="mtconnect-execution@1"),
        Signal(_SUBJECT["counter"], unit, "counter", device.counter, role="good_count"),
    ]


@asynccontextmanager
async def rig(device: DeviceUnderTest, *, limits: Limits = FAST) -> AsyncIterator[Rig]:
    """The device started (number 0, READY, 0 pieces), a collector on it, up; all ended afterwards."""
    await device.start()
    await device.set(device.number, 0.0)
    await device.set(device.text, "READY")
    await device.set(device.counter, 0)
    source = Source("dut", device.type, device.settings)
    chosen = signals(device)
    spool = WatchedSpool()
    addresses = [s.address for s in chosen] + [device.setpoint] * bool(device.setpoint)
    collector = Collector("dut", registry.driver_factory(source, addresses), chosen, spool, limits=limits)
    task = asyncio.create_task(collector.run())
    made = Rig(device, spool, collector, task)
    try:
        await made.up()
        await made.heard(device.counter, 0)
        yield made
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await device.stop()


async def step(device: DeviceUnderTest, address: str, values: Sequence[Value]) -> list[tuple[int, Value]]:
    """Set the values one after another, each with its own time on the wire."""
    done: list[tuple[int, Value]] = []
    for value in values:
        done.append((await device.set(address, value), value))
        await asyncio.sleep(max(0.01, 2 * device.time_step / SECOND))
    return done


# ---- the checks: each takes a fresh device


async def check_start_and_stop(device: DeviceUnderTest) -> None:
    """Cancelling ends within 5 s and leaves no task."""
    before = asyncio.all_tasks()
    async with rig(device) as r:
        r.task.cancel()
        await asyncio.wait_for(asyncio.gather(r.task, return_exceptions=True), 5)
        assert r.task.cancelled()
        assert r.events("link", code="up")
    await asyncio.sleep(0.1)
    left = {t for t in asyncio.all_tasks() - before if not t.done()}
    assert not left, f"tasks left running: {left}"


async def check_deliver(device: DeviceUnderTest) -> None:
    """Every scripted value arrives once, in order, with the source's time; the counter gives the pieces."""
    async with rig(device) as r:
        numbers = await step(device, device.number, [float(n) for n in range(1, 21)])
        words = await step(device, device.text, ["ACTIVE", "STOPPED", "READY", "ACTIVE"])
        await step(device, device.counter, [1, 2, 5])
        await r.heard(device.number, 20.0)
        await r.heard(device.text, "ACTIVE")
        await r.heard(device.counter, 5)
        await until(lambda: len(r.good(device.text)) >= 5, 5, lambda: f"words kept: {r.good(device.text)}")
        for address, sent in ((device.number, numbers), (device.text, words)):
            kept = [pair for pair in r.good(address) if pair[1] != 0.0][-len(sent) :]
            assert [v for _, v in kept] == [v for _, v in sent]
            if device.carries_time:
                assert [t for t, _ in kept] == [t for t, _ in sent]
        assert r.pieces() == 5
        states = [row["state"] for row in r.spool.rows("state")]
        assert states[-4:] == ["ACTIVE", "STOPPED", "READY", "ACTIVE"]
        assert {row["mapping"] for row in r.spool.rows("state")} == {"mtconnect-execution@1"}


async def check_browse(device: DeviceUnderTest) -> None:
    """If claimed: the device's three addresses are among what a browse finds."""
    await device.start()
    try:
        driver = _driver(device)
        await device.set(device.number, 1.0)
        await device.set(device.text, "READY")
        await device.set(device.counter, 0)
        found = {proposal.address for proposal in await asyncio.wait_for(driver.browse(), 30)}
        assert {device.number, device.text, device.counter} <= found
    finally:
        await device.stop()


async def check_write(device: DeviceUnderTest) -> None:
    """If claimed: an allow-listed address takes a value and reads it back; any other is refused."""
    async with rig(device) as r:
        driver = r.collector.driver
        assert driver is not None
        back = await asyncio.wait_for(driver.write(device.setpoint, 42.0), 10)
        assert back.accepted, back
        assert float(back.value or 0) == 42.0
        try:
            refused = await asyncio.wait_for(driver.write(device.number, 1.0), 10)
        except NotAllowedError:
            pass
        else:
            assert not refused.accepted, "an address that is not allow-listed was written"


async def check_reconnect(device: DeviceUnderTest) -> None:
    """After the device died and came back, values arrive again within 10 s, and the gap is a fact, exact."""
    async with rig(device) as r:
        await device.set(device.number, 1.0)
        await r.heard(device.number, 1.0)
        killed = now()
        await device.kill()
        await r.down()
        await asyncio.sleep(1)
        await device.start()
        back = time.monotonic()
        await until(lambda: r.collector.status.state == "up", 10, lambda: f"not back in 10 s: {r.collector.status}")
        again = now()
        await device.set(device.number, 2.0)
        await r.heard(device.number, 2.0, within=max(0.5, 10 - (time.monotonic() - back)))
        await until(lambda: bool(r.events("gap")), 5, "no gap fact")
        gap = r.events("gap")[-1]
        assert killed - 2 * FAST.keepalive <= gap["time"] <= killed + SECOND
        assert gap["time"] < gap["end"] <= again + SECOND
        data = json.loads(gap["data"])
        assert data["reason"]
        assert "backfilled" in data
        await until(
            lambda: any(a["time"] <= gap["time"] <= a["end"] for a in r.events("alive")),
            5,
            "nothing covered before the gap",
        )
        await until(
            lambda: any(a["time"] == gap["end"] for a in r.events("alive")),
            5,
            "coverage does not resume where the gap ends",
        )
        inside = [
            a
            for a in r.events("alive")
            if a["code"] != "backfilled" and a["time"] < gap["end"] and a["end"] > gap["time"]
        ]
        assert not inside, "coverage claimed inside the gap"


async def check_coverage_abuts(device: DeviceUnderTest) -> None:
    """`alive` intervals of one link abut exactly and hold no hole."""
    async with rig(device) as r:
        await until(lambda: len(r.events("alive")) >= 3, 15, lambda: f"alive: {r.events('alive')}")
        spans = [(a["time"], a["end"]) for a in r.events("alive")]
        assert all(a[1] == b[0] for a, b in pairwise(spans)), spans
        assert all(a < b for a, b in spans)


async def check_quiet(device: DeviceUnderTest) -> None:
    """A link that is as quiet as its settings allow lives on, however short the collector's own patience."""
    async with rig(device, limits=replace(FAST, keepalive=50 * MILLISECOND)) as r:
        driver = r.collector.driver
        assert driver is not None
        allowed = getattr(driver, "keepalive", 0)
        assert allowed > 3 * 50 * MILLISECOND, "the device's settings are too lively to tell"
        await asyncio.sleep(1.5)
        assert [event["code"] for event in r.events("link")] == ["up"], r.collector.status
        assert r.collector.driver is driver


async def check_history(device: DeviceUnderTest) -> None:
    """If claimed: what the server recorded while the link was cut is back-filled; totals are equal, nothing twice."""
    async with rig(device) as r:
        missed: list[tuple[int, Value]] = []
        async with cut_off(r):
            missed += await step(device, device.number, [float(n) for n in range(101, 121)])
        await device.set(device.number, 500.0)
        await device.set(device.counter, 10)
        await r.heard(device.number, 500.0)
        await r.heard(device.number, 110.0)
        await r.heard(device.counter, 10)
        await until(lambda: bool(r.events("gap")), 10, "no gap fact")
        kept = [pair for pair in r.good(device.number) if 101 <= float(pair[1]) <= 120]
        assert kept == missed
        assert r.pieces() == 10
        assert json.loads(r.events("gap")[-1]["data"])["backfilled"] >= len(missed)


async def check_redelivery(device: DeviceUnderTest) -> None:
    """If claimed: what was sent while the link was cut arrives afterwards, once."""
    async with rig(device) as r:
        async with cut_off(r):
            pass
        await device.set(device.counter, 10)
        await r.heard(device.counter, 10)
        assert [v for _, v in r.good(device.counter)] == [0, 1, 2, 3, 4, 5, 9, 10]
        assert r.pieces() == 10


@asynccontextmanager
async def cut_off(r: Rig) -> AsyncIterator[None]:
    """The link cut, and mended at the end. The counter goes to 3 before and to 9 meanwhile."""
    device = r.device
    await step(device, device.counter, [1, 2, 3])
    await r.heard(device.counter, 3)
    await device.cut()
    await r.down()
    yield
    await step(device, device.counter, [4, 5, 9])
    await device.mend()
    await r.up()


async def check_back_pressure(device: DeviceUnderTest) -> None:
    """A full disk: said, nothing acknowledged, and nothing lost once there is room."""
    async with rig(device) as r:
        r.spool.full = True
        sent = await step(device, device.number, [float(n) for n in range(1, 31)])
        await until(lambda: r.collector.status.state == "disk full", 10, lambda: f"not said: {r.collector.status}")
        if _driver(device).capabilities.redelivers:
            assert await device.unacknowledged() > 0
        assert not [p for p in r.good(device.number) if p[1] == 30.0]
        r.spool.full = False
        await r.heard(device.number, 30.0, within=15)
        kept = [v for _, v in r.good(device.number) if v != 0.0]
        assert kept == [v for _, v in sent]
        await until(lambda: bool(r.events("note", code="disk full")), 5, "a full disk is not noted")


async def check_bad_payload(device: DeviceUnderTest) -> None:
    """A message that cannot be understood goes to quarantine with a reason; the next good one arrives."""
    async with rig(device) as r:
        await device.corrupt()
        await until(lambda: bool(r.events("quarantine")), 10, "no quarantine event")
        event = r.events("quarantine")[0]
        assert event["code"]
        assert "payload" in json.loads(event["data"])
        await device.set(device.number, 7.0)
        await r.heard(device.number, 7.0, within=12)
        assert r.collector.status.rejected >= 1


async def check_quality(device: DeviceUnderTest) -> None:
    """The wire's status arrives as a quality code; a state that is not available is `unknown`."""
    async with rig(device) as r:
        await device.set(device.number, 3.0, quality=Quality.UNAVAILABLE)
        await until(
            lambda: any(row["quality"] >= Quality.BAD for row in r.spool.rows("signal", subject=_SUBJECT["number"])),
            10,
            "no bad quality kept",
        )
        await device.set(device.text, None, quality=Quality.UNAVAILABLE)
        await until(lambda: any(s["state"] == "unknown" for s in r.spool.rows("state")), 10, "state is not unknown")
        await device.set(device.number, 4.0)
        await r.heard(device.number, 4.0)


async def check_clock_skew(device: DeviceUnderTest) -> None:
    """A value stamped in the future is flagged, never good."""
    if not device.carries_time:
        raise NotOnThisWire("the wire carries no source time")
    async with rig(device) as r:
        await device.set(device.number, 5.0, time=now() + HOUR)
        await until(
            lambda: any(
                row["quality"] == Quality.FUTURE and row["value"] == 5.0
                for row in r.spool.rows("signal", subject=_SUBJECT["number"])
            ),
            10,
            "not flagged as future",
        )
        assert not [p for p in r.good(device.number) if p[1] == 5.0]


def _driver(device: DeviceUnderTest) -> Any:
    source = Source("dut", device.type, device.settings)
    return registry.driver_factory(source, [device.number, device.text, device.counter])()


Check = Callable[[DeviceUnderTest], Awaitable[None]]

# name → (check, capability of the driver that it needs, "" for all)
CHECKS: Mapping[str, tuple[Check, str]] = {
    "start_and_stop": (check_start_and_stop, ""),
    "deliver": (check_deliver, ""),
    "browse": (check_browse, "browse"),
    "write": (check_write, "write"),
    "reconnect": (check_reconnect, ""),
    "coverage_abuts": (check_coverage_abuts, ""),
    "quiet": (check_quiet, ""),
    "history": (check_history, "history"),
    "redelivery": (check_redelivery, "redelivers"),
    "back_pressure": (check_back_pressure, ""),
    "bad_payload": (check_bad_payload, ""),
    "quality": (check_quality, ""),
    "clock_skew": (check_clock_skew, ""),
}
