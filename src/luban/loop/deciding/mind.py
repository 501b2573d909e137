"""Who is asked when: deciders by their horizons, each heard out, what they propose settled.

The same in real and in virtual time: it knows no clock but the moments it is given.

Reads   nothing    Writes  nothing
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from luban.loop.deciding.floor import Decider, Heard, Proposal, Seen
from luban.loop.deciding.settle import Settled, settle

__all__ = ["Mind", "Thought"]

_log = logging.getLogger(__name__)

_NEVER: Final = 1 << 62


@dataclass(frozen=True, slots=True)
class Thought:
    """What those who were asked propose.

    asked   levers that were asked;  failed  lever → why it could not decide, in words: the others go on
    """

    proposals: tuple[Proposal, ...] = ()
    asked: tuple[str, ...] = ()
    failed: Mapping[str, str] = field(default_factory=dict)


class Mind:
    """Deciders of one plant.

    deciders  in the order in which their levers stand: ties go to the first
    moments   lever → next moment at which it is asked [µs], from a moment on: the turn of a shift or of a tariff.
              Without one a lever is asked as often as its decider says, and for the first time at once

    A decider may say by `concerns` (names of what is heard) what it wants to hear, and by `wakes` after which of that
    it is asked at once; by default after all that concerns it, and after everything where it has no `every`.
    Example   mind = Mind([maintenance, dispatch])
              mind.hear(told)
              settled = mind.think(seen)
    """

    def __init__(
        self, deciders: Sequence[Decider], *, moments: Mapping[str, Callable[[int], int]] | None = None
    ) -> None:
        self._deciders = {one.lever: one for one in deciders}
        self._moments = dict(moments or {})
        self._next = {one.lever: 0 if one.every > 0 or one.lever in self._moments else _NEVER for one in deciders}
        self._told: set[str] = set()
        self._concerns: dict[str, frozenset[str] | None] = {}
        self._wakes: dict[str, frozenset[str] | None] = {}
        for one in deciders:
            concerns = getattr(one, "concerns", None)
            fallback = frozenset() if concerns is None and (one.every > 0 or one.lever in self._moments) else concerns
            self._concerns[one.lever], self._wakes[one.lever] = concerns, getattr(one, "wakes", fallback)

    @property
    def levers(self) -> tuple[str, ...]:
        """Ids of its levers, in their order."""
        return tuple(self._deciders)

    def hear(self, told: Iterable[Heard]) -> None:
        """Hand on what was heard; those that it wakes are asked at the next thought."""
        heard = list(told)
        for lever, decider in self._deciders.items():
            concerns, wakes = self._concerns[lever], self._wakes[lever]
            own = heard if concerns is None else [one for one in heard if one.name in concerns]
            if own:
                decider.hear(own)
            if any(wakes is None or one.name in wakes for one in own):
                self._told.add(lever)

    def due(self, now: int) -> int | None:
        """When somebody is to be asked next [µs]: `now` where that is at once; None where only events ask."""
        if self._told:
            return now
        first = min(self._next.values(), default=_NEVER)
        return None if first == _NEVER else max(now, first)

    def ask(self, seen: Seen) -> Thought:
        """Ask everybody whose time has come. One that fails is named and asked again at its next time."""
        asked = [lever for lever, at in self._next.items() if at <= seen.now or lever in self._told]
        proposals: list[Proposal] = []
        failed: dict[str, str] = {}
        for lever in asked:
            self._told.discard(lever)
            decider = self._deciders[lever]
            if lever in self._moments:
                self._next[lever] = max(self._moments[lever](seen.now), seen.now + 1)
            elif decider.every > 0:
                self._next[lever] = seen.now - seen.now % decider.every + decider.every
            try:
                proposals += decider.decide(seen)
            except Exception as error:  # noqa: BLE001 - one lever that fails must not stop the others
                _log.warning("%s could not decide", lever, exc_info=error)
                failed[lever] = str(error) or type(error).__name__
        return Thought(tuple(proposals), tuple(asked), failed)

    def think(self, seen: Seen, busy: Mapping[str, tuple[int, int]] | None = None) -> Settled:
        """Ask, and settle what is proposed; see `settle`."""
        return settle(self.ask(seen).proposals, busy, order=self.levers, now=seen.now)
