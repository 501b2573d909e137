"""Outages as plants have them: a process that dies, a network that goes dark."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.connect.contract import Signal
from tests.connect.opcua.ends import our_device, until
from tests.connect.opcua.test_live import collecting
from tests.outside import free_port, require

RAMP = "nsu=urn:luban:device;s=Press/Strokes"
PARTS = [Signal("plant/m1:parts", "plant/m1", "parts", RAMP, role="good_count")]


def machine(folder: Path, port: int, *options: str):  # type: ignore[no-untyped-def]
    """A press that makes a stroke every 100 ms, whether somebody listens or not."""
    script = folder / "press.json"
    tracks = [{"path": "Press/Strokes", "type": "UInt32", "every": 0.1}]
    script.write_text(json.dumps({"namespace": "urn:luban:device", "tracks": tracks}))
    return our_device(port, "--script", str(script), "--memory", str(folder / "epoch"), *options)


async def test_killed_device_and_its_history(tmp_path: Path) -> None:
    """The process is killed hard and started again; the machine worked on: every stroke is counted once."""
    await _killed(tmp_path, away=1.5)


@pytest.mark.slow
async def test_killed_device_for_a_minute(tmp_path: Path) -> None:
    await _killed(tmp_path, away=60)


async def _killed(folder: Path, away: float) -> None:
    port = free_port()
    device = machine(folder, port)
    await device.start()
    try:
        async with collecting(port, PARTS) as (collector, spool):
            await until(lambda: len(spool.rows("signal")) > 5)
            device.kill()
            await until(lambda: collector.status.state == "down", 4)
            await asyncio.sleep(away)
            await device.start()
            back = time.monotonic()
            await until(lambda: spool.rows("event", kind="gap"), 15, "no gap fact")
            assert time.monotonic() - back < 12
            await until(lambda: collector.status.backfilled > 10 * away)
            await asyncio.sleep(0.5)
            strokes = [int(row["value"]) for row in spool.rows("signal")]
            assert strokes == list(range(strokes[0], strokes[0] + len(strokes)))
            assert sum(row["good"] for row in spool.rows("count")) == strokes[-1] - strokes[0]
    finally:
        device.kill()


class Network:
    """A network namespace at the end of a virtual cable."""

    here, there = "10.203.77.1", "10.203.77.2"

    def __init__(self) -> None:
        self.name = f"luban{os.getpid()}"
        self._far = f"lbf{os.getpid() % 10**9}"
        self._near = f"lbn{os.getpid() % 10**9}"

    def ip(self, *words: str, inside: bool = False) -> None:
        prefix = ["ip", "netns", "exec", self.name, "ip"] if inside else ["ip"]
        subprocess.run([*prefix, *words], check=True, capture_output=True)

    def make(self) -> None:
        self.ip("netns", "add", self.name)
        self.ip("link", "add", self._near, "type", "veth", "peer", "name", self._far)
        self.ip("link", "set", self._far, "netns", self.name)
        self.ip("addr", "add", f"{self.here}/30", "dev", self._near)
        self.ip("link", "set", self._near, "up")
        self.ip("addr", "add", f"{self.there}/30", "dev", self._far, inside=True)
        self.light()

    def dark(self) -> None:
        """The far plug is pulled: packets vanish, nobody is told."""
        self.ip("link", "set", self._far, "down", inside=True)

    def light(self) -> None:
        self.ip("link", "set", self._far, "up", inside=True)


@contextmanager
def network() -> Iterator[Network]:
    require("ip")
    if os.geteuid() != 0:
        pytest.skip("a network namespace needs root")
    made = Network()
    try:
        made.make()
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no network namespaces here: {error.stderr.decode().strip()}")
    try:
        yield made
    finally:
        with suppress(subprocess.CalledProcessError):
            made.ip("netns", "del", made.name)


@pytest.mark.slow
async def test_network_goes_dark_without_a_word(tmp_path: Path) -> None:
    """No FIN, no RST: noticed within 4 s, delivering again within 10 s of light, no stroke lost."""
    with network() as net:
        port = 48_400
        device = machine(tmp_path, port, "--host", net.there)
        device.command = ["ip", "netns", "exec", net.name, *device.command]
        await device.start()
        try:
            async with collecting(port, PARTS, host=net.there) as (collector, spool):
                await until(lambda: len(spool.rows("signal")) > 5)
                net.dark()
                began = time.monotonic()
                await until(lambda: collector.status.state == "down", 6, "the dark was not noticed")
                assert time.monotonic() - began < 4
                await asyncio.sleep(15)
                net.light()
                light = time.monotonic()
                await until(lambda: collector.status.state == "up", 10, "not back within 10 s")
                await until(lambda: spool.rows("event", kind="gap"), 10, "no gap fact")
                assert time.monotonic() - light < 12
                await until(lambda: collector.status.backfilled > 100)
                await asyncio.sleep(0.5)
                strokes = [int(row["value"]) for row in spool.rows("signal")]
                assert strokes == list(range(strokes[0], strokes[0] + len(strokes)))
        finally:
            device.kill()
