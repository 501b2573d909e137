"""REST of returns under `/api/v1/returns`: form, review, taking, confirmation, questions, vintages, own books."""

# No `from __future__ import annotations` here: the handlers' annotations name what their factory holds.

from collections.abc import Callable
from typing import Annotated, Any, Literal

import pyarrow as pa
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from luban.core.errors import InputError
from luban.rollup.returns import (
    Batch,
    batch_of,
    form_of,
    form_workbook,
    reporting,
    standing,
    unit_returns,
    vintages,
)
from luban.screens.plain import plain
from luban.screens.reads import Reads
from luban.screens.service.books import Books
from luban.screens.service.returns import ReturnsDesk, as_of_seq, prefilled, read_sent
from luban.screens.users import Role, User
from luban.screens.whole import whole_plant

__all__ = ["returns_router", "sent_body"]

Needs = Callable[[Role], Any]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Year = Annotated[int, Query(ge=1900, le=2100, description="Year of the return.")]
Level = Annotated[Literal["enterprise", "region"], Query(description="Who returns.")]
AsOf = Annotated[
    str, Query(max_length=200, description="A seq, or the name of a vintage; the books as they stand now.")
]
_LARGEST = 64 << 20
_EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class AskedRow(BaseModel):
    """A unit's return of a year."""

    unit: Name
    year: int = Field(ge=1900, le=2100)
    values: dict[str, float | None] = Field({}, max_length=500, description="By element, in the element's unit.")
    reasons: dict[str, str] = Field({}, max_length=500, description="By element: why it is not known.")
    about: dict[str, str | float | None] = Field(
        {}, max_length=20, description="name, code, region, industry, size, above_scale, …"
    )


class AskedRows(BaseModel):
    """Returns as rows."""

    rows: list[AskedRow] = Field(min_length=1, max_length=10_000)


class AskedWord(BaseModel):
    """A person says something of a return."""

    unit: Name
    year: int = Field(ge=1900, le=2100)
    text: str = Field("", max_length=2000)
    element: str = Field("", max_length=200)
    query: int = Field(0, ge=0, description="Seq of the question that is answered.")


class AskedVintage(BaseModel):
    """The books of returns get a name."""

    name: Name
    text: str = Field("", max_length=2000)


class AskedFigure(BaseModel):
    """A figure of the plant that no machine knows, with its document."""

    year: int = Field(ge=1900, le=2100)
    element: Name
    value: float | None
    document: str = Field("", max_length=400)


class AskedOwn(BaseModel):
    """The plant's own return is to be taken."""

    year: int = Field(ge=1900, le=2100)
    unit: Name
    about: dict[str, str | float | None] = Field({}, max_length=20)


def returns_router(books: Books, needs: Needs, reads: Reads) -> APIRouter:
    """Routes of returns; an account that reaches a part of the plant gets nothing."""
    whole = whole_plant(needs, lambda: books.view.plant.id, "returns concern the whole plant")
    router = APIRouter(prefix="/returns", tags=["returns"])
    desk = ReturnsDesk(books)
    _looks(router, desk, whole, reads)
    _forms(router, desk, whole, reads)
    _takes(router, desk, whole, reads)
    _words(router, desk, whole, reads)
    _own(router, desk, whole, reads)
    return router


def _batch(asked: AskedRows, desk: ReturnsDesk) -> Batch:
    from dataclasses import replace

    for row in asked.rows:
        for element in (*row.values, *row.reasons):
            desk.plan.element(element)
    elements = list(dict.fromkeys(element for row in asked.rows for element in row.values))
    made = batch_of([row.about | row.values | {"unit": row.unit, "year": row.year} for row in asked.rows], elements,
                    source="REST")  # fmt: skip
    reasons = {(at, element): why for at, row in enumerate(asked.rows) for element, why in row.reasons.items()}
    return replace(made, reasons=reasons)


async def _sent(request: Request, name: str, desk: ReturnsDesk, reads: Reads) -> Batch:
    """The batch of a file that is the body of the request."""
    return await reads(read_sent, await sent_body(request, name), name, desk.plan)


