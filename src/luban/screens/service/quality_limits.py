"""How the chart of a characteristic stands by what people decided about it.

Reads  Fact(event, kind="limits"), as `understand.quality.spc.phases` does; a freeze also holds how the chart is drawn:
       `group` (single, lot or how many in a row), `rules`, and `first` and `last`, the facts it rests on
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from luban.understand.book import Entry
from luban.understand.quality.spc import Limits, causes, left_out, revisions

__all__ = ["Frozen", "Standing", "standing"]


@dataclass(frozen=True, slots=True)
class Frozen:
    """Limits that were frozen.

    limits       with revision, person, reason and since when they hold
    group        how values become points: single, lot, or how many in a row
    rules        names of the rules that the points are judged by
    first, last  seq of the first value of the first and of the last point that they rest on; 0 where nobody said
    at           when it was done [µs UTC]
    """

    limits: Limits
    group: str | int
    rules: tuple[str, ...]
    first: int
    last: int
    at: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How a chart stands.

    frozen   revisions in force, oldest first; empty: phase 1
    out      fact of a point left out of limits → why
    causes   fact of a point → what was found, oldest first
    entries  all that was decided, oldest first
    """

    frozen: tuple[Frozen, ...] = ()
    out: Mapping[int, str] = field(default_factory=dict)
    causes: Mapping[int, tuple[Entry, ...]] = field(default_factory=dict)
    entries: tuple[Entry, ...] = ()

    @property
    def newest(self) -> Frozen | None:
        """The limits that hold now; None in phase 1."""
        return self.frozen[-1] if self.frozen else None

    @property
    def stages(self) -> tuple[Frozen, ...]:
        """The newest revisions that are charted alike, oldest first."""
        alike: list[Frozen] = []
        for own in reversed(self.frozen):
            if alike and (own.limits.kind != alike[0].limits.kind or own.group != alike[0].group):
                break
            alike.append(own)
        return tuple(reversed(alike))


def standing(entries: Sequence[Entry]) -> Standing:
    """How things stand after these entries of one characteristic, in their order."""
    freezes = [entry for entry in entries if entry.code == "freeze"]
    frozen = tuple(_frozen(limits, freezes[limits.revision - 1]) for limits in revisions(entries))
    return Standing(frozen, left_out(entries), causes(entries), tuple(entries))


def _frozen(limits: Limits, entry: Entry) -> Frozen:
    data: Mapping[str, Any] = entry.data
    group = data.get("group", "single")
    rules = data.get("rules")
    named = tuple(map(str, rules)) if isinstance(rules, list) else ("limits",)
    first, last = (value if isinstance(value, int) else 0 for value in (data.get("first"), data.get("last")))
    return Frozen(limits, group if isinstance(group, int) else str(group), named, first, last, entry.time)
