"""The baseline by the hour: against plain least squares with a column for each hour of the week, and its interval."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from scipy.signal import lfilter

from luban.core.errors import InputError
from luban.core.time import to_datetime
from luban.understand.energy.towt import clock_of, fit_hourly, part_hours
from luban.understand.energy.towt_savings import HourlySavings, hourly_savings
from luban.understand.quality.data import Floats, Ints

START = 1_641_168_000_000_000  # Monday 2022-01-03, midnight UTC
HOUR = 3_600_000_000


def hours(days: int) -> Ints:
    return START + HOUR * np.arange(24 * days, dtype=np.int64)


def shop(seed: int, days: int, year: int = 365) -> tuple[Ints, Floats, Floats]:
    """Hours, temperature and what is used without noise: more by day on weekdays, heating and cooling."""
    g = np.random.default_rng(seed)
    hour, day = np.arange(24 * days) % 24, np.arange(24 * days) // 24
    mean = 12 - 11 * np.cos(2 * np.pi * (np.arange(days) - 12) / year) + lfilter([1.5], [1, -0.7], g.normal(0, 1, days))
    warm = np.repeat(mean, 24) + 5 * np.sin(2 * np.pi * (hour - 9) / 24)
    busy = (day % 7 < 5) & (hour >= 7) & (hour < 19)
    heat, cool = np.maximum(12.8 - warm, 0), np.maximum(warm - 18.3, 0)
    return hours(days), warm, 100 + 120 * busy + np.where(busy, 6, 2.5) * heat + np.where(busy, 8, 1) * cool


def noisy(seed: int, days: int, rho: float, size: float) -> Floats:
    """Noise that goes together from day to day, and from hour to hour within."""
    g = np.random.default_rng(seed + 10_000)
    day = lfilter([np.sqrt(1 - rho * rho)], [1, -rho], g.normal(0, 1, days + 50))[50:]
    out: Floats = size * np.repeat(day, 24) + lfilter([0.6], [1, -0.8], g.normal(0, 8, 24 * days))
    return out


def measured(seed: int, *, rho: float, share: float = 0.1, days: int = 182) -> tuple[HourlySavings, float]:
    """Half the days for the baseline, half with the saving: found and true; a year of 91 days is short, but whole."""
    times, warm, true = shop(seed, days, days // 2)
    y = true + noisy(seed, days, rho, 6.0)
    before = np.arange(len(y)) < len(y) // 2
    y[~before] -= share * true[~before]
    baseline = fit_hourly(times[before], y[before], warm[before])
    found = hourly_savings(baseline, times[~before], y[~before], warm[~before])
    return found, share * float(true[~before].sum())


def test_what_bends_where_it_may_bend_is_found_exactly() -> None:
    times, warm, true = shop(1, 365)
    baseline = fit_hourly(times, true, warm)
    assert baseline.expected(times, warm) == pytest.approx(true, rel=1e-9)
    part = baseline.parts[0]
    busy = (np.arange(168) // 24 < 5) & (np.arange(168) % 24 >= 7) & (np.arange(168) % 24 < 19)
    assert (part.occupied == busy).all()
    assert {12.8, 18.3} <= set(part.bends[0]) & set(part.bends[1])
    assert baseline.r2 == pytest.approx(1)
    saved = hourly_savings(baseline, times, true - 5, warm)
    assert saved.savings.total == pytest.approx(5 * len(times), rel=1e-6)
    assert saved.by_hour == pytest.approx(np.full(168, 5.0))


@pytest.mark.parametrize("seasons", ["whole", "months"])
def test_it_is_least_squares_with_a_column_for_each_hour_of_the_week(seasons: str) -> None:
    times, warm, true = shop(2, 180)
    y = true + noisy(2, 180, 0.4, 6.0)
    pieces = np.random.default_rng(2).uniform(0, 9, len(y))
    baseline = fit_hourly(times, y + 3 * pieces, warm, drivers={"pieces": pieces}, seasons=seasons)
    clock = clock_of(times, ZoneInfo("UTC"))
    part = baseline.parts[0]
    weight = np.ones(len(y))
    if seasons == "months":
        weight = np.where(clock.month == 1, 1.0, np.where(np.isin(clock.month, (12, 2)), 0.5, 0.0))
    busy = part.occupied[clock.week]
    columns = [np.eye(168)[clock.week], pieces[:, None]]
    for flags, bends in ((~busy, part.bends[0]), (busy, part.bends[1])):
        columns.append(np.where(flags, warm, 0.0)[:, None])
        columns += [np.where(flags, np.maximum(warm - bend, 0), 0.0)[:, None] for bend in bends]
    x = np.hstack(columns)
    root = np.sqrt(weight)[:, None]
    beta = np.linalg.lstsq(x * root, (y + 3 * pieces) * root[:, 0], rcond=None)[0]
    own = part_hours(part, clock)
    assert baseline.expected(times, warm, {"pieces": pieces})[own] == pytest.approx((x @ beta)[own], rel=1e-7)
    assert part.slopes[-1] == pytest.approx(3, abs=0.2)
    assert len(baseline.parts) == (1 if seasons == "whole" else len(np.unique(clock.month)))


@pytest.mark.parametrize("seasons", ["whole", "months"])
def test_the_pull_of_a_day_is_what_moving_its_energy_does(seasons: str) -> None:
    """The error of a sum is worked out from how each day pulls at it: so does moving that day."""
    times, warm, true = shop(3, 120)
    y = true + noisy(3, 120, 0.4, 6.0)
    last = slice(24 * 90, None)
    first = slice(0, 24 * 90) if seasons == "whole" else slice(None)
    baseline = fit_hourly(times[first], y[first], warm[first], seasons=seasons, bends=(12.8,))
    clock = clock_of(times[last], ZoneInfo("UTC"))
    from luban.understand.energy.towt import terms_of

    x = [terms_of(p, clock.week, warm[last], np.zeros((len(clock.week), 0))) for p in baseline.parts]
    pull, _ = baseline.influence(clock, x, np.zeros(len(clock.week), np.int64), 1)
    for day in (3, 50, 88):
        moved = y.copy()
        moved[24 * day : 24 * day + 24] += 0.01
        again = fit_hourly(times[first], moved[first], warm[first], seasons=seasons, bends=(12.8,))
        change = float((again.expected(times[last], warm[last]) - baseline.expected(times[last], warm[last])).sum())
        assert pull[0, day] * 0.24 == pytest.approx(change, rel=1e-5, abs=1e-9)


@pytest.mark.parametrize("rho", [0.0, 0.6])
def test_a_seeded_saving_is_recovered_and_its_interval_keeps_its_word(rho: float) -> None:
    found = [measured(seed, rho=rho) for seed in range(50)]
    off = np.array([one.savings.total / true - 1 for one, true in found])
    assert np.mean([one.savings.low <= true <= one.savings.high for one, true in found]) >= 0.88
    assert abs(off.mean()) < 0.06
    wide = np.array([(one.savings.high - one.savings.low) / true for one, true in found])
    assert np.median(wide) < 1.5 * 2 * 1.96 * off.std()


def test_no_saving_is_rarely_claimed() -> None:
    assert np.mean([measured(seed, rho=0.5, share=0.0)[0].savings.shown for seed in range(100, 130)]) <= 0.15


def test_hours_of_one_day_are_not_knowledge_of_24() -> None:
    one, _ = measured(1, rho=0.0)
    another, _ = measured(1, rho=0.8)
    assert another.savings.high - another.savings.low > 1.5 * (one.savings.high - one.savings.low)
    assert (np.diff(one.savings.running_error) > 0).all()
    assert one.savings.running[-1] == pytest.approx(one.savings.total)
    assert len(one.days) == one.savings.periods == 91
    assert one.hours == 91 * 24


def test_the_clock_of_the_place_counts_and_holidays_are_sundays() -> None:
    zone = ZoneInfo("Europe/Berlin")
    times = 1_640_995_200_000_000 + HOUR * np.arange(24 * 365, dtype=np.int64)
    clock = clock_of(times, zone, (date(2022, 10, 3),))
    local = [to_datetime(int(at), zone) for at in times]
    monday = np.array([one.date() == date(2022, 10, 3) for one in local])
    assert (
        clock.week == [(6 if off else one.weekday()) * 24 + one.hour for one, off in zip(local, monday, strict=True)]
    ).all()
    assert (clock.month == [one.month for one in local]).all()
    assert monday.sum() == 24


def test_what_is_missing_is_left_out_on_both_sides() -> None:
    times, warm, true = shop(4, 60)
    y = true.copy()
    y[5], y[6], cold = np.nan, -2.0, warm.copy()
    cold[7] = np.nan
    weekday = np.arange(len(y)) // 24 % 7 < 5
    keep = weekday[: 24 * 42]
    baseline = fit_hourly(times[: 24 * 42][keep], y[: 24 * 42][keep], cold[: 24 * 42][keep])
    assert [one.reason for one in baseline.excluded] == [
        "energy is not known", "negative energy: the meter ran backwards", "temperature is not known",
    ]  # fmt: skip
    assert any("48 hours of the week" in note for note in baseline.notes)
    found = hourly_savings(baseline, times[24 * 42 :], true[24 * 42 :], warm[24 * 42 :] + 40)
    assert found.hours == int(weekday[24 * 42 :].sum())
    assert {one.reason.split(",")[-1] for one in found.savings.excluded} == {
        " or the baseline has never seen this hour of the week or month"
    }
    assert found.savings.beyond == 1
    assert "lie beyond" in found.savings.notes[0]


def test_bad_input_is_said() -> None:
    times, warm, true = shop(5, 30)
    with pytest.raises(InputError, match="too few days"):
        fit_hourly(times[:200], true[:200], warm[:200])
    with pytest.raises(InputError, match="out of order"):
        fit_hourly(times[::-1], true, warm)
    with pytest.raises(InputError, match="unequal"):
        fit_hourly(times, true, warm[1:])
    with pytest.raises(InputError, match="seasons"):
        fit_hourly(times, true, warm, seasons="weekly")
    baseline = fit_hourly(times, true, warm, drivers={"pieces": warm * 0 + np.arange(len(warm)) % 5})
    with pytest.raises(InputError, match="driver of the baseline is missing"):
        hourly_savings(baseline, times, true, warm)
    with pytest.raises(InputError, match="driver of the baseline is missing"):
        baseline.expected(times, None, {"pieces": warm})
    with pytest.raises(InputError, match="no period"):
        hourly_savings(baseline, times, true * np.nan, warm, drivers={"pieces": warm})
    with pytest.raises(InputError, match="level"):
        hourly_savings(baseline, times, true, warm, drivers={"pieces": warm}, level=95)


def test_without_temperature_the_week_alone_speaks() -> None:
    times = hours(42)
    week = np.arange(len(times)) % 168
    baseline = fit_hourly(times, 50.0 + week % 24 + np.tile([1.0, -1.0], len(week) // 2) * (week // 168 + 1) * 0.5)
    assert baseline.expected(times[:168]) == pytest.approx(50.0 + week[:168] % 24 + np.tile([0.5, -0.5], 84), rel=1e-9)
