"""Acceptance sampling: every cell of the printed tables, the exact curves, and a peer's plans against both.

    python -m benchmarks.sampling [--quick] [--json]

`cells`   the 1,088 single plans and 105 code letters of MIL-STD-105E against LUBAN_DATA/quality/acceptance_sampling
`peer`    mfgQC (pip install mfgQC) asked for the same plans where it has any: level II, normal inspection
`curves`  OC of single plans against scipy's distributions, largest difference; of double and multiple plans against a
          simulated inspection, in standard errors
`speed`   CPU time of a plan and of its three curves
"""

from __future__ import annotations

import csv
import importlib.util
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from benchmarks.report import Reporter, arguments
from luban.norms.sampling import LEVELS, Kind, code_letter, table_plan
from luban.understand.quality.sampling import AttributePlan, Model, curves, judge, own_plan, standard_plan


def main(argv: Sequence[str] | None = None) -> None:
    """Print one line a case."""
    options = arguments(__doc__ or "", argv, budget=20)
    report = Reporter("cells", options, ["luban", "numpy", "scipy", "mfgqc"])
    folder = options.data / "quality" / "acceptance_sampling"
    if folder.is_dir():
        cells(report, folder)
        peer(report, folder)
    else:
        report.say(f"cells, peer: not measured: no {folder}")
    exact(report, options.seed, runs=1000 if options.quick else 10_000)
    speed(report)


def rows(file: Path) -> Iterator[dict[str, str]]:
    """Rows of a table."""
    with file.open(newline="") as opened:
        yield from csv.DictReader(opened)


def cells(report: Reporter, folder: Path) -> None:
    """How many printed cells agree; every one that does not is listed."""
    listed = list(rows(folder / "mil_std_105e_single.csv"))
    wrong = []
    for row in listed:
        plan = table_plan(row["code_letter"], row["aql"], row["inspection"])  # type: ignore[arg-type]
        if (plan.used, plan.size, *plan.numbers[0]) != (row["used_letter"], *_numbers(row)):
            wrong.append(f"{row['inspection']} {row['code_letter']}/{row['aql']}")
    report.line("single plans that agree", len(listed) - len(wrong), f"of {len(listed)}", wrong=wrong)
    letters = list(rows(folder / "mil_std_105e_code_letters.csv"))
    agree = sum(
        code_letter(int(row["lot_from"]), level) == row[level] == code_letter(int(row["lot_to"] or 10**9), level)
        for row in letters
        for level in LEVELS
    )
    report.line("code letters that agree", agree, f"of {len(letters) * len(LEVELS)}")


def peer(report: Reporter, folder: Path) -> None:
    """The peer's plans against the printed cells, where it has any."""
    if importlib.util.find_spec("mfgqc") is None:
        report.say("peer: not measured: pip install mfgQC")
        return
    import mfgqc  # type: ignore[import-untyped]

    lots = {"A": 5, "B": 10, "C": 20, "D": 30, "E": 60, "F": 100, "G": 200, "H": 300, "J": 1000, "K": 2000, "L": 5000,
            "M": 20_000, "N": 100_000, "P": 300_000, "Q": 600_000}  # fmt: skip
    asked = ours = theirs = refused = 0
    differ = []
    for row in rows(folder / "mil_std_105e_single.csv"):
        aql = float(row["aql"])
        if row["inspection"] != "normal" or row["code_letter"] not in lots or not 0.1 <= aql <= 10:
            continue
        lot = lots[row["code_letter"]]
        plan = table_plan(row["code_letter"], row["aql"])
        asked += 1
        ours += (plan.size, *plan.numbers[0]) == _numbers(row)
        try:
            made = mfgqc.z14_plan(lot, aql)
        except (NotImplementedError, ValueError):
            refused += 1
            continue
        found = (int(made.n), int(made.c), int(made.re))
        theirs += found == _numbers(row)
        if found != _numbers(row):
            differ.append(f"{row['code_letter']}/{row['aql']}: {found} for {_numbers(row)}")
    report.line(
        "level II, normal: plans that agree", ours, f"of {asked}", claim="peer", peer=theirs, peer_name="mfgQC",
        wrong=len(differ), refused=refused, first=differ[:5],
    )  # fmt: skip


