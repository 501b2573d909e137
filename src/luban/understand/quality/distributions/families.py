"""Families of distributions for measured values, all told as one of a few standard laws behind a change of scale.

A value x is first taken to y = x, log(x - threshold) or asinh((x - threshold) / stretch); then (y - place) / width
follows a standard law. So a Weibull is a smallest-value law of the logarithm, and one set of formulas serves all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from scipy import special

from luban.understand.quality.data import Floats

__all__ = ["FAMILIES", "Family", "Fitted"]


@dataclass(frozen=True, slots=True)
class Family:
    """A family of distributions.

    name       normal, lognormal, weibull, …
    law        standard law behind it: normal, smallest, largest, logistic, gamma, half_normal
    log        the law is that of the logarithm of (x - threshold)
    width      width that is fixed by the family (the exponential is a Weibull of width 1); None: fitted
    threshold  a lower bound is fitted too (three-parameter family)
    bent       the law is that of asinh((x - threshold) / stretch): Johnson's unbounded family
    """

    name: str
    law: str
    log: bool = False
    width: float | None = None
    threshold: bool = False
    bent: bool = False

    @property
    def positive(self) -> bool:
        """Only values above zero can come from it."""
        return (self.log or self.law in {"gamma", "half_normal"}) and not self.threshold

    @property
    def parameters(self) -> int:
        """How many parameters are fitted."""
        fixed = self.width is not None or self.law == "half_normal"
        return 1 + (not fixed) + self.threshold + 2 * self.bent


FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        family.name: family
        for family in (
            Family("normal", "normal"),
            Family("lognormal", "normal", log=True),
            Family("weibull", "smallest", log=True),
            Family("gamma", "gamma"),
            Family("exponential", "smallest", log=True, width=1.0),
            Family("rayleigh", "smallest", log=True, width=0.5),
            Family("half_normal", "half_normal"),
            Family("logistic", "logistic"),
            Family("loglogistic", "logistic", log=True),
            Family("smallest_value", "smallest"),
            Family("largest_value", "largest"),
            Family("lognormal_3", "normal", log=True, threshold=True),
            Family("weibull_3", "smallest", log=True, threshold=True),
            Family("johnson_su", "normal", bent=True),
        )
    }
)
"""Families by name."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """A family with its parameters.

    place, width  of the standard law, on the scale of the family; for gamma: log of the scale, and the shape
    threshold     lower bound, or centre of Johnson's bend [unit]
    stretch       of Johnson's bend [unit]
    """

    family: Family
    place: float
    width: float
    threshold: float = 0.0
    stretch: float = 1.0

    @property
    def named(self) -> Mapping[str, float]:
        """Parameters as people know them: mean and sd, shape and scale."""
        law, log = self.family.law, self.family.log
        own: dict[str, float]
        if law == "gamma":
            own = {"shape": self.width, "scale": float(np.exp(self.place))}
        elif law == "half_normal":
            own = {"scale": self.width}
        elif self.family.name == "exponential":
            own = {"mean": float(np.exp(self.place))}
        elif self.family.name == "rayleigh":
            own = {"scale": float(np.exp(self.place) / np.sqrt(2.0))}
        elif log and law != "normal":
            own = {"shape": 1.0 / self.width, "scale": float(np.exp(self.place))}
        elif self.family.bent:
            own = {"gamma": -self.place / self.width, "delta": 1.0 / self.width, "lambda": self.stretch}
        elif log:
            own = {"log mean": self.place, "log sd": self.width}
        else:
            own = {
                "mean" if law == "normal" else "location": self.place,
                "sd" if law == "normal" else "scale": self.width,
            }
        if self.family.threshold or self.family.bent:
            own["threshold" if self.family.threshold else "xi"] = self.threshold
        return MappingProxyType(own)

    def _standard(self, x: Floats) -> Floats:
        """Values on the scale of the standard law; minus infinity below the support."""
        family = self.family
        if family.bent:
            return np.asarray((np.arcsinh((x - self.threshold) / self.stretch) - self.place) / self.width)
        if family.log:
            above = np.maximum(x - self.threshold, 0.0)
            with np.errstate(divide="ignore"):
                return np.asarray((np.log(above) - self.place) / self.width)
        return np.asarray((x - self.place) / self.width)

    def below(self, x: float | Floats) -> Floats:
        """Share of values at or below x [1]."""
        return self._share(np.asarray(x, np.float64), upper=False)

    def above(self, x: float | Floats) -> Floats:
        """Share of values above x [1]; exact far out, where 1 - below would lose its digits."""
        return self._share(np.asarray(x, np.float64), upper=True)

    def _share(self, x: Floats, *, upper: bool) -> Floats:
        law = self.family.law
        if law == "gamma":
            scaled = np.maximum(x, 0.0) / np.exp(self.place)
            return np.asarray((special.gammaincc if upper else special.gammainc)(self.width, scaled))
        if law == "half_normal":
            scaled = np.maximum(x, 0.0) / (self.width * np.sqrt(2.0))
            return np.asarray((special.erfc if upper else special.erf)(scaled))
        z = self._standard(x)
        with np.errstate(over="ignore"):
            if law == "normal":
                return np.asarray(special.ndtr(-z if upper else z))
            if law == "logistic":
                return np.asarray(special.expit(-z if upper else z))
            z = z if law == "smallest" else -z
            upper = upper if law == "smallest" else not upper
            return np.asarray(np.exp(-np.exp(z)) if upper else -np.expm1(-np.exp(z)))

    def quantile(self, share: float | Floats) -> Floats:
        """Value below which that share lies [unit]; 0 < share < 1."""
        p, law = np.asarray(share, np.float64), self.family.law
        if law == "gamma":
            return np.asarray(special.gammaincinv(self.width, p) * np.exp(self.place))
        if law == "half_normal":
            return np.asarray(special.erfinv(p) * self.width * np.sqrt(2.0))
        y = self.place + self.width * _quantile(law, p)
        if self.family.bent:
            return np.asarray(self.threshold + self.stretch * np.sinh(y))
        return np.asarray(self.threshold + np.exp(y) if self.family.log else y)

    def density(self, x: Floats) -> Floats:
        """Density at x [1/unit]."""
        return np.exp(self.log_density(np.asarray(x, np.float64)))

    def log_density(self, x: Floats) -> Floats:
        """Logarithm of the density; minus infinity outside the support."""
        law = self.family.law
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            if law == "gamma":
                scale, k = np.exp(self.place), self.width
                told = (k - 1) * np.log(x / scale) - x / scale - special.gammaln(k) - np.log(scale)
                return np.where(x > 0, told, -np.inf)
            if law == "half_normal":
                told = 0.5 * np.log(2 / np.pi) - np.log(self.width) - 0.5 * (x / self.width) ** 2
                return np.where(x >= 0, told, -np.inf)
            z = self._standard(x)
            told = _log_density(law, z) - np.log(self.width)
            if self.family.log:
                gap = x - self.threshold
                return np.where(gap > 0, told - np.log(gap), -np.inf)
            if self.family.bent:
                return np.asarray(
                    told - np.log(self.stretch) - 0.5 * np.log1p(((x - self.threshold) / self.stretch) ** 2)
                )
            return np.asarray(told)


def _quantile(law: str, p: Floats) -> Floats:
    if law == "normal":
        return np.asarray(special.ndtri(p))
    if law == "logistic":
        return np.asarray(special.logit(p))
    return np.log(-np.log1p(-p)) if law == "smallest" else -np.log(-np.log(p))


def _log_density(law: str, z: Floats) -> Floats:
    if law == "normal":
        return np.asarray(-0.5 * z * z - 0.5 * np.log(2 * np.pi))
    if law == "logistic":
        return np.asarray(-z - 2 * np.log1p(np.exp(-z)))
    z = z if law == "smallest" else -z
    return np.asarray(z - np.exp(z))
