"""A capability study as a sheet: whether it may be said, the indices with intervals, the histogram with limits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from luban.screens.i18n import Words
from luban.screens.report.plot import Plot
from luban.screens.report.quality_words import chance, given, left_out, level_text, number, percent, provenance, span
from luban.screens.report.sheet import Block, Figure, Figures, Grid, Note, Picture, Sheet
from luban.understand.quality.capability import Capability, Index
from luban.understand.quality.data import Floats
from luban.understand.quality.tolerance import ToleranceInterval

__all__ = ["bins", "capability_sheet", "family_name", "histogram_svg", "quantile_svg", "tolerance_grid", "verdict"]

_MOST_BINS, _NONE = 60, "–"


def capability_sheet(
    study: Capability, say: Words, tolerance: Sequence[ToleranceInterval] = (), *, wanted: float = 1.33
) -> Sheet:
    """The sheet of a study.

    tolerance  tolerance intervals to show below
    wanted     index that the process should reach [1]
    """
    title = say("Capability of {name}", name=study.characteristic)
    blocks: list[Block] = [_figures(study, say, wanted)]
    blocks += [Note(say(note), "doubt") for note in study.notes]
    blocks.append(_histogram(study, say))
    blocks.append(_indices(study, say))
    if study.outside:
        blocks.append(_outside(study, say))
    if study.fit.law is not None:
        blocks.append(_quantiles(study, say))
    if study.fits:
        blocks.append(_families(study, say))
    if tolerance:
        blocks.append(tolerance_grid(tolerance, say, study.unit))
    blocks += left_out(say, study.excluded)
    method = "ISO 22514-2:2017; NIST/SEMATECH e-Handbook 6.1.6"
    made = provenance(say, study.source, study.used, len(study.excluded), method)
    return Sheet(title, _subtitle(study, say), tuple(blocks), made)


def verdict(study: Capability) -> Index:
    """The index that a process is judged by: Cpk, or Ppk where Cpk is withheld."""
    short = study.index("Cpk")
    return short if short.value is not None else study.index("Ppk")


def family_name(family: str, say: Words) -> str:
    """What a family of distributions is called."""
    return {
        "normal": say("normal distribution"), "lognormal": say("lognormal"),
        "weibull": say("Weibull"), "gamma": say("gamma"),
        "exponential": say("exponential"), "rayleigh": say("Rayleigh"), "half_normal": say("half-normal"),
        "logistic": say("logistic"), "loglogistic": say("log-logistic"), "smallest_value": say("smallest value"),
        "largest_value": say("largest value"), "lognormal_3": say("lognormal with a bound"),
        "weibull_3": say("Weibull with a bound"), "johnson_su": say("Johnson, unbounded"),
    }.get(family, family)  # fmt: skip


def _subtitle(study: Capability, say: Words) -> str:
    unit = f" {study.unit}" if study.unit else ""
    told = [
        f"{name} {given(value)}{unit}"
        for name, value in (
            (say("lower specification limit"), study.lower), (say("target"), study.target),
            (say("upper specification limit"), study.upper),
        )
        if value is not None
    ]  # fmt: skip
    return " · ".join(told)


def _figures(study: Capability, say: Words, wanted: float) -> Figures:
    main, unit = verdict(study), study.unit
    tone = "quiet" if main.value is None else "good" if main.value >= wanted else "doubt" if main.value >= 1 else "bad"
    said = {True: say("in control"), False: say("out of control"), None: say("not known")}[study.stability.in_control]
    state = {True: "good", False: "bad", None: "doubt"}[study.stability.in_control]
    why = "; ".join(say(one) for one in study.stability.reasons)
    note = say(main.reason) if main.value is None else f"{level_text(say, study.level)} {span(main.low, main.high)}"
    rows = [
        Figure(main.name, number(main.value, 4), note=note, tone=tone),
        Figure(say("state"), said, note=why, tone=state),
        Figure(say("values"), f"{study.used:,}", note=say("{n} subgroups", n=study.subgroups)),
        Figure(say("mean"), number(study.mean, 7), unit),
    ]
    for name, own in ((say("spread within"), study.within), (say("spread overall"), study.overall)):
        if own is None:
            rows.append(Figure(name, _NONE, tone="quiet"))
        else:
            rows.append(Figure(name, number(own.sigma), unit, say("{n} degrees of freedom", n=number(own.degrees, 4))))
    return Figures(tuple(rows))


def _indices(study: Capability, say: Words) -> Grid:
    heads = (say("index"), say("value"), level_text(say, study.level), say("how, or why not"))
    rows, tones = [], {}
    for at, one in enumerate(study.indices):
        rows.append((one.name, number(one.value, 4), span(one.low, one.high), say(one.reason or one.method)))
        if one.value is None:
            tones[at] = "quiet"
    return Grid(heads, tuple(rows), title=say("Indices"), numbers=frozenset({1}), tones=tones)


def _outside(study: Capability, say: Words) -> Grid:
    heads = (
        say("beyond"), say("limit"), say("counted"), say("counted [%]"), level_text(say, study.level),
        say("expected [ppm]"), level_text(say, study.level),
    )  # fmt: skip
    rows = []
    for one in study.outside:
        side = say("below the lower limit") if one.side == "below" else say("above the upper limit")
        expected = None if one.share is None else 1e6 * one.share
        low, high = (None if end is None else 1e6 * end for end in (one.share_low, one.share_high))
        rows.append((
            side, given(one.limit), f"{one.counted} / {one.of}", percent(100 * one.counted / one.of),
            span(100 * one.low, 100 * one.high), number(expected, 4), span(low, high),
        ))  # fmt: skip
    return Grid(heads, tuple(rows), title=say("Pieces beyond the limits"), numbers=frozenset({1, 2, 3, 5}))


def _families(study: Capability, say: Words) -> Grid:
    heads = (say("distribution"), say("parameters"), "BIC", "A²", "p", say("how, or why not"))
    rows, tones = [], {}
    for at, one in enumerate(study.fits):
        named = "" if one.law is None else ", ".join(f"{say(key)} {number(own)}" for key, own in one.law.named.items())
        chosen = say("chosen") if one.family == study.fit.family else ""
        told = (family_name(one.family, say), named, percent(one.bic, 1), number(one.a2, 4), chance(one.p))
        rows.append((*told, say(one.reason) if one.reason else chosen))
        if one.family == study.fit.family:
            tones[at] = "good"
        elif one.law is None:
            tones[at] = "quiet"
    return Grid(heads, tuple(rows), title=say("Families of distributions"), numbers=frozenset({2, 3, 4}), tones=tones)


def tolerance_grid(intervals: Sequence[ToleranceInterval], say: Words, unit: str) -> Grid:
    """Tolerance intervals as a table."""
    heads = (
        say("side"),
        say("share [%]"),
        say("confidence [%]"),
        say("lower end"),
        say("upper end"),
        say("how, or why not"),
    )
    sides = {"two": say("both sides"), "lower": say("lower side"), "upper": say("upper side")}
    ways = {
        "normal, exact": say("normal, exact"), "normal, howe": say("normal, Howe"),
        "normal, natrella": say("normal, Natrella"), "order statistics": say("without a family"),
    }  # fmt: skip
    rows = [
        (
            sides[one.side], percent(100 * one.share), percent(100 * one.confidence), number(one.low, 7),
            number(one.high, 7), say(one.reason) if one.reason else ways.get(one.method, one.method),
        )
        for one in intervals
    ]  # fmt: skip
    title = say("Tolerance intervals") + (f" [{unit}]" if unit else "")
    return Grid(heads, tuple(rows), title=title, numbers=frozenset({1, 2, 3, 4}))


# ---------------------------------------------------------------- pictures


def _histogram(study: Capability, say: Words) -> Picture:
    inside = study.used - sum(one.counted for one in study.outside)
    text = say("{n} of {all} values lie within the limits", n=f"{inside:,}", all=f"{study.used:,}")
    return Picture(histogram_svg(study, say), say("Histogram"), text)


def histogram_svg(study: Capability, say: Words, *, width: int = 980, height: int = 320) -> str:
    """Histogram with limits, target, mean and the fitted family's curve."""
    x = study.values
    marks = [one for one in (study.lower, study.target, study.upper) if one is not None]
    edges = bins(x)
    low, high = min(float(edges[0]), *marks), max(float(edges[-1]), *marks)
    room = 0.06 * (high - low)
    counts = np.histogram(x, edges)[0].astype(np.float64)
    at = np.linspace(low - room, high + room, 240)
    curve = None
    if study.fit.law is not None:
        curve = study.fit.law.density(at) * len(x) * (edges[1] - edges[0])
        curve = np.where(np.isfinite(curve), np.minimum(curve, 1.3 * counts.max()), np.nan)
    top = max(float(counts.max()), 0.0 if curve is None else float(np.nanmax(curve))) * 1.15
    label = f"{study.characteristic} [{study.unit}]" if study.unit else study.characteristic
    plot = Plot(
        x=(low - room, high + room), y=(0, top), width=width, height=height, x_label=label, y_label=say("values"),
        title=say("Histogram"),
    )  # fmt: skip
    plot.bars(edges[:-1], edges[1:], counts)
    if curve is not None:
        plot.line(at, curve, "accent", name=family_name(study.fit.family, say))
    for value, text in (
        (study.lower, say("lower specification limit")),
        (study.upper, say("upper specification limit")),
    ):
        if value is not None:
            plot.upright(value, text, "bad")
    if study.target is not None:
        plot.upright(study.target, say("target"), "good", dash="4 3")
    plot.upright(study.mean, "", "centre")
    return plot.svg()


