"""MQTT with JSON or plain text: values by topic and path, acknowledged once they are on disk."""

from __future__ import annotations

import asyncio
import builtins
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final
from zoneinfo import ZoneInfo

from luban.connect.mqtt.browse import listen
from luban.connect.mqtt.payload import Address, document, parse_address, parse_path, read_time, records
from luban.connect.mqtt.session import Message, Session
from luban.connect.mqtt.settings import MqttSettings
from luban.connect.wire import Capabilities, Driver, Proposal, ReadBack, Sample, Sink, Value
from luban.core.errors import DiskFullError, LinkDownError, NotAllowedError, PayloadError, SecurityError
from luban.core.quality import Quality
from luban.core.time import SECOND, now

__all__ = ["MqttDriver"]

_DISK_RETRY: Final = 0.5  # [s]
_REMEMBERED: Final = 1_000  # more than brokers have under way to one client


@dataclass(slots=True)
class _Recall:
    """What this process knows of its session at a broker, over reconnects.

    heard     last sign of life [µs UTC]
    stored    message number → fingerprint of the message last put on disk under it; the newest only,
              because brokers use their 65,535 numbers again
    fleeting  topics that come with qos 0: the broker keeps nothing of them while we are away
    filters   what the broker's session is subscribed to
    """

    heard: int = 0
    stored: dict[int, int] = field(default_factory=dict)
    fleeting: set[str] = field(default_factory=set)
    filters: frozenset[str] = frozenset()

    def keep(self, message: Message) -> None:
        """Remember a message that is on disk."""
        self.stored.pop(message.number, None)
        self.stored[message.number] = _fingerprint(message)
        if len(self.stored) > _REMEMBERED:
            del self.stored[next(iter(self.stored))]


