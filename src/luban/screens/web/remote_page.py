"""The page of an outside expert: one machine, read-only, until the grant ends.

Plain HTML with one socket of its own, and none of the machinery of the plant's pages: an expert from outside gets no
live page of NiceGUI at all. The socket is watched while it is open: when the grant ends, whatever ends it, it is told
so, closed by the server, and the page empties itself. The secret stands behind the `#` of the link, which browsers
send nowhere; it is posted once the expert presses the button, so that a mail program that looks at links opens nothing.
"""

from __future__ import annotations

import asyncio
import html
import json
import logging
from contextlib import suppress
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, WebSocket, WebSocketDisconnect
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from luban.core.errors import LubanError, SecurityError
from luban.core.time import SECOND, now
from luban.screens.grants import Grants, Visit
from luban.screens.i18n import LANGUAGES, Words, words
from luban.screens.mark import MARK
from luban.screens.outside import RANGES, Look, Outside
from luban.screens.reads import Reads
from luban.screens.report.health_remote import clock, grant_word, part_word
from luban.screens.report.sheet import sheet_part
from luban.screens.report.sheet_file import file_of
from luban.screens.sessions import GUEST_COOKIE, token_of
from luban.screens.web.remote_script import SCRIPT

__all__ = ["RemoteWatch", "remote_pages"]

log = logging.getLogger(__name__)
_TAGS = {"en": "en", "zh": "zh-CN", "ko": "ko-KR"}
_WATCH = 0.2  # [s] between two looks whether the grant still holds
_NEWS = 1.0  # [s] between two looks for newer values
_OVER = 4401
_MOST_SOCKETS = 4
_SHOWN = ("health", "signals", "alarms", "workorders")
_NO_STORE = {"cache-control": "no-store"}


class RemoteWatch:
    """Enters into the books which grants ended by the clock, once a second."""

    def __init__(self, grants: Grants, reads: Reads) -> None:
        self._grants, self._reads = grants, reads
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; call from the running event loop."""
        self._task = asyncio.get_running_loop().create_task(self._run(), name="luban-grants")

    async def stop(self) -> None:
        """End."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            try:
                await self._reads(self._grants.sweep)
            except Exception:
                log.exception("grants that ended could not be entered into the books")
                await asyncio.sleep(10)
            await asyncio.sleep(1)


