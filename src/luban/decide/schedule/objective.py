"""What a schedule is worth: figures of it, prices on them, and which is looked at first."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from luban.core.errors import InputError
from luban.decide.schedule.problem import NEVER, NONE, ORDER, Floats, Problem
from luban.decide.schedule.schedule import Schedule

__all__ = ["TERMS", "Objective", "figures"]

TERMS = {
    "makespan": "end of the last operation of an order [tick]",
    "tardiness": "sum over orders of weight x time after the due date [weight·tick]",
    "late": "orders that end after their due date [1]",
    "flow_time": "sum over orders of end - release [tick]",
    "setups": "setups with a time or cost above zero [1]",
    "setup_time": "sum of setup times, worked [tick]",
    "setup_cost": "sum of setup costs [money]",
    "energy_cost": "power x price while machines work on operations or setups [money]",
    "earliness": "sum over orders of weight x time before the due date [weight·tick]",
}
"""The figures, in the order of `figures`."""

_NAMES = tuple(TERMS)


@dataclass(frozen=True, slots=True)
class Objective:
    """Levels of priced sums; a level counts only where all before it are equal.

    levels  ((term, price), …) per level, first level first

    Example  >>> Objective.parse("tardiness > 0.5*setup_time + makespan").levels
             ((('tardiness', 1.0),), (('setup_time', 0.5), ('makespan', 1.0)))
    """

    levels: tuple[tuple[tuple[str, float], ...], ...] = ((("makespan", 1.0),),)

    def __post_init__(self) -> None:
        named = [term for level in self.levels for term, _ in level]
        for term in named:
            if term not in TERMS:
                raise InputError("unknown term of an objective", came=repr(term), expected=", ".join(TERMS))
        if not named or not all(self.levels):
            raise InputError("an objective without a term", expected=", ".join(TERMS))
        if any(not (0 < price < float("inf")) for level in self.levels for _, price in level):
            raise InputError("a price must be above zero and finite", came=str(self))

    @classmethod
    def parse(cls, text: str) -> Objective:
        """From `makespan`, `tardiness > setup_time`, `0.5*tardiness + 20*setups`. Raises InputError."""
        expected = f"terms joined by + and levels by >, e.g. tardiness > 0.5*setup_time; terms: {', '.join(TERMS)}"
        levels = []
        for part in text.split(">"):
            found = []
            for piece in part.split("+"):
                match = re.fullmatch(r"\s*(?:([0-9.eE]+)\s*\*\s*)?([a-z_]+)\s*", piece)
                try:
                    price = float(match[1] or 1) if match else 0.0
                except ValueError:
                    match = None
                if match is None:
                    raise InputError("not an objective", came=repr(text), expected=expected)
                found.append((match[2], price))
            levels.append(tuple(found))
        return cls(tuple(levels))

    def __str__(self) -> str:
        def said(term: str, price: float) -> str:
            return term if price == 1 else f"{price:g}*{term}"

        return " > ".join(" + ".join(said(*pair) for pair in level) for level in self.levels)

    @property
    def is_makespan(self) -> bool:
        """Nothing but the makespan counts."""
        return self.levels == ((("makespan", 1.0),),)

    @property
    def prices(self) -> Floats:
        """[levels, terms] price of each term, in the order of TERMS."""
        table = np.zeros((len(self.levels), len(_NAMES)))
        for row, level in enumerate(self.levels):
            for term, price in level:
                table[row, _NAMES.index(term)] += price
        return table

    def value(self, schedule: Schedule) -> tuple[float, ...]:
        """Its levels' values; less is better, compared as tuples."""
        return tuple(float(level) for level in self.prices @ figures(schedule))


def figures(schedule: Schedule) -> Floats:
    """All figures of a schedule, in the order of TERMS."""
    p = schedule.problem
    done = schedule.completion.astype(np.float64)
    orders = p.job_kind == ORDER
    due = orders & (p.due < NEVER)
    lateness = np.where(due, done - p.due, 0.0)
    time, cost, count = _setups(schedule)
    return np.array(
        [
            schedule.makespan,
            float((p.weight * np.maximum(lateness, 0))[due].sum()),
            float((lateness > 0).sum()),
            float((done - p.release)[orders].sum()),
            count,
            time,
            cost,
            _energy_cost(schedule),
            float((p.weight * np.maximum(-lateness, 0))[due].sum()),
        ]
    )


def _setups(schedule: Schedule) -> tuple[float, float, float]:
    p = schedule.problem
    time = cost = count = 0.0
    for machine in np.flatnonzero(p.machine_table != NONE).tolist():
        table, before, last = int(p.machine_table[machine]), int(p.machine_family[machine]), NONE
        for operation in schedule.sequence(machine):
            family, batch = int(p.family[operation]), int(schedule.batch[operation])
            if family == NONE or (batch != NONE and batch == last):
                continue
            last = batch
            began = p.fixed_start[operation] < 0
            spent = 0 if began else int(p.setup_time[table, before, family])
            paid = 0.0 if began else float(p.setup_cost[table, before, family])
            time, cost, count = time + spent, cost + paid, count + (spent > 0 or paid > 0)
            before = family
    return time, cost, count


def _energy_cost(schedule: Schedule) -> float:
    p = schedule.problem
    if p.tariff_time.size == 0 or p.tick == 0 or not p.machine_power.any():
        return 0.0
    hours = p.tick / 3.6e9
    spans = np.concatenate(
        [
            np.stack([schedule.machine, schedule.start, schedule.end], 1)[_first_of_batch(schedule)],
            np.stack([schedule.machine, schedule.setup_start, schedule.setup_end], 1),
        ]
    )
    total = 0.0
    for machine, start, end in spans.tolist():
        if end > start and p.machine_power[machine] > 0:
            worked = sum(
                _price(p, max(start, a), min(end, b)) for a, b in _open(p, machine, start, end) if b > start and a < end
            )
            total += worked * float(p.machine_power[machine]) * hours
    return total


def _first_of_batch(schedule: Schedule) -> np.ndarray:
    alone = np.flatnonzero(schedule.batch == NONE)
    shared = np.flatnonzero(schedule.batch != NONE)
    _, first = np.unique(schedule.batch[shared], return_index=True)
    return np.concatenate([alone, shared[first]])


def _open(p: Problem, machine: int, start: int, end: int) -> list[tuple[int, int]]:
    calendar = int(p.machine_calendar[machine])
    if calendar == NONE:
        return [(start, end)]
    first, last = int(p.calendar_first[calendar]), int(p.calendar_first[calendar + 1])
    return list(zip(p.window_start[first:last].tolist(), p.window_end[first:last].tolist(), strict=True))


def _price(p: Problem, start: int, end: int) -> float:
    """Sum over [start, end) of the price of each tick."""
    edges = np.clip(np.concatenate([[start], p.tariff_time[1:], [end]]), start, end)
    return float((np.diff(edges) * p.tariff_price).sum())
