"""Lower bounds in milliseconds: no schedule can be worth less.

Every bound is the optimum of an easier problem: jobs that never wait, one machine that may interrupt its work, machines
that share their work, pools that never stand idle. Closures of the calendars count where the easier problem allows it.
Sources: Jackson 1955 and Carlier 1982, doi 10.1016/S0377-2217(82)80007-6 (one machine); Carlier 1987, European Journal
of Operational Research 29, 298-306 (several machines); Chu 1992, Naval Research Logistics 39, 265-283 (tardiness).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from luban.decide.schedule.kernel.bounds import FAR, earliest_end, heads_tails, one_machine, shares
from luban.decide.schedule.objective import Objective
from luban.decide.schedule.problem import NEVER, NONE, ORDER, Ints, Problem

__all__ = ["earliest", "lower_bound", "open_modes"]

_GROUPS = 64
"""Sets of machines that are looked at, those with the most work first."""

_ROUNDS = 120
"""Rounds of the sharing bound."""


def lower_bound(problem: Problem, objective: Objective) -> float:
    """A value that the objective's first level cannot go below.

    problem    any; 0 operations give 0
    objective  its first level, in the level's own unit
    Example    >>> lower_bound(problem, Objective.parse("makespan"))  # doctest: +SKIP
               930.0
    """
    if problem.operation_count == 0:
        return 0.0
    facts = _Facts.of(problem)
    total = 0.0
    for term, price in objective.levels[0]:
        total += price * _TERM_BOUNDS[term](facts)
    return total


def open_modes(problem: Problem) -> tuple[Ints, Ints, Ints]:
    """mode_first, mode_machine, mode_time without the modes that a fixed machine forbids."""
    owner = np.repeat(np.arange(problem.operation_count), np.diff(problem.mode_first))
    fixed = problem.fixed_machine[owner]
    kept = (fixed == NONE) | (fixed == problem.mode_machine)
    if kept.all():
        return problem.mode_first, problem.mode_machine, problem.mode_time
    counts = np.bincount(owner[kept], minlength=problem.operation_count)
    return (
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        problem.mode_machine[kept],
        problem.mode_time[kept],
    )


def earliest(problem: Problem) -> tuple[Ints, Ints, Ints]:
    """[O] earliest start, earliest end and least time from its end to its job's end [tick]; FAR: never."""
    first, machine, time = open_modes(problem)
    span_first, span_last = _spans(problem)
    interrupts = np.append(problem.calendar_interrupts, 1)[problem.machine_calendar]
    found: tuple[Ints, Ints, Ints] = heads_tails(
        problem.job_first,
        problem.release,
        first,
        machine,
        time,
        problem.lag,
        problem.move,
        problem.fixed_start,
        problem.machine_ready,
        span_first,
        span_last,
        problem.window_start,
        problem.window_end,
        interrupts,
    )
    return found


def _spans(p: Problem) -> tuple[Ints, Ints]:
    always = p.machine_calendar == NONE
    first = np.append(p.calendar_first, 0)[p.machine_calendar]
    last = np.append(p.calendar_first, 0)[p.machine_calendar + 1]
    return np.where(always, -1, first), np.where(always, -1, last)


@dataclass(frozen=True, slots=True, eq=False)
class _Facts:
    problem: Problem
    mode_first: Ints
    mode_machine: Ints
    mode_time: Ints
    setup: Ints
    least: Ints
    head: Ints
    end: Ints
    tail: Ints
    groups: list[_Group]

    @classmethod
    def of(cls, p: Problem) -> _Facts:
        first, machine, time = open_modes(p)
        head, end, tail = earliest(p)
        setup, least = _least_setups(p, first, machine), np.minimum.reduceat(time, first[:-1])
        facts = cls(p, first, machine, time, setup, least, head, end, tail, [])
        facts.groups.extend(_groups(facts))
        return facts

    @property
    def completion(self) -> Ints:
        """[J] earliest end of each job."""
        return self.end[self.problem.job_first[1:] - 1]


@dataclass(frozen=True, slots=True, eq=False)
class _Group:
    """Machines and the operations that only they can do; one machine that works `speed` times as fast does no worse."""

    machines: Ints
    operations: Ints
    times: Ints
    heads: Ints
    batch: bool

    @property
    def speed(self) -> int:
        return len(self.machines)


