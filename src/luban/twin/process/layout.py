"""Where things are in the arrays that compiled code works on."""

from __future__ import annotations

from dataclasses import fields
from enum import IntEnum
from typing import Any, TypeAlias

import numpy as np

__all__ = [
    "EVENT",
    "INPUT",
    "LOOP",
    "MEMORY",
    "POINT",
    "PUMPS",
    "Code",
    "Loop",
    "Mode",
    "Point",
    "Reading",
    "State",
    "Vector",
    "record",
]


Vector: TypeAlias = np.ndarray[Any, Any]


class State(IntEnum):
    """Places in the state of the flowsheet: amounts [kmol], temperatures [K], meters; the column's stages follow."""

    REACTOR = 0  # A, B, by-product, inert
    TEMPERATURE = 4
    JACKET = 5
    BUFFER = 6  # A, B, by-product, inert
    COLUMN_BY = 10  # by-product and inert among the heavy component of the column
    COLUMN_INERT = 11
    METERS = 12
    FRESH = 12
    EXTENT_1 = 13
    EXTENT_2 = 14
    PRODUCT = 15  # all, B, by-product, inert
    DIVERTED = 19  # likewise
    PURGE = 23  # likewise
    HEAT_FEED = 27  # [MJ]
    HEAT_JACKET = 28
    HEAT_REBOILER = 29
    ELECTRICITY = 30
    STAGES = 31


class Mode(IntEnum):
    """What the plant does."""

    RUN = 0
    STARTING = 1
    DOWN = 2
    CLEANING = 3
    FULL = 4  # no room for product


class Loop(IntEnum):
    """Control loops, in the order of their array."""

    TC101 = 0
    FC101 = 1
    LC201 = 2
    FC202 = 3
    FC203 = 4
    TC201 = 5
    AC201 = 6
    FC301 = 7


class Point(IntEnum):
    """Set-points that a controller may move."""

    REACTOR_TEMPERATURE = 0
    REACTOR_FEED = 1
    PURGE = 2
    REFLUX = 3
    PURITY = 4
    TRAY_TEMPERATURE = 5
    BOILUP = 6


class Reading(IntEnum):
    """What instruments show."""

    FRESH_FEED = 0
    REACTOR_FEED = 1
    REACTOR_TEMPERATURE = 2
    JACKET_TEMPERATURE = 3
    FEED_TEMPERATURE = 4
    WATER_TEMPERATURE = 5
    JACKET_VALVE = 6
    BUFFER_LEVEL = 7
    COLUMN_FEED = 8
    REFLUX = 9
    REFLUX_VALVE = 10
    STEAM = 11
    STEAM_VALVE = 12
    STEAM_PRESSURE = 13
    DISTILLATE = 14
    BOTTOMS = 15
    PURGE = 16
    TRAY_TEMPERATURE = 17
    ANALYSER = 18
    POWER = 19
    PUMP_P101 = 20
    PUMP_P201 = 21
    PUMP_P202 = 22
    PRODUCT_LEVEL = 23
    REFLUX_RATIO = 24
    BOILUP_RATIO = 25


class Code(IntEnum):
    """What an event row says."""

    TRIP = 0  # x: cause (0 hot, 1 compressor, 2 other, 3 pump without spare)
    DOWN_END = 1
    STARTED = 2
    CLEANING = 3
    CLEANED = 4
    FULL = 5
    DIVERT = 6  # x: 1 off-spec, 0 product
    PUMP_FAILED = 7  # x: pump
    PUMP_REPAIRED = 8
    ALARM = 9  # x: reading, y: value
    ALARM_END = 10
    SAMPLE = 11  # laboratory: since = taken, time = issued, x y z = top, bottom, by-product


PUMPS = 3
CAUSES = 4
"""Of a trip: hot reactor, cooling-water compressor, other, pump without spare."""

F, N = "f8", "i8"

LOOP = np.dtype(
    [
        *((name, F) for name in ("gain", "reset", "low", "high", "stiction", "set_point")),
        *((name, F) for name in ("integral", "output", "position")),
        ("auto", N),
    ]
)
"""A control loop: gain [output/input], reset [h], limits of the output, stiction [1 of the range]."""

POINT = np.dtype([("target", F), ("value", F), ("low", F), ("high", F), ("rate", F)])
"""A set-point: where it goes, where it is, its band, its rate [1/h]."""

EVENT = np.dtype([("time", N), ("code", "i4"), ("since", N), ("x", F), ("y", F), ("z", F)])

INPUT = np.dtype(
    [
        ("inflow", F),  # [kmol/h] to the reactor
        ("feed_t", F),  # [K]
        ("jacket", F),  # temperature that the jacket goes to [K]
        ("cooling", F),  # [MJ/h.K]
        ("activity", F),  # [1]
        ("column_feed", F),  # [kmol/h]
        ("reflux", F),
        ("boilup", F),
        ("purge", F),  # share of bottoms [1]
        ("divert", F),  # 1: distillate is off-spec
        ("power", F),  # drawn besides the chiller [MJ/h]
        ("cop", F),  # of the chiller [1]
    ]
)
"""What the flowsheet gets during one step of control."""

MEMORY = np.dtype(
    [
        *((name, N) for name in ("now", "tick", "mode", "since", "until", "start_end", "fouled_since", "cleaning_at")),
        *((name, N) for name in ("next_compressor", "next_trip", "divert", "swift")),
        *((name, N) for name in ("lab_count", "events", "cleanings")),
        ("pump_fails", N, (PUMPS,)),
        ("pump_repaired", N, (PUMPS,)),
        ("pump_count", N, (PUMPS,)),
        ("pump_gap", N, (PUMPS,)),  # until when its flow is missing
        ("trips", N, (CAUSES,)),
        ("mode_time", N, (len(Mode),)),
        ("alarm", N, (len(Reading),)),
        *((name, F) for name in ("h", "activity", "feed_t", "steam", "bias", "drift", "feed_factor", "tank_level")),
        *(
            (name, F)
            for name in (
                "feed_flow",
                "reflux_flow",
                "boilup_flow",
                "start_from",
                "fresh_mark",
                "steam_mark",
                "drawn_mark",
                "purge_mark",
            )
        ),
        ("reading", F, (len(Reading),)),
        ("limits", F, (len(Reading), 2)),
        ("noise", F, (len(Reading),)),
        ("rejected", N),
        ("steps", N),
    ]
)


def record(parameters: Any) -> np.ndarray[Any, Any]:
    """The numbers of a frozen dataclass as one record; whole numbers stay whole, texts are left out."""
    values = {f.name: getattr(parameters, f.name) for f in fields(parameters)}
    kinds = [(name, N if isinstance(value, int) else F) for name, value in values.items() if not isinstance(value, str)]
    made = np.zeros(1, np.dtype(kinds))
    for name, _ in kinds:
        made[name] = values[name]
    return made
