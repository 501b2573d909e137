"""REST of remote diagnosis: grants under `/api/v1/grants` for the plant's people, `/api/v1/remote` for the expert.

The expert's requests bear the token of a visit, which no other handler knows; none of them names a machine.
"""

# No `from __future__ import annotations` here: the handlers' annotations name what their factory holds.

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from luban.core.errors import InputError, NotAllowedError
from luban.core.time import now, parse_duration
from luban.screens.grants import Grant, Visit
from luban.screens.i18n import words
from luban.screens.outside import Look, Outside
from luban.screens.plain import plain
from luban.screens.reads import Reads
from luban.screens.report.sheet_file import file_of
from luban.screens.service.past import Trend
from luban.screens.service.remote import Alarm, MachineNow, Work
from luban.screens.sessions import GUEST_COOKIE, token_of
from luban.screens.users import Role, User
from luban.understand.book import entries

__all__ = ["grants_router", "remote_router"]

Needs = Callable[[Role], Any]
_MOST_STEPS = 500


class AskedGrant(BaseModel):
    """Leave for an expert from outside to look at one machine."""

    machine: str = Field(max_length=400, description="Path of a work unit.")
    expert: str = Field(min_length=1, max_length=100, description="Whom it is for.")
    length: str = Field(max_length=40, description="How long it holds, e.g. 4h; at most 30d.")
    parts: list[str] = Field(
        default=["health", "signals", "alarms"], max_length=8, description="health, signals, alarms, workorders, note."
    )
    reason: str = Field("", max_length=500)
    starts: int | None = Field(None, description="From when, µs UTC; now by default.")


class GivenGrant(BaseModel):
    """A grant's way in: the secret is shown once and kept nowhere."""

    id: str
    secret: str
    path: str = Field(description="Of the page that opens it, below the plant's own address.")
    expires: int = Field(description="[µs UTC]")


class AskedEnd(BaseModel):
    """Why a grant is ended."""

    reason: str = Field("", max_length=500)


class AskedOpening(BaseModel):
    """A grant's way in, as it was handed over."""

    id: str = Field(max_length=64)
    secret: str = Field(max_length=200)


class VisitToken(BaseModel):
    """A visit's token: send it as `Authorization: Bearer …`. It is shown once and never stored."""

    token: str
    machine: str
    parts: tuple[str, ...]
    expires: int = Field(description="[µs UTC]")


class AskedNote(BaseModel):
    """What an expert leaves: a note, or what may be the cause."""

    text: str = Field(min_length=1, max_length=2000)
    cause: str = Field("", max_length=100, description="What may be the cause, in a few words.")


def grants_router(outside: Outside, needs: Needs, reads: Reads) -> APIRouter:
    """Routes of the plant's people; needs makes the check of a role."""
    router = APIRouter(prefix="/grants", tags=["remote"])
    grants, view = outside.grants, outside.view
    Viewer = Annotated[User, Depends(needs(Role.ENGINEER))]  # noqa: N806 - a type

    def own(user: User, machine: str) -> None:
        if not user.may(Role.ENGINEER, machine):
            raise NotAllowedError("this place is not among your sites", came=machine, expected=", ".join(user.sites))

    def known(user: User, identifier: str) -> Grant:
        found = grants.get(identifier)
        own(user, found.machine)
        return found

    @router.get("", operation_id="grants")
    async def listed(user: Viewer) -> JSONResponse:
        """Every grant with how it stands, newest first (engineer)."""
        found = [one for one in await reads(grants.all) if user.may(Role.ENGINEER, one.machine)]
        return JSONResponse([{**plain(one), "state": one.state(now())} for one in found])

    @router.post("", operation_id="give_grant", status_code=201)
    async def give(user: Viewer, form: AskedGrant) -> GivenGrant:
        """Let an expert look at one machine, for a time (engineer)."""
        if form.machine not in view.plant.work_units:
            raise InputError("the plant has no such machine", came=form.machine, expected="the path of a work unit")
        own(user, form.machine)
        grant, secret = await reads(
            grants.give, form.machine, form.expert, parse_duration(form.length), form.parts, who=user.name,
            reason=form.reason, starts=form.starts,
        )  # fmt: skip
        return _given(grant, secret)

    @router.post("/{grant}/renew", operation_id="renew_grant")
    async def renew(user: Viewer, grant: str) -> GivenGrant:
        """A new link for the same grant; whoever is in by the old one is out (engineer)."""
        found = await reads(known, user, grant)
        return _given(found, await reads(grants.renew, grant, who=user.name))

    @router.post("/{grant}/revoke", operation_id="revoke_grant")
    async def revoke(user: Viewer, grant: str, form: AskedEnd) -> JSONResponse:
        """End a grant now; open pages of it end within a second (engineer)."""
        await reads(known, user, grant)
        ended = await reads(grants.revoke, grant, who=user.name, reason=form.reason)
        return JSONResponse({**plain(ended), "state": ended.state(now())})

    @router.get("/{grant}/steps", operation_id="grant_steps")
    async def steps(user: Viewer, grant: str) -> JSONResponse:
        """Everything that was done with a grant: opened, looked at what, refused, noted, ended (engineer)."""
        found = await reads(known, user, grant)
        told = await reads(entries, view.ledger, "grant", found.machine)
        return JSONResponse([plain(one.as_dict()) for one in told if one.data.get("grant") == grant][-_MOST_STEPS:])

    return router


