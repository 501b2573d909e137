"""What each work unit drew of each medium: by its own meter, or as its share of a meter over several of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from luban.norms import TimeElement
from luban.understand.energy.allocate import Allocation, Part, Stay, allocate, filled, split
from luban.understand.energy.meters import Consumed, Spell, in_unit

__all__ = ["shares_of"]

_AT_WORK = frozenset({TimeElement.APT, TimeElement.AUST})


def shares_of(
    meters: Sequence[Consumed], stays: Mapping[str, Sequence[Stay]], start: int, end: int
) -> dict[str, tuple[Allocation, ...]]:
    """Allocations by medium from `start` to `end` [µs UTC].

    stays  work unit → its stays
    A meter whose `place` is a work unit is that unit's. What a meter of a wider place saw beyond the meters in it
    comes, reading by reading, to the units there that have none, by their time at work: by rule, all of it shared.
    What flowed while none of them was at work comes to nobody.
    """
    found: dict[str, list[Allocation]] = {}
    inside: dict[str, list[Consumed]] = {}  # by medium, those whose place was given already
    given: dict[str, set[str]] = {}
    for one in meters:
        if one.meter.place in stays and not one.meter.feeds:
            found.setdefault(one.meter.medium, []).append(allocate(one, stays[one.meter.place], start, end))
            inside.setdefault(one.meter.medium, []).append(one)
            given.setdefault(one.meter.medium, set()).add(one.meter.place)
    for one in sorted(meters, key=lambda one: -one.meter.place.count("/")):
        medium, place = one.meter.medium, one.meter.place
        if not place or place in stays or one.meter.feeds:
            continue
        below = [unit for unit in stays if unit.startswith(f"{place}/")]
        without = [unit for unit in below if unit not in given.get(medium, ())]
        own = [other for other in inside.get(medium, ()) if other.meter.place.startswith(f"{place}/")]
        shares = _shared(one, own, {unit: filled(unit, stays[unit], start, end) for unit in without}, start, end)
        found.setdefault(medium, []).extend(shares)
        given.setdefault(medium, set()).update(without)
        # a wider meter stands for all meters in it
        inside[medium] = [other for other in inside.get(medium, ()) if other not in own] + [one]
    return {medium: tuple(shares) for medium, shares in found.items() if shares}


def _shared(
    one: Consumed, inside: Sequence[Consumed], stays: Mapping[str, Sequence[Stay]], start: int, end: int
) -> list[Allocation]:
    """What a wider meter saw beyond those inside it, on the stays of the units without one; none who got nothing."""
    amounts = {unit: [Decimal(0)] * len(own) for unit, own in stays.items()}
    firsts = dict.fromkeys(stays, 0)
    for spell in one.within(start, end):
        seen = (in_unit(other.total(spell.start, spell.end), other.meter.unit, one.meter.unit) for other in inside)
        rest = spell.amount - sum(seen, Decimal(0))
        busy = _busy(spell, stays, firsts)
        if rest <= 0 or not busy:
            continue
        parts = split(rest, [Fraction(span) for _, _, span in busy])
        for (unit, index, _), part in zip(busy, parts, strict=True):
            amounts[unit][index] += part
    return [
        Allocation(
            unit,
            one.meter.unit,
            tuple(Part(stay, part, part) for stay, part in zip(own, amounts[unit], strict=True)),
            {},
        )
        for unit, own in stays.items()
        if any(amounts[unit])
    ]


def _busy(spell: Spell, stays: Mapping[str, Sequence[Stay]], firsts: dict[str, int]) -> list[tuple[str, int, int]]:
    """(unit, index of its stay, time) at work within a spell; `firsts` goes on with the spells."""
    found = []
    for unit, own in stays.items():
        while firsts[unit] < len(own) and own[firsts[unit]].end <= spell.start:
            firsts[unit] += 1
        for index in range(firsts[unit], len(own)):
            stay = own[index]
            if stay.start >= spell.end:
                break
            if stay.element in _AT_WORK:
                found.append((unit, index, min(stay.end, spell.end) - max(stay.start, spell.start)))
    return found
