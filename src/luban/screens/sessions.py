"""Whose request it is: a bearer token, or the page's session cookie."""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import Request

from luban.screens.users import Session, Users

__all__ = ["COOKIE", "GUEST_COOKIE", "session_of", "token_of"]

COOKIE = "luban_session"
GUEST_COOKIE = "luban_guest"


def session_of(request: Request, users: Users) -> Session | None:
    """The session behind a request, or None. A cookie counts for an act only if the act comes from our own page."""
    return users.session(token_of(request, COOKIE))


def token_of(request: Request, cookie: str) -> str | None:
    """The token that a request bears, or that its cookie of this name holds, or None.

    A cookie counts for an act only if the act comes from our own page.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    if request.method not in {"GET", "HEAD", "OPTIONS"}:
        origin = request.headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
            return None
    return request.cookies.get(cookie)
