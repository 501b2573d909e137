"""Printed results of worked experiments, each worked out again by luban and held against its printed digits.

A file of experiments says for each printed result which figure it is (`check`: kind, model, term, response, run, …).
Nothing here knows any experiment: every kind of figure has one function.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import special

from luban.core.errors import LubanError
from luban.decide.improve.anova import anova, compare, lack_of_fit
from luban.decide.improve.curved import (
    axial_distance,
    box_behnken,
    central_composite,
    simplex_centroid,
    simplex_lattice,
)
from luban.decide.improve.design import Design, Factor, numeric_factors, repeated, standard_order
from luban.decide.improve.desirability import Goal, desirability, overall
from luban.decide.improve.effects import effects
from luban.decide.improve.factorial import aliases, fractional, full_factorial
from luban.decide.improve.fit import Fit, fit, model_matrix
from luban.decide.improve.formula import read_model, read_term
from luban.decide.improve.residuals import box_cox, cooks_distance, deleted_residuals
from luban.decide.improve.screening import definitive_screening, plackett_burman
from luban.decide.improve.surface import canonical, path, quadratic

__all__ = ["KINDS", "Experiment", "Outcome", "judge", "outcomes"]

_NUMBER = re.compile(r"[-+]?(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.\d+|\.\d+|\d+\.?)(?:[eE][-+]?\d+)?")


@dataclass(frozen=True)
class Experiment:
    """One experiment of a file: its factors coded, its responses, and what its source prints."""

    name: str
    factors: tuple[Factor, ...]
    columns: Mapping[str, Any]
    responses: tuple[str, ...]
    expected: Sequence[Mapping[str, Any]]
    fits: dict[tuple[str, str, tuple[int, ...], bool], Fit] = field(default_factory=dict)
    tables: dict[tuple[int, int], Any] = field(default_factory=dict)

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> Experiment:
        factors = tuple(_factor(f) for f in raw.get("factors") or ())
        runs = raw.get("runs") or {}
        names, rows = runs.get("columns") or (), runs.get("rows") or ()
        columns: dict[str, Any] = {}
        for j, name in enumerate(names):
            values = [row[j] for row in rows]
            factor = next((f for f in factors if f.name == name), None)
            if factor is not None and factor.levels:
                said = [v if isinstance(v, str) else f"{v:g}" for v in values if v is not None]
                if len(said) == len(values) and set(said) <= set(factor.levels):
                    values = [factor.coded(v) for v in said] if len(factor.levels) == 2 else said
            elif factor is not None and runs.get("coded") is False:
                values = [None if v is None else factor.coded(v) for v in values]
            columns[name] = (
                np.array([str(v) for v in values])
                if any(isinstance(v, str) for v in values)
                else np.array([np.nan if v is None else float(v) for v in values])
            )
        return cls(raw["name"], factors, columns, tuple(r["name"] for r in raw.get("responses") or ()), raw["expected"])

    def exact_axial(self) -> Experiment | None:
        """The same with an axial distance that the source prints rounded at its full value, if one formula fits."""
        names = [f.name for f in self.factors if not f.levels and f.name in self.columns]
        x = np.stack([self.columns[n] for n in names], axis=1) if names else np.zeros((0, 0))
        if x.dtype.kind != "f" or not len(x):
            return None
        far = {float(np.abs(row).max()) for row in x if np.count_nonzero(row) == 1 and np.abs(row).max() > 1.05}
        if len(far) != 1:
            return None
        (printed,) = far
        k, corners = len(names), int(np.sum(np.all(np.abs(x) == 1, axis=1)))
        centre = int(np.sum(~x.any(axis=1)))
        ways = {round(corners**0.25, 9), round(k**0.5, 9)}
        ways |= {
            round(axial_distance(k, "orthogonal", corners=corners, centre=(n, centre - n)), 9)
            for n in range(centre + 1)
        }
        digits = len(repr(printed).partition(".")[2])
        fitting = [way for way in ways if round(way, digits) == printed and way != printed]
        if len(fitting) != 1:
            return None
        made = {
            n: np.where(np.abs(c) == printed, np.sign(c) * fitting[0], c) for n, c in self.columns.items() if n in names
        }
        return Experiment(self.name, self.factors, {**self.columns, **made}, self.responses, self.expected)

    def y(self, check: Mapping[str, Any]) -> Any:
        name = check.get("response") or self.responses[0]
        values = self.columns[name]
        return values[[run - 1 for run in check["runs"]]] if check.get("runs") else values

    def fit(self, check: Mapping[str, Any], model: str | None = None) -> Fit:
        text, response = model or check.get("model") or "1", check.get("response") or self.responses[0]
        runs = tuple(check.get("runs") or ())
        natural = check.get("units") == "actual" and check.get("kind") in ("coefficient", "std_error", "prediction")
        key = (text, response, runs, natural)
        if key not in self.fits:
            whole = self.columns[response]
            rows = [r - 1 for r in runs] if runs else np.flatnonzero(np.isfinite(whole)).tolist()
            data = {n: c[rows] for n, c in self.columns.items()}
            if natural:
                data |= {f.name: np.array([f.natural(v) for v in data[f.name]]) for f in self.factors
                         if f.name in data and f.numeric and data[f.name].dtype.kind == "f"}  # fmt: skip
            self.fits[key] = fit(read_model(text), data, data[response], name=response)
        return self.fits[key]

    def settings(self, check: Mapping[str, Any]) -> dict[str, Any]:
        rows = [r - 1 for r in check.get("runs") or range(1, len(next(iter(self.columns.values()))) + 1)]
        return {f.name: self.columns[f.name][rows] for f in self.factors if f.name in self.columns}

    def scale(self, name: str) -> tuple[float, float]:
        factor = next(f for f in self.factors if f.name == name)
        return (factor.low + factor.high) / 2, (factor.high - factor.low) / 2


def _factor(raw: Mapping[str, Any]) -> Factor:
    levels = tuple(map(str, raw.get("levels") or ()))
    low, high = raw.get("low"), raw.get("high")
    if raw.get("type") == "categorical" and not levels:
        levels = (str(low), str(high))
    if levels:
        return Factor(raw["name"], levels=levels, unit=raw.get("units") or "")
    mixture = raw.get("type") == "mixture"
    return Factor(raw["name"], float(-1 if low is None else low), float(1 if high is None else high), mixture=mixture)


# ---- every kind of figure

Check = Mapping[str, Any]


def _of(get: Callable[[Fit], float]) -> Callable[[Experiment, Check], float]:
    return lambda e, c: get(e.fit(c))


def _coefficient(get: Callable[[Fit], Any]) -> Callable[[Experiment, Check], float]:
    def value(e: Experiment, c: Check) -> float:
        of = e.fit(c)
        level = re.fullmatch(r"(?:C\()?([^(),\[\]]+?)(?:\s*,[^\[]*\))?\)?\[(T|S)\.([^\]]+)\]", c["term"])
        if level and level.group(2) == "S":
            return float(get(of)[of.coefficient(f"{level.group(1)}[{level.group(3)}]")])
        if level:  # against the first level, all else at its middle
            rows = [{n: v[:1] if np.asarray(v).dtype.kind not in "fiu" else np.zeros(1) for n, v in of.data.items()}
                    | {level.group(1): np.array([at])}
                    for at in (min(of.data[level.group(1)]), level.group(3))]  # fmt: skip
            return float(of.predict(rows[1])[0][0] - of.predict(rows[0])[0][0])
        return float(get(of)[of.coefficient(c["term"])])

    return value


def _row(name: str) -> Callable[[Experiment, Check], float]:
    def value(e: Experiment, c: Check) -> float:
        of, kind = e.fit(c), int(c.get("type") or c.get("typ") or 2)
        if (id(of), kind) not in e.tables:
            e.tables[id(of), kind] = anova(of, kind)
        rows = e.tables[id(of), kind]
        if c["term"].casefold().startswith(("resid", "error")):
            return float(getattr(rows[-1], name))
        key = read_term(c["term"]).key
        return float(getattr(next(r for r in rows[:-1] if read_term(r.source).key == key), name))

    return value


def _lack(name: str) -> Callable[[Experiment, Check], float]:
    def value(e: Experiment, c: Check) -> float:
        of, settings = e.fit(c), e.settings(c)
        return float(getattr(lack_of_fit(of, settings or None), name))

    return value


def _effect(e: Experiment, c: Check) -> float:
    return 2 * _coefficient(lambda of: of.coefficients)(e, c)


def _per_run(get: Callable[[Fit], Any]) -> Callable[[Experiment, Check], float]:
    return lambda e, c: float(get(e.fit(c))[c["run"] - 1])


def _nested(e: Experiment, c: Check) -> float:
    full = e.fit(c, c["full"])
    error = e.fit(c, c["error"]) if c.get("error") else None
    got = compare(e.fit(c), full, error)
    by = error or full
    more = {"ms": got.ss / got.df, "df_error": by.df_residual, "ms_error": by.ms_residual}
    return float(more.get(c["key"], getattr(got, c["key"], np.nan)))


def _point(e: Experiment, c: Check, key: str = "point") -> dict[str, Any]:
    point = dict(c[key])
    factors = {f.name: f for f in e.factors}
    for name, value in point.items():
        if isinstance(value, str) and len(factors[name].levels) == 2:
            point[name] = factors[name].coded(value)
        elif c.get("units") == "actual" and c.get("kind") != "prediction" and not isinstance(value, str):
            point[name] = (value - e.scale(name)[0]) / e.scale(name)[1]
    return {n: np.array([v]) for n, v in point.items()}


def _prediction(e: Experiment, c: Check) -> float:
    return float(e.fit(c).predict(_point(e, c))[0][0])


def _interval(e: Experiment, c: Check) -> float:
    level = float(c.get("level", 0.95))
    if "point" in c:
        mean, half, run = (float(v[0]) for v in e.fit(c).predict(_point(e, c), level))
        half = run if "prediction" in str(c["kind"]) else half
    else:
        of = e.fit(c)
        at = of.coefficient(c["term"])
        low, high = (bound[at] for bound in of.interval(level))
        mean, half = (low + high) / 2, (high - low) / 2
    side = str(c.get("key") or c.get("side") or c.get("bound") or "upper")
    return mean - half if side.startswith("l") else mean + half


def _steepest(e: Experiment, c: Check) -> float:
    found = path(e.fit(c), float(c.get("radius", 1)), up=not str(c.get("direction", "up")).startswith(("d", "min")))
    name = c["key"]
    value = found[name]
    if c.get("units") != "actual":
        return value
    middle, half = e.scale(name)
    return value * half if c.get("from_centre") else middle + value * half


def _stationary(e: Experiment, c: Check) -> float:
    got = canonical(e.fit(c))
    key = str(c.get("key") or c.get("term") or "")
    head, _, tail = key.rpartition(".")
    if "eigen" in head:
        return float(np.sort(got.eigenvalues)[int(tail)])
    key = tail if tail in got.names else key
    if key in got.names:
        value = float(got.point[got.names.index(key)])
        return value * e.scale(key)[1] + e.scale(key)[0] if c.get("units") == "actual" else value
    return got.value


def _eigenvalue(e: Experiment, c: Check) -> float:
    values = np.sort(np.linalg.eigvalsh(quadratic(e.fit(c))[3]))
    key = c.get("key", c.get("index", 0))
    return float(values[{"min": 0, "max": -1}.get(key, 0) if isinstance(key, str) and not key.isdigit() else int(key)])


def _desirability(e: Experiment, c: Check) -> float:
    parts, goals = [], []
    for goal in c["goals"]:
        aim = str(goal["goal"])
        aim = {"maximize": "max", "maximise": "max", "minimize": "min", "minimise": "min"}.get(aim, aim)
        goals.append(Goal(aim, goal["low"], goal["high"], goal.get("target"), goal.get("weight", 1),
                          goal.get("weight_high"), goal.get("importance", 1)))  # fmt: skip
        value = e.fit({**c, "response": goal.get("response")}, goal["model"]).predict(_point(e, c))[0]
        parts.append(desirability(goals[-1], value))
    key = str(c.get("key", "D"))
    return float(parts[int(key.split(".")[1])][0]) if key.startswith("d.") else float(overall(parts, goals)[0])


def _design(raw: Mapping[str, Any]) -> Design:
    options = dict(raw.get("options") or {})
    kind, k = raw["design_type"], int(raw.get("k") or len(raw.get("factors") or ()))
    centre = int(options.get("n_center_points", options.get("center_points", 0)) or 0)
    factors = numeric_factors(k)
    if kind in ("full_factorial", "factorial"):
        made = full_factorial(factors, centre=centre, levels=[int(v) for v in options.get("levels", ())] or ())
    elif kind in ("fractional_factorial", "fractional"):
        generators = [str(g) for g in options.get("generators", ())]
        runs = int(options.get("n_runs") or options.get("runs") or 0)
        runs = runs or 1 << (k - int(options.get("p") or options.get("fraction") or len(generators) or 1))
        wanted = options.get("resolution")
        if wanted and not generators and "n_runs" not in options:
            runs = _smallest(k, int(wanted))
        made = fractional(factors, runs, generators=generators, centre=centre, fold=bool(options.get("fold")))
    elif kind in ("plackett_burman", "pb"):
        made = plackett_burman(factors, int(options.get("n_runs") or 0), centre=centre)
    elif kind in ("ccd", "central_composite"):
        alpha = options.get("alpha", "rotatable")
        form = {"inscribed": "inscribed", "face": "face", "face_centered": "face", "faced": "face"}.get(alpha, "")
        made = central_composite(factors, form or "circumscribed", centre=centre, alpha="rotatable" if form else alpha)
    elif kind in ("box_behnken", "bbd"):
        made = box_behnken(factors, centre=centre)
    elif kind in ("dsd", "definitive_screening"):
        made = definitive_screening(factors, extra=0)
    elif kind in ("simplex_lattice", "mixture", "mixture_simplex_lattice"):
        made = simplex_lattice(factors, int(options.get("degree") or 2), centre=centre)
    elif kind in ("simplex_centroid", "mixture_simplex_centroid"):
        made = simplex_centroid(factors)
    else:
        raise LubanError(f"no design of the kind {kind} here")
    return repeated(made, int(options.get("n_replicates") or 1))


def _smallest(k: int, resolution: int) -> int:
    for size in range(k.bit_length(), k):
        try:
            if fractional(k, 1 << size).figures["resolution"] >= resolution:
                return 1 << size
        except LubanError:
            continue
    return 1 << k


def _design_property(_e: Experiment, c: Check) -> Any:
    made, name = _design(c["design"]), c["property"]
    facts: dict[str, Callable[[], Any]] = {
        "n_runs": lambda: len(made), "n_factors": lambda: len(made.factors),
        "resolution": lambda: made.figures["resolution"], "alpha": lambda: made.figures["alpha"],
        "n_center_points": lambda: int(np.sum(~made.settings.any(axis=1))),
        "generators": lambda: ", ".join(made.generators), "defining_relation": lambda: ", ".join(made.words),
        "n_words": lambda: len(made.words), "aliases": lambda: "; ".join(" = ".join(g) for g in aliases(made)),
    }  # fmt: skip
    return facts[name]()


def _metric(e: Experiment, c: Check) -> float:
    of = e.fit(c)
    settings = e.settings(c)

    def pure() -> int:
        return lack_of_fit(of, settings).pure_df

    x = np.linalg.inv(of.spread)
    free: dict[str, Callable[[], float]] = {
        "total": lambda: of.n - 1, "model": lambda: of.df_model, "residual": lambda: of.df_residual,
        "pure_error": pure, "lack_of_fit": lambda: of.df_residual - pure(),
    }  # fmt: skip
    one: dict[str, Callable[[], float]] = {
        "d_efficiency": lambda: 100 * np.linalg.det(x) ** (1 / len(x)) / of.n,
        "condition_number": lambda: float(np.linalg.cond(x)), "max_leverage": lambda: float(of.leverage.max()),
        "average_leverage": lambda: float(of.leverage.mean()), "trace": lambda: float(np.trace(of.spread)),
        "a_efficiency": lambda: 100 * len(x) / (of.n * float(np.trace(of.spread))),
        "g_efficiency": lambda: 100 * len(x) / (of.n * float(of.leverage.max())),
    }  # fmt: skip
    if c["metric"] == "vif":
        at = of.coefficient(c["key"])
        _, _, matrix = _columns(of)
        return float(of.spread[at, at] * np.sum((matrix[:, at] - matrix[:, at].mean()) ** 2))
    return float(free[c["key"]]() if c["metric"] == "degrees_of_freedom" else one[c["metric"]]())


def _columns(of: Fit) -> Any:
    names, owners, matrix = model_matrix(of.model, of.data)
    return names, owners, np.asarray(matrix[:, [names.index(n) for n in of.names]], float)


def _quantiles(_e: Experiment, c: Check) -> float:
    a = [float(v) for v in c.get("args", ())]
    name = c["function"]

    def blocks() -> float:
        return axial_distance(int(a[2]), "orthogonal", corners=int(a[0]), centre=(int(a[1]), int(a[3])))

    known: dict[str, Callable[[], float]] = {
        "f_value": lambda: special.fdtri(a[1], a[2], a[0]), "t_value": lambda: special.stdtrit(a[1], a[0]),
        "chi2_value": lambda: special.chdtri(a[1], 1 - a[0]), "normal_value": lambda: special.ndtri(a[0]),
        "z_value": lambda: special.ndtri(a[0]),
        "blocking_alpha": blocks,
        "rotatable_alpha": lambda: a[0] ** 0.25 if len(a) == 1 and a[0] > 3 else axial_distance(int(a[0])),
    }  # fmt: skip
    return float(known[name]())


def _order(e: Experiment, c: Check) -> str:
    rows = [r - 1 for r in c["runs"]]
    settings = np.stack([np.asarray(e.columns[n], float)[rows] for n in c["factors"]], axis=1)
    return ", ".join(map(str, standard_order(settings).tolist()))


def _lenth(e: Experiment, c: Check) -> float:
    got = effects(e.fit(c), float(c.get("level", 0.95)))
    kind = str(c["kind"])
    return got.simultaneous if kind.endswith("sme") else got.margin if "margin" in kind or "_me" in kind else got.pseudo


def _aic(e: Experiment, c: Check) -> float:
    of = e.fit(c)
    return float(of.n * np.log(2 * np.pi) + of.n * np.log(of.ss_residual / of.n) + of.n + 2 * (len(of.names) + 1))


def _t_effect(e: Experiment, c: Check) -> float:
    return 2 * float(e.fit(c).standard_errors[e.fit(c).coefficient(c["term"])])


KINDS: dict[str, Callable[[Experiment, Check], Any]] = {
    "n_runs": lambda e, _c: len(next(iter(e.columns.values()))),
    "observation": lambda e, c: float(e.y({**c, "runs": None})[c["run"] - 1]),
    "mean": lambda e, c: float(np.nanmean(e.y(c))),
    "median": lambda e, c: float(np.nanmedian(e.y(c))),
    "minimum": lambda e, c: float(np.nanmin(e.y(c))),
    "maximum": lambda e, c: float(np.nanmax(e.y(c))),
    "range": lambda e, c: float(np.ptp(e.y(c))),
    "sum": lambda e, c: float(np.nansum(e.y(c))),
    "std_dev": lambda e, c: float(np.nanstd(e.y(c), ddof=1)),
    "variance": lambda e, c: float(np.nanvar(e.y(c), ddof=1)),
    "coefficient": _coefficient(lambda of: of.coefficients),
    "std_error": _coefficient(lambda of: of.standard_errors),
    "t_value": _coefficient(lambda of: of.t),
    "p_value": _coefficient(lambda of: of.p),
    "effect": _effect,
    "half_effect": _coefficient(lambda of: of.coefficients),
    "effect_std_error": _t_effect,
    "contrast": lambda e, c: _effect(e, c) * e.fit(c).n / 2,
    "anova_sum_sq": _row("ss"), "anova_mean_sq": _row("ms"), "anova_f": _row("f"), "anova_p": _row("p"),
    "anova_df": _row("df"),
    "r_squared": _of(lambda of: of.r_squared), "r_squared_adj": _of(lambda of: of.r_squared_adjusted),
    "r_squared_pred": _of(lambda of: of.r_squared_predicted), "press": _of(lambda of: of.press),
    "residual_std_error": _of(lambda of: of.sigma), "residual_df": _of(lambda of: of.df_residual),
    "ss_residual": _of(lambda of: of.ss_residual), "ms_residual": _of(lambda of: of.ms_residual),
    "ss_total": _of(lambda of: of.ss_total), "ss_regression": _of(lambda of: of.ss_model),
    "total_df": _of(lambda of: of.n - int(of.model.has_intercept)),
    "ms_regression": _of(lambda of: of.ss_model / of.df_model), "df_model": _of(lambda of: of.df_model),
    "f_regression": _of(lambda of: of.f), "f_regression_p": _of(lambda of: of.f_p),
    "aic_step": _of(lambda of: of.aic_step), "aic": _aic,
    "lack_of_fit_df": _lack("lack_df"), "lack_of_fit_ss": _lack("lack_ss"), "lack_of_fit_ms": _lack("lack_ms"),
    "lack_of_fit_f": _lack("f"), "lack_of_fit_p": _lack("p"),
    "pure_error_df": _lack("pure_df"), "pure_error_ss": _lack("pure_ss"), "pure_error_ms": _lack("pure_ms"),
    "pure_error_std_error": lambda e, c: float(np.sqrt(_lack("pure_ms")(e, c))),
    "nested_test": _nested,
    "fitted": _per_run(lambda of: of.fitted), "residual": _per_run(lambda of: of.residuals),
    "leverage": _per_run(lambda of: of.leverage), "cooks_distance": _per_run(cooks_distance),
    "standardized_residual": _per_run(lambda of: of.studentized),
    "studentized_residual": _per_run(deleted_residuals),
    "residual_quantile": lambda e, c: float(np.quantile(e.fit(c).residuals, float(c["q"]))),
    "prediction": _prediction, "prediction_interval": _interval, "mean_interval": _interval,
    "confidence_interval": _interval, "coefficient_interval": _interval,
    "steepest_path": _steepest, "stationary_point": _stationary, "stationary_value": _stationary,
    "canonical": _stationary, "canonical_analysis": _stationary,
    "eigenvalue": _eigenvalue, "desirability": _desirability,
    "design_property": _design_property, "design_metric": _metric, "library_value": _quantiles,
    "standard_order": _order, "lenth_pse": _lenth, "lenth_me": _lenth, "lenth_sme": _lenth, "lenth_margin": _lenth,
    "box_cox_lambda": lambda e, c: box_cox(e.fit(c))[0],
}  # fmt: skip


# ---- printed digits


@dataclass(frozen=True)
class Outcome:
    """One check of one printed result.

    verdict  exact: equal to the last printed digit; near: one unit of it away; miss; unread: no figure or no number
    """

    experiment: str
    what: str
    kind: str
    term: str
    printed: str
    ours: str
    verdict: str
    cause: str = ""
    source_says: str = ""

    @property
    def confirmed(self) -> bool:
        """Whether our figure is the one that the file's own explanation of a misprint gives."""
        return any(judge(float(self.ours or "nan"), word) == "exact" for word in _NUMBER.findall(self.source_says)
                   if self.ours and len(word.strip("+-0.")) > 1)  # fmt: skip


