"""The twin on real wires: each shows what the panels show, by the device side of its connector.

A wire takes commands only where a real machine would: set-points and methods of OPC UA, registers of Modbus.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self
from urllib.parse import urlsplit
from xml.sax.saxutils import quoteattr

from luban.connect.wire import Value
from luban.core.errors import ConfigError, LinkDownError
from luban.core.time import MILLISECOND, SECOND, iso
from luban.loop.serve.plan import CONTEXT, NAMESPACE, Outlet, Point
from luban.twin.show import Shown, ShownMethod, ShownTag

if TYPE_CHECKING:
    from luban.connect.mqtt.device import JsonDevice
    from luban.connect.mtconnect.device import Agent
    from luban.connect.opcua.device import MachineNode, OpcUaDevice
    from luban.connect.opcua.script import Track
    from luban.connect.shdr.device import Adapter
    from luban.connect.sparkplug.device import EdgeDevice

__all__ = [
    "Desk",
    "MTConnectWire",
    "ModbusWire",
    "MqttWire",
    "OpcUaWire",
    "Said",
    "ShdrWire",
    "SparkplugWire",
    "Wire",
]


class Said(NamedTuple):
    """A point shows a value from `time` on [µs UTC]."""

    time: int
    point: Point
    value: Value


class Desk(ABC):
    """Who takes what is ordered at a device."""

    @abstractmethod
    def clock(self) -> int:
        """The machines' own clock [µs UTC]."""

    @abstractmethod
    async def write(self, tag: ShownTag, value: Shown) -> None:
        """Set a set-point. Raises InputError."""

    @abstractmethod
    async def call(self, method: ShownMethod, arguments: Sequence[Shown]) -> None:
        """Call a method. Raises InputError."""


class Wire(ABC):
    """One outlet at work; an async context manager."""

    step = 1  # resolution of its time stamps [µs]

    def __init__(self, outlet: Outlet, desk: Desk, first: Sequence[Said]) -> None:
        self.outlet, self.desk, self.first = outlet, desk, first
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Listen. Raises LinkDownError where the address is taken."""
        try:
            await self.start()
        except (OSError, LinkDownError) as error:
            await self._stack.aclose()
            raise LinkDownError(
                "the twin cannot listen there",
                came=f"{self.outlet.url}: {getattr(error, 'strerror', None) or getattr(error, 'came', '') or error}",
                where=self.outlet.where,
                hint="another program uses this port: end it, or name another port",
            ) from error
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    @abstractmethod
    async def start(self) -> None:
        """Enter what it is made of into the stack, and show the first values."""

    @abstractmethod
    async def show(self, said: Sequence[Said]) -> None:
        """Show new values; in order of time."""

    async def settle(self) -> None:
        """Return once everything shown has left."""
        return

    @property
    def port(self) -> int:
        """TCP port of its address."""
        return urlsplit(self.outlet.url).port or 0

    @property
    def host(self) -> str:
        """Host of its address."""
        return urlsplit(self.outlet.url).hostname or "127.0.0.1"


class ShdrWire(Wire):
    """An MTConnect adapter."""

    _adapter: Adapter

    async def start(self) -> None:
        """Listen, with the first values."""
        from luban.connect.shdr.device import Adapter

        self._adapter = Adapter(port=self.port, host=self.host)
        await self._stack.enter_async_context(self._adapter)
        await self.show(self.first)

    async def show(self, said: Sequence[Said]) -> None:
        """Show new values."""
        for time, point, value in said:
            self._adapter.set(point.address.rpartition(":")[2], _text(value), time=time)


class MTConnectWire(Wire):
    """An MTConnect agent whose device model is made of the outlet's addresses."""

    _agent: Agent

    async def start(self) -> None:
        """Listen, with the first values."""
        from luban.connect.mtconnect.device import Agent

        self._agent = Agent(_devices(self.outlet.points), port=self.port, host=self.host)
        await self._stack.enter_async_context(self._agent)
        self._factor = {p.address: _MTCONNECT.get(p.tag.name, _PLAIN)[3] for p in self.outlet.points}
        await self.show(self.first)

    async def show(self, said: Sequence[Said]) -> None:
        """Show new values."""
        for time, point, value in said:
            factor = self._factor[point.address]
            number = value * factor if factor != 1.0 and isinstance(value, int | float) else value
            self._agent.set(point.address.rpartition(":")[2], _text(number), time=time)


