"""REST of pilots under `/api/v1/pilots`: how they stand, what was proved, each run, and studies in a worker process."""

# No `from __future__ import annotations` here: the handlers' annotations name what their factory holds.

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from luban.core.errors import InputError
from luban.core.time import parse_time
from luban.pilot.proof import Proof
from luban.screens.i18n import words
from luban.screens.plain import plain
from luban.screens.reads import Reads
from luban.screens.report.pilot import proof_sheet
from luban.screens.report.sheet_file import file_of
from luban.screens.service.pilot import MOST_SEEDS, Pilots
from luban.screens.service.pilot_books import BEFORE
from luban.screens.users import Role, User
from luban.screens.whole import whole_plant

__all__ = ["pilot_router"]

Whole = Callable[[Role], Any]
Name = Annotated[str, Path(max_length=80, description="Name of the pilot; plant is the one of this plant itself.")]


class AskedPilot(BaseModel):
    """A study to run."""

    seeds: int = Field(30, ge=2, le=MOST_SEEDS, description="Runs of each way to run the plant.")
    weeks: float | None = Field(None, ge=1, le=520, description="Measured in each run; the plant's own window.")
    quick: bool = Field(False, description="A quick look: few runs of some weeks on seeds of its own.")
    method: Literal["sequential", "shapley"] = Field("sequential", description="Split of the gain among levers.")
    without: list[str] = Field(default_factory=list, max_length=40, description="Levers that are left off.")


class AskedEnrolment(BaseModel):
    """A plant that is to be enrolled."""

    on: str = Field(max_length=40, description="Levers go on then, ISO 8601 in the plant's zone; not in the past.")
    days: float = Field(BEFORE, ge=1, le=730, description="Days before it that make the state before.")


def pilot_router(pilots: Pilots, needs: Callable[[Role], Any], reads: Reads) -> APIRouter:
    """Routes; needs makes the check of a role. An account that reaches a part of the plant gets nothing."""
    whole = whole_plant(needs, lambda: pilots.view.plant.id, "pilots show whole plants")
    router = APIRouter()
    router.include_router(_studies(pilots, whole, reads))
    router.include_router(_proofs(pilots, whole, reads))
    return router


def _studies(pilots: Pilots, whole: Whole, reads: Reads) -> APIRouter:
    """Studies: begun, followed, stopped."""
    router = APIRouter(prefix="/pilots", tags=["pilots"])
    Viewer = Annotated[User, Depends(whole(Role.VIEWER))]  # noqa: N806 - a type
    Engineer = Annotated[User, Depends(whole(Role.ENGINEER))]  # noqa: N806 - a type

    @router.get("/studies", operation_id="pilot_studies")
    async def studies(user: Viewer) -> JSONResponse:  # noqa: ARG001 - checked
        """The newest studies and how they stand."""
        return JSONResponse(plain([run.as_dict() for run in pilots.runs.all()]))

    @router.get("/studies/{id}", operation_id="pilot_study")
    async def study(user: Viewer, id: str) -> JSONResponse:  # noqa: A002, ARG001 - checked
        """How a study stands."""
        return JSONResponse(plain(pilots.runs.get(id).as_dict()))

    @router.delete("/studies/{id}", operation_id="stop_pilot_study")
    async def cancel(user: Engineer, id: str) -> JSONResponse:  # noqa: A002, ARG001 - checked
        """Stop a study after the runs that are under way; what ran is kept (engineer)."""
        pilots.runs.cancel(id)
        return JSONResponse(plain(pilots.runs.get(id).as_dict()))

    @router.post("/books", operation_id="enrol_plant", status_code=201)
    async def enrol(user: Engineer, asked: AskedEnrolment) -> JSONResponse:
        """Enrol this plant: its state before is fixed now, from the facts that are there (engineer)."""
        on = parse_time(asked.on, pilots.view.plant.zone)
        await reads(lambda: pilots.enrolling.enrol(user.name, on=on, days=asked.days))
        return JSONResponse(plain(await reads(pilots.enrolling.as_dict)), 201)

    @router.post("/{name}/studies", operation_id="run_pilot_study", status_code=202)
    async def begin(user: Engineer, name: Name, asked: AskedPilot) -> JSONResponse:
        """Start a study in a worker process (engineer); one at a time, 409 while another is under way."""
        one = await reads(pilots.get, name)
        made = pilots.runs.begin(
            user.name, one, seeds=asked.seeds, weeks=asked.weeks, quick=asked.quick, method=asked.method,
            without=tuple(asked.without),
        )  # fmt: skip
        return JSONResponse(plain(made.as_dict()), 202)

    return router


def _proofs(pilots: Pilots, whole: Whole, reads: Reads) -> APIRouter:
    """Pilots, their proofs and runs."""
    router = APIRouter(prefix="/pilots", tags=["pilots"])
    Viewer = Annotated[User, Depends(whole(Role.VIEWER))]  # noqa: N806 - a type

    async def proved(name: str) -> Proof:
        found = (await reads(pilots.get, name)).standing.proof
        if found is None:
            raise InputError("this pilot has no proof yet", came=name, hint="run a study of it")
        return found

    @router.get("", operation_id="pilots")
    async def listed(user: Viewer) -> JSONResponse:  # noqa: ARG001 - checked
        """Every pilot: what it is, whether it can be run, its targets, a study that was not ended."""
        return JSONResponse(plain([one.as_dict() for one in await reads(pilots.all)]))

    @router.get("/books", operation_id="pilot_books")
    async def books(user: Viewer) -> JSONResponse:  # noqa: ARG001 - checked
        """This plant by its own books: whether it is enrolled, its targets by the facts since the levers went on."""
        return JSONResponse(plain(await reads(pilots.enrolling.as_dict)))

    @router.get("/{name}", operation_id="pilot_proof")
    async def proof(user: Viewer, name: Name) -> JSONResponse:  # noqa: ARG001 - checked
        """The newest proof: targets with intervals and verdicts, falls, levers, cost, money, every run."""
        return JSONResponse((await proved(name)).as_dict())

    @router.get("/{name}/report", operation_id="pilot_report", response_class=Response)
    async def report(
        user: Viewer,  # noqa: ARG001 - checked
        name: Name,
        kind: Annotated[Literal["html", "pdf", "xlsx"], Query(description="Kind of file.")] = "html",
        language: Annotated[Literal["en", "zh", "ko"], Query(description="Language of the report.")] = "en",
    ) -> Response:
        """The newest proof as a report."""
        made = await proved(name)
        sheet = await reads(lambda: proof_sheet(made, words(language), zone=pilots.view.plant.zone))
        content, media = await reads(file_of, sheet, kind, language)
        given = {"content-disposition": f'attachment; filename="{made.name}.{kind}"'}
        return Response(content, media_type=media, headers=given)

    @router.get("/{name}/runs/{seq}", operation_id="pilot_run")
    async def run(user: Viewer, name: Name, seq: int) -> JSONResponse:  # noqa: ARG001 - checked
        """One run as it stands in the pilot's books: figures, levers, digests of program and settings."""
        return JSONResponse(plain(await reads(pilots.run, name, seq)))

    return router
