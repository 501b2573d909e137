"""The equipment tree as it is written: paths below the plant, parents that are not listed filled in."""

from __future__ import annotations

from dataclasses import dataclass

from luban.plant.draft import Draft, Entry
from luban.plant.settings import EquipmentTable

__all__ = ["Node", "tree"]


@dataclass(frozen=True, slots=True)
class Node:
    """One place in the tree; the plant itself has the path '' and no parent.

    entry  the table it comes from; None for the plant and for a parent that was filled in
    """

    path: str
    parent: str | None
    kind: str
    name: str
    calendar: str
    entry: Entry[EquipmentTable] | None


def tree(draft: Draft) -> dict[str, Node]:
    """Nodes by path below the plant, as written: cycles and unknown parents are for the checks to find."""
    plant = draft.plant.table if draft.plant else None
    nodes = {"": Node("", None, "site", plant.name if plant else "", plant.calendar if plant else "", None)}
    listed = {entry.table.path: entry for entry in reversed(draft.equipment)}
    for entry in draft.equipment:
        for path in _lineage(entry.table):
            if path in listed:
                nodes.setdefault(path, _listed(listed[path]))
            elif path not in nodes:
                nodes[path] = Node(path, path.rpartition("/")[0], _kind(path, draft), path.rpartition("/")[2], "", None)
    return nodes


def _lineage(table: EquipmentTable) -> list[str]:
    """Paths from the top down to the table's own; a stated parent replaces the one the path implies."""
    if table.parent:
        return [table.path]
    parts = table.path.split("/")
    return ["/".join(parts[:depth]) for depth in range(1, len(parts) + 1)]


def _listed(entry: Entry[EquipmentTable]) -> Node:
    table = entry.table
    parent = table.parent or table.path.rpartition("/")[0]
    return Node(table.path, parent, table.kind, table.name or table.path.rpartition("/")[2], table.calendar, entry)


def _kind(path: str, draft: Draft) -> str:
    """A filled-in parent is a work center, or an area where an area stands below it."""
    below = (entry.table for entry in draft.equipment if entry.table.path.startswith(f"{path}/"))
    return "area" if any(table.kind in {"area", "site"} for table in below) else "work center"
