"""Records as plain JSON, for `--json`, REST and the page alike."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from typing import Any

__all__ = ["plain"]


def plain(thing: Any) -> Any:
    """The thing as JSON can hold it: dataclasses, tuples, paths and enums taken apart; NaN and infinity become null.

    Example plain({"share": float("nan"), "day": date(2026, 1, 2)}) == {"share": None, "day": "2026-01-02"}
    """
    if thing is None or isinstance(thing, (str, bool)):
        return str(thing.value) if isinstance(thing, Enum) else thing
    if isinstance(thing, Enum):
        return thing.name.lower() if isinstance(thing.value, int) else plain(thing.value)
    if isinstance(thing, (int, float)):
        return thing if isinstance(thing, int) or math.isfinite(thing) else None
    if is_dataclass(thing) and not isinstance(thing, type):
        return {
            field.name: plain(getattr(thing, field.name)) for field in fields(thing) if not field.name.startswith("_")
        }
    if isinstance(thing, Mapping):
        return {str(key): plain(value) for key, value in thing.items()}
    if isinstance(thing, (list, tuple, set, frozenset)):
        return [plain(item) for item in thing]
    if isinstance(thing, date):
        return thing.isoformat()
    return str(thing)
