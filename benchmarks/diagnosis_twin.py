"""Faults of the process plant's twin: nine causes of drawn size, two past cases each, new runs with other sizes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import Reporter
from luban.twin.process.layout import Loop, Reading
from luban.twin.process.parameters import Parameters, load
from luban.twin.process.run import ProcessRun
from luban.understand.health.diagnosis import Case, learn, learn_baseline

__all__ = ["CAUSES", "on_the_twin"]

Array = np.ndarray[Any, Any]
DAYS = 1.5  # of a run, a row each five minutes
DAY = 86_400_000_000
FILE = Path("examples/c1_process/process.toml")


def _reactor(**factors: float) -> Callable[[Parameters, float], Parameters]:
    """The reactor with figures multiplied by 1 + factor · size."""
    return lambda p, size: replace(p, reactor=replace(
        p.reactor, **{name: getattr(p.reactor, name) * (1 + factor * size) for name, factor in factors.items()},
    ))  # fmt: skip


def _sticks(loop: Loop) -> Callable[[Parameters, float], Parameters]:
    def made(p: Parameters, size: float) -> Parameters:
        loops = list(p.loops)
        loops[loop] = replace(loops[loop], stiction=loops[loop].stiction + 0.06 * size)
        return replace(p, loops=tuple(loops))

    return made


def _noisy(reading: Reading) -> Callable[[Parameters, float], Parameters]:
    def made(p: Parameters, size: float) -> Parameters:
        instruments = list(p.instruments)
        instruments[reading] = replace(instruments[reading], noise=instruments[reading].noise * (1 + 4 * size))
        return replace(p, instruments=tuple(instruments))

    return made


CAUSES: Mapping[str, Callable[[Parameters, float], Parameters]] = {
    "fouled jacket": _reactor(cooling=-0.2),
    "tired catalyst": _reactor(k1=-0.3),
    "inert in the feed": _reactor(inert=1.5),
    "sticking jacket valve": _sticks(Loop.TC101),
    "sticking reflux valve": _sticks(Loop.FC202),
    "noisy analyser": _noisy(Reading.ANALYSER),
    "shaking pump": _noisy(Reading.PUMP_P201),
    "warm cooling water": lambda p, size: replace(
        p, flowsheet=replace(p.flowsheet, water_mean=p.flowsheet.water_mean + 8 * size)
    ),
    "unsteady steam": lambda p, size: replace(
        p, disturbances=replace(p.disturbances, steam=p.disturbances.steam * (1 + 3 * size))
    ),
}
"""What is changed in the plant, and how much at size 1; sizes are drawn between 0.6 and 1.4."""


def on_the_twin(report: Reporter, seed: int, *, quick: bool) -> None:
    """Lines for the twin: what instruments show, and nothing else."""
    plant = load(FILE)
    names = [one.id for one in plant.instruments]
    rng = np.random.default_rng(seed)
    good = np.concatenate([_rows(plant, 10 + number) for number in range(4)])
    baseline = learn_baseline(good, names)
    runs = 1 if quick else 3
    cases, asked = list[Case](), dict[str, list[Array]]()
    for at, (cause, make) in enumerate(CAUSES.items()):
        past = [_rows(make(plant, rng.uniform(0.6, 1.4)), 100 + 10 * at + number) for number in range(2)]
        cases += [Case.of(baseline, rows, cause, name=f"{cause} {number}") for number, rows in enumerate(past)]
        new = [_rows(make(plant, rng.uniform(0.6, 1.4)), 500 + 10 * at + number) for number in range(runs)]
        asked[cause] = [window for rows in new for window in baseline.windows(rows)[::8]]
    whole = learn(cases, [baseline])
    right, false = [], []
    for cause, windows in asked.items():
        told = whole.named(np.array(windows), baseline.names)
        rest = learn([one for one in cases if one.cause != cause], [baseline])
        right.append(np.mean([name == cause for name in told]))
        false.append(np.mean([name != "" for name in rest.named(np.array(windows), baseline.names)]))
        wrong = sorted({name for name in told if name not in {"", cause}})
        report.line(f"twin, {cause}: named rightly", float(right[-1]), "", windows=len(windows),
                    named_if_never_seen=round(float(false[-1]), 2), else_=" ".join(wrong))  # fmt: skip
    healthy = [window for number in range(runs) for window in baseline.windows(_rows(plant, 900 + number))[::8]]
    named = np.mean([name != "" for name in whole.named(np.array(healthy), baseline.names)])
    report.line("twin, good operation named a fault", float(named), "", windows=len(healthy))
    report.line("twin, cause left out: falsely named", float(np.mean(false)), "", stated=whole.rate)
    report.line("twin, named rightly", float(np.mean(right)), "", causes=len(CAUSES), control=1 / len(CAUSES),
                control_name="one cause always, 100 % falsely named")  # fmt: skip


def _rows(plant: Parameters, seed: int) -> Array:
    """Readings of a run, two hours after its start."""
    run = ProcessRun(plant, seed=seed, every=300)
    run.to(int(DAYS * DAY))
    return np.asarray(run.take_readings()[1], np.float64)[24:]
