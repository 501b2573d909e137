"""Builds a Problem piece by piece, by names; what is not said is absent (no calendar, no setups, no limits)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from luban.core.errors import InputError
from luban.decide.schedule.problem import MAINTENANCE, NEVER, NONE, ORDER, Floats, Ints, Problem

__all__ = ["LOWEST", "Builder"]

LOWEST = -(2**60)
"""Before any time: where a pool's first level begins."""


@dataclass
class _Job:
    name: str
    kind: int
    release: int
    due: int
    deadline: int
    weight: float
    operations: list[_Operation] = field(default_factory=list)


@dataclass
class _Operation:
    name: str
    modes: Mapping[str, int]
    family: str
    needs: Mapping[str, int]
    size: int
    batch: str
    lag: int
    max_lag: int
    fixed_start: int
    fixed_machine: str
    place: str


@dataclass
class _Machine:
    calendar: str
    table: str
    family: str
    ready: int
    batch: int
    power: float
    setup_pool: str


class Builder:
    """Collects names and times, then `problem()` gives the arrays.

    Example  >>> shop = Builder("two")
             >>> shop.machine("saw")
             >>> shop.job("A", due=9)
             >>> shop.operation("A", {"saw": 4})
             >>> shop.problem().operation_count
             1
    """

    def __init__(self, name: str, start: int = 0, tick: int = 0) -> None:
        self.name, self.start, self.tick = name, start, tick
        self._machines: dict[str, _Machine] = {}
        self._pools: dict[str, list[tuple[int, int]]] = {}
        self._calendars: dict[str, tuple[list[tuple[int, int]], bool]] = {}
        self._tables: dict[str, dict[tuple[str, str], tuple[int, float]]] = {}
        self._jobs: dict[str, _Job] = {}
        self._moves: dict[tuple[str, str], int] = {}
        self._tariff: list[tuple[int, float]] = []

    def calendar(self, name: str, windows: Sequence[tuple[int, int]], interrupts: bool = True) -> None:
        """Open windows (start, end) [tick], in order and apart."""
        self._calendars[name] = (list(windows), interrupts)

    def machine(
        self,
        name: str,
        *,
        calendar: str = "",
        table: str = "",
        family: str = "",
        ready: int = 0,
        batch: int = 0,
        power: float = 0.0,
        setup_pool: str = "",
    ) -> None:
        """A machine; the words are those of Problem."""
        self._machines[name] = _Machine(calendar, table, family, ready, batch, power, setup_pool)

    def pool(self, name: str, size: int | Sequence[tuple[int, int]]) -> None:
        """A second resource: so many units always, or (from tick, units) steps; none before the first."""
        self._pools[name] = [(LOWEST, size)] if isinstance(size, int) else [(LOWEST, 0), *size]

    def setup(self, table: str, before: str, after: str, time: int, cost: float = 0.0) -> None:
        """Setup from one family to another [tick], money besides; before '' = from none. Not said: 0."""
        self._tables.setdefault(table, {})[before, after] = (time, cost)

    def move(self, before: str, after: str, time: int) -> None:
        """Transport from machine to machine [tick]."""
        self._moves[before, after] = time

    def tariff(self, steps: Sequence[tuple[int, float]]) -> None:
        """(from tick, price [money/kWh]) steps; the first price holds before its tick too."""
        self._tariff = list(steps)

    def job(
        self,
        name: str,
        *,
        release: int = 0,
        due: int = NEVER,
        deadline: int = NEVER,
        weight: float = 1.0,
        maintenance: bool = False,
    ) -> None:
        """A job; the words are those of Problem."""
        if name in self._jobs:
            raise InputError("a job of that name is there already", came=repr(name), where=self.name)
        kind = MAINTENANCE if maintenance else ORDER
        self._jobs[name] = _Job(name, kind, release, due, deadline, weight)

    def operation(
        self,
        job: str,
        modes: Mapping[str, int],
        *,
        name: str = "",
        family: str = "",
        needs: Mapping[str, int] | None = None,
        size: int = 1,
        batch: str = "",
        lag: int = 0,
        max_lag: int = NEVER,
        fixed_start: int = NEVER,
        fixed_machine: str = "",
        place: str = "",
    ) -> None:
        """The job's next operation: machine → time [tick]; the words are those of Problem."""
        owner = self._jobs[job]
        name = name or f"{job}/{len(owner.operations) + 1}"
        if not modes:
            raise InputError("no machine can do the operation", came=name, where=place or self.name)
        owner.operations.append(
            _Operation(name, modes, family, needs or {}, size, batch, lag, max_lag, fixed_start, fixed_machine, place)
        )

    def problem(self) -> Problem:
        """The arrays. Raises InputError for a name that is not there."""
        jobs = [job for job in self._jobs.values() if job.operations]
        steps = [step for job in jobs for step in job.operations]
        machine_at = {name: at for at, name in enumerate(self._machines)}
        pool_at = {name: at for at, name in enumerate(self._pools)}
        calendar_at = {name: at for at, name in enumerate(self._calendars)}
        table_at = {name: at for at, name in enumerate(self._tables)}
        families = {m.family for m in self._machines.values()} | {s.family for s in steps}
        families |= {name for table in self._tables.values() for pair in table for name in pair}
        family_at = {name: at for at, name in enumerate(sorted(families - {""}))}
        batch_at = {name: at for at, name in enumerate(sorted({s.batch for s in steps} - {""}))}

        def find(names: Mapping[str, int], name: str, what: str, where: str) -> int:
            if not name:
                return NONE
            if name not in names:
                raise InputError(f"unknown {what}", came=repr(name), expected=", ".join(list(names)[:8]), where=where)
            return names[name]

        machines = list(self._machines.values())
        modes = [
            (find(machine_at, name, "machine", step.place or step.name), time)
            for step in steps
            for name, time in step.modes.items()
        ]
        needs = [
            (find(pool_at, name, "pool", step.place or step.name), amount)
            for step in steps
            for name, amount in step.needs.items()
        ]
        windows = [span for spans, _ in self._calendars.values() for span in spans]
        levels = [level for steps_ in self._pools.values() for level in steps_]
        size = len(family_at) + 1
        setup_time = np.zeros((len(table_at), size, size), np.int64)
        setup_cost = np.zeros((len(table_at), size, size))
        for table, pairs in self._tables.items():
            for (before, after), (time, cost) in pairs.items():
                cell = table_at[table], family_at.get(before, size - 1), family_at.get(after, size - 1)
                setup_time[cell], setup_cost[cell] = time, cost
        moves = np.zeros((len(machines), len(machines)) if self._moves else (0, 0), np.int64)
        for (before, after), time in self._moves.items():
            moves[find(machine_at, before, "machine", "move"), find(machine_at, after, "machine", "move")] = time
        return Problem(
            name=self.name,
            start=self.start,
            tick=self.tick,
            jobs=tuple(job.name for job in jobs),
            machines=tuple(self._machines),
            pools=tuple(self._pools),
            families=tuple(family_at),
            calendars=tuple(self._calendars),
            operations=tuple(step.name for step in steps),
            places=tuple(step.place for step in steps) if any(step.place for step in steps) else (),
            job_kind=_ints([job.kind for job in jobs]),
            job_first=_firsts([len(job.operations) for job in jobs]),
            release=_ints([job.release for job in jobs]),
            due=_ints([job.due for job in jobs]),
            deadline=_ints([job.deadline for job in jobs]),
            weight=_floats([job.weight for job in jobs]),
            family=_ints([family_at.get(step.family, NONE) for step in steps]),
            size=_ints([step.size for step in steps]),
            batch_family=_ints([batch_at.get(step.batch, NONE) for step in steps]),
            lag=_ints([step.lag for step in steps]),
            max_lag=_ints([step.max_lag for step in steps]),
            fixed_start=_ints([step.fixed_start for step in steps]),
            fixed_machine=_ints(
                [find(machine_at, step.fixed_machine, "machine", step.place or step.name) for step in steps]
            ),
            need_first=_firsts([len(step.needs) for step in steps]),
            need_pool=_ints([pool for pool, _ in needs]),
            need_amount=_ints([amount for _, amount in needs]),
            mode_first=_firsts([len(step.modes) for step in steps]),
            mode_machine=_ints([machine for machine, _ in modes]),
            mode_time=_ints([time for _, time in modes]),
            machine_calendar=_ints([find(calendar_at, m.calendar, "calendar", self.name) for m in machines]),
            machine_table=_ints([table_at.get(m.table, NONE) for m in machines]),
            machine_family=_ints([family_at.get(m.family, NONE) for m in machines]),
            machine_ready=_ints([m.ready for m in machines]),
            machine_batch=_ints([m.batch for m in machines]),
            machine_power=_floats([m.power for m in machines]),
            machine_setup_pool=_ints([find(pool_at, m.setup_pool, "pool", self.name) for m in machines]),
            calendar_first=_firsts([len(spans) for spans, _ in self._calendars.values()]),
            window_start=_ints([start for start, _ in windows]),
            window_end=_ints([end for _, end in windows]),
            calendar_interrupts=_ints([int(interrupts) for _, interrupts in self._calendars.values()]),
            setup_time=setup_time,
            setup_cost=setup_cost,
            move=moves,
            level_first=_firsts([len(steps_) for steps_ in self._pools.values()]),
            level_time=_ints([time for time, _ in levels]),
            level_size=_ints([units for _, units in levels]),
            tariff_time=_ints([time for time, _ in self._tariff]),
            tariff_price=_floats([price for _, price in self._tariff]),
        )


def _ints(values: Sequence[int]) -> Ints:
    return np.array(values, np.int64)


def _floats(values: Sequence[float]) -> Floats:
    return np.array(values, np.float64)


def _firsts(counts: Sequence[int]) -> Ints:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
