"""Remaining life by age alone: what is left of a life that has lasted so long, from those that failed and that run.

Signals say nothing of a machine beyond the horizon, and nothing at all where too few failures are known; its age still
does. A Weibull law is fitted to all histories, a machine that still runs counting as one that lasts at least so long.
How unsure the law itself is goes into the interval: laws are drawn around the likeliest one, and what they say of the
life that is left is averaged. Source: Meeker, Escobar (1998), chapters 8 and 12 (prediction).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from luban.understand.health.life.histories import Histories
from luban.understand.health.lifetime import LifeFit, Lives, fit_life
from luban.understand.quality.data import Floats

__all__ = ["AgeLaw", "ByAge", "age_law"]

_DRAWS = 400
_STEPS = 60


@dataclass(frozen=True, slots=True)
class ByAge:
    """What is left of a life by its age alone.

    life       median [time_unit]
    low, high  it lies between them with the confidence [time_unit]
    failures   it rests on, and machines that still run
    """

    life: float
    low: float
    high: float
    failures: int
    running: int

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        return {
            "life": self.life, "low": self.low, "high": self.high, "failures": self.failures, "running": self.running,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class AgeLaw:
    """A law of lives and how unsure it is.

    places, widths  of laws drawn around the likeliest one, shape (d,) each
    """

    fit: LifeFit
    failures: int
    running: int
    places: Floats = field(repr=False)
    widths: Floats = field(repr=False)

    def left(self, age: float, share: float) -> ByAge:
        """What is left at an age, with an interval of this coverage.

        Example  law.left(1200.0, 0.9).low
        """
        tail = (1 - share) / 2
        low, middle, high = (self._outlived(age, chance) for chance in (1 - tail, 0.5, tail))
        return ByAge(middle, low, high, self.failures, self.running)

    def _outlived(self, age: float, chance: float) -> float:
        """What is left with this chance at least [time_unit]."""
        lower, upper = 0.0, max(self.fit.quantile(0.5), age, 1e-9)
        while self._chance(age, upper) > chance and upper < 1e12:
            lower, upper = upper, 2 * upper
        for _ in range(_STEPS):
            middle = 0.5 * (lower + upper)
            if self._chance(age, middle) > chance:
                lower = middle
            else:
                upper = middle
        return upper

    def _chance(self, age: float, more: float) -> float:
        """That a machine of this age lasts so much longer: each law counts as far as it lets machines grow so old."""
        return float(self._survives(age + more).sum() / max(self._survives(age).sum(), 1e-300))

    def _survives(self, age: float) -> Floats:
        y = math.log(age) if age > 0 else -math.inf
        survives: Floats = np.exp(-np.exp(np.minimum((y - self.places) / self.widths, 50.0)))
        return survives


def age_law(histories: Histories, *, seed: int = 1) -> AgeLaw | None:
    """The law of these histories' lives; None where too few failed to tell one, or ages are not ages."""
    ends, begins = histories.lives(), histories.time[histories.starts[:-1]]
    if not len(ends) or (begins < 0).any() or (ends <= 0).any():
        return None
    high = np.where(histories.ended, ends, np.inf)
    # whoever came under observation at an age was seen to have reached it
    fit = fit_life(Lives(ends, high, np.ones(len(ends)), begins, (), histories.time_unit))
    if fit.reason or fit.covariance.shape != (2, 2):
        return None
    draws = np.random.default_rng(seed).multivariate_normal(
        [fit.place, fit.log_width], fit.covariance, _DRAWS, method="eigh"
    )
    failures = int(histories.ended.sum())
    widths = np.exp(np.clip(draws[:, 1], -20.0, 5.0))
    return AgeLaw(fit, failures, len(histories) - failures, draws[:, 0], widths)
