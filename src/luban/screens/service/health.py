"""The health books of a plant: its machines, what is known of how they are, and what people decided about it.

Reads  Fact(signal, state, event)    Writes  Fact(event) through the screens' spool
"""

from __future__ import annotations

import base64
import hashlib
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from luban.core.errors import InputError
from luban.core.interrupts import handed_on
from luban.core.time import DAY, MINUTE, now
from luban.decide.maintain.orders import orders_of
from luban.loop.retrofit import PowerLook, power_look
from luban.screens.grants import Grants
from luban.screens.service.alarms import AlarmDesk
from luban.screens.service.books import Books, Record
from luban.screens.service.health_conditions import ConditionDesk
from luban.screens.service.health_fleet import Row
from luban.screens.service.health_grid import STEP, channels_of, failures_of, first_reading, late, readings_of
from luban.screens.service.health_lives import Failures, LifeDesk
from luban.screens.service.view import PlantView
from luban.screens.users import Act
from luban.understand.book import Entry, entries, row
from luban.understand.health.anomaly.record import adaptation_row, unrecorded
from luban.understand.health.life import LifeEstimate
from luban.understand.health.life.model import LEAST_FAILURES
from luban.understand.health.machine import Examiner, LastTime, Limit, MachineHealth, last_time, past_lives
from luban.understand.health.machine.conditions import Conditions

__all__ = ["GOOD_ROWS", "HealthBooks"]

log = logging.getLogger(__name__)

GOOD_ROWS: Final = 600
"""Rows in operation that a machine's watch is learned from: 50 hours, so that days and products differ."""

_SHOWN: Final = 90 * DAY
_SETTLE: Final = 2 * MINUTE  # what a row's facts may need to reach the books [µs]
_MOST_BYTES: Final = 200_000  # of a model that an entry may hold
_LONGEST: Final = 500
_FIRST: Final = 5.0  # s until machines are looked at after a start
_POWER_STEP: Final = 10 * MINUTE
_PRIORITIES: Final = ("critical", "high", "medium", "low")


@dataclass(slots=True)
class _Kept:
    """What was worked out for one machine."""

    entry: int = -1
    edge: int = 0
    head: int = 0
    age: float = 0.0
    labelled: bool | None = None
    examiner: Examiner | None = None
    health: MachineHealth | None = None
    failures: Failures = ()
    looked: int = -1
    lock: threading.Lock = field(default_factory=threading.Lock)