_PLAIN = ("EVENT", "MESSAGE", "", 1.0)
_MTCONNECT: Mapping[str, tuple[str, str, str, float]] = {  # tag → category, type, units, our unit in theirs
    "state": ("EVENT", "EXECUTION", "", 1.0),
    "order": ("EVENT", "PROCESS_AGGREGATE_ID", "", 1.0),
    "item": ("EVENT", "PART_ID", "", 1.0),
    "program": ("EVENT", "PROGRAM", "", 1.0),
    "part_count": ("EVENT", "PART_COUNT", "", 1.0),
    "good_count": ("EVENT", "PART_COUNT", "", 1.0),
    "scrap_count": ("EVENT", "PART_COUNT", "", 1.0),
    "rework_count": ("EVENT", "PART_COUNT", "", 1.0),
    "spindle_load": ("SAMPLE", "LOAD", "PERCENT", 1.0),
    "temperature": ("SAMPLE", "TEMPERATURE", "CELSIUS", 1.0),
    "room_temperature": ("SAMPLE", "TEMPERATURE", "CELSIUS", 1.0),
    "power": ("SAMPLE", "WATTAGE", "WATT", 1000.0),
    "energy": ("SAMPLE", "ELECTRICAL_ENERGY", "WATT_SECOND", 3.6e6),
    "vibration": ("SAMPLE", "VELOCITY", "MILLIMETER/SECOND", 1.0),
}
_SUBTYPE = {"part_count": "ALL", "good_count": "GOOD", "scrap_count": "BAD", "rework_count": "x:REWORK"}


def _devices(points: Iterable[Point]) -> bytes:
    """A devices file: one device a machine, its data items named as the addresses are."""
    machines: dict[str, list[Point]] = defaultdict(list)
    for point in points:
        machines[point.tag.id.rpartition(":")[0]].append(point)
    parts = []
    for number, (path, own) in enumerate(machines.items()):
        items = []
        for point in own:
            category, kind, units, _ = _MTCONNECT.get(point.tag.name, _PLAIN)
            key = quoteattr(point.address.rpartition(":")[2])
            more = f' units="{units}" nativeUnits="{units}"' if units else ""
            more += f' subType="{_SUBTYPE[point.tag.name]}"' if point.tag.name in _SUBTYPE else ""
            items.append(f'<DataItem id={key} name={key} category="{category}" type="{kind}"{more}/>')
        name = quoteattr(path.replace("/", "."))
        parts.append(
            f'<Device id="twin{number}" uuid={name} name={name}><DataItems>{"".join(items)}</DataItems></Device>'
        )
    head = (
        '<MTConnectDevices xmlns="urn:mtconnect.org:MTConnectDevices:2.3"><Header creationTime="2026-01-01T00:00:00Z"'
    )
    head += ' sender="luban" instanceId="1" version="2.3.0.0" bufferSize="1" assetBufferSize="1" assetCount="0"/>'
    return f"{head}<Devices>{''.join(parts)}</Devices></MTConnectDevices>".encode()


