"""The rules of a schedule looked at tick by tick: slow, plain, and written apart from the checker that it judges."""

from __future__ import annotations

from collections.abc import Iterator

from luban.decide.schedule.problem import NEVER, NONE, Problem
from luban.decide.schedule.schedule import Schedule

__all__ = ["broken_rules", "is_open"]


def broken_rules(s: Schedule, last: int) -> set[str]:
    """Names of the rules that a schedule breaks; all its times lie before tick `last`."""
    checks = {"R1": _route, "R2": _machine, "R3": _calendar, "R4": _pools, "R5": _batches, "R6": _limits}
    return {rule for rule, check in checks.items() if not all(check(s, last))}


def is_open(p: Problem, machine: int, tick: int) -> bool:
    """The machine's calendar is open in [tick, tick + 1)."""
    calendar = p.machine_calendar[machine]
    if calendar == NONE:
        return True
    spans = range(p.calendar_first[calendar], p.calendar_first[calendar + 1])
    return any(p.window_start[w] <= tick < p.window_end[w] for w in spans)


def _waits(p: Problem, machine: int) -> bool:
    calendar = p.machine_calendar[machine]
    return calendar != NONE and bool(p.calendar_interrupts[calendar])


def _working(p: Problem, machine: int, start: int, end: int) -> list[int]:
    """Ticks of [start, end) at which there is work."""
    return [tick for tick in range(start, end) if not _waits(p, machine) or is_open(p, machine, tick)]


def _route(s: Schedule, last: int) -> Iterator[bool]:
    p = s.problem
    for job in range(p.job_count):
        for a in range(p.job_first[job], p.job_first[job + 1] - 1):
            move = p.move[s.machine[a], s.machine[a + 1]] if p.move.size else 0
            yield s.start[a + 1] >= s.end[a] + p.lag[a] + move
            yield s.start[a + 1] <= s.end[a] + p.max_lag[a]


def _members(s: Schedule) -> list[list[int]]:
    """Runs: operations that share one, and those alone."""
    runs: dict[object, list[int]] = {}
    for o in range(s.problem.operation_count):
        key = (int(s.batch[o]), int(s.machine[o])) if s.batch[o] != NONE else (f"alone {o}",)
        runs.setdefault(key, []).append(o)
    return list(runs.values())


def _setup_of(s: Schedule, run: list[int]) -> tuple[int, int]:
    spans = [(int(s.setup_start[o]), int(s.setup_end[o])) for o in run if s.setup_end[o] > s.setup_start[o]]
    return spans[0] if spans else (0, 0)


def _setup_begin(s: Schedule, run: list[int]) -> int:
    return min(int(s.setup_start[o] if s.setup_end[o] > s.setup_start[o] else s.start[o]) for o in run)


def _machine(s: Schedule, last: int) -> Iterator[bool]:
    p = s.problem
    for machine in range(p.machine_count):
        runs = [run for run in _members(s) if s.machine[run[0]] == machine]
        runs.sort(key=lambda run: (min(s.start[run]), max(s.end[run]), _setup_begin(s, run), run[0]))
        family, free = int(p.machine_family[machine]), -NEVER
        for run in runs:
            start, end = int(min(s.start[run])), int(max(s.end[run]))
            begun = any(p.fixed_start[o] < 0 for o in run)
            yield start >= free
            yield begun or start >= p.machine_ready[machine]
            own = next((int(p.family[o]) for o in run if p.family[o] != NONE), NONE)
            needed = 0
            if own != NONE and not begun and p.machine_table[machine] != NONE:
                needed = int(p.setup_time[p.machine_table[machine], family, own])
            first, done = _setup_of(s, run)
            yield len(_working(p, machine, first, done)) == needed
            if done > first:
                yield first >= max(free, p.machine_ready[machine]) and done <= start
            family, free = own if own != NONE else family, max(free, end)


def _times(s: Schedule, run: list[int]) -> int:
    return max(s.problem.mode_on(o, int(s.machine[o])) for o in run)


