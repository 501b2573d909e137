"""The fleet as a sheet: one row a machine, those that need attention first."""

from __future__ import annotations

from collections.abc import Sequence

from luban import __version__
from luban.screens.i18n import Words
from luban.screens.report.health_machine import life_text, parts_text, state_text, state_tone
from luban.screens.report.sheet import Figure, Figures, Grid, Sheet
from luban.screens.service.health_fleet import Row, in_order

__all__ = ["fleet_sheet", "life_of"]

_NONE = "–"


def fleet_sheet(rows: Sequence[Row], say: Words, name: str, source: str) -> Sheet:
    """The sheet of a fleet."""
    known = [row for row in rows if row.health is not None]
    unusual = sum(row.health.state in {"unusual", "worn"} for row in known if row.health)
    top = Figures((
        Figure(say("machines"), f"{len(rows)}"),
        Figure(say("need attention"), f"{unusual}", tone="bad" if unusual else "good"),
        Figure(say("still learning"), f"{sum(row.health.state == 'learning' for row in known if row.health)}"),
        Figure(say("nothing known"), f"{len(rows) - len(known)}", tone="quiet"),
    ))  # fmt: skip
    heads = (
        say("machine"), say("state"), say("channels behind it"), say("remaining life"), say("interval, or why not"),
        say("open alarms"), say("open work orders"), say("doubts about the data"),
    )  # fmt: skip
    lines, tones = [], {}
    for at, row in enumerate(in_order(rows)):
        lines.append(_line(row, say))
        if row.health is None:
            tones[at] = "quiet"
        elif row.health.state in {"worn", "unusual"}:
            tones[at] = state_tone(row.health)
    grid = Grid(heads, tuple(lines), title=say("Machines"), numbers=frozenset({5, 6, 7}), tones=tones)
    return Sheet(say("Health: {name}", name=name), "", (top, grid), {say("source"): source, "luban": __version__})


def _line(row: Row, say: Words) -> tuple[str, ...]:
    counts = tuple(_NONE if count is None else f"{count}" for count in (row.alarms, row.orders))
    if row.health is None:
        return (row.name, say("nothing known"), "", _NONE, say(row.reason), *counts, _NONE)
    health = row.health
    value, told = life_of(row, say)
    behind = parts_text(health.open) if health.open is not None else ""
    return (row.name, state_text(health, say), behind, value, told, *counts, f"{len(health.doubts)}")


def life_of(row: Row, say: Words) -> tuple[str, str]:
    """Remaining life with its unit, and its interval or why there is none."""
    learned = row.learned
    if learned is not None and learned.life is not None:
        ends = [_NONE if end is None else f"{end:.4g}" for end in (learned.low, learned.high)]
        told = (
            say("{level} % interval", level=f"{100 * learned.share:g}") + f" {ends[0]} … {ends[1]} {learned.time_unit}"
        )
        return f"{learned.life:.4g} {learned.time_unit}", told
    health = row.health
    if health is None or not health.wear:
        reason = learned.reason if learned is not None else "no limit of wear is known for any channel"
        return _NONE, say(reason)
    wear = health.shortest or health.wear[0]
    value, told = life_text(wear, say)
    return (f"{value} {wear.age_unit}" if wear.life.life is not None else value), told
