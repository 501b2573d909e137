"""OEE of a plant's month: 5 million state events in random order of arrival, 500 machines, exact at shift edges.

    python -m benchmarks.kpi [--quick] [--json] [--seed N] [--budget S]

The same functions run on DuckDB, polars and PySpark over the same tables in memory; figures must be equal on all
three. Each machine has three shifts of 8 h a day for 30 days, coverage with gaps, and a count every half hour.
`availability` is the time ledger alone (sweep, split, sums); `oee` is all of it: times, unknown spans, pieces.
Loading the tables into an engine is not timed. Each case is the best of its runs within the budget.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa

from benchmarks.report import Reporter, arguments
from luban.core.time import HOUR, MINUTE
from luban.norms import state_mapping
from luban.understand.kpi import (
    ELEMENTS,
    SHIFTS,
    SPENT,
    coverage,
    element_sums,
    elements_of,
    piece_sums,
    spent_time,
    unknown_of,
)

T0 = 1_769_904_000_000_000  # 2026-02-01T00:00Z
SHIFT, DAYS = 8 * HOUR, 30
CYCLE_S = 30.0
MAPPING = "mtconnect-execution@1"
WORDS, SHARES = ("ACTIVE", "READY", "INTERRUPTED", "WAIT", "UNAVAILABLE"), (0.72, 0.1, 0.08, 0.08, 0.02)
Lift = Callable[[pa.Table], nw.LazyFrame[Any]]


def month(events: int, machines: int, seed: int) -> dict[str, pa.Table]:
    """Tables of one month of a plant."""
    random = np.random.default_rng(seed)
    names = np.array([f"works/hall{i // 50}/cell{i // 10}/machine{i:03d}" for i in range(machines)])
    sources = np.array([f"gateway{i}" for i in range((machines + 9) // 10)])
    span = DAYS * 3 * SHIFT
    machine = random.integers(0, machines, events).astype(np.int32)
    states = pa.table(
        {
            "subject": _names(machine, names),
            "time": T0 + random.integers(0, span, events),
            "seq": np.arange(1, events + 1),
            "source": _names(machine // 10, sources),
            "state": _names(random.choice(len(WORDS), events, p=SHARES).astype(np.int32), WORDS),
            "mapping": _names(np.zeros(events, np.int32), [MAPPING]),
            "reason": pa.nulls(events, pa.string()),
            "quality": np.zeros(events, np.uint8),
        }
    )
    return {
        "states": states,
        "events": _alive(random, sources, span, events),
        "counts": _counts(random, names, span, events),
        "shifts": _shifts(names),
        "mapping": pa.table(
            {
                "mapping": [MAPPING] * len(WORDS),
                "state": list(WORDS),
                "element": [state_mapping(MAPPING).element(word).value for word in WORDS],
                "failure": np.zeros(len(WORDS), np.int64),
            }
        ),
    }


def _names(codes: np.ndarray[Any, Any], words: Sequence[str] | np.ndarray[Any, Any]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), pa.array(words))


def _alive(random: np.random.Generator, sources: np.ndarray[Any, Any], span: int, seq: int) -> pa.Table:
    """An `alive` fact an hour and source; each hundredth hour is cut short by a gap of up to 20 minutes."""
    hours = span // HOUR
    start = np.tile(T0 + np.arange(hours) * HOUR, len(sources))
    lost = (random.random(len(start)) < 0.01) * random.integers(1, 20 * MINUTE, len(start))
    subject = np.repeat(np.arange(len(sources)), hours)
    return pa.table(
        {
            "subject": _names(subject, sources),
            "time": start,
            "end": start + HOUR - lost,
            "seq": seq + 1 + np.arange(len(start)),
        }
    )


def _counts(random: np.random.Generator, names: np.ndarray[Any, Any], span: int, seq: int) -> pa.Table:
    """Every half hour what a machine made, below what its ideal cycle allows."""
    ticks = span // (HOUR // 2)
    n = len(names) * ticks
    return pa.table(
        {
            "subject": _names(np.repeat(np.arange(len(names)), ticks), names),
            "time": np.tile(T0 + (np.arange(ticks) + 1) * (HOUR // 2) - 1, len(names)),
            "seq": 10 * seq + np.arange(n),
            "good": random.integers(25, 40, n).astype(float),
            "scrap": random.integers(0, 3, n).astype(float),
            "rework": np.zeros(n),
            "item": pa.nulls(n, pa.string()),
            "operation": pa.nulls(n, pa.string()),
            "quality": np.zeros(n, np.uint8),
        }
    )


def _shifts(names: np.ndarray[Any, Any]) -> pa.Table:
    per_machine = DAYS * 3
    start = np.tile(T0 + np.arange(per_machine) * SHIFT, len(names))
    label = np.tile(np.array(["night", "early", "late"]), len(names) * DAYS)
    day = np.tile(np.repeat([f"2026-02-{d:02}" for d in range(1, DAYS + 1)], 3), len(names))
    columns = {
        "subject": np.repeat(names, per_machine), "shift_start": start, "shift_end": start + SHIFT, "shift_name": label,
        "day": day, "start": start, "end": start + SHIFT, "planned": np.ones(len(start), np.int64),
    }  # fmt: skip
    return pa.table({name: pa.array(values) for name, values in columns.items()}).cast(SHIFTS)


# ---------------------------------------------------------------- engines


@contextmanager
def duckdb_engine(tables: dict[str, pa.Table]) -> Iterator[tuple[dict[str, nw.LazyFrame[Any]], Lift]]:
    """Tables in an in-memory DuckDB of two threads."""
    import duckdb

    connection = duckdb.connect(config={"threads": 2})
    for name, table in tables.items():
        connection.register("given", table)
        connection.execute(f"create table {name} as select * from given").fetchall()
        connection.unregister("given")
    yield {name: nw.from_native(connection.table(name)) for name in tables}, _lift(connection.from_arrow)
    connection.close()


@contextmanager
def polars_engine(tables: dict[str, pa.Table]) -> Iterator[tuple[dict[str, nw.LazyFrame[Any]], Lift]]:
    """Tables as polars frames."""
    import polars as pl

    def take(table: pa.Table) -> Any:
        return pl.from_arrow(_plain(table)).lazy()

    yield {name: nw.from_native(take(table)).lazy() for name, table in tables.items()}, _lift(take)


@contextmanager
def spark_engine(tables: dict[str, pa.Table]) -> Iterator[tuple[dict[str, nw.LazyFrame[Any]], Lift]]:
    """Tables cached in a local Spark of two threads."""
    from pyspark.sql import SparkSession

    build = SparkSession.builder.master("local[2]")
    for key, value in {
        "spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false", "spark.log.level": "ERROR",
        "spark.driver.memory": "6g", "spark.sql.shuffle.partitions": "4", "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1", "spark.sql.execution.arrow.maxRecordsPerBatch": "1000000",
    }.items():  # fmt: skip
        build = build.config(key, value)
    session = build.getOrCreate()

    def take(table: pa.Table) -> Any:
        plain = _plain(table)
        small = [c.cast(pa.int16()) if c.type == pa.uint8() else c for c in plain.columns]
        frame = session.createDataFrame(pa.table(small, names=plain.column_names)).cache()
        frame.count()
        return frame

    yield {name: nw.from_native(take(table)).lazy() for name, table in tables.items()}, _lift(take)
    session.stop()


def _lift(take: Callable[[pa.Table], Any]) -> Lift:
    return lambda table: nw.from_native(take(table)).lazy()


def _plain(table: pa.Table) -> pa.Table:
    columns = [c.cast(pa.string()) if pa.types.is_dictionary(c.type) else c for c in table.columns]
    return pa.table(columns, names=table.column_names)


# ---------------------------------------------------------------- cases


def ledger_of(frame: dict[str, nw.LazyFrame[Any]]) -> tuple[nw.LazyFrame[Any], ...]:
    """states, coverage, shifts, mapping."""
    return frame["states"], coverage(frame["events"], frame["writers"]), frame["shifts"], frame["mapping"]


def availability(frame: dict[str, nw.LazyFrame[Any]], _: Lift) -> pa.Table:
    """Times of every machine and shift."""
    return element_sums(*ledger_of(frame)).collect("pyarrow").to_native()


def oee(frame: dict[str, nw.LazyFrame[Any]], lift: Lift) -> pa.Table:
    """Times and pieces of every machine and shift."""
    spent = spent_time(*ledger_of(frame)).collect("pyarrow").to_native()
    lifted = lift(spent.select(list(SPENT)).cast(pa.schema([(name, pa.int64()) for name in SPENT])))
    pieces = piece_sums(frame["counts"], unknown_of(lifted, frame["shifts"]), frame["shifts"])
    joined = elements_of(lifted, frame["shifts"]).join(pieces, on=["subject", "shift_start"], how="left")
    return joined.collect("pyarrow").to_native()


def figures(found: pa.Table) -> dict[str, float]:
    """What must be the same on every engine: exact sums, then ratios of sums."""
    sums = {e.value: int(np.sum(found[e.value].to_numpy())) for e in ELEMENTS}
    known = sum(sums[name] for name in ("APT", "AUST", "ADET", "ADOT"))
    result: dict[str, float] = {"shifts": found.num_rows, **sums, "availability": sums["APT"] / known}
    if "good" in found.column_names:
        good, made = (float(np.sum(found[name].to_numpy())) for name in ("good", "known"))
        scrap = float(np.sum(found["scrap"].to_numpy()))
        result["oee"] = round(CYCLE_S * 1e6 * made / known * good / (good + scrap), 9)
    return result


CASES = {"availability": availability, "oee": oee}
ENGINES = {"DuckDB": duckdb_engine, "polars": polars_engine, "PySpark": spark_engine}


def main(argv: Sequence[str] | None = None) -> None:
    """Print one line a case and engine."""
    options = arguments(__doc__ or "", argv, budget=20)
    warnings.simplefilter("ignore")
    report = Reporter("oee", options, ["duckdb", "polars", "pyspark", "narwhals", "pyarrow", "luban"])
    events, machines = (1_000_000, 200) if options.quick else (5_000_000, 500)
    budget = min(options.budget, 3) if options.quick else options.budget
    tables = month(events, machines, options.seed)
    writers = tables["states"].select(["subject", "source"]).group_by(["subject", "source"]).aggregate([])
    tables["writers"] = _plain(writers)
    seen: dict[str, dict[str, float]] = {}
    times: dict[tuple[str, str], float] = {}
    for engine, open_engine in ENGINES.items():
        if options.quick and engine == "PySpark":
            report.say("PySpark: left out by --quick, its session alone takes the time")
            continue
        try:
            with open_engine(tables) as (frame, lift):
                for case, run in CASES.items():
                    times[case, engine], found = _best(lambda: run(frame, lift), budget)  # noqa: B023
                    seen.setdefault(case, {})[engine] = found  # type: ignore[assignment]
        except ImportError as error:
            report.say(f"{engine}: not measured: {error}")
    for case in CASES:
        results = seen[case]
        equal = all(found == results["DuckDB"] for found in results.values())
        facts = {"equal": equal, "events": events, **results["DuckDB"]}  # type: ignore[dict-item]
        for engine in results:
            if engine == "DuckDB":
                report.line(f"{case}, DuckDB", times[case, engine], "s", **facts)
            else:
                report.line(f"{case}, DuckDB", times[case, "DuckDB"], "s", peer=times[case, engine],
                            peer_name=f"the same functions on {engine}", equal=equal)  # fmt: skip
        if not equal:
            raise SystemExit(f"{case}: engines disagree: {results}")


def _best(run: Callable[[], pa.Table], budget: float) -> tuple[float, dict[str, float]]:
    """Shortest time and the figures; at least two runs, at most five, within the budget."""
    took: list[float] = []
    started = time.perf_counter()
    while len(took) < 2 or (len(took) < 5 and time.perf_counter() - started < budget):
        begun = time.perf_counter()
        found = run()
        took.append(time.perf_counter() - begun)
    return min(took), figures(found)


if __name__ == "__main__":
    main()
