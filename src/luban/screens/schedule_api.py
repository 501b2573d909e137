"""REST of the schedule under `/api/v1/schedule`: plans, searches in a worker process, moves, locks, downloads."""

# No `from __future__ import annotations` here: the handlers' annotations name what their factory holds.

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from luban.core.errors import NotAllowedError
from luban.screens.plain import plain
from luban.screens.reads import Reads
from luban.screens.report.schedule_print import printed
from luban.screens.service.schedule import Desk
from luban.screens.service.schedule_runs import MOST_SECONDS, Searches
from luban.screens.users import Role, User

__all__ = ["schedule_router"]

Needs = Callable[[Role], Any]
_EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class AskedSearch(BaseModel):
    """What to look for, and for how long."""

    objective: str = Field("tardiness > setup_time", max_length=400, description="Terms and levels: a + 2*b > c.")
    seconds: float = Field(10.0, ge=0.1, le=MOST_SECONDS, description="How long to search [s].")
    seed: int = Field(0, ge=0, description="Of the random numbers.")
    workers: int | None = Field(None, ge=1, le=64, description="Threads; two by default.")
    locks_of: str = Field("", max_length=40, description="Plan whose locked operations stay where they are.")
    stops: bool = Field(True, description="Work orders of maintenance are stops of the plan.")


class AskedMove(BaseModel):
    """An operation to a machine and a start; indices and ticks are those of the plan's chart."""

    operation: int = Field(ge=0)
    machine: int = Field(ge=0)
    start: int = Field(description="[tick]")
    version: int = Field(ge=0, description="The plan's version that the move was chosen on.")
    take: bool = Field(False, description="Make the move; else only say what it would bring.")


class AskedLock(BaseModel):
    """An operation to be locked or let go."""

    operation: int = Field(ge=0)
    version: int = Field(ge=0)
    locked: bool | None = Field(None, description="As it should be; the other way round if empty.")


class AskedPromise(BaseModel):
    """An order whose earlier end is asked for."""

    order: str = Field(max_length=200)
    seconds: float = Field(3.0, ge=0.1, le=60, description="How long to search for each way out [s].")


_TICK = 10**12


class Broken(BaseModel):
    """A machine is down."""

    kind: Literal["breakdown"]
    machine: str = Field(max_length=400, description="Its id.")
    start: int = Field(ge=-_TICK, le=_TICK, description="[tick]")
    end: int = Field(ge=-_TICK, le=_TICK, description="[tick]")
    resume: bool = Field(True, description="What runs goes on afterwards; else it begins anew.")


class Absent(BaseModel):
    """People (or tools) of a pool are away."""

    kind: Literal["people"]
    pool: str = Field(max_length=400)
    start: int = Field(ge=-_TICK, le=_TICK, description="[tick]")
    end: int = Field(ge=-_TICK, le=_TICK, description="[tick]")
    missing: int = Field(1, ge=1, le=100_000, description="How many fewer.")


class LateGoods(BaseModel):
    """The material of an order comes late."""

    kind: Literal["material"]
    order: str = Field(max_length=200)
    ready: int = Field(ge=-_TICK, le=_TICK, description="[tick]")


class NewOrder(BaseModel):
    """A new order with the route of one that is in the plan."""

    name: str = Field(min_length=1, max_length=200)
    like: str = Field(max_length=200, description="The order whose route it has.")
    size: float = Field(1.0, gt=0, le=1000, description="How many times as large.")
    due: int | None = Field(None, ge=-_TICK, le=_TICK, description="[tick]")
    weight: float = Field(1.0, ge=0, le=1e6, description="Of its lateness.")


class Rushed(NewOrder):
    """A new order comes in."""

    kind: Literal["rush"]


class AskedOffer(NewOrder):
    """A new order that is asked for; `due` is the date that is wanted."""

    now: int | None = Field(None, ge=0, le=_TICK, description="What begins before it stays [tick]; empty: the clock.")
    seconds: float = Field(3.0, ge=0.1, le=60, description="How long to search, all dates together [s].")


