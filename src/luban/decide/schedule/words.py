"""Names and times of a problem, as a planner says them."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from luban.core.time import to_datetime
from luban.decide.schedule.problem import Problem

__all__ = ["Words"]


class Words:
    """Names and times of a problem as a planner says them."""

    def __init__(self, problem: Problem, zone: ZoneInfo | None = None) -> None:
        self.problem, self.zone = problem, zone

    def when(self, tick: int) -> str:
        """`2026-01-05 08:00`, or `tick 14` where time is abstract."""
        p = self.problem
        if not p.tick or abs(tick) > 2**52:
            return f"tick {tick}"
        try:
            moment = to_datetime(p.start + int(tick) * p.tick, self.zone)
        except (OverflowError, ValueError):
            return f"tick {tick}"
        return moment.strftime("%Y-%m-%d %H:%M:%S" if moment.second else "%Y-%m-%d %H:%M")

    def length(self, ticks: int) -> str:
        """`1 h 30 min`, or `14 ticks`."""
        p = self.problem
        if not p.tick:
            return f"{ticks} tick{'s' if abs(ticks) != 1 else ''}"
        seconds = abs(ticks) * p.tick / 1e6
        if seconds < 60:
            return f"{ticks * p.tick / 1e6:g} s"
        minutes, rest = divmod(round(seconds), 60)
        hours, minutes = divmod(minutes, 60)
        parts = [f"{count} {unit}" for count, unit in ((hours, "h"), (minutes, "min"), (rest, "s")) if count]
        return "-" * (ticks < 0) + " ".join(parts)

    def operation(self, index: int) -> str:
        """Name of an operation."""
        return self.problem.operations[index]

    def machine(self, index: int) -> str:
        """Name of a machine."""
        return self.problem.machines[index]
