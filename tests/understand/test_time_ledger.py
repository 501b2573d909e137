"""Every microsecond of a shift is in exactly one tile: against an oracle that asks each microsecond by itself."""

from __future__ import annotations

import itertools
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings, strategies as st

from luban.core.errors import InputError
from luban.core.quality import Quality
from luban.understand.kpi import calendar, element_sums, time_ledger, unknown_spans
from tests.understand import tables
from tests.understand.engines import Lift, duckdb_lift, polars_lift, rows
from tests.understand.tables import COVERAGE, MAPPING, STATES, WORDS

HORIZON = 48


@pytest.fixture(scope="module")
def lift() -> Lift:
    return polars_lift()


def tile(lift: Lift, states: pa.Table, coverage: pa.Table, shifts: pa.Table) -> list[dict[str, Any]]:
    return rows(time_ledger(*(lift(t) for t in (states, coverage, shifts, MAPPING))), "subject", "start")


# ---------------------------------------------------------------- the oracle


def asked(x: int, states: list[dict[str, Any]], coverage: list[dict[str, Any]], planned: int) -> tuple[str, str | None]:
    """Element and reason of one microsecond of one unit, straight from the rules in words."""
    element, reason = machine_said(x, states, coverage)
    return ("PDOT", "planned break") if not planned else (element, reason)


def machine_said(x: int, states: list[dict[str, Any]], coverage: list[dict[str, Any]]) -> tuple[str, str | None]:
    def alive(moment: int) -> bool:
        return any(c["start"] <= moment < c["end"] for c in coverage)

    if not alive(x):
        return "UNKNOWN", "no data"
    told = [s for s in states if s["time"] <= x and s["quality"] not in (Quality.FUTURE, Quality.DUPLICATE)]
    if not told:
        return "UNKNOWN", "no state yet"
    fact = max(told, key=lambda s: (s["time"], s["seq"]))
    silent = [y for y in range(x) if not alive(y)]
    if silent:
        lost = silent[-1]
        while lost > 0 and not alive(lost - 1):
            lost -= 1
        closing = [c["seq"] for c in coverage if c["end"] == lost and c["start"] < c["end"]]
        if closing and fact["time"] < lost and fact["seq"] < max(closing):
            return "UNKNOWN", "no state since the data came back"
    if fact["quality"]:
        why = f", {fact['reason']}" if fact["reason"] else ""
        return "UNKNOWN", f"state is not good: {Quality(fact['quality']).label}{why}"
    if fact["state"] not in WORDS:
        return "UNKNOWN", f"no time element for the word {fact['state']} in test@1"
    element = WORDS[fact["state"]][0]
    return element, fact["reason"] or ("the source says OFFLINE" if element == "UNKNOWN" else None)


# ---------------------------------------------------------------- random worlds


@st.composite
def worlds(draw: st.DrawFn) -> tuple[pa.Table, pa.Table, pa.Table]:
    """Some units with states in any order of arrival, gaps, overlaps, duplicates, bad values, shifts and breaks."""
    moment = st.integers(0, HORIZON)
    state_rows, cover_rows, shift_tables = [], [], []
    seqs = iter(draw(st.permutations(range(1, 250))))
    for unit in ("a", "b/c", "d", "e", "f"):
        for _ in range(draw(st.integers(0, 14))):
            word = draw(st.sampled_from([*WORDS, "BOGUS"]))
            quality = draw(st.sampled_from([0, 0, 0, 0, 0, 1, 3, 67, 68, 69]))
            reason = draw(st.sampled_from([None, "tool"]))
            state_rows.append((unit, draw(moment), next(seqs), "s", word, "test@1", reason, quality))
        for _ in range(draw(st.integers(0, 5))):
            start, end = sorted((draw(moment), draw(moment)))
            cover_rows.append((unit, start, end, next(seqs)))
        edges = sorted(draw(st.sets(moment, min_size=2, max_size=6)))
        spans = [span for span in itertools.pairwise(edges) if draw(st.booleans())] or [(edges[0], edges[-1])]
        breaks = [(start + 1, end - 1) for start, end in spans if end - start > 3 and draw(st.booleans())]
        shift_tables.append(tables.shifts(*spans, unit=unit, breaks=breaks))
    return tables.table(state_rows, STATES), tables.table(cover_rows, COVERAGE), pa.concat_tables(shift_tables)


