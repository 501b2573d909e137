"""REST of diagnosis under `/api/v1/health`: why a machine is unusual, its cases, what was learned from them."""

# No `from __future__ import annotations` here: the handlers' annotations name what their factory holds.

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from luban.screens.health_api import inside
from luban.screens.plain import plain
from luban.screens.reads import Reads
from luban.screens.service.health import HealthBooks
from luban.screens.service.health_diagnosis import desk_of
from luban.screens.users import Role, User

__all__ = ["diagnosis_router"]

Needs = Callable[[Role], Any]


class AskedCase(BaseModel):
    """A case is to be opened, or a cause proposed for it."""

    act: Literal["open", "propose"]
    machine: str = Field(max_length=400, description="Path of the work unit.")
    case: str = Field("", max_length=400, description="Id of the case; empty: of what is unusual now.")
    cause: str = Field("", max_length=120, description="To propose.")
    text: str = Field("", max_length=500, description="What was seen.")


class AskedSettle(BaseModel):
    """A case is to be named by its cause, or dismissed."""

    act: Literal["name", "dismiss"]
    machine: str = Field(max_length=400, description="Path of the work unit.")
    case: str = Field("", max_length=400, description="Id of the case; empty: of what is unusual now.")
    cause: str = Field("", max_length=120, description="What it was, to name it.")
    text: str = Field("", max_length=500, description="A note; needed to dismiss it.")


class AskedRelearn(BaseModel):
    """Signatures are to be learned anew."""

    machine: str = Field(max_length=400, description="Path of a work unit of the kind.")
    reason: str = Field("", max_length=500)


def diagnosis_router(books: HealthBooks, needs: Needs, reads: Reads) -> APIRouter:
    """Routes of diagnosis; needs makes the check of a role."""
    router = APIRouter(prefix="/health", tags=["health"])
    desk = desk_of(books)
    Viewer = Annotated[User, Depends(needs(Role.VIEWER))]  # noqa: N806 - a type
    Operator = Annotated[User, Depends(needs(Role.OPERATOR))]  # noqa: N806 - a type
    Engineer = Annotated[User, Depends(needs(Role.ENGINEER))]  # noqa: N806 - a type

    @router.get("/diagnosis", operation_id="health_diagnosis")
    async def diagnosis(
        user: Viewer, machine: Annotated[str, Query(max_length=400, description="Path of the work unit.")]
    ) -> JSONResponse:
        """Why it is unusual, by past cases and by rules; its cases; the rate of mix-ups that is stated."""
        inside(user, machine)
        told = await reads(desk.diagnosed, machine)
        return JSONResponse(plain(told.as_dict()))

    @router.post("/case", operation_id="health_case")
    async def case(user: Operator, asked: AskedCase) -> JSONResponse:
        """Open a case, or propose a cause for it."""
        inside(user, asked.machine)
        given = {"person": user.name, "text": asked.text}
        if asked.act == "open":
            return JSONResponse({"case": await reads(desk.open, asked.machine, **given)})
        return JSONResponse({"case": await reads(desk.propose, asked.machine, asked.cause, case=asked.case, **given)})

    @router.post("/case/settle", operation_id="health_case_settle")
    async def settle(user: Engineer, asked: AskedSettle) -> JSONResponse:
        """Say what a case was, so that others are compared with it, or that it was no fault."""
        inside(user, asked.machine)
        given = {"person": user.name, "text": asked.text, "case": asked.case}
        if asked.act == "dismiss":
            return JSONResponse({"case": await reads(desk.dismiss, asked.machine, **given)})
        return JSONResponse({"case": await reads(desk.name, asked.machine, asked.cause, **given)})

    @router.post("/signatures", operation_id="health_signatures")
    async def signatures(user: Engineer, asked: AskedRelearn) -> JSONResponse:
        """Learn from the named cases of machines of this kind; a record of kind `model`. null: nothing has changed."""
        inside(user, asked.machine)
        made = await reads(desk.relearn, asked.machine, person=user.name, text=asked.reason)
        return JSONResponse({"digest": None if made is None else made.digest()})

    return router
