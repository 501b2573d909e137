"""REST of health under `/api/v1/health`: the machines of a plant, how they are, downloads."""

# No `from __future__ import annotations` here: the handlers' annotations name what their factory holds.

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from luban.core.errors import NotAllowedError
from luban.core.time import parse_time
from luban.screens.i18n import words
from luban.screens.plain import plain
from luban.screens.reads import Reads
from luban.screens.service.health import HealthBooks
from luban.screens.service.health_fleet import Row, in_order, row_document
from luban.screens.users import Role, User

__all__ = ["health_router", "inside"]

Needs = Callable[[Role], Any]
_MACHINE = Query(max_length=400, description="Path of the work unit.")
_POINTS = 1000


class AskedLearn(BaseModel):
    """What is usual is to be learned anew."""

    machine: str = Field(max_length=400, description="Path of the work unit.")
    since: str = Field(max_length=40, description="From when on, ISO 8601, in the plant's zone.")
    reason: str = Field(min_length=1, max_length=500)


def health_router(books: HealthBooks, needs: Needs, reads: Reads) -> APIRouter:
    """Routes of health; needs makes the check of a role."""
    router = APIRouter(prefix="/health", tags=["health"])
    _questions(router, books, needs, reads)
    _decisions(router, books, needs, reads)
    return router


def inside(user: User, machine: str) -> None:
    """Raises NotAllowedError for a machine that the account does not reach."""
    if not user.may(Role.VIEWER, machine):
        raise NotAllowedError("this machine is not among your sites", came=machine, expected=", ".join(user.sites))


def _questions(router: APIRouter, books: HealthBooks, needs: Needs, reads: Reads) -> None:
    Viewer = Annotated[User, Depends(needs(Role.VIEWER))]  # noqa: N806 - a type

    @router.get("/machines", operation_id="health_machines")
    async def machines(user: Viewer) -> JSONResponse:
        """The machines that the account reaches, those that need attention first."""
        rows = await reads(_reached, books, user)
        return JSONResponse([plain(row_document(row)) for row in in_order(rows)])

    @router.get("/machine", operation_id="health_machine")
    async def machine(user: Viewer, machine: Annotated[str, _MACHINE]) -> JSONResponse:
        """How a machine is: state, findings with the channels behind them, wear, doubts, the record it rests on."""
        inside(user, machine)
        return JSONResponse(plain(await reads(_document, books, machine)))

    @router.get("/machine/rows", operation_id="health_rows")
    async def rows(user: Viewer, machine: Annotated[str, _MACHINE]) -> JSONResponse:
        """Its newest rows of five minutes, at most 1,000: channels, regime, how unusual; null: nothing read."""
        inside(user, machine)
        return JSONResponse(plain(await reads(_rows, books, machine)))

    @router.get("/file", operation_id="health_file", response_class=Response)
    async def file(
        user: Viewer,
        machine: Annotated[str, Query(max_length=400, description="Path of the work unit; empty: the fleet.")] = "",
        format: Annotated[Literal["html", "pdf", "xlsx"], Query(description="What to write.")] = "html",  # noqa: A002
        language: Annotated[str, Query(max_length=8)] = "en",
    ) -> Response:
        """A machine's sheet, or the fleet's, as one file."""
        inside(user, machine or books.view.plant.id)
        content, kind = await reads(_file, books, machine, format, language)
        name = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "_" for c in machine or "fleet")
        headers = {"content-disposition": f'attachment; filename="{name}.{format}"'}
        return Response(content, media_type=kind, headers=headers)


def _decisions(router: APIRouter, books: HealthBooks, needs: Needs, reads: Reads) -> None:
    Engineer = Annotated[User, Depends(needs(Role.ENGINEER))]  # noqa: N806 - a type

    @router.post("/learn", operation_id="health_learn")
    async def learn(user: Engineer, asked: AskedLearn) -> JSONResponse:
        """Have what is usual learned anew from a moment on, with a reason; a record of kind `model`."""
        inside(user, asked.machine)
        since = parse_time(asked.since, books.view.plant.zone)
        await reads(books.learn, asked.machine, since, asked.reason, person=user.name)
        return JSONResponse({"machine": asked.machine, "since": since})


def _reached(books: HealthBooks, user: User) -> list[Row]:
    return [row for row in books.fleet() if user.may(Role.VIEWER, row.machine)]


def _document(books: HealthBooks, machine: str) -> dict[str, Any]:
    from luban.screens.report.health_retrofit import power_document

    health, last, model = books.machine(machine), books.last_time(machine), books.model(machine)
    record = None if model is None else {k: v for k, v in model.as_dict()["data"].items() if k != "model"}
    life, power = books.life(machine), books.power(machine)
    return {
        **health.as_dict(), "record": record, "last_time": None if last is None else last.as_dict(),
        "learned_life": None if life is None else life.as_dict(),
        "failures": [{"start": began, "end": over} for began, over in books.failures(machine)],
        "alarms": books.alarms(machine), "orders": books.orders(machine),
        "conditions": [one.as_dict() for one in books.conditions(machine)],
        "power": None if power is None else power_document(power),
    }  # fmt: skip


def _rows(books: HealthBooks, machine: str) -> dict[str, Any]:
    health = books.machine(machine)
    first = max(len(health.readings) - _POINTS, 0)
    readings = health.readings.rows(slice(first, None))
    return {
        "time": readings.time.tolist(), "in_operation": readings.usable.tolist(),
        "regimes": list(health.regimes[first:]), "strength": _listed(health.strength[first:].tolist()),
        "channels": {name: _listed(readings.column(name).tolist()) for name in readings.channels},
    }  # fmt: skip


def _listed(values: list[float]) -> list[float | None]:
    return [value if value == value else None for value in values]


def _file(books: HealthBooks, machine: str, kind: str, language: str) -> tuple[bytes, str]:
    from luban.screens.report.health_print import printed_fleet, printed_machine
    from luban.screens.report.sheet_file import file_of

    say = words(language)
    sheet = printed_machine(books, books.known(machine), say) if machine else printed_fleet(books, say)
    return file_of(sheet, kind, language)
