"""What `luban schedule` prints and writes: the answer, orders, dispatch lists, and why an order is late."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np

from luban.screens.cli.output import Output
from luban.screens.plain import plain

if TYPE_CHECKING:
    from luban.decide.schedule import Schedule
    from luban.decide.schedule.dispatch import Task
    from luban.decide.schedule.portfolio import Solution

__all__ = ["FORMATS", "clock_of", "document", "show", "state", "write"]

FORMATS = (".csv", ".json", ".pdf", ".xlsx")
_MOST_ROWS = 20


def state(value: tuple[float, ...], gap: float) -> str:
    """The objective's levels and the gap, in a few characters."""
    levels = " > ".join(f"{level:,.10g}" for level in value)
    return f"{levels} (gap {gap:.1%})" if gap < 10 else levels


def show(say: Output, found: Solution, job: int | None, machine: int | None, zone: ZoneInfo | None) -> None:
    """The answer, the latest orders, and what was asked for besides."""
    _summary(say, found)
    _orders(say, found.schedule, zone)
    if machine is not None:
        _dispatch(say, found.schedule, machine, zone)
    if job is not None:
        _why(say, found.schedule, job)


def _summary(say: Output, found: Solution) -> None:
    from luban.decide.schedule import TERMS, figures

    if found.proved:
        verdict = "proven optimal"
    elif found.gap == 0:
        verdict = f"{found.objective.levels[0][0][0]} proven optimal, the rest not"
    elif found.gap < inf:
        verdict = f"at most {found.gap:.1%} above the optimum"
    else:
        verdict = "distance from the optimum unknown"
    say.line(f"{found.objective} = {state(found.value, inf)}: {verdict} (ended: {found.reason}, {found.seconds:.1f} s)")
    rows = [
        [name, _amount(found.schedule, name, float(value)), TERMS[name]]
        for name, value in zip(TERMS, figures(found.schedule), strict=True)
    ]
    say.table(["figure", "value", "meaning"], rows)
    say.line("")


def _amount(schedule: Schedule, term: str, value: float) -> str:
    """A figure as a person reads it: durations where ticks have a length."""
    from luban.decide.schedule import TERMS
    from luban.decide.schedule.late import said

    return said(schedule.problem, round(value)) if TERMS[term].endswith("tick]") else f"{value:,.10g}"


def clock_of(schedule: Schedule, zone: ZoneInfo | None) -> Callable[[int], str]:
    """What a tick of a plan is called: its wall clock, or its number where the plan has no dates."""

    def said(tick: int) -> str:
        moment = schedule.when(tick, zone)
        return str(tick) if moment is None else f"{moment:%Y-%m-%d %H:%M}"

    return said


def _orders(say: Output, schedule: Schedule, zone: ZoneInfo | None) -> None:
    from luban.decide.schedule import MAINTENANCE, NEVER
    from luban.decide.schedule.late import said

    p = schedule.problem
    clock, done = clock_of(schedule, zone), schedule.completion
    late = np.where(p.due < NEVER, done - p.due, -NEVER)
    order = sorted(np.flatnonzero(p.job_kind != MAINTENANCE).tolist(), key=lambda at: (-late[at], done[at]))
    rows: list[list[object]] = []
    for at in order[:_MOST_ROWS]:
        due = clock(int(p.due[at])) if p.due[at] < NEVER else "–"
        lateness = said(p, int(late[at])) if late[at] > 0 else ""
        rows.append([p.jobs[at], clock(int(schedule.start[p.job_first[at]])), clock(int(done[at])), due, lateness])
    say.table(["order", "start", "end", "due", "late by"], rows, title="Orders, the latest first")
    if len(order) > _MOST_ROWS:
        say.say(f"… and {len(order) - _MOST_ROWS} more; --output plan.xlsx has all")


