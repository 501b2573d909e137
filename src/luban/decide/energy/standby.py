"""Standby: what to do with a machine in each gap of its schedule, so that it costs least.

Each gap stands alone, so that the cheapest mode of each is the optimum of all.

Reads   gaps, modes, tariff    Writes  nothing
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from luban.core.errors import InputError
from luban.understand.quality.data import Floats

__all__ = ["Mode", "Rest", "standby_plan"]


@dataclass(frozen=True)
class Mode:
    """A way to wait: power while in it [kW]; minutes and power to go down and to come up again; wear each time [money].

    The mode a machine is left in today has no minutes to go down or up.
    """

    name: str
    power: float
    down: float = 0.0
    up: float = 0.0
    down_power: float = 0.0
    up_power: float = 0.0
    wear: float = 0.0


@dataclass(frozen=True)
class Rest:
    """One gap decided: begin and end [min], mode, cost and energy in it, and against the mode of today."""

    begin: float
    end: float
    mode: str
    cost: float
    energy: float
    saved: float
    saved_energy: float


def standby_plan(gaps: Sequence[tuple[float, float]], modes: Sequence[Mode], price: Floats) -> tuple[Rest, ...]:
    """The cheapest mode in each gap.

    gaps    begin and end of each [min from the first minute of the prices]
    modes   the first is what is done today
    price   of each minute [money/kWh]
    Raises  InputError: a gap outside the prices or turned round, no mode, a first mode that takes time to enter
    """
    if not modes or modes[0].down or modes[0].up:
        raise InputError("the first mode is what is done today, and takes no time", came=f"{list(modes)[:1]}")
    paid = np.concatenate([[0.0], np.cumsum(np.asarray(price, float))]) / 60
    rests = []
    for begin, end in gaps:
        if not 0 <= begin <= end <= len(price):
            raise InputError(
                "a gap outside the prices", came=f"{begin:g} to {end:g} min", expected=f"0 to {len(price)}"
            )
        costs = [(*_spent(one, begin, end, paid), one) for one in modes if one.down + one.up <= end - begin]
        today = costs[0]
        cost, energy, mode = min(costs, key=lambda one: one[0])
        rests.append(Rest(begin, end, mode.name, cost, energy, today[0] - cost, today[1] - energy))
    return tuple(rests)


def _spent(mode: Mode, begin: float, end: float, paid: Floats) -> tuple[float, float]:
    """Cost [money] and energy [kWh] of a gap in a mode."""
    cost, energy = mode.wear, 0.0
    bounds = (begin, begin + mode.down, end - mode.up, end)
    for low, high, power in zip(bounds[:-1], bounds[1:], (mode.down_power, mode.power, mode.up_power), strict=True):
        cost += power * float(np.interp(high, np.arange(len(paid)), paid) - np.interp(low, np.arange(len(paid)), paid))
        energy += power * (high - low) / 60
    return cost, energy
