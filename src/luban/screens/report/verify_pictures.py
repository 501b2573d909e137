"""Drawings of an outcome: the figure beside what was to be expected, and the sum of the effect since the act."""

from __future__ import annotations

from datetime import tzinfo

import numpy as np

from luban.core.errors import InputError
from luban.core.time import to_datetime
from luban.screens.i18n import Words
from luban.screens.report.plot import Plot
from luban.verify import Course, Outcome

__all__ = ["course_svg", "running_svg"]

_HEIGHT = 320
_TICKS = 7


def course_svg(found: Outcome, say: Words, zone: tzinfo) -> str:
    """Measured values, what was to be expected, the interval of one period; the act as an upright."""
    course = _course(found)
    low = np.minimum(course.measured, course.expected - course.half)
    high = np.maximum(course.measured, course.expected + course.half)
    plot = Plot(
        x=_range(course), y=_room(float(np.nanmin(low)), float(np.nanmax(high))), height=_HEIGHT,
        y_label=_unit(found), x_ticks=_ticks(course, zone), title=f"{found.metric.name}: {say(found.verdict)}",
    )  # fmt: skip
    times = course.times.astype(np.float64)
    for side in (-1, 1):
        plot.line(
            times, course.expected + side * course.half, "soft", name=say("interval of one period") if side < 0 else ""
        )
    plot.line(times, course.expected, "accent", dash="5 3", name=say("expected without the act"))
    plot.line(times, course.measured, "ink", name=say("measured"))
    plot.dots(times[course.after], course.measured[course.after], "ink")
    plot.upright(float(found.decision.at), say("act"), "limit")
    return plot.svg()


def running_svg(found: Outcome, say: Words, zone: tzinfo) -> str:
    """Sum of measured less expected over the periods after the act."""
    course = _course(found)
    times, running = course.times[course.after].astype(np.float64), course.running
    low, high = min(0.0, float(running.min())), max(0.0, float(running.max()))
    plot = Plot(
        x=_range(course), y=_room(low, high), height=200, y_label=_unit(found), x_ticks=_ticks(course, zone),
        title=say("Sum of the effect since the act"),
    )  # fmt: skip
    plot.level(0.0, "", "quiet")
    better = (running[-1] < 0) == (found.metric.wish < 0)
    tone = "quiet" if found.verdict == "no effect" else "good" if better else "bad"
    plot.line(times, running, tone)
    plot.dots(times, running, tone)
    plot.upright(float(found.decision.at), "", "limit")
    return plot.svg()


def _unit(found: Outcome) -> str:
    return "" if found.metric.unit == "1" else found.metric.unit


def _course(found: Outcome) -> Course:
    if found.course is None:
        raise InputError("an outcome without a course has no picture", came=found.verdict)
    return found.course


def _range(course: Course) -> tuple[float, float]:
    return float(course.times[0]), float(course.times[-1])


def _room(low: float, high: float) -> tuple[float, float]:
    room = 0.05 * (high - low) or 1.0
    return low - room, high + room


def _ticks(course: Course, zone: tzinfo) -> list[tuple[float, str]]:
    span = int(course.times[-1] - course.times[0])
    form = "%Y-%m-%d" if span > 3 * 86_400_000_000 else "%m-%d %H:%M"
    places = np.unique(np.linspace(0, len(course.times) - 1, _TICKS).astype(int))
    return [
        (float(course.times[at]), to_datetime(int(course.times[at])).astimezone(zone).strftime(form)) for at in places
    ]
