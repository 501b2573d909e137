"""What else ran under the same condition: a tool, a person, a machine, a gauge, a time in which something was wrong.

Steps of work are asked first; lots follow by the order. Where an order ran an operation in one step, all its lots
went through that step. Where it ran in several (two machines, two shifts), a fact of the lot that falls into a step's
time at its machine decides; without one, every step of them is possible, and says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from luban.core.errors import InputError
from luban.ledger import Ledger
from luban.understand.trace.flow import lot_id
from luban.understand.trace.names import Ids
from luban.understand.trace.records import NEVER
from luban.understand.trace.trace import Trace

__all__ = [
    "Condition", "Match", "Step", "Window", "alarm_windows", "same", "signal_windows", "steps_of", "windows_asked",
]  # fmt: skip

_BAD: Final = 64  # quality codes from here on are bad
_NAMED: Final = ("unit", "order", "operation", "item", "person", "tool")


@dataclass(frozen=True, slots=True)
class Window:
    """A time at a work unit, or at a folder of them; "" is everywhere [µs UTC]."""

    unit: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Condition:
    """What is asked for; "" is any.

    gauge         lots measured with it; unit and person are then of the measurement, all else is asked of steps as well
    since, until  steps that ran between [µs UTC]
    windows       steps that ran in any of them
    """

    unit: str = ""
    order: str = ""
    operation: str = ""
    item: str = ""
    person: str = ""
    tool: str = ""
    gauge: str = ""
    since: int | None = None
    until: int | None = None
    windows: tuple[Window, ...] = ()

    def __post_init__(self) -> None:
        if not any((*(getattr(self, name) for name in _NAMED), self.gauge, self.windows)) and self.since is None:
            raise InputError("a condition names at least one thing", expected=", ".join((*_NAMED, "gauge", "since")))


@dataclass(frozen=True, slots=True)
class Step:
    """One step of work; `end` None while it runs [µs UTC]."""

    unit: str
    order: str
    operation: str
    item: str
    person: str
    tool: str
    start: int
    end: int | None
    good: float | None
    scrap: float | None
    seq: int
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Match:
    """Lots that ran under a condition.

    lots      ids, in the order of their steps
    certain   False where the lot may have gone through another step of the same operation
    steps     rows of the steps that matched
    """

    lots: Ids
    certain: NDArray[np.bool_]
    steps: NDArray[np.int64]


def same(trace: Trace, condition: Condition) -> Match:
    """Lots that ran under the condition. Raises InputError for a name that no fact holds."""
    if condition.gauge:
        measured = _measured(trace, condition)
        asked = replace(condition, gauge="", unit="", person="") if _asks_steps(condition) else None
        return measured if asked is None else _both(measured, same(trace, asked))
    rows = _steps(trace, condition)
    found: dict[int, bool] = {}
    wanted = set(rows.tolist())
    for order in dict.fromkeys(trace.steps["order"][rows].tolist()):
        for lot, step, certain in _through(trace, order):
            if step in wanted:
                found[lot] = found.get(lot, False) or certain
    return Match(np.array(list(found), np.int32), np.array(list(found.values()), np.bool_), rows)


def _asks_steps(condition: Condition) -> bool:
    """Whether anything is asked for beside the gauge that only steps of work can tell."""
    return bool(condition.windows) or any(
        getattr(condition, name) for name in ("order", "operation", "item", "tool")
    )  # fmt: skip


def _both(measured: Match, stepped: Match) -> Match:
    kept = np.isin(stepped.lots, measured.lots)
    return Match(stepped.lots[kept], stepped.certain[kept], stepped.steps)


def steps_of(trace: Trace, lot: str) -> tuple[Step, ...]:
    """Steps that a lot went through, in the order of time. Raises InputError for a lot that no fact names."""
    number = lot_id(trace, lot)
    found: dict[int, bool] = {}
    for order in _orders_of(trace, number):
        for other, step, certain in _through(trace, order):
            if other == number:
                found[step] = found.get(step, False) or certain
    rows = sorted(found, key=lambda row: (trace.steps["start"][row], row))
    return tuple(_step(trace, row, certain=found[row]) for row in rows)


def _step(trace: Trace, row: int, *, certain: bool) -> Step:
    steps, name = trace.steps, trace.labels.name
    texts = (name(int(steps[column][row])) for column in ("unit", "order", "operation", "item", "person", "tool"))
    unit, order, operation, item, person, tool = texts
    end = int(steps["end"][row])
    good, scrap = (None if np.isnan(v := steps[column][row]) else float(v) for column in ("good", "scrap"))
    return Step(
        unit, order, operation, item, person, tool, int(steps["start"][row]), None if end == NEVER else end,
        good, scrap, int(steps["seq"][row]), certain,
    )  # fmt: skip


# ---------------------------------------------------------------- steps


def _steps(trace: Trace, condition: Condition) -> NDArray[np.int64]:
    steps = trace.steps
    kept = np.ones(len(steps), np.bool_)
    for column in _NAMED:
        name = getattr(condition, column)
        if name and column == "unit":
            kept &= np.isin(steps["unit"], _within(trace, [name]))
        elif name:
            kept &= steps[column] == _label(trace, name, column)
    if condition.since is not None:
        kept &= steps["end"] > condition.since
    if condition.until is not None:
        kept &= steps["start"] < condition.until
    if condition.windows:
        kept &= _in_windows(trace, condition.windows)
    return np.flatnonzero(kept)


def _in_windows(trace: Trace, windows: Sequence[Window]) -> NDArray[np.bool_]:
    steps = trace.steps
    found = np.zeros(len(steps), np.bool_)
    by_unit: dict[str, list[Window]] = {}
    for one in windows:
        by_unit.setdefault(one.unit, []).append(one)
    for unit, own in by_unit.items():
        starts, ends = _joined(own)
        at = np.searchsorted(ends, steps["start"], side="right")  # the first window that ends after the step began
        inside = (at < len(starts)) & (starts[np.minimum(at, len(starts) - 1)] < steps["end"])
        found |= inside & np.isin(steps["unit"], _within(trace, [unit])) if unit else inside
    return found


def _joined(windows: Sequence[Window]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Starts and ends of the windows, in order, those that overlap made one."""
    starts, ends = (np.array([getattr(one, name) for one in windows], np.int64) for name in ("start", "end"))
    order = np.argsort(starts, kind="stable")
    starts, until = starts[order], np.maximum.accumulate(ends[order])
    first = np.append(True, starts[1:] > until[:-1])
    last = np.append(first[1:], True)
    return starts[first], until[last]


