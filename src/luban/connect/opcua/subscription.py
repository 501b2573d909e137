"""A subscription that keeps up: values in batches, losses noticed, dead links found within 3 s.

It sits on asyncua's session, below its `Subscription`: that one starts a task for each value and
re-creates itself in silence when it goes stale, which would hide a gap.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Sequence

from asyncua import ua

from luban.connect.opcua.addresses import in_chunks, resolve
from luban.connect.opcua.composite import Composite, compose, parts_of
from luban.connect.opcua.session import Link
from luban.connect.opcua.settings import OpcUaSettings
from luban.connect.opcua.values import Point, overflowed, time_of
from luban.connect.wire import Sample, Sink
from luban.core.errors import LinkDownError
from luban.core.quality import Quality
from luban.core.time import MILLISECOND, SECOND, now

__all__ = ["Subscription"]

logger = logging.getLogger(__name__)

_SILENCE = 2.5  # no sign of life for so long is a dead link [s]
_GRACE = 1.0  # beyond two missed keep-alives of a subscription [s]
_PROBE = 0.8  # between two questions to the server [s]
_TICK = 0.25  # [s]
_RETRY = 10.0  # between two looks for nodes that were not there [s]
_LIFETIME = 60 * SECOND  # the server forgets a subscription that nobody collects
_MOST_PER_PUBLISH = 10_000
_TRUST_CLOCK = 5 * SECOND  # a server clock further off than this is not used for coverage
_SETTLE = 100 * MILLISECOND  # a source stamps a value a little before its server can send it
_SEQUENCE_END = 0xFFFFFFFF


class Subscription:
    """All addresses of one source in one OPC UA subscription."""

    def __init__(self, link: Link, sink: Sink, settings: OpcUaSettings) -> None:
        self._link, self._sink, self._settings = link, sink, settings
        self.points: dict[str, Point] = {}
        self.composites: dict[str, Composite] = {}
        self._direct: set[str] = set()
        self._by_handle: dict[int, Point] = {}
        self._id = 0
        self._missing: list[str] = []
        self._ready = False
        self._expected = 0  # sequence number of the next message
        self._published = 0  # publish time of the last message [µs]
        self.proved = now()  # what the server sampled up to here has been sent [µs]
        self._heard = time.monotonic()  # last message of the subscription
        self._answered = time.monotonic()  # last sign of life of the server
        self.pause = 0  # longest time between two messages, as the server grants it [µs]
        self._ended = ""

    async def start(self, addresses: Sequence[str]) -> None:
        """Create the subscription and its items."""
        settings = self._settings
        parameters = ua.CreateSubscriptionParameters()
        parameters.RequestedPublishingInterval = settings.publishing_interval / MILLISECOND
        parameters.RequestedMaxKeepAliveCount = max(1, settings.keepalive // settings.publishing_interval)
        parameters.RequestedLifetimeCount = max(
            3 * parameters.RequestedMaxKeepAliveCount, _LIFETIME // settings.publishing_interval
        )
        parameters.MaxNotificationsPerPublish = _MOST_PER_PUBLISH
        parameters.PublishingEnabled = True
        made = await self._link.client.uaclient.create_subscription(parameters, self._on_publish)
        self._id = made.SubscriptionId
        self.pause = round(made.RevisedPublishingInterval * MILLISECOND) * made.RevisedMaxKeepAliveCount
        await self._add(addresses)
        self._heard = time.monotonic()
        self._ready = True

    async def watch(self) -> None:
        """Return never: raise LinkDownError once the link or the subscription is dead."""
        link = self._link
        probe: asyncio.Task[None] | None = None
        retried = probed = time.monotonic()
        try:
            while True:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(link.lost.wait(), _TICK)
                self._judge()
                moment = time.monotonic()
                if (probe is None or probe.done()) and moment - probed >= _PROBE:
                    probed = moment
                    probe = asyncio.create_task(self._probe())
                if self._missing and moment - retried >= _RETRY:
                    retried = moment
                    await self._add(self._missing)
        finally:
            if probe is not None:
                probe.cancel()
                await asyncio.gather(probe, return_exceptions=True)

    def _judge(self) -> None:
        moment = time.monotonic()
        reason = ""
        if not self._link.up:
            reason = "the connection was closed"
        elif self._ended:
            reason = self._ended
        elif moment - max(self._answered, self._heard) > _SILENCE:
            reason = f"silent for {_SILENCE:g} s"
        elif moment - self._heard > max(_SILENCE, 2 * self.pause / SECOND) + _GRACE:
            reason = "the server answers but sends nothing: its subscription is gone"
        if reason:
            self._link.lost.set()
            raise LinkDownError(reason, where=self._link.url)

    async def _probe(self) -> None:
        """Any answer is a sign of life; a server that says it shuts down is gone already."""
        try:
            state = await self._link.client.nodes.server_state.read_value()
        except (ua.UaError, OSError, TimeoutError) as error:
            logger.debug("%s: no answer to the probe: %s", self._link.url, error)
            return
        self._answered = time.monotonic()
        if state == ua.ServerState.Shutdown:
            self._ended = "the server shuts down"

    # --- items ---

    async def _add(self, addresses: Sequence[str]) -> None:
        """Subscribe to what exists; tell about the rest and look for it again later."""
        wanted = dict.fromkeys(part for address in addresses for part in parts_of(address))
        points, failed = await resolve(self._link, [part for part in wanted if part not in self.points])
        for address in addresses:
            if (parts := parts_of(address)) == [address]:
                self._direct.add(address)
            elif not any(part in failed for part in parts):
                self.composites[address] = Composite(address, parts)
        failed |= await self._monitor(points)
        missing = [address for address in addresses if any(part in failed for part in parts_of(address))]
        for address in missing:
            if address not in self._missing:
                self._tell_missing(address, next(failed[p] for p in parts_of(address) if p in failed))
        self._missing = missing

    def _tell_missing(self, address: str, reason: str) -> None:
        logger.warning("%s: %s cannot be read: %s", self._link.url, address, reason)
        self._sink.reject(address, "", reason)
        self._sink.samples([Sample(address, now(), None, Quality.CONFIGURATION)])

    async def _monitor(self, points: Sequence[Point]) -> dict[str, str]:
        async def call(chunk: Sequence[Point]) -> list[ua.MonitoredItemCreateResult]:
            parameters = ua.CreateMonitoredItemsParameters()
            parameters.SubscriptionId = self._id
            parameters.TimestampsToReturn = ua.TimestampsToReturn.Both
            for point in chunk:
                handle = len(self._by_handle) + 1
                # Before the call: the first values may overtake its answer.
                self._by_handle[handle] = point
                parameters.ItemsToCreate.append(self._item(point, handle))
            return list(await self._link.client.uaclient.create_monitored_items(parameters))

        results = await in_chunks(points, self._link.limits.monitor, call)
        failed = {
            p.address: str(r.StatusCode.name) for p, r in zip(points, results, strict=True) if r.StatusCode.is_bad()
        }
        self.points |= {p.address: p for p in points if p.address not in failed}
        return failed

    def _item(self, point: Point, handle: int) -> ua.MonitoredItemCreateRequest:
        item = ua.MonitoredItemCreateRequest()
        item.ItemToMonitor.NodeId = point.node
        item.ItemToMonitor.AttributeId = ua.AttributeIds.Value
        item.MonitoringMode = ua.MonitoringMode.Reporting
        item.RequestedParameters.ClientHandle = handle
        item.RequestedParameters.SamplingInterval = self._settings.sampling_interval / MILLISECOND
        item.RequestedParameters.QueueSize = self._settings.queue_size
        item.RequestedParameters.DiscardOldest = True
        return item

    # --- messages ---

    async def _on_publish(self, result: ua.PublishResult) -> None:
        self._heard = time.monotonic()
        message = result.NotificationMessage
        published = _micros(message)
        if message.NotificationData:
            await self._check_sequence(message.SequenceNumber, published)
            self._take(message)
        elif self._expected and message.SequenceNumber not in (self._expected, 0):
            await self._check_sequence(message.SequenceNumber, published, keepalive=True)
        self._published = published
        if self._ready and not result.MoreNotifications:
            self._prove(published)

    def _prove(self, published: int) -> None:
        """What the server sampled up to its last look has been sent: that far the link is proved."""
        here = now()
        proved = published if abs(here - published) <= _TRUST_CLOCK else here
        self.proved = max(self.proved, min(here, proved) - max(_SETTLE, self._settings.sampling_interval))
        self._sink.alive(self.proved)

    async def _check_sequence(self, number: int, published: int, *, keepalive: bool = False) -> None:
        """Fetch messages that were skipped; what the server no longer has is lost."""
        missing = (number - self._expected) % _SEQUENCE_END if self._expected else 0
        self._expected = number if keepalive else number % _SEQUENCE_END + 1
        if not 0 < missing < _SEQUENCE_END // 2:
            return
        for skipped in range(number - missing, number):
            try:
                message = await self._link.client.uaclient.session.republish(self._id, skipped)
            except (ua.UaError, OSError, TimeoutError) as error:
                reason = f"{missing} messages skipped and no longer kept by the server ({type(error).__name__})"
                self._sink.lost(self._published, published, reason)
                return
            self._take(message)

    def _take(self, message: ua.NotificationMessage) -> None:
        samples: list[Sample] = []
        updates: list[Sample] = []
        for notification in message.NotificationData:
            if isinstance(notification, ua.DataChangeNotification):
                for item in notification.MonitoredItems:
                    self._take_value(item, samples, updates)
            elif isinstance(notification, ua.StatusChangeNotification):
                self._ended = f"the server ended the subscription ({notification.Status.name})"
        if updates:
            samples += compose(self.composites.values(), updates)
        if samples:
            # A message holds them item by item; which order a count belongs to is told by time alone.
            self._sink.samples(sorted(samples, key=lambda sample: sample.time))

    def _take_value(self, item: ua.MonitoredItemNotification, samples: list[Sample], updates: list[Sample]) -> None:
        point = self._by_handle.get(item.ClientHandle)
        if point is None:
            return
        value = item.Value
        if value.StatusCode is not None and overflowed(value.StatusCode.value):
            self._sink.lost(point.last, time_of(value), "the server's queue was full", [point.address])
        try:
            sample = point.sample(value)
        except ValueError as error:
            self._sink.reject(point.address, repr(value.Value), f"not readable: {error}")
            sample = Sample(point.address, point.last, None, Quality.WRONG_TYPE, point.unit)
        if point.address in self._direct:
            samples.append(sample)
        if self.composites:
            updates.append(sample)


def _micros(message: ua.NotificationMessage) -> int:
    return time_of(ua.DataValue(SourceTimestamp=message.PublishTime))
