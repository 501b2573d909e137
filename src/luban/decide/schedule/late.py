"""Why an order ends when it does: its whole time from release to end, each stretch with the cause and who holds it up.

The stretches tile the time exactly, so their totals are the order's lead time. Nothing is estimated: each cause is read
off the plan (what its machine works on, which window is closed, who holds the pool).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from types import MappingProxyType

import numpy as np

from luban.core.errors import InputError
from luban.core.time import HOUR, MINUTE, SECOND
from luban.decide.schedule.floor import Holders, Run, Windows, machine_runs
from luban.decide.schedule.problem import LIMIT, MAINTENANCE, NEVER, NONE, ORDER, Problem
from luban.decide.schedule.schedule import Schedule

__all__ = ["CAUSES", "RANKS", "SENTENCES", "Chain", "Delays", "Lateness", "Link", "lateness_causes", "said", "why_late"]

CAUSES: Mapping[str, str] = MappingProxyType(
    {
        "work": "the order itself is worked on",
        "setup": "its machine is set up for it",
        "machine": "its machine works on, or is set up for, another operation",
        "kept": "its machine stands idle for another operation that comes first",
        "closed": "its machine is closed, or the open time left is too short for it",
        "ready": "its machine is not free yet at the start of the plan",
        "pool": "people or tools that it needs are elsewhere or not there",
        "batch": "it waits for those that share its run",
        "lag": "the least wait after the operation before",
        "move": "transport from machine to machine",
        "limit": "it is held back so that the next operation can follow in time",
        "locked": "its start is fixed",
        "choice": "nothing holds it: the plan begins it later than it could",
        "release": "its release, or material, comes too late",
        "route": "its due date is earlier than its work can end",
    }
)
"""Causes of the stretches of a chain, and what each means; the last two only of a plan's lateness."""

SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        "work": "{operation} is worked on at {machine}",
        "setup": "{machine} is set up for {operation}, from {before} to {after}",
        "machine": "{operation} waits: {machine} works on {other}, which {rank}",
        "setting": "{operation} waits: {machine} is set up for {other}, which {rank}",
        "kept": "{operation} waits: {machine} stands idle for {other}, which comes first and {rank}",
        "closed": "{operation} waits: {machine} is closed",
        "paused": "{operation} pauses: {machine} is closed",
        "short": "{operation} waits: the open time left at {machine} is too short for it",
        "ready": "{operation} waits: {machine} is not free yet",
        "pool": "{operation} waits: {pool} is held by {other}, which {rank}",
        "empty": "{operation} waits: nobody of {pool} is there",
        "batch": "{operation} waits: {other} is to share its run and is not there yet",
        "lag": "{operation} may begin only after a least wait",
        "move": "it moves from {before} to {machine}",
        "limit": "{operation} is held back so that {other} can follow it in time",
        "locked": "{operation} waits: its start is fixed",
        "choice": "{operation} could begin earlier: nothing holds it",
    }
)
"""How a link is said; {names} are filled in. The screens translate them."""

RANKS: Mapping[str, str] = MappingProxyType(
    {
        "same": "belongs to the same order",
        "begun": "is in progress",
        "fixed": "is fixed",
        "maintenance": "is maintenance",
        "heavier": "weighs more",
        "sooner": "is due earlier",
        "both": "weighs more and is due earlier",
        "neither": "neither weighs more nor is due earlier",
    }
)
"""Why another operation may go first."""

_MOST = 3


