"""REST of sampling and gauges under `/api/v1/quality`: plans, lots, switches; calibrations due, lots held."""

# No `from __future__ import annotations` here: the handlers' annotations name what their factory holds.

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from luban.core.errors import NotAllowedError
from luban.screens.plain import plain
from luban.screens.quality_api import whole
from luban.screens.reads import Reads
from luban.screens.service.quality import QualityBooks
from luban.screens.service.sampling import GaugeDesk, SamplingDesk, role_of
from luban.screens.users import Role, User
from luban.understand.quality.sampling import curves, judge, standard_plan

__all__ = ["sampling_router"]

Needs = Callable[[Role], Any]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Text = Annotated[str, Field(max_length=200)]
Severity = Literal["normal", "tightened", "reduced"]
Kind = Literal["single", "double", "multiple"]
_MOST_PIECES = 10**9


class AskedTerms(BaseModel):
    """What is agreed for a supplier's item."""

    supplier: Name
    item: Name
    aql: float = Field(gt=0, le=1000, description="% nonconforming, above 10 per 100 pieces.")
    level: str = Field("II", max_length=3)
    kind: Kind = "single"


class AskedLot(BaseModel):
    """What the next sample of a lot held."""

    supplier: Name
    item: Name
    lot: Name
    size: int = Field(ge=2, le=_MOST_PIECES, description="Pieces in the lot.")
    found: int = Field(ge=0, le=_MOST_PIECES, description="Nonconforming pieces in this sample.")
    original: bool = Field(True, description="Submitted for the first time.")


class AskedChange(BaseModel):
    """Another act about a supplier's item."""

    supplier: Name
    item: Name
    code: Literal["steady", "permit", "resume", "order"]
    steady: bool | None = Field(None, description="steady: production runs at a steady rate.")
    permit: bool | None = Field(None, description="permit: reduced inspection is wished for.")
    severity: Severity | None = Field(None, description="order: the severity that is ordered.")


class AskedGauge(BaseModel):
    """A gauge for the register."""

    id: Name
    type: Text = ""
    place: Text = ""
    days: float | None = Field(None, gt=0, le=36_500, description="Days between calibrations.")
    unit: Text = Field("", description="Unit of its uncertainty.")
    measures: Text = Field("", description="Its range.")


class AskedCalibration(BaseModel):
    """A calibration of a gauge."""

    id: Name
    certificate: Name
    laboratory: Text = ""
    uncertainty: float | None = Field(None, gt=0, description="Expanded uncertainty.")
    coverage: float = Field(2.0, gt=0, le=10, description="Its factor k.")
    unit: Text = ""
    standard: Text = Field("", description="Gauge of the register that it was compared with.")
    national: Text = Field("", description="National standard that it was compared with.")
    passed: bool = True
    found: Literal["", "in", "out"] = Field("", description="As it came in: in or out of tolerance.")
    time: int | None = Field(None, description="µs UTC; now by default.")
    due: int | None = Field(None, description="µs UTC; by the gauge's days by default.")


class AskedService(BaseModel):
    """A gauge goes out of service, or back."""

    id: Name
    used: bool


def sampling_router(books: QualityBooks, needs: Needs, reads: Reads) -> APIRouter:
    """Routes of sampling and gauges; needs makes the check of a role."""
    router = APIRouter(prefix="/quality", tags=["quality"])
    _plans(router, SamplingDesk(books), needs, reads)
    _gauges(router, GaugeDesk(books), needs, reads)
    return router


