"""Lifetime statistics: agreement with peers on simulated sets, intervals that hold the truth, and time.

    python -m benchmarks.lifetime [--quick] [--json] [--seed N]

`agreement` 200 simulated sets, complete, right-censored and seen in intervals, of four families: the largest relative
            difference of a parameter from lifelines and reliability (pip install), and of Kaplan and Meier's curve;
            a set on which a peer's likelihood is below ours by more than 0.001 is a miss of that peer, counted apart
`coverage`  share of simulated studies whose interval holds the truth, at 90 %
`speed`     CPU time of a fit with all its intervals, ours and theirs
"""

from __future__ import annotations

import importlib.util
import math
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.report import Reporter, arguments
from luban.understand.health.lifetime import (
    LifeFit,
    Lives,
    fit_life,
    kaplan_meier,
    life_figures,
    lives,
    turnbull,
)

Floats = NDArray[np.float64]
_FAMILIES = ("weibull", "exponential", "lognormal", "loglogistic")
_WAYS = ("right-censored", "intervals", "complete")
_LOST = 1e-3
_SETS = 200


def main(argv: Sequence[str] | None = None) -> None:
    """Print one line a case."""
    options = arguments(__doc__ or "", argv, budget=60)
    report = Reporter("agreement", options, ["luban", "numpy", "scipy", "lifelines", "reliability"])
    for name, ask in (("lifelines", _lifelines), ("reliability", _reliability)):
        if importlib.util.find_spec(name) is None:
            report.say(f"agreement: {name} is not installed (pip install {name})")
        else:
            agreement(report, name, ask, options.seed)
    coverage(report, options.seed, 150 if options.quick else 1500)
    speed(report, options.seed)


def sets(seed: int, count: int = _SETS) -> Iterator[tuple[str, str, Lives]]:
    """Family, way of censoring, lives: 12 to 119 units, shapes 0.6 to 4, scales over four powers of ten."""
    rng = np.random.default_rng(seed)
    for at in range(count):
        family, way = _FAMILIES[at % 4], _WAYS[at % 3]
        n, shape, scale = int(rng.integers(12, 120)), float(rng.uniform(0.6, 4)), float(10 ** rng.uniform(0, 4))
        t = _drawn(rng, family, n, shape, scale)
        stop = np.quantile(t, rng.uniform(0.4, 0.95)) * rng.uniform(0.7, 1.3, n)
        low, high = t, t
        if way == "right-censored":
            low, high = np.minimum(t, stop), np.where(t <= stop, t, np.inf)
        elif way == "intervals":
            looks = np.concatenate(([0.0], np.quantile(t, [0.1, 0.25, 0.4, 0.55, 0.7, 0.85]), [np.inf]))
            after = np.searchsorted(looks, t, side="left")
            low, high = looks[after - 1], looks[after]
        yield family, way, Lives(low, high, np.ones(n), np.zeros(n))


def _drawn(rng: np.random.Generator, family: str, n: int, shape: float, scale: float) -> Floats:
    u = rng.random(n)
    if family == "weibull":
        return np.asarray(scale * (-np.log(u)) ** (1 / shape))
    if family == "exponential":
        return np.asarray(-scale * np.log(u))
    if family == "lognormal":
        return np.asarray(scale * np.exp(rng.standard_normal(n) / shape))
    return np.asarray(scale * (u / (1 - u)) ** (1 / shape))


def agreement(report: Reporter, name: str, ask: Callable[..., Any], seed: int) -> None:
    """Largest difference by way of censoring, over the sets on which the peer reached the top."""
    worst: dict[str, float] = {}
    asked, missed, failed, curve = dict.fromkeys(_WAYS, 0), dict.fromkeys(_WAYS, 0), 0, 0.0
    for family, way, data in sets(seed):
        fit = fit_life(data, family)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                theirs = ask(family, way, data)
            except Exception:
                theirs, failed = None, failed + 1
        if theirs is None or fit.reason:
            continue
        parameters, value, steps = theirs
        asked[way] += 1
        if steps is not None:
            curve = max(curve, float(np.abs(kaplan_meier(data).surviving - steps).max()))
        if value < fit.log_likelihood - _LOST:
            missed[way] += 1
            continue
        own = _as_theirs(fit, name)
        worst[way] = max(worst.get(way, 0.0), *(abs(a / b - 1) for a, b in zip(own, parameters, strict=True)))
        if value > fit.log_likelihood + _LOST:
            report.say(f"agreement: {name} finds more on a {family} set, {way}: {value - fit.log_likelihood:.4f}")
    for way, difference in worst.items():
        report.line(
            f"{name}, {way}: largest relative difference [1e-6]", 1e6 * difference, "1e-6", sets=asked[way],
            peer_below_the_top=missed[way],
        )  # fmt: skip
    if curve:
        report.line(f"{name}, Kaplan-Meier: largest difference [1e-12]", 1e12 * curve, "1e-12", peer_raised=failed)


