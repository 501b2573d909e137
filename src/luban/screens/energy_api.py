"""REST of energy under `/api/v1/energy`: meters, balance, load, bill, orders, lots, and their readings."""

# No `from __future__ import annotations` here: the handlers' annotations name what their factory holds.

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import JSONResponse

from luban.core.errors import InputError
from luban.core.time import parse_duration, parse_time
from luban.screens.i18n import words
from luban.screens.plain import plain
from luban.screens.reads import Reads
from luban.screens.service.energy import EnergyBooks
from luban.screens.service.view import Range
from luban.screens.users import Role, User
from luban.screens.whole import whole_plant

__all__ = ["Moment", "Window", "energy_router", "window_of"]

Needs = Callable[[Role], Any]
Name = Annotated[str, Query(max_length=400)]
Window = Annotated[
    str,
    Query(
        max_length=80,
        description="day, 7d, 30d, month, last month, 365d, all, or a length; it ends with the newest reading.",
    ),
]
Moment = Annotated[str, Query(max_length=40, description="ISO 8601, in the plant's zone; goes before the window.")]


def window_of(books: EnergyBooks, window: str, start: str, end: str) -> Range:
    """The window that a request asks for. Raises InputError."""
    return books.range(window, start, end)


def energy_router(books: EnergyBooks, needs: Needs, reads: Reads) -> APIRouter:
    """Routes of energy; needs makes the check of a role. An account that reaches a part of the plant gets nothing."""
    whole = whole_plant(needs, lambda: books.view.plant.id, "energy shows the whole plant")
    router = APIRouter(prefix="/energy", tags=["energy"])
    _accounts(router, books, whole, reads)
    _meters(router, books, whole, reads)
    _whose(router, books, whole, reads)
    return router


def _accounts(router: APIRouter, books: EnergyBooks, needs: Needs, reads: Reads) -> None:
    Viewer = Annotated[User, Depends(needs(Role.VIEWER))]  # noqa: N806 - a type

    @router.get("", operation_id="energy")
    async def told(
        user: Viewer, window: Window = "", start: Annotated[Moment, Query(alias="from")] = "",  # noqa: ARG001 - checked
        end: Annotated[Moment, Query(alias="to")] = "",
    ) -> JSONResponse:  # fmt: skip
        """Everything of a window: totals, tree and balance, orders, idling, bills, greenhouse gases, doubts."""
        from luban.screens.report.energy_books import energy_document

        def read() -> Any:
            return energy_document(books.account(window_of(books, window, start, end)))

        return JSONResponse(plain(await reads(read)))

    @router.get("/file", operation_id="energy_file", response_class=Response)
    async def file(
        user: Viewer,  # noqa: ARG001
        what: Annotated[Literal["account", "balance", "load"], Query(description="Which sheet.")] = "account",
        format: Annotated[Literal["html", "pdf", "xlsx"], Query(description="What to write.")] = "html",  # noqa: A002
        language: Annotated[str, Query(max_length=8)] = "en",
        meter: Annotated[str, Query(max_length=400, description="Of the load.")] = "",
        window: Window = "",
        start: Annotated[Moment, Query(alias="from")] = "",
        end: Annotated[Moment, Query(alias="to")] = "",
    ) -> Response:
        """The account, its balance or its load as one file."""
        content, kind = await reads(_file, books, what, format, language, meter, window, start, end)
        return Response(content, media_type=kind, headers={
            "content-disposition": f'attachment; filename="energy-{what}.{format}"'
        })  # fmt: skip


def _file(
    books: EnergyBooks, what: str, kind: str, language: str, meter: str, window: str, start: str, end: str
) -> tuple[bytes, str]:
    from luban.screens.report.energy_books import energy_sheet
    from luban.screens.report.energy_plant import balance_sheet, load_sheet
    from luban.screens.report.sheet_file import file_of

    span, say, plant = window_of(books, window, start, end), words(language), books.view.plant
    account = books.account(span)
    if what == "balance":
        sheet = balance_sheet(account, say, plant.zone, plant.name, lambda one: say(books.name(one)))
    elif what == "load":
        one = books.profile(span, meter)
        sheet = load_sheet(account, one, say, plant.zone, plant.name, say(books.name(one.meter)))
    else:
        sheet = energy_sheet(account, say, plant.zone, plant.name)
    return file_of(sheet, kind, language)


