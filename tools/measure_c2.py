"""Measure the reference plant c2_machining as it is: the figures of its README, with 95 % intervals.

python tools/measure_c2.py [--runs 30] [--seed 1]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np

from luban.core.time import DAY
from luban.twin.intervals import spread
from luban.twin.kernel.trace import Kind
from luban.twin.load import load_twin
from luban.twin.model import STATES, Model
from luban.twin.run import Run

FOLDER = Path(__file__).parents[1] / "examples" / "c2_machining"
WARM, END = 25 * DAY, 175 * DAY
SHIFTS = 15 * 3_600_000_000
"""Working time of a day [µs]."""
IDLE, SETUP, RUN, OFF = (STATES.index(name) for name in ("idle", "setup", "run", "off"))


def figures(model: Model, seed: int, replication: int) -> dict[str, float]:
    """The figures of one run, days 25 to 175."""
    run = Run(model, seed=seed, replication=replication, trace="facts").to(WARM)
    before = run.totals()
    run.lots()
    run.take_trace()
    run.to(END)
    after, lots, trace = run.totals(), run.lots(), run.take_trace()
    worked = _clock(model)
    flow = worked(lots["finish"]) - worked(lots["release"])
    ordered = worked(lots["finish"]) - worked(lots["arrival"])
    ended = trace[(trace["kind"] == Kind.ENDED) & (trace["machine"] >= 0)]
    found = {
        "orders shipped a day": len(lots) / (150 * 6 / 7),
        "shop flow, working days": float(flow.mean()) / SHIFTS,
        "order to ship, working days": float(ordered.mean()) / SHIFTS,
        "order to ship, 90th percentile": float(np.percentile(ordered, 90)) / SHIFTS,
        "on time, %": 100 * float((lots["finish"] <= lots["due"]).mean()),
        "lots on the floor": (after.wip_time - before.wip_time) / (END - WARM),
        "lot touch / flow, %": 100
        * float((worked(ended["time"]) - worked(ended["y"].astype(np.int64))).sum() / flow.sum()),
        "part cycle / calendar flow, %": 100 * _cycle(model, lots),
    }
    names = [own.id.rsplit("/", 1)[1] for own in model.machines]
    time = after.machine_time - before.machine_time
    good = np.bincount(ended["machine"], ended["a"] * _ideal(model)[ended["step"]] * 1e6, len(names))
    cutting = np.zeros(len(names), bool)
    for group in "LMG":
        own = np.array([name[0] == group for name in names])
        cutting |= own
        planned = time[own].sum() - time[own][:, OFF].sum()
        loaded = planned - time[own][:, IDLE].sum()
        found[f"OEE while loaded, {group}"] = float(good[own].sum() / loaded)
        found[f"setup share, {group}, %"] = 100 * float(time[own][:, SETUP].sum() / planned)
        found[f"idle share, {group}, %"] = 100 * float(time[own][:, IDLE].sum() / planned)
    years = cutting.sum() * 150 / 365
    found["failures a machine and year"] = float((after.failures - before.failures)[cutting].sum() / years)
    found["running hours a machine and year"] = float(time[cutting][:, RUN].sum() / 3.6e9 / years)
    pieces = lots["quantity"].sum()
    scrap = (after.machine_scrap - before.machine_scrap)[cutting].sum()
    edges = int(((trace["kind"] == Kind.TOOL) & (trace["a"] == 2)).sum())
    found["scrap in all, % of parts"] = 100 * float(scrap / pieces)
    found["of it edges that ended early"] = 100 * edges / float(pieces)
    found["rework, % of parts"] = 100 * float((after.machine_rework - before.machine_rework)[cutting].sum() / pieces)
    power = (after.machine_energy - before.machine_energy).sum() / 3.6e12 + model.base_load * (END - WARM) / 3.6e12
    found["MWh a year"] = float(power * 365 / 150 / 1000)
    return found


def _clock(model: Model) -> Any:
    """Working time up to an instant."""
    spans = np.array(next(own for own in model.calendars if own.id == "two_shift").open)
    knots = np.concatenate([[0], spans.ravel()])
    passed = np.concatenate([[0], np.cumsum(np.stack([0 * spans[:, 0], spans[:, 1] - spans[:, 0]], 1).ravel())])
    return lambda moment: np.interp(moment, knots, passed)


def _ideal(model: Model) -> np.ndarray[Any, Any]:
    """Planned cycle of each step [s], all routes one after the other."""
    return np.array([step.time.mean if step.per == "piece" else 0.0 for route in model.routes for step in route.steps])


def _cycle(model: Model, lots: np.ndarray[Any, Any]) -> float:
    """Machining time of a part over its lot's time in the shop."""
    each = np.array(
        [sum(s.time.mean for s in route.steps[:-1] if s.per == "piece" and s.station) for route in model.routes]
    )
    return float((1e6 * each[lots["route"]]).sum() / (lots["finish"] - lots["release"]).sum())


def no_clusters(model: Model) -> Model:
    """The same without the causes that no offset cures."""
    from dataclasses import replace

    def plain(step: Any) -> Any:
        return replace(step, characteristics=tuple(replace(own, cluster=(0.0, 0.0)) for own in step.characteristics))

    return replace(model, routes=tuple(replace(own, steps=tuple(map(plain, own.steps))) for own in model.routes))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    columns = []
    for level in ("low", "normal", "high"):
        model = load_twin(FOLDER, per_day=level)
        rows = [figures(model, args.seed, number) for number in range(args.runs)]
        columns.append({name: [row[name] for row in rows] for name in rows[0]})
    plain = no_clusters(load_twin(FOLDER))
    bare = [figures(plain, args.seed, number)["scrap in all, % of parts"] for number in range(args.runs)]
    columns[1]["scrap without lot clusters (normal)"] = bare
    sys.stdout.write("| figure | 20 a day | 22 a day | 22.6 a day |\n|---|---|---|---|\n")
    for name in columns[1]:
        cells = []
        for column in columns:
            if name not in column:
                cells.append("")
                continue
            mean, half, _ = (float(own[0]) for own in spread(np.array(column[name])[:, None], 0.95))
            cells.append(f"{mean:.4g} ± {half:.2g}")
        sys.stdout.write(f"| {name} | {' | '.join(cells)} |\n")


if __name__ == "__main__":
    main()
