"""What holds for any shop: schedules keep the rules, more machines never hurt, order of input means nothing.

Optima come from CP-SAT: the exact engine's full model, and the plain model of the benchmarks where it is enough.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from benchmarks.schedule_peers import cpsat
from hypothesis import HealthCheck, given, settings, strategies as st

from luban.decide.schedule import NEVER, NONE, ORDER, TERMS, Objective, Problem, Schedule, find_faults, solve
from luban.decide.schedule.construct import RULES, first_schedule, rule_schedule
from luban.decide.schedule.exact import ExactEngine
from luban.decide.schedule.general import GeneralEngine
from tests.decide.schedule.shops import FEATURES, shop, shops

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

SOON = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
FEW = settings(SOON, max_examples=6)
MANY = settings(SOON, max_examples=150)
PLAIN = tuple(name for name in FEATURES if name not in {"flexible", "flow", "reentrant", "releases", "zeros"})
GOALS = ("makespan", "tardiness > makespan", "flow_time + 0.5*setup_time", "late > tardiness", "setups > flow_time")
goals = st.sampled_from([Objective.parse(text) for text in GOALS])


# ---- every schedule keeps the rules


@SOON
@given(shops(), goals)
def test_every_first_schedule_passes_the_checker(problem: Problem, objective: Objective) -> None:
    assert find_faults(first_schedule(problem, objective)) == ()


@FEW
@given(shops(without=("max_lags", "no_wait", "deadlines", "fixed")), st.sampled_from(RULES))
def test_every_rule_passes_the_checker(problem: Problem, rule: str) -> None:
    assert find_faults(rule_schedule(problem, rule)) == ()


@FEW
@given(shops(max_jobs=7), goals, st.integers(0, 5))
def test_every_step_of_the_search_passes_the_checker(problem: Problem, objective: Objective, seed: int) -> None:
    first = first_schedule(problem, objective, seed)
    engine, value = GeneralEngine(problem, objective, seed, first), objective.value(first)
    for _ in range(4):
        found = engine.advance(20_000)
        if found is not None:
            assert find_faults(found) == ()
            assert objective.value(found) < value
            value = objective.value(found)


@FEW
@given(shops(max_jobs=3, max_machines=3, max_steps=3), goals)
def test_what_is_proved_passes_the_checker_and_is_no_worse_than_what_is_found(
    problem: Problem, objective: Objective
) -> None:
    first = first_schedule(problem, objective)
    best, bound, proved = _exact(problem, objective, first)
    assert find_faults(best) == ()
    assert bound <= objective.value(best)[0] + 1e-6
    found = solve(problem, objective, seconds=20, work=3_000_000, workers=1).value
    assert not proved or objective.value(best) <= _more(found)


@FEW
@given(shops(), goals)
def test_every_answer_passes_the_checker(problem: Problem, objective: Objective) -> None:
    found = solve(problem, objective, seconds=20, work=2_000_000, workers=1)
    assert find_faults(found.schedule) == ()
    assert found.value == objective.value(found.schedule)
    assert found.bound <= found.value[0] + 1e-6


@pytest.mark.slow
@MANY
@given(shops(max_jobs=8), goals, st.integers(0, 1000))
def test_many_shops_from_rule_to_answer(problem: Problem, objective: Objective, seed: int) -> None:
    first = first_schedule(problem, objective, seed)
    assert find_faults(first) == ()
    engine = GeneralEngine(problem, objective, seed, first)
    found = engine.advance(100_000) or first
    assert find_faults(found) == ()
    answer = solve(problem, objective, seconds=20, work=1_000_000, workers=1, seed=seed, first=found)
    assert find_faults(answer.schedule) == ()
    assert answer.value <= objective.value(first)


# ---- more machines, other order


@FEW
@given(shops(max_jobs=4, max_machines=3, max_steps=3, without=PLAIN), st.integers(0, 1000))
def test_one_more_machine_never_makes_the_proven_optimum_worse(problem: Problem, seed: int) -> None:
    before, after = _optimum(problem), _optimum(_with_machine(problem, seed))
    assert after <= before


@FEW
@given(shops(max_jobs=4, max_machines=3, max_steps=3, without=PLAIN))
def test_two_models_prove_the_same_optimum(problem: Problem) -> None:
    objective = Objective()
    best, _, proved = _exact(problem, objective, first_schedule(problem, objective))
    assert proved
    assert objective.value(best)[0] == _optimum(problem)


@FEW
@given(shops(max_jobs=3, max_machines=3, max_steps=3), st.integers(0, 1000), goals)
def test_the_order_of_jobs_and_machines_means_nothing(problem: Problem, seed: int, objective: Objective) -> None:
    other = _permuted(problem, np.random.default_rng(seed))
    found = [first_schedule(own, objective) for own in (problem, other)]
    assert [find_faults(own) for own in found] == [(), ()]
    exact = [_exact(own.problem, objective, own) for own in found]
    if all(proved for _, _, proved in exact):
        values = [objective.value(best) for best, _, _ in exact]
        assert values[0] == pytest.approx(values[1], abs=1e-6)


# ---- values, and the same answer again


@SOON
@given(shops())
def test_figures_are_what_another_count_says(problem: Problem) -> None:
    schedule = first_schedule(problem, Objective())
    counted = _counted(schedule)
    for term, expected in counted.items():
        assert Objective(levels=(((term, 1.0),),)).value(schedule)[0] == pytest.approx(expected), term
    assert set(counted) == set(TERMS) - {"energy_cost"}


@settings(FEW, max_examples=3)
@given(shops(max_jobs=4), goals, st.integers(0, 3))
def test_the_same_seed_and_work_on_one_worker_give_the_same_schedule(
    problem: Problem, objective: Objective, seed: int
) -> None:
    one, two = (solve(problem, objective, seconds=60, work=2_000_000, workers=1, seed=seed) for _ in range(2))
    for name in ("machine", "start", "end", "setup_start", "setup_end", "batch"):
        assert (getattr(one.schedule, name) == getattr(two.schedule, name)).all(), name


def test_the_permutation_is_one() -> None:
    problem = shop(5, jobs=4, flexible=True, setups=True, batches=True, pools=True)
    other = _permuted(problem, np.random.default_rng(2))
    assert sorted(other.jobs) == sorted(problem.jobs)
    assert other.jobs != problem.jobs
    for name in problem.jobs:
        a, b = problem.jobs.index(name), other.jobs.index(name)
        assert problem.due[a] == other.due[b]
        for x, y in zip(_own(problem, a), _own(other, b), strict=True):
            mine = {problem.machines[machine]: time for machine, time in problem.modes(x)}
            assert mine == {other.machines[machine]: time for machine, time in other.modes(y)}
            assert problem.operations[x] == other.operations[y]


# ---- helps


def _more(value: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(own + 1e-6 for own in value)


def _own(problem: Problem, job: int) -> range:
    return range(int(problem.job_first[job]), int(problem.job_first[job + 1]))


def _exact(problem: Problem, objective: Objective, first: Schedule) -> tuple[Schedule, float, bool]:
    engine, best = ExactEngine(problem, objective, 0, first), first
    for _ in range(6):
        best = engine.advance(60_000_000) or best
        if engine.proved:
            break
    return best, engine.bound, engine.proved


def _optimum(problem: Problem) -> int:
    schedule, bound, proved = cpsat(problem, Objective(), 30.0, 0)
    assert schedule is not None
    assert proved
    assert find_faults(schedule) == ()
    return round(bound)


def _with_machine(problem: Problem, seed: int) -> Problem:
    """The same shop and a machine that can do some of the operations, at times of its own."""
    random, new = np.random.default_rng(seed), problem.machine_count
    firsts, machines, times = [0], [], []
    for operation in range(problem.operation_count):
        modes = problem.modes(operation)
        modes += [(new, int(random.integers(1, 10)))] if random.random() < 0.5 else []
        machines += [machine for machine, _ in modes]
        times += [time for _, time in modes]
        firsts.append(len(times))
    grown = {
        name: np.append(getattr(problem, name), getattr(problem, name)[-1:])
        for name in ("machine_calendar", "machine_table", "machine_ready", "machine_batch", "machine_power")
    }
    return replace(
        problem,
        machines=(*problem.machines, "one more"),
        mode_first=np.array(firsts),
        mode_machine=np.array(machines),
        mode_time=np.array(times),
        machine_family=np.append(problem.machine_family, NONE),
        machine_setup_pool=np.append(problem.machine_setup_pool, NONE),
        **grown,
    )


def _permuted(problem: Problem, random: np.random.Generator) -> Problem:
    """Jobs, machines and the modes of each operation in another order."""
    p = problem
    jobs, machines = random.permutation(p.job_count), random.permutation(p.machine_count)
    place = np.argsort(machines)
    steps = [operation for job in jobs for operation in _own(p, int(job))]
    modes = [random.permutation(np.arange(p.mode_first[own], p.mode_first[own + 1])) for own in steps]
    needs = [np.arange(p.need_first[own], p.need_first[own + 1]) for own in steps]
    by_job = {name: getattr(p, name)[jobs] for name in ("job_kind", "release", "due", "deadline", "weight")}
    names = ("family", "size", "batch_family", "lag", "max_lag", "fixed_start")
    by_step = {name: getattr(p, name)[steps] for name in names}
    by_machine = {
        name: getattr(p, name)[machines]
        for name in (
            "machine_calendar", "machine_table", "machine_family", "machine_ready", "machine_batch", "machine_power",
            "machine_setup_pool",
        )
    }  # fmt: skip
    fixed = p.fixed_machine[steps]
    way, need = np.concatenate(modes), np.concatenate(needs).astype(np.int64)
    return replace(
        p,
        jobs=tuple(p.jobs[job] for job in jobs),
        operations=tuple(p.operations[own] for own in steps),
        places=tuple(p.places[own] for own in steps) if p.places else (),
        machines=tuple(p.machines[own] for own in machines),
        job_first=_firsts([len(_own(p, int(job))) for job in jobs]),
        fixed_machine=np.where(fixed == NONE, NONE, place[fixed]),
        mode_first=_firsts([len(own) for own in modes]),
        mode_machine=place[p.mode_machine[way]],
        mode_time=p.mode_time[way],
        need_first=_firsts([len(own) for own in needs]),
        need_pool=p.need_pool[need],
        need_amount=p.need_amount[need],
        move=p.move[np.ix_(machines, machines)] if p.move.size else p.move,
        **by_job,
        **by_step,
        **by_machine,
    )


def _firsts(counts: list[int]) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def _counted(schedule: Schedule) -> dict[str, float]:
    """The figures, counted one by one with plain numbers."""
    p = schedule.problem
    found = dict.fromkeys(
        ("makespan", "tardiness", "late", "flow_time", "setups", "setup_time", "setup_cost", "earliness"), 0.0
    )
    for job, (_, last) in enumerate(pairwise(p.job_first.tolist())):
        if p.job_kind[job] != ORDER:
            continue
        end, due = int(schedule.end[last - 1]), int(p.due[job])
        found["makespan"] = max(found["makespan"], end)
        found["flow_time"] += end - int(p.release[job])
        if due < NEVER:
            found["tardiness"] += float(p.weight[job]) * max(0, end - due)
            found["earliness"] += float(p.weight[job]) * max(0, due - end)
            found["late"] += end > due
    for machine in range(p.machine_count):
        table, before, last_run = int(p.machine_table[machine]), int(p.machine_family[machine]), None
        own = [operation for operation in range(p.operation_count) if schedule.machine[operation] == machine]
        for operation in sorted(own, key=lambda at: (schedule.start[at], schedule.end[at], at)):
            family, run = int(p.family[operation]), int(schedule.batch[operation])
            if table == NONE or family == NONE or (run != NONE and run == last_run):
                continue
            last_run = run
            if p.fixed_start[operation] >= 0:
                time = int(p.setup_time[table, before, family])
                cost = float(p.setup_cost[table, before, family])
                found["setup_time"] += time
                found["setup_cost"] += cost
                found["setups"] += time > 0 or cost > 0
            before = family
    return found
