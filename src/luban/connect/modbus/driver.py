"""The Modbus TCP driver: poll, write."""

from __future__ import annotations

import asyncio
import builtins
from collections.abc import AsyncIterator, Sequence
from typing import ClassVar, Final

from luban.connect.modbus.address import Point
from luban.connect.modbus.link import Link, RefusedError, SilentError, connected
from luban.connect.modbus.scan import Scan
from luban.connect.modbus.settings import ModbusSettings
from luban.connect.modbus.sunspec import propose
from luban.connect.wire import Capabilities, Proposal, ReadBack, Sample, Sink, Value
from luban.core.errors import ConnectError, LinkDownError, NotAllowedError
from luban.core.time import SECOND, now

__all__ = ["ModbusDriver"]

_PAUSES: Final = (0.0, 0.05, 0.1, 0.2, 0.4, 0.8)  # between read-backs [s]: a controller takes a value over in its cycle


class ModbusDriver:
    """One Modbus TCP device, or a gateway with several units behind it."""

    type: ClassVar[str] = "modbus"
    settings: ClassVar[builtins.type[ModbusSettings]] = ModbusSettings
    capabilities: ClassVar[Capabilities] = Capabilities(write=True)

    def __init__(self, settings: ModbusSettings, addresses: Sequence[str]) -> None:
        self._settings = settings
        self._points = [settings.point(address) for address in dict.fromkeys(addresses)]
        self._link: Link | None = None
        units = {point.place.unit for point in self._points}
        self.keepalive = max(settings.interval, settings.timeout * len(units))  # all but one of them may be silent

    async def run(self, sink: Sink) -> None:
        """Poll until the link fails or the task is cancelled. Raises LinkDownError."""
        settings = self._settings
        scan = Scan(self._points, settings.most, settings.gap, settings.sunspec)
        loop = asyncio.get_running_loop()
        async with connected(settings) as link:
            self._link = link
            try:
                due = loop.time()
                while True:
                    await scan.round(link, sink)
                    if not self._points:
                        sink.alive()
                    due = max(due + settings.interval / SECOND, loop.time())
                    await link.rest(due - loop.time())
            finally:
                self._link = None

    async def history(
        self,
        addresses: Sequence[str],  # noqa: ARG002
        start: int,  # noqa: ARG002
        end: int,  # noqa: ARG002
    ) -> AsyncIterator[Sequence[Sample]]:
        """A register holds one value: the present one."""
        return
        yield ()

    async def browse(self) -> list[Proposal]:
        """The points of a SunSpec device. Raises ConnectError for any other: its registers have no directory."""
        async with connected(self._settings) as link:
            found = await propose(link, self._settings.unit)
        if not found:
            raise ConnectError(
                "this device has no directory of its registers",
                came=f"unit {self._settings.unit} is no SunSpec device",
                where=self._settings.url,
                hint="take the addresses from its manual, e.g. input:52:float32",
            )
        return found

    async def write(self, address: str, value: Value) -> ReadBack:
        """Write one allow-listed address and read it back. Raises NotAllowedError, InputError, LinkDownError."""
        if address not in self._settings.writable:
            raise NotAllowedError(
                "this address may not be written",
                came=address,
                where=self._settings.url,
                hint="list it under 'writable' of its source",
            )
        link, point = self._link, self._settings.point(address)
        if link is None:
            raise LinkDownError("not connected", where=self._settings.url)
        try:
            power = None
            if point.power is not None:
                word = int((await link.read(point.power))[0])
                power = word - ((word & 0x8000) << 1)
            words = point.words(value, power)
            await link.write(point.place, words)
            return await self._read_back(link, point, words, power)
        except (RefusedError, SilentError) as error:
            return ReadBack(accepted=False, time=now(), reason=error.message)

    async def _read_back(self, link: Link, point: Point, words: Sequence[int], power: int | None) -> ReadBack:
        came: Sequence[int] = ()
        for pause in _PAUSES:
            await asyncio.sleep(pause)
            came = [int(word) for word in await link.read(point.place)]
            if came == list(words):
                return ReadBack(True, point.value(came, power), now())
        value = point.value(came, power)
        return ReadBack(True, value, now(), f"read back {value!r} instead of {point.value(words, power)!r}")
