"""A cooled stirred tank in which A becomes B and B a by-product, at constant content.

    dn_j/dt = inflow·(c_j - n_j/N) + Σ ν_ij r_i          r_1 = k_1(T)·n_A,  r_2 = k_2(T)·n_B,  k = k0·exp(-E/RT)
    N·cp·dT/dt = inflow·cp·(T_f - T) + h_1 r_1 + h_2 r_2 - UA·(T - T_j)

With A alone this is the benchmark of Henson and Seborg (Nonlinear Process Control, 1997): at a jacket of 300 K it has
three steady states, of which only the cold one is stable; half conversion at 350 K is a saddle.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.optimize import brentq

from luban.core.errors import ConfigError
from luban.twin.process.layout import Vector

__all__ = ["Reactor", "SteadyState", "rate_constants", "reactor_rates"]


@dataclass(frozen=True, slots=True)
class Reactor:
    """What a reactor is.

    content         moles inside, constant [kmol]
    heat_capacity   of the content [MJ/kmol.K]
    k1, e1, h1      A → B: frequency [1/min], activation E/R [K], heat set free [MJ/kmol]
    k2, e2, h2      B → by-product, likewise
    cooling         UA of the clean jacket [MJ/h.K]
    feed            nominal flow through [kmol/h]
    feed_temperature  [K]
    inert           share of the fresh feed that never reacts [1]
    jacket_low, jacket_high   temperatures that the jacket can reach [K]
    jacket_lag      time constant of the jacket [min]
    trip            temperature at which the interlock stops it [K]
    fouling         time in which the cooling falls to 1/e [d]
    """

    content: float
    heat_capacity: float
    k1: float
    e1: float
    h1: float
    k2: float
    e2: float
    h2: float
    cooling: float
    feed: float
    feed_temperature: float
    inert: float
    jacket_low: float
    jacket_high: float
    jacket_lag: float
    trip: float
    fouling: float

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not (math.isfinite(value) and (value > 0 or field.name in {"k2", "h2", "inert"})):
                raise ConfigError(f"reactor {field.name} is not above 0", came=str(value))
        if not self.jacket_low < self.jacket_high < self.trip:
            raise ConfigError("the jacket's range must lie below the trip", came=f"{self.jacket_high} K")

    def steady_states(self, jacket: float) -> list[SteadyState]:
        """All steady states of pure A fed at that jacket temperature [K], by-product left aside, coldest first."""

        def excess(t: float) -> float:
            return float(self._heat(t) - self.cooling * (t - jacket) - self._sensible(t))

        grid = np.linspace(200.0, 700.0, 20_001)
        values = self._heat(grid) - self.cooling * (grid - jacket) - self._sensible(grid)
        turns = np.flatnonzero(np.sign(values[:-1]) != np.sign(values[1:]))
        return [self._state(brentq(excess, grid[i], grid[i + 1], xtol=1e-12)) for i in turns]

    def jacket_for(self, temperature: float) -> float:
        """Jacket temperature that holds the reactor there [K], pure A fed, by-product left aside."""
        return float(temperature - (self._heat(temperature) - self._sensible(temperature)) / self.cooling)

    def _sensible(self, t: float | NDArray[np.float64]) -> float | NDArray[np.float64]:
        return self.feed * self.heat_capacity * (t - self.feed_temperature)

    def _conversion(self, t: float | NDArray[np.float64]) -> float | NDArray[np.float64]:
        k = self.k1 * 60 * np.exp(-self.e1 / t) * self.content / self.feed
        return k / (1 + k)

    def _heat(self, t: float | NDArray[np.float64]) -> float | NDArray[np.float64]:
        return self.feed * self._conversion(t) * self.h1

    def _state(self, t: float) -> SteadyState:
        x = float(self._conversion(t))
        rate = self.feed / self.content
        k = self.k1 * 60 * math.exp(-self.e1 / t)
        slope = k * (1 - x) * self.e1 / t**2
        rise = self.h1 / self.heat_capacity
        jacobian = np.array(
            [
                [-rate - k, -slope],
                [rise * k, -rate + rise * slope - self.cooling / (self.content * self.heat_capacity)],
            ]
        )
        return SteadyState(t, x, tuple(complex(v) / 60 for v in np.linalg.eigvals(jacobian)))


@dataclass(frozen=True, slots=True)
class SteadyState:
    """Where a reactor can rest.

    temperature   [K]
    conversion    share of A turned to B [1]
    eigenvalues   of its linearisation [1/min]; a positive real part means that it runs away
    """

    temperature: float
    conversion: float
    eigenvalues: tuple[complex, ...]

    @property
    def stable(self) -> bool:
        """Small disturbances die out."""
        return all(value.real < 0 for value in self.eigenvalues)


@njit
def rate_constants(t: float, p: Any) -> tuple[float, float]:
    """Rate constants of both reactions at that temperature [1/h]."""
    return 60.0 * p.k1 * math.exp(-p.e1 / t), 60.0 * p.k2 * math.exp(-p.e2 / t)


@njit(error_model="numpy")
def reactor_rates(
    n: Vector,
    t: float,
    inflow: float,
    feed: Any,
    feed_t: float,
    jacket_t: float,
    cooling: float,
    activity: float,
    p: Any,
    dn: Vector,
) -> tuple[float, float, float]:
    """Changes of A, B, by-product, inert [kmol/h] into dn; returns dT/dt [K/h], rates of both reactions [kmol/h].

    inflow = outflow [kmol/h]; feed: composition [1]; activity: factor on the first reaction [1]
    """
    k1, k2 = rate_constants(t, p)
    r1, r2 = activity * k1 * n[0], k2 * n[1]
    total = n[0] + n[1] + n[2] + n[3]
    for j in range(4):
        dn[j] = inflow * (feed[j] - n[j] / total)
    dn[0] -= r1
    dn[1] += r1 - r2
    dn[2] += r2
    heat = inflow * p.heat_capacity * (feed_t - t) + p.h1 * r1 + p.h2 * r2 - cooling * (t - jacket_t)
    return heat / (p.heat_capacity * total), r1, r2
