"""REST of maintenance under `/api/v1/maintenance`: what is due, work orders, spare parts, stops, advice."""

# No `from __future__ import annotations` here: the handlers' annotations name what their factory holds.

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from luban.decide.maintain import WorkOrder
from luban.screens.health_api import inside
from luban.screens.i18n import words
from luban.screens.plain import plain
from luban.screens.reads import Reads
from luban.screens.report.health_maintenance import order_sheet, standing_sheet
from luban.screens.report.sheet_file import file_of
from luban.screens.service.health import HealthBooks
from luban.screens.service.maintenance import MaintenanceDesk, Standing
from luban.screens.users import Role, User

__all__ = ["maintenance_router"]

Needs = Callable[[Role], Any]
Name = Annotated[str, Field(max_length=200)]
_YEAR_2100 = 4_102_444_800_000_000
Moment = Annotated[int, Field(ge=0, lt=_YEAR_2100)]


class AskedOrder(BaseModel):
    """A work order is to be planned."""

    machine: str = Field(max_length=400, description="Path of the work unit.")
    task: str = Field(min_length=1, max_length=200, description="Of maintenance.csv, or in words.")
    why: Literal["calendar", "age", "condition", "failure", "person"] = "person"
    start: Moment | None = Field(None, description="Planned begin, µs UTC; none yet if empty.")
    minutes: float | None = Field(None, gt=0, le=86_400, description="Planned length; as the table has it if empty.")
    part: Name = Field("", description="Part that it makes new.")
    case: Name = Field("", description="Case of diagnosis that it is made for.")
    text: str = Field("", max_length=500)
    checklist: list[Name] | None = Field(None, max_length=100)


class AskedOrderStep(BaseModel):
    """A step of a work order."""

    code: Literal["move", "release", "begin", "check", "finding", "finish", "close", "cancel"]
    text: str = Field("", max_length=500)
    start: Moment | None = Field(None, description="move: planned begin, µs UTC.")
    item: Name | None = Field(None, description="check: item of the checklist.")
    ok: bool | None = Field(None, description="check: in order.")
    part: Name | None = Field(None, description="finding: which part.")
    found: Literal["failed", "worn", "sound", "other"] | None = Field(None, description="finding: how it was found.")
    cause: Name | None = Field(None, description="finding: why.")
    hours: float | None = Field(None, ge=0, lt=10_000, description="finish: hours worked, all people together.")
    used: dict[str, int] | None = Field(None, description="finish: spare parts taken; as planned if empty.")


class AskedSpare(BaseModel):
    """A spare part comes or goes."""

    item: str = Field(min_length=1, max_length=200)
    code: Literal["count", "receive", "take", "order"]
    count: int = Field(ge=0, le=1_000_000)
    text: str = Field("", max_length=500)


def maintenance_router(books: HealthBooks, needs: Needs, reads: Reads) -> APIRouter:
    """Routes of maintenance; needs makes the check of a role."""
    router = APIRouter(prefix="/maintenance", tags=["maintenance"])
    desk = MaintenanceDesk(books)
    _questions(router, desk, needs, reads)
    _acts(router, desk, needs, reads)
    return router


def _seen(standing: Standing, user: User) -> dict[str, Any]:
    """What the account reaches of it."""
    told = standing.as_dict()
    told["due"] = [one for one in told["due"] if user.may(Role.VIEWER, one["machine"])]
    told["orders"] = [one for one in told["orders"] if user.may(Role.VIEWER, one["machine"])]
    reached = {one["id"] for one in told["orders"]} | {""}
    told["lacks"] = [one for one in told["lacks"] if one["order"] in reached]
    return told


