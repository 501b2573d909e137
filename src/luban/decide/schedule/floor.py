"""What a schedule means on the floor: what each machine runs, open and closed time, who holds a pool when."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from luban.decide.schedule.problem import LIMIT, NONE, Ints, Problem
from luban.decide.schedule.schedule import Schedule

__all__ = ["Holders", "Run", "Windows", "machine_runs"]


@dataclass(frozen=True, slots=True)
class Run:
    """One operation, or the operations of one batch, on its machine with the setup before it [tick]."""

    machine: int
    operations: tuple[int, ...]
    setup_start: int
    setup_end: int
    start: int
    end: int

    @property
    def begin(self) -> int:
        """Where it first holds the machine: its setup, or its start."""
        return self.setup_start if self.setup_end > self.setup_start else self.start


def machine_runs(schedule: Schedule) -> tuple[tuple[Run, ...], ...]:
    """Of each machine its runs, in the order in which they are worked; operations of one batch are one run."""
    p, s = schedule.problem, schedule
    found: list[list[Run]] = [[] for _ in range(p.machine_count)]
    count = p.operation_count
    order = np.lexsort((np.arange(count), s.batch, s.end, s.start, s.machine))
    machine, batch = s.machine.tolist(), s.batch.tolist()
    setup_start, setup_end, start, end = (a.tolist() for a in (s.setup_start, s.setup_end, s.start, s.end))
    for operation in order.tolist():
        own, share = found[machine[operation]], batch[operation]
        setup = setup_start[operation], setup_end[operation]
        if own and share != NONE and batch[own[-1].operations[0]] == share:
            last = own.pop()
            setup = max((last.setup_start, last.setup_end), setup, key=_length)
            own.append(Run(last.machine, (*last.operations, operation), *setup, last.start, last.end))
        else:
            own.append(Run(machine[operation], (operation,), *setup, start[operation], end[operation]))
    return tuple(tuple(own) for own in found)


def _length(span: tuple[int, int]) -> int:
    return span[1] - span[0]


class Windows:
    """Open and closed time of the machines of a problem."""

    def __init__(self, problem: Problem) -> None:
        first, start, end = problem.calendar_first.tolist(), problem.window_start.tolist(), problem.window_end.tolist()
        spans = [(start[a:b], end[a:b]) for a, b in pairwise(first)]
        calendar = problem.machine_calendar.tolist()
        self._of = [None if c == NONE else spans[c] for c in calendar]
        interrupts = problem.calendar_interrupts.tolist()
        self._waits = [True if c == NONE else bool(interrupts[c]) for c in calendar]

    def interrupts(self, machine: int) -> bool:
        """Work on it waits over a closure; always True where it never closes."""
        return self._waits[machine]

    def pieces(self, machine: int, start: int, end: int) -> list[tuple[int, int, bool]]:
        """[start, end) cut at its closures: (from, to, open)."""
        spans = self._of[machine]
        if end <= start:
            return []
        if spans is None:
            return [(start, end, True)]
        found, at = [], start
        opens, closes = spans
        for index in range(max(bisect_right(opens, start) - 1, 0), len(opens)):
            if opens[index] >= end:
                break
            a, b = max(opens[index], at), min(closes[index], end)
            if b > a:
                if a > at:
                    found.append((at, a, False))
                found.append((a, b, True))
                at = b
        if at < end:
            found.append((at, end, False))
        return found

    def worked(self, machine: int, start: int, end: int) -> int:
        """Open time in [start, end) [tick]."""
        return sum(b - a for a, b, is_open in self.pieces(machine, start, end) if is_open)

    def finish(self, machine: int, earliest: int, work: int) -> tuple[int, int]:
        """Start and end of `work` ticks begun as early as may be; LIMIT where its open time does not suffice."""
        spans = self._of[machine]
        if spans is None or work == 0:
            return earliest, earliest + work
        opens, closes = spans
        begun, left = LIMIT, work
        for index in range(max(bisect_right(opens, earliest) - 1, 0), len(opens)):
            a, b = max(opens[index], earliest), closes[index]
            if b <= a:
                continue
            if not self._waits[machine]:
                if b - a >= work:
                    return a, a + work
                continue
            begun = min(begun, a)
            if b - a >= left:
                return begun, a + left
            left -= b - a
        return LIMIT, LIMIT


class Holders:
    """Who holds a pool, and where it would not suffice for one more."""

    def __init__(self, schedule: Schedule, runs: Sequence[Sequence[Run]], windows: Windows) -> None:
        self._schedule, self._runs, self._windows = schedule, runs, windows
        self._known: dict[int, tuple[Ints, Ints, Ints, Ints]] = {}

    def lacks(
        self, pool: int, amount: int, start: int, end: int, without: tuple[int, ...] = ()
    ) -> list[tuple[int, int]]:
        """Spans inside [start, end) in which `amount` units are not there beside the others', joined.

        without  operations whose own holding does not count
        """
        begin, until, held, who = self._spans(pool)
        p = self._schedule.problem
        first, last = int(p.level_first[pool]), int(p.level_first[pool + 1])
        times, sizes = p.level_time[first:last], p.level_size[first:last]
        near = (begin < end) & (until > start) & ~np.isin(who, without)
        begin, until, held = begin[near], until[near], held[near]
        edges = np.unique(np.concatenate([[start, end], begin, until, times]))
        edges = edges[(edges >= start) & (edges <= end)]
        found: list[tuple[int, int]] = []
        for a, b in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
            used = int(held[(begin <= a) & (until > a)].sum())
            level = int(sizes[max(int(np.searchsorted(times, a, side="right")) - 1, 0)])
            if used + amount > level:
                if found and found[-1][1] == a:
                    found[-1] = (found[-1][0], b)
                else:
                    found.append((a, b))
        return found

    def within(self, pool: int, start: int, end: int) -> list[int]:
        """Operations that hold it in [start, end), the longest first."""
        begin, until, _, who = self._spans(pool)
        total: dict[int, int] = {}
        for at in np.flatnonzero((begin < end) & (until > start)).tolist():
            shared = min(int(until[at]), end) - max(int(begin[at]), start)
            total[int(who[at])] = total.get(int(who[at]), 0) + shared
        return sorted(total, key=lambda operation: (-total[operation], operation))

    def _spans(self, pool: int) -> tuple[Ints, Ints, Ints, Ints]:
        """[pieces] begin, end, units, operation of each time in which the pool is held."""
        if pool not in self._known:
            p = self._schedule.problem
            owner = np.repeat(np.arange(p.operation_count), np.diff(p.need_first))
            mine = p.need_pool == pool
            amount = dict(zip(owner[mine].tolist(), p.need_amount[mine].tolist(), strict=True))
            rows: list[tuple[int, int, int, int]] = []
            for own in self._runs:
                for run in own:
                    held = [(amount.get(operation, 0), -operation) for operation in run.operations]
                    rows += self._rows(run.machine, (run.start, run.end), max(held))
                    if p.machine_setup_pool[run.machine] == pool:
                        rows += self._rows(run.machine, (run.setup_start, run.setup_end), (1, -run.operations[0]))
            table = np.array(rows, np.int64).reshape(-1, 4)
            self._known[pool] = (table[:, 0], table[:, 1], table[:, 2], table[:, 3])
        return self._known[pool]

    def _rows(self, machine: int, span: tuple[int, int], held: tuple[int, int]) -> list[tuple[int, int, int, int]]:
        amount, operation = held[0], -held[1]
        if amount == 0:
            return []
        return [(a, b, amount, operation) for a, b, on in self._windows.pieces(machine, *span) if on]
