"""Dispatch lists by the minute: what is on hand before a machine, where that is not what the plan has it do next.

Reads   the picture, the published plan, the lists in force    Writes  nothing
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from luban.core.time import HOUR, MINUTE
from luban.loop.deciding.dispatch import DispatchList, Operation
from luban.loop.deciding.floor import Act, Heard, LotSeen, MachineSeen, Proposal, Seen, Worth
from luban.loop.deciding.words import MISSING, MISSING_LATE, UNPLANNED, UNPLANNED_LATE

__all__ = ["Planned", "Relisting"]

_AUTHOR: Final = "luban dispatch 2"
_WORKS: Final = frozenset({"running", "setup", "idle", "waiting", "standby"})
_LIFE: Final = 15 * MINUTE
_MOST: Final = 8  # operations of a list, and of what is looked at


@dataclass(frozen=True, slots=True)
class Planned:
    """One operation of a machine's plan, in its order; end [µs UTC]."""

    order: str
    operation: str
    end: int


@dataclass(frozen=True, slots=True)
class _Next:
    """One that a machine may take: the lot, its step, when it is there [µs], whether the plan has it there."""

    lot: LotSeen
    at: int
    ready: int
    planned: bool


@dataclass(frozen=True, slots=True)
class _Cost:
    """Of a sequence: its cost, or minutes where an hour has no price; minutes until it ends; minutes late in all."""

    cost: float
    until: float
    late: float


