"""A work order from its plan to its close; how it stands is worked out from its entries in their order.

Reads   Fact(event) of kind `workorder`
Writes  nothing
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from luban.core.errors import InputError
from luban.core.time import HOUR
from luban.ledger import Ledger
from luban.understand.book import Entry, entries

__all__ = [
    "FITS", "Finding", "WorkOrder", "findings", "fold_orders", "known_order", "next_id", "orders_of", "work_orders",
]  # fmt: skip

FITS: Final[Mapping[str, tuple[str, ...]]] = {
    "move": ("planned", "released"),
    "release": ("planned",),
    "begin": ("planned", "released"),
    "check": ("running", "done"),
    "finding": ("running", "done"),
    "finish": ("running",),
    "close": ("done",),
    "cancel": ("planned", "released"),
}
"""Step → states in which it may be taken."""

_AFTER: Final = {
    "release": "released", "begin": "running", "finish": "done", "close": "closed", "cancel": "cancelled",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """How a part was found at a work order: what diagnosis and lifetimes learn from.

    found  failed, worn, sound or other
    why    why the order was planned: calendar, age, condition, failure, person
    """

    order: str
    machine: str
    part: str
    found: str
    cause: str
    text: str
    time: int
    person: str
    why: str

    def as_dict(self) -> dict[str, Any]:
        """For REST."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """One work order as it stands.

    id         WO-0001, …
    machine    path of the work unit
    task       what is done; part: the part that it makes new, "" for none
    why        calendar, age, condition, failure or person
    state      planned, released, running, done, closed, cancelled
    start      planned begin [µs UTC]; None: not given a time
    minutes    planned length [min]
    checklist  items; answers: item → (in order, remark)
    parts      spare parts planned; used: taken at the finish
    hours      worked [person·h]; None while it is not finished
    history    (time, person, code, text) of each step that counted
    """

    id: str
    machine: str
    task: str
    part: str = ""
    why: str = "person"
    state: str = "planned"
    start: int | None = None
    minutes: float = 60.0
    skill: str = ""
    people: int = 1
    checklist: tuple[str, ...] = ()
    answers: Mapping[str, tuple[bool, str]] = field(default_factory=dict)
    parts: Mapping[str, int] = field(default_factory=dict)
    used: Mapping[str, int] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    opened: int = 0
    begun: int | None = None
    finished: int | None = None
    hours: float | None = None
    text: str = ""
    history: tuple[tuple[int, str, str, str], ...] = ()

    @property
    def open(self) -> bool:
        """Something is still to be done."""
        return self.state not in {"closed", "cancelled"}

    @property
    def unanswered(self) -> tuple[str, ...]:
        """Checklist items without an answer."""
        return tuple(item for item in self.checklist if item not in self.answers)

    @property
    def end(self) -> int | None:
        """Planned end [µs UTC]."""
        return None if self.start is None else self.start + round(self.minutes * HOUR / 60)

    @property
    def renewed(self) -> frozenset[str]:
        """Parts that are new since its finish: its task's, and those found failed or worn."""
        if self.finished is None:
            return frozenset()
        sound = {one.part for one in self.findings if one.found == "sound"}
        named = {one.part for one in self.findings if one.found in {"failed", "worn"}}
        return frozenset((({self.part} - sound) | named) - {""})

    def as_dict(self) -> dict[str, Any]:
        """For `--json` and REST."""
        plain = ("id", "machine", "task", "part", "why", "state", "start", "end", "minutes", "skill", "people",
                 "opened", "begun", "finished", "hours", "text")  # fmt: skip
        return {name: getattr(self, name) for name in plain} | {
            "checklist": [
                {"item": item, "answered": item in self.answers,
                 "in_order": self.answers[item][0] if item in self.answers else None,
                 "text": self.answers[item][1] if item in self.answers else ""}
                for item in self.checklist
            ],
            "parts": dict(self.parts), "used": dict(self.used),
            "findings": [one.as_dict() for one in self.findings],
            "history": [{"time": t, "person": who, "code": code, "text": text} for t, who, code, text in self.history],
        }  # fmt: skip


