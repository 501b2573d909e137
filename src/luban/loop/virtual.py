"""A plant in virtual time as a floor for those who decide: the twin runs until something is told, then they are asked.

The same deciders, the same settlement and the same guards as in real time. They are given what panels show and what
people book; how the run came to it stays behind the panels. People confirm what is to be done at a machine: that takes
one to five minutes, unless they stand there anyway, at the first piece of a new setup and at a new edge. Before `begin`
the plant goes on as it is, and everybody hears: what is learned comes from that run alone.

Reads   a twin's panels and bookings    Writes  acts on a twin
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Any, Final

import numpy as np

from luban.core.errors import InputError
from luban.core.time import MINUTE, SECOND
from luban.loop.deciding.floor import Decider, Heard, Proposal, Seen
from luban.loop.deciding.settle import settle
from luban.loop.virtual_acts import CONFIRMED, Carrier
from luban.loop.virtual_seen import WORDS, Bookings, Lots, Machines, Panels
from luban.plant import Plant
from luban.twin.kernel.trace import Kind, mask
from luban.twin.model import Model
from luban.twin.run import Run
from luban.twin.show import Row, Show
from luban.twin.traced import Trace, uniform

__all__ = ["Done", "VirtualFloor"]

_PAUSES: Final[Mapping[str, Kind]] = {
    "reading": Kind.MEASURED, "tool_number": Kind.TOOL, "begun": Kind.BEGUN, "state": Kind.STATE,
    "alarm": Kind.FAILED, "order": Kind.STARTED, "part_count": Kind.COUNT, "ordered": Kind.ORDERED,
    "released": Kind.RELEASED, "queued": Kind.ARRIVED, "started": Kind.STARTED, "ended": Kind.ENDED,
    "finished": Kind.FINISHED, "lost": Kind.LOST,
}  # fmt: skip
_LEAST, _MOST = 1 * MINUTE, 5 * MINUTE
_BLOCK: Final = 4096
_COMMANDS: Final = 4  # most that somebody who stands at a machine is asked to do one after the other
_BETWEEN: Final = 30 * SECOND
_STATE, _BEGUN, _MEASURED, _TOOL = int(Kind.STATE), int(Kind.BEGUN), int(Kind.MEASURED), int(Kind.TOOL)
_SETUP: Final = 2
_NEVER: Final = 1 << 62


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a proposal.

    time    [µs UTC] of the end;  state  done, refused, dropped, expired or replaced;  reason  in words
    """

    time: int
    proposal: Proposal
    state: str
    reason: str = ""


@dataclass(slots=True)
class _Mind:
    """A decider with what it wants to hear and when it is asked."""

    decider: Decider
    concerns: frozenset[str] | None
    wakes: frozenset[str]
    by_hand: bool
    told: list[Heard] = field(default_factory=list)
    woken: bool = False
    next: int = _NEVER

    @classmethod
    def of(cls, decider: Decider, begin: int) -> _Mind:
        concerns: frozenset[str] | None = getattr(decider, "concerns", None)
        wakes = getattr(decider, "wakes", concerns or frozenset(_PAUSES) if decider.every <= 0 else frozenset())
        by_hand = bool(getattr(decider, "by_hand", False))
        return cls(decider, concerns, wakes, by_hand, next=begin if decider.every > 0 else _NEVER)