def _meters(router: APIRouter, books: EnergyBooks, needs: Needs, reads: Reads) -> None:
    Viewer = Annotated[User, Depends(needs(Role.VIEWER))]  # noqa: N806 - a type

    @router.get("/meters", operation_id="energy_meters")
    async def meters(user: Viewer) -> JSONResponse:  # noqa: ARG001
        """The meters of the plant and, of all of them, the first and the newest reading."""

        def read() -> Any:
            bounds = books.bounds
            rows = [
                {"id": one.id, "name": books.name(one.id), "medium": one.medium, "unit": one.unit,
                 "parent": one.parent, "feeds": one.feeds, "place": one.place, "error": one.error}
                for one in books.meters
            ]  # fmt: skip
            first, last = bounds or (None, None)
            return {"meters": rows, "first": first, "last": last}

        return JSONResponse(plain(await reads(read)))

    @router.get("/load", operation_id="energy_load")
    async def load(
        user: Viewer,  # noqa: ARG001
        meter: Annotated[str, Query(max_length=400, description="The main electricity meter by default.")] = "",
        step: Annotated[str, Query(max_length=20, description="E.g. 15min; as fits the window by default.")] = "",
        window: Window = "",
        start: Annotated[Moment, Query(alias="from")] = "",
        end: Annotated[Moment, Query(alias="to")] = "",
    ) -> JSONResponse:
        """Power of a meter step by step, with the band of the tariff and the share of each step that is known."""

        def read() -> Any:
            one = books.profile(window_of(books, window, start, end), meter, parse_duration(step) if step else 0)
            power = [None if value != value else value for value in one.power.tolist()]
            return {
                "meter": one.meter, "unit": one.unit, "edges": one.edges.tolist(), "power": power,
                "known": one.known.tolist(), "bands": list(one.bands), "base": one.base, "load_factor": one.factor,
                "peak": None if one.peak is None else {"at": int(one.edges[one.peak]), "power": power[one.peak]},
            }  # fmt: skip

        return JSONResponse(plain(await reads(read)))

    @router.get("/readings", operation_id="energy_readings")
    async def readings(
        user: Viewer,  # noqa: ARG001
        meter: Annotated[str, Query(min_length=1, max_length=400)],
        start: Annotated[str, Query(alias="from", max_length=40, description="ISO 8601, in the plant's zone.")] = "",
        end: Annotated[str, Query(alias="to", max_length=40, description="ISO 8601, in the plant's zone.")] = "",
    ) -> JSONResponse:
        """Readings of a meter as facts, at most 200, in the order of time; corrected ones too."""

        def read() -> Any:
            bounds, zone = books.bounds, books.view.plant.zone
            if bounds is None:
                raise InputError("the plant's books hold no meter readings")
            since = parse_time(start, zone) if start else bounds[0]
            until = parse_time(end, zone) if end else bounds[1]
            return books.facts(meter, since, until)

        return JSONResponse(plain(await reads(read)))


def _whose(router: APIRouter, books: EnergyBooks, needs: Needs, reads: Reads) -> None:
    Viewer = Annotated[User, Depends(needs(Role.VIEWER))]  # noqa: N806 - a type

    @router.get("/whose", operation_id="energy_whose")
    async def whose(
        user: Viewer,  # noqa: ARG001
        lot: Annotated[str, Query(max_length=400, description="A lot, or a piece by its serial number.")] = "",
        order: Name = "",
        unit: Annotated[str, Query(max_length=400, description="Path of a work unit.")] = "",
        window: Window = "",
        start: Annotated[Moment, Query(alias="from")] = "",
        end: Annotated[Moment, Query(alias="to")] = "",
    ) -> JSONResponse:
        """What a lot, an order or a work unit took of each medium: measured, shared by rule, of idling."""

        def read() -> Any:
            span = window_of(books, window, start, end) if window or start or end else None
            return books.whose(span, lot=lot, order=order, unit=unit).as_dict()

        return JSONResponse(plain(await reads(read)))
