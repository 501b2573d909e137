"""The running service: windows of a run, what panels show in them, onto every wire, at the pace asked for."""

from __future__ import annotations

import asyncio
import signal
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from luban.core.errors import InputError
from luban.core.time import SECOND, now
from luban.loop.serve.files import FilesWire, OrderDrop
from luban.loop.serve.plan import Outlet, Point, asked, from_plant
from luban.loop.serve.settings import ServeSettings
from luban.loop.serve.wires import (
    Desk,
    ModbusWire,
    MqttWire,
    MTConnectWire,
    OpcUaWire,
    Said,
    ShdrWire,
    SparkplugWire,
    Wire,
)
from luban.plant import Plant
from luban.twin.model import Model
from luban.twin.names import Names
from luban.twin.run import Run
from luban.twin.show import Change, Show, Shown, ShownMethod, ShownTag

__all__ = ["ServeStatus", "Service", "serve"]

_WIRES: Mapping[str, type[Wire]] = {
    "opcua": OpcUaWire,
    "shdr": ShdrWire,
    "mtconnect": MTConnectWire,
    "mqtt": MqttWire,
    "sparkplug": SparkplugWire,
    "modbus": ModbusWire,
    "files": FilesWire,
}
_LATE = 1.0  # behind by so much is told [s]
_AGAIN = 30.0  # and told again after [s]


@dataclass(slots=True)
class ServeStatus:
    """How the service stands.

    plant    the run's clock [µs after the model's start]
    lag      how far the plant is behind the clock it should keep [s of real time]; worst so far
    values   shown on wires so far
    refused  commands that were refused
    """

    plant: int = 0
    lag: float = 0.0
    worst: float = 0.0
    values: int = 0
    commands: int = 0
    refused: int = 0
    left: list[str] = field(default_factory=list)


