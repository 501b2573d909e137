from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from luban.core.errors import InputError
from luban.core.time import DAY, HOUR
from luban.understand.health.machine import (
    Examiner,
    Limit,
    MachineWatch,
    Readings,
    examine,
    fit_watch,
    last_time,
    past_lives,
    usual_good,
)
from luban.understand.health.machine.words import NEVER_SEEN
from tests.understand.health.machine.machines import CHANNELS, START, STEP, lathe


def changed(readings: Readings, channel: str, rows: slice, by: object) -> Readings:
    values = readings.values.copy()
    values[rows, CHANNELS.index(channel)] += by
    return replace(readings, values=values)


@pytest.mark.parametrize("named", [True, False])
def test_a_product_change_is_no_anomaly(named: bool):
    health = examine(lathe(named=named))
    assert health.findings == ()
    assert health.state == "in order"
    assert health.learned is not None
    assert sorted(count for _, count in health.learned.regimes) == [180, 220]


def test_without_regimes_named_or_found_a_new_product_would_be_one():
    readings = lathe(600, turn=600)
    other = replace(readings, values=readings.values + np.where(np.arange(600) >= 300, 25.0, 0.0)[:, None])
    assert examine(replace(other, regimes=("A",) * 600), good=200).state == "unusual"


@pytest.mark.parametrize("channel", CHANNELS)
def test_what_is_unusual_is_found_and_its_channel_named_first(channel: str):
    size = {"load": 12.0, "temperature": 5.0, "vibration": 1.0}[channel]
    health = examine(changed(lathe(), channel, slice(900, 960), size))
    assert len(health.findings) == 1
    found = health.findings[0]
    assert 900 <= found.first <= 905
    assert not found.open
    assert found.end == START + found.last * STEP
    assert found.strength > 1
    assert found.parts[0][0] == channel
    assert health.open is None


def test_a_finding_that_lasts_is_open():
    health = examine(changed(lathe(), "vibration", slice(1000, None), np.linspace(0, 2, 200)))
    assert health.state == "unusual"
    assert health.open is not None
    assert health.open.parts[0][0] == "vibration"
    assert health.as_dict()["findings"][-1]["end"] is None


def test_false_alarms_keep_to_what_is_stated_on_normal_noise():
    alarms = rows = 0
    for seed in range(10):
        random = np.random.default_rng(seed)
        noise, mix = random.normal(0, 1, (2300, 4)), random.normal(0, 1, (4, 4))
        values = np.zeros((2300, 4))
        for at in range(1, 2300):
            values[at] = 0.6 * values[at - 1] + noise[at]
        time = START + np.arange(2300, dtype=np.int64) * STEP
        made = Readings("m", time, np.arange(2300.0), tuple("abcd"), ("",) * 4, values @ mix, ("A",) * 2300)
        health = examine(made, good=300)
        assert health.learned is not None
        alarms += sum(one.rows for one in health.findings)
        rows += 2000
    assert alarms / rows <= 0.001


@given(st.lists(st.integers(1, 400), min_size=1, max_size=12))
@settings(max_examples=6, deadline=None)
def test_readings_as_they_come_say_what_all_at_once_say(sizes: list[int]):
    readings = changed(lathe(900, named=False), "vibration", slice(700, None), 0.8)
    readings = replace(readings, values=np.where(np.arange(900)[:, None] % 97 == 5, np.nan, readings.values))
    whole = examine(readings, good=300)
    parts = Examiner(300, named=True)
    at = 0
    for size in (*sizes, 900):
        parts.take(readings.rows(slice(at, at + size)))
        at += size
    told = parts.health()
    assert np.array_equal(told.strength, whole.strength, equal_nan=True)
    assert told.findings == whole.findings
    assert told.doubts == whole.doubts
    assert told.regimes == whole.regimes
    assert told.notes == whole.notes


def test_a_watch_goes_on_where_it_was_saved_to_the_bit():
    readings = lathe(900)
    alone = replace(readings, values=np.where(np.arange(900)[:, None] % [1, 1, 3] == 1, np.nan, readings.values))
    watch = fit_watch(alone.rows(slice(0, 300)))
    assert watch.learned.alone == ("vibration",)
    twin = MachineWatch.restore(watch.save())
    whole = watch.run(alone)
    first = twin.run(alone.rows(slice(0, 431)))
    second = MachineWatch.restore(twin.save()).run(alone.rows(slice(431, None)))
    assert np.array_equal(np.concatenate([first.strength, second.strength]), whole.strength, equal_nan=True)
    assert first.kinds + second.kinds == whole.kinds


def test_what_was_learned_alone_is_enough_to_judge_all_rows_again():
    readings = changed(lathe(), "vibration", slice(1000, None), 0.8)
    whole = Examiner(300)
    whole.take(readings)
    assert whole.watch is not None
    again = Examiner(300, model=whole.watch.save(stream=False))
    again.take(readings)
    assert again.health().findings == whole.health().findings
    with pytest.raises(InputError, match="not the state of a watched machine"):
        MachineWatch.restore(b"nothing")