def _least_setups(p: Problem, mode_first: Ints, mode_machine: Ints) -> Ints:
    """[modes] least setup before an operation on a machine, whatever ran before."""
    owner = np.repeat(np.arange(p.operation_count), np.diff(mode_first))
    least = np.zeros(len(mode_machine), np.int64)
    for m in np.flatnonzero(p.machine_table != NONE).tolist():
        own = np.flatnonzero((mode_machine == m) & (p.family[owner] != NONE) & (p.fixed_start[owner] >= 0))
        here = p.family[owner[(mode_machine == m) & (p.family[owner] != NONE)]]
        if not own.size:
            continue
        table = p.setup_time[p.machine_table[m]].copy()
        counts = np.bincount(here, minlength=table.shape[0])
        np.fill_diagonal(table, np.where(counts > 1, table.diagonal(), NEVER))
        before = np.flatnonzero(counts)
        initial = p.setup_time[p.machine_table[m], p.machine_family[m]]
        least[own] = np.minimum(table[before].min(axis=0), initial)[p.family[owner[own]]]
    return least


def _groups(facts: _Facts) -> Iterator[_Group]:
    """One group for each machine with work of its own, then sets of machines."""
    p, first, machine = facts.problem, facts.mode_first, facts.mode_machine
    single = np.flatnonzero(np.diff(first) == 1)
    where = machine[first[single]]
    order = np.argsort(where, kind="stable")
    edges = np.searchsorted(where[order], np.arange(p.machine_count + 1))
    for m in range(p.machine_count):
        own = single[order[edges[m] : edges[m + 1]]]
        if p.machine_calendar[m] != NONE:
            # what began in the past, or takes no time, needs no opening hours
            own = own[(p.fixed_start[own] >= 0) & (facts.least[own] > 0)]
        if own.size:
            yield _one(facts, m, own)
    if len(single) == p.operation_count:
        return
    mark = np.random.default_rng(7).integers(1, 2**62, p.machine_count)
    kind, at, label = np.unique(np.add.reduceat(mark[machine], first[:-1]), return_index=True, return_inverse=True)
    sets = [frozenset(machine[first[o] : first[o + 1]].tolist()) for o in at.tolist()]
    load = np.bincount(label, weights=facts.least)
    wanted = {sets[g]: None for g in np.argsort(-load)[:_GROUPS].tolist() if len(sets[g]) > 1}
    wanted[frozenset(machine.tolist())] = None
    for chosen in wanted:
        inside = np.array([g for g in range(len(kind)) if sets[g] <= chosen])
        own = np.flatnonzero(np.isin(label, inside))
        yield _several(facts, np.array(sorted(chosen)), own)


def _one(facts: _Facts, m: int, own: Ints) -> _Group:
    p = facts.problem
    times, heads = facts.least[own], facts.head[own]
    if p.machine_calendar[m] == NONE:
        setup = facts.setup[facts.mode_first[own]]
        times, heads = times + setup, heads - setup
    return _group(facts, np.array([m]), own, times, heads)


def _several(facts: _Facts, machines: Ints, own: Ints) -> _Group:
    return _group(facts, machines, own, facts.least[own], facts.head[own])


def _group(facts: _Facts, machines: Ints, own: Ints, times: Ints, heads: Ints) -> _Group:
    began = facts.problem.fixed_start[own] < 0
    heads = np.where(began, heads, np.maximum(heads, facts.problem.machine_ready[machines].min()))
    order = np.argsort(heads, kind="stable")
    batch = bool((facts.problem.machine_batch[machines] > 0).any())
    return _Group(machines, own[order], times[order], heads[order], batch)


