"""Measures of a plan as tasks: owner, date, evidence. What is late goes up a ladder; nothing closes without evidence.

Reads   Fact(event) of the kind `task`    Writes  nothing itself: rows for whoever has a spool or the act log
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Final

from luban.core.errors import InputError
from luban.core.time import iso
from luban.ledger import Ledger
from luban.norms.plans import Programme, TargetPlan, Task as Duty
from luban.rollup.programmes.evidence import Evidence, Standing, evidence_of
from luban.rollup.programmes.table import day_in, read_table
from luban.understand.book import Entry, entries, row

__all__ = [
    "CODES",
    "LADDER",
    "STATES",
    "Follow",
    "Overdue",
    "Rung",
    "Task",
    "close_task",
    "drop_task",
    "duties",
    "escalations",
    "follow_up",
    "items_of",
    "move_task",
    "open_task",
    "overdue",
    "read_tasks",
    "reopen_task",
    "report_task",
    "tasks",
]  # fmt: skip

CODES: Final[Mapping[str, str]] = {
    "open": "taken on, with owner and date",
    "report": "how it goes, with evidence",
    "move": "another date or owner, with the reason",
    "escalate": "late: passed up",
    "close": "done, with evidence",
    "drop": "given up, with the reason",
    "reopen": "closed or given up, and open again, with the reason",
}
"""Codes of an entry of the kind `task`."""

STATES: Final = ("open", "done", "dropped")

Row = dict[str, list[Any]]


@dataclass(frozen=True, slots=True)
class Rung:
    """From so many days late on, a task is before `to`."""

    days: int
    to: str


LADDER: Final = (Rung(1, "owner"), Rung(30, "owner's superior"), Rung(90, "who steers the plan"))
"""Own convention: a plan says that delivery is followed up, not after how many days."""


@dataclass(frozen=True, slots=True)
class Task:
    """A task as the books hold it.

    item       measure, task or target of the plan that it serves; "" for one of its own
    owner      who answers for it;  due  last day;  opened  day it was taken on
    region     path of the tree, "" for the whole
    state      one of STATES;  closed  day
    evidence   that stands;  doubts  why other evidence does not, or why it is not closed though somebody said so
    level      rung of the ladder that was told so far, 0: none
    said       last word about it;  seq  of the newest entry
    spent      keys of what it was closed on before it was opened again: that proves it no more
    """

    id: str
    plan: str
    item: str
    name: str
    owner: str
    due: date
    opened: date
    region: str = ""
    state: str = "open"
    closed: date | None = None
    evidence: tuple[Evidence, ...] = ()
    doubts: tuple[str, ...] = ()
    level: int = 0
    said: str = ""
    seq: int = 0
    spent: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """For `--json` and REST."""
        found = {name: getattr(self, name) for name in self.__dataclass_fields__}
        found |= {name: found[name] and found[name].isoformat() for name in ("due", "opened", "closed")}
        return found | {"evidence": [one.as_dict() for one in self.evidence], "doubts": list(self.doubts)}


@dataclass(frozen=True, slots=True)
class Overdue:
    """A task that is late: by how many days, on which rung of the ladder (from 1), before whom."""

    task: Task
    days: int
    level: int
    to: str


@dataclass(frozen=True, slots=True)
class Follow:
    """How far a task of the plan is followed up.

    id, measures   of the plan, and how many measures it has
    taken          measures with an owner and a date;  missing  ids of those without
    tasks, done, late   tasks in the books for it
    """

    id: str
    measures: int
    taken: int
    missing: tuple[str, ...]
    tasks: int
    done: int
    late: int


def duties(plan: TargetPlan) -> tuple[Duty | Programme, ...]:
    """What has measures to be followed up: tasks, supports and programmes of a plan."""
    return (*plan.tasks, *plan.supports, *plan.programmes)


def items_of(plan: TargetPlan) -> dict[str, str]:
    """Id of everything that a task can serve → id of the plan's task, support or programme it belongs to."""
    found: dict[str, str] = {}
    for task in (*plan.tasks, *plan.supports):
        found[task.id] = task.id
        for part in task.paragraphs:
            found[part.id] = task.id
            found |= {one.id: task.id for one in part.measures}
    for one in plan.programmes:
        found[one.id] = one.id
        found |= dict.fromkeys([*(item.id for item in one.items), *(some.id for some in one.measures)], one.id)
    return found | {name: name for name in plan.indicators}


def open_task(
    plan: TargetPlan, id: str, name: str, *, item: str, owner: str, due: date, person: str, region: str = "",  # noqa: A002 - the field's name
    time: int | None = None,
) -> Row:  # fmt: skip
    """The entry that takes a task on.

    Raises   InputError: no name, no owner, an item that the plan does not have
    Example  open_task(plan, "t-1", "list of parts", item="3.3.1.2", owner="office", due=date(2016, 6, 30), person="li")
    """
    if not name.strip() or not owner.strip():
        raise InputError("a task has a name and an owner", came=f"{name!r}, {owner!r}", where=id)
    if item and item not in items_of(plan):
        plan.item(item)  # says which ones are near
    data = {"plan": plan.id, "item": item, "name": name, "owner": owner, "due": due.isoformat(), "region": region}
    return row("task", id, "open", person=person, text=name, data=data, time=time)


