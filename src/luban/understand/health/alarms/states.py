"""The life of one alarm: nine states, and what may follow on what (ISA-18.2-2016, clause 10; IEC 62682).

Three things are independent: whether the condition is there, whether a person has acknowledged it, whether it is
latched until somebody resets it. Above them lie three ways to keep an alarm out of the list: shelved by a person for
a time, suppressed by design while the plant is in some state, out of service. Whatever is hidden goes on living below.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from luban.core.time import HOUR
from luban.understand.health.alarms import words

__all__ = ["ACTS", "CODES", "LONGEST_SHELVING", "Standing", "State", "refusal", "step"]

LONGEST_SHELVING: Final = 12 * HOUR
"""[µs] A shift: what is shelved for longer is out of service, with another person's leave."""


class State(StrEnum):
    """State of an alarm, with the letter of ISA-18.2's diagram."""

    NORMAL = "normal"  # A
    UNACKNOWLEDGED = "unacknowledged"  # B
    ACKNOWLEDGED = "acknowledged"  # C
    RETURNED = "returned, unacknowledged"  # D
    LATCHED_UNACKNOWLEDGED = "latched, unacknowledged"  # E
    LATCHED = "latched, acknowledged"  # F
    SHELVED = "shelved"  # G
    SUPPRESSED = "suppressed by design"  # H
    OUT_OF_SERVICE = "out of service"  # I


CODES: Final[Mapping[str, str]] = {
    "raise": "the condition came",
    "return": "the condition went",
    "acknowledge": "a person has seen it",
    "reset": "a person let a latched alarm go",
    "shelve": "a person keeps it out of the list for a time",
    "unshelve": "it comes back from the shelf, by a person or because its time is over",
    "suppress": "the state of the plant keeps it out of the list",
    "unsuppress": "the state of the plant no longer does",
    "withdraw": "a person takes it out of service",
    "restore": "a person puts it back into service",
    "comment": "a person says something about it",
}
"""Codes of `annunciation` entries."""

ACTS: Final = ("acknowledge", "reset", "shelve", "unshelve", "withdraw", "restore", "comment")
"""What people do."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How one alarm stands after some entries.

    active        the condition is there
    unseen        nobody has acknowledged its last coming
    latched       it stays until it is reset
    until         end of its shelving [µs UTC]; None while it is not shelved
    suppressed    the state of the plant hides it
    withdrawn     it is out of service
    raised, returned  when the condition last came and went [µs UTC]; None where it never did
    shown         when it last came into the list [µs UTC]; later than `raised` where it was hidden then
    seen_by, seen person who acknowledged last, and when
    hidden_by, reason  who shelved it or took it out of service, and why
    count         how often the condition came
    priority, value, limit, unit, text, place, source   as its last coming said
    changed       time of the last entry [µs UTC]
    """

    id: str
    active: bool = False
    unseen: bool = False
    latched: bool = False
    until: int | None = None
    suppressed: bool = False
    withdrawn: bool = False
    raised: int | None = None
    returned: int | None = None
    shown: int | None = None
    seen_by: str = ""
    seen: int | None = None
    hidden_by: str = ""
    reason: str = ""
    count: int = 0
    priority: str = "low"
    value: float | None = None
    limit: float | None = None
    unit: str = ""
    text: str = ""
    place: str = ""
    source: str = ""
    changed: int = 0

    def state(self, time: int | None = None) -> State:
        """Its state; at a time [µs UTC] after the end of its shelving it is no longer shelved."""
        if self.withdrawn:
            return State.OUT_OF_SERVICE
        if self.until is not None and (time is None or time < self.until):
            return State.SHELVED
        if self.suppressed:
            return State.SUPPRESSED
        if self.active:
            # a shelving that has run out brings the alarm back as new
            return State.UNACKNOWLEDGED if self.unseen or self.until is not None else State.ACKNOWLEDGED
        if self.latched:
            return State.LATCHED_UNACKNOWLEDGED if self.unseen else State.LATCHED
        return State.RETURNED if self.unseen and self.until is None else State.NORMAL

    @property
    def hidden(self) -> bool:
        """Kept out of the list, as the entries say."""
        return self.withdrawn or self.suppressed or self.until is not None


