"""Control charts: 100,000 and 10 million points under eight Nelson rules, one point at a time, average run lengths.

    python -m benchmarks.spc [--quick] [--json] [--seed N]

`nelson`  an individuals and moving range chart with all rules, chart object included, CPU time, best of runs; shewhart
          and mfgQC draw the same points in the same run (pip install shewhart mfgQC). The points at which a rule fired
          must be those of mfgQC, which reports by point; shewhart reports by run.
`stream`  one point at a time through the same rules, median of 20 blocks; each must give to the bit what the whole
          chart gives.
`arl`     average run lengths of every chart and rule set against printed values: worked out, and simulated with the
          standard error of each; rules by the engine that draws the charts.
"""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from benchmarks.report import Reporter, arguments
from benchmarks.spc_published import PUBLISHED, Published
from luban.understand.quality.data import individuals
from luban.understand.quality.spc import Chart, Stream, chosen_rules, control_chart, fit_limits
from luban.understand.quality.spc.arl import cusum_arl, cusum_interval, ewma_arl, ewma_width, individuals_range_arl
from luban.understand.quality.spc.arl_rules import rules_arl
from luban.understand.quality.spc.arl_vector import mewma_arl, mewma_limit
from luban.understand.quality.spc.judge import Judge
from luban.understand.quality.spc.kind import LOCATION, PanelKind, Track
from luban.understand.quality.spc.multivariate import vectors
from luban.understand.quality.spc.short_run import products
from luban.understand.quality.spc.simulation import (
    cusum_run_length,
    ewma_run_length,
    individuals_range_run_length,
    mewma_run_length,
    moving_average_run_length,
    rules_run_length,
)

POINTS, MANY = 100_000, 10_000_000
_SOLVED: dict[str, Callable[..., float]] = {
    "ewma": ewma_arl, "cusum": cusum_arl, "i_mr": individuals_range_arl, "mewma": mewma_arl, "ewma_width": ewma_width,
    "cusum_interval": cusum_interval, "mewma_limit": mewma_limit,
}  # fmt: skip


def main(argv: Sequence[str] | None = None) -> None:
    """Print one line a case."""
    options = arguments(__doc__ or "", argv, budget=10)
    report = Reporter("nelson", options, ["luban", "numpy", "numba", "scipy", "shewhart", "mfgqc"])
    nelson(report, options.seed, quick=options.quick)
    stream(report, options.seed, quick=options.quick)
    run_lengths(report, options.seed, quick=options.quick)


# ---------------------------------------------------------------- speed


def nelson(report: Reporter, seed: int, *, quick: bool) -> None:
    """Whole charts, ours and the peers'."""
    values = np.random.default_rng(seed).normal(10.0, 0.1, POINTS)
    control_chart("i_mr", individuals(values[:1000]), rules="nelson")  # compiled before the clock
    ours, chart = _best(lambda: control_chart("i_mr", individuals(values), rules="nelson"), 5)
    case = f"{POINTS:,} points, I-MR, 8 Nelson rules"
    fired = {one.point for one in chart.violations}
    report.line(case, ours, "s", points=len(fired), violations=len(chart.violations))
    for name, peer in (("shewhart", _shewhart), ("mfgQC", _mfgqc)):
        if importlib.util.find_spec(name.lower()) is None:
            report.say(f"{name}: not measured: pip install {name}")
            continue
        peer(values[:1000])
        took, points = _timed(lambda: peer(values))  # noqa: B023
        # a peer looks at whole windows only, so that 2 of the first 2 points escape it
        apart = sorted(fired ^ points)
        report.line(case, ours, "s", peer=took, peer_name=name, points=len(points), differ=len(apart),
                    differ_first=apart[:3])  # fmt: skip
    if not quick:
        values = np.random.default_rng(seed).normal(10.0, 0.1, MANY)
        ours, chart = _best(lambda: control_chart("i_mr", individuals(values), rules="nelson"), 2)
        report.line(f"{MANY:,} points, I-MR, 8 Nelson rules", ours, "s", violations=len(chart.violations))


def _shewhart(values: np.ndarray[Any, Any]) -> set[int]:
    """Points at which its rules complete a pattern, from the runs that it reports."""
    import shewhart

    least = {"nelson_2": 9, "nelson_3": 6, "nelson_4": 14, "nelson_5": 2, "nelson_6": 4, "nelson_7": 15, "nelson_8": 8}
    found = shewhart.imr(values, rules="nelson")
    return {at for one in found.signals for at in one.points[least.get(one.rule, 1) - 1 :]}


