"""What people do to tasks, counted things and decisions of a plan: one desk for command line, page and REST.

Reads   Fact(event) of the kinds task, programme, advice    Writes  Fact(event) of those kinds, through `write`
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

from luban.core.errors import InputError
from luban.core.time import now, to_datetime
from luban.ledger import Ledger, Rows
from luban.norms.plans import TargetPlan
from luban.rollup.minutes import Change, Item, advice_row, minutes
from luban.rollup.programmes import (
    Evidence,
    RegionTarget,
    Task,
    Thing,
    close_task,
    count_row,
    drop_task,
    escalations,
    move_task,
    open_task,
    overdue,
    part_row,
    reopen_task,
    report_task,
    shown_row,
    source_row,
    target_row,
    tasks,
    things,
    ways,
    withdraw_row,
)
from luban.screens.service.programmes import quoted, rows_of_file, together
from luban.screens.service.returns import sent_file
from luban.screens.service.rollup import RollupBooks
from luban.screens.users import Act, Role
from luban.understand.book import entries

__all__ = ["BOARD", "DECIDES", "ProgrammeDesk"]

BOARD: Final = ("plan", "year", "programmes", "tasks", "overdue", "regions", "agenda", "revised")
"""What of a review belongs to the board of programmes."""

DECIDES: Final = Role.ADMIN
"""Who decides; everything else is an engineer's."""

Row = dict[str, list[Any]]
_ONE: Final = threading.Lock()  # an id is looked up and taken by one person at a time


