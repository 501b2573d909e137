"""Withhold what says too much, and as little more as keeps it withheld.

For every sensitive cell a table is sought that agrees with everything published and in which the cell lies as far off
as it must, above and below (Fischetti and Salazar-González's condition). The cheapest such table, by linear
programming, says which further cells have to be withheld; afterwards every one of these is published again if all
sensitive cells stay protected without it. So the result is safe by construction, and locally the least.

Source  M. Fischetti, J. J. Salazar-González, Management Science 47 (2001) 1008-1027, DOI 10.1287/mnsc.47.7.1008.9805
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array, hstack

from luban.rollup.protect.attack import attack
from luban.rollup.protect.release import COMPLEMENTARY, PRIMARY, PUBLISHED, Release
from luban.rollup.protect.table import Key, Table
from luban.understand.quality.data import Floats, Ints

__all__ = ["suppress"]

_TINY = 1e-9
"""Of a demand: what is no change."""
_NOTHING = 1e-15
"""Of the largest figure: what its last bit hides."""
_ROUNDS = 20
_LARGE = 300


def suppress(table: Table, *, opened: Iterable[Key] = (), closed: Iterable[Key] = ()) -> Release:
    """Withhold the sensitive cells and what gives them away.

    opened   cells that are known already and cannot be withheld any more
    closed   cells that are withheld in any case
    A sensitive cell that cannot be protected is in `unprotected`; nothing is said to be safe that is not.
    Example  attack(suppress(tabulate(firms, "revenue"))) == ()
    """
    fixed = {table.index(key) for key in opened}
    hidden = {table.index(key) for key in closed} | {int(cell) for cell in table.sensitive}
    work = _Work(table, fixed, hidden - fixed)
    work.protect()
    work.reopen({table.index(key) for key in closed})
    for _ in range(_ROUNDS):
        release = work.release()
        known = release.insiders()
        exposed = [one for one in attack(release, safe=work.safe)
                   if (table.index(one.key), frozenset(known.get(one.insider, ()))) not in work.failed]  # fmt: skip
        if not exposed:
            return release
        for one in exposed:
            work.demand(table.index(one.key), known.get(one.insider, ()), one.wanted_low, one.wanted_high)
    left = tuple(dict.fromkeys((*release.unprotected, *(one.key for one in exposed))))
    return replace(release, unprotected=left)


@dataclass(frozen=True, slots=True)
class _Demand:
    """A cell has to be able to lie `width` off (signed), with the cells `known` as they are."""

    cell: int
    width: float
    known: frozenset[int] = frozenset()


class _Work:
    """The search: which cells are hidden, which demands stand, and the table that shows that each is met."""

    def __init__(self, table: Table, fixed: set[int], hidden: set[int]) -> None:
        self.table, self.fixed, self.hidden = table, fixed, hidden
        self.matrix = _matrix(table)
        self.lines: list[list[int]] = [[] for _ in table.keys]
        for number, line in enumerate(table.sums):
            for cell in (line.total, *line.parts):
                self.lines[cell].append(number)
        self.weight = _weights(table)
        self.witness: dict[_Demand, Floats] = {}
        self.failed: set[tuple[int, frozenset[int]]] = {
            (int(cell), frozenset()) for cell in table.sensitive if int(cell) in fixed
        }

    def protect(self) -> None:
        order = sorted(self.hidden & set(self.table.sensitive.tolist()), key=lambda cell: -self.table.width[cell])
        for cell in order:
            self.demand(cell, ())

    def demand(self, cell: int, known: Sequence[int], low: float = -np.inf, high: float = np.inf) -> None:
        """Hide what a cell needs to be safe from who knows some cells, and so that it lies between `low` and `high`."""
        table = self.table
        up = min(table.width[cell], min(table.high[cell], high) - table.values[cell])
        down = min(table.width[cell], table.values[cell] - max(table.low[cell], low))
        for width in (float(up), -float(down)):
            one = _Demand(cell, width, frozenset(known))
            if (cell, one.known) in self.failed or abs(one.width) <= _NOTHING * self._scale():
                continue
            moved = self._met(one)
            if moved is None and len(table) > _LARGE:
                moved = self._move(one, self._near(cell))
            if moved is None:
                moved = self._move(one, range(len(table)))
            if moved is None:
                self.failed.add((cell, one.known))
                return
            self.witness[one] = moved
            self.hidden |= {int(place) for place in np.flatnonzero(np.abs(moved) > _TINY * abs(width))}

    def safe(self, cell: int, known: frozenset[int]) -> bool:
        """Tables found before show that a cell can lie off as far as it must, whoever knows some cells."""
        if (cell, known) in self.failed:
            return False
        table = self.table
        up = min(table.width[cell], table.high[cell] - table.values[cell])
        down = min(table.width[cell], table.values[cell] - table.low[cell])
        return all(
            abs(width) <= _NOTHING * self._scale() or self._met(_Demand(cell, width, known)) is not None
            for width in (float(up), -float(down))
        )

    def reopen(self, closed: set[int]) -> None:
        """Publish again what is not needed, the weightiest first."""
        keep = closed | set(self.table.sensitive.tolist())
        for cell in sorted(self.hidden - keep, key=lambda one: -self.weight[one]):
            again: dict[_Demand, Floats] = {}
            rest = self.hidden - {cell}
            for one, moved in self.witness.items():
                if abs(moved[cell]) <= _TINY * abs(one.width):
                    continue
                other = self._move(one, sorted(rest), again=False)
                if other is None:
                    break
                again[one] = other
            else:
                self.hidden = rest
                self.witness |= again

    def release(self) -> Release:
        reasons = self.table.reasons
        states = tuple(
            PUBLISHED if cell not in self.hidden else PRIMARY if reasons[cell] else COMPLEMENTARY
            for cell in range(len(self.table))
        )
        return Release(
            self.table, states, tuple(self.table.keys[cell] for cell in sorted({cell for cell, _ in self.failed}))
        )

    def _scale(self) -> float:
        return max(float(np.abs(self.table.values).max(initial=0.0)), 1e-300)

    def _met(self, one: _Demand) -> Floats | None:
        """A table found before that shows this demand met, or its mirror image."""
        for moved in self.witness.values():
            there = moved[one.cell]
            if abs(there) < abs(one.width) or any(abs(moved[cell]) > 0 for cell in one.known):
                continue
            mirrored = moved if there * one.width > 0 else -moved
            slack = max(_TINY * abs(one.width), _NOTHING * self._scale())
            moved_table = self.table.values + mirrored
            if (moved_table >= self.table.low - slack).all() and (moved_table <= self.table.high + slack).all():
                return mirrored
        return None

    def _near(self, cell: int) -> list[int]:
        """Cells that share a line with the cell, or with one that does: large tables are searched there first."""
        found = {cell}
        for _ in range(2):
            found |= {other for one in found for line in self.lines[one] for other in self._cells(line)}
        return sorted(found)

    def _cells(self, line: int) -> tuple[int, ...]:
        return (self.table.sums[line].total, *self.table.sums[line].parts)

    def _move(self, one: _Demand, pool: Sequence[int], *, again: bool = True) -> Floats | None:
        """The cheapest change of these cells of the true table that lifts the cell by the demand; None without one.

        again  search once more, what was used being cheap: it ends with fewer cells
        """
        table = self.table
        free = np.array([cell for cell in pool if cell not in self.fixed and cell not in one.known])
        if one.cell not in free:
            return None
        fall = np.maximum(table.values[free] - table.low[free], 0.0) / abs(one.width)
        rise = np.maximum(table.high[free] - table.values[free], 0.0) / abs(one.width)
        room = np.concatenate([rise, fall])
        cost = np.where(np.isin(free, list(self.hidden)), 1e-4, self.weight[free])
        cost = cost / np.minimum(np.maximum(np.minimum(rise, fall), 1e-3), 1.0)
        moved = self._least(one, free, room, cost)
        if moved is None or not again:
            return moved
        used = np.abs(moved[free]) / abs(one.width)
        return self._least(one, free, room, np.where(used > _TINY, cost / (used + 0.05), 20 * cost))

    def _least(self, one: _Demand, free: Ints, room: Floats, cost: Floats) -> Floats | None:
        """Rises and falls of the free cells, in units of the demand; a fall ends where the figure cannot go lower."""
        matrix = self.matrix[:, free]
        matrix = matrix[np.flatnonzero(np.diff(matrix.indptr))]
        count, place = free.size, int(np.searchsorted(free, one.cell))
        low, high = np.zeros(2 * count), room.copy()
        wanted, other = (place, place + count) if one.width > 0 else (place + count, place)
        low[wanted], high[wanted], high[other] = 1.0, max(high[wanted], 1.0), 0.0
        equal, zero = hstack([matrix, -matrix]).tocsr(), np.zeros(matrix.shape[0])
        solved = linprog(np.tile(cost, 2), A_eq=equal, b_eq=zero, bounds=np.column_stack([low, high]), method="highs")
        if solved.status != 0:
            return None
        moved = np.zeros(len(self.table))
        moved[free] = (solved.x[:count] - solved.x[count:]) * abs(one.width)
        return moved


def _matrix(table: Table) -> csr_array:
    rows: list[int] = []
    columns: list[int] = []
    signs: list[float] = []
    for number, line in enumerate(table.sums):
        rows += [number] * (1 + len(line.parts))
        columns += [line.total, *line.parts]
        signs += line.signs
    return csr_array((signs, (rows, columns)), shape=(len(table.sums), len(table)))


def _weights(table: Table) -> Floats:
    """What a cell is worth: a cell at least, and more the more of the value it tells."""
    sizes = np.abs(table.values)
    return 1.0 + 20.0 * sizes / max(float(sizes.max(initial=0.0)), 1e-300)
