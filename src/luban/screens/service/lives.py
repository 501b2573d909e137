"""Lives out of a plant's books: of machines from failure to failure, of parts from renewal to renewal.

Reads  Fact(state) for failures and running time, Fact(event) for what failed and for work orders. Writes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from luban.core.errors import InputError
from luban.core.time import HOUR, MINUTE, iso, now
from luban.decide.maintain.due import use_of
from luban.decide.maintain.record import lives_on_record
from luban.screens.service import past
from luban.screens.service.health_grid import failures_of
from luban.screens.service.view import PlantView
from luban.understand.health.lifetime import Lives
from luban.understand.health.lifetime.words import FIRST_STRETCH, NO_USE
from luban.understand.quality.data import Excluded

__all__ = ["machine_lives", "part_lives"]

_WITH_IT = MINUTE  # an alarm so near the beginning of a failure tells its mode


@dataclass(frozen=True, slots=True)
class _Lived:
    hours: float
    failed: bool
    mode: str
    unknown: float


def machine_lives(view: PlantView, machines: Sequence[str] = (), *, clock: str = "running") -> Lives:
    """Lives of machines between one failure and the next; the one that goes on has not failed yet.

    A failure is what the state mapping marks as one; its mode is the alarm that came with it. The time before the
    first failure on record is left out: nobody knows when it began.

    machines  paths of work units; all of them by default
    clock     running: hours in production; calendar: hours of the day
    Raises    InputError: another clock, no such machine, no two failures of a machine on record
    """
    if clock not in {"running", "calendar"}:
        raise InputError("a life is counted in running or calendar time", came=clock, expected="running or calendar")
    known = view.plant.work_units
    if strange := [name for name in machines if name not in known]:
        expected = "the path of a work unit"
        raise InputError("the plant has no such machine", came=", ".join(strange), expected=expected)
    found: list[_Lived] = []
    excluded: list[Excluded] = []
    for machine in machines or known:
        _of(view, machine, clock, found, excluded)
    if not any(one.failed for one in found):
        hint = "a life begins where a failure was repaired: two failures of one machine are needed"
        raise InputError("no life is on record", came=", ".join(machines) or view.plant.id, hint=hint)
    hours = np.array([one.hours for one in found])
    failed = np.array([one.failed for one in found])
    modes = tuple(one.mode if one.failed else "" for one in found)
    unknown = sum(one.unknown for one in found)
    source = f"{view.plant.id}, {clock} hours"
    if unknown > 0:
        source += f"; {100 * unknown / (unknown + hours.sum()):.1f} % of the time unknown, left out"
    ones = np.ones(len(found))
    return Lives(
        hours, np.where(failed, hours, np.inf), ones, np.zeros(len(found)), modes if any(modes) else (), "h",
        ", ".join(machines) or view.plant.id, tuple(excluded), source,
    )  # fmt: skip


def part_lives(view: PlantView, part: str, machines: Sequence[str] = (), *, clock: str = "running") -> Lives:
    """Lives of a part from one work order that renewed it to the next. Raises InputError where none is on record."""
    until = max((_heard(view, machine) for machine in machines or view.plant.work_units), default=now())
    told = lives_on_record(view.ledger, view.plant, part, min(until, now()), clock=clock, machines=tuple(machines))
    return replace(told, source=f"{view.plant.id}, {clock} hours")


def _of(view: PlantView, machine: str, clock: str, found: list[_Lived], excluded: list[Excluded]) -> None:
    failures = failures_of(view.ledger, machine)
    if not failures:
        return
    excluded.append(Excluded(machine, "begin", iso(failures[0][0], view.plant.zone), FIRST_STRETCH))
    alarms = _alarms(view, machine, failures[0][0], failures[-1][0])
    end = min(now(), _heard(view, machine))
    for at, (_, repaired) in enumerate(failures):
        if repaired is None:
            continue
        failed = at + 1 < len(failures)
        until = failures[at + 1][0] if failed else end
        if clock == "calendar":
            hours, unknown = (until - repaired) / HOUR, 0.0
        else:
            use = use_of(view.ledger, view.plant, machine, repaired, until)
            hours, unknown = use.running / HOUR, use.unknown / HOUR
        if hours > 0:
            found.append(_Lived(hours, failed, alarms.get(until, "") if failed else "", unknown))
        elif failed:
            excluded.append(Excluded(machine, "begin", iso(repaired, view.plant.zone), NO_USE))


def _alarms(view: PlantView, machine: str, first: int, last: int) -> dict[int, str]:
    """Moment of a failure → the alarm that came with it."""
    table = view.ledger.table("event", subjects=[machine], since=first - _WITH_IT, until=last + _WITH_IT + 1)
    rows = [row for row in table.select(["time", "kind", "code"]).to_pylist() if row["kind"] == "alarm" and row["code"]]
    found: dict[int, str] = {}
    for began, _ in failures_of(view.ledger, machine):
        near = [row for row in rows if abs(row["time"] - began) <= _WITH_IT]
        if near:
            found[began] = str(min(near, key=lambda row: abs(row["time"] - began))["code"])
    return found


def _heard(view: PlantView, machine: str) -> int:
    """Until when the books know of a machine [µs UTC]."""
    proofs = past.last_proofs(view.ledger, view.sources_of(machine), 0)
    return max([past.newest_state(view.ledger, [machine]) or 0, *proofs.values()])
