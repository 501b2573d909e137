"""REST of cost under `/api/v1/cost`: a piece and what its cost is made of, variances, journal, balances.

Amounts are whole minor units of the currency (fen, cents); quantities are decimals as texts.
"""

# No `from __future__ import annotations` here: the handlers' annotations name what their factory holds.

import re
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse

from luban.core.errors import NotAllowedError
from luban.core.time import iso, parse_time
from luban.screens.i18n import words
from luban.screens.plain import plain
from luban.screens.reads import Reads
from luban.screens.service.cost import CostBooks
from luban.screens.service.cost_journal import Asked, entries, in_progress, trial
from luban.screens.service.cost_variance import Group, compared, grouped, standard_each
from luban.screens.service.cost_view import Charge, CostView
from luban.screens.users import Role, User
from luban.understand.cost import Entry, ShopEvent

__all__ = ["cost_router"]

Needs = Callable[[Role], Any]
Of = Annotated[str, Query(min_length=1, max_length=400, description="Order, item, lot or serial number.")]
Name = Annotated[str, Query(max_length=400)]
When = Annotated[str, Query(description="ISO 8601, in the plant's zone.", max_length=40)]
By = Annotated[Literal["kind", "input", "item", "order", "week"], Query(description="What is added up.")]
_LISTED = 10_000


def cost_router(books: CostBooks, needs: Needs, reads: Reads) -> APIRouter:
    """Routes of cost; needs makes the check of a role. An account that reaches a part of the plant gets nothing."""
    of_role = needs(Role.VIEWER)

    async def check(request: Request) -> User:
        user: User = await of_role(request)
        plant = books.view.plant.id
        if not user.may(Role.VIEWER, plant):
            raise NotAllowedError("cost shows the whole plant", came=", ".join(user.sites), expected=plant)
        return user

    router = APIRouter(prefix="/cost", tags=["cost"])
    _books(router, books, check, reads)
    _piece(router, books, check, reads)
    _variances(router, books, check, reads)
    _journal(router, books, check, reads)
    _files(router, books, check, reads)
    return router


def _money(view: CostView) -> dict[str, Any]:
    return {"currency": view.currency, "minor_digits": view.digits, "as_of": view.seq}


def _books(router: APIRouter, books: CostBooks, check: Any, reads: Reads) -> None:
    Viewer = Annotated[User, Depends(check)]  # noqa: N806 - a type

    @router.get("", operation_id="cost")
    async def told(user: Viewer) -> JSONResponse:  # noqa: ARG001 - checked
        """What the books are: balances by account, open orders, stock, what was left out and what went by rule.

        `as_of` is the newest fact that they rest on. 400 where the plant has no prices; 503 while they are made.
        """
        from luban.screens.report.cost import books_document

        def read() -> Any:
            view = books.asked()
            return _money(view) | books_document(view.cost)

        return JSONResponse(plain(await reads(read)))

    @router.get("/find", operation_id="cost_find")
    async def find(user: Viewer, text: Name = "") -> JSONResponse:  # noqa: ARG001
        """At most 12 orders, items and made lots whose name begins with the text, or holds it."""
        return JSONResponse(await reads(lambda: books.asked().suggest(text)))


