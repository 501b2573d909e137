"""Order tracking: a signal over the angle of the shaft, so that what turns with it stays in place at any speed.

Source  K. R. Fyfe, E. D. S. Munck (1997), doi:10.1006/mssp.1996.0056: the angle between pulses of a tacho follows from
        three of them at constant angular acceleration; here a cubic through all pulses does the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from luban.core.errors import InputError
from luban.understand.health.indicators.spectrum import Spectrum, spectrum_of
from luban.understand.quality.data import Floats

__all__ = ["Turned", "order_spectrum", "turned_by_speed", "turned_by_tacho"]


@dataclass(frozen=True, slots=True)
class Turned:
    """A signal over the angle.

    values    evenly spaced in angle [unit of the signal], shape (n,)
    per_turn  values per turn of the shaft
    start     time of the first value [s] after the first sample
    end       of the last value [s]
    speed     mean [turns per minute]
    """

    values: Floats
    per_turn: int
    start: float
    end: float
    speed: float


def turned_by_tacho(
    samples: Floats, rate: float, pulses: Floats, *, pulses_per_turn: int = 1, per_turn: int = 0
) -> Turned:
    """Resampled by the pulses of a tacho.

    samples          evenly sampled, finite, shape (n,)
    rate             samples per second [Hz]
    pulses           times of the pulses [s] after the first sample, rising, three or more
    pulses_per_turn  1 or more
    per_turn         values per turn; 0: as many as the slowest turn has samples
    Raises           InputError: pulses do not rise, fewer than two turns
    """
    pulses = np.asarray(pulses, np.float64)
    if len(pulses) < 3 or (len(pulses) - 1) / pulses_per_turn < 2:
        raise InputError(
            "fewer than two turns of the shaft", came=f"{len(pulses)} pulses", expected="two turns or more"
        )
    if not np.all(np.diff(pulses) > 0):
        raise InputError("pulses do not rise in time", came="a pulse before or at the one before it")
    return _resampled(samples, rate, pulses, np.arange(len(pulses)) / pulses_per_turn, per_turn)


def turned_by_speed(samples: Floats, rate: float, speed: Floats | float, *, per_turn: int = 0) -> Turned:
    """Resampled by a speed that was measured along.

    speed   [turns per minute], above 0: one number, or as many as there are samples, or fewer, evenly over the same
            time from first to last
    Raises  InputError: the shaft does not turn forward, fewer than two turns
    """
    given = np.atleast_1d(np.asarray(speed, np.float64))
    if not np.all(given > 0) or not np.all(np.isfinite(given)):
        raise InputError(
            "the shaft does not turn forward", came=f"{given.min():g} turns per minute", expected="above 0"
        )
    time = np.arange(len(samples)) / rate
    own = np.interp(time, np.linspace(0, time[-1], len(given)), given) if len(given) > 1 else np.full(len(time), given)
    steps = (own[1:] + own[:-1]) / (120 * rate)
    return _resampled(samples, rate, time, np.concatenate([[0.0], np.cumsum(steps)]), per_turn)


def order_spectrum(turned: Turned) -> Spectrum:
    """Spectrum over orders: 1 is once per turn.

    Example  order_spectrum(turned).main()  # 1.0 for imbalance
    """
    return spectrum_of(turned.values, float(turned.per_turn))


def _resampled(samples: Floats, rate: float, time: Floats, turns: Floats, per_turn: int) -> Turned:
    from scipy.interpolate import CubicSpline, PchipInterpolator

    inside = (time >= 0) & (time <= (len(samples) - 1) / rate)
    time, turns = time[inside], turns[inside]
    if len(time) < 3 or turns[-1] - turns[0] < 2:
        raise InputError("fewer than two turns of the shaft", came=f"{len(time)} pulses within the samples",
                         expected="two turns or more")  # fmt: skip
    slowest = float((np.diff(turns) / np.diff(time)).min())
    count = per_turn or 2 ** math.ceil(math.log2(rate / slowest))
    angles = np.arange(math.ceil(turns[0] * count), math.floor(turns[-1] * count) + 1) / count
    # a monotone cubic: time never runs back between pulses
    when = PchipInterpolator(turns, time)(angles)
    values = CubicSpline(np.arange(len(samples)) / rate, samples)(when)
    lasted = float(when[-1] - when[0])
    return Turned(values, count, float(when[0]), float(when[-1]), 60 * float(angles[-1] - angles[0]) / lasted)
