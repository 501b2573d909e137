"""Pictures of a pilot: changes against the bar, the fall from lever to lever, cost by part, run against run.

Rows lie over the whole width, their places shares of it, so that one drawing fits a phone, a page and paper. On a page
a row that has a `pick` is a button: it carries `data-pick`, and is reached by keyboard.
"""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from luban.screens.i18n import Words
from luban.screens.report.plot import TONES, Plot

__all__ = ["PART_TONES", "Change", "Stack", "Step", "changes_svg", "fall_svg", "pairs_svg", "stacks_svg"]

PART_TONES: Final[Mapping[str, str]] = {
    "labour": "accent", "energy": "doubt", "tooling": "second", "maintenance": "centre", "scrap and rework": "bad",
    "measuring": "third", "carrying": "limit", "lateness": "ink", "levers": "good", "overhead": "quiet",
    "material": "soft",
}  # fmt: skip
"""Part of cost → tone of its stretch."""

_FONT: Final = "Noto Sans, Noto Sans CJK SC, Noto Sans CJK KR, DejaVu Sans, sans-serif"
_STEP, _HEAD, _TEXT, _BAR, _PAPER = 42, 24, 17, 13, 900


@dataclass(frozen=True, slots=True)
class Change:
    """A change with its interval.

    pick   what is opened by it; "" for a row that opens nothing
    value  of what it was [1];  low, high  its interval, nan where none is known
    told   the change as text
    """

    pick: str
    name: str
    value: float
    low: float
    high: float
    told: str
    tone: str = "accent"
    note: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One lever of a fall: from where the one before ended.

    start, end  shares of what it was [1], 0 where nothing is changed
    low, high   interval of its own change [1]; nan where none is known
    """

    pick: str
    name: str
    start: float
    end: float
    low: float
    high: float
    told: str
    tone: str = "good"
    note: str = ""


@dataclass(frozen=True, slots=True)
class Stack:
    """What one way of running the plant costs, part by part.

    parts  (part of cost, amount) in their order, amounts not below zero
    """

    name: str
    parts: tuple[tuple[str, float], ...]
    told: str


def changes_svg(rows: Sequence[Change], marks: Mapping[float, str], say: Words, *, paper: bool = False) -> str:
    """Each change as a dot on its interval; nothing changed, and the marks, as uprights.

    marks  share → what stands above its upright, e.g. {-0.3: "2020: −30 %"}
    paper  a drawing of fixed size, for HTML, PDF and whoever cannot press it
    """
    sheet = _Sheet([one for row in rows for one in (row.value, row.low, row.high)] + list(marks), paper=paper)
    parts = [sheet.uprights(marks, len(rows))]
    for at, row in enumerate(rows):
        y = sheet.line(at)
        inner = sheet.words(row.name, row.told, row.note, at) + sheet.whisker(row.low, row.high, y, row.tone)
        inner += f'<circle {_fill(row.tone)} cx="{sheet.at(row.value)}" cy="{y}" r="5.5"/>'
        parts.append(sheet.row(row.pick, row.name, row.told, inner, at))
    return sheet.whole(parts, len(rows), say("Change against what it was"))


def fall_svg(rows: Sequence[Step], marks: Mapping[float, str], title: str, *, paper: bool = False) -> str:
    """From what it was, lever by lever, to what it is: each bar begins where the one before it ends.

    rows   levers in their order, the sum as the last
    marks  as in `changes_svg`
    title  what it shows, for who cannot see it
    """
    ends = [one for row in rows for one in (row.start, row.end, row.start + row.low, row.start + row.high)]
    sheet = _Sheet([*ends, *marks], paper=paper)
    parts = [sheet.uprights(marks, len(rows))]
    for at, row in enumerate(rows):
        y = sheet.line(at)
        low, high = sorted((row.start, row.end))
        box = f'x="{sheet.at(low)}" width="{sheet.length(low, high)}" y="{y - _BAR / 2:.1f}" height="{_BAR}" rx="1.5"'
        inner = sheet.words(row.name, row.told, row.note, at) + f"<rect {_fill(row.tone)} {box}/>"
        inner += sheet.whisker(row.start + row.low, row.start + row.high, y, "ink")
        if at + 1 < len(rows) and rows[at + 1].start == row.end:
            place = f'x1="{sheet.at(row.end)}" x2="{sheet.at(row.end)}" y1="{y:.1f}" y2="{y + _STEP:.1f}"'
            parts.append(f'<line class="p-axis" stroke="#9aa7ae" stroke-dasharray="2 3" {place}/>')
        parts.append(sheet.row(row.pick, row.name, row.told, inner, at))
    return sheet.whole(parts, len(rows), title)


def stacks_svg(rows: Sequence[Stack], names: Mapping[str, str], say: Words, *, paper: bool = False) -> str:
    """Cost by part, one bar for each way of running the plant, all on one scale.

    names  part of cost → its name for people, in the order of the key
    """
    most = max((sum(value for _, value in row.parts) for row in rows), default=0.0)
    sheet = _Sheet([0.0, most or 1.0], paper=paper, head=0)
    parts = []
    for at, row in enumerate(rows):
        y, at_value = sheet.line(at), 0.0
        inner = sheet.words(row.name, row.told, "", at)
        for part, value in row.parts:
            box = f'x="{sheet.at(at_value)}" width="{sheet.length(at_value, at_value + value)}"'
            told = html.escape(f"{names.get(part, part)}: {value:,.2f}")
            tone = PART_TONES.get(part, "quiet")
            place = f'y="{y - _BAR / 2 - 1:.1f}" height="{_BAR + 2}"'
            inner += f"<rect {_fill(tone)} {box} {place}><title>{told}</title></rect>" if value > 0 else ""
            at_value += value
        parts.append(f"<g>{inner}</g>")
    there = [part for part in names if any(value > 0 for row in rows for own, value in row.parts if own == part)]
    base = len(rows) * _STEP
    for at, part in enumerate(there):
        y = base + 10 + at // 2 * 20
        left = sheet.place(at % 2 / 2)
        swatch = f'x="{left}" y="{y - 5}" width="11" height="11" rx="2"'
        parts.append(f"<rect {_fill(PART_TONES.get(part, 'quiet'))} {swatch}/>")
        text = f'<text {_fill("ink")} x="{left}" dx="17" y="{y + 5}" font-size="12.5">{html.escape(names[part])}</text>'
        parts.append(text)
    return sheet.whole(parts, len(rows), say("Cost by part"), more=14 + -(-len(there) // 2) * 20)


def pairs_svg(
    arms: Sequence[tuple[str, Sequence[float]]], seeds: Sequence[int], label: str, title: str, *, width: int = 980
) -> str:
    """Every run: the figure of each seed under each arm, joined by a line.

    arms   name → value by seed, matched by place, nan where it is not known
    label  of the upright axis
    """
    known = [value for _, values in arms for value in values if math.isfinite(value)]
    low, high = min([*known, 0.0]), max(known, default=1.0)
    high = high if high > low else low + 1.0
    ticks = [(float(at), name) for at, (name, _) in enumerate(arms)]
    plot = Plot(
        x=(-0.4, len(arms) - 0.6), y=(low, high * 1.05 if high > 0 else 0.0), width=width, height=260, y_label=label,
        x_ticks=ticks, title=title,
    )  # fmt: skip
    for place in range(len(seeds)):
        plot.line(range(len(arms)), [values[place] for _, values in arms], "soft")
    for at, (name, values) in enumerate(arms):
        told = [f"{name}, {seed}: {value:,.4g}" for seed, value in zip(seeds, values, strict=True)]
        plot.dots([at] * len(values), values, ("ink", "accent", "good", "second", "third")[at % 5], titles=told)
    return plot.svg()


def _fill(tone: str) -> str:
    return f'class="p-f-{tone}" fill="{TONES[tone]}"'


class _Sheet:
    """Where things lie: a share of the width on a page, a pixel on paper."""

    def __init__(self, values: Sequence[float], *, paper: bool, head: int = _HEAD) -> None:
        known = [value for value in values if math.isfinite(value)]
        self.paper, self.head = paper, head
        self._low, high = min([*known, 0.0]), max([*known, 0.0])
        self._width = (high - self._low) or 1.0

    def place(self, share: float) -> str:
        inner = 1.0 + 98.0 * min(max(share, 0.0), 1.0)
        return f"{inner * _PAPER / 100:.1f}" if self.paper else f"{inner:.2f}%"

    def at(self, value: float) -> str:
        return self.place((value - self._low) / self._width)

    def length(self, low: float, high: float) -> str:
        share = max(98.0 * (high - low) / self._width, 0.2)  # what is there is seen
        return f"{share * _PAPER / 100:.1f}" if self.paper else f"{share:.2f}%"

    def line(self, row: int) -> float:
        """Height of the middle of a row's bar."""
        return self.head + row * _STEP + _TEXT + 12

    def words(self, name: str, told: str, note: str, row: int) -> str:
        y = self.head + row * _STEP + _TEXT
        right = f'x="{self.place(1.0)}" y="{y}" font-size="13" text-anchor="end"'
        end = f"<text {_fill('ink')} {right}>{html.escape(told)}</text>"
        if not self.paper:  # as HTML, so that a long name ends in dots on a phone
            quiet = f" <span>{html.escape(note)}</span>" if note else ""
            text = html.escape(f"{name} {note}".strip(), quote=True)
            place = f'x="{self.place(0.0)}" y="{y - 14}" width="76%" height="20"'
            row_text = f'<div class="lb-prow" title="{text}">{html.escape(name)}{quiet}</div>'
            return f"<foreignObject {place}>{row_text}</foreignObject>{end}"
        quiet = f'<tspan {_fill("quiet")} dx="8">{html.escape(note)}</tspan>' if note else ""
        left = f'x="{self.place(0.0)}" y="{y}" font-size="13"'
        return f"<text {_fill('ink')} {left}>{html.escape(name)}{quiet}</text>{end}"

    def whisker(self, low: float, high: float, y: float, tone: str) -> str:
        if not (math.isfinite(low) and math.isfinite(high)):
            return ""
        look = f'class="p-s-{tone}" stroke="{TONES[tone]}" stroke-width="2"'
        ends = "".join(
            f'<line {look} x1="{self.at(one)}" x2="{self.at(one)}" y1="{y - 4:.1f}" y2="{y + 4:.1f}"/>'
            for one in (low, high)
        )
        return f'<line {look} x1="{self.at(low)}" x2="{self.at(high)}" y1="{y:.1f}" y2="{y:.1f}"/>{ends}'

    def uprights(self, marks: Mapping[float, str], rows: int) -> str:
        """Nothing changed, and each mark with its text above; lines only beside the bars, none crosses a text."""
        parts = []
        for value, text in {0.0: "0", **marks}.items():
            tone = "quiet" if value == 0 else "limit"
            x = self.at(value)
            look = f'class="p-s-{tone}" stroke="{TONES[tone]}"'
            for row in range(rows):
                y = self.line(row)
                parts.append(f'<line {look} x1="{x}" x2="{x}" y1="{y - 9:.1f}" y2="{y + 10:.1f}"/>')
            share = (value - self._low) / self._width
            anchor = "end" if share > 0.9 else "start" if share < 0.1 else "middle"
            place = f'x="{x}" y="{_HEAD - 11}" font-size="11.5" text-anchor="{anchor}"'
            parts.append(f"<text {_fill(tone)} {place}>{html.escape(text)}</text>")
        return "".join(parts)

    def row(self, pick: str, name: str, told: str, inner: str, row: int) -> str:
        if not pick or self.paper:
            return f"<g>{inner}</g>"
        label = html.escape(f"{name}: {told}", quote=True)
        top = self.head + row * _STEP
        held = (
            f'<rect class="lb-chit" x="0" y="{top + 1}" width="100%" height="{_STEP - 1}" rx="3" fill="transparent"/>'
        )
        return (
            f'<g class="lb-crow" data-pick="{html.escape(pick, quote=True)}" role="button" tabindex="0" '
            f'aria-label="{label}">{held}{inner}</g>'
        )

    def whole(self, parts: Sequence[str], rows: int, title: str, more: int = 0) -> str:
        high = self.head + rows * _STEP + more
        size = f'viewBox="0 0 {_PAPER} {high}"' if self.paper else f'width="100%" height="{high}"'
        look, kind = ("p-plot", "img") if self.paper else ("lb-cpicture", "group")
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="{look}" {size} role="{kind}" '
            f'aria-label="{html.escape(title, quote=True)}" font-family="{_FONT}">{"".join(parts)}</svg>'
        )
