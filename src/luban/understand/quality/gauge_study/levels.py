"""A gauge study in levels of time, as NIST does it: within a sitting, from day to day, from run to run.

Each level's standard deviation is pooled over pieces and gauges; what belongs to the level alone is what remains once
the level below, averaged, is taken off. Source: NIST/SEMATECH e-Handbook 2.4.4, 2.4.5.1 and 2.6.1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from luban.core.errors import InputError
from luban.understand.quality.data import Excluded, Floats, Ints
from luban.understand.quality.gauge_study.bias import Bias, bias
from luban.understand.quality.gauge_study.readings import coded

__all__ = ["Level", "LevelStudy", "gauge_differences", "level_study", "single_level"]


@dataclass(frozen=True, slots=True)
class Level:
    """Standard deviation of one level.

    name       repeat, day, run
    sd         pooled, with what the levels below put into it [unit]
    degrees    degrees of freedom
    own        variance that belongs to this level alone [unit²]; may fall below zero by chance
    low, high  interval of sd [unit]
    """

    name: str
    sd: float
    degrees: int
    own: float
    low: float
    high: float

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(frozen=True, slots=True)
class LevelStudy:
    """A gauge study in levels.

    levels   repeat, then day and run where the study has them
    single   standard deviation of one future reading on any day of any run [unit]
    degrees  its effective degrees of freedom (Welch, Satterthwaite)
    used     sittings used
    """

    levels: tuple[Level, ...]
    single: float
    degrees: float
    used: int
    level: float
    excluded: tuple[Excluded, ...] = ()
    unit: str = ""
    source: str = ""

    def of(self, name: str) -> Level:
        """One level by its name."""
        return next(one for one in self.levels if one.name == name)

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        return {
            "levels": [one.as_dict() for one in self.levels], "single": self.single, "degrees": self.degrees,
            "used": self.used, "confidence": self.level, "excluded": [one.as_dict() for one in self.excluded],
            "unit": self.unit, "source": self.source,
        }  # fmt: skip


def level_study(
    averages: Sequence[float] | Floats,
    deviations: Sequence[float] | Floats,
    piece: Sequence[object],
    run: Sequence[object] | None = None,
    gauge: Sequence[object] | None = None,
    *,
    repeats: int,
    level: float = 0.95,
    excluded: tuple[Excluded, ...] = (),
    unit: str = "",
    source: str = "",
) -> LevelStudy:
    """Standard deviations within a sitting, from day to day and from run to run.

    averages, deviations  mean and standard deviation (n - 1) of each sitting, one sitting a day, shape (n,) [unit]
    piece, run, gauge     of each sitting; without `run` there is one run, without `gauge` one gauge
    repeats               readings in a sitting, at least 2
    Raises                InputError: no piece with two days, repeats below 2, lengths that differ
    """
    mean, sd = np.asarray(averages, np.float64), np.asarray(deviations, np.float64)
    n = len(mean)
    runs, gauges = run if run is not None else ["1"] * n, gauge if gauge is not None else ["1"] * n
    if not len(sd) == n == len(piece) == len(runs) == len(gauges):
        raise InputError("columns of the study differ in length", came=f"{n} averages, {len(sd)} deviations")
    if repeats < 2:
        raise InputError("a sitting needs two readings", came=str(repeats))
    where, _ = coded([f"{a}\x1f{b}" for a, b in zip(piece, gauges, strict=True)])
    cell, _ = coded([f"{a}\x1f{b}" for a, b in zip(where.tolist(), runs, strict=True)])
    first = _Pooled(float((sd**2).sum()) * (repeats - 1), n * (repeats - 1))
    days, day_means, counts = _pool(mean, cell)
    if not days.degrees:
        raise InputError("no piece was measured on two days", expected="at least two sittings of one piece in a run")
    owner = np.zeros(int(cell.max()) + 1, np.int64)
    owner[cell] = where
    runs_, _, _ = _pool(day_means, owner)
    found = [_level("repeat", first, 0.0, level), _level("day", days, first.variance / repeats, level)]
    terms = [(1 - 1 / repeats, first)]
    k = 1 / float(np.mean(1 / counts))  # days behind a run's mean
    if runs_.degrees:
        found.append(_level("run", runs_, days.variance / k, level))
        terms += [(1 - 1 / k, days), (1.0, runs_)]
    else:
        terms += [(1.0, days)]
    parts = [(weight * pool.variance, pool.degrees) for weight, pool in terms]
    total = sum(one for one, _ in parts)
    degrees = total**2 / sum(one**2 / free for one, free in parts) if total > 0 else float(n)
    return LevelStudy(tuple(found), math.sqrt(total), degrees, n, level, excluded, unit, source)


def single_level(values: Sequence[float] | Floats, piece: Sequence[object], level: float = 0.95) -> Level:
    """Standard deviation of readings about the mean of their piece, pooled over pieces [unit]."""
    cell, _ = coded(piece)
    pooled, _, _ = _pool(np.asarray(values, np.float64), cell)
    if not pooled.degrees:
        raise InputError("no piece was read twice", came=f"{len(piece)} readings")
    return _level("repeat", pooled, 0.0, level)


def gauge_differences(
    values: Sequence[float] | Floats, piece: Sequence[object], gauge: Sequence[object], *, level: float = 0.95
) -> tuple[Bias, ...]:
    """How far each gauge reads from the mean of all gauges on the same piece, with the test against zero.

    values  one reading, or mean of a run, for each piece and gauge [unit]; a piece counts only if every gauge read it
    Source  NIST/SEMATECH e-Handbook 2.4.5.1 and 2.6.1.3
    """
    pieces, names = coded(piece)
    gauges, tools = coded(gauge)
    x = np.asarray(values, np.float64)
    total, count = np.zeros((len(names), len(tools))), np.zeros((len(names), len(tools)))
    np.add.at(total, (pieces, gauges), x)
    np.add.at(count, (pieces, gauges), 1)
    full = (count > 0).all(1)
    if int(full.sum()) < 2 or len(tools) < 2:
        came = f"{int(full.sum())} pieces, {len(tools)} gauges"
        raise InputError("too few pieces that every gauge has read", came=came, expected="at least 2 of each")
    mean = total[full] / count[full]
    off = mean - mean.mean(1, keepdims=True)
    return tuple(bias(off[:, at], 0.0, level=level, label=name) for at, name in enumerate(tools))


@dataclass(frozen=True, slots=True)
class _Pooled:
    """Sum of squares about means, and its degrees of freedom."""

    squares: float
    degrees: int

    @property
    def variance(self) -> float:
        """_Pooled variance [unit²]."""
        return self.squares / self.degrees if self.degrees else 0.0


def _pool(values: Floats, cell: Ints) -> tuple[_Pooled, Floats, Floats]:
    """_Pooled about the means of cells; the means; how many values each has."""
    count = np.bincount(cell).astype(np.float64)
    mean = np.bincount(cell, weights=values) / count
    squares = float(((values - mean[cell]) ** 2).sum())
    return _Pooled(squares, len(values) - len(mean)), mean, count


def _level(name: str, pooled: _Pooled, below: float, level: float) -> Level:
    from scipy import special

    tail, free = (1 - level) / 2, pooled.degrees
    ends = [math.sqrt(pooled.squares / (2 * float(special.gammaincinv(free / 2, p)))) for p in (1 - tail, tail)]
    return Level(name, math.sqrt(pooled.variance), free, pooled.variance - below, *ends)
