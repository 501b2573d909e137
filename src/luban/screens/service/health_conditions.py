"""Condition indicators of machines out of the single values in the books: read on piece by piece, learned once.

Reads   Fact(signal, state), Fact(event) of kind model
Writes  Fact(event) of kind model through the health books: what was taken as usual
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import narwhals as nw
import numpy as np

from luban.core.time import DAY, MINUTE
from luban.ledger import Ledger
from luban.plant import Plant, Signal
from luban.screens.service.health_grid import STEP, States, channels_of, states_of
from luban.understand.book import Entry, entries, row
from luban.understand.health.indicators import UNSEEN, Compared, Usual
from luban.understand.health.machine import Learned, MachineHealth, words
from luban.understand.health.machine.conditions import (
    STRETCH,
    Conditions,
    Track,
    compared_with,
    cut_up,
    every_of,
    learn_conditions,
    record_of,
    recorded,
    unlearned,
)
from luban.understand.quality.data import Floats, Ints

__all__ = ["SHOWN", "TURN", "ConditionDesk"]

SHOWN: Final = 3 * DAY
"""Stretches that are kept and shown [µs]."""

TURN: Final = 200_000
"""Values of a machine that one turn reads at most, or one stretch of each of its signals: half a second of work."""

_WHAT: Final = "indicators"


@dataclass(slots=True)
class _Signal:
    """How far one signal is."""

    signal: Signal
    every: int = 0
    reason: str = ""
    asked: int = -1
    usual: Usual | None = None
    lacks: str = ""  # why nothing is usual
    good: int = 0
    learning: Track = field(default_factory=Track)
    learned_to: int = -1  # up to where the days taken as usual are read [µs UTC]; −1: not begun
    track: Track = field(default_factory=Track)
    compared: tuple[Compared, ...] = ()
    edge: int = -1


@dataclass(slots=True)
class _Machine:
    """What was worked out for one machine."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    token: object = None
    head: int = 0
    edge: int = -1
    more: bool = True
    signals: dict[str, _Signal] = field(default_factory=dict)
    told: tuple[Conditions, ...] = ()


