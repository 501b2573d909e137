"""The meter tree: what came in, what the meters below say, and what no meter saw.

A node is compared over the time that all its meters know, so that a missing reading below is not mistaken for an
unmetered use. The interval of the remainder comes from the classes of the meters: each class is the greatest
error, taken as evenly spread (JCGM 100:2008, 4.3.7), errors of different meters as independent, 95 % by k = 1.96.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from luban.core.errors import ConfigError
from luban.core.units import parse_unit
from luban.understand.energy.meters import Consumed, Doubt, in_unit, merged

__all__ = ["Balance", "Node", "balance"]

_K = 1.959963984540054
_THOUSAND = Decimal(1000)


@dataclass(frozen=True, slots=True)
class Node:
    """One meter with meters below it.

    supply     what came in over the common time: its own and what feeds beside it [unit]
    metered    what the meters below say over that time [unit]
    remainder  supply less metered: what no meter saw; below 0, more came out than went in
    half       half width of the 95 % interval of the remainder [unit]; None where a class is not known
    known      share of the window that all its meters know [0, 1]
    verdict    closes (within `within`), open (something is not metered), over (more below than came in), unknown
    unit_like  a meter below whose amount, a thousand times more or less, would close the node; ""
    """

    meter: str
    medium: str
    unit: str
    supply: Decimal
    metered: Decimal
    remainder: Decimal
    half: float | None
    known: float
    verdict: str
    children: tuple[str, ...]
    unit_like: str = ""

    @property
    def share(self) -> float | None:
        """The remainder as a share of the supply; None where nothing came in."""
        return float(self.remainder / self.supply) if self.supply else None


@dataclass(frozen=True, slots=True)
class Balance:
    """The tree over a window.

    totals  medium → (amount, unit): the tops of the tree, what feeds them included; without media of which nothing was
            read
    doubts  what was left out, of all meters
    """

    start: int
    end: int
    nodes: tuple[Node, ...]
    totals: dict[str, tuple[Decimal, str]]
    doubts: tuple[Doubt, ...]


def balance(meters: Iterable[Consumed], start: int, end: int, *, within: float = 0.01) -> Balance:
    """The meter tree from `start` to `end` [µs UTC].

    within  a node closes if the remainder is at most this share of the supply, or its interval holds 0
    Raises  ConfigError for an unknown parent, a ring, another medium or unit below a meter
    """
    by_id = {one.meter.id: one for one in meters}
    _sound(by_id)
    below: dict[str, list[Consumed]] = {}
    for one in by_id.values():
        below.setdefault(one.meter.parent, []).append(one)
    nodes = tuple(
        _node(one, below[name], start, end, within)
        for name, one in by_id.items()
        if any(not child.meter.feeds for child in below.get(name, ()))
    )
    totals: dict[str, tuple[Decimal, str]] = {}
    for one in by_id.values():
        if (not one.meter.parent or one.meter.feeds) and one.within(start, end):
            amount, unit = totals.get(one.meter.medium, (Decimal(0), one.meter.unit))
            totals[one.meter.medium] = (amount + in_unit(one.total(start, end), one.meter.unit, unit), unit)
    doubts = [doubt for one in by_id.values() for doubt in one.doubts if doubt.end >= start and doubt.start < end]
    return Balance(start, end, nodes, totals, tuple(sorted(doubts, key=lambda doubt: (doubt.start, doubt.meter))))


def _sound(by_id: dict[str, Consumed]) -> None:
    for name, one in by_id.items():
        seen = {name}
        parent = one.meter.parent
        if parent and parent not in by_id:
            raise ConfigError("no such meter", came=parent, where=f"parent of {name}", expected=", ".join(by_id))
        if parent:
            above = by_id[parent].meter
            if above.medium != one.meter.medium:
                came = f"{one.meter.medium} below {above.medium}"
                raise ConfigError("a meter measures what the one before it does", came=came, where=name)
            if not parse_unit(above.unit).converts_to(parse_unit(one.meter.unit)):
                raise ConfigError("the units do not convert", came=one.meter.unit, expected=above.unit, where=name)
        while parent:
            if parent in seen:
                raise ConfigError("the meters stand in a ring", came=" → ".join([*sorted(seen)]), where=name)
            seen.add(parent)
            parent = by_id[parent].meter.parent


def _node(top: Consumed, children: Sequence[Consumed], start: int, end: int, within: float) -> Node:
    unit = top.meter.unit
    holes = merged([hole for one in (top, *children) for hole in one.holes(start, end)])
    known = _rest(holes, start, end)

    def amount(one: Consumed) -> Decimal:
        said = sum((one.total(low, high) for low, high in known), Decimal(0))
        return in_unit(said, one.meter.unit, unit)

    parts = {one.meter.id: amount(one) for one in (top, *children)}
    feeding = [top, *(one for one in children if one.meter.feeds)]
    using = [one for one in children if not one.meter.feeds]
    supply = sum((parts[one.meter.id] for one in feeding), Decimal(0))
    metered = sum((parts[one.meter.id] for one in using), Decimal(0))
    errors = [one.meter.error for one in (*feeding, *using)]
    half = None
    if all(error is not None for error in errors):
        squares = ((float(parts[one.meter.id]) * (one.meter.error or 0.0)) ** 2 / 3 for one in (*feeding, *using))
        half = _K * math.sqrt(sum(squares))
    remainder = supply - metered
    verdict = _verdict(supply, remainder, half, within) if known else "unknown"
    like = "" if verdict == "closes" else _unit_like(supply, metered, [(o.meter.id, parts[o.meter.id]) for o in using])
    share = sum(high - low for low, high in known) / (end - start)
    names = tuple(one.meter.id for one in children)
    return Node(top.meter.id, top.meter.medium, unit, supply, metered, remainder, half, share, verdict, names, like)


def _rest(holes: Sequence[tuple[int, int]], start: int, end: int) -> list[tuple[int, int]]:
    found, at = [], start
    for low, high in holes:
        if low > at:
            found.append((at, low))
        at = high
    return [*found, (at, end)] if at < end else found


def _verdict(supply: Decimal, remainder: Decimal, half: float | None, within: float) -> str:
    if abs(remainder) <= supply * Decimal(str(within)) or (half is not None and abs(float(remainder)) <= half):
        return "closes"
    return "over" if remainder < 0 else "open"


def _unit_like(supply: Decimal, metered: Decimal, parts: Sequence[tuple[str, Decimal]]) -> str:
    """The one child that closes the node within 5 % if it is off by a thousand."""
    found = [
        name
        for name, amount in parts
        for factor in (_THOUSAND, 1 / _THOUSAND)
        if amount and abs(supply - metered + amount - amount * factor) <= supply / 20
    ]
    found = found if abs(supply - metered) > supply / 20 else []
    return found[0] if len(found) == 1 else ""
