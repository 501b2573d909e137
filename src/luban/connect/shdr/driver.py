"""Listens to an SHDR adapter, keeps its heartbeat going and hands over what it says.

Source  MTConnect Standard Part 1, adapter protocol: lines, `* PING` and `* PONG milliseconds`
"""

from __future__ import annotations

import asyncio
import builtins
import fcntl
import re
import sys
import termios
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from typing import Any, ClassVar, TypeVar

from luban.connect.mtconnect.model import DeviceModel, proposals, read_devices
from luban.connect.mtconnect.observation import Addresses, Observation, value_of
from luban.connect.shdr.framing import Lines, Multiline
from luban.connect.shdr.line import AdapterClock, Reader, fields_of
from luban.connect.shdr.settings import ShdrSettings
from luban.connect.wire import Capabilities, Proposal, ReadBack, Sample, Sink, Value
from luban.core.errors import ConfigError, InputError, LinkDownError, NotAllowedError, PayloadError
from luban.core.time import MILLISECOND, MINUTE, SECOND, now

__all__ = ["ShdrDriver"]

_PONG = re.compile(r"\*\s*PONG\s+(\d+)", re.IGNORECASE)
_LONGEST_HEARTBEAT = 30 * MINUTE
_CHUNK = 65_536
_EXECUTION = {"READY", "ACTIVE", "INTERRUPTED", "FEED_HOLD", "STOPPED", "PROGRAM_COMPLETED", "PROGRAM_STOPPED"}

_T = TypeVar("_T")
_Take = Callable[[Sequence[Observation]], None]
_Reject = Callable[[bytes | str, str], None]


class ShdrDriver:
    """The shdr connector; see the module."""

    type: ClassVar[str] = "shdr"
    settings: ClassVar[builtins.type[ShdrSettings]] = ShdrSettings
    capabilities: ClassVar[Capabilities] = Capabilities(browse=True)

    def __init__(self, settings: ShdrSettings, addresses: Sequence[str]) -> None:
        self._settings = settings
        self._addresses = Addresses(addresses)
        self.keepalive = settings.ping

    async def run(self, sink: Sink) -> None:
        """Listen until the adapter goes away or falls silent. Raises LinkDownError, ConfigError (devices file)."""
        model = self._model()
        reader, writer = await self._connect()
        ear = _Ear(self._settings, model, lambda payload, reason: sink.reject("", payload, reason))

        def take(observations: Sequence[Observation]) -> None:
            samples = [sample for seen in observations for sample in self._addresses.samples(seen)]
            if samples:
                sink.samples(samples)
            sink.alive()

        sink.alive()
        await self._listen(reader, writer, ear, take)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        settings = self._settings
        try:
            async with asyncio.timeout(settings.timeout / SECOND):
                return await asyncio.open_connection(settings.host, settings.port)
        except (OSError, TimeoutError) as error:
            came = str(error) or f"no answer in {settings.timeout / SECOND:g} s"
            raise LinkDownError("the adapter does not answer", came=came, where=settings.url) from error

    async def _listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, ear: _Ear, take: _Take) -> None:
        """Read until the peer is gone. Raises LinkDownError."""
        lines = Lines(self._settings.max_line)
        ping_at = heard = now()
        pinged = False
        try:
            while True:
                pace = min(ear.heartbeat or self._settings.ping, self._settings.ping)
                if (moment := now()) >= ping_at:
                    if pinged and not ear.heartbeat and _acknowledged(writer):
                        take(())  # no heartbeat to hear, but the peer's TCP has taken our last ping
                    pinged = True
                    # Never drained: a peer that does not read 7 bytes a second is found by its silence.
                    writer.write(b"* PING\n")
                    ping_at = moment + pace
                dead = heard + (2 * pace if ear.heartbeat else self._settings.silence)
                if moment >= dead:
                    raise LinkDownError(
                        "the adapter fell silent", came=f"nothing for {(moment - heard) / SECOND:.1f} s",
                        where=self._settings.url,
                    )  # fmt: skip
                data = await _within(reader.read(_CHUNK), min(ping_at, dead) - moment)
                if data is None:
                    continue
                if not data:
                    raise LinkDownError("the adapter closed the connection", where=self._settings.url)
                heard = now()
                take(ear.hear(lines.feed(data), heard))
                ping_at = min(ping_at, heard + (ear.heartbeat or self._settings.ping))
        except OSError as error:
            raise LinkDownError("the adapter went away", came=str(error), where=self._settings.url) from error
        finally:
            writer.transport.abort()

    def _model(self) -> DeviceModel | None:
        """The devices file. Raises ConfigError."""
        if self._settings.devices is None:
            return None
        try:
            return read_devices(self._settings.devices).only(self._settings.device)
        except InputError as error:
            raise ConfigError(error.message, came=error.came, expected=error.expected, where=error.where) from error

    async def history(
        self,
        addresses: Sequence[str],  # noqa: ARG002
        start: int,  # noqa: ARG002
        end: int,  # noqa: ARG002
    ) -> AsyncIterator[Sequence[Sample]]:
        """An adapter keeps nothing."""
        return
        yield ()

    async def browse(self) -> list[Proposal]:
        """The data items of the devices file; without one, the keys heard in a few seconds."""
        model = self._model()
        if model is not None:
            return proposals(model)
        found: dict[str, Proposal] = {}
        ear = _Ear(self._settings, None, lambda _payload, _reason: None)

        def take(observations: Sequence[Observation]) -> None:
            for seen in observations:
                if seen.names[0] not in found or found[seen.names[0]].role == "value":
                    found[seen.names[0]] = _heard(seen)

        reader, writer = await self._connect()
        try:
            await _within(self._listen(reader, writer, ear, take), self._settings.listen)
        except LinkDownError:
            if not found:
                raise
        return list(found.values())

    async def write(self, address: str, value: Value) -> ReadBack:
        """SHDR is read-only. Raises NotAllowedError."""
        raise NotAllowedError("SHDR is read-only", came=f"{address} = {value!r}", where=self._settings.url)


