"""Lifetimes as a sheet: how long units last, the curve with its band, figures with both intervals, modes, rivals."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from luban.screens.i18n import Words
from luban.screens.report.plot import Plot
from luban.screens.report.quality_words import chance, left_out, level_text, number, percent, provenance, span
from luban.screens.report.sheet import Block, Figure, Figures, Grid, Note, Picture, Sheet
from luban.understand.health.lifetime.figures import LifeFigure
from luban.understand.health.lifetime.fit import LifeFit
from luban.understand.health.lifetime.growth import Growth
from luban.understand.health.lifetime.laws import Law
from luban.understand.health.lifetime.plans import MeanPlan, UnitPlan
from luban.understand.health.lifetime.study import LifeStudy
from luban.understand.quality.data import Floats

__all__ = ["curve_svg", "growth_sheet", "law_name", "lifetime_sheet", "mean_plan_sheet", "paper_svg", "unit_plan_sheet"]

_METHOD = "IEC 61649:2008; Meeker, Escobar (1998)"
_NONE = "–"
_PAPER_SHARES = (0.001, 0.01, 0.05, 0.1, 0.2, 0.5, 0.8, 0.9, 0.99)


def lifetime_sheet(study: LifeStudy, say: Words) -> Sheet:
    """The sheet of a study of lives."""
    lives, fit = study.lives, study.fit
    blocks: list[Block] = [_figures(study, say)]
    if fit.reason:
        blocks.append(Note(f"{law_name(fit.law.name, say)}: {say(fit.reason)}", "doubt"))
    if study.least is not None:
        blocks.append(Note(
            say("With {level} % confidence the mean life is at least {life}, if the failure rate is constant.",
                level=f"{100 * study.level:g}", life=_with_unit(study.least, lives.unit)), "doubt",
        ))  # fmt: skip
    blocks += [Note(say(note), "doubt") for note in study.notes]
    if study.curve is not None:
        blocks.append(Picture(curve_svg(study, say), say("Units that outlive an age"), _curve_text(study, say)))
        if not fit.reason:
            title = say("Probability paper: {family}", family=law_name(fit.law.name, say))
            blocks.append(Picture(paper_svg(study, say), title, say("Points along the line fit the family.")))
    if study.figures:
        blocks.append(_table(study.figures, say, study.level, lives.unit))
    if study.modes is not None:
        blocks += _modes(study, say)
    blocks.append(_families(study, say))
    blocks += left_out(say, lives.excluded)
    made = provenance(say, lives.source, len(lives.low), len(lives.excluded), _METHOD)
    return Sheet(say("Lifetime: {name}", name=lives.name), _subtitle(study, say), tuple(blocks), made)


def law_name(name: str, say: Words) -> str:
    """What a family of lives is called."""
    return {
        "weibull": say("Weibull"), "exponential": say("exponential"), "lognormal": say("lognormal"),
        "loglogistic": say("log-logistic"), "normal": say("normal distribution"), "logistic": say("logistic"),
        "smallest_value": say("smallest value"), "weibull_3": say("Weibull with a bound"),
        "lognormal_3": say("lognormal with a bound"),
    }.get(name, name)  # fmt: skip


def _named(name: str, say: Words) -> str:
    if name == "MTBF":
        return say("mean life")
    if name.startswith("R("):
        return say("share that outlives {age}", age=name[2:-1])
    return name if name.startswith("B") else say(name)


def _with_unit(value: float, unit: str) -> str:
    return f"{number(value)} {unit}".strip()


def _subtitle(study: LifeStudy, say: Words) -> str:
    lives = study.lives
    told = [
        say("{n} units", n=f"{lives.units:,.10g}"), say("{n} failed", n=f"{lives.failures:,.10g}"),
        say("{n} still running", n=f"{float(lives.count[lives.running].sum()):,.10g}"),
    ]  # fmt: skip
    before, between = (float(lives.count[flags].sum()) for flags in (lives.before, lives.between))
    told += [say("{n} found failed at their first look", n=f"{before:,.10g}")] if before else []
    told += [say("{n} failed between two looks", n=f"{between:,.10g}")] if between else []
    return " · ".join(told)


def _figures(study: LifeStudy, say: Words) -> Figures:
    lives, fit = study.lives, study.fit
    rows = [Figure(say("family of distributions"), law_name(fit.law.name, say), tone="quiet" if fit.reason else "")]
    for one in study.figures:
        unit = _unit_of(one.name, lives.unit)
        note = say(one.reason) if one.value is None else f"{level_text(say, study.level)} {_ends(one)}"
        rows.append(Figure(_named(one.name, say), number(one.value), unit, note, "quiet" if one.value is None else ""))
    if study.curve is not None:
        median = study.curve.life(0.5)
        low, high = (_NONE if end is None else number(end, 4) for end in (median.low, median.high))
        note = say(median.reason) if median.reason else f"{level_text(say, study.level)} {low} … {high}"
        label = say("median life, without a family")
        rows.append(Figure(label, number(median.value), lives.unit, note, "quiet" if median.value is None else ""))
    return Figures(tuple(rows))


def _unit_of(name: str, unit: str) -> str:
    return "" if name in {"shape", "log mean", "log sd"} or name.startswith("R(") else unit


def _ends(one: LifeFigure) -> str:
    if one.low is None and one.high is None:
        return _NONE
    return f"{number(one.low, 4)} … {number(one.high, 4)}"


def _table(figures: Sequence[LifeFigure], say: Words, level: float, unit: str) -> Grid:
    heads = (
        say("figure"), say("value"), say("unit"), level_text(say, level), say("method"), say("by Fisher information"),
        say("why not"),
    )  # fmt: skip
    rows = [
        (
            _named(one.name, say), number(one.value), _unit_of(one.name, unit), _ends(one), say(one.method),
            span(*one.fisher) if one.fisher else _NONE, say(one.reason) if one.reason else "",
        )
        for one in figures
    ]  # fmt: skip
    return Grid(heads, tuple(rows), title=say("Figures with intervals"), numbers=frozenset({1}))


def _families(study: LifeStudy, say: Words) -> Grid:
    heads = (say("family of distributions"), say("parameters"), say("log-likelihood"), "AICc", say("how, or why not"))
    rows, tones = [], {}
    for at, one in enumerate(study.fits):
        named = ", ".join(f"{say(name)} {number(value)}" for name, value in one.named.items())
        chosen = one.law.name == study.fit.law.name
        value = None if one.reason else one.log_likelihood
        told = say(one.reason) if one.reason else say("chosen") if chosen else ""
        rows.append((law_name(one.law.name, say), named, percent(value, 3), percent(one.aicc, 2), told))
        if one.reason:
            tones[at] = "quiet"
        elif chosen:
            tones[at] = "good"
    return Grid(heads, tuple(rows), title=say("Families of distributions"), numbers=frozenset({2, 3}), tones=tones)


def _modes(study: LifeStudy, say: Words) -> list[Block]:
    if study.modes is None:
        return []
    shares = [one.name for one in study.modes.modes[0].figures if one.name.startswith("B")] if study.modes.modes else []
    first = shares[0] if shares else "B10"
    share = float(first[1:]) / 100
    heads = (
        say("mode of failure"), say("failed"), say("parameters"), f"{first} {study.lives.unit}".strip(),
        level_text(say, study.level), say("{figure} of the unit without it", figure=first),
        say("failed of it in all [%]"), say("why not"),
    )  # fmt: skip
    whole = study.modes.quantile(share)
    seen = {one.mode: one for one in study.incidences}
    rows = []
    for one in study.modes.modes:
        named = ", ".join(f"{say(name)} {number(value)}" for name, value in one.fit.named.items())
        figure = next((own for own in one.figures if own.name == first), None)
        without = study.modes.quantile(share, without=[one.name])
        known = seen.get(one.name)
        rows.append((
            one.name, f"{one.failures:g}", named, number(None if figure is None else figure.value),
            _NONE if figure is None else _ends(figure), number(without),
            percent(None if known is None or not len(known.share) else 100 * float(known.share[-1]), 1),
            say(one.fit.reason) if one.fit.reason else "",
        ))  # fmt: skip
    told: list[Block] = [Grid(heads, tuple(rows), title=say("Modes of failure"), numbers=frozenset({1, 3, 5, 6}))]
    if whole is not None:
        text = say("All modes together: {figure} {life}", figure=first, life=_with_unit(whole, study.lives.unit))
        told.append(Note(text))
    return told


# ---------------------------------------------------------------- pictures


def _curve_text(study: LifeStudy, say: Words) -> str:
    curve = study.curve
    if curve is None or not len(curve.ages):
        return ""
    age, left = float(curve.ages[-1]), float(curve.surviving[-1])
    text = say("{share} % outlive {age}", share=percent(100 * left, 1), age=_with_unit(age, study.lives.unit))
    return f"{say(curve.method)}: {text}"


def curve_svg(study: LifeStudy, say: Words, *, width: int = 980, height: int = 320) -> str:
    """The step curve with its band, and the fitted family."""
    lives, curve = study.lives, study.curve
    if curve is None:
        return ""
    last = float(np.where(np.isfinite(lives.high), lives.high, lives.low).max())
    label = f"{lives.name} [{lives.unit}]" if lives.unit else lives.name
    plot = Plot(
        x=(0, last * 1.05), y=(0, 1.02), width=width, height=height, x_label=label, y_label=say("share that survives"),
        title=say("Units that outlive an age"),
    )  # fmt: skip
    ages = np.concatenate(([0.0], curve.ages, [last]))
    if curve.method == "Turnbull":  # not known inside the intervals: two steps, at their earlier and later ends
        early = np.concatenate(([0.0], curve.since, [last]))
        plot.line(early, _stepped(curve.surviving), "quiet", step=True, dash="3 3")
    for band in (curve.low, curve.high):
        if np.isfinite(band).any():
            plot.line(ages, _stepped(band), "quiet", step=True, dash="3 3")
    plot.line(ages, _stepped(curve.surviving), "ink", step=True, name=say(curve.method))
    if not study.fit.reason:
        at = np.linspace(last * 1e-6, last * 1.05, 240)
        plot.line(at, study.fit.surviving(at), "accent", name=law_name(study.fit.law.name, say))
    still = lives.low[lives.running]
    if 0 < len(still) <= 200:
        plot.dots(still, [curve.at(float(one)) for one in still], "third", hollow=True)
    return plot.svg()


def _stepped(values: Floats) -> Floats:
    return np.concatenate(([1.0], values, values[-1:] if len(values) else [1.0]))


def paper_svg(study: LifeStudy, say: Words, *, width: int = 980, height: int = 340) -> str:
    """Failed share against life, both on the scales on which the family is a straight line."""
    fit, curve, lives = study.fit, study.curve, study.lives
    if curve is None or fit.reason or not len(curve.ages):
        return ""
    before = np.concatenate(([1.0], curve.surviving[:-1]))
    failed = 1 - (before + curve.surviving) / 2  # the middle of each step, as Meeker and Escobar plot it
    y = fit.law.scale(curve.ages, fit.threshold)
    z = np.array([fit.law.quantile(float(one)) if 0 < one < 1 else math.nan for one in failed])
    kept = np.isfinite(y) & np.isfinite(z)
    y, z = y[kept], z[kept]
    if not len(y):
        return ""
    ends = (float(z.min()), float(z.max()))
    line_y = [
        fit.place + fit.width * end
        for end in (min(ends[0], fit.law.quantile(0.05)), max(ends[1], fit.law.quantile(0.7)))
    ]
    low, high = min(float(y.min()), line_y[0]), max(float(y.max()), line_y[1])
    room = 0.05 * (high - low) or 1.0
    x, top = (
        (low - room, high + room),
        (min(ends[0], fit.law.quantile(0.05)) - 0.3, max(ends[1], fit.law.quantile(0.7)) + 0.3),
    )
    ticks = [
        (fit.law.quantile(one), f"{100 * one:g} %")
        for one in _PAPER_SHARES
        if top[0] <= fit.law.quantile(one) <= top[1]
    ]
    label = f"{lives.name} [{lives.unit}]" if lives.unit else lives.name
    title = say("Probability paper: {family}", family=law_name(fit.law.name, say))
    plot = Plot(
        x=x, y=top, width=width, height=height, x_label=label, y_label=say("failed"), y_ticks=ticks,
        x_ticks=_life_ticks(fit.law, x, fit.threshold), title=title,
    )  # fmt: skip
    plot.line(list(x), [(end - fit.place) / fit.width for end in x], "accent")
    for ends_y in _bands(fit, study.level, top):
        inside = (ends_y[0] >= x[0]) & (ends_y[0] <= x[1])
        plot.line(np.where(inside, ends_y[0], math.nan), ends_y[1], "quiet", dash="3 3")
    plot.dots(y, z, "ink")
    return plot.svg()


def _bands(fit: LifeFit, level: float, top: tuple[float, float]) -> list[tuple[Floats, Floats]]:
    """Fisher's band of the life at each share, on the scale of the law."""
    if fit.law.bounded or not len(fit.covariance):
        return []
    from scipy import special

    z = np.linspace(*top, 60)
    slope = np.zeros_like(z) if len(fit.covariance) == 1 else z * fit.width
    c = fit.covariance if len(fit.covariance) > 1 else np.array([[float(fit.covariance[0, 0]), 0.0], [0.0, 0.0]])
    half = float(special.ndtri(0.5 + level / 2)) * np.sqrt(c[0, 0] + 2 * slope * c[0, 1] + slope**2 * c[1, 1])
    middle = fit.place + fit.width * z
    return [(middle - half, z), (middle + half, z)]


