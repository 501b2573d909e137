"""Trace and recall on 10 million facts of use, while 5,000 a second are being appended.

    python -m benchmarks.trace [--quick] [--json] [--seed N] [--budget S]

The plant is made up: bought lots into blends, blends into parts, parts into subassemblies and serial
units, a hundredth of the units reworked into new ones, all units delivered to customer orders.

`load`    time from Arrow tables of facts to the first answer (names, order both ways, doubts), and memory
`trace`   one lot asked, all lots it came from or went into, by name: half of the questions each way
`recall`  lots of a bought material until at least 400,000 lots are affected (a twenty-fifth of the facts with --quick):
          the walk alone; and whole, with grades by time, deliveries and customer orders; the second of two runs.
          Where a lot is out of time, all facts between the affected lots are gone over: a line of its own
`append`  facts a second that came in meanwhile, and the longest an append took

Answers are compared with every peer's, lot by lot. Peers hold whole numbers and no names, and nothing is appended to
them meanwhile. DuckDB, SQLite, PostgreSQL (where installed) and rustworkx (pip install rustworkx) run in the same run.
"""

# ruff: noqa: A005 - a benchmark is named by its claim
from __future__ import annotations

import gc
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from benchmarks.report import Reporter, arguments
from benchmarks.trace_peers import PEERS, opened
from luban.understand.trace import Trace, recall

Ids = NDArray[np.int32]
_RATE = 5_000
_BATCH = 50


@dataclass(frozen=True)
class Plant:
    """Facts as tables, names by number, and the numbers of each kind of lot."""

    uses: pa.Table
    moves: pa.Table
    names: list[str]
    source: Ids
    target: Ids
    bought: range
    parts: range
    units: range


