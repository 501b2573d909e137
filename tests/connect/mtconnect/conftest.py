"""A sink that remembers, a machine of the standard's vocabulary, and the published schemas."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from luban.connect.wire import Driver, Sample

HERE = Path(__file__).parent
DATA = Path(os.environ.get("LUBAN_DATA", Path(__file__).parents[4] / "shared" / "data")) / "standards" / "mtconnect"

MACHINE = b"""<MTConnectDevices xmlns="urn:mtconnect.org:MTConnectDevices:1.3">
<Header creationTime="2026-01-01T00:00:00Z" sender="x" instanceId="1" version="1.3" bufferSize="1"
 assetBufferSize="1" assetCount="0"/>
<Devices><Device id="d" uuid="u1" name="M1"><DataItems>
<DataItem id="avail" type="AVAILABILITY" category="EVENT"/></DataItems>
<Components><Axes id="axes" name="base"><Components><Rotary id="c1" name="C"><DataItems>
<DataItem id="sl" name="Sload" type="LOAD" category="SAMPLE" units="PERCENT" nativeUnits="PERCENT"/>
<DataItem id="sv" name="Svib" type="DISPLACEMENT" category="SAMPLE" representation="TIME_SERIES" units="MILLIMETER"
 nativeUnits="MILLIMETER" sampleRate="100"/>
<DataItem id="st" name="Stemp" type="TEMPERATURE" category="CONDITION"/></DataItems></Rotary></Components></Axes>
<Controller id="ct"><Components><Path id="p" name="path"><DataItems>
<DataItem id="ex" name="execution" type="EXECUTION" category="EVENT"/>
<DataItem id="pc" name="parts" type="PART_COUNT" category="EVENT" subType="ALL"/>
<DataItem id="pg" name="program" type="PROGRAM" category="EVENT"/>
<DataItem id="ms" name="message" type="MESSAGE" category="EVENT"/>
<DataItem id="pp" name="pos" type="PATH_POSITION" category="SAMPLE" subType="ACTUAL" units="MILLIMETER_3D"
 nativeUnits="MILLIMETER_3D"/>
<DataItem id="pf" name="feed" type="PATH_FEEDRATE" category="SAMPLE" units="MILLIMETER/SECOND"
 nativeUnits="MILLIMETER/MINUTE"/></DataItems></Path></Components></Controller></Components></Device></Devices>
</MTConnectDevices>"""


class Ear:
    """A sink that remembers everything."""

    def __init__(self) -> None:
        self.heard: list[Sample] = []
        self.losses: list[tuple[int, int, str]] = []
        self.rejected: list[tuple[str, Any, str]] = []
        self.proofs = 0

    def samples(self, samples: Sequence[Sample]) -> None:
        self.heard += samples

    def alive(self, time: int | None = None) -> None:
        self.proofs += 1

    def lost(self, start: int, end: int, reason: str, addresses: Sequence[str] = ()) -> None:
        self.losses.append((start, end, reason))

    def reject(self, address: str, payload: bytes | str, reason: str) -> None:
        self.rejected.append((address, payload, reason))

    async def flush(self) -> None:
        pass

    def values(self, address: str) -> list[Any]:
        return [sample.value for sample in self.heard if sample.address == address]


@asynccontextmanager
async def following(driver: Driver, ear: Ear) -> AsyncIterator[asyncio.Task[None]]:
    """The driver at work, its link proved; ended afterwards."""
    task = asyncio.create_task(driver.run(ear))  # type: ignore[arg-type]
    try:
        await until(lambda: ear.proofs > 1)
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(met: Callable[[], bool], within: float = 10) -> None:
    """Wait for the condition."""
    deadline = time.monotonic() + within
    while not met():
        assert time.monotonic() < deadline, "it never came"
        await asyncio.sleep(0.01)


def schema(kind: str, version: str) -> etree.XMLSchema:
    """The published schema; skips where only the data folder would have it."""
    name = f"MTConnect{kind}_{version}_1.0.xsd"
    file = next((folder / name for folder in (HERE / "schema", DATA / "schema") if (folder / name).exists()), None)
    if file is None:
        pytest.skip(f"needs {name}: set LUBAN_DATA to a folder with standards/mtconnect/schema")
    return etree.XMLSchema(etree.parse(str(file)))
