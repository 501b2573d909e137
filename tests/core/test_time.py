"""Time: exact to the microsecond, refused where the zone is not known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from luban.core.errors import InputError
from luban.core.time import DAY, HOUR, from_datetime, iso, now, parse_duration, parse_time, to_datetime

SHANGHAI = ZoneInfo("Asia/Shanghai")


# Second counts as POSIX and `date +%s` give them.
@pytest.mark.parametrize(
    ("text", "micros"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2001-09-09T01:46:40Z", 1_000_000_000_000_000),
        ("2038-01-19T03:14:07+00:00", 2_147_483_647_000_000),
        ("1969-12-31T23:59:59.999999Z", -1),
        ("2022-08-08T13:51:34.7167146Z", 1659966694716714),  # OPC UA gives 100 ns: cut, not rounded
        ("2026-11-24T06:30:00+08:00", 1795473000000000),
        (" 2026-11-24T06:30+08:00 ", 1795473000000000),
    ],
)
def test_parse(text, micros):
    assert parse_time(text) == micros


def test_wall_clock_needs_a_zone():
    with pytest.raises(InputError, match="without a zone"):
        parse_time("2026-11-24T06:30:00")
    assert parse_time("2026-11-24T06:30:00", SHANGHAI) == parse_time("2026-11-23T22:30:00Z")
    assert parse_time("2026-11-24T06:30:00Z", SHANGHAI) == parse_time("2026-11-24T06:30:00Z")


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01T00:00:00Z", "24.11.2026 06:30", "1795473000"])
def test_no_time(text):
    with pytest.raises(InputError):
        parse_time(text)


@given(st.integers(-(10**15), 4 * 10**15))
def test_there_and_back(micros):
    assert parse_time(iso(micros)) == micros
    assert parse_time(iso(micros, SHANGHAI)) == micros
    assert from_datetime(to_datetime(micros, SHANGHAI)) == micros


@pytest.mark.parametrize(
    ("text", "micros"),
    [
        ("250ms", 250_000),
        ("90 s", 90_000_000),
        ("1h 30min", 90 * 60 * 10**6),
        ("2d", 2 * DAY),
        ("0.5h", HOUR // 2),
        ("7us", 7),
    ],
)
def test_duration(text, micros):
    assert parse_duration(text) == micros


@pytest.mark.parametrize("text", ["", "soon", "10", "10 minutes", "5m", "-3s", "1h and 2min"])
def test_no_duration(text):
    with pytest.raises(InputError):
        parse_duration(text)


def test_now_is_now():
    assert abs(now() - from_datetime(datetime.now(UTC))) < timedelta(seconds=5).total_seconds() * 10**6
