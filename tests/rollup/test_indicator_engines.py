"""One roll-up, many engines: DuckDB, polars, pandas, Arrow and PySpark give the same bits, in any order of rows."""

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

from luban.rollup.check import check_frame
from luban.rollup.deflators import Deflators
from luban.rollup.indicators import indicators
from tests.outside import require
from tests.rollup.firms import PLAN, drawn

PRICES = Deflators.of((code, year, 1.0 + 0.01 * at * (year - 2010))
                      for at, code in enumerate(("", "C34", "C39")) for year in (2015, 2016, 2020))  # fmt: skip


def few(frame: nw.LazyFrame[Any]) -> list[dict[str, Any]]:
    """A form of each kind by region and industry; paths are uneven, so that a pattern cuts them."""
    longer = nw.concat_str([nw.col("region"), nw.lit("/x")])
    uneven = frame.with_columns(region=nw.when(nw.col("size") == "small").then(longer).otherwise(nw.col("region")))
    only, depth = ("I01", "I05", "I07", "I08"), {"region": 2, "industry": 2}
    found = indicators(uneven, PLAN, ("region", "industry"), depth, deflators=PRICES, only=only)
    return found.collect("pyarrow").to_native().to_pylist()


def computed(frame: nw.LazyFrame[Any]) -> list[dict[str, Any]]:
    """The same, and all indicators with every reading by region, industry and size, and what is wrong."""
    depth = {"region": 1, "industry": 2}
    found = indicators(
        frame, PLAN, ("region", "industry", "size"), depth, deflators=PRICES, variants=True, measure="revenue"
    )
    problems = check_frame(frame, PLAN)
    whole = indicators(problems.left_out(frame), PLAN, (), only=("I02",))
    rows = [row for one in (found, whole) for row in one.collect("pyarrow").to_native().to_pylist()]
    return [*few(frame), *rows, {str(key): n for key, n in sorted(problems.counts.items())}]


@pytest.fixture(scope="module")
def expected() -> list[dict[str, Any]]:
    found = computed(nw.from_native(drawn()).lazy("duckdb"))
    assert len(found) > 900
    assert sum(row["low"] is not None and row["low"] < row["value"] for row in found[:-1]) > 50
    return found


def test_polars(expected: list[dict[str, Any]]) -> None:
    assert computed(nw.from_native(drawn()).lazy("polars")) == expected


@pytest.mark.filterwarnings("ignore:DataFrame is highly fragmented")
def test_pandas(expected: list[dict[str, Any]]) -> None:
    pytest.importorskip("pandas")
    assert computed(nw.from_native(drawn().to_pandas()).lazy()) == expected


def test_arrow_in_another_order(expected: list[dict[str, Any]]) -> None:
    data = drawn()
    mixed = data.take(pa.array(np.random.default_rng(1).permutation(data.num_rows)))
    assert computed(nw.from_native(mixed).lazy()) == expected


@pytest.mark.service
def test_spark(tmp_path: Path) -> None:
    """In a process of its own: Spark forks the one that starts it, and a fork among many libraries' threads may die."""
    require("java")
    pytest.importorskip("pyspark")
    found = tmp_path / "found.pickle"
    command = [sys.executable, "-m", "tests.rollup.test_indicator_engines", str(found)]
    subprocess.run(command, check=True, timeout=240, cwd=Path(__file__).parents[2])
    assert pickle.loads(found.read_bytes()) == few(nw.from_native(drawn()).lazy("duckdb"))


def _by_spark(found: Path) -> None:
    from pyspark.sql import SparkSession

    logging.getLogger("py4j").setLevel(logging.ERROR)
    build = SparkSession.builder.master("local[1]")
    for key, value in {
        "spark.ui.enabled": "false", "spark.sql.shuffle.partitions": "1", "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1", "spark.log.level": "ERROR",
        "spark.ui.showConsoleProgress": "false",
        # small data: compiling a plan would take longer than running it
        "spark.sql.adaptive.enabled": "false", "spark.sql.codegen.wholeStage": "false",
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    }.items():  # fmt: skip
        build = build.config(key, value)
    session = build.getOrCreate()
    found.write_bytes(pickle.dumps(few(nw.from_native(session.createDataFrame(drawn())))))
    session.stop()


if __name__ == "__main__":
    _by_spark(Path(sys.argv[1]))