def test_a_regime_never_seen_has_no_verdict():
    readings = lathe()
    labels = (*readings.regimes[:1100], *("C",) * 100) if readings.regimes else ()
    health = examine(replace(readings, regimes=labels))
    assert np.isnan(health.strength[1100:]).all()
    assert any("100 readings are in a regime never seen" in note for note in health.notes)
    assert NEVER_SEEN


def test_a_regime_with_few_good_rows_has_no_verdict_and_the_others_have():
    readings = lathe()
    assert readings.regimes is not None
    labels = ("C",) * 29 + readings.regimes[29:]
    late = (*labels[:1100], *("C",) * 100)
    health = examine(replace(readings, regimes=late))
    assert np.isnan(health.strength[1100:]).all()
    assert np.isfinite(health.strength[100:1100]).all()
    assert any(note.startswith("129 readings are in a regime with too few") or "too few good readings" in note
               for note in health.notes)  # fmt: skip


def test_names_that_change_with_every_piece_are_passed_over():
    readings = lathe()
    health = examine(replace(readings, regimes=tuple(f"lot {row // 20}" for row in range(1200))))
    assert health.learned is not None
    assert [name for name, _ in health.learned.regimes] == ["A", "B"]
    assert any(note.startswith("Fewer than 30 good readings in most named regimes") for note in health.notes)
    assert health.findings == ()


@pytest.mark.parametrize(("rows", "told"), [(1, 0), (12, 1)])
def test_a_blip_is_no_finding(rows: int, told: int):
    assert len(examine(changed(lathe(), "vibration", slice(900, 900 + rows), 0.7)).findings) == told


def test_a_counter_is_watched_by_its_rise():
    readings = lathe()
    energy = np.cumsum(readings.values[:, 0] * 0.02)
    values = np.column_stack([readings.values, energy])
    both = replace(readings, channels=(*CHANNELS, "energy"), units=("%", "°C", "mm/s", "kWh"), values=values)
    health = examine(both)
    assert health.learned is not None
    assert health.learned.counters == ("energy",)
    assert health.findings == ()
    wasted = values.copy()
    wasted[900:, 3] += np.cumsum(np.full(300, 0.4))
    assert examine(replace(both, values=wasted)).open is not None


def test_rows_out_of_operation_are_not_judged():
    readings = changed(lathe(), "load", slice(600, 700), -40.0)
    stood = np.ones(1200, np.bool_)
    stood[600:700] = False
    health = examine(replace(readings, usable=stood))
    assert health.findings == ()
    assert np.isnan(health.strength[600:700]).all()


# ---------------------------------------------------------------- bad input


def kinds(health: object) -> dict[str, list[str]]:
    told: dict[str, list[str]] = {}
    for one in health.doubts:  # type: ignore[attr-defined]
        told.setdefault(one.kind, []).append(one.channel)
    return told


def test_bad_data_are_said_and_the_rest_goes_on():
    readings = lathe(turn=1200)
    values, time = readings.values.copy(), readings.time.copy()
    constant = np.full(1200, 7.0)
    gone = np.full(1200, np.nan)
    values[800:, 1] *= 1000
    time[600:] += 3 * HOUR
    time[1000:] -= 5 * HOUR
    values = np.column_stack([values, constant, gone])
    values[1100:, 0] = np.nan
    bad = replace(readings, time=time, values=values, channels=(*CHANNELS, "flow", "speed"), units=("",) * 5,
                  regimes=None)  # fmt: skip
    health = examine(bad)
    told = kinds(health)
    assert told["constant"] == ["flow"]
    assert told["missing"] == ["speed"]
    assert told["gap"] == [""]
    assert told["clock set back"] == [""]
    assert told["unit changed"] == ["temperature"]
    assert told["silent"] == ["load"]
    assert any("temperature changes its unit" in note for note in health.notes)
    assert not any(name == "temperature" for one in health.findings for name, share in one.parts[:1] if share > 0.5)
    assert np.isfinite(health.strength).any()


def test_too_few_readings_say_how_many_are_needed():
    health = examine(lathe(80))
    assert health.state == "learning"
    assert health.reason == "not enough data: 80 readings in operation, 100 are needed to learn what is usual"
    flat = lathe(400)
    still = examine(replace(flat, values=np.zeros_like(flat.values)))
    assert still.reason == "no channel of numbers varies: nothing can be watched"


def test_one_channel_is_watched_by_itself():
    readings = lathe(4000)
    one = replace(readings, channels=("vibration",), units=("mm/s",), values=readings.values[:, 2:].copy())
    one.values[3600:3640] += 3.0
    health = examine(one, good=1000)
    assert health.learned is not None
    assert health.learned.alone == ("vibration",)
    assert health.learned.false_rows == 0
    assert any(3600 <= found.first <= 3640 for found in health.findings)
    assert len(health.findings) <= 3


