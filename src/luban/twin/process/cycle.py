"""One sample of the plant's own control, and many in a row: disturbances, stops, loops, integration, instruments.

The control system, its interlocks and the chance that disturbs the plant live here, compiled; whoever moves
set-points (an operator, a program) does so between windows. All draws are keyed by (seed, replication, purpose,
entity, ordinal): no decision shifts another stream.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

from numba import njit

from luban.twin.kernel.random import normal, stream, unit
from luban.twin.process.column import boiling_point
from luban.twin.process.control import drifted, lagged, pi, ramped
from luban.twin.process.flowsheet import (
    BUFFER,
    COLUMN_BY,
    DIVERTED,
    JACKET,
    PRODUCT,
    PURGE,
    STAGES,
    TEMPERATURE,
    flowsheet_rates,
)
from luban.twin.process.integrator import integrator, swift
from luban.twin.process.layout import PUMPS, Code, Loop, Mode, Point, Reading, State, Vector

__all__ = ["DONE", "FULL_BUFFER", "LOST", "RELATIVE", "advance", "begin"]

DONE, FULL_BUFFER, LOST = 0, 1, 2
HOUR_US, MINUTE_US = 3_600_000_000, 60_000_000
RELATIVE = 1e-6
"""Relative error that a step of the integrator may make."""
MOST = 10_000
"""Steps of the integrator in one sample, beyond which it has lost the plant."""
HOTTEST = 370.0
"""Temperature of the reactor [K] beyond which reactions are too fast for swift steps: the pair goes on."""

ACTIVITY, FEED_T, STEAM, NOISE, LAB, BIAS, DRIFT, COMPRESSOR, TRIP, REPAIR, PUMP, REACTOR_T, TRAY_T = range(201, 214)
RUN, STARTING, DOWN, CLEANING, FULL = (int(mode) for mode in Mode)
TC101, FC101, LC201, FC202, FC203, TC201, AC201, FC301 = (int(loop) for loop in Loop)
SP_T, SP_FEED, SP_PURGE, SP_REFLUX, SP_PURITY, SP_TRAY, SP_BOILUP = (int(point) for point in Point)
E_TRIP, E_DOWN_END, E_STARTED, E_CLEANING, E_CLEANED, E_FULL, E_DIVERT = (int(code) for code in list(Code)[:7])
E_PUMP_FAILED, E_PUMP_REPAIRED, E_ALARM, E_ALARM_END, E_SAMPLE = (int(code) for code in list(Code)[7:])
READINGS = len(Reading)
R_ANALYSER = int(Reading.ANALYSER)
FRESH, REBOILER, POWER = int(State.FRESH), int(State.HEAT_REBOILER), int(State.ELECTRICITY)
BUSY = 64
"""Rows that one sample may add to the events at most."""

_adaptive, _ = integrator(flowsheet_rates)
_swift = swift(flowsheet_rates)


@njit
def _tell(m: Any, events: Vector, code: int, x: float, y: float, z: float, since: int) -> None:
    row = events[m.events]
    row.time, row.code, row.since, row.x, row.y, row.z = m.now, code, since, x, y, z
    m.events += 1


@njit
def _exponential(key: int) -> float:
    return -math.log(unit(key))


@njit
def _micro(hours: float) -> int:
    """Hours as µs, at most a hundred thousand years."""
    return int(min(hours, 1e9) * HOUR_US)


@njit
def _repair(run: int, mean: float, sigma: float, entity: int, ordinal: int) -> int:
    """A repair [µs], lognormal with that mean [h]."""
    draw = normal(stream(run, REPAIR, entity, ordinal))
    return _micro(mean * math.exp(sigma * draw - 0.5 * sigma * sigma))


@njit
def _pump_life(run: int, stops: Any, pump: int, ordinal: int) -> int:
    """A pump's life [µs], Weibull with that mean."""
    scale = stops.pump / math.gamma(1.0 + 1.0 / stops.pump_shape)
    return _micro(scale * _exponential(stream(run, PUMP, pump, ordinal)) ** (1.0 / stops.pump_shape))


@njit
def _halt(m: Any, events: Vector, mode: int, until: int, code: int, cause: float) -> None:
    m.mode, m.since, m.until = mode, m.now, until
    _tell(m, events, code, cause, 0.0, 0.0, m.now)
    if not m.divert:
        m.divert = 1
        _tell(m, events, E_DIVERT, 1.0, 0.0, 0.0, m.now)