def report_task(
    id: str, text: str, *, person: str, evidence: Sequence[Evidence] = (), time: int | None = None  # noqa: A002
) -> Row:  # fmt: skip
    """The entry that says how a task goes."""
    return row("task", id, "report", person=person, text=text, data=_held(evidence), time=time)


def move_task(
    id: str, why: str, *, person: str, due: date | None = None, owner: str = "", time: int | None = None  # noqa: A002
) -> Row:  # fmt: skip
    """The entry that gives a task another date or owner. Raises InputError without a reason, or without either."""
    if not why.strip() or (due is None and not owner):
        raise InputError("another date or owner, and why", came=f"{why!r}", where=id)
    data = ({"due": due.isoformat()} if due else {}) | ({"owner": owner} if owner else {})
    return row("task", id, "move", person=person, text=why, data=data, time=time)


def close_task(
    ledger: Ledger, id: str, *, person: str, evidence: Sequence[Evidence] = (), text: str = "", time: int | None = None  # noqa: A002
) -> Row:  # fmt: skip
    """The entry that closes a task, on evidence given here or reported before.

    Raises   InputError: no such task, not open, no evidence that stands
    """
    found = _one(ledger, id)
    sound, lacks = _fresh((*evidence, *found.evidence), Standing(ledger), found.spent)
    if not sound:
        raise InputError("nothing closes without evidence", came="; ".join(lacks) or "none", where=id,
                         expected="a fact of the books, or a document with its digest")  # fmt: skip
    return row("task", id, "close", person=person, text=text, data=_held(evidence), time=time)


def drop_task(ledger: Ledger, id: str, why: str, *, person: str, time: int | None = None) -> Row:  # noqa: A002
    """The entry that gives a task up. Raises InputError: no such task, not open, no reason."""
    _one(ledger, id)
    if not why.strip():
        raise InputError("a task is not given up without a reason", where=id)
    return row("task", id, "drop", person=person, text=why, time=time)


def reopen_task(ledger: Ledger, id: str, why: str, *, person: str, time: int | None = None) -> Row:  # noqa: A002
    """The entry that takes back a closing or a giving up. What a task was closed on proves it no more.

    Raises   InputError: no such task, it is open, no reason
    """
    if _known(ledger, id).state == "open":
        raise InputError("the task is open", where=id)
    if not why.strip():
        raise InputError("a task is not opened again without a reason", where=id)
    return row("task", id, "reopen", person=person, text=why, time=time)


def tasks(ledger: Ledger, plan: str = "", *, as_of: int | None = None) -> tuple[Task, ...]:
    """All tasks of a plan, by date due; "" for those of every plan.

    A task that somebody closed without evidence that stands is open, and says so.
    """
    return _fold(entries(ledger, "task", as_of=as_of), Standing(ledger, as_of), plan)


def overdue(some: Iterable[Task], today: date, ladder: Sequence[Rung] = LADDER) -> tuple[Overdue, ...]:
    """Open tasks past their date, the latest first."""
    found = []
    for one in some:
        days = (today - one.due).days
        reached = [at for at, rung in enumerate(ladder, 1) if days >= rung.days]
        if one.state == "open" and reached:
            found.append(Overdue(one, days, reached[-1], ladder[reached[-1] - 1].to))
    return tuple(sorted(found, key=lambda one: (-one.days, one.task.id)))


def escalations(some: Iterable[Overdue], *, time: int | None = None) -> list[Row]:
    """Entries for tasks that reached a rung nobody was told of yet."""
    return [
        row("task", one.task.id, "escalate", person="", text=f"{one.days} days late: to {one.to}",
            data={"level": one.level, "to": one.to, "days": one.days}, time=time)
        for one in some if one.level > one.task.level
    ]  # fmt: skip


def follow_up(plan: TargetPlan, some: Iterable[Task], today: date) -> tuple[Follow, ...]:
    """Each task, support and programme of the plan: measures taken on by somebody, done, late, those nobody has."""
    held: dict[str, list[Task]] = {}
    above = items_of(plan)
    for one in some:
        if one.plan == plan.id and one.state != "dropped":
            held.setdefault(above.get(one.item, ""), []).append(one)
    found = []
    for task in duties(plan):
        own = held.get(task.id, [])
        served = {one.item for one in own}
        missing = tuple(one.id for one in task.measures if one.id not in served)
        count = len(task.measures)
        late = len(overdue(own, today))
        done = sum(one.state == "done" for one in own)
        found.append(Follow(task.id, count, count - len(missing), missing, len(own), done, late))
    return tuple(found)


