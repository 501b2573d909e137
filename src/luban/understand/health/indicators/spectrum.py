"""Indicators of how a signal swings: spectrum, energy of bands, velocity out of acceleration.

Everything rests on one periodogram with a Hann window that keeps power: the sum over all frequencies is the mean
square of the signal about its mean (for noise; Welch 1967, doi:10.1109/TAU.1967.1161901).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from luban.core.errors import InputError
from luban.understand.quality.data import Floats

__all__ = ["LEAST", "Spectrum", "spectrum_of"]

LEAST = 16
"""Values from which on there is a spectrum."""


@dataclass(frozen=True, slots=True)
class Spectrum:
    """One-sided power spectrum of evenly sampled values.

    frequency  [Hz], or orders for a signal over the angle, shape (m,), evenly spaced from 0
    power      mean square that falls to each frequency [unit²], shape (m,)
    rate       samples per second, or per turn
    """

    frequency: Floats
    power: Floats
    rate: float

    @property
    def resolution(self) -> float:
        """Step between frequencies [Hz]."""
        return float(self.frequency[1])

    def rms(self, low: float, high: float) -> float:
        """Root mean square within [low, high) [unit].

        Raises  InputError: the band is empty, turned over, or above half the sampling rate
        Example spectrum_of(np.sin(2 * np.pi * 50 * t), 1000).rms(45, 55)  # 0.7071
        """
        if not 0 <= low < high or low >= self.rate / 2:
            raise InputError("no such band", came=f"{low:g} to {high:g} Hz",
                             expected=f"within 0 to {self.rate / 2:g} Hz, low below high")  # fmt: skip
        inside = (self.frequency >= low) & (self.frequency < high)
        if not inside.any():
            came, wanted = f"{low:g} to {high:g} Hz", f"{self.resolution:g} Hz wide or more"
            raise InputError("the band is narrower than the spectrum can tell", came=came, expected=wanted,
                             hint="take more samples at a time")  # fmt: skip
        return math.sqrt(float(self.power[inside].sum()))

    def main(self) -> float:
        """Frequency with the most power [Hz], between bins by the parabola through its neighbours' logarithms."""
        at = int(self.power[1:].argmax()) + 1
        if not 0 < at < len(self.power) - 1 or self.power[at - 1 : at + 2].min() <= 0:
            return float(self.frequency[at])
        left, top, right = np.log(self.power[at - 1 : at + 2])
        bend = left - 2 * top + right
        return float((at + (0.5 * (left - right) / bend if bend < 0 else 0.0)) * self.resolution)

    def centroid(self) -> float:
        """Mean frequency, weighted by power [Hz]."""
        return float((self.frequency * self.power).sum() / self.power.sum())

    def line(self, frequency: float, slip: float = 0.02) -> float:
        """Amplitude of the strongest line within ± slip of a frequency, over the median around it [1].

        Noise alone gives about 2, its highest bin within the slip. NaN where the spectrum does not reach.
        """
        reach = max(slip * frequency, 1.5 * self.resolution)
        distance = np.abs(self.frequency - frequency)
        mine = distance <= reach
        around = (distance <= max(0.3 * frequency, 12 * self.resolution)) & ~mine & (self.frequency > 0)
        if frequency + reach > self.frequency[-1] or frequency - reach <= 0 or around.sum() < LEAST // 2:
            return math.nan
        floor = float(np.median(self.power[around]))
        return math.sqrt(float(self.power[mine].max()) / floor) if floor > 0 else math.nan

    def velocity_rms(self, low: float = 10.0, high: float = 1000.0) -> float:
        """Of an acceleration [m/s²], the root mean square velocity within a band [mm/s] (ISO 20816-1)."""
        inside = (self.frequency >= max(low, self.resolution)) & (self.frequency <= high)
        if not inside.any():
            raise InputError("no such band", came=f"{low:g} to {high:g} Hz", expected=f"0 to {self.rate / 2:g} Hz")
        moved = self.power[inside] / (2 * math.pi * self.frequency[inside]) ** 2
        return 1000.0 * math.sqrt(float(moved.sum()))


def spectrum_of(values: Floats, rate: float) -> Spectrum:
    """Spectrum of values about their mean.

    values  evenly sampled, finite, shape (n,), LEAST or more
    rate    samples per second [Hz], or per turn
    Raises  InputError: too few values, no rate
    """
    if not 0 < rate < math.inf:
        raise InputError("a spectrum needs a sampling rate", came=f"{rate:g} Hz", expected="above 0 Hz")
    count = len(values)
    if count < LEAST:
        raise InputError("too few values for a spectrum", came=str(count), expected=f"{LEAST} or more")
    window = 0.5 - 0.5 * np.cos(2 * math.pi * np.arange(count) / count)
    lines = np.fft.rfft((values - values.mean()) * window)
    power = (lines.real**2 + lines.imag**2) / (count * float((window * window).sum()))
    power[1 : (count + 1) // 2] *= 2  # all but 0 and, for an even number, the last stand for two
    frequency = np.arange(len(power), dtype=np.float64) * (rate / count)
    return Spectrum(frequency, power.astype(np.float64), rate)
