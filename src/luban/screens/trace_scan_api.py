"""REST of scans under `/api/v1/trace`: what a code stands for; part, tool, person and machine joined in one event."""

# No `from __future__ import annotations` here: the handlers' annotations name what their factory holds.

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from luban.core.errors import InputError
from luban.core.time import parse_time
from luban.screens.plain import plain
from luban.screens.reads import Reads
from luban.screens.service.trace_scan import ScanDesk
from luban.screens.users import Role, User
from luban.understand.book import Entry

__all__ = ["scan_router"]

Text = Annotated[str, Field(max_length=400)]


class AskedComponent(BaseModel):
    """A lot or serial number that goes into the part."""

    code: Text = Field(min_length=1)
    quantity: float = Field(1.0, gt=0)


class AskedJoin(BaseModel):
    """What was read together; each a code as the scanner gave it."""

    part: Text = Field(min_length=1)
    machine: Text = Field(min_length=1)
    person: Text = ""
    tool: Text = ""
    order: Text = ""
    operation: Text = ""
    components: list[AskedComponent] = Field([], max_length=1000)
    new: Text = Field("", description="Item of a part that is born here; then its code must name nothing yet.")
    start: datetime | None = Field(None, description="Of the work, ISO 8601; a minute before its end if empty.")
    end: datetime | None = Field(None, description="Of the work; now if empty.")


def scan_router(desk: ScanDesk, needs: Any, reads: Reads) -> APIRouter:
    """Routes of scans; needs makes the check of a role."""
    Viewer = Annotated[User, Depends(needs(Role.VIEWER))]  # noqa: N806 - a type
    Operator = Annotated[User, Depends(needs(Role.OPERATOR))]  # noqa: N806
    router = APIRouter(prefix="/scans")

    @router.get("", operation_id="scans")
    async def latest(user: Viewer) -> JSONResponse:  # noqa: ARG001
        """What was joined last, the newest first."""
        return JSONResponse(plain([_entry(one) for one in await reads(desk.latest)]))

    @router.get("/code", operation_id="scan_code")
    async def code(
        user: Viewer,  # noqa: ARG001
        code: Annotated[str, Query(min_length=1, max_length=400, description="What the scanner read.")],
    ) -> JSONResponse:
        """What a code stands for: part, tool, person, machine, order or place; refused where nothing or several do."""
        found = await reads(desk.identify, code)
        return JSONResponse({"kind": found.kind, "name": found.name})

    @router.post("", operation_id="scan_join", status_code=201)
    async def join(user: Operator, asked: AskedJoin) -> JSONResponse:
        """Join what was read in one event, with its facts; refused where it cannot be true, with the reason."""

        def act() -> Any:
            zone = desk.books.view.plant.zone
            read = {name: _named(desk, getattr(asked, name), name) for name in ("machine", "person", "tool", "order")}
            part = asked.part if asked.new else _named(desk, asked.part, "part")
            made = desk.join(
                part, read["machine"], person=user.name, worker=read["person"], tool=read["tool"], order=read["order"],
                operation=asked.operation, new=asked.new,
                components=tuple((_named(desk, one.code, "part"), one.quantity) for one in asked.components),
                start=parse_time(asked.start.isoformat(), zone) if asked.start else None,
                end=parse_time(asked.end.isoformat(), zone) if asked.end else None,
            )  # fmt: skip
            return {name: getattr(made, name) for name in made.__slots__}

        return JSONResponse(plain(await reads(act)), 201)

    return router


def _named(desk: ScanDesk, code: str, kind: str) -> str:
    """The name that a code stands for. Raises InputError where it stands for something else."""
    if not code:
        return ""
    found = desk.identify(code)
    if found.kind != kind:
        raise InputError("the code stands for something else", came=f"{found.kind} {found.name}", expected=kind)
    return found.name


def _entry(one: Entry) -> dict[str, Any]:
    return {"part": one.subject, "time": one.time, "by": one.person, **one.data}
