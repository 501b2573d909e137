"""What the scheduler is measured against: OR-Tools CP-SAT, PyJobShop, the rules of job_shop_lib, our own rules.

Each peer takes a problem and a budget and gives a schedule of ours, or None: so one checker judges all. CP-SAT is the
plain model of its own examples (an interval for each way of doing an operation, no-overlap on each machine,
precedences) with default parameters; it has the whole budget for the search, building the model is not counted.
PyJobShop builds much the same model itself.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from luban.decide.schedule import NEVER, NONE, Objective, Problem, Schedule, find_faults

__all__ = ["PEERS", "Peer", "missing"]

Peer = Callable[[Problem, Objective, float, int], tuple[Schedule | None, float, bool]]
"""(problem, objective, seconds, seed) → schedule or None, bound, proved."""

WORKERS = 2
_NOTHING = (None, float("-inf"), False)
_RULES_UP_TO = 20_000
"""Operations above which job_shop_lib's Python loop is not waited for."""


def cpsat(problem: Problem, objective: Objective, seconds: float, seed: int) -> tuple[Schedule | None, float, bool]:
    """OR-Tools CP-SAT with 2 workers: makespan, weighted tardiness, setup times, alone or one after the other."""
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    most = _horizon(problem)
    starts, ends, present = _operations(model, problem, most)
    levels = [
        sum(_term(model, problem, name, starts, ends, present, most) * round(price) for name, price in level)
        for level in objective.levels
    ]
    goal = levels[0]
    for level in levels[1:]:
        goal = goal * (most * problem.machine_count) + level
    model.minimize(goal)
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = seconds
    solver.parameters.num_workers = WORKERS
    solver.parameters.random_seed = seed
    status = solver.solve(model)
    if status not in {cp_model.OPTIMAL, cp_model.FEASIBLE}:
        return _NOTHING
    machine = np.full(problem.operation_count, NONE, np.int64)
    for operation, ways in enumerate(present):
        machine[operation] = next(own for own, way in ways if way is None or solver.boolean_value(way))
    start = np.array([solver.value(own) for own in starts], np.int64)
    schedule = _with_setups(problem, machine, start)
    bound = solver.best_objective_bound if len(levels) == 1 else float("-inf")
    return schedule, bound, status == cp_model.OPTIMAL


def pyjobshop(problem: Problem, objective: Objective, seconds: float, seed: int) -> tuple[Schedule | None, float, bool]:
    """PyJobShop, which models for CP-SAT."""
    from pyjobshop import Model

    model = Model()
    machines = [model.add_machine() for _ in range(problem.machine_count)]
    tasks: list[Any] = []
    for job, (first, last) in enumerate(pairwise(problem.job_first.tolist())):
        due = None if problem.due[job] >= NEVER else int(problem.due[job])
        owner = model.add_job(
            weight=round(float(problem.weight[job])), release_date=int(problem.release[job]), due_date=due
        )
        for operation in range(first, last):
            tasks.append(model.add_task(owner))
            for machine, time in problem.modes(operation):
                model.add_mode(tasks[-1], machines[machine], time)
            if operation > first:
                model.add_end_before_start(tasks[-2], tasks[-1])
    model.set_objective(**{"weight_makespan" if objective.is_makespan else "weight_total_tardiness": 1})
    result = model.solve(time_limit=seconds, num_workers=WORKERS, display=False, random_seed=seed)
    found = result.best.tasks
    if len(found) < problem.operation_count or not any(own.end > 0 for own in found):
        return _NOTHING
    machine = np.array([own.resources[0] for own in found], np.int64)
    start = np.array([own.start for own in found], np.int64)
    return Schedule.plain(problem, machine, start), float(result.lower_bound), result.status.value == "Optimal"