@njit
def _trip(m: Any, events: Vector, run: int, stops: Any, cause: int, mean: float) -> None:
    until = m.now + _repair(run, mean, stops.repair_sigma, cause, m.trips[cause])
    m.trips[cause] += 1
    _halt(m, events, DOWN, until, E_TRIP, float(cause))


@njit
def begin(m: Any, run: int, stops: Any) -> None:
    """First draws of everything that fails."""
    m.next_compressor = _micro(stops.compressor * _exponential(stream(run, COMPRESSOR, 0, 0)))
    m.next_trip = _micro(8760.0 / stops.trips * _exponential(stream(run, TRIP, 0, 0)))
    for i in range(PUMPS):
        m.pump_fails[i] = _pump_life(run, stops, i, 0)
        m.pump_count[i] = 1
    m.cleaning_at = -1


@njit
def _pumps(m: Any, events: Vector, run: int, stops: Any) -> None:
    for i in range(PUMPS):
        if m.pump_repaired[i] and m.now >= m.pump_repaired[i]:
            m.pump_repaired[i] = 0
            _tell(m, events, E_PUMP_REPAIRED, float(i), 0.0, 0.0, m.now)
        if m.now < m.pump_fails[i]:
            continue
        alone = m.pump_repaired[i] > 0
        _tell(m, events, E_PUMP_FAILED, float(i), 0.0, 0.0, m.now)
        m.pump_repaired[i] = m.now + _micro(stops.pump_repair)
        m.pump_gap[i] = m.now + int(stops.pump_gap * 1e6)
        m.pump_fails[i] = m.now + _pump_life(run, stops, i, m.pump_count[i])
        m.pump_count[i] += 1
        if alone and m.mode <= STARTING:
            _trip(m, events, run, stops, 3, stops.trip_repair)


@njit
def _supervise(m: Any, y: Vector, events: Vector, run: int, reactor: Any, stops: Any, flow: Any) -> None:
    """Interlocks, stops and starts."""
    _pumps(m, events, run, stops)
    if m.mode <= STARTING:
        if y[TEMPERATURE] >= reactor.trip:
            _trip(m, events, run, stops, 0, stops.trip_repair)
        elif m.now >= m.next_compressor:
            _trip(m, events, run, stops, 1, stops.compressor_repair)
            draw = _exponential(stream(run, COMPRESSOR, 0, m.trips[1]))
            m.next_compressor = m.until + _micro(stops.compressor * draw)
        elif m.now >= m.next_trip:
            _trip(m, events, run, stops, 2, stops.trip_repair)
            draw = _exponential(stream(run, TRIP, 0, m.trips[2]))
            m.next_trip = m.until + _micro(8760.0 / stops.trips * draw)
        elif m.cleaning_at >= 0 and m.now >= m.cleaning_at:
            m.cleaning_at = -1
            _halt(m, events, CLEANING, m.now + _micro(stops.cleaning), E_CLEANING, 0.0)
        elif m.tank_level >= 0.98:
            _halt(m, events, FULL, m.now, E_FULL, 0.0)
        elif m.mode == STARTING and m.now >= m.start_end:
            m.mode, m.since = RUN, m.now
            _tell(m, events, E_STARTED, 0.0, 0.0, 0.0, m.now)
    elif m.now >= m.until and (m.mode != FULL or m.tank_level < 0.6):
        if m.mode == CLEANING:
            m.fouled_since = m.now
            m.cleanings += 1
            _tell(m, events, E_CLEANED, 0.0, 0.0, 0.0, m.since)
        else:
            _tell(m, events, E_DOWN_END, 0.0, 0.0, 0.0, m.since)
        m.mode, m.since = STARTING, m.now
        m.start_end = m.now + _micro(2.0 * flow.start_ramp)
        m.start_from = y[TEMPERATURE]


