"""The exact model, value: every term of an objective as an integer expression, level by level."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import floor, gcd, lcm

import numpy as np

from luban.decide.schedule.model import Expr, Model, TooLargeError
from luban.decide.schedule.model_answer import orders_of
from luban.decide.schedule.model_machines import Arc, Machines
from luban.decide.schedule.objective import Objective
from luban.decide.schedule.problem import NEVER, ORDER

__all__ = ["Level", "levels", "needs_costs"]

_LARGEST = 2**58
"""Largest value of a level's expression."""

_FINE = 1_000_000
"""Largest common denominator of prices that is kept exactly."""


@dataclass(frozen=True, slots=True)
class Level:
    """A level's value = (variable + rest) / scale, or no less where prices had to be rounded down.

    variable   CP-SAT variable
    rest       what does not change, scaled
    exact      prices were kept exactly
    begun      value of the variable in the scope's base; 0 without one
    """

    variable: Expr
    scale: float
    rest: float
    exact: bool
    begun: int

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


Parts = list[tuple[float, Expr, int, int]]
"""(coefficient, variable, its largest value, its value in the base)."""


class _Terms:
    """Each term as parts that change and a rest that does not; of a part of a problem only what changes counts."""

    def __init__(self, model: Model, machines: Machines) -> None:
        self.model, self.machines, self.cp, self.p = model, machines, model.cp, model.problem
        self.base = model.scope.base
        last, orders = self.p.job_first[1:] - 1, self.p.job_kind == ORDER
        self.inside = [(j, int(last[j])) for j in np.flatnonzero(orders & model.inside[last]).tolist()]
        self.outside = last[orders & ~model.inside[last]]
        self.links = orders_of(model, machines, self.base) if self.base is not None else {}
        self._known: dict[str, tuple[Parts, float]] = {}

    def level(self, level: tuple[tuple[str, float], ...]) -> Level:
        """The priced sum of a level."""
        parts: Parts = []
        rest = 0.0
        for term, price in level:
            found, fixed = self._term(term)
            parts += [(price * coefficient, variable, top, begun) for coefficient, variable, top, begun in found]
            rest += price * fixed
        scale, exact = _scale([(coefficient, top) for coefficient, _, top, _ in parts])
        rounded = [(floor(c * scale + 1e-9), v, top, begun) for c, v, top, begun in parts]
        most = sum(c * top for c, _, top, _ in rounded)
        # an operation in progress may have ended before tick 0
        past = -min(0, int(self.p.fixed_start.min(initial=0)))
        variable = self.cp.new_int_var(-past * sum(c for c, *_ in rounded), max(most, 0), "")
        self.cp.add(variable == sum(c * v for c, v, *_ in rounded if c))
        return Level(variable, scale, rest * scale, exact, sum(c * begun for c, _, _, begun in rounded))

    def _term(self, term: str) -> tuple[Parts, float]:
        if term not in self._known:
            self._known[term] = getattr(self, f"_{term}")()
        return self._known[term]

    def _high(self, o: int) -> int:
        return int(self.model.scope.high[o])

    def _end(self, o: int) -> int:
        return int(self.base.end[o]) if self.base is not None else 0

    def _makespan(self) -> tuple[Parts, float]:
        least = int(self.base.end[self.outside].max(initial=0)) if self.base is not None else 0
        most = max([least, *(self._high(o) for _, o in self.inside)])
        variable = self.cp.new_int_var(least, most, "makespan")
        for _, o in self.inside:
            self.cp.add(variable >= self.model.end[o])
        return [(1.0, variable, most, max([least, *(self._end(o) for _, o in self.inside)]))], 0.0

    def _tardiness(self) -> tuple[Parts, float]:
        p = self.p
        found: Parts = []
        for j, o in self.inside:
            due, most = int(p.due[j]), self._high(o) - int(p.due[j])
            if p.due[j] < NEVER and p.weight[j] > 0 and most > 0:
                variable = self.cp.new_int_var(0, most, "")
                self.cp.add(variable >= self.model.end[o] - due)
                found.append((float(p.weight[j]), variable, most, max(self._end(o) - due, 0)))
        return found, 0.0

    def _earliness(self) -> tuple[Parts, float]:
        p = self.p
        found: Parts = []
        for j, o in self.inside:
            if p.due[j] < NEVER and p.weight[j] > 0:
                due = int(p.due[j])
                most = max(0, due - int(self.model.scope.low[o]))
                variable = self.cp.new_int_var(0, most, "")
                self.cp.add(variable >= due - self.model.end[o])
                found.append((float(p.weight[j]), variable, most, max(due - self._end(o), 0)))
        return found, 0.0

    def _late(self) -> tuple[Parts, float]:
        p = self.p
        found: Parts = []
        for j, o in self.inside:
            if p.due[j] < NEVER and self._high(o) > p.due[j]:
                literal = self.cp.new_bool_var("")
                self.cp.add(self.model.end[o] <= int(p.due[j])).only_enforce_if(~literal)
                found.append((1.0, literal, 1, int(self._end(o) > p.due[j])))
        return found, 0.0

    def _flow_time(self) -> tuple[Parts, float]:
        found: Parts = [(1.0, self.model.end[o], self._high(o), self._end(o)) for _, o in self.inside]
        return found, -float(sum(int(self.p.release[j]) for j, _ in self.inside))

    def _setups(self) -> tuple[Parts, float]:
        return self._links(lambda _: 1.0), 0.0

    def _setup_time(self) -> tuple[Parts, float]:
        return self._links(lambda arc: float(arc.time)), 0.0

    def _setup_cost(self) -> tuple[Parts, float]:
        return self._links(lambda arc: arc.cost), 0.0

    def _links(self, worth: Callable[[Arc], float]) -> Parts:
        held = self.links
        return [
            (worth(arc), arc.literal, 1, int((arc.before, arc.after) in held.get(arc.machine, ())))
            for arc in self.machines.arcs
            if worth(arc) > 0
        ]

    def _energy_cost(self) -> tuple[Parts, float]:
        p = self.p
        if p.tariff_time.size == 0 or p.tick == 0 or not p.machine_power.any():
            return [], 0.0
        raise TooLargeError("energy under a tariff is not part of the exact model")


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
