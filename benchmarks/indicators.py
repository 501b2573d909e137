"""A plan's indicators from a country's enterprises: 400,000 firms, ten years, by region and industry.

    python -m benchmarks.indicators [--quick] [--json] [--seed N] [--budget S]

The same roll-up runs on DuckDB, polars, pandas and PySpark over the same table in memory and must be equal to the bit.
Beside it the same figures written by hand in pandas and in polars (sums by region and industry, then ratios; no
intervals, coverage, exclusions), which must agree to 1e-9. Then growth from 10⁴ to 4·10⁷ rows, and how often the
intervals of 1,000 stratified samples cover the truth. Loading the table into an engine is not timed.
"""

from __future__ import annotations

import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.report import Reporter, arguments
from luban.norms.plans import TargetPlan, load_plan
from luban.rollup.deflators import Deflators
from luban.rollup.indicators import indicators
from luban.rollup.moments import measures

FIRST, YEARS = 2015, 10
PROVINCES, CITIES, DIVISIONS = 31, 10, tuple(f"C{number}" for number in range(13, 44))
SPARK_ROWS = 400_000
LARGE, LARGE_PARTS = 40_000_000, 20
CPU: list[float] = []
"""CPU seconds of each of the last runs: what a busy machine changes least."""


def firms(count: int, years: int, plan: TargetPlan, seed: int) -> pa.Table:
    """Enterprises drawn by chance: sizes spread as real ones are, a percent of the answers missing."""
    random = np.random.default_rng(seed)
    rows = count * years
    province, city = random.integers(0, PROVINCES, count), random.integers(0, CITIES, count)
    regions = np.array([f"CN/{11 + p}/{11 + p}{c + 1:02d}" for p in range(PROVINCES) for c in range(CITIES)])
    codes = np.array([f"{division}{digits}" for division in DIVISIONS for digits in ("11", "12", "21", "29", "30")])
    region, industry = province * CITIES + city, random.integers(0, len(codes), count)
    size = random.lognormal(9.0, 1.4, count)  # revenue, 10⁴ CNY
    grown = np.exp(0.06 * np.arange(years)[:, None] + 0.1 * random.standard_normal((years, count)))
    revenue = (size * grown).ravel()
    columns: dict[str, Any] = {
        "unit": _names(np.tile(np.arange(count, dtype=np.int32), years), [f"firm{at:07d}" for at in range(count)]),
        "level": _names(np.zeros(rows, np.int32), ["enterprise"]),
        "year": np.repeat(np.arange(FIRST, FIRST + years), count),
        "region": _names(np.tile(region, years), regions),
        "industry": _names(np.tile(industry, years), codes),
        "size": _names(np.tile(np.digitize(size, (2_000, 40_000)), years), ["small", "medium", "large"]),
        "above_scale": np.tile(size > 2_000, years),
        "stratum": _names(np.zeros(rows, np.int32), [""]),
        "weight": np.ones(rows),
    }
    for at, (name, element) in enumerate(plan.elements.items()):
        if name == "revenue":
            values = revenue
        elif element.kind == "flag":
            values = (random.random(rows) < 0.6).astype(float)
        elif name.startswith("nc_"):
            values = np.floor(columns["key_processes"] * random.random(rows))
        elif element.kind == "count":
            values = 1.0 + random.poisson(5.0, rows)
        else:
            values = revenue * (0.02 + 0.03 * (at % 7)) * (0.5 + random.random(rows))
        columns[name] = values
    table = {}
    for name, values in columns.items():
        if name in plan.elements:
            table[name] = pa.array(np.round(values, 2), mask=random.random(rows) < 0.01)
        else:
            table[name] = values if isinstance(values, pa.Array) else pa.array(values)
    return pa.table(table)


def _names(codes: Any, words: Sequence[str] | np.ndarray[Any, Any]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), pa.array(words))


def price_indices() -> Deflators:
    """An index for each division and year."""
    return Deflators.of(
        (division, FIRST + year, (1 + 0.005 * (at % 7 - 2)) ** year)
        for at, division in enumerate(DIVISIONS)
        for year in range(-2, YEARS)
    )


