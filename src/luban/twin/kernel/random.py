"""Random numbers without a stream: a draw is a hash of (run, purpose, entity, ordinal).

Two plans that ask for the same draw get the same number, in whatever order they ask: common random numbers for every
comparison, and equal results on any number of workers. The mixer is SplitMix64's finaliser (Steele, Lea, Flood 2014,
doi 10.1145/2660193.2660195), applied once for each part of the key.
"""

from __future__ import annotations

import math
from enum import IntEnum

import numpy as np
from numba import njit

from luban.twin.kernel.layout import clocks, distributions, knots
from luban.twin.kernel.memory import inlined

__all__ = ["Purpose", "invert", "mix", "normal", "quantile_normal", "run_key", "sample", "stream", "unit"]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_A = np.uint64(0xBF58476D1CE4E5B9)
_B = np.uint64(0x94D049BB133111EB)
_SMALLEST = 1.0 / 9007199254740992.0


class Purpose(IntEnum):
    """What a draw is for: the second part of its key."""

    ARRIVAL = 1
    QUANTITY = 2
    DUE = 3
    READY = 4
    TIME = 5
    FACTOR = 6
    INTERVAL = 7
    SETUP_FACTOR = 8
    SETUP_EXTRA = 9
    SAMPLE = 10
    BRANCH = 11
    SCRAP = 12
    TRANSPORT = 13
    LIFE = 14
    REPAIR = 15
    FIRST = 16
    EVERY = 17
    MAINTENANCE = 18
    ABSENCE = 19
    TOOL_LIFE = 20
    TOOL_CHANGE = 21
    SETUP_OFFSET = 22
    NOISE = 23
    GAUGE = 24
    CLUSTER = 25
    CLUSTER_PIECE = 26
    DEMAND = 27
    DEMAND_QUANTITY = 28
    LEAD = 29
    RULE = 30


@inlined
def mix(z: int) -> int:
    """SplitMix64's finaliser: every input bit moves every output bit."""
    z = (z ^ (z >> np.uint64(30))) * _A
    z = (z ^ (z >> np.uint64(27))) * _B
    return z ^ (z >> np.uint64(31))


@njit
def run_key(seed: int, replication: int) -> int:
    """Key of a run."""
    return mix(mix(np.uint64(seed) + _GOLDEN) + np.uint64(replication) * _GOLDEN)


@inlined
def stream(run: int, purpose: int, entity: int, ordinal: int) -> int:
    """Key of one draw."""
    key = mix(run + np.uint64(purpose) * _GOLDEN)
    key = mix(key + np.uint64(entity) * _GOLDEN)
    return mix(key + np.uint64(ordinal) * _GOLDEN)


@inlined
def unit(key: int) -> float:
    """A number above 0 and below 1."""
    return (np.float64(key >> np.uint64(11)) + 0.5) * _SMALLEST


