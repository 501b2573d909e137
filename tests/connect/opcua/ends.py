"""Other ends of the wire: our device and node-opcua as processes, and a sink that keeps everything."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from luban.connect.wire import Sample
from tests.outside import require

SERVER_JS = Path(__file__).parents[2] / "services" / "opcua_server.js"
CLIENT_JS = SERVER_JS.with_name("opcua_asking.js")


class Ended:
    """A program that says a line when it is ready. Belongs to no event loop, so tests may share it."""

    def __init__(self, command: Sequence[str], ready: str, **environment: str) -> None:
        self.command, self.ready = list(command), ready
        self.environment = {**os.environ, **environment}
        self.process: subprocess.Popen[str] | None = None

    def begin(self) -> None:
        self.process = subprocess.Popen(
            self.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=self.environment,
        )
        while not self._line().startswith(self.ready):
            pass

    async def start(self) -> None:
        await asyncio.to_thread(self.begin)

    async def ask(self, **command: Any) -> dict[str, Any]:
        def talk() -> dict[str, Any]:
            assert self.process is not None
            assert self.process.stdin is not None
            self.process.stdin.write(json.dumps(command) + "\n")
            self.process.stdin.flush()
            while not (line := self._line()).startswith("{"):
                pass  # the library's own warnings come on the same pipe
            answer: dict[str, Any] = json.loads(line)
            return answer

        return await asyncio.to_thread(talk)

    def _line(self) -> str:
        assert self.process is not None
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(f"{self.command[:4]} ended before it was ready")
        return line

    def kill(self) -> None:
        """Kill it hard; it says nothing any more."""
        if self.process is None:
            return
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        self.process = None


def our_device(port: int, *options: str) -> Ended:
    command = [sys.executable, "-m", "luban.connect.opcua.device", "--port", str(port), "--control", *options]
    return Ended(command, "listening")


def node_server(port: int, folder: Path, **options: Any) -> Ended:
    """An independent server; its certificates live in `folder`."""
    node = require("node", "node-opcua")
    settings = {"port": port, "pki": str(folder), **options}
    return Ended([node, str(SERVER_JS), json.dumps(settings)], "listening", NODE_NO_WARNINGS="1")


def node_client(url: str, folder: Path) -> Ended:
    """An independent client that takes commands; its certificates live in `folder`."""
    node = require("node", "node-opcua")
    return Ended(
        [node, str(CLIENT_JS), json.dumps({"url": url, "pki": str(folder)})], "connected", NODE_NO_WARNINGS="1"
    )


class Heard:
    """A sink that keeps everything."""

    def __init__(self) -> None:
        self.kept: list[Sample] = []
        self.proved: list[int] = []
        self.losses: list[tuple[int, int, str, tuple[str, ...]]] = []
        self.rejected: list[tuple[str, str]] = []
        self.notes: dict[str, Any] = {}

    def samples(self, samples: Sequence[Sample]) -> None:
        self.kept += samples

    def alive(self, time: int | None = None) -> None:
        assert time is not None
        self.proved.append(time)

    def lost(self, start: int, end: int, reason: str, addresses: Sequence[str] = ()) -> None:
        self.losses.append((start, end, reason, tuple(addresses)))

    def reject(self, address: str, payload: bytes | str, reason: str) -> None:
        self.rejected.append((address, reason))

    def facts(self, stream: str, rows: Any) -> None:
        raise AssertionError(stream)

    def covered(self, *_: Any) -> None:
        raise AssertionError

    def remember(self, key: str, value: Any) -> None:
        self.notes[key] = value

    def recall(self, key: str) -> Any:
        return self.notes.get(key)

    async def flush(self) -> None:
        return

    def of(self, address: str) -> list[Sample]:
        return [s for s in self.kept if s.address == address]


async def until(met: Callable[[], Any], within: float = 10, otherwise: str = "did not happen") -> None:
    deadline = time.monotonic() + within
    while not met():
        assert time.monotonic() < deadline, otherwise
        await asyncio.sleep(0.02)
