"""The device side of MQTT: a machine that publishes JSON, keeps what the broker has not taken, obeys commands.

Serves pilots, benchmarks and the contract suite; it needs a broker.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import math
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from types import TracebackType
from typing import Any, Final, Self

from luban.connect.mqtt.broker import BrokerSettings
from luban.connect.mqtt.session import Message, Session
from luban.connect.orders import OnWrite, ask
from luban.connect.wire import Value
from luban.core.errors import ConnectError, LubanError
from luban.core.time import iso, now

__all__ = ["JsonDevice", "keep_connected"]

_WINDOW: Final = 20  # publications under way at once
_RETRY: Final = 0.1  # [s]


class JsonDevice:
    """Publishes `{"time": ISO 8601, "value": …}` on `base/name`; takes `base/name/set`.

    url       of the broker
    base      topic under which the machine speaks
    qos       of its publications
    retain    the broker repeats the newest value to late listeners
    on_write  called with (name, value) before a commanded value is published; a LubanError refuses it in silence
    clock     the machine's own [µs UTC]
    """

    def __init__(
        self,
        url: str,
        base: str,
        *,
        qos: int = 1,
        retain: bool = False,
        on_write: OnWrite | None = None,
        clock: Callable[[], int] = now,
    ) -> None:
        self.base = base
        self.values: dict[str, Mapping[str, Any]] = {}
        self._settings = BrokerSettings.model_validate({"url": url})
        self._qos, self._retain = qos, retain
        self._on_write, self._clock = on_write, clock
        self._waiting: deque[tuple[str, bytes]] = deque()
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(keep_connected(self._settings, self._serve), name=f"{self.base} device")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Go; what the broker has not taken is lost, as with a machine that is switched off."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    def set(self, name: str, value: Value, time: int | None = None) -> int:
        """A new value, stamped `time` [µs UTC] (now by default); returns that time."""
        at = self._clock() if time is None else time
        self.values[name] = {"time": iso(at), "value": value}
        self.publish(f"{self.base}/{name}", json.dumps(self.values[name], ensure_ascii=False).encode())
        return at

    def publish(self, topic: str, payload: bytes) -> None:
        """Send anything at all, in turn."""
        self._waiting.append((topic, payload))
        self._idle.clear()
        self._wake.set()

    def repeat(self) -> None:
        """Send every newest value again, with its old time, as machines do after a start."""
        for name, body in self.values.items():
            self.publish(f"{self.base}/{name}", json.dumps(body, ensure_ascii=False).encode())

    async def play(self, script: Iterable[tuple[float, str, Value]]) -> None:
        """Set scripted values: (seconds to wait, name, value)."""
        for seconds, name, value in script:
            await asyncio.sleep(seconds)
            self.set(name, value)

    async def sent(self) -> None:
        """Return once the broker has taken everything."""
        if self._waiting:
            await self._idle.wait()

    async def _serve(self, session: Session) -> None:
        await session.subscribe([f"{self.base}/+/set"], 1)
        tasks = {asyncio.create_task(self._obey(session)), asyncio.create_task(self._speak(session))}
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _speak(self, session: Session) -> None:
        while True:
            await self._send(session)
            self._wake.clear()
            self._idle.set()
            await self._wake.wait()

    async def _send(self, session: Session) -> None:
        while self._waiting:
            part = [self._waiting[i] for i in range(min(_WINDOW, len(self._waiting)))]
            await asyncio.gather(
                *(session.publish(topic, payload, self._qos, retain=self._retain) for topic, payload in part)
            )
            for _ in part:
                self._waiting.popleft()

    async def _obey(self, session: Session) -> None:
        while True:
            batch = await session.receive()
            for message in batch:
                await self._command(message)
            session.acknowledge(batch)

    async def _command(self, message: Message) -> None:
        name = message.topic.removeprefix(f"{self.base}/").removesuffix("/set")
        with contextlib.suppress(ValueError, TypeError, LookupError, LubanError):
            value = json.loads(message.payload)["value"]
            await ask(self._on_write, name, value)
            self.set(name, value)


async def keep_connected(settings: BrokerSettings, serve: Callable[[Session], Awaitable[None]]) -> None:
    """Connect, serve, and again after the link broke, until cancelled."""
    while True:
        with contextlib.suppress(ConnectError):
            async with Session(settings, "", clean=True) as session:
                await serve(session)
        await asyncio.sleep(_RETRY)


async def _demonstrate(url: str, base: str) -> None:
    """A press that works 20 s and rests 5 s, until interrupted."""
    async with JsonDevice(url, base, retain=True) as press:
        for second in itertools.count():
            working = second % 25 < 20
            press.set("state", "ACTIVE" if working else "READY")
            press.set("load", round(60 + 10 * math.sin(second / 5), 1) if working else 0.0)
            press.set("parts", second // 25 * 10 + min(second % 25, 20) // 2)
            await asyncio.sleep(1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A press that publishes JSON, to try an MQTT source with.")
    parser.add_argument("url", help="broker, e.g. mqtt://127.0.0.1:1883")
    parser.add_argument("base", nargs="?", default="hall/press01", help="topic under which it speaks")
    asked = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_demonstrate(asked.url, asked.base))