class MqttWire(Wire):
    """JSON at a broker; the values of one topic travel together, as its payload holds them."""

    _device: JsonDevice

    async def start(self) -> None:
        """Listen, with the first values."""
        from luban.connect.mqtt.device import JsonDevice
        from luban.connect.mqtt.payload import parse_address, parse_path

        settings: Any = self.outlet.settings
        self._at = {point.address: parse_address(point.address) for point in self.outlet.points}
        self._time = parse_path(settings.time_path) if settings.time_path else ()
        self._format, self._encoding = settings.time_format, settings.encoding
        self._held: dict[str, Any] = {}
        await _broker(self._stack, self.outlet)
        self._device = JsonDevice(self.outlet.url, f"luban/twin/{self.outlet.id}", retain=True)
        await self._stack.enter_async_context(self._device)
        await self.show(self.first)

    async def show(self, said: Sequence[Said]) -> None:
        """Show new values."""
        waiting: dict[str, int] = {}  # topic → time of what it holds
        for time, point, value in said:
            at = self._at[point.address]
            if waiting.get(at.topic, time) != time:
                self._send(at.topic, waiting.pop(at.topic))
            waiting[at.topic] = time
            self._held[at.topic] = _placed(self._held.get(at.topic), at.path, value)
        for topic, time in waiting.items():
            self._send(topic, time)

    def _send(self, topic: str, time: int) -> None:
        body = self._held[topic]
        if self._time and isinstance(body, dict):
            stamp = (
                iso(time)
                if self._format in {"auto", "iso"}
                else time / {"s": SECOND, "ms": MILLISECOND, "us": 1}[self._format]
            )
            body = self._held[topic] = _placed(body, self._time, stamp)
        text = json.dumps(body, ensure_ascii=False) if isinstance(body, dict | list) else _text(body)
        self._device.publish(topic, text.encode(self._encoding))

    async def settle(self) -> None:
        """Return once the broker has everything."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._device.sent(), 5.0)


def _placed(root: Any, path: Sequence[str | int], value: Any) -> Any:
    """The document with the value at the path."""
    if not path:
        return value
    first, rest = path[0], path[1:]
    if isinstance(first, int):
        items = list(root) if isinstance(root, list) else []
        items += [None] * (first + 1 - len(items))
        items[first] = _placed(items[first], rest, value)
        return items
    held = root if isinstance(root, dict) else {}
    return {**held, first: _placed(held.get(first), rest, value)}


class SparkplugWire(Wire):
    """Edge nodes with their devices."""

    step = MILLISECOND

    async def start(self) -> None:
        """Listen, with the first values."""
        from luban.connect.sparkplug.device import EdgeDevice, Tag
        from luban.connect.sparkplug.names import parse_address
        from luban.connect.sparkplug.schema import DataType

        settings: Any = self.outlet.settings
        kinds = {
            "text": DataType.String,
            "number": DataType.Double,
            "integer": DataType.Int64,
            "boolean": DataType.Boolean,
        }
        self._at = {point.address: parse_address(point.address) for point in self.outlet.points}
        values = {said.point.address: said for said in self.first}
        nodes: dict[tuple[str, str], dict[str, dict[str, Any]]] = defaultdict(lambda: defaultdict(dict))
        for point in self.outlet.points:
            at, said = self._at[point.address], values[point.address]
            more = {"engUnit": point.unit} if point.unit else {}
            tag = Tag(kinds[point.tag.type], said.value, more, said.time // MILLISECOND)
            nodes[at.group, at.node][at.device][at.metric] = tag
        await _broker(self._stack, self.outlet)
        self._nodes: dict[tuple[str, str], EdgeDevice] = {}
        for (group, node), tags in nodes.items():
            edge = EdgeDevice(self.outlet.url, group, node, tags, primary_host=settings.primary_host, deaf=True)
            self._nodes[group, node] = await self._stack.enter_async_context(edge)
            with contextlib.suppress(TimeoutError):  # with a primary host it waits for that one
                await asyncio.wait_for(edge.born.wait(), 0.5 if settings.primary_host else 5.0)

    async def show(self, said: Sequence[Said]) -> None:
        """Show new values."""
        for time, point, value in said:
            at = self._at[point.address]
            await self._nodes[at.group, at.node].set(at.device, at.metric, value, time)


class ModbusWire(Wire):
    """A Modbus TCP device; its registers carry no time."""

    async def start(self) -> None:
        """Listen, with the first values."""
        from luban.connect.modbus.device import ModbusDevice

        settings: Any = self.outlet.settings
        self._points = {point.address: point for point in self.outlet.points}
        writable = {p.address: p.range for p in self.outlet.points if p.tag.writable and p.address in settings.writable}
        self._device = ModbusDevice(
            list(self._points), writable=writable, on_write=self._written, port=self.port, host=self.host
        )
        await self.show(self.first)
        await self._stack.enter_async_context(self._device)

    async def _written(self, address: str, value: Value) -> None:
        point = self._points[address]
        await self.desk.write(point.tag, point.hear(value))

    async def show(self, said: Sequence[Said]) -> None:
        """Show new values."""
        for _, point, value in said:
            self._device.set(point.address, _number(value))


def _number(value: Value) -> Value:
    return int(value) if isinstance(value, float) and value.is_integer() else value


class OpcUaWire(Wire):
    """An OPC UA server: the nodes that plant.toml names, or every machine as a tool of OPC 40501-1."""

    _device: OpcUaDevice

    async def start(self) -> None:
        """Listen, with the first values."""
        from luban.connect.opcua.device import OpcUaDevice
        from luban.connect.opcua.script import Script

        settings: Any = self.outlet.settings
        self._path = {point.address: _node(point.address, self.outlet) for point in self.outlet.points}
        self._points = {self._path[point.address][1]: point for point in self.outlet.points}
        self._methods = {f"{_tool(place)}/{method.name}": method for place, method in self.outlet.methods}
        self._first = {said.point.address: said.value for said in self.first}
        spaces = {space for space, _ in self._path.values()} or {NAMESPACE}
        if len(spaces) > 1:
            raise ConfigError(
                "the twin serves one namespace a server", came=", ".join(sorted(spaces)), where=self.outlet.where
            )
        tracks = () if self.outlet.whole else self._tracks()
        self._device = OpcUaDevice(
            Script(namespace=spaces.pop(), tracks=tuple(tracks)),
            machines=self._machines() if self.outlet.whole else (),
            port=self.port,
            host=self.host,
            security=settings.secure,
            pki=Path(settings.certificates) / "twin",
            on_write=self._written,
            on_call=self._called,
            clock=self.desk.clock,
        )
        await self._stack.enter_async_context(self._device)

    def _tracks(self) -> list[Track]:
        from luban.connect.opcua.script import Track

        return [
            Track.model_validate(
                {
                    "path": path, "type": _OPC[p.tag.type], "unit": p.unit, "range": p.range,
                    "writable": p.tag.writable, "points": ((0.0, self._first[p.address]),),
                }
            )
            for path, p in self._points.items()
        ]  # fmt: skip

    def _machines(self) -> list[MachineNode]:
        from luban.connect.opcua.device import DeviceMethod, DeviceVariable, MachineNode

        variables: dict[str, list[DeviceVariable]] = defaultdict(list)
        for path, p in self._points.items():
            name, _, below = path.partition("/")
            kind = "LocalizedText" if below.endswith("/CurrentState") else _OPC[p.tag.type]
            value = self._first[p.address]
            variables[name].append(DeviceVariable(below, kind, p.unit, p.range, p.tag.writable, value))  # type: ignore[arg-type]
        methods: dict[str, list[DeviceMethod]] = defaultdict(list)
        for place, method in self.outlet.methods:
            inputs: Any = {name: _OPC[kind] for name, kind in method.arguments.items()}
            methods[_tool(place)].append(DeviceMethod(method.name, inputs))
        same = {"Manufacturer": "luban", "Model": "twin"}
        return [MachineNode(name, own, methods[name], same | {"SerialNumber": name}) for name, own in variables.items()]

    async def _written(self, path: str, value: Value) -> None:
        point = self._points[path]
        await self.desk.write(point.tag, point.hear(value))

    async def _called(self, path: str, inputs: Sequence[Value]) -> Sequence[Value]:
        await self.desk.call(self._methods[path], [value for value in inputs if value is not None])
        return ()

    async def show(self, said: Sequence[Said]) -> None:
        """Show new values."""
        for time, point, value in said:
            # what counts belong to changes after them, also where both are stamped alike
            await self._device.put(self._path[point.address][1], value, time=time + (point.tag.role in CONTEXT))


_OPC = {"text": "String", "number": "Double", "integer": "UInt32", "boolean": "Boolean"}


def _tool(place: str) -> str:
    return place.replace("/", ".")


def _node(address: str, outlet: Outlet) -> tuple[str, str]:
    """(namespace, path) of an address that the device can have."""
    space, _, name = address.removeprefix("nsu=").partition(";")
    if not address.startswith("nsu=") or not name.startswith("s="):
        raise ConfigError(
            "the twin has no such node", came=address, expected="nsu=NAMESPACE;s=NAME", where=outlet.where
        )
    return space, name[2:]


async def _broker(stack: AsyncExitStack, outlet: Outlet) -> None:
    """A broker at the outlet's address: the one that runs there, else one of our own while the twin is served."""
    import shutil

    parts = urlsplit(outlet.url)
    host, port = parts.hostname or "127.0.0.1", parts.port or 1883
    if await _answers(host, port):
        return
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
    if parts.scheme != "mqtt" or program is None:
        raise LinkDownError(
            "no MQTT broker answers there", came=outlet.url, where=outlet.where, hint="start one, or install mosquitto"
        )
    process = await asyncio.create_subprocess_exec(
        program, "-p", str(port), stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip

    async def end() -> None:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()

    stack.push_async_callback(end)
    for _ in range(100):
        if process.returncode is not None or await _answers(host, port):
            return
        await asyncio.sleep(0.05)


async def _answers(host: str, port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.10g}"
    return "" if value is None else str(value)
