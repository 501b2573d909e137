"""REST of studies under `/api/v1/quality`: capability, relations, causes, gauge studies, each also as a file."""

# No `from __future__ import annotations` here: the handlers' annotations name what their factory holds.

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from luban.screens.i18n import words
from luban.screens.plain import plain
from luban.screens.quality_api import whole
from luban.screens.reads import Reads
from luban.screens.report.quality_capability import capability_sheet
from luban.screens.report.quality_causes import pareto_sheet, relations_sheet
from luban.screens.report.quality_gauge import gauge_sheet
from luban.screens.report.sheet_file import file_of
from luban.screens.service.gauge_studies import Asked
from luban.screens.service.quality import QualityBooks
from luban.screens.service.quality_studies import (
    capability_of,
    causes_of,
    gauge_of_books,
    gauge_of_table,
    relations_of,
)
from luban.screens.users import Role, User

__all__ = ["studies_router"]

Needs = Callable[[Role], Any]
_OF = Query(max_length=400, description="The characteristic, `item:name`.")
_LONGEST = 5_000_000


class AskedStudy(BaseModel):
    """A gauge study of a table, or of readings in the books."""

    table: str = Field("", max_length=_LONGEST, description="The table as text; empty: readings in the books.")
    of: str = Field("", max_length=400, description="Without a table: the characteristic, `item:name`.")
    gauge: str = Field("", max_length=200, description="Without a table: only readings of this gauge.")
    study: Literal["rr", "bias", "linearity", "stability", "agreement", "levels", "differences"] = "rr"
    method: Literal["anova", "range", "nested"] = "anova"
    part: str = Field("", max_length=200, description="Column of the part; found by its name.")
    operator: str = Field("", max_length=200)
    value: str = Field("", max_length=1000)
    reference: str = Field("", max_length=200, description="Reference value, or its column.")
    good: str = Field("", max_length=200, description="Agreement: the judgement that means a good part.")
    weights: Literal["none", "linear", "quadratic"] = "none"
    repeats: int = Field(0, ge=0, le=1000, description="Levels: readings in a sitting.")
    lower: float | None = None
    upper: float | None = None
    process: float | None = Field(None, gt=0, description="Spread of the process, 6 standard deviations.")
    level: float = Field(0.95, gt=0.5, lt=1)


Format = Annotated[Literal["json", "html", "pdf", "xlsx"], Query(description="What to give.")]
Language = Annotated[str, Query(max_length=8)]
Span = Annotated[str, Query(max_length=20, alias="range", description="shift, last, today, or a length such as 7d.")]
Moment = Annotated[str, Query(max_length=40, description="ISO 8601.")]


def studies_router(books: QualityBooks, needs: Needs, reads: Reads) -> APIRouter:
    """Routes of studies; needs makes the check of a role."""
    router = APIRouter(prefix="/quality", tags=["quality"])
    viewer = needs(Role.VIEWER)
    _of_books(router, books, viewer, reads)
    _of_tables(router, books, viewer, reads)
    return router


def _of_books(router: APIRouter, books: QualityBooks, viewer: Any, reads: Reads) -> None:
    Viewer = Annotated[User, Depends(viewer)]  # noqa: N806 - a type

    @router.get("/capability", operation_id="quality_capability", response_class=Response)
    async def capability(
        user: Viewer,
        of: Annotated[str, _OF],
        group: Annotated[str, Query(max_length=8, description="single, lot, or how many values in a row.")] = "",
        family: Annotated[str, Query(max_length=40, description="normal, auto, or a family.")] = "normal",
        despite: Annotated[str, Query(max_length=500, description="Why Cpk is told although not in control.")] = "",
        span: Span = "",
        start: Moment = "",
        end: Moment = "",
        format: Format = "json",  # noqa: A002 - the name of the parameter
        language: Language = "en",
    ) -> Response:
        """Indices with intervals, shares beyond the limits, and whether the process was in control."""
        whole(books, user)
        made = await reads(
            capability_of, books, of, group=group, family=family, span=span, start=start, end=end, despite=despite
        )
        return await _given(reads, made, capability_sheet, format, language)

    @router.get("/relations", operation_id="quality_relations", response_class=Response)
    async def relations(
        user: Viewer,
        of: Annotated[str, _OF],
        span: Span = "",
        start: Moment = "",
        end: Moment = "",
        format: Format = "json",  # noqa: A002
        language: Language = "en",
    ) -> Response:
        """What goes with the values: machines, people, gauges, shifts, lots, and every number beside them."""
        whole(books, user)
        made = await reads(relations_of, books, of, span=span, start=start, end=end)
        return await _given(reads, made, relations_sheet, format, language)

    @router.get("/causes", operation_id="quality_causes", response_class=Response)
    async def causes(
        user: Viewer,
        by: Annotated[str, Query(max_length=100, description="Field that names the cause.")] = "",
        kind: Annotated[str, Query(max_length=40, description="Events of this kind instead of scrap.")] = "",
        amount: Annotated[str, Query(max_length=100, description="Field of the event to sum.")] = "",
        rework: Annotated[bool, Query(description="Count pieces to rework too.")] = False,
        span: Span = "",
        start: Moment = "",
        end: Moment = "",
        format: Format = "json",  # noqa: A002
        language: Language = "en",
    ) -> Response:
        """Which few causes bring most of the scrap, or most events of a kind."""
        whole(books, user)
        made = await reads(
            causes_of, books, kind=kind, by=by, amount=amount, rework=rework, span=span, start=start, end=end
        )
        return await _given(reads, made, pareto_sheet, format, language)


def _of_tables(router: APIRouter, books: QualityBooks, viewer: Any, reads: Reads) -> None:
    Viewer = Annotated[User, Depends(viewer)]  # noqa: N806 - a type

    @router.post("/gauge-study", operation_id="quality_gauge_study", response_class=Response)
    async def gauge(
        user: Viewer,
        asked: AskedStudy,
        format: Format = "json",  # noqa: A002
        language: Language = "en",
    ) -> Response:
        """A gauge study; nothing is kept."""
        whole(books, user)
        own = asked.model_dump(exclude={"table", "of", "gauge"})
        if asked.table:
            made = await reads(gauge_of_table, asked.table.encode(), "table.csv", Asked(**own))
        else:
            made = await reads(gauge_of_books, books, asked.of, Asked(**own), gauge=asked.gauge)
        return await _given(reads, made, gauge_sheet, format, language)


async def _given(reads: Reads, made: Any, sheet_of: Callable[..., Any], kind: str, language: str) -> Response:
    """The result as JSON, or its sheet as a file."""
    if kind == "json":
        return JSONResponse(plain([one.as_dict() for one in made] if isinstance(made, tuple) else made.as_dict()))
    content, media = await reads(lambda: file_of(sheet_of(made, words(language)), kind, language))
    headers = {"content-disposition": f'attachment; filename="luban.{kind}"'}
    return Response(content, media_type=media, headers=headers)
