"""What run-to-run control does in the long run, in closed form: stability, offset, spread, and what a dead band saves.

ξ is the true gain over the model's gain. The disturbance is a white noise on each run, a wandering level (random walk),
a drift of δ a run, or a step; every figure follows from the recursion of `RunToRun` without envelope:

    deviation before noise q, drift estimate D:   q' = q + δ + ω - ξ·((λ₁ + λ₂)·(q + ε) + λ₁·D),   D' = D + λ₂·(q + ε)
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from luban.core.errors import InputError

__all__ = [
    "DeadBand",
    "Loop",
    "best_weight",
    "dead_band",
    "deviations_after_step",
    "is_stable",
    "offset_under_drift",
    "spread",
]

Array: TypeAlias = NDArray[np.float64]

_NODES = 81


@dataclass(frozen=True, slots=True)
class Loop:
    """A controller on a process.

    weight        λ₁ of the level [1]
    ratio         ξ, true gain over the model's gain [1]
    drift_weight  λ₂ of the drift [1]; 0: EWMA
    """

    weight: float
    ratio: float = 1.0
    drift_weight: float = 0.0


def is_stable(loop: Loop) -> bool:
    """Whether a deviation dies out.

    EWMA: 0 < λξ < 2 (Ingolfsson and Sachs 1993, doi 10.1080/00224065.1993.11979473). Double EWMA: the roots of
    z² - (2 - ξ(λ₁ + λ₂))z + 1 - ξ(λ₁ + λ₂) + ξλ₁λ₂ lie inside the unit circle, which is
    ξ > 0 and ξ(λ₁ + λ₂ - λ₁λ₂/2) < 2 (Jury).
    Example  >>> is_stable(Loop(0.5, 3.9)), is_stable(Loop(0.5, 4.0))
             (True, False)
    """
    a, b, ratio = loop.weight, loop.drift_weight, loop.ratio
    if b == 0:
        return 0 < a * ratio < 2
    return ratio > 0 and a > 0 and ratio * (a + b - 0.5 * a * b) < 2


def offset_under_drift(loop: Loop, drift: float) -> float:
    """Deviation that stays when the level drifts by so much a run [unit of the value]: δ/(λξ); 0 with a drift estimate.

    Raises   InputError where the loop is not stable
    Example  >>> offset_under_drift(Loop(0.25, 0.8), 0.1)
             0.5
    """
    _stable(loop)
    return 0.0 if loop.drift_weight else drift / (loop.weight * loop.ratio)


def deviations_after_step(loop: Loop, step: float, runs: int) -> Array:
    """Deviation of each run after the level jumped by so much, shape (runs,): step·(1 - λξ)^k with an EWMA."""
    if not loop.drift_weight:
        powers: Array = step * (1.0 - loop.weight * loop.ratio) ** np.arange(runs, dtype=np.float64)
        return powers
    matrix, _ = _recursion(loop)
    state = np.array([step, 0.0])
    found = np.zeros(runs)
    for k in range(runs):
        found[k] = state[0]
        state = matrix @ state
    return found


def spread(loop: Loop, *, noise: float = 0.0, wander: float = 0.0) -> float:
    """Standard deviation of the value about the target in the long run [unit of the value].

    noise   standard deviation of a run's white noise, gauge included; the value itself has it
    wander  standard deviation of the level's change from run to run
    With an EWMA: √(2·noise²/(2 - λξ) + wander²/(λξ(2 - λξ))).
    Raises   InputError where the loop is not stable
    Example  >>> round(spread(Loop(0.5), noise=1.0) ** 2, 6)
             1.333333
    """
    _stable(loop)
    x = loop.weight * loop.ratio
    if not loop.drift_weight:
        return math.sqrt(2 * noise**2 / (2 - x) + wander**2 / (x * (2 - x)))
    matrix, push = _recursion(loop)
    each = noise**2 * np.outer(push, push) + wander**2 * np.outer([1.0, 0.0], [1.0, 0.0])
    whole = np.linalg.solve(np.eye(4) - np.kron(matrix, matrix), each.ravel())
    return math.sqrt(whole[0] + noise**2)


def best_weight(noise: float, wander: float) -> float:
    """λ with the least spread for a level that wanders under noise, at ξ = 1 [1].

    The stationary Kalman gain: λ²/(1 - λ) = (wander/noise)² (Muth 1960, doi 10.1080/01621459.1960.10482064).
    Example  >>> round(best_weight(1.0, 1.0), 6)
             0.618034
    """
    if noise < 0 or wander < 0 or noise + wander == 0:
        raise InputError(
            "a spread is none", came=f"noise {noise:g}, wander {wander:g}", expected="0 or more, not both 0"
        )
    if noise == 0:
        return 1.0
    share = (wander / noise) ** 2
    return 0.5 * (math.sqrt(share * share + 4 * share) - share)


@dataclass(frozen=True, slots=True)
class DeadBand:
    """What a dead band brings.

    runs    mean number of runs from one change to the next
    spread  standard deviation of the value about the target [unit of the value]
    """

    runs: float
    spread: float


def dead_band(width: float, weight: float, shock: float) -> DeadBand:
    """A dead band under a controller with the best weight for its process (bounded adjustment).

    width   no change while the expected deviation is within ± width [unit of the value], 0 or more
    weight  λ, above 0 to 1
    shock   standard deviation of the error of the one-run forecast [unit of the value], above 0
    The expected deviation is a random walk with steps of λ·shock that begins anew when it leaves the band; runs and
    spread solve an integral equation of the second kind, here by Gauss-Legendre (Box and Jenkins 1963; Box and Luceño,
    Statistical Control by Monitoring and Feedback Adjustment, 1997, chapter on bounded adjustment).
    Example  >>> dead_band(0.0, 0.2, 1.0)
             DeadBand(runs=1.0, spread=1.0)
    """
    if width < 0 or not 0 < weight <= 1 or shock <= 0:
        raise InputError("no dead band", came=f"width {width:g}, weight {weight:g}, shock {shock:g}")
    if width == 0:
        return DeadBand(1.0, shock)
    step = weight * shock
    nodes, weights = np.polynomial.legendre.leggauss(_NODES + 2 * int(8 * width / step) // 2)
    at, each = nodes * width, weights * width
    scale = step * math.sqrt(2 * math.pi)
    kernel = np.exp(-0.5 * ((at[:, None] - at) / step) ** 2) / scale  # symmetric
    first = np.exp(-0.5 * (at / step) ** 2) / scale * each
    visits = np.linalg.solve(np.eye(len(at)) - kernel * each[:, None], first)
    runs = 1.0 + float(visits.sum())
    return DeadBand(runs, math.sqrt(shock**2 + float((visits * at**2).sum()) / runs))


def _recursion(loop: Loop) -> tuple[Array, Array]:
    """(q, D) from run to run, and what a run's noise adds."""
    a, b, ratio = loop.weight, loop.drift_weight, loop.ratio
    return np.array([[1 - ratio * (a + b), -ratio * a], [b, 1.0]]), np.array([-ratio * (a + b), b])


def _stable(loop: Loop) -> None:
    if not is_stable(loop):
        raise InputError(
            "the loop is not stable",
            came=f"weights {loop.weight:g} and {loop.drift_weight:g}, gain ratio {loop.ratio:g}",
            expected="0 < λξ < 2, with a drift estimate ξ(λ₁ + λ₂ - λ₁λ₂/2) < 2",
            hint="a smaller weight, or a better gain",
        )
