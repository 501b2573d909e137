"""Public series of economies against a plan: proxies, known traps, forecasts back in time, alarms without a cause.

    python -m benchmarks.nation [--data DIR] [--quick] [--json]

Lines: economies that each proxy can be computed for; the cut of industrial water of China; the traps that public and
reported figures hold, each found (1) or not (0); reported outcomes beside computed ones; how often intervals of 80 and
95 % hold, how wrong the chance of passing a mark is, and the interval score beside Holt's damped trend by statsmodels;
false alarms and delays of the warnings on seeded worlds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import Reporter, arguments
from luban.norms.plans import load_plan
from luban.rollup.forecast import forecast
from luban.rollup.glut import BASELINE, overcapacity
from luban.rollup.outbreak import outbreaks
from luban.rollup.points import Point
from luban.rollup.public import (
    PublicData,
    Source,
    lacking,
    population_words,
    proxies,
    proxy_levels,
    proxy_points,
    proxy_signals,
)
from luban.rollup.reports import beside, conflicts, populations, read_reports, reported_points
from luban.rollup.signals import series_signals

__all__ = ["main"]

FAMILIES = ("wdi", "gapminder", "unsdg")
AHEAD = 10
# value added over output of manufacturing in China, %: input-output tables up to 2015, and those of 2017 and after
VALUE_ADDED = ((2005, 22.95), (2010, 19.69), (2015, 19.48), (2017, 22.67), (2018, 23.01), (2020, 23.14))


def main(argv: Sequence[str] | None = None) -> int:
    """Prints every line; 1 where a trap was missed or the cut of water is off."""
    options = arguments(__doc__ or "", argv)
    report = Reporter("nation", options, ("luban", "numpy", "scipy", "statsmodels"))
    data = PublicData(options.data / "nation")
    good = _proxies(report, data)
    good &= _traps(report, data, options.data / "nation")
    _reported(report, data, options.data / "nation")
    _backtest(report, data, options.seed, 250 if options.quick else 1200)
    _alarms(report, options.seed, 300 if options.quick else 1000)
    return 0 if good else 1


def _proxies(report: Reporter, data: PublicData) -> bool:
    plan = load_plan()
    report.say(f"{len(data.economies)} economies, {len(data.files)} files")
    for one in proxies(plan):
        if lack := lacking(data, one):
            report.line(f"{one.indicator} {one.id}", None, "economies", claim="proxy", missing=", ".join(lack))
            continue
        economies = [one.economy] if one.economy else data.economies
        known = [proxy_levels(data, one, name) for name in economies]
        enough = sum(sum(2010 <= point.year <= 2025 for point in points) >= 6 for points in known)
        report.line(f"{one.indicator} {one.id}", enough, "economies", claim="proxy")
    water = next(one for one in proxies(plan) if one.id == "water_va")
    cut = {one.year: one.value for one in proxy_points(data, water, "CHN", plan.indicator("I11"))}.get(2020)
    report.line("CHN I11 2015→2020", cut, "%", peer=36.7, peer_name="hand", claim="water")
    return cut is not None and abs(cut - 36.7) <= 0.2


def _traps(report: Reporter, data: PublicData, folder: Path) -> bool:
    plan = load_plan()
    water = next(one for one in proxies(plan) if one.id == "water_va")
    tails = [one for one in proxy_signals(data, water, "CHN") if one.kind == "repeated tail" and one.year == 2022]
    ratio = [Point(year, value, source="tables 2015" if year <= 2015 else "tables 2017") for year, value in VALUE_ADDED]
    breaks = [one for one in series_signals(ratio) if one.kind == "break" and one.year == 2017]
    found = {"CHN water 2022 = 2020": bool(tails), "value added over output 2015→2017": bool(breaks)}
    reports = _read(folder)
    if reports:
        found["I08 2021: 55.3 / 51.3"] = any((s.place, s.year) == ("I08", 2021) for s in conflicts(reports))
        changed = {(one.place, one.year) for one in populations(reports)}
        found["population of I07, I08 in 2023"] = {("I07", 2023), ("I08", 2023)} <= changed
    for name, there in found.items():
        report.line(name, float(there), "found", claim="trap")
    return all(found.values())


def _read(folder: Path) -> tuple[Any, ...]:
    file = next(iter(sorted(folder.glob("*reported*.csv"))), None)
    return read_reports(file, population_words(load_plan())) if file else ()


def _reported(report: Reporter, data: PublicData, folder: Path) -> None:
    plan = load_plan()
    computed: dict[str, tuple[Point, ...]] = {}
    for one in proxies(plan):
        indicator = plan.indicators[one.indicator]
        points = () if lacking(data, one) else proxy_points(data, one, "CHN", indicator, carried=False)
        if indicator.kind != "level" and points:
            computed.setdefault(indicator.id, points)
    reports = _read(folder)
    for row in beside(reports, computed, plan, nearby=computed):
        own = row.report
        doubts = "; ".join(row.doubts) or "none"
        report.line(f"{own.indicator} {own.year}", row.computed, own.unit, peer=own.value, peer_name="reported",
                    claim="reported", doubts=doubts, source=own.source)  # fmt: skip
    report.say(f"usable for progress: {', '.join(sorted(reported_points(reports, plan)))}")


# ---- forecasts back in time


def _series(data: PublicData) -> Iterator[tuple[str, dict[int, float]]]:
    for file in data.files:
        if file.split("/")[0] in FAMILIES:
            for economy in data.economies:
                own = data.series(Source(file), economy)
                if len(own) >= 12:
                    yield f"{file} {economy}", own


def _backtest(report: Reporter, data: PublicData, seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    everything = list(_series(data))
    hits: dict[float, list[bool]] = {0.8: [], 0.95: []}
    told, came = [], []
    scores: dict[str, list[float]] = {"ours": [], "peer": []}
    inside: list[bool] = []
    for number in range(count):
        _, own = everything[int(rng.integers(len(everything)))]
        years = sorted(own)
        cut = int(rng.integers(7, len(years) - 1))
        past, rest = (
            [Point(year, own[year]) for year in years[:cut]],
            [y for y in years[cut:] if y <= years[cut - 1] + AHEAD],
        )
        steps = np.abs(np.diff([own[year] for year in years]))
        size = float(np.median(steps)) or float(steps.mean())
        if not rest or size == 0:
            continue
        mark = own[years[cut - 1]] + float(rng.normal()) * size * 2 * np.sqrt(rest[-1] - years[cut - 1])
        some: dict[str, Any] = {"target": mark, "target_year": rest[-1], "draws": 1500, "seed": number}
        found = forecast(past, rest[-1], **some)
        if found.reason:
            continue
        wide = forecast(past, rest[-1], level=0.95, draws=1500, seed=number)
        for year in rest:
            for level, one in ((0.8, found), (0.95, wide)):
                _, low, high = one.at(year) or (0.0, 0.0, 0.0)
                hits[level].append(low <= own[year] <= high)
        told.append(found.chance)
        came.append(own[rest[-1]] >= mark)
        if number % 4 == 0 and years[cut - 1] - years[0] == cut - 1:
            _beside(past, own, rest, found, size, scores, inside)
    for level, seen in hits.items():
        report.line(f"{100 * level:g} % intervals, 1 to {AHEAD} years ahead", 100 * float(np.mean(seen)), "% hold",
                    claim="coverage", n=len(seen))  # fmt: skip
    chances, truth = np.array(told, float), np.array(came, float)
    usual = float(np.mean((truth.mean() - truth) ** 2))
    report.line("chance of passing a mark, Brier score", float(np.mean((chances - truth) ** 2)), "", peer=usual,
                peer_name="base rate", claim="chance", n=len(truth))  # fmt: skip
    for low, high in ((0, 0.2), (0.2, 0.5), (0.5, 0.8), (0.8, 1.001)):
        own_bin = (chances >= low) & (chances < high)
        if own_bin.any():
            name = f"told {low:g} … {min(high, 1):g}, mean {chances[own_bin].mean():.2f}"
            report.line(name, float(truth[own_bin].mean()), "came true", claim="chance", n=int(own_bin.sum()))
    if scores["peer"]:
        report.line("80 % interval score in usual steps, mean, 200 at most", _capped(scores["ours"]), "",
                    peer=_capped(scores["peer"]), peer_name="statsmodels ETS", claim="interval",
                    n=len(scores["ours"]), peer_holds=f"{100 * np.mean(inside):.1f} %")  # fmt: skip


def _beside(
    past: Sequence[Point], own: dict[int, float], rest: Sequence[int], found: Any, size: float,
    scores: dict[str, list[float]], inside: list[bool],
) -> None:  # fmt: skip
    """The same series by Holt's damped trend with the likeliest parameters."""
    import warnings

    try:
        from statsmodels.tsa.exponential_smoothing.ets import ETSModel
    except ImportError:
        return
    values = np.array([one.value for one in past])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            fitted = ETSModel(values, error="add", trend="add", damped_trend=True).fit(disp=False, maxiter=200)
            last = past[-1].year
            drawn = fitted.simulate(rest[-1] - last, anchor="end", repetitions=600, rng=np.random.default_rng(1))
            ends = np.quantile(np.asarray(drawn).reshape(rest[-1] - last, -1), [0.1, 0.9], axis=1).T
        except (ValueError, np.linalg.LinAlgError, FloatingPointError):
            return
    for year in rest:
        _, low, high = found.at(year)
        a, b = ends[year - last - 1]
        if np.isfinite(a) and np.isfinite(b):
            inside.append(bool(a <= own[year] <= b))
            scores["peer"].append(_score(a, b, own[year]) / size)
            scores["ours"].append(_score(low, high, own[year]) / size)


