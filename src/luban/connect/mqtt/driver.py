"""MQTT with JSON or plain text: values by topic and path, acknowledged once they are on disk."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Sequence
from typing import Any, ClassVar, Final
from zoneinfo import ZoneInfo

from luban.connect.mqtt.browse import listen
from luban.connect.mqtt.payload import MISSING, Address, document, parse_address, parse_path, read_time, records
from luban.connect.mqtt.recall import Recall
from luban.connect.mqtt.session import Message, Session
from luban.connect.mqtt.settings import MqttSettings
from luban.connect.wire import Capabilities, Driver, Proposal, ReadBack, Sample, SettingsModel, Sink, Value
from luban.core.errors import DiskFullError, LinkDownError, NotAllowedError, PayloadError, SecurityError
from luban.core.quality import Quality
from luban.core.time import SECOND, now

__all__ = ["MqttDriver"]

_DISK_RETRY: Final = 0.5  # [s]
_BATCH: Final = 1_000  # messages stored and acknowledged at once


class MqttDriver(Driver):
    """One broker, any number of topics."""

    type: ClassVar[str] = "mqtt"
    settings: ClassVar[SettingsModel] = MqttSettings
    capabilities: ClassVar[Capabilities] = Capabilities(browse=True, write=True, redelivers=True)

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
        self.resumed = False  # the broker kept everything for us while we were away …
        self.lapse = ""  # … or why it did not
        self._session: Session | None = None
        self._watched: dict[str, list[asyncio.Future[Sample]]] = {}

    async def run(self, sink: Sink) -> None:
        """Deliver until the link fails. Raises LinkDownError or SecurityError."""
        recall = Recall(sink)
        clean = self._settings.qos == 0
        async with Session(self._settings, self._client_id, clean=clean) as session:
            self._session = session
            try:
                self.lapse = self._lapse(recall, session.present)
                self.resumed = not self.lapse
                sink.alive(session.heard)
                await self._subscribe(session, sink, recall)
                while True:
                    batch = await session.receive(_BATCH)
                    await self._store(session, sink, recall, batch)
            finally:
                self._session = None

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

    def _lapse(self, recall: Recall, present: bool) -> str:
        """Why the broker may not have kept everything while we were away; '' if it has."""
        if self._settings.qos == 0:
            return "qos 0: the broker keeps nothing while we are away"
        if not present:
            return "the broker does not know our session any more"
        if recall.fleeting & self._topics.keys():
            return f"published with qos 0, which a broker does not keep: {', '.join(sorted(recall.fleeting)[:5])}"
        return ""

    async def _subscribe(self, session: Session, sink: Sink, recall: Recall) -> None:
        """Subscribe to what is new; topics that are mapped no longer would fill the broker's memory of us."""
        wanted = frozenset(self._topics)
        # Subscribing again makes a broker repeat every retained message.
        known = recall.filters if session.present else frozenset()
        await session.unsubscribe(sorted(known - wanted))
        refused = await session.subscribe(sorted(wanted - known), self._settings.qos)
        if refused and len(refused) == len(wanted):
            raise SecurityError("the broker refuses every topic", came=refused[0], where=self._settings.url)
        for topic in refused:
            for address in self._topics[topic]:
                sink.reject(address.text, b"", "the broker refuses this topic")
        if wanted != recall.filters:
            recall.subscribed(wanted - set(refused))

    async def _store(self, session: Session, sink: Sink, recall: Recall, batch: Sequence[Message]) -> None:
        samples: list[Sample] = []
        for message in batch:
            if not recall.is_stored(message):
                samples += self._samples(message, sink)
                if message.qos == 0 and not message.retained and self._settings.qos and message.topic in self._topics:
                    recall.passed(message.topic)
        sink.alive(session.heard)
        if not batch:
            return
        if samples:
            sink.samples([sample for sample in samples if sample.address in self._mapped])
        recall.keep(batch)
        await self._flush(session, sink)
        session.acknowledge(batch)
        self._answer_writes(samples)

    async def _flush(self, session: Session, sink: Sink) -> None:
        """Wait until the disk has it. A full disk stops acknowledgements, and so the broker."""
        while True:
            try:
                await sink.flush()
            except DiskFullError:
                await asyncio.sleep(_DISK_RETRY)
                sink.alive(session.heard)
            else:
                return

    def _samples(self, message: Message, sink: Sink) -> list[Sample]:
        addresses = self._topics.get(message.topic)
        if addresses is None or (message.retained and self._settings.retained == "ignore"):
            return []
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
                    if self._settings.missing == "skip" and address.find(record) is MISSING:
                        continue
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


def _nested(path: Sequence[str | int], value: Value) -> Any:
    for step in reversed(path):
        value = [value] if step == 0 else {str(step): value}  # type: ignore[assignment]
    return value


def _same(found: Value, wanted: Value) -> bool:
    """Equal, with room for a controller that keeps 32-bit floats."""
    if isinstance(found, bool) or isinstance(wanted, bool) or not isinstance(found, int | float):
        return found == wanted
    return isinstance(wanted, int | float) and math.isclose(found, wanted, rel_tol=1e-6, abs_tol=1e-12)
