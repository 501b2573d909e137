"""The exact model, pools: second resources of changing level, held while work is done."""

from __future__ import annotations

from typing import Any

import numpy as np

from luban.decide.schedule.model import Expr, Model, Run
from luban.decide.schedule.model_machines import Machines
from luban.decide.schedule.problem import NONE

__all__ = ["add_pools"]


def add_pools(model: Model, machines: Machines) -> None:
    """Adds a cumulative constraint for each pool that the part uses."""
    pools = _Pools(model, machines)
    for pool in sorted(pools.held):
        pools.close(pool)


class _Pools:
    def __init__(self, model: Model, machines: Machines) -> None:
        self.model, self.cp, self.p = model, model.cp, model.problem
        self.held: dict[int, list[tuple[Any, Expr]]] = {}
        for runs in model.runs.values():
            for run in runs:
                self._run(run)
        for setup in machines.setups:
            pool = int(self.p.machine_setup_pool[setup.run.machine])
            for start, end, literal in setup.hold if pool != NONE else ():
                self._hold(pool, start, end, literal, 1)
        self.placed = {setup.run.operation for setup in machines.setups}

    def _needs(self, o: int) -> dict[int, int]:
        p = self.p
        uses = range(int(p.need_first[o]), int(p.need_first[o + 1]))
        return {int(p.need_pool[k]): int(p.need_amount[k]) for k in uses if p.need_amount[k] > 0}

    def _run(self, run: Run) -> None:
        own = self._needs(run.operation)
        needs = {pool: [(amount, run.lead)] for pool, amount in own.items()}
        for o, literal in run.members:
            for pool, amount in self._needs(o).items():
                needs.setdefault(pool, []).append((amount, literal))
        for pool, parts in needs.items():
            held: Expr = parts[0][0]
            if run.lead is not run.on or len(parts) > 1:
                held = self.cp.new_int_var(0, max(size for size, _ in parts), "")
                for size, literal in parts:
                    self.cp.add(held >= size).only_enforce_if(literal)
            for start, end, literal in run.hold:
                self._hold(pool, start, end, literal, held)

    def _hold(self, pool: int, start: Expr, end: Expr, literal: Expr, amount: Expr) -> None:
        if isinstance(start, int) and isinstance(end, int):
            start, end = max(start, 0), max(end, 0)
        size = (
            self.cp.new_int_var(0, self.model.span, "")
            if not isinstance(end, int) or not isinstance(start, int)
            else end - start
        )
        interval = self.cp.new_optional_interval_var(start, size, end, literal, "")
        self.held.setdefault(pool, []).append((interval, amount))

    def close(self, pool: int) -> None:
        """Fixed holds: those outside the part, and where the level is below its highest."""
        model, p, cp = self.model, self.p, self.cp
        inside = np.flatnonzero(model.inside)
        low = max(0, int(model.scope.low[inside].min()))
        if model.scope.base is not None:
            low = max(0, min(low, int(model.base.start[inside].min())))
        high = int(model.scope.high[inside].max())
        steps = slice(int(p.level_first[pool]), int(p.level_first[pool + 1]))
        times = [max(low, min(high, t)) for t in p.level_time[steps].tolist()] + [high]
        sizes = p.level_size[steps].tolist()
        top = max([0, *(size for a, b, size in zip(times, times[1:], sizes, strict=False) if a < b)])
        if times[0] > low:
            times, sizes = [low, *times], [0, *sizes]
        holds = self.held[pool]
        for a, b, size in zip(times, times[1:], sizes, strict=False):
            if a < b and size < top:
                holds.append((cp.new_fixed_size_interval_var(a, b - a, ""), top - size))
        for a, b, amount in self._outside(pool, low, high):
            holds.append((cp.new_fixed_size_interval_var(a, b - a, ""), amount))
        cp.add_cumulative([interval for interval, _ in holds], [amount for _, amount in holds], top)

    def _outside(self, pool: int, low: int, high: int) -> list[tuple[int, int, int]]:
        model, p = self.model, self.p
        if model.scope.base is None:
            return []
        base, found = model.base, []
        near = ~model.inside & (base.setup_start < high) & (base.end > low)
        runs: dict[Any, tuple[int, int, int, int]] = {}
        for o in np.flatnonzero(near).tolist():
            m, batch = int(base.machine[o]), int(base.batch[o])
            amount = self._needs(o).get(pool, 0)
            key = (m, batch) if batch != NONE else o
            if amount:
                amount = max(amount, runs.get(key, (0, 0, 0, 0))[3])
                runs[key] = m, int(base.start[o]), int(base.end[o]), amount
            carries = base.setup_end[o] > base.setup_start[o] and o not in self.placed
            if carries and p.machine_setup_pool[m] == pool:
                runs["setup", o] = m, int(base.setup_start[o]), int(base.setup_end[o]), 1
        for m, start, end, amount in runs.values():
            opening = model.opening(m)
            spans = zip(opening.opens, opening.closes, strict=True) if opening.interrupts else [(start, end)]
            cut = ((max(a, start, low), min(b, end, high)) for a, b in spans)
            found += [(a, b, amount) for a, b in cut if a < b]
        return found
