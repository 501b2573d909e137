"""Pieces by shift and item, and how many of them were made in time that is known.

Reads  Fact(kind="count")
"""

from __future__ import annotations

from typing import Any, Final

import narwhals as nw

from luban.core.quality import Quality
from luban.understand.kpi.coverage import islands

__all__ = ["piece_sums"]

_KINDS: Final = ("good", "scrap", "rework")
_OUTSIDE: Final = -1


def piece_sums(counts: nw.LazyFrame[Any], unknown: nw.LazyFrame[Any], shifts: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Pieces of every unit, shift and item.

    counts   count facts: subject, time [µs UTC], seq, good, scrap, rework [piece], item, operation, quality
    unknown  subject, start, end [µs UTC], seq: planned time whose element is unknown
    shifts   see `calendar`
    Returns  subject, shift_start, item, operation ('' where the fact names none), good, scrap, rework [piece],
             known [piece], facts, doubtful (facts left out because their quality is not good)

    A fact counts in the shift in which its time lies (half open: at the very end it is the next shift's).
    `known` leaves out the part of each count that fell into unknown time: a counter that was read again after a
    gap brings the pieces of the gap with it, and they must not be set against the running time outside the gap.
    The pieces of one fact are spread evenly over the time since the previous fact or the start of the shift.
    """
    points = _points(counts, shifts)
    placed = nw.concat([points, _shift_edges(shifts), _unknown_edges(unknown)])
    sweep = {"order_by": ["time", "rank", "seq"]}
    known = ("shift", "lost_before", "lost_from")
    swept = placed.with_columns(
        *(nw.col(name).fill_null(strategy="forward").over("subject", **sweep).alias(f"{name}_") for name in known)
    ).filter(nw.col("rank") > 0)
    since = nw.col("lost_from_")
    lost = nw.col("lost_before_").fill_null(0) + nw.when(since >= 0).then(nw.col("time") - since).otherwise(nw.lit(0))
    spans = (
        swept.with_columns(lost=lost.cast(nw.Int64), inside=nw.when(since >= 0).then(nw.lit(0)).otherwise(nw.lit(1)))
        .with_columns(
            span=nw.col("time") - nw.col("time").shift(1).over("subject", **sweep),
            lost_span=nw.col("lost") - nw.col("lost").shift(1).over("subject", **sweep),
        )
        .filter((nw.col("rank") == 2) & (nw.col("shift_") > _OUTSIDE))
    )
    span, made = nw.col("span").fill_null(0), nw.col("good") + nw.col("scrap") + nw.col("rework")
    kept = (
        nw.when(span > 0)
        .then(made * (span - nw.col("lost_span").fill_null(0)) / nw.when(span > 0).then(span).otherwise(nw.lit(1)))
        .otherwise(made * nw.col("inside"))
    )
    return (
        spans.with_columns(kept=kept)
        .group_by("subject", "shift_", "item", "operation")
        .agg(
            *(nw.col(kind).sum() for kind in _KINDS),
            known=nw.col("kept").sum(),
            facts=nw.col("time").count().cast(nw.Int64),
            doubtful=nw.col("doubtful").sum().cast(nw.Int64),
        )
        .rename({"shift_": "shift_start"})
    )


def _points(counts: nw.LazyFrame[Any], shifts: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Count facts and shift starts: where a new stretch of counting begins."""
    none = nw.lit(None).cast(nw.Int64)
    good = nw.col("quality").cast(nw.Int64) == 0
    zero = nw.lit(0).cast(nw.Float64)
    facts = counts.filter(nw.col("quality").cast(nw.Int64) != int(Quality.FUTURE)).select(
        nw.col("subject").cast(nw.String),
        "time",
        "seq",
        *(nw.when(good).then(nw.col(kind).cast(nw.Float64)).otherwise(zero).alias(kind) for kind in _KINDS),
        item=nw.col("item").cast(nw.String).fill_null(""),
        operation=nw.col("operation").cast(nw.String).fill_null(""),
        doubtful=nw.when(good).then(nw.lit(0)).otherwise(nw.lit(1)).cast(nw.Int64),
        rank=_int(2),
        shift=none,
        lost_before=none,
        lost_from=none,
    )
    starts = (
        shifts.select(nw.col("subject").cast(nw.String), time="shift_start")
        .unique()
        .select(
            "subject",
            "time",
            seq=_int(0),
            good=zero,
            scrap=zero,
            rework=zero,
            item=_text(),
            operation=_text(),
            doubtful=_int(0),
            rank=_int(1),
            shift=none,
            lost_before=none,
            lost_from=none,
        )
    )
    return nw.concat([facts, starts])


def _edges(frame: nw.LazyFrame[Any], **columns: nw.Expr) -> nw.LazyFrame[Any]:
    zero = nw.lit(0).cast(nw.Float64)
    return frame.select(
        "subject",
        "time",
        seq=_int(0),
        good=zero,
        scrap=zero,
        rework=zero,
        item=_text(),
        operation=_text(),
        doubtful=_int(0),
        rank=_int(0),
        **columns,
    )


def _shift_edges(shifts: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Starts and ends of what the calendar lists; the start of the shift, or outside any."""
    none = nw.lit(None).cast(nw.Int64)
    rows = shifts.with_columns(nw.col("subject").cast(nw.String))
    opens = rows.select("subject", time="start", shift="shift_start")
    closes = rows.select("subject", time="end").join(
        opens.select("subject", "time"), on=["subject", "time"], how="anti"
    )
    return nw.concat(
        [
            _edges(opens, shift=nw.col("shift"), lost_before=none, lost_from=none),
            _edges(closes, shift=_int(_OUTSIDE), lost_before=none, lost_from=none),
        ]
    )


def _unknown_edges(unknown: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Unknown time so far, at each of its starts and ends."""
    none = nw.lit(None).cast(nw.Int64)
    length = nw.col("end") - nw.col("start")
    spans = islands(unknown.with_columns(nw.col("subject").cast(nw.String)), "subject").with_columns(
        so_far=length.cum_sum().over("subject", order_by="start").cast(nw.Int64), length=length
    )
    starts = spans.select("subject", time="start", before=nw.col("so_far") - nw.col("length"))
    ends = spans.select("subject", time="end", before="so_far")
    return nw.concat(
        [
            _edges(starts, shift=none, lost_before=nw.col("before"), lost_from=nw.col("time")),
            _edges(ends, shift=none, lost_before=nw.col("before"), lost_from=_int(-1)),
        ]
    )


def _int(value: int) -> nw.Expr:
    return nw.lit(value).cast(nw.Int64)


def _text() -> nw.Expr:
    return nw.lit("").cast(nw.String)
