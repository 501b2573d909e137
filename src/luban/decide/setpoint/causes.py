"""Run-to-run control that knows its causes: a setup, an edge that wears, a machine that is cold, and what is left.

The deviation of a piece is   bias + setup + wear·(running time of the edge) + heat·coldness + offset + noise.
`bias` belongs to the machine and wanders, `setup` is drawn anew at each setup, `wear` at each edge, `heat` is the
machine's own. All of them are estimated by a Kalman filter from readings and from what the machine itself shows (state,
edges, offset); with none of the causes it is the EWMA of `run_to_run` with the best weight. How large each cause
usually is comes from the plant's own past by maximum likelihood (`fit`), not from a table.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from luban.core.errors import InputError

__all__ = ["CauseFilter", "CauseModel", "Look", "fit_causes"]

Array: TypeAlias = NDArray[np.float64]

_LEAST = 30  # readings that a fit needs
_HOUR = 3600.0
_ALERT = 0.08


@dataclass(frozen=True, slots=True)
class CauseModel:
    """How large the causes of a machine's deviations usually are, in the unit of the size.

    noise         standard deviation of what no cause explains, gauge included; above 0
    setup         standard deviation of what a setup leaves
    wear          mean change with an hour of an edge's running, and its spread from edge to edge [unit/h]
    heat          deviation of a cold machine, and its spread from machine to machine
    heat_time     running time after which a cold machine has lost 63 % of it, and so it cools [s]
    wander        standard deviation of the machine's own change from piece to piece
    readings      that it was fitted to; 0: assumed
    Raises        InputError
    """

    noise: float
    setup: float = 0.0
    wear: float = 0.0
    wear_spread: float = 0.0
    heat: float = 0.0
    heat_spread: float = 0.0
    heat_time: float = _HOUR
    wander: float = 0.0
    readings: int = 0

    def __post_init__(self) -> None:
        if not self.noise > 0 or not self.heat_time > 0:
            raise InputError("noise and heat time must be above 0", came=f"{self.noise:g}, {self.heat_time:g} s")
        for name in ("setup", "wear_spread", "heat_spread", "wander"):
            if not getattr(self, name) >= 0:
                raise InputError(
                    f"{name} is a standard deviation", came=f"{getattr(self, name):g}", expected="0 or more"
                )


@dataclass(frozen=True, slots=True)
class Look:
    """One reading with what the machine showed about it.

    value   reading minus target [unit of the size]
    offset  in force when the piece was made [the same]
    rested, ran  since the reading before, in this order [s]
    cut     running on pieces since the reading before, or on the new edge where there is one [s]
    setup, edge  a setup, a new edge since then
    machine the first look at another machine: everything is unknown again
    """

    value: float
    offset: float
    rested: float
    ran: float
    cut: float
    setup: bool = False
    edge: bool = False
    machine: bool = False


@dataclass
class CauseFilter:
    """What is known of one machine now: mean and covariance of (bias, setup, wear, heat).

    gate     readings farther from the forecast than so many standard deviations are left out once: a broken edge is
             no drift. A second one in a row on the same side is believed
    Example  >>> known = CauseFilter(CauseModel(noise=1.0, setup=2.0))
             >>> known.see(3.0, offset=0.0); round(known.forecast()[0], 2)
             2.4
    """

    model: CauseModel
    gate: float = 4.0
    mean: Array = field(init=False)
    spread: Array = field(init=False)
    cold: float = 1.0
    edge_ran: float = 0.0
    left_out: int = 0
    _far: float = 0.0

    def __post_init__(self) -> None:
        own = self.model
        self.mean = np.array([0.0, 0.0, own.wear, own.heat])
        first = max(own.setup, own.noise)
        self.spread = np.diag([first**2, own.setup**2, own.wear_spread**2, own.heat_spread**2])

    def setup(self) -> None:
        """The machine was set up anew."""
        self._renew(1, 0.0, self.model.setup)

    def edge(self) -> None:
        """It has a new edge."""
        self.edge_ran = 0.0
        self._renew(2, self.model.wear, self.model.wear_spread)

    def rest(self, seconds: float) -> None:
        """It stood."""
        self.cold = 1.0 - (1.0 - self.cold) * math.exp(-seconds / self.model.heat_time)

    def run(self, seconds: float) -> None:
        """It ran and became warm."""
        self.cold *= math.exp(-seconds / self.model.heat_time)

    def cut(self, seconds: float) -> None:
        """Its edge worked on a piece."""
        self.edge_ran += seconds

    def see(self, value: float, offset: float) -> bool:
        """A reading (minus its target) of a piece made under that offset; False: left out as too far."""
        self.spread[0, 0] += self.model.wander**2
        causes = self._causes(0.0, 0.0)
        aside = self.spread @ causes
        scale = float(causes @ aside) + self.model.noise**2
        wrong = value - offset - float(causes @ self.mean)
        if abs(wrong) > self.gate * math.sqrt(scale) and self._far * wrong <= 0:
            self._far = math.copysign(1.0, wrong)
            self.left_out += 1
            return False
        self._far = 0.0
        gain = aside / scale
        self.mean = self.mean + gain * wrong
        self.spread = self.spread - np.outer(gain, aside)
        self.spread = 0.5 * (self.spread + self.spread.T)
        return True

    def forecast(self, running: float = 0.0, cutting: float = 0.0, *, fresh: bool = False) -> tuple[float, float]:
        """Deviation of the next piece at offset 0: mean, and standard deviation with the noise of a reading.

        running, cutting  seconds that the machine will run, and its edge work, until then
        fresh             a new edge comes before it
        """
        causes = self._causes(running, -self.edge_ran if fresh else cutting)
        mean, spread = self.mean, self.spread
        if fresh:
            mean, spread = mean.copy(), spread.copy()
            mean[2] = self.model.wear
            spread[2, :] = spread[:, 2] = 0.0
            spread[2, 2] = self.model.wear_spread**2
        return float(causes @ mean), math.sqrt(float(causes @ spread @ causes) + self.model.noise**2)

    def mean_ahead(self, running: float = 0.0, cutting: float = 0.0, *, fresh: bool = False) -> float:
        """The mean of `forecast` alone."""
        bias, setup, wear, heat = self.mean.tolist()
        cold = self.cold * math.exp(-running / self.model.heat_time)
        worn = 0.0 if fresh else (self.edge_ran + cutting) / _HOUR
        found: float = bias + setup + wear * worn + heat * cold
        return found

    def as_dict(self) -> dict[str, Any]:
        """What it knows, for the books."""
        return {
            "mean": self.mean.tolist(), "spread": self.spread.tolist(), "cold": self.cold, "edge_ran": self.edge_ran,
            "left_out": self.left_out, "far": self._far,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, model: CauseModel, kept: dict[str, Any]) -> CauseFilter:
        """The filter as it was when `as_dict` was called."""
        found = cls(model)
        found.mean, found.spread = np.array(kept["mean"]), np.array(kept["spread"])
        found.cold, found.edge_ran = float(kept["cold"]), float(kept["edge_ran"])
        found.left_out, found._far = int(kept["left_out"]), float(kept["far"])
        return found

    def _causes(self, running: float, cutting: float) -> Array:
        cold = self.cold * math.exp(-running / self.model.heat_time)
        return np.array([1.0, 1.0, (self.edge_ran + cutting) / _HOUR, cold])

    def _renew(self, place: int, mean: float, spread: float) -> None:
        self.mean[place] = mean
        self.spread[place, :] = self.spread[:, place] = 0.0
        self.spread[place, place] = spread**2


def fit_causes(looks: Sequence[Look], start: CauseModel | None = None, *, least_wander: float = _ALERT) -> CauseModel:
    """The sizes of the causes under which the readings are likeliest; several machines one after the other.

    looks   in order of time, machine by machine (`machine` marks the first of each)
    start   where the search begins; None: from the spread of the readings
    least_wander  of the machine from piece to piece, as a share of the noise [1]: what the past did not have may come,
            and this much alertness costs a quiet process nothing that one could measure
    Raises  InputError for fewer than 30 readings, or values that are not finite
    Source  prediction-error decomposition of the likelihood (Harvey 1989, Forecasting, Structural Time Series Models
            and the Kalman Filter, 3.4); search by Nelder and Mead
    """
    if len(looks) < _LEAST:
        raise InputError("too few readings to fit causes to", came=str(len(looks)), expected=f"{_LEAST} or more")
    from scipy.optimize import minimize

    table = np.array(
        [
            (look.value - look.offset, look.rested, look.ran, look.setup, look.edge, look.cut, look.machine)
            for look in looks
        ],
        np.float64,
    )
    if not bool(np.isfinite(table).all()):
        raise InputError("a reading is not a finite number", hint="leave it out")
    scale = float(np.std(table[:, 0])) or 1.0
    best = start or CauseModel(
        0.6 * scale, 0.6 * scale, 0.2 * scale, 0.3 * scale, 0.3 * scale, 0.2 * scale, _HOUR, 0.05 * scale
    )
    unlikely = _likelihood()
    begin = _packed(best, scale)
    simplex = np.vstack([begin, begin + np.diag(np.full(len(begin), 0.7))])
    found = minimize(
        lambda z: unlikely(table, *_unpacked(z, scale)), begin, method="Nelder-Mead",
        options={"maxfev": 2500, "xatol": 0.01, "fatol": 0.02, "initial_simplex": simplex, "adaptive": True},
    )  # fmt: skip
    noise, setup, wear, wear_spread, heat, heat_spread, heat_time, wander = _unpacked(found.x, scale)
    return replace(
        best, noise=noise, setup=setup, wear=wear, wear_spread=wear_spread, heat=heat, heat_spread=heat_spread,
        heat_time=heat_time, wander=max(wander, least_wander * noise), readings=len(looks),
    )  # fmt: skip


def _packed(model: CauseModel, scale: float) -> Array:
    logs = [
        math.log(max(own / scale, 1e-3)) for own in (model.noise, model.setup, model.wear_spread, model.heat_spread)
    ]
    return np.array(
        [*logs, math.log(model.heat_time / _HOUR), math.log(max(model.wander / scale, 1e-3)), model.wear / scale,
         model.heat / scale]
    )  # fmt: skip


def _unpacked(z: Array, scale: float) -> tuple[float, ...]:
    """noise, setup, wear, wear_spread, heat, heat_spread, heat_time, wander."""
    noise, setup, wear_spread, heat_spread = (scale * math.exp(min(max(own, -9.0), 5.0)) for own in z[:4].tolist())
    heat_time = _HOUR * math.exp(min(max(float(z[4]), -3.0), 2.5))
    wander = scale * math.exp(min(max(float(z[5]), -9.0), 1.0))
    return noise, setup, scale * float(z[6]), wear_spread, scale * float(z[7]), heat_spread, heat_time, wander


@cache
def _likelihood() -> Any:
    """The compiled filter: minus the logarithm of the likelihood of a table of looks, without its constant."""
    from numba import njit

    return njit(cache=True, nogil=True)(_unlikelihood)


def _unlikelihood(
    table: Any, noise: float, setup: float, wear: float, wear_spread: float, heat: float, heat_spread: float,
    heat_time: float, wander: float,
) -> float:  # fmt: skip
    mean, spread = np.zeros(4), np.zeros((4, 4))
    causes, aside = np.zeros(4), np.zeros(4)
    cold, worn, total = 1.0, 0.0, 0.0
    for k in range(len(table)):
        if k == 0 or table[k, 6] > 0:
            mean[:], spread[:] = 0.0, 0.0
            mean[2], mean[3] = wear, heat
            spread[0, 0] = max(setup, noise) ** 2
            spread[1, 1], spread[2, 2], spread[3, 3] = setup**2, wear_spread**2, heat_spread**2
            cold, worn = 1.0, 0.0
        if table[k, 3] > 0:
            mean[1] = 0.0
            spread[1, :], spread[:, 1] = 0.0, 0.0
            spread[1, 1] = setup**2
        cold = 1.0 - (1.0 - cold) * math.exp(-table[k, 1] / heat_time)
        cold *= math.exp(-table[k, 2] / heat_time)
        worn += table[k, 5]
        if table[k, 4] > 0:
            worn = table[k, 5]
            mean[2] = wear
            spread[2, :], spread[:, 2] = 0.0, 0.0
            spread[2, 2] = wear_spread**2
        spread[0, 0] += wander**2
        causes[0], causes[1], causes[2], causes[3] = 1.0, 1.0, worn / 3600.0, cold
        expected, scale = 0.0, noise**2
        for i in range(4):
            aside[i] = 0.0
            for j in range(4):
                aside[i] += spread[i, j] * causes[j]
            expected += causes[i] * mean[i]
        for i in range(4):
            scale += causes[i] * aside[i]
        wrong = table[k, 0] - expected
        far = wrong * wrong / scale
        if far > 16.0:  # as the filter's gate: left out, at the price of a reading at the gate
            total += 0.5 * (math.log(scale) + 16.0)
            continue
        total += 0.5 * (math.log(scale) + far)
        for i in range(4):
            mean[i] += aside[i] * wrong / scale
        for i in range(4):
            for j in range(4):
                spread[i, j] -= aside[i] * aside[j] / scale
    return total
