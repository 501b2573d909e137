"""One MQTT 3.1.1 session on asyncio: messages in batches, acknowledged when the caller says so.

Runs paho-mqtt's own protocol engine on the event loop through its public calls, because an
acknowledgement must wait for the disk and the broker's `session present` flag must be seen.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from luban.connect.mqtt.broker import BrokerSettings, tls_context
from luban.core.errors import ConnectError, LinkDownError, SecurityError
from luban.core.time import SECOND, now

__all__ = ["Message", "Session", "Will"]

_CONNECT_TIMEOUT: Final = 5.0  # [s]
_TICK: Final = 0.5  # how often paho may look at its keep-alive clock [s]
_READS_A_TURN: Final = 64  # packets read before other tasks get their turn
_PAUSE_ABOVE: Final = 10_000  # waiting messages at which we stop reading: TCP then slows the broker
_TOPICS_A_SUBSCRIBE: Final = 100
# Connect answers that no retry cures: protocol version, client id, password, not authorised, banned.
_NO_USE: Final = {132, 133, 134, 135, 138}


@dataclass(frozen=True, slots=True)
class Message:
    """One publication as it came; `arrived` [µs UTC]."""

    topic: str
    payload: bytes
    arrived: int
    qos: int = 0
    retained: bool = False
    repeated: bool = False
    number: int = 0


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker publishes for us when we vanish."""

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = False


