"""Maintenance that is due becomes a work order.

Reads   what is due, from maintenance.csv and the books    Writes  nothing
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from luban.core.time import DAY, HOUR
from luban.loop.deciding.floor import Act, Heard, Proposal, Seen, Worth
from luban.loop.deciding.words import DUE

if TYPE_CHECKING:
    from luban.decide.maintain.due import Due

__all__ = ["DueMaintenance"]

_AUTHOR: Final = "luban maintenance 1"
_WHY: Final = {"calendar": "calendar", "running": "age", "pieces": "age"}


@dataclass
class DueMaintenance:
    """Proposes a work order for each task that is due and has none.

    due    gives how tasks stand at a moment [µs UTC]
    ahead  tasks that are due within that time get one too [µs]
    price  task as it stands, moment → what doing it avoids

    Example  DueMaintenance(lambda now: due_tasks(ledger, plant, now)).decide(seen)
    """

    due: Callable[[int], Sequence[Due]]
    ahead: int = 7 * DAY
    price: Callable[[Due, int], Worth] = lambda _due, _now: Worth()
    every: int = HOUR
    lever: str = "maintenance"
    concerns: frozenset[str] = frozenset()

    def hear(self, told: Iterable[Heard]) -> None:
        """What is due stands in the books."""

    def decide(self, seen: Seen) -> Sequence[Proposal]:
        """One proposal a task; the same one is not made again before it was done."""
        found: list[Proposal] = []
        free: dict[str, int] = {}  # two tasks of one machine follow each other
        for one in self.due(seen.now):
            soon = one.next is not None and one.next - seen.now <= self.ahead
            if one.order or one.state not in DUE or not (soon or one.state == "asked"):
                continue
            task = one.task
            start = max(one.next or seen.now, free.get(task.asset, seen.now))
            free[task.asset] = start + task.duration
            why = "condition" if one.state == "asked" else _WHY.get(task.clock, "calendar")
            value = {"task": task.task, "why": why, "start": start}
            told = DUE[one.state].format(task=task.task, why=one.asked)
            worth = self.price(one, seen.now)
            facts = {"once": f"{task.id} after {one.last or 0}", "state": one.state, "used": one.used, **worth.told()}
            found.append(
                Proposal(self.lever, _AUTHOR, Act("maintain", task.id, value), worth.value, worth.low, worth.high,
                         told, facts, {task.asset: (start, start + task.duration)}, seen.now + DAY)
            )  # fmt: skip
        return found
