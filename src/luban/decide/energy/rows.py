"""A linear programme put together block by block, and solved by HiGHS.

Reads   blocks of variables and rows    Writes  nothing
Source  Q. Huangfu, J. A. J. Hall, Math. Prog. Comp. 10 (2018) 119-142, doi 10.1007/s12532-017-0130-5 (HiGHS)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from luban.core.errors import InputError
from luban.understand.quality.data import Floats, Ints

__all__ = ["Programme", "Solved"]


@dataclass(frozen=True, eq=False)
class Solved:
    """An answer: values of all variables, objective, proven bound and whether it is the optimum."""

    values: Floats
    objective: float
    bound: float
    optimal: bool


class Programme:
    """Minimise cost · x with bounds and rows; some x are whole."""

    def __init__(self) -> None:
        self._cost: list[Floats] = []
        self._low: list[Floats] = []
        self._high: list[Floats] = []
        self._whole: list[Floats] = []
        self._count = 0
        self._rows: list[tuple[Ints, Floats, float, float]] = []

    def block(self, count: int, cost: Floats | float, low: float, high: Floats | float, *, whole: bool = False) -> Ints:
        """New variables; their numbers."""
        for into, value in ((self._cost, cost), (self._low, low), (self._high, high), (self._whole, float(whole))):
            into.append(np.broadcast_to(np.asarray(value, float), (count,)))
        self._count += count
        return np.arange(self._count - count, self._count)

    def row(self, terms: Mapping[int, float], low: float, high: float) -> None:
        """One row: low ≤ Σ factor · variable ≤ high."""
        self._rows.append((np.array(list(terms), np.int64), np.array(list(terms.values()), float), low, high))

    def rows(self, terms: list[tuple[Ints, Floats | float]], low: Floats | float, high: Floats | float) -> None:
        """One row a step: low ≤ Σ factor · variable ≤ high, each by step."""
        count = len(terms[0][0])
        numbers = np.column_stack([one for one, _ in terms])
        factors = np.column_stack([np.broadcast_to(np.asarray(f, float), (count,)) for _, f in terms])
        lows, highs = (np.broadcast_to(np.asarray(v, float), (count,)) for v in (low, high))
        for at in range(count):
            self._rows.append((numbers[at], factors[at], float(lows[at]), float(highs[at])))

    def solve(self, seconds: float, gap: float) -> Solved:
        """The optimum, or the best found in that time with its bound.

        Raises  InputError when nothing satisfies all rows
        """
        from scipy.optimize import Bounds, LinearConstraint, milp
        from scipy.sparse import csr_array

        starts = np.concatenate([[0], np.cumsum([len(numbers) for numbers, *_ in self._rows])])
        matrix = csr_array(
            (np.concatenate([f for _, f, *_ in self._rows]), np.concatenate([n for n, *_ in self._rows]), starts),
            shape=(len(self._rows), self._count),
        )
        result = milp(
            np.concatenate(self._cost),
            integrality=np.concatenate(self._whole),
            bounds=Bounds(np.concatenate(self._low), np.concatenate(self._high)),
            constraints=LinearConstraint(matrix, [row[2] for row in self._rows], [row[3] for row in self._rows]),
            options={"time_limit": seconds, "mip_rel_gap": gap},
        )
        if result.x is None:
            if result.status == 1:
                raise InputError("no plan found in the time given", came=f"{seconds:g} s", hint="give it more time")
            raise InputError("no plan satisfies everything", came=str(result.message), hint="look at the limits of"
                             " grid and storage, and at the windows of loads")  # fmt: skip
        bound = result.mip_dual_bound if result.mip_dual_bound is not None else result.fun
        return Solved(np.asarray(result.x, float), float(result.fun), float(bound), result.status == 0)
