"""Baselines by the hour: the time of the week and the temperature, occupied or not.

Each of the 168 hours of the week has a level of its own. On it comes the temperature, in straight pieces that bend at
fixed temperatures, one set of pieces for the hours in which the place is occupied and one for the others; which hours
are occupied is found. Other drivers enter as lines. The whole span is one fit, or each month of the year has its own,
on its own hours and, at half weight, those of the months before and after it.

What the fit leaves over goes together over days, much longer than an hour. The noise is therefore one of days, with
the autocorrelation of days that is likely (`noise`), and what is uneven within a day on top.

Reads   energy, temperature and drivers by the hour, in memory
Writes  nothing
Source  P. N. Price, LBNL-3713E (2010), doi 10.2172/988217; J. L. Mathieu, P. N. Price, S. Kiliccote, M. A. Piette,
        IEEE Trans. Smart Grid 2 (2011) 507-518, doi 10.1109/TSG.2011.2145010 (hour of the week and temperature,
        occupied and not); CalTRACK Methods 2.0, 3.6 to 3.10 (bends, months weighted with their neighbours)
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from luban.core.errors import InputError
from luban.core.time import iso, to_datetime
from luban.understand.energy.noise import Noise, noise_of
from luban.understand.quality.data import Excluded, Floats, Ints

__all__ = [
    "BENDS",
    "HOURS",
    "SEASONS",
    "Clock",
    "Given",
    "HourlyBaseline",
    "Part",
    "clock_of",
    "day_of",
    "fit_hourly",
    "given_hours",
    "part_hours",
    "terms_of",
]

HOURS = 168
"""Hours of a week; 0 is Monday from midnight to one o'clock."""

BENDS = (-1.1, 7.2, 12.8, 18.3, 23.9, 32.2)
"""Temperatures at which the pieces meet where enough hours lie on both sides [°C]: 30, 45, 55, 65, 75 and 90 °F."""

SEASONS = ("whole", "months")
"""One fit, or one for each month of the year with its neighbours at half weight."""

_MANY = 0.65  # share of hours above the line of the temperature alone from which an hour of the week is occupied
_HEATING, _COOLING = 10.0, 18.3  # 50 and 65 °F: the line that occupancy is found by
_ENOUGH = 20  # hours in a piece
_LEAST_DAYS = 14
_DAY = 24
_MICRO_HOUR = 3_600_000_000
_MICRO_DAY = 24 * _MICRO_HOUR
_EPOCH = date(1970, 1, 1)

_Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Clock:
    """What the clock of the place says of each hour.

    week   hour of the week, 0 … 167
    month  1 … 12
    day    number of the day (days from 1970-01-01)
    """

    week: Ints
    month: Ints
    day: Ints


@dataclass(frozen=True, eq=False)
class _Pull:
    """How far the energy of each day of the baseline pulls at a sum of expected hours, through one part.

    hours, terms  by hour of the week and by term, what a whole day's noise does (days × 168, days × terms)
    left          the same for what the fit left over, hour by hour
    """

    hours: Floats
    terms: Floats
    left_hours: Floats
    left_terms: Floats


@dataclass(frozen=True, eq=False)
class Part:
    """One fit.

    months    of the year that it is for
    occupied  by hour of the week
    bends     temperatures at which the pieces meet, not occupied and occupied [°C]
    level     mean energy by hour of the week; NaN: never seen
    middle    mean of each term by hour of the week (168 × terms)
    slopes    of the terms [energy per K, energy per unit of driver]
    low, high coldest and warmest hour it has seen [°C]; NaN without a temperature
    """

    months: frozenset[int]
    occupied: _Flags
    bends: tuple[tuple[float, ...], tuple[float, ...]]
    level: Floats
    middle: Floats
    slopes: Floats
    low: float
    high: float
    pull: _Pull = field(repr=False)

    @property
    def feels(self) -> bool:
        """Whether the temperature is in it."""
        return math.isfinite(self.low)


