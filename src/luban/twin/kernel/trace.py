"""What a run writes down while it runs, and how it is written."""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from luban.twin.kernel.layout import clocks, traces
from luban.twin.kernel.memory import inlined

__all__ = ["EVERYTHING", "FLOOR", "Kind", "mask", "note"]


class Kind(IntEnum):
    """Kinds of trace rows; `a`, `b`, `x`, `y` of each."""

    STATE = 0  # a = new state (index in STATES), b = ordinal of the failure or maintenance, else -1
    STARTED = 1  # a = pieces
    ENDED = 2  # a = good, b = scrap, x = reworked pieces, y = start [µs]
    COUNT = 3  # since the last count of the machine: a = good, b = scrap, x = reworked
    MEASURED = 4  # a = characteristic, b = piece in the lot, x = reading
    CORRECTED = 5  # a = characteristic, x = step
    TOOL = 6  # a = 1 planned, 2 broke, 3 commanded; x = cutting time used [s]
    MOVED = 7  # left the machine for its next step (step = that step, a = station or -1)
    ARRIVED = 8  # reached the queue (a = station)
    ORDERED = 9  # a = pieces
    RELEASED = 10  # a = pieces
    FINISHED = 11  # a = good, b = scrap
    LOST = 12  # the whole lot is scrap
    REWORKED = 13  # sent back to a step (a = that step)
    LATE = 14  # broke a queue-time limit (a = step where it ended, x = seconds beyond)
    FAILED = 15  # a = ordinal of the failure
    REPAIRED = 16
    MAINTAINED = 17  # a = ordinal of the maintenance
    MAINTAINED_END = 18
    STOCK = 19  # a = stock, x = on hand less back-orders, b = 1 order placed, 2 received, 3 demand
    BEGUN = 20  # the first piece of a lot is begun, after setup and waiting for people (a = pieces)


def mask(*kinds: Kind) -> int:
    """Bits of these kinds, as `Run.to` takes them for `pause`."""
    return sum(1 << kind for kind in set(kinds))


EVERYTHING = mask(*Kind) & ~mask(Kind.BEGUN)
"""What a run for facts writes down."""

FLOOR = mask(*Kind) & ~mask(Kind.REWORKED, Kind.LATE, Kind.STOCK)
"""What a plant in virtual time writes down for those who decide there."""


@inlined
def note(w: int, kind: int, machine: int, lot: int, route: int, step: int, a: int, b: int, x: float, y: float) -> None:
    """Writes one row, if its kind is wanted. Room has been seen to before the event began."""
    clock = clocks(w)[0]
    if not (clock.wanted >> np.int64(kind)) & 1:
        return
    clock.paused |= (clock.pause >> np.int64(kind)) & 1
    row = traces(w)[clock.traced]
    clock.traced += 1
    row.time = clock.now
    row.kind = kind
    row.machine = machine
    row.lot = lot
    row.route = route
    row.step = step
    row.a = a
    row.b = b
    row.x = x
    row.y = y