@dataclass(frozen=True, slots=True)
class _Look:
    """A machine at one moment: what it is and how its values are told apart."""

    ledger: Ledger
    health: MachineHealth
    states: States
    edge: int

    def labelled(self, time: Ints) -> tuple[np.ndarray[Any, np.dtype[np.bool_]], np.ndarray[Any, Any]]:
        """Which values count, and the regime of each: in operation, and of the item that its row is of."""
        rows = self.health.readings
        at = np.searchsorted(rows.time, time - time % STEP)
        inside = at < len(rows.time)
        at = np.minimum(at, len(rows.time) - 1)
        taken = inside & (rows.time[at] == time - time % STEP) & rows.usable[at]
        if len(self.states.time):
            now = np.searchsorted(self.states.time, time, side="right") - 1
            middle = np.searchsorted(self.states.time, rows.time[at] + STEP // 2, side="right") - 1
            items = np.array(self.states.items, dtype=object)
            taken &= (now >= 0) & self.states.runs[now] & (items[now] == items[middle])
        never = UNSEEN if self.health.learned is not None else ""
        names = np.array([label or never for label in self.health.regimes], dtype=object)
        return taken, names[at]


class ConditionDesk:
    """Condition indicators of all machines; each turn reads on, and what was told before stands meanwhile.

    ledger, plant  the books and the plant, asked anew each turn
    """

    def __init__(self, ledger: Callable[[], Ledger], plant: Callable[[], Plant]) -> None:
        self._ledger, self._plant = ledger, plant
        self._lock = threading.Lock()
        self._kept: dict[str, _Machine] = {}

    def told(self, machine: str) -> tuple[Conditions, ...]:
        """What was worked out so far, one a signal; nothing before the first turn."""
        return self._of(machine).told

    def turn(self, machine: str, health: MachineHealth, *, most: int | None = TURN) -> bool:
        """Read on; whether there is more to read.

        health  how the machine is: its rows, their regimes, and from which of them it was learned
        most    values to read at most; None: all there are
        """
        kept = self._of(machine)
        with kept.lock:
            ledger, plant = self._ledger(), self._plant()
            head, edge = ledger.head, _whole(int(health.readings.time[-1]) + STEP)
            if kept.token == (health.learned, channels_of(plant, machine)) and kept.edge == edge and not kept.more:
                return False
            self._renewed(kept, machine, ledger, plant, health, edge)
            look = _Look(ledger, health, states_of(ledger, machine, None, edge), edge)
            left, more = most, False
            for own in kept.signals.values():
                self._plan(own, look)
                if own.every:
                    used, done = _read(own, look, left)
                    more |= not done
                    left = None if left is None else max(left - used, 0)
            kept.head, kept.edge, kept.more = head, edge, more
            kept.told = tuple(_told(own, health.learned) for own in kept.signals.values())
            return more

    def record(self, machine: str) -> dict[str, list[Any]] | None:
        """The row of what was just taken as usual, None where all of it is on record."""
        kept = self._of(machine)
        with kept.lock:
            learned = kept.token[0] if isinstance(kept.token, tuple) else None
            ready = {name: own for name, own in kept.signals.items() if own.usual is not None}
            if not isinstance(learned, Learned) or not ready or any(_waits(own) for own in kept.signals.values()):
                return None
            before = newest_record(self._ledger(), machine, learned)
            if before is not None and set(ready) <= set(before.data["channels"]):
                return None
            channels = {
                name: {"every": own.every, "good": own.good, "usual": record_of(own.usual)}
                for name, own in ready.items() if own.usual is not None
            }  # fmt: skip
            data = {
                "what": _WHAT, "since": learned.start, "until": learned.end, "stretch_s": STRETCH // 1_000_000,
                "channels": channels, "digest": _digest(channels),
            }  # fmt: skip
            return row("model", machine, "fit", person="", data=data)

    def _of(self, machine: str) -> _Machine:
        with self._lock:
            return self._kept.setdefault(machine, _Machine())

    def _renewed(
        self, kept: _Machine, machine: str, ledger: Ledger, plant: Plant, health: MachineHealth, edge: int
    ) -> None:
        """Begin anew where what is usual was learned anew or other signals are declared; forget what came late."""
        signals = channels_of(plant, machine)
        token = (health.learned, signals)
        if kept.token != token:
            kept.token = token
            kept.signals = {one.name: _Signal(one) for one in signals}
            entry = None if health.learned is None else newest_record(ledger, machine, health.learned)
            for name, told in ({} if entry is None else entry.data["channels"]).items():
                if name in kept.signals:
                    own = kept.signals[name]
                    own.usual, own.good, own.every = recorded(told["usual"]), int(told["good"]), int(told["every"])
                    own.lacks = "" if own.usual.table else words.USUAL_NO_VALUES
            return
        late = _late(ledger, machine, signals, kept.head, edge)
        for own in kept.signals.values():
            if late is not None and own.edge > late:
                own.edge = late - late % STRETCH
                own.track = own.track.until(own.edge)
                own.compared = own.compared[: len(own.track)]

    def _plan(self, own: _Signal, look: _Look) -> None:
        """How often a signal is read, asked once a day until it is often enough."""
        if own.every or own.asked == look.edge // DAY:
            return
        own.asked = look.edge // DAY
        minutes = look.ledger.minutes(own.signal.id, look.edge - SHOWN, look.edge)
        at, good = minutes.column("minute").to_numpy(), minutes.column("good").to_numpy().astype(np.float64)
        taken, _ = look.labelled(at) if len(look.health.readings) else (np.zeros(0, np.bool_), at)
        slots, counts = (at[taken] // STRETCH, good[taken])
        found = np.bincount(slots - slots.min(), counts) if len(slots) else np.zeros(0)
        minutes_in = np.bincount(slots - slots.min()) if len(slots) else np.zeros(0)
        whole = minutes_in >= STRETCH // MINUTE // 2
        per = found[whole] / minutes_in[whole] * (STRETCH / MINUTE)
        own.every, own.reason = every_of(np.rint(per[per > 0]).astype(np.int64))


def newest_record(ledger: Ledger, machine: str, learned: Learned) -> Entry | None:
    """What was taken as usual of the very rows that the machine's watch rests on; None where there is no record."""
    for entry in reversed(entries(ledger, "model", machine)):
        data = entry.data
        if data.get("what") == _WHAT and (data["since"], data["until"]) == (learned.start, learned.end):
            return entry if data.get("digest") == _digest(data["channels"]) else None
    return None


def _digest(channels: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(channels, sort_keys=True).encode()).hexdigest()


def _whole(moment: int) -> int:
    return moment - moment % STRETCH


def _waits(own: _Signal) -> bool:
    """Whether the days taken as usual are still being read."""
    return bool(own.every) and own.usual is None and not own.lacks


def _read(own: _Signal, look: _Look, most: int | None) -> tuple[int, bool]:
    """Read on: first the days taken as usual, then the newest ones. Values read, and whether it is done."""
    used = 0
    learned = look.health.learned
    if learned is not None and _waits(own):
        first = int(look.health.readings.time[0])
        if learned.start < first:
            own.lacks = words.USUAL_FAR_BACK
        else:
            begun = _whole(learned.start) if own.learned_to < 0 else own.learned_to
            end = learned.end + STEP
            taken, own.learned_to, more = _pieces(own, look, begun, end, most)
            own.learning = own.learning.with_more(more)
            used += taken
            if own.learned_to < end:
                return used, False
            own.usual, own.good = learn_conditions(own.learning), len(own.learning)
            own.lacks = "" if own.usual.table else words.USUAL_NO_VALUES
            own.learning, own.compared = Track(), ()
    oldest = look.edge - SHOWN
    own.edge = max(own.edge, oldest - oldest % STRETCH)
    left = None if most is None else max(most - used, 0)
    taken, own.edge, more = _pieces(own, look, own.edge, look.edge, left)
    dropped = len(own.track) - len(own.track.since(oldest))
    own.track = own.track.since(oldest).with_more(more)
    own.compared = compared_with(own.usual, own.track, own.compared[dropped:] if own.usual is not None else ())
    return used + taken, own.edge >= look.edge


def _pieces(own: _Signal, look: _Look, start: int, end: int, most: int | None) -> tuple[int, int, Track]:
    """Stretches from a moment on, at most so many values, at least one stretch: values, up to where, stretches."""
    track, used, at = Track(), 0, start
    whole = end - start if most is None else STRETCH * max(1, most // _per_stretch(own, look))
    stop = min(end, start + whole)
    while at < stop:
        upto = min(at + DAY // 4, stop)  # so much is held in memory at a time
        time, values = _values(look.ledger, own.signal.id, at, upto)
        used += len(time)
        taken, labels = look.labelled(time)
        track = track.with_more(cut_up(values[taken], time[taken], labels[taken].tolist(), own.every))
        at = upto
    return used, at, track


def _per_stretch(own: _Signal, look: _Look) -> int:
    """About how many values a stretch of it has, those passed over too."""
    minutes = look.ledger.minutes(own.signal.id, look.edge - DAY // 4, look.edge)
    total = float(minutes.column("good").to_numpy().sum()) if minutes.num_rows else 0.0
    return max(60, round(total / (DAY / 4 / STRETCH)))


def _values(ledger: Ledger, signal: str, start: int, end: int) -> tuple[Ints, Floats]:
    """Good values in order of time."""
    frame = ledger.frame("signal", subjects=[signal], since=start, until=end).filter(nw.col("quality") == 0)
    table = frame.select("time", "value", "seq").sort("time", "seq").collect("pyarrow").to_arrow()
    value = table["value"].to_numpy(zero_copy_only=False).astype(np.float64)
    return table["time"].to_numpy().astype(np.int64), value


def _late(ledger: Ledger, machine: str, signals: tuple[Signal, ...], head: int, edge: int) -> int | None:
    """The earliest moment before the edge that facts tell of which came since [µs UTC]; None for none."""
    found = list[int]()
    for stream, subjects in (("signal", [one.id for one in signals]), ("state", [machine])):
        frame = ledger.frame(stream, subjects=subjects, until=edge, corrected=False).filter(nw.col("seq") > head)
        first = frame.select(nw.col("time").min()).collect("pyarrow").to_native().column("time")[0].as_py()
        found += [] if first is None else [int(first)]
    return min(found, default=None)


def _told(own: _Signal, learned: Learned | None) -> Conditions:
    signal = own.signal
    if not own.every:
        return unlearned(signal.name, signal.unit, own.reason)
    reason = words.USUAL_NOT_YET if learned is None else own.lacks or (words.READING if own.usual is None else "")
    since, until = (learned.start, learned.end) if learned is not None and own.usual is not None else (0, 0)
    return Conditions(signal.name, signal.unit, own.every, own.track, own.compared, own.good, since, until, reason)
