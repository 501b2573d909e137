"""The inspection plan: characteristics and operations that exist, and a frequency that can be kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from luban.core.errors import InputError
from luban.core.time import parse_duration
from luban.plant.complaint import Complaint, did_you_mean
from luban.plant.draft import Draft

__all__ = ["RULES", "how_often"]

_WORDS: Final = ("lot", "first", "shift")
_HOLDS: Final = ("out", "signal")
_PIECES: Final = re.compile(r"(\d+)(?:\s*(?:pieces?|pcs?\.?|件|个|개))?\Z")


def how_often(text: str) -> tuple[int | None, int | None]:
    """(duration [µs], number of pieces) of a frequency; both None for lot, first and shift.

    Raises  InputError
    Example how_often("2h") == (7_200_000_000, None)
    """
    text = text.strip()
    if not text or text in _WORDS:
        return None, None if text else 1
    pieces = _PIECES.match(text)
    if pieces:
        if int(pieces[1]) < 1:
            raise InputError("not a frequency", came=repr(text), expected="at least 1 piece")
        return None, int(pieces[1])
    try:
        duration = parse_duration(text)
    except InputError:
        duration = 0
    if duration <= 0:
        expected = f"a duration such as 2h, a number of pieces such as 50, or {', '.join(_WORDS)}"
        raise InputError("not a frequency", came=repr(text), expected=expected)
    return duration, None


def _frequencies(draft: Draft) -> Iterator[Complaint]:
    for row in draft.rows("inspection"):
        try:
            how_often(row.values["every"] or "")
        except InputError as error:
            yield Complaint(row.at("every"), "every", error.message, error.came, error.expected)
        hold = row.values["hold"]
        if hold is not None and hold not in _HOLDS:
            yield Complaint(
                row.at("hold"), "hold", "unknown rule", repr(hold), ", ".join(_HOLDS), did_you_mean(hold, _HOLDS)
            )
        pieces = row.values["pieces"]
        if pieces is not None and pieces != int(pieces):
            yield Complaint(row.at("pieces"), "pieces", "not a whole number of pieces", f"{pieces:g}", "1, 2, 3, …")


def _characteristics(draft: Draft) -> Iterator[Complaint]:
    known: dict[str, list[str]] = {}
    for row in draft.tables.get("characteristics", ()):
        known.setdefault(row.values["item"], []).append(str(row.values["name"]))
    items = {row.values["id"] for row in draft.tables.get("items", ())}
    for row in draft.rows("inspection"):
        item, name = row.values["item"], row.values["characteristic"]
        own = known.get(item, [])
        if item in items and name not in own:
            expected = f"a characteristic of {item}: {', '.join(own) or 'none'}"
            hint = did_you_mean(name, own) or "add it to characteristics.csv"
            yield Complaint(
                row.at("characteristic"), "characteristic", "unknown characteristic", repr(name), expected, hint
            )


def _operations(draft: Draft) -> Iterator[Complaint]:
    known: dict[str, list[str]] = {}
    for row in draft.tables.get("routing", ()):
        known.setdefault(row.values["item"], []).append(str(row.values["operation"]))
    for row in draft.rows("inspection"):
        item, operation = row.values["item"], row.values["operation"]
        own = known.get(item, [])
        if operation is not None and own and operation not in own:
            expected = f"an operation of {item}'s routing: {', '.join(dict.fromkeys(own))}"
            hint = did_you_mean(operation, own)
            yield Complaint(row.at("operation"), "operation", "unknown operation", repr(operation), expected, hint)


RULES = (_frequencies, _characteristics, _operations)
