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
from luban.connect.mqtt.storing import Awaited, on_disk, session_for_write
from luban.connect.wire import Capabilities, Driver, Proposal, ReadBack, Sample, SettingsModel, Sink, Value
from luban.core.errors import PayloadError, SecurityError
from luban.core.quality import Quality
from luban.core.time import SECOND, now

__all__ = ["MqttDriver"]

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
        self.keepalive = settings.keepalive
        self.resumed = False  # the broker kept everything for us while we were away …
        self.lapse = ""  # … or why it did not
        self._session: Session | None = None
        self._awaited = Awaited()

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
        session = session_for_write(self._session, self._settings, address)
        target, answer = parse_address(address), self._settings.read_back.get(address)
        payload = json.dumps(_nested(target.path, value), ensure_ascii=False).encode()
        if not target.path and isinstance(value, str):
            payload = value.encode()
        if not answer:
            await session.publish(target.topic, payload, 1)
            return ReadBack(True, None, now(), "the broker took it; the source names no read-back address")
        try:
            with self._awaited.report(answer) as report:
                await session.publish(target.topic, payload, 1)
                async with asyncio.timeout(self._settings.write_timeout / SECOND):
                    found = await report
        except TimeoutError:
            return ReadBack(False, None, now(), f"no answer on {answer}")
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
        await on_disk(session, sink)
        session.acknowledge(batch)
        for sample in samples:
            self._awaited.answer(sample)

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


def _nested(path: Sequence[str | int], value: Value) -> Any:
    for step in reversed(path):
        value = [value] if step == 0 else {str(step): value}  # type: ignore[assignment]
    return value


def _same(found: Value, wanted: Value) -> bool:
    """Equal, with room for a controller that keeps 32-bit floats."""
    if isinstance(found, bool) or isinstance(wanted, bool) or not isinstance(found, int | float):
        return found == wanted
    return isinstance(wanted, int | float) and math.isclose(found, wanted, rel_tol=1e-6, abs_tol=1e-12)
