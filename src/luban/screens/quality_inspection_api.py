"""REST of inspection under `/api/v1/quality`: what is due, measured values, device results, non-conformances, holds."""

# No `from __future__ import annotations` here: the handlers' annotations name what their factory holds.

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from luban.screens.plain import plain
from luban.screens.quality_api import whole
from luban.screens.reads import Reads
from luban.screens.service.inspection import InspectionDesk
from luban.screens.service.quality import QualityBooks
from luban.screens.users import Role, User
from luban.understand.quality.inspection import NonConformance

__all__ = ["inspection_router"]

Needs = Callable[[Role], Any]
Name = Annotated[str, Field(max_length=200)]
Names = Annotated[list[Name], Field(max_length=500)]


class AskedMeasurement(BaseModel):
    """Values of one characteristic, measured at one time."""

    of: str = Field(max_length=400, description="The characteristic, `item:name`.")
    values: list[float] = Field(min_length=1, max_length=1000)
    unit: Name = Field("", description="Unit of the values; the characteristic's own by default.")
    lot: Name = ""
    serial: Name = ""
    machine: Name = Field("", description="Work unit that made the piece.")
    gauge: Name = ""
    conditions: dict[str, float] = Field(default_factory=dict, description='E.g. {"temperature [°C]": 21.5}.')
    time: int | None = Field(None, description="µs UTC; now by default.")


class AskedResult(BaseModel):
    """A device's judgement of a piece."""

    piece: str = Field(min_length=1, max_length=200)
    verdict: str = Field(min_length=1, max_length=100, description="good, bad, or a class of defect.")
    confidence: float = Field(ge=0, le=1)
    threshold: float = Field(0.9, ge=0, le=1, description="Below it a person looks.")
    device: str = Field(min_length=1, max_length=200)
    model: str = Field(min_length=1, max_length=200)
    version: str = Field(min_length=1, max_length=100)
    item: Name = ""
    lot: Name = ""
    unit: Name = Field("", description="Work unit where it stands.")
    evidence: str = Field("", max_length=1000, description="Where the picture is.")
    time: int | None = Field(None, description="µs UTC; now by default.")


class AskedReview(BaseModel):
    """A person's word on a device's judgement."""

    verdict: str = Field(min_length=1, max_length=100)
    text: str = Field("", max_length=500)


class AskedNonConformance(BaseModel):
    """Something is not as it should be."""

    text: str = Field(min_length=1, max_length=500)
    severity: Literal["minor", "major", "critical"] = "minor"
    item: Name = ""
    subject: str = Field("", max_length=400, description="The characteristic, `item:name`.")
    operation: Name = ""
    unit: Name = Field("", description="Work unit.")
    lots: Names = Field(default_factory=list)
    serials: Names = Field(default_factory=list)
    facts: list[int] = Field(
        default_factory=list, max_length=1000, description="seqs of the measurements that show it."
    )
    origin: Literal["inspection", "device", "chart", "sampling", "complaint"] = "inspection"
    hold: bool = Field(True, description="Hold its lots at once.")


class AskedCheck(BaseModel):
    """How the effect of an action is checked."""

    statistic: Literal["mean", "spread", "out", "scrap"]
    subject: str = Field(min_length=1, max_length=400)
    better: Literal["lower", "higher", "target"] = "lower"


class AskedStep(BaseModel):
    """A step of a non-conformance."""

    code: Literal["hold", "dispose", "release", "cause", "action", "done", "close", "reopen", "note"]
    text: str = Field("", max_length=500)
    lots: Names | None = Field(None, description="hold, dispose, release: these lots; all by default.")
    decision: Literal["use_as_is", "rework", "repair", "sort", "return", "scrap"] | None = None
    type: Literal["corrective", "preventive"] | None = Field(None, description="action: its kind.")
    owner: Name | None = Field(None, description="action: who does it.")
    due: int | None = Field(None, description="action: until when, µs UTC.")
    check: AskedCheck | None = Field(None, description="action: how its effect is checked.")
    action: Name | None = Field(None, description="done: which action, e.g. A1.")


class AskedEffect(BaseModel):
    """The effect of an action is to be worked out from the books."""

    action: str = Field(max_length=20, description="E.g. A1.")
    before: tuple[int, int] | None = Field(None, description="Window, µs UTC; four weeks before it was opened.")
    after: tuple[int, int] | None = Field(None, description="Window, µs UTC; since the action was done.")


def inspection_router(books: QualityBooks, needs: Needs, reads: Reads) -> APIRouter:
    """Routes of inspection; needs makes the check of a role."""
    router = APIRouter(prefix="/quality", tags=["quality"])
    desk = InspectionDesk(books)
    _values(router, desk, needs, reads)
    _devices(router, desk, needs, reads)
    _nonconformances(router, desk, needs, reads)
    return router


