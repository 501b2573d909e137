"""Random shops with any mix of features, and a schedule that proves each of them feasible.

Every shop is feasible in an obvious way: from tick HORIZON on everything is open, pools hold all that one operation and
one setup can ask for, and there is room to do maintenance, then what is fixed, then one job after another.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from luban.decide.schedule.build import Builder
from luban.decide.schedule.problem import MAINTENANCE, NEVER, NONE, Problem
from luban.decide.schedule.schedule import Schedule

__all__ = ["FEATURES", "HORIZON", "shop", "shops", "witness"]

FEATURES = (
    "flexible",
    "flow",
    "reentrant",
    "setups",
    "interrupts",
    "windows",
    "pools",
    "levels",
    "setup_pools",
    "batches",
    "lags",
    "max_lags",
    "no_wait",
    "moves",
    "maintenance",
    "fixed",
    "in_progress",
    "locked",
    "releases",
    "dues",
    "deadlines",
    "weights",
    "ready",
    "tariff",
    "zeros",
)
"""What a shop may have: flexible machines, one route for all (flow), routes that come back to a machine, setups,
calendars that interrupt work and such that do not (windows), second resources, whose size changes (levels), setters,
batch machines, lags, longest waits, waits of none at all, transport, maintenance to be placed, fixed starts, operations
in progress, fixed machines (locked), release and due dates, deadlines, weights, machines free later, a tariff of
electricity, and operations of no length (these without setup family: times do not tell their order)."""

HORIZON = 60
"""From here on everything is open [tick]."""

_OPEN_END = 2**40
_PAST = -60
_LONGEST, _SETUP, _LAG, _MOVE, _NEED = 9, 6, 4, 3, 2


def shop(seed: int = 0, *, jobs: int = 4, machines: int = 3, steps: int = 3, **features: bool) -> Problem:
    """A random shop.

    seed      same seed and features, same shop
    steps     most operations of a job
    features  names of FEATURES

    Example  >>> shop(1, setups=True, windows=True, jobs=5).job_count
             5
    """
    unknown = set(features) - set(FEATURES)
    if unknown:
        raise ValueError(f"unknown features {sorted(unknown)}")
    return _Shop(seed, jobs, machines, steps, {name for name, there in features.items() if there}).problem()


@st.composite
def shops(
    draw: st.DrawFn, max_jobs: int = 5, max_machines: int = 4, max_steps: int = 4, without: tuple[str, ...] = ()
) -> Problem:
    """Any shop; `without` names features to leave out."""
    names = [name for name in FEATURES if name not in without]
    features: dict[str, Any] = dict.fromkeys(draw(st.sets(st.sampled_from(names), max_size=8)), True)
    return shop(
        draw(st.integers(0, 10_000)),
        jobs=draw(st.integers(1, max_jobs)),
        machines=draw(st.integers(1, max_machines)),
        steps=draw(st.integers(1, max_steps)),
        **features,
    )


class _Shop:
    def __init__(self, seed: int, jobs: int, machines: int, steps: int, features: set[str]) -> None:
        self.random = np.random.default_rng(seed)
        self.jobs, self.steps, self.has = jobs, steps, features
        self.machines = [f"M{number + 1}" for number in range(machines)]
        self.families = ["red", "green", "blue"] if "setups" in features else []
        self.pools = ["crew", "gauge"] if features & {"pools", "levels"} else []
        self.batches = self.machines[:: max(1, machines // 2)] if "batches" in features else []
        self.begun = self._begun()
        tariff = "tariff" in features
        self.builder = Builder(f"shop {seed}", 1_767_571_200_000_000 if tariff else 0, 60_000_000 if tariff else 0)

    def between(self, low: int, high: int) -> int:
        return int(self.random.integers(low, high + 1))

    def chance(self, share: float) -> bool:
        return bool(self.random.random() < share)

    def some(self, names: list[str]) -> str:
        return names[self.between(0, len(names) - 1)]

    def problem(self) -> Problem:
        for make in (self._calendars, self._resources, self._machines, self._setups, self._moves, self._tariff):
            make()
        self._maintenance()
        route = [self.some(self.machines) for _ in range(self.steps)] if "flow" in self.has else []
        for number in range(self.jobs):
            self._job(f"J{number + 1}", number, route)
        return self.builder.problem()

    def _begun(self) -> dict[int, str]:
        """Jobs that hold a machine at tick 0, on different machines."""
        if "in_progress" not in self.has:
            return {}
        count = self.between(1, max(1, min(self.jobs, len(self.machines)) - 1))
        names = self.random.permutation(self.machines)[:count].tolist()
        return dict(enumerate(names))

    def _windows(self) -> list[tuple[int, int]]:
        at, found = self.between(10, 20), [(_PAST, self.between(4, 9))]
        while at < HORIZON - 10:
            end = at + self.between(3, 15)
            found.append((at, min(end, HORIZON - 5)))
            at = end + self.between(1, 10)
        return [*found, (HORIZON, _OPEN_END)]

    def _calendars(self) -> None:
        for kind in self.has & {"interrupts", "windows"}:
            for number in (1, 2):
                self.builder.calendar(f"{kind} {number}", self._windows(), interrupts=kind == "interrupts")

    def _resources(self) -> None:
        full = _NEED + 1
        for name in [*self.pools, *(["setters"] if "setup_pools" in self.has else [])]:
            if "levels" not in self.has:
                self.builder.pool(name, self.between(full, full + 1))
                continue
            times = sorted({0, *(self.between(1, HORIZON - 1) for _ in range(self.between(1, 3)))})
            self.builder.pool(name, [(time, self.between(0, full)) for time in times] + [(HORIZON, full)])

    def _machines(self) -> None:
        kinds = [f"{kind} {number}" for kind in sorted(self.has & {"interrupts", "windows"}) for number in (1, 2)]
        setters = [name for name in ("setters", *self.pools[:1]) if "setup_pools" in self.has]
        for name in self.machines:
            self.builder.machine(
                name,
                calendar=self.some(["", *kinds]),
                table=self.some(["wide", "narrow", ""]) if self.families else "",
                family=self.some(["", *self.families]) if self.families else "",
                ready=self.between(0, 20) if "ready" in self.has and name not in self.begun.values() else 0,
                batch=self.between(2, 5) if name in self.batches else 0,
                power=float(self.between(0, 50)) if "tariff" in self.has else 0.0,
                setup_pool=self.some(["", *setters]),
            )

    def _setups(self) -> None:
        for table, most in (("wide", _SETUP), ("narrow", 2)) if self.families else ():
            for before in ["", *self.families]:
                for after in self.families:
                    if before != after:
                        self.builder.setup(table, before, after, self.between(0, most), float(self.between(0, 9)))

    def _moves(self) -> None:
        for before in self.machines if "moves" in self.has else ():
            for after in self.machines:
                if before != after:
                    self.builder.move(before, after, self.between(0, _MOVE))

    def _tariff(self) -> None:
        if "tariff" in self.has:
            self.builder.tariff([(20 * step, 0.1 * self.between(1, 9)) for step in range(6)])

    def _maintenance(self) -> None:
        if "maintenance" not in self.has:
            return
        count = self.between(1, 2)
        for number in range(count):
            last = HORIZON + count * _LONGEST + self.between(0, 30)
            self.builder.job(f"care {number + 1}", release=self.between(0, 30), deadline=last, maintenance=True)
            self.builder.operation(f"care {number + 1}", {self.some(self.machines): self.between(1, _LONGEST)})

    def _job(self, name: str, number: int, route: list[str]) -> None:
        has, steps = self.has, len(route) or self.between(1, self.steps)
        reach = HORIZON + self.jobs * self.steps * (_LONGEST + _SETUP + _LAG + _MOVE)
        fixed_at = self._fixed_at(number)
        self.builder.job(
            name,
            release=self.between(0, 30) if "releases" in has and number not in self.begun else 0,
            due=self.between(10, HORIZON + 30) if "dues" in has else NEVER,
            deadline=3 * reach if "deadlines" in has and self.chance(0.4) else NEVER,
            weight=float(self.between(1, 5)) if "weights" in has else 1.0,
        )
        free = list(self.machines)
        for step in range(steps):
            given = route[step] if route else self.some(free if free and "reentrant" not in has else self.machines)
            free = [machine for machine in free if machine != given]
            begun = self.begun.get(number, "") if step == 0 else ""
            self._operation(name, begun or given, begun, fixed_at if step == 0 and not begun else NEVER)

    def _fixed_at(self, number: int) -> int:
        """Fixed starts lie after maintenance, wide apart; about every third job has one."""
        if "fixed" not in self.has or number % 3:
            return NEVER
        return HORIZON + 2 * _LONGEST + _SETUP + (number // 3) * (_LONGEST + _SETUP)

    def _operation(self, job: str, given: str, begun: str, fixed_at: int) -> None:
        has = self.has
        low = 0 if "zeros" in has and not begun else 1
        others = [name for name in self.machines if name != given and "flexible" in has and self.chance(0.5)]
        modes = {name: self.between(max(low, 2 * bool(begun)), _LONGEST) for name in [given, *others]}
        family = self.some(["", *self.families]) if self.families else ""
        batch = self.some(["", "hot", "cold"]) if self.batches else ""
        if batch:
            family = {"hot": "red", "cold": "green"}[batch] if self.families else ""
        if not min(modes.values()):
            family = batch = ""
        lag = self.between(0, _LAG) if "lags" in has else 0
        self.builder.operation(
            job,
            modes,
            family=family,
            needs={} if begun else {name: self.between(1, _NEED) for name in self.pools if self.chance(0.5)},
            size=self.between(1, 2),
            batch="" if begun else batch,
            lag=lag,
            max_lag=self._max_lag(lag) if not begun and fixed_at == NEVER else NEVER,
            fixed_start=self.between(1, min(3, modes[given] - 1)) - modes[given] if begun else fixed_at,
            fixed_machine=given if begun or ("locked" in has and self.chance(0.3)) else "",
        )

    def _max_lag(self, lag: int) -> int:
        if not self.has & {"max_lags", "no_wait"} or self.chance(0.4):
            return NEVER
        least = lag + _MOVE * ("moves" in self.has) + _SETUP * bool(self.families)
        return least if "no_wait" in self.has else least + self.between(0, 10)


def witness(problem: Problem) -> Schedule:
    """A schedule of a shop that keeps every rule: what is in progress, maintenance, what is fixed, then job by job."""
    return _Witness(problem).schedule()


class _Witness:
    """One thing after another from HORIZON on: a setup, an operation, never two setups or two operations at once."""

    def __init__(self, problem: Problem) -> None:
        p = self.problem = problem
        self.machine, self.start, self.end, self.setup_start, self.setup_end = (
            np.zeros(p.operation_count, np.int64) for _ in range(5)
        )
        self.family = p.machine_family.tolist()
        self.now = HORIZON

    def schedule(self) -> Schedule:
        p = self.problem
        for operation in np.flatnonzero(p.fixed_start < 0).tolist():
            self._begun(operation)
        for job in np.flatnonzero(p.job_kind == MAINTENANCE).tolist():
            self._job([int(p.job_first[job])])
        fixed = np.flatnonzero((p.fixed_start >= 0) & (p.fixed_start < NEVER))
        for operation in fixed[np.argsort(p.fixed_start[fixed])].tolist():
            self._fixed(operation)
        for job in np.flatnonzero(p.job_kind != MAINTENANCE).tolist():
            own = range(int(p.job_first[job]), int(p.job_first[job + 1]))
            self._job([operation for operation in own if p.fixed_start[operation] == NEVER])
        alone = np.full(p.operation_count, NONE, np.int64)
        return Schedule(p, self.machine, self.start, self.end, self.setup_start, self.setup_end, alone)

    def _begun(self, o: int) -> None:
        p, machine = self.problem, int(self.problem.fixed_machine[o])
        calendar, left, at = int(p.machine_calendar[machine]), p.mode_on(o, machine), int(p.fixed_start[o])
        while left:
            left -= calendar == NONE or not p.calendar_interrupts[calendar] or self._open(calendar, at)
            at += 1
        self._set(o, machine, int(p.fixed_start[o]), at)

    def _open(self, calendar: int, tick: int) -> bool:
        p = self.problem
        first, last = int(p.calendar_first[calendar]), int(p.calendar_first[calendar + 1])
        return bool(((p.window_start[first:last] <= tick) & (tick < p.window_end[first:last])).any())

    def _set(self, o: int, machine: int, start: int, end: int) -> None:
        self.machine[o], self.start[o], self.end[o] = machine, start, end
        if self.setup_end[o] == 0:
            self.setup_start[o] = self.setup_end[o] = start
        if self.problem.family[o] != NONE:
            self.family[machine] = int(self.problem.family[o])

    def _chosen(self, o: int) -> int:
        given = int(self.problem.fixed_machine[o])
        return given if given != NONE else min(self.problem.modes(o))[0]

    def _needed(self, o: int, machine: int) -> int:
        p = self.problem
        table, family = int(p.machine_table[machine]), int(p.family[o])
        return 0 if NONE in (table, family) else int(p.setup_time[table, self.family[machine], family])

    def _fixed(self, o: int) -> None:
        p, machine, start = self.problem, self._chosen(o), int(self.problem.fixed_start[o])
        spent = self._needed(o, machine)
        if spent:
            self.setup_start[o], self.setup_end[o] = start - spent, start
        self._set(o, machine, start, start + p.mode_on(o, machine))
        self.now = max(self.now, int(self.end[o]))

    def _job(self, own: list[int]) -> None:
        """Setups of machines that the job meets for the first time are done before it begins, the others on the way."""
        p, met = self.problem, set()
        for o in own:
            machine = self._chosen(o)
            if machine not in met and (spent := self._needed(o, machine)):
                self.setup_start[o], self.setup_end[o] = self.now, self.now + spent
                self.now += spent
            met.add(machine)
        for o in own:
            machine = self._chosen(o)
            start = self.now
            if self.setup_end[o] == 0 and (spent := self._needed(o, machine)):
                self.setup_start[o], self.setup_end[o] = self.now, self.now + spent
                start += spent
            if o and p.job_of[o] == p.job_of[o - 1]:
                moved = int(p.move[self.machine[o - 1], machine]) if p.move.size else 0
                start = max(start, int(self.end[o - 1] + p.lag[o - 1]) + moved)
            self._set(o, machine, start, start + p.mode_on(o, machine))
            self.now = int(self.end[o])
