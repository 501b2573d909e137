"""REST of the twin under `/api/v1/twin`: what it can be asked, and studies in a worker process."""

# No `from __future__ import annotations` here: the handlers' annotations name what their factory holds.

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from luban.core.errors import InputError, NotAllowedError
from luban.screens.plain import plain
from luban.screens.reads import Reads
from luban.screens.service import PlantView
from luban.screens.service.twin_runs import TwinRuns
from luban.screens.users import Role, User

__all__ = ["twin_router"]


class AskedScenario(BaseModel):
    """One scenario: a name, and changes such as {"machines.milling": "+1", "setup": 0.8}; none: the plant as it is."""

    name: str = Field(max_length=80)
    changes: dict[str, str | float] = Field(default_factory=dict)


class AskedStudy(BaseModel):
    """What to run; the first scenario is what the others are compared with."""

    scenarios: list[AskedScenario] = Field(
        min_length=1, max_length=4, description="Name and changes of each, as in scenarios.toml; the first is compared."
    )
    days: float | None = Field(None, gt=0, description="Length of each run [d]; as twin.toml says.")
    warmup: float | Literal["auto"] = Field("auto", description="Left out at the beginning: auto, or days.")
    replications: int = Field(10, ge=2, le=200, description="Runs of each scenario.")
    seed: int = Field(1, description="Of the random numbers.")


def twin_router(view: PlantView, needs: Callable[[Role], Any], reads: Reads, runs: TwinRuns) -> APIRouter:
    """Routes of the twin; needs makes the check of a role."""
    router = APIRouter(prefix="/twin", tags=["twin"])
    Viewer = Annotated[User, Depends(needs(Role.VIEWER))]  # noqa: N806 - a type
    Engineer = Annotated[User, Depends(needs(Role.ENGINEER))]  # noqa: N806 - a type

    def whole(user: User) -> None:
        if not user.may(Role.VIEWER, view.plant.id):
            raise NotAllowedError("the twin shows the whole plant", came=", ".join(user.sites), expected=view.plant.id)

    @router.get("", operation_id="twin")
    async def twin(user: Viewer) -> JSONResponse:
        """The model in short: what each station is asked to do, what is wrong with it, scenarios, levers."""
        whole(user)
        return JSONResponse(await reads(lambda: plain(_describe(view))))

    @router.get("/runs", operation_id="twin_runs")
    async def studies(user: Viewer) -> JSONResponse:
        """The newest studies and how they stand."""
        whole(user)
        return JSONResponse([run.summary() for run in runs.all()])

    @router.post("/runs", operation_id="twin_run", status_code=202)
    async def begin(user: Engineer, asked: AskedStudy) -> JSONResponse:
        """Start a study in a worker process (engineer); one at a time, 409 while another is under way."""
        whole(user)
        told = [{"name": own.name, "changes": list(own.changes.items())} for own in asked.scenarios]
        made = runs.begin(
            user.name, told, days=asked.days, warmup=asked.warmup, replications=asked.replications, seed=asked.seed
        )
        return JSONResponse(made.summary(), 202)

    @router.get("/runs/{id}", operation_id="twin_study")
    async def study(user: Viewer, id: str) -> JSONResponse:  # noqa: A002
        """How a study stands, and what it found once it is done."""
        whole(user)
        found = runs.get(id)
        return JSONResponse({**found.summary(), "result": found.result or None})

    @router.get("/runs/{id}/recording", operation_id="twin_recording")
    async def recording(
        user: Viewer,
        id: str,  # noqa: A002
        scenario: Annotated[int, Query(ge=0, le=3, description="Place of the scenario in the study.")] = 0,
    ) -> JSONResponse:
        """One run of a scenario over time: states of the machines, queues, WIP."""
        whole(user)
        found = runs.get(id)
        if scenario >= len(found.recordings):
            raise InputError("no recording of that scenario", came=str(scenario), expected=f"{len(found.recordings)}")
        return JSONResponse(found.recordings[scenario])

    @router.delete("/runs/{id}", operation_id="twin_cancel")
    async def cancel(user: Engineer, id: str) -> JSONResponse:  # noqa: A002
        """End a study that is under way (engineer)."""
        whole(user)
        runs.cancel(id)
        return JSONResponse(runs.get(id).summary())

    return router


def _describe(view: PlantView) -> dict[str, Any]:
    from luban.screens.service.twin import Twin
    from luban.twin.levers import LEVERS

    twin = Twin(view.folder)
    return {
        "described": twin.described,
        "days": twin.model.horizon / 86_400e6,
        "loads": twin.loads(),
        "flaws": [flaw.as_dict() for flaw in twin.flaws()],
        "assumed": twin.loaded.assumptions,
        "scenarios": {name: [str(own) for own in found.changes] for name, found in twin.scenarios.items()},
        "levers": {name: {"of": own.of, "takes": own.takes, "about": own.about} for name, own in LEVERS.items()},
    }