def _piece(router: APIRouter, books: CostBooks, check: Any, reads: Reads) -> None:
    Viewer = Annotated[User, Depends(check)]  # noqa: N806

    @router.get("/piece", operation_id="cost_piece")
    async def piece(user: Viewer, of: Of) -> JSONResponse:  # noqa: ARG001
        """What a good piece of an order, item or lot cost, by element, beside its standard; its orders' variances."""
        from luban.screens.report.cost import piece_document

        def read() -> Any:
            view = books.asked()
            subject = view.find(of)
            cards = view.cards_of(subject)
            found = compared(view.cost, view.plant, subject.orders, view.last_good)
            standard = standard_each(view.cost, view.plant, cards, view.last_good)
            made = piece_document(view.cost, view.piece(subject), cards, tuple(found.variances.values()))
            return _money(view) | made | {
                "of": subject.name, "kind": subject.kind,
                "standard": {name: f"{amount:.6f}" for name, amount in standard.items()},
                "not_compared": [*found.open, *found.bare], "unpriced": found.unpriced,
            }  # fmt: skip

        return JSONResponse(plain(await reads(read)))

    @router.get("/element", operation_id="cost_element")
    async def element(
        user: Viewer,  # noqa: ARG001
        of: Of,
        element: Annotated[str, Query(max_length=40, description="material, machine, labour, tool, … or settled.")],
    ) -> JSONResponse:
        """The facts that an element of the cost is made of, and where that money went; both add up to the same."""

        def read() -> Any:
            view = books.asked()
            opened = view.opened(view.find(of), element)
            charges = [_charge(view, one) for one in opened.charges[:_LISTED]]
            return _money(view) | {
                "element": element, "total": opened.total, "ways": opened.ways, "count": len(opened.charges),
                "charges": charges,
            }  # fmt: skip

        return JSONResponse(plain(await reads(read)))


def _charge(view: CostView, one: Charge) -> dict[str, Any]:
    quantity = None if one.quantity is None else f"{one.quantity.normalize():f}"
    found: dict[str, Any] = plain(one) | {"time": iso(one.time, view.plant.zone), "quantity": quantity}
    return found


def _variances(router: APIRouter, books: CostBooks, check: Any, reads: Reads) -> None:
    Viewer = Annotated[User, Depends(check)]  # noqa: N806

    @router.get("/variances", operation_id="cost_variances")
    async def variances(
        user: Viewer,  # noqa: ARG001
        by: By = "kind",
        kind: Annotated[str, Query(max_length=40, description="Only variances of this kind.")] = "",
        input: Annotated[str, Query(max_length=400, description="Only of this item, work unit, …")] = "",  # noqa: A002
        item: Name = "",
        order: Name = "",
        week: Annotated[str, Query(max_length=8, description="ISO week of the last good piece.")] = "",
    ) -> JSONResponse:
        """Orders with nothing in progress against their standard, added up; above 0 where they cost more."""

        def read() -> Any:
            view = books.asked()
            found = compared(view.cost, view.plant, last=view.last_good)
            groups: Sequence[Group] = grouped(found, by, kind=kind, item=item, order=order, week=week, name=input)
            return _money(view) | {
                "by": by, "groups": groups, "orders": len(found.variances), "not_compared": [*found.open, *found.bare],
                "standard": sum(one.standard for one in found.variances.values()),
                "actual": sum(one.actual for one in found.variances.values()), "unpriced": found.unpriced,
            }  # fmt: skip

        return JSONResponse(plain(await reads(read)))


def _journal(router: APIRouter, books: CostBooks, check: Any, reads: Reads) -> None:
    Viewer = Annotated[User, Depends(check)]  # noqa: N806

    @router.get("/journal", operation_id="cost_journal")
    async def journal(
        user: Viewer,  # noqa: ARG001
        text: Name = "",
        role: Annotated[str, Query(max_length=40, description="Role of an account, e.g. wip.")] = "",
        kind: Annotated[str, Query(max_length=40, description="Kind of the event, e.g. issue.")] = "",
        start: Annotated[When, Query(alias="from")] = "",
        end: Annotated[When, Query(alias="to")] = "",
        limit: Annotated[int, Query(ge=1, le=_LISTED)] = 100,
        offset: Annotated[int, Query(ge=0)] = 0,
    ) -> JSONResponse:
        """Entries that fit, the newest first, each with its postings and the fact that it comes from."""

        def read() -> Any:
            view = books.asked()
            found = entries(view, _wanted(view, text, role, kind, start, end))
            return _money(view) | {
                "count": len(found),
                "entries": [_entry(view, *one) for one in found[offset : offset + limit]],
            }

        return JSONResponse(plain(await reads(read)))

    @router.get("/balance", operation_id="cost_balance")
    async def balance(user: Viewer, end: Annotated[When, Query(alias="to")] = "") -> JSONResponse:  # noqa: ARG001
        """The trial balance of a time, and work in progress against the open orders."""

        def read() -> Any:
            view = books.asked()
            held = trial(view, parse_time(end, view.plant.zone) if end else None)
            accounts = [
                {"account": view.cost.chart.number(role), "role": role, "name": view.cost.chart.accounts[role].name,
                 "balance": amount} for role, amount in held.balances.items()
            ]  # fmt: skip
            return _money(view) | {
                "accounts": accounts, "debits": held.debits, "credits": held.credits, "difference": held.difference,
                "in_progress": held.wip, "cards": held.cards, "open": held.open,
            }  # fmt: skip

        return JSONResponse(plain(await reads(read)))

    @router.get("/in-progress", operation_id="cost_in_progress")
    async def progress(user: Viewer) -> JSONResponse:  # noqa: ARG001
        """Work in progress over time, thinned; and how many orders had something in progress."""

        def read() -> Any:
            view = books.asked()
            found = in_progress(view)
            return _money(view) | {
                "time": [iso(one, view.plant.zone) for one in found.time.tolist()], "value": found.value.tolist(),
                "orders": found.orders.tolist(),
            }  # fmt: skip

        return JSONResponse(plain(await reads(read)))