def _within(trace: Trace, units: Iterable[str]) -> Ids:
    """Work units of these names, or below folders of them. Raises InputError where there is none."""
    known = np.unique(trace.steps["unit"])
    names = trace.labels.array(known).to_pylist() if len(known) else []
    found = [
        int(code) for code, name in zip(known, names, strict=True)
        for unit in units if name and (name == unit or name.startswith(f"{unit}/") or unit.startswith(f"{name}:"))
    ]  # fmt: skip
    if not found:
        raise InputError("no step of work ran there", came=", ".join(units), hint="name the work unit by its path")
    return np.array(found, np.int32)


def _label(trace: Trace, name: str, what: str) -> int:
    found = trace.labels.id(name)
    if found < 0:
        raise InputError(f"no fact names this {what}", came=repr(name))
    return found


def _measured(trace: Trace, condition: Condition) -> Match:
    looks = trace.looks
    kept = looks["gauge"] == _label(trace, condition.gauge, "gauge")
    if condition.since is not None:
        kept &= looks["time"] >= condition.since
    if condition.until is not None:
        kept &= looks["time"] < condition.until
    for column in ("unit", "person"):
        if getattr(condition, column):
            kept &= looks[column] == _label(trace, getattr(condition, column), column)
    ids = np.concatenate((looks["serial"][kept], looks["lot"][kept & (looks["serial"] < 0)]))
    lots = np.unique(ids[ids >= 0])
    return Match(lots, np.ones(len(lots), np.bool_), np.empty(0, np.int64))


# ---------------------------------------------------------------- lots of an order


def _orders_of(trace: Trace, lot: int) -> list[int]:
    """Orders that made the lot or moved it within the plant."""
    view = trace.graph.view
    _, facts = trace.graph.facts_of([lot], back=True)
    rows = trace.moves.by_lot.of(lot)
    rows = rows[~trace.deliveries[rows]]
    orders = np.concatenate((view.columns["order"][facts], trace.moves["order"][rows]))
    return [int(order) for order in np.unique(orders) if order >= 0]


def _through(trace: Trace, order: int) -> list[tuple[int, int, bool]]:
    """(lot, step, certain) of an order."""
    made, moved, steps = trace.by_order
    view, moves = trace.graph.view, trace.moves
    facts, rows, ran = made.of(order), moved.of(order), steps.of(order).tolist()
    seen: dict[int, list[tuple[int, int]]] = {}  # lot → (unit or NONE, time)
    for fact in facts.tolist():
        seen.setdefault(int(view.columns["target"][fact]), []).append(
            (int(view.columns["unit"][fact]), int(view.columns["time"][fact]))
        )
    for row in rows.tolist():
        if not trace.deliveries[row] and not (moves.issues[row] and not trace.withdrawals[row]):
            lot = int(moves["lot"][row])
            if lot >= 0 and (moves.receipts[row] or lot in seen or _carries(trace, lot, order)):
                seen.setdefault(lot, []).append((int(moves["origin"][row]), int(moves["time"][row])))
    groups: dict[int, list[int]] = {}
    for step in ran:
        groups.setdefault(int(trace.steps["operation"][step]), []).append(step)
    return [
        found
        for lot, marks in seen.items()
        for group in groups.values()
        for found in _of_group(trace, lot, marks, group)
    ]


