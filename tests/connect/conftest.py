"""What tests of several connectors start: a driver that a test scripts in place of a wire, and a real broker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest

from luban.connect.mqtt.broker import BrokerSettings
from luban.connect.mqtt.session import Session
from luban.connect.wire import Capabilities, Proposal, ReadBack, Sample, Sink, SourceSettings, Value
from tests.connect.mqtt.mosquitto import Mosquitto

Script = Callable[[Sink, int], Awaitable[None]]


class ScriptedDriver:
    """Runs `script(sink, attempt)`; its record is what `history` reads."""

    type: ClassVar[str] = "scripted"
    settings: ClassVar[Any] = SourceSettings
    capabilities: Capabilities = Capabilities()

    def __init__(
        self, script: Script, attempt: int, capabilities: Capabilities, record: list[Sample], since: int | None
    ) -> None:
        self.script, self.attempt, self.record = script, attempt, record
        self.capabilities = capabilities
        self.history_since = since

    async def run(self, sink: Sink) -> None:
        await self.script(sink, self.attempt)

    async def history(self, addresses: Sequence[str], start: int, end: int) -> AsyncIterator[Sequence[Sample]]:
        yield [s for s in self.record if s.address in addresses and start < s.time < end]

    async def browse(self) -> list[Proposal]:
        return []

    async def write(self, address: str, value: Value) -> ReadBack:
        return ReadBack(False)


class Factory:
    """Builds a scripted driver for each attempt."""

    def __init__(self, script: Script, **capabilities: bool) -> None:
        self.script = script
        self.capabilities = Capabilities(**capabilities)
        self.record: list[Sample] = []
        self.since: int | None = None
        self.attempts = 0

    def __call__(self) -> Any:
        self.attempts += 1
        return ScriptedDriver(self.script, self.attempts, self.capabilities, self.record, self.since)


@pytest.fixture
def forever() -> Callable[[Sink], Awaitable[None]]:
    """Prove the link every 50 ms until cancelled."""

    async def keep(sink: Sink) -> None:
        while True:
            sink.alive()
            await asyncio.sleep(0.05)

    return keep


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path) as started:
        yield started


@pytest.fixture
async def wire(broker: Mosquitto) -> AsyncIterator[Session]:
    """Somebody who publishes."""
    async with Session(BrokerSettings.model_validate({"url": broker.url}), "", clean=True) as session:
        yield session
