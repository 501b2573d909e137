"""Energy by the hour: intervals of hourly savings, agreement with eemeter, load shifting beside an exact solver.

    python -m benchmarks.energy_hourly [--quick] [--json] [--seed N] [--eemeter PYTHON | --found FOLDER]

`interval`: seeds of two years by the hour, the second with a saving of 10 %; noise of whole days, correlated from day
to day, and of hours. Share of the 95 % intervals that hold the true saving. `agreement`: the sample data of eemeter,
fitted by us and by its CalTRACK hourly model in an interpreter that has it (`energy_eemeter.py` says how to make one);
what both expect of the year after. For electricity, hours of 0 are left out for both, as CalTRACK has it. `shift`:
shops whose machines and order are given, on a grid of 15 minutes: cost after shifting beside the optimum of CP-SAT.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from ortools.sat.python import cp_model
from scipy.signal import lfilter

from benchmarks.report import Reporter, arguments
from luban.decide.energy import shift_load
from luban.decide.energy.shift import limits_of
from luban.decide.schedule.build import Builder
from luban.decide.schedule.construct import first_schedule
from luban.decide.schedule.objective import Objective
from luban.decide.schedule.schedule import Schedule
from luban.understand.energy.towt import fit_hourly
from luban.understand.energy.towt_savings import HourlySavings, hourly_savings

START = 1_640_995_200_000_000  # 2022-01-01
HOUR = 3_600_000_000
PRICES = ((0, 0.28), (8, 0.7), (10, 1.3), (15, 0.7), (16, 1.4), (22, 0.7))
_GRID = 900


def main(argv: Sequence[str] | None = None) -> None:
    own = argparse.ArgumentParser(add_help=False)
    own.add_argument("--eemeter", default="", help="python of an environment that has opendsm")
    own.add_argument("--found", type=Path, default=None, help="folder with what energy_eemeter.py wrote")
    mine, rest = own.parse_known_args(argv)
    options = arguments(__doc__ or "", rest)
    report = Reporter("energy_hourly", options, ["luban", "numpy", "scipy", "ortools"])
    _interval(report, options)
    _shift(report, options)
    _agreement(report, options, mine)


def years(seed: int, rho: float, share: float = 0.1) -> tuple[HourlySavings, float]:
    """Found and true saving of one drawn place."""
    g, days = np.random.default_rng(seed), 730
    count = days * 24
    hour, day = np.arange(count) % 24, np.arange(count) // 24
    mean = 12 - 11 * np.cos(2 * np.pi * (np.arange(days) - 15) / 365) + lfilter([1.5], [1, -0.7], g.normal(0, 1, days))
    warm = np.repeat(mean, 24) + 5 * np.sin(2 * np.pi * (hour - 9) / 24)
    busy = ((day + 5) % 7 < 5) & (hour >= 7) & (hour < 19)
    heat, cool = np.maximum(14 - warm, 0), np.maximum(warm - 21, 0)
    true = 100 + 120 * busy + np.where(busy, 6, 2.5) * heat + np.where(busy, 8, 1) * cool
    whole = lfilter([np.sqrt(1 - rho * rho)], [1, -rho], g.normal(0, 1, days + 100))[100:]
    y = true * (1 + 0.05 * np.repeat(whole, 24)) + lfilter([0.6], [1, -0.8], g.normal(0, 8, count))
    times, before = START + HOUR * np.arange(count, dtype=np.int64), np.arange(count) < 365 * 24
    y[~before] -= share * true[~before]
    baseline = fit_hourly(times[before], y[before], warm[before])
    found = hourly_savings(baseline, times[~before], y[~before], warm[~before])
    return found, share * float(true[~before].sum())


def _interval(report: Reporter, options: argparse.Namespace) -> None:
    for rho in (0.0, 0.4, 0.7):
        begun = time.process_time()
        found = [years(options.seed * 1000 + at, rho) for at in range(40 if options.quick else 200)]
        held = float(np.mean([one.savings.low <= true <= one.savings.high for one, true in found]))
        off = np.abs([one.savings.total / true - 1 for one, true in found])
        report.line(f"interval holds, correlation of days {rho}", held, "share", claim="hourly_savings",
                    seeds=len(found), off_median=f"{np.median(off):.3f}", off_p90=f"{np.quantile(off, 0.9):.3f}",
                    within_10_percent=f"{np.mean(off < 0.1):.3f}",
                    cpu_s_each=f"{(time.process_time() - begun) / len(found):.3f}")  # fmt: skip


def _agreement(report: Reporter, options: argparse.Namespace, mine: argparse.Namespace) -> None:
    if not (mine.eemeter or mine.found):
        report.say("agreement      with eemeter: left out (--eemeter or --found)")
        return
    with tempfile.TemporaryDirectory() as made:
        folder = mine.found or Path(made)
        if mine.eemeter:
            names = ["il-electricity-cdd-hdd-hourly"] if options.quick else []
            script = Path(__file__).with_name("energy_eemeter.py")
            subprocess.run([mine.eemeter, str(script), str(folder), *names], check=True)
        for file in sorted(folder.glob("*.npz")):
            _compared(report, file)


def _compared(report: Reporter, file: Path) -> None:
    data = np.load(file)
    times, warm, y = data["time"], data["temperature"], data["observed"].copy()
    before, theirs = data["baseline"] > 0, data["caltrack"]
    if "electricity" in file.stem:
        y[y == 0] = np.nan
    begun = time.process_time()
    baseline = fit_hourly(times[before], y[before], warm[before], seasons="months")
    spent = time.process_time() - begun
    ours = baseline.expected(times, warm)
    own = ~before & np.isfinite(ours) & np.isfinite(theirs)
    apart = np.sqrt(np.mean((ours[own] - theirs[own]) ** 2)) / np.mean(theirs[own])
    report.line(
        file.stem, float(ours[own].sum()), "energy expected", peer=float(theirs[own].sum()), claim="hourly_baseline",
        peer_name="eemeter CalTRACK hourly", hours=int(own.sum()),
        relative_difference=f"{ours[own].sum() / theirs[own].sum() - 1:+.2e}", hourly_rms_apart=f"{apart:.4f}",
        correlation=f"{np.corrcoef(ours[own], theirs[own])[0, 1]:.6f}", cpu_s=f"{spent:.2f}",
        peer_cpu_s=f"{data['seconds'][0]:.1f}",
    )  # fmt: skip


def shop(seed: int, jobs: int = 8) -> Schedule:
    """A plan of three machines, each order with three operations of quarters of an hour, due within three days."""
    g = np.random.default_rng(seed)
    made = Builder(f"shop {seed}", start=START, tick=1_000_000)
    for machine in range(3):
        made.machine(f"m{machine}", power=float(g.integers(5, 60)))
    for job in range(jobs):
        made.job(f"j{job}", due=int(g.integers(20, 72)) * 3600)
        for step in range(3):
            made.operation(f"j{job}", {f"m{g.integers(3)}": int(g.integers(2, 16)) * _GRID}, name=f"j{job}/{step}")
    made.tariff([(day * 86_400 + h * 3600, price) for day in range(-1, 6) for h, price in PRICES])
    return first_schedule(made.problem(), Objective.parse("tardiness > flow_time"))


def optimum(plan: Schedule) -> tuple[float, bool]:
    """Least energy cost with the machines and order of a plan, each order by its limit; whether it is proven."""
    p, limits = plan.problem, limits_of(plan)
    end = int(limits.max()) // _GRID
    price = np.array([p.tariff_price[np.searchsorted(p.tariff_time, at * _GRID, "right") - 1] for at in range(end + 1)])
    paid = np.concatenate([[0.0], np.cumsum(price)]) / 4
    model, cost = cp_model.CpModel(), 0
    length = (plan.end - plan.start) // _GRID
    start = [model.new_int_var(0, end - int(n), "") for n in length]
    for o, n in enumerate(length.tolist()):
        table = [round(1e4 * p.machine_power[plan.machine[o]] * (paid[at + n] - paid[at])) for at in range(end - n + 1)]
        model.add_hint(start[o], int(plan.start[o]) // _GRID)
        value = model.new_int_var(0, max(table), "")
        model.add_element(start[o], table, value)
        cost += value
    for job in range(p.job_count):
        first, last = int(p.job_first[job]), int(p.job_first[job + 1])
        for o in range(first + 1, last):
            model.add(start[o] >= start[o - 1] + int(length[o - 1]))
        model.add(start[last - 1] + int(length[last - 1]) <= int(limits[job]) // _GRID)
    for machine in range(p.machine_count):
        order = plan.sequence(machine)
        for one, other in pairwise(order):
            model.add(start[other] >= start[one] + int(length[one]))
    model.minimize(cost)
    solver = cp_model.CpSolver()
    solver.parameters.max_deterministic_time, solver.parameters.num_workers = 20.0, 1
    status = solver.solve(model)
    return solver.objective_value / 1e4, status == cp_model.OPTIMAL


def _shift(report: Reporter, options: argparse.Namespace) -> None:
    gaps, saved = [], []
    for seed in range(options.seed, options.seed + (4 if options.quick else 20)):
        plan = shop(seed)
        begun = time.process_time()
        found = shift_load(plan, seconds=60)
        spent = time.process_time() - begun
        begun = time.process_time()
        best, proven = optimum(plan)
        gaps.append(found.cost[1] / best - 1 if best else np.nan)
        saved.append(found.share)
        report.line(f"shop {seed}, energy cost", found.cost[1], "money", peer=best, peer_name="CP-SAT", claim="shift",
                    before=f"{found.cost[0]:.1f}", saved=f"{found.share:.3f}", bound=f"{found.bound:.1f}",
                    above_optimum=f"{gaps[-1]:+.4f}", proven=proven, late=f"{len(found.late[0])}→{len(found.late[1])}",
                    cpu_s=f"{spent:.3f}", peer_cpu_s=f"{time.process_time() - begun:.1f}")  # fmt: skip
    report.line("mean above the optimum", float(np.nanmean(gaps)), "share", claim="shift",
                worst=f"{np.nanmax(gaps):.4f}", mean_saved=f"{np.mean(saved):.3f}")  # fmt: skip


if __name__ == "__main__":
    main()
