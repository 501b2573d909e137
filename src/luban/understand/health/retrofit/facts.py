"""Rows for the books: states and counts that were read from power, and what they were read by.

A state carries the mapping `power@1`, so that every figure says what it rests on. Where the power tells too little,
states and counts are written with the quality `inferred` and stay out of figures.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

from luban.core.quality import Quality
from luban.understand import book
from luban.understand.health.retrofit.meter import Meter
from luban.understand.health.retrofit.reading import Made, Retrofitted

__all__ = ["MAPPING", "SOURCE", "SURE", "alive_row", "count_rows", "model_row", "state_rows"]

MAPPING: Final = "power@1"
SOURCE: Final = "retrofit"
"""Who says it, in the books, before the name of the machine."""
SURE: Final = 0.9
"""Confidence from which on states and counts are used in figures [1]."""


def state_rows(told: Retrofitted, unit: str, since: int, before: str = "") -> dict[str, list[Any]]:
    """State facts of a work unit between `since` and what is settled.

    unit    full path
    since   what lies before is in the books already [µs UTC]
    before  state that the books end with, "" for none: it is not said again
    """
    time, state = list[int](), list[str]()
    for spell in told.spells:
        start = max(spell.start, since)
        if spell.end > since and start < told.settled and spell.state != (state[-1] if state else before):
            time.append(start)
            state.append(spell.state)
    count = len(time)
    return {
        "time": time, "subject": [unit] * count, "state": state, "mapping": [MAPPING] * count,
        "quality": [_quality(told)] * count,
    }  # fmt: skip


def count_rows(told: Retrofitted, unit: str, since: int) -> dict[str, list[Any]]:
    """Count facts of a work unit between `since` and what is settled; power does not tell good from scrap."""
    parts = [(made, end) for made in told.made for end in made.ends.tolist() if since < end <= told.settled]
    parts.sort(key=lambda part: part[1])
    count = len(parts)
    return {
        "time": [end for _, end in parts], "subject": [unit] * count, "good": [1.0] * count, "scrap": [0.0] * count,
        "rework": [0.0] * count, "quality": [_quality(told, made) for made, _ in parts],
    }  # fmt: skip


def alive_row(source: str, start: int, end: int) -> dict[str, list[Any]]:
    """That the source told all that changed from `start` to `end` [µs UTC]."""
    return {"time": [start], "end": [end], "subject": [source], "kind": ["alive"], "text": ["power read"]}


def model_row(unit: str, meter: Meter, code: str, *, time: int | None = None) -> dict[str, list[Any]]:
    """Record of the levels that states are read by from now on.

    code  fit for the first, adapt where the levels have moved
    """
    state = meter.save().decode()
    data = {
        "model": "power levels", "meter": state, "digest": hashlib.sha256(state.encode()).hexdigest(),
        "hours": round(meter.hours, 2), "from": meter.start, "until": meter.end,
        "levels": [round(level.power, 6) for level in meter.levels.found],
    }  # fmt: skip
    return book.row("model", unit, code, person="", data=data, time=time)


def _quality(told: Retrofitted, made: Made | None = None) -> int:
    sure = told.confidence >= SURE and (made is None or made.sure)
    return int(Quality.GOOD if sure else Quality.INFERRED)
