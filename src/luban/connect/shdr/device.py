"""The device side of SHDR: an adapter that serves a recording, or what a test tells it to.

    python -m luban.connect.shdr.device FILE --port 7878 --speed 10 --loop
    python -m luban.connect.shdr.device FILE --devices MODEL.xml --agent-port 5000

The second line serves the same recording through a small MTConnect agent as well.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path

from luban.connect.listener import Listener
from luban.connect.mtconnect.device import Agent
from luban.connect.mtconnect.model import DeviceModel
from luban.connect.shdr.line import Reader, fields_of
from luban.connect.shdr.recording import Replay, read_recording, stamp
from luban.core.errors import LubanError, PayloadError
from luban.core.time import MILLISECOND, SECOND, now

__all__ = ["Adapter", "play"]

_BACKLOG = 4 * 1024 * 1024  # a client this far behind [bytes] is dropped, as real adapters do


class Adapter(Listener):
    """An SHDR adapter on loopback. Use as an async context manager; `play` a recording or `send` lines.

    port       TCP port; 0 takes a free one and keeps it over `stop` and `start`
    heartbeat  promised in `* PONG` [µs]; 0: pings are not answered
    """

    def __init__(self, *, port: int = 0, heartbeat: int = 10 * SECOND, host: str = "127.0.0.1") -> None:
        super().__init__(host, port)
        self.heartbeat = heartbeat
        self._latest: dict[str, Sequence[str]] = {}

    @property
    def url(self) -> str:
        """Address for a source's `url`."""
        return f"tcp://{self._host}:{self.port}"

    def set(self, key: str, *values: str, time: int | None = None) -> int:
        """Send one value, or the five fields of a condition; returns its time [µs UTC]."""
        moment = now() if time is None else time
        self.send("|".join([stamp(moment), key, *(_escaped(value) for value in values)]))
        return moment

    def send(self, line: str) -> None:
        """Send one line as it is to everyone connected, and keep its values for those who come."""
        self._keep(line)
        self.send_raw(line.encode() + b"\n")

    def send_raw(self, data: bytes) -> None:
        """Send bytes as they are."""
        for writer in list(self._writers):
            if writer.transport.get_write_buffer_size() > _BACKLOG:
                writer.transport.abort()
            else:
                writer.write(data)

    def _keep(self, line: str) -> None:
        _, *fields = fields_of(line)
        if not fields or line.startswith("*") or fields[0].startswith("@"):
            return
        if len(fields) % 2 == 0 and all(fields[::2]):
            self._latest.update({key: (value,) for key, value in zip(fields[::2], fields[1::2], strict=True)})
        else:
            self._latest[fields[0]] = fields[1:]

    def _snapshot(self) -> bytes:
        """Everything known, stamped now: what an adapter tells whoever connects."""
        time = stamp(now())
        plain = [f"|{key}|{_escaped(values[0])}" for key, values in self._latest.items() if len(values) == 1]
        lines = [time + "".join(plain)] if plain else []
        lines += [
            "|".join([time, key, *map(_escaped, values)]) for key, values in self._latest.items() if len(values) > 1
        ]
        return "".join(f"{line}\n" for line in lines).encode()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Membership and snapshot in one step: no line falls between them.
        writer.write(self._snapshot())
        while line := await reader.readline():
            if line.strip().upper() == b"* PING" and self.heartbeat:
                writer.write(b"* PONG %d\n" % (self.heartbeat // MILLISECOND))


def _escaped(value: str) -> str:
    if "|" not in value:
        return value
    return '"' + value.replace("\\", "\\\\").replace("|", "\\|").replace('"', '\\"') + '"'


async def play(replay: Replay, adapter: Adapter | None = None, agent: Agent | None = None) -> None:
    """Play a recording to an adapter's clients, into an agent, or both; both see the same times."""
    reader = Reader(agent.model) if agent is not None else None
    async for time, line in replay.lines():
        if adapter is not None:
            adapter.send(line)
        if agent is not None and reader is not None:
            relay(agent, reader, time, line)


def relay(agent: Agent, reader: Reader, time: int, line: str) -> None:
    """Put one line's values into an agent; keys that its device model does not have are left out, as agents do."""
    _, *fields = fields_of(line)
    if line.startswith("*") or not fields or fields[0].startswith("@"):
        return
    with contextlib.suppress(PayloadError):
        agent.put([seen for seen in reader.read(fields, time) if seen.item is not None])


async def _main(options: argparse.Namespace) -> None:
    replay = Replay(read_recording(options.file), None, options.speed, options.loop, options.pause)
    model: DeviceModel | None = None
    async with contextlib.AsyncExitStack() as stack:
        adapter = await stack.enter_async_context(
            Adapter(port=options.port, heartbeat=options.heartbeat * MILLISECOND, host=options.host)
        )
        print(f"serving {options.file.name} on {adapter.url}", flush=True)
        agent: Agent | None = None
        if options.devices is not None:
            agent = Agent(options.devices, port=options.agent_port, host=options.host)
            await stack.enter_async_context(agent)
            model = agent.model
            print(f"agent of {', '.join(model.devices)} on {agent.url}", flush=True)
        await play(replay, adapter, agent)
        await asyncio.Event().wait()


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(
        prog="python -m luban.connect.shdr.device", description="Replay a recorded machine."
    )
    parser.add_argument("file", type=Path, help="recording of SHDR lines")
    parser.add_argument("--port", type=int, default=7878, help="TCP port of the adapter; 0 takes a free one")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--speed", type=float, default=1.0, help="times faster than it happened")
    parser.add_argument("--loop", action="store_true", help="begin anew at the end")
    parser.add_argument("--pause", type=float, default=2.0, help="rest between sessions [s]")
    parser.add_argument("--heartbeat", type=int, default=10_000, help="promised in PONG [ms]; 0: none")
    parser.add_argument("--devices", type=Path, help="devices file; serves an MTConnect agent as well")
    parser.add_argument("--agent-port", type=int, default=5000, help="HTTP port of the agent; 0 takes a free one")
    options = parser.parse_args(arguments)
    try:
        asyncio.run(_main(options))
    except KeyboardInterrupt:
        return 0
    except LubanError as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"cannot listen: {error.strerror or error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
