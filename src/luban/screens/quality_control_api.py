"""REST of set-points under `/api/v1/quality/setpoint`: how one stands, what is proposed, agreed on and set."""

# No `from __future__ import annotations` here: the handlers' annotations name what their factory holds.

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from luban.core.errors import InputError
from luban.decide.setpoint.envelope import Envelope
from luban.decide.setpoint.standing import agreed
from luban.screens.i18n import words
from luban.screens.plain import plain
from luban.screens.quality_api import whole
from luban.screens.reads import Reads
from luban.screens.report.quality_control import control_sheet
from luban.screens.report.sheet_file import file_of
from luban.screens.service.quality import QualityBooks
from luban.screens.service.setpoints import SetPointDesk
from luban.screens.users import Role, User

__all__ = ["setpoint_router"]

Needs = Callable[[Role], Any]
_MOST = 1e15


class AskedOf(BaseModel):
    """Something is said of a characteristic's set-point."""

    of: str = Field(max_length=400, description="The characteristic, `item:name`.")


class AskedAgreement(AskedOf):
    """What can be set, and how far."""

    name: str = Field(min_length=1, max_length=200, description="What the set-point is called.")
    unit: str = Field("", max_length=40, description="Unit of the set-point.")
    gain: float = Field(ge=-_MOST, le=_MOST, description="Change of the value for a change by 1; not 0.")
    now: float = Field(ge=-_MOST, le=_MOST, description="Set-point in force.")
    lowest: float = Field(ge=-_MOST, le=_MOST)
    highest: float = Field(ge=-_MOST, le=_MOST)
    move: float | None = Field(None, gt=0, le=_MOST, description="Most change at once; any if empty.")
    resolution: float = Field(0.0, ge=0, le=_MOST, description="Smallest step; 0: any.")
    target: float | None = Field(None, ge=-_MOST, le=_MOST, description="Target; of the tables if empty.")


class AskedSet(AskedOf):
    """A set-point was set."""

    value: float = Field(ge=-_MOST, le=_MOST)


class AskedRefusal(AskedOf):
    """The proposal of now is refused."""

    reason: str = Field(min_length=1, max_length=500)


def setpoint_router(books: QualityBooks, needs: Needs, reads: Reads) -> APIRouter:
    """Routes of set-points; needs makes the check of a role."""
    router = APIRouter(prefix="/quality/setpoint", tags=["quality"])
    desk = SetPointDesk(books)
    _questions(router, desk, needs, reads)
    _acts(router, desk, needs, reads)
    return router


def _questions(router: APIRouter, desk: SetPointDesk, needs: Needs, reads: Reads) -> None:
    Viewer = Annotated[User, Depends(needs(Role.VIEWER))]  # noqa: N806 - a type

    @router.get("", operation_id="quality_setpoint", response_class=Response)
    async def stood(
        user: Viewer,
        of: Annotated[str, Query(max_length=400, description="The characteristic, `item:name`.")],
        format: Annotated[Literal["json", "html", "pdf", "xlsx"], Query(description="What to give.")] = "json",  # noqa: A002
        language: Annotated[str, Query(max_length=8)] = "en",
    ) -> Response:
        """How a set-point stands: agreement, proposal of now with predicted effect and reasons, history."""
        whole(desk.books, user)
        found = await reads(desk.stood, of)
        if format == "json":
            return JSONResponse(plain(found.as_dict()))
        if found.plan is None:
            raise found.why or InputError("there is no proposal", where=of)
        content, kind = await reads(file_of, control_sheet(found.plan, words(language)), format, language)
        return Response(content, media_type=kind)


def _acts(router: APIRouter, desk: SetPointDesk, needs: Needs, reads: Reads) -> None:
    Operator = Annotated[User, Depends(needs(Role.OPERATOR))]  # noqa: N806 - a type
    Engineer = Annotated[User, Depends(needs(Role.ENGINEER))]  # noqa: N806 - a type

    @router.post("/agree", operation_id="quality_setpoint_agree", status_code=201)
    async def agree(user: Engineer, asked: AskedAgreement) -> JSONResponse:
        """Agree on what can be set and its safe envelope (engineer)."""
        whole(desk.books, user)
        envelope = Envelope(asked.lowest, asked.highest, asked.move, asked.resolution)
        data = agreed(asked.name, asked.unit, asked.gain, asked.now, envelope, asked.target)
        await reads(desk.agree, asked.of, data, user.name)
        return JSONResponse({"agreed": True}, 201)

    @router.post("/set", operation_id="quality_setpoint_set", status_code=201)
    async def put(user: Operator, asked: AskedSet) -> JSONResponse:
        """Say that a set-point was set (operator); outside the envelope it is refused."""
        whole(desk.books, user)
        await reads(desk.put, asked.of, asked.value, user.name)
        return JSONResponse({"set": asked.value}, 201)

    @router.post("/propose", operation_id="quality_setpoint_propose", status_code=201)
    async def propose(user: Engineer, asked: AskedOf) -> JSONResponse:
        """Enter the proposal of now in the books (engineer)."""
        whole(desk.books, user)
        plan = await reads(desk.propose, asked.of, user.name)
        return JSONResponse(plain(plan.as_dict()), 201)

    @router.post("/refuse", operation_id="quality_setpoint_refuse", status_code=201)
    async def refuse(user: Engineer, asked: AskedRefusal) -> JSONResponse:
        """Refuse the proposal of now, with a reason (engineer)."""
        whole(desk.books, user)
        await reads(desk.refuse, asked.of, asked.reason, user.name)
        return JSONResponse({"refused": True}, 201)
