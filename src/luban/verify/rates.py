"""Shares and rates before and after: few events, more scatter than chance, and periods that go together.

Events are counted out of pieces (a share) or over hours, pieces, … (a rate). The change comes from a fit that weighs
each period by what it was made of and counts neighbours that go together; its interval is never narrower than chance
alone makes it: Newcombe's of Wilson's intervals (shares), or of the score intervals of counts (rates).

Reads   series with an exposure    Writes  nothing
Source  E. B. Wilson, JASA 22 (1927) 209-212; R. G. Newcombe, Stat. Med. 17 (1998) 873-890, method 10;
        P. McCullagh, J. A. Nelder, Generalized Linear Models, 2nd ed. (1989), 4.5 (scatter over chance)
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import ndtr, stdtrit

from luban.core.errors import InputError
from luban.understand.quality.data import Floats
from luban.verify.estimate import Course, Estimate
from luban.verify.serial import Line, fit_line
from luban.verify.series import Series

__all__ = ["by_rates", "scatter", "wilson"]

_LEAN = 2.0


def wilson(events: float, trials: float, z: float) -> tuple[float, float]:
    """Wilson's interval of a share.

    events, trials  may be fractions of whole ones: what they are worth
    z               quantile of the normal distribution or of Student's t
    Example         wilson(0, 10, 1.96)[0] == 0.0
    """
    share = events / trials
    middle = share + z * z / (2 * trials)
    half = z * math.sqrt(max(share * (1 - share) / trials + z * z / (4 * trials * trials), 0.0))
    return max((middle - half) / (1 + z * z / trials), 0.0), min((middle + half) / (1 + z * z / trials), 1.0)


def by_rates(before: Series, after: Series, *, share: bool, level: float = 0.95) -> Estimate:
    """Change of a share (events out of pieces) or a rate (events over exposure).

    Raises  InputError: no exposure, more events than pieces in a share
    """
    for one in (before, after):
        if one.exposure is None:
            raise InputError("events need what they come from", hint="name the column of pieces, hours, …")
        if share and (one.values > one.exposure).any():
            raise InputError("more defective pieces than pieces", came=f"{one.values.max():g}")
    (a, n), (b, m) = ((float(one.values.sum()), float(_of(one).sum())) for one in (before, after))
    raw = b / m - a / n
    line, size = scatter(before, after, share=share)
    found = line.contrast(np.array([-size, size]))

    def ends(level: float) -> tuple[float, float]:
        z = float(stdtrit(line.free, (1 + level) / 2))
        (la, ua), (lb, ub) = (_interval(x, of, z, share=share) for x, of in ((a, n), (b, m)))
        low, high = found.interval(level)
        down = max(found.mean - low, math.hypot(b / m - lb, ua - a / n))
        up = max(high - found.mean, math.hypot(ub - b / m, a / n - la))
        return found.mean - down, found.mean + up

    low, high = ends(level)
    inner = ends(2 * level - 1)
    pooled = (a + b) / (n + m)
    error = math.sqrt((pooled * (1 - pooled) if share else pooled) * (1 / n + 1 / m))
    chance = float(2 * ndtr(-abs(raw) / error)) if error > 0 else 1.0
    figures = {"events before": a, "events after": b, "scatter over chance": max(1.0, line.size**2)}
    return Estimate(
        effect=found.mean, low=low, high=high, bound=max(abs(inner[0]), abs(inner[1])), p=max(found.p(), chance),
        level=level, before=a / n, after=b / m, expected=b / m - found.mean, n_before=len(before), n_after=len(after),
        rho=line.rho, figures=figures | {"ratio": (b / m) / (a / n) if a else math.nan},
        course=_course(before, after, b / m - found.mean, max(1.0, line.size**2), share=share),
    )  # fmt: skip


def scatter(before: Series, after: Series, *, share: bool) -> tuple[Line, float]:
    """(fit of the share of before and that of after, size of one event's chance).

    Its coefficients times the size are the shares; the square of its own size is their scatter over that of chance.
    share  events are pieces out of pieces
    """
    both = np.concatenate([before.at, after.at])
    of = np.concatenate([_of(before), _of(after)])
    late = np.concatenate([np.zeros(len(before)), np.ones(len(after))])
    events = np.concatenate([before.values, after.values])
    pooled = float(events.sum() / of.sum())
    size = math.sqrt(max(pooled * (1 - pooled) if share else pooled, 1e-12))
    weight = np.sqrt(of)
    columns = np.column_stack([weight * (1 - late), weight * late])
    return fit_line(events / weight / size, columns, both, lean=_LEAN), size


def _of(one: Series) -> Floats:
    if one.exposure is None:
        raise InputError("events need what they come from")
    return one.exposure


def _interval(events: float, of: float, z: float, *, share: bool) -> tuple[float, float]:
    if share:
        return wilson(events, of, z)
    middle, half = events + z * z / 2, z * math.sqrt(events + z * z / 4)
    return max(middle - half, 0.0) / of, (middle + half) / of


def _course(before: Series, after: Series, level: float, factor: float, *, share: bool) -> Course:
    of = np.concatenate([_of(before), _of(after)])
    one = max(level * (1 - level) if share else level, 0.0)
    count = len(of)
    late = np.arange(count) >= len(before)
    return Course(
        np.concatenate([before.times, after.times]), np.concatenate([before.figures, after.figures]),
        np.full(count, level), 1.96 * np.sqrt(one / of * factor), late,
    )  # fmt: skip
