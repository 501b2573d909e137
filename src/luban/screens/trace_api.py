"""REST of trace under `/api/v1/trace`: lots both ways, what ran under a condition, documents, recalls."""

# No `from __future__ import annotations` here: the handlers' annotations name what their factory holds.

import re
from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from luban.core.errors import InputError
from luban.core.time import parse_time
from luban.screens.i18n import words
from luban.screens.plain import plain
from luban.screens.reads import Reads
from luban.screens.service.trace import TraceBooks
from luban.screens.service.trace_around import Filter, around, filtered
from luban.screens.service.trace_claims import ClaimDesk
from luban.screens.service.trace_files import epcis_of
from luban.screens.service.trace_partners import PartnerDesk
from luban.screens.service.trace_recall import RecallDesk, case_document, of_case
from luban.screens.service.trace_scan import ScanDesk
from luban.screens.service.trace_stock import StockDesk
from luban.screens.trace_claims_api import claims_router
from luban.screens.trace_partners_api import partners_router
from luban.screens.trace_scan_api import scan_router
from luban.screens.trace_stock_api import stock_router
from luban.screens.users import Role, User
from luban.screens.whole import whole_plant

__all__ = ["trace_router"]

Needs = Callable[[Role], Any]
Lot = Annotated[str, Query(min_length=1, max_length=400, description="Lot or serial number, or what a scanner read.")]
Name = Annotated[str, Query(max_length=400)]
_LISTED = 10_000


class AskedRecall(BaseModel):
    """A recall is to be opened."""

    suspects: list[Annotated[str, Field(min_length=1, max_length=400)]] = Field(min_length=1, max_length=10_000)
    reason: str = Field(min_length=1, max_length=500)


class AskedNotice(BaseModel):
    """A customer was told."""

    customer: str = Field(min_length=1, max_length=400)


class AskedAnswer(BaseModel):
    """What a customer says became of the goods."""

    customer: str = Field(min_length=1, max_length=400)
    returned: float = Field(0.0, ge=0)
    destroyed: float = Field(0.0, ge=0)
    used: float = Field(0.0, ge=0)
    text: str = Field("", max_length=500)


class AskedClose(BaseModel):
    """A recall is to be closed; with a reason where not all is accounted for."""

    text: str = Field("", max_length=500)


def trace_router(books: TraceBooks, needs: Needs, reads: Reads) -> APIRouter:
    """Routes of trace; needs makes the check of a role. An account that reaches a part of the plant gets nothing."""
    whole = whole_plant(needs, lambda: books.view.plant.id, "trace shows the whole plant")
    router = APIRouter(prefix="/trace", tags=["trace"])
    desk = RecallDesk(books)
    _lots(router, books, whole, reads)
    _conditions(router, books, whole, reads)
    _documents(router, books, whole, reads)
    _cases(router, desk, whole, reads)
    _papers(router, desk, whole, reads)
    _acts(router, desk, whole, reads)
    router.include_router(partners_router(PartnerDesk(books), whole, reads))
    router.include_router(stock_router(StockDesk(books), whole, reads))
    router.include_router(scan_router(ScanDesk(books), whole, reads))
    router.include_router(claims_router(ClaimDesk(books), whole, reads))
    return router


def _lots(router: APIRouter, books: TraceBooks, needs: Needs, reads: Reads) -> None:
    Viewer = Annotated[User, Depends(needs(Role.VIEWER))]  # noqa: N806 - a type

    @router.get("", operation_id="trace")
    async def told(user: Viewer) -> JSONResponse:  # noqa: ARG001 - checked
        """What is on record: lots, facts, doubts, the newest fact; only `reading` while the facts are being read."""
        return JSONResponse(plain(await reads(books.told)))

    @router.get("/lots", operation_id="trace_lots")
    async def lots(user: Viewer, text: Name = "") -> JSONResponse:  # noqa: ARG001
        """At most 12 lots whose name begins with the text, or holds it."""
        return JSONResponse(await reads(books.suggest, text))

    @router.get("/around", operation_id="trace_around")
    async def near(
        user: Viewer,  # noqa: ARG001
        lot: Lot,
        levels: Annotated[int, Query(ge=1, le=12, description="So many levels on both sides.")] = 1,
        item: Name = "",
        unit: Name = "",
        doubtful: Annotated[bool, Query(description="Doubtful facts only.")] = False,
    ) -> JSONResponse:
        """The lots around a lot and the facts of use between them, with quantities and doubts; wide levels are cut."""

        def read() -> Any:
            name = books.find(lot)
            with books.asked() as trace:
                return filtered(around(trace, name, levels=levels), Filter(item, unit, doubtful)).as_dict()

        return JSONResponse(plain(await reads(read)))


