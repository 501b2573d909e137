"""A proposed set-point as a sheet: what is measured, what is in force, what to set, and what that would bring."""

from __future__ import annotations

import numpy as np

from luban.decide.setpoint.proposal import Effect, SetPointPlan
from luban.decide.setpoint.words import PLAN
from luban.screens.i18n import Words
from luban.screens.report.plot import Plot
from luban.screens.report.quality_words import given, left_out, number, percent, provenance, span
from luban.screens.report.sheet import Block, Figure, Figures, Grid, Note, Picture, Sheet

__all__ = ["control_sheet", "control_svg", "decision_text", "point", "set_point_svg"]

_MOST = 400


def point(value: float) -> str:
    """A set-point as one types it in.

    Example  point(-0.0080088123) == "-0.00800881"
    """
    return f"{value:.6g}"


def control_sheet(plan: SetPointPlan, say: Words) -> Sheet:
    """The sheet of a plan."""
    title = say("Set-point for {name}", name=plan.characteristic)
    tone = {"change": "doubt", "blocked": "bad"}.get(plan.decision, "good")
    blocks: list[Block] = [
        Note(decision_text(plan, say), tone),
        _figures(plan, say),
        _effects(plan, say),
        Grid((say("why"),), tuple((say(PLAN[key]),) for key in plan.reasons if key in PLAN), say("Reasons")),
        Picture(control_svg(plan, say), say("Measured values and estimated level"), _seen(plan, say)),
    ]
    if float(np.ptp(plan.set_points)) > 0:
        blocks.append(Picture(set_point_svg(plan, say), say("Set-point and its envelope"), ""))
    if plan.signals:
        rows = tuple((rule.replace("_", " ").title(), str(count)) for rule, count in plan.signals.items())
        blocks.append(Grid((say("rule"), say("signals")), rows, say("Signals among the newest points"), frozenset({1})))
    blocks += left_out(say, plan.excluded)
    method = "EWMA (Ingolfsson, Sachs 1993; Muth 1960)"
    made = provenance(say, plan.source, plan.used, len(plan.excluded), method)
    return Sheet(title, "", tuple(blocks), made)


def decision_text(plan: SetPointPlan, say: Words) -> str:
    """What to do, in one sentence."""
    knob = plan.knob
    if plan.decision == "change":
        return say(
            "Set {name} from {now} to {new} {unit}.",
            name=knob.name, now=point(knob.now), new=point(plan.proposed), unit=knob.unit,
        )  # fmt: skip
    if plan.decision == "blocked":
        return say(
            "The process wants {name} at {wanted} {unit}; the envelope allows no change.",
            name=knob.name, wanted=point(plan.wanted), unit=knob.unit,
        )  # fmt: skip
    return say("Leave {name} at {now} {unit}.", name=knob.name, now=point(knob.now), unit=knob.unit)


def _seen(plan: SetPointPlan, say: Words) -> str:
    """What the drawing shows."""
    level = number(float(plan.levels[-1]))
    return say(
        "The level is {level} {unit}, the target {target}.", level=level, unit=plan.unit, target=given(plan.target)
    )


def _figures(plan: SetPointPlan, say: Words) -> Figures:
    knob, unit = plan.knob, plan.unit
    envelope = f"{given(knob.envelope.lowest)} … {given(knob.envelope.highest)}"
    move = "" if knob.envelope.move is None else say("at most {move} at once", move=given(knob.envelope.move))
    rows = (
        Figure(say("target"), given(plan.target), unit),
        Figure(say("estimated level"), number(float(plan.levels[-1])), unit, f"λ {number(plan.weight, 2)}"),
        Figure(say("last value"), number(float(plan.values[-1])), unit, plan.labels[-1]),
        Figure(say("set-point in force"), point(knob.now), knob.unit, knob.name),
        Figure(say("proposed"), point(plan.proposed), knob.unit, tone="doubt" if plan.change else ""),
        Figure(say("envelope"), envelope, knob.unit, move),
        Figure(say("gain"), given(knob.gain), f"{unit}/{knob.unit}" if knob.unit != unit else ""),
        Figure(say("error of the forecast of a run"), number(plan.shock), unit),
    )
    return Figures(rows)


def _effects(plan: SetPointPlan, say: Words) -> Grid:
    names = {
        "deviation": say("deviation from target"),
        "cpk": "Cpk",
        "outside": say("share outside the limits"),
    }

    def shown(own: Effect, three: tuple[float, float, float]) -> tuple[str, str]:
        if own.name == "outside":
            middle, low, high = (100 * part for part in three)
            return f"{percent(middle, 3)} %", f"{percent(low, 3)} … {percent(high, 3)} %"
        return number(three[0], 4), span(three[1], three[2])

    rows = []
    for own in plan.effects:
        before, after = shown(own, own.before), shown(own, own.after)
        rows.append((names[own.name], *before, *after, "" if own.unit == "1" else own.unit))
    heads = (
        say("figure"), say("now"), say("95 % interval"), say("after"), say("95 % interval"), say("unit"),
    )  # fmt: skip
    return Grid(heads, tuple(rows), say("Predicted effect"), frozenset({1, 3}))


def control_svg(plan: SetPointPlan, say: Words, *, width: int = 980, height: int = 300) -> str:
    """Measured values, the estimated level, target and limits."""
    values, levels = plan.values[-_MOST:], plan.levels[-_MOST:]
    at = np.arange(len(plan.values) - len(values), len(plan.values)) + 1
    edges = [value for value in (plan.lower, plan.upper, plan.target) if value is not None]
    low, high = min(float(values.min()), *edges), max(float(values.max()), *edges)
    room = 0.06 * (high - low or 1.0)
    title = f"{plan.characteristic} [{plan.unit}]" if plan.unit else plan.characteristic
    plot = Plot(
        x=(float(at[0]) - 0.5, float(at[-1]) + 0.5), y=(low - room, high + room), width=width, height=height,
        x_label=say("run"), y_label=plan.unit, title=title,
    )  # fmt: skip
    for value, text in ((plan.lower, say("lower limit")), (plan.upper, say("upper limit"))):
        if value is not None:
            plot.level(value, text, "bad", dash="6 3")
    plot.level(plan.target, say("target"), "centre")
    plot.line(at, values, "soft")
    plot.dots(at, values, "ink", titles=tuple(plan.labels[-len(values) :]))
    plot.line(at, levels, "accent", name=say("level"))
    return plot.svg()


def set_point_svg(plan: SetPointPlan, say: Words, *, width: int = 980, height: int = 160) -> str:
    """The set-points that were in force, inside their envelope."""
    envelope, points = plan.knob.envelope, plan.set_points[-_MOST:]
    at = np.arange(len(plan.set_points) - len(points), len(plan.set_points)) + 1
    low, high = min(envelope.lowest, float(points.min())), max(envelope.highest, float(points.max()))
    room = 0.1 * (high - low)
    plot = Plot(
        x=(float(at[0]) - 0.5, float(at[-1]) + 0.5), y=(low - room, high + room), width=width, height=height,
        x_label=say("run"), y_label=plan.knob.unit, title=plan.knob.name,
    )  # fmt: skip
    plot.level(envelope.lowest, say("lowest"), "limit")
    plot.level(envelope.highest, say("highest"), "limit")
    plot.line(at, points, "accent", step=True)
    return plot.svg()