class VirtualFloor:
    """A run of a model, and those who decide on it.

    model     what the plant is, as it is; plant  whose paths to use
    seed, replication  of its chances
    deciders  in the order in which their levers stand
    begin     from when on they decide [µs after the model's start]; before they only hear
    silent    the plant does not answer to what they do
    prices    what `Seen.prices` says
    Example   floor = VirtualFloor(model, plant, seed=5, deciders=[quality], begin=25 * DAY)
              floor.to(175 * DAY)
              floor.run.totals().scrap
    """

    def __init__(
        self, model: Model, plant: Plant | None = None, *, seed: int = 1, replication: int = 0,
        deciders: Sequence[Decider] = (), begin: int = 0, silent: bool = False,
        prices: Mapping[str, float] | None = None,
    ) -> None:  # fmt: skip
        self.run = Run(model, seed=seed, replication=replication, trace="floor")
        self.show = Show(self.run, plant)
        self.begin, self.silent = begin, silent
        self.acts: list[Done] = []
        self.confirmed = 0
        self.prices = dict(prices or {})
        self.readings = dict.fromkeys((station.id for station in model.stations), 0)
        self._start = model.start
        self._carrier = Carrier(self.run, self.show, silent=silent)
        self._bookings = Bookings(self.run, self.show.machines)
        self._panels = Panels(self.run, self.show)
        self._minds = [_Mind.of(one, begin) for one in deciders]
        self._order = [one.lever for one in deciders]
        self._names = self._wanted()
        self._pause = mask(*{_PAUSES[name] for one in self._minds for name in one.wakes if name in _PAUSES})
        self._stations = [machine.station for machine in model.machines]
        self._setting = [False] * len(model.machines)  # set up anew, and no piece read since
        self._present: set[int] = set()  # machines at which the operator stands at this instant
        self._due: list[tuple[int, int, Proposal, bool]] = []
        self._open: dict[tuple[str, str], int] = {}  # (kind, target) → number of the newest proposal that waits
        self._count = 0
        self._drawn: dict[int, tuple[int, list[int]]] = {}
        self._key = seed * 1_000_003 + replication
        self._taken = bytearray()

    def _wanted(self) -> frozenset[str] | None:
        names: set[str] = set()
        for one in self._minds:
            if one.concerns is None:
                return None
            names |= one.concerns
        return frozenset(names)

    @property
    def now(self) -> int:
        """The floor's clock [µs after the model's start]."""
        return self.run.now

    def seen(self) -> Seen:
        """The picture of this instant."""
        return Seen(self._start + self.run.now, Machines(self._panels), Lots(self._bookings), self.prices)

    @property
    def rules(self) -> Mapping[str, Any]:
        """Rules that were ordered and that timers or devices keep which the twin has not: target → value."""
        return self._carrier.rules

    def taken(self) -> Trace:
        """Rows of the run's trace since the last call, for those who judge it; deciders are not given them."""
        rows = np.frombuffer(bytes(self._taken), self.run.world["traces"].dtype)
        self._taken.clear()
        return rows

    def become(self, model: Model) -> None:
        """From now on the plant is another one of the same shape, with everything that has happened: `Run.become`."""
        self.run.become(model)

    def to(self, until: int) -> VirtualFloor:
        """Runs to that time [µs after the model's start], asking and acting on the way.

        Raises  as `Run.to`
        """
        while True:
            before = self.run.now < self.begin
            due = min(until, max(self.run.now, self.begin)) if before else min(until, self._next())
            self.run.to(max(due, self.run.now), pause=0 if before else self._pause)
            self._hear()
            if self.run.now >= self.begin:
                self._act()
                self._ask()
                for again in range(1, _COMMANDS):  # who stands there anyway does what is said next, too
                    if not any(one.woken for one in self._minds):
                        break
                    self._ask(again)
            if self.run.now >= until and (self.run.now < self.begin or self._next() > until):
                return self

    def _next(self) -> int:
        found = min((one.next for one in self._minds), default=_NEVER)
        if self._due:
            found = min(found, self._due[0][0])
        if self._bookings.next_material is not None:
            found = min(found, self._bookings.next_material)
        return found

    # ---- what is told

    def _hear(self) -> None:
        trace = self.run.take_trace()
        self._present.clear()
        if not len(trace) and (self._bookings.next_material or _NEVER) > self.run.now:
            return
        self._taken += trace.tobytes()
        rows: list[Row] = trace.tolist()
        heard = self._of_orders(rows)
        machines = self.show.machines
        for time, machine, name, value in self.show.told(rows, self._names):
            told = WORDS[str(value)] if name == "state" else value
            heard.append(Heard(self._start + time, machines[machine], name, told))
        heard += self._bookings.material(self.run.now)
        heard.sort(key=_time)
        for mind in self._minds:
            own = heard if mind.concerns is None else [one for one in heard if one.name in mind.concerns]
            if own:
                mind.told += own
                mind.woken = mind.woken or any(one.name in mind.wakes for one in own)

    def _of_orders(self, rows: Sequence[Row]) -> list[Heard]:
        """Bookings, and who stands where; what of it somebody wants to hear."""
        heard = []
        names, bookings, now = self._names, self._bookings, self.run.now
        for row in rows:
            _, _, time, kind, machine, lot, _, _, a, b = row
            if kind == _STATE:
                self._panels.turn(machine, a, time)
                if a == _SETUP:
                    self._setting[machine] = True
            elif kind == _MEASURED:
                self.readings[self._stations[machine]] += 1
                if b == 0 and self._setting[machine]:
                    self._setting[machine] = False
                    self._at_hand(machine, time, now)
            elif kind == _BEGUN:
                if self._setting[machine]:
                    self._at_hand(machine, time, now)
                if names is None or "begun" in names:
                    heard.append(
                        Heard(self._start + time, self.show.machines[machine], "begun", self.run.lot_name(lot))
                    )
            elif kind == _TOOL:
                self._at_hand(machine, time, now)
            else:
                told = bookings.take(row)
                if told is not None and (names is None or told.name in names):
                    heard.append(told)
        return heard

    def _at_hand(self, machine: int, time: int, now: int) -> None:
        if time == now:
            self._present.add(machine)

    # ---- what is decided

    def _ask(self, again: int = 0) -> None:
        now = self.run.now
        proposals: list[Proposal] = []
        hands = set()
        for mind in self._minds:
            clock = mind.next <= now
            if not (mind.woken or clock):
                continue
            if clock:
                mind.next = now - now % mind.decider.every + mind.decider.every
            mind.woken = False
            told, mind.told = mind.told, []
            mind.decider.hear(told)
            found = self._decided(mind.decider)
            proposals += found
            if mind.by_hand:
                hands |= {id(one) for one in found}
        if not proposals:
            return
        settled = settle(proposals, order=self._order, now=self._start + now if len(proposals) > 1 else None)
        for lost in settled.dropped:
            self.acts.append(Done(self._start + now, lost.proposal, "dropped", lost.reason))
        for one in settled.taken:
            self._plan(one, by_hand=id(one) in hands, again=again)

    def _decided(self, decider: Decider) -> Sequence[Proposal]:
        """The one place where somebody decides: with what was heard, and with the picture of this instant."""
        return decider.decide(self.seen())

    def _plan(self, one: Proposal, *, by_hand: bool, again: int) -> None:
        machine = self._carrier.machine(one.act.target)
        asks = not by_hand and one.act.kind in CONFIRMED
        self.confirmed += asks
        if not asks or machine is None or machine in self._present:
            self._do(one, by_hand=by_hand, later=again * _BETWEEN)
            return
        name = one.act.kind, one.act.target
        waiting = self._open.get(name)
        self._count += 1
        at = self.run.now + self._takes(machine)
        if waiting is not None:  # the number on the screen is a newer one; somebody is on his way already
            self.confirmed -= 1
            at = next((when for when, number, *_ in self._due if number == waiting), at)
        self._open[name] = self._count
        heappush(self._due, (at, self._count, one, by_hand))

    def _takes(self, machine: int) -> int:
        """How long it takes somebody to confirm [µs]; the n-th time at a machine it is always the same."""
        number, block = self._drawn.get(machine, (0, []))
        if number % _BLOCK == 0:
            drawn = uniform(self._key, f"confirm/{machine}", np.arange(number, number + _BLOCK))
            block = (_LEAST + drawn * (_MOST - _LEAST)).astype(np.int64).tolist()
        self._drawn[machine] = number + 1, block
        return block[number % _BLOCK]

    def _act(self) -> None:
        while self._due and self._due[0][0] <= self.run.now:
            _, number, one, by_hand = heappop(self._due)
            name = one.act.kind, one.act.target
            if self._open.get(name) != number:
                self.acts.append(Done(self._start + self.run.now, one, "replaced", "by a newer one"))
                continue
            del self._open[name]
            self._do(one, by_hand=by_hand)

    def _do(self, one: Proposal, *, by_hand: bool, later: int = 0) -> None:
        now = self._start + self.run.now
        self._open.pop((one.act.kind, one.act.target), None)
        if one.expires is not None and one.expires < now:
            self.acts.append(Done(now, one, "expired", "it was not done in time"))
            return
        try:
            self._carrier.carry(one, by_hand=by_hand, later=later)
        except InputError as error:
            self.acts.append(Done(now, one, "refused", str(error)))
            return
        self.acts.append(Done(now, one, "done"))
        self._echo(one)

    def _echo(self, one: Proposal) -> None:
        """What a panel shows since then."""
        if one.act.kind != "set":
            return
        path, _, name = one.act.target.partition(":")
        stands = self._carrier.machine(path) in self._present
        told = Heard(self._start + self.run.now, path, name, self.show.value(one.act.target))
        for mind in self._minds:
            if mind.concerns is None or name in mind.concerns:
                mind.told.append(told)
                mind.woken = mind.woken or (stands and name in mind.wakes)


def _time(heard: Heard) -> int:
    return heard.time
