"""Drawings of a machine's health: how unusual it was, its channels with their regimes, the days before a failure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np

from luban.core.time import DAY, HOUR, from_datetime, to_datetime
from luban.screens.i18n import Words
from luban.screens.report.plot import Plot
from luban.understand.health.machine import LastTime, Limit, MachineHealth, Readings
from luban.understand.quality.data import Floats

__all__ = ["axis_of", "channel_svg", "last_svg", "moment", "regime_name", "spark", "strength_svg"]

_STRIPES = ("second", "third", "accent", "centre", "good", "doubt")
_MOST_STRIPES = 400
_ROOM = 0.08
_STOOD = "\x01"  # in place of the regime of a row out of operation


def moment(at: int, zone: ZoneInfo | None) -> str:
    """A moment for people."""
    return to_datetime(at, zone).strftime("%Y-%m-%d %H:%M" + ("" if zone else " UTC"))


def regime_name(label: str, say: Words) -> str:
    """What a regime is called on paper."""
    return say("regime {name}", name=label) if label else say("never seen")


def axis_of(
    readings: Readings, zone: ZoneInfo | None, say: Words
) -> tuple[Floats, list[tuple[float, str]] | None, str]:
    """Place of each row on the axis, its ticks, and its name."""
    if not readings.timed:
        unit = f" [{readings.age_unit}]" if readings.age_unit else ""
        return readings.age, None, (say("age") if readings.age_unit else say("row")) + unit
    return readings.time.astype(np.float64), _ticks(int(readings.time[0]), int(readings.time[-1]), zone), ""


def _ticks(start: int, end: int, zone: ZoneInfo | None) -> list[tuple[float, str]]:
    """Midnights, every so many days, or full hours where it is only about some."""
    span = end - start
    first = to_datetime(start, zone).replace(minute=0, second=0, microsecond=0)
    if span < 2 * DAY:
        hours = next(step for step in (1, 2, 3, 6, 12) if span / HOUR / step <= 9)
        moments = [first + timedelta(hours=n) for n in range(int(span // HOUR) + 2)]
        kept = [one for one in moments if one.hour % hours == 0]
        return [(float(from_datetime(one)), f"{one:%H:%M}" if one.hour else f"{one:%m-%d}") for one in kept]
    days = max(1, math.ceil(span / DAY / 9))
    midnight = first.replace(hour=0)
    moments = [midnight + timedelta(days=n) for n in range(1, int(span // DAY) + 2, days)]
    return [(float(from_datetime(one)), f"{one:%m-%d}") for one in moments]


def strength_svg(health: MachineHealth, say: Words, zone: ZoneInfo | None = None, *, height: int = 200) -> str:
    """How unusual each row was; above 1 is unusual. The axis is cut at 10."""
    xs, ticks, label = axis_of(health.readings, zone, say)
    told = np.clip(health.strength, 0, 10)
    top = max(1.5, float(np.nanmax(told)) * 1.1) if np.isfinite(told).any() else 1.5
    title = say("How unusual it was")
    plot = Plot(
        x=(float(xs[0]), float(xs[-1])), y=(0, top), height=height, x_label=label, y_label=say("times the limit"),
        x_ticks=ticks, title=title,
    )  # fmt: skip
    _findings(plot, health, xs)
    plot.line(xs, _broken(xs, told), "ink")
    plot.level(1.0, say("limit"), "limit")
    if 0 < health.good < len(xs):
        plot.upright(float(xs[_good_end(health)]), say("learned until here"), "centre", dash="4 3")
    return plot.svg()


def _good_end(health: MachineHealth) -> int:
    running = np.flatnonzero(health.readings.usable)
    return int(running[min(health.good, len(running)) - 1])


def channel_svg(
    health: MachineHealth, channel: str, say: Words, zone: ZoneInfo | None = None, *, limits: Sequence[Limit] = (),
    height: int = 170,
) -> str:  # fmt: skip
    """A channel over time: rows out of operation are left blank, a stripe below tells the regimes."""
    readings = health.readings
    xs, ticks, label = axis_of(readings, zone, say)
    values = np.where(readings.usable, readings.column(channel), math.nan)
    known = values[np.isfinite(values)]
    own = [one for one in limits if one.channel == channel]
    ends = [*(known.min(), known.max())] if len(known) else [0.0, 1.0]
    ends += [one.value for one in own if len(known) and _near(one.value, known)]
    room = (max(ends) - min(ends)) * _ROOM or 1.0
    unit = readings.unit_of(channel)
    plot = Plot(
        x=(float(xs[0]), float(xs[-1])), y=(min(ends) - 2 * room, max(ends) + room), height=height, x_label=label,
        y_label=unit, x_ticks=ticks, title=channel,
    )  # fmt: skip
    _findings(plot, health, xs)
    _stripe(plot, health, xs, say)
    plot.line(xs, _broken(xs, values), "ink")
    for one in own:
        plot.level(one.value, say("limit"), "limit")
    return plot.svg()


def _near(limit: float, known: Floats) -> bool:
    """Near enough to be drawn without flattening the line."""
    low, high = float(known.min()), float(known.max())
    span = (high - low) or abs(high) or 1.0
    return low - 2 * span <= limit <= high + 2 * span


def _broken(xs: Floats, values: Floats) -> Floats:
    """The line breaks where nothing was read for long."""
    if len(xs) < 3:
        return values
    steps = np.diff(xs)
    usual = float(np.median(steps[steps > 0])) if (steps > 0).any() else 0.0
    broken: Floats = values.copy()
    broken[np.flatnonzero(steps > 3 * usual) + 1] = math.nan
    return broken


def _findings(plot: Plot, health: MachineHealth, xs: Floats) -> None:
    if health.findings:
        lefts = [float(xs[one.first]) for one in health.findings]
        rights = [float(xs[min(one.last + 1, len(xs) - 1)]) for one in health.findings]
        plot.bars(lefts, rights, [plot.y[1]] * len(lefts), "soft", base=plot.y[0])


def _stripe(plot: Plot, health: MachineHealth, xs: Floats, say: Words) -> None:
    """Regimes as a stripe along the foot; nothing where there is one, or too many changes to be told apart."""
    regimes = np.array(
        [label if used else _STOOD for label, used in zip(health.regimes, health.readings.usable, strict=True)]
    )
    names = [name for name in dict.fromkeys(regimes.tolist()) if name != _STOOD]
    edges = np.flatnonzero(np.concatenate(([True], regimes[1:] != regimes[:-1])))
    if len(names) < 2 or len(edges) > _MOST_STRIPES or len(names) > len(_STRIPES):
        return
    foot, top = plot.y[0], plot.y[0] + (plot.y[1] - plot.y[0]) * 0.05
    ends = np.append(edges[1:], len(xs) - 1)
    for at, name in enumerate(names):
        own = [k for k, edge in enumerate(edges.tolist()) if regimes[edge] == name]
        lefts, rights = [float(xs[edges[k]]) for k in own], [float(xs[ends[k]]) for k in own]
        plot.bars(lefts, rights, [top] * len(own), _STRIPES[at], base=foot)
        plot.line([math.nan], [math.nan], _STRIPES[at], name=regime_name(name, say))


def last_svg(last: LastTime, channel: str, unit: str, say: Words, *, height: int = 190) -> str:
    """The days before the last failure, and the present ones over them."""
    at = last.channels.index(channel)
    then, now = last.then[:, at], last.now[:, at]
    known = np.concatenate([then[np.isfinite(then)], now[np.isfinite(now)]])
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    room = (high - low) * _ROOM or 1.0
    plot = Plot(
        x=(float(last.hours[0]), 0.0), y=(low - room, high + room), height=height, y_label=unit,
        x_label=say("hours before the failure, and before now [h]"), title=channel,
    )  # fmt: skip
    plot.line(last.hours, then, "quiet", name=say("before the last failure"))
    plot.line(last.hours, now, "accent", name=say("now"))
    return plot.svg()


def spark(values: Floats, *, width: int = 120, height: int = 26) -> str:
    """A small line for a row of a table; above 1 it is drawn as unusual."""
    known = np.flatnonzero(np.isfinite(values))
    if len(known) < 2:
        return ""
    told = np.clip(values[known], 0, 3)
    px = 2 + (known - known[0]) / max(known[-1] - known[0], 1) * (width - 4)
    py = height - 2 - told / 3 * (height - 4)
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in zip(px.tolist(), py.tolist(), strict=True))
    limit = height - 2 - (height - 4) / 3
    return (
        f'<svg class="lb-hspark" viewBox="0 0 {width} {height}" aria-hidden="true">'
        f'<path class="lb-hlimit" d="M0 {limit:.1f}H{width}"/><path d="{path}"/></svg>'
    )
