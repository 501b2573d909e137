"""The exact model, value: every term of an objective as an integer expression, level by level."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import floor, gcd, lcm

import numpy as np

from luban.decide.schedule.model import Expr, Model, TooLargeError
from luban.decide.schedule.model_machines import Machines
from luban.decide.schedule.objective import Objective
from luban.decide.schedule.problem import NEVER, NONE, ORDER

__all__ = ["Level", "levels", "needs_costs"]

_LARGEST = 2**58
"""Largest value of a level's expression."""

_FINE = 1_000_000
"""Largest common denominator of prices that is kept exactly."""


@dataclass(frozen=True, slots=True)
class Level:
    """A level's value = (variable + rest) / scale, or no less where prices had to be rounded down.

    variable   CP-SAT variable
    rest       what lies outside the model, scaled
    exact      prices were kept exactly
    """

    variable: Expr
    scale: float
    rest: float
    exact: bool

    def value(self, scaled: int) -> float:
        """The level's value, or a bound below it where prices were rounded."""
        return (scaled + self.rest) / self.scale

    def below(self, value: float, *, strictly: bool) -> int:
        """Largest scaled value of a schedule that is better than (strictly), or as good as, a value."""
        scaled = value * self.scale - self.rest
        near = round(scaled)
        if abs(scaled - near) <= 1e-6 * max(1.0, abs(scaled) * 1e-6):
            return near - 1 if strictly else near
        return floor(scaled)


def needs_costs(objective: Objective) -> bool:
    """Setups count although they take no time."""
    return any(term in {"setups", "setup_cost"} for level in objective.levels for term, _ in level)


def levels(model: Model, machines: Machines, objective: Objective) -> list[Level]:
    """A variable for each level of the objective. Raises TooLargeError where a term cannot be modelled."""
    terms = _Terms(model, machines)
    return [terms.level(level) for level in objective.levels]


Parts = list[tuple[float, Expr, int]]