def _worked(facts: _Facts, group: _Group, heads: Ints, times: Ints, keys: Ints, least: int) -> Ints:
    """Ends of items on the group seen as one fast machine, rounded up."""
    p, speed = facts.problem, group.speed
    first, last = -1, -1
    if speed == 1:
        spans = _spans(p)
        first, last = int(spans[0][group.machines[0]]), int(spans[1][group.machines[0]])
    start = int(heads[0]) * speed
    ends = one_machine(heads * speed, times, keys, start, first, last, p.window_start, p.window_end, least)
    return np.where(ends >= FAR, FAR, -(-ends // speed))


def _makespan(facts: _Facts) -> float:
    p = facts.problem
    order = (p.job_kind == ORDER)[p.job_of]
    if not order.any():
        return 0.0
    best = int(facts.completion[p.job_kind == ORDER].max())
    for group in facts.groups:
        if group.batch:
            continue
        # maintenance takes its machine's time, but what ends last is an order
        kept = order[group.operations]
        if not kept.any():
            continue
        heads, times, tails = group.heads[kept], group.times[kept], facts.tail[group.operations[kept]]
        ends = _worked(facts, group, heads, times, tails, 0)
        best = max(best, int((ends + tails).max()))
    best = max(best, _families(facts), _pools(facts))
    if len(facts.mode_machine) > p.operation_count or (p.machine_batch > 0).any():
        best = max(best, _shared(facts, best))
    return float(min(best, FAR))


def _families(facts: _Facts) -> int:
    """Load of a machine with a setup from elsewhere for each family that comes to it."""
    p, best = facts.problem, 0
    order = (p.job_kind == ORDER)[p.job_of]
    spans = _spans(p)
    for group in facts.groups:
        m = int(group.machines[0])
        if group.speed > 1 or group.batch or p.machine_table[m] == NONE:
            continue
        own = group.operations[order[group.operations] & (p.fixed_start[group.operations] >= 0)]
        if not own.size:
            continue
        setups = _changes(facts, m, own)
        load, most = int(facts.least[own].sum() + setups.sum()), int(setups.max(initial=0))
        ready, tail = int(p.machine_ready[m]), int(facts.tail[own].min())
        span = int(spans[0][m]), int(spans[1][m]), p.window_start, p.window_end, 1
        head = max(ready, int(facts.head[own].min()))
        best = max(best, earliest_end(ready, load, *span) + tail, earliest_end(head, load - most, *span) + tail)
    return best


def _changes(facts: _Facts, m: int, own: Ints, worth: NDArray[Any] | None = None) -> NDArray[Any]:
    """Least setup from another family into each family of these operations, bar the machine's first family."""
    p = facts.problem
    table = (p.setup_time if worth is None else worth)[p.machine_table[m]]
    owner = np.repeat(np.arange(p.operation_count), np.diff(facts.mode_first))
    here = owner[facts.mode_machine == m]
    began = set(p.family[here[p.fixed_start[here] < 0]].tolist())
    before = set(p.family[here].tolist()) - {NONE} | {int(p.machine_family[m])}
    found = [
        min(table[g, f] for g in before - {f})
        for f in sorted(set(p.family[own].tolist()) - {NONE, int(p.machine_family[m])} - began)
    ]
    return np.array(found, table.dtype)


def _pools(facts: _Facts) -> int:
    """First tick by which a pool has given so many units."""
    p, best = facts.problem, 0
    if not p.need_pool.size:
        return 0
    owner = np.repeat(np.arange(p.operation_count), np.diff(p.need_first))
    counts = (p.job_kind == ORDER)[p.job_of][owner]
    for pool in np.unique(p.need_pool).tolist():
        uses = (p.need_pool == pool) & counts
        if not uses.any():
            continue
        units = int((p.need_amount[uses] * facts.least[owner[uses]]).sum())
        start = int(facts.head[owner[uses]].min())
        steps = slice(int(p.level_first[pool]), int(p.level_first[pool + 1]))
        times = np.append(np.maximum(p.level_time[steps], start), FAR)
        for at, until, size in zip(times[:-1].tolist(), times[1:].tolist(), p.level_size[steps].tolist(), strict=True):
            if size > 0 and units <= size * (until - at):
                best = max(best, at - (-units // size))
                break
            units -= size * (until - at)
    return best


def _shared(facts: _Facts, known: int) -> int:
    """Work split over machines so that the busiest ends first."""
    p = facts.problem
    owner = np.repeat(np.arange(p.operation_count), np.diff(facts.mode_first))
    counts = (p.job_kind == ORDER)[p.job_of[owner]]
    held = np.maximum(p.machine_batch[facts.mode_machine], 1)
    together = (p.batch_family[owner] != NONE) & (held > 1)
    part = np.where(together, np.minimum(p.size[owner] / held, 1.0), 1.0)
    # in a batch one setup serves many
    times = np.where(counts, facts.mode_time * part + np.where(together, 0, facts.setup), 0.0)
    free = np.maximum(facts.head[owner] - facts.setup, p.machine_ready[facts.mode_machine])
    heads = np.where(p.fixed_start[owner] < 0, facts.head[owner], free)
    span = np.where(counts, heads, FAR), np.where(counts, facts.tail[owner], FAR)
    least = [np.full(p.machine_count, FAR), np.full(p.machine_count, FAR)]
    for found, values in zip(least, span, strict=True):
        np.minimum.at(found, facts.mode_machine, values)
    base = np.minimum(least[0] + least[1], known).astype(np.float64)
    value = shares(facts.mode_first, facts.mode_machine, times, base, _ROUNDS)
    return int(np.ceil(value - 1e-6 * max(1.0, value)))


def _job_items(facts: _Facts, group: _Group) -> tuple[Ints, Ints, Ints, Ints]:
    """Jobs of a group with all their work there as one item: jobs, heads (in order), times, tails."""
    p = facts.problem
    job = p.job_of[group.operations]
    wanted = (p.job_kind == ORDER)[job]
    jobs, label = np.unique(job[wanted], return_inverse=True)
    heads, tails = np.full(len(jobs), FAR), np.full(len(jobs), FAR)
    np.minimum.at(heads, label, group.heads[wanted])
    np.minimum.at(tails, label, facts.tail[group.operations[wanted]])
    times = np.bincount(label, weights=group.times[wanted], minlength=len(jobs)).astype(np.int64)
    order = np.argsort(heads, kind="stable")
    return jobs[order], heads[order], times[order], tails[order]


def _srpt(facts: _Facts) -> Iterator[tuple[Ints, Ints, Ints]]:
    """(jobs, their least ends on one machine or group in rising order, tails) of each group."""
    for group in facts.groups:
        if group.batch:
            continue
        jobs, heads, times, tails = _job_items(facts, group)
        if len(jobs):
            yield jobs, np.sort(_worked(facts, group, heads, times, times, 1)), tails


def _flow_time(facts: _Facts) -> float:
    p = facts.problem
    orders = p.job_kind == ORDER
    alone = np.where(orders, facts.completion, 0).astype(np.float64)
    best = base = float(alone.sum())
    for jobs, ends, tails in _srpt(facts):
        best = max(best, base - float(alone[jobs].sum()) + float(ends.sum()) + float(tails.sum()))
    return best - float(p.release[orders].sum())


def _tardiness(facts: _Facts) -> float:
    p = facts.problem
    due = (p.job_kind == ORDER) & (p.due < NEVER)
    alone = np.where(due, p.weight * np.maximum(facts.completion - p.due, 0), 0.0)
    best = base = float(alone.sum())
    for group in facts.groups:
        if not group.batch:
            jobs, worth = _chu(facts, group, due)
            best = max(best, base - float(alone[jobs].sum()) + worth)
    return best


def _chu(facts: _Facts, group: _Group, due: Ints) -> tuple[Ints, float]:
    """Least weighted tardiness of a group's jobs: layers of weight, each with ends and due dates in rising order."""
    p = facts.problem
    jobs, heads, times, tails = _job_items(facts, group)
    kept = due[jobs]
    jobs, heads, times, tails = jobs[kept], heads[kept], times[kept], tails[kept]
    if not len(jobs):
        return jobs, 0.0
    levels = np.unique(np.quantile(p.weight[jobs], np.linspace(0, 1, 9), method="lower"))
    worth, below = 0.0, 0.0
    for level in levels.tolist():
        own = p.weight[jobs] >= level
        ends = np.sort(_worked(facts, group, heads[own], times[own], times[own], 1))
        wanted = np.sort(p.due[jobs[own]] - tails[own])
        worth += (level - below) * float(np.maximum(ends - wanted, 0).sum())
        below = level
    return jobs, worth


def _late(facts: _Facts) -> float:
    p = facts.problem
    due = (p.job_kind == ORDER) & (p.due < NEVER)
    return float((facts.completion > p.due)[due].sum())


def _setup_sum(facts: _Facts, term: str) -> float:
    p, total = facts.problem, 0.0
    worth: dict[str, NDArray[Any]] = {
        "setup_time": p.setup_time,
        "setup_cost": p.setup_cost,
        "setups": ((p.setup_time > 0) | (p.setup_cost > 0)).astype(np.int64),
    }
    for group in facts.groups:
        m = int(group.machines[0])
        if group.speed == 1 and p.machine_table[m] != NONE:
            own = group.operations[p.fixed_start[group.operations] >= 0]
            total += float(_changes(facts, m, own, worth[term]).sum())
    return total


def _energy_cost(facts: _Facts) -> float:
    p = facts.problem
    if p.tariff_time.size == 0 or p.tick == 0 or float(p.tariff_price.min()) <= 0:
        return 0.0
    held = np.maximum(p.machine_batch[facts.mode_machine], 1)
    owner = np.repeat(np.arange(p.operation_count), np.diff(facts.mode_first))
    part = np.where(p.batch_family[owner] != NONE, np.minimum(p.size[owner] / held, 1.0), 1.0)
    used = np.minimum.reduceat(p.machine_power[facts.mode_machine] * facts.mode_time * part, facts.mode_first[:-1])
    return float(used.sum() * p.tariff_price.min() * p.tick / 3.6e9)


_TERM_BOUNDS: dict[str, Callable[[_Facts], float]] = {
    "makespan": _makespan,
    "tardiness": _tardiness,
    "late": _late,
    "flow_time": _flow_time,
    "setups": lambda facts: _setup_sum(facts, "setups"),
    "setup_time": lambda facts: _setup_sum(facts, "setup_time"),
    "setup_cost": lambda facts: _setup_sum(facts, "setup_cost"),
    "energy_cost": _energy_cost,
    "earliness": lambda _: 0.0,
}
