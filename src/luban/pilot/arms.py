"""Which arms a study runs: those that are shown, and the sets of levers that the waterfall needs.

Reads   nothing    Writes  nothing
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from luban.core.errors import InputError
from luban.pilot.plan import Arm, Lever, Pilot
from luban.pilot.proof import AS_IS, CAPITAL, CONVENTIONAL, LUBAN
from luban.verify import needed

__all__ = ["PLAYERS", "Groups", "Lineup", "lineup"]

PLAYERS: Final = 6
"""Groups of levers that Shapley's split takes apart: each more doubles the runs."""

Groups = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Lineup:
    """What a study runs.

    shown             arms by name, as is first
    method            of the waterfall
    decided, capital  groups of levers that are its steps, capital ones after the decided
    left              names of the pilot's own arms that are not run
    """

    shown: Mapping[str, Arm]
    method: str
    decided: Groups
    capital: Groups
    left: tuple[str, ...] = ()

    def sets(self) -> Mapping[frozenset[int], Arm]:
        """Decided steps by number → arm, as the method needs them."""
        if not self.decided:
            return {frozenset(): Arm()}
        names = [str(at) for at in range(len(self.decided))]
        wanted = needed(names, method=self.method)
        return {frozenset(map(int, some)): Arm(levers=self._levers(sorted(map(int, some)))) for some in wanted}

    def steps(self) -> tuple[Arm, ...]:
        """All decided levers, then one capital step more each time."""
        base = self._levers(range(len(self.decided)))
        return tuple(
            Arm(levers=base.union(*map(frozenset, self.capital[:size]))) for size in range(len(self.capital) + 1)
        )

    def arms(self) -> tuple[Arm, ...]:
        """Every arm that must be run, once each."""
        return tuple(dict.fromkeys((*self.shown.values(), *self.sets().values(), *self.steps())))

    def _levers(self, numbers: Sequence[int]) -> frozenset[str]:
        return frozenset(one for at in numbers for one in self.decided[at])


def lineup(
    pilot: Pilot, *, levers: Collection[str] | None = None, without: Collection[str] = (), method: str = "sequential",
    quick: bool = False, extras: bool = True,
) -> Lineup:  # fmt: skip
    """The arms of a study.

    levers   only these; None: all that the pilot has and does not skip
    without  none of these
    method   shapley or sequential
    quick    steps of the waterfall by field of action, capital as one, and no arms of the pilot's own
    extras   the pilot's own arms too, unless levers were chosen
    Raises   InputError: an unknown lever or method, no lever left
    """
    if method not in ("shapley", "sequential"):
        raise InputError("no such split", came=method, expected="shapley or sequential", where="--method")
    known = {one.id: one for one in pilot.levers}
    for name in (*(levers or ()), *without):
        if name not in known:
            raise InputError("no such lever", came=name, expected=", ".join(known) or "this pilot has none")
        if levers and name in levers and name in pilot.skipped:
            raise InputError("this plant has no use for the lever", came=f"{name}: {pilot.skipped[name]}")
    on = [
        one
        for one in pilot.levers
        if one.id not in pilot.skipped and one.id not in without and (levers is None or one.id in levers)
    ]
    decided, capital = [one for one in on if not one.capital], [one for one in on if one.capital]
    if not on:
        raise InputError("no lever is left to switch on", came=", ".join(without) or "none that this plant can use")
    shown = {AS_IS: Arm(), CONVENTIONAL: Arm("conventional"), LUBAN: _arm(decided)}
    if capital:
        shown[CAPITAL] = _arm(on)
    if not decided:
        del shown[LUBAN]
    whole = levers is None and not without
    more = {name: arm for name, arm in pilot.arms().items() if name not in shown}
    if whole and extras and not quick:
        shown |= more
    most = PLAYERS if method == "shapley" else len(decided)
    left = tuple(name for name in more if name not in shown)
    money = (tuple(one.id for one in capital),) if quick and capital else tuple((one.id,) for one in capital)
    return Lineup(shown, method, _grouped(decided, most, quick), money, left)


def _arm(levers: Sequence[Lever]) -> Arm:
    return Arm(levers=frozenset(one.id for one in levers))


def _grouped(levers: Sequence[Lever], most: int, by_field: bool) -> Groups:
    """Steps in the order of the levers: one each; joined within a field of action while there are too many."""
    groups = [[one] for one in levers]
    while by_field or len(groups) > most:
        pair = min(
            _neighbours(groups), key=lambda two: (len(groups[two[0]]) + len(groups[two[1]]), -two[1]), default=None
        )
        if pair is None and (by_field or len(groups) < 2):
            break
        first, second = pair or (len(groups) - 2, len(groups) - 1)
        groups[first] += groups.pop(second)
    return tuple(tuple(one.id for one in group) for group in groups)


def _neighbours(groups: Sequence[Sequence[Lever]]) -> Iterator[tuple[int, int]]:
    """Groups of one field, each with the next of that field."""
    last: dict[str, int] = {}
    for at, group in enumerate(groups):
        field = group[0].field
        if field in last:
            yield last[field], at
        last[field] = at
