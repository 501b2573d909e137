"""Gauge studies as sheets: repeatability and reproducibility, bias and linearity, stability, levels, agreement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from luban.screens.i18n import Words
from luban.screens.report.plot import Plot
from luban.screens.report.quality_words import chance, given, left_out, level_text, number, percent, provenance, span
from luban.screens.report.sheet import Block, Figure, Figures, Grid, Note, Picture, Sheet
from luban.understand.quality.agreement import Agreement, Kappa, Matched
from luban.understand.quality.gauge_study import (
    Bias,
    Coefficient,
    GaugeStability,
    GaugeStudy,
    LevelStudy,
    Linearity,
    Readings,
)
from luban.understand.quality.gauge_study.components import Table

__all__ = ["Study", "gauge_sheet"]

Study = GaugeStudy | Linearity | GaugeStability | LevelStudy | Agreement | Sequence[Bias]
_AIAG = "AIAG, Measurement Systems Analysis, 4th edition (2010)"
_NIST = "NIST/SEMATECH e-Handbook 2.4"
_MOST_PARTS = 60


def gauge_sheet(study: Study, say: Words) -> Sheet:
    """The sheet of any gauge study."""
    if isinstance(study, GaugeStudy):
        return _repeatability(study, say)
    if isinstance(study, Linearity):
        return _linearity(study, say)
    if isinstance(study, GaugeStability):
        return _stability(study, say)
    if isinstance(study, LevelStudy):
        return _levels(study, say)
    if isinstance(study, Agreement):
        return _agreement(study, say)
    return _biases(study, say)


def _verdict(verdict: str, say: Words) -> str:
    return {"good": say("good"), "doubt": say("in doubt"), "bad": say("not good")}[verdict]


# ---------------------------------------------------------------- repeatability and reproducibility


def _source_name(source: str, say: Words) -> str:
    return {
        "repeatability": say("repeatability (gauge)"), "reproducibility": say("reproducibility (people)"),
        "operator": say("operator"), "interaction": say("operator × part"), "gauge": say("gauge R&R"),
        "part": say("part"), "total": say("total"), "repeat": say("repeatability (gauge)"),
    }.get(source, source)  # fmt: skip


def _repeatability(study: GaugeStudy, say: Words) -> Sheet:
    own, gauge = study.readings, study.of("gauge")
    method = {
        "anova crossed": say("crossed, by analysis of variance"),
        "anova nested": say("nested, by analysis of variance"),
        "average and range": say("by averages and ranges"),
    }[study.method]  # fmt: skip
    rows = [
        Figure(
            say("verdict"),
            _verdict(study.verdict, say),
            note=say("good below 10 %, in doubt up to 30 %"),
            tone=study.verdict,
        ),
        Figure(say("gauge R&R of the study"), percent(gauge.study), "%", span(gauge.study_low, gauge.study_high)),
    ]
    if gauge.tolerance is not None:
        ends = span(gauge.tolerance_low, gauge.tolerance_high)
        rows.append(Figure(say("gauge R&R of the tolerance"), percent(gauge.tolerance), "%", ends))
    categories = f"{number(study.categories, 4)}; {span(study.ndc_low, study.ndc_high)}"
    rows.append(
        Figure(say("distinct categories"), str(study.ndc), note=categories, tone="" if study.ndc >= 5 else "doubt")
    )
    counted = say("{parts} parts, {operators} operators", parts=len(own.parts), operators=len(own.operators))
    rows.append(Figure(say("readings"), f"{study.used:,}", note=counted))
    blocks: list[Block] = [Figures(tuple(rows)), *(Note(say(note), "doubt") for note in study.notes)]
    blocks += [_sources(study, say), *_tables(study, say)]
    blocks.append(Picture(_readings_svg(own, say), say("Readings by part and operator"), counted))
    blocks += left_out(say, own.excluded)
    title = say("Gauge study of {name}", name=own.characteristic)
    return Sheet(title, method, tuple(blocks), provenance(say, own.source, study.used, len(own.excluded), _AIAG))


def _sources(study: GaugeStudy, say: Words) -> Grid:
    unit = f" [{study.readings.unit}]" if study.readings.unit else ""
    interval = level_text(say, study.level)
    heads = [
        say("source of variation"), say("variance"), say("standard deviation") + unit, interval,
        say("of the variance [%]"),
        say("of the study [%]"), interval,
    ]  # fmt: skip
    given = study.of("gauge").tolerance is not None
    heads += [say("of the tolerance [%]"), interval] if given else []
    rows, tones = [], {}
    for at, one in enumerate(study.sources):
        told = [
            _source_name(one.source, say), number(one.variance), number(one.sd), span(one.sd_low, one.sd_high),
            percent(one.contribution), percent(one.study), span(one.study_low, one.study_high),
        ]  # fmt: skip
        told += [percent(one.tolerance), span(one.tolerance_low, one.tolerance_high)] if given else []
        rows.append(tuple(told))
        if one.source in {"operator", "interaction"}:
            tones[at] = "quiet"
        if one.source == "gauge":
            tones[at] = study.verdict
    numbers = frozenset({1, 2, 4, 5, 7})
    return Grid(tuple(heads), tuple(rows), title=say("Sources of variation"), numbers=numbers, tones=tones)


def _tables(study: GaugeStudy, say: Words) -> list[Block]:
    blocks: list[Block] = []
    if study.table is not None:
        blocks.append(_anova(study.table, say("Analysis of variance"), say))
    if study.pooled is not None:
        blocks.append(_anova(study.pooled, say("Analysis of variance without the interaction"), say))
    return blocks


def _anova(table: Table, title: str, say: Words) -> Grid:
    heads = (say("source of variation"), say("degrees of freedom"), say("sum of squares"), say("mean square"), "F", "p")
    rows = [
        (
            _source_name(line.term, say), str(line.degrees), number(line.squares, 6), number(line.mean, 6),
            number(line.ratio, 6), chance(line.p),
        )
        for line in table.lines
    ]  # fmt: skip
    degrees = sum(line.degrees for line in table.lines)
    rows.append((say("total"), str(degrees), number(table.total, 6), "", "", ""))
    return Grid(heads, tuple(rows), title=title, numbers=frozenset({1, 2, 3, 4, 5}))


def _readings_svg(own: Readings, say: Words, *, width: int = 980, height: int = 300) -> str:
    """Every reading, a column for each part, an operator's readings beside those of the next."""
    shown = min(len(own.parts), _MOST_PARTS)
    keep = own.part < shown
    low, high = float(own.values[keep].min()), float(own.values[keep].max())
    room = 0.08 * (high - low) or 1.0
    label = f"{own.characteristic} [{own.unit}]" if own.unit else own.characteristic
    ticks = [(at + 0.5, own.parts[at]) for at in range(shown)]
    plot = Plot(
        x=(0, shown), y=(low - room, high + room), width=width, height=height, x_label=say("part"), y_label=label,
        x_ticks=ticks, title=say("Readings by part and operator"),
    )  # fmt: skip
    tones, several = ("accent", "second", "third", "centre", "doubt"), len(own.operators)
    for person, name in enumerate(own.operators):
        mine = keep & (own.operator == person)
        at = own.part[mine] + (person + 1) / (several + 1)
        plot.dots(at, own.values[mine], tones[person % len(tones)])
        parts = np.unique(own.part[mine])
        means = np.array([own.values[mine & (own.part == part)].mean() for part in parts])
        plot.line(parts + (person + 1) / (several + 1), means, tones[person % len(tones)], name=name)
    return plot.svg()


