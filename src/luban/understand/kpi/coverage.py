"""Coverage: when somebody could have told us.

A collector writes `alive` events: intervals in which its link was proved up. Their union is the time in
which silence means "nothing changed"; outside it silence means nothing at all.
"""

from __future__ import annotations

from typing import Any

import narwhals as nw

__all__ = ["coverage", "islands"]


def coverage(events: nw.LazyFrame[Any], writers: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Covered intervals of each work unit: subject, start, end [µs UTC], seq.

    events   `alive` event facts: subject (the source), time, end [µs UTC], seq
    writers  subject (the work unit), source: who writes states of whom
    Returns  intervals of one unit may overlap where several sources write its states; `seq` is the fact
             that ends the interval
    """
    alive = events.filter(nw.col("end") > nw.col("time")).select(
        nw.col("subject").cast(nw.String).alias("source"), start="time", end="end", seq="seq"
    )
    pairs = writers.select(nw.col("subject").cast(nw.String), nw.col("source").cast(nw.String)).unique()
    return islands(alive, "source").join(pairs, on="source", how="inner").select("subject", "start", "end", "seq")


def islands(intervals: nw.LazyFrame[Any], by: str) -> nw.LazyFrame[Any]:
    """Overlapping and abutting intervals of the same `by` made one: by, start, end [µs UTC], seq.

    seq  of the interval that ends last
    """
    start, end = nw.col("start"), nw.col("end")
    order = {"order_by": ["start", "end", "seq"]}
    marked = (
        intervals.select(by, "start", "end", "seq")
        .with_columns(reach=end.cum_max().over(by, **order))
        .with_columns(before=nw.col("reach").shift(1).over(by, **order))
        .with_columns(
            opens=nw.when(nw.col("before").is_null() | (start > nw.col("before")))
            .then(nw.lit(1))
            .otherwise(nw.lit(0))
            .cast(nw.Int64)
        )
        .with_columns(island=nw.col("opens").cum_sum().over(by, **order).cast(nw.Int64))
        .with_columns(
            first=start.min().over(by, "island"),
            last=end.max().over(by, "island"),
        )
    )
    closing = (
        marked.filter(end == nw.col("last"))
        .group_by(by, "island")
        .agg(start=nw.col("first").min(), end=end.max(), seq=nw.col("seq").max())
    )
    return closing.select(by, "start", "end", "seq")