class AskedRepair(BaseModel):
    """What happened to a plan, in ticks of its chart."""

    happened: list[Annotated[Broken | Absent | LateGoods | Rushed, Field(discriminator="kind")]] = Field(
        min_length=1, max_length=50
    )
    version: int = Field(ge=0, description="The plan's version that was looked at.")
    now: int | None = Field(None, ge=0, le=_TICK, description="What begins before it stays [tick]; empty: the clock.")
    seconds: float = Field(2.0, ge=0.1, le=30, description="How long to search [s].")
    stability: float = Field(0.9, ge=0, le=1, description="Share that the chosen option keeps, if that can be.")


class AskedOption(BaseModel):
    """One of the options of a repair."""

    option: int = Field(ge=0)
    language: str = Field("en", max_length=8, description="Of the new plan's name: en, zh, ko.")


def schedule_router(desk: Desk, needs: Needs, reads: Reads, searches: Searches) -> APIRouter:
    """Routes of the schedule; needs makes the check of a role."""
    router = APIRouter(prefix="/schedule", tags=["schedule"])
    _questions(router, desk, needs, reads)
    _changes(router, desk, needs, reads)
    _searches(router, desk, needs, searches)
    return router


def _whole(desk: Desk, user: User) -> None:
    """A plan is of the whole plant. Raises NotAllowedError for an account that reaches a part."""
    plant = desk.view.plant.id
    if not user.may(Role.VIEWER, plant):
        raise NotAllowedError("the schedule shows the whole plant", came=", ".join(user.sites), expected=plant)


def _questions(router: APIRouter, desk: Desk, needs: Needs, reads: Reads) -> None:
    Viewer = Annotated[User, Depends(needs(Role.VIEWER))]  # noqa: N806 - a type
    folder = desk.view.folder

    @router.get("", operation_id="schedule")
    async def status(user: Viewer) -> JSONResponse:
        """What can be planned: orders, objectives, and the plans there are."""
        _whole(desk, user)
        return JSONResponse(plain(await reads(desk.status)))

    @router.get("/plans", operation_id="schedule_plans")
    async def plans(user: Viewer) -> JSONResponse:
        """The plans, the newest first: objective, value, bound, author, time, what orders they do not know."""
        _whole(desk, user)
        return JSONResponse(plain((await reads(desk.status))["plans"]))

    @router.get("/plans/{id}", operation_id="schedule_plan")
    async def plan(user: Viewer, id: str) -> JSONResponse:  # noqa: A002
        """One plan: figures, locks, and its history with who and when."""
        _whole(desk, user)
        return JSONResponse(plain(await reads(desk.told, id)))

    @router.get("/plans/{id}/chart", operation_id="schedule_chart")
    async def chart(user: Viewer, id: str) -> Response:  # noqa: A002
        """What the Gantt is drawn from; times in ticks after `start`."""
        _whole(desk, user)
        return Response(await reads(desk.chart_text, id), media_type="application/json")

    @router.get("/plans/{id}/load", operation_id="schedule_load")
    async def load(user: Viewer, id: str, by: Literal["day", "shift"] = "day") -> JSONResponse:  # noqa: A002
        """Share of each machine's open time that is worked, by day or shift; from 0.9 on it counts as busy."""
        _whole(desk, user)
        return JSONResponse(plain(await reads(desk.load, id, by)))

    @router.get("/plans/{id}/dispatch", operation_id="schedule_dispatch")
    async def dispatch(
        user: Viewer,
        id: str,  # noqa: A002
        machine: Annotated[str, Query(max_length=400, description="Its name; all by default.")] = "",
    ) -> JSONResponse:
        """Dispatch list of one machine, or of all."""
        _whole(desk, user)
        return JSONResponse(plain(await reads(desk.dispatch, id, machine)))

    @router.get("/plans/{id}/why", operation_id="schedule_why")
    async def why(user: Viewer, id: str, order: Annotated[str, Query(max_length=200)]) -> JSONResponse:  # noqa: A002
        """Why an order ends when it does: stretch by stretch, with the cause."""
        _whole(desk, user)
        return JSONResponse(plain(await reads(desk.why, id, order)))

    @router.get("/plans/{id}/compare", operation_id="schedule_compare")
    async def compare(
        user: Viewer,
        id: str,  # noqa: A002
        other: Annotated[str, Query(alias="with", max_length=40, description="The plan to compare with.")],
    ) -> JSONResponse:
        """Figures, orders and operations in which a plan differs from another."""
        _whole(desk, user)
        return JSONResponse(plain(await reads(desk.compare, id, other)))

    @router.get("/plans/{id}/excel", operation_id="schedule_excel", response_class=Response)
    async def excel(user: Viewer, id: str, language: str = "en") -> Response:  # noqa: A002
        """The plan as an Excel workbook."""
        _whole(desk, user)
        return _file(await reads(printed, folder, id, "excel", language), f"{id}.xlsx", _EXCEL)

    @router.get("/plans/{id}/pdf", operation_id="schedule_pdf", response_class=Response)
    async def pdf(user: Viewer, id: str, language: str = "en") -> Response:  # noqa: A002
        """The plan on paper: Gantt, dispatch lists, late orders."""
        _whole(desk, user)
        return _file(await reads(printed, folder, id, "pdf", language), f"{id}.pdf", "application/pdf")


