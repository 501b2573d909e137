"""The twin's kernel beside SimPy, salabim and Ciw: the same models, in the same run.

    python -m benchmarks.twin [--quick] [--json] [--seed N] [--budget S] [--data DIR]

`mm1`     one machine, load 0.9, 1 s a lot
`shop`    20 machines in 8 stations, 6 routes of 8 operations, setups by sequence, failures by running time, load 0.75
`growth`  10 to 10,000 machines, the same work a machine
`memory`  peak of a process that runs the shop, beside SimPy's
`compile` of the kernel from nothing, and loaded from the disk's cache
`fab`     SMT2020, where the data set is there

An event is a change of the plant, counted from what both sides did, not from what their event lists went through:
an order came, an operation began or ended, a setup ended, a machine failed or was repaired. Luban's run keeps its whole
books meanwhile (states of machines, queues, energy, Little's sums); the peers only counts and cycle times. SimPy is
measured as its guide says, and by hand (see `benchmarks.twin_peers`). Ours and the peers' runs alternate. Cycle times
are compared first: the ratio of unequal models is none.
"""

from __future__ import annotations

import argparse
import importlib.util
import math
import os
import pickle
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks import twin_peers
from benchmarks.report import Reporter, arguments
from luban.twin.distribution import Distribution
from luban.twin.kernel.layout import ARRAYS
from luban.twin.model import Arrival, Failure, Machine, Model, Route, SetupTable, Station, Step
from luban.twin.run import Run

HOUR = 3600.0
RHO = 0.9
HORIZON = 10**16
START = 1_767_225_600_000_000


def mm1(rho: float = RHO) -> Model:
    """M/M/1, mean service 1 s."""
    route = Route("R", (Step("1", "S", Distribution.exponential(1)),))
    arrival = Arrival("a", "R", Distribution.exponential(1 / rho))
    return Model("mm1", START, HORIZON, (Station("S"),), (Machine("M", "S"),), (route,), (arrival,))


