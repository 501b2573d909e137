"""Pictures of cost: the waterfall of a piece, what deviates most, work in progress over time.

Waterfall and deviations lie in rows whose places are shares of the width, so that one drawing fits a phone, a page and
paper. On a page each row is a button: it carries `data-pick`, and is reached by keyboard.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo

from luban.core.time import to_datetime
from luban.screens.i18n import Words
from luban.screens.report.plot import TONES, Plot
from luban.screens.service.cost_journal import InProgress

__all__ = ["Row", "deviations_svg", "in_progress_svg", "waterfall_svg"]

_FONT = "Noto Sans, Noto Sans CJK SC, Noto Sans CJK KR, DejaVu Sans, sans-serif"
_STEP, _BAR, _TEXT = 40, 14, 14
_PAPER = 900


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a picture.

    pick  what is opened by it; "" for a row that opens nothing
    name  what it is called
    low, high  where its bar begins and ends
    told  the amount beside its name
    tone  of its bar
    mark  where a tick stands, e.g. the standard; None: nowhere
    note  what is said behind its name
    """

    pick: str
    name: str
    low: float
    high: float
    told: str
    tone: str = "accent"
    mark: float | None = None
    note: str = ""


def waterfall_svg(rows: Sequence[Row], say: Words, *, chosen: str = "", paper: bool = False) -> str:
    """From nothing, element by element, to the cost of a piece: each bar begins where the one before it ends.

    rows    elements in their order, the sum as the last
    chosen  `pick` of the row that is open
    paper   a drawing of fixed size, for HTML, PDF and whoever cannot press it
    """
    ends = [0.0, *(end for row in rows for end in (row.low, row.high, row.mark if row.mark is not None else 0.0))]
    scale = _Scale(min(ends), max(ends), paper=paper)
    parts = []
    for at, row in enumerate(rows):
        top = at * _STEP
        inner = _words(row, top, scale) + _bar(row, top, scale)
        if at + 1 < len(rows):
            parts.append(_joint(row.high, top, scale, rows[at + 1]))
        parts.append(_row(row, inner, top, scale, chosen))
    return _whole(parts, len(rows) * _STEP, say("From element to element"), paper=paper)


def deviations_svg(rows: Sequence[Row], say: Words, *, paper: bool = False) -> str:
    """Deviations from nothing to both sides: above the standard to the right, below it to the left."""
    ends = [0.0, *(end for row in rows for end in (row.low, row.high))]
    scale = _Scale(min(ends), max(ends), paper=paper)
    high = len(rows) * _STEP
    zero = f'x1="{scale(0.0)}" x2="{scale(0.0)}"'
    parts = [f'<line class="p-axis" stroke="#9aa7ae" {zero} y1="4" y2="{high}"/>'] if min(ends) < 0 else []
    for at, row in enumerate(rows):
        top = at * _STEP
        parts.append(_row(row, _words(row, top, scale) + _bar(row, top, scale), top, scale, ""))
    return _whole(parts, high, say("Deviations from the standard"), paper=paper)


