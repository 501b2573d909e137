"""The OPC UA driver: subscribe, read history, browse, write."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import ClassVar

from asyncua import ua

from luban.connect.opcua.addresses import resolve
from luban.connect.opcua.browse import propose
from luban.connect.opcua.composite import parts_of
from luban.connect.opcua.history import composed_history, raw_history
from luban.connect.opcua.session import Link, connected, translated
from luban.connect.opcua.settings import OpcUaSettings
from luban.connect.opcua.subscription import Subscription
from luban.connect.opcua.writing import write_value
from luban.connect.wire import Capabilities, Proposal, ReadBack, Sample, Sink, Value
from luban.core.errors import ConnectError, InputError, LinkDownError, NotAllowedError

__all__ = ["OpcUaDriver"]

_WIRE_ERRORS = (ua.UaError, OSError, TimeoutError)


class OpcUaDriver:
    """One OPC UA server. Built anew for each connection attempt."""

    settings: ClassVar[type[OpcUaSettings]] = OpcUaSettings
    type: ClassVar[str] = "opcua"
    capabilities: ClassVar[Capabilities] = Capabilities(browse=True, history=True, write=True)

    def __init__(self, settings: OpcUaSettings, addresses: Sequence[str]) -> None:
        self._settings = settings
        self._addresses = tuple(addresses)
        self._link: Link | None = None
        self._subscription: Subscription | None = None
        self.keepalive = max(settings.keepalive, settings.publishing_interval)
        self.history_since: int | None = None  # the server's record has no hole from here to now

    async def run(self, sink: Sink) -> None:
        """Connect, subscribe and deliver until the link fails or the task is cancelled.

        Raises  LinkDownError, SecurityError
        """
        async with connected(self._settings) as link:
            self._link = link
            self.history_since = link.started or None
            try:
                self._subscription = Subscription(link, sink, self._settings)
                await self._subscription.start(self._addresses)
                self.keepalive = max(self.keepalive, self._subscription.pause)
                await self._subscription.watch()
            except _WIRE_ERRORS as error:
                raise translated(error, self._settings) from error
            finally:
                self._link = self._subscription = None

    async def history(self, addresses: Sequence[str], start: int, end: int) -> AsyncIterator[Sequence[Sample]]:
        """Values with start < time < end, in time order per address; called while `run` is live.

        Raises  ConnectError, after what there is, if the server keeps no history of some address
        """
        link, subscription = self._live()
        # What is younger is still on its way through the subscription: read twice, it would come out of order.
        end = min(end, subscription.proved)
        refused: list[str] = []
        for address in addresses:
            try:
                async for page in _history_of(link, subscription, address, start, end):
                    if page[0].time < link.started:
                        # Older than the process that keeps it: the record outlives a restart of the server.
                        self.history_since = min(start, self.history_since or start)
                    yield page
            except LinkDownError:
                raise
            except ConnectError as error:
                refused.append(f"{address} ({error.came or error.message})")
            except _WIRE_ERRORS as error:
                raise translated(error, self._settings) from error
        if refused:
            raise ConnectError(
                f"no history of {len(refused)} of {len(addresses)} addresses",
                where=link.url,
                came=", ".join(refused)[:300],
            )

    async def browse(self, progress: Callable[[int, int], None] | None = None) -> list[Proposal]:
        """What the server offers, with the mapping it proposes.

        progress  called with (nodes seen, variables found) after each round
        """
        try:
            async with connected(self._settings) as link:
                return await propose(link, progress)
        except _WIRE_ERRORS as error:
            raise translated(error, self._settings) from error

    async def write(self, address: str, value: Value) -> ReadBack:
        """Write one allow-listed address and read it back; called while `run` is live.

        Raises  NotAllowedError, InputError if the value does not fit
        """
        if address not in self._settings.writable:
            raise NotAllowedError(
                "this address may not be written",
                came=address,
                where=self._settings.url,
                expected=f"one of {', '.join(self._settings.writable) or 'none'}",
                hint="add it to 'writable' of the source",
            )
        link, _ = self._live()
        try:
            points, failed = await resolve(link, [address])
            if not points:
                raise InputError("no such node", came=address, where=link.url, expected=failed.get(address, ""))
            return await write_value(link, points[0].node, value, where=address)
        except _WIRE_ERRORS as error:
            raise translated(error, self._settings) from error

    def _live(self) -> tuple[Link, Subscription]:
        if self._link is None or self._subscription is None or not self._link.up:
            raise LinkDownError("not connected", where=self._settings.url)
        return self._link, self._subscription


async def _history_of(
    link: Link, subscription: Subscription, address: str, start: int, end: int
) -> AsyncIterator[Sequence[Sample]]:
    parts = parts_of(address)
    if any(part not in subscription.points for part in parts):
        raise ConnectError("no such node", where=link.url, came=address)
    if parts == [address]:
        async for page in raw_history(link, subscription.points[address], start, end):
            yield page
        return
    live = subscription.composites[address].heard if address in subscription.composites else {}
    samples = await composed_history(link, address, subscription.points, live, start, end)
    if samples:
        yield samples
