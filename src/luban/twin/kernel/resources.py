"""Pools of people, vehicles and tools, and the time that their calendars leave open."""

from __future__ import annotations

import numpy as np
from numba import njit

from luban.twin.kernel.layout import FAR, Work, calendars, clocks, machines, pools, requests, spans
from luban.twin.kernel.memory import inlined
from luban.twin.kernel.random import Purpose, stream, unit
from luban.twin.kernel.states import wake

__all__ = ["crew_end", "demand_unit", "level", "next_request", "open_end", "return_unit"]

_POOL = np.int64(Work.POOL)
_ABSENCE = np.int64(Purpose.ABSENCE)


@inlined
def demand_unit(w: int, pool: int, who: int) -> bool:
    """Asks for a unit; True: it is there. Otherwise `who` waits in line."""
    own = pools(w)[pool]
    if own.first < 0 and own.used < own.level:
        own.used += 1
        return True
    requests(w)[who] = -1
    if own.last < 0:
        own.first = who
    else:
        requests(w)[own.last] = who
    own.last = who
    return False


@inlined
def return_unit(w: int, pool: int) -> None:
    """Gives a unit back."""
    own = pools(w)[pool]
    own.used -= 1
    call(w, pool)


@njit
def call(w: int, pool: int) -> None:
    """Somebody may be next in line."""
    own = pools(w)[pool]
    if own.first >= 0 and own.woken == 0:
        own.woken = 1
        wake(w, _POOL, pool)


@inlined
def next_request(w: int, pool: int) -> int:
    """Who gets a unit now; -1: nobody, or none is free."""
    own = pools(w)[pool]
    if own.first < 0 or own.used >= own.level:
        return -1
    who = own.first
    own.first = requests(w)[who]
    if own.first < 0:
        own.last = -1
    own.used += 1
    return who


@njit
def level(w: int, pool: int, is_open: bool) -> None:
    """Units present from now on: those of the pool less the absent ones, none outside its calendar."""
    own = pools(w)[pool]
    own.level = 0
    if is_open:
        own.opened += 1
        own.level = own.size * own.tends
        if own.absence > 0:
            for person in range(own.size):
                key = stream(clocks(w)[0].key, _ABSENCE, pool * 4096 + person, own.opened)
                if unit(key) < own.absence:
                    own.level -= own.tends
        call(w, pool)


@njit
def open_end(w: int, calendar: int, start: int, length: int) -> int:
    """When work of that length ends which is done only while the calendar is open [µs]; -1 = always open."""
    if calendar < 0:
        return start + length
    own = calendars(w)[calendar]
    place = max(own.first, own.at - 1)
    left = length
    while place < own.end:
        span = spans(w)[place]
        begin = max(span.start, start)
        if begin < span.end:
            if left <= span.end - begin:
                return begin + left
            left -= span.end - begin
        place += 1
    return FAR


@njit
def crew_end(w: int, pool: int, machine: int, length: int) -> int:
    """End of a repair or maintenance begun now: in the open time of its crew, else of its machine [µs]."""
    calendar = pools(w)[pool].calendar if pool >= 0 else -1
    if calendar < 0:
        calendar = machines(w)[machine].calendar
    return open_end(w, calendar, clocks(w)[0].now, length)