async def sent_body(request: Request, name: str) -> bytes:
    """The file that is the body of a request. Raises InputError where it is too large."""
    content = b""
    async for part in request.stream():
        content += part
        if len(content) > _LARGEST:
            raise InputError("the file is too large", expected=f"{_LARGEST >> 20} MiB or less", where=name)
    return content


def _looks(router: APIRouter, desk: ReturnsDesk, needs: Needs, reads: Reads) -> None:
    Engineer = Annotated[User, Depends(needs(Role.ENGINEER))]  # noqa: N806 - a type

    @router.get("", operation_id="returns")
    async def status(
        user: Engineer,  # noqa: ARG001 - checked
        year: Year,
        depth: Annotated[int, Query(ge=0, le=4, description="Parts of a region's path.")] = 1,
        region: Annotated[str, Query(max_length=200)] = "",
        level: Level = "enterprise",
        as_of: AsOf = "",
    ) -> JSONResponse:
        """Who has returned: reporting rate by region, and every unit with the state of its return."""

        def read() -> Any:
            seq = as_of_seq(desk.ledger, as_of)
            units = unit_returns(desk.ledger, desk.plan, year, as_of=seq, region=region, level=level)
            regions = reporting(desk.ledger, desk.plan, year, as_of=seq, depth=depth, units=units)
            return {"regions": [one.as_dict() for one in regions], "units": [one.as_dict() for one in units]}

        return JSONResponse(plain(await reads(read)))

    @router.get("/values", operation_id="return_values")
    async def values(
        user: Engineer,  # noqa: ARG001
        unit: Annotated[str, Query(min_length=1, max_length=200)],
        year: Year,
        as_of: AsOf = "",
    ) -> JSONResponse:
        """Every value of a unit's return with its quality, reason, evidence and seq."""

        def read() -> Any:
            seq = as_of_seq(desk.ledger, as_of)
            rows = standing(desk.ledger, desk.plan, as_of=seq, years=[year], units=[unit]).collect("pyarrow")
            return sorted(pa.table(rows.to_native()).to_pylist(), key=lambda row: str(row["element"]))

        return JSONResponse(plain(await reads(read)))

    @router.get("/vintages", operation_id="return_vintages")
    async def named(user: Engineer) -> JSONResponse:  # noqa: ARG001
        """Named vintages of the books of returns."""
        return JSONResponse(plain(await reads(lambda: vintages(desk.ledger))))


def _forms(router: APIRouter, desk: ReturnsDesk, needs: Needs, reads: Reads) -> None:
    Engineer = Annotated[User, Depends(needs(Role.ENGINEER))]  # noqa: N806 - a type

    @router.get("/form", operation_id="return_form")
    async def form(
        user: Engineer,  # noqa: ARG001
        language: Annotated[str, Query(max_length=8)] = "en",
        unit: Annotated[str, Query(max_length=200)] = "",
        year: Annotated[int, Query(ge=0, le=2100)] = 0,
        level: Level = "enterprise",
    ) -> JSONResponse:
        """The form as a page builds it: fields, units, choices, rules; filled with what stands of unit and year."""
        return JSONResponse(plain(await reads(lambda: desk.form(language, unit, year, level))))

    @router.get("/form/file", operation_id="return_form_file", response_class=Response)
    async def file(
        user: Engineer,  # noqa: ARG001
        year: Year,
        unit: Annotated[str, Query(max_length=200)] = "",
        language: Annotated[str, Query(max_length=8)] = "en",
        level: Level = "enterprise",
    ) -> Response:
        """The form as an Excel workbook with drop-downs and checks."""

        def make() -> bytes:
            about: dict[str, Any] = {}
            values: dict[str, Any] = {}
            if unit:
                about, values, _ = prefilled(desk.ledger, desk.plan, unit, year)
            return form_workbook(form_of(desk.plan, level), years=[year], language=language, about=about,
                                 values={(element, year): one for element, one in values.items()})  # fmt: skip

        content = await reads(make)
        return Response(content, media_type=_EXCEL,
                        headers={"content-disposition": f'attachment; filename="return-{year}.xlsx"'})  # fmt: skip


