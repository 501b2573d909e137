"""Tolerance intervals: limits that hold a stated share of all pieces with a stated confidence.

Normal, two-sided: exact by integration, or Howe's factor; one-sided: exact by the noncentral t. Without a family: by
order statistics. Sources: W. G. Howe (1969), JASA 64, 610-620; K. Krishnamoorthy, T. Mathew (2009), Statistical
Tolerance Regions, ch. 2; S. S. Wilks (1941), Annals of Mathematical Statistics 12, 91-96; NIST/SEMATECH e-Handbook
7.2.6.3 and 7.2.6.4; ISO 16269-6:2014.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from luban.core.errors import InputError
from luban.understand.quality.capability import words
from luban.understand.quality.data import Floats
from luban.understand.quality.noncentral import noncentral_quantile

__all__ = [
    "SIDES",
    "WAYS",
    "ToleranceInterval",
    "free_tolerance",
    "normal_tolerance",
    "pieces_needed",
    "tolerance_factor",
]

SIDES = ("two", "lower", "upper")
WAYS = ("exact", "howe", "natrella")
"""Ways to a factor: exact; Howe's and Natrella's closed formulas, as printed in the NIST handbook."""


@dataclass(frozen=True, slots=True)
class ToleranceInterval:
    """Limits that hold a share of all pieces.

    side        two, lower or upper
    share       share of all pieces within the limits, at least [1]
    confidence  of that [1]; for order statistics the one really reached, at least the one asked for
    low, high   limits [unit]; None on a side without one, and where they are withheld
    factor      number of standard deviations from the mean [1]; None without a family
    reason      why it is withheld
    """

    side: str
    share: float
    confidence: float
    n: int
    low: float | None
    high: float | None
    method: str
    factor: float | None = None
    reason: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        return {
            "side": self.side, "share": self.share, "confidence": self.confidence, "used": self.n, "low": self.low,
            "high": self.high, "method": self.method, "factor": self.factor, "withheld": self.reason,
        }  # fmt: skip


def tolerance_factor(n: int, share: float, confidence: float, *, side: str = "two", way: str = "exact") -> float:
    """Standard deviations between the mean and a tolerance limit of a normal sample [1].

    n           number of values, at least 2
    share       of all pieces within, 0 < share < 1
    confidence  of that, 0 < confidence < 1
    side        two, lower or upper
    way         exact; howe (two-sided) and natrella (one-sided) are the closed formulas
    Raises      InputError for anything outside these ranges
    Source      NIST/SEMATECH e-Handbook 7.2.6.3
    Example     round(tolerance_factor(43, 0.90, 0.99, way="howe"), 3) == 2.217
    """
    _check(n, share, confidence, side)
    if way not in WAYS or (way, side == "two") in {("howe", False), ("natrella", True)}:
        raise InputError("no such way to a tolerance factor", came=f"{way}, {side} side", expected=", ".join(WAYS))
    z = float(special.ndtri((1 + share) / 2 if side == "two" else share))
    if way == "howe":
        return float(z * np.sqrt((n - 1) * (1 + 1 / n) / _chi(n - 1, 1 - confidence)))
    if way == "natrella":
        q = float(special.ndtri(confidence))
        a, b = 1 - q * q / (2 * (n - 1)), z * z - q * q / n
        if a <= 0 or z * z - a * b < 0:
            raise InputError("too few values for this formula", came=str(n), hint="use the exact way")
        return float((z + np.sqrt(z * z - a * b)) / a)
    if side == "two":
        return _exact_two(n, share, confidence)
    return float(noncentral_quantile(confidence, n - 1, float(z * np.sqrt(n))) / np.sqrt(n))


def normal_tolerance(
    values: Floats, share: float = 0.99, confidence: float = 0.95, *, side: str = "two", way: str = "exact"
) -> ToleranceInterval:
    """Tolerance limits of values that follow a normal distribution, shape (n,) [unit].

    Raises InputError as `tolerance_factor`
    """
    n = len(values)
    _check(n, share, confidence, side)
    mean, sigma = float(np.mean(values)), float(np.std(values, ddof=1))
    if not sigma > 0:
        reason = words.CONSTANT.format(n=n)
        return ToleranceInterval(side, share, confidence, n, None, None, f"normal, {way}", None, reason)
    k = tolerance_factor(n, share, confidence, side=side, way=way)
    low = None if side == "upper" else mean - k * sigma
    high = None if side == "lower" else mean + k * sigma
    return ToleranceInterval(side, share, confidence, n, low, high, f"normal, {way}", k)


def free_tolerance(
    values: Floats, share: float = 0.99, confidence: float = 0.95, *, side: str = "two"
) -> ToleranceInterval:
    """Tolerance limits by order statistics, whatever the family, shape (n,) [unit].

    The narrowest ranks that reach the confidence; withheld where even the smallest and largest value do not.
    """
    x = np.sort(np.asarray(values, np.float64))
    n = len(x)
    _check(n, share, confidence, side)
    # pieces left out at both ends together: the most that still reaches the confidence
    left = np.arange(1, n + 1)
    reached = special.bdtrc(left - 1, n, 1 - share)  # P(at least so many pieces lie outside)
    most = int(np.count_nonzero(reached >= confidence))
    needed = 2 if side == "two" else 1
    if most < needed:
        least = pieces_needed(share, confidence, side=side)
        told = {"share": f"{100 * share:g} %", "level": f"{100 * confidence:g} %"}
        reason = words.TOO_FEW_FREE.format(n=n, m=least, **told)
        return ToleranceInterval(side, share, confidence, n, None, None, "order statistics", None, reason)
    really = float(reached[most - 1])
    below = most // 2 if side == "two" else most if side == "lower" else 0
    above = most - below if side != "lower" else 0
    low = float(x[below - 1]) if below else None
    high = float(x[n - above]) if above else None
    return ToleranceInterval(side, share, really, n, low, high, "order statistics")


def pieces_needed(share: float, confidence: float, *, side: str = "two") -> int:
    """Fewest pieces whose smallest and largest value (or one of them) bound the share with the confidence.

    Source   S. S. Wilks (1941); NIST/SEMATECH e-Handbook 7.2.6.4
    Example  pieces_needed(0.95, 0.95) == 93; pieces_needed(0.95, 0.95, side="upper") == 59
    """
    _check(2, share, confidence, side)
    if side != "two":
        return int(np.ceil(np.log(1 - confidence) / np.log(share) - 1e-12))
    low, high = 1, 2
    while float(special.bdtrc(1, high, 1 - share)) < confidence:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if float(special.bdtrc(1, middle, 1 - share)) >= confidence else (middle, high)
    return high


def _check(n: int, share: float, confidence: float, side: str) -> None:
    if n < 2:
        raise InputError("too few values for a tolerance interval", came=str(n), expected="at least 2")
    for name, value in (("share", share), ("confidence", confidence)):
        if not 0 < value < 1:
            raise InputError(f"the {name} lies between 0 and 1", came=f"{value:g}", hint="0.95 means 95 %")
    if side not in SIDES:
        raise InputError("no such side", came=side, expected=", ".join(SIDES))


def _chi(degrees: float, p: float) -> float:
    return float(2 * special.gammaincinv(degrees / 2, p))


def _exact_two(n: int, share: float, confidence: float) -> float:
    """Solve for the factor: the share within mean ± k s, averaged over where the mean lies."""
    from scipy.optimize import brentq

    at, weight = np.polynomial.legendre.leggauss(128)
    reach = 9.0
    u = (at + 1) * reach / 2  # how far the mean is off, in standard errors, one side by symmetry
    weight = weight * reach / 2 * 2 * np.exp(-u * u / 2) / np.sqrt(2 * np.pi)
    off = u / np.sqrt(n)
    half = _half_widths(off, share)

    def reached(k: float) -> float:
        return float((weight * special.gammaincc((n - 1) / 2, (n - 1) * half**2 / (2 * k * k))).sum())

    near = tolerance_factor(n, share, confidence, way="howe")
    return float(brentq(lambda k: reached(k) - confidence, near / 3, near * 3, xtol=1e-12))


def _half_widths(off: Floats, share: float) -> Floats:
    """Half width r of an interval about a point `off` sigmas from the mean that holds the share (Newton)."""
    r = np.full_like(off, special.ndtri((1 + share) / 2)) + off * share
    for _ in range(60):
        gap = special.ndtr(off + r) - special.ndtr(off - r) - share
        slope = (np.exp(-((off + r) ** 2) / 2) + np.exp(-((off - r) ** 2) / 2)) / np.sqrt(2 * np.pi)
        step = np.clip(gap / np.maximum(slope, 1e-300), -0.5, 0.5)
        r = r - step
        if bool((np.abs(step) < 1e-14 * np.abs(r)).all()):
            break
    return np.asarray(r)
