"""Maintenance tasks and spare parts: work units that exist, intervals that can be kept, parts that are kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from luban.core.errors import InputError
from luban.core.time import parse_duration
from luban.plant.complaint import Complaint, did_you_mean
from luban.plant.draft import Draft
from luban.plant.tables import Row
from luban.plant.tree import tree

__all__ = ["CLOCKS", "POLICIES", "RULES", "list_of", "parts_of"]

POLICIES: Final = ("calendar", "age", "condition", "failure")
CLOCKS: Final = ("calendar", "running", "pieces")
_WEEK: Final = 168.0
_TIMES: Final = re.compile(r"(.+?)\s*[x×]\s*(\d+)\Z")
_WHOLE: Final = (("maintenance", "people"), ("spares", "lot"), ("spares", "order_at"))


def list_of(text: str | None) -> tuple[str, ...]:
    """What stands between semicolons.

    Example list_of("oil; noise ") == ("oil", "noise")
    """
    return tuple(filter(None, (part.strip() for part in (text or "").split(";"))))


def parts_of(text: str | None) -> tuple[tuple[str, int], ...]:
    """Spare parts and how many of each.

    Example parts_of("bearing 6205 x2; seal") == (("bearing 6205", 2), ("seal", 1))
    """
    found = []
    for one in list_of(text):
        many = _TIMES.match(one)
        found.append((many[1], int(many[2])) if many else (one, 1))
    return tuple(found)


def _words(draft: Draft) -> Iterator[Complaint]:
    for row in draft.rows("maintenance"):
        for column, known in (("policy", POLICIES), ("clock", CLOCKS)):
            value = row.values[column]
            if value is not None and value not in known:
                hint = did_you_mean(value, known)
                yield Complaint(row.at(column), column, "unknown word", repr(value), ", ".join(known), hint)


def _assets(draft: Draft) -> Iterator[Complaint]:
    nodes = {path for path in tree(draft) if path} | draft.named.get("equipment", set())
    for row in draft.rows("maintenance"):
        asset = row.values["asset"]
        if asset not in nodes:
            hint = did_you_mean(asset, nodes)
            expected = "the path of an [[equipment]]"
            yield Complaint(row.at("asset"), "asset", "unknown equipment", repr(asset), expected, hint)


def _intervals(draft: Draft) -> Iterator[Complaint]:
    for row in draft.rows("maintenance"):
        policy, interval = row.values["policy"] or "calendar", row.values["interval"]
        if interval is None:
            if policy in {"calendar", "age"}:
                message = f"the policy {policy} needs an interval"
                yield Complaint(row.at("interval"), "interval", message, "an empty cell", "e.g. 90d")
        elif row.values["clock"] == "pieces":
            yield from _pieces(row, interval)
        else:
            yield from _duration(row, "interval")
        for column in ("duration", "failure_duration"):
            if row.values[column] is not None:
                yield from _duration(row, column)
    for row in draft.rows("spares"):
        if row.values["lead"] is not None:
            yield from _duration(row, "lead")


def _duration(row: Row, column: str) -> Iterator[Complaint]:
    try:
        if parse_duration(row.values[column]) > 0:
            return
        came = row.values[column]
    except InputError as error:
        came = error.came
    yield Complaint(row.at(column), column, "not a duration", came, "a time above 0 such as 4h or 90d")


def _pieces(row: Row, text: str) -> Iterator[Complaint]:
    if not text.isdecimal() or int(text) < 1:
        yield Complaint(row.at("interval"), "interval", "not a number of pieces", repr(text), "1, 2, 3, …")


def _whole_numbers(draft: Draft) -> Iterator[Complaint]:
    for table, column in _WHOLE:
        for row in draft.rows(table):
            value = row.values[column]
            if value is not None and value != int(value):
                yield Complaint(row.at(column), column, "not a whole number", f"{value:g}", "1, 2, 3, …")


def _kept(draft: Draft) -> Iterator[Complaint]:
    known = {row.values["id"] for row in draft.tables.get("spares", ())}
    for row in draft.rows("maintenance"):
        for item, _ in parts_of(row.values["parts"]):
            if item not in known:
                hint = did_you_mean(item, known) or "add it to spares.csv"
                expected = "an id of the spares table"
                yield Complaint(row.at("parts"), "parts", "unknown spare part", repr(item), expected, hint)


def _hours(draft: Draft) -> Iterator[Complaint]:
    for row in draft.rows("technicians"):
        if row.values["hours"] > _WEEK:
            yield Complaint(
                row.at("hours"), "hours", "more hours than a week has", f"{row.values['hours']:g}", "168 or less"
            )


RULES = (_words, _assets, _intervals, _whole_numbers, _kept, _hours)
