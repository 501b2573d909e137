"""What a machine draws while it makes nothing, and how much of that switching off would spare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from luban.norms import TimeElement
from luban.understand.energy.allocate import Allocation, Part
from luban.understand.energy.meters import HOUR

__all__ = ["Idle", "idle_of"]

_WORK = frozenset({TimeElement.APT, TimeElement.AUST})


@dataclass(frozen=True, slots=True)
class Idle:
    """A state in which a work unit makes nothing.

    hours      time in it [h]
    amount     drawn in it [unit of the meter]
    shared     how much of the amount came by sharing and not by readings of its own
    power      amount per hour
    stretches  how often it was long enough to switch off
    avoidable  what switching off in those would have spared [unit of the meter]
    """

    unit: str
    state: str
    element: TimeElement
    hours: float
    amount: Decimal
    shared: Decimal
    stretches: int
    avoidable: Decimal

    @property
    def power(self) -> float:
        """Mean draw [unit of the meter per h]."""
        return float(self.amount) / self.hours if self.hours else 0.0


def idle_of(one: Allocation, *, off: float | None = None, restart: float = 0.25) -> tuple[Idle, ...]:
    """Standby and idling of a work unit, most first. Production and setup are work; unknown time is not judged.

    off      draw when switched off [unit of the meter per h]; None: the least that any state was measured to draw
    restart  time that switching off and on again takes [h]: shorter stretches are not avoidable, of longer ones it
             is taken off, as the machine draws during it
    """
    floor = off if off is not None else min(one.powers.values(), default=0.0)
    rows: dict[str, list[Part]] = {}
    for part in one.parts:
        if part.stay.element not in _WORK and part.stay.element is not TimeElement.UNKNOWN:
            rows.setdefault(part.stay.state, []).append(part)
    found = [_idle(one.unit, state, parts, Decimal(repr(float(floor))), restart) for state, parts in rows.items()]
    return tuple(sorted(found, key=lambda idle: -idle.amount))


def _idle(unit: str, state: str, parts: Sequence[Part], off: Decimal, restart: float) -> Idle:
    hours, amount, shared, avoidable, stretches = 0.0, Decimal(0), Decimal(0), Decimal(0), 0
    for part in parts:
        span = Decimal(part.stay.end - part.stay.start) / HOUR
        hours += float(span)
        amount += part.amount
        shared += part.shared
        pause = span - Decimal(repr(restart))
        spared = (part.amount / span - off) * pause
        if pause > 0 and spared > 0:
            stretches += 1
            avoidable += spared
    return Idle(unit, state, parts[0].stay.element, hours, amount, shared, stretches, avoidable)
