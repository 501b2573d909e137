"""What it would take to end an order by a date, and the price of a promise: levers tried, re-scheduled and checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from luban.core.errors import InputError
from luban.core.time import HOUR
from luban.decide.schedule.events import Happened, RushOrder, happen
from luban.decide.schedule.floor import Windows
from luban.decide.schedule.late import why_late
from luban.decide.schedule.objective import Objective
from luban.decide.schedule.problem import LIMIT, NEVER, NONE, Ints, Problem
from luban.decide.schedule.repair import Option, mend
from luban.decide.schedule.schedule import Schedule

__all__ = ["LEVERS", "Lever", "Promise", "Quote", "promise", "what_would_it_take"]

LEVERS: Mapping[str, str] = MappingProxyType(
    {
        "gaps": "the order alone is put into free time, on whichever machine takes it first; nobody else moves",
        "material": "its material is there now",
        "overtime": "its machines stay open longer",
        "split": "it is made in two halves at a time",
        "priority": "it goes before others",
    }
)
"""What can be done for an order."""

_URGENT = 1000.0


@dataclass(frozen=True, slots=True, eq=False)
class Lever:
    """One way to get an order done sooner.

    name      key of LEVERS
    end       when the order ends [tick]
    in_time   by the date that was asked for
    price     what others lose: their added weight x lateness [weight·tick]; overtime at its price besides
    overtime  hours that machines are open longer [h]; ticks where time is abstract
    harmed    order → time by which it is later than it was, and after its due date [tick]
    moved     operations of others that move
    schedule  the plan with it, checked, in the ticks of the old plan
    """

    name: str
    end: int
    in_time: bool
    price: float
    overtime: float
    harmed: Mapping[str, int]
    moved: int
    schedule: Schedule


@dataclass(frozen=True, slots=True, eq=False)
class Quote:
    """A date for a new order and its price.

    end       when it ends [tick]
    price     what others lose by it [weight·tick]
    harmed    order → time by which it is later than it was, and after its due date [tick]
    """

    end: int
    price: float
    harmed: Mapping[str, int]
    schedule: Schedule


@dataclass(frozen=True, slots=True, eq=False)
class Promise:
    """What can be promised for a new order.

    harmless  the earliest date found at which nobody else moves
    quotes    from the earliest date to `harmless`; each later one is cheaper
    best      the quote of least price + own weight x lateness
    alone     end if it had the plant for itself: nothing can be earlier [tick]
    """

    harmless: Quote
    quotes: tuple[Quote, ...]
    best: Quote
    alone: int

    @property
    def price_a_tick(self) -> tuple[float, ...]:
        """Between neighbouring quotes: what each tick earlier costs [weight]."""
        pairs = zip(self.quotes[:-1], self.quotes[1:], strict=True)
        return tuple((a.price - b.price) / max(b.end - a.end, 1) for a, b in pairs)


def what_would_it_take(
    plan: Schedule,
    job: int | str,
    by: int,
    now: int,
    objective: Objective,
    *,
    longer: int = 0,
    overtime_price: float = 0.0,
    seconds: float = 1.0,
    rounds: int = 0,
    seed: int = 0,
) -> tuple[Lever, ...]:
    """Ways to end an order by a date, those that do first, the cheaper first.

    by              the date [tick]
    now             what begins earlier stays [tick]
    longer          how much longer its machines may stay open after each of their windows [tick]; 0: two hours, or an
                    eighth of a window where time is abstract
    overtime_price  of an hour (a tick where time is abstract) [price]
    seconds         time to search for `priority` [s]; rounds: so many rounds instead
    Raises          InputError for an unknown order, or one that has begun its last operation

    Example  >>> first, *_ = what_would_it_take(plan, "PO-7", 2880, 600, Objective.parse("tardiness"))
             >>> first.name, first.end, first.price, first.harmed
    """
    chain = why_late(plan, job)
    p, at = plan.problem, chain.job
    first, last = int(p.job_first[at]), int(p.job_first[at + 1])
    own = np.arange(first, last)[plan.start[first:last] >= now]
    if own.size == 0:
        raise InputError("all of its operations have begun: nothing is left to decide", came=chain.name, where=p.name)
    made = _Levers(plan, at, own, by, now, objective)
    found = [made.lever("gaps", p)]
    if plan.start[first] >= now and p.release[at] > now:
        release = p.release.copy()
        release[at] = now
        found.append(made.lever("material", replace(p, release=release)))
    machines = sorted({int(m) for o in own.tolist() for m, _ in p.modes(o)})
    extended, hours = _overtime(p, machines, now, max(by, chain.end), longer)
    if hours:
        found.append(made.lever("overtime", extended, overtime=hours, price=hours * overtime_price))
    halves = _halved(plan, at, own, now)
    if halves is not None:
        found.append(made.lever("split", halves.problem, world=halves))
    weight, due = p.weight.copy(), p.due.copy()
    weight[at], due[at] = _URGENT * max(1.0, float(p.weight.max())), min(by, int(due[at]))
    urgent = replace(p, weight=weight, due=due)
    found.append(made.lever("priority", urgent, search=True, seconds=seconds, rounds=rounds, seed=seed))
    return tuple(sorted(found, key=lambda lever: (not lever.in_time, lever.price if lever.in_time else lever.end)))


def promise(
    plan: Schedule,
    order: RushOrder,
    now: int,
    objective: Objective,
    *,
    quotes: int = 5,
    seconds: float = 3.0,
    rounds: int = 0,
    seed: int = 0,
) -> Promise:
    """Dates that can be promised for a new order, with their prices.

    order    its `due` is the date that is wished for, its weight what a tick later costs
    quotes   dates that are tried between the earliest one imaginable and the harmless one
    seconds  time to search, all dates together [s]; rounds: so many rounds for each date instead
    Raises   InputError where the order names what is not there
    """
    before = objective.value(plan)
    world = happen(plan, [replace(order, due=NEVER, weight=0.0)], now)
    job = world.problem.job_count - 1
    harmless = _quote(plan, job, mend(world, now, objective, before, search=False).least)
    alone = _alone(world.problem, job, now)
    found = [harmless]
    for step in range(quotes):
        target = alone + (harmless.end - alone) * step // max(quotes, 1)
        urgent = replace(order, due=target, weight=_URGENT * max(1.0, float(plan.problem.weight.max())))
        mended = mend(
            happen(plan, [urgent], now), now, objective, before,
            seconds=seconds / quotes, stability=0.0, seed=seed, rounds=rounds,
        )  # fmt: skip
        found += [_quote(plan, job, option) for option in mended.options]
    cleaned: list[Quote] = []
    for quote in sorted(found, key=lambda quote: (quote.end, quote.price)):
        if quote.end <= harmless.end and (not cleaned or quote.price < cleaned[-1].price - 1e-9):
            cleaned.append(quote)
    if cleaned[-1] is not harmless and cleaned[-1].price > harmless.price:
        cleaned.append(harmless)

    def total(quote: Quote) -> float:
        return quote.price + order.weight * max(0, quote.end - order.due)

    return Promise(harmless, tuple(cleaned), min(cleaned, key=total), alone)


class _Levers:
    """Levers of one order of one plan."""

    def __init__(self, plan: Schedule, job: int, own: Ints, by: int, now: int, objective: Objective) -> None:
        self.plan, self.job, self.own, self.by, self.now, self.objective = plan, job, own, by, now, objective
        self.before = objective.value(plan)

    def lever(
        self,
        name: str,
        problem: Problem,
        *,
        world: Happened | None = None,
        overtime: float = 0.0,
        price: float = 0.0,
        search: bool = False,
        seconds: float = 1.0,
        rounds: int = 0,
        seed: int = 0,
    ) -> Lever:
        """The plan with the order's operations free under a changed problem."""
        if world is None:
            hit = np.zeros(problem.operation_count, bool)
            hit[self.own] = True
            world = Happened(problem, replace(self.plan, problem=problem), hit, ())
        mended = mend(
            world, self.now, self.objective, self.before,
            seconds=seconds, stability=0.0, seed=seed, rounds=rounds, search=search,
        )  # fmt: skip
        option = mended.options[0]
        if search:
            option = min(mended.options, key=self._rank)
        jobs = [self.job, *range(self.plan.problem.job_count, world.problem.job_count)]
        end = max(int(option.whole.completion[at]) for at in jobs)
        lost, harmed = _harm(self.plan, option.whole, self.job)
        return Lever(name, end, end <= self.by, lost + price, overtime, harmed, len(option.moved), option.whole)

    def _rank(self, option: Option) -> tuple[bool, float]:
        """In time first, then cheap for others."""
        end = int(option.whole.completion[self.job])
        lost = _harm(self.plan, option.whole, self.job)[0]
        return end > self.by, lost if end <= self.by else float(end)