def read_tasks(path: Path, plan: TargetPlan, *, person: str, time: int | None = None) -> list[Row]:
    """Entries that take on the tasks of a CSV or Excel file: id, item, name, owner, due, and perhaps region.

    Raises   InputError with file and row: a column or cell is missing, no date, an item that the plan does not have
    """
    made, seen = [], set()
    for place, cells in read_table(path, ("id", "item", "name", "owner", "due")):
        due = day_in(cells["due"], place)
        if not cells["id"] or cells["id"] in seen:
            raise InputError("each task has an id of its own", came=cells["id"] or "none", where=place)
        seen.add(cells["id"])
        try:
            made.append(open_task(plan, cells["id"], cells["name"], item=cells["item"], owner=cells["owner"], due=due,
                                  region=cells.get("region", ""), person=person, time=time))  # fmt: skip
        except InputError as error:
            raise InputError(error.message, came=error.came, expected=error.expected, where=place) from None
    return made


@dataclass(slots=True)
class _Course:
    """A task with what was shown of it, and each attempt to close it: day, and how much was shown by then."""

    task: Task
    shown: list[Evidence]
    closings: list[tuple[date, int]]


def _fold(book: Sequence[Entry], standing: Standing, plan: str) -> tuple[Task, ...]:
    found: dict[str, _Course] = {}
    for one in book:
        if one.code == "open" and one.subject not in found:
            found[one.subject] = _Course(_opened(one), [], [])
        if one.subject in found:
            _go_on(found[one.subject], one)
    made = [_settled(one, standing) for one in found.values() if not plan or one.task.plan == plan]
    return tuple(sorted(made, key=lambda one: (one.due, one.id)))


def _opened(one: Entry) -> Task:
    day, data = _on(one), one.data
    plan, item, owner, region = (str(data.get(name, "")) for name in ("plan", "item", "owner", "region"))
    name = str(data.get("name", one.text))
    return Task(one.subject, plan, item, name, owner, _day(data.get("due"), day), day, region)


def _go_on(course: _Course, one: Entry) -> None:
    own = replace(course.task, seq=one.seq, said=one.text)
    course.shown += evidence_of(one.data.get("evidence"))
    if one.code == "move":
        own = replace(own, due=_day(one.data.get("due"), own.due), owner=str(one.data.get("owner", own.owner)))
        own = replace(own, level=0 if "due" in one.data else own.level)  # late anew is told anew
    elif one.code == "escalate":
        own = replace(own, level=max(own.level, int(one.data.get("level", 0))))
    elif one.code == "close":
        course.closings.append((_on(one), len(course.shown)))
    elif one.code == "drop":
        own = replace(own, state="dropped")
    elif one.code == "reopen":
        if course.closings:
            closed_on = course.shown[: course.closings[-1][1]]
            own = replace(own, spent=tuple(dict.fromkeys((*own.spent, *(some.key for some in closed_on)))))
            course.shown.clear()
        course.closings.clear()
        own = replace(own, state="open", level=0)
    course.task = own


def _settled(course: _Course, standing: Standing) -> Task:
    sound, lacks = _fresh(dict.fromkeys(course.shown), standing, course.task.spent)
    own = replace(course.task, evidence=sound, doubts=lacks)
    if own.state != "open" or not course.closings:
        return own
    closed = next((day for day, count in course.closings if set(course.shown[:count]) & set(sound)), None)
    if closed is None:
        return replace(own, doubts=(*lacks, "closed without evidence: it stays open"))
    return replace(own, state="done", closed=closed)


def _fresh(
    some: Iterable[Evidence], standing: Standing, spent: Sequence[str]
) -> tuple[tuple[Evidence, ...], tuple[str, ...]]:
    """(evidence that stands and closed nothing yet, why the rest does not)."""
    sound, lacks = standing.sound(some)
    old = tuple(f"{one.ref} was what it was closed on before" for one in sound if one.key in spent)
    return tuple(one for one in sound if one.key not in spent), (*lacks, *old)


def _on(one: Entry) -> date:
    return date.fromisoformat(iso(one.time)[:10])


def _day(given: Any, otherwise: date) -> date:
    try:
        return date.fromisoformat(str(given)[:10])
    except ValueError:
        return otherwise


def _known(ledger: Ledger, name: str) -> Task:
    found = next((one for one in tasks(ledger) if one.id == name), None)
    if found is None:
        raise InputError("no such task", came=name, hint="`luban programme DIR` lists them")
    return found


def _one(ledger: Ledger, name: str) -> Task:
    found = _known(ledger, name)
    if found.state != "open":
        raise InputError("the task is not open", came=found.state, where=name)
    return found


def _held(evidence: Sequence[Evidence]) -> dict[str, Any]:
    return {"evidence": [one.as_dict() for one in evidence]} if evidence else {}
