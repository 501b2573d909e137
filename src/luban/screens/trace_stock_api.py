"""REST of stock under `/api/v1/trace`: what lies where, kanban cards, moves that are checked before they are booked."""

# No `from __future__ import annotations` here: the handlers' annotations name what their factory holds.

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from luban.screens.i18n import words
from luban.screens.plain import plain
from luban.screens.reads import Reads
from luban.screens.service.trace_stock import StockDesk
from luban.screens.users import Role, User
from luban.understand.trace import Cards, Move

__all__ = ["stock_router"]

Name = Annotated[str, Query(max_length=400)]
Text = Annotated[str, Field(max_length=400)]
_LISTED = 10_000


class AskedMove(BaseModel):
    """A move is to be booked; no origin: a receipt, no destination: an issue."""

    item: Text = Field(min_length=1)
    lot: Text = Field("", description="Empty where the item is not kept by lots.")
    origin: Text = ""
    destination: Text = ""
    quantity: float = Field(gt=0)
    order: Text = ""


class AskedCard(BaseModel):
    """A card of a kanban loop is to be filled."""

    loop: Text = Field(min_length=1)


def stock_router(desk: StockDesk, needs: Any, reads: Reads) -> APIRouter:
    """Routes of stock; needs makes the check of a role."""
    router = APIRouter()
    _looks(router, desk, needs, reads)
    _acts(router, desk, needs, reads)
    return router


def _looks(router: APIRouter, desk: StockDesk, needs: Any, reads: Reads) -> None:
    Viewer = Annotated[User, Depends(needs(Role.VIEWER))]  # noqa: N806 - a type

    @router.get("/stock", operation_id="stock")
    async def stock(user: Viewer, item: Name = "", place: Name = "", lot: Name = "") -> JSONResponse:  # noqa: ARG001
        """What lies where, by item, lot and place; `missing` is what was taken too much there."""
        rows = await reads(lambda: desk.stock(item=item, place=place, lot=lot))
        named = [{name: getattr(one, name) for name in one.__slots__} for one in rows[:_LISTED]]
        return JSONResponse(plain({"rows": named, "count": len(rows)}))

    @router.get("/stock/file", operation_id="stock_file", response_class=Response)
    async def file(
        user: Viewer,  # noqa: ARG001
        item: Name = "",
        place: Name = "",
        format: Annotated[Literal["html", "pdf", "xlsx"], Query(description="What to write.")] = "xlsx",  # noqa: A002
        language: Annotated[str, Query(max_length=8)] = "en",
    ) -> Response:
        """The same as one file, with the kanban cards."""
        content, kind = await reads(_file, desk, item, place, format, language)
        return Response(content, media_type=kind, headers={
            "content-disposition": f'attachment; filename="stock.{format}"'
        })  # fmt: skip

    @router.get("/kanban", operation_id="kanban")
    async def kanban(user: Viewer) -> JSONResponse:  # noqa: ARG001
        """Kanban loops with their cards, those with most to be filled first."""
        return JSONResponse(plain([_cards(one) for one in await reads(desk.cards)]))

    @router.get("/picks", operation_id="stock_picks")
    async def picks(
        user: Viewer,  # noqa: ARG001
        order: Annotated[str, Query(min_length=1, max_length=400, description="A production order of the plant.")],
    ) -> JSONResponse:
        """What to take where for an order, the oldest lots first; without a lot and a place: what is not there."""
        found = await reads(desk.picks, order)
        return JSONResponse(plain([{name: getattr(one, name) for name in one.__slots__} for one in found]))


def _acts(router: APIRouter, desk: StockDesk, needs: Any, reads: Reads) -> None:
    Operator = Annotated[User, Depends(needs(Role.OPERATOR))]  # noqa: N806 - a type

    @router.post("/moves", operation_id="stock_move", status_code=201)
    async def move(user: Operator, asked: AskedMove) -> JSONResponse:
        """Book a receipt, an issue or a transfer; refused where there is not so much at the place."""
        await reads(lambda: desk.move(Move(**asked.model_dump()), person=user.name))
        rows = await reads(lambda: desk.stock(item=asked.item, lot=asked.lot))
        return JSONResponse(plain([{name: getattr(one, name) for name in one.__slots__} for one in rows]), 201)

    @router.post("/kanban", operation_id="kanban_bring", status_code=201)
    async def bring(user: Operator, asked: AskedCard) -> JSONResponse:
        """Fill one free card of a loop from its source, the oldest lots first."""
        moves = await reads(desk.bring, asked.loop, person=user.name)
        return JSONResponse(plain([{name: getattr(one, name) for name in one.__slots__} for one in moves]), 201)


def _cards(one: Cards) -> dict[str, Any]:
    loop = {name: getattr(one.loop, name) for name in one.loop.__slots__}
    return loop | {"stock": one.stock, "at_source": one.source, "full": one.full, "free": one.free, "short": one.short}


def _file(desk: StockDesk, item: str, place: str, kind: str, language: str) -> tuple[bytes, str]:
    from luban.screens.report.sheet_file import file_of
    from luban.screens.report.trace_stock import stock_sheet

    plant = desk.books.view.plant
    units = {one.id: one.unit for one in plant.items.values()}
    rows = desk.stock(item=item, place=place)
    sheet = stock_sheet(rows, desk.cards(), words(language), units, as_of=desk.books.seen, source=plant.name)
    return file_of(sheet, kind, language)
