"""By when a new order can be promised, and what each date costs the others; found in a process of its own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from luban.core.errors import InputError
from luban.decide.schedule.check import find_faults
from luban.decide.schedule.objective import Objective
from luban.loop.plans import Plans, PlanState
from luban.screens.service.schedule_repair import copied
from luban.screens.service.schedule_ways import answer, elsewhere, held

__all__ = ["main", "offered", "offers"]

_START = "from luban.screens.service.schedule_offer import main; main()"


def offers(folder: Path, plan: PlanState, order: Mapping[str, Any], now: int, seconds: float) -> dict[str, Any]:
    """Dates and their prices. Not for an event loop. Raises InputError."""
    job = {"folder": str(folder), "plan": plan.id, "order": dict(order), "now": now, "seconds": seconds}
    return elsewhere(_START, job, "the dates could not be tried")


def offered(
    plan: PlanState, order: Mapping[str, Any], now: int, *, seconds: float = 3.0, rounds: int = 0
) -> dict[str, Any]:
    """The same in this process; what is locked stays where it can. Raises InputError.

    order   name, like, size, due, weight, as `copied` takes it
    rounds  search so many rounds for each date instead of `seconds` in all
    """
    from luban.decide.schedule.promise import promise

    if now < 0:
        raise InputError("the plan begins later", came=f"tick {now}", expected="0 or more")
    rush = copied(plan.schedule.problem, order)
    objective = Objective.parse(str(plan.made.get("objective") or "tardiness"))
    found = promise(held(plan), rush, now, objective, seconds=seconds, rounds=rounds)
    known = [*found.quotes, *([] if found.harmless in found.quotes else [found.harmless])]
    able = [own for own in known if not find_faults(own.schedule)]
    if not able:
        raise InputError("after this no plan was found that keeps every rule", came=plan.id)
    due = order.get("due")
    late = [0 if due is None else max(0, own.end - int(due)) for own in able]
    best = min(range(len(able)), key=lambda at: able[at].price + rush.weight * late[at])
    return {
        "plan": plan.id, "order": rush.name, "due": due, "alone": found.alone, "best": best,
        "quotes": [
            {
                "end": own.end, "late": after, "price": own.price, "harmless": own is found.harmless,
                "harmed": [[name, int(ticks)] for name, ticks in own.harmed.items()],
            }
            for own, after in zip(able, late, strict=True)
        ],
    }  # fmt: skip


def main() -> None:
    """What the process does."""
    answer(
        lambda job: offered(
            Plans(Path(job["folder"])).get(job["plan"]), job["order"], job["now"], seconds=job["seconds"]
        )
    )
