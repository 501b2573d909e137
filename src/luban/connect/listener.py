"""A TCP server that can end, die and come back on its port: the ground of the device sides."""

from __future__ import annotations

import asyncio
import ssl
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self, cast

__all__ = ["Listener"]


class Listener(ABC):
    """Use as an async context manager, or `start` and `stop` it.

    host  address to listen on
    port  TCP port; 0 takes a free one and keeps it over `stop` and `start`
    tls   serves with this certificate
    """

    def __init__(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> None:
        self.port = port
        self._host = host
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def listening(self) -> bool:
        """Whether it takes connections."""
        return self._server is not None

    @property
    def clients(self) -> int:
        """How many are connected."""
        return len(self._writers)

    async def start(self) -> None:
        """Listen; on the same port after a stop."""
        if self._server is None:
            self._server = await asyncio.start_server(self._welcome, self._host, self.port, ssl=self._tls)
            self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """End in an orderly way."""
        await self._end(abort=False)

    async def kill(self) -> None:
        """Die without a good-bye: connections are reset."""
        await self._end(abort=True)

    async def _end(self, *, abort: bool) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._writers):
            if abort:
                writer.transport.abort()
            else:
                writer.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = cast("asyncio.Task[None]", asyncio.current_task())
        self._tasks.add(task)
        self._writers.add(writer)
        try:
            await self._serve(reader, writer)
        except (OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError):
            pass  # a client that goes away, talks nonsense or writes without end, or our own end
        finally:
            self._writers.discard(writer)
            self._tasks.discard(task)
            writer.close()

    @abstractmethod
    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk to one client until it goes away; called without a pause after it came."""