@dataclass(frozen=True, slots=True)
class Link:
    """One stretch of an order's time.

    operation   whose turn it is
    cause       key of CAUSES
    start, end  [tick]
    resource    the machine or the pool that it is about; '' for none
    others      operations that hold it up, the longest first, at most three
    rank        key of RANKS for the first of them; '' for none
    text        the sentence, in English
    """

    operation: int
    cause: str
    start: int
    end: int
    resource: str
    others: tuple[int, ...]
    rank: str
    text: str

    @property
    def length(self) -> int:
        """How long [tick]."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Chain:
    """An order's time, from its release (or its start, where that is earlier) to its end, without a hole.

    job       index
    name      of the order
    begin     where the chain begins [tick]
    end       of the last operation [tick]
    due       [tick] or NEVER
    alone     end if nothing stood in its way: the same machines at their calendars, no setup, no other order [tick]
    links     in the order of time
    """

    job: int
    name: str
    begin: int
    end: int
    due: int
    alone: int
    links: tuple[Link, ...]

    @property
    def lateness(self) -> int:
        """Time after the due date [tick]; 0 where it is in time or has none."""
        return max(self.end - self.due, 0)

    @property
    def totals(self) -> dict[str, int]:
        """Cause → time [tick], the greatest first; they sum to end - begin."""
        found: dict[str, int] = {}
        for link in self.links:
            found[link.cause] = found.get(link.cause, 0) + link.length
        return dict(sorted(found.items(), key=lambda pair: -pair[1]))

    @property
    def resources(self) -> dict[str, int]:
        """Machine or pool → time that the order waits for it [tick], the greatest first."""
        found: dict[str, int] = {}
        for link in self.links:
            if link.resource and link.cause != "work":
                found[link.resource] = found.get(link.resource, 0) + link.length
        return dict(sorted(found.items(), key=lambda pair: -pair[1]))


@dataclass(frozen=True, slots=True)
class Lateness:
    """Where the lateness of a plan comes from.

    total      sum over late orders of time after the due date [tick]
    causes     cause → its share [tick]; with 'release' (material) and 'route' (due date before the work can end)
    resources  machine or pool → its share [tick]
    chains     of the late orders, the latest first
    """

    total: int
    causes: Mapping[str, float]
    resources: Mapping[str, float]
    chains: tuple[Chain, ...]


def said(problem: Problem, ticks: int) -> str:
    """A length of time as people say it: `2 h 30 min`; ticks where the problem's time is abstract."""
    if not problem.tick:
        return f"{ticks}"
    length = ticks * problem.tick
    if length >= HOUR:
        return f"{length // HOUR:,} h {length % HOUR // MINUTE} min"
    return f"{length // MINUTE} min" if length >= MINUTE else f"{length // SECOND} s"


def why_late(schedule: Schedule, job: int | str, delays: Delays | None = None) -> Chain:
    """The chain of causes of one order, late or not.

    job     index or name
    delays  the plan's index where many orders are asked for
    Raises  InputError for an order that the plan does not have

    Example  >>> why_late(plan, "PO-101").links[0].text
             'PO-101/10 waits: saw works on PO-99/10, which is due earlier'
    """
    return (delays or Delays(schedule)).chain(_job(schedule.problem, job))


def lateness_causes(schedule: Schedule) -> Lateness:
    """The lateness of all orders by cause and by resource.

    Of a late order, what it would be late even alone is put on its release (as far as that is after tick 0) or on its
    route; the rest on its waits, each by its share of them. The shares sum to the total.
    """
    p = schedule.problem
    delays = Delays(schedule)
    late = np.flatnonzero((p.job_kind == ORDER) & (p.due < NEVER) & (schedule.completion > p.due))
    chains = sorted((delays.chain(job) for job in late.tolist()), key=lambda chain: (-chain.lateness, chain.job))
    causes: dict[str, float] = {}
    resources: dict[str, float] = {}
    for chain in chains:
        own = min(max(chain.alone - chain.due, 0), chain.lateness)
        waits = [link for link in chain.links if link.cause != "work" and link.length]
        total = sum(link.length for link in waits)
        if total == 0:
            own = chain.lateness
        release = min(own, max(int(p.release[chain.job]), 0))
        for cause, amount in (("release", release), ("route", own - release)):
            if amount:
                causes[cause] = causes.get(cause, 0.0) + amount
        for link in waits if chain.lateness > own else ():
            share = (chain.lateness - own) * link.length / total
            causes[link.cause] = causes.get(link.cause, 0.0) + share
            if link.resource:
                resources[link.resource] = resources.get(link.resource, 0.0) + share

    def ranked(table: dict[str, float]) -> dict[str, float]:
        return dict(sorted(table.items(), key=lambda pair: -pair[1]))

    return Lateness(sum(c.lateness for c in chains), ranked(causes), ranked(resources), tuple(chains))


