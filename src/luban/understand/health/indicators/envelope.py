"""Blows that repeat, such as those of a damaged bearing: the band they ring in, its envelope, the envelope's spectrum.

The band is that whose envelope is most impulsive, among halves and thirds of the range of frequencies down to narrow
ones. Source: J. Antoni (2007), doi:10.1016/j.ymssp.2005.12.002 (fast kurtogram); here bands are cut in the spectrum.
A single knock is impulsive too: look at the lines of the envelope's spectrum, not at the kurtosis of its band alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from luban.core.errors import InputError
from luban.understand.health.indicators.spectrum import LEAST, Spectrum, spectrum_of
from luban.understand.quality.data import Floats

__all__ = ["Band", "band_of", "envelope_of", "envelope_spectrum"]

_Lines = NDArray[np.complex128]
_LEVELS = 6  # halvings of the range
_NOTHING = 1e-12  # of the signal's variance: what a band holds of rounding
_ROOM = 3.0  # a band is at least so many times as wide as the fastest strikes looked for


@dataclass(frozen=True, slots=True)
class Band:
    """A band of frequencies.

    low, high  its edges [Hz]
    kurtosis   of its complex envelope, mean |z|⁴ over (mean |z|²)², less 2: 0 for noise, −1 for a steady tone
    """

    low: float
    high: float
    kurtosis: float


def band_of(values: Floats, rate: float, *, fastest: float = 0.0) -> Band:
    """The band in which blows stand out most.

    values   evenly sampled, finite, shape (n,), at least 256
    rate     samples per second [Hz]
    fastest  highest rate of strikes that is looked for [Hz]; bands too narrow to show it are not tried
    Raises   InputError: too few values
    """
    if len(values) < LEAST * LEAST:
        raise InputError("too few values for an envelope", came=str(len(values)), expected=f"{LEAST**2} or more")
    lines = np.fft.rfft(values - values.mean())
    top, least = rate / 2, _NOTHING * float(values.var())
    tried: list[Band] = []
    for level in range(_LEVELS + 1):
        for parts in (2**level, 3 * 2 ** (level - 1)) if level else (1,):
            width = top / parts
            if parts > 1 and (width < _ROOM * fastest or len(lines) < 4 * LEAST * parts):
                continue
            for part in range(parts):
                low, high = part * width, (part + 1) * width
                tried.append(Band(low, high, _impulsive(_narrow(lines, len(values), rate, low, high), least)))
    return max(tried, key=lambda band: band.kurtosis)


def envelope_of(values: Floats, rate: float, band: Band) -> tuple[Floats, float]:
    """Envelope of a band [unit], and its own sampling rate [Hz]: it is as long as the values, in fewer samples."""
    lines = np.fft.rfft(values - values.mean())
    narrow = _narrow(lines, len(values), rate, band.low, band.high)
    return np.abs(narrow), len(narrow) * rate / len(values)


def envelope_spectrum(values: Floats, rate: float, *, band: Band | None = None, fastest: float = 0.0) -> Spectrum:
    """Spectrum of the squared envelope: lines where blows repeat, whatever they ring at [unit⁴ over Hz bins].

    band     found by `band_of` if None
    Example  envelope_spectrum(acceleration, 12_000, fastest=160).main()  # strikes per second
    """
    envelope, own = envelope_of(values, rate, band or band_of(values, rate, fastest=fastest))
    return spectrum_of(envelope * envelope, own)


def _narrow(lines: _Lines, count: int, rate: float, low: float, high: float) -> _Lines:
    """Complex envelope of [low, high): the band's lines alone, moved to zero, in as few samples as hold them twice."""
    step = rate / count
    first, last = max(1, int(np.ceil(low / step))), min(len(lines), int(np.ceil(high / step)))
    kept = lines[first:last]
    size = max(2 * len(kept), 4)
    padded = np.zeros(size, np.complex128)
    padded[: len(kept)] = kept
    found: _Lines = np.fft.ifft(padded) * (2 * size / count)
    return found


def _impulsive(narrow: _Lines, least: float) -> float:
    power = narrow.real**2 + narrow.imag**2
    mean = float(power.mean())
    return float((power * power).mean()) / mean**2 - 2.0 if mean > least else -2.0