# ---------------------------------------------------------------- engines


@contextmanager
def duckdb_engine(table: pa.Table) -> Iterator[nw.LazyFrame[Any]]:
    """In an in-memory DuckDB of two threads."""
    import duckdb

    connection = duckdb.connect(config={"threads": 2})
    connection.register("given", table)
    connection.execute("create table firms as select * from given").fetchall()
    connection.unregister("given")
    yield nw.from_native(connection.table("firms"))
    connection.close()


@contextmanager
def polars_engine(table: pa.Table) -> Iterator[nw.LazyFrame[Any]]:
    """As a polars frame."""
    import polars as pl

    yield nw.from_native(pl.from_arrow(plain(table)).lazy())


@contextmanager
def pandas_engine(table: pa.Table) -> Iterator[nw.LazyFrame[Any]]:
    """As a pandas frame."""
    yield nw.from_native(plain(table).to_pandas()).lazy()


@contextmanager
def spark_engine(table: pa.Table) -> Iterator[nw.LazyFrame[Any]]:
    """Cached in a local Spark of two threads."""
    from pyspark.sql import SparkSession

    build = SparkSession.builder.master("local[2]")
    for key, value in {
        "spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false", "spark.log.level": "ERROR",
        "spark.driver.memory": "6g", "spark.sql.shuffle.partitions": "2", "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1", "spark.sql.execution.arrow.maxRecordsPerBatch": "1000000",
    }.items():  # fmt: skip
        build = build.config(key, value)
    session = build.getOrCreate()
    frame = session.createDataFrame(plain(table)).cache()
    frame.count()
    yield nw.from_native(frame)
    session.stop()


def plain(table: pa.Table) -> pa.Table:
    """Without dictionaries."""
    columns = [c.cast(pa.string()) if pa.types.is_dictionary(c.type) else c for c in table.columns]
    return pa.table(columns, names=table.column_names)


def rolled(frame: nw.LazyFrame[Any], plan: TargetPlan) -> pa.Table:
    """All indicators by province and division."""
    depth = {"region": 1, "industry": 2}
    found = indicators(frame, plan, ("region", "industry"), depth, deflators=price_indices())
    return found.collect("pyarrow").to_native()


# ---------------------------------------------------------------- by hand


def by_hand_pandas(frame: Any, plan: TargetPlan) -> Any:
    """Sums by year, province and division, and a ratio for each indicator: what an analyst writes."""
    import pandas as pd

    rows = frame.assign(region=frame["region"].str[:5], industry=frame["industry"].str[:3])
    columns: dict[str, Any] = {}
    for measure in _written(plan):
        inside = _inside_pandas(rows, measure.definition.population)
        x, y = _pair_pandas(rows, measure.definition)
        good = inside & x.notna() & y.notna()
        columns[f"{measure.indicator}{measure.part}x"] = x.where(good)
        columns[f"{measure.indicator}{measure.part}y"] = y.where(good)
    keys = [rows["year"], rows["region"], rows["industry"]]
    return pd.DataFrame(columns).groupby(keys).sum()


def _written(plan: TargetPlan) -> list[Any]:
    return [one for one in measures(plan) if one.definition.form != "index"]


def _inside_pandas(rows: Any, population: Any) -> Any:
    inside = rows["level"] == population.level
    if population.above_scale is not None:
        inside &= rows["above_scale"] == population.above_scale
    if population.industries:
        inside &= rows["industry"].str.startswith(population.industries)
    return inside


def _pair_pandas(rows: Any, definition: Any) -> tuple[Any, Any]:
    top = sum(rows[term.element] * term.sign for term in definition.numerator)
    if definition.form == "share of units":
        return (top != 0).astype(float).where(top.notna()), top.notna().astype(float).where(top.notna())
    if not definition.denominator:
        return top, top.notna().astype(float).where(top.notna())
    below = sum(rows[term.element] * term.sign for term in definition.denominator)
    if definition.form == "mean of rates":
        rate = (top / below).where(below > 0)
        return rate, rate.notna().astype(float).where(rate.notna())
    return top, below


