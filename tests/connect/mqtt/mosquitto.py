"""A real mosquitto on loopback that can be stopped, killed and started again, and a cable that counts."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import time
from pathlib import Path

from tests.connect.cable import Cable
from tests.outside import free_port, require

__all__ = ["CountingCable", "Mosquitto"]


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


class CountingCable(Cable):
    """A cable in front of a broker that counts publications with qos 1 and their acknowledgements."""

    def __init__(self, target: int) -> None:
        super().__init__(target)
        self.url = f"mqtt://127.0.0.1:{self.port}"
        self.published = 0  # to the client
        self.acknowledged = 0  # by the client

    async def _piece(self, reader: asyncio.StreamReader, *, up: bool) -> bytes:
        """One packet."""
        packet = bytearray(await reader.readexactly(1))
        kind = packet[0]
        size, shift = 0, 0
        while True:
            packet += await reader.readexactly(1)
            size |= (packet[-1] & 0x7F) << shift
            shift += 7
            if not packet[-1] & 0x80:
                break
        packet += await reader.readexactly(size)
        self.acknowledged += up and kind >> 4 == 4
        self.published += not up and kind >> 4 == 3 and bool(kind & 6)
        return bytes(packet)
