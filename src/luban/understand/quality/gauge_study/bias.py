"""Bias of a gauge against a reference, and whether the bias changes along the scale (linearity).

Sources: AIAG, Measurement Systems Analysis, 4th edition (2010), ch. III B; NIST/SEMATECH e-Handbook 2.4.5; Cg and Cgk
as in Bosch's booklet 10 (K = 20 % of the tolerance, 6 standard deviations).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import special

from luban.core.errors import InputError
from luban.understand.quality.capability.spread import measurable
from luban.understand.quality.data import Excluded, Floats
from luban.understand.quality.gauge_study import words

__all__ = ["Bias", "Coefficient", "Linearity", "bias", "line_fit", "linearity"]


@dataclass(frozen=True, slots=True)
class Bias:
    """Mean reading minus reference.

    reference, mean, bias  [unit]
    sd         of the readings about their mean: repeatability [unit]
    t, p       of the test that the bias is zero; None where all readings are equal
    low, high  confidence interval of the bias [unit]
    share      bias over the tolerance, or over the process spread where one was given [%]; None without either
    cg, cgk    ability of the gauge at this reference [1]; None without a tolerance
    """

    label: str
    reference: float
    n: int
    mean: float
    bias: float
    sd: float
    t: float | None
    p: float | None
    low: float
    high: float
    share: float | None = None
    cg: float | None = None
    cgk: float | None = None
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        own = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return own | {"notes": list(self.notes)}


@dataclass(frozen=True, slots=True)
class Coefficient:
    """A coefficient of a straight line with its standard error, test against zero and interval."""

    value: float
    error: float
    t: float | None
    p: float | None
    low: float
    high: float

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(frozen=True, slots=True)
class Linearity:
    """Bias along the scale: bias = intercept + slope · reference.

    fit_sd     standard deviation about the line [unit]
    r_squared  share of the bias's variation that the line explains [1]
    pure_p     chance of a worse fit if the bias is a straight line [1]; None where it cannot be tested
    levels     bias at each reference
    average    bias over all readings, tested by the repeatability pooled over the references
    linearity  |slope| times the process spread [unit]; None where no spread was given
    share      the same over that spread [%], which is 100 |slope|
    references of each reading, shape (used,) [unit]
    """

    intercept: Coefficient
    slope: Coefficient
    fit_sd: float
    r_squared: float
    pure_p: float | None
    levels: tuple[Bias, ...]
    average: Bias
    linearity: float | None
    share: float
    used: int
    level: float
    excluded: tuple[Excluded, ...] = ()
    unit: str = ""
    source: str = ""
    notes: tuple[str, ...] = ()
    references: Floats = field(default_factory=lambda: np.zeros(0), compare=False)

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        return {
            "intercept": self.intercept.as_dict(), "slope": self.slope.as_dict(), "fit_sd": self.fit_sd,
            "r_squared": self.r_squared, "lack_of_fit_p": self.pure_p,
            "levels": [one.as_dict() for one in self.levels], "average": self.average.as_dict(),
            "linearity": self.linearity, "linearity_share": self.share, "used": self.used, "confidence": self.level,
            "excluded": [one.as_dict() for one in self.excluded], "unit": self.unit, "source": self.source,
            "notes": list(self.notes),
        }  # fmt: skip

    def band(self, at: Floats) -> tuple[Floats, Floats, Floats]:
        """Bias on the line at references, and its confidence band [unit]."""
        x = self.references
        middle, spread = x.mean(), ((x - x.mean()) ** 2).sum()
        line = self.intercept.value + self.slope.value * at
        wide = _student(self.used - 2, self.level) * self.fit_sd * np.sqrt(1 / self.used + (at - middle) ** 2 / spread)
        return line, line - wide, line + wide


def bias(
    values: Sequence[float] | Floats,
    reference: float,
    *,
    tolerance: float | None = None,
    process: float | None = None,
    level: float = 0.95,
    label: str = "",
) -> Bias:
    """Bias of readings of one reference piece.

    values     readings [unit], at least 2
    reference  accepted value of the piece [unit]
    tolerance  of the characteristic [unit]: bias as a share of it, Cg and Cgk
    process    spread of the process, 6 standard deviations [unit]: bias as a share of it where no tolerance is given
    Raises     InputError: fewer than two readings, a tolerance not above zero
    Example    bias([5.8, 6.1, 6.0], 6.0).bias == -1/30
    """
    x = measurable(values, label or "readings")
    n = len(x)
    if n < 2:
        raise InputError("too few readings for a bias", came=str(n), expected="at least 2", where=label)
    for name, own in (("tolerance", tolerance), ("process", process)):
        if own is not None and not own > 0:
            raise InputError(f"{name} is not above zero", came=f"{own:g}")
    mean, sd = float(x.mean()), float(x.std(ddof=1))
    off, error = mean - reference, sd / math.sqrt(n)
    t = off / error if error > 0 else None
    p = None if t is None else float(2 * special.stdtr(n - 1, -abs(t)))
    wide = _student(n - 1, level) * error
    scale = tolerance or process
    cg = cgk = None
    if tolerance is not None and sd > 0:
        cg, cgk = 0.2 * tolerance / (6 * sd), (0.1 * tolerance - abs(off)) / (3 * sd)
    notes = []
    if sd == 0:
        notes.append(words.ALL_EQUAL.format(n=n))
    if n < 10:
        notes.append(words.DF_FEW.format(n=n))
    share = None if scale is None else 100 * abs(off) / scale
    return Bias(label, reference, n, mean, off, sd, t, p, off - wide, off + wide, share, cg, cgk, tuple(notes))


def linearity(
    reference: Sequence[float] | Floats,
    values: Sequence[float] | Floats,
    *,
    process: float | None = None,
    tolerance: float | None = None,
    level: float = 0.95,
    excluded: tuple[Excluded, ...] = (),
    unit: str = "",
    source: str = "",
) -> Linearity:
    """Bias along the scale, from readings of several reference pieces.

    reference  accepted value of the piece of each reading [unit], at least two different ones
    values     readings, same length [unit]
    process    spread of the process, 6 standard deviations [unit]
    Raises     InputError: fewer than three readings, one reference only
    """
    x, y = measurable(reference, "reference"), measurable(values, "value")
    n = len(x)
    if n != len(y) or n < 3:
        raise InputError("too few readings for linearity", came=f"{len(y)} of {n} references", expected="at least 3")
    known = np.unique(x)
    if len(known) < 2:
        came = f"{known[0]:g} only"
        raise InputError("one reference shows no linearity", came=came, hint="see bias, or measure more references")
    off = y - x
    intercept, slope, squares = line_fit(x, off, level)
    whole = float(((off - off.mean()) ** 2).sum())
    levels = tuple(
        bias(y[x == one], float(one), tolerance=tolerance, process=process, level=level, label=f"{one:g}")
        for one in known if int((x == one).sum()) > 1
    )  # fmt: skip
    average = _average(x, off, known, tolerance or process, level)
    reach = None if process is None else abs(slope.value) * process
    r_squared = 1 - squares / whole if whole > 0 else 0.0
    pure = _pure(x, off, squares, known)
    return Linearity(
        intercept, slope, math.sqrt(squares / (n - 2)), r_squared, pure, levels, average, reach, 100 * abs(slope.value),
        n, level, excluded, unit, source, references=x,
    )  # fmt: skip


def line_fit(x: Floats, y: Floats, level: float = 0.95) -> tuple[Coefficient, Coefficient, float]:
    """Intercept and slope of the straight line by least squares, and the sum of squares about it.

    x, y   shape (n,), n at least 3, x not all equal
    """
    n, middle = len(x), float(x.mean())
    spread = float(((x - middle) ** 2).sum())
    slope = float(((x - middle) * y).sum() / spread)
    intercept = float(y.mean() - slope * middle)
    squares = float(((y - intercept - slope * x) ** 2).sum())
    sd = math.sqrt(squares / (n - 2))
    errors = sd * math.sqrt(1 / n + middle**2 / spread), sd / math.sqrt(spread)
    first, second = (_coefficient(a, b, n - 2, level) for a, b in zip((intercept, slope), errors, strict=True))
    return first, second, squares


def _average(x: Floats, off: Floats, known: Floats, scale: float | None, level: float) -> Bias:
    inside = sum(float(((off[x == one] - off[x == one].mean()) ** 2).sum()) for one in known)
    n, free = len(x), len(x) - len(known)
    mean = float(off.mean())
    sd = math.sqrt(inside / free) if free else 0.0
    error = sd / math.sqrt(n)
    t = mean / error if error > 0 else None
    p = None if t is None else float(2 * special.stdtr(free, -abs(t)))
    wide = _student(free, level) * error if free else math.nan
    share = None if scale is None else 100 * abs(mean) / scale
    return Bias("average", 0.0, n, mean, mean, sd, t, p, mean - wide, mean + wide, share)


def _pure(x: Floats, off: Floats, squares: float, known: Floats) -> float | None:
    """P of lack of fit against pure error."""
    inside = sum(float(((off[x == one] - off[x == one].mean()) ** 2).sum()) for one in known)
    degrees, rest = len(known) - 2, len(x) - len(known)
    if degrees < 1 or rest < 1 or not inside > 0:
        return None
    return float(special.fdtrc(degrees, rest, max(squares - inside, 0.0) / degrees / (inside / rest)))


def _coefficient(value: float, error: float, degrees: int, level: float) -> Coefficient:
    t = value / error if error > 0 else None
    p = None if t is None else float(2 * special.stdtr(degrees, -abs(t)))
    wide = _student(degrees, level) * error
    return Coefficient(value, error, t, p, value - wide, value + wide)


def _student(degrees: int, level: float) -> float:
    return float(special.stdtrit(degrees, (1 + level) / 2))