def _file(content: bytes, name: str, kind: str) -> Response:
    return Response(content, media_type=kind, headers={"content-disposition": f'attachment; filename="{name}"'})


def _changes(router: APIRouter, desk: Desk, needs: Needs, reads: Reads) -> None:
    Planner = Annotated[User, Depends(needs(Role.PLANNER))]  # noqa: N806 - a type

    @router.post("/plans/{id}/move", operation_id="schedule_move")
    async def move(user: Planner, id: str, asked: AskedMove) -> JSONResponse:  # noqa: A002
        """Move an operation (planner); what follows gives way. Without `take`: what it would bring."""
        _whole(desk, user)
        given = id, asked.operation, asked.machine, asked.start
        if asked.take:
            told = await reads(desk.take, *given, version=asked.version, who=user.name)
        else:
            told = await reads(desk.preview, *given)
        return JSONResponse(plain(told))

    @router.post("/plans/{id}/lock", operation_id="schedule_lock")
    async def lock(user: Planner, id: str, asked: AskedLock) -> JSONResponse:  # noqa: A002
        """Lock an operation where it is, or let it go (planner)."""
        _whole(desk, user)
        now = await reads(desk.lock, id, asked.operation, version=asked.version, who=user.name, locked=asked.locked)
        return JSONResponse({"operation": asked.operation, "locked": now})

    @router.post("/plans/{id}/undo", operation_id="schedule_undo")
    async def undo(user: Planner, id: str) -> JSONResponse:  # noqa: A002
        """Take back the newest change (planner); the log keeps both."""
        _whole(desk, user)
        return JSONResponse({"undone": await reads(desk.step, id, "undo", who=user.name)})

    @router.post("/plans/{id}/redo", operation_id="schedule_redo")
    async def redo(user: Planner, id: str) -> JSONResponse:  # noqa: A002
        """Make again what was taken back (planner)."""
        _whole(desk, user)
        return JSONResponse({"redone": await reads(desk.step, id, "redo", who=user.name)})

    @router.post("/plans/{id}/publish", operation_id="schedule_publish")
    async def publish(user: Planner, id: str) -> JSONResponse:  # noqa: A002
        """Make a plan the one that the floor works by (planner)."""
        _whole(desk, user)
        await reads(desk.publish, id, who=user.name)
        return JSONResponse(plain(await reads(desk.told, id)))

    @router.post("/plans/{id}/promise", operation_id="schedule_promise")
    async def promise(user: Planner, id: str, asked: AskedPromise) -> JSONResponse:  # noqa: A002
        """What it would take to end an order in time, and what each way costs the others (planner)."""
        _whole(desk, user)
        return JSONResponse(plain(await reads(desk.promise, id, asked.order, asked.seconds)))

    @router.post("/plans/{id}/offer", operation_id="schedule_offer")
    async def offer(user: Planner, id: str, asked: AskedOffer) -> JSONResponse:  # noqa: A002
        """By when a new order can be promised, and what each date costs the others (planner); changes nothing."""
        _whole(desk, user)
        order = asked.model_dump(exclude={"now", "seconds"})
        return JSONResponse(plain(await reads(desk.offer, id, order, now=asked.now, seconds=asked.seconds)))

    @router.post("/plans/{id}/repair", operation_id="schedule_repair")
    async def repair(user: Planner, id: str, asked: AskedRepair) -> JSONResponse:  # noqa: A002
        """Ways to go on after something happened (planner), from least disturbance to least cost; changes nothing."""
        _whole(desk, user)
        given = [own.model_dump() for own in asked.happened]
        told = await reads(
            desk.repair, id, given, version=asked.version, now=asked.now, seconds=asked.seconds,
            stability=asked.stability,
        )  # fmt: skip
        return JSONResponse(plain(told))

    @router.post("/plans/{id}/repair/{repair}/take", operation_id="schedule_repair_take", status_code=201)
    async def take(user: Planner, id: str, repair: str, asked: AskedOption) -> JSONResponse:  # noqa: A002
        """Make one of those ways a plan of its own (planner), named by what happened."""
        _whole(desk, user)
        made = await reads(desk.take_repair, id, repair, asked.option, who=user.name, language=asked.language)
        return JSONResponse(plain(await reads(desk.told, made)), 201)


