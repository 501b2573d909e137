"""The parts of a quadratic program on a tree, and its solution where few limits are active."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Array", "Arrow", "QuadraticAnswer", "Rows", "by_active_set"]

Array: TypeAlias = NDArray[np.float64]

_MOST_CHANGES, _MOST_ACTIVE = 40, 60
_OUTSIDE = 1e-9


@dataclass(frozen=True, slots=True)
class QuadraticAnswer:
    """What a quadratic program came to.

    z            variables, shape (scenarios, n); the first `shared` columns are equal
    multipliers  of the rows, then of the upper and of the lower bounds, shape (scenarios, m + 2n), at least 0
    slack        by how much each row is exceeded, shape (scenarios, m); 0 for hard ones
    iterations   of the interior-point method
    gap          mean complementarity at the end [unit of the objective]
    solved       within the tolerance
    """

    z: Array
    multipliers: Array
    slack: Array
    iterations: int
    gap: float
    solved: bool


class Rows:
    """Rows G z ≤ h, upper and lower bounds, as one list."""

    def __init__(self, rows: Array, lower: Array, upper: Array) -> None:
        self.rows = rows
        self.count, self.width = rows.shape[1:]
        self.turned = np.ascontiguousarray(np.swapaxes(rows, 1, 2))
        self.up, self.down = np.isfinite(upper), np.isfinite(lower)

    def times(self, z: Array) -> Array:
        """A z."""
        inside = np.einsum("smn,sn->sm", self.rows, z) if self.count else np.zeros((len(z), 0))
        return np.concatenate([inside, z, -z], 1)

    def turned_times(self, y: Array) -> Array:
        """A' y."""
        m, n = self.count, self.width
        back: Array = y[:, m : m + n] - y[:, m + n :]
        return back + np.einsum("snm,sm->sn", self.turned, y[:, :m]) if m else back

    def row(self, scenario: int, index: int) -> Array:
        """One row of A."""
        m, n = self.count, self.width
        if index < m:
            one: Array = self.rows[scenario, index]
            return one
        line = np.zeros(n)
        line[(index - m) % n] = 1.0 if index < m + n else -1.0
        return line

    def weighed(self, d: Array) -> Array:
        """A' diag(d) A."""
        m, n = self.count, self.width
        found = (self.turned * d[:, None, :m]) @ self.rows if m else np.zeros((len(d), n, n))
        found[:, np.arange(n), np.arange(n)] += d[:, m : m + n] + d[:, m + n :]
        return found


class Arrow:
    """K dz = r, where the first `shared` variables are one and the same in every scenario."""

    def __init__(self, matrix: Array, shared: int) -> None:
        self.shared, self.matrix = shared, matrix
        self.own = np.linalg.inv(matrix[:, shared:, shared:])
        self.side = matrix[:, :shared, shared:]
        self.gain = self.own @ np.swapaxes(self.side, 1, 2)
        self.schur = (matrix[:, :shared, :shared] - self.side @ self.gain).sum(0)

    def solve(self, right: Array) -> Array:
        """The step for a right-hand side of shape (scenarios, n); what is shared is summed. Refined once."""
        found = self._solve(right)
        return found + self._solve(right - np.einsum("sij,sj->si", self.matrix, found))

    def _solve(self, right: Array) -> Array:
        k = self.shared
        free: Array = np.einsum("sij,sj->si", self.own, right[:, k:])
        if not k:
            return free
        first = np.linalg.solve(self.schur, (right[:, :k] - np.einsum("sij,sj->si", self.side, free)).sum(0))
        rest = free - self.gain @ first
        return np.concatenate([np.broadcast_to(first, (len(rest), k)), rest], 1)


