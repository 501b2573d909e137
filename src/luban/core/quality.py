"""Quality of a value: one byte that every `signal` fact carries.

Good is 0. 1..63 is uncertain: shown with its reason, never in a KPI. 64..255 is bad: no use as a
value. The two ranges follow the severity bits of OPC UA status codes (OPC 10000-4 §7.39); the codes
within them name the reason, because a doubt about data is data.
"""

from __future__ import annotations

from enum import IntEnum

__all__ = ["Quality"]


class Quality(IntEnum):
    """Why a value may or may not be used."""

    GOOD = 0
    # uncertain: kept, shown, never in a KPI
    UNCERTAIN = 1  # the source says so
    SUBSTITUTED = 2  # the source used a replacement or default value
    STUCK = 3  # unchanged for longer than the signal's `stuck_after`
    OUT_OF_ORDER = 4  # older than a value already seen of the same signal, outside a back-fill
    CLOCK_SKEW = 5  # source clock differs from ours by more than the allowed skew
    CALIBRATION_DUE = 6  # the gauge's calibration has expired
    LAST_KNOWN = 7  # the source repeats its last value because it lost its own input
    INFERRED = 8  # worked out from another signal, less surely than a figure needs
    # bad: no use as a value
    BAD = 64  # the source says so, no further reason
    NOT_A_NUMBER = 65  # NaN or infinity
    OUT_OF_RANGE = 66  # outside the signal's declared range
    FUTURE = 67  # stamped later than now plus the allowed skew
    DUPLICATE = 68  # same signal and same source time as a value already kept, with another value
    UNAVAILABLE = 69  # the source has no value (MTConnect UNAVAILABLE, OPC UA BadNoData …)
    NO_COMMUNICATION = 70  # the source lost its device
    WRONG_TYPE = 71  # text where a number was declared, or the other way round
    SENSOR_FAILURE = 72  # the source reports a broken sensor
    CONFIGURATION = 73  # the source reports a configuration error
    WRONG_UNIT = 74  # the source's engineering unit does not convert to the declared one

    @property
    def is_good(self) -> bool:
        """Usable in a KPI."""
        return self is Quality.GOOD

    @property
    def is_bad(self) -> bool:
        """No use as a value."""
        return self >= Quality.BAD

    @property
    def label(self) -> str:
        """The code's name in words, e.g. 'out of range'."""
        return self.name.lower().replace("_", " ")
