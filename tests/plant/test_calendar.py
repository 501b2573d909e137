"""Shifts in wall-clock time across nights, closed days and clock changes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings, strategies as st

from luban.core.errors import InputError
from luban.core.time import HOUR, MINUTE, from_datetime, iso, parse_time
from luban.plant.calendar import (
    Calendar,
    ExtraShift,
    ShiftPattern,
    instant,
    parse_clock,
    parse_closed,
    parse_days,
    span,
)

BERLIN = ZoneInfo("Europe/Berlin")
SHANGHAI = ZoneInfo("Asia/Shanghai")
EVERY_DAY = frozenset(range(7))


def pattern(name: str, start: str, end: str, days: str = "Mon-Sun", *breaks: tuple[str, str]) -> ShiftPattern:
    first, last = span(start, end)
    return ShiftPattern(name, first, last, tuple(span(*b, first) for b in breaks), parse_days(days))


def shifts(calendar: Calendar, zone: ZoneInfo, start: str, end: str):
    return calendar.shifts(zone, parse_time(start, zone), parse_time(end, zone))


NIGHT = Calendar("c", (pattern("night", "22:00", "06:00"),), (), ())


# Clock changes of 2026 as published: EU on 29 March and 25 October at 01:00 UTC, US on 8 March and 1 November at 02:00.
@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", "2026-03-28", 7),
        ("Europe/Berlin", "2026-10-24", 9),
        ("Europe/Berlin", "2026-06-01", 8),
        ("America/Chicago", "2026-03-07", 7),
        ("America/Chicago", "2026-10-31", 9),
        ("Australia/Lord_Howe", "2026-04-04", 8.5),  # clocks change by half an hour
        ("Asia/Shanghai", "2026-03-28", 8),
    ],
)
def test_night_shift_when_clocks_change(zone, day, hours):
    zone = ZoneInfo(zone)
    (shift,) = NIGHT.shifts(zone, parse_time(f"{day}T22:00", zone), parse_time(f"{day}T23:00", zone))
    assert shift.day == date.fromisoformat(day)
    assert shift.end - shift.start == hours * HOUR
    assert iso(shift.start, zone).startswith(f"{day}T22:00")
    assert "T06:00" in iso(shift.end, zone)


def test_a_time_that_never_happens_is_the_first_instant_that_does():
    assert iso(instant(date(2026, 3, 29), 2 * 60 + 30, BERLIN), BERLIN) == "2026-03-29T03:00:00+02:00"


def test_a_time_that_happens_twice_is_the_first():
    assert iso(instant(date(2026, 10, 25), 2 * 60 + 30, BERLIN), BERLIN) == "2026-10-25T02:30:00+02:00"


def test_a_shift_within_the_skipped_hour_vanishes():
    short = Calendar("c", (pattern("short", "02:10", "02:50"),), (), ())
    assert [s.day.day for s in shifts(short, BERLIN, "2026-03-28T00:00", "2026-03-31T00:00")] == [28, 30]


@given(
    st.sampled_from(["Europe/Berlin", "America/Chicago", "Australia/Lord_Howe", "America/Santiago", "Asia/Shanghai"]),
    st.lists(st.integers(0, 1439), min_size=2, max_size=6, unique=True),
    st.integers(0, 700),
)
@settings(max_examples=60, deadline=None)
def test_shifts_that_tile_the_clock_tile_time(zone, cuts, offset):
    """However the day is cut, every instant lies in exactly one shift, clock changes included."""
    cuts = sorted(cuts)
    ends = [*cuts[1:], cuts[0] + 1440]
    patterns = tuple(ShiftPattern(str(n), s, e, (), EVERY_DAY) for n, (s, e) in enumerate(zip(cuts, ends, strict=True)))
    begin = from_datetime(datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=offset))
    found = Calendar("c", patterns, (), ()).shifts(ZoneInfo(zone), begin, begin + 4 * 24 * HOUR)
    assert found[0].start <= begin
    assert found[-1].end >= begin + 4 * 24 * HOUR
    assert all(a.end == b.start for a, b in pairwise(found))


def test_shifts_that_meet_the_window_come_whole():
    found = shifts(NIGHT, SHANGHAI, "2026-11-24T05:00", "2026-11-24T23:00")
    assert [(s.day.day, iso(s.start, SHANGHAI)[11:16]) for s in found] == [(23, "22:00"), (24, "22:00")]
    assert shifts(NIGHT, SHANGHAI, "2026-11-24T06:00", "2026-11-24T22:00") == []


def test_weekdays_and_closed_days_go_by_the_day_a_shift_starts():
    calendar = Calendar(
        "c", (pattern("night", "22:00", "06:00", "Mon-Fri"),), (parse_closed("2026-10-01/2026-10-07"),), ()
    )
    found = shifts(calendar, SHANGHAI, "2026-09-28T00:00", "2026-10-10T00:00")
    assert [s.day.day for s in found] == [28, 29, 30, 8, 9]


def test_extra_shift_on_a_closed_day():
    extra = ExtraShift(date(2026, 10, 1), pattern("overtime", "06:30", "12:30"))
    calendar = Calendar("c", (pattern("early", "06:30", "14:30"),), (parse_closed("2026-10-01"),), (extra,))
    assert [s.name for s in shifts(calendar, SHANGHAI, "2026-10-01T00:00", "2026-10-02T00:00")] == ["overtime"]


def test_breaks_after_midnight():
    calendar = Calendar(
        "c", (pattern("night", "22:00", "06:00", "Mon-Sun", ("01:00", "01:30"), ("23:00", "23:10")),), (), ()
    )
    shift = shifts(calendar, SHANGHAI, "2026-11-24T23:00", "2026-11-24T23:30")[0]
    assert [iso(start, SHANGHAI)[8:16] for start, _ in shift.breaks] == ["25T01:00", "24T23:00"]
    assert shift.planned == 8 * HOUR - 40 * MINUTE


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("Mon-Fri", {0, 1, 2, 3, 4}),
        ("Sat", {5}),
        ("Mon,Wed", {0, 2}),
        ("Fri-Mon", {4, 5, 6, 0}),
        ("monday, sunday", {0, 6}),
    ],
)
def test_weekdays(text, days):
    assert parse_days(text) == days


@pytest.mark.parametrize("text", ["", "Mo-Fr", "Mon-Wed-Fri", "every day", "1-5"])
def test_no_weekdays(text):
    with pytest.raises(InputError):
        parse_days(text)


@pytest.mark.parametrize("text", ["6.30", "25:00", "24:01", "06:60", "", "6"])
def test_no_time_of_day(text):
    with pytest.raises(InputError):
        parse_clock(text)


def test_times_of_day():
    assert [parse_clock(text) for text in ("6:30", "06:30", "24:00", "06:30:00")] == [390, 390, 1440, 390]
    assert span("22:00", "06:00") == (1320, 1800)
    assert span("06:00", "06:00") == (360, 1800)
    assert span("00:00", "24:00") == (0, 1440)
