"""Small tables for tests, in the columns that facts have."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa

from luban.understand.kpi import SHIFTS

STATES = pa.schema(
    [
        ("subject", pa.string()),
        ("time", pa.int64()),
        ("seq", pa.int64()),
        ("source", pa.string()),
        ("state", pa.string()),
        ("mapping", pa.string()),
        ("reason", pa.string()),
        ("quality", pa.uint8()),
    ]
)
COVERAGE = pa.schema([("subject", pa.string()), ("start", pa.int64()), ("end", pa.int64()), ("seq", pa.int64())])
COUNTS = pa.schema(
    [
        ("subject", pa.string()),
        ("time", pa.int64()),
        ("seq", pa.int64()),
        ("good", pa.float64()),
        ("scrap", pa.float64()),
        ("rework", pa.float64()),
        ("item", pa.string()),
        ("operation", pa.string()),
        ("quality", pa.uint8()),
    ]
)
WORDS = {
    "RUN": ("APT", 0),
    "SETUP": ("AUST", 0),
    "WAIT": ("ADET", 0),
    "IDLE": ("ADOT", 0),
    "FAULT": ("ADET", 1),
    "SERVICE": ("PDOT", 0),
    "OFFLINE": ("UNKNOWN", 0),
}
MAPPING = pa.table(
    {
        "mapping": ["test@1"] * len(WORDS),
        "state": list(WORDS),
        "element": [element for element, _ in WORDS.values()],
        "failure": pa.array([failure for _, failure in WORDS.values()], pa.int64()),
    }
)


def states(facts: Iterable[Sequence[Any]], unit: str = "u") -> pa.Table:
    """(time, state[, quality[, reason]]) of one unit; seq is the place in the list, from 1."""
    rows = []
    for seq, (time, state, *rest) in enumerate(facts, 1):
        quality, reason = (*rest, 0, None)[0] if rest else 0, rest[1] if len(rest) > 1 else None
        rows.append((unit, time, seq, "s", state, "test@1", reason, quality))
    return table(rows, STATES)


def coverage(*intervals: Sequence[int], unit: str = "u") -> pa.Table:
    """(start, end[, seq]) of one unit."""
    return table([(unit, start, end, rest[0] if rest else 0) for start, end, *rest in intervals], COVERAGE)


def shifts(*spans: Sequence[int], unit: str = "u", breaks: Sequence[tuple[int, int]] = ()) -> pa.Table:
    """(start, end) of each shift; breaks cut the shift they lie in."""
    rows = []
    for number, (start, end) in enumerate(spans):
        at = start
        for opens, closes in [b for b in breaks if start <= b[0] < end]:
            rows += [(unit, start, end, f"shift{number}", "2026-01-01", at, opens, 1)] if opens > at else []
            rows.append((unit, start, end, f"shift{number}", "2026-01-01", opens, closes, 0))
            at = closes
        rows += [(unit, start, end, f"shift{number}", "2026-01-01", at, end, 1)] if end > at else []
    return table(rows, SHIFTS)


def table(rows: Sequence[Sequence[Any]], schema: pa.Schema) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)