@dataclass(frozen=True, eq=False)
class HourlyBaseline:
    """A fitted baseline.

    seasons    one of `SEASONS`; `parts` its fits
    zone       clock of the place
    closed     days that count as Sundays
    drivers    names of the other drivers, in the order of their terms
    used       hours it rests on, on `days` days; `excluded` those left out with the reason
    r2         share of the variance explained [1]
    cv_rmse    root mean square error of an hour over the mean [1]
    cv_days    the same of a whole day
    noise      of whole days: size and autocorrelation
    parameters that the fit has, seen in whole days
    ranges     lowest and highest value of each other driver
    notes      what to beware of, in sentences
    """

    seasons: str
    zone: ZoneInfo
    closed: frozenset[date]
    drivers: tuple[str, ...]
    parts: tuple[Part, ...]
    used: int
    days: int
    excluded: tuple[Excluded, ...]
    r2: float
    cv_rmse: float
    cv_days: float
    noise: Noise
    parameters: int
    ranges: Mapping[str, tuple[float, float]]
    notes: tuple[str, ...]
    day_noise: Floats = field(repr=False, default_factory=lambda: np.zeros(0))

    def expected(
        self, times: Ints, temperature: Floats | None = None, drivers: Mapping[str, Floats] | None = None
    ) -> Floats:
        """Energy it expects in each hour; NaN in an hour of the week or month it has never seen.

        times        starts of hours [µs UTC]
        temperature  of each [°C]; as at the fit
        drivers      the same names as at the fit
        Raises       InputError for a driver that is missing
        """
        given = _given(self, times, temperature, drivers)
        out = np.full(len(given.clock.week), np.nan)
        for part in self.parts:
            own = part_hours(part, given.clock)
            week = given.clock.week[own]
            x = terms_of(part, week, given.temperature[own], given.others[own])
            out[own] = part.level[week] + (x - part.middle[week]) @ part.slopes
        return out

    def influence(self, clock: Clock, x: Sequence[Floats], into: Ints, count: int) -> tuple[Floats, Floats]:
        """How sums of expected hours hang on the days of the baseline.

        clock, x  of the hours, terms by part; `into`: which of the `count` sums each hour belongs to, -1: none
        Returns   weight of each day's noise, and what was uneven within it (sums × days)
        """
        days = len(self.parts[0].pull.hours)
        weight, uneven = np.zeros((count, days)), np.zeros((count, days))
        for part, terms in zip(self.parts, x, strict=True):
            own = part_hours(part, clock) & (into >= 0) & np.isfinite(terms).all(axis=1)
            week, sums = clock.week[own], into[own]
            hours = np.zeros((count, HOURS))
            np.add.at(hours, (sums, week), 1.0)
            beyond = np.zeros((count, terms.shape[1]))
            np.add.at(beyond, sums, terms[own] - part.middle[week])
            pull = part.pull
            weight += hours @ pull.hours.T + beyond @ pull.terms.T
            uneven += hours @ pull.left_hours.T + beyond @ pull.left_terms.T
        return weight, uneven - weight * self.day_noise


