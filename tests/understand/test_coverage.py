"""Coverage: what was proved, less what was lost, and what was recovered, against a set of microseconds."""

from __future__ import annotations

import itertools
from typing import Any

import pyarrow as pa
from hypothesis import given, settings, strategies as st

from luban.understand.kpi import coverage
from tests.understand import tables
from tests.understand.engines import polars_lift, rows

LIFT = polars_lift()
EVENTS = pa.schema(
    [
        ("subject", pa.string()),
        ("time", pa.int64()),
        ("end", pa.int64()),
        ("seq", pa.int64()),
        ("code", pa.string()),
    ]
)
WRITERS = pa.table({"subject": ["u", "u2"], "source": ["s", "other"]})
SPANS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 20)), max_size=6)


def covered(proved: list[Any], lost: list[Any], recovered: list[Any]) -> list[dict[str, Any]]:
    """(start, length) of each; seq counts up through proved, recovered, lost."""
    events, gaps = [], []
    for seq, (start, length, code) in enumerate(
        [(*span, None) for span in proved] + [(*span, "backfilled") for span in recovered], 1
    ):
        events.append(("s", start, start + length, seq, code))
    for start, length in lost:
        gaps.append(("s", start, start + length, 99, "lost"))
    frames = (tables.table(events, EVENTS), WRITERS, tables.table(gaps, EVENTS))
    return rows(coverage(*(LIFT(frame) for frame in frames)), "start")


@settings(max_examples=60, deadline=None)
@given(proved=SPANS, lost=SPANS, recovered=SPANS)
def test_microsecond_by_microsecond(proved: list[Any], lost: list[Any], recovered: list[Any]) -> None:
    def moments(spans: list[Any]) -> set[int]:
        return {x for start, length in spans for x in range(start, start + length)}

    found = covered(proved, lost, recovered)
    assert [x for row in found for x in range(row["start"], row["end"])] == sorted(
        moments(proved) - moments(lost) | moments(recovered)
    )
    assert all(a["end"] < b["start"] for a, b in itertools.pairwise(found))


def test_an_interval_cut_by_a_gap_is_ended_by_the_fact_that_proved_the_link_then() -> None:
    found = covered([(0, 10), (10, 10), (20, 10)], [(12, 3)], [])
    assert [(r["start"], r["end"], r["seq"]) for r in found] == [(0, 12, 2), (15, 30, 3)]
