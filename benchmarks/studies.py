"""Quality: every answer of the reference sets, intervals that hold the truth, and what peers say of the same data.

    python -m benchmarks.studies [--quick] [--json] [--seed N]

`answers`   every value of LUBAN_DATA/quality/{msa,spc_reference}/answers.json that is a figure of a chart, a study, an
            index or a constant: within 1e-6, or to the last printed digit; each that is not is listed
`coverage`  share of simulated studies whose interval holds the truth, against the confidence asked for
`peer`      shewhart and mfgQC (pip install) on data whose process is out of control, and their time for 100,000 values
`speed`     CPU time of a capability study and of a gauge study
"""

from __future__ import annotations

import csv
import importlib.util
import json
import math
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import Reporter, arguments
from luban.understand.quality.capability import Spread, capability, indices_of
from luban.understand.quality.data import individuals, subgroups
from luban.understand.quality.gauge_study import crossed, level_study, readings
from luban.understand.quality.read import read_counts, read_sample
from luban.understand.quality.spc import control_chart
from luban.understand.quality.spc.constants import c4, d2, d3
from luban.understand.quality.tolerance import normal_tolerance, tolerance_factor

_EXACT = 1e-6


def main(argv: Sequence[str] | None = None) -> None:
    """Print one line a case."""
    options = arguments(__doc__ or "", argv, budget=20)
    report = Reporter("answers", options, ["luban", "numpy", "scipy", "shewhart", "mfgqc"])
    folder = options.data / "quality"
    if folder.is_dir():
        answers(report, folder)
        peers(report, folder, options.seed)
    else:
        report.say(f"answers, peer: not measured: no {folder}")
    coverage(report, options.seed, runs=500 if options.quick else 4000)
    speed(report, options.seed)


# ---------------------------------------------------------------- answers


def answers(report: Reporter, folder: Path) -> None:
    """How many values agree; every one that does not is listed."""
    for name, of in (("msa", _gauges), ("spc_reference", _references)):
        wanted = json.loads((folder / name / "answers.json").read_text("utf-8"))
        seen = list(of(folder / name, wanted))
        wrong = [f"{path}: {ours!r}, answer {theirs!r}" for path, ours, theirs in seen if not _agrees(ours, theirs)]
        report.line(f"{name}: answers that agree", len(seen) - len(wrong), f"of {len(seen)}", wrong=wrong)


def _agrees(ours: Any, theirs: Any) -> bool:
    if isinstance(theirs, (list, tuple)):
        return len(ours) == len(theirs) and all(_agrees(a, b) for a, b in zip(ours, theirs, strict=True))
    if isinstance(theirs, (bool, str, int)) and not isinstance(ours, float):
        return bool(ours == theirs)
    if math.isclose(ours, theirs, rel_tol=_EXACT, abs_tol=1e-12):
        return True
    printed = repr(theirs).partition(".")[2]
    return len(printed) <= 8 and round(float(ours), len(printed)) == round(float(theirs), len(printed))


Seen = Iterator[tuple[str, Any, Any]]


