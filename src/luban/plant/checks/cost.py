"""Prices and accounts: kinds and roles that are known, work units that exist, work in progress on its own account."""

from __future__ import annotations

from collections.abc import Iterator
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


def _own_account(draft: Draft) -> Iterator[Complaint]:
    rows = {row.values["role"]: row for row in draft.rows("accounts")}
    wip = rows.get("wip")
    for role, row in rows.items():
        if wip is not None and role != "wip" and row.values["account"] == wip.values["account"]:
            came = f"{row.values['account']} is that of {role} too"
            yield Complaint(row.at("account"), "account", "work in progress shares its account", came, "one of its own")


RULES = (_words, _names, _own_account)
