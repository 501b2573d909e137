"""A cable between a driver and the other end of its wire."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from luban.connect.listener import Listener
from tests.outside import free_port

__all__ = ["Cable"]


class Cable(Listener):
    """A TCP relay that can be cut (connections reset) or frozen (nothing passes, nothing is said)."""

    def __init__(self, target: int) -> None:
        super().__init__("127.0.0.1", free_port())
        self.target = target
        self._thawed = asyncio.Event()
        self._thawed.set()

    async def mend(self) -> None:
        await self.start()

    async def cut(self) -> None:
        """Break all that is connected and refuse more."""
        await self.kill()
        self.thaw()

    def freeze(self) -> None:
        self._thawed.clear()

    def thaw(self) -> None:
        self._thawed.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends = {writer}
        try:
            await self._thawed.wait()
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
            ends.add(far_writer)
            await asyncio.gather(self._pump(reader, far_writer, up=True), self._pump(far_reader, writer, up=False))
        finally:
            for end in ends:
                end.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, up: bool) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            while data := await self._piece(reader, up=up):
                await self._thawed.wait()
                writer.write(data)
                await writer.drain()
        writer.transport.abort()

    async def _piece(self, reader: asyncio.StreamReader, *, up: bool) -> bytes:
        """What is carried at once; b"" at the end. up: on its way to the target."""
        return await reader.read(65_536)
