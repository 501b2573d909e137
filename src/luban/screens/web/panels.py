"""The panels of the live page: small pieces of HTML and one chart, filled anew when data change."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from typing import Any

from nicegui import ui

from luban.core.time import DAY
from luban.plant import Plant
from luban.screens.i18n import Words
from luban.screens.service import Board, Range, ShownFigure, UnitNow
from luban.screens.web.texts import clock, duration, percent, sign
from luban.screens.words import loss_word

__all__ = ["MOON", "figures", "losses", "unit_title", "waiting"]

MOON = '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M20 14.5A8 8 0 0 1 9.5 4 8 8 0 1 0 20 14.5z"/></svg>'
_ON_FRONT = 4
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


def waiting(say: Words, holder: Any) -> None:
    """Cards without figures, so that the page does not jump when they come."""
    holder.clear()
    with holder:
        for _ in range(_ON_FRONT):
            ui.html(
                f'<span class="lb-label">&nbsp;</span><span class="lb-number lb-faint">…</span>'
                f'<span class="lb-reason">{html.escape(say("reading the books"))}</span>',
                sanitize=False,
            ).classes("lb-figure")


def figures(say: Words, holder: Any, board: Board, explain: Callable[[str], Any]) -> None:
    """The front figures as buttons that open how they were made."""
    holder.clear()
    with holder:
        for figure in board.figures[:_ON_FRONT]:
            name = figure_name(say, figure)
            told = _figure_html(say, figure, name)
            label = f"{name}: {_spoken(say, figure)}. {say('How was this made?')}"
            button = (
                ui.element("button").classes("lb-figure").props("type=button").on("click", _opener(explain, figure.id))
            )
            button._props["aria-label"] = label  # noqa: SLF001 - text with quotes cannot go through props()
            button._props["data-figure"] = figure.id  # noqa: SLF001
            with button:
                ui.html(told, sanitize=False).style("display: contents")


def figure_name(say: Words, figure: ShownFigure) -> str:
    """Its name in the language, as a heading; the one that everybody abbreviates stays abbreviated."""
    name = "OEE" if figure.id == "oee" else say.name(figure.names, figure.id)
    return name[:1].upper() + name[1:]


def _opener(explain: Callable[[str], Any], figure: str) -> Callable[[], Any]:
    async def opened() -> None:
        await explain(figure)

    return opened


def _shown(figure: ShownFigure) -> tuple[str, str]:
    if figure.value is None:
        return "–", ""
    return (percent(figure.value), "%") if figure.unit == "1" else (f"{figure.value:,.4g}", figure.unit)


def _spoken(say: Words, figure: ShownFigure) -> str:
    if figure.value is None:
        return f"{say('withheld')}, {say(figure.withheld)}"
    return " ".join(_shown(figure))


def _figure_html(say: Words, figure: ShownFigure, name: str) -> str:
    head = f'<span class="lb-label">{html.escape(name)}</span>'
    if figure.value is None:
        mark = sign("silent")
        return (
            f'{head}<span class="lb-withheld">{mark}{html.escape(say("withheld"))}</span>'
            f'<span class="lb-reason">{html.escape(say(figure.withheld))}</span>'
        )
    number, unit = _shown(figure)
    below = []
    if figure.low is not None and figure.high is not None and figure.high - figure.low > 5e-4:
        low, high = (percent(v) if figure.unit == "1" else f"{v:,.4g}" for v in (figure.low, figure.high))
        below.append(say("between {low} and {high}", low=low, high=high))
    if figure.coverage is not None:
        below.append(say("{share} % of the time is accounted for", share=percent(figure.coverage)))
    notes = "".join(f'<span class="lb-reason">{html.escape(text)}</span>' for text in below)
    return f'{head}<span class="lb-number">{number}<small>{html.escape(unit)}</small></span>{notes}'


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
