"""The panels of the live page: small pieces of HTML and one chart, filled anew when data change."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

from nicegui import ui

from luban.core.time import DAY
from luban.plant import Plant
from luban.screens.i18n import Words
from luban.screens.service import Board, Range, UnitNow
from luban.screens.web.texts import clock, duration
from luban.screens.words import loss_word

__all__ = ["losses", "unit_title"]

_PLAIN_RANGES = frozenset({"", "begun", "1h", "8h", "24h"})  # any other label is the name of a shift
# ECharts does not follow the page's style sheet: the colours of screen.css again
_INK = {
    "light": {
        "text": "#1d2429", "rule": "#d9dee2", "total": "#a3b6c4", "rest": "#5f7d92", "loss": "#b3bcc3",
        "unknown": "#98a3ab",
    },
    "dark": {
        "text": "#e3e8eb", "rule": "#2d353b", "total": "#475d6c", "rest": "#6c8ca2", "loss": "#5d6a73",
        "unknown": "#5d6a73",
    },
}  # fmt: skip


def unit_title(say: Words, holder: Any, unit: UnitNow, span: Range, plant: Plant) -> None:
    """Name and path of the chosen place, and the interval its figures speak of."""
    zone = plant.zone
    same_day = span.end - span.start < DAY
    said = f"{clock(span.start, zone, day=True)} – {clock(span.end, zone, day=not same_day)}"
    label = (
        f"{say('Shift')} {span.label}: "
        if span.label and span.label != "begun" and not span.label[:1].isdigit()
        else ""
    )
    holder.clear()
    with holder:
        ui.html(
            f'<h1 class="lb-big">{html.escape(unit.name)}</h1><div class="lb-note">{html.escape(unit.path)}'
            f" &nbsp;·&nbsp; {html.escape(label + said)}</div>",
            sanitize=False,
        )


def losses(say: Words, holder: Any, board: Board, *, dark: bool | None) -> None:
    """Waterfall from planned time to the time that made good pieces."""
    total = next((loss.seconds for loss in board.losses if loss.kind == "total"), 0.0)
    shown = [loss for loss in board.losses if loss.kind != "loss" or loss.seconds > 0.0005 * total]
    known = getattr(holder, "luban_chart", None)
    if not board.losses or total <= 0:
        holder.clear()
        holder.luban_chart = None
        with holder:
            ui.html(
                f'<div class="lb-empty">{html.escape(say("No planned time in this interval yet."))}</div>',
                sanitize=False,
            )
        return
    options = _waterfall(say, shown, total, dark=bool(dark))
    if known is not None:
        if known.options != options:
            known.options.clear()
            known.options.update(options)
            known.update()
        return
    holder.clear()
    with holder:
        holder.luban_chart = ui.echart(options, renderer="svg").style("height: 260px; width: 100%")
        holder.luban_chart.props("role=img")
        holder.luban_chart._props["aria-label"] = say("Where the time went")  # noqa: SLF001


def _waterfall(say: Words, shown: Sequence[Any], total: float, *, dark: bool) -> dict[str, Any]:
    ink = _INK["dark" if dark else "light"]
    left, base, bars, names = total, [], [], []
    for loss in shown:
        names.append(loss_word(say, loss.id))
        if loss.kind == "loss":
            left -= loss.seconds
        base.append(round(left / 60, 3) if loss.kind == "loss" else 0)
        colour = ink["unknown"] if loss.id == "unknown" else ink[loss.kind]
        style: dict[str, Any] = {"color": colour}
        if loss.id == "unknown":
            style |= {"color": "transparent", "borderColor": colour, "borderType": "dashed", "borderWidth": 1.2}
        label = f"{duration(say, loss.seconds)}  {100 * loss.seconds / total:.1f} %"
        bars.append({"value": round(loss.seconds / 60, 3), "itemStyle": style, "label": {"formatter": label}})
    return {
        "animation": False,
        "grid": {"left": 8, "right": 116, "top": 2, "bottom": 4, "containLabel": True},
        "xAxis": {
            "type": "value", "max": round(total / 60, 3), "splitNumber": 4, "axisLabel": {"show": False},
            "splitLine": {"lineStyle": {"color": ink["rule"]}}, "axisLine": {"show": False},
        },
        "yAxis": {
            "type": "category", "inverse": True, "data": names, "axisTick": {"show": False},
            "axisLabel": {"color": ink["text"], "fontSize": 12, "width": 150, "overflow": "break"},
            "axisLine": {"lineStyle": {"color": ink["rule"]}},
        },
        "series": [
            {"type": "bar", "stack": "w", "silent": True, "itemStyle": {"color": "transparent"}, "data": base},
            {
                "type": "bar", "stack": "w", "silent": True, "barMaxWidth": 22, "data": bars,
                "label": {"show": True, "position": "right", "color": ink["text"], "fontSize": 12},
            },
        ],
    }  # fmt: skip
