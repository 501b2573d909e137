"""The equipment tree: ids once, paths that are paths, parents that exist, levels in order, no cycle."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from luban.core.errors import InputError
from luban.core.ids import check_path
from luban.plant.complaint import Complaint, Place, did_you_mean, listing, said
from luban.plant.draft import FILE, Draft, Entry
from luban.plant.settings import KINDS
from luban.plant.tree import Node, tree

__all__ = ["RULES"]


def _duplicates(entries: Sequence[Entry[Any]], key: str, what: str) -> Iterator[Complaint]:
    first: dict[str, Place] = {}
    for entry in entries:
        name = getattr(entry.table, key)
        if name in first:
            yield Complaint(
                entry.at(key), key, f"duplicate {what}", repr(name), "each one once", f"the first is at {first[name]}"
            )
        first.setdefault(name, entry.at(key))


def _unique_ids(draft: Draft) -> Iterator[Complaint]:
    yield from _duplicates(draft.calendars, "id", "calendar")
    yield from _duplicates(draft.equipment, "path", "equipment")
    yield from _duplicates(draft.signals, "id", "signal")
    yield from _duplicates(draft.sources, "id", "source")


def _paths(draft: Draft) -> Iterator[Complaint]:
    plant = draft.plant.table.id if draft.plant else ""
    for entry in draft.equipment:
        if plant and entry.table.path.split("/")[0] == plant:
            hint = f"paths are below the plant: leave out {plant!r}"
            yield Complaint(entry.at("path"), "path", "a path that begins with the plant", entry.table.path, hint=hint)
        try:
            check_path(entry.table.path)
        except InputError as error:
            yield said(entry.at("path"), "path", error)


def _parents(draft: Draft) -> Iterator[Complaint]:
    nodes = tree(draft)
    for entry in draft.equipment:
        parent = entry.table.parent
        if parent and parent not in nodes:
            known = [path for path in nodes if path]
            yield Complaint(
                entry.at("parent"),
                "parent",
                "unknown equipment",
                repr(parent),
                listing(known),
                did_you_mean(parent, known),
            )


def _cycles(draft: Draft) -> Iterator[Complaint]:
    nodes = tree(draft)
    reported: set[str] = set()
    for path, node in nodes.items():
        chain = [path]
        while (parent := nodes[chain[-1]].parent) is not None and parent in nodes and parent not in chain:
            chain.append(parent)
        if parent in chain and path == parent and not reported & set(chain):
            reported |= set(chain)
            place = node.entry.at("parent") if node.entry else Place(FILE, 1)
            yield Complaint(
                place,
                "parent",
                "cycle in the equipment tree",
                " → ".join([*chain, path]),
                "a tree with the plant at its root",
            )


def _levels(draft: Draft) -> Iterator[Complaint]:
    nodes = tree(draft)
    for node in nodes.values():
        parent = nodes.get(node.parent) if node.parent is not None else None
        if parent is None or parent is node or node.entry is None:
            continue
        wrong = parent.kind == "work unit" or KINDS.index(node.kind) < KINDS.index(parent.kind)
        if wrong or (node.kind == "site" and parent.path == ""):
            yield Complaint(
                node.entry.at("kind"),
                "kind",
                f"{_a(parent.kind)} cannot contain {_a(node.kind)}",
                f"{_named(parent)} contains {node.path}",
                " > ".join(KINDS),
                "a folder is one site" if node.kind == "site" else "change the kind of one of them",
            )


def _a(kind: str) -> str:
    return f"an {kind}" if kind == "area" else f"a {kind}"


def _named(node: Node) -> str:
    return node.path or "the plant"


RULES = (_unique_ids, _paths, _parents, _cycles, _levels)
