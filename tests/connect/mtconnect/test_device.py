"""The small agent's documents are judged by the published schemas."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest
from lxml import etree

from luban.connect.mtconnect.device import Agent
from luban.connect.mtconnect.documents import element_name
from luban.connect.mtconnect.model import DataItem
from luban.connect.mtconnect.observation import Observation
from luban.connect.shdr.device import relay
from luban.connect.shdr.line import Reader
from luban.connect.shdr.recording import Replay, read_recording
from luban.core.time import now
from tests.connect.mtconnect.conftest import MACHINE, schema

WORKSHOP = Path(__file__).parents[3] / "src" / "luban" / "loop" / "workshop"
GOOD = [
    "probe",
    "current",
    "sample?count=9999",
    "sample?from=3&count=2",
    "M1/current",
    'current?path=//DataItem[@id="ex"]',
]
REFUSED = [
    "sample?from=999999",
    "nobody/current",
    "a/b/c",
    "current?path=//Nothing",
    "sample?from=x",
    "current?path=(((",
]


def tell(agent: Agent) -> None:
    """One of everything."""
    item = agent.model.by_id
    agent.set("ex", "ACTIVE")
    agent.set("parts", "7")
    agent.set("Sload", "12.5")
    agent.set("feed", None)
    agent.set("pos", "1 2 3")
    agent.set("Stemp", "hot", level="FAULT", code="17")
    agent.set("Stemp", "hotter", level="WARNING", code="18")
    agent.put(
        [
            Observation(("sv",), now(), "1.0 2.0 3.0", item["sv"], rate=100.0, series=True),
            Observation(("ms",), now(), "door <open> & more", item["ms"], code="A1"),
        ]
    )


async def documents(agent: Agent, requests: list[str]) -> list[tuple[str, etree._Element]]:
    async with httpx.AsyncClient(trust_env=False) as http:
        answers = [await http.get(f"{agent.url}/{request}") for request in requests]
    roots = [etree.fromstring(answer.content) for answer in answers]
    return [(etree.QName(root).localname.removeprefix("MTConnect"), root) for root in roots]


@pytest.mark.parametrize("version", ["1.3", "2.3"])
async def test_every_answer_is_valid(version: str) -> None:
    async with Agent(MACHINE, version=version) as agent:
        tell(agent)
        answers = await documents(agent, GOOD + REFUSED)
    assert [kind for kind, _ in answers] == ["Devices", *["Streams"] * 5, *["Error"] * 6]
    for kind, root in answers:
        schema(kind, version).assertValid(root)


async def test_the_recorded_machine_is_valid() -> None:
    async with Agent(WORKSHOP / "okuma_devices.xml", version="2.3") as agent:
        reader = Reader(agent.model)
        for _, time, line in Replay(read_recording(WORKSHOP / "okuma.shdr")).schedule(now()):
            relay(agent, reader, time, line)
        for kind, root in await documents(agent, ["probe", "current", "sample?count=20000", "OKUMA/current"]):
            schema(kind, "2.3").assertValid(root)


async def test_the_ring_forgets_and_says_so() -> None:
    async with Agent(MACHINE, buffer=5) as agent:
        for number in range(20):
            agent.set("Sload", str(number))
        ((_, current), (kind, error)) = await documents(agent, ["current", "sample?from=1"])
    header = current.find("{*}Header")
    assert (header.get("firstSequence"), header.get("nextSequence")) == ("26", "31")
    assert kind == "Error"
    assert error.find(".//{*}Error").get("errorCode") == "OUT_OF_RANGE"


async def test_active_conditions_are_all_current() -> None:
    async with Agent(MACHINE) as agent:
        tell(agent)
        ((_, root),) = await documents(agent, ["current"])
        conditions = [(etree.QName(e).localname, e.get("nativeCode")) for e in root.find(".//{*}Condition")]
        assert conditions == [("Fault", "17"), ("Warning", "18")]
        agent.set("Stemp", "", level="NORMAL", code="17")
        agent.set("Stemp", "", level="NORMAL")
        ((_, root),) = await documents(agent, ["current"])
        assert [etree.QName(e).localname for e in root.find(".//{*}Condition")] == ["Normal"]


async def test_a_stream_carries_news_and_heartbeats() -> None:
    async with Agent(MACHINE) as agent, httpx.AsyncClient(trust_env=False) as http:
        start = agent._ring.window().next
        url = f"{agent.url}/sample?from={start}&interval=10&heartbeat=100"
        held = b""
        async with http.stream("GET", url) as answer:
            assert "multipart/x-mixed-replace" in answer.headers["content-type"]
            async with asyncio.timeout(5):
                async for data in answer.aiter_bytes():
                    held += data
                    if held.count(b"</MTConnectStreams>") == 2:
                        agent.set("Sload", "55")
                    if b">55<" in held:
                        break
    assert held.count(b"<Load") == 1


@pytest.mark.parametrize(
    ("kind", "name"),
    [("PATH_FEEDRATE", "PathFeedrate"), ("AMPERAGE_AC", "AmperageAC"), ("PH", "PH"), ("x:NEW_TYPE", "NewType")],
)
def test_element_names(kind: str, name: str) -> None:
    assert element_name(DataItem("i", kind=kind)) == name
