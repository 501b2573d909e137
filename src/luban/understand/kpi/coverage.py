"""Coverage: when somebody could have told us.

A collector writes `alive` events: intervals in which its link was proved up. Their union is the time in
which silence means "nothing changed"; outside it silence means nothing at all. So does time inside a living link
for which the collector says that values were lost, a `gap`, unless the peer's own record gave them back.
"""

from __future__ import annotations

from typing import Any, Final

import narwhals as nw

__all__ = ["coverage", "islands"]

_RECORD: Final = ("backfilled", "imported")  # `alive` for a part that the peer's record covers without a hole


def coverage(
    events: nw.LazyFrame[Any], writers: nw.LazyFrame[Any], gaps: nw.LazyFrame[Any] | None = None
) -> nw.LazyFrame[Any]:
    """Covered intervals of each work unit: subject, start, end [µs UTC], seq.

    events   `alive` event facts: subject (the source), time, end [µs UTC], seq; code too where there are gaps
    writers  subject (the work unit), source: who writes states of whom
    gaps     `gap` event facts, in the columns of `events`: not covered, whatever was proved, but for what the source's
             own record covers (`alive` of code backfilled or imported)
    Returns  intervals of one unit may overlap where several sources write its states; `seq` is the fact
             that ends the interval
    """
    alive = islands(_spans(events), "source") if gaps is None else _less(events, _spans(gaps))
    pairs = writers.select(nw.col("subject").cast(nw.String), nw.col("source").cast(nw.String)).unique()
    return alive.join(pairs, on="source", how="inner").select("subject", "start", "end", "seq")


def _spans(events: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    return events.filter(nw.col("end") > nw.col("time")).select(
        nw.col("subject").cast(nw.String).alias("source"), start="time", end="end", seq="seq"
    )


def _less(events: nw.LazyFrame[Any], lost: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """What was proved, less what was lost, and what was recovered.

    An interval cut by a gap is ended by the fact that proved the link when the gap began: whatever the source said
    of itself after it lost values was recorded later than that.
    """
    recovered = nw.col("code").cast(nw.String).fill_null("").is_in(list(_RECORD))
    proved = _spans(events.filter(~recovered))
    parts = {"proved": proved, "lost": lost, "known": _spans(events.filter(recovered))}
    none, columns = nw.lit(None).cast(nw.Int64), ("seq", *parts)
    edges = [proved.select("source", seq="seq", time="start", **dict.fromkeys(parts, none))]
    for name, part in parts.items():
        spans = islands(part, "source")
        for side, inside in (("start", 1), ("end", 0)):
            flags = dict.fromkeys(columns, none) | {name: nw.lit(inside).cast(nw.Int64)}
            edges.append(spans.select("source", time=side, **flags))
    order = {"order_by": ["time", *columns]}
    swept = nw.concat([edge.select("source", "time", *columns) for edge in edges]).with_columns(
        *(nw.col(name).fill_null(strategy="forward").over("source", **order).alias(f"{name}_") for name in columns),
        until=nw.col("time").shift(-1).over("source", **order),
    )
    heard = (nw.col("proved_").fill_null(0) == 1) & (nw.col("lost_").fill_null(0) == 0)
    kept = swept.filter((nw.col("until") > nw.col("time")) & (heard | (nw.col("known_").fill_null(0) == 1)))
    return islands(kept.select("source", start="time", end="until", seq=nw.col("seq_").fill_null(0)), "source")


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
