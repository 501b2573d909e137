"""What stands around a machine's readings on its sheet: its alarms, its open work orders."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from luban.decide.maintain.orders import WorkOrder
from luban.screens.i18n import Words
from luban.screens.report.health_alarms import priority_name
from luban.screens.report.health_drawings import axis_of, moment
from luban.screens.report.plot import Plot
from luban.screens.report.quality_words import number
from luban.screens.report.sheet import Block, Grid, Picture
from luban.screens.service.alarms import MachineAlarms
from luban.understand.health.alarms import State
from luban.understand.health.machine import MachineHealth

__all__ = ["alarm_blocks", "order_blocks"]

_NONE = "–"
_MOST = 20
_LANES = 8
_TONES = {"critical": "bad", "high": "bad", "medium": "doubt", "low": "third"}


def alarm_blocks(alarms: MachineAlarms, health: MachineHealth, say: Words, zone: ZoneInfo | None) -> list[Block]:
    """Alarms that are open, and when they came over the time of the readings."""
    blocks: list[Block] = []
    if alarms.open:
        heads = (say("alarm"), say("state"), say("priority"), say("since"), say("value"), say("what to do"))
        rows, tones = [], {}
        for at, one in enumerate(alarms.open[:_MOST]):
            own = one.standing
            since = _NONE if own.raised is None else moment(own.raised, zone)
            value = _NONE if own.value is None else f"{number(own.value, 4)} {own.unit}".strip()
            action = say(one.rule.action) if one.rule is not None and one.rule.action else say("no action is given")
            rows.append((own.id, _state(one.state, say), priority_name(own.priority, say), since, value, action))
            if own.priority in {"critical", "high"}:
                tones[at] = "bad"
        blocks.append(Grid(heads, tuple(rows), title=say("Open alarms"), tones=tones))
    if alarms.history and health.readings.timed:
        blocks.append(_timeline(alarms, health, say, zone))
    return blocks


def _state(state: State, say: Words) -> str:
    """How an alarm of the list stands, in the words of the alarm list."""
    return {
        State.UNACKNOWLEDGED: say("not acknowledged"), State.ACKNOWLEDGED: say("acknowledged"),
        State.RETURNED: say("gone, not acknowledged"), State.LATCHED: say("gone, latched"),
        State.LATCHED_UNACKNOWLEDGED: say("gone, latched, not acknowledged"),
    }.get(state, str(state))  # fmt: skip


def _timeline(alarms: MachineAlarms, health: MachineHealth, say: Words, zone: ZoneInfo | None) -> Picture:
    readings = health.readings
    xs, ticks, _ = axis_of(readings, zone, say)
    end = max(float(xs[-1]), *(float(raised) for _, raised, *_ in alarms.history))
    names = list(dict.fromkeys(name for name, *_ in reversed(alarms.history)))[:_LANES]
    title = say("Alarms over time")
    plot = Plot(
        x=(float(xs[0]), end), y=(0, len(names)), height=64 + 34 * len(names), x_ticks=ticks, y_ticks=[], title=title
    )  # fmt: skip
    least = (plot.x[1] - plot.x[0]) / 300
    shown = 0
    for name, raised, returned, priority in alarms.history:
        stop = end if returned is None else float(returned)
        if name not in names or stop < plot.x[0]:
            continue
        foot = len(names) - names.index(name) - 0.95
        left = min(max(float(raised), plot.x[0]), end - least)
        plot.bars([left], [max(min(stop, end), left + least)], [foot + 0.4], _TONES.get(priority, "third"), base=foot)
        shown += 1
    for at, name in enumerate(names):
        plot.text(plot.x[0], len(names) - at - 0.42, f" {name.removeprefix(readings.machine).strip() or name}")
    return Picture(plot.svg(), title, say("{n} alarms in the time shown", n=shown))


def order_blocks(orders: Sequence[WorkOrder], say: Words, zone: ZoneInfo | None) -> list[Block]:
    """Work orders that are open."""
    rows = tuple(
        (one.id, one.task, say(one.state), moment(one.start, zone) if one.start is not None else _NONE, say(one.why))
        for one in orders if one.open
    )  # fmt: skip
    if not rows:
        return []
    heads = (say("work order"), say("task"), say("state"), say("planned for"), say("because of"))
    return [Grid(heads, rows[:_MOST], title=say("Open work orders"))]
