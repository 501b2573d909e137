"""Verifying: acts without an effect, acts with a planted one, on drawn series and on series of the twin.

    python -m benchmarks.verify [--quick] [--json] [--seed N]

`null`    acts that do nothing: share of runs whose verdict is `no effect` at 95 %; refused baselines count against it
`known`   a planted effect: share of the intervals that hold it, among runs that were judged
`peers`   the same series, interrupted at the act: segmented regression with Newey-West errors, GLSAR and a structural
          time series by maximum likelihood (statsmodels), a moving-block bootstrap; share of their intervals that hold
`twin`    days of examples/tiny_workshop with steady orders; from the act on the machines are 10 % quicker (effect on)
          or as they were (effect off). The truth of each run is its own course without the act, on the same chances
`matched` pairs of runs of the same: with common random numbers, and the width of the interval beside that without them

Series go together with autocorrelation ρ from 0 to 0.8, some half hidden under pure noise; drivers drift, weeks have
weekends. 60 periods before and 30 after; and 20 and 8, the fewest that are taken.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import Reporter, arguments
from luban.core.time import DAY
from luban.twin.distribution import Distribution
from luban.twin.load import load_twin
from luban.twin.model import Arrival, Model
from luban.twin.results import PLANT, Meter
from luban.twin.run import Run
from luban.twin.scenario import Scenario
from luban.verify import Decision, Metric, Outcome, Series, by_replications, freeze, judge, series

CASES = ("plain", "hidden", "drivers", "week", "trend", "controls", "share", "rate")
RHOS = (0.0, 0.4, 0.8)
SIZES = ((60, 30), (20, 8))
EXAMPLE = Path(__file__).parents[1] / "examples" / "tiny_workshop"
BEFORE, AFTER, SETTLING = 56, 28, 14

Drawn = tuple[Series, float, str]


def main(argv: Sequence[str] | None = None) -> None:
    options = arguments(__doc__ or "", argv)
    report = Reporter("verify", options, ["luban", "numpy", "scipy", "statsmodels"])
    runs = 24 if options.quick else 200
    for before, after in SIZES[:1] if options.quick else SIZES:
        for case in CASES:
            if (case in ("week", "drivers")) and before < 28:
                continue
            for rho in RHOS[::2] if options.quick else RHOS if before > 20 else RHOS[1:]:
                draw = partial(drawn, case, rho, before, after)
                _judged(report, options, f"{case}, ρ {rho}, {before} + {after}", draw, runs, before)
    _peers(report, options, 24 if options.quick else 200)
    _twin(report, options, 20 if options.quick else 200)


def alike(g: np.random.Generator, count: int, rho: float) -> Any:
    """Noise of size 1, each period like the one before."""
    found = g.normal(size=count + 80) * np.sqrt(1 - rho * rho)
    for at in range(1, len(found)):
        found[at] += rho * found[at - 1]
    return found[80:]


def drawn(case: str, rho: float, before: int, after: int, seed: int, effect: float) -> Drawn:  # fmt: skip
    """(series, true effect, method) of one drawn plant; `effect` in standard deviations of a period, or of a share."""
    g, count = np.random.default_rng((seed, CASES.index(case), round(100 * rho), before)), before + after
    day, noise = np.arange(count), alike(g, count, rho)
    late, times = day >= before, day * DAY
    if case in ("share", "rate"):
        made = g.integers(300, 600, count)
        chance = np.clip(0.05 * (1 + 0.15 * noise) + 0.015 * effect * late, 0.001, 1)
        bad = g.binomial(made, chance) if case == "share" else g.poisson(made * chance)
        return series(times, bad.astype(float), unit="1", exposure=made.astype(float)), 0.015 * effect, case
    values, more, method = 100 + noise + effect * late, {}, "auto"
    if case == "hidden":
        values = 100 + np.sqrt(0.5) * (noise + g.normal(size=count)) + effect * late
    elif case == "drivers":
        pieces = 500 + 60 * alike(g, count, 0.6) + 1.5 * day
        values = values + 0.05 * pieces
        more = {"drivers": {"pieces": pieces}}
    elif case == "week":
        values = values + np.array([0, 0.5, 0, 0, -0.5, -4, -6])[day % 7]
    elif case == "trend":
        values, method = values + 0.08 * day, "interrupted"
    elif case == "controls":
        market = 3 * alike(g, count, 0.9) + 0.05 * day
        values = values + market
        more = {"controls": {name: 80 + market + alike(g, count, rho) for name in ("b", "c")}}
    return series(times, values, unit="kg", **more), effect, method  # type: ignore[arg-type]


def outcome(found: Drawn, before: int) -> Outcome:
    """What verify says of it."""
    some, _, method = found
    metric = Metric("figure", some.unit)
    base = freeze(some, metric, act="a", end=int(some.times[0]) + before * DAY, method=method)
    return judge(base, some, Decision("a", base.end))


def _judged(
    report: Reporter,
    options: argparse.Namespace,
    name: str,
    draw: Callable[[int, float], Drawn],
    runs: int,
    before: int,
) -> None:
    begun = time.process_time()
    none = Counter(outcome(draw(options.seed * 10_000 + at, 0.0), before).verdict for at in range(runs))
    report.line(name, none["no effect"] / runs, "share", claim="null", runs=runs, refused=none["not evaluable"],
                wrong=none["helped"] + none["made worse"], cpu_s=f"{time.process_time() - begun:.1f}")  # fmt: skip
    found: Counter[str] = Counter()
    begun, held, sizes = time.process_time(), 0, []
    for at in range(runs // 2):
        one = draw(options.seed * 10_000 + 5_000 + at, -1.5)
        made = outcome(one, before)
        found[made.verdict] += 1
        if made.judged:
            held += made.low <= one[1] <= made.high
            sizes.append((made.high - made.low) / 2)
    report.line(name, held / max(len(sizes), 1), "share", claim="known", judged=len(sizes), helped=found["helped"],
                half_median=f"{np.median(sizes):.3g}", cpu_s=f"{time.process_time() - begun:.1f}")  # fmt: skip


# ---------------------------------------------------------------------- peers


def _peers(report: Reporter, options: argparse.Namespace, runs: int) -> None:
    """Coverage of a level change by others' methods, on the plain series."""
    if not find_spec("statsmodels"):
        report.say("peers          statsmodels is not installed: left out")
        return
    warnings.simplefilter("ignore")
    methods: dict[str, Callable[[Any, int], tuple[float, float]]] = {
        "OLS, Newey-West": newey_west, "GLSAR": glsar, "block bootstrap": blocks, "structural (UCM)": structural,
    }  # fmt: skip
    for before, after in SIZES[:1] if options.quick else SIZES:
        for rho in RHOS[1:]:
            draws = [drawn("plain", rho, before, after, options.seed * 10_000 + at, -1.5) for at in range(runs)]
            judged = [(outcome(one, before), one[1]) for one in draws]
            ours = float(np.mean([made.low <= true <= made.high for made, true in judged if made.judged]))
            for name, method in methods.items():
                some = draws[: max(10, runs // 10)] if "UCM" in name else draws
                begun = time.process_time()
                held = [(low <= one[1] <= high) for one in some for low, high in [method(one[0].values, before)]]
                report.line(f"ρ {rho}, {before} + {after}", ours, "share", peer=float(np.mean(held)), peer_name=name,
                            claim="peers", runs=len(some), peer_cpu_s=f"{time.process_time() - begun:.1f}")  # fmt: skip


def _columns(count: int, before: int) -> Any:
    return np.column_stack([np.ones(count), np.arange(count) >= before])


def newey_west(values: Any, before: int) -> tuple[float, float]:
    """Least squares with Newey-West errors, lags by the usual rule."""
    from statsmodels.api import OLS

    lags = int(4 * (len(values) / 100) ** (2 / 9))
    fit = OLS(values, _columns(len(values), before).astype(float)).fit(
        cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": True}, use_t=True
    )
    low, high = fit.conf_int()[1]
    return float(low), float(high)


def glsar(values: Any, before: int) -> tuple[float, float]:
    """Feasible generalised least squares with one autoregressive term."""
    from statsmodels.api import GLSAR

    low, high = GLSAR(values, _columns(len(values), before).astype(float), rho=1).iterative_fit(20).conf_int()[1]
    return float(low), float(high)


def blocks(values: Any, before: int, draws: int = 300) -> tuple[float, float]:
    """Moving blocks of the residuals, percentiles."""
    g = np.random.default_rng(1)
    means = np.where(np.arange(len(values)) < before, values[:before].mean(), values[before:].mean())
    rest, size = values - means, max(2, round(len(values) ** (1 / 3)))
    count = -(-len(values) // size)
    starts = g.integers(0, len(values) - size + 1, (draws, count))
    picked = rest[(starts[:, :, None] + np.arange(size)).reshape(draws, -1)[:, : len(values)]]
    change = values[before:].mean() - values[:before].mean()
    found = change + picked[:, before:].mean(axis=1) - picked[:, :before].mean(axis=1)
    low, high = np.quantile(found, [0.025, 0.975])
    return float(low), float(high)


def structural(values: Any, before: int) -> tuple[float, float]:
    """A local level, fitted before, forecast after: what CausalImpact does, by maximum likelihood."""
    from statsmodels.api import tsa

    fit = tsa.UnobservedComponents(values[:before], "llevel").fit(disp=0)
    noise, step = fit.params
    ahead = len(values) - before
    steps = np.arange(ahead, 0, -1) / ahead
    variance = fit.filtered_state_cov[0, 0, -1] + step * float(steps @ steps) + noise / ahead
    change = values[before:].mean() - fit.filtered_state[0, -1]
    half = 1.96 * float(np.sqrt(variance))
    return float(change - half), float(change + half)


# ---------------------------------------------------------------------- twin


def workshop() -> Model:
    """The tiny workshop with steady orders, for as many days as are looked at."""
    model = load_twin(EXAMPLE, days=SETTLING + BEFORE + AFTER + 2)
    arrivals = tuple(
        Arrival(f"steady {route.id}", route.id, Distribution.exponential(60 * 3600.0), Distribution.constant(400))
        for route in model.routes
    )
    return replace(model, orders=(), arrivals=arrivals)


def course(model: Model, seed: int) -> dict[str, Any]:
    """Figures of each day after settling."""
    run, meter, rows = Run(model, seed=seed), Meter(model), []
    names = [(one.name, one.subject) for one in meter.outputs]
    before = run.to(SETTLING * DAY).totals()
    run.lots()
    for day in range(BEFORE + AFTER):
        after = run.to((SETTLING + day + 1) * DAY).totals()
        rows.append(meter.read(before, after, run.lots()))
        before = after
    return {name: np.array(rows)[:, names.index((name, PLANT))] for name in ("energy", "wip", "output")}


def _twin(report: Reporter, options: argparse.Namespace, runs: int) -> None:
    model = workshop()
    quick = Scenario.of("quicker", {"time": 0.9}).apply(model)
    begun, first = time.process_time(), options.seed * 10_000
    pairs = [(course(model, first + at), course(quick, first + at)) for at in range(runs)]
    spent = time.process_time() - begun
    for name, unit in (("energy", "kWh"), ("wip", "lots")):
        for on in (False, True):
            found: Counter[str] = Counter()
            held, sizes = 0, []
            for plain, other in pairs:
                true = float((other[name] - plain[name])[BEFORE:].mean()) if on else 0.0
                values = np.concatenate([plain[name][:BEFORE], (other if on else plain)[name][BEFORE:]])
                some = series(np.arange(BEFORE + AFTER) * DAY, values, unit=unit)
                made = outcome((some, true, "auto"), BEFORE)
                found[made.verdict] += 1
                if made.judged:
                    # with the effect off the truth is the course itself: nothing was done
                    held += made.low <= true <= made.high
                    sizes.append((made.high - made.low) / 2)
            case = f"{name} a day, effect {'on' if on else 'off'}"
            share = held / max(len(sizes), 1) if on else found["no effect"] / runs
            report.line(case, share, "share", claim="twin", runs=runs, verdicts=dict(found),
                        half_median=f"{np.median(sizes):.3g}" if sizes else "-", twin_cpu_s=f"{spent:.1f}")  # fmt: skip
    _matched(report, pairs)


def _matched(report: Reporter, pairs: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    """Pairs of ten runs: with the effect off (other chances), on with common chances, on without."""
    means = np.array([[one["energy"][BEFORE:].mean(), two["energy"][BEFORE:].mean()] for one, two in pairs])
    true, size = float((means[:, 1] - means[:, 0]).mean()), 10
    groups = [means[at : at + size] for at in range(0, len(means) - size + 1, size)]
    none = [by_replications(one[:-1, 0], one[1:, 0]) for one in groups]
    common = [by_replications(one[:, 0], one[:, 1]) for one in groups]
    apart = [by_replications(np.roll(one[:, 0], 1), one[:, 1]) for one in groups]
    off = float(np.mean([one.low <= 0 <= one.high for one in none]))
    report.line("effect off, other chances", off, "share", claim="matched", groups=len(groups))
    held = float(np.mean([one.low <= true <= one.high for one in common]))
    narrow, wide = (float(np.median([(one.high - one.low) / 2 for one in some])) for some in (common, apart))
    report.line("effect on, common chances", held, "share", claim="matched", true=f"{true:.3g} kWh", groups=len(groups))
    report.line("half width, common chances", narrow, "kWh", peer=wide, peer_name="other chances", claim="matched")


if __name__ == "__main__":
    main()