def work_orders(ledger: Ledger, as_of: int | None = None) -> dict[str, WorkOrder]:
    """All work orders by id, in the order in which they were planned."""
    return fold_orders(entries(ledger, "workorder", as_of=as_of))


def orders_of(ledger: Ledger, machine: str, as_of: int | None = None) -> tuple[WorkOrder, ...]:
    """Work orders of one machine, the newest first."""
    found = [one for one in work_orders(ledger, as_of).values() if one.machine == machine]
    return tuple(sorted(found, key=lambda one: one.opened, reverse=True))


def findings(ledger: Ledger, as_of: int | None = None) -> tuple[Finding, ...]:
    """Every finding of every work order in order of time."""
    found = [finding for one in work_orders(ledger, as_of).values() for finding in one.findings]
    return tuple(sorted(found, key=lambda one: one.time))


def known_order(ledger: Ledger, id: str) -> WorkOrder:  # noqa: A002
    """One of them. Raises InputError for an id that nobody planned."""
    found = work_orders(ledger)
    if id not in found:
        raise InputError("no such work order", came=id, expected=", ".join(list(found)[-8:]) or "none was planned")
    return found[id]


def next_id(orders: Mapping[str, WorkOrder]) -> str:
    """The id of the next work order."""
    numbers = [int(name[3:]) for name in orders if name.startswith("WO-") and name[3:].isdigit()]
    return f"WO-{max(numbers, default=0) + 1:04d}"


def fold_orders(book: Iterable[Entry]) -> dict[str, WorkOrder]:
    """Orders from entries in their order; a step that does not fit leaves the order as it is."""
    found: dict[str, WorkOrder] = {}
    for entry in book:
        if entry.code == "plan":
            if entry.subject not in found:
                found[entry.subject] = _planned(entry)
            continue
        one = found.get(entry.subject)
        if one is None or one.state not in FITS.get(entry.code, ()):
            continue
        step = (entry.time, entry.person, entry.code, entry.text)
        found[entry.subject] = replace(_stepped(one, entry), history=(*one.history, step))
    return found


def _planned(entry: Entry) -> WorkOrder:
    data = entry.data
    return WorkOrder(
        id=entry.subject, machine=str(data.get("machine", "")), task=str(data.get("task", "")),
        part=str(data.get("part", "")), why=str(data.get("why", "person")), start=_whole(data.get("start")),
        minutes=float(data.get("minutes", 60.0)), skill=str(data.get("skill", "")), people=int(data.get("people", 1)),
        checklist=tuple(map(str, data.get("checklist", ()))), parts=_counts(data.get("parts")), opened=entry.time,
        text=entry.text, history=((entry.time, entry.person, "plan", entry.text),),
    )  # fmt: skip


def _stepped(one: WorkOrder, entry: Entry) -> WorkOrder:
    data, code = entry.data, entry.code
    one = replace(one, state=_AFTER.get(code, one.state))
    if code == "move":
        start = _whole(data["start"]) if "start" in data else one.start
        return replace(one, start=start, minutes=float(data.get("minutes", one.minutes)))
    if code == "begin":
        return replace(one, begun=entry.time)
    if code == "check":
        answer = bool(data.get("ok")), str(data.get("text", "") or entry.text)
        return replace(one, answers={**one.answers, str(data.get("item", "")): answer})
    if code == "finding":
        own = Finding(one.id, one.machine, str(data.get("part", "")), str(data.get("found", "other")),
                      str(data.get("cause", "")), entry.text, entry.time, entry.person, one.why)  # fmt: skip
        return replace(one, findings=(*one.findings, own))
    if code == "finish":
        hours = data.get("hours")
        return replace(one, finished=entry.time, hours=None if hours is None else float(hours),
                       used=_counts(data.get("used")))  # fmt: skip
    return one


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)


def _counts(value: Any) -> dict[str, int]:
    if isinstance(value, Mapping):
        return {str(name): int(count) for name, count in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return {str(name): int(count) for name, count in value}
    return {}
