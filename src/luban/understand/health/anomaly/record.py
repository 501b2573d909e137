"""What a watch of a signal takes for usual changes after an alarm; each such change is on record.

Reads   Fact(event, kind="model") as the book gives it
Writes  nothing itself: rows of such entries for whoever runs the watch
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from luban.understand import book
from luban.understand.health.anomaly.notes import Adaptation

__all__ = ["adaptation_row", "unrecorded"]

_CODE = "adapt"


def adaptation_row(
    subject: str, channel: str, one: Adaptation, unit: str = "standard deviations in its regime"
) -> dict[str, list[Any]]:
    """The row of an entry: which channel of the subject took which level for usual, after which alarm.

    unit    of the two levels
    Example adaptation_row("shop/m1", "vibration", Adaptation(120, 7, 100, "new level", 0.1, 2.5))["code"] == ["adapt"]
    """
    data = {
        "what": "signal", "channel": channel, "kind": one.kind, "before": one.before, "after": one.after,
        "unit": unit, "at": one.at, "alarm": one.alarm,
    }  # fmt: skip
    return book.row("model", subject, _CODE, person="", text=one.text, data=data, time=one.time)


def unrecorded(
    entries: Iterable[book.Entry], adapted: Sequence[tuple[str, Adaptation]]
) -> tuple[tuple[str, Adaptation], ...]:
    """Those that the book does not hold yet: a watch that starts again meets the same ones again.

    entries  of kind `model` about the subject
    adapted  channel and adaptation, in order of time
    """
    known = {(str(one.data.get("channel")), one.time) for one in entries if one.code == _CODE}
    return tuple((channel, one) for channel, one in adapted if (channel, one.time) not in known)
