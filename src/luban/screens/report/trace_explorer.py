"""The explorer's picture and table: inputs at the left, the lot, outputs at the right, quantities on the lines."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import tzinfo

from luban.core.time import to_datetime
from luban.screens.i18n import Words
from luban.screens.service.trace_around import BACK, ON, Around, Link, Spot
from luban.understand.trace.words import CODES

__all__ = ["DOUBT_SIGN", "amount", "explorer_svg", "explorer_table", "moment"]

DOUBT_SIGN = "⚠"
"""Stands before what is doubtful, beside the broken line: never told by colour alone."""

_WIDE, _HIGH, _GAP, _STEP = 176, 40, 132, 54
_NONE = "–"


def moment(when: int, zone: tzinfo) -> str:
    """A time as the table has it."""
    return to_datetime(when).astimezone(zone).strftime("%Y-%m-%d %H:%M") if abs(when) >= 10**12 else str(when)


def amount(value: float) -> str:
    """A quantity as it is counted: without zeros behind it."""
    return f"{value:,.4f}".rstrip("0").rstrip(".") if abs(value) < 1e15 else f"{value:g}"


def explorer_svg(found: Around, say: Words, units: Mapping[str, str]) -> str:
    """One SVG; a lot carries `data-lot`, its button to open or close it `data-open` as `side|lot`.

    units  unit of each item
    """
    columns = _columns(found.spots)
    rows = max(len(spots) for spots in columns.values())
    first, last = min(columns), max(columns)
    high = rows * _STEP + 26
    spots = _places(columns, first, high)
    wide = (last - first + 1) * (_WIDE + _GAP) - _GAP + 52
    lines = _lines(_bundled(found.way, faint=True) + _bundled(found.links), spots, units)
    boxes = [_box(spot, *spots[_key(spot)], say, units) for own in columns.values() for spot in own]
    heads = _heads(columns, first, say)
    name = html.escape(say("Where it came from and where it went"))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="lb-tpicture" viewBox="0 0 {wide} {high}" width="{wide}" '
        f'height="{high}" role="group" aria-label="{name}">{heads}{"".join(lines)}{"".join(boxes)}</svg>'
    )


_Key = tuple[str, str]


def _key(spot: Spot) -> _Key:
    return spot.side, spot.lot


def _columns(spots: Sequence[Spot]) -> dict[int, list[Spot]]:
    """Lots by column; in each, those of one way together."""
    found: dict[int, list[Spot]] = {0: [spots[0]]}
    for spot in spots[1:]:
        found.setdefault(-spot.level if spot.side == BACK else spot.level, []).append(spot)
    for at in sorted(found, key=abs):
        if abs(at) > 1:
            towards = at - (1 if at > 0 else -1)
            order = {spot.lot: place for place, spot in enumerate(found[towards])}
            found[at].sort(key=lambda spot: order.get(spot.came, 0))
    return found


def _places(columns: Mapping[int, Sequence[Spot]], first: int, high: int) -> dict[_Key, tuple[int, int]]:
    """Left and middle of each box; each column stands in the middle."""
    found = {}
    for at, spots in columns.items():
        top = 24 + (high - 26 - len(spots) * _STEP) // 2
        for row, spot in enumerate(spots):
            found[_key(spot)] = 26 + (at - first) * (_WIDE + _GAP), top + row * _STEP + _STEP // 2
    return found


def _heads(columns: Mapping[int, Sequence[Spot]], first: int, say: Words) -> str:
    names = {-1: say("Made from"), 1: say("Went into")}
    return "".join(
        f'<text class="lb-tquiet" x="{26 + (at - first) * (_WIDE + _GAP)}" y="14">{html.escape(name)}</text>'
        for at, name in names.items() if at in columns
    )  # fmt: skip


class _Bundle:
    """Facts of use between the same two lots, drawn as one line."""

    def __init__(self, link: Link, *, faint: bool) -> None:
        self.link, self.faint = link, faint
        self.quantity = self.excluded = 0.0
        self.doubt = ""

    def add(self, link: Link) -> None:
        self.quantity += link.quantity if link.quantity == link.quantity else 0.0
        self.excluded += link.excluded
        self.doubt = self.doubt or link.doubt


def _bundled(links: Sequence[Link], *, faint: bool = False) -> list[_Bundle]:
    found: dict[tuple[str, str, str], _Bundle] = {}
    for link in links:
        key = link.side, link.source, link.target
        found.setdefault(key, _Bundle(link, faint=faint)).add(link)
    return list(found.values())


def _lines(bundles: Sequence[_Bundle], spots: Mapping[_Key, tuple[int, int]], units: Mapping[str, str]) -> list[str]:
    """All lines; the amounts of a lot that goes several ways stand at different places along their lines."""
    ways: dict[_Key, int] = {}
    count = Counter((one.link.side, one.link.far) for one in bundles)
    found = []
    for one in bundles:
        along = 0.0
        if count[one.link.side, one.link.far] > 1:  # near the other end, where its ways have parted
            key = one.link.side, one.link.near
            turn = ways[key] = ways.get(key, -1) + 1
            along = (0.74, 0.5, 0.3)[turn % 3]
        found.append(_line(one, spots, units, along))
    return found


def _line(one: _Bundle, spots: Mapping[_Key, tuple[int, int]], units: Mapping[str, str], along: float) -> str:
    link = one.link
    a, b = (spots.get((link.side, lot)) or spots.get(("", lot)) for lot in (link.source, link.target))
    if a is None or b is None:
        return ""
    (x, y), (to, down) = (a[0] + _WIDE, a[1]), b
    kind = "lb-tline" + (" lb-tdoubt" if one.doubt else "") + (" lb-tfaint" if one.faint else "")
    if to > x:
        bend = (to - x) // 2
        path = f"M{x} {y}C{x + bend} {y} {to - bend} {down} {to} {down}"
    else:  # a way back
        path = f"M{x} {y}c60 {_STEP} {to - x - 60} {down - y + _STEP} {to - x} {down - y}"
    line = f'<path class="{kind}" d="{path}"/>'
    if one.faint:
        return line
    text = f"{DOUBT_SIGN} " if one.doubt else ""
    text += f"{amount(one.quantity)} {units.get(link.item, '')}".rstrip()
    warn = " lb-twarn" if one.doubt else ""
    near, end, level = (x + 24, "start", y) if link.side == BACK else (to - 24, "end", down)
    if along and to > x:
        part = along if link.side == BACK else 1 - along
        near, end = round(x + (to - x) * (1.5 * part * (1 - part) + part**3)), "middle"
        level = round(y + (down - y) * part * part * (3 - 2 * part)) + 2
    at = f'x="{near}" y="{level - 5}" text-anchor="{end}"'
    return f'{line}<text class="lb-tamount{warn}" {at}>{html.escape(text)}</text>'


def _box(spot: Spot, x: int, y: int, say: Words, units: Mapping[str, str]) -> str:
    kind = "lb-tbox" + (" lb-town" if not spot.side else "") + (" lb-tdoubt" if spot.doubt else "")
    sign = f"{DOUBT_SIGN} " if spot.doubt else ""
    to = ", ".join(f"→ {name} {amount(much)}" for name, much in spot.to)
    below = " · ".join(filter(None, (spot.item, to.replace("→ customer:", "→ "))))
    title = " · ".join(filter(None, (spot.lot, spot.item, units.get(spot.item, ""), to)))
    lot = html.escape(spot.lot, quote=True)
    return (
        f'<g class="{kind}" data-lot="{lot}" role="button" tabindex="0" aria-label="{sign}{lot}'
        f' {html.escape(below, quote=True)}"><title>{html.escape(title)}</title>'
        f'<rect x="{x}" y="{y - _HIGH // 2}" width="{_WIDE}" height="{_HIGH}" rx="3"/>'
        f'<text x="{x + 8}" y="{y - 3}">{sign}{html.escape(_short(spot.lot, 23))}</text>'
        f'<text class="lb-tquiet" x="{x + 8}" y="{y + 13}">{html.escape(_short(below, 28))}</text></g>'
        f"{_opener(spot, x, y, say)}"
    )


def _opener(spot: Spot, x: int, y: int, say: Words) -> str:
    """The round button beside a lot that has more behind it; for what is too much to be shown, its count."""
    if not spot.side:
        text = f"+ {spot.more:,}" if spot.more else ""
        return f'<text class="lb-tquiet" x="{x + 8}" y="{y + _HIGH // 2 + 12}">{text}</text>'
    if not spot.more and not spot.open:
        return ""
    at = x - 13 if spot.side == BACK else x + _WIDE + 13
    if spot.open:
        if spot.more:
            return f'<text class="lb-tquiet" x="{at}" y="{y + 4}" text-anchor="middle">+{spot.more:,}</text>'
        return ""
    name = html.escape(say("show {n} more of {lot}", n=spot.more, lot=spot.lot), quote=True)
    return (
        f'<g class="lb-topen" data-open="{spot.side}|{html.escape(spot.lot, quote=True)}" role="button" tabindex="0" '
        f'aria-label="{name}"><title>{name}</title><circle cx="{at}" cy="{y}" r="11"/>'
        f'<text x="{at}" y="{y + 4}" text-anchor="middle">{"+" if spot.more > 99 else f"+{spot.more}"}</text></g>'
    )


def _short(text: str, most: int) -> str:
    """Cut in the middle; signs of Chinese and Korean count twice."""
    wide = sum(2 if ord(sign) > 0x1100 else 1 for sign in text)
    if wide <= most:
        return text
    keep = most * len(text) // wide - 1
    return f"{text[: keep // 2]}…{text[-(keep - keep // 2) :]}"


def explorer_table(found: Around, say: Words, units: Mapping[str, str], zone: tzinfo) -> str:
    """The facts that are shown, as a table; a lot is a button with `data-lot`."""
    heads = (say("way"), say("steps"), say("input"), say("output"), say("item"), say("quantity"), say("left out"),
             say("order"), say("work unit"), say("time"), say("doubt"))  # fmt: skip
    ways = {BACK: say("Made from"), ON: say("Went into")}
    body = []
    for link in sorted(found.links, key=lambda one: (one.side != BACK, one.level, one.time, one.seq)):
        taken = f"{amount(link.quantity)} {units.get(link.item, '')}".rstrip()
        doubt = f"{DOUBT_SIGN} {say(CODES[link.doubt])}" if link.doubt else ""
        left_out = amount(link.excluded) if link.doubt else ""
        cells = (ways[link.side], str(link.level), _name(link.source), _name(link.target), link.item or _NONE, taken,
                 left_out, link.order or _NONE, link.unit or _NONE, moment(link.time, zone), doubt)  # fmt: skip
        row = "".join(_cell(at, heads[at], cell) for at, cell in enumerate(cells))
        body.append(f"<tr{' class=lb-tdoubt' if link.doubt else ''}>{row}</tr>")
    head = "".join(f'<th scope="col"{_RIGHT.get(at, "")}>{html.escape(one)}</th>' for at, one in enumerate(heads))
    return f'<table class="lb-ttable"><thead><tr>{head}</tr></thead><tbody>{"".join(body)}</tbody></table>'


_RIGHT = dict.fromkeys((1, 5, 6), " class=lb-n")


class _Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def _name(lot: str) -> str:
    safe = html.escape(lot, quote=True)
    return _Html(f'<button type="button" class="lb-plain" data-lot="{safe}">{safe}</button>')


def _cell(at: int, head: str, text: str) -> str:
    inner = text if isinstance(text, _Html) else html.escape(text)
    return f'<td data-head="{html.escape(head, quote=True)}"{_RIGHT.get(at, "")}>{inner}</td>'
