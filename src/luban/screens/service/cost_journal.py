"""The journal on the page: entries that fit a filter, the trial balance of a time, work in progress over time."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from luban.core.errors import InputError
from luban.core.time import iso
from luban.screens.service.cost_view import CostView
from luban.understand.cost import ROLES, Entry, ShopEvent, posting_rows
from luban.understand.cost.event import KINDS

__all__ = ["MOST", "Asked", "InProgress", "Trial", "entries", "in_progress", "postings_csv", "trial"]

MOST: Final = 20_000
"""Entries that one document holds at most."""

_POINTS: Final = 600


@dataclass(frozen=True, slots=True)
class Asked:
    """Which entries; what is empty fits all.

    text          stands in the order, item, lot, person, tool or work unit
    role          an account of this role is touched
    kind          kind of the event
    since, until  entries from then on, and up to then [µs UTC]
    """

    text: str = ""
    role: str = ""
    kind: str = ""
    since: int | None = None
    until: int | None = None

    def __post_init__(self) -> None:
        if self.role and self.role not in ROLES:
            raise InputError("no such role of an account", came=self.role, expected=", ".join(ROLES))
        if self.kind and self.kind not in KINDS:
            raise InputError("no such kind of event", came=self.kind, expected=", ".join(KINDS))
        if self.since is not None and self.until is not None and self.until < self.since:
            raise InputError("the interval ends before it starts", came=f"{self.since} … {self.until} µs")


def entries(view: CostView, asked: Asked) -> list[tuple[ShopEvent, Entry]]:
    """Entries that fit, the newest first."""
    wanted = asked.text.strip().lower()
    found = [
        (event, entry) for event, entry in view.booked
        if (not asked.kind or event.kind == asked.kind)
        and (asked.since is None or event.time >= asked.since)
        and (asked.until is None or event.time <= asked.until)
        and (not asked.role or any(one.role == asked.role for one in entry.postings))
        and (not wanted or _holds(event, entry, wanted))
    ]  # fmt: skip
    found.reverse()
    return found


def _holds(event: ShopEvent, entry: Entry, wanted: str) -> bool:
    if wanted == entry.id.lower():
        return True
    if any(wanted in text.lower() for text in (event.order, event.item, event.lot, event.of)):
        return True
    return any(wanted in text.lower() for one in entry.postings for text in (one.order, one.item, one.lot))


@dataclass(frozen=True, slots=True)
class Trial:
    """The trial balance of a time [minor units].

    balances  by role, debit above 0, accounts with nothing on them left out; work in progress always
    debits    sum of all debits on the way; credits: of all credits, as a number above 0
    cards     work in progress by the cost cards of the open orders, where the time is now; else by the journal
    open      work in progress of each open order
    """

    balances: Mapping[str, int]
    debits: int
    credits: int
    cards: int
    open: Mapping[str, int]

    @property
    def wip(self) -> int:
        """Balance of the account of work in progress."""
        return self.balances.get("wip", 0)

    @property
    def difference(self) -> int:
        """Debits less credits: 0, or the books are wrong."""
        return self.debits - self.credits


def trial(view: CostView, until: int | None = None) -> Trial:
    """The trial balance up to a time, that time included; of all entries where none is given."""
    book = view.cost.book
    balances = book.balances(until)
    debits = credit = 0
    for entry in book.entries:
        if until is None or entry.time <= until:
            for one in entry.postings:
                if one.amount > 0:
                    debits += one.amount
                else:
                    credit -= one.amount
    held = book.in_progress(until)
    cards = sum(card.open for card in book.cards.values()) if until is None else sum(held.values())
    shown = {role: balances.get(role, 0) for role in ROLES if balances.get(role) or role == "wip"}
    return Trial(shown, debits, credit, cards, dict(sorted(held.items(), key=lambda one: -abs(one[1]))))


@dataclass(frozen=True, slots=True)
class InProgress:
    """Work in progress over time, thinned so that lowest and highest of each stretch stay.

    time    [µs UTC]
    value   balance of the account [minor units]
    orders  how many orders have something in progress
    """

    time: NDArray[np.int64]
    value: NDArray[np.int64]
    orders: NDArray[np.int64]


def in_progress(view: CostView) -> InProgress:
    """Work in progress after each moment at which it changed."""
    times: list[int] = []
    values: list[int] = []
    counts: list[int] = []
    held: dict[str, int] = {}
    whole = count = 0
    for entry in view.cost.book.entries:
        changed = False
        for one in entry.postings:
            if one.role == "wip":
                before = held.get(one.order, 0)
                held[one.order] = before + one.amount
                count += (held[one.order] != 0) - (before != 0)
                whole += one.amount
                changed = True
        if not changed:
            continue
        if times and times[-1] == entry.time:
            values[-1], counts[-1] = whole, count
        else:
            times.append(entry.time)
            values.append(whole)
            counts.append(count)
    found = InProgress(*(np.asarray(one, np.int64) for one in (times, values, counts)))
    return _thinned(found)


def _thinned(found: InProgress) -> InProgress:
    """Of each stretch its first, lowest, highest and last point."""
    if len(found.time) <= 4 * _POINTS:
        return found
    keep: set[int] = set()
    for part in np.array_split(np.arange(len(found.time)), _POINTS):
        held = found.value[part]
        keep |= {int(part[0]), int(part[-1]), int(part[int(np.argmin(held))]), int(part[int(np.argmax(held))])}
    at = np.array(sorted(keep))
    return InProgress(found.time[at], found.value[at], found.orders[at])


def postings_csv(view: CostView, asked: Asked) -> bytes:
    """The postings of the entries that fit, as CSV in order of time: what another ledger takes."""
    numbers = {role: one.number for role, one in view.cost.chart.accounts.items()}
    found = [entry for _, entry in reversed(entries(view, asked))]
    rows = posting_rows(found, numbers, view.currency, view.digits)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(rows)
    for time, *cells in zip(*rows.values(), strict=True):
        writer.writerow([iso(int(str(time)), view.plant.zone), *cells])
    return text.getvalue().encode("utf-8-sig")
