"""Frames of enterprises for the tests of the roll-up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa

from luban.norms.plans import load_plan

PLAN = load_plan("mic2025")
USUAL: Mapping[str, Any] = {"year": 2020, "region": "CN/31/3101", "industry": "C3421", "above_scale": True}


def table(*rows: Mapping[str, Any]) -> pa.Table:
    """Rows with what is usual filled in; units are named by their place."""
    full = [{"unit": f"firm{at}", **USUAL, **row} for at, row in enumerate(rows)]
    names = dict.fromkeys(name for row in full for name in row)
    return pa.table({name: pa.array([row.get(name) for row in full]) for name in names})


def frame(*rows: Mapping[str, Any]) -> nw.LazyFrame[Any]:
    """The same in DuckDB."""
    return nw.from_native(table(*rows)).lazy("duckdb")


def rows_of(found: nw.LazyFrame[Any], **where: Any) -> list[dict[str, Any]]:
    """Rows with these values."""
    listed = found.collect("pyarrow").to_native().to_pylist()
    return [row for row in listed if all(row[name] == value for name, value in where.items())]


def one(found: nw.LazyFrame[Any], **where: Any) -> dict[str, Any]:
    """The only such row."""
    (row,) = rows_of(found, **where)
    return row


def drawn(units: int = 300, years: Sequence[int] = (2015, 2016, 2020), seed: int = 3) -> pa.Table:
    """Enterprises and regions by chance: a census with a sample in it, figures missing, all industries and sizes."""
    random = np.random.default_rng(seed)
    rows = units * len(years)
    regions = np.array(["CN/31/3101", "CN/31/3102", "CN/32/3201", "CN/44/4403", "CN/44"])
    codes = np.array(["C3421", "C3911", "B0610", "D4411", "C1311", "A0111"])
    strata = random.integers(0, 4, units)
    sampled = random.random(units) < 0.5
    columns: dict[str, Any] = {
        "unit": pa.array(np.tile([f"u{at}" for at in range(units)], len(years))),
        "level": pa.array(np.tile(np.where(np.arange(units) % 10 == 0, "region", "enterprise"), len(years))),
        "year": np.repeat(np.array(years, np.int64), units),
        "region": pa.array(np.tile(regions[random.integers(0, len(regions), units)], len(years))),
        "industry": pa.array(np.tile(codes[random.integers(0, len(codes), units)], len(years))),
        "size": pa.array(np.tile(np.array(["large", "small"])[random.integers(0, 2, units)], len(years))),
        "above_scale": pa.array(np.tile(random.random(units) < 0.8, len(years))),
        "stratum": pa.array(np.tile([f"s{at}" for at in strata], len(years))),
        "weight": pa.array(
            np.tile(1.0 + strata + random.random(units), len(years)), mask=np.tile(~sampled, len(years))
        ),
    }
    for name, element in PLAN.elements.items():
        values = random.lognormal(4.0, 1.0, rows)
        if element.kind == "flag":
            values = np.round(random.random(rows))
        elif element.kind in ("count", "stock"):
            values = np.floor(values)
        columns[name] = pa.array(values, mask=random.random(rows) < 0.1)
    return pa.table(columns)
