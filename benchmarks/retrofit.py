"""Run, idle, off and pieces from a power meter alone, against the twin's own trace.

    python -m benchmarks.retrofit [--quick] [--json] [--seed N]

The reader sees times and powers of one machine, nothing else, and learns its levels from these very readings. The label
is the twin's state at each reading: `run` or not.

`twin`   power as the twin's meters show it: one level a state. Machines whose model draws the same at work and waiting
         (furnaces, washing machine, measuring machine, benches) are `on-off`: reported apart, since power cannot tell
         there, and the reader says so.
`meter`  the same states with what a real meter adds, drawn anew for every machine and seed: each piece has a program of
         one to four cuts at levels of its own, short dips between them, loading whose time varies by 25 %; noise of
         1.5 %, a drift of 4 % over the day, a coolant pump, inrush, rounding, lost readings.
`pieces` relative error of the count on these, and how often the stated range holds it.
`control` a threshold at half of the highest power, and "never runs".
`speed`  readings a second, CPU time.
"""

from __future__ import annotations

import time as clock
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import Reporter, arguments
from luban.core.time import DAY
from luban.twin.kernel.trace import Kind
from luban.twin.load import load_twin
from luban.twin.model import STATES, Model
from luban.twin.run import Run
from luban.understand.health.retrofit import Retrofitted, read_meter

Array = np.ndarray[Any, Any]
RUN, OFF = STATES.index("run"), STATES.index("off")
EXAMPLES = Path(__file__).parents[1] / "examples"
WARM = {"c2_machining": 25, "tiny_workshop": 2}


def main(argv: Sequence[str] | None = None) -> None:
    """Print one line a case."""
    options = arguments(__doc__ or "", argv)
    report = Reporter("retrofit", options, ["luban", "numpy"])
    seeds = range(options.seed, options.seed + (1 if options.quick else 2))
    days = 4 if options.quick else 7
    shops = [shop for seed in seeds for name in WARM for shop in machines(name, days, seed)]
    for step in (5.0,) if options.quick else (1.0, 5.0):
        measure(report, shops, "twin", step)
        measure(report, shops, "meter", step)


@dataclass(frozen=True)
class Machine:
    """A machine of a run: its states, and (start, end, pieces, kind of work) of each operation."""

    name: str
    seed: int
    watts: Array
    time: Array
    state: Array
    work: list[tuple[int, int, int, int]]
    end: int

    @property
    def tells(self) -> bool:
        """Its model draws more at work than waiting, and less when off."""
        idle = self.watts[STATES.index("idle")]
        return bool(self.watts[RUN] > idle > self.watts[OFF])


def machines(name: str, days: int, seed: int) -> Iterator[Machine]:
    """Machines of an example's twin that draw power, over some days after it has filled up."""
    model: Model = load_twin(EXAMPLES / name)
    start = WARM[name] * DAY
    run = Run(model, seed=seed, trace="facts").to(start)
    run.take_trace()
    run.to(start + days * DAY)
    trace = run.take_trace()
    for number, machine in enumerate(model.machines):
        watts = np.array([machine.power.get(state, 0.0) for state in STATES])
        states = trace[(trace["kind"] == Kind.STATE) & (trace["machine"] == number)]
        if not watts[RUN] or not len(states):
            continue
        ended = trace[(trace["kind"] == Kind.ENDED) & (trace["machine"] == number)]
        work = [(int(e["y"]), int(e["time"]), int(e["a"] + e["b"]), int(e["step"])) for e in ended]
        yield Machine(
            machine.id, 1000 * seed + number, watts / 1000, states["time"].astype(np.int64),
            states["a"].astype(np.int64), work, start + days * DAY,
        )  # fmt: skip


# ---------------------------------------------------------------- meters


def readings(own: Machine, step: float, *, real: bool) -> tuple[Array, Array, Array]:
    """Times, power [kW] and the true state at each reading."""
    time = np.arange(own.time[0], own.end, round(step * 1e6), dtype=np.int64)
    state = own.state[np.searchsorted(own.time, time, "right") - 1]
    power = own.watts[state].copy()
    if not real:
        return time, power, state
    rng = np.random.default_rng(own.seed)
    idle, run = own.watts[STATES.index("idle")], own.watts[RUN]
    if run > idle:
        for work in own.work:
            _pieces(own, work, time, state, power, rng, step)
    on = power > 0.3 * idle
    hour = (time - time[0]) / 3.6e9
    power = np.where(on, power * (1 + 0.04 * np.sin(2 * np.pi * hour / 24 + own.seed)), power)
    power = np.where(on, power + 0.06 * idle * (time / 1e6 % 900 < 300), power)
    power = power * (1 + 0.015 * rng.normal(size=len(power))) + 0.003 * run * rng.normal(size=len(power))
    inrush = np.flatnonzero(np.diff(power) > 0.4 * run) + 1
    power[inrush] *= 1 + 0.5 * rng.random(len(inrush))
    power = np.maximum(np.round(power, 2 if run > 2 else 3), 0)
    kept = rng.random(len(power)) > 0.001
    return time[kept], power[kept], state[kept]


