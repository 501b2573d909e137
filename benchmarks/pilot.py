"""Pilots: three targets against as is and against a good conventional plant, and whether the judging itself holds.

    python -m benchmarks.pilot [--null | --assumptions] [--quick] [--json] [--pilot NAME …] [--seeds N] [--first SEED]

Without --null, for each pilot: relative change of production cycle, defect rate and operating cost over matched runs
(seeds 1000 to 1029; --quick: 2000 to 2004, six weeks), with interval and verdict, for decided levers, with capital,
and for the pilot's further arms; seconds of work. What was run by the same code is not run again.

With --assumptions (seeds 0 to 2): every figure of pilot.toml whose source is an assumption (A), halved and doubled;
those that move a headline by more than 3 points are told.

With --null (seeds from 3000):

`null matched`  levers on, the plant does not answer, same seeds: share of 200 draws judged `no effect` at 95 %
`null apart`    the same on seeds of their own: no chance drops out
`null before`   a baseline of 24 windows as is, then 10 silent ones, judged as the books of a plant are
`known`         levers on: share of the intervals of 200 draws of 30 pairs that hold the effect over all pairs of the
                pool; and of intervals that hold an effect planted on silent runs
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import Reporter
from luban.core.errors import LubanError
from luban.pilot.blind import FIGURES, apart, before_after, covered, matched, planted, values
from luban.pilot.books import pilot_home
from luban.pilot.doubts import POINTS, doubts
from luban.pilot.plan import Arm, Figures, Pilot
from luban.pilot.proof import AS_IS, CONVENTIONAL
from luban.pilot.registry import open_pilot, shipped
from luban.pilot.study import QUICK, REPORT, prove, run_arms

FIRST = 3000
PLANTED = -0.2


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--null", action="store_true", help="does the judging hold?")
    parser.add_argument("--assumptions", action="store_true", help="what rests on nobody's word, halved and doubled")
    parser.add_argument("--pilot", action="append", help="only this one; may be repeated")
    parser.add_argument("--arms", default="all", choices=("all", "main"), help="main: none of the pilot's own")
    parser.add_argument("--seeds", type=int, help="runs of each arm")
    parser.add_argument("--first", type=int, help="first seed")
    parser.add_argument("--quick", action="store_true", help="smaller, within 45 s")
    parser.add_argument("--json", action="store_true", help="one JSON object a line, nothing else")
    parser.add_argument("--pool", type=int, help="--null: runs of each arm; 200, with --quick 40")
    parser.add_argument("--days", type=float, help="--null: measured in each [d]; 42, with --quick 7")
    parser.add_argument("--seed", type=int, default=1, help="of the draws of --null")
    options = parser.parse_args(argv)
    report = Reporter("pilot", options, ["luban", "numpy", "scipy", "numba"])
    names = options.pilot or (["c2_machining"] if options.quick or options.null else None)
    for one in shipped():
        if names is not None and one.name not in names:
            continue
        if not one.ready:
            report.say(f"{one.name}: {one.why}")
            continue
        try:
            (_blind if options.null else _doubts if options.assumptions else _proof)(report, options, one.name)
        except LubanError as error:
            report.say(f"{one.name}: {error}")


def _proof(report: Reporter, options: argparse.Namespace, name: str) -> None:
    usual = QUICK if options.quick else REPORT
    first = usual.start if options.first is None else options.first
    count = options.seeds or len(usual)
    begun = time.monotonic()
    proof = prove(open_pilot(name), home=pilot_home(Path.cwd(), name), seeds=range(first, first + count),
                  quick=options.quick, extras=options.arms == "all")  # fmt: skip
    for base in (AS_IS, CONVENTIONAL):
        for one in proof.changes:
            if one.base == base and one.metric != "full cost":
                report.line(
                    f"{name}: {one.arm} / {base}", one.share.mean, "1", claim=one.metric, low=f"{one.share.low:.4f}",
                    high=f"{one.share.high:.4f}", pairs=one.pairs, verdict=one.verdict or "–",
                )  # fmt: skip
    report.line(name, proof.cpu, "s", claim="work", wall_s=f"{time.monotonic() - begun:.0f}", looks=proof.looks,
                runs=len(proof.seeds) * len(proof.arms))  # fmt: skip


def _doubts(report: Reporter, options: argparse.Namespace, name: str) -> None:
    folder = open_pilot(name).folder
    opens = import_module(f"luban.pilot.{name}").open_pilot
    first, count = options.first or 0, options.seeds or 3
    told = doubts(folder, opens, seeds=range(first, first + count), days=options.days)
    for one in told:
        if one.why:
            report.say(f"{name}: {one.assumption.key} x {one.factor:g}: {one.why}")
        elif one.moves > POINTS:
            more = {metric: f"{one.base[metric]:+.3f} -> {share:+.3f}" for metric, share in one.shares.items()}
            case = f"{name}: {one.assumption.key} x {one.factor:g}"
            report.line(case, one.moves, "1", claim="assumptions", **more)


def _blind(report: Reporter, options: argparse.Namespace, name: str) -> None:
    size = options.pool or (40 if options.quick else 200)
    draws, pairs = 200, min(30, size // 3)
    days = options.days or (7.0 if options.quick else 42.0)
    pilot = open_pilot(name).pilot
    on = frozenset(one.id for one in pilot.levers if one.id not in pilot.skipped and not one.capital)
    arms = {"as is": Arm(), "silent": Arm(levers=on, silent=True), "on": Arm(levers=on)}
    found = _pool(pilot, arms, size, days)
    for metric in FIGURES:
        a, silent, after = (values(found[arm], metric) for arm in arms)
        if not np.isfinite(np.concatenate([a, silent, after])).all():
            report.say(f"{name}: {metric} is not known in every run")
            continue
        more: dict[str, Any] = {"draws": draws, "pool": size, "days": days}
        share = float(np.mean(silent / a - 1))
        told = matched(a, silent, pairs=pairs, draws=draws, seed=options.seed)
        report.line(f"{name}: {metric}", told.share, "share", claim="null matched", silent=f"{share:+.2e}", **more)
        told = apart(a, silent, pairs=min(pairs, size // 2), draws=draws, seed=options.seed)
        report.line(f"{name}: {metric}", told.share, "share", claim="null apart", **more)
        told = before_after(a, silent, draws=draws, seed=options.seed)
        report.line(f"{name}: {metric}", told.share, "share", claim="null before", refused=told.refused, **more)
        truth = float(after.mean() / a.mean() - 1)
        told = covered(a, after, truth, pairs=pairs, draws=draws, seed=options.seed)
        report.line(f"{name}: {metric}", told.share, "share", claim="known", effect=f"{truth:+.4f}", **more)
        # the planted effect is held against other chances, so that the interval has something to hold
        g = np.random.default_rng(options.seed)
        other = planted(silent[g.permutation(size)], PLANTED)
        told = covered(a, other, PLANTED, pairs=pairs, draws=draws, seed=options.seed)
        report.line(f"{name}: {metric}", told.share, "share", claim="known planted", effect=PLANTED, **more)


def _pool(pilot: Pilot, arms: dict[str, Arm], size: int, days: float) -> dict[str, list[Figures]]:
    tasks = [(arm, seed, days) for seed in range(FIRST, FIRST + size) for arm in arms.values()]
    runs: dict[Any, Figures] = {}
    for done, (task, figures, _) in enumerate(run_arms(pilot, tasks), 1):
        runs[task] = figures
        if sys.stderr.isatty():
            print(f"\r{done} of {len(tasks)} runs", end="\r", file=sys.stderr, flush=True)
    return {name: [runs[arm, seed, days] for seed in range(FIRST, FIRST + size)] for name, arm in arms.items()}


if __name__ == "__main__":
    main()
