"""Drawings of experiments: half-normal plot, main effects, response along a factor, residuals."""

from __future__ import annotations

import numpy as np

from luban.decide.improve.analysis import Analysis
from luban.decide.improve.design import Factor
from luban.decide.improve.effects import Effects, half_normal, normal_scores
from luban.screens.i18n import Words
from luban.screens.report.plot import Plot
from luban.screens.report.sheet import Block, Picture
from luban.understand.quality.data import Floats

__all__ = ["contour_picture", "effect_picture", "half_normal_picture", "residual_pictures", "response_picture"]


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
    names = _strongest(result)
    if not names:
        return []
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


def contour_picture(result: Analysis, say: Words) -> list[Block]:
    """Lines of equal predicted response over the two strongest factors, all others at their best or middle."""
    names, factor = _strongest(result), {f.name: f for f in result.trials.factors}
    if len(names) < 2:
        return []
    order = [f.name for f in result.trials.factors]
    used = {n: result.trials.settings[:, order.index(n)] for n in names}
    grids = [np.linspace(float(c.min()), float(c.max()), 41) for c in used.values()]
    a, b = np.meshgrid(*grids, indexing="ij")
    others = {n: (result.best.settings.get(n, 0.0) if result.best else 0.0) for n in result.fit.model.factors}
    at = {n: np.full(a.size, v) for n, v in others.items()} | {names[0]: a.ravel(), names[1]: b.ravel()}
    height = result.fit.predict(at)[0].reshape(a.shape)
    xs, ys = (_natural(factor[n], g) for n, g in zip(names, grids, strict=True))
    title = say("Predicted response, lines of equal value")
    labels = [_named(n, factor[n].unit) for n in names]
    plot = Plot(x=(float(xs[0]), float(xs[-1])), y=(float(ys[0]), float(ys[-1])), height=420, title=title,
                x_label=labels[0], y_label=labels[1])  # fmt: skip
    for level in _round_levels(float(height.min()), float(height.max())):
        px, py = _lines(xs, ys, height, level)
        if len(px):
            plot.line(px, py, "accent")
            plot.text(float(px[0]), float(py[0]), f" {level:g}")
    first, second = (_natural(factor[n], used[n]) for n in names)
    plot.dots(first, second, "quiet", hollow=True, titles=[f"{v:.6g}" for v in result.fit.y])
    if result.best is not None:
        top, right = (_natural(factor[n], np.array([others[n]])) for n in names)
        plot.dots(top, right, "good", titles=[f"{result.best.value:.5g}"])
    told = say("rings: runs") + (("; " + say("full dot: best settings")) if result.best else "")
    return [Picture(plot.svg(), title, told)]


def _natural(factor: Factor, coded: Floats) -> Floats:
    return np.array([float(factor.natural(v)) for v in coded.tolist()])


def _strongest(result: Analysis) -> list[str]:
    """The two factors with a scale that move the prediction most; none where a map would mislead."""
    one = result.fit
    if any(len(f.levels) > 2 for f in result.trials.factors) or "block" in one.model.factors:
        return []
    names = [f.name for f in result.trials.factors if f.numeric and not f.mixture and f.name in one.model.factors]
    terms = [one.term(i).powers for i in range(len(one.names))]
    weight = {n: sum(abs(c) for c, t in zip(one.coefficients, terms, strict=True) if n in t) for n in names}
    return sorted(names, key=lambda n: -weight[n])[:2]


def _round_levels(low: float, high: float, about: int = 8) -> list[float]:
    """Round values between two ends."""
    if not high > low:
        return []
    rough = (high - low) / about
    size = 10.0 ** np.floor(np.log10(rough))
    step = float(size * next(m for m in (1, 2, 5, 10) if m * size >= rough))
    return [round(step * k, 12) for k in range(int(np.ceil(low / step)), int(np.floor(high / step)) + 1)]


def _lines(xs: Floats, ys: Floats, height: Floats, level: float) -> tuple[Floats, Floats]:
    """Pieces of the line at one level, cell by cell, with a gap (nan) between two pieces."""
    out: list[tuple[float, float]] = []
    above = np.where(height == level, 1e-12, height - level)
    side = np.sign(above)
    mixed = np.abs(side[:-1, :-1] + side[1:, :-1] + side[1:, 1:] + side[:-1, 1:]) < 4
    corners = ((0, 0), (1, 0), (1, 1), (0, 1))
    for i, j in np.argwhere(mixed).tolist():
        cuts = []
        for (ai, aj), (bi, bj) in zip(corners, corners[1:] + corners[:1], strict=True):
            u, v = float(above[i + ai, j + aj]), float(above[i + bi, j + bj])
            if u * v < 0:
                t = u / (u - v)
                x, y = xs[i + ai] + t * (xs[i + bi] - xs[i + ai]), ys[j + aj] + t * (ys[j + bj] - ys[j + aj])
                cuts.append((float(x), float(y)))
        for pair in (cuts[:2], cuts[2:4]):
            if len(pair) == 2:
                out += [*pair, (float("nan"), float("nan"))]
    made = np.array(out) if out else np.zeros((0, 2))
    return made[:, 0], made[:, 1]


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
