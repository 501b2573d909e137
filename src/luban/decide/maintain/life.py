"""A life as maintenance asks of it: what outlives an age, what has been lived by then, how it goes on.

Every policy is worked out on one grid of ages, so that all of them see the same life, and a hundred draws of its
parameters cost no more than one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from luban.core.errors import InputError
from luban.understand.health.lifetime import LifeFit, law_of
from luban.understand.quality.data import Floats

__all__ = ["Life", "life_of", "lives_drawn", "normal_life", "weibull_life", "weibull_of_mean"]

_POINTS = 2400
_LEAST_LEFT = 1e-9  # share of units at the end of the grid
_SHAPES, _SCALES = (0.05, 1e3), (1e-12, 1e12)  # of a Weibull, within which figures hold
_LONGEST = 60.0  # times the middle of the life


@dataclass(frozen=True)
class Life:
    """How long a part lasts.

    family     of `understand.health.lifetime.LAWS`
    place      of the standard law, on the scale of the family (log of the life for most)
    width      of the standard law, > 0
    threshold  life below which nothing fails [unit]
    unit       of ages: h, km, pieces
    source     what it rests on, for people
    """

    family: str
    place: float
    width: float
    threshold: float = 0.0
    unit: str = "h"
    source: str = ""

    def __post_init__(self) -> None:
        law = law_of(self.family)
        if not (math.isfinite(self.place) and 0 < self.width < math.inf):
            raise InputError("no life", came=f"place {self.place:g}, width {self.width:g}", where=self.family)
        if math.isinf(law.middle(self.width)):
            raise InputError("a life without a mean cannot be priced", came=self.family, hint="take another family")

    @property
    def shape(self) -> float | None:
        """Weibull shape [1]; None for other families."""
        return 1 / self.width if self.family in {"weibull", "exponential", "weibull_3"} else None

    def surviving(self, ages: float | Floats) -> Floats:
        """Share that outlives each age [1], shape of ages; ages ≥ 0."""
        law = law_of(self.family)
        y = law.scale(np.asarray(ages, np.float64), self.threshold)
        return law.surviving((y - self.place) / self.width)

    def quantile(self, share: float | Floats) -> Floats:
        """Age by which that share has failed [unit]; negative ages of a normal law count as 0."""
        law = law_of(self.family)
        shares = np.atleast_1d(np.asarray(share, np.float64))
        found = [law.life(self.place + self.width * law.quantile(float(p)), self.threshold) for p in shares]
        return np.asarray(np.maximum(np.array(found), 0.0))

    @cached_property
    def ages(self) -> Floats:
        """The grid of ages [unit], from 0 to where all but a billionth have failed, finer where they are young."""
        middle = float(self.quantile(0.5)[0])
        last = min(float(self.quantile(1 - _LEAST_LEFT)[0]), _LONGEST * middle)
        return last * np.linspace(0.0, 1.0, _POINTS) ** 2

    @cached_property
    def left(self) -> Floats:
        """Share that outlives each age of the grid [1]."""
        return self.surviving(self.ages)

    @cached_property
    def lived(self) -> Floats:
        """Mean life up to each age of the grid [unit]: the integral of the share left."""
        mid = self.surviving(0.5 * (self.ages[1:] + self.ages[:-1]))
        parts = np.diff(self.ages) * (self.left[1:] + 4 * mid + self.left[:-1]) / 6
        return np.concatenate([[0.0], np.cumsum(parts)])

    @property
    def mean(self) -> float:
        """Mean life [unit], of what fails within the grid."""
        return float(self.lived[-1])

    @cached_property
    def hazard(self) -> Floats:
        """Cumulative hazard at each age of the grid [1]: failures up to it where a repair leaves the age as it is."""
        with np.errstate(divide="ignore"):
            return np.minimum(-np.log(self.left), 700.0)

    def scaled(self, factor: float, unit: str) -> Life:
        """The same life in another unit: `factor` new units are one of the old."""
        if not 0 < factor < math.inf:
            raise InputError("no factor between units", came=f"{factor:g}", where=unit)
        if law_of(self.family).log:
            return replace(self, place=self.place + math.log(factor), threshold=self.threshold * factor, unit=unit)
        return replace(self, place=self.place * factor, width=self.width * factor, unit=unit)

    def sample(self, uniform: Floats) -> Floats:
        """Lives at uniform numbers in (0, 1), by interpolation on the grid [unit]."""
        return np.interp(np.asarray(uniform, np.float64), 1 - self.left, self.ages)

    def as_dict(self) -> dict[str, object]:
        """For `--json` and REST."""
        return {
            "family": self.family, "shape": self.shape, "place": self.place, "width": self.width,
            "threshold": self.threshold, "mean": self.mean, "unit": self.unit, "source": self.source,
        }  # fmt: skip


def weibull_life(shape: float, scale: float, unit: str = "h", source: str = "") -> Life:
    """A Weibull life.

    Example  weibull_life(2.5, 1000).mean
    """
    if not (shape > 0 and scale > 0):
        raise InputError("shape and scale of a Weibull lie above zero", came=f"{shape:g}, {scale:g}")
    if not (_SHAPES[0] <= shape <= _SHAPES[1] and _SCALES[0] <= scale <= _SCALES[1]):
        expected = "a shape of {:g} to {:g}, a scale of {:g} to {:g}".format(*_SHAPES, *_SCALES)
        raise InputError("no life of a part is like that", came=f"{shape:g}, {scale:g}", expected=expected)
    return Life("weibull", math.log(scale), 1 / shape, 0.0, unit, source)


def weibull_of_mean(shape: float, mean: float, unit: str = "h") -> Life:
    """A Weibull life of that mean [unit].

    Example  weibull_of_mean(2.0, 1000).mean
    """
    width = 1 / min(max(shape, _SHAPES[0]), _SHAPES[1])
    return weibull_life(shape, mean / math.gamma(1 + width), unit)


def normal_life(mean: float, sd: float, unit: str = "h", source: str = "") -> Life:
    """A normal life; sense only where the mean lies some standard deviations above zero."""
    if not (mean > 3 * sd > 0):
        raise InputError("a normal life below zero is none", came=f"{mean:g} ± {sd:g}", expected="mean > 3 sd")
    return Life("normal", mean, sd, 0.0, unit, source)


def life_of(fit: LifeFit, source: str = "") -> Life:
    """The life that was fitted to failures and units that still run. Raises InputError where there is no fit."""
    if fit.reason:
        raise InputError(fit.reason, where="life")
    return Life(fit.law.name, fit.place, fit.width, fit.threshold, fit.lives.unit, source)


def lives_drawn(fit: LifeFit, count: int, seed: int = 1) -> tuple[Life, ...]:
    """Lives as likely as the data let them be: draws of the parameters around the fit (normal, by Fisher information).

    Empty where the covariance is not known, or the shape was given. Widths beyond a factor of 20 are left out.
    """
    own = life_of(fit)
    spread = np.asarray(fit.covariance, np.float64)
    if not spread.size or fit.held:
        return ()
    middle = np.array([fit.place, fit.log_width, fit.threshold])[: len(spread)]
    drawn = np.random.default_rng(seed).multivariate_normal(middle, spread, count, method="eigh")
    found = []
    for row in drawn:
        log_width = float(row[1]) if len(row) > 1 else fit.log_width
        if abs(log_width - fit.log_width) > math.log(20):
            continue
        threshold = max(0.0, float(row[2])) if len(row) > 2 else own.threshold
        found.append(Life(own.family, float(row[0]), math.exp(log_width), threshold, own.unit))
    return tuple(found)
