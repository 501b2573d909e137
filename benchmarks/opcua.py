"""OPC UA ingest: 5,000 values/s from 1,000 nodes; none lost, none doubled, by their source times.

A separate process serves 1,000 nodes, each changing five times a second with its own source time. Three
clients read them one after another: the driver alone, the whole collector with its spool on disk, and
asyncua's own subscription as the peer. CPU is that of the client process [cores].
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from asyncua import Client, ua

from benchmarks.report import Reporter, arguments
from luban.connect.collector import Collector
from luban.connect.opcua import OpcUaDriver, OpcUaSettings
from luban.connect.wire import Sample
from luban.core.time import SECOND, from_datetime, now
from luban.ledger import Spool
from luban.plant import Signal

NODES, HERTZ = 1_000, 5
STEP = SECOND // HERTZ
SPACE = "urn:luban:device"


@dataclass
class Tally:
    """Source times per node; what an honest client must account for."""

    times: dict[str, list[int]] = field(default_factory=dict)

    def add(self, address: str, moment: int) -> None:
        """One value of this source time came."""
        self.times.setdefault(address, []).append(moment)

    def judge(self) -> dict[str, int]:
        """Values between each node's first and last: received, lost, doubled."""
        received = lost = doubled = 0
        for times in self.times.values():
            distinct = set(times)
            received += len(times)
            doubled += len(times) - len(distinct)
            lost += (max(distinct) - min(distinct)) // STEP + 1 - len(distinct)
        return {"nodes": len(self.times), "received": received, "lost": lost, "doubled": doubled}

    def count(self) -> int:
        """Values so far."""
        return sum(map(len, self.times.values()))

    def behind(self) -> float:
        """How old the newest value of the slowest node is [s]."""
        return (now() - min(max(times) for times in self.times.values())) / SECOND


class CountingSink:
    """What a driver delivers, counted."""

    def __init__(self, tally: Tally) -> None:
        self.tally = tally
        self.told = 0

    def samples(self, samples: Sequence[Sample]) -> None:
        """Count them."""
        for sample in samples:
            self.tally.add(sample.address, sample.time)

    def alive(self, time: int | None = None) -> None:
        """Of no interest here."""

    def lost(self, *_: Any) -> None:
        """The driver knows of a loss."""
        self.told += 1

    def reject(self, *reason: Any) -> None:
        """Nothing may be rejected."""
        raise SystemExit(f"rejected: {reason}")

    def recall(self, key: str) -> Any:  # noqa: ARG002
        """Nothing is remembered."""
        return None

    def remember(self, key: str, value: Any) -> None:
        """Nothing is remembered."""

    async def flush(self) -> None:
        """Nothing waits."""


