"""REST of quality under `/api/v1/quality`: characteristics, their charts, what people decide about them, downloads."""

# No `from __future__ import annotations` here: the handlers' annotations name what their factory holds.

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from luban.core.errors import NotAllowedError
from luban.screens.i18n import words
from luban.screens.plain import plain
from luban.screens.reads import Reads
from luban.screens.service.quality import QualityBooks
from luban.screens.service.quality_charting import Wanted, as_group, capable
from luban.screens.service.quality_view import drawn, histogram
from luban.screens.users import Role, User

__all__ = ["quality_router", "whole"]

Needs = Callable[[Role], Any]
_OF = Query(max_length=400, description="The characteristic, `item:name`; of one work unit: `item:name@unit`.")


class AskedReason(BaseModel):
    """A decision and why."""

    of: str = Field(max_length=400, description="The characteristic, `item:name`; of one work unit: `item:name@unit`.")
    reason: str = Field(min_length=1, max_length=500)


class AskedFreeze(AskedReason):
    """Limits from the newest points of a chart are to be frozen."""

    kind: str = Field("", max_length=40, description="Chart; as it stands by default.")
    group: str = Field("", max_length=8, description="single, lot or how many values in a row; as it stands.")
    rules: str = Field("", max_length=400, description="Names, separated by commas; as they stand.")
    newest: int = Field(100, ge=2, le=5000, description="How many of the newest points.")


class AskedPoint(BaseModel):
    """Something is said of a point."""

    of: str = Field(max_length=400, description="The characteristic, `item:name`; of one work unit: `item:name@unit`.")
    point: int = Field(ge=0, description="seq of the point's first fact: `keys` of the chart.")
    text: str = Field("", max_length=500)


def quality_router(books: QualityBooks, needs: Needs, reads: Reads) -> APIRouter:
    """Routes of quality; needs makes the check of a role."""
    router = APIRouter(prefix="/quality", tags=["quality"])
    _questions(router, books, needs, reads)
    _decisions(router, books, needs, reads)
    return router


def whole(books: QualityBooks, user: User) -> None:
    """Quality is of the whole plant. Raises NotAllowedError for an account that reaches a part."""
    plant = books.view.plant.id
    if not user.may(Role.VIEWER, plant):
        raise NotAllowedError("quality shows the whole plant", came=", ".join(user.sites), expected=plant)


def _wanted(
    kind: Annotated[str, Query(max_length=40, description="Chart; as it stands by default.")] = "",
    group: Annotated[str, Query(max_length=8, description="single, lot, or how many values in a row.")] = "",
    rules: Annotated[str, Query(max_length=400, description="Names of rules or sets, separated by commas.")] = "",
    newest: Annotated[int, Query(ge=2, le=5000, description="How many of the newest points.")] = 100,
    fresh: Annotated[bool, Query(description="Limits from these points even where some are frozen.")] = False,
) -> Wanted:
    return Wanted(kind, as_group(group), _rules(rules), newest, fresh)


def _rules(text: str) -> tuple[str, ...] | None:
    return tuple(filter(None, map(str.strip, text.split(",")))) or None


Asked = Annotated[Wanted, Depends(_wanted)]