# ---------------------------------------------------------------- bias, linearity, stability


def _bias_grid(found: Sequence[Bias], title: str, level: float, say: Words, unit: str = "") -> Grid:
    own = f" [{unit}]" if unit else ""
    heads = (
        say("piece"), say("reference"), say("readings"), say("mean"), say("bias") + own,
        level_text(say, level), "t", "p",
        say("of tolerance or process [%]"), "Cg", "Cgk",
    )  # fmt: skip
    rows, tones = [], {}
    for at, one in enumerate(found):
        rows.append((
            say("all") if one.label == "average" else one.label, given(one.reference), str(one.n),
            number(one.mean, 7),
            number(one.bias), span(one.low, one.high), number(one.t, 4), chance(one.p), percent(one.share),
            number(one.cg, 3), number(one.cgk, 3),
        ))  # fmt: skip
        if one.p is not None and one.p < 1 - level:
            tones[at] = "bad"
    return Grid(heads, tuple(rows), title=title, numbers=frozenset({1, 2, 3, 4, 6, 7, 8, 9, 10}), tones=tones)


def _biases(found: Sequence[Bias], say: Words) -> Sheet:
    notes = dict.fromkeys(note for one in found for note in one.notes)
    blocks: list[Block] = [_bias_grid(found, say("Bias"), 0.95, say), *(Note(say(note), "doubt") for note in notes)]
    used = sum(one.n for one in found)
    return Sheet(say("Bias of a gauge"), "", tuple(blocks), provenance(say, "", used, 0, _AIAG))