# ---------------------------------------------------------------- wear and last time


def test_a_drift_tells_the_life_that_is_left():
    kept = 0
    for seed in range(12):
        readings = lathe(1200, seed)
        worn = changed(readings, "vibration", slice(None), readings.age * 0.02)
        wear = examine(worn, limits=[Limit("vibration", 5.5)]).wear[0]
        truth = (5.5 - (1.4 + 0.7 + 100 * 0.02)) / 0.02  # as product B, the higher one, at 100 h
        assert wear.life.life == pytest.approx(truth, rel=0.25)
        assert wear.life.low is not None
        kept += wear.life.low <= truth and (wear.life.high is None or truth <= wear.life.high)
    assert kept >= 10


def test_a_drift_that_began_late_is_told_from_where_it_began():
    ramp = np.linspace(0, 2, 350)
    health = examine(changed(lathe(), "vibration", slice(850, None), ramp), limits=[Limit("vibration", 6.0)])
    wear = health.wear[0]
    assert wear.since_unusual
    truth = (6.0 - 4.1) / (2 / (350 * 5 / 60))
    assert wear.life.low is not None
    assert wear.life.low <= truth <= (wear.life.high or np.inf)


def test_no_trend_is_no_life_and_passed_is_none_left():
    steady = examine(lathe(), limits=[Limit("vibration", 5.0)])
    assert steady.shortest is None
    assert "no trend" in steady.wear[0].life.reason
    worn = changed(lathe(), "vibration", slice(None), np.linspace(0, 3, 1200))
    assert examine(worn, limits=[Limit("vibration", 4.0)]).state == "worn"
    with pytest.raises(InputError, match="a limit needs a channel"):
        examine(lathe(), limits=[Limit("pressure", 2.0)])


def test_a_limit_says_on_which_side_it_is_worn():
    """Above the limit from the first row on, and rising: worn, and not on its way down to it."""
    worn = changed(lathe(), "vibration", slice(None), 4.0 + np.linspace(0, 1, 1200))
    health = examine(worn, limits=[Limit("vibration", 4.0, condition="high")])
    assert health.state == "worn"
    assert health.wear[0].life.life == 0.0
    thin = changed(lathe(), "vibration", slice(None), np.linspace(0, -1, 1200))
    told = examine(thin, limits=[Limit("vibration", 5.0, condition="low")])
    assert told.state == "worn"
    assert examine(lathe(), limits=[Limit("vibration", 5.0, condition="high")]).state == "in order"
    # a low limit is reached first by the product with the lowest level
    lowest, highest = (
        examine(thin, limits=[Limit("vibration", level, condition=on)]).wear[0].life.level
        for level, on in ((0.2, "low"), (9.0, "high"))
    )
    assert lowest is not None
    assert highest is not None
    assert highest - lowest == pytest.approx(0.30, abs=0.06)  # 30 % more load


def test_wear_begins_anew_after_a_repair():
    readings = lathe(1200)
    ramp = np.concatenate([np.linspace(0, 3, 600), np.linspace(0, 1.5, 600)])
    worn = Examiner(100)
    worn.take(changed(readings, "vibration", slice(None), ramp))
    limits = [Limit("vibration", 5.5)]
    failed, over = int(readings.time[600]), int(readings.time[605])
    lives = past_lives(worn, limits, [(failed, over)])
    assert len(lives["vibration"]) == 1
    assert lives["vibration"][0][0].max() <= readings.age[600]
    wear = worn.health(limits, lives, since=over).wear[0]
    truth = (5.5 - 3.6) / (1.5 / 50)
    assert wear.life.others == 1
    assert wear.life.life == pytest.approx(truth, rel=0.3)


def test_the_days_before_the_last_failure_lie_over_the_present_ones():
    readings = lathe(4000)
    ramp = np.zeros(4000)
    ramp[1000:2000], ramp[3000:] = np.linspace(0, 3, 1000), np.linspace(0, 2, 1000)
    worn = changed(readings, "vibration", slice(None), ramp)
    failed, now = int(readings.time[2000]), int(readings.time[-1]) + STEP
    told = last_time(worn, [failed, failed - 40 * DAY], now)
    assert told is not None
    assert told.failure == failed
    assert told.hours[0] == pytest.approx(-min(2000 * 5 / 60, 7 * 24), rel=0.01)
    at = told.channels.index("vibration")
    # a linear rise: the last of 120 stretches ends near its top, and now it is one lower
    assert told.then[-1, at] - told.now[-1, at] == pytest.approx(1.0, abs=0.35)
    assert told.apart[at] < -0.5
    assert abs(told.apart[told.channels.index("load")]) < 0.5
    assert last_time(worn, [], now) is None
    assert last_time(worn, [int(readings.time[3])], now) is None


def test_a_third_is_taken_as_good():
    assert [usual_good(n) for n in (10, 300, 600, 90_000)] == [100, 100, 200, 3000]