def _conditions(router: APIRouter, books: TraceBooks, needs: Needs, reads: Reads) -> None:
    Viewer = Annotated[User, Depends(needs(Role.VIEWER))]  # noqa: N806 - a type

    @router.get("/same", operation_id="trace_same")
    async def same(
        user: Viewer,  # noqa: ARG001
        tool: Name = "", person: Name = "", unit: Name = "", order: Name = "", operation: Name = "", item: Name = "",
        gauge: Name = "",
        alarm: Annotated[str, Query(max_length=400, description="Code of an alarm, or a work unit.")] = "",
        signal: Annotated[str, Query(max_length=400, description="Steps while it was below low or above high.")] = "",
        low: float | None = None, high: float | None = None,
        margin: Annotated[float, Query(ge=0, le=3e7, description="So much before and after it counts too [s].")] = 0.0,
        start: Annotated[str, Query(alias="from", description="ISO 8601, in the plant's zone.", max_length=40)] = "",
        end: Annotated[str, Query(alias="to", description="ISO 8601, in the plant's zone.", max_length=40)] = "",
    ) -> JSONResponse:  # fmt: skip
        """Lots that ran under a condition; `certain` false where the order ran the operation in several steps."""
        named = {"tool": tool, "person": person, "unit": unit, "order": order, "operation": operation, "item": item,
                 "gauge": gauge}  # fmt: skip

        def read() -> Any:
            zone = books.view.plant.zone
            since, until = (parse_time(one, zone) if one else None for one in (start, end))
            match = books.same(named, alarm=alarm, signal=signal, low=low, high=high, margin=int(margin * 1e6),
                               since=since, until=until)  # fmt: skip
            with books.asked() as trace:
                names = trace.lots.array(match.lots[:_LISTED]).to_pylist()
            lots = [{"lot": name, "certain": sure} for name, sure in zip(names, match.certain.tolist(), strict=False)]
            return {"lots": lots, "count": len(match.lots), "steps": len(match.steps)}

        return JSONResponse(plain(await reads(read)))


def _documents(router: APIRouter, books: TraceBooks, needs: Needs, reads: Reads) -> None:
    Viewer = Annotated[User, Depends(needs(Role.VIEWER))]  # noqa: N806 - a type

    @router.get("/lot", operation_id="trace_lot")
    async def lot(
        user: Viewer,  # noqa: ARG001
        lot: Lot,
        depth: Annotated[int, Query(ge=-1, description="So many steps at most; -1: all.")] = -1,
    ) -> JSONResponse:
        """Everything that went into a lot and that it went into, with amounts, its balance, and its steps of work."""
        from luban.screens.report.trace import lot_document

        def read() -> Any:
            name = books.find(lot)
            with books.asked() as trace:
                return lot_document(trace, name, depth)

        return JSONResponse(plain(await reads(read)))

    @router.get("/file", operation_id="trace_file", response_class=Response)
    async def file(
        user: Viewer,  # noqa: ARG001
        lot: Lot,
        format: Annotated[Literal["html", "pdf", "xlsx", "epcis"], Query(description="What to write.")] = "html",  # noqa: A002
        language: Annotated[str, Query(max_length=8)] = "en",
    ) -> Response:
        """A lot's sheet as one file, or its facts as an EPCIS 2.0 document."""
        name = await reads(books.find, lot)
        content, kind = await reads(_file, books, name, format, language)
        ending = "json" if format == "epcis" else format
        safe = re.sub(r"[^A-Za-z0-9._-]", "_", name)[:80]
        return Response(content, media_type=kind, headers={
            "content-disposition": f'attachment; filename="{safe}.{ending}"'
        })  # fmt: skip


def _file(books: TraceBooks, lot: str, kind: str, language: str) -> tuple[bytes, str]:
    from luban.screens.report.sheet_file import file_of
    from luban.screens.report.trace import lot_sheet

    plant = books.view.plant
    with books.asked() as trace:
        if kind == "epcis":
            return epcis_of(trace, lot), "application/ld+json"
        sheet = lot_sheet(trace, lot, words(language), plant.zone, source=plant.name)
    return file_of(sheet, kind, language)


def _cases(router: APIRouter, desk: RecallDesk, needs: Needs, reads: Reads) -> None:
    Viewer = Annotated[User, Depends(needs(Role.VIEWER))]  # noqa: N806 - a type

    @router.get("/recalls", operation_id="recalls")
    async def cases(user: Viewer) -> JSONResponse:  # noqa: ARG001
        """Recalls, the open ones first: customers told and their answers, and the share that is accounted for."""
        return JSONResponse(plain([case_document(one) for one in (await reads(desk.cases)).values()]))

    @router.get("/recalls/{id}", operation_id="recall")
    async def case(user: Viewer, id: str) -> JSONResponse:  # noqa: A002, ARG001
        """One recall with its affected list by the books as they are now, each with its grade, and the notices."""

        def read() -> Any:
            one = desk.case(id)
            with desk.books.asked() as trace:
                return case_document(one) | {"reaches": of_case(trace, one)[0].as_dict(_LISTED)}

        return JSONResponse(plain(await reads(read)))

    @router.get("/affected", operation_id="recall_affected")
    async def affected(
        user: Viewer,  # noqa: ARG001
        lot: Annotated[list[str], Query(max_length=1000, description="Suspect lots; may be repeated.")],
    ) -> JSONResponse:
        """What suspect lots went into, who got it, what is still in the plant; nothing is opened."""

        def read() -> Any:
            names = desk.suspects("\n".join(lot))
            with desk.books.asked():
                return desk.affected(names).as_dict(_LISTED)

        return JSONResponse(plain(await reads(read)))

    @router.get("/mock", operation_id="recall_mock")
    async def mock(
        user: Viewer,  # noqa: ARG001
        count: Annotated[int, Query(ge=1, le=20)] = 5,
        seed: Annotated[int, Query(ge=0, le=2**31, description="Of the draw.")] = 1,
    ) -> JSONResponse:
        """Draw lots and call each back, the list checked the other way round; nothing is written."""
        found = await reads(desk.mock, count, seed)
        return JSONResponse(plain([{name: getattr(one, name) for name in one.__slots__} for one in found]))


