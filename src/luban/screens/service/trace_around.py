"""What is around a lot: its inputs and outputs, level by level as far as they were opened.

Reads  the graph of trace    Writes  nothing
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from luban.understand.trace import Trace
from luban.understand.trace.flow import lot_id
from luban.understand.trace.words import CODES

__all__ = ["BACK", "ON", "Around", "Filter", "Link", "Spot", "around", "filtered"]

BACK: Final = "from"
ON: Final = "into"
_WIDTH: Final = 25  # lots of a node that are shown
_ALL: Final = 300  # lots of a side that are shown
_CODES: Final = tuple(CODES)


@dataclass(frozen=True, slots=True)
class Spot:
    """A lot on one side.

    side   BACK, ON, or "" for the lot itself
    level  steps from the lot
    came   the lot it was reached from; "" for the lot itself
    open   its own lots are shown
    more   how many of its own lots are not shown
    doubt  only doubtful facts lead here, or more went out of it than there was
    to     customers that got some of it, with how much
    """

    side: str
    level: int
    lot: str
    item: str
    came: str
    open: bool
    more: int
    doubt: bool
    to: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Link:
    """A fact of use.

    side      on which side it is shown
    level     of the lot that is farther away
    quantity  as the fact says [unit of the item]; excluded of it is in no total
    doubt     a key of CODES; "" for none
    """

    side: str
    level: int
    source: str
    target: str
    item: str
    quantity: float
    excluded: float
    doubt: str
    order: str
    operation: str
    unit: str
    time: int
    seq: int

    @property
    def far(self) -> str:
        """The lot of it that is farther away."""
        return self.source if self.side == BACK else self.target

    @property
    def near(self) -> str:
        """The other one."""
        return self.target if self.side == BACK else self.source


@dataclass(frozen=True, slots=True)
class Filter:
    """What is to be shown; "" is all."""

    item: str = ""
    unit: str = ""
    doubtful: bool = False

    def __bool__(self) -> bool:
        return bool(self.item or self.unit or self.doubtful)

    def fits(self, link: Link) -> bool:
        """Whether a fact is asked for."""
        return (
            (not self.item or link.item == self.item)
            and (not self.unit or link.unit == self.unit)
            and (not self.doubtful or bool(link.doubt))
        )


@dataclass(frozen=True, slots=True)
class Around:
    """A lot and what is shown around it.

    spots  the lot itself first, then by side and level
    links  facts of use between them that are asked for
    way    those that only lead there
    """

    lot: str
    spots: tuple[Spot, ...]
    links: tuple[Link, ...]
    as_of: int = 0
    way: tuple[Link, ...] = ()

    @property
    def items(self) -> tuple[str, ...]:
        """Items of the inputs, for a choice."""
        return tuple(sorted({link.item for link in self.links if link.item}))

    @property
    def units(self) -> tuple[str, ...]:
        """Work units, for a choice."""
        return tuple(sorted({link.unit for link in self.links if link.unit}))

    def as_dict(self) -> dict[str, Any]:
        """The same for REST."""
        return {
            "lot": self.lot, "as_of": self.as_of,
            "lots": [{name: getattr(one, name) for name in one.__slots__} | {"to": list(map(list, one.to))}
                     for one in self.spots],
            "uses": [{name: getattr(one, name) for name in one.__slots__} for one in self.links],
        }  # fmt: skip


@dataclass(slots=True)
class _Side:
    side: str
    places: dict[int, int] = field(default_factory=dict)  # lot → level
    came: dict[int, int] = field(default_factory=dict)
    sure: set[int] = field(default_factory=set)
    more: dict[int, int] = field(default_factory=dict)
    opened: set[int] = field(default_factory=set)
    facts: dict[int, int] = field(default_factory=dict)  # fact → level of the lot farther away


def around(trace: Trace, lot: str, *, levels: int = 1, opened: Collection[tuple[str, str]] = ()) -> Around:
    """The lots around a lot.

    levels  so many are shown on both sides
    opened  (side, lot) whose own lots are shown too
    Raises  InputError for a lot that no fact names
    """
    start = lot_id(trace, lot)
    codes = _Looked(trace.doubts)
    sides = [_grown(trace, start, side, levels, opened) for side in (BACK, ON)]
    links = tuple(link for side in sides for link in _links(trace, side, codes))
    spots = _spots(trace, start, sides)
    return Around(lot, spots, links, trace.as_of)


class _Looked:
    """Doubts by fact, found by halving: they may be many."""

    def __init__(self, doubts: Any) -> None:
        self._doubts = doubts

    def get(self, fact: int) -> tuple[int, float] | None:
        """Code and amount left out; None for a sound fact."""
        at = int(np.searchsorted(self._doubts.facts, fact))
        if at == len(self._doubts.facts) or int(self._doubts.facts[at]) != fact:
            return None
        return int(self._doubts.codes[at]), float(self._doubts.excluded[at])


def _grown(trace: Trace, start: int, name: str, levels: int, opened: Collection[tuple[str, str]]) -> _Side:
    back = name == BACK
    side = _Side(name, {start: 0}, {start: -1}, {start})
    view = trace.graph.view
    far = view.columns["source" if back else "target"]
    asked = {trace.lots.id(lot) for way, lot in opened if way == name}
    front = [start]
    level = 0
    while front:
        place, facts = trace.graph.facts_of(np.array(front, np.int32), back=back, view=view)
        following: list[int] = []
        for at, node in enumerate(front):
            own = facts[place == at].tolist()
            if level and level >= levels and node not in asked:
                side.more[node] = len({int(far[fact]) for fact in own} - {node})
                continue
            side.opened.add(node)
            following += _opened(side, node, own, far, view.bad, level + 1)
        front, level = following, level + 1
    return side


def _opened(side: _Side, node: int, facts: list[int], far: Any, bad: Any, level: int) -> list[int]:
    """Show the lots of a node; those that are new."""
    fresh: list[int] = []
    hidden: set[int] = set()
    shown: set[int] = set()
    for fact in facts:
        other = int(far[fact])
        if other not in side.places:
            if len(shown) >= _WIDTH or len(side.places) > _ALL:
                hidden.add(other)
                continue
            side.places[other], side.came[other] = level, node
            fresh.append(other)
        shown.add(other)
        side.facts.setdefault(fact, level)
        if not bad[fact] and node in side.sure:
            side.sure.add(other)
    side.more[node] = len(hidden)
    return fresh


def _links(trace: Trace, side: _Side, codes: _Looked) -> list[Link]:
    columns, lots, label = trace.graph.view.columns, trace.lots.name, trace.labels.name
    found = []
    for fact, level in side.facts.items():
        code, excluded = codes.get(fact) or (-1, 0.0)
        found.append(Link(
            side.side, level, lots(int(columns["source"][fact])), lots(int(columns["target"][fact])),
            label(int(columns["item"][fact])), float(columns["quantity"][fact]), float(excluded),
            _CODES[code] if code >= 0 else "", label(int(columns["order"][fact])),
            label(int(columns["operation"][fact])), label(int(columns["unit"][fact])), int(columns["time"][fact]),
            int(columns["seq"][fact]),
        ))  # fmt: skip
    return found


def _spots(trace: Trace, start: int, sides: Sequence[_Side]) -> tuple[Spot, ...]:
    over = set(trace.moves["lot"][trace.doubts.moves].tolist()) if len(trace.doubts.moves) else set()
    found = []
    for side in sides:
        nodes = np.array([one for one in side.places if one != start or side.side == BACK], np.int32)
        items = trace.labels.array(trace.item_of(nodes)).to_pylist()
        to = _customers(trace, nodes) if side.side == ON else _customers(trace, np.array([start], np.int32))
        for node, item in zip(nodes.tolist(), items, strict=True):
            own = node == start
            found.append(Spot(
                "" if own else side.side, side.places[node], trace.lots.name(node), item or "",
                trace.lots.name(side.came[node]), node in side.opened, side.more.get(node, 0),
                node not in side.sure or node in over, to.get(node, ()) if own or side.side == ON else (),
            ))  # fmt: skip
        if side.side == ON and side.more.get(start):
            found[0] = replace(found[0], more=found[0].more + side.more[start])
    return tuple(found)


def _customers(trace: Trace, nodes: Any) -> dict[int, tuple[tuple[str, float], ...]]:
    """Who got some of each lot, or for which order it went out."""
    moves = trace.moves
    place, rows = moves.by_lot.of_many(nodes)
    found: dict[int, dict[str, float]] = {}
    for at, row in zip(place.tolist(), rows.tolist(), strict=True):
        if trace.deliveries[row]:
            name = trace.labels.name(int(moves["destination"][row])) or trace.labels.name(int(moves["order"][row]))
            own = found.setdefault(int(nodes[at]), {})
            own[name] = own.get(name, 0.0) + float(np.nan_to_num(moves["quantity"][row]))
    return {node: tuple(sorted(own.items())) for node, own in found.items()}


def filtered(found: Around, asked: Filter) -> Around:
    """The facts that are asked for, and the lots on the way to them."""
    if not asked:
        return found
    kept = tuple(link for link in found.links if asked.fits(link))
    came = {(spot.side, spot.lot): spot.came for spot in found.spots}
    lots = {("", found.lot)}
    for link in kept:
        for end in (link.source, link.target):
            lot = end
            while lot and lot != found.lot and (link.side, lot) not in lots:
                lots.add((link.side, lot))
                lot = came.get((link.side, lot), "")
    spots = tuple(spot for spot in found.spots if (spot.side, spot.lot) in lots)
    way = tuple(
        link for link in found.links
        if not asked.fits(link) and (link.side, link.far) in lots
        and came.get((link.side, link.far)) == link.near
    )  # fmt: skip
    return replace(found, spots=spots, links=kept, way=way)