def _life_ticks(law: Law, x: tuple[float, float], threshold: float) -> list[tuple[float, str]] | None:
    """Round lives along a logarithmic axis; None where it is not one."""
    if not law.log:
        return None
    for steps in ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 5, 7), tuple(1 + 0.2 * k for k in range(45))):
        found = [
            (math.log(step * 10.0**power), f"{threshold + step * 10.0**power:,.10g}")
            for power in range(math.floor(x[0] / math.log(10)), math.ceil(x[1] / math.log(10)) + 1)
            for step in steps
            if x[0] <= math.log(step * 10.0**power) <= x[1]
        ]
        if len(found) >= 4:
            return found
    return None


# ---------------------------------------------------------------- growth and plans


def growth_sheet(result: Growth, say: Words, times: Floats, counts: Floats | None, source: str) -> Sheet:
    """The sheet of the failures of one repaired system."""
    level = level_text(say, result.level)
    better = result.shape_span[1] < 1
    worse = result.shape_span[0] > 1
    said = (
        say("failures become rarer") if better else say("failures become oftener") if worse else say("no trend shown")
    )
    tone = "good" if better else "bad" if worse else "doubt"
    until = say("watched until {end}", end=_with_unit(result.end, result.unit))
    rows = [
        Figure(say("state"), said, note=say("p of no trend: {p}", p=chance(result.trend)), tone=tone),
        Figure(say("exponent"), number(result.shape), note=f"{level} {span(*result.shape_span)}"),
        Figure(
            say("time between failures at the end"), number(result.mtbf), result.unit,
            f"{level} {span(*result.mtbf_span)}",
        ),
        Figure(say("failures"), f"{result.failures:,}", note=until),
    ]  # fmt: skip
    if result.unbiased is not None:
        rows.insert(2, Figure(say("exponent without bias"), number(result.unbiased)))
        rows.append(Figure(say("time between failures, without bias"), number(result.mtbf_unbiased), result.unit))
    if result.misfit is not None:
        name = "χ²" if counts is not None else say("Cramér-von Mises distance")
        rows.append(Figure(name, number(result.misfit, 4), note=f"p {chance(result.chance)}"))
    order = np.sort(times)
    seen = np.cumsum(counts) if counts is not None else np.arange(1.0, len(order) + 1)
    label = f"{say('running time')} [{result.unit}]" if result.unit else say("running time")
    plot = Plot(
        x=(0, result.end * 1.03), y=(0, 1.1 * max(float(seen[-1]), 1.0)), x_label=label, y_label=say("failures"),
        title=say("Failures in time"),
    )  # fmt: skip
    at = np.linspace(0, result.end, 200)
    plot.line(at, result.expected(at), "accent", name=say("power law"))
    plot.line(np.concatenate(([0.0], order, [result.end])), np.concatenate(([0.0], seen, seen[-1:])), "ink", step=True)
    text = say(
        "{n} failures seen, {m} expected by the law", n=result.failures, m=number(float(result.expected(result.end)), 4)
    )
    blocks: list[Block] = [Figures(tuple(rows)), *(Note(say(note), "doubt") for note in result.notes)]
    blocks.append(Picture(plot.svg(), say("Failures in time"), text))
    made = provenance(say, source, len(times), 0, "MIL-HDBK-189C; IEC 61164:2004")
    return Sheet(say("Reliability growth"), "", tuple(blocks), made)