def _as_theirs(fit: LifeFit, name: str) -> list[float]:
    own = list(fit.named.values())
    if fit.law.name in {"weibull", "loglogistic"}:
        return own[::-1]
    return [1 / own[0]] if fit.law.name == "exponential" and name == "reliability" else own


def _lifelines(family: str, way: str, data: Lives) -> tuple[list[float], float, Floats | None]:
    import lifelines

    kind = {"weibull": "Weibull", "exponential": "Exponential", "lognormal": "LogNormal", "loglogistic": "LogLogistic"}
    fitter = getattr(lifelines, f"{kind[family]}Fitter")()
    if way == "intervals":
        fitter.fit_interval_censoring(data.low, data.high)
        return fitter.params_.tolist(), float(fitter.log_likelihood_), None
    fitter.fit(data.low, data.exact)
    curve = lifelines.KaplanMeierFitter().fit(data.low, data.exact)
    steps = curve.survival_function_at_times(np.unique(data.low[data.exact])).to_numpy()
    return fitter.params_.tolist(), float(fitter.log_likelihood_), steps


def _reliability(family: str, way: str, data: Lives) -> tuple[list[float], float, None] | None:
    from reliability import Fitters

    if way == "intervals":
        return None  # it takes none
    kind = {"weibull": "Weibull_2P", "exponential": "Exponential_1P", "lognormal": "Lognormal_2P",
            "loglogistic": "Loglogistic_2P"}  # fmt: skip
    still = data.low[data.running]
    found = getattr(Fitters, f"Fit_{kind[family]}")(
        failures=data.low[data.exact], right_censored=still if len(still) else None, show_probability_plot=False,
        print_results=False,
    )  # fmt: skip
    told = {
        "weibull": ("alpha", "beta"), "loglogistic": ("alpha", "beta"), "exponential": ("Lambda",),
        "lognormal": ("mu", "sigma"),
    }  # fmt: skip
    return [float(getattr(found, one)) for one in told[family]], float(found.loglik), None


def coverage(report: Reporter, seed: int, runs: int) -> None:
    """Intervals at 90 % of 20 units of which about a third still run."""
    rng = np.random.default_rng(seed)
    truth = {"shape": 2.0, "scale": 100.0, "B10": 100 * math.sqrt(-math.log(0.9)), "MTBF": 100 * math.gamma(1.5)}
    held = {name: [0, 0] for name in truth}
    for _ in range(runs):
        t = 100 * rng.weibull(2.0, 20)
        for one in life_figures(fit_life(lives(t[t < 105], np.full(int((t >= 105).sum()), 105.0))), 0.9):
            value = truth[one.name]
            held[one.name][0] += (one.low or 0.0) <= value <= (math.inf if one.high is None else one.high)
            held[one.name][1] += one.fisher is not None and one.fisher[0] <= value <= one.fisher[1]
    for name, (likelihood, fisher) in held.items():
        report.line(
            f"{name}: likelihood interval at 90 %, Fisher beside", 100 * likelihood / runs, "%", peer_name="Fisher",
            peer=100 * fisher / runs, claim="coverage", studies=runs,
        )  # fmt: skip


def speed(report: Reporter, seed: int) -> None:
    """CPU time of one fit with intervals, and of Turnbull's curve."""
    rng = np.random.default_rng(seed)
    for n in (50, 100_000):
        t = 100 * rng.weibull(2.0, n)
        data = lives(t[t < 100], np.full(int((t >= 100).sum()), 100.0))
        began = time.process_time()
        life_figures(fit_life(data))
        report.line(f"Weibull with all intervals, n = {n:,}", 1000 * (time.process_time() - began), "ms", claim="speed")
    low = np.floor(100 * rng.weibull(2.0, 1000))
    data = Lives(low, low + rng.integers(1, 30, 1000), np.ones(1000), np.zeros(1000))
    began = time.process_time()
    gap = turnbull(data).gap
    spent = 1000 * (time.process_time() - began)
    report.line("Turnbull, n = 1,000", spent, "ms", claim="speed", gap=f"{gap:.1e}")


if __name__ == "__main__":
    main()
