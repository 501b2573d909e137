"""One watched signal: what it finds, what it leaves alone, what it says of bad data; one by one as many at a time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from luban.core.errors import InputError
from luban.understand.health.anomaly import SENTENCES, Rule, SignalWatch, Watched, interval_of

HOURLY = Rule(interval=3600.0)
HOUR = 3_600_000_000


def wave(count: int = 2400, seed: int = 3) -> np.ndarray:
    """A daily wave of 24 points with noise."""
    random = np.random.default_rng(seed)
    return 10 * np.sin(np.arange(count) * 2 * np.pi / 24) + random.normal(0, 0.5, count)


def watched(values: np.ndarray, rule: Rule = HOURLY) -> Watched:
    return SignalWatch(rule).run(values, np.arange(len(values)) * HOUR)


def test_a_spike_is_found_at_once_and_named() -> None:
    values = wave()
    values[1500] = 25
    told = watched(values)
    found = [alarm for alarm in told.alarms if alarm.at == 1500]
    assert [alarm.kind for alarm in found] == ["value"]
    assert found[0].rarity > HOURLY.threshold
    assert found[0].value == 25
    assert not [alarm for alarm in watched(wave()).alarms if alarm.at == 1500]


def test_a_day_without_its_wave_is_found_though_every_value_is_usual() -> None:
    values = wave()
    values[1512:1560] = np.random.default_rng(5).normal(0, 0.5, 48)  # two days flat, within the usual range
    kinds = {alarm.kind for alarm in watched(values).alarms if 1512 <= alarm.at < 1584}
    assert kinds & {"rhythm", "shape"}


def test_a_step_is_found_and_what_was_learned_is_on_record() -> None:
    values = wave()
    values[1500:] += 40
    told = watched(values)
    assert 1500 in [alarm.at for alarm in told.alarms]
    learned = [one for one in told.adaptations if one.alarm == 1500]
    assert [one.kind for one in learned] == ["new level"]
    assert learned[0].at == 1500 + HOURLY.refractory - 1
    assert learned[0].after - learned[0].before == pytest.approx(40, abs=3)
    later = [alarm for alarm in told.alarms if alarm.at > 1700]
    assert len(later) <= 1, "the new level is normal once it is on record"


def test_no_alarm_in_the_warm_up_nor_within_the_refractory() -> None:
    values = wave()
    values[[200, 400, 1500, 1560, 1640]] = [90, 200, 500, 900, 1500]
    at = [alarm.at for alarm in watched(values).alarms]
    assert min(at) >= HOURLY.warmup
    assert min(np.diff(at), default=HOURLY.refractory) >= HOURLY.refractory
    assert 1500 in at
    assert 1560 not in at


@pytest.mark.parametrize(("kind", "stated"), [("normal", 1833), ("walk", 1215), ("poisson", 2625)])
def test_alarms_on_noise_are_as_often_as_stated(kind: str, stated: float) -> None:
    """Within three standard errors of a count, at the rate of the documentation for threshold 2.5."""
    random = np.random.default_rng(21)
    rule = Rule(interval=300.0, every=1981.0)
    draw = {
        "normal": lambda: random.normal(size=20_000),
        "walk": lambda: np.cumsum(random.normal(size=20_000)),
        "poisson": lambda: random.poisson(3, 20_000).astype(float),
    }[kind]
    count = sum(len(SignalWatch(rule).run(draw()).alarms) for _ in range(4))
    expected = 4 * (20_000 - rule.warmup) / stated
    assert abs(count - expected) < 3 * np.sqrt(2 * expected)


def test_one_by_one_through_a_save_is_the_same_to_the_bit() -> None:
    values = wave(1800, 9)
    values[[1000, 1200]] = [40, np.nan]
    time = np.arange(1800) * HOUR
    whole = watched(values)
    watch, told = SignalWatch(HOURLY), []
    for at in range(1800):
        if at in (10, 1001, 1100):
            watch = SignalWatch.restore(watch.save())
        told.append(watch.update(values[at], int(time[at])))
    assert np.array_equal([one.rarity[0] for one in told], whole.rarity, equal_nan=True)
    assert tuple(alarm for one in told for alarm in one.alarms) == whole.alarms
    assert tuple(step for one in told for step in one.adaptations) == whole.adaptations
    assert tuple(note for one in told for note in one.notes) == whole.notes
    assert sum(one.used for one in told) == whole.used == 1799
    assert [one.excluded[0] for one in told if one.excluded] == list(whole.excluded)


@settings(max_examples=10, deadline=None)
@given(power=st.integers(-20, 20), split=st.integers(1, 1499))
def test_the_unit_does_not_matter_nor_where_the_stream_is_cut(power: int, split: int) -> None:
    values = wave(1500, 4)
    values[1200] = 33
    whole = watched(values)
    scaled = watched(values * 2.0**power)
    assert [alarm.at for alarm in scaled.alarms] == [alarm.at for alarm in whole.alarms]
    assert np.array_equal(scaled.rarity, whole.rarity)
    watch = SignalWatch(HOURLY)
    parts = [watch.run(part, np.arange(first, first + len(part)) * HOUR) for first, part in
             ((0, values[:split]), (split, values[split:]))]  # fmt: skip
    assert parts[0].alarms + parts[1].alarms == whole.alarms


def test_bad_data_are_told_and_the_rest_goes_on() -> None:
    values = wave()
    values[100:105] = [np.nan, np.inf, -np.inf, 1e150, np.nan]
    time = np.arange(2400) * HOUR
    time[1000:] += 30 * HOUR  # a gap
    time[1500] = time[1499] - HOUR  # the clock was set back
    time[2000:] = time[1999] + np.arange(1, 401) * 600_000_000  # every ten minutes from now on
    told = SignalWatch(HOURLY).run(values, time)
    assert told.used == 2395
    assert [one.where for one in told.excluded] == ["101", "102", "103", "104", "105"]
    codes = [note.code for note in told.notes]
    assert codes.count("gap") == 1
    assert codes.count("clock set back") == 1
    assert codes.count("sampling changed") == 1
    assert all(note.text in SENTENCES for note in told.notes)


def test_one_wrong_time_stamp_does_not_end_the_rhythm() -> None:
    """The same alarms after it, as if the clock had been right."""
    values = wave()
    values[1800:1848] = np.random.default_rng(5).normal(0, 0.5, 48)
    time = np.arange(2400) * HOUR
    right = [alarm.at for alarm in SignalWatch(HOURLY).run(values, time).alarms if alarm.at > 1700]
    time[1000] = 4_000_000_000_000_000  # the year 2096
    told = SignalWatch(HOURLY).run(values, time)
    assert right
    assert [alarm.at for alarm in told.alarms if alarm.at > 1700] == right
    assert [note.code for note in told.notes] == ["gap", "clock set back"]


def test_a_constant_signal_is_told_once_and_its_first_move_is_an_alarm() -> None:
    watch = SignalWatch(Rule())
    told = watch.run(np.full(2000, 7.0))
    assert told.alarms == ()
    assert [note.code for note in told.notes] == ["constant"]
    assert watch.run(np.full(10, 7.0)).notes == ()
    assert [alarm.at for alarm in watch.run(np.array([7.1])).alarms] == [2010]


def test_more_than_the_memory_holds_and_large_values_leave_no_trace() -> None:
    """Sums of patterns that are kept for long must not lose digits."""
    rule = Rule(memory=300, pattern=8, history=400)
    random = np.random.default_rng(8)
    values = random.normal(size=3000)
    values[700] = 1e9
    calm = values.copy()
    calm[700] = 0.0
    after = [SignalWatch(rule).run(own).rarity[2300:] for own in (values, calm)]
    assert np.allclose(*after, atol=0.35)


@pytest.mark.parametrize(
    "bad", [{"every": 10.0}, {"warmup": 5}, {"refractory": 0}, {"interval": -1.0}, {"pattern": 2}, {"tail": 3}]
)
def test_a_rule_that_cannot_be_is_refused(bad: dict[str, float]) -> None:
    with pytest.raises(InputError, match="cannot be watched"):
        Rule(**bad)  # type: ignore[arg-type]


def test_what_is_no_state_and_what_does_not_fit_is_refused() -> None:
    with pytest.raises(InputError, match="not the state"):
        SignalWatch.restore(b"nothing")
    with pytest.raises(InputError, match="differ in number"):
        SignalWatch().run(np.zeros(3), np.zeros(2, np.int64))


def test_the_rate_per_day_follows_from_the_interval() -> None:
    assert Rule(interval=300.0).false_alarms_per_day == pytest.approx(288 / 2000)
    assert Rule().false_alarms_per_day is None
    assert interval_of(np.array([0, 60_000_000, 120_000_000])) == 60.0
    assert interval_of(np.array([5])) is None
    assert Rule(every=1981.0).threshold == pytest.approx(2.5)