class Session:
    """A connection to a broker, as an async context manager.

    settings   where the broker is
    client_id  our name; the broker keeps a session by it
    clean      True: the broker forgets us on disconnect
    will       published by the broker when the link breaks
    Raises     LinkDownError when the broker is away, SecurityError when it refuses us
    """

    def __init__(self, settings: BrokerSettings, client_id: str, *, clean: bool, will: Will | None = None) -> None:
        self.present = False  # the broker still had our session
        self.heard = 0  # when the broker last sent anything [µs UTC]
        self._settings = settings
        self._loop = asyncio.get_running_loop()
        self._queue: deque[Message] = deque()
        self._wake = asyncio.Event()
        self._fresh = False
        self._error: ConnectError | None = None
        self._connected: asyncio.Future[None] = self._loop.create_future()
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._socket: Any = None
        self._reading = self._writing = self._leaving = self._abandoned = False
        self._timer: asyncio.TimerHandle | None = None
        self._paho = self._engine(client_id, clean, will)

    def _engine(self, client_id: str, clean: bool, will: Will | None) -> Any:
        engine = paho.Client(CallbackAPIVersion.VERSION2, client_id, clean, reconnect_on_failure=False, manual_ack=True)
        engine.connect_timeout = _CONNECT_TIMEOUT
        if self._settings.user:
            engine.username_pw_set(self._settings.user, self._settings.password())
        context = tls_context(self._settings)
        if context is not None:
            engine.tls_set_context(context)
        if will is not None:
            engine.will_set(will.topic, will.payload, will.qos, will.retain)
        engine.on_connect = self._on_connect
        engine.on_disconnect = self._on_disconnect
        engine.on_message = self._on_message
        engine.on_publish = self._on_answer
        engine.on_subscribe = engine.on_unsubscribe = self._on_answer
        engine.on_socket_register_write = self._on_want_write
        engine.on_socket_unregister_write = self._on_written
        engine.on_socket_close = self._on_socket_close
        return engine

    async def __aenter__(self) -> Self:
        try:
            await asyncio.to_thread(self._open)
            self._socket = self._paho.socket()
            self._register()
            async with asyncio.timeout(_CONNECT_TIMEOUT):
                await self._connected
        except TimeoutError as error:
            self.abort()
            raise self._down("the broker does not answer") from error
        except BaseException:
            self._abandoned = True
            self.abort()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leaving = True
        if self._socket is not None and self._error is None:
            self._paho.disconnect()
            try:
                async with asyncio.timeout(1.0):
                    while self._socket is not None:
                        self._wake.clear()
                        await self._wake.wait()
            except TimeoutError:
                pass
        self.abort()

    async def receive(self, limit: int = 2_000, within: float | None = None) -> list[Message]:
        """Wait for the broker: up to `limit` messages, or none where it only proved to be alive.

        within  also return with none after this time [s]
        Raises LinkDownError once the link is gone and everything heard has been handed out.
        """
        while not self._queue and not self._fresh:
            if self._error is not None:
                raise self._error
            self._wake.clear()
            try:
                async with asyncio.timeout(within):
                    await self._wake.wait()
            except TimeoutError:
                return []
        self._fresh = False
        batch = [self._queue.popleft() for _ in range(min(limit, len(self._queue)))]
        if not self._reading and len(self._queue) < _PAUSE_ABOVE // 2:
            self._resume()
        return batch

    def acknowledge(self, messages: Iterable[Message]) -> None:
        """Tell the broker that it may forget these."""
        for message in messages:
            if message.qos:
                self._paho.ack(message.number, message.qos)

    async def subscribe(self, filters: Sequence[str], qos: int = 1) -> list[str]:
        """Subscribe; the filters the broker refused. Raises LinkDownError."""
        refused = []
        for start in range(0, len(filters), _TOPICS_A_SUBSCRIBE):
            part = list(filters[start : start + _TOPICS_A_SUBSCRIBE])
            code, number = self._paho.subscribe([(name, qos) for name in part])
            if code != paho.MQTT_ERR_SUCCESS:
                raise self._down(f"subscribe failed: {paho.error_string(code)}")
            answers = await self._answer(number)
            refused += [name for name, answer in zip(part, answers, strict=True) if answer.is_failure]
        return refused

    async def unsubscribe(self, filters: Sequence[str]) -> None:
        """Hear no more of these."""
        for start in range(0, len(filters), _TOPICS_A_SUBSCRIBE):
            code, number = self._paho.unsubscribe(list(filters[start : start + _TOPICS_A_SUBSCRIBE]))
            if code != paho.MQTT_ERR_SUCCESS:
                raise self._down(f"unsubscribe failed: {paho.error_string(code)}")
            await self._answer(number)

    async def publish(self, topic: str, payload: bytes, qos: int = 1, *, retain: bool = False) -> None:
        """Publish and wait until the broker has it (qos 1) or it is on the wire (qos 0)."""
        info = self._paho.publish(topic, payload, qos, retain)
        if info.rc != paho.MQTT_ERR_SUCCESS:
            raise self._down(f"publish failed: {paho.error_string(info.rc)}")
        if not info.is_published():
            await self._answer(info.mid)

    def abort(self) -> None:
        """Drop the connection without a goodbye: the broker publishes our will."""
        if self._timer is not None:
            self._timer.cancel()
        if self._socket is not None:
            lost = self._socket
            self._on_socket_close()
            lost.close()
        self._fail(self._down("the link is closed"))

    # ── between paho and the event loop ──────────────────────────────────────────────────────────

    def _open(self) -> None:
        """Connect; blocks, so it runs in a thread, before anything is registered with the loop."""
        url, settings = self._settings.url, self._settings
        try:
            self._paho.connect(settings.host, settings.port, -(-settings.keepalive // SECOND))
        except ssl.SSLCertVerificationError as error:
            raise SecurityError(
                f"the broker's certificate is not trusted: {error.verify_message}",
                where=url,
                hint="give the authority that signed it with ca = …; the url must use the name in the certificate",
            ) from error
        except ssl.SSLError as error:
            raise SecurityError(f"TLS failed: {error.reason or error}", where=url) from error
        except OSError as error:
            raise LinkDownError(f"no broker: {error.strerror or error}", where=url) from error
        if self._abandoned and (late := self._paho.socket()) is not None:
            late.close()

    def _readable(self) -> None:
        for _ in range(_READS_A_TURN):
            before = len(self._queue)
            if self._paho.loop_read() != paho.MQTT_ERR_SUCCESS or self._socket is None:
                return
            self._heard()
            if len(self._queue) > _PAUSE_ABOVE:
                self._pause()
            if len(self._queue) == before and not (self._settings.encrypted and self._socket.pending()):
                return
        if self._settings.encrypted and self._socket.pending():
            self._loop.call_soon(self._again)

    def _register(self) -> None:
        if self._socket is None:
            self._fail(self._down("the broker closed the connection"))
            return
        self._resume()
        if self._paho.want_write():
            self._on_want_write()
        self._tick()
        self._readable()

    def _again(self) -> None:
        if self._socket is not None and self._reading:
            self._readable()

    def _heard(self) -> None:
        self.heard = now()
        self._fresh = True
        self._wake.set()

    def _resume(self) -> None:
        if self._socket is not None:
            self._loop.add_reader(self._socket, self._readable)
            self._reading = True

    def _pause(self) -> None:
        self._loop.remove_reader(self._socket)
        self._reading = False

    def _tick(self) -> None:
        self._paho.loop_misc()
        if self._socket is not None:
            self._timer = self._loop.call_later(_TICK, self._tick)

    def _on_want_write(self, *_: Any) -> None:
        if self._socket is not None and not self._writing:
            self._loop.add_writer(self._socket, self._paho.loop_write)
            self._writing = True

    def _on_written(self, *_: Any) -> None:
        if self._writing:
            self._loop.remove_writer(self._socket)
            self._writing = False

    def _on_socket_close(self, *_: Any) -> None:
        if self._socket is not None:
            self._on_written()
            self._loop.remove_reader(self._socket)
            self._reading = False
            self._socket = None
            self._wake.set()

    def _on_connect(self, _client: Any, _data: Any, flags: Any, reason: Any, _properties: Any) -> None:
        if self._connected.done():
            return
        if not reason.is_failure:
            self.present = flags.session_present
            self._connected.set_result(None)
            return
        if reason.value in _NO_USE:
            error: ConnectError = SecurityError(
                f"the broker refuses us: {str(reason).lower()}",
                where=self._settings.url,
                hint="check user, password_env, client_id and the broker's own log",
            )
        else:
            error = self._down(f"the broker is not ready: {str(reason).lower()}")
        self._fail(error)

    def _on_disconnect(self, _client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        self._fail(self._down(f"the link broke: {str(reason).lower()}"))

    def _on_message(self, _client: Any, _data: Any, message: Any) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = ""
        self._queue.append(
            Message(topic, message.payload, now(), message.qos, bool(message.retain), message.dup, message.mid)
        )

    def _on_answer(self, _client: Any, _data: Any, number: int, answer: Any, _properties: Any) -> None:
        waiting = self._answers.pop(number, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)

    async def _answer(self, number: int) -> Any:
        if self._error is not None:
            raise self._error
        waiting = self._answers[number] = self._loop.create_future()
        try:
            async with asyncio.timeout(2 * self._settings.keepalive / SECOND + 5):
                return await waiting
        except TimeoutError as error:
            raise self._down("the broker does not answer") from error
        finally:
            self._answers.pop(number, None)

    def _down(self, message: str) -> LinkDownError:
        return LinkDownError(message, where=self._settings.url)

    def _fail(self, error: ConnectError) -> None:
        if self._error is None:
            self._error = error
        if not self._connected.done():
            self._connected.set_exception(self._error)
            self._connected.exception()  # marked as seen: __aenter__ may have left already
        for waiting in self._answers.values():
            if not waiting.done():
                waiting.set_exception(self._error)
        self._wake.set()
