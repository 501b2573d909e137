"""Lot sizing with changeovers (PSP files): luban beside a plain CP-SAT model, at equal time, seeds alike."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from benchmarks.report import Reporter
from benchmarks.schedule_cases import cases
from benchmarks.schedule_peers import WORKERS
from luban.decide.schedule.slots import IDLE, LotSizing, plan_lots, read_psp

__all__ = ["run"]


def run(report: Reporter, options: argparse.Namespace) -> int:
    """A line a file, then the sums; costs are counted again by the problem itself, which refuses a wrong plan."""
    chosen = [case for case in cases(options.data) if case.claim == "lot_sizing"]
    if not chosen:
        return 0
    every = max(options.every, len(chosen) // 2) if options.quick else options.every
    sums: dict[str, list[float]] = {"ours": [], "peer": [], "our setups": [], "peer setups": []}
    none = 0
    plan_lots(read_psp(Path(chosen[0].path)), 0.5)
    for case in chosen[every // 2 :: every]:
        problem = read_psp(Path(case.path))
        ours, theirs = [], []
        begun = time.perf_counter()
        for seed in range(options.seed, options.seed + options.seeds):
            plan = plan_lots(problem, options.budget, seed)
            ours.append((*problem.cost(plan.items), float(plan.proved)))
        took = (time.perf_counter() - begun) / options.seeds
        if "cpsat" in options.peers:
            theirs = [cpsat(problem, options.budget, options.seed + own) for own in range(options.seeds)]
        fine = [own for own in theirs if own is not None]
        none += len(theirs) - len(fine)
        mine = fmean(setup + stock for setup, stock, _ in ours)
        peer = fmean(setup + stock for setup, stock, _ in fine) if fine else None
        if fine:
            sums["ours"].append(mine)
            sums["peer"].append(peer or 0.0)
            sums["our setups"].append(fmean(setup for setup, _, _ in ours))
            sums["peer setups"].append(fmean(setup for setup, _, _ in fine))
        report.line(
            case.name, mine, "money", claim="lot_sizing", peer=peer, peer_name="CP-SAT" if theirs else "",
            best=_best(Path(case.path)), proved=int(sum(own[2] for own in ours)), seconds=round(took, 2),
            peer_proved=int(sum(own[2] for own in fine)), setup_cost=fmean(own[0] for own in ours),
            peer_setup_cost=fmean(own[0] for own in fine) if fine else None, seeds=options.seeds,
        )  # fmt: skip
    if sums["ours"]:
        report.line(
            "sum of files with both", sum(sums["ours"]), "money", claim="lot_sizing", peer=sum(sums["peer"]),
            peer_name="CP-SAT", setup_cost=sum(sums["our setups"]), peer_setup_cost=sum(sums["peer setups"]),
            files=len(sums["ours"]), peer_none=none,
        )  # fmt: skip
    return 0


def cpsat(problem: LotSizing, seconds: float, seed: int) -> tuple[float, float, float] | None:
    """(changeovers, holding, proved): an item or none a period, what the machine stands for, changes of that."""
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    made = _model(model, problem)
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = seconds
    solver.parameters.num_workers = WORKERS
    solver.parameters.random_seed = seed
    status = solver.solve(model)
    if status not in {cp_model.OPTIMAL, cp_model.FEASIBLE}:
        return None
    plan = np.full(problem.periods, IDLE, np.int64)
    for item, t in np.ndindex(problem.items, problem.periods):
        if solver.boolean_value(made[item][t]):
            plan[t] = item
    return (*problem.cost(plan), float(status == cp_model.OPTIMAL))


def _model(model: Any, problem: LotSizing) -> list[list[Any]]:
    """The plain model; whether an item is made in a period."""
    items, periods = range(problem.items), range(problem.periods)
    made = [[model.new_bool_var("") for _ in periods] for _ in items]
    stands = [[model.new_bool_var("") for _ in periods] for _ in items]
    due = problem.demand.cumsum(axis=1)
    cost = []
    for t in periods:
        model.add_at_most_one(made[item][t] for item in items)
        model.add_exactly_one(stands[item][t] for item in items)
        for item in items:
            model.add_implication(made[item][t], stands[item][t])
            model.add(sum(made[item][: t + 1]) >= int(due[item, t]))
            if t:
                # it changes only to make something
                model.add_bool_or(~stands[item][t], stands[item][t - 1], made[item][t])
    for item in items:
        model.add(sum(made[item]) == int(due[item, -1]))
    for t in periods[1:]:
        for before in items:
            for after in items:
                if before != after and problem.change[before, after]:
                    changed = model.new_bool_var("")
                    model.add_bool_or(changed, ~stands[before][t - 1], ~stands[after][t])
                    cost.append(changed * int(problem.change[before, after]))
    early = int((problem.demand.sum(axis=0) * np.arange(problem.periods)).sum())
    hold = int(problem.hold)
    model.minimize(sum(cost) + hold * (early - sum(t * made[item][t] for item in items for t in periods)))
    return made


def _best(path: Path) -> float | None:
    """The file's last number where something follows the changeovers: its optimum, or best known cost."""
    numbers = [int(word) for word in path.read_text("utf-8").split()]
    periods, items = numbers[:2]
    return float(numbers[-1]) if len(numbers) > 3 + items * periods + items * items else None
