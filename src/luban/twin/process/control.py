"""Control loops and instruments as plants have them: limits, valves that stick, noise, drift."""

from __future__ import annotations

import math
from typing import Any

from numba import njit

from luban.twin.kernel.random import normal, stream

__all__ = ["drifted", "lagged", "pi", "ramped"]


@njit
def pi(loop: Any, value: float, hours: float) -> float:
    """One sample of a PI controller; returns the position of its valve.

    loop    the loop's record; `gain` carries the sign, so that gain·(set point - value) opens the valve
    hours   since the last sample
    The integral stands still while the output is at a limit and the error would drive it further (no wind-up), and
    follows the output in manual, so that going back to automatic is bumpless. The valve moves only when it is asked to
    move by more than its stiction, then all the way (the one-parameter model of Stenman, Gustafsson and Forsman 2003,
    doi 10.1002/cem.782).
    """
    push = loop.gain * (loop.set_point - value)
    if loop.auto:
        wanted = loop.integral + push
        loop.output = min(loop.high, max(loop.low, wanted))
        if wanted == loop.output or (wanted > loop.high) == (push < 0.0):
            loop.integral += push * hours / loop.reset
    else:
        loop.integral = loop.output - push
    if abs(loop.output - loop.position) > loop.stiction * (loop.high - loop.low):
        loop.position = loop.output
    position: float = loop.position
    return position


@njit
def ramped(point: Any, hours: float) -> float:
    """A set-point on its way: no faster than its rate; returns where it is."""
    reach = point.rate * hours
    point.value += min(reach, max(-reach, point.target - point.value))
    now: float = point.value
    return now


@njit
def lagged(flow: float, target: float, decay: float) -> float:
    """A flow behind its valve after one sample; decay = exp(-sample / lag)."""
    return target + (flow - target) * decay


@njit
def drifted(value: float, sigma: float, tau: float, hours: float, run: int, purpose: int, ordinal: int) -> float:
    """Noise of first order (Ornstein-Uhlenbeck) after so many hours, exactly; tau in [h]."""
    decay = math.exp(-hours / tau)
    draw: float = normal(stream(run, purpose, 0, ordinal))
    return value * decay + sigma * math.sqrt(1.0 - decay * decay) * draw