def in_progress_svg(found: InProgress, digits: int, currency: str, say: Words, zone: tzinfo) -> tuple[str, str]:
    """Two pictures: value in progress over time, and how many orders have something in progress."""
    times = found.time.astype(float)
    values = found.value / 10**digits
    first, last = times[0], times[-1]
    last = last if last > first else first + 1.0
    ticks = [
        (first + part * (last - first) / 4, f"{_day(first + part * (last - first) / 4, zone)}") for part in range(5)
    ]
    top = max(float(values.max()), 0.0) * 1.08 or 1.0
    title = say("Work in progress")
    money = Plot(x=(first, last), y=(min(float(values.min()), 0.0), top), width=680, height=230, x_ticks=ticks,
                 y_label=currency, title=title)  # fmt: skip
    money.line(times, values, "accent", step=True)
    many = max(int(found.orders.max()), 1)
    step = max(1, -(-many // 4))
    counts = [(float(n), f"{n:,}") for n in range(0, many + 1, step)]
    orders = Plot(x=(first, last), y=(0.0, many * 1.08), width=680, height=150, x_ticks=ticks, y_ticks=counts,
                  y_label=say("open orders"), title=say("open orders"))  # fmt: skip
    orders.line(times, found.orders.astype(float), "quiet", step=True)
    return money.svg(), orders.svg()


def _day(moment: float, zone: tzinfo) -> str:
    return to_datetime(round(moment)).astimezone(zone).strftime("%m-%d %H:%M")


class _Scale:
    """Where a value lies: a share of the width on a page, a pixel on paper."""

    def __init__(self, low: float, high: float, *, paper: bool) -> None:
        self.low = low
        self.width = (high - low) or 1.0
        self.paper = paper

    def share(self, value: float) -> float:
        return min(max((value - self.low) / self.width, 0.0), 1.0)

    def place(self, share: float) -> str:
        """Leaves room at both ends, for ticks and the frame of a row."""
        inner = 0.5 + 99.0 * share
        return f"{inner * _PAPER / 100:.1f}" if self.paper else f"{inner:.2f}%"

    def __call__(self, value: float) -> str:
        return self.place(self.share(value))

    def length(self, low: float, high: float) -> str:
        share = 99.0 * abs(self.share(high) - self.share(low))
        share = max(share, 0.15)  # what is there is seen
        return f"{share * _PAPER / 100:.1f}" if self.paper else f"{share:.2f}%"


def _words(row: Row, top: int, scale: _Scale) -> str:
    base = top + _TEXT + 4
    left = f'x="{scale.place(0.0)}" y="{base}" font-size="13"'
    right = f'x="{scale.place(1.0)}" y="{base}" font-size="13" text-anchor="end"'
    note = (
        f'<tspan class="p-f-quiet" fill="{TONES["quiet"]}" dx="8">{html.escape(row.note)}</tspan>' if row.note else ""
    )
    return (
        f'<text class="p-f-ink" fill="{TONES["ink"]}" {left}>{html.escape(row.name)}{note}</text>'
        f'<text class="p-f-ink" fill="{TONES["ink"]}" {right}>{html.escape(row.told)}</text>'
    )


def _bar(row: Row, top: int, scale: _Scale) -> str:
    y = top + _STEP - _BAR - 4
    low, high = sorted((row.low, row.high))
    box = f'x="{scale(low)}" y="{y}" width="{scale.length(low, high)}" height="{_BAR}" rx="1.5"'
    drawn = f'<rect class="p-f-{row.tone}" fill="{TONES[row.tone]}" {box}/>'
    if row.mark is not None:
        place = f'x1="{scale(row.mark)}" x2="{scale(row.mark)}" y1="{y - 4}" y2="{y + _BAR + 4}"'
        drawn += f'<line class="p-s-limit" stroke="{TONES["limit"]}" stroke-width="2.5" {place}/>'
    return drawn


def _joint(at: float, top: int, scale: _Scale, after: Row) -> str:
    """A thin line from the end of a bar to the beginning of the next."""
    if after.low != at:
        return ""
    place = f'x1="{scale(at)}" x2="{scale(at)}" y1="{top + _STEP - _BAR - 4}" y2="{top + 2 * _STEP - 4}"'
    return f'<line class="p-axis" stroke="#9aa7ae" stroke-dasharray="2 3" {place}/>'


def _row(row: Row, inner: str, top: int, scale: _Scale, chosen: str) -> str:
    if not row.pick or scale.paper:
        return f"<g>{inner}</g>"
    label = html.escape(f"{row.name}: {row.told}", quote=True)
    held = f'<rect class="lb-chit" x="0" y="{top + 1}" width="100%" height="{_STEP - 1}" rx="3" fill="transparent"/>'
    pressed = str(row.pick == chosen).lower()
    return (
        f'<g class="lb-crow" data-pick="{html.escape(row.pick, quote=True)}" role="button" tabindex="0" '
        f'aria-label="{label}" aria-pressed="{pressed}">{held}{inner}</g>'
    )


def _whole(parts: Sequence[str], high: int, title: str, *, paper: bool) -> str:
    size = f'viewBox="0 0 {_PAPER} {high}"' if paper else f'width="100%" height="{high}"'
    look = "p-plot" if paper else "lb-cpicture"
    kind = "img" if paper else "group"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="{look}" {size} role="{kind}" '
        f'aria-label="{html.escape(title, quote=True)}" font-family="{_FONT}">{"".join(parts)}</svg>'
    )
