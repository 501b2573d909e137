"""A plan mended when a machine of it stands still.

Reads   states, the plan that the floor works by    Writes  nothing
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Any, Final

import numpy as np

from luban.core.time import HOUR, MINUTE
from luban.decide.schedule.earliest import ends_at
from luban.decide.schedule.events import Breakdown, Happened, happen
from luban.decide.schedule.objective import Objective
from luban.decide.schedule.problem import MAINTENANCE, NEVER, NONE
from luban.decide.schedule.schedule import Schedule
from luban.loop.deciding.floor import Act, Heard, Proposal, Seen
from luban.loop.deciding.words import MENDED, NO_LATE_HOUR

__all__ = ["COLUMNS", "RepairPlan", "Working"]

COLUMNS: Final = ("machine", "start", "end", "setup_start", "setup_end", "batch")
"""What a plan consists of."""

_AUTHOR: Final = "luban repair 1"


@dataclass(frozen=True, slots=True)
class Working:
    """The plan that the floor works by: its id and version, the schedule, what it wants small, what stays put."""

    id: str
    version: int
    schedule: Schedule
    objective: str = "tardiness"
    locked: tuple[int, ...] = ()


@dataclass
class RepairPlan:
    """Proposes a mended plan once a machine has been down for a while.

    plan       gives the plan that the floor works by, None where there is none
    least      standing still that short is waited for [µs]
    expected   how long a machine stays down, before any has come back [µs]; then the median of what was seen
    seconds    given to the search [s];  rounds  instead of it
    stability  share of what is planned that keeps machine and start [1]
    late_hour  what an hour of lateness costs, to price a proposal [currency]; None: not priced

    Example    RepairPlan(lambda: working).decide(seen)
    """

    plan: Callable[[], Working | None]
    least: int = 10 * MINUTE
    expected: int = 4 * HOUR
    seconds: float = 2.0
    rounds: int = 0
    stability: float = 0.9
    late_hour: float | None = None
    every: int = MINUTE
    lever: str = "repair"
    concerns: frozenset[str] = frozenset({"state"})
    wakes: frozenset[str] = frozenset()
    _down: dict[str, int] = field(default_factory=dict)
    _lasted: dict[str, list[int]] = field(default_factory=dict)
    _answered: dict[tuple[str, str, int], int] = field(default_factory=dict)  # until when nothing more is said [tick]

    def hear(self, told: Iterable[Heard]) -> None:
        """How long machines stay down is learned from those that came back."""
        for one in told:
            begun = self._down.pop(one.machine, None)
            if begun is not None and one.time > begun:
                self._lasted.setdefault(one.machine, []).append(one.time - begun)
            if one.value == "down":
                self._down[one.machine] = one.time if begun is None else begun

    def decide(self, seen: Seen) -> Sequence[Proposal]:
        """A mended plan for all machines that are down now, where one of them has something to do."""
        down = {
            name: one.since for name, one in seen.machines.items()
            if one.state == "down" and seen.now - one.since >= self.least
        }  # fmt: skip
        working = self.plan() if down else None
        if working is None or working.schedule.problem.tick <= 0:  # abstract time knows no clock
            return ()
        events = self._events(working.schedule, down, seen.now)
        p = working.schedule.problem
        tick = round((seen.now - p.start) / p.tick)
        keys = {(working.id, name, down[name]): one.end for name, one in events.items()}
        if all(self._answered.get(key, -1) > tick for key in keys):
            return ()
        found = self._mended(working, list(events.values()), down, seen.now)
        # nothing to be won now may be another matter once the machine stands longer than was assumed
        self._answered |= dict.fromkeys(keys, NEVER) if found else keys
        return found

    def _events(self, schedule: Schedule, down: Mapping[str, int], now: int) -> dict[str, Breakdown]:
        """Machines that are down while the plan has work for them: until when."""
        p, found = schedule.problem, {}
        for name, since in down.items():
            if name not in p.machines:
                continue
            lasted = self._lasted.get(name)
            end = max(since + (round(median(lasted)) if lasted else self.expected), now + self.least)
            begin, until = (round((moment - p.start) / p.tick) for moment in (since, end))
            at = p.machines.index(name)
            if ((schedule.machine == at) & (schedule.start < until) & (schedule.end > begin)).any():
                found[name] = Breakdown(name, max(begin, 0), max(until, 1))
        return found

    def _mended(
        self, working: Working, events: Sequence[Breakdown], down: Mapping[str, int], now: int
    ) -> tuple[Proposal, ...]:
        from luban.decide.schedule.repair import mend  # compiles: only where something is to be mended

        plan, p = working.schedule, working.schedule.problem
        tick, objective = max(round((now - p.start) / p.tick), 0), Objective.parse(working.objective)
        world = happen(plan, events, tick)
        found = mend(
            world, tick, objective, objective.value(plan), seconds=self.seconds, stability=self.stability,
            locked=working.locked, rounds=self.rounds,
        )  # fmt: skip
        # lateness that has a price is worth any move that saves some of it
        best = found.best if self.late_hour is None else found.cheapest
        waits = _waiting(world, tick) or found.least.whole
        won = float(_late(waits).sum() - _late(best.whole).sum()) * p.tick / HOUR
        moved = (plan.start >= tick) & ((best.whole.machine != plan.machine) | (best.whole.start != plan.start))
        gains = won > 0 if self.late_hour is not None else best.value < objective.value(waits)
        if not gains or not moved.any():
            return ()
        worth = None if self.late_hour is None else won * self.late_hour
        happened = [
            {"kind": "breakdown", "machine": one.machine, "start": one.start, "end": one.end, "resume": one.resume}
            for one in events
        ]  # fmt: skip
        value: dict[str, Any] = {
            "version": working.version, "now": tick, "happened": happened, "kept": best.kept,
            "columns": {name: getattr(best.whole, name).tolist() for name in COLUMNS},
        }  # fmt: skip
        names = ", ".join(one.machine.partition("/")[2] or one.machine for one in events)
        late, before = (int((_late(own) > 0).sum()) for own in (best.whole, waits))
        of = int((plan.start >= tick).sum())
        why = MENDED.format(machine=names, moved=int(moved.sum()), of=of, late=late, before=before)
        once = "; ".join(f"{working.id}: {name} down {down[name]}" for name in sorted(one.machine for one in events))
        facts: dict[str, Any] = {
            "once": once, "won": round(won, 3), "value": list(best.value), "before": list(found.before),
        }  # fmt: skip
        if worth is None:
            facts["unpriced"] = NO_LATE_HOUR
        return (
            Proposal(self.lever, _AUTHOR, Act("schedule", working.id, value), worth, why=why, facts=facts),
        )  # fmt: skip


def _late(schedule: Schedule) -> np.ndarray:
    """Lateness of each order [tick]; 0 in time, without a due date, or for maintenance."""
    p = schedule.problem
    counts = (p.job_kind != MAINTENANCE) & (p.due < NEVER)
    return np.where(counts, np.maximum(schedule.completion - p.due, 0), 0)


def _waiting(world: Happened, now: int) -> Schedule | None:
    """What becomes of the plan where nobody mends it: each machine keeps its work and its order, and all of it waits.

    Second resources are taken as free, so waiting is never made out worse than it is. None: the calendar ends first.
    """
    p, plan = world.problem, world.plan
    start, end = plan.start.copy(), plan.end.copy()
    free, begins = dict.fromkeys(range(p.machine_count), 0), dict[int, tuple[int, int]]()  # of the batch in work
    first = set(p.job_first[:-1].tolist())
    stopped = set(world.stopped)
    for at in np.argsort(plan.start, kind="stable").tolist():
        machine, batch = int(plan.machine[at]), int(plan.batch[at])
        if batch == NONE or begins.get(machine, (NONE, 0))[0] != batch:
            begins[machine] = batch, free[machine]
        begun = int(plan.start[at]) < now and at not in stopped
        modes = slice(int(p.mode_first[at]), int(p.mode_first[at + 1]))
        time = p.mode_time[modes][p.mode_machine[modes] == machine]
        if plan.end[at] > now and len(time):
            if not begun:
                ready = begins[machine][1] + int(plan.setup_end[at] - plan.setup_start[at])
                if at not in first:
                    move = int(p.move[plan.machine[at - 1], machine]) if p.move.size else 0
                    ready = max(ready, int(end[at - 1] + p.lag[at - 1]) + move)
                start[at] = max(int(plan.start[at]), ready, now)
            one = (np.array([value]) for value in (machine, start[at], time[0], begun, False))
            end[at] = ends_at(p, *one)[0]
            if end[at] >= NEVER:
                return None
        free[machine] = max(free[machine], int(end[at]))
    return replace(plan, start=start, end=end, setup_start=start, setup_end=start)
