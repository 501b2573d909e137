"""Sizes held on target: offsets by what is known of their causes, readings where they pay, edges changed in time.

One mind for all machines whose pieces are gauged. Until it knows enough of a station it leaves it to its operators.
What it knows comes from the station's own readings, edges and states, as wires and books deliver them.

Reads   readings, states, edges, programs of machines, as they are heard    Writes  nothing; it proposes
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from luban import __version__
from luban.core.time import SECOND
from luban.decide.setpoint.causes import CauseFilter, CauseModel, Look, fit_causes
from luban.decide.setpoint.envelope import Envelope
from luban.decide.setpoint.machine import EdgePlan, MachineControl
from luban.loop.deciding.floor import Act, Heard, Proposal, Seen
from luban.loop.deciding.quality_words import AIM, CORRECT, EDGE, SAMPLING

__all__ = ["Gauged", "Quality", "QualityMoney", "best_limit", "best_sampling"]

AUTHOR: Final = f"luban quality {__version__}"

_ENOUGH: Final = 150  # readings of a station from which on its causes are fitted
_MOST: Final = 600  # newest readings that are fitted to
_LIVES: Final = 2000  # newest lives of edges that are looked at
_EDGES: Final = 100  # edges of a station from which on their lives are judged
_AGAIN: Final = 40 * 86_400 * SECOND  # between two fits
_DELAY: Final = 180.0  # usual time until a proposal is confirmed [s]
_EVERIES: Final = (1, 2, 3, 4, 5, 7, 10, 15)
_CONTROL: Final = frozenset(
    {"state", "tool_number", "program", "order", "offset", "reading_of", "reading", "part_count"}
)


@dataclass(frozen=True, slots=True)
class QualityMoney:
    """What it is about [currency].

    piece  of a piece that is lost;  rework  of one that is done again;  edge  a new edge
    reading  of one more reading, None: not known, and nothing is proposed on how many are measured
    confirm  of one confirmation by the operator
    """

    piece: float
    rework: float
    edge: float
    reading: float | None
    confirm: float


@dataclass(frozen=True, slots=True)
class Gauged:
    """A machine whose pieces are gauged.

    offset    id of the actuator;  envelope  of it [unit of the sizes]
    targets   size → value that it should have;  half  size → half of its tolerance [unit]
    cutting   share of running in which the edge cuts [1];  limit  after which it is changed now [min of cutting]; None:
              its edges are not timed;  change  how long that takes [min]
    every     one piece in so many is measured now, besides the first one
    above     an oversize piece can be done again;  minute  what a minute of the machine is worth [currency]
    costs     size → what a piece costs that is lost by it [currency]; not named: as `QualityMoney` says
    keeps     the offset stays over a setup, and none is proposed before it was heard; False: the control sets it to 0
    """

    path: str
    station: str
    offset: str
    envelope: Envelope
    targets: Mapping[str, float]
    half: Mapping[str, float]
    unit: str = ""
    cutting: float = 1.0
    limit: float | None = None
    change: float = 0.0
    every: int = 10
    above: bool = False
    minute: float = 1.0
    costs: Mapping[str, float] = field(default_factory=dict)
    keeps: bool = False


@dataclass
class _Timed(EdgePlan):
    """Edges that are changed by the clock: when is known. Others are learnt from, until enough of them were seen."""

    timed: bool = False
    works: list[float] = field(default_factory=list)

    def end(self, work: float) -> None:
        """An edge was changed."""
        self.works.append(work)
        if not self.timed and len(self.ended) < _EDGES:
            super().end(work)

    def last(self, work: float) -> None:
        """An edge goes on."""
        if not self.timed and len(self.ended) < _EDGES:
            super().last(work)


@dataclass(slots=True)
class _Known:
    """What has been learned of one station."""

    model: CauseModel | None = None
    every: int = 10
    fitted: int = 0
    edges: _Timed = field(default_factory=_Timed)
    lots: list[int] = field(default_factory=list)


@dataclass(slots=True)
class _Own:
    """One machine."""

    what: Gauged
    control: MachineControl
    pieces: int = 0
    lot_from: int = 0
    limit: float | None = None
    size: str = ""
    held_back: bool = False  # the last change was as large as one may be, and more is wanted
    newest: int = 0  # what comes late is heard as of then [µs]
    told: bool = False  # what the offset is


class Quality:
    """The lever of quality.

    machines  whose pieces are gauged;  money  what it is about
    replay    go through all readings again once causes are known: after a restart the past is heard at one go
    Example   mind = Quality(machines, QualityMoney(60, 20, 15, 0.7, 0.7)); mind.hear(told); mind.decide(seen)
    """

    lever: str = "quality"
    every: int = 0
    concerns: frozenset[str] = _CONTROL | {"begun"}
    wakes: frozenset[str] = frozenset({"reading", "tool_number", "begun", "offset"})

    def __init__(self, machines: Sequence[Gauged], money: QualityMoney, *, replay: bool = False) -> None:
        self.money, self._replay = money, replay
        self.known: dict[str, _Known] = {}
        self._own: dict[str, _Own] = {}
        for one in machines:
            known = self.known.setdefault(one.station, _Known(every=one.every))
            if one.limit is not None and not known.edges.timed:
                known.edges = _Timed(threshold=one.limit * 60 / one.cutting, timed=True)
            control = MachineControl(CauseModel(1.0), one.envelope, dict(one.targets), edges=known.edges)
            self._own[one.path] = _Own(one, control, limit=one.limit)
        self._touched: dict[str, bool] = {}  # machine → the operator stands at it

    # ---- what is heard

    def hear(self, told: Iterable[Heard]) -> None:
        """What has happened since the last time, oldest first."""
        for one in told:
            own = self._own.get(one.machine)
            if own is None:
                continue
            self._note(own, one)
            value = "run" if one.value == "running" else one.value
            if one.name == "begun":
                self._touched[one.machine] = True
                continue
            own.newest, offset = max(own.newest, one.time), own.control.offset
            own.control.hear(own.newest, one.name, value)
            if own.what.keeps and value == "setup":
                own.control.hear(own.newest, "offset", offset)
            own.told |= one.name == "offset"
            if one.name == "tool_number":
                self._touched[one.machine] = True
            elif one.name == "reading":
                stands = own.pieces == own.lot_from or self._touched.get(one.machine, False)
                self._touched[one.machine] = stands
            elif one.name == "offset" and own.held_back:
                self._touched.setdefault(one.machine, True)

    def _note(self, own: _Own, one: Heard) -> None:
        """Lots, cycles and lives of edges, for what is planned by them."""
        known = self.known[own.what.station]
        if one.name == "part_count":
            own.pieces = int(one.value)
        elif one.name == "reading_of":
            own.size = str(one.value)
        elif one.name == "order" and one.value:
            if own.pieces > own.lot_from:
                known.lots.append(own.pieces - own.lot_from)
            own.lot_from = own.pieces

    def governs(self, offset: str) -> bool:
        """Whether enough is known to hold the sizes that this actuator moves."""
        found = (own for own in self._own.values() if own.what.offset == offset)
        return any(self.known[own.what.station].model is not None for own in found)

    # ---- what is decided

    def decide(self, seen: Seen) -> Sequence[Proposal]:
        """Offsets of the machines that something was heard of; rules of a station once enough is known of it."""
        proposals: list[Proposal] = []
        touched, self._touched = self._touched, {}
        for path, stands in touched.items():
            own = self._own[path]
            known = self.known[own.what.station]
            if seen.doubts and seen.machines[path].state == "unknown":
                continue
            if known.model is None or seen.now - known.fitted > _AGAIN:
                proposals += self._learn(own.what.station, seen.now)
            if known.model is not None:
                proposals += self._aim(own, known, seen.now, stands=stands)
        return proposals

    def _learn(self, station: str, now: int) -> list[Proposal]:
        known = self.known[station]
        members = [own for own in self._own.values() if own.what.station == station]
        looks = [look for own in members for look in own.control.looks[-_MOST // len(members) :]]
        if len(looks) < _ENOUGH:
            return []
        first = known.model is None
        known.model, known.fitted = fit_causes(looks, known.model), now
        for own in members:
            own.control.model = own.control.known.model = known.model
            if first:
                before = own.control.known
                own.control.known = CauseFilter(known.model)
                if self._replay:
                    _again(own.control.known, (*own.control.looks, own.control.pending))
                else:
                    own.control.known.cold = before.cold
                own.control.known.edge_ran = before.edge_ran
        lot = sorted(known.lots)[len(known.lots) // 2] if known.lots else 30
        proposals = []
        if first:
            why = CORRECT.format(station=station)
            proposals.append(self._rule(f"correct {station}", "nobody", why))
        half = min(min(own.what.half.values()) for own in members)
        cycle = _median([c for own in members for c in own.control.cycles.values()]) or 180.0
        every = known.every
        if self.money.reading is not None:
            every = best_sampling(known.model, half, lot, cycle, self._edge_work(members), self.money)
        if self.money.reading is not None and (first or every != known.every):
            known.every = every
            why = SAMPLING.format(station=station, every=every)
            proposals.append(self._rule(f"sampling {station}", (1, every), why))
        return proposals + self._edges(known, members)

    def _edges(self, known: _Known, members: Sequence[_Own]) -> list[Proposal]:
        limit = members[0].limit
        what = members[0].what
        lives = [work * what.cutting / 60 for work in known.edges.works[-_LIVES:]]
        if limit is None or len(lives) < _EDGES:
            return []
        best, share = best_limit(lives, limit, what.change, self.money, what.minute)
        if best >= limit - 0.5:
            return []
        for own in members:
            own.limit = best
        known.edges.threshold = best * 60 / what.cutting
        why = EDGE.format(station=what.station, minutes=f"{best:g}", share=f"{share:.1%}")
        return [self._rule(f"edge {what.station}", best, why)]

    @staticmethod
    def _edge_work(members: Sequence[_Own]) -> float | None:
        limit = members[0].limit
        return None if limit is None else limit * 60 / members[0].what.cutting

    def _rule(self, target: str, value: object, why: str) -> Proposal:
        return Proposal(self.lever, AUTHOR, Act("rule", target, value), None, why=why)

    def _aim(self, own: _Own, known: _Known, now: int, *, stands: bool) -> list[Proposal]:
        control = own.control
        own.held_back = False
        if control.state != "run" or (own.what.keeps and not own.told):
            return []
        own.newest = max(own.newest, now)
        control.pass_to(own.newest)
        cycle = control.cycle or 120.0
        delay = 0.0 if stands else _DELAY
        ahead = known.every * cycle
        work = self._edge_work([own])
        if work is not None:
            ahead = min(ahead, max(cycle, work - control.known.edge_ran - delay))
        middle = delay + 0.5 * ahead
        mean = control.known.mean_ahead(middle, middle) + control.offset
        spread = control.known.forecast(middle, middle)[1]
        allowed = control.envelope.allowed(control.offset, control.offset - mean)
        after = mean + allowed.value - control.offset
        half = own.what.half.get(own.size) or min(own.what.half.values())
        pieces = max(1.0, ahead / cycle)
        worth = pieces * (self._loss(own, mean, spread, half) - self._loss(own, after, spread, half))
        if abs(allowed.value - control.offset) < 1e-9 or worth <= (0.3 if stands else 1.0) * self.money.confirm:
            return []
        own.held_back = "move" in allowed.reasons
        why = AIM.format(machine=own.what.path, before=_told(mean, own.what.unit), after=_told(after, own.what.unit))
        act = Act("set", own.what.offset, allowed.value)
        expires = now + int(2 * (_DELAY + ahead)) * SECOND
        worth -= self.money.confirm * (not stands)
        facts = {"pieces": round(pieces), "unit": own.what.unit}
        return [Proposal(self.lever, AUTHOR, act, worth, why=why, facts=facts, expires=expires)]

    def _loss(self, own: _Own, mean: float, spread: float, half: float) -> float:
        """Expected loss of one piece [currency]."""
        over, under = _beyond((half - mean) / spread), _beyond((half + mean) / spread)
        piece = own.what.costs.get(own.size, self.money.piece)
        return over * (self.money.rework if own.what.above else piece) + under * piece


def _again(known: CauseFilter, looks: Sequence[Look]) -> None:
    """What readings and the time between them say, and what happened since the last one."""
    for look in looks:
        known.rest(look.rested)
        if look.setup:
            known.setup()
        known.run(look.ran)
        if look.edge:
            known.edge()
        known.cut(look.cut)
        if not math.isnan(look.value):
            known.see(look.value, look.offset)


def _told(value: float, unit: str) -> str:
    return f"{value:+.1f} {unit}".rstrip()


def _beyond(z: float) -> float:
    return 0.5 * math.erfc(z / math.sqrt(2))


def _median(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2] if values else 0.0


def best_limit(
    lives: Sequence[float], limit: float, change: float, money: QualityMoney, minute: float
) -> tuple[float, float]:
    """After which cutting time edges should be changed, and the share of them that ends earlier still.

    lives   cutting time at the end of each edge, changed or broken [min];  limit  after which they are changed now
    change  how long a change takes [min];  minute  what a minute of the machine is worth [currency]
    Nobody knows how edges would fare beyond the present limit, so none beyond it is proposed. The rate of cost
    (edge + change + lost pieces) over the mean time in use is smallest there: age replacement (Barlow, Hunter 1960,
    doi 10.1287/opre.8.1.90) with the lives that were seen.
    Example  best_limit(lives, 30.0, 4.0, money, 1.3) == (22.0, 0.05)
    """
    found, least, share_then = limit, math.inf, 0.0
    lives = sorted(lives)
    count = len(lives)
    candidates = [0.5 * k for k in range(max(1, int(limit * 0.6)), int(2 * limit) + 1)]
    for after in candidates:
        early = bisect_left(lives, min(after, 0.95 * limit))
        used = (sum(lives[:early]) + after * (count - early)) / count
        share = early / count
        rate = (money.edge + change * minute + share * money.piece) / max(used, 1e-9)
        if rate < least:
            found, least, share_then = after, rate, share
    return found, share_then


def best_sampling(
    model: CauseModel, half: float, lot: int, cycle: float, edge: float | None, money: QualityMoney
) -> int:
    """Measure the first piece and one in how many: expected loss of pieces against what readings cost.

    half   half of the tolerance [unit of the size];  lot  pieces;  cycle  of a piece [s];  edge  working time after
    which an edge is changed [s]
    The spread of the forecast follows from the sizes of the causes alone, so a few lots on paper show it.
    Example  best_sampling(model, 25.0, 40, 180.0, 3000.0, money) == 4
    """
    costs = {}
    for every in _EVERIES:
        known, lost, read, pieces = CauseFilter(model), 0.0, 0, 0
        for _ in range(6):
            known.setup()
            known.rest(3600.0)
            for piece in range(lot):
                known.run(cycle)
                known.cut(cycle)
                if edge is not None and known.edge_ran >= edge:
                    known.edge()
                expected, spread = known.forecast()
                off = model.wear / 3600.0 * cycle * ((piece % every) - 0.5 * (every - 1))
                lost += _beyond((half - off) / spread) + _beyond((half + off) / spread)
                pieces += 1
                if piece == 0 or piece % every == 0:
                    known.see(expected, 0.0)
                    read += 1
        costs[every] = (lost * money.piece + read * (money.reading or 0.0)) / pieces
    return min(costs, key=lambda every: (costs[every], -every))
