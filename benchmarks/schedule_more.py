"""What `benchmarks.schedule` measures besides files of makespan: first schedules, repair, lot sizing."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks import schedule_lots
from benchmarks.factory import factory
from benchmarks.report import Reporter
from benchmarks.schedule_cases import Case, cases
from benchmarks.schedule_peers import WORKERS
from luban.decide.schedule import Objective, find_faults, solve

__all__ = ["run"]

_COLD = """
import json, sys, time
begun = time.perf_counter()
from luban.decide.schedule import Objective, find_faults, read_problem
from luban.decide.schedule.check import require
from luban.decide.schedule.construct import first_schedule
imported = time.perf_counter()
problem = read_problem(sys.argv[1])
read = time.perf_counter()
times = []
for _ in range(3):
    start, worked = time.perf_counter(), time.process_time()
    require(problem)
    schedule = first_schedule(problem, Objective())
    times.append((time.perf_counter() - start, time.process_time() - worked))
print(json.dumps({"import": imported - begun, "read": read - imported, "cold": times[0][0], "cold_cpu": times[0][1],
                  "warm": min(times[1:])[0], "warm_cpu": min(cpu for _, cpu in times[1:]),
                  "operations": problem.operation_count, "makespan": schedule.makespan,
                  "faults": len(find_faults(schedule))}))
"""


_COUNTS = {"operations", "makespan", "faults"}
_SHIFT = 480
"""Ticks that the machine is down."""
_REPAIR = 2.0
"""Seconds that a repair may take."""


def run(report: Reporter, options: argparse.Namespace) -> int:
    """The further cases that are asked for; the number of schedules with faults."""
    wanted = set(filter(None, options.families.split(",")))
    faulty = 0
    if not wanted or "first" in wanted:
        faulty += _first(report, options)
    if not wanted or "repair" in wanted:
        faulty += _repair(report, options)
    if not wanted or "lot_sizing" in wanted:
        faulty += schedule_lots.run(report, options)
    return faulty


def _repair(report: Reporter, options: argparse.Namespace) -> int:
    """A plan of 500 orders on 40 machines, its busiest machine down for a shift: mended, and planned anew.

    The plan in force took --budget seconds (at most 30), so does the new one, at least 60 s unless --quick.
    """
    from luban.decide.schedule.events import Breakdown
    from luban.decide.schedule.repair import repair

    objective, faulty, costs = Objective.parse("tardiness"), 0, []
    plan_s, replan_s = (3.0, 5.0) if options.quick else (min(30.0, options.budget), 60.0)
    warm = factory(99, orders=20, machines=8)
    repair(
        solve(warm, objective, seconds=1).schedule, [Breakdown(warm.machines[0], 400, 500)], 380, objective, seconds=1
    )
    for seed in range(options.seed, options.seed + options.seeds):
        plan = solve(factory(seed), objective, seconds=plan_s, seed=seed, workers=WORKERS).schedule
        p = plan.problem
        now = int(np.quantile(plan.start, 0.25))
        load = np.bincount(plan.machine, (plan.end - plan.start) * (plan.start >= now), p.machine_count)
        down = Breakdown(p.machines[int(load.argmax())], now, now + _SHIFT)
        begun = time.perf_counter()
        mended = repair(plan, [down], now, objective, seconds=_REPAIR - 0.2, seed=seed)
        took = time.perf_counter() - begun
        anew = solve(mended.frozen.problem, objective, seconds=replan_s, seed=seed, workers=WORKERS)
        whole = mended.frozen.lift(anew.schedule)
        cost = objective.value(whole)[0]
        faults = len(find_faults(mended.best.schedule)) + len(find_faults(anew.schedule))
        faulty += faults > 0
        costs.append((mended.best.value[0], cost))
        report.line(
            f"seed {seed}: cost", mended.best.value[0], "weighted min", claim="repair", peer=cost,
            peer_name=f"planned anew, {replan_s:g} s", seconds=round(took, 3), kept=round(mended.best.kept, 4),
            counted=mended.counted, hit=len(mended.hit), before=mended.before[0],
            least_disturbance=mended.least.value[0], least_cost=mended.cheapest.value[0],
            cheapest_kept=round(mended.cheapest.kept, 4), operations=p.operation_count, faults=faults,
        )  # fmt: skip
    ours, theirs = (float(np.mean(own)) for own in zip(*costs, strict=True))
    report.line(
        "mean cost", ours, "weighted min", claim="repair", peer=theirs, peer_name=f"planned anew, {replan_s:g} s"
    )
    return faulty


def _first(report: Reporter, options: argparse.Namespace) -> int:
    """Seconds to a feasible schedule of the largest file of each family: in a fresh process, whose compiled parts
    come from the disk's cache, and in one that has made a schedule before.
    """
    largest: dict[str, Case] = {}
    for case in cases(options.data):
        if case.objective == "makespan" or case.claim == "sdst":
            size = Path(case.path).stat().st_size
            if case.claim not in largest or size > Path(largest[case.claim].path).stat().st_size:
                largest[case.claim] = case
    faulty, worst = 0, 0.0
    chosen = sorted(largest.items(), key=lambda own: -Path(own[1].path).stat().st_size)
    for claim, case in chosen[: 3 if options.quick else None]:
        begun = time.perf_counter()
        done = subprocess.run([sys.executable, "-c", _COLD, case.path], capture_output=True, text=True, check=False)
        whole = time.perf_counter() - begun
        if done.returncode:
            report.line(f"{claim}, {case.name}", None, "s", claim="first", error=done.stderr[-300:])
            faulty += 1
            continue
        found = {name: round(value, 3) for name, value in json.loads(done.stdout).items()}
        faulty += found["faults"] > 0
        worst = max(worst, found["warm"])
        report.line(
            f"{claim}, {case.name}", found.pop("warm"), "s", claim="first", process_s=round(whole, 3),
            **{name if name in _COUNTS else f"{name}_s": own for name, own in found.items()},
        )  # fmt: skip
    report.line("largest file of each family, worst", worst, "s", claim="first")
    return faulty
