"""Which proposals go: of those that want the same machine, order or actuator at the same time, the dearest set.

Reads   nothing    Writes  nothing
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from luban.core.errors import InputError
from luban.loop.deciding.floor import ACTS, Proposal

__all__ = ["BUSY", "LOST", "NO_GAIN", "TOO_OLD", "UNPRICED", "Dropped", "Settled", "settle"]

LOST: Final = "what it needs goes to what is worth more"
UNPRICED: Final = "it is not priced, and what it needs is taken"
BUSY: Final = "what it needs is taken already"
NO_GAIN: Final = "it costs more than it brings"
TOO_OLD: Final = "it was not decided on in time"

_STEPS: Final = 20_000  # of the exact search in one knot of conflicts; beyond, the best found so far stands


@dataclass(frozen=True, slots=True)
class Dropped:
    """A proposal that does not go: why, and the proposals that it lost to."""

    proposal: Proposal
    reason: str
    to: tuple[Proposal, ...] = ()


@dataclass(frozen=True, slots=True)
class Settled:
    """What goes and what does not, each in the order in which levers stand.

    proved  no other choice is worth more; False where a knot of conflicts was too large to search through
    """

    taken: tuple[Proposal, ...]
    dropped: tuple[Dropped, ...] = ()
    proved: bool = True


def settle(
    proposals: Sequence[Proposal],
    busy: Mapping[str, tuple[int, int]] | None = None,
    *,
    order: Sequence[str] = (),
    now: int | None = None,
) -> Settled:
    """Choose proposals that can go together, so that the sum of their worth is greatest.

    Two conflict where they take the same thing at times that overlap, or give an order of the same kind to the same
    target. Ties go to the lever that stands first. What has no price comes last: it goes where nothing is in its way.
    busy   machine, order or actuator → (from, to) [µs] that is taken already and stays so
    order  ids of levers, first ones first; those that are not named come after, in the order of the proposals
    now    [µs]; what expired before is dropped. None: nothing is
    Raises InputError for a worth that is no finite number, an unknown kind of act, a time that ends before it begins
    Example two cuts of one machine at one time, worth 5 and 8, and one of another machine worth 1: 8 and 1 go
    """
    for one in proposals:
        _check(one)
    ranked = _ranked(proposals, order)
    if len(ranked) == 1 and not busy and now is None and (ranked[0].worth or 0.0) >= 0.0:
        return Settled((ranked[0],))
    dropped = {place: reason for place, one in enumerate(ranked) if (reason := _hopeless(one, busy or {}, now))}
    rivals = _rivals(ranked, [place for place in range(len(ranked)) if place not in dropped])
    taken: set[int] = set()
    proved = True
    for knot in _knots([place for place in rivals if ranked[place].worth is not None], rivals):
        chosen, sure = _best(knot, ranked, rivals)
        taken |= chosen
        proved &= sure
    for place in rivals:
        if ranked[place].worth is None and not rivals[place] & taken:
            taken.add(place)
    lost = []
    for place, one in enumerate(ranked):
        if place in dropped:
            lost.append(Dropped(one, dropped[place]))
        elif place not in taken:
            to = tuple(ranked[rival] for rival in sorted(rivals[place] & taken))
            lost.append(Dropped(one, UNPRICED if one.worth is None else LOST, to))
    return Settled(tuple(ranked[place] for place in sorted(taken)), tuple(lost), proved)


def _check(one: Proposal) -> None:
    if one.act.kind not in ACTS:
        raise InputError("no such kind of act", came=repr(one.act.kind), expected=", ".join(ACTS), where=one.lever)
    if one.worth is not None and not math.isfinite(one.worth):
        raise InputError("a worth is no number", came=str(one.worth), expected="a finite number", where=one.lever)
    for name, (begin, end) in one.takes.items():
        if end < begin:
            raise InputError("a time ends before it begins", came=f"{begin} … {end}", where=f"{one.lever}: {name}")


def _ranked(proposals: Sequence[Proposal], order: Sequence[str]) -> list[Proposal]:
    ranks = {lever: rank for rank, lever in enumerate(order)}
    for one in proposals:
        ranks.setdefault(one.lever, len(ranks))
    return sorted(proposals, key=lambda one: ranks[one.lever])


def _hopeless(one: Proposal, busy: Mapping[str, tuple[int, int]], now: int | None) -> str:
    if now is not None and one.expires is not None and one.expires < now:
        return TOO_OLD
    if any(name in busy and _overlap(span, busy[name]) for name, span in one.takes.items()):
        return BUSY
    return NO_GAIN if one.worth is not None and one.worth < 0.0 else ""


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _rivals(ranked: Sequence[Proposal], places: Sequence[int]) -> dict[int, set[int]]:
    """What each conflicts with."""
    rivals: dict[int, set[int]] = {place: set() for place in places}
    targets: dict[tuple[str, str], list[int]] = {}
    spans: dict[str, list[tuple[tuple[int, int], int]]] = {}
    for place in places:
        act = ranked[place].act
        _join(rivals, place, targets.setdefault((act.kind, act.target), []))
        targets[act.kind, act.target].append(place)
        for name, span in ranked[place].takes.items():
            others = spans.setdefault(name, [])
            _join(rivals, place, (other for taken, other in others if _overlap(span, taken)))
            others.append((span, place))
    return rivals


def _join(rivals: dict[int, set[int]], place: int, others: Iterable[int]) -> None:
    for other in others:
        rivals[place].add(other)
        rivals[other].add(place)


def _knots(places: Sequence[int], rivals: Mapping[int, set[int]]) -> list[list[int]]:
    """Priced proposals that hang together by conflicts."""
    left, found = dict.fromkeys(places), []
    for start in places:
        if start not in left:
            continue
        del left[start]
        knot, edge = [start], [start]
        while edge:
            for near in rivals[edge.pop()]:
                if near in left:
                    del left[near]
                    knot.append(near)
                    edge.append(near)
        found.append(sorted(knot))
    return found


def _best(knot: Sequence[int], ranked: Sequence[Proposal], rivals: Mapping[int, set[int]]) -> tuple[set[int], bool]:
    """The dearest set without a conflict, by branch and bound; first ones first among equals, and whether it is sure.

    What is left is bounded by cliques: of proposals that all conflict with each other one goes at most.
    """
    worth = {place: ranked[place].worth or 0.0 for place in knot}
    slack = 1e-9 * max(1.0, sum(worth.values()))
    best = _greedy(knot, worth, rivals)
    state = _Search(worth, rivals, slack, best, sum(worth[place] for place in best) - 2 * slack)
    state.look(list(knot), [], 0.0)
    return state.best, state.steps <= _STEPS


def _greedy(knot: Sequence[int], worth: Mapping[int, float], rivals: Mapping[int, set[int]]) -> set[int]:
    chosen: set[int] = set()
    for place in sorted(knot, key=lambda place: (-worth[place], place)):
        if not rivals[place] & chosen:
            chosen.add(place)
    return chosen


@dataclass(slots=True)
class _Search:
    worth: Mapping[int, float]
    rivals: Mapping[int, set[int]]
    slack: float
    best: set[int]
    value: float
    steps: int = 0

    def look(self, left: list[int], chosen: list[int], value: float) -> None:
        """Go on with each of what is left, first with the first of them and then without it."""
        while left:
            self.steps += 1
            if self.steps > _STEPS or value + self._bound(left) <= self.value + self.slack:
                return
            first, rest = left[0], left[1:]
            near = self.rivals[first]
            self.look([p for p in rest if p not in near], [*chosen, first], value + self.worth[first])
            if near.isdisjoint(rest):
                return  # nothing speaks against it: without it is never better
            left = rest
        if value > self.value + self.slack:
            self.best, self.value = set(chosen), value

    def _bound(self, left: Sequence[int]) -> float:
        cliques: list[list[int]] = []
        total = 0.0
        for place in sorted(left, key=lambda place: -self.worth[place]):
            near = self.rivals[place]
            for clique in cliques:
                if near.issuperset(clique):
                    clique.append(place)
                    break
            else:
                cliques.append([place])
                total += self.worth[place]  # the dearest of its clique
        return total
