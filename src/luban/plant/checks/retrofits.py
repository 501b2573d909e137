"""Retrofits: work units and signals that exist, and no second source of the same states."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from luban.core.errors import InputError
from luban.core.time import parse_duration
from luban.plant.complaint import Complaint, did_you_mean, said
from luban.plant.draft import Draft
from luban.plant.tree import tree

__all__ = ["RULES"]


def _places(draft: Draft) -> Iterator[Complaint]:
    nodes = tree(draft)
    units = {path for path, node in nodes.items() if node.kind == "work unit"}
    signals = draft.named.get("signal", set())
    for entry in draft.retrofits:
        table = entry.table
        if table.equipment not in units:
            yield Complaint(
                entry.at("equipment"), "equipment", "unknown work unit", repr(table.equipment),
                "the path of a work unit", did_you_mean(table.equipment, units),
            )  # fmt: skip
        for key in ("power", "counter"):
            name = getattr(table, key)
            if name and name not in signals:
                yield Complaint(
                    entry.at(key), key, "unknown signal", repr(name), "the id of a [[signal]]",
                    did_you_mean(name, signals),
                )  # fmt: skip
        try:
            cycle = parse_duration(table.cycle) if table.cycle else 1
        except InputError as error:
            yield said(entry.at("cycle"), "cycle", error)
            continue
        if cycle <= 0:
            yield Complaint(
                entry.at("cycle"), "cycle", "no time for a piece", repr(table.cycle), "a duration such as 45s"
            )


def _once(draft: Draft) -> Iterator[Complaint]:
    told = {entry.table.id.rpartition(":")[0] for entry in draft.signals if entry.table.role == "state"}
    many = Counter(entry.table.equipment for entry in draft.retrofits)
    for entry in draft.retrofits:
        own = entry.table.equipment
        if own in told:
            yield Complaint(
                entry.at("equipment"), "equipment", "states from two sources", repr(own),
                "a signal with role 'state' or a [[retrofit]], not both",
            )  # fmt: skip
        elif many[own] > 1:
            yield Complaint(
                entry.at("equipment"), "equipment", "read from its power twice", repr(own), "one [[retrofit]]"
            )


RULES = (_places, _once)
