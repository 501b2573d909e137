"""The device side: an OPC UA server on loopback that shows a script, with history.

    async with OpcUaDevice(lathe()) as device: … device.url …
    python -m luban.connect.opcua.device --port 48400 --script lathe

As a process it can be killed hard; started again with the same `--epoch` (or `--memory`, where it notes it)
its history holds what the machine did meanwhile. It accepts every client: it is no server for a plant.
"""

from __future__ import annotations

import argparse
import asyncio
import heapq
import json
import logging
import socket
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from asyncua import Server, ua
from asyncua.server.history import HistoryStorageInterface

from luban.connect.opcua.pki import own_identity
from luban.connect.opcua.script import Script, Track, lathe
from luban.connect.opcua.units import information
from luban.connect.opcua.values import time_of
from luban.connect.wire import Value
from luban.core.time import SECOND, iso, now, parse_time, to_datetime

__all__ = ["OpcUaDevice", "main"]

_PAGE = 10_000
_AT_ONCE = 100
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = 0.005  # [s]
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


class OpcUaDevice:
    """A scripted OPC UA server.

    port      0 takes a free one
    epoch     moment at which the script began [µs UTC], default now
    security  offer only signed and encrypted endpoints; `pki` holds its certificate then
    """

    def __init__(
        self, script: Script, *, port: int = 0, epoch: int | None = None, security: bool = False,
        pki: Path | None = None, host: str = "127.0.0.1",
    ) -> None:  # fmt: skip
        self.script, self.epoch = script, now() if epoch is None else epoch
        self._host, self._port = host, port or _free_port(host)
        self._security, self._pki = security, pki
        self._server = Server()
        self._tracks: dict[ua.NodeId, Track] = {}
        self._nodes: dict[str, ua.NodeId] = {}
        self._shown: dict[ua.NodeId, int] = {}  # source time of what each node showed when it was added
        self._memory = _Memory(self)
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
        server.iserver.history_manager.set_storage(self._memory)
        self._index = await server.register_namespace(self.script.namespace)
        for track in self.script.tracks:
            await self.add(track)
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
            if path not in self._nodes:
                made = await parent.add_object(
                    ua.NodeId(path, self._index), ua.QualifiedName(folders[depth], self._index)
                )
                self._nodes[path] = made.nodeid
            parent = self._server.get_node(self._nodes[path])
        kind = ua.VariantType[track.type]
        held = track.at(self.epoch, now())
        time, value = held if held is not None else (self.epoch, None)
        node = await parent.add_variable(
            ua.NodeId(track.path, self._index),
            ua.QualifiedName(name, self._index),
            _typed(value, kind),
            kind,
            datatype=ua.NodeId(kind.value),
        )
        self._nodes[track.path] = node.nodeid
        self._tracks[node.nodeid] = track
        self._shown[node.nodeid] = time if held is not None else self.epoch - 1
        await self._show(node.nodeid, value, time, 0)
        if track.unit:
            await node.add_property(
                ua.NodeId(f"{track.path}.EngineeringUnits", self._index), "0:EngineeringUnits", information(track.unit)
            )
        if track.range is not None:
            await node.add_property(
                ua.NodeId(f"{track.path}.EURange", self._index), "0:EURange", ua.Range(*track.range)
            )
        await node.set_attr_bit(ua.AttributeIds.AccessLevel, ua.AccessLevel.HistoryRead)
        await node.set_attr_bit(ua.AttributeIds.UserAccessLevel, ua.AccessLevel.HistoryRead)
        if track.writable:
            await node.set_writable()

    async def put(self, path: str, value: Value, *, time: int | None = None, status: int = 0) -> int:
        """Show a value and keep it in the history.

        time    source time [µs UTC], default now
        status  OPC UA status code
        Returns the source time
        """
        moment = now() if time is None else time
        node = self._nodes[path]
        shown = await self._show(node, value, moment, status)
        self._memory.keep(node, shown)
        return moment

    async def confuse(self, path: str) -> None:
        """Send a structure of a type that no client knows, once, to whoever listens to this value."""
        strange = ua.ExtensionObject(TypeId=ua.NodeId(99_999, self._index), Body=b"\x01\x02\x03")
        sent = ua.DataValue(ua.Variant(strange, ua.VariantType.ExtensionObject), SourceTimestamp=to_datetime(now()))
        held = self._server.iserver.aspace[self._nodes[path]].attributes[ua.AttributeIds.Value]
        for handle, callback in held.datachange_callbacks.items():
            await callback(handle, sent)

    async def _show(self, node: ua.NodeId, value: Value, time: int, status: int) -> ua.DataValue:
        kind = ua.VariantType[self._tracks[node].type]
        shown = _Shown(
            ua.Variant(None, ua.VariantType.Null) if value is None else ua.Variant(_typed(value, kind), kind),
            StatusCode=ua.StatusCode(status),
            SourceTimestamp=_EPOCH + timedelta(microseconds=time),
        )
        await self._server.write_attribute_value(node, shown)
        return shown

    async def _play(self) -> None:
        """Show each scripted change when its moment comes; a late one keeps its own time."""
        queue: list[tuple[int, int, Value, ua.NodeId, Iterator[tuple[int, Value]]]] = []
        for number, (node, track) in enumerate(self._tracks.items()):
            _push(queue, number, node, track.after(self.epoch, self._shown[node]))
        while True:
            moment, done = now(), 0
            while queue and queue[0][0] <= moment:
                done += 1
                if done % _AT_ONCE == 0:
                    await asyncio.sleep(0)  # clients are served while the device catches up
                time, number, value, node, changes = heapq.heappop(queue)
                await self._show(node, value, time, 0)
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
            found.append(ua.DataValue(ua.Variant(_typed(value, kind), kind), SourceTimestamp=to_datetime(time)))
        return found


class _Memory(HistoryStorageInterface):  # type: ignore[misc]
    """The history: what the script says of the past, and what was put by hand."""

    def __init__(self, device: OpcUaDevice) -> None:
        super().__init__()
        self._device = device
        self._kept: dict[ua.NodeId, list[ua.DataValue]] = {}

    def keep(self, node: ua.NodeId, value: ua.DataValue) -> None:
        self._kept.setdefault(node, []).append(value)

    async def init(self) -> None:
        """Nothing to prepare."""

    async def stop(self) -> None:
        """Nothing to close."""

    async def read_node_history(
        self, node_id: ua.NodeId, start: datetime | None, end: datetime | None, nb_values: int
    ) -> tuple[list[ua.DataValue], datetime | None]:
        first = time_of(ua.DataValue(SourceTimestamp=start)) if start else 0
        last = time_of(ua.DataValue(SourceTimestamp=end)) if end else now()
        kept = [v for v in self._kept.get(node_id, ()) if first <= time_of(v) <= last]
        found = sorted([*kept, *self._device.changes(node_id, first, last)], key=time_of)
        page = nb_values or _PAGE
        more = cast("datetime", found[page].SourceTimestamp) if len(found) > page else None
        return found[:page], more


def _push(queue: list[Any], number: int, node: ua.NodeId, changes: Iterator[tuple[int, Value]]) -> None:
    upcoming = next(changes, None)
    if upcoming is not None:
        heapq.heappush(queue, (upcoming[0], number, upcoming[1], node, changes))


def _typed(value: Value, kind: ua.VariantType) -> Any:
    if value is None:
        return {
            ua.VariantType.String: "",
            ua.VariantType.LocalizedText: ua.LocalizedText(""),
            ua.VariantType.Boolean: False,
        }.get(kind, 0)
    return ua.LocalizedText(str(value)) if kind is ua.VariantType.LocalizedText else value


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
