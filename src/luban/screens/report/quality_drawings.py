"""Drawings of experiments: half-normal plot, main effects, response along a factor, residuals."""

from __future__ import annotations

import numpy as np

from luban.decide.improve.analysis import Analysis
from luban.decide.improve.effects import Effects, half_normal, normal_scores
from luban.screens.i18n import Words
from luban.screens.report.plot import Plot
from luban.screens.report.sheet import Block, Picture
from luban.understand.quality.data import Floats

__all__ = ["effect_picture", "half_normal_picture", "residual_pictures", "response_picture"]


def _room(values: Floats, share: float = 0.08) -> tuple[float, float]:
    low, high = float(np.min(values)), float(np.max(values))
    wide = (high - low) or abs(high) or 1.0
    return low - share * wide, high + share * wide


def _named(name: str, unit: str) -> str:
    return f"{name} [{unit}]" if unit else name


def half_normal_picture(of: Effects, unit: str, say: Words) -> list[Block]:
    """Sizes of effects against half-normal scores: what lies off the line through the small ones is real."""
    if len(of.names) < 3:
        return []
    names, scores, sizes = half_normal(of)
    title = say("Half-normal plot of effects")
    plot = Plot(x=(0, float(scores[-1]) * 1.1), y=_room(np.append(sizes, 0.0)), height=320, title=title,
                x_label=say("half-normal score"), y_label=_named(say("size of effect"), unit))  # fmt: skip
    if np.isfinite(of.pseudo):
        plot.line([0, float(scores[-1])], [0, of.pseudo * float(scores[-1])], "centre")
    if np.isfinite(of.margin):
        plot.level(of.margin, say("margin of error"), "limit", dash="5 4")
    real = sizes > of.margin
    plot.dots(scores[~real], sizes[~real], "quiet", titles=[n for n, r in zip(names, real, strict=True) if not r])
    plot.dots(scores[real], sizes[real], "good", titles=[n for n, r in zip(names, real, strict=True) if r])
    for name, score, size in list(zip(names, scores.tolist(), sizes.tolist(), strict=True))[-6:]:
        plot.text(score, size, f" {name}")
    return [Picture(plot.svg(), title, say("stand out: {names}", names=", ".join(of.active) or "–"))]


def effect_picture(result: Analysis, say: Words) -> list[Block]:
    """Mean response at each setting of each factor in the model."""
    shown = [f for f in result.trials.factors if f.name in result.fit.model.factors][:8]
    if not shown or shown[0].mixture:
        return []
    y = result.fit.y
    ticks: list[tuple[float, str]] = []
    means: list[tuple[list[float], list[float]]] = []
    at = 0.0
    for factor in shown:
        column = result.trials.settings[:, [f.name for f in result.trials.factors].index(factor.name)]
        levels = np.unique(np.round(column, 9))
        places = (at + np.arange(len(levels)) / max(len(levels) - 1, 1)).tolist()
        means.append((places, [float(y[np.abs(column - v) < 1e-6].mean()) for v in levels]))
        ticks.append((at + 0.5, factor.name))
        at += 1.6
    every = np.array([v for _, values in means for v in values])
    title = say("Mean response at each setting")
    plot = Plot(x=(-0.3, at - 0.3), y=_room(every), height=280, title=title, x_ticks=ticks,
                y_label=_named(result.response, result.unit))  # fmt: skip
    plot.level(float(y.mean()), say("mean"), "centre")
    for places, values in means:
        plot.line(places, values, "accent")
        plot.dots(places, values, "accent")
    return [Picture(plot.svg(), title, say("from low to high, factor by factor"))]


def response_picture(result: Analysis, say: Words) -> list[Block]:
    """Predicted response along the strongest factor, at low, middle and high of the second, with its interval."""
    names = [
        f.name for f in result.trials.factors if f.numeric and not f.mixture and f.name in result.fit.model.factors
    ]
    if not names or any(len(f.levels) > 2 for f in result.trials.factors) or "block" in result.fit.model.factors:
        return []
    weight = {n: sum(abs(c) for c, o in zip(result.fit.coefficients, result.fit.owners, strict=True)
                     if n in result.fit.model.terms[o].powers) for n in names}  # fmt: skip
    names = sorted(names, key=lambda n: -weight[n])[:2]
    others = {n: (result.best.settings.get(n, 0.0) if result.best else 0.0) for n in result.fit.model.factors}
    factor = {f.name: f for f in result.trials.factors}
    column = result.trials.settings[:, [f.name for f in result.trials.factors].index(names[0])]
    grid = np.linspace(float(column.min()), float(column.max()), 41)
    natural = np.array([float(factor[names[0]].natural(v)) for v in grid])
    lines = []
    for second, tone in ((-1.0, "second"), (0.0, "quiet"), (1.0, "accent")) if len(names) > 1 else ((0.0, "accent"),):
        at = {n: np.full(41, v) for n, v in others.items()} | {names[0]: grid}
        if len(names) > 1:
            at[names[1]] = np.full(41, second)
        mean, half, _ = result.fit.predict(at, result.level)
        told = (
            f"{names[1]} = {float(factor[names[1]].natural(second)):g} {factor[names[1]].unit}"
            if len(names) > 1
            else ""
        )
        lines.append((mean, half, tone, told.strip()))
    every = np.concatenate([np.concatenate([m - np.nan_to_num(h), m + np.nan_to_num(h)]) for m, h, _, _ in lines])
    title = say("Predicted response")
    below = _named(names[0], factor[names[0]].unit)
    plot = Plot(x=(float(natural[0]), float(natural[-1])), y=_room(every), height=300, title=title, x_label=below,
                y_label=_named(result.response, result.unit))  # fmt: skip
    for mean, half, tone, told in lines:
        plot.line(natural, mean, tone, name=told)
        plot.line(natural, mean - half, tone, dash="3 4")
        plot.line(natural, mean + half, tone, dash="3 4")
    rest = ", ".join(f"{n} = {float(factor[n].natural(v)):g}" for n, v in others.items()
                     if n not in names and factor[n].numeric)  # fmt: skip
    told = say("dashed: {level} % interval of the mean", level=f"{100 * result.level:g}")
    return [Picture(plot.svg(), title, f"{told}; {rest}" if rest else told)]


def residual_pictures(result: Analysis, say: Words) -> list[Block]:
    """What is left over against the fit, and against normal scores."""
    one = result.fit
    if one.df_residual < 2 or one.ss_residual <= 0:
        return []
    titles = [str(i + 1) for i in range(one.n)]
    unit = result.unit
    first = say("Residuals against the fit")
    plot = Plot(x=_room(one.fitted), y=_room(one.residuals, 0.15), height=240, title=first,
                x_label=_named(say("fitted"), unit), y_label=_named(say("residual"), unit))  # fmt: skip
    plot.level(0.0, "", "centre")
    plot.dots(one.fitted, one.residuals, "ink", titles=titles)
    second = say("Residuals against normal scores")
    order = np.argsort(one.residuals)
    scores = normal_scores(one.n)
    line = Plot(x=_room(scores), y=_room(one.residuals, 0.15), height=240, title=second, x_label=say("normal score"),
                y_label=_named(say("residual"), unit))  # fmt: skip
    line.line(scores, scores * float(one.residuals.std()), "centre")
    line.dots(scores, one.residuals[order], "ink", titles=[titles[i] for i in order])
    worst = int(np.argmax(np.abs(one.residuals)))
    told = say("largest: run {run}", run=worst + 1)
    return [Picture(plot.svg(), first, told), Picture(line.svg(), second, told)]
