"""What each work unit drew of each medium: by its own meter, or as its share of a meter over several of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from luban.core.errors import InputError
from luban.norms import TimeElement
from luban.understand.energy.allocate import Allocation, Stay, allocate, by_rule, filled
from luban.understand.energy.meters import Consumed, in_unit

__all__ = ["shares_of"]

_AT_WORK = {TimeElement.APT: 1.0, TimeElement.AUST: 1.0}


def shares_of(
    meters: Sequence[Consumed], stays: Mapping[str, Sequence[Stay]], start: int, end: int
) -> dict[str, tuple[Allocation, ...]]:
    """Allocations by medium from `start` to `end` [µs UTC].

    stays  work unit → its stays
    A meter whose `place` is a work unit is that unit's. What a meter of a wider place saw beyond the meters of the
    units in it comes to the units there that have none, by their time at work: by rule, all of it shared.
    """
    found: dict[str, list[Allocation]] = {}
    own: dict[str, dict[str, Consumed]] = {}
    for one in meters:
        if one.meter.place in stays and not one.meter.feeds:
            found.setdefault(one.meter.medium, []).append(allocate(one, stays[one.meter.place], start, end))
            own.setdefault(one.meter.medium, {})[one.meter.place] = one
    given: dict[str, set[str]] = {medium: set(units) for medium, units in own.items()}
    for one in sorted(meters, key=lambda one: -one.meter.place.count("/")):
        medium, place = one.meter.medium, one.meter.place
        if not place or place in stays or one.meter.feeds:
            continue
        below = [unit for unit in stays if unit.startswith(f"{place}/")]
        without = [unit for unit in below if unit not in given.get(medium, ())]
        seen = sum(
            (in_unit(a.total, a.measured_in, one.meter.unit) for a in found.get(medium, ()) if a.unit in below),
            Decimal(0),
        )
        rest = one.total(start, end) - seen
        whole = [stay for unit in without for stay in filled(unit, stays[unit], start, end)]
        if rest <= 0 or not whole:
            continue
        try:
            shares = by_rule(rest, whole, dict.fromkeys(without, _AT_WORK), one.meter.unit)
        except InputError:  # none of them was at work
            continue
        found.setdefault(medium, []).extend(shares)
        given.setdefault(medium, set()).update(without)
    return {medium: tuple(shares) for medium, shares in found.items()}
