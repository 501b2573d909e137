"""Which lever gave what: the change of a figure split among levers that work together, to the last bit.

With two levers on, part of the gain belongs to both. Shapley's split gives each lever its mean contribution over all
orders in which they could have been switched on; the sequential one takes one order, which is stated. Both add up to
the total exactly: sums are kept as fractions, and printed parts are rounded so that they still add up.

Reads   a figure in matched runs of the twin, for every set of levers that is needed    Writes  nothing
Source  L. S. Shapley, A value for n-person games, Contributions to the Theory of Games II (1953) 307-317;
        A. F. Shorrocks, J. Econ. Inequal. 11 (2013) 99-126, doi 10.1007/s10888-011-9214-z
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from typing import Any, Final

import numpy as np

from luban.core.errors import InputError
from luban.twin.intervals import Interval, student_t
from luban.understand.quality.data import Floats

__all__ = ["MOST_LEVERS", "Part", "Waterfall", "needed", "sequential", "shapley"]

MOST_LEVERS: Final = 8
"""Levers that can be split by Shapley: each more doubles the sets that must be run."""

Runs = Mapping[frozenset[str], Floats]


@dataclass(frozen=True, slots=True)
class Part:
    """One lever's share of the change.

    exact     its mean over the runs, as a fraction: those of all levers add up to the total's
    interval  the same with Student's interval over matched runs [unit]
    """

    lever: str
    exact: Fraction
    interval: Interval


@dataclass(frozen=True, slots=True)
class Waterfall:
    """From the figure without any lever to that with all.

    before, after  means over the runs [unit];  runs  how many
    parts          by lever, in the order given
    total          of the change, with its interval
    method         shapley, or sequential in the order of `parts`
    """

    unit: str
    method: str
    before: float
    after: float
    runs: int
    parts: tuple[Part, ...]
    exact: Fraction
    total: Interval

    def rounded(self, decimals: int) -> tuple[float, ...]:
        """Parts to so many decimals, which add up to the total to as many; the rest goes where it errs least."""
        scale = 10**decimals
        wanted = [part.exact * scale for part in self.parts]
        whole = [math.floor(one) for one in wanted]
        over = round(self.exact * scale) - sum(whole)
        order = sorted(range(len(wanted)), key=lambda at: (whole[at] - wanted[at], at))
        for at in order[:over]:
            whole[at] += 1
        return tuple(one / scale for one in whole)

    def as_dict(self) -> dict[str, Any]:
        """For entries, `--json` and REST."""
        return {
            "unit": self.unit, "method": self.method, "before": self.before, "after": self.after, "runs": self.runs,
            "total": _told(self.total),
            "parts": [{"lever": part.lever, **_told(part.interval)} for part in self.parts],
        }  # fmt: skip


def needed(levers: Sequence[str], *, method: str = "shapley") -> tuple[frozenset[str], ...]:
    """The sets of levers that must be run, none first, all last.

    method  shapley: every set; sequential: one more lever each time
    Raises  InputError: a lever twice, none, or too many
    Example len(needed(["a", "b", "c"])) == 8
    """
    _checked(levers, method)
    if method == "sequential":
        return tuple(frozenset(levers[:size]) for size in range(len(levers) + 1))
    return tuple(frozenset(some) for size in range(len(levers) + 1) for some in combinations(levers, size))


def shapley(runs: Runs, levers: Sequence[str], *, unit: str = "", level: float = 0.95) -> Waterfall:
    """The split over all orders.

    runs    set of levers that were on → the figure in each run, matched by place [unit]
    Raises  InputError: a set is missing, runs do not pair up, a figure is not known
    Example shapley({frozenset(): a, frozenset("x"): b}, ["x"]).parts[0].interval.mean
    """
    found = _exact(runs, needed(levers))
    count = len(levers)
    parts = []
    for lever in levers:
        others = [one for one in levers if one != lever]
        shares: list[Fraction] = [Fraction(0)] * len(found[frozenset()])
        for size in range(count):
            weight = Fraction(math.factorial(size) * math.factorial(count - size - 1), math.factorial(count))
            for some in combinations(others, size):
                off, on = found[frozenset(some)], found[frozenset((*some, lever))]
                shares = [share + weight * (b - a) for share, a, b in zip(shares, off, on, strict=True)]
        parts.append((lever, shares))
    return _fallen(found, levers, parts, "shapley", unit, level)


def sequential(runs: Runs, levers: Sequence[str], *, unit: str = "", level: float = 0.95) -> Waterfall:
    """The split in the order of `levers`; arguments and errors as in `shapley`, but only the sets on the way."""
    steps = needed(levers, method="sequential")
    found = _exact(runs, steps)
    parts = [
        (lever, [b - a for a, b in zip(found[off], found[on], strict=True)])
        for lever, off, on in zip(levers, steps[:-1], steps[1:], strict=True)
    ]
    return _fallen(found, levers, parts, "sequential", unit, level)


def _fallen(
    found: Mapping[frozenset[str], list[Fraction]], levers: Sequence[str],
    parts: Sequence[tuple[str, list[Fraction]]], method: str, unit: str, level: float,
) -> Waterfall:  # fmt: skip
    none, every = found[frozenset()], found[frozenset(levers)]
    change = [b - a for a, b in zip(none, every, strict=True)]
    return Waterfall(
        unit=unit, method=method, before=float(_mean(none)), after=float(_mean(every)), runs=len(none),
        parts=tuple(Part(lever, _mean(one), _interval(one, level)) for lever, one in parts),
        exact=_mean(change), total=_interval(change, level),
    )  # fmt: skip


def _exact(runs: Runs, sets: Sequence[frozenset[str]]) -> dict[frozenset[str], list[Fraction]]:
    missing = next((one for one in sets if one not in runs), None)
    if missing is not None:
        raise InputError("a set of levers was not run", came=" + ".join(sorted(missing)) or "none of them")
    sizes = {len(runs[one]) for one in sets}
    if len(sizes) != 1 or min(sizes) < 2:
        raise InputError("runs pair up only where all sets have as many, two at least", came=f"{sorted(sizes)}")
    if not all(np.isfinite(runs[one]).all() for one in sets):
        raise InputError("a figure of a run is not known", hint="leave that run out of every set")
    return {one: [Fraction(float(value)) for value in runs[one]] for one in sets}


def _checked(levers: Sequence[str], method: str) -> None:
    if method not in ("shapley", "sequential"):
        raise InputError("no such split", came=method, expected="shapley or sequential")
    if not levers or len(set(levers)) < len(levers):
        raise InputError("levers are named once each", came=", ".join(levers) or "none")
    if method == "shapley" and len(levers) > MOST_LEVERS:
        expected = f"{MOST_LEVERS} at most"
        hint = "join some, or split them in sequence"
        raise InputError("too many levers for Shapley's split", came=f"{len(levers)}", expected=expected, hint=hint)


def _mean(values: Sequence[Fraction]) -> Fraction:
    return sum(values, Fraction(0)) / len(values)


def _interval(values: Sequence[Fraction], level: float) -> Interval:
    return student_t([float(one) for one in values], level)


def _told(one: Interval) -> dict[str, float]:
    return {"mean": one.mean, "low": one.low, "high": one.high}
