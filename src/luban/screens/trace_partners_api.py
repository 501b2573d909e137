"""REST of partners under `/api/v1/trace/partners`: what each may see, views handed over and taken in, the chain."""

# No `from __future__ import annotations` here: the handlers' annotations name what their factory holds.

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from luban.screens.plain import plain
from luban.screens.reads import Reads
from luban.screens.service.trace_partners import PartnerDesk
from luban.screens.users import Role, User
from luban.understand.trace import Fault, Partner

__all__ = ["partners_router"]

Name = Annotated[str, Field(min_length=1, max_length=400)]
PartnerName = Annotated[str, Query(min_length=1, max_length=400, description="A partner, as movements name its place.")]
Lot = Annotated[str, Query(min_length=1, max_length=400, description="Lot or serial number, or what a scanner read.")]


class AskedGrant(BaseModel):
    """What a partner may see from now on."""

    partner: Name
    lots: list[Name] = Field([], max_length=1000, description="None: the lots that were delivered to it.")
    steps: int = Field(1, ge=-1, le=1000, description="So many steps back records are in the open; -1: all.")
    fields: list[Literal["item", "made", "quantity", "order", "unit"]] = ["item", "made"]
    items: list[Name] = Field([], max_length=1000, description="Only records of these items; none: of all.")


class AskedWithdrawal(BaseModel):
    """Nothing is to be shown to a partner any more."""

    partner: Name


class AskedHanding(BaseModel):
    """A view is to be handed over."""

    partner: Name
    lot: Name


def partners_router(desk: PartnerDesk, needs: Any, reads: Reads) -> APIRouter:
    """Routes of partners; needs makes the check of a role."""
    router = APIRouter(prefix="/partners")
    _looks(router, desk, needs, reads)
    _acts(router, desk, needs, reads)
    return router


def _looks(router: APIRouter, desk: PartnerDesk, needs: Any, reads: Reads) -> None:
    Viewer = Annotated[User, Depends(needs(Role.VIEWER))]  # noqa: N806 - a type
    Engineer = Annotated[User, Depends(needs(Role.ENGINEER))]  # noqa: N806

    @router.get("", operation_id="partners")
    async def all_(user: Viewer) -> JSONResponse:  # noqa: ARG001 - checked
        """Partners: what each may see, what was handed over to it and taken in from it."""
        return JSONResponse(plain([_partner(one) for one in (await reads(desk.partners)).values()]))

    @router.get("/view", operation_id="partner_view")
    async def view(user: Engineer, partner: PartnerName, lot: Lot) -> JSONResponse:  # noqa: ARG001
        """What a partner sees of a lot; nothing is put on record."""
        return JSONResponse(plain(await reads(desk.view, partner, lot)))

    @router.get("/chain", operation_id="partner_chain")
    async def chain(user: Viewer) -> JSONResponse:  # noqa: ARG001
        """Whether all hashes fit: of views taken in, and of views handed over against the books as they are now."""
        found = await reads(desk.check)
        handed = [
            {"partner": one.partner, "lot": one.handed.lot, "head": one.handed.head, "time": one.handed.time,
             "state": one.state} for one in found.handed
        ]  # fmt: skip
        return JSONResponse(plain({
            "sound": found.sound, "documents": found.documents, "records": found.records,
            "faults": [_fault(one) for one in found.faults], "handed": handed,
        }))  # fmt: skip


def _acts(router: APIRouter, desk: PartnerDesk, needs: Any, reads: Reads) -> None:
    Operator = Annotated[User, Depends(needs(Role.OPERATOR))]  # noqa: N806 - a type
    Engineer = Annotated[User, Depends(needs(Role.ENGINEER))]  # noqa: N806

    async def told(name: str) -> JSONResponse:
        return JSONResponse(plain(_partner(await reads(desk.partner, name.strip()))))

    @router.post("/grants", operation_id="partner_grant", status_code=201)
    async def grant(user: Engineer, asked: AskedGrant) -> JSONResponse:
        """Say what a partner may see; what was granted before is replaced."""
        await reads(desk.grant, asked.partner, lots=asked.lots, steps=asked.steps, fields=asked.fields,
                    items=asked.items, person=user.name)  # fmt: skip
        return await told(asked.partner)

    @router.post("/withdrawals", operation_id="partner_withdraw")
    async def withdraw(user: Engineer, asked: AskedWithdrawal) -> JSONResponse:
        """From now on nothing is shown to a partner; what it has, it keeps."""
        await reads(desk.withdraw, asked.partner, person=user.name)
        return await told(asked.partner)

    @router.post("/handed", operation_id="partner_hand", response_class=Response)
    async def hand(user: Engineer, asked: AskedHanding) -> Response:
        """A view as a file; it is put on record with its hash."""
        made = await reads(desk.hand, asked.partner, asked.lot, person=user.name)
        return Response(made, media_type="application/json", headers={
            "content-disposition": 'attachment; filename="view.json"'
        })  # fmt: skip

    @router.post("/taken", operation_id="partner_take", status_code=201)
    async def take(
        user: Operator,
        request: Request,
        partner: PartnerName,
        file: Annotated[str, Query(max_length=200, description="Name of the file.")] = "view.json",
    ) -> JSONResponse:
        """Take in a partner's view, the body of the request; its faults come back."""
        faults = await reads(desk.take, partner, await request.body(), file, person=user.name)
        return JSONResponse({"faults": [_fault(one) for one in faults]}, 201)


def _fault(one: Fault) -> dict[str, str]:
    return {"kind": one.kind, "lot": one.lot, "text": one.text}


def _partner(one: Partner) -> dict[str, Any]:
    shown = None if one.shown is None else {name: getattr(one.shown, name) for name in one.shown.__slots__}
    handed = [{"lot": own.lot, "head": own.head, "time": own.time, "person": own.person} for own in one.handed]
    taken = [{"file": own.file, "heads": dict(own.heads), "time": own.time, "faults": own.faults, "person": own.person}
             for own in one.taken]  # fmt: skip
    return {"name": one.name, "shown": shown, "withdrawn": one.withdrawn, "handed": handed, "taken": taken}
