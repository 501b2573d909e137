"""The alarm list kept live: facts as they come, findings of health, shelvings that end; every change into the books.

One thread of the server. What it finds is written as `annunciation` entries, and how the list stands is their fold, so
a restart changes nothing: facts that came while the server was down are gone through, at most a day of them.

Reads  Fact(signal, state, event)    Writes  Fact(event, kind="annunciation")
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

import narwhals as nw
import numpy as np
import pyarrow as pa

from luban.core.errors import InputError, LubanError
from luban.core.interrupts import handed_on
from luban.core.time import DAY, HOUR, SECOND, now
from luban.ledger import Ledger, Rows
from luban.plant import AlarmRule, Plant
from luban.screens.service.health import HealthBooks
from luban.understand.book import entries
from luban.understand.health.alarms import (
    AlarmEngine,
    Change,
    Standing,
    alarm_list,
    change_row,
    command_rule,
    default_rule,
    ended_shelvings,
)

__all__ = ["AlarmWatch", "Finding", "findings_of"]

log = logging.getLogger(__name__)
_PERIOD: Final = 2.0  # [s]
_IDLE: Final = 5.0  # [s] where no signal has an alarm
_AGAIN: Final = 60.0  # [s] after an error
_GRACE: Final = 2 * SECOND  # facts may take so long to the books; delays end only then
_LATE: Final = HOUR  # a fact that comes later than this is history: it raises nothing
_BACK: Final = 7 * DAY  # a signal's value before watching began is looked for so far back
_HEALTH: Final = 60.0  # [s] between looks at the findings of health
_SIGNAL: Final = ("seq", "time", "subject", "value", "text", "quality")
_STATE: Final = ("seq", "time", "subject", "state")

Note = Callable[[str, Iterable[Rows]], None]
Finding = tuple[str, str, float, str]
"""Machine, anomaly or life, 1 or 0 or hours left, what it says in words."""


def findings_of(books: HealthBooks) -> Iterator[Finding]:
    """What health finds of each machine now: whether it is unusual, and the hours that are left where it can tell."""
    for machine in books.machines():
        try:
            health = books.machine(machine)
        except InputError:  # nothing tells of this machine's condition, or nothing was read yet
            continue
        found, wear = health.open, health.shortest
        if health.learned is not None:
            named = ", ".join(channel for channel, _ in found.parts[:3]) if found else ""
            yield machine, "anomaly", float(found is not None), named
        if wear is not None and wear.life.life is not None:
            ends = ("?" if end is None else f"{end:.3g}" for end in (wear.life.low, wear.life.high))
            yield machine, "life", wear.life.life, f"{wear.limit.channel}: {wear.life.life:.3g} h ({' … '.join(ends)})"


class AlarmWatch:
    """Watches the alarms of one plant and writes what it finds.

    note      makes facts durable
    findings  what health finds of the machines now; called once a minute
    commands  actuators whose device did not confirm what was written, and why; looked at each time
    """

    def __init__(
        self,
        ledger: Ledger,
        plant: Plant,
        note: Note,
        findings: Callable[[], Iterable[Finding]] | None = None,
        commands: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        self._ledger, self._plant, self._note = ledger, plant, note
        self._findings, self._commands = findings, commands
        self._doubted: set[str] | None = None
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        self._engine: AlarmEngine | None = None
        self._standing: dict[str, Standing] = {}
        self._cursor = -1
        self._told: set[tuple[str, int]] = set()
        self._early: list[Change] = []
        self._looked = -math.inf

    def start(self) -> None:
        """Begin."""
        self._thread = threading.Thread(target=self._run, name="luban-alarms", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End; whatever was found is durable."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join(30)

    def look(self, at: int | None = None) -> list[Change]:
        """Take in what came, up to a time [µs UTC], now by default; what changed, durable.

        Example  watch.look()[0].code == "raise"
        """
        with self._lock:
            moment = now() if at is None else at
            engine = self._engine or self._begin(moment)
            changes = self._taken(engine, moment)
            self._write(engine, changes, moment)
            return changes

    def report(
        self,
        machine: str,
        condition: str,
        value: float,
        text: str = "",
        at: int | None = None,
        *,
        rule: AlarmRule | None = None,
    ) -> list[Change]:
        """Take in a finding of health. A machine without such an alarm in its list gets one with low priority.

        condition  anomaly (value 1 or 0) or life (hours left)
        rule       that it gets instead
        """
        with self._lock:
            moment = now() if at is None else at
            engine = self._engine or self._begin(moment)
            own = [one for one in engine.rules.values() if (one.signal, one.condition) == (machine, condition)]
            if not own:
                new = rule or default_rule(machine, condition)
                engine.add(new, self._standing.get(new.id))
                own = [new]
            changes = [change for one in own for change in engine.report(one.id, moment, value, text)]
            self._write(engine, changes, moment)
            return changes

    def look_at_commands(self) -> list[Change]:
        """Raise what a device did not confirm, and let it return once that is settled; what changed, durable."""
        doubted = self._commands()
        if self._doubted is None:  # what the books hold from before goes on
            known = {one.subject for one in entries(self._ledger, "annunciation")}
            self._doubted = {one for one in self._plant.actuators if command_rule(one).id in known}
        changes = []
        for actuator in sorted(self._doubted | set(doubted)):
            value = float(actuator in doubted)
            changes += self.report(
                actuator, "anomaly", value, doubted.get(actuator, ""), rule=command_rule(actuator)
            )  # fmt: skip
        self._doubted = set(doubted)
        return changes

    # ------------------------------------------------------------------ the thread

    def _run(self) -> None:
        while not self._ending.wait(_PERIOD if self._plant.alarms else _IDLE):
            try:
                handed_on(self.look)()
                handed_on(self.look_at_commands)()
                handed_on(self._ask_health)()
            except LubanError as error:
                log.warning("the alarm list waits a minute: %s", error)
                self._ending.wait(_AGAIN)
            except Exception:
                log.exception("the alarm list waits a minute")
                self._ending.wait(_AGAIN)

    def _ask_health(self) -> None:
        moment = now() / SECOND
        if self._findings is None or moment - self._looked < _HEALTH:
            return
        self._looked = moment
        for machine, condition, value, text in self._findings():
            self.report(machine, condition, value, text)

    # ------------------------------------------------------------------ reading

    def _begin(self, at: int) -> AlarmEngine:
        """Where the books stand: the list, and the facts since the last entry, with the values before them."""
        self._cursor = self._ledger.head
        own = entries(self._ledger, "annunciation", as_of=self._cursor)
        self._standing = alarm_list(own)
        engine = self._engine = AlarmEngine(self._plant.alarms, self._standing)
        last = max((one.time for one in own if not one.person), default=at - _LATE)
        start = max(last, at - DAY) - engine.reach
        signals, states = list(engine.signals), list(engine.units)
        fed = (
            self._since("signal", _SIGNAL, signals, start) if signals else None,
            self._since("state", _STATE, states, start) if states else None,
        )
        self._early = _without_history(engine.feed(*_in_order_of_time(fed)), start)
        return engine

    def _since(self, stream: str, columns: tuple[str, ...], subjects: list[str], start: int) -> pa.Table:
        """Facts from a time on, and before them the newest one of each subject."""
        seen = self._ledger.frame(stream, subjects=subjects, since=start, as_of=self._cursor).select(*columns)
        before = self._ledger.frame(stream, subjects=subjects, since=start - _BACK, until=start, as_of=self._cursor)
        old = before.select(*columns).unique("subject", keep="last", order_by=["time", "seq"])
        parts = [one.collect("pyarrow").to_native() for one in (old, seen)]
        joined = pa.concat_tables(parts, promote_options="permissive")
        return joined.sort_by([("time", "ascending"), ("seq", "ascending")])

    def _taken(self, engine: AlarmEngine, moment: int) -> list[Change]:
        head = self._ledger.head
        signals = states = None
        if head > self._cursor:
            self._standing = alarm_list(
                entries(self._ledger, "annunciation", as_of=head, after=self._cursor), self._standing
            )
            signals = self._came("signal", _SIGNAL, list(engine.signals), moment, head)
            states = self._came("state", _STATE, list(engine.units), moment, head)
            self._cursor = head
        early, self._early = self._early, []
        return early + engine.feed(signals, states, moment - _GRACE)

    def _came(
        self, stream: str, columns: tuple[str, ...], subjects: list[str], moment: int, head: int
    ) -> pa.Table | None:
        if not subjects:
            return None
        frame = self._ledger.frame(stream, subjects=subjects, since=moment - _LATE, as_of=head)
        frame = frame.filter(nw.col("seq") > self._cursor).select(*columns).sort("seq")
        return frame.collect("pyarrow").to_native()

    # ------------------------------------------------------------------ writing

    def _write(self, engine: AlarmEngine, changes: list[Change], moment: int) -> None:
        """Changes and shelvings that are over. A shelving's end is written once, though the books show it later."""
        rows: list[Rows] = []
        for change in changes:
            rule = engine.rules[change.alarm]
            rows.append(change_row(change, rule, self._unit(rule)))
        ended = {(str(row["subject"][0]), int(row["time"][0])): row for row in ended_shelvings(self._standing, moment)}
        rows += [row for key, row in ended.items() if key not in self._told]
        self._told = set(ended)
        if rows:
            self._note("event", rows)

    def _unit(self, rule: AlarmRule) -> str:
        signal = self._plant.signals.get(rule.signal)
        return signal.unit if signal else ""


def _in_order_of_time(fed: tuple[pa.Table | None, pa.Table | None]) -> list[pa.Table | None]:
    """History is gone through by time, so a fact's place in it stands for its seq."""
    known = [one for one in fed if one is not None]
    times, seqs = (np.concatenate([one[name].to_numpy() for one in known] or [[]]) for name in ("time", "seq"))
    places = np.empty(len(times), np.int64)
    places[np.lexsort((seqs, times))] = np.arange(len(times))
    made: list[pa.Table | None] = []
    for one in fed:
        if one is None:
            made.append(None)
            continue
        made.append(one.set_column(one.column_names.index("seq"), "seq", pa.array(places[: len(one)])))
        places = places[len(one) :]
    return made


def _without_history(changes: list[Change], start: int) -> list[Change]:
    """Without alarms that came before a time [µs UTC] and have gone: what stood then was only looked up."""
    gone = {one.alarm for one in changes if one.code == "return"}
    before = {one.alarm for one in changes if one.code == "raise" and one.time < start} & gone
    first = {alarm: next(one.time for one in changes if (one.alarm, one.code) == (alarm, "return")) for alarm in before}
    return [one for one in changes if one.alarm not in before or one.time > first[one.alarm]]
