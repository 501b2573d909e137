"""REST of savings and of energy per piece, under `/api/v1/energy`: per piece; baselines tried, frozen, put aside."""

# No `from __future__ import annotations` here: the handlers' annotations name what their factory holds.

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from luban.core.time import parse_time
from luban.screens.energy_api import Moment, Window, window_of
from luban.screens.i18n import words
from luban.screens.plain import plain
from luban.screens.reads import Reads
from luban.screens.service.energy import EnergyBooks
from luban.screens.service.energy_savings import AskedBaseline, SavingsDesk
from luban.screens.users import Role, User
from luban.screens.whole import whole_plant

__all__ = ["savings_router"]

Needs = Callable[[Role], Any]


class AskedFit(BaseModel):
    """What a baseline is to be fitted on."""

    meter: str = Field("", max_length=400, description="The main electricity meter by default.")
    step: Literal["day", "week"] = "day"
    drivers: list[Annotated[str, Field(min_length=1, max_length=400)]] = Field(
        default_factory=list, max_length=8, description="As GET /energy/drivers names them."
    )
    temperature: str = Field("", max_length=400, description="Which of the drivers is a temperature.")
    start: date = Field(description="First day, in the plant's zone.")
    end: date = Field(description="Day after the last.")


class AskedFreeze(AskedFit):
    """A baseline is to be frozen."""

    title: str = Field(min_length=1, max_length=300, description="What is done about the energy.")
    act: date = Field(description="First day on which savings count.")


class AskedRetire(BaseModel):
    """A baseline is to be put aside."""

    why: str = Field(min_length=1, max_length=300)


def savings_router(books: EnergyBooks, needs: Needs, reads: Reads) -> APIRouter:
    """Routes; needs makes the check of a role. An account that reaches a part of the plant gets nothing."""
    whole = whole_plant(needs, lambda: books.view.plant.id, "energy shows the whole plant")
    router = APIRouter(prefix="/energy", tags=["energy"])
    desk = SavingsDesk(books)
    _units(router, books, whole, reads)
    _read(router, desk, whole, reads)
    _written(router, desk, whole, reads)
    return router


def _units(router: APIRouter, books: EnergyBooks, needs: Needs, reads: Reads) -> None:
    Viewer = Annotated[User, Depends(needs(Role.VIEWER))]  # noqa: N806 - a type

    @router.get("/units", operation_id="energy_units")
    async def units(
        user: Viewer,  # noqa: ARG001 - checked
        medium: Annotated[
            str, Query(max_length=80, description="Of the states and days; electricity by default.")
        ] = "",
        window: Window = "",
        start: Annotated[Moment, Query(alias="from")] = "",
        end: Annotated[Moment, Query(alias="to")] = "",
    ) -> JSONResponse:
        """What a good piece takes of each medium, by order, product, state and day."""
        from luban.screens.report.energy_units import units_document
        from luban.screens.service.energy_units import unit_books

        def read() -> Any:
            return units_document(unit_books(books, window_of(books, window, start, end), medium))

        return JSONResponse(plain(await reads(read)))


def _read(router: APIRouter, desk: SavingsDesk, needs: Needs, reads: Reads) -> None:
    Viewer = Annotated[User, Depends(needs(Role.VIEWER))]  # noqa: N806 - a type

    @router.get("/drivers", operation_id="energy_drivers")
    async def drivers(user: Viewer) -> JSONResponse:  # noqa: ARG001
        """What the energy of a meter may hang on, with its unit."""
        return JSONResponse([{"driver": name, "unit": unit} for name, unit in await reads(desk.drivers)])

    @router.get("/baselines", operation_id="energy_baselines")
    async def baselines(user: Viewer) -> JSONResponse:  # noqa: ARG001
        """Frozen baselines, those that count first, then the newest."""
        from luban.screens.report.energy_savings import kept_document

        return JSONResponse(plain([kept_document(one) for one in (await reads(desk.kept)).values()]))

    @router.get("/baselines/{id}", operation_id="energy_baseline")
    async def baseline(user: Viewer, id: str) -> JSONResponse:  # noqa: A002, ARG001
        """A frozen baseline and what was saved against it since, with its interval, step by step."""
        from luban.screens.report.energy_savings import found_document

        return JSONResponse(plain(await reads(lambda: found_document(desk.found(id)))))

    @router.get("/baselines/{id}/file", operation_id="energy_baseline_file", response_class=Response)
    async def file(
        user: Viewer,  # noqa: ARG001
        id: str,  # noqa: A002
        format: Annotated[Literal["html", "pdf", "xlsx"], Query(description="What to write.")] = "html",  # noqa: A002
        language: Annotated[str, Query(max_length=8)] = "en",
    ) -> Response:
        """The same as one file."""
        content, kind = await reads(_file, desk, id, format, language)
        return Response(content, media_type=kind, headers={
            "content-disposition": f'attachment; filename="savings-{id}.{format}"'
        })  # fmt: skip

    @router.post("/baselines/try", operation_id="energy_baseline_try")
    async def tried(user: Viewer, asked: AskedFit) -> JSONResponse:  # noqa: ARG001
        """Fit a baseline on trial; nothing is written."""
        from luban.screens.report.energy_savings import trial_document

        return JSONResponse(plain(await reads(lambda: trial_document(desk.trial(_asked(desk, asked))))))


def _written(router: APIRouter, desk: SavingsDesk, needs: Needs, reads: Reads) -> None:
    Engineer = Annotated[User, Depends(needs(Role.ENGINEER))]  # noqa: N806 - a type

    @router.post("/baselines", operation_id="energy_baseline_freeze", status_code=201)
    async def freeze(user: Engineer, asked: AskedFreeze) -> JSONResponse:
        """Freeze a baseline with its numbers before the act."""
        from luban.screens.report.energy_savings import kept_document

        act = _day(desk, asked.act)
        made = await reads(lambda: desk.freeze(_asked(desk, asked), asked.title, act, person=user.name))
        return JSONResponse(plain(kept_document(await reads(desk.one, made))), 201)

    @router.post("/baselines/{id}/retire", operation_id="energy_baseline_retire")
    async def retire(user: Engineer, id: str, asked: AskedRetire) -> JSONResponse:  # noqa: A002
        """Put a baseline aside, with the reason."""
        from luban.screens.report.energy_savings import kept_document

        await reads(desk.retire, id, asked.why, person=user.name)
        return JSONResponse(plain(kept_document(await reads(desk.one, id))))


def _asked(desk: SavingsDesk, asked: AskedFit) -> AskedBaseline:
    start, end = _day(desk, asked.start), _day(desk, asked.end)
    return desk.asked(asked.meter, asked.step, asked.drivers, asked.temperature, start, end)


def _day(desk: SavingsDesk, day: date) -> int:
    return parse_time(f"{day.isoformat()}T00:00", desk.books.view.plant.zone)


def _file(desk: SavingsDesk, name: str, kind: str, language: str) -> tuple[bytes, str]:
    from luban.screens.report.energy_savings import found_sheet
    from luban.screens.report.sheet_file import file_of

    found, plant = desk.found(name), desk.books.view.plant
    sheet = found_sheet(found, words(language), plant.zone, plant.name, desk.books.name(found.kept.meter))
    return file_of(sheet, kind, language)
