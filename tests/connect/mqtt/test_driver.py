"""The MQTT driver with a real broker: what arrives, what waits, what is refused, what is written."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from luban.connect import registry
from luban.connect.collector import Collector
from luban.connect.mqtt import MqttDriver, MqttSettings
from luban.connect.mqtt.broker import BrokerSettings
from luban.connect.mqtt.device import JsonDevice
from luban.connect.mqtt.session import Session
from luban.core.errors import LinkDownError, NotAllowedError
from luban.core.quality import Quality
from luban.core.time import now, parse_time
from luban.ledger import Intake, Ledger, LedgerWriter, Spool
from tests.connect.contract import FAST, Signal, Source, WatchedSpool
from tests.connect.mqtt.mosquitto import CountingCable, Mosquitto
from tests.connect.mqtt.sink import Heard, running, until

pytestmark = pytest.mark.service
ROOT = Path(__file__).parents[3]


def driver(url: str, *addresses: str, **fields: Any) -> MqttDriver:
    settings = MqttSettings.model_validate({"url": url, "keepalive": "1s", "client_id": "test", **fields})
    return MqttDriver(settings, addresses)


async def test_values_by_topic_and_path(broker: Mosquitto, wire: Session) -> None:
    sink = Heard()
    addresses = ("p/data#load", "p/data#axes[1].pos", "p/state", "p/batch#v", "p/on")
    async with running(driver(broker.url, *addresses, time_path="ts", time_format="ms"), sink):
        await wire.publish("p/data", b'{"ts": 1700000000123, "load": 71.5, "axes": [{}, {"pos": -3}]}')
        await wire.publish("p/batch", b'[{"ts": 1700000000001, "v": 1}, {"ts": 1700000000002, "v": 2}]')
        await until(lambda: len(sink.all) == 4, "4 values")
        assert [(s.value, s.time) for s in sink.of("p/data#load")] == [(71.5, 1_700_000_000_123_000)]
        assert sink.values("p/data#axes[1].pos") == [-3]
        assert [(s.value, s.time) for s in sink.of("p/batch#v")] == [
            (1, 1_700_000_000_001_000),
            (2, 1_700_000_000_002_000),
        ]
    plain = Heard()
    async with running(driver(broker.url, "p/state", "p/on", client_id="plain"), plain):
        before = now()
        await wire.publish("p/state", "运行".encode())
        await wire.publish("p/on", b"true")
        await until(lambda: len(plain.all) == 2, "2 values")
        assert plain.values("p/state") == ["运行"]
        assert plain.values("p/on") == [True]
        assert all(before <= s.time <= now() and s.quality is Quality.GOOD for s in plain.all)


async def test_bad_messages_are_told_and_nothing_stops(broker: Mosquitto, wire: Session) -> None:
    sink = Heard()
    bad = [b'{"v": ', b"\xff\xfe", b'{"w": 1}', b'{"v": {"deep": 1}}', b"[" * 50_000, b"x" * 2_000_000]
    async with running(driver(broker.url, "p#v", "q#v", encoding="utf-8"), sink):
        for payload in bad:
            await wire.publish("p", payload)
        await wire.publish("q", b'{"v": 1}')
        await until(lambda: sink.values("q#v") == [1], "the good one")
        assert [payload for _, payload, _ in sink.rejected] == bad
        reasons = " ".join(reason for _, _, reason in sink.rejected)
        for word in ("not JSON", "UTF-8", "nothing at", "structure", "longer"):
            assert word in reasons
        assert sink.values("p#v") == []


async def test_partial_payloads_and_gbk(broker: Mosquitto, wire: Session) -> None:
    sink = Heard()
    async with running(driver(broker.url, "p#a", "p#b", missing="skip", encoding="gbk"), sink):
        await wire.publish("p", '{"b": "停机"}'.encode("gbk"))
        await wire.publish("p", b'{"a": 1}')
        await until(lambda: len(sink.all) == 2, "2 values")
        assert (sink.values("p#a"), sink.values("p#b"), sink.rejected) == ([1], ["停机"], [])


async def test_retained_messages_are_of_unknown_age(broker: Mosquitto, wire: Session) -> None:
    await wire.publish("p", b'{"v": 1, "ts": "2026-11-24T06:30:00Z"}', retain=True)
    for name, fields, quality, count in (  # a session each: one that goes on gets again what it had not acknowledged
        ("plain", {}, Quality.LAST_KNOWN, 1),
        ("trusted", {"retained": "good"}, Quality.GOOD, 1),
        ("ignored", {"retained": "ignore"}, None, 0),
        ("timed", {"time_path": "ts"}, Quality.GOOD, 1),
    ):
        sink = Heard()
        async with running(driver(broker.url, "p#v", client_id=name, **fields), sink):
            await wire.publish("p", b'{"v": 2, "ts": "2026-11-24T06:31:00Z"}')
            await until(lambda heard=sink: 2 in heard.values("p#v"), "the live one")  # type: ignore[misc]
            old = [s for s in sink.all if s.value == 1]
            assert [s.quality for s in old] == [quality] * count
            if "time_path" in fields:
                assert old[0].time == parse_time("2026-11-24T06:30:00Z")
            assert sink.of("p#v")[-1].quality is Quality.GOOD


async def test_a_session_that_goes_on_repeats_no_retained_message(broker: Mosquitto, wire: Session) -> None:
    await wire.publish("p", b"1", retain=True)
    notes: dict[str, Any] = {}
    for expected in ([1], []):
        sink = Heard(notes)
        async with running(driver(broker.url, "p"), sink):
            await asyncio.sleep(0.2)
            assert sink.values("p") == expected


async def test_what_came_while_away_arrives_once(broker: Mosquitto, wire: Session) -> None:
    notes: dict[str, Any] = {}
    first = driver(broker.url, "p")
    async with running(first, Heard(notes)):
        pass
    assert first.resumed is False
    for n in range(300):
        await wire.publish("p", str(n).encode())
    second, sink = driver(broker.url, "p"), Heard(notes)
    async with running(second, sink):
        await until(lambda: len(sink.all) >= 300, "300 values")
        assert sink.values("p") == list(range(300))
        assert (second.resumed, second.lapse) == (True, "")


async def test_a_lost_acknowledgement_doubles_nothing(broker: Mosquitto, wire: Session) -> None:
    """The cable breaks after the disk has a message and before the broker knows."""
    cable = CountingCable(broker.port)
    await cable.mend()
    notes: dict[str, Any] = {}

    class CutWhenStored(Heard):
        async def flush(self) -> None:
            if self.all:
                await cable.cut()

    sink = CutWhenStored(notes)
    async with running(driver(cable.url, "p"), sink) as task:
        await wire.publish("p", b"1")
        await asyncio.wait({task}, timeout=5)
        assert isinstance(task.exception(), LinkDownError)
    assert sink.values("p") == [1]
    await cable.mend()
    again = Heard(json.loads(json.dumps(notes)))
    async with running(driver(cable.url, "p"), again):
        await wire.publish("p", b"2")
        await until(lambda: bool(again.all), "the next value")
        assert again.values("p") == [2]
    await cable.cut()


async def test_why_the_broker_kept_nothing(broker: Mosquitto, wire: Session) -> None:
    notes: dict[str, Any] = {}
    async with running(driver(broker.url, "p"), sink := Heard(notes)):
        await wire.publish("p", b"1", 0)
        await until(lambda: bool(sink.all), "the value")
    fleeting = driver(broker.url, "p")
    async with running(fleeting, Heard(notes)):
        assert fleeting.resumed is False
        assert "qos 0" in fleeting.lapse
    broker.kill()
    broker.start()
    forgotten = driver(broker.url, "p")
    async with running(forgotten, Heard({})):
        assert "does not know our session" in forgotten.lapse


async def test_write_and_read_back(broker: Mosquitto) -> None:
    async with JsonDevice(broker.url, "hall/press") as press:
        press.set("speed", 0)
        await press.sent()
        fields: dict[str, Any] = {
            "writable": ["hall/press/speed/set#value", "hall/press/lamp/set#value", "hall/press/mode/set"],
            "read_back": {
                "hall/press/speed/set#value": "hall/press/speed#value",
                "hall/press/lamp/set#value": "hall/press/other#value",
            },
            "write_timeout": "300ms",
        }
        made = driver(broker.url, "hall/press/load#value", **fields)
        with pytest.raises(LinkDownError):
            await made.write("hall/press/speed/set#value", 1)
        async with running(made, sink := Heard()):
            back = await made.write("hall/press/speed/set#value", 0.1)
            assert (back.accepted, back.value) == (True, 0.1)
            back = await made.write("hall/press/lamp/set#value", True)
            assert not back.accepted
            assert "no answer" in back.reason
            back = await made.write("hall/press/mode/set", "AUTO")
            assert back.accepted
            assert "no read-back" in back.reason
            with pytest.raises(NotAllowedError):
                await made.write("hall/press/load#value", 1)
            assert sink.of("hall/press/speed#value") == []  # read back, but mapped to no signal


async def test_browse(broker: Mosquitto, wire: Session) -> None:
    made = driver(broker.url, browse_filter="hall/+/+/data", browse_time="500ms")
    listening = asyncio.create_task(made.browse())
    body = {"ts": "2026-11-24T06:30:00Z", "load": 1.5, "state": "RUN", "door": False, "axes": [{"pos": 1}], "a.b": 2}
    while not listening.done():
        await wire.publish("hall/line1/press01/data", json.dumps(body).encode())
        await wire.publish("hall/line1/press02/data", b"\xff\xff")
        await wire.publish("hall/line1/data", b'{"not": "asked for"}')
        await asyncio.wait({listening}, timeout=0.05)
    found = {proposal.address: proposal for proposal in await listening}
    topic = "hall/line1/press01/data"
    assert set(found) == {
        *(f"{topic}#{path}" for path in ("ts", "load", "state", "door", "axes[0].pos", '["a.b"]')),
        "hall/line1/press02/data",
    }
    assert {p.equipment for p in found.values()} == {"line1/press01", "line1/press02"}
    assert found[f"{topic}#load"].type == "number"
    assert (found[f"{topic}#state"].role, found[f"{topic}#state"].type) == ("state", "text")
    assert 'time_path = "ts"' in found[f"{topic}#ts"].note
    assert "not readable" in found["hall/line1/press02/data"].note
    assert found[f'{topic}#["a.b"]'].name == "a.b"


# ── with a collector and a ledger ────────────────────────────────────────────────────────────────


def totals(folder: Path) -> list[float]:
    """Every value of the counter that the ledger holds, in its order."""
    with LedgerWriter(folder / "ledger") as writer:
        Intake(folder / "spool", writer).drain()
    table = Ledger(folder / "ledger").table("signal", subjects=["plant/press:pieces"])
    return sorted(table.column("value").to_pylist())


async def test_broker_stopped_and_started_loses_nothing(tmp_path: Path) -> None:
    """1,500 values over two restarts of a broker with a store; the ledger has each once."""
    broker = Mosquitto.lasting(tmp_path)
    broker.start()
    source = Source("press", "mqtt", {"url": broker.url, "client_id": "press", "keepalive": "1s"})
    signals = [Signal("plant/press:pieces", "plant/press", "pieces", "hall/press/n#value", source="press")]
    spool = Spool(tmp_path / "spool", "press")
    collector = Collector("press", registry.driver_factory(source, ["hall/press/n#value"]), signals, spool, limits=FAST)
    task = asyncio.create_task(collector.run())
    try:
        await until(lambda: collector.status.state == "up", "up")
        async with JsonDevice(broker.url, "hall/press") as press:
            for n in range(1_500):
                press.set("n", n)
                if n in (400, 900):
                    await asyncio.to_thread(broker.stop)
                    await asyncio.sleep(0.3)
                    await asyncio.to_thread(broker.start)
                    await until(lambda: collector.status.state == "up", "up again")
                if n % 20 == 0:
                    await asyncio.sleep(0.001)
            await asyncio.wait_for(press.sent(), 20)
            await until(lambda: collector.status.samples >= 1_500, "all", 20)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        spool.close()
        broker.stop()
    kept = totals(tmp_path)
    assert set(kept) == set(range(1_500))
    # The machine repeats what the broker took but could not confirm before it stopped: at most one window each.
    assert len(kept) <= 1_500 + 2 * 20
    assert collector.status.gaps == 2


async def test_collector_killed_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """Two collectors are killed while 1,000 values come; arrival times, so only the notes can tell repeats."""
    with Mosquitto(tmp_path) as broker:
        command = [sys.executable, "-m", "tests.connect.mqtt.collect", broker.url, str(tmp_path / "spool"), "n"]

        def start() -> subprocess.Popen[bytes]:
            return subprocess.Popen(command, cwd=ROOT)

        def links() -> int:
            return broker.log.read_text().count("as press")

        def done() -> bool:
            return max(totals(tmp_path), default=0) == 999

        process = await asyncio.to_thread(start)
        settings = BrokerSettings.model_validate({"url": broker.url})
        try:
            await until(lambda: links() == 1, "connected")
            await asyncio.sleep(0.3)
            async with Session(settings, "", clean=True) as wire:
                for n in range(1_000):
                    await wire.publish("n", str(n).encode())
                    if n in (300, 600):
                        os.kill(process.pid, signal.SIGKILL)
                        process.wait(5)
                        process = await asyncio.to_thread(start)
                    if n == 400:
                        await until(lambda: links() == 2, "connected again")
            await until(done, "all values", 20, every=0.5)
        finally:
            process.kill()
            process.wait(5)
    assert totals(tmp_path) == list(range(1_000))


async def test_session_forgotten_is_in_the_gap_fact(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path)  # without a store: a restart forgets everything
    broker.start()
    source = Source("press", "mqtt", {"url": broker.url, "client_id": "press", "keepalive": "1s"})
    signals = [Signal("plant/press:pieces", "plant/press", "pieces", "n", source="press")]
    spool = WatchedSpool()
    collector = Collector("press", registry.driver_factory(source, ["n"]), signals, spool, limits=FAST)
    task = asyncio.create_task(collector.run())
    try:
        await until(lambda: collector.status.state == "up", "up")
        await asyncio.to_thread(broker.kill)
        await until(lambda: collector.status.state == "down", "down")
        await asyncio.to_thread(broker.start)
        await until(lambda: bool(spool.rows("event", kind="gap")), "a gap fact")
        data = json.loads(spool.rows("event", kind="gap")[0]["data"])
        assert "does not know our session" in data["note"]
        assert not spool.rows("event", kind="alive", code="backfilled")
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        broker.kill()


async def test_capacity(tmp_path: Path) -> None:
    """3,000 messages that wait at the broker are on disk and acknowledged at 500 a second on a busy computer."""
    with Mosquitto(tmp_path, "max_inflight_messages 200") as broker:
        source = Source("press", "mqtt", {"url": broker.url, "client_id": "press", "time_path": "ts"})
        signals = [Signal("plant/press:load", "plant/press", "load", "p#load", source="press")]
        made = registry.driver_factory(source, ["p#load"])
        async with running(made(), Heard()):
            pass
        async with Session(BrokerSettings.model_validate({"url": broker.url}), "", clean=True) as wire:
            start = now() - 3_000
            for n in range(0, 3_000, 100):
                payloads = [json.dumps({"ts": start + i, "load": i}).encode() for i in range(n, n + 100)]
                await asyncio.gather(*(wire.publish("p", payload) for payload in payloads))
        spool = Spool(tmp_path / "spool", "press")
        collector = Collector("press", made, signals, spool, limits=FAST)
        task = asyncio.create_task(collector.run())
        try:
            await until(lambda: collector.status.samples == 3_000, "3,000 messages in 6 s", 6)
            assert collector.status.doubtful == 0
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            spool.close()


async def test_topics_come_and_go_within_one_session(broker: Mosquitto, wire: Session) -> None:
    """A signal less is unsubscribed, a signal more is subscribed, the rest goes on without a repeat."""
    notes: dict[str, Any] = {}
    for topic in ("a", "b", "c"):
        await wire.publish(topic, topic.encode(), retain=True)
    for addresses, fresh in ((("a", "b"), ["a", "b"]), (("b", "c"), ["c"])):
        sink = Heard(notes)
        async with running(driver(broker.url, *addresses), sink):
            await until(lambda heard=sink, want=fresh: len(heard.all) >= len(want), "retained")  # type: ignore[misc]
            await asyncio.sleep(0.1)
            assert [sample.value for sample in sink.all] == fresh
    for topic in ("a", "b", "c"):
        await wire.publish(topic, b"1")
    async with Session(BrokerSettings.model_validate({"url": broker.url}), "test", clean=False) as same:
        kept: list[str] = []
        for _ in range(5):
            batch = await same.receive(within=0.2)
            kept += [message.topic for message in batch]
            same.acknowledge(batch)
        assert sorted(kept) == ["b", "c"]
