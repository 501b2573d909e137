"""Words of the planner's page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from luban.core.time import to_datetime
from luban.screens.i18n import Words

__all__ = [
    "act_word", "cause_word", "figure_said", "figure_word", "gantt", "gap_said", "levels_said", "long_said", "moment",
    "objective_said", "order_lines", "phase_word", "reason_word", "stops_said", "told_move", "value_said",
]  # fmt: skip

_TIMES = frozenset({"makespan", "tardiness", "flow_time", "setup_time", "earliness"})


def figure_word(say: Words, term: str) -> str:
    """What a figure of a schedule is called."""
    return {
        "makespan": say("end of the last order"), "tardiness": say("weighted tardiness"), "late": say("orders late"),
        "flow_time": say("total flow time"), "setups": say("setups"), "setup_time": say("setup time"),
        "setup_cost": say("setup cost"), "energy_cost": say("energy cost"), "earliness": say("weighted earliness"),
    }.get(term, term)  # fmt: skip


def objective_said(say: Words, text: str) -> str:
    """An objective in words: its levels in order, with prices where they are not 1."""
    levels = []
    for level in text.split(" > "):
        parts = []
        for piece in level.split(" + "):
            price, _, term = piece.rpartition("*")
            parts.append(f"{price} × {figure_word(say, term)}" if price else figure_word(say, term))
        levels.append(" + ".join(parts))
    return say(", then ").join(levels)


def long_said(say: Words, ticks: float, tick: int) -> str:
    """A length of time; `tick` [µs], 0: abstract."""
    if not tick:
        return f"{ticks:,.0f}"
    seconds = ticks * tick / 1e6
    size = abs(seconds)
    if size < 100:
        return f"{seconds:.0f} {say('s')}"
    if size < 6000:
        return f"{seconds / 60:.0f} {say('min')}"
    if size < 72 * 3600:
        return f"{seconds / 3600:.1f} {say('h')}"
    return f"{seconds / 86_400:,.1f} {say('d')}"


def figure_said(say: Words, term: str, value: float, tick: int) -> str:
    """A figure with its unit."""
    if term in _TIMES:
        return long_said(say, value, tick)
    return f"{value:,.0f}" if value == round(value) else f"{value:,.2f}"


def value_said(say: Words, objective: str, value: Any, tick: int) -> str:
    """The first level of an objective's value; a bare number where it sums different things."""
    if not value:
        return "–"
    level = objective.split(" > ", maxsplit=1)[0]
    if " + " in level or "*" in level:
        return f"{value[0]:,.0f}"
    return figure_said(say, level, float(value[0]), tick)


def levels_said(say: Words, objective: str, value: Sequence[float], tick: int) -> list[str]:
    """Every level of an objective's value."""
    levels = objective.split(" > ")
    return [value_said(say, level, [own], tick) for level, own in zip(levels, value, strict=True)]


def gap_said(say: Words, gap: float | None, proved: bool) -> str:
    """How far it may be from the best."""
    if proved:
        return say("optimal")
    return "–" if gap is None else f"≤ {100 * gap:.1f} %"


def reason_word(say: Words, reason: str) -> str:
    """Why a search ended."""
    return {
        "proved": say("proved optimal"), "gap": say("close enough"), "time": say("time was up"),
        "work": say("work was done"), "stopped": say("stopped"),
        "mended": say("mended after something happened"),
    }.get(reason, reason)  # fmt: skip


def stops_said(say: Words, stops: Sequence[Mapping[str, Any]], when: Callable[[int], str]) -> str:
    """Stops of maintenance in a plan, and work orders that it left out with the reason."""
    taken = [
        f"{own['order']} {own['task']}, {own['machine'].rpartition('/')[2]}"
        + (f" {when(own['begin'])} – {when(own['end'])}" if own["begin"] is not None else "")
        + f" ({say(own['text'])})"
        for own in stops if own["taken"]
    ]  # fmt: skip
    left = [f"{own['order']} {own['task']} ({say(own['text'])})" for own in stops if not own["taken"]]
    parts = [f"{say('Stops of maintenance')}: {' · '.join(taken)}"] if taken else []
    parts += [f"{say('left out of the plan')}: {' · '.join(left)}"] if left else []
    return " — ".join(parts)


