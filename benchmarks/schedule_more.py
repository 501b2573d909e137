"""What `benchmarks.schedule` measures besides files of makespan: first schedules, repair, lot sizing."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.report import Reporter
from benchmarks.schedule_cases import Case, cases

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
    start = time.perf_counter()
    require(problem)
    schedule = first_schedule(problem, Objective())
    times.append(time.perf_counter() - start)
print(json.dumps({"import": imported - begun, "read": read - imported, "cold": times[0], "warm": min(times[1:]),
                  "operations": problem.operation_count, "makespan": schedule.makespan,
                  "faults": len(find_faults(schedule))}))
"""


def run(report: Reporter, options: argparse.Namespace) -> int:
    """The further cases that are asked for; the number of schedules with faults."""
    wanted = set(filter(None, options.families.split(",")))
    faulty = 0
    if not wanted or "first" in wanted:
        faulty += _first(report, options)
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
            **{("cold_s" if name == "cold" else name): value for name, value in found.items()},
        )  # fmt: skip
    report.line("largest file of each family, worst", worst, "s", claim="first")
    return faulty