class ProgrammeDesk:
    """Acts on what a plan asks for beside its indicators. Safe from any thread.

    folder, ledger, plan  of the books
    write                 makes an act and its entries durable; the books show both when it returns
    """

    def __init__(
        self, folder: Path, ledger: Ledger, plan: TargetPlan, write: Callable[[Act, str, Rows], object]
    ) -> None:
        self.folder, self.ledger, self.plan, self._write = folder, ledger, plan, write

    @classmethod
    def of(cls, books: RollupBooks) -> ProgrammeDesk:
        """The desk of a page or of REST. Raises ConfigError: no such plan."""
        return cls(Path(books.view.folder), books.view.ledger, books.plan, books.write)

    def tasks(self, as_of: int | None = None) -> tuple[Task, ...]:
        """Tasks of the plan, by date due."""
        return tasks(self.ledger, self.plan.id, as_of=as_of)

    def task(self, name: str) -> Task:
        """A task of any plan. Raises InputError: no such task."""
        found = next((one for one in tasks(self.ledger) if one.id == name), None)
        if found is None:
            raise InputError("no such task", came=name, hint="`luban programme DIR` lists them")
        return found

    def things(self, as_of: int | None = None) -> tuple[Thing, ...]:
        """What is counted, parts, and what was shown."""
        return things(self.ledger, self.plan.id, as_of=as_of)

    def agenda(self, as_of: int | None = None) -> tuple[Item, ...]:
        """Items with what was said of them."""
        return minutes(self.ledger, as_of=as_of)

    # ------------------------------------------------------------------ tasks

    def open(
        self, person: str, name: str, *, item: str, owner: str, due: date, id: str = "", region: str = ""  # noqa: A002
    ) -> str:  # fmt: skip
        """Take a task on; its id, a free one by default. Raises InputError: an id that is taken, and as `open_task`."""
        with _ONE:
            held = self._taken()
            made = id.strip() or _free("t", held)
            if made in held:
                raise InputError("in the books already", came=made, hint="luban programme move changes owner or date")
            rows = open_task(self.plan, made, name, item=item, owner=owner, due=due, person=person, region=region)
            self._put(person, "task taken on", made, rows)
        return made

    def report(self, person: str, task: str, text: str, evidence: Sequence[Evidence] = ()) -> None:
        """Say how a task goes. Raises InputError: no such task, neither words nor evidence."""
        self.task(task)
        if not text.strip() and not evidence:
            raise InputError("how does it go?", came="neither words nor evidence", where=task)
        self._put(person, "task reported", task, report_task(task, text, person=person, evidence=evidence))

    def move(self, person: str, task: str, why: str, *, due: date | None = None, owner: str = "") -> None:
        """Give an open task another date or owner."""
        if self.task(task).state != "open":
            raise InputError("the task is not open", came=self.task(task).state, where=task)
        self._put(person, "task moved", task, move_task(task, why, person=person, due=due, owner=owner.strip()))

    def close(self, person: str, task: str, evidence: Sequence[Evidence] = (), text: str = "") -> None:
        """Close a task on evidence given here or reported before."""
        rows = close_task(self.ledger, task, person=person, evidence=evidence, text=text)
        self._put(person, "task closed", task, rows)

    def drop(self, person: str, task: str, why: str) -> None:
        """Give a task up, with the reason."""
        self._put(person, "task dropped", task, drop_task(self.ledger, task, why, person=person))

    def reopen(self, person: str, task: str, why: str) -> None:
        """Take a closing or a giving up back, with the reason."""
        self._put(person, "task opened again", task, reopen_task(self.ledger, task, why, person=person))

    def escalate(self, person: str, today: date | None = None) -> list[dict[str, str]]:
        """Pass up what is late, each task once a rung; what was told of which task."""
        with _ONE:
            rows = escalations(overdue(self.tasks(), today or to_datetime(now()).date()))
            if rows:
                self._put(person, "tasks escalated", self.plan.id, *rows)
        return [{"task": one["subject"][0], "text": one["text"][0]} for one in rows]

    # ------------------------------------------------------------------ what counts

    def count(
        self, person: str, item: str, thing: str, *, day: date, evidence: Sequence[Evidence], region: str = "",
        industry: str = "",
    ) -> None:  # fmt: skip
        """Count a thing for a target from a day on, or add evidence to it."""
        self._follows(item, "count")
        rows = count_row(self.plan, item, thing.strip(), person=person, day=day, evidence=evidence, region=region,
                         industry=industry)  # fmt: skip
        self._put(person, "thing counted", thing.strip(), rows)

    def part(
        self, person: str, item: str, part: str, *, day: date, industry: str = "", source: str = "",
        qualified: bool = False, domestic: bool = False, until: date | None = None, evidence: Sequence[Evidence] = (),
    ) -> None:  # fmt: skip
        """Take a part into the catalogue, and say who can make it."""
        self._follows(item, "parts")
        name = part.strip()
        rows = []
        if name not in self._names(item):
            rows.append(part_row(self.plan, item, name, person=person, day=day, industry=industry))
        if source.strip():
            rows.append(source_row(self.plan, item, name, source.strip(), person=person, qualified=qualified,
                                   domestic=domestic, until=until, evidence=evidence))  # fmt: skip
        if not rows:
            raise InputError("the part is in the catalogue; who can make it?", came=name, where=item)
        self._put(person, "part entered", name, *rows)

    def withdraw(self, person: str, item: str, thing: str, why: str, *, day: date) -> None:
        """Say from when on a thing counts no more; without a name, what was shown of a target without a number."""
        self.plan.item(item)
        known = self._names(item)
        if thing not in known:
            raise InputError("nothing of this name counts for it", came=thing or item,
                             expected=", ".join(sorted(known)[:12]) or "none yet", where=item)  # fmt: skip
        rows = withdraw_row(self.plan, item, thing, why, person=person, day=day)
        self._put(person, "thing withdrawn", thing or item, rows)

    def show(
        self, person: str, item: str, text: str, *, day: date, evidence: Sequence[Evidence], reached: bool = False
    ) -> None:
        """Put down what was shown of a target without a number."""
        self._follows(item, "shown")
        rows = shown_row(self.plan, item, text, person=person, day=day, evidence=evidence, reached=reached)
        self._put(person, "target shown", item, rows)

    def regional(self, person: str, target: RegionTarget) -> None:
        """Put down what a region sets itself; the newest of region, target and year holds."""
        self._put(person, "regional target", target.region, target_row(self.plan, target, person=person))

    def take(
        self, person: str, file: Path, *, region: str = "", papers: Mapping[str, Evidence] | None = None
    ) -> tuple[str, int]:
        """Take a table in, whose columns say what it holds: what, and how many entries.

        Raises   InputError with file and row: nothing of it is taken then; as `rows_of_file`, and an id that is taken
        """
        with _ONE:
            kind, rows = rows_of_file(file, self.plan, person=person, region=region, papers=papers)
            held = self._taken() if kind == "tasks" else set()
            if twice := [one["subject"][0] for one in rows if one["subject"][0] in held]:
                raise InputError("in the books already", came=", ".join(twice[:8]), where=file.name,
                                 expected="ids that no task has, of another plan or dropped either",
                                 hint="luban programme move changes owner or date")  # fmt: skip
            self._put(person, f"{kind} taken", file.name, *rows)
        return kind, len(rows)

    def take_sent(self, person: str, content: bytes, name: str, papers: Sequence[Evidence] = ()) -> tuple[str, int]:
        """The same of a table that was sent, with the documents that it names. A pilot's proof is none."""
        if Path(name).suffix.lower() == ".json":  # a proof is its own evidence: who sends one could have written it
            raise InputError("what does the table hold?", came=name, expected="a table, CSV or Excel")
        with sent_file(content, name, "table.csv") as file:
            return self.take(person, file, papers={one.ref: one for one in papers})

    # ------------------------------------------------------------------ decisions

    def say(
        self, person: str, code: str, item: str, text: str, *, quotes: Sequence[str] = (), change: Change | None = None,
        as_of: str = "",
    ) -> str:  # fmt: skip
        """Put an item, advice, a decision or minutes down; the item's id, a free one for a new item by default.

        quotes  `INDICATOR:YEAR` each, of the whole;  change  of a target: proposed, or by a decision made
        Raises  InputError: an item that is not on the agenda, and as `advice_row` and `quoted`
        """
        found = quoted(self.folder, self.ledger, self.plan, quotes, as_of)
        with _ONE:
            held = {one.id for one in self.agenda()}
            name = item.strip()
            if code == "item":
                name = name or _free("m", held)
                if name in held:
                    raise InputError("on the agenda already", came=name, hint="say more of it as advice")
            elif name not in held:
                known = ", ".join(sorted(held)[:12]) or "an item: it is put down first"
                raise InputError("no such item on the agenda", came=name or "none", expected=known)
            rows = advice_row(name, code, text, person=person, quotes=found, change=change)
            self._put(person, f"{code} put down", name, rows)
        return name

    # ------------------------------------------------------------------

    def _follows(self, item: str, way: str) -> None:
        known = ways(self.plan)
        if item not in known:
            self.plan.item(item)
        own = str(known[item]["way"]) if item in known else ""
        if own != way:
            fits = [name for name, told in known.items() if told["way"] == way]
            raise InputError("the target is not followed so", came=f"{item}: {own or 'no target of a programme'}",
                             expected=", ".join(fits) or "none of this plan")  # fmt: skip

    def _names(self, item: str) -> set[str]:
        return {one.name for one in self.things() if one.item == item and one.withdrawn is None}

    def _taken(self) -> set[str]:
        """Ids of all tasks, of any plan; what they rest on is not judged."""
        return {one.subject for one in entries(self.ledger, "task") if one.code == "open"}

    def _put(self, person: str, code: str, subject: str, *rows: Row) -> None:
        self._write(Act(person, code, subject, ""), "event", together(rows))


def _free(letter: str, held: Collection[str]) -> str:
    return next(name for n in range(1, len(held) + 2) if (name := f"{letter}-{n}") not in held)
