"""An experiment from runs to conclusions: model, table, effects, fit, checks, smaller model, best settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any

import numpy as np
from scipy import special

from luban.core.errors import InputError
from luban.decide.improve.anova import LackOfFit, Row, anova, lack_of_fit
from luban.decide.improve.effects import Effects, effects
from luban.decide.improve.fit import Fit, fit, model_matrix
from luban.decide.improve.formula import INTERCEPT, Model, Term, full_model, read_model
from luban.decide.improve.reduce import Step, reduce_model
from luban.decide.improve.residuals import Finding, residual_checks
from luban.decide.improve.surface import Canonical, Optimum, canonical, optimum, path
from luban.decide.improve.trials import Trials
from luban.understand.quality.data import Excluded

__all__ = ["Analysis", "Curvature", "alias_groups", "analyse", "choose_model", "curvature"]


@dataclass(frozen=True, slots=True)
class Curvature:
    """Centre runs against corner runs: whether the surface bends between them.

    difference  mean of the corners less mean of the centre [unit of the response]
    f, p        against the scatter of repeated runs;  df  of that scatter
    """

    difference: float
    f: float
    p: float
    df: int


@dataclass(frozen=True)
class Analysis:
    """What an experiment says about one response.

    full        the model with all terms asked for;  fit  the one that conclusions rest on
    steps       terms that were dropped on the way from the one to the other
    table       analysis of variance of `fit`
    effects     of two-level factors, by the full model; None where a term is a square
    lack        of fit, by `fit`; None with the reason in `notes`
    curvature   None without centre runs and corners
    findings    checks of the residuals
    surface     canonical analysis; None where the model does not bend
    best        settings for the aim asked for; None if none was asked for, or none can be given
    climb       the steepest way from the centre, coded, for a model that does not bend; by the aim up or down
    notes       sentences for the reader: what could not be done and why
    excluded    rows that were not used
    """

    response: str
    unit: str
    trials: Trials
    full: Fit
    fit: Fit
    steps: tuple[Step, ...]
    table: tuple[Row, ...]
    effects: Effects | None
    lack: LackOfFit | None
    curvature: Curvature | None
    findings: tuple[Finding, ...]
    surface: Canonical | None
    best: Optimum | None
    aim: str
    level: float
    climb: tuple[Mapping[str, float], ...] = ()
    notes: tuple[str, ...] = ()
    excluded: tuple[Excluded, ...] = field(default=(), repr=False)

    @property
    def used(self) -> int:
        """Runs used."""
        return self.fit.n

    def natural(self, coded: Mapping[str, float]) -> dict[str, float | str]:
        """Coded settings in the factors' own units."""
        known = {f.name: f for f in self.trials.factors}
        return {n: known[n].natural(v) if n in known else v for n, v in coded.items()}

    def as_dict(self) -> dict[str, Any]:
        """For `--json` and REST."""
        one = self.fit
        low, high = one.interval(self.level) if one.df_residual > 0 else (one.t, one.t)
        return {
            "response": self.response, "unit": self.unit, "used": self.used, "source": self.trials.source,
            "excluded": [e.as_dict() for e in self.excluded], "model": str(one.model),
            "full_model": str(self.full.model),
            "aliased": list(self.full.aliased),
            "alias_groups": {k: list(v) for k, v in alias_groups(self.full).items()},
            "dropped": [{"term": s.term, "p": s.p, "aic": s.aic} for s in self.steps],
            "coefficients": [
                {"term": n, "value": v, "error": e, "t": t, "p": p, "lower": a, "upper": b}
                for n, v, e, t, p, a, b in zip(one.names, one.coefficients.tolist(), one.standard_errors.tolist(),
                                               one.t.tolist(), one.p.tolist(), low.tolist(), high.tolist(), strict=True)
            ],
            "table": [{"source": r.source, "df": r.df, "ss": r.ss, "ms": r.ms, "f": r.f, "p": r.p} for r in self.table],
            "r_squared": one.r_squared, "r_squared_adjusted": one.r_squared_adjusted,
            "r_squared_predicted": one.r_squared_predicted, "sigma": one.sigma, "df_residual": one.df_residual,
            "effects": None if self.effects is None else {
                "values": dict(zip(self.effects.names, self.effects.values.tolist(), strict=True)),
                "pseudo_standard_error": self.effects.pseudo, "margin": self.effects.margin,
                "active": list(self.effects.active),
            },
            "lack_of_fit": (lack := self.lack) and {k: getattr(lack, k) for k in LackOfFit.__slots__},
            "curvature": (bent := self.curvature) and {k: getattr(bent, k) for k in Curvature.__slots__},
            "findings": [{k: getattr(f, k) for k in Finding.__slots__} for f in self.findings],
            "surface": None if self.surface is None else {
                "shape": self.surface.shape, "inside": self.surface.inside, "value": self.surface.value,
                "half": self.surface.half, "eigenvalues": self.surface.eigenvalues.tolist(),
                "point": self.natural(dict(zip(self.surface.names, self.surface.point.tolist(), strict=True))),
            },
            "best": None if self.best is None else {
                "settings": self.natural(self.best.settings), "coded": dict(self.best.settings), "aim": self.aim,
                "value": self.best.value, "half": self.best.half, "half_run": self.best.half_run,
                "level": self.best.level, "at_bound": list(self.best.at_bound),
                "spread": {n: [self.natural({n: a})[n], self.natural({n: b})[n]]
                           for n, (a, b) in self.best.spread.items()},
            },
            "climb": [self.natural(point) for point in self.climb],
            "notes": list(self.notes),
        }  # fmt: skip