@dataclass(slots=True)
class _Active:
    """A dual active-set method on its way.

    pull   multiplier of every row; known  what one unit of a row's pull does to z and to every row
    """

    arrow: Arrow
    made: Rows
    cap: Array
    cost: Array
    z: Array
    over: Array
    pull: Array
    held: list[tuple[int, int]]
    exceeded: set[tuple[int, int]]
    known: dict[tuple[int, int], tuple[Array, Array]]

    def answer(self, at: tuple[int, int]) -> tuple[Array, Array]:
        """How z and every row answer to a pull of one row."""
        if at not in self.known:
            push = np.zeros_like(self.z)
            push[at[0]] = self.made.row(*at)
            moved = self.arrow.solve(push)
            self.known[at] = (moved, self.made.times(moved))
        return self.known[at]

    def worst(self) -> tuple[int, int] | None:
        """The row that is broken most and is not dealt with yet."""
        over = self.over.copy()
        for at in (*self.held, *self.exceeded):
            over[at] = -np.inf
        at = divmod(int(over.argmax()), over.shape[1])
        return at if over[at] > _OUTSIDE else None

    def take_up(self, new: tuple[int, int]) -> bool:
        """Brings one broken row to its limit, or to its price; False: cannot be done."""
        for _ in range(_MOST_CHANGES):
            moved, rows = self.answer(new)
            if self.held:
                matrix = np.array([[self.known[other][1][at] for other in self.held] for at in self.held])
                share = np.linalg.solve(matrix, np.array([rows[at] for at in self.held]))
                for at, own in zip(self.held, share.tolist(), strict=True):
                    moved, rows = moved - own * self.known[at][0], rows - own * self.known[at][1]
            else:
                share = np.zeros(0)
            bend = float(rows[new])
            full = float(self.over[new]) / bend if bend > 1e-13 else np.inf
            step, gives = self._furthest(new, share)
            go = min(full, step)
            if not np.isfinite(go):
                return False
            self.z, self.over = self.z - go * moved, self.over - go * rows
            self.pull[new] += go
            for at, own in zip(self.held, share.tolist(), strict=True):
                self.pull[at] -= go * own
            if full <= step:
                self.held.append(new)
                return True
            if self.pull[gives] > 0.5 * self.cost[gives]:
                self.exceeded.add(gives)
            else:
                self.pull[gives] = 0.0
            if gives == new:
                return True
            self.held.remove(gives)
        return False

    def _furthest(self, new: tuple[int, int], share: Array) -> tuple[float, tuple[int, int]]:
        """How far the pull of `new` may grow before a row lets go or reaches its price, and which."""
        found = (float(self.cost[new] - self.pull[new]), new)
        for at, own in zip(self.held, share.tolist(), strict=True):
            room = (
                self.pull[at] / own
                if own > 1e-15
                else (self.pull[at] - self.cost[at]) / own
                if own < -1e-15
                else np.inf
            )
            if room < found[0]:
                found = (max(0.0, float(room)), at)
        return found


def by_active_set(
    hessian: Array, gradient: Array, made: Rows, cap: Array, cost: Array, shared: int
) -> QuadraticAnswer | None:
    """The exact solution by a dual active-set method, or None where that takes too long or gets stuck.

    From the solution without limits on, the row that is broken most is brought to its limit, one after the other, while
    those already there stay or let go (Goldfarb and Idnani 1983, doi 10.1007/BF02591962). A soft row whose pull reaches
    its price pulls no harder and is exceeded. One factorisation in all, so it is quick where few limits hold.
    """
    arrow = Arrow(hessian, shared)
    z = arrow.solve(-gradient)
    work = _Active(arrow, made, cap, cost, z, made.times(z) - cap, np.zeros(cap.shape), [], set(), {})
    for count in range(_MOST_ACTIVE):
        new = work.worst()
        if new is None:
            if any(work.over[at] < -_OUTSIDE for at in work.exceeded):
                return None
            slack = np.zeros(cap.shape)
            for at in work.exceeded:
                slack[at] = max(0.0, float(work.over[at]))
            return QuadraticAnswer(work.z, work.pull, slack[:, : made.count], count, 0.0, True)
        try:
            if not work.take_up(new):
                return None
        except np.linalg.LinAlgError:
            return None
    return None
