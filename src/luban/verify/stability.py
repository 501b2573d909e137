"""Is a baseline fit to judge by? Each check gives a sentence where it is not.

A drift, a shift or points out of control before the act would be taken for its effect. Tests count neighbours that go
together, and are strict (0.5 % each) so that a sound baseline is refused in about one case of a hundred.

Reads   a series of before an act and the columns of its fit    Writes  nothing
Source  W. A. Shewhart, Economic Control of Quality of Manufactured Product (1931); L. C. Alwan, H. V. Roberts, J. Bus.
        Econ. Stat. 6 (1988) 87-95, doi 10.2307/1391421 (control charts of what a fit leaves over)
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

import numpy as np

from luban.core.errors import InputError
from luban.core.time import iso
from luban.understand.quality.data import Floats
from luban.verify.serial import RHOS, Line, fit_line
from luban.verify.series import Series

__all__ = ["STRICT", "strange", "unstable"]

STRICT: Final = 0.005
"""Probability at which a sound baseline is refused by one check [1]."""

_FAR = 4.0
_WANDERS = RHOS >= 0.899
_SURE = 0.8  # by simulation 1 % of series of ρ = 0.8 at most
_SHORT = 8.0
_MOST = 0.05
_SHIFT = 0.0002  # the cut is searched for: by simulation about 1 % of sound baselines at most


def unstable(
    before: Series, values: Floats, columns: Floats, *, trend: bool = False, strict: float = STRICT
) -> list[str]:
    """Why the periods before are no baseline; empty if they are.

    values   the figure that is fitted, shape (n,)
    columns  of the fit (n × p)
    trend    the fit has a trend of its own: then a bend is looked for
    """
    if float(np.ptp(values)) == 0:
        return ["the figure never moves before the act: stuck or made up?"]
    found = list(_drifts(before, values, columns, trend=trend, strict=strict)) or list(_shifts(before, values, columns))
    return found or list(_slow(before, values, columns)) or list(_outside(before, values, columns))


def strange(before: Series, values: Floats, columns: Floats) -> list[str]:
    """Single periods far off the fit, which stay in the baseline all the same: for the reader to look at."""
    far = _far(fit_line(values, columns, before.at), values, columns, before)
    return [f"{iso(int(before.times[at]))}: far off the baseline, and in it all the same" for at in far]


def _drifts(
    before: Series, values: Floats, columns: Floats, *, trend: bool, strict: float
) -> Iterator[str]:  # fmt: skip
    time = (before.at - before.at.mean()) / max(float(np.ptp(before.at)), 1.0)
    tested = _tested(before, values, columns, time * time if trend else time)
    if tested is None or tested[1] > strict:
        return
    slope, p = tested
    if trend:
        yield f"the trend bends before the act (p = {p:.4f})"
    else:
        rise = slope / max(float(np.ptp(before.at)), 1.0)
        yield f"the figure drifts before the act: {rise:.3g} a period (p = {p:.4f})"


def _shifts(before: Series, values: Floats, columns: Floats) -> Iterator[str]:
    """A step where the running sum of what the fit leaves over is farthest from none."""
    rest = values - columns @ np.linalg.lstsq(columns, values, rcond=None)[0]
    count, margin = len(rest), max(3, len(rest) // 10)
    cut = np.arange(margin, count - margin + 1)
    away = np.abs(np.cumsum(rest)[cut - 1]) / np.sqrt(cut * (count - cut))
    at = int(cut[int(np.argmax(away))])
    tested = _tested(before, values, columns, (np.arange(count) >= at).astype(np.float64))
    if tested is not None and tested[1] < _SHIFT:
        yield f"the level shifts by {tested[0]:.3g} within the baseline, about {iso(int(before.times[at]))}"


def _slow(before: Series, values: Floats, columns: Floats) -> Iterator[str]:
    """A figure that wanders has no level to come back to: intervals hold up to an autocorrelation of about 0.8."""
    line = fit_line(values, columns, before.at, lean=0.0)
    if float(line.weights[_WANDERS].sum()) > _SURE:
        yield (
            f"neighbouring periods go together too much (autocorrelation about {line.rho:.2f}): "
            f"{len(values)} periods are too few to tell its level"
        )


def _outside(before: Series, values: Floats, columns: Floats) -> Iterator[str]:
    far = _far(fit_line(values, columns, before.at), values, columns, before)
    if len(far) > max(1.0, _MOST * len(values)):
        yield f"{len(far)} of {len(values)} periods before the act are out of control"


def _tested(before: Series, values: Floats, columns: Floats, more: Floats) -> tuple[float, float] | None:
    """(size, p) of one more column; None where it cannot be told from the others."""
    try:
        line = fit_line(values, np.column_stack([columns, more]), before.at)
    except InputError:
        return None
    along = np.zeros(columns.shape[1] + 1)
    along[-1] = 1.0
    found = line.contrast(along)
    return found.mean, found.p()


def _far(line: Line, values: Floats, columns: Floats, before: Series) -> list[int]:
    """Periods whose step from the one before is beyond four robust standard deviations."""
    rest = values - columns @ line.mean
    links = line.rho ** np.diff(before.at)
    steps = np.concatenate([rest[:1], (rest[1:] - links * rest[:-1]) / np.sqrt(1 - links**2)])
    scale = float(np.median(np.abs(steps - np.median(steps)))) / 0.6745
    if not scale > 0 or not math.isfinite(scale):
        return []
    far = _FAR * (1 + _SHORT / len(steps))  # few periods tell their scatter badly
    return [int(at) for at in np.flatnonzero(np.abs(steps - np.median(steps)) > far * scale)]