def plant(facts: int, seed: int) -> Plant:
    """About so many facts of use; 8 of 10 hang at units."""
    random = np.random.default_rng(seed)
    units = facts * 100 // 842
    n = {"bought": units // 60, "blends": units // 30, "parts": units // 6, "subs": units, "units": units,
         "reworked": units // 100}  # fmt: skip
    ends = np.cumsum([0, *n.values()])
    span = {name: range(int(a), int(b)) for name, a, b in zip(n, ends, ends[1:], strict=False)}
    parts = [
        _near(random, span["blends"], span["bought"], 3), _near(random, span["parts"], span["blends"], 2),
        _near(random, span["subs"], span["parts"], 3), _near(random, span["units"], span["parts"], 4),
        _one(span["units"], span["subs"]),
        (np.sort(random.choice(np.arange(n["units"]), n["reworked"], replace=False)) + span["units"].start,
         np.arange(n["reworked"]) + span["reworked"].start),
    ]  # fmt: skip
    source, target = (np.concatenate([part[k] for part in parts]).astype(np.int32) for k in (0, 1))
    # the moment an output is made, spread over all of time alike for each kind
    when = np.empty(ends[-1], np.int64)
    for k, name in enumerate(n):
        when[span[name].start : span[name].stop] = np.linspace(k * 1e9, 1e12 + k * 1e9, n[name], endpoint=False).astype(
            np.int64
        )
    when[parts[-1][1]] = when[parts[-1][0]] + 10**9
    order = np.argsort(when[target], kind="stable")
    source, target = source[order], target[order]
    letters = {"bought": "R", "blends": "B", "parts": "P", "subs": "S", "units": "U", "reworked": "W"}
    names = [f"{letters[name]}{number:08d}" for name in n for number in range(n[name])]
    words = pa.array(names)
    jobs = pa.array([f"M{number}" for number in range(units // 500 + 1)])
    job = pa.DictionaryArray.from_arrays(pa.array((target % len(jobs)).astype(np.int32)), jobs)
    uses = pa.table({
        "time": when[target], "seq": np.arange(1, len(source) + 1), "subject": words.take(pa.array(target)),
        "input": words.take(pa.array(source)), "quantity": np.ones(len(source)), "order": job,
    })  # fmt: skip
    out = np.arange(span["units"].start, span["units"].stop)
    orders = [f"SO{number}" for number in range(units // 50 + 1)]
    moves = pa.table({
        "time": when[out] + 10**10, "seq": len(source) + 1 + np.arange(len(out)),
        "subject": pa.array(["unit"] * len(out)),
        "lot": words.take(pa.array(out)), "origin": pa.array(["store"] * len(out)),
        "destination": pa.array([f"customer:{number % 400}" for number in (out // 50).tolist()]),
        "quantity": np.ones(len(out)),
        "order": pa.array([orders[number] for number in ((out - out[0]) // 50).tolist()]),
    })  # fmt: skip
    return Plant(uses, moves, names, source, target, span["bought"], span["parts"], span["units"])


def _near(random: np.random.Generator, outputs: range, inputs: range, each: int) -> tuple[Any, Any]:
    """Outputs made of `each` inputs of about the same time."""
    target = np.repeat(np.arange(len(outputs)), each)
    at = target * len(inputs) / len(outputs) - random.exponential(max(len(inputs) / 2000, 3), len(target))
    return np.clip(at, 0, len(inputs) - 1).astype(np.int64) + inputs.start, target + outputs.start


def _one(outputs: range, inputs: range) -> tuple[Any, Any]:
    return np.arange(len(outputs)) + inputs.start, np.arange(len(outputs)) + outputs.start


class Appending:
    """A thread that appends new units at a steady rate, as long as it is open."""

    def __init__(self, trace: Trace, made: Plant) -> None:
        self.trace, self.made, self.stop = trace, made, threading.Event()
        self.sent, self.worst, self.began = 0, 0.0, time.perf_counter()
        self.thread = threading.Thread(target=self._run)

    def __enter__(self) -> Appending:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self.thread.join()
        self.rate = self.sent / (time.perf_counter() - self.began)

    def _run(self) -> None:
        names, parts = self.made.names, self.made.parts
        while not self.stop.is_set():
            due = self.began + self.sent / _RATE
            if (wait := due - time.perf_counter()) > 0:
                time.sleep(wait)
            first = self.sent
            inputs = [names[parts.start + (first * 7 + k) % len(parts)] for k in range(_BATCH)]
            outputs = [f"N{(first + k) // 5:09d}" for k in range(_BATCH)]
            before = time.perf_counter()
            self.trace.add("genealogy", {
                "time": np.full(_BATCH, 2 * 10**12), "seq": np.arange(first, first + _BATCH) + 10**9,
                "subject": outputs, "input": inputs, "quantity": np.ones(_BATCH),
            })  # fmt: skip
            self.worst = max(self.worst, time.perf_counter() - before)
            self.sent += _BATCH


def main(argv: Sequence[str] | None = None) -> None:
    """Print one line a case."""
    options = arguments(__doc__ or "", argv, budget=20)
    report = Reporter("trace", options, ["luban", "numba", "duckdb", "rustworkx", "psycopg"])
    facts = 400_000 if options.quick else 10_000_000
    made = plant(facts, options.seed)
    _warm(made)
    sys.setswitchinterval(0.0005)  # a question waits for a Python thread that appends no longer than that
    trace = load(report, made)
    asked = _questions(made, options.seed)
    suspects = _suspects(trace, made, len(made.source) // 25)
    with Appending(trace, made) as appending:
        ours = ask(report, trace, made, asked, 3.0 if options.quick else options.budget)
        calls = call_back(report, trace, suspects)
    report.line("facts appended meanwhile", appending.rate, "1/s", claim="append", sent=appending.sent,
                longest_ms=round(1000 * appending.worst, 1))  # fmt: skip
    answers = {start: _answer(trace, made, start, back) for start, back in asked[:40]}
    size = len(trace.lots), len(trace.graph)
    report.say(f"trace: {size[0]:,} lots, {size[1]:,} facts")
    reached = _reached(made, suspects)
    del trace
    gc.collect()
    for kind in PEERS:
        peer(
            report, kind, made, asked, answers, suspects, reached, ours, calls, 3.0 if options.quick else options.budget
        )


def _warm(made: Plant) -> None:
    """Compile, and read what is compiled."""
    small = Trace()
    small.add("genealogy", made.uses.slice(0, 5000))
    small.add("movement", made.moves.slice(0, 100))
    small.add("genealogy", made.uses.slice(5000, 10))
    recall(small, [made.uses.column("input")[0].as_py()])
    small.graph.walk([0], back=True)


def _memory() -> float:
    """Resident memory of this process [MB]."""
    gc.collect()
    with open("/proc/self/statm") as file:  # noqa: PTH123
        return int(file.read().split()[1]) * resource.getpagesize() / 1e6


def load(report: Reporter, made: Plant) -> Trace:
    """From tables to the first answer."""
    before, began, cpu = _memory(), time.perf_counter(), time.process_time()
    trace = Trace()
    trace.add("genealogy", made.uses)
    trace.add("movement", made.moves)
    doubts = len(trace.doubts)
    report.line(
        f"{len(made.source):,} facts to the first answer", time.perf_counter() - began, "s", claim="load",
        cpu_s=round(time.process_time() - cpu, 2), doubts=doubts, resident_mb=round(_memory() - before),
        graph_mb=round(trace.graph.nbytes / 1e6), names_mb=round(trace.lots.nbytes / 1e6),
    )  # fmt: skip
    return trace


def _questions(made: Plant, seed: int) -> list[tuple[int, bool]]:
    """(lot, back): a delivered unit, where from; a lot of parts, where used."""
    random = np.random.default_rng(seed + 1)
    back, on = (
        random.integers(made.units.start, made.units.stop, 4000),
        random.integers(made.parts.start, made.parts.stop, 4000),
    )
    return [
        (int(lot), way) for pair in zip(back, on, strict=True) for lot, way in zip(pair, (True, False), strict=True)
    ]


def _answer(trace: Trace, made: Plant, start: int, back: bool) -> set[str]:
    walk = trace.graph.walk([trace.lots.id(made.names[start])], back=back)
    return set(trace.lots.array(walk.nodes).to_pylist())


def ask(report: Reporter, trace: Trace, made: Plant, asked: list[tuple[int, bool]], budget: float) -> dict[str, float]:
    """Typical traces, by name, one at a time."""
    spent, cpu, sizes = [], [], []
    end = time.perf_counter() + budget
    while time.perf_counter() < end:
        for start, back in asked:
            name = made.names[start]
            a, c = time.perf_counter(), time.thread_time()
            walk = trace.graph.walk([trace.lots.id(name)], back=back)
            found = trace.lots.array(walk.nodes).to_pylist()
            spent.append(time.perf_counter() - a)
            cpu.append(time.thread_time() - c)
            sizes.append(len(found))
            if time.perf_counter() > end:
                break
    ms = 1000 * np.array(spent)
    found = {"median": float(np.median(ms)), "p99": float(np.percentile(ms, 99))}
    report.line(
        "one lot, all it came from or went into: p99", found["p99"], "ms", median=round(found["median"], 4),
        p95=round(float(np.percentile(ms, 95)), 4), worst=round(float(ms.max()), 2), asked=len(ms),
        cpu_p99=round(1000 * float(np.percentile(cpu, 99)), 4), lots_median=int(np.median(sizes)), lots_max=max(sizes),
    )  # fmt: skip
    return found


def _suspects(trace: Trace, made: Plant, least: int) -> Ids:
    """Bought lots, one after the other from the middle on, until enough lots are affected."""
    middle, many = (made.bought.start + made.bought.stop) // 2, 1
    while True:
        numbers = np.arange(middle, min(middle + many, made.bought.stop))
        ids = trace.lots.ids([made.names[number] for number in numbers])
        numbers, ids = numbers[ids >= 0], ids[ids >= 0]  # some bought lots were never used
        if len(trace.graph.walk(ids).nodes) >= least or middle + many >= made.bought.stop:
            return numbers.astype(np.int32)
        many += max(1, many // 8)


def call_back(report: Reporter, trace: Trace, suspects: Ids) -> dict[str, float]:
    """A recall, the second time it is asked."""
    found: dict[str, float] = {}
    ids = trace.lots.ids([f"R{number:08d}" for number in suspects.tolist()])
    trace.graph.walk(ids)
    best, cpu, walk = _timed(lambda: trace.graph.walk(ids), 5)
    found["walk"] = best
    report.line("all lots affected", best, "ms", claim="recall", cpu_ms=cpu, lots=len(walk.nodes), suspects=len(ids))
    best, cpu, whole = _timed(lambda: recall(trace, ids, times=False), 3)
    report.line("with deliveries and customer orders", best, "ms", claim="recall", cpu_ms=cpu, orders=len(whole.orders),
                deliveries=len(whole.rows))  # fmt: skip
    best, cpu, whole = _timed(lambda: recall(trace, ids), 3)
    report.line(
        "with grades by time too", best, "ms", claim="recall", cpu_ms=cpu, certain=int((whole.grades == 0).sum())
    )
    taken = whole.names()[len(whole.lots) - 1].as_py()
    trace.add("genealogy", {"time": [0], "seq": [2 * 10**9], "subject": ["EARLY"], "input": [taken], "quantity": [1.0]})
    best, cpu, late = _timed(lambda: recall(trace, ids), 3)
    report.line("with grades by time, one lot out of time", best, "ms", claim="recall", cpu_ms=cpu,
                out_of_time=int((late.grades == 1).sum()))  # fmt: skip
    best, cpu, _ = _timed(whole.names, 3)
    report.line("names of all affected lots", best, "ms", claim="recall", cpu_ms=cpu)
    return found


def _timed(do: Callable[[], Any], runs: int) -> tuple[float, float, Any]:
    """Median time and CPU time of this thread [ms] of the runs after the first, and the last result."""
    do()
    spent, cpu = [], []
    for _ in range(runs):
        began, used = time.perf_counter(), time.thread_time()
        result = do()
        spent.append(1000 * (time.perf_counter() - began))
        cpu.append(1000 * (time.thread_time() - used))
    return float(np.median(spent)), round(float(np.median(cpu)), 2), result


def _reached(made: Plant, suspects: Ids) -> int:
    """How many lots are affected, by marking facts in the order of time again and again: a computation of its own."""
    seen = np.zeros(len(made.names), np.bool_)
    seen[suspects] = True
    before = -1
    while int(seen.sum()) != before:
        before = int(seen.sum())
        seen[made.target[seen[made.source]]] = True
    return before


def peer(
    report: Reporter, kind: Any, made: Plant, asked: list[tuple[int, bool]], answers: dict[int, set[str]],
    suspects: Ids, reached: int, ours: dict[str, float], calls: dict[str, float], budget: float,
) -> None:  # fmt: skip
    """The same questions to a peer; every answer compared with ours."""
    began = time.perf_counter()
    try:
        with opened(kind, made.source, made.target) as other:
            loaded = time.perf_counter() - began
            spent = []
            end = time.perf_counter() + budget
            for start, back in asked:
                a = time.perf_counter()
                found = other.walk(start, back=back)
                spent.append(1000 * (time.perf_counter() - a))
                if start in answers and {made.names[number] for number in found} != _without_new(answers[start]):
                    report.say(f"trace: {kind.name} and ours differ on {made.names[start]}")
                if time.perf_counter() > end:
                    break
            p99 = float(np.percentile(spent, 99))
            report.line("one lot: p99", ours["p99"], "ms", peer=p99, peer_name=kind.name, asked=len(spent),
                        peer_median=round(float(np.median(spent)), 3), ours_median=round(ours["median"], 3),
                        peer_load_s=round(loaded, 1))  # fmt: skip
            few = suspects
            best, _, count = _timed(lambda: other.count(few), 1)
            report.line("all lots affected", calls["walk"], "ms", claim="recall", peer=best, peer_name=kind.name,
                        peer_lots=count, same=count == reached)  # fmt: skip
    except (ImportError, OSError, subprocess.CalledProcessError) as error:
        report.say(f"trace: {kind.name} is not here: {error}")


def _without_new(names: set[str]) -> set[str]:
    """Lots that were appended while we were asked are not in a peer."""
    return {name for name in names if not name.startswith("N")}


if __name__ == "__main__":
    main()
