"""A family of lives fitted by greatest likelihood to whatever was seen of each unit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy import optimize

from luban.core.errors import InputError
from luban.understand.health.lifetime.laws import LAWS, Law, law_of
from luban.understand.health.lifetime.likelihood import Likelihood, Point
from luban.understand.health.lifetime.lives import Lives
from luban.understand.health.lifetime.words import COMMON_POINT, EDGE, FEW, NO_BOUND, NO_FAILURE, NO_FIT
from luban.understand.quality.data import Floats

__all__ = ["LEAST_FAILURES", "LifeFit", "fit_life", "fit_lives", "threshold_fit"]

LEAST_FAILURES = {1: 1, 2: 2, 3: 5}
"""Parameters → failures below which they are not fitted."""


@dataclass(frozen=True, slots=True)
class LifeFit:
    """A family with its likeliest parameters.

    place, log_width  of the standard law; scale = exp(place), shape = exp(-log_width) for Weibull
    threshold         lower bound of life [unit]; 0 where none is fitted
    log_likelihood    the greatest [1]
    covariance        of place, log width and, where fitted, threshold; shape (k, k); () where it is not known
    held              the width was given, not fitted
    reason            why there is no fit; "" where there is one
    """

    law: Law
    lives: Lives
    place: float = math.nan
    log_width: float = math.nan
    threshold: float = 0.0
    log_likelihood: float = -math.inf
    covariance: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    held: bool = False
    reason: str = ""

    @property
    def width(self) -> float:
        """Of the standard law."""
        return math.exp(self.log_width)

    @property
    def fitted(self) -> int:
        """Parameters that were fitted."""
        return self.law.parameters - (self.held and not self.law.fixed)

    @property
    def aicc(self) -> float:
        """Akaike's criterion, corrected for few units; smaller is better, infinity where there are too few."""
        n, k = self.lives.units, self.fitted
        if self.reason:
            return math.inf
        return 2 * k - 2 * self.log_likelihood + (2 * k * (k + 1) / (n - k - 1) if n > k + 1 else math.inf)

    @property
    def bic(self) -> float:
        """Schwarz' criterion; smaller is better."""
        return self.fitted * math.log(self.lives.units) - 2 * self.log_likelihood

    @property
    def named(self) -> dict[str, float]:
        """Parameters as people know them: shape and scale, log mean and log sd, mean and sd."""
        if self.reason:
            return {}
        law = self.law
        if law.name == "exponential":
            return {"mean": math.exp(self.place)}
        if law.log and law.kind != "normal":
            own = {"shape": 1 / self.width, "scale": math.exp(self.place)}
        elif law.log:
            own = {"log mean": self.place, "log sd": self.width}
        elif law.kind == "normal":
            own = {"mean": self.place, "sd": self.width}
        else:
            own = {"location": self.place, "scale": self.width}
        return own | ({"threshold": self.threshold} if law.bounded else {})

    def surviving(self, life: float | Floats) -> Floats:
        """Share that outlives a life [1]. Example  fit.surviving(500.0)"""
        y = self.law.scale(np.asarray(life, np.float64), self.threshold)
        return self.law.surviving((y - self.place) / self.width)

    def quantile(self, share: float) -> float:
        """Life by which that share has failed [unit]: 0.1 → B10."""
        return self.law.life(self.place + self.width * self.law.quantile(share), self.threshold)

    def rate(self, life: float) -> float:
        """Failures a unit of life of those that reached it [1/unit]."""
        step = 1e-5 * max(abs(life - self.threshold), 1e-9)
        ends = np.log(self.surviving(np.array([life - step, life + step])))
        return float((ends[0] - ends[1]) / (2 * step))

    @property
    def mean(self) -> float:
        """Mean life (MTTF, of repaired units MTBF) [unit]; infinity where the family has none."""
        return self.law.life(self.place + self.law.middle(self.width), self.threshold)


def fit_life(lives: Lives, family: str = "weibull", *, shape: float | None = None) -> LifeFit:
    """Fit one family.

    family  a name of LAWS
    shape   hold the Weibull shape at this value and fit the scale (Weibayes)

    Raises   InputError: no such family, a shape that is not above zero, or of another family
    Example  fit_life(lives([54, 187, 216], running=[500] * 17)).named["shape"]
    Source   Meeker and Escobar (1998), chapters 7, 8 and 11
    """
    law = law_of(family)
    if shape is not None and not (math.isfinite(shape) and shape > 0):
        raise InputError("the shape must be above zero", came=f"{shape:g}", where="shape")
    if shape is not None and law.name != "weibull":
        raise InputError("only a Weibull's shape can be held", came=family, expected="weibull", where="shape")
    empty = LifeFit(law, lives)
    held = shape is not None or bool(law.fixed)
    why = _unfit(lives, law, held=held)
    if why:
        return replace(empty, reason=why)
    if law.bounded:
        return threshold_fit(empty)
    surface = Likelihood(law, lives)
    place, log_width = surface.start()
    if held:
        log_width = math.log(law.fixed or 1 / (shape or 1.0))
    found = surface.greatest(place, log_width, fixed=held) if surface.possible else None
    if found is None:
        return replace(empty, reason=NO_FIT)
    place, log_width, top = found
    steady = float(-top.bend[0, 0])
    covariance = (np.array([[1 / steady]]) if steady > 0 else None) if held else inverse(top)
    if covariance is None:
        return replace(empty, reason=NO_FIT)
    return replace(
        empty, place=place, log_width=log_width, log_likelihood=top.value, covariance=covariance,
        held=shape is not None,
    )  # fmt: skip


