"""REST of experiments and improvement projects under `/api/v1/quality`: plans, results, analyses, verified gains."""

# No `from __future__ import annotations` here: the handlers' annotations name what their factory holds.

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from luban.decide.improve.project import Aim, Project, Verified
from luban.decide.improve.written import read_factor
from luban.screens.plain import plain
from luban.screens.quality_api import whole
from luban.screens.reads import Reads
from luban.screens.service.experiments import ExperimentDesk, GainDesk, record_dict
from luban.screens.service.quality import QualityBooks
from luban.screens.users import Role, User

__all__ = ["experiment_router"]

Needs = Callable[[Role], Any]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Text = Annotated[str, Field(max_length=2000)]
Id = Annotated[str, Query(min_length=1, max_length=200)]


class AskedPlan(BaseModel):
    """An experiment to plan."""

    id: Name
    title: Text = ""
    factors: list[Name] = Field(min_length=1, max_length=40, description="As in temperature=150:250 °C; supplier=A,B.")
    responses: list[Name] = Field(min_length=1, max_length=20)
    units: dict[str, str] = Field(default_factory=dict, description="Of the responses.")
    purpose: Literal["screen", "understand", "optimise"] = "understand"
    design: Text = Field("", description="Name of a design; by purpose and runs if empty.")
    runs: int = Field(0, ge=0, le=4096)
    repeats: int = Field(1, ge=1, le=100)
    centre: int | None = Field(None, ge=0, le=100)
    aim: Literal["max", "min"] = "max"
    seed: int = Field(1, ge=0, le=10**9)
    enter: bool = Field(True, description="Put it into the books; false: only propose it.")


class AskedResult(BaseModel):
    """What a run gave."""

    id: Name
    run: int = Field(ge=1, description="In standard order, from 1.")
    values: dict[str, float] = Field(description="By response.")


class AskedClosing(BaseModel):
    """Close an experiment, or open it again."""

    id: Name
    closed: bool = True


class AskedCharter(BaseModel):
    """An improvement project to begin."""

    id: Name
    title: Name
    problem: Text = ""
    of: Name = Field(description="Characteristic item:name, or a work unit whose pieces count.")
    measure: Literal["mean", "spread", "share"]
    pieces: bool = False
    wish: Literal[-1, 1] = -1
    target: float | None = None
    wanted: float | None = None
    start: int = Field(description="Time before the change, µs UTC.")
    end: int = Field(description="µs UTC.")


class AskedPhase(BaseModel):
    """Bring a project to a phase."""

    id: Name
    phase: Literal["measure", "analyse", "improve", "control", "closed"]
    text: Text = ""
    since: int | None = Field(None, description="improve: since when the change is in effect, µs UTC; now by default.")


def experiment_router(books: QualityBooks, needs: Needs, reads: Reads) -> APIRouter:
    """Routes of experiments and projects; needs makes the check of a role."""
    router = APIRouter(prefix="/quality", tags=["quality"])
    _experiments(router, ExperimentDesk(books), needs, reads)
    _projects(router, GainDesk(books), needs, reads)
    return router


