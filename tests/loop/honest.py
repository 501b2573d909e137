"""A floor in virtual time on which nobody can peek: what no device shows is garbage while a decider decides.

Sensors and bookings are read first, as a plant would have delivered them. Then every array of the run that holds what
is hidden (wear, offsets, drawn lives, orders to come, what nature is like) is overwritten, the decider is asked, and
everything is put back. A decider that only uses what it is given decides as ever; one that looks behind the panels
does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from luban.loop.deciding.floor import Decider, Proposal, Seen
from luban.loop.virtual import VirtualFloor

HIDDEN = (
    "corrections", "machines", "failures", "maintenances", "orders", "events", "lots", "characteristics",
    "distributions", "tools", "pools", "calendars", "stocks", "machine_time", "clock", "steps", "eligibles", "traces",
    "setup_times", "stations", "family_seen", "spans",
)  # fmt: skip

_SMALL = 1 << 16  # bytes


def eager(seen: Seen) -> Seen:
    """The same picture, read in full."""
    machines = {
        path: replace(own, signals={name: own.signals[name] for name in own.signals if name != "queue_length"})
        for path, own in seen.machines.items()
    }
    return replace(seen, machines=machines, lots=tuple(seen.lots), prices=dict(seen.prices))


class HonestFloor(VirtualFloor):
    """See above.

    poisoned  times at which somebody was asked over garbage
    whole     the picture is read in full each time: slow, needed where a decider reads sensors
    """

    poisoned = 0
    whole = False

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.garbage: dict[str, Any] = {}

    def _decided(self, decider: Decider) -> Sequence[Proposal]:
        seen = eager(self.seen()) if self.whole else self.seen()
        world: Any = self.run.world
        small = {name: world[name] for name in HIDDEN if world[name].nbytes <= _SMALL}
        large = {name: world[name] for name in HIDDEN if world[name].nbytes > _SMALL}
        kept = {name: array.copy() for name, array in small.items()}
        self.poisoned += 1
        for array in small.values():
            array.view(np.uint8)[:] = 0xA5 + self.poisoned % 7  # in place: who has kept the array sees garbage too
        for name, array in large.items():
            if name not in self.garbage or len(self.garbage[name]) != len(array):
                self.garbage[name] = np.full(array.nbytes, 0xA5, np.uint8).view(array.dtype)
            world._arrays[name] = self.garbage[name]
        try:
            return list(decider.decide(seen))
        finally:
            world._arrays.update(large)
            for name, array in kept.items():
                small[name][:] = array