def _pieces(
    own: Machine, work: tuple[int, int, int, int], time: Array, state: Array, power: Array, rng: Any, step: float
) -> None:
    """What each piece of an operation draws, in the time in which the machine ran for it."""
    start, end, pieces, kind = work
    rows = np.flatnonzero((time >= start) & (time < end) & (state == RUN))
    if not pieces or not len(rows):
        return
    idle, run = own.watts[STATES.index("idle")], own.watts[RUN]
    cycle = len(rows) * step / pieces
    program = np.random.default_rng((own.seed, kind))
    loading = min(max(program.uniform(0.05, 0.25), 8 / cycle), 0.4)
    cuts = int(program.integers(1, 5))
    shares = program.dirichlet(np.full(cuts, 4.0))
    levels = np.maximum(program.uniform(0.55, 1.35, cuts) * run, idle + 0.35 * (run - idle))
    dip = min(program.uniform(2, 6), 0.03 * cycle)
    between = idle + program.uniform(0.05, 0.3) * (run - idle)
    lasts, draws = [], []
    for gap in np.minimum(loading * cycle * rng.lognormal(0, 0.25, pieces), 0.6 * cycle):
        lasts.append(gap)
        draws.append(1.02 * idle)
        for k in range(cuts):
            lasts += [(1 - loading) * cycle * shares[k] - dip * (k < cuts - 1), dip * (k < cuts - 1)]
            draws += [levels[k], between]
    edges = np.cumsum(np.maximum(lasts, 0.0))
    places = np.searchsorted(edges * (len(rows) * step / edges[-1]), np.arange(len(rows)) * step, "right")
    power[rows] = np.array(draws)[np.minimum(places, len(draws) - 1)]


# ---------------------------------------------------------------- figures


def measure(report: Reporter, shops: list[Machine], kind: str, step: float) -> None:
    """Agreement and counts of all machines, by what their power can tell."""
    told: dict[str, list[tuple[float, Retrofitted, int, Array, Array]]] = {"tells": [], "on-off": []}
    spent, count = 0.0, 0
    for own in shops:
        time, power, state = readings(own, step, real=kind == "meter")
        begun = clock.process_time()
        found = read_meter(time, power)
        spent += clock.process_time() - begun
        count += len(time)
        running = np.array(found.at(time)) == "running"
        agreed = float((running == (state == RUN)).mean())
        pieces = sum(work[2] for work in own.work)
        half = float(((power > power.max() / 2) == (state == RUN)).mean())
        never = float((state != RUN).mean())
        told["tells" if own.tells else "on-off"].append((agreed, found, pieces, np.array(half), np.array(never)))
    for group, rows in told.items():
        agreed = np.array([row[0] for row in rows])
        report.line(
            f"{kind}, every {step:g} s, {group}: agreement", 100 * float(agreed.mean()), "% of time",
            worst=f"{100 * agreed.min():.2f}", below_97=int((agreed < 0.97).sum()), machines=len(rows),
            half_of_the_highest=f"{100 * float(np.mean([row[3] for row in rows])):.1f}",
            never=f"{100 * float(np.mean([row[4] for row in rows])):.1f}",
            said_doubtful=sum(row[1].confidence < 0.9 for row in rows),
        )  # fmt: skip
    if kind == "meter":
        counts(report, told["tells"], step)
    report.line(f"{kind}, every {step:g} s: speed", count / spent, "readings/s of CPU")


def counts(report: Reporter, rows: list[tuple[float, Retrofitted, int, Array, Array]], step: float) -> None:
    """Relative error of the number of pieces."""
    counted = [(found, pieces) for _, found, pieces, _, _ in rows if found.made and pieces]
    errors = np.array([(found.pieces or 0) / pieces - 1 for found, pieces in counted])
    held = np.mean([found.low <= pieces <= found.high for found, pieces in counted])
    size = np.abs(errors)
    report.line(
        f"meter, every {step:g} s: pieces, median error", 100 * float(np.median(size)), "%",
        ninth_of_ten=f"{100 * float(np.quantile(size, 0.9)):.1f}", worst=f"{100 * float(size.max()):.1f}",
        within_5=f"{int((size <= 0.05).sum())} of {len(size)}", in_range=f"{100 * float(held):.0f} %",
        refused=len(rows) - len(counted),
    )  # fmt: skip


if __name__ == "__main__":
    main()