def clock_of(times: Ints, zone: ZoneInfo, closed: Collection[date] = ()) -> Clock:
    """Hour of the week, month and day of moments [µs UTC] by a clock; days that are closed count as Sundays."""
    local = np.asarray(times, np.int64) + _offsets(times, zone)
    day = local // _MICRO_DAY
    off = np.array(sorted((one - _EPOCH).days for one in closed), np.int64)
    weekday = np.where(np.isin(day, off), 6, (day + 3) % 7)
    month = day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12 + 1
    return Clock(weekday * _DAY + local % _MICRO_DAY // _MICRO_HOUR, month, day)


def _offsets(times: Ints, zone: ZoneInfo) -> Ints:
    """How far the clock is ahead of UTC [µs]: asked once a day, and hour by hour on days on which it is set."""

    def ahead(at: int) -> int:
        return round((to_datetime(at, zone).utcoffset() or timedelta()) / timedelta(microseconds=1))

    utc, which = np.unique(np.asarray(times, np.int64) // _MICRO_DAY, return_inverse=True)
    first = np.array([ahead(int(one) * _MICRO_DAY) for one in utc], np.int64)
    last = np.array([ahead((int(one) + 1) * _MICRO_DAY - 1) for one in utc], np.int64)
    out: Ints = first[which]
    for at in np.flatnonzero((first != last)[which]):
        out[at] = ahead(int(times[at]))
    return out


def day_of(number: int) -> date:
    """The date of a day's number."""
    return _EPOCH + timedelta(days=number)


def fit_hourly(
    times: Ints,
    energy: Floats,
    temperature: Floats | None = None,
    *,
    zone: ZoneInfo | None = None,
    drivers: Mapping[str, Floats] | None = None,
    seasons: str = "whole",
    closed: Collection[date] = (),
    bends: Sequence[float] = BENDS,
) -> HourlyBaseline:
    """Fit a baseline by least squares.

    times        starts of hours, in order [µs UTC]
    energy       in each hour [any unit of energy]; NaN: not known, left out
    temperature  of each hour [°C]; None: the place does not feel it
    zone         clock of the place; UTC if left out
    drivers      others by name, one value an hour: pieces, operating hours
    seasons      one of `SEASONS`
    closed       holidays: their hours are those of a Sunday
    bends        temperatures at which pieces may meet [°C]
    Raises       InputError: too few days, times out of order, columns of unequal length, no such seasons
    Example      fit_hourly(hours, kwh, outside, zone=ZoneInfo("Asia/Shanghai"))
    """
    if seasons not in SEASONS:
        raise InputError("no such seasons of a baseline", came=seasons, expected=", ".join(SEASONS))
    where = zone or ZoneInfo("UTC")
    y, warm, others, names, good, out = _cleaned(times, energy, temperature, drivers or {}, where)
    clock = clock_of(times[good], where, closed)
    days, day = np.unique(clock.day, return_inverse=True)
    if len(days) < _LEAST_DAYS:
        raise InputError("too few days for a baseline by the hour", came=f"{len(days)}", expected=f"{_LEAST_DAYS}")
    groups = [frozenset(range(1, 13))] if seasons == "whole" else [frozenset({m}) for m in np.unique(clock.month)]
    parts, fitted, own = [], np.full(len(y), np.nan), []
    for months in groups:
        weight = _weights(clock.month, months) if seasons == "months" else np.ones(len(y))
        part, x = _fit(y, warm, others, clock, weight, months, sorted(bends), day, len(days))
        mine = part_hours(part, clock)
        fitted[mine] = part.level[clock.week[mine]] + (x - part.middle[clock.week])[mine] @ part.slopes
        parts.append(part)
        own.append(x)
    rest = y - fitted
    return _finished(
        HourlyBaseline(
            seasons, where, frozenset(closed), names, tuple(parts), len(y), len(days), out, math.nan, math.nan,
            math.nan, Noise(np.zeros(1), np.ones(1), np.zeros(1), 1.0), 0,
            {name: (float(others[:, at].min()), float(others[:, at].max())) for at, name in enumerate(names)}, (),
        ),
        y, rest, clock, own, day,
    )  # fmt: skip


def part_hours(part: Part, clock: Clock) -> _Flags:
    """Which hours a part speaks for."""
    flags: _Flags = np.isin(clock.month, np.array(sorted(part.months)))
    return flags


def terms_of(part: Part, week: Ints, warm: Floats, others: Floats) -> Floats:
    """Terms of hours (hours × terms): pieces of the temperature while not occupied, while occupied, other drivers."""
    return _terms(part.feels, part.occupied[week], warm, others, part.bends)


# ---- the fit


def _fit(
    y: Floats, warm: Floats, others: Floats, clock: Clock, weight: Floats, months: frozenset[int],
    bends: Sequence[float], day: Ints, days: int,
) -> tuple[Part, Floats]:  # fmt: skip
    """One part, by weighted least squares with the hours of the week taken off first; its terms for all hours."""
    taken = weight > 0
    week = clock.week
    occupied = _occupied(y[taken], warm[taken], weight[taken], week[taken])
    busy = occupied[week]
    cuts = (_kept(bends, warm[taken & ~busy]), _kept(bends, warm[taken & busy]))
    x = _terms(bool(np.isfinite(warm).all()), busy, warm, others, cuts)
    total = np.bincount(week, weight, HOURS)
    with np.errstate(invalid="ignore"):
        level = np.bincount(week, weight * y, HOURS) / total
        middle = np.column_stack(
            [np.bincount(week, weight * one, HOURS) / total for one in x.T] or [np.zeros((168, 0))]
        )
    inner = np.where(taken[:, None], x - middle[week], 0.0)
    inverse = _inverse(inner.T @ (weight[:, None] * inner))
    slopes = inverse @ (inner.T @ (weight * np.where(taken, y - level[week], 0.0)))
    left = np.where(taken, y - level[week] - inner @ slopes, 0.0)
    share = np.divide(weight, total[week], out=np.zeros(len(y)), where=taken)
    pull = _Pull(*_pulled(share, weight[:, None] * inner @ inverse, week, day, days, left))
    low, high = (float(warm[taken].min()), float(warm[taken].max())) if np.isfinite(warm).all() else (math.nan,) * 2
    return Part(months, occupied, cuts, level, middle, slopes, low, high, pull), x


def _pulled(
    share: Floats, terms: Floats, week: Ints, day: Ints, days: int, left: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    hours, left_hours = np.zeros((days, HOURS)), np.zeros((days, HOURS))
    np.add.at(hours, (day, week), share / _DAY)
    np.add.at(left_hours, (day, week), share * left)
    by, left_by = np.zeros((days, terms.shape[1])), np.zeros((days, terms.shape[1]))
    np.add.at(by, day, terms / _DAY)
    np.add.at(left_by, day, terms * left[:, None])
    return hours, by, left_hours, left_by


def _weights(month: Ints, months: frozenset[int]) -> Floats:
    """1 in the month, ½ in those before and after it."""
    (own,) = months
    apart = np.abs(month - own)
    apart = np.minimum(apart, 12 - apart)
    weight: Floats = np.select([apart == 0, apart == 1], [1.0, 0.5], 0.0)
    return weight


def _occupied(y: Floats, warm: Floats, weight: Floats, week: Ints) -> _Flags:
    """Hours of the week in which more is used than the temperature alone says, most of the time."""
    columns = [np.ones(len(y))]
    if np.isfinite(warm).all():
        columns += [np.maximum(_HEATING - warm, 0.0), np.maximum(warm - _COOLING, 0.0)]
    root = np.sqrt(weight)
    x = np.column_stack(columns)
    beta = np.linalg.lstsq(x * root[:, None], y * root, rcond=None)[0]
    above = np.asarray(y - x @ beta > 0, np.float64)
    count = np.bincount(week, minlength=HOURS)
    flags: _Flags = np.bincount(week, above, HOURS) > _MANY * np.maximum(count, 1)
    return flags


def _kept(bends: Sequence[float], warm: Floats) -> tuple[float, ...]:
    """Those bends that leave enough hours in each piece; pieces too thin go to the colder neighbour, the last too."""
    if not warm.size or not np.isfinite(warm).all():
        return ()
    kept: list[float] = []
    ordered = np.sort(warm)
    for bend in bends:
        below = kept[-1] if kept else -math.inf
        first, last = np.searchsorted(ordered, [below, bend])
        if last - first >= _ENOUGH and len(ordered) - last >= _ENOUGH:
            kept.append(bend)
    return tuple(kept)


def _terms(
    feels: bool, busy: _Flags, warm: Floats, others: Floats, cuts: tuple[tuple[float, ...], tuple[float, ...]]
) -> Floats:
    columns = []
    if feels:
        for flags, bends in ((~busy, cuts[0]), (busy, cuts[1])):
            columns += [np.where(flags, piece, 0.0) for piece in _pieces(warm, bends)]
    return np.column_stack([*columns, others]) if columns else others


def _pieces(warm: Floats, bends: Sequence[float]) -> list[Floats]:
    """The temperature cut at the bends: how far it reaches into each piece [K]; they add up to it."""
    edges = [-math.inf, *bends, math.inf]
    first = [np.minimum(warm, edges[1])]
    return first + [np.clip(warm - low, 0.0, high - low) for low, high in pairwise(edges[1:])]


def _inverse(square: Floats) -> Floats:
    """Inverse of XᵀX, what the data do not tell left at zero."""
    if not square.size:
        return square
    scale = np.sqrt(np.maximum(np.diag(square), 0.0))
    scale[scale <= 1e-12 * max(scale.max(), 1e-300)] = np.inf
    values, vectors = np.linalg.eigh(square / np.outer(scale, scale))
    told = values > 1e-9 * max(float(values.max()), 1e-300)
    inverse: Floats = (vectors[:, told] / values[told]) @ vectors[:, told].T / np.outer(scale, scale)
    return inverse


# ---- around it


def _finished(
    base: HourlyBaseline, y: Floats, rest: Floats, clock: Clock, x: Sequence[Floats], day: Ints
) -> HourlyBaseline:
    """The same with how well it fits, and the noise of its days."""
    hours = np.bincount(day).astype(float)
    full = np.bincount(day, rest) * _DAY / hours
    base = replace(base, day_noise=full)
    seen, _ = base.influence(clock, x, day, len(hours))
    left, size, _ = np.linalg.svd(seen)
    basis = left[:, : len(size)][:, size > 0.5]
    if 2 * basis.shape[1] > len(hours):
        raise InputError(
            "too few days for a baseline by the hour", came=f"{len(hours)} days, {basis.shape[1]} parameters",
            hint="take seasons=whole, fewer bends or drivers, or a longer span",
        )  # fmt: skip
    whole = hours >= _DAY / 2
    noise, _ = noise_of(full[whole], np.linalg.qr(basis[whole])[0])
    mean, tss = float(y.mean()), float(((y - y.mean()) ** 2).sum())
    free = max(len(y) - HOURS * len(base.parts) - sum(len(p.slopes) for p in base.parts), 1)
    rmse, daily = math.sqrt(float(rest @ rest) / free), noise.size / (_DAY * mean) if mean else math.inf
    cv = rmse / abs(mean) if mean else math.inf
    done = replace(
        base, r2=1 - float(rest @ rest) / tss if tss > 0 else math.nan, cv_rmse=cv, cv_days=daily, noise=noise,
        parameters=basis.shape[1],
    )  # fmt: skip
    return replace(done, notes=_notes(done, clock))


def _notes(base: HourlyBaseline, clock: Clock) -> tuple[str, ...]:
    said = []
    unseen = HOURS - len(np.unique(clock.week))
    if unseen:
        said.append(f"{unseen} hours of the week were never seen: nothing is said of them")
    months = len(np.unique(clock.month))
    if months < 12:
        said.append(f"the baseline knows {months} months of the year")
    if base.cv_days > 0.25:
        said.append(f"the baseline misses by {base.cv_days:.0%} of the mean of a day: small savings will not show")
    if base.noise.rho > 0.5:
        said.append(
            f"neighbouring days go together (autocorrelation {base.noise.rho:.2f}): the interval is wide for it"
        )
    return tuple(said)


@dataclass(frozen=True, eq=False)
class Given:
    """Hours as a baseline takes them; NaN where a temperature or driver is not known."""

    clock: Clock
    temperature: Floats
    others: Floats


def _given(
    base: HourlyBaseline, times: Ints, temperature: Floats | None, drivers: Mapping[str, Floats] | None
) -> Given:
    feels = base.parts[0].feels
    if feels and temperature is None:
        raise InputError("a driver of the baseline is missing", came="no temperature", expected="temperature")
    warm = np.asarray(temperature, float) if feels else np.full(len(times), np.nan)
    missing = [name for name in base.drivers if name not in (drivers or {})]
    if missing:
        raise InputError("a driver of the baseline is missing", came=", ".join(drivers or {}), expected=missing[0])
    others = np.column_stack(
        [np.zeros((len(times), 0)), *(np.asarray((drivers or {})[name], float) for name in base.drivers)]
    )
    if len(warm) != len(times):
        raise InputError("columns of unequal length", came=f"{len(warm)}", expected=f"{len(times)} hours")
    return Given(clock_of(times, base.zone, base.closed), warm, others)


def given_hours(
    base: HourlyBaseline, times: Ints, temperature: Floats | None, drivers: Mapping[str, Floats] | None
) -> Given:
    """Hours as a baseline takes them. Raises InputError for a driver that is missing or too short."""
    return _given(base, times, temperature, drivers)


def _cleaned(
    times: Ints, energy: Floats, temperature: Floats | None, drivers: Mapping[str, Floats], zone: ZoneInfo
) -> tuple[Floats, Floats, Floats, tuple[str, ...], _Flags, tuple[Excluded, ...]]:
    """Energy, temperature and other drivers of the hours that count; the names; which; what was left out."""
    y = np.asarray(energy, float)
    warm = np.full(len(y), np.nan) if temperature is None else np.asarray(temperature, float)
    sizes = {"times": len(times), "temperature": len(warm)} | {name: len(one) for name, one in drivers.items()}
    if odd := {name: size for name, size in sizes.items() if size != len(y)}:
        raise InputError("columns of unequal length", came=f"{odd}", expected=f"{len(y)} hours")
    if len(times) > 1 and not (np.diff(times) > 0).all():
        at = int(np.flatnonzero(np.diff(times) <= 0)[0]) + 1
        raise InputError("hours out of order", came=iso(int(times[at]), zone), where=f"hour {at + 1}")
    names = tuple(drivers)
    others = np.column_stack([np.zeros((len(y), 0)), *(np.asarray(drivers[name], float) for name in names)])
    good = np.isfinite(y) & (y >= 0) & np.isfinite(others).all(axis=1)
    if temperature is not None:
        good &= np.isfinite(warm)
    out = [
        Excluded(iso(int(times[at]), zone), "energy", f"{y[at]:g}", _why(float(y[at]), float(warm[at]), temperature))
        for at in np.flatnonzero(~good)
    ]
    return y[good], warm[good], others[good], names, good, tuple(out)


def _why(energy: float, warm: float, temperature: Floats | None) -> str:
    if not math.isfinite(energy):
        return "energy is not known"
    if energy < 0:
        return "negative energy: the meter ran backwards"
    return (
        "temperature is not known" if temperature is not None and not math.isfinite(warm) else "a driver is not known"
    )