def _job(problem: Problem, job: int | str) -> int:
    if isinstance(job, int) and 0 <= job < problem.job_count:
        return job
    if isinstance(job, str) and job in problem.jobs:
        return problem.jobs.index(job)
    raise InputError("no order of that name in the plan", came=repr(job), where=problem.name)


class Delays:
    """A plan prepared for many questions of why."""

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self.problem = schedule.problem
        self.windows = Windows(schedule.problem)
        self.runs = machine_runs(schedule)
        self.holders = Holders(schedule, self.runs, self.windows)
        self._job_of: list[int] = schedule.problem.job_of.tolist()
        self._at = {o: at for own in self.runs for at, run in enumerate(own) for o in run.operations}

    def chain(self, job: int) -> Chain:
        """The chain of one job."""
        p, s = self.problem, self.schedule
        first, last = int(p.job_first[job]), int(p.job_first[job + 1])
        begin = at = min(int(p.release[job]), int(s.start[first]))
        links: list[Link] = []
        for operation in range(first, last):
            start, end = int(s.start[operation]), int(s.end[operation])
            if operation > first:
                at = self._after(operation, at, links)
            if start > at:
                links += self._wait(operation, at, start)
                at = start
            machine = int(s.machine[operation])
            for a, b, on in self.windows.pieces(machine, max(start, at), end):
                links.append(self.link(operation, "work" if on else "closed", a, b, key="" if on else "paused"))
            at = max(at, end)
        return Chain(
            job, p.jobs[job], begin, at, int(p.due[job]), min(self._alone(first, last, begin), at), _joined(links)
        )

    def binding(self, operation: int) -> int:
        """The operation that holds the start of this one: before it on its route, on its machine or in a pool.

        NONE where it starts as early as its order may.
        """
        p, s = self.problem, self.schedule
        first = int(p.job_first[self._job_of[operation]])
        start, ready = int(s.start[operation]), self._ready(operation)
        if start > ready:
            for link in reversed(self._wait(operation, ready, start)):
                if link.others:
                    return link.others[0]
                if link.cause == "setup":
                    at = self._at[operation]
                    before = self.runs[int(s.machine[operation])][at - 1] if at else None
                    if before and before.end == link.start:
                        return before.operations[0]
        return operation - 1 if operation > first else NONE

    def critical(self, job: int) -> tuple[int, ...]:
        """Operations that decide the end of a job, the last one first: each holds the start of the one before it."""
        path = [int(self.problem.job_first[job + 1]) - 1]
        seen = set(path)
        while (held := self.binding(path[-1])) != NONE and held not in seen:
            path.append(held)
            seen.add(held)
        return tuple(path)

    def _ready(self, operation: int) -> int:
        """Earliest start by its route [tick]."""
        p, s = self.problem, self.schedule
        job = self._job_of[operation]
        if operation == int(p.job_first[job]):
            return int(p.release[job])
        return int(s.end[operation - 1]) + int(p.lag[operation - 1]) + self._move(operation)

    def _move(self, operation: int) -> int:
        p, machine = self.problem, self.schedule.machine
        return int(p.move[machine[operation - 1], machine[operation]]) if p.move.size else 0

    def _after(self, operation: int, at: int, links: list[Link]) -> int:
        start = int(self.schedule.start[operation])
        for cause, length in (("lag", int(self.problem.lag[operation - 1])), ("move", self._move(operation))):
            until = min(at + length, start)
            if until > at:
                links.append(self.link(operation, cause, at, until))
                at = until
        return at

    def _alone(self, first: int, last: int, begin: int) -> int:
        p, s, at = self.problem, self.schedule, begin
        for operation in range(first, last):
            machine = int(s.machine[operation])
            if operation > first:
                at += int(p.lag[operation - 1]) + self._move(operation)
            if p.fixed_start[operation] < 0:
                at = int(s.end[operation])
                continue
            at = self.windows.finish(machine, at, p.mode_on(operation, machine))[1]
            if at >= LIMIT:
                return LIMIT
        return at

    def _wait(self, operation: int, ready: int, start: int) -> list[Link]:
        """[ready, start) by cause."""
        p = self.problem
        machine = int(self.schedule.machine[operation])
        own = self.runs[machine][self._at[operation]]
        rest = _Rest(self, operation, ready, start)
        rest.take([(a, b) for a, b, on in self.windows.pieces(machine, ready, start) if not on], "closed")
        rest.take([(ready, int(p.machine_ready[machine]))], "ready")
        self._busy(own, rest)
        if own.setup_end > own.setup_start:
            rest.take([(own.setup_start, own.setup_end)], "setup")
        if p.fixed_start[operation] < NEVER:
            rest.take([(ready, start)], "locked")
        if rest.spans:
            self._held(own, rest)
        rest.take([(ready, start)], "choice")
        return sorted(rest.links, key=lambda link: link.start)

    def _busy(self, own: Run, rest: _Rest) -> None:
        """What its machine does before it."""
        runs, at = self.runs[own.machine], self._at[rest.operation]
        low = at
        while low and runs[low - 1].end > rest.start:
            low -= 1
        for run in runs[low:at]:
            others = run.operations[:_MOST]
            rest.take([(run.setup_start, run.setup_end)], "machine", others=others, key="setting")
            rest.take([(run.start, run.end)], "machine", others=others)
        for run in runs[low:at]:
            rest.take([(rest.start, run.start)], "kept", others=run.operations[:_MOST])

    def _held(self, own: Run, rest: _Rest) -> None:
        """Why it does not begin though its machine is free: before its setup, and between that and its start."""
        p, operation = self.problem, rest.operation
        length, setup = own.end - own.start, own.setup_end - own.setup_start
        before = (rest.start, own.setup_start if setup else rest.end)
        after = (before[1] + setup, rest.end)
        setter = int(p.machine_setup_pool[own.machine])
        if setup and setter != NONE:
            self._short_of(setter, 1, before, (setup, 0), rest)
        for n in range(*p.need_first[operation : operation + 2].tolist()):
            pool, amount = int(p.need_pool[n]), int(p.need_amount[n])
            self._short_of(pool, amount, after, (length, 0), rest)
            self._short_of(pool, amount, before, (length, setup), rest)
        for mate in own.operations:
            if mate != operation:
                rest.take([(rest.start, self._ready(mate))], "batch", others=(mate,))
        if not self.windows.interrupts(own.machine):
            pieces = self.windows.pieces(own.machine, rest.start, max(rest.end, own.end))
            closings = [b for (_, b, on), (_, _, then) in pairwise(pieces) if on and not then]
            for span, work in ((before, setup or length), (after, length)):
                rest.take([(max(c - work + 1, span[0]), min(c, span[1])) for c in closings], "closed", key="short")
        if p.max_lag[operation] < NEVER and operation + 1 < int(p.job_first[self._job_of[operation] + 1]):
            latest = int(self.schedule.end[operation]) + int(p.max_lag[operation])
            if int(self.schedule.start[operation + 1]) == latest:
                rest.take([(rest.start, rest.end)], "limit", others=(operation + 1,))

    def _short_of(self, pool: int, amount: int, span: tuple[int, int], ahead: tuple[int, int], rest: _Rest) -> None:
        """Takes the starts in `span` from which a pool would be lacking: held for ahead[0] ticks, ahead[1] later."""
        length, later = ahead
        if span[1] <= span[0]:
            return
        own = self.runs[int(self.schedule.machine[rest.operation])][self._at[rest.operation]].operations
        for a, b in self.holders.lacks(pool, amount, span[0], span[1] + later, own):
            others = tuple(o for o in self.holders.within(pool, a, b) if o not in own)[:_MOST]
            starts = (max(a - length + 1 - later, span[0]), min(b - later, span[1]))
            key = "pool" if others else "empty"
            rest.take([starts], "pool", others=others, resource=self.problem.pools[pool], key=key)

    def link(
        self,
        operation: int,
        cause: str,
        start: int,
        end: int,
        *,
        others: tuple[int, ...] = (),
        resource: str = "",
        key: str = "",
    ) -> Link:
        """A stretch of an operation's time, said."""
        p, s = self.problem, self.schedule
        machine = p.machines[int(s.machine[operation])]
        rank = self._rank(operation, others[0]) if others else ""
        before = after = ""
        if cause == "move":
            before = p.machines[int(s.machine[operation - 1])]
        elif cause == "setup":
            before, after = self._families(operation)
        text = SENTENCES[key or cause].format(
            operation=p.operations[operation], machine=machine, pool=resource, before=before, after=after,
            other=", ".join(p.operations[o] for o in others), rank=RANKS.get(rank, ""),
        )  # fmt: skip
        about = "" if cause in ("lag", "move", "batch", "limit", "locked", "choice") else machine
        return Link(operation, cause, start, end, resource or about, others, rank, text)

    def _families(self, operation: int) -> tuple[str, str]:
        p = self.problem
        machine = int(self.schedule.machine[operation])
        family = int(p.machine_family[machine])
        for run in self.runs[machine][: self._at[operation]]:
            for each in run.operations:
                family = int(p.family[each]) if p.family[each] != NONE else family
        own = int(p.family[operation])
        return (p.families[family] if family != NONE else "–"), (p.families[own] if own != NONE else "–")

    def _rank(self, operation: int, other: int) -> str:
        p = self.problem
        a, b = self._job_of[operation], self._job_of[other]
        if a == b:
            return "same"
        if p.fixed_start[other] < NEVER:
            return "begun" if p.fixed_start[other] < 0 else "fixed"
        if p.job_kind[b] == MAINTENANCE:
            return "maintenance"
        heavier, sooner = p.weight[b] > p.weight[a], p.due[b] < p.due[a]
        return "both" if heavier and sooner else "heavier" if heavier else "sooner" if sooner else "neither"


