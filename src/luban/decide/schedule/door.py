"""The door of the scheduler: what no schedule can do is named before a search begins.

Each check is a necessary condition, looked at from tick 0 on; what passes all of them may still have no schedule, but
then several rules are at odds. Due dates in the past and due dates before a release only cost; tables refuse them.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np

from luban.core.errors import InputError
from luban.decide.schedule.door_pools import pool_hindrances
from luban.decide.schedule.earliest import Earliest, earliest, fixed_spans
from luban.decide.schedule.problem import NEVER, NONE, Problem
from luban.decide.schedule.runs import windows
from luban.decide.schedule.words import Words

__all__ = ["MOST_MODES", "hindrances", "require"]

MOST_MODES = 2_000_000
"""Most pairs of operation and machine that a problem may have."""


def require(problem: Problem) -> None:
    """Raises InputError with the first thing that cannot be done: which order, operation, machine, pool, and why.

    Example  >>> shop = Builder("short")
             >>> shop.calendar("day", [(0, 8)], interrupts=False)
             >>> shop.machine("saw", calendar="day")
             >>> shop.job("A")
             >>> shop.operation("A", {"saw": 9})
             >>> require(shop.problem())
             InputError: A/1 cannot be done · came: saw: 9 ticks, but its longest opening is 8 ticks …
    """
    found = list(islice(hindrances(problem), 21))
    if found:
        first, more = found[0], len(found) - 1
        if more:
            count = f"{more}" if more < 20 else "20 or more"
            said = f"{count} more thing{'s' if more > 1 else ''} cannot be done, e.g. {found[1].message}"
            first.hint = f"{first.hint}; {said}" if first.hint else said
        raise first


def hindrances(problem: Problem) -> Iterator[InputError]:
    """Everything found that no schedule can do."""
    wrong = list(_indices(problem)) or list(_fixed_machines(problem))
    if wrong:
        yield from wrong
        return
    words = Words(problem)
    heads = earliest(problem)
    yield from _impossible(problem, words, heads)
    yield from pool_hindrances(problem, words, heads)
    yield from _fixed_starts(problem, words, heads)
    yield from _deadlines(problem, words, heads)
    yield from _waits(problem, words)
    yield from _overlaps(problem, words)
    yield from _batch_families(problem)
    yield from _no_length(problem)
    if not heads.stuck.any():
        yield from _loads(problem, words)


def _place(p: Problem, operation: int) -> str:
    return p.places[operation] if p.places and p.places[operation] else p.name


def _job(p: Problem, operation: int) -> str:
    return p.jobs[int(np.searchsorted(p.job_first, operation, "right")) - 1]


def _indices(p: Problem) -> Iterator[InputError]:
    """Numbers that name nothing, and sizes beyond the limit."""
    if len(p.mode_machine) > MOST_MODES:
        yield InputError(
            "more pairs of operation and machine than can be scheduled",
            came=f"{len(p.mode_machine):,}",
            expected=f"at most {MOST_MODES:,}",
            where=p.name,
            hint="schedule fewer orders at once, or name fewer machines for an operation",
        )
    counts = {
        "mode_machine": (p.mode_machine, p.machine_count, 0),
        "fixed_machine": (p.fixed_machine, p.machine_count, NONE),
        "need_pool": (p.need_pool, len(p.pools), 0),
        "machine_setup_pool": (p.machine_setup_pool, len(p.pools), NONE),
        "machine_calendar": (p.machine_calendar, len(p.calendars), NONE),
        "machine_table": (p.machine_table, len(p.setup_time), NONE),
        "machine_family": (p.machine_family, len(p.families), NONE),
        "family": (p.family, len(p.families), NONE),
    }
    for name, (values, count, least) in counts.items():
        bad = (values < least) | (values >= count)
        if bad.any():
            yield InputError(
                f"{name} names something that is not there",
                came=str(int(values[bad][0])),
                expected=f"{least} to {count - 1}",
                where=p.name,
            )
    for o in np.flatnonzero(np.diff(p.mode_first) < 1).tolist():
        yield InputError("no machine can do the operation", came=p.operations[o], where=_place(p, o))


def _fixed_machines(p: Problem) -> Iterator[InputError]:
    owner = np.repeat(np.arange(p.operation_count), np.diff(p.mode_first))
    able = np.zeros(p.operation_count, np.bool_)
    able[owner[p.mode_machine == p.fixed_machine[owner]]] = True
    for o in np.flatnonzero((p.fixed_machine != NONE) & ~able).tolist():
        yield InputError(
            f"{p.operations[o]} is fixed on a machine that cannot do it",
            came=p.machines[p.fixed_machine[o]],
            expected=", ".join(p.machines[m] for m, _ in p.modes(o)),
            where=_place(p, o),
        )


def _impossible(p: Problem, words: Words, heads: Earliest) -> Iterator[InputError]:
    """Operations that no machine of theirs can ever work."""
    for o in np.flatnonzero(heads.stuck).tolist():
        reasons = []
        for m, time in p.modes(o):
            if p.fixed_machine[o] in {NONE, m}:
                reasons.append(f"{p.machines[m]}: {_reason(p, words, o, m, time, int(heads.start[o]))}")
        yield InputError(
            f"{p.operations[o]} of order {_job(p, o)} cannot be done", came="; ".join(reasons[:6]), where=_place(p, o)
        )


def _reason(p: Problem, words: Words, o: int, machine: int, time: int, start: int) -> str:
    """Why an operation cannot be worked on a machine from a time on."""
    if p.machine_batch[machine] and p.size[o] > p.machine_batch[machine]:
        return f"a load of {int(p.size[o])}, and {int(p.machine_batch[machine])} fit"
    if p.fixed_start[o] < NEVER:
        at = words.when(int(p.fixed_start[o]))
        if 0 <= p.fixed_start[o] < p.machine_ready[machine]:
            return f"fixed at {at}, and it is free from {words.when(int(p.machine_ready[machine]))}"
        return f"{words.length(time)}, fixed at {at}, when it is closed"
    starts, ends = windows(p, int(p.machine_calendar[machine]))
    begins = np.maximum(starts, max(start, int(p.machine_ready[machine])))
    spans = np.maximum(ends - begins, 0)
    since = words.when(max(start, int(p.machine_ready[machine])))
    if not spans.any():
        return f"closed from {since} on"
    if p.calendar_interrupts[p.machine_calendar[machine]]:
        return f"{words.length(time)}, but it is open for {words.length(int(spans.sum()))} in all from {since} on"
    longest = words.length(int(spans.max()))
    return f"{words.length(time)}, but its longest opening is {longest} from {since} on and work may not be interrupted"


def _fixed_starts(p: Problem, words: Words, heads: Earliest) -> Iterator[InputError]:
    fixed = (p.fixed_start >= 0) & (p.fixed_start < NEVER) & ~heads.stuck
    for o in np.flatnonzero(fixed & (p.fixed_start < heads.asked)).tolist():
        first = o == p.job_first[np.searchsorted(p.job_first, o, "right") - 1]
        why = "its release" if first else f"the earliest end of {p.operations[o - 1]}"
        yield InputError(
            f"{p.operations[o]} is fixed before {why}",
            came=words.when(int(p.fixed_start[o])),
            expected=f"{words.when(int(heads.asked[o]))} or later",
            where=_place(p, o),
        )


def _deadlines(p: Problem, words: Words, heads: Earliest) -> Iterator[InputError]:
    if not p.operation_count:
        return
    last = p.job_first[1:] - 1
    for job in np.flatnonzero((heads.end[last] > p.deadline) & (heads.end[last] < NEVER)).tolist():
        o = int(last[job])
        yield InputError(
            f"{p.jobs[job]} cannot end by its deadline, even with every machine free",
            came=words.when(int(p.deadline[job])),
            expected=f"{words.when(int(heads.end[o]))} or later",
            where=_place(p, o),
        )


def _waits(p: Problem, words: Words) -> Iterator[InputError]:
    """Longest waits that leave no room for the lag and the way to the next machine."""
    job = p.job_of
    for o in np.flatnonzero(p.max_lag < NEVER).tolist():
        if o + 1 >= p.operation_count or job[o + 1] != job[o]:
            continue
        way = 0
        if p.move.size:
            here, there = (p.mode_machine[p.mode_first[at] : p.mode_first[at + 1]] for at in (o, o + 1))
            way = int(p.move[np.ix_(here, there)].min())
        least = int(p.lag[o]) + way
        if p.max_lag[o] < least:
            yield InputError(
                f"{p.operations[o + 1]} cannot follow {p.operations[o]} in time",
                came=f"a longest wait of {words.length(int(p.max_lag[o]))}",
                expected=f"{words.length(least)} or more: lag {words.length(int(p.lag[o]))}, way {words.length(way)}",
                where=_place(p, o),
            )


def _overlaps(p: Problem, words: Words) -> Iterator[InputError]:
    """Fixed operations that want one machine at once."""
    operation, machine, start, end = fixed_spans(p)
    order = np.lexsort((operation, end, start, machine))
    before = NONE
    for at in order.tolist():
        if before != NONE and machine[before] == machine[at] and start[at] < end[before]:
            a, b = int(operation[before]), int(operation[at])
            shares = p.machine_batch[machine[at]] > 0 and p.batch_family[a] == p.batch_family[b] != NONE
            if not (shares and start[at] == start[before]):
                yield InputError(
                    f"{p.operations[b]} and {p.operations[a]} are fixed on {p.machines[machine[at]]} at the same time",
                    came=words.when(int(start[at])),
                    expected=f"{words.when(int(end[before]))} or later",
                    where=_place(p, b),
                )
        if before == NONE or machine[before] != machine[at] or end[at] >= end[before]:
            before = at


def _batch_families(p: Problem) -> Iterator[InputError]:
    """A run is set up once, so who may share it has one setup family."""
    if not p.machine_batch.any() or not (p.machine_table[p.machine_batch > 0] != NONE).any():
        return
    own = np.flatnonzero((p.batch_family != NONE) & (p.family != NONE))
    family_of: dict[int, int] = {}
    for o in own.tolist():
        batch, family = int(p.batch_family[o]), int(p.family[o])
        other = family_of.setdefault(batch, o)
        if p.family[other] != family:
            yield InputError(
                f"{p.operations[o]} and {p.operations[other]} may share a batch, but their setup families differ",
                came=f"{p.families[family]} and {p.families[p.family[other]]}",
                expected="one setup family in a batch family",
                where=_place(p, o),
            )
            return


def _no_length(p: Problem) -> Iterator[InputError]:
    """Times do not tell in which order operations of no length run, so setups between them would be anybody's guess."""
    mode = np.flatnonzero((p.mode_time == 0) & (p.machine_table[p.mode_machine] != NONE))
    owner = np.repeat(np.arange(p.operation_count), np.diff(p.mode_first))[mode]
    for at in np.flatnonzero(p.family[owner] != NONE).tolist():
        o, m = int(owner[at]), int(p.mode_machine[mode[at]])
        yield InputError(
            f"{p.operations[o]} has a setup family but no length",
            came=f"0 on {p.machines[m]}, family {p.families[p.family[o]]}",
            expected="a time above 0, or no family",
            where=_place(p, o),
        )


def _loads(p: Problem, words: Words) -> Iterator[InputError]:
    """Machines that are closed for ever before their work can be done."""
    limited = [m for m in range(p.machine_count) if p.machine_calendar[m] != NONE and not p.machine_batch[m]]
    lone = np.flatnonzero((np.diff(p.mode_first) == 1) & (p.fixed_start >= 0))
    machine, time = p.mode_machine[p.mode_first[lone]], p.mode_time[p.mode_first[lone]]
    for m in limited:
        load = int(time[machine == m].sum())
        starts, ends = windows(p, int(p.machine_calendar[m]))
        room = int(np.maximum(ends - np.maximum(starts, int(p.machine_ready[m])), 0).sum())
        if load > room:
            one = lone[machine == m]
            yield InputError(
                f"{p.machines[m]} has more work than its calendar has time",
                came=f"{words.length(load)} of work in {len(one)} operations, {p.operations[one[0]]} and others",
                expected=f"at most {words.length(room)}, when it closes for good at {words.when(int(ends[-1]))}"
                if len(ends)
                else "a calendar that opens",
                where=_place(p, int(one[0])),
                hint="give its calendar more days, or plan fewer orders",
            )
