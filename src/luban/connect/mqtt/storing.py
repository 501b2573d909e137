"""What every driver on a broker does with its values: wait for the disk, and for the answer to a write."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from luban.connect.mqtt.broker import BrokerSettings
from luban.connect.mqtt.session import Session
from luban.connect.wire import Sample, Sink
from luban.core.errors import DiskFullError, LinkDownError, NotAllowedError

__all__ = ["Awaited", "on_disk", "session_for_write"]

_DISK_RETRY: Final = 0.5  # [s]


async def on_disk(session: Session, sink: Sink) -> None:
    """Return once the disk has it all. A full disk stops acknowledgements, and so the broker."""
    while True:
        try:
            await sink.flush()
        except DiskFullError:
            await asyncio.sleep(_DISK_RETRY)
            sink.alive(session.heard)
        else:
            return


def session_for_write(session: Session | None, settings: BrokerSettings, address: str) -> Session:
    """The session to write the address through. Raises NotAllowedError, LinkDownError."""
    if address not in settings.writable:
        raise NotAllowedError(
            "this address may not be written", came=address, hint="list it under 'writable' of its source"
        )
    if session is None:
        raise LinkDownError("not connected", where=settings.url)
    return session


class Awaited:
    """Writes that wait for an address to report the value in force."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[asyncio.Future[Sample]]] = {}

    def __contains__(self, address: str) -> bool:
        return address in self._waiting

    @contextmanager
    def report(self, address: str) -> Iterator[asyncio.Future[Sample]]:
        """The next value of the address, within this context."""
        future: asyncio.Future[Sample] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(address, []).append(future)
        try:
            yield future
        finally:
            self._waiting[address].remove(future)
            if not self._waiting[address]:
                del self._waiting[address]

    def answer(self, sample: Sample) -> None:
        """A value came."""
        for future in self._waiting.get(sample.address, ()):
            if not future.done():
                future.set_result(sample)
