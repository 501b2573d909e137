"""A wafer fab of a thousand tools over two years on one core, held against its published results.

    python -m benchmarks.twin_fab [--data DIR] [--quick] [--json] [--seed N]

Takes every folder `DIR/fab/SMT2020_<set>` of AutoSched tables, under each rule for which `DIR/fab` has a
`reference_<set>_lots_<rule>.txt` (th, act = mean cycle time in days, on_time in percent, by product) and, if there is
one, `reference_<set>_machines_<rule>.txt` (percent of time by tool group; util is of the time available).

The reference (AutoSched AP, 730 days) counts lots that arrived after the start and were finished within the 730 days,
with their whole time in the fab; lots of the start's work in progress are left out: its th is what arrives in 730 days
less one cycle time. Counted so here. Under critical ratio its due dates vary by 20 % of the allowance.

Peer for the pace: PySCFabSim, where LUBAN_PYSCFABSIM names a checkout of it; its run of 6 days less one of 2 days.
`--quick`: 120 days, for the pace only; deviations need the two years.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.report import Reporter, arguments
from luban.twin.model import STATES, Model
from luban.twin.run import Run, Totals
from luban.twin.smt2020 import load_smt2020

DAYS, QUICK_DAYS, REPLICATIONS = 730, 120, 3
DUE_SPREAD = {"fifo": 0.0, "cr": 0.2}
DAY = 86_400_000_000
REFERENCE = "AutoSched AP"
Table = dict[str, dict[str, float]]


def run(reporter: Reporter, data: Path, quick: bool, seed: int = 1) -> None:
    """Print the pace, and by product and tool group what the reference says and what the twin found."""
    folder = data / "fab"
    found = sorted(folder.glob("reference_*_lots_*.txt"))
    cases = [(match[1], match[2], path) for path in found if (match := re.search(r"_(\w+)_lots_(\w+)\.txt", path.name))]
    ready = [case for case in cases if (folder / f"SMT2020_{case[0]}").is_dir() and case[1] in DUE_SPREAD]
    if not ready:
        reporter.say(f"fab: not measured: no SMT2020_<set> with reference_<set>_lots_<rule>.txt in {folder} (--data)")
    for name, rule, lots in ready:
        _case(reporter, folder / f"SMT2020_{name}", rule, lots, quick, seed)


def _case(reporter: Reporter, folder: Path, rule: str, lots: Path, quick: bool, seed: int) -> None:
    days = QUICK_DAYS if quick else DAYS
    begun = time.perf_counter()
    model = load_smt2020(folder, rule, days, due_spread=DUE_SPREAD[rule])
    loaded = time.perf_counter()
    Run(model, seed=seed).to(DAY)
    compiled = time.perf_counter()
    runs = [_timed(model, seed, replication) for replication in range(1 if quick else REPLICATIONS)]
    took = float(np.median([seconds for seconds, _, _ in runs]))
    case = f"{folder.name.removeprefix('SMT2020_')} {rule}"
    pace = None if quick else _pace(reporter, folder, rule)
    reporter.line(
        f"{case}, {days} days on one core", took, "CPU s", claim="fab",
        peer=pace and days / pace, peer_name="PySCFabSim",
        days_per_second=round(days / took, 1),
        events=int(np.median([totals.events for _, totals, _ in runs])),
        machines=len(model.machines),
        load_s=round(loaded - begun, 2),
        build_and_compile_s=round(compiled - loaded, 2),
    )  # fmt: skip
    if quick:
        reporter.say("--quick: deviations from the reference need the two years")
        return
    _products(reporter, case, model, _table(lots), [lots for _, _, lots in runs])
    machines = lots.with_name(lots.name.replace("_lots_", "_machines_"))
    if machines.is_file():
        _groups(reporter, case, model, _table(machines), [totals for _, totals, _ in runs])


def _timed(model: Model, seed: int, replication: int) -> tuple[float, Totals, NDArray[np.void]]:
    run = Run(model, seed=seed, replication=replication)
    begun = time.process_time()
    run.to(model.horizon)
    return time.process_time() - begun, run.totals(), run.lots()


def _table(path: Path) -> Table:
    head, *rows = (line.split() for line in path.read_text().splitlines() if line.strip())
    return {row[0]: {name: float(cell) for name, cell in zip(head[1:], row[1:], strict=True)} for row in rows}


def _products(reporter: Reporter, case: str, model: Model, table: Table, runs: list[NDArray[np.void]]) -> None:
    sources = {arrival.id: number for number, arrival in enumerate(model.arrivals, 1)}
    for name, row in table.items():
        own = [lots[lots["source"] == sources[name]] for lots in runs]
        cycles = [float(((lots["finish"] - lots["release"]) / DAY).mean()) for lots in own]
        for what, ours, peer, unit in (
            ("cycle time", float(np.mean(cycles)), row["act"], "d"),
            (
                "on time",
                float(np.mean([100 * (lots["finish"] <= lots["due"]).mean() for lots in own])),
                row["on_time"],
                "%",
            ),
            ("lots", float(np.mean([len(lots) for lots in own])), row["th"], "lots"),
        ):
            more = {"runs": [round(cycle, 2) for cycle in cycles]} if what == "cycle time" else {}
            reporter.line(
                f"{case}, {name} {what}", ours, unit, claim="fab", peer=peer, peer_name=REFERENCE,
                deviation=f"{100 * (ours / peer - 1):+.2f} %", **more,
            )  # fmt: skip


def _groups(reporter: Reporter, case: str, model: Model, table: Table, runs: list[Totals]) -> None:
    """Mean and worst difference of each column over the tool groups, in points of percent."""
    shares: Table = {}
    for station in {machine.station for machine in model.machines} & set(table):
        rows = [number for number, machine in enumerate(model.machines) if machine.station == station]
        time_in = np.sum([totals.machine_time[rows].sum(axis=0) for totals in runs], axis=0)
        share = dict(zip(STATES, 100 * time_in / time_in.sum(), strict=True))
        available = 100 - share["down"] - share["maintenance"]
        shares[station] = {
            "avail": available,
            "util": 100 * (share["run"] + share["setup"]) / available,
            "br": share["down"],
            "pm": share["maintenance"],
            "setup": share["setup"],
        }
    for column in ("avail", "util", "br", "pm", "setup"):
        off = {station: found[column] - table[station][column] for station, found in shares.items()}
        worst = max(off, key=lambda station: abs(off[station]))
        reporter.line(
            f"{case}, {column} of {len(off)} tool groups, mean |difference|",
            float(np.mean(np.abs(list(off.values())))), "points", claim="fab",
            mean=round(float(np.mean(list(off.values()))), 3), worst=f"{worst} {off[worst]:+.2f}",
        )  # fmt: skip


def _pace(reporter: Reporter, folder: Path, rule: str) -> float | None:
    """Days a second of PySCFabSim on the same tables; None where there is no checkout."""
    checkout = Path(os.environ.get("LUBAN_PYSCFABSIM", ""))
    if not (checkout / "simulation" / "greedy.py").is_file():
        reporter.say("PySCFabSim: not measured: LUBAN_PYSCFABSIM names no checkout of it")
        return None
    with tempfile.TemporaryDirectory() as place:
        shutil.copytree(checkout / "simulation", Path(place) / "simulation")
        shutil.copytree(folder, Path(place) / "datasets" / folder.name)
        (Path(place) / "greedy").mkdir()
        seconds = [_peer_run(Path(place), folder.name, rule, days) for days in (2, 6)]
    return 4 / (seconds[1] - seconds[0])


def _peer_run(place: Path, name: str, rule: str, days: int) -> float:
    code = "from simulation.greedy import run_greedy; run_greedy()"
    begun = time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", code, "--dataset", name, "--days", str(days), "--dispatcher", rule, "--seed", "1"],
        cwd=place, check=True, capture_output=True, timeout=300,
    )  # fmt: skip
    return time.perf_counter() - begun


def main(argv: Sequence[str] | None = None) -> None:
    """Print one line a figure."""
    options = arguments(__doc__ or "", argv)
    run(Reporter("fab", options, ["luban", "numba", "numpy"]), options.data, options.quick, options.seed)


if __name__ == "__main__":
    main()