_SIGNS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}  # fmt: skip


def _arithmetic(text: str) -> float:
    """The value of sums, products, quotients and powers of numbers, written out."""

    def value(node: ast.expr) -> float:
        if isinstance(node, ast.BinOp) and type(node.op) in _SIGNS:
            return float(_SIGNS[type(node.op)](value(node.left), value(node.right)))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -value(node.operand)
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
            return float(node.value)
        raise ValueError(text)

    return value(ast.parse(text.replace("^", "**").replace("−", "-"), mode="eval").body)


def _unit(word: str) -> float:
    """Worth of the last printed digit."""
    head, _, power = word.lower().partition("e")
    return float(10.0 ** (int(power or 0) - len(head.partition(".")[2])))


def judge(ours: Any, printed: str, *, expression: bool = False) -> str:
    """Whether a figure is what was printed: exact, near (one unit of the last digit), miss or unread."""
    text = str(printed).replace("−", "-").replace("\u2009", "").strip()
    if isinstance(ours, str):
        return "exact" if re.sub(r"\s", "", ours) == re.sub(r"\s", "", text) else "miss"
    value = float(ours)
    if not np.isfinite(value):
        return "miss"
    if expression:
        wanted = _arithmetic(text)
        return "exact" if abs(value - wanted) <= 1e-9 * max(1.0, abs(wanted)) else "miss"
    bound = re.search(r"(<|>|≤|≥)\s*=?\s*(" + _NUMBER.pattern + ")", text)
    if bound and text.startswith((bound.group(1), "p")):
        limit = float(bound.group(2).replace(",", ""))
        below = bound.group(1) in "<≤"
        return "exact" if (value <= limit if below else value >= limit) else "miss"
    words = _NUMBER.findall(text.rpartition("=")[2]) or _NUMBER.findall(text)
    if not words:
        return "unread"
    word = words[0].replace(",", "")
    away, unit = abs(value - float(word)), _unit(word)
    slack = 1e-9 * max(abs(value), unit)
    return "exact" if away <= unit / 2 + slack else "near" if away <= unit + slack else "miss"