def _questions(router: APIRouter, desk: MaintenanceDesk, needs: Needs, reads: Reads) -> None:
    Viewer = Annotated[User, Depends(needs(Role.VIEWER))]  # noqa: N806 - a type

    async def reached(user: User, name: str) -> WorkOrder:
        one = await reads(desk.order, name)
        inside(user, one.machine)
        return one

    @router.get("", operation_id="maintenance")
    async def standing(user: Viewer) -> JSONResponse:
        """Tasks with how they stand, open work orders, spare parts, and what is missing for this week."""
        return JSONResponse(plain(_seen(await reads(desk.standing), user)))

    @router.get("/orders", operation_id="maintenance_orders")
    async def orders(
        user: Viewer, machine: Annotated[str, Query(max_length=400, description="Path of the work unit.")]
    ) -> JSONResponse:
        """Work orders of a machine, the newest first."""
        inside(user, machine)
        return JSONResponse(plain([one.as_dict() for one in await reads(desk.orders, machine)]))

    @router.get("/orders/{id}", operation_id="maintenance_order")
    async def one(user: Viewer, id: str) -> JSONResponse:  # noqa: A002
        """One work order: checklist, findings, spare parts, history."""
        return JSONResponse(plain((await reached(user, id)).as_dict()))

    @router.get("/stops", operation_id="maintenance_stops")
    async def stops(user: Viewer) -> JSONResponse:
        """Stops for the scheduler: open work orders with a time, fixed where released, else to be placed."""
        inside(user, desk.plant.id)
        return JSONResponse(plain(await reads(desk.stops)))

    @router.get("/advice", operation_id="maintenance_advice")
    async def advice(
        user: Viewer, task: Annotated[str, Query(max_length=600, description="A task as `machine:task`.")]
    ) -> JSONResponse:
        """Policies of a task's part, priced, from lives on record: ranked, with reasons and what would change it."""
        inside(user, task.rpartition(":")[0])
        return JSONResponse(plain((await reads(desk.advice, task)).as_dict()))

    @router.get("/file", operation_id="maintenance_file", response_class=Response)
    async def file(
        user: Viewer,
        order: Annotated[str, Query(max_length=40, description="A work order; empty: how maintenance stands.")] = "",
        format: Annotated[Literal["html", "pdf", "xlsx"], Query(description="What to write.")] = "pdf",  # noqa: A002
        language: Annotated[str, Query(max_length=8)] = "en",
    ) -> Response:
        """A work order as a technician takes it along, or how maintenance stands, as one file."""
        say, plant = words(language), desk.plant
        if order:
            sheet = order_sheet(await reached(user, order), say, plant.zone)
        else:
            inside(user, plant.id)
            own = await reads(desk.standing)
            every = list(own.orders.values())
            sheet = standing_sheet(plant.name, own.due, every, own.shelves, own.week.lacks, say, plant.zone)
        content, kind = await reads(file_of, sheet, format, language)
        name = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "_" for c in order or "maintenance")
        return Response(
            content, media_type=kind, headers={"content-disposition": f'attachment; filename="{name}.{format}"'}
        )


def _acts(router: APIRouter, desk: MaintenanceDesk, needs: Needs, reads: Reads) -> None:
    Operator = Annotated[User, Depends(needs(Role.OPERATOR))]  # noqa: N806 - a type

    @router.post("/orders", operation_id="maintenance_plan", status_code=201)
    async def plan(user: Operator, asked: AskedOrder) -> JSONResponse:
        """Plan a work order (operator); a task of maintenance.csv brings its length, skill, parts and checklist."""
        inside(user, asked.machine)
        options = asked.model_dump(exclude={"machine", "task"})
        made = await reads(desk.plan, asked.machine, asked.task, person=user.name, **options)
        return JSONResponse(plain((await reads(desk.order, made)).as_dict()), 201)

    @router.post("/orders/{id}/steps", operation_id="maintenance_step")
    async def step(user: Operator, id: str, asked: AskedOrderStep) -> JSONResponse:  # noqa: A002
        """Go a step on (operator; moving, releasing, closing and cancelling need an engineer)."""
        inside(user, (await reads(desk.order, id)).machine)
        data = asked.model_dump(exclude={"code", "text"}, exclude_none=True)
        own = await reads(desk.step, id, asked.code, person=user.name, role=user.role, text=asked.text, data=data)
        return JSONResponse(plain(own.as_dict()))

    @router.post("/spares", operation_id="maintenance_spare")
    async def spare(user: Operator, asked: AskedSpare) -> JSONResponse:
        """Count, receive, take or order a spare part (operator); its shelf then."""
        inside(user, desk.plant.id)
        own = await reads(desk.spare, asked.item, asked.code, asked.count, person=user.name, text=asked.text)
        return JSONResponse(plain(own.as_dict()))
