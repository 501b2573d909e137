"""What a machine's power says of it, as a sheet: states, pieces, levels, and what power cannot tell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from luban.core.time import to_datetime
from luban.loop.retrofit import PowerLook
from luban.screens.i18n import Words
from luban.screens.report.plot import Plot
from luban.screens.report.quality_words import left_out, number, percent, provenance
from luban.screens.report.sheet import Block, Figure, Figures, Grid, Note, Picture, Sheet
from luban.understand.health.retrofit import SURE, Made, MeterFile, Retrofitted

__all__ = ["power_blocks", "power_document", "retrofit_blocks", "retrofit_sheet"]

_NONE = "–"
_LANES = ("off", "idle", "running", "unknown")
_TONES = {"off": "soft", "idle": "doubt", "running": "good", "unknown": "bad"}
_MOST = 60
_MOST_SPELLS = 3000


def retrofit_sheet(found: MeterFile, say: Words, *, zone: ZoneInfo | None = None) -> Sheet:
    """The sheet of a file."""
    told = found.told
    lines = [say("column {name}", name=found.power), _between(told, zone)]
    blocks = retrofit_blocks(told, say, unit=found.unit, agreement=found.agreement, zone=zone)
    made = provenance(say, found.source, told.used, told.excluded, say("levels of power, pulses that repeat"))
    title = say("Read from power: {name}", name=found.source.rsplit("/", 1)[-1])
    return Sheet(title, " · ".join(lines), (*blocks, *left_out(say, found.excluded)), made)


def retrofit_blocks(
    told: Retrofitted, say: Words, *, unit: str = "", agreement: float | None = None, zone: ZoneInfo | None = None
) -> tuple[Block, ...]:
    """The same without a frame, for the page of a machine."""
    blocks: list[Block] = [_figures(told, say, agreement)]
    blocks += [Note(say(note), "doubt") for note in told.notes]
    blocks.append(Picture(_picture(told, say, zone), say("States"), say("When it ran, idled and was off")))
    blocks.append(_levels(told, say, unit))
    if told.made:
        blocks.append(_pieces(told.made, say, zone))
    return tuple(blocks)


def power_blocks(look: PowerLook, say: Words, *, unit: str = "", zone: ZoneInfo | None = None) -> list[Block]:
    """A machine that is read from its power: what it lacks, by which levels it is read, and its newest day.

    unit  of the power
    """
    blocks: list[Block] = [_learning(look, say, unit, zone)]
    if look.told is None:
        blocks += [Note(say(note), "doubt") for note in look.notes]
    else:
        blocks += retrofit_blocks(look.told, say, unit=unit, zone=zone)
    return blocks


def power_document(look: PowerLook) -> dict[str, Any]:
    """The same for `--json` and REST."""
    entry = look.entry
    learning = None if entry is None else {
        "time": entry.time, "code": entry.code,
        **{name: entry.data.get(name) for name in ("hours", "from", "until", "levels", "digest")},
    }  # fmt: skip
    told = {} if look.told is None else look.told.as_dict()
    day = {name: value for name, value in told.items() if name not in {"states", "counts", "notes"}}
    return {"learning": learning, "notes": list(look.notes), "newest_day": day or None}


def _learning(look: PowerLook, say: Words, unit: str, zone: ZoneInfo | None) -> Figures:
    """The record by which levels are read."""
    title, entry = say("Read from power"), look.entry
    if entry is None:
        return Figures((Figure(say("levels last learned"), _NONE, "", say("not learned yet"), "doubt"),), title)
    why = say("because they had moved") if entry.code == "adapt" else say("for the first time")
    levels = " · ".join(number(float(one), 4) for one in entry.data.get("levels", ()))
    span = f"{_moment(int(entry.data['from']), zone)} … {_moment(int(entry.data['until']), zone)}"
    return Figures(
        (
            Figure(say("levels last learned"), _moment(entry.time, zone), "", why),
            Figure(say("levels"), levels, unit),
            Figure(say("from so many hours of power"), number(float(entry.data["hours"]), 4), "h", span),
        ), title,
    )  # fmt: skip


def _figures(told: Retrofitted, say: Words, agreement: float | None) -> Figures:
    hours = told.hours
    whole = sum(hours.values()) or 1.0
    names = {"running": say("at work"), "idle": say("idle"), "off": say("off"), "unknown": say("unknown")}
    rows = []
    for state in ("running", "idle", "off", "unknown"):
        if hours[state] or state != "unknown":
            note = say("{share} % of the time", share=percent(100 * hours[state] / whole, 1))
            rows.append(Figure(names[state], number(hours[state], 4), "h", note))
    if told.pieces is None:
        rows.append(Figure(say("pieces"), _NONE, "", say("not counted"), "quiet"))
    else:
        note = say("between {low} and {high}", low=f"{told.low:,}", high=f"{told.high:,}")
        rows.append(Figure(say("pieces"), f"{told.pieces:,}", "", note))
    sure = told.confidence >= SURE
    note = say("used in figures") if sure else say("too unsure to be used in figures")
    rows.append(Figure(say("confidence"), percent(100 * told.confidence, 1), "%", note, "" if sure else "doubt"))
    if agreement is not None:
        rows.append(Figure(say("agrees with the given states"), percent(100 * agreement, 2), "%", say("share of time")))
    return Figures(tuple(rows))


def _levels(told: Retrofitted, say: Words, unit: str) -> Grid:
    levels = told.meter.levels
    rows = []
    for at, level in enumerate(levels.found):
        if not told.meter.tells:
            name = _NONE
        elif level.power >= levels.work:
            name = say("at work")
        else:
            name = say("idle") if at == levels.idle or level.power >= levels.off else say("off")
        rows.append((number(level.power, 4), name, percent(100 * level.share, 1), number(level.stay / 60, 3)))
    power = say("power") + (f" [{unit}]" if unit else "")
    heads = (power, say("taken for"), say("share of time [%]"), say("usual stay [min]"))
    return Grid(heads, tuple(rows), say("Levels found in the power"), frozenset({0, 2, 3}))


def _pieces(made: Sequence[Made], say: Words, zone: ZoneInfo | None) -> Grid:
    rows = tuple(
        (_moment(row.start, zone), _moment(row.end, zone), str(row.pieces), number(row.cycle, 4),
         "" if row.sure else say("in doubt"))
        for row in made[:_MOST]
    )  # fmt: skip
    title = say("Rows of pieces")
    if len(made) > _MOST:
        title = say("Rows of pieces, the first {n} of {all}", n=_MOST, all=len(made))
    heads = (say("from"), say("to"), say("pieces"), say("cycle [s]"), "")
    return Grid(
        heads, rows, title, frozenset({2, 3}), {k: "doubt" for k, row in enumerate(made[:_MOST]) if not row.sure}
    )


def _picture(told: Retrofitted, say: Words, zone: ZoneInfo | None) -> str:
    """A lane a state; each spell a bar in its lane."""
    start, end = told.spells[0].start, told.spells[-1].end
    names = {"off": say("off"), "idle": say("idle"), "running": say("at work"), "unknown": say("unknown")}
    lanes = [state for state in _LANES if state != "unknown" or told.hours["unknown"]]
    marks = np.linspace(start, end, 6)
    plot = Plot(
        x=(0.0, max((end - start) / 3.6e9, 1e-9)), y=(0.0, float(len(lanes))), height=60 + 34 * len(lanes),
        x_ticks=[(float(mark - start) / 3.6e9, _moment(int(mark), zone)) for mark in marks[:-1]],
        y_ticks=[(at + 0.5, names[state]) for at, state in enumerate(lanes)], title=say("States"),
    )  # fmt: skip
    longest = sorted(told.spells, key=lambda spell: spell.start - spell.end)[:_MOST_SPELLS]
    for at, state in enumerate(lanes):
        own = [spell for spell in longest if spell.state == state]
        if own:
            lefts = [(spell.start - start) / 3.6e9 for spell in own]
            rights = [(spell.end - start) / 3.6e9 for spell in own]
            plot.bars(lefts, rights, [at + 0.85] * len(own), tone=_TONES[state], base=at + 0.15)
    return plot.svg()


def _between(told: Retrofitted, zone: ZoneInfo | None) -> str:
    return f"{_moment(told.spells[0].start, zone)} … {_moment(told.spells[-1].end, zone)}"


def _moment(stamp: int, zone: ZoneInfo | None) -> str:
    when = to_datetime(stamp)
    return (when.astimezone(zone) if zone else when).strftime("%Y-%m-%d %H:%M")
