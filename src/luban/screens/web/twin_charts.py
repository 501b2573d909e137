"""Charts of the twin's page, as options of ECharts: states, bottleneck, lots on the floor, cycle time, on time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from luban.core.time import to_datetime
from luban.plant import Plant
from luban.screens.i18n import Words
from luban.screens.web.twin_texts import state_word

__all__ = ["bottleneck", "cycle_times", "floor_over_time", "on_time", "states"]

# ECharts does not follow the page's style sheet: the colours of screen.css again
_INK = {
    "light": {
        "text": "#1d2429", "quiet": "#59646c", "rule": "#d9dee2", "line": "#2f4a5e", "bar": "#5f7d92",
        "sheet": "#f9fafb",
        "low": "#eef1f3", "mid": "#a3b6c4", "high": "#2f4a5e", "mark": "#b3261e", "good": "#5f7d92", "late": "#b9925a",
        "run": "#5f7d92", "setup": "#a3b6c4", "idle": "#d3d9de", "standby": "#dfe4e8", "blocked": "#b9925a",
        "operator": "#c9b48f", "down": "#b3261e", "maintenance": "#c3ccd3", "off": "#f2f4f5",
    },
    "dark": {
        "text": "#e3e8eb", "quiet": "#9aa6ae", "rule": "#2d353b", "line": "#a9c6da", "bar": "#6c8ca2",
        "sheet": "#1c2226",
        "low": "#232a2f", "mid": "#475d6c", "high": "#a9c6da", "mark": "#f28b82", "good": "#6c8ca2", "late": "#a5834d",
        "run": "#6c8ca2", "setup": "#475d6c", "idle": "#3b454c", "standby": "#2f383e", "blocked": "#a5834d",
        "operator": "#6f5f3e", "down": "#e0584e", "maintenance": "#4a555d", "off": "#21282c",
    },
}  # fmt: skip
_STATES = ("run", "setup", "operator", "blocked", "down", "maintenance", "idle", "standby", "off")
_DECALS = {
    "blocked": {"symbol": "rect", "dashArrayX": [1, 0], "dashArrayY": [2, 4], "rotation": -0.785},
    "maintenance": {"symbol": "rect", "dashArrayX": [1, 0], "dashArrayY": [1, 4], "rotation": 0.785},
    "down": {"symbol": "rect", "dashArrayX": [[3, 3], [0, 3, 3, 0]], "dashArrayY": [3, 0], "rotation": 0},
    "operator": {"symbol": "circle", "dashArrayX": [[4, 4], [0, 4, 4, 0]], "dashArrayY": [4, 0], "symbolSize": 0.6},
}
_MOST_ROWS = 12


def _base(ink: Mapping[str, str], **more: Any) -> dict[str, Any]:
    return {
        "animation": False,
        "textStyle": {"color": ink["text"], "fontSize": 12},
        "tooltip": {
            "trigger": "axis", "backgroundColor": ink["sheet"], "borderColor": ink["rule"], "confine": True,
            "textStyle": {"color": ink["text"], "fontSize": 12},
        },
        **more,
    }  # fmt: skip


def _axis(ink: Mapping[str, str], **more: Any) -> dict[str, Any]:
    return {
        "axisLine": {"lineStyle": {"color": ink["rule"]}}, "axisTick": {"show": False},
        "axisLabel": {"color": ink["quiet"], "fontSize": 11, **more.pop("label", {})},
        "splitLine": {"show": more.pop("lines", False), "lineStyle": {"color": ink["rule"]}},
        "nameTextStyle": {"color": ink["quiet"], "fontSize": 11}, **more,
    }  # fmt: skip


def _inks(dark: bool) -> Mapping[str, str]:
    return _INK["dark" if dark else "light"]


def states(say: Words, rows: Sequence[Any], names: Mapping[str, str], *, dark: bool) -> dict[str, Any]:
    """Share of the time in each state, a bar a machine; the most active on top."""
    ink = _inks(dark)
    ordered = sorted(rows, key=lambda row: row[2])
    used = [state for state in _STATES if any(row[1][state] >= 0.0005 for row in ordered)]
    series = []
    for state in used:
        style: dict[str, Any] = {"color": ink[state], "borderColor": ink["sheet"], "borderWidth": 0.5}
        if state in _DECALS:
            style["decal"] = {"color": ink["sheet"], **_DECALS[state]}
        data = [round(100 * row[1][state], 2) for row in ordered]
        series.append(
            {"name": state_word(say, state), "type": "bar", "stack": "s", "barMaxWidth": 20, "data": data,
             "itemStyle": style}
        )  # fmt: skip
    return _base(
        ink,
        legend={"top": 0, "left": 0, "itemWidth": 14, "itemHeight": 10, "textStyle": {"color": ink["text"]}},
        grid={"left": 4, "right": 26, "top": 48, "bottom": 4, "containLabel": True},
        xAxis=_axis(ink, type="value", max=100, lines=True, label={"formatter": "{value} %"}),
        yAxis=_axis(
            ink, type="category", data=[names[row[0]] for row in ordered], label={"width": 130, "overflow": "truncate"}
        ),
        series=series,
    )


def _days(recording: Mapping[str, Any], plant: Plant) -> list[str]:
    """The end of each bucket as day of the plant's calendar."""
    start = recording["start"] * 1000
    return [f"{to_datetime(int(start + 1e6 * edge), plant.zone):%m-%d}" for edge in recording["buckets"]["edges"]]


