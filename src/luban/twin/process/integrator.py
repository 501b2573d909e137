"""Compiled Runge-Kutta integration of ordinary differential equations, adaptive or in fixed steps.

Dormand and Prince's pair of orders 5 and 4 (1980, doi 10.1016/0771-050X(80)90013-3), explicit: a step is stable while
|λ|·h stays below about 3.3 on the negative real axis. The fastest mode of the C1 column (λ ≈ -28/min at nominal flow)
allows steps of 7 s; its slowest (λ ≈ -1/200/min) does not, which makes the system stiff by ratio, but a controller that
samples every few seconds asks for steps that short anyway. `spectral_limit` measures the limit for a given system.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from luban.core.errors import InputError
from luban.twin.process.layout import Vector

__all__ = ["STABILITY", "Integrator", "compiled", "integrator", "spectral_limit", "swift", "work"]

STABILITY = 3.3
"""|λ|·h up to which a decaying real mode decays in a step of the pair."""

Rates = Callable[..., None]
"""rates(t, y, dy, a): writes dy/dt into `dy`; `a` is whatever the system needs, unchanged during a step."""


def work(size: int) -> NDArray[np.float64]:
    """Room for the stages of a system of that size."""
    return np.zeros((9, size))


@njit(inline="always")
def _stages(rates: Any, t: float, y: Vector, h: float, k: Vector, a: Any) -> None:
    """Six stages, the solution of order 5 in k[7] and the difference to order 4 in k[8], each per h."""
    n = y.size
    x = k[7]
    rates(t, y, k[0], a)
    for i in range(n):
        x[i] = y[i] + h * 0.2 * k[0, i]
    rates(t + 0.2 * h, x, k[1], a)
    for i in range(n):
        x[i] = y[i] + h * (3 / 40 * k[0, i] + 9 / 40 * k[1, i])
    rates(t + 0.3 * h, x, k[2], a)
    for i in range(n):
        x[i] = y[i] + h * (44 / 45 * k[0, i] - 56 / 15 * k[1, i] + 32 / 9 * k[2, i])
    rates(t + 0.8 * h, x, k[3], a)
    for i in range(n):
        x[i] = y[i] + h * (
            19372 / 6561 * k[0, i] - 25360 / 2187 * k[1, i] + 64448 / 6561 * k[2, i] - 212 / 729 * k[3, i]
        )
    rates(t + 8 / 9 * h, x, k[4], a)
    for i in range(n):
        x[i] = y[i] + h * (
            9017 / 3168 * k[0, i]
            - 355 / 33 * k[1, i]
            + 46732 / 5247 * k[2, i]
            + 49 / 176 * k[3, i]
            - 5103 / 18656 * k[4, i]
        )
    rates(t + h, x, k[5], a)
    for i in range(n):
        x[i] = y[i] + h * (
            35 / 384 * k[0, i] + 500 / 1113 * k[2, i] + 125 / 192 * k[3, i] - 2187 / 6784 * k[4, i] + 11 / 84 * k[5, i]
        )
    rates(t + h, x, k[6], a)
    for i in range(n):
        k[8, i] = h * (
            71 / 57600 * k[0, i]
            - 71 / 16695 * k[2, i]
            + 71 / 1920 * k[3, i]
            - 17253 / 339200 * k[4, i]
            + 22 / 525 * k[5, i]
            - 1 / 40 * k[6, i]
        )


class Integrator:
    """The two compiled ways to move one system on.

    adaptive(y, t, end, h, relative, absolute, most, k, a) → (h, steps, rejected)
        y to `end` exactly, steps chosen by error; `h` is the first step to try and the next one to try.
        The error of component i is held below absolute[i] + relative·|y[i]|; inf leaves a component out.
        More than `most` steps, or one shorter than 1e-12 of the span, end the integration with steps = -1.
    fixed(y, t, h, steps, k, a)
        `steps` equal steps, no control of the error.
    """

    def __init__(self, rates: Rates) -> None:
        self.adaptive, self.fixed = integrator(rates)

    def solve(
        self,
        y: NDArray[np.float64],
        times: NDArray[np.float64],
        a: Any,
        relative: float = 1e-8,
        absolute: float = 1e-10,
        most: int = 1_000_000,
    ) -> NDArray[np.float64]:
        """The solution at `times`, of which the first belongs to `y`; one row each.

        Raises   InputError where no step is small enough: the solution leaves every bound.
        """
        y = y.astype(np.float64, copy=True)
        limit, room, rows = np.full(y.size, absolute), work(y.size), [y.copy()]
        h = float(times[1] - times[0]) / 100
        for start, end in pairwise(times):
            h, steps, _ = self.adaptive(y, float(start), float(end), h, relative, limit, most, room, a)
            if steps < 0:
                raise InputError("the solution cannot be followed", where=f"t = {start:g}")
            rows.append(y.copy())
        return np.array(rows)


def integrator(rates: Rates) -> tuple[Any, Any]:
    """The compiled `adaptive` and `fixed` of a compiled system; see Integrator."""

    @njit
    def adaptive(
        y: Vector, t: float, end: float, h: float, relative: float, absolute: Vector, most: int, k: Vector, a: Any
    ) -> tuple[float, int, int]:
        span = end - t
        if span <= 0.0:
            return h, 0, 0
        steps, rejected = 0, 0
        h = min(h, span)
        while True:
            last = t + h >= end - 1e-12 * span
            if last:
                h = end - t
            _stages(rates, t, y, h, k, a)
            worst, lost = 0.0, False
            for i in range(y.size):
                part = abs(k[8, i]) / (absolute[i] + relative * max(abs(y[i]), abs(k[7, i])))
                lost |= not part < 1e30
                worst = max(worst, part)
            if worst <= 1.0 and not lost:
                y[:] = k[7]
                t += h
                steps += 1
                grow = 5.0 if worst < 1e-4 else min(5.0, 0.9 * worst**-0.2)
                if last:
                    return h * grow, steps, rejected
                if steps == most:
                    return h, -1, rejected
                h *= grow
            else:
                rejected += 1
                h *= 0.1 if lost else max(0.1, 0.9 * worst**-0.2)
                if h < 1e-12 * span:
                    return h, -1, rejected

    @njit
    def fixed(y: Vector, t: float, h: float, steps: int, k: Vector, a: Any) -> None:
        for step in range(steps):
            _stages(rates, t + step * h, y, h, k, a)
            y[:] = k[7]

    return adaptive, fixed


def _chebyshev(stages: int) -> tuple[float, list[tuple[float, float, float, float]]]:
    """First weight and (mu, nu, weight of the last rates, weight of the first) of the stages that follow."""
    w0 = 1.0 + 2.0 / 13.0 / stages**2
    t, d, dd = [1.0, w0], [0.0, 1.0], [0.0, 0.0]
    for _ in range(2, stages + 1):
        dd.append(4.0 * d[-1] + 2.0 * w0 * dd[-1] - dd[-2])
        d.append(2.0 * t[-1] + 2.0 * w0 * d[-1] - d[-2])
        t.append(2.0 * w0 * t[-1] - t[-2])
    w1 = d[stages] / dd[stages]
    b = [0.0, 0.0] + [dd[j] / d[j] ** 2 for j in range(2, stages + 1)]
    b[0], b[1] = b[2], 1.0 / w0
    rest = [
        (
            2.0 * b[j] * w0 / b[j - 1],
            -b[j] / b[j - 2],
            2.0 * b[j] * w1 / b[j - 1],
            -(1.0 - b[j - 1] * t[j - 1]) * 2.0 * b[j] * w1 / b[j - 1],
        )
        for j in range(2, stages + 1)
    ]
    return b[1] * w1, rest


def swift(rates: Rates) -> Any:
    """Compiled single step of second order in three stages, called with (y, t, h, k, a); no control of the error.

    The stabilised Runge-Kutta-Chebyshev method (Sommeijer, Shampine, Verwer 1998, doi 10.1016/S0377-0427(97)00219-7):
    stable for |λ|·h up to 5.2 on the negative real axis, with half the work of the pair and, over samples as short as
    a controller's, an error far below what the instruments can tell. Sums of amounts are kept exactly here too.
    """
    first, ((mu2, nu2, last2, zero2), (mu3, nu3, last3, zero3)) = _chebyshev(3)

    @njit
    def step(y: Vector, t: float, h: float, k: Vector, a: Any) -> None:
        n = y.size
        one, two = k[7], k[8]
        rates(t, y, k[0], a)
        for i in range(n):
            one[i] = y[i] + first * h * k[0, i]
        rates(t, one, k[1], a)
        for i in range(n):
            two[i] = (1.0 - mu2 - nu2) * y[i] + mu2 * one[i] + nu2 * y[i] + h * (last2 * k[1, i] + zero2 * k[0, i])
        rates(t, two, k[2], a)
        for i in range(n):
            y[i] = (1.0 - mu3 - nu3) * y[i] + mu3 * two[i] + nu3 * one[i] + h * (last3 * k[2, i] + zero3 * k[0, i])

    return step


def compiled(rates: Rates) -> Rates:
    """A system's rates compiled."""
    return njit(rates)


def spectral_limit(rates: Rates, t: float, y: NDArray[np.float64], a: Any) -> float:
    """Longest stable step at that point, in the unit of t: STABILITY over the largest |λ| of the Jacobian.

    Example  dy/dt = -10·y: 3.3 / 10
    """
    size = y.size
    jacobian = np.empty((size, size))
    up, low = np.empty(size), np.empty(size)
    for i in range(size):
        h = 1e-6 * max(1.0, abs(float(y[i])))
        for sign, out in ((1.0, up), (-1.0, low)):
            moved = y.copy()
            moved[i] += sign * h
            rates(t, moved, out, a)
        jacobian[:, i] = (up - low) / (2 * h)
    return float(STABILITY / np.abs(np.linalg.eigvals(jacobian)).max())
