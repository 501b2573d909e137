"""What the Gantt is drawn from, and the load of each machine; plain numbers for browser and REST alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from luban.core.time import DAY, HOUR, to_datetime
from luban.decide.schedule.problem import MAINTENANCE, NEVER, NONE, Ints, Problem
from luban.decide.schedule.schedule import Schedule
from luban.loop.plans import PlanState
from luban.plant import Plant
from luban.screens.service.schedule_stops import stops_in

__all__ = ["BUSY", "chart", "critical", "ghosts", "lateness", "load", "loads", "names_of"]

BUSY = 0.9
"""Load from which a machine is marked [1]."""
_MOST_BUCKETS = 120


def chart(plan: PlanState, plant: Plant | None = None) -> dict[str, Any]:
    """Bars, rows, closures, due dates, critical path. Times in ticks after `start`; `tick` in ms, 0: abstract time.

    plant  gives machines and orders their names, groups and items, where it knows them
    """
    schedule, p = plan.schedule, plan.schedule.problem
    machines = names_of(p, plant)
    groups: list[str] = list(dict.fromkeys(own["group"] for own in machines))
    zone = plant.zone if plant else None
    horizon = _horizon(schedule)
    offset = to_datetime(p.start, zone).utcoffset() if p.tick and zone else None
    late, ends = lateness(schedule), schedule.completion
    stops = stops_in(p, plan.made.get("stops") or ())
    return {
        "id": plan.id, "n": plan.n, "start": p.start / 1000, "tick": p.tick / 1000,
        "offset": offset.total_seconds() * 1000 if offset else 0,
        "horizon": horizon, "groups": groups,
        "machines": [{**own, "group": groups.index(own["group"])} for own in machines],
        "jobs": [
            {
                "name": name, "item": _item(name, plant), "kind": int(p.job_kind[at]), "end": int(ends[at]),
                "due": None if p.due[at] >= NEVER else int(p.due[at]), "late": int(late[at]),
                "release": int(p.release[at]),
                "stop": f"{stops[at]['order']} {stops[at]['task']}" if at in stops else "",
            }
            for at, name in enumerate(p.jobs)
        ],
        "operations": list(p.operations), "job": p.job_of.tolist(), "machine": schedule.machine.tolist(),
        "bar": [schedule.start.tolist(), schedule.end.tolist()],
        "setup": [schedule.setup_start.tolist(), schedule.setup_end.tolist()],
        "batch": schedule.batch.tolist(), "family": p.family.tolist(), "families": list(p.families),
        "locked": sorted(plan.locked), "fixed": np.flatnonzero(p.fixed_start != NEVER).tolist(),
        "closed": [_closures(p, at, horizon) for at in range(len(p.calendars))],
        "calendar": p.machine_calendar.tolist(),
        "critical": critical(schedule),
    }  # fmt: skip


def names_of(problem: Problem, plant: Plant | None) -> list[dict[str, str]]:
    """Id, name and group of each machine; group is its work centre where the plant knows it."""
    found = []
    for id_ in problem.machines:
        place = plant.equipment.get(id_) if plant else None
        parent = plant.equipment.get(place.parent) if plant and place and place.parent else None
        group = parent.name if parent else id_.rpartition("/")[0].rpartition("/")[2]
        found.append({"id": id_, "name": place.name if place else id_.rpartition("/")[2], "group": group})
    return found


def _item(job: str, plant: Plant | None) -> str:
    order = plant.orders.get(job) if plant else None
    return order.item if order else ""


def _horizon(schedule: Schedule) -> list[int]:
    if not schedule.start.size:
        return [0, 1]
    first = min(0, int(schedule.start.min()), int(schedule.setup_start.min()))
    return [first, max(int(schedule.end.max()), first + 1)]


def _closures(p: Problem, calendar: int, horizon: Sequence[int]) -> list[list[int]]:
    """Closed spans of a calendar from a little before to a little after the plan."""
    width = horizon[1] - horizon[0]
    first, last = horizon[0] - width // 5 - 1, horizon[1] + width // 5 + 1
    a, b = int(p.calendar_first[calendar]), int(p.calendar_first[calendar + 1])
    begins, ends = p.window_start[a:b].tolist(), p.window_end[a:b].tolist()
    spans = zip([first, *ends], [*begins, last], strict=True)
    return [[max(s, first), min(e, last)] for s, e in spans if min(e, last) > max(s, first)]


def lateness(schedule: Schedule) -> Ints:
    """[J] time after the due date [tick]; 0 for what is in time, has no due date, or is maintenance."""
    p = schedule.problem
    due = (p.job_kind != MAINTENANCE) & (p.due < NEVER)
    return np.where(due, np.maximum(schedule.completion - p.due, 0), 0)


def critical(schedule: Schedule, last: int | None = None) -> list[int]:
    """The chain of operations that ends with `last` (by default the last one of an order), each waiting for the
    one before: the job's own, or the one before it on the machine. It begins where nobody is waited for.
    """  # fmt: skip
    p = schedule.problem
    if not schedule.end.size:
        return []
    before = np.full(p.operation_count, NONE, np.int64)
    for machine in range(p.machine_count):
        row = schedule.sequence(machine)
        before[row[1:]] = row[:-1]
    first = np.zeros(p.operation_count, bool)
    first[p.job_first[:-1]] = True
    ends = np.where(p.job_kind[p.job_of] == MAINTENANCE, np.int64(-1), schedule.end)
    at = int(np.argmax(ends)) if last is None else last
    chain = [at]
    while len(chain) <= p.operation_count:
        causes = []
        if not first[at]:
            move = int(p.move[schedule.machine[at - 1], schedule.machine[at]]) if p.move.size else 0
            causes.append((int(schedule.end[at - 1] + p.lag[at - 1]) + move, at - 1))
        if before[at] != NONE:
            spent = int(schedule.setup_end[at] - schedule.setup_start[at])
            causes.append((int(schedule.end[before[at]]) + spent, int(before[at])))
        if not causes:
            break
        ready, cause = max(causes)
        machine = int(schedule.machine[at])
        if _open_between(p, machine, ready, int(schedule.start[at])) > 0 or cause in chain:
            break
        chain.append(cause)
        at = cause
    return chain[::-1]


def _open_between(p: Problem, machine: int, start: int, end: int) -> int:
    worked = _worked(p, machine)
    return max(0, int(worked(np.array([end]))[0] - worked(np.array([start]))[0])) if end > start else 0


def _worked(p: Problem, machine: int) -> Any:
    """The open time of a machine before each given tick, up to a constant."""
    calendar = int(p.machine_calendar[machine])
    if calendar == NONE:
        return lambda ticks: ticks
    a, b = int(p.calendar_first[calendar]), int(p.calendar_first[calendar + 1])
    starts, ends = p.window_start[a:b], p.window_end[a:b]
    total = np.concatenate([[0], np.cumsum(ends - starts)])

    def worked(ticks: Ints) -> Ints:
        at = np.searchsorted(starts, ticks, "right")
        inside = np.where(at > 0, np.minimum(ticks, ends[at - 1]) - starts[at - 1], 0) if starts.size else 0 * ticks
        found: Ints = np.where(at > 0, total[np.maximum(at - 1, 0)] + inside, 0)
        return found

    return worked


def ghosts(plan: PlanState, other: PlanState) -> list[list[int]]:
    """Where the other plan has the operations of this one: [operation, machine, start, end] of those that differ.

    Matched by name; times in ticks of this plan.
    """
    p, q = plan.schedule.problem, other.schedule.problem
    place = {name: at for at, name in enumerate(q.operations)}
    machine = {name: at for at, name in enumerate(p.machines)}
    found = []
    for at, name in enumerate(p.operations):
        to = place.get(name)
        if to is None:
            continue
        start, end = (_shift(int(own[to]), q, p) for own in (other.schedule.start, other.schedule.end))
        row = machine.get(q.machines[other.schedule.machine[to]], NONE)
        here = int(plan.schedule.machine[at]), int(plan.schedule.start[at]), int(plan.schedule.end[at])
        if row != NONE and here != (row, start, end):
            found.append([at, row, start, end])
    return found


def _shift(tick: int, of: Problem, to: Problem) -> int:
    """A tick of one problem in ticks of another."""
    if not (of.tick and to.tick):
        return tick
    return round((of.start + tick * of.tick - to.start) / to.tick)


# ---------------------------------------------------------------- load


def load(plan: PlanState, plant: Plant | None = None, *, by: str = "day") -> dict[str, Any]:
    """Worked share of the open time of each machine, by `day` or `shift`.

    Returns  buckets [{label, start, end}] in ticks, rows [{machine, name, group, load, setup}]: shares by bucket, None
             where it is closed; setup is the part of the load that is setup
    """
    schedule, p = plan.schedule, plan.schedule.problem
    edges, labels = _buckets(schedule, plant, by)
    rows = []
    for at, own in enumerate(names_of(p, plant)):
        mine = np.flatnonzero(schedule.machine == at)
        lone = np.unique(np.where(schedule.batch[mine] == NONE, -1 - mine, schedule.batch[mine]), return_index=True)[1]
        mine = mine[lone]
        worked = _worked(p, at)
        marks = worked(edges)
        opened = np.diff(marks).astype(float)
        run = _sums(worked, marks, schedule.start[mine], schedule.end[mine])
        setup = _sums(worked, marks, schedule.setup_start[mine], schedule.setup_end[mine])
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(opened > 0, (run + setup) / opened, np.nan)
            part = np.where(opened > 0, setup / opened, np.nan)
        rows.append({"machine": own["id"], "name": own["name"], "group": own["group"],
                     "load": _shares(share), "setup": _shares(part)})  # fmt: skip
    buckets = [
        {"label": label, "start": int(a), "end": int(b)}
        for label, a, b in zip(labels, edges[:-1], edges[1:], strict=True)
    ]
    return {"by": by, "busy": BUSY, "buckets": buckets, "rows": rows}


def loads(schedule: Schedule) -> dict[str, tuple[float, float]]:
    """Machine → (share of its open time that orders have it work or be set up [1], its open hours in a week [h]).

    From the plan's begin to the end of its last order; stops of maintenance are no work. A plan shorter than a week has
    the open hours of the plan. Empty where ticks have no length.
    """
    p = schedule.problem
    work = (p.job_kind != MAINTENANCE)[p.job_of]
    if not (p.tick and work.any()):
        return {}
    span = np.array([max(0, int(schedule.setup_start[work].min())), int(schedule.end[work].max())])
    week = min(1.0, 7 * DAY / max(1, int(span[1] - span[0]) * p.tick))
    found = {}
    for at, name in enumerate(p.machines):
        mine = np.flatnonzero(work & (schedule.machine == at))
        lone = np.unique(np.where(schedule.batch[mine] == NONE, -1 - mine, schedule.batch[mine]), return_index=True)[1]
        mine = mine[lone]
        worked = _worked(p, at)
        marks = worked(span)
        busy = _sums(worked, marks, schedule.start[mine], schedule.end[mine])
        busy = busy + _sums(worked, marks, schedule.setup_start[mine], schedule.setup_end[mine])
        opened = float(np.diff(marks)[0])
        if opened > 0:
            found[name] = min(1.0, float(busy[0]) / opened), opened * p.tick / HOUR * week
    return found


def _shares(values: Any) -> list[float | None]:
    return [None if value != value else round(float(value), 4) for value in values.tolist()]


def _sums(worked: Any, marks: Ints, start: Ints, end: Ints) -> Any:
    """Worked time of spans that falls into each bucket."""
    a, b = np.sort(worked(start)), np.sort(worked(end))
    # time of all spans before a mark: sum of min(mark, end) - min(mark, start)
    return np.diff(_before(marks, b) - _before(marks, a)).astype(float)


def _before(marks: Ints, values: Ints) -> Ints:
    total = np.concatenate([[0], np.cumsum(values)])
    at = np.searchsorted(values, marks, "right")
    found: Ints = total[at] + (len(values) - at) * marks
    return found


def _buckets(schedule: Schedule, plant: Plant | None, by: str) -> tuple[Ints, list[str]]:
    p = schedule.problem
    first, last = _horizon(schedule)
    if not p.tick:
        step = max(1, -(-(last - first) // 12))
        edges = list(range(first, last + step, step))
        return np.array(edges, np.int64), [str(edge) for edge in edges[:-1]]
    begin, end = p.start + first * p.tick, p.start + last * p.tick
    zone = plant.zone if plant else ZoneInfo("UTC")
    if by == "shift" and plant is not None:
        found = _shift_edges(p, plant, begin, end)
        if found is not None:
            return found
    midnight = to_datetime(begin, zone).replace(hour=0, minute=0, second=0, microsecond=0)
    step = DAY if by == "day" else 8 * HOUR
    instant = round(midnight.timestamp() * 1e6)
    moments = [instant]
    while moments[-1] < end and len(moments) < _MOST_BUCKETS:
        moments.append(moments[-1] + step)
    pattern = "%m-%d" if by == "day" else "%m-%d %H:%M"
    labels = [f"{to_datetime(moment, zone):{pattern}}" for moment in moments[:-1]]
    return np.array([(moment - p.start) // p.tick for moment in moments], np.int64), labels


def _shift_edges(p: Problem, plant: Plant, begin: int, end: int) -> tuple[Ints, list[str]] | None:
    """The shifts of the plant's first machine that has any; what lies between two of them belongs to the one before."""
    known: Mapping[str, Any] = plant.equipment
    for machine in p.machines:
        shifts = plant.shifts(machine, begin, end) if machine in known else []
        if shifts:
            shifts = shifts[:_MOST_BUCKETS]
            edges = [(own.start - p.start) // p.tick for own in shifts]
            labels = [f"{to_datetime(own.start, plant.zone):%m-%d} {own.name}" for own in shifts]
            edges.append(max((shifts[-1].end - p.start) // p.tick, edges[-1] + 1))
            return np.array(edges, np.int64), labels
    return None
