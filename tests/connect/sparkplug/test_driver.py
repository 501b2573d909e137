"""The Sparkplug driver with a real broker, edge nodes of our own and of an independent codec."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from luban.connect import registry
from luban.connect.collector import Collector
from luban.connect.mqtt.broker import BrokerSettings
from luban.connect.mqtt.session import Message, Session
from luban.connect.sparkplug import SparkplugDriver, SparkplugSettings
from luban.connect.sparkplug.device import EdgeDevice, Tag
from luban.connect.sparkplug.payload import DataSet, Metric, Payload, decode, encode
from luban.connect.sparkplug.schema import DataType
from luban.core.errors import LinkDownError, NotAllowedError
from luban.core.quality import Quality
from luban.core.time import SECOND, now
from tests.connect.contract import FAST, Signal, Source, WatchedSpool
from tests.connect.mqtt.mosquitto import CountingCable, Mosquitto
from tests.connect.mqtt.sink import Heard, running, until
from tests.connect.sparkplug.codec import codec

pytestmark = pytest.mark.service
LOAD, STATE, CPU = "hall/edge1/press:Load", "hall/edge1/press:State", "hall/edge1:CPU"


@pytest.fixture
async def edge(broker: Mosquitto) -> AsyncIterator[EdgeDevice]:
    async with edge_node(broker.url) as node:
        await asyncio.wait_for(node.born.wait(), 5)
        yield node


def edge_node(url: str, primary_host: str = "") -> EdgeDevice:
    tags = {
        "": {"CPU": Tag(DataType.Float, 0.5)},
        "press": {
            "Load": Tag(DataType.Int16, -1, {"engUnit": "%"}),
            "State": Tag(DataType.String, "RUN"),
            "Table": Tag(
                DataType.DataSet, DataSet(("k", "v"), (DataType.Int8, DataType.String), ((-1, "a"), (2, None)))
            ),
            "Curve": Tag(DataType.FloatArray, [0.5, 1.5]),
            "Changed": Tag(DataType.DateTime, 1_700_000_000_000),
            "Picture": Tag(DataType.File, b"\x89PNG"),
            "Raw": Tag(DataType.Bytes, b"\x01\xff"),
            "Speed": Tag(DataType.Float, 0.0),
            "On": Tag(DataType.Boolean, value=False),
        },
    }
    return EdgeDevice(url, "hall", "edge1", tags, primary_host=primary_host)


def driver(url: str, *addresses: str, **fields: Any) -> SparkplugDriver:
    settings = SparkplugSettings.model_validate({"url": url, "keepalive": "1s", **fields})
    return SparkplugDriver(settings, addresses)


async def test_births_and_data(broker: Mosquitto, edge: EdgeDevice) -> None:
    names = ["Table[0].k", "Table[1].v", "Curve[1]", "Changed", "Raw", "Load", "State"]
    sink = Heard()
    async with running(driver(broker.url, CPU, *(f"hall/edge1/press:{name}" for name in names)), sink):
        await until(lambda: len(sink.all) >= 8, "the births")
        birth = {sample.address.partition(":")[2]: sample.value for sample in sink.all}
        assert birth == {
            "CPU": 0.5,
            "Table[0].k": -1,
            "Table[1].v": None,
            "Curve[1]": 1.5,
            "Changed": "2023-11-14T22:13:20+00:00",
            "Raw": "01ff",
            "Load": -1,
            "State": "RUN",
        }
        at = await edge.set("press", "Load", -32768, now() - 5 * SECOND)
        await edge.set("", "CPU", 0.25)
        await until(lambda: sink.values(CPU)[-1] == 0.25, "data")
        last = sink.of(LOAD)[-1]
        assert (last.value, last.time, last.unit, last.quality) == (-32768, at, "%", Quality.GOOD)
        assert sink.losses == sink.rejected == []


async def test_quality(broker: Mosquitto, edge: EdgeDevice) -> None:
    sink = Heard()
    async with running(driver(broker.url, LOAD), sink):
        await until(lambda: bool(sink.all), "birth")
        codes = [(192, Quality.GOOD), (0, Quality.BAD), (500, Quality.LAST_KNOWN), (64, Quality.UNCERTAIN)]
        for n, (code, _) in enumerate(codes):
            await edge.set("press", "Load", n, properties={"Quality": code})
        await edge.set("press", "Load", None)
        await until(lambda: len(sink.all) == 6, "data")
        assert [s.quality for s in sink.all[1:]] == [*(quality for _, quality in codes), Quality.UNAVAILABLE]


async def test_a_gap_is_seen_told_and_healed_by_a_rebirth_on_the_wire(
    broker: Mosquitto, edge: EdgeDevice, wire: Session
) -> None:
    sink = Heard()
    await wire.subscribe(["spBv1.0/hall/NCMD/edge1"])
    async with running(driver(broker.url, LOAD, STATE, rebirth_interval="1s"), sink):
        await until(lambda: len(sink.all) == 2 and edge.births == 2, "birth")
        await wire.receive()
        await edge.skip()
        await edge.set("press", "Load", 7)
        await until(lambda: edge.births == 3, "rebirth")
        commands = await wire.receive()
        (metric,) = decode(commands[-1].payload).metrics
        assert (metric.name, metric.value, metric.type) == ("Node Control/Rebirth", True, DataType.Boolean)
        assert decode(commands[-1].payload).seq is None
        await until(lambda: bool(sink.losses), "the loss")
        start, end, reason, addresses = sink.losses[0]
        assert 0 < end - start < 5 * SECOND
        assert "sequence" in reason
        assert addresses == [LOAD, STATE]
        assert [(s.value, s.quality) for s in sink.of(LOAD)][1:3] == [(7, Quality.UNCERTAIN), (7, Quality.GOOD)]
        await edge.set("press", "Load", 8)
        await until(lambda: sink.values(LOAD)[-1] == 8, "data")
        assert sink.of(LOAD)[-1].quality is Quality.GOOD
        assert edge.births == 3


async def test_no_false_gap_over_many_interleaved_messages(broker: Mosquitto, edge: EdgeDevice) -> None:
    sink = Heard()
    async with running(driver(broker.url, LOAD, CPU), sink):
        await until(lambda: len(sink.all) == 2, "birth")
        births = edge.births
        for n in range(600):
            await edge.set("press" if n % 2 else "", "Load" if n % 2 else "CPU", n)
        await until(lambda: sink.values(LOAD)[-1] == 599, "data")
        assert sink.values(LOAD)[1:] == list(range(1, 600, 2))
        assert (edge.births, sink.losses) == (births, [])


async def test_requests_can_be_switched_off(broker: Mosquitto, edge: EdgeDevice) -> None:
    sink = Heard()
    async with running(driver(broker.url, LOAD, request_rebirth=False), sink):
        await edge.set("press", "Load", 1)
        await asyncio.sleep(0.2)
        assert sink.all == []
        await edge.rebirth()
        await until(lambda: sink.values(LOAD) == [1], "birth")
        assert edge.births == 2


async def test_deaths(broker: Mosquitto, edge: EdgeDevice) -> None:
    sink = Heard()
    async with running(driver(broker.url, LOAD, CPU), sink):
        await until(lambda: len(sink.all) == 2, "birth")
        await edge.device_death("press")
        await until(lambda: len(sink.all) == 3, "device death")
        assert (sink.all[2].address, sink.all[2].quality) == (LOAD, Quality.NO_COMMUNICATION)
        await edge.rebirth()
        await until(lambda: sink.values(LOAD)[-1] == -1, "born again")
        assert [addresses for _, _, _, addresses in sink.losses] == [[LOAD]]
        await edge.stop(abrupt=True)
        await until(lambda: len(sink.all) >= 7, "node death")
        assert {s.quality for s in sink.all[-2:]} == {Quality.NO_COMMUNICATION}


async def test_an_edge_node_that_is_not_there(broker: Mosquitto) -> None:
    sink = Heard()
    async with running(driver(broker.url, LOAD, birth_timeout="200ms"), sink):
        await until(lambda: bool(sink.all), "silence")
        assert [(s.address, s.value, s.quality) for s in sink.all] == [(LOAD, None, Quality.NO_COMMUNICATION)]


async def test_a_metric_that_nobody_announces(broker: Mosquitto, edge: EdgeDevice) -> None:
    sink, address = Heard(), "hall/edge1/press:Typo"
    async with running(driver(broker.url, LOAD, address), sink):
        await until(lambda: len(sink.all) == 2, "birth")
        await edge.rebirth()
        await until(lambda: len(sink.all) == 3, "second birth")
        assert [(where, reason) for where, _, reason in sink.rejected] == [
            (address, "the edge node announces no such metric")
        ]
        assert [s.quality for s in sink.of(address)] == [Quality.UNAVAILABLE]


async def test_bad_payload(broker: Mosquitto, edge: EdgeDevice, wire: Session) -> None:
    sink = Heard()
    async with running(driver(broker.url, LOAD), sink):
        await until(lambda: bool(sink.all), "birth")
        await wire.publish("spBv1.0/hall/DDATA/edge1/press", b"\xff\xff")
        await edge.set("press", "Load", 5)
        await until(lambda: sink.values(LOAD)[-1] == 5, "data")
        assert [(where, payload) for where, payload, _ in sink.rejected] == [
            ("spBv1.0/hall/DDATA/edge1/press", b"\xff\xff")
        ]


async def test_write_and_read_back(broker: Mosquitto, edge: EdgeDevice) -> None:
    names = ["Speed", "On", "Missing", "Load", "Changed"]
    made = driver(broker.url, CPU, writable=[f"hall/edge1/press:{name}" for name in names], write_timeout="1s")
    with pytest.raises(LinkDownError):
        await made.write("hall/edge1/press:Speed", 1)
    sink = Heard()
    async with running(made, sink):
        await until(lambda: bool(sink.all), "birth")
        back = await made.write("hall/edge1/press:Speed", 0.1)
        assert back.accepted
        assert back.value == pytest.approx(0.1)
        assert (await made.write("hall/edge1/press:On", True)).value is True
        assert (await made.write("hall/edge1/press:Load", -5)).value == -5
        assert (await made.write("hall/edge1/press:Changed", "2026-11-24T06:30:00+00:00")).accepted
        refused = await made.write("hall/edge1/press:Load", 40_000)
        assert not refused.accepted
        assert "no Int16" in refused.reason
        assert "no living" in (await made.write("hall/edge1/press:Missing", 1)).reason
        with pytest.raises(NotAllowedError):
            await made.write("hall/edge1/press:State", "STOP")
        assert edge.tags["press"]["State"].value == "RUN"
        assert {s.address for s in sink.all} == {CPU}


async def test_browse(broker: Mosquitto, edge: EdgeDevice, wire: Session) -> None:
    found = {p.address: p for p in await driver(broker.url, browse_time="300ms", edge_nodes=["hall/edge1"]).browse()}
    assert {LOAD, STATE, CPU, "hall/edge1/press:Table[0].k", "hall/edge1/press:Curve[0]"} <= set(found)
    assert (found[LOAD].type, found[LOAD].unit, found[LOAD].equipment) == ("number", "%", "edge1/press")
    assert (found[STATE].type, found["hall/edge1/press:On"].type) == ("text", "boolean")
    assert "no value" in found["hall/edge1/press:Picture"].note
    assert not any("bdSeq" in address or "Rebirth" in address for address in found)
    listening = asyncio.create_task(driver(broker.url, browse_time="1s").browse())
    while not listening.done():
        await edge.set("", "CPU", 0.1)  # heard without a birth: asked for it
        await asyncio.wait({listening}, timeout=0.1)
    assert CPU in {p.address for p in await listening}


async def test_payloads_of_an_independent_encoder(broker: Mosquitto, wire: Session) -> None:
    at = now() // 1_000
    sink = Heard()
    with codec() as judge:
        async with running(driver(broker.url, LOAD, STATE, birth_timeout="5s"), sink):
            births = [
                ("NBIRTH/edge1", 0, [{"name": "bdSeq", "type": "UInt64", "value": 0}]),
                (
                    "DBIRTH/edge1/press",
                    1,
                    [
                        {"name": "Load", "alias": 4, "type": "Int16", "value": -3, "timestamp": at},
                        {"name": "State", "alias": 5, "type": "String", "value": "待机", "timestamp": at},
                    ],
                ),
                ("DDATA/edge1/press", 2, [{"alias": 4, "type": "Int16", "value": -4, "timestamp": at + 1}]),
            ]
            for topic, seq, metrics in births:
                payload = judge.encode({"timestamp": at, "seq": seq, "metrics": metrics})
                kind, _, rest = topic.partition("/")
                await wire.publish(f"spBv1.0/hall/{kind}/{rest}", payload, 0)
            await until(lambda: len(sink.all) == 3, "3 values")
            assert [(s.value, s.time) for s in sink.of(LOAD)] == [(-3, at * 1_000), (-4, at * 1_000 + 1_000)]
            assert sink.values(STATE) == ["待机"]
            assert sink.losses == []


# ── the store of an edge node, and the primary host ──────────────────────────────────────────────


async def heard(session: Session) -> Message:
    """The newest message, once there is one."""
    seen: list[Message] = []
    async with asyncio.timeout(5):
        while not seen:
            seen = await session.receive()
    session.acknowledge(seen)
    return seen[-1]


async def collected(broker: str, primary: str = "") -> tuple[WatchedSpool, asyncio.Task[None]]:
    source = Source("line", "sparkplug", {"url": broker, "keepalive": "1s", "primary_host": primary})
    signals = [Signal("plant/press:load", "plant/press", "load", LOAD, source="line", role="good_count")]
    spool = WatchedSpool()
    collector = Collector("line", registry.driver_factory(source, [LOAD]), signals, spool, limits=FAST)
    return spool, asyncio.create_task(collector.run())


async def test_values_stored_by_the_edge_node_fill_the_gap(broker: Mosquitto) -> None:
    """Its link breaks, 20 pieces are made, it comes back: each reading once, in order, none doubtful."""
    cable = CountingCable(broker.port)
    await cable.mend()
    spool, task = await collected(broker.url)
    try:
        async with edge_node(cable.url) as edge:
            await until(lambda: len(spool.rows("signal")) >= 1, "birth")
            for n in range(3):
                await edge.set("press", "Load", n)
                await asyncio.sleep(0.002)  # times are in ms: two values of one ms would contradict each other
            await until(lambda: len(spool.rows("signal", quality=0)) >= 4, "data")
            await cable.cut()
            await until(lambda: len(spool.rows("signal", quality=int(Quality.NO_COMMUNICATION))) == 1, "silence")
            await until(lambda: not edge.connected, "the edge node knows")
            for n in range(3, 23):
                await edge.set("press", "Load", n)
                await asyncio.sleep(0.002)
            await cable.mend()
            await asyncio.wait_for(edge.born.wait(), 5)
            await asyncio.sleep(0.002)
            await edge.set("press", "Load", 23)
            good = lambda: [row["value"] for row in spool.rows("signal", quality=0)]  # noqa: E731
            await until(lambda: 23.0 in good(), "all values")
            assert [value for value in good() if value >= 0] == list(range(24))
            assert not spool.rows("signal", quality=int(Quality.OUT_OF_ORDER))
            assert sum(row["good"] for row in spool.rows("count")) == 24  # from -1 to 23
            assert not spool.rows("event", kind="gap")
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await cable.cut()


async def test_edge_nodes_store_while_their_primary_host_is_away(broker: Mosquitto, wire: Session) -> None:
    await wire.subscribe(["spBv1.0/STATE/luban1"])

    async def state() -> dict[str, Any]:
        return dict(json.loads((await heard(wire)).payload))

    async with edge_node(broker.url, "luban1") as edge:
        await edge.set("press", "Load", 1)
        assert not edge.connected
        first = Heard()
        async with running(driver(broker.url, LOAD, primary_host="luban1"), first) as task:
            born = await state()
            assert born["online"] is True
            await until(lambda: 1 in first.values(LOAD), "what was stored")
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            assert await state() == {"online": False, "timestamp": born["timestamp"]}
        await until(lambda: not edge.connected, "the edge node knows")
        for n in range(2, 8):
            await edge.set("press", "Load", n)
        second = Heard()
        async with running(driver(broker.url, LOAD, primary_host="luban1"), second):
            await until(lambda: 7 in second.values(LOAD) and len(second.all) >= 7, "what was stored")
            times = [s.time for s in second.of(LOAD)]
            assert times == sorted(times)
            assert {2, 3, 4, 5, 6, 7} <= set(second.values(LOAD))
            assert second.losses == []


async def test_a_false_word_about_us_is_put_right(broker: Mosquitto, wire: Session) -> None:
    sink = Heard()
    async with running(driver(broker.url, CPU, primary_host="luban1"), sink):
        await wire.publish("spBv1.0/STATE/luban1", b'{"online": false, "timestamp": 1}', retain=True)
        await asyncio.sleep(0.1)
        async with Session(BrokerSettings.model_validate({"url": broker.url}), "", clean=True) as late:
            await late.subscribe(["spBv1.0/STATE/luban1"])
            assert json.loads((await heard(late)).payload)["online"] is True


async def test_capacity(broker: Mosquitto, wire: Session) -> None:
    """500 messages of 20 metrics: 10,000 values are taken within 5 s, in order and without a false gap."""
    addresses = [f"hall/edge1/press:m{n}" for n in range(20)]
    at = now() // 1_000 - 1_000
    sink = Heard()
    async with running(driver(broker.url, *addresses), sink):
        birth = [Metric(f"m{n}", DataType.Double, 0.0, n, at) for n in range(20)]
        await wire.publish("spBv1.0/hall/NBIRTH/edge1", encode(Payload((), at, 0)), 0)
        await wire.publish("spBv1.0/hall/DBIRTH/edge1/press", encode(Payload(tuple(birth), at, 1)), 0)
        await until(lambda: len(sink.all) == 20, "birth")
        for k in range(500):
            metrics = tuple(Metric("", DataType.Double, float(k), n, at + k) for n in range(20))
            await wire.publish("spBv1.0/hall/DDATA/edge1/press", encode(Payload(metrics, at + k, (k + 2) % 256)), 0)
        await until(lambda: len(sink.all) == 10_020, "10,000 values in 5 s", 5)
        assert sink.values(addresses[19])[1:] == [float(k) for k in range(500)]
        assert sink.losses == []
