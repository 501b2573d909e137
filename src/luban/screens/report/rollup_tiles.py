"""Regions as tiles: a map in which every region is as large as the other, and its value stands in it.

The shade goes from the worst to the best value of those shown, and the value is written in the tile: the shade is never
the only sign. On a page a tile with a `pick` is a button, reached by keyboard.
"""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from luban.norms.regions import region

__all__ = ["Tile", "placed", "tiles_svg"]

_SIDE: Final = 74
_GAP: Final = 4
_MARGIN: Final = 2
_FONT: Final = "Noto Sans, Noto Sans CJK SC, Noto Sans CJK KR, DejaVu Sans, sans-serif"
_STEPS: Final = ("#e7edf0", "#cfdde4", "#b2cad6", "#8fb2c4", "#6797af")
_WITHHELD: Final = "#f1f1ee"


@dataclass(frozen=True, slots=True)
class Tile:
    """A region and what is said of it.

    path   of the region, e.g. CN/31;  pick  what is opened by it
    value  nan where it is unknown or may not be told
    told   the value as text;  note  its interval, or why there is none
    """

    path: str
    name: str
    value: float
    told: str
    note: str = ""
    pick: str = ""


def placed(paths: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Column and row of each region: as the country's layout has it, else one after the other below it."""
    found = {path: (own.column, own.row) for path in paths if (own := region(path)) is not None and own.path == path}
    rest = [path for path in paths if path not in found]
    wide = max(4, math.ceil(math.sqrt(len(paths))))
    below = 1 + max((row for _, row in found.values()), default=-1)
    left = min((column for column, _ in found.values()), default=0)
    for at, path in enumerate(rest):
        found[path] = (left + at % wide, below + at // wide)
    return found


def tiles_svg(tiles: Sequence[Tile], *, up: bool, title: str) -> str:
    """The drawing.

    up     a higher value is better, and darker
    title  what it shows, for screen readers
    """
    at = placed([one.path for one in tiles])
    left, top = (min(place[k] for place in at.values()) if at else 0 for k in (0, 1))
    step = _SIDE + _GAP
    width = step * (1 + max((column for column, _ in at.values()), default=0) - left) + 2 * _MARGIN
    height = step * (1 + max((row for _, row in at.values()), default=0) - top) + 2 * _MARGIN
    known = sorted(one.value for one in tiles if math.isfinite(one.value))
    parts = [
        _tile(one, _shade(one.value, known, up=up), _MARGIN + step * (at[one.path][0] - left),
              _MARGIN + step * (at[one.path][1] - top))
        for one in tiles
    ]  # fmt: skip
    head = f'<svg class="p-tiles" viewBox="0 0 {width} {height}" width="{width}" role="group" font-family="{_FONT}"'
    return f'{head} aria-label="{html.escape(title)}">{"".join(parts)}</svg>'


def _shade(value: float, known: Sequence[float], *, up: bool) -> str:
    if not math.isfinite(value):
        return _WITHHELD
    low, high = known[0], known[-1]
    share = 0.5 if high == low else (value - low) / (high - low)
    return _STEPS[min(len(_STEPS) - 1, int((share if up else 1 - share) * len(_STEPS)))]


def _tile(one: Tile, shade: str, x: int, y: int) -> str:
    said = html.escape(f"{one.name}: {one.told}" + (f" ({one.note})" if one.note else ""))
    act = f' class="lb-crow" data-pick="{html.escape(one.pick)}" tabindex="0" role="button"' if one.pick else ""
    small = 11 if len(one.name) > 9 else 12.5
    return (
        f'<g{act} aria-label="{said}"><title>{said}</title>'
        f'<rect x="{x}" y="{y}" width="{_SIDE}" height="{_SIDE}" rx="4" fill="{shade}" stroke="#b9c4ca"/>'
        f'<text x="{x + _SIDE / 2}" y="{y + 27}" text-anchor="middle" font-size="{small}" fill="#2b3a42">'
        f"{html.escape(one.name)}</text>"
        f'<text x="{x + _SIDE / 2}" y="{y + 50}" text-anchor="middle" font-size="15" font-weight="600" fill="#1d2429">'
        f"{html.escape(one.told)}</text></g>"
    )