@njit
def _disturb(m: Any, u: Any, run: int, reactor: Any, dist: Any, flow: Any) -> None:
    """Once a minute: what nobody decides."""
    hours = 1.0 / 60.0
    m.activity = drifted(m.activity, dist.activity, dist.activity_tau, hours, run, ACTIVITY, m.tick)
    m.feed_t = drifted(m.feed_t, dist.feed_t, dist.feed_t_tau, hours, run, FEED_T, m.tick)
    m.steam = drifted(m.steam, dist.steam, dist.steam_tau, hours, run, STEAM, m.tick)
    u.activity = math.exp(m.activity)
    u.feed_t = reactor.feed_temperature + m.feed_t
    u.cooling = reactor.cooling * math.exp(-(m.now - m.fouled_since) / (24.0 * HOUR_US * reactor.fouling))
    u.cop = flow.chiller * (1.0 - flow.chiller_water * _water(m.now, dist))


@njit
def _water(now: int, dist: Any) -> float:
    """Cooling water above its mean [K]: warmest at 15:00 and in July; the run begins at 06:00 in January."""
    hours = now / HOUR_US
    day = math.sin(2.0 * math.pi * (hours - 3.0) / 24.0)
    above: float = dist.water_day * day - dist.water_year * math.cos(2.0 * math.pi * hours / 8760.0)
    return above


@njit
def _reactor_loops(
    m: Any, y: Vector, u: Any, loops: Any, points: Any, run: int, reactor: Any, dist: Any, flow: Any, hours: float
) -> None:
    coldest = reactor.jacket_low + flow.jacket_water * _water(m.now, dist)
    aim = points[SP_T].value
    if m.mode > STARTING:
        m.feed_flow, u.inflow, u.jacket = 0.0, 0.0, coldest
        loops[FC101].integral = loops[FC101].position = 0.0
        loops[TC101].integral = loops[TC101].output = loops[TC101].position = 1.0
        return
    share = 1.0
    if m.mode == STARTING:
        running = (m.now - m.since) / HOUR_US
        share = min(1.0, 0.6 + 0.4 * running / flow.start_ramp)
        aim = min(aim, m.start_from + flow.heat_ramp * running)
    valve = loops[TC101].position
    if valve > flow.high_valve:
        m.feed_factor -= flow.feed_cut * hours * (valve - flow.high_valve) / (1.0 - flow.high_valve)
    elif valve < flow.high_valve - 0.08:
        m.feed_factor += flow.feed_back * hours
    m.feed_factor = min(1.0, max(0.4, m.feed_factor))
    share *= m.feed_factor * min(1.0, max(0.5, 1.0 - (m.tank_level - 0.85) / 0.2))
    loops[FC101].set_point = points[SP_FEED].value * share
    position = pi(loops[FC101], m.feed_flow, hours)
    decay = math.exp(-hours * 3600.0 / flow.valve_lag)
    m.feed_flow = lagged(m.feed_flow, position * flow.valve_room * reactor.feed, decay)
    u.inflow = 0.0 if m.now < m.pump_gap[0] else m.feed_flow
    loops[TC101].set_point = aim
    seen = y[TEMPERATURE] + m.noise[2] * normal(stream(run, REACTOR_T, 0, m.steps))
    position = pi(loops[TC101], seen, hours)
    u.jacket = reactor.jacket_high - position * (reactor.jacket_high - coldest)


