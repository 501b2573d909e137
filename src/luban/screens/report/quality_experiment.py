"""Experiments as sheets: a plan, what its runs say, the best settings, the next trials, and a project's gain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

import numpy as np

from luban import __version__
from luban.core.time import iso
from luban.decide.improve.analysis import Analysis, alias_groups
from luban.decide.improve.bayes import Proposal
from luban.decide.improve.design import Design, Factor
from luban.decide.improve.factorial import aliases
from luban.decide.improve.plans import plan_table
from luban.decide.improve.project import Project, Verified
from luban.decide.improve.surface import Optimum
from luban.screens.i18n import Words
from luban.screens.report.quality_drawings import (
    contour_picture,
    effect_picture,
    half_normal_picture,
    residual_pictures,
    response_picture,
)
from luban.screens.report.quality_words import chance, left_out, level_text, number, provenance, span
from luban.screens.report.sheet import Block, Figure, Figures, Grid, Note, Sheet

__all__ = [
    "design_sheet", "experiment_sheet", "gain_figures", "joint_sheet", "phase_word", "project_sheet", "projects_sheet",
    "proposal_sheet", "settings_text", "verdict_word",
]  # fmt: skip

_NONE = "–"
_MOST_RUNS = 300


def design_sheet(design: Design, say: Words, responses: Sequence[str] = (), why: str = "") -> Sheet:
    """The plan of an experiment: its runs in the order in which to make them, and what it cannot tell apart.

    why  the reason for this design, as `recommend` gave it
    """
    figures = [Figure(say("runs"), f"{len(design):,}"), Figure(say("factors"), str(len(design.factors)))]
    figures += [Figure(say("design"), say(design.kind), note=say(why) if why else "")]
    if design.generators:
        figures.append(Figure(say("generators"), ", ".join(design.generators)))
    blocks: list[Block] = [Figures(tuple(figures))]
    blocks += [Note(say(note)) for note in design.notes]
    mixed = aliases(design) if design.words else ()
    if mixed:
        rows = [(" = ".join(group),) for group in mixed[:40]]
        blocks.append(Grid((say("effects that cannot be told apart"),), rows, title=say("Aliases")))
    heads, runs = plan_table(design, responses or (say("response"),))
    words = {"order": say("order"), "run": say("run"), "block": say("block")}
    cells = [tuple("" if v == "" else v if isinstance(v, str) else f"{float(v):.8g}" for v in run) for run in runs]
    blocks.append(
        Grid(
            tuple(words.get(h, h) for h in heads),
            tuple(cells[:_MOST_RUNS]),
            title=say("Runs in the order to make them"),
        )
    )
    made = {say("order by chance, seed"): str(design.seed), "luban": __version__}
    return Sheet(say("Plan of an experiment"), say(design.kind), tuple(blocks), made)


def experiment_sheet(result: Analysis, say: Words) -> Sheet:
    """What the runs of an experiment say about one response."""
    unit = result.unit
    blocks: list[Block] = [_fit_figures(result, say)]
    if result.best is not None:
        blocks.append(_best_figures(result, result.best, say))
    if result.climb:
        blocks.append(_climb(result, say))
    blocks += [Note(say(note), "doubt") for note in result.notes]
    blocks += [_coefficients(result, say), _table(result, say)]
    if result.effects is not None:
        blocks += [_effects(result, say), *half_normal_picture(result.effects, unit, say)]
    same = alias_groups(result.full)
    if same:
        rows = [(" = ".join((name, *others)),) for name, others in same.items()]
        blocks.append(Grid((say("effects that cannot be told apart"),), rows, title=say("Aliases")))
    blocks += [
        *effect_picture(result, say),
        *response_picture(result, say),
        *contour_picture(result, say),
        *residual_pictures(result, say),
    ]
    blocks.append(_findings(result, say))
    blocks += left_out(say, result.excluded)
    title = say("Experiment: {response}", response=result.response + (f" [{unit}]" if unit else ""))
    method = say("least squares; sums of squares of each term after those that do not contain it")
    return Sheet(title, say("model: {model}", model=str(result.fit.model)), tuple(blocks),
                 provenance(say, result.trials.source, result.used, len(result.excluded), method))  # fmt: skip


def _fit_figures(result: Analysis, say: Words) -> Figures:
    one, unit = result.fit, result.unit
    rows = [
        Figure(say("runs used"), f"{result.used:,}"),
        Figure("R²", number(one.r_squared, 4), note=say("share of the scatter that the model explains")),
        Figure(say("R² adjusted"), number(one.r_squared_adjusted, 4)),
        Figure(say("R² predicted"), number(one.r_squared_predicted, 4), note=say("each run foretold from the others")),
        Figure(say("residual standard deviation"), number(one.sigma, 5), unit,
               say("{n} degrees of freedom", n=one.df_residual)),
    ]  # fmt: skip
    if result.lack is not None and np.isfinite(result.lack.p):
        bad = result.lack.p < 1 - result.level
        text = say("the model misses something") if bad else say("no lack of fit is seen")
        rows.append(Figure(say("lack of fit, p"), chance(result.lack.p), note=text, tone="bad" if bad else "good"))
    if result.curvature is not None:
        p = result.curvature.p
        bent = np.isfinite(p) and p < 1 - result.level
        note = (
            say("the surface bends between the corners") if bent else say("no bend is seen") if np.isfinite(p) else ""
        )
        rows.append(Figure(say("corners less centre"), number(result.curvature.difference, 4), unit, note))
    return Figures(tuple(rows))


def _best_figures(result: Analysis, best: Optimum, say: Words) -> Figures:
    factors = {f.name: f for f in result.trials.factors}
    rows = []
    for name, value in result.natural(best.settings).items():
        note = ""
        if name in best.spread and factors[name].numeric:
            low, high = (factors[name].natural(v) for v in best.spread[name])
            text = span(float(low), float(high))
            note = say(
                "{level} % of the optima that the runs allow lie in {span}", level=f"{100 * best.level:g}", span=text
            )
        if name in best.at_bound:
            note = say("at the end of its range") + (f"; {note}" if note else "")
        rows.append(Figure(name, value if isinstance(value, str) else f"{value:.5g}", factors[name].unit, note))
    told = say("{level} %: mean {mean}, one new run {run}", level=f"{100 * best.level:g}",
               mean=span(best.value - best.half, best.value + best.half),
               run=span(best.value - best.half_run, best.value + best.half_run))  # fmt: skip
    if not np.isfinite(best.half):
        told = say("no interval: no degrees of freedom are left")
    rows.append(Figure(say("predicted {response}", response=result.response), number(best.value, 5), result.unit, told))
    return Figures(tuple(rows), title=say("Best settings"))


def _climb(result: Analysis, say: Words) -> Grid:
    """Settings on the way of steepest ascent, with what is predicted there."""
    factors = {f.name: f for f in result.trials.factors}
    names = list(result.climb[0])
    heads = [f"{n} [{factors[n].unit}]" if factors[n].unit else n for n in names]
    rows = []
    for point in result.climb:
        mean = float(result.fit.predict({n: np.array([v]) for n, v in point.items()})[0][0])
        rows.append((*(f"{v:.5g}" for v in result.natural(point).values()), number(mean, 5)))
    numbers = frozenset(range(len(names) + 1))
    title = say("Steepest way from the centre: make runs along it until it gets no better")
    return Grid((*heads, say("predicted {response}", response=result.response)), rows, title=title, numbers=numbers)


def _coefficients(result: Analysis, say: Words) -> Grid:
    one = result.fit
    free = one.df_residual > 0
    low, high = one.interval(result.level) if free else (one.t, one.t)
    columns = (one.names, one.coefficients, one.standard_errors, one.t, one.p, low, high)
    rows = [
        (name, number(value, 6), number(error, 4), number(t, 4), chance(p) if np.isfinite(p) else _NONE,
         span(a, b) if free else _NONE)
        for name, value, error, t, p, a, b in zip(*columns, strict=True)
    ]  # fmt: skip
    heads = (say("term"), say("coefficient"), say("standard error"), "t", "p", level_text(say, result.level))
    return Grid(heads, rows, title=say("Coefficients, factors coded -1 to 1"), numbers=frozenset({1, 2, 3, 4}))


def _table(result: Analysis, say: Words) -> Grid:
    def line(name: str, df: int, ss: float, ms: float, f: float, p: float) -> tuple[str, ...]:
        shown = chance(p) if np.isfinite(p) else _NONE
        return (name, str(df), number(ss, 6), number(ms, 6), number(f, 5), shown)

    rows = [
        line(say("residual") if r.source == "Residual" else r.source, r.df, r.ss, r.ms, r.f, r.p) for r in result.table
    ]
    lack = result.lack
    if lack is not None:
        nan = float("nan")
        rows += [line(say("lack of fit"), lack.lack_df, lack.lack_ss, lack.lack_ms, lack.f, lack.p),
                 line(say("pure error"), lack.pure_df, lack.pure_ss, lack.pure_ms, nan, nan)]  # fmt: skip
    heads = (say("source of scatter"), say("degrees of freedom"), say("sum of squares"), say("mean square"), "F", "p")
    return Grid(heads, rows, title=say("Analysis of variance"), numbers=frozenset({1, 2, 3, 4, 5}))


def _effects(result: Analysis, say: Words) -> Grid:
    one = result.effects
    if one is None:
        return Grid((), ())
    order = np.argsort(-np.abs(one.values))
    rows, tones = [], {}
    for place, at in enumerate(order.tolist()):
        real = abs(one.values[at]) > one.margin
        rows.append((one.names[at], number(one.values[at], 5), say("stands out") if real else _NONE))
        if real:
            tones[place] = "good"
    title = say("Effects from low to high; margin of error {margin} by Lenth's method", margin=number(one.margin, 4))
    return Grid((say("term"), say("effect"), ""), rows, title=title, numbers=frozenset({1}), tones=tones)


def _findings(result: Analysis, say: Words) -> Grid:
    words = {"outlier": say("outliers"), "influence": say("influence"), "order": say("order of running"),
             "normality": say("normality")}  # fmt: skip
    rows, tones = [], {}
    for place, one in enumerate(result.findings):
        told = say(one.text) + (": " + ", ".join(str(r + 1) for r in one.runs) if one.runs else "")
        rows.append((words.get(one.check, one.check), told, number(one.value, 4), number(one.limit, 4)))
        tones[place] = "doubt" if one.passed is None else "good" if one.passed else "bad"
    heads = (say("check"), say("finding"), say("figure"), say("limit"))
    return Grid(heads, rows, title=say("Checks of what the model leaves over"), numbers=frozenset({2, 3}), tones=tones)


def joint_sheet(fits: Sequence[Analysis], best: Optimum, say: Words) -> Sheet:
    """The settings that suit several responses at once."""
    factors = {f.name: f for one in fits for f in one.trials.factors}
    rows = []
    for name, value in best.settings.items():
        told = factors[name].natural(value)
        note = say("at the end of its range") if name in best.at_bound else ""
        rows.append(Figure(name, told if isinstance(told, str) else f"{told:.5g}", factors[name].unit, note))
    rows.append(Figure(say("overall desirability"), number(best.value, 4), note=say("1 is all that was wished for")))
    lines = []
    for one in fits:
        mean, half, run = best.predicted[one.response]
        lines.append((one.response, number(mean, 5), one.unit, span(mean - half, mean + half),
                      span(mean - run, mean + run), str(one.fit.model)))  # fmt: skip
    heads = (say("response"), say("predicted"), say("unit"), say("interval of the mean"),
             say("interval of one new run"), say("model"))  # fmt: skip
    blocks = (Figures(tuple(rows), title=say("Best settings")), Grid(heads, lines, numbers=frozenset({1})))
    used, gone = min(one.used for one in fits), sum(len(one.excluded) for one in fits)
    method = say("desirabilities of Derringer and Suich, their geometric mean made largest")
    return Sheet(say("Best settings for several responses"), "", blocks,
                 provenance(say, fits[0].trials.source, used, gone, method))  # fmt: skip


def proposal_sheet(
    proposals: Sequence[Proposal], factors: Sequence[Factor], say: Words, *, response: str, unit: str = "",
    source: str = "", used: int = 0, excluded: int = 0,
) -> Sheet:  # fmt: skip
    """The trials to make next."""
    heads = [f"{f.name} [{f.unit}]" if f.unit else f.name for f in factors]
    heads += [say("expected {response}", response=response), say("standard deviation"), say("gain to be expected"),
              say("chance that all limits are kept")]  # fmt: skip
    rows = [
        (*(v if isinstance(v, str) else f"{v:.5g}" for v in one.settings.values()), number(one.mean, 5),
         number(one.sd, 3), number(one.gain, 3), number(one.allowed, 3))
        for one in proposals
    ]  # fmt: skip
    best = next((one.best for one in proposals if one.best is not None), None)
    blocks: list[Block] = [
        Figures((Figure(say("best so far"), number(best, 5), unit),)) if best is not None else
        Note(say("No trial so far kept all limits; the next one looks for settings that do."), "doubt"),
        Grid(heads, rows, title=say("Trials to make next")),
    ]  # fmt: skip
    method = say("Gaussian process, expected improvement")
    return Sheet(say("Next trials"), response, tuple(blocks), provenance(say, source, used, excluded, method))


# ------------------------------------------------------------------ projects


def phase_word(say: Words, phase: str) -> str:
    """What a phase of a project is called."""
    return {"define": say("define"), "measure": say("measure"), "analyse": say("analyse"), "improve": say("improve"),
            "control": say("control"), "closed": say("closed")}.get(phase, phase)  # fmt: skip


def verdict_word(say: Words, verdict: str) -> str:
    """What a gain's verdict is called."""
    return {"better": say("better, verified"), "worse": say("worse"), "unclear": say("not verified"),
            "unknown": say("too little to say")}.get(verdict, verdict)  # fmt: skip


