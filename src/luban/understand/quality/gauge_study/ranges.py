"""Average-and-range study of a gauge, as the printed AIAG form does it.

The form's constants K1, K2, K3 are 1/d2*, where d2*² = d2² + d3²/g for the mean of g ranges; above 15 ranges the form
takes d2. Source: AIAG, Measurement Systems Analysis, 4th edition (2010), ch. III B and appendix C.
"""

from __future__ import annotations

import math

import numpy as np

from luban.core.errors import InputError
from luban.understand.quality.capability.spread import degrees_of
from luban.understand.quality.data import Floats
from luban.understand.quality.gauge_study import words
from luban.understand.quality.gauge_study.components import REPEAT
from luban.understand.quality.gauge_study.readings import Readings
from luban.understand.quality.gauge_study.repeatability import GaugeStudy, from_variances
from luban.understand.quality.spc.constants import d2, d3

__all__ = ["average_range", "range_factor", "range_form"]

_DRAWS, _MANY = 20_000, 15


def range_factor(size: int, ranges: int) -> float:
    """1/d2*: turns a mean range into a standard deviation [1].

    size    values in each range, at least 2
    ranges  number of ranges behind the mean
    Example round(range_factor(3, 1), 4) == 0.5231; round(range_factor(3, 30), 4) == 0.5908
    """
    if ranges > _MANY:
        return 1 / d2(size)
    return 1 / math.sqrt(d2(size) ** 2 + d3(size) ** 2 / ranges)


def range_form(
    mean_range: float, operator_range: float, part_range: float, *, trials: int, operators: int, parts: int,
    decimals: int | None = None,
) -> dict[str, float]:  # fmt: skip
    """EV, AV, GRR, PV, TV [unit] from the averages on a form.

    mean_range      mean of the ranges of all cells [unit]
    operator_range  range of the operators' means [unit]
    part_range      range of the parts' means [unit]
    decimals        round the constants so, as the printed form does; None: do not round
    Example         range_form(.3417, .4446, 3.511, trials=3, operators=3, parts=10, decimals=4): GRR = 0.30575
    """
    factors = [range_factor(trials, operators * parts), range_factor(operators, 1), range_factor(parts, 1)]
    k1, k2, k3 = factors if decimals is None else [round(own, decimals) for own in factors]
    ev = mean_range * k1
    av = math.sqrt(max((operator_range * k2) ** 2 - ev**2 / (parts * trials), 0.0))
    grr, pv = math.hypot(ev, av), part_range * k3
    return {"EV": ev, "AV": av, "GRR": grr, "PV": pv, "TV": math.hypot(grr, pv)}


def average_range(study: Readings, *, level: float = 0.95, seed: int = 1) -> GaugeStudy:
    """A crossed study by averages and ranges.

    Raises  InputError: fewer than two parts, operators or trials, cells of different size
    """
    if len(study.operators) < 2 or len(study.parts) < 2:
        came = f"{len(study.operators)} operators, {len(study.parts)} parts"
        raise InputError("averages and ranges need two operators and two parts", came=came)
    cells = study.cells
    trials = int(cells[0, 0])
    if not bool((cells == trials).all()):
        raise InputError(words.RANGE_BALANCED, came=f"{int(cells.min())} to {int(cells.max())} readings a cell")
    if trials < 2:
        raise InputError("one trial shows no repeatability", expected="each operator reads each part at least twice")
    order = np.lexsort((study.operator, study.part))
    table = study.values[order].reshape(len(study.parts), len(study.operators), trials)
    mean_range = float(np.ptp(table, axis=2).mean())
    operator_range = float(np.ptp(table.mean((0, 2))))
    part_range = float(np.ptp(table.mean((1, 2))))
    parts, operators = len(study.parts), len(study.operators)
    told = range_form(mean_range, operator_range, part_range, trials=trials, operators=operators, parts=parts)
    found = {"part": told["PV"] ** 2, "operator": told["AV"] ** 2, REPEAT: told["EV"] ** 2}
    likely = _likely(mean_range, operator_range, part_range, trials, operators, parts, seed)
    return from_variances(study, "average and range", None, None, found, likely, [], level)


def _likely(
    mean_range: float, operator_range: float, part_range: float, trials: int, operators: int, parts: int, seed: int
) -> dict[str, Floats]:
    """Draws of the variances: each range as a multiple of a chi with Patnaik's degrees of freedom."""
    draw = np.random.default_rng(seed)
    squares = []
    for reach, size, ranges in (
        (mean_range, trials, operators * parts),
        (operator_range, operators, 1),
        (part_range, parts, 1),
    ):
        degrees, scale = degrees_of((d3(size) / d2(size)) ** 2 / ranges)
        squares.append((reach / d2(size) * scale) ** 2 * degrees / draw.chisquare(degrees, _DRAWS))
    repeat, people, piece = squares
    return {REPEAT: repeat, "operator": people - repeat / (parts * trials), "part": piece}
