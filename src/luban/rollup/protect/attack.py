"""The attacker: somebody who has only what is published, and a linear program.

It never sees a withheld figure. From the published figures, the sums of the table and what nobody doubts (no figure
below zero, where that is so) it computes for every withheld cell the least and the most that it can be. An insider
also knows the cells behind which it stands alone. The check beside it compares that with the true figure.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from luban.rollup.protect.ranges import Range, blocks, equations, ranges
from luban.rollup.protect.release import Release
from luban.rollup.protect.table import Key

__all__ = ["Exposure", "attack"]

_SLACK = 1e-7


@dataclass(frozen=True, slots=True)
class Exposure:
    """A sensitive figure that an attacker gets too close to.

    low, high                what the attacker finds out
    wanted_low, wanted_high  what it may find out at best
    insider                  who attacks; "" = anybody
    """

    key: Key
    value: float
    low: float
    high: float
    wanted_low: float
    wanted_high: float
    insider: str = ""


def attack(
    release: Release, *, insiders: bool = True, safe: Callable[[int, frozenset[int]], bool] | None = None
) -> tuple[Exposure, ...]:  # fmt: skip
    """Every sensitive figure that what is published gives away within its protection interval.

    insiders  also let each unit attack that stands alone behind a withheld cell
    safe      says that a cell needs no program against who knows some cells: tables are at hand that prove it
    Example   attack(suppress(table)) == ()
    """
    table, published = release.table, release.published
    shown = safe or (lambda *_: False)
    targets = [int(cell) for cell in table.sensitive if np.isnan(published.values[cell])]
    doubtful = [cell for cell in targets if not shown(cell, frozenset())]
    exposed = [_exposure(release, one, "") for one in ranges(published, doubtful)]
    if insiders:
        hidden = np.flatnonzero(np.isnan(published.values))
        block = np.full(len(table), -1)
        block[hidden] = blocks(equations(published.sums, published.values, hidden)[0], hidden.size)
        for name, known in release.insiders().items():
            tied = set(block[known].tolist())
            others = [cell for cell in targets if table.alone[cell] != name and int(block[cell]) in tied
                      and not shown(cell, frozenset(known))]  # fmt: skip
            own = {cell: float(table.values[cell]) for cell in known}
            near = [one for one in ranges(published, others, known=own) if _exposure(release, one, name)]
            sure = release.sure([one.cell for one in near], own)
            exposed += [_exposure(release, one, name, ends) for one, ends in zip(near, sure, strict=True)]
    open_ones = [int(cell) for cell in table.sensitive if not np.isnan(published.values[cell])]
    told = [_exposure(release, Range(cell, table.values[cell], table.values[cell]), "") for cell in open_ones]
    return tuple(one for one in (*told, *exposed) if one is not None)


def _exposure(release: Release, seen: Range, insider: str, sure: Range | None = None) -> Exposure | None:
    """The cell, if the range is too narrow. sure: what an insider's own cells make sure of."""
    table = release.table
    value, width = float(table.values[seen.cell]), float(table.width[seen.cell])
    ends = sure or Range(seen.cell, float(table.low[seen.cell]), float(table.high[seen.cell]))
    low, high = max(value - width, ends.low), min(value + width, ends.high)
    slack = _SLACK * max(abs(value), width)
    if seen.low <= low + slack and seen.high >= high - slack:
        return None
    return Exposure(table.keys[seen.cell], value, seen.low, seen.high, low, high, insider)