class Service(Desk):
    """A run as devices. Entering it opens the wires with the plant at rest; `go` lets time run.

    plant     whose sources are answered; None: only the wires of `settings`
    folder    the plant's folder
    say       tells a person what matters
    Raises    ConfigError, LinkDownError where an address is taken
    Example   async with Service(run, plant, folder, settings) as service:
                  await service.go(until=HOUR)
    """

    def __init__(
        self,
        run: Run,
        plant: Plant | None,
        folder: Path,
        settings: ServeSettings,
        *,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.run, self.settings, self.status = run, settings, ServeStatus()
        self.show = Show(run, plant)
        self._say, self._folder, self._plant = say, folder, plant
        self._epoch, self._begin = now(), run.now
        self._end, self._going = run.now, False
        self._turn = asyncio.Lock()
        self._stack = AsyncExitStack()
        self._wires: list[Wire] = []
        self._told = -_AGAIN
        self._sampled = 0
        self._stamps: dict[tuple[int, str], int] = {}  # newest stamp of each address [steps of its wire]
        self.outlets = self._plan()
        self._points: dict[tuple[int, str], list[tuple[int, Point]]] = defaultdict(list)
        for number, outlet in enumerate(self.outlets):
            for point in outlet.points:
                self._points[point.key].append((number, point))
        self._orders: OrderDrop | None = None

    def _plan(self) -> list[Outlet]:
        outlets: list[Outlet] = []
        if self._plant is not None and self.settings.sources:
            outlets, self.status.left = from_plant(self._plant, self.show, self._folder)
        wanted = self.settings.asked
        if not outlets and not wanted:
            wanted = {"opcua": "opc.tcp://127.0.0.1:48400"}
        where = str(self._folder / "twin.toml")
        return outlets + [asked(kind, url, self.show, where) for kind, url in wanted.items()]

    async def __aenter__(self) -> Self:
        self._see()
        self._epoch = now()
        values = self.show.read()
        try:
            for outlet in self.outlets:
                first = [Said(self._epoch, point, point.say(values[point.tag.id])) for point in outlet.points]
                self._wires.append(await self._stack.enter_async_context(_WIRES[outlet.type](outlet, self, first)))
                self._say(f"{outlet.id}: {outlet.type} {outlet.url or 'files'}, {len(outlet.points)} values")
        except BaseException:
            await self._stack.aclose()
            raise
        if self.settings.drop:
            self._orders = OrderDrop(self._folder / self.settings.drop, self.run, Names(self.run.model, self._plant))
        for line in self.status.left:
            self._say(f"not served: {line}")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    # ---- time

    def wall(self, instant: int) -> int:
        """When an instant of the run is, was or will be [µs UTC]."""
        return self._epoch + int((instant - self._begin) / self.settings.scale)

    async def go(self, until: int | None = None) -> None:
        """Let time run, up to `until` [µs after the model's start] or the model's horizon; then everything has left.

        Raises what the run raises: DeadlockError, BoundError
        """
        end = self._end = self.run.model.horizon if until is None else min(until, self.run.model.horizon)
        self._epoch, self._begin, self._going = now(), self.run.now, True
        while self.run.now < end:
            async with self._turn:
                await self._advance(end)
            await asyncio.sleep(self.settings.tick)
        self._going = False
        async with self._turn:
            await self._sample()
        for one in self._wires:
            await one.settle()

    def _due(self, end: int) -> int:
        """Where the run should be by now; not more than a second of real time at once."""
        scale = self.settings.scale
        target = self._begin + int((now() - self._epoch) * scale)
        self.status.lag = max(0.0, (now() - self.wall(self.run.now)) / SECOND - 2 * self.settings.tick)
        self.status.worst = max(self.status.worst, self.status.lag)
        return max(self.run.now, min(end, target, self.run.now + int(SECOND * scale)))

    async def _advance(self, end: int) -> None:
        """One window: run, see, show."""
        target = self._due(end)
        await asyncio.to_thread(self.run.to, target)
        await self._tell(self._see())
        self.status.plant = self.run.now
        if self.run.now >= self._sampled + int(self.settings.sample * SECOND * self.settings.scale):
            self._sampled = self.run.now
            await self._sample()
        moment = asyncio.get_running_loop().time()
        if self.status.lag > _LATE and moment - self._told > _AGAIN:
            self._told = moment
            self._say(
                f"the plant is {self.status.lag:.1f} s behind its clock: ×{self.settings.scale:g} is too fast for this "
                "computer; time stamps stay right, values come late"
            )

    def _see(self) -> list[Change]:
        trace = self.run.take_trace()
        if self._orders is not None:
            self._orders.take(trace, self.wall)
        return self.show.see(trace)

    # ---- onto the wires

    async def _tell(self, changes: Sequence[Change]) -> None:
        said: dict[int, list[Said]] = defaultdict(list)
        for change in changes:
            for number, point in self._points.get((change.machine, change.name), ()):
                said[number].append(Said(self.wall(change.time), point, point.say(change.value)))
        await self._put(said)

    async def _sample(self) -> None:
        """Read the sensors: one look for all wires."""
        at, values = self.wall(self.run.now), self.show.read()
        said: dict[int, list[Said]] = defaultdict(list)
        for points in self._points.values():
            for number, point in points:
                if point.tag.sampled:
                    said[number].append(Said(at, point, point.say(values[point.tag.id])))
        await self._put(said)

    async def _put(self, said: dict[int, list[Said]]) -> None:
        for number, values in said.items():
            step = self._wires[number].step
            kept = [self._later(number, step, one) for one in _last(values, step)]
            self.status.values += len(kept)
            await self._wires[number].show(kept)

    def _later(self, number: int, step: int, said: Said) -> Said:
        """Stamped after what the address said before: two values of one stamp are a doubt to whoever collects."""
        key = number, said.point.address
        time = max(said.time // step, self._stamps.get(key, 0) + 1)
        self._stamps[key] = time
        return said if time == said.time // step else said._replace(time=time * step)

    # ---- commands

    def clock(self) -> int:
        """Where the plant is [µs UTC]."""
        return self.wall(self.run.now)

    async def write(self, tag: ShownTag, value: Shown) -> None:
        """A set-point, as of now; every wire shows it."""
        async with self._turn:
            if self._going:
                await self._advance(self._end)
            self._obey(lambda: self.show.write(tag.id, value))
            await self._tell([Change(self.run.now, tag.machine, tag.name, value)])

    async def call(self, method: ShownMethod, arguments: Sequence[Shown]) -> None:
        """A method, as of now."""
        async with self._turn:
            if self._going:
                await self._advance(self._end)
            self._obey(lambda: self.show.call(method.machine, method.name, *arguments))

    def _obey(self, order: Callable[[], None]) -> None:
        try:
            order()
        except InputError as error:
            self.status.refused += 1
            self._say(f"refused: {error}")
            raise
        self.status.commands += 1


def serve(
    model: Model,
    plant: Plant | None,
    folder: Path,
    settings: ServeSettings,
    *,
    seed: int = 1,
    begin: int = 0,
    until: int | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> ServeStatus:
    """Serve a model as devices until SIGINT, SIGTERM or `until`; returns how it went.

    begin   run to there before the first device shows anything [µs after the model's start]
    until   [µs after the model's start]; None: the model's horizon
    Raises  ConfigError, LinkDownError (an address is taken), DeadlockError, BoundError
    """
    run = Run(model, seed=seed, trace="facts")
    run.to(begin)
    return asyncio.run(_serve(Service(run, plant, folder, settings, say=say), until))


async def _serve(service: Service, until: int | None) -> ServeStatus:
    asked = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, asked.set)
    async with service:
        going = asyncio.create_task(service.go(until))
        stopping = asyncio.create_task(asked.wait())
        done, _ = await asyncio.wait({going, stopping}, return_when=asyncio.FIRST_COMPLETED)
        for task in (going, stopping):
            task.cancel()
        await asyncio.gather(going, stopping, return_exceptions=True)
        if going in done:
            going.result()
    return service.status


def _last(said: Sequence[Said], step: int) -> list[Said]:
    """Of several values of one address within one time stamp the last."""
    found: dict[tuple[int, str], Said] = {}
    for one in said:
        key = one.time // step, one.point.address
        found.pop(key, None)
        found[key] = one
    return list(found.values())
