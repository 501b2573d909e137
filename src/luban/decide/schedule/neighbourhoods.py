"""Parts of a schedule that are worth deciding again: stretches of time, some machines, some jobs, related work."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from luban.decide.schedule.bound import earliest
from luban.decide.schedule.model import Scope
from luban.decide.schedule.objective import Objective
from luban.decide.schedule.problem import NEVER, NONE, Floats, Ints, Problem
from luban.decide.schedule.schedule import Schedule

__all__ = ["KINDS", "Field", "Neighbourhood"]

KINDS = ("time", "machines", "jobs", "related")
"""How the free operations are chosen."""

_KEPT = 100
"""Most operations that only shift."""


@dataclass(frozen=True, slots=True, eq=False)
class Neighbourhood:
    """Operations that are free, and those around and after them that keep their order and may shift."""

    free: Ints
    kept: Ints


class Field:
    """Chooses neighbourhoods in the schedules of one problem.

    random   all choice comes from it
    """

    def __init__(self, problem: Problem, objective: Objective, random: np.random.Generator) -> None:
        self.problem, self.objective, self.random = problem, objective, random
        self.head, _, self.tail = earliest(problem)
        self.job_of = problem.job_of
        self.most_kept = _KEPT
        self.movable = problem.fixed_start >= 0

    def choose(self, schedule: Schedule, kind: str, size: int) -> Neighbourhood | None:
        """About `size` free operations of a kind; None where the schedule has no room for it."""
        ready = np.flatnonzero(self.movable & (schedule.start >= 0))
        if ready.size == 0:
            return None
        order = ready[np.lexsort((ready, schedule.start[ready]))]
        chosen = getattr(self, f"_{kind}")(schedule, order, size)
        return self._closed(schedule, order, chosen)

    def scope(self, schedule: Schedule, part: Neighbourhood) -> Scope:
        """Limits of the operations: they move by no more than the part is long."""
        p = self.problem
        free, kept = part.free, part.kept
        begin, until = int(schedule.start[free].min()), int(schedule.end[free].max())
        length = max(until - begin, int((schedule.end - schedule.start)[free].max()))
        low = np.maximum(self.head, begin - length)
        high = schedule.end + length
        high[free] = until + length
        if self.objective.is_makespan:
            high = np.minimum(high, schedule.makespan - self.tail)
        limit = p.deadline[self.job_of]
        high = np.where(limit < NEVER, np.minimum(high, limit - self.tail), high)
        low = np.minimum(low, schedule.start)
        return Scope(free.tolist(), kept.tolist(), low, np.maximum(high, schedule.end), schedule)

    def _closed(self, schedule: Schedule, order: Ints, chosen: Ints) -> Neighbourhood | None:
        """The free ones with their batches; kept are all others from the first free one on, as far as there is room."""
        chosen = self._near(schedule, order, chosen)
        free = np.zeros(self.problem.operation_count, np.bool_)
        free[chosen] = True
        shared = schedule.batch[chosen][schedule.batch[chosen] != NONE]
        if shared.size:
            free |= np.isin(schedule.batch, shared) & self.movable
        starts = schedule.start[order]
        times = schedule.start[free]
        first = int(np.searchsorted(starts, times.min(), "left"))
        last = int(np.searchsorted(starts, times.max(), "right"))
        if last - first > 2 * self.most_kept + int(free.sum()):
            return None
        until = min(len(order), max(last, first + int(free.sum()) + self.most_kept))
        if until < len(order):
            # no batch is cut
            until = int(np.searchsorted(starts, starts[until], "left"))
            until = max(until, last)
        inside = order[first:until]
        return Neighbourhood(np.flatnonzero(free), np.sort(inside[~free[inside]]))

    def _near(self, schedule: Schedule, order: Ints, chosen: Ints) -> Ints:
        """Those of the chosen that lie close enough in time for all between them to be in the model."""
        rank = np.sort(np.searchsorted(schedule.start[order], schedule.start[chosen], "left"))
        reach = self.most_kept + len(chosen)
        if rank[-1] - rank[0] <= reach:
            return chosen
        count = np.searchsorted(rank, rank + reach, "right") - np.arange(len(rank))
        most = np.flatnonzero(count >= 0.9 * count.max())
        begin = rank[int(self.random.choice(most))]
        place = np.searchsorted(schedule.start[order], schedule.start[chosen], "left")
        near: Ints = chosen[(place >= begin) & (place <= begin + reach)]
        return near

    # ---- kinds

    def _worth(self, schedule: Schedule) -> Floats:
        """[J] how much a job deserves attention: late ones more."""
        p = self.problem
        late = np.where(p.due < NEVER, np.maximum(schedule.completion - p.due, 0) * p.weight, 0.0)
        if late.sum() <= 0:
            return np.full(p.job_count, 1.0 / p.job_count)
        share = late / late.sum()
        mixed = 0.7 * share + 0.3 / p.job_count
        return np.asarray(mixed / mixed.sum())

    def _seed(self, schedule: Schedule, order: Ints) -> int:
        """Position in order of an operation of a job that deserves attention."""
        worth = self._worth(schedule)[self.job_of[order]]
        return int(self.random.choice(len(order), p=worth / worth.sum()))

    def _time(self, schedule: Schedule, order: Ints, size: int) -> Ints:
        """All that starts in a stretch of time."""
        size = min(size, len(order))
        at = self._seed(schedule, order)
        first = int(np.clip(at - int(self.random.integers(size)), 0, len(order) - size))
        part: Ints = order[first : first + size]
        return part

    def _machines(self, schedule: Schedule, order: Ints, size: int) -> Ints:
        """A longer stretch of time on a few machines."""
        p, at = self.problem, self._seed(schedule, order)
        few = int(self.random.integers(1, max(2, min(p.machine_count, 1 + p.machine_count // 3)) + 1))
        first = int(schedule.machine[order[at]])
        near = np.unique(p.mode_machine[p.mode_first[order[at]] : p.mode_first[order[at] + 1]])
        others = self.random.permutation(p.machine_count)
        picked = list(dict.fromkeys([first, *self.random.permutation(near).tolist(), *others.tolist()]))[:few]
        own = np.flatnonzero(np.isin(schedule.machine[order], picked))
        reach = min(len(own), size)
        middle = int(np.searchsorted(own, at))
        begin = int(np.clip(middle - int(self.random.integers(reach)), 0, len(own) - reach))
        return order[own[begin : begin + reach]]

    def _jobs(self, schedule: Schedule, order: Ints, size: int) -> Ints:
        """All of a few jobs that run at about the same time."""
        at = self._seed(schedule, order)
        middle = int(schedule.start[order[at]])
        near = self.job_of[order[np.argsort(np.abs(schedule.start[order] - middle), kind="stable")]]
        _, place = np.unique(near, return_index=True)
        jobs = near[np.sort(place)]
        mine = int(self.job_of[order[at]])
        pool = jobs[: max(8, 2 * size)]
        rest = self.random.permutation(pool[pool != mine])
        picked, count = [mine], 0
        for job in [mine, *rest.tolist()]:
            count += int(self.problem.job_first[job + 1] - self.problem.job_first[job])
            if job != mine:
                picked.append(job)
            if count >= size:
                break
        inside = np.isin(self.job_of[order], picked)
        return order[inside][: 2 * size]

    def _related(self, schedule: Schedule, order: Ints, size: int) -> Ints:
        """What hangs together by route and machine with one operation."""
        rank = np.full(self.problem.operation_count, -1, np.int64)
        rank[order] = np.arange(len(order))
        before, after = self._neighbours(schedule, order)
        seed = int(order[self._seed(schedule, order)])
        found, edge = {seed}, [seed]
        while edge and len(found) < size:
            o = edge.pop(int(self.random.integers(len(edge))))
            near = [int(before[o]), int(after[o])]
            if o > 0 and self.job_of[o - 1] == self.job_of[o]:
                near.append(o - 1)
            if o + 1 < len(rank) and self.job_of[o + 1] == self.job_of[o]:
                near.append(o + 1)
            for q in near:
                if q >= 0 and rank[q] >= 0 and q not in found and (self.random.random() < 0.8 or len(edge) < 2):
                    found.add(q)
                    edge.append(q)
        return np.array(sorted(found), np.int64)

    def _neighbours(self, schedule: Schedule, order: Ints) -> tuple[Ints, Ints]:
        """[O] before and after on the machine, or -1."""
        before = np.full(self.problem.operation_count, -1, np.int64)
        after = before.copy()
        by = order[np.argsort(schedule.machine[order], kind="stable")]
        same = schedule.machine[by[1:]] == schedule.machine[by[:-1]]
        before[by[1:][same]] = by[:-1][same]
        after[by[:-1][same]] = by[1:][same]
        return before, after
