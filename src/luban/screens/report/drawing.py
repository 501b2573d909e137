"""Drawings of a report as inline SVG: states over time, and where the time went. No script, no request."""

from __future__ import annotations

import html
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from luban.core.time import HOUR, MINUTE, SECOND, to_datetime
from luban.screens.service import Loss, Tile

__all__ = ["timeline", "waterfall"]

_WIDTH, _LEFT, _ROW, _AXIS = 980, 170, 30, 22
_LONGEST_NAME = 24
_STEPS = tuple(n * SECOND for n in (1, 2, 5, 10, 15, 30)) + tuple(n * MINUTE for n in (1, 2, 5, 10, 15, 30)) + (
    HOUR, 2 * HOUR, 4 * HOUR, 6 * HOUR, 12 * HOUR, 24 * HOUR,
)  # fmt: skip
_HATCH = (
    '<defs><pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="7" height="7" fill="#eceef0"/><path d="M0 0V7" stroke="#98a3ab" stroke-width="2"/></pattern></defs>'
)


def timeline(
    rows: Sequence[tuple[str, Sequence[Tile]]], start: int, end: int, zone: ZoneInfo, words: dict[str, str]
) -> str:
    """One strip a unit; unknown time is hatched.

    rows   name of the unit and its tiles
    words  kind of a tile → what it is called
    """
    height = len(rows) * _ROW + _AXIS
    scale = (_WIDTH - _LEFT - 10) / max(end - start, 1)
    parts = [_HATCH]
    step = next((s for s in _STEPS if s * scale > 75), _STEPS[-1])
    offset = to_datetime(start, zone).utcoffset()
    shift = round(offset.total_seconds()) * SECOND if offset else 0
    for t in range(-(-(start + shift) // step) * step - shift, end + 1, step):
        x = _LEFT + (t - start) * scale
        text = f"{to_datetime(t, zone):{'%H:%M:%S' if step < MINUTE else '%H:%M'}}"
        parts.append(f'<path class="rule" d="M{x:.1f} 0V{height - _AXIS}"/>')
        parts.append(f'<text class="tick" x="{x:.1f}" y="{height - 6}">{text}</text>')
    for at, (name, tiles) in enumerate(rows):
        top = at * _ROW + 4
        parts.append(f'<text x="0" y="{top + 15}">{html.escape(_short(name))}</text>')
        for tile in tiles:
            x, wide = _LEFT + (tile.start - start) * scale, max(0.6, (tile.end - tile.start) * scale)
            word = words.get(tile.kind, tile.kind) + (f" · {tile.state}" if tile.state else "")
            span = f"{to_datetime(tile.start, zone):%H:%M:%S} – {to_datetime(tile.end, zone):%H:%M:%S}"
            told = html.escape(" · ".join(filter(None, (word, tile.reason, span))))
            box = f'x="{x:.2f}" y="{top}" width="{wide:.2f}" height="{_ROW - 10}"'
            parts.append(f'<rect class="k-{tile.kind}" {box}><title>{told}</title></rect>')
    label = html.escape("; ".join(name for name, _ in rows))
    return f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{label}">{"".join(parts)}</svg>'


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def waterfall(losses: Sequence[Loss], words: dict[str, str]) -> str:
    """From planned time down to the time that made good pieces; words: step → what it is called."""
    total = next((loss.seconds for loss in losses if loss.kind == "total"), 0.0)
    if total <= 0:
        return ""
    shown = [loss for loss in losses if loss.kind != "loss" or abs(loss.seconds) > 0.0005 * total]
    height, scale, left, parts = len(shown) * 26 + 4, 480 / total, total, []
    for at, loss in enumerate(shown):
        if loss.kind == "loss":
            left -= loss.seconds
        x = _LEFT + 20 + (left * scale if loss.kind == "loss" else 0)
        y, wide = at * 26 + 3, max(1.0, loss.seconds * scale)
        kind = "unknown" if loss.id == "unknown" else loss.kind
        share = f"{loss.seconds:,.1f} s · {100 * loss.seconds / total:.1f} %"
        parts.append(f'<text x="0" y="{y + 14}">{html.escape(words.get(loss.id, loss.id))}</text>')
        parts.append(f'<rect class="w-{kind}" x="{x:.1f}" y="{y}" width="{wide:.1f}" height="18"/>')
        parts.append(f'<text class="quiet" x="{x + wide + 7:.1f}" y="{y + 14}">{share}</text>')
    return f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="losses">{"".join(parts)}</svg>'
