"""What can be computed about withheld cells from published ones: the least and the most that each can be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array

from luban.core.errors import InputError
from luban.rollup.protect.table import Sum
from luban.understand.quality.data import Floats, Ints

__all__ = ["Published", "Range", "blocks", "equations", "ranges"]

_BATCH = 4_000
_FAR, _ENDLESS = 1e9, 1e6
"""Where a search without an end stops, and beyond what it is told as endless; in units of the largest told figure."""


@dataclass(frozen=True, slots=True)
class Published:
    """What everybody has.

    values  published figures, NaN where withheld
    low     what a figure cannot fall below
    high    what it cannot rise above
    sums    how cells add up
    """

    values: Floats
    low: Floats
    high: Floats
    sums: tuple[Sum, ...]


@dataclass(frozen=True, slots=True)
class Range:
    """What an attacker finds out about one withheld cell (index): it lies between `low` and `high`."""

    cell: int
    low: float
    high: float


def ranges(
    published: Published, cells: Sequence[int], *, known: Mapping[int, float] | None = None
) -> tuple[Range, ...]:
    """The least and the most that each of `cells` can be, by linear programming (HiGHS).

    known    figures of withheld cells that this attacker knows by itself
    Raises   InputError: what is published contradicts itself
    Example  rows 80 = 20 + 50 + 10, …: see Fischetti and Salazar-González, Math. Program. 84 (1999) 283-312,
             DOI 10.1007/s101070050023
    """
    values = published.values.copy()
    for cell, value in (known or {}).items():
        values[cell] = value
    hidden = np.flatnonzero(np.isnan(values))
    matrix, right = equations(published.sums, values, hidden)
    tied = blocks(matrix, hidden.size)
    found: dict[int, Range] = {cell: Range(cell, values[cell], values[cell]) for cell in cells
                               if not np.isnan(values[cell])}  # fmt: skip
    at = {int(cell): place for place, cell in enumerate(hidden)}
    wanted: dict[int, list[int]] = {}
    for cell in cells:
        if cell in at:
            wanted.setdefault(int(tied[at[cell]]), []).append(at[cell])
    for block, asked in wanted.items():
        inside = np.flatnonzero(tied == block)
        found |= _solve(matrix, right, (published.low[hidden], published.high[hidden]), inside, asked, hidden)
    return tuple(found[cell] for cell in cells)


def equations(sums: Sequence[Sum], values: Floats, hidden: Ints) -> tuple[coo_array, Floats]:
    """Every line with a withheld cell, over the withheld cells: parts - total = published total - published parts."""
    at = np.full(values.size, -1, dtype=np.int64)
    at[hidden] = np.arange(hidden.size)
    rows: list[int] = []
    columns: list[int] = []
    signs: list[float] = []
    right: list[float] = []
    for line in sums:
        cells = np.array((line.total, *line.parts))
        sign = np.array(line.signs)
        is_hidden = at[cells] >= 0
        if not is_hidden.any():
            continue
        rows += [len(right)] * int(is_hidden.sum())
        columns += at[cells[is_hidden]].tolist()
        signs += sign[is_hidden].tolist()
        right.append(-float(sign[~is_hidden] @ values[cells[~is_hidden]]))
    return coo_array((signs, (rows, columns)), shape=(len(right), hidden.size)), np.array(right)


def blocks(matrix: coo_array, count: int) -> Ints:
    """Which withheld cells hang together by lines of the table."""
    from scipy.sparse.csgraph import connected_components

    if count == 0:
        return np.zeros(0, dtype=np.int64)
    _, labels = connected_components(abs(matrix).T @ abs(matrix), directed=False)
    return np.asarray(labels, dtype=np.int64)


def _solve(
    matrix: coo_array, right: Floats, ends: tuple[Floats, Floats], inside: Ints, asked: Sequence[int], hidden: Ints
) -> dict[int, Range]:
    """Least and most of each asked cell of one block: many copies of the block in one program."""
    rows = matrix.tocsr()[:, inside]
    used = np.flatnonzero(np.diff(rows.indptr))
    rows, right = rows[used].tocoo(), right[used]
    scale = float(np.abs(right).max(initial=0.0)) or 1.0
    place = {int(cell): number for number, cell in enumerate(inside)}
    found: dict[int, Range] = {}
    step = max(_BATCH // max(2 * inside.size, 1), 1)
    for start in range(0, len(asked), step):
        some = asked[start : start + step]
        copies = 2 * len(some)
        shift = np.repeat(np.arange(copies), rows.nnz)
        big = coo_array(
            (np.tile(rows.data, copies),
             (np.tile(rows.row, copies) + shift * rows.shape[0], np.tile(rows.col, copies) + shift * inside.size)),
            shape=(copies * rows.shape[0], copies * inside.size),
        )  # fmt: skip
        cost = np.zeros(copies * inside.size)
        for number, cell in enumerate(some):
            cost[2 * number * inside.size + place[cell]] = 1.0
            cost[(2 * number + 1) * inside.size + place[cell]] = -1.0
        bounds = np.column_stack([np.tile(end[inside] / scale, copies) for end in ends])
        made = _program(cost, big, np.tile(right / scale, copies), bounds)
        for number, cell in enumerate(some):
            least, most = (made[(2 * number + side) * inside.size + place[cell]] * scale for side in (0, 1))
            edge = _ENDLESS * scale
            least, most = -np.inf if least < -edge else least, np.inf if most > edge else most
            found[int(hidden[cell])] = Range(int(hidden[cell]), float(least), float(most))
    return found


def _program(cost: Floats, matrix: coo_array, right: Floats, bounds: Floats) -> Floats:
    """Least cost; what has no bound goes far."""
    ends = np.clip(bounds, -_FAR, _FAR)
    solved = linprog(cost, A_eq=matrix.tocsr(), b_eq=right, bounds=ends, method="highs")
    if solved.status != 0:
        raise InputError("what is published contradicts itself", came=str(solved.message))
    return np.asarray(solved.x)
