"""The C1 flowsheet as one system of equations: reactor, buffer, column, recycle, purge.

    fresh ─▶ reactor ─▶ buffer ─▶ column ─▶ product, or off-spec while diverted
       ▲                            │
       └──────── recycle ◀──────────┴─▶ purge

A, by-product and inert are taken as equally volatile, so the column stays binary (B light, the rest heavy), and their
shares of the heavy component are those of one well-mixed pool: exact at steady state, a lag of the column's content
otherwise. Flows of the meters are states too, so every balance closes to rounding whatever the integrator's error.
"""

from __future__ import annotations

from typing import Any

from numba import njit

from luban.twin.process.column import column_rates
from luban.twin.process.layout import State, Vector
from luban.twin.process.reactor import reactor_rates

__all__ = [
    "BUFFER",
    "COLUMN_BY",
    "DIVERTED",
    "JACKET",
    "PRODUCT",
    "PURGE",
    "STAGES",
    "TEMPERATURE",
    "flowsheet_rates",
]

TEMPERATURE, JACKET, BUFFER = int(State.TEMPERATURE), int(State.JACKET), int(State.BUFFER)
COLUMN_BY, COLUMN_INERT = int(State.COLUMN_BY), int(State.COLUMN_INERT)
FRESH, EXTENT_1, EXTENT_2 = int(State.FRESH), int(State.EXTENT_1), int(State.EXTENT_2)
PRODUCT, DIVERTED, PURGE = int(State.PRODUCT), int(State.DIVERTED), int(State.PURGE)
HEAT_FEED, HEAT_JACKET, HEAT_REBOILER = int(State.HEAT_FEED), int(State.HEAT_JACKET), int(State.HEAT_REBOILER)
ELECTRICITY, STAGES = int(State.ELECTRICITY), int(State.STAGES)


@njit
def _split(place: int, flow: float, light: float, by: float, inert: float, dy: Vector) -> None:
    """A flow into four meters: all, B, by-product, inert."""
    dy[place] = flow
    dy[place + 1] = flow * light
    dy[place + 2] = flow * (1.0 - light) * by
    dy[place + 3] = flow * (1.0 - light) * inert


@njit(error_model="numpy")
def flowsheet_rates(_t: float, y: Vector, dy: Vector, a: Any) -> None:
    """Changes of the whole state by the hour; a = (input, reactor, column)."""
    u, reactor, column = a
    n = column.stages
    light, total = y[STAGES : STAGES + n], y[STAGES + n : STAGES + 2 * n]
    heavy = 0.0
    for i in range(n):
        heavy += total[i] - light[i]
    buffer = y[BUFFER] + y[BUFFER + 1] + y[BUFFER + 2] + y[BUFFER + 3]
    feed = u.column_feed
    distillate, bottoms, boilup = column_rates(
        light, total, u.reflux, u.boilup, feed, y[BUFFER + 1] / buffer, column,
        dy[STAGES : STAGES + n], dy[STAGES + n : STAGES + 2 * n],
    )  # fmt: skip
    by, inert = y[COLUMN_BY] / heavy, y[COLUMN_INERT] / heavy
    top, bottom = light[n - 1] / total[n - 1], light[0] / total[0]
    drawn = distillate * (1.0 - top) + bottoms * (1.0 - bottom)
    dy[COLUMN_BY] = feed * y[BUFFER + 2] / buffer - drawn * by
    dy[COLUMN_INERT] = feed * y[BUFFER + 3] / buffer - drawn * inert
    _split(PRODUCT, distillate * (1.0 - u.divert), top, by, inert, dy)
    _split(DIVERTED, distillate * u.divert, top, by, inert, dy)
    _split(PURGE, bottoms * u.purge, bottom, by, inert, dy)

    recycle = bottoms * (1.0 - u.purge)
    fresh = max(0.0, u.inflow - recycle)
    inflow = fresh + recycle
    part = recycle / inflow if inflow > 0.0 else 0.0
    composition = (
        (1.0 - part) * (1.0 - reactor.inert) + part * (1.0 - bottom) * (1.0 - by - inert),
        part * bottom,
        part * (1.0 - bottom) * by,
        (1.0 - part) * reactor.inert + part * (1.0 - bottom) * inert,
    )
    temperature, jacket = y[TEMPERATURE], y[JACKET]
    dy[TEMPERATURE], r1, r2 = reactor_rates(
        y[0:4], temperature, inflow, composition, u.feed_t, jacket, u.cooling, u.activity, reactor, dy[0:4]
    )
    dy[JACKET] = (u.jacket - jacket) * 60.0 / reactor.jacket_lag
    content = y[0] + y[1] + y[2] + y[3]
    for j in range(4):
        dy[BUFFER + j] = inflow * y[j] / content - feed * y[BUFFER + j] / buffer
    dy[FRESH], dy[EXTENT_1], dy[EXTENT_2] = fresh, r1, r2
    cooled = u.cooling * (temperature - jacket)
    dy[HEAT_FEED] = inflow * reactor.heat_capacity * (u.feed_t - temperature)
    dy[HEAT_JACKET] = cooled
    dy[HEAT_REBOILER] = boilup * column.heat
    dy[ELECTRICITY] = u.power + max(0.0, cooled) / u.cop
