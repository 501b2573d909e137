"""Chance that a decision cannot shift: each draw has a key of its own, so both arms of a pilot meet the same draws.

Reads   nothing    Writes  nothing
"""

from __future__ import annotations

import math
import zlib
from functools import lru_cache
from typing import Final

import numpy as np
from scipy.special import ndtri

from luban.understand.quality.data import Floats

__all__ = ["Chance"]

_MASK: Final = 2**64 - 1
_GOLD: Final = 0x9E3779B97F4A7C15
_LEAST: Final = 2.0**-53


class Chance:
    """Draws by purpose, entity and ordinal.

    seed     of the run
    Source   splitmix64: Steele, Lea, Flood 2014, doi:10.1145/2660193.2660195
    Example  Chance(5).uniform("life", 17, 3) is the same number whenever and in whatever order it is asked for
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def uniform(self, purpose: str, *key: int) -> float:
        """In [0, 1)."""
        z = _start(self.seed, purpose)
        for part in key:
            z = _mixed((z + _GOLD * (part + 1)) & _MASK)
        return (_mixed(z) >> 11) * _LEAST

    def normal(self, purpose: str, *key: int) -> float:
        """Mean 0, standard deviation 1."""
        return float(ndtri(self.uniform(purpose, *key) + _LEAST / 2))

    def exponential(self, mean: float, purpose: str, *key: int) -> float:
        """Of that mean, in its unit."""
        return -mean * math.log1p(-self.uniform(purpose, *key))

    def lognormal(self, mean: float, sigma: float, purpose: str, *key: int) -> float:
        """Of that mean, in its unit; sigma of the logarithm [1]."""
        return mean * math.exp(sigma * self.normal(purpose, *key) - sigma * sigma / 2)

    def weibull(self, shape: float, scale: float, purpose: str, *key: int) -> float:
        """Of that shape [1] and scale, in its unit."""
        return scale * float((-math.log1p(-self.uniform(purpose, *key))) ** (1 / shape))

    def uniforms(self, count: int, purpose: str, *key: int) -> Floats:
        """As many numbers in [0, 1), numbered from 0: `uniforms(n, p, a)[i] == uniform(p, a, i)`."""
        z = _start(self.seed, purpose)
        for part in key:
            z = _mixed((z + _GOLD * (part + 1)) & _MASK)
        w = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(_GOLD) + np.uint64(z)
        for _ in range(2):
            w = (w ^ (w >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            w = (w ^ (w >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            w ^= w >> np.uint64(31)
        found: Floats = (w >> np.uint64(11)).astype(np.float64) * _LEAST
        return found

    def normals(self, count: int, purpose: str, *key: int) -> Floats:
        """As many of mean 0 and standard deviation 1, numbered from 0."""
        found: Floats = ndtri(self.uniforms(count, purpose, *key) + _LEAST / 2)
        return found


@lru_cache(maxsize=4096)
def _start(seed: int, purpose: str) -> int:
    return _mixed((zlib.crc32(f"{seed}/{purpose}".encode()) * 0xD1342543DE82EF95 + seed) & _MASK)


def _mixed(z: int) -> int:
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return z ^ (z >> 31)
