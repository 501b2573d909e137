"""One agent, asked over HTTP: documents and the endless answer of a streaming request."""

from __future__ import annotations

import ssl
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self
from urllib.parse import quote

import httpx

from luban.connect.mtconnect.model import DeviceModel, read_devices
from luban.connect.mtconnect.multipart import Parts, boundary_of
from luban.connect.mtconnect.settings import MTConnectSettings
from luban.connect.mtconnect.streams import Answer, read_answer
from luban.core.errors import LinkDownError, PayloadError, SecurityError
from luban.core.time import MILLISECOND, SECOND

__all__ = ["AgentClient"]

_UNSEEN = "the agent does not answer"


class AgentClient:
    """Asks one agent. Use as an async context manager.

    Raises LinkDownError and SecurityError from every request; PayloadError where an answer is unreadable.
    """

    def __init__(self, settings: MTConnectSettings) -> None:
        self._settings = settings
        self._root = settings.url + (f"/{quote(settings.device)}" if settings.device else "")
        self._auth = httpx.BasicAuth(settings.user, settings.password()) if settings.user else None
        self.model = DeviceModel([], _EMPTY)

    async def __aenter__(self) -> Self:
        timeout = self._settings.timeout / SECOND
        # follow_redirects stays off: an agent that sends us elsewhere is not the one that was configured.
        self._http = httpx.AsyncClient(
            verify=_trust(self._settings), auth=self._auth, trust_env=False, timeout=httpx.Timeout(timeout),
            headers={"Accept": "text/xml, application/xml", "Accept-Encoding": "identity"},
        )  # fmt: skip
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def probe(self) -> DeviceModel:
        """What the agent's devices can tell; kept for reading its answers. Raises InputError, too."""
        self.model = read_devices(await self._get("probe", {}), where=f"{self._root}/probe")
        return self.model

    async def current(self) -> Answer:
        """The newest value of everything."""
        return self._read(await self._get("current", {}), "current")

    async def sample(self, start: int, count: int) -> Answer:
        """Up to `count` observations from sequence `start` on."""
        return self._read(await self._get("sample", {"from": start, "count": count}), "sample")

    async def stream(self, start: int) -> AsyncGenerator[Answer | PayloadError]:
        """Answers from sequence `start` on, as they come, at least one a heartbeat.

        A part that cannot be read is given out as the PayloadError it is. Ends when the agent ends its answer;
        an agent that cannot stream gives one answer.
        """
        settings = self._settings
        query = {
            "from": start, "count": settings.count, "interval": settings.interval // MILLISECOND,
            "heartbeat": max(1, settings.heartbeat // MILLISECOND),
        }  # fmt: skip
        quiet = (2 * settings.heartbeat + settings.timeout) / SECOND
        timeout = httpx.Timeout(settings.timeout / SECOND, read=quiet)
        async with self._stream("sample", query, timeout) as response:
            boundary = boundary_of(response.headers.get("content-type", ""))
            if boundary is None:
                yield self._read(await self._body(response), "sample")
                return
            parts = Parts(boundary, settings.max_document)
            async for data in response.aiter_bytes():
                for part in parts.feed(data):
                    try:
                        yield self._read(part, "sample")
                    except PayloadError as error:
                        yield error

    def _read(self, data: bytes, request: str) -> Answer:
        try:
            return read_answer(
                data, self.model.by_id, where=f"{self._root}/{request}", limit=self._settings.max_document
            )
        except PayloadError as error:
            error.came = error.came or data[:200].decode("utf-8", "replace")
            raise

    async def _get(self, request: str, query: dict[str, int]) -> bytes:
        async with self._stream(request, query, httpx.Timeout(self._settings.timeout / SECOND)) as response:
            return await self._body(response)

    async def _body(self, response: httpx.Response) -> bytes:
        held = bytearray()
        async for data in response.aiter_bytes():
            held += data
            if len(held) > self._settings.max_document:
                raise PayloadError(
                    "document too long", expected=f"at most {self._settings.max_document} bytes", where=self._root
                )
        return bytes(held)

    @asynccontextmanager
    async def _stream(
        self, request: str, query: dict[str, int], timeout: httpx.Timeout
    ) -> AsyncIterator[httpx.Response]:
        """The open answer, wire errors turned into ours."""
        url = f"{self._root}/{request}"
        try:
            async with self._http.stream("GET", url, params=query, timeout=timeout) as response:
                _check_status(response, url)
                yield response
        except httpx.TransportError as error:
            if _certificate(error):
                raise SecurityError("the agent's certificate is not trusted", came=str(error), where=url) from error
            raise LinkDownError(_UNSEEN, came=str(error) or type(error).__name__, where=url) from error
        except httpx.InvalidURL as error:
            raise LinkDownError("not an address", came=str(error), where=url) from error
        except httpx.DecodingError as error:
            raise PayloadError("answer that does not decode", came=str(error), where=url) from error


def _check_status(response: httpx.Response, url: str) -> None:
    """Agents give their reasons as a document with status 200, 400 or 404; anything else is no agent's answer."""
    status = response.status_code
    if status in {401, 403, 407}:
        raise SecurityError(
            "the agent wants another user or password", came=f"HTTP {status}", where=url,
            hint="set 'user' and 'password_env' of the source",
        )  # fmt: skip
    plain = "xml" not in response.headers.get("content-type", "xml")
    multipart = "multipart" in response.headers.get("content-type", "")
    if status >= 500 or 300 <= status < 400 or (status >= 400 and plain and not multipart):
        raise LinkDownError(_UNSEEN, came=f"HTTP {status}", expected="an MTConnect document", where=url)


def _trust(settings: MTConnectSettings) -> ssl.SSLContext | bool:
    """The certificates to trust; TLS 1.2 at least."""
    if not settings.url.startswith("https:"):
        return True
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if settings.ca is not None:
        try:
            context.load_verify_locations(settings.ca)
        except (OSError, ssl.SSLError) as error:
            raise SecurityError(
                "cannot read the certificates to trust", came=str(error), where=str(settings.ca)
            ) from error
    return context


def _certificate(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


_EMPTY = read_devices(b"<MTConnectDevices/>").root
