"""Checks a finished schedule against every rule of `problem`, and says each breach in a sentence.

It shares no code with what searches: it reads the arrays of the problem and of the schedule and nothing else.

Readings where the rules leave room: an operation that began before tick 0 (`fixed_start` < 0) is held to no release,
no `machine_ready` and no opening hours before tick 0, and pools are not counted there. Work of no length needs no open
time and no pool. A run's setup family is that of its first member that has one, and that one carries its setup.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np

from luban.decide.schedule.door import require
from luban.decide.schedule.problem import NEVER, NONE, Ints
from luban.decide.schedule.runs import Flags, Runs, is_open, mode_time, pieces, worked
from luban.decide.schedule.schedule import Schedule
from luban.decide.schedule.words import Words

__all__ = ["Fault", "find_faults", "require"]

SHOWN = 200
"""Most overloads told of one pool."""

_ARRAYS = ("machine", "start", "end", "setup_start", "setup_end", "batch")


@dataclass(frozen=True, slots=True)
class Fault:
    """One breach of a rule.

    rule       R0 (form: an array, a missing operation, a machine that cannot do it) or R1 … R6 of `problem`
    operation  index of the operation, or NONE
    machine    index of the machine, or NONE
    sentence   what is wrong, with names and times
    others     operations that take part
    """

    rule: str
    operation: int
    machine: int
    sentence: str
    others: tuple[int, ...] = ()

    def __str__(self) -> str:
        return f"{self.rule}: {self.sentence}"


def find_faults(schedule: Schedule, zone: ZoneInfo | None = None) -> tuple[Fault, ...]:
    """Every breach of the rules by a schedule; empty: it is sound.

    zone    for the times in the sentences; None: UTC

    Example  >>> shop = Builder("one")
             >>> shop.machine("saw")
             >>> shop.job("A", release=5)
             >>> shop.operation("A", {"saw": 4})
             >>> early = Schedule.plain(shop.problem(), np.array([0]), np.array([3]))
             >>> str(find_faults(early)[0])
             'R6: A/1 starts at tick 3, before its release at tick 5'
    """
    wrong = list(_sizes(schedule))
    if wrong:
        return tuple(wrong)
    form, sound = _form(schedule, Words(schedule.problem, zone))
    sheet = _Sheet(schedule, Words(schedule.problem, zone), sound)
    found = [
        *form,
        *_route(sheet),
        *_machines(sheet),
        *_setups(sheet),
        *_calendars(sheet),
        *_pools(sheet),
        *_batches(sheet),
        *_limits(sheet),
    ]
    return tuple(found)


class _Sheet(Runs):
    """The runs and how to speak of them."""

    def __init__(self, schedule: Schedule, words: Words, sound: Flags) -> None:
        super().__init__(schedule, sound)
        self.words = words

    def fault(self, rule: str, operation: int, sentence: str, *others: int) -> Fault:
        return Fault(rule, operation, int(self.schedule.machine[operation]), sentence, others)


def _sizes(schedule: Schedule) -> Iterator[Fault]:
    expected = (schedule.problem.operation_count,)
    for name in _ARRAYS:
        array = getattr(schedule, name)
        if array.shape != expected or array.dtype != np.int64:
            came = f"{array.dtype}, shape {array.shape}"
            yield Fault("R0", NONE, NONE, f"{name} is {came}; it must be int64, one number an operation {expected}")


def _form(schedule: Schedule, words: Words) -> tuple[list[Fault], Flags]:
    p, found = schedule.problem, []
    here = (schedule.machine >= 0) & (schedule.machine < p.machine_count)
    able = mode_time(p, schedule.machine) >= 0
    usable = np.ones(p.operation_count, np.bool_)
    for name in _ARRAYS[1:5]:
        usable &= np.abs(getattr(schedule, name)) < NEVER
    forward = (schedule.end >= schedule.start) & (schedule.setup_end >= schedule.setup_start)
    for o in np.flatnonzero(~(here & able & usable & forward)).tolist():
        name, machine = words.operation(o), int(schedule.machine[o])
        if machine == NONE:
            sentence = f"{name} is not scheduled: it has no machine"
        elif not here[o]:
            sentence = f"{name} is on machine number {machine}; there are 0 to {p.machine_count - 1}"
        elif not able[o]:
            sentence = f"{name} is on {words.machine(machine)}, which cannot do it"
        elif not usable[o]:
            sentence = f"{name} has a time that does not come"
        else:
            sentence = f"{name} or its setup ends before it starts"
        found.append(Fault("R0", o, machine if here[o] else NONE, sentence))
    return found, here & able & usable & forward


def _route(sheet: _Sheet) -> Iterator[Fault]:
    p, s, words = sheet.problem, sheet.schedule, sheet.words
    before = np.flatnonzero((np.diff(p.job_of) == 0) & sheet.sound[:-1] & sheet.sound[1:])
    after = before + 1
    move = np.zeros(len(before), np.int64)
    if p.move.size:
        move = p.move[s.machine[before], s.machine[after]]
    earliest = s.end[before] + p.lag[before] + move
    for at in np.flatnonzero(s.start[after] < earliest).tolist():
        a, b = int(before[at]), int(after[at])
        parts = [f"the end of {words.operation(a)} at {words.when(s.end[a])}"]
        parts += [f"a lag of {words.length(int(p.lag[a]))}"] if p.lag[a] else []
        parts += [f"transport of {words.length(int(move[at]))}"] if move[at] else []
        sentence = f"{words.operation(b)} starts at {words.when(s.start[b])}, before {' and '.join(parts)}"
        yield sheet.fault("R1", b, sentence, a)
    limited = p.max_lag[before] < NEVER
    waited = s.start[after] - s.end[before]
    for at in np.flatnonzero(limited & (waited > p.max_lag[before])).tolist():
        a, b = int(before[at]), int(after[at])
        sentence = (
            f"{words.operation(b)} starts at {words.when(s.start[b])}, {words.length(int(waited[at]))} after "
            f"{words.operation(a)} ends; at most {words.length(int(p.max_lag[a]))} is allowed"
        )
        yield sheet.fault("R1", b, sentence, a)


def _machines(sheet: _Sheet) -> Iterator[Fault]:
    p, words = sheet.problem, sheet.words
    for run in np.flatnonzero(sheet.start < sheet.latest).tolist():
        o, other = int(sheet.first[run]), int(sheet.first[sheet.last[run]])
        sentence = (
            f"{words.operation(o)} starts at {words.when(sheet.start[run])} on {words.machine(sheet.machine[run])}, "
            f"where {words.operation(other)} runs until {words.when(sheet.latest[run])}"
        )
        yield sheet.fault("R2", o, sentence, other)
    ready = p.machine_ready[sheet.machine]
    for run in np.flatnonzero((sheet.start < ready) & ~sheet.began).tolist():
        o = int(sheet.first[run])
        sentence = (
            f"{words.operation(o)} starts at {words.when(sheet.start[run])}, but {words.machine(sheet.machine[run])} "
            f"is free from {words.when(ready[run])} only"
        )
        yield sheet.fault("R2", o, sentence)


def _setup_needed(sheet: _Sheet) -> tuple[Ints, Ints]:
    """Of each run: setup time it needs [tick], and the family before it."""
    p = sheet.problem
    at = np.arange(sheet.count)
    seen = np.maximum.accumulate(np.where(sheet.family != NONE, at, -1)) if sheet.count else at
    earlier = np.concatenate([[-1], seen[:-1]]) if sheet.count else at
    before = np.where(earlier >= sheet.head, sheet.family[earlier], p.machine_family[sheet.machine])
    table = p.machine_table[sheet.machine]
    needs = (table != NONE) & (sheet.family != NONE) & ~sheet.began
    time = np.zeros(sheet.count, np.int64)
    time[needs] = p.setup_time[table[needs], before[needs], sheet.family[needs]]
    return time, before


def _setups(sheet: _Sheet) -> Iterator[Fault]:
    p, words = sheet.problem, sheet.words
    needed, before = _setup_needed(sheet)
    spent = worked(p, sheet.machine, sheet.setup_start, sheet.setup_end)
    carried = sheet.setup_end > sheet.setup_start

    def name(family: int) -> str:
        return p.families[family] if family != NONE else "no family"

    for run in np.flatnonzero(spent != needed).tolist():
        o, machine = int(sheet.first[run]), words.machine(sheet.machine[run])
        change = f"from {name(int(before[run]))} to {name(int(sheet.family[run]))}"
        if not carried[run]:
            said = f"{words.operation(o)} on {machine} lacks its setup {change} of {words.length(int(needed[run]))}"
        elif needed[run]:
            came = words.length(int(spent[run]))
            said = f"the setup of {words.operation(o)} on {machine} {change} takes {came}, not "
            said += words.length(int(needed[run]))
        else:
            said = f"{words.operation(o)} on {machine} has a setup though none is needed"
        yield sheet.fault("R2", o, said)
    early = carried & (sheet.setup_start < np.maximum(sheet.latest, p.machine_ready[sheet.machine]))
    for run in np.flatnonzero(early).tolist():
        o, other = int(sheet.first[run]), int(sheet.last[run])
        busy = other != NONE and sheet.latest[run] > sheet.setup_start[run]
        until = sheet.latest[run] if busy else p.machine_ready[sheet.machine[run]]
        holder = words.operation(int(sheet.first[other])) if busy else "what it did before"
        sentence = (
            f"the setup of {words.operation(o)} begins at {words.when(sheet.setup_start[run])} while "
            f"{words.machine(sheet.machine[run])} is busy with {holder} until {words.when(until)}"
        )
        yield sheet.fault("R2", o, sentence, *([int(sheet.first[other])] if busy else []))
    for run in np.flatnonzero(carried & (sheet.setup_end > sheet.start)).tolist():
        o = int(sheet.first[run])
        sentence = (
            f"{words.operation(o)} starts at {words.when(sheet.start[run])}, before its setup ends at "
            f"{words.when(sheet.setup_end[run])}"
        )
        yield sheet.fault("R2", o, sentence)


def _calendars(sheet: _Sheet) -> Iterator[Fault]:
    p, s, words, own = sheet.problem, sheet.schedule, sheet.words, sheet.own
    start, end, machine = s.start[own], s.end[own], s.machine[own]
    spent = worked(p, machine, start, end)
    needed = sheet.time[sheet.run_of[own]]
    for at in np.flatnonzero(spent != needed).tolist():
        o = int(own[at])
        sentence = (
            f"{words.operation(o)} on {words.machine(machine[at])} from {words.when(start[at])} to "
            f"{words.when(end[at])} is worked for {words.length(int(spent[at]))}, not {words.length(int(needed[at]))}"
        )
        yield sheet.fault("R5" if s.batch[o] != NONE else "R3", o, sentence)
    began = p.fixed_start[own] < 0
    seen = np.where(began, np.maximum(start, np.minimum(end, 0)), start)
    yield from _closed(sheet, own, seen, end, began, "{0}")
    carries = s.setup_end[own] > s.setup_start[own]
    own = own[carries]
    never = np.zeros(len(own), np.bool_)
    yield from _closed(sheet, own, s.setup_start[own], s.setup_end[own], never, "the setup of {0}")


def _closed(sheet: _Sheet, own: Ints, start: Ints, end: Ints, began: Flags, what: str) -> Iterator[Fault]:
    """Work that touches a closure where it may not."""
    p, words, machine = sheet.problem, sheet.words, sheet.schedule.machine[own]
    calendar = p.machine_calendar[machine]
    waits = np.zeros(len(own), np.bool_)
    waits[calendar != NONE] = p.calendar_interrupts[calendar[calendar != NONE]] != 0
    full = end > start
    opens = is_open(p, machine, start, start + 1) | began
    closes = is_open(p, machine, end - 1, end)
    whole = is_open(p, machine, start, end)
    for at in np.flatnonzero(full & np.where(waits, ~(opens & closes), ~whole)).tolist():
        o, name = int(own[at]), words.machine(machine[at])
        thing = what.format(words.operation(o))
        if waits[at] and not opens[at]:
            sentence = f"{thing} starts at {words.when(start[at])}, when {name} is closed"
        elif waits[at]:
            sentence = f"{thing} ends at {words.when(end[at])}, when {name} is closed"
        else:
            span = f"from {words.when(start[at])} to {words.when(end[at])}"
            sentence = f"{thing} {span} does not lie in one opening of {name}, whose work may not be interrupted"
        yield sheet.fault("R3", o, sentence)


def _pools(sheet: _Sheet) -> Iterator[Fault]:
    """A run holds the largest need of its members; a running setup holds one setter."""
    p, s = sheet.problem, sheet.schedule
    owner = np.repeat(np.arange(p.operation_count), np.diff(p.need_first))
    kept = sheet.sound[owner]
    keys = np.stack([sheet.run_of[owner[kept]], p.need_pool[kept]], 1)
    pairs, place = np.unique(keys, axis=0, return_inverse=True)
    most = np.zeros(len(pairs), np.int64)
    np.maximum.at(most, place.reshape(-1), p.need_amount[kept])
    held, pool = pairs[:, 0], pairs[:, 1]
    start, end = s.start.copy(), s.end.copy()
    start[sheet.first], end[sheet.first] = sheet.start, sheet.end
    holds = [(sheet.first[held], pool, most, start, end)]
    runs = np.flatnonzero((sheet.setup_end > sheet.setup_start) & (p.machine_setup_pool[sheet.machine] != NONE))
    setters = sheet.first[runs]
    setup_start, setup_end = s.start.copy(), s.start.copy()
    setup_start[setters], setup_end[setters] = sheet.setup_start[runs], sheet.setup_end[runs]
    holds.append(
        (setters, p.machine_setup_pool[sheet.machine[runs]], np.ones(len(runs), np.int64), setup_start, setup_end)
    )
    parts = [pieces(p, s.machine, *hold) for hold in holds]
    operation, pool, amount, start, end = (np.concatenate([part[at] for part in parts]) for at in range(5))
    for r in range(len(p.pools)):
        own = np.flatnonzero((pool == r) & (end > np.maximum(start, 0)))
        if own.size:
            yield from _overloads(sheet, r, operation[own], amount[own], np.maximum(start[own], 0), end[own])


def _overloads(sheet: _Sheet, pool: int, operation: Ints, amount: Ints, start: Ints, end: Ints) -> Iterator[Fault]:
    p, words = sheet.problem, sheet.words
    first, last = int(p.level_first[pool]), int(p.level_first[pool + 1])
    times, sizes = p.level_time[first:last], p.level_size[first:last]
    moments, place = np.unique(np.concatenate([start, end, times[times > 0]]), return_inverse=True)
    change = np.zeros(len(moments), np.int64)
    np.add.at(change, place[: len(start)], amount)
    np.add.at(change, place[len(start) : 2 * len(start)], -amount)
    used = np.cumsum(change)
    at = np.searchsorted(times, moments, "right") - 1
    level = np.where(at >= 0, sizes[at], 0) if sizes.size else np.zeros(len(moments), np.int64)
    over = used > level
    begins = np.flatnonzero(over & ~np.concatenate([[False], over[:-1]])).tolist()
    for b in begins[:SHOWN]:
        running = np.flatnonzero((start <= moments[b]) & (end > moments[b]))
        held = operation[running]
        newest = int(held[np.argmax(start[running])])
        others = tuple(o for o in dict.fromkeys(held.tolist()) if o != newest)
        names = ", ".join(words.operation(o) for o in (*others[:6], newest))
        more = f" and {len(others) - 6} more" if len(others) > 6 else ""
        sentence = (
            f"{p.pools[pool]} at {words.when(moments[b])}: {used[b]} are needed and {level[b]} are there "
            f"({names}{more})"
        )
        yield sheet.fault("R4", newest, sentence, *others)


def _batches(sheet: _Sheet) -> Iterator[Fault]:
    p, s, words = sheet.problem, sheet.schedule, sheet.words
    members = np.bincount(sheet.run_of[sheet.own], minlength=sheet.count)
    load = np.zeros(sheet.count, np.int64)
    np.add.at(load, sheet.run_of[sheet.own], p.size[sheet.own])
    room = p.machine_batch[sheet.machine]
    for run in np.flatnonzero((room > 0) & (load > room)).tolist():
        o = int(sheet.first[run])
        others = [int(m) for m in np.flatnonzero(sheet.run_of == run) if m != o]
        sentence = (
            f"the run of {words.operation(o)} at {words.when(sheet.start[run])} on {words.machine(sheet.machine[run])} "
            f"holds {load[run]}; {room[run]} fit"
        )
        yield sheet.fault("R5", o, sentence, *others)
    shared = sheet.own[members[sheet.run_of[sheet.own]] > 1]
    for o in shared.tolist():
        run = int(sheet.run_of[o])
        lead = int(sheet.first[run])
        machine, wrong = words.machine(sheet.machine[run]), ""
        if room[run] == 0 and o == lead:
            wrong = f"{words.operation(o)} shares a run on {machine}, which takes one at a time"
        elif p.batch_family[o] == NONE:
            wrong = f"{words.operation(o)} shares a run on {machine}, though it must run alone"
        elif p.batch_family[o] != p.batch_family[lead]:
            wrong = f"{words.operation(o)} and {words.operation(lead)} may not share a run: their batch families differ"
        elif (s.start[o], s.end[o]) != (s.start[lead], s.end[lead]):
            wrong = f"{words.operation(o)} and {words.operation(lead)} share a run on {machine}, but not its times"
        elif s.setup_end[o] > s.setup_start[o] and o != sheet.bearer[run]:
            bearer = words.operation(int(sheet.bearer[run])) if sheet.bearer[run] != NONE else "none of its members"
            wrong = f"{words.operation(o)} carries the setup of its run on {machine}, which {bearer} carries"
        if wrong:
            yield sheet.fault("R5", o, wrong, *([lead] if o != lead else []))
    yield from _split_batches(sheet)


def _split_batches(sheet: _Sheet) -> Iterator[Fault]:
    s, words = sheet.schedule, sheet.words
    shared = sheet.own[s.batch[sheet.own] != NONE]
    numbers, first = np.unique(s.batch[shared], return_index=True)
    lead = shared[first][np.searchsorted(numbers, s.batch[shared])]
    for at in np.flatnonzero(s.machine[shared] != s.machine[lead]).tolist():
        o, other = int(shared[at]), int(lead[at])
        sentence = (
            f"{words.operation(o)} on {words.machine(s.machine[o])} and {words.operation(other)} on "
            f"{words.machine(s.machine[other])} are said to share one run"
        )
        yield sheet.fault("R5", o, sentence, other)


def _limits(sheet: _Sheet) -> Iterator[Fault]:
    p, s, words = sheet.problem, sheet.schedule, sheet.words
    filled = np.flatnonzero(np.diff(p.job_first) > 0)
    first, last = p.job_first[filled], p.job_first[filled + 1] - 1
    early = sheet.sound[first] & (s.start[first] < p.release[filled]) & (p.fixed_start[first] >= 0)
    for at in np.flatnonzero(early).tolist():
        o = int(first[at])
        release = words.when(p.release[filled[at]])
        yield sheet.fault(
            "R6", o, f"{words.operation(o)} starts at {words.when(s.start[o])}, before its release at {release}"
        )
    for at in np.flatnonzero(sheet.sound[last] & (s.end[last] > p.deadline[filled])).tolist():
        o = int(last[at])
        deadline = words.when(p.deadline[filled[at]])
        yield sheet.fault(
            "R6", o, f"{words.operation(o)} ends at {words.when(s.end[o])}, after its deadline at {deadline}"
        )
    moved = sheet.sound & (p.fixed_start < NEVER) & (s.start != p.fixed_start)
    for o in np.flatnonzero(moved).tolist():
        given = words.when(p.fixed_start[o])
        yield sheet.fault("R6", o, f"{words.operation(o)} starts at {words.when(s.start[o])}; it is fixed at {given}")
    swapped = sheet.sound & (p.fixed_machine != NONE) & (s.machine != p.fixed_machine)
    for o in np.flatnonzero(swapped).tolist():
        given = words.machine(p.fixed_machine[o])
        yield sheet.fault("R6", o, f"{words.operation(o)} is on {words.machine(s.machine[o])}; it is fixed on {given}")
