"""Roll-ups of signals: last values and 1-minute figures, kept so that screens never scan raw samples.

Both merge: the figure of a minute is the merge of the figures of any of its parts, in any order.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from luban.core.quality import Quality
from luban.core.time import MINUTE
from luban.ledger.content import sorted_by, whole

__all__ = ["LAST", "MINUTES", "last_of", "merge_last", "merge_minutes", "minutes_of", "pack_minutes", "unpack_minutes"]

LAST = pa.schema(
    [
        ("subject", pa.dictionary(pa.int32(), pa.string())),
        ("time", pa.int64()),
        ("value", pa.float64()),
        ("text", pa.string()),
        ("quality", pa.uint8()),
        ("seq", pa.int64()),
    ]
)
# n counts every sample of the minute, good those of quality 0 with a finite number; the figures are over the good ones.
MINUTES = pa.schema(
    [
        ("subject", pa.dictionary(pa.int32(), pa.string())),
        ("minute", pa.int64()),
        ("n", pa.int64()),
        ("good", pa.int64()),
        ("min", pa.float64()),
        ("max", pa.float64()),
        ("sum", pa.float64()),
        ("first_time", pa.int64()),
        ("first", pa.float64()),
        ("last_time", pa.int64()),
        ("last", pa.float64()),
    ]
)


def _starts(*columns: np.ndarray) -> np.ndarray:
    """Index of the first row of each group in columns that are sorted."""
    n = len(columns[0])
    change = np.zeros(max(n - 1, 0), bool)
    for column in columns:
        change |= column[1:] != column[:-1]
    return np.concatenate(([0], np.flatnonzero(change) + 1)) if n else np.zeros(0, np.int64)


def _codes(table: pa.Table) -> Any:
    return whole(table.column("subject")).indices.to_numpy(zero_copy_only=False)


def last_of(samples: pa.Table) -> pa.Table:
    """Newest sample of each signal by time, then seq; future-dated ones do not count.

    samples  signal facts sorted by (subject, time), ties in seq order
    """
    samples = samples.select(LAST.names)
    future = samples.column("quality").to_numpy() == int(Quality.FUTURE)
    if future.any():
        samples = samples.filter(pa.array(~future))
    if not samples.num_rows:
        return LAST.empty_table()
    starts = _starts(_codes(samples))
    ends = np.concatenate((starts[1:], [samples.num_rows])) - 1
    return samples.take(pa.array(ends)).cast(LAST)


def merge_last(*parts: pa.Table) -> pa.Table:
    """Newest of several last-value tables."""
    parts = tuple(part for part in parts if part.num_rows)
    if not parts:
        return LAST.empty_table()
    if len(parts) == 1:
        return parts[0]
    return last_of(sorted_by(pa.concat_tables(parts), "subject", "time", "seq"))


def minutes_of(samples: pa.Table) -> pa.Table:
    """1-minute figures of signal facts that are sorted by (subject, time)."""
    if not samples.num_rows:
        return MINUTES.empty_table()
    codes = _codes(samples)
    time = samples.column("time").to_numpy()
    minute = time - time % MINUTE
    starts = _starts(codes, minute)
    values = samples.column("value")
    value = values.fill_null(np.nan).to_numpy()
    good = (samples.column("quality").to_numpy() == 0) & np.isfinite(value)
    value = np.where(good, value, 0.0)
    count = np.add.reduceat(good.astype(np.int64), starts)
    at = np.arange(len(time))
    first = np.minimum.reduceat(np.where(good, at, len(time)), starts)
    last = np.maximum.reduceat(np.where(good, at, -1), starts)
    none = count == 0
    first, last = np.where(none, 0, first), np.where(none, 0, last)
    figures = {
        "min": np.minimum.reduceat(np.where(good, value, np.inf), starts),
        "max": np.maximum.reduceat(np.where(good, value, -np.inf), starts),
        "sum": np.add.reduceat(value, starts),
        "first_time": time[first],
        "first": value[first],
        "last_time": time[last],
        "last": value[last],
    }
    ends = np.concatenate((starts[1:], [len(time)]))
    fixed = {
        "subject": samples.column("subject").take(pa.array(starts)),
        "minute": minute[starts],
        "n": ends - starts,
        "good": count,
    }
    return pa.table(fixed | {name: pa.array(column, mask=none) for name, column in figures.items()}).cast(MINUTES)


def merge_minutes(parts: pa.Table) -> pa.Table:
    """One row per (subject, minute) from any number of partial rows."""
    parts = sorted_by(parts, "subject", "minute")
    if parts.num_rows < 2:
        return parts
    starts = _starts(_codes(parts), parts.column("minute").to_numpy())
    if len(starts) == parts.num_rows:
        return parts
    good = np.add.reduceat(parts.column("good").to_numpy(), starts)
    none = good == 0
    filled = parts.column("min").is_valid().to_numpy()

    def column(name: str, empty: float) -> np.ndarray:
        return np.where(filled, parts.column(name).fill_null(0).to_numpy(), empty)

    owner = np.repeat(np.arange(len(starts)), np.diff(np.concatenate((starts, [parts.num_rows]))))
    first_time = np.minimum.reduceat(column("first_time", np.iinfo(np.int64).max).astype(np.int64), starts)
    last_time = np.maximum.reduceat(column("last_time", np.iinfo(np.int64).min).astype(np.int64), starts)
    first, last = np.zeros(len(starts)), np.zeros(len(starts))
    is_first = filled & (column("first_time", -1).astype(np.int64) == first_time[owner])
    is_last = filled & (column("last_time", -1).astype(np.int64) == last_time[owner])
    first[owner[is_first][::-1]] = column("first", 0.0)[is_first][::-1]
    last[owner[is_last]] = column("last", 0.0)[is_last]
    figures = {
        "min": np.minimum.reduceat(column("min", np.inf), starts),
        "max": np.maximum.reduceat(column("max", -np.inf), starts),
        "sum": np.add.reduceat(column("sum", 0.0), starts),
        "first_time": first_time,
        "first": first,
        "last_time": last_time,
        "last": last,
    }
    fixed = {
        "subject": parts.column("subject").take(pa.array(starts)),
        "minute": parts.column("minute").take(pa.array(starts)),
        "n": np.add.reduceat(parts.column("n").to_numpy(), starts),
        "good": good,
    }
    return pa.table(fixed | {name: pa.array(values, mask=none) for name, values in figures.items()}).cast(MINUTES)


# A slow signal has one sample in most minutes: five equal figures. Packed, only the first of them is kept.
_SAME_AS = {"max": "min", "sum": "min", "first": "min", "last": "min", "last_time": "first_time"}


def pack_minutes(minutes: pa.Table) -> pa.Table:
    """For storage: a figure that equals the one it usually equals becomes empty."""
    for name, other in _SAME_AS.items():
        column = minutes.column(name)
        kept = pc.if_else(pc.equal(column, minutes.column(other)), pa.scalar(None, column.type), column)
        minutes = minutes.set_column(minutes.column_names.index(name), name, kept)
    return minutes.cast(MINUTES)


def unpack_minutes(minutes: pa.Table) -> pa.Table:
    """The reverse of `pack_minutes`; minutes without a good sample have no figures either way."""
    for name, other in _SAME_AS.items():
        filled = pc.coalesce(minutes.column(name), minutes.column(other))
        minutes = minutes.set_column(minutes.column_names.index(name), name, filled)
    return minutes.cast(MINUTES)
