"""Capability indices of a normal process, with intervals.

Cp, Pp by chi-square; one-sided indices by the noncentral t, both exact for the overall spread; Cpk, Ppk by the formula
of Bissell as in the NIST/SEMATECH e-Handbook 6.1.6; Cpm by Boyles. Sources: A. F. Bissell (1990), Applied Statistics
39, 331-340; R. A. Boyles (1991), Journal of Quality Technology 23, 17-26; ISO 22514-2:2017; ISO 22514-7.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from luban.core.errors import InputError
from luban.understand.quality.capability import words
from luban.understand.quality.capability.spread import Spread
from luban.understand.quality.noncentral import centrality

__all__ = ["Index", "indices_of", "share_between", "withheld"]


@dataclass(frozen=True, slots=True)
class Index:
    """A capability index [1].

    value      None where it is withheld; `reason` says why
    low, high  confidence interval; None where there is none
    method     how the interval was found
    """

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    method: str = ""
    reason: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        return {
            "index": self.name, "value": self.value, "low": self.low, "high": self.high, "interval": self.method,
            "withheld": self.reason,
        }  # fmt: skip


def withheld(name: str, reason: str) -> Index:
    """An index that cannot be told, with the reason."""
    return Index(name, None, reason=reason)


def indices_of(
    mean: float,
    spread: Spread,
    n: int,
    lower: float | None,
    target: float | None,
    upper: float | None,
    *,
    level: float = 0.95,
    short_term: bool = True,
) -> tuple[Index, ...]:
    """Cp, Cpl, Cpu, Cpk, Cpm, or with `short_term` false Pp, Ppl, Ppu, Ppk, Cpm, of a normal process.

    mean, spread  of the process [unit]; a spread with endless degrees of freedom is known, and has no interval
    n             number of values behind the mean, at least 2
    level         confidence of the two-sided intervals, 0 < level < 1
    Raises        InputError if there is no limit at all, if limits are reversed, or if the spread is not above zero
    Example       indices_of(16, Spread("known", 2, inf), 50, 8, None, 20)[3].value == 2 / 3 (NIST 6.1.6)
    """
    if lower is None and upper is None:
        raise InputError("no specification limit", expected="a lower limit, an upper limit, or both")
    if lower is not None and upper is not None and lower >= upper:
        raise InputError("specification limits are reversed", came=f"lower {lower:g}, upper {upper:g}")
    if not spread.sigma > 0:
        raise InputError("the spread is not above zero", came=f"{spread.sigma:g}")
    if not 0 < level < 1:
        raise InputError("a confidence lies between 0 and 1", came=f"{level:g}")
    letter = "C" if short_term else "P"
    tail = (1 - level) / 2
    two = [None if limit is None else float(limit) for limit in (lower, upper)]
    below = None if two[0] is None else (mean - two[0]) / (3 * spread.sigma)
    above = None if two[1] is None else (two[1] - mean) / (3 * spread.sigma)
    return (
        _width(letter + "p", two, spread, tail),
        _side(letter + "pl", below, spread, n, tail, words.NEEDS_LOWER),
        _side(letter + "pu", above, spread, n, tail, words.NEEDS_UPPER),
        _nearest(letter + "pk", below, above, spread, n, tail),
        _taguchi(mean, spread, two, target, tail),
    )


def _width(name: str, limits: list[float | None], spread: Spread, tail: float) -> Index:
    lower, upper = limits
    if lower is None or upper is None:
        return withheld(name, words.NEEDS_BOTH)
    value = (upper - lower) / (6 * spread.sigma)
    if not np.isfinite(spread.degrees):
        return Index(name, value)
    low, high = (value / spread.scale * np.sqrt(_chi(spread.degrees, p) / spread.degrees) for p in (tail, 1 - tail))
    return Index(name, value, float(low), float(high), "chi-square")


def _side(name: str, value: float | None, spread: Spread, n: int, tail: float, reason: str) -> Index:
    if value is None:
        return withheld(name, reason)
    if not np.isfinite(spread.degrees):
        return Index(name, value)
    t = 3 * np.sqrt(n) * value / spread.scale
    low, high = (float(centrality(float(t), spread.degrees, p) / (3 * np.sqrt(n))) for p in (1 - tail, tail))
    return Index(name, value, low, high, "noncentral t")


def _nearest(name: str, below: float | None, above: float | None, spread: Spread, n: int, tail: float) -> Index:
    known = [one for one in (below, above) if one is not None]
    value = min(known)
    if not np.isfinite(spread.degrees):
        return Index(name, value)
    if len(known) == 1:
        one = _side(name, value, spread, n, tail, "")
        return Index(name, value, one.low, one.high, one.method)
    half = float(special.ndtri(1 - tail) * np.sqrt(1 / (9 * n) + value**2 / (2 * spread.degrees)))
    return Index(name, value, value - half, value + half, "Bissell")


def _taguchi(mean: float, spread: Spread, limits: list[float | None], target: float | None, tail: float) -> Index:
    lower, upper = limits
    if lower is None or upper is None or target is None:
        return withheld("Cpm", words.NEEDS_TARGET)
    if not lower < target < upper:
        return withheld("Cpm", words.TARGET_OFF)
    off = (mean - target) / spread.sigma
    value = (upper - lower) / (6 * spread.sigma * np.sqrt(1 + off**2))
    if not np.isfinite(spread.degrees):
        return Index("Cpm", float(value))
    degrees = (spread.degrees + 1) * (1 + off**2) ** 2 / (1 + 2 * off**2)
    low, high = (value * np.sqrt(_chi(degrees, p) / degrees) for p in (tail, 1 - tail))
    return Index("Cpm", float(value), float(low), float(high), "Boyles")


def share_between(low: float | None, high: float | None) -> tuple[float, float]:
    """Shares beyond a limit for a one-sided index at each end of its interval [1]: (least, most)."""
    ends = [0.0 if end is None else float(special.ndtr(-3 * end)) for end in (high, low)]
    return ends[0], ends[1]


def _chi(degrees: float, p: float) -> float:
    """Quantile of chi-square."""
    return float(2 * special.gammaincinv(degrees / 2, p))
