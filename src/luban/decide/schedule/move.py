"""A planner's move: one run to a machine and a start; what stands in its way gives way to the right, locked runs stay.

Nothing is drawn to the left and nothing is chosen anew: a run that need not move keeps its place. The order of the runs
that do is that of their starts. Runs are laid one by one, each at its old start or as soon after as its route, its
machine, its setup, the calendar and the pools allow; a locked run that would have to yield refuses the move.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from types import MappingProxyType
from zoneinfo import ZoneInfo

import numpy as np

from luban.core.errors import InputError
from luban.decide.schedule.check import find_faults
from luban.decide.schedule.floor import Run, Windows, machine_runs
from luban.decide.schedule.problem import LIMIT, NEVER, NONE
from luban.decide.schedule.schedule import Schedule
from luban.decide.schedule.words import Words

__all__ = ["REFUSALS", "move"]

REFUSALS: Mapping[str, str] = MappingProxyType(
    {
        "unfit": "{operation} cannot be done at {machine}",
        "locked": "{operation} is locked",
        "fixed": "{operation} has begun or is fixed",
        "past": "{operation} cannot start before the plan begins",
        "release": "{operation} cannot start before its release at {time}",
        "before": "{operation} cannot start before {time}: {other} comes first",
        "ready": "{machine} is not free before {time}",
        "closed": "{machine} has no open time left for {operation}",
        "pool": "there is not enough of {pool} for {operation}",
        "holds": "{operation} is locked at {time}, and {other} would not be done by then",
        "deadline": "{operation} would end at {time}, after its deadline",
        "wait": "{operation} would wait longer than it may after {other}",
    }
)
"""Why a move is refused; {names} are filled in. The screens translate them."""


def move(
    schedule: Schedule,
    operation: int,
    machine: int,
    start: int,
    *,
    locked: Collection[int] = (),
    zone: ZoneInfo | None = None,
) -> Schedule:
    """The schedule with an operation (its whole batch, where it has one) at a machine and a start [tick].

    start    it begins there or as soon after as may be; in the first half of another run: before that one
    locked   operations that keep machine and start
    zone     for the times in the sentences
    Raises   InputError that says why it cannot be

    Example  >>> shop = Builder("two")
             >>> shop.machine("saw")
             >>> for name in ("A", "B"):
             ...     shop.job(name)
             ...     shop.operation(name, {"saw": 4})
             >>> plan = Schedule.plain(shop.problem(), np.array([0, 0]), np.array([0, 4]))
             >>> move(plan, 1, 0, 0).start.tolist()
             [4, 0]
    """
    sheet = _Sheet(schedule, frozenset(locked), Words(schedule.problem, zone))
    found = sheet.lay(operation, machine, start)
    faults = find_faults(found, zone)
    if faults:
        raise InputError(faults[0].sentence, came=schedule.problem.operations[operation])
    return found


@dataclass(slots=True)
class _Block:
    """A run to be laid: `desired` is where it stood, `late` whether it goes after another that begins then."""

    run: Run
    desired: int
    late: int
    waits: int
    held: bool
    moved: bool = False


@dataclass(slots=True)
class _Row:
    """What has been laid on a machine so far."""

    end: int
    family: int
    last: int = NONE
    holds: list[int] = field(default_factory=list)
    """Locked runs still to come, the next one last."""


class _Sheet:
    def __init__(self, schedule: Schedule, locked: frozenset[int], words: Words) -> None:
        self.old, self.p, self.words = schedule, schedule.problem, words
        self.windows = Windows(self.p)
        p = self.p
        self.family, self.job = p.family.tolist(), p.job_of.tolist()
        self.lag, self.max_lag = p.lag.tolist(), p.max_lag.tolist()
        first = np.zeros(p.operation_count, bool)
        first[p.job_first[:-1]] = True
        self.first: list[bool] = first.tolist()
        self.locked = locked | set(np.flatnonzero(p.fixed_start != NEVER).tolist())
        self.given = locked
        rows = machine_runs(schedule)
        runs = [run for row in rows for run in row]
        self.of = [0] * p.operation_count
        for at, run in enumerate(runs):
            for operation in run.operations:
                self.of[operation] = at
        self.blocks = [_Block(run, run.start, 1, 0, any(own in self.locked for own in run.operations)) for run in runs]
        self.before = [NONE] * len(runs)
        self.order: list[list[int]] = []
        at = 0
        for row in rows:
            own = list(range(at, at + len(row)))
            at += len(row)
            self.order.append(own)
            for a, b in pairwise(own):
                self.before[b] = a
        self.laid: list[Run | None] = [None] * len(runs)
        self.held: dict[int, list[tuple[int, int, int]]] = {}

    # ------------------------------------------------------------ refusals

    def refuse(self, why: str, operation: int, *, hint: str = "", **filled: str) -> InputError:
        name = self.words.operation(operation)
        return InputError(REFUSALS[why].format(operation=name, **filled), came=name, hint=hint)

    def check(self, block: _Block, machine: int, start: int) -> None:
        """What can be said before anything is laid."""
        p, words = self.p, self.words
        for operation in block.run.operations:
            if operation in self.locked:
                raise self.refuse("locked" if operation in self.given else "fixed", operation)
            able = [words.machine(own) for own, _ in p.modes(operation)]
            pinned = int(p.fixed_machine[operation])
            if p.mode_on(operation, machine) < 0 or pinned not in {NONE, machine}:
                hint = f"it can be done at {', '.join(able[:8])}"
                raise self.refuse("unfit", operation, machine=words.machine(machine), hint=hint)
            if self.first[operation] and start < p.release[self.job[operation]]:
                release = int(p.release[self.job[operation]])
                raise self.refuse("release", operation, time=words.when(release))
            if not self.first[operation]:
                ready = self.arrival(operation, machine, self.old.machine[operation - 1], self.old.end[operation - 1])
                if start < ready:
                    other = words.operation(operation - 1)
                    raise self.refuse("before", operation, time=words.when(ready), other=other)
        if start < int(p.machine_ready[machine]):
            time = words.when(int(p.machine_ready[machine]))
            raise self.refuse("ready", block.run.operations[0], machine=words.machine(machine), time=time)
        if start < 0:
            raise self.refuse("past", block.run.operations[0])

    def arrival(self, operation: int, machine: int, machine_before: int, end_before: int) -> int:
        """When an operation can be there, after the one before it in its job."""
        carried = int(self.p.move[machine_before, machine]) if self.p.move.size else 0
        return int(end_before) + int(self.lag[operation - 1]) + carried

    # ------------------------------------------------------------ laying

    def lay(self, operation: int, machine: int, start: int) -> Schedule:
        """All runs anew, the moved one at its new place."""
        block = self.blocks[self.of[operation]]
        self.check(block, machine, start)
        start = self.snap(block, machine, start)
        old = block.run
        block.run = Run(machine, old.operations, old.setup_start, old.setup_end, start, old.end)
        block.desired, block.late, block.moved = start, 0, True
        p = self.p
        rows = [_Row(int(p.machine_ready[at]), int(p.machine_family[at])) for at in range(p.machine_count)]
        for own, held in sorted(enumerate(self.blocks), key=lambda pair: -pair[1].run.start):
            if held.held:
                rows[held.run.machine].holds.append(own)
                self.occupy(held.run)
        heap: list[tuple[int, int, int]] = []
        for own, waiting in enumerate(self.blocks):
            waiting.waits = sum(not self.first[member] for member in waiting.run.operations)
            self.enter(heap, own)
        while heap:
            _, _, own = heapq.heappop(heap)
            self.place(own, rows)
            for member in self.blocks[own].run.operations:
                if member + 1 < p.operation_count and not self.first[member + 1]:
                    self.blocks[self.of[member + 1]].waits -= 1
                    self.enter(heap, self.of[member + 1])
        return self.result()

    def enter(self, heap: list[tuple[int, int, int]], own: int) -> None:
        block = self.blocks[own]
        if not block.waits:
            heapq.heappush(heap, (max(block.desired, self.ready(own, block.run.machine)), block.late, own))

    def snap(self, block: _Block, machine: int, start: int) -> int:
        """In the first half of another run that is free to yield: where that one begins."""
        for at in self.order[machine]:
            other = self.blocks[at]
            if other is not block and other.run.begin <= start < (other.run.start + other.run.end) // 2:
                if other.held:
                    return start
                start = min(start, max(other.run.start, self.soonest(block, machine)))
                other.desired = max(other.desired, start)  # it goes second, even where it stood a little earlier
                return start
        return start

    def soonest(self, block: _Block, machine: int) -> int:
        """When its job lets it begin there, as the plan stands."""
        p = self.p
        times = [int(p.machine_ready[machine])]
        for member in block.run.operations:
            if self.first[member]:
                times.append(int(p.release[self.job[member]]))
            else:
                before = member - 1
                times.append(self.arrival(member, machine, self.old.machine[before], self.old.end[before]))
        return max(times)

    def ready(self, own: int, machine: int) -> int:
        """When all operations of a run can be there; those before them are laid."""
        found = 0
        for member in self.blocks[own].run.operations:
            if self.first[member]:
                found = max(found, int(self.p.release[self.job[member]]))
            else:
                before = self.laid[self.of[member - 1]]
                assert before is not None  # noqa: S101 - it waits for it
                found = max(found, self.arrival(member, machine, before.machine, before.end))
        return found

    def place(self, own: int, rows: list[_Row]) -> None:
        block = self.blocks[own]
        row = rows[block.run.machine]
        if block.held:
            if self.laid[own] is None:
                self.keep_held(own, row)
            self.come_in_time(own)
            return
        if self.unchanged(own, row):
            run = block.run
        else:
            while True:
                run = self.fit(own, row)
                if not row.holds or self.fits_before(run, row.holds[-1]):
                    break
                self.keep_held(row.holds[-1], row)
        self.occupy(run)
        self.put(own, run, row)

    def put(self, own: int, run: Run, row: _Row) -> None:
        self.laid[own] = run
        row.end, row.last = run.end, own
        family = self.family_of(run)
        row.family = row.family if family == NONE else family

    def keep_held(self, own: int, row: _Row) -> None:
        """A locked run at its place. Raises InputError where what was laid before reaches into it."""
        run = self.blocks[own].run
        begun = self.p.fixed_start[run.operations[0]] < 0
        setup = self.setup(run, row.family)
        if row.last != NONE and not begun and self.windows.finish(run.machine, row.end, setup)[1] > run.start:
            raise self.holds(own, self.blocks[row.last].run.operations[0])
        if setup != run.setup_end - run.setup_start and not begun:
            spent = self.late_setup(run.machine, row.end, run.start, setup)
            run = Run(run.machine, run.operations, *spent, run.start, run.end)
        row.holds.remove(own)
        self.put(own, run, row)

    def come_in_time(self, own: int) -> None:
        """Raises InputError where a locked run's operations come too late for it."""
        run = self.blocks[own].run
        if self.p.fixed_start[run.operations[0]] >= 0 and self.ready(own, run.machine) > run.start:
            late = max((m for m in run.operations if not self.first[m]), key=self.end_before, default=NONE)
            raise self.holds(own, late - 1 if late != NONE else run.operations[0])

    def end_before(self, member: int) -> int:
        before = self.laid[self.of[member - 1]]
        return before.end if before else 0

    def holds(self, own: int, other: int) -> InputError:
        run = self.blocks[own].run
        time, name = self.words.when(run.start), self.words.operation(other)
        return self.refuse("holds", run.operations[0], time=time, other=name)

    def unchanged(self, own: int, row: _Row) -> bool:
        """Nothing that it depends on has moved: it stays as it is, its setup included."""
        block = self.blocks[own]
        if block.moved or row.last != self.before[own] or self.ready(own, block.run.machine) > block.run.start:
            return False
        if row.last != NONE:
            before = self.laid[row.last]
            if before is None or before.end > block.run.begin:
                return False
        if block.run.setup_end - block.run.setup_start != self.setup(block.run, row.family):
            return False
        return self.lacking(block.run) is None

    def fits_before(self, run: Run, held: int) -> bool:
        """A run is over, the locked one's setup included, before the locked one begins."""
        locked = self.blocks[held].run
        family = self.family_of(run)
        setup = self.setup(locked, family) if family != NONE else locked.setup_end - locked.setup_start
        return self.windows.finish(run.machine, run.end, setup)[1] <= locked.start

    # ------------------------------------------------------------ one run

    def family_of(self, run: Run) -> int:
        return next((self.family[own] for own in run.operations if self.family[own] != NONE), NONE)

    def setup(self, run: Run, before: int) -> int:
        family, table = self.family_of(run), int(self.p.machine_table[run.machine])
        if family == NONE or table == NONE or self.p.fixed_start[run.operations[0]] < 0:
            return 0
        return int(self.p.setup_time[table, before, family])

    def fit(self, own: int, row: _Row) -> Run:
        """The earliest place at or after the desired start."""
        block, machine = self.blocks[own], self.blocks[own].run.machine
        operations = block.run.operations
        work = max(self.p.mode_on(member, machine) for member in operations)
        setup = self.setup(block.run, row.family)
        earliest = max(block.desired, self.ready(own, machine), row.end)
        free = row.end
        while True:
            set_up = self.windows.finish(machine, free, setup)[1]
            start, end = self.windows.finish(machine, max(earliest, set_up), work)
            if end >= LIMIT:
                raise self.refuse("closed", operations[0], machine=self.words.machine(machine))
            spent = self.late_setup(machine, free, start, setup)
            run = Run(machine, operations, *spent, start, end)
            lack = self.lacking(run)
            if lack is None:
                return run
            pool, until, of_setup = lack
            if until >= LIMIT:
                raise self.refuse("pool", operations[0], pool=self.p.pools[pool])
            if of_setup:
                free = max(free + 1, until)
            earliest = max(earliest + 1, until)

    def late_setup(self, machine: int, free: int, start: int, setup: int) -> tuple[int, int]:
        """The last place for a setup that is over when the run begins."""
        if setup == 0:
            return start, start
        left, end = setup, NONE
        for a, b, is_open in reversed(self.windows.pieces(machine, free, start)):
            if not is_open:
                continue
            if not self.windows.interrupts(machine):
                if b - a >= setup:
                    return b - setup, b
                continue
            end = b if end == NONE else end
            if b - a >= left:
                return b - left, end
            left -= b - a
        return self.windows.finish(machine, free, setup)

    # ------------------------------------------------------------ pools

    def needs(self, run: Run) -> dict[int, int]:
        """Most units of each pool that one of its operations needs."""
        p = self.p
        found: dict[int, int] = {}
        for member in run.operations:
            for at in range(int(p.need_first[member]), int(p.need_first[member + 1])):
                pool, amount = int(p.need_pool[at]), int(p.need_amount[at])
                found[pool] = max(found.get(pool, 0), amount)
        return found

    def claims(self, run: Run) -> list[tuple[int, int, int, int, bool]]:
        """(pool, from, to, units, for its setup) that a run holds."""
        found = [
            (pool, a, b, amount, False)
            for pool, amount in self.needs(run).items()
            for a, b, is_open in self.windows.pieces(run.machine, run.start, run.end)
            if is_open
        ]
        setters = int(self.p.machine_setup_pool[run.machine])
        if setters != NONE and run.setup_end > run.setup_start:
            pieces = self.windows.pieces(run.machine, run.setup_start, run.setup_end)
            found += [(setters, a, b, 1, True) for a, b, is_open in pieces if is_open]
        return found

    def occupy(self, run: Run) -> None:
        for pool, a, b, amount, _ in self.claims(run):
            self.held.setdefault(pool, []).append((a, b, amount))

    def lacking(self, run: Run) -> tuple[int, int, bool] | None:
        """(pool, until when it may be lacking, for the setup) of the first claim that is too much; None: all is there.

        A run's own claims are not among those held.
        """
        if not self.p.pools:
            return None
        for pool, a, b, amount, of_setup in self.claims(run):
            until = self.overloaded(pool, a, b, amount)
            if until is not None:
                return pool, until, of_setup
        return None

    def overloaded(self, pool: int, start: int, end: int, amount: int) -> int | None:
        p = self.p
        first, last = int(p.level_first[pool]), int(p.level_first[pool + 1])
        times, sizes = p.level_time[first:last].tolist(), p.level_size[first:last].tolist()
        near = [(a, b, n) for a, b, n in self.held.get(pool, ()) if a < end and b > start]
        edges = sorted({start, *(a for a, _, _ in near if a > start), *(t for t in times if start < t < end)})
        for edge in edges:
            used = sum(n for a, b, n in near if a <= edge < b)
            level = next(size for t, size in zip(reversed(times), reversed(sizes), strict=True) if t <= edge)
            if used + amount > level:
                later = [b for a, b, _ in near if b > edge] + [t for t in times if t > edge]
                return min(later, default=LIMIT)
        return None

    # ------------------------------------------------------------ the end

    def result(self) -> Schedule:
        p = self.p
        arrays = {name: getattr(self.old, name).copy() for name in ("machine", "start", "end", "batch")}
        setup_start, setup_end = self.old.setup_start.copy(), self.old.setup_end.copy()
        for _own, run in enumerate(self.laid):
            if run is None:
                raise InputError("the plan has runs that wait for each other", where=self.p.name)
            carrier = next((at for at in run.operations if self.family[at] != NONE), run.operations[0])
            for member in run.operations:
                arrays["machine"][member], arrays["start"][member] = run.machine, run.start
                arrays["end"][member] = run.end
                spent = (run.setup_start, run.setup_end) if member == carrier else (run.start, run.start)
                if run.setup_end > run.setup_start or setup_end[member] > setup_start[member]:
                    setup_start[member], setup_end[member] = spent
                else:
                    setup_start[member] = setup_end[member] = run.start
                self.judge(member, run)
        return Schedule(p, arrays["machine"], arrays["start"], arrays["end"], setup_start, setup_end, arrays["batch"])

    def judge(self, member: int, run: Run) -> None:
        """Raises InputError where an operation is too late for what must hold."""
        job = self.job[member]
        last = member + 1 == self.p.job_first[job + 1]
        if last and run.end > self.p.deadline[job]:
            raise self.refuse("deadline", member, time=self.words.when(run.end))
        if not self.first[member]:
            before = self.laid[self.of[member - 1]]
            longest = self.max_lag[member - 1]
            if before is not None and longest < NEVER and run.start > before.end + longest:
                raise self.refuse("wait", member, other=self.words.operation(member - 1))