class MqttDriver(Driver):
    """One broker, any number of topics."""

    type: ClassVar[str] = "mqtt"
    settings: ClassVar[builtins.type[MqttSettings]] = MqttSettings
    capabilities: ClassVar[Capabilities] = Capabilities(browse=True, write=True, redelivers=True)

    # A driver lives for one connection; a session at the broker outlives it.
    _sessions: ClassVar[dict[tuple[str, str], _Recall]] = {}

    def __init__(self, settings: MqttSettings, addresses: Sequence[str]) -> None:
        self._settings = settings
        self._topics: dict[str, list[Address]] = {}
        for text in dict.fromkeys([*addresses, *settings.read_back.values()]):
            address = parse_address(text)
            self._topics.setdefault(address.topic, []).append(address)
        self._mapped = frozenset(addresses)
        self._time_path = parse_path(settings.time_path)
        self._zone = ZoneInfo(settings.time_zone) if settings.time_zone else None
        self._client_id = settings.name_at_broker(list(self._topics))
        self._recall = self._sessions.setdefault((settings.url, self._client_id), _Recall())
        self._session: Session | None = None
        self._watched: dict[str, list[asyncio.Future[Sample]]] = {}

    async def run(self, sink: Sink) -> None:
        """Deliver until the link fails. Raises LinkDownError or SecurityError."""
        clean = self._settings.qos == 0
        async with Session(self._settings, self._client_id, clean=clean) as session:
            self._session = session
            try:
                sink.alive(session.heard)
                self._report_losses(sink, session.present)
                await self._subscribe(session, sink)
                while True:
                    batch = await session.receive()
                    await self._store(session, sink, batch)
            finally:
                self._session = None
                self._recall.heard = session.heard

    async def browse(self) -> list[Proposal]:
        """Listen on `browse_filter` for `browse_time` and propose an address for each value heard."""
        return await listen(self._settings)

    async def write(self, address: str, value: Value) -> ReadBack:
        """Publish to an allow-listed address; wait for its read-back address where it has one."""
        if address not in self._settings.writable:
            raise NotAllowedError(
                "this address may not be written", came=address, hint="list it under 'writable' of its source"
            )
        session = self._session
        if session is None:
            raise LinkDownError("not connected", where=self._settings.url)
        target, answer = parse_address(address), self._settings.read_back.get(address)
        payload = json.dumps(_nested(target.path, value), ensure_ascii=False).encode()
        if not target.path and isinstance(value, str):
            payload = value.encode()
        waiting: asyncio.Future[Sample] = asyncio.get_running_loop().create_future()
        if answer:
            self._watched.setdefault(answer, []).append(waiting)
        try:
            await session.publish(target.topic, payload, 1)
            if not answer:
                return ReadBack(True, None, now(), "the broker took it; the source names no read-back address")
            async with asyncio.timeout(self._settings.write_timeout / SECOND):
                found = await waiting
        except TimeoutError:
            return ReadBack(False, None, now(), f"no answer on {answer}")
        finally:
            if answer:
                self._watched[answer].remove(waiting)
        same = _same(found.value, value)
        return ReadBack(same, found.value, found.time, "" if same else "read back another value")

    def _report_losses(self, sink: Sink, present: bool) -> None:
        """Say what the broker did not keep for us while we were away."""
        recall, arrived = self._recall, now()
        if not recall.heard:
            return
        if self._settings.qos == 0:
            sink.lost(recall.heard, arrived, "qos 0: the broker keeps nothing while we are away", sorted(self._mapped))
        elif not present:
            sink.lost(recall.heard, arrived, "the broker forgot our session", sorted(self._mapped))
        else:
            fleeting = [a.text for topic in recall.fleeting for a in self._topics.get(topic, ())]
            if fleeting:
                sink.lost(recall.heard, arrived, "published with qos 0: the broker keeps nothing", sorted(fleeting))
        if not present:
            recall.stored.clear()

    async def _subscribe(self, session: Session, sink: Sink) -> None:
        filters = frozenset(self._topics)
        # Subscribing again makes a broker repeat every retained message.
        if session.present and self._recall.filters == filters:
            return
        refused = await session.subscribe(sorted(filters), self._settings.qos)
        if refused and len(refused) == len(filters):
            raise SecurityError("the broker refuses every topic", came=refused[0], where=self._settings.url)
        for topic in refused:
            for address in self._topics[topic]:
                sink.reject(address.text, b"", "the broker refuses this topic")
        self._recall.filters = filters

    async def _store(self, session: Session, sink: Sink, batch: Sequence[Message]) -> None:
        samples: list[Sample] = []
        for message in batch:
            if not self._already_stored(message):
                samples += self._samples(message, sink)
        if samples:
            sink.samples([sample for sample in samples if sample.address in self._mapped])
        sink.alive(session.heard)
        self._recall.heard = session.heard
        if not batch:
            return
        await self._flush(sink)
        for message in batch:
            if message.qos:
                self._recall.keep(message)
        session.acknowledge(batch)
        self._answer_writes(samples)

    async def _flush(self, sink: Sink) -> None:
        """Wait until the disk has it. A full disk stops acknowledgements, and so the broker."""
        while True:
            try:
                await sink.flush()
            except DiskFullError:
                await asyncio.sleep(_DISK_RETRY)
            else:
                return

    def _already_stored(self, message: Message) -> bool:
        """A repeat of what is on disk: only our acknowledgement got lost."""
        return message.repeated and self._recall.stored.get(message.number) == _fingerprint(message)

    def _samples(self, message: Message, sink: Sink) -> list[Sample]:
        addresses = self._topics.get(message.topic)
        if addresses is None or (message.retained and self._settings.retained == "ignore"):
            return []
        if message.qos == 0 and not message.retained:
            self._recall.fleeting.add(message.topic)
        try:
            root = document(message.payload, self._settings.encoding, self._settings.max_bytes)
        except PayloadError as error:
            sink.reject(message.topic, message.payload, error.message)
            return []
        samples = []
        for address in addresses:
            for record in records(root, address.path):
                try:
                    time, quality = self._stamp(message, record)
                    samples.append(address.sample(record, time, quality))
                except PayloadError as error:
                    sink.reject(address.text, message.payload, error.message)
        return samples

    def _stamp(self, message: Message, record: Any) -> tuple[int, Quality]:
        if self._time_path:
            return read_time(record, self._time_path, self._settings.time_format, self._zone), Quality.GOOD
        if message.retained and self._settings.retained == "last known":
            return message.arrived, Quality.LAST_KNOWN
        return message.arrived, Quality.GOOD

    def _answer_writes(self, samples: Sequence[Sample]) -> None:
        for sample in samples if self._watched else ():
            for waiting in self._watched.get(sample.address, ()):
                if not waiting.done():
                    waiting.set_result(sample)


def _fingerprint(message: Message) -> int:
    return hash((message.topic, message.payload))


def _nested(path: Sequence[str | int], value: Value) -> Any:
    for step in reversed(path):
        value = [value] if step == 0 else {str(step): value}  # type: ignore[assignment]
    return value


def _same(found: Value, wanted: Value) -> bool:
    """Equal, with room for a controller that keeps 32-bit floats."""
    if isinstance(found, bool) or isinstance(wanted, bool) or not isinstance(found, int | float):
        return found == wanted
    return isinstance(wanted, int | float) and math.isclose(found, wanted, rel_tol=1e-6, abs_tol=1e-12)