def _acknowledged(writer: asyncio.StreamWriter) -> bool:
    """Whether the peer's TCP has acknowledged every byte we sent; False where the system cannot tell."""
    try:
        waiting = fcntl.ioctl(writer.get_extra_info("socket").fileno(), termios.TIOCOUTQ, bytes(4))
    except (OSError, AttributeError):
        return False
    return int.from_bytes(waiting, sys.byteorder) == 0


async def _within(work: Coroutine[Any, Any, _T], limit: int) -> _T | None:
    """The result, or None once the limit [µs] is over."""
    try:
        async with asyncio.timeout(max(0, limit) / SECOND):
            return await work
    except TimeoutError:
        return None


class _Ear:
    """Understands lines.

    reject  called with each line that cannot be understood and the reason
    """

    def __init__(self, settings: ShdrSettings, model: DeviceModel | None, reject: _Reject) -> None:
        self.heartbeat = 0
        self._reject = reject
        self._clock = AdapterClock(relative=settings.relative_time)
        self._reader = Reader(model)
        self._multiline = Multiline(settings.max_line)

    def hear(self, lines: Sequence[bytes | PayloadError], arrival: int) -> list[Observation]:
        """What the lines that arrived together say."""
        found: list[Observation] = []
        for line in lines:
            if isinstance(line, PayloadError):
                self._reject(line.came, line.message)
                continue
            try:
                found.extend(self._understand(line, arrival))
            except PayloadError as error:
                self._reject(line[:1000], error.message)
        return found

    def _understand(self, line: bytes, arrival: int) -> Iterator[Observation]:
        if not line:
            return
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError as error:
            raise PayloadError("not UTF-8", came=str(error)) from error
        if text.startswith("*"):
            self._command(text)
            return
        whole = self._multiline.feed(text)
        if whole is None:
            return
        stamp, *fields = fields_of(whole)
        if not fields:
            raise PayloadError("not an SHDR line", expected="time|key|value")
        time = self._clock.read(stamp, arrival)
        if not fields[0].startswith("@"):  # assets (tools, fixtures) are documents, not values
            yield from self._reader.read(fields, time)

    def _command(self, text: str) -> None:
        """`* PONG milliseconds` sets the pace; other commands describe the adapter and are not needed."""
        pong = _PONG.match(text)
        if pong is not None and 0 < int(pong[1]) * MILLISECOND < _LONGEST_HEARTBEAT:
            self.heartbeat = int(pong[1]) * MILLISECOND


def _heard(seen: Observation) -> Proposal:
    """What one observation of an unknown key proposes."""
    address = seen.names[0]
    name = re.sub(r"[^\w.\-]+", "_", address.rpartition(":")[2]).strip("_.-") or "value"
    kind = "text"
    if not seen.level and not seen.series and seen.text is not None:
        kind = "text" if isinstance(value_of(seen.text, None)[0], str) else "number"
    note = "condition" if seen.level else "no devices file: unit and type are unknown"
    device = address.rpartition(":")[0]
    if seen.text in _EXECUTION:
        return Proposal(address, name, kind, "", device, "state", "mtconnect-execution@1", note=note)
    return Proposal(address, name, kind, "", device, note=note)
