"""A machine's health as a sheet: how it is now, since when and why, what is left, what it looked like last time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from luban.screens.i18n import Words
from luban.screens.report.health_drawings import channel_svg, last_svg, moment, regime_name, strength_svg
from luban.screens.report.quality_words import left_out, number, provenance
from luban.screens.report.sheet import Block, Figure, Figures, Grid, Note, Picture, Sheet
from luban.understand.health.indicators import Doubt
from luban.understand.health.life import LifeEstimate
from luban.understand.health.machine import Finding, LastTime, MachineHealth, Wear
from luban.understand.quality.data import NO_TIME

__all__ = [
    "as_document", "findings_grid", "kind_text", "life_text", "machine_blocks", "machine_sheet", "parts_text",
    "state_figures", "state_text", "state_tone",
]  # fmt: skip

_METHOD = "Ku, Storer, Georgakis (1995); Whitmore (1995)"
_NONE = "–"
_MOST_FINDINGS = 50
_MOST_CHANNELS = 16


def machine_sheet(
    health: MachineHealth, say: Words, *, name: str = "", zone: ZoneInfo | None = None, last: LastTime | None = None,
    more: Sequence[Block] = (), learned: LifeEstimate | None = None,
) -> Sheet:  # fmt: skip
    """The sheet of one machine.

    name     as people call it; by default as the readings do
    more     blocks after the findings: alarms, causes, work orders
    learned  remaining life learned from failures of machines of its kind
    """
    readings = health.readings
    blocks = [state_figures(health, say, zone, learned), *machine_blocks(health, say, zone, more=more, last=last)]
    used = int(readings.usable.sum())
    made = provenance(say, readings.source, used, len(readings.excluded), _METHOD)
    return Sheet(say("Health: {name}", name=name or readings.machine), _span(health, say, zone), tuple(blocks), made)


def _span(health: MachineHealth, say: Words, zone: ZoneInfo | None) -> str:
    readings = health.readings
    told = [say("{n} readings", n=f"{len(readings):,}"), say("{n} in operation", n=f"{int(readings.usable.sum()):,}")]
    if readings.timed:
        told.insert(0, f"{moment(int(readings.time[0]), zone)} … {moment(int(readings.time[-1]), zone)}")
    return " · ".join(told)


def state_text(health: MachineHealth, say: Words) -> str:
    """How it is, in a word or two."""
    return {
        "worn": say("at its limit of wear"), "unusual": say("unusual"), "learning": say("still learning"),
        "in order": say("in order"),
    }[health.state]  # fmt: skip


def state_tone(health: MachineHealth) -> str:
    """The tone of the state."""
    return {"worn": "bad", "unusual": "bad", "learning": "doubt", "in order": "good"}[health.state]


def kind_text(kind: str, say: Words) -> str:
    """What is unusual about a finding."""
    return {
        "process": say("the channels do not fit each other as usual"), "value": say("a value unlike any before"),
        "shape": say("a pattern unlike any before"), "rhythm": say("unlike this hour of other days"),
    }.get(kind, kind)  # fmt: skip


def parts_text(finding: Finding, count: int = 3) -> str:
    """The channels behind a finding with their shares."""
    return ", ".join(f"{name} {100 * share:.0f} %" for name, share in finding.parts[:count] if share > 0.01) or _NONE


def life_text(wear: Wear, say: Words) -> tuple[str, str]:
    """Remaining life with its unit, and its interval or why there is none."""
    life = wear.life
    if life.life is None:
        return _NONE, say(life.reason)
    low = number(life.low, 3)
    high = number(life.high, 3) if life.high is not None else say("no bound")
    told = say("{level} % interval", level=f"{100 * life.share:g}") + f" {low} … {high} {wear.age_unit}"
    return f"{number(life.life, 3)}", say(life.reason) if life.reason else told


def state_figures(
    health: MachineHealth, say: Words, zone: ZoneInfo | None = None, learned_life: LifeEstimate | None = None
) -> Figures:
    """The figures on top."""
    current = health.open
    note = ""
    if current is not None:
        since = _when(current.start, current.first, health, say, zone)
        note = say("since {when}: {channels}", when=since, channels=parts_text(current))
    elif health.reason:
        note = say(health.reason)
    rows = [Figure(say("state"), state_text(health, say), note=note, tone=state_tone(health))]
    shortest = health.shortest or (health.wear[0] if health.wear else None)
    if shortest is None:
        rows.append(
            Figure(say("remaining life"), _NONE, note=say("no limit of wear is known for any channel"), tone="quiet")
        )
    else:
        value, told = life_text(shortest, say)
        rows.append(Figure(
            say("remaining life"), value, shortest.age_unit if shortest.life.life is not None else "",
            f"{shortest.limit.channel}: {told}", "quiet" if shortest.life.life is None else "",
        ))  # fmt: skip
    if learned_life is not None:
        rows.append(_learned(learned_life, say))
    past = [one for one in health.findings if not one.open]
    rows.append(Figure(say("findings that are over"), f"{len(past)}"))
    learned = health.learned
    if learned is not None:
        rows.append(Figure(
            say("false alarms"), _rate(health, say), note=say("at most, of readings of good operation"), tone="quiet"
        ))  # fmt: skip
    rows.append(Figure(say("doubts about the data"), f"{len(health.doubts)}", tone="doubt" if health.doubts else ""))
    return Figures(tuple(rows))


def _learned(life: LifeEstimate, say: Words) -> Figure:
    """Remaining life as learned from failures."""
    label = say("remaining life, learned from failures")
    by_age = _by_age(life, say)
    if life.life is None:
        return Figure(label, _NONE, note="; ".join(filter(None, (say(life.reason), by_age))), tone="quiet")
    told = "; ".join(filter(None, (say("{n} failures", n=life.used), by_age)))
    if life.low is not None:
        high = number(life.high, 3) if life.high is not None else say("no bound")
        level = say("{level} % interval", level=f"{100 * life.share:g}")
        told = f"{level} {number(life.low, 3)} … {high} {life.time_unit}; {told}"
    return Figure(label, number(life.life, 3), life.time_unit, told)


def _by_age(life: LifeEstimate, say: Words) -> str:
    """What its age alone says; nothing where nothing can be told."""
    own = life.by_age
    if own is None:
        return ""
    return say(
        "by its age alone {life} ({low} … {high}) {unit}, from {n} failures and {m} that still run",
        life=number(own.life, 3), low=number(own.low, 3), high=number(own.high, 3), unit=life.time_unit,
        n=own.failures, m=own.running,
    )  # fmt: skip


def _rate(health: MachineHealth, say: Words) -> str:
    learned = health.learned
    if learned is None:
        return _NONE
    told = [say("{share} % of rows", share=f"{100 * learned.false_rows:g}")] if learned.channels else []
    told += [say("one in {n} rows", n=f"{learned.every:,.0f}")] if learned.every else []
    return " + ".join(told)


def machine_blocks(
    health: MachineHealth, say: Words, zone: ZoneInfo | None = None, *, more: Sequence[Block] = (),
    last: LastTime | None = None,
) -> list[Block]:  # fmt: skip
    """All that stands below the figures on top."""
    blocks: list[Block] = []
    if health.learned is not None:
        text = say(
            "The line is above 1 where the machine is unlike its good operation, drawn up to 10; grey are the findings."
        )
        blocks.append(Picture(strength_svg(health, say, zone), say("How unusual it was"), text))
        blocks.append(findings_grid(health, say, zone))
    elif health.reason:
        blocks.append(Note(say(health.reason), "doubt"))
    blocks += more
    if health.wear:
        blocks.append(_wear(health.wear, say))
    if last is not None:
        blocks += _last(health, last, say, zone)
    blocks += _channels(health, say, zone)
    if health.doubts:
        blocks.append(_doubts(health, say, zone))
    blocks += [Note(say(note), "quiet") for note in health.notes]
    return blocks + left_out(say, health.readings.excluded)


def _when(at: int, row: int, health: MachineHealth, say: Words, zone: ZoneInfo | None) -> str:
    if at != NO_TIME and health.readings.timed:
        return moment(at, zone)
    unit = health.readings.age_unit
    return f"{number(float(health.readings.age[row]), 6)} {unit}" if unit else say("row {n}", n=row + 1)


def findings_grid(health: MachineHealth, say: Words, zone: ZoneInfo | None = None) -> Block:
    """What was unusual, the newest first."""
    if not health.findings:
        return Note(say("Nothing was unusual since it was learned what is usual."), "good")
    heads = (
        say("since"), say("until"), say("what"), say("regime"), say("channels behind it"), say("times the limit"),
        say("unusual rows"),
    )  # fmt: skip
    rows, tones = [], {}
    for at, one in enumerate(reversed(health.findings[-_MOST_FINDINGS:])):
        until = say("lasts") if one.open else _when(one.end, one.last, health, say, zone)
        rows.append((
            _when(one.start, one.first, health, say, zone), until, kind_text(one.kind, say),
            regime_name(one.regime, say), parts_text(one), number(one.strength, 3), f"{one.rows:,}",
        ))  # fmt: skip
        if one.open:
            tones[at] = "bad"
    return Grid(heads, tuple(rows), title=say("What was unusual"), numbers=frozenset({5, 6}), tones=tones)


def _wear(wear: Sequence[Wear], say: Words) -> Grid:
    drift = say("drift per {unit}", unit=wear[0].age_unit)
    heads = (
        say("channel"), say("limit of wear"), say("level"), say("unit"), drift,
        say("remaining life"), say("at least"), say("at most"), say("other lives"), say("note"),
    )  # fmt: skip
    rows, tones = [], {}
    for at, one in enumerate(wear):
        life = one.life
        high = _NONE if life.life is None else number(life.high, 3) if life.high is not None else say("no bound")
        rows.append((
            one.limit.channel, number(one.limit.value, 4), number(life.level, 4), one.unit, number(life.drift, 3),
            number(life.life, 3), number(life.low, 3), high, f"{life.others}", _why(one, say),
        ))  # fmt: skip
        if life.life is None:
            tones[at] = "quiet"
    share = f"{100 * wear[0].life.share:g}"
    title = say(
        "Remaining life until a limit of wear, {level} % interval, in {unit}", level=share, unit=wear[0].age_unit
    )
    return Grid(heads, tuple(rows), title=title, numbers=frozenset({1, 2, 4, 5, 6, 7, 8}), tones=tones)


def _why(wear: Wear, say: Words) -> str:
    if wear.life.reason:
        return say(wear.life.reason)
    return say("from the readings since it is unusual") if wear.since_unusual else ""


def _last(health: MachineHealth, last: LastTime, say: Words, zone: ZoneInfo | None) -> list[Block]:
    when = moment(last.failure, zone)
    blocks: list[Block] = [Note(say("The last failure was at {when}; its days and the present ones:", when=when))]
    for channel in _ranked(health)[:_MOST_CHANNELS]:
        apart = float(last.apart[last.channels.index(channel)])
        text = say("{channel}: not known how far apart", channel=channel)
        if not math.isnan(apart):
            far = f"{apart:+.1f}"
            text = say("{channel}: now {n} standard deviations from the end of last time", channel=channel, n=far)
        unit = health.readings.unit_of(channel)
        blocks.append(Picture(last_svg(last, channel, unit, say), say("Last time: {channel}", channel=channel), text))
    return blocks


def _ranked(health: MachineHealth) -> list[str]:
    """Channels, those behind the newest finding first."""
    newest = health.findings[-1] if health.findings else None
    share = dict(newest.parts) if newest is not None else {}
    return sorted(health.readings.channels, key=lambda name: -share.get(name, 0.0))


def _channels(health: MachineHealth, say: Words, zone: ZoneInfo | None) -> list[Block]:
    limits = [one.limit for one in health.wear]
    blocks: list[Block] = []
    for channel in _ranked(health)[:_MOST_CHANNELS]:
        text = _usual_text(health, channel, say)
        blocks.append(Picture(channel_svg(health, channel, say, zone, limits=limits), channel, text))
    if len(health.readings.channels) > _MOST_CHANNELS:
        blocks.append(Note(say("and {n} more", n=len(health.readings.channels) - _MOST_CHANNELS), "quiet"))
    return blocks


def _usual_text(health: MachineHealth, channel: str, say: Words) -> str:
    unit = health.readings.unit_of(channel)
    told = [
        f"{regime_name(regime, say)}: {number(mean, 4)} ± {number(spread, 2)} {unit}".strip()
        for regime, mean, spread in health.usual(channel)
    ]
    return say("usual: {what}", what="; ".join(told)) if told else ""


def _doubts(health: MachineHealth, say: Words, zone: ZoneInfo | None) -> Grid:
    heads = (say("channel"), say("what"), say("when"), say("how much"))
    rows = []
    for one in health.doubts:
        when = moment(one.time, zone) if one.time != NO_TIME else say("row {n}", n=one.at + 1) if one.at >= 0 else _NONE
        rows.append((one.channel or say("clock"), say(one.text), when, _amount(one, say)))
    return Grid(heads, tuple(rows), title=say("Doubts about the data"))


def _amount(one: Doubt, say: Words) -> str:
    if one.kind in {"gap", "clock set back", "sampling changed", "silent"}:
        return f"{number(one.amount, 4)} s"
    if one.kind == "unit changed":
        return say("times {n}", n=number(one.amount, 4))
    if one.kind == "not a number":
        return say("{n} values", n=f"{one.amount:,.0f}")
    return number(one.amount, 4) if one.kind == "constant" else _NONE


def as_document(
    health: MachineHealth, last: LastTime | None = None, learned: LifeEstimate | None = None
) -> dict[str, Any]:
    """What `--json` and REST give."""
    return {
        **health.as_dict(), "last_time": None if last is None else last.as_dict(),
        "learned_life": None if learned is None else learned.as_dict(),
    }  # fmt: skip
