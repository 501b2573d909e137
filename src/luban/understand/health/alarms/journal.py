"""The alarm list in the books: entries of kind `annunciation`, how every alarm stands after them, and new ones.

Reads   Fact(event, kind="annunciation")
Writes  nothing itself: rows for a spool or the act log
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from luban.core.errors import InputError
from luban.plant import AlarmRule
from luban.understand.book import Entry, row
from luban.understand.health.alarms import words
from luban.understand.health.alarms.engine import Change
from luban.understand.health.alarms.states import ACTS, Standing, refusal, step

__all__ = ["act_row", "alarm_list", "change_row", "command_rule", "default_rule", "ended_shelvings"]

_SHORT_LIFE: Final = 48.0  # [h] two days: time to get a part and a technician where nobody has said otherwise


def alarm_list(entries: Iterable[Entry], standing: Mapping[str, Standing] | None = None) -> dict[str, Standing]:
    """How every alarm stands after the entries, in the ledger's order.

    standing  how they stood before; so that new entries alone need be gone through
    """
    found = dict(standing or {})
    for entry in entries:
        before = found.get(entry.subject) or Standing(entry.subject)
        found[entry.subject] = step(before, entry.code, entry.time, person=entry.person, data=entry.data)
    return found


def change_row(change: Change, rule: AlarmRule, unit: str = "") -> dict[str, list[Any]]:
    """The entry of what the engine found.

    unit  of the signal
    """
    data: dict[str, Any] = {"place": rule.unit_path}
    if change.code == "raise":
        data |= {
            "priority": rule.priority, "latch": rule.latch, "source": rule.signal, "condition": rule.condition,
            "limit": rule.limit, "unit": _unit(rule, unit), "text": change.text or rule.cause,
        }  # fmt: skip
    if math.isfinite(change.value) and rule.condition not in {"is", "is not", "discrepancy", "bad", "anomaly"}:
        data["value"] = change.value
    told = {key: value for key, value in data.items() if value not in (None, "", False)}
    return row("annunciation", change.alarm, change.code, person="", text=change.text, data=told, time=change.time)


def act_row(
    standing: Standing, code: str, *, person: str, time: int, reason: str = "", until: int | None = None, text: str = ""
) -> dict[str, list[Any]]:
    """The entry of what a person does. Raises InputError with the reason where it cannot be done now.

    until  end of a shelving [µs UTC], at most 12 hours from now
    """
    if code not in ACTS:
        raise InputError(words.UNKNOWN_ACT, came=code, expected=", ".join(ACTS))
    given: dict[str, Any] = {"reason": reason.strip(), "text": text.strip()}
    if until is not None:
        given["until"] = until
    why = refusal(standing, code, time, given)
    if why:
        raise InputError(why, came=f"{standing.state(time)}", where=standing.id)
    told = {key: value for key, value in given.items() if value}
    said = reason.strip() or text.strip()
    return row("annunciation", standing.id, code, person=person, text=said, data=told, time=time)


def ended_shelvings(standings: Mapping[str, Standing], time: int) -> Iterator[dict[str, list[Any]]]:
    """Entries for shelvings whose time is over: the alarms come back by themselves."""
    for one in standings.values():
        if one.until is not None and one.until <= time and not one.withdrawn:
            yield row("annunciation", one.id, "unshelve", person="", data={"ended": True}, time=one.until)


def default_rule(machine: str, condition: str) -> AlarmRule:
    """The alarm of a machine's health where its list has none: low priority, for a life below two days.

    condition  anomaly or life
    """
    life = condition == "life"
    return AlarmRule(
        id=f"{machine} {condition}", signal=machine, condition=condition, limit=_SHORT_LIFE if life else None,
        priority="low", cause=words.WEAR if life else words.UNUSUAL, consequence=words.MAY_FAIL,
        action=words.LOOK_AT_IT, response_s=_SHORT_LIFE * 3600 if life else None,
    )  # fmt: skip


def command_rule(actuator: str) -> AlarmRule:
    """The alarm of an actuator whose device did not confirm what was written, where its list has none: medium priority.

    actuator  its full signal id
    """
    return AlarmRule(
        id=f"{actuator} command", signal=actuator, condition="anomaly", priority="medium", cause=words.NOT_CONFIRMED,
        consequence=words.NOT_KNOWN, action=words.TRY_OR_GIVE_UP,
    )  # fmt: skip


def _unit(rule: AlarmRule, unit: str) -> str:
    return {"silent": "s", "life": "h", "is": "", "is not": "", "bad": "", "anomaly": ""}.get(rule.condition, unit)
