"""REST of acting under `/api/v1/acting`: commands and what came of them, actuators and their modes, the stop."""

# No `from __future__ import annotations` here: the handlers' annotations name what their factory holds.

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from luban.core.errors import NotAllowedError
from luban.screens.plain import plain
from luban.screens.reads import Reads
from luban.screens.service.acting import ActingBooks
from luban.screens.users import Role, User

__all__ = ["acting_router"]

Needs = Callable[[Role], Any]
Name = Annotated[str, Path(max_length=80)]
Why = Field("", max_length=500, description="Why, in words.")


class AskedCommand(BaseModel):
    """A value that a person wants to have written."""

    actuator: str = Field(min_length=1, max_length=400, description="Full id of the signal, `path:name`.")
    value: float = Field(description="In the unit of the actuator.")
    why: str = Field(min_length=1, max_length=500, description="The reason; it stands in the books.")


class AskedAct(BaseModel):
    """What a person does to a command."""

    act: Literal["approve", "withdraw", "retry", "roll back"]
    why: str = Why


class AskedMode(BaseModel):
    """The mode that an actuator is to have."""

    actuator: str = Field(min_length=1, max_length=400)
    mode: Literal["advise", "confirm", "automatic"]
    why: str = Why


class AskedStop(BaseModel):
    """The stop of all automation, or its release."""

    why: str = Why


def acting_router(books: ActingBooks, needs: Needs, reads: Reads) -> APIRouter:
    """Routes of acting; needs makes the check of a role."""
    router = APIRouter(prefix="/acting", tags=["acting"])
    _reading(router, books, needs, reads)
    _doing(router, books, needs)
    return router


def _reading(router: APIRouter, books: ActingBooks, needs: Needs, reads: Reads) -> None:
    Viewer = Annotated[User, Depends(needs(Role.VIEWER))]  # noqa: N806 - a type

    @router.get("", operation_id="acting")
    async def stands(user: Viewer) -> JSONResponse:
        """Whether anything may act now, every actuator with its mode, its value and what holds it back."""
        found, automation = await reads(books.actuators), await reads(books.automation)
        seen = [one.as_dict() for one in found if user.may(Role.VIEWER, one.actuator.unit_path)]
        stop = {"stopped": automation.stopped, "since": automation.since or None, "by": automation.by or None}
        return JSONResponse(plain({"runs": books.writable, "stop": stop, "actuators": seen}))

    @router.get("/commands", operation_id="commands")
    async def commands(
        user: Viewer,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
        state: Annotated[str, Query(max_length=40, description="Only those in this state, or `open`.")] = "",
    ) -> JSONResponse:
        """Commands: those that wait for something first, then the newest."""
        found = await reads(books.commands)
        wanted = [
            one.as_dict() for one in found
            if user.may(Role.VIEWER, one.actuator.partition(":")[0])
            and (not state or state == one.state.value or (state == "open" and one.open))
        ]  # fmt: skip
        return JSONResponse(plain(wanted[:limit]))

    @router.get("/commands/{name}", operation_id="command")
    async def command(user: Viewer, name: Name) -> JSONResponse:
        """One command with all that happened to it."""
        found = await reads(books.command, name)
        if not user.may(Role.VIEWER, found.actuator.partition(":")[0]):
            raise NotAllowedError("outside your part of the plant", came=found.actuator)
        return JSONResponse(plain(found.as_dict()))


def _doing(router: APIRouter, books: ActingBooks, needs: Needs) -> None:
    Operator = Annotated[User, Depends(needs(Role.OPERATOR))]  # noqa: N806 - a type

    @router.post("/commands", operation_id="propose_command", status_code=201)
    async def propose(user: Operator, asked: AskedCommand) -> JSONResponse:
        """Propose a value. Who may approve it does so by that; a guard that refuses ends it with its reason."""
        made = await books.propose(asked.actuator, asked.value, asked.why, user)
        return JSONResponse(plain(made.as_dict()), 201)

    @router.post("/commands/{name}/acts", operation_id="act_on_command", status_code=201)
    async def act(user: Operator, name: Name, asked: AskedAct) -> JSONResponse:
        """Approve or withdraw what waits, try again what could not be verified, bring back what stood before."""
        if asked.act == "approve":
            made = await books.approve(name, user)
        elif asked.act == "withdraw":
            made = await books.withdraw(name, user, asked.why)
        elif asked.act == "retry":
            made = await books.retry(name, user)
        else:
            made = await books.roll_back(name, user, asked.why)
        return JSONResponse(plain(made.as_dict()), 201)

    @router.put("/modes", operation_id="switch_mode")
    async def mode(user: Operator, asked: AskedMode) -> JSONResponse:
        """Switch an actuator to advise, confirm or automatic (engineer)."""
        await books.switch(asked.actuator, asked.mode, user, asked.why)
        return JSONResponse({"actuator": asked.actuator, "mode": asked.mode})

    @router.post("/stop", operation_id="stop_automation", status_code=201)
    async def stop(user: Operator, asked: AskedStop) -> JSONResponse:
        """Stop all automation at once; it stays until somebody releases it."""
        await books.stop(user, asked.why)
        return JSONResponse({"stopped": books.automation().stopped}, 201)

    @router.post("/release", operation_id="release_automation", status_code=201)
    async def release(user: Operator, asked: AskedStop) -> JSONResponse:
        """Let automation act again (engineer)."""
        await books.release(user, asked.why)
        return JSONResponse({"stopped": None}, 201)
