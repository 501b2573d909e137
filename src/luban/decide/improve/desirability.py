"""Several responses at once: each is turned into a desirability from 0 to 1, and their geometric mean is made large.

Source  Derringer and Suich (1980, doi:10.1080/00224065.1980.11980968); NIST/SEMATECH e-Handbook 5.5.3.2.2
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from luban.core.errors import InputError
from luban.decide.improve.fit import Fit
from luban.decide.improve.surface import Optimum, search_box
from luban.understand.quality.data import Floats

__all__ = ["Goal", "desirability", "joint_optimum", "overall"]


@dataclass(frozen=True, slots=True)
class Goal:
    """What a response should be.

    aim         max: 0 at `low`, 1 at `high`; min: 1 at `low`, 0 at `high`; target: 0 at both, 1 at `target`
    weight      how fast it falls: 1 straight, above 1 slow at first to rise, below 1 fast
    weight_high the same above the target; `weight` if None
    importance  how much it counts in the geometric mean
    """

    aim: str
    low: float
    high: float
    target: float | None = None
    weight: float = 1.0
    weight_high: float | None = None
    importance: float = 1.0

    def __post_init__(self) -> None:
        if self.aim not in ("max", "min", "target"):
            raise InputError("this aim is not known", came=self.aim, expected="max, min or target")
        if not self.low < self.high:
            raise InputError("the limits of a goal are reversed", came=f"{self.low:g} to {self.high:g}")
        if self.aim == "target" and (self.target is None or not self.low < self.target < self.high):
            raise InputError("a target lies between its limits", came=f"{self.target} in {self.low:g} to {self.high:g}")
        if min(self.weight, self.weight_high or self.weight) <= 0 or self.importance <= 0:
            raise InputError("weights and importance are above zero")


def desirability(goal: Goal, value: Floats | float) -> Floats:
    """How desirable a response is, 0 to 1.

    Example  float(desirability(Goal("target", 400, 600, 500), 450.0)) == 0.5
    """
    y = np.asarray(value, np.float64)
    span = goal.high - goal.low
    if goal.aim == "max":
        return np.asarray(np.clip((y - goal.low) / span, 0, 1) ** goal.weight)
    if goal.aim == "min":
        return np.asarray(np.clip((goal.high - y) / span, 0, 1) ** goal.weight)
    middle = float(goal.target or 0.0)
    below = np.clip((y - goal.low) / (middle - goal.low), 0, 1) ** goal.weight
    above = np.clip((goal.high - y) / (goal.high - middle), 0, 1) ** (goal.weight_high or goal.weight)
    return np.where(y <= middle, below, above)


def overall(parts: Sequence[Floats], goals: Sequence[Goal]) -> Floats:
    """Geometric mean by importance: 0 as soon as one part is 0."""
    weights = np.array([goal.importance for goal in goals])
    stacked = np.stack([np.asarray(part, np.float64) for part in parts])
    with np.errstate(divide="ignore"):
        return np.asarray(np.exp(np.tensordot(weights / weights.sum(), np.log(stacked), axes=1)))


def joint_optimum(
    fits: Sequence[Fit], goals: Sequence[Goal], *, bounds: Mapping[str, tuple[float, float]] | None = None,
    level: float = 0.95, total: float | None = None, seed: int = 0,
) -> Optimum:  # fmt: skip
    """The settings with the largest overall desirability; `value` is that, `predicted` what each response would be.

    bounds  by factor, in units of the fits; what the runs covered if None
    total   the settings sum to it (a mixture)
    Raises  InputError if no setting is desirable at all
    """
    if len(fits) != len(goals) or not fits:
        raise InputError("every response needs one goal", came=f"{len(fits)} responses, {len(goals)} goals")
    data: dict[str, Floats] = {}
    for one in fits:
        data |= {k: v for k, v in one.data.items() if k in one.model.factors and k not in data}
    names = tuple(data)
    box = np.array([(bounds or {}).get(n) or (float(np.min(data[n])), float(np.max(data[n]))) for n in names])

    def score(x: Floats) -> Floats:
        at = {n: x[:, j] for j, n in enumerate(names)}
        return overall([desirability(g, f.predict(at)[0]) for f, g in zip(fits, goals, strict=True)], goals)

    best, top = search_box(score, box, total=total, seed=seed)
    if not top > 0:
        raise InputError("no setting is desirable for every response", hint="widen the limits of a goal")
    at = {n: np.array([v]) for n, v in zip(names, best, strict=True)}
    predicted = {f.response: tuple(float(v[0]) for v in f.predict(at, level)) for f in fits}
    ends = tuple(n for n, v, (lo, hi) in zip(names, best, box, strict=True) if min(v - lo, hi - v) < 1e-6 * (hi - lo))
    nan = float("nan")
    return Optimum(dict(zip(names, best.tolist(), strict=True)), top, nan, nan, level, {}, ends, predicted)  # type: ignore[arg-type]
