"""A collector process that dies at a chosen sync; run by tests/connect/test_crash.py.

python -m tests.connect.crashing_collector FOLDER LAST SYNC WHEN

The peer re-sends what it has no acknowledgement for. LAST is the counter's final reading; the process dies
at the SYNC-th fsync or fdatasync, `before` or `after` it; SYNC 0 lets it live to the end.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path

from luban.connect.collector import Collector, Limits
from luban.connect.wire import Sample, Sink
from luban.core.time import MILLISECOND, SECOND
from luban.ledger import Spool
from tests.connect.conftest import Factory
from tests.connect.contract import Signal

BASE = 1_700_000_000 * SECOND


def dying_sync(number: int, when: str) -> None:
    """Die at the number-th sync of any file: the collector's memory or the spool."""
    calls = [0]

    def dying(real: Callable[[int], None]) -> Callable[[int], None]:
        def sync(handle: int) -> None:
            calls[0] += 1
            if calls[0] == number and when == "before":
                os._exit(9)
            real(handle)
            if calls[0] == number:
                os._exit(9)

        return sync

    os.fsync, os.fdatasync = dying(os.fsync), dying(os.fdatasync)


async def collect(folder: Path, last: int) -> None:
    acknowledged = folder / "acknowledged"
    ended = asyncio.Event()

    async def script(sink: Sink, attempt: int) -> None:
        sink.alive()
        n = int(acknowledged.read_text()) if acknowledged.exists() else 0
        while n < last:
            sink.samples([Sample("pieces", BASE + i * SECOND, i) for i in range(n + 1, n + 4)])
            await sink.flush()
            n += 3
            acknowledged.write_text(str(n))
        ended.set()
        await asyncio.sleep(60)

    limits = Limits(flush_every=5 * MILLISECOND, alive_every=20 * MILLISECOND)
    signal = Signal("p/m:pieces", "p/m", "pieces", "pieces", role="good_count")
    spool = Spool(folder / "spool", "s")
    collector = Collector(
        "s", Factory(script, redelivers=True), [signal], spool, limits=limits, memory=folder / "memory"
    )
    task = asyncio.create_task(collector.run())
    await ended.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


if __name__ == "__main__":
    dying_sync(int(sys.argv[3]), sys.argv[4])
    asyncio.run(collect(Path(sys.argv[1]), int(sys.argv[2])))