def shop(machines: int = 20, load: float = 0.75) -> Model:
    """A job shop: stations of 2 and 3 machines, routes of 8 operations, setups between 3 families, failures."""
    random = np.random.default_rng(20)
    names = [f"S{i:04d}" for i in range(machines * 2 // 5)]
    sizes = [2 + i % 2 for i in range(len(names))]
    keys = ("red", "green", "blue")
    table = SetupTable("changes", {(a, b): 600.0 * (1 + (i + 2 * j) % 3) for i, a in enumerate(keys)
                                   for j, b in enumerate(keys) if a != b})  # fmt: skip
    failure = Failure("breakdown", Distribution.exponential(20 * HOUR), Distribution.exponential(HOUR), "run")
    park = tuple(
        Machine(f"{name}.{k}", name, setups="changes", setup=keys[k], failures=(failure,))
        for name, size in zip(names, sizes, strict=True)
        for k in range(size)
    )
    visits = np.concatenate([random.permutation(len(names)) for _ in range(6)]).reshape(-1, 8)
    routes, work = [], np.zeros(len(names))
    for number, path in enumerate(visits):
        times = random.uniform(0.4, 1.6, 8) * HOUR * np.array(sizes)[path] / 2.5
        steps = tuple(
            Step(f"{i}", names[at], Distribution.lognormal(float(mean), cv=0.4), setup=keys[number % 3])
            for i, (at, mean) in enumerate(zip(path, times, strict=True))
        )
        np.add.at(work, path, times * 1.05 + 800)
        routes.append(Route(f"R{number:04d}", steps))
    interval = float((work / sizes).mean()) / load
    arrivals = tuple(Arrival(f"a{i}", route.id, Distribution.exponential(interval)) for i, route in enumerate(routes))
    return Model("shop", START, HORIZON, tuple(map(Station, names)), park, tuple(routes), arrivals, setups=(table,))


def events_of(run: Run) -> int:
    """Changes of the plant so far, as the peers count them."""
    totals = run.totals()
    operations, setups = int(totals.machine_lots.sum()), int(totals.machine_setups.sum())
    return totals.arrived + 2 * operations + setups + 2 * int(totals.failures.sum())


@dataclass
class Rate:
    """Events, and the seconds they took; mean cycle times of the rounds [s]."""

    events: int
    wall: float
    cpu: float
    cycles: list[float]

    @property
    def per_second(self) -> float:
        """Events a second of wall time."""
        return self.events / self.wall


def alternate(sides: dict[str, Callable[[int], tuple[int, float]]], rounds: int, seed: int) -> dict[str, Rate]:
    """Each side once a round, in turn; a side gives (events, mean cycle time) for a seed."""
    rates = {name: Rate(0, 0.0, 0.0, []) for name in sides}
    for number in range(rounds):
        for name, side in sides.items():
            wall, cpu = time.perf_counter(), time.process_time()
            events, cycle = side(seed + number)
            rate = rates[name]
            rate.wall += time.perf_counter() - wall
            rate.cpu += time.process_time() - cpu
            rate.events += events
            rate.cycles.append(cycle)
    return rates


def ours(model: Model, until: float, warmup: float = 0.0) -> Callable[[int], tuple[int, float]]:
    """A run of the twin, built and run; mean cycle time from its books."""

    def side(seed: int) -> tuple[int, float]:
        run = Run(model, seed=seed, trace="none")
        before = run.to(round(warmup * 1e6)).totals()
        after = run.to(round(until * 1e6)).totals()
        return events_of(run), (after.sojourn - before.sojourn) / (after.finished - before.finished) / 1e6

    return side


def theirs(run: Callable[[int], twin_peers.Found]) -> Callable[[int], tuple[int, float]]:
    """A peer's run."""

    def side(seed: int) -> tuple[int, float]:
        found = run(seed)
        return found.events, found.cycle_mean

    return side


def tell(report: Reporter, case: str, rates: dict[str, Rate]) -> None:
    """One line for each peer; events a second, both means of cycle time with their standard errors."""
    luban = rates.pop("luban")
    for name, rate in rates.items():
        apart = abs(np.mean(luban.cycles) - np.mean(rate.cycles)) / math.hypot(_error(luban), _error(rate))
        report.line(
            case if name == "SimPy" else f"{case}, {name}", luban.per_second, "events/s", peer=rate.per_second,
            peer_name=name, cycle_ours=_mean(luban), cycle_peer=_mean(rate), errors_apart=round(float(apart), 2),
            cpu_ratio=round(luban.events / luban.cpu / (rate.events / rate.cpu), 2),
        )  # fmt: skip
        if apart > 5:
            raise SystemExit(f"{case}: cycle times of luban and {name} are {apart:.1f} standard errors apart")


def _error(rate: Rate) -> float:
    return float(np.std(rate.cycles, ddof=1)) / math.sqrt(len(rate.cycles))


def _mean(rate: Rate) -> str:
    return f"{np.mean(rate.cycles):.4g} ± {_error(rate):.2g} s"


def speed(report: Reporter, options: argparse.Namespace) -> None:
    """M/M/1 and the shop. Peers run a fraction of our time span: their rate does not depend on it."""
    share = 0.25 if options.quick else min(1.0, options.budget / 60)
    rounds = 5 if options.quick else 12
    peers = {
        "SimPy": (lambda seed: twin_peers.simpy_mm1(RHO, 120_000 * share, seed)),
        "SimPy by hand": (lambda seed: twin_peers.simpy_mm1(RHO, 400_000 * share, seed, by_hand=True)),
        "salabim": (lambda seed: twin_peers.salabim_mm1(RHO, 120_000 * share, seed)),
        "Ciw": (lambda seed: twin_peers.ciw_mm1(RHO, 40_000 * share, seed)),
    }
    Run(mm1()).to(1000)
    sides = {"luban": ours(mm1(), 2_000_000 * share)} | {name: theirs(run) for name, run in peers.items()}
    tell(report, "mm1", alternate(sides, rounds, options.seed))
    model, day, warmup = shop(), 24 * HOUR, 20 * 24 * HOUR
    span = warmup + 400 * day * share
    peers = {
        "SimPy": (lambda seed: twin_peers.simpy_shop(model, span, seed, warmup)),
        "SimPy by hand": (lambda seed: twin_peers.simpy_shop(model, span, seed, warmup, by_hand=True)),
    }
    sides = {"luban": ours(model, warmup + 4000 * day * share, warmup)}
    tell(report, "shop", alternate(sides | {name: theirs(run) for name, run in peers.items()}, rounds, options.seed))


def growth(report: Reporter, options: argparse.Namespace) -> None:
    """Events a second of one run as the plant grows; the first line is the yardstick."""
    wanted, first = (400_000 if options.quick else 4_000_000), 0.0
    for machines in (10, 100, 1000, 10_000):
        model = shop(machines)
        begun = time.perf_counter()
        run = Run(model, seed=options.seed, trace="none")
        built = time.perf_counter() - begun
        run.to(round(10 * 24 * HOUR * 1e6))
        before, begun = events_of(run), time.perf_counter()
        run.to(run.now + round(wanted / machines / 2.4 * HOUR * 1e6))
        took = time.perf_counter() - begun
        rate = (events_of(run) - before) / took
        first = first or rate
        size = sum(run.world[name].nbytes for name in ARRAYS) / 2**20
        report.line(f"growth, {len(model.machines)} machines", rate, "events/s", of_the_smallest=round(rate / first, 3),
                    events=events_of(run) - before, build_s=round(built, 3), arrays_MiB=round(size, 1),
                    wip=run.totals().wip)  # fmt: skip


def memory(report: Reporter) -> None:
    """Peak resident memory of a fresh process that runs the shop for 400 days, ours and SimPy's."""
    head = "import pickle, sys\nmodel = pickle.load(sys.stdin.buffer)\n"
    tail = "\nprint(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))"
    found = {}
    for name, code in {
        "luban": "from luban.twin.run import Run\nRun(model, trace='none').to(400 * 86_400_000_000)",
        "SimPy": "from benchmarks.twin_peers import simpy_shop\nsimpy_shop(model, 400 * 86_400, 1)",
    }.items():
        command = [sys.executable, "-c", head + code + tail]
        done = subprocess.run(command, input=pickle.dumps(shop()), capture_output=True, check=True)
        found[name] = float(done.stdout) / 1024
    report.line("memory, shop", found["luban"], "MiB", peer=found["SimPy"], peer_name="SimPy")


def compiling(report: Reporter, *, cold: bool) -> None:
    """Seconds to the first event: the kernel compiled into an empty cache, then loaded from it."""
    code = "import time\nfrom benchmarks.twin import mm1, Run\nbegun = time.perf_counter()\nRun(mm1()).to(1000)\n"
    code += "print(time.perf_counter() - begun)"

    def seconds(**environment: str) -> float:
        done = subprocess.run([sys.executable, "-c", code], env={**os.environ, **environment}, capture_output=True,
                              text=True, check=True)  # fmt: skip
        return float(done.stdout)

    if not cold:
        report.line("compile, cached", seconds(), "s")
        report.say("compile, cold: left out by --quick")
        return
    with tempfile.TemporaryDirectory() as cache:
        report.line("compile, cold", seconds(NUMBA_CACHE_DIR=cache), "s")
        report.line("compile, cached", seconds(NUMBA_CACHE_DIR=cache), "s")


def main(argv: Sequence[str] | None = None) -> None:
    """Print one line a case and peer."""
    options = arguments(__doc__ or "", argv)
    report = Reporter("twin", options, ["simpy", "salabim", "ciw", "numba", "numpy", "luban"])
    compiling(report, cold=not options.quick)
    speed(report, options)
    growth(report, options)
    memory(report)
    if importlib.util.find_spec("benchmarks.twin_fab") is not None:
        from benchmarks import twin_fab

        twin_fab.run(report, options.data, options.quick)


if __name__ == "__main__":
    main()
