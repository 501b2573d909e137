"""Families of life distributions, each a standard law behind log(life - threshold) or the life itself.

With y the logarithm (or the life), (y - place) / width follows the standard law. A Weibull is the smallest-value law of
the logarithm: scale = exp(place), shape = 1 / width.

Source  W. Q. Meeker, L. A. Escobar, Statistical Methods for Reliability Data (1998), chapters 4 and 5.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from scipy import special

from luban.core.errors import InputError
from luban.understand.quality.data import Floats

__all__ = ["LAWS", "Law", "Standard", "law_of", "standard"]

_ROOT = 0.5 * math.log(2 * math.pi)
_EULER = 0.5772156649015329


@dataclass(frozen=True, slots=True)
class Law:
    """A family of life distributions.

    name       weibull, lognormal, …
    kind       standard law: smallest, normal, logistic
    log        the law is that of log(life - threshold)
    fixed      width that the family fixes (1 for the exponential); 0: fitted
    bounded    a lower bound (threshold, guarantee time) is fitted too
    """

    name: str
    kind: str
    log: bool = True
    fixed: float = 0.0
    bounded: bool = False

    @property
    def parameters(self) -> int:
        """How many are fitted."""
        return 1 + (not self.fixed) + self.bounded

    def scale(self, life: Floats, threshold: float = 0.0) -> Floats:
        """Life on the scale of the law; minus infinity at or below the threshold."""
        if not self.log:
            return np.asarray(life, np.float64)
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(np.maximum(np.asarray(life, np.float64) - threshold, 0.0)))

    def life(self, y: float, threshold: float = 0.0) -> float:
        """The life at a place of that scale [unit]."""
        if not self.log:
            return y
        return threshold + math.exp(y) if y < 700 else math.inf

    def quantile(self, share: float) -> float:
        """Where the standard law has that share below; 0 < share < 1."""
        if self.kind == "normal":
            return float(special.ndtri(share))
        if self.kind == "logistic":
            return float(special.logit(share))
        return math.log(-math.log1p(-share))

    def middle(self, width: float) -> float:
        """Mean life: on the scale of the law, how far above the place; infinity where there is no mean."""
        if self.kind == "normal":
            return width * width / 2 if self.log else 0.0
        if self.kind == "logistic":
            if not self.log:
                return 0.0
            return math.log(math.pi * width / math.sin(math.pi * width)) if width < 1 else math.inf
        return float(special.gammaln(1 + width)) if self.log else -_EULER * width

    def surviving(self, z: float | Floats) -> Floats:
        """Share that outlives a standard place [1]."""
        return np.exp(standard(self.kind, np.asarray(z, np.float64)).survival)


@dataclass(frozen=True, slots=True)
class Standard:
    """A standard law at places z: logarithm of the density, its slope, logs of survival and of the share below."""

    density: Floats
    slope: Floats
    bend: Floats
    survival: Floats
    below: Floats


def standard(kind: str, z: Floats) -> Standard:
    """The standard law at places z, shape of z."""
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        if kind == "normal":
            return Standard(-0.5 * z * z - _ROOT, -z, -np.ones_like(z), special.log_ndtr(-z), special.log_ndtr(z))
        if kind == "logistic":
            up, down = special.log_expit(z), special.log_expit(-z)
            return Standard(up + down, -np.tanh(z / 2), -2 * np.exp(up + down), down, up)
        e = np.exp(np.minimum(z, 300.0))
        return Standard(z - e, 1 - e, -e, -e, np.where(z < -30, z, np.log(-np.expm1(-e))))


LAWS: Mapping[str, Law] = MappingProxyType(
    {
        law.name: law
        for law in (
            Law("weibull", "smallest"),
            Law("exponential", "smallest", fixed=1.0),
            Law("lognormal", "normal"),
            Law("loglogistic", "logistic"),
            Law("normal", "normal", log=False),
            Law("logistic", "logistic", log=False),
            Law("smallest_value", "smallest", log=False),
            Law("weibull_3", "smallest", bounded=True),
            Law("lognormal_3", "normal", bounded=True),
        )
    }
)
"""Families by name."""


def law_of(name: str) -> Law:
    """The family of that name. Raises InputError."""
    if name not in LAWS:
        raise InputError("no such family of lives", came=name, expected=", ".join(LAWS), where="family")
    return LAWS[name]
