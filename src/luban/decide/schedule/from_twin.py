"""A run of the twin as a scheduling problem: what a planner in the hall knows now, nothing that only chance knows.

Read are the lots on the floor and in the release pool (order, step, due date, day for which material is promised),
which machine is busy with which lot and for how much of its running time, what it is set up for, which one is down and
how many people are there. Times to come are means of the model. Drawn times, lives of parts and orders to come are
never read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from luban.core.time import DAY, MINUTE
from luban.decide.schedule.build import Builder
from luban.decide.schedule.problem import NEVER, Ints, Problem
from luban.twin.kernel.layout import FAR, Phase, State, Stop, Where
from luban.twin.model import Calendar, Machine, Pool, SetupTable, Step
from luban.twin.run import Run

__all__ = ["Assumed", "Snapshot", "setup_mean", "setup_names", "snapshot"]

_LEAST = 0.1
"""Share of its mean that work under way, or a repair, is expected to take still, however long it has taken [1]."""
_LIKELY = 0.5
"""Steps that a smaller share of lots does are left out [1]."""
_FINE = 100
"""Units of load a piece, lot or kg of a batch: loads are whole numbers."""
_BACK = 30 * DAY
"""Calendars are taken from so long ago: work under way began there [µs]."""


@dataclass(frozen=True, slots=True)
class Assumed:
    """What a plan takes for granted where the floor does not say.

    tick    length of a tick [µs]
    ahead   calendars are taken that far [µs]; work beyond cannot be planned
    free    True: a lot of the pool may come to the floor as soon as its material is there; False: at the plant's own
            instants of release
    people  False: people and setters are never short, which makes the search faster
    """

    tick: int = MINUTE
    ahead: int = 60 * DAY
    free: bool = False
    people: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """The problem of an instant, and what its jobs and operations are in the run.

    problem  tick 0 is the run's present time
    keys     [J] the lot of each job
    steps    [O] index of each operation's step in its route
    pooled   [J] the lot waits for release
    """

    problem: Problem
    keys: tuple[int, ...]
    steps: Ints
    pooled: tuple[bool, ...]


def snapshot(run: Run, assumed: Assumed | None = None) -> Snapshot:
    """What is on the floor of a run, now.

    A lot goes the likeliest way of its route. Least loads and longest waits of batches, minimum runs, cascades and
    queue limits that reach further than the next step are not in the problem.

    Raises   InputError for times that cannot be scheduled
    Example  >>> seen = snapshot(Run(model).to(8 * HOUR))
             >>> seen.problem.job_count == len(seen.keys)
             True
    """
    return _Reader(run, assumed or Assumed()).snapshot()


@dataclass(slots=True)
class _Operation:
    step: Step
    index: int
    modes: dict[str, int]
    size: int
    lag: int = 0
    max_lag: int = NEVER
    fixed_start: int = NEVER
    fixed_machine: str = ""


@dataclass(slots=True)
class _Job:
    key: int
    pooled: bool
    release: int
    due: int
    operations: list[_Operation] = field(default_factory=list)


class _Reader:
    def __init__(self, run: Run, assumed: Assumed) -> None:
        model = run.model
        self.run, self.model, self.assumed = run, model, assumed
        self.machines = {own.id: own for own in model.machines}
        self.number = {own.id: number for number, own in enumerate(model.machines)}
        self.tables = {own.id: own for own in model.setups}
        self.pools = {own.id: own for own in model.pools}
        self.calendars = {own.id: own for own in model.calendars}
        self.stations = {own.id: [m.id for m in model.machines if m.station == own.id] for own in model.stations}
        self.windows = {own.id: self._windows(own) for own in model.calendars}
        self.families = setup_names(run)
        self.ready = dict.fromkeys(self.machines, 0)

    def snapshot(self) -> Snapshot:
        run, model = self.run, self.model
        shop = Builder(f"{model.id} at {run.now}", model.start + run.now, self.assumed.tick)
        for number, own in enumerate(model.machines):
            down = self._down(number, own)
            self.ready[own.id] = self._open_after(own, self.ticks(down)) if down else 0
        jobs = [job for job in map(self._job, self._inside()) if job.operations]
        short = self._short(jobs) if self.assumed.people else set()
        for own in model.machines:
            self._say_machine(shop, own, short)
        self._say_calendars(shop, jobs)
        for name in sorted(short):
            shop.pool(name, self._levels(self.pools[name], jobs))
        self._say_setups(shop)
        for job in jobs:
            self._say_job(shop, job, short)
        steps = [own.index for job in jobs for own in job.operations]
        keys, pooled = tuple(job.key for job in jobs), tuple(job.pooled for job in jobs)
        return Snapshot(shop.problem(), keys, np.array(steps, np.int64), pooled)

    def ticks(self, seconds: float) -> int:
        """A length of time; at least one tick where it is any."""
        return max(1, round(seconds * 1e6 / self.assumed.tick)) if seconds > 0 else 0

    def tick_of(self, moment: int) -> int:
        """The tick in which an instant of the run lies."""
        return (moment - self.run.now) // self.assumed.tick

    # ---- lots

    def _inside(self) -> list[int]:
        lots = self.run.world["lots"]
        inside = np.flatnonzero(lots["where"] >= Where.POOL)
        order: list[int] = inside[np.argsort(lots["key"][inside], kind="stable")].tolist()
        return order

    def _job(self, lot: int) -> _Job:
        row = self.run.world["lots"][lot]
        route = self.model.routes[int(row["route"])]
        first = int(self.run.world["routes"][int(row["route"])]["step"])
        at = int(row["step"]) - first
        place = int(row["where"])
        job = _Job(int(row["key"]), place == Where.POOL, 0, NEVER)
        way = _way(route.steps, at)
        if place == Where.POOL:
            job.release = self._release(int(row["ready"]))
        elif place == Where.MACHINE and way:
            way = self._under_way(job, row, route.steps, way)
        elif place == Where.DELAY and way:
            mean = _delay(route.steps[at], int(row["quantity"]))
            spent = (self.run.now - int(row["started"])) / 1e6
            way = way[1:]
            job.release = self.ticks(max(mean - spent, _LEAST * mean)) + self._move(route.steps, way)
        elif place == Where.MOVING:
            job.release = self._move(route.steps, way)
        bound = [self._bound(lot, first + index) for index in way]
        self._operations(job, row, route.steps, way, bound)
        if row["due"] < FAR:
            # an order that is late already costs the same from now on; a due date never lies before the release
            job.due = max(self.tick_of(int(row["due"])), job.release)
        return job

    def _operations(self, job: _Job, row: Any, steps: tuple[Step, ...], way: list[int], bound: list[str]) -> None:
        quantity = int(row["quantity"])
        for place, index in enumerate(way):
            step = steps[index]
            if step.station is None:
                wait = self.ticks(_delay(step, quantity)) + self._move(steps, way[place + 1 :])
                if job.operations:
                    job.operations[-1].lag += wait
                else:
                    job.release += wait
                continue
            names = [bound[place]] if bound[place] else list(step.machines) or self.stations[step.station]
            modes = {name: self.ticks(self._time(step, self.machines[name], quantity)) for name in names}
            own = _Operation(step, index, modes, self._size(step, row))
            own.lag = self._move(steps, way[place + 1 :])
            limit = step.limit
            if limit is not None and place + 1 < len(way) and limit.to == way[place + 1]:
                # counted from the start it leaves as much less as the step takes
                taken = 0 if limit.since == "end" else max(modes.values())
                own.max_lag = max(own.lag, self.ticks(limit.within) - taken)
            job.operations.append(own)

    def _bound(self, lot: int, step: int) -> str:
        """The one machine that the lot must use there since an earlier step; '' where it is free."""
        world = self.run.world
        slot = int(world["steps"][step]["slot"])
        number = int(world["dedications"][lot * int(world["sizes"][4]) + slot]) if slot >= 0 else -1
        return self.model.machines[number].id if number >= 0 else ""

    def _under_way(self, job: _Job, row: Any, steps: tuple[Step, ...], way: list[int]) -> list[int]:
        """The operation that a machine is busy with; what of the way is left behind it."""
        number, step = int(row["machine"]), steps[way[0]]
        machine = self.model.machines[number]
        left = self.ticks(self._left(number, machine, step, row)) + self.ticks(self._down(number, machine))
        end = self._open_after(machine, left)
        if step.batch is not None or machine.cascade > 1:
            # several lots at once: the machine is taken, and each of them comes out of it
            if step.batch is not None:
                self.ready[machine.id] = max(self.ready[machine.id], end)
            job.release = end + self._move(steps, way[1:])
            return way[1:]
        start = self._started(machine, self.tick_of(int(row["started"])))
        own = _Operation(step, way[0], {machine.id: self._worked(machine, start) + max(1, left)}, 1)
        own.fixed_start, own.fixed_machine = start, machine.id
        own.lag = self._move(steps, way[1:])
        self.ready[machine.id] = 0
        job.operations.append(own)
        return way[1:]

    def _left(self, number: int, machine: Machine, step: Step, row: Any) -> float:
        """Expected working time to the end of what the machine does [s]."""
        state = self.run.world["machines"][number]
        total = self._time(step, machine, int(row["quantity"]))
        phase = int(state["phase"])
        if phase == Phase.BLOCKED:
            return 0.0
        if phase in {Phase.WAIT_SETTER, Phase.SETUP}:
            mean = self._setup(machine, self.families.get(int(state["setup"]), ""), step.setup)
            spent = (self.run.now - int(state["since"])) / 1e6 if state["state"] == State.SETUP else 0.0
            return max(mean - spent, _LEAST * mean) + total
        if phase == Phase.WAIT_OPERATOR:
            return total
        ran = int(self.run.world["machine_time"][number * len(State) + State.RUN])
        ran += self.run.now - int(state["since"]) if state["state"] == State.RUN else 0
        return max(total - (ran - int(row["run_from"])) / 1e6, _LEAST * total)

    def _release(self, ready: int) -> int:
        moment, now = max(ready, self.run.now), self.run.now
        if not self.assumed.free and self.model.release.kind == "push" and self.model.release.instants:
            later = [own for own in self.model.release.instants if own >= moment and own > now]
            moment = later[0] if later else moment
        return max(0, -((now - moment) // self.assumed.tick))

    def _move(self, steps: tuple[Step, ...], way: list[int]) -> int:
        if not way or steps[way[0]].station is None:
            return 0
        own = steps[way[0]].transport
        move = self.model.transport if own is None else own
        return self.ticks(move.mean) if move is not None else 0

    def _size(self, step: Step, row: Any) -> int:
        if step.batch is None:
            return 1
        load = {"lot": 1.0, "piece": float(row["quantity"]), "weight": float(row["quantity"] * row["weight"])}
        return max(1, min(round(load[step.batch.measure] * _FINE), round(step.batch.maximum * _FINE)))

    # ---- times

    def _time(self, step: Step, machine: Machine, quantity: int) -> float:
        """Mean time of a lot on a machine, changes of edges included [s]."""
        pieces = quantity if step.per == "piece" else 1
        time = (step.machines.get(machine.id) or step.time).mean * pieces * machine.speed
        time *= step.factor.mean if step.factor is not None else 1.0
        tool = machine.tool
        if tool is not None:
            life = tool.life.mean if tool.replace_at is None else min(tool.replace_at, tool.life.mean)
            worn = quantity if tool.clock == "piece" else time * tool.cutting
            time += tool.change.mean * worn / life
        return machine.load + time + machine.unload

    def _setup(self, machine: Machine, before: str, after: str) -> float:
        table = self.tables.get(machine.setups or "")
        if table is None or not after:
            return 0.0
        return setup_mean(table, before, after)

    def _down(self, number: int, machine: Machine) -> float:
        """Expected working time to the end of a repair or maintenance [s]."""
        state = self.run.world["machines"][number]
        spent = (self.run.now - int(state["since"])) / 1e6
        mean = 0.0
        if state["stop"] & Stop.DOWN and 0 <= state["reason"] < len(machine.failures):
            mean = machine.failures[int(state["reason"])].repair.mean
        elif state["stop"] & Stop.MAINTENANCE and machine.maintenance:
            mean = max(own.duration.mean for own in machine.maintenance)
        shown = state["state"] in {State.DOWN, State.MAINTENANCE}
        return max(mean - (spent if shown else 0.0), _LEAST * mean)

    # ---- calendars

    def _windows(self, calendar: Calendar) -> list[tuple[int, int]]:
        """Open windows in ticks, from some time ago on; one that opens just now is open a tick before."""
        now, tick, found = self.run.now, self.assumed.tick, []
        for start, end in calendar.open:
            if end < now - _BACK or start > now + self.assumed.ahead:
                continue
            first, last = -((now - start) // tick), (end - now) // tick
            if last > first:
                found.append((first - (first == 0), last))
        return found

    def _open_after(self, machine: Machine, ticks: int) -> int:
        """The tick at which so much working time has passed."""
        calendar = self.calendars.get(machine.calendar or "")
        if calendar is None or not calendar.interrupts:
            return ticks
        for start, end in self.windows[calendar.id]:
            if end > max(start, 0):
                if ticks <= end - max(start, 0):
                    return max(start, 0) + ticks
                ticks -= end - max(start, 0)
        return ticks

    def _worked(self, machine: Machine, start: int) -> int:
        """Working time between a tick and now."""
        calendar = self.calendars.get(machine.calendar or "")
        if calendar is None or not calendar.interrupts:
            return -start
        return sum(max(0, min(end, 0) - max(first, start)) for first, end in self.windows[calendar.id])

    def _started(self, machine: Machine, start: int) -> int:
        """A tick before 0 in which the machine is open, as near to the given one as can be."""
        start = min(start, -1)
        calendar = self.calendars.get(machine.calendar or "")
        if calendar is None:
            return start
        past = [(first, end) for first, end in self.windows[calendar.id] if first < 0]
        for first, end in past:
            if start < end:
                return max(start, first)
        return past[-1][1] - 1 if past else start

    # ---- people

    def _short(self, jobs: list[_Job]) -> set[str]:
        """Pools that may be short: more machines can ask for a unit than there are."""
        asking: dict[str, set[str]] = {}
        for own in (own for job in jobs for own in job.operations):
            if own.step.pool is not None:
                asking.setdefault(own.step.pool, set()).update(own.modes)
        for machine in self.model.machines:
            table = self.tables.get(machine.setups or "")
            if table is not None and table.pool is not None:
                asking.setdefault(table.pool, set()).add(machine.id)
        return {
            name
            for name, machines in asking.items()
            if min((units for _, units in self._present(self.pools[name])), default=0) < len(machines)
        }

    def _present(self, pool: Pool) -> list[tuple[int, int]]:
        """(from tick, units): who is here now, all of them from the next opening on."""
        full, now = pool.size * pool.tends, int(self.run.world["pools"][self._pool_number(pool)]["level"])
        calendar = self.calendars.get(pool.calendar or "")
        if calendar is None:
            return [(0, full)]
        coming = [first for first, _ in self.windows[calendar.id] if first > 0]
        is_open = any(first <= 0 < end for first, end in self.windows[calendar.id])
        return [(0, now if is_open else full), *((first, full) for first in coming[:1])]

    def _levels(self, pool: Pool, jobs: list[_Job]) -> list[tuple[int, int]]:
        levels = self._present(pool)
        held = sum(own.fixed_start < 0 and own.step.pool == pool.id for job in jobs for own in job.operations)
        return [(-_BACK, max(held, levels[0][1])), *levels[1:]]

    def _pool_number(self, pool: Pool) -> int:
        return self.model.pools.index(pool)

    # ---- what the builder is told

    def _say_machine(self, shop: Builder, machine: Machine, short: set[str]) -> None:
        table = self.tables.get(machine.setups or "")
        setters = table.pool if table is not None and table.pool in short else None
        state = self.run.world["machines"][self.number[machine.id]]
        batches = [
            round(step.batch.maximum * _FINE)
            for route in self.model.routes
            for step in route.steps
            if step.batch is not None
            and machine.id in (list(step.machines) or self.stations.get(step.station or "", []))
        ]
        shop.machine(
            machine.id,
            calendar=machine.calendar or "",
            table=machine.setups or "",
            family=self.families.get(int(state["setup"]), "") if table is not None else "",
            ready=self.ready[machine.id],
            batch=max(batches, default=0),
            power=machine.power.get("run", 0.0) / 1000,
            setup_pool=setters or "",
        )

    def _say_calendars(self, shop: Builder, jobs: list[_Job]) -> None:
        longest: dict[str, int] = {}
        for own in (own for job in jobs for own in job.operations):
            for machine, time in own.modes.items():
                works = self.machines[machine].calendar
                if works is not None:
                    longest[works] = max(longest.get(works, 1), time)
        for calendar in self.model.calendars:
            windows = self.windows[calendar.id]
            if not calendar.interrupts:
                # what began in open time is finished: open for as long as the longest may take
                windows = _merged([(first, end + longest.get(calendar.id, 1) - 1) for first, end in windows])
            shop.calendar(calendar.id, windows, calendar.interrupts)

    def _say_setups(self, shop: Builder) -> None:
        for table in self.model.setups:
            keys = sorted(
                {
                    step.setup
                    for route in self.model.routes
                    for step in route.steps
                    if step.setup and step.station is not None
                    for name in step.machines or self.stations[step.station]
                    if self.machines[name].setups == table.id
                }
            )
            began = {self.families.get(int(row["setup"]), "") for row in self.run.world["machines"]}
            for before in sorted({"", *keys, *began}):
                for after in keys:
                    shop.setup(table.id, before, after, self.ticks(setup_mean(table, before, after)))

    def _say_job(self, shop: Builder, job: _Job, short: set[str]) -> None:
        name = self.run.lot_name(job.key)
        shop.job(name, release=job.release, due=job.due)
        for own in job.operations:
            began = own.fixed_start < 0
            shop.operation(
                name,
                own.modes,
                name=f"{name}/{own.step.id}",
                family=own.step.setup if any(self.machines[machine].setups for machine in own.modes) else "",
                needs={own.step.pool: 1} if own.step.pool in short and own.step.pool is not None else None,
                size=own.size,
                batch=own.step.batch.family if own.step.batch is not None and not began else "",
                lag=own.lag,
                max_lag=own.max_lag,
                fixed_start=own.fixed_start,
                fixed_machine=own.fixed_machine,
            )


def _way(steps: tuple[Step, ...], at: int) -> list[int]:
    """Steps from `at` on along the likeliest way."""

    def onward() -> Iterator[int]:
        index: int | None = at
        while index is not None and index < len(steps):
            step = steps[index]
            if step.sample >= _LIKELY or index == at:
                yield index
            chances = [(1.0 - sum(own.probability for own in step.branches), index + 1)]
            chances += [(own.probability, -1 if own.to is None else own.to) for own in step.branches]
            following = max(chances, key=lambda own: own[0])[1]
            index = following if following > index else None

    return list(onward())


def _delay(step: Step, quantity: int) -> float:
    factor = step.factor.mean if step.factor is not None else 1.0
    return step.time.mean * factor * (quantity if step.per == "piece" else 1)


def setup_mean(table: SetupTable, before: str, after: str) -> float:
    """Mean time of a setup from one key of a table to another [s]; '' before: set up for nothing yet."""
    anyone = 0.0 if before == after else table.times.get(("", after), table.other)
    time = table.times.get((before, after), anyone) if before else table.times.get(("", after), table.other)
    if time <= 0:
        return 0.0
    time *= table.factor.mean if table.factor is not None else 1.0
    return time + (table.extra.mean if table.extra is not None else 0.0)


def _merged(windows: list[tuple[int, int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for first, end in windows:
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((first, end))
    return found


def setup_names(run: Run) -> dict[int, str]:
    """Setup key by its number in the arrays of a run."""
    steps = [step for route in run.model.routes for step in route.steps]
    codes = run.world["steps"]["setup"].tolist()
    return {code: step.setup for code, step in zip(codes, steps, strict=False) if step.setup}