def _searches(router: APIRouter, desk: Desk, needs: Needs, searches: Searches) -> None:
    Viewer = Annotated[User, Depends(needs(Role.VIEWER))]  # noqa: N806 - a type
    Planner = Annotated[User, Depends(needs(Role.PLANNER))]  # noqa: N806 - a type

    @router.get("/runs", operation_id="schedule_runs")
    async def runs(user: Viewer) -> JSONResponse:
        """The newest searches and how they stand."""
        _whole(desk, user)
        return JSONResponse([own.as_dict() for own in searches.all()])

    @router.post("/runs", operation_id="schedule_run", status_code=202)
    async def begin(user: Planner, asked: AskedSearch) -> JSONResponse:
        """Start a search in a worker process (planner); one at a time, 409 while another is under way."""
        _whole(desk, user)
        made = searches.begin(
            user.name, asked.objective, seconds=asked.seconds, seed=asked.seed, workers=asked.workers,
            locks_of=asked.locks_of, stops=asked.stops,
        )  # fmt: skip
        return JSONResponse(made.as_dict(), 202)

    @router.get("/runs/{id}", operation_id="schedule_progress")
    async def run(user: Viewer, id: str) -> JSONResponse:  # noqa: A002
        """How a search stands: value, bound, gap, and the plan that it made."""
        _whole(desk, user)
        return JSONResponse(searches.get(id).as_dict())

    @router.post("/runs/{id}/stop", operation_id="schedule_stop")
    async def stop(user: Planner, id: str) -> JSONResponse:  # noqa: A002
        """End a search with the best plan so far (planner)."""
        _whole(desk, user)
        searches.stop(id)
        return JSONResponse(searches.get(id).as_dict())

    @router.delete("/runs/{id}", operation_id="schedule_cancel")
    async def cancel(user: Planner, id: str) -> JSONResponse:  # noqa: A002
        """Give a search up without a plan (planner)."""
        _whole(desk, user)
        searches.cancel(id)
        return JSONResponse(searches.get(id).as_dict())
