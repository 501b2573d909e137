"""A real mosquitto on loopback that can be stopped, killed and started again, and a cable that can be cut."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import time
from pathlib import Path

from tests.outside import free_port, require

__all__ = ["Cable", "Mosquitto"]


class Mosquitto:
    """mosquitto with its own folder and port; `lines` go into its configuration."""

    def __init__(self, folder: Path, *lines: str, port: int | None = None) -> None:
        self.program = require("mosquitto")
        self.port = port or free_port()
        self.url = f"mqtt://127.0.0.1:{self.port}"
        self.log = folder / "mosquitto.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._config = folder / "mosquitto.conf"
        self._config.write_text(
            "\n".join([f"listener {self.port} 127.0.0.1", "max_queued_messages 0", *lines]) + "\n", encoding="utf-8"
        )
        if not any(line.startswith(("allow_anonymous", "password_file")) for line in lines):
            self._config.write_text(self._config.read_text() + "allow_anonymous true\n", encoding="utf-8")

    @classmethod
    def lasting(cls, folder: Path, *lines: str) -> Mosquitto:
        """One that keeps its sessions and messages over an orderly restart."""
        store = folder / "store"
        store.mkdir()
        return cls(folder, "persistence true", f"persistence_location {store}/", "user root", *lines)

    def start(self) -> None:
        if self._process is not None:
            return
        with self.log.open("ab") as log:
            self._process = subprocess.Popen([self.program, "-c", str(self._config)], stdout=log, stderr=log)
        deadline = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 0.2).close()
                return
            except OSError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise AssertionError(f"mosquitto did not start: {self.log.read_text()}") from None
                time.sleep(0.02)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(10)
            self._process = None

    def __enter__(self) -> Mosquitto:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()


class Cable:
    """A TCP relay in front of a broker that counts publications with qos 1 and their acknowledgements."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = free_port()
        self.url = f"mqtt://127.0.0.1:{self.port}"
        self.published = 0  # to the client
        self.acknowledged = 0  # by the client
        self.frozen = False  # takes bytes and carries none
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def mend(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._join, "127.0.0.1", self.port)

    async def cut(self) -> None:
        """Break all that is connected and refuse more."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._writers):
            writer.transport.abort()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, far_writer}
        await asyncio.gather(self._pump(reader, far_writer, up=True), self._pump(far_reader, writer, up=False))
        self._writers -= {writer, far_writer}

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, up: bool) -> None:
        try:
            while True:
                head = await reader.readexactly(1)
                size, shift, packet = 0, 0, bytearray(head)
                while True:
                    byte = (await reader.readexactly(1))[0]
                    packet.append(byte)
                    size |= (byte & 0x7F) << shift
                    shift += 7
                    if not byte & 0x80:
                        break
                packet += await reader.readexactly(size)
                kind = head[0] >> 4
                self.acknowledged += up and kind == 4
                self.published += not up and kind == 3 and bool(head[0] & 6)
                if self.frozen:
                    continue
                writer.write(packet)
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.transport.abort()
