"""Steady state of the whole flowsheet: where it would rest without disturbance, and what that costs in steam.

The run never uses it but for its first state; tests hold the run against it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import fsolve

from luban.core.errors import InputError
from luban.twin.process.column import Profile, boiling_point
from luban.twin.process.parameters import Parameters

__all__ = ["SteadyPlant", "steady_plant"]


@dataclass(frozen=True, slots=True)
class SteadyPlant:
    """A steady plant; flows in [kmol/h].

    reactor       shares of A, B, by-product, inert in reactor and buffer [1]
    heavy         shares of A, by-product, inert in the heavy component [1]
    jacket        temperature that the clean jacket needs [K]
    tray          temperature of the measured tray [K]
    steam         by product [t/t]
    """

    fresh: float
    product: float
    purge: float
    reactor: NDArray[np.float64]
    heavy: NDArray[np.float64]
    profile: Profile
    jacket: float
    tray: float
    steam: float


def steady_plant(
    p: Parameters, *, temperature: float, top: float, bottom: float, purge: float, feed: float | None = None
) -> SteadyPlant:
    """The steady plant with that reactor temperature [K], light share at top and bottom [1], purge share [1].

    feed     through the reactor [kmol/h]; None: nominal
    Raises   InputError where there is none
    """
    r, q = p.reactor, p.reactor.feed if feed is None else feed
    tau = r.content / q
    k1, k2 = (60 * k * math.exp(-e / temperature) * tau for k, e in ((r.k1, r.e1), (r.k2, r.e2)))

    def around(u: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Reactor content and recycle (A, B, by-product, inert) that follow from fresh feed and recycled heavies."""
        fresh, heavies = u[0], u[1:]
        light = heavies.sum() * bottom / (1 - bottom)
        a = (fresh * (1 - r.inert) + heavies[0]) / (1 + k1)
        b = (light + k1 * a) / (1 + k2)
        out = np.array([a, b, heavies[1] + k2 * b, fresh * r.inert + heavies[2]])
        return out, np.array([heavies[0], light, heavies[1], heavies[2]])

    def unbalance(u: NDArray[np.float64]) -> NDArray[np.float64]:
        out, recycle = around(u)
        heavy = out[[0, 2, 3]] / out[[0, 2, 3]].sum()
        bottoms = q - (out[1] - bottom * q) / (top - bottom)
        back = (1 - purge) * (1 - bottom) * bottoms * heavy
        return np.append(u[1:] - back, u[0] + recycle.sum() - q)

    u, _, found, said = fsolve(unbalance, np.array([0.5, 0.4, 0.06, 0.02]) * q, xtol=1e-13, full_output=True)
    out, _ = around(u)
    z = float(out[1] / q)
    if found != 1 or not bottom < z < top:
        raise InputError(
            "no steady plant", came=f"{temperature} K, {top} / {bottom}, purge {purge}", hint="" if found == 1 else said
        )
    product = float((out[1] - bottom * q) / (top - bottom))
    profile = p.column.for_purity(top, bottom, z)
    heat = r.h1 * k1 * out[0] + r.h2 * k2 * out[1] + q * r.heat_capacity * (r.feed_temperature - temperature)
    c = p.column
    return SteadyPlant(
        fresh=float(u[0]),
        product=product,
        purge=purge * (q - product),
        reactor=out / q,
        heavy=out[[0, 2, 3]] / out[[0, 2, 3]].sum(),
        profile=profile,
        jacket=float(temperature - heat / r.cooling),
        tray=float(boiling_point(profile.light[c.tray - 1], c.volatility, c.heavy_boils, c.heat)),
        steam=float(profile.boilup * q * c.heat / p.flowsheet.steam_heat / (product * p.flowsheet.molar_mass / 1000)),
    )