def bins(x: Floats) -> Floats:
    """Edges of a histogram: the width of Freedman and Diaconis, a multiple of the gauge's step, at most 60 bins."""
    low, high = float(x.min()), float(x.max())
    if low == high:
        half = abs(low) * 1e-3 or 0.5
        return np.array([low - half, low + half])
    reach = float(np.subtract(*np.quantile(x, (0.75, 0.25)))) or (high - low) / 2
    width = max(2 * reach / len(x) ** (1 / 3), (high - low) / _MOST_BINS)
    steps = np.diff(np.unique(x))
    step = float(np.median(steps)) if len(steps) else 0.0
    if step > 0 and width < 20 * step and len(steps) < 0.5 * len(x):
        width = max(round(width / step), 1) * step
        low -= step / 2
    count = int(np.ceil((high - low) / width * (1 + 1e-9))) + (low + np.ceil((high - low) / width) * width <= high)
    return np.asarray(low + width * np.arange(max(int(count), 1) + 1))


def _quantiles(study: Capability, say: Words) -> Picture:
    title = say("Quantiles against the family: {family}", family=family_name(study.fit.family, say))
    text = f"A² {number(study.fit.a2, 4)}, p {chance(study.fit.p)}"
    return Picture(quantile_svg(study, say), title, text)


def quantile_svg(study: Capability, say: Words, *, width: int = 980, height: int = 300) -> str:
    """Values against the quantiles that the fitted family expects; a straight line where it fits."""
    x = np.sort(study.values)
    law = study.fit.law
    if law is None:
        return ""
    if len(x) > 2000:
        x = x[np.unique(np.linspace(0, len(x) - 1, 2000).astype(int))]
    expected = law.quantile(np.asarray((np.arange(1, len(x) + 1) - 0.375) / (len(x) + 0.25), np.float64))
    ends = (float(min(x[0], expected[0])), float(max(x[-1], expected[-1])))
    room = 0.03 * (ends[1] - ends[0]) or 1.0
    axis = (ends[0] - room, ends[1] + room)
    plot = Plot(
        x=axis, y=axis, width=width, height=height, x_label=say("expected"), y_label=say("measured"),
        title=say("Quantiles"),
    )  # fmt: skip
    plot.line(list(axis), list(axis), "limit", dash="4 3")
    plot.dots(expected, x, "accent")
    return plot.svg()
