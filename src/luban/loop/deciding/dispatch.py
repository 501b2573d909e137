"""Dispatch: which lot a machine takes next, by setup saved and length of the work.

Reads   queues, setups, planned times    Writes  nothing
Source  sequence-dependent setups: J. Blackstone, D. Phillips, G. Hogg, Int. J. Prod. Res. 20 (1982) 27-45,
        doi 10.1080/00207548208947745; shortest processing time: R. Conway, W. Maxwell, L. Miller, Theory of
        Scheduling (1967)
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from luban.core.time import HOUR
from luban.loop.deciding.floor import Act, Heard, LotSeen, MachineSeen, Proposal, Seen

__all__ = ["DispatchList", "DispatchRule", "Operation"]

_AUTHOR: Final = "luban dispatch 1"


class DispatchRule:
    """Gives stations the rule by which they take the next lot, once.

    rules  station → keys, the first is compared first, as the floor's own programme knows them
    worth  what it is expected to bring a day, with its interval [currency]
    """

    lever = "dispatch"
    every = HOUR
    concerns: frozenset[str] = frozenset()

    def __init__(self, rules: Mapping[str, Sequence[str]], worth: tuple[float, float, float] | None = None) -> None:
        self._rules = {station: tuple(keys) for station, keys in rules.items()}
        self._worth = worth or (None, None, None)
        self._told = False

    def hear(self, told: Iterable[Heard]) -> None:
        """Nothing changes a rule."""

    def decide(self, seen: Seen) -> Sequence[Proposal]:  # noqa: ARG002  rests on nothing that is seen
        """The rule of each station, at the first question."""
        if self._told:
            return ()
        self._told = True
        each, low, high = self._worth
        why = "what needs the least setup goes first, of these the shortest: fewer hours are lost to setups"
        return tuple(
            Proposal(self.lever, _AUTHOR, Act("rule", station, keys), each, low, high, why)
            for station, keys in self._rules.items()
        )


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation as the plant plans it.

    station, operation  where, and its id;  setup  what the machine must be set up for
    fixed, each         planned time of a lot and of a piece [min]
    machines            those that may do it; empty: all of the station
    change              planned setup when the machine comes from another one, where no table has it [min]
    """

    station: str
    operation: str
    setup: str = ""
    fixed: float = 0.0
    each: float = 0.0
    machines: frozenset[str] = field(default_factory=frozenset)
    change: float = 0.0


class DispatchList:
    """Says to each machine in which order to take what waits before it: the least setup first, then the shortest.

    After each lot of the list the machine is taken as set up for it, so equal setups follow each other.

    routes  item → its operations in order
    setups  (from, to) → planned setup [min]; what is not listed takes `other`
    late    an order due within so many hours goes first [h]
    minute  what a minute of a machine is worth [currency]: prices the setups that a list saves against first come
    most    entries of a list
    """

    lever = "dispatch"

    def __init__(
        self, routes: Mapping[str, Sequence[Operation]], setups: Mapping[tuple[str, str], float], *,
        other: float = 0.0, late: float = 24.0, minute: float = 0.0, most: int = 8, every: int = HOUR // 4,
    ) -> None:  # fmt: skip
        self._routes, self._setups, self._other = routes, setups, other
        self._late, self._minute, self._most = late, minute, most
        self.every = every
        self.concerns = frozenset({"queued", "operation", "state"})
        self.wakes = frozenset({"queued"})
        self._given: dict[str, tuple[tuple[str, str], ...]] = {}

    def hear(self, told: Iterable[Heard]) -> None:
        """What waits stands in the picture."""

    def decide(self, seen: Seen) -> Sequence[Proposal]:
        """A list for each machine whose list has changed."""
        waiting: dict[str, list[LotSeen]] = defaultdict(list)
        for lot in seen.lots:
            if lot.place == "queue":
                waiting[lot.station].append(lot)
        found = []
        for machine in seen.machines.values():
            lots = [lot for lot in waiting.get(machine.station, ()) if self._may(machine, lot)]
            line = self._line(machine, lots, seen.now)
            entries = tuple((lot.order, self._of(lot).operation) for lot in line[: self._most])
            if entries and entries != self._given.get(machine.id):
                self._given[machine.id] = entries
                found.append(self._proposal(machine, lots, line, entries))
        return found

    def _proposal(
        self, machine: MachineSeen, lots: Sequence[LotSeen], line: Sequence[LotSeen],
        entries: tuple[tuple[str, str], ...],
    ) -> Proposal:  # fmt: skip
        came = sorted(lots, key=lambda lot: (lot.since, lot.order))
        saved = self._setup_of(machine, came) - self._setup_of(machine, line)
        why = f"{saved:.0f} min of setup less than in the order of arrival" if saved > 0 else "shortest work first"
        return Proposal(
            self.lever, _AUTHOR, Act("dispatch", machine.id, entries), max(saved, 0.0) * self._minute, why=why,
            facts={"setup": machine.setup, "waiting": len(lots)},
        )  # fmt: skip

    def _of(self, lot: LotSeen) -> Operation:
        return self._routes[lot.item][lot.step]

    def _may(self, machine: MachineSeen, lot: LotSeen) -> bool:
        route = self._routes.get(lot.item, ())
        if not lot.step < len(route):
            return False
        able = route[lot.step].machines
        return not able or machine.id in able

    def _setup(self, before: str, after: str) -> float:
        return self._setups.get((before, after), self._other) if after else 0.0

    def _setup_of(self, machine: MachineSeen, line: Sequence[LotSeen]) -> float:
        """Setup of a whole sequence [min]."""
        total, before = 0.0, machine.setup
        for lot in line:
            after = self._of(lot).setup
            total += self._setup(before, after)
            before = after or before
        return total

    def _line(self, machine: MachineSeen, lots: Sequence[LotSeen], now: int) -> list[LotSeen]:
        left, line, before = list(lots), [], machine.setup

        def rank(lot: LotSeen) -> tuple[float, ...]:
            own = self._of(lot)
            hurried = lot.due is not None and lot.due - now <= self._late * HOUR
            length = own.fixed + own.each * lot.quantity
            return (0.0 if hurried else 1.0, self._setup(before, own.setup), length, float(lot.since))

        while left:
            following = min(left, key=rank)
            left.remove(following)
            line.append(following)
            before = self._of(following).setup or before
        return line
