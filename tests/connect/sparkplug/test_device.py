"""The device side of Sparkplug: many values in one message with the caller's time, and commands that may be refused."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from luban.connect.mqtt.session import Session
from luban.connect.sparkplug.device import EdgeDevice, Tag
from luban.connect.sparkplug.payload import Metric, Payload, decode, encode
from luban.connect.sparkplug.schema import DataType
from luban.connect.wire import Value
from luban.core.errors import NotAllowedError
from luban.core.time import MILLISECOND, SECOND, parse_time
from tests.connect.mqtt.mosquitto import Mosquitto

pytestmark = pytest.mark.service
NOON = parse_time("2026-11-24T12:00:00Z")


def tags() -> dict[str, dict[str, Tag]]:
    return {
        "": {"Mode": Tag(DataType.String, "AUTO")},
        "press": {"Load": Tag(DataType.Double, 0.0), "Parts": Tag(DataType.UInt32, 0), "Speed": Tag(DataType.Float)},
    }


async def heard(wire: Session, count: int) -> list[tuple[str, Sequence[Metric]]]:
    """(kind, metrics) of the next data messages."""
    found: list[tuple[str, Sequence[Metric]]] = []
    async with asyncio.timeout(5):
        while len(found) < count:
            batch = await wire.receive()
            wire.acknowledge(batch)
            found += [(m.topic.split("/")[2], decode(m.payload).metrics) for m in batch]
    return found


async def test_many_values_are_one_message(broker: Mosquitto, wire: Session) -> None:
    await wire.subscribe(["spBv1.0/hall/DDATA/edge1/press"], 1)
    async with EdgeDevice(broker.url, "hall", "edge1", tags()) as edge:
        await asyncio.wait_for(edge.born.wait(), 10)
        await edge.set_many("press", NOON, {"Load": 61.5, "Parts": 7})
        await edge.set_many("press", NOON + SECOND, {"Parts": 8})
        (_, first), (_, second) = await heard(wire, 2)
        assert [(m.value, m.timestamp) for m in first] == [(61.5, NOON // MILLISECOND), (7, NOON // MILLISECOND)]
        assert [(m.value, m.timestamp) for m in second] == [(8, (NOON + SECOND) // MILLISECOND)]


async def test_a_command_is_shown_once_it_is_allowed(broker: Mosquitto, wire: Session) -> None:
    asked: list[tuple[str, Value]] = []

    def on_write(name: str, value: Value) -> None:
        asked.append((name, value))
        if value == 99.0:
            raise NotAllowedError("not by you")

    await wire.subscribe(["spBv1.0/hall/DDATA/edge1/press", "spBv1.0/hall/NDATA/edge1"], 1)
    async with EdgeDevice(broker.url, "hall", "edge1", tags(), on_write=on_write, clock=lambda: NOON) as edge:
        await asyncio.wait_for(edge.born.wait(), 10)
        for value in (99.0, 40.0):
            command = encode(Payload((Metric("Speed", DataType.Float, value),), 1))
            await wire.publish("spBv1.0/hall/DCMD/edge1/press", command, 1)
        await wire.publish(
            "spBv1.0/hall/NCMD/edge1", encode(Payload((Metric("Mode", DataType.String, "MANUAL"),), 1)), 1
        )
        got = await heard(wire, 2)
        assert [(kind, m.value, m.timestamp) for kind, metrics in got for m in metrics] == [
            ("DDATA", 40.0, NOON // MILLISECOND),
            ("NDATA", "MANUAL", NOON // MILLISECOND),
        ]
    assert asked == [("press:Speed", 99.0), ("press:Speed", 40.0), ("Mode", "MANUAL")]
