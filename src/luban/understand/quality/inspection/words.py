"""Sentences of inspection that screens show: verdicts, steps, decisions, what is wanting, what was wrong."""

from __future__ import annotations

from luban.understand.quality.effect import STATISTICS
from luban.understand.quality.inspection.nonconformance import DECISIONS
from luban.understand.quality.inspection.steps import STEPS

__all__ = ["SENTENCES"]

_VERDICTS = (
    "no specification limits", "below the lower limit {limit} {unit}", "above the upper limit {limit} {unit}",
    "nearer to the limit {limit} {unit} than the gauge can tell", "within the limits",
)  # fmt: skip
_MISSING = (
    "a lot has no disposition yet", "a reworked, repaired or sorted lot is not released yet", "no cause is named",
    "there is no action against the cause", "an action is not done", "the effect of an action is not checked",
)  # fmt: skip
_HISTORY = ("opened", "effect checked", "good", "bad")
_NOTES = (
    "fewer than 20 pieces on a side", "fewer than 8 values on a side",
    "the shares scatter more than chance lets them: the interval is wider for it",
)  # fmt: skip
_WRONG = (
    "say what is wrong", "say what it concerns", "it is closed", "open it again first", "no lot is named",
    "name the lots", "a disposition needs a reason", "the lot is not held", "the lot has no disposition",
    "decide what becomes of it first", "a lot that is scrapped or returned is never released",
    "the lot was not measured again after its disposition", "the lot's newest value is out of its limits",
    "say what the cause is", "say what is to be done",
    "an action says how its effect is checked", "the action is done already", "it cannot be closed yet",
    "an action has no proven effect: say why it is closed all the same", "it is not closed", "no such action",
    "the lot rests on a gauge that was not to be trusted", "measure it again with a gauge that is calibrated",
    "the action is not done", "first say that it is done", "unknown characteristic", "no value", "not a number",
    "not a measured value", "this needs another role", "windows out of order", "no target",
)  # fmt: skip

SENTENCES: tuple[str, ...] = (
    *_VERDICTS, *DECISIONS.values(), *STEPS.values(), *STATISTICS.values(), *_MISSING, *_HISTORY, *_NOTES, *_WRONG,
)  # fmt: skip
"""Texts with {blanks}; a screen translates them."""