def _plans(router: APIRouter, desk: SamplingDesk, needs: Needs, reads: Reads) -> None:
    Viewer = Annotated[User, Depends(needs(Role.VIEWER))]  # noqa: N806 - a type
    Operator = Annotated[User, Depends(needs(role_of("lot")))]  # noqa: N806 - a type
    Engineer = Annotated[User, Depends(needs(role_of("agree")))]  # noqa: N806 - a type

    @router.get("/sampling/plan", operation_id="quality_sampling_plan")
    async def plan(
        user: Viewer,
        lot: Annotated[int, Query(ge=2, le=_MOST_PIECES, description="Pieces in the lot.")],
        aql: Annotated[float, Query(gt=0, le=1000)],
        level: Annotated[str, Query(max_length=3)] = "II",
        severity: Severity = "normal",
        kind: Kind = "single",
        found: Annotated[list[int] | None, Query(max_length=7, description="Found in each sample so far.")] = None,
    ) -> JSONResponse:
        """A plan of MIL-STD-105E with its curves, and the decision on a lot if `found` is given."""
        whole(desk.books, user)
        made = standard_plan(lot, aql, level=level, severity=severity, kind=kind)
        told = {"plan": made.as_dict(), "decision": judge(made, found or ()).as_dict()}
        return JSONResponse(plain(told | {"curves": (await reads(curves, made)).as_dict()}))

    @router.get("/sampling", operation_id="quality_sampling")
    async def listed(user: Viewer) -> JSONResponse:
        """Every supplier's item: inspection due, lots, switches."""
        whole(desk.books, user)
        return JSONResponse(plain([one.as_dict() for one in await reads(desk.accounts)]))

    @router.post("/sampling/agree", operation_id="quality_sampling_agree", status_code=201)
    async def agree(user: Engineer, asked: AskedTerms) -> JSONResponse:
        """Agree on AQL, level and kind of sampling (engineer)."""
        whole(desk.books, user)
        given = asked.model_dump(exclude={"supplier", "item"})
        made = await reads(desk.agree, asked.supplier, asked.item, person=user.name, **given)
        return JSONResponse(plain(made.as_dict()), 201)

    @router.post("/sampling/lots", operation_id="quality_sampling_lot", status_code=201)
    async def enter(user: Operator, asked: AskedLot) -> JSONResponse:
        """Enter what a sample held (operator); the plan and the decision: accept, reject, or the next sample."""
        whole(desk.books, user)
        given = asked.supplier, asked.item, asked.lot, asked.size, asked.found
        made, decision = await reads(desk.enter, *given, original=asked.original, person=user.name)
        return JSONResponse(plain({"plan": made.as_dict(), "decision": decision.as_dict()}), 201)

    @router.post("/sampling/changes", operation_id="quality_sampling_change", status_code=201)
    async def change(user: Operator, asked: AskedChange) -> JSONResponse:
        """Production irregular or steady again (operator); reduced inspection wished, corrective action (engineer)."""
        whole(desk.books, user)
        needed = role_of(asked.code)
        if not user.may(needed, desk.books.view.plant.id):
            came = f"{user.name} is {user.role.name.lower()}"
            raise NotAllowedError("your role does not permit this", came=came, expected=needed.name.lower())
        data = {key: value for key in ("steady", "permit", "severity") if (value := getattr(asked, key)) is not None}
        made = await reads(desk.change, asked.supplier, asked.item, asked.code, data, person=user.name)
        return JSONResponse(plain(made.as_dict()), 201)


def _gauges(router: APIRouter, desk: GaugeDesk, needs: Needs, reads: Reads) -> None:
    Viewer = Annotated[User, Depends(needs(Role.VIEWER))]  # noqa: N806 - a type
    Engineer = Annotated[User, Depends(needs(Role.ENGINEER))]  # noqa: N806 - a type

    @router.get("/gauges", operation_id="quality_gauges")
    async def gauges(user: Viewer, within: Annotated[float | None, Query(ge=0, le=36_500)] = None) -> JSONResponse:
        """Gauges due, the most urgent first, with their chains; lots held by a gauge that could not be trusted."""
        whole(desk.books, user)
        _known, due, use = await reads(desk.overview, within)
        return JSONResponse(plain({"due": [one.as_dict() for one in due]} | use.as_dict()))

    @router.get("/gauges/one", operation_id="quality_gauge_of_register")
    async def one(user: Viewer, id: Annotated[str, Query(max_length=200)]) -> JSONResponse:  # noqa: A002
        """One gauge: calibrations, state, chain to a national standard."""
        whole(desk.books, user)
        return JSONResponse(plain(await reads(desk.told, id)))

    @router.post("/gauges", operation_id="quality_gauge_register", status_code=201)
    async def add(user: Engineer, asked: AskedGauge) -> JSONResponse:
        """Put a gauge into the register (engineer)."""
        whole(desk.books, user)
        await reads(desk.register, asked.id, person=user.name, **asked.model_dump(exclude={"id"}))
        return JSONResponse(plain(await reads(desk.told, asked.id.strip())), 201)

    @router.post("/gauges/calibrations", operation_id="quality_gauge_calibrate", status_code=201)
    async def calibrate(user: Engineer, asked: AskedCalibration) -> JSONResponse:
        """Enter a calibration (engineer)."""
        whole(desk.books, user)
        await reads(desk.calibrate, asked.id, person=user.name, **asked.model_dump(exclude={"id"}))
        return JSONResponse(plain(await reads(desk.told, asked.id)), 201)

    @router.post("/gauges/service", operation_id="quality_gauge_service", status_code=201)
    async def serve(user: Engineer, asked: AskedService) -> JSONResponse:
        """Take a gauge out of service, or put it back (engineer)."""
        whole(desk.books, user)
        await reads(desk.serve, asked.id, used=asked.used, person=user.name)
        return JSONResponse(plain(await reads(desk.told, asked.id)), 201)
