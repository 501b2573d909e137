"""REST of warranty claims under `/api/v1/trace/claims`: register, decide, settle, close on proof, what is common."""

# No `from __future__ import annotations` here: the handlers' annotations name what their factory holds.

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from luban.core.time import parse_time
from luban.screens.plain import plain
from luban.screens.reads import Reads
from luban.screens.service.trace_claims import ClaimDesk
from luban.screens.users import Role, User

__all__ = ["claims_router"]

Name = Annotated[str, Field(max_length=400)]


class AskedClaim(BaseModel):
    """A claim is to be registered."""

    lot: Name = Field(min_length=1)
    fault: str = Field(min_length=1, max_length=500)
    wanted: Literal["repair", "replace", "refund"]
    customer: Name = Field("", description="May be left out where one customer got the lot.")
    quantity: float = Field(1.0, gt=0)
    sold: datetime | None = Field(None, description="To who claims, ISO 8601; when it was delivered if empty.")


class AskedDecision(BaseModel):
    """A claim is to be decided."""

    remedy: Literal["repair", "replace", "refund", "refuse"]
    why: str = Field("", max_length=500, description="Needed where it differs from what was asked for.")


class AskedSettlement(BaseModel):
    """The voucher of a payment."""

    voucher: str = Field(min_length=1, max_length=200)


class AskedEnd(BaseModel):
    """A claim is to be closed; with a reason where no fact proves its settlement."""

    why: str = Field("", max_length=500)


def claims_router(desk: ClaimDesk, needs: Any, reads: Reads) -> APIRouter:
    """Routes of claims; needs makes the check of a role."""
    router = APIRouter(prefix="/claims")
    _looks(router, desk, needs, reads)
    _acts(router, desk, needs, reads)
    return router


def _looks(router: APIRouter, desk: ClaimDesk, needs: Any, reads: Reads) -> None:
    Viewer = Annotated[User, Depends(needs(Role.VIEWER))]  # noqa: N806 - a type

    @router.get("", operation_id="claims")
    async def claims(user: Viewer) -> JSONResponse:  # noqa: ARG001
        """Claims, the open ones first."""
        return JSONResponse(plain([_plain(one) for one in (await reads(desk.claims)).values()]))

    @router.get("/common", operation_id="claims_common")
    async def common(
        user: Viewer,  # noqa: ARG001
        fault: Annotated[str, Query(max_length=500, description="Only claims whose fault holds this text.")] = "",
    ) -> JSONResponse:
        """What claimed lots have in common: lots in them, tools, people, machines, the least likely by chance first."""
        return JSONResponse(plain([_plain(one) for one in await reads(desk.common, fault)]))

    @router.get("/{id}", operation_id="claim")
    async def claim(user: Viewer, id: str) -> JSONResponse:  # noqa: A002, ARG001
        """One claim with the customer's rights and the facts that prove its settlement."""
        return JSONResponse(plain(await reads(_told, desk, id)))


def _acts(router: APIRouter, desk: ClaimDesk, needs: Any, reads: Reads) -> None:
    Operator = Annotated[User, Depends(needs(Role.OPERATOR))]  # noqa: N806 - a type
    Engineer = Annotated[User, Depends(needs(Role.ENGINEER))]  # noqa: N806

    @router.post("", operation_id="claim_register", status_code=201)
    async def register(user: Operator, asked: AskedClaim) -> JSONResponse:
        """Register a claim against a delivery."""
        zone = desk.books.view.plant.zone
        sold = parse_time(asked.sold.isoformat(), zone) if asked.sold else None
        made = await reads(desk.register, asked.lot, asked.fault, asked.wanted, person=user.name,
                           customer=asked.customer, quantity=asked.quantity, sold=sold)  # fmt: skip
        return JSONResponse(plain(await reads(_told, desk, made)), 201)

    @router.post("/{id}/decision", operation_id="claim_decide")
    async def decide(user: Engineer, id: str, asked: AskedDecision) -> JSONResponse:  # noqa: A002
        """Decide a claim."""
        await reads(desk.decide, id, asked.remedy, asked.why, person=user.name)
        return JSONResponse(plain(await reads(_told, desk, id)))

    @router.post("/{id}/settlement", operation_id="claim_settle")
    async def settle(user: Operator, id: str, asked: AskedSettlement) -> JSONResponse:  # noqa: A002
        """Put the voucher of a payment on record."""
        await reads(desk.settle, id, asked.voucher, person=user.name)
        return JSONResponse(plain(await reads(_told, desk, id)))

    @router.post("/{id}/close", operation_id="claim_close")
    async def close(user: Engineer, id: str, asked: AskedEnd) -> JSONResponse:  # noqa: A002
        """Close a claim; refused where no fact proves its settlement and no reason is given."""
        await reads(desk.close, id, asked.why, person=user.name)
        return JSONResponse(plain(await reads(_told, desk, id)))


def _told(desk: ClaimDesk, id: str) -> dict[str, Any]:  # noqa: A002
    claim = desk.claim(id)
    return _plain(claim) | {
        "state": claim.state, "rights": list(desk.rights(claim)), "proof": [_plain(one) for one in desk.proof(claim)],
    }  # fmt: skip


def _plain(one: Any) -> dict[str, Any]:
    return {name: getattr(one, name) for name in one.__slots__}
