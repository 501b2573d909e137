"""A plan on paper: the chart as a drawing, and a dispatch list for each machine, in the reader's language."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from luban.core.time import DAY, HOUR, MINUTE, SECOND, to_datetime
from luban.decide.schedule.dispatch import Task, dispatch_lists, machine_load
from luban.decide.schedule.floor import Run, Windows, machine_runs
from luban.decide.schedule.problem import LIMIT, MAINTENANCE, NEVER, ORDER
from luban.decide.schedule.schedule import Schedule
from luban.screens.i18n import Words, words
from luban.screens.report.fonts import fonts_of

__all__ = ["PDF_WORDS", "schedule_pdf"]

PDF_WORDS = (
    "work", "setup", "closed", "order is late", "maintenance", "sequence", "begin", "end", "order", "operation",
    "family", "pools", "due", "slack", "next machine", "done", "load {n} %", "{n} orders, {k} late", "tick",
)  # fmt: skip
"""Sentences that are translated."""

_STEPS = tuple(n * SECOND for n in (1, 2, 5, 10, 15, 30)) + tuple(n * MINUTE for n in (1, 2, 5, 10, 15, 30)) + (
    HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, DAY, 2 * DAY, 7 * DAY, 14 * DAY, 28 * DAY,
)  # fmt: skip
_LEFT, _WIDE, _TOP, _HIGH, _ROWS = 42.0, 354.0, 6.0, 248.0, 30  # mm of a sheet, and most machines on one
_LEAST_ROW, _MOST_ROW = 8.0, 14.0
_LEAST_TEXT = 7.0
_WORK, _SETUP, _CLOSED, _LATE, _CARE = "#5f7d92", "#a3b6c4", "#eceef0", "#b3261e", "#b9925a"


def schedule_pdf(
    schedule: Schedule,
    title: str,
    *,
    zone: ZoneInfo | None = None,
    language: str = "en",
    begin: int | None = None,
    end: int | None = None,
) -> bytes:
    """The PDF.

    title       what the plan is called
    zone        times are wall clock of this zone (UTC by default)
    language    en, zh, ko; Chinese and Korean need a CJK font on the machine that writes it (Debian: fonts-noto-cjk)
    begin, end  part of the plan that is shown [tick]; None: all of it
    """
    import typst

    page = _Paper(schedule, zone, words(language), begin, end)
    data = page.data(title) | {"fonts": fonts_of(language), "language": language}
    source = files("luban.screens.report").joinpath("schedule.typ").read_bytes()
    inputs = {"data": json.dumps(data, ensure_ascii=False)}
    # tags for each of some thousand bars would make the file many times as large
    made: bytes = typst.compile(source, format="pdf", sys_inputs=inputs, pdf_tags=False)
    return made


class _Paper:
    def __init__(
        self, schedule: Schedule, zone: ZoneInfo | None, say: Words, begin: int | None, end: int | None
    ) -> None:
        p = schedule.problem
        self.schedule, self.problem, self.zone, self.say = schedule, p, zone, say
        ends = schedule.end[schedule.end < LIMIT]
        self.begin = min(int(schedule.start.min(initial=0)), 0) if begin is None else begin
        self.end = max(int(ends.max(initial=1)) if end is None else end, self.begin + 1)
        self.scale = _WIDE / (self.end - self.begin)
        self.row = min(max(_HIGH / min(max(p.machine_count, 1), _ROWS), _LEAST_ROW), _MOST_ROW)
        self.job_of = p.job_of.tolist()
        self.late = (schedule.completion > p.due).tolist()

    def data(self, title: str) -> dict[str, Any]:
        """What the sheet is filled with."""
        p, say = self.problem, self.say
        runs = machine_runs(self.schedule)
        groups = [range(at, min(at + _ROWS, p.machine_count)) for at in range(0, p.machine_count, _ROWS)]
        orders = int((p.job_kind == ORDER).sum())
        late = sum(late for job, late in enumerate(self.late) if p.job_kind[job] == ORDER)
        return {
            "title": title,
            "span": f"{self._when(self.begin)} – {self._when(self.end)}" + (f" {self.zone or 'UTC'}" if p.tick else ""),
            "figures": say("{n} orders, {k} late", n=orders, k=late),
            "words": {
                "work": say("work"), "setup": say("setup"), "closed": say("closed"), "late": say("order is late"),
                "care": say("maintenance"),
            },
            "pages": [self._page(group, runs) for group in groups],
            "heads": [
                say("sequence"), say("begin"), say("end"), say("order"), say("operation"), say("family"), say("setup"),
                say("pools"), say("due"), say("slack"), say("next machine"), say("done"),
            ],
            "lists": list(self._lists()),
        }  # fmt: skip

    # ---- the chart

    def _page(self, machines: Sequence[int], runs: Sequence[Sequence[Run]]) -> dict[str, Any]:
        windows = Windows(self.problem)
        boxes: list[tuple[float, float, float, float, str, str, str]] = []
        for row, machine in enumerate(machines):
            top = _TOP + row * self.row
            for a, b, on in windows.pieces(machine, self.begin, self.end):
                if not on:
                    boxes.append((*self._span(a, b), top, self.row - 2, _CLOSED, "", ""))
            for run in runs[machine]:
                boxes += self._bars(run, top)
        names = [
            (_TOP + row * self.row + self.row / 2 - 2.4, self.problem.machines[machine])
            for row, machine in enumerate(machines)
        ]
        high = len(machines) * self.row + 1
        rules = [(x, _TOP - 1, high, text) for x, text in self._axis()]
        return {"boxes": [(x, y, w, h, *rest) for x, w, y, h, *rest in boxes], "rules": rules, "names": names}

    def _bars(self, run: Run, top: float) -> Iterator[tuple[float, float, float, float, str, str, str]]:
        low, high = self.begin, self.end
        if run.setup_end > run.setup_start and run.setup_end > low and run.setup_start < high:
            yield (*self._span(run.setup_start, run.setup_end), top + 1, self.row - 4, _SETUP, "", "")
        if run.end <= low or run.start >= high:
            return
        jobs = [self.job_of[operation] for operation in run.operations]
        care = all(self.problem.job_kind[job] == MAINTENANCE for job in jobs)
        late = any(self.late[job] for job in jobs)
        x, wide = self._span(run.start, run.end)
        name = " + ".join(dict.fromkeys(self.problem.jobs[job] for job in jobs))
        said = name if wide >= _LEAST_TEXT else ""
        yield (x, wide, top, self.row - 2, _CARE if care else _WORK, _LATE if late else "", said)

    def _span(self, start: int, end: int) -> tuple[float, float]:
        a, b = max(start, self.begin), min(end, self.end)
        return round(_LEFT + (a - self.begin) * self.scale, 2), round(max((b - a) * self.scale, 0.15), 2)

    def _axis(self) -> Iterator[tuple[float, str]]:
        p = self.problem
        if not p.tick:
            size = 10 ** int(np.floor(np.log10(max((self.end - self.begin) / 8, 1))))
            step = next(size * n for n in (1, 2, 5, 10) if size * n * self.scale >= 25 or n == 10)
            for tick in range(-(-self.begin // step) * step, self.end + 1, step):
                yield self._span(tick, tick)[0], f"{tick:,}"
            return
        step = next((s for s in _STEPS if s / p.tick * self.scale >= 22), _STEPS[-1])
        first = p.start + self.begin * p.tick
        offset = to_datetime(first, self.zone).utcoffset()
        shift = round(offset.total_seconds()) * SECOND if offset else 0
        at = -(-(first + shift) // step) * step - shift
        while at <= p.start + self.end * p.tick:
            moment = to_datetime(at, self.zone)
            text = (
                f"{moment:%m-%d}"
                if step >= DAY
                else f"{moment:%m-%d %H:%M}"
                if step >= MINUTE
                else f"{moment:%H:%M:%S}"
            )
            yield round(_LEFT + ((at - p.start) / p.tick - self.begin) * self.scale, 2), text
            at += step

    # ---- the lists

    def _lists(self) -> Iterator[dict[str, Any]]:
        load = machine_load(self.schedule, self.zone, np.array([self.begin, self.end]))
        shares = dict(zip(load.machines, load.share[:, 0].tolist(), strict=True))
        for machine, tasks in dispatch_lists(self.schedule, None, self.begin, self.end).items():
            if tasks:
                said = self.say("load {n} %", n=f"{100 * shares[machine]:.0f}")
                yield {"machine": machine, "load": said, "rows": [self._row(task) for task in tasks]}

    def _row(self, task: Task) -> list[str | bool]:
        setup = task.setup_end > task.setup_start
        pools = ", ".join(f"{name} × {amount}" if amount > 1 else name for name, amount in task.pools)
        slack = self._long(task.slack) if task.slack < NEVER else ""
        return [
            str(task.sequence), self._when(task.start), self._when(task.end), task.order, task.operation_name,
            task.family, self._when(task.setup_start) if setup else "", pools, self._when(task.due), slack,
            task.next_machine, "", task.lateness > 0,
        ]  # fmt: skip

    def _when(self, tick: int) -> str:
        if abs(tick) >= LIMIT:
            return ""
        moment = self.schedule.when(tick, self.zone)
        return f"{moment:%m-%d %H:%M}" if moment else f"{tick:,}"

    def _long(self, ticks: int) -> str:
        return f"{ticks * self.problem.tick / HOUR:.1f} h" if self.problem.tick else f"{ticks:,}"