def _papers(router: APIRouter, desk: RecallDesk, needs: Needs, reads: Reads) -> None:
    Viewer = Annotated[User, Depends(needs(Role.VIEWER))]  # noqa: N806 - a type

    @router.get("/recalls/{id}/notices", operation_id="recall_notices", response_class=Response)
    async def notices(
        user: Viewer,  # noqa: ARG001
        id: str,  # noqa: A002
        format: Annotated[Literal["html", "pdf", "xlsx", "zip"], Query(description="zip: the letters.")] = "xlsx",  # noqa: A002
        language: Annotated[str, Query(max_length=8)] = "en",
        customer: Annotated[str, Query(max_length=400, description="With zip: the letter to this one only.")] = "",
    ) -> Response:
        """The list of customers to be told, with contact and what they got; or a letter to each in its language."""
        content, kind = await reads(_notices, desk, id, format, language, customer)
        safe = re.sub(r"[^A-Za-z0-9._-]", "_", id)[:80]
        return Response(content, media_type=kind, headers={
            "content-disposition": f'attachment; filename="{safe}-notices.{format}"'
        })  # fmt: skip


def _notices(desk: RecallDesk, id: str, kind: str, language: str, customer: str) -> tuple[bytes, str]:  # noqa: A002
    from luban.screens.report.sheet_file import file_of
    from luban.screens.report.trace_notice import letters, notice_list, printed, zipped

    case, plant = desk.case(id), desk.books.view.plant
    with desk.books.asked() as trace:
        found, said = of_case(trace, case)
        if customer and customer not in {one.customer for one in said}:
            raise InputError("nothing of it went to this customer", came=customer)
        units = {one.id: one.unit for one in plant.items.values()}
        made = letters(found, plant.customers, words(language).language, plant.zone, sender=plant.name, id=case.id,
                       reason=case.reason, units=units, only=customer) if kind == "zip" else {}  # fmt: skip
        sheet = notice_list(found, plant.customers, words(language), plant.zone, case=case, source=plant.name)
    return (zipped(printed(made)), "application/zip") if kind == "zip" else file_of(sheet, kind, language)


def _acts(router: APIRouter, desk: RecallDesk, needs: Needs, reads: Reads) -> None:
    Operator = Annotated[User, Depends(needs(Role.OPERATOR))]  # noqa: N806 - a type
    Engineer = Annotated[User, Depends(needs(Role.ENGINEER))]  # noqa: N806

    async def told(id: str) -> JSONResponse:  # noqa: A002
        return JSONResponse(plain(case_document(await reads(desk.case, id))))

    @router.post("/recalls", operation_id="recall_open", status_code=201)
    async def open_(user: Engineer, asked: AskedRecall) -> JSONResponse:
        """Open a recall from suspect lots, with a reason."""
        made = await reads(desk.open, asked.suspects, asked.reason, person=user.name)
        return JSONResponse(plain(case_document(await reads(desk.case, made))), 201)

    @router.post("/recalls/{id}/notices", operation_id="recall_notify")
    async def notify(user: Operator, id: str, asked: AskedNotice) -> JSONResponse:  # noqa: A002
        """Put on record that a customer was told, with the orders and the quantity that went there."""
        await reads(desk.notify, id, asked.customer, person=user.name)
        return await told(id)

    @router.post("/recalls/{id}/answers", operation_id="recall_answer")
    async def answer(user: Operator, id: str, asked: AskedAnswer) -> JSONResponse:  # noqa: A002
        """What a customer says became of the goods; an answer given again counts instead of the one before it."""
        became = {"returned": asked.returned, "destroyed": asked.destroyed, "used": asked.used}
        await reads(desk.answer, id, asked.customer, became, person=user.name, text=asked.text)
        return await told(id)

    @router.post("/recalls/{id}/close", operation_id="recall_close")
    async def close(user: Engineer, id: str, asked: AskedClose) -> JSONResponse:  # noqa: A002
        """Close a recall; refused while customers are to be told, or with something open and no reason."""
        await reads(desk.close, id, asked.text, person=user.name)
        return await told(id)
