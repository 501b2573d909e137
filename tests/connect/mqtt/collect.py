"""A collector process of its own, so that a test can kill it: URL, folder, topic of one counter."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from luban.connect import registry
from luban.connect.collector import Collector
from luban.ledger import Spool
from tests.connect.contract import FAST, Signal, Source


async def collect(url: str, folder: Path, topic: str) -> None:
    source = Source("press", "mqtt", {"url": url, "client_id": "press", "keepalive": "1s"})
    signals = [Signal("plant/press:pieces", "plant/press", "pieces", topic, source="press")]
    spool = Spool(folder, "press")
    made = registry.driver_factory(source, [topic])
    await Collector("press", made, signals, spool, limits=FAST, memory=folder / "press.memory").run()


if __name__ == "__main__":
    asyncio.run(collect(sys.argv[1], Path(sys.argv[2]), sys.argv[3]))
