"""What an outside expert is shown as sheets, and the list of grants with what was done with each."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

import numpy as np

from luban import __version__
from luban.core.time import HOUR, MINUTE, to_datetime
from luban.screens.grants import Grant
from luban.screens.i18n import Words
from luban.screens.report.plot import Plot
from luban.screens.report.quality_words import given
from luban.screens.report.sheet import Block, Figure, Figures, Grid, Note, Picture, Sheet
from luban.screens.service.past import Trend
from luban.screens.service.remote import Alarm, Blotter, MachineNow, Work
from luban.screens.words import kind_word
from luban.understand.book import Entry

__all__ = [
    "alarms_sheet", "audit_grid", "blotted", "clock", "doubt_word", "grant_word", "grants_sheet", "now_sheet",
    "part_word", "signal_sheet", "step_word", "work_sheet",
]  # fmt: skip

_NONE = "–"
_SAID = re.compile(r"""(?<=>)[^<>]+(?=<)|(?<=aria-label=")[^"]*""")


def part_word(say: Words, part: str) -> str:
    """What a part of a grant is called."""
    return {
        "health": say("Health"), "signals": say("Signals"), "alarms": say("Alarms"), "workorders": say("Work orders"),
        "note": say("leave notes"),
    }.get(part, part)  # fmt: skip


def grant_word(say: Words, state: str) -> str:
    """How a grant stands, in words."""
    return {
        "early": say("not begun"), "waiting": say("link not used yet"), "open": say("open"),
        "expired": say("expired"), "revoked": say("revoked"), "left": say("ended by the expert"),
    }.get(state, state)  # fmt: skip


def step_word(say: Words, code: str) -> str:
    """What was done with a grant, in words."""
    return {
        "give": say("given"), "renew": say("new link"), "open": say("opened"), "look": say("looked"),
        "note": say("note from outside"), "refuse": say("refused"), "revoke": say("revoked"),
        "expire": say("expired"), "leave": say("ended by the expert"),
    }.get(code, code)  # fmt: skip


def doubt_word(say: Words, doubt: str) -> str:
    """How far a value can be trusted, in words; nothing where it can."""
    return {
        "uncertain": say("uncertain"), "bad": say("bad"), "silent": say("silent"), "none": say("no value yet"),
    }.get(doubt, "")  # fmt: skip


def clock(moment: int | None, zone: ZoneInfo) -> str:
    """Day and time in the plant's zone."""
    return _NONE if moment is None else f"{to_datetime(moment, zone):%Y-%m-%d %H:%M:%S}"


def now_sheet(now: MachineNow, say: Words, zone: ZoneInfo) -> Sheet:
    """State and newest values of the machine."""
    word = kind_word(say, now.kind) if now.kind else say("unknown")
    since = say("since {time}", time=clock(now.since, zone)) if now.since is not None else ""
    state = Figure(
        say("State"), word, "", " · ".join(filter(None, (now.state, since, say(now.why) if now.why else "")))
    )
    rows = [
        (one.name, _NONE if one.value is None else given(one.value), one.unit, one.text, doubt_word(say, one.doubt),
         clock(one.time, zone))
        for one in now.signals
    ]  # fmt: skip
    heads = (say("Signal"), say("Value"), say("unit"), say("text"), say("Doubt"), say("Time"))
    tones = {at: "doubt" for at, one in enumerate(now.signals) if one.doubt != "good"}
    blocks: list[Block] = [Figures((state,))]
    blocks.append(Grid(heads, rows, say("Signals"), frozenset({1}), tones) if rows else Note(say("no signals")))
    return Sheet(now.name, say("as of {time}", time=clock(now.time, zone)), tuple(blocks), _made(say))


def signal_sheet(trend: Trend, name: str, unit: str, machine: str, say: Words, zone: ZoneInfo) -> Sheet:
    """One signal over an interval."""
    times = np.array(trend.time, np.float64)
    values = np.array([np.nan if value is None else value for value in trend.value], np.float64)
    known = values[np.isfinite(values)]
    subtitle = f"{clock(trend.start, zone)} – {clock(trend.end, zone)}"
    if not len(known):
        return Sheet(f"{machine}: {name}", subtitle, (Note(say("no values in this interval"), "doubt"),), _made(say))
    low, high = float(known.min()), float(known.max())
    room = 0.05 * (high - low) or 1.0
    plot = Plot(
        x=(float(trend.start), float(trend.end)), y=(low - room, high + room), y_label=unit,
        x_ticks=_ticks(trend.start, trend.end, zone), title=name,
    )  # fmt: skip
    plot.line(times, values, "accent")
    figures = Figures((
        Figure(say("lowest"), given(round(low, 6)), unit), Figure(say("highest"), given(round(high, 6)), unit),
        Figure(say("newest"), given(round(float(known[-1]), 6)), unit),
    ))  # fmt: skip
    told = say("{name} from {low} to {high} {unit}", name=name, low=given(low), high=given(high), unit=unit)
    note = Note(say("The line breaks where nobody was listening or a value was not good."), "quiet")
    return Sheet(f"{machine}: {name}", subtitle, (figures, Picture(plot.svg(), "", told), note), _made(say))


