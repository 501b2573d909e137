"""Pieces by shift and item, and how many of them were made in time that is known.

Reads  Fact(kind="count")
"""

from __future__ import annotations

from typing import Any, Final

import narwhals as nw

from luban.core.quality import Quality
from luban.understand.kpi.time_ledger import unit_numbers

__all__ = ["piece_sums"]

_KINDS: Final = ("good", "scrap", "rework")
_OUTSIDE: Final = -1
# What stands at one moment, in this order; counts follow by their seq, from 0.
_CLOSES, _OPENS, _STARTS = -3, -2, -1


def piece_sums(counts: nw.LazyFrame[Any], unknown: nw.LazyFrame[Any], shifts: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Pieces of every unit, shift and item.

    counts   count facts: subject, time [µs UTC], seq, good, scrap, rework [piece], item, operation, quality
    unknown  subject, start, end [µs UTC], seq: planned time whose element is unknown; spans of a unit do not overlap
    shifts   see `calendar`
    Returns  subject, shift_start, item, operation ('' where the fact names none), good, scrap, rework [piece],
             known [piece], facts, doubtful (facts left out because their quality is not good)

    A fact counts in the shift in which its time lies (half open: at the very end it is the next shift's).
    `known` leaves out the part of each count that fell into unknown time: a counter that was read again after a
    gap brings the pieces of the gap with it, and they must not be set against the running time outside the gap.
    The pieces of one fact are spread evenly over the time since the previous fact or the start of the shift.
    """
    units = unit_numbers(shifts)
    facts, silence, rows = (
        frame.with_columns(nw.col("subject").cast(nw.String)).join(units, on="subject", how="inner")
        for frame in (counts, unknown, shifts)
    )
    sweep = {"order_by": ["time", "place"]}
    time, edge = nw.col("time"), nw.col("lost_").fill_null(0)
    lost = nw.when(edge < 0).then(time + edge + 1).otherwise(edge)  # unknown time before: see `_unknown_edges`
    spans = (
        nw.concat([_facts(facts), *_shift_edges(rows), *_unknown_edges(silence)])
        .with_columns(
            *(
                nw.col(name).fill_null(strategy="forward").over("unit", **sweep).alias(f"{name}_")
                for name in ("shift", "lost")
            )
        )
        .filter(nw.col("place") >= _STARTS)
        .with_columns(known_so_far=(time - lost).cast(nw.Int64), inside=edge < 0)
        .with_columns(
            span=time - time.shift(1).over("unit", **sweep),
            known_span=nw.col("known_so_far") - nw.col("known_so_far").shift(1).over("unit", **sweep),
        )
        .filter((nw.col("place") > _STARTS) & (nw.col("shift_") > _OUTSIDE))
    )
    span, made = nw.col("span").fill_null(0), nw.col("good") + nw.col("scrap") + nw.col("rework")
    share = (
        nw.when(span > 0)
        .then(nw.col("known_span") / nw.when(span > 0).then(span).otherwise(nw.lit(1)))
        .otherwise(nw.when(nw.col("inside")).then(nw.lit(0.0)).otherwise(nw.lit(1.0)))
    )
    return (
        spans.with_columns(kept=made * share)
        .group_by("unit", "shift_", "item", "operation")
        .agg(
            *(nw.col(kind).sum() for kind in _KINDS),
            known=nw.col("kept").sum(),
            facts=nw.col("time").count().cast(nw.Int64),
            doubtful=nw.col("doubtful").sum().cast(nw.Int64),
        )
        .join(units, on="unit", how="inner")
        .drop("unit")
        .rename({"shift_": "shift_start"})
    )


def _rows(frame: nw.LazyFrame[Any], **columns: Any) -> nw.LazyFrame[Any]:
    """Rows of the sweep: `unit` and `time` of the frame, these columns, and nothing in the others."""
    none, zero, text = nw.lit(None).cast(nw.Int64), nw.lit(0).cast(nw.Float64), nw.lit("").cast(nw.String)
    every: dict[str, Any] = {"unit": "unit", "time": "time", "place": None, "shift": none, "lost": none}
    every |= dict.fromkeys(_KINDS, zero) | {"item": text, "operation": text, "doubtful": _int(0)}
    return frame.select(**(every | columns))


def _facts(counts: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Count facts: each ends a stretch of counting."""
    good = nw.col("quality").cast(nw.Int64) == 0
    pieces = {kind: nw.when(good).then(nw.col(kind).cast(nw.Float64)).otherwise(nw.lit(0.0)) for kind in _KINDS}
    words = {name: nw.col(name).cast(nw.String).fill_null("") for name in ("item", "operation")}
    doubtful = nw.when(good).then(nw.lit(0)).otherwise(nw.lit(1)).cast(nw.Int64)
    facts = counts.filter(nw.col("quality").cast(nw.Int64) != int(Quality.FUTURE))
    return _rows(facts, place=nw.col("seq"), doubtful=doubtful, **pieces, **words)


def _shift_edges(shifts: nw.LazyFrame[Any]) -> list[nw.LazyFrame[Any]]:
    """Starts of stretches of counting; and from each edge of what the calendar lists: the shift, or outside any."""
    rows = shifts.filter(nw.col("end") > nw.col("start"))
    return [
        _rows(rows.select("unit", time="shift_start").unique(), place=_int(_STARTS)),
        _rows(rows.with_columns(time="start"), place=_int(_OPENS), shift=nw.col("shift_start")),
        _rows(rows.with_columns(time="end"), place=_int(_CLOSES), shift=_int(_OUTSIDE)),
    ]


def _unknown_edges(unknown: nw.LazyFrame[Any]) -> list[nw.LazyFrame[Any]]:
    """Unknown time so far as one number: itself where time is known, else what `time` + 1 exceeds it by, below 0."""
    start, end, so_far = nw.col("start"), nw.col("end"), nw.col("so_far")
    spans = unknown.filter(end > start).with_columns(
        so_far=(end - start).cum_sum().over("unit", order_by="start").cast(nw.Int64)
    )
    return [
        _rows(spans.with_columns(time="start"), place=_int(_OPENS), lost=so_far - end - 1),
        _rows(spans.with_columns(time="end"), place=_int(_CLOSES), lost=so_far),
    ]


def _int(value: int) -> nw.Expr:
    return nw.lit(value).cast(nw.Int64)
