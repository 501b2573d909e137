"""Pieces by shift, and the part of them that was made in known time: against a count of each microsecond."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from luban.understand.kpi import piece_sums
from tests.understand import tables
from tests.understand.engines import polars_lift, rows
from tests.understand.tables import COUNTS, COVERAGE

LIFT = polars_lift()


def summed(counts: pa.Table, unknown: pa.Table, shifts: pa.Table) -> list[dict[str, Any]]:
    return rows(piece_sums(LIFT(counts), LIFT(unknown), LIFT(shifts)), "shift_start", "item")


def count(time: int, good: float, scrap: float = 0, *, item: str | None = None, quality: int = 0, seq: int = 0) -> Any:
    return ("u", time, seq, good, scrap, 0.0, item, None, quality)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_known_pieces_microsecond_by_microsecond(data: st.DataObject) -> None:
    times = sorted(data.draw(st.sets(st.integers(0, 59), max_size=10)))
    counts = [count(t, float(data.draw(st.integers(0, 9))), seq=i) for i, t in enumerate(times)]
    edges = data.draw(st.lists(st.integers(0, 60), min_size=2, max_size=6, unique=True).map(sorted))
    spans = list(zip(edges[::2], edges[1::2], strict=False))
    silent = {x for x in data.draw(st.sets(st.integers(0, 59), max_size=40)) if any(a <= x < b for a, b in spans)}
    unknown = tables.table([("u", x, x + 1, 0) for x in silent], COVERAGE)
    found = {r["shift_start"]: r for r in summed(tables.table(counts, COUNTS), unknown, tables.shifts(*spans))}
    for start, end in spans:
        mine = [(t, c[3]) for t, c in zip(times, counts, strict=True) if start <= t < end]
        known = 0.0
        for t, good in mine:
            since = max([start, *(p for p in times if p < t)])
            span = range(since, t)
            share = sum(x not in silent for x in span) / len(span) if span else float(t not in silent)
            known += good * share
        row = found.get(start, {"good": 0.0, "known": 0.0, "facts": 0})
        assert (row["good"], row["facts"]) == (sum(g for _, g in mine), len(mine))
        assert row["known"] == pytest.approx(known)
    assert set(found) <= {start for start, _ in spans}


def test_a_count_at_the_very_end_of_a_shift_is_the_next_ones() -> None:
    found = summed(
        tables.table([count(49, 1), count(50, 2)], COUNTS), tables.table([], COVERAGE), tables.shifts((0, 50), (50, 90))
    )
    assert [(r["shift_start"], r["good"]) for r in found] == [(0, 1.0), (50, 2.0)]


def test_items_are_kept_apart_and_pieces_outside_shifts_left_out() -> None:
    counts = [count(5, 3, 1, item="g7"), count(10, 2, item="b2"), count(15, 1), count(70, 99, item="g7")]
    found = summed(tables.table(counts, COUNTS), tables.table([], COVERAGE), tables.shifts((0, 50)))
    assert [(r["item"], r["good"], r["scrap"], r["known"]) for r in found] == [
        ("", 1.0, 0.0, 1.0),
        ("b2", 2.0, 0.0, 2.0),
        ("g7", 3.0, 1.0, 4.0),
    ]


def test_a_doubtful_count_brings_no_pieces_but_ends_the_stretch_before_it() -> None:
    counts = [count(10, 5), count(20, 999, quality=66), count(40, 8)]
    found = summed(tables.table(counts, COUNTS), tables.table([("u", 10, 20, 0)], COVERAGE), tables.shifts((0, 50)))
    assert [(r["good"], r["known"], r["facts"], r["doubtful"]) for r in found] == [(13.0, 13.0, 3, 1)]
