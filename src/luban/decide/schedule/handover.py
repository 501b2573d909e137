"""Setups that are under way when a plan is changed: kept, handed on, lost or given up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from luban.decide.schedule.problem import NONE
from luban.decide.schedule.schedule import Schedule

__all__ = ["hand_on", "lose_setup", "set_up"]


def set_up(plan: Schedule, now: int) -> np.ndarray:
    """[O] operations whose setup has begun though they have not."""
    begun: np.ndarray = (plan.setup_start < now) & (plan.setup_end > plan.setup_start) & (plan.start >= now)
    return begun


def lose_setup(plan: Schedule, machine: int, down: int, up: int, now: int) -> Schedule:
    """The plan without a setup that is under way or just done at `now` on a machine that stands from `down` to `up`.

    It begins anew where the stop meets it, or the operation that it is for.
    """
    lost = set_up(plan, now) & (plan.machine == machine) & ((plan.setup_end > down) | (plan.start < up))
    start = np.where(lost, plan.start, plan.setup_start)
    return replace(plan, setup_start=start, setup_end=np.where(lost, plan.start, plan.setup_end))


def hand_on(old: Schedule, new: Schedule, now: int) -> Schedule:
    """The new plan where a setup that had begun by the old one belongs to whatever uses it first.

    One that is given up, because the machine goes on with what it made before, is not in it; its time stays free.
    """
    p = new.problem
    start, end = new.setup_start.copy(), new.setup_end.copy()
    for at in np.flatnonzero(set_up(old, now) & (new.start >= now)).tolist():
        machine = int(old.machine[at])
        here = np.flatnonzero((new.machine == machine) & (new.start >= now))
        first = int(here[np.argmin(new.start[here])]) if here.size else at
        if first == at:
            continue
        if new.machine[at] == machine and start[at] == old.setup_start[at]:
            start[at] = end[at] = new.start[at]
        if end[first] == start[first] and p.family[first] == p.family[at]:
            start[first], end[first] = old.setup_start[at], old.setup_end[at]
        if not _needed(new, first, now):
            start[first] = end[first] = new.start[first]
    return replace(new, setup_start=start, setup_end=end)


def _needed(plan: Schedule, first: int, now: int) -> bool:
    """Whether an operation needs a setup after what its machine made before `now`."""
    p, machine = plan.problem, int(plan.machine[first])
    table, own = int(p.machine_table[machine]), int(p.family[first])
    made = np.flatnonzero((plan.machine == machine) & (plan.start < now) & (p.family != NONE))
    before = int(p.family[made[np.argmax(plan.start[made])]]) if made.size else int(p.machine_family[machine])
    return NONE not in {table, own} and bool(p.setup_time[table, before, own] > 0)