def _mfgqc(values: np.ndarray[Any, Any]) -> set[int]:
    import mfgqc
    import pandas as pd

    frame = pd.DataFrame({"x": values})
    found = mfgqc.load(frame, measure="x").control_chart(kind="i_mr", rules="nelson")
    return {one.point - 1 for one in found.violations}


def stream(report: Reporter, seed: int, *, quick: bool) -> None:
    """One point at a time, CPU time a point, and whether it is what the whole chart says."""
    count = 10_000 if quick else 50_000
    random = np.random.default_rng(seed)
    single, five, three = (
        random.normal(10, 0.1, count),
        random.normal(10, 0.1, (count, 5)),
        random.normal(size=(count, 3)),
    )
    names = [f"product {at % 7}" for at in range(count)]
    several = products(individuals(single), names, sigma=dict.fromkeys(names, 0.1))
    cases: dict[str, tuple[str, Any, list[Any], str]] = {
        "I-MR, 8 Nelson rules": ("i_mr", single, single.tolist(), "nelson"),
        "X-bar R of 5, 8 Nelson rules": ("xbar_r", five, five.tolist(), "nelson"),
        "X-bar S of 5, 8 Nelson rules": ("xbar_s", five, five.tolist(), "nelson"),
        "EWMA": ("ewma", single, single.tolist(), "limits"),
        "CUSUM": ("cusum", single, single.tolist(), "limits"),
        "moving average of 5": ("moving_average", single, single.tolist(), "limits"),
        "T² of 3": ("t2", vectors(three), three.tolist(), "limits"),
        "MEWMA of 3": ("mewma", vectors(three), three.tolist(), "limits"),
        "Z-MR of 7 products": ("z_mr", several, list(zip(single.tolist(), names, strict=True)), "nelson"),
    }
    for case, (kind, data, points, rules) in cases.items():
        limits = fit_limits(kind, data)
        whole = control_chart(kind, data, limits=limits, rules=rules)
        warm = Stream(limits, rules=rules)
        for point in points[:50]:
            warm.update(point)
        line = Stream(limits, rules=rules)
        told, blocks = [], []
        for at in range(0, count, count // 20):
            took, own = _timed(lambda: [line.update(point) for point in points[at : at + count // 20]])  # noqa: B023
            told += own
            blocks.append(1e6 * took / len(own))
        equal = _same(whole, told)
        report.line(case, float(np.median(blocks)), "µs a point", claim="stream", points=count,
                    slowest_of_20_blocks=round(max(blocks), 1), equal_to_the_bit=equal)  # fmt: skip
        if not equal:
            raise SystemExit(f"{case}: the stream is not the chart")


def _same(whole: Chart, told: list[Any]) -> bool:
    plotted = np.array([one.values for one in told]).T
    lines = np.array([[line[2] for line in one.lines] for one in told]).T
    same = all(
        np.array_equal(panel.values, own, equal_nan=True) and np.array_equal(panel.upper, upper, equal_nan=True)
        for panel, own, upper in zip(whole.panels, plotted, lines, strict=True)
    )
    return same and tuple(one for point in told for one in point.violations) == whole.violations


def _timed(run: Callable[[], Any]) -> tuple[float, Any]:
    begun = time.process_time()
    found = run()
    return time.process_time() - begun, found


def _best(run: Callable[[], Any], runs: int) -> tuple[float, Any]:
    taken = [_timed(run) for _ in range(runs)]
    return min(took for took, _ in taken), taken[0][1]


# ---------------------------------------------------------------- run lengths


def run_lengths(report: Reporter, seed: int, *, quick: bool) -> None:
    """Each printed value: worked out, and by chance."""
    runs = 1_000 if quick else 40_000
    worst, count, far = 0.0, 0, 0.0
    for one in PUBLISHED:
        for at, printed in one.points:
            found = _solved(one, at)
            more: dict[str, Any] = {"source": one.source}
            if one.chart not in {"ewma_width", "cusum_interval", "mewma_limit"} and (not quick or at in {0.0, 1.0}):
                told = _simulated(one, at, runs, seed)
                more |= {"simulated": round(told[0], 3), "error": round(told[1], 3), "runs": runs}
                far = max(far, _off(told[0], printed) - 2 * told[1] / printed)
            worst, count = max(worst, _off(found, printed)), count + 1
            report.line(f"{_named(one)} at {at:g}", found, _unit(one), peer=printed, peer_name="printed", claim="arl",
                        **more)  # fmt: skip
    report.line("largest deviation from a printed value, beyond half of its last digit", worst, "1", claim="arl",
                values=count, simulated_beyond_2_errors=round(far, 4))  # fmt: skip
    _nelson_lengths(report, runs, seed)


def _off(found: float, printed: float) -> float:
    half = 0.5 * 10.0 ** -len(f"{printed:.10g}".partition(".")[2])
    return max(0.0, abs(found - printed) - half) / printed


def _solved(one: Published, at: float) -> float:
    if one.chart == "rules":
        return rules_arl(str(one.parameters["rules"]).split(), at)
    return _SOLVED[one.chart](at, **one.parameters)


def _simulated(one: Published, at: float, runs: int, seed: int) -> tuple[float, float]:
    """Mean and standard error; rules by the engine of the charts."""
    numbers: dict[str, Any] = dict(one.parameters)
    if one.chart == "rules":
        return judged(str(numbers["rules"]).split(), at, runs, seed)
    if one.chart == "ewma":
        told = ewma_run_length(at, runs=runs, seed=seed, **{"growing": False, **numbers})
    elif one.chart == "cusum":
        if numbers.pop("sides", 2) == 1:
            return _one_sided(at, runs, seed, **numbers)
        told = cusum_run_length(at, runs=runs, seed=seed, **numbers)
    elif one.chart == "i_mr":
        told = individuals_range_run_length(at, runs=runs, seed=seed, **numbers)
    else:
        told = mewma_run_length(at, runs=runs, seed=seed, **numbers)
    return told.mean, told.error


def _one_sided(at: float, runs: int, seed: int, *, reference: float, interval: float) -> tuple[float, float]:
    """The upper sum alone."""
    random = np.random.default_rng(seed)
    sums, lengths, point = np.zeros(runs), np.zeros(0), 0
    while len(sums):
        point += 1
        sums = np.maximum(0.0, sums + random.standard_normal(len(sums)) + at - reference)
        over = sums > interval
        lengths = np.append(lengths, np.full(np.count_nonzero(over), float(point)))
        sums = sums[~over]
    return float(lengths.mean()), float(lengths.std() / np.sqrt(runs))


def judged(rules: Sequence[str], shift: float, runs: int, seed: int) -> tuple[float, float]:
    """First signal of the rules of the charts on independent points: mean and standard error.

    Points come in pieces; rules carry on from piece to piece as on the line.
    """
    random = np.random.default_rng(seed)
    lines = np.array([[0.0], [-3.0], [3.0], [1.0]])
    panel, chosen = (PanelKind("individual", LOCATION),), chosen_rules(rules)
    lengths = np.empty(runs)
    for run in range(runs):
        judge, start, piece = Judge(panel, chosen), 0, 64
        while True:
            found = judge.judge((Track(random.standard_normal(piece) + shift, lines),), start)
            if found:
                lengths[run] = found[0].point + 1
                break
            start, piece = start + piece, min(2 * piece, 1024)
    return float(lengths.mean()), float(lengths.std() / np.sqrt(runs))


def _nelson_lengths(report: Reporter, runs: int, seed: int) -> None:
    """Rule sets for which we found no printed table: the engine of the charts against a second way."""
    zones = [f"nelson_{at}" for at in (1, 2, 5, 6, 7, 8)]
    every = [f"nelson_{at}" for at in range(1, 9)]
    for shift in (0.0, 1.0, 2.0):
        mean, error = judged(zones, shift, runs, seed)
        report.line(f"Nelson 1, 2, 5-8 at {shift:g}", mean, "points", peer=rules_arl(zones, shift),
                    peer_name="Markov chain", claim="arl", error=round(error, 3), runs=runs)  # fmt: skip
        mean, error = judged(every, shift, runs, seed)
        other = rules_run_length(every, shift, runs=runs, seed=seed + 1)
        report.line(f"Nelson 1-8 at {shift:g}", mean, "points", peer=other.mean, peer_name="second simulation",
                    claim="arl", error=round(error, 3), peer_error=round(other.error, 3), runs=runs)  # fmt: skip
    for span in (3, 5):
        told = moving_average_run_length(span=span, runs=runs, seed=seed)
        report.line(f"moving average of {span} at 0", told.mean, "points", claim="arl", error=round(told.error, 3),
                    runs=runs)  # fmt: skip


def _named(one: Published) -> str:
    shown = {"rules": "", "ewma": "EWMA", "cusum": "CUSUM", "i_mr": "I-MR", "mewma": "MEWMA"}.get(one.chart, one.chart)
    told = " ".join(
        str(value).replace("western_electric_", "WE") if name == "rules" else f"{name} {value}"
        for name, value in one.parameters.items()
    )
    return f"{shown} {told}".strip()


def _unit(one: Published) -> str:
    return "sigma" if one.chart in {"ewma_width", "cusum_interval"} else "1" if one.chart == "mewma_limit" else "points"


if __name__ == "__main__":
    main()
