"""Log in and out: plain HTML forms that need no script and build no live page for whoever is not known."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from luban.core.errors import LubanError
from luban.core.time import SECOND
from luban.screens.i18n import LANGUAGES, words
from luban.screens.mark import MARK
from luban.screens.sessions import COOKIE
from luban.screens.users import SESSION_LENGTH, Users

__all__ = ["ASSETS", "language_of", "login_router"]

_TAGS = {"en": "en", "zh": "zh-CN", "ko": "ko-KR"}
ASSETS = Path(__file__).parent


def language_of(request: Request) -> str:
    """The language a browser asks for, among those luban speaks; English otherwise."""
    for wish in request.headers.get("accept-language", "").split(","):
        if (language := wish.strip()[:2].lower()) in LANGUAGES:
            return language
    return "en"


def login_router(users: Users, plant_name: str) -> APIRouter:
    """Routes `/`, `/{language}/login` and `/{language}/logout`."""
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    def start(request: Request) -> Response:
        return RedirectResponse(f"/{language_of(request)}", 303)

    @router.get("/{language}/login")
    def form(language: str) -> Response:
        if language not in LANGUAGES:
            return RedirectResponse("/en/login", 303)
        return HTMLResponse(_page(language, plant_name))

    @router.post("/{language}/login")
    def login(
        language: str,
        request: Request,
        user: Annotated[str, Form(max_length=64)] = "",
        password: Annotated[str, Form(max_length=256)] = "",
    ) -> Response:
        try:
            token = users.login(user, password, address=request.client.host if request.client else "")
        except LubanError as error:
            return HTMLResponse(_page(language, plant_name, error=error, user=user), 401)
        response = RedirectResponse(f"/{language}", 303)
        secure = request.url.scheme == "https"
        response.set_cookie(
            COOKIE, token, max_age=SESSION_LENGTH // SECOND, httponly=True, samesite="strict", secure=secure, path="/"
        )
        return response

    return router


def _page(language: str, plant_name: str, *, error: LubanError | None = None, user: str = "") -> str:
    say, text = words(language), html.escape
    notice = ""
    if error:
        said = f"{text(say(error.message))}. {text(say(error.hint))}"
        notice = f'<div class="lb-notice" role="alert"><span>{said}</span></div>'
    languages = "".join(_language_link(code, name, current=code == language) for code, name in LANGUAGES.items())
    field = 'required maxlength="{}" autocomplete="{}"'
    return f"""<!doctype html>
<html lang="{_TAGS[language]}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>luban · {text(say("Log in"))}</title>
<link rel="icon" href="/assets/mark.svg"><link rel="stylesheet" href="/assets/screen.css"></head>
<body class="body--light">
<script>if (matchMedia("(prefers-color-scheme: dark)").matches) document.body.className = "body--dark";</script>
<main class="lb-login"><form method="post" action="/{language}/login">
<div class="lb-mark">{MARK}<span>luban</span></div>
<div class="lb-note">{text(plant_name)}</div>
{notice}
<label>{text(say("User"))}
<input name="user" value="{text(user)}" autofocus {field.format(64, "username")}></label>
<label>{text(say("Password"))}
<input name="password" type="password" {field.format(256, "current-password")}></label>
<button type="submit">{text(say("Log in"))}</button>
<nav aria-label="{text(say("Language"))}">{languages}</nav>
</form></main></body></html>"""


def _language_link(code: str, name: str, *, current: bool) -> str:
    here = ' aria-current="true"' if current else ""
    return f'<a class="lb-quietlink" lang="{code}" href="/{code}/login"{here}>{name}</a>'
