"""Prices and accounts: kinds and roles that are known, work units that exist, currencies with a rate, work in
progress on its own account.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Final

from luban.plant.complaint import Complaint, did_you_mean
from luban.plant.draft import Draft
from luban.plant.tree import tree

__all__ = ["ACCOUNT_ROLES", "PRICE_KINDS", "RULES"]

PRICE_KINDS: Final = ("material", "machine", "labour", "tool", "energy", "overhead", "scrap")
ACCOUNT_ROLES: Final = (
    "material", "payable", "wip", "finished", "recovered", "sold", "machine", "labour", "tool", "energy", "overhead",
    "idle", "loss", "settlement",
)  # fmt: skip
_BASES: Final = ("actual", "standard")
_CODE: Final = re.compile(r"[A-Z]{3}")
_ELEMENTS: Final = ("material", "machine", "labour", "tool", "energy")


def _words(draft: Draft) -> Iterator[Complaint]:
    for table, column, known in (
        ("prices", "kind", PRICE_KINDS), ("prices", "basis", _BASES), ("accounts", "role", ACCOUNT_ROLES)
    ):  # fmt: skip
        for row in draft.rows(table):
            word = row.values[column]
            if word is not None and word not in known:
                hint = did_you_mean(word, known)
                yield Complaint(row.at(column), column, "not a known word", repr(word), ", ".join(known), hint)


def _names(draft: Draft) -> Iterator[Complaint]:
    known = tree(draft)
    for row in draft.rows("prices"):
        kind, of = row.values["kind"], row.values["of"]
        if of is None:
            if kind in ("material", "scrap"):
                yield Complaint(row.at("of"), "of", "a price of no item", "empty", "an item")
        elif kind == "machine" and of not in known:
            hint = did_you_mean(of, known) or "paths are relative to the plant"
            yield Complaint(row.at("of"), "of", "unknown work unit", repr(of), "a path of the equipment tree", hint)
        elif kind == "overhead" and of not in _ELEMENTS:
            expected = ", ".join(_ELEMENTS)
            yield Complaint(row.at("of"), "of", "not a cost element", repr(of), expected, did_you_mean(of, _ELEMENTS))


def _currencies(draft: Draft) -> Iterator[Complaint]:
    own = draft.cost.table.currency if draft.cost else "CNY"
    rated = {row.values["currency"] for row in draft.rows("rates")}
    code = "an ISO 4217 code, e.g. EUR"
    for row in draft.rows("rates"):
        word = row.values["currency"]
        if not _CODE.fullmatch(word or ""):
            yield Complaint(row.at("currency"), "currency", "not a currency", repr(word), code)
        elif word == own:
            yield Complaint(row.at("currency"), "currency", "a rate of the plant's own money", word, "a foreign one")
    for row in draft.rows("prices"):
        word = row.values["currency"]
        if word is None or word == own:
            continue
        if not _CODE.fullmatch(word):
            yield Complaint(row.at("currency"), "currency", "not a currency", repr(word), code)
        elif row.values["kind"] == "overhead":
            yield Complaint(row.at("currency"), "currency", "a share has no currency", word, "empty")
        elif word not in rated:
            hint = f"a line of it: {word},7.85"
            yield Complaint(row.at("currency"), "currency", "no rate of this currency", word, "one in rates.csv", hint)


def _closed(draft: Draft) -> Iterator[Complaint]:
    day = draft.cost.table.closed if draft.cost else ""
    if draft.cost and day:
        try:
            date.fromisoformat(day)
        except ValueError:
            yield Complaint(draft.cost.at("closed"), "cost.closed", "not a day", repr(day), "YYYY-MM-DD")


def _own_account(draft: Draft) -> Iterator[Complaint]:
    rows = {row.values["role"]: row for row in draft.rows("accounts")}
    wip = rows.get("wip")
    for role, row in rows.items():
        if wip is not None and role != "wip" and row.values["account"] == wip.values["account"]:
            came = f"{row.values['account']} is that of {role} too"
            yield Complaint(row.at("account"), "account", "work in progress shares its account", came, "one of its own")


RULES = (_words, _names, _currencies, _closed, _own_account)
