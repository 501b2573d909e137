"""A table as it goes out: what is told, what is withheld and why, and what that costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from luban.core.errors import InputError
from luban.rollup.protect.ranges import Published, Range, ranges
from luban.rollup.protect.table import Key, Table
from luban.rollup.protect.words import REASONS

__all__ = ["COMPLEMENTARY", "PRIMARY", "PUBLISHED", "Loss", "Release"]

PUBLISHED, PRIMARY, COMPLEMENTARY = "published", "primary", "complementary"


@dataclass(frozen=True, slots=True)
class Loss:
    """What withholding costs.

    cells           cells of the table
    primary         cells withheld because they say too much themselves
    complementary   cells withheld so that those cannot be computed
    value           share of the value in the finest cells that is no longer told there, 0 … 1; None where there is none
    """

    cells: int
    primary: int
    complementary: int
    value: float | None


@dataclass(frozen=True)
class Release:
    """A table as it goes out.

    states       for each cell: published, primary or complementary
    unprotected  sensitive cells that cannot be protected, because what must stay open gives them away
    """

    table: Table
    states: tuple[str, ...]
    unprotected: tuple[Key, ...] = ()
    _at: Mapping[Key, int] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_at", {key: number for number, key in enumerate(self.table.keys)})

    def state(self, key: Key) -> str:
        """published, primary or complementary. Raises InputError if there is no such cell."""
        return self.states[self._find(key)]

    def value(self, key: Key) -> float | None:
        """The figure, None where it is withheld. Raises InputError if there is no such cell."""
        at = self._find(key)
        return float(self.table.values[at]) if self.states[at] == PUBLISHED else None

    def reason(self, key: Key) -> str:
        """Why a figure is withheld, "" where it is published. Raises InputError if there is no such cell."""
        at = self._find(key)
        if self.states[at] == PUBLISHED:
            return ""
        return REASONS[self.table.reasons[at][0] if self.states[at] == PRIMARY else COMPLEMENTARY]

    @property
    def published(self) -> Published:
        """What everybody has: nothing of what is withheld is in it."""
        open_ones = np.array([one == PUBLISHED for one in self.states])
        return Published(np.where(open_ones, self.table.values, np.nan), self.table.low, self.table.high,
                         self.table.sums)  # fmt: skip

    @property
    def loss(self) -> Loss:
        """What withholding costs."""
        totals = {line.total for line in self.table.sums}
        finest = np.array([number not in totals for number in range(len(self.table))])
        hidden = np.array([one != PUBLISHED for one in self.states])
        sizes = np.abs(self.table.values)
        whole = float(sizes[finest].sum())
        share = float(sizes[finest & hidden].sum()) / whole if whole > 0 else None
        return Loss(len(self.table), self.states.count(PRIMARY), self.states.count(COMPLEMENTARY), share)

    def insiders(self) -> dict[str, list[int]]:
        """Who stands alone behind withheld cells, and which."""
        known: dict[str, list[int]] = {}
        for cell, (state, name) in enumerate(zip(self.states, self.table.alone, strict=True)):
            if name and state != PUBLISHED:
                known.setdefault(name, []).append(cell)
        return known

    def sure(self, cells: Sequence[int], own: Mapping[int, float]) -> tuple[Range, ...]:
        """What somebody's own cells alone make sure of in others, nothing being published: no rule takes that away."""
        if not cells:
            return ()
        nothing = replace(self.published, values=np.full(len(self.table), np.nan))
        return ranges(nothing, cells, known=own)

    def _find(self, key: Key) -> int:
        if tuple(key) not in self._at:
            raise InputError("no such cell", came=" × ".join(key), where=self.table.name)
        return self._at[tuple(key)]
