"""Who is there: deaths, births that do not come, and what was lost between the two.

After an outage an edge node may first send what it stored. Values of that edge node are held for a
moment then, so that they are handed on in the order of time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from luban.connect.wire import Sample, Sink
from luban.core.quality import Quality
from luban.core.time import MILLISECOND, SECOND

__all__ = ["Vigil"]

# A broker gives a silent client one and a half keep-alive periods; 60 s is the usual period.
_DEATH_DELAY: Final = 90 * SECOND
_QUIET: Final = 500 * MILLISECOND  # an edge node that has sent nothing stored for so long has nothing more
_LONGEST_HOLD: Final = 10 * SECOND


@dataclass(slots=True)
class _Owner:
    """An edge node's own metrics, or one device's; `since` and `due` [µs UTC], due 0: nothing is awaited."""

    addresses: frozenset[str]
    since: int = 0
    due: int = 0
    away: bool = False


@dataclass(slots=True)
class _Edge:
    owners: dict[str, _Owner] = field(default_factory=dict)  # device → owner, '' the node itself
    last: int = 0  # arrival of its newest message [µs UTC]
    held: list[Sample] = field(default_factory=list)
    hold_until: int = 0  # 0: not held
    hold_limit: int = 0
    claims: list[tuple[int, int, frozenset[str]]] = field(default_factory=list)


class Vigil:
    """Presence of edge nodes and devices.

    owners         (edge node, device) → addresses mapped there
    birth_timeout  who has not announced itself by then is not there [µs]
    history_first  edge nodes keep data while we are away: expect them after our own connect too
    """

    def __init__(
        self, owners: Iterable[tuple[str, str, frozenset[str]]], birth_timeout: int, *, history_first: bool
    ) -> None:
        self._timeout = birth_timeout
        self._history_first = history_first
        self._edges: dict[str, _Edge] = {}
        self._ready: list[Sample] = []
        for edge, device, addresses in owners:
            self._edges.setdefault(edge, _Edge()).owners[device] = _Owner(addresses)

    def begin(self, at: int) -> None:
        """We listen from now on; everybody has to announce itself."""
        for edge in self._edges.values():
            for owner in edge.owners.values():
                owner.since, owner.due = at, at + self._timeout

    def heard(self, name: str, arrived: int, *, historical: bool) -> None:
        """A message of an edge node; historical: out of its store, so nothing was lost."""
        edge = self._edges[name]
        edge.last = arrived
        if historical:
            edge.claims.clear()
            if edge.hold_until:
                edge.hold_until = min(arrived + _QUIET, edge.hold_limit)

    def born(self, name: str, device: str, arrived: int) -> None:
        """A birth: the owner is there; a node's birth asks all its devices to be born again."""
        edge = self._edges[name]
        first = not edge.last
        if not device:
            for other, owner in edge.owners.items():
                if other and not owner.away:
                    owner.since, owner.due = arrived, arrived + self._timeout
        owner = edge.owners.get(device) or _Owner(frozenset())
        if owner.away:
            edge.claims.append((owner.since, arrived, owner.addresses))
        if (owner.away or (first and self._history_first)) and not edge.hold_until:
            edge.hold_until, edge.hold_limit = arrived + _QUIET, arrived + _LONGEST_HOLD
        owner.away, owner.due = False, 0

    def died(self, name: str, device: str, arrived: int) -> None:
        """A death; '' is the node, and all its devices with it."""
        edge = self._edges[name]
        # A device's death is told by its living node; a node's is found out by the broker, later.
        since = arrived if device else max(edge.last, arrived - _DEATH_DELAY)
        for other, owner in edge.owners.items():
            if (not device or other == device) and not owner.away:
                self._away(edge, owner, since)

    def put(self, name: str, sample: Sample) -> None:
        """A value of an edge node."""
        edge = self._edges[name]
        (edge.held if edge.hold_until else self._ready).append(sample)

    def ready(self, at: int, sink: Sink) -> list[Sample]:
        """What may be handed on now; tells the sink what was lost for good."""
        for edge in self._edges.values():
            for owner in edge.owners.values():
                if owner.due and at >= owner.due:
                    self._away(edge, owner, owner.since)
            if edge.hold_until and at >= edge.hold_until:
                self._release(edge, sink)
        ready, self._ready = self._ready, []
        return ready

    def give_up(self, sink: Sink) -> None:
        """The link is gone: hand on everything."""
        for edge in self._edges.values():
            self._release(edge, sink)
        if self._ready:
            sink.samples(self._ready)
            self._ready = []

    def _away(self, edge: _Edge, owner: _Owner, since: int) -> None:
        owner.away, owner.since, owner.due = True, since, 0
        silence = [Sample(a, since, None, Quality.NO_COMMUNICATION) for a in sorted(owner.addresses)]
        (edge.held if edge.hold_until else self._ready).extend(silence)

    def _release(self, edge: _Edge, sink: Sink) -> None:
        for start, end, addresses in edge.claims:
            if addresses:
                sink.lost(start, end, "the edge node or device was away", sorted(addresses))
        edge.claims.clear()
        self._ready.extend(sorted(edge.held, key=lambda sample: sample.time))
        edge.held = []
        edge.hold_until = 0
