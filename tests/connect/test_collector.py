"""Supervision, coverage, gaps, back-fill, disk, memory: the real collector on a scripted driver."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from luban.connect.collector import Collector, Limits
from luban.connect.wire import Sample, Sink
from luban.core.errors import ConnectError, DiskFullError, LinkDownError, SecurityError
from luban.core.quality import Quality
from luban.core.time import HOUR, MILLISECOND, SECOND, now
from luban.ledger import Intake, Ledger, LedgerWriter, Spool
from tests.connect.conftest import Factory
from tests.connect.contract import Signal, WatchedSpool, until

QUICK = Limits(
    flush_every=20 * MILLISECOND,
    alive_every=100 * MILLISECOND,
    keepalive=100 * MILLISECOND,
    connect_within=500 * MILLISECOND,
    backoff_first=50 * MILLISECOND,
    backoff_most=200 * MILLISECOND,
    refused_every=300 * MILLISECOND,
    skew_window=200 * MILLISECOND,
    settle=50 * MILLISECOND,
)
LOAD = Signal("p/m:load", "p/m", "load", "load", unit="%", range=(0.0, 200.0))
PIECES = Signal("p/m:pieces", "p/m", "pieces", "pieces", role="good_count")
STATE = Signal("p/m:state", "p/m", "state", "state", role="state", mapping="mtconnect-execution@1")
Keep = Callable[[Sink], Awaitable[None]]


@asynccontextmanager
async def collecting(
    factory: Factory,
    signals: list[Signal] | None = None,
    spool: Any = None,
    limits: Limits = QUICK,
    **more: Any,
) -> AsyncIterator[tuple[Collector, Any]]:
    spool = spool if spool is not None else WatchedSpool()
    collector = Collector("s", factory, signals or [LOAD, PIECES, STATE], spool, limits=limits, **more)
    task = asyncio.create_task(collector.run())
    try:
        yield collector, spool
        if task.done():
            task.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def events(spool: WatchedSpool, kind: str, **where: Any) -> list[dict[str, Any]]:
    return spool.rows("event", kind=kind, **where)


async def test_values_are_on_disk_when_flush_returns(forever: Keep) -> None:
    seen: list[int] = []
    spool = WatchedSpool()

    async def script(sink: Sink, attempt: int) -> None:
        sink.alive()
        sink.samples([Sample("load", now(), 71.0)])
        await sink.flush()
        seen.append(len(spool.rows("signal")))
        await forever(sink)

    patient = replace(QUICK, keepalive=10 * SECOND, connect_within=10 * SECOND)  # the first flush of a process is slow
    async with collecting(Factory(script), spool=spool, limits=patient) as (collector, _):
        await until(lambda: bool(seen), 10, "never flushed")
        assert seen == [1]
        assert spool.rows("signal")[0] | {"time": 0} == {
            "time": 0, "subject": "p/m:load", "value": 71.0, "text": None, "quality": 0,
        }  # fmt: skip
        assert collector.status.state == "up"
        assert collector.status.samples == 1
        assert collector.status.lag is not None


async def test_values_are_on_disk_soon_without_flush(forever: Keep) -> None:
    async def script(sink: Sink, attempt: int) -> None:
        sink.samples([Sample("load", now(), 71.0)])
        await asyncio.sleep(60)

    async with collecting(Factory(script), limits=replace(QUICK, keepalive=SECOND)) as (_, spool):
        await until(lambda: bool(spool.rows("signal")), 1, "not written by itself")


async def test_coverage_abuts_and_ends_at_the_last_evidence() -> None:
    told: list[int] = []

    async def script(sink: Sink, attempt: int) -> None:
        for _ in range(20):
            told.append(now())
            sink.alive(told[-1])
            await asyncio.sleep(0.02)
        raise LinkDownError("cable pulled")

    async with collecting(
        Factory(script), limits=replace(QUICK, backoff_first=10 * SECOND, backoff_most=10 * SECOND)
    ) as (c, spool):
        await until(lambda: c.status.state == "down", 3, "not down")
        await until(lambda: bool(events(spool, "link", code="down")), 1, "not told")
    spans = [(e["time"], e["end"]) for e in events(spool, "alive")]
    assert len(spans) >= 2
    assert spans[0][0] == told[0]
    assert spans[-1][1] == told[-1]
    assert all(a[1] == b[0] for a, b in pairwise(spans))
    assert [e["code"] for e in events(spool, "link")] == ["up", "down"]
    assert "cable pulled" in events(spool, "link")[1]["text"]


async def test_gap_is_exact_and_says_why(forever: Keep) -> None:
    told: list[int] = []

    async def script(sink: Sink, attempt: int) -> None:
        told.append(now())
        sink.alive(told[-1])
        if attempt == 1:
            raise LinkDownError("cable pulled")
        if attempt == 2:
            raise LinkDownError("still away")
        await forever(sink)

    async def away(sink: Sink, attempt: int) -> None:
        if attempt == 2:
            raise LinkDownError("still away")
        await script(sink, attempt)

    async with collecting(Factory(away)) as (collector, spool):
        await until(lambda: bool(events(spool, "gap")), 3, "no gap")
        gap = events(spool, "gap")[0]
        assert (gap["time"], gap["end"]) == (told[0], told[1])
        assert json.loads(gap["data"]) == {"reason": "cable pulled", "backfilled": 0, "addresses": []}
        assert collector.status.reconnects == 1
        assert collector.status.gaps == 1


async def test_an_old_stamp_does_not_hide_a_gap(forever: Keep) -> None:
    async def script(sink: Sink, attempt: int) -> None:
        sink.samples([Sample("load", now(), 1.0)])
        sink.alive(now() - HOUR)
        if attempt == 1:
            raise LinkDownError("cable pulled")
        await forever(sink)

    async with collecting(Factory(script)) as (_, spool):
        await until(lambda: bool(events(spool, "gap")), 3, "no gap")


async def test_time_in_which_the_process_stood_still_is_not_claimed() -> None:
    marks: list[int] = []

    async def script(sink: Sink, attempt: int) -> None:
        for pause in (0.02, 0.02, 0.5, 0.02, 0.02):
            marks.append(now())
            sink.alive()
            time.sleep(pause) if pause > 0.1 else await asyncio.sleep(pause)  # noqa: ASYNC251  # the whole process stands
        await asyncio.sleep(60)

    async with collecting(Factory(script)) as (_, spool):
        await until(lambda: bool(events(spool, "gap")), 3, "no gap")
        gap = events(spool, "gap")[0]
        assert gap["end"] - gap["time"] > 400_000
        assert "stood still" in json.loads(gap["data"])["reason"]
        assert not [e for e in events(spool, "alive") if e["time"] < gap["end"] and e["end"] > gap["time"]]


async def test_a_refusal_is_said_and_retried_slowly(forever: Keep) -> None:
    times: list[float] = []

    async def script(sink: Sink, attempt: int) -> None:
        times.append(asyncio.get_running_loop().time())
        if attempt < 3:
            raise SecurityError("certificate refused", hint="trust it on the server")
        await forever(sink)

    async with collecting(Factory(script)) as (collector, spool):
        await until(lambda: collector.status.state == "refused", 2, "not refused")
        assert "trust it on the server" in collector.status.last_error
        await until(lambda: collector.status.state == "up", 3, "never up")
        await until(lambda: len(events(spool, "link")) == 2, 1, "not told")
    assert all(b - a >= 0.2 for a, b in pairwise(times))
    assert [e["code"] for e in events(spool, "link")][:2] == ["refused", "up"]


async def test_a_driver_that_hangs_is_replaced() -> None:
    ended: list[str] = []

    async def script(sink: Sink, attempt: int) -> None:
        if attempt == 1:
            sink.alive()
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(f"attempt {attempt}")

    factory = Factory(script)
    async with collecting(factory) as (collector, _):
        await until(lambda: factory.attempts >= 3, 5, "not replaced")
        assert ended[:2] == ["attempt 1", "attempt 2"]
        assert "no answer" in collector.status.last_error


async def test_a_driver_that_breaks_is_replaced(caplog: pytest.LogCaptureFixture, forever: Keep) -> None:
    async def script(sink: Sink, attempt: int) -> None:
        if attempt == 1:
            raise ZeroDivisionError
        await forever(sink)

    async with collecting(Factory(script)) as (collector, _):
        await until(lambda: collector.status.state == "up", 3, "never up")
    assert "the driver failed" in caplog.text


async def test_a_late_call_of_a_dead_driver_does_no_harm(forever: Keep) -> None:
    sinks: list[Sink] = []

    async def script(sink: Sink, attempt: int) -> None:
        sinks.append(sink)
        sink.alive()
        if attempt == 1:
            raise LinkDownError("gone")
        await forever(sink)

    async with collecting(Factory(script)) as (_, spool):
        await until(lambda: len(sinks) == 2, 3, "no second attempt")
        sinks[0].samples([Sample("load", now(), 1.0)])
        with pytest.raises(DiskFullError):
            await sinks[0].flush()
        await asyncio.sleep(0.1)
        assert not spool.rows("signal")


def counted(spool: WatchedSpool) -> float:
    return sum(row["good"] for row in spool.rows("count"))


async def test_history_closes_a_gap_with_equal_totals_and_nothing_twice(forever: Keep) -> None:
    start = now() - 20 * SECOND
    record = [Sample("pieces", start + i * SECOND // 10, i) for i in range(200)]
    record += [Sample("load", start + i * SECOND // 10, float(i % 100)) for i in range(200)]

    async def script(sink: Sink, attempt: int) -> None:
        if attempt == 1:
            sink.alive(start + 2 * SECOND)
            sink.samples([s for s in record if s.time <= start + 2 * SECOND])
            await asyncio.sleep(0.1)
            raise LinkDownError("cable pulled")
        sink.samples([s for s in record if s.time == record[199].time])  # current values come first
        await forever(sink)

    factory = Factory(script, history=True)
    factory.record = sorted(record, key=lambda s: s.time)
    async with collecting(factory, limits=replace(QUICK, history_margin=30 * SECOND)) as (collector, spool):
        await until(lambda: bool(events(spool, "gap")), 5, "no gap")
        await until(lambda: len(spool.rows("signal")) >= 400, 3, lambda: f"kept {len(spool.rows('signal'))}")
        await asyncio.sleep(0.1)
        rows = spool.rows("signal", subject="p/m:pieces")
        assert [r["value"] for r in rows] == list(range(200))
        assert [r["time"] for r in rows] == [s.time for s in record[:200]]
        assert {r["quality"] for r in spool.rows("signal")} == {Quality.GOOD}
        assert [r["good"] for r in spool.rows("count")] == [1.0] * 199  # as live: one by one
        assert collector.status.backfilled > 0
        gap = events(spool, "gap")[0]
        assert json.loads(gap["data"])["backfilled"] == collector.status.backfilled
        (filled,) = events(spool, "alive", code="backfilled")
        assert (filled["time"], filled["end"]) == (gap["time"], gap["end"])


async def test_recovered_is_only_what_the_server_covered(forever: Keep) -> None:
    restarted: list[int] = []

    async def script(sink: Sink, attempt: int) -> None:
        sink.alive()
        if attempt == 1:
            await asyncio.sleep(0.05)
            raise LinkDownError("server restarts")
        await forever(sink)

    factory = Factory(script, history=True)
    async with collecting(factory, limits=replace(QUICK, backoff_first=300 * MILLISECOND)) as (collector, spool):
        await until(lambda: collector.status.state == "down", 3, "not down")
        restarted.append(now())
        factory.since = restarted[0]
        await until(lambda: bool(events(spool, "gap")), 5, "no gap")
        gap = events(spool, "gap")[0]
        (filled,) = events(spool, "alive", code="backfilled")
        assert (filled["time"], filled["end"]) == (restarted[0], gap["end"])


async def test_history_that_fails_is_said_and_holds_nothing_back(forever: Keep) -> None:
    async def script(sink: Sink, attempt: int) -> None:
        sink.alive()
        if attempt == 1:
            raise LinkDownError("gone")
        sink.samples([Sample("load", now(), 5.0)])
        await forever(sink)

    class Broken(Factory):
        def __call__(self) -> Any:
            driver = super().__call__()

            async def history(*_: Any) -> AsyncIterator[list[Sample]]:
                raise ConnectError("no history here")
                yield []

            driver.history = history
            return driver

    async with collecting(Broken(script, history=True)) as (_, spool):
        await until(lambda: bool(spool.rows("signal")), 3, "held back")
        await until(lambda: bool(events(spool, "gap")), 3, "no gap")
        assert json.loads(events(spool, "gap")[0]["data"])["note"] == "no history here"
        assert not events(spool, "alive", code="backfilled")


async def test_redelivered_values_count_once_and_close_the_gap_if_the_session_was_kept(forever: Keep) -> None:
    base = now() - SECOND

    async def script(sink: Sink, attempt: int) -> None:
        sink.alive()
        if attempt == 1:
            sink.samples([Sample("pieces", base + i, i) for i in range(10)])
            await sink.flush()
            await asyncio.sleep(0.05)
            raise LinkDownError("gone before the acknowledgement")
        sink.samples([Sample("pieces", base + i, i) for i in range(5, 10)])  # unacknowledged: again
        sink.samples([Sample("pieces", now(), 12)])
        await forever(sink)

    class Resumed(Factory):
        def __call__(self) -> Any:
            driver = super().__call__()
            driver.resumed = True
            return driver

    async with collecting(Resumed(script, redelivers=True)) as (collector, spool):
        await until(lambda: counted(spool) == 12, 3, lambda: f"counted {counted(spool)}")
        assert [r["value"] for r in spool.rows("signal")] == [*range(10), 12]
        assert collector.status.repeated == 5
        await until(lambda: bool(events(spool, "alive", code="backfilled")), 3, "gap not closed")


async def test_values_lost_in_a_living_link_are_a_gap_and_not_covered(forever: Keep) -> None:
    marks: list[int] = []

    async def script(sink: Sink, attempt: int) -> None:
        marks.append(now())
        sink.alive(marks[0])
        await asyncio.sleep(0.03)
        marks.extend([now() - 20 * MILLISECOND, now() - 10 * MILLISECOND])
        sink.lost(marks[1], marks[2], "sequence jumped from 7 to 12", ["load"])
        await forever(sink)

    async with collecting(Factory(script)) as (_, spool):
        await until(lambda: len(events(spool, "alive")) >= 3, 3, "no coverage")
        gap = events(spool, "gap")[0]
        assert (gap["time"], gap["end"]) == (marks[1], marks[2])
        assert json.loads(gap["data"])["addresses"] == ["load"]
        spans = [(e["time"], e["end"]) for e in events(spool, "alive")]
        assert spans[0] == (marks[0], marks[1])
        assert spans[1][0] == marks[2]


async def test_full_disk_refuses_acknowledgement_and_loses_nothing(forever: Keep) -> None:
    acknowledged: list[int] = []
    refused: list[str] = []
    spool = WatchedSpool()

    async def script(sink: Sink, attempt: int) -> None:
        sink.alive()
        for n in range(1, 21):
            sink.samples([Sample("load", now(), float(n))])
            while True:
                try:
                    await sink.flush()
                    break
                except DiskFullError as error:
                    refused.append(str(error))
                    sink.alive()
                    await asyncio.sleep(0.02)
            acknowledged.append(n)
            if n == 10:
                spool.full = True
        await forever(sink)

    async with collecting(Factory(script), spool=spool) as (collector, _):
        await until(lambda: collector.status.state == "disk full", 3, "not said")
        await until(lambda: len(refused) > 3, 3, "acknowledged on a full disk")
        assert acknowledged[-1] == 10
        spool.full = False
        await until(lambda: acknowledged[-1] == 20, 3, "does not go on")
        assert [r["value"] for r in spool.rows("signal")] == [float(n) for n in range(1, 21)]
        await until(lambda: bool(events(spool, "note", code="disk full")), 2, "not recorded")
        assert collector.status.state == "up"


async def test_a_source_is_paused_when_the_disk_stays_full() -> None:
    spool = WatchedSpool()

    async def script(sink: Sink, attempt: int) -> None:
        sink.alive()
        await sink.flush()
        spool.full = attempt == 1
        while True:
            sink.samples([Sample("load", now(), 1.0) for _ in range(10)])
            await asyncio.sleep(0.002)

    factory = Factory(script)
    async with collecting(factory, spool=spool, limits=replace(QUICK, backlog=500)) as (collector, _):
        await until(
            lambda: factory.attempts == 1 and collector.driver is None and collector.status.backlog > 0,
            10,
            "not paused",
        )
        await asyncio.sleep(0.3)
        assert factory.attempts == 1
        assert collector.status.state == "disk full"
        assert collector.status.backlog < 5_000
        spool.full = False
        await until(lambda: factory.attempts == 2, 5, "does not go on")
        await until(lambda: bool(events(spool, "gap")), 3, "no gap")
        assert "disk is full" in json.loads(events(spool, "gap")[0]["data"])["reason"]


async def test_bad_messages_are_kept_but_a_flood_is_counted(forever: Keep) -> None:
    async def script(sink: Sink, attempt: int) -> None:
        sink.alive()
        for _ in range(150):
            sink.reject("topic/a", b"\xff\xfe{", "not JSON")
        sink.reject("topic/b", "x" * 10_000, "too long")
        await forever(sink)

    async with collecting(Factory(script)) as (collector, spool):
        await until(lambda: len(events(spool, "quarantine")) == 101, 3, "not kept")
        assert collector.status.rejected == 151
    kept = events(spool, "quarantine")
    assert json.loads(kept[0]["data"]) == {"address": "topic/a", "payload": "//57", "encoding": "base64"}
    long = json.loads(next(e for e in kept if e["code"] == "too long")["data"])
    assert (len(long["payload"]), long["bytes"]) == (4096, 10_000)
    assert json.loads(kept[-1]["data"]) == {"more": 50}


async def test_slow_clock_is_told_and_late_delivery_is_not_blamed(forever: Keep) -> None:
    async def slow(sink: Sink, attempt: int) -> None:
        while True:
            sink.samples([Sample("load", now() - HOUR, float(now() % 100))])
            await asyncio.sleep(0.02)

    async with collecting(Factory(slow)) as (_, spool):
        await until(lambda: bool(spool.rows("signal", quality=Quality.CLOCK_SKEW)), 3, "not flagged")
        assert events(spool, "note", code="clock skew")

    async def late(sink: Sink, attempt: int) -> None:
        start = now() - HOUR
        for n in range(40):
            sink.samples([Sample("load", start + n * HOUR // 40, float(n))])
            await asyncio.sleep(0.01)
        await forever(sink)

    async with collecting(Factory(late)) as (_, spool):
        await until(lambda: len(spool.rows("signal")) == 40, 3, "not kept")
        assert {r["quality"] for r in spool.rows("signal")} == {Quality.GOOD}


async def test_a_new_process_goes_on_counting_and_tells_the_gap(tmp_path: Path, forever: Keep) -> None:
    base = now() - 10 * SECOND

    def script_of(values: list[tuple[int, int]]) -> Any:
        async def script(sink: Sink, attempt: int) -> None:
            sink.alive()
            sink.samples([Sample("pieces", base + t * SECOND, v) for t, v in values])
            await sink.flush()
            await forever(sink)

        return script

    ends: list[int] = []
    for values in ([(1, 100), (2, 103)], [(2, 103), (3, 110)]):
        spool = Spool(tmp_path / "spool", "s")
        async with collecting(Factory(script_of(values)), spool=spool, memory=tmp_path / "memory") as (collector, _):
            await until(lambda c=collector, n=values: c.status.samples >= 1 and c.status.state == "up", 3, "not up")  # type: ignore[misc]
            await asyncio.sleep(0.15)
            ends.append(collector.coverage.last or 0)
        spool.close()
    with LedgerWriter(tmp_path / "ledger") as writer:
        Intake(tmp_path / "spool", writer).drain()
    ledger = Ledger(tmp_path / "ledger")
    assert ledger.table("count").column("good").to_pylist() == [3.0, 7.0]
    assert ledger.table("signal").column("value").to_pylist() == [100.0, 103.0, 110.0]
    told = ledger.table("event").to_pylist()
    (gap,) = [e for e in told if e["kind"] == "gap"]
    assert gap["time"] >= ends[0]
    assert "stopped" in json.loads(gap["data"])["reason"]
    alive = sorted((e["time"], e["end"]) for e in told if e["kind"] == "alive")
    assert any(end == gap["time"] for _, end in alive)
    assert any(start == gap["end"] for start, _ in alive)


async def test_no_task_is_left_behind(forever: Keep) -> None:
    async def script(sink: Sink, attempt: int) -> None:
        await forever(sink)

    before = asyncio.all_tasks()
    async with collecting(Factory(script)) as (collector, _):
        await until(lambda: collector.status.state == "up", 3, "not up")
    assert {t for t in asyncio.all_tasks() if not t.done()} == before
    assert collector.status.state == "stopped"
