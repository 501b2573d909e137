"""Sentences of decisions that reach a screen, with {blanks}; screens translate them."""

from __future__ import annotations

from typing import Final

__all__ = ["DUE", "MENDED", "SENTENCES"]

MENDED: Final = "{machine} stands still: {moved} of {of} operations move, {late} orders are late, {before} before it"
DUE: Final = {
    "overdue": "{task} is overdue",
    "asked": "{task} is asked for by its condition: {why}",
    "due": "{task} is due within a week",
}

SENTENCES: Final = (
    MENDED, *DUE.values(),
    "what it needs goes to what is worth more", "it is not priced, and what it needs is taken",
    "what it needs is taken already", "it costs more than it brings", "it was not decided on in time",
    "by rule: the lever acts by itself", "nobody decided in time", "a newer proposal takes its place",
    "all automation was stopped before it was carried out", "this decision cannot be taken",
    "this decision cannot be declined", "this decision cannot be undone", "no such decision",
    "wait until that is done", "all automation is stopped",
)  # fmt: skip
"""Why decisions are proposed, dropped, turned down, and how they end."""