def _experiments(router: APIRouter, desk: ExperimentDesk, needs: Needs, reads: Reads) -> None:
    Viewer = Annotated[User, Depends(needs(Role.VIEWER))]  # noqa: N806 - a type
    Operator = Annotated[User, Depends(needs(Role.OPERATOR))]  # noqa: N806 - a type
    Engineer = Annotated[User, Depends(needs(Role.ENGINEER))]  # noqa: N806 - a type

    @router.get("/experiments", operation_id="quality_experiments")
    async def listed(user: Viewer) -> JSONResponse:
        """Every experiment with its runs and results."""
        whole(desk.books, user)
        return JSONResponse(plain([record_dict(one) for one in await reads(desk.listed)]))

    @router.get("/experiments/analysis", operation_id="quality_experiment_analysis")
    async def analysis(
        user: Viewer,
        id: Id,  # noqa: A002
        response: Annotated[str, Query(max_length=200)] = "",
        model: Annotated[str, Query(max_length=2000, description="Formula; the runs choose if empty.")] = "",
        reduce: Annotated[Literal["", "p", "aic", "lenth"], Query()] = "",
        aim: Annotated[Literal["", "max", "min"], Query()] = "",
    ) -> JSONResponse:
        """What the runs of an experiment say about one response."""
        whole(desk.books, user)
        return JSONResponse(plain((await reads(desk.analysis, id, response, model, reduce, aim)).as_dict()))

    @router.get("/experiments/next", operation_id="quality_experiment_next")
    async def following(user: Viewer, id: Id, count: Annotated[int, Query(ge=1, le=20)] = 1) -> JSONResponse:  # noqa: A002
        """The trials to make next."""
        whole(desk.books, user)
        found = await reads(desk.next, id, count)
        told = [
            {"settings": dict(p.settings), "mean": p.mean, "sd": p.sd, "gain": p.gain, "best": p.best} for p in found
        ]
        return JSONResponse(plain(told))

    @router.post("/experiments", operation_id="quality_experiment_plan", status_code=201)
    async def plan(user: Engineer, asked: AskedPlan) -> JSONResponse:
        """Plan an experiment (engineer); with its reason, and in the books unless `enter` is false."""
        whole(desk.books, user)
        factors = tuple(read_factor(text) for text in asked.factors)
        given = asked.model_dump(include={"purpose", "design", "runs", "repeats", "centre", "seed"})
        made, why = await reads(lambda: desk.design(factors, **given))
        if not asked.enter:
            runs = [made.natural(run) for run in made.order.tolist()]
            return JSONResponse(plain({"design": made.kind, "why": why, "notes": list(made.notes), "runs": runs}), 200)
        aim = {"response": asked.responses[0], "aim": asked.aim}
        record = await reads(lambda: desk.plan(asked.id, made, asked.responses, title=asked.title, person=user.name,
                                               units=asked.units, aim=aim))  # fmt: skip
        return JSONResponse(plain(record_dict(record) | {"why": why}), 201)

    @router.post("/experiments/results", operation_id="quality_experiment_result", status_code=201)
    async def result(user: Operator, asked: AskedResult) -> JSONResponse:
        """Enter the results of a run (operator); entered again, the later one counts."""
        whole(desk.books, user)
        record = await reads(lambda: desk.result(asked.id, asked.run, asked.values, person=user.name))
        return JSONResponse(plain(record_dict(record)), 201)

    @router.post("/experiments/closing", operation_id="quality_experiment_close", status_code=201)
    async def close(user: Engineer, asked: AskedClosing) -> JSONResponse:
        """Close an experiment, or open it again (engineer)."""
        whole(desk.books, user)
        record = await reads(lambda: desk.close(asked.id, closed=asked.closed, person=user.name))
        return JSONResponse(plain(record_dict(record)), 201)


def _projects(router: APIRouter, desk: GainDesk, needs: Needs, reads: Reads) -> None:
    Viewer = Annotated[User, Depends(needs(Role.VIEWER))]  # noqa: N806 - a type
    Engineer = Annotated[User, Depends(needs(Role.ENGINEER))]  # noqa: N806 - a type

    @router.get("/projects", operation_id="quality_projects")
    async def listed(user: Viewer) -> JSONResponse:
        """Every improvement project with its gain, worked out from facts."""
        whole(desk.books, user)
        return JSONResponse(plain([_told(*one) for one in await reads(desk.listed)]))

    @router.post("/projects", operation_id="quality_project_charter", status_code=201)
    async def define(user: Engineer, asked: AskedCharter) -> JSONResponse:
        """Enter the charter of a project (engineer)."""
        whole(desk.books, user)
        aim = Aim(asked.of, asked.measure, asked.pieces, asked.wish, asked.target, asked.wanted)
        made = await reads(lambda: desk.define(asked.id, asked.title, aim, asked.start, asked.end,
                                               problem=asked.problem, person=user.name))  # fmt: skip
        return JSONResponse(plain(_told(*made)), 201)

    @router.post("/projects/phases", operation_id="quality_project_phase", status_code=201)
    async def go_on(user: Engineer, asked: AskedPhase) -> JSONResponse:
        """Bring a project to a phase (engineer); it closes with a verified gain, or with a reason."""
        whole(desk.books, user)
        made = await reads(lambda: desk.go_on(asked.id, asked.phase, text=asked.text, person=user.name,
                                              since=asked.since))  # fmt: skip
        return JSONResponse(plain(_told(*made)), 201)


def _told(one: Project, found: Verified | None, why: str) -> dict[str, Any]:
    return {
        "id": one.id, "title": one.title, "problem": one.problem, "phase": one.phase, "aim": one.aim.as_dict(),
        "start": one.start, "end": one.end, "change": one.change, "until": one.until, "owner": one.owner,
        "found": found.as_dict() if found else None, "reason": why,
    }  # fmt: skip
