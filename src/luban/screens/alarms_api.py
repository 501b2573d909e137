"""REST of the alarm list under `/api/v1/health/alarms`: how it stands, acknowledge, shelve, out of service, its log."""

# No `from __future__ import annotations` here: the handlers' annotations name what their factory holds.

from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from luban.core.errors import InputError, NotAllowedError
from luban.core.time import MINUTE, now, parse_time
from luban.screens.plain import plain
from luban.screens.reads import Reads
from luban.screens.service.alarms import AlarmDesk, alarms_of, role_of
from luban.screens.service.health import HealthBooks
from luban.screens.users import Role, User

__all__ = ["alarms_router"]

Needs = Callable[[Role], Any]
Name = Annotated[str, Field(min_length=1, max_length=400)]
Moment = Annotated[str, Query(max_length=40, description="ISO 8601, in the plant's zone.")]


class AskedAct(BaseModel):
    """What a person does to an alarm."""

    alarm: Name
    code: Literal["acknowledge", "reset", "shelve", "unshelve", "withdraw", "restore", "comment"]
    reason: str = Field("", max_length=500, description="Needed to shelve and to take out of service.")
    minutes: float | None = Field(None, gt=0, le=720, description="shelve: for so long.")
    text: str = Field("", max_length=500, description="comment: the words.")


def alarms_router(books: HealthBooks, needs: Needs, reads: Reads) -> APIRouter:
    """Routes of the alarm list; needs makes the check of a role."""
    router = APIRouter(prefix="/health/alarms", tags=["health"])
    _reading(router, books.desk, needs, reads)
    _acting(router, books.desk, needs, reads)
    return router


def _reading(router: APIRouter, desk: AlarmDesk, needs: Needs, reads: Reads) -> None:
    Viewer = Annotated[User, Depends(needs(Role.VIEWER))]  # noqa: N806 - a type

    @router.get("", operation_id="alarms")
    async def listed(
        user: Viewer,
        unit: Annotated[str, Query(max_length=400, description="Equipment path; all by default.")] = "",
        every: Annotated[bool, Query(description="Also normal, shelved, suppressed, out of service.")] = False,
    ) -> JSONResponse:
        """The alarm list: what nobody has seen first, then by priority, then the newest."""
        found = await reads(desk.listed, place=unit, every=every)
        return JSONResponse(plain([one.as_dict() for one in found if _reaches(user, one.standing.place)]))

    @router.get("/one", operation_id="alarm")
    async def one(user: Viewer, alarm: Annotated[str, Query(max_length=400)]) -> JSONResponse:
        """One alarm: how it stands, its entry in the list, and all that happened to it."""
        found = await reads(desk.one, alarm)
        _inside(user, found.standing.place)
        history = await reads(desk.history, alarm)
        return JSONResponse(plain(found.as_dict() | {"history": [entry.as_dict() for entry in history]}))

    @router.get("/machine", operation_id="alarms_of_machine")
    async def machine(user: Viewer, unit: Annotated[str, Query(max_length=400)]) -> JSONResponse:
        """Alarms of one machine: those in the list now, and all that came."""
        _inside(user, unit)
        found = await reads(alarms_of, desk, unit)
        history = [dict(zip(("alarm", "raised", "returned", "priority"), row, strict=True)) for row in found.history]
        return JSONResponse(plain({"open": [one.as_dict() for one in found.open], "history": history}))

    @router.get("/statistics", operation_id="alarm_statistics")
    async def statistics(
        user: Viewer,
        start: Annotated[Moment, Query(alias="from")] = "",
        end: Annotated[Moment, Query(alias="to")] = "",
        positions: Annotated[int, Query(ge=1, le=100, description="Operators that share the alarms.")] = 1,
        devices: Annotated[bool, Query(description="Alarms that devices sent instead.")] = False,
    ) -> JSONResponse:
        """Rates, floods, chattering, standing and stale alarms against the bands of ISA-18.2."""
        _inside(user, desk.books.view.plant.id)
        zone = desk.books.view.plant.zone
        span = (parse_time(text, zone) if text else None for text in (start, end))
        made = await reads(desk.statistics, *span, positions=positions, devices=devices)
        return JSONResponse(plain(made.as_dict()))

    @router.get("/list", operation_id="alarm_list")
    async def rules(user: Viewer) -> JSONResponse:
        """The alarm list of the plant (alarms.csv), and what is wrong with it."""
        _inside(user, desk.books.view.plant.id)
        findings = await reads(desk.findings)
        told = [asdict(rule) for rule in desk.rules.values()]
        return JSONResponse(plain({"alarms": told, "findings": [one.as_dict() for one in findings]}))


def _acting(router: APIRouter, desk: AlarmDesk, needs: Needs, reads: Reads) -> None:
    Operator = Annotated[User, Depends(needs(Role.OPERATOR))]  # noqa: N806 - a type

    @router.post("/acts", operation_id="alarm_act", status_code=201)
    async def act(user: Operator, asked: AskedAct) -> JSONResponse:
        """Acknowledge, reset, shelve, comment (operator); take out of service and put back (engineer)."""
        found = await reads(desk.one, asked.alarm)
        _inside(user, found.standing.place)
        needed = role_of(asked.code)
        if not user.may(needed, found.standing.place or desk.books.view.plant.id):
            came = f"{user.name} is {user.role.name.lower()}"
            raise NotAllowedError("your role does not permit this", came=came, expected=needed.name.lower())
        if asked.code == "shelve" and asked.minutes is None:
            raise InputError("shelving needs a time", where="minutes", expected="up to 720 minutes")
        until = None if asked.minutes is None else now() + round(asked.minutes * MINUTE)
        made = await reads(
            desk.act, asked.alarm, asked.code, person=user.name, reason=asked.reason, until=until, text=asked.text
        )
        return JSONResponse(plain(made.as_dict()), 201)


def _reaches(user: User, place: str) -> bool:
    return not user.sites or (bool(place) and user.may(Role.VIEWER, place))


def _inside(user: User, place: str) -> None:
    """Raises NotAllowedError for equipment that the account does not reach."""
    if not _reaches(user, place):
        raise NotAllowedError("this place is not among your sites", came=place, expected=", ".join(user.sites))
