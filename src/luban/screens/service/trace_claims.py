"""Warranty claims to the screens: registered against a delivery, decided within the rights, closed on proof.

Reads   Fact(event) of kind `claim`, the graph of trace
Writes  Fact(event) of kind `claim` through the screens' spool
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, Final

from luban.core.errors import InputError
from luban.core.time import now
from luban.plant import Warranty
from luban.screens.service.trace import TraceBooks
from luban.screens.users import Act
from luban.understand.trace import (
    REMEDIES,
    Claim,
    Proof,
    Suspect,
    Trace,
    claim_row,
    claims_of,
    proof_of,
    rights,
    sales_of,
    suspects_of,
)

__all__ = ["ClaimDesk"]

_USUAL: Final = Warranty("", 12, 7, 15)


class ClaimDesk:
    """Everything that may be asked and written about claims of a plant. Safe from any thread."""

    def __init__(self, books: TraceBooks) -> None:
        self.books = books
        self._writing = threading.Lock()

    def claims(self) -> dict[str, Claim]:
        """Claims by id, the open ones first, then the newest first."""
        found = claims_of(self.books.view.ledger)
        return dict(sorted(found.items(), key=lambda one: (one[1].closed is not None, -one[1].registered)))

    def claim(self, id: str) -> Claim:  # noqa: A002
        """One claim. Raises InputError where there is no such one."""
        known = self.claims()
        if id not in known:
            raise InputError("no such claim", came=id, expected=", ".join(list(known)[:20]))
        return known[id]

    def rights(self, claim: Claim) -> tuple[str, ...]:
        """What the customer could ask for on the day of the claim, by the warranty of the item."""
        with self.books.asked() as trace:
            item = _item(trace, claim.lot)
        own = self.books.view.plant.warranty.get(item, _USUAL)
        return rights(own, claim.sold, claim.registered, self.books.view.plant.zone)

    def proof(self, claim: Claim) -> tuple[Proof, ...]:
        """What must have happened for it to be settled, with the facts that show it."""
        with self.books.asked() as trace:
            return proof_of(trace, claim)

    def common(self, fault: str = "") -> tuple[Suspect, ...]:
        """What lots with claims have in common, of those whose fault holds the text.

        Raises InputError: claims on fewer than 2 lots
        """
        wanted = fault.strip().lower()
        lots = dict.fromkeys(one.lot for one in self.claims().values() if wanted in one.fault.lower())
        with self.books.asked() as trace:
            return suspects_of(trace, [lot for lot in lots if trace.lots.id(lot) >= 0])

    # ------------------------------------------------------------------ acts

    def register(
        self, lot: str, fault: str, wanted: str, *, person: str, customer: str = "", quantity: float = 1.0,
        sold: int | None = None,
    ) -> str:  # fmt: skip
        """Register a claim; its id.

        customer  who got the lot; may be left out where one did
        sold      to who claims [µs UTC]; when it was delivered if None
        Raises    InputError: an unknown lot, one that went to nobody or not to this customer, more than was delivered
                  less open claims, no fault, sold later than now
        """
        if not fault.strip():
            raise InputError("a claim says what is wrong")
        if wanted not in REMEDIES:
            raise InputError("not a remedy", came=wanted, expected=", ".join(REMEDIES))
        name = self.books.find(lot)
        with self._writing:
            with self.books.asked() as trace:
                sales = sales_of(trace, name)
            if not sales:
                raise InputError("nothing of this lot was delivered", came=name)
            if customer not in sales and (customer or len(sales) > 1):
                raise InputError("who has it?", came=customer, expected=", ".join(sorted(sales)))
            customer = customer or next(iter(sales))
            much, first = sales[customer]
            when = first if sold is None else sold
            if when > now():
                raise InputError("sold later than now")
            known = self.claims()
            taken = sum(one.quantity for one in known.values()
                        if (one.lot, one.customer) == (name, customer) and one.closed is None)  # fmt: skip
            if not 0 < quantity <= (much - taken) * (1 + 1e-9):
                raise InputError("a claim on more than was delivered and is not claimed yet", came=f"{quantity:g}",
                                 expected=f"≤ {max(much - taken, 0.0):g}", where=name)  # fmt: skip
            numbers = [int(one[2:]) for one in known if one.startswith("C-") and one[2:].isdigit()]
            id_ = f"C-{max(numbers, default=0) + 1}"
            data = {"lot": name, "customer": customer, "wanted": wanted, "quantity": quantity, "sold": when}
            self._write(id_, "register", person, fault.strip()[:500], data)
        return id_

    def decide(self, id: str, remedy: str, why: str, *, person: str) -> None:  # noqa: A002
        """Decide a claim; with a reason where it differs from what was asked for.

        Raises InputError: closed, an unknown remedy, less than the customer may ask for or a refusal without a reason
        """
        with self._writing:
            claim = self._open(id)
            if remedy != claim.wanted and not why.strip():
                raise InputError("another remedy than was asked for needs a reason")
            self._write(id, "decide", person, why.strip()[:500], {"remedy": remedy})

    def settle(self, id: str, voucher: str, *, person: str) -> None:  # noqa: A002
        """Put the voucher of a payment on record. Raises InputError: closed, not a refund, no voucher."""
        with self._writing:
            if self._open(id).remedy != "refund":
                raise InputError("a voucher is of a refund", came=self.claim(id).remedy or "not decided")
            self._write(id, "settle", person, "", {"voucher": voucher.strip()[:200]})

    def close(self, id: str, why: str, *, person: str) -> bool:  # noqa: A002
        """Close a claim; whether facts prove its settlement.

        Raises InputError: not decided, or without proof and no reason
        """
        with self._writing:
            claim = self._open(id)
            if not claim.remedy:
                raise InputError("a claim is decided before it is closed", came=id)
            self.books.catch_up()
            proof = self.proof(claim)
            proven = all(one.seq is not None for one in proof)
            if not proven and not why.strip():
                lacking = ", ".join(one.what for one in proof if one.seq is None)
                raise InputError("no fact proves that it was settled: it is closed like that only with a reason",
                                 expected=lacking)  # fmt: skip
            self._write(id, "close", person, why.strip()[:500], {"proven": proven})
        return proven

    def _open(self, id: str) -> Claim:  # noqa: A002
        claim = self.claim(id)
        if claim.closed is not None:
            raise InputError("this claim is closed", came=id)
        return claim

    def _write(self, id: str, code: str, person: str, text: str, data: Mapping[str, Any]) -> None:  # noqa: A002
        rows = claim_row(id, code, person=person, text=text, data=data)
        self.books.write(Act(person, f"claim {code}", id, text), "event", rows)


def _item(trace: Trace, lot: str) -> str:
    return trace.labels.name(int(trace.item_of(trace.lots.ids([lot]))[0]))