def _takes(router: APIRouter, desk: ReturnsDesk, needs: Needs, reads: Reads) -> None:
    Engineer = Annotated[User, Depends(needs(Role.ENGINEER))]  # noqa: N806 - a type
    FileName = Annotated[str, Query(min_length=1, max_length=200, description="Name of the file in the body.")]  # noqa: N806

    @router.post("/review", operation_id="return_review")
    async def review(user: Engineer, asked: AskedRows) -> JSONResponse:  # noqa: ARG001
        """What is wrong, doubtful or worth a look in rows; nothing is taken."""
        return JSONResponse(plain(await reads(lambda: desk.review(_batch(asked, desk)))))

    @router.post("/review/file", operation_id="return_review_file")
    async def review_file(user: Engineer, request: Request, name: FileName) -> JSONResponse:  # noqa: ARG001
        """The same for a file in the body: CSV, Excel, Parquet, or a filled form."""
        batch = await _sent(request, name, desk, reads)
        return JSONResponse(plain(await reads(desk.review, batch)))

    @router.post("", operation_id="return_take", status_code=201)
    async def take(user: Engineer, asked: AskedRows) -> JSONResponse:
        """Take rows into the books; another value of the same unit, element and year is a revision."""
        return JSONResponse(plain(await reads(lambda: desk.take(_batch(asked, desk), user.name).as_dict())), 201)

    @router.post("/file", operation_id="return_take_file", status_code=201)
    async def take_file(user: Engineer, request: Request, name: FileName) -> JSONResponse:
        """The same for a file in the body."""
        batch = await _sent(request, name, desk, reads)
        return JSONResponse(plain(await reads(lambda: desk.take(batch, user.name).as_dict())), 201)


def _words(router: APIRouter, desk: ReturnsDesk, needs: Needs, reads: Reads) -> None:
    Engineer = Annotated[User, Depends(needs(Role.ENGINEER))]  # noqa: N806 - a type

    @router.post("/confirmations", operation_id="return_confirm", status_code=201)
    async def confirm(user: Engineer, asked: AskedWord) -> JSONResponse:
        """The firm says that its return is right as it stands now."""
        seq = await reads(desk.confirm, asked.unit, asked.year, user.name, asked.text)
        return JSONResponse({"seq": seq}, 201)

    @router.post("/queries", operation_id="return_query", status_code=201)
    async def query(user: Engineer, asked: AskedWord) -> JSONResponse:
        """A question to the firm about its return."""
        seq = await reads(desk.query, asked.unit, asked.year, user.name, asked.text, asked.element)
        return JSONResponse({"seq": seq}, 201)

    @router.post("/answers", operation_id="return_answer", status_code=201)
    async def answer(user: Engineer, asked: AskedWord) -> JSONResponse:
        """The firm's answer to an open question."""
        seq = await reads(desk.answer, asked.unit, asked.year, asked.query, user.name, asked.text)
        return JSONResponse({"seq": seq}, 201)

    @router.post("/vintages", operation_id="return_vintage", status_code=201)
    async def vintage(user: Engineer, asked: AskedVintage) -> JSONResponse:
        """Give the books of returns, as they stand now, a name."""
        return JSONResponse({"seq": await reads(desk.name, asked.name, user.name, asked.text)}, 201)


def _own(router: APIRouter, desk: ReturnsDesk, needs: Needs, reads: Reads) -> None:
    Engineer = Annotated[User, Depends(needs(Role.ENGINEER))]  # noqa: N806 - a type

    @router.get("/own", operation_id="return_own")
    async def own(user: Engineer, year: Year) -> JSONResponse:  # noqa: ARG001
        """The plant's return from its own books: each figure with its facts, or why it is not known."""
        return JSONResponse(plain(await reads(lambda: desk.own(year).as_dict())))

    @router.post("/own", operation_id="return_own_take", status_code=201)
    async def take(user: Engineer, asked: AskedOwn) -> JSONResponse:
        """Take the plant's own return into the books, with its evidence."""
        taken = await reads(desk.take_own, asked.year, asked.unit, asked.about, user.name)
        return JSONResponse(plain(taken.as_dict()), 201)

    @router.post("/statements", operation_id="return_state", status_code=201)
    async def state(user: Engineer, asked: AskedFigure) -> JSONResponse:
        """State a figure of the plant that no machine knows, with the document that shows it."""
        seq = await reads(desk.state, asked.year, asked.element, asked.value, user.name, asked.document)
        return JSONResponse({"seq": seq}, 201)
