"""Double entry: every entry's postings add up to zero, or there is no entry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from shlex import quote

from luban.core.errors import InputError

__all__ = ["Entry", "Posting", "balances", "differences", "posting_rows", "text_of"]


@dataclass(frozen=True, slots=True)
class Posting:
    """One line of an entry.

    role     role of the account, see `ROLES`
    amount   minor units; debit positive, credit negative
    order    order it concerns; "" for none
    element  cost element it carries
    item     item, for stock
    lot      its lot
    """

    role: str
    amount: int
    order: str = ""
    element: str = ""
    item: str = ""
    lot: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A journal entry.

    seq, part  the event it comes from
    time       when it was true [µs UTC]
    kind       kind of the event
    postings   its lines; they add up to zero
    Raises     InputError where they do not
    """

    seq: int
    part: int
    time: int
    kind: str
    postings: tuple[Posting, ...]

    def __post_init__(self) -> None:
        if sum(one.amount for one in self.postings):
            raise InputError("an entry that does not balance", came=str(self.postings), where=f"fact {self.seq}")

    @property
    def id(self) -> str:
        """Name of the entry."""
        return f"J{self.seq}.{self.part}" if self.part else f"J{self.seq}"


def balances(entries: Iterable[Entry], until: int | None = None) -> dict[str, int]:
    """Balance of each account's role [minor units] from entries up to a time, that time included."""
    found: dict[str, int] = {}
    for entry in entries:
        if until is None or entry.time <= until:
            for one in entry.postings:
                found[one.role] = found.get(one.role, 0) + one.amount
    return found


def differences(old: Sequence[Entry], new: Sequence[Entry], time: int) -> tuple[Entry, ...]:
    """Entries that bring the books from `old` to `new` without touching what was posted; nothing where they agree.

    time  when the adjustments are posted [µs UTC]
    """
    before = {(one.seq, one.part): one for one in old}
    after = {(one.seq, one.part): one for one in new}
    found = []
    for key in sorted(before.keys() | after.keys()):
        if before.get(key) == after.get(key):
            continue
        sums: dict[tuple[str, str, str, str, str], int] = {}
        for sign, entry in ((-1, before.get(key)), (1, after.get(key))):
            for one in entry.postings if entry else ():
                place = one.role, one.order, one.element, one.item, one.lot
                sums[place] = sums.get(place, 0) + sign * one.amount
        lines = tuple(Posting(role, amount, *rest) for (role, *rest), amount in sums.items() if amount)
        if lines:
            found.append(Entry(*key, time, "revalue", lines))
    return tuple(found)


def posting_rows(
    entries: Iterable[Entry], numbers: Mapping[str, str], currency: str, digits: int
) -> dict[str, list[object]]:
    """Rows of the `posting` stream, with time, subject, account, amount, currency and text.

    The stream's amounts are floats in whole currency units: exact to the minor unit below 2^53 of them. The text
    says what the entry is for and what the line concerns, in a form that `posted` reads back.
    """
    rows: dict[str, list[object]] = {name: [] for name in ("time", "subject", "account", "amount", "currency", "text")}
    for entry in entries:
        for one in entry.postings:
            cells = (entry.time, entry.id, numbers[one.role], one.amount / 10**digits, currency, text_of(entry, one))
            for name, cell in zip(rows, cells, strict=True):
                rows[name].append(cell)
    return rows


def text_of(entry: Entry, line: Posting) -> str:
    """What a posting is for, e.g. `issue order=A item=bar lot='B 2' element=material`."""
    said = (("order", line.order), ("item", line.item), ("lot", line.lot), ("element", line.element))
    return " ".join([entry.kind, *(f"{name}={quote(value)}" for name, value in said if value)])