def remote_pages(outside: Outside, reads: Reads) -> APIRouter:  # noqa: C901 - one short function a route
    """Routes below `/{language}/remote`."""
    router = APIRouter(prefix="/{language}/remote", include_in_schema=False)
    grants = outside.grants
    sockets: dict[str, int] = {}

    @router.get("")
    def form(language: str) -> Response:
        return _page(language, _form(words(language)))

    @router.post("")
    def opened(language: str, request: Request, code: Annotated[str, Form(max_length=300)] = "") -> Response:
        say = words(language)
        identifier, _, secret = code.strip().rpartition("#")[2].partition(".")
        try:
            token = grants.open(identifier, secret, address=request.client.host if request.client else "")
        except LubanError as error:
            return _page(language, _form(say, error), 401)
        left = max(1, (grants.require(token).grant.expires - now()) // SECOND)
        response = RedirectResponse(f"/{say.language}/remote/machine", 303)
        response.set_cookie(
            GUEST_COOKIE, token, max_age=left, httponly=True, samesite="strict", path="/",
            secure=request.url.scheme == "https",
        )  # fmt: skip
        return response

    @router.get("/machine")
    def machine(language: str, request: Request) -> Response:
        say = words(language)
        visit = grants.visit(request.cookies.get(GUEST_COOKIE))
        if visit is None:
            return _page(language, _ended(say), 401)
        return _page(language, _machine(outside, visit, say))

    @router.post("/leave")
    def leave(language: str, request: Request) -> Response:
        visit = grants.visit(token_of(request, GUEST_COOKIE))
        if visit is None:
            return RedirectResponse(f"/{words(language).language}/remote/machine", 303)
        grants.leave(visit)
        response = _page(language, _ended(words(language)))
        response.delete_cookie(GUEST_COOKIE, path="/")
        return response

    @router.get("/file")
    async def file(
        language: str, request: Request, part: str = "", kind: str = "pdf", signal: str = "", span: str = ""
    ) -> Response:
        say = words(language)
        try:
            visit = await reads(grants.require, request.cookies.get(GUEST_COOKIE), part)
            look = Look(part, signal[:200], span[:40], kind if kind in {"xlsx", "html"} else "pdf")
            sheet = await reads(outside.sheet, visit, look, say)
            content, media = await reads(file_of, sheet, look.file, say.language)
            # typesetting takes long enough for a grant to end meanwhile
            await reads(grants.permitted, visit, part)
        except SecurityError:
            return _page(language, _ended(say), 401)
        except LubanError as error:
            return _page(language, f'<main class="lb-frame">{_notice(say, error)}</main>', 400)
        headers = {**_NO_STORE, "content-disposition": f'attachment; filename="{part}.{look.file}"'}
        return Response(content, media_type=media, headers=headers)

    @router.websocket("/live")
    async def live(socket: WebSocket, language: str) -> None:
        visit = await reads(grants.visit, socket.cookies.get(GUEST_COOKIE))
        await socket.accept()
        if visit is None or sockets.get(visit.id, 0) >= _MOST_SOCKETS:
            await socket.close(_OVER if visit is None else 4429)
            return
        sockets[visit.id] = sockets.get(visit.id, 0) + 1
        try:
            await _Live(outside, reads, socket, visit, words(language)).run()
        finally:
            sockets[visit.id] -= 1
            if not sockets[visit.id]:
                del sockets[visit.id]

    return router


class _Live:
    """One open page: answers what it asks, brings newer values, and ends with the grant."""

    def __init__(self, outside: Outside, reads: Reads, socket: WebSocket, visit: Visit, say: Words) -> None:
        self._outside, self._reads, self._socket, self._visit, self._say = outside, reads, socket, visit, say
        self._look: Look | None = None
        self._shown = ""

    async def run(self) -> None:
        """Until the grant ends or the browser leaves."""
        tasks = [asyncio.create_task(part()) for part in (self._watch, self._hear, self._news)]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            if (error := task.exception()) is not None and not isinstance(error, (WebSocketDisconnect, SecurityError)):
                log.error("the page of an expert broke", exc_info=error)
        await self._over()

    async def _watch(self) -> None:
        # beside what is read or sent, which may take its time; asked again and again, for a grant may be revoked from
        # the command line, by another process
        while self._holds():  # noqa: ASYNC110
            await asyncio.sleep(_WATCH)

    async def _hear(self) -> None:
        while True:
            try:
                asked = await self._socket.receive_json()
            except (ValueError, KeyError, RecursionError):
                return  # the page sends no such thing: no guest may fill the server's log with it
            if not isinstance(asked, dict):
                continue
            if "note" in asked:
                await self._note(str(asked["note"]), str(asked.get("cause") or ""))
            else:
                await self._show(Look(*(str(asked.get(name) or "")[:200] for name in ("part", "signal", "span"))))

    async def _show(self, look: Look) -> None:
        self._look, self._shown = None, ""
        try:
            made = await self._reads(self._outside.sheet, self._visit, look, self._say)
        except SecurityError:
            raise
        except LubanError as error:
            await self._send({"html": _notice(self._say, error)})
            return
        self._look, self._shown = look, sheet_part(made)
        await self._send({"html": self._shown})

    async def _note(self, text: str, cause: str) -> None:
        try:
            await self._reads(self._outside.note, self._visit, text, cause)
        except SecurityError:
            raise
        except LubanError as error:
            await self._send({"said": _words_of(self._say, error)})
            return
        say = self._say
        await self._send({"said": say("Noted; the plant sees it as from outside."), "noted": True})

    async def _news(self) -> None:
        """Newer values of what is shown, where they change by themselves."""
        while True:
            await asyncio.sleep(_NEWS)
            look = self._look
            if look is None or look.part != "signals" or look.signal:
                continue
            with suppress(LubanError):
                made = sheet_part(await self._reads(self._outside.sheet, self._visit, look, self._say, again=True))
                if self._look is look and made != self._shown:
                    self._shown = made
                    await self._send({"html": made})

    async def _send(self, told: dict[str, Any]) -> None:
        # what was read while the grant ended is not told any more
        if self._holds():
            await self._socket.send_json(told)

    def _holds(self) -> bool:
        return self._outside.grants.visit_by_id(self._visit.id) is not None

    async def _over(self) -> None:
        with suppress(RuntimeError, WebSocketDisconnect):
            if self._holds():
                await self._socket.close()
                return
            state = self._outside.grants.get(self._visit.grant.id).state(now())
            ended = state not in {"open", "waiting"}  # otherwise the grant goes on by another link
            await self._socket.send_json({"over": grant_word(self._say, state) if ended else ""})
            await self._socket.close(_OVER)


# ---------------------------------------------------------------------- what the pages look like


def _page(language: str, body: str, status: int = 200) -> HTMLResponse:
    if language not in LANGUAGES:
        return HTMLResponse("", 404)
    say = words(language)
    styles = "".join(
        f'<link rel="stylesheet" href="/assets/{name}.css">' for name in ("screen", "tabs", "sheet", "remote")
    )
    made = f"""<!doctype html>
<html lang="{_TAGS[language]}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">
<title>luban · {html.escape(say("Remote diagnosis"))}</title><link rel="icon" href="/assets/mark.svg">{styles}</head>
<body class="body--light">
<script>if (matchMedia("(prefers-color-scheme: dark)").matches) document.body.className = "body--dark";</script>
{body}</body></html>"""
    return HTMLResponse(made, status, _NO_STORE)


def _form(say: Words, error: LubanError | None = None) -> str:
    text = html.escape
    notice = _notice(say, error) if error else ""
    links = "".join(
        f'<a class="lb-quietlink" lang="{code}" href="/{code}/remote"'
        f"{' aria-current=true' if code == say.language else ''}>{name}</a>"
        for code, name in LANGUAGES.items()
    )
    told = say("This link opens one machine, read-only, for a time. It works once. Everything you look at is recorded.")
    return f"""<main class="lb-login"><form method="post" action="/{say.language}/remote" autocomplete="off">
<div class="lb-mark">{MARK}<span>luban</span></div>
<div class="lb-note">{text(told)}</div>{notice}
<label>{text(say("Code"))}<input name="code" required maxlength="300" autofocus></label>
<button type="submit">{text(say("Open"))}</button>
<nav aria-label="{text(say("Language"))}">{links}</nav></form></main>
<script>(() => {{ const given = location.hash.slice(1); if (!given) return;
document.querySelector("input[name=code]").value = given;
document.querySelectorAll("nav a").forEach((link) => {{ link.hash = given; }});
history.replaceState(null, "", location.pathname); }})();</script>"""


def _ended(say: Words) -> str:
    text = html.escape
    return f"""<main class="lb-login"><form><div class="lb-mark">{MARK}<span>luban</span></div>
<h1 class="lb-title">{text(say("This visit is over."))}</h1>
<div class="lb-note">{text(say("The plant can give a new link."))}</div></form></main>"""


def _machine(outside: Outside, visit: Visit, say: Words) -> str:
    text, grant = html.escape, visit.grant
    desk = outside.desk(visit)
    parts = [part for part in _SHOWN if part in grant.parts]
    buttons = "".join(
        f'<button type="button" role="tab" class="lb-qtab" data-part="{part}" aria-selected="false">'
        f"{text(part_word(say, part))}</button>"
        for part in parts
    )
    names = "".join(f"<option>{text(name)}</option>" for name in desk.signals())
    spans = "".join(f'<option value="{name}">{text(_span(say, name))}</option>' for name in RANGES)
    until = say("read-only until {time}", time=clock(grant.expires, outside.view.plant.zone))
    given = {
        "lang": say.language, "left": max(0, grant.expires - now()) / 1000, "parts": parts,
        "over": say("This visit is over."), "again": say("The plant can give a new link."),
        "lost": say("The connection is lost; trying again."),
    }  # fmt: skip
    # a script may hold no "</"
    data = json.dumps(given, ensure_ascii=False).replace("<", "\\u003c")
    return f"""<header class="lb-bar"><span class="lb-mark">{MARK}<span>luban</span></span>
<span class="lb-plant">{text(desk.name)}</span><span class="lb-space"></span>
<span class="lb-note" id="lb-until">{text(until)}</span>
<form method="post" action="/{say.language}/remote/leave"><button class="lb-plain" type="submit">
{text(say("End the visit"))}</button></form></header>
<main class="lb-remote" id="lb-main"><div class="lb-qtabs" role="tablist" aria-label="{text(desk.name)}">{buttons}</div>
<div class="lb-tools" id="lb-tools"><label id="lb-signal" hidden>{text(say("Signal"))}
<select name="signal"><option value="">{text(say("all, as they are now"))}</option>{names}</select></label>
<label id="lb-span" hidden>{text(say("Interval"))}<select name="span">{spans}</select></label>
<a class="lb-quietlink" data-kind="pdf" download>PDF</a><a class="lb-quietlink" data-kind="xlsx" download>Excel</a>
<a class="lb-quietlink" data-kind="html" download>HTML</a></div>
<div id="lb-shown" aria-live="polite"></div>{_note_form(say) if "note" in grant.parts else ""}
<p class="lb-note" id="lb-said" role="status"></p></main>
<script>const GIVEN = {data};
{SCRIPT}</script>"""


def _note_form(say: Words) -> str:
    text = html.escape
    return f"""<form id="lb-note" class="lb-card lb-remote-note"><h2 class="lb-title">{text(say("Leave a note"))}</h2>
<label>{text(say("What may be the cause, in a few words"))}<input name="cause" maxlength="100"></label>
<label>{text(say("Note"))}<textarea name="text" rows="3" maxlength="2000" required></textarea></label>
<button type="submit" class="lb-primary">{text(say("Leave it"))}</button></form>"""


def _span(say: Words, name: str) -> str:
    amount = name.rstrip("hd")
    return say("{n} h", n=amount) if name.endswith("h") else say("{n} d", n=amount)


def _notice(say: Words, error: LubanError) -> str:
    return f'<div class="lb-notice" role="alert"><span>{html.escape(_words_of(say, error))}</span></div>'


def _words_of(say: Words, error: LubanError) -> str:
    return ". ".join(filter(None, (say(error.message), say(error.hint) if error.hint else "")))
