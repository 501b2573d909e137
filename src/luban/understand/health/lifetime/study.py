"""A lifetime study: the curve, the family, its figures, its rivals, and what the reader should know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from luban.core.errors import InputError
from luban.understand.health.lifetime.curve import Curve, life_curve
from luban.understand.health.lifetime.figures import LifeFigure, exponential_mean, life_figures
from luban.understand.health.lifetime.fit import LifeFit, fit_life, fit_lives
from luban.understand.health.lifetime.laws import LAWS
from luban.understand.health.lifetime.lives import Lives
from luban.understand.health.lifetime.modes import Incidence, Modes, competing_modes, incidence
from luban.understand.health.lifetime.plans import lowest_life
from luban.understand.health.lifetime.words import (
    ALL_FAILED,
    FEW_FAILURES,
    GUARANTEE,
    HIGH_LEFT,
    HOLDS_CONSTANT,
    INFANT,
    LOST_ROWS,
    MEAN_FAR,
    SHAPE_KNOWN,
    WEAROUT,
)  # fmt: skip

__all__ = ["LifeStudy", "life_study"]

_FEW = 10
_MANY_LEFT = 0.8
_MOST_SEEN = 1 << 17


@dataclass(frozen=True, slots=True)
class LifeStudy:
    """All of a study.

    fit         of the family asked for, or the best; `fit.reason` says why there is none
    figures     of it, with intervals
    fits        of every family, best first
    curve       without any family; None where units came late and were seen between looks only
    modes       competing modes; None where the file tells none
    incidences  share failed of each mode; () where it cannot be told
    least       what the mean life is at least under a constant failure rate, one-sided: told where nothing failed
    least_scale the same for the scale under a known shape
    notes       what the reader should know
    """

    lives: Lives
    fit: LifeFit
    figures: tuple[LifeFigure, ...]
    fits: tuple[LifeFit, ...]
    curve: Curve | None
    modes: Modes | None
    incidences: tuple[Incidence, ...]
    level: float
    least: float | None = None
    least_scale: float | None = None
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """For `--json` and REST."""
        lives, curve = self.lives, self.curve
        return {
            "name": lives.name, "unit": lives.unit, "source": lives.source, "level": self.level, "units": lives.units,
            "failures": lives.failures, "running": float(lives.count[lives.running].sum()),
            "excluded": [one.as_dict() for one in lives.excluded],
            "family": self.fit.law.name, "reason": self.fit.reason, "parameters": self.fit.named,
            "log_likelihood": None if self.fit.reason else self.fit.log_likelihood,
            "figures": [one.as_dict() for one in self.figures],
            "families": [
                {"family": one.law.name, "reason": one.reason, "parameters": one.named,
                 "log_likelihood": None if one.reason else one.log_likelihood,
                 "aicc": one.aicc if np.isfinite(one.aicc) else None}
                for one in self.fits
            ],
            "curve": None if curve is None else {
                "method": curve.method, "ages": curve.ages.tolist(), "surviving": curve.surviving.tolist(),
                "low": [None if np.isnan(one) else one for one in curve.low.tolist()],
                "high": [None if np.isnan(one) else one for one in curve.high.tolist()],
            },
            "modes": [] if self.modes is None else [
                {"mode": one.name, "failures": one.failures, "reason": one.fit.reason, "parameters": one.fit.named,
                 "figures": [figure.as_dict() for figure in one.figures]}
                for one in self.modes.modes
            ],
            "least_mean": self.least, "least_scale": self.least_scale, "notes": list(self.notes),
        }  # fmt: skip


def life_study(
    lives: Lives,
    family: str = "weibull",
    *,
    level: float = 0.95,
    shape: float | None = None,
    shares: Sequence[float] = (0.1, 0.5),
    ages: Sequence[float] = (),
) -> LifeStudy:
    """Study the lives of units of one kind.

    family  a name of LAWS, or auto: the best by AICc among families without a lower bound
    shape   hold the Weibull shape at this value

    Raises   InputError: no such family, a level, share or age that cannot be
    Example  life_study(read_lives("bearings.csv")).figures
    """
    if family != "auto" and family not in LAWS:
        raise InputError("no such family of lives", came=family, expected=", ".join(("auto", *LAWS)), where="family")
    if shape is not None and family != "weibull":
        raise InputError("only a Weibull's shape can be held", came=family, expected="weibull", where="shape")
    if len(lives.low) > _MOST_SEEN:
        lives = _gathered(lives)
    fits = fit_lives(lives)
    if family == "auto":
        fit = next((one for one in fits if not one.law.bounded), fits[0])
    else:
        fit = (
            fit_life(lives, family, shape=shape)
            if shape is not None
            else next(one for one in fits if one.law.name == family)
        )
    figures = life_figures(fit, level, shares, ages)
    least = exponential_mean(_total(lives), 0, level)[0] if lives.failures == 0 else None
    scale = lowest_life(_spread(lives), lives.failures, shape, level) if shape and lives.simple else None
    late = bool(lives.entry.any())
    curve = None if late and not lives.simple else life_curve(lives, level) if lives.failures else None
    modes = (
        competing_modes(lives, "weibull" if family == "auto" else family, level, shares) if any(lives.modes) else None
    )
    told = incidence(lives, level) if modes is not None and lives.simple and not late else ()
    notes = _notes(lives, fit, figures) + (modes.notes if modes is not None else ())
    return LifeStudy(lives, fit, figures, fits, curve, modes, told, level, least, scale, notes)


def _total(lives: Lives) -> float:
    return float((lives.low * lives.count).sum())


def _spread(lives: Lives) -> list[float]:
    return [float(one) for one in np.repeat(lives.low, np.maximum(np.round(lives.count).astype(int), 1))]


def _gathered(lives: Lives) -> Lives:
    """The same lives with equal rows put together: a large file of rounded lives has few different ones."""
    modes = np.array(lives.modes or ("",) * len(lives.low))
    named, number = np.unique(modes, return_inverse=True)
    keys = np.stack((lives.low, lives.high, lives.entry, number.ravel().astype(np.float64)), axis=1)
    rows, where = np.unique(keys, axis=0, return_inverse=True)
    told = tuple(str(named[int(one)]) for one in rows[:, 3]) if lives.modes else ()
    return replace(
        lives, low=rows[:, 0], high=rows[:, 1], entry=rows[:, 2], modes=told,
        count=np.asarray(np.bincount(where.ravel(), lives.count), np.float64),
    )  # fmt: skip


def _notes(lives: Lives, fit: LifeFit, figures: Sequence[LifeFigure]) -> tuple[str, ...]:
    told = []
    if lives.excluded:
        told.append(LOST_ROWS.format(n=len(lives.excluded)))
    if lives.source and bool(lives.exact.all()):
        told.append(ALL_FAILED)
    if fit.reason:
        return tuple(told)
    if lives.failures < _FEW:
        told.append(FEW_FAILURES.format(n=f"{lives.failures:g}"))
    left = float(lives.count[lives.running].sum()) / lives.units
    if left >= _MANY_LEFT:
        told.append(HIGH_LEFT.format(share=f"{100 * left:.0f}"))
    seen = float(np.where(np.isfinite(lives.high), lives.high, lives.low).max())
    if fit.mean > seen:
        told.append(MEAN_FAR)
    if fit.held:
        told.append(SHAPE_KNOWN)
    if fit.law.bounded:
        told.append(GUARANTEE)
    own = next((one for one in figures if one.name == "shape" and fit.law.name == "weibull"), None)
    if own is not None and own.low is not None and own.high is not None:
        told.append(WEAROUT if own.low > 1 else INFANT if own.high < 1 else HOLDS_CONSTANT)
    return tuple(told)
