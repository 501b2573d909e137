"""A schedule as runs that keep their machine and order and may be put off: what load shifting moves.

Each run has its setup right before it, waits for the run before it on its machine and for the operations its members
follow, and is worked in the open windows of its machine.

Reads   a schedule and its problem    Writes  nothing
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from luban.decide.schedule.problem import NEVER, NONE, Problem
from luban.decide.schedule.runs import mode_time, windows
from luban.decide.schedule.schedule import Schedule

__all__ = ["Line", "Over", "Placed", "Span", "Times"]

_FAR = 2**55


class Times:
    """Open time of a machine, and what is paid over it.

    Without a calendar it is always open. Prices are those of the problem's tariff; before its first step holds the
    first price, after the last the last.
    """

    def __init__(self, problem: Problem, calendar: int) -> None:
        self.interrupts = calendar != NONE and bool(problem.calendar_interrupts[calendar])
        if calendar == NONE:
            self.opens, self.closes = [-_FAR], [_FAR]
        else:
            opens, closes = windows(problem, calendar)
            self.opens, self.closes = opens.tolist(), closes.tolist()
        self.past = [0]
        for start, end in zip(self.opens, self.closes, strict=True):
            self.past.append(self.past[-1] + end - start)
        self._steps = problem.tariff_time.tolist()
        self._prices = problem.tariff_price.tolist()
        self._paid = self._sums()

    def _sums(self) -> tuple[list[int], list[float], list[float]]:
        """Edges, what is paid for 1 kW per tick up to each [price·tick], and the rate after it."""
        if not self._steps:
            return [0], [0.0], [0.0]
        low, high = self._steps[0] - 10_000_000, self._steps[-1] + 10_000_000
        inside = [e for e in (*self.opens, *self.closes) if low < e < high]
        edges = sorted({low, high, *self._steps, *inside})
        rates, sums = [], [0.0]
        for at, edge in enumerate(edges):
            rates.append(self.price(edge) if self.opened(edge + 1) > self.opened(edge) else 0.0)
            if at + 1 < len(edges):
                sums.append(sums[-1] + rates[-1] * (edges[at + 1] - edge))
        return edges, sums, rates

    def price(self, time: int) -> float:
        """Of a tick [money/kWh]; 0 without a tariff."""
        return self._prices[max(0, bisect_right(self._steps, time) - 1)] if self._steps else 0.0

    def opened(self, time: int) -> int:
        """Open time before a moment [tick]."""
        at = bisect_right(self.opens, time) - 1
        return 0 if at < 0 else self.past[at] + min(time, self.closes[at]) - self.opens[at]

    def paid(self, start: int, end: int) -> float:
        """For 1 kW in the open time of a span [price·tick]."""
        edges, sums, rates = self._paid

        def until(time: int) -> float:
            at = max(0, bisect_right(edges, time) - 1)
            return sums[at] + rates[at] * (time - edges[at])

        return until(end) - until(start)

    def place(self, earliest: int, length: int) -> tuple[int, int] | None:
        """First (start, end) from a moment on, for work of a length; None after the last window."""
        at = bisect_right(self.closes, earliest)
        while at < len(self.opens):
            start = max(earliest, self.opens[at])
            if self.interrupts or start + length <= self.closes[at]:
                return self.from_(start, length)
            at += 1
        return None

    def from_(self, start: int, length: int) -> tuple[int, int] | None:
        """(start, end) of work that begins in open time."""
        if not self.interrupts or not length:
            return start, start + length
        done = self.opened(start) + length
        at = bisect_left(self.past, done) - 1
        return (start, self.opens[at] + done - self.past[at]) if at < len(self.opens) else None

    def before(self, latest: int, length: int) -> tuple[int, int] | None:
        """Last (start, end) that ends by a moment; None before the first window."""
        at = bisect_left(self.opens, latest) - 1
        while at >= 0:
            end = min(latest, self.closes[at])
            if self.interrupts:
                begun = self.past[at] + end - self.opens[at] - length
                first = bisect_right(self.past, begun) - 1
                return (self.opens[first] + begun - self.past[first], end) if begun >= 0 else None
            if end - length >= self.opens[at]:
                return end - length, end
            at -= 1
        return None


@dataclass(frozen=True, slots=True)
class Span:
    """A run: its operations, machine, setup and length [tick], whether it may be moved, and by when it must end.

    machine_before  the run before it on its machine, or NONE
    follows         (run, wait after its end, longest wait) of what its operations follow
    release         earliest start
    """

    operations: tuple[int, ...]
    machine: int
    setup: int
    length: int
    free: bool
    release: int
    limit: int
    machine_before: int
    follows: tuple[tuple[int, int, int], ...]


Placed = tuple[int, int, int, int]
"""Start and end of the setup, start and end of the run [tick]."""


class Line:
    """All runs of a schedule in order of their start.

    limits  [J] by when each job must end [tick]
    """

    def __init__(self, schedule: Schedule, limits: np.ndarray) -> None:
        p = self.problem = schedule.problem
        self.schedule = schedule
        self._times = {c: Times(p, c) for c in sorted({int(c) for c in p.machine_calendar})}
        self.times = [self._times[int(c)] for c in p.machine_calendar]
        members: dict[tuple[int, int], list[int]] = defaultdict(list)
        for o, (machine, batch) in enumerate(zip(schedule.machine.tolist(), schedule.batch.tolist(), strict=True)):
            members[machine, o if batch == NONE else -1 - batch].append(o)
        groups = sorted(members.values(), key=self._order)
        self.run_of = np.zeros(p.operation_count, np.int64)
        for at, group in enumerate(groups):
            self.run_of[group] = at
        self.spans = self._spans(groups, limits)
        self.placed: list[Placed] = [self._now(group) for group in groups]

    def _order(self, group: list[int]) -> tuple[int, int, int, int]:
        s = self.schedule
        return int(s.start[group[0]]), int(s.end[group].max()), int(s.setup_start[group].min()), group[0]

    def _now(self, group: list[int]) -> Placed:
        s = self.schedule
        start, end = int(s.start[group[0]]), int(s.end[group].max())
        setups = [(int(s.setup_start[o]), int(s.setup_end[o])) for o in group if s.setup_end[o] > s.setup_start[o]]
        first, last = setups[0] if setups else (start, start)
        return first, last, start, end

    def _spans(self, groups: list[list[int]], limits: np.ndarray) -> list[Span]:
        p, s = self.problem, self.schedule
        length, job = mode_time(p, s.machine), p.job_of
        first = set(p.job_first[:-1].tolist())
        setup = self._setups()
        rest = self._rest(length)
        last: dict[int, int] = {}
        found = []
        for at, group in enumerate(groups):
            machine = int(s.machine[group[0]])
            follows = []
            for o in (o for o in group if o not in first):
                wait = int(p.lag[o - 1]) + (int(p.move[s.machine[o - 1], machine]) if p.move.size else 0)
                longest = int(p.max_lag[o - 1])
                follows.append((int(self.run_of[o - 1]), wait, longest))
            free = all(p.fixed_start[o] == NEVER for o in group)
            release = max((int(p.release[job[o]]) for o in group if o in first), default=0)
            limit = min(int(limits[job[o]]) - int(rest[o]) for o in group)
            ready = max(release, int(p.machine_ready[machine]))
            found.append(
                Span(tuple(group), machine, max(setup[o] for o in group), int(length[group].max()), free, ready,
                     limit, last.get(machine, NONE), tuple(follows))
            )  # fmt: skip
            last[machine] = at
        return found

    def _setups(self) -> list[int]:
        """[O] worked length of each setup [tick]."""
        s = self.schedule
        return [
            self.times[int(m)].opened(int(b)) - self.times[int(m)].opened(int(a)) if self.times[int(m)].interrupts
            else int(b - a)
            for m, a, b in zip(s.machine, s.setup_start, s.setup_end, strict=True)
        ]  # fmt: skip

    def _rest(self, length: np.ndarray) -> np.ndarray:
        """[O] least time from the end of an operation to the end of its job."""
        p = self.problem
        rest = np.zeros(p.operation_count, np.int64)
        for j in range(p.job_count):
            for o in range(int(p.job_first[j + 1]) - 2, int(p.job_first[j]) - 1, -1):
                rest[o] = rest[o + 1] + length[o + 1] + p.lag[o]
        return rest

    def earliest(self, at: int, placed: Mapping[int, Placed] | list[Placed] | Over) -> tuple[int, int]:
        """When the setup of a run may begin, and its work, by what stands before it [tick]."""
        span = self.spans[at]
        machine = placed[span.machine_before][3] if span.machine_before != NONE else -_FAR
        ready = max(span.release, machine)
        for run, wait, _ in span.follows:
            ready = max(ready, placed[run][3] + wait)
        return max(machine, int(self.problem.machine_ready[span.machine])), ready

    def put(self, at: int, machine: int, ready: int, length: int | None = None) -> Placed | None:
        """A run with its setup as early as they may be, the setup then as late as it may; None: no room."""
        span, times = self.spans[at], self.times[self.spans[at].machine]
        set_up = times.place(machine, span.setup) if span.setup else (ready, ready)
        if set_up is None:
            return None
        work = times.place(max(ready, set_up[1]), span.length if length is None else length)
        if work is None:
            return None
        if not span.setup:
            return work[0], work[0], *work
        late = times.before(work[0], span.setup)
        first, last = late if late is not None and late[0] >= machine else set_up
        return first, last, *work

    def pushed(self, at: int, start: int) -> dict[int, Placed] | None:
        """The runs that change when one is moved to begin no earlier than `start`; None where a limit is broken.

        Those after it give way as far as they must; all others stay.
        """
        machine, ready = self.earliest(at, self.placed)
        moved = self.put(at, machine, max(ready, start))
        if moved is None or moved == self.placed[at]:
            return None
        changed = {at: moved}
        over = Over(self.placed, changed)
        if not self._keeps(at, moved, over):
            return None
        for later in range(at + 1, len(self.spans)):
            span = self.spans[later]
            if span.machine_before not in changed and not any(run in changed for run, _, _ in span.follows):
                continue
            machine, ready = self.earliest(later, over)
            old = self.placed[later]
            if old[0] >= machine and old[2] >= ready:
                new = old
            else:
                if not span.free:
                    return None
                put = self.put(later, machine, max(ready, old[2]))
                if put is None:
                    return None
                new = changed[later] = put
            if not self._keeps(later, new, over):
                return None
        return changed

    def _keeps(self, at: int, placed: Placed, over: Over) -> bool:
        span = self.spans[at]
        if placed[3] > max(span.limit, self.placed[at][3]):
            return False
        return all(placed[2] - over[run][3] <= longest for run, _, longest in span.follows)

    def with_(self, changed: Mapping[int, Placed]) -> Schedule:
        """The schedule with some runs elsewhere."""
        s = self.schedule
        start, end, first, last = (
            one.copy() for one in (s.start, s.end, s.setup_start, s.setup_end)
        )  # fmt: skip
        for at, (set_up, done, begin, finish) in enumerate(Over(self.placed, dict(changed)).all()):
            group = list(self.spans[at].operations)
            bearer = next((o for o in group if s.setup_end[o] > s.setup_start[o]), None)
            start[group], end[group], first[group], last[group] = begin, finish, begin, begin
            if bearer is not None:
                first[bearer], last[bearer] = set_up, done
        return Schedule(self.problem, s.machine, start, end, first, last, s.batch)


class Over:
    """Placings with some of them changed."""

    def __init__(self, placed: list[Placed], changed: dict[int, Placed]) -> None:
        self.placed, self.changed = placed, changed

    def __getitem__(self, at: int) -> Placed:
        return self.changed.get(at) or self.placed[at]

    def all(self) -> list[Placed]:
        """Of every run."""
        return [self[at] for at in range(len(self.placed))]