def by_hand_polars(frame: Any, plan: TargetPlan) -> Any:
    """The same in polars expressions."""
    import polars as pl

    sums = []
    for measure in _written(plan):
        definition, population = measure.definition, measure.definition.population
        inside = pl.col("level") == population.level
        if population.above_scale is not None:
            inside &= pl.col("above_scale") == population.above_scale
        if population.industries:
            inside &= pl.any_horizontal(pl.col("industry").str.starts_with(one) for one in population.industries)
        top = sum(pl.col(term.element) * term.sign for term in definition.numerator)
        below = sum(pl.col(term.element) * term.sign for term in definition.denominator)
        if definition.form == "share of units":
            x, y = (top != 0).cast(float), top.is_not_null().cast(float)
        elif not definition.denominator:
            x, y = top, top.is_not_null().cast(float)
        elif definition.form == "mean of rates":
            x = pl.when(below > 0).then(top / below)
            y = x.is_not_null().cast(float)
        else:
            x, y = top, below
        good = inside & x.is_not_null() & y.is_not_null()
        sums += [
            x.filter(good).sum().alias(f"{measure.indicator}{measure.part}x"),
            y.filter(good).sum().alias(f"{measure.indicator}{measure.part}y"),
        ]
    cut = frame.with_columns(pl.col("region").str.head(5), pl.col("industry").str.head(3))
    return cut.group_by("year", "region", "industry").agg(sums).collect()


def agrees(found: pa.Table, hand: dict[tuple[int, str, str], dict[str, float]]) -> bool:
    """Ratios of level indicators are those made by hand, to 1e-9."""
    for row in found.to_pylist():
        if row["indicator"] in ("I01", "I02", "I07", "I08", "I12"):
            own = hand[row["year"], row["region"], row["industry"]]
            x, y = own[f"{row['indicator']}x"], own[f"{row['indicator']}y"]
            if abs(row["numerator"] - x) > 1e-9 * max(abs(x), 1) or abs(row["denominator"] - y) > 1e-9 * max(y, 1):
                return False
    return True


# ---------------------------------------------------------------- main


def main(argv: Sequence[str] | None = None) -> None:
    """Print one line a measurement."""
    options = arguments(__doc__ or "", argv, budget=20)
    warnings.simplefilter("ignore")
    report = Reporter("indicators", options, ["duckdb", "polars", "pandas", "pyspark", "narwhals", "pyarrow", "luban"])
    plan = load_plan("mic2025")
    count = 100_000 if options.quick else 400_000
    data = firms(count, YEARS, plan, options.seed)
    facts: dict[str, Any] = {"rows": data.num_rows, "indicators": len(plan.indicators), "years": YEARS}
    ours, found = _with(duckdb_engine, data, lambda frame: rolled(frame, plan), options.budget)
    facts["cpu_s"] = round(min(CPU), 2)
    hand: dict[str, float] = {}
    same: dict[str, bool] = {}
    own = plain(data).to_pandas()
    hand["pandas"], frame = _best(lambda: by_hand_pandas(own, plan), options.budget)
    cpu = {"pandas": round(min(CPU), 2)}
    same["pandas"] = agrees(found, frame.to_dict("index"))
    del frame
    import polars as pl

    lazy = pl.from_arrow(plain(data)).lazy()  # type: ignore[union-attr]
    hand["polars"], told = _best(lambda: by_hand_polars(lazy, plan), options.budget)
    cpu["polars"] = round(min(CPU), 2)
    keys = ("year", "region", "industry")
    same["polars"] = agrees(found, {tuple(row[k] for k in keys): row for row in told.iter_rows(named=True)})
    for name, took in hand.items():
        report.line("by province and division, DuckDB", ours, "s", peer=took, peer_name=f"{name} by hand, sums alone",
                    agree=same[name], cells=found.num_rows, peer_cpu_s=cpu[name], **facts)  # fmt: skip
        if not same[name]:
            raise SystemExit(f"figures differ from {name}'s")
    _engines(report, options, plan, found, data)
    _growth(report, options, plan)
    _held(report, options)