@contextlib.contextmanager
def served() -> Iterator[str]:
    """Address of the server process."""
    tracks = [{"path": f"Cell{n % 10}/Value{n}", "every": 1 / HERTZ} for n in range(NODES)]
    with tempfile.TemporaryDirectory() as folder, socket.socket() as probe:
        script = Path(folder) / "script.json"
        script.write_text(json.dumps({"namespace": SPACE, "tracks": tracks}), encoding="utf-8")
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        command = [sys.executable, "-m", "luban.connect.opcua.device", "--port", str(port), "--script", str(script)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            process.stdout.readline()
            yield f"opc.tcp://127.0.0.1:{port}"
        finally:
            process.kill()
            process.communicate()


def addresses() -> list[str]:
    return [f"nsu={SPACE};s=Cell{n % 10}/Value{n}" for n in range(NODES)]


@dataclass(frozen=True)
class Result:
    """One client's run."""

    seconds: float
    rate: float
    cpu: float
    behind: float
    judged: dict[str, int]


async def measured(
    run: Callable[[], Awaitable[None]], ready: Callable[[], bool], seconds: float, tally: Tally
) -> Result:
    """Run a client for so many seconds after its first values."""
    task = asyncio.ensure_future(run())
    try:
        async with asyncio.timeout(30):
            while not ready():
                if task.done():
                    task.result()
                await asyncio.sleep(0.05)
        began, cpu, count = time.monotonic(), time.process_time(), tally.count()
        await asyncio.sleep(seconds)
        took, cpu, behind = time.monotonic() - began, time.process_time() - cpu, tally.behind()
        count = tally.count() - count
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    return Result(took, count / took, cpu / took, behind, tally.judge())


async def by_driver(url: str, seconds: float) -> Result:
    tally = Tally()
    driver = OpcUaDriver(settings(url), addresses())
    sink: Any = CountingSink(tally)
    return await measured(lambda: driver.run(sink), lambda: len(tally.times) == NODES, seconds, tally)


def signal(number: int, address: str) -> Signal:
    """A value of a plant."""
    return Signal(
        f"plant/m:v{number}", "plant/m", f"v{number}", "bench", address, "", None, "value", "", None, True, ""
    )


class CountingSpool(Spool):
    """The real spool; what goes in is counted as well."""

    tally: Tally

    def put(self, stream: str, rows: Any) -> Any:
        """Count, then keep."""
        if stream == "signal":
            for subject, moment in zip(rows["subject"], rows["time"], strict=True):
                self.tally.add(subject, moment)
        return super().put(stream, rows)


async def by_collector(url: str, seconds: float) -> Result:
    tally = Tally()
    signals = [signal(number, address) for number, address in enumerate(addresses())]
    with tempfile.TemporaryDirectory() as folder:
        spool = CountingSpool(Path(folder), source="bench")
        spool.tally = tally
        collector = Collector("bench", lambda: OpcUaDriver(settings(url), addresses()), signals, spool)
        return await measured(collector.run, lambda: len(tally.times) == NODES, seconds, tally)


async def by_asyncua(url: str, seconds: float) -> Result:
    """The same values through asyncua's own subscription and handler."""
    tally = Tally()

    class Handler:
        def datachange_notification(self, node: Any, _: Any, data: Any) -> None:
            tally.add(node.nodeid.Identifier, from_datetime(data.monitored_item.Value.SourceTimestamp))

    async def run() -> None:
        async with Client(url) as client:
            index = await client.get_namespace_index(SPACE)
            subscription = await client.create_subscription(250, Handler())
            nodes = [client.get_node(ua.NodeId(a.partition(";s=")[2], index)) for a in addresses()]
            for start in range(0, NODES, 500):
                await subscription.subscribe_data_change(
                    nodes[start : start + 500], queuesize=100, sampling_interval=100
                )
            await asyncio.Event().wait()

    return await measured(run, lambda: len(tally.times) == NODES, seconds, tally)


def settings(url: str) -> OpcUaSettings:
    return OpcUaSettings(url=url, security="none")


def main(argv: Sequence[str] | None = None) -> None:
    options: argparse.Namespace = arguments(str(__doc__), argv, budget=60)
    report = Reporter("opcua_ingest", options, ["luban", "asyncua"])
    logging.disable(logging.CRITICAL)
    seconds = 8.0 if options.quick else options.budget
    with served() as url:
        peer = asyncio.run(by_asyncua(url, min(seconds, 20)))
        for case, client in (("driver", by_driver), ("collector with spool", by_collector)):
            result = asyncio.run(client(url, seconds))
            more = {**result.judged, "seconds": round(result.seconds, 1), "behind_s": round(result.behind, 2)}
            report.line(
                f"{case}: {NODES} nodes at {HERTZ} Hz", round(result.rate, 1), "values/s", peer=round(peer.rate, 1),
                peer_name="asyncua Subscription", offered=NODES * HERTZ, **more,
            )  # fmt: skip
            report.line(
                f"{case}: client CPU", round(result.cpu, 3), "core", peer=round(peer.cpu, 3),
                peer_name="asyncua Subscription", peer_lost=peer.judged["lost"],
            )  # fmt: skip


if __name__ == "__main__":
    main()