def _capped(some: Sequence[float]) -> float:
    """A few series stand still for years and then jump: they must not be all that counts."""
    return float(np.minimum(some, 200).mean())


def _score(low: float, high: float, value: float) -> float:
    return float(high - low + 10 * max(low - value, 0.0) + 10 * max(value - high, 0.0))


# ---- alarms


def _alarms(report: Reporter, seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    for scatter in (1.0, 1.6):
        false, late, heads = 0, [], 0
        for _ in range(count):
            usual = rng.uniform(2, 15, (20, 1)) * np.ones((20, 36))
            counts = _counts(rng, usual, scatter)
            false += bool(outbreaks(counts, start=24))
            cell, begin = int(rng.integers(20)), int(rng.integers(26, 33))
            counts[cell, begin:] += _counts(rng, 2 * usual[cell, begin:] + 6, scatter)
            seen = [s.period for s in outbreaks(counts, start=24) if s.place == str(cell + 1) and s.period >= begin]
            late.append(seen[0] - begin + 1 if seen else 99)
            heads += 1
        name = f"20 cells, 12 periods, scatter {scatter:g} × chance"
        report.line(f"{name}: runs with a false alarm", 100 * false / count, "%", claim="quality", n=count)
        report.line(f"{name}: outbreak found within 2 periods", 100 * float(np.mean(np.array(late) <= 2)), "%",
                    claim="quality", n=heads)  # fmt: skip
    for hang in (0.0, 0.3, 0.6):
        lead, false = [], 0
        for _ in range(count // 2):
            use, stock, price = _industry(rng, hang, 1.0)
            floor = int(np.argmax(price <= np.median(price[BASELINE + 24 :]) + 1))
            seen = [s.period for s in overcapacity(use, stock=stock, price=price) if s.period >= BASELINE + 6]
            lead.append(floor - seen[0] if seen else -99)
            use, stock, price = _industry(rng, hang, 0.0)
            false += bool(overcapacity(use, stock=stock, price=price))
        name = f"40 quarters, autocorrelation {hang:g}"
        ahead = 100 * float(np.mean(np.array(lead) >= 2))
        report.line(f"{name}: glut warned 2 quarters before the price floor", ahead, "%", claim="glut",
                    median_lead=float(np.median(lead)), n=len(lead))  # fmt: skip
        report.line(f"{name}: runs with a false alarm", 100 * false / (count // 2), "%", claim="glut", n=count // 2)


def _counts(rng: np.random.Generator, mean: Any, scatter: float) -> Any:
    if scatter == 1:
        return rng.poisson(mean).astype(float)
    return rng.negative_binomial(mean / (scatter - 1), 1 / scatter).astype(float)


def _industry(rng: np.random.Generator, hang: float, glut: float) -> tuple[Any, Any, Any]:
    """Utilisation, stock and price; with a glut, capacity outgrows demand over ten quarters."""
    noise = np.zeros((3, BASELINE + 40))
    for now in range(1, noise.shape[1]):
        noise[:, now] = hang * noise[:, now - 1] + rng.standard_normal(3) * np.sqrt(1 - hang**2)
    excess = np.clip(np.arange(noise.shape[1]) - BASELINE - 6, 0, 10) * glut
    use = 82 + 1.5 * noise[0] - 1.5 * excess
    stock = 30 + 1.5 * noise[1] + 1.2 * np.concatenate([np.zeros(2), excess[:-2]])
    price = 100 + 2 * noise[2] - 2.5 * np.concatenate([np.zeros(4), excess[:-4]])
    return use, stock, price


if __name__ == "__main__":
    raise SystemExit(main())