def _carries(trace: Trace, lot: int, order: int) -> bool:
    """A lot that bears the order's own name is the order's lot."""
    return trace.lots.name(lot) == trace.labels.name(order)


def _of_group(
    trace: Trace, lot: int, marks: Sequence[tuple[int, int]], group: Sequence[int]
) -> list[tuple[int, int, bool]]:
    """Steps of one operation that the lot went through."""
    if len(group) == 1:
        return [(lot, group[0], True)]
    steps = trace.steps
    shown = [
        step for step in group
        if any(
            (unit < 0 or unit == steps["unit"][step]) and steps["start"][step] <= time <= steps["end"][step]
            for unit, time in marks
        )
    ]  # fmt: skip
    return [(lot, step, True) for step in shown] or [(lot, step, False) for step in group]


# ---------------------------------------------------------------- times in which something was wrong


def alarm_windows(ledger: Ledger, subject: str = "", code: str = "", *, until: int) -> tuple[Window, ...]:
    """Times of alarms that devices sent, of a work unit and a code; an alarm without an end lasts until `until`."""
    frame = ledger.frame("event").filter(nw.col("kind") == "alarm")
    rows = frame.select("subject", "time", "end", "code").sort("time").collect("pyarrow").to_arrow().to_pylist()
    return tuple(
        Window(row["subject"].partition(":")[0], row["time"], row["end"] if row["end"] is not None else until)
        for row in rows
        if (not subject or row["subject"] == subject or row["subject"].startswith((f"{subject}/", f"{subject}:")))
        and (not code or row["code"] == code)
    )


def windows_asked(
    ledger: Ledger,
    *,
    alarm: str = "",
    signal: str = "",
    low: float | None = None,
    high: float | None = None,
    margin: int = 0,
    since: int | None = None,
    until: int,
) -> tuple[Window, ...]:
    """Times of an alarm, and those in which a signal lay outside its limits.

    alarm   its code, or a work unit: all alarms of it
    signal  `path:name`; with one, at least one limit
    margin  so much before and after each time counts too [µs], at least 0
    Raises  InputError: a signal without a limit, one that is no number, a margin below 0, no such time
    """
    if margin < 0:
        raise InputError("a margin is a time of 0 or more", came=str(margin))
    if signal and low is None and high is None:
        raise InputError("which values are out?", came=signal, expected="a lower limit, an upper limit or both")
    if low is not None and high is not None and low > high:
        raise InputError("limits out of order", came=f"{low:g} and {high:g}", expected="lower ≤ upper")
    found: tuple[Window, ...] = ()
    if signal:
        found += signal_windows(ledger, signal, low=low, high=high, since=since or 0, until=until)
    if alarm:
        found += alarm_windows(ledger, code=alarm, until=until) or alarm_windows(ledger, alarm, until=until)
    if not found:
        raise InputError("there was no such time", came=alarm or signal, hint="look at its spelling and its limits")
    return tuple(replace(one, start=one.start - margin, end=one.end + margin) for one in found)


def signal_windows(
    ledger: Ledger, signal: str, *, low: float | None = None, high: float | None = None, since: int, until: int
) -> tuple[Window, ...]:
    """Times in which a signal lay outside its limits, from each sample to the next one.

    low, high  limits; None: none on that side. A sample of bad quality (64 or more) is outside of none.
    """
    table = ledger.table("signal", subjects=[signal], since=since, until=until)
    order = np.argsort(table.column("time").to_numpy(), kind="stable")
    time = table.column("time").to_numpy()[order]
    value = table.column("value").fill_null(np.nan).to_numpy()[order]
    out = (value < (-np.inf if low is None else low)) | (value > (np.inf if high is None else high))
    out &= table.column("quality").fill_null(0).to_numpy()[order] < _BAD
    edges = np.flatnonzero(np.diff(np.concatenate(([0], out.astype(np.int8), [0]))))
    ends = np.append(time, until)
    unit = signal.partition(":")[0]
    return tuple(Window(unit, int(ends[a]), int(ends[b])) for a, b in zip(edges[::2], edges[1::2], strict=True))
