"""Repair against a full re-plan: 500 orders on 40 machines, a breakdown of five hours, two seconds to mend the plan.

    python -m benchmarks.repair [--seeds 3] [--plan 60] [--full 60] [--seconds 2] [--objective TEXT]

A line a breakdown: machine, share of the untouched operations that keep machine and start, value of the old plan, of
the repair and of the full re-plan from the same state (the better one of a start from nothing and a start from the
repair), gap between the two, seconds.
"""

from __future__ import annotations

import argparse
import statistics
import time

import numpy as np

from benchmarks.factory import DAY, factory
from luban.decide.schedule import Objective, solve
from luban.decide.schedule.check import find_faults
from luban.decide.schedule.events import Breakdown
from luban.decide.schedule.repair import Repair, repair
from luban.decide.schedule.schedule import Schedule

__all__ = ["main"]

OBJECTIVE = "tardiness + 0.1*flow_time + setup_time"
HOURS = 5


def main(arguments: list[str] | None = None) -> int:
    """Runs the table; returns 0 where every plan passed the checker."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--plan", type=float, default=60.0, help="seconds for the plan in force")
    parser.add_argument("--full", type=float, default=60.0, help="seconds for the full re-plan")
    parser.add_argument("--seconds", type=float, default=2.0, help="seconds for the repair")
    parser.add_argument("--objective", default=OBJECTIVE)
    parser.add_argument("--orders", type=int, default=500)
    parser.add_argument("--machines", type=int, default=40)
    chosen = parser.parse_args(arguments)
    objective = Objective.parse(chosen.objective)
    gaps, kept, good = [], [], True
    print("seed machine load  kept   plan      repair    full      gap    seconds  options (kept: value)")
    for seed in range(chosen.seeds):
        problem = factory(seed, orders=chosen.orders, machines=chosen.machines)
        plan = solve(problem, objective, seconds=chosen.plan, seed=seed).schedule
        for rank in (0.1, 0.5, 0.9):
            now, machine = _moment(plan, rank)
            event = Breakdown(problem.machines[machine], now, now + HOURS * 60)
            repair(plan, [event], now, objective, rounds=10)  # compiled code comes into memory
            began = time.perf_counter()
            mended = repair(plan, [event], now, objective, seconds=chosen.seconds, seed=seed)
            took = time.perf_counter() - began
            full = _full(mended, objective, chosen.full, seed)
            value = mended.best.value[0]
            gaps.append(value / full - 1)
            kept.append(mended.best.kept)
            good = good and all(find_faults(option.schedule) == () for option in mended.options)
            points = ", ".join(f"{option.kept:.3f}: {option.value[0]:,.0f}" for option in mended.options)
            print(
                f"{seed:4} {event.machine:7} {rank:4.1f} {mended.best.kept:6.3f} {mended.before[0]:9,.0f} "
                f"{value:9,.0f} {full:9,.0f} {100 * gaps[-1]:6.2f} % {took:6.2f}   {points}",
                flush=True,
            )
    print(f"mean gap {100 * statistics.mean(gaps):.2f} %, worst {100 * max(gaps):.2f} %; least kept {min(kept):.3f}")
    return 0 if good else 1


def _moment(plan: Schedule, rank: float) -> tuple[int, int]:
    """The third morning at ten, and the machine that stands at this rank of those by work that is left."""
    now = 2 * DAY + 600
    left = np.where(plan.start >= now, plan.end - plan.start, 0)
    work = np.bincount(plan.machine, weights=left, minlength=plan.problem.machine_count)
    return now, int(np.argsort(work)[int(rank * (plan.problem.machine_count - 1))])


def _full(mended: Repair, objective: Objective, seconds: float, seed: int) -> float:
    """Value of the best full re-plan of what is left, in half of the time from nothing and in half from the repair."""
    problem = mended.frozen.problem
    values = []
    for first in (None, mended.cheapest.schedule):
        found = solve(problem, objective, seconds=seconds / 2, seed=seed, first=first).schedule
        values.append(objective.value(mended.frozen.lift(found))[0])
    return min(values)


if __name__ == "__main__":
    raise SystemExit(main())
