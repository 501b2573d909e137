"""Whether a process was in control while a sample was taken: without that, a capability index forecasts nothing.

Up to 50 points any individual value or mean beyond its limits speaks against control, as usual. Longer records, ranges
and standard deviations bring points beyond 3 sigma by chance (27 values and 92 moving ranges in 10,000), so there it
takes more of them than chance brings in 99 of 100 records, or one that it brings in fewer than 27 of 10,000.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from luban.understand.quality.capability import words
from luban.understand.quality.capability.spread import measurable
from luban.understand.quality.data import Floats, Sample
from luban.understand.quality.distributions import Fitted
from luban.understand.quality.spc.chart import Chart, Panel
from luban.understand.quality.spc.constants import c4, d2

__all__ = ["Stability", "chart_kind", "stability"]

_USUAL, _FALSE_ALARM, _SURE = 50, 0.0027, 0.01
_LARGEST_RANGE = 10


@dataclass(frozen=True, slots=True)
class Stability:
    """Whether a process was in control.

    in_control  None: the sample cannot show it
    reasons     what speaks against it, or why it is not known; the first one is the strongest
    doubts      what a reader should know although it does not refute control
    chart       the control chart it was judged by
    """

    in_control: bool | None
    reasons: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    chart: Chart | None = None


def chart_kind(sample: Sample) -> str:
    """The chart for a sample: i_mr for values one by one, xbar_r for small subgroups, xbar_s for larger ones."""
    largest = int(sample.sizes.max()) if len(sample) else 1
    return "i_mr" if largest == 1 else "xbar_r" if largest <= _LARGEST_RANGE else "xbar_s"


def stability(sample: Sample, law: Fitted | None = None) -> Stability:
    """Judge a sample by its control chart with limits from the sample itself.

    law      family that the values follow where it is not the normal: they are judged on the normal's scale then
    Example  stability(individuals([10.0] * 5 + [10.1] * 5 + [14.0])).in_control is False
    """
    if len(sample) < 2:
        return Stability(None, (words.ONE_SUBGROUP,))
    if not float(measurable(sample.values).std()) > 0:
        return Stability(None, (words.CONSTANT.format(n=len(sample.values)),))
    from luban.understand.quality.spc import control_chart

    if law is not None and law.family.name != "normal":
        sample = _on_normal_scale(sample, law)
    kind = chart_kind(sample)
    chart = control_chart(kind, sample, rules=())
    place, spread = chart.panels[0], chart.panels[1]
    reasons, doubts = [], []
    for panel, tails, limit, usual in (
        (place, _place_tails(place), np.full(len(place.values), _FALSE_ALARM), True),
        (spread, *_spread_tails(spread, kind, sample), False),
    ):
        against, doubt = _judge(panel, chart, tails, limit, usual)
        reasons += [against] if against else []
        doubts += [doubt] if doubt else []
    chance = _between(sample)
    if chance is not None and chance < _SURE and not reasons:
        doubts.append(words.SUBGROUPS_DIFFER.format(chance=f"{chance:.2g}"))
    return Stability(not reasons, tuple(reasons), tuple(doubts), chart)


def _on_normal_scale(sample: Sample, law: Fitted) -> Sample:
    below, above = law.below(sample.values), law.above(sample.values)
    z = np.where(below < 0.5, special.ndtri(np.maximum(below, 1e-300)), -special.ndtri(np.maximum(above, 1e-300)))
    return replace(sample, values=z, lower=None, target=None, upper=None, unit="1")


def _judge(panel: Panel, chart: Chart, tails: Floats, limit: Floats, usual: bool) -> tuple[str, str]:
    """What a panel says against control, and a doubt.

    tails  chance of a point as far out or farther, shape (k,)
    limit  chance of a point beyond the limits, shape (k,)
    usual  any point beyond speaks against control while the points are few
    """
    with np.errstate(invalid="ignore"):
        out = panel.values > panel.upper
        out |= (panel.values < panel.lower) if usual else False
    beyond, known = np.flatnonzero(out), np.isfinite(panel.values)
    points = int(known.sum())
    if not len(beyond):
        return "", ""
    worst = int(beyond[np.argmin(tails[beyond])])
    sentence = words.BEYOND.format(where=chart.labels[worst], panel=panel.name)
    if len(beyond) > 1:
        sentence = words.MANY_BEYOND.format(n=len(beyond), m=points, panel=panel.name)
    too_many = float(special.bdtrc(len(beyond) - 1, points, float(limit[known].mean()))) < _SURE
    too_far = float(tails[worst]) * points < _FALSE_ALARM
    if (usual and points <= _USUAL) or too_many or too_far:
        return sentence, ""
    return "", words.CHANCE.format(n=len(beyond), m=points, panel=panel.name)


def _place_tails(panel: Panel) -> Floats:
    up = panel.values >= panel.centre
    reach = np.where(up, panel.upper - panel.centre, panel.centre - panel.lower)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(special.erfc(3 * np.abs(panel.values - panel.centre) / reach / np.sqrt(2)))


def _spread_tails(panel: Panel, kind: str, sample: Sample) -> tuple[Floats, Floats]:
    """Chance of a spread as large or larger, and of one beyond the upper limit, of each point of a normal process."""
    sizes = np.full(len(panel.values), 2) if kind == "i_mr" else sample.sizes
    tails, limits = np.ones(len(sizes)), np.full(len(sizes), _FALSE_ALARM)
    for size in np.unique(sizes[sizes > 1]).tolist():
        own = np.flatnonzero((sizes == size) & np.isfinite(panel.values))
        if not len(own):
            continue
        if kind == "xbar_s":
            sigma, tail = panel.centre[own] / c4(size), _deviation_tail
        else:
            sigma, tail = panel.centre[own] / d2(size), _range_tail
        far = own[panel.values[own] > panel.upper[own]]
        at = np.searchsorted(own, far)
        tails[far] = tail(size, panel.values[far] / sigma[at])
        limits[own] = tail(size, panel.upper[own[:1]] / sigma[:1])[0]
    return tails, limits


def _deviation_tail(size: int, ratio: Floats) -> Floats:
    return np.asarray(special.gammaincc((size - 1) / 2, (size - 1) * ratio**2 / 2))


def _range_tail(size: int, ratio: Floats) -> Floats:
    """Chance of a range of `size` standard normal values above `ratio`."""
    if size == 2:
        return np.asarray(special.erfc(ratio / 2))
    at, weight = np.polynomial.legendre.leggauss(200)
    x = at * 9
    density = np.exp(-x * x / 2) / np.sqrt(2 * np.pi) * weight * 9
    inside = special.ndtr(x[:, None] + ratio) - special.ndtr(x[:, None])
    return np.asarray(np.maximum(1 - size * (density[:, None] * inside ** (size - 1)).sum(0), 1e-16))


def _between(sample: Sample) -> float | None:
    """Chance by one-way analysis of variance between subgroups; of von Neumann's ratio where each has one value."""
    x, k, n = sample.values, len(sample), len(sample.values)
    if k == n:
        if n < 10:
            return None
        ratio = float((np.diff(x) ** 2).sum() / ((x - x.mean()) ** 2).sum())
        return float(special.ndtr((ratio - 2) / np.sqrt(4 * (n - 2) / (n * n - 1))))
    starts = sample.starts[:-1]
    means = np.add.reduceat(x, starts) / sample.sizes
    between = float((sample.sizes * (means - x.mean()) ** 2).sum())
    inside = float(((x - np.repeat(means, sample.sizes)) ** 2).sum())
    if not inside > 0:
        return None
    ratio = between / (k - 1) / (inside / (n - k))
    return float(special.fdtrc(k - 1, n - k, ratio))
