"""Heavy metals kept in the bath: rinsing in counterflow stages, with the first rinse going back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.optimize import brentq

from luban.core.errors import InputError
from luban.decide.green.process import Balance, Process, Run, Saving

__all__ = ["HeavyMetals", "rinse"]

_MOST = 12


def rinse(stages: int, factor: float) -> float:
    """Rinse water per drag-out [1] that dilutes by `factor` in so many counterflow stages.

    Source   J. B. Kushner, Water and Waste Control for the Plating Shop (1976): factor = (rⁿ⁺¹ − 1)/(r − 1)
    Example  rinse(1, 1001.0) == 1000; two stages need 31.1, three 9.65
    """
    if not 1 <= stages <= _MOST or factor <= 1:
        raise InputError("no such rinse", came=f"{stages} stages, factor {factor:g}",
                         expected=f"1 to {_MOST} stages, a factor above 1")  # fmt: skip

    def lacks(r: float) -> float:
        return float(sum(r**power for power in range(stages + 1))) - factor

    return float(brentq(lacks, 0.0, factor, xtol=1e-13, rtol=1e-14))


@dataclass(frozen=True)
class HeavyMetals(Process):
    """A plating line's rinse with more stages, its first tank feeding what the bath evaporates.

    dragout        [l/h] that parts carry out of the bath, with `bath` [g/l] of metal
    allowed        metal in the last rinse [g/l]
    stages_before, stages_after
    evaporation    of the bath [l/h]: so much rinse goes back
    hours          [h/year]
    metal_price    [money/kg]; `sludge` kg of it per kg of metal in waste water, `sludge_price` [money/kg]
    water_price    fresh and discharged [money/m³]
    """

    FAMILY: ClassVar[str] = "heavy metals"
    UNSURE: ClassVar[tuple[str, ...]] = ("dragout", "bath", "evaporation", "hours", "metal_price", "sludge")

    dragout: float
    bath: float
    allowed: float
    stages_before: int
    stages_after: int
    evaporation: float
    hours: float
    metal_price: float
    sludge: float
    sludge_price: float
    water_price: float

    def run(self) -> Run:
        """Metal and water of the line after the change; savings against the line before it."""
        if not self.dragout or not 0 < self.allowed < self.bath:
            raise InputError("nothing to rinse off", came=f"{self.dragout:g} l/h, {self.bath:g} → {self.allowed:g} g/l")
        flows = [self.dragout * rinse(n, self.bath / self.allowed) for n in (self.stages_before, self.stages_after)]
        levels = [self._levels(n, flow) for n, flow in zip((self.stages_before, self.stages_after), flows, strict=True)]
        back = min(flows[1], self.evaporation)
        h, d = self.hours / 1000, self.dragout
        first, last = levels[1][0], levels[1][-1]
        metal = Balance("metal", "kg", {"carried out of the bath": d * self.bath * h},
                        {"back to the bath": back * first * h, "waste water": (flows[1] - back) * first * h,
                         "on the parts": d * last * h})  # fmt: skip
        water = Balance("water", "m³", {"fresh water": flows[1] * h, "carried out of the bath": d * h},
                        {"back to the bath": back * h, "waste water": (flows[1] - back) * h,
                         "on the parts": d * h})  # fmt: skip
        lost = flows[0] * levels[0][0] * h - (flows[1] - back) * levels[1][0] * h
        savings = (
            Saving("metal", back * levels[1][0] * h, "kg", self.metal_price),
            Saving("sludge", lost * self.sludge, "kg", self.sludge_price),
            Saving("water", (flows[0] - flows[1]) * h, "m³", self.water_price),
        )
        note = "the bath takes all of the rinse back" if back == flows[1] else "what the bath evaporates is the limit"
        return Run((metal, water), savings, 0.0, (note,))

    def _levels(self, stages: int, flow: float) -> list[float]:
        """Metal in each rinse tank [g/l], from their balances: what parts and rinse bring is what they take on."""
        d = self.dragout
        matrix = np.diag(np.full(stages, d + flow)) - np.diag(np.full(stages - 1, d), -1)
        matrix -= np.diag(np.full(stages - 1, flow), 1)
        right = np.zeros(stages)
        right[0] = d * self.bath
        return [float(one) for one in np.linalg.solve(matrix, right)]
