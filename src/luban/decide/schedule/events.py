"""What happens while a plan is followed: machines break, orders rush in, material is late, people are away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from luban.core.errors import InputError
from luban.decide.schedule.floor import Holders, Windows, machine_runs
from luban.decide.schedule.handover import lose_setup
from luban.decide.schedule.problem import LIMIT, NEVER, NONE, ORDER, Ints, Problem
from luban.decide.schedule.schedule import Schedule

__all__ = ["AbsentOperator", "Breakdown", "Event", "Happened", "LateMaterial", "RushOrder", "happen"]


@dataclass(frozen=True, slots=True)
class Breakdown:
    """A machine is down over [start, end) [tick].

    machine  name
    resume   what runs on it goes on afterwards; False: it is lost and begins anew. On a machine whose calendar does
             not interrupt work it always begins anew
    """

    machine: str
    start: int
    end: int
    resume: bool = True


@dataclass(frozen=True, slots=True)
class RushOrder:
    """A new order.

    name        of the order
    operations  per step: machine → time [tick]
    families    per step the setup family, or empty
    needs       per step pool → units, or empty
    """

    name: str
    operations: Sequence[Mapping[str, int]]
    due: int = NEVER
    release: int = 0
    weight: float = 1.0
    families: Sequence[str] = ()
    needs: Sequence[Mapping[str, int]] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class LateMaterial:
    """An order that has not begun cannot begin before `ready` [tick]."""

    job: str
    ready: int


@dataclass(frozen=True, slots=True)
class AbsentOperator:
    """A pool has `missing` fewer units over [start, end) [tick]."""

    pool: str
    start: int
    end: int
    missing: int = 1


Event = Breakdown | RushOrder | LateMaterial | AbsentOperator


@dataclass(frozen=True, slots=True, eq=False)
class Happened:
    """A plan in the world as it is after events.

    problem  with changed calendars, pools, releases, and with the new orders
    plan     the old one; operations of new orders start at NEVER
    hit      [O] operations that cannot stay as planned because of an event itself
    stopped  operations in progress that begin anew
    """

    problem: Problem
    plan: Schedule
    hit: np.ndarray
    stopped: tuple[int, ...]


def happen(plan: Schedule, events: Sequence[Event], now: int) -> Happened:
    """The plan's problem after events that are known at `now`.

    Raises InputError for an unknown machine, pool or order, a span that ends before it begins, an order that began
    """
    p, stopped = plan.problem, []
    old = plan
    for event in events:
        if isinstance(event, RushOrder):
            p, plan = _rushed(p, plan, event)
    hit = np.zeros(p.operation_count, bool)
    hit[old.problem.operation_count :] = True
    for event in events:
        if isinstance(event, Breakdown):
            machine = _index(p.machines, event.machine, "machine", p.name)
            start = max(event.start, now)
            _check_span(start, event.end, event.machine)
            lasts = bool(p.machine_calendar[machine] == NONE or p.calendar_interrupts[p.machine_calendar[machine]])
            p = _closed(p, machine, start, event.end)
            plan = lose_setup(plan, machine, start, event.end, now)
            there = (plan.machine == machine) & (plan.end > start) & (plan.start < NEVER)
            running = there & (plan.start < now)
            if not (event.resume and lasts):
                stopped += np.flatnonzero(running).tolist()
                hit |= running
            setting = (plan.setup_end > plan.setup_start) & (plan.setup_start < event.end)
            hit |= there & ~running & ((plan.start < event.end) | setting)
        elif isinstance(event, AbsentOperator):
            pool = _index(p.pools, event.pool, "pool", p.name)
            _check_span(event.start, event.end, event.pool)
            p = _fewer(p, pool, event)
        elif isinstance(event, LateMaterial):
            job = _index(p.jobs, event.job, "order", p.name)
            first = int(p.job_first[job])
            if plan.start[first] < now:
                raise InputError("its material is there: the order has begun", came=event.job, where=p.name)
            release = p.release.copy()
            release[job] = max(int(release[job]), event.ready)
            p = replace(p, release=release)
            hit[first] |= bool(plan.start[first] < event.ready)
    plan = replace(plan, problem=p)
    for event in events:
        if isinstance(event, AbsentOperator):
            hit |= _short(plan, _index(p.pools, event.pool, "pool", p.name), event, now)
    return Happened(p, plan, hit, tuple(stopped))


def _index(names: tuple[str, ...], name: str, what: str, where: str) -> int:
    if name not in names:
        raise InputError(f"unknown {what}", came=repr(name), expected=", ".join(names[:8]), where=where)
    return names.index(name)


def _check_span(start: int, end: int, what: str) -> None:
    if end <= start:
        raise InputError("it ends before it begins, or is over", came=f"{start} … {end}", where=what)


def _closed(p: Problem, machine: int, start: int, end: int) -> Problem:
    """The machine gets a calendar of its own that is closed over [start, end)."""
    calendar = int(p.machine_calendar[machine])
    spans, interrupts = [(-LIMIT, LIMIT)], 1
    if calendar != NONE:
        rows = slice(*p.calendar_first[calendar : calendar + 2].tolist())
        spans = list(zip(p.window_start[rows].tolist(), p.window_end[rows].tolist(), strict=True))
        interrupts = int(p.calendar_interrupts[calendar])
    cut = [(a, b) for x, y in spans for a, b in ((x, min(y, start)), (max(x, end), y)) if b > a]
    of = p.machine_calendar.copy()
    of[machine] = len(p.calendars)
    return replace(
        p,
        calendars=(*p.calendars, f"{p.machines[machine]} {len(p.calendars)}"),
        machine_calendar=of,
        calendar_first=np.append(p.calendar_first, int(p.calendar_first[-1]) + len(cut)),
        window_start=np.append(p.window_start, [a for a, _ in cut]),
        window_end=np.append(p.window_end, [b for _, b in cut]),
        calendar_interrupts=np.append(p.calendar_interrupts, interrupts),
    )


def _fewer(p: Problem, pool: int, event: AbsentOperator) -> Problem:
    """The pool has fewer units over the event."""
    first, last = p.level_first[pool : pool + 2].tolist()
    times, sizes = p.level_time[first:last], p.level_size[first:last]
    edges = np.unique(np.append(times, [event.start, event.end]))
    at = np.maximum(np.searchsorted(times, edges, side="right") - 1, 0)
    inside = (edges >= event.start) & (edges < event.end)
    levels = np.maximum(sizes[at] - np.where(inside, event.missing, 0), 0)
    first_of = p.level_first.copy()
    first_of[pool + 1 :] += len(edges) - (last - first)
    return replace(
        p,
        level_first=first_of,
        level_time=np.concatenate([p.level_time[:first], edges, p.level_time[last:]]),
        level_size=np.concatenate([p.level_size[:first], levels, p.level_size[last:]]),
    )


def _short(plan: Schedule, pool: int, event: AbsentOperator, now: int) -> np.ndarray:
    """[O] what holds the pool where it does not suffice any more."""
    p = plan.problem
    found = np.zeros(p.operation_count, bool)
    planned = plan.start < NEVER
    seen = replace(plan, start=np.where(planned, plan.start, 0), end=np.where(planned, plan.end, 0))
    runs = [[run for run in own if planned[run.operations[0]]] for own in machine_runs(seen)]
    holders = Holders(seen, runs, Windows(p))
    for a, b in holders.lacks(pool, 0, max(event.start, now), event.end):
        found[holders.within(pool, a, b)] = True
    return found & (plan.start >= now)


def _rushed(p: Problem, plan: Schedule, order: RushOrder) -> tuple[Problem, Schedule]:
    """The problem with one more order, and the plan that does not know it."""
    if order.name in p.jobs:
        raise InputError("an order of that name is in the plan", came=order.name, where=p.name)
    if not order.operations or any(not step for step in order.operations):
        raise InputError("an operation that no machine can do", came=order.name, where=p.name)
    count = len(order.operations)
    families = [*order.families, *[""] * (count - len(order.families))]
    needs = [*order.needs, *[{}] * (count - len(order.needs))]
    family = [_index(p.families, name, "family", order.name) if name else NONE for name in families]
    modes = [[(_index(p.machines, m, "machine", order.name), t) for m, t in step.items()] for step in order.operations]
    pools = [[(_index(p.pools, pool, "pool", order.name), n) for pool, n in step.items()] for step in needs]

    def more(values: Ints, added: Sequence[float]) -> Ints:
        return np.append(values, np.array(added, values.dtype))

    def firsts(values: Ints, counts: Sequence[int]) -> Ints:
        return np.append(values, int(values[-1]) + np.cumsum(counts)).astype(np.int64)

    grown = replace(
        p,
        jobs=(*p.jobs, order.name),
        operations=(*p.operations, *[f"{order.name}/{step + 1}" for step in range(count)]),
        places=(*p.places, *[""] * count) if p.places else (),
        job_kind=more(p.job_kind, [ORDER]),
        job_first=firsts(p.job_first, [count]),
        release=more(p.release, [order.release]),
        due=more(p.due, [order.due]),
        deadline=more(p.deadline, [NEVER]),
        weight=more(p.weight, [order.weight]),  # type: ignore[arg-type]
        family=more(p.family, family),
        size=more(p.size, [1] * count),
        batch_family=more(p.batch_family, [NONE] * count),
        lag=more(p.lag, [0] * count),
        max_lag=more(p.max_lag, [NEVER] * count),
        fixed_start=more(p.fixed_start, [NEVER] * count),
        fixed_machine=more(p.fixed_machine, [NONE] * count),
        need_first=firsts(p.need_first, [len(step) for step in pools]),
        need_pool=more(p.need_pool, [pool for step in pools for pool, _ in step]),
        need_amount=more(p.need_amount, [amount for step in pools for _, amount in step]),
        mode_first=firsts(p.mode_first, [len(step) for step in modes]),
        mode_machine=more(p.mode_machine, [machine for step in modes for machine, _ in step]),
        mode_time=more(p.mode_time, [time for step in modes for _, time in step]),
    )
    never, first = [NEVER] * count, [step[0][0] for step in modes]
    later = Schedule(
        grown, more(plan.machine, first), more(plan.start, never), more(plan.end, never),
        more(plan.setup_start, never), more(plan.setup_end, never), more(plan.batch, [NONE] * count),
    )  # fmt: skip
    return grown, later
