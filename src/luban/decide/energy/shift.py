"""Load shifting: the runs of a schedule put where power is cheap, every due date kept.

Machines and orders of work stay as planned; only moments change. Runs are tried at the moments at which the price
changes, beginning or ending there, and whoever stands behind gives way; what makes energy and highest demand cheaper
stays, until nothing does. Then a few moves by chance, and down again; the best is kept. Before that the scheduler may
look for a better plan of its own, with energy as its objective. What comes out is looked at by the checker that knows
nothing of all this.

Reads   a schedule whose problem has powers and a tariff    Writes  nothing
Source  K. Fang, N. Uhan, F. Zhao, J. W. Sutherland, Ann. Oper. Res. 238 (2016) 199-227, doi 10.1007/s10479-015-2003-5
        (one machine under prices by the time of day); M. Pinedo, Scheduling (2016), 4 (timing of a given order)
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np

from luban.core.errors import InputError
from luban.core.time import HOUR, iso, to_datetime
from luban.decide.energy.line import Line, Placed, Times
from luban.decide.schedule.check import find_faults
from luban.decide.schedule.objective import Objective, figures
from luban.decide.schedule.portfolio import solve
from luban.decide.schedule.problem import NEVER, ORDER, Floats, Ints, Problem
from luban.decide.schedule.schedule import Schedule
from luban.norms.tariffs import Tariff

__all__ = [
    "Moved",
    "Risk",
    "Shift",
    "limits_of",
    "load_of",
    "risk_of",
    "shift_load",
    "tariff_steps",
    "with_tariff",
]

_ROUNDS = 8
_TOGETHER = 4  # runs that end together where the price changes
_ENERGY = 7  # place of energy_cost among the figures


@dataclass(frozen=True, slots=True)
class Moved:
    """A run that begins at another moment.

    operations  their names; `jobs` their orders
    before, after  start [tick]; `power` while it works [kW]
    saved       energy cost, its own [money]; negative: it made way
    """

    operations: tuple[str, ...]
    jobs: tuple[str, ...]
    machine: str
    before: int
    after: int
    power: float
    saved: float


@dataclass(frozen=True, eq=False)
class Shift:
    """A plan before and after.

    energy      of machines at work and set up [kWh], before and after: the same but for machines changed
    cost        of it, `demand_cost` of the highest demand [money]
    peak        highest mean power of the machines over a window [kW]
    bound       no plan that ends each order by its limit pays less for energy [money]
    bands       price [money/kWh] → energy before and after [kWh]
    late        orders after their due date, before and after
    searched    the scheduler looked for another plan first
    """

    before: Schedule
    after: Schedule
    energy: tuple[float, float]
    cost: tuple[float, float]
    demand_cost: tuple[float, float]
    peak: tuple[float, float]
    bound: float
    bands: Mapping[float, tuple[float, float]]
    late: tuple[tuple[str, ...], tuple[str, ...]]
    moved: tuple[Moved, ...]
    searched: bool

    @property
    def saved(self) -> float:
        """Energy and demand together [money]."""
        return self.cost[0] + self.demand_cost[0] - self.cost[1] - self.demand_cost[1]

    @property
    def share(self) -> float:
        """Of what was to be paid [1]; 0 where nothing was."""
        paid = self.cost[0] + self.demand_cost[0]
        return self.saved / paid if paid else 0.0


@dataclass(frozen=True, slots=True)
class Risk:
    """What is left of a saving when work takes longer or shorter than planned.

    saved, low, high  mean and interval over `courses` [money]
    late              orders that become late more often under the new plan than under the old, mean number [1]
    """

    saved: float
    low: float
    high: float
    level: float
    courses: int
    late: float


def with_tariff(
    problem: Problem, steps: Sequence[tuple[int, float]], powers: Mapping[str, float] | None = None
) -> Problem:
    """A problem with prices of electricity from ticks on [money/kWh], and powers of machines [kW] where measured.

    Raises  InputError for a machine that is not there, steps out of order, negative powers
    """
    names = {name: at for at, name in enumerate(problem.machines)}
    power = problem.machine_power.copy()
    for name, value in (powers or {}).items():
        if name not in names:
            raise InputError("unknown machine", came=name, expected=", ".join(problem.machines[:8]))
        if not value >= 0:
            raise InputError("a power is zero or more", came=f"{value:g} kW", where=name)
        power[names[name]] = value
    when = np.array([step for step, _ in steps], np.int64)
    if len(when) > 1 and (np.diff(when) <= 0).any():
        raise InputError("steps of a tariff out of order", came=f"{steps[:4]}")
    return replace(
        problem, machine_power=power, tariff_time=when, tariff_price=np.array([price for _, price in steps], float)
    )  # fmt: skip


def tariff_steps(tariffs: Sequence[Tariff], problem: Problem, until: int) -> list[tuple[int, float]]:
    """Prices of a problem's time from a tariff: (tick, price) wherever the price changes, up to a tick.

    tariffs  the first that has a band for a moment counts
    Raises   InputError: abstract time, a tick that does not divide the hour, a moment without a price
    """
    if not problem.tick or HOUR % problem.tick:
        raise InputError("prices need a tick that divides the hour", came=f"{problem.tick} µs", where=problem.name)
    zones = {one.zone: ZoneInfo(one.zone) for one in tariffs}
    quarter = HOUR // 4  # of no zone is the clock ahead by less
    at = problem.start - problem.start % quarter
    steps: list[tuple[int, float]] = []
    while at <= problem.start + until * problem.tick:
        moments = ((one, to_datetime(at, zones[one.zone])) for one in tariffs)
        price = next((float(one.prices[band]) for one, moment in moments if (band := one.band(moment))), None)
        if price is None:
            raise InputError("the tariff has no price for part of the plan", came=iso(at), where=problem.name)
        if not steps or steps[-1][1] != price:
            steps.append(((at - problem.start) // problem.tick, price))
        at += quarter
    return steps


def load_of(schedule: Schedule, minutes: int = 15) -> tuple[Ints, Floats]:
    """Starts of windows [tick] and mean power of all machines in each [kW], from tick 0 to the end of the plan."""
    desk = _Desk(Line(schedule, limits_of(schedule)), 1.0, minutes, 0)
    count = -(-int(schedule.end.max(initial=0)) // desk.window)
    power = np.array([desk.profile.get(at, 0.0) for at in range(count)])
    return np.arange(count, dtype=np.int64) * desk.window, power


def limits_of(schedule: Schedule) -> Ints:
    """[J] by when each job must end [tick].

    Its due date, or its end in the plan where that is later already; the end of the whole plan where nothing is due;
    a deadline in any case.
    """
    p, done = schedule.problem, schedule.completion
    whole = int(schedule.end.max(initial=0))
    due = np.where(p.due < NEVER, p.due, whole)
    out: Ints = np.minimum(np.maximum(due, done), np.maximum(p.deadline, done))
    return out


def shift_load(
    schedule: Schedule,
    *,
    demand_price: float = 0.0,
    demand_minutes: int = 15,
    seconds: float = 10.0,
    tries: int = 100,
    search: float = 0.0,
    now: int = 0,
    seed: int = 0,
) -> Shift:
    """The plan with its runs where power is cheap.

    demand_price    of the highest demand of the machines in the plan [money/kW]; 0: not looked at
    demand_minutes  length of the windows that demand is measured over
    seconds         to try moments [s]
    tries           times that it begins anew from a few moves by chance; `seed` of them
    search          time for the scheduler to look for another plan first [s]; 0: machines and order stay as planned
    now             runs that begin before it stay [tick]
    Raises          InputError: no tariff, no powers, abstract time, a plan that breaks its own rules
    """
    p = schedule.problem
    _usable(p, schedule)
    start, searched = schedule, False
    if search > 0:
        start = _searched(schedule, search, seed)
        searched = start is not schedule
    desk = _Desk(Line(start, limits_of(schedule)), demand_price, demand_minutes, now)
    desk.work(time.monotonic() + seconds, tries, seed)
    return _told(schedule, desk.schedule(), demand_price, demand_minutes, searched)


def _usable(p: Problem, schedule: Schedule) -> None:
    if not p.tick:
        raise InputError("time in this problem is abstract, and prices are of a clock", where=p.name)
    if not p.tariff_time.size:
        raise InputError("no tariff", where=p.name, hint="[[tariff]] in schedule.toml, or --tariff")
    if not (p.machine_power > 0).any():
        raise InputError("no machine has a power", where=p.name, hint="power in [[machine]] of schedule.toml")
    if faults := find_faults(schedule):
        raise InputError("the plan breaks its own rules", came=str(faults[0]), where=p.name)


def _searched(schedule: Schedule, seconds: float, seed: int) -> Schedule:
    """A plan of the scheduler that keeps the limits and pays less for energy; the same where it finds none."""
    limits = limits_of(schedule)
    bounded = replace(schedule.problem, deadline=np.minimum(schedule.problem.deadline, limits))
    first = replace(schedule, problem=bounded)
    found = solve(bounded, Objective.parse("energy_cost > flow_time"), seconds=seconds, seed=seed, first=first).schedule
    same = replace(found, problem=schedule.problem)
    better = figures(same)[_ENERGY] < figures(schedule)[_ENERGY] - 1e-9
    return same if better and not find_faults(same) else schedule


class _Desk:
    """Runs tried at other moments."""

    def __init__(self, line: Line, demand_price: float, minutes: int, now: int) -> None:
        p = self.problem = line.problem
        self.line, self.demand_price, self.now = line, demand_price, now
        self.hours = p.tick / HOUR
        self.window = max(1, minutes * 60_000_000 // p.tick)
        self.power = [float(p.machine_power[span.machine]) for span in line.spans]
        self.costs = [self.cost(at, placed) for at, placed in enumerate(line.placed)]
        self.profile: dict[int, float] = defaultdict(float)
        if demand_price:
            for at, placed in enumerate(line.placed):
                self._load(at, placed, 1.0, self.profile)
        self._next = {span.machine_before: at for at, span in enumerate(line.spans)}
        self.pools = bool(p.need_pool.size or (p.machine_setup_pool >= 0).any())
        self.peak = max(self.profile.values(), default=0.0)

    def cost(self, at: int, placed: Placed) -> float:
        """What a run pays for energy [money]."""
        times = self.line.times[self.line.spans[at].machine]
        if not self.power[at]:
            return 0.0
        return self.power[at] * self.hours * (times.paid(placed[0], placed[1]) + times.paid(placed[2], placed[3]))

    def work(self, until: float, tries: int, seed: int) -> None:
        """Down to where no single move saves; then again and again from a few moves by chance, the best is kept."""
        planned = list(self.line.placed)
        self._descend(until)
        self._from_late(planned, until)
        rng = np.random.default_rng(seed)
        free = [at for at, span in enumerate(self.line.spans) if span.free and self.line.placed[at][0] >= self.now]
        best, least = list(self.line.placed), self.total
        for _ in range(tries if free else 0):
            if time.monotonic() > until:
                break
            for at in rng.choice(free, size=min(len(free), int(rng.integers(1, 4)))).tolist():
                moments = self._moments(at)
                changed = self._put_off(at, moments[int(rng.integers(len(moments)))]) if moments else None
                if changed is not None:
                    self._take(changed, self._profile(changed) if self.demand_price else {})
            self._descend(until)
            sound = self.total < least - 1e-9 and not (self.pools and find_faults(self.schedule()))
            if sound:
                best, least = list(self.line.placed), self.total
            else:
                self._back(best)

    def _from_late(self, planned: list[Placed], until: float) -> None:
        """Once more from the plan with every run as late as it may be; kept where that ends cheaper."""
        best, least = list(self.line.placed), self.total
        self._back(planned)
        after: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for at, span in enumerate(self.line.spans):
            for run, wait, _ in span.follows:
                after[run].append((at, wait))
        for at in range(len(self.line.spans) - 1, -1, -1):
            span, placed = self.line.spans[at], self.line.placed
            if time.monotonic() > until or not span.free or placed[at][0] < self.now:
                continue
            ends = [max(span.limit, placed[at][3]), *(placed[run][2] - wait for run, wait in after[at])]
            if (later := self._next.get(at)) is not None:
                ends.append(placed[later][0])
            latest = self.line.times[span.machine].before(min(ends), span.length)
            changed = self._put_off(at, latest[0]) if latest is not None and latest[0] > placed[at][2] else None
            if changed is not None:
                self._take(changed, self._profile(changed) if self.demand_price else {})
        if not (self.pools and find_faults(self.schedule())):
            self._descend(until)
        if self.total >= least - 1e-9 or (self.pools and find_faults(self.schedule())):
            self._back(best)

    @property
    def total(self) -> float:
        """What is paid for energy and highest demand [money]."""
        return sum(self.costs) + self.demand_price * self.peak

    def _descend(self, until: float) -> None:
        """Round after round, from the last run to the first and back, until nothing gets better or time is over."""
        count = len(self.line.spans)
        for _ in range(_ROUNDS):
            better = 0
            for at in (*range(count - 1, -1, -1), *range(count)):
                if time.monotonic() > until:
                    return
                better += self._try(at)
            if not better:
                return

    def _put_off(self, at: int, start: int) -> dict[int, Placed] | None:
        """What changes when a run is moved; None where it may not be."""
        changed = self.line.pushed(at, max(start, self.now))
        if changed is None or any(placed[0] < self.now for placed in changed.values()):
            return None
        return changed

    def _take(self, changed: Mapping[int, Placed], profile: Mapping[int, float]) -> None:
        for run, placed in changed.items():
            self.line.placed[run] = placed
            self.costs[run] = self.cost(run, placed)
        if self.demand_price:
            self.profile = defaultdict(float, profile)
            self.peak = max(self.profile.values(), default=0.0)

    def _back(self, placed: list[Placed]) -> None:
        """To how the runs stood."""
        changed = {run: was for run, was in enumerate(placed) if was != self.line.placed[run]}
        self._take(changed, self._profile(changed) if self.demand_price else {})

    def _try(self, at: int) -> bool:
        """The best other moment of a run; taken where it saves."""
        span, old = self.line.spans[at], self.line.placed[at]
        if not span.free or old[0] < self.now:
            return False
        best: tuple[float, dict[int, Placed], dict[int, float]] | None = None
        for start in self._moments(at):
            changed = self._put_off(at, start)
            if changed is None:
                continue
            gain = sum(self.costs[run] - self.cost(run, placed) for run, placed in changed.items())
            profile: dict[int, float] = {}
            if self.demand_price:
                profile = self._profile(changed)
                gain += self.demand_price * (self.peak - max(profile.values(), default=0.0))
            if gain > max(1e-9, 1e-12 * abs(sum(self.costs))) and (best is None or gain > best[0]):
                best = gain, changed, profile
        if best is None or (self.pools and find_faults(self.line.with_(best[1]))):
            return False
        self._take(best[1], best[2])
        return True

    def _moments(self, at: int) -> list[int]:
        """Starts worth a look: beginning or ending where the price changes, as early as may be."""
        span, old = self.line.spans[at], self.line.placed[at]
        times, steps = self.line.times[span.machine], self.problem.tariff_time
        machine, ready = self.line.earliest(at, self.line.placed)
        low, high = min(ready, old[2]), max(span.limit, old[3])
        found, lengths = {ready, machine + span.setup}, self._blocks(at)
        for step in steps[(steps > low) & (steps < high)].tolist():
            found.add(step)
            found |= {ended[0] for length in lengths if (ended := times.before(step, length)) is not None}
        if self.demand_price:
            found |= {old[2] + turn * self.window for turn in (-4, -2, -1, 1, 2, 4)} | {old[3]}
        return sorted(one for one in found if one >= low and one != old[2])

    def _blocks(self, at: int) -> list[int]:
        """Length of a run alone, and together with those that follow it on its machine without a break."""
        found, run = [self.line.spans[at].length], at
        for _ in range(_TOGETHER):
            later = self._next.get(run)
            if later is None or self.line.placed[later][0] > self.line.placed[run][3]:
                break
            found.append(found[-1] + self.line.spans[later].setup + self.line.spans[later].length)
            run = later
        return found

    def _load(self, at: int, placed: Placed, sign: float, into: dict[int, float]) -> None:
        """Mean power of a run in each window."""
        power = self.power[at]
        if not power:
            return
        times = self.line.times[self.line.spans[at].machine]
        for begin, end in ((placed[0], placed[1]), (placed[2], placed[3])):
            for window in range(begin // self.window, -(-end // self.window)):
                low, high = max(begin, window * self.window), min(end, (window + 1) * self.window)
                into[window] = into.get(window, 0.0) + sign * power * (times.opened(high) - times.opened(low)) / (
                    self.window
                )

    def _profile(self, changed: Mapping[int, Placed]) -> dict[int, float]:
        after = dict(self.profile)
        for run, placed in changed.items():
            self._load(run, self.line.placed[run], -1.0, after)
            self._load(run, placed, 1.0, after)
        return after

    def schedule(self) -> Schedule:
        """As the runs stand now."""
        return self.line.with_({})


# ---- what came of it


def _told(before: Schedule, after: Schedule, demand_price: float, minutes: int, searched: bool) -> Shift:
    p = before.problem
    if faults := find_faults(after):
        raise InputError("the shifted plan breaks a rule", came=str(faults[0]), where=p.name)
    limits = limits_of(before)
    sides = [_Desk(Line(one, limits), 1.0, minutes, 0) for one in (before, after)]
    prices = [_by_price(desk) for desk in sides]
    energy = [sum(one.values()) for one in prices]
    bands = {
        price: (prices[0].get(price, 0.0), prices[1].get(price, 0.0)) for price in sorted({*prices[0], *prices[1]})
    }
    cost = [float(figures(one)[_ENERGY]) for one in (before, after)]
    peak = [desk.peak for desk in sides]
    return Shift(
        before, after, (energy[0], energy[1]), (cost[0], cost[1]),
        (demand_price * peak[0], demand_price * peak[1]), (peak[0], peak[1]), _bound(before, limits),
        bands, (_late(before), _late(after)),
        _moves(sides[0], sides[1]), searched,
    )  # fmt: skip


def _by_price(desk: _Desk) -> dict[float, float]:
    """Energy at each price [kWh]."""
    steps = desk.problem.tariff_time.tolist()
    found: dict[float, float] = defaultdict(float)
    for at, placed in enumerate(desk.line.placed):
        times = desk.line.times[desk.line.spans[at].machine]
        for begin, end in ((placed[0], placed[1]), (placed[2], placed[3])):
            edges = [begin, *(step for step in steps if begin < step < end), end]
            for low, high in pairwise(edges):
                worked = times.opened(high) - times.opened(low)
                found[times.price(low)] += desk.power[at] * worked * desk.hours
    return {price: energy for price, energy in found.items() if energy}


def _moves(old: _Desk, new: _Desk) -> tuple[Moved, ...]:
    p = old.problem
    was = {span.operations: at for at, span in enumerate(old.line.spans)}
    found = []
    for at, span in enumerate(new.line.spans):
        before = was.get(span.operations)
        if before is None:  # shared with others before: each is told by its first operation
            before = int(old.line.run_of[span.operations[0]])
        begun, begins = old.line.placed[before][2], new.line.placed[at][2]
        if begun == begins and old.line.spans[before].machine == span.machine:
            continue
        names = tuple(p.operations[o] for o in span.operations)
        jobs = tuple(dict.fromkeys(p.jobs[int(p.job_of[o])] for o in span.operations))
        saved = old.costs[before] - new.costs[at]
        found.append(Moved(names, jobs, p.machines[span.machine], begun, begins, new.power[at], saved))
    return tuple(sorted(found, key=lambda one: (-one.saved, one.after, one.operations)))


def _late(schedule: Schedule) -> tuple[str, ...]:
    p = schedule.problem
    late = (p.job_kind == ORDER) & (p.due < NEVER) & (schedule.completion > p.due)
    return tuple(p.jobs[at] for at in np.flatnonzero(late).tolist())


def _bound(schedule: Schedule, limits: Ints) -> float:
    """Least that each operation can pay on any machine between its earliest start and its latest end [money]."""
    p = schedule.problem
    times = {c: Times(p, c) for c in {int(c) for c in p.machine_calendar}}
    shortest = np.array([min(t for _, t in p.modes(o)) for o in range(p.operation_count)], np.int64)
    head, tail = shortest * 0, shortest * 0
    for j in range(p.job_count):
        first, last = int(p.job_first[j]), int(p.job_first[j + 1])
        begin, end = int(p.release[j]), max(int(limits[j]), int(schedule.end[last - 1]))
        for o in range(first, last):
            head[o] = begin
            begin += int(shortest[o] + p.lag[o])
        for o in range(last - 1, first - 1, -1):
            tail[o] = end
            end -= int(shortest[o]) + (int(p.lag[o - 1]) if o > first else 0)
    total = 0.0
    for o in range(p.operation_count):
        if p.fixed_start[o] != NEVER:
            continue
        total += min(
            _least(times[int(p.machine_calendar[m])], p.tariff_time, int(head[o]), int(tail[o]), length)
            * float(p.machine_power[m]) * (p.size[o] / p.machine_batch[m] if p.machine_batch[m] else 1.0)
            for m, length in p.modes(o)
        )  # fmt: skip
    return total * p.tick / HOUR


def _least(times: Times, steps: Ints, head: int, tail: int, length: int) -> float:
    """Least price · tick of work of a length within a span; 0 where it does not fit, which bounds nothing."""
    edges = [step for step in (*steps.tolist(), *times.opens, *times.closes) if head < step < tail]
    tried = [times.place(edge, length) for edge in (head, *edges)]
    tried += [times.before(edge, length) for edge in (tail, *edges)]
    costs = [times.paid(*one) for one in tried if one is not None and one[0] >= head and one[1] <= tail]
    return min(costs, default=0.0)


# ---- when work takes longer than planned


def risk_of(
    shift: Shift,
    *,
    spread: float = 0.1,
    power_spread: float = 0.05,
    courses: int = 100,
    level: float = 0.9,
    seed: int = 0,
) -> Risk:
    """Both plans gone through with the same chance: each run takes longer or shorter, each machine draws more or less.

    A run begins when it is planned, or later when what stands before it is late.

    spread, power_spread  standard deviation of a run's time and of a machine's power, over the planned [1]
    """
    p = shift.before.problem
    rng = np.random.default_rng(seed)
    lines = [Line(one, limits_of(one)) for one in (shift.before, shift.after)]
    saved, late = np.zeros(courses), np.zeros((courses, 2))
    for course in range(courses):
        stretch = np.exp(spread * rng.standard_normal(p.operation_count) - spread * spread / 2)
        power = p.machine_power * np.exp(power_spread * rng.standard_normal(p.machine_count) - power_spread**2 / 2)
        for side, line in enumerate(lines):
            cost, ends = _played(line, stretch, power)
            saved[course] += cost if side == 0 else -cost
            late[course, side] = float(((p.due < NEVER) & (p.job_kind == ORDER) & (ends > p.due)).sum())
    low, high = np.quantile(saved, [(1 - level) / 2, (1 + level) / 2])
    more = float((late[:, 1] - late[:, 0]).mean())
    return Risk(float(saved.mean()), float(low), float(high), level, courses, more)


def _played(line: Line, stretch: Floats, power: Floats) -> tuple[float, Ints]:
    """Energy cost [money] and the end of each job when runs take as long as drawn."""
    p = line.problem
    placed: dict[int, Placed] = {}
    ends = np.zeros(p.operation_count, np.int64)
    cost = 0.0
    for at, span in enumerate(line.spans):
        old = line.placed[at]
        machine, ready = line.earliest(at, placed)
        length = max(1, round(span.length * float(stretch[span.operations[0]]))) if span.free else span.length
        put = line.put(at, machine, max(ready, old[2]), length) if span.free else old
        put = put or (old[0], old[1], old[2], old[2] + length)
        if old[0] >= machine and old[1] <= put[2]:
            put = (old[0], old[1], put[2], put[3])
        placed[at] = put
        ends[list(span.operations)] = put[3]
        times = line.times[span.machine]
        cost += float(power[span.machine]) * (times.paid(put[0], put[1]) + times.paid(put[2], put[3]))
    return cost * p.tick / HOUR, ends[p.job_first[1:] - 1]
