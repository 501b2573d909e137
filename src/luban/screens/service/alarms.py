"""The alarm list for pages, REST and commands: how it stands, what people do about it, its log and its measures.

Reads  Fact(event)    Writes  Fact(event, kind="annunciation") through the books
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from luban.core.errors import InputError
from luban.core.time import HOUR, now
from luban.plant import AlarmRule
from luban.plant.checks.alarms import PRIORITIES
from luban.screens.service.books import Books
from luban.screens.users import Act, Role
from luban.understand.book import Entry, entries
from luban.understand.health.alarms import (
    AlarmLog,
    AlarmStatistics,
    Flood,
    ListFinding,
    Standards,
    Standing,
    State,
    act_row,
    alarm_list,
    alarm_statistics,
    command_rule,
    default_rule,
    device_log,
    log_of,
    rationalisation,
    words,
)
from luban.understand.health.alarms.log import log_rows
from luban.understand.quality.data import NO_TIME

__all__ = ["AlarmDesk", "Listed", "MachineAlarms", "alarms_of", "role_of"]

_IN_LIST: Final = (
    State.UNACKNOWLEDGED, State.ACKNOWLEDGED, State.RETURNED, State.LATCHED_UNACKNOWLEDGED, State.LATCHED,
)  # fmt: skip
_KEPT: Final = 50_000  # entries in memory; where the books hold more, logs and histories are read from the books
_LOOK: Final = 6 * HOUR  # a flood that lasts longer began before; that it lasts is seen all the same
_ENGINEER: Final = ("withdraw", "restore")


@dataclass(frozen=True, slots=True)
class Listed:
    """One alarm as the list shows it.

    standing  how it stands
    state     its state now
    rule      its entry in the alarm list; None where the list no longer has it
    """

    standing: Standing
    state: State
    rule: AlarmRule | None

    @property
    def rank(self) -> tuple[int, int, int]:
        """Order of the list: what nobody has seen first, then by priority, then the newest."""
        unseen = self.state in {State.UNACKNOWLEDGED, State.RETURNED, State.LATCHED_UNACKNOWLEDGED}
        urgency = PRIORITIES.index(self.standing.priority) if self.standing.priority in PRIORITIES else len(PRIORITIES)
        return (not unseen, urgency, -(self.standing.shown or 0))

    def as_dict(self) -> dict[str, Any]:
        """The same for REST."""
        told = {name: getattr(self.rule, name) for name in _RULE} if self.rule else {}
        return asdict(self.standing) | {"state": str(self.state)} | told


_RULE: Final = ("signal", "condition", "cause", "consequence", "action", "response_s")


@dataclass(frozen=True, slots=True)
class MachineAlarms:
    """Alarms of one machine.

    open     those in the list now
    history  (alarm, raised, returned or None, priority) in order of time [µs UTC]
    """

    open: tuple[Listed, ...]
    history: tuple[tuple[str, int, int | None, str], ...]


def role_of(code: str) -> Role:
    """The role that an act needs: an operator's, an engineer's for what takes an alarm out of service."""
    return Role.ENGINEER if code in _ENGINEER else Role.OPERATOR


class AlarmDesk:
    """Everything that pages and REST may ask and do about alarms. Safe from any thread.

    books  the plant's books
    kept   entries held in memory at most
    """

    def __init__(self, books: Books, *, kept: int = _KEPT) -> None:
        self.books = books
        self._kept = kept
        self._lock = threading.Lock()
        self._acting = threading.Lock()
        self._head = -1
        self._entries: list[Entry] | None = []
        self._by_alarm: dict[str, list[Entry]] = {}
        self._came: list[tuple[int, str]] = []
        self._standing: dict[str, Standing] = {}

    @property
    def rules(self) -> Mapping[str, AlarmRule]:
        """The alarm list of the plant, by id."""
        return {rule.id: rule for rule in self.books.view.plant.alarms}

    def standing(self) -> Mapping[str, Standing]:
        """How every alarm that ever came, or that the list has, stands."""
        self._take_in()
        known = {
            name: Standing(name, priority=rule.priority, place=rule.unit_path) for name, rule in self.rules.items()
        }
        with self._lock:
            return known | self._standing

    def listed(self, *, place: str = "", every: bool = False) -> tuple[Listed, ...]:
        """The list, in its order.

        place  only alarms of this equipment and what is below it
        every  also alarms that are normal, shelved, suppressed or out of service
        """
        moment = now()
        made = (Listed(one, one.state(moment), self._rule(one)) for one in self.standing().values())
        return tuple(sorted(
            (one for one in made if (every or one.state in _IN_LIST) and _within(one.standing.place, place)),
            key=lambda one: (one.rank, one.standing.id),
        ))  # fmt: skip

    def one(self, alarm: str) -> Listed:
        """One alarm. Raises InputError where there is none of that name."""
        found = self.standing().get(alarm)
        if found is None:
            raise InputError(words.NO_ALARM, came=alarm, expected="an alarm of the plant's alarm list")
        return Listed(found, found.state(now()), self._rule(found))

    def _rule(self, standing: Standing) -> AlarmRule | None:
        """Its entry in the alarm list, or what stands for one where health found something of a machine without."""
        rule = self.rules.get(standing.id)
        if rule is not None or not standing.place:
            return rule
        made = [default_rule(standing.place, condition) for condition in ("anomaly", "life")]
        made += [command_rule(actuator) for actuator in self.books.view.plant.actuators]
        return next((one for one in made if one.id == standing.id), None)

    def history(self, alarm: str) -> tuple[Entry, ...]:
        """All entries of one alarm, in the ledger's order."""
        self._take_in()
        with self._lock:
            if self._entries is not None:
                return tuple(self._by_alarm.get(alarm, ()))
        return entries(self.books.view.ledger, "annunciation", alarm)

    def act(
        self, alarm: str, code: str, *, person: str, reason: str = "", until: int | None = None, text: str = ""
    ) -> Listed:
        """What a person does to an alarm: acknowledge, reset, shelve, unshelve, withdraw, restore, comment.

        until   end of a shelving [µs UTC]
        Raises  InputError with the reason where it cannot be done now
        """
        with self._acting:  # two people who do the same: the second is told
            own = self.one(alarm).standing
            rows = act_row(own, code, person=person, time=now(), reason=reason, until=until, text=text)
            self.books.write(Act(person, f"alarm {code}", alarm, reason or text), "event", rows)
        return self.one(alarm)

    def log(self, start: int | None = None, end: int | None = None, *, devices: bool = False) -> AlarmLog:
        """The log of the list, or of what devices sent as alarms [µs UTC]."""
        ledger = self.books.view.ledger
        if devices:
            return device_log(ledger, start=start, end=end, source=self.books.view.plant.name)
        self._take_in()
        with self._lock:
            held = None if self._entries is None else tuple(self._entries)
        if held is None:
            held = entries(ledger, "annunciation")
        return log_of(held, start=start, end=end, source=self.books.view.plant.name)

    def statistics(
        self, start: int | None = None, end: int | None = None, *, positions: int = 1, devices: bool = False
    ) -> AlarmStatistics:
        """Measures of the log. Raises InputError where no alarm came."""
        return alarm_statistics(self.log(start, end, devices=devices), positions=positions)

    def load(self, at: int | None = None) -> tuple[int, Flood | None]:
        """Alarms that came into the list within the last 10 minutes, and the flood that lasts, if there is one.

        at  the time to look at [µs UTC]; now by default
        """
        self._take_in()
        moment, rule = now() if at is None else at, Standards()
        with self._lock:
            recent = [(time, name) for time, name in self._came if moment - _LOOK < time <= moment]
        if not recent:
            return 0, None
        names = list(dict.fromkeys(name for _, name in recent))
        rows = [(names.index(name), time, NO_TIME, NO_TIME, -1) for time, name in recent]
        floods = alarm_statistics(log_rows(names, rows, end=moment)).floods
        count = sum(moment - time < rule.window for time, _ in recent)
        return count, floods[-1] if floods and floods[-1].end >= moment else None

    def findings(self) -> tuple[ListFinding, ...]:
        """What is wrong with the alarm list itself."""
        return rationalisation(self.books.view.plant)

    def _take_in(self) -> None:
        """What came since the last look."""
        with self._lock:
            ledger = self.books.view.ledger
            head = ledger.head
            if head > self._head:
                for entry in entries(ledger, "annunciation", as_of=head, after=self._head):
                    before = self._standing.get(entry.subject)
                    after = alarm_list((entry,), {entry.subject: before} if before else {})[entry.subject]
                    if after.shown is not None and (before is None or after.shown != before.shown):
                        self._came.append((after.shown, entry.subject))
                    self._standing[entry.subject] = after
                    if self._entries is not None:
                        self._entries.append(entry)
                        self._by_alarm.setdefault(entry.subject, []).append(entry)
                if self._entries is not None and len(self._entries) > self._kept:
                    self._entries = None
                    self._by_alarm.clear()
                since = max((time for time, _ in self._came), default=0) - 2 * _LOOK
                self._came = [one for one in self._came if one[0] > since]
                self._head = head


def alarms_of(desk: AlarmDesk, machine: str, start: int | None = None, end: int | None = None) -> MachineAlarms:
    """Alarms of a machine: those in the list now, and what came in a span of time [µs UTC].

    Example  alarms_of(desk, "shop/m1").open[0].state
    """
    standing = desk.standing()
    log = desk.log(start, end)
    history = tuple(
        (
            log.names[which], raised, None if returned == NO_TIME else returned,
            PRIORITIES[priority] if priority >= 0 else "",
        )
        for which, raised, returned, priority in zip(
            log.which.tolist(), log.raised.tolist(), log.returned.tolist(), log.priority.tolist(), strict=True
        )
        if (own := standing.get(log.names[which])) is not None and _within(own.place, machine)
    )  # fmt: skip
    return MachineAlarms(desk.listed(place=machine), history)


def _within(path: str, place: str) -> bool:
    return not place or path == place or path.startswith(f"{place}/")