def unit_plan_sheet(
    plans: Sequence[UnitPlan], reliability: float, confidence: float, shape: float | None, say: Words
) -> Sheet:
    """Units to test to prove a reliability."""
    heads = (
        say("failures allowed"), say("units"), say("test length, in lives to be proved"), say("confidence shown [%]"),
        say("chance to pass [%]"),
    )  # fmt: skip
    rows = tuple(
        (
            str(one.failures), f"{one.units:,}", number(one.ratio, 4), percent(100 * one.shown, 2),
            _NONE if one.passing is None else percent(100 * one.passing, 2),
        )
        for one in plans
    )  # fmt: skip
    title = say("Test to prove that {share} % survive", share=f"{100 * reliability:g}")
    told = [say("confidence {level} %", level=f"{100 * confidence:g}")]
    told += [say("Weibull shape {shape}", shape=f"{shape:g}")] if shape else []
    made = {say("method"): "binomial; IEC 61649:2008"}
    return Sheet(title, " · ".join(told), (Grid(heads, rows, title=say("Plans"), numbers=frozenset(range(5))),), made)


def mean_plan_sheet(plans: Sequence[MeanPlan], mean: float, better: float | None, unit: str, say: Words) -> Sheet:
    """Length of a test to prove a mean life."""
    heads = (
        say("failures allowed"), say("life of all units together") + (f" [{unit}]" if unit else ""),
        say("chance to accept the worse [%]"), say("chance to reject the better [%]"),
    )  # fmt: skip
    rows = tuple(
        (
            str(one.failures), number(one.total, 6), percent(100 * one.consumer, 2),
            _NONE if one.producer is None else percent(100 * one.producer, 2),
        )
        for one in plans
    )  # fmt: skip
    title = say("Test to prove a mean life of {life}", life=_with_unit(mean, unit))
    told = say("constant failure rate")
    if better is not None:
        told += " · " + say("better mean life {life}", life=_with_unit(better, unit))
    made = {say("method"): "MIL-HDBK-781A"}
    return Sheet(title, told, (Grid(heads, rows, title=say("Plans"), numbers=frozenset(range(4))),), made)