def _calendar(s: Schedule, last: int) -> Iterator[bool]:
    p = s.problem
    for run in _members(s):
        for o in run:
            machine, start, end = int(s.machine[o]), int(s.start[o]), int(s.end[o])
            if s.batch[o] == NONE:
                yield len(_working(p, machine, start, end)) == _times(s, run)
            began = p.fixed_start[o] < 0
            yield _allowed(p, machine, start, end, began)
            yield _allowed(p, machine, int(s.setup_start[o]), int(s.setup_end[o]), False)


def _allowed(p: Problem, machine: int, start: int, end: int, began: bool) -> bool:
    if end <= start or (began and end <= 0):
        return True
    if _waits(p, machine):
        return (began or is_open(p, machine, start)) and is_open(p, machine, end - 1)
    return all(is_open(p, machine, tick) for tick in range(max(start, 0) if began else start, end)) and _one(
        p, machine, max(start, 0) if began else start, end
    )


def _one(p: Problem, machine: int, start: int, end: int) -> bool:
    """No window ends within, not even where the next one begins at once."""
    calendar = p.machine_calendar[machine]
    if calendar == NONE:
        return True
    spans = range(p.calendar_first[calendar], p.calendar_first[calendar + 1])
    return not any(start < p.window_end[w] < end for w in spans)


def _pools(s: Schedule, last: int) -> Iterator[bool]:
    p = s.problem
    used: dict[tuple[int, int], int] = {}
    for run in _members(s):
        most: dict[int, int] = {}
        for o in run:
            for need in range(p.need_first[o], p.need_first[o + 1]):
                pool, amount = int(p.need_pool[need]), int(p.need_amount[need])
                most[pool] = max(most.get(pool, 0), amount)
        for tick in _working(p, int(s.machine[run[0]]), int(min(s.start[run])), int(max(s.end[run]))):
            for pool, amount in most.items():
                used[pool, tick] = used.get((pool, tick), 0) + amount
    for run in _members(s):
        machine = int(s.machine[run[0]])
        if p.machine_setup_pool[machine] != NONE:
            for tick in _working(p, machine, *_setup_of(s, run)):
                key = int(p.machine_setup_pool[machine]), tick
                used[key] = used.get(key, 0) + 1
    for (pool, tick), amount in used.items():
        levels = range(p.level_first[pool], p.level_first[pool + 1])
        level = [int(p.level_size[at]) for at in levels if p.level_time[at] <= tick][-1]
        yield tick < 0 or amount <= level


def _batches(s: Schedule, last: int) -> Iterator[bool]:
    p = s.problem
    machine_of: dict[int, int] = {}
    for run in _members(s):
        machine, number = int(s.machine[run[0]]), int(s.batch[run[0]])
        room = p.machine_batch[machine]
        yield room == 0 or sum(p.size[o] for o in run) <= room
        if number == NONE:
            continue
        yield machine_of.setdefault(number, machine) == machine
        for o in run:
            yield len(_working(p, machine, int(s.start[o]), int(s.end[o]))) == _times(s, run)
        if len(run) > 1:
            yield room > 0
            yield len({int(p.batch_family[o]) for o in run}) == 1 and p.batch_family[run[0]] != NONE
            yield len({(int(s.start[o]), int(s.end[o])) for o in run}) == 1
            bearer = next((o for o in sorted(run) if p.family[o] != NONE), NONE)
            yield all(o == bearer for o in run if s.setup_end[o] > s.setup_start[o])


def _limits(s: Schedule, last: int) -> Iterator[bool]:
    p = s.problem
    for job in range(p.job_count):
        first, end = int(p.job_first[job]), int(p.job_first[job + 1]) - 1
        yield p.fixed_start[first] < 0 or s.start[first] >= p.release[job]
        yield s.end[end] <= p.deadline[job]
    for o in range(p.operation_count):
        yield p.fixed_start[o] == NEVER or s.start[o] == p.fixed_start[o]
        yield p.fixed_machine[o] in (NONE, s.machine[o])