def gain_figures(found: Verified, say: Words) -> Figures:
    """What a change did, by the facts."""
    gain = found.gain
    tone = {"better": "good", "worse": "bad"}.get(gain.verdict, "doubt")
    share = gain.measure == "share"
    unit = "%" if share else gain.unit
    times = 100 if share else 1

    def lot(label: str, value: float, n: int, worth: float) -> Figure:
        note = say("{n} values, worth {worth} independent ones", n=f"{n:,}", worth=f"{worth:,.0f}")
        return Figure(label, number(times * value, 4), unit, note if not share else say("of {n}", n=f"{n:,}"))

    change = say("after over before") if gain.measure == "spread" else say("change")
    interval = span(times * gain.lower, times * gain.upper) if np.isfinite(gain.lower) else _NONE
    level = level_text(say, gain.level)
    rows = [
        Figure(
            say("verdict"), verdict_word(say, gain.verdict), note=say(gain.reason) if gain.reason else "", tone=tone
        ),
        lot(say("before"), gain.before, gain.n_before, gain.worth_before),
        lot(say("after"), gain.after, gain.n_after, gain.worth_after),
        Figure(
            change, number(times * gain.change, 4), "" if gain.measure == "spread" else unit, f"{level}: {interval}"
        ),
        Figure("p", chance(gain.p) if np.isfinite(gain.p) else _NONE, note=say(gain.method)),
    ]
    if found.reached is not None:
        rows.append(Figure(say("aim"), say("reached") if found.reached else say("not reached"),
                           tone="good" if found.reached else "doubt"))  # fmt: skip
    return Figures(tuple(rows), title=say("Gain, worked out from facts"))