def choose_model(trials: Trials) -> Model:
    """The largest common model that the runs can carry: quadratic, two-factor interactions, or main effects.

    For two levels without repeated runs: all interactions of two factors (of three where there are up to five), for
    Lenth's method to judge.
    """
    if all(f.mixture for f in trials.factors):
        return Model(
            tuple(t for t in full_model([f.name for f in trials.factors], "interactions").terms if t != INTERCEPT)
        )
    numeric = [f.name for f in trials.factors if f.numeric]
    other = [f.name for f in trials.factors if not f.numeric]
    if _regular(trials):
        return _with_block(_up_to(numeric + other, 3 if len(trials.factors) <= 5 else 2), trials)
    distinct = len(np.unique(trials.settings, axis=0))
    data = trials.data()
    ways = ["quadratic", "interactions", "linear"]
    for order in ways:
        model = full_model(numeric, order, categorical=other)
        tried = fit(model, data, np.arange(len(trials), dtype=float))
        squares = order != "quadratic" or not any("²" in name for name in tried.aliased)
        if squares and not tried.aliased and tried.df_residual > 0 and len(tried.names) <= distinct:
            return _with_block(model, trials)
    return _with_block(full_model(numeric, "linear", categorical=other), trials)


def _up_to(names: list[str], order: int) -> Model:
    terms = [Term(tuple(((name, 1),) for name in some)) for n in range(1, order + 1) for some in combinations(names, n)]
    return Model((INTERCEPT, *terms))


def _regular(trials: Trials) -> bool:
    """Two levels only, no run twice, and every pair of interactions either the same or orthogonal."""
    x = trials.settings
    if (
        not bool(np.all(np.abs(x) == 1))
        or len(np.unique(x, axis=0)) < len(x)
        or any(len(f.levels) > 2 for f in trials.factors)
    ):
        return False
    pairs = [x[:, i] * x[:, j] for i, j in combinations(range(x.shape[1]), 2)]
    every = np.column_stack([np.ones(len(x)), x, *pairs])
    cross = np.abs(every.T @ every) / len(x)
    return bool(np.all((cross < 1e-9) | (cross > 1 - 1e-9)))


def alias_groups(full: Fit) -> dict[str, tuple[str, ...]]:
    """For each term that was kept: terms whose columns are the same or opposite, `-` before the opposite ones."""
    names, _, matrix = model_matrix(full.model, full.data)
    columns = np.asarray(matrix, np.float64)
    size = np.sqrt((columns**2).sum(axis=0))
    size[size == 0] = 1
    cross = (columns / size).T @ (columns / size)
    out = {}
    for name in full.names:
        at = names.index(name)
        same = [("" if cross[at, j] > 0 else "-") + other for j, other in enumerate(names)
                if other in full.aliased and abs(cross[at, j]) > 1 - 1e-9]  # fmt: skip
        if same:
            out[name] = tuple(same)
    return out