def _questions(router: APIRouter, books: QualityBooks, needs: Needs, reads: Reads) -> None:
    Viewer = Annotated[User, Depends(needs(Role.VIEWER))]  # noqa: N806 - a type
    zone = books.view.plant.zone

    @router.get("/characteristics", operation_id="quality_characteristics")
    async def characteristics(user: Viewer) -> JSONResponse:
        """Every characteristic with its state: in control, signals, few values, no limits (why), no values."""
        whole(books, user)
        return JSONResponse(plain(await reads(books.characteristics)))

    @router.get("/chart", operation_id="quality_chart")
    async def chart(
        user: Viewer, of: Annotated[str, _OF], asked: Asked, language: Annotated[str, Query(max_length=8)] = "en"
    ) -> JSONResponse:
        """The control chart as the page draws it: points, lines, every violation with its rule, the histogram."""
        whole(books, user)

        def told() -> dict[str, Any]:
            made, say = books.chart(of, asked), words(language)
            study = capable(made)
            return {
                **drawn(made, say, zone), "histogram": histogram(made, say), "version": books.version(of),
                "wanted": plain(made.wanted), "chart": made.chart.kind, "phase": made.chart.phase,
                "parameters": plain(made.chart.parameters), "used": made.chart.used,
                "excluded": [one.as_dict() for one in made.chart.excluded], "waiting": made.waiting,
                "capability": None if study is None else study.as_dict(),
                "notes": [say(note) for note in made.chart.notes],
            }  # fmt: skip

        return JSONResponse(await reads(told))

    @router.get("/chart/facts", operation_id="quality_facts")
    async def facts(
        user: Viewer, of: Annotated[str, _OF], point: Annotated[int, Query(ge=0)], asked: Asked
    ) -> JSONResponse:
        """The measurement facts behind a point of the chart."""
        whole(books, user)
        return JSONResponse(plain(await reads(books.facts, of, point, asked)))

    @router.get("/chart/file", operation_id="quality_file", response_class=Response)
    async def file(
        user: Viewer,
        of: Annotated[str, _OF],
        asked: Asked,
        format: Annotated[Literal["html", "pdf", "xlsx"], Query(description="What to write.")] = "html",  # noqa: A002
        language: Annotated[str, Query(max_length=8)] = "en",
    ) -> Response:
        """The chart with its figures, signals and provenance as one file."""
        from luban.screens.report.quality_print import printed

        whole(books, user)
        content, kind = await reads(printed, books, of, asked, format, language)
        name = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "_" for c in of)
        headers = {"content-disposition": f'attachment; filename="{name}.{format}"'}
        return Response(content, media_type=kind, headers=headers)

    @router.get("/limits", operation_id="quality_limits")
    async def limits(user: Viewer, of: Annotated[str, _OF]) -> JSONResponse:
        """The limits in force and the whole history: revisions, points left out, causes, with who, when and why."""
        whole(books, user)
        stands = await reads(books.standing, of)
        return JSONResponse(
            {
                "newest": plain(stands.newest),
                "in_force": plain(stands.frozen),
                "history": [one.as_dict() for one in stands.entries],
            }
        )


def _decisions(router: APIRouter, books: QualityBooks, needs: Needs, reads: Reads) -> None:
    Operator = Annotated[User, Depends(needs(Role.OPERATOR))]  # noqa: N806 - a type
    Engineer = Annotated[User, Depends(needs(Role.ENGINEER))]  # noqa: N806 - a type

    @router.post("/limits/freeze", operation_id="quality_freeze", status_code=201)
    async def freeze(user: Engineer, asked: AskedFreeze) -> JSONResponse:
        """Freeze limits from the newest points (engineer); what is measured from now on is judged by them."""
        whole(books, user)
        wanted = Wanted(asked.kind, as_group(asked.group), _rules(asked.rules), asked.newest)
        return JSONResponse(
            {"revision": await reads(books.freeze, asked.of, wanted, asked.reason, person=user.name)}, 201
        )

    @router.post("/limits/withdraw", operation_id="quality_withdraw")
    async def withdraw(user: Engineer, asked: AskedReason) -> JSONResponse:
        """Take back the newest revision of the limits (engineer): the one before holds again, or none."""
        whole(books, user)
        await reads(books.withdraw, asked.of, asked.reason, person=user.name)
        return JSONResponse({"withdrawn": True})

    @router.post("/points/exclude", operation_id="quality_exclude")
    async def exclude(user: Engineer, asked: AskedPoint) -> JSONResponse:
        """Leave a point out of limits estimated from now on, with the reason (engineer)."""
        whole(books, user)
        await reads(books.exclude, asked.of, asked.point, asked.text, person=user.name)
        return JSONResponse({"left_out": True})

    @router.post("/points/include", operation_id="quality_include")
    async def include(user: Engineer, asked: AskedPoint) -> JSONResponse:
        """Take a point back in (engineer)."""
        whole(books, user)
        await reads(books.include, asked.of, asked.point, asked.text, person=user.name)
        return JSONResponse({"left_out": False})

    @router.post("/points/cause", operation_id="quality_cause", status_code=201)
    async def cause(user: Operator, asked: AskedPoint) -> JSONResponse:
        """Note what was found to be behind a point (operator)."""
        whole(books, user)
        await reads(books.cause, asked.of, asked.point, asked.text, person=user.name)
        return JSONResponse({"noted": True}, 201)