def project_sheet(
    project: Project, found: Verified | None, say: Words, reason: str = "", zone: ZoneInfo | None = None
) -> Sheet:
    """An improvement project: what was done, and what the facts say of it.

    reason  why there is no gain yet
    zone    of the wall clock; UTC if None
    """
    aim = project.aim
    words = {"mean": say("mean"), "spread": say("standard deviation"), "share": say("share that is bad")}
    blocks: list[Block] = [
        Figures((
            Figure(say("phase"), phase_word(say, project.phase)),
            Figure(say("measured by"), aim.of, note=words.get(aim.measure, aim.measure)),
            Figure(say("owner"), project.owner or _NONE),
        ))
    ]  # fmt: skip
    if project.problem:
        blocks.append(Note(project.problem))
    blocks.append(
        gain_figures(found, say)
        if found
        else Note(say(reason or "nothing was changed yet, so there is nothing to verify"), "doubt")
    )
    rows = [(_clock(e.time, zone), phase_word(say, e.code), e.person or _NONE, e.text) for e in project.entries]
    blocks.append(Grid((say("time"), say("phase"), say("person"), say("note")), rows, title=say("What was done")))
    made: Mapping[str, str] = {"luban": __version__}
    if found:
        made = {
            say("time before"): " … ".join(_clock(t, zone) for t in found.before),
            say("time after"): " … ".join(_clock(t, zone) for t in found.after),
            say("facts used"): f"{found.facts:,}", say("books up to fact"): f"{found.head:,}", "luban": __version__,
        }  # fmt: skip
    return Sheet(project.title, project.id, tuple(blocks), made)


