"""A plot as SVG for a web page, an HTML report and a PDF alike: no script, no request, no style sheet needed.

Every shape has its colour as an attribute and its tone as a class (`p-s-ink`, `p-f-ink`), so that a page may recolour
it (dark mode).
"""

from __future__ import annotations

import html
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from luban.core.errors import InputError

__all__ = ["TONES", "Plot"]

TONES = {
    "ink": "#2b3a42", "quiet": "#6b7880", "soft": "#c9d3d9", "limit": "#8a5a00", "centre": "#4f6b5d", "good": "#2e7d4f",
    "bad": "#b3261e", "doubt": "#b98900", "accent": "#1f6f8b", "second": "#7a5195", "third": "#c0652a",
}  # fmt: skip
"""Name of a tone → its colour on white paper."""

_FONT = "Noto Sans, Noto Sans CJK SC, Noto Sans CJK KR, DejaVu Sans, sans-serif"
_MOST_POINTS = 4000
_MOST_DECIMALS = 7
_LEFT, _RIGHT, _TOP, _BOTTOM = 68, 92, 26, 34
_WIDE_LETTER, _NARROW_LETTER = 11.5, 6.3


class Plot:
    """One pair of axes; draw on it, then take `svg()`.

    x, y           range of each axis in data units, low below high
    width, height  of the whole drawing [px]
    x_ticks        (position, text) pairs; None: round numbers
    title          what it shows, for screen readers

    Example  plot = Plot(x=(0, 3), y=(9.8, 10.2)); plot.line([0, 1, 2], [9.9, 10.1, 10.0]); "<svg" in plot.svg()
    """

    def __init__(
        self,
        *,
        x: tuple[float, float],
        y: tuple[float, float],
        width: int = 980,
        height: int = 300,
        x_label: str = "",
        y_label: str = "",
        x_ticks: Sequence[tuple[float, str]] | None = None,
        y_ticks: Sequence[tuple[float, str]] | None = None,
        title: str = "",
    ) -> None:
        self.x, self.y = _range(x), _range(y)
        self.width, self.height, self.title = width, height, title
        self._bottom = _BOTTOM + (16 if x_label else 0)
        self._named: list[tuple[str, str]] = []
        self._parts: list[str] = []
        self._axes(x_label, y_label, x_ticks, y_ticks)

    # ------------------------------------------------------------------ what can be drawn

    def line(
        self, xs: ArrayLike, ys: ArrayLike, tone: str = "ink", *, step: bool = False, dash: str = "", name: str = ""
    ) -> None:
        """A line through the points; it breaks where a value is nan.

        step  holds each value until the next one, as limits of unequal subgroups do
        dash  e.g. "4 3"
        name  what it is called in the key
        """
        x, y = _pair(xs, ys)
        if not step and len(x) > _MOST_POINTS:
            x, y = _thinned(x, y)
        px, py = self._px(x), self._py(y)
        parts: list[str] = []
        drawing = False
        for a, b, known in zip(px.tolist(), py.tolist(), (np.isfinite(x) & np.isfinite(y)).tolist(), strict=True):
            if not known:
                drawing = False
            elif not drawing:
                parts.append(f"M{a:.1f} {b:.1f}")
                drawing = True
            else:
                parts.append(f"H{a:.1f}V{b:.1f}" if step else f"L{a:.1f} {b:.1f}")
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        shape = f'fill="none" stroke-width="1.5" stroke-linejoin="round"{dashed} d="{"".join(parts)}"'
        self._parts.append(f"<path {self._stroke(tone)} {shape}/>")
        self._name(name, tone)

    def dots(
        self, xs: ArrayLike, ys: ArrayLike, tone: str = "ink", *, hollow: bool = False, titles: Sequence[str] = ()
    ) -> None:
        """Points; with `titles` each says its own text under the pointer."""
        x, y = _pair(xs, ys)
        known = np.isfinite(x) & np.isfinite(y)
        size = 4.5 if hollow else 3.0
        if not titles and len(x) > _MOST_POINTS:
            known &= np.arange(len(x)) % -(-len(x) // _MOST_POINTS) == 0
        look = f'{self._stroke(tone)} fill="none" stroke-width="1.8"' if hollow else self._fill(tone)
        for at in np.flatnonzero(known).tolist():
            place = f'cx="{self._px(x[at]):.1f}" cy="{self._py(y[at]):.1f}" r="{size}"'
            told = f"<title>{html.escape(titles[at])}</title>" if titles else ""
            self._parts.append(f"<circle {look} {place}>{told}</circle>" if told else f"<circle {look} {place}/>")

    def bars(
        self, lefts: ArrayLike, rights: ArrayLike, heights: ArrayLike, tone: str = "soft", *, base: float = 0.0
    ) -> None:
        """Upright bars from `base`."""
        a, b = _pair(lefts, rights)
        h = np.asarray(heights, np.float64)
        foot = float(self._py(np.float64(base)))
        for left, right, top in zip(self._px(a).tolist(), self._px(b).tolist(), self._py(h).tolist(), strict=True):
            box = f'x="{left:.1f}" y="{min(top, foot):.1f}" width="{max(right - left - 1, 0.5):.1f}"'
            self._parts.append(f'<rect {self._fill(tone)} {box} height="{abs(foot - top):.1f}"/>')

    def steps(
        self, lefts: ArrayLike, rights: ArrayLike, heights: ArrayLike, tone: str = "soft", *, name: str = ""
    ) -> None:
        """A filled area of upright steps from 0; steps that touch become one shape.

        name  what it is called in the key
        """
        a, b = _pair(lefts, rights)
        tops, foot = self._py(np.asarray(heights, np.float64)).tolist(), float(self._py(np.float64(0.0)))
        parts: list[str] = []
        before = math.nan
        for left, right, top in zip(self._px(a).tolist(), self._px(b).tolist(), tops, strict=True):
            if not abs(left - before) <= 1e-6:  # nan too: the first one
                parts.append(f"{f'V{foot:.1f}Z' if parts else ''}M{left:.2f} {foot:.1f}")
            parts.append(f"V{top:.1f}H{right:.2f}")
            before = right
        if parts:
            self._parts.append(f'<path {self._fill(tone)} d="{"".join(parts)}V{foot:.1f}Z"/>')
        self._name(name, tone)

    def level(self, y: float, text: str = "", tone: str = "limit", *, dash: str = "") -> None:
        """A line from side to side, with a text at its right end."""
        if not self.y[0] <= y <= self.y[1]:
            return
        at = float(self._py(np.float64(y)))
        self._rule(f"M{_LEFT} {at:.1f}H{self.width - _RIGHT}", tone, dash)
        if text:
            self._text(self.width - _RIGHT + 5, at + 4, text, tone)

    def upright(self, x: float, text: str = "", tone: str = "limit", *, dash: str = "") -> None:
        """A line from bottom to top, with a text at its upper end."""
        if not self.x[0] <= x <= self.x[1]:
            return
        at = float(self._px(np.float64(x)))
        self._rule(f"M{at:.1f} {_TOP}V{self.height - self._bottom}", tone, dash)
        if text:
            self._text(at + 4, _TOP + 10, text, tone)

    def band(self, y0: float, y1: float, tone: str = "soft") -> None:
        """A stripe from side to side."""
        ends = np.clip(np.asarray([y0, y1], np.float64), *self.y)
        top, foot = sorted(self._py(ends).tolist())
        box = f'x="{_LEFT}" y="{top:.1f}" width="{self.width - _LEFT - _RIGHT}" height="{foot - top:.1f}"'
        self._parts.append(f'<rect {self._fill(tone)} fill-opacity="0.3" {box}/>')

    def text(self, x: float, y: float, text: str, tone: str = "quiet") -> None:
        """A text whose left end stands at that point."""
        self._text(float(self._px(np.float64(x))), float(self._py(np.float64(y))), text, tone)

    def svg(self) -> str:
        """The drawing."""
        label = html.escape(self.title or ", ".join(name for name, _ in self._named) or "plot", quote=True)
        head = f'xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" role="img"'
        look = f'class="p-plot" aria-label="{label}" font-family="{_FONT}"'
        return f"<svg {head} {look}>{''.join(self._parts)}{self._key()}</svg>"

    # ------------------------------------------------------------------ how

    def _px(self, x: NDArray[np.float64] | np.float64) -> NDArray[np.float64]:
        low, high = self.x
        placed = _LEFT + (np.asarray(x) - low) / (high - low) * (self.width - _LEFT - _RIGHT)
        return np.asarray(np.clip(np.nan_to_num(placed), -1e4, 1e5))

    def _py(self, y: NDArray[np.float64] | np.float64) -> NDArray[np.float64]:
        low, high = self.y
        placed = self.height - self._bottom - (np.asarray(y) - low) / (high - low) * (self.height - self._bottom - _TOP)
        return np.asarray(np.clip(np.nan_to_num(placed), 0, self.height))

    def _axes(
        self,
        x_label: str,
        y_label: str,
        x_ticks: Sequence[tuple[float, str]] | None,
        y_ticks: Sequence[tuple[float, str]] | None,
    ) -> None:
        foot, end = self.height - self._bottom, self.width - _RIGHT
        for at, text in _round_ticks(*self.y, 5) if y_ticks is None else y_ticks:
            y = float(self._py(np.float64(at)))
            self._parts.append(f'<path class="p-grid" stroke="#e6eaed" fill="none" d="M{_LEFT} {y:.1f}H{end}"/>')
            self._text(_LEFT - 8, y + 4, text, "quiet", anchor="end")
        room = -1e9
        for at, text in _round_ticks(*self.x, 8) if x_ticks is None else x_ticks:
            x = float(self._px(np.float64(at)))
            half = _long(text) / 2
            if x - half < room or not self.x[0] <= at <= self.x[1]:
                continue
            room = x + half + 8
            self._parts.append(f'<path class="p-axis" stroke="#9aa7ae" fill="none" d="M{x:.1f} {foot}v5"/>')
            self._text(x, foot + 18, text, "quiet", anchor="middle")
        self._parts.append(f'<path class="p-axis" stroke="#9aa7ae" fill="none" d="M{_LEFT} {_TOP}V{foot}H{end}"/>')
        if x_label:
            self._text((_LEFT + end) / 2, self.height - 6, x_label, "quiet", anchor="middle")
        if y_label:
            middle = (_TOP + foot) / 2
            turn = f' transform="rotate(-90 13 {middle:.0f})"'
            self._text(13, middle, y_label, "quiet", anchor="middle", more=turn)

    def _text(self, x: float, y: float, text: str, tone: str, *, anchor: str = "start", more: str = "") -> None:
        place = f'x="{x:.1f}" y="{y:.1f}" font-size="12" text-anchor="{anchor}"{more}'
        self._parts.append(f"<text {self._fill(tone)} {place}>{html.escape(text)}</text>")

    def _rule(self, path: str, tone: str, dash: str) -> None:
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        self._parts.append(f'<path {self._stroke(tone)} stroke-width="1.2" fill="none"{dashed} d="{path}"/>')

    def _name(self, name: str, tone: str) -> None:
        if name and (name, tone) not in self._named:
            self._named.append((name, tone))

    def _key(self) -> str:
        if len(self._named) < 2:
            return ""
        parts, x = [], float(_LEFT + 10)
        for name, tone in self._named:
            parts.append(f'<path {self._stroke(tone)} stroke-width="3" d="M{x:.0f} {_TOP - 14}h16"/>')
            place = f'x="{x + 21:.0f}" y="{_TOP - 10}" font-size="12"'
            parts.append(f"<text {self._fill('quiet')} {place}>{html.escape(name)}</text>")
            x += 36 + _long(name)
        return "".join(parts)

    @staticmethod
    def _stroke(tone: str) -> str:
        return f'class="p-s-{tone}" stroke="{_colour(tone)}"'

    @staticmethod
    def _fill(tone: str) -> str:
        return f'class="p-f-{tone}" fill="{_colour(tone)}"'


def _colour(tone: str) -> str:
    try:
        return TONES[tone]
    except KeyError:
        raise InputError("no such tone", came=tone, expected=", ".join(TONES)) from None


def _range(ends: tuple[float, float]) -> tuple[float, float]:
    low, high = map(float, ends)
    if not (math.isfinite(low) and math.isfinite(high)) or low > high:
        raise InputError("an axis needs a low end below its high end", came=f"{low:g} … {high:g}")
    if low == high:
        room = abs(low) * 0.05 or 1.0
        return low - room, high + room
    return low, high


def _pair(xs: ArrayLike, ys: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x, y = np.asarray(xs, np.float64), np.asarray(ys, np.float64)
    if x.shape != y.shape:
        raise InputError("as many x as y are needed", came=f"{x.shape} and {y.shape}")
    return x, y


def _thinned(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lowest and highest value of each of some buckets: the eye sees the same, and no extreme is lost."""
    edges = np.linspace(0, len(x), _MOST_POINTS // 2 + 1).astype(np.int64)[:-1]
    filled = np.where(np.isfinite(y), y, np.inf)
    low = np.minimum.reduceat(filled, edges)
    high = np.maximum.reduceat(np.where(np.isfinite(y), y, -np.inf), edges)
    heights = np.column_stack((low, high)).ravel()
    return np.repeat(x[edges], 2), np.where(np.isfinite(heights), heights, np.nan)


def _round_ticks(low: float, high: float, about: int) -> list[tuple[float, str]]:
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(n * power for n in (1, 2, 2.5, 5, 10) if n * power >= rough * 0.999)
    decimals = max(0, -math.floor(math.log10(step)) + (1 if step / power == 2.5 else 0))
    first = math.ceil(low / step - 1e-9)
    ticks = [n * step for n in range(first, math.floor(high / step + 1e-9) + 1)]
    return [
        (tick + 0.0, f"{tick + 0.0:,.{decimals}f}" if decimals < _MOST_DECIMALS else f"{tick:.3g}") for tick in ticks
    ]


def _long(text: str) -> float:
    return sum(_WIDE_LETTER if ord(letter) > 0x2E7F else _NARROW_LETTER for letter in text)