def act_word(say: Words, act: str) -> str:
    """What was done to a plan."""
    return {
        "made": say("made"), "moved": say("moved"), "locked": say("locked"), "unlocked": say("unlocked"),
        "undone": say("undone"), "redone": say("made again"), "published": say("published"),
        "withdrawn": say("withdrawn"),
    }.get(act, act)  # fmt: skip


def cause_word(say: Words, cause: str) -> str:
    """What an order's time went into."""
    return {
        "work": say("work"), "setup": say("setup"), "machine": say("waits for its machine"),
        "kept": say("machine kept for another"), "closed": say("closed"), "ready": say("machine not free yet"),
        "pool": say("waits for people or tools"), "batch": say("waits for its batch"), "lag": say("least wait"),
        "move": say("transport"), "limit": say("held back for the next step"), "locked": say("locked"),
        "choice": say("could begin earlier"),
    }.get(cause, cause)  # fmt: skip


def phase_word(say: Words, phase: str) -> str:
    """Where a search stands."""
    return {
        "load": say("Reading plant and orders"), "kernel": say("Loading the search; the first time it is compiled"),
        "solve": say("Searching"),
    }.get(phase, phase)  # fmt: skip


def moment(tick: int, start: int, length: int, zone: ZoneInfo, *, day: bool = True) -> str:
    """The wall clock of a tick; the tick itself where time is abstract."""
    if not length:
        return str(tick)
    return f"{to_datetime(start + tick * length, zone):{'%m-%d %H:%M' if day else '%H:%M'}}"


def told_move(say: Words, told: Mapping[str, Any], machine: str, when: str, tick: int) -> list[str]:
    """What a move would bring, in short sentences."""
    lines = [say("Move {operation} to {machine}, {time}", operation=told["name"], machine=machine, time=when)]
    if told["shifted"]:
        lines.append(say("operations that give way: {n}", n=told["shifted"]))
    return lines + order_lines(say, told["orders"], tick, 4)


def order_lines(say: Words, orders: Sequence[Mapping[str, Any]], tick: int, most: int) -> list[str]:
    """Orders whose lateness changes, `most` of them in a short sentence each."""
    lines = []
    for own in orders[:most]:
        after, before = long_said(say, own["after"], tick), long_said(say, own["before"], tick)
        if own["after"] and own["before"]:
            text = say("{order} late {after}, before {time}", order=own["order"], after=after, time=before)
        elif own["after"]:
            text = say("{order} becomes late by {after}", order=own["order"], after=after)
        else:
            text = say("{order} becomes on time", order=own["order"])
        lines.append(text)
    if len(orders) > most:
        lines.append(say("and {n} more", n=len(orders) - most))
    return lines


def gantt(say: Words) -> dict[str, Any]:
    """Words of the Gantt."""
    return {
        "s": say("s"), "min": say("min"), "h": say("h"), "d": say("d"),
        "enter": say("Gantt chart: Tab and arrows walk the bars, Enter opens, L locks, M moves, plus and minus zoom"),
        "chart": say("Gantt chart"), "leave": say("Tab leaves the chart now."),
        "lost": say("The plan could not be read: load the page again."), "setup": say("setup"),
        "closed": say("closed"), "maintenance": say("maintenance"), "late": say("{time} late"),
        "lateWord": say("late"), "due": say("due"), "locked": say("locked"), "fixed": say("begun or fixed"),
        "now": say("now"), "none": say("none"), "batch": say("batch of {n}"),
        "held": say("It is locked or has begun: unlock it first."),
        "reader": say("A planner can move bars; your role looks."), "unfit": say("not possible on this machine"),
        "carry": say("arrows move it, Enter puts it down, Escape lets it be"),
        "zoom": [say("Zoom out"), say("Zoom in"), say("Show all of the plan")],
        "days": [say("Sun"), say("Mon"), say("Tue"), say("Wed"), say("Thu"), say("Fri"), say("Sat")],
    }  # fmt: skip
