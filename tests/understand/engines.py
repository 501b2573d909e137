"""The same tables in every engine: DuckDB, polars, PySpark."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
import narwhals as nw
import pyarrow as pa

Lift = Callable[[pa.Table], nw.LazyFrame[Any]]


def duckdb_lift() -> Lift:
    connection = duckdb.connect(config={"threads": 2})
    return lambda table: nw.from_native(connection.from_arrow(table)).lazy()


def polars_lift() -> Lift:
    import polars as pl

    return lambda table: nw.from_native(pl.from_arrow(plain(table)).lazy())


def spark_lift(session: Any) -> Lift:
    return lambda table: nw.from_native(session.createDataFrame(small(plain(table)))).lazy()


def plain(table: pa.Table) -> pa.Table:
    """Without dictionaries."""
    columns = [c.cast(pa.string()) if pa.types.is_dictionary(c.type) else c for c in table.columns]
    return pa.table(columns, names=table.column_names)


def small(table: pa.Table) -> pa.Table:
    """Spark has no unsigned types."""
    return pa.table(
        [c.cast(pa.int16()) if c.type == pa.uint8() else c for c in table.columns], names=table.column_names
    )


def rows(frame: nw.LazyFrame[Any], *order: str) -> list[dict[str, Any]]:
    """Rows in a certain order, as plain Python values."""
    found = frame.collect("pyarrow").to_native().to_pylist()
    return sorted(found, key=lambda row: [row[name] for name in order])
