"""The device side of MTConnect: a small agent with a ring of observations, on loopback.

Answers /probe, /current and /sample, whole or streamed, and refuses as the standard says. Its documents
are valid against the published schemas (tests/connect/mtconnect/test_device.py).

Source  MTConnect Standard Part 1 (agent, protocol), Part 2 (Devices), Part 3 (Streams)
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import ssl
from base64 import b64encode
from collections.abc import Iterable, Mapping, Set as AbstractSet
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from lxml import etree

from luban.connect.listener import Listener
from luban.connect.mtconnect.documents import Documents
from luban.connect.mtconnect.model import read_devices
from luban.connect.mtconnect.observation import Observation
from luban.connect.mtconnect.ring import Ring, Window
from luban.core.time import MILLISECOND, SECOND, now

__all__ = ["Agent"]

_REQUEST_LIMIT = 8192
_TYPE = "text/xml;charset=utf-8"


class _RefusalError(Exception):
    """A request that gets an MTConnectError document."""

    def __init__(self, code: str, text: str, status: str = "400 Bad Request") -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.status = status


class Agent(Listener):
    """An MTConnect agent on loopback. Use as an async context manager; `put` observations into it.

    devices    its devices file
    port       TCP port; 0 takes a free one and keeps it over `stop` and `start`
    buffer     observations it keeps
    version    of the documents it writes
    tls        serves https with this certificate
    login      user and password that it asks for
    streaming  False: a request for a stream gets one document, as from agents that cannot
    """

    def __init__(
        self,
        devices: Path | bytes,
        *,
        port: int = 0,
        buffer: int = 16_384,
        version: str = "2.3",
        streaming: bool = True,
        host: str = "127.0.0.1",
        tls: ssl.SSLContext | None = None,
        login: tuple[str, str] | None = None,
    ) -> None:
        super().__init__(host, port, tls)
        self.model = read_devices(devices)
        self.streaming = streaming
        self._login = b64encode(":".join(login).encode()).decode() if login else ""
        self._instance = 0
        self._ring = Ring(self.model, buffer)
        self._documents = Documents(self.model, version, buffer)
        self._news = asyncio.Event()
        self._spoil = False
        self.requests: list[str] = []

    @property
    def url(self) -> str:
        """Address for a source's `url`."""
        return f"{'https' if self._tls else 'http'}://{self._host}:{self.port}"

    @property
    def instance(self) -> int:
        """Changes with every start from nothing."""
        return self._instance

    async def start(self) -> None:
        """Begin with an empty ring and a new instanceId; on the same port after a stop."""
        if not self.listening:
            self._instance = max(self._instance + 1, now() // SECOND)
            self._ring = Ring(self.model, self._ring.size)
            await self.mend()

    async def cut(self) -> None:
        """Only the link fails: the agent lives on and goes on collecting."""
        await self.kill()

    async def mend(self) -> None:
        """The link is back, the agent is still the same."""
        await super().start()

    def put(self, observations: Iterable[Observation]) -> None:
        """Take observations of data items of the model; their sequence is given here."""
        for seen in observations:
            self._ring.put(seen)
        self._news.set()
        self._news = asyncio.Event()

    def set(self, key: str, text: str | None, *, time: int | None = None, level: str = "", code: str = "") -> int:
        """Take one value of a data item, by id or name; None is UNAVAILABLE. Returns its time [µs UTC]."""
        item = self.model.by_key[key]
        moment = now() if time is None else time
        self.put([Observation((item.id,), moment, text, item, level, code)])
        return moment

    def spoil(self) -> None:
        """Make the next streamed document unreadable."""
        self._spoil = True
        self._news.set()
        self._news = asyncio.Event()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await self._one_request(reader, writer):
            pass

    async def _one_request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; False if the connection ends with it."""
        head = await reader.readuntil(b"\r\n\r\n")
        if len(head) > _REQUEST_LIMIT:
            return False
        method, _, rest = head.decode("latin-1").partition(" ")
        target = rest.partition(" ")[0]
        parts = urlsplit(target)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        self.requests.append(target)
        if self._login and f"authorization: basic {self._login}".lower() not in head.decode("latin-1").lower():
            writer.write(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")
            return True
        try:
            chosen, request = self._route(method, unquote(parts.path), query)
            if request == "sample" and "interval" in query and self.streaming:
                await self._stream(writer, chosen, query)
                return False
            body, status = self._answer(request, chosen, query), "200 OK"
        except _RefusalError as refusal:
            body, status = self._documents.error(self._instance, refusal.code, refusal.text), refusal.status
        writer.write(
            f"HTTP/1.1 {status}\r\nContent-Type: {_TYPE}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        )
        await writer.drain()
        return b"connection: close" not in head.lower()

    def _route(self, method: str, path: str, query: Mapping[str, str]) -> tuple[frozenset[str], str]:
        """(ids of the data items meant, request)."""
        if method != "GET":
            raise _RefusalError("UNSUPPORTED", f"{method} is not supported", "405 Method Not Allowed")
        steps = [step for step in path.split("/") if step]
        request = "probe"
        if steps and steps[-1] in {"probe", "current", "sample"}:
            request = steps.pop()
        elif len(steps) > 1:
            raise _RefusalError("INVALID_REQUEST", f"no such request: {path}")
        if len(steps) > 1:
            raise _RefusalError("INVALID_URI", f"no such path: {path}")
        chosen = self.model.only(steps[0]) if steps else self.model
        if steps and not chosen.items:
            raise _RefusalError("NO_DEVICE", f"Could not find the device '{steps[0]}'", "404 Not Found")
        ids = frozenset(item.id for item in chosen.items)
        return (ids & self._at(query["path"]) if "path" in query else ids), request

    def _at(self, path: str) -> AbstractSet[str]:
        """Ids of the data items that an XPath into the device model names, or that lie below it."""
        plain = self._documents.plain
        try:
            found = plain.getroottree().xpath(path)
        except etree.XPathError as error:
            raise _RefusalError("INVALID_PATH", f"'{path}': {error}") from error
        elements = [one for one in found if etree.iselement(one)] if isinstance(found, list) else []
        ids = {item.get("id", "") for element in elements for item in element.iter("DataItem")}
        if not ids:
            raise _RefusalError("INVALID_PATH", f"'{path}' names no data item")
        return ids

    def _answer(self, request: str, chosen: frozenset[str], query: Mapping[str, str]) -> bytes:
        window = self._ring.window()
        if request == "probe":
            return self._documents.probe(self._instance)
        if request == "current":
            return self._documents.streams(self._instance, window, self._ring.current(chosen))
        start = self._number(query, "from", window.first)
        self._check_range(start, window)
        return self._sample(chosen, start, self._number(query, "count", 100))[0]

    def _check_range(self, start: int, window: Window) -> None:
        if not window.first <= start <= window.next:
            limits = f"between {window.first} and {window.next}"
            raise _RefusalError("OUT_OF_RANGE", f"'from' must be {limits}", "404 Not Found")

    def _sample(self, chosen: frozenset[str], start: int, count: int) -> tuple[bytes, int]:
        """(document, sequence to ask for next)."""
        window = self._ring.window()
        seen, after = self._ring.slice(chosen, start, count)
        return self._documents.streams(self._instance, Window(window.first, window.last, after), seen), after

    @staticmethod
    def _number(query: Mapping[str, str], name: str, default: int) -> int:
        text = query.get(name, str(default))
        if not text.isdecimal():
            raise _RefusalError("INVALID_REQUEST", f"'{name}' must be a positive integer")
        return int(text)

    async def _stream(self, writer: asyncio.StreamWriter, chosen: frozenset[str], query: Mapping[str, str]) -> None:
        """One document an interval while there is news, one a heartbeat while there is none."""
        start = self._number(query, "from", self._ring.window().first)
        count = self._number(query, "count", 100)
        interval = self._number(query, "interval", 0) * MILLISECOND / SECOND
        heartbeat = self._number(query, "heartbeat", 10_000) * MILLISECOND / SECOND
        self._check_range(start, self._ring.window())
        boundary = secrets.token_hex(16)
        writer.write(
            f"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace;boundary={boundary}\r\n"
            "Connection: close\r\n\r\n".encode()
        )
        while True:
            if start < self._ring.window().first:
                return  # the client fell behind: its next request is told so
            body, after = self._sample(chosen, start, count)
            behind = after <= self._ring.window().last
            start = after
            if self._spoil:
                self._spoil, body = False, body.replace(b"</", b"<", 1)
            head = f"--{boundary}\r\nContent-type: text/xml\r\nContent-length: {len(body)}\r\n\r\n"
            writer.write(head.encode() + body + b"\r\n")
            await writer.drain()
            if not behind:
                await self._pause(interval, heartbeat, start)

    async def _pause(self, interval: float, heartbeat: float, start: int) -> None:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        await asyncio.sleep(interval)
        while start > self._ring.window().last and not self._spoil:
            left = heartbeat - (loop.time() - begun)
            if left <= 0:
                return
            news = self._news
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(news.wait(), left)
