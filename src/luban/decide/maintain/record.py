"""Lives of a part on record: from renewal to renewal, ended by a failure or taken out while it ran.

Reads   Fact(event) of kind `workorder`, Fact(state) for running time
Writes  nothing
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from luban.core.errors import InputError
from luban.core.time import HOUR
from luban.decide.maintain.due import use_of
from luban.decide.maintain.orders import WorkOrder, work_orders
from luban.ledger import Ledger
from luban.plant import Plant
from luban.understand.health.lifetime import Lives, lives

__all__ = ["Lived", "lives_on_record", "lives_table"]


@dataclass(frozen=True, slots=True)
class Lived:
    """One life of one part.

    hours    calendar or running hours [h]
    failed   it ended by a failure; else it was taken out while it ran, or still runs
    order    id of the work order that ended it; "" where it still runs
    unknown  hours within it that nobody can account for; only for running time [h]
    """

    machine: str
    part: str
    begin: int
    end: int
    hours: float
    failed: bool
    order: str
    unknown: float = 0.0


def lives_table(
    ledger: Ledger, plant: Plant, part: str, now: int, *, clock: str = "running", machines: Sequence[str] = ()
) -> tuple[Lived, ...]:  # fmt: skip
    """Every life of that part that began on record, machine by machine.

    The life before the first renewal is left out: nobody knows when it began.

    clock    running or calendar
    Raises   InputError for another clock
    """
    if clock not in {"running", "calendar"}:
        raise InputError("a life is counted in running or calendar time", came=clock)
    orders = [one for one in work_orders(ledger).values() if one.finished is not None and part in one.renewed]
    found: list[Lived] = []
    for machine in machines or plant.work_units:
        own = sorted((one for one in orders if one.machine == machine), key=lambda one: one.finished or 0)
        for at, first in enumerate(own):
            after = own[at + 1] if at + 1 < len(own) else None
            begin = first.finished or 0
            # a life ends when the machine stopped for it, not when the work was done
            end = now if after is None else (after.begun or after.finished or now)
            hours, unknown = _hours(ledger, plant, machine, begin, end, clock)
            if hours > 0:
                failed = after is not None and _failed(after, part)
                found.append(Lived(machine, part, begin, end, hours, failed, after.id if after else "", unknown))
    return tuple(found)


def lives_on_record(
    ledger: Ledger, plant: Plant, part: str, now: int, *, clock: str = "running", machines: Sequence[str] = ()
) -> Lives:  # fmt: skip
    """The same for lifetime analysis. Raises InputError where none is on record."""
    table = lives_table(ledger, plant, part, now, clock=clock, machines=machines)
    if not table:
        raise InputError("no life of that part is on record", came=part, hint="finish work orders that renew it")
    failed = [one.hours for one in table if one.failed]
    running = [one.hours for one in table if not one.failed]
    return lives(failed=failed, running=running, unit="h", name=part)


def _failed(order: WorkOrder, part: str) -> bool:
    own = [one.found for one in order.findings if one.part == part]
    return "failed" in own if own else order.why == "failure" and order.part == part


def _hours(ledger: Ledger, plant: Plant, machine: str, begin: int, end: int, clock: str) -> tuple[float, float]:
    if clock == "calendar":
        return (end - begin) / HOUR, 0.0
    use = use_of(ledger, plant, machine, begin, end)
    return use.running / HOUR, use.unknown / HOUR
