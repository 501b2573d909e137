"""What a decision may know of a plant, and what it may order there.

`Seen` is the picture that wires, books and plans give of an instant; `Act` is an order. A running plant fills the
picture from its ledger and its actor carries the acts out under guard; a twin fills it from its panels.

Reads   nothing    Writes  nothing
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

__all__ = ["ACTS", "Act", "Decider", "Heard", "LotSeen", "MachineSeen", "Proposal", "Seen", "Worth"]

ACTS: Final[Mapping[str, str]] = {
    "set": "a set-point of an actuator",
    "release": "an order goes to the floor",
    "dispatch": "the next operations of a machine, in this order",
    "rule": "the rule by which a station takes the next lot",
    "start batch": "a furnace or another batch starts with what is there",
    "change tool": "a new edge",
    "maintain": "a work order of maintenance begins at the next stop",
    "standby": "a machine goes to standby, or back",
    "schedule": "a plan of operations is taken",
}
"""Kinds of act. Acts on a device go through the actor; acts of people become dispatch lists and work orders."""


@dataclass(frozen=True, slots=True)
class MachineSeen:
    """A machine as its signals and its bookings show it; what is not known is None or empty.

    state     word of the normal vocabulary: running, setup, idle, waiting, down, planned_stop, off, standby
    since     it holds [µs]
    order, operation   it works on;  setup  what it is set up for;  alarm  that is active
    ran       running hours by its state signal [h];  tool_minutes  cutting time of its edge [min];  edges  used
    signals   newest value of its other signals, by their names
    """

    id: str
    station: str
    state: str
    since: int
    order: str = ""
    operation: str = ""
    setup: str = ""
    alarm: str = ""
    ran: float | None = None
    tool_minutes: float | None = None
    edges: int | None = None
    signals: Mapping[str, float | int | str | bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LotSeen:
    """An order or lot that has arrived and has not left.

    place      pool, queue, machine, moving or outside;  station  where it waits or goes next
    received   order receipt [µs];  due [µs], None without a date;  ready  day for which material is promised [µs]
    step       index of its next or present operation in its route
    """

    order: str
    item: str
    quantity: int
    place: str
    station: str
    step: int
    received: int
    due: int | None = None
    ready: int | None = None
    since: int = 0


@dataclass(frozen=True, slots=True)
class Seen:
    """The picture of an instant.

    now      [µs UTC]
    prices   what an hour of a machine, a late day, a kilowatt-hour costs now, by name [currency]
    doubts   what is stale or missing, in words: a decision that rests on it says so or waits
    """

    now: int
    machines: Mapping[str, MachineSeen]
    lots: Sequence[LotSeen] = ()
    prices: Mapping[str, float] = field(default_factory=dict)
    doubts: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Heard:
    """Something that a wire or a book told: a signal of a machine has this value from that time on [µs]."""

    time: int
    machine: str
    name: str
    value: float | int | str | bool


@dataclass(frozen=True, slots=True)
class Act:
    """An order. `kind` of ACTS; `target` a machine, station, order or actuator; `value` what the kind needs."""

    kind: str
    target: str
    value: Any = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A decision before it is taken.

    lever    id of the lever that decides;  author  program with its version
    act      what is to be done
    worth    what it is expected to bring [currency], with its interval; None: not priced, it wins against no other
    why      the reason, in words for people;  facts  seqs or names of what it rests on
    takes    what it takes for itself, as machine or order → (from, to) [µs]: proposals that take the same conflict
    expires  not done after this [µs]
    """

    lever: str
    author: str
    act: Act
    worth: float | None = None
    low: float | None = None
    high: float | None = None
    why: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    takes: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    expires: int | None = None


@dataclass(frozen=True, slots=True)
class Worth:
    """What something is expected to bring [currency], with its interval; how that was worked out, or why it is not.

    facts  what it rests on, by name
    """

    value: float | None = None
    low: float | None = None
    high: float | None = None
    why: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)

    def told(self) -> dict[str, Any]:
        """The same for the facts of a proposal: `priced` or `unpriced`, and what it rests on."""
        return {**self.facts, "unpriced" if self.value is None else "priced": self.why} if self.why else {**self.facts}


class Decider(Protocol):
    """One lever's mind.

    lever    its id
    every    time between two questions [µs]; 0: it is asked after each thing heard that concerns it
    """

    lever: str
    every: int

    def hear(self, told: Iterable[Heard]) -> None:
        """What has happened since the last time, oldest first."""
        ...

    def decide(self, seen: Seen) -> Sequence[Proposal]:
        """What it would do now."""
        ...
