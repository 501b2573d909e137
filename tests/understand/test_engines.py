"""One metric, many engines: DuckDB, polars and PySpark give the same rows, to the microsecond."""

from __future__ import annotations

import logging
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa
import pytest

from luban.understand.kpi import coverage, element_sums, failure_sums, piece_sums, time_ledger
from tests.outside import require
from tests.understand import tables
from tests.understand.engines import Lift, duckdb_lift, polars_lift, rows, spark_lift
from tests.understand.tables import COUNTS, COVERAGE, MAPPING, STATES, WORDS

UNITS, HORIZON = 12, 2_000_000
EVENTS = pa.schema(
    [
        ("subject", pa.string()),
        ("time", pa.int64()),
        ("end", pa.int64()),
        ("seq", pa.int64()),
        ("code", pa.string()),
    ]
)


def facts(n: int = 2_000) -> dict[str, pa.Table]:
    """Random states, counts and coverage of some units and shifts."""
    random = np.random.default_rng(7)
    subjects = [f"u{i}" for i in random.integers(0, UNITS, n)]
    starts = random.integers(0, HORIZON, 60)
    spans = [(i * 100_000, (i + 1) * 100_000) for i in range(20)]
    breaks = [(i * 100_000 + 40_000, i * 100_000 + 45_000) for i in range(20)]
    return {
        "states": pa.table(
            {
                "subject": subjects,
                "time": random.integers(0, HORIZON, n),
                "seq": random.permutation(n) + 1,
                "source": [f"s{u[1:]}" for u in subjects],
                "state": random.choice([*WORDS, "BOGUS"], n),
                "mapping": ["test@1"] * n,
                "reason": pa.array(random.choice(["", "tool"], n)),
                "quality": random.choice([0, 0, 0, 3, 67, 69], n).astype(np.uint8),
            }
        ).cast(STATES),
        "events": pa.table(
            {
                "subject": [f"s{i}" for i in random.integers(0, UNITS, 60)],
                "time": starts,
                "end": starts + random.integers(1, 300_000, 60),
                "seq": random.integers(1, n, 60),
                "code": pa.array(random.choice(["", "backfilled"], 60, p=[0.9, 0.1])),
            }
        ).cast(EVENTS),
        "gaps": pa.table(
            {
                "subject": [f"s{i}" for i in range(UNITS)],
                "time": starts[:UNITS] + 1_000,
                "end": starts[:UNITS] + 20_000,
                "seq": np.arange(UNITS) + n,
                "code": ["lost"] * UNITS,
            }
        ).cast(EVENTS),
        "counts": pa.table(
            {
                "subject": subjects,
                "time": random.integers(0, HORIZON, n),
                "seq": np.arange(n),
                "good": random.integers(0, 9, n).astype(float),
                "scrap": random.integers(0, 2, n).astype(float),
                "rework": random.integers(0, 2, n).astype(float),
                "item": pa.array([None if i % 5 == 0 else f"i{i % 3}" for i in range(n)], pa.string()),
                "operation": pa.nulls(n, pa.string()),
                "quality": random.choice([0, 0, 0, 66], n).astype(np.uint8),
            }
        ).cast(COUNTS),
        "shifts": pa.concat_tables([tables.shifts(*spans, unit=f"u{i}", breaks=breaks) for i in range(UNITS)]),
        "mapping": MAPPING,
    }


def computed(lift: Lift) -> dict[str, list[dict[str, Any]]]:
    """All that the package computes on frames; each step from the rows of the one before, to keep plans short."""
    frame = {name: lift(table) for name, table in facts().items()}
    alive = rows(coverage(frame["events"], frame["states"], frame["gaps"]), "subject", "start")
    ledger = frame["states"], lift(pa.Table.from_pylist(alive, COVERAGE)), frame["shifts"], frame["mapping"]
    tiles = rows(time_ledger(*ledger), "subject", "start")
    unknown = [
        {"subject": t["subject"], "start": t["start"], "end": t["end"], "seq": 0}
        for t in tiles
        if t["element"] == "UNKNOWN"
    ]
    pieces = piece_sums(frame["counts"], lift(pa.Table.from_pylist(unknown, COVERAGE)), frame["shifts"])
    return {
        "alive": alive,
        "tiles": tiles,
        "elements": rows(element_sums(*ledger), "subject", "shift_start"),
        "pieces": rows(pieces.with_columns(nw.col("known").round(6)), "subject", "shift_start", "item"),
        "failures": rows(failure_sums(frame["states"], frame["shifts"], frame["mapping"]), "subject", "shift_start"),
    }


@pytest.fixture(scope="module")
def expected() -> dict[str, list[dict[str, Any]]]:
    found = computed(polars_lift())
    assert sum(t["duration"] for t in found["tiles"]) == UNITS * HORIZON
    assert all(len(found[name]) > UNITS for name in found)
    return found


def test_duckdb_agrees(expected: dict[str, list[dict[str, Any]]]) -> None:
    assert computed(duckdb_lift()) == expected


@pytest.mark.service
def test_spark_agrees(tmp_path: Path, expected: dict[str, list[dict[str, Any]]]) -> None:
    """In a process of its own: Spark forks the one that starts it, and a fork among many libraries' threads may die."""
    require("java")
    pytest.importorskip("pyspark")
    found = tmp_path / "found.pickle"
    command = [sys.executable, "-m", "tests.understand.test_engines", str(found)]
    subprocess.run(command, check=True, timeout=240, cwd=Path(__file__).parents[2])
    assert pickle.loads(found.read_bytes()) == expected


def _by_spark(found: Path) -> None:
    from pyspark.sql import SparkSession

    logging.getLogger("py4j").setLevel(logging.ERROR)
    session = (
        SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.log.level", "ERROR")
        .config("spark.ui.showConsoleProgress", "false")
        # Small data: compiling a plan would take longer than running it.
        .config("spark.sql.adaptive.enabled", "false")
        .config("spark.sql.codegen.wholeStage", "false")
        .config("spark.sql.codegen.factoryMode", "NO_CODEGEN")
        .getOrCreate()
    )
    found.write_bytes(pickle.dumps(computed(spark_lift(session))))
    session.stop()


if __name__ == "__main__":
    _by_spark(Path(sys.argv[1]))