def _linearity(study: Linearity, say: Words) -> Sheet:
    slope = study.slope
    level = 1 - study.level
    linear = slope.p is not None and slope.p < level
    lines = [_coefficient(say("intercept"), study.intercept), _coefficient(say("slope"), slope)]
    heads = ("", say("value"), say("standard error"), "t", "p", level_text(say, study.level))
    rows = [
        Figure(
            say("bias along the scale"), say("changes") if linear else say("does not change"),
            note=f"{say('slope')} {number(slope.value)}, p {chance(slope.p)}", tone="bad" if linear else "good",
        ),
        Figure(say("linearity"), number(study.linearity), study.unit, f"{percent(study.share)} %"),
        Figure("R²", percent(100 * study.r_squared, 1), "%"),
        Figure(say("spread about the line"), number(study.fit_sd), study.unit),
        Figure(say("a straight line fits"), f"p {chance(study.pure_p)}"),
    ]  # fmt: skip
    blocks: list[Block] = [
        Figures(tuple(rows)),
        Picture(_linearity_svg(study, say), say("Bias against the reference"), _line_text(study, say)),
        Grid(heads, tuple(lines), title=say("Line"), numbers=frozenset({1, 2, 3, 4})),
        _bias_grid((*study.levels, study.average), say("Bias at each reference"), study.level, say, study.unit),
        *left_out(say, study.excluded),
    ]  # fmt: skip
    made = provenance(say, study.source, study.used, len(study.excluded), _AIAG)
    return Sheet(say("Linearity of a gauge"), "", tuple(blocks), made)


def _line_text(study: Linearity, say: Words) -> str:
    """The line in words."""
    text = "{bias} = {intercept} + {slope} · {reference}"
    return text.format(
        bias=say("bias"), intercept=number(study.intercept.value), slope=number(study.slope.value),
        reference=say("reference")
    )  # fmt: skip


def _coefficient(name: str, one: Coefficient) -> tuple[str, ...]:
    return (name, number(one.value, 6), number(one.error), number(one.t, 4), chance(one.p), span(one.low, one.high))


def _linearity_svg(study: Linearity, say: Words) -> str:
    at = np.linspace(float(study.references.min()), float(study.references.max()), 60)
    line, low, high = study.band(at)
    means = np.array([one.bias for one in study.levels])
    ends = (float(min(low.min(), *means, 0.0)), float(max(high.max(), *means, 0.0)))
    room = 0.1 * (ends[1] - ends[0]) or 1.0
    plot = Plot(
        x=(float(at[0]), float(at[-1])), y=(ends[0] - room, ends[1] + room),
        x_label=say("reference"), y_label=say("bias"),
        title=say("Bias against the reference"),
    )  # fmt: skip
    plot.level(0.0, "0", "quiet", dash="4 3")
    plot.line(at, line, "accent", name=say("line"))
    plot.line(at, low, "limit", dash="4 3", name=level_text(say, study.level))
    plot.line(at, high, "limit", dash="4 3")
    plot.dots([one.reference for one in study.levels], means, "bad")
    return plot.svg()


def _stability(study: GaugeStability, say: Words) -> Sheet:
    from luban.screens.report.quality_spc import spc_sheet

    steady = study.judged.in_control
    said = {True: say("stable"), False: say("not stable"), None: say("not known")}[steady]
    rows = [Figure(say("state"), said, tone={True: "good", False: "bad", None: "doubt"}[steady])]
    if study.drift is not None:
        per = say("a day") if study.by_time else say("a sitting")
        rows.append(Figure(say("drift"), number(study.drift.value), f"{study.sample.unit} {per}".strip(),
                           f"{span(study.drift.low, study.drift.high)}, p {chance(study.drift.p)}"))  # fmt: skip
    blocks: list[Block] = [Figures(tuple(rows)), *(Note(say(note), "bad") for note in study.notes)]
    if study.bias is not None:
        blocks.append(_bias_grid([study.bias], say("Bias"), study.level, say, study.sample.unit))
    if study.judged.chart is not None:
        blocks += [block for block in spc_sheet(study.judged.chart, say).blocks if isinstance(block, Picture)]
    blocks += left_out(say, study.sample.excluded)
    made = provenance(say, study.sample.source, study.used, len(study.sample.excluded), _AIAG)
    return Sheet(say("Stability of a gauge"), study.sample.characteristic, tuple(blocks), made)


