"""Tables: rows once, references to items and equipment that exist, no item in itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from luban.plant.complaint import Complaint, did_you_mean
from luban.plant.draft import Draft
from luban.plant.tables import Row
from luban.plant.tree import tree

__all__ = ["RULES"]


def _table_ids(draft: Draft) -> Iterator[Complaint]:
    keys = {
        "items": ("id",),
        "orders": ("id",),
        "routing": ("item", "operation", "unit"),
        "bom": ("parent", "item"),
        "characteristics": ("item", "name"),
        "inspection": ("item", "operation", "characteristic"),
        "maintenance": ("asset", "task"),
        "spares": ("id",),
        "technicians": ("name",),
        "prices": ("kind", "of", "lot", "state", "basis", "start"),
        "rates": ("currency", "start"),
        "accounts": ("role",),
        "customers": ("place",),
        "kanban": ("id",),
        "codes": ("code",),
        "warranty": ("item",),
        "meters": ("id",),
        "meter_swaps": ("meter", "time"),
        "key_processes": ("id",),
    }
    for table, columns in keys.items():
        first: dict[tuple[Any, ...], Row] = {}
        for row in draft.rows(table):
            key = tuple(row.values[column] for column in columns)
            if key in first:
                yield Complaint(
                    row.at(columns[-1]),
                    columns[-1],
                    "a row given twice",
                    " ".join(map(str, key)),
                    "each one once",
                    f"the first is at {first[key].at(columns[-1])}",
                )
            first.setdefault(key, row)


def _item_references(draft: Draft) -> Iterator[Complaint]:
    items = {row.values["id"] for row in draft.tables.get("items", ())}
    if None in items:  # the table has no id to refer to, which is a complaint of its own
        return
    for table, columns in (
        ("routing", ("item",)),
        ("orders", ("item",)),
        ("bom", ("parent", "item")),
        ("characteristics", ("item",)),
        ("inspection", ("item",)),
    ):
        for row in draft.rows(table):
            for column in columns:
                item = row.values[column]
                if item not in items:
                    yield Complaint(
                        row.at(column),
                        column,
                        "unknown item",
                        repr(item),
                        "an id of the items table",
                        did_you_mean(item, items),
                    )


def _routing_units(draft: Draft) -> Iterator[Complaint]:
    nodes = tree(draft)
    named = draft.named.get("equipment", set())
    plant = draft.plant.table.id if draft.plant else ""
    for row in [*draft.rows("routing"), *draft.rows("key_processes")]:
        unit = row.values["unit"]
        if unit != "." and unit not in nodes and unit not in named:
            hint = did_you_mean(unit, [path for path in nodes if path])
            if unit.removeprefix(f"{plant}/") in nodes:
                hint = f"paths are below the plant: leave out '{plant}/'"
            yield Complaint(
                row.at("unit"), "unit", "unknown equipment", repr(unit), "the path of an [[equipment]]", hint
            )


def _order_dates(draft: Draft) -> Iterator[Complaint]:
    for row in draft.rows("orders"):
        release, due = row.values["release"], row.values["due"]
        if release is not None and due is not None and release > due:
            yield Complaint(row.at("due"), "due", "due before its release", row.values["id"], "release ≤ due")


def _limits(draft: Draft) -> Iterator[Complaint]:
    """The nominal value may lie outside its limits: fits such as 20 F7 are written so."""
    for row in draft.rows("characteristics"):
        lower, upper = row.values["lower"], row.values["upper"]
        if lower is not None and upper is not None and lower >= upper:
            yield Complaint(row.at("lower"), "lower", "limits out of order", f"{lower} and {upper}", "lower < upper")


def _bom_cycles(draft: Draft) -> Iterator[Complaint]:
    uses: dict[str, list[Row]] = {}
    for row in draft.rows("bom"):
        uses.setdefault(row.values["parent"], []).append(row)
    done: set[str] = set()
    for start in uses:
        path, stack = [start], [iter(uses[start])]
        while stack:
            line = next(stack[-1], None)
            if line is None:
                done.add(path.pop())
                stack.pop()
                continue
            item = line.values["item"]
            if item in path:
                loop = " → ".join([*path[path.index(item) :], item])
                expected = "a bill of material without a cycle"
                yield Complaint(line.at("item"), "item", "an item goes into itself", loop, expected)
            elif item not in done:
                path.append(item)
                stack.append(iter(uses.get(item, [])))


RULES = (_table_ids, _item_references, _routing_units, _order_dates, _limits, _bom_cycles)
