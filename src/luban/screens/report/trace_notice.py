"""Notices of a recall: the list of all customers, and a letter to each in its own language."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from datetime import tzinfo
from typing import Final

from luban import __version__
from luban.core.time import now, to_datetime
from luban.plant import Customer
from luban.screens.i18n import LANGUAGES, Words, words
from luban.screens.report.sheet import Block, Figure, Figures, Grid, Note, Sheet, sheet_pdf
from luban.screens.report.trace_explorer import amount, moment
from luban.understand.trace import Delivery, Notice, Recall, RecallCase

__all__ = ["customer_of", "language_for", "letter_sheet", "letters", "notice_list", "printed", "zipped"]

_NONE = "–"
_MOST: Final = 500


def customer_of(customers: Mapping[str, Customer], place: str) -> Customer:
    """What is on record of a customer; its place alone where nothing is."""
    return customers.get(place) or Customer(place, place)


def language_for(customer: Customer, usual: str) -> str:
    """The language that the customer is written to."""
    return customer.language if customer.language in LANGUAGES else usual


def notice_list(
    found: Recall, customers: Mapping[str, Customer], say: Words, zone: tzinfo, *, case: RecallCase | None = None,
    source: str = "",
) -> Sheet:  # fmt: skip
    """Whom to tell, with contact and language, of what, and whether it was told."""
    grades = {"certain": say("certain"), "out of time": say("out of time"), "doubtful": say("doubtful")}
    told = case.told if case is not None else {}
    notices = found.notices()
    rows = []
    for one in notices:
        own, done = customer_of(customers, one.customer), told.get(one.customer)
        rows.append((
            own.name, one.customer, own.address.replace(";", ", ") or _NONE, own.contact or _NONE,
            own.language or _NONE, ", ".join(one.orders) or _NONE, _short(one.lots), amount(one.quantity),
            grades[one.confidence], _when(done.notified if done else None, zone),
            _when(done.answered if done else None, zone),
        ))  # fmt: skip
    heads = (say("customer"), say("place"), say("address"), say("contact"), say("language"), say("orders"), say("lots"),
             say("quantity"), say("confidence"), say("told"), say("answered"))  # fmt: skip
    lacking = [one.customer for one in notices if one.customer not in customers]
    blocks: list[Block] = [Figures((
        Figure(say("customers to be told"), f"{len(notices):,}", tone="bad" if notices else "good"),
        Figure(say("told"), f"{sum(one.customer in told for one in notices):,}"),
        Figure(say("delivered"), amount(sum(one.quantity for one in notices))),
    ))]  # fmt: skip
    if lacking:
        text = say("No contact is on record of {names}: add them to the table of customers.", names=_short(lacking))
        blocks.append(Note(text, "doubt"))
    blocks.append(Grid(heads, tuple(rows[:_MOST]), say("Notices"), frozenset({7})))
    if len(rows) > _MOST:
        blocks.append(Note(say("and {n} more", n=len(rows) - _MOST), "quiet"))
    title = say("Notices of recall {id}", id=case.id) if case is not None else say("Notices of a recall")
    made = {say("source"): source or _NONE, say("newest fact"): str(found.as_of), "luban": __version__}
    return Sheet(title, case.reason if case is not None else "", tuple(blocks), made)


def _short(names: Sequence[str], most: int = 20) -> str:
    return ", ".join(names[:most]) + (" …" if len(names) > most else "")


def _when(when: int | None, zone: tzinfo) -> str:
    return moment(when, zone) if when is not None else _NONE


def letter_sheet(
    one: Notice, deliveries: Sequence[Delivery], customer: Customer, say: Words, zone: tzinfo, *, sender: str,
    id: str = "", reason: str = "", units: Mapping[str, str] | None = None,  # noqa: A002
) -> Sheet:  # fmt: skip
    """A letter to one customer: what is called back and why, what it got, and what to answer.

    deliveries  those that went to it
    sender      name of the plant
    units       unit of each item
    """
    units = units or {}
    today = to_datetime(now()).astimezone(zone).strftime("%Y-%m-%d")
    facts = [Figure(say("addressee"), customer.name), Figure(say("sender"), sender), Figure(say("date"), today)]
    facts += [Figure(say("recall"), id)] if id else []
    blocks: list[Block] = [Figures(tuple(facts))]
    lines = (part.strip() for part in (*customer.address.split(";"), customer.contact))
    blocks += [Note(line, "quiet") for line in lines if line]
    blocks.append(Note(say("We call back goods that were delivered to you. Please do not use them and do not pass them "
                           "on; keep them apart until you hear from us.")))  # fmt: skip
    if reason:
        blocks.append(Note(say("Reason: {reason}", reason=reason)))
    if one.confidence != "certain":
        blocks.append(
            Note(say("By our records these goods may be affected; we call them back to be on the safe side."))
        )
    heads = (say("lot or serial number"), say("item"), say("quantity"), say("order"), say("delivered on"),
             say("container"))  # fmt: skip
    rows = tuple(
        (row.lot, row.item or _NONE, f"{amount(row.quantity)} {units.get(row.item, '')}".rstrip(), row.order or _NONE,
         moment(row.time, zone), row.container or _NONE) for row in deliveries
    )  # fmt: skip
    blocks.append(Grid(heads, rows, say("What was delivered to you"), frozenset({2})))
    blocks.append(Note(say("Please fill in what became of each, and send this page back.")))
    blank = tuple((row.lot, "", "", "", "") for row in deliveries)
    asked = (say("lot or serial number"), say("returned"), say("destroyed"), say("used up"), say("still with you"))
    blocks.append(Grid(asked, blank, say("Your answer")))
    blocks.append(Note(f"{say('name and signature')}: ____________________   {say('date')}: ____________"))
    return Sheet(say("Product recall"), customer.name, tuple(blocks), {"luban": __version__})


def letters(
    found: Recall, customers: Mapping[str, Customer], usual: str, zone: tzinfo, *, sender: str, id: str = "",  # noqa: A002
    reason: str = "", units: Mapping[str, str] | None = None, only: str = "",
) -> dict[str, tuple[Sheet, str]]:  # fmt: skip
    """A letter and its language by name of the file, for every customer in its language; `printed` makes PDFs of them.

    usual  language of who writes
    only   the letter to this customer; "": to all
    """
    by_customer: dict[str, list[Delivery]] = {}
    for row in found.deliveries():
        by_customer.setdefault(row.customer or row.order, []).append(row)
    made: dict[str, tuple[Sheet, str]] = {}
    for one in found.notices():
        if only and one.customer != only:
            continue
        customer = customer_of(customers, one.customer)
        language = language_for(customer, usual)
        sheet = letter_sheet(one, by_customer[one.customer], customer, words(language), zone, sender=sender, id=id,
                             reason=reason, units=units)  # fmt: skip
        made[_free(one.customer, made)] = sheet, language
    return made


def printed(sheets: Mapping[str, tuple[Sheet, str]]) -> dict[str, bytes]:
    """The letters as PDF by name of the file."""
    return {name: sheet_pdf(sheet, language) for name, (sheet, language) in sheets.items()}


def _free(place: str, taken: Mapping[str, object]) -> str:
    """A name of a file for the place that is not taken yet."""
    plain = re.sub(r"[^\w.-]+", "-", place).strip("-.")[:60] or "letter"
    name, count = f"{plain}.pdf", 1
    while name in taken:
        count += 1
        name = f"{plain}-{count}.pdf"
    return name


def zipped(files: Mapping[str, bytes]) -> bytes:
    """The files as one archive."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return held.getvalue()
