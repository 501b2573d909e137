"""Whose request it is: a bearer token, or the page's session cookie."""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import Request

from luban.screens.users import Session, Users

__all__ = ["COOKIE", "session_of"]

COOKIE = "luban_session"


def session_of(request: Request, users: Users) -> Session | None:
    """The session behind a request, or None. A cookie counts for an act only if the act comes from our own page."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return users.session(token.strip())
    if request.method not in {"GET", "HEAD", "OPTIONS"}:
        origin = request.headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
            return None
    return users.session(request.cookies.get(COOKIE))