def fit_lives(lives: Lives, families: Sequence[str] = tuple(LAWS)) -> tuple[LifeFit, ...]:
    """Fit several families; the best by AICc first, those without a fit last, with their reason."""
    return tuple(sorted((fit_life(lives, one) for one in families), key=lambda fit: (bool(fit.reason), fit.aicc)))


def inverse(top: Point) -> Floats | None:
    """Covariance of place and log width from the bend at the top; None where it is no top."""
    values = np.linalg.eigvalsh(top.bend)
    if not np.isfinite(values).all() or values.max() >= -1e-10 * abs(values.min()):
        return None
    return np.asarray(np.linalg.inv(-top.bend))


def _unfit(lives: Lives, law: Law, *, held: bool) -> str:
    """Why this family cannot be fitted to these lives; "" where it can."""
    failures = lives.failures
    if failures == 0:
        return NO_FAILURE
    needed = LEAST_FAILURES[1 if held else law.parameters]
    if failures < needed:
        return FEW.format(n=f"{failures:g}", m=needed)
    first = lives.high.min()
    if not held and (lives.low.max() < first or (lives.low.max() == first and bool(lives.exact.any()))):
        return COMMON_POINT
    if law.bounded and len(np.unique(lives.low[lives.exact])) < needed:
        return FEW.format(n=len(np.unique(lives.low[lives.exact])), m=needed)
    return ""


# ---------------------------------------------------------------- a lower bound


def threshold_fit(empty: LifeFit) -> LifeFit:
    """Fit place, width and lower bound: the likelihood along the bound must have a top of its own.

    Where the shape falls below 1 the likelihood has no end at the first failure, so only an inner top counts.
    """
    law, lives = empty.law, empty.lives
    ends = lives.high[lives.exact | (lives.before)]
    first = float(ends.min())
    reach = float(lives.low[lives.exact].max()) - first
    steps = np.linspace(math.log(1e-4 * reach), math.log(30 * reach), 45)
    tops: list[float] = []
    start: tuple[float, float] | None = None
    for step in steps[::-1]:
        found = _along(law, lives, first - math.exp(step), start)
        tops.append(-math.inf if found is None else found[2].value)
        start = None if found is None else found[:2]
    values = np.array(tops[::-1])
    inner = [at for at in range(1, len(steps) - 1) if values[at] > values[at - 1] and values[at] >= values[at + 1]]
    if not inner:
        return replace(empty, reason=EDGE if values[0] > values[-1] else NO_BOUND)
    at = max(inner, key=lambda one: values[one])

    def fallen(step: float) -> float:
        found = _along(law, lives, first - math.exp(step), None)
        return math.inf if found is None else -found[2].value

    best = optimize.minimize_scalar(fallen, bounds=(steps[at - 1], steps[at + 1]), method="bounded",
                                    options={"xatol": 1e-9})  # fmt: skip
    threshold = first - math.exp(float(best.x))
    if threshold <= 0:  # no life begins before zero, and at zero it is the family without a bound
        return replace(empty, reason=NO_BOUND)
    found = _along(law, lives, threshold, None)
    if found is None:
        return replace(empty, reason=NO_FIT)
    place, log_width, top = found
    gap = first - threshold
    # a Weibull's bound is no regular parameter up to shape 2: the estimate nears it faster than Fisher's spread says
    regular = law.kind != "smallest" or log_width < -math.log(2.0)
    covariance = _three(law, lives, place, log_width, threshold, 1e-4 * gap) if regular else None
    return replace(
        empty, place=place, log_width=log_width, threshold=threshold, log_likelihood=top.value,
        covariance=np.zeros((0, 0)) if covariance is None else covariance,
    )  # fmt: skip


def _along(
    law: Law, lives: Lives, threshold: float, start: tuple[float, float] | None
) -> tuple[float, float, Point] | None:
    surface = Likelihood(law, lives, threshold)
    if not surface.possible:
        return None
    found = surface.greatest(*start) if start is not None else None
    return found or surface.greatest(*surface.start())


def _three(law: Law, lives: Lives, place: float, log_width: float, threshold: float, step: float) -> Floats | None:
    """Covariance of all three parameters: exact bends, and slopes a step to either side of the bound."""
    low, mid, high = (Likelihood(law, lives, threshold + d).at(place, log_width) for d in (-step, 0.0, step))
    bend = np.zeros((3, 3))
    bend[:2, :2] = mid.bend
    bend[:2, 2] = bend[2, :2] = (high.slope - low.slope) / (2 * step)
    bend[2, 2] = (high.value - 2 * mid.value + low.value) / step**2
    if not np.isfinite(bend).all() or np.linalg.eigvalsh(bend).max() >= 0:
        return None
    return np.asarray(np.linalg.inv(-bend))
