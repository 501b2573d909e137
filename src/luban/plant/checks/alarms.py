"""The alarm list of a plant: signals that exist, and all that a condition needs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from luban.plant.complaint import Complaint, did_you_mean
from luban.plant.draft import Draft
from luban.plant.tables import Row
from luban.plant.tree import tree

__all__ = ["CONDITIONS", "PRIORITIES", "RULES", "alarm_name"]

CONDITIONS: Final = {
    "high": ("limit",), "low": ("limit",), "rate": ("limit", "window_s"), "deviation": ("limit", "other"),
    "discrepancy": ("other",), "is": ("word",), "is not": ("word",), "bad": (), "silent": ("limit",),
    "anomaly": (), "life": ("limit",),
}  # fmt: skip
"""Conditions, and the columns each one needs."""
PRIORITIES: Final = ("critical", "high", "medium", "low")
"""From the most urgent."""

_OF_EQUIPMENT: Final = ("anomaly", "life")
_ABOVE_ZERO: Final = ("deviation", "silent", "life")
_ANSWERS: Final = ("yes", "no")


def alarm_name(signal: str, condition: str, limit: float | None, word: str | None) -> str:
    """The name of an alarm that has none of its own. Example "shop/m1:load high 80"."""
    told = f"{limit:g}" if limit is not None else word or ""
    return f"{signal} {condition} {told}".strip()


def _words(draft: Draft) -> Iterator[Complaint]:
    for row in draft.rows("alarms"):
        for column, known in (("condition", tuple(CONDITIONS)), ("priority", PRIORITIES), ("latch", _ANSWERS)):
            value = row.values[column]
            if value is not None and value not in known:
                hint = did_you_mean(value, known)
                yield Complaint(row.at(column), column, "unknown word", repr(value), ", ".join(known), hint)


def _needs(draft: Draft) -> Iterator[Complaint]:
    for row in draft.rows("alarms"):
        condition, limit = row.values["condition"], row.values["limit"]
        for column in CONDITIONS.get(condition, ()):
            if row.values[column] is None:
                yield Complaint(
                    row.at(column),
                    column,
                    f"the condition {condition} needs a {column}",
                    "an empty cell",
                    f"a {column}",
                )
        if condition in _ABOVE_ZERO and limit is not None and limit <= 0:
            yield Complaint(row.at("limit"), "limit", "not above 0", f"{limit:g}", "a number above 0")
        if condition == "rate" and limit == 0:
            yield Complaint(
                row.at("limit"), "limit", "a rate of 0 is no limit", "0", "above 0 for a rise, below for a fall"
            )


def _places(draft: Draft) -> Iterator[Complaint]:
    signals = {entry.table.id for entry in draft.signals} | draft.named.get("signal", set())
    units = {path for path in tree(draft) if path}
    for row in draft.rows("alarms"):
        if row.values["condition"] in _OF_EQUIPMENT:
            yield from _known(row, "signal", units, "equipment")
        else:
            yield from _known(row, "signal", signals, "signal")
        if row.values["other"] is not None:
            yield from _known(row, "other", signals, "signal")


def _known(row: Row, column: str, known: set[str], kind: str) -> Iterator[Complaint]:
    value = row.values[column]
    if value not in known:
        hint = did_you_mean(value, known)
        yield Complaint(
            row.at(column), column, f"unknown {kind}", repr(value), f"the {kind} as plant.toml has it", hint
        )


def _once(draft: Draft) -> Iterator[Complaint]:
    first: dict[str, Row] = {}
    for row in draft.rows("alarms"):
        v = row.values
        name = v["id"] or alarm_name(v["signal"], v["condition"], v["limit"], v["word"])
        if name in first:
            hint = f"the first is at {first[name].at('id')}"
            yield Complaint(row.at("id"), "id", "an alarm given twice", name, "each alarm once", hint)
        first.setdefault(name, row)


RULES = (_words, _needs, _places, _once)