def _values(router: APIRouter, desk: InspectionDesk, needs: Needs, reads: Reads) -> None:
    Viewer = Annotated[User, Depends(needs(Role.VIEWER))]  # noqa: N806 - a type
    Operator = Annotated[User, Depends(needs(Role.OPERATOR))]  # noqa: N806 - a type

    @router.get("/inspection/plan", operation_id="quality_inspection_plan")
    async def plan(user: Viewer) -> JSONResponse:
        """The inspection plan: each line with its last measurement and whether it is due."""
        whole(desk.books, user)
        return JSONResponse([one.as_dict() for one in await reads(desk.plan)])

    @router.get("/inspection/held", operation_id="quality_held_lots")
    async def held(user: Viewer) -> JSONResponse:
        """Lots that may not go on, and why."""
        whole(desk.books, user)
        return JSONResponse(plain(await reads(desk.held)))

    @router.post("/inspection/hold", operation_id="quality_hold_by_rule")
    async def hold(user: Operator) -> JSONResponse:
        """Hold the lots that the plan holds by itself (operator); ids of the non-conformances that were opened."""
        whole(desk.books, user)
        return JSONResponse(await reads(desk.hold_by_rule, person=user.name))

    @router.post("/measurements", operation_id="quality_measure", status_code=201)
    async def measure(user: Operator, asked: AskedMeasurement) -> JSONResponse:
        """Enter measured values (operator); the verdict, chart signals and what the plan says to do."""
        whole(desk.books, user)
        given = asked.model_dump(exclude={"of", "values"})
        entered = await reads(desk.enter, asked.of, asked.values, person=user.name, **given)
        return JSONResponse(plain(entered.as_dict()), 201)


def _devices(router: APIRouter, desk: InspectionDesk, needs: Needs, reads: Reads) -> None:
    Viewer = Annotated[User, Depends(needs(Role.VIEWER))]  # noqa: N806 - a type
    Operator = Annotated[User, Depends(needs(Role.OPERATOR))]  # noqa: N806 - a type

    @router.get("/devices/queue", operation_id="quality_device_queue")
    async def waiting(user: Viewer) -> JSONResponse:
        """Device results that wait for a person, the least sure first."""
        whole(desk.books, user)
        return JSONResponse(plain(await reads(desk.queue)))

    @router.get("/devices/confusion", operation_id="quality_device_confusion")
    async def matrix(user: Viewer, why: Annotated[Literal["all", "queue", "audit"], Query()] = "all") -> JSONResponse:
        """Device against person for each model version: table, agreement, escapes and false alarms with intervals."""
        whole(desk.books, user)
        return JSONResponse(plain(await reads(desk.confusion, why)))

    @router.post("/devices/results", operation_id="quality_device_result", status_code=201)
    async def result(user: Operator, asked: AskedResult) -> JSONResponse:
        """Enter a device's judgement (operator): accepted, or queued for a person."""
        whole(desk.books, user)
        given = asked.model_dump(exclude={"piece", "verdict", "confidence"})
        state = await reads(desk.judged, asked.piece, asked.verdict, asked.confidence, person=user.name, **given)
        return JSONResponse({"state": state}, 201)

    @router.post("/devices/results/{seq}/review", operation_id="quality_device_review")
    async def review(user: Operator, seq: int, asked: AskedReview) -> JSONResponse:
        """A person's word on a device's judgement (operator); it counts from now on."""
        whole(desk.books, user)
        await reads(desk.review, seq, asked.verdict, person=user.name, text=asked.text)
        return JSONResponse({"seq": seq, "verdict": asked.verdict})


def _nonconformances(router: APIRouter, desk: InspectionDesk, needs: Needs, reads: Reads) -> None:
    Viewer = Annotated[User, Depends(needs(Role.VIEWER))]  # noqa: N806 - a type
    Operator = Annotated[User, Depends(needs(Role.OPERATOR))]  # noqa: N806 - a type

    def told(one: NonConformance) -> Any:
        return plain(one.as_dict())

    @router.get("/nonconformances", operation_id="quality_nonconformances")
    async def every(user: Viewer) -> JSONResponse:
        """All non-conformances, the newest first."""
        whole(desk.books, user)
        return JSONResponse([told(one) for one in (await reads(desk.nonconformances)).values()])

    @router.get("/nonconformances/{id}", operation_id="quality_nonconformance")
    async def one(user: Viewer, id: str) -> JSONResponse:  # noqa: A002
        """One non-conformance: lots, dispositions, actions with their effect, what is wanting to close it."""
        whole(desk.books, user)
        return JSONResponse(told(await reads(desk.nonconformance, id)))

    @router.post("/nonconformances", operation_id="quality_nonconformance_open", status_code=201)
    async def begin(user: Operator, asked: AskedNonConformance) -> JSONResponse:
        """Open a non-conformance (operator); its lots are held at once."""
        whole(desk.books, user)
        made = await reads(desk.open, asked.text, person=user.name, **asked.model_dump(exclude={"text"}))
        return JSONResponse(told(await reads(desk.nonconformance, made)), 201)

    @router.post("/nonconformances/{id}/steps", operation_id="quality_nonconformance_step")
    async def step(user: Operator, id: str, asked: AskedStep) -> JSONResponse:  # noqa: A002
        """Go a step on (operator; a concession, closing and opening again need an engineer)."""
        whole(desk.books, user)
        data = asked.model_dump(exclude={"code", "text"}, exclude_none=True)
        now = await reads(desk.step, id, asked.code, person=user.name, role=user.role, text=asked.text, data=data)
        return JSONResponse(told(now))

    @router.post("/nonconformances/{id}/effect", operation_id="quality_nonconformance_effect")
    async def effect(user: Operator, id: str, asked: AskedEffect) -> JSONResponse:  # noqa: A002
        """Work out from the books what an action brought (operator); nobody types it."""
        whole(desk.books, user)
        now = await reads(desk.check, id, asked.action, person=user.name, before=asked.before, after=asked.after)
        return JSONResponse(told(now))
