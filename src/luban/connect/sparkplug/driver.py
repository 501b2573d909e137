"""Sparkplug B 3.0 host application: births give names and types, data give values, deaths give silence."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import ClassVar, Final

from luban.connect.mqtt.session import Message, Session
from luban.connect.mqtt.storing import Awaited, on_disk, session_for_write
from luban.connect.sparkplug.browse import listen
from luban.connect.sparkplug.edge import EdgeNode, News
from luban.connect.sparkplug.names import NAMESPACE, Topic, parse_address, parse_topic
from luban.connect.sparkplug.payload import Metric
from luban.connect.sparkplug.requests import Rebirths, write_payload
from luban.connect.sparkplug.settings import SparkplugSettings
from luban.connect.sparkplug.state import HostState
from luban.connect.sparkplug.values import samples, unit_of
from luban.connect.sparkplug.vigil import Vigil
from luban.connect.wire import Capabilities, Driver, Proposal, ReadBack, Sample, SettingsModel, Sink, Value
from luban.core.errors import PayloadError, SecurityError
from luban.core.quality import Quality
from luban.core.time import MILLISECOND, SECOND, now

__all__ = ["SparkplugDriver"]

_TURN: Final = 0.2  # longest wait before deadlines are looked at [s]
_FLUSH_EVERY: Final = 10_000  # samples between two waits for the disk: a slow disk then slows the broker


class SparkplugDriver(Driver):
    """One broker, any number of edge nodes."""

    type: ClassVar[str] = "sparkplug"
    settings: ClassVar[SettingsModel] = SparkplugSettings
    capabilities: ClassVar[Capabilities] = Capabilities(browse=True, write=True)

    def __init__(self, settings: SparkplugSettings, addresses: Sequence[str]) -> None:
        self._settings = settings
        self._mapped = {text: parse_address(text) for text in addresses}
        targets = [*self._mapped.values(), *(parse_address(text) for text in settings.writable)]
        self._edges = {address.edge: EdgeNode() for address in targets}
        self._host = HostState(settings.primary_host) if settings.primary_host else None
        self._rebirths = Rebirths(settings.rebirth_interval if settings.request_rebirth else 0)
        self._session: Session | None = None
        self.keepalive = settings.keepalive
        owners = {(a.edge, a.device) for a in targets}
        self._vigil = Vigil(
            [(edge, device, frozenset(self._addresses(edge, device))) for edge, device in owners],
            settings.birth_timeout,
            history_first=self._host is not None,
        )
        self._awaited = Awaited()
        self._missing: set[str] = set()
        self._since_flush = 0
        self._told = 0  # last sign of life that the sink knows [µs UTC]

    async def run(self, sink: Sink) -> None:
        """Deliver until the link fails. Raises LinkDownError or SecurityError."""
        will = self._host.will(now()) if self._host else None
        client_id = self._settings.client_id or "luban" + secrets.token_hex(9)
        async with Session(self._settings, client_id, clean=True, will=will) as session:
            self._session = session
            try:
                sink.alive(session.heard)
                await self._introduce(session)
                while True:
                    batch = await session.receive(within=_TURN)
                    await self._work(session, sink, batch)
            finally:
                self._session = None
                self._vigil.give_up(sink)
                if self._host is not None:
                    await self._host.leave(session)

    async def browse(self) -> list[Proposal]:
        """Ask the known edge nodes to announce themselves, listen, and propose their metrics."""
        return await listen(self._settings, sorted({*self._edges, *self._settings.edge_nodes}))

    async def write(self, address: str, value: Value) -> ReadBack:
        """Command an allow-listed metric and wait until the edge node reports it."""
        session = session_for_write(self._session, self._settings, address)
        target = parse_address(address)
        birth = self._edges[target.edge].births.get(target.device)
        known = birth.metrics.get(target.metric) if birth else None
        if known is None:
            return ReadBack(False, None, now(), "no living edge node or device has this metric")
        try:
            payload = write_payload(known, value, now() // MILLISECOND)
        except PayloadError as error:
            return ReadBack(False, None, now(), error.message)
        topic = Topic(target.group, "DCMD" if target.device else "NCMD", target.node, target.device)
        try:
            with self._awaited.report(address) as report:
                await session.publish(str(topic), payload, 0)
                async with asyncio.timeout(self._settings.write_timeout / SECOND):
                    found = await report
        except TimeoutError:
            return ReadBack(False, None, now(), "the edge node did not report the metric")
        same = write_payload(known, found.value) == write_payload(known, value) if found.value is not None else False
        return ReadBack(same, found.value, found.time, "" if same else "read back another value")

    async def _introduce(self, session: Session) -> None:
        """Subscribe, say that we are there, and ask for the births that we have missed."""
        filters = [f"{NAMESPACE}/{group}/+/{node}/#" for group, node in (edge.split("/") for edge in self._edges)]
        if self._host is not None:
            filters.append(self._host.topic)
        refused = await session.subscribe(filters, 1)
        if refused:
            raise SecurityError("the broker refuses a topic", came=refused[0], where=self._settings.url)
        if self._host is not None:
            await self._host.arrive(session)
        for edge in self._edges:
            self._rebirths.want(edge)
        await self._rebirths.send(session, now())
        self._vigil.begin(now())

    async def _work(self, session: Session, sink: Sink, batch: Sequence[Message]) -> None:
        at = now()
        for message in batch:
            self._take(message, sink)
            if self._host is not None and self._host.contradicts(message):
                await self._host.arrive(session)
        ready = self._vigil.ready(at, sink)
        if ready:
            sink.samples(ready)
        if session.heard != self._told:
            self._told = session.heard
            sink.alive(session.heard)
        await self._rebirths.send(session, at)
        self._since_flush += len(ready)
        if self._since_flush >= _FLUSH_EVERY or any(message.qos for message in batch):
            await on_disk(session, sink)
            self._since_flush = 0
            session.acknowledge(batch)

    def _take(self, message: Message, sink: Sink) -> None:
        topic = parse_topic(message.topic)
        edge = self._edges.get(topic.edge) if topic else None
        if topic is None or edge is None or topic.kind in ("NCMD", "DCMD") or message.retained:
            return
        try:
            news = edge.take(topic.kind, topic.device, message.payload, message.arrived)
        except PayloadError as error:
            sink.reject(message.topic, message.payload, error.message)
            # What the message said is lost, and with it its place in the sequence.
            return
        if news.rebirth:
            self._rebirths.want(topic.edge)
        if news.birth:
            self._born(topic, edge, news, message.arrived, sink)
        for device in news.died:
            self._vigil.died(topic.edge, device, message.arrived)
        self._vigil.heard(topic.edge, message.arrived, historical=any(m.historical for m in news.metrics))
        for metric in news.metrics:
            for sample in self._samples(topic, edge, metric, news, message.arrived):
                self._awaited.answer(sample)
                if sample.address in self._mapped:
                    self._vigil.put(topic.edge, sample)

    def _born(self, topic: Topic, edge: EdgeNode, news: News, arrived: int, sink: Sink) -> None:
        if topic.kind == "NBIRTH":
            self._rebirths.granted(topic.edge)
        if news.healed:
            addresses = sorted(self._addresses(topic.edge, None))
            sink.lost(news.healed, arrived, "messages were missing in the edge node's sequence", addresses)
        self._vigil.born(topic.edge, topic.device, arrived)
        announced = {
            sample.address for metric in news.metrics for sample in self._samples(topic, edge, metric, news, 0)
        }
        for text in self._addresses(topic.edge, topic.device) - announced - self._missing:
            self._missing.add(text)
            sink.reject(text, b"", "the edge node announces no such metric")
            self._vigil.put(topic.edge, Sample(text, arrived, None, Quality.UNAVAILABLE))

    def _samples(self, topic: Topic, edge: EdgeNode, metric: Metric, news: News, arrived: int) -> Iterable[Sample]:
        owner = f"{topic.edge}/{topic.device}" if topic.device else topic.edge
        birth = edge.births.get(topic.device)
        announced = birth.metrics.get(metric.name) if birth else None
        unit = unit_of(metric.properties) or (unit_of(announced.properties) if announced else "")
        for sample in samples(owner, metric, news.time, arrived, unit):
            if sample.address in self._mapped or sample.address in self._awaited:
                doubt = metric.name in news.doubtful and sample.quality.is_good
                yield replace(sample, quality=Quality.UNCERTAIN) if doubt else sample

    def _addresses(self, edge: str, device: str | None) -> set[str]:
        """Mapped addresses of an edge node: of one device, '' for the node itself, None for all."""
        return {
            text
            for text, address in self._mapped.items()
            if address.edge == edge and (device is None or address.device == device)
        }
