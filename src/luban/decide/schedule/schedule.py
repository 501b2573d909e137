"""A schedule: when and where each operation and its setup are worked, and what that is worth."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from luban.core.time import to_datetime
from luban.decide.schedule.problem import NONE, ORDER, Ints, Problem

__all__ = ["Schedule"]


@dataclass(frozen=True, slots=True, eq=False)
class Schedule:
    """Arrays over the operations of `problem` [tick].

    machine      where
    start, end   of processing; closures lie inside where the calendar interrupts
    setup_start, setup_end   of the setup before it; equal where there is none
    batch        operations with equal number share one run; NONE: alone
    """

    problem: Problem
    machine: Ints
    start: Ints
    end: Ints
    setup_start: Ints
    setup_end: Ints
    batch: Ints

    def __post_init__(self) -> None:
        for field in fields(self)[1:]:
            kept = np.ascontiguousarray(getattr(self, field.name), dtype=np.int64)
            kept.setflags(write=False)
            object.__setattr__(self, field.name, kept)

    @classmethod
    def plain(cls, problem: Problem, machine: Ints, start: Ints) -> Schedule:
        """Of a problem without setups, calendars and batches: end = start + time of the mode."""
        time = np.empty(problem.operation_count, np.int64)
        owner = np.repeat(np.arange(problem.operation_count), np.diff(problem.mode_first))
        chosen = problem.mode_machine == machine[owner]
        time[owner[chosen]] = problem.mode_time[chosen]
        alone = np.full(problem.operation_count, NONE, np.int64)
        return cls(problem, machine, start, start + time, start, start, alone)

    @property
    def makespan(self) -> int:
        """End of the last operation of an order [tick]."""
        return int(self.completion[self.problem.job_kind == ORDER].max(initial=0))

    @property
    def completion(self) -> Ints:
        """[J] end of each job's last operation [tick]."""
        return self.end[self.problem.job_first[1:] - 1]

    def sequence(self, machine: int) -> list[int]:
        """Operations of a machine in the order in which they run there."""
        own = np.flatnonzero(self.machine == machine)
        order: list[int] = own[np.lexsort((own, self.setup_start[own], self.end[own], self.start[own]))].tolist()
        return order

    def when(self, tick: int, zone: ZoneInfo | None = None) -> datetime | None:
        """The instant of a tick; None where the problem's time is abstract."""
        p = self.problem
        return to_datetime(p.start + tick * p.tick, zone) if p.tick else None