def bottleneck(
    say: Words, recording: Mapping[str, Any], measure: str, plant: Plant, *, dark: bool
) -> dict[str, Any]:  # fmt: skip
    """Which station holds the others up, over time: `queue` lots that wait, or `active` share of working time.

    The greatest of each stretch of time bears a dot.
    """
    ink = _inks(dark)
    table = recording["buckets"][measure]
    stations = [own["name"] for own in recording["floor"]["stations"]]
    mean = [sum(row[at] or 0.0 for row in table) for at in range(len(stations))]
    shown = sorted(sorted(range(len(stations)), key=lambda at: -mean[at])[:_MOST_ROWS], key=lambda at: mean[at])
    cells, marks, most = [], [], 0.0
    for x, row in enumerate(table):
        known = [(row[at], y) for y, at in enumerate(shown) if row[at] is not None]
        for value, y in known:
            cells.append([x, y, value])
            most = max(most, value)
        top = max(known, default=(0.0, 0))
        if top[0] > 0:
            marks.append([x, top[1], top[0]])
    unit = say("lots that wait") if measure == "queue" else say("share of working time")
    return _base(
        ink,
        tooltip={
            "backgroundColor": ink["sheet"],
            "borderColor": ink["rule"],
            "confine": True,
            "textStyle": {"color": ink["text"], "fontSize": 12},
        },
        grid={"left": 4, "right": 14, "top": 8, "bottom": 44, "containLabel": True},
        xAxis=_axis(ink, type="category", data=_days(recording, plant)),
        yAxis=_axis(
            ink, type="category", data=[stations[at] for at in shown], label={"width": 130, "overflow": "truncate"}
        ),
        visualMap={
            "min": 0, "max": 1 if measure == "active" else max(1.0, round(most, 1)), "orient": "horizontal", "left": 0,
            "bottom": 0, "itemWidth": 12, "itemHeight": 90, "calculable": False, "seriesIndex": 0, "dimension": 2,
            "inRange": {"color": [ink["low"], ink["mid"], ink["high"]]}, "text": [unit, ""],
            "textStyle": {"color": ink["quiet"], "fontSize": 11},
        },
        series=[
            {"type": "heatmap", "data": cells, "itemStyle": {"borderColor": ink["sheet"], "borderWidth": 0.4}},
            {"type": "scatter", "data": marks, "symbolSize": 4, "itemStyle": {"color": ink["mark"]}, "silent": True},
        ],
    )  # fmt: skip


