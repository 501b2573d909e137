"""What is posted, as facts of the `posting` stream, and what is still to be posted so that it says what the books say.

A posted line is never taken back. Where a fact was corrected, what rests on it changes: the entry as it stood is
posted the other way round, and the new one after it. So the sum of what is posted is what the books say now, at
every instant, and a second run has nothing to post.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeAlias

from luban.core.currency import minor
from luban.core.errors import InputError
from luban.understand.cost.accounts import Chart
from luban.understand.cost.journal import Entry, text_of

__all__ = ["SOURCE", "PostedBooks", "PostedEntry", "PostedLine", "posted_books", "read_text", "to_post"]

SOURCE = "cost"
"""Who posts, in the column `source`: postings of others (an imported journal) are left alone."""

_REVERSED = "reversal of "
_Key: TypeAlias = tuple[str, str, str]
_COLUMNS = ("time", "subject", "account", "amount", "currency", "text")


@dataclass(frozen=True, slots=True)
class PostedLine:
    """A posted line.

    time     when it holds in the books [µs UTC]
    account  its number
    amount   minor units; debit positive
    text     kind of entry and what it concerns
    of       order, item, lot and element, as far as it concerns one
    """

    time: int
    subject: str
    account: str
    amount: int
    currency: str
    text: str

    @property
    def of(self) -> dict[str, str]:
        """Order, item, lot and element that it names."""
        return read_text(self.text)[2]


def read_text(text: str) -> tuple[bool, str, dict[str, str]]:
    """(is a reversal, kind of entry, what it names) of a posting's text.

    Example read_text("reversal of issue order=A") == (True, "issue", {"order": "A"})
    """
    try:
        kind, *words = shlex.split(text.removeprefix(_REVERSED))
    except ValueError:  # not a text of ours
        return False, text, {}
    named = dict(word.partition("=")[::2] for word in words if "=" in word)
    return text.startswith(_REVERSED), kind, named


@dataclass(slots=True)
class PostedEntry:
    """How an entry stands after all that was posted of it.

    times  how often it was posted, reversals counted
    time   of what stands [µs UTC]
    lines  what stands: (account, currency, text) → minor units; empty once it is reversed
    """

    times: int = 0
    time: int = 0
    lines: dict[_Key, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PostedBooks:
    """The books as they are posted.

    lines    in the order in which they were posted
    entries  by the entry's name
    """

    lines: tuple[PostedLine, ...]
    entries: Mapping[str, PostedEntry]

    def balances(self, until: int | None = None) -> dict[str, int]:
        """Balance of each account's number [minor units], up to a time, that time included."""
        found: dict[str, int] = {}
        for one in self.lines:
            if until is None or one.time <= until:
                found[one.account] = found.get(one.account, 0) + one.amount
        return found

    def by_order(self, account: str, until: int | None = None) -> dict[str, int]:
        """What an account holds of each order [minor units], nothing left out but zeros; "" for no order.

        Of the account of work in progress it is the sum of the open orders.
        """
        found: dict[str, int] = {}
        for one in self.lines:
            if one.account == account and (until is None or one.time <= until):
                order = one.of.get("order", "")
                found[order] = found.get(order, 0) + one.amount
        return {order: amount for order, amount in found.items() if amount}


def posted_books(rows: Iterable[Mapping[str, Any]], digits: int) -> PostedBooks:
    """The posted books of facts of the `posting` stream, those of others left out.

    Raises  InputError for an entry that does not add up to zero: somebody else wrote under our name
    """
    lines: list[PostedLine] = []
    entries: dict[str, PostedEntry] = {}
    sums: dict[str, int] = {}
    for row in sorted(rows, key=lambda one: one["seq"]):
        if row["source"] != SOURCE:
            continue
        amount = minor(Decimal(str(row["amount"])), digits)
        line = PostedLine(row["time"], row["subject"], row["account"], amount, row["currency"], row["text"] or "")
        lines.append(line)
        name, _, number = line.subject.partition("/")
        entry = entries.setdefault(name, PostedEntry())
        sums[line.subject] = sums.get(line.subject, 0) + amount
        entry.times = max(entry.times, int(number) if number.isdecimal() else 1)
        key = line.account, line.currency, line.text.removeprefix(_REVERSED)
        entry.lines[key] = entry.lines.get(key, 0) + amount
        if not entry.lines[key]:
            del entry.lines[key]
        if not line.text.startswith(_REVERSED):
            entry.time = line.time
    if wrong := [name for name, amount in sums.items() if amount]:
        raise InputError("a posted entry that does not add up to zero", came=wrong[0], where="stream posting")
    return PostedBooks(tuple(lines), entries)


def to_post(
    entries: Sequence[Entry],
    posted: PostedBooks,
    chart: Chart,
    currency: str,
    digits: int,
    *,
    closed: int | None = None,
) -> dict[str, list[object]]:
    """Rows of the `posting` stream that bring what is posted to what the books say; none where they agree.

    closed  books before this are closed: what changes in them is posted at this time [µs UTC]
    """
    rows: dict[str, list[object]] = {name: [] for name in _COLUMNS}
    wanted = {entry.id: entry for entry in entries}

    def add(time: int, name: str, number: int, lines: Mapping[_Key, int], prefix: str = "") -> None:
        subject = name if number == 1 else f"{name}/{number}"
        for (account, money, text), amount in lines.items():
            cells = (time, subject, account, amount / 10**digits, money, prefix + text)
            for column, cell in zip(_COLUMNS, cells, strict=True):
                rows[column].append(cell)

    def held(time: int) -> int:
        return time if closed is None else max(time, closed)

    for name, entry in posted.entries.items():
        if name not in wanted and entry.lines:
            add(held(entry.time), name, entry.times + 1, _turned(entry.lines), _REVERSED)
    for name, one in wanted.items():
        lines = _lines(one, chart, currency)
        stands = posted.entries.get(name, PostedEntry())
        if lines == stands.lines and (not lines or held(one.time) == held(stands.time)):
            continue
        number = stands.times + 1
        if stands.lines:
            add(held(stands.time), name, number, _turned(stands.lines), _REVERSED)
            number += 1
        add(held(one.time), name, number, lines)
    return rows


def _lines(entry: Entry, chart: Chart, currency: str) -> dict[_Key, int]:
    found: dict[_Key, int] = {}
    for one in entry.postings:
        key = chart.number(one.role), currency, text_of(entry, one)
        found[key] = found.get(key, 0) + one.amount
    return {key: amount for key, amount in found.items() if amount}


def _turned(lines: Mapping[_Key, int]) -> dict[_Key, int]:
    return {key: -amount for key, amount in lines.items()}
