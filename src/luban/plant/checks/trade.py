"""Customers, kanban loops, labels, warranty: words that are known, items and machines that exist, whole numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from luban.plant.complaint import Complaint, did_you_mean
from luban.plant.draft import Draft
from luban.plant.tree import tree

__all__ = ["CODE_KINDS", "LANGUAGES", "RULES"]

CODE_KINDS: Final = ("part", "tool", "person", "machine", "order", "place")
LANGUAGES: Final = ("en", "zh", "ko")
_WHOLE: Final = (("kanban", "cards"), ("warranty", "months"), ("warranty", "refund"), ("warranty", "replace"))


def _words(draft: Draft) -> Iterator[Complaint]:
    for table, column, known in (("customers", "language", LANGUAGES), ("codes", "kind", CODE_KINDS)):
        for row in draft.rows(table):
            word = row.values[column]
            if word is not None and word not in known:
                hint = did_you_mean(word, known)
                yield Complaint(row.at(column), column, "not a known word", repr(word), ", ".join(known), hint)


def _items(draft: Draft) -> Iterator[Complaint]:
    known = {row.values["id"] for row in draft.tables.get("items", ())}
    for table in ("kanban", "warranty") if None not in known else ():
        for row in draft.rows(table):
            item = row.values["item"]
            if item not in known:
                hint = did_you_mean(item, known)
                yield Complaint(row.at("item"), "item", "unknown item", repr(item), "an id of the items table", hint)


def _machines(draft: Draft) -> Iterator[Complaint]:
    known = tree(draft)
    for row in draft.rows("codes"):
        name = row.values["name"]
        if row.values["kind"] == "machine" and name not in known:
            hint = did_you_mean(name, [path for path in known if path]) or "paths are relative to the plant"
            expected = "the path of an [[equipment]]"
            yield Complaint(row.at("name"), "name", "unknown equipment", repr(name), expected, hint)


def _numbers(draft: Draft) -> Iterator[Complaint]:
    for table, column in _WHOLE:
        for row in draft.rows(table):
            number = row.values[column]
            if number is not None and number != int(number):
                yield Complaint(row.at(column), column, "not a whole number", f"{number:g}", "1, 2, 3, …")
    for row in draft.rows("kanban"):
        if row.values["place"] == row.values["source"]:
            came = row.values["place"]
            yield Complaint(row.at("source"), "source", "a loop needs two places", came, "another place")


RULES = (_words, _items, _machines, _numbers)