class _Rest:
    """What of an operation's wait nobody has claimed yet, and the links of what is claimed."""

    def __init__(self, delays: Delays, operation: int, start: int, end: int) -> None:
        self.operation, self.start, self.end = operation, start, end
        self.spans = [(start, end)] if end > start else []
        self.links: list[Link] = []
        self._delays = delays

    def take(
        self,
        spans: list[tuple[int, int]],
        cause: str,
        *,
        others: tuple[int, ...] = (),
        resource: str = "",
        key: str = "",
    ) -> None:
        """Claims the parts of `spans` that are free for a cause."""
        for a, b in spans:
            left = []
            for x, y in self.spans:
                low, high = max(a, x), min(b, y)
                if high <= low:
                    left.append((x, y))
                    continue
                link = self._delays.link(self.operation, cause, low, high, others=others, resource=resource, key=key)
                self.links.append(link)
                left += [(u, v) for u, v in ((x, low), (high, y)) if v > u]
            self.spans = left


def _joined(links: list[Link]) -> tuple[Link, ...]:
    """Neighbours that say the same become one."""
    found: list[Link] = []
    for link in links:
        last = found[-1] if found else None
        if last and last.end == link.start and last.text == link.text:
            found[-1] = replace(last, end=link.end)
        else:
            found.append(link)
    return tuple(found)
