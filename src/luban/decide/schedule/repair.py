"""A plan mended after events: little is moved, and what is moved pays; both ends of that trade are shown."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from luban.core.errors import InputError
from luban.decide.schedule.check import find_faults
from luban.decide.schedule.events import Event, Happened, happen
from luban.decide.schedule.floor import Windows
from luban.decide.schedule.freeze import Frozen, freeze
from luban.decide.schedule.general import GeneralEngine, by_sequences
from luban.decide.schedule.handover import set_up
from luban.decide.schedule.objective import Objective
from luban.decide.schedule.problem import NEVER, NONE
from luban.decide.schedule.ruin import Ruin
from luban.decide.schedule.schedule import Schedule

__all__ = ["Option", "Repair", "mend", "repair"]

_SLICE = 100
_ALLOWANCE = 0.005
"""What the whole allowance of moves must win, of the cost: so much is a move worth."""

_Point = tuple[int, float, Schedule]  # moved, cost, plan
_Part = tuple[float, float, tuple[float, float, float]]


@dataclass(frozen=True, slots=True, eq=False)
class Option:
    """One way to go on.

    schedule  of what is left; its tick 0 is the moment of the repair
    whole     the same with what was done before, in the ticks of the old plan
    value     of the objective over the whole
    moved     operations (of the whole) that count and are not where the old plan had them
    kept      share of those that count which keep machine and start [1]
    changed   operations that go to another machine, hit or not
    """

    schedule: Schedule
    whole: Schedule
    value: tuple[float, ...]
    moved: tuple[int, ...]
    kept: float
    changed: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Repair:
    """A mended plan.

    frozen    what was left to decide
    before    value of the old plan, as if nothing had happened
    options   from the least disturbance to the least cost; none is beaten in both by another
    chosen    index of the one that keeps at least what was asked for, at the least cost and price of moves
    counted   operations that were free to stay: planned, not begun, not locked, not hit by an event itself
    hit       operations that an event itself keeps from their place
    unlocked  operations that were locked or frozen but cannot hold any more
    seconds   how long it took [s]
    """

    frozen: Frozen
    before: tuple[float, ...]
    options: tuple[Option, ...]
    chosen: int
    counted: int
    hit: tuple[int, ...]
    unlocked: tuple[int, ...]
    seconds: float

    @property
    def best(self) -> Option:
        """The chosen option."""
        return self.options[self.chosen]

    @property
    def least(self) -> Option:
        """The least disturbance."""
        return self.options[0]

    @property
    def cheapest(self) -> Option:
        """The least cost."""
        return self.options[-1]


def repair(
    plan: Schedule,
    events: Sequence[Event],
    now: int,
    objective: Objective,
    *,
    seconds: float = 2.0,
    stability: float = 0.9,
    horizon: int = 0,
    locked: Iterable[int | str] = (),
    seed: int = 0,
    rounds: int = 0,
) -> Repair:
    """A plan mended at `now` [tick] after events.

    What can stay stays; the orders that an event hits go into gaps; then ruin and recreate betters the plan on two
    threads, at a price for each move and at most (1 - stability) of them, and on one of them in the end freely.

    events     Breakdown, RushOrder, LateMaterial, AbsentOperator, any number
    seconds    time to search [s]
    stability  share of the operations that count which the chosen option keeps, if that can be [1]
    horizon    what begins before now + horizon keeps machine and start [tick]
    locked     further operations that do
    rounds     search so many rounds on each thread instead of `seconds`
    Raises     InputError for events that name what is not there, and where no plan keeps every rule

    Example    >>> mended = repair(plan, [Breakdown("saw", 60, 300)], 60, Objective.parse("tardiness"))
               >>> mended.best.kept, mended.best.value
    """
    before, world = objective.value(plan), happen(plan, events, now)
    return mend(
        world, now, objective, before, seconds=seconds, stability=stability, horizon=horizon, locked=locked, seed=seed,
        rounds=rounds,
    )  # fmt: skip


def mend(
    world: Happened,
    now: int,
    objective: Objective,
    before: tuple[float, ...],
    *,
    seconds: float = 2.0,
    stability: float = 0.9,
    horizon: int = 0,
    locked: Iterable[int | str] = (),
    seed: int = 0,
    rounds: int = 0,
    search: bool = True,
) -> Repair:
    """As `repair`, of a plan in a world that is given.

    before  value of the plan in the world that it was made for
    search  False: only the first plans, nothing is bettered
    """
    began = time.perf_counter()
    stay = [*locked, *np.flatnonzero(set_up(world.plan, now)).tolist()]  # or their setup would be in vain
    desk = _Desk(world, now, horizon, stay, objective, stability, seed)
    unlocked = desk.lay()
    if search:
        desk.search(began, seconds * 0.9, rounds)
    options, chosen = desk.options()
    frozen = desk.frozen
    return Repair(
        frozen=frozen,
        before=before,
        options=options,
        chosen=chosen,
        counted=int(desk.counts.sum()),
        hit=tuple(np.flatnonzero(world.hit).tolist()),
        unlocked=tuple(sorted(unlocked)),
        seconds=time.perf_counter() - began,
    )


@dataclass(frozen=True, slots=True)
class _Clock:
    """How far a part of the search is: by the clock, or by rounds where they are given."""

    began: float
    seconds: float
    rounds: int
    warm: float

    def share(self, begin: float, end: float, done: int) -> float:
        """Used share of the part from `begin` to `end` of all [1]."""
        if self.rounds:
            return done / max(self.rounds * (end - begin), 1)
        return ((time.perf_counter() - self.began) / max(self.seconds, 1e-9) - begin) / (end - begin)


def _add(points: list[_Point], point: _Point) -> None:
    """Adds a point where none beats it in both; those that it beats go."""
    moved, cost, _ = point
    if any(m <= moved and c <= cost for m, c, _ in points):
        return
    points[:] = [each for each in points if not (moved <= each[0] and cost <= each[1])]
    points.append(point)


class _Desk:
    """A repair at work."""

    def __init__(
        self,
        world: Happened,
        now: int,
        horizon: int,
        locked: Iterable[int | str],
        objective: Objective,
        stability: float,
        seed: int,
    ) -> None:
        self.world, self.objective, self.stability, self.seed = world, objective, stability, seed
        self.frozen = freeze(world.problem, world.plan, now, horizon, locked, world.stopped)
        if self.frozen.problem.operation_count == 0:
            raise InputError("nothing of the plan is left to decide", came=f"tick {now}", where=world.problem.name)
        self.old = self.frozen.lower()
        self.hit = world.hit[self.frozen.operations]
        self.points: list[_Point] = []
        self._free(self.hit)
        self._prepare()

    def _free(self, which: np.ndarray) -> None:
        """Takes the fixed starts off some operations that have not begun, in what is left and in the whole."""
        p, whole, operations = self.frozen.problem, self.frozen.whole, self.frozen.operations
        free = which & (p.fixed_start >= 0)
        asked = self.world.problem.fixed_machine[operations]
        start = whole.fixed_start.copy()
        start[operations[free]] = NEVER
        self.frozen = replace(
            self.frozen,
            problem=replace(
                p,
                fixed_start=np.where(free, NEVER, p.fixed_start),
                fixed_machine=np.where(free, asked, p.fixed_machine),
            ),
            whole=replace(whole, fixed_start=start),
        )

    def _prepare(self) -> None:
        p = self.frozen.problem
        self.counts: np.ndarray = (p.fixed_start == NEVER) & ~self.hit & (self.old.start < NEVER // 2)
        self.most = float(np.floor((1 - self.stability) * self.counts.sum() + 1e-9))
        planned = self.old.start < NEVER // 2
        start = np.where(planned & ~self.hit, np.maximum(self.old.start, 0), NEVER)
        self.ruin = Ruin(p, self.objective, self.seed, start, self.old.machine, self.counts)

    # ---- a first plan

    def lay(self) -> set[int]:
        """A first plan from the old one; returns the operations that had to be unlocked for it."""
        unlocked: set[int] = set()
        for _ in range(50):
            wrong = self._try()
            if wrong is None:
                return unlocked
            free = np.zeros(self.frozen.problem.operation_count, bool)
            free[wrong] = True
            unlocked |= {int(self.frozen.operations[at]) for at in wrong}
            self._free(free)
            self._prepare()
        raise InputError("no plan holds what is locked", where=self.frozen.problem.name)

    def _try(self) -> list[int] | None:
        """Lays all anew in two ways and takes the better one; the locked operations that are in the way, if any are."""
        p, ruin = self.frozen.problem, self.ruin
        found: list[tuple[float, bool, Schedule]] = []
        self.points.clear()
        late: list[int] = []
        for first in (True, False):
            order, machine, start = self._order(first)
            if not ruin.begin(order, machine, start):
                kind, operation = (int(cell) for cell in ruin.bench.state.note[:2])
                if kind == 2 and p.fixed_start[operation] >= 0:
                    return [operation]
                raise ruin.bench.fault()
            ruin.take()
            if ruin.broken:
                rest = ruin.schedule()
                late = late or [at for at in np.flatnonzero(self._pushed(rest)).tolist() if p.fixed_start[at] >= 0]
            self._keep(ruin, self.points)
            cost, moved = float(ruin.sketch.best[1]), int(ruin.sketch.best[2])
            found.append((cost * (1 + _ALLOWANCE * moved / max(self.most, 1.0)), moved > self.most, ruin.schedule()))
        if late:
            return late
        best = min(found, key=lambda each: (each[1], each[0]))[2]
        order = np.lexsort((best.end, best.start)).astype(np.int64)
        ruin.begin(order, best.machine, best.start)
        ruin.take()
        return None

    def _pushed(self, rest: Schedule) -> np.ndarray:
        """[O] operations that start before the one before them on the route lets them."""
        p = self.frozen.problem
        same = p.job_of[1:] == p.job_of[:-1]
        move = p.move[rest.machine[:-1], rest.machine[1:]] if p.move.size else 0
        early = rest.start[1:] < rest.end[:-1] + p.lag[:-1] + move
        return np.append(False, same & early)

    def _order(self, hit_last: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Order, machine and least start of each operation: as planned, what is hit in its turn or after all."""
        p, old = self.frozen.problem, self.old
        planned = old.start < NEVER // 2
        free = self.hit | ~planned
        behind = np.zeros(p.operation_count, bool)
        if hit_last:
            gone = np.cumsum(free | self._displaced())
            base = np.concatenate([[0], gone])[p.job_first[:-1]]
            behind = gone > base[p.job_of]
            free |= behind
        due = np.where(p.due < NEVER, p.due, NEVER // 2)[p.job_of]
        when = np.where(planned, old.start, due)
        order = np.lexsort((np.arange(p.operation_count), when, behind)).astype(np.int64)
        machine = np.where(free, NONE, old.machine)
        return order, machine, np.where(free, 0, np.maximum(old.start, 0))

    def _displaced(self) -> np.ndarray:
        """[O] operations that what is in progress, and ends later now, keeps from their place."""
        p, old, windows = self.frozen.problem, self.old, Windows(self.frozen.problem)
        found = np.zeros(p.operation_count, bool)
        job_of = p.job_of
        begins = np.where(old.setup_end > old.setup_start, old.setup_start, old.start)
        for at in np.flatnonzero(p.fixed_start < 0).tolist():
            machine = int(old.machine[at])
            end = windows.finish(machine, int(old.start[at]), p.mode_on(at, machine))[1]
            if end <= old.end[at]:
                continue
            found |= (old.machine == machine) & (begins < end) & (p.fixed_start >= 0)
            if at + 1 < p.operation_count and job_of[at + 1] == job_of[at]:
                found[at + 1] |= bool(old.start[at + 1] < end + p.lag[at])
        return found

    # ---- the search

    def search(self, began: float, seconds: float, rounds: int) -> None:
        """Betters the plan on two threads: within the allowance; and, with another seed, within it and then free."""
        cost = self._old_cost(self.ruin)
        orders = max(self.frozen.problem.job_count, 1)
        dear = 10 * max(cost, float(self.ruin.sketch.best[1]))
        bound = (_ALLOWANCE * cost / max(self.most, 1.0), dear, self.most)
        free = (0.0, 0.0, 0.0)
        clock = _Clock(began, seconds, rounds, 0.3 * cost / orders)
        mine, others = list(self.points), list(self.points)
        parts = ((0.0, 0.4, bound), (0.4, 1.0, free))
        second = threading.Thread(target=self._run, args=(self._twin(), clock, parts, others))
        second.start()
        self._run(self.ruin, clock, ((0.0, 1.0, bound),), mine)
        second.join()
        for point in mine + others:
            _add(self.points, point)

    def _twin(self) -> Ruin:
        """Another search from the same first plan."""
        sketch = self.ruin.sketch
        twin = Ruin(self.frozen.problem, self.objective, self.seed + 1, sketch.start, sketch.machine, self.counts)
        twin.sketch.weights[:], twin.sketch.base[:] = sketch.weights, sketch.base
        self._start(twin, self.ruin.schedule())
        return twin

    def _run(self, ruin: Ruin, clock: _Clock, parts: Sequence[_Part], points: list[_Point]) -> None:
        """Searches in parts (from, to, prices); a free one begins at the cheapest of the points."""
        for begin, end, prices in parts:
            if not any(prices) and points:
                cheapest = min(points, key=lambda point: (point[1], point[0]))[2]
                if by_sequences(self.frozen.problem):
                    self._anneal(ruin, clock, begin, end, cheapest, points)
                    continue
                self._start(ruin, cheapest)
            ruin.weigh(*prices)
            done = 0
            while (share := clock.share(begin, end, done)) < 1:
                ruin.search(_SLICE, clock.warm * (1 - share) ** 2)
                done += _SLICE
                self._keep(ruin, points)

    def _anneal(
        self, ruin: Ruin, clock: _Clock, begin: float, end: float, plan: Schedule, points: list[_Point]
    ) -> None:
        """The least cost, whatever moves: over the sequences, which is faster than ruin where they say all."""
        engine = GeneralEngine(self.frozen.problem, self.objective, self.seed, plan)
        done = 0
        while clock.share(begin, end, done) < 1:
            plan = engine.advance(engine.grain) or plan
            done += _SLICE
        ruin.weigh(0.0)
        self._start(ruin, plan)
        self._keep(ruin, points)

    @staticmethod
    def _start(ruin: Ruin, plan: Schedule) -> None:
        order = np.lexsort((plan.end, plan.start)).astype(np.int64)
        if ruin.begin(order, plan.machine, plan.start):
            ruin.take(weigh=False)

    def _old_cost(self, ruin: Ruin) -> float:
        """What the old plan costs as far as it is left, all and each job; the present cost where that is none."""
        p, sketch = self.frozen.problem, ruin.sketch
        last = self.old.end[p.job_first[1:] - 1]
        known = last < NEVER // 2
        late = np.where((p.due < NEVER) & known, np.maximum(last - p.due, 0), 0)
        end = np.where(known, last, 0)
        w = sketch.weights
        sketch.base[:] = w[1] * end + w[4] * np.maximum(end - p.release, 0) + w[2] * p.weight * late + w[3] * (late > 0)
        total = float(sketch.base.sum()) if w[1] == 0 else 0.0
        return total if total > 0 else max(float(sketch.best[1]), 1e-6)

    @staticmethod
    def _keep(ruin: Ruin, points: list[_Point]) -> None:
        """The best state joins the points where none beats it in both."""
        cost, moved = float(ruin.sketch.best[1]), int(ruin.sketch.best[2])
        if not any(m <= moved and c <= cost for m, c, _ in points) and not ruin.broken:
            _add(points, (moved, cost, ruin.schedule()))

    # ---- the outcome

    def _moved(self, rest: Schedule) -> np.ndarray:
        there = (rest.start == self.old.start) & (rest.machine == self.old.machine)
        moved: np.ndarray = self.counts & ~there
        return moved

    def options(self) -> tuple[tuple[Option, ...], int]:
        """Up to eight points from the least disturbance to the least cost, each checked, and the chosen one."""
        if not self.points:
            raise self._impossible(self.ruin.schedule())
        points = sorted(self.points, key=lambda point: point[:2])
        price = _ALLOWANCE * points[-1][1] / max(self.most, 1.0)
        able = [at for at, point in enumerate(points) if point[0] <= self.most] or [0]
        chosen = min(able, key=lambda at: points[at][1] + price * points[at][0])
        shown = sorted({0, chosen, len(points) - 1, *np.linspace(0, len(points) - 1, 6).astype(int).tolist()})
        made = {at: self._option(points[at][2]) for at in shown}
        sound = [at for at in shown if not find_faults(made[at].whole)]
        if not sound:
            raise self._impossible(made[chosen].whole)
        nearest = min(sound, key=lambda at: abs(shown.index(at) - shown.index(chosen)))
        return tuple(made[at] for at in sound), sound.index(nearest)

    def _option(self, rest: Schedule) -> Option:
        rest = replace(rest, problem=self.frozen.problem)
        if find_faults(rest):
            raise self._impossible(rest)
        whole = self.frozen.lift(rest)
        moved = self._moved(rest)
        planned = self.old.start < NEVER // 2
        changed = planned & (rest.machine != self.old.machine)
        names = self.frozen.operations
        return Option(
            schedule=rest,
            whole=whole,
            value=self.objective.value(whole),
            moved=tuple(names[moved].tolist()),
            kept=1 - float(moved.sum()) / max(int(self.counts.sum()), 1),
            changed=tuple(names[changed].tolist()),
        )

    def _impossible(self, rest: Schedule) -> InputError:
        faults = find_faults(rest)
        said = faults[0].sentence if faults else "no plan was found"
        return InputError(
            "after this no plan was found that keeps every rule",
            came=said,
            where=self.frozen.problem.name,
            hint="lengthen a deadline or a longest wait, unlock operations, or give more seconds",
        )
