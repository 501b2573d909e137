"""Before any handler runs: size limits, headers that shut the browser's doors, and no socket from a foreign page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

__all__ = ["Gate"]

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

BODY_LIMIT = 1 << 20
# NiceGUI compiles templates in the browser, hence 'unsafe-eval'; nothing may come from or go to another host
_HEADERS = {
    b"content-security-policy": b"default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; "
    b"connect-src 'self' ws: wss:; frame-ancestors 'none'; form-action 'self'; base-uri 'self'; object-src 'none'",
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"same-origin",
}


class Gate:
    """ASGI middleware around everything luban serves.

    body_limit  bytes a request may carry; more is refused with 413
    """

    def __init__(self, app: Any, body_limit: int = BODY_LIMIT) -> None:
        self._app, self._limit = app, body_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] == "websocket" and not _same_origin(scope):
            await send({"type": "websocket.close", "code": 1008, "reason": "foreign origin"})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or int(length) > self._limit:
            await _refuse(send, self._limit)
            return
        await self._app(scope, self._counting(receive), _with_headers(send))

    def _counting(self, receive: Receive) -> Receive:
        size = 0

        async def counted() -> MutableMapping[str, Any]:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > self._limit:
                # a chunked body has no length to check beforehand: cut it off, and let the parser refuse the rest
                return {"type": "http.disconnect"}
            return message

        return counted


def _same_origin(scope: Scope) -> bool:
    headers = dict(scope["headers"])
    origin = headers.get(b"origin")
    # programs send no Origin; browsers always do
    return origin is None or urlsplit(origin.decode("latin-1")).netloc == headers.get(b"host", b"").decode("latin-1")


def _with_headers(send: Send) -> Send:
    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            given = list(message.get("headers", []))
            names = {name.lower() for name, _ in given}
            message["headers"] = given + [(name, value) for name, value in _HEADERS.items() if name not in names]
        await send(message)

    return sending


async def _refuse(send: Send, limit: int) -> None:
    body = b'{"title":"the request is too large","status":413,"expected":"at most %d bytes"}' % limit
    await send(
        {
            "type": "http.response.start",
            "status": 413,
            "headers": [(b"content-type", b"application/problem+json"), (b"content-length", str(len(body)).encode())],
        }
    )
    await send({"type": "http.response.body", "body": body})
