"""What is to be scheduled, as one immutable set of arrays.

Times are int64 ticks; tick 0 is the start of the horizon, a tick is `tick` µs (or an abstract unit, as in benchmark
files). Operations of a job are contiguous and run in route order; an operation is processed in one of its modes
(machine, time). The rules every schedule keeps, and the checker proves:

R1 route     start[next] ≥ end[op] + lag[op] + move[machine of op, machine of next]
             start[next] ≤ end[op] + max_lag[op]  (0: no wait)
R2 machine   one operation (or batch) at a time, none before machine_ready; before each lies its setup, of
             setup_time[table, family before, family], whole between the end before and the start. No setup before an
             operation that began before tick 0, nor for one without family (it leaves the machine's family as it is).
             An operation of no length on a machine with a setup table has no family.
R3 calendar  a setup and an operation are worked in open windows of the machine only. Where the calendar interrupts,
             both wait over a closure and go on (start and the last worked tick lie in open time); where it does not,
             each lies whole in one window.
R4 pools     the needs of all running operations, plus one of machine_setup_pool for each running setup, never exceed
             the pool's level, counted in worked time (an interrupted operation frees its people over the closure).
R5 batches   on a machine with machine_batch > 0, operations of equal batch_family (≥ 0) may share one run: same start
             and end, the longest time of them, sizes summing to at most machine_batch. Family -1 runs alone. A run's
             need of a pool is the largest of its members'; its setup is carried by its first member only.
R6 limits    start of the first operation ≥ release; end of the last ≤ deadline; fixed_start and fixed_machine hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from luban.core.errors import InputError

__all__ = ["LIMIT", "MAINTENANCE", "NEVER", "NONE", "ORDER", "Floats", "Ints", "Problem"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

NEVER = 2**60
"""A time that does not come: no due date, no deadline, no longest wait."""

LIMIT = 2**50
"""Largest time that the search handles exactly [tick]."""

NONE = -1
"""No family, no table, no pool, no calendar, not fixed (machines)."""

ORDER, MAINTENANCE = 0, 1
"""Kinds of jobs. Maintenance is placed between its release and its deadline and counts in no figure but setups."""


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """A scheduling problem. J jobs, O operations, K modes, M machines, R pools, F families, T tables, C calendars.

    name, start, tick    start [µs UTC] of tick 0 and length of a tick [µs]; tick 0: abstract time, start is 0
    jobs, machines, pools, families, calendars   their names
    operations           [O] names, e.g. `PO-101/10`
    places               [O] where each came from (`routing.csv:12`), or empty
    job_kind             [J] ORDER or MAINTENANCE
    job_first            [J+1] operations of job j are job_first[j] … job_first[j+1]-1
    release              [J] ticks
    due, deadline        [J] ticks or NEVER; a deadline must hold, a due date costs
    weight               [J] of its tardiness and earliness [price a tick, or 1]
    family               [O] setup family or NONE
    size, batch_family   [O] load of a batch, and who may share one (NONE: nobody)
    lag, max_lag         [O] to the start of the job's next operation [tick]; NEVER: no longest wait
    fixed_start          [O] given start [tick], may be negative (in progress); NEVER: free
    fixed_machine        [O] given machine or NONE
    need_first           [O+1]; need_pool, need_amount: units of second resources held while it is worked
    mode_first           [O+1]; mode_machine, mode_time [tick]: eligible machines, at most one mode a machine
    machine_calendar     [M] or NONE: always open
    machine_table        [M] setup table or NONE
    machine_family       [M] what it is set up for at tick 0, or NONE
    machine_ready        [M] free from [tick]
    machine_batch        [M] capacity of a batch; 0: no batches
    machine_power        [M] while it works [kW]
    machine_setup_pool   [M] who sets up, or NONE
    calendar_first       [C+1]; window_start, window_end [tick]: open windows, in order, apart; after the last: closed
    calendar_interrupts  [C] True: work waits over a closure
    setup_time           [T, F+1, F+1] from family (row; F = none) to family (column) [tick]
    setup_cost           [T, F+1, F+1] money besides time
    move                 [M, M] transport between machines [tick]; [0, 0]: none
    level_first          [R+1]; level_time, level_size: units of a pool from that tick on; first level_time is LOWEST
    tariff_time          [P] price of electricity from that tick on; tariff_price [money/kWh]; empty: no tariff
    """

    name: str
    start: int
    tick: int
    jobs: tuple[str, ...]
    machines: tuple[str, ...]
    pools: tuple[str, ...]
    families: tuple[str, ...]
    calendars: tuple[str, ...]
    operations: tuple[str, ...]
    places: tuple[str, ...]
    job_kind: Ints
    job_first: Ints
    release: Ints
    due: Ints
    deadline: Ints
    weight: Floats
    family: Ints
    size: Ints
    batch_family: Ints
    lag: Ints
    max_lag: Ints
    fixed_start: Ints
    fixed_machine: Ints
    need_first: Ints
    need_pool: Ints
    need_amount: Ints
    mode_first: Ints
    mode_machine: Ints
    mode_time: Ints
    machine_calendar: Ints
    machine_table: Ints
    machine_family: Ints
    machine_ready: Ints
    machine_batch: Ints
    machine_power: Floats
    machine_setup_pool: Ints
    calendar_first: Ints
    window_start: Ints
    window_end: Ints
    calendar_interrupts: Ints
    setup_time: Ints
    setup_cost: Floats
    move: Ints
    level_first: Ints
    level_time: Ints
    level_size: Ints
    tariff_time: Ints
    tariff_price: Floats

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                kept = np.ascontiguousarray(value)
                kept.setflags(write=False)
                object.__setattr__(self, field.name, kept)
        times = (self.mode_time, self.release, self.lag, self.setup_time, self.move, self.machine_ready)
        total = sum(int(self.mode_time[a:b].max(initial=0)) for a, b in self._mode_spans())
        for values in times:
            if values.size and (int(values.min()) < 0 or int(values.max()) > LIMIT):
                raise InputError("a time is beyond what can be scheduled", came=str(int(values.max())), where=self.name)
        if total + int(self.release.max(initial=0)) > LIMIT:
            raise InputError(
                "the work is beyond what can be scheduled",
                came=f"{total} ticks",
                expected=f"at most {LIMIT} ticks",
                where=self.name,
                hint="use longer ticks",
            )

    def _mode_spans(self) -> Iterator[tuple[int, int]]:
        first = self.mode_first.tolist()
        return pairwise(first)

    @property
    def job_count(self) -> int:
        """J."""
        return len(self.jobs)

    @property
    def operation_count(self) -> int:
        """O."""
        return len(self.family)

    @property
    def machine_count(self) -> int:
        """M."""
        return len(self.machines)

    @property
    def job_of(self) -> Ints:
        """[O] job of each operation."""
        return np.repeat(np.arange(self.job_count, dtype=np.int64), np.diff(self.job_first))

    def modes(self, operation: int) -> list[tuple[int, int]]:
        """(machine, time) pairs of an operation."""
        first, end = int(self.mode_first[operation]), int(self.mode_first[operation + 1])
        return list(zip(self.mode_machine[first:end].tolist(), self.mode_time[first:end].tolist(), strict=True))

    def mode_on(self, operation: int, machine: int) -> int:
        """Time of an operation on a machine [tick]; -1 where it is not eligible."""
        return dict(self.modes(operation)).get(machine, -1)

    @property
    def is_plain(self) -> bool:
        """A (flexible) job shop and nothing else: no setups, calendars, pools, batches, lags, limits, nothing fixed.

        Releases, due dates and weights may be there.
        """
        return bool(
            (self.machine_table == NONE).all()
            and (self.machine_calendar == NONE).all()
            and (self.machine_batch == 0).all()
            and (self.machine_ready == 0).all()
            and self.need_pool.size == 0
            and not self.lag.any()
            and (self.max_lag == NEVER).all()
            and not self.move.any()
            and (self.fixed_start == NEVER).all()
            and (self.fixed_machine == NONE).all()
            and (self.deadline == NEVER).all()
            and (self.job_kind == ORDER).all()
        )

    def as_dict(self) -> dict[str, Any]:
        """Its sizes, for logs and `--json`."""
        return {
            "name": self.name,
            "jobs": self.job_count,
            "operations": self.operation_count,
            "machines": self.machine_count,
            "modes": len(self.mode_machine),
            "tick_us": self.tick,
        }