def _dispatch(say: Output, schedule: Schedule, machine: int, zone: ZoneInfo | None) -> None:
    from luban.decide.schedule.dispatch import dispatch_lists

    for name, tasks in dispatch_lists(schedule, machine).items():
        rows = [_task_row(task, clock_of(schedule, zone)) for task in tasks[:200]]
        say.line("")
        say.table(["no.", "order", "operation", "setup", "start", "end", "people, tools", "then"], rows, title=name)


def _task_row(task: Task, clock: Callable[[int], str]) -> list[object]:
    setup = f"{clock(task.setup_start)} {task.setup_from}→{task.family}" if task.setup_end > task.setup_start else ""
    needs = ", ".join(f"{amount} {pool}" for pool, amount in task.pools)
    span = [clock(task.start), clock(task.end)]
    return [task.sequence, task.order, task.operation_name, setup, *span, needs, task.next_machine]


def _why(say: Output, schedule: Schedule, job: int) -> None:
    from luban.decide.schedule.late import said, why_late

    chain = why_late(schedule, job)
    p = schedule.problem
    rows = [[said(p, link.length), link.text] for link in chain.links]
    say.line("")
    say.table(["time", "what it went into"], rows, title=f"Why {p.jobs[job]} ends when it does")
    totals = ", ".join(f"{cause} {said(p, ticks)}" for cause, ticks in chain.totals.items())
    say.line(f"together: {totals}")


def document(found: Solution, job: int | None, machine: int | None, zone: ZoneInfo | None) -> dict[str, Any]:
    """The same for a program: answer, figures, every operation, and what was asked for besides."""
    from luban.decide.schedule import TERMS, figures
    from luban.decide.schedule.dispatch import dispatch_lists
    from luban.decide.schedule.late import why_late

    p = found.schedule.problem
    made: dict[str, Any] = {
        "problem": p.as_dict(),
        **found.as_dict(),
        "figures": dict(zip(TERMS, figures(found.schedule).tolist(), strict=True)),
        "operations": _rows(found.schedule, zone),
    }
    if machine is not None:
        made["dispatch"] = dispatch_lists(found.schedule, machine)[p.machines[machine]]
    if job is not None:
        chain = why_late(found.schedule, job)
        made["why"] = {"order": p.jobs[job], "links": chain.links, "totals": chain.totals}
    return made


def _rows(schedule: Schedule, zone: ZoneInfo | None) -> list[dict[str, Any]]:
    p, clock = schedule.problem, clock_of(schedule, zone)
    jobs = p.job_of.tolist()
    times = [schedule.machine, schedule.setup_start, schedule.setup_end, schedule.start, schedule.end]
    rows = []
    for at, (machine, setup_start, setup_end, start, end) in enumerate(np.stack(times, 1).tolist()):
        row = {
            "order": p.jobs[jobs[at]],
            "operation": p.operations[at],
            "machine": p.machines[machine],
            "setup_start": setup_start,
            "setup_end": setup_end,
            "start": start,
            "end": end,
        }
        if p.tick:
            row |= {"starts": clock(start), "ends": clock(end)}
        rows.append(row)
    return rows


def write(found: Solution, file: Path, zone: ZoneInfo | None) -> None:
    """The plan as a file, replaced only once the new one is whole; its kind is that of the name."""
    kind = file.suffix.lower()
    if kind == ".xlsx":
        from luban.decide.schedule.workbook import write_workbook

        write_workbook(file, found.schedule, zone=zone)
        return
    if kind == ".pdf":
        from luban.screens.report.schedule_pdf import schedule_pdf

        made = schedule_pdf(found.schedule, found.schedule.problem.name, zone=zone)
    elif kind == ".json":
        made = (json.dumps(plain(document(found, None, None, zone)), ensure_ascii=False) + "\n").encode()
    else:
        rows, text = _rows(found.schedule, zone), io.StringIO()
        table = csv.DictWriter(text, list(rows[0]) if rows else ["order"])
        table.writeheader()
        table.writerows(rows)
        made = text.getvalue().encode("utf-8-sig")
    part = file.with_name(file.name + ".part")
    part.write_bytes(made)
    part.replace(file)
