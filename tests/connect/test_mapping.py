"""Samples to facts: roles, counters, words, units, context."""

from __future__ import annotations

import json
from typing import Any

import pytest

from luban.connect.mapping import Mapper
from luban.connect.wire import Sample, Value
from luban.core.errors import ConfigError
from luban.core.quality import Quality
from luban.core.time import SECOND
from tests.connect.contract import Signal

NOW = 1_800_000_000 * SECOND


def signal(name: str, role: str = "value", **more: Any) -> Signal:
    mapping = "mtconnect-execution@1" if role == "state" else ""
    return Signal(f"p/m:{name}", "p/m", name, name, role=role, **({"mapping": mapping} | more))


def mapped(signals: list[Signal], *values: tuple[str, int, Value] | Sample, mapper: Mapper | None = None) -> Mapper:
    """The samples (address, second, value) taken by a mapper."""
    mapper = mapper or Mapper("s", signals)
    samples = [v if isinstance(v, Sample) else Sample(v[0], NOW + v[1] * SECOND, v[2]) for v in values]
    mapper.take(samples, NOW + 1000 * SECOND)
    return mapper


def counts(mapper: Mapper) -> list[tuple[int, float, float, float, int]]:
    return [
        ((time - NOW) // SECOND, row.good, row.scrap, row.rework, row.quality)
        for (time, _), row in mapper.rows.counts.items()
    ]


def states(mapper: Mapper) -> list[tuple[int, str, int, str | None]]:
    return [
        ((time - NOW) // SECOND, row.state, row.quality, row.reason) for (time, _), row in mapper.rows.states.items()
    ]


def notes(mapper: Mapper) -> list[str]:
    return [code for _, _, kind, _, code, _, _ in mapper.rows.events if kind == "note"]


@pytest.mark.parametrize(
    ("came", "declared", "value", "text", "quality"),
    [
        ("71.0", {"unit": "%"}, 71.0, None, Quality.GOOD),
        (" 71 ", {"unit": "%"}, 71.0, None, Quality.GOOD),
        (True, {"unit": "1"}, 1.0, None, Quality.GOOD),
        (False, {}, 0.0, None, Quality.GOOD),
        (7, {}, 7.0, None, Quality.GOOD),
        ("O1234", {}, None, "O1234", Quality.GOOD),
        ("open", {"unit": "%"}, None, "open", Quality.WRONG_TYPE),
        ("1_000", {"unit": "%"}, None, "1_000", Quality.WRONG_TYPE),
        ("NaN", {"unit": "%"}, None, "NaN", Quality.NOT_A_NUMBER),
        (float("inf"), {"unit": "%"}, None, "inf", Quality.NOT_A_NUMBER),
        (250.0, {"unit": "%", "range": (0.0, 200.0)}, 250.0, None, Quality.OUT_OF_RANGE),
        (None, {"unit": "%"}, None, None, Quality.UNAVAILABLE),
    ],
)
def test_a_value_in_its_declared_type(
    came: Value, declared: dict[str, Any], value: Any, text: Any, quality: Quality
) -> None:
    rows = mapped([signal("x", **declared)], ("x", 0, came)).rows
    assert (rows.value, rows.text, rows.quality) == ([value], [text], [quality])


@pytest.mark.parametrize(
    ("wire", "declared", "came", "value", "quality"),
    [
        ("°F", "°C", 212.0, 100.0, Quality.GOOD),
        ("mm", "m", 1500.0, 1.5, Quality.GOOD),
        ("C16", "m/s", 1500.0, 1.5, Quality.GOOD),  # UNECE code of mm/s, as OPC UA servers give it
        ("bar", "°C", 3.0, 3.0, Quality.WRONG_UNIT),
        ("furlongs", "m", 3.0, 3.0, Quality.WRONG_UNIT),
        ("", "m", 3.0, 3.0, Quality.GOOD),
    ],
)
def test_the_wire_s_unit_is_converted(wire: str, declared: str, came: float, value: float, quality: Quality) -> None:
    rows = mapped([signal("x", unit=declared)], Sample("x", NOW, came, unit=wire)).rows
    assert rows.value == [pytest.approx(value, rel=1e-12)]
    assert rows.quality == [quality]


def test_the_wire_s_own_quality_stays() -> None:
    rows = mapped(
        [signal("x", unit="%")],
        Sample("x", NOW, 5.0, Quality.SENSOR_FAILURE),
        Sample("x", NOW + 1, 5.0, Quality.SUBSTITUTED),
    ).rows
    assert rows.quality == [Quality.SENSOR_FAILURE, Quality.SUBSTITUTED]


def test_a_counter_gives_increments_and_the_first_reading_none() -> None:
    mapper = mapped([signal("n", "good_count")], ("n", 0, 500), ("n", 1, 503), ("n", 2, 503), ("n", 3, "510"))
    assert counts(mapper) == [(1, 3, 0, 0, 0), (3, 7, 0, 0, 0)]


def test_a_counter_that_was_reset_counts_on_from_0_and_says_so() -> None:
    mapper = mapped([signal("n", "good_count")], ("n", 0, 500), ("n", 1, 503), ("n", 2, 2), ("n", 3, 4))
    assert counts(mapper) == [(1, 3, 0, 0, 0), (2, 2, 0, 0, 0), (3, 2, 0, 0, 0)]
    assert notes(mapper) == ["counter reset"]


def test_a_jump_that_no_machine_makes_is_flagged_and_kept() -> None:
    mapper = mapped([signal("n", "good_count")], ("n", 0, 500), ("n", 1, 65_000), ("n", 2, 65_001))
    assert counts(mapper) == [(1, 64_500, 0, 0, Quality.UNCERTAIN), (2, 1, 0, 0, 0)]
    assert notes(mapper) == ["counter jump"]


def test_bad_readings_of_a_counter_are_stepped_over_without_loss() -> None:
    bad = Sample("n", NOW + 2 * SECOND, 0, Quality.BAD)
    mapper = mapped([signal("n", "good_count")], ("n", 0, 500), ("n", 1, 503), bad, ("n", 3, "?"), ("n", 4, 510))
    assert counts(mapper) == [(1, 3, 0, 0, 0), (4, 7, 0, 0, 0)]


@pytest.mark.parametrize(
    ("roles", "readings", "totals"),
    [
        (("total_count",), [(0, 10)], (10, 0)),
        (("total_count", "scrap_count"), [(0, 10), (1, 2)], (8, 2)),
        (("total_count", "good_count"), [(0, 10), (1, 7)], (7, 3)),
        (("total_count", "good_count", "scrap_count"), [(0, 10), (1, 7), (2, 3)], (7, 3)),
        (("good_count", "scrap_count"), [(0, 7), (1, 3)], (7, 3)),
    ],
)
def test_a_total_is_good_and_scrap(
    roles: tuple[str, ...], readings: list[tuple[int, int]], totals: tuple[int, int]
) -> None:
    signals = [signal(role, role) for role in roles]
    start = [(role, 0, 0) for role in roles]
    mapper = mapped(signals, *start, *[(roles[i], 1 + i, n) for i, n in readings])
    rows = mapper.rows.counts.values()
    assert (sum(r.good for r in rows), sum(r.scrap for r in rows)) == totals


def test_readings_of_one_moment_make_one_row() -> None:
    signals = [signal("t", "total_count"), signal("s", "scrap_count")]
    mapper = mapped(signals, ("t", 0, 0), ("s", 0, 0), ("t", 1, 1), ("s", 1, 1))
    assert counts(mapper) == [(1, 0, 1, 0, 0)]


def test_a_counter_that_flaps_does_not_flood_the_books() -> None:
    mapper = mapped([signal("n", "good_count")], *[("n", t, 500 - 500 * (t % 2)) for t in range(200)])
    assert notes(mapper) == ["counter reset"] * 20


def test_a_clock_that_was_never_set_is_not_believed() -> None:
    mapper = mapped([signal("x", unit="%")], Sample("x", 3 * SECOND, 1.0), Sample("x", 4 * SECOND, 2.0))
    assert mapper.rows.time[0] == NOW + 1000 * SECOND
    assert mapper.rows.quality == [Quality.CLOCK_SKEW] * 2


def test_states_are_spelled_as_in_the_mapping_and_only_changes_are_kept() -> None:
    mapper = mapped(
        [signal("e", "state")],
        ("e", 0, "ACTIVE"),
        ("e", 1, "active"),
        ("e", 2, "Program Stopped"),
        ("e", 3, "PROGRAM_STOPPED"),
    )
    assert states(mapper) == [(0, "ACTIVE", 0, None), (2, "PROGRAM_STOPPED", 0, None)]
    assert len(mapper.rows.text) == 4  # every reading stays as a reading


def test_a_state_given_by_number() -> None:
    mapper = mapped([signal("e", "state", mapping="packml@1")], ("e", 0, 6), ("e", 1, 6.0))
    assert states(mapper) == [(0, "Execute", 0, None)]


def test_an_unknown_word_is_kept_with_the_doubt() -> None:
    mapper = mapped(
        [signal("e", "state")], ("e", 0, "DREAMING"), ("e", 1, "DREAMING"), ("e", 2, "ACTIVE"), ("e", 3, "DREAMING")
    )
    why = "not a word of mtconnect-execution@1"
    assert states(mapper) == [
        (0, "DREAMING", Quality.UNCERTAIN, why),
        (2, "ACTIVE", 0, None),
        (3, "DREAMING", Quality.UNCERTAIN, why),
    ]
    assert notes(mapper) == ["unknown state"]


def test_no_value_is_an_unknown_state() -> None:
    mapper = mapped(
        [signal("e", "state")], ("e", 0, "ACTIVE"), Sample("e", NOW + SECOND, None, Quality.NO_COMMUNICATION)
    )
    assert states(mapper) == [(0, "ACTIVE", 0, None), (1, "unknown", Quality.NO_COMMUNICATION, "no communication")]


def test_order_item_and_reason_are_on_what_follows() -> None:
    signals = [
        signal("e", "state"),
        signal("o", "order"),
        signal("i", "item"),
        signal("r", "reason"),
        signal("n", "good_count"),
    ]
    head = [("o", 0, 4711.0), ("i", 0, "gear"), ("e", 1, "ACTIVE"), ("n", 2, 0), ("n", 3, 5)]
    mapper = mapped(signals, *head, ("e", 4, "STOPPED"), ("r", 4, "no bar"), ("o", 5, "4712"))
    rows = {(time - NOW) // SECOND: row for (time, _), row in mapper.rows.states.items()}
    assert [(t, r.state, r.reason, r.order, r.item) for t, r in rows.items()] == [
        (1, "ACTIVE", None, "4711", "gear"),
        (4, "STOPPED", "no bar", "4711", "gear"),
        (5, "STOPPED", "no bar", "4712", "gear"),
    ]
    (count,) = mapper.rows.counts.values()
    assert (count.order, count.item) == ("4711", "gear")


def test_what_was_remembered_goes_on() -> None:
    signals = [signal("n", "good_count"), signal("e", "state"), signal("o", "order")]
    first = mapped(signals, ("n", 0, 500), ("e", 0, "ACTIVE"), ("o", 0, "A"))
    memory = json.loads(json.dumps(first.memory()))
    second = Mapper("s", signals)
    second.recall(memory)
    mapped(signals, ("n", 0, 500), ("e", 0, "ACTIVE"), ("n", 9, 507), ("e", 9, "ACTIVE"), mapper=second)
    assert counts(second) == [(9, 7, 0, 0, 0)]
    assert states(second) == [(0, "ACTIVE", 0, None)]  # said again: an old state proves nothing after a gap
    assert second.repeated == 2
    assert next(iter(second.rows.counts.values())).order == "A"


def test_after_a_new_link_the_state_is_said_again_once() -> None:
    mapper = mapped([signal("e", "state")], ("e", 0, "ACTIVE"), ("e", 1, "ACTIVE"))
    mapper.rows.states.clear()
    mapper.expect_states()
    mapped([], ("e", 5, "ACTIVE"), ("e", 6, "ACTIVE"), mapper=mapper)
    assert states(mapper) == [(5, "ACTIVE", 0, None)]


def test_one_address_may_serve_two_signals_and_others_are_counted() -> None:
    signals = [
        signal("raw", unit="1"),
        Signal("p/m:n", "p/m", "n", "raw", role="good_count"),
        signal("off", enabled=False),
    ]
    mapper = mapped(signals, ("raw", 0, 1), ("raw", 1, 4), ("off", 1, 1), ("other", 1, 1))
    assert mapper.addresses == ("raw",)
    assert mapper.taken == 4
    assert mapper.unmapped == 2
    assert counts(mapper) == [(1, 3, 0, 0, 0)]


def test_a_state_signal_needs_a_mapping_that_exists() -> None:
    with pytest.raises(ConfigError, match="no mapping"):
        Mapper("s", [signal("e", "state", mapping="")])
    with pytest.raises(ConfigError, match="unknown state mapping"):
        Mapper("s", [signal("e", "state", mapping="packm@1")])
