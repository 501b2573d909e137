"""All indicators of one stretch of a signal, in one call."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from luban.core.errors import InputError
from luban.understand.health.indicators import words
from luban.understand.health.indicators.bearing import Bearing
from luban.understand.health.indicators.envelope import band_of, envelope_spectrum
from luban.understand.health.indicators.shape import shape_of
from luban.understand.health.indicators.spectrum import LEAST, spectrum_of
from luban.understand.quality.data import Floats

__all__ = ["describe", "described"]

_LARGEST = 1e100
_STEADY = 1e-12  # of the mean square: less variance than that is rounding


def describe(
    samples: Sequence[float] | Floats,
    rate: float | None = None,
    *,
    speed: float | None = None,
    bearing: Bearing | None = None,
    bands: Sequence[tuple[float, float]] = (),
) -> dict[str, float]:
    """Indicators of a stretch of a signal, by name; what it does not allow is left out.

    samples  in order of time, shape (n,); what is not finite is left out, and with it all that needs even sampling
    rate     samples per second [Hz], if they are evenly spaced: only then there is a spectrum; None: not
    speed    of the shaft [turns per minute], for a bearing
    bearing  its geometry: adds one indicator for each place of damage, the height of its line in the envelope's
             spectrum over the surroundings [1], about 2 for none
    bands    (low, high) [Hz]: adds the root mean square of each as `band 10-100 Hz` [unit of the signal]
    returns  names of SHAPES; with a rate `main frequency`, `spectral centroid` [Hz], the bands, and from 256 samples
             on `envelope kurtosis` [1] with `envelope low` and `envelope high` [Hz], the band it stands in
    Raises   InputError: no rate above 0, a band or a bearing that cannot be
    Example  describe([1.0, -1.0, 1.0, -1.0])["crest factor"] == 1.0
    """
    return described(np.asarray(samples, np.float64), rate, speed=speed, bearing=bearing, bands=bands)[0]


def described(
    samples: Floats,
    rate: float | None = None,
    *,
    speed: float | None = None,
    bearing: Bearing | None = None,
    bands: Sequence[tuple[float, float]] = (),
) -> tuple[dict[str, float], tuple[str, ...]]:
    """As `describe`, and why anything was left out, in words."""
    if samples.ndim != 1:
        raise InputError("a signal is one row of numbers", came=f"shape {samples.shape}", expected="shape (n,)")
    if rate is not None and not 0 < rate < math.inf:
        raise InputError("a spectrum needs a sampling rate", came=f"{rate:g} Hz", expected="above 0 Hz")
    good = np.isfinite(samples) & (np.abs(samples) < _LARGEST)
    values = samples if good.all() else samples[good]
    told, reasons = shape_of(values), list[str]()
    if not len(values):
        return {}, (words.NOTHING,)
    if "kurtosis" not in told:
        reasons.append(words.CONSTANT)
    if rate is None:
        return told, tuple(reasons)
    if len(values) < len(samples):
        reasons.append(words.HOLES)
    elif len(values) < LEAST:
        reasons.append(words.SHORT)
    elif told["standard deviation"] ** 2 > _STEADY * told["rms"] ** 2:
        told |= _swinging(values, rate, bands, reasons)
        told |= _striking(values, rate, speed, bearing, reasons)
    return told, tuple(reasons)


def _swinging(
    values: Floats, rate: float, bands: Sequence[tuple[float, float]], reasons: list[str]
) -> dict[str, float]:
    spectrum = spectrum_of(values, rate)
    told = {"main frequency": spectrum.main(), "spectral centroid": spectrum.centroid()}
    for low, high in bands:
        if low >= rate / 2 or high - low < spectrum.resolution:
            reasons.append(words.BAND.format(low=f"{low:g}", high=f"{high:g}"))
        else:
            told[f"band {low:g}-{high:g} Hz"] = spectrum.rms(low, high)
    return told


def _striking(
    values: Floats, rate: float, speed: float | None, bearing: Bearing | None, reasons: list[str]
) -> dict[str, float]:
    if len(values) < LEAST * LEAST:
        return {}
    if bearing is not None and speed is None:
        reasons.append(words.NO_SPEED)
    strikes = {} if bearing is None or speed is None else dict(bearing.frequencies(speed))
    strikes.pop("ball spin", None)
    fastest = max(strikes.values(), default=0.0)
    band = band_of(values, rate, fastest=fastest)
    told = {"envelope kurtosis": band.kurtosis, "envelope low": band.low, "envelope high": band.high}
    spectrum = envelope_spectrum(values, rate, band=band)
    for name, frequency in strikes.items():
        height = spectrum.line(frequency)  # not its harmonics: twice the inner race lies by thrice the outer one
        if math.isfinite(height):
            told[name] = height
        else:
            reasons.append(words.UNREACHED.format(name=name, frequency=f"{frequency:.3g}"))
    return told