def _quote(plan: Schedule, job: int, option: Option) -> Quote:
    lost, harmed = _harm(plan, option.whole, job)
    return Quote(int(option.whole.completion[job]), lost, harmed, option.whole)


def _harm(plan: Schedule, after: Schedule, job: int) -> tuple[float, dict[str, int]]:
    """Weight x lateness that the other orders gain, and who is later than before and than due."""
    p, count = plan.problem, plan.problem.job_count
    dated = p.due < NEVER
    old = np.where(dated, np.maximum(plan.completion - p.due, 0), 0)
    new = np.where(dated, np.maximum(after.completion[:count] - p.due, 0), 0)
    more = new - old
    if job < count:
        more[job] = 0
    return float((p.weight * more).sum()), {p.jobs[at]: int(more[at]) for at in np.flatnonzero(more > 0).tolist()}


def _alone(p: Problem, job: int, now: int) -> int:
    """End of a job on its fastest machines with nothing in its way [tick]."""
    windows, at = Windows(p), max(int(p.release[job]), now)
    for operation in range(int(p.job_first[job]), int(p.job_first[job + 1])):
        at = min(windows.finish(machine, at, length)[1] for machine, length in p.modes(operation))
        at += int(p.lag[operation])
    return at


def _overtime(p: Problem, machines: Sequence[int], now: int, until: int, longer: int) -> tuple[Problem, float]:
    """Machines open longer after each window that ends in [now, until); hours (or ticks) of it."""
    made, total = p, 0
    for machine in machines:
        calendar = int(p.machine_calendar[machine])
        if calendar == NONE:
            continue
        rows = slice(*p.calendar_first[calendar : calendar + 2].tolist())
        starts, ends = p.window_start[rows], p.window_end[rows].copy()
        span = longer or (2 * HOUR // p.tick if p.tick else max(1, int((ends - starts).min()) // 8))
        following = np.append(starts[1:], LIMIT)
        grown = np.where((ends > now) & (ends < until), np.minimum(ends + span, following - 1), ends)
        total += int((grown - ends).sum())
        of = made.machine_calendar.copy()
        of[machine] = len(made.calendars)
        made = replace(
            made,
            calendars=(*made.calendars, f"{p.machines[machine]} longer"),
            machine_calendar=of,
            calendar_first=np.append(made.calendar_first, int(made.calendar_first[-1]) + len(starts)),
            window_start=np.append(made.window_start, starts),
            window_end=np.append(made.window_end, grown),
            calendar_interrupts=np.append(made.calendar_interrupts, p.calendar_interrupts[calendar]),
        )
    return made, total * p.tick / HOUR if p.tick else float(total)


def _halved(plan: Schedule, job: int, own: Ints, now: int) -> Happened | None:
    """The order's open operations in two halves, the second as an order of its own; None where that cannot be."""
    p = plan.problem
    bound = (p.batch_family[own] != NONE).any() or (p.max_lag[own] < NEVER).any() or p.lag[own].any()
    pinned = (p.fixed_machine[own] != NONE).any() or (p.fixed_start[own] < NEVER).any()
    if bound or pinned or own[0] != int(p.job_first[job]):
        return None
    times = p.mode_time.copy()
    rows = slice(int(p.mode_first[own[0]]), int(p.mode_first[own[-1] + 1]))
    times[rows] = (times[rows] + 1) // 2
    needs = [slice(*p.need_first[o : o + 2].tolist()) for o in own.tolist()]
    second = RushOrder(
        f"{p.jobs[job]} (2)",
        [{p.machines[machine]: (time + 1) // 2 for machine, time in p.modes(o)} for o in own.tolist()],
        release=int(p.release[job]),
        families=[p.families[f] if f != NONE else "" for f in p.family[own].tolist()],
        needs=[
            {p.pools[q]: n for q, n in zip(p.need_pool[s].tolist(), p.need_amount[s].tolist(), strict=True)}
            for s in needs
        ],
    )
    world = happen(replace(plan, problem=replace(p, mode_time=times)), [second], now)
    hit = world.hit.copy()
    hit[own] = True
    return Happened(world.problem, world.plan, hit, ())
