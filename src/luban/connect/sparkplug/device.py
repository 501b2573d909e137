"""The device side of Sparkplug B: an edge node with devices, aliases, births, deaths and a store.

Serves pilots, benchmarks and the contract suite; it needs a broker.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, Self

from luban.connect.mqtt.broker import BrokerSettings
from luban.connect.mqtt.session import Message, Session, Will
from luban.connect.orders import OnWrite, ask
from luban.connect.sparkplug.names import NAMESPACE, REBIRTH, Topic, parse_topic
from luban.connect.sparkplug.payload import Metric, Payload, decode, encode
from luban.connect.sparkplug.schema import DataType
from luban.connect.sparkplug.state import says_online
from luban.core.errors import ConnectError, LubanError, PayloadError
from luban.core.time import MILLISECOND, now

__all__ = ["EdgeDevice", "Tag"]

_RETRY: Final = 0.1  # [s]


@dataclass(slots=True)
class Tag:
    """One metric of the edge node: its type, present value and properties; `time` [ms UTC]."""

    type: DataType
    value: Any = None
    properties: Mapping[str, Any] = field(default_factory=dict)
    time: int = 0


class EdgeDevice:
    """An edge node as Sparkplug 3.0 §5 asks for it.

    url           of the broker
    group, node   its names
    tags          device ('' the node itself) → metric name → tag
    primary_host  with one, data are stored while that host is away, and sent as historical afterwards
    deaf          commands but the rebirth are not taken: what it shows is not for others to set
    on_write      called with ("device:metric", value) before a commanded value is shown; a LubanError refuses it
    clock         the edge node's own [µs UTC]
    """

    def __init__(
        self,
        url: str,
        group: str,
        node: str,
        tags: Mapping[str, Mapping[str, Tag]],
        *,
        primary_host: str = "",
        deaf: bool = False,
        on_write: OnWrite | None = None,
        clock: Callable[[], int] = now,
    ) -> None:
        self.tags = {device: dict(metrics) for device, metrics in tags.items()}
        self.tags.setdefault("", {})
        self.connected = False
        self.born = asyncio.Event()  # announced, and what was stored is sent
        self.births = 0
        self._settings = BrokerSettings.model_validate({"url": url})
        self._group, self._node, self._deaf = group, node, deaf
        self._on_write, self._clock = on_write, clock
        self._host_topic = f"{NAMESPACE}/STATE/{primary_host}" if primary_host else ""
        self._host_online = not primary_host
        self._birth_number = -1  # bdSeq
        self._seq = 0
        self._alias: dict[tuple[str, str], int] = {}
        self._store: list[tuple[str, Metric]] = []
        self._session: Session | None = None
        self._task: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name=f"{self._node} edge node")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def stop(self, *, abrupt: bool = False) -> None:
        """Go, with a death certificate; abrupt: without, the broker sends it as our will."""
        if self._session is not None and abrupt:
            self._session.abort()
        elif self._session is not None and self.connected:
            with contextlib.suppress(ConnectError, TimeoutError):
                async with asyncio.timeout(1.0):
                    await self._session.publish(*self._death(), 1)
        self.connected = False
        self.born.clear()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def set(
        self, device: str, name: str, value: Any, time: int | None = None, properties: Mapping[str, Any] | None = None
    ) -> int:
        """A new value, stamped `time` [µs UTC] (now by default); stored while nobody listens. Returns the time."""
        at = (self._clock() if time is None else time) // MILLISECOND
        await self._show(device, at, {name: value}, properties)
        return at * MILLISECOND

    async def set_many(self, device: str, time: int, values: Mapping[str, Any]) -> None:
        """Show many values of one device and one source time [µs UTC], in one message."""
        await self._show(device, time // MILLISECOND, values, None)

    async def _show(
        self, device: str, at: int, values: Mapping[str, Any], properties: Mapping[str, Any] | None
    ) -> None:
        metrics = []
        for name, value in values.items():
            tag = self.tags[device][name]
            tag.value, tag.time = value, at
            if properties is not None:
                tag.properties = properties
            metrics.append(Metric(name, tag.type, value, timestamp=at, properties=properties or {}))
        async with self._turn:
            if not self.connected:
                self._store += [(device, metric) for metric in metrics]
            else:
                await self._data(device, metrics)

    async def rebirth(self) -> None:
        """Announce everything again, with other aliases than before."""
        async with self._turn:
            await self._births()

    async def device_death(self, device: str) -> None:
        """The edge node has lost a device."""
        async with self._turn:
            await self._say("DDEATH", device, ())

    async def skip(self) -> None:
        """Lose one message: its number in the sequence is used, nothing is sent."""
        self._next()

    async def play(self, script: Iterable[tuple[float, str, str, Any]]) -> None:
        """Set scripted values: (seconds to wait, device, metric, value)."""
        for seconds, device, name, value in script:
            await asyncio.sleep(seconds)
            await self.set(device, name, value)

    # ── on the wire ──────────────────────────────────────────────────────────────────────────────

    async def _run(self) -> None:
        while True:
            self._birth_number = (self._birth_number + 1) % 256
            with contextlib.suppress(ConnectError):
                topic, payload = self._death()
                async with Session(self._settings, "", clean=True, will=Will(topic, payload, 1)) as session:
                    await self._serve(session)
            self._session, self.connected = None, False
            self.born.clear()
            await asyncio.sleep(_RETRY)

    async def _serve(self, session: Session) -> None:
        self._session = session
        filters = [f"{NAMESPACE}/{self._group}/NCMD/{self._node}", f"{NAMESPACE}/{self._group}/DCMD/{self._node}/+"]
        await session.subscribe([*filters, *([self._host_topic] if self._host_topic else [])], 1)
        try:
            if self._host_online:
                await self._begin()
            while True:
                batch = await session.receive()
                for message in batch:
                    await self._hear(message)
                session.acknowledge(batch)
        finally:
            self.connected = False

    async def _begin(self) -> None:
        async with self._turn:
            self.connected = True
            await self._births()
            stored, self._store = self._store, []
            for device, metric in stored:
                old = Metric(
                    metric.name, metric.type, metric.value, None, metric.timestamp, True, False, metric.properties
                )
                await self._data(device, [old])
            self.born.set()

    async def _hear(self, message: Message) -> None:
        if message.topic == self._host_topic:
            online = says_online(message)
            if online and not self._host_online:
                self._host_online = True
                await self._begin()
            elif not online and self._host_online:
                self._host_online = self.connected = False
                self.born.clear()
            return
        topic = parse_topic(message.topic)
        if topic is None or not self.connected:
            return
        with contextlib.suppress(PayloadError):
            for metric in decode(message.payload).metrics:
                if metric.name == REBIRTH and not topic.device and metric.value:
                    await self.rebirth()
                elif not self._deaf and metric.name in self.tags.get(topic.device, {}):
                    await self._ordered(topic.device, metric)

    async def _ordered(self, device: str, metric: Metric) -> None:
        with contextlib.suppress(LubanError):
            await ask(self._on_write, f"{device}:{metric.name}" if device else metric.name, metric.value)
            await self.set(device, metric.name, metric.value)

    async def _births(self) -> None:
        self.births += 1
        self._seq = -1
        names = [(device, name) for device, metrics in self.tags.items() for name in metrics]
        start = 1 + 100 * self.births
        self._alias = {owner: start + index for index, owner in enumerate(names)}
        at = now() // MILLISECOND
        own = [
            Metric("bdSeq", DataType.Int64, self._birth_number, timestamp=at),
            Metric(REBIRTH, DataType.Boolean, value=False, timestamp=at),
        ]
        await self._say("NBIRTH", "", [*own, *self._all("")])
        for device in self.tags:
            if device:
                await self._say("DBIRTH", device, self._all(device))

    def _all(self, device: str) -> list[Metric]:
        return [
            Metric(name, tag.type, tag.value, self._alias[device, name], tag.time or None, properties=tag.properties)
            for name, tag in self.tags[device].items()
        ]

    async def _data(self, device: str, metrics: Iterable[Metric]) -> None:
        by_alias = [
            Metric("", m.type, m.value, self._alias[device, m.name], m.timestamp, m.historical, False, m.properties)
            for m in metrics
        ]
        await self._say("DDATA" if device else "NDATA", device, by_alias)

    async def _say(self, kind: str, device: str, metrics: Iterable[Metric]) -> None:
        if self._session is None:
            return
        payload = Payload(tuple(metrics), now() // MILLISECOND, self._next())
        with contextlib.suppress(ConnectError):
            await self._session.publish(str(Topic(self._group, kind, self._node, device)), encode(payload), 0)

    def _next(self) -> int:
        self._seq = (self._seq + 1) % 256
        return self._seq

    def _death(self) -> tuple[str, bytes]:
        metric = Metric("bdSeq", DataType.Int64, self._birth_number)
        return str(Topic(self._group, "NDEATH", self._node)), encode(Payload((metric,)))


async def _demonstrate(url: str, group: str, node: str) -> None:
    """A press that works 20 s and rests 5 s, until interrupted."""
    tags = {
        "press01": {
            "State": Tag(DataType.String, "READY"),
            "Load": Tag(DataType.Float, 0.0, {"engUnit": "%"}),
            "Parts": Tag(DataType.UInt32, 0),
        }
    }
    async with EdgeDevice(url, group, node, tags) as edge:
        for second in itertools.count():
            working = second % 25 < 20
            await edge.set("press01", "State", "ACTIVE" if working else "READY")
            await edge.set("press01", "Load", round(60 + 10 * math.sin(second / 5), 1) if working else 0.0)
            await edge.set("press01", "Parts", second // 25 * 10 + min(second % 25, 20) // 2)
            await asyncio.sleep(1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="An edge node with one press, to try a Sparkplug source with.")
    parser.add_argument("url", help="broker, e.g. mqtt://127.0.0.1:1883")
    parser.add_argument("group", nargs="?", default="hall")
    parser.add_argument("node", nargs="?", default="edge1")
    asked = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_demonstrate(asked.url, asked.group, asked.node))