def alarms_sheet(alarms: Sequence[Alarm], machine: str, say: Words, zone: ZoneInfo) -> Sheet:
    """Alarms about the machine, newest first."""
    rows = [(clock(one.start, zone), clock(one.end, zone), one.code, say(one.text)) for one in alarms]
    heads = (say("began"), say("ended"), say("Alarm"), say("text"))
    block: Block = Grid(heads, rows, say("Alarms")) if rows else Note(say("no alarms in this interval"))
    return Sheet(f"{machine}: {say('Alarms')}", "", (block,), _made(say))


def work_sheet(work: Sequence[Work], machine: str, say: Words, zone: ZoneInfo) -> Sheet:
    """What was done to the machine, newest first."""
    rows = [(clock(one.time, zone), one.order, one.code, one.text) for one in work]
    heads = (say("Time"), say("Work order"), say("step"), say("text"))
    block: Block = Grid(heads, rows, say("Work orders")) if rows else Note(say("no work orders"))
    return Sheet(f"{machine}: {say('Work orders')}", "", (block,), _made(say))


def blotted(sheet: Sheet, blot: Blotter) -> Sheet:
    """The sheet with names blotted out of every text, those of drawings too."""
    made = {blot(name): blot(value) for name, value in sheet.provenance.items()}
    blocks = tuple(_blotted(block, blot) for block in sheet.blocks)
    return Sheet(blot(sheet.title), blot(sheet.subtitle), blocks, made)


def _blotted(block: Block, blot: Blotter) -> Block:
    if isinstance(block, Figures):
        rows = tuple(
            replace(one, label=blot(one.label), value=blot(one.value), note=blot(one.note)) for one in block.rows
        )
        return replace(block, rows=rows, title=blot(block.title))
    if isinstance(block, Grid):
        cells = [[blot(cell) for cell in row] for row in block.rows]
        return replace(block, heads=[blot(head) for head in block.heads], rows=cells, title=blot(block.title))
    if isinstance(block, Picture):
        # only what stands between the tags, or names the drawing, is text
        svg = _SAID.sub(lambda found: html.escape(blot(html.unescape(found[0]))), block.svg)
        return replace(block, svg=svg, title=blot(block.title), text=blot(block.text))
    return replace(block, text=blot(block.text))


def grants_sheet(grants: Sequence[Grant], steps: Sequence[Entry], at: int, say: Words, zone: ZoneInfo) -> Sheet:
    """Every grant, and everything done with them."""
    rows = [
        (one.id, one.machine, one.expert, ", ".join(part_word(say, part) for part in one.parts),
         clock(one.starts, zone), clock(one.expires, zone), grant_word(say, one.state(at)), one.giver, one.reason)
        for one in grants
    ]  # fmt: skip
    heads = (
        say("Grant"), say("Machine"), say("For whom"), say("opens"), say("from"), say("until"), say("State"),
        say("given by"), say("reason"),
    )  # fmt: skip
    block: Block = Grid(heads, rows, say("Grants")) if rows else Note(say("no grants yet"))
    return Sheet(say("Remote diagnosis"), "", (block, audit_grid(steps, say, zone)), {"luban": __version__})


def audit_grid(steps: Sequence[Entry], say: Words, zone: ZoneInfo, *, titled: bool = True) -> Block:
    """Everything that was done with grants, newest first."""
    if not steps:
        return Note(say("nothing was done yet"), "quiet")
    rows = [
        (clock(one.time, zone), step_word(say, one.code), one.subject, one.person or _NONE, _what(one, say))
        for one in sorted(steps, key=lambda one: -one.seq)
    ]
    heads = (say("Time"), say("step"), say("Machine"), say("who"), say("what"))
    tones = {at: "doubt" for at, one in enumerate(sorted(steps, key=lambda one: -one.seq)) if one.code == "refuse"}
    return Grid(heads, rows, say("What was done") if titled else "", tones=tones)


def _what(one: Entry, say: Words) -> str:
    data = one.data
    if one.code == "look":
        told = [
            part_word(say, str(data.get("part", ""))),
            *(str(data[k]) for k in ("signal", "range", "file") if data.get(k)),
        ]
        return " · ".join(told)
    if one.code == "note" and data.get("cause"):
        return f"{say('may be the cause')}: {data['cause']} · {one.text}"
    return one.text


def _ticks(start: int, end: int, zone: ZoneInfo) -> list[tuple[float, str]]:
    steps = [MINUTE * n for n in (1, 2, 5, 10, 15, 30)] + [HOUR * n for n in (1, 2, 3, 6, 12, 24, 48, 96, 168)]
    step = next((one for one in steps if (end - start) / one <= 8), steps[-1])
    offset = to_datetime(start, zone).utcoffset()
    shift = round(offset.total_seconds() * 1_000_000) if offset else 0
    form = "%m-%d" if step >= 24 * HOUR else "%H:%M"
    first = -(-(start + shift) // step) * step - shift
    return [(float(t), f"{to_datetime(t, zone):{form}}") for t in range(first, end + 1, step)]


def _made(say: Words) -> dict[str, str]:
    return {say("shown"): say("read-only, of one machine; names are left out"), "luban": __version__}
