"""REST of decisions under `/api/v1/acting/decisions`: proposed with their worth, taken, dropped, what came of them."""

# No `from __future__ import annotations` here: the handlers' annotations name what their factory holds.

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from luban.screens.plain import plain
from luban.screens.reads import Reads
from luban.screens.service.deciding import LoopBooks
from luban.screens.users import Role, User
from luban.screens.whole import whole_plant

__all__ = ["deciding_router"]

Needs = Callable[[Role], Any]
Name = Annotated[str, Path(max_length=80)]


class AskedDecision(BaseModel):
    """What a person does to a decision."""

    act: Literal["take", "decline", "undo", "note"]
    why: str = Field("", max_length=500, description="Why, in words.")


def deciding_router(books: LoopBooks, needs: Needs, reads: Reads) -> APIRouter:
    """Routes of decisions; an account that reaches a part of the plant gets nothing."""
    whole = whole_plant(needs, lambda: books.view.plant.id, "the loop shows the whole plant")
    router = APIRouter(prefix="/acting", tags=["acting"])
    Viewer = Annotated[User, Depends(whole(Role.VIEWER))]  # noqa: N806 - a type
    Operator = Annotated[User, Depends(whole(Role.OPERATOR))]  # noqa: N806 - a type

    @router.get("/levers", operation_id="levers")
    async def levers(user: Viewer) -> JSONResponse:  # noqa: ARG001
        """Levers with their modes, and why one does not decide."""
        found = await reads(books.levers)
        return JSONResponse(plain({"thought": books.thought() or None, "levers": [one.as_dict() for one in found]}))

    @router.get("/decisions", operation_id="decisions")
    async def decisions(
        user: Viewer,  # noqa: ARG001
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
        stage: Annotated[str, Query(max_length=40, description="Only those at this stage, or `open`.")] = "",
    ) -> JSONResponse:
        """Decisions with what came of them: those that wait for somebody first, then the newest."""
        found = [
            one.as_dict() for one in await reads(books.decisions, 500)
            if not stage or stage == one.decision.stage.value or (stage == "open" and one.decision.open)
        ]  # fmt: skip
        return JSONResponse(plain(found[:limit]))

    @router.get("/decisions/{name}", operation_id="decision")
    async def decision(user: Viewer, name: Name) -> JSONResponse:  # noqa: ARG001
        """One decision: its reason, its bound, the facts that it rests on, every step, its verdict."""
        return JSONResponse(plain((await reads(books.decision, name)).as_dict()))

    @router.post("/decisions/{name}/acts", operation_id="act_on_decision", status_code=201)
    async def act(user: Operator, name: Name, asked: AskedDecision) -> JSONResponse:
        """Take a proposal (the role that its lever names), decline it, undo what was done, note what was undone."""
        if asked.act == "take":
            made = await books.take(name, user)
        elif asked.act == "decline":
            made = await books.decline(name, user, asked.why)
        elif asked.act == "undo":
            made = await books.undo(name, user, asked.why)
        else:
            made = await books.note(name, user)
        return JSONResponse(plain(made.as_dict()), 201)

    @router.get("/lists", operation_id="dispatch_now")
    async def lists(user: Viewer) -> JSONResponse:  # noqa: ARG001
        """What comes next at each machine."""
        found = await reads(books.lists)
        return JSONResponse(plain({machine: [one.as_dict() for one in own] for machine, own in found.items()}))

    return router
