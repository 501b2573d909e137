"""Words and small pieces of HTML of the control charts' tab."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from luban.core.time import to_datetime
from luban.screens.i18n import Words
from luban.screens.service.quality import State
from luban.screens.service.quality_charting import RECENT
from luban.screens.service.quality_view import said, shortest
from luban.screens.web.texts import sign
from luban.understand.quality.data import Sample
from luban.understand.quality.spc import CHARTS

__all__ = [
    "badge", "chart_texts", "empty", "facts", "group_word", "kind_word", "listed", "moment", "no_characteristics",
    "parameters",
    "specification", "state_word",
]  # fmt: skip

_WIDE, _HIGH = 92, 24


def chart_texts(say: Words) -> dict[str, str]:
    """What the drawing itself says."""
    return {
        "chart": say("Control chart: arrow keys go from point to point, Page Up and Page Down from signal to signal"),
        "upper": say("UCL"), "centre": say("CL"), "lower": say("LCL"), "out": say("Left out of the limits"),
        "cause": say("Cause"), "spec_lower": say("LSL"), "spec_upper": say("USL"),
    }  # fmt: skip


def kind_word(say: Words, kind: str) -> str:
    """What a chart is called."""
    return say(CHARTS[kind].title) if kind in CHARTS else kind


def group_word(say: Words, group: str | int) -> str:
    """How values become points."""
    if group == "single":
        return say("each value a point")
    return say("each lot a point") if group == "lot" else say("{n} in a row a point", n=group)


def state_word(say: Words, own: State) -> str:
    """How a characteristic stands."""
    if own.state == "signals":
        return say("1 signal") if own.signals == 1 else say("{n} signals", n=own.signals)
    return {
        "in control": say("in control"), "few values": say("few values"), "no limits": say("no limits"),
        "no values": say("no values"),
    }.get(own.state, own.state)  # fmt: skip


def moment(at: int | None, zone: ZoneInfo) -> str:
    """Date and time on the plant's clock."""
    return f"{to_datetime(at, zone):%Y-%m-%d %H:%M}" if at is not None else "–"


def listed(say: Words, states: Sequence[State], chosen: str, names: Mapping[str, str]) -> str:
    """The characteristics, item by item.

    names  of the items
    """
    parts: list[str] = []
    before = None
    for own in states:
        if own.item != before:
            before = own.item
            parts.append(f'<h3 class="lb-qitem">{html.escape(names.get(own.item, own.item))}</h3>')
        parts.append(_row(say, own, chosen))
    return "".join(parts)


def badge(say: Words, own: State) -> str:
    """How a characteristic stands, beside its name."""
    kind = {"signals": "lb-old", "in control": "lb-good"}.get(own.state, "")
    word = state_word(say, own)
    if own.state == "signals":
        word = say("{n} of the newest {k} points signal", n=own.signals, k=RECENT)
    return f'<span class="lb-badge {kind}">{html.escape(word)}</span>'


def specification(say: Words, own: Sample) -> str:
    """Nominal value and specification limits with their unit.

    Example specification(words("en"), sample) == "25 mm · 24.985 … 25.015 mm"
    """
    low, up = shortest(own.lower), shortest(own.upper)
    if own.lower is None and own.upper is None:
        said = say("no specification limits")
    elif own.upper is None:
        said = f"≥ {low} {own.unit}"
    else:
        said = f"≤ {up} {own.unit}" if own.lower is None else f"{low} … {up} {own.unit}"
    nominal = f"{shortest(own.target)} {own.unit}" if own.target is not None else ""
    return " · ".join(filter(None, (nominal.strip(), said.strip())))


def _row(say: Words, own: State, chosen: str) -> str:
    kind = {"signals": "silent", "in control": "up"}.get(own.state, "new")
    value = "" if own.last is None else f"{shortest(own.last)} <small>{html.escape(own.unit)}</small>"
    word = state_word(say, own)
    current = ' aria-current="true"' if own.id == chosen else ""
    title = f' title="{html.escape(say(own.why))}"' if own.why else ""
    return (
        f'<button type="button" class="lb-qrow" data-of="{html.escape(own.id)}" data-state="{html.escape(own.state)}"'
        f'{current}{title}>{sign(kind)}<span class="lb-qrow-name">{html.escape(own.name)}</span>{_spark(own)}'
        f'<span class="lb-qrow-value">{value}</span><small class="lb-qrow-state">{html.escape(word)}</small></button>'
    )


def _spark(own: State) -> str:
    if len(own.spark) < 2:
        return '<span class="lb-qspark"></span>'
    values = [value for value, _ in own.spark]
    low, up = min(values), max(values)
    wide = (up - low) or 1.0

    def place(at: int, value: float) -> str:
        return f"{2 + at * (_WIDE - 4) / (len(values) - 1):.1f} {_HIGH - 3 - (value - low) / wide * (_HIGH - 6):.1f}"

    line = "L".join(place(at, value) for at, value in enumerate(values))
    dots = "".join(
        f'<circle r="2" transform="translate({place(at, value)})"/>'
        for at, (value, fired) in enumerate(own.spark)
        if fired
    )
    return f'<svg class="lb-qspark" viewBox="0 0 {_WIDE} {_HIGH}" aria-hidden="true"><path d="M{line}"/>{dots}</svg>'


def parameters(say: Words, told: Mapping[str, Any], unit: str) -> list[tuple[str, str]]:
    """Centre and sigma of limits, with their unit."""
    found: list[tuple[str, str]] = []
    sigma = told.get("sigma")
    digits = 4
    if isinstance(sigma, int | float) and sigma > 0:
        digits = max(0, min(8, 3 - math.floor(math.log10(sigma))))
    for name, label in (("centre", say("Centre")), ("sigma", say("Sigma"))):
        value = told.get(name)
        if isinstance(value, int | float):
            found.append((label, f"{said(float(value), digits)} {unit}".strip()))
    return found


def facts(rows: Iterable[tuple[str, str]]) -> str:
    """Names and values in two columns."""
    inner = "".join(f"<dt>{html.escape(name)}</dt><dd>{html.escape(value)}</dd>" for name, value in rows)
    return f'<dl class="lb-facts">{inner}</dl>'


def empty(text: str, code: str = "") -> str:
    """What to do where there is nothing to show."""
    more = f'<span class="lb-code">{html.escape(code)}</span>' if code else ""
    return f'<div class="lb-empty">{html.escape(text)}{more}</div>'


def no_characteristics(say: Words) -> str:
    """What to do where nothing is measured."""
    text = say("Nothing is measured yet. Say in characteristics.csv what is measured on each item, and start again:")
    return empty(text, "item,name,unit,nominal,lower,upper\nshaft,diameter,mm,25,24.987,25.013")
