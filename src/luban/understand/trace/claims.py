"""Warranty claims: what a customer may ask for, how far a claim has come, what proves that it was settled.

The three guarantees are repair, replacement and return. Days and months run from the sale; the usual ones are those of
the Provisions on the liability for repair, replacement and return of certain commodities (China, 1995): return,
replacement or repair in the first 7 days (article 9), replacement or repair in the first 15 (article 10), repair as
long as the warranty lasts.

Reads   Fact(event) of kind `claim`, Fact(movement)    Writes  nothing itself: `claim_row` makes the row of an entry
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np

from luban.core.errors import InputError
from luban.core.time import to_datetime
from luban.ledger import Ledger
from luban.plant import Warranty
from luban.understand.book import entries, row
from luban.understand.trace.trace import Trace

__all__ = ["REMEDIES", "Claim", "Proof", "claim_row", "claims_of", "proof_of", "rights", "sales_of"]

REMEDIES: Final = ("repair", "replace", "refund")
"""What a customer may ask for."""

_CODES: Final = ("register", "decide", "settle", "close")


@dataclass(slots=True)
class Claim:
    """A claim as its entries have it.

    wanted, remedy  of REMEDIES; remedy may be `refuse`, and is "" until it is decided
    sold            [µs UTC]
    voucher         of a payment; "" while there is none
    closed          [µs UTC]; None while it is open
    proven          whether facts proved its settlement when it was closed
    """

    id: str
    lot: str
    customer: str
    fault: str
    wanted: str
    quantity: float
    sold: int
    registered: int
    remedy: str = ""
    why: str = ""
    voucher: str = ""
    closed: int | None = None
    proven: bool = False

    @property
    def state(self) -> str:
        """registered, decided, closed or unproven: closed without proof."""
        if self.closed is not None:
            return "closed" if self.proven else "unproven"
        return "decided" if self.remedy else "registered"


@dataclass(frozen=True, slots=True)
class Proof:
    """One thing that must have happened, and the fact that shows it; None while there is none."""

    what: str
    seq: int | None


def claim_row(
    id: str, code: str, *, person: str, text: str = "", data: Mapping[str, Any] | None = None, time: int | None = None  # noqa: A002
) -> dict[str, list[Any]]:  # fmt: skip
    """The row of an entry.

    code    register: data {lot, customer, wanted, quantity, sold}, text the fault; decide: {remedy}, text why;
            settle: {voucher}; close: {proven}
    Raises  InputError: unknown code, fields missing, an unknown remedy, a quantity not above 0
    """
    data = dict(data or {})
    if code not in _CODES:
        raise InputError("a claim has no such entry", came=code, expected=", ".join(_CODES))
    needed = {"register": ("lot", "customer", "wanted", "quantity", "sold"), "decide": ("remedy",),
              "settle": ("voucher",)}.get(code, ())  # fmt: skip
    missing = [name for name in needed if not data.get(name)]
    if missing:
        raise InputError("fields of a claim are missing", came=", ".join(missing), where=code)
    word = data.get("wanted" if code == "register" else "remedy", "repair")
    known = (*REMEDIES, "refuse") if code == "decide" else REMEDIES
    if word not in known:
        raise InputError("not a remedy", came=str(word), expected=", ".join(known))
    return row("claim", id, code, person=person, text=text, data=data, time=time)


def claims_of(ledger: Ledger, *, as_of: int | None = None) -> dict[str, Claim]:
    """Claims by id, as of a seq; in the order in which they were registered."""
    found: dict[str, Claim] = {}
    for one in entries(ledger, "claim", as_of=as_of):
        data = one.data
        if one.code == "register":
            found[one.subject] = Claim(
                one.subject, str(data["lot"]), str(data["customer"]), one.text, str(data["wanted"]),
                float(data["quantity"]), int(data["sold"]), one.time,
            )  # fmt: skip
        elif (own := found.get(one.subject)) is None:
            continue
        elif one.code == "decide":
            own.remedy, own.why = str(data["remedy"]), one.text
        elif one.code == "settle":
            own.voucher = str(data["voucher"])
        elif one.code == "close":
            own.closed, own.proven = one.time, bool(data.get("proven"))
    return found


def rights(warranty: Warranty, sold: int, claimed: int, zone: ZoneInfo) -> tuple[str, ...]:
    """What the customer may ask for, the widest right first; nothing where the warranty is over.

    Days and months are those of the calendar in the plant's zone; the last day counts whole.
    Example  7 days after the sale: ("refund", "replace", "repair"); on the 8th day: ("replace", "repair")
    """
    first, now = (to_datetime(moment).astimezone(zone).date() for moment in (sold, claimed))
    months = first.month - 1 + warranty.months
    year, month = first.year + months // 12, months % 12 + 1
    day = first.day
    while True:
        try:
            last = first.replace(year=year, month=month, day=day)
            break
        except ValueError:  # a month that is shorter
            day -= 1
    found = []
    for remedy, until in (
        ("refund", first + timedelta(days=warranty.refund)), ("replace", first + timedelta(days=warranty.replace)),
        ("repair", last),
    ):  # fmt: skip
        if first <= now <= until:
            found.append(remedy)
    return tuple(found)


def sales_of(trace: Trace, lot: str) -> dict[str, tuple[float, int]]:
    """Customers that got some of a lot: how much in all, and when first [µs UTC]."""
    number = trace.lots.id(lot)
    rows = trace.moves.by_lot.of(number)
    found: dict[str, tuple[float, int]] = {}
    for at in rows[trace.deliveries[rows]].tolist():
        name = trace.labels.name(int(trace.moves["destination"][at])) or trace.labels.name(
            int(trace.moves["order"][at])
        )
        much, first = found.get(name, (0.0, int(trace.moves["time"][at])))
        found[name] = much + float(trace.moves["quantity"][at]), min(first, int(trace.moves["time"][at]))
    return found


def proof_of(trace: Trace, claim: Claim) -> tuple[Proof, ...]:
    """What proves that a claim was settled as it was decided; movements are of the claim's lot, or of its id as order.

    repair   the goods came back, and went out again
    replace  the goods came back, and others went out for the claim
    refund   the goods came back, and a voucher is on record
    """
    if claim.remedy not in REMEDIES:
        return ()
    moves, lot = trace.moves, trace.lots.id(claim.lot)
    customer, order = trace.labels.id(claim.customer), trace.labels.id(claim.id)
    late = moves["time"] >= claim.registered
    own = moves["lot"] == lot
    back = late & own & (moves["origin"] == customer) & (customer >= 0)
    returned = _first(moves["seq"], np.flatnonzero(back))
    out = late & (moves["destination"] == customer) & (customer >= 0)
    if claim.remedy == "repair":
        began = int(moves["time"][np.flatnonzero(back)].min()) if back.any() else None
        again = out & own & (moves["time"] >= (began if began is not None else claim.registered))
        sent = _first(moves["seq"], np.flatnonzero(again)) if began is not None else None
        return Proof("the goods came back", returned), Proof("they went out again", sent)
    if claim.remedy == "replace":
        other = _first(moves["seq"], np.flatnonzero(out & ~own & (moves["order"] == order) & (order >= 0)))
        return Proof("the goods came back", returned), Proof("others went out for the claim", other)
    return Proof("the goods came back", returned), Proof("a voucher is on record", 0 if claim.voucher else None)


def _first(seqs: Any, rows: Any) -> int | None:
    return int(seqs[rows].min()) if len(rows) else None