def _with_block(model: Model, trials: Trials) -> Model:
    if trials.block is None:
        return model
    return Model((INTERCEPT, Term(((("block", 1),),)), *(t for t in model.terms if t != INTERCEPT)))


def curvature(trials: Trials, response: str) -> Curvature | None:
    """Whether the centre lies off the plane of the corners; None without both, or without repeated runs."""
    rows, _ = trials.usable(response)
    y, x = trials.responses[response][rows], trials.settings[rows]
    scaled = [j for j, f in enumerate(trials.factors) if f.numeric and not f.mixture]
    if not scaled or len(rows) < 4:
        return None
    middle = np.all(np.abs(x[:, scaled]) < 1e-9, axis=1)
    corner = np.all(np.abs(np.abs(x[:, scaled]) - 1) < 1e-9, axis=1)
    if not middle.any() or not corner.any():
        return None
    groups: dict[tuple[float, ...], list[float]] = {}
    for key, value in zip(map(tuple, np.round(x, 9).tolist()), y.tolist(), strict=True):
        groups.setdefault(key, []).append(value)
    df = sum(len(g) - 1 for g in groups.values())
    pure = sum(float(np.sum((np.array(g) - np.mean(g)) ** 2)) for g in groups.values())
    difference = float(y[corner].mean() - y[middle].mean())
    if df == 0 or pure <= 0:
        return Curvature(difference, float("nan"), float("nan"), df)
    a, b = int(corner.sum()), int(middle.sum())
    f = a * b * difference**2 / (a + b) / (pure / df)
    return Curvature(difference, float(f), float(special.fdtrc(1, df, f)), df)


def analyse(
    trials: Trials, response: str = "", *, model: str | Model = "", reduce: str = "", limit: float = 0.05,
    aim: str = "", target: float | None = None, bounds: Mapping[str, tuple[float, float]] | None = None,
    level: float = 0.95, kind: int = 2,
) -> Analysis:  # fmt: skip
    """Analyses one response.

    response  its name; the first one if empty
    model     terms or a formula; chosen by the runs if empty
    reduce    `p` or `aic`: drop terms that explain nothing; `lenth`: keep what stands out of the small effects;
              "": keep all
    aim       max, min or target: also find the best settings within `bounds` (coded; what the runs covered if None)
    kind      of the sums of squares: 1, 2 or 3
    Raises    InputError where there is nothing to fit
    """
    name = response or next(iter(trials.responses))
    rows, gone = trials.usable(name)
    if len(rows) < 3:
        raise InputError("too few runs with a result", came=str(len(rows)), expected="3 at least", where=name)
    used = _rows(trials, rows, name)
    y = trials.responses[name][rows]
    if float(np.ptp(y)) == 0:
        raise InputError("the response is the same in every run", came=f"{y[0]:g}", where=name,
                         hint="nothing had an effect, or the gauge does not resolve it")  # fmt: skip
    terms = choose_model(used) if not model else read_model(model) if isinstance(model, str) else model
    data = used.data()
    notes = [f"taken neither as factor nor as response: {', '.join(trials.ignored)}"] if trials.ignored else []
    full = fit(terms, data, y, name=name)
    if full.aliased:
        notes.append("some terms cannot be told from others in these runs and were left out")
    small, steps = _reduced(full, reduce, limit, notes)
    found = _effects(full, used, level)
    lack = None
    try:
        lack = lack_of_fit(small, {f.name: data[f.name] for f in used.factors})
    except InputError:
        notes.append("no setting was run twice, so the fit cannot be judged against pure scatter")
    if small.df_residual <= 0:
        notes.append("no degrees of freedom are left: there are no standard errors, only Lenth's margin")
    surface = None
    named = {f.name for f in used.factors if f.levels or f.mixture} | {"block"}
    if any(t.degree == 2 and len(t.powers) == 1 for t in small.model.terms) and not named & set(small.model.factors):
        try:
            surface = canonical(small, level)
        except InputError as error:
            notes.append(error.message)
    climb = _climb(small, aim) if surface is None and not named & set(small.model.factors) else ()
    best = _best(small, used, aim, target, bounds, level, notes)
    checks = residual_checks(small, None if used.order is None else used.order.astype(float), level)
    return Analysis(
        name, trials.units.get(name, ""), used, full, small, steps, anova(small, kind), found, lack,
        curvature(used, name), checks, surface, best, aim, level, climb, tuple(notes), (*trials.excluded, *gone),
    )  # fmt: skip


