"""A control chart as the page draws it and REST gives it: numbers as text and as numbers, signs with their rules.

Reads  nothing: works on what `quality_charting` gives
"""

from __future__ import annotations

import math
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from luban.core.time import to_datetime
from luban.screens.i18n import Words
from luban.screens.service.quality_charting import Charted, keys_of
from luban.understand.quality.data import NO_TIME, Floats
from luban.understand.quality.spc.chart import Panel, Violation
from luban.understand.quality.spc.rules import RULES

__all__ = ["decimals", "decimals_for", "drawn", "histogram", "rule_mark", "rule_text", "said", "shortest"]

_MOST_DECIMALS = 8
_CURVE = 80


def decimals(values: Floats) -> int:
    """Digits after the point in which these values were written down, at most 8.

    Example decimals(np.array([25.01, 24.985])) == 3
    """
    taken = values[np.isfinite(values)][-200:]
    for digits in range(_MOST_DECIMALS):
        if np.allclose(taken, np.round(taken, digits), rtol=1e-12, atol=1e-12):
            return digits
    return _MOST_DECIMALS


def said(value: float | None, digits: int) -> str:
    """A number as people read it; – where there is none."""
    return "–" if value is None or not math.isfinite(value) else f"{value:.{digits}f}".replace("-", "−")


def rule_mark(rule: str) -> str:
    """What stands at a point where a rule fired: 1 to 8 for Nelson, W1 to W4 for Western Electric.

    Example rule_mark("nelson_2") == "2"
    """
    family, _, number = rule.rpartition("_")
    return {"nelson": number, "western_electric": f"W{number}"}.get(family, "!")


def rule_text(say: Words, rule: str) -> str:
    """What the rule says, in the language."""
    known = RULES.get(rule)
    if known is None:
        return rule
    return say(known.title, points=known.points, of=known.of, sigmas=f"{known.sigmas:g}")


def drawn(made: Charted, say: Words, zone: ZoneInfo) -> dict[str, Any]:
    """What the page's chart is drawn from."""
    chart, first = made.chart, made.first
    time = chart.time[first:]
    digits = decimals(made.own.sample.values)
    count = len(time)
    grouped = made.own.sample.sizes.max(initial=1) > 1
    unit = made.own.sample.unit
    panels = [_panel(one, first, say, digits + grouped if one.unit == unit else 0) for one in chart.panels]
    moments = [None if at == NO_TIME else to_datetime(int(at), zone) for at in time.tolist()]
    keys = keys_of(made.own)[first:].tolist()
    labels = [str(label) for label in chart.labels[first:]]
    return {
        "count": count, "keys": list(map(str, keys)), "labels": labels,
        "clock": [f"{moment:%Y-%m-%d %H:%M:%S}" if moment else "" for moment in moments],
        "axis": [[f"{moment:%m-%d}", f"{moment:%H:%M}"] if moment else ["", label]
                 for moment, label in zip(moments, labels, strict=True)],
        "panels": panels,
        "marks": [_mark(own, first, say) for own in made.signals],
        "out": {at - first: why for at, why in made.out.items() if at >= first},
        "causes": {at - first: list(texts) for at, texts in made.causes.items() if at >= first},
        "spec": _spec(made) if chart.kind == "i_mr" else None,
        "stages": [
            {"at": max(0, at - first), "text": say("Limits {n}", n=own.limits.revision)}
            for at, own in made.stages if at > first
        ],
        "basis": [max(0, made.basis[0] - first), max(0, made.basis[1] - first)] if made.basis else None,
    }  # fmt: skip


def _panel(panel: Panel, first: int, say: Words, digits: int) -> dict[str, Any]:
    lines = {name: getattr(panel, name)[first:] for name in ("centre", "lower", "upper")}
    unit = "" if panel.unit == "1" else panel.unit
    shown = decimals_for(panel.values)
    # one digit more than the values were written with says all that is known
    digits = min(max(digits, shown), digits + 1) if digits else shown
    return {
        "name": say(panel.name), "unit": unit, "values": _numbers(panel.values[first:]),
        **{name: _numbers(values) for name, values in lines.items()},
        "sigma": _numbers(panel.sigma[first:]),
        "said": [said(float(value), digits) if np.isfinite(value) else "" for value in panel.values[first:]],
        "last": {name: said(float(values[-1]), digits + 1) if len(values) else "–" for name, values in lines.items()},
    }  # fmt: skip


def decimals_for(values: Floats) -> int:
    """Digits after the point that show four figures of the spread of these values, at most 8."""
    held = values[np.isfinite(values)]
    wide = float(held.max() - held.min()) if len(held) else 0.0
    return 0 if wide <= 0 else max(0, min(_MOST_DECIMALS, 2 - math.floor(math.log10(wide))))


def _numbers(values: Floats) -> list[float | None]:
    return [value if math.isfinite(value) else None for value in values.tolist()]


def _mark(own: Violation, first: int, say: Words) -> dict[str, Any]:
    return {
        "panel": own.panel, "point": own.point - first, "rule": own.rule, "mark": rule_mark(own.rule),
        "text": rule_text(say, own.rule), "first": max(0, own.first - first), "side": own.side,
    }  # fmt: skip


def _spec(made: Charted) -> dict[str, Any]:
    own = made.own.sample
    return {
        "lower": own.lower, "target": own.target, "upper": own.upper,
        "said_lower": shortest(own.lower), "said_upper": shortest(own.upper),
    }  # fmt: skip


def shortest(value: float | None) -> str:
    """A number that people wrote, as they wrote it; – where there is none."""
    return "–" if value is None else f"{value:.10g}".replace("-", "−")


def histogram(made: Charted, say: Words) -> dict[str, Any]:
    """How the values of the drawn points lie, with the limits and the normal curve of their mean and spread."""
    sample = made.own.sample
    values = sample.values[int(sample.starts[made.first]) :]
    lines = [
        {"at": at, "name": name, "kind": "spec"}
        for at, name in ((sample.lower, say("LSL")), (sample.target, say("Target")), (sample.upper, say("USL")))
        if at is not None
    ]
    counts, edges = _bins(values)
    return {
        "edges": edges.tolist(), "counts": counts.tolist(), "lines": lines, "curve": _curve(values, edges),
        "told": say("Histogram of {n} values", n=len(values)),
    }  # fmt: skip


def _bins(values: Floats) -> tuple[Any, Floats]:
    """Bins that fall on the steps in which values were written down, about √n of them, at least 6."""
    if not len(values):
        return np.zeros(0, np.int64), np.zeros(1)
    low, up = float(values.min()), float(values.max())
    grain = 10.0 ** -decimals(values)
    wanted = max(6, min(40, round(math.sqrt(len(values)))))
    step = max(1, round((up - low) / wanted / grain)) * grain if up > low else grain
    bins = max(1, math.ceil((up - low + grain) / step - 1e-9))
    edges = np.asarray(low - grain / 2 + step * np.arange(bins + 1), np.float64)
    return np.histogram(values, edges)[0], edges


def _curve(values: Floats, edges: Floats) -> list[list[float]]:
    spread = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    if spread <= 0:
        return []
    mean = float(values.mean())
    at = np.linspace(min(edges[0], mean - 3 * spread), max(edges[-1], mean + 3 * spread), _CURVE)
    density = np.exp(-0.5 * ((at - mean) / spread) ** 2) / (spread * math.sqrt(2 * math.pi))
    height = density * len(values) * float(edges[1] - edges[0])
    return [[float(a), float(b)] for a, b in zip(at, height, strict=True)]