def job_shop_lib(problem: Problem, objective: Objective, _: float, __: int) -> tuple[Schedule | None, float, bool]:
    """The best of job_shop_lib's dispatching rules; it knows one time an operation, whatever the machine."""
    if problem.operation_count > _RULES_UP_TO or not _one_time(problem):
        return _NOTHING
    from job_shop_lib import JobShopInstance, Operation
    from job_shop_lib.dispatching.rules import DispatchingRuleSolver, DispatchingRuleType

    jobs = []
    for first, last in pairwise(problem.job_first.tolist()):
        modes = [problem.modes(operation) for operation in range(first, last)]
        jobs.append([Operation([machine for machine, _ in own], own[0][1]) for own in modes])
    instance = JobShopInstance(jobs, name="shop")
    found = []
    for rule in DispatchingRuleType:
        made = DispatchingRuleSolver(rule, machine_chooser="first").solve(instance)
        machine, start = (np.zeros(problem.operation_count, np.int64) for _ in range(2))
        for own in (own for sequence in made.schedule for own in sequence):
            operation = problem.job_first[own.job_id] + own.position_in_job
            machine[operation], start[operation] = own.machine_id, own.start_time
        found.append(Schedule.plain(problem, machine, start))
    return min(found, key=objective.value), float("-inf"), False


def rules(problem: Problem, objective: Objective, _: float, seed: int) -> tuple[Schedule | None, float, bool]:
    """The best of all our own dispatching rules."""
    from luban.decide.schedule.construct import RULES, rule_schedule

    found = [rule_schedule(problem, rule, seed) for rule in RULES]
    fine = [own for own in found if not find_faults(own)]
    return (min(fine, key=objective.value) if fine else None), float("-inf"), False


PEERS: dict[str, tuple[Peer, str]] = {
    "cpsat": (cpsat, "CP-SAT"),
    "pyjobshop": (pyjobshop, "PyJobShop"),
    "rules": (job_shop_lib, "job_shop_lib rules"),
    "dispatch": (rules, "best dispatching rule"),
}
"""Word of --peers → the peer, its name in results."""


def missing(peer: str) -> str:
    """Why a peer cannot run here; '' where it can."""
    package = {"cpsat": "ortools", "pyjobshop": "pyjobshop", "rules": "job_shop_lib"}.get(peer)
    if package is None or importlib.util.find_spec(package) is not None:
        return ""
    if peer == "rules":
        return "job-shop-lib is not installed; it pins an older ortools: pip install --no-deps job-shop-lib"
    return f"{package} is not installed: pip install {package}"


# ---- the plain model


def _horizon(problem: Problem) -> int:
    longest = [max(time for _, time in problem.modes(own)) for own in range(problem.operation_count)]
    most = int(problem.release.max(initial=0)) + sum(longest)
    return most + (int(problem.setup_time.max(initial=0)) * len(longest) if problem.setup_time.size else 0)


def _operations(model: Any, problem: Problem, most: int) -> tuple[list[Any], list[Any], list[list[tuple[int, Any]]]]:
    """Start, end and (machine, literal) of each operation; None: its only machine."""
    on: list[list[tuple[int, Any, Any, Any]]] = [[] for _ in range(problem.machine_count)]
    starts, ends, present = [], [], []
    for operation in range(problem.operation_count):
        start, end = model.new_int_var(0, most, ""), model.new_int_var(0, most, "")
        ways: list[tuple[int, Any]] = []
        modes = problem.modes(operation)
        for machine, time in modes:
            literal = None if len(modes) == 1 else model.new_bool_var("")
            if literal is None:
                interval = model.new_interval_var(start, time, end, "")
            else:
                interval = model.new_optional_interval_var(start, time, end, literal, "")
            on[machine].append((operation, interval, literal, end))
            ways.append((machine, literal))
        if len(modes) > 1:
            model.add_exactly_one(literal for _, literal in ways)
        starts.append(start)
        ends.append(end)
        present.append(ways)
    for job, (first, last) in enumerate(pairwise(problem.job_first.tolist())):
        model.add(starts[first] >= int(problem.release[job]))
        for operation in range(first, last - 1):
            model.add(starts[operation + 1] >= ends[operation])
    for own in on:
        if own:
            model.add_no_overlap(interval for _, interval, _, _ in own)
    return starts, ends, present


