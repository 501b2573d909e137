"""Sentences about schedules that lower floors make: causes, refusals, the words of the workbook."""

from __future__ import annotations

from luban.decide.schedule.late import CAUSES, RANKS, SENTENCES
from luban.decide.schedule.move import REFUSALS
from luban.decide.schedule.promise import LEVERS
from luban.decide.schedule.workbook import WORDS

__all__ = ["schedule_sentences"]

_DESK = (
    "the plan has changed meanwhile",
    "look at it again, then repeat",
    "nothing to undo",
    "nothing to redo",
    "no such plan",
    "a search is under way",
    "wait, or stop it",
    "that many seconds",
    "not an objective",
    "it can be done at {machines}",
    "the search ended without a plan",
    "the ways out could not be tried",
    "the dates could not be tried",
    "the plan could not be mended",
    "no such repair",
    "mend the plan again",
    "no such order in the plan",
    "its route has waits or batches, which a copy would lose",
    "the plan begins later",
)
_REPAIR = (
    "unknown machine", "unknown pool", "it ends before it begins, or is over",
    "its material is there: the order has begun", "an order of that name is in the plan",
    "nothing of the plan is left to decide", "no plan holds what is locked",
    "after this no plan was found that keeps every rule",
    "lengthen a deadline or a longest wait, unlock operations, or give more seconds",
    "{order}: no time for {operation} on {machine}", "lengthen the calendar, or raise the pool's level",
    "{order}: the fixed start of {operation} on {machine} cannot be kept",
    "free the operation, or move what is in its way",
)  # fmt: skip


def schedule_sentences() -> tuple[str, ...]:
    """All of them."""
    return (
        *WORDS, *CAUSES.values(), *SENTENCES.values(), *RANKS.values(), *REFUSALS.values(), *LEVERS.values(), *_DESK,
        *_REPAIR,
    )  # fmt: skip