def _clock(at: int, zone: ZoneInfo | None) -> str:
    return iso(at, zone)[:16].replace("T", " ")


def projects_sheet(listed: Sequence[tuple[Project, Verified | None, str]], say: Words) -> Sheet:
    """All projects with their gains; with each the reason why there is none yet."""
    rows, tones = [], {}
    for at, (one, found, why) in enumerate(listed):
        gain = found.gain if found else None
        times, unit = (100, "%") if gain and gain.measure == "share" else (1, gain.unit if gain else "")
        told = verdict_word(say, gain.verdict) if gain else say(why)
        figures = [number(times * v, 4) if gain else _NONE for v in ((gain.before, gain.after) if gain else (0.0, 0.0))]
        rows.append((one.id, one.title, phase_word(say, one.phase), one.aim.of, *figures, unit, told))
        tones[at] = {"better": "good", "worse": "bad"}.get(gain.verdict if gain else "", "quiet")
    heads = (say("project"), say("title"), say("phase"), say("measured by"), say("before"), say("after"), say("unit"),
             say("verdict"))  # fmt: skip
    empty = () if rows else (Note(say("No improvement project has been entered yet."), "quiet"),)
    grid = Grid(heads, rows, numbers=frozenset({4, 5}), tones=tones)
    return Sheet(say("Improvement projects"), "", (*empty, grid), {"luban": __version__})


def settings_text(settings: Mapping[str, float | str], factors: Sequence[Factor]) -> str:
    """Settings in one line: `temperature 250 °C, supplier A`."""
    units = {f.name: f.unit for f in factors}
    parts = [
        f"{n} {v if isinstance(v, str) else format(v, '.6g')} {units.get(n, '')}".strip() for n, v in settings.items()
    ]
    return ", ".join(parts)