def _term(model: Any, problem: Problem, name: str, starts: Any, ends: Any, present: Any, most: int) -> Any:
    last = [int(own) - 1 for own in problem.job_first[1:]]
    if name == "makespan":
        makespan = model.new_int_var(0, most, "")
        for operation in last:
            model.add(makespan >= ends[operation])
        if (problem.machine_table != NONE).any():
            _circuits(model, problem, starts, ends, present)
        return makespan
    if name == "tardiness":
        late = []
        for job, operation in enumerate(last):
            if problem.due[job] < NEVER:
                late.append(model.new_int_var(0, most, ""))
                model.add(late[-1] >= ends[operation] - int(problem.due[job]))
                late[-1] *= round(float(problem.weight[job]))
        return sum(late)
    if name == "setup_time":
        return _circuits(model, problem, starts, ends, present)
    raise SystemExit(f"the plain CP-SAT model has no {name}")


_SETUPS: dict[int, Any] = {}


def _circuits(model: Any, problem: Problem, starts: Any, ends: Any, present: Any) -> Any:
    """A route through the operations of each machine that pays setups; the sum of setup times. Once a model."""
    if id(model) in _SETUPS:
        return _SETUPS[id(model)]
    terms = []
    for machine in range(problem.machine_count):
        table = int(problem.machine_table[machine])
        own = [(at, dict(ways)[machine]) for at, ways in enumerate(present) if machine in dict(ways)]
        empty = model.new_bool_var("")
        arcs = [(0, 0, empty)]
        for place, (operation, literal) in enumerate(own, 1):
            if literal is not None:
                arcs.append((place, place, ~literal))
                model.add_implication(literal, ~empty)
            first, last = model.new_bool_var(""), model.new_bool_var("")
            arcs += [(0, place, first), (place, 0, last)]
            begin = _setup(problem, table, int(problem.machine_family[machine]), operation)
            model.add(starts[operation] >= int(problem.machine_ready[machine]) + begin).only_enforce_if(first)
            terms.append(first * begin)
            for other, (following, _) in enumerate(own, 1):
                if other == place:
                    continue
                arc = model.new_bool_var("")
                time = _setup(problem, table, int(problem.family[operation]), following)
                arcs.append((place, other, arc))
                model.add(starts[following] >= ends[operation] + time).only_enforce_if(arc)
                terms.append(arc * time)
        model.add_circuit(arcs)
    _SETUPS.clear()
    _SETUPS[id(model)] = sum(terms)
    return _SETUPS[id(model)]


def _setup(problem: Problem, table: int, before: int, operation: int) -> int:
    family = int(problem.family[operation])
    return 0 if table == NONE or family == NONE else int(problem.setup_time[table, before, family])


def _with_setups(problem: Problem, machine: np.ndarray, start: np.ndarray) -> Schedule:
    """Setups lie right before their operations."""
    plain = Schedule.plain(problem, machine, start)
    if (problem.machine_table == NONE).all():
        return plain
    begin = start.copy()
    for number in range(problem.machine_count):
        table, before = int(problem.machine_table[number]), int(problem.machine_family[number])
        for operation in plain.sequence(number):
            begin[operation] -= _setup(problem, table, before, operation)
            before = before if problem.family[operation] == NONE else int(problem.family[operation])
    return Schedule(problem, machine, start, plain.end, begin, start, plain.batch)


def _one_time(problem: Problem) -> bool:
    first = problem.mode_time[problem.mode_first[:-1]]
    return bool((problem.mode_time == np.repeat(first, np.diff(problem.mode_first))).all())