class _Terms:
    """(coefficient, variable, largest value) triples of each term; `rest` of a term is what lies outside the part."""

    def __init__(self, model: Model, machines: Machines) -> None:
        self.model, self.machines, self.cp, self.p = model, machines, model.cp, model.problem
        last = (self.p.job_first[1:] - 1).tolist()
        orders = np.flatnonzero(self.p.job_kind == ORDER).tolist()
        self.inside = [(j, last[j]) for j in orders if last[j] in model.start]
        self.outside = np.array([j for j in orders if last[j] not in model.start], np.int64)
        self.done = model.base.completion if model.scope.base is not None else np.zeros(len(last), np.int64)
        self._known: dict[str, tuple[Parts, float]] = {}

    def level(self, level: tuple[tuple[str, float], ...]) -> Level:
        """The priced sum of a level."""
        parts: Parts = []
        rest = 0.0
        for term, price in level:
            found, outside = self._term(term)
            parts += [(price * coefficient, variable, top) for coefficient, variable, top in found]
            rest += price * outside
        scale, exact = _scale([(coefficient, top) for coefficient, _, top in parts])
        rounded = [(floor(c * scale + 1e-9), v, top) for c, v, top in parts]
        most = sum(c * top for c, _, top in rounded)
        variable = self.cp.new_int_var(-_LARGEST, max(most, 0), "")
        self.cp.add(variable == sum(c * v for c, v, _ in rounded if c))
        return Level(variable, scale, rest * scale, exact)

    def _term(self, term: str) -> tuple[Parts, float]:
        if term not in self._known:
            make = getattr(self, f"_{term}")
            self._known[term] = make()
        return self._known[term]

    def _high(self, o: int) -> int:
        return int(self.model.scope.high[o])

    def _makespan(self) -> tuple[Parts, float]:
        least = int(self.done[self.outside].max(initial=0))
        most = max([least, *(self._high(o) for _, o in self.inside)])
        variable = self.cp.new_int_var(least, most, "makespan")
        for _, o in self.inside:
            self.cp.add(variable >= self.model.end[o])
        return [(1.0, variable, most)], 0.0

    def _tardiness(self) -> tuple[Parts, float]:
        p, found = self.p, []
        for j, o in self.inside:
            if p.due[j] < NEVER and p.weight[j] > 0 and self._high(o) > p.due[j]:
                variable = self.cp.new_int_var(0, self._high(o) - int(p.due[j]), "")
                self.cp.add(variable >= self.model.end[o] - int(p.due[j]))
                found.append((float(p.weight[j]), variable, self._high(o) - int(p.due[j])))
        own = self.outside[p.due[self.outside] < NEVER]
        return found, float((p.weight[own] * np.maximum(self.done[own] - p.due[own], 0)).sum())

    def _earliness(self) -> tuple[Parts, float]:
        p, found = self.p, []
        for j, o in self.inside:
            if p.due[j] < NEVER and p.weight[j] > 0:
                most = max(0, int(p.due[j]) - int(self.model.scope.low[o]))
                variable = self.cp.new_int_var(0, most, "")
                self.cp.add(variable >= int(p.due[j]) - self.model.end[o])
                found.append((float(p.weight[j]), variable, most))
        own = self.outside[p.due[self.outside] < NEVER]
        return found, float((p.weight[own] * np.maximum(p.due[own] - self.done[own], 0)).sum())

    def _late(self) -> tuple[Parts, float]:
        p, found = self.p, []
        for j, o in self.inside:
            if p.due[j] < NEVER and self._high(o) > p.due[j]:
                literal = self.cp.new_bool_var("")
                self.cp.add(self.model.end[o] <= int(p.due[j])).only_enforce_if(~literal)
                found.append((1.0, literal, 1))
        own = self.outside[p.due[self.outside] < NEVER]
        return found, float((self.done[own] > p.due[own]).sum())

    def _flow_time(self) -> tuple[Parts, float]:
        p = self.p
        found: Parts = [(1.0, self.model.end[o], self._high(o)) for _, o in self.inside]
        inside = np.array([j for j, _ in self.inside], np.int64)
        outside = float((self.done[self.outside] - p.release[self.outside]).sum())
        return found, outside - float(p.release[inside].sum())

    def _setups(self) -> tuple[Parts, float]:
        return [(1.0, arc.literal, 1) for arc in self.machines.arcs], self._before("setups")

    def _setup_time(self) -> tuple[Parts, float]:
        return [(float(arc.time), arc.literal, 1) for arc in self.machines.arcs if arc.time], self._before("time")

    def _setup_cost(self) -> tuple[Parts, float]:
        return [(arc.cost, arc.literal, 1) for arc in self.machines.arcs if arc.cost > 0], self._before("cost")

    def _energy_cost(self) -> tuple[Parts, float]:
        p = self.p
        if p.tariff_time.size == 0 or p.tick == 0 or not p.machine_power.any():
            return [], 0.0
        raise TooLargeError("energy under a tariff is not part of the exact model")

    def _before(self, what: str) -> float:
        """Setups of the base outside the part; the first run after the part is inside."""
        base = self.model.scope.base
        if base is None:
            return 0.0
        return _outside_setups(self.model, what)


def _outside_setups(model: Model, what: str) -> float:
    p, base, total = model.problem, model.base, 0.0
    for m in np.flatnonzero(p.machine_table != NONE).tolist():
        family, last = int(p.machine_family[m]), NONE
        for o in base.sequence(m):
            batch = int(base.batch[o])
            if p.family[o] == NONE or (batch != NONE and batch == last):
                continue
            last = batch
            if not model.inside[o] and (model.first_after.get(m) != o or m not in model.runs) and p.fixed_start[o] >= 0:
                time = int(p.setup_time[p.machine_table[m], family, p.family[o]])
                cost = float(p.setup_cost[p.machine_table[m], family, p.family[o]])
                total += {"setups": float(time > 0 or cost > 0), "time": float(time), "cost": cost}[what]
            family = int(p.family[o])
    return total


def _scale(parts: list[tuple[float, int]]) -> tuple[float, bool]:
    """What to multiply with so that the coefficients are whole, and whether they then are exactly."""
    largest = sum(c * top for c, top in parts)
    common, divisor = 1, 0
    for c, _ in parts:
        fraction = Fraction(c).limit_denominator(_FINE)
        if abs(float(fraction) - c) > 1e-12 * c:
            common = 0
            break
        common = lcm(common, fraction.denominator)
        if common > _FINE:
            break
    if 0 < common <= _FINE:
        for c, _ in parts:
            divisor = gcd(divisor, round(c * common))
        scale = common / max(divisor, 1)
        if largest * scale < _LARGEST:
            return scale, True
    if not largest < _LARGEST:
        raise TooLargeError("the objective is beyond what can be counted exactly")
    return min(2.0**40 / max(largest, 1.0), 1e6 / min((c for c, _ in parts if c > 0), default=1.0)), False