def _climb(small: Fit, aim: str) -> tuple[Mapping[str, float], ...]:
    """Points on the way, half a range apart, to twice the distance of the factorial runs."""
    if aim not in ("max", "min") or not small.model.factors or any(t.degree > 2 for t in small.model.terms):
        return ()
    try:
        return tuple(path(small, radius, up=aim == "max") for radius in (0.5, 1.0, 1.5, 2.0))
    except InputError:
        return ()


def _rows(trials: Trials, rows: Any, name: str) -> Trials:
    return replace(
        trials, settings=trials.settings[rows], responses={name: trials.responses[name][rows]},
        order=None if trials.order is None else trials.order[rows],
        block=None if trials.block is None else trials.block[rows],
        places=tuple(trials.places[i] for i in rows) if trials.places else (),
    )  # fmt: skip


def _reduced(full: Fit, how: str, limit: float, notes: list[str]) -> tuple[Fit, tuple[Step, ...]]:
    if how == "lenth" or (how and full.df_residual <= 0):
        found = effects(full)
        if not found.active:
            notes.append("no effect stands out from the others by Lenth's margin; no term was dropped")
            return full, ()
        if how != "lenth":
            notes.append("no degrees of freedom are left, so terms were kept by Lenth's margin")
        keep = {full.term(full.coefficient(n)).key for n in found.active}
        wanted = [t for t in full.model.terms if t == INTERCEPT or t.key in keep]
        parents = [t for t in full.model.terms if any(t.parent_of(w) for w in wanted)]
        small = fit(Model(tuple(t for t in full.model.terms if t in wanted or t in parents)), dict(full.data), full.y,
                    name=full.response)  # fmt: skip
        gone = [full.term(i) for i in range(len(full.names)) if full.term(i) not in small.model.terms]
        return small, tuple(Step(t.name, float("nan"), float("nan")) for t in gone)
    if how:
        return reduce_model(full, how, limit)
    return full, ()


def _effects(full: Fit, used: Trials, level: float) -> Effects | None:
    two = all((f.numeric and not f.mixture) or len(f.levels) == 2 for f in used.factors)
    corner = bool(np.all(np.abs(used.settings) <= 1 + 1e-9)) and used.block is None
    if not two or not corner or any(p > 1 for t in full.model.terms for p in t.powers.values()):
        return None
    return effects(full, level)


def _best(
    small: Fit, used: Trials, aim: str, target: float | None, bounds: Mapping[str, tuple[float, float]] | None,
    level: float, notes: list[str],
) -> Optimum | None:  # fmt: skip
    if not aim:
        return None
    if aim not in ("max", "min", "target") or (aim == "target" and target is None):
        raise InputError("this aim is not known", came=aim, expected="max, min, or target with its value")
    scaled = {f.name for f in used.factors if len(f.levels) <= 2}
    if not small.model.factors or not set(small.model.factors) <= scaled:
        notes.append(
            "no best setting: the model rests on no factor, on blocks, or on factors with more than two levels"
        )
        return None
    total = 1.0 if used.factors[0].mixture else None
    box = dict(bounds or {})
    two = [f.name for f in used.factors if len(f.levels) == 2 and f.name in small.model.factors]
    return _by_level(small, two, aim, target, box, level, total)


def _by_level(
    small: Fit, two: list[str], aim: str, target: float | None, box: dict[str, tuple[float, float]], level: float,
    total: float | None,
) -> Optimum:  # fmt: skip
    """The best over all combinations of named levels: between two of them there is nothing."""
    best: Optimum | None = None
    for combination in range(1 << len(two)):
        at = {n: (v := 1.0 if combination >> j & 1 else -1.0, v) for j, n in enumerate(two)}
        got = optimum(small, largest=aim == "max", target=target if aim == "target" else None,
                      bounds=box | at, level=level, total=total)  # fmt: skip
        value = abs(got.value - (target or 0)) if aim == "target" else got.value
        held = None if best is None else abs(best.value - (target or 0)) if aim == "target" else best.value
        if held is None or (value > held if aim == "max" else value < held):
            best = got
    if best is None:
        raise InputError("no setting keeps all limits")
    return best
