"""REST of the green factory under `/api/v1/green`: sheet, evidence, footprints, report, processes, statements."""

# No `from __future__ import annotations` here: the handlers' annotations name what their factory holds.

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from luban.core.errors import InputError
from luban.screens.i18n import words
from luban.screens.plain import plain
from luban.screens.reads import Reads
from luban.screens.service.energy import EnergyBooks
from luban.screens.service.green import GreenDesk
from luban.screens.service.view import Range
from luban.screens.users import Role, User
from luban.screens.whole import whole_plant

__all__ = ["green_router"]

Needs = Callable[[Role], Any]
Year = Annotated[Literal["2018", "2025"], Query(description="Edition of GB/T 36132.")]
Window = Annotated[
    str,
    Query(
        max_length=80,
        description="day, 7d, 30d, month, last month, 365d, all, or a length; it ends with the newest reading.",
    ),
]
Moment = Annotated[str, Query(max_length=40, description="ISO 8601, in the plant's zone; goes before the window.")]
_SEQS = 1000


class AskedStatement(BaseModel):
    """A quantity or a point is stated for a window."""

    name: str = Field(min_length=1, max_length=80)
    value: float | None = None
    document: str = Field("", max_length=400)
    baseline: float | None = None
    leading: float | None = None
    applies: bool = True
    window: str = Field("", max_length=80)
    start: str = Field("", max_length=40, description="ISO 8601, in the plant's zone; goes before the window.")
    end: str = Field("", max_length=40)


def green_router(books: EnergyBooks, needs: Needs, reads: Reads) -> APIRouter:
    """Routes of the green factory; an account that reaches a part of the plant gets nothing."""
    whole = whole_plant(needs, lambda: books.view.plant.id, "the green sheet shows the whole plant")
    router = APIRouter(prefix="/green", tags=["green"])
    desk = GreenDesk(books)
    _sheets(router, desk, whole, reads)
    _details(router, desk, whole, reads)
    _acts(router, desk, whole, reads)
    return router


def _span(desk: GreenDesk, window: str, start: str, end: str) -> Range:
    return desk.books.range(window, start, end)


def _sheets(router: APIRouter, desk: GreenDesk, needs: Needs, reads: Reads) -> None:
    Viewer = Annotated[User, Depends(needs(Role.VIEWER))]  # noqa: N806 - a type

    @router.get("", operation_id="green")
    async def told(
        user: Viewer,  # noqa: ARG001 - checked
        edition: Year = "2025",
        window: Window = "",
        start: Annotated[Moment, Query(alias="from")] = "",
        end: Annotated[Moment, Query(alias="to")] = "",
    ) -> JSONResponse:
        """Score, points with evidence, figures, water, waste, footprints and statements of a window."""
        from luban.screens.report.green import green_document

        def read() -> Any:
            return green_document(*desk.sheet(_span(desk, window, start, end), edition), _SEQS)

        return JSONResponse(plain(await reads(read)))

    @router.get("/file", operation_id="green_file", response_class=Response)
    async def file(
        user: Viewer,  # noqa: ARG001
        what: Annotated[
            Literal["sheet", "report", "processes", "footprint"], Query(description="Which one.")
        ] = "sheet",
        format: Annotated[Literal["html", "pdf", "xlsx"], Query(description="What to write.")] = "html",  # noqa: A002
        item: Annotated[str, Query(max_length=400, description="Of the footprint.")] = "",
        language: Annotated[str, Query(max_length=8)] = "en",
        edition: Year = "2025",
        window: Window = "",
        start: Annotated[Moment, Query(alias="from")] = "",
        end: Annotated[Moment, Query(alias="to")] = "",
    ) -> Response:
        """The green sheet, the green report, the processes or a footprint as one file."""

        def read() -> tuple[bytes, str]:
            return _file(desk, what, format, item, language, edition, _span(desk, window, start, end))

        content, kind = await reads(read)
        return Response(content, media_type=kind, headers={
            "content-disposition": f'attachment; filename="green-{what}.{format}"'
        })  # fmt: skip


def _file(
    desk: GreenDesk, what: str, kind: str, item: str, language: str, year: str, span: Range
) -> tuple[bytes, str]:  # fmt: skip
    from luban.screens.report.green import footprint_sheet, green_sheet
    from luban.screens.report.green_projects import projects_sheet
    from luban.screens.report.green_report import report_sheet
    from luban.screens.report.sheet_file import file_of

    say, plant = words(language), desk.books.view.plant
    account, scored = desk.sheet(span, year)
    money = plant.cost.currency
    if what == "footprint":
        chosen = next((one for one in account.footprints if one.item == item), None)
        if chosen is None:
            known = ", ".join(one.item for one in account.footprints)
            raise InputError(
                "no good piece of this item was counted in the window", came=item, expected=known or "none"
            )
        sheet = footprint_sheet(chosen, account, say, plant.zone, plant.name)
    elif what == "processes":
        sheet = projects_sheet(desk.projects(), desk.signs(span), say, plant.name, money)
    elif what == "report":
        signs, found = desk.signs(span), desk.projects()
        sheet = report_sheet(account, scored, say, plant.zone, plant.name, signs, found, money)
    else:
        sheet = green_sheet(account, scored, say, plant.zone, plant.name)
    return file_of(sheet, kind, language)


def _details(router: APIRouter, desk: GreenDesk, needs: Needs, reads: Reads) -> None:
    Viewer = Annotated[User, Depends(needs(Role.VIEWER))]  # noqa: N806 - a type

    @router.get("/facts", operation_id="green_facts")
    async def facts(
        user: Viewer,  # noqa: ARG001
        name: Annotated[str, Query(min_length=1, max_length=200, description="Id of a point, or name of a figure.")],
        edition: Year = "2025",
        window: Window = "",
        start: Annotated[Moment, Query(alias="from")] = "",
        end: Annotated[Moment, Query(alias="to")] = "",
    ) -> JSONResponse:
        """The facts that a point or a figure rests on, at most 200, with their stream."""
        rows = await reads(lambda: desk.evidence(_span(desk, window, start, end), name, edition))
        return JSONResponse(plain(rows))

    @router.get("/processes", operation_id="green_processes")
    async def processes(
        user: Viewer,  # noqa: ARG001
        window: Window = "",
        start: Annotated[Moment, Query(alias="from")] = "",
        end: Annotated[Moment, Query(alias="to")] = "",
    ) -> JSONResponse:
        """Signs of the six families in the books, and the projects of green_projects.toml by present worth."""

        def read() -> Any:
            signs = [one.as_dict() for one in desk.signs(_span(desk, window, start, end))]
            return {"signs": signs, "projects": [one.as_dict() for one in desk.projects()]}

        return JSONResponse(plain(await reads(read)))


def _acts(router: APIRouter, desk: GreenDesk, needs: Needs, reads: Reads) -> None:
    Engineer = Annotated[User, Depends(needs(Role.ENGINEER))]  # noqa: N806 - a type

    @router.post("/statements", operation_id="green_state", status_code=201)
    async def state(user: Engineer, asked: AskedStatement) -> JSONResponse:
        """Put a statement on record: a quantity or a point for a window, with the document that shows it."""

        def act() -> int:
            span = _span(desk, asked.window, asked.start, asked.end)
            return desk.state(asked.name, asked.value, span, person=user.name, document=asked.document,
                              baseline=asked.baseline, leading=asked.leading, applies=asked.applies)  # fmt: skip

        return JSONResponse({"seq": await reads(act)}, 201)