def _numbers(row: dict[str, str]) -> tuple[int, int, int]:
    return int(row["n"]), int(row["ac"]), int(row["re"])


def exact(report: Reporter, seed: int, *, runs: int) -> None:
    """Curves against other ways to the same number."""
    worst: dict[Model, float] = {"binomial": 0.0, "poisson": 0.0, "hypergeometric": 0.0}
    for size, accept, lot in ((2, 0, 8), (13, 0, 100), (80, 2, 1000), (315, 21, 9000), (2000, 14, 200_000)):
        plan = own_plan([(size, accept, accept + 1)], lot=lot)
        bad = np.unique(np.rint(np.linspace(0, 0.3, 60) * lot))
        truth: dict[Model, Any] = {
            "binomial": stats.binom.cdf(accept, size, bad / lot),
            "poisson": stats.poisson.cdf(accept, size * bad / lot),
            "hypergeometric": stats.hypergeom.cdf(accept, lot, bad, size),
        }  # fmt: skip
        for model, expected in truth.items():
            found = curves(plan, bad / lot, model=model).accept
            worst[model] = max(worst[model], float(np.abs(found - expected).max()))
    for name, difference in worst.items():
        report.line(f"largest difference from scipy, {name}", difference * 1e12, "1e-12", claim="curves")
    random = np.random.default_rng(seed)
    kinds: tuple[Kind, ...] = ("double", "multiple")
    for kind in kinds:
        plan = standard_plan(3000, 1.0, kind=kind)
        taken = [judged(plan, random) for _ in range(runs)]
        truth_at = curves(plan, np.array([0.02]), model="hypergeometric")
        chance, asn = float(truth_at.accept[0]), float(truth_at.asn[0])
        share, units = float(np.mean([a for a, _ in taken])), np.array([u for _, u in taken], np.float64)
        apart = (share - chance) / np.sqrt(chance * (1 - chance) / runs)
        apart_units = (units.mean() - asn) / (units.std(ddof=1) / np.sqrt(runs))
        report.line(f"{kind}: chance of acceptance", chance, "", claim="curves", simulated=round(share, 4),
                    standard_errors=round(float(apart), 2))  # fmt: skip
        report.line(f"{kind}: average sample number", asn, "pieces", claim="curves",
                    simulated=round(float(units.mean()), 2), standard_errors=round(float(apart_units), 2))  # fmt: skip


def judged(plan: AttributePlan, random: np.random.Generator) -> tuple[bool, int]:
    """One lot of 3000 pieces with 60 bad ones, inspected: accepted, and pieces drawn."""
    at = random.choice(3000, 60, replace=False)
    found: list[int] = []
    drawn = 0
    decision = judge(plan, found)
    while decision.verdict == "next":
        found.append(int(np.count_nonzero((at >= drawn) & (at < drawn + decision.size))))
        drawn += decision.size
        decision = judge(plan, found)
    return decision.verdict == "accept", drawn


def speed(report: Reporter) -> None:
    """CPU time."""
    plans = [(lot, aql) for lot in (50, 500, 5000, 50_000) for aql in (0.1, 0.65, 1.0, 4.0)]
    standard_plan(100, 1.0)
    begun = time.process_time()
    for lot, aql in plans * 20:
        standard_plan(lot, aql)
    report.line("a plan of the standard", 1e6 * (time.process_time() - begun) / (20 * len(plans)), "µs", claim="speed")
    multiple = standard_plan(5000, 1.0, kind="multiple")
    curves(multiple)
    begun = time.process_time()
    for _ in range(20):
        curves(multiple)
    report.line("curves of seven samples, 201 points", 1e3 * (time.process_time() - begun) / 20, "ms", claim="speed")


if __name__ == "__main__":
    main()
