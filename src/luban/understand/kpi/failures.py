"""Failures: entries into a state that the mapping marks as a failure.

Reads  Fact(kind="state")
"""

from __future__ import annotations

from typing import Any

import narwhals as nw

from luban.understand.kpi.time_ledger import FAILURE, evidence

__all__ = ["failure_sums"]


def failure_sums(states: nw.LazyFrame[Any], shifts: nw.LazyFrame[Any], mapping: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Failures of every unit and shift: subject, shift_start, failures.

    A failure is a state fact of good quality in a failure state whose predecessor is not one. It counts in the
    shift in which it begins: a stop that runs over the shift's end is one failure, not two. Failures outside
    planned time (breaks, off shift) are not counted.
    """
    none = nw.lit(None).cast(nw.Int64)
    sweep = {"order_by": ["time", "seq"]}
    told = (
        evidence(states, mapping)
        .filter(~nw.col("meaning").is_null() & (nw.col("quality_code") == 0))
        .select(
            "subject", "time", "seq", failing=nw.when(nw.col("meaning") >= FAILURE).then(nw.lit(1)).otherwise(nw.lit(0))
        )
        .with_columns(until=nw.col("time").shift(-1).over("subject", **sweep))
        .filter(nw.col("until").is_null() | (nw.col("until") > nw.col("time")))
        .with_columns(before=nw.col("failing").shift(1).over("subject", **sweep).fill_null(0))
        .filter((nw.col("failing") == 1) & (nw.col("before") == 0))
        .select("subject", "time", "seq", entry=nw.lit(1).cast(nw.Int64), shift=none)
    )
    rows = shifts.with_columns(nw.col("subject").cast(nw.String))
    opens = rows.select(
        "subject",
        time="start",
        shift=nw.when(nw.col("planned") == 1).then(nw.col("shift_start")).otherwise(nw.lit(-1)).cast(nw.Int64),
    )
    closes = rows.select("subject", time="end").join(
        opens.select("subject", "time"), on=["subject", "time"], how="anti"
    )
    zero = nw.lit(0).cast(nw.Int64)
    edges = nw.concat([opens, closes.select("subject", "time", shift=nw.lit(-1).cast(nw.Int64))]).select(
        "subject", "time", seq=zero, entry=zero, shift="shift"
    )
    return (
        nw.concat([told, edges])
        .with_columns(shift_start=nw.col("shift").fill_null(strategy="forward").over("subject", **sweep))
        .filter((nw.col("entry") == 1) & (nw.col("shift_start") > -1))
        .group_by("subject", "shift_start")
        .agg(failures=nw.col("entry").sum().cast(nw.Int64))
    )