@njit
def _column_loops(
    m: Any, y: Vector, u: Any, loops: Any, points: Any, run: int, column: Any, flow: Any, hours: float
) -> None:
    u.purge = points[SP_PURGE].value
    loops[FC301].output = loops[FC301].position = u.purge
    level = (y[BUFFER] + y[BUFFER + 1] + y[BUFFER + 2] + y[BUFFER + 3]) / flow.buffer
    if m.mode > STARTING or level < 0.05:
        idle = flow.turndown * column.boilup * column.feed
        u.column_feed, u.reflux, u.boilup = 0.0, idle, idle
        m.reflux_flow, m.boilup_flow = idle, idle
        return
    feed = pi(loops[LC201], level, hours)
    u.column_feed = 0.0 if m.now < m.pump_gap[2] else feed
    ratio = loops[AC201]
    if not ratio.auto:
        ratio.output = points[SP_REFLUX].value
    ratio.set_point = points[SP_PURITY].value
    reflux_ratio = pi(ratio, m.reading[R_ANALYSER], hours)
    boil = loops[TC201]
    if not boil.auto:
        boil.output = points[SP_BOILUP].value
    boil.set_point = points[SP_TRAY].value
    boil.high = reflux_ratio + flow.most_distillate
    tray = column.tray - 1
    light = y[STAGES + tray] / y[STAGES + column.stages + tray]
    seen = boiling_point(light, column.volatility, column.heavy_boils, column.heat)
    seen += m.noise[17] * normal(stream(run, TRAY_T, 0, m.steps))
    boilup_ratio = pi(boil, seen, hours)
    if ratio.auto:
        points[SP_REFLUX].target = points[SP_REFLUX].value = ratio.output
    if boil.auto:
        points[SP_BOILUP].target = points[SP_BOILUP].value = boil.output
    decay = math.exp(-hours * 3600.0 / flow.valve_lag)
    loops[FC202].set_point = reflux_ratio * feed
    position = pi(loops[FC202], m.reflux_flow, hours)
    m.reflux_flow = lagged(m.reflux_flow, position * flow.valve_room * column.reflux * column.feed, decay)
    u.reflux = 0.0 if m.now < m.pump_gap[1] else m.reflux_flow
    loops[FC203].set_point = boilup_ratio * feed
    position = pi(loops[FC203], m.boilup_flow, hours)
    steam = position * flow.valve_room * column.boilup * column.feed * (1.0 + m.steam)
    m.boilup_flow = lagged(m.boilup_flow, steam, decay)
    u.boilup = m.boilup_flow


@njit
def _observe(
    m: Any, y: Vector, u: Any, loops: Any, run: int, column: Any, dist: Any, stops: Any, flow: Any
) -> tuple[float, float]:
    """Once a minute: what the instruments show."""
    n = column.stages
    top, bottom = y[STAGES + n - 1] / y[STAGES + 2 * n - 1], y[STAGES] / y[STAGES + n]
    tray = column.tray - 1
    light = y[STAGES + tray] / y[STAGES + n + tray]
    r = m.reading
    r[0] = (y[FRESH] - m.fresh_mark) * 60.0
    m.fresh_mark = y[FRESH]
    r[1], r[2], r[3], r[4] = u.inflow, y[TEMPERATURE], y[JACKET], u.feed_t
    r[5] = flow.water_mean + _water(m.now, dist)
    r[6] = 100.0 * loops[TC101].output
    r[7] = 100.0 * (y[BUFFER] + y[BUFFER + 1] + y[BUFFER + 2] + y[BUFFER + 3]) / flow.buffer
    r[8], r[9], r[10] = u.column_feed, u.reflux, 100.0 * loops[FC202].output
    r[11] = (y[REBOILER] - m.steam_mark) * 60.0 / flow.steam_heat
    m.steam_mark = y[REBOILER]
    r[12], r[13] = 100.0 * loops[FC203].output, 100.0 * (1.0 + m.steam)
    drawn, purged = y[PRODUCT] + y[DIVERTED], y[PURGE]
    r[14], r[16] = (drawn - m.drawn_mark) * 60.0, (purged - m.purge_mark) * 60.0
    r[15] = r[16] / u.purge if u.purge > 0.0 else 0.0
    m.drawn_mark, m.purge_mark = drawn, purged
    r[17] = boiling_point(light, column.volatility, column.heavy_boils, column.heat)
    r[18] = min(1.0, top + m.drift)
    r[19] = (u.power + max(0.0, u.cooling * (y[TEMPERATURE] - y[JACKET])) / u.cop) / 3.6
    for i in range(PUMPS):
        left = (m.pump_fails[i] - m.now) / (24.0 * HOUR_US)
        r[20 + i] = 1.5 + 4.5 * min(1.0, max(0.0, 1.0 - left / stops.pump_precursor)) ** 2
    r[23], r[24], r[25] = 100.0 * m.tank_level, loops[AC201].output, loops[TC201].output
    for k in range(READINGS):
        r[k] += m.noise[k] * normal(stream(run, NOISE, k, m.tick))
    r[18] = min(1.0, max(0.0, r[18]))
    return top, bottom