def _table(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as opened:
        return list(csv.DictReader(opened))


def _gauges(folder: Path, wanted: Mapping[str, Any]) -> Seen:
    own = wanted["gagernr_3x5x3"]
    rows = _table(folder / "gagernr_3x5x3.csv")
    study = crossed(
        readings(
            [row["part"] for row in rows], [row["operator"] for row in rows], [float(row["value"]) for row in rows]
        )
    )
    table = study.table
    assert table is not None
    for term in ("operator", "part", "interaction", "repeat"):
        yield f"ss.{term}", table.line(term).squares, own["ss"][term]
        yield f"ms.{term}", table.line(term).mean, own["ms"][term]
    yield "ss.total", table.total, own["ss"]["total"]
    yield "F", table.line("interaction").ratio, own["F_interaction"]
    yield "p", table.line("interaction").p, own["p_interaction"]
    yield "pooled", study.pooled is not None, own["pooled"]
    names = {"repeat": "repeatability", "grr": "gauge"}
    for name in ("repeat", "operator", "interaction", "grr", "part", "total"):
        yield f"var.{name}", study.of(names.get(name, name)).variance, float(own["var"][name])
    for name, source in (
        ("ev", "repeatability"),
        ("av", "operator"),
        ("grr", "gauge"),
        ("pv", "part"),
        ("tv", "total"),
    ):
        yield name, study.of(source).sd, own[name]
    yield "pct_study", study.of("gauge").study, own["pct_study_grr"]
    yield "pct_contrib", study.of("gauge").contribution, own["pct_contrib_grr"]
    yield "ndc_float", study.categories, own["ndc_float"]
    yield "ndc", study.ndc, own["ndc"]
    rows, told = _table(folder / "nist_mpc61_gauge_study.csv"), wanted["nist_mpc61_gauge_study"]
    levels = level_study(
        [float(row["average"]) for row in rows], [float(row["stddev"]) for row in rows], [row["wafer"] for row in rows],
        [row["run"] for row in rows], [row["probe"] for row in rows], repeats=6,
    )  # fmt: skip
    for name, level in (("repeatability", "repeat"), ("day_to_day", "day"), ("run_to_run", "run")):
        yield name, levels.of(level).sd, told[f"pooled_{name}_sd"]


def _references(folder: Path, wanted: Mapping[str, Any]) -> Seen:
    yield from _constants(wanted)
    yield from _subgroup_charts(folder, wanted)
    yield from _count_charts(folder, wanted)
    yield from _single_charts(folder, wanted)
    told = wanted["nist_6_1_6_capability"]
    known = Spread("known", told["sigma"], math.inf)
    found = {one.name: one.value for one in indices_of(told["mean"], known, 50, told["lsl"], None, told["usl"])}
    for name in ("cp", "cpu", "cpl", "cpk"):
        yield f"6.1.6 {name}", found[name.capitalize()], told[name]
    told = wanted["nist_7_2_6_3_howe_k2"]
    yield "7.2.6.3 k2", tolerance_factor(told["n"], told["coverage"], told["confidence"], way="howe"), told["k2"]
    told, values = wanted["nist_strd_michelso"], _column(folder / "nist_strd_michelso.csv")
    study = capability(replace(individuals(values), lower=299.6, upper=300.1))
    assert study.overall is not None
    yield "StRD mean", study.mean, told["certified_mean"]
    yield "StRD sd", study.overall.sigma, told["certified_sd"]
    yield "StRD Pp", study.index("Pp").value, told["pp_if_lsl_299_6_usl_300_1"]


def _constants(wanted: Mapping[str, Any]) -> Seen:
    for size, own in wanted["constants"].items():
        for name, value in (("d2", d2(int(size))), ("d3", d3(int(size))), ("c4", c4(int(size)))):
            yield f"{name}({size})", value, own[name]


def _subgroup_charts(folder: Path, wanted: Mapping[str, Any]) -> Seen:
    told = wanted["dataplot_cc1_xbar"]
    sample = read_sample(folder / "dataplot_cc1_xbar.csv")
    for kind, prefix, spread in (("xbar_r", "xbar_r", "r"), ("xbar_s", "xbar_s", "s")):
        chart = control_chart(kind, sample, rules=())
        place, scatter = chart.panels
        yield "xbarbar", float(place.centre[0]), told["xbarbar"]
        yield f"{spread}bar", float(scatter.centre[0]), told[f"{spread}bar"]
        yield f"{prefix}_ucl", float(place.upper[0]), told[f"{prefix}_ucl"]
        yield f"{prefix}_lcl", float(place.lower[0]), told[f"{prefix}_lcl"]
        yield f"{spread}_ucl", float(scatter.upper[0]), told[f"{spread}_ucl"]
        yield f"{spread}_lcl", float(np.nan_to_num(scatter.lower[0])), float(told[f"{spread}_lcl"])


def _count_charts(folder: Path, wanted: Mapping[str, Any]) -> Seen:
    told = wanted["nist_6_3_3_1_c_chart"]
    chart = control_chart("c", read_counts(folder / "nist_6_3_3_1_c_chart.csv"), rules="limits")
    panel = chart.panels[0]
    for name, line in (("center", panel.centre), ("ucl", panel.upper), ("lcl", panel.lower)):
        yield f"6.3.3.1 {name}", float(line[0]), told[name]
    yield "6.3.3.1 out", _out(chart), told["out_index_1based"]
    for kind, name, bar in (("p", "dataplot_ccp_p_chart", "pbar"), ("u", "dataplot_ccu_u_chart", "ubar")):
        told = wanted[name]
        chart = control_chart(kind, read_counts(folder / f"{name}.csv"), rules="limits")
        panel = chart.panels[0]
        yield f"{kind} {bar}", float(panel.centre[0]), told[bar]
        yield f"{kind} ucl", panel.upper.tolist(), told["ucl_each"]
        yield f"{kind} lcl", np.nan_to_num(panel.lower).tolist(), told["lcl_each"]
        yield f"{kind} out", _out(chart), told["out_subgroups"]


def _out(chart: Any) -> list[int]:
    return sorted({one.point + 1 for one in chart.violations})


def _column(file: Path) -> list[float]:
    rows = _table(file)
    return [float(row[list(row)[-1]]) for row in rows]


def _single_charts(folder: Path, wanted: Mapping[str, Any]) -> Seen:
    told = wanted["nist_6_3_2_2_individuals"]
    # the handbook prints what d2 rounded to 1.128 gives
    chart = control_chart("i_mr", individuals(_column(folder / "nist_6_3_2_2_individuals.csv")), rules=(), decimals=3)
    place, scatter = chart.panels
    yield "6.3.2.2 center", float(place.centre[0]), told["center"]
    yield "6.3.2.2 ucl", float(place.upper[0]), told["ucl"]
    yield "6.3.2.2 lcl", float(place.lower[0]), told["lcl"]
    yield "6.3.2.2 mr_bar", float(scatter.centre[0]), told["mr_bar"]
    told = wanted["nist_6_3_2_4_ewma"]
    values = individuals(_column(folder / "nist_6_3_2_4_ewma.csv"))
    chart = control_chart(
        "ewma",
        values,
        rules="limits",
        weight=told["lambda_"],
        centre=told["ewma0"],
        sigma=told["sigma"],
        width=told["k"],
    )
    panel = chart.panels[0]
    series = panel.values.tolist()
    yield "6.3.2.4 ewma", series[-len(told["ewma_series"]) :], told["ewma_series"]
    # at its end: the handbook's limits are those of a chart that has run for long
    yield "6.3.2.4 ucl", float(panel.upper[-1]), told["ucl"]
    yield "6.3.2.4 lcl", float(panel.lower[-1]), told["lcl"]
    yield "6.3.2.4 n_out", len(chart.violations), told["n_out"]


# ---------------------------------------------------------------- the rest


def coverage(report: Reporter, seed: int, *, runs: int) -> None:
    """Share of intervals that hold the truth, confidence 90 %."""
    draw, n = np.random.default_rng(seed), 50
    truth = {"Pp": 1.0, "Ppl": 7 / 6, "Ppu": 5 / 6, "Ppk": 5 / 6}
    held = dict.fromkeys([*truth, "tolerance"], 0)
    for _ in range(runs):
        x = draw.normal(10.5, 1, n)
        spread = Spread("s", float(x.std(ddof=1)), n - 1)
        for one in indices_of(float(x.mean()), spread, n, 7, None, 13, level=0.9, short_term=False)[:4]:
            held[one.name] += (one.low or 0) <= truth[one.name] <= (one.high or 0)
    factor = tolerance_factor(n, 0.9, 0.9)
    from scipy import special

    for _ in range(runs):
        x = draw.normal(0, 1, n)
        low, high = x.mean() - factor * x.std(ddof=1), x.mean() + factor * x.std(ddof=1)
        held["tolerance"] += special.ndtr(high) - special.ndtr(low) >= 0.9
    for name, count in held.items():
        report.line(
            f"{name}: intervals that hold the truth, 90 % asked for", count / runs, "1", claim="coverage", runs=runs
        )


def peers(report: Reporter, folder: Path, seed: int) -> None:
    """What is said of Michelson's values, whose chart is out of control, and how long it takes."""
    values = _column(folder / "spc_reference" / "nist_strd_michelso.csv")
    study = capability(replace(individuals(values), lower=299.6, upper=300.1))
    ours, told = study.index("Cpk").value, {"withheld": study.index("Cpk").reason, "ppk": study.index("Ppk").value}
    many = np.random.default_rng(seed).normal(10, 0.1, 100_000)
    took = _timed(lambda: capability(replace(individuals(many), lower=9.5, upper=10.5)))
    if importlib.util.find_spec("shewhart") is None:
        report.say("shewhart: not measured: pip install shewhart")
        return
    import pandas as pd
    import shewhart

    warnings.simplefilter("ignore", FutureWarning)  # of its use of scipy
    frame = pd.DataFrame({"y": values})
    peer = shewhart.capability(frame, value="y", lsl=299.6, usl=300.1).stats["cpk"]
    case = "Cpk of Michelson's values: 6 of 100 points beyond the limits"
    report.line(case, ours, "1", peer=peer, peer_name="shewhart", claim="peer", **told)
    frame = pd.DataFrame({"y": many})
    slow = _timed(lambda: shewhart.capability(frame, value="y", lsl=9.5, usl=10.5))
    report.line("capability of 100,000 values", took, "s", peer=slow, peer_name="shewhart", claim="peer")
    small = normal_tolerance(np.array(values[:5]), 0.95, 0.95).factor
    theirs = float(shewhart.tolerance_interval(pd.DataFrame({"y": values[:5]}), value="y").stats["k2"])
    report.line(
        "tolerance factor, n = 5, 95 %, 95 % (exact 5.077)", small, "1", peer=theirs, peer_name="shewhart", claim="peer"
    )


def speed(report: Reporter, seed: int) -> None:
    """CPU time of one study."""
    draw = np.random.default_rng(seed)
    x = replace(subgroups(draw.normal(10, 0.1, (25, 5))), lower=9.5, upper=10.5)
    report.line("capability of 25 subgroups of 5", _timed(lambda: capability(x)), "s", claim="speed")
    report.line("the same with 14 families", _timed(lambda: capability(x, family="auto")), "s", claim="speed")
    part, operator = np.repeat(np.arange(10), 9), np.tile(np.repeat(np.arange(3), 3), 10)
    y = draw.normal(size=10)[part] + draw.normal(size=90) * 0.1
    study = readings(part.tolist(), operator.tolist(), y)
    report.line("gauge study of 10 parts, 3 operators, 3 trials", _timed(lambda: crossed(study)), "s", claim="speed")


def _timed(act: Any, runs: int = 3) -> float:
    """CPU time, best of runs, once before the clock."""
    act()
    best = math.inf
    for _ in range(runs):
        begin = time.process_time()
        act()
        best = min(best, time.process_time() - begin)
    return best


if __name__ == "__main__":
    main()