def check_world(lift: Lift, world: tuple[pa.Table, pa.Table, pa.Table]) -> None:
    states, coverage, shifts = world
    said: dict[tuple[str, int], list[tuple[str, str | None]]] = {}
    for t in tile(lift, states, coverage, shifts):
        assert t["duration"] == t["end"] - t["start"] > 0
        for x in range(t["start"], t["end"]):
            said.setdefault((t["subject"], x), []).append((t["element"], t["reason"]))
    expected = {}
    for s in shifts.to_pylist():
        mine = [r for r in states.to_pylist() if r["subject"] == s["subject"]]
        alive = [r for r in coverage.to_pylist() if r["subject"] == s["subject"]]
        for x in range(s["start"], s["end"]):
            expected[s["subject"], x] = [asked(x, mine, alive, s["planned"])]
    assert said == expected


QUIET: Any = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]}


@settings(max_examples=80, **QUIET)
@given(world=worlds())
def test_every_microsecond_is_in_exactly_one_tile(lift: Lift, world: tuple[pa.Table, pa.Table, pa.Table]) -> None:
    check_world(lift, world)


@settings(max_examples=4, phases=[Phase.generate], **QUIET)
@given(world=worlds())
def test_every_microsecond_is_in_exactly_one_tile_on_duckdb(world: tuple[pa.Table, pa.Table, pa.Table]) -> None:
    check_world(duckdb_lift(), world)


@settings(max_examples=20, **QUIET)
@given(world=worlds())
def test_the_sums_of_a_shift_are_its_length(lift: Lift, world: tuple[pa.Table, pa.Table, pa.Table]) -> None:
    states, coverage, shifts = world
    frames = [lift(t) for t in (states, coverage, shifts, MAPPING)]
    tiles = rows(time_ledger(*frames), "subject", "start")
    found = rows(element_sums(*frames), "subject", "shift_start")
    assert [(r["subject"], r["shift_start"]) for r in found] == sorted(
        {(s["subject"], s["shift_start"]) for s in shifts.to_pylist()}
    )
    for row in found:
        mine = [t for t in tiles if (t["subject"], t["shift_start"]) == (row["subject"], row["shift_start"])]
        for element in ("APT", "AUST", "ADET", "ADOT", "PDOT", "UNKNOWN"):
            assert row[element] == sum(t["duration"] for t in mine if t["element"] == element)
        assert sum(t["duration"] for t in mine) == row["shift_end"] - row["shift_start"]
    spans = [(r["subject"], x) for r in rows(unknown_spans(*frames), "subject") for x in range(r["start"], r["end"])]
    assert sorted(spans) == sorted(
        (t["subject"], x) for t in tiles if t["element"] == "UNKNOWN" for x in range(t["start"], t["end"])
    )


# ---------------------------------------------------------------- the rules in the shop floor's words


def elements(lift: Lift, *args: pa.Table) -> list[tuple[int, int, str, str | None]]:
    return [(t["start"], t["end"], t["element"], t["reason"]) for t in tile(lift, *args)]


def test_silence_is_not_idle(lift: Lift) -> None:
    found = elements(
        lift, tables.states([(0, "RUN"), (60, "RUN")]), tables.coverage((0, 20), (60, 100)), tables.shifts((0, 100))
    )
    assert found == [(0, 20, "APT", None), (20, 60, "UNKNOWN", "no data"), (60, 100, "APT", None)]


def test_a_stop_left_open_by_a_dead_collector_attaches_to_no_later_stop(lift: Lift) -> None:
    """The collector dies in a stop, comes back, and says nothing of the state for a while; then a new stop begins."""
    states = tables.states([(0, "RUN"), (10, "FAULT", 0, "tool broken"), (70, "RUN"), (80, "FAULT", 0, "no material")])
    found = elements(lift, states, tables.coverage((0, 20, 50), (60, 100, 99)), tables.shifts((0, 100)))
    assert found == [
        (0, 10, "APT", None),
        (10, 20, "ADET", "tool broken"),
        (20, 60, "UNKNOWN", "no data"),
        (60, 70, "UNKNOWN", "no state since the data came back"),
        (70, 80, "APT", None),
        (80, 100, "ADET", "no material"),
    ]


def test_a_source_that_sends_its_last_change_again_with_the_old_stamp_is_believed(lift: Lift) -> None:
    states = tables.table(
        [("u", 10, 3, "s", "RUN", "test@1", None, 0), ("u", 10, 8, "s", "RUN", "test@1", None, 0)], STATES
    )
    found = elements(lift, states, tables.coverage((0, 20, 5), (60, 100, 9)), tables.shifts((0, 100)))
    assert found[-1] == (60, 100, "APT", None)


def test_before_the_first_state_nothing_is_known(lift: Lift) -> None:
    found = elements(lift, tables.states([(40, "RUN")]), tables.coverage((0, 100)), tables.shifts((0, 100)))
    assert found == [(0, 40, "UNKNOWN", "no state yet"), (40, 100, "APT", None)]


