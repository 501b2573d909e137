"""First schedules: priority rules, best insertion, and the best of them; what cannot be done is named."""

from __future__ import annotations

import numpy as np

from luban.core.errors import InputError
from luban.decide.schedule.kernel.decode import (
    Shop,
    State,
    decode,
    measure,
)
from luban.decide.schedule.kernel.general_rules import NUMBERS, dispatch
from luban.decide.schedule.kernel.general_tables import empty_state, hours_of, schedule_of, tables_of
from luban.decide.schedule.objective import Objective
from luban.decide.schedule.problem import MAINTENANCE, NEVER, NONE, Floats, Ints, Problem
from luban.decide.schedule.schedule import Schedule

__all__ = ["LOOK_AHEADS", "RULES", "WORK", "Bench", "broken_limit", "first_on", "first_schedule", "rule_schedule"]

RULES: tuple[str, ...] = (*NUMBERS, "insertion", "random")
"""Names of the rules.

spt, lpt, wspt         shortest, longest, shortest weighted processing time
fifo, release          who came first to the machine, to the shop
edd, wedd              earliest due date, by weight
mwkr, lwkr             most, least work remaining
cr, slack, mdd         critical ratio, slack per operation, modified due date
atc, atcs              apparent tardiness cost (Vepsalainen and Morton 1987, doi 10.1287/mnsc.33.8.1035), with setups
                       (Lee, Bhaskaran, Pinedo 1997, doi 10.1080/07408179708966311); best of a few look-aheads
insertion              job by job into the gaps of the machines
random                 a number drawn for each operation
"""

LOOK_AHEADS = (0.5, 1.5, 4.0, 10.0)
"""Look-aheads of the tardiness cost rules that are tried [mean operation times]."""

WORK = 300_000
"""About how many placings a first schedule may take: some 0.3 s."""


class Bench:
    """A problem as tables, with room for one schedule: what rules and decoding run on.

    insert  gaps before later work are used: where something is placed ahead of its turn
    """

    def __init__(self, problem: Problem, objective: Objective) -> None:
        self.problem, self.prices = problem, objective.prices
        self.shop: Shop = tables_of(problem)
        self.state: State = empty_state(problem)
        energy = any(term == "energy_cost" for level in objective.levels for term, _ in level)
        self.hours = hours_of(problem) if energy else 0.0
        self.figures = np.zeros(10)
        closed = problem.calendar_interrupts.size > 0 and not problem.calendar_interrupts.all()
        self.insert = bool(
            (problem.fixed_start != NEVER).any()
            or self.shop.flag[3]
            or (problem.job_kind == MAINTENANCE).any()
            or closed
        )
        count = problem.operation_count
        self.any = np.full(count, NONE, np.int64)
        self.zero = np.zeros(count, np.int64)
        self.order = np.zeros(count, np.int64)
        self.rest = _rest(problem)

    def value(self) -> tuple[float, ...]:
        """Ticks by which limits are broken, then the objective's levels, of the schedule in `state`."""
        measure(self.shop, self.state, self.hours, self.figures)
        levels = self.prices @ self.figures[1:]
        return (float(self.figures[0]), *(float(level) for level in levels))

    def dispatch(self, rule: str, look_ahead: float = 2.0, rest: Floats | None = None) -> bool:
        """Fills `state` by a rule and `order` with the order of placing; False where it cannot."""
        shop, p = self.shop, self.problem
        mean = max(1.0, float(p.mode_time.mean()))
        setups = p.setup_time[p.setup_time > 0]
        setup = float(setups.mean()) if setups.size else 1.0
        scale = np.array([look_ahead, mean, 0.5, setup])
        table = self.rest if rest is None else rest
        return bool(
            dispatch(
                shop, self.state, NUMBERS[rule], table, scale, self.any, self.zero, self.zero, self.insert, self.order
            )
        )

    def decode(self, order: Ints, insert: bool | None = None) -> bool:
        """Fills `state` from an order; False where it cannot."""
        self.order[:] = order
        gaps = self.insert if insert is None else insert
        return bool(decode(self.shop, self.state, self.order, self.any, self.zero, self.zero, gaps))

    def schedule(self) -> Schedule:
        """What `state` holds."""
        return schedule_of(self.problem, self.state)

    def fault(self) -> InputError:
        """Why the last run could not place an operation."""
        p = self.problem
        kind, op, machine = (int(cell) for cell in self.state.note[:3])
        who, where = p.operations[op], p.machines[machine]
        place = p.places[op] if p.places and p.places[op] else p.name
        job = p.jobs[int(p.job_of[op])]
        if kind == 0:
            return InputError("the problem cannot be scheduled", where=p.name)
        if kind == 2:
            return InputError(
                f"{job}: the fixed start of {who} on {where} cannot be kept",
                came=f"start {int(p.fixed_start[op])}",
                expected="a time when the machine is free and open, set up, and its pools have units",
                where=place,
                hint="free the operation, or move what is in its way",
            )
        names = ", ".join(p.machines[m] for m, _ in p.modes(op))
        return InputError(
            f"{job}: no time for {who} on {where}",
            came=f"{max(t for _, t in p.modes(op))} ticks on {names}",
            expected="open time in the machine's calendar, and enough units in the pools it needs",
            where=place,
            hint="lengthen the calendar, or raise the pool's level",
        )


