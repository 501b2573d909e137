"""Sentences about schedules that lower floors make: causes, refusals, the words of the workbook."""

from __future__ import annotations

from luban.decide.schedule.late import CAUSES, RANKS, SENTENCES
from luban.decide.schedule.move import REFUSALS
from luban.decide.schedule.promise import LEVERS
from luban.decide.schedule.workbook import WORDS

__all__ = ["schedule_sentences"]

_DESK = (
    "the plan has changed meanwhile", "look at it again, then repeat", "nothing to undo", "nothing to redo",
    "no such plan", "a search is under way", "wait, or stop it", "that many seconds", "not an objective",
    "it can be done at {machines}", "the search ended without a plan",
    "the ways out could not be tried",
)  # fmt: skip


def schedule_sentences() -> tuple[str, ...]:
    """All of them."""
    return (
        *WORDS, *CAUSES.values(), *SENTENCES.values(), *RANKS.values(), *REFUSALS.values(), *LEVERS.values(), *_DESK,
    )  # fmt: skip
