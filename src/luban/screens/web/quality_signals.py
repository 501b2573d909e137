"""The signals of a chart as a table, and the figures below its histogram."""

from __future__ import annotations

import html
from collections import Counter
from zoneinfo import ZoneInfo

import numpy as np

from luban.screens.i18n import Words
from luban.screens.service.quality_charting import Charted, keys_of
from luban.screens.service.quality_view import decimals, decimals_for, rule_mark, rule_text, said
from luban.screens.web.quality_texts import empty, facts, moment
from luban.understand.quality.capability import Capability
from luban.understand.quality.data import NO_TIME

__all__ = ["figures", "signals"]

_MOST = 200
_CLASSES = {2: "lb-qwhen", 5: "lb-n"}


def signals(say: Words, made: Charted, zone: ZoneInfo) -> str:
    """Every violation at a drawn point, the newest first, with the rule that fired; a press opens its point."""
    found = made.signals
    title = f'<div class="lb-head"><h2 class="lb-title">{html.escape(say("Signals"))}</h2>{_counted(say, made)}</div>'
    if not found:
        return title + empty(say("No rule fired at these points."))
    keys, chart = keys_of(made.own), made.chart
    rows = []
    for own in sorted(found, key=lambda one: (-one.point, one.rule))[:_MOST]:
        panel = chart.panels[own.panel]
        at = int(chart.time[own.point])
        value = said(float(panel.values[own.point]), max(decimals(made.own.sample.values), decimals_for(panel.values)))
        unit = "" if panel.unit == "1" else f" {panel.unit}"
        length = own.point - own.first + 1
        span = say("{n} points", n=length) if length > 1 else ""
        out = f' <span class="lb-badge">{html.escape(say("left out"))}</span>' if own.point in made.out else ""
        cells = (
            f'<b class="lb-qmark-cell">{html.escape(rule_mark(own.rule))}</b>',
            html.escape(rule_text(say, own.rule)) + out,
            html.escape(moment(at if at != NO_TIME else None, zone)),
            html.escape(str(chart.labels[own.point])), html.escape(say(panel.name)),
            html.escape(value + unit), html.escape(span),
        )  # fmt: skip
        body = "".join(f'<td class="{_CLASSES.get(column, "")}">{cell}</td>' for column, cell in enumerate(cells))
        rows.append(f'<tr data-key="{int(keys[own.point])}" data-rule="{own.rule}" tabindex="0">{body}</tr>')
    heads = (say("Rule"), say("What it says"), say("Time"), say("Point"), say("Plotted"), say("Value"), say("Pattern"))
    head = "".join(
        f'<th scope="col" class="{"lb-n" if at == 5 else ""}">{html.escape(text)}</th>' for at, text in enumerate(heads)
    )
    more = len(found) - _MOST
    tail = f'<div class="lb-note">{html.escape(say("and {n} more", n=more))}</div>' if more > 0 else ""
    body = f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody>"
    return f'{title}<table class="lb-table lb-qsignals">{body}</table>{tail}'


def _counted(say: Words, made: Charted) -> str:
    """How often each rule fired."""
    counts = Counter(own.rule for own in made.signals)
    told = [(rule_text(say, rule), f"{rule_mark(rule)} · {n}") for rule, n in sorted(counts.items())]
    chips = "".join(f'<span class="lb-badge" title="{html.escape(a)}">{html.escape(b)}</span>' for a, b in told)
    points = len(made.chart.labels) - made.first
    text = say("{n} in {k} points", n=len(made.signals), k=points)
    return f'<span class="lb-note">{html.escape(text)}</span>{chips}'


def figures(say: Words, made: Charted, study: Capability | None) -> str:
    """Number, mean and spread of the drawn values, and how they fit the specification; a withheld index says why."""
    sample = made.own.sample
    values = sample.values[int(sample.starts[made.first]) :]
    digits = decimals(sample.values) + 1
    spread = float(values.std(ddof=1)) if len(values) > 1 else float("nan")
    rows = [
        (say("Values"), str(len(values))), (say("Mean"), f"{said(float(values.mean()), digits)} {sample.unit}"),
        (say("Standard deviation"), f"{said(spread, digits)} {sample.unit}"),
    ]  # fmt: skip
    low = -np.inf if sample.lower is None else sample.lower
    up = np.inf if sample.upper is None else sample.upper
    if sample.lower is not None or sample.upper is not None:
        rows.append((say("Out of specification"), str(int(((values < low) | (values > up)).sum()))))
    return facts((name, text.strip()) for name, text in rows) + _indices(say, study)


def _indices(say: Words, study: Capability | None) -> str:
    parts = []
    for name in ("Cpk", "Ppk") if study is not None else ():
        own = study.index(name) if study is not None else None
        if own is None:
            continue
        if own.value is None:
            note, shown = say(own.reason), f'<span class="lb-qwithheld">{html.escape(say("withheld"))}</span>'
        else:
            shown = f"<b>{own.value:.2f}</b>"
            note = "" if own.low is None or own.high is None else f"{own.low:.2f} … {own.high:.2f}"
        inner = f'<span class="lb-label">{name}</span>{shown}<span class="lb-note">{html.escape(note)}</span>'
        parts.append(f'<div data-index="{name}">{inner}</div>')
    return f'<div class="lb-qindices">{"".join(parts)}</div>' if parts else ""
