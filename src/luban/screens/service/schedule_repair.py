"""A plan mended after something happened: ways to go on, found in a process of their own; one is taken as a plan."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from luban.core.errors import InputError
from luban.decide.schedule.events import AbsentOperator, Breakdown, Event, LateMaterial, RushOrder, happen
from luban.decide.schedule.objective import Objective
from luban.decide.schedule.problem import NEVER, NONE, Problem
from luban.decide.schedule.schedule import Schedule
from luban.loop.plans import COLUMNS, Plans, PlanState
from luban.screens.service import schedule_chart as charts
from luban.screens.service.schedule_ways import answer, elsewhere

__all__ = ["KINDS", "Repairs", "copied", "events_of", "main", "mended"]

KINDS = ("breakdown", "people", "material", "rush")
"""What can happen to a plan."""
_START = "from luban.screens.service.schedule_repair import main; main()"
_KEPT = 20
_CHANGED = ("the plan has changed meanwhile", "look at it again, then repeat")

Happenings = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class _Kept:
    """A repair that may be taken."""

    plan: str
    version: int
    happened: Happenings
    now: int
    told: Mapping[str, Any]
    columns: Sequence[Mapping[str, Sequence[int]]]


class Repairs:
    """Repairs of one plant. The newest few are kept in memory until one is taken. Safe from any thread."""

    def __init__(self, folder: Path, plans: Plans) -> None:
        self._folder, self._plans = folder, plans
        self._kept: dict[str, _Kept] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def find(
        self, plan: PlanState, happened: Happenings, now: int, *, seconds: float, stability: float
    ) -> dict[str, Any]:
        """Ways to go on, from the least disturbance to the least cost. Not for an event loop. Raises InputError."""
        job = {
            "folder": str(self._folder), "plan": plan.id, "version": plan.n,
            "happened": [dict(own) for own in happened], "now": now, "seconds": seconds, "stability": stability,
        }  # fmt: skip
        told = elsewhere(_START, job, "the plan could not be mended")
        columns = [own.pop("columns") for own in told["options"]]
        with self._lock:
            id_ = str(next(self._numbers))
            told["id"] = id_
            self._kept[id_] = _Kept(plan.id, plan.n, happened, now, told, columns)
            for old in list(self._kept)[:-_KEPT]:
                del self._kept[old]
        return told

    def happened(self, repair: str) -> Happenings:
        """What a repair answers. Raises InputError."""
        return self._get(repair).happened

    def take(self, plan: PlanState, repair: str, option: int, name: str, *, who: str) -> PlanState:
        """Make an option a plan of its own, in the world as it is after what happened. Raises InputError."""
        kept = self._get(repair)
        if kept.plan != plan.id:
            raise InputError("no such repair", came=repair, hint="mend the plan again")
        if kept.version != plan.n:
            raise InputError(_CHANGED[0], came=plan.id, hint=_CHANGED[1])
        if not 0 <= option < len(kept.columns):
            raise InputError("no such option", came=str(option), expected=f"0 to {len(kept.columns) - 1}")
        world = happen(plan.schedule, events_of(plan.schedule.problem, kept.happened), kept.now)
        columns = {key: np.array(kept.columns[option][key], np.int64) for key in COLUMNS}
        own = kept.told["options"][option]
        unlocked = set(kept.told["unlocked"])
        locked = [at for at in sorted(plan.locked) if plan.schedule.problem.operations[at] not in unlocked]
        told = {
            "name": name, "text": f"{name} ({plan.id})", "objective": kept.told["objective"], "value": own["value"],
            "bound": None, "gap": None, "reason": "mended", "seconds": kept.told["seconds"],
            "fingerprint": plan.made.get("fingerprint"), "stops": plan.made.get("stops"),
            "mended": {
                "plan": plan.id, "version": plan.n, "now": kept.now, "happened": [dict(one) for one in kept.happened],
                "kept": own["kept"],
            },
        }  # fmt: skip
        return self._plans.make(Schedule(world.problem, **columns), told, who=who, locked=locked)

    def _get(self, repair: str) -> _Kept:
        with self._lock:
            if repair not in self._kept:
                raise InputError("no such repair", came=repair, hint="mend the plan again")
            return self._kept[repair]


def events_of(p: Problem, happened: Happenings) -> list[Event]:
    """Events in the words of the scheduler.

    happened  {kind: breakdown, machine, start, end, resume}, {kind: people, pool, start, end, missing},
              {kind: material, order, ready}, {kind: rush, name, like, size, due, weight}; times in ticks of the plan
    Raises    InputError
    """
    made: list[Event] = []
    for own in happened:
        kind = own["kind"]
        if kind == "breakdown":
            made.append(Breakdown(own["machine"], int(own["start"]), int(own["end"]), bool(own.get("resume", True))))
        elif kind == "people":
            made.append(AbsentOperator(own["pool"], int(own["start"]), int(own["end"]), int(own.get("missing", 1))))
        elif kind == "material":
            made.append(LateMaterial(own["order"], int(own["ready"])))
        elif kind == "rush":
            made.append(copied(p, own))
        else:
            raise InputError("nothing that can happen", came=str(kind), expected=", ".join(KINDS))
    return made


def copied(p: Problem, own: Mapping[str, Any]) -> RushOrder:
    """A new order with the route of one of the plan.

    own     name; like: the order it is a copy of; size: how many times as large; due [tick] or None; weight
    Raises  InputError for an unknown order, and where the route has waits or batches: a copy would lose them
    """
    like, size = str(own["like"]), float(own.get("size", 1.0))
    if like not in p.jobs:
        raise InputError("no such order in the plan", came=like)
    at = p.jobs.index(like)
    route = np.arange(int(p.job_first[at]), int(p.job_first[at + 1]))
    if (p.batch_family[route] != NONE).any() or p.lag[route].any() or (p.max_lag[route] < NEVER).any():
        raise InputError("its route has waits or batches, which a copy would lose", came=like)
    needs = [slice(*p.need_first[o : o + 2].tolist()) for o in route.tolist()]
    due = own.get("due")
    return RushOrder(
        str(own["name"]),
        [{p.machines[m]: max(1, round(time * size)) for m, time in p.modes(o)} for o in route.tolist()],
        due=NEVER if due is None else int(due),
        weight=float(own.get("weight", 1.0)),
        families=[p.families[f] if f != NONE else "" for f in p.family[route].tolist()],
        needs=[
            {p.pools[q]: n for q, n in zip(p.need_pool[s].tolist(), p.need_amount[s].tolist(), strict=True)}
            for s in needs
        ],
    )


def mended(plan: PlanState, happened: Happenings, now: int, *, seconds: float = 2.0, stability: float = 0.9,
           rounds: int = 0) -> dict[str, Any]:  # fmt: skip
    """The ways to go on, in this process; what is locked stays where it can. Raises InputError.

    rounds  search so many rounds instead of `seconds`
    """
    from luban.decide.schedule.repair import repair

    old, p = plan.schedule, plan.schedule.problem
    if now < 0:
        raise InputError("the plan begins later", came=f"tick {now}", expected="0 or more")
    objective = Objective.parse(str(plan.made.get("objective") or "tardiness"))
    events = events_of(p, happened)
    found = repair(
        old, events, now, objective, seconds=seconds, stability=stability, locked=sorted(plan.locked), rounds=rounds
    )
    names = found.options[0].whole.problem.operations
    return {
        "plan": plan.id, "version": plan.n, "now": now, "objective": str(objective),
        "before": list(objective.value(old)), "late": int((charts.lateness(old) > 0).sum()), "counted": found.counted,
        "hit": [names[at] for at in found.hit],
        "unlocked": [names[at] for at in found.unlocked if at in plan.locked],
        "seconds": round(found.seconds, 2), "chosen": found.chosen,
        "options": [
            {
                "value": list(own.value), "kept": own.kept, "moved": len(own.moved),
                "machines": len(own.changed), "late": int((charts.lateness(own.whole) > 0).sum()),
                "orders": _orders(old, own.whole), "changes": _changes(old, own.whole),
                "columns": {name: getattr(own.whole, name).tolist() for name in COLUMNS},
            }
            for own in found.options
        ],
    }  # fmt: skip


def _orders(old: Schedule, new: Schedule) -> list[dict[str, Any]]:
    """Orders whose lateness changes; one that is new was never late."""
    before, after = charts.lateness(old).tolist(), charts.lateness(new).tolist()
    before += [0] * (len(after) - len(before))
    return [
        {"order": name, "before": int(a), "after": int(b)}
        for name, a, b in zip(new.problem.jobs, before, after, strict=True)
        if a != b
    ]


def _changes(old: Schedule, new: Schedule) -> list[list[int]]:
    """[operation, machine, start, end] of those of the old plan that lie elsewhere."""
    count = old.problem.operation_count
    differ = np.any([getattr(old, key) != getattr(new, key)[:count] for key in ("machine", "start", "end")], axis=0)
    return [[at, int(new.machine[at]), int(new.start[at]), int(new.end[at])] for at in np.flatnonzero(differ).tolist()]


def main() -> None:
    """What the process does."""
    answer(_job)


def _job(job: dict[str, Any]) -> dict[str, Any]:
    plan = Plans(Path(job["folder"])).get(job["plan"])
    if plan.n != job["version"]:
        raise InputError(_CHANGED[0], came=plan.id, hint=_CHANGED[1])
    return mended(plan, job["happened"], job["now"], seconds=job["seconds"], stability=job["stability"])
