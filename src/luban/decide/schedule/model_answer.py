"""From values of the exact model to a schedule, and from a schedule to hints for the model."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from luban.decide.schedule.model import Expr, Model, Run
from luban.decide.schedule.model_machines import Machines
from luban.decide.schedule.problem import NONE
from luban.decide.schedule.schedule import Schedule

__all__ = ["hint", "orders_of", "schedule_of"]


def schedule_of(model: Model, machines: Machines, value: Callable[[Expr], int]) -> Schedule:
    """The schedule that the values say; what lies outside the part is as in its base."""
    p, base = model.problem, model.scope.base
    if base is None:
        start, end, machine = (np.zeros(p.operation_count, np.int64) for _ in range(3))
        batch = np.full(p.operation_count, NONE, np.int64)
        setup_start, setup_end = start.copy(), start.copy()
    else:
        machine, start, end = base.machine.copy(), base.start.copy(), base.end.copy()
        setup_start, setup_end, batch = base.setup_start.copy(), base.setup_end.copy(), base.batch.copy()
    for o in model.start:
        start[o], end[o] = value(model.start[o]), value(model.end[o])
        machine[o] = next(m for m, literal in model.on[o] if value(literal))
        setup_start[o] = setup_end[o] = start[o]
    batch[np.fromiter(model.scope.free, np.int64)] = NONE
    above = int(batch.max(initial=NONE)) + 1
    for o, lead, _, literal in model.joins:
        if value(literal):
            batch[o] = batch[lead] = above + lead
    made = Schedule(p, machine, start, end, setup_start.copy(), setup_end.copy(), batch)
    placed = {(f.run.operation, f.run.machine): (value(f.start), value(f.end)) for f in machines.setups}
    for m in model.runs:
        if p.machine_table[m] != NONE:
            _place_setups(model, made, m, placed, setup_start, setup_end)
    return Schedule(p, machine, start, end, setup_start, setup_end, batch)


def _place_setups(
    model: Model,
    made: Schedule,
    m: int,
    placed: dict[tuple[int, int], tuple[int, int]],
    setup_start: Expr,
    setup_end: Expr,
) -> None:
    """Setups of the part and before the first run after it: where the model says, else as late as possible."""
    p, family, last = model.problem, int(model.problem.machine_family[m]), NONE
    opening, after = model.opening(m), model.first_after.get(m)
    for o in made.sequence(m):
        batch = int(made.batch[o])
        if p.family[o] == NONE or (batch != NONE and batch == last):
            continue
        last, before, family = batch, family, int(p.family[o])
        if not model.inside[o] and o != after:
            continue
        begin = int(made.start[o])
        spent = 0 if p.fixed_start[o] < 0 else int(p.setup_time[p.machine_table[m], before, family])
        if not spent:
            setup_start[o] = setup_end[o] = begin
        elif (o, m) in placed:
            setup_start[o], setup_end[o] = placed[o, m]
        else:
            setup_start[o], setup_end[o] = opening.begin_late(begin, spent)


def hint(model: Model, machines: Machines, schedule: Schedule) -> None:
    """Tells the model a schedule to begin with."""
    cp = model.cp
    cp.clear_hints()
    hinted: set[int] = set()

    def say(variable: Expr, value: int) -> None:
        index = getattr(variable, "index", None)
        if index is not None and index >= 0 and index not in hinted and variable is not model.true:
            hinted.add(index)
            cp.add_hint(variable, value)

    for o in model.start:
        say(model.start[o], int(schedule.start[o]))
        if _is_variable(model.end[o]):
            say(model.end[o], int(schedule.end[o]))
        if len(model.on[o]) > 1:
            for m, literal in model.on[o]:
                say(literal, int(schedule.machine[o] == m))
    for o, lead, m, literal in model.joins:
        together = schedule.batch[o] != NONE and schedule.batch[o] == schedule.batch[lead]
        first = int(np.flatnonzero(schedule.batch == schedule.batch[o])[0])
        say(literal, int(together and schedule.machine[o] == m and first == lead))
    for m, order in orders_of(model, machines, schedule).items():
        for arc in machines.order:
            if arc.machine == m:
                say(arc.literal, int((arc.before, arc.after) in order))


def _is_variable(expression: Expr) -> bool:
    return getattr(expression, "index", None) is not None


def orders_of(model: Model, machines: Machines, schedule: Schedule) -> dict[int, set[tuple[int, int]]]:
    """Neighbours on each machine that has a circuit, runs by their leaders."""
    found: dict[int, set[tuple[int, int]]] = {}
    for m in {arc.machine for arc in machines.order}:
        leads: list[Run] = model.runs[m]
        names = {run.operation for run in leads if run.family != NONE} | {model.first_after.get(m, NONE)}
        chain = [NONE, *(o for o in schedule.sequence(m) if o in names)]
        found[m] = set(pairwise(chain))
    return found
