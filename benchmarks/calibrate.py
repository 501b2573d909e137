"""A twin calibrated on 8 weeks of facts predicts the 4 weeks after them.

    python -m benchmarks.calibrate [--data DIR] [--quick] [--json] [--seed N] [--budget S]

`--data` is a plant folder with twin.toml (default: examples/c2_machining). Each seed is another history of the plant:
its twin runs 16 weeks by its hidden parameters and writes the facts that a plant would write. Weeks 5 to 12 are
calibrated on, weeks 13 to 16 predicted from the state of the floor, twice: `forecast` draws the orders of those weeks
from the fitted demand, `orders known` takes them as they came. `ours` is the mean absolute error over the seeds;
`peer` that of the plant's true model which knows nothing of the history: what chance of demand leaves.
Then the same with spoilt facts: half of the stops without reason, clocks off by up to 2 s, 0.5 % lost, 1 % late.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.report import Reporter, arguments
from luban.core.time import DAY, SECOND
from luban.ledger import Ledger, LedgerWriter
from luban.plant import Plant
from luban.twin.calibrate import Validation, calibrate, validate
from luban.twin.calibrate.forecast import FIGURES, figures
from luban.twin.facts import FactWriter, Realism
from luban.twin.load import Loaded, read_loaded
from luban.twin.model import Model
from luban.twin.run import Run

WEEK = 7 * DAY
LEARN, HELD = (4, 12), 16
EXAMPLE = Path(__file__).parents[1] / "examples" / "c2_machining"
DIRTY = Realism(reasonless=0.5, wrong_cause=0.2, skew=2 * SECOND, loss=0.005, late=0.01)


def history(model: Model, plant: Plant, seed: int, folder: Path, realism: Realism | None) -> Path:
    """Facts of 16 weeks."""
    run = Run(model, seed=seed, trace="facts")
    with LedgerWriter(folder / "ledger") as writer:
        facts = FactWriter(run, plant, writer, realism=realism)
        for week in range(HELD):
            run.to((week + 1) * WEEK)
            facts.write()
    return folder / "ledger"


def chance(model: Model, fact: np.ndarray, seed: int, replications: int = 20) -> np.ndarray:
    """Relative errors of the true model that knows nothing of the history: mean of other histories against this one."""
    rows = []
    for replication in range(replications):
        run = Run(model, seed=seed + 1000, replication=replication).to(HELD * WEEK)
        lots = run.lots()
        lots = lots[lots["finish"] >= LEARN[1] * WEEK]
        rows.append(figures(lots["arrival"], lots["release"], lots["finish"], lots["good"], lots["lost"] == 0))
    return np.abs(np.mean(rows, axis=0) / fact - 1)


def one(model: Model, plant: Plant, seed: int, realism: Realism | None) -> tuple[Validation, float, np.ndarray]:
    """(judgement, seconds of the calibration, errors of the true model without the history)."""
    with tempfile.TemporaryDirectory() as folder:
        books = Ledger(history(model, plant, seed, Path(folder), realism))
        begun = time.perf_counter()
        found = calibrate(books, plant, model.start + LEARN[0] * WEEK, model.start + LEARN[1] * WEEK)
        took = time.perf_counter() - begun
        judged = validate(found, books, model.start + HELD * WEEK, seed=seed)
        books.close()
    return judged, took, chance(model, np.array([j.fact for j in judged.drawn]), seed)


def measure(report: Reporter, loaded: Loaded, seeds: range, budget: float, realism: Realism | None) -> None:
    """All seeds that the budget allows, with facts as they are or spoilt."""
    begun, results = time.perf_counter(), []
    for seed in seeds:
        results.append(one(loaded.model, loaded.plant, seed, realism))
        if time.perf_counter() - begun > budget:
            break
    n, facts = len(results), "spoilt facts" if realism else "whole facts"
    free = np.mean([errors for _, _, errors in results], axis=0)
    for word, sets in (
        ("forecast", [v.drawn for v, _, _ in results]),
        ("orders known", [v.known for v, _, _ in results]),
    ):
        for at, figure in enumerate(FIGURES):
            own = [judged[at] for judged in sets]
            report.line(
                f"{figure}, {word}, {facts}",
                float(np.mean([abs(j.error) for j in own])),
                "1",
                peer=float(free[at]),
                peer_name="true model without history",
                bias=round(float(np.mean([j.error for j in own])), 4),
                inside=f"{sum(j.inside for j in own)}/{n}",
                within_limit=f"{sum(j.close for j in own)}/{n}",
            )
        inside = sum(j.inside for judged in sets for j in judged)
        report.line(f"coverage of 95 % intervals, {word}, {facts}", inside / (n * len(FIGURES)), "1")
    report.line(f"time of a calibration, {facts}", float(np.mean([took for _, took, _ in results])), "s")


def main() -> None:
    """Run the seeds and report."""
    options = arguments(__doc__ or "", budget=240)
    folder = options.data if (options.data / "twin.toml").exists() else EXAMPLE
    loaded = read_loaded(folder, days=(HELD + 1) * 7)
    report = Reporter("calibrate", options, ["numpy", "scipy", "numba"])
    seeds = range(options.seed, options.seed + (1 if options.quick else 10))
    measure(report, loaded, seeds, options.budget, None)
    if not options.quick:
        measure(report, loaded, seeds, options.budget / 2, DIRTY)


if __name__ == "__main__":
    main()
