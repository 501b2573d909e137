"""The device side: an OPC UA server on loopback that shows a script or what a caller puts, with history.

    async with OpcUaDevice(lathe()) as device: … device.url …
    async with OpcUaDevice(machines=[MachineNode("Mill7", […])]) as device: await device.set_many(time, {…})
    python -m luban.connect.opcua.device --port 48400 --script lathe

As a process it can be killed hard; started again with the same `--epoch` (or `--memory`, where it notes it)
its history holds what the machine did meanwhile. It accepts every client: it is no server for a plant.
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import heapq
import json
import logging
import socket
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from asyncua import Node, Server, ua

from luban.connect.opcua.commands import Guard, OnCall, called, refusal, unfit
from luban.connect.opcua.machines import DeviceMethod, DeviceVariable, MachineNode, MachineTree
from luban.connect.opcua.nodes import add_variable, arguments, filled
from luban.connect.opcua.pki import own_identity
from luban.connect.opcua.record import Record
from luban.connect.opcua.script import Script, Track, lathe
from luban.connect.opcua.values import plain
from luban.connect.orders import OnWrite, ask
from luban.connect.wire import Value
from luban.core.errors import InputError, LubanError
from luban.core.time import SECOND, iso, now, parse_time, to_datetime

__all__ = ["DeviceMethod", "DeviceVariable", "MachineNode", "OpcUaDevice", "main"]

_AT_ONCE = 100
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = 0.005  # [s]
_BAD = 0x80000000  # severity bit of a status code
_NULL = ua.VariantType.Null
_POLICIES = [
    ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt,
    ua.SecurityPolicyType.Aes128Sha256RsaOaep_SignAndEncrypt,
    ua.SecurityPolicyType.Aes256Sha256RsaPss_SignAndEncrypt,
]


class _Shown(ua.DataValue):  # type: ignore[misc]
    """A value that nobody changes: asyncua may keep it as it is, a deep copy costs most of its time."""

    __slots__ = ()

    def __deepcopy__(self, memo: object) -> _Shown:
        return self


@dataclass(slots=True)
class _Shows:
    """What is known of a node that shows a value."""

    path: str
    node: ua.NodeId
    kind: ua.VariantType
    range: tuple[float, float] | None
    writable: bool
    value: Value = None
    status: int = 0
    time: int = 0


class OpcUaDevice:
    """An OPC UA server that shows a script, or machines whose values a caller sets.

    port      0 takes a free one
    epoch     moment at which the script began [µs UTC], default now
    security  offer only signed and encrypted endpoints; `pki` holds its certificate then
    on_write  called with (path, value) before a value that a client writes is shown; a LubanError refuses it
    on_call   called with (path, inputs) when a client calls a method; its answer are the outputs
    clock     the machine's own [µs UTC]: stamps what clients write
    kept      values that the history keeps of each node, besides the script
    strict    refuse a write that brings a status or a timestamp, as many controllers do
    """

    def __init__(
        self, script: Script | None = None, *, machines: Sequence[MachineNode] = (), port: int = 0,
        epoch: int | None = None, security: bool = False, pki: Path | None = None, host: str = "127.0.0.1",
        on_write: OnWrite | None = None, on_call: OnCall | None = None, clock: Callable[[], int] = now,
        kept: int = 10_000, strict: bool = False,
    ) -> None:  # fmt: skip
        self.script, self.epoch = script or Script(), now() if epoch is None else epoch
        self.machines = tuple(machines)
        self._host, self._port = host, port or _free_port(host)
        self._security, self._pki = security, pki
        self._on_write, self._on_call = on_write, on_call
        self.clock, self.strict = clock, strict
        self._server = Server()
        self._tracks: dict[ua.NodeId, Track] = {}
        self._folders: dict[str, ua.NodeId] = {}
        self._shows: dict[str, _Shows] = {}
        self._at: dict[ua.NodeId, _Shows] = {}
        self._record = Record(self.changes, kept)
        self._player: asyncio.Task[None] | None = None
        self._index = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"opc.tcp://{self._host}:{self._port}"

    def address(self, path: str) -> str:
        """The address of a value, as plant.toml names it."""
        return f"nsu={self.script.namespace};s={path}"

    async def __aenter__(self) -> OpcUaDevice:
        server = self._server
        await server.init()
        server.set_server_name("luban device")
        if self._security:
            identity = await asyncio.to_thread(own_identity, self._pki or Path("pki"), role="server")
            await server.set_application_uri(identity.uri)
            await server.load_certificate(identity.certificate)
            await server.load_private_key(identity.key)
            server.set_security_policy(_POLICIES)
        else:
            server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
        server.set_endpoint(self.url)
        server.iserver.history_manager.set_storage(self._record)
        server.iserver.attribute_service = Guard(server.iserver.aspace, self._accept)
        self._index = await server.register_namespace(self.script.namespace)
        for track in self.script.tracks:
            await self.add(track)
        tree = MachineTree(server, self._index)
        for machine in self.machines:
            await self._place(tree, machine)
        await server.start()
        self._player = asyncio.create_task(self._play())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._player is not None:
            self._player.cancel()
            await asyncio.gather(self._player, return_exceptions=True)
        await self._server.stop()

    async def add(self, track: Track) -> None:
        """One more value; its script starts to play only if it is added before the device starts."""
        parent = self._server.nodes.objects
        *folders, name = track.path.split("/")
        for depth in range(len(folders)):
            path = "/".join(folders[: depth + 1])
            if path not in self._folders:
                made = await parent.add_object(
                    ua.NodeId(path, self._index), ua.QualifiedName(folders[depth], self._index)
                )
                self._folders[path] = made.nodeid
            parent = self._server.get_node(self._folders[path])
        held = track.at(self.epoch, now())
        time, value = held if held is not None else (self.epoch, None)
        shows = await self._variable(parent, track.path, ua.QualifiedName(name, self._index), track, value, time)
        shows.time = time if held is not None else self.epoch - 1
        self._tracks[shows.node] = track

    async def _place(self, tree: MachineTree, machine: MachineNode) -> None:
        await tree.add(machine)
        at = self.clock()
        for variable in machine.variables:
            parent, path = await tree.parent(machine.name, variable.path), f"{machine.name}/{variable.path}"
            await self._variable(
                parent, path, tree.name(variable.path), variable, variable.value, at, kind=tree.kind(variable)
            )
        for method in machine.methods:
            parent, path = await tree.parent(machine.name, method.path), f"{machine.name}/{method.path}"
            await parent.add_method(
                ua.NodeId(path, self._index), tree.name(method.path), functools.partial(self._called, path, method),
                arguments(method.inputs), arguments(method.outputs),
            )  # fmt: skip

    async def _variable(
        self, parent: Node, path: str, name: ua.QualifiedName, what: Track | DeviceVariable, value: Value, time: int,
        *, kind: int = 0,
    ) -> _Shows:  # fmt: skip
        """Place a node that shows a value; `kind` is the number of its type, 0 for a plain one."""
        type_, node = ua.VariantType[what.type], ua.NodeId(path, self._index)
        await add_variable(
            self._server, parent, node, name, type_,
            kind=kind, unit=what.unit, span=what.range, writable=what.writable,
        )  # fmt: skip
        shows = _Shows(path, node, type_, what.range, what.writable)
        self._shows[path] = self._at[node] = shows
        await self._show(shows, value, time, 0)
        return shows

    async def put(self, path: str, value: Value, *, time: int | None = None, status: int = 0) -> int:
        """Show a value and keep it in the history, even if it is the one that is shown.

        time    source time [µs UTC], default now
        status  OPC UA status code
        Returns the source time
        """
        moment = self.clock() if time is None else time
        shows = self._shows[path]
        self._record.keep(shows.node, await self._show(shows, value, moment, status))
        return moment

    async def set_many(self, time: int, values: Mapping[str, Value], *, status: int = 0) -> None:
        """Show many values of one source time [µs UTC], and keep in the history those that changed.

        A value or status that is shown already keeps its time, as OPC 10000-4 §7.11.3 has it.

        values  path → value; None for none, which has a bad status whatever is given
        Raises  InputError for a path that is not there
        """
        for path, value in values.items():
            shows = self._shows.get(path)
            if shows is None:
                raise InputError("the device has no such value", came=path, expected="MACHINE/PATH")
            if value != shows.value or status != shows.status or shows.time == 0:
                self._record.keep(shows.node, await self._show(shows, value, time, status))

    async def confuse(self, path: str) -> None:
        """Send a structure of a type that no client knows, once, to whoever listens to this value."""
        strange = ua.ExtensionObject(TypeId=ua.NodeId(99_999, self._index), Body=b"\x01\x02\x03")
        sent = ua.DataValue(ua.Variant(strange, ua.VariantType.ExtensionObject), SourceTimestamp=to_datetime(now()))
        held = self._server.iserver.aspace[self._shows[path].node].attributes[ua.AttributeIds.Value]
        for handle, callback in held.datachange_callbacks.items():
            await callback(handle, sent)

    async def _show(self, shows: _Shows, value: Value, time: int, status: int) -> ua.DataValue:
        if value is None and not status & _BAD:
            status = ua.StatusCodes.BadWaitingForInitialData
        shown = _Shown(
            ua.Variant(
                None if value is None else filled(value, shows.kind), shows.kind if value is not None else _NULL
            ),
            StatusCode=ua.StatusCode(status),
            SourceTimestamp=_EPOCH + timedelta(microseconds=time),
        )
        await self._server.iserver.aspace.write_attribute_value(shows.node, ua.AttributeIds.Value, shown)
        shows.value, shows.status, shows.time = value, status, time
        return shown

    async def _accept(self, node: ua.NodeId, asked: ua.DataValue) -> ua.StatusCode | None:
        """A client writes a value: check it, ask whoever listens, show it. None where it is not ours to say."""
        shows = self._at.get(node)
        if shows is None or not shows.writable:
            return None
        stamped = asked.SourceTimestamp or asked.ServerTimestamp
        if self.strict and (stamped or (asked.StatusCode is not None and asked.StatusCode.value)):
            return ua.StatusCode(ua.StatusCodes.BadWriteNotSupported)
        bad = unfit(asked, shows.kind, shows.range)
        if bad is not None:
            return bad
        value = plain(asked.Value.Value)
        try:
            await ask(self._on_write, shows.path, value)
        except LubanError as error:
            return refusal(error, ua.StatusCodes.BadOutOfRange)
        await self.set_many(self.clock(), {shows.path: value})
        return ua.StatusCode()

    async def _called(
        self, path: str, method: DeviceMethod, _: ua.NodeId, *arguments: ua.Variant
    ) -> ua.CallMethodResult:
        return await called(self._on_call, path, method, arguments)

    async def _play(self) -> None:
        """Show each scripted change when its moment comes; a late one keeps its own time."""
        queue: list[tuple[int, int, Value, ua.NodeId, Iterator[tuple[int, Value]]]] = []
        for number, (node, track) in enumerate(self._tracks.items()):
            _push(queue, number, node, track.after(self.epoch, self._at[node].time))
        while True:
            moment, done = now(), 0
            while queue and queue[0][0] <= moment:
                done += 1
                if done % _AT_ONCE == 0:
                    await asyncio.sleep(0)  # clients are served while the device catches up
                time, number, value, node, changes = heapq.heappop(queue)
                await self._show(self._at[node], value, time, 0)
                _push(queue, number, node, changes)
            pause = (queue[0][0] - now()) / SECOND if queue else 1.0
            await asyncio.sleep(min(1.0, max(_TICK, pause)))

    def changes(self, node: ua.NodeId, start: int, end: int) -> list[ua.DataValue]:
        """Scripted values with start <= time <= end that lie in the past."""
        track = self._tracks.get(node)
        if track is None:
            return []
        kind = ua.VariantType[track.type]
        until = min(end, now())
        found = []
        for time, value in track.after(self.epoch, start - 1):
            if time > until:
                break
            found.append(ua.DataValue(ua.Variant(filled(value, kind), kind), SourceTimestamp=to_datetime(time)))
        return found


def _push(queue: list[Any], number: int, node: ua.NodeId, changes: Iterator[tuple[int, Value]]) -> None:
    upcoming = next(changes, None)
    if upcoming is not None:
        heapq.heappush(queue, (upcoming[0], number, upcoming[1], node, changes))


def _free_port(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def main(arguments: list[str] | None = None) -> None:
    """Run a device until the process ends; say its address on stdout when it listens."""
    parser = argparse.ArgumentParser(prog="python -m luban.connect.opcua.device", description=__doc__)
    parser.add_argument("--port", type=int, default=48400)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--script", default="lathe", help="a JSON file, or 'lathe'")
    parser.add_argument("--epoch", help="moment at which the script began, ISO 8601; default now")
    parser.add_argument("--memory", type=Path, help="file that keeps the epoch from one start to the next")
    parser.add_argument("--security", action="store_true", help="only signed and encrypted endpoints")
    parser.add_argument("--pki", type=Path, default=Path("pki"), help="folder of the device's certificate")
    parser.add_argument("--control", action="store_true", help="take commands as JSON lines on stdin")
    options = parser.parse_args(arguments)
    logging.getLogger("asyncua").setLevel(logging.CRITICAL)
    script = (
        lathe() if options.script == "lathe" else Script.model_validate_json(Path(options.script).read_text("utf-8"))
    )
    device = OpcUaDevice(
        script,
        port=options.port,
        host=options.host,
        epoch=_epoch(options.epoch, options.memory),
        security=options.security,
        pki=options.pki,
    )
    try:
        asyncio.run(_serve(device, control=options.control))
    except KeyboardInterrupt:
        return


def _epoch(text: str | None, memory: Path | None) -> int:
    if text:
        return parse_time(text)
    if memory is not None and memory.exists():
        return parse_time(memory.read_text("utf-8"))
    epoch = now()
    if memory is not None:
        memory.write_text(iso(epoch), encoding="utf-8")
    return epoch


async def _serve(device: OpcUaDevice, *, control: bool) -> None:
    async with device:
        print(f"listening on {device.url}", flush=True)
        if control:
            await _obey(device)
        else:
            await asyncio.Event().wait()


async def _obey(device: OpcUaDevice) -> None:
    """One command a line until stdin ends.

    {"add": track} · {"put": path, "value": …, "time": …, "status": …} · {"confuse": path}
    """
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        command = json.loads(line)
        answer: dict[str, Any] = {"ok": True}
        if "add" in command:
            await device.add(Track.model_validate(command["add"]))
        elif "put" in command:
            answer["time"] = await device.put(
                command["put"], command["value"], time=command.get("time"), status=command.get("status", 0)
            )
        elif "confuse" in command:
            await device.confuse(command["confuse"])
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
