"""What a baseline leaves over: how large it is and how neighbouring periods go together.

Residuals of a fit are smaller and less alike than the noise itself, the more so the fewer the periods. How alike is
therefore not one number here: each autocorrelation from 0 to 0.95 counts by its restricted likelihood, and variances
are averaged over them. Few periods leave many possible, and intervals come out wide enough for it.

Reads   residuals and the matrix they come from    Writes  nothing
Source  D. A. Harville, JASA 72 (1977) 320-338, doi 10.1080/01621459.1977.10480998 (restricted likelihood);
        F. E. Satterthwaite, Biometrics Bulletin 2 (1946) 110-114, doi 10.2307/3002019 (free values)
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.linalg import matmul_toeplitz
from scipy.signal import lfilter

from luban.understand.quality.data import Floats

__all__ = ["Noise", "noise_of"]

_RHOS = np.arange(0.0, 0.951, 0.05)


@dataclass(frozen=True, eq=False)
class Noise:
    """Noise of a baseline, per unit of length.

    rhos     correlations of a period with the next that were thought of [1]
    weights  how likely each is [1], 1 in all
    sizes    standard deviation under each in a period of length 1 [energy]
    free     values that the size rests on, autocorrelation taken off [1]
    """

    rhos: Floats
    weights: Floats
    sizes: Floats
    free: float

    @property
    def rho(self) -> float:
        """Correlation of a period with the next, on the average of what is likely [1]."""
        return float(self.rhos @ self.weights)

    @property
    def size(self) -> float:
        """Standard deviation in a period of length 1, on the average of what is likely [energy]."""
        return math.sqrt(float(self.sizes**2 @ self.weights))

    def of_sums(self, scales: Floats) -> Floats:
        """Standard deviation of the running sum, each period scaled by `scales` [energy]."""
        variance = np.zeros(len(scales))
        for rho, weight, size in zip(self.rhos, self.weights, self.sizes, strict=True):
            link = np.concatenate([[0.0], lfilter([rho], [1.0, -rho], scales)[:-1]])
            variance += weight * size * size * np.cumsum(scales * scales + 2 * scales * link)
        root: Floats = np.sqrt(np.maximum(variance, 0.0))
        return root


def noise_of(rest: Floats, matrix: Floats, *, independent: bool = False) -> tuple[Noise, Floats]:
    """Noise behind residuals, and the covariance of the parameters under it.

    rest         residuals of least squares, in order of time
    matrix       columns of the fit, with a column for each change point (periods × parameters)
    independent  take neighbouring periods for unrelated: the textbook's standard errors
    """
    q, r = np.linalg.qr(matrix)
    diagonal = np.abs(np.diag(r))
    inner = np.linalg.inv(r) if diagonal.min() > 1e-9 * diagonal.max() else np.linalg.pinv(r)
    rss = float(rest @ rest)
    rhos = np.zeros(1) if independent or rss <= 0 else _RHOS
    known = np.array([_likelihood(rest, q, rho) for rho in rhos])
    weights = np.exp(known - known.max())
    weights /= weights.sum()
    sizes, free, spread = np.empty(len(rhos)), 0.0, np.zeros((len(inner), len(inner)))
    for at, rho in enumerate(rhos):
        lit = _omega(float(rho), q)
        core = q.T @ lit
        whole, square = _traces(float(rho), lit, core)
        sizes[at] = math.sqrt(rss / whole) if whole > 0 else math.inf
        free += float(weights[at]) * whole * whole / square
        spread += weights[at] * sizes[at] ** 2 * core
    return Noise(rhos, weights, sizes, max(free, 1.0)), inner @ spread @ inner.T


def _likelihood(rest: Floats, q: Floats, rho: float) -> float:
    """Logarithm of the restricted likelihood of a correlation, the size taken out."""
    lone = math.sqrt(1 - rho * rho)

    def white(x: Floats) -> Floats:
        return np.concatenate([lone * x[:1], x[1:] - rho * x[:-1]])

    e, x = white(rest), white(q)
    beta = np.linalg.lstsq(x, e, rcond=None)[0]
    left = e - x @ beta
    free = len(rest) - q.shape[1]
    _, determinant = np.linalg.slogdet(x.T @ x)
    rss = max(float(left @ left), 1e-300)
    return float(math.log(lone) - determinant / 2 - free / 2 * math.log(rss))


def _omega(rho: float, q: Floats) -> Floats:
    """Ω q, Ω the correlations rho^|i-j|."""
    out: Floats = np.asarray(matmul_toeplitz(rho ** np.arange(len(q)), q)) if rho else q
    return out


def _traces(rho: float, lit: Floats, core: Floats) -> tuple[float, float]:
    """tr(MΩ) and tr(MΩMΩ): M takes the fit off."""
    count = len(lit)
    lags = np.arange(1, count)
    squares = count + 2 * float(((count - lags) * rho ** (2 * lags)).sum())
    square = squares - 2 * float((lit * lit).sum()) + float((core * core.T).sum())
    return count - float(np.trace(core)), square