def floor_over_time(say: Words, recording: Mapping[str, Any], plant: Plant, *, dark: bool) -> dict[str, Any]:
    """Lots on the floor over time, the warm-up shaded."""
    ink = _inks(dark)
    buckets = recording["buckets"]
    warm = sum(edge <= recording["warmup"] for edge in buckets["edges"])
    line = {
        "type": "line", "name": say("lots on the floor"), "data": buckets["wip"], "showSymbol": False, "step": "middle",
        "lineStyle": {"color": ink["line"], "width": 1.6}, "itemStyle": {"color": ink["line"]},
        "areaStyle": {"color": ink["line"], "opacity": 0.08},
    }  # fmt: skip
    if warm:
        area = {"itemStyle": {"color": ink["rule"], "opacity": 0.7}, "silent": True}
        label = {"show": True, "position": "insideTop", "color": ink["quiet"], "formatter": say("warm-up")}
        line["markArea"] = {**area, "label": label, "data": [[{"xAxis": 0}, {"xAxis": warm}]]}
    return _base(
        ink,
        grid={"left": 4, "right": 14, "top": 14, "bottom": 4, "containLabel": True},
        xAxis=_axis(ink, type="category", data=_days(recording, plant)),
        yAxis=_axis(ink, type="value", lines=True, min=0),
        series=[line],
    )


def cycle_times(say: Words, recording: Mapping[str, Any], *, dark: bool) -> dict[str, Any] | None:
    """How long lots took from release to finish; None where none finished."""
    ink = _inks(dark)
    own = recording["cycle"]
    if not own["counts"]:
        return None
    edges, scale, unit = own["edges"], 1.0, say("h")
    if own["mean"] > 96:
        scale, unit = 24.0, say("d")
    elif own["mean"] < 2:
        scale, unit = 1 / 60, say("min")
    points = [[(a + b) / 2 / scale, count] for a, b, count in zip(edges, edges[1:], own["counts"], strict=False)]
    lines = [(own["mean"] / scale, say("mean"), "right"), (own["p90"] / scale, say("90 % below"), "left")]
    return _base(
        ink,
        grid={"left": 4, "right": 18, "top": 34, "bottom": 22, "containLabel": True},
        xAxis=_axis(
            ink, type="value", name=unit, nameLocation="middle", nameGap=22, min=0, max=round(edges[-1] / scale, 3),
            label={"showMaxLabel": False},
        ),
        yAxis=_axis(ink, type="value", lines=True, name=say("lots")),
        series=[
            {
                "type": "bar", "data": points, "barWidth": "96%", "itemStyle": {"color": ink["bar"]},
                "barGap": "0%", "name": say("lots"), "barMinWidth": 2, "large": False, "dimensions": ["x", say("lots")],
                "markLine": {
                    "symbol": "none", "silent": True, "lineStyle": {"color": ink["text"], "type": "dashed"},
                    "label": {"color": ink["text"], "formatter": "{b}", "position": "end", "distance": 4},
                    "data": [
                        {"xAxis": value, "name": f"{name} {value:.1f}", "label": {"align": side}}
                        for value, name, side in lines
                    ],
                },
            }
        ],
    )  # fmt: skip


def on_time(say: Words, recording: Mapping[str, Any], plant: Plant, *, dark: bool) -> dict[str, Any] | None:
    """Finished lots with a due date, kept and late; None where none has one."""
    ink = _inks(dark)
    buckets = recording["buckets"]
    if not sum(buckets["due"]):
        return None
    step = max(1, len(buckets["due"]) // 40)
    days = _days(recording, plant)[step - 1 :: step]
    due = [sum(buckets["due"][at : at + step]) for at in range(0, len(buckets["due"]), step)]
    kept = [sum(buckets["on_time"][at : at + step]) for at in range(0, len(buckets["on_time"]), step)]
    decal = {"color": ink["sheet"], **_DECALS["blocked"]}
    bars = (
        (say("on time"), kept, {"color": ink["good"]}),
        (say("late"), [a - b for a, b in zip(due, kept, strict=True)], {"color": ink["late"], "decal": decal}),
    )
    return _base(
        ink,
        legend={"top": 0, "left": 0, "itemWidth": 14, "itemHeight": 10, "textStyle": {"color": ink["text"]}},
        grid={"left": 4, "right": 14, "top": 30, "bottom": 4, "containLabel": True},
        xAxis=_axis(ink, type="category", data=days),
        yAxis=_axis(ink, type="value", lines=True),
        series=[
            {"name": name, "type": "bar", "stack": "d", "data": data, "itemStyle": style, "barCategoryGap": "20%"}
            for name, data, style in bars
        ],
    )  # fmt: skip
