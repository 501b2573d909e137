"""Registers and intervals: exact where they can be, named where they cannot."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from luban.core.errors import InputError, UnitError
from luban.understand.energy.consumption import consumption
from luban.understand.energy.meters import HOUR, Meter, Reading, Swap, exact, in_unit
from luban.understand.energy.read import read_meters, read_readings, read_swaps
from luban.understand.energy.words import SENTENCES

T0 = 1_780_000_000_000_000
KWH = Meter("m", "electricity", "kWh")


def registers(*values: float | str, unit: str = "", step: int = HOUR) -> list[Reading]:
    return [Reading(T0 + i * step, exact(v), unit=unit) for i, v in enumerate(values)]


def flows(*values: float | str, unit: str = "") -> list[Reading]:
    return [Reading(T0 + (i + 1) * HOUR, None, exact(v), T0 + i * HOUR, unit) for i, v in enumerate(values)]


def kinds(found) -> list[str]:  # type: ignore[no-untyped-def]
    return [doubt.kind for doubt in found.doubts]


def test_a_register_is_the_difference_of_its_ends_to_the_last_digit() -> None:
    found = consumption(KWH, registers("0.1", "0.2", "0.3", "0.4"))
    assert found.total() == Decimal("0.3")
    assert found.doubts == ()


def test_roll_over_is_exact() -> None:
    meter = Meter("m", "electricity", "kWh", capacity=Decimal(100_000))
    found = consumption(meter, registers("99980.5", "99990.25", "99999.75", "9.5", "19"))
    assert found.total() == Decimal("38.5")
    assert [spell.how for spell in found.spells] == ["measured", "measured", "rolled over", "measured"]
    assert found.doubts == ()


def test_replacement_is_exact_also_two_between_two_readings() -> None:
    swaps = [
        Swap(T0 + HOUR + 5, Decimal("512.7"), Decimal("3.2")),
        Swap(T0 + HOUR + 9, Decimal("4.2"), Decimal(90000)),
    ]
    found = consumption(KWH, registers("500", "510", "90006.5", "90016.5"), swaps)
    assert found.total() == 10 + Decimal("2.7") + 1 + Decimal("6.5") + 10
    assert found.spells[1].how == "replaced"


def test_a_replacement_that_does_not_fit_is_left_out_with_its_amount() -> None:
    found = consumption(KWH, registers("500", "510", "7"), [Swap(T0 + HOUR + 5, Decimal(400))])
    assert found.total() == 10
    assert [(d.kind, d.amount) for d in found.doubts] == [("swap", Decimal(-103))]


def test_a_step_back_is_left_out_and_the_amount_across_it_counts() -> None:
    found = consumption(KWH, registers(1000, 1010, 1005, 1030, 1040))
    assert found.total() == 40
    assert [(d.kind, d.amount) for d in found.doubts] == [("backwards", Decimal(-5))]


def test_a_meter_that_begins_anew_loses_only_the_step() -> None:
    found = consumption(KWH, registers(1000, 1010, 1020, 2, 12, 22, 32, 42))
    assert found.total() == 20 + 40
    assert kinds(found) == ["backwards"]
    assert "a replacement that is not on record?" in found.doubts[0].text


def test_a_meter_that_runs_backwards_counts_nothing() -> None:
    found = consumption(KWH, registers(*range(100, 80, -1)))
    assert found.total() == 0
    assert set(kinds(found)) == {"backwards"}
    assert sum(d.amount for d in found.doubts) == -19


@pytest.mark.parametrize("length", [1, 3, 40])
def test_readings_in_another_unit_are_found_by_their_size(length: int) -> None:
    values = [Decimal(50_000) + 10 * i for i in range(100)]
    told = [v / 1000 if 30 <= i < 30 + length else v for i, v in enumerate(values)]
    found = consumption(KWH, registers(*told))
    assert found.total() == 990
    assert kinds(found) == ["unit"] * length + (["gap"] if length > 2 else [])
    assert "1000 times off" in found.doubts[0].text or "0.001 times off" in found.doubts[0].text


def test_another_unit_to_the_end_is_not_counted() -> None:
    values = [Decimal(50_000) + 10 * i for i in range(60)]
    found = consumption(KWH, registers(*(v / 1000 if i >= 40 else v for i, v in enumerate(values))))
    assert found.total() == 390
    assert kinds(found) == ["unit"] * 20


def test_a_declared_unit_converts() -> None:
    found = consumption(KWH, [*registers("1.5"), Reading(T0 + HOUR, Decimal("0.0025"), unit="MWh")])
    assert found.total() == 1
    assert consumption(KWH, flows("36", "3.6", unit="MJ")).total() == 11


def test_a_leap_is_left_out() -> None:
    found = consumption(KWH, registers(*range(0, 100, 10), 55_555, *range(110, 200, 10)))
    assert found.total() == 190
    assert kinds(found) == ["jump"]


def test_a_gap_of_a_register_counts_and_is_told() -> None:
    readings = [r for i, r in enumerate(registers(*range(0, 200, 10))) if not 5 <= i < 15]
    found = consumption(KWH, readings)
    assert found.total() == 190
    assert (kinds(found), found.doubts[0].amount) == (["gap"], None)
    assert [spell.how for spell in found.spells].count("bridged") == 1


def test_a_gap_of_intervals_is_not_filled() -> None:
    found = consumption(KWH, [r for i, r in enumerate(flows(*[5] * 20)) if not 5 <= i < 8])
    assert found.total() == 85
    assert kinds(found) == ["gap"]
    assert found.holes(T0, T0 + 20 * HOUR) == ((T0 + 5 * HOUR, T0 + 8 * HOUR),)


def test_intervals_over_each_other_below_nothing_and_turned_round() -> None:
    good = flows(5, 5, 5)
    bad = [
        Reading(T0 + 2 * HOUR + 5, None, Decimal(4), T0 + HOUR + 5),
        Reading(T0 + 4 * HOUR, None, Decimal(-3), T0 + 3 * HOUR),
        Reading(T0 + 5 * HOUR, None, Decimal(2), T0 + 6 * HOUR),
    ]
    found = consumption(KWH, [*good, *bad])
    assert found.total() == 15
    assert sorted(kinds(found)) == ["backwards", "order", "overlap"]


def test_intervals_in_another_unit() -> None:
    values = [10 + i % 7 for i in range(60)]
    large = consumption(KWH, flows(*(v * 1000 if 20 <= i < 25 else v for i, v in enumerate(values))))
    small = consumption(KWH, flows(*(v / 1000 if 20 <= i < 28 else v for i, v in enumerate(values))))
    assert kinds(large) == ["unit"] * 5
    assert large.total() == sum(values) - sum(values[20:25])
    assert kinds(small) == ["unit"] * 8


def test_standby_is_no_other_unit() -> None:
    values = [0.1 if i % 24 < 10 else 12 + i % 5 for i in range(24 * 10)]
    assert consumption(KWH, flows(*values)).doubts == ()
    low = [0.01 if i % 24 < 10 else 12 + i % 5 for i in range(24 * 10)]
    assert consumption(KWH, flows(*low)).doubts == ()
    alike = [(12 + i % 5) / (1000 if i % 24 < 10 else 1) for i in range(24 * 10)]
    assert consumption(KWH, flows(*alike)).doubts == ()


def test_bad_quality_another_medium_another_dimension() -> None:
    readings = [
        *registers(0, 1, 2),
        Reading(T0 + 3 * HOUR, Decimal(900), quality=128),
        Reading(T0 + 4 * HOUR, Decimal(3), medium="steam"),
        Reading(T0 + 5 * HOUR, Decimal(3), unit="m³"),
        Reading(T0 + 6 * HOUR),
    ]
    found = consumption(KWH, readings)
    assert found.total() == 2
    assert kinds(found) == ["quality", "medium", "unit", "order"]


def test_a_register_and_its_intervals_count_once() -> None:
    found = consumption(KWH, [*registers(0, 5, 10), *flows(5, 5)])
    assert found.total() == 10


def test_every_text_is_a_sentence_of_the_list() -> None:
    starts = {sentence.split("{meter}")[1].split("{")[0] for sentence in SENTENCES if "{meter}" in sentence}
    found = consumption(KWH, registers(1000, 1010, 1005, 1030, 1040, 2, 3))
    assert found.doubts
    assert all(any(doubt.text.removeprefix("m").startswith(start) for start in starts) for doubt in found.doubts)


def test_a_window_shares_by_time() -> None:
    found = consumption(KWH, registers(0, 8, 16))
    assert found.total(T0 + HOUR // 4, T0 + HOUR + HOUR // 2) == 10
    assert found.total(T0 - HOUR, T0) == 0


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 400), min_size=2, max_size=40),
    st.integers(0, 9999),
    st.lists(st.integers(0, 38), max_size=3, unique=True),
)
def test_roll_over_and_replacement_never_change_the_sum(steps: list[int], first: int, at: list[int]) -> None:
    size = Decimal(10_000)
    meter = Meter("m", "water", "m³", capacity=size, rated=Decimal(400))
    readings, swaps, stand = [Reading(T0, Decimal(first))], [], Decimal(first)
    for i, step in enumerate(steps):
        stand = (stand + step) % size
        time = T0 + (i + 1) * HOUR
        if i in at:
            swaps.append(Swap(time, stand, Decimal(77)))
            stand = Decimal(77)
        readings.append(Reading(time, stand))
    found = consumption(meter, readings, swaps)
    assert found.total() == sum(steps)
    assert found.doubts == ()


def test_what_is_no_meter_or_number() -> None:
    with pytest.raises(InputError, match="above 0"):
        Meter("m", "water", "m³", capacity=Decimal(0))
    with pytest.raises(InputError, match="share"):
        Meter("m", "water", "m³", error=1.5)
    with pytest.raises(InputError, match="not a number"):
        exact("nan")
    with pytest.raises(UnitError):
        in_unit(Decimal(1), "kWh", "kg")


def test_tables_of_meters_and_swaps_may_have_decimal_commas(tmp_path: Path) -> None:
    swaps, meters = tmp_path / "s.csv", tmp_path / "m.csv"
    swaps.write_text("meter;time;last;first\nm;2026-01-01 00:00;1234,5;0,5\n", "utf-8")
    (one,) = read_swaps(swaps)["m"]
    assert (one.last, one.first) == (Decimal("1234.5"), Decimal("0.5"))
    meters.write_text("id;medium;unit;rated;error\nm;electricity;kWh;12,5;0,01\n", "utf-8")
    (meter,) = read_meters(meters)
    assert (meter.rated, meter.error) == (Decimal("12.5"), 0.01)
    swaps.write_text("meter,time,last\nm,2026-01-01 00:00,full\n", "utf-8")
    with pytest.raises(InputError, match=r"s\.csv:2"):
        read_swaps(swaps)


def test_numbers_beyond_all_measure_are_left_out(tmp_path: Path) -> None:
    table = tmp_path / "r.csv"
    rows = ["1,0", "1e999999,0", "2,inf", "3,0"]
    table.write_text("time,register,quality\n" + "".join(f"2026-01-01 0{at}:00,{row}\n" for at, row in enumerate(rows)))
    found, excluded = read_readings(table)
    assert [one.register for one in found["r"]] == [1, 3]
    assert len(excluded) == 2


@pytest.mark.parametrize("read", ["512", "3"])
def test_a_meter_replaced_at_the_moment_of_a_reading(read: str) -> None:
    """512 is the old meter's last word, 3 the new one's first: 12 before it and 10 after it, either way."""
    found = consumption(KWH, registers("500", read, "13"), [Swap(T0 + HOUR, Decimal(512), Decimal(3))])
    assert ([spell.amount for spell in found.spells], found.doubts) == ([12, 10], ())