def _wanted(view: CostView, text: str, role: str, kind: str, start: str, end: str) -> Asked:
    since, until = (parse_time(one, view.plant.zone) if one else None for one in (start, end))
    return Asked(text, role, kind, since, until)


def _entry(view: CostView, event: ShopEvent, entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id, "time": iso(entry.time, view.plant.zone), "kind": event.kind, "fact": event.seq,
        "postings": [
            {"account": view.cost.chart.number(one.role)} | plain(one) for one in entry.postings
        ],
    }  # fmt: skip


def _files(router: APIRouter, books: CostBooks, check: Any, reads: Reads) -> None:
    Viewer = Annotated[User, Depends(check)]  # noqa: N806

    @router.get("/file", operation_id="cost_file", response_class=Response)
    async def file(
        user: Viewer,  # noqa: ARG001
        what: Annotated[Literal["piece", "variances", "journal"], Query(description="Which sheet.")] = "journal",
        format: Annotated[Literal["html", "pdf", "xlsx", "csv"], Query(description="csv: postings only.")] = "html",  # noqa: A002
        of: Annotated[str, Query(max_length=400, description="piece: the order, item or lot; journal: a text.")] = "",
        element: Annotated[str, Query(max_length=40, description="piece: with the facts of this element.")] = "",
        by: By = "kind",
        start: Annotated[When, Query(alias="from")] = "",
        end: Annotated[When, Query(alias="to")] = "",
        language: Annotated[str, Query(max_length=8)] = "en",
    ) -> Response:
        """A sheet of the page as one file, or the postings as CSV."""

        def read() -> tuple[bytes, str]:
            view = books.asked()
            asked = _wanted(view, of if what == "journal" else "", "", "", start, end)
            return _file(view, what, format, of, element, by, asked, language)

        content, kind = await reads(read)
        safe = re.sub(r"[^A-Za-z0-9._-]", "_", f"{what}-{of}" if of else what)[:80]
        return Response(content, media_type=kind, headers={
            "content-disposition": f'attachment; filename="{safe}.{format}"'
        })  # fmt: skip


def _file(
    view: CostView, what: str, kind: str, of: str, element: str, by: str, asked: Asked, language: str
) -> tuple[bytes, str]:  # fmt: skip
    from luban.screens.report.cost_page import journal_file, unit_file, variance_sheet
    from luban.screens.report.sheet_file import file_of

    say = words(language)
    if what == "journal" or kind == "csv":
        return journal_file(view, asked, kind, say)
    if what == "piece":
        subject = view.find(of)
        return unit_file(view, subject, element, kind, say)
    found = compared(view.cost, view.plant)
    return file_of(variance_sheet(view, found, grouped(found, by), by, say), kind, language)