def _engines(report: Reporter, options: Any, plan: TargetPlan, found: pa.Table, data: pa.Table) -> None:
    """The same functions on other engines: the same bits."""
    took, other = _with(polars_engine, data, lambda frame: rolled(frame, plan), options.budget)
    report.line("the same functions on polars", took, "s", equal_to_the_bit=other.equals(found), rows=data.num_rows)
    small = data.slice(0, SPARK_ROWS)
    _, expected = _with(duckdb_engine, small, lambda frame: rolled(frame, plan), 0)
    took, other = _with(pandas_engine, small, lambda frame: rolled(frame, plan), 0)
    report.line("the same functions on pandas", took, "s", equal_to_the_bit=other.equals(expected), rows=small.num_rows)
    if options.quick:
        report.say("PySpark: left out by --quick, its session alone takes the time")
        return
    try:
        took, other = _with(spark_engine, small, lambda frame: rolled(frame, plan), 0)
    except ImportError as error:
        report.say(f"PySpark: not measured: {error}")
        return
    equal = other.equals(expected)
    report.line("the same functions on PySpark, local", took, "s", equal_to_the_bit=equal, rows=small.num_rows)
    if not equal:
        raise SystemExit("engines disagree")


def _growth(report: Reporter, options: Any, plan: TargetPlan) -> None:
    """Time against rows; the largest ten times the country, one file of 2 million rows twenty times over."""
    for rows in (10_000, 100_000, 1_000_000):
        data = firms(rows // YEARS, YEARS, plan, options.seed)
        took, _ = _with(duckdb_engine, data, lambda frame: rolled(frame, plan), 2)
        report.line(f"growth: {rows:,} rows", took, "s", rows_a_second=round(rows / took))
    if options.quick:
        return
    with tempfile.TemporaryDirectory() as folder:
        first = Path(folder, "0.parquet")
        pq.write_table(plain(firms(LARGE // LARGE_PARTS // YEARS, YEARS, plan, options.seed)), first)
        for part in range(1, LARGE_PARTS):
            Path(folder, f"{part}.parquet").hardlink_to(first)
        begun = time.perf_counter()
        rolled(nw.scan_parquet(f"{folder}/*.parquet", backend="duckdb"), plan)
        took = time.perf_counter() - begun
    report.line(f"growth: {LARGE:,} rows, from Parquet", took, "s", rows_a_second=round(LARGE / took))


def _held(report: Reporter, options: Any) -> None:
    """How often intervals of 1,000 samples hold what was planted."""
    from tests.rollup.test_samples import coverage, panel_coverage

    for name, share in coverage(1000, options.seed).items():
        report.line(f"95 % intervals of 1,000 samples, {name}", 100 * share, "%")
    for kept in (1.0, 0.5):
        for name, share in panel_coverage(1000, options.seed, kept).items():
            if "width" not in name:
                report.line(f"the same of a change, {kept:.0%} asked again, {name}", 100 * share, "%")


def _with(engine: Any, data: pa.Table, run: Callable[[Any], pa.Table], budget: float) -> tuple[float, pa.Table]:
    with engine(data) as frame:
        return _best(lambda: run(frame), budget)


def _best(run: Callable[[], Any], budget: float) -> tuple[float, Any]:
    """Shortest time and the result; one run at least, five at most, within the budget."""
    took: list[float] = []
    CPU.clear()
    started = time.perf_counter()
    while not took or (len(took) < 5 and time.perf_counter() - started < budget):
        begun, spent = time.perf_counter(), time.process_time()
        found = run()
        took.append(time.perf_counter() - begun)
        CPU.append(time.process_time() - spent)
    return min(took), found


if __name__ == "__main__":
    main()