def outcomes(experiment: Experiment) -> list[list[Outcome]]:
    """For each printed result that a machine can check: the outcome of each of its checks."""
    found = []
    for one in experiment.expected:
        raw = one.get("check")
        checks = [c for c in (raw if isinstance(raw, list) else [raw]) if c and c.get("kind")]
        if checks:
            found.append([_outcome(experiment, one, check) for check in checks])
    return found


def _outcome(e: Experiment, one: Mapping[str, Any], check: Check) -> Outcome:
    printed = str(check.get("printed") or one["value"])
    term = str(check.get("term") or one.get("term") or "")
    tell = (e.name, str(one["what"]), str(check["kind"]), term, printed)
    work = KINDS.get(check["kind"])
    if work is None:
        return Outcome(*tell, "", "unread", f"luban has no figure of the kind {check['kind']}")
    try:
        ours = work(e, check)
    except (LubanError, KeyError, ValueError, IndexError, ArithmeticError, StopIteration, TypeError) as error:
        return Outcome(*tell, "", "unread", f"not worked out: {type(error).__name__}: {error}")
    verdict = judge(ours, printed, expression=bool(check.get("expression")))
    told = str(check.get("disagreement") or "")
    return Outcome(
        *tell, ours if isinstance(ours, str) else f"{ours:.10g}", verdict, str(check.get("cause") or ""), told
    )
