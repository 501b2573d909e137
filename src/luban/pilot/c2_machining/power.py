"""Power of the shop by quarter of an hour, and what it costs.

Reads   a trace, a tariff    Writes  nothing
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from luban.core.time import HOUR, MINUTE, to_datetime
from luban.norms.tariffs import Tariff, tariff
from luban.twin.kernel.trace import Kind
from luban.twin.metered import Metered
from luban.twin.model import STATES, Model
from luban.twin.traced import Floats, Ints, Trace

__all__ = ["QUARTER", "Bill", "bill", "prices", "quarters", "rested"]

QUARTER: Final = 15 * MINUTE
_KWH: Final = 3.6e12  # [µJ]
_IDLE, _STANDBY = STATES.index("idle"), STATES.index("standby")


@dataclass(frozen=True, slots=True)
class Bill:
    """Electricity of a window: drawn [kWh], work and demand [CNY], highest quarter [kW]."""

    drawn: float
    work: float
    demand: float
    peak: float

    @property
    def total(self) -> float:
        """Work and demand [CNY]."""
        return self.work + self.demand


def rested(trace: Trace, waits: Mapping[int, float], begin: int) -> Trace:
    """The trace with standby in it: a machine that has been idle for its wait goes there by its own timer.

    waits  machine → [min];  begin  timers work from then on [µs]
    The machine wakes when work begins: setting up takes longer than waking.
    """
    states = trace[trace["kind"] == Kind.STATE]
    added = []
    for machine, wait in waits.items():
        own = states[states["machine"] == machine]
        since = np.maximum(own["time"], begin)
        until = np.append(own["time"][1:], np.iinfo(np.int64).max)
        sleeps = (own["a"] == _IDLE) & (until - since > wait * MINUTE)
        rows = own[sleeps].copy()
        rows["time"], rows["a"] = since[sleeps] + round(wait * MINUTE), _STANDBY
        added.append(rows)
    both = np.concatenate([trace, *added])
    found: Trace = both[np.argsort(both["time"], kind="stable")]
    return found


def quarters(
    model: Model, trace: Trace, begin: int, end: int, open_: Sequence[tuple[int, int]] | None, part: str = "compressor"
) -> Floats:
    """Mean power of the site in each quarter from `begin` to `end` [kW].

    trace  of the run from its first instant on
    open_  spans in which the part of the base load runs [µs]; None: always
    """
    rates = np.array([[round(own.power.get(state, 0.0)) for state in STATES] for own in model.machines], np.int64)
    pieces = np.array([round(step.energy * 1e6) for route in model.routes for step in route.steps], np.int64)
    marks, register = Metered(rates, pieces, QUARTER).read(trace, end)
    at = np.arange(begin, end + 1, QUARTER)
    total = np.interp(at, marks, register.sum(axis=0).astype(float))
    power = np.diff(total) / _KWH * (HOUR / QUARTER)
    always = model.base_load / 1000
    if open_ is None:
        return np.asarray(power + always)
    service = model.base_parts.get(part, 0.0) / 1000
    return np.asarray(power + always - service * (1.0 - _share(at, open_)))


def _share(at: Ints, open_: Sequence[tuple[int, int]]) -> Floats:
    """Share of each quarter that lies in a span."""
    spans = np.array(open_, np.int64).reshape(-1, 2)
    knots = np.concatenate([[np.iinfo(np.int64).min // 2], spans.ravel()])
    passed = np.concatenate([[0.0], np.cumsum(np.stack([0 * spans[:, 0], spans[:, 1] - spans[:, 0]], 1).ravel())])
    return np.asarray(np.diff(np.interp(at, knots, passed)) / QUARTER)


@lru_cache(maxsize=8)
def prices(name: str, start: int, begin: int, end: int) -> Floats:
    """Price of each quarter by the tariff [CNY/kWh]; `start` of the model [µs UTC], the others after it."""
    own = tariff(name)
    zone = ZoneInfo(own.zone)
    hours = range((start + begin) // HOUR, (start + end - 1) // HOUR + 1)
    by_hour = {hour: _price(own, hour, zone) for hour in hours}
    found = np.array([by_hour[(start + at) // HOUR] for at in range(begin, end, QUARTER)])
    found.flags.writeable = False
    return found


def _price(own: Tariff, hour: int, zone: ZoneInfo) -> float:
    return float(own.prices[own.band(to_datetime(hour * HOUR).astimezone(zone))])


def bill(name: str, power: Floats, start: int, begin: int) -> Bill:
    """What the power of a window costs; demand by calendar month, for the days of it that lie in the window.

    power  [kW] by quarter from `begin` on [µs after the start of the model, which is in µs UTC]
    """
    own = tariff(name)
    zone = ZoneInfo(own.zone)
    end = begin + len(power) * QUARTER
    paid = prices(name, start, begin, end)
    drawn = power * (QUARTER / HOUR)
    demand = 0.0
    day = 24 * HOUR // QUARTER
    months: dict[tuple[int, int], list[Floats]] = {}
    for first in range(0, len(power), day):
        local = to_datetime(start + begin + first * QUARTER).astimezone(zone)
        months.setdefault((local.year, local.month), []).append(power[first : first + day])
    for (year, month), days in months.items():
        highest = max(float(one.max()) for one in days)
        demand += float(own.demand) * highest * sum(map(len, days)) / day / monthrange(year, month)[1]
    return Bill(float(drawn.sum()), float((drawn * paid).sum()), demand, float(power.max()))
