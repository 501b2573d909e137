"""REST of outcomes under `/api/v1/acting/outcomes`: what acts brought, baselines fixed before them, scores."""

# No `from __future__ import annotations` here: the handlers' annotations name what their factory holds.

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from luban.core.time import parse_time
from luban.screens.plain import plain
from luban.screens.reads import Reads
from luban.screens.service.books import Books
from luban.screens.service.outcomes import MOST_DAYS, AskedBaseline, OutcomeDesk
from luban.screens.users import Role, User
from luban.screens.whole import whole_plant

__all__ = ["outcomes_router"]

Needs = Callable[[Role], Any]
Name = Annotated[str, Path(max_length=200)]


class AskedPromise(BaseModel):
    """What the act is predicted to bring in one day."""

    value: float
    low: float
    high: float


class AskedFreezing(BaseModel):
    """A baseline that is to be fixed before an act."""

    act: str = Field(min_length=1, max_length=200, description="What the act is called; it has one baseline, for good.")
    figure: str = Field(min_length=1, max_length=400, description="As GET /acting/outcomes/figures names them.")
    at: str = Field(max_length=40, description="When the act takes effect, ISO 8601; not in the past.")
    days: int = Field(60, ge=1, le=MOST_DAYS, description="Days before the act that count.")
    lever: str = Field("", max_length=100)
    better: Literal["less", "more"] = "less"
    margin: float | None = Field(None, gt=0, description="Smallest effect worth having.")
    price: float | None = Field(None, gt=0, description="What one unit less (more) a day is worth.")
    currency: str = Field("", max_length=8)
    promise: AskedPromise | None = None


def outcomes_router(books: Books, needs: Needs, reads: Reads) -> APIRouter:
    """Routes; needs makes the check of a role. An account that reaches a part of the plant gets nothing."""
    whole = whole_plant(needs, lambda: books.view.plant.id, "outcomes show the whole plant")
    router = APIRouter(prefix="/acting/outcomes", tags=["acting"])
    desk = OutcomeDesk(books)
    Viewer = Annotated[User, Depends(whole(Role.VIEWER))]  # noqa: N806 - a type
    Engineer = Annotated[User, Depends(whole(Role.ENGINEER))]  # noqa: N806 - a type

    @router.get("", operation_id="outcomes")
    async def outcomes(user: Viewer) -> JSONResponse:  # noqa: ARG001 - checked
        """Every act with a baseline: verdict, effect with interval, promise; scores by lever, author and method."""
        found = await reads(desk.judged)
        return JSONResponse(plain({"acts": [one.as_dict() for one in found], **await reads(desk.scores)}))

    @router.get("/figures", operation_id="outcome_figures")
    async def figures(user: Viewer) -> JSONResponse:  # noqa: ARG001 - checked
        """Figures that an act can be judged by."""
        found = await reads(desk.figures)
        some = [{"id": key, "name": metric.name, "unit": metric.unit} for key, (_, _, metric) in found.items()]
        return JSONResponse(some)

    @router.get("/{act}", operation_id="outcome")
    async def outcome(user: Viewer, act: Name) -> JSONResponse:  # noqa: ARG001 - checked
        """One act with its baseline and its outcome by the facts as they stand."""
        return JSONResponse(plain((await reads(desk.one, act)).as_dict()))

    @router.post("", operation_id="fix_baseline", status_code=201)
    async def fix(user: Engineer, asked: AskedFreezing) -> JSONResponse:
        """Fix a baseline before an act, from the facts that are there now (engineer)."""
        own = asked.promise
        made = await reads(
            desk.fix,
            AskedBaseline(
                asked.act, asked.figure, parse_time(asked.at, books.view.plant.zone), asked.days, asked.lever,
                asked.better, asked.margin, asked.price, asked.currency,
                None if own is None else (own.value, own.low, own.high),
            ),
            user.name,
        )  # fmt: skip
        return JSONResponse(plain({"act": made.decision.act, "baseline": made.baseline.as_dict()}), 201)

    @router.post("/{act}", operation_id="record_outcome", status_code=201)
    async def record(user: Engineer, act: Name) -> JSONResponse:
        """Put the outcome into the books, where it is not the one that stands there (engineer)."""
        return JSONResponse(plain((await reads(desk.record, act, user.name)).as_dict()), 201)

    return router