class Relisting(DispatchList):
    """Ranks a machine's list anew when its next operation is not there, or a lot is there that nobody planned.

    Three orders are compared over the same operations: the one in force, which waits; what is there first, in that
    order; and what is there first by least setup. The cheapest is proposed where it wins `least` minutes or more.

    plan   gives what each machine does next, in order; nothing where no plan is published: then first come, first
    given  gives the lists that people were given since, by machine
    hour   what an hour of a machine is worth
    late   what an hour of lateness of an order costs [currency]; None: lateness is not priced, and not bought
    """

    def __init__(
        self, routes: Mapping[str, Sequence[Operation]], plan: Callable[[], Mapping[str, Sequence[Planned]]], *,
        given: Callable[[], Mapping[str, Sequence[tuple[str, str]]]] = dict,
        hour: Callable[[str], Worth] = lambda _machine: Worth(), late_hour: float | None = None, least: float = 5.0,
        every: int = MINUTE,
    ) -> None:  # fmt: skip
        super().__init__(routes, {}, every=every, most=_MOST)
        self._plan, self._in_force, self._hour, self._late_hour, self._least = plan, given, hour, late_hour, least
        self._ends: dict[tuple[str, str], int] = {}
        self.concerns = frozenset({"state"})
        self.wakes = frozenset()

    def hear(self, told: Iterable[Heard]) -> None:
        """What waits stands in the picture."""

    def decide(self, seen: Seen) -> Sequence[Proposal]:
        """A list for each machine whose next work is not what is there."""
        plan, given = self._plan(), self._in_force()
        lots = {lot.order: lot for lot in seen.lots}
        self._ends = {(one.order, one.operation): one.end for own in plan.values() for one in own}
        told = {entry: machine for machine, own in given.items() for entry in own}
        works = {one.id: one for one in seen.machines.values() if one.state in _WORKS}
        lines: dict[str, list[_Next]] = {}
        for name in works:
            planned = [(one.order, one.operation) for one in plan.get(name, ())]
            entries = [*given.get(name, ()), *(one for one in planned if told.get(one, name) == name)]
            lines[name] = self._line_of(entries, frozenset(planned), lots, seen.now)
        self._join(lines, works, {*told, *self._ends}, seen)
        found = [self._better(works[name], line[:_MOST], lots, seen.now) for name, line in lines.items()]
        return [one for one in found if one is not None]

    # ------------------------------------------------------------------ what there is to do

    def _line_of(
        self, entries: Sequence[tuple[str, str]], planned: frozenset[tuple[str, str]], lots: Mapping[str, LotSeen],
        now: int,
    ) -> list[_Next]:  # fmt: skip
        """What a machine does next as people were told: of these entries those that are not done or begun."""
        found: list[_Next] = []
        for order, operation in dict.fromkeys(entries):
            lot = lots.get(order)
            route = self._routes.get(lot.item, ()) if lot is not None else ()
            at = next((n for n, own in enumerate(route) if own.operation == operation), -1)
            if lot is None or at < lot.step or (at == lot.step and lot.place == "machine"):
                continue
            ready = now if at == lot.step and self._there(lot, now) else self._coming(lot, at, now)
            found.append(_Next(lot, at, ready, (order, operation) in planned))
        return found

    def _join(
        self, lines: Mapping[str, list[_Next]], works: Mapping[str, MachineSeen], told: set[tuple[str, str]], seen: Seen
    ) -> None:
        """What is there and nobody was told of goes to the machine that has the least to do, first come first."""
        more = [
            lot for lot in seen.lots
            if self._there(lot, seen.now) and lot.step < len(self._routes.get(lot.item, ()))
            and (lot.order, self._of(lot).operation) not in told
        ]  # fmt: skip
        load = {name: sum(self._length(self._own(one), one.lot) for one in line) for name, line in lines.items()}
        for lot in sorted(more, key=lambda one: (one.since, one.order)):
            able = [name for name, machine in works.items() if self._may(machine, lot)]
            if able:
                name = min(able, key=lambda one: load[one])
                lines[name].append(_Next(lot, lot.step, seen.now, planned=False))
                load[name] += self._length(self._of(lot), lot)

    @staticmethod
    def _there(lot: LotSeen, now: int) -> bool:
        return lot.place == "queue" or (lot.place == "pool" and (lot.ready or 0) <= now)

    def _coming(self, lot: LotSeen, at: int, now: int) -> int:
        """When a lot arrives for a later step: not before what it still needs is done, nor before the plan says so."""
        route = self._routes[lot.item]
        begin = max(now, lot.ready or 0)
        for step in range(lot.step, at):
            length = round(self._length(route[step], lot) * MINUTE)
            spent = min(max(0, now - lot.since), length) if step == lot.step and lot.place == "machine" else 0
            begin += length - spent
        before = self._ends.get((lot.order, route[at - 1].operation), 0) if at else 0
        return max(begin, before, now + MINUTE)

    def _own(self, one: _Next) -> Operation:
        return self._routes[one.lot.item][one.at]

    @staticmethod
    def _length(own: Operation, lot: LotSeen) -> float:
        return own.fixed + own.each * lot.quantity

    def _change(self, before: str, own: Operation) -> float:
        return own.change if own.setup and own.setup != before else 0.0

    # ------------------------------------------------------------------ what is better

    def _better(
        self, machine: MachineSeen, line: list[_Next], lots: Mapping[str, LotSeen], now: int
    ) -> Proposal | None:
        here = [one for one in line if one.ready <= now]
        if not here or (here[0] is line[0] and all(one.planned for one in here)):
            return None
        later = sorted((one for one in line if one.ready > now), key=lambda one: one.ready)
        worth = self._hour(machine.id)
        minute = None if worth.value is None else worth.value / 60
        busy = self._busy(machine, lots, now)
        old = self._cost(machine, line, now, busy, minute)
        ways = [([*own, *later], self._cost(machine, [*own, *later], now, busy, minute))
                for own in (here, self._ranked(machine, here))]  # fmt: skip
        if self._late_hour is None or minute is None:  # lateness is not bought
            ways = [one for one in ways if one[1].late <= old.late + 1e-9]
        if not ways:
            return None
        best, new = min(ways, key=lambda one: one[1].cost)
        won = old.until - new.until
        if new.cost > old.cost - 1e-9 or (won < self._least and old.late - new.late < self._least):
            return None
        sooner = round(won) > 0  # else it wins by lateness alone
        names = {"machine": machine.id.partition("/")[2] or machine.id, "first": best[0].lot.order,
                 "minutes": f"{won if sooner else old.late - new.late:.0f}"}  # fmt: skip
        why = (MISSING if sooner else MISSING_LATE).format(missing=line[0].lot.order, **names)
        if here[0] is line[0]:
            why = (UNPLANNED if sooner else UNPLANNED_LATE).format(
                order=next(one.lot.order for one in here if not one.planned), **names
            )
        facts: dict[str, object] = {
            "setup": machine.setup, "minutes won": round(won, 1), "hours late": round(new.late / 60, 2),
            "hours late before": round(old.late / 60, 2),
        }  # fmt: skip
        if minute is None:
            facts["unpriced"] = worth.why
        entries = tuple((one.lot.order, self._own(one).operation) for one in best)
        value = None if minute is None else old.cost - new.cost
        return Proposal(self.lever, _AUTHOR, Act("dispatch", machine.id, entries), value, why=why, facts=facts,
                        expires=now + _LIFE)  # fmt: skip

    def _busy(self, machine: MachineSeen, lots: Mapping[str, LotSeen], now: int) -> float:
        """How long it still works on what it has [min]."""
        lot = lots.get(machine.order)
        if lot is None or lot.place != "machine" or self._routes[lot.item][lot.step].operation != machine.operation:
            return 0.0
        return max(0.0, self._length(self._of(lot), lot) - (now - lot.since) / MINUTE)

    def _ranked(self, machine: MachineSeen, here: Sequence[_Next]) -> list[_Next]:
        """Least setup first, of these the shortest; what is due within a day before all others."""
        left, line, before = list(here), [], machine.setup
        while left:
            following = min(left, key=lambda one: (*self._rank(one, before), one.lot.order))
            left.remove(following)
            line.append(following)
            before = self._own(following).setup or before
        return line

    def _rank(self, one: _Next, before: str) -> tuple[float, float, float]:
        own, lot = self._own(one), one.lot
        hurried = lot.due is not None and lot.due - one.ready <= self._late * HOUR
        return (0.0 if hurried else 1.0, self._change(before, own), self._length(own, lot))

    def _cost(
        self, machine: MachineSeen, line: Sequence[_Next], now: int, busy: float, minute: float | None
    ) -> _Cost:  # fmt: skip
        at, before, late = busy, machine.setup, 0.0
        for one in line:
            own = self._own(one)
            at = max(at, (one.ready - now) / MINUTE) + self._change(before, own) + self._length(own, one.lot)
            before = own.setup or before
            if one.lot.due is not None:
                rest = sum(self._length(step, one.lot) for step in self._routes[one.lot.item][one.at + 1 :])
                late += max(0.0, at + rest - (one.lot.due - now) / MINUTE)
        cost = at if minute is None else at * minute + late / 60 * (self._late_hour or 0.0)
        return _Cost(cost, at, late)