def remote_router(outside: Outside, reads: Reads) -> APIRouter:
    """Routes of the expert. Each checks the grant before and after it reads, and enters the look into the books."""
    router = APIRouter(prefix="/remote", tags=["remote"])
    grants = outside.grants

    def guest(part: str) -> Any:
        async def check(request: Request, response: Response) -> Visit:
            response.headers["cache-control"] = "no-store"
            return await reads(grants.require, token_of(request, GUEST_COOKIE), part)

        return Depends(check)

    @router.post("/open", operation_id="open_visit")
    async def opened(request: Request, form: AskedOpening) -> VisitToken:
        """A visit's token for a grant's secret, once. The same answer whatever is wrong; attempts are limited."""
        address = request.client.host if request.client else ""
        token = await reads(grants.open, form.id, form.secret, address=address)
        grant = (await reads(grants.require, token)).grant
        return VisitToken(token=token, machine=grant.machine, parts=grant.parts, expires=grant.expires)

    @router.post("/leave", operation_id="leave_visit")
    async def leave(visit: Annotated[Visit, guest("")]) -> dict[str, str]:
        """End the visit and its grant."""
        await reads(grants.leave, visit)
        return {"status": "ended"}

    @router.get("/machine", operation_id="visited_machine")
    async def machine(visit: Annotated[Visit, guest("signals")]) -> MachineNow:
        """State and newest values of the machine."""
        return await reads(outside.ask, visit, Look("signals"), lambda desk: desk.now())

    @router.get("/trend", operation_id="visited_trend")
    async def trend(
        visit: Annotated[Visit, guest("signals")],
        signal: Annotated[str, Query(max_length=200, description="Name of the signal, without a path.")],
        range: Annotated[str, Query(max_length=40, description="A length such as 8h, until now.")] = "8h",  # noqa: A002
    ) -> Trend:
        """Lowest and highest of each pixel; null breaks the line."""
        look = Look("signals", signal, range)
        return await reads(outside.ask, visit, look, lambda desk: desk.trend(signal, desk.span(range)))

    @router.get("/alarms", operation_id="visited_alarms")
    async def alarms(
        visit: Annotated[Visit, guest("alarms")],
        range: Annotated[str, Query(max_length=40, description="A length such as 7d, until now.")] = "7d",  # noqa: A002
    ) -> list[Alarm]:
        """Alarms about the machine, newest first."""
        return list(
            await reads(outside.ask, visit, Look("alarms", "", range), lambda desk: desk.alarms(desk.span(range)))
        )

    @router.get("/workorders", operation_id="visited_workorders")
    async def work(visit: Annotated[Visit, guest("workorders")]) -> list[Work]:
        """What was done to the machine, newest first, without who did it."""
        return list(await reads(outside.ask, visit, Look("workorders"), lambda desk: desk.work()))

    @router.get("/file", operation_id="visited_file", response_class=Response)
    async def file(
        visit: Annotated[Visit, guest("")],
        part: Literal["health", "signals", "alarms", "workorders"] = "signals",
        kind: Literal["pdf", "xlsx", "html"] = "pdf",
        signal: Annotated[str, Query(max_length=200)] = "",
        range: Annotated[str, Query(max_length=40)] = "",  # noqa: A002
        language: Annotated[str, Query(max_length=2, alias="lang")] = "en",
    ) -> Response:
        """What is shown as PDF, Excel or HTML."""
        say = words(language)
        sheet = await reads(outside.sheet, visit, Look(part, signal, range, kind), say)
        content, media = await reads(file_of, sheet, kind, say.language)
        # typesetting takes long enough for a grant to end meanwhile
        await reads(grants.permitted, visit, part)
        headers = {"content-disposition": f'attachment; filename="{part}.{kind}"', "cache-control": "no-store"}
        return Response(content, media_type=media, headers=headers)

    @router.post("/note", operation_id="visited_note", status_code=201)
    async def note(visit: Annotated[Visit, guest("note")], form: AskedNote) -> dict[str, str]:
        """Leave a note or propose a cause; it is marked as from outside."""
        await reads(outside.note, visit, form.text, form.cause)
        return {"status": "noted"}

    return router


def _given(grant: Grant, secret: str) -> GivenGrant:
    return GivenGrant(id=grant.id, secret=secret, path=f"/en/remote#{grant.id}.{secret}", expires=grant.expires)
