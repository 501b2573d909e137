"""A binary distillation column with equilibrium stages, constant molar flows and liquid that takes time to run down.

For stage i of N, counted from the reboiler (1) to the total condenser (N), light component x in the liquid, y above it:

    y = αx / (1 + (α-1)x)
    dM_i/dt     = L_{i+1} - L_i + F at the feed stage
    d(M x)_i/dt = L_{i+1}x_{i+1} - L_i x_i + V(y_{i-1} - y_i) + F·z at the feed stage
    L_i         = L_i0 + (M_i - M_0)/τ

Skogestad's column A (1997, doi 10.1205/026387697524092; data: Skogestad and Postlethwaite, Multivariable Feedback
Control) with amounts as states, so that mass is conserved to rounding. No vapour holdup, equal heats of vaporisation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.optimize import fsolve

from luban.core.errors import ConfigError, InputError
from luban.twin.process.layout import Vector

__all__ = ["Column", "Profile", "boiling_point", "column_rates"]


@dataclass(frozen=True, slots=True)
class Column:
    """What a column is.

    stages, feed_stage   with reboiler and condenser, counted from the reboiler
    volatility           relative volatility α of the light component [1]
    feed                 nominal feed [kmol/h]
    reflux, boilup       nominal flows by feed [1], where the trays hold `holdup`
    holdup               liquid of a stage at nominal flow [kmol]
    liquid_lag           τ of the liquid on a tray [min]
    level_gain           flow that a surplus in condenser or reboiler draws [1/min]
    heat                 of vaporisation [MJ/kmol]
    heavy_boils          boiling point of the pure heavy component [K]
    tray                 stage whose temperature is measured
    """

    stages: int
    feed_stage: int
    volatility: float
    feed: float
    reflux: float
    boilup: float
    holdup: float
    liquid_lag: float
    level_gain: float
    heat: float
    heavy_boils: float
    tray: int

    def __post_init__(self) -> None:
        if not 3 <= self.stages <= 200:  # beyond it no array of the kernel is meant for it
            raise ConfigError("a column needs 3 to 200 stages", came=str(self.stages))
        if not (1 < self.feed_stage < self.stages and 1 <= self.tray <= self.stages):
            raise ConfigError("feed or measured stage outside the column", came=f"{self.feed_stage}, {self.tray}")
        if self.volatility <= 1:
            raise ConfigError("the light component is not lighter", came=f"α = {self.volatility}", expected="above 1")
        for name in ("feed", "reflux", "boilup", "holdup", "liquid_lag", "level_gain", "heat", "heavy_boils"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"column {name} is not above 0", came=str(getattr(self, name)))

    def profile(self, reflux: float, boilup: float, z: float, start: NDArray[np.float64] | None = None) -> Profile:
        """Steady state at that reflux and boil-up by feed [1] and feed composition z [1].

        Raises   InputError where the flows leave no product, or nothing was found
        """
        top = boilup - reflux
        if not 0 < top < 1:
            raise InputError("no such column", came=f"distillate {top:.4f} of the feed", expected="above 0, below 1")
        guess = np.linspace(0.02, 0.98, self.stages) if start is None else start
        x, _, found, said = fsolve(self._unbalance, guess, args=(reflux, boilup, z), xtol=1e-13, full_output=True)
        if found != 1 and np.abs(self._unbalance(x, reflux, boilup, z)).max() > 1e-9:  # of the feed
            raise InputError("no steady state of the column", came=f"reflux {reflux}, boil-up {boilup}", hint=said)
        return Profile(reflux, boilup, z, x)

    def for_purity(self, top: float, bottom: float, z: float) -> Profile:
        """Steady state with that light share at the top and at the bottom [1].

        Raises   InputError
        Example  top .99, bottom .01, z .5 of column A: reflux 2.706, boil-up 3.206
        """
        if not 0 < bottom < z < top < 1:
            raise InputError("no such separation", came=f"{bottom}, {z}, {top}", expected="bottom < z < top")
        share = (z - bottom) / (top - bottom)

        def unbalance(u: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.append(self._unbalance(u[:-1], u[-1], u[-1] + share, z), u[-2] - top)

        guess = np.append(np.linspace(bottom, top, self.stages), self.reflux)
        u, _, found, said = fsolve(unbalance, guess, xtol=1e-13, full_output=True)
        if found != 1 and np.abs(unbalance(u)).max() > 1e-9:  # of the feed
            raise InputError("no such separation with these stages", came=f"{top} / {bottom}", hint=said)
        return Profile(float(u[-1]), float(u[-1] + share), z, u[:-1])

    def _unbalance(self, x: NDArray[np.float64], reflux: float, boilup: float, z: float) -> NDArray[np.float64]:
        """Light component that each stage gains, by feed."""
        y = self.volatility * x / (1 + (self.volatility - 1) * x)
        number = np.arange(1, self.stages + 1)
        down = np.where(number <= self.feed_stage, reflux + 1, reflux)
        gain = np.empty_like(x)
        gain[1:-1] = down[2:] * x[2:] - down[1:-1] * x[1:-1] + boilup * (y[:-2] - y[1:-1])
        gain[self.feed_stage - 1] += z
        gain[0] = down[1] * x[1] - boilup * y[0] - (1 - boilup + reflux) * x[0]
        gain[-1] = boilup * (y[-2] - x[-1])
        return gain

    def gains(self, profile: Profile, step: float = 1e-4) -> NDArray[np.float64]:
        """Steady change of top and bottom light share (rows) per reflux and boil-up by feed (columns) [1]."""
        moves = []
        for moved in ((step, 0.0), (0.0, step)):
            ends = [
                self.profile(profile.reflux + s * moved[0], profile.boilup + s * moved[1], profile.z, profile.light)
                for s in (1, -1)
            ]
            moves.append((ends[0].light[[-1, 0]] - ends[1].light[[-1, 0]]) / (2 * step))
        return np.array(moves).T


@dataclass(frozen=True, slots=True)
class Profile:
    """A steady column: flows by feed, feed composition, light share of each stage from the reboiler up."""

    reflux: float
    boilup: float
    z: float
    light: NDArray[np.float64]


@njit
def boiling_point(x: float, volatility: float, heavy_boils: float, heat: float) -> float:
    """Temperature of boiling liquid with light share x at constant pressure [K] (Clausius and Clapeyron)."""
    return 1.0 / (1.0 / heavy_boils + 8.314462618e-3 / heat * math.log(1.0 + (volatility - 1.0) * x))


@njit(error_model="numpy")
def column_rates(
    light: Vector,
    total: Vector,
    reflux: float,
    boilup: float,
    feed: float,
    z: float,
    p: Any,
    dlight: Vector,
    dtotal: Vector,
) -> tuple[float, float, float]:
    """Changes of light component and of all liquid per stage [kmol/h] into dlight, dtotal.

    Flows in [kmol/h]. Condenser and reboiler hold their level by distillate and bottoms, proportionally; below 40 % of
    it reflux and boil-up give way, so that neither runs dry.
    Returns   distillate, bottoms, boil-up as it is
    """
    n = light.size
    reflux *= min(1.0, total[n - 1] / (0.4 * p.holdup))
    boilup *= min(1.0, total[0] / (0.4 * p.holdup))
    last, more = n - 1, p.volatility - 1.0
    rate, gain = 60.0 / p.liquid_lag, 60.0 * p.level_gain
    rise = boilup * p.volatility
    flow = p.reflux * p.feed + p.feed
    # first what goes down from stage i to i - 1, less what rises there; then each stage gains the difference
    for i in range(1, last):
        if i == p.feed_stage:
            flow -= p.feed
        down = max(0.0, flow + (total[i] - p.holdup) * rate)
        dtotal[i] = down - boilup
        dlight[i] = down * light[i] / total[i] - rise * light[i - 1] / (total[i - 1] + more * light[i - 1])
    dtotal[last] = reflux - boilup
    top, below = light[last] / total[last], light[last - 1]
    dlight[last] = reflux * top - rise * below / (total[last - 1] + more * below)
    bottoms = max(0.0, dtotal[1] + gain * (total[0] - p.holdup))
    distillate = max(0.0, boilup - reflux + gain * (total[last] - p.holdup))
    dtotal[0], dlight[0] = bottoms, bottoms * light[0] / total[0]
    for i in range(last):
        dtotal[i] = dtotal[i + 1] - dtotal[i]
        dlight[i] = dlight[i + 1] - dlight[i]
    dtotal[last] = -distillate - dtotal[last]
    dlight[last] = -distillate * top - dlight[last]
    dtotal[p.feed_stage - 1] += feed
    dlight[p.feed_stage - 1] += feed * z
    return distillate, bottoms, boilup
