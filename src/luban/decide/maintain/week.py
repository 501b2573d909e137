"""A week of maintenance: which orders stand when, and what is missing for them: spare parts, people, hours.

People are shared out by the greatest flow from orders to technicians who have the skill, so that no shortage is told
where another way of sharing would do.

Source  L. R. Ford, D. R. Fulkerson, Canadian Journal of Mathematics 8 (1956) 399-404 (greatest flow)
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_flow

from luban.core.errors import InputError
from luban.core.time import MINUTE, to_datetime
from luban.decide.maintain.orders import WorkOrder
from luban.decide.maintain.stock import Shelf

__all__ = [
    "Crew",
    "Lack",
    "Share",
    "Technician",
    "share_out",
    "stop_rows",
    "stops_text",
    "warnings_of",
    "week_of",
    "windows",
]

_TASKS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Technician:
    """Somebody who does maintenance.

    skills  what they may do; any order without a skill besides
    hours   in the week [h]
    """

    name: str
    skills: frozenset[str]
    hours: float

    def __post_init__(self) -> None:
        if not 0 <= self.hours <= 168:
            raise InputError("hours of a week", came=f"{self.hours:g}", expected="0 to 168", where=self.name)


@dataclass(frozen=True, slots=True)
class Share:
    """Hours of one technician on one order [h]."""

    technician: str
    order: str
    hours: float


@dataclass(frozen=True, slots=True)
class Crew:
    """Who does what in a week.

    shares  technician, order, hours
    short   skill → (hours asked, hours there) where they do not suffice [h]
    """

    shares: tuple[Share, ...]
    short: Mapping[str, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Lack:
    """Something that stands in the way: key of words.WARNINGS and what goes into its blanks."""

    key: str
    order: str
    given: Mapping[str, Any]


def week_of(orders: Sequence[WorkOrder], start: int, end: int) -> tuple[WorkOrder, ...]:
    """Open orders that stand in [start, end) [µs UTC], and those without a time, by their begin."""
    found = [one for one in orders if one.open and (one.start is None or (one.start < end and (one.end or 0) > start))]
    return tuple(sorted(found, key=lambda one: (one.start is None, one.start or 0, one.id)))


def share_out(orders: Sequence[WorkOrder], crew: Sequence[Technician]) -> Crew:
    """Share orders out among people, by skill and hours, in whole minutes.

    An order asks for people times its length. Hours of one order may be shared by several people.
    """
    need = [round(one.minutes * one.people) for one in orders]
    have = [round(one.hours * 60) for one in crew]
    n, m = len(orders), len(crew)
    graph = np.zeros((n + m + 2, n + m + 2), np.int32)
    graph[0, 1 : n + 1] = need
    graph[n + 1 : n + m + 1, n + m + 1] = have
    for i, order in enumerate(orders):
        for j, person in enumerate(crew):
            if not order.skill or order.skill in person.skills:
                graph[1 + i, n + 1 + j] = need[i]
    flow = maximum_flow(csr_array(graph), 0, n + m + 1).flow.toarray() if n and m else np.zeros_like(graph)
    shares = tuple(
        Share(crew[j].name, orders[i].id, float(flow[1 + i, n + 1 + j]) / _TASKS)
        for i in range(n) for j in range(m) if flow[1 + i, n + 1 + j] > 0
    )  # fmt: skip
    missing: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for i, order in enumerate(orders):
        missing[order.skill][0] += need[i] / _TASKS
        missing[order.skill][1] += float(flow[0, 1 + i]) / _TASKS
    short = {skill: (asked, met) for skill, (asked, met) in missing.items() if met < asked - 1e-9}
    return Crew(shares, short)


def warnings_of(
    orders: Sequence[WorkOrder], shelves: Mapping[str, Shelf], crew: Sequence[Technician] = ()
) -> tuple[Lack, ...]:  # fmt: skip
    """What is missing for these orders, in their order.

    A part on the shelf goes to the order that comes first. Without a crew nothing is said of people.
    """
    left = {name: shelf.on_hand for name, shelf in shelves.items()}
    found: list[Lack] = []
    for one in orders:
        for item, count in one.parts.items() if one.state in {"planned", "released", "running"} else ():
            have = left.get(item)
            if have is None:
                continue
            if have < count:
                found.append(Lack("spare", one.id, {"item": item, "have": have, "need": count}))
            left[item] = max(0, have - count)
    found += [
        Lack("order", "", {"item": name, "have": (shelf.on_hand or 0), "at": shelf.order_at})
        for name, shelf in shelves.items()
        if shelf.low
    ]
    if crew:
        asked = [one for one in orders if one.state in {"planned", "released", "running"}]
        known = {skill for person in crew for skill in person.skills}
        for skill, (need, met) in share_out(asked, crew).short.items():
            if skill and skill not in known:
                found.append(Lack("skill", "", {"skill": skill}))
            else:
                found.append(Lack("hours", "", {"skill": skill or "-", "need": need, "have": met}))
    return tuple(found)


def windows(
    orders: Sequence[WorkOrder], *, latest: Mapping[str, int] | None = None, plant: str = ""
) -> list[dict[str, Any]]:
    """Stops for the scheduler: rows of [[maintenance]] in schedule.toml, times in µs UTC.

    An order that is released or running stands where it is; a planned one may be placed by the scheduler, from its
    begin on and until `latest` (order → [µs UTC]) where that is given.
    plant  id of the plant: machines are named by their path below it
    """
    rows = []
    for one in orders:
        if not one.open or one.state == "done" or one.start is None:
            continue
        fixed = one.state in {"released", "running"}
        row: dict[str, Any] = {
            "machine": one.machine.removeprefix(f"{plant}/"), "id": f"{one.id} {one.task}", "minutes": one.minutes,
        }  # fmt: skip
        row |= {"start": one.start} if fixed else {"earliest": one.start}
        if not fixed and one.id in (latest or {}):
            row["latest"] = max((latest or {})[one.id], one.start + round(one.minutes * MINUTE))
        rows.append(row)
    return rows


def stop_rows(rows: Sequence[Mapping[str, Any]], zone: ZoneInfo) -> list[dict[str, str]]:
    """The same rows as text, as `schedule.plant_problem(…, stops=…)` takes them: wall clock, to the minute."""
    times = ("start", "earliest", "latest")
    return [
        {"machine": row["machine"], "id": row["id"], "time": f"{row['minutes']:g} min"}
        | {name: f"{to_datetime(row[name], zone):%Y-%m-%dT%H:%M}" for name in times if name in row}
        for row in rows
    ]


def stops_text(rows: Sequence[Mapping[str, Any]], zone: ZoneInfo) -> str:
    """The same rows as they stand in schedule.toml."""
    parts = ["\n".join(["[[maintenance]]", *(f"{name} = {_quoted(text)}" for name, text in row.items())])
             for row in stop_rows(rows, zone)]  # fmt: skip
    return "\n\n".join(parts) + ("\n" if parts else "")


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