@njit
def quantile_normal(p: float) -> float:
    """Quantile of the standard normal to 16 digits (Wichura 1988, AS 241, doi 10.2307/2347330)."""
    q = p - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        top = (((((((2509.0809287301226727 * r + 33430.575583588128105) * r + 67265.770927008700853) * r
                  + 45921.953931549871457) * r + 13731.693765509461125) * r + 1971.5909503065514427) * r
                + 133.14166789178437745) * r + 3.387132872796366608)  # fmt: skip
        low = (((((((5226.495278852854561 * r + 28729.085735721942674) * r + 39307.89580009271061) * r
                  + 21213.794301586595867) * r + 5394.1960214247511077) * r + 687.1870074920579083) * r
                + 42.313330701600911252) * r + 1.0)  # fmt: skip
        return q * top / low
    r = math.sqrt(-math.log(p if q < 0 else 1.0 - p))
    if r <= 5.0:
        r -= 1.6
        top = (((((((7.7454501427834140764e-4 * r + 0.0227238449892691845833) * r + 0.24178072517745061177) * r
                  + 1.27045825245236838258) * r + 3.64784832476320460504) * r + 5.7694972214606914055) * r
                + 4.6303378461565452959) * r + 1.42343711074968357734)  # fmt: skip
        low = (((((((1.05075007164441684324e-9 * r + 5.475938084995344946e-4) * r + 0.0151986665636164571966) * r
                  + 0.14810397642748007459) * r + 0.68976733498510000455) * r + 1.6763848301838038494) * r
                + 2.05319162663775882187) * r + 1.0)  # fmt: skip
    else:
        r -= 5.0
        top = (((((((2.01033439929228813265e-7 * r + 2.71155556874348757815e-5) * r + 0.0012426609473880784386) * r
                  + 0.026532189526576123093) * r + 0.29656057182850489123) * r + 1.7848265399172913358) * r
                + 5.4637849111641143699) * r + 6.6579046435011037772)  # fmt: skip
        low = (((((((2.04426310338993978564e-15 * r + 1.4215117583164458887e-7) * r + 1.8463183175100546818e-5) * r
                  + 7.868691311456132591e-4) * r + 0.0148753612908506148525) * r + 0.13692988092273580531) * r
                + 0.59983220655588793769) * r + 1.0)  # fmt: skip
    return -top / low if q < 0 else top / low


@njit
def normal(key: int) -> float:
    """A standard normal draw."""
    return quantile_normal(unit(key))


@njit
def _gamma(shape: float, key: int) -> float:
    """Marsaglia and Tsang 2000 (doi 10.1145/358407.358414); its retries are keyed by the draw, not by a stream."""
    boost = 1.0
    if shape < 1.0:
        boost = unit(mix(key + _A)) ** (1.0 / shape)
        shape += 1.0
    d = shape - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    while True:
        x = normal(key)
        v = (1.0 + c * x) ** 3
        if v > 0.0 and math.log(unit(mix(key + _B))) < 0.5 * x * x + d * (1.0 - v + math.log(v)):
            return boost * d * v
        key = mix(key + _GOLDEN)


@njit
def sample(w: int, index: int, purpose: int, entity: int, ordinal: int) -> float:
    """One draw of a distribution [s, or its own unit]."""
    d = distributions(w)[index]
    if d.kind == 0:
        return d.shift + d.p0
    return invert(w, index, stream(clocks(w)[0].key, purpose, entity, ordinal))


@njit
def invert(w: int, index: int, key: int) -> float:
    """The value of a distribution that belongs to a key [s, or its own unit]."""
    d = distributions(w)[index]
    kind = d.kind
    if kind == 0:
        return d.shift + d.p0
    if kind == 7:
        return d.shift + d.p1 * _gamma(d.p0, key)
    u = unit(key)
    if kind == 3:
        return d.shift - d.p0 * math.log(u)
    if kind == 1:
        return d.shift + d.p0 + (d.p1 - d.p0) * u
    if kind == 2:
        cut = (d.p1 - d.p0) / (d.p2 - d.p0) if d.p2 > d.p0 else 0.0
        if u < cut:
            return d.shift + d.p0 + math.sqrt(u * (d.p2 - d.p0) * (d.p1 - d.p0))
        return d.shift + d.p2 - math.sqrt((1.0 - u) * (d.p2 - d.p0) * (d.p2 - d.p1))
    if kind == 4:
        if d.p1 == 0.0:
            return d.shift + d.p0
        return d.shift + max(0.0, d.p0 + d.p1 * quantile_normal(d.p2 + u * (1.0 - d.p2)))
    if kind == 5:
        return d.shift + d.p0 * math.exp(d.p1 * quantile_normal(u) - 0.5 * d.p1 * d.p1)
    if kind == 6:
        return d.shift + d.p1 * (-math.log(u)) ** (1.0 / d.p0)
    place = u * (d.count - 1)
    below = np.int64(place)
    table = knots(w)
    low = table[d.first + below]
    return d.shift + low + (place - below) * (table[d.first + min(below + 1, d.count - 1)] - low)
