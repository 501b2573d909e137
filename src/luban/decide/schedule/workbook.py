"""A plan as an Excel workbook: orders, operations, dispatch lists, load per machine and day, what binds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from luban.core.errors import InputError
from luban.core.time import HOUR
from luban.decide.schedule.dispatch import Load, dispatch_lists, machine_load
from luban.decide.schedule.late import CAUSES, Delays, Lateness, lateness_causes
from luban.decide.schedule.problem import LIMIT, MAINTENANCE, NEVER, ORDER
from luban.decide.schedule.schedule import Schedule

__all__ = ["WORDS", "write_workbook"]

WORDS = (
    "Orders", "Operations", "Dispatch lists", "Load", "What binds", "order", "operation", "machine", "kind",
    "maintenance", "release", "due", "begin", "end", "lateness [h]", "lateness", "weight", "greatest wait",
    "its length [h]", "its length", "family", "setup from", "setup begin", "setup [h]", "setup", "worked [h]", "worked",
    "pools", "slack [h]", "slack", "next machine", "batch", "fixed", "yes", "sequence", "cause", "meaning",
    "share of the lateness [h]", "share of the lateness", "machine or pool", "lead time of late orders",
    "load, share of open time", "total", "holds the end of the last order",
)  # fmt: skip
"""What the workbook says in English; `say` translates it."""

_Row = list[tuple[str | float | datetime | None, Any]]  # values with their formats
_MOST_ROWS = 1_048_575
_FIRST_YEAR, _LAST_YEAR = 1900, 9999


def write_workbook(
    target: Path | BytesIO, schedule: Schedule, *, zone: ZoneInfo | None = None, say: Callable[[str], str] = str
) -> None:
    """Writes the workbook; a file is replaced only once the new one is whole.

    zone    times are wall clock of this zone (UTC by default); ticks where the plan's time is abstract
    say     translates WORDS
    Raises  InputError for more operations than a sheet has rows
    """
    if schedule.problem.operation_count > _MOST_ROWS:
        raise InputError("more operations than a sheet of Excel has rows", came=f"{schedule.problem.operation_count:,}")
    if isinstance(target, BytesIO):
        _Book(target, schedule, zone, say).write()
        return
    made = BytesIO()
    _Book(made, schedule, zone, say).write()
    part = target.with_name(target.name + ".part")
    part.write_bytes(made.getvalue())
    part.replace(target)


class _Book:
    def __init__(self, target: BytesIO, schedule: Schedule, zone: ZoneInfo | None, say: Callable[[str], str]) -> None:
        import xlsxwriter

        options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        self.book: Any = xlsxwriter.Workbook(target, options)
        self.schedule, self.problem, self.zone, self.say = schedule, schedule.problem, zone, say
        self.timed = bool(schedule.problem.tick)
        form = self.book.add_format
        self.head = form({"bold": True, "bottom": 1, "font_color": "#59646c", "text_wrap": True, "valign": "top"})
        self.time = form({"num_format": "yyyy-mm-dd hh:mm", "align": "left"}) if self.timed else form({})
        self.hours = form({"num_format": "0.00" if self.timed else "0"})
        self.share = form({"num_format": "0%"})
        self.plain, self.late = form({}), form({"font_color": "#b3261e", "num_format": "0.00" if self.timed else "0"})

    def write(self) -> None:
        causes = lateness_causes(self.schedule)
        self._orders(causes)
        self._operations()
        self._dispatch()
        load = machine_load(self.schedule, self.zone)
        self._load(load)
        self._binds(causes, load)
        self.book.close()

    # ---- cells

    def when(self, tick: int) -> datetime | int | None:
        """A time as Excel holds it; None where there is none."""
        if abs(tick) >= LIMIT:
            return None
        if not self.timed:
            return tick
        try:
            moment = self.schedule.when(tick, self.zone)
        except OverflowError:
            return None
        if moment is None or not _FIRST_YEAR < moment.year <= _LAST_YEAR:
            return None
        return moment.replace(tzinfo=None)

    def long(self, ticks: float) -> float | None:
        """A length in hours, or ticks; None where it is beyond all use."""
        return None if abs(ticks) >= LIMIT else round(ticks * self.problem.tick / HOUR, 4) if self.timed else ticks

    def _unit(self, word: str) -> str:
        return f"{word} [h]" if self.timed else word

    def _table(self, sheet: Any, heads: Sequence[str], rows: Sequence[_Row], top: int = 0) -> None:
        """A head line and rows of (value, format); columns are as wide as their first rows need."""
        for at, head in enumerate(heads):
            sheet.write_string(top, at, self.say(head), self.head)
        for line, row in enumerate(rows, top + 1):
            for at, (value, form) in enumerate(row):
                if isinstance(value, str):
                    sheet.write_string(line, at, value, form)
                elif isinstance(value, datetime):
                    sheet.write_datetime(line, at, value, form)
                elif value is not None:
                    sheet.write_number(line, at, value, form)
        if top:
            return
        for at, head in enumerate(heads):
            seen = [_width(row[at][0]) for row in rows[:200]]
            sheet.set_column(at, at, min(max([_width(self.say(head)) * 0.8, 8, *seen]) + 1, 40))
        sheet.freeze_panes(1, 2)
        if rows:
            sheet.autofilter(0, 0, len(rows), len(heads) - 1)

    # ---- sheets

    def _orders(self, causes: Lateness) -> None:
        p, s = self.problem, self.schedule
        delays, done = Delays(s), s.completion
        chains = {chain.job: chain for chain in causes.chains}
        rows: list[_Row] = []
        for job in range(p.job_count):
            late = int(done[job] - p.due[job]) if p.due[job] < NEVER else 0
            chain = chains.get(job) or delays.chain(job)
            waits = [(length, cause) for cause, length in chain.totals.items() if cause != "work"]
            length, cause = max(waits, default=(0, ""))
            rows.append(
                [
                    (p.jobs[job], self.plain),
                    (self.say("maintenance") if p.job_kind[job] == MAINTENANCE else self.say("order"), self.plain),
                    (self.when(int(p.release[job])), self.time),
                    (self.when(int(p.due[job])), self.time),
                    (self.when(int(s.start[p.job_first[job]])), self.time),
                    (self.when(int(done[job])), self.time),
                    (self.long(late) if p.due[job] < NEVER else None, self.late if late > 0 else self.hours),
                    (float(p.weight[job]), self.plain),
                    (self.say(CAUSES[cause]) if cause else "", self.plain),
                    (self.long(length) if cause else None, self.hours),
                ]
            )
        heads = (
            "order", "kind", "release", "due", "begin", "end", self._unit("lateness"), "weight", "greatest wait",
            self._unit("its length"),
        )  # fmt: skip
        self._table(self._sheet("Orders"), heads, rows)

    def _operations(self) -> None:
        p, s = self.problem, self.schedule
        job_of = p.job_of.tolist()
        rows: list[_Row] = []
        for o in range(p.operation_count):
            setup = int(s.setup_end[o] - s.setup_start[o])
            family = int(p.family[o])
            rows.append(
                [
                    (p.jobs[job_of[o]], self.plain),
                    (p.operations[o], self.plain),
                    (p.machines[int(s.machine[o])], self.plain),
                    (p.families[family] if family >= 0 else "", self.plain),
                    (self.when(int(s.setup_start[o])) if setup else None, self.time),
                    (self.long(setup) if setup else None, self.hours),
                    (self.when(int(s.start[o])), self.time),
                    (self.when(int(s.end[o])), self.time),
                    (self.long(p.mode_on(o, int(s.machine[o]))), self.hours),
                    (int(s.batch[o]) if s.batch[o] >= 0 else None, self.plain),
                    (self.say("yes") if p.fixed_start[o] < NEVER else "", self.plain),
                ]
            )
        heads = (
            "order", "operation", "machine", "family", "setup begin", self._unit("setup"), "begin", "end",
            self._unit("worked"), "batch", "fixed",
        )  # fmt: skip
        self._table(self._sheet("Operations"), heads, rows)

    def _dispatch(self) -> None:
        rows: list[_Row] = []
        for machine, tasks in dispatch_lists(self.schedule).items():
            for task in tasks:
                setup, dated = task.setup_end - task.setup_start, task.due < NEVER
                pools = ", ".join(f"{name} × {amount}" if amount > 1 else name for name, amount in task.pools)
                late = self.late if task.lateness > 0 else self.hours
                rows.append(
                    [
                        (machine, self.plain),
                        (task.sequence, self.plain),
                        (task.order, self.plain),
                        (task.operation_name, self.plain),
                        (task.family, self.plain),
                        (task.setup_from, self.plain),
                        (self.when(task.setup_start) if setup else None, self.time),
                        (self.long(setup) if setup else None, self.hours),
                        (self.when(task.start), self.time),
                        (self.when(task.end), self.time),
                        (pools, self.plain),
                        (self.when(task.due), self.time),
                        (self.long(task.slack) if dated else None, self.hours),
                        (self.long(task.lateness) if dated else None, late),
                        (task.next_machine, self.plain),
                    ]
                )
        heads = (
            "machine", "sequence", "order", "operation", "family", "setup from", "setup begin", self._unit("setup"),
            "begin", "end", "pools", "due", self._unit("slack"), self._unit("lateness"), "next machine",
        )  # fmt: skip
        self._table(self._sheet("Dispatch lists"), heads, rows)

    def _load(self, load: Load) -> None:
        sheet = self._sheet("Load")
        edges = load.edges.tolist()
        sheet.write_string(0, 0, self.say("machine"), self.head)
        sheet.write_string(0, 1, self.say("total"), self.head)
        for at, edge in enumerate(edges[:-1]):
            moment = self.when(edge)
            text = f"{moment:%Y-%m-%d}" if isinstance(moment, datetime) else str(edge)
            sheet.write_string(0, at + 2, text, self.head)
        total = (load.work + load.setup).sum(1) / load.open.sum(1).clip(min=1)
        for line, machine in enumerate(load.machines, 1):
            sheet.write_string(line, 0, machine, self.plain)
            sheet.write_number(line, 1, float(total[line - 1]), self.share)
            for at, share in enumerate(load.share[line - 1].tolist()):
                if load.open[line - 1, at]:
                    sheet.write_number(line, at + 2, share, self.share)
        sheet.set_column(0, 0, min(max([8, *map(_width, load.machines)]) + 1, 40))
        sheet.set_column(1, len(edges), 11)
        sheet.freeze_panes(1, 2)
        if load.machines:
            scale = {"type": "2_color_scale", "min_type": "num", "max_type": "num", "min_value": 0, "max_value": 1}
            scale |= {"min_color": "#ffffff", "max_color": "#b9925a"}
            sheet.conditional_format(1, 1, len(load.machines), len(edges), scale)

    def _binds(self, causes: Lateness, load: Load) -> None:
        p, s = self.problem, self.schedule
        sheet = self._sheet("What binds")
        lead = _lead(causes)
        head = self._unit("share of the lateness")
        rows: list[_Row] = [
            [(self.say(cause), self.plain), (self.say(CAUSES.get(cause, "")), self.plain),
             (self.long(share), self.hours), (self.long(lead.get(cause, 0)), self.hours)]
            for cause, share in causes.causes.items()
        ]  # fmt: skip
        self._table(sheet, ("cause", "meaning", head, "lead time of late orders"), rows)
        top = len(rows) + 3
        total = dict(zip(load.machines, ((load.work + load.setup).sum(1) / load.open.sum(1).clip(min=1)), strict=True))
        names = dict.fromkeys([*causes.resources, *sorted(total, key=lambda name: -total[name])])
        rows = [
            [(name, self.plain), ("", self.plain), (self.long(causes.resources.get(name, 0)), self.hours),
             (float(total[name]) if name in total else None, self.share)]
            for name in names
        ]  # fmt: skip
        self._table(sheet, ("machine or pool", "", head, "load, share of open time"), rows, top)
        orders = [job for job in range(p.job_count) if p.job_kind[job] == ORDER]
        if orders:
            last = max(orders, key=lambda job: int(s.completion[job]))
            path = Delays(s).critical(last)[::-1]
            rows = [
                [(p.operations[o], self.plain), (p.machines[int(s.machine[o])], self.plain),
                 (self.when(int(s.start[o])), self.time), (self.when(int(s.end[o])), self.time)]
                for o in path
            ]  # fmt: skip
            heads = ("holds the end of the last order", "machine", "begin", "end")
            self._table(sheet, heads, rows, top + len(names) + 3)
        sheet.set_column(0, 1, 34)
        sheet.set_column(2, 3, 18)

    def _sheet(self, name: str) -> Any:
        return self.book.add_worksheet(self.say(name)[:31])


def _lead(causes: Lateness) -> Mapping[str, int]:
    """Cause → time of the late orders [tick]."""
    found: dict[str, int] = {}
    for chain in causes.chains:
        for cause, length in chain.totals.items():
            found[cause] = found.get(cause, 0) + length
    return found


def _width(value: object) -> float:
    """How wide a value stands [characters]; Chinese and Korean signs count double."""
    if isinstance(value, datetime):
        return 15
    return sum(1.9 if ord(sign) > 0x2E80 else 1 for sign in str(value)) if value is not None else 0