def refusal(standing: Standing, code: str, time: int, data: Mapping[str, Any] | None = None) -> str:  # noqa: C901 - one line a rule
    """Why a person may not do this to the alarm now; "" where they may.

    data    shelve: `until` [µs UTC]; shelve and withdraw: `reason`; comment: `text`
    """
    state, given = standing.state(time), data or {}
    if code == "acknowledge":
        waiting = {State.UNACKNOWLEDGED, State.RETURNED, State.LATCHED_UNACKNOWLEDGED}
        return "" if state in waiting else words.NOTHING_TO_ACKNOWLEDGE
    if code == "reset":
        if standing.active:
            return words.STILL_THERE
        if state is State.LATCHED_UNACKNOWLEDGED:
            return words.ACKNOWLEDGE_FIRST
        return "" if state is State.LATCHED else words.NOTHING_TO_RESET
    if code == "shelve":
        until = given.get("until")
        if state in {State.SHELVED, State.OUT_OF_SERVICE}:
            return words.HIDDEN_ALREADY
        if not isinstance(until, int) or not time < until <= time + LONGEST_SHELVING:
            return words.SHELVE_HOW_LONG
        return "" if str(given.get("reason", "")).strip() else words.REASON
    if code == "unshelve":
        return "" if state is State.SHELVED else words.NOT_SHELVED
    if code == "withdraw":
        if standing.withdrawn:
            return words.HIDDEN_ALREADY
        return "" if str(given.get("reason", "")).strip() else words.REASON
    if code == "restore":
        return "" if standing.withdrawn else words.IN_SERVICE
    if code == "comment":
        return "" if str(given.get("text", "")).strip() else words.NOTHING_SAID
    return words.UNKNOWN_ACT


def step(
    standing: Standing, code: str, time: int, *, person: str = "", data: Mapping[str, Any] | None = None
) -> Standing:
    """The alarm after one entry. An entry that changes nothing, such as a second raise, leaves it as it stands."""
    given, now = data or {}, replace(standing, changed=max(standing.changed, time))
    if code == "raise":
        if standing.active:
            return standing
        told = {name: given[name] for name in _TOLD if given.get(name) is not None}
        shown = standing.shown if standing.hidden else time
        return replace(
            now, active=True, unseen=True, latched=standing.latched or bool(given.get("latch")), raised=time,
            shown=shown, count=standing.count + 1, **told,
        )  # fmt: skip
    if code == "return":
        return replace(now, active=False, returned=time) if standing.active else standing
    if code == "acknowledge":
        return replace(now, unseen=False, seen_by=person, seen=time)
    if code == "reset":
        return now if standing.active else replace(now, latched=False, unseen=False)
    if code == "shelve":
        until = given.get("until")
        until = until if isinstance(until, int) else time + LONGEST_SHELVING
        return replace(now, until=until, hidden_by=person, reason=str(given.get("reason", "")))
    if code == "withdraw":
        return replace(now, withdrawn=True, until=None, hidden_by=person, reason=str(given.get("reason", "")))
    if code == "suppress":
        return replace(now, suppressed=True)
    if code in {"unshelve", "restore", "unsuppress"}:
        return _back(standing, now, code, time)
    return now


def _back(before: Standing, now: Standing, code: str, time: int) -> Standing:
    """Out of hiding: what is there is shown as new, what went meanwhile is gone unless it is latched."""
    after = replace(
        now,
        until=None if code == "unshelve" else now.until,
        withdrawn=False if code == "restore" else now.withdrawn,
        suppressed=False if code == "unsuppress" else now.suppressed,
    )
    if after.hidden or not before.hidden:
        return after
    if after.active:
        return replace(after, unseen=True, shown=time)
    return replace(after, unseen=after.unseen and after.latched)


_TOLD: Final = ("priority", "value", "limit", "unit", "text", "place", "source")