def test_a_unit_without_any_fact_is_unknown_not_missing(lift: Lift) -> None:
    found = elements(lift, tables.states([]), tables.coverage(), tables.shifts((0, 100)))
    assert found == [(0, 100, "UNKNOWN", "no data")]


def test_states_in_any_order_of_arrival(lift: Lift) -> None:
    late = tables.states([(50, "RUN"), (0, "IDLE"), (20, "SETUP")])
    found = elements(lift, late, tables.coverage((0, 100)), tables.shifts((0, 100)))
    assert [(a, b, e) for a, b, e, _ in found] == [(0, 20, "ADOT"), (20, 50, "AUST"), (50, 100, "APT")]


def test_of_two_states_at_the_same_time_the_later_recorded_wins(lift: Lift) -> None:
    found = elements(lift, tables.states([(0, "RUN"), (0, "IDLE")]), tables.coverage((0, 9)), tables.shifts((0, 9)))
    assert found == [(0, 9, "ADOT", None)]


def test_a_state_of_bad_quality_is_unknown_with_its_reason(lift: Lift) -> None:
    states = tables.states([(0, "RUN"), (30, "RUN", 3), (60, "RUN")])
    found = elements(lift, states, tables.coverage((0, 100)), tables.shifts((0, 100)))
    assert found[1] == (30, 60, "UNKNOWN", "state is not good: stuck")


def test_a_doubtful_state_keeps_what_its_collector_says_about_it(lift: Lift) -> None:
    states = tables.states([(0, "BOGUS", 1, "not a word of test@1"), (5, "RUN", 69, "unavailable")])
    found = elements(lift, states, tables.coverage((0, 9)), tables.shifts((0, 9)))
    assert [reason for *_, reason in found] == [
        "state is not good: uncertain, not a word of test@1",
        "state is not good: unavailable",
    ]


def test_a_future_stamp_counts_for_nothing(lift: Lift) -> None:
    states = tables.states([(0, "RUN"), (50, "IDLE", Quality.FUTURE)])
    found = elements(lift, states, tables.coverage((0, 100)), tables.shifts((0, 100)))
    assert found == [(0, 100, "APT", None)]


def test_a_word_that_the_mapping_does_not_know_is_unknown(lift: Lift) -> None:
    found = elements(lift, tables.states([(0, "BOGUS")]), tables.coverage((0, 9)), tables.shifts((0, 9)))
    assert found == [(0, 9, "UNKNOWN", "no time element for the word BOGUS in test@1")]


def test_a_planned_break_is_planned_down_whatever_the_machine_does(lift: Lift) -> None:
    found = tile(
        lift, tables.states([(0, "RUN")]), tables.coverage((0, 100)), tables.shifts((0, 100), breaks=[(40, 50)])
    )
    assert [(t["start"], t["end"], t["element"], t["note"]) for t in found] == [
        (0, 40, "APT", None),
        (40, 50, "PDOT", "producing during a planned break"),
        (50, 100, "APT", None),
    ]


def test_a_state_crosses_the_edge_of_a_shift_and_is_split_there_exactly(lift: Lift) -> None:
    found = tile(
        lift, tables.states([(10, "RUN"), (70, "IDLE")]), tables.coverage((0, 90)), tables.shifts((0, 50), (50, 90))
    )
    assert [(t["shift_name"], t["start"], t["end"], t["seq"]) for t in found] == [
        ("shift0", 0, 10, None),
        ("shift0", 10, 50, 1),
        ("shift1", 50, 70, 1),
        ("shift1", 70, 90, 2),
    ]


def test_more_units_than_can_be_told_apart_are_refused() -> None:
    with pytest.raises(InputError, match="too many work units"):
        calendar({f"u{i}": () for i in range(32_768)})


def test_time_outside_any_shift_is_in_no_tile(lift: Lift) -> None:
    found = tile(lift, tables.states([(0, "RUN")]), tables.coverage((0, 100)), tables.shifts((10, 20), (40, 60)))
    assert [(t["start"], t["end"]) for t in found] == [(10, 20), (40, 60)]


def test_a_tile_names_the_fact_in_force(lift: Lift) -> None:
    found = tile(lift, tables.states([(0, "RUN"), (5, "RUN", 69)]), tables.coverage((0, 10)), tables.shifts((0, 10)))
    assert [(t["seq"], t["source"], t["mapping"], t["state"]) for t in found] == [
        (1, "s", "test@1", "RUN"),
        (2, "s", "test@1", None),
    ]