@njit
def _laboratory(m: Any, y: Vector, events: Vector, run: int, column: Any, lab: Any, top: float, bottom: float) -> None:
    """Bias and drift of the instruments of quality, and the samples, which are told when their result is due."""
    day = 24 * HOUR_US
    if m.now % day == 0:
        ordinal = m.now // day
        m.drift += lab.analyser_drift * normal(stream(run, DRIFT, 0, ordinal))
        if ordinal % int(lab.calibration) == 0:
            m.drift = 0.0
        if ordinal % 30 == 0:
            m.bias = lab.bias * normal(stream(run, BIAS, 0, ordinal))
    if m.now % int(lab.every * HOUR_US) == 0 and m.mode <= STARTING and m.now > 0:
        heavy = 0.0
        for i in range(column.stages):
            heavy += y[STAGES + column.stages + i] - y[STAGES + i]
        by = (1.0 - top) * y[COLUMN_BY] / heavy
        noise = lab.sigma
        row = events[m.events]
        _tell(m, events, E_SAMPLE, 0.0, 0.0, 0.0, m.now)
        row.time = m.now + int(lab.delay * HOUR_US)
        row.x = min(1.0, top + m.bias + noise * normal(stream(run, LAB, 0, m.lab_count)))
        row.y = max(0.0, bottom + noise * normal(stream(run, LAB, 1, m.lab_count)))
        row.z = max(0.0, by + 0.25 * noise * normal(stream(run, LAB, 2, m.lab_count)))
        m.lab_count += 1


@njit
def _alarms(m: Any, events: Vector) -> None:
    for k in range(READINGS):
        value = m.reading[k]
        out = value < m.limits[k, 0] or value > m.limits[k, 1]
        back = 3.0 * m.noise[k]
        inside = value > m.limits[k, 0] + back and value < m.limits[k, 1] - back
        if out and not m.alarm[k]:
            m.alarm[k] = max(m.now, 1)
            _tell(m, events, E_ALARM, float(k), value, 0.0, m.now)
        elif inside and m.alarm[k]:
            _tell(m, events, E_ALARM_END, float(k), value, 0.0, m.alarm[k])
            m.alarm[k] = 0


def _make(stamp: str) -> Callable[..., Any]:
    def advance(
        end: int,
        run: int,
        m: Any,
        y: Vector,
        u: Any,
        loops: Any,
        points: Any,
        events: Vector,
        rows: Vector,
        times: Vector,
        every: int,
        k: Vector,
        absolute: Vector,
        p: Any,
    ) -> tuple[int, int]:
        reactor, column, flow, dist, stops, lab = p
        step = int(flow.step * 1e6)
        hours = flow.step / 3600.0
        a = (u, reactor, column)
        written = 0 * len(stamp)
        while m.now < end:
            if m.events + BUSY > events.size or (every and written >= times.size):
                return FULL_BUFFER, written
            if m.now % MINUTE_US == 0:
                _disturb(m, u, run, reactor, dist, flow)
                top, bottom = _observe(m, y, u, loops, run, column, dist, stops, flow)
                _laboratory(m, y, events, run, column, lab, top, bottom)
                _alarms(m, events)
                if every and m.now % every == 0:
                    times[written] = m.now
                    rows[written, :] = m.reading
                    written += 1
                m.tick += 1
            _supervise(m, y, events, run, reactor, stops, flow)
            for i in range(points.size):
                ramped(points[i], hours)
            _reactor_loops(m, y, u, loops, points, run, reactor, dist, flow, hours)
            _column_loops(m, y, u, loops, points, run, column, flow, hours)
            u.divert = 1.0 if m.divert else 0.0
            u.power = 3.6 * (flow.pumps_power if m.mode <= STARTING else flow.idle_power)
            if m.swift and y[TEMPERATURE] < HOTTEST:
                _swift(y, 0.0, hours, k, a)
            else:
                h, steps, rejected = _adaptive(y, 0.0, hours, m.h, RELATIVE, absolute, MOST, k, a)
                if steps < 0:
                    return LOST, written
                m.h = min(1.0, max(h, 1e-9))
                m.rejected += rejected
            m.steps += 1
            m.mode_time[m.mode] += step
            m.now += step
        return DONE, written

    return advance


def _stamp() -> str:
    here = Path(__file__).parent
    sources = [*sorted(here.glob("*.py")), here.parent / "kernel" / "random.py"]
    return sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()


advance = njit(cache=True)(_make(_stamp()))
"""advance(end, run, m, y, u, loops, points, events, rows, times, every, k, absolute, p) → (status, rows written)

Runs to `end` [µs]. Status DONE; FULL_BUFFER: take the rows, call again; LOST: the integrator found no step.
"""