class HealthBooks(Books):
    """Everything that pages and REST may ask and write about the health of machines. Safe from any thread.

    view    the plant
    record  takes acts with their facts; without it nothing can be written
    grants  leave for experts from outside; None where there is none to give
    desk    the plant's alarms
    lives   remaining life learned from failures
    within  condition indicators of the machines' signals
    kept    desks that others make of these books, by name, so that each is made once
    """

    def __init__(self, view: PlantView, record: Record | None = None, grants: Grants | None = None) -> None:
        super().__init__(view, record)
        self.grants = grants
        self.kept: dict[str, Any] = {}
        self.desk = AlarmDesk(self)
        self.lives = LifeDesk()
        self.within = ConditionDesk(lambda: self.view.ledger, lambda: self.view.plant)
        self._lock = threading.Lock()
        self._kept: dict[str, _Kept] = {}
        self._power: dict[str, tuple[int, PowerLook]] = {}
        self._wrote_times = 0
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def machines(self) -> tuple[str, ...]:
        """Paths of all machines, in the order of the plant's tree."""
        return tuple(self.view.plant.work_units)

    def known(self, machine: str) -> str:
        """The machine's path. Raises InputError where the plant has no such machine."""
        if machine not in self.view.plant.work_units:
            raise InputError("no such machine", came=machine, expected="the path of a work unit", hint="see the fleet")
        return machine

    # ------------------------------------------------------------------ how a machine is

    def machine(self, machine: str) -> MachineHealth:
        """How a machine is, after the newest five minutes that are whole in the books.

        Raises  InputError: no such machine, no signal that tells of its condition, nothing read yet
        """
        kept = self._of(self.known(machine))
        with kept.lock:
            self._refresh(machine, kept)
            assert kept.health is not None  # noqa: S101 - made by the refresh
            return kept.health

    def fleet(self, *, learn: bool = False) -> tuple[Row, ...]:
        """All machines, in the order of the plant's tree.

        learn  learn remaining life now where that was not done yet, which may take a minute
        """
        known, reasons = self._looked()
        found = []
        for path in self.machines():
            health = known[path][0] if path in known else None
            reason = health.reason if health is not None else reasons[path]
            life = self.lives.life(path, self.lives.group(path, known), learn=learn) if health is not None else None
            name = self.view.plant.place(path).name or path
            found.append(Row(path, name, health, reason, self.alarms(path), self.orders(path), life))
        return tuple(found)

    def life(self, machine: str, *, learn: bool = False) -> LifeEstimate | None:
        """Remaining life learned from failures of machines of the same channels; with the reason where there are few.

        None while it stands failed, while nothing was read, or while it was not learned yet and is not to be now.
        """
        known, _ = self._looked()
        if self.known(machine) not in known:
            return None
        return self.lives.life(machine, self.lives.group(machine, known), learn=learn)

    def conditions(self, machine: str, *, read: bool = False) -> tuple[Conditions, ...]:
        """Condition indicators of its signals, as far as they were worked out by the server; a page does not wait.

        read  work them out now, which may take a minute for signals that are read each second
        Raises  InputError: as `machine`
        """
        if read:
            self.within.turn(machine, self.machine(machine), most=None)
        return self.within.told(self.known(machine))

    def power(self, machine: str, *, read: bool = False) -> PowerLook | None:
        """What its power tells of a machine with nothing but a meter, anew each ten minutes.

        read  look now where the server did not yet
        Returns  None for any other machine, and before the server looked first
        """
        own = next((one for one in self.view.plant.retrofits if one.unit == self.known(machine)), None)
        if own is None:
            return None
        slot = now() // _POWER_STEP
        before = self._power.get(machine)
        if read and (before is None or before[0] != slot):
            before = self._power[machine] = (slot, power_look(self.view.ledger, own, now()))
        return None if before is None else before[1]

    def keep_conditions(self, machine: str) -> bool:
        """Put on record, once, what was taken as usual of the indicators; whether anything was to be recorded."""
        rows = self.within.record(machine)
        if rows is None or len(str(rows["data"][0])) > _MOST_BYTES:
            return False
        self.write(Act("luban", "health indicators learned", machine, ""), "event", rows)
        return True

    def _looked(self) -> tuple[dict[str, tuple[MachineHealth, Failures]], dict[str, str]]:
        """Every machine with its failures, and why nothing is known of the others."""
        known: dict[str, tuple[MachineHealth, Failures]] = {}
        reasons: dict[str, str] = {}
        for path in self.machines():
            try:
                known[path] = self.machine(path), self.failures(path)
            except InputError as error:
                reasons[path] = error.message
        return known, reasons

    def alarms(self, machine: str) -> int | None:
        """How many alarms of the machine are in the list; None where the plant has no alarm list."""
        return len(self.desk.listed(place=machine)) if self.desk.standing() else None

    def orders(self, machine: str) -> int:
        """How many work orders of the machine are open."""
        return sum(one.open for one in orders_of(self.view.ledger, machine))

    def model(self, machine: str) -> Entry | None:
        """The record by which what is usual was learned last; None where there is none."""
        fits = [one for one in entries(self.view.ledger, "model", machine) if one.data.get("what") == "watch"]
        return next((one for one in reversed(fits) if one.code == "fit"), None)

    def limits(self, machine: str) -> tuple[Limit, ...]:
        """Limits of wear out of the alarm list: of each channel the one of highest priority, high before low."""
        found: dict[str, tuple[int, Limit]] = {}
        for rule in self.view.plant.alarms:
            path, _, name = rule.signal.partition(":")
            if path != machine or rule.limit is None or rule.condition not in {"high", "low"}:
                continue
            rank = _PRIORITIES.index(rule.priority) if rule.priority in _PRIORITIES else len(_PRIORITIES)
            if name not in found or rank < found[name][0]:
                found[name] = rank, Limit(name, rule.limit, rule.id, rule.condition)
        known = {one.name for one in channels_of(self.view.plant, machine)}
        return tuple(limit for name, (_, limit) in found.items() if name in known)

    def last_time(self, machine: str) -> LastTime | None:
        """The days before its last failure, and the present ones; None where there was none with readings."""
        readings = self.machine(machine).readings
        return last_time(readings, [began for began, _ in self.failures(machine)], now())

    def failures(self, machine: str) -> Failures:
        """When its state told of a failure, and when it was over [µs UTC]; None while it lasts."""
        self.machine(machine)
        return self._of(machine).failures

    def _wrote(self) -> None:
        self._wrote_times += 1

    def _of(self, machine: str) -> _Kept:
        with self._lock:
            return self._kept.setdefault(machine, _Kept())

    def _refresh(self, machine: str, kept: _Kept) -> None:
        ledger, plant = self.view.ledger, self.view.plant
        if not channels_of(plant, machine):
            raise InputError("no signal tells of this machine's condition", came=machine,
                             hint="declare a signal with a unit or a range in plant.toml")  # fmt: skip
        edge = (now() - _SETTLE) // STEP * STEP
        if kept.health is not None and kept.edge >= edge and kept.looked == self._wrote_times:
            return
        kept.looked = self._wrote_times
        entry, head = self.model(machine), ledger.head
        known = entry.seq if entry else 0
        if kept.examiner is None or kept.entry != known or late(ledger, plant, machine, kept.head, kept.edge):
            start = self._begin(machine, kept, entry, edge)
        else:
            if kept.health is not None and kept.edge >= edge:
                return
            start = kept.edge
        self._take(machine, kept, start, edge)
        kept.entry, kept.edge, kept.head = known, edge, head
        assert kept.examiner is not None  # noqa: S101 - made by begin
        kept.failures = failures_of(ledger, machine)
        repaired = max((until for _, until in kept.failures if until is not None), default=None)
        limits = self.limits(machine)
        kept.health = kept.examiner.health(limits, past_lives(kept.examiner, limits, kept.failures), since=repaired)

    def _begin(self, machine: str, kept: _Kept, entry: Entry | None, edge: int) -> int:
        """Start anew, from the record if there is one; from when on to read."""
        first = first_reading(self.view.ledger, self.view.plant, machine)
        if first is None:
            raise InputError("nothing was read of this machine yet", came=machine)
        kept.age, kept.labelled = 0.0, None
        if entry is None:
            kept.examiner = Examiner(GOOD_ROWS)
            return max(first, edge - _SHOWN)
        since = int(entry.data["since"])
        model = base64.b64decode(str(entry.data["model"])) if "model" in entry.data else None
        kept.examiner = Examiner(int(entry.data["good"]), named=True, model=model)
        kept.labelled = bool(entry.data["labelled"]) if "labelled" in entry.data else None
        return max(first, edge - _SHOWN) if model else max(first, since)

    def _take(self, machine: str, kept: _Kept, start: int, edge: int) -> None:
        assert kept.examiner is not None  # noqa: S101 - made by begin
        rows = readings_of(
            self.view.ledger, self.view.plant, machine, start, edge, age=kept.age, labelled=kept.labelled
        )  # fmt: skip
        if len(rows):
            kept.age = float(rows.age[-1])
            kept.labelled = rows.regimes is not None if kept.labelled is None else kept.labelled
        if not len(rows) and kept.examiner.empty:
            raise InputError("nothing was read of this machine yet", came=machine)
        kept.examiner.take(rows)

    # ------------------------------------------------------------------ records

    def learn(self, machine: str, since: int, reason: str, *, person: str) -> None:
        """Have what is usual learned anew, from the first 50 hours in operation after a moment.

        Raises  InputError: no such machine, no reason, a moment to come
        """
        text = reason.strip()[:_LONGEST]
        if not text:
            raise InputError("what is usual is learned anew only with a reason")
        if since >= now():
            raise InputError("this moment is still to come")
        data = {"what": "watch", "since": since, "good": GOOD_ROWS, "step_s": STEP // 1_000_000}
        rows = row("model", self.known(machine), "fit", person=person, text=text, data=data)
        self.write(Act(person, "health learn", machine, text), "event", rows)

    def keep(self, machine: str) -> bool:
        """Put what was just learned on record, once; whether anything was to be recorded."""
        self.machine(machine)
        kept = self._of(machine)
        with kept.lock:
            entry, examiner = self.model(machine), kept.examiner
            if examiner is None or examiner.watch is None or (entry is not None and "model" in entry.data):
                return False
            model = examiner.watch.save(stream=False)
            learned = examiner.watch.learned
        if len(model) > _MOST_BYTES:
            return False
        data = {
            "what": "watch", "since": learned.start, "until": learned.end, "good": learned.rows,
            "step_s": STEP // 1_000_000, "labelled": bool(kept.labelled), "channels": list(learned.channels),
            "alone": list(learned.alone), "regimes": dict(learned.regimes), "false_rows": learned.false_rows,
            "every": learned.every, "model": base64.b64encode(model).decode(),
            "digest": hashlib.sha256(model).hexdigest(),
        }  # fmt: skip
        text = entry.text if entry else ""
        rows = row("model", machine, "fit", person=entry.person if entry else "", text=text, data=data)
        self.write(Act("luban", "health learned", machine, text), "event", rows)
        return True

    def keep_adapted(self, machine: str) -> int:
        """Put on record where a channel watched by itself took a new level for usual; how many were new."""
        self.machine(machine)
        kept = self._of(machine)
        with kept.lock:
            watch = kept.examiner.watch if kept.examiner is not None else None
            adapted = tuple(watch.adapted) if watch is not None else ()
        new = unrecorded(entries(self.view.ledger, "model", machine), adapted) if adapted else ()
        for channel, one in new:
            self.write(
                Act("luban", "health adapted", machine, one.text), "event", adaptation_row(machine, channel, one)
            )
        return len(new)

    def keep_lives(self) -> int:
        """Learn remaining life from the failures that are new, and put it on record; how many models that were."""
        known, _ = self._looked()
        done: set[tuple[str, ...]] = set()
        written = 0
        for path in known:
            group = self.lives.group(path, known)
            if group.machines in done or len(group.ended) < LEAST_FAILURES:
                continue
            done.add(group.machines)
            subject = group.machines[0]
            before = [one for one in entries(self.view.ledger, "model", subject) if one.data.get("what") == "life"]
            model = self.lives.model(group)
            if model is None or (before and before[-1].data.get("lives") == list(group.ended)):
                continue
            text = ", ".join(group.machines)[:_LONGEST]
            rows = row("model", subject, "life", person="", text=text, data=group.record(model))
            self.write(Act("luban", "health life learned", subject, text), "event", rows)
            written += 1
        return written

    # ------------------------------------------------------------------ by itself

    def start(self, every: float = 60.0) -> None:
        """Look at all machines again and again: pages find them worked out, and what is learned is recorded."""
        self._thread = threading.Thread(target=self._watch, args=(every,), name="luban health", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(10)

    def _watch(self, every: float) -> None:
        wait = min(every, _FIRST)
        while not self._stop.wait(wait):
            wait = every
            for machine in self.machines():
                if self._stop.is_set():
                    return
                self._tried(handed_on(self._kept_up), machine)
                time.sleep(0.05)
            if self.writable:
                self._tried(handed_on(self.keep_lives))

    def _kept_up(self, machine: str) -> None:
        self.power(machine, read=True)
        health = self.machine(machine)
        if self.writable:
            self.keep(machine)
            self.keep_adapted(machine)
        self.within.turn(machine, health)
        if self.writable:
            self.keep_conditions(machine)

    @staticmethod
    def _tried(act: Callable[..., object], *given: str) -> None:
        """What cannot be worked out now is worked out later; the log says what was wrong."""
        try:
            act(*given)
        except InputError:
            return
        except Exception:
            log.exception("the health of %s could not be worked out", ", ".join(given) or "the machines")
