"""The pilot workshop: real wires on loopback, each machine a process of its own.

async with Workshop(folder) as workshop: … a plant folder whose sources answer …
"""

from __future__ import annotations

import asyncio
import shutil
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from importlib.resources import as_file, files
from pathlib import Path
from string import Template
from types import TracebackType
from typing import Self

from luban.connect.opcua.script import lathe
from luban.core.errors import LubanError
from luban.core.time import SECOND, iso, now

__all__ = ["RESTART_AFTER", "Workshop"]

RESTART_AFTER = 5 * SECOND  # how long the lathe's server is away [µs]
_REPLAY_SPEED = 20  # times faster than the turn-mill centre was
_MQTT = """type = "mqtt"
url = "mqtt://127.0.0.1:{port}"
time_path = "time"
"""
_FILES = """type = "files"
folder = "drop"
pattern = ["wash_*.csv"]
layout = "long"
poll = "500ms"
coverage = "continuous"
"""


class Workshop:
    """Makes a plant folder and runs its machines.

    folder   becomes the plant; an earlier pilot's is replaced
    has_mqtt a broker is installed; without one the washing machine drops files
    epoch    when the lathe's script began [µs UTC]
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.broker = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
        self.script = lathe(cycle=3.0, parts=6, pause=5.0)
        self.epoch = 0
        self._ports = {"opcua": _free_port(), "shdr": _free_port(), "mqtt": _free_port()}
        self._processes: dict[str, Process] = {}

    @property
    def has_mqtt(self) -> bool:
        """A broker is installed."""
        return self.broker is not None

    @property
    def truth(self) -> Path:
        """What the washing machine noted of the values it sent."""
        return self.folder / "wash01_truth.jsonl"

    async def __aenter__(self) -> Self:
        self._make_plant()
        self.epoch = now()
        if self.broker:
            config = self.folder / "mosquitto.conf"
            config.write_text(f"listener {self._ports['mqtt']} 127.0.0.1\nallow_anonymous true\npersistence false\n")
            await self._start("broker", self.broker, "-c", str(config))
        with as_file(files("luban.loop.workshop").joinpath("okuma.shdr")) as recording:
            await self._module(
                "okuma", "luban.connect.shdr.device", str(recording), "--port", str(self._ports["shdr"]),
                "--speed", str(_REPLAY_SPEED), "--loop", "--heartbeat", "2000",
            )  # fmt: skip
        await self.start_lathe()
        broker = f"mqtt://127.0.0.1:{self._ports['mqtt']}" if self.broker else ""
        await self._module(
            "machines", "luban.loop.workshop.machines", "--broker", broker,
            "--drop", str(self.folder / "drop"), "--truth", str(self.truth),
        )  # fmt: skip
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name in reversed(list(self._processes)):
            await self._end(name, hard=False)

    async def start_lathe(self) -> None:
        """Start the lathe's OPC UA server; the lathe itself never stopped."""
        await self._module(
            "lathe01", "luban.connect.opcua.device", "--port", str(self._ports["opcua"]),
            "--epoch", iso(self.epoch), "--script", str(self.folder / "lathe01.json"),
        )  # fmt: skip

    async def lathe_listens(self) -> int:
        """Wait until the lathe's server takes connections again; that moment [µs UTC]."""
        deadline = now() + 30 * SECOND
        while now() < deadline:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self._ports["opcua"])
            except OSError:
                await asyncio.sleep(0.05)
                continue
            writer.close()
            await writer.wait_closed()
            return now()
        raise LubanError("the lathe's server did not come back", where=str(self.folder / "lathe01.log"))

    async def kill_lathe(self) -> None:
        """Kill the lathe's OPC UA server without warning."""
        await self._end("lathe01", hard=True)

    async def end_machines(self) -> None:
        """End the washing machine and the packing table."""
        await self._end("machines", hard=False)

    def _make_plant(self) -> None:
        marker = self.folder / ".pilot"
        if self.folder.exists() and any(self.folder.iterdir()):
            if not marker.exists():
                raise LubanError(
                    "the folder holds something else", where=str(self.folder), hint="choose another folder"
                )
            shutil.rmtree(self.folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        marker.touch()
        (self.folder / "drop").mkdir()
        (self.folder / "lathe01.json").write_text(self.script.model_dump_json(), encoding="utf-8")
        here = files("luban.loop.workshop")
        values = {
            **self._ports,
            "wash_wire": "JSON over MQTT" if self.broker else "files, since no MQTT broker is installed",
            "wash_source": (_MQTT if self.broker else _FILES).format(port=self._ports["mqtt"]),
            "value": "#value" if self.broker else "",
        }
        text = Template(here.joinpath("plant.toml").read_text("utf-8")).substitute(values)
        (self.folder / "plant.toml").write_text(text, encoding="utf-8")
        for name in ("items.csv", "meters.csv", "routing.csv"):
            (self.folder / name).write_text(here.joinpath(name).read_text("utf-8"), encoding="utf-8")

    async def _module(self, name: str, module: str, *arguments: str) -> None:
        await self._start(name, sys.executable, "-m", module, *arguments)

    async def _start(self, name: str, *command: str) -> None:
        log = (self.folder / f"{name}.log").open("ab")
        try:
            self._processes[name] = await asyncio.create_subprocess_exec(
                *command, stdin=DEVNULL, stdout=log, stderr=log
            )
        finally:
            log.close()

    async def _end(self, name: str, *, hard: bool) -> None:
        process = self._processes.pop(name, None)
        if process is None or process.returncode is not None:
            return
        if hard:
            process.kill()
        else:
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), 5)
        except TimeoutError:
            process.kill()
            await process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
