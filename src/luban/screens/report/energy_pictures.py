"""Drawings of the energy page: flows through the meter tree, power over time by band of the tariff, a usual day."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from luban.core.time import DAY, HOUR, from_datetime, to_datetime
from luban.screens.i18n import Words
from luban.screens.report.plot import TONES, Plot
from luban.screens.report.quality_words import number
from luban.understand.energy.balance import Node
from luban.understand.energy.books import EnergyAccount
from luban.understand.energy.meters import Consumed, in_unit
from luban.understand.energy.profile import Profile, usual_day

__all__ = ["BAND_TONES", "band_name", "day_svg", "flow_svg", "load_svg"]

BAND_TONES: Final = {
    "critical": "bad", "peak": "third", "flat": "accent", "valley": "centre", "deep_valley": "good",
}  # fmt: skip
"""Tone of the usual bands of a tariff; others take the tones that are left, in turn."""

_WIDE, _BAR, _SLOT, _TOP, _FULL = 980, 12, 22, 30, 300.0
_FONT = "Noto Sans, Noto Sans CJK SC, Noto Sans CJK KR, DejaVu Sans, sans-serif"
_TONES = ("accent", "second", "third", "centre")
_SIGN = "⚠"
_MOST_STEPS = 3000


def band_name(say: Words, band: str) -> str:
    """A tariff's band for people; a name of one's own stays as it is."""
    usual = {
        "critical": say("critical peak hours"), "peak": say("peak hours"), "flat": say("flat hours"),
        "valley": say("valley hours"), "deep_valley": say("deep valley hours"), "": say("no price"),
    }  # fmt: skip
    return usual.get(band, band)


# ---------------------------------------------------------------------- flows


@dataclass(slots=True)
class _Box:
    """A meter in the drawing; `rest` is its remainder, drawn as a flow of its own."""

    one: Consumed | None
    amount: float
    node: Node | None = None
    below: list[_Box] = field(default_factory=list)
    tone: str = "accent"
    text: str = ""
    signs: list[str] = field(default_factory=list)
    y: float = 0.0


def flow_svg(account: EnergyAccount, medium: str, say: Words, names: Callable[[str], str]) -> str:
    """The meter tree of a medium from the left to the right, each flow as thick as its amount; "" where there is none.

    names  of a meter, for people
    A meter carries `data-meter`; what no meter saw, and what is more than came in, are drawn and named; doubtful
    readings, which are in no flow, stand as a sign with their amount.
    """
    nodes = {node.meter: node for node in account.tree.nodes}
    own = [one for one in account.meters if one.meter.medium == medium]
    tops = [one for one in own if not one.meter.parent]
    if not tops:
        return ""
    unit = tops[0].meter.unit
    roots = [_box(one, own, nodes, account, unit, say) for one in tops]
    deep = max(_depth(box) for box in roots)
    whole = sum(max(box.amount, sum(child.amount for child in box.below)) for box in roots)
    scale = _FULL / whole if whole > 0 else 0.0
    step = (_WIDE - 190 - _BAR) / max(1, deep)
    parts: list[str] = []
    y = float(_TOP)
    for box in roots:
        y = _placed(box, y, scale)
    for box in roots:
        _drawn(box, 0, step, scale, unit, say, names, parts)
    label = html.escape(say("Flows of {medium} through the meter tree", medium=say(medium)), quote=True)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="lb-eflow" viewBox="0 0 {_WIDE} {y + 8:.0f}" '
        f'role="group" aria-label="{label}" font-family="{_FONT}">{"".join(parts)}</svg>'
    )


def _box(
    one: Consumed, own: Sequence[Consumed], nodes: Mapping[str, Node], account: EnergyAccount, unit: str, say: Words
) -> _Box:
    amount = float(in_unit(one.total(account.start, account.end), one.meter.unit, unit))
    made = _Box(one, amount, nodes.get(one.meter.id))
    made.signs = _signs(one.meter.id, made.node, account, say)
    children = [child for child in own if child.meter.parent == one.meter.id]
    made.below = [_box(child, own, nodes, account, unit, say) for child in children if not child.meter.feeds]
    made.below.sort(key=lambda box: -box.amount)
    feeding = [_box(child, own, nodes, account, unit, say) for child in children if child.meter.feeds]
    if feeding:
        made.amount += sum(box.amount for box in feeding)
        made.text = " + ".join(f"{box.one.meter.id if box.one else ''} {number(box.amount, 4)}" for box in feeding)
    node = made.node
    if node is not None and made.below and node.remainder > 0:
        rest = float(in_unit(node.remainder, node.unit, unit))
        made.below.append(_Box(None, rest, None, tone="rest"))
    return made


def _signs(meter: str, node: Node | None, account: EnergyAccount, say: Words) -> list[str]:
    """What a reader must know of a meter: more below than came in, and readings that were left out."""
    found = []
    if node is not None and node.verdict == "over":
        found.append(say("{amount} more below than came in", amount=f"{number(float(-node.remainder), 3)} {node.unit}"))
    left = [one for one in account.tree.doubts if one.meter == meter and one.amount is not None]
    if left:
        amount = sum((abs(one.amount or Decimal(0)) for one in left), Decimal(0))
        found.append(say("{amount} doubtful, left out", amount=f"{number(float(amount), 4)} {left[0].unit}"))
    return found


def _depth(box: _Box) -> int:
    return 1 + max((_depth(child) for child in box.below), default=-1) if box.below else 0


def _placed(box: _Box, top: float, scale: float) -> float:
    """Gives each box its middle; returns where the next one may begin."""
    thick = max(1.5, box.amount * scale)
    if not box.below:
        slot = max(_SLOT + 16 * len(box.signs), thick + 6)
        box.y = top + slot / 2
        return top + slot
    at = top
    for child in box.below:
        at = _placed(child, at, scale)
    box.y = (box.below[0].y + box.below[-1].y) / 2
    need = box.y - thick / 2 - top
    if need < 0:  # thicker than what is below it: moved down, with all below
        _moved(box, -need)
        at -= need
    return max(at, box.y + thick / 2 + 6)


def _moved(box: _Box, by: float) -> None:
    box.y += by
    for child in box.below:
        _moved(child, by)


def _drawn(
    box: _Box, level: int, step: float, scale: float, unit: str, say: Words, names: Callable[[str], str],
    parts: list[str],
) -> None:  # fmt: skip
    x = level * step
    thick = max(1.5, box.amount * scale)
    below = sum(max(1.5, child.amount * scale) for child in box.below)
    at = box.y - below / 2
    for child in box.below:
        own = max(1.5, child.amount * scale)
        parts.append(_flow(x + _BAR, at + own / 2, x + step, child.y, own, child.tone))
        at += own
        _drawn(child, level + 1, step, scale, unit, say, names, parts)
    parts.append(_meter(box, x, thick, unit, say, names, last=not box.below))


def _flow(x: float, y: float, to: float, down: float, thick: float, tone: str) -> str:
    bend = (to - x) / 2
    top, foot = f"M{x:.1f} {y - thick / 2:.1f}", f"L{to:.1f} {down + thick / 2:.1f}"
    over = f"C{x + bend:.1f} {y - thick / 2:.1f} {to - bend:.1f} {down - thick / 2:.1f} {to:.1f} {down - thick / 2:.1f}"
    back = f"C{to - bend:.1f} {down + thick / 2:.1f} {x + bend:.1f} {y + thick / 2:.1f} {x:.1f} {y + thick / 2:.1f}Z"
    if tone == "rest":
        colour = TONES["doubt"]
        look = f'class="p-f-doubt lb-erest" fill="{colour}" fill-opacity="0.25" stroke="{colour}"'
        look += ' stroke-dasharray="4 3" stroke-width="0.8"'
    else:
        look = f'class="p-f-accent" fill="{TONES["accent"]}" fill-opacity="0.28"'
    return f'<path {look} d="{top}{over}{foot}{back}"/>'


def _meter(box: _Box, x: float, thick: float, unit: str, say: Words, names: Callable[[str], str], *, last: bool) -> str:
    text, tone, key = f"{number(box.amount, 4)} {unit}", "accent", ""
    title = say("not metered")
    if box.one is None:
        tone = "doubt"
    else:
        key, title = box.one.meter.id, names(box.one.meter.id)
        if box.text:
            text += f" ({say('with {sources}', sources=box.text)})"
    if box.node is not None and box.node.verdict == "over":
        tone = "bad"
    bar = (
        f'<rect class="p-f-{tone}" fill="{TONES[tone]}" x="{x:.1f}" y="{box.y - thick / 2:.1f}" width="{_BAR}" '
        f'height="{thick:.1f}" rx="1.5"/>'
    )
    ahead = x + _BAR + 5
    said = (
        f'<text class="p-f-ink lb-ehalo" fill="{TONES["ink"]}" x="{ahead:.1f}" y="{box.y + 4:.1f}" font-size="12">'
        f'{html.escape(_short(title, last=last))} <tspan class="p-f-quiet" fill="{TONES["quiet"]}">'
        f"{html.escape(text)}</tspan>"
    )
    said += "".join(
        f'<tspan class="p-f-limit" fill="{TONES["limit"]}" font-weight="bold" x="{ahead:.1f}" dy="14">{_SIGN} '
        f"{html.escape(one)}</tspan>"
        for one in box.signs
    )
    body = f"<title>{html.escape(f'{title}: {text}')}</title>{bar}{said}</text>"
    if not key:
        return f"<g>{body}</g>"
    named = html.escape(key, quote=True)
    return f'<g class="lb-emeter" data-meter="{named}" tabindex="0" role="button">{body}</g>'


def _short(name: str, *, last: bool) -> str:
    most = 26 if last else 22
    return name if len(name) <= most else f"{name[: most - 1]}…"


# ---------------------------------------------------------------------- power over time


def load_svg(one: Profile, say: Words, zone: ZoneInfo, *, title: str = "", demand: float | None = None) -> str:
    """Power step by step, coloured by the band of the tariff; steps of which nothing is known stay empty.

    demand  the highest demand of the window [kW], as the bill counts it
    """
    known = np.isfinite(one.power)
    top = float(np.nanmax(one.power)) if known.any() else 1.0
    top = max(top, demand or 0.0, 1e-9)
    start, end = int(one.edges[0]), int(one.edges[-1])
    plot = Plot(
        x=(start, end), y=(0.0, top * 1.08), height=300, y_label=one.unit, x_ticks=_ticks(start, end, zone),
        title=title or say("Power over time"),
    )  # fmt: skip
    edges, power, bands = _thinned(one)
    for band, tone in _tones(bands).items():
        mine = np.array([other == band for other in bands]) & np.isfinite(power)
        plot.steps(edges[:-1][mine], edges[1:][mine], power[mine], tone, name=band_name(say, band) if band else "")
    if demand:
        plot.level(demand, f"{number(demand, 4)} kW", "bad", dash="5 4")
    base = one.base
    if base is not None and base > top / 50:
        plot.level(base, f"{number(base, 3)} {one.unit}", "ink", dash="2 3")
    return plot.svg()


def _tones(bands: Sequence[str]) -> dict[str, str]:
    """Tone of each band, dear ones first where they are the usual ones."""
    found = dict.fromkeys(bands)
    order = [*(band for band in BAND_TONES if band in found), *(band for band in found if band not in BAND_TONES)]
    spare = iter([*_TONES, *["ink"] * len(order)])
    return {band: BAND_TONES.get(band) or ("soft" if not band and len(order) > 1 else next(spare)) for band in order}


def _thinned(one: Profile) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """At most so many steps that a drawing stays small: of several steps the highest."""
    count = len(one.power)
    every = -(-count // _MOST_STEPS)
    if every == 1:
        return one.edges, one.power, one.bands
    starts = np.arange(0, count, every)
    highest = np.fmax.reduceat(one.power, starts)
    return np.append(one.edges[starts], one.edges[-1]), highest, tuple(one.bands[at] for at in starts)


def _ticks(start: int, end: int, zone: ZoneInfo) -> list[tuple[float, str]]:
    """Midnights, or hours of a short window; years where it is long."""
    span = end - start
    first = to_datetime(start, zone).replace(minute=0, second=0, microsecond=0)
    if span <= 2 * DAY:
        hours = range(int(span // HOUR) + 2)
        moments = [first + timedelta(hours=hour) for hour in hours if (first + timedelta(hours=hour)).hour % 6 == 0]
        return [(float(from_datetime(one)), f"{one:%m-%d %H:%M}") for one in moments]
    first = first.replace(hour=0)
    days = int(span // DAY) + 2
    every = max(1, days // 10)
    form = "%m-%d" if days <= 200 else "%Y-%m"
    return [(float(from_datetime(first + timedelta(days=day))), f"{first + timedelta(days=day):{form}}")
            for day in range(0, days, every)]  # fmt: skip


def day_svg(one: Profile, say: Words, zone: ZoneInfo) -> str:
    """A usual working day and a usual day of the weekend, hour by hour."""
    usual = usual_day(one, zone)
    top = float(np.nanmax(usual)) if np.isfinite(usual).any() else 1.0
    plot = Plot(
        x=(0, 24), y=(0.0, max(top * 1.1, 1e-9)), height=220, y_label=one.unit,
        x_ticks=[(hour, f"{hour}:00") for hour in range(0, 25, 3)], title=say("A usual day"),
    )  # fmt: skip
    hours = np.arange(25)
    for row, name, tone in ((0, say("Monday to Friday"), "accent"), (1, say("weekend"), "third")):
        if np.isfinite(usual[row]).any():
            plot.line(hours, np.append(usual[row], usual[row][-1]), tone, step=True, name=name)
    return plot.svg()
