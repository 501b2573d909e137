"""Measures of a log: by hand, and against counting everything one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from luban.core.errors import InputError
from luban.core.time import DAY, HOUR, MINUTE, SECOND
from luban.understand.health.alarms import AlarmLog, AlarmStatistics, Standards, alarm_statistics
from luban.understand.health.alarms.log import log_rows
from luban.understand.quality.data import NO_TIME


def log_at(times: list[int], names: list[int] | None = None, **more: object) -> AlarmLog:
    which = names or [0] * len(times)
    rows = [[at, time, NO_TIME, NO_TIME, -1] for at, time in zip(which, times, strict=True)]
    return log_rows([f"a{at}" for at in range(max(which) + 1)], rows, **{"returns": False, **more})  # type: ignore[arg-type]


def measure(made: AlarmStatistics, name: str) -> tuple[float | None, str]:
    one = next(one for one in made.measures if one.name.startswith(name))
    return one.value, one.verdict


def test_rates_are_per_position_and_judged_by_the_bands() -> None:
    log = log_at([at * DAY // 240 for at in range(480)], start=0, end=2 * DAY)
    one, two = alarm_statistics(log), alarm_statistics(log, positions=2)
    assert measure(one, "alarms per day") == (240.0, "manageable")
    assert measure(two, "alarms per day") == (120.0, "acceptable")
    assert measure(one, "alarms per hour") == (10.0, "manageable")
    assert measure(one, "alarms per 10 min")[0] == pytest.approx(10 / 6)
    assert one.hours.tolist() == [10] * 48


def test_a_flood_begins_above_ten_and_ends_below_five() -> None:
    # 20 alarms, one every 30 s from 1 h on; then silence. The 11th comes at 1 h + 300 s; the window holds fewer than
    # 5 once the 16th (1 h + 450 s) has left it, 10 min later
    times = [HOUR + at * 30 * SECOND for at in range(20)]
    made = alarm_statistics(log_at(times, [at % 3 for at in range(20)], start=0, end=10 * HOUR))
    (flood,) = made.floods
    assert (flood.start, flood.end) == (HOUR + 300 * SECOND, HOUR + 450 * SECOND + 10 * MINUTE)
    assert (flood.count, flood.peak, flood.first, flood.most) == (20, 20, "a0", "a0")
    assert measure(made, "most alarms") == (20.0, "missed")
    assert measure(made, "time in flood")[0] == pytest.approx(100 * 750 / 36_000)
    assert measure(made, "10-minute periods")[0] == pytest.approx(100 / 60)


def test_ten_in_ten_minutes_are_no_flood() -> None:
    assert alarm_statistics(log_at([at * MINUTE for at in range(60)], end=2 * HOUR)).floods == ()


def test_chattering_fleeting_and_stale() -> None:
    rows = [
        *([0, at * 20 * SECOND, at * 20 * SECOND + SECOND, NO_TIME, 1] for at in range(4)),  # chatters
        [1, HOUR, HOUR + 5 * SECOND, HOUR + SECOND, 3],  # fleeting
        [2, 2 * HOUR, 2 * HOUR + 30 * MINUTE, 2 * HOUR + MINUTE, 3],
        [3, 3 * HOUR, NO_TIME, NO_TIME, 3],  # stands
    ]
    made = alarm_statistics(log_rows(["c", "f", "n", "s"], rows, start=0, end=3 * DAY))
    by_name = {one.name: one for one in made.alarms}
    assert (by_name["c"].chatters, by_name["c"].fleeting) == (4, 0)
    assert (by_name["f"].chatters, by_name["f"].fleeting) == (0, 1)
    assert by_name["n"].median_s == 1800.0
    assert by_name["s"].standing_since == 3 * HOUR
    assert made.stale == (("s", 3 * HOUR, None),)
    assert measure(made, "alarms that chatter") == (1.0, "missed")
    assert measure(made, "stale alarms") == (1.0, "met")
    assert made.seen_s is not None
    assert made.seen_s[0] == pytest.approx(30.5)
    assert made.unseen == 5
    assert made.priorities == {"critical": 0, "high": 4, "medium": 0, "low": 3, "": 0}
    assert measure(made, "share of priority high") == (None, "")  # of 7 alarms it says nothing


def test_shares_of_priorities_against_what_is_usual() -> None:
    rows = [[0, at * HOUR, NO_TIME, NO_TIME, 1 if at < 8 else 2 if at < 18 else 3] for at in range(100)]
    made = alarm_statistics(log_rows(["a"], rows))
    assert measure(made, "share of priority critical") == (0.0, "acceptable")
    assert measure(made, "share of priority high") == (8.0, "manageable")
    assert measure(made, "share of priority medium") == (18.0, "acceptable")


def test_what_the_log_does_not_say_is_not_claimed() -> None:
    made = alarm_statistics(log_at([0, 1, 2]))
    assert measure(made, "alarms per day") == (None, "")
    assert measure(made, "stale alarms") == (None, "")
    assert measure(made, "share of priority high") == (None, "")
    assert made.seen_s is None
    assert any("30 days" in note for note in made.notes)


def test_no_alarm_or_no_operator_is_refused() -> None:
    with pytest.raises(InputError, match="no alarm"):
        alarm_statistics(log_rows([], []))
    with pytest.raises(InputError, match="position"):
        alarm_statistics(log_at([0]), positions=0)
    with pytest.raises(InputError):
        Standards(repeats=1)


@given(st.lists(st.tuples(st.integers(0, 70), st.integers(0, 3)), min_size=1, max_size=120))
@settings(max_examples=60, deadline=None)
def test_floods_and_chattering_as_counted_one_by_one(steps: list[tuple[int, int]]) -> None:
    times = (np.cumsum([gap for gap, _ in steps]) * SECOND).tolist()
    which = [at for _, at in steps]
    end = times[-1] + HOUR
    made = alarm_statistics(log_at(times, which, start=0, end=end))
    chatters = [
        any(
            sum(w == own and begin <= t <= begin + MINUTE for t, w in zip(times, which, strict=True)) >= 3
            and begin <= time <= begin + MINUTE
            for begin, w in zip(times, which, strict=True)
            if w == own
        )
        for time, own in zip(times, which, strict=True)
    ]
    assert sum(one.chatters for one in made.alarms) == sum(chatters)
    inside, spans, peak = None, [], 0
    for now in range(times[0], end + 1, SECOND):
        count = sum(now - 10 * MINUTE < time <= now for time in times)
        peak = max(peak, count)
        if inside is None and count > 10:
            inside = now
        elif inside is not None and count < 5:
            spans.append((inside, now))
            inside = None
    if inside is not None:
        spans.append((inside, end))
    assert [(one.start, one.end) for one in made.floods] == spans
    assert measure(made, "most alarms")[0] == peak
