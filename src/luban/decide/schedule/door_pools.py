"""What no schedule can do for lack of people or tools: never so many, never for so long, or given twice at once."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from luban.core.errors import InputError
from luban.decide.schedule.earliest import Earliest, fixed_spans
from luban.decide.schedule.problem import LIMIT, NEVER, NONE, Ints, Problem
from luban.decide.schedule.runs import Flags, opened, pieces, windows
from luban.decide.schedule.words import Words

__all__ = ["pool_hindrances"]

Spans = list[tuple[int, int]]


def pool_hindrances(p: Problem, words: Words, heads: Earliest) -> Iterator[InputError]:
    """Operations, setups and fixed starts that the pools never allow."""
    most = np.array([_levels(p, pool)[1].max(initial=0) for pool in range(len(p.pools))], np.int64)
    lacking = list(_too_many(p, most))
    yield from lacking
    if not lacking:
        yield from _too_long(p, words, heads)
    yield from _setters(p, most)
    yield from _fixed(p, words)


def _levels(p: Problem, pool: int) -> tuple[Ints, Ints]:
    """Moments from tick 0 on and the units of a pool from each on."""
    first, last = int(p.level_first[pool]), int(p.level_first[pool + 1])
    begin = first + max(int(np.searchsorted(p.level_time[first:last], 0, "right")) - 1, 0)
    return np.maximum(p.level_time[begin:last], 0), p.level_size[begin:last]


def _place(p: Problem, operation: int) -> str:
    return p.places[operation] if p.places and p.places[operation] else p.name


def _job(p: Problem, operation: int) -> str:
    return p.jobs[int(np.searchsorted(p.job_first, operation, "right")) - 1]


def _too_many(p: Problem, most: Ints) -> Iterator[InputError]:
    owner = np.repeat(np.arange(p.operation_count), np.diff(p.need_first))
    for need in np.flatnonzero(p.need_amount > most[p.need_pool]).tolist():
        o, pool = int(owner[need]), int(p.need_pool[need])
        yield InputError(
            f"{p.operations[o]} of order {_job(p, o)} needs more of {p.pools[pool]} than there ever is",
            came=str(int(p.need_amount[need])),
            expected=f"at most {int(most[pool])}",
            where=_place(p, o),
        )


def _setters(p: Problem, most: Ints) -> Iterator[InputError]:
    for m in np.flatnonzero(p.machine_setup_pool != NONE).tolist():
        pool, table = int(p.machine_setup_pool[m]), int(p.machine_table[m])
        if most[pool] < 1 and table != NONE and p.setup_time[table].any():
            yield InputError(
                f"{p.machines[m]} cannot be set up", came=f"nobody is ever in {p.pools[pool]}", where=p.name
            )


def _too_long(p: Problem, words: Words, heads: Earliest) -> Iterator[InputError]:
    """Work that must go on without a stop for longer than its people are ever there together.

    Looked at each need by itself, on the time that the machine works: where work waits over closures, people may go
    home with it.
    """
    need_count = np.diff(p.need_first)
    mode_owner = np.repeat(np.arange(p.operation_count), np.diff(p.mode_first))
    free = (p.fixed_start[mode_owner] == NEVER) & (need_count[mode_owner] > 0) & (heads.end[mode_owner] < NEVER)
    free &= (p.fixed_machine[mode_owner] == NONE) | (p.fixed_machine[mode_owner] == p.mode_machine)
    mode = np.flatnonzero(free)
    times = need_count[mode_owner[mode]]
    need = np.repeat(p.need_first[mode_owner[mode]] - np.cumsum(times) + times, times) + np.arange(int(times.sum()))
    mode = np.repeat(mode, times)
    owner, machine = mode_owner[mode], p.mode_machine[mode]
    keys = np.stack([p.machine_calendar[machine], p.need_pool[need], p.need_amount[need]], 1)
    groups, group = np.unique(keys, axis=0, return_inverse=True)
    group = group.reshape(-1)
    fits, longest = np.ones(len(mode), np.bool_), np.zeros(len(mode), np.int64)
    for g, (calendar, pool, amount) in enumerate(groups.tolist()):
        own = np.flatnonzero(group == g)
        begins = np.maximum(heads.start[owner[own]], p.machine_ready[machine[own]])
        fits[own], longest[own] = _holds(p, calendar, pool, amount, begins, p.mode_time[mode[own]])
    able = np.ones(len(p.mode_machine), np.bool_)
    np.logical_and.at(able, mode, fits)
    some = np.zeros(p.operation_count, np.bool_)
    np.logical_or.at(some, mode_owner[free], able[free])
    wanting = np.zeros(p.operation_count, np.bool_)
    wanting[owner] = True
    for o in np.flatnonzero(wanting & ~some).tolist():
        at = int(np.flatnonzero((owner == o) & ~fits)[0])
        amount, pool = int(p.need_amount[need[at]]), int(p.need_pool[need[at]])
        name, time = p.machines[machine[at]], words.length(int(p.mode_time[mode[at]]))
        yield InputError(
            f"{p.operations[o]} of order {_job(p, o)} needs {p.pools[pool]} for longer than they are there",
            came=f"{amount} for {time} on {name} without a stop",
            expected=f"at most {words.length(int(longest[at]))}",
            where=_place(p, o),
            hint=f"give {name} a calendar over which work waits, or {p.pools[pool]} longer shifts",
        )


def _holds(p: Problem, calendar: int, pool: int, amount: int, begins: Ints, time: Ints) -> tuple[Flags, Ints]:
    """Whether so many of a pool are there for that long from a moment on, and how long they are at most."""
    starts, ends = _stretches(p, calendar, pool, amount)
    waits = calendar != NONE and bool(p.calendar_interrupts[calendar])
    axis = opened(p, calendar, begins) if waits else begins
    lengths = ends - starts
    best = np.zeros(len(lengths) + 1, np.int64)
    best[:-1] = np.maximum.accumulate(lengths[::-1])[::-1]
    first = np.searchsorted(ends, axis, "right")
    here = np.zeros(len(axis), np.int64)
    inside = first < len(ends)
    here[inside] = ends[first[inside]] - np.maximum(starts[first[inside]], axis[inside])
    longest = np.maximum(here, best[np.minimum(first + 1, len(lengths))])
    return longest >= time, longest


def _stretches(p: Problem, calendar: int, pool: int, amount: int) -> tuple[Ints, Ints]:
    """Stretches in which work can go on with so many: on the clock; in worked time where work waits over closures."""
    times, sizes = _levels(p, pool)
    limits = np.append(times[1:], LIMIT)
    enough = sizes >= amount
    spans = _joined(list(zip(times[enough].tolist(), limits[enough].tolist(), strict=True)))
    if calendar == NONE:
        return _arrays(spans)
    opening, closing = windows(p, calendar)
    if p.calendar_interrupts[calendar]:
        edges = np.array(spans, np.int64).reshape(-1, 2)
        first, last = opened(p, calendar, edges[:, 0]), opened(p, calendar, edges[:, 1])
        return _arrays(_joined(list(zip(first.tolist(), last.tolist(), strict=True))))
    found, at = [], 0
    for start, end in zip(opening.tolist(), closing.tolist(), strict=True):
        while at < len(spans) and spans[at][1] <= start:
            at += 1
        following = at
        while following < len(spans) and spans[following][0] < end:
            found.append((max(start, spans[following][0]), min(end, spans[following][1])))
            following += 1
    return _arrays(found)


def _joined(spans: Spans) -> Spans:
    found: Spans = []
    for start, end in spans:
        if found and found[-1][1] == start:
            found[-1] = (found[-1][0], end)
        elif end > start:
            found.append((start, end))
    return found


def _arrays(spans: Spans) -> tuple[Ints, Ints]:
    both = np.array(spans, np.int64).reshape(-1, 2)
    return both[:, 0].copy(), both[:, 1].copy()


def _fixed(p: Problem, words: Words) -> Iterator[InputError]:
    """Fixed operations that want more of a pool at once than there is."""
    operation, machine, start, end = fixed_spans(p)
    shared = p.machine_batch[machine] > 0
    operation, machine, start, end = (own[~shared] for own in (operation, machine, start, end))
    count = p.need_first[operation + 1] - p.need_first[operation]
    need = np.repeat(p.need_first[operation] - np.cumsum(count) + count, count) + np.arange(int(count.sum()))
    if not need.size:
        return
    holder = np.repeat(operation, count)
    machines, starts, ends = (np.zeros(p.operation_count, np.int64) for _ in range(3))
    machines[operation], starts[operation], ends[operation] = machine, start, end
    held = pieces(p, machines, holder, p.need_pool[need], p.need_amount[need], starts, ends)
    who, pools, amounts, begins, until = held
    for pool in np.unique(pools).tolist():
        own = np.flatnonzero((pools == pool) & (until > np.maximum(begins, 0)))
        times, sizes = _levels(p, pool)
        begin, done = np.maximum(begins[own], 0), until[own]
        moments, at = np.unique(np.concatenate([begin, done, times]), return_inverse=True)
        change = np.zeros(len(moments), np.int64)
        np.add.at(change, at[: len(own)], amounts[own])
        np.add.at(change, at[len(own) : 2 * len(own)], -amounts[own])
        used = np.cumsum(change)
        level = sizes[np.maximum(np.searchsorted(times, moments, "right") - 1, 0)]
        over = np.flatnonzero(used > level)
        if over.size:
            moment = int(moments[over[0]])
            running = who[own[(begin <= moment) & (done > moment)]].tolist()
            names = ", ".join(p.operations[o] for o in running[:6])
            yield InputError(
                f"fixed operations need more of {p.pools[pool]} at once than there is: {names}",
                came=f"{int(used[over[0]])} at {words.when(moment)}",
                expected=f"at most {int(level[over[0]])}",
                where=_place(p, running[0]),
            )
