"""What the browser's views are given: words in the page's language and plain rows, no logic."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from luban.core.quality import Quality
from luban.core.time import to_datetime
from luban.plant import Plant
from luban.screens.i18n import Words
from luban.screens.service import Board, SignalNow, Trend, UnitNow
from luban.screens.words import kind_word

__all__ = [
    "TEXT_ROLES", "ages", "clock", "duration", "lane", "length", "nodes", "percent",
    "plain_name", "point", "sign", "signal_line", "timeline", "timeline_rows", "tree", "trend", "unit_line",
]  # fmt: skip

TEXT_ROLES = frozenset({"state", "order", "item", "reason"})
_KINDS = ("production", "setup", "waiting", "down", "idle", "planned", "unknown")


_SIGNS = {
    "up": ("good", '<path class="lb-open" d="M3.5 8.5l3 3 6-7"/>'),
    "down": ("bad", '<path class="lb-open" d="M4 4l8 8M12 4l-8 8"/>'),
    "silent": (
        "uncertain",
        '<path class="lb-open" d="M8 2.6 14 13H2zM8 6.4v3"/><circle cx="8" cy="11.2" r=".7"/>',
    ),
    "new": ("none", '<circle class="lb-open" cx="8" cy="8" r="5.6"/>'),
}


def sign(link: str) -> str:
    """The sign of a link's state: a shape for each, coloured only where something is wrong."""
    colour, shape = _SIGNS.get("down" if link == "refused" else link, _SIGNS["new"])
    svg = 'viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"'
    return f'<svg class="lb-icon lb-{colour}" {svg}>{shape}</svg>'


def percent(value: float) -> str:
    """A share as people read it."""
    return f"{100 * value:.1f}"


def duration(say: Words, seconds: float) -> str:
    """Seconds as people read them."""
    if seconds < 100:
        return f"{seconds:.0f} {say('s')}"
    if seconds < 6000:
        return f"{seconds / 60:.1f} {say('min')}"
    return f"{seconds / 3600:.1f} {say('h')}"


def clock(moment: int, zone: ZoneInfo, *, day: bool = False) -> str:
    """Wall clock of the plant."""
    return f"{to_datetime(moment, zone):{'%Y-%m-%d %H:%M:%S' if day else '%H:%M:%S'}}"


def ages(say: Words) -> dict[str, str]:
    """Units of an age."""
    return {"s": say("s"), "min": say("min"), "h": say("h"), "d": say("d")}


def length(say: Words, choice: str) -> str:
    """What an interval is called."""
    return {
        "shift": say("Shift"), "begun": say("Since first data"), "last": say("Last data"),
        "1min": say("1 min"), "10min": say("10 min"), "1h": say("1 h"), "8h": say("8 h"),
        "24h": say("24 h"),
    }.get(choice, choice)  # fmt: skip


def tree(say: Words) -> dict[str, Any]:
    """Words of the tree."""
    return {**ages(say), "tree": say("Equipment"), "none": say("no value yet")}


def trend(say: Words) -> dict[str, Any]:
    """Words of the trend."""
    return {**ages(say), "nothing": say("nothing to draw"), "doubt": ["", say("uncertain"), say("bad")]}


def timeline(say: Words) -> dict[str, Any]:
    """Words of the time line."""
    return {**ages(say), "timeline": say("States")}


def nodes(units: Iterable[UnitNow], signals: Mapping[str, SignalNow], plant: Plant) -> list[dict[str, Any]]:
    """Rows of the tree in drawing order, signals below their equipment."""
    by_place: dict[str, list[SignalNow]] = {}
    for signal in signals.values():
        by_place.setdefault(signal.equipment, []).append(signal)
    known = {unit.path: unit for unit in units}
    rows: list[dict[str, Any]] = []

    def walk(path: str, level: int) -> None:
        unit, own = known[path], by_place.get(path, [])
        children = [child for child in unit.children if child in known]
        kind = "unit" if unit.kind else "group"
        rows.append(
            {"id": path, "parent": unit.parent if level > 1 else "", "level": level, "kind": kind, "name": unit.name,
             "title": path, "children": bool(children or own)}
        )  # fmt: skip
        rows.extend(
                {"id": signal.id, "parent": path, "level": level + 1, "kind": "signal", "name": plain_name(signal.name),
                 "title": f"{signal.id} · {signal.source} · {plant.signals[signal.id].address}", "children": False}
            for signal in own
        )  # fmt: skip
        for child in children:
            walk(child, level + 1)

    for root in [unit.path for unit in known.values() if unit.parent not in known]:
        walk(root, 1)
    return rows


def unit_line(say: Words, unit: UnitNow) -> dict[str, Any]:
    """A work unit's row: what it does, with the machine's own word and the reason on demand."""
    why = " – ".join(filter(None, (unit.state, unit.reason, say(unit.why))))
    moment = unit.since / 1000 if unit.since is not None else None
    return {"t": moment, "s": kind_word(say, unit.kind), "e": unit.kind, "w": why}


def signal_line(say: Words, signal: SignalNow) -> dict[str, Any]:
    """A signal's row."""
    sign = {"good": "good", "uncertain": "uncertain", "silent": "uncertain", "bad": "bad"}.get(signal.doubt, "none")
    value: float | str | None = signal.value if signal.value is not None else signal.text
    moment = signal.time / 1000 if signal.time is not None else None
    return {"t": moment, "v": value, "u": signal.unit, "q": sign, "w": say(signal.why)}


def point(time: int, value: float | None, quality: int) -> list[Any]:
    """One point of a trend: [ms, value, doubt 0 | 1 | 2]; a bad value breaks the line."""
    doubt = 0 if quality == 0 else 2 if quality >= Quality.BAD else 1
    return [time / 1000, None if doubt == 2 else value, doubt]


def plain_name(name: str) -> str:
    """A signal's name as people read it."""
    return name.replace("_", " ")


def lane(signal: SignalNow, trend: Trend, path: str, plant: Plant) -> dict[str, Any]:
    """One lane of the trend with what is known so far; signals of places below `path` name their place."""
    declared, place = plant.signals[signal.id], plant.equipment[signal.equipment].name
    points = [
        [time / 1000, value, 0 if quality == 0 else 2 if quality >= Quality.BAD else 1]
        for time, value, quality in zip(trend.time, trend.value, trend.quality, strict=True)
    ]
    name = plain_name(signal.name) if signal.equipment == path else f"{place} · {plain_name(signal.name)}"
    return {
        "id": signal.id,
        "name": name,
        "unit": declared.unit,
        "source": signal.source,
        "low": None,
        "high": None,
        "points": points,
        "step": signal.role != "value",
    }


def timeline_rows(say: Words, board: Board, plant: Plant) -> tuple[list[dict[str, Any]], list[list[Any]]]:
    """Rows of the time line and its legend with the sum of each kind [s]."""
    rows: dict[str, dict[str, Any]] = {}
    sums: dict[str, float] = {}
    for tile in board.tiles:
        row = rows.setdefault(tile.unit, {"id": tile.unit, "name": plant.equipment[tile.unit].name, "spans": []})
        word = kind_word(say, tile.kind) + (f" · {tile.state}" if tile.state else "")
        row["spans"].append(
            [tile.start / 1000, tile.end / 1000, tile.kind, word, say(tile.reason) if tile.reason else ""]
        )
        sums[tile.kind] = sums.get(tile.kind, 0.0) + (tile.end - tile.start) / 1e6
    legend = [[kind, kind_word(say, kind), sums[kind]] for kind in _KINDS if kind in sums]
    return list(rows.values()), legend
