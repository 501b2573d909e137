"""Straight lines through periods that go together: intervals that hold although neighbours are alike.

What a fit leaves over is taken as a part that goes together from period to period (autocorrelation ρ) and a part that
does not (share ω of the variance: chance of few pieces, reading errors). Neither is one number here: each pair of a
grid counts by its restricted likelihood and by a weight 1/(1-ρ)^lean, which makes up for how short series hide ρ. Under
each pair the fit is generalised least squares, by a filter that counts gaps, and what is asked for is spread like
Student's t; the interval is cut from the mixture. The two leans were set by simulation, so that intervals hold for
0 ≤ ρ ≤ 0.8 from the fewest periods on that each method asks for.

Reads   a series and the columns of a fit    Writes  nothing
Source  D. A. Harville, JASA 72 (1977) 320-338, doi 10.1080/01621459.1977.10480998 (restricted likelihood);
        A. C. Harvey, Forecasting, Structural Time Series Models and the Kalman Filter (1989), 3.4 (least squares by a
        filter); A. Zellner, G. C. Tiao, JASA 59 (1964) 763-778, doi 10.2307/2283097 (a regression averaged over ρ)
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import stdtr

from luban.core.errors import InputError
from luban.understand.quality.data import Floats, Ints

__all__ = ["LEAN", "LEAN_AHEAD", "OMEGAS", "RHOS", "Line", "Mixture", "fit_line"]

_RHO = np.linspace(0.05, 0.95, 19)
_OMEGA = np.array([0.0, 0.3, 0.6])
_RARE = np.array([0.8, 0.15, 0.05])  # how likely each is before anything is seen

RHOS: Final = np.concatenate([[0.0], np.repeat(_RHO, len(_OMEGA))])
"""Autocorrelations that are thought of [1]."""

OMEGAS: Final = np.concatenate([[0.0], np.tile(_OMEGA, len(_RHO))])
"""Shares of the variance that go together with nothing, beside each of `RHOS` [1]."""

LEAN: Final = 1.25
"""Lean of a fit through all periods, before and after [1]."""

LEAN_AHEAD: Final = 1.0
"""Lean of a fit through the periods before, which is carried on to those after [1]."""

_KNOWN = np.log(np.concatenate([[1.0], np.tile(_RARE, len(_RHO))]))
_STRETCH = 0.15  # of a sum of coefficients where ρ is high, by simulation
_HALVINGS = 80


@dataclass(frozen=True, eq=False)
class Mixture:
    """What is known of one figure: Student's t under each ρ, weighed.

    weights, means, scales  per ρ;  free  degrees of freedom
    """

    weights: Floats
    means: Floats
    scales: Floats
    free: float

    @property
    def mean(self) -> float:
        """The estimate."""
        return float(self.weights @ self.means)

    def below(self, value: float) -> float:
        """Probability of less than `value` [1]."""
        with np.errstate(divide="ignore", invalid="ignore"):
            away = (value - self.means) / self.scales
        away = np.where(np.isnan(away), 0.0, away)
        return float(self.weights @ stdtr(self.free, away))

    def quantile(self, share: float) -> float:
        """The value that is not exceeded with probability `share` in (0, 1), by halving."""
        wide = 12.0 + 60.0 / max(self.free, 1.0) ** 2 / min(share, 1 - share)
        low = float((self.means - wide * self.scales).min())
        high = float((self.means + wide * self.scales).max())
        while self.below(low) > share:
            low -= high - low
        while self.below(high) < share:
            high += high - low
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            low, high = (middle, high) if self.below(middle) < share else (low, middle)
        return (low + high) / 2

    def interval(self, level: float) -> tuple[float, float]:
        """Both ends at that level, as much beyond each."""
        if not float(self.scales.max()) > 0:
            return self.mean, self.mean
        return self.quantile((1 - level) / 2), self.quantile((1 + level) / 2)

    def p(self, value: float = 0.0) -> float:
        """Two-sided probability of an estimate as far from `value` or farther, if `value` were true."""
        below = self.below(value)
        return 2 * min(below, 1 - below)


@dataclass(frozen=True, eq=False)
class Line:
    """A fit under each pair of ρ and ω.

    weights       how likely each pair is, 1 in all
    coefficients  (pairs × columns);  inverses  of the weighed normal matrix (pairs × columns × columns)
    sizes         standard deviation of a period about the line, under each pair [unit]
    free          periods less columns, less two for ρ and ω
    state         what a forecast sets on: the part that goes together, of the columns (pairs × columns)
    rest          the same of what the fit leaves over [unit], and its variance `doubt` [1]
    """

    weights: Floats
    coefficients: Floats
    inverses: Floats
    sizes: Floats
    free: int
    state: Floats
    rest: Floats
    doubt: Floats

    @property
    def rho(self) -> float:
        """Autocorrelation of neighbouring periods, on the average of what is likely [1]."""
        return float((RHOS * (1 - OMEGAS)) @ self.weights)

    @property
    def size(self) -> float:
        """Standard deviation of a period about the line [unit]."""
        return math.sqrt(float(self.weights @ self.sizes**2))

    @property
    def mean(self) -> Floats:
        """Coefficients on the average of what is likely."""
        middle: Floats = self.weights @ self.coefficients
        return middle

    def contrast(self, along: Floats) -> Mixture:
        """What is known of a sum of the coefficients, weighed by `along`."""
        part = np.einsum("j,rjk,k->r", along, self.inverses, along)
        scales = self.sizes * np.sqrt(np.maximum(part, 0.0)) * (1 + _STRETCH * RHOS)
        return Mixture(self.weights, self.coefficients @ along, scales, float(self.free))

    def excess(self, values: Floats, columns: Floats, ahead: Ints) -> Mixture:
        """Mean of later values over what the line says of them, its own doubt and their noise in it.

        values   of the later periods [unit], shape (m,)
        columns  of the same (m × columns)
        ahead    how many periods each lies after the last one of the fit, rising
        """
        lean = (RHOS[:, None] ** ahead[None, :]).mean(axis=1)
        along = columns.mean(axis=0)[None, :] - lean[:, None] * self.state
        part = np.einsum("rj,rjk,rk->r", along, self.inverses, along)
        means = values.mean() - self.coefficients @ columns.mean(axis=0) - lean * self.rest
        spread = np.sqrt(np.maximum(part + self._noise(ahead, lean), 0.0))
        return Mixture(self.weights, means, self.sizes * spread, float(self.free))

    def forecast(self, columns: Floats, ahead: Ints) -> tuple[Floats, Floats]:
        """(expected values, standard deviation of a period about them) of later periods."""
        links = RHOS[:, None] ** ahead[None, :]
        means = self.coefficients @ columns.T + links * self.rest[:, None]
        along = columns[None, :, :] - links[:, :, None] * self.state[:, None, :]
        part = np.einsum("rtj,rjk,rtk->rt", along, self.inverses, along)
        part += 1 - links**2 * (1 - OMEGAS - self.doubt)[:, None]
        middle = self.weights @ means
        spread = self.weights @ (self.sizes[:, None] ** 2 * part + (means - middle) ** 2)
        return middle, np.sqrt(np.maximum(spread, 0.0))

    def _noise(self, ahead: Ints, lean: Floats) -> Floats:
        """Variance of the mean of later noise, under each pair, given what was seen."""
        away = np.abs(ahead[:, None] - ahead[None, :])
        alike = np.array([float((rho**away).mean()) if rho else 1 / len(ahead) for rho in RHOS])
        seen: Floats = lean**2 * (1 - OMEGAS - self.doubt)
        return np.asarray((1 - OMEGAS) * alike + OMEGAS / len(ahead) - seen, np.float64)


def fit_line(values: Floats, columns: Floats, at: Ints, *, lean: float = LEAN) -> Line:
    """Fit a straight line in some columns to periods that may go together.

    values   [unit], shape (n,)
    columns  (n × p), none of them a sum of others
    at       number of each period, rising; a gap is a leap
    lean     towards a high autocorrelation [1]
    Raises   InputError: fewer than p + 4 periods, columns that say the same
    Example  fit_line(y, np.ones((20, 1)), np.arange(20)).contrast(np.ones(1)).interval(0.95)
    """
    y, x = np.asarray(values, np.float64), np.asarray(columns, np.float64)
    count, width = x.shape
    if count < width + 4:
        raise InputError("too few periods for this fit", came=f"{count}", expected=f"{width + 4} or more")
    scale = np.abs(x).max(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    if np.linalg.matrix_rank(x / scale, tol=1e-9 * math.sqrt(count)) < width:
        raise InputError("two columns of the fit say the same, or one never moves", came=f"{width} columns")
    white, logs, state, doubt = _whitened(np.column_stack([x / scale, y]), np.diff(at))
    wx, wy = white[:, :, :width], white[:, :, width]
    turned = wx.transpose(0, 2, 1)
    normal = turned @ wx
    inverses = np.linalg.inv(normal)
    beta = (inverses @ (turned @ wy[:, :, None]))[:, :, 0]
    left = wy - (wx @ beta[:, :, None])[:, :, 0]
    free = count - width
    sure = max(free - 2, 1)  # ρ and ω are found too
    rss = np.maximum((left * left).sum(axis=1), 1e-300)
    likely = -logs - np.linalg.slogdet(normal)[1] / 2 - free / 2 * np.log(rss)
    likely += _KNOWN - lean * np.log(1 - RHOS)
    weights = np.exp(likely - likely.max())
    rest = state[:, width] - (state[:, :width] * beta).sum(axis=1)
    return Line(
        weights / weights.sum(), beta / scale, inverses / scale[:, None] / scale[None, :], np.sqrt(rss / sure), sure,
        state[:, :width] * scale, rest, doubt,
    )  # fmt: skip


def _whitened(both: Floats, steps: Ints) -> tuple[Floats, Floats, Floats, Floats]:
    """Columns freed of what goes together, under each pair; half the log of their variances; last state, its variance.

    both   (n × columns);  steps  periods between neighbours
    """
    pairs, (count, width) = len(RHOS), both.shape
    alike = 1 - OMEGAS
    state, doubt = np.zeros((pairs, width)), alike.copy()
    white, logs = np.empty((count, pairs, width)), np.zeros(pairs)
    for at in range(count):
        if at:
            link = RHOS ** int(steps[at - 1])
            state = state * link[:, None]
            doubt = doubt * link * link + alike * (1 - link * link)
        spread = doubt + OMEGAS
        new = both[at] - state
        white[at] = new / np.sqrt(spread)[:, None]
        logs += np.log(spread) / 2
        gain = doubt / spread
        state = state + gain[:, None] * new
        doubt = doubt * (1 - gain)
    return white.transpose(1, 0, 2), logs, state, doubt
