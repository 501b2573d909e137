"""Levers: each once, asked at some time, verified by a figure of the plant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from luban.core.errors import InputError
from luban.core.time import parse_duration
from luban.plant.complaint import Complaint, did_you_mean, said
from luban.plant.draft import Draft, Entry
from luban.plant.settings import LeverTable
from luban.plant.tree import tree

__all__ = ["RULES"]

_FIGURES = ("scrap", "good", "mean")


def _levers(draft: Draft) -> Iterator[Complaint]:
    many = Counter(entry.table.id for entry in draft.levers)
    for entry in draft.levers:
        if many[entry.table.id] > 1:
            yield Complaint(entry.at("id"), "id", "a lever twice", repr(entry.table.id), "one [[lever]] an id")
        yield from _every(entry)
        yield from _figure(entry, draft)


def _every(entry: Entry[LeverTable]) -> Iterator[Complaint]:
    text = entry.table.every
    if text in {"", "shift"}:
        return
    try:
        length = parse_duration(text)
    except InputError as error:
        yield said(entry.at("every"), "every", error)
        return
    if length <= 0:
        yield Complaint(entry.at("every"), "every", "no time", repr(text), "a duration such as 15min, or shift")


def _figure(entry: Entry[LeverTable], draft: Draft) -> Iterator[Complaint]:
    text = entry.table.figure
    if not text:
        return
    kind, _, of = text.partition(" ")
    if kind == "mean":
        known = draft.named.get("signal", set()) | {
            f"{row.values['item']}:{row.values['name']}" for row in draft.rows("characteristics")
        }
    else:
        known = {path for path, node in tree(draft).items() if node.kind == "work unit"}
    if kind not in _FIGURES or of not in known:
        yield Complaint(
            entry.at("figure"), "figure", "no such figure", repr(text), "scrap PATH, good PATH, mean SIGNAL",
            did_you_mean(of, known),
        )  # fmt: skip


RULES = (_levers,)