# ---------------------------------------------------------------- levels and agreement


def _levels(study: LevelStudy, say: Words) -> Sheet:
    names = {"repeat": say("within a sitting"), "day": say("from day to day"), "run": say("from run to run")}
    unit = f" [{study.unit}]" if study.unit else ""
    heads = (
        say("level"), say("standard deviation") + unit, level_text(say, study.level), say("degrees of freedom"),
        say("variance of this level alone"),
    )  # fmt: skip
    rows = [
        (names[one.name], number(one.sd, 6), span(one.low, one.high), str(one.degrees), number(one.own))
        for one in study.levels
    ]
    single = Figure(
        say("one future reading"), number(study.single, 6), study.unit,
        say("{n} degrees of freedom", n=number(study.degrees, 4))
    )  # fmt: skip
    grid = Grid(heads, tuple(rows), title=say("Levels"), numbers=frozenset({1, 3, 4}))
    blocks: list[Block] = [Figures((single,)), grid, *left_out(say, study.excluded)]
    made = provenance(say, study.source, study.used, len(study.excluded), _NIST)
    return Sheet(say("Gauge study in levels of time"), "", tuple(blocks), made)


def _agreement(study: Agreement, say: Words) -> Sheet:
    worst = max(study.verdicts.values(), key=("good", "doubt", "bad").index, default="")
    rows = []
    if worst:
        rows.append(Figure(say("verdict"), _verdict(worst, say), note=say("by the worst appraiser"), tone=worst))
    rows.append(Figure(say("all alike"), percent(100 * study.between.share, 1), "%", _matched_text(study.between)))
    if study.all_correct is not None:
        one = study.all_correct
        rows.append(Figure(say("all alike and right"), percent(100 * one.share, 1), "%", _matched_text(one)))
    counted = say("{parts} parts, {operators} operators", parts=study.parts, operators=len(study.appraisers))
    rows.append(Figure(say("judgements"), f"{study.used:,}", note=counted))
    blocks: list[Block] = [Figures(tuple(rows)), *(Note(say(note), "doubt") for note in study.notes)]
    blocks.append(_appraisers(study, say))
    if study.to_reference:
        blocks.append(_kappas(study.to_reference, say("Kappa against the reference"), study, say))
    if study.pairs:
        blocks.append(_kappas(study.pairs, say("Kappa between two appraisers"), study, say))
    if study.fleiss:
        blocks.append(_kappas(study.fleiss, say("Kappa of many judgements (Fleiss)"), study, say))
    blocks += left_out(say, study.excluded)
    made = provenance(say, study.source, study.used, len(study.excluded), _AIAG)
    return Sheet(say("Agreement of judgements"), study.characteristic, tuple(blocks), made)


def _matched_text(one: Matched) -> str:
    return f"{one.matched} / {one.of}; {span(100 * one.low, 100 * one.high, 3)}"


def _appraisers(study: Agreement, say: Words) -> Grid:
    heads = (
        say("appraiser"), say("alike with himself [%]"), say("right [%]"), say("missed [%]"), say("false alarms [%]"),
        say("verdict"),
    )  # fmt: skip
    within, correct = ({one.who: one for one in own} for own in (study.within, study.correct))
    rows, tones = [], {}
    for at, who in enumerate(study.appraisers):
        told = [_share(own, who) for own in (within, correct, study.missed, study.false_alarms)]
        verdict = study.verdicts.get(who, "")
        rows.append((who, *told, _verdict(verdict, say) if verdict else "–"))
        if verdict:
            tones[at] = verdict
    return Grid(heads, tuple(rows), title=say("Appraisers"), tones=tones)


def _share(own: Mapping[str, Matched], who: str) -> str:
    one = own.get(who)
    return "–" if one is None else f"{percent(100 * one.share, 1)} ({_matched_text(one)})"


def _kappas(found: Sequence[Kappa], title: str, study: Agreement, say: Words) -> Grid:
    heads = (say("who"), say("kappa"), level_text(say, study.level), "z", say("judged"), say("why not"))
    rows = [
        (say("all") if one.who == "all" else one.who, number(one.value, 4), span(one.low, one.high, 3),
         number(one.z, 4), str(one.n), say(one.reason))
        for one in found
    ]  # fmt: skip
    return Grid(heads, tuple(rows), title=title, numbers=frozenset({1, 3, 4}))
