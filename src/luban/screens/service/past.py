"""The plant over an interval: trends, coverage, gaps.

Reads  Fact(signal, event)
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw

from luban.core.time import DAY
from luban.ledger import Ledger

__all__ = [
    "Gap",
    "Trend",
    "coverage",
    "first_states",
    "first_words",
    "gaps",
    "last_proofs",
    "newest_state",
    "silences",
    "trend",
]

Interval = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Trend:
    """What a chart draws: the lowest and highest sample of each pixel, in time order.

    value  None breaks the line: the sample was not good, or nobody was listening
    """

    signal: str
    start: int
    end: int
    time: tuple[int, ...]
    value: tuple[float | None, ...]
    quality: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """An interval whose data were lost, or whose source was silent.

    kind        gap (the collector says so) or silent (no proof that the link was up)
    backfilled  samples that the source's history gave back
    seq         the gap fact; None for silence, which is the absence of facts
    """

    source: str
    start: int
    end: int
    kind: str
    reason: str
    backfilled: int
    seq: int | None


def coverage(ledger: Ledger, source: str, start: int, end: int) -> list[Interval]:
    """Intervals within [start, end) in which the source's link was proved up, joined where they abut [µs UTC]."""
    # an interval is written by its start and may have begun before ours
    table = ledger.table("event", subjects=[source], since=start - DAY, until=end)
    spans = sorted(
        (max(row["time"], start), min(row["end"] or row["time"], end))
        for row in table.select(["time", "end", "kind"]).to_pylist()
        if row["kind"] == "alive" and (row["end"] or row["time"]) > start
    )
    return _joined(spans)


def first_words(ledger: Ledger, sources: Iterable[str]) -> dict[str, int]:
    """When each source's link was first proved up [µs UTC]; sources that never spoke are left out."""
    return _earliest(ledger.frame("event", subjects=list(sources)).filter(nw.col("kind") == "alive"))


def first_states(ledger: Ledger, units: Iterable[str]) -> dict[str, int]:
    """When each unit's state was first told [µs UTC]; units without one are left out."""
    return _earliest(ledger.frame("state", subjects=list(units)))


def newest_state(ledger: Ledger, units: Iterable[str]) -> int | None:
    """When a state of any of these units was last told [µs UTC]; None if never."""
    frame = ledger.frame("state", subjects=list(units)).select(nw.col("time").max())
    newest: int | None = frame.collect("pyarrow").to_native().column("time")[0].as_py()
    return newest


def _earliest(frame: nw.LazyFrame[Any]) -> dict[str, int]:
    rows = frame.group_by("subject").agg(nw.col("time").min()).collect("pyarrow").to_native().to_pylist()
    return {row["subject"]: row["time"] for row in rows}


def last_proofs(ledger: Ledger, sources: Iterable[str], since: int) -> dict[str, int]:
    """Until when each source's link is proved up, as far as the books say after `since` [µs UTC]."""
    table = ledger.table("event", subjects=list(sources), since=since).select(["subject", "kind", "end"])
    found: dict[str, int] = {}
    for row in table.to_pylist():
        if row["kind"] == "alive" and row["end"]:
            found[row["subject"]] = max(row["end"], found.get(row["subject"], 0))
    return found


def silences(ledger: Ledger, source: str, start: int, end: int, *, patience: int = 0) -> list[Interval]:
    """What `coverage` leaves open; the newest stretch is forgiven if it is shorter than `patience` [µs]."""
    covered = coverage(ledger, source, start, end)
    # before its first word a source was not silent: nobody had connected it
    if not covered or (covered[0][0] > start and not _heard_before(ledger, source, start)):
        start = covered[0][0] if covered else _first_word(ledger, source, start, end)
    edges = [start, *(moment for span in covered for moment in span), end]
    found = [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b > a]
    if found and found[-1][1] == end and end - found[-1][0] <= patience and covered:
        found.pop()
    return found


def gaps(
    ledger: Ledger, sources: Iterable[str], start: int, end: int, *, patience: int = 0, silent: bool = True
) -> list[Gap]:
    """Gap facts and silences of these sources within [start, end), newest first.

    patience  how long the newest moments may be unproved before they count as silent [µs]
    silent    also the silences that no gap fact explains
    """
    wanted = list(sources)
    found: list[Gap] = []
    table = ledger.table("event", subjects=wanted, since=start - DAY, until=end)
    for row in table.select(["subject", "kind", "time", "end", "text", "data", "seq"]).to_pylist():
        stop = row["end"] or row["time"]
        if row["kind"] != "gap" or stop < start:
            continue
        data = json.loads(row["data"] or "{}")
        reason = str(data.get("reason") or row["text"] or "")
        filled = int(data.get("backfilled") or 0)
        found.append(Gap(row["subject"], row["time"], stop, "gap", reason, filled, row["seq"]))
    for source in wanted if silent else ():
        known = [(gap.start, gap.end) for gap in found if gap.source == source]
        found += [
            Gap(source, a, b, "silent", "", 0, None)
            for a, b in silences(ledger, source, start, end, patience=patience)
            if not any(x <= a + 1 and b - 1 <= y for x, y in known)
        ]
    return sorted(found, key=lambda gap: (-gap.start, gap.source))


def trend(ledger: Ledger, signal: str, source: str, start: int, end: int, *, points: int = 800) -> Trend:
    """A signal over [start, end) with at most about 4 × `points` samples; silence of its source breaks the line."""
    table = ledger.trend(signal, start, end, points)
    rows = list(zip(*(table.column(name).to_pylist() for name in ("time", "value", "quality")), strict=True))
    # a silence with samples on both sides would be bridged by the line
    breaks = [(a, None, 70) for a, b in silences(ledger, source, start, end) if b < end]
    rows = sorted([*rows, *breaks], key=lambda row: row[0])
    time, value, quality = (tuple(row[i] for row in rows) for i in range(3))
    return Trend(signal, start, end, time, value, quality)


def _heard_before(ledger: Ledger, source: str, moment: int) -> bool:
    table = ledger.table("event", subjects=[source], until=moment)
    return "alive" in table.column("kind").to_pylist()


def _first_word(ledger: Ledger, source: str, start: int, end: int) -> int:
    """Start of a silence that fills the whole window; its end where the source never spoke."""
    return start if _heard_before(ledger, source, start) else end


def _joined(spans: Sequence[Interval]) -> list[Interval]:
    joined: list[Interval] = []
    for start, end in spans:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        elif end > start:
            joined.append((start, end))
    return joined