def rule_schedule(problem: Problem, rule: str, seed: int = 0) -> Schedule:
    """The schedule of one rule, non-delay, under all rules of the problem.

    rule    one of RULES
    seed    of `random`
    Raises  InputError for an unknown rule, and where an operation cannot be placed; limits (deadlines, longest waits)
            may be broken: a rule does not look ahead
    """
    bench = Bench(problem, Objective.parse("tardiness > makespan"))
    if rule not in RULES:
        raise InputError("unknown rule", came=repr(rule), expected=", ".join(RULES))
    best: tuple[tuple[float, ...], Schedule] | None = None
    for run in _runs(bench, rule, seed):
        if run():
            value = bench.value()
            if best is None or value < best[0]:
                best = value, bench.schedule()
    if best is None:
        raise bench.fault()
    return best[1]


def first_schedule(problem: Problem, objective: Objective, seed: int = 0) -> Schedule:
    """The best of rules and insertion that about 0.3 s allow; the same for the same seed.

    Raises  InputError that names order, operation and machine where no time holds an operation, or where a deadline or
            a longest wait stays broken after all tries
    """
    bench = Bench(problem, objective)
    return first_on(bench, seed)


def first_on(bench: Bench, seed: int) -> Schedule:
    """As `first_schedule`, on tables that are there; leaves nothing of use in the bench's state."""
    budget = max(2, WORK // max(1, bench.problem.operation_count))
    best: tuple[tuple[float, ...], Schedule] | None = None
    fault: InputError | None = None
    tried = 0
    for rule in _preferred(bench):
        for run in _runs(bench, rule, seed):
            if tried >= budget and best is not None and best[0][0] == 0:
                return best[1]
            tried += 1
            if not run():
                fault = fault or bench.fault()
                continue
            value = bench.value()
            if best is None or value < best[0]:
                best = value, bench.schedule()
    if best is None:
        raise fault or bench.fault()
    if best[0][0] > 0:
        raise broken_limit(best[1])
    return best[1]


def broken_limit(schedule: Schedule) -> InputError:
    """The first limit that a schedule breaks, as an error."""
    p, first = schedule.problem, schedule.problem.job_first
    for job in np.flatnonzero(schedule.completion > p.deadline).tolist():
        op = int(first[job + 1]) - 1
        return InputError(
            f"{p.jobs[job]}: no schedule was found that keeps its deadline",
            came=f"{p.operations[op]} on {p.machines[int(schedule.machine[op])]} ends at {int(schedule.end[op])}",
            expected=f"at most {int(p.deadline[job])}",
            where=p.name,
            hint="a deadline must hold; a due date only costs",
        )
    for op in range(1, p.operation_count):
        wait = int(schedule.start[op] - schedule.end[op - 1])
        if op not in first and wait > p.max_lag[op - 1]:
            return InputError(
                f"{p.jobs[int(p.job_of[op])]}: no schedule was found that keeps the longest wait before an operation",
                came=f"{p.operations[op]} on {p.machines[int(schedule.machine[op])]} waits {wait}",
                expected=f"at most {int(p.max_lag[op - 1])}",
                where=p.name,
            )
    return InputError("no schedule was found that keeps the fixed starts", where=p.name)


def _preferred(bench: Bench) -> list[str]:
    """Rules, those first that suit the objective."""
    terms = bench.prices.sum(0)
    dated = bool((bench.problem.due != NEVER).any() and (terms[1] > 0 or terms[2] > 0))
    order = ["atc", "mdd", "edd", "slack", "wspt", "cr"] if dated else []
    if terms[3] > 0:
        order += ["spt", "lwkr"]
    if terms[4:7].any():
        order += ["atcs"]
    order += ["mwkr", "fifo", "insertion", "lpt", "spt", "lwkr", "atcs", "edd", "release", "random"]
    return list(dict.fromkeys(order))


def _runs(bench: Bench, rule: str, seed: int) -> list[_Run]:
    if rule in ("atc", "atcs"):
        return [_Run(bench, rule, look_ahead, None, None) for look_ahead in LOOK_AHEADS]
    if rule == "random":
        rest = bench.rest.copy()
        rest[:, 0] = np.random.default_rng(seed).random(len(rest))
        return [_Run(bench, "lwkr", 1.0, rest, None)]
    if rule == "insertion":
        p = bench.problem
        work, jobs = bench.rest[p.job_first[:-1], 0], np.arange(p.job_count)
        due = np.where(p.due == NEVER, p.release, p.due)
        keys = ((jobs, due, p.deadline), (jobs, -work, p.deadline), (jobs, work, p.deadline))
        orders = [np.lexsort(key) for key in keys]
        spans = [np.concatenate([np.arange(p.job_first[j], p.job_first[j + 1]) for j in order]) for order in orders]
        return [_Run(bench, rule, 1.0, None, order) for order in spans]
    return [_Run(bench, rule, 2.0, None, None)]


class _Run:
    """One try: called, it fills the bench's state."""

    def __init__(self, bench: Bench, rule: str, look_ahead: float, rest: Floats | None, order: Ints | None) -> None:
        self.bench, self.rule, self.look_ahead, self.rest, self.order = bench, rule, look_ahead, rest, order

    def __call__(self) -> bool:
        if self.order is not None:
            return self.bench.decode(self.order, True)
        return self.bench.dispatch(self.rule, self.look_ahead, self.rest)


def _rest(problem: Problem) -> Floats:
    """[O, 3] mean work left in the job with this operation, time from its end to the job's end, steps left."""
    p = problem
    count = np.diff(p.mode_first)
    mean = np.add.reduceat(p.mode_time, p.mode_first[:-1]) / np.maximum(count, 1) if count.size else np.zeros(0)
    total = np.concatenate([[0.0], np.cumsum(mean + p.lag)])
    last = np.repeat(p.job_first[1:], np.diff(p.job_first))
    left = total[last] - total[np.arange(p.operation_count)]
    return np.stack([left, 1.5 * (left - mean), (last - np.arange(p.operation_count)).astype(np.float64)], 1)
